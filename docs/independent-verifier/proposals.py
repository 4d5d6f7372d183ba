"""Sections 9, 16 and 25: what is put to decision. What a row pins (GOV-7, GOV-45), proposing, revising and withdrawing
(GOV-18, GOV-20), counters (GOV-19), effects (GOV-22, ERA-1), notes (GOV-23), a last day (GOV-67), what is to be superseded (GOV-69).

Methods of Governance. The charter check of an amendment is not repeated: SPEC does not hold it."""
import struct

from canonical import Rec, Refused
from decisions import UNDECIDED
import rights
from rights import need, org_of, u64

EFFECTS = {"charter-core": ("EFFECT_AMEND",), "charter-policy": ("EFFECT_AMEND",),
           "admission": ("EFFECT_ADMIT", "EFFECT_REGISTRAR"),
           "removal": ("EFFECT_REMOVE",), "exit": ("EFFECT_EXIT",), "upgrade": ("EFFECT_UPGRADE",),
           "risk-acceptance": ("EFFECT_ACCEPT_RISK",), "erasure": ("EFFECT_ERASE",),
           "data-sharing": ("EFFECT_NONE", "EFFECT_SHARE")}
EFFECT_KEYS = {"EFFECT_AMEND": ("section", "base_version", "body"), "EFFECT_ADMIT": ("party", "card"),
               "EFFECT_UPGRADE": ("rules",), "EFFECT_REGISTRAR": ("keys", "instead_of"),
               "EFFECT_ACCEPT_RISK": ("risk", "until", "score"), "EFFECT_SHARE": ("info_class", "audience", "until"),
               "EFFECT_ERASE": ("leaves",)}
NEVER_DEEMED = ("charter-core", "admission", "removal", "exit", "risk-acceptance", "erasure")


class Proposals:
    def charter(self):
        left = [o for o in self.parties if self.has_left(o)]
        return rights.Charter({n: s["decoded"] for n, s in self.sections.items()}, self.seats, left)

    # -- pinning -----------------------------------------------------------------------------------------------------

    def pin(self, row, proposal=None):
        """GOV-7, GOV-45. proposal: whose budget counts."""
        c = self.charter()
        owners = sorted({s for o in row.owner for s in c.selected(o)})
        ladder = next((x for x in self.section(13).list if x.name == row.ladder), None)
        need(ladder, "the row names no ladder of the charter", "NO_SUCH_OBJECT")
        pinned = {"decisions_version": self.sections[14]["version"], "calendars_version": self.sections[8]["version"],
                  "calendar": row.calendar, "owners": owners, "when_joint": row.joint,
                  "terms": [c.term(a) for a in row.approve],
                  "raises": [{"when": r.when, "terms": [c.term(a) for a in r.approve]} for r in row.above]
                  if row.above else None,
                  "veto": row.veto or [], "sla": row.sla, "min_read": row.min_read, "notice": row.notice,
                  "ladder": row.ladder, "rungs": [c.rung(r) for r in ladder.rungs], "otherwise": row.otherwise,
                  "abstain": row.abstain, "needs": row.needs,
                  "silence": row.silence if row.silence == self.enums["silence"]["SILENCE_DEEMED"] else None,
                  "longest": row.longest if row.name not in EFFECTS else None, "reaffirms": row.reaffirms}
        if proposal and self.envelope(proposal.budget):
            self.pin_budget(pinned, proposal, c)
        return pinned

    def fits(self, pinned):
        """Whether a state_pinned holds it."""
        try:
            data = self.codec.encode("state_pinned", pinned)
            self.codec.decode("state_pinned", data)
        except Refused:
            return False
        return len(data) <= 65535

    def others_only(self, pinned, partner):
        """GOV-41: what is pinned when the others replace a partner's registrar."""
        for term in pinned["terms"] + [t for r in pinned["raises"] or [] for t in r["terms"]]:
            term["who"] = self.who["WHO_OTHER"]
        pinned["veto"] = [s for s in pinned["veto"] if org_of(s) != partner]
        pinned["needs"] = [n for n in pinned["needs"] or [] if not n.seat or org_of(n.seat) != partner] or None
        pinned["otherwise"] = Rec("charter_else", {"type": self.enums["last_resort"]["ELSE_STATUS_QUO"], "name": None})
        five = Rec("charter_span", {"n": 5, "unit": self.enums["span_unit"]["UNIT_BD"]})
        ends = [self.calendars_of(pinned).end(pinned["calendar"], self.now, span) for span in (pinned["notice"], five)]
        if ends[1] > ends[0]:
            pinned["notice"] = five

    def row_supported(self, row):
        risk, condition = row.name == "risk-acceptance", self.enums["condition"]
        known = {condition["COND_AMOUNT"], condition["COND_AFFECTS_OTHERS"]}
        looks = [t.type for t in row.joint.when.terms] if row.joint.when else []
        raised = [t.type for r in row.above or [] for t in r.when.terms]
        need(all(t in known for t in looks) and all(t in known or (risk and t == condition["COND_SCORE"]) for t in raised),
             "a predicate looks at what these rules do not have", "NOT_SUPPORTED")
        named = row.name in EFFECTS
        need(not (row.act_first and named and row.name != "data-sharing") and not (row.longest and named and not risk),
             "the row is not supported by these rules", "NOT_SUPPORTED")

    # -- checks ------------------------------------------------------------------------------------------------------

    def proposal_ok(self, type_, p):
        partners = self.charter().partners
        need(all(o in partners for o in p.affected or []), "affected names no partner", "NO_SUCH_OBJECT")
        if type_ == "removal":
            partners = [o for o in self.parties if not self.has_left(o)]
        need(p.partner is None or p.partner in partners, "no such partner", "NO_SUCH_OBJECT")

    def last_day(self, pinned, p):
        """GOV-67: the end of its last day, or None."""
        return None if p.until is None else self.calendars_of(pinned).day_end(pinned["calendar"], p.until)

    def until_ok(self, pinned, p):
        """GOV-67."""
        need(p.until is None or self.effect_kind(p.effect) == "EFFECT_NONE", "a last day of an effect", "MALFORMED")
        need(p.until is not None or not pinned["longest"], "the row asks for a last day", "INCOMPLETE")
        end = self.last_day(pinned, p)
        need(end is None or end > self.now, "its last day is over", "MALFORMED")
        if pinned["longest"]:
            most = self.calendars_of(pinned).end(pinned["calendar"], self.now, pinned["longest"])
            need(end <= most, "longer than the row allows", "NOT_PERMITTED")

    def supersedes_ok(self, type_, p):
        """GOV-69."""
        if p.supersedes is None:
            return
        need(self.effect_kind(p.effect) == "EFFECT_NONE", "an effect supersedes nothing", "MALFORMED")
        other = self.decisions.get(p.supersedes)
        need(other, "no such decision", "NO_SUCH_OBJECT")
        need(other["type"] == type_ and self.effect_kind(self.proposal(other).effect) == "EFFECT_NONE",
             "it is of another row, or has an effect", "NOT_PERMITTED")
        need(self.is_phase(other, "PHASE_EFFECTIVE"), "it is not in effect", "NOT_NOW")

    def level_and_joint(self, type_, p, mover, pinned):
        """GOV-8, and GOV-69: no fewer decide than decided what it supersedes."""
        level, joint = rights.level_and_joint(pinned, p, mover, self.enums, self.counted(type_, p))
        if p.supersedes is not None:
            other = self.decisions[p.supersedes]
            level = max(level, min(other["level"], len(pinned["raises"] or [])))
            joint = joint or other["joint"]
        return level, joint

    def approvals_ok(self, pinned, d):
        terms = rights.base_terms(pinned, d["level"])
        for t in terms:
            need(t["who"] != self.who["WHO_OTHER"] or d["partner"], "it names no partner", "INCOMPLETE")
            need(t["who"] != self.who["WHO_AFFECTED"] or not d["joint"] or d["affected"],
                 "it names nobody affected", "INCOMPLETE")
        need(all(rights.asked(t, d, self.who) for t in terms), "an approval asks nobody", "NOT_PERMITTED")

    def effect_ok(self, type_, effect, mover, partner, opened):
        """GOV-22, but for the charter check. opened: the leaf at which the decision was, or is being, opened."""
        kind = self.effect_kind(effect)
        keys = EFFECT_KEYS.get(kind, ())
        need(kind in EFFECTS.get(type_, ("EFFECT_NONE",)), "the effect does not fit the row", "BAD_EFFECT")
        for f in self.codec.schema.records["effect"]:
            need(f.name in ("type",) + keys or effect[f.name] is None, "a key of another effect", "BAD_EFFECT")
        if kind == "EFFECT_AMEND":
            need(effect.section and effect.body is not None and effect.section != 1, "no section or body", "BAD_EFFECT")
            need(effect.section not in (6, 7), "it changes with members", "NOT_PERMITTED")
            old = self.sections.get(effect.section)
            need(effect.base_version == (old["version"] if old else None), "the section has a newer version",
                 "STALE_VERSION")
            need(not old or old["body"] != effect.body, "the body is the same", "BAD_EFFECT")
        elif kind == "EFFECT_ADMIT":
            self.admit_ok(effect)
        elif kind in ("EFFECT_REMOVE", "EFFECT_EXIT"):
            need(kind == "EFFECT_REMOVE" or partner is None, "an exit is its mover's organisation's", "BAD_EFFECT")
            self.leaver_ok(self.leaver(type_, mover, partner))
        elif kind == "EFFECT_UPGRADE":
            self.upgrade_ok(effect)
        elif kind == "EFFECT_REGISTRAR":
            self.reseat_ok(effect, partner)
        elif kind == "EFFECT_ACCEPT_RISK":
            self.accept_risk_ok(effect)
        elif kind == "EFFECT_SHARE":
            self.share_ok(effect)
        elif kind == "EFFECT_ERASE":
            self.erase_ok(effect, opened)

    def erase_ok(self, effect, opened):
        """ERA-1. What stands at a leaf is not asked."""
        need(effect.leaves, "it names no leaf", "BAD_EFFECT")
        need(all(a < b for a, b in zip(effect.leaves, effect.leaves[1:] + [opened])),
             "the leaves do not ascend, or one is not below that of the opening", "BAD_EFFECT")

    def effect_kind(self, effect):
        return next(n for n, v in self.enums["effect_type"].items() if v == effect.type)

    def leaver(self, type_, mover, partner):
        return partner if type_ == "removal" else org_of(mover)

    def same_matter(self, d, p):
        """GOV-18: what a revision leaves as it is."""
        need(p.partner == d["partner"] and p.supersedes == d.get("supersedes") and p.effect.section == d["section"]
             and p.effect.type == self.proposal(d).effect.type,
             "another partner, decision to supersede, kind of effect or section", "NOT_PERMITTED")

    # -- proposing ---------------------------------------------------------------------------------------------------

    def do_propose(self, e, b):
        """GOV-7."""
        p = b.proposal
        row = next((r for r in self.section(14).rows if r.name == b.type), None)
        need(row, "no such row", "NO_SUCH_OBJECT")
        self.row_supported(row)
        pinned = self.pin(row, p)
        need(e.seat in pinned["owners"], "the seat does not own the row", "NOT_PERMITTED")
        self.money_ok(p, pinned, required=row.budget == self.enums["requirement"]["REQ_REQUIRED"])
        need(row.scope is None or row.scope == p.scope, "another scope", "NOT_PERMITTED")
        self.proposal_ok(b.type, p)
        if b.type == "admission" and self.effect_kind(p.effect) == "EFFECT_REGISTRAR" and p.partner:
            self.others_only(pinned, p.partner)
        self.until_ok(pinned, p)
        self.supersedes_ok(b.type, p)
        self.relies_ok(p)
        level, joint = self.level_and_joint(b.type, p, e.seat, pinned)
        d = {"type": b.type, "phase": None, "rung": 0, "revision": 1, "digest": e.id, "title": p.title,
             "mover": e.seat, "opened_ms": self.now, "opened_leaf": e.leaf, "level": level, "joint": joint,
             "affected": p.affected or [], "partner": p.partner, "section": p.effect.section,
             "base_version": p.effect.base_version, "until_ms": self.last_day(pinned, p), "supersedes": p.supersedes,
             "counters": None, "countered_by": [], "rung_revisions": 0,
             "budget": p.budget, "charge": self.charge(p), "acted_ms": self.now if row.act_first else None,
             "events": 0, "changed_leaf": e.leaf}
        self.approvals_ok(pinned, d)
        self.effect_ok(b.type, p.effect, e.seat, p.partner, e.leaf)
        amending = [x for x in self.decisions.values() if p.effect.section and x["section"] == p.effect.section
                    and self.is_phase(x, *UNDECIDED)]
        need(len(amending) < 32 and self.fits(pinned), "32 undecided amendments, or too much to pin", "TOO_MANY")
        head = self.countered(e, b) if b.counters else None
        self.open(d, pinned, p, head)

    def open(self, d, pinned, p, head):
        number = self.count("decision")
        d.update(number=number, counters=head and head["number"])
        self.decisions[number], self.pinned[number], self.revisions[number] = d, pinned, []
        self.put("PINNED", u64(number), "state_pinned", pinned)
        self.revision(d, p, None)
        until = self.end_of(number, pinned["sla"])
        if pinned["silence"] and d["type"] not in NEVER_DEEMED:
            d["receipts_until_ms"] = self.now + (until - self.now) // 2
        self.set(d, phase=self.phase["PHASE_OPEN"], deadline_ms=until)
        self.event(d, "EVENT_OPENED", until_ms=until)
        if d["acted_ms"] is not None:
            self.event(d, "EVENT_ACTED")
        if head:
            self.set(head, countered_by=head["countered_by"] + [number])
            self.event(head, "EVENT_COUNTER", other=number)
        self.decision_opened(d)

    def countered(self, e, b):
        """GOV-19."""
        other = self.decision(b.counters)
        need(self.is_phase(other, *UNDECIDED), "what it counters is decided", "CLOSED")
        need(b.counters.digest == other["digest"], "made for another revision", "WRONG_REVISION")
        need(other["type"] == b.type and other["mover"] != e.seat, "another type, or the same seat's", "NOT_PERMITTED")
        head = self.decisions[other["counters"] or other["number"]]
        need(len(head["countered_by"]) < 8, "eight counters", "TOO_MANY")
        return head

    def count(self, name):
        self.number_row(name, self.last.get(name, 0) + 1)
        return self.last[name]

    def revision(self, d, proposal, reason, **made):
        """made: digest, leaf and time when it is not this entry's."""
        row = {"digest": d["digest"], "leaf": self.leaf(), "at_ms": self.now, "rung": d["rung"], "proposal": proposal,
               "reason": reason, **made}
        self.revisions[d["number"]].append(row)
        self.put("REVISION", u64(d["number"]) + struct.pack(">H", d["revision"]), "state_revision", row)

    # -- revising and withdrawing ------------------------------------------------------------------------------------

    def do_revise(self, e, b):
        """GOV-18."""
        d, p = self.decision(b.decision), b.proposal
        need(e.seat == d["mover"], "not the mover's seat", "NOT_PERMITTED")
        need(not self.is_phase(d, "PHASE_PASSED", "PHASE_PAUSED"), "it has passed, or is paused", "NOT_NOW")
        self.live(d, b.decision)
        stale = self.is_phase(d, "PHASE_STALE")
        need(stale or d["rung_revisions"] < 3, "three revisions on this rung", "TOO_MANY")
        pinned = self.pinned[d["number"]]
        self.money_ok(p, pinned, was=self.proposal(d))
        self.proposal_ok(d["type"], p)
        self.until_ok(pinned, p)
        self.supersedes_ok(d["type"], p)
        self.relies_ok(p, d)
        self.effect_ok(d["type"], p.effect, d["mover"], p.partner, d["opened_leaf"])
        self.same_matter(d, p)
        level, joint = self.level_and_joint(d["type"], p, e.seat, pinned)
        self.approvals_ok(pinned, {**d, "level": level, "joint": joint, "affected": p.affected or []})
        until = max(d["deadline_ms"], self.end_of(d["number"], pinned["min_read"]))
        self.set(d, revision=d["revision"] + 1, digest=e.id, title=p.title, affected=p.affected or [],
                 base_version=p.effect.base_version, until_ms=self.last_day(pinned, p), level=level, joint=joint,
                 charge=self.charge(p),
                 rung_revisions=d["rung_revisions"] + (not stale),
                 phase=self.phase["PHASE_MEDIATION" if self.mediator(d) else "PHASE_OPEN"], deadline_ms=until,
                 passed_ms=None, effective_ms=None, rebase_ms=None, outcome=None, outcome_name=None, deemed=None,
                 pause_asked=None, changed_leaf=e.leaf)
        self.revision(d, p, b.reason)
        self.event(d, "EVENT_REVISED", reason=b.reason, until_ms=until)

    def do_withdraw(self, e, b):
        """GOV-20."""
        d = self.decision(b.decision)
        self.live(d, b.decision)
        need(e.seat == d["mover"], "not the mover's seat", "NOT_PERMITTED")
        need(not self.is_phase(d, "PHASE_PASSED"), "it has passed", "NOT_NOW")
        self.end(d, "PHASE_WITHDRAWN", "EVENT_WITHDRAWN", reason=b.reason)

    # -- notes -------------------------------------------------------------------------------------------------------

    def do_note(self, e, b):
        """GOV-23."""
        kinds = self.enums["note_type"]
        need(b.type != kinds["NOTE_COMMENT"] or b.text, "a comment without text", "INCOMPLETE")
        need(b.type != kinds["NOTE_EVIDENCE"] or b.document, "evidence without a document", "INCOMPLETE")
        need(b.type != kinds["NOTE_LINK"] or (b.decision and b.target), "a link without both ends", "INCOMPLETE")
        for ref in (b.decision, b.target):
            need(ref is None or ref.number in self.decisions, "no such decision", "NO_SUCH_OBJECT")
            need(ref is None or ref.digest in [r["digest"] for r in self.revisions[ref.number]],
                 "no such revision", "WRONG_REVISION")
        if b.decision:
            self.seen(self.decisions[b.decision.number], e)
        number = self.count("note")
        self.put("NOTE", u64(number), "state_note", {"id": e.id, "leaf": e.leaf, "at_ms": self.now, "seat": e.seat,
                                                     "note": b})
        if b.decision:
            self.event(self.decisions[b.decision.number], "EVENT_NOTE", other=number)
