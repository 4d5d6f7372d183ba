#!/usr/bin/env python3
"""GOV-28, GOV-30 to GOV-41 and long halts: forged packs that verify, and entries that the rules refuse.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import functools
import io
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import forge
from forge import CODEC, HOUR, LARGE, node_label, person, public, sha256

from pack import Failed, Unknown
from verify import Verifier

AUDIT = os.environ.get("ENTENTE_AUDIT")
DAY = 24 * HOUR
APPROVE, REJECT, ABSTAIN = 1, 2, 4
NONE, AMEND, ADMIT, REMOVE, EXIT, UPGRADE, REGISTRAR = range(1, 8)
CONSULT, IMPACT, DILIGENCE = 1, 2, 3


@functools.lru_cache(maxsize=None)
def founded():
    return forge.Alliance(orgs=LARGE, charter=forge.large_charter())


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.a = forge.branch(founded())

    def audit(self, data):
        """(exit code, what it says as JSON) of entente-audit."""
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.pack"
            path.write_bytes(data)
            done = subprocess.run([AUDIT, "verify", path, "--json"], capture_output=True, text=True, check=False)
        said = json.loads(done.stdout[:done.stdout.rindex("}") + 1]).get("why", "") if done.stdout else done.stderr
        return done.returncode, said

    def audit_refuses(self, data, rule, verdict=None):
        """entente-audit says ENT-7 of whatever the rules refuse in an entry, its authority (ENT-4) too."""
        if AUDIT:
            code, said = self.audit(data)
            self.assertEqual((code, said.split(":")[0]), (6, rule), said)
            if verdict:
                self.assertIn(CODEC.schema.verdicts[verdict], said)

    def good(self, checkpoints=()):
        a = self.a
        self.assertIsNone(a.refused, a.refused)
        data = forge.pack(a.frames(checkpoints))
        v = Verifier(CODEC)
        v.run(io.BytesIO(data))
        self.assertEqual(v.counts["writes_roots_not_derived"], 0)
        if AUDIT:
            code, said = self.audit(data)
            self.assertEqual(code, 0, said)
        return v

    def bad(self, verdict, a=None, rule="ENT-7", region="leaf"):
        """The newest block is refused."""
        a = a or self.a
        data = forge.pack(a.frames())
        with self.assertRaises(Failed) as caught:
            Verifier(CODEC).run(io.BytesIO(data))
        e = caught.exception
        self.assertEqual((e.region, e.rule, e.frame), (region, rule, 1 + len(a.blocks)), e)
        if verdict:
            self.assertIn(verdict + ":", e.words)
        self.audit_refuses(data, rule, verdict)

    def refused(self, verdict, *entry, rule="ENT-7", **more):
        """An entry that the state refuses; the story goes on without it."""
        b = forge.branch(self.a)
        b.say(*entry, ok=False, **more)
        self.bad(verdict, b, rule, "header" if rule == "GOV-T1" else "leaf")  # PAK-8

    # -- words of the stories ----------------------------------------------------------------------------------------

    def phase(self, number):
        return CODEC.schema.names["phase", self.a.gov.decisions[number]["phase"]]

    def events(self, number):
        key = (CODEC.schema.tables["EVENT"][0], number.to_bytes(8, "big"))
        return [CODEC.schema.names["event_type", CODEC.decode("state_event", v).type]
                for (t, k), v in sorted(self.a.gov.rows.items()) if (t, k[:8]) == key]

    def set_(self):
        return [m["org"] for m in self.a.members]

    def standing(self, org):
        return self.a.gov.parties[org].get("standing")

    def party(self, org, role=forge.PARTNER, seats=("registrar", "sponsor"), extra=None, **more):
        """The effect that admits org."""
        card, signed = forge.make_card(org, seats, **more)
        return {"type": ADMIT, "card": signed, "party": {"org": org, "display": org, "role": role,
                                                         "card": sha256(card), "seats": extra}}

    def admitted(self, org="newco", **more):
        n = self.a.propose("maker/sponsor", "admission", self.party(org, **more))
        self.a.give(n, "maker/sponsor", {"type": DILIGENCE})
        self.a.ballot(n, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        return n

    def ready(self, org, n=1, **more):
        self.a.say(org + "/node", "ready", {"height": len(self.a.blocks) - 1}, by=node_label("node", org, n), **more)

    def removed(self, org="distributor"):
        n = self.a.propose("maker/sponsor", "removal", {"type": REMOVE}, partner=org)
        self.a.ballot(n, *[o + "/sponsor" for o in self.a.gov.charter().partners if o != org])
        self.a.wait(5 * HOUR)
        return n


class Inputs(Case):
    """GOV-28, and what GOV-13 and GOV-24 say of inputs."""

    def setUp(self):
        super().setUp()
        self.n = self.a.propose("maker/quality", "roadmap-change")

    def test_they_are_waited_for(self):
        a, n = self.a, self.n
        a.give(n, "maker/quality", {"type": IMPACT})
        a.ballot(n, "clinics/quality", "distributor/quality", "maker/quality")
        self.assertEqual(self.phase(n), "open")
        a.give(n, "clinics/medical-lead", {"type": CONSULT, "seat": "clinics/medical-lead"})
        self.assertEqual(self.phase(n), "passed")
        self.assertEqual(self.events(n)[-2:], ["input", "passed"])
        self.good()

    def test_a_later_one_stands_and_texts_count(self):
        a, n = self.a, self.n
        for text in (b"first", b"second"):
            a.say("maker/quality", "decision_input", {"decision": a.ref(n), "need": {"type": IMPACT},
                                                      "text": sha256(text)})
        self.good()

    def test_a_revision_asks_for_them_again(self):
        a, n = self.a, self.n
        a.give(n, "maker/quality", {"type": IMPACT})
        a.give(n, "clinics/medical-lead", {"type": CONSULT, "seat": "clinics/medical-lead"})
        a.say("maker/quality", "revise", {"decision": a.ref(n), "proposal": {
            "title": sha256(b"new"), "effect": {"type": NONE}}})
        a.ballot(n, "clinics/quality", "distributor/quality", "maker/quality")
        self.assertEqual(self.phase(n), "open")
        self.good()

    def test_deadline_without_them_escalates(self):
        a, n = self.a, self.n
        a.ballot(n, "clinics/quality", "distributor/quality", "maker/quality")
        a.wait(a.gov.decisions[n]["deadline_ms"] - a.now)
        self.assertEqual((self.phase(n), a.gov.decisions[n]["rung"]), ("open", 1))
        self.good()

    def test_deadline_with_a_rejection_rejects(self):
        a, n = self.a, self.n
        a.ballot(n, "clinics/quality", "distributor/quality")
        a.ballot(n, "maker/quality", "maker/finance", choice=REJECT)
        a.wait(a.gov.decisions[n]["deadline_ms"] - a.now)
        self.assertEqual(self.phase(n), "rejected")
        self.good()

    def test_refused(self):
        a, n = self.a, self.n
        body = {"decision": a.ref(n), "need": {"type": IMPACT}, "documents": [sha256(b"study")]}
        consult = {**body, "need": {"type": CONSULT, "seat": "clinics/medical-lead"}}
        for verdict, seat, changed in (
                (None, "maker/quality", {**body, "decision": {**a.ref(n), "number": 9}}),
                (None, "maker/quality", {**body, "decision": {"number": n, "digest": bytes(32)}}),
                ("NO_SUCH_OBJECT", "maker/quality", {**body, "need": {"type": DILIGENCE}}),
                ("NO_SUCH_OBJECT", "maker/quality", {**body, "need": {"type": IMPACT, "seat": "maker/quality"}}),
                ("NO_SUCH_OBJECT", "maker/quality", {**body, "need": {"type": CONSULT, "seat": "maker/quality"}}),
                ("INCOMPLETE", "maker/quality", {**body, "documents": None}),
                ("NOT_PERMITTED", "maker/quality", consult), ("NOT_PERMITTED", "clinics/medical-lead", body),
                ("NOT_PERMITTED", "maker/sponsor", body)):
            self.refused(verdict, seat, "decision_input", changed)
        self.refused(None, "maker/quality", "decision_input", body, basis=0)
        a.say("maker/quality", "withdraw", {"decision": a.ref(n)})
        self.refused(None, "maker/quality", "decision_input", body)

    def test_refused_in_mediation(self):
        a, n = self.a, self.n
        for _ in range(2):
            a.wait(a.gov.decisions[n]["deadline_ms"] - a.now)
        self.assertEqual(self.phase(n), "mediation")
        a.say("maker/finance", "note", {"type": 1, "text": bytes(32)})
        self.refused("NOT_NOW", "maker/quality", "decision_input",
                     {"decision": a.ref(n), "need": {"type": IMPACT}, "documents": [sha256(b"study")]})


class Joining(Case):
    """GOV-36, GOV-40."""

    def test_admitted_then_ready(self):
        a = self.a
        core = a.propose("maker/sponsor", "charter-core", self.amendment())
        n = self.admitted(recovery="recovery newco")
        self.assertEqual(self.phase(n), "effective")
        self.assertEqual((self.phase(core), self.events(core)[-1]), ("stale", "stale"))
        self.assertEqual(self.set_(), sorted(LARGE))
        a.say("newco/registrar", "holder", {"seat": "newco/quality", "keys": [person("newco/quality")]})
        self.ready("newco")
        self.assertEqual(self.set_(), ["clinics", "distributor", "maker", "newco", "trustee"])
        a.say("maker/sponsor", "revise", {"decision": a.ref(core), "proposal": {
            "title": sha256(b"again"), "effect": self.amendment()}})
        a.ballot(core, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        self.assertEqual(self.phase(core), "open")
        a.ballot(core, "newco/sponsor")
        self.assertEqual(self.phase(core), "passed")
        self.good()

    def amendment(self):
        body = CODEC.encode("charter_core", {"sections": [4, 5, 6, 7, 9, 10, 11, 23, 29, 30]})
        return {"type": AMEND, "section": 2, "base_version": 1, "body": body}

    def test_charter_core_on_a_higher_rung_is_asked_anew_on_the_first(self):
        a = self.a
        core = a.propose("maker/sponsor", "charter-core", self.amendment())
        a.ballot(core, "clinics/sponsor")
        self.assertEqual(self.phase(core), "open")
        a.wait(a.gov.decisions[core]["deadline_ms"] - a.now)
        self.assertEqual(self.phase(core), "mediation")
        n = a.propose("maker/sponsor", "admission", self.party("newco"))
        a.give(n, "maker/sponsor", {"type": DILIGENCE})
        a.ballot(n, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        self.assertEqual((self.phase(core), a.gov.decisions[core]["rung"]), ("stale", 0))
        self.good()

    def test_a_witness_and_an_observer(self):
        self.admitted("auditor", role=forge.WITNESS, seats=("registrar",), extra=["registrar"])
        self.admitted("observer", role=forge.OBSERVER, seats=("registrar",), extra=["registrar"])
        self.assertEqual((self.standing("auditor"), self.standing("observer")), (2, None))
        self.ready("auditor")
        self.assertEqual(self.set_(), ["auditor"] + sorted(LARGE))
        self.refused("NOT_NOW", "observer/node", "ready", {"height": len(self.a.blocks) - 1})
        self.good()

    def test_two_admissions_of_one_organisation(self):
        a = self.a
        second = a.propose("maker/sponsor", "admission", self.party("newco"))
        a.give(second, "maker/sponsor", {"type": DILIGENCE})
        self.admitted()
        a.ballot(second, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        self.assertEqual(self.phase(second), "stale")
        self.good()

    def test_ready_refused(self):
        self.refused("NOT_NOW", "maker/node", "ready", {"height": 0})
        self.admitted()
        for _ in range(20):
            self.a.say("maker/quality", "note", {"type": 1, "text": sha256(b"x")})
        h = len(self.a.blocks)
        self.refused("NOT_NOW", "newco/node", "ready", {"height": h})
        self.refused("NOT_NOW", "newco/node", "ready", {"height": h - 17})
        self.refused("NOT_PERMITTED", "newco/registrar", "ready", {"height": h - 1})
        self.refused("NOT_PERMITTED", "newco/node", "note", {"type": 1, "text": bytes(32)})
        self.refused(None, "newco/node", "ready", {"height": h - 1}, by="node maker", rule="ENT-4")
        self.a.say("newco/node", "ready", {"height": h - 16})
        self.good()

    def test_admission_refused(self):
        good = self.party("newco", recovery="recovery newco")

        def change(what, **fields):
            return {"change": lambda name, v: {**v, **fields} if name == what else v}

        def party(**fields):
            return {**good, "party": {**good["party"], **fields}}

        for verdict, effect in (
                ("BAD_EFFECT", {"type": NONE}), ("BAD_EFFECT", {"type": REMOVE}), ("BAD_EFFECT", {"type": ADMIT}),
                ("BAD_EFFECT", {**good, "rules": 2}), ("BAD_EFFECT", {**good, "card": None}),
                ("NOT_PERMITTED", self.party("trustee", seats=("registrar",), n=2)),
                ("MALFORMED", party(org="newer")), ("MALFORMED", {**good, "card": b"\x80"}),
                ("MALFORMED", self.party("newco", **change("signed_card", log=bytes(64)))),
                ("BAD_EFFECT", party(card=bytes(32))),
                ("BAD_EFFECT", self.party("newco", seats=("sponsor",))),
                ("BAD_EFFECT", self.party("newco", seats=("pilot", "registrar"))),
                ("BAD_EFFECT", self.party("newco", recovery="recovery maker")),
                ("BAD_EFFECT", self.party("newco", recovery="newco/registrar")),
                ("BAD_EFFECT", self.party("newco", recovery="vote newco")),
                ("BAD_EFFECT", self.party("newco", seats=(), change=lambda what, v: {**v, "seats": [
                    {"seat": "registrar", "keys": [person("maker/sponsor")]}]} if what == "card" else v)),
                ("BAD_EFFECT", self.party("newco", seats=(), change=lambda what, v: {**v, "seats": [
                    {"seat": "registrar", "keys": [person("q"), {"alg": 2, "key": public("q")}]}]}
                    if what == "card" else v)),
                ("NOT_PERMITTED", self.party("newco", labels={"vote": "vote maker"})),
                ("NOT_PERMITTED", self.party("newco", labels={"log": "recovery maker"})),
                ("NOT_PERMITTED", self.party("newco", labels={"log": "vote newco"}))):
            self.refused(verdict, "maker/sponsor", "propose", {"type": "admission", "proposal": {
                "title": bytes(32), "effect": effect}})
        for type_, seat in (("charter-core", "maker/sponsor"), ("clinical-claim", "maker/quality")):
            self.refused("BAD_EFFECT", seat, "propose", {"type": type_, "proposal": {
                "title": bytes(32), "effect": good}})


class Leaving(Case):
    """GOV-37, GOV-38."""

    def test_removed(self):
        a = self.a
        two = a.propose("clinics/quality", "clinical-claim")
        a.ballot(two, "clinics/quality", "maker/quality")
        n = self.removed()
        self.assertEqual((self.phase(n), self.phase(two)), ("effective", "effective"))
        self.assertEqual(self.events(two)[-3:], ["left", "passed", "effective"])
        self.assertEqual(self.set_(), ["clinics", "maker", "trustee"])
        note = {"type": 1, "text": bytes(32)}
        self.refused(None, "distributor/quality", "note", note, rule="ENT-4")
        self.refused(None, "distributor/node", "support", {"rules": 2}, rule="ENT-4")
        self.refused(None, "maker/sponsor", "propose", {"type": "removal", "proposal": {
            "title": bytes(32), "effect": {"type": REMOVE}, "partner": "distributor"}})
        self.good()

    def test_the_rest_of_it(self):
        """A decision in each place when an organisation leaves."""
        a = self.a
        listing = a.propose("distributor/business-lead", "swiss-listing", scope="ch")
        raised = a.propose("maker/business-lead", "commercial-terms", amount={"minor": 30000000, "currency": "EUR"})
        a.ballot(raised, "maker/sponsor")
        passed = a.propose("maker/sponsor", "charter-core", {
            "type": AMEND, "section": 2, "base_version": 1,
            "body": CODEC.encode("charter_core", {"sections": [4, 5, 6, 7, 9, 10, 11, 23, 29, 30]})})
        about = a.propose("clinics/sponsor", "consequence", partner="maker")
        self.removed()
        self.assertEqual([self.phase(n) for n in (listing, raised, passed, about)],
                         ["open"] * 4)
        self.good()

    def test_too_few_partners_are_left(self):
        a = self.a
        self.removed()
        two = a.propose("clinics/quality", "clinical-claim")
        about = a.propose("maker/sponsor", "consequence", partner="clinics")
        n = a.propose("clinics/sponsor", "exit", {"type": EXIT})
        a.ballot(n, "clinics/sponsor")
        a.wait(5 * HOUR)
        self.assertEqual([self.phase(x) for x in (n, two, about)], ["effective", "lapsed", "lapsed"])
        self.assertEqual(self.events(two)[-2:], ["left", "lapsed"])
        self.assertEqual(self.set_(), ["maker", "trustee"])
        self.good()

    def test_a_witness_is_removed_while_it_mediates(self):
        a = self.a
        n = a.propose("clinics/sponsor", "removal", {"type": REMOVE}, partner="trustee")
        late = a.propose("clinics/quality", "clinical-claim")
        for _ in range(2):
            a.wait(a.gov.decisions[late]["deadline_ms"] - a.now)
        self.assertEqual(self.phase(late), "mediation")
        a.ballot(n, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        a.wait(5 * HOUR)
        self.assertEqual((self.set_(), self.phase(late)), (["clinics", "distributor", "maker"], "mediation"))
        self.good()

    def test_mediation_when_a_partner_leaves(self):
        a = self.a
        n = a.propose("clinics/sponsor", "removal", {"type": REMOVE}, partner="distributor")
        a.ballot(n, "clinics/sponsor")
        late = a.propose("clinics/quality", "clinical-claim")
        a.ballot(late, "clinics/quality", "maker/quality")
        for _ in range(2):
            a.wait(a.gov.decisions[late]["deadline_ms"] - a.now)
        self.assertEqual(self.phase(late), "mediation")
        a.ballot(n, "maker/sponsor")
        a.wait(5 * HOUR)
        self.assertEqual((self.events(late)[-1], self.phase(late)), ("left", "mediation"))
        self.good()

    def test_consulted_and_gone(self):
        a = self.a
        late = a.propose("maker/quality", "roadmap-change")
        a.give(late, "maker/quality", {"type": IMPACT})
        a.ballot(late, "maker/quality", "distributor/quality")
        self.removed("clinics")
        self.assertEqual(self.phase(late), "passed")
        self.good()

    def test_no_selector_names_who_has_left(self):
        a = self.a
        self.removed("trustee")
        late = a.propose("clinics/quality", "clinical-claim")
        self.assertEqual([r["mediator"] for r in a.gov.pinned[late]["rungs"]], [None, None])
        for _ in range(2):
            a.wait(a.gov.decisions[late]["deadline_ms"] - a.now)
        self.assertEqual((self.phase(late), a.gov.decisions[late]["rung"]), ("default applied", 1))
        self.removed("distributor")
        n = a.propose("clinics/business-lead", "swiss-listing", scope="ch")
        self.assertEqual(a.gov.pinned[n]["owners"], ["clinics/business-lead"])
        self.good()

    def test_suspended_passed_and_stale_ones(self):
        a = self.a
        passed = a.propose("clinics/sponsor", "charter-core", Joining.amendment(self))
        a.ballot(passed, "clinics/sponsor", "distributor/sponsor", "maker/sponsor", wait=60_000)
        n = a.propose("maker/sponsor", "removal", {"type": REMOVE}, partner="distributor")
        a.ballot(n, "clinics/sponsor", "maker/sponsor", wait=60_000)
        a.wait(5 * HOUR)
        self.assertEqual((self.phase(passed), self.phase(n)), ("effective", "effective"))
        self.good()

    def test_refused(self):
        a = self.a

        def proposal(type_, effect, **more):
            return {"type": type_, "proposal": {"title": bytes(32), "effect": {"type": effect}, **more}}

        for verdict, body in (
                (None, proposal("removal", REMOVE, partner="zoo")), ("BAD_EFFECT", proposal("removal", EXIT, partner="maker")),
                (None, proposal("removal", REMOVE)), ("BAD_EFFECT", proposal("exit", REMOVE)),
                ("BAD_EFFECT", proposal("exit", EXIT, partner="maker")), ("BAD_EFFECT", proposal("exit", NONE))):
            self.refused(verdict, "maker/sponsor", "propose", body)
        self.assertEqual(self.phase(self.removed("clinics")), "effective")
        self.good()

    def test_the_last_validator_stays(self):
        a = self.a
        for org in ("clinics", "distributor", "trustee"):
            a.say(org + "/registrar", "key", {"key": person("vote " + org)})
        self.assertEqual(self.set_(), ["maker"])
        self.refused("NOT_NOW", "maker/registrar", "key", {"key": person("log maker")})
        self.refused("NOT_NOW", "maker/sponsor", "propose", {"type": "exit", "proposal": {
            "title": bytes(32), "effect": {"type": EXIT}}})
        self.refused("NOT_NOW", "clinics/sponsor", "propose", {"type": "removal", "proposal": {
            "title": bytes(32), "effect": {"type": REMOVE}, "partner": "maker"}})
        self.good()

    def test_an_exit_that_became_impossible_is_stale(self):
        a = self.a
        n = a.propose("maker/sponsor", "exit", {"type": EXIT})
        a.ballot(n, "maker/sponsor", wait=60_000)
        for org in ("clinics", "distributor", "trustee"):
            a.say(org + "/registrar", "key", {"key": person("vote " + org)}, wait=60_000)
        a.wait(5 * HOUR)
        self.assertEqual((self.phase(n), self.set_()), ("stale", ["maker"]))
        self.good()


class Nodes(Case):
    """GOV-6, GOV-31, GOV-32, GOV-35."""

    def card(self, org="maker", n=2, **more):
        return forge.make_card(org, n=n, **more)[1]

    def test_replaced(self):
        a = self.a
        a.say("maker/registrar", "replace_node", {"card": self.card()})
        self.assertEqual(a.members[2]["vote"], public("vote maker 2"))
        a.say("maker/registrar", "key", {"key": person("vote maker")})  # an old one: nothing more follows
        self.assertEqual(self.set_(), sorted(LARGE))
        a.say("maker/node", "support", {"rules": 2}, by="node maker 2")
        self.refused(None, "maker/node", "support", {"rules": 3}, by="node maker", rule="ENT-4")
        a.say("maker/registrar", "replace_node", {"card": self.card(n=3, labels={"vote": "vote maker 2"})})
        self.good()

    def test_suspended_until_replaced(self):
        a = self.a
        a.say("maker/registrar", "key", {"key": person("cosign maker"), "compromised_since_ms": a.now})
        self.assertEqual((self.set_(), self.standing("maker")), (["clinics", "distributor", "trustee"], 3))
        self.refused("NOT_NOW", "maker/node", "ready", {"height": len(a.blocks) - 1})
        self.refused("NOT_PERMITTED", "maker/registrar", "replace_node",
                     {"card": self.card(labels={"cosign": "cosign maker"})})
        a.say("maker/registrar", "replace_node", {"card": self.card(labels={"vote": "vote maker"})})
        self.assertEqual(self.standing("maker"), 2)
        self.ready("maker", 2)
        self.assertEqual(self.set_(), sorted(LARGE))
        self.good()

    def test_replace_refused(self):
        a = self.a
        change = lambda what, **fields: {"change": lambda name, v: {**v, **fields} if name == what else v}
        for verdict, card in (
                ("MALFORMED", self.card("clinics")), ("MALFORMED", b"\xc0"),
                ("MALFORMED", self.card(recovery="new recovery")),
                ("MALFORMED", forge.make_card("maker", ("sponsor",), n=2)[1]),
                ("MALFORMED", self.card(**change("signed_card", node=bytes(64)))),
                ("NOT_PERMITTED", self.card(labels={"vote": "vote clinics"})),
                ("NOT_PERMITTED", self.card(labels={"vote": "log maker"})),
                ("NOT_PERMITTED", self.card(labels={"vote": "maker/sponsor"})),
                ("NOT_PERMITTED", self.card(labels={"vote": "recovery clinics"})),
                ("NOT_PERMITTED", self.card(labels={"vote": "log maker 2"}))):
            self.refused(verdict, "maker/registrar", "replace_node", {"card": card})
        self.refused("NOT_PERMITTED", "maker/sponsor", "replace_node", {"card": self.card()})
        a.say("maker/registrar", "replace_node", {"card": self.card()})
        self.refused(None, "maker/registrar", "replace_node", {"card": self.card(n=3)}, basis=0)

    def test_key_refused(self):
        for verdict, seat, label in (
                ("NO_SUCH_OBJECT", "maker/registrar", "nobody"), ("NOT_PERMITTED", "clinics/registrar", "vote maker"),
                ("NO_SUCH_OBJECT", "maker/registrar", "recovery maker"),
                ("NOT_PERMITTED", "maker/registrar", "maker/registrar")):
            self.refused(verdict, seat, "key", {"key": person(label)})
        self.refused("NOT_PERMITTED", "maker/registrar", "holder",
                     {"seat": "maker/quality", "keys": [person("recovery maker")]})
        self.refused("NOT_PERMITTED", "maker/registrar", "holder",
                     {"seat": "maker/quality", "keys": [person("recovery clinics")]})
        self.admitted(recovery="recovery newco")
        self.refused("NOT_PERMITTED", "newco/registrar", "key", {"key": person("recovery newco")})

    def votes(self, **second):
        vote = {"alliance": self.a.id, "epoch": 0, "type": 2, "height": 5, "round": 3, "value": bytes(32),
                "valid_round": None}
        pair = [{**vote, **second.pop("both", {})}]
        pair.append({**pair[0], **second})
        return sorted(pair, key=lambda v: CODEC.encode("vote", v))

    def fault(self, pair, org="maker", by="vote maker", key="vote maker", **more):
        sigs = [forge.signed(by, "vote@entente", CODEC.encode("vote", v)) for v in pair]
        return {"org": org, "key": public(key), "first": pair[0], "first_sig": sigs[0], "second": pair[1],
                "second_sig": sigs[1], **more}

    def test_faults(self):
        a = self.a
        nil, other, round_ = self.votes(value=None), self.votes(value=sha256(b"other")), self.votes(valid_round=2)
        a.say("clinics/node", "fault", self.fault(nil))
        self.refused("DUPLICATE", "trustee/node", "fault", self.fault(other))
        a.say("trustee/node", "fault", self.fault(self.votes(both={"type": 3}, valid_round=2)))
        self.refused("NOT_PERMITTED", "clinics/quality", "fault", self.fault(self.votes(both={"height": 9}, value=None)))
        for verdict, body in (
                ("NO_SUCH_OBJECT", self.fault(round_, org="clinics")), ("NO_SUCH_OBJECT", self.fault(round_, org="zoo")),
                ("NO_SUCH_OBJECT", self.fault(round_, key="nobody", by="nobody")),
                ("NO_SUCH_OBJECT", self.fault(round_, key="maker/sponsor", by="maker/sponsor")),
                ("MALFORMED", self.fault(self.votes(both={"height": 6}, round=4))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6}, height=7))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6}, epoch=1))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6}, type=1))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6}))),
                ("MALFORMED", self.fault(list(reversed(self.votes(both={"height": 6}, value=None))))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6, "alliance": bytes(32)}, value=None))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6, "type": 3}, value=None))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6, "type": 1}, valid_round=3))),
                ("MALFORMED", self.fault(self.votes(both={"height": 6, "type": 2}, valid_round=2))),
                ("BAD_SIGNATURE", self.fault(self.votes(both={"height": 6}, value=None), by="vote clinics")),
                ("BAD_SIGNATURE", self.fault(self.votes(both={"height": 6}, value=None), second_sig=bytes(64)))):
            self.refused(verdict, "clinics/node", "fault", body)
        self.good()


class Holders(Case):
    def test_the_lowest_key_decides_the_verdict(self):
        """GOV-5, of a list with a key that is revoked and one that is a node's."""
        self.a.say("distributor/registrar", "key", {"key": person("vote distributor")})
        revoked = person("vote distributor")
        for label, verdict in (("node clinics", "REVOKED_KEY"), ("vote clinics", "REVOKED_KEY"),
                               ("cosign clinics", "NOT_PERMITTED")):
            pair = [person(label), revoked]
            self.assertEqual(verdict == "REVOKED_KEY", revoked["key"] < pair[0]["key"])
            for keys in (pair, pair[::-1]):
                self.refused(verdict, "clinics/registrar", "holder", {"seat": "clinics/quality", "keys": keys})


class RegistrarWords(Case):
    def recover(self, org="maker", keys=("new",), card=None, by=None, after=0, sign_for=None, **fields):
        keys = [person(k) for k in keys]
        statement = {"alliance": self.a.id, "epoch": 0, "org": org, "after": after, "keys": keys,
                     "card": card and sha256(card), **fields}
        message = CODEC.encode("recovery_statement", statement)
        return {"org": org, "keys": sign_for or keys, "card": card, "signature": forge.signature(
            by or "recovery " + org, "recovery@entente", message)}

    def announced(self, **more):
        self.a.say("trustee/mediator", "recover", self.recover(**more))
        return self.a.tree.size - 1

    def both(self, body, seats=("maker/quality", "maker/sponsor")):
        for seat in seats:
            self.a.say(seat, "registrar", body)


class Registrars(RegistrarWords):
    """GOV-33, GOV-34."""

    def test_recovered(self):
        a = self.a
        card = forge.make_card("maker", n=2)[1]
        self.announced(keys=("new", "newer"), card=card)
        a.say("maker/sponsor", "registrar", {"act": 1, "keys": [person("mine")]})
        a.wait(7 * DAY)
        self.assertEqual(a.members[2]["vote"], public("vote maker 2"))
        self.refused(None, "maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, rule="ENT-4")
        a.say("maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, by="newer")
        self.assertEqual((a.gov.recoveries, a.gov.asks, [t for t in a.gov.timers if a.gov.of_silence(t)]), ({}, {}, []))
        a.say("trustee/mediator", "recover", self.recover(keys=("newest",), after=1))
        self.refused("BAD_SIGNATURE", "trustee/mediator", "recover", self.recover(org="clinics", after=1))
        self.good()

    def test_a_suspended_node_and_keys_that_went_meanwhile(self):
        a = self.a
        a.say("maker/registrar", "key", {"key": person("node maker")})
        self.announced(keys=("new", "maker/quality"), card=forge.make_card("maker", n=2)[1])
        self.refused("NOT_PERMITTED", "maker/registrar", "key", {"key": person("maker/quality")})
        self.refused("NOT_PERMITTED", "clinics/registrar", "holder", {"seat": "clinics/quality", "keys": [person("new")]})
        a.say("clinics/registrar", "holder", {"seat": "clinics/quality", "keys": [person("log maker 2")]})
        a.wait(7 * DAY)
        self.assertEqual((self.standing("maker"), a.gov.parties["maker"]["node"]["log"]), (3, public("log maker")))
        self.good()

    def test_recover_refused(self):
        a = self.a
        card = forge.make_card("maker", n=2)[1]
        good = self.recover()
        for verdict, body in (
                ("NO_SUCH_OBJECT", {**good, "org": "zoo"}), ("BAD_SIGNATURE", self.recover(by="maker/registrar")),
                ("BAD_SIGNATURE", self.recover(after=1)), ("BAD_SIGNATURE", self.recover(epoch=1)),
                ("BAD_SIGNATURE", self.recover(alliance=bytes(32))), ("BAD_SIGNATURE", {**good, "card": card}),
                ("BAD_SIGNATURE", self.recover(sign_for=[person("thief")])),
                ("BAD_SIGNATURE", {**good, "org": "clinics"}),
                ("MALFORMED", self.recover(keys=("new", "new"))),
                ("NOT_PERMITTED", self.recover(keys=("maker/registrar",))),
                ("NOT_PERMITTED", self.recover(keys=("clinics/sponsor",))),
                ("NOT_PERMITTED", self.recover(keys=("vote maker",))),
                ("NOT_PERMITTED", self.recover(keys=("recovery maker",))),
                ("NOT_PERMITTED", self.recover(keys=("vote maker 2",), card=card)),
                ("MALFORMED", self.recover(card=forge.make_card("clinics", n=2)[1])),
                ("MALFORMED", self.recover(card=forge.make_card("maker", ("sponsor",), n=2)[1])),
                ("NOT_PERMITTED", self.recover(card=forge.make_card("maker", n=2, labels={"log": "log clinics"})[1]))):
            self.refused(verdict, "trustee/mediator", "recover", body)
        a.say("maker/registrar", "key", {"key": person("maker/finance")})
        self.refused("REVOKED_KEY", "trustee/mediator", "recover", self.recover(keys=("maker/finance",)))
        self.announced()
        self.refused("NOT_NOW", "trustee/mediator", "recover", self.recover(keys=("other",)))
        self.admitted()
        self.refused("NOT_PERMITTED", "trustee/mediator", "recover", self.recover("newco"))
        self.removed("clinics")
        self.refused("NO_SUCH_OBJECT", "trustee/mediator", "recover", self.recover("clinics"))
        self.good()

    def test_cancelled(self):
        a = self.a
        leaf = self.announced()
        body = {"act": 2, "recovery": leaf}
        a.say("maker/quality", "registrar", body)
        self.refused("NO_SUCH_OBJECT", "clinics/quality", "registrar", body)
        self.refused("NO_SUCH_OBJECT", "maker/sponsor", "registrar", {"act": 2, "recovery": leaf + 1})
        a.say("maker/sponsor", "registrar", body)
        self.assertEqual((a.gov.recoveries, a.gov.asks, [t for t in a.gov.timers if a.gov.of_silence(t)]), ({}, {}, []))
        self.refused("BAD_SIGNATURE", "trustee/mediator", "recover", self.recover(keys=("x",)))
        a.say("trustee/mediator", "recover", self.recover(keys=("x",), after=1))
        self.good()

    def test_seats_just_filled_do_not_count(self):
        a = self.a
        a.say("maker/registrar", "holder", {"seat": "maker/finance", "keys": [person("thief")]})
        leaf = self.announced()
        self.refused("NOT_NOW", "maker/finance", "registrar", {"act": 2, "recovery": leaf}, by="thief")
        self.refused("NOT_NOW", "maker/finance", "registrar", {"act": 1, "keys": [person("own")]}, by="thief")
        a.say("maker/quality", "registrar", {"act": 2, "recovery": leaf})
        a.say("maker/registrar", "holder", {"seat": "maker/quality", "keys": [person("thief 2")]})
        a.say("maker/sponsor", "registrar", {"act": 2, "recovery": leaf})  # the first seat changed: asked anew
        self.assertEqual((len(a.gov.recoveries), a.gov.asks["maker"]["seat"]), (1, "maker/sponsor"))
        self.good()

    def test_after_fourteen_days_they_do(self):
        a = self.a
        a.say("maker/registrar", "holder", {"seat": "maker/finance", "keys": [person("second")]})
        first = a.now
        a.say("maker/sponsor", "registrar", {"act": 1, "keys": [person("own")]}, wait=14 * DAY - 2)
        self.refused("NOT_NOW", "maker/finance", "registrar", {"act": 1, "keys": [person("own")]}, by="second", wait=1)
        a.say("maker/finance", "registrar", {"act": 1, "keys": [person("own")]}, by="second", wait=2)
        self.assertEqual((a.now, a.gov.asks), (first + 14 * DAY, {}))
        a.say("maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, by="own")
        self.good()

    def test_replaced_by_two(self):
        a = self.a
        body = {"act": 1, "keys": [person("own"), person("maker/quality")]}
        self.both(body, ("maker/quality", "maker/quality"))  # one seat alone does not
        self.assertEqual(a.gov.asks["maker"]["seat"], "maker/quality")
        a.say("maker/sponsor", "registrar", {"act": 1, "keys": [person("other")]})  # not the same
        a.say("maker/quality", "registrar", body)
        a.say("maker/sponsor", "registrar", body, wait=30 * DAY + 1)  # over 30 days later
        self.assertEqual(a.gov.asks["maker"]["seat"], "maker/sponsor")
        a.say("maker/quality", "registrar", body, wait=30 * DAY)
        self.assertEqual(len(a.gov.registrar_keys("maker")), 2)
        self.refused(None, "maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, rule="ENT-4")
        self.good()

    def test_one_key_for_two_seats_is_one(self):
        a = self.a
        a.say("maker/registrar", "holder", {"seat": "maker/sponsor", "keys": [person("maker/quality")]})
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)}, wait=15 * DAY)
        body = {"act": 1, "keys": [person("own")]}
        a.say("maker/quality", "registrar", body)
        a.say("maker/sponsor", "registrar", body, by="maker/quality")
        self.assertEqual(a.gov.asks["maker"]["seat"], "maker/sponsor")
        self.good()

    def test_registrar_refused(self):
        leaf = self.announced()
        for verdict, seat, body in (
                ("NOT_PERMITTED", "maker/registrar", {"act": 1, "keys": [person("own")]}),
                ("MALFORMED", "maker/sponsor", {"act": 1}), ("MALFORMED", "maker/sponsor", {"act": 2}),
                ("MALFORMED", "maker/sponsor", {"act": 1, "keys": [person("own")], "recovery": leaf}),
                ("MALFORMED", "maker/sponsor", {"act": 2, "keys": [person("own")], "recovery": leaf}),
                ("MALFORMED", "maker/sponsor", {"act": 1, "keys": [person("own"), {"alg": 2, "key": public("own")}]}),
                ("NOT_PERMITTED", "maker/sponsor", {"act": 1, "keys": [person("clinics/sponsor")]}),
                ("NOT_PERMITTED", "maker/sponsor", {"act": 1, "keys": [person("recovery maker")]}),
                ("NOT_PERMITTED", "maker/sponsor", {"act": 1, "keys": [person("vote maker")]})):
            self.refused(verdict, seat, "registrar", body)
        self.refused("NOT_PERMITTED", "maker/registrar", "holder", {"seat": "maker/registrar", "keys": [person("x")]})

    def test_gone_with_its_organisation(self):
        self.a.say("trustee/mediator", "recover", self.recover("distributor"))
        self.a.say("distributor/quality", "registrar", {"act": 1, "keys": [person("own")]})
        self.removed()
        self.assertEqual((self.a.gov.recoveries, self.a.gov.asks), ({}, {}))
        self.good()


class Reseat(RegistrarWords):
    """GOV-41: the others replace a partner's registrar."""

    def effect(self, keys=("fresh",), old=None):
        held = self.a.gov.registrar_keys("maker") if old is None else [person(k) for k in old]
        return {"type": REGISTRAR, "keys": [person(k) for k in keys], "instead_of": held}

    def opened(self, **more):
        return self.a.propose("clinics/sponsor", "admission", self.effect(**more), partner="maker")

    def passed(self, **more):
        n = self.opened(**more)
        self.a.give(n, "clinics/sponsor", {"type": DILIGENCE})
        self.refused("NOT_PERMITTED", "maker/sponsor", "ballot", {
            "decision": self.a.ref(n), "rung": 0, "choice": APPROVE, "reason": None})
        self.a.ballot(n, "clinics/sponsor", "distributor/sponsor")
        self.assertEqual(self.phase(n), "passed")
        return n

    def test_replaced_after_five_business_days(self):
        a = self.a
        leaf = self.announced()
        n = self.passed(keys=("fresh", "maker/quality"))
        self.assertEqual(a.gov.pinned[n]["notice"]["n"], 5)  # the row has none
        self.both({"act": 1, "keys": [person("mine")]}, ("maker/finance",))
        a.wait(a.gov.decisions[n]["effective_ms"] - a.now)
        self.assertEqual((self.phase(n), leaf in a.gov.recoveries, a.gov.asks), ("effective", False, {}))
        self.assertEqual(a.gov.parties["maker"]["recoveries"], 1)
        self.refused(None, "maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, rule="ENT-4")
        a.say("maker/registrar", "holder", {"seat": "maker/finance", "keys": []}, by="fresh")
        a.say("maker/registrar", "holder", {"seat": "maker/quality", "keys": []}, by="maker/quality")
        self.good()

    def test_the_partner_was_first(self):
        a = self.a
        n = self.passed()
        self.both({"act": 1, "keys": [person("mine")]})
        a.wait(a.gov.decisions[n]["effective_ms"] - a.now)
        self.assertEqual(self.phase(n), "stale")
        self.good()

    def test_refused(self):
        good = self.effect()
        for verdict, effect, partner in (
                ("BAD_EFFECT", good, None), ("BAD_EFFECT", {**good, "instead_of": None}, "maker"),
                ("BAD_EFFECT", {**good, "keys": None}, "maker"), ("BAD_EFFECT", {**good, "rules": 2}, "maker"),
                ("NO_SUCH_OBJECT", good, "trustee"), ("CHANGED_SINCE", self.effect(old=("fresh",)), "maker"),
                ("CHANGED_SINCE", self.effect(old=()), "maker"), ("MALFORMED", self.effect(("x", "x")), "maker"),
                ("NOT_PERMITTED", self.effect(("clinics/sponsor",)), "maker"),
                ("NOT_PERMITTED", self.effect(("recovery clinics",)), "maker")):
            proposal = {"title": bytes(32), "effect": effect, "partner": partner}
            self.refused(verdict, "clinics/sponsor", "propose", {"type": "admission", "proposal": proposal})
        proposal = {"title": bytes(32), "effect": good, "partner": "maker"}
        self.refused("BAD_EFFECT", "clinics/sponsor", "propose", {"type": "removal", "proposal": proposal})
        n = self.opened()  # a revision keeps the kind of effect
        other = {"title": bytes(32), "effect": self.party("newco"), "partner": "maker"}
        self.refused("NOT_PERMITTED", "clinics/sponsor", "revise", {"decision": self.a.ref(n), "proposal": other})

    def test_two_others_at_least(self):
        a = self.a
        n = self.passed()
        self.removed()
        a.wait(a.gov.decisions[n]["effective_ms"] - a.now)
        self.assertEqual(self.phase(n), "stale")
        proposal = {"title": bytes(32), "effect": self.effect(), "partner": "maker"}
        self.refused("NOT_PERMITTED", "clinics/sponsor", "propose", {"type": "admission", "proposal": proposal})
        self.good()


class Upgrade(Case):
    """GOV-39."""

    def decided(self):
        n = self.a.propose("maker/sponsor", "upgrade", {"type": UPGRADE, "rules": 2})
        self.a.ballot(n, "clinics/sponsor", "distributor/sponsor", "maker/sponsor")
        self.assertEqual(self.phase(n), "effective")
        return n

    def test_supported_first(self):
        for org in ("clinics", "maker", "trustee"):
            self.a.say(org + "/node", "support", {"rules": 2})
        self.decided()
        self.assertEqual(self.a.gov.last.get("rules"), 2)
        self.good()

    def test_decided_first(self):
        a = self.a
        self.decided()
        self.refused("BAD_EFFECT", "maker/sponsor", "propose", {"type": "upgrade", "proposal": {
            "title": bytes(32), "effect": {"type": UPGRADE, "rules": 2}}})
        for org in ("clinics", "maker"):
            a.say(org + "/node", "support", {"rules": 3})
        self.refused("DUPLICATE", "maker/node", "support", {"rules": 2})
        self.assertIsNone(a.gov.last.get("rules"))
        a.say("trustee/node", "support", {"rules": 2})
        self.assertEqual(a.gov.last.get("rules"), 2)
        self.good()

    def test_a_suspension_tips_it(self):
        a = self.a
        self.decided()
        for org in ("clinics", "maker"):
            a.say(org + "/node", "support", {"rules": 2})
        a.say("distributor/registrar", "key", {"key": person("vote distributor")})
        self.assertIsNone(a.gov.last.get("rules"))  # two of three
        a.say("trustee/registrar", "key", {"key": person("vote trustee")})
        self.assertEqual(a.gov.last.get("rules"), 2)
        self.good()

    def test_a_leaving_tips_it(self):
        a = self.a
        self.removed("clinics")
        self.decided_by_two()
        a.say("maker/node", "support", {"rules": 2})
        a.say("trustee/node", "support", {"rules": 2})
        n = a.propose("distributor/sponsor", "exit", {"type": EXIT})
        a.ballot(n, "distributor/sponsor")
        a.wait(5 * HOUR)
        self.assertEqual((self.set_(), a.gov.last.get("rules")), (["maker", "trustee"], 2))
        self.good()

    def decided_by_two(self):
        n = self.a.propose("maker/sponsor", "upgrade", {"type": UPGRADE, "rules": 2})
        self.a.ballot(n, "distributor/sponsor", "maker/sponsor")
        self.assertEqual(self.phase(n), "effective")

    def test_refused(self):
        for effect in ({"type": UPGRADE, "rules": 3}, {"type": UPGRADE}, {"type": NONE},
                       {"type": UPGRADE, "rules": 2, "section": 2}):
            self.refused("BAD_EFFECT", "maker/sponsor", "propose", {"type": "upgrade", "proposal": {
                "title": bytes(32), "effect": effect}})
        self.refused("NOT_PERMITTED", "maker/sponsor", "support", {"rules": 2})
        self.a.say("maker/node", "support", {"rules": 2})
        self.refused("DUPLICATE", "maker/node", "support", {"rules": 2})

    def test_the_next_block_is_under_it(self):
        """This program knows version 1 alone, and says so."""
        for org in ("clinics", "maker", "trustee"):
            self.a.say(org + "/node", "support", {"rules": 2})
        self.decided()
        b = forge.branch(self.a)
        b.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        data = forge.pack(b.frames())
        with self.assertRaises(Unknown):
            Verifier(CODEC).run(io.BytesIO(data))
        if AUDIT:
            self.assertEqual(self.audit(data)[0], 1)


class Sets(Case):
    """GOV-30, PAK-6, CKP-3: the set and the keys at each height."""

    def test_another_next_set(self):
        a = self.a
        a.change = lambda name, v: {**v, "next_set": None, "next_validators": v["validators"]} \
            if name == "block_record" else v
        a.say("maker/registrar", "replace_node", {"card": forge.make_card("maker", n=2)[1]})
        self.bad(None, a, "BLK-6", "header")

    def test_the_old_vote_key_signs_nothing_more(self):
        a = self.a
        a.say("maker/registrar", "replace_node", {"card": forge.make_card("maker", n=2)[1]})
        forge.LABELS[public("vote maker 2")] = "vote maker"
        try:
            a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        finally:
            forge.LABELS[public("vote maker 2")] = "vote maker 2"
        self.bad(None, a, "CRT-1", "certificate")

    def checkpoint(self, orgs, keys=None, log="log clinics"):
        frames = self.a.frames([self.a.checkpoint(orgs, keys=keys, log=log)])
        data = forge.pack(frames)
        v, rule = Verifier(CODEC), None
        try:
            v.run(io.BytesIO(data))
        except Failed as e:
            rule = e.rule
        if rule:
            self.audit_refuses(data, rule)
        elif AUDIT:
            self.assertEqual(self.audit(data), (0, ""))
        return rule

    def test_checkpoints(self):
        a = self.a
        new, others = {"maker": "cosign maker 2"}, ("clinics", "distributor", "maker")
        self.assertIsNone(self.checkpoint(others))
        self.assertEqual(self.checkpoint(others, new), "PAK-6")
        a.say("maker/registrar", "replace_node", {"card": forge.make_card("maker", n=2)[1]})
        self.assertEqual(self.checkpoint(others), "PAK-6")  # the state at that size has the new ones
        self.assertIsNone(self.checkpoint(others, new, log="log maker 2"))
        self.assertEqual(self.checkpoint(("clinics", "distributor")), "CKP-3")
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        self.assertEqual(self.checkpoint(others), "PAK-6")
        self.assertIsNone(self.checkpoint(others, new))
        self.assertEqual(self.checkpoint(("clinics", "distributor"), new), "CKP-3")
        self.assertEqual(self.checkpoint(others, new, log="log maker"), "PAK-6")
        self.assertIsNone(self.checkpoint(others, new, log="log maker 2"))

    def test_an_older_checkpoint_by_keys_since_replaced(self):
        a = self.a
        old = a.checkpoint(("clinics", "distributor", "maker"), log="log maker")
        a.say("maker/registrar", "replace_node", {"card": forge.make_card("maker", n=2)[1]})
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        self.good([old])


class Halts(Case):
    """GOV-T2: a recovery, and more than 256 timers."""

    def test_a_recovery_is_moved(self):
        a = self.a
        a.say("trustee/mediator", "recover", Registrars.recover(self))
        a.wait(9 * DAY)
        self.assertEqual(len(a.gov.recoveries), 1)
        moved = a.now
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)}, wait=3 * DAY - 1)
        self.assertEqual(len(a.gov.recoveries), 1)
        a.wait(1)
        self.assertEqual((len(a.gov.recoveries), a.now), (0, moved + 3 * DAY))
        self.good()

    def rung_after(self, late, seen):
        """Of a decision whose deadline fires so late, with a block just before it, or none since it was proposed."""
        a = self.a
        n = a.propose("maker/quality", "clinical-claim")
        deadline = a.gov.decisions[n]["deadline_ms"]
        if seen:
            a.say("maker/quality", "note", {"type": 1, "text": bytes(32)}, wait=deadline - 1 - a.now)
        a.wait(deadline + late - a.now)
        self.good()
        return a.gov.decisions[n]["rung"]

    def test_a_minute_late_in_silence_is_not_late(self):
        self.assertEqual(self.rung_after(60000, seen=False), 1)

    def test_more_than_a_minute_late_in_silence_is(self):
        self.assertEqual(self.rung_after(60001, seen=False), 0)

    def test_a_block_within_the_silence_gives_late_after(self):
        self.assertEqual(self.rung_after(60001, seen=True), 1)

    def open_(self, count):
        a, t = self.a, self.a.now + HOUR
        body = {"type": "clinical-claim", "proposal": {"title": bytes(32), "effect": {"type": NONE}}}
        for i in range(0, count, 50):
            t += 1
            a.block([a.entry("maker/quality", 16, body, t + k) for k in range(min(50, count - i))], t)

    def test_more_than_256_timers(self):
        a = self.a
        self.open_(300)
        a.say("trustee/mediator", "recover", Registrars.recover(self))
        a.wait(20 * DAY)
        self.assertIsNotNone(a.gov.halted)
        a.wait(HOUR)
        self.assertIsNone(a.gov.halted)
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)})
        when = min(d["deadline_ms"] for d in a.gov.decisions.values())
        first = sorted(t for t in a.gov.timers if int.from_bytes(t[:8], "big") <= when)[:256]
        a.wait(when - a.now)  # all 300 fire, and ends of metrics' periods among them: 256, then the rest
        self.assertEqual(sum(d["rung"] for d in a.gov.decisions.values()), sum(a.gov.of_silence(t) for t in first))
        self.assertLess(sum(d["rung"] for d in a.gov.decisions.values()), 300)
        a.wait(HOUR)
        self.assertEqual(sum(d["rung"] for d in a.gov.decisions.values()), 300)
        self.good()

    def test_no_entries_while_it_goes_on(self):
        a = self.a
        self.open_(520)
        a.wait(20 * DAY)
        self.refused(None, "maker/quality", "note", {"type": 1, "text": bytes(32)}, rule="GOV-T1")
        a.wait(1)
        self.assertIsNotNone(a.gov.halted)
        a.say("maker/quality", "note", {"type": 1, "text": bytes(32)}, wait=1)
        self.good()


if __name__ == "__main__":
    unittest.main()
