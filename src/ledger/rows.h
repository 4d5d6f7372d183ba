/* rows: how the ledger's own tables (64 and above) are laid out. */
#ifndef ENT_LEDGER_ROWS_H
#define ENT_LEDGER_ROWS_H

#include "codec/codec.h"
#include "merkle/tiles.h"
#include "store/store.h"

/* BOUNDARY: tree size (u64) -> height (u64), ledger time (u64), root (32). */
struct boundary {
    uint64_t size, height, time_ms;
    struct hash root;
};

/* The boundary of exactly this size, or with or_later the first one of at least it. ST_NOTFOUND, ST_CORRUPT. */
MUST_USE enum status rows_boundary(const struct view *v, uint64_t size, bool or_later, struct boundary *ret_boundary,
                                   struct err *err);

/* The newest one. ST_NOTFOUND, ST_CORRUPT. */
MUST_USE enum status rows_newest_boundary(const struct view *v, struct boundary *ret_boundary, struct err *err);

/* The validator set with this hash, from the row written when it came in force (NODE, "set/" and the hash). Copied into the
 * arena. ST_NOTFOUND, ST_CORRUPT. */
MUST_USE enum status rows_set(const struct view *v, const struct hash *hash, struct arena *a, struct validator_set *ret_set,
                              struct err *err);

/* Detached texts of the n leaves from first_leaf on, copied into the arena; leaf counts from first_leaf. */
MUST_USE enum status rows_prose(const struct view *view, uint64_t first_leaf, size_t n, struct arena *a,
                                struct pack_prose_list *ret_list, struct err *err);

/* Tiles as the store keeps them: u8 level, u64 tile -> hashes. */
struct tile_reader rows_tile_reader(const struct view *v);

/* A node of the sparse tree, at most SPARSE_NODE_MAX bytes. ST_NOTFOUND, ST_CORRUPT. */
MUST_USE enum status rows_sparse_node(const struct view *v, uint64_t id, uint8_t *node, size_t *ret_n);

/* Big-endian keys. */
struct key8 {
    uint8_t b[8];
};
static inline struct key8 key_u64(uint64_t v)
{
    struct key8 k;
    store_u64(k.b, v);
    return k;
}

#endif
