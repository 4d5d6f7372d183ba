/* reseat: the others replace a partner's registrar, by a decision of the row admission (GOV-41). Internal to
 * gov. */
#ifndef ENT_GOV_RESEAT_H
#define ENT_GOV_RESEAT_H

#include "gov/denial.h"
#include "gov/state.h"

/* Is the proposal one, with the partner that it is about? */
bool reseat_is(struct span type, const struct proposal *p);
/* What was pinned of the row, made to ask all but the partner, which has at least five business days. */
MUST_USE enum status reseat_pin(const struct view *v, struct gov *g, struct span partner,
                                struct state_pinned *p, struct err *err);
/* Could it be carried out now? */
MUST_USE enum status reseat_check(const struct view *v, struct arena *a, const struct state_decision *d,
                                  const struct effect *e, struct denial *no, struct err *err);
MUST_USE enum status reseat_apply(struct gov *g, struct span partner, const struct public_key_list *keys,
                                  struct err *err);

#endif
