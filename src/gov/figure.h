/* figure: what a metric says of a period, and what stands behind it: computed (SPEC section 28), countersigned, revealed, or
 * merely reported (docs/metrics.md). Reads only. Internal to gov. */
#ifndef ENT_GOV_FIGURE_H
#define ENT_GOV_FIGURE_H

#include "gov/metric.h"
#include "gov/query_part.h"

/* Of items what measures look at (measure_items.c), by type, once it was asked for. */
struct figure_items {
    uint64_t read; /* bit of a type: its items are there */
    struct query_grow facts;
};

/* What the answers below are taken from. */
struct figures {
    const struct view *v;
    struct arena *a;       /* what is returned */
    struct arena *scratch; /* emptied at will */
    uint64_t now_ms;       /* ledger time of the newest block */
    uint64_t founded_ms;
    struct metrics metrics;
    struct figure_items *items;
    bool in_block; /* a block is being executed: what lies outside the roots is not looked at */
};
MUST_USE enum status figures_load(const struct view *v, struct arena *a, struct arena *scratch,
                                  uint64_t now_ms, struct figures *ret, struct err *err);

/* A metric, with what METRIC holds of it. */
struct figure_metric {
    const struct charter_metric *d;
    uint64_t number;
    struct period first;   /* that was ever looked at */
    struct period open;    /* the one that ends, or is computed, next: all before it are on the record */
    struct period running; /* the one that ends next; of a computed one it may be behind `open` */
};
/* ST_NOTFOUND when no period of it can be told. */
MUST_USE enum status figure_metric(const struct figures *f, const struct charter_metric *d,
                                   struct figure_metric *ret, struct err *err);
/* The newest period that is over by the beginning of a day; ST_END when there is none. Given open.from, the newest that is on the
 * record. */
MUST_USE enum status figure_newest(const struct figure_metric *m, uint64_t until_day,
                                   struct period *ret_period);
/* The one before; ST_END before the first. */
MUST_USE enum status figure_before(const struct figure_metric *m, struct period *period);

/* Periods that whoever looks for a value looks back at, however many are passed over. */
enum { FIGURE_PERIODS_BACK = 200 };

struct figure_value {
    enum figure figure;
    bool has_value, has_gap;
    struct decimal value; /* of several partners the mean */
    struct decimal gap;
    bool judged;    /* a predicate may be judged by it, as a value or as missing: nothing is pending */
    uint64_t at_ms; /* since when it is so */
    struct query_figure_list by;
};
MUST_USE enum status figure_of(const struct figures *f, const struct figure_metric *m,
                               const struct period *period, struct figure_value *ret, struct err *err);
/* The value of a period that both sides stand behind (computed, countersigned or revealed): of one partner, or of all
 * (org.n 0). */
MUST_USE enum status figure_stands(const struct figures *f, const struct figure_metric *m, const struct period *p, struct span org,
                                   bool *ret_has, struct decimal *ret_value, enum figure *ret_figure, struct err *err);
/* What a computed metric says of a period as things stand, kept or not (MSR-1 to MSR-7). *ret_has is false when there is nothing to
 * compute it from. */
MUST_USE enum status figure_measure(const struct figures *f, const struct charter_metric *d, const struct period *p, bool *ret_has,
                                    struct decimal *ret_value, struct err *err);
/* Of one reading. checked: somebody is to countersign it. */
enum figure figure_of_reading(const struct state_reading *r, bool checked);

#endif
