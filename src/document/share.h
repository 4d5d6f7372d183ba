/* share: whose documents take how much of a node's room (DOC-5), so that no one organisation can fill every partner's. */
#ifndef ENT_DOCUMENT_SHARE_H
#define ENT_DOCUMENT_SHARE_H

#include "document/keep.h"
#include "document/named.h"

/* May a document of `size` bytes, which is not whole here, be kept? Of those that one organisation's entries named first, at
 * most `most` divided by the number of entitled partners; of those that no entry names yet, a quarter of it. ST_OK, or
 * ST_NOSPACE with words. */
MUST_USE enum status share_check(const struct keep *k, const struct named *n, const struct hash *digest, uint64_t size, uint64_t most,
                                 size_t partners, struct err *err);

#endif
