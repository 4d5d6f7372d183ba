"""Section 18, early warnings: the indicators of risks (IND-1 to IND-7). Methods of Governance."""
from canonical import decimal_key
from rights import need, u64

PERIODS_BACK, MOST_WATCHERS, MOST_SCALE, MOST = 200, 64, 9, (1 << 63) - 1


def rounded(x, d):
    """Halves away from zero."""
    q = (2 * abs(x) + d) // (2 * d)
    return q if x >= 0 else -q


def fitted(mantissa, scale):
    """IND-3: as a decimal can hold it, without trailing zeros (ENC-11)."""
    while scale and not -MOST <= mantissa <= MOST:
        mantissa, scale = rounded(mantissa, 10), scale - 1
    if not -MOST <= mantissa <= MOST:
        mantissa = MOST
    while scale and mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale - 1
    return mantissa, scale


def mean_of(values):
    """IND-3: of (mantissa, scale)."""
    scale = max(s for _, s in values)
    if len(values) > 1:
        scale = min(scale + 2, MOST_SCALE)
    return fitted(rounded(sum(m * 10 ** (scale - s) for m, s in values), len(values)), scale)


def same(a, b):
    return (a.metric, a.op, tuple(a.number), a.periods) == (b.metric, b.op, tuple(b.number), b.periods)


class Indicators:
    # -- IND-1, IND-2 ------------------------------------------------------------------------------------------------

    def indicators_ok(self, given, before):
        for i, x in enumerate(given):
            need(not any(same(x, y) for y in given[:i]), "an indicator twice", "MALFORMED")
            need(self.metric(x.metric), "no such metric", "NO_SUCH_OBJECT")
            if all(x.metric != y["indicator"].metric for y in before):
                self.room_for(x.metric)

    def indicators_of(self, given, before):
        """As ITEM keeps them: those that were there keep what they say."""
        return [next((y for y in before if same(x, y["indicator"])), {"indicator": x}) for x in given] or None

    def watch_room(self, it):
        for x in it.get("indicators") or []:
            self.room_for(x["indicator"].metric)

    def watchers(self, metric):
        """Numbers of the risks that watch it, ascending."""
        return sorted(it["number"] for it in self.items.values() if metric in [m for m, _ in self.watches(it)])

    def room_for(self, metric):
        need(len(self.watchers(metric)) < MOST_WATCHERS, "64 risks watch it", "TOO_MANY")

    def watches(self, it):
        """IND-2: (metric, number)."""
        if self.item_in(it, "CLOSED"):
            return set()
        return {(x["indicator"].metric, it["number"]) for x in it.get("indicators") or []}

    def follow_watches(self, it, before):
        after = self.watches(it)
        for metric, number in before ^ after:
            key = bytes([len(metric)]) + metric.encode() + u64(number)
            there = (metric, number) in after
            self.put("ITEM_WATCH", key, "" if there else None, b"" if there else None)

    def warns(self, it):
        return any(x.get("since_ms") is not None for x in it.get("indicators") or [])

    def all_off(self, it):
        return [{"indicator": x["indicator"]} for x in it.get("indicators") or []] or None

    # -- IND-3, IND-4 ------------------------------------------------------------------------------------------------

    def pending(self, r, line):
        value = (r.get("now") or {}).get("value")
        if self.stands(r, "READING_OWED", "READING_OPENED"):
            return r.get("late_ms") is None
        if self.stands(r, "READING_REVEALED"):
            return value is not None and bool(self.countersigners(line, r["org"])) and r["due_ms"] is not None
        return self.stands(r, "READING_COMMITTED") or (self.stands(r, "READING_REPORTED") and r["due_ms"] is not None)

    def counts(self, r, line):
        if (r.get("now") or {}).get("value") is None:
            return False
        return self.stands(r, "READING_COUNTERSIGNED") or (self.stands(r, "READING_REVEALED")
                                                           and not self.countersigners(line, r["org"]))

    def readings_at(self, number, first):
        """IND-3: those that are not dropped, ascending by organisation."""
        prefix = self.reading_key(number, self.enums["purpose"]["PURPOSE_ACTUAL"], first, "")
        found = [self.readings[n] for k, n in sorted(self.reading_of.items()) if k.startswith(prefix)]
        return [r for r in found if not self.stands(r, "READING_DROPPED")]

    def period_stands(self, line, number, first, x):
        """IND-3: of a period pending, empty, missing, breach or kept, by a condition's op and number."""
        if line.computed:
            value = self.computed.get((number, first))
            return "empty" if value is None else self.compared(value, x)
        found = self.readings_at(number, first)
        if not found:
            return "empty"
        if any(self.pending(r, line) for r in found):
            return "pending"
        if any(not self.counts(r, line) for r in found):
            return "missing"
        return self.compared(mean_of([r["now"]["value"] for r in found]), x)

    def compared(self, value, x):
        a, b, op = decimal_key(value), decimal_key(x.number), self.enums["comparison"]
        return "breach" if {op["CMP_LT"]: a < b, op["CMP_LE"]: a <= b, op["CMP_EQ"]: a == b, op["CMP_GE"]: a >= b,
                            op["CMP_GT"]: a > b}[x.op] else "kept"

    def telling(self, line, number, first):
        """IND-6: a period, and the reading of it that tells."""
        if line.computed:
            return {"period": first, "reading": None}
        found = self.readings_at(number, first)
        return {"period": first, "reading": next((r for r in found if not self.counts(r, line)), found[0])["number"]}

    def periods_back(self, number):
        """IND-4: the first days of the periods that are looked at, from the newest on."""
        m = self.metric_rows[number]
        first, at = self.period_of(m["every"], m["first"]), self.period_of(m["every"], m["period"])
        for _ in range(PERIODS_BACK):
            at = self.period_of(m["every"], at[0] - 1) if first and at and at[0] > first[0] else None
            if not at:
                return
            yield at[0]

    def look_back(self, line, number, x):
        """IND-4: what it comes to, and {from, period, reading}."""
        want, since = x["indicator"].periods or 1, x.get("from")
        told, held = {}, 0
        for at in self.periods_back(number):
            state = self.period_stands(line, number, at, x["indicator"])
            if (state == "pending" and not held) or (state == "empty" and line.computed):
                continue
            if state in ("pending", "empty"):
                break
            if state == "kept":
                if x.get("since_ms") is not None and at >= since:
                    return "broken", self.telling(line, number, at)
                break
            if not held:
                told = self.telling(line, number, at)
            held += 1
            if held == want:
                return "holds", {**told, "from": at}
        return None, told

    # -- IND-5 to IND-7 ----------------------------------------------------------------------------------------------

    def warn(self, it, metric=None):
        """IND-5: the indicators of a risk; of a metric, or all."""
        for i, x in enumerate(it.get("indicators") or []):
            if metric in (None, x["indicator"].metric):
                self.unasked(self.judge, it, i)

    def metric_changed(self, r):
        """Something about a reading was written."""
        if r["purpose"] == self.enums["purpose"]["PURPOSE_ACTUAL"]:
            self.metric_told(r["metric"])

    def metric_told(self, metric):
        """IND-5, then TRG-6."""
        for number in self.watchers(metric):
            self.warn(self.items[bytes([self.enums["item_type"]["ITEM_RISK"]]) + u64(number)], metric)
        self.metric_judged(metric)

    def judge(self, it, i):
        x = it["indicators"][i]
        line = self.metric(x["indicator"].metric)
        if not line:
            return
        what, told = self.look_back(line, self.last["metric/" + line.name], x)
        if what == "holds" and x.get("since_ms") is None:
            self.warned(it, i, told)
        elif what == "broken":
            self.warning_over(it, i, told)

    def replaced(self, it, i, x):
        return it["indicators"][:i] + [x] + it["indicators"][i + 1:]

    def warned(self, it, i, told):
        """IND-6."""
        condition = it["indicators"][i]["indicator"]
        self.set_item(it, warned_ms=self.now,
                      indicators=self.replaced(it, i, {"indicator": condition, "since_ms": self.now, **told}))
        self.item_event(it, "WARNED", indicator=condition, reading=told["reading"], period=told["period"])
        self.climb_by_warning(it)

    def warning_over(self, it, i, told):
        """IND-6: a period without breach."""
        condition = it["indicators"][i]["indicator"]
        self.set_item(it, indicators=self.replaced(it, i, {"indicator": condition}))
        overdue = it.get("overdue_ms") is not None and it.get("due_ms") is not None and it["overdue_ms"] >= it["due_ms"]
        if it.get("by_warning") and not self.warns(it) and not overdue:
            self.set_item(it, rung=0, rung_ms=None)
        self.item_event(it, "WARNING_OVER", indicator=condition, **told)

    def climb_by_warning(self, it):
        """IND-7."""
        if self.warns(it) and self.item_in(it, "OPEN") and not it["rung"]:
            self.unasked(self.climb_item, it)
            if it["rung"]:
                self.set_item(it, by_warning=True)
