"""Sections 9, 16 and 25: where a decision stands, and its course from opening to end. What it rests on is in reliance.py.

Methods of Governance. What people do to a decision is in proposals.py and ballots.py, money in money.py."""
import struct

from calendars import Calendars
import rights
from rights import Verdict, need, org_of, u64

UNDECIDED = ("PHASE_OPEN", "PHASE_PAUSED", "PHASE_MEDIATION")
LIVE = UNDECIDED + ("PHASE_PASSED", "PHASE_STALE")
RECOMMENDATION = 255  # its place in INPUT
DAY = 86_400_000


class Decisions:
    # -- rows, timers, events ----------------------------------------------------------------------------------------

    def is_phase(self, d, *names):
        return d["phase"] in [self.phase[n] for n in names]

    def timer_of(self, d):
        """GOV-27."""
        for kind, field, phases in (("TIMER_DEADLINE", "deadline_ms", ("PHASE_OPEN", "PHASE_MEDIATION")),
                                    ("TIMER_PAUSE", "resume_ms", ("PHASE_PAUSED",)),
                                    ("TIMER_EFFECT", "effective_ms", ("PHASE_PASSED",)),
                                    ("TIMER_REBASE", "rebase_ms", ("PHASE_STALE",)),
                                    ("TIMER_EXPIRY", "until_ms", ("PHASE_EFFECTIVE",))):
            if self.is_phase(d, *phases) and d.get(field) is not None:
                return u64(d[field], d["number"]) + bytes([self.enums["timer_kind"][kind]])
        return None

    def amending_of(self, d):
        if d["section"] and self.is_phase(d, "PHASE_PASSED", *UNDECIDED):
            return bytes([d["section"]]) + u64(d["number"])
        return None

    def set(self, d, **fields):
        """Changes a decision, and the rows that follow from it."""
        before = {"TIMER": self.timer_of(d), "AMENDING": self.amending_of(d)}
        d.update(fields)
        after = {"TIMER": self.timer_of(d), "AMENDING": self.amending_of(d)}
        for table, old in before.items():
            if old != after[table]:
                if old is not None:
                    self.put(table, old, None, None)
                if after[table] is not None:
                    self.put(table, after[table], "", b"")
        self.rely(d)
        self.put("DECISION", u64(d["number"]), "state_decision", d)

    def event(self, d, kind, **fields):
        """GOV-26."""
        row = {"type": self.event_type[kind], "leaf": self.leaf(), "at_ms": self.now, "rung": d["rung"],
               "revision": d["revision"]}
        if self.cause and not self.nobody:
            row.update(seat=self.cause.seat, id=self.cause.id)
        row.update(fields)
        if row.get("until_ms") is not None:
            self.until_set_ms[d["number"]] = self.now
        self.set(d, events=d["events"] + 1)
        self.put("EVENT", u64(d["number"]) + struct.pack(">I", d["events"]), "state_event", row)

    def end(self, d, phase, event, **fields):
        if self.is_phase(d, "PHASE_PASSED") or phase == "PHASE_SUPERSEDED":
            self.give_back(d)
        self.set(d, phase=self.phase[phase], closed_ms=self.now, changed_leaf=self.leaf(), **self.unpaused(d))
        if event:
            self.event(d, event, **fields)
        ratified = phase in ("PHASE_EXPIRED", "PHASE_SUPERSEDED")  # GOV-65: it was in effect
        if d.get("acted_ms") is not None and not ratified:
            self.event(d, "EVENT_ENDED", seat=None, id=None)

    def unpaused(self, d):
        """GOV-52: what leaving a pause sets, by whatever way."""
        if not self.is_phase(d, "PHASE_PAUSED"):
            return {}
        paused = (d.get("rung_paused_ms") or 0) + self.now - d["paused_at_ms"]
        return {"rung_paused_ms": paused or None, "paused_at_ms": None, "resume_ms": None}

    def proposal(self, d):
        """The current revision's."""
        return self.revisions[d["number"]][-1]["proposal"]

    def calendars_of(self, pinned):
        return Calendars(self.old[8, pinned["calendars_version"]], self.enums)

    def end_of(self, number, span, since=None):
        p = self.pinned[number]
        return self.calendars_of(p).end(p["calendar"], self.now if since is None else since, span)

    def rung_span(self, d):
        """The time that its rung has."""
        p = self.pinned[d["number"]]
        return p["rungs"][d["rung"] - 1]["within"] if d["rung"] else p["sla"]

    def mediator(self, d):
        return self.pinned[d["number"]]["rungs"][d["rung"] - 1]["mediator"] if d["rung"] else None

    def recommended(self, d):
        """GOV-53: the INPUT of the recommendation in force, or None."""
        return self.recommendations.get((d["number"], d["revision"])) if self.mediator(d) else None

    # -- positions ---------------------------------------------------------------------------------------------------

    def voting_rung(self, d, rung):
        """GOV-16, GOV-54: the last rung, from this one down, that is no mediator's."""
        while rung and self.pinned[d["number"]]["rungs"][rung - 1]["mediator"]:
            rung -= 1
        return rung

    def terms(self, d, rung=None):
        rung = d["rung"] if rung is None else rung
        return rights.terms_in_force(self.pinned[d["number"]], d, self.voting_rung(d, rung), self.who)

    def tally(self, d, rung=None):
        return self.ballots.get((d["number"], d["revision"], d["rung"] if rung is None else rung), {})

    def voice(self, d, ballots, seat):
        """GOV-11, GOV-49: how one seat counts."""
        row = ballots.get(seat)
        recused = self.recused.get(d["number"], {}).get(seat)
        if recused and not (row and row["by"]):
            if not recused["asked"]:
                return rights.ASIDE
            return rights.OWES if any(self.filled(s) for s in recused["asked"]) else rights.EMPTY
        said = {self.choice["CHOICE_APPROVE"]: rights.APPROVES, self.choice["CHOICE_REJECT"]: rights.REJECTS,
                self.choice["CHOICE_ABSTAIN"]: rights.ASIDE}.get(row and row["choice"])
        return said or (rights.OWES if self.filled(seat) else rights.EMPTY)

    def positions(self, d, rung=None):
        """[(term, [(partner, position)])]"""
        blocks = self.pinned[d["number"]]["abstain"] == self.enums["abstain"]["ABSTAIN_BLOCKS"]
        ballots = self.tally(d, rung)
        return [(t, [(p, rights.position(t, [self.voice(d, ballots, s) for s in p["seats"]], blocks))
                     for p in rights.asked(t, d, self.who)]) for t in self.terms(d, rung)]

    def asked_of(self, d, seat):
        """GOV-10: (an approval in force asks the seat, it is asked as one of an organisation that is affected)."""
        found, joins = False, False
        for t in self.terms(d):
            found = found or any(seat in p["seats"] for p in rights.asked(t, d, self.who))
            if d["joint"] and t["who"] == self.who["WHO_AFFECTED"] and any(seat in p["seats"] for p in t["partners"]):
                found = joins = True
        return found, joins

    def filled(self, seat):
        return bool(self.seats[seat]["keys"])

    def owing(self, d):
        return any(x == rights.OWES for _, ps in self.positions(d) for _, x in ps)

    def passes(self, d):
        """GOV-24."""
        return self.approved(d) and self.inputs_in(d)

    def inputs_in(self, d):
        needs = self.pinned[d["number"]]["needs"] or []
        return all((d["number"], d["revision"], i) in self.inputs or (n.seat and self.has_left(org_of(n.seat)))
                   for i, n in enumerate(needs))

    def approved(self, d, deemed=()):
        """GOV-24, but for the inputs. deemed: partners that count as approving where they owe."""
        for t, ps in self.positions(d):
            found = [rights.APPROVES if x == rights.OWES and p["org"] in deemed else x for p, x in ps]
            if rights.OWES in found or rights.REJECTS in found or not found:
                return False
            least = 2
            if not d["joint"] or t["who"] == self.who["WHO_OWN"]:
                least = 1
            elif t["who"] == self.who["WHO_OTHER"]:
                least = len(found)
            if found.count(rights.APPROVES) < least:
                return False
        return True

    # -- deadlines and the ladder ------------------------------------------------------------------------------------

    def deadline(self, d):
        """GOV-13."""
        if self.deemed(d):
            return self.passing(d)
        if self.is_phase(d, "PHASE_MEDIATION") or self.owing(d) or (self.approved(d) and not self.inputs_in(d)):
            return self.escalate(d)
        return self.end(d, "PHASE_REJECTED", "EVENT_REJECTED")

    def deemed(self, d):
        """GOV-58. True: those who owe are taken to approve, and it passes."""
        until = d.get("receipts_until_ms")
        if until is None or d["rung"] or d["level"] or not self.is_phase(d, "PHASE_OPEN"):
            return False
        owing = sorted({p["org"] for _, ps in self.positions(d) for p, x in ps if x == rights.OWES})
        seen = [self.receipts.get((d["number"], d["revision"], o)) for o in owing]
        choices = [r["choice"] for r in self.tally(d).values()]
        if (not owing or any(r is None or r["at_ms"] > until for r in seen)
                or self.choice["CHOICE_REJECT"] in choices or self.choice["CHOICE_APPROVE"] not in choices
                or not self.inputs_in(d) or not self.approved(d, owing)):
            return False
        self.set(d, deemed=owing)
        for o in owing:
            self.event(d, "EVENT_DEEMED", name=o)
        return True

    def next_rung(self, d):
        """GOV-14."""
        p = self.pinned[d["number"]]
        bodies = {t["body"] for t in rights.base_terms(p, d["level"])} - {None}
        for n in range(d["rung"] + 1, len(p["rungs"]) + 1):
            r = p["rungs"][n - 1]
            if not r["outside"] and (r["mediator"] or (r["partners"] and r["body"] not in bodies)):
                return n
        return None

    def climb(self, d, n, event, **fields):
        """To rung n."""
        r = self.pinned[d["number"]]["rungs"][n - 1]
        until = self.end_of(d["number"], r["within"])
        self.set(d, rung=n, phase=self.phase["PHASE_MEDIATION" if r["mediator"] else "PHASE_OPEN"], deadline_ms=until,
                 rung_revisions=0, rung_paused_ms=None, pause_asked=None, changed_leaf=self.leaf())
        self.event(d, event, to=r["to"], until_ms=until, **fields)

    def escalate(self, d, **fields):
        n = self.next_rung(d)
        if n is None:
            return self.ladder_end(d)
        return self.climb(d, n, "EVENT_ESCALATED", **fields)

    def ladder_end(self, d):
        """GOV-16."""
        otherwise = self.pinned[d["number"]]["otherwise"]
        self.set(d, outcome=otherwise.type, outcome_name=otherwise.name, changed_leaf=self.leaf())
        self.event(d, "EVENT_DEFAULT", outcome=otherwise.type, name=otherwise.name)
        if otherwise.type == self.enums["last_resort"]["ELSE_FINAL_SAY"]:
            rung = self.voting_rung(d, d["rung"])
            found = {x for _, ps in self.positions(d, rung) for q, x in ps if q["org"] == otherwise.name}
            order = (rights.REJECTS, rights.OWES, rights.APPROVES, rights.ASIDE)
            worst = next((x for x in order if x in found), None)
            if worst == rights.APPROVES and self.inputs_in(d):
                return self.passing(d, final_say=True)
        return self.end(d, "PHASE_DEFAULT", None)

    # -- pauses ------------------------------------------------------------------------------------------------------

    def resume(self, d, reason=None):
        """GOV-51."""
        x = self.now + d["deadline_ms"] - d["paused_at_ms"]
        unit = self.calendars_of(self.pinned[d["number"]]).units[self.rung_span(d)["unit"]]
        if unit in ("UNIT_BD", "UNIT_D"):
            one = {"n": 1, "unit": self.enums["span_unit"][unit]}
            x = self.end_of(d["number"], one, x - DAY - 1)
        self.set(d, **{**self.unpaused(d), "phase": self.phase["PHASE_OPEN"], "deadline_ms": x,
                       "changed_leaf": self.leaf()})
        self.event(d, "EVENT_RESUMED", reason=reason, until_ms=x)
        if self.passes(d):
            self.passing(d, reason=reason)

    # -- passing and taking effect -----------------------------------------------------------------------------------

    def settle(self, d, row, reason):
        """GOV-55: the mediator's text is the revision now."""
        p = row["input"].settled
        self.set(d, revision=d["revision"] + 1, digest=row["id"], title=p.title, base_version=p.effect.base_version,
                 until_ms=self.last_day(self.pinned[d["number"]], p), charge=self.charge(p))
        self.revision(d, p, None, digest=row["id"], leaf=row["leaf"], at_ms=row["at_ms"])
        self.event(d, "EVENT_SETTLED", reason=reason)

    def passing(self, d, leaving=False, final_say=False, reason=None):
        """reason: of the entry that did it. leaving: as GOV-38 has it: a notice of 0 ends by its timer. final_say: what its partner had approved passes."""
        if self.is_phase(d, "PHASE_MEDIATION") and self.recommended(d) and not final_say:
            self.settle(d, self.recommended(d), reason)
        if self.raised(d, reason):
            return
        if self.too_late(d):
            return self.stale(d, "its last day has passed")
        if self.beyond(d, reason):
            return
        until = self.end_of(d["number"], self.pinned[d["number"]]["notice"])
        self.set(d, phase=self.phase["PHASE_PASSED"], passed_ms=self.now, effective_ms=until, changed_leaf=self.leaf())
        self.event(d, "EVENT_PASSED", until_ms=until, reason=reason)
        self.reserve(d)
        head = self.decisions[d["counters"] or d["number"]]
        for n in [head["number"]] + head["countered_by"]:
            other = self.decisions[n]
            if other is not d and self.is_phase(other, "PHASE_STALE", *UNDECIDED):
                self.end(other, "PHASE_COUNTERED", "EVENT_COUNTERED", other=d["number"], seat=None, id=None)
        if self.pinned[d["number"]]["notice"].n == 0 and not leaving:
            self.effective(d)

    def too_late(self, d):
        """GOV-67: its last day is over; what was acted first is ratified all the same, and expires."""
        return d.get("until_ms") is not None and d["until_ms"] <= self.now and d.get("acted_ms") is None

    def to_supersede(self, d):
        """GOV-69: the decision whose place it takes, while that one is in effect; else None."""
        other = self.decisions[d["supersedes"]] if d.get("supersedes") is not None else None
        return other if other and self.is_phase(other, "PHASE_EFFECTIVE") else None

    def too_late_to_supersede(self, d):
        """GOV-69: what was acted first is ratified all the same."""
        return d.get("supersedes") is not None and d.get("acted_ms") is None and not self.to_supersede(d)

    def supersede(self, d):
        """GOV-69. It took effect."""
        other = self.to_supersede(d)
        if other:
            self.end(other, "PHASE_SUPERSEDED", "EVENT_SUPERSEDED", other=d["number"], seat=None, id=None)

    def effective(self, d):
        """GOV-25."""
        effect = self.proposal(d).effect
        kind = self.effect_kind(effect)
        if self.too_late(d):
            return self.stale(d, "its last day has passed")
        if self.too_late_to_supersede(d):
            return self.stale(d, "D-%d is not in effect any more" % d["supersedes"])
        try:
            self.effect_ok(d["type"], effect, d["mover"], d["partner"], d["opened_leaf"])
        except Verdict as e:
            return self.stale(d, None if kind == "EFFECT_AMEND" else self.codec.schema.verdicts[e.verdict])
        before = self.sections.get(effect.section)
        if kind == "EFFECT_AMEND":
            self.new_section(d, effect.section, effect.body)
        elif kind == "EFFECT_ADMIT":
            self.admit(d, effect)
        elif kind == "EFFECT_UPGRADE":
            self.number_row("rules-next", effect.rules)
        elif kind == "EFFECT_REGISTRAR":
            self.reseat(d["partner"], effect.keys)
        elif kind == "EFFECT_ACCEPT_RISK":
            self.accept_risk(d, effect)
        elif kind == "EFFECT_ERASE":
            self.erase(d, effect.leaves)
        self.spend(d)
        self.set(d, phase=self.phase["PHASE_EFFECTIVE"], effective_ms=self.now, closed_ms=self.now,
                 changed_leaf=self.leaf())
        section = 7 if kind == "EFFECT_ADMIT" else d["section"]
        version = self.sections[section]["version"] if section else None
        self.event(d, "EVENT_EFFECTIVE", section=section, version=version, seat=None, id=None)
        if kind == "EFFECT_AMEND":
            self.outdated(d, version)
            self.section_amended(d, section, before and before["body"], effect.body)
            self.follow_triggers()
        elif kind == "EFFECT_ADMIT":
            self.ask_anew(effect.party.org)
        elif kind in ("EFFECT_REMOVE", "EFFECT_EXIT"):
            self.leave(self.leaver(d["type"], d["mover"], d["partner"]))
        elif kind == "EFFECT_UPGRADE":
            self.count_support()
        self.supersede(d)
        return self.reaffirm(d)

    def lapses(self, d):
        """GOV-21."""
        self.end(d, "PHASE_LAPSED", "EVENT_LAPSED")

    def expires(self, d):
        """GOV-67."""
        self.end(d, "PHASE_EXPIRED", "EVENT_EXPIRED")

    def new_section(self, d, number, body):
        """GOV-22."""
        old = self.sections.get(number)
        if old:
            self.put("SECTION_OLD", struct.pack(">BI", number, old["version"]), "state_section", old)
        self.section_row(number, old["version"] + 1 if old else 1, body, self.leaf(), d["number"])
        if number in (11, 17):
            self.follow_metrics()
        if number == 16:
            self.follow_cadence()
        if number == 29:
            self.follow_refresh()

    def erase(self, d, leaves):
        """ERA-2: the first decision stands."""
        for leaf in leaves:
            if leaf not in self.erased:
                self.erased.add(leaf)
                self.put("ERASED", u64(leaf), "state_erased", {"decision": d["number"], "at_ms": self.now})

    def outdated(self, d, version):
        for n in sorted(self.decisions):
            other = self.decisions[n]
            if self.amending_of(other) and other["section"] == d["section"] and other["base_version"] != version:
                self.stale(other, "D-%d took effect first; the section is at version %d" % (d["number"], version))

    def stale(self, d, words=None):
        """GOV-21. The words that follow from a failed recheck are not known here."""
        if self.is_phase(d, "PHASE_PASSED"):
            self.give_back(d)
        until = self.end_of(d["number"], {"n": 5, "unit": self.enums["span_unit"]["UNIT_BD"]})
        self.set(d, phase=self.phase["PHASE_STALE"], rebase_ms=until, changed_leaf=self.leaf(), **self.unpaused(d))
        self.event(d, "EVENT_STALE", until_ms=until, seat=None, id=None, words=words)
        self.writes_known = self.writes_known and words is not None

    # -- what every entry about a decision checks --------------------------------------------------------------------

    def fresh(self, changed_leaf):
        need(changed_leaf < self.cause.basis, "it changed after what the author had seen (GOV-4)", "CHANGED_SINCE")

    def decision(self, ref):
        need(ref.number in self.decisions, "no decision %d" % ref.number, "NO_SUCH_OBJECT")
        d = self.decisions[ref.number]
        self.fresh(d["changed_leaf"])
        return d

    def live(self, d, ref=None):
        need(self.is_phase(d, *LIVE), "the decision is closed", "CLOSED")
        need(ref is None or ref.digest == d["digest"], "made for another revision", "WRONG_REVISION")
