/* texts: the detached texts beside a block, against the digests in its entries (ENT-8, PAK-4). */
#ifndef ENT_AUDIT_TEXTS_H
#define ENT_AUDIT_TEXTS_H

#include "ledger/leaf.h"

/* ST_OK: each is one that its entry names, none there too often; *ret_absent: how many are named and not there. ST_BADSIG: the
 * text *ret_nth, from 1, is not; why says so, and begins with the rule. entries: of leaves 1 and on; their bodies decode. */
MUST_USE enum status texts_check(const struct pack_prose_list *prose, const struct leaf *entries, size_t n, struct arena *a,
                                 uint64_t *ret_absent, size_t *ret_nth, struct err *why);

#endif
