/* due: when a span of a decision ends, on the calendar pinned at its opening (rules 3, 4, 31). Internal to
 * gov. */
#ifndef ENT_GOV_DUE_H
#define ENT_GOV_DUE_H

#include "gov/state.h"

/* The end of span counted from from_ms. */
MUST_USE enum status due_at(const struct view *v, struct arena *a, const struct state_pinned *p,
                            uint64_t from_ms, const struct charter_span *span, uint64_t *ret_ms,
                            struct err *err);
/* The calendars of the version pinned. */
MUST_USE enum status due_calendars(const struct view *v, struct arena *a, const struct state_pinned *p,
                                   struct charter_calendars *ret, struct err *err);
/* 24:00 local at the end of a day (days since 1970-01-01), on the same calendar. */
MUST_USE enum status due_day_ends(const struct view *v, struct arena *a, const struct state_pinned *p,
                                  uint64_t day, uint64_t *ret_ms, struct err *err);

#endif
