"""Sections 9 and 16: what people say to a decision. Ballots and vetoes (GOV-9, GOV-17), alternates and recusal (GOV-46
to GOV-49), moves and pauses (GOV-15, GOV-50), inputs and recommendations (GOV-28, GOV-53), receipts (GOV-56, GOV-57).

Methods of Governance."""
import struct

from decisions import RECOMMENDATION
import rights
from rights import need, org_of, u64


class Ballots:
    # -- ballots -----------------------------------------------------------------------------------------------------

    def do_ballot(self, e, b):
        """GOV-9."""
        choices = self.choice
        d = self.decision(b.decision)
        self.live(d)
        veto, recuse = b.choice == choices["CHOICE_VETO"], b.choice == choices["CHOICE_RECUSE"]
        self.names_revision(d, b.decision.digest, veto)
        need(b.rung == d["rung"], "made for another rung", "WRONG_RUNG")
        need(b.principal is None or not (veto or recuse), "nobody vetoes or recuses for another", "MALFORMED")
        seat, tally = b.principal or e.seat, self.tally(d)
        if seat in tally:
            self.fresh(tally[seat]["leaf"])
        if veto:
            self.veto(e, b, d)
            return
        need(self.is_phase(d, "PHASE_OPEN") or (self.is_phase(d, "PHASE_MEDIATION") and self.recommended(d)),
             "no ballots at this stage", "NOT_NOW")
        need(b.choice != choices["CHOICE_REJECT"] or b.reason, "a reason is required", "REASON_NEEDED")
        if recuse:
            self.recuse(e, b, d)
        else:
            joins = self.ballot_ok(e, b, d, seat, tally)
            self.seen(d, e)
            self.cast(e, b, d, seat, clause=b.clause)
            org = org_of(seat)
            if joins and org not in d["affected"]:
                self.set(d, affected=sorted(d["affected"] + [org]))
            self.event(d, "EVENT_BALLOT", choice=b.choice, reason=b.reason, clause=b.clause, principal=b.principal)
        if self.passes(d):
            self.passing(d, reason=b.reason)

    def names_revision(self, d, digest, veto):
        """GOV-54."""
        good = [d["digest"]]
        if self.is_phase(d, "PHASE_MEDIATION") and self.recommended(d):
            good = [self.recommended(d)["id"]] + (good if veto else [])
        need(digest in good, "made for another revision", "WRONG_REVISION")

    def veto(self, e, b, d):
        """GOV-17."""
        need(e.seat in self.pinned[d["number"]]["veto"], "the seat may not veto", "NOT_PERMITTED")
        need(b.reason, "a reason is required", "REASON_NEEDED")
        need(b.clause, "a clause is required", "CLAUSE_NEEDED")
        self.seen(d, e)
        self.cast(e, b, d, e.seat, clause=b.clause)
        self.event(d, "EVENT_BALLOT", choice=b.choice, reason=b.reason, clause=b.clause)
        self.end(d, "PHASE_VETOED", "EVENT_VETOED", reason=b.reason, clause=b.clause)

    def ballot_key(self, d, seat):
        return u64(d["number"]) + struct.pack(">HB", d["revision"], d["rung"]) + seat.encode()

    def cast(self, e, b, d, seat, clause=None):
        row = {"choice": b.choice, "key": {"alg": e.signature.alg, "key": e.signature.key}, "id": e.id,
               "leaf": e.leaf, "at_ms": self.now, "clause": clause, "reason": b.reason,
               "by": e.seat if e.seat != seat else None}
        self.ballots.setdefault((d["number"], d["revision"], d["rung"]), {})[seat] = row
        self.put("BALLOT", self.ballot_key(d, seat), "state_ballot", row)

    def ballot_ok(self, e, b, d, seat, tally):
        """Returns whether the ballot makes its organisation an affected one."""
        need(seat.split("/")[1] != "registrar", "a registrar casts no ballots", "NOT_PERMITTED")
        asked, joins = self.asked_of(d, seat)
        need(asked, "no approval asks this seat", "NOT_PERMITTED")
        recused = self.recused.get(d["number"], {})
        if b.principal is not None:
            self.stands_in(d, e.seat, seat, recused, tally)
        else:
            need(seat not in recused, "the seat has recused itself", "NOT_PERMITTED")
        need(b.choice != self.choice["CHOICE_ABSTAIN"] or not self.is_phase(d, "PHASE_MEDIATION"),
             "nobody abstains in mediation", "NOT_PERMITTED")
        exempt = (self.choice["CHOICE_VETO"], self.choice["CHOICE_RECUSE"])
        need(all(s == seat or r["choice"] in exempt or r["key"]["key"] != e.signature.key for s, r in tally.items()),
             "the key has a ballot for another seat", "SELF_DEALING")
        return joins

    # -- alternates and recusal --------------------------------------------------------------------------------------

    def stands_in(self, d, seat, principal, recused, tally):
        """GOV-47: seat ballots for principal."""
        need(org_of(seat) == org_of(principal) and seat != principal, "not another seat of its organisation",
             "NOT_PERMITTED")
        need(seat not in recused, "the seat has recused itself", "NOT_PERMITTED")
        if principal in recused:
            need(seat in recused[principal]["asked"], "it is not asked instead", "NOT_PERMITTED")
            need(seat == org_of(seat) + "/sponsor" or self.alternate(d, seat, principal), "no alternate now",
                 "NOT_PERMITTED")
        else:
            need(self.alternate(d, seat, principal), "no alternate now", "NOT_PERMITTED")
            need(principal not in tally or tally[principal]["by"], "the principal has spoken itself", "NOT_PERMITTED")

    def alternate(self, d, seat, principal):
        """Whether seat is an alternate of principal on this decision, now."""
        given = [a for a in self.seats[principal].get("alternates") or [] if a.seat == seat]
        if not given or not given[0].from_ms <= self.now < given[0].until_ms:
            return False
        a, put = given[0], self.recommended(d)
        amount = (put["input"].settled if put else self.proposal(d)).amount
        fits = a.most is None or amount is None or (amount.currency == a.most.currency and amount.minor <= a.most.minor)
        return fits and (a.types is None or d["type"] in a.types)

    def sponsor_for(self, seat, recused):
        """GOV-48: [ORG/sponsor] when it may stand in for seat, else []."""
        sponsor = org_of(seat) + "/sponsor"
        return [sponsor] if sponsor in self.seats and sponsor != seat and sponsor not in recused else []

    def recused_row(self, d, seat, row):
        self.recused.setdefault(d["number"], {})[seat] = row
        self.put("RECUSED", u64(d["number"]) + seat.encode(), "state_recused", row)

    def recuse(self, e, b, d):
        """GOV-48."""
        seat, recused = e.seat, self.recused.get(d["number"], {})
        mine = sorted(s for s in recused if org_of(s) == org_of(seat))
        need(seat not in recused, "it has recused itself before", "NOT_NOW")
        need(seat.split("/")[1] != "registrar" and (self.asked_of(d, seat)[0] or any(seat in recused[s]["asked"] for s in mine)),
             "it is not asked", "NOT_PERMITTED")
        self.seen(d, e)
        given = sorted(a.seat for a in self.seats[seat].get("alternates") or [])
        asked = [s for s in given if s not in recused and self.alternate(d, s, seat)] or self.sponsor_for(seat, recused)
        self.recused_row(d, seat, {"asked": asked, "id": e.id, "leaf": e.leaf, "at_ms": self.now, "reason": b.reason})
        for s in mine:
            row = recused[s]
            if seat in row["asked"]:
                rest = [x for x in row["asked"] if x != seat]
                if not rest and seat != org_of(seat) + "/sponsor":
                    rest = self.sponsor_for(s, self.recused[d["number"]])
                self.recused_row(d, s, {**row, "asked": rest})
        tally = self.tally(d)
        for s in sorted(s for s, r in tally.items() if r["by"] == seat):
            del tally[s]
            self.put("BALLOT", self.ballot_key(d, s), None, None)
        self.cast(e, b, d, seat, clause=b.clause)
        self.event(d, "EVENT_BALLOT", choice=b.choice, reason=b.reason, clause=b.clause)

    def alternates_ok(self, seat, alternates):
        """GOV-46."""
        names = [a.seat for a in alternates]
        need(names == sorted(set(names)), "alternates do not ascend", "MALFORMED")
        for a in alternates:
            need(a.from_ms < a.until_ms and (a.types is None or a.types == sorted(set(a.types))),
                 "an alternate's times or types", "MALFORMED")
            need(org_of(a.seat) == org_of(seat) and a.seat != seat and a.seat.split("/")[1] != "registrar",
                 "an alternate of another organisation, the seat itself or a registrar", "NOT_PERMITTED")
            need(a.seat in self.seats, "no such seat", "NO_SUCH_OBJECT")

    # -- moves and pauses --------------------------------------------------------------------------------------------

    def do_move_decision(self, e, b):
        """GOV-15."""
        d, moves = self.decision(b.decision), self.enums["move"]
        self.live(d, b.decision)
        need(b.rung == d["rung"], "made for another rung", "WRONG_RUNG")
        if b.move == moves["MOVE_PAUSE"]:
            self.pause(e, b, d)
        elif b.move == moves["MOVE_RESUME"]:
            need(self.is_phase(d, "PHASE_PAUSED"), "it is not paused", "NOT_NOW")
            self.may_pause(e, d)
            self.seen(d, e)
            self.resume(d, b.reason)
        else:
            self.escalate_by_hand(e, b, d)

    def escalate_by_hand(self, e, b, d):
        need(self.is_phase(d, "PHASE_OPEN") and self.next_rung(d) is not None, "not at this stage", "NOT_NOW")
        owner = e.seat in self.pinned[d["number"]]["owners"]
        ballots, positions = self.tally(d), self.positions(d)
        if self.owing(d):
            may = e.seat not in ballots and any(x == rights.OWES and e.seat in p["seats"]
                                                for _, ps in positions for p, x in ps)
        else:
            may = ballots.get(e.seat, {}).get("choice") == self.choice["CHOICE_APPROVE"]
        need(owner or may, "the seat may not escalate", "NOT_PERMITTED")
        self.seen(d, e)
        self.escalate(d, reason=b.reason)

    def may_pause(self, e, d):
        """GOV-50."""
        need(e.seat in self.pinned[d["number"]]["owners"] or self.asked_of(d, e.seat)[0], "neither owner nor asked",
             "NOT_PERMITTED")
        need(self.is_partner(org_of(e.seat)), "no partner", "NOT_PERMITTED")

    def pause(self, e, b, d):
        need(self.is_phase(d, "PHASE_OPEN"), "not at this stage", "NOT_NOW")
        self.may_pause(e, d)
        until = self.end_of(d["number"], self.rung_span(d)) - (d.get("rung_paused_ms") or 0)
        need(until > self.now, "no time to pause is left on this rung", "TOO_MANY")
        self.seen(d, e)
        if not d.get("pause_asked") or org_of(d["pause_asked"]) == org_of(e.seat):
            self.set(d, pause_asked=e.seat)
            self.event(d, "EVENT_PAUSE_ASKED", reason=b.reason)
            return
        self.set(d, phase=self.phase["PHASE_PAUSED"], paused_at_ms=self.now, resume_ms=until, pause_asked=None,
                 changed_leaf=e.leaf)
        self.event(d, "EVENT_PAUSED", reason=b.reason, until_ms=until)

    # -- inputs and recommendations ----------------------------------------------------------------------------------

    def input_row(self, e, b, d, place):
        row = {"seat": e.seat, "id": e.id, "leaf": e.leaf, "at_ms": self.now, "input": b}
        self.put("INPUT", u64(d["number"]) + struct.pack(">HB", d["revision"], place), "state_input", row)
        return row

    def do_decision_input(self, e, b):
        """GOV-28."""
        need(b.decision.number in self.decisions, "no decision %d" % b.decision.number, "NO_SUCH_OBJECT")
        if b.settled is not None:
            self.recommend(e, b)
            return
        need(b.need, "neither a need nor a text that settles", "MALFORMED")
        d = self.decision(b.decision)
        self.live(d)
        need(self.is_phase(d, "PHASE_OPEN"), "no inputs at this stage", "NOT_NOW")
        self.live(d, b.decision)
        p, types = self.pinned[d["number"]], self.enums["input_type"]
        wanted = [(n.type, n.seat) for n in p["needs"] or []]
        need((b.need.type, b.need.seat) in wanted, "it does not need this", "NO_SUCH_OBJECT")
        need(b.text or b.documents, "neither text nor documents", "INCOMPLETE")
        if b.need.type == types["INPUT_CONSULT"]:
            need(e.seat == b.need.seat, "another seat is to be consulted", "NOT_PERMITTED")
        else:
            need(e.seat in p["owners"], "not an owner of the row", "NOT_PERMITTED")
        place = wanted.index((b.need.type, b.need.seat))
        self.seen(d, e)
        self.inputs.add((d["number"], d["revision"], place))
        self.input_row(e, b, d, place)
        self.event(d, "EVENT_INPUT", reason=b.text)
        if self.passes(d):
            self.passing(d)

    def recommend(self, e, b):
        """GOV-53."""
        p = b.settled
        need(b.need is None, "a need and a recommendation", "MALFORMED")
        d = self.decision(b.decision)
        self.live(d)
        need(self.is_phase(d, "PHASE_MEDIATION"), "not in mediation", "NOT_NOW")
        self.live(d, b.decision)
        need(e.seat == self.mediator(d), "not the rung's mediator", "NOT_PERMITTED")
        need(not self.recommended(d), "there is a recommendation for this revision", "NOT_NOW")
        self.money_ok(p, self.pinned[d["number"]], was=self.proposal(d))
        self.proposal_ok(d["type"], p)
        self.until_ok(self.pinned[d["number"]], p)
        self.supersedes_ok(d["type"], p)
        self.relies_ok(p, d)
        self.effect_ok(d["type"], p.effect, d["mover"], p.partner, d["opened_leaf"])
        self.same_matter(d, p)
        need(d["revision"] < 65535, "no more revisions", "TOO_MANY")
        self.seen(d, e)
        self.recommendations[d["number"], d["revision"]] = self.input_row(e, b, d, RECOMMENDATION)
        rung = self.pinned[d["number"]]["rungs"][d["rung"] - 1]
        until = self.end_of(d["number"], rung["answer"] or rung["within"])
        self.set(d, deadline_ms=until, changed_leaf=e.leaf)
        self.event(d, "EVENT_RECOMMENDED", reason=b.text, until_ms=until)

    # -- receipts ----------------------------------------------------------------------------------------------------

    def is_partner(self, org):
        return self.parties.get(org, {}).get("role") == self.enums["role"]["ROLE_PARTNER"]

    def seen(self, d, e):
        """GOV-57."""
        p, org = self.pinned[d["number"]], org_of(e.seat)
        key = d["number"], d["revision"], org
        if p["silence"] and self.is_partner(org) and key not in self.receipts \
                and self.revisions[d["number"]][-1]["leaf"] < e.basis:
            self.receipt_row(key, e)

    def receipt_row(self, key, e):
        number, revision, org = key
        row = self.receipts[key] = {"seat": e.seat, "id": e.id, "leaf": e.leaf, "at_ms": self.now}
        self.put("RECEIPT", u64(number) + struct.pack(">H", revision) + org.encode(), "state_receipt", row)

    def do_receipt(self, e, b):
        """GOV-56."""
        need(b.decision.number in self.decisions, "no decision %d" % b.decision.number, "NO_SUCH_OBJECT")
        d, org = self.decisions[b.decision.number], org_of(e.seat)
        self.live(d, b.decision)
        need(self.is_partner(org), "no partner", "NOT_PERMITTED")
        need(self.revisions[d["number"]][-1]["leaf"] < e.basis, "the basis does not cover the revision", "CHANGED_SINCE")
        key = d["number"], d["revision"], org
        need(key not in self.receipts, "there is one", "DUPLICATE")
        self.receipt_row(key, e)
        self.event(d, "EVENT_RECEIPT", name=org)
