"""Section 18: metrics, their periods and readings.

Methods of Governance."""
import datetime
import struct

from calendars import Calendars
from canonical import Rec
from members import DAY
from merkle import sha256
from reliance import READING
from rights import need, org_of, u64

EPOCH = datetime.date(1970, 1, 1)
MONTHS = {"PERIOD_MONTH": 1, "PERIOD_QUARTER": 3, "PERIOD_YEAR": 12}
LAST_DAY = 100_000
MOST_VERSIONS, LEAST_VOICES, COMMITMENT_DUE = 15, 3, 8


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
        """Those of section 17, and the commitments of section 11 (MET-12)."""
        return self.all_metrics

    def merge_metrics(self):
        """MET-12."""
        lines = list(self.section(17).list) if 17 in self.sections else []
        names = {m.name for m in lines}
        lines += [self.as_metric(c) for c in (self.section(11).list if 11 in self.sections else []) if c.name not in names]
        self.all_metrics = sorted(lines, key=lambda m: m.name)

    def as_metric(self, c):
        """MET-12: a commitment as a metric."""
        e = self.enums
        fields = {f.name: None for f in self.codec.schema.records["charter_metric"]}
        fields.update(
            name=c.name, group=e["metric_group"]["GROUP_EXECUTION"], view=e["metric_view"]["VIEW_PROCESS"], unit=c.unit,
            better=e["direction"]["BETTER_UP"], every=c.every, target=c.quantity, sealed=False,
            due=Rec("charter_span", {"n": COMMITMENT_DUE, "unit": e["span_unit"]["UNIT_BD"]}),
            check=c.by + "/alliance-manager")
        fields["from"] = Rec("charter_reporter", {"each": False, "org": c.by, "seat": "alliance-manager"})
        return Rec("charter_metric", fields)

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

    def period_due(self, line, after):
        """The end of a metric's due, counted from the last millisecond of the period before day after."""
        return self.calendar().end(self.section(14).calendar, after * DAY - self.offset() - 1, line.due)

    def metric_ends(self, m, day):
        """MET-3, MET-13: when the period that begins on a day ends, or is computed; None when there is none."""
        found = self.period_of(m["every"], day)
        if found and m["computed"]:
            return self.period_due(self.metric(m["name"]), found[1])
        return found and found[1] * DAY - self.offset()

    def metric_row(self, m, day, **fields):
        """Writes a metric whose period begins on a day, with its end and its timer."""
        if m.get("ends_ms") is not None:
            self.put("TIMER", self.metric_timer(m), None, None)
        m.update(fields, ends_ms=self.metric_ends(m, day) if day is not None else None)
        if day is not None:
            m["period"] = day
        if m["ends_ms"] is not None:
            self.put("TIMER", self.metric_timer(m), "", b"")
        self.put("METRIC", u64(m["number"]), "state_metric", m)

    def follow_metrics(self):
        """MET-3."""
        for m in [x for _, x in sorted(self.metric_rows.items())]:
            if m["ends_ms"] is not None and not self.as_before(m):
                self.metric_row(m, None)
                self.drop([r for r in self.readings.values() if r["metric"] == m["name"] and self.is_owing(r)])
        if not self.metrics():
            return
        day = (self.now + self.offset()) // DAY
        for line in self.metrics():
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
            m.update(every=line.every, computed=line.computed)
            self.metric_row(m, first, first=first)

    def as_before(self, m):
        """MET-3: the section has it with the same `computed`, or without it as before."""
        line = self.metric(m["name"])
        was, now = ((c.measure, c.tag) if c else None for c in (m["computed"], line and line.computed))
        return bool(line) and was == now

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
        if m["computed"]:
            return self.compute_period(number)
        first, after = self.period_of(m["every"], m["period"])
        line, actual = self.metric(m["name"]), self.enums["purpose"]["PURPOSE_ACTUAL"]
        due = self.period_due(line, after)
        for org in self.reporters(line):
            key = self.reading_key(number, actual, first, org)
            if key in self.reading_of:
                continue
            r = self.new_reading(key, m["name"], actual, first, after, org)
            self.put("OWING", u64(r["number"]), "", b"")
            self.reading_row(r, standing="READING_OWED", due_ms=due)
        return self.metric_row(m, after)

    def new_reading(self, key, metric, purpose, first, after, org):
        n = self.reading_of[key] = self.count("reading")
        self.put("READING_OF", key, "state_counter", {"value": n})
        self.readings[n] = {"number": n, "metric": metric, "purpose": purpose, "period": first, "until": after,
                            "org": org, "was": [], "due_ms": None, "changed_leaf": 0}
        return self.readings[n]

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

    def drop(self, readings, judged=False):
        """MET-10."""
        for r in readings:
            self.owing_row(r, False)
            self.reading_row(r, "READING_DROPPED", due_ms=None)
            if judged:
                self.metric_changed(r)

    def is_owing(self, r):
        return (self.codec.schema.tables["OWING"][0], u64(r["number"])) in self.rows

    def drop_of(self, org):
        """MET-10: an organisation leaves."""
        self.drop([r for r in self.readings.values() if r["org"] == org and self.is_owing(r)
                   and self.stands(r, "READING_OWED", "READING_COMMITTED", "READING_OPENED")], True)

    def reading_late(self, number):
        """MET-10."""
        r, line = self.readings[number], self.metric(self.readings[number]["metric"])
        self.reading_row(r, due_ms=None)
        owed = self.stands(r, "READING_OWED")
        if (owed and line and line.sealed) or self.stands(r, "READING_COMMITTED"):
            self.open_period(r)
        elif owed or self.stands(r, "READING_OPENED"):
            self.reading_row(r, late_ms=r.get("late_ms") or self.now)
        elif self.stands(r, "READING_REPORTED", "READING_DISPUTED", "READING_REVEALED"):
            self.reading_row(r, unmarked_ms=r.get("unmarked_ms") or self.now)
        self.metric_changed(r)

    # -- readings handed in ------------------------------------------------------------------------------------------

    def stands(self, r, *names):
        return r["standing"] in [self.enums["reading_standing"][n] for n in names]

    def owing_row(self, r, owing):
        """MET-5."""
        if owing != self.is_owing(r):
            self.put("OWING", u64(r["number"]), "" if owing else None, b"" if owing else None)

    def due_of(self, line):
        return self.calendar().end(self.section(14).calendar, self.now, line.due)

    def version(self, e, value, text=None):
        return {"digest": e.id, "value": value, "seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now,
                "text": text}

    def key_of(self, e):
        return {"alg": e.signature.alg, "key": e.signature.key}

    def reports(self, line, seat):
        """MET-2: the seat is one of the metric's reporters."""
        return org_of(seat) in self.reporters(line) and seat.split("/")[1] == (line["from"].seat or "alliance-manager")

    def countersigners(self, line, org):
        """MET-2, for a reading of org."""
        if not line.check:
            return []
        if org_of(line.check) != org:
            return [line.check]
        name = line.check.split("/")[1]
        partners = [p.org for p in self.section(7).list if p.role == 1 and not self.has_left(p.org)]
        return ["%s/%s" % (o, name) for o in partners if o != org]

    def reported_metric(self, e, name, period, sealed):
        """The checks that MET-6 and MET-8 begin with. Returns the metric's line and number, and the first day after."""
        line = self.metric(name)
        need(line, "no such metric", "NO_SUCH_OBJECT")
        need(not line.computed, "a computed metric has no readings", "NOT_PERMITTED")
        need(bool(line.sealed) == sealed, "sealed metrics are committed, others reported", "NOT_PERMITTED")
        need(line["from"] and self.reports(line, e.seat), "the seat does not report it", "NOT_PERMITTED")
        number = self.last["metric/" + name]
        found = self.period_of(self.metric_rows[number]["every"], period)
        need(found and found[0] == period, "no period begins on that day", "MALFORMED")
        return line, number, found[1]

    def over(self, after):
        return after * DAY - self.offset() <= self.now

    def reading_key(self, number, purpose, period, org):
        return u64(number) + bytes([purpose]) + struct.pack(">I", period) + org.encode()

    def do_reading(self, e, b):
        """MET-6."""
        line, number, after = self.reported_metric(e, b.metric, b.period, False)
        forecast = b.purpose == self.enums["purpose"]["PURPOSE_FORECAST"]
        need(self.over(after) != forecast, "the period is over, or not yet", "NOT_NOW")
        key = self.reading_key(number, b.purpose, b.period, org_of(e.seat))
        if key in self.reading_of:
            r = self.readings[self.reading_of[key]]
            self.fresh(r["changed_leaf"])
            need(self.stands(r, "READING_OWED"), "it is reported, and restated", "NOT_NOW")
        else:
            r = self.new_reading(key, b.metric, b.purpose, b.period, after, org_of(e.seat))
        self.reading_row(r, "READING_REPORTED", now=self.version(e, b.value, b.text), changed_leaf=e.leaf,
                         due_ms=None if forecast else self.due_of(line))
        self.owing_row(r, not forecast)
        self.metric_changed(r)

    def do_mark_reading(self, e, b):
        """MET-7."""
        acts, r = self.enums["mark_act"], self.readings.get(b.reading.number)
        need(r and r.get("now"), "no such reading, or nothing reported", "NO_SUCH_OBJECT")
        self.fresh(r["changed_leaf"])
        need(b.reading.digest == r["now"]["digest"], "made for another version", "WRONG_REVISION")
        line = self.metric(r["metric"])
        need(not self.stands(r, "READING_DROPPED") and line and line["from"], "it is dropped, or its metric is no more",
             "NOT_NOW")
        before = r["now"].get("value")
        if b.act == acts["MARK_RESTATE"]:
            self.restate(e, b, r, line)
        else:
            self.mark(e, b, r, line, b.act == acts["MARK_COUNTERSIGN"])
        self.metric_changed(r)
        if b.act == acts["MARK_RESTATE"] and (before is None or tuple(before) != tuple(b.value)):
            self.doubt_all(READING, r["number"], "K-%d was restated" % r["number"], e.seat)

    def waits(self, r, line):
        """When what a reading waits for is due, and whether it is owing."""
        forecast = r["purpose"] == self.enums["purpose"]["PURPOSE_FORECAST"]
        self.owing_row(r, not forecast)
        return None if forecast else self.due_of(line)

    def restate(self, e, b, r, line):
        need(not r.get("seal"), "what was sealed is not restated", "NOT_PERMITTED")
        need(org_of(e.seat) == r["org"] and self.reports(line, e.seat), "the seat does not report it", "NOT_PERMITTED")
        need(b.value is not None, "no value", "INCOMPLETE")
        need(b.reason, "a reason is required", "REASON_NEEDED")
        need(len(r["was"]) < MOST_VERSIONS, "too many versions", "TOO_MANY")
        self.reading_row(r, "READING_REPORTED", was=r["was"] + [r["now"]], now=self.version(e, b.value, b.reason),
                         due_ms=self.waits(r, line), changed_leaf=e.leaf)

    def mark(self, e, b, r, line, agrees):
        need(b.value is None, "a mark has no value", "MALFORMED")
        need(e.seat in self.countersigners(line, r["org"]), "the seat does not countersign it", "NOT_PERMITTED")
        standing = "READING_COUNTERSIGNED" if agrees else "READING_DISPUTED"
        need(not self.stands(r, standing), "it says so already", "NOT_NOW")
        need(agrees or b.reason, "a reason is required", "REASON_NEEDED")
        mark = {"act": b.act, "seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now, "reason": b.reason}
        due = None
        if agrees:
            self.owing_row(r, False)
        else:
            due = self.waits(r, line)
        self.reading_row(r, standing, now={**r["now"], "mark": mark}, due_ms=due, changed_leaf=e.leaf)

    # -- sealed readings ---------------------------------------------------------------------------------------------

    def actual_of(self, number, period, org):
        return self.readings.get(self.reading_of.get(
            self.reading_key(number, self.enums["purpose"]["PURPOSE_ACTUAL"], period, org)))

    def do_commit_reading(self, e, b):
        """MET-8."""
        _, number, after = self.reported_metric(e, b.metric, b.period, True)
        need(self.over(after), "the period is not over", "NOT_NOW")
        r = self.actual_of(number, b.period, org_of(e.seat))
        need(r, "nothing is owed for it", "NO_SUCH_OBJECT")
        self.fresh(r["changed_leaf"])
        need(self.stands(r, "READING_OWED", "READING_COMMITTED"), "the period is open", "NOT_NOW")
        seal = {"digest": b.digest, "seat": e.seat, "key": self.key_of(e), "leaf": e.leaf, "at_ms": self.now}
        self.reading_row(r, "READING_COMMITTED", seal=seal, changed_leaf=e.leaf)
        same = [x for x in self.alike(r) if not self.stands(x, "READING_DROPPED")]
        if all(self.stands(x, "READING_COMMITTED") for x in same):
            self.open_period(r)
        self.metric_changed(r)

    def alike(self, r):
        """The readings of its metric, purpose and period, ascending by organisation."""
        number = self.last["metric/" + r["metric"]]
        key = self.reading_key(number, r["purpose"], r["period"], "")
        return [self.readings[n] for k, n in sorted(self.reading_of.items()) if k.startswith(key)]

    def open_period(self, r):
        """MET-9."""
        line = self.metric(r["metric"])
        for x in self.alike(r):
            if self.stands(x, "READING_COMMITTED"):
                self.reading_row(x, "READING_OPENED", opened_ms=self.now, due_ms=self.due_of(line))
            elif self.stands(x, "READING_OWED"):
                self.reading_row(x, "READING_MISSED", opened_ms=self.now, late_ms=x.get("late_ms") or self.now, due_ms=None)
                self.owing_row(x, False)

    def do_reveal_reading(self, e, b):
        """MET-9."""
        s, line = b.sealed, self.metric(b.sealed.metric)
        need(line, "no such metric", "NO_SUCH_OBJECT")
        need(not line.computed, "a computed metric has no readings", "NOT_PERMITTED")
        need(line["from"] and self.reports(line, e.seat) and s.org == org_of(e.seat), "the seat does not report it",
             "NOT_PERMITTED")
        r = self.actual_of(self.last["metric/" + s.metric], s.period, s.org)
        need(r, "no such reading", "NO_SUCH_OBJECT")
        self.fresh(r["changed_leaf"])
        need(self.stands(r, "READING_OPENED"), "the period is not open", "NOT_NOW")
        need(voices_ok(s, line.least_voices), "voices, histogram or value", "MALFORMED")
        data = self.codec.encode("sealed_value", s)
        need(sha256(b.salt + data) == r["seal"]["digest"], "another value than was committed", "NOT_COMMITTED")
        value = mean(s.histogram, s.voices) if s.histogram else s.value
        due = None
        if self.countersigners(line, r["org"]):
            due = self.due_of(line)
        else:
            self.owing_row(r, False)
        self.reading_row(r, "READING_REVEALED", now=self.version(e, value), due_ms=due, changed_leaf=e.leaf,
                         seal={**r["seal"], "voices": s.voices, "histogram": s.histogram})
        self.metric_changed(r)


def voices_ok(s, least):
    """MET-9: what of a sealed value is there."""
    if not least:
        return s.value is not None and s.voices is None and s.histogram is None
    if s.value is not None or s.voices is None:
        return False
    if s.voices < max(LEAST_VOICES, least):
        return s.histogram is None
    return s.histogram is not None and sum(s.histogram) == s.voices


def mean(histogram, voices):
    """Of 1 to 5, to two decimals, halves up, without trailing zeros."""
    total = sum(i * n for i, n in enumerate(histogram, 1))
    mantissa, scale = (200 * total + voices) // (2 * voices), 2
    while scale and mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale - 1
    return mantissa, scale
