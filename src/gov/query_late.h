/* query_late: what is past due now, by seat, and sessions that were missed. Reads only. Internal to gov. */
#ifndef ENT_GOV_QUERY_LATE_H
#define ENT_GOV_QUERY_LATE_H

#include "gov/figure.h"

/* Items overdue, readings late or unchecked; and sessions missed from from_ms on and before until_ms that are not recorded
 * yet. Of one seat, which the answer goes on borrowing, or of all (NULL). Oldest first. */
MUST_USE enum status query_late(const struct figures *f, struct span *seat, uint64_t from_ms, uint64_t until_ms,
                                struct query_late_list *ret, struct err *err);

#endif
