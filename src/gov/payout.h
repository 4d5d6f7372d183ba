/* payout: what an incentive pays that holds (docs/metrics.md). Internal to gov. */
#ifndef ENT_GOV_PAYOUT_H
#define ENT_GOV_PAYOUT_H

#include "gov/figure.h"

/* Fills pays and to of the trigger; neither when the amount cannot be told: its metric has no number that both sides stand
 * behind, or is not in the currency of the budget. */
MUST_USE enum status payout_of(const struct figures *f, const struct charter_incentive *k, struct query_trigger *t, struct err *err);

#endif
