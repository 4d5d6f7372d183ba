/* The tree of leaves with its tiles, and the state with its sparse tree. */
#include "recovery/examine.h"
#include "codec/codec.h"
#include "gov/happened.h"
#include "ledger/index.h"
#include "ledger/rows.h"
#include "merkle/rfc6962.h"
#include "merkle/sparse.h"
#include "merkle/sparse_node.h"

/* One row of tiles, made again from the row below. */
struct row {
    uint64_t tile; /* the one being filled */
    size_t n;
    struct hash made[TILE_WIDTH], stored[TILE_WIDTH];
    bool readable;
};

struct tree {
    struct examine *e;
    struct tile_reader reader;
    uint64_t size;
    struct row rows[TILE_LEVELS];
    struct frontier frontier;
    uint64_t said; /* of one kind of damage, not every leaf is told */
};

enum { SAID_MAX = 20 };

static void read_tile(struct tree *t, unsigned level)
{
    struct row *r = &t->rows[level];
    size_t width = tiles_width(t->size, level, r->tile);
    r->readable = width == 0 || t->reader.read(t->reader.ctx, level, r->tile, 0, width, r->stored) == ST_OK;
    if (!r->readable)
        examine_say(t->e, "tree", "tile %u/%" PRIu64 " of the tree is missing, short or damaged", level,
                    r->tile);
}

static void push(struct tree *t, struct hash h)
{
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        struct row *r = &t->rows[level];
        if (r->n == 0)
            read_tile(t, level);
        if (r->readable && !hash_eq(&r->stored[r->n], &h) && t->said++ < SAID_MAX)
            examine_say(t->e, "tree", "hash %" PRIu64 " of tile row %u is not that of the leaves below it",
                        r->tile * TILE_WIDTH + r->n, level);
        r->made[r->n++] = h;
        if (r->n < TILE_WIDTH)
            return;
        rfc6962_root(r->made, TILE_WIDTH, &h);
        r->n = 0;
        r->tile++;
    }
}

/* The leaves of a block; false when one cannot be read: what is after it has no known root. */
static bool block_of_leaves(struct tree *t, const struct view *v, uint64_t h, const struct header *header)
{
    struct err err;
    struct hash root;
    for (uint64_t i = t->frontier.size; i < header->size; i++) {
        struct span leaf;
        struct hash hash;
        examine_at(t->e, "leaf %" PRIu64, i);
        enum status st = block_leaf(v, i, &leaf, &err);
        if (st != ST_OK) {
            examine_say(t->e, "tree", "leaf %" PRIu64 " (block %" PRIu64 ") is %s", i, h,
                        st == ST_NOTFOUND ? "missing" : "damaged");
            return false;
        }
        rfc6962_leaf(leaf, &hash);
        frontier_append(&t->frontier, &hash);
        push(t, hash);
    }
    frontier_root(&t->frontier, &root);
    if (!hash_eq(&root, &header->root))
        examine_say(t->e, "tree",
                    "the leaves up to block %" PRIu64 " give root %.16s..., its header says %.16s...", h,
                    hex_of(&root).s, hex_of(&header->root).s);
    return true;
}

static bool header_at(const struct view *v, uint64_t h, struct arena *a, struct header *ret_header)
{
    struct span bytes;
    struct err err;
    return block_header(v, h, &bytes, &err) == ST_OK &&
           codec_decode(&header_desc, bytes, a, ret_header, &err) == ST_OK;
}

/* Leaves that the newest header counts. */
static uint64_t newest_size(const struct view *v)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct key8 most = key_u64(UINT64_MAX);
    struct span key, value;
    struct header header;
    if (view_prev(v, TABLE_BLOCK, span_of(most.b, 8), &key, &value) != ST_OK || key.n != 8 ||
        !header_at(v, load_u64(key.p), &a, &header))
        return 0;
    return header.size;
}

void examine_tree(struct examine *e, const struct view *v)
{
    struct tree *t = calloc(1, sizeof *t);
    ASSERT(t != NULL);
    t->e = e;
    t->reader = rows_tile_reader(v);
    t->size = newest_size(v);
    bool more = true;
    for (uint64_t h = 0; more && t->frontier.size < t->size; h++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 1 << 20);
        struct header header;
        more = header_at(v, h, &a, &header) && header.size <= t->size && block_of_leaves(t, v, h, &header);
    }
    if (t->said > SAID_MAX)
        examine_say(e, "tree", "and %" PRIu64 " more hashes of the tree are wrong", t->said - SAID_MAX);
    free(t);
}

/* -- State -- */

static enum status get_node(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n)
{
    return rows_sparse_node(ctx, id, node, ret_n);
}

/* All nodes below the root, each hashed. Returns how many there are; ret_leaves of them are leaves. */
static uint64_t walk_nodes(struct examine *e, const struct sparse_tree *tree,
                           const struct sparse_store *store, uint64_t *ret_leaves)
{
    struct sparse_child stack[SPARSE_DEPTH_MAX + 2];
    size_t depth = 0;
    uint64_t n = 0;
    *ret_leaves = 0;
    if (tree->root_id != 0)
        stack[depth++] = (struct sparse_child){tree->root_id, tree->root};
    while (depth > 0) {
        struct sparse_child c = stack[--depth];
        struct sparse_node node;
        struct err err = {0};
        examine_at(e, "SPARSE/%" PRIu64, c.id);
        if (sparse_node_read(store, &c, &node, &err) != ST_OK) {
            examine_say(e, "state", "%.300s", err.text);
            continue;
        }
        n++;
        *ret_leaves += node.leaf;
        for (size_t i = 0; !node.leaf && i < 2; i++)
            if (node.child[i].id != 0 && depth < ARRAY_LEN(stack))
                stack[depth++] = node.child[i];
    }
    return n;
}

static uint64_t rows_in_tree(struct examine *e, const struct view *v, uint8_t table,
                             const struct sparse_tree *tree, const struct sparse_store *store)
{
    uint8_t from[VIEW_KEY_MAX + 1];
    struct span key, value, at = {from, 0};
    uint64_t n = 0;
    while (view_next(v, table, at, &key, &value) ==
           ST_OK) { /* a damaged record ends it; its table's step has told */
        struct hash k, expected, found;
        struct err err = {0};
        sparse_key(table, key, &k);
        sparse_value(value, &expected);
        enum status st = sparse_get(tree, &k, store, &found, &err);
        if (st == ST_NOTFOUND || (st == ST_OK && !hash_eq(&found, &expected)))
            examine_say(e, "state", "a row of table %s is not the one that the state root covers",
                        table_name(table));
        else if (st != ST_OK)
            examine_say(e, "state", "table %s: %.250s", table_name(table), err.text);
        n++;
        memcpy(from, key.p, key.n);
        from[key.n] = 0;
        at = span_of(from, key.n + 1);
        if (at.n > VIEW_KEY_MAX)
            break;
    }
    return n;
}

static uint64_t count(const struct view *v, uint8_t table)
{
    struct span key, value;
    uint64_t n = 0, at = 0;
    struct key8 k = key_u64(at);
    while (view_next(v, table, span_of(k.b, 8), &key, &value) == ST_OK && key.n == 8) {
        n++;
        k = key_u64(load_u64(key.p) + 1);
    }
    return n;
}

void examine_state(struct examine *e, const struct view *v)
{
    struct tip tip;
    struct err err = {0};
    struct view copy = *v;
    struct sparse_store store = {&copy, get_node, NULL, NULL};
    uint64_t leaves = 0, rows = 0, before = e->result->found;
    if (tip_load(v, &tip, &err) != ST_OK)
        return; /* the chain's step has told */
    uint64_t nodes = walk_nodes(e, &tip.state, &store, &leaves), kept = count(v, TABLE_SPARSE);
    for (unsigned i = 0; i <= TABLE_MAX; i++)
        if (table_in_state_root((uint8_t)i))
            rows += rows_in_tree(e, v, (uint8_t)i, &tip.state, &store);
    if (e->result->found != before)
        return;
    if (rows != leaves)
        examine_say(e, "state", "the state root covers %" PRIu64 " rows; %" PRIu64 " are there", leaves,
                    rows);
    if (nodes != kept)
        examine_say(e, "state", "the state's tree has %" PRIu64 " nodes; %" PRIu64 " are kept", nodes, kept);
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    examine_at(e, "the state as a whole");
    bool indexed = false; /* else a node makes the index when it starts */
    if (gov_check(v, &a, &err) != ST_OK || index_is_whole(v, &indexed, &err) != ST_OK || (indexed && happened_check(v, &err) != ST_OK))
        examine_say(e, "state", "%.300s", err.text);
}
