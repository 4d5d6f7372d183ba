/* joining: what open decisions make of an organisation that joins or leaves (rules 28, 29). Internal to gov.
 */
#ifndef ENT_GOV_JOINING_H
#define ENT_GOV_JOINING_H

#include "gov/state.h"

/* Core amendments that are undecided are asked anew, of the newcomer too (GOV-36). */
MUST_USE enum status joining_joined(struct gov *g, struct span org, struct err *err);
/* It is asked no more, and what that decides is decided (GOV-38). */
MUST_USE enum status joining_left(struct gov *g, struct span org, struct err *err);

#endif
