/* receipt: who had seen a revision, and when silence counts as approval (GOV-56 to GOV-58). Internal to gov. */
#ifndef ENT_GOV_RECEIPT_H
#define ENT_GOV_RECEIPT_H

#include "gov/act.h"
#include "gov/tally.h"

/* The entry about the decision shows that its organisation has seen the revision (GOV-57). Once nothing can
 * refuse it any more. */
MUST_USE enum status receipt_seen(struct act *c, const struct matter *m, struct err *err);

/* The first deadline of m has come, with tally t: would it pass with the silence of those that owe (GOV-58)?
 * ret_deemed: they. */
MUST_USE enum status receipt_deems(const struct view *v, struct arena *a, const struct matter *m,
                                   const struct tally *t, bool *ret_deems, struct span_list *ret_deemed,
                                   struct err *err);
/* At the opening, with its first deadline: until when a receipt counts (GOV-45). */
void receipt_describe(const struct state_pinned *p, struct state_decision *d);
/* Could silence still count as approval at its deadline? */
bool receipt_counts(const struct state_decision *d);
/* The organisation's receipt for the current revision; ST_NOTFOUND. */
MUST_USE enum status receipt_of(const struct view *v, struct arena *a, const struct state_decision *d,
                                struct span org, struct state_receipt *ret, struct err *err);

#endif
