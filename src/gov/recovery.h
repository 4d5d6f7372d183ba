/* recovery: an organisation gets its registrar back: by its offline key after a notice, or by two of its
 * other seats (GOV-33, GOV-34). Internal to gov. */
#ifndef ENT_GOV_RECOVERY_H
#define ENT_GOV_RECOVERY_H

#include "gov/state.h"

/* The recovery announced for an organisation: its leaf and record. ST_NOTFOUND. */
MUST_USE enum status recovery_of(const struct view *v, struct arena *a, struct span org, uint64_t *ret_leaf,
                                 struct state_recovery *ret, struct err *err);
/* Its notice is over. */
MUST_USE enum status recovery_fire(struct gov *g, uint64_t leaf, struct err *err);
/* Not before this time when the ledger stood still until halt_ms; and moved there. */
uint64_t recovery_due_after(uint64_t halt_ms);
MUST_USE enum status recovery_defer(struct gov *g, uint64_t leaf, uint64_t until_ms, struct err *err);
/* The registrar's list is this one; keys that leave it are revoked. */
MUST_USE enum status recovery_replace_registrar(struct gov *g, struct span org,
                                                const struct public_key_list *keys, struct err *err);
/* The registrar was replaced by others: what is announced is cancelled, its statement serves no more; what is
 * asked goes. */
MUST_USE enum status recovery_cancel_all(struct gov *g, struct span org, struct err *err);
/* Of an organisation that leaves: what is announced or asked goes. */
MUST_USE enum status recovery_forget(struct gov *g, struct span org, struct err *err);

#endif
