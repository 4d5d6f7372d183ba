/* condition: the conditions of the charter that the record judges, and how: holds, fails, or open (TRG-1, TRG-3). Reads only.
 * Internal to gov. */
#ifndef ENT_GOV_CONDITION_H
#define ENT_GOV_CONDITION_H

#include "gov/figure.h"

struct trigger_condition {
    enum trigger_type type;
    struct span name;
    const struct charter_predicate *when; /* NULL: the renewal */
    struct span opens;                    /* n 0: an early warning */
    struct charter_selector_list owners;  /* not of an early warning */
};

/* Those of the charter in force that are judged, in the order of TRG-1. */
struct conditions {
    struct figures f;
    struct charter_term term;
    uint64_t renewal_opens_ms, term_ends_ms;
    size_t n;
    struct trigger_condition *v;
};
MUST_USE enum status conditions_load(const struct view *v, struct arena *a, struct arena *scratch, uint64_t now_ms,
                                     struct conditions *ret, struct err *err);
/* NULL when there is none. */
const struct trigger_condition *conditions_find(const struct conditions *l, enum trigger_type type, struct span name);
/* Is it what the row was made from? */
bool condition_is(const struct trigger_condition *c, const struct state_trigger *t, struct arena *a);

/* What a condition may look at. */
enum condition_about { ABOUT_METRIC, ABOUT_COUNT, ABOUT_TERM, ABOUT_RENEWAL };
bool condition_looks_at(const struct charter_predicate *when, enum condition_about about, struct span name);

enum reached { REACHED_HOLDS, REACHED_FAILS, REACHED_OPEN };
/* One that is not counted: of this row or item type. */
struct condition_without {
    struct span name;
    uint64_t number;
};
/* without: NULL when all are counted. */
MUST_USE enum status condition_judge(const struct conditions *l, const struct trigger_condition *c,
                                     const struct condition_without *without, enum reached *ret, struct err *err);

/* Who of a partner is to answer; n 0: nobody. */
MUST_USE enum status condition_owner(const struct conditions *l, const struct trigger_condition *c, struct span org, struct span *ret,
                                     struct err *err);
/* Who is told of an early warning; none: nobody, or a risk has the same one. */
MUST_USE enum status condition_warned(const struct conditions *l, const struct trigger_condition *c, struct span_list *ret,
                                      struct err *err);

#endif
