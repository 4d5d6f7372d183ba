/* signatures: those of a block's entries, checked on all cores. It is most of what an audit does. */
#ifndef ENT_AUDIT_SIGNATURES_H
#define ENT_AUDIT_SIGNATURES_H

#include "codec/codec.h"

struct signatures;

struct signatures *signatures_new(void);
void signatures_free(struct signatures *s); /* accepts NULL */

/* Whether each leaf is an entry whose signature verifies, in their order; valid until the next call. Blocks until all are
 * known. */
const bool *signatures_check(struct signatures *s, const struct span_list *leaves);

#endif
