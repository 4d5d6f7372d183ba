/* propose: what of a proposal is checked at its opening and again for what follows it. Internal to gov. */
#ifndef ENT_GOV_PROPOSE_H
#define ENT_GOV_PROPOSE_H

#include "gov/act.h"
#include "gov/course.h"

/* May this come in the place of the decision's current revision: as a revision, or as what a mediator
 * recommends (GOV-18, GOV-53)? Refuses. */
MUST_USE enum status propose_check_successor(struct act *c, const struct matter *m, const struct proposal *p,
                                             struct err *err);

#endif
