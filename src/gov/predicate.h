/* predicate: the bounded conditions of the charter, judged over what is on the record: countersigned,
 * revealed and computed values, counts, the term (docs/metrics.md). Reads only. Internal to gov. */
#ifndef ENT_GOV_PREDICATE_H
#define ENT_GOV_PREDICATE_H

#include "gov/figure.h"

/* What a missing or disputed reading is (rule 24). */
enum missing {
    MISSING_BREACHES, /* early warnings: as if the term held for its period */
    MISSING_SKIPPED,  /* exits, consequences, payouts: its period is passed over */
};

struct predicate_facts {
    const struct figures *f;
    enum missing missing;
    const struct money *amount; /* at stake; NULL: none */
    bool affects_others;
};

struct predicate_finding {
    bool holds;
    bool known;        /* false: a term looks at what these rules do not compute or count yet */
    uint64_t since_ms; /* holds: since when */
    struct span words; /* what was looked at: "on-shelf 84.1, 2 of 2" */
};

MUST_USE enum status predicate_judge(const struct predicate_facts *x, const struct charter_predicate *p,
                                     struct predicate_finding *ret, struct err *err);
/* Does a condition on a metric hold for one period of it? */
enum reach { REACH_HOLDS, REACH_NOT, REACH_SKIP };
enum reach predicate_period(const struct figure_value *v, enum comparison op, const struct decimal *number,
                            enum missing missing);
/* x op y, by the charter's comparison. */
bool predicate_compares(enum comparison op, int order);

#endif
