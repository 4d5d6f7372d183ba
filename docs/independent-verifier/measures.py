"""Section 28: what a computed metric says of a period (MSR-1 to MSR-7), and what is kept of it (MET-13).

Methods of Governance."""
import collections
import struct

from calendars import business, offset_of
from canonical import decimal_key
from indicators import fitted, MOST_SCALE, rounded
from members import DAY
import rights
from rights import u64

MOST_DIVIDED = 10 ** 15 - 1
BEGINS = ("EVENT_OPENED", "EVENT_REVISED", "EVENT_ESCALATED")
ENDS = BEGINS + ("EVENT_PASSED", "EVENT_REJECTED", "EVENT_VETOED", "EVENT_WITHDRAWN", "EVENT_DEFAULT", "EVENT_STALE",
                 "EVENT_LAPSED", "EVENT_COUNTERED")

Span = collections.namedtuple("Span", "f u after")  # the time of a period, and the first day after it
Wait = collections.namedtuple("Wait", "begun events ended")  # its first event, those between, and its last or None


def ratio(n, d):
    """n / d to two decimals."""
    return fitted(rounded(100 * min(n, MOST_DIVIDED), d), 2)


def percent(found):
    """Of a list of truths; None without any."""
    return ratio(100 * sum(found), len(found)) if found else None


def mean_days(spans):
    """Of spans in ms; None without any."""
    return ratio(sum(spans), len(spans) * DAY) if spans else None


def happened(t, ms):
    return ms is not None and t.f <= ms < t.u


def fell_due(t, ms):
    return t.f < ms <= t.u


def business_time(calendars, since, until):
    """MSR-2: the milliseconds between that lie in business days."""
    offset = offset_of(calendars)
    days = range((since + offset) // DAY, (until + offset - 1) // DAY + 1)
    return sum(min(until, (day + 1) * DAY - offset) - max(since, day * DAY - offset) for day in days
               if since < until and all(business(c, day) for c in calendars))


class Measures:
    # -- MET-13 ------------------------------------------------------------------------------------------------------

    def compute_period(self, number):
        """MET-13."""
        m = self.metric_rows[number]
        first, after = self.period_of(m["every"], m["period"])
        value = self.measured(m["computed"], first, after)
        if value is not None:
            self.computed[number, first] = value
            self.put("COMPUTED", u64(number) + struct.pack(">I", first), "state_computed",
                     {"value": value, "at_ms": self.now})
        self.metric_row(m, after)
        self.metric_told(m["name"])

    def measured(self, computed, first, after):
        """The value of a measure for a period, or None."""
        t = Span(first * DAY - self.offset() if first else 0, after * DAY - self.offset(), after)
        name = next(n for n, v in self.enums["measure"].items() if v == computed.measure)
        if name == "MEASURE_ITEMS_TAGGED":
            return self.items_tagged(t, computed.tag)
        return {"MEASURE_MILESTONES_HIT": self.milestones_hit, "MEASURE_ISSUE_CYCLE_TIME": self.issue_cycle_time,
                "MEASURE_RESOURCING_GAP": self.resourcing_gap, "MEASURE_CONFLICTS": self.conflicts,
                "MEASURE_DECISION_VELOCITY": self.decision_velocity, "MEASURE_WAITING_TIME": self.waiting_time,
                "MEASURE_SLA_BREACHES": self.sla_breaches, "MEASURE_ESCALATION_RATE": self.escalation_rate,
                "MEASURE_VETO_RATE": self.veto_rate, "MEASURE_DEFAULT_RATE": self.default_rate,
                "MEASURE_CADENCE_KEPT": self.cadence_kept, "MEASURE_OVERDUE_READINGS": self.overdue_readings,
                "MEASURE_TRUST_GAP": self.trust_gap}[name](t)

    # -- MSR-1 -------------------------------------------------------------------------------------------------------

    def opened_in(self, t):
        return [d for d in self.decisions.values() if happened(t, d["opened_ms"])]

    def events_of(self, d):
        table = self.codec.schema.tables["EVENT"][0]
        return [self.codec.decode("state_event", self.rows[table, u64(d["number"]) + struct.pack(">I", n)])
                for n in range(1, d["events"] + 1)]

    def is_event(self, e, *names):
        return e.type in [self.event_type[n] for n in names]

    def decision_velocity(self, t):
        return mean_days([d["passed_ms"] - d["opened_ms"] for d in self.opened_in(t) if d.get("passed_ms") is not None])

    def escalation_rate(self, t):
        return percent([any(self.is_event(e, "EVENT_ESCALATED") for e in self.events_of(d)) for d in self.opened_in(t)])

    def veto_rate(self, t):
        return percent([self.is_phase(d, "PHASE_VETOED") for d in self.opened_in(t)])

    def default_rate(self, t):
        return percent([d.get("outcome") is not None for d in self.opened_in(t)])

    # -- MSR-2 -------------------------------------------------------------------------------------------------------

    def waits_of(self, d):
        events = self.events_of(d)
        for i, e in enumerate(events):
            if self.is_event(e, *BEGINS) and self.votes_on(d, e.rung):
                rest = events[i + 1:]
                last = next((n for n, x in enumerate(rest) if self.is_event(x, *ENDS)), None)
                if last is not None:
                    yield Wait(e, rest[:last], rest[last])
                elif e.at_ms != self.now:
                    yield Wait(e, rest, None)

    def votes_on(self, d, rung):
        """Whether a rung is 0, or one that is pinned and no mediator's."""
        rungs = self.pinned[d["number"]]["rungs"]
        return rung == 0 or (rung <= len(rungs) and not rungs[rung - 1]["mediator"])

    def answered(self, wait, k, seats):
        """When a partner with these seats answered an approval with count k, or None."""
        said = {}
        for e in wait.events:
            if self.is_event(e, "EVENT_BALLOT"):
                if e.choice != self.choice["CHOICE_VETO"]:
                    said[e.principal or e.seat] = e.choice
                approve = sum(said.get(s) == self.choice["CHOICE_APPROVE"] for s in seats)
                if approve >= k or approve + sum(s not in said for s in seats) < k:
                    return e.at_ms
        return None

    def answers(self, d, wait):
        """Of each partner that is asked: when it answered, None where it did not, by approval."""
        out = {}
        for term in rights.terms_in_force(self.pinned[d["number"]], d, wait.begun.rung, self.who):
            for p in rights.asked(term, d, self.who):
                out.setdefault(p["org"], []).append(self.answered(wait, term["count"], p["seats"]))
        return out

    def waiting_time(self, t):
        total = 0
        for d in self.opened_in(t):
            for wait in self.waits_of(d):
                end = wait.ended.at_ms if wait.ended else self.now
                for answers in self.answers(d, wait).values():
                    total += self.waited(d, wait, end if None in answers else max(answers))
        return ratio(total, DAY)

    def waited(self, d, wait, until):
        """From the beginning of a wait, but for pauses and halts."""
        p = self.pinned[d["number"]]
        calendars, total = self.calendars_of(p).plain(p["calendar"]), 0
        for since, to in self.unpaused_in(wait, until):
            whole = business_time(calendars, since, to)
            halted = sum(business_time(calendars, max(since, begun), min(to, found)) for found, begun in self.halts.items())
            total += whole - min(whole, halted)
        return total

    def unpaused_in(self, wait, until):
        """What pauses leave of a wait before an instant: (since, until)."""
        since = wait.begun.at_ms
        for e in wait.events:
            if self.is_event(e, "EVENT_PAUSED"):
                yield since, min(e.at_ms, until)
                since = until  # without an event resumed, to the end
            elif self.is_event(e, "EVENT_RESUMED"):
                since = e.at_ms
        yield since, until

    def sla_breaches(self, t):
        return sum(self.breached(d, wait) for d in self.opened_in(t) for wait in self.waits_of(d)), 0

    def breached(self, d, wait):
        e = wait.ended
        return (e is not None and e.seat is None and self.is_event(e, "EVENT_ESCALATED", "EVENT_DEFAULT")
                and any(None in answers for answers in self.answers(d, wait).values()))

    # -- MSR-3 to MSR-5 ----------------------------------------------------------------------------------------------

    def cadence_kept(self, t):
        """MSR-3."""
        due = [s for s in self.sessions.values() if s.get("cadence") and not self.session_is(s, "DROPPED")
               and fell_due(t, s["until"] * DAY - self.offset())]
        return percent([bool(s.get("now") and s["now"]["quorate"] and s.get("missed_ms") is None
                             and not self.session_is(s, "CONTESTED")) for s in due])

    def overdue_readings(self, t):
        """MSR-4."""
        return sum(happened(t, r.get("late_ms")) for r in self.readings.values()), 0

    def items_of(self, kind):
        return [it for it in self.items.values() if self.kind_of(it) == kind]

    def milestones_hit(self, t):
        """MSR-5."""
        found = []
        for it in self.items_of("milestone"):
            due = it["due_ms"] if it.get("first_due_ms") is None else it["first_due_ms"]
            if fell_due(t, due):
                found.append(it.get("closed_ms") is not None and (it.get("claimed_ms") is None or it["claimed_ms"] <= due))
        return percent(found)

    def issue_cycle_time(self, t):
        return mean_days([it["closed_ms"] - it["opened_ms"] for it in self.items_of("issue") if happened(t, it.get("closed_ms"))])

    def conflicts(self, t):
        return sum(happened(t, it["opened_ms"]) for it in self.items_of("conflict")), 0

    def items_tagged(self, t, tag):
        return sum(tag in (it["item"]["tags"] or []) and happened(t, it.get("closed_ms")) for it in self.items.values()), 0

    # -- MSR-6 and MSR-7 ---------------------------------------------------------------------------------------------

    def newest_period(self, line, after):
        """MSR-6: the first day of the newest period of a metric at a day, or None."""
        m = self.metric_rows[self.last["metric/" + line.name]]
        first, period = self.period_of(m["every"], m["first"]), self.period_of(m["every"], m["period"])
        if not first or not period:
            return None
        found = self.period_of(m["every"], min(period[0], after) - 1)
        if found and found[1] > after:
            found = self.period_of(m["every"], found[0] - 1)
        return found[0] if found and found[0] >= first[0] else None

    def trust_gap(self, t):
        """MSR-6."""
        gaps = []
        for line in self.metrics():
            first = self.newest_period(line, t.after) if line["from"] and line.least_voices else None
            if first is not None:
                said = [(r.get("now") or {}).get("value") for r in self.readings_at(self.last["metric/" + line.name], first)]
                values = [decimal_key(v) for v in said if v is not None]
                gaps += [max(values) - min(values)] if len(values) > 1 else []
        return fitted(max(gaps), MOST_SCALE) if gaps else None

    def resourcing_gap(self, t):
        """MSR-7."""
        found = []
        for c in self.section(11).list if 11 in self.sections else []:
            line = self.metric(c.name)
            first = self.newest_period(line, t.after) if self.reports_on(line, c) else None
            r = None if first is None else self.actual_of(self.last["metric/" + c.name], first, c.by)
            if r and self.counts(r, line):
                found.append(decimal_key(r["now"]["value"]) < decimal_key(c.quantity))
        return percent(found)

    def reports_on(self, line, c):
        """MSR-7: a metric of the same name says what becomes of a commitment."""
        return not line.computed and (line.unit, line.every.n, line.every.unit) == (c.unit, c.every.n, c.every.unit)
