"""Section 17: the steps of an item's life (ITM-7 to ITM-11, ITM-15). Methods of Governance; the rest is in items.py."""
from items import no_nones
from rights import need, org_of, u64

# step: (keys that it must have, keys that it may have, phases)
STEPS = {"TAKE": ((), ("text",), ("OPEN", "ACCEPTED")), "GIVE": (("to",), ("text",), ("OPEN", "ACCEPTED")),
         "CLAIM": ((), ("text", "documents"), ("OPEN",)), "VERIFY": ((), ("text", "documents"), ("CLAIMED",)),
         "REOPEN": (("text",), (), ("CLAIMED", "CLOSED")), "LINK": (("link",), ("text",), None),
         "REBASE": (("due", "text"), (), ("OPEN",)), "REVIEW": (("likelihood", "impact"), ("text", "indicators"), ("OPEN", "ACCEPTED")),
         "ESCALATE": (("text",), (), ("OPEN", "CLAIMED")), "RECOMMEND": (("text",), ("documents",), ("MEDIATION",)),
         "ACCEPT": ((), ("text",), ("MEDIATION",)), "DECLINE": (("text",), (), ("MEDIATION",))}
CLAIM_ALONE = ("lesson", "opportunity", "feedback")
MOST_LINKS = 32


class ItemSteps:
    def do_item_move(self, e, b):
        """ITM-7."""
        it = self.items.get(bytes([b.item.type]) + u64(b.item.number))
        need(it, "no such item", "NO_SUCH_OBJECT")
        step = next(n for n, v in self.enums["item_step"].items() if v == b.step)[len("ITEM_STEP_"):]
        kind = self.kind_of(it)
        self.keys_of_step(b, step, kind)
        if step != "LINK":
            self.fresh(it["changed_leaf"])
        need(not self.item_in(it, "CLOSED") or step in ("LINK", "REOPEN"), "the item is closed", "CLOSED")
        phases = STEPS[step][2]
        need((not phases or self.item_in(it, *phases)) and self.besides(it, step, kind), "not at this stage", "NOT_NOW")
        need(self.may_step(e.seat, it, step, kind), "the seat may not", "NOT_PERMITTED")
        getattr(self, "step_" + step.lower())(e, b, it, kind)

    def keys_of_step(self, b, step, kind):
        must, may, _ = STEPS[step]
        if step == "CLAIM" and kind == "conflict":
            must += ("text",)
        if step in ("CLAIM", "VERIFY") and kind == "assumption":
            must += ("finding",)
        given = [k for k in b._fields if b[k] is not None and k not in ("item", "step")]
        need(all(k in must + may for k in given), "a key that the step does not have", "MALFORMED")
        for k in must:
            need(b[k] is not None, "it lacks %s" % k, "REASON_NEEDED" if k == "text" else "INCOMPLETE")

    def besides(self, it, step, kind):
        """What the table of ITM-7 says besides the phase."""
        conflict = kind == "conflict"
        return {"TAKE": lambda: it.get("offered") is not None,
                "REOPEN": lambda: self.item_in(it, "CLAIMED") or not conflict,
                "REBASE": lambda: it.get("due_ms") is not None and not conflict,
                "REVIEW": lambda: kind == "risk",
                "ESCALATE": lambda: self.next_item_rung(it) is not None,
                "ACCEPT": lambda: it.get("recommended") is not None,
                "DECLINE": lambda: it.get("recommended") is not None}.get(step, lambda: True)()

    def sides(self, it):
        return [it["owner"], it["item"].against] if self.kind_of(it) == "conflict" else []

    def may_step(self, seat, it, step, kind):
        conflict, sides = kind == "conflict", self.sides(it)
        if step == "TAKE":
            return seat == it["offered"]
        if step == "CLAIM":
            return seat in sides if conflict else seat == it["owner"]
        if step == "VERIFY":
            if conflict:
                return seat in sides and seat != it["claimed_by"]
            return self.partner_seat(seat) and org_of(seat) != org_of(it["owner"])
        if step == "REOPEN":
            return seat in sides if conflict else self.partner_seat(seat)
        if step == "LINK":
            return self.partner_seat(seat) or seat == it.get("opened_by")
        if step == "REBASE":
            return seat == (it.get("opened_by") if kind == "request" else it["owner"])
        if step == "ESCALATE":
            return seat in [it["owner"], it.get("opened_by")] + sides
        if step == "RECOMMEND":
            return seat == self.ladder_of(it)["rungs"][it["rung"] - 1]["mediator"]
        if step in ("ACCEPT", "DECLINE"):
            return seat in sides and seat not in (it.get("accepts") or [])
        return seat == it["owner"]  # give, review

    # -- owning ------------------------------------------------------------------------------------------------------

    def step_give(self, e, b, it, kind):
        """ITM-8."""
        need(self.partner_seat(b.to), "no seat of a partner", "NO_SUCH_OBJECT")
        need(b.to != it["owner"] and (kind != "conflict" or org_of(b.to) == org_of(it["owner"])),
             "the owner, or another organisation's", "NOT_PERMITTED")
        self.offer(it, b.to)

    def step_take(self, e, b, it, kind):
        """ITM-9."""
        self.set_item(it, owner=e.seat, offered=None, offer_ms=None)
        overdue = it.get("overdue_ms") is not None and it["overdue_ms"] >= it["due_ms"]
        if kind != "conflict" and not overdue and not self.warns(it):
            self.set_item(it, rung=0, rung_ms=None)
        self.item_event(it, "TAKEN")

    # -- done --------------------------------------------------------------------------------------------------------

    def step_claim(self, e, b, it, kind):
        """ITM-10."""
        control = self.named("check", it["item"].name) if kind == "check" else None
        if control:
            need(e.seat in self.charter().selected(control.attest), "another seat attests", "NOT_PERMITTED")
            need(b.documents or control.evidence != self.enums["requirement"]["REQ_REQUIRED"], "no evidence", "INCOMPLETE")
        gate = self.named("milestone", it["item"].name) if kind == "milestone" and it["item"].name else None
        need(not gate or all(self.gate_met(it, n) for n in gate.opens_with), "the gate is not open", "INCOMPLETE")
        self.set_item(it, "CLAIMED", claimed_by=e.seat, claimed_ms=self.now, offered=None, offer_ms=None,
                      **({} if b.finding is None else {"finding": b.finding}))
        if kind != "conflict":
            self.set_item(it, rung_ms=None)
        if kind in CLAIM_ALONE:
            self.close_item(it, "CLAIMED", finding=b.finding)
        else:
            self.item_event(it, "CLAIMED", finding=b.finding)

    def gate_met(self, it, n):
        states = self.enums["gate_state"]
        for link in it["links"]:
            if n.state == states["GATE_DECIDED"]:
                d = self.decisions.get(link["decision"])
                if d and d["type"] == n.name and self.is_phase(d, "PHASE_EFFECTIVE"):
                    return True
            elif link["item"] is not None:
                x = self.items[bytes([link["item"].type]) + u64(link["item"].number)]
                want = "assumption" if n.state == states["GATE_VALIDATED"] else "check"
                if self.kind_of(x) == want and x["item"]["name"] == n.name and self.item_in(x, "CLOSED") and (
                        want == "check" or x.get("finding") == self.enums["assumed"]["ASSUMED_VALIDATED"]):
                    return True
        return False

    def step_verify(self, e, b, it, kind):
        if kind == "assumption" and b.finding != it["finding"]:
            self.set_item(it, "OPEN", claimed_by=None, claimed_ms=None, finding=None)
            conflict = self.enums["item_type"]["ITEM_CONFLICT"]
            self.item_event(it, "DISPUTED", finding=b.finding, other={"type": conflict, "number": self.last.get("conflict", 0)
                                                                      + 1})
            self.by_the_record("conflict", it["owner"], None, "the verdict on %s is disputed" % self.name_of(it),
                               [self.to_item(it)], against=e.seat)
            return
        self.close_item(it, "VERIFIED", {"verified_by": e.seat}, finding=b.finding)
        if kind == "assumption" and b.finding == self.enums["assumed"]["ASSUMED_FALSIFIED"]:
            self.falsified(it)
        if kind == "check":
            self.check_again(it)
        if kind == "training":
            self.train_again(it)

    def step_reopen(self, e, b, it, kind):
        closed = self.item_in(it, "CLOSED")
        if closed:
            self.watch_room(it)
        self.set_item(it, "OPEN", claimed_by=None, claimed_ms=None, verified_by=None, closed_ms=None, finding=None,
                      review_due_ms=None)
        if closed:
            self.set_item(it, rung=0, **({"review_ms": self.review_end(it)} if kind == "risk" else {}))
        if it["rung"] and kind != "conflict":
            within = self.ladder_of(it)["rungs"][it["rung"] - 1]["within"]
            self.set_item(it, rung_ms=self.item_end(within))
        self.item_event(it, "REOPENED")
        if closed:
            self.warn(it)
        else:
            self.climb_by_warning(it)

    # -- on the way --------------------------------------------------------------------------------------------------

    def step_link(self, e, b, it, kind):
        need(no_nones(b.link) not in [no_nones(x) for x in it["links"]], "it is linked", "DUPLICATE")
        need(len(it["links"]) < MOST_LINKS, "32 links", "TOO_MANY")
        self.link_ok(b.link, (it["item"]["type"], it["number"]))
        self.set_item(it, links=it["links"] + [b.link])
        self.linked(it, b.link)
        self.item_event(it, "LINKED", link=b.link)
        if kind == "assumption" and self.item_in(it, "CLOSED") and b.link.decision is not None \
                and it.get("finding") == self.enums["assumed"]["ASSUMED_FALSIFIED"]:
            self.doubted(it, self.decisions[b.link.decision])

    def step_rebase(self, e, b, it, kind):
        due = self.day_end(b.due)
        need(due > self.now, "the due date is over", "MALFORMED")
        first = it.get("first_due_ms")
        self.set_item(it, first_due_ms=it["due_ms"] if first is None else first, due_ms=due,
                      rebased=(it.get("rebased") or 0) + 1,
                      **({"by_warning": True} if self.warns(it) else {"rung": 0, "rung_ms": None}))
        self.item_event(it, "REBASED", until_ms=due)

    def step_review(self, e, b, it, kind):
        """ITM-11."""
        if b.indicators is not None:
            self.indicators_ok(b.indicators, it.get("indicators") or [])
            self.set_item(it, indicators=self.indicators_of(b.indicators, it.get("indicators") or []))
        self.set_item(it, likelihood=b.likelihood, impact=b.impact, review_due_ms=None)
        self.set_item(it, review_ms=self.review_end(it))
        self.item_event(it, "REVIEWED", likelihood=b.likelihood, impact=b.impact, until_ms=it["review_ms"])
        if b.indicators is not None:
            self.warn(it)

    def step_escalate(self, e, b, it, kind):
        self.climb_item(it)

    # -- the end of a conflict (ITM-15) ------------------------------------------------------------------------------

    def step_recommend(self, e, b, it, kind):
        answer = self.ladder_of(it)["rungs"][it["rung"] - 1]["answer"]
        self.set_item(it, recommended=e.id, accepts=None, **({"rung_ms": self.item_end(answer)} if answer else {}))
        self.item_event(it, "RECOMMENDED", until_ms=it["rung_ms"])

    def step_accept(self, e, b, it, kind):
        self.set_item(it, accepts=sorted((it.get("accepts") or []) + [e.seat]))
        self.item_event(it, "ACCEPTED")
        if len(it["accepts"]) == 2:
            self.close_item(it, "SETTLED")

    def step_decline(self, e, b, it, kind):
        self.item_event(it, "DECLINED")
        self.unasked(self.conflict_default, it, self.ladder_of(it))
