/* measure: what is computed from decisions, readings and sessions on the record, never typed (MSR-1 to MSR-4, docs/metrics.md): pace
 * per row and body, waiting per partner, breaches, rates. Reads only; but for measure_value within a block also what lies outside
 * the roots (happened.h), so no entry and no timer may depend on the rest. Internal to gov. */
#ifndef ENT_GOV_MEASURE_H
#define ENT_GOV_MEASURE_H

#include "gov/course.h"
#include "gov/figure.h"

/* When the ledger stood still. */
struct measure_halts {
    size_t n;
    struct measure_halt {
        uint64_t from_ms, until_ms;
    } * v;
};
MUST_USE enum status measure_halts(const struct figures *f, struct measure_halts *ret, struct err *err);
/* Business time between two instants on a calendar, and how much of it halts are; at most all of it. */
MUST_USE enum status measure_business(const struct measure_halts *h, const struct charter_calendars *c, struct span calendar,
                                      uint64_t from_ms, uint64_t until_ms, uint64_t *ret_ms, uint64_t *ret_halted_ms, struct err *err);

/* All of it over decisions opened from from_ms on and before until_ms; and which of them a deadline met with a ballot owed, or
 * ended by default, ascending. */
MUST_USE enum status measure_record(const struct figures *f, uint64_t from_ms, uint64_t until_ms, struct query_record *ret,
                                    struct uint_list *ret_breached, struct err *err);
/* A stretch in which one tally of a decision was open. Its events are those from first up to end. */
struct measure_tally {
    const struct matter *m;
    uint64_t from_ms, until_ms, rung;
    const struct state_event *ev;
    size_t first, end;
    bool by_deadline; /* a deadline ended it */
    bool open;        /* it is open still: until_ms is now */
};
/* Calls each for the tallies of decisions opened in that time, newest decision first. What it is given is in scratch, which is
 * emptied after each decision; what each returns, but ST_OK, is returned. */
MUST_USE enum status measure_tallies(const struct figures *f, uint64_t from_ms, uint64_t until_ms,
                                     enum status (*each)(void *ctx, const struct measure_tally *t), void *ctx, struct err *err);
/* The parts of a tally up to a time that its pauses leave: in a pause nobody can speak. Begins with {0}; false when there is none
 * any more. */
struct measure_stretch {
    uint64_t from_ms, until_ms;
    size_t at; /* of the event that ends it */
    bool last;
};
bool measure_stretch(const struct measure_tally *t, uint64_t until_ms, struct measure_stretch *s);
/* When a partner ceased to owe under an approval: at the first ballot after which it approved, or no longer could (GOV-11);
 * UINT64_MAX when it owed to the end. Only ballots that were cast are looked at. The arena is for scratch. */
uint64_t measure_settled_at(const struct measure_tally *t, const struct pinned_term *term, const struct pinned_partner *p,
                            struct arena *a);

/* Regular sessions that were due in that time, and those of them that were not kept, ascending. */
MUST_USE enum status measure_cadence(const struct figures *f, uint64_t from_ms, uint64_t until_ms, uint64_t *ret_due,
                                     struct uint_list *ret_not_kept, struct err *err);
/* One number of it, for a metric of the charter (not those of items or of other metrics: measure_items.h, figure.c); false when there is nothing to compute it from. */
MUST_USE enum status measure_value(const struct figures *f, enum measure m, uint64_t from_ms,
                                   uint64_t until_ms, bool *ret_has, struct decimal *ret_value,
                                   struct err *err);

#endif
