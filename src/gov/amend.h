/* amend: a charter section replaced by decision. Internal to gov. */
#ifndef ENT_GOV_AMEND_H
#define ENT_GOV_AMEND_H

#include "charter/charter_model.h"
#include "gov/denial.h"
#include "gov/state.h"

/* All sections in force, decoded. */
MUST_USE enum status amend_charter(const struct view *v, struct arena *a, struct charter *ret,
                                   struct err *err);

/* Could this amendment, of a decision of this type, be applied to the charter in force? Its section and body
 * are there. Refuses with V_BAD_EFFECT, V_NOT_PERMITTED, V_STALE_VERSION, V_CHARTER_INVALID. */
MUST_USE enum status amend_check(const struct view *v, struct arena *a, struct span type,
                                 const struct effect *effect, struct denial *no, struct err *err);

/* Replaces a section, keeping the older version (GOV-22). Only after its check. */
MUST_USE enum status amend_apply(struct gov *g, uint64_t decision, uint64_t section, struct span body,
                                 uint64_t *ret_version, struct err *err);

#endif
