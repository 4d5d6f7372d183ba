#!/usr/bin/env python3
"""Random stories of sections 26 to 28, last days, refresh and trainings. After every block: what follows from other rows does.

ENTENTE_AUDIT, when it names the program entente-audit, is asked of each refusal and of every eighth block, and must say the
same: of the entries (ENT-1), and of the tables and their keys (GOV-1), whose root is in each header. STORIES and SEED: how many of either kind, and from which seed on."""
import collections
import os
import pathlib
import tempfile
import unittest

import acts
import differential
from differential import DAY, Story, audit, judged
import forge
from forge import CODEC

AUDIT = os.environ.get("ENTENTE_AUDIT")
STORIES, FIRST = int(os.environ.get("STORIES", "6")), int(os.environ.get("SEED", "1"))
STEPS = 50
ENUMS, TABLES = CODEC.schema.enums, {n: t for n, (t, _) in CODEC.schema.tables.items()}
DECODED = {TABLES[t]: "state_" + b for t, b in (
    ("DECISION", "decision"), ("PINNED", "pinned"), ("EVENT", "event"), ("ITEM", "item"), ("ITEM_EVENT", "item_event"),
    ("SESSION", "session"), ("TRIGGER", "trigger"), ("METRIC", "metric"), ("READING", "reading"), ("META", "counter"),
    ("REVISION", "revision"), ("COMPUTED", "computed"))}
MEASURED = ("clinical-claim", "clinical-claim", "clinical-claim", "safety-notice", "safety-notice", "spend", "commercial-terms",
            "exception", "delivery-tradeoff", "charter-policy", "charter-policy")
ROWS = ("clinical-claim", "clinical-claim", "clinical-claim", "safety-notice", "safety-notice", "exception", "exception",
        "exception", "pivot", "renewal", "exit", "removal", "charter-core", "charter-core", "charter-policy",
        "charter-policy", "risk-acceptance")
CORE, POLICY = (4, 11, 30), (18, 20, 29)
CLAUSES = ("thesis", "thesis.objective", "thesis.adhesion", "budgets.studies", "budgets.list", "commitments.firmware-team",
           "term.to", "exit.triggers.busy", "exit.unwind", "consequences", "refresh.every", "refresh.body", "zoo")
ORGS = {o: (role, tuple(sorted({*seats, *(("alliance-manager",) if role == forge.PARTNER else ())})), extra)
        for o, (role, seats, extra) in differential.ORGS.items()}


def count(name, op, n, days):
    return {"type": ENUMS["condition"]["COND_COUNT"], "name": name, "op": ENUMS["comparison"][op], "number": (n, 0),
            "within": {"n": days, "unit": ENUMS["span_unit"]["UNIT_D"]}}


def metric(name, op, n):
    return {"type": ENUMS["condition"]["COND_METRIC"], "name": name, "op": ENUMS["comparison"][op], "number": (n, 0)}


def conditions(pick):
    """Triggers of section exit, and consequences; pick: of several, one."""
    either, both = ENUMS["connective"]["JOIN_OR"], ENUMS["connective"]["JOIN_AND"]
    triggers = [
        {"name": "busy", "when": {"terms": [count("clinical-claim", "CMP_GE", pick((2, 3)), pick((10, 20)))]}},
        {"name": "notices", "when": {"terms": [count("safety-notice", "CMP_GE", 2, 9), metric("patients", "CMP_LT", 5)],
                                     "join": either}},
        {"name": "slow", "when": {"terms": [metric("c-waiting-time", "CMP_GE", pick((1, 2)))]}},
        {"name": "term-ends", "when": {"terms": [{"type": ENUMS["condition"]["COND_TERM_OVER"]}]}}]
    manager = {"org": None, "seat": "alliance-manager", "body": None}
    consequences = [
        {"when": {"terms": [count("issue", "CMP_GE", 2, pick((5, 9)))]}, "opens": "action", "owner": manager},
        {"when": {"terms": [count("risk", "CMP_LT", 2, 20), count("action", "CMP_GE", 3, 20)], "join": both},
         "opens": "clinical-claim"},
        {"when": {"terms": [metric("firmware-team", "CMP_GE", 3)]}, "opens": "request", "owner": manager},
        {"when": {"terms": [metric("c-overdue-readings", "CMP_GE", 2), metric("c-resourcing-gap", "CMP_GT", 0)], "join": both},
         "opens": "action", "owner": manager}]
    return triggers, consequences


def charter():
    out = dict(acts.charter())
    triggers, consequences = conditions(lambda of: of[0])
    today = forge.FOUNDED // DAY
    out["charter_exit"] = {**out["charter_exit"], "triggers": triggers}
    out["charter_consequences"] = {"list": consequences}
    out["charter_term"] = {**out["charter_term"], "to": today + 40, "renewal_opens": {"n": 20, "unit": 2}}
    out["charter_refresh"] = {**out["charter_refresh"], "every": {"n": 12, "unit": 1}}
    more = {"exception": {"longest": {"n": 20, "unit": 2}}, "clinical-claim": {"reaffirms": 9}, "removal": {"reaffirms": 17},
            "charter-core": {"notice": {"n": 0, "unit": 1}, "reaffirms": 11}, "charter-policy": {"notice": {"n": 2, "unit": 3}}}
    rows = [{**r, **more.get(r["name"], {})} for r in out["charter_decisions"]["rows"]]
    out["charter_decisions"] = {**out["charter_decisions"], "rows": rows}
    return out


class Resting(Story):
    def amendment(self, number):
        fields, pick = dict(self.gov.section(number)._fields), self.pick
        triggers, consequences = conditions(pick)
        if number == 4:
            fields["to"] = self.a.now // DAY + pick((1, 3, 15, 30))
        if number == 11:
            fields["list"] = [{**c._fields, "every": {"n": pick((1, 2)), "unit": pick((2, 3))}} for c in fields["list"]
                              if self.chance(0.9)]
        if number == 18:
            fields["list"] = [{**b._fields, "to": b.to + pick((0, 1))} for b in fields["list"]]
        if number == 20:
            fields["list"] = [x for x in consequences if self.chance(0.8)]
        if number == 29:
            fields["every"] = {"n": pick((3, 9, 400)), "unit": 1}
        if number == 30:
            fields["triggers"] = [x for x in triggers if x["name"] == "term-ends" or self.chance(0.8)]
        return {"type": 2, "section": number, "body": CODEC.encode(CODEC.schema.numbers["charter", number], fields),
                "base_version": self.gov.sections[number]["version"]}

    def effect(self, type_):
        if type_ in ("charter-core", "charter-policy") and self.chance(0.9):
            return self.amendment(self.pick(CORE if type_ == "charter-core" else POLICY))
        return super().effect(type_)

    def reliance(self):
        what = self.pick(("assumption", "reading", "clause"))
        if what == "assumption":
            known = [it["number"] for it in self.gov.items.values() if self.gov.kind_of(it) == "assumption"]
            return {what: self.pick(known, 1)}
        if what == "clause":
            return {what: self.pick(CLAUSES)}
        r = self.pick([r for r in self.gov.readings.values() if r.get("now")])
        return {what: {"number": r["number"] if r else 1, "digest": r["now"]["digest"] if r and self.chance(0.9) else bytes(32)}}

    def proposal(self, type_, partner=None):
        p = super().proposal(type_, partner)
        if type_ == "exception" or self.chance(0.1):
            p["until"] = self.a.now // DAY + self.pick((1, 3, 5, 10, 19, 22, -1))
        if self.chance(0.6):
            p["relies"] = [self.reliance() for _ in range(self.rng.randint(1, 3))]
        return p

    def propose(self):
        type_ = self.pick(ROWS)
        row = next(r for r in self.gov.section(14).rows if r.name == type_)
        owners = sorted({s for o in row.owner for s in self.gov.charter().selected(o)})
        return self.seat(*[s for s in owners if self.gov.seats[s]["keys"]]), "propose", {
            "type": type_, "proposal": self.proposal(type_)}

    def assume(self):
        """An assumption opened, claimed, verified or linked; mostly on to being falsified."""
        found = [it for it in self.gov.items.values() if self.gov.kind_of(it) == "assumption"]
        it = self.pick(found)
        if not it or self.chance(0.3):
            return self.seat("clinics/quality", "maker/quality"), "item", {"type": 6, "title": bytes(32)}
        body = {"item": {"type": 6, "number": it["number"]}, "finding": self.pick((2, 2, 2, 1))}
        if self.gov.item_in(it, "OPEN"):
            return self.seat(it["owner"]), "item_move", {**body, "step": 3}
        if self.gov.item_in(it, "CLAIMED"):
            return self.seat("distributor/quality", "maker/sponsor"), "item_move", {**body, "step": 4}
        return self.seat("maker/quality"), "item_move", {"item": body["item"], "step": 6, "link": {
            "decision": self.pick(self.gov.decisions, 1)}}

    def train(self):
        live = [it for it in self.gov.items.values() if self.gov.kind_of(it) == "training" and not
                self.gov.item_in(it, "CLOSED")]
        it = self.pick(live)
        if not it:
            return self.seat("maker/quality"), "item", {"type": 13, "title": bytes(32), "due": self.a.now // DAY + 9,
                                                        "name": self.pick(("returns", "safety-notice", None))}
        body = {"item": {"type": 13, "number": it["number"]}, "step": 3 if self.gov.item_in(it, "OPEN") else 4}
        return self.seat(it["owner"] if body["step"] == 3 else "clinics/quality"), "item_move", body

    ACTIONS = (("propose", 30), ("ballot", 60), ("revise", 4), ("withdraw", 2), ("move", 3), ("give", 8), ("wait", 10))
    MORE_ACTIONS = (("recommend", 2), ("answer", 4))
    METRIC_ACTIONS = acts.Measured.METRIC_ACTIONS
    ITEM_ACTIONS = (("assume", 14), ("train", 5), ("meet", 8), ("item", 4), ("step_of", 6))
    SHARE_ACTIONS = ()


class Measuring(Story):
    """What measures are computed of, and amendments of what is computed. Each story has more of something."""
    MORE = (("work",), ("pulse",), ("propose", "ballot"), ("promise", "meet_regularly"), ("pause", "forbid"))

    def __init__(self, seed, base):
        super().__init__(seed, base)
        more = self.MORE[seed % len(self.MORE)]
        self.actions = [(name, n * (4 if name in more else 1)) for name, n in self.actions]

    def seat(self, *among):
        return self.pick(among) if among and self.chance(0.8) else super().seat(*among)

    def effect(self, type_):
        return self.amendment() if type_ == "charter-policy" else super().effect(type_)

    def amendment(self):
        """MET-3: a computed metric with another measure, period or due, gone, back, or reported."""
        lines, pick = {m.name: dict(m._fields) for m in self.gov.section(17).list}, self.pick
        name = pick(sorted(n for n in lines if n.startswith("c-")))
        what = pick(("measure", "every", "due", "goes"))
        if what == "measure":
            measure = pick(sorted(acts.MEASURES))
            lines[name].update({"from": None, "check": None}, computed={
                "measure": acts.MEASURES[measure], "tag": "innovation" if measure == "items tagged" else None})
        elif what == "every":
            lines[name]["every"] = {"n": pick((1, 2, 5)), "unit": pick((1, 2))}
        elif what == "due":
            lines[name]["due"] = {"n": pick((1, 2, 9)), "unit": pick((1, 2, 3))}
        elif "c-cadence-kept" not in lines:  # no condition looks at it, nor at the next one
            lines["c-cadence-kept"] = acts.computed("cadence-kept")
        elif self.chance(0.5):
            del lines["c-cadence-kept"]
        else:
            lines["c-decision-velocity"].update({"from": {"each": False, "org": "clinics", "seat": "quality"}},
                                                check="maker/quality", computed=None)
        body = CODEC.encode("charter_metrics", {"list": [lines[n] for n in sorted(lines)]})
        return {"type": 2, "section": 17, "body": body, "base_version": self.gov.sections[17]["version"]}

    def propose(self):
        type_ = self.pick(MEASURED)
        row = next(r for r in self.gov.section(14).rows if r.name == type_)
        owners = sorted({s for o in row.owner for s in self.gov.charter().selected(o)})
        return self.seat(*[s for s in owners if self.gov.seats[s]["keys"]]), "propose", {
            "type": type_, "proposal": self.proposal(type_)}

    def span(self, wait=False):
        """Mostly on to what is computed next, and past no deadline."""
        first = min((t for t in self.gov.timers if self.gov.of_silence(t) or t[16] == ENUMS["timer_kind"]["TIMER_PERIOD"]),
                    default=None)
        due = int.from_bytes(first[:8], "big") - self.a.now if first else 0
        return due if wait and due > 0 and self.chance(0.7) else super().span(wait)

    ACTIONS = (("propose", 7), ("ballot", 30), ("revise", 2), ("forbid", 1), ("wait", 11))
    MORE_ACTIONS = (("in_its_stead", 1), ("recuse", 1), ("recommend", 1), ("answer", 1), ("pause", 8), ("resume", 1))
    ITEM_ACTIONS, WARNING_ACTIONS = (("step_of", 3), ("work", 3)), (("watched", 3), ("work_on_risk", 2), ("pulse", 5))
    METRIC_ACTIONS = SHARE_ACTIONS = RESTING_ACTIONS = ()


class Superseding(Story):
    """Decisions in effect, and what takes their place (GOV-69)."""
    ACTIONS = (("propose", 3), ("ballot", 3), ("revise", 3), ("withdraw", 1), ("wait", 5))
    MORE_ACTIONS = (("recommend", 1), ("answer", 1), ("pause", 1))
    RESTING_ACTIONS = (("replace", 60),)
    METRIC_ACTIONS = ITEM_ACTIONS = WARNING_ACTIONS = MEASURE_ACTIONS = SHARE_ACTIONS = ()


class Stories(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.founded, cls.seen = forge.Alliance(orgs=ORGS, charter=charter()), collections.Counter()
        quick = dict(acts.charter())
        quick["charter_decisions"] = {**quick["charter_decisions"], "rows": [
            {**r, **({"notice": {"n": 2, "unit": 3}} if r["name"] == "charter-policy" else {})}
            for r in quick["charter_decisions"]["rows"]]}
        cls.measured = forge.Alliance(orgs=ORGS, charter=quick)

    def timers(self, gov, *kinds):
        kinds = [ENUMS["timer_kind"]["TIMER_" + k] for k in kinds]
        return {(int.from_bytes(t[:8], "big"), int.from_bytes(t[8:16], "big"), t[16]) for t in gov.timers if t[16] in kinds}

    def follows(self, gov):
        """What rows follow from others."""
        for (table, key), _ in gov.changed.items():
            if table in DECODED and (table, key) in gov.rows:
                CODEC.decode(DECODED[table], gov.rows[table, key])
        relied = {bytes([w]) + n.to_bytes(8, "big") + d.to_bytes(8, "big") for d, x in gov.decisions.items()
                  for w, n in map(gov.relied_on, gov.rests_on(x))}
        self.assertEqual({k for t, k in gov.rows if t == TABLES["RELIED"]}, relied)
        due = {gov.timer_of(d) for d in gov.decisions.values()} - {None}
        self.assertEqual(due, {t for t in gov.timers if t[16] <= ENUMS["timer_kind"]["TIMER_EXPIRY"]
                               and t[16] != ENUMS["timer_kind"]["TIMER_RECOVERY"]})
        kinds, last = ENUMS["timer_kind"], gov.last
        self.assertEqual(self.timers(gov, "REFRESH"), {(last["refresh"], 0, kinds["TIMER_REFRESH"])})
        self.assertEqual(self.timers(gov, "TERM"), {(last["term/%d" % n], n, kinds["TIMER_TERM"]) for n in (1, 2)
                                                    if last.get("term/%d" % n) is not None})
        judged_ = {at: (when, opens) for at, when, opens in gov.conditions() if gov.judgeable(when)}
        self.assertEqual(set(judged_), set(gov.triggers))
        for at, condition in judged_.items():
            row = gov.triggers[at]
            self.assertTrue(gov.condition_is(row, *condition))
            self.assertTrue(row["since_ms"] is not None or row["asked"] is None)

        self.assertEqual(self.timers(gov, "PERIOD"), {(m["ends_ms"], n, kinds["TIMER_PERIOD"])
                                                     for n, m in gov.metric_rows.items() if m["ends_ms"] is not None})
        for line in gov.metrics():
            m = gov.metric_rows[last["metric/" + line.name]]
            self.assertEqual((m["computed"] is None, m["every"].n, m["every"].unit),
                             (line.computed is None, line.every.n, line.every.unit))

    def same(self, b, words, last):
        if not AUDIT or not (b.refused or last):
            return
        code, said = audit(AUDIT, forge.pack(b.frames()))
        good = code == 0
        if b.refused:
            text = CODEC.schema.verdicts.get(b.refused.words.split(":")[0], "")
            good = code == 6 and said.startswith(b.refused.rule) and text in said
        if not good:
            kept = pathlib.Path(tempfile.gettempdir()) / "apart.pack"
            kept.write_bytes(forge.pack(b.frames()))
            self.fail("block %d (%s): here %s; entente-audit: %d %s" % (len(b.blocks) - 1, words, b.refused, code, said))

    def told(self, s, steps):
        for i in range(steps):
            b, words = s.step()
            if b.epoch > s.a.epoch:
                b.refused = judged(b)
            self.same(b, words, i % 8 == 7 or i == steps - 1)
            if not b.refused:
                self.follows(b.gov)
                s.a = b
        for (table, _), data in s.gov.rows.items():
            for name, enum in (("EVENT", "event_type"), ("ITEM_EVENT", "item_event")):
                if table == TABLES[name]:
                    self.seen[CODEC.schema.names[enum, CODEC.decode(DECODED[table], data).type]] += 1
        return s.gov

    def test_stories(self):
        for seed in range(FIRST, FIRST + STORIES):
            with self.subTest(seed=seed):
                self.told(Resting(seed, self.founded), STEPS)
        if STORIES > 20:
            print(dict(sorted(self.seen.items())))

    def test_superseded(self):
        """GOV-69."""
        words = []
        for seed in range(FIRST, FIRST + STORIES):
            with self.subTest(seed=seed):
                gov = self.told(Superseding(seed, self.founded), STEPS)
                words += [CODEC.decode("state_event", v).words for (t, _), v in gov.rows.items() if t == TABLES["EVENT"]]
        late = sum("is not in effect any more" in (w or "") for w in words)
        print("superseded, and too late to supersede:", (self.seen["superseded"], late))
        self.assertGreater(self.seen["superseded"], STORIES // 2)

    def test_measured(self):
        """Of each measure, how many values there were, and how many of them were not 0."""
        found, told = collections.Counter(), collections.Counter()
        for seed in range(FIRST, FIRST + STORIES):
            with self.subTest(seed=seed):
                for measure, value in acts.values(self.told(Measuring(seed, self.measured), 2 * STEPS)):
                    found[measure] += 1
                    told[measure] += value[0] != 0
        print("computed, and not 0:", {m: (found[m], told[m]) for m in sorted(acts.MEASURES)})
        self.assertGreater(sum(told[m] > 0 for m in acts.MEASURES), len(acts.MEASURES) - 3)


if __name__ == "__main__":
    unittest.main()
