#!/usr/bin/env python3
"""Deadlines of spans, computed with Python's datetime: the independent side of test_calendar.c.

Writes JSON to standard output: the same bytes every time. calendar_vectors.json is its output.
Rules: N bd ends at 24:00 local of the Nth business day after the opening day; N d at 24:00 local of the Nth day after
it; h, min and s are exact; 0 of anything ends at once. A joined calendar has a business day where all members do. Past
a member's listed-to its holidays are unknown, so only its weekend counts.
"""
import json
import random
from datetime import date, datetime, timedelta, timezone

UNITS = ["bd", "d", "h", "min", "s"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def make_calendars(rng):
    """Groups of calendars that share an offset, each with a joined one."""
    calendars = {}
    offsets = [0, 60, -300, 330, -210, 840, -840, 765, -570, 45]
    for g, offset in enumerate(offsets):
        names = []
        for i in range(2 + g % 2):
            weekend = rng.choice([["sat", "sun"], ["fri", "sat"], ["sun"], [], ["thu", "fri"], ["mon", "wed", "sat", "sun"]])
            start = date(2026, 1, 1)
            holidays = sorted({start + timedelta(days=rng.randrange(0, 800)) for _ in range(rng.choice([0, 5, 25, 90]))})
            run = start + timedelta(days=rng.randrange(0, 700))
            holidays = sorted(set(holidays) | {run + timedelta(days=k) for k in range(rng.choice([0, 4, 12]))})
            listed_to = date(2027, 12, 31) + timedelta(days=rng.choice([-500, -200, 0, 31]))
            name = f"c{g}{'abc'[i]}"
            names.append(name)
            calendars[name] = {"utc": offset, "weekend": weekend, "holidays": holidays, "listed_to": listed_to}
        calendars[f"j{g}"] = {"all_of": names}
    return calendars


def members(calendars, name):
    c = calendars[name]
    return [calendars[m] for m in c["all_of"]] if "all_of" in c else [c]


def is_business(cals, day):
    for c in cals:
        if DAYS[day.weekday()] in c["weekend"]:
            return False
        if day <= c["listed_to"] and day in c["holidays"]:
            return False
    return True


def end_of(day, offset):
    zone = timezone(timedelta(minutes=offset))
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=1)
    return int((midnight - datetime(1970, 1, 1, tzinfo=timezone.utc)) / timedelta(milliseconds=1))


def deadline(calendars, name, opening_ms, n, unit):
    cals = members(calendars, name)
    offset = cals[0]["utc"]
    if n == 0:
        return opening_ms, False
    exact = {"h": 3600000, "min": 60000, "s": 1000}
    if unit in exact:
        return opening_ms + n * exact[unit], False
    opened = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=opening_ms)
    day = opened.astimezone(timezone(timedelta(minutes=offset))).date()
    if unit == "d":
        return end_of(day + timedelta(days=n), offset), False
    while n > 0:
        day += timedelta(days=1)
        if is_business(cals, day):
            n -= 1
    return end_of(day, offset), any(day > c["listed_to"] for c in cals)


def main():
    rng = random.Random(20261123)
    calendars = make_calendars(rng)
    first = int((datetime(2025, 11, 1) - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
    cases = []
    names = sorted(calendars)
    while len(cases) < 2400:
        name = rng.choice(names)
        unit = rng.choice(["bd", "bd", "bd", "bd", "d", "d", "h", "min", "s"])
        n = rng.choice([0, 1, 1, 2, 3, 5, 10, 15, 20, 30, 60, 180, rng.randrange(0, 400)])
        opening = first + rng.randrange(0, 900 * 86400000)
        if rng.random() < 0.3:  # on, just before and just after a local midnight
            offset = members(calendars, name)[0]["utc"]
            opening = opening - (opening + offset * 60000) % 86400000 + rng.choice([-1, 0, 1])
        end, beyond = deadline(calendars, name, opening, n, unit)
        cases.append([name, opening, n, unit, end, beyond])
    epoch = date(1970, 1, 1)
    out = {"calendars": [], "cases": cases}
    for name in names:
        c = calendars[name]
        if "all_of" in c:
            out["calendars"].append({"name": name, "all_of": sorted(c["all_of"])})
        else:
            out["calendars"].append({"name": name, "utc": c["utc"], "weekend": sorted(DAYS.index(d) + 1 for d in c["weekend"]),
                                     "holidays": [(h - epoch).days for h in c["holidays"]], "listed_to": (c["listed_to"] - epoch).days})
    print("{\"calendars\": [")
    print(",\n".join(json.dumps(c) for c in out["calendars"]))
    print("], \"cases\": [")
    print(",\n".join(json.dumps(c) for c in out["cases"]))
    print("]}")


main()
