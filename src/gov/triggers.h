/* triggers: conditions of the charter that are watched (early warnings, exit triggers, consequences, incentives), as they stand
 * at the newest block (rules 24, 34; docs/metrics.md). Reads only: what the record does of itself about those that it
 * judges is in trigger.h. Internal to gov. */
#ifndef ENT_GOV_TRIGGERS_H
#define ENT_GOV_TRIGGERS_H

#include "gov/figure.h"

struct watched {
    struct query_trigger t;
    struct span place;                       /* of a consequence, in the list from 1: its name on the record */
    struct charter_selector_list owners;     /* who is to answer it; none: nobody is asked */
    const struct charter_incentive *payment; /* of an incentive */
};
struct watched_list {
    size_t n;
    struct watched *v;
};

/* All conditions of a kind, in the charter's order, not judged yet. */
MUST_USE enum status triggers_list(const struct figures *f, enum trigger_type type, struct watched_list *ret, struct err *err);
/* Whether it holds; if so, what answers it, or what it pays. */
MUST_USE enum status triggers_judge(const struct figures *f, struct watched *w, struct err *err);
/* Is it answered: a decision was proposed, or an item opened, since it holds? */
bool triggers_is_answered(const struct query_trigger *t);

#endif
