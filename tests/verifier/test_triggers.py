#!/usr/bin/env python3
"""Sections 26 and 27, a last day (GOV-67), refresh, commitments and trainings: pure pieces, and forged stories.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import datetime
import functools
import unittest

import forge
from forge import CODEC, HOUR, LARGE, STEP, person, sha256
from calendars import EPOCH, months_after
from canonical import Rec, encode
import reliance
from test_members import AMEND, APPROVE, DAY, IMPACT, Case
import triggers
from triggers import FAILS, HOLDS, OPEN, compares, joined, look_back

ENUMS = CODEC.schema.enums
CLAIM, VERIFY, LINK = 3, 4, 6
VALIDATED, FALSIFIED = 1, 2
COUNTERSIGN, DISPUTE, RESTATE = 1, 2, 3
WHY = sha256(b"why")


def day(text):
    return (datetime.date.fromisoformat(text) - EPOCH).days


class Pure(unittest.TestCase):
    def test_look_back(self):
        """TRG-3: a metric."""
        letters = {"p": "pending", "e": "empty", "m": "missing", "b": "breach", "k": "kept"}
        for states, asked, warning, found in (
                ("b", 1, True, HOLDS), ("m", 1, True, HOLDS), ("k", 1, True, FAILS), ("", 1, True, OPEN),
                ("e", 1, True, OPEN), ("eb", 1, True, OPEN), ("pb", 1, True, HOLDS), ("ppk", 1, True, FAILS),
                ("bb", 2, True, HOLDS), ("bm", 2, True, HOLDS), ("bk", 2, True, OPEN), ("bpb", 2, True, OPEN),
                ("beb", 2, True, OPEN), ("epb", 1, True, OPEN), ("pbb", 3, True, OPEN),
                ("m", 1, False, OPEN), ("mb", 1, False, HOLDS), ("eb", 1, False, HOLDS), ("mk", 1, False, FAILS),
                ("bmpeb", 2, False, HOLDS), ("bmk", 2, False, OPEN), ("pmeb", 1, False, HOLDS), ("", 1, False, OPEN)):
            with self.subTest((states, asked, warning)):
                self.assertEqual(look_back([letters[s] for s in states], asked, warning), found)

    def test_joined(self):
        """TRG-3: a known term may decide for one that is open."""
        for a, b, both, either in ((HOLDS, HOLDS, HOLDS, HOLDS), (HOLDS, FAILS, FAILS, HOLDS), (HOLDS, OPEN, OPEN, HOLDS),
                                   (FAILS, FAILS, FAILS, FAILS), (FAILS, OPEN, FAILS, OPEN), (OPEN, OPEN, OPEN, OPEN)):
            for pair in ([a, b], [b, a]):
                self.assertEqual((joined(pair, False), joined(pair, True)), (both, either))
        for one in (HOLDS, FAILS, OPEN):
            self.assertEqual(joined([one], False), one)

    def test_compares(self):
        op = ENUMS["comparison"]
        for name, found in (("CMP_LT", "++--"), ("CMP_LE", "++--"), ("CMP_EQ", "----"), ("CMP_GE", "--++"), ("CMP_GT", "--++")):
            self.assertEqual("".join("+" if compares(op, op[name], n, (25, 1)) else "-" for n in (1, 2, 3, 4)), found)
        self.assertTrue(compares(op, op["CMP_EQ"], 3, (3, 0)))

    def test_clauses(self):
        """REL-4."""
        fields = CODEC.schema.records["charter_refresh"]
        plain = {1: {1: 365, 2: 1}, 2: "steering", 3: []}
        a, b = encode(plain), encode({**plain, 2: "council"})
        for clause, changed in (("refresh", True), ("refresh.every", False), ("refresh.body", True), ("refresh.nothing", True),
                                ("refresh.every.n", False)):
            self.assertEqual(reliance.clause_changed(fields, a, b, clause), changed, clause)
        self.assertTrue(reliance.clause_changed(fields, None, a, "refresh.every"))

    def test_clauses_of_lists(self):
        fields = CODEC.schema.records["charter_budgets"]
        one, two = ({1: n, 2: {1: 5, 2: "EUR"}, 3: 1, 4: 2, 5: [{1: "maker", 2: 100}], 6: "council"} for n in ("one", "two"))
        before, after = encode({1: [one, two]}), encode({1: [one, {**two, 4: 3}]})
        for clause, changed in (("budgets.one", False), ("budgets.two", True), ("budgets.list", True), ("budgets.three", True)):
            self.assertEqual(reliance.clause_changed(fields, before, after, clause), changed, clause)
        self.assertTrue(reliance.clause_changed(fields, before, encode({1: [one]}), "budgets.two"))

    def test_clauses_with_hyphens(self):
        """A key of a record is written with `-` for `_`."""
        self.assertEqual(reliance.part_of(CODEC.schema.records["charter_term"], {3: {1: 9, 2: 2}}, "renewal-opens"),
                         encode({1: 9, 2: 2}))

    def test_months(self):
        for at, n, then in (("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-12-05", 1, "2027-01-05"),
                            ("2026-03-31", 12, "2027-03-31")):
            self.assertEqual(months_after(day(at), n), day(then))


def count(name, n, days):
    return {"terms": [{"type": ENUMS["condition"]["COND_COUNT"], "name": name, "op": ENUMS["comparison"]["CMP_GE"],
                       "number": (n, 0), "within": {"n": days, "unit": 2}}]}


@functools.lru_cache(maxsize=None)
def charter_with(*change):
    """change: (record, field, value) as the charter has it instead."""
    charter = dict(forge.large_charter())
    for record, field, value in change:
        old = charter[record]
        charter[record] = {**(old if isinstance(old, dict) else old._fields), field: value}
    return forge.Alliance(orgs=LARGE, charter=charter)


class frozen(dict):
    """A part of a charter that a cache can keep."""

    def __hash__(self):
        return hash(repr(sorted(self.items())))


class Story(Case):
    def event_words(self, n):
        prefix = (CODEC.schema.tables["EVENT"][0], n.to_bytes(8, "big"))
        return [CODEC.decode("state_event", v).words for (t, k), v in sorted(self.a.gov.rows.items())
                if (t, k[:8]) == prefix and CODEC.decode("state_event", v).words]

    def actions(self):
        """(words, owner, offered) of the actions that the record opened, in order."""
        return [(it["words"], it["owner"], it.get("offered")) for it in self.a.gov.items.values()
                if self.a.gov.kind_of(it) == "action" and it.get("words")]

    def whole(self):
        """The pack verifies, and every value of the state decodes by its block."""
        blocks = {"DECISION": "state_decision", "PINNED": "state_pinned", "EVENT": "state_event", "ITEM": "state_item",
                  "ITEM_EVENT": "state_item_event", "SESSION": "state_session", "TRIGGER": "state_trigger",
                  "METRIC": "state_metric", "READING": "state_reading", "META": "state_counter", "REVISION": "state_revision"}
        names = {CODEC.schema.tables[t][0]: b for t, b in blocks.items()}
        for (table, _), data in self.a.gov.rows.items():
            if table in names:
                CODEC.decode(names[table], data)
        return self.good()

    def hold(self, *seats):
        for seat in seats:
            self.a.say(seat.split("/")[0] + "/registrar", "holder", {"seat": seat, "keys": [person(seat)]})

    def passed(self, type_, effect=None, by="quality", mover="maker", needs=(), **proposal):
        n = self.a.propose(mover + "/" + by, type_, effect, **proposal)
        for need in needs:
            self.a.give(n, mover + "/" + by, {"type": need})
        self.a.ballot(n, *[o + "/" + by for o in self.a.gov.charter().partners])
        return n

    def amended(self, number, type_="charter-policy", by="quality", **fields):
        """An amendment that changes fields of a section, in effect."""
        name, gov = CODEC.schema.numbers["charter", number], self.a.gov
        body = CODEC.encode(name, {**gov.section(number)._fields, **fields})
        n = self.passed(type_, {"type": AMEND, "section": number, "base_version": gov.sections[number]["version"],
                                "body": body}, by)
        self.to(gov.decisions[n]["effective_ms"])
        self.assertEqual(self.phase(n), "effective")
        return n

    def to(self, ms):
        """On to a time, by blocks that each hold a note."""
        while ms > self.a.now:
            self.a.say("maker/quality", "note", {"type": 1, "text": WHY}, wait=min(ms - self.a.now, 5 * DAY))

    def until(self, kind, number=None):
        """The first timer of a kind fires."""
        first = self.first(kind, number)
        while first is None:  # one that another timer sets
            self.to(self.a.now + DAY)
            first = self.first(kind, number)
        self.to(first)

    def first(self, kind, number=None):
        return min((int.from_bytes(t[:8], "big") for t in self.a.gov.timers if t[16] == ENUMS["timer_kind"][kind]
                    and number in (None, int.from_bytes(t[8:16], "big"))), default=None)

    def today(self):
        return (self.a.now + self.a.gov.offset()) // DAY

    def move(self, seat, type_, number, step, **fields):
        self.a.say(seat, "item_move", {"item": {"type": ENUMS["item_type"]["ITEM_" + type_], "number": number}, "step": step,
                                       **fields})

    def item(self, seat, type_, **fields):
        self.a.say(seat, "item", {"type": ENUMS["item_type"]["ITEM_" + type_], "title": WHY, **fields})
        return self.a.gov.last[type_.lower()]


class LastDay(Story):
    """GOV-67, GOV-68."""

    def test_expires(self):
        until = self.today() + 60
        n = self.passed("exception", until=until)
        self.assertEqual(self.phase(n), "effective")
        end = self.a.gov.decisions[n]["until_ms"]
        self.assertEqual(end, self.a.gov.day_end(until))
        self.to(end - 1)
        self.assertEqual(self.phase(n), "effective")
        self.to(end)
        self.assertEqual((self.phase(n), self.events(n)[-1]), ("expired", "expired"))
        self.assertEqual(self.a.gov.decisions[n]["closed_ms"], self.a.now)
        self.whole()

    def test_refused(self):
        seat = "maker/quality"
        for verdict, type_, p in (("INCOMPLETE", "exception", {}), ("MALFORMED", "exception", {"until": self.today() - 1}),
                                  ("NOT_PERMITTED", "exception", {"until": self.today() + 91}),
                                  ("MALFORMED", "risk-acceptance", {"until": self.today() + 9, "effect": {"type": ENUMS["effect_type"]["EFFECT_ACCEPT_RISK"]}})):
            with self.subTest((verdict, type_)):
                self.refused(verdict, seat, "propose", {"type": type_, "proposal": {"title": WHY, "effect": {"type": 1}, **p}})

    def test_any_row_may_have_one(self):
        n = self.passed("clinical-claim", until=self.today() + 400)
        self.to(self.a.gov.decisions[n]["until_ms"])
        self.assertEqual(self.phase(n), "expired")
        self.whole()

    def test_over_before_it_takes_effect(self):
        until = self.today() + 3
        n = self.a.propose("maker/quality", "exception", until=until)
        self.to(self.a.gov.day_end(until))
        self.a.ballot(n, *[o + "/quality" for o in ("clinics", "distributor", "maker")])
        self.assertEqual((self.phase(n), self.event_words(n)), ("stale", ["its last day has passed"]))
        again = {"decision": self.a.ref(n), "proposal": {"title": WHY, "effect": {"type": 1}}}
        self.refused("INCOMPLETE", "maker/quality", "revise", again)
        again["proposal"]["until"] = self.today() + 5
        self.a.say("maker/quality", "revise", again)
        self.assertEqual(self.a.gov.decisions[n]["until_ms"], self.a.gov.day_end(self.today() + 5))
        self.whole()

    def test_acted_first_and_expired(self):
        """GOV-65: it was ratified."""
        n = self.passed("safety-notice", until=self.today() + 9)
        self.to(self.a.gov.decisions[n]["until_ms"])
        self.assertEqual(self.events(n)[-1], "expired")
        self.whole()

    def test_reaffirms(self):
        n = self.passed("pivot", by="sponsor", needs=[IMPACT])
        self.assertEqual(self.phase(n), "effective")
        words = "reaffirm or amend the thesis: D-1 took effect"
        self.assertEqual(self.actions(), [(words, "maker/sponsor", "clinics/sponsor"),
                                          (words, "maker/sponsor", "distributor/sponsor"), (words, "maker/sponsor", None)])
        self.whole()


class Rests(Story):
    """REL-1 to REL-4."""

    def relied(self):
        table = CODEC.schema.tables["RELIED"][0]
        return [(k[0], int.from_bytes(k[1:9], "big"), int.from_bytes(k[9:], "big")) for t, k in sorted(self.a.gov.rows)
                if t == table]

    def assumed(self, *links):
        return self.item("clinics/quality", "ASSUMPTION", links=list(links) or None)

    def falsify(self, n):
        self.move("clinics/quality", "ASSUMPTION", n, CLAIM, finding=FALSIFIED)
        self.move("maker/quality", "ASSUMPTION", n, VERIFY, finding=FALSIFIED)

    def test_refused(self):
        n = self.assumed()
        ref = {"number": 1, "digest": WHY}
        for verdict, relies in (("MALFORMED", [{}]), ("MALFORMED", [{"assumption": n, "clause": "thesis"}]),
                                ("MALFORMED", [{"assumption": n}, {"assumption": n}]), ("NO_SUCH_OBJECT", [{"assumption": 9}]),
                                ("NO_SUCH_OBJECT", [{"reading": ref}]), ("NO_SUCH_OBJECT", [{"clause": "nothing.x"}])):
            with self.subTest(relies):
                self.refused(verdict, "maker/quality", "propose", {"type": "clinical-claim", "proposal": {
                    "title": WHY, "effect": {"type": 1}, "relies": relies}})
        self.falsify(n)
        self.refused("NOT_PERMITTED", "maker/quality", "propose", {"type": "clinical-claim", "proposal": {
            "title": WHY, "effect": {"type": 1}, "relies": [{"assumption": n}]}})

    def test_a_revision_relies_on_something_else(self):
        n = self.assumed()
        d = self.a.propose("maker/quality", "clinical-claim", relies=[{"assumption": n}, {"clause": "thesis.objective"}])
        self.assertEqual(self.relied(), [(1, n, d), (3, 9, d)])
        self.a.say("maker/quality", "revise", {"decision": self.a.ref(d), "proposal": {
            "title": WHY, "effect": {"type": 1}, "relies": [{"clause": "budgets"}, {"clause": "thesis"}]}})
        self.assertEqual(self.relied(), [(3, 9, d), (3, 18, d)])
        self.whole()

    def test_falsified(self):
        n = self.assumed()
        first = self.passed("clinical-claim", relies=[{"assumption": n}])
        linked = self.passed("clinical-claim", relies=[{"assumption": n}])
        gone = self.a.propose("maker/quality", "clinical-claim", relies=[{"assumption": n}])
        self.a.say("maker/quality", "withdraw", {"decision": self.a.ref(gone)})
        self.move("clinics/quality", "ASSUMPTION", n, LINK, link={"decision": linked})
        self.falsify(n)
        words = ["review the thesis: AS-1 was falsified"] * 3 + [
            "reaffirm, amend or supersede D-%d: AS-1 was falsified" % d for d in (linked, first)]
        self.assertEqual([w for w, _, _ in self.actions()], words)
        self.assertEqual({(o, to) for w, o, to in self.actions() if w.startswith("reaffirm")},
                         {("clinics/quality", "maker/quality")})
        self.assertEqual([self.events(d).count("doubted") for d in (first, linked, gone)], [1, 1, 0])
        links = [len(it["links"]) for it in self.a.gov.items.values() if it.get("words", "").startswith("reaffirm")]
        self.assertEqual(links, [2, 1])
        self.whole()

    def test_an_ended_one_is_not_doubted(self):
        """ITM-18."""
        n = self.assumed()
        d = self.a.propose("maker/quality", "clinical-claim")
        self.a.say("maker/quality", "withdraw", {"decision": self.a.ref(d)})
        self.move("clinics/quality", "ASSUMPTION", n, LINK, link={"decision": d})
        self.falsify(n)
        self.assertNotIn("doubted", self.events(d))
        self.whole()

    def test_restated(self):
        self.until("TIMER_PERIOD")
        while not any(r["metric"] == "false-alarms" for r in self.a.gov.readings.values()):
            self.until("TIMER_PERIOD")
        n, r = next((n, r) for n, r in self.a.gov.readings.items() if r["metric"] == "false-alarms")
        self.a.say("clinics/quality", "reading", {"metric": "false-alarms", "purpose": 1, "period": r["period"],
                                                  "value": (5, 0)})
        ref = {"number": n, "digest": self.a.gov.readings[n]["now"]["digest"]}
        d = self.a.propose("maker/quality", "clinical-claim", relies=[{"reading": ref}])
        self.a.say("clinics/quality", "mark_reading", {"reading": ref, "act": RESTATE, "value": (6, 0), "reason": WHY})
        words = "K-%d was restated" % n
        self.assertEqual(self.event_words(d), [words])
        self.assertEqual(self.actions()[-1], ("reaffirm, amend or supersede D-%d: %s" % (d, words), "clinics/quality",
                                              "maker/quality"))
        self.refused("WRONG_REVISION", "maker/quality", "propose", {"type": "clinical-claim", "proposal": {
            "title": WHY, "effect": {"type": 1}, "relies": [{"reading": ref}]}})
        self.whole()

    def test_amended(self):
        a = [self.a.propose("maker/quality", "clinical-claim", relies=[{"clause": c}])
             for c in ("budgets.studies", "budgets.launch-2026", "budgets", "thesis")]
        old = self.a.gov.section(18).list
        lines = [{**b._fields, **({"to": b.to + 1} if b.name == "studies" else {})} for b in old]
        n = self.amended(18, list=lines)
        self.assertEqual([self.event_words(d) for d in a], [["budgets.studies was amended by D-%d" % n], [],
                                                             ["budgets was amended by D-%d" % n], []])
        self.assertEqual([x for x in self.actions() if "D-%d" % a[0] in x[0]],
                         [("reaffirm, amend or supersede D-%d: budgets.studies was amended by D-%d" % (a[0], n),
                           "maker/quality", None)])
        self.whole()


class Triggers(Story):
    """TRG-1 to TRG-7."""

    def rows(self):
        return {at: (bool(r["since_ms"]), r["asked"]) for at, r in self.a.gov.triggers.items()}

    def test_founding(self):
        """TRG-1: consequence 2 looks at a computed metric."""
        self.assertEqual(set(self.rows()), {(1, "alarm-fatigue"), (1, "line-trouble"), (2, "safety"), (2, "term-ends"),
                                            (2, "value-lost"), (3, "1"), (3, "2"), (5, "renewal")})
        self.assertFalse(any(held for held, _ in self.rows().values()))
        gov, term = self.a.gov, self.a.gov.section(4)
        self.assertEqual(gov.last["term/2"], gov.day_end(term.to))
        self.assertEqual(gov.last["term/1"], gov.day_end(term.to - 271))
        self.whole()

    def test_counted_and_answered(self):
        for i in range(3):
            self.assertEqual(self.rows()[2, "safety"], (False, None))
            self.a.propose("maker/quality", "safety-notice")
        self.assertEqual(self.rows()[2, "safety"], (True, [1, 2, 3]))
        words = "exit trigger safety holds: propose exit, or say why not"
        self.assertEqual(self.actions(), [(words, o + "/sponsor", None) for o in ("clinics", "distributor", "maker")])
        self.move("clinics/sponsor", "ACTION", 1, CLAIM)
        self.a.propose("maker/quality", "safety-notice")
        self.assertEqual(len(self.actions()), 3)
        self.a.propose("maker/sponsor", "exit", {"type": 5})
        self.assertEqual(self.rows()[2, "safety"], (True, None))
        self.assertEqual({it["phase"] for it in self.a.gov.items.values()}, {ENUMS["item_phase"]["ITEM_CLOSED"]})
        event = CODEC.decode("state_item_event", self.a.gov.rows[
            CODEC.schema.tables["ITEM_EVENT"][0], bytes([5]) + (3).to_bytes(8, "big") + (2).to_bytes(4, "big")])
        self.assertEqual((event.type, event.decision, event.seat), (ENUMS["item_event"]["ITEM_EVENT_ANSWERED"], 5, None))
        self.whole()

    def test_it_fires_again_once_it_failed(self):
        for _ in range(3):
            self.a.propose("maker/quality", "safety-notice")
        self.to(self.a.now + 366 * DAY)
        self.a.propose("maker/quality", "safety-notice")  # as if it had not been opened, none is left
        self.assertEqual(self.rows()[2, "safety"], (False, None))
        for _ in range(2):
            self.a.propose("maker/quality", "safety-notice")
        self.assertEqual(len([w for w, _, _ in self.actions() if "safety" in w]), 6)
        self.whole()

    def test_early_warning(self):
        """Two periods without a reading are breaches."""
        while not self.rows()[1, "alarm-fatigue"][0]:
            self.until("TIMER_READING")
        self.assertIn(("early warning alarm-fatigue holds", "clinics/quality", None), self.actions())
        self.assertEqual(self.rows()[2, "value-lost"], (False, None))
        self.whole()

    def test_a_risk_watches_already(self):
        self.item("clinics/quality", "RISK", category="clinical", likelihood=2, impact=2, indicators=[
            {"metric": "false-alarms", "op": 5, "number": (6, 0), "periods": 2}])
        while not self.rows()[1, "alarm-fatigue"][0]:
            self.until("TIMER_READING")
        self.assertEqual(self.rows()[1, "alarm-fatigue"], (True, None))
        self.assertNotIn("early warning alarm-fatigue holds", [w for w, _, _ in self.actions()])
        self.whole()

    def test_consequence(self):
        self.hold("maker/delivery-lead")
        for i in range(2):
            while len([r for r in self.a.gov.readings.values() if r["metric"] == "sensor-yield"]) <= i:
                self.until("TIMER_PERIOD")
            n, r = max((n, r) for n, r in self.a.gov.readings.items() if r["metric"] == "sensor-yield")
            self.a.say("maker/delivery-lead", "reading", {"metric": "sensor-yield", "purpose": 1, "period": r["period"],
                                                          "value": (80 + i, 0)})
            self.assertEqual(self.rows()[3, "1"], (False, None))
            self.a.say("clinics/quality", "mark_reading", {"reading": {
                "number": n, "digest": self.a.gov.readings[n]["now"]["digest"]}, "act": COUNTERSIGN})
        self.assertTrue(self.rows()[3, "1"][0])
        self.assertIn(("consequence 1 holds: act on it", "maker/delivery-lead", None), self.actions())
        self.assertIn(("early warning line-trouble holds", "maker/delivery-lead", None), self.actions())
        self.whole()

    def test_term(self):
        to = day("2027-02-10")
        self.a = forge.branch(charter_with(("charter_term", "to", to),
                                           ("charter_term", "renewal_opens", frozen(n=30, unit=2))))
        gov = self.a.gov
        self.until("TIMER_TERM", 1)
        self.assertEqual(self.today(), to - 30)
        self.assertNotIn("term/1", gov.last)
        words = "the term ends on 2027-02-10: propose renewal, or say why not"
        asked = self.rows()[5, "renewal"][1]
        self.assertEqual([x for x in self.actions() if x[0] == words], [
            (words, o + "/sponsor", None) for o in ("clinics", "distributor", "maker")])
        self.assertEqual({gov.items[bytes([5]) + n.to_bytes(8, "big")]["due_ms"] for n in asked}, {gov.day_end(to)})
        self.a.propose("clinics/sponsor", "renewal")
        self.assertEqual(self.rows()[5, "renewal"], (True, None))
        self.until("TIMER_TERM", 2)
        self.assertEqual(self.rows()[5, "renewal"], (False, None))
        self.assertEqual(len(self.rows()[2, "term-ends"][1]), 3)
        self.whole()

    def test_founded_while_renewal_is_open(self):
        self.a = forge.branch(charter_with(("charter_term", "to", day("2027-02-10"))))
        self.assertEqual(self.rows()[5, "renewal"], (True, [1, 2, 3]))
        self.assertNotIn("term/1", self.a.gov.last)
        self.whole()

    def test_amended(self):
        """TRG-2: what is another condition now begins anew; what stays, stays."""
        for _ in range(3):
            self.a.propose("maker/quality", "safety-notice")
        exit_ = self.a.gov.section(30)
        lines = [{"name": "safety", "when": count("safety-notice", 2, 365)},
                 *[x for x in exit_.triggers if x.name != "safety"]]
        before = self.rows()
        self.amended(30, "charter-core", "sponsor", triggers=sorted(lines, key=lambda x: x["name"]))
        self.assertEqual(self.rows()[2, "safety"], (True, [4, 5, 6]))
        self.assertEqual({k: v for k, v in self.rows().items() if k != (2, "safety")},
                         {k: v for k, v in before.items() if k != (2, "safety")})
        self.whole()

    def test_counts_items(self):
        when = frozen(count("issue", 2, 30))
        self.a = forge.branch(charter_with(("charter_consequences", "list", (frozen(when=when, opens="request", owner=triggers.ANY_MANAGER),))))
        self.hold("maker/alliance-manager")
        self.item("maker/quality", "ISSUE")
        self.assertEqual(self.rows()[3, "1"], (False, None))
        self.item("clinics/quality", "ISSUE")
        words = "consequence 1 holds: open request, or say why not"
        self.assertEqual(self.actions(), [(words, o + "/alliance-manager", None) for o in ("clinics", "distributor", "maker")])
        self.whole()


class Follows(Story):
    """Refresh (SES-10, SES-11), commitments (MET-12), trainings (ITM-16)."""

    def reviewed(self, number):
        """Session number is recorded with all sponsors present; it counts once another partner confirms it."""
        gov, was, acts = self.a.gov, self.a.gov.last.get("refreshed"), ENUMS["session_act"]
        held = self.today()
        self.a.say("maker/sponsor", "minutes", {"session": number, "act": acts["SESSION_ACT_RECORD"], "held": held, "document": WHY,
                                                "present": [o + "/sponsor" for o in ("clinics", "distributor", "maker")]})
        self.assertEqual(gov.last.get("refreshed"), was)
        self.a.say("clinics/sponsor", "minutes", {"session": number, "act": acts["SESSION_ACT_CONFIRM"],
                                                  "version": gov.sessions[number]["now"]["digest"]})
        self.assertEqual(gov.last["refreshed"], gov.day_end(held) - 1)
        self.assertEqual(gov.last["refresh"], gov.day_end(held + 365))

    def test_refresh(self):
        gov = self.a.gov
        self.assertEqual(gov.last["refresh"], gov.day_end((forge.FOUNDED + gov.offset()) // DAY + 365))
        self.until("TIMER_REFRESH")
        s = next(s for s in gov.sessions.values() if s.get("cadence") is None)
        self.assertEqual((s["type"], s["body"], s["from"], s["until"], s["minutes"]), (5, "steering", self.today(),
                                                                                    self.today() + 30, True))
        self.assertEqual(gov.last["refreshed"], self.a.now)
        self.to(self.a.now + 3 * DAY)
        self.reviewed(s["number"])
        self.whole()

    def recorded_in_time(self):
        """A session is called and recorded the day before the refresh falls due, which then waits. Its number, and when it was due."""
        gov, acts, due = self.a.gov, ENUMS["session_act"], self.a.gov.last["refresh"]
        self.to(due - DAY)
        self.a.say("maker/sponsor", "session", {"type": 5, "body": "steering", "on": self.today()})
        number = max(gov.sessions)
        self.a.say("maker/sponsor", "minutes", {"session": number, "act": acts["SESSION_ACT_RECORD"], "held": self.today(),
                                                "document": WHY, "present": [o + "/sponsor" for o in ("clinics", "distributor", "maker")]})
        self.to(due)
        self.assertEqual([s["number"] for s in gov.sessions.values() if s.get("cadence") is None], [number])
        self.assertEqual(gov.last["refresh"], gov.sessions[number]["due_ms"] + 1)
        self.assertIsNone(gov.last.get("refreshed"))
        return number, due

    def test_refresh_waits_for_silence(self):
        """SES-11: one that is recorded when it falls due is waited for."""
        gov = self.a.gov
        number, due = self.recorded_in_time()
        held = gov.sessions[number]["now"]["held"]
        self.to(gov.sessions[number]["due_ms"])
        self.assertEqual(gov.last["refreshed"], gov.day_end(held) - 1)
        self.assertEqual(gov.last["refresh"], gov.day_end(held + 365))
        self.whole()

    def test_refresh_waits_no_longer(self):
        """SES-11: it is contested, and the next block opens another one."""
        gov, acts = self.a.gov, ENUMS["session_act"]
        number, due = self.recorded_in_time()
        self.a.say("clinics/sponsor", "minutes", {"session": number, "act": acts["SESSION_ACT_CONTEST"], "text": WHY,
                                                  "version": gov.sessions[number]["now"]["digest"]})
        self.assertEqual(gov.last["refresh"], due)
        self.a.wait(STEP)
        self.assertEqual(len([s for s in gov.sessions.values() if s.get("cadence") is None]), 2)
        self.assertEqual(gov.last["refreshed"], self.a.now)
        self.whole()

    def test_refresh_is_amended(self):
        """A time that is past fires in the next block."""
        self.to(self.a.now + 40 * DAY)
        sessions = len(self.a.gov.sessions)
        self.amended(29, by="quality", every={"n": 10, "unit": 1})
        if "refreshed" not in self.a.gov.last:
            self.a.wait(STEP)
        self.assertGreater(len(self.a.gov.sessions), sessions)
        self.whole()

    def test_a_session_that_was_called_counts(self):
        self.a.say("maker/sponsor", "session", {"type": 5, "body": "steering", "on": self.today()})
        self.reviewed(max(self.a.gov.sessions))
        self.whole()

    def test_commitments(self):
        gov, seat = self.a.gov, "maker/alliance-manager"
        names = [m.name for m in gov.metrics()]
        self.assertEqual(names, sorted(names))
        self.assertTrue({"firmware-team", "review-hours", "delivery-slots"} <= set(names))
        self.hold(seat, "clinics/alliance-manager")
        while not any(r["metric"] == "firmware-team" for r in gov.readings.values()):
            self.until("TIMER_PERIOD")
        n, r = next((n, r) for n, r in gov.readings.items() if r["metric"] == "firmware-team")
        self.a.say(seat, "reading", {"metric": "firmware-team", "purpose": 1, "period": r["period"], "value": (85, 1)})
        self.refused("NOT_PERMITTED", seat, "mark_reading", {"reading": {"number": n, "digest": r["now"]["digest"]},
                                                             "act": COUNTERSIGN})
        self.a.say("clinics/alliance-manager", "mark_reading", {"reading": {"number": n, "digest": r["now"]["digest"]},
                                                                "act": COUNTERSIGN})
        self.assertEqual(r["standing"], ENUMS["reading_standing"]["READING_COUNTERSIGNED"])
        self.whole()

    def test_commitments_are_amended(self):
        """MET-3."""
        old = self.a.gov.section(11).list
        lines = [{**c._fields, "every": {"n": 2, "unit": 2}} for c in old if c.name != "review-hours"]
        self.amended(11, "charter-core", "sponsor", list=lines)
        rows = {m["name"]: m for m in self.a.gov.metric_rows.values()}
        self.assertIsNone(rows["review-hours"]["ends_ms"])
        self.assertEqual(rows["firmware-team"]["every"].unit, 2)
        self.whole()

    def test_training(self):
        a = self.a
        n = self.item("clinics/quality", "TRAINING", due=self.today() + 20, name="safety-notice")
        self.move("clinics/quality", "TRAINING", n, CLAIM)
        claimed = self.today()
        self.to(a.now + 2 * DAY)
        self.move("maker/quality", "TRAINING", n, VERIFY)
        it = a.gov.items[bytes([13]) + (n + 1).to_bytes(8, "big")]
        self.assertEqual((it["words"], it["owner"], it["due_ms"]), ("safety-notice is to be trained again", "clinics/quality",
                                                                a.gov.day_end(claimed + 180)))
        n = self.item("clinics/quality", "TRAINING", due=self.today() + 20)
        self.move("clinics/quality", "TRAINING", n, CLAIM)
        self.move("maker/quality", "TRAINING", n, VERIFY)
        self.assertEqual(a.gov.last["training"], n)
        self.whole()


if __name__ == "__main__":
    unittest.main()
