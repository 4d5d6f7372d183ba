/* reading: rows of READING with their index, timer and place in OWING (MET-4 to MET-10). Internal to gov. */
#ifndef ENT_GOV_READING_H
#define ENT_GOV_READING_H

#include "gov/metric.h"

/* ST_NOTFOUND when there is none. */
MUST_USE enum status reading_get(const struct view *v, struct arena *a, uint64_t number,
                                 struct state_reading *ret, struct err *err);
/* Number of the reading of a metric (by its number) for a purpose, period and organisation; ST_NOTFOUND. */
MUST_USE enum status reading_find(const struct view *v, struct arena *a, uint64_t metric,
                                  enum purpose purpose, uint64_t period, struct span org,
                                  uint64_t *ret_number, struct err *err);
/* First reading under a prefix of READING_OF with a key not before *from, which moves on behind it; ST_END.
 * Start with from = prefix. */
MUST_USE enum status reading_next(const struct view *v, struct arena *a, const struct tkey *prefix,
                                  struct tkey *from, struct state_reading *ret, struct err *err);
/* First reading of OWING with a number not below *from, which moves on behind it; ST_END. */
MUST_USE enum status reading_next_owing(const struct view *v, struct arena *a, uint64_t *from,
                                        struct state_reading *ret, struct err *err);

/* Gives it a number and a place in READING_OF; the caller puts it. */
MUST_USE enum status reading_new(struct gov *g, uint64_t metric, struct state_reading *r, struct err *err);
MUST_USE enum status reading_put(struct gov *g, const struct state_reading *r, struct err *err);
/* Something is expected of it until due_ms: puts it, with its timer and its place in OWING. */
MUST_USE enum status reading_await(struct gov *g, struct state_reading *r, uint64_t due_ms, struct err *err);
/* Nothing is expected any more: puts it, without timer, and out of OWING. */
MUST_USE enum status reading_settle(struct gov *g, struct state_reading *r, struct err *err);

/* Opens a sealed period (MET-9). */
MUST_USE enum status reading_open(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                                  uint64_t metric, uint64_t period, struct err *err);
/* Have all committed that are asked? */
MUST_USE enum status reading_all_committed(struct gov *g, uint64_t metric, uint64_t period, bool *ret_all,
                                           struct err *err);

/* It has changed: early warnings and triggers that look at its metric are judged (IND-5, TRG-6). */
MUST_USE enum status reading_judged(struct gov *g, const struct state_reading *r, struct err *err);
/* So too when a period of a metric was computed (MET-13). */
MUST_USE enum status reading_metric_judged(struct gov *g, struct span metric, struct err *err);

/* What it waits for is late (MET-10). */
MUST_USE enum status reading_fire(struct gov *g, uint64_t number, struct err *err);
/* For gov_check: do readings and what is listed of them agree? ret_timers: those of metrics and readings. */
MUST_USE enum status reading_check(const struct view *v, struct arena *a, size_t *ret_timers,
                                   struct err *err);
/* The charter has the metric no more; the organisation leaves (MET-3, MET-10). */
MUST_USE enum status reading_drop_metric(struct gov *g, struct span metric, struct err *err);
MUST_USE enum status reading_left(struct gov *g, struct span org, struct err *err);

#endif
