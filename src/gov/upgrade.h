/* upgrade: which rules are in force, and which come next (GOV-39). Internal to gov. */
#ifndef ENT_GOV_UPGRADE_H
#define ENT_GOV_UPGRADE_H

#include "gov/denial.h"
#include "gov/state.h"

MUST_USE enum status upgrade_check(const struct view *v, struct arena *a, uint64_t rules, struct denial *no,
                                   struct err *err);
/* Decided: in force once enough nodes run it. */
MUST_USE enum status upgrade_decide(struct gov *g, uint64_t rules, struct err *err);
/* To be called after each change of support or of the validators: are there enough now? */
MUST_USE enum status upgrade_settle(struct gov *g, struct err *err);

#endif
