"""Section 26: what decisions rest on, and what happens when that falls (REL-1 to REL-4). And the section that a decision
asks to reaffirm (GOV-68).

Methods of Governance."""
from canonical import encode, value
from rights import need, org_of, u64

ASSUMPTION, READING, SECTION = 1, 2, 3  # RELIED
MOST_RELYING, DAYS_TO_ACT = 256, 30
NEVER_AMENDED = (1, 6, 7)
NEVER_DOUBTED = ("PHASE_REJECTED", "PHASE_VETOED", "PHASE_WITHDRAWN", "PHASE_DEFAULT", "PHASE_LAPSED", "PHASE_COUNTERED",
                 "PHASE_EXPIRED", "PHASE_SUPERSEDED")


def part_of(fields, body, part):
    """REL-4: what a clause's second part names in a section, as bytes, or None. fields: of the section's record; body: the
    section as a value, by keys."""
    for f in fields:
        if f.name.replace("_", "-") == part:
            return encode(body[f.key]) if f.key in body else None
    for f in sorted(fields, key=lambda f: f.key):
        for record in body.get(f.key, []) if f.kind == "LIST" else []:
            if record.get(1) == part:
                return encode(record)
    return None


def clause_changed(fields, before, after, clause):
    """REL-4. before, after: the section's bytes; before None: there was none."""
    parts = clause.split(".")
    if len(parts) == 1:
        return True
    was, now = (part_of(fields, value(b) if b is not None else {}, parts[1]) for b in (before, after))
    return was is None or was != now


def three(x):
    """What tells one line of `relies` from another."""
    return (x.assumption, x.reading and (x.reading.number, x.reading.digest), x.clause)


class Reliance:
    # -- REL-1 and REL-2 ---------------------------------------------------------------------------------------------

    def section_of(self, clause):
        """The number of the section that a clause is of, or None."""
        first, names = clause.split(".")[0], self.codec.schema.names
        return next((n for n in self.enums["section_id"].values() if names["section_id", n] == first), None)

    def relied_on(self, x):
        """What a line of `relies` is in RELIED."""
        if x.assumption is not None:
            return ASSUMPTION, x.assumption
        return (READING, x.reading.number) if x.reading is not None else (SECTION, self.section_of(x.clause))

    def relies_ok(self, p, own=None):
        """REL-1. own: the decision whose proposal it is, once it has a number."""
        seen = []
        for x in p.relies or []:
            need(sum(v is not None for v in three(x)) == 1 and three(x) not in seen, "not one of the three, or twice",
                 "MALFORMED")
            seen.append(three(x))
            if x.assumption is not None:
                self.assumption_ok(x.assumption)
            elif x.reading is not None:
                r = self.readings.get(x.reading.number)
                need(r and r.get("now"), "no such reading, or nothing reported", "NO_SUCH_OBJECT")
                need(x.reading.digest == r["now"]["digest"], "another version was read", "WRONG_REVISION")
            else:
                need(self.section_of(x.clause) in self.sections, "no such section in force", "NO_SUCH_OBJECT")
                need(self.section_of(x.clause) not in NEVER_AMENDED, "no amendment changes it", "NOT_PERMITTED")
            others = self.relying.get(self.relied_on(x), set()) - {own and own["number"]}
            need(len(others) < MOST_RELYING, "256 decisions rely on it", "TOO_MANY")

    def assumption_ok(self, number):
        it = self.items.get(bytes([self.enums["item_type"]["ITEM_ASSUMPTION"]]) + u64(number))
        need(it, "no such assumption", "NO_SUCH_OBJECT")
        need(not self.item_in(it, "CLOSED") or it.get("finding") != self.enums["assumed"]["ASSUMED_FALSIFIED"],
             "it was falsified", "NOT_PERMITTED")

    def rests_on(self, d):
        """REL-2: the lines of `relies` of its current revision, then those of the recommendation in force."""
        if self.is_phase(d, *NEVER_DOUBTED) or not self.revisions.get(d["number"]):
            return []
        row = self.recommended(d) if self.is_phase(d, "PHASE_MEDIATION") else None
        return (self.proposal(d).relies or []) + (row and row["input"].settled.relies or [])

    def rely(self, d):
        """REL-2: the rows of RELIED that d has now."""
        n, before, after = d["number"], self.relied.get(d["number"], set()), {self.relied_on(x) for x in self.rests_on(d)}
        for what, number in before - after:
            self.relying[what, number].discard(n)
            self.put("RELIED", bytes([what]) + u64(number, n), None, None)
        for what, number in after - before:
            self.relying.setdefault((what, number), set()).add(n)
            self.put("RELIED", bytes([what]) + u64(number, n), "", b"")
        self.relied[n] = after

    # -- REL-3 and REL-4 ---------------------------------------------------------------------------------------------

    def doubt(self, d, because, owner, links=()):
        """REL-3; ITM-18 with a link more."""
        if self.is_phase(d, *NEVER_DOUBTED):
            return
        self.unasked(lambda: self.event(d, "EVENT_DOUBTED", words=because))
        mover = d["mover"] if self.partner_seat(d["mover"]) else None
        owner = owner if self.partner_seat(owner) else mover
        if owner is None:
            return
        offer = mover if mover != owner else None
        self.by_the_record("action", owner, self.item_end(self.days(DAYS_TO_ACT)),
                           "reaffirm, amend or supersede D-%d: %s" % (d["number"], because),
                           list(links) + [{"decision": d["number"]}], offer)

    def doubt_all(self, what, number, because, owner, but=()):
        """REL-3: the decisions that rely on it, ascending."""
        for n in sorted(self.relying.get((what, number), set()) - set(but)):
            self.doubt(self.decisions[n], because, owner)

    def section_amended(self, d, number, before, after):
        """REL-4. d: the amendment; before, after: the section's bytes."""
        fields = self.codec.schema.records[self.codec.schema.numbers["charter", number]]
        for n in sorted(self.relying.get((SECTION, number), set()) - {d["number"]}):
            clauses = [x.clause for x in self.rests_on(self.decisions[n])
                       if x.clause is not None and self.section_of(x.clause) == number]
            changed = next((c for c in clauses if clause_changed(fields, before, after, c)), None)
            if changed is not None:
                self.doubt(self.decisions[n], "%s was amended by D-%d" % (changed, d["number"]), d["mover"])

    # -- GOV-68 ------------------------------------------------------------------------------------------------------

    def reaffirm(self, d):
        """GOV-68. It took effect."""
        section = self.pinned[d["number"]]["reaffirms"]
        if section is None:
            return
        name, mine = self.codec.schema.names["section_id", section], org_of(d["mover"]) in self.partners()
        for org in self.partners():
            sponsor = org + "/sponsor"
            self.by_the_record("action", d["mover"] if mine else sponsor, self.item_end(self.days(DAYS_TO_ACT)),
                               "reaffirm or amend the %s: D-%d took effect" % (name, d["number"]),
                               [{"decision": d["number"]}, {"clause": name}],
                               sponsor if mine and sponsor != d["mover"] else None)
