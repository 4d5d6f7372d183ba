/* members: organisations join and leave (GOV-36 to GOV-38). Internal to gov. What open decisions make of it
 * is in joining.h. */
#ifndef ENT_GOV_MEMBERS_H
#define ENT_GOV_MEMBERS_H

#include "gov/denial.h"
#include "gov/state.h"

/* Could the organisation of this effect join now? */
MUST_USE enum status members_check_admit(const struct view *v, struct arena *a, const struct effect *e,
                                         struct denial *no, struct err *err);
/* Section parties, PARTY, SEAT and KEY of who joins. ret_version: of section parties. */
MUST_USE enum status members_admit(struct gov *g, uint64_t decision, const struct effect *e,
                                   uint64_t *ret_version, struct err *err);

/* Could it leave now: is it there, and is a validator left? */
MUST_USE enum status members_check_leave(const struct view *v, struct arena *a, struct span org,
                                         struct denial *no, struct err *err);
/* Its standing, its seats, its recovery and ask. */
MUST_USE enum status members_leave(struct gov *g, struct span org, struct err *err);

#endif
