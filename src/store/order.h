/* order: how records sort, and where they stand in a treap. Shared by overlay and store_mem; not for other
 * layers. A treap (Seidel and Aragon, "Randomized search trees", 1996) whose priorities are a hash of the
 * key: the shape follows from the set of keys alone, never from the order of arrival, and needs no random
 * numbers. */
#ifndef ENT_STORE_ORDER_H
#define ENT_STORE_ORDER_H

#include "base/base.h"

static inline int order_cmp(uint8_t a_table, struct span a, uint8_t b_table, struct span b)
{
    if (a_table != b_table)
        return a_table < b_table ? -1 : 1;
    return span_cmp(a, b);
}

/* FNV-1a, then the 64-bit finalizer of MurmurHash3. Somebody who grinds keys can make the treap of one block
 * deep; at BLOCK_ENTRIES that costs milliseconds. */
static inline uint64_t order_priority(uint8_t table, struct span key)
{
    uint64_t h = (UINT64_C(14695981039346656037) ^ table) * UINT64_C(1099511628211);
    for (size_t i = 0; i < key.n; i++)
        h = (h ^ key.p[i]) * UINT64_C(1099511628211);
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

/* Does a stand above b? cmp is order_cmp(a, b). Equal priorities fall back on the keys: a total order. */
static inline bool order_above(uint64_t a_priority, uint64_t b_priority, int cmp)
{
    return a_priority != b_priority ? a_priority > b_priority : cmp < 0;
}

#endif
