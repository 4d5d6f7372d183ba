/* metric: a metric of the charter: who reports, who countersigns, which period ends when, what is computed when (MET-1 to MET-4,
 * MET-13). Internal to gov. */
#ifndef ENT_GOV_METRIC_H
#define ENT_GOV_METRIC_H

#include "charter/period.h"
#include "gov/rights.h"

/* The charter in force, as far as readings need it. The section's metrics, and its commitments that are metrics, too
 * (MET-12). */
struct metrics {
    struct rights rights;
    struct charter_metrics section;
};
MUST_USE enum status metrics_load(const struct view *v, struct arena *a, struct metrics *ret,
                                  struct err *err);
/* NULL when the charter has none of that name. */
const struct charter_metric *metrics_find(const struct metrics *m, struct span name);

/* Number of a metric that the charter has or had; ST_NOTFOUND. */
MUST_USE enum status metric_number(const struct view *v, struct arena *a, struct span name,
                                   uint64_t *ret_number, struct err *err);
/* Its METRIC row; ST_NOTFOUND. */
MUST_USE enum status metric_get(const struct view *v, struct arena *a, uint64_t number,
                                struct state_metric *ret, struct err *err);

/* MET-2. Seats, ascending, one per organisation. */
MUST_USE enum status metric_reporters(const struct metrics *m, const struct charter_metric *d,
                                      struct arena *a, struct span_list *ret_seats, struct err *err);
/* Seats that may countersign a reading of org; none without `check`. */
MUST_USE enum status metric_countersigners(const struct metrics *m, const struct charter_metric *d,
                                           struct span org, struct arena *a, struct span_list *ret_seats,
                                           struct err *err);

/* When a period ends: 24:00 local of its last day. ST_CORRUPT when the calendar does not say. */
MUST_USE enum status metric_ends(const struct metrics *m, const struct period *p, uint64_t *ret_ms,
                                 struct err *err);
/* The end of the metric's `due`, counted from from_ms. */
MUST_USE enum status metric_due(const struct metrics *m, const struct charter_metric *d, uint64_t from_ms,
                                uint64_t *ret_ms, struct err *err);

/* The local day of an instant. */
MUST_USE enum status metric_today(const struct metrics *m, uint64_t at_ms, uint64_t *ret_day,
                                  struct err *err);

/* Section metrics or commitments was written: METRIC and timers follow it (MET-3). */
MUST_USE enum status metric_follow(struct gov *g, struct err *err);
/* Its period is over: readings fall due, and the next period begins (MET-4). */
MUST_USE enum status metric_fire(struct gov *g, uint64_t number, struct err *err);

#endif
