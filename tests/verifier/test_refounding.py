#!/usr/bin/env python3
"""REF-1 to REF-8: forged packs with a refounding, and refoundings that are refused, each by the rule it breaks.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import functools
import io
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import forge
from forge import CODEC, HOUR, LARGE, node_label, person, public, sha256
from test_members import Case

from pack import Failed
import sets
from verify import Verifier

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "docs" / "independent-verifier" / "entente_verify.py"
PREVOTE, PRECOMMIT = 1, 2
JOINING, SUSPENDED = 2, 3
DAY = 24 * HOUR
POL_ORGS = ("clinics", "distributor", "maker")


@functools.lru_cache(maxsize=None)
def story():
    """Four nodes decide; two blocks after the founding."""
    a = forge.Alliance(orgs=LARGE, charter=forge.large_charter())
    for _ in range(2):
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
    return a


def card(org="distributor", n=2, **more):
    return {org: forge.make_card(org, n=n, **more)[1]}


class Refounding(Case):
    def setUp(self):
        self.a = forge.branch(story())

    def note(self, seat="maker/quality", **more):
        self.a.say(seat, "note", {"type": 1, "text": bytes(32)}, **more)

    def votes(self, a=None, orgs=POL_ORGS, round_=3, others=(), precommit="maker", **fields):
        """A proof without certificate. others: (organisation, round, value)."""
        a = a or self.a
        return {"pol": [a.vote(o, PREVOTE, round_, **fields) for o in orgs],
                "precommit": a.vote(precommit, PRECOMMIT, round_),
                "others": [a.vote(o, PRECOMMIT, r, value=v) for o, r, v in others]}

    def told(self, refoundings=1, uncertified=0, checkpoints=()):
        v = self.good(checkpoints)
        self.assertEqual((v.counts["refoundings"], v.counts["uncertified_blocks"]), (refoundings, uncertified))
        return v

    def breaks(self, rule, audit=None, **refound):
        """A branch with this refounding, and one block after it, is refused at the refounding. audit: the rule that
        entente-audit names, when it is another."""
        b = forge.branch(self.a)
        at = len(b.blocks)
        b.refound(**refound)
        b.say("maker/quality", "note", {"type": 1, "text": bytes(32)}, ok=False)
        self.fails(b, rule, "certificate", 1 + at, audit)

    def fails(self, b, rule, region, frame, audit=None):
        data = forge.pack(b.frames())
        with self.assertRaises(Failed) as caught:
            Verifier(CODEC).run(io.BytesIO(data))
        e = caught.exception
        with self.subTest(here=str(e)):
            self.assertEqual((e.region, e.rule, e.frame), (region, rule, frame))
            self.audit_refuses(data, audit or rule)

    def altered(self, name, **fields):
        return lambda what, v: {**v, **fields} if what == name else v


class Accepted(Refounding):
    def test_after_a_certified_block(self):
        a = self.a
        a.refound(card(), ["trustee"])
        self.assertEqual(self.set_(), ["clinics", "distributor", "maker"])
        self.note()
        self.assertEqual(self.standing("trustee"), SUSPENDED)
        self.assertIsNone(self.standing("distributor"))
        self.note("distributor/quality")
        a.say("distributor/registrar", "replace_node", {"card": forge.make_card("distributor", n=3)[1]})
        a.say("trustee/registrar", "replace_node", {"card": forge.make_card("trustee", n=2)[1]})
        self.assertEqual(self.standing("trustee"), JOINING)
        self.ready("trustee", 2)
        self.assertEqual(self.set_(), sorted(LARGE))
        self.note()
        v = self.told()
        self.assertEqual(v.sigs.counts["refound@entente"], 6)

    def test_after_a_block_with_a_pol_alone(self):
        a = self.a
        a.refound(card(), ["trustee"], self.votes(others=[("clinics", 3, None), ("distributor", 2, sha256(b"other"))]))
        self.note()
        self.told(1, 1)

    def test_a_pol_with_a_valid_round_and_more_prevotes_than_needed(self):
        a = self.a
        a.refound(suspended=["trustee"], proof=self.votes(orgs=sorted(LARGE), valid_round=1))
        self.note()
        self.told(1, 1)

    def test_after_the_founding(self):
        a = self.a = forge.Alliance(orgs=LARGE, charter=forge.large_charter())
        a.refound(card(), ["trustee"])
        self.note()
        self.note()
        self.told()

    def test_an_empty_first_block_and_a_second_epoch_after_it(self):
        a = self.a
        a.refound(card(), ["trustee"])
        a.wait(HOUR)
        a.refound(card(n=3), ["clinics"])
        self.assertEqual(self.set_(), ["distributor", "maker"])
        self.note()
        a.refound(suspended=["distributor"], proof=self.votes(orgs=["distributor", "maker"]))
        a.wait(HOUR)
        self.note()
        self.told(3, 1)

    def test_nothing_changes_but_the_epoch(self):
        self.a.refound()
        self.note()
        self.told()

    def test_the_set_that_decided_the_block_is_the_one_that_votes(self):
        """The block replaces a vote key: the old one signed the block, the new one signs the next."""
        a = self.a
        a.say("maker/registrar", "replace_node", {"card": forge.make_card("maker", n=2)[1]})
        b = forge.branch(a)
        b.refound(suspended=["trustee"], proof=self.votes(b))
        b.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        self.a, before = b, a
        self.told(1, 1)
        self.a = before
        self.breaks("REF-2", suspended=["trustee"], proof={
            **self.votes(), "precommit": a.vote("maker", PRECOMMIT, 3, key="vote maker 2")})

    def test_timers_and_a_halt_after_a_long_silence(self):
        a = self.a
        n = a.propose("maker/quality", "clinical-claim")
        a.refound(card(), ["trustee"])
        a.wait(40 * DAY)
        self.assertEqual(self.events(n)[-1], "deferred")
        self.note()
        self.told()

    def test_a_joining_node_with_a_card_is_active(self):
        a = self.a
        self.admitted()
        self.assertEqual(self.standing("newco"), JOINING)
        a.refound({**card("newco"), **card()}, ["trustee"], seats=[
            o + s for o in ("clinics", "distributor", "maker", "newco") for s in ("/registrar", "/sponsor")])
        self.assertEqual(self.set_(), ["clinics", "distributor", "maker", "newco"])
        self.note()
        self.told()

    def test_an_observer_gets_a_node(self):
        self.admitted("viewer", role=forge.OBSERVER, seats=("registrar",), extra=["registrar"])
        self.a.refound(card("viewer"), ["trustee"])
        self.note()
        self.told()

    def test_a_partner_that_left_does_not_sign(self):
        self.removed("distributor")
        self.a.refound(suspended=["trustee"])
        self.note()
        self.told()

    def test_a_recovery_names_the_epoch(self):
        a = self.a
        a.refound(card(), ["trustee"])
        body = {"org": "maker", "keys": [person("fresh")]}
        statement = {"alliance": a.id, "org": "maker", "after": 0, "keys": body["keys"]}
        for epoch, verdict in ((0, "BAD_SIGNATURE"), (1, None)):
            body["signature"] = forge.signature("recovery maker", "recovery@entente", CODEC.encode(
                "recovery_statement", {**statement, "epoch": epoch}))
            if verdict:
                self.refused(verdict, "clinics/sponsor", "recover", body)
            else:
                a.say("clinics/sponsor", "recover", body)
        self.told()

    def test_seats_of_others_may_sign_too_and_one_key_of_two(self):
        """A registrar that both keys sign for, and a second seat by the first of them."""
        a = self.a
        a.say("maker/registrar", "holder", {"seat": "maker/sponsor", "keys": [person("maker/registrar"),
                                                                              person("maker/sponsor")]})
        seats = [o + s for o in ("clinics", "distributor", "maker") for s in ("/registrar", "/sponsor", "/quality")]
        a.refound(card(), ["trustee"], seats=seats + ["trustee/registrar"], keys={"maker/sponsor": "maker/registrar"})
        self.note()
        self.told()

    def test_the_command_says_so(self):
        a = self.a
        a.refound(card(), ["trustee"], self.votes())
        self.note()
        with tempfile.NamedTemporaryFile(suffix=".pack") as f:
            f.write(forge.pack(a.frames()))
            f.flush()
            said = subprocess.run([sys.executable, "-B", PROGRAM, "verify", f.name], capture_output=True, text=True,
                                  check=True)
        self.assertIn("epochs: 1 begun by refounding, 1 of them after a block without a certificate", said.stdout)


    def test_others_may_hold_the_one_that_precommitted(self):
        a = self.a
        a.refound(card(), ["trustee"], self.votes(others=[("maker", 3, None), ("trustee", 3, sha256(b"other"))]))
        self.note()
        self.told(1, 1)

    def test_a_registrar_with_two_keys(self):
        """Both sign, and the second seat by one of them."""
        a = self.a
        both = [person("maker/registrar"), person("maker/registrar 2")]
        self.note(wait=20 * DAY)
        for seat in ("maker/quality", "maker/sponsor"):
            a.say(seat, "registrar", {"act": 1, "keys": both})
        a.say("maker/registrar", "holder", {"seat": "maker/sponsor", "keys": both[:1]})
        self.assertEqual(len(a.gov.seats["maker/registrar"]["keys"]), 2)
        seats = [o + s for o in ("clinics", "distributor", "maker") for s in ("/registrar", "/sponsor")]
        a.refound(card(), ["trustee"], seats=seats + ["maker/registrar 2"],
                  keys={"maker/sponsor": "maker/registrar", "maker/registrar 2": "maker/registrar 2"})
        self.note()
        self.told()

    def test_suspended_again_and_while_it_joins(self):
        a = self.a
        a.say("trustee/registrar", "key", {"key": person("vote trustee")})
        self.admitted()
        a.refound(card(), ["newco", "trustee"], seats=[
            o + s for o in ("clinics", "distributor", "maker", "newco") for s in ("/registrar", "/sponsor")])
        self.assertEqual((self.standing("newco"), self.standing("trustee")), (SUSPENDED, SUSPENDED))
        self.note()
        self.told()

    def test_a_suspended_one_gets_a_card_and_is_active(self):
        a = self.a
        a.say("trustee/registrar", "key", {"key": person("vote trustee")})
        a.refound(card("trustee"), ["distributor"])
        self.assertEqual(self.set_(), ["clinics", "maker", "trustee"])
        self.note()
        self.told()

    def test_the_newest_block_may_end_the_epoch(self):
        self.a.refound(card(), ["trustee"], self.votes())
        self.told(1, 1)

    def test_support_is_counted_by_the_new_set(self):
        """GOV-39: the first block brings the version into force, for the block after it."""
        a = self.a
        n = a.propose("maker/sponsor", "upgrade", {"type": 6, "rules": 2})
        a.ballot(n, *[o + "/sponsor" for o in POL_ORGS])
        self.assertEqual(self.phase(n), "effective")
        for org in ("clinics", "maker"):
            a.say(org + "/node", "support", {"rules": 2})
        self.assertEqual(a.gov.last.get("rules-next"), 2)
        a.refound(suspended=["distributor", "trustee"])
        self.note()
        self.assertEqual(a.gov.last.get("rules"), 2)
        self.told()

    def test_checkpoints(self):
        """Of the old set, or of the new one, each by the keys on the record at that size."""
        a = self.a
        old = a.checkpoint(POL_ORGS, log="log maker")
        a.refound(suspended=["distributor", "trustee"])
        self.note()
        self.note()
        self.told(checkpoints=[old, a.checkpoint(("clinics", "maker"), log="log maker")])


class Bytes(Refounding):
    """REF-2."""

    def test_statement(self):
        for fields in ({"alliance": bytes(32)}, {"height": 1}, {"block": bytes(32)}, {"epoch": 2}, {"proof": bytes(32)},
                       {"cards": []}, {"cards": [bytes(32)]}):
            self.breaks("REF-2", cards=card(), suspended=["trustee"],
                        change=self.altered("refound_statement", **fields))

    def test_set(self):
        a = self.a
        good = [dict(m) for m in a.members]
        for bad in (good[::-1], good + good[-1:], [{**good[0], "vote": good[1]["cosign"]}] + good[1:],
                    [{**good[0], "vote": good[0]["cosign"]}] + good[1:], [{**good[0], "vote": bytes(32)}] + good[1:]):
            self.breaks("REF-2", change=self.altered("refound_statement", set=bad))

    def test_suspended_ascend(self):
        self.breaks("REF-2", suspended=["trustee"],
                    change=self.altered("refound_statement", suspended=["trustee", "maker"]))

    def test_cards(self):
        both = {**card("clinics"), **card()}
        leaves = [both["distributor"], both["clinics"]]

        def turned(what, v):
            if what == "refounding":
                return {**v, "cards": leaves}
            return {**v, "cards": [sha256(c) for c in leaves]} if what == "refound_statement" else v

        def broken(what, v):
            if what == "refounding":
                return {**v, "cards": [b"\x80"]}
            return {**v, "cards": [sha256(b"\x80")]} if what == "refound_statement" else v

        self.breaks("REF-2", cards=both, change=turned)
        self.breaks("REF-2", cards=card(), change=broken)
        self.breaks("REF-2", cards=card(), change=self.altered("refounding", cards=[card(n=3)["distributor"]]))

    def test_bytes_that_do_not_decode(self):
        for fields in ({"statement": b"\x80"}, {"proof": b"\x80"}):
            self.breaks("REF-2", change=self.altered("refounding", **fields))
        self.breaks("REF-2", audit="ENC-4", change=self.altered("refounding", version=2))  # no certificate either

    def test_signatures_out_of_order_or_twice(self):
        for f in (lambda s: s[::-1], lambda s: s[:1] + s):
            self.breaks("REF-2",
                        change=lambda what, v, f=f: {**v, "sigs": f(v["sigs"])} if what == "refounding" else v)

    def test_certificate(self):
        a = self.a
        message = sets.precommit(CODEC, a.id, 0, 2, 0, a.blocks[-1]["id"])

        def certificate(orgs, message=message, **fields):
            sigs = [{"org": o, "sig": forge.signed("vote " + o, "vote@entente", message)} for o in orgs]
            return {"others": [], "certificate": CODEC.encode("certificate", {
                "epoch": 0, "height": 2, "round": 0, "value": a.blocks[-1]["id"], "sigs": sigs, **fields})}

        later = sets.precommit(CODEC, a.id, 1, 2, 0, a.blocks[-1]["id"])
        good = certificate(POL_ORGS)
        for proof in (certificate(POL_ORGS[1:]), certificate(POL_ORGS, later), certificate(POL_ORGS, later, epoch=1),
                      certificate(POL_ORGS[::-1]), certificate(("clinics", "maker", "newco")),
                      {"others": [], "certificate": a.blocks[1]["certificate"]},
                      {"others": [], "certificate": a.founding_sigs},
                      {**good, "pol": [a.vote("maker", PREVOTE)]}, {**good, "precommit": a.vote("maker", PRECOMMIT)},
                      {**good, "others": [a.vote("maker", PRECOMMIT)]}):
            self.breaks("REF-2", proof=proof)

    def test_founding_signatures(self):
        self.a = forge.Alliance(orgs=LARGE, charter=forge.large_charter())
        self.breaks("REF-2", proof={"certificate": story().blocks[1]["certificate"], "others": []})

    def test_votes(self):
        a, good = self.a, self.votes()
        other = sha256(b"other")
        pol = good["pol"]

        def third(**fields):
            return {**good, "pol": pol[:2] + [a.vote("maker", PREVOTE, **{"round_": 3, **fields})]}

        def own(org="maker", type_=PRECOMMIT, **fields):
            return {**good, "precommit": a.vote(org, type_, **{"round_": 3, **fields})}

        def others(*votes):
            return {**good, "others": list(votes)}

        clinics = functools.partial(a.vote, "clinics", PRECOMMIT)
        for proof in ({"others": []}, {**good, "pol": None}, {**good, "precommit": None}, self.votes(orgs=POL_ORGS[1:]),
                      {**good, "pol": pol[::-1]}, {**good, "pol": pol[:2] + pol[1:2]}, third(valid_round=1),
                      third(round_=2), third(value=other), third(key="vote trustee"), third(epoch=1), third(height=1),
                      third(alliance=bytes(32)), self.votes(value=other), self.votes(valid_round=3),
                      {**good, "pol": [a.vote(o, PREVOTE, 3, value=None, **{"type": PRECOMMIT}) for o in POL_ORGS]},
                      {**good, "pol": pol[:2] + [a.vote("newco", PREVOTE, 3)]},
                      own(value=other), own(round_=2), own(round_=4), own(type_=PREVOTE), own(org="newco"),
                      own(epoch=1), own(valid_round=1), own(key="vote trustee"),
                      others(clinics(0, epoch=1)),
                      others(clinics(0, height=1)), others(clinics(0, alliance=bytes(32))),
                      others(clinics(1, valid_round=0)),
                      others(a.vote("clinics", PREVOTE, 0)), others(a.vote("newco", PRECOMMIT, 0)),
                      others(a.vote("trustee", PRECOMMIT, 0), clinics(0)), others(clinics(0), clinics(1)),
                      others(clinics(0, key="vote trustee"))):
            self.breaks("REF-2", suspended=["trustee"], proof=proof)
        for value in (None, other):
            self.breaks("REF-2", suspended=["trustee"], proof=others(clinics(4, value=value)))
        for place in ("pol", "precommit", "others"):  # nil
            def nil(vote, key):
                v = {k: x for k, x in vote["vote"].items() if k != "value"}
                return {**vote, "vote": v, "sig": forge.signed(key, "vote@entente", CODEC.encode("vote", v))}
            changed = {"pol": [nil(v, "vote " + v["org"]) for v in pol],
                       "precommit": nil(good["precommit"], "vote maker"), "others": [nil(clinics(0), "vote clinics")]}
            self.breaks("REF-2", suspended=["trustee"], proof={**good, place: changed[place]})

    def test_a_second_one_for_the_same_epoch(self):
        """REF-7: of a block that is in the new epoch already."""
        a = self.a
        a.refound(card(), ["trustee"])
        self.note()
        self.breaks("REF-2", cards=card(n=3), change=self.altered("refound_statement", epoch=1))


class Flips(Refounding):
    """PAK-6: no bit of a refounding can change unseen."""

    def test_flips(self):
        a = self.a
        a.refound(card(), ["trustee"], self.votes(others=[("clinics", 2, None)]))
        self.note()
        data, refounding = forge.pack(a.frames()), a.blocks[2]["certificate"]
        at, rng = data.index(refounding), random.Random(1)
        for _ in range(80):
            n = at + rng.randrange(len(refounding))
            flipped = bytearray(data)
            flipped[n] ^= 1 << rng.randrange(8)
            with self.assertRaises(Failed, msg="byte %d" % (n - at)):
                Verifier(CODEC).run(io.BytesIO(bytes(flipped)))


class Seats(Refounding):
    """REF-3."""

    ALL = tuple(o + s for o in POL_ORGS for s in ("/registrar", "/sponsor"))

    def without(self, *seats):
        return [s for s in self.ALL if s not in seats]

    def test_a_registrar_is_missing(self):
        self.breaks("REF-3", seats=self.without("distributor/registrar") + ["distributor/quality"])

    def test_a_second_seat_is_missing(self):
        self.breaks("REF-3", seats=self.without("maker/sponsor"))

    def test_a_partner_is_missing(self):
        self.breaks("REF-3", suspended=["trustee"], seats=self.without("maker/sponsor", "maker/registrar"))

    def test_a_partner_whose_node_is_suspended_signs_too(self):
        self.breaks("REF-3", suspended=["distributor"],
                    seats=self.without("distributor/sponsor", "distributor/registrar"))

    def test_nobody_signs(self):
        self.breaks("REF-3", change=self.altered("refounding", sigs=[]))

    def test_one_key_for_two_seats(self):
        a = self.a
        a.say("maker/registrar", "holder", {"seat": "maker/sponsor", "keys": [person("maker/registrar")]})
        self.breaks("REF-3", keys={"maker/sponsor": "maker/registrar"})

    def test_a_key_that_does_not_hold_the_seat(self):
        self.breaks("REF-3", keys={"maker/sponsor": "maker/quality"})
        self.breaks("REF-3", keys={"maker/sponsor": "clinics/sponsor"})
        self.breaks("REF-3", seats=list(self.ALL) + ["maker/none"])

    def test_a_seat_of_a_node_is_none(self):
        self.breaks("REF-3", seats=self.without("maker/sponsor") + ["maker/node"], keys={"maker/node": "node maker"})
        self.breaks("REF-3", seats=list(self.ALL) + ["maker/node"], keys={"maker/node": "node maker"})

    def test_a_key_that_the_last_block_revoked(self):
        a = self.a
        a.say("maker/registrar", "key", {"key": person("maker/sponsor")})
        self.breaks("REF-3")

    def test_the_other_algorithm(self):
        hard = forge.hardware_seat
        forge.hardware_seat = lambda org, seat: (org, seat) == ("maker", "sponsor")
        try:
            self.breaks("REF-3")
        finally:
            forge.hardware_seat = hard

    def test_every_signature_verifies(self):
        def spoiled(what, v):
            if what != "refounding":
                return v
            last = v["sigs"][-1]
            sig = forge.signed("maker/sponsor", "entry@entente", v["statement"])
            return {**v, "sigs": v["sigs"][:-1] + [{**last, "signature": {**last["signature"], "sig": sig}}]}
        self.breaks("REF-3", change=spoiled)

    def test_a_signature_too_many_verifies_too(self):
        self.breaks("REF-3", seats=list(self.ALL) + ["trustee/registrar"],
                    keys={"trustee/registrar": "trustee/mediator"})


class State(Refounding):
    """REF-4."""

    def test_a_set_that_is_not_the_states(self):
        a = self.a
        for change in ({"set": a.members[:3]}, {"set": [{**a.members[0], "vote": public("another")}] + a.members[1:]}):
            self.breaks("REF-4", change=self.altered("refound_statement", **change))
        self.breaks("REF-4", suspended=["trustee"], change=self.altered("refound_statement", set=a.members))

    def test_cards(self):
        a = self.a
        for more in ({"labels": {"vote": "log maker"}}, {"labels": {"log": "cosign distributor 2"}},
                     {"labels": {"vote": "cosign distributor"}}, {"labels": {"node": "recovery maker"}},
                     {"labels": {"node": "maker/sponsor"}}):
            self.breaks("REF-4", cards=card(**more))
        self.breaks("REF-4", cards={**card("clinics"), **card(labels={"log": "log clinics 2"})})
        self.breaks("REF-4", cards={"distributor": forge.make_card("distributor", ("sponsor",), n=2)[1]})
        self.breaks("REF-4", cards={"distributor": forge.make_card("distributor", n=2, recovery="new recovery")[1]})
        a.say("distributor/registrar", "key", {"key": person("log distributor")})
        self.breaks("REF-4", cards=card(labels={"log": "log distributor"}))

    def test_a_card_whose_signatures_or_certificate_are_wrong(self):
        def spoiled(what, v):
            return {**v, "node": v["vote"]} if what == "signed_card" else v

        def other(what, v):
            return {**v, "node": {**v["node"], "tls": forge.tls("maker")}} if what == "card" else v
        self.breaks("REF-4", cards=card(change=spoiled))
        self.breaks("REF-4", cards=card(change=other))

    def test_a_card_of_nobody(self):
        self.breaks("REF-4", cards=card("zoo", 1), change=self.altered("refound_statement", set=self.a.members))

    def test_a_card_of_one_that_left(self):
        self.removed("distributor")
        self.breaks("REF-4", cards=card())

    def test_suspended(self):
        a = self.a
        for orgs in (["zoo"], ["distributor"]):
            self.breaks("REF-4", cards=card(), suspended=orgs)
        self.admitted("viewer", role=forge.OBSERVER, seats=("registrar",), extra=["registrar"])
        self.breaks("REF-4", suspended=["viewer"])
        self.removed("distributor")
        self.assertEqual(self.standing("distributor"), 4)
        self.breaks("REF-4", suspended=["distributor"])
        self.assertIsNone(a.refused)


class FirstBlock(Refounding):
    """REF-5 to REF-7."""

    def first(self, rule, region="header", refound=True, **fields):
        b = forge.branch(self.a)
        if refound:
            b.refound(card(), ["trustee"])
        t = b.now + HOUR
        b.block([b.entry("maker/quality", 21, {"type": 1, "text": bytes(32)}, t)], t, **fields)
        self.fails(b, rule, region, 1 + len(b.blocks))

    def test_header(self):
        a = self.a
        self.first("BLK-2", epoch=0)
        self.first("BLK-2", epoch=2)
        self.first("BLK-2", epoch=1, refound=False)
        self.first("BLK-2", prev=bytes(32))
        self.first("BLK-6", validators=sets.set_hash(CODEC, a.members))
        self.first("BLK-10", proposer="trustee")
        self.first("BLK-7", last_commit=sha256(a.blocks[-1]["certificate"]))

    def test_another_refounding_of_the_same_epoch(self):
        other = forge.branch(self.a)
        other.refound(card(n=3), ["trustee"])
        self.first("BLK-7", last_commit=other.last_commit)

    def test_votes_of_the_old_epoch_do_not_count(self):
        a = self.a
        a.refound(card(), ["trustee"])
        self.note()
        message = sets.precommit(CODEC, a.id, 0, 3, 0, a.blocks[-1]["id"])
        sigs = [{"org": m["org"], "sig": forge.signed(forge.LABELS[m["vote"]], "vote@entente", message)}
                for m in a.decided]
        for epoch in (0, 1):
            b = forge.branch(a)
            b.blocks[-1]["certificate"] = CODEC.encode("certificate", {
                "epoch": epoch, "height": 3, "round": 0, "value": a.blocks[-1]["id"], "sigs": sigs})
            self.fails(b, "CRT-1", "certificate", 1 + len(b.blocks))

    def test_the_old_set_does_not_decide(self):
        a = self.a
        a.refound(card(), ["trustee"])
        self.note()
        message = sets.precommit(CODEC, a.id, 1, 3, 0, a.blocks[-1]["id"])
        sigs = [{"org": o, "sig": forge.signed("vote " + o, "vote@entente", message)} for o in POL_ORGS]
        a.blocks[-1]["certificate"] = CODEC.encode("certificate", {
            "epoch": 1, "height": 3, "round": 0, "value": a.blocks[-1]["id"], "sigs": sigs})
        self.fails(a, "CRT-1", "certificate", 1 + len(a.blocks))

    def test_only_the_first_block_may_be_empty(self):
        a = self.a
        a.refound(card(), ["trustee"])
        a.wait(HOUR)
        b = forge.branch(a)
        b.block([], b.now + HOUR)
        self.fails(b, "BLK-8", "header", 1 + len(b.blocks))

    def test_a_certificate_at_height_0_is_none(self):
        a = self.a
        a.blocks[0]["certificate"] = a.blocks[1]["certificate"]
        self.fails(a, "PAK-2", "frame", 2)


if __name__ == "__main__":
    unittest.main()
