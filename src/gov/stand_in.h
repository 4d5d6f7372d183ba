/* stand_in: who acts for a seat: its alternates, and those asked in the stead of one that has recused itself
 * (GOV-46 to GOV-48). Internal to gov. */
#ifndef ENT_GOV_STAND_IN_H
#define ENT_GOV_STAND_IN_H

#include "gov/act.h"
#include "gov/tally.h"

/* May these be the seat's alternates? Refuses. */
MUST_USE enum status stand_in_alternates(struct act *c, struct span seat, const struct alternate_list *l,
                                         struct err *err);
/* Seats that may ballot for this one by its alternates, at now_ms, on the decision; ascending. */
MUST_USE enum status stand_in_covering(const struct view *v, struct arena *a, const struct matter *m,
                                       struct span seat, uint64_t now_ms, struct span_list *ret_seats,
                                       struct err *err);
/* May the entry's seat ballot for the principal (GOV-47)? Refuses. */
MUST_USE enum status stand_in_may(struct act *c, const struct matter *m, const struct tally *t,
                                  struct span principal, struct err *err);
/* May the entry's seat recuse itself (GOV-48)? Refuses. terms: the approvals in force. */
MUST_USE enum status stand_in_may_recuse(struct act *c, const struct matter *m, const struct tally *t,
                                         const struct pinned_term_list *terms);
/* It does: RECUSED of it and of whom it stood in for; its ballots for others go. */
MUST_USE enum status stand_in_recuse(struct act *c, const struct ballot *r, const struct matter *m,
                                     const struct tally *t, struct err *err);

#endif
