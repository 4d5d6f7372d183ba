"""Section 18, as far as time alone goes: what the founding, an amendment of the metrics, and the ends of periods write
(MET-1 to MET-5, MET-9 to MET-11). The entries of readings (MET-6 to MET-8) are not repeated: see governance.NOT_REPEATED."""
import datetime
import struct

from calendars import Calendars
from members import DAY
from rights import u64

EPOCH = datetime.date(1970, 1, 1)
MONTHS = {"PERIOD_MONTH": 1, "PERIOD_QUARTER": 3, "PERIOD_YEAR": 12}
LAST_DAY = 100_000


def month_of(day):
    at = EPOCH + datetime.timedelta(days=day)
    return (at.year - 1970) * 12 + at.month - 1


def first_of(month):
    return (datetime.date(1970 + month // 12, month % 12 + 1, 1) - EPOCH).days


def period(unit, n, day):
    """MET-1: (first day, first day of the next) of the period of a day, or None."""
    if unit == "PERIOD_DAY":
        first = n * (day // n)
        after = first + n
    elif unit == "PERIOD_WEEK":
        first = 7 * n * ((day + 3) // 7 // n) - 3
        after = first + 7 * n
    else:
        n *= MONTHS[unit]
        m = n * (month_of(day) // n)
        first, after = first_of(m), first_of(m + n)
    return (first, after) if first >= 0 and after <= LAST_DAY else None


class Readings:
    """A part of Governance."""

    def metrics(self):
        return self.section(17).list if 17 in self.sections else []

    def metric(self, name):
        return next((m for m in self.metrics() if m.name == name), None)

    def calendar(self):
        return Calendars(self.section(8), self.enums)

    def offset(self):
        return (self.calendar().plain(self.section(14).calendar)[0].utc or 0) * 60_000

    def period_of(self, every, day):
        units = {number: name for name, number in self.enums["period_unit"].items()}
        return period(units[every.unit], every.n, day)

    def metric_timer(self, m):
        return u64(m["ends_ms"], m["number"]) + bytes([self.enums["timer_kind"]["TIMER_PERIOD"]])

    def metric_row(self, m, day, **fields):
        """Writes a metric whose period begins on a day, with its end and its timer."""
        if m.get("ends_ms") is not None:
            self.put("TIMER", self.metric_timer(m), None, None)
        found = self.period_of(m["every"], day) if day is not None else None
        m.update(fields, ends_ms=found and found[1] * DAY - self.offset())
        if day is not None:
            m["period"] = day
        if m["ends_ms"] is not None:
            self.put("TIMER", self.metric_timer(m), "", b"")
        self.put("METRIC", u64(m["number"]), "state_metric", m)

    def follow_metrics(self):
        """MET-3."""
        has = {m.name for m in self.metrics() if m["from"]}
        for m in [x for _, x in sorted(self.metric_rows.items())]:
            if m["name"] not in has and m["ends_ms"] is not None:
                self.metric_row(m, None)
                self.drop([r for r in self.readings.values() if r["metric"] == m["name"]])
        if not has:
            return
        day = (self.now + self.offset()) // DAY
        for line in self.metrics():
            if not line["from"]:
                continue
            number = self.last.get("metric/" + line.name)
            found = self.period_of(line.every, day)
            if number is None:
                number = self.count("metric")
                self.number_row("metric/" + line.name, number)
                self.metric_rows[number] = {"number": number, "name": line.name, "ends_ms": None}
                first = found[0] if found else day
            else:
                m = self.metric_rows[number]
                if m["ends_ms"] is not None and (m["every"].n, m["every"].unit) == (line.every.n, line.every.unit):
                    continue
                first = found[1] if found else day
            m = self.metric_rows[number]
            if m["ends_ms"] is not None:
                self.put("TIMER", self.metric_timer(m), None, None)
                m["ends_ms"] = None
            m["every"] = line.every
            self.metric_row(m, first, first=first)

    def reporters(self, line):
        """MET-2: the organisations that report, ascending."""
        if not line["from"].each:
            return [] if self.has_left(line["from"].org) else [line["from"].org]
        partners = [p.org for p in self.section(7).list if p.role == 1 and not self.has_left(p.org)]
        seat = line["from"].seat
        given = {p.org: self.given_seats(p) for p in self.section(7).list}
        return sorted(o for o in partners if not seat or seat in given[o])

    def period_over(self, number):
        """MET-4."""
        m = self.metric_rows[number]
        first, after = self.period_of(m["every"], m["period"])
        line, actual = self.metric(m["name"]), self.enums["purpose"]["PURPOSE_ACTUAL"]
        due = self.calendar().end(self.section(14).calendar, after * DAY - self.offset() - 1, line.due)
        for org in self.reporters(line):
            key = u64(number) + bytes([actual]) + struct.pack(">I", first) + org.encode()
            if key in self.reading_of:
                continue
            n = self.count("reading")
            self.reading_of[key] = n
            self.put("READING_OF", key, "state_counter", {"value": n})
            self.put("OWING", u64(n), "", b"")
            self.readings[n] = {"number": n, "metric": m["name"], "purpose": actual, "period": first, "until": after,
                                "org": org, "was": [], "due_ms": None, "changed_leaf": 0}
            self.reading_row(self.readings[n], standing="READING_OWED", due_ms=due)
        self.metric_row(m, after)

    def reading_row(self, r, standing=None, **fields):
        """MET-5."""
        kind = bytes([self.enums["timer_kind"]["TIMER_READING"]])
        if r["due_ms"] is not None and "due_ms" in fields:
            self.put("TIMER", u64(r["due_ms"], r["number"]) + kind, None, None)
        r.update(fields)
        if standing:
            r["standing"] = self.enums["reading_standing"][standing]
        if r["due_ms"] is not None and "due_ms" in fields:
            self.put("TIMER", u64(r["due_ms"], r["number"]) + kind, "", b"")
        self.put("READING", u64(r["number"]), "state_reading", r)

    def drop(self, readings):
        """MET-10: of these, those of which something is expected."""
        for r in readings:
            if (self.codec.schema.tables["OWING"][0], u64(r["number"])) in self.rows:
                self.put("OWING", u64(r["number"]), None, None)
                self.reading_row(r, "READING_DROPPED", due_ms=None)

    def drop_of(self, org):
        """MET-10: an organisation leaves."""
        self.drop([r for r in self.readings.values() if r["org"] == org])

    def reading_late(self, number):
        """MET-10; without entries of readings each of them is owed."""
        r = self.readings[number]
        line = self.metric(r["metric"])
        if not (line and line.sealed):
            self.reading_row(r, due_ms=None, late_ms=self.now)
            return
        self.reading_row(r, due_ms=None)
        same = [x for x in self.readings.values() if (x["metric"], x["purpose"], x["period"]) ==
                (r["metric"], r["purpose"], r["period"])]
        owed = self.enums["reading_standing"]["READING_OWED"]
        for x in sorted(same, key=lambda x: x["org"]):  # MET-9
            if x["standing"] == owed:
                self.reading_row(x, "READING_MISSED", opened_ms=self.now, late_ms=self.now, due_ms=None)
                self.put("OWING", u64(x["number"]), None, None)
