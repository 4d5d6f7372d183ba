#!/usr/bin/env python3
"""Of sections 16 and 18: periods and readings that time makes, receipts, deemed consent, sums.

ENTENTE_AUDIT, when it names the program entente-audit, gets each pack too, and must say the same."""
import datetime
import functools
import unittest

import forge
from forge import CODEC, HOUR, LARGE, STEP, sha256
from readings import EPOCH, LAST_DAY, period
from test_members import AMEND, DAY, REJECT, Case

D, WEEK, MONTH, QUARTER, YEAR = ("PERIOD_DAY", "PERIOD_WEEK", "PERIOD_MONTH", "PERIOD_QUARTER", "PERIOD_YEAR")
REPORTED = ["false-alarms", "late-deliveries", "patients", "revenue", "sensor-yield", "swiss-patients"]
SEALED = ["alignment", "trust"]
COMPUTED = ["conflicts", "innovations", "issue-closure", "joint-ip", "milestones-hit", "resourcing-gap"]


def day(text):
    return (datetime.date.fromisoformat(text) - EPOCH).days


def metrics(change):
    """The charter with metrics changed: name -> fields, or None to leave it out."""
    charter = dict(forge.large_charter())
    lines = [{**m._fields, **change.get(m.name, {})} for m in charter["charter_metrics"].list if change.get(m.name, 1)]
    charter["charter_metrics"] = {"list": lines}
    return charter


@functools.lru_cache(maxsize=None)
def founded(*rows):
    """rows: (row, fields as pairs) that the charter has instead."""
    charter = dict(forge.large_charter())
    more = {name: {k: dict(v) if k == "notice" else list(v) if k == "veto" else v for k, v in fields}
            for name, fields in rows}
    charter["charter_decisions"] = {**charter["charter_decisions"], "rows": [
        {**r, **more.get(r["name"], {})} for r in charter["charter_decisions"]["rows"]]}
    return forge.Alliance(orgs=LARGE, charter=charter)


class Rule(unittest.TestCase):
    """MET-1."""

    def test_dates(self):
        for unit, n, at, first, after in (
                (D, 1, "2026-11-23", "2026-11-23", "2026-11-24"), (D, 7, "1970-01-09", "1970-01-08", "1970-01-15"),
                (WEEK, 1, "2026-11-29", "2026-11-23", "2026-11-30"),
                (WEEK, 2, "1970-01-05", "1970-01-12", None),
                (MONTH, 1, "2028-02-29", "2028-02-01", "2028-03-01"),
                (MONTH, 5, "1970-12-31", "1970-11-01", "1971-04-01"),
                (QUARTER, 1, "2026-12-31", "2026-10-01", "2027-01-01"),
                (QUARTER, 3, "1970-10-01", "1970-10-01", "1971-07-01"),
                (YEAR, 1, "2026-01-01", "2026-01-01", "2027-01-01"),
                (YEAR, 4, "2026-06-01", "2026-01-01", "2030-01-01")):
            with self.subTest((unit, n, at)):
                if after is None:  # a two week period that begins on 29 December 1969
                    self.assertIsNone(period(unit, n, day(at)))
                else:
                    self.assertEqual(period(unit, n, day(at)), (day(first), day(after)))

    def test_one_follows_the_other(self):
        for unit in (D, WEEK, MONTH, QUARTER, YEAR):
            for n in (1, 2, 5):
                at, seen = 20_000, 0
                while seen < 40:
                    first, after = period(unit, n, at)
                    self.assertTrue(first <= at < after)
                    self.assertEqual(period(unit, n, first), period(unit, n, after - 1))
                    at, seen = after, seen + 1

    def test_none_outside(self):
        self.assertIsNone(period(WEEK, 1, 0))  # it began in 1969
        self.assertEqual(period(D, 1, LAST_DAY - 1), (LAST_DAY - 1, LAST_DAY))
        self.assertIsNone(period(D, 1, LAST_DAY))


class Words(Case):
    def standing_of(self, name):
        return {(r["org"], CODEC.schema.names["reading_standing", r["standing"]])
                for r in self.a.gov.readings.values() if r["metric"] == name}

    def timers(self, *kinds):
        numbers = {CODEC.schema.enums["timer_kind"][k] for k in kinds}
        return sorted(t for t in self.a.gov.timers if t[16] in numbers)

    def next_timer(self, *kinds):
        return min(int.from_bytes(t[:8], "big") for t in self.timers(*kinds))

    def until(self, *kinds):
        """To the next timer of these kinds."""
        self.a.wait(self.next_timer(*kinds) - self.a.now)

    def amended(self, lines):
        body = CODEC.encode("charter_metrics", {"list": lines})
        n = self.a.propose("maker/quality", "charter-policy", {"type": AMEND, "section": 17, "base_version":
                           self.a.gov.sections[17]["version"], "body": body})
        self.a.ballot(n, *[o + "/quality" for o in ("clinics", "distributor", "maker")])
        self.a.wait(self.a.gov.decisions[n]["effective_ms"] - self.a.now)
        self.assertEqual(self.phase(n), "effective")


class Periods(Words):
    """MET-2 to MET-5, MET-9 to MET-11, without an entry of readings."""

    def test_founding(self):
        rows = [m["name"] for _, m in sorted(self.a.gov.metric_rows.items())]
        promised = ("delivery-slots", "firmware-team", "review-hours")  # commitments of which no metric has the name (MET-12)
        self.assertEqual(rows, sorted((*REPORTED, *SEALED, *COMPUTED, *promised)))
        self.assertEqual(len(self.timers("TIMER_PERIOD")), len(rows))
        self.good()

    def test_owed_late_and_missed(self):
        a = self.a
        self.until("TIMER_PERIOD")  # a week or a month, whichever ends first
        first = a.now
        while not self.standing_of("trust"):
            self.until("TIMER_PERIOD", "TIMER_READING")
        self.assertEqual(self.standing_of("trust"), {(o, "owed") for o in ("clinics", "distributor", "maker")})
        self.assertTrue(self.standing_of("patients") <= {("clinics", "owed")})
        while {s for _, s in self.standing_of("trust")} == {"owed"}:
            self.until("TIMER_READING")
        self.assertEqual({s for _, s in self.standing_of("trust")}, {"missed"})
        late = [r for r in a.gov.readings.values() if r.get("late_ms")]
        self.assertEqual({r["metric"] for r in late} & set(REPORTED), set(REPORTED))
        for r in late:
            self.assertTrue(first < r["late_ms"] and r["due_ms"] is None)
        self.assertIsNone(a.gov.halted)
        self.good()

    def test_many_periods_in_one_block(self):
        """Each timer that a timer sets is due at once, and fires in the same block while there is room."""
        self.a.wait(400 * DAY)
        self.good()

    def test_a_halt_moves_none_of_them(self):
        """MET-11, GOV-T2."""
        a = self.a
        a.propose("maker/quality", "clinical-claim")
        before = self.timers("TIMER_PERIOD")
        a.wait(20 * DAY)
        self.assertTrue(self.timers("TIMER_DEADLINE"))
        self.assertGreaterEqual(int.from_bytes(self.timers("TIMER_DEADLINE")[0][:8], "big"), a.now)
        self.assertNotEqual(self.timers("TIMER_PERIOD"), before)
        self.good()

    def test_dropped_with_its_organisation(self):
        a = self.a
        while not self.standing_of("trust"):
            self.until("TIMER_PERIOD", "TIMER_READING")
        self.removed("distributor")
        self.assertIn(("distributor", "dropped"), self.standing_of("trust"))
        self.assertIn(("maker", "owed"), self.standing_of("trust"))
        n = len(a.gov.readings)
        while len(a.gov.readings) == n or not any(r["metric"] == "trust" for k, r in a.gov.readings.items() if k > n):
            self.until("TIMER_PERIOD", "TIMER_READING")
        later = {r["org"] for k, r in a.gov.readings.items() if k > n}
        self.assertNotIn("distributor", later)
        self.good()

    def test_amended(self):
        """MET-3: one goes, one comes, one has another period; and again."""
        a = self.a
        while not self.standing_of("trust"):
            self.until("TIMER_PERIOD", "TIMER_READING")
        lines = [dict(m._fields) for m in a.gov.section(17).list]
        changed = [{**m, **({"every": {"n": 2, "unit": 2}} if m["name"] == "patients" else {})} for m in lines
                   if m["name"] != "trust"]
        self.amended(changed)
        self.assertEqual({s for _, s in self.standing_of("trust")}, {"dropped"})
        self.until("TIMER_PERIOD")
        self.amended(lines)
        self.until("TIMER_PERIOD")
        self.until("TIMER_READING")
        self.good()

    def test_other_units(self):
        for every in ({"n": 3, "unit": 1}, {"n": 2, "unit": 2}, {"n": 5, "unit": 3}, {"n": 1, "unit": 5}):
            with self.subTest(every):
                charter = metrics({m: {"every": every} for m in REPORTED + SEALED})
                self.a = forge.Alliance(orgs=LARGE, charter=charter)
                for _ in range(3):
                    self.until("TIMER_PERIOD", "TIMER_READING")
                self.good()


class Silence(Words):
    """GOV-56 to GOV-58."""

    def setUp(self):
        super().setUp()
        self.a = forge.branch(founded(("clinical-claim", (("silence", 2),))))
        self.n = self.a.propose("maker/quality", "clinical-claim")

    def receipt(self, seat, **more):
        self.a.say(seat, "receipt", {"decision": self.a.ref(self.n)}, **more)

    def to_deadline(self):
        self.a.wait(self.a.gov.decisions[self.n]["deadline_ms"] - self.a.now)

    def approved_by_two(self):
        self.a.ballot(self.n, "clinics/quality", "maker/quality")

    def test_deemed(self):
        self.approved_by_two()
        self.receipt("distributor/node")
        self.to_deadline()
        self.assertEqual(self.events(self.n)[-4:], ["receipt", "deemed consent", "passed", "effective"])
        self.assertEqual(self.a.gov.decisions[self.n]["deemed"], ["distributor"])
        self.good()

    def test_by_a_note(self):
        """GOV-57: what is said of it is a receipt, without an event."""
        self.approved_by_two()
        self.a.say("distributor/sponsor", "note", {"type": 1, "decision": self.a.ref(self.n), "text": sha256(b"seen")})
        self.to_deadline()
        self.assertNotIn("receipt", self.events(self.n))
        self.assertIn("deemed consent", self.events(self.n))
        self.good()

    def test_not_without_a_receipt(self):
        self.approved_by_two()
        self.to_deadline()
        self.assertEqual(self.events(self.n)[-1], "escalated")
        self.good()

    def test_not_with_a_late_one(self):
        self.approved_by_two()
        d = self.a.gov.decisions[self.n]
        self.receipt("distributor/quality", wait=d["receipts_until_ms"] + 1 - self.a.now)
        self.to_deadline()
        self.assertEqual(self.events(self.n)[-1], "escalated")
        self.good()

    def test_in_time_to_the_millisecond(self):
        self.approved_by_two()
        d = self.a.gov.decisions[self.n]
        self.receipt("distributor/quality", wait=d["receipts_until_ms"] - self.a.now)
        self.to_deadline()
        self.assertIn("deemed consent", self.events(self.n))
        self.good()

    def test_not_against_a_rejection(self):
        self.a.ballot(self.n, "maker/quality")
        self.a.ballot(self.n, "clinics/quality", choice=REJECT)
        self.receipt("distributor/quality")
        self.to_deadline()
        self.assertNotIn("deemed consent", self.events(self.n))
        self.good()

    def test_not_when_nobody_approves(self):
        for seat in ("clinics/quality", "distributor/quality", "maker/quality"):
            self.receipt(seat)
        self.to_deadline()
        self.assertNotIn("deemed consent", self.events(self.n))
        self.good()

    def test_refused(self):
        ref = self.a.ref(self.n)
        self.refused("NO_SUCH_OBJECT", "maker/node", "receipt", {"decision": {**ref, "number": 9}})
        self.refused("WRONG_REVISION", "maker/node", "receipt", {"decision": {**ref, "digest": bytes(32)}})
        self.refused("NOT_PERMITTED", "trustee/node", "receipt", {"decision": ref})
        self.refused("CHANGED_SINCE", "maker/node", "receipt", {"decision": ref}, basis=-2)
        self.receipt("maker/node")
        self.refused("DUPLICATE", "maker/quality", "receipt", {"decision": ref})
        self.good()

    def test_a_row_without_it_takes_receipts(self):
        self.n = self.a.propose("maker/business-lead", "commercial-terms", amount={"minor": 1, "currency": "EUR"})
        self.receipt("clinics/node")
        self.assertEqual(self.events(self.n)[-1], "receipt")
        self.good()


class Sums(Words):
    """GOV-60, GOV-61, GOV-63: splitting does not evade a threshold."""

    def terms(self, euro, **more):
        return self.a.propose("maker/business-lead", "commercial-terms",
                              amount={"minor": euro * 100, "currency": "EUR"}, **more)

    def passed(self, n):
        self.a.ballot(n, *[o + "/business-lead" for o in ("clinics", "distributor", "maker")])

    def level(self, n):
        return self.a.gov.decisions[n]["level"]

    def test_the_second_half_is_raised_at_opening(self):
        n = self.terms(150_000)
        self.passed(n)
        self.assertEqual((self.phase(n), self.level(n)), ("passed", 0))
        self.assertEqual(self.level(self.terms(50_000)), 0)
        self.assertEqual(self.level(self.terms(50_001)), 1)
        self.assertEqual(self.level(self.terms(-500_000)), 0)
        self.assertEqual(self.level(self.terms(50_001, scope="ch")), 0)
        self.good()

    def test_or_when_it_would_pass(self):
        n, m = self.terms(150_000), self.terms(150_000)
        self.passed(n)
        self.passed(m)
        self.assertEqual((self.phase(m), self.level(m), self.events(m)[-1]), ("open", 1, "raised"))
        self.good()

    def test_after_ninety_days_it_counts_no_more(self):
        n = self.terms(150_000)
        self.passed(n)
        at = self.a.now // DAY
        self.a.wait(self.a.gov.decisions[n]["effective_ms"] - self.a.now)
        self.assertEqual(self.phase(n), "effective")
        note = {"type": 1, "text": sha256(b"time passes")}  # blocks that are there whatever timers do
        self.a.say("maker/quality", "note", note, wait=(at + 90) * DAY - 1 - STEP - self.a.now)
        self.assertEqual(self.level(self.terms(150_000)), 1)  # the last millisecond of the 89th day after it
        self.assertEqual(self.a.now // DAY, at + 89)
        self.a.say("maker/quality", "note", note, wait=1)
        self.assertEqual(self.level(self.terms(150_000)), 0)
        self.good()

    def test_given_back(self):
        self.a = forge.branch(founded(("commercial-terms", (("veto", ("clinics/sponsor",)),
                                                             ("notice", (("n", 4), ("unit", 1)))))))
        n = self.terms(150_000)
        self.passed(n)
        self.assertEqual(self.level(self.terms(150_000)), 1)
        self.a.say("clinics/sponsor", "ballot", {"decision": self.a.ref(n), "rung": 0, "choice": 3,
                                                 "reason": sha256(b"no"), "clause": "4.1"})
        self.assertEqual(self.phase(n), "vetoed")
        self.assertEqual(self.level(self.terms(150_000)), 0)
        self.good()


if __name__ == "__main__":
    unittest.main()
