#!/usr/bin/env python3
"""Section 16: alternates and recusal, pauses, mediation, budgets, acting first.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import functools
import unittest

import acts
from differential import ORGS
import forge
from forge import HOUR, STEP, person, sha256
from test_members import ABSTAIN, APPROVE, DAY, REJECT, Case

VETO, RECUSE = 3, 5
ESCALATE, PAUSE, RESUME = 1, 2, 3
WHY = sha256(b"why")


@functools.lru_cache(maxsize=None)
def founded():
    return forge.Alliance(orgs=ORGS, charter=acts.charter())


class Absent(Case):
    def setUp(self):
        self.a = forge.branch(founded())

    def alternates(self, seat, *given, by=None, keys=None):
        self.a.say(seat.split("/")[0] + "/registrar", "holder", self.holder(seat, given, keys))

    def holder(self, seat, given, keys=None):
        given = [{"seat": s, "from_ms": self.a.now - DAY, "until_ms": self.a.now + 60 * DAY, **more} for s, more in given]
        return {"seat": seat, "keys": [person(seat)] if keys is None else keys, "alternates": given}

    def body(self, n, choice=APPROVE, principal=None, **more):
        return {"decision": self.a.ref(n), "rung": self.a.gov.decisions[n]["rung"], "choice": choice, "reason": WHY,
                "principal": principal, **more}

    def say(self, seat, n, choice=APPROVE, principal=None, **more):
        self.a.say(seat, "ballot", self.body(n, choice, principal), **more)

    def move(self, seat, n, move):
        self.a.say(seat, "move_decision", self.moved(n, move))

    def moved(self, n, move):
        return {"decision": self.a.ref(n), "rung": self.a.gov.decisions[n]["rung"], "move": move, "reason": WHY}

    def d(self, n):
        return self.a.gov.decisions[n]

    def to_deadline(self, n, field="deadline_ms"):
        self.a.wait(self.d(n)[field] - self.a.now)


class Alternates(Absent):
    def test_GOV_47_an_alternate_ballots_and_its_principal_replaces_it(self):
        n = self.a.propose("maker/quality", "clinical-claim")
        self.alternates("maker/quality", ("maker/finance", {}))
        self.say("maker/finance", n, principal="maker/quality")
        self.say("maker/quality", n)
        self.refused("NOT_PERMITTED", "maker/finance", "ballot", self.body(n, principal="maker/quality"))
        self.good()

    def test_GOV_47_refused(self):
        n = self.a.propose("maker/business-lead", "commercial-terms", amount={"minor": 100, "currency": "EUR"})
        self.alternates("maker/business-lead", ("maker/finance", {"types": ["clinical-claim"]}),
                        ("maker/quality", {"most": {"minor": 99, "currency": "EUR"}}),
                        ("maker/security-legal", {"until_ms": self.a.now + 1 + STEP}))
        for seat in ("maker/finance", "maker/quality", "maker/security-legal", "maker/sponsor", "clinics/business-lead"):
            self.refused("NOT_PERMITTED", seat, "ballot", self.body(n, principal="maker/business-lead"))
        self.refused("MALFORMED", "maker/quality", "ballot", self.body(n, RECUSE, "maker/business-lead"))
        self.good()

    def test_GOV_46_refused(self):
        ok = ("maker/finance", {})
        for verdict, given in (("MALFORMED", (("maker/sponsor", {}), ok)), ("MALFORMED", (ok, ok)),
                               ("MALFORMED", (("maker/finance", {"from_ms": self.a.now + 60 * DAY}),)),
                               ("NOT_PERMITTED", (("clinics/finance", {}),)), ("NOT_PERMITTED", (("maker/quality", {}),)),
                               ("NOT_PERMITTED", (("maker/registrar", {}),)), ("NO_SUCH_OBJECT", (("maker/nobody", {}),))):
            self.refused(verdict, "maker/registrar", "holder", self.holder("maker/quality", given))

    def test_GOV_46_they_stay_when_the_holders_change(self):
        self.alternates("maker/quality", ("maker/finance", {}))
        self.a.say("maker/registrar", "holder", {"seat": "maker/quality", "keys": []})
        self.assertTrue(self.a.gov.seats["maker/quality"]["alternates"])
        self.alternates("maker/quality", keys=[])
        self.assertIsNone(self.a.gov.seats["maker/quality"]["alternates"])
        self.good()

    def test_GOV_48_a_recused_seat_is_replaced_and_its_stand_in_too(self):
        n = self.a.propose("maker/quality", "clinical-claim")
        self.alternates("maker/quality", ("maker/finance", {}))
        self.say("maker/finance", n, principal="maker/quality")
        self.say("maker/quality", n, RECUSE)
        self.assertEqual(self.a.gov.recused[n]["maker/quality"]["asked"], ["maker/finance"])
        self.refused("NOT_PERMITTED", "maker/quality", "ballot", self.body(n))
        self.refused("NOT_NOW", "maker/quality", "ballot", self.body(n, RECUSE))
        self.say("maker/finance", n, principal="maker/quality")
        self.say("maker/finance", n, RECUSE)
        self.assertEqual(self.a.gov.recused[n]["maker/quality"]["asked"], ["maker/sponsor"])
        self.assertNotIn("by", [k for k, v in self.a.gov.tally(self.d(n))["maker/quality"].items() if v]
                         if "maker/quality" in self.a.gov.tally(self.d(n)) else [])
        self.a.ballot(n, "clinics/quality", "distributor/quality")
        self.assertEqual(self.phase(n), "open")
        self.say("maker/sponsor", n, principal="maker/quality")
        self.assertEqual(self.phase(n), "effective")
        self.good()

    def test_GOV_49_with_nobody_to_stand_in_it_stands_aside(self):
        n = self.a.propose("maker/quality", "clinical-claim")
        self.say("maker/quality", n, RECUSE)
        self.say("maker/sponsor", n, RECUSE)
        self.assertEqual(self.a.gov.recused[n]["maker/quality"]["asked"], [])
        self.a.ballot(n, "clinics/quality", "distributor/quality")
        self.assertEqual(self.phase(n), "effective")
        self.good()

    def test_GOV_12_a_recusal_is_exempt(self):
        n = self.a.propose("maker/quality", "clinical-claim")
        self.a.say("maker/registrar", "holder", {"seat": "maker/sponsor", "keys": [person("maker/quality")]})
        self.say("maker/quality", n, RECUSE)
        self.say("maker/sponsor", n, principal="maker/quality", by="maker/quality")
        self.good()


class Pauses(Absent):
    def test_GOV_50_two_partners_pause_it_and_GOV_51_it_goes_on(self):
        for row, seat in (("clinical-claim", "quality"), ("safety-notice", "quality")):
            with self.subTest(row):
                n = self.a.propose("clinics/quality", row)
                before = self.d(n)["deadline_ms"]
                self.move("clinics/" + seat, n, PAUSE)
                self.move("clinics/" + seat, n, PAUSE)
                self.assertEqual(self.phase(n), "open")
                self.move("maker/" + seat, n, PAUSE)
                self.assertEqual(self.phase(n), "paused")
                self.refused("NOT_NOW", "maker/quality", "ballot", self.body(n))
                self.a.say("maker/quality", "note", {"type": 1, "text": WHY, "decision": self.a.ref(n)})
                hours = 9 if row == "safety-notice" else 26
                self.a.say("maker/quality", "note", {"type": 1, "text": WHY}, wait=hours * HOUR)
                self.move("maker/quality", n, RESUME)
                self.assertGreater(self.d(n)["deadline_ms"], before)
                self.good()

    def test_GOV_51_by_time_and_GOV_50_no_time_left(self):
        n = self.a.propose("clinics/quality", "safety-notice")
        self.move("clinics/quality", n, PAUSE)
        self.move("maker/quality", n, PAUSE)
        self.to_deadline(n, "resume_ms")
        self.assertEqual((self.phase(n), self.events(n)[-1]), ("open", "resumed"))
        self.refused("TOO_MANY", "maker/quality", "move_decision", self.moved(n, PAUSE))
        self.refused("NOT_NOW", "maker/quality", "move_decision", self.moved(n, RESUME))
        self.refused("NOT_PERMITTED", "trustee/mediator", "move_decision", self.moved(n, PAUSE))
        self.good()

    def test_GOV_38_paused_it_passes_when_it_goes_on(self):
        n = self.a.propose("clinics/quality", "clinical-claim")
        self.a.ballot(n, "clinics/quality", "maker/quality")
        self.move("clinics/quality", n, PAUSE)
        self.move("maker/quality", n, PAUSE)
        self.removed("distributor")
        self.assertEqual((self.phase(n), self.events(n)[-1]), ("paused", "left"))
        self.move("maker/quality", n, RESUME)
        self.assertEqual(self.events(n)[-3:], ["resumed", "passed", "effective"])
        self.good()

    def test_GOV_24_an_input_passes_it(self):
        n = self.a.propose("maker/quality", "roadmap-change")
        self.a.give(n, "maker/quality", {"type": 2})
        self.a.ballot(n, "clinics/quality", "distributor/quality", "maker/quality")
        self.a.give(n, "clinics/medical-lead", {"type": 1, "seat": "clinics/medical-lead"}, text=WHY)
        self.assertEqual(self.events(n)[-2:], ["input", "passed"])
        self.good()

    def test_GOV_52_withdrawn_while_paused(self):
        n = self.a.propose("clinics/quality", "safety-notice")
        self.move("clinics/quality", n, PAUSE)
        self.move("maker/quality", n, PAUSE)
        self.a.say("clinics/quality", "withdraw", {"decision": self.a.ref(n)})
        self.assertEqual(self.d(n)["rung_paused_ms"], STEP)
        self.assertEqual(self.events(n)[-1], "not ratified")
        self.good()


class Mediation(Absent):
    def setUp(self):
        super().setUp()
        self.n = n = self.a.propose("maker/quality", "clinical-claim")
        while self.phase(n) != "mediation":
            self.to_deadline(n)

    def recommended(self):
        self.a.say("trustee/mediator", "decision_input", self.recommendation())
        return {"number": self.n, "digest": self.a.gov.recommended(self.d(self.n))["id"]}

    def recommendation(self, **more):
        return {"decision": self.a.ref(self.n), "settled": {"title": sha256(b"middle"), "effect": {"type": 1}, **more},
                "text": WHY}

    def answer(self, ref, *seats, choice=APPROVE):
        for s in seats:
            self.a.say(s, "ballot", {**self.body(self.n, choice), "decision": ref})

    def test_GOV_55_settled(self):
        ref = self.recommended()
        self.refused("WRONG_REVISION", "maker/quality", "ballot", self.body(self.n))
        self.refused("NOT_PERMITTED", "maker/sponsor", "ballot", {**self.body(self.n, ABSTAIN), "decision": ref})
        self.refused("NOT_NOW", "trustee/mediator", "decision_input", self.recommendation())
        self.good()
        self.answer(ref, *[o + "/sponsor" for o in ("clinics", "distributor", "maker")])
        self.assertEqual(self.events(self.n)[-3:], ["settled", "passed", "effective"])
        self.good()

    def test_GOV_54_silence_declines(self):
        self.answer(self.recommended(), "clinics/sponsor")
        self.to_deadline(self.n)
        self.assertEqual(self.events(self.n)[-1], "default applied")
        self.good()

    def test_GOV_53_refused(self):
        self.refused("NOT_PERMITTED", "maker/quality", "decision_input", self.recommendation())
        self.refused("MALFORMED", "trustee/mediator", "decision_input", {**self.recommendation(), "need": {"type": 2}})
        self.refused("NOT_PERMITTED", "trustee/mediator", "decision_input", self.recommendation(partner="maker"))
        self.refused("NOT_NOW", "maker/quality", "ballot", self.body(self.n))


class Budgets(Absent):
    def spend(self, minor, **more):
        owners = self.a.gov.charter()
        row = next(r for r in self.a.gov.section(14).rows if r.name == "spend")
        seat = next(s for o in row.owner for s in owners.selected(o) if self.a.gov.filled(s))
        self.mover = seat
        return self.a.propose(seat, "spend", **{"budget": "launch-2026", **more},
                              amount={"minor": minor, "currency": "EUR"})

    def passed(self, n):
        for t in self.a.gov.terms(self.d(n)):
            for p in t["partners"]:
                for s in [s for s in p["seats"] if self.a.gov.filled(s)][:t["count"]]:
                    if self.a.gov.is_phase(self.d(n), "PHASE_OPEN") and s not in self.a.gov.tally(self.d(n)):
                        self.say(s, n)

    def test_GOV_63_reserved_then_spent(self):
        n = self.spend(1000)
        self.passed(n)
        self.assertEqual(self.phase(n), "passed")
        self.assertEqual([r["reserved"] for r in self.a.gov.budgets.values()], [1000])
        self.to_deadline(n, "effective_ms")
        self.assertEqual([(r["reserved"], r["spent"]) for r in self.a.gov.budgets.values()], [(0, 1000)])
        self.good()

    def test_GOV_62_beyond_its_budget(self):
        n = self.spend(90000001, budget="studies")
        self.assertTrue(self.a.gov.pinned[n]["rungs"][-1]["outside"])
        self.passed(n)
        self.assertIn("beyond its budget", self.events(n))
        self.good()
        self.passed(n)
        self.assertEqual(self.phase(n), "passed")
        self.good()

    def test_GOV_63_given_back(self):
        n = self.spend(1000)
        self.passed(n)
        self.a.say("maker/sponsor", "ballot", {**self.body(n, VETO), "clause": "a.1"})
        self.assertEqual([(r["reserved"], r["spent"]) for r in self.a.gov.budgets.values()], [(0, 0)])
        self.good()

    def test_GOV_59_refused(self):
        self.spend(1)
        p = {"title": bytes(32), "effect": {"type": 1}, "budget": "launch-2026", "amount": {"minor": 1, "currency": "EUR"}}
        usd = {"minor": 1, "currency": "USD"}
        for verdict, more in (("INCOMPLETE", {"budget": None}), ("NO_SUCH_OBJECT", {"budget": "zoo"}),
                              ("INCOMPLETE", {"amount": None}), ("MALFORMED", {"rate": "1.1"}),
                              ("MALFORMED", {"budget": None, "charge": usd}), ("INCOMPLETE", {"amount": usd}),
                              ("MALFORMED", {"amount": usd, "charge": usd, "rate": "1"}),
                              ("MALFORMED", {"amount": {"minor": 0, "currency": "EUR"}}),
                              ("MALFORMED", {"amount": {"minor": 10 ** 15 + 1, "currency": "EUR"}})):
            self.refused(verdict, self.mover, "propose", {"type": "spend", "proposal": {**p, **more}})

    def test_GOV_62_ended(self):
        n = self.spend(1000)
        self.assertEqual(self.phase(n), "open")
        self.a.wait(40 * DAY)
        self.good()


if __name__ == "__main__":
    unittest.main()
