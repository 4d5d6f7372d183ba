/* refound: the state of a new epoch (SPEC section 15). */
#ifndef ENT_GOV_REFOUND_H
#define ENT_GOV_REFOUND_H

#include "cert/refounding.h"
#include "gov/gov.h"

/* Before the timers of the first block of the epoch, g->leaf its block record: REF-3, then REF-4. r was read, and checked
 * against the last block (refounding_check). *ret_sound false: not signed as it must be, or not what the state gives; g->why
 * says so, and the overlay is to be dropped. The status is only for faults of this machine. */
MUST_USE enum status gov_refound(struct gov *g, const struct refounding_info *r, bool *ret_sound, struct err *err);

#endif
