/* sparse_node: stored nodes of the sparse tree, read with their hash checked. Used by sparse.c and
 * sparse_proof.c. */
#ifndef ENT_MERKLE_SPARSE_NODE_H
#define ENT_MERKLE_SPARSE_NODE_H

#include "merkle/sparse.h"

/* A subtree as its parent knows it: {0, zeros} is the empty one. */
struct sparse_child {
    uint64_t id;
    struct hash hash;
};

struct sparse_node {
    bool leaf;
    struct hash key, value;       /* leaf */
    struct sparse_child child[2]; /* inner */
};

/* SMT-2. */
void sparse_node_hash(const struct sparse_node *n, struct hash *ret_hash);
/* ret_bytes has room for SPARSE_NODE_MAX. */
size_t sparse_node_encode(const struct sparse_node *n, uint8_t *ret_bytes);
/* ST_CORRUPT with the node's number when it is missing, malformed, or does not have the hash that c gives. */
MUST_USE enum status sparse_node_read(const struct sparse_store *store, const struct sparse_child *c,
                                      struct sparse_node *ret_node, struct err *err);

/* Bit `depth` of a key, the most significant bit of byte 0 first. */
static inline unsigned sparse_bit(const struct hash *key, unsigned depth)
{
    return key->b[depth / 8] >> (7 - depth % 8) & 1;
}

#endif
