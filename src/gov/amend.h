/* amend: a charter section replaced by decision. Internal to gov. */
#ifndef ENT_GOV_AMEND_H
#define ENT_GOV_AMEND_H

#include "gov/state.h"

/* Could this effect, of a decision of this type, be applied to the charter in force? V_OK; V_BAD_EFFECT (not
 * this type's, parts missing), V_STALE_VERSION, V_CHARTER_INVALID, V_NOT_SUPPORTED; words in why (256 bytes).
 */
MUST_USE enum status amend_check(const struct view *v, struct arena *a, struct span type,
                                 const struct effect *effect, enum verdict *ret_verdict, char *why,
                                 struct err *err);

/* Replaces the section, keeping the older version (GOV-22). Only after amend_check said V_OK. */
MUST_USE enum status amend_apply(struct gov *g, uint64_t decision, const struct effect *effect,
                                 uint64_t *ret_version, struct err *err);

#endif
