/* triggers: early warnings and exit triggers of the charter, judged as of the newest block (rules 24, 34).
 * They are read, not written: that one holds is no entry and does nothing. Internal to gov. */
#ifndef ENT_GOV_TRIGGERS_H
#define ENT_GOV_TRIGGERS_H

#include "gov/figure.h"

/* Section exit, when the charter has one. */
MUST_USE enum status triggers_exit(const struct figures *f, bool *ret_there, struct charter_exit *ret,
                                   struct err *err);
/* All conditions of a kind, ascending by name; of exit triggers also the decision that answers one. */
MUST_USE enum status triggers_judge(const struct figures *f, enum trigger_type type,
                                    struct query_trigger_list *ret, struct err *err);

#endif
