"""Spans of time on the charter's calendars (section 9, first paragraph). Days count from 1970-01-01, a Thursday."""
import datetime

from canonical import Refused

DAY = 86_400_000
EPOCH = datetime.date(1970, 1, 1)
EXACT = {"UNIT_H": 3_600_000, "UNIT_MIN": 60_000, "UNIT_S": 1000}


class Calendars:
    def __init__(self, section, enums):
        self.by_name = {c.name: c for c in section.list}
        self.units = {number: name for name, number in enums["span_unit"].items()}

    def plain(self, name):
        """The calendars that name is joined of, or it alone."""
        out, todo = [], [name]
        while todo and len(out) <= len(self.by_name):
            c = self.by_name.get(todo.pop(0))
            if c is None:
                raise Refused("GOV-7", "no calendar %s" % name)
            if c.all_of:
                todo += c.all_of
            else:
                out.append(c)
        return out

    def end(self, name, now, span):
        """The instant that ends span, begun now."""
        unit = self.units[span["unit"]]
        if span["n"] == 0:
            return now
        if unit in EXACT:
            return now + span["n"] * EXACT[unit]
        calendars = self.plain(name)
        day = (now + offset_of(calendars)) // DAY
        if unit == "UNIT_MONTHS":
            day = months_after(day, span["n"])
        elif unit == "UNIT_D":
            day += span["n"]
        else:
            left = span["n"]
            while left:
                day += 1
                left -= all(business(c, day) for c in calendars)
        return (day + 1) * DAY - offset_of(calendars)

    def day_end(self, name, day):
        """24:00 local of a day."""
        return (day + 1) * DAY - offset_of(self.plain(name))


def offset_of(calendars):
    return (calendars[0].utc or 0) * 60_000


def months_after(day, n):
    """The same day of the month n months on, or the last one there is. Section 9 does not have this unit: as ITM-11."""
    was = EPOCH + datetime.timedelta(days=day)
    month = was.year * 12 + was.month - 1 + n
    after = datetime.date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (after - datetime.timedelta(days=1)).day
    return (datetime.date(month // 12, month % 12 + 1, min(was.day, last)) - EPOCH).days


def business(calendar, day):
    if (day + 3) % 7 + 1 in (calendar.weekend or []):
        return False
    listed = calendar.listed_to is None or day <= calendar.listed_to
    return not (listed and day in (calendar.holidays or []))
