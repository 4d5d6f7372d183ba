/* trigger: conditions of the charter that the record judges, and what it asks when one holds: early warnings of section risks,
 * exit triggers, consequences, the renewal (SPEC section 27). What is only computed is triggers.h. Internal to gov. */
#ifndef ENT_GOV_TRIGGER_H
#define ENT_GOV_TRIGGER_H

#include "gov/figure.h"

/* After the genesis and after an amendment: the rows follow the charter (TRG-2). */
MUST_USE enum status trigger_follow(struct gov *g, struct err *err);
/* TRG-6: a reading of the metric has changed; a decision or an item was opened by a seat; a timer of the term has fired. */
MUST_USE enum status trigger_judge_metric(struct gov *g, struct span metric, struct err *err);
MUST_USE enum status trigger_proposed(struct gov *g, const struct state_decision *d, struct err *err);
MUST_USE enum status trigger_opened(struct gov *g, const struct state_item *it, struct err *err);
MUST_USE enum status trigger_fire(struct gov *g, uint64_t number, struct err *err);
/* TRG-7: the decision answers what asks for one of its row. */
MUST_USE enum status trigger_answered(struct gov *g, const struct state_decision *d, struct err *err);

/* The row of a condition; ST_NOTFOUND: the record does not judge it. */
MUST_USE enum status trigger_get(const struct view *v, struct arena *a, enum trigger_type type, struct span name,
                                 struct state_trigger *ret, struct err *err);
/* For gov_check: do the rows agree with the charter, and the timers with them? ret_timers: how many there are. */
MUST_USE enum status trigger_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err);

#endif
