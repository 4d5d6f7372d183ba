/* frontier: the right edge of an RFC 6962 tree, enough to append leaves and give the root (a "compact range"
 * that starts at 0). Plain data of about 2 KiB; copy it freely, keep an old copy to go back. */
#ifndef ENT_MERKLE_FRONTIER_H
#define ENT_MERKLE_FRONTIER_H

#include "base/base.h"

/* h[k] is the root of the full subtree of 2^k leaves that ends where the lower set bits of size begin; it
 * counts only when bit k of size is set. All zeros is the empty tree. */
struct frontier {
    uint64_t size;
    struct hash h[64];
};

/* One hash in the mean, log2(size) at most. Asserts size < 2^64 - 1. */
void frontier_append(struct frontier *f, const struct hash *leaf);
/* At most log2(size) hashes. SHA-256 of nothing when empty. */
void frontier_root(const struct frontier *f, struct hash *ret_root);

#endif
