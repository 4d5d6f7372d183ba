#!/usr/bin/env python3
"""A decision in effect is superseded by another (GOV-69), and what that changes: by hand-worked stories.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import functools
import unittest

import acts
import certificate
from differential import ORGS
import forge
from forge import CODEC
from test_members import AMEND, DAY
from test_triggers import CLAIM, FALSIFIED, LINK, Story, VERIFY, WHY

ENUMS = CODEC.schema.enums
PARTNERS = ("clinics", "distributor", "maker")
AMOUNT, ABOVE = ENUMS["condition"]["COND_AMOUNT"], ENUMS["comparison"]["CMP_GT"]


def eur(minor):
    return {"minor": minor, "currency": "EUR"}


def raises(*above):
    """Sponsors decide above each of these amounts."""
    return [{"when": {"terms": [{"type": AMOUNT, "op": ABOVE, "amount": eur(minor)}]},
             "approve": [{"who": 1, "count": 1, "of": {"body": "steering"}}]} for minor in above] or None


@functools.lru_cache(maxsize=None)
def founded(*above):
    """acts.charter(), with silence that is no consent; above: of commercial-terms, which take effect at once."""
    charter = dict(acts.charter())
    rows = [{**r, "silence": 1} for r in charter["charter_decisions"]["rows"]]
    if above:
        rows = [{**r, "above": raises(*above), "notice": {"n": 0, "unit": 1}} if r["name"] == "commercial-terms" else r
                for r in rows]
    charter["charter_decisions"] = {**charter["charter_decisions"], "rows": rows}
    return forge.Alliance(orgs=ORGS, charter=charter)


class Phases(unittest.TestCase):
    def test_CER_9(self):
        """Each phase is one that an event leaves."""
        left = set(certificate.PHASES.values()) | {"mediation"}
        self.assertEqual({CODEC.schema.names["phase", n] for n in ENUMS["phase"].values()}, left)
        self.assertEqual(certificate.PHASES["superseded"], "superseded")


class Supersede(Story):
    """GOV-69."""

    def setUp(self):
        self.a = forge.branch(founded())

    def d(self, n):
        return self.a.gov.decisions[n]

    def body(self, type_="clinical-claim", **proposal):
        return {"type": type_, "proposal": {"title": WHY, "effect": {"type": 1}, **proposal}}

    def claim(self, **proposal):
        return self.passed("clinical-claim", **proposal)

    def open(self, **proposal):
        return self.a.propose("maker/quality", "clinical-claim", **proposal)

    def approve(self, n, by="quality"):
        self.a.ballot(n, *[o + "/" + by for o in PARTNERS])

    def phases(self, *numbers):
        return [self.phase(n) for n in numbers]

    def last_event(self, n):
        key = n.to_bytes(8, "big") + self.d(n)["events"].to_bytes(4, "big")
        return CODEC.decode("state_event", self.a.gov.rows[CODEC.schema.tables["EVENT"][0], key])

    # -- its place is taken ------------------------------------------------------------------------------------------

    def test_GOV_69_it_takes_its_place(self):
        first = self.claim(until=self.today() + 30)
        was = dict(self.d(first))
        self.assertIsNotNone(self.first("TIMER_EXPIRY", first))
        n = self.claim(supersedes=first)
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        self.assertEqual(self.events(first)[-2:], ["effective", "superseded"])
        self.assertEqual(self.events(n)[-2:], ["passed", "effective"])
        e, d = self.last_event(first), self.d(first)
        self.assertEqual((e.other, e.seat, e.id, e.leaf, e.at_ms), (n, None, None, self.d(n)["changed_leaf"], self.a.now))
        self.assertEqual((d["closed_ms"], d["changed_leaf"]), (self.a.now, self.d(n)["changed_leaf"]))
        self.assertEqual((d["effective_ms"], d["until_ms"]), (was["effective_ms"], was["until_ms"]))
        self.assertLess(d["effective_ms"], d["closed_ms"])
        self.assertEqual((self.d(n)["supersedes"], d.get("supersedes")), (first, None))
        self.whole()

    def test_GOV_27_its_last_day_fires_no_more(self):
        first = self.claim(until=self.today() + 30)
        n = self.claim(supersedes=first)
        self.assertIsNone(self.first("TIMER_EXPIRY", first))
        self.to(self.d(first)["until_ms"] + DAY)
        self.assertEqual((self.phases(first, n), self.events(first)[-1]), (["superseded", "effective"], "superseded"))
        self.whole()

    def test_GOV_69_one_after_the_other(self):
        """What superseded is superseded in its turn, and expires on its last day if it is not."""
        a = self.claim()
        b = self.claim(supersedes=a)
        c = self.claim(supersedes=b, until=self.today() + 9)
        self.assertEqual(self.phases(a, b, c), ["superseded", "superseded", "effective"])
        self.to(self.d(c)["until_ms"])
        self.assertEqual(self.phases(a, b, c), ["superseded", "superseded", "expired"])
        self.whole()

    def test_GOV_69_it_stays_until_the_notice_is_over(self):
        until = self.today() + 15
        first = self.passed("exception", until=until)
        self.to(self.d(first)["effective_ms"])
        n = self.passed("exception", until=until, supersedes=first)
        self.assertEqual(self.phases(first, n), ["effective", "passed"])
        self.to(self.d(n)["effective_ms"] - 1)
        self.assertEqual(self.phases(first, n), ["effective", "passed"])
        self.a.wait(1)
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        self.assertEqual((self.last_event(first).leaf, self.last_event(first).id), (self.a.tree.size - 1, None))
        self.whole()

    def test_GOV_69_one_that_does_not_pass_supersedes_nothing(self):
        first = self.claim()
        n = self.open(supersedes=first)
        self.a.say("maker/quality", "withdraw", {"decision": self.a.ref(n)})
        self.assertEqual(self.phases(first, n), ["effective", "withdrawn"])
        self.whole()

    # -- refused -----------------------------------------------------------------------------------------------------

    def refuses(self, verdict, type_="clinical-claim", seat="maker/quality", **proposal):
        with self.subTest((verdict, type_, proposal)):
            self.refused(verdict, seat, "propose", self.body(type_, **proposal))

    def test_GOV_69_refused(self):
        amendment = self.amended(20, list=self.a.gov.section(20).list[:1])
        first, other = self.claim(), self.passed("safety-notice")
        amend = {"type": AMEND, "section": 20, "base_version": 2, "body": self.a.gov.sections[20]["body"]}
        for number in (first, amendment, 99):
            self.refuses("MALFORMED", "charter-policy", effect=amend, supersedes=number)
        self.refuses("MALFORMED", supersedes=first, effect={"type": ENUMS["effect_type"]["EFFECT_EXIT"]})
        self.refuses("NO_SUCH_OBJECT", supersedes=99)
        self.refuses("NO_SUCH_OBJECT", supersedes=self.a.gov.last["decision"] + 1)
        self.refuses("NOT_PERMITTED", supersedes=other)
        self.refuses("NOT_PERMITTED", supersedes=amendment)
        self.refuses("NOT_PERMITTED", "charter-policy", supersedes=amendment)
        self.assertEqual(self.phases(first, other, amendment), ["effective"] * 3)

    def test_GOV_69_refused_where_it_is_not_in_effect(self):
        opened, withdrawn = self.open(), self.open()
        self.a.say("maker/quality", "withdraw", {"decision": self.a.ref(withdrawn)})
        expired = self.claim(until=self.today() + 2)
        self.to(self.d(expired)["until_ms"])
        superseded = self.claim()
        self.claim(supersedes=superseded)
        self.assertEqual(self.phases(opened, withdrawn, expired, superseded), ["open", "withdrawn", "expired", "superseded"])
        for n in (opened, withdrawn, expired, superseded):
            self.refuses("NOT_NOW", supersedes=n)
        passed = self.passed("exception", until=self.today() + 15)
        self.assertEqual(self.phase(passed), "passed")
        self.refuses("NOT_NOW", "exception", until=self.today() + 15, supersedes=passed)
        self.refuses("NOT_PERMITTED", supersedes=passed)  # the row is looked at first

    def test_GOV_7_the_order(self):
        """After GOV-67, before REL-1 and GOV-8."""
        self.refuses("MALFORMED", until=self.today() - 1, supersedes=99)
        self.refuses("INCOMPLETE", "exception", supersedes=99)
        self.refuses("NO_SUCH_OBJECT", relies=[{}], supersedes=99)
        self.refuses("MALFORMED", relies=[{}], supersedes=self.claim())
        self.refuses("NO_SUCH_OBJECT", "delivery-tradeoff", "maker/delivery-lead", supersedes=99)
        self.refuses("INCOMPLETE", "delivery-tradeoff", "maker/delivery-lead")

    # -- too late ----------------------------------------------------------------------------------------------------

    def test_GOV_69_two_that_supersede_the_same(self):
        first = self.claim()
        a, b = self.open(supersedes=first), self.open(supersedes=first)
        self.approve(b)
        self.approve(a)
        self.assertEqual(self.phases(first, a, b), ["superseded", "stale", "effective"])
        self.assertEqual((self.events(a)[-2:], self.event_words(a)), (["passed", "stale"], ["D-1 is not in effect any more"]))
        self.assertEqual(self.events(first).count("superseded"), 1)
        self.assertEqual(self.last_event(first).other, b)
        self.whole()
        revise = {"decision": self.a.ref(a), "proposal": self.body(supersedes=first)["proposal"]}
        self.refused("NOT_NOW", "maker/quality", "revise", revise)
        self.to(self.d(a)["rebase_ms"])
        self.assertEqual(self.phase(a), "lapsed")
        self.whole()

    def test_GOV_69_it_ended_during_the_notice(self):
        """D-10 and D-11 have passed, to take the place of D-2 at the same time: the lower number does, whichever passed first."""
        self.open()
        until = self.today() + 15
        first = self.passed("exception", until=until)
        self.to(self.d(first)["effective_ms"])
        for _ in range(7):
            self.open()
        a = self.a.propose("maker/quality", "exception", until=until, supersedes=first)
        b = self.passed("exception", until=until, supersedes=first)
        self.approve(a)
        self.assertEqual(self.phases(a, b), ["passed", "passed"])
        self.assertEqual((first, a, b), (2, 10, 11))
        self.assertEqual(self.d(a)["effective_ms"], self.d(b)["effective_ms"])
        self.to(self.d(a)["effective_ms"])
        self.assertEqual(self.phases(first, a, b), ["superseded", "effective", "stale"])
        self.assertEqual(self.event_words(b), ["D-2 is not in effect any more"])
        self.assertEqual((self.last_event(b).seat, self.last_event(b).until_ms), (None, self.d(b)["rebase_ms"]))
        self.whole()

    def test_GOV_69_it_expired_meanwhile(self):
        first = self.claim(until=self.today() + 2)
        n = self.open(supersedes=first)
        self.to(self.d(first)["until_ms"])
        self.approve(n)
        self.assertEqual(self.phases(first, n), ["expired", "stale"])
        self.assertEqual((self.events(first)[-1], self.event_words(n)), ("expired", ["D-1 is not in effect any more"]))
        self.whole()

    def test_GOV_25_its_own_last_day_is_looked_at_first(self):
        until = self.today() + 6
        first = self.passed("exception", until=until)
        self.to(self.d(first)["effective_ms"])
        n = self.a.propose("maker/quality", "exception", until=until, supersedes=first)
        self.to(self.a.gov.day_end(until) - DAY)
        self.approve(n)
        self.assertEqual(self.phases(first, n), ["effective", "passed"])
        self.to(self.d(n)["effective_ms"])
        self.assertEqual((self.phases(first, n), self.event_words(n)), (["expired", "stale"], ["its last day has passed"]))
        self.whole()

    def test_GOV_65_acted_first(self):
        """What was acted first is ratified though the other has ended; one that is superseded was ratified."""
        first = self.passed("safety-notice")
        a, b = (self.a.propose("maker/quality", "safety-notice", supersedes=first) for _ in range(2))
        self.assertEqual(self.phase(first), "effective")
        self.approve(a)
        self.approve(b)
        self.assertEqual(self.phases(first, a, b), ["superseded", "effective", "effective"])
        self.assertEqual((self.events(first)[-1], self.events(first).count("superseded")), ("superseded", 1))
        self.assertEqual((self.last_event(first).other, self.events(b)[-2:]), (a, ["passed", "effective"]))
        self.whole()

    # -- revised -----------------------------------------------------------------------------------------------------

    def test_GOV_18_a_revision_supersedes_the_same(self):
        first, other = self.claim(), self.claim()
        n, plain = self.open(supersedes=first), self.open()
        for number, changed in ((n, other), (n, None), (plain, first)):
            self.refused("NOT_PERMITTED", "maker/quality", "revise", {
                "decision": self.a.ref(number), "proposal": self.body(supersedes=changed)["proposal"]})
        self.refused("NO_SUCH_OBJECT", "maker/quality", "revise", {
            "decision": self.a.ref(n), "proposal": self.body(supersedes=99)["proposal"]})
        self.a.say("maker/quality", "revise", {"decision": self.a.ref(n), "proposal": self.body(supersedes=first)["proposal"]})
        self.assertEqual(self.d(n)["supersedes"], first)
        self.approve(n)
        self.assertEqual(self.phases(first, other, n), ["superseded", "effective", "effective"])
        self.whole()

    def mediated(self, **proposal):
        n = self.open(**proposal)
        while self.phase(n) != "mediation":
            self.a.wait(self.d(n)["deadline_ms"] - self.a.now)
        return n

    def settled(self, n, **proposal):
        return "trustee/mediator", "decision_input", {"decision": self.a.ref(n), "text": WHY,
                                                      "settled": self.body(**proposal)["proposal"]}

    def test_GOV_53_a_recommendation_supersedes_the_same(self):
        first, other = self.claim(), self.claim()
        n = self.mediated(supersedes=first)
        self.refused("NOT_PERMITTED", *self.settled(n, supersedes=other))
        self.refused("NOT_PERMITTED", *self.settled(n))
        self.a.say(*self.settled(n, supersedes=first))
        put = {"number": n, "digest": self.a.gov.recommended(self.d(n))["id"]}
        for o in PARTNERS:
            self.a.say(o + "/sponsor", "ballot", {"decision": put, "rung": self.d(n)["rung"], "choice": 1})
        self.assertEqual((self.phases(first, n), self.events(n)[-3:]), (["superseded", "effective"],
                                                                       ["settled", "passed", "effective"]))
        self.whole()

    def test_GOV_53_a_recommendation_comes_too_late(self):
        first = self.claim()
        n = self.mediated(supersedes=first)
        self.claim(supersedes=first)
        self.refused("NOT_NOW", *self.settled(n, supersedes=first))

    # -- by no fewer -------------------------------------------------------------------------------------------------

    def terms_of(self, minor, by="sponsor", **proposal):
        """Commercial terms in effect."""
        n = self.a.propose("maker/business-lead", "commercial-terms", amount=eur(minor), **proposal)
        self.approve(n, by)
        self.assertEqual(self.phase(n), "effective")
        return n

    def test_GOV_69_the_level_of_the_other(self):
        """Another scope, so that the sums of GOV-60 raise nothing."""
        self.a = forge.branch(founded(1000, 5000))
        first = self.terms_of(2000)
        self.assertEqual(self.d(first)["level"], 1)
        plain = self.a.propose("maker/business-lead", "commercial-terms", amount=eur(10), scope="ch")
        self.assertEqual(self.d(plain)["level"], 0)
        n = self.a.propose("maker/business-lead", "commercial-terms", amount=eur(10), scope="ch", supersedes=first)
        self.assertEqual(self.d(n)["level"], 1)
        more = self.a.propose("maker/business-lead", "commercial-terms", amount=eur(6000), scope="ch", supersedes=first)
        self.assertEqual(self.d(more)["level"], 2)  # its own is higher
        self.approve(plain, "business-lead")
        self.assertEqual(self.phase(plain), "effective")
        self.refused("NOT_PERMITTED", "maker/business-lead", "ballot", {"decision": self.a.ref(n), "rung": 0, "choice": 1})
        self.a.say("maker/business-lead", "revise", {"decision": self.a.ref(n), "proposal": {
            "title": WHY, "effect": {"type": 1}, "amount": eur(9), "scope": "ch", "supersedes": first}})
        self.assertEqual(self.d(n)["level"], 1)
        self.approve(n, "sponsor")
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        self.assertEqual(self.d(self.terms_of(10, scope="ch", supersedes=n))["level"], 1)  # and so on
        self.whole()

    def lowered(self, *above):
        rows = [{**r._fields, **({"above": raises(*above)} if r.name == "commercial-terms" else {})}
                for r in self.a.gov.section(14).rows]
        self.amended(14, rows=rows)

    def test_GOV_69_at_most_the_raises_pinned(self):
        self.a = forge.branch(founded(1000, 5000))
        first = self.terms_of(6000)
        self.assertEqual(self.d(first)["level"], 2)
        for above, level in (((1000,), 1), ((), 0)):
            with self.subTest(above):
                self.lowered(*above)
                n = self.a.propose("maker/business-lead", "commercial-terms", amount=eur(10), scope="ch", supersedes=first)
                self.assertEqual(self.d(n)["level"], level)
        self.approve(n, "business-lead")
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        self.whole()

    def test_GOV_69_as_joint_as_the_other(self):
        seat, row = "maker/delivery-lead", "delivery-tradeoff"
        first = self.a.propose(seat, row, amount=eur(100), affected=["clinics", "maker"])
        self.a.ballot(first, "clinics/delivery-lead", seat)
        self.assertEqual((self.phase(first), self.d(first)["joint"]), ("effective", True))
        alone = self.a.propose(seat, row, amount=eur(100), affected=["maker"])
        self.assertFalse(self.d(alone)["joint"])
        self.a.ballot(alone, seat)
        self.assertEqual(self.phase(alone), "effective")
        self.refuses("INCOMPLETE", row, seat, amount=eur(100), supersedes=first)  # joint, and nobody affected
        n = self.a.propose(seat, row, amount=eur(100), affected=["maker"], supersedes=first)
        self.assertTrue(self.d(n)["joint"])
        self.a.ballot(n, seat)
        self.assertEqual(self.phase(n), "open")
        self.a.ballot(n, "clinics/delivery-lead")
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        more = self.a.propose(seat, row, amount=eur(100), affected=["maker"], supersedes=alone)
        self.assertFalse(self.d(more)["joint"])
        self.a.ballot(more, seat)
        self.assertEqual(self.phases(alone, more), ["superseded", "effective"])
        self.whole()

    # -- money -------------------------------------------------------------------------------------------------------

    def sum_of(self, n):
        """SUM of the day on which it passed."""
        gov = self.a.gov
        return gov.sums.get(gov.sum_key(self.d(n)["type"], gov.proposal(self.d(n)), self.d(n)["passed_ms"] // DAY), 0)

    def budget(self):
        """(reserved, spent) of the only envelope, and the leaf at which it changed."""
        (row,) = self.a.gov.budgets.values()
        return row["reserved"], row["spent"], row["changed_leaf"]

    def spend(self, minor, row="spend", **proposal):
        n = self.a.propose("maker/finance", row, **{"budget": "launch-2026", "amount": eur(minor), **proposal})
        self.approve(n, "finance")
        self.assertIn(self.phase(n), ("passed", "effective"))
        return n

    def takes_effect(self, n):
        self.to(self.d(n)["effective_ms"])
        self.assertEqual(self.phase(n), "effective")

    def test_GOV_63_what_it_spent_goes_back(self):
        first = self.spend(7000)
        self.takes_effect(first)
        self.assertEqual(self.budget()[:2], (0, 7000))
        self.to(self.a.now + 3 * DAY)
        n = self.spend(400, supersedes=first)
        self.assertEqual(self.budget()[:2], (400, 7000))
        self.assertEqual((self.sum_of(first), self.sum_of(n)), (7000, 400))
        self.takes_effect(n)
        self.assertEqual(self.budget(), (0, 400, self.d(n)["changed_leaf"]))
        self.assertEqual((self.sum_of(first), self.sum_of(n)), (0, 400))
        self.assertIsNone(self.d(first).get("reserved_from"))
        self.assertEqual((self.d(first)["charge"].minor, self.d(first)["budget"]), (7000, "launch-2026"))
        self.whole()

    def test_GOV_63_in_another_currency(self):
        """The charge goes back to the envelope, the amount to the sum of its currency."""
        dollars = {"minor": 900, "currency": "USD"}
        first = self.spend(0, "payout", amount=dollars, charge=eur(800), rate="1.125 by the bank")
        self.takes_effect(first)
        self.assertEqual((self.budget()[:2], self.sum_of(first)), ((0, 800), 900))
        n = self.spend(50, "payout", supersedes=first)
        self.takes_effect(n)
        self.assertEqual((self.budget()[:2], self.sum_of(first), self.sum_of(n)), ((0, 50), 0, 50))
        self.whole()

    def test_GOV_63_the_same_day(self):
        """Both are of one day's sum: the first goes, the second stays."""
        self.a = forge.branch(founded(1000, 5000))
        first = self.terms_of(900, "business-lead")
        n = self.terms_of(60, "business-lead", supersedes=first)
        self.assertEqual((self.sum_of(first), self.sum_of(n)), (60, 60))
        self.whole()

    def test_GOV_63_too_late(self):
        """What is stale gives back what it had reserved; what the other spent has gone back once."""
        first = self.spend(7000)
        self.takes_effect(first)
        a, b = self.spend(400, supersedes=first), self.spend(30, supersedes=first)
        self.to(self.d(a)["effective_ms"])
        self.to(self.d(b)["effective_ms"])
        self.assertEqual((self.phases(first, a, b), self.budget()[:2]), (["superseded", "effective", "stale"], (0, 400)))
        self.whole()

    def test_GOV_67_what_expires_has_spent(self):
        first = self.spend(7000, until=self.today() + 9)
        self.takes_effect(first)
        self.to(self.d(first)["until_ms"])
        self.assertEqual((self.phase(first), self.budget()[:2], self.sum_of(first)), ("expired", (0, 7000), 7000))
        self.whole()

    # -- what it rests on --------------------------------------------------------------------------------------------

    def test_REL_3_it_is_not_doubted_any_more(self):
        n = self.item("clinics/quality", "ASSUMPTION")
        first = self.claim(relies=[{"assumption": n}, {"clause": "thesis"}])
        kept = self.claim(relies=[{"assumption": n}])
        self.move("clinics/quality", "ASSUMPTION", n, LINK, link={"decision": first})
        table = CODEC.schema.tables["RELIED"][0]
        self.assertEqual([k[-1] for t, k in sorted(self.a.gov.rows) if t == table], [first, kept, first])
        self.claim(supersedes=first)
        self.assertEqual([k[-1] for t, k in sorted(self.a.gov.rows) if t == table], [kept])
        self.move("clinics/quality", "ASSUMPTION", n, CLAIM, finding=FALSIFIED)
        self.move("maker/quality", "ASSUMPTION", n, VERIFY, finding=FALSIFIED)
        self.assertEqual([self.events(d).count("doubted") for d in (first, kept)], [0, 1])
        self.assertEqual([w for w, _, _ in self.actions() if w.startswith("reaffirm")],
                         ["reaffirm, amend or supersede D-%d: AS-1 was falsified" % kept])
        self.whole()

    def test_REL_3_doubted_then_superseded(self):
        n = self.item("clinics/quality", "ASSUMPTION")
        first = self.claim(relies=[{"assumption": n}])
        self.move("clinics/quality", "ASSUMPTION", n, CLAIM, finding=FALSIFIED)
        self.move("maker/quality", "ASSUMPTION", n, VERIFY, finding=FALSIFIED)
        self.claim(supersedes=first)
        self.assertEqual(self.events(first)[-3:], ["effective", "doubted", "superseded"])
        self.whole()

    def test_GOV_68_both_ask_to_reaffirm(self):
        first = self.passed("pivot", by="sponsor")
        n = self.passed("pivot", by="sponsor", supersedes=first)
        self.assertEqual(self.phases(first, n), ["superseded", "effective"])
        self.assertEqual([sum("D-%d took effect" % d in w for w, _, _ in self.actions()) for d in (first, n)], [3, 3])
        self.whole()


if __name__ == "__main__":
    unittest.main()
