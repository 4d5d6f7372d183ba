/* sparse: the compact sparse Merkle tree of the state (SMT-1 to SMT-3). It maps the hash of a (table, key) to
 * the hash of a value; its root is the block record's state_root, and does not depend on the order of
 * changes.
 *
 * Nodes are immutable. Each new one gets the next number, so a store that is keyed by number only ever
 * appends; an older root stays readable until its nodes are dropped. Node number 0 is the empty subtree and
 * is not stored.
 *
 * Stored node, by its first byte (SMT-4):
 *   0  leaf, 65 bytes    keyhash (32), valuehash (32)
 *   1  inner, 81 bytes   left number (u64), right number (u64), left hash (32), right hash (32)
 * A leaf keeps its number when it moves up or down. Hashes of children are in the parent: an update reads the
 * nodes on the changed paths and no others, but for the sibling of a subtree that became empty. Every node
 * read is hashed and compared, so damage in the store is found before it gets into a root. */
#ifndef ENT_MERKLE_SPARSE_H
#define ENT_MERKLE_SPARSE_H

#include "base/base.h"

enum {
    SPARSE_DEPTH_MAX = 256,
    SPARSE_NODE_MAX = 81, /* bytes of a stored node */
};

/* Where nodes are kept. Callbacks may return any status; it is passed on. */
struct sparse_store {
    void *ctx;
    /* Copies the bytes of node id to node (SPARSE_NODE_MAX long) and their number to ret_n. ST_NOTFOUND. */
    enum status (*get)(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n);
    /* Keeps a new node. ids come in ascending order; an update that failed is followed by one that uses its
     * ids again. */
    enum status (*put)(void *ctx, uint64_t id, struct span node);
    /* The new tree does not use node id: drop it once the update has succeeded and no older root is wanted.
     * Only to be noted down, since the update may still fail. May be NULL. */
    enum status (*retire)(void *ctx, uint64_t id);
};

/* One version of the tree: 48 bytes, copy it freely. All zeros is the empty tree. */
struct sparse_tree {
    uint64_t root_id;
    uint64_t last_id; /* highest number given so far */
    struct hash root;
};

struct sparse_change {
    struct hash key;   /* keyhash */
    struct hash value; /* valuehash; ignored when removed */
    bool removed;
};

/* What an update did. Optional; for figures and tests. */
struct sparse_stats {
    uint64_t read, written, retired;
};

/* SMT-1. */
void sparse_key(uint8_t table, struct span key, struct hash *ret_key);
void sparse_value(struct span value, struct hash *ret_value);

/* Ascending by key, in place, without memory of its own. */
void sparse_sort(struct sparse_change *v, size_t n);

/* Applies n changes, ascending by key and none twice (asserted), in O(n log size) reads, writes and hashes.
 * Setting a value that is there, or removing a key that is not, changes nothing and writes nothing. ret_tree
 * may be tree itself, and is untouched on failure. ST_CORRUPT: a stored node is not what its parent says (err
 * names its number). stats may be NULL and is added to. Uses about 80 KiB of stack. */
MUST_USE enum status sparse_update(const struct sparse_tree *tree, const struct sparse_change *v, size_t n,
                                   const struct sparse_store *store, struct sparse_tree *ret_tree,
                                   struct sparse_stats *stats, struct err *err);

/* Valuehash of a key. ST_NOTFOUND, ST_CORRUPT. */
MUST_USE enum status sparse_get(const struct sparse_tree *tree, const struct hash *key,
                                const struct sparse_store *store, struct hash *ret_value, struct err *err);

/* SMT-3. What is at the end of a key's path: nothing, or a leaf: the key's own (it is there) or another's (it
 * is not, since that leaf's subtree would hold it). */
struct sparse_proof {
    size_t n; /* siblings, root first; 32 zero bytes for an empty one */
    struct hash siblings[SPARSE_DEPTH_MAX];
    bool leaf;
    struct hash leaf_key, leaf_value; /* when leaf */
};

/* Proves what the tree says of a key. ST_CORRUPT. */
MUST_USE enum status sparse_prove(const struct sparse_tree *tree, const struct hash *key,
                                  const struct sparse_store *store, struct sparse_proof *ret_proof,
                                  struct err *err);
/* The tree with this root maps key to value. ST_MISMATCH. err may be NULL. */
MUST_USE enum status sparse_verify(const struct hash *root, const struct hash *key, const struct hash *value,
                                   const struct sparse_proof *proof, struct err *err);
/* The tree with this root does not have the key. ST_MISMATCH. err may be NULL. */
MUST_USE enum status sparse_verify_absent(const struct hash *root, const struct hash *key,
                                          const struct sparse_proof *proof, struct err *err);

#endif
