/* erase: texts of entries that are kept by nobody any more, by decision (ERA-1, ERA-2). What the decision does to the stores is
 * the ledger's (rows.h). Internal to gov. */
#ifndef ENT_GOV_ERASE_H
#define ENT_GOV_ERASE_H

#include "gov/denial.h"
#include "gov/state.h"

/* Could this effect be carried out? Of d its opened_leaf is looked at. */
MUST_USE enum status erase_check(const struct state_decision *d, const struct effect *e, struct denial *no);
MUST_USE enum status erase_apply(struct gov *g, uint64_t decision, const struct effect *e, struct err *err);

#endif
