#!/usr/bin/env python3
"""Section 20: grants, consents, lineage, audits, a leaver.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import unittest

import forge
from forge import HOUR, sha256
from test_absence import founded
from test_members import DAY, Case

RECEIVE, REVOKE, RETURN, DESTROY, AUDIT = 1, 2, 3, 4, 5
CONTENT, WHY = sha256(b"content"), sha256(b"why")
OWNERS = ("clinics/security-legal", "distributor/security-legal", "maker/security-legal")


class Sharing(Case):
    def setUp(self):
        self.a = forge.branch(founded())

    def today(self, days=0):
        return self.a.now // DAY + days

    def grant(self, info_class, *audience, until=30, derived=(), **more):
        return {"info_class": info_class, "title": WHY, "purpose": WHY, "audience": sorted(audience),
                "until": self.today(until), "derived_from": [self.named(n) for n in derived] or None, **more}

    def share(self, org, *args, **more):
        self.a.say(org + "/security-legal", "grant", self.grant(*args, **more))
        return self.a.gov.last["grant"]

    def named(self, n):
        return {"number": n, "digest": self.a.gov.grants[n]["id"]}

    def moved(self, n, act, **more):
        return {"grant": self.named(n), "act": act, "text": WHY if act == REVOKE else None, **more}

    def move(self, seat, n, act, **more):
        self.a.say(seat, "grant_move", self.moved(n, act, **more))

    def consent(self, info_class, *audience, until=200):
        n = self.a.propose(OWNERS[0], "data-sharing", {"type": 9, "info_class": info_class, "audience": sorted(audience),
                                                       "until": self.today(until)})
        self.a.ballot(n, *OWNERS)
        self.a.wait(self.a.gov.decisions[n]["effective_ms"] - self.a.now)
        return self.a.ref(n)

    def stands(self, n, standing):
        self.assertTrue(self.a.gov.grant_is(self.a.gov.grants[n], standing), self.a.gov.grants[n])

    def request(self, by, owner, days=20):
        self.a.say(by, "item", {"type": 10, "title": WHY, "owner": owner, "due": self.today(days)})
        return self.a.gov.last["request"]


class Granted(Sharing):
    def test_GRT_5_GRT_7_GRT_9(self):
        n = self.share("maker", "delivery-data", "clinics", "distributor", content=CONTENT)
        self.move("clinics/finance", n, RECEIVE, content=CONTENT)
        self.move("distributor/finance", n, RETURN, documents=[WHY])
        self.stands(n, "IN_FORCE")
        self.move("clinics/sponsor", n, DESTROY)
        self.stands(n, "ENDED")
        self.good()

    def test_GRT_5_refused(self):
        for verdict, seat, body in (
                ("NOT_PERMITTED", "trustee/mediator", self.grant("delivery-data", "maker")),
                ("NO_SUCH_OBJECT", OWNERS[0], self.grant("zoo", "maker")),
                ("NOT_PERMITTED", "clinics/sponsor", self.grant("delivery-data", "maker")),
                ("NO_SUCH_OBJECT", OWNERS[0], self.grant("delivery-data", "trustee")),
                ("MALFORMED", OWNERS[0], self.grant("delivery-data", "clinics")),
                ("MALFORMED", OWNERS[0], self.grant("delivery-data", "maker", until=-1)),
                ("NOT_PERMITTED", OWNERS[0], self.grant("patient-records", "maker")),
                ("NOT_PERMITTED", OWNERS[0], self.grant("patient-records", "distributor")),
                ("INCOMPLETE", OWNERS[0], self.grant("signal-data", "maker")),
                ("NO_SUCH_OBJECT", OWNERS[0], self.grant("signal-data", "maker", consent={"number": 9, "digest": WHY}))):
            with self.subTest(verdict=verdict, seat=seat, body=body):
                self.refused(verdict, seat, "grant", body)

    def test_GRT_7_refused(self):
        n = self.share("maker", "delivery-data", "clinics", content=CONTENT)
        for verdict, seat, body in (
                ("NOT_PERMITTED", "distributor/finance", self.moved(n, RECEIVE, content=CONTENT)),
                ("INCOMPLETE", "clinics/finance", self.moved(n, RECEIVE)),
                ("NOT_COMMITTED", "clinics/finance", self.moved(n, RECEIVE, content=WHY)),
                ("MALFORMED", "clinics/finance", self.moved(n, RETURN, content=CONTENT)),
                ("MALFORMED", "clinics/finance", self.moved(n, RECEIVE, content=CONTENT, documents=[WHY])),
                ("WRONG_REVISION", "clinics/finance", {**self.moved(n, RETURN), "grant": {"number": n, "digest": WHY}}),
                ("NO_SUCH_OBJECT", "clinics/finance", {**self.moved(n, RETURN), "grant": {"number": 9, "digest": WHY}})):
            with self.subTest(verdict=verdict, seat=seat, body=body):
                self.refused(verdict, seat, "grant_move", body)
        self.move("clinics/finance", n, RECEIVE, content=CONTENT)
        self.refused("NOT_NOW", "clinics/finance", "grant_move", self.moved(n, RECEIVE, content=CONTENT))
        self.refused("CHANGED_SINCE", "clinics/finance", "grant_move", self.moved(n, RETURN), basis=-2)
        self.good()

    def test_GRT_11_expires(self):
        n = self.share("maker", "delivery-data", "clinics", until=1)
        self.move("clinics/finance", n, RECEIVE)
        self.a.wait(3 * DAY)
        self.stands(n, "EXPIRED")
        self.refused("NOT_NOW", OWNERS[2], "grant_move", self.moved(n, REVOKE))
        self.move("clinics/finance", n, RETURN)
        self.good()


class Consented(Sharing):
    def test_GRT_3_refused(self):
        for verdict, type_, effect in (
                ("BAD_EFFECT", "commercial-terms", {}), ("BAD_EFFECT", "data-sharing", {"until": None}),
                ("BAD_EFFECT", "data-sharing", {"score": 1}), ("NO_SUCH_OBJECT", "data-sharing", {"info_class": "zoo"}),
                ("NO_SUCH_OBJECT", "data-sharing", {"audience": ["trustee"]}),
                ("NOT_PERMITTED", "data-sharing", {"info_class": "patient-records"}),
                ("BAD_EFFECT", "data-sharing", {"until": self.today(-1)})):
            with self.subTest(verdict=verdict, effect=effect):
                effect = {"type": 9, "info_class": "signal-data", "audience": ["maker"], "until": self.today(50), **effect}
                seat = "maker/business-lead" if type_ == "commercial-terms" else OWNERS[2]
                self.refused(verdict, seat, "propose", {"type": type_, "proposal": {
                    "title": WHY, "effect": effect, "amount": {"minor": 1, "currency": "EUR"}}})

    def test_GRT_4(self):
        ref = self.consent("signal-data", "maker", until=40)
        for verdict, body in (("NOT_PERMITTED", self.grant("signal-data", "maker", until=60, consent=ref)),
                              ("NOT_PERMITTED", self.grant("delivery-data", "maker", consent=ref)),
                              ("NOT_PERMITTED", self.grant("signal-data", "distributor", consent=ref)),
                              ("WRONG_REVISION", self.grant("signal-data", "maker", consent={**ref, "digest": WHY}))):
            with self.subTest(verdict=verdict, body=body):
                self.refused(verdict, OWNERS[0], "grant", body)
        self.share("clinics", "signal-data", "maker", consent=ref)
        self.good()

    def test_GRT_4_acted_first_consents_to_nothing(self):
        n = self.a.propose(OWNERS[0], "data-sharing", {"type": 9, "info_class": "signal-data", "audience": ["maker"],
                                                       "until": self.today(40)})
        self.assertIn("acted_ms", self.a.gov.decisions[n])
        self.refused("NOT_NOW", OWNERS[0], "grant", self.grant("signal-data", "maker", consent=self.a.ref(n)))
        m = self.a.propose(OWNERS[0], "data-sharing")
        self.refused("NOT_PERMITTED", OWNERS[0], "grant", self.grant("signal-data", "maker", consent=self.a.ref(m)))
        self.good()


class Derived(Sharing):
    def test_GRT_5_refused(self):
        n = self.share("maker", "delivery-data", "clinics")
        for verdict, seat, body in (
                ("NOT_PERMITTED", OWNERS[0], self.grant("delivery-data", "distributor", derived=[n])),
                ("NOT_PERMITTED", OWNERS[1], self.grant("delivery-data", "maker", derived=[n])),
                ("NOT_PERMITTED", OWNERS[0], self.grant("delivery-data", "maker", derived=[n], until=31)),
                ("MALFORMED", OWNERS[0], self.grant("delivery-data", "maker", derived=[n, n])),
                ("WRONG_REVISION", OWNERS[0], self.grant("delivery-data", "maker",
                                                         derived_from=[{"number": n, "digest": WHY}])),
                ("NO_SUCH_OBJECT", OWNERS[0], self.grant("delivery-data", "maker",
                                                         derived_from=[{"number": 9, "digest": WHY}]))):
            with self.subTest(verdict=verdict, seat=seat, body=body):
                self.refused(verdict, seat, "grant", body)

    def test_GRT_8(self):
        ref = self.consent("delivery-data", "clinics", "distributor", "maker")
        one = self.share("maker", "delivery-data", "clinics", "distributor")
        two = self.share("clinics", "delivery-data", "maker", "distributor", derived=[one])
        three = self.share("maker", "delivery-data", "clinics", derived=[one, two])
        four = self.share("distributor", "delivery-data", "clinics", derived=[two], until=90, consent=ref)
        five = self.share("clinics", "delivery-data", "maker", derived=[three, four], consent=ref)
        for verdict, seat, body in (
                ("NOT_PERMITTED", OWNERS[0], self.moved(one, REVOKE)), ("NOT_PERMITTED", "maker/sponsor", self.moved(one, REVOKE)),
                ("REASON_NEEDED", OWNERS[2], {**self.moved(one, REVOKE), "text": None})):
            self.refused(verdict, seat, "grant_move", body)
        self.move(OWNERS[2], one, REVOKE)
        for n, because in ((two, one), (three, one)):
            self.stands(n, "REVOKED")
            self.assertEqual(self.a.gov.grants[n]["because"], because)
        for n, doubted in ((four, two), (five, three)):
            self.stands(n, "IN_FORCE")
            self.assertEqual(self.a.gov.grants[n]["doubted_by"], doubted)
        self.refused("NOT_NOW", OWNERS[0], "grant", self.grant("delivery-data", "maker", derived=[two]))
        self.good()


class Audited(Sharing):
    def test_GRT_10(self):
        n, m = self.share("maker", "delivery-data", "clinics"), self.share("maker", "delivery-data", "clinics", "distributor")
        q = [self.request("maker/finance", "clinics/finance") for _ in range(3)]
        early, other = self.request("maker/finance", "clinics/finance", 1), self.request("maker/finance", "distributor/finance")
        theirs = self.request("distributor/finance", "clinics/finance")
        for verdict, seat, body in (
                ("INCOMPLETE", OWNERS[2], self.moved(n, AUDIT)), ("NOT_PERMITTED", OWNERS[0], self.moved(n, AUDIT, request=q[0])),
                ("NO_SUCH_OBJECT", OWNERS[2], self.moved(n, AUDIT, request=99)),
                ("NOT_PERMITTED", OWNERS[2], self.moved(n, AUDIT, request=early)),
                ("NOT_PERMITTED", OWNERS[2], self.moved(n, AUDIT, request=other)),
                ("NOT_PERMITTED", OWNERS[2], self.moved(n, AUDIT, request=theirs)),
                ("MALFORMED", OWNERS[2], self.moved(n, REVOKE, request=q[0]))):
            with self.subTest(verdict=verdict, seat=seat, body=body):
                self.refused(verdict, seat, "grant_move", body)
        self.move("maker/finance", n, AUDIT, request=q[0])
        self.move("maker/finance", n, AUDIT, request=q[1])
        self.move("maker/finance", m, AUDIT, request=q[1])
        self.move("maker/finance", m, AUDIT, request=other)
        self.refused("TOO_MANY", OWNERS[2], "grant_move", self.moved(n, AUDIT, request=q[2]))
        self.refused("DUPLICATE", OWNERS[2], "grant_move", self.moved(n, AUDIT, request=q[0]))
        self.good()


class Left(Sharing):
    def test_GRT_12(self):
        n = self.share("maker", "delivery-data", "distributor")
        m = self.share("maker", "delivery-data", "clinics", "distributor", until=200)
        own = self.share("distributor", "delivery-data", "maker", until=200)
        old = self.share("maker", "delivery-data", "distributor", until=1)
        self.move("distributor/finance", old, RECEIVE)
        self.a.wait(3 * DAY)
        d = self.a.propose("maker/sponsor", "removal", {"type": 4}, partner="distributor")
        self.a.ballot(d, "maker/sponsor", "clinics/sponsor")
        self.a.wait(5 * HOUR)
        self.assertTrue(self.a.gov.has_left("distributor"))
        for g, standing in ((n, "ENDED"), (m, "IN_FORCE"), (own, "IN_FORCE"), (old, "EXPIRED")):
            self.stands(g, standing)
        self.good()


if __name__ == "__main__":
    unittest.main()
