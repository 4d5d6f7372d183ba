/* calendar: when a span of time ends (RULES 4 and 31). All integers: fixed offsets, no time zone data. */
#ifndef ENT_CHARTER_CALENDAR_H
#define ENT_CHARTER_CALENDAR_H

#include "codec/codec.h"

/* The deadline of a span that opens at opening_ms, on the calendar of that name:
 * N bd at 24:00 local of the Nth business day after the opening day; N d at 24:00 local of the Nth day after
 * it; h, min and s exact; months at 24:00 local of the same day N months on, or of that month's last day.
 * Nothing (0 of anything) ends at once. A joined calendar has a business day where all its members have one.
 * ret_beyond: holidays are not listed as far as that day; only weekends were counted (bd only).
 * ST_NOTFOUND: no such calendar, or a member of it; ST_RANGE: members differ in offset, no day is a business
 * day, or the end is past the year 9999. */
MUST_USE enum status calendar_deadline(const struct charter_calendars *calendars, struct span name,
                                       uint64_t opening_ms, const struct charter_span *span,
                                       uint64_t *ret_deadline_ms, bool *ret_beyond);
/* Is the local day that holds this instant a business day? Same statuses. */
MUST_USE enum status calendar_is_business_day(const struct charter_calendars *calendars, struct span name,
                                              uint64_t at_ms, bool *ret_is);
/* The local day that holds this instant: days since 1970-01-01. ST_RANGE before that. */
MUST_USE enum status calendar_day(const struct charter_calendars *calendars, struct span name, uint64_t at_ms,
                                  uint64_t *ret_day);
/* How much of from_ms to until_ms lies in business days, whole ones counting 24 hours. Same statuses. */
MUST_USE enum status calendar_business_ms(const struct charter_calendars *calendars, struct span name,
                                          uint64_t from_ms, uint64_t until_ms, uint64_t *ret_ms);
/* 24:00 local at the end of a date (days since 1970-01-01). */
MUST_USE enum status calendar_end_of(const struct charter_calendars *calendars, struct span name,
                                     uint64_t date, uint64_t *ret_ms);

#endif
