/* effect: what passing a decision does: which row may have which, could it be done now, and doing it (GOV-22,
 * GOV-36 to GOV-39, GOV-41, ERA-1). Internal to gov. */
#ifndef ENT_GOV_EFFECT_H
#define ENT_GOV_EFFECT_H

#include "gov/denial.h"
#include "gov/state.h"

/* Has the row of this name an effect of its own? */
bool effect_has(struct span type);
/* The same, also when it may be none. */
bool effect_names(struct span type);
/* Could this effect of the decision be carried out now? Of d its type, mover, partner and opened_leaf are looked at. */
MUST_USE enum status effect_check(const struct view *v, struct arena *a, uint64_t now_ms,
                                  const struct state_decision *d, const struct effect *e, struct denial *no,
                                  struct err *err);
/* The charter section that the effect replaces; 0 for none. */
uint64_t effect_section(const struct effect *e);
/* Carries it out, but for a leaving, which follows the decision's own event. Only after effect_check said
 * ST_OK. ret_version: of the section replaced, or 0. */
MUST_USE enum status effect_apply(struct gov *g, const struct state_decision *d, const struct effect *e,
                                  uint64_t *ret_version, struct err *err);
/* The organisation that leaves by it; false for none. */
bool effect_leaver(const struct state_decision *d, const struct effect *e, struct span *ret_org);

#endif
