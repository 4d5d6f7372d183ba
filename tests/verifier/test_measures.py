#!/usr/bin/env python3
"""Section 28 and MET-13: what the record computes, by hand-worked numbers, and what looks at it.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import functools
import unittest

import forge
from forge import CODEC, LARGE, STEP, sha256
from canonical import Rec
from measures import ratio, Wait
from test_members import AMEND, DAY, REJECT
from test_triggers import CLAIM, COUNTERSIGN, Story, VERIFY, WHY, day

ENUMS = CODEC.schema.enums
MEASURES = {CODEC.schema.names["measure", n]: n for n in ENUMS["measure"].values()}
MONDAY = day("2026-11-23")  # of the week of the founding
VETO, BD, HOURS, EACH_WEEK = 3, 1, 3, {"n": 1, "unit": 2}
REBASE, PAUSE, RESUME = 7, 2, 3


def measured(name, measure, every=None, due=None, tag=None):
    """A computed metric, as a line of section 17."""
    fields = {f.name: None for f in CODEC.schema.records["charter_metric"]}
    fields.update(name=name, group=2, view=3, better=2, every=every or EACH_WEEK, due=due or {"n": 1, "unit": BD},
                  computed={"measure": MEASURES[measure], "tag": tag}, sealed=False)
    return fields


@functools.lru_cache(maxsize=None)
def founded():
    """Each measure each week, due 1 bd; short ladders for safety notices; weekly pulses, promises and sessions."""
    charter = dict(forge.large_charter())
    lines = [{**m._fields, **({"every": EACH_WEEK} if m.name == "trust" else {})} for m in charter["charter_metrics"].list]
    lines += [measured("w-" + m.replace(" ", "-"), m, tag="innovation" if m == "items tagged" else None) for m in MEASURES]
    charter["charter_metrics"] = {"list": sorted(lines, key=lambda m: m["name"])}
    charter["charter_commitments"] = {"list": [{**c._fields, "every": EACH_WEEK} for c in charter["charter_commitments"].list]}
    rows = {"safety-notice": {"sla": {"n": 1, "unit": HOURS}}, "clinical-claim": {"veto": ["maker/sponsor"], "notice": {"n": 1, "unit": BD}}}
    charter["charter_decisions"] = {**charter["charter_decisions"], "rows": [
        {**r, **rows.get(r["name"], {})} for r in charter["charter_decisions"]["rows"]]}
    charter["charter_ladders"] = {"list": [
        {**x, "rungs": [{**r, "within": {"n": 2, "unit": HOURS}} for r in x["rungs"]]} if x["name"] == "urgent" else x
        for x in charter["charter_ladders"]["list"]]}
    charter["charter_sessions"] = {"list": [{**x._fields, **({"every": EACH_WEEK} if x.name == "safety-review" else {})}
                                            for x in charter["charter_sessions"].list]}
    when = {"terms": [{"type": ENUMS["condition"]["COND_METRIC"], "name": "w-veto-rate", "op": ENUMS["comparison"]["CMP_GE"],
                       "number": (50, 0), "periods": 2}]}
    risks, exit_ = charter["charter_risks"]._fields, charter["charter_exit"]._fields
    charter["charter_risks"] = {**risks, "indicators": risks["indicators"] + [{"name": "vetoes", "when": when}]}
    charter["charter_exit"] = {**exit_, "triggers": exit_["triggers"] + [{"name": "vetoes", "when": when}]}
    return forge.Alliance(orgs=LARGE, charter=charter)


class Pure(unittest.TestCase):
    def test_ratio(self):
        """Section 28: two decimals, halves away from zero, no trailing zeros, a bound."""
        for n, d, found in ((1, 3, (33, 2)), (2, 3, (67, 2)), (5, 1000, (1, 2)), (4, 1000, (0, 0)), (21, 8, (263, 2)),
                            (5, 2, (25, 1)), (300, 3, (100, 0)), (10 ** 15, 1, (10 ** 15 - 1, 0)), (10 ** 18, 10, (10 ** 16 - 10, 2))):
            self.assertEqual(ratio(n, d), found if found[1] == 0 or found[0] % 10 else (found[0] // 10, found[1] - 1))


class Measured(Story):
    def setUp(self):
        self.a = forge.branch(founded())

    def on(self, days, hour, minute=0):
        """What is said next is said then, local time, days after the first Monday."""
        self.to((MONDAY + days) * DAY + (hour * 60 + minute) * 60_000 - self.a.gov.offset() - STEP)

    def computed(self, week):
        """On until a week, counted from 0, is computed."""
        self.on(7 * week + 8, 0)
        self.a.say("maker/quality", "note", {"type": 1, "text": WHY})

    def row(self, measure, week):
        number = self.a.gov.last["metric/w-" + measure.replace(" ", "-")]
        data = self.a.gov.rows.get((CODEC.schema.tables["COMPUTED"][0], number.to_bytes(8, "big")
                                    + (MONDAY + 7 * week).to_bytes(4, "big")))
        return data and CODEC.decode("state_computed", data)

    def value(self, measure, week=0):
        row = self.row(measure, week)
        return row and row.value

    def metric_named(self, name):
        return self.a.gov.metric_rows[self.a.gov.last["metric/" + name]]

    def vote(self, days, hour, n, seat, choice=1):
        self.on(days, hour)
        self.a.ballot(n, seat, choice=choice)

    def vetoed(self, n):
        self.a.say("maker/sponsor", "ballot", {"decision": self.a.ref(n), "rung": 0, "choice": VETO, "reason": WHY,
                                               "clause": "boundaries.maker"})
        self.assertEqual(self.phase(n), "vetoed")

    def proposed(self, days, hour, type_="clinical-claim"):
        self.on(days, hour)
        return self.a.propose("maker/quality", type_)

    def moved(self, seat, n, move):
        self.a.say(seat, "move_decision", {"decision": self.a.ref(n), "rung": self.a.gov.decisions[n]["rung"], "move": move,
                                           "reason": WHY})

    def defaulted(self, days, hour):
        """A safety notice that nobody answers: 1 h, then the council and steering with 2 h each."""
        n = self.proposed(days, hour, "safety-notice")
        for h in (1, 3, 5):
            self.to((MONDAY + days) * DAY + (hour + h) * 3_600_000 - self.a.gov.offset())
        self.assertEqual(self.phase(n), "default applied")
        return n


class Kept(Measured):
    def test_met_13(self):
        """MET-13: computed at the end of due, kept for good; the next period follows."""
        m = self.metric_named("w-veto-rate")
        ends = (MONDAY + 8) * DAY - self.a.gov.offset()  # 1 bd from the last millisecond of Sunday
        self.assertEqual((m["first"], m["period"], m["ends_ms"]), (MONDAY, MONDAY, ends))
        self.vetoed(self.proposed(0, 12))
        self.on(8, 0)
        self.assertIsNone(self.row("veto-rate", 0))
        self.a.say("maker/quality", "note", {"type": 1, "text": WHY})
        row = self.row("veto-rate", 0)
        self.assertEqual((row.value, row.at_ms, self.a.now), ((100, 0), ends, ends))
        self.assertEqual((m["first"], m["period"], m["ends_ms"]), (MONDAY, MONDAY + 7, ends + 7 * DAY))
        self.computed(1)
        self.assertIsNone(self.row("veto-rate", 1))
        self.assertEqual(self.metric_named("w-veto-rate")["period"], MONDAY + 14)
        self.whole()

    def test_met_3(self):
        """MET-3: what is computed of it changed: it begins anew with the next period."""
        gov, number = self.a.gov, self.a.gov.last["metric/w-veto-rate"]
        lines = [{**m._fields, **({"computed": {"measure": MEASURES["default-rate"], "tag": None}}
                                  if m.name == "w-veto-rate" else {})} for m in gov.section(17).list]
        self.on(1, 12)
        n = self.a.propose("maker/quality", "charter-policy", {"type": AMEND, "section": 17, "base_version": 1,
                                                             "body": CODEC.encode("charter_metrics", {"list": lines})})
        self.a.ballot(n, *[o + "/quality" for o in ("clinics", "distributor", "maker")])
        self.to(gov.decisions[n]["effective_ms"])
        self.assertEqual((self.phase(n), gov.last["metric/w-veto-rate"]), ("effective", number))
        m = self.metric_named("w-veto-rate")
        self.assertEqual((m["computed"].measure, m["first"], m["period"], m["ends_ms"]), (
            MEASURES["default-rate"], MONDAY + 14, MONDAY + 14, (MONDAY + 22) * DAY - gov.offset()))
        self.assertEqual(self.row("veto-rate", 0).value, (0, 0))
        self.computed(1)
        self.assertIsNone(self.row("veto-rate", 1))
        self.assertEqual(self.value("default-rate", 1), None)
        self.whole()

    def test_met_3_becomes_reported(self):
        gov = self.a.gov
        lines = [{**m._fields, **({"computed": None, "from": {"each": False, "org": "clinics", "seat": "quality"},
                                  "check": "maker/quality"} if m.name == "w-veto-rate" else {})} for m in gov.section(17).list]
        self.amended(17, list=lines)
        m = self.metric_named("w-veto-rate")
        self.assertIsNone(m["computed"])
        self.assertEqual(m["ends_ms"], (m["period"] + 7) * DAY - gov.offset())
        while not any(r["metric"] == "w-veto-rate" for r in gov.readings.values()):
            self.until("TIMER_PERIOD")
        self.whole()


class Measures(Measured):
    def test_msr_1(self):
        """MSR-1."""
        a = self.a
        first, second = self.proposed(0, 11), self.proposed(0, 12)
        for n in (first, second):
            self.a.ballot(n, "clinics/quality", "distributor/quality")
        self.vetoed(self.proposed(1, 10))
        self.moved("maker/quality", self.proposed(1, 11), 1)  # escalated by hand
        a.say("maker/quality", "withdraw", {"decision": a.ref(self.proposed(1, 12))})
        self.vote(2, 11, first, "maker/quality")  # 2 d
        self.vote(3, 18, second, "maker/quality")  # 3.25 d
        self.defaulted(4, 10)
        later = self.proposed(7, 10)  # of the next week
        self.assertEqual(self.phase(second), "effective")
        self.computed(0)
        self.assertEqual(self.value("decision-velocity"), (263, 2))  # 5.25 / 2
        self.assertEqual(self.value("escalation-rate"), (3333, 2))
        self.assertEqual(self.value("veto-rate"), (1667, 2))
        self.assertEqual(self.value("default-rate"), (1667, 2))
        self.computed(1)
        self.assertIsNone(self.row("decision-velocity", 1))
        self.assertEqual([self.value(m, 1) for m in ("escalation-rate", "veto-rate", "default-rate")], [(0, 0)] * 3)
        self.assertEqual(self.phase(later), "open")
        self.computed(2)
        self.assertEqual([self.row(m, 2) for m in ("decision-velocity", "escalation-rate", "veto-rate", "default-rate")], [None] * 4)
        self.assertEqual([self.value(m, 2) for m in ("waiting-time", "sla-breaches")], [(0, 0)] * 2)
        self.whole()

    def test_msr_2(self):
        """MSR-2: business time until each partner's answer, but for a pause. At most to when it is computed."""
        n = self.proposed(4, 16)  # a Friday
        self.vote(4, 18, n, "clinics/quality")  # 2 h
        for hour, seat in ((19, "maker/quality"), (20, "distributor/quality")):
            self.on(4, hour)
            self.moved(seat, n, PAUSE)
        self.assertEqual(self.phase(n), "paused")
        self.on(7, 8)
        self.moved("maker/quality", n, RESUME)
        self.vote(7, 10, n, "maker/quality")  # 4 h and 2 h
        self.computed(0)  # the distributor: 4 h and 16 h
        self.assertEqual(self.value("waiting-time"), (117, 2))  # 28 / 24
        self.assertEqual(self.value("sla-breaches"), (0, 0))
        self.whole()

    def test_msr_2_halted(self):
        """MSR-2: what a halt takes."""
        n = self.proposed(0, 11, "safety-notice")
        self.a.wait(25 * 3_600_000)
        self.assertEqual(list(self.a.gov.halts.items()), [(self.a.now, self.a.now - 25 * 3_600_000)])
        for hour, org in ((10, "clinics"), (12, "distributor"), (14, "maker")):  # 47 h, 49 h, 51 h; less 25 h each
            self.vote(2, hour, n, org + "/quality")
        self.assertEqual(self.phase(n), "effective")
        self.computed(0)
        self.assertEqual((self.value("waiting-time"), self.value("sla-breaches")), ((3, 0), (0, 0)))
        self.whole()

    def test_msr_2_owed(self):
        """MSR-2: a rung, a rung and the end of the ladder, each with partners that owed; none of them by hand."""
        self.defaulted(0, 12)
        self.moved("maker/quality", self.proposed(1, 11), 1)
        self.computed(0)
        self.assertEqual(self.value("sla-breaches"), (3, 0))
        self.whole()

    def test_msr_2_a_revision_begins_anew(self):
        """MSR-2: 2 h of three, then 1 h, 2 h and 3 h; the decision itself passed after 5 h."""
        n = self.proposed(0, 11)
        self.vote(0, 12, n, "clinics/quality", REJECT)  # 1 h; the others are waited for to the revision
        self.on(0, 13)
        self.a.say("maker/quality", "revise", {"decision": self.a.ref(n), "proposal": {"title": WHY, "effect": {"type": 1}}})
        for hour, org in ((14, "clinics"), (15, "maker"), (16, "distributor")):
            self.vote(0, hour, n, org + "/quality")
        self.computed(0)
        self.assertEqual(self.value("waiting-time"), (46, 2))  # 1 + 2 + 2 + 1 + 2 + 3 of 24
        self.assertEqual(self.value("decision-velocity"), (21, 2))  # 5 of 24
        self.whole()

    def test_msr_2_answers(self):
        """MSR-2: the ballot with which a partner has answered an approval with count k."""
        gov, fields = self.a.gov, {f.name: None for f in CODEC.schema.records["state_event"]}

        def answered(k, seats, *ballots):
            events = [Rec("state_event", {**fields, "type": ENUMS["event_type"]["EVENT_BALLOT"], "at_ms": at, "choice": choice,
                                          "seat": seat, "principal": principal})
                      for at, (seat, choice, principal) in enumerate(ballots, 1)]
            return gov.answered(Wait(None, events, None), k, ["maker/" + s for s in seats])

        a, b, c, other = "maker/a", "maker/b", "maker/c", "clinics/a"
        for k, seats, ballots, at in (
                (1, "a", (), None), (1, "a", ((other, 1, None),), None), (1, "a", ((a, 1, None),), 1), (1, "a", ((a, 4, None),), 1),
                (1, "ab", ((a, 2, None),), None), (1, "ab", ((a, 2, None), (b, 2, None)), 2),
                (2, "abc", ((a, 1, None), (b, 2, None), (c, 1, None)), 3), (2, "abc", ((a, 2, None), (b, 2, None)), 2),
                (2, "abc", ((a, 1, None), (a, 2, None), (b, 1, None), (a, 1, None)), 4),
                (1, "a", ((b, 1, a),), 1), (1, "a", ((a, 3, None),), None), (1, "ab", ((a, 5, None), (b, 1, a)), 2),
                (2, "a", ((other, 2, None),), 1)):
            with self.subTest((k, seats, ballots)):
                self.assertEqual(answered(k, seats, *ballots), at)

    def test_msr_3(self):
        """MSR-3: two sessions of a week; one recorded in time, the other not; then one is contested."""
        gov, acts = self.a.gov, ENUMS["session_act"]
        leads = [o + "/business-lead" for o in ("clinics", "distributor", "maker")]

        def recorded(week):
            s = next(s for s in gov.sessions.values() if s.get("cadence") == "delivery-standup" and s["from"] == MONDAY + 7 * week)
            self.a.say("maker/business-lead", "minutes", {"session": s["number"], "act": acts["SESSION_ACT_RECORD"],
                                                          "held": self.today(), "present": leads})
            return s

        self.on(9, 12)
        recorded(1)
        self.on(16, 12)
        s = recorded(2)
        self.a.say("clinics/quality", "minutes", {"session": s["number"], "act": acts["SESSION_ACT_CONTEST"], "text": WHY,
                                                  "version": s["now"]["digest"]})
        self.computed(2)
        self.assertEqual([self.value("cadence-kept", w) for w in (0, 1, 2)], [None, (50, 0), (0, 0)])
        self.whole()

    def test_msr_4(self):
        """MSR-4: in the second week deliveries of the first (3 bd); in the third those of the second, sensors (5 bd), three
        promises, three monthly metrics and three pulses (8 bd)."""
        self.computed(2)
        self.assertEqual([self.value("overdue-readings", w) for w in (0, 1, 2)], [(0, 0), (1, 0), (11, 0)])
        self.whole()

    def done(self, type_, n, claimed, verified=None):
        self.on(*claimed)
        self.move("maker/quality", type_, n, CLAIM)
        if verified:
            self.on(*verified)
            self.move("clinics/quality", type_, n, VERIFY)

    def test_msr_5_milestones(self):
        """MSR-5: one in time, one late, one rebased and late by its first date; one is due in the next week."""
        self.on(0, 11)
        m = [self.item("maker/quality", "MILESTONE", due=MONDAY + d) for d in (2, 3, 4, 8)]
        self.done("MILESTONE", m[0], (2, 10), (4, 10))
        self.move("maker/quality", "MILESTONE", m[2], REBASE, due=MONDAY + 9, text=WHY)
        self.done("MILESTONE", m[1], (4, 12), (4, 13))
        self.done("MILESTONE", m[2], (5, 10), (5, 11))
        self.computed(0)
        self.assertEqual(self.value("milestones-hit"), (3333, 2))
        self.computed(1)
        self.assertEqual(self.value("milestones-hit", 1), (0, 0))
        self.whole()

    def test_msr_5_items(self):
        """MSR-5: 1 d and 2.5 d; two conflicts; of three items with the tag two are closed."""
        self.on(0, 11)
        one = self.item("maker/quality", "ISSUE", tags=["innovation"])
        self.on(0, 12)
        two = self.item("maker/quality", "ISSUE", tags=["another"])
        self.done("ISSUE", one, (1, 10), (1, 11))
        self.done("ISSUE", two, (2, 10), (3, 0))
        for tags in (["another", "innovation"], ["innovation"]):
            lesson = self.item("maker/quality", "LESSON", tags=tags)
        self.move("maker/quality", "LESSON", lesson, CLAIM)
        for seat in ("clinics/quality", "distributor/quality"):
            self.item("maker/quality", "CONFLICT", against=seat)
        self.computed(0)
        self.assertEqual(self.value("issue-cycle-time"), (175, 2))
        self.assertEqual(self.value("conflict-count-and-time"), (2, 0))
        self.assertEqual(self.value("items tagged"), (2, 0))
        self.computed(1)
        self.assertEqual([self.value(m, 1) for m in ("issue-cycle-time", "conflict-count-and-time", "items tagged")],
                         [None, (0, 0), (0, 0)])
        self.whole()

    def managers(self):
        seats = [o + "/alliance-manager" for o in ("clinics", "distributor", "maker")]
        self.hold(*seats)
        return seats

    def test_msr_6(self):
        """MSR-6: pulses of 3.33 and 5, and one of too few voices."""
        seats, salt = self.managers(), sha256(b"salt")
        said = {"clinics": (3, [0, 1, 0, 2, 0]), "distributor": (2, None), "maker": (3, [0, 0, 0, 0, 3])}
        sealed = {s: {"org": o, "metric": "trust", "period": MONDAY, "voices": said[o][0], "histogram": said[o][1]}
                  for s, o in ((s, s.split("/")[0]) for s in seats)}
        self.on(7, 9)
        for s in seats:
            self.a.say(s, "commit_reading", {"metric": "trust", "period": MONDAY,
                                             "digest": sha256(salt + CODEC.encode("sealed_value", sealed[s]))})
        for s in seats:
            self.a.say(s, "reveal_reading", {"salt": salt, "sealed": sealed[s]})
        self.computed(0)
        self.assertEqual(self.value("trust-gap"), (167, 2))
        self.computed(1)
        self.assertIsNone(self.row("trust-gap", 1))
        self.whole()

    def test_msr_7(self):
        """MSR-7: one promise is not kept, one is; of the third nobody has countersigned the number."""
        clinics, distributor, maker = self.managers()
        self.on(7, 9)
        for name, seat, value, check in (("firmware-team", maker, (85, 1), clinics), ("delivery-slots", distributor, (1800, 0), maker),
                                         ("review-hours", clinics, (1, 0), None)):
            self.a.say(seat, "reading", {"metric": name, "purpose": 1, "period": MONDAY, "value": value})
            if check:
                n, r = next((n, r) for n, r in self.a.gov.readings.items() if r["metric"] == name)
                self.a.say(check, "mark_reading", {"reading": {"number": n, "digest": r["now"]["digest"]}, "act": COUNTERSIGN})
        self.computed(0)
        self.assertEqual(self.value("resourcing-gap"), (50, 0))
        self.computed(1)
        self.assertIsNone(self.row("resourcing-gap", 1))
        self.whole()


class Watched(Measured):
    def two_weeks(self):
        """Vetoes in the first week and the third; nothing is decided in the second."""
        self.vetoed(self.proposed(0, 12))
        self.computed(0)
        self.assertFalse(self.a.gov.triggers[1, "vetoes"]["since_ms"])
        self.vetoed(self.proposed(14, 12))
        self.computed(1)
        self.computed(2)
        self.assertEqual([self.value("veto-rate", w) for w in (0, 1, 2)], [(100, 0), None, (100, 0)])

    def asked(self):
        return [(owner, offered) for words, owner, offered in self.actions() if words == "early warning vetoes holds"]

    def test_trg_5(self):
        """TRG-3: a period without a value is passed over. TRG-5: each partner's alliance-manager is asked."""
        self.two_weeks()
        self.assertEqual(self.a.gov.triggers[1, "vetoes"]["since_ms"], self.a.now)
        self.assertEqual(self.asked(), [(o + "/alliance-manager", None) for o in ("clinics", "distributor", "maker")])
        self.assertEqual(self.a.gov.triggers[2, "vetoes"]["since_ms"], self.a.now)
        self.whole()

    def test_ind_4(self):
        """IND-4: a period without a value is passed over. IND-6: there is no reading. TRG-5: a risk watches already."""
        n = self.item("maker/quality", "RISK", category="clinical", likelihood=2, impact=2, indicators=[
            {"metric": "w-veto-rate", "op": ENUMS["comparison"]["CMP_GE"], "number": (50, 0), "periods": 2}])
        self.two_weeks()
        it = self.a.gov.items[bytes([1]) + n.to_bytes(8, "big")]
        x = it["indicators"][0]
        self.assertEqual((x["since_ms"], x["from"], x["period"], x["reading"]), (self.a.now, MONDAY, MONDAY + 14, None))
        self.assertEqual(it["warned_ms"], self.a.now)
        self.assertEqual(self.asked(), [])
        self.proposed(21, 12)
        self.computed(3)
        self.assertEqual(self.value("veto-rate", 3), (0, 0))
        self.assertIsNone(it["indicators"][0].get("since_ms"))
        events = [CODEC.decode("state_item_event", v) for (t, k), v in sorted(self.a.gov.rows.items())
                  if (t, k[:9]) == (CODEC.schema.tables["ITEM_EVENT"][0], bytes([1]) + n.to_bytes(8, "big"))]
        told = [(CODEC.schema.names["item_event", e.type], e.period, e.reading, e.seat) for e in events if e.period is not None]
        self.assertEqual(told, [("warned", MONDAY + 14, None, None), ("warning over", MONDAY + 21, None, None)])
        self.whole()


if __name__ == "__main__":
    unittest.main()
