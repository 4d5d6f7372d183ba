/* budget: envelopes, and amounts summed over 90 days (rule 21, GOV-59 to GOV-63). Internal to gov. */
#ifndef ENT_GOV_BUDGET_H
#define ENT_GOV_BUDGET_H

#include "gov/act.h"
#include "gov/rights.h"
#include "gov/tally.h"

/* Is what the proposal says of money sound (GOV-59)? required: the row asks for a budget. was: the proposal
 * that it follows, or NULL. Refuses. */
MUST_USE enum status budget_sound(struct act *c, const struct rights *r, const struct state_pinned *p,
                                  bool required, const struct proposal *was, const struct proposal *pr,
                                  struct err *err);
/* Keeps the envelope and the charge in the decision. */
void budget_describe(struct state_decision *d, const struct proposal *pr);
/* Pins the body that decides what does not fit (GOV-45), when the proposal names an envelope of the charter. */
MUST_USE enum status budget_pin(const struct rights *r, struct arena *a, struct span name,
                                struct state_pinned *p, struct err *err);

/* The proposal with what passed before of its type, scope and currency added to its amount (GOV-60). */
MUST_USE enum status budget_summed(const struct view *v, struct arena *a, struct span type, uint64_t now_ms,
                                   const struct proposal *pr, struct proposal *ret, struct err *err);

enum budget_fit { BUDGET_FITS, BUDGET_OVER, BUDGET_GONE, BUDGET_ENDED };
/* Does the charge fit its envelope now (GOV-62)? */
MUST_USE enum status budget_fits(const struct view *v, struct arena *a, const struct matter *m,
                                 uint64_t now_ms, enum budget_fit *ret, struct err *err);
/* GOV-63: at passing, at taking effect, and when what passed does not take effect. */
MUST_USE enum status budget_reserve(struct gov *g, struct state_decision *d, struct err *err);
MUST_USE enum status budget_spend(struct gov *g, const struct state_decision *d, struct err *err);
MUST_USE enum status budget_release(struct gov *g, struct state_decision *d, struct err *err);

/* What an envelope that begins on this day has given; zeros when nothing. */
MUST_USE enum status budget_get(const struct view *v, struct arena *a, uint64_t first_day, struct span name,
                                struct state_budget *ret, struct err *err);

#endif
