/* Layout of the ledger's tables, and the flush of a decided block into them. */
#include "ledger/rows.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "ledger/index.h"

#define KEY8(v) span_of(key_u64(v).b, 8)

static enum status damaged(struct err *err, uint8_t table, uint64_t key)
{
    return err_set(err, ST_CORRUPT, "table %s: row %" PRIu64 " has another form than expected: the store is damaged",
                   table_name(table), key);
}

static enum status read_boundary(struct span key, struct span value, struct boundary *ret_boundary, struct err *err)
{
    if (key.n != 8 || value.n != 48)
        return damaged(err, TABLE_BOUNDARY, key.n == 8 ? load_u64(key.p) : 0);
    ret_boundary->size = load_u64(key.p);
    ret_boundary->height = load_u64(value.p);
    ret_boundary->time_ms = load_u64(value.p + 8);
    memcpy(ret_boundary->root.b, value.p + 16, 32);
    return ST_OK;
}

enum status rows_boundary(const struct view *v, uint64_t size, bool or_later, struct boundary *ret_boundary, struct err *err)
{
    struct key8 at = key_u64(size);
    struct span key, value;
    struct boundary b;
    enum status st = view_next(v, TABLE_BOUNDARY, span_of(at.b, 8), &key, &value);
    if (st == ST_END)
        return ST_NOTFOUND;
    if (st != ST_OK)
        return err_set(err, st, "table BOUNDARY cannot be read");
    st = read_boundary(key, value, &b, err);
    if (st != ST_OK)
        return st;
    if (b.size != size && !or_later)
        return ST_NOTFOUND;
    *ret_boundary = b;
    return ST_OK;
}

enum status rows_newest_boundary(const struct view *v, struct boundary *ret_boundary, struct err *err)
{
    struct key8 last = key_u64(UINT64_MAX);
    struct span key, value;
    enum status st = view_prev(v, TABLE_BOUNDARY, span_of(last.b, 8), &key, &value);
    if (st == ST_END)
        return ST_NOTFOUND;
    return st == ST_OK ? read_boundary(key, value, ret_boundary, err) : err_set(err, st, "table BOUNDARY cannot be read");
}

struct tile_key {
    uint8_t b[9];
};

static struct tile_key tile_key(unsigned level, uint64_t tile)
{
    struct tile_key k;
    k.b[0] = (uint8_t)level;
    store_u64(k.b + 1, tile);
    return k;
}

static enum status read_tile(void *ctx, unsigned level, uint64_t tile, size_t first, size_t n, struct hash *ret_hashes)
{
    const struct view *v = ctx;
    struct tile_key k = tile_key(level, tile);
    struct span value;
    enum status st = view_get(v, TABLE_TILE, span_of(k.b, sizeof k.b), &value);
    if (st != ST_OK)
        return st;
    if (value.n < (first + n) * sizeof *ret_hashes)
        return ST_NOTFOUND;
    memcpy(ret_hashes, value.p + first * sizeof *ret_hashes, n * sizeof *ret_hashes);
    return ST_OK;
}

enum status rows_sparse_node(const struct view *v, uint64_t id, uint8_t *node, size_t *ret_n)
{
    struct key8 k = key_u64(id);
    struct span value;
    enum status st = view_get(v, TABLE_SPARSE, span_of(k.b, 8), &value);
    if (st != ST_OK)
        return st;
    if (value.n > SPARSE_NODE_MAX)
        return ST_CORRUPT;
    memcpy(node, value.p, value.n);
    *ret_n = value.n;
    return ST_OK;
}

struct tile_reader rows_tile_reader(const struct view *v)
{
    union { /* the reader's context is not const; read_tile does not write through it */
        const struct view *in;
        void *out;
    } ctx = {.in = v};
    return (struct tile_reader){ctx.out, read_tile};
}

/* Tiles are written into an overlay, so that the rows above see the ones just written. */
static enum status write_tile(void *ctx, unsigned level, uint64_t tile, const struct hash *hashes, size_t n)
{
    struct tile_key k = tile_key(level, tile);
    overlay_put(ctx, TABLE_TILE, span_of(k.b, sizeof k.b), span_of(hashes, n * sizeof *hashes));
    return ST_OK;
}

static enum status flush_tiles(const struct block *b, const struct view *before, struct store *s, struct store_txn *t, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct overlay o;
    overlay_init(&o, before, &a);
    struct view through = overlay_view(&o);
    struct tile_reader r = rows_tile_reader(&through);
    struct tile_writer w = {&o, write_tile};
    struct hash *hashes = arena_array(&a, b->n_leaves, sizeof *hashes);
    ASSERT(hashes != NULL);
    for (size_t i = 0; i < b->n_leaves; i++) {
        if (i > 0 && b->entries != NULL)
            hashes[i] = b->entries[i - 1].leaf_hash;
        else
            rfc6962_leaf(b->leaves[i], &hashes[i]);
    }
    enum status st = tiles_append(b->first_leaf, hashes, b->n_leaves, &r, &w);
    if (st != ST_OK)
        return err_set(err, st, "block %" PRIu64 ": the tree's tiles cannot be extended: %s", b->record.height, status_text(st));
    struct overlay_write *writes;
    size_t n;
    st = overlay_writes(&o, &a, &writes, &n);
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = store_put(s, t, writes[i].table, writes[i].key, writes[i].value, err);
    return st;
}

static enum status flush_writes(const struct overlay_write *w, size_t n, struct store *s, struct store_txn *t, struct err *err)
{
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < n; i++)
        st = w[i].value.p == NULL ? store_del(s, t, w[i].table, w[i].key, err)
                                  : store_put(s, t, w[i].table, w[i].key, w[i].value, err);
    return st;
}

static enum status flush_leaves(const struct block *b, struct store *s, struct store_txn *t, struct err *err)
{
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < b->n_leaves; i++)
        st = store_put(s, t, TABLE_LEAF, KEY8(b->first_leaf + i), b->leaves[i], err);
    return st;
}

/* One row for all entries of the block: a node reads a month of them when it starts. */
static enum status flush_ids(const struct block *b, struct store *s, struct store_txn *t, struct err *err)
{
    uint8_t time[8];
    if (b->n_leaves < 2 || b->entries == NULL)
        return ST_OK;
    struct buf row CLEANUP(buf_deinit);
    buf_init(&row, 8 + 32 * b->n_leaves);
    store_u64(time, b->record.time_ms);
    buf_put(&row, time, sizeof time);
    for (size_t i = 0; i + 1 < b->n_leaves; i++)
        buf_put(&row, b->entries[i].id.b, sizeof b->entries[i].id.b);
    ASSERT(row.failed == ST_OK);
    return store_put(s, t, TABLE_IDS, KEY8(b->first_leaf + 1), buf_span(&row), err);
}

static enum status flush_tip(const struct block *b, struct span certificate, struct store *s, struct store_txn *t, struct err *err)
{
    const struct tip *tip = &b->after;
    struct tip_row row = {.alliance = tip->alliance,
                          .height = tip->height,
                          .epoch = tip->epoch,
                          .time_ms = tip->time_ms,
                          .block = tip->block,
                          .size = tip->tree.size,
                          .root = b->root,
                          .sparse_root_id = tip->state.root_id,
                          .sparse_last_id = tip->state.last_id,
                          .state_root = tip->state.root,
                          .rules = tip->rules,
                          .validators = tip->validators};
    sha256(certificate, &row.last_commit);
    struct buf buf CLEANUP(buf_deinit);
    buf_init(&buf, 4096);
    enum status st = codec_encode(&tip_row_desc, &row, &buf);
    if (st != ST_OK)
        return err_set(err, st, "tip: cannot be encoded");
    return store_put(s, t, TABLE_NODE, span_str("tip"), buf_span(&buf), err);
}

struct set_key {
    uint8_t b[36];
};

static struct set_key set_key(const struct hash *hash)
{
    struct set_key k = {"set/"};
    memcpy(k.b + 4, hash->b, sizeof hash->b);
    return k;
}

enum status rows_set(const struct view *v, const struct hash *hash, struct arena *a, struct validator_set *ret_set, struct err *err)
{
    struct set_key k = set_key(hash);
    struct span value;
    enum status st = view_get(v, TABLE_NODE, span_of(k.b, sizeof k.b), &value);
    if (st != ST_OK)
        return err_set(err, st, "the set of validators %.16s... is not in the store", hex_of(hash).s);
    st = codec_decode(&validator_set_desc, arena_dup(a, value), a, ret_set, err);
    return st == ST_OK ? ST_OK : err_wrap(err, ST_CORRUPT, "the set of validators %.16s...: ", hex_of(hash).s);
}

/* Kept when it comes in force, so that older certificates can be checked without walking back. */
static enum status put_set(const struct validator_set *set, struct store *s, struct store_txn *t, struct err *err)
{
    struct hash hash;
    struct buf buf CLEANUP(buf_deinit);
    validators_hash(set, &hash);
    struct set_key k = set_key(&hash);
    buf_init(&buf, 1 << 16);
    enum status st = codec_encode(&validator_set_desc, set, &buf);
    if (st != ST_OK)
        return err_set(err, st, "a set of validators cannot be encoded");
    return store_put(s, t, TABLE_NODE, span_of(k.b, sizeof k.b), buf_span(&buf), err);
}

static enum status flush_set(const struct block *b, struct store *s, struct store_txn *t, struct err *err)
{
    enum status st = b->begins == NULL ? ST_OK : put_set(b->begins, s, t, err);
    if (st != ST_OK || !HAS(&b->record, block_record_key_next_set))
        return st;
    struct validator_set next = {.members = b->record.next_set};
    return put_set(&next, s, t, err);
}

/* ERA-3: what a decision erased in this block. */
static enum status flush_erased(const struct block *b, struct store *s, struct store_txn *t, struct err *err)
{
    uint8_t key[9];
    enum status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < b->n_writes; i++) {
        const struct overlay_write *w = &b->writes[i];
        if (w->table != TABLE_ERASED || w->key.n != 8)
            continue;
        memcpy(key, w->key.p, 8);
        for (key[8] = 0; st == ST_OK && key[8] < LIMIT_PROSE_PER_ENTRY; key[8]++)
            st = store_del(s, t, TABLE_PROSE, span_of(key, sizeof key), err);
    }
    return st;
}

enum status block_flush(const struct block *b, struct span certificate, const struct view *before, struct store *s,
                        struct store_txn *t, struct err *err)
{
    uint8_t row[48];
    enum status st = flush_writes(b->writes, b->n_writes, s, t, err);
    if (st == ST_OK)
        st = flush_writes(b->nodes, b->n_nodes, s, t, err);
    if (st == ST_OK)
        st = flush_leaves(b, s, t, err);
    if (st == ST_OK)
        st = flush_ids(b, s, t, err);
    if (st == ST_OK)
        st = flush_tiles(b, before, s, t, err);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_BLOCK, KEY8(b->record.height), b->header_bytes, err);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_CERT, KEY8(b->record.height), certificate, err);
    store_u64(row, b->record.height);
    store_u64(row + 8, b->record.time_ms);
    memcpy(row + 16, b->root.b, 32);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_BOUNDARY, KEY8(b->after.tree.size), span_of(row, sizeof row), err);
    store_u64(row, b->first_leaf);
    store_u32(row + 8, (uint32_t)b->n_leaves);
    if (st == ST_OK)
        st = store_put(s, t, TABLE_BLOCK_LEAVES, KEY8(b->record.height), span_of(row, 12), err);
    if (st == ST_OK)
        st = flush_set(b, s, t, err);
    if (st == ST_OK)
        st = flush_erased(b, s, t, err);
    if (st == ST_OK)
        st = index_flush(b, before, s, t, err);
    return st == ST_OK ? flush_tip(b, certificate, s, t, err) : st;
}

enum status tip_load(const struct view *v, struct tip *ret_tip, struct err *err)
{
    struct span value;
    enum status st = view_get(v, TABLE_NODE, span_str("tip"), &value);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? st : err_set(err, st, "the store's tip cannot be read");
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 16);
    struct tip_row row;
    st = codec_decode(&tip_row_desc, value, &a, &row, err);
    if (st != ST_OK)
        return err_wrap(err, ST_CORRUPT, "the store's tip is damaged: ");
    struct tip tip = {.alliance = row.alliance,
                      .height = row.height,
                      .epoch = row.epoch,
                      .time_ms = row.time_ms,
                      .block = row.block,
                      .state = {row.sparse_root_id, row.sparse_last_id, row.state_root},
                      .rules = (uint32_t)row.rules,
                      .validators = row.validators};
    struct tile_reader r = rows_tile_reader(v);
    st = tiles_frontier(&r, row.size, &tip.tree);
    struct hash root;
    if (st == ST_OK)
        frontier_root(&tip.tree, &root);
    if (st != ST_OK || !hash_eq(&root, &row.root))
        return err_set(err, ST_CORRUPT, "the stored tree does not give the root of the newest block (%.16s...): the store is damaged",
                       hex_of(&row.root).s);
    *ret_tip = tip;
    return ST_OK;
}

enum status block_header(const struct view *v, uint64_t height, struct span *ret_header, struct err *err)
{
    enum status st = view_get(v, TABLE_BLOCK, KEY8(height), ret_header);
    return st == ST_OK || st == ST_NOTFOUND ? st : err_set(err, st, "block %" PRIu64 " cannot be read", height);
}

enum status block_certificate(const struct view *v, uint64_t height, struct span *ret_certificate, struct err *err)
{
    enum status st = view_get(v, TABLE_CERT, KEY8(height), ret_certificate);
    return st == ST_OK || st == ST_NOTFOUND ? st : err_set(err, st, "certificate %" PRIu64 " cannot be read", height);
}

enum status block_leaf(const struct view *v, uint64_t index, struct span *ret_leaf, struct err *err)
{
    enum status st = view_get(v, TABLE_LEAF, KEY8(index), ret_leaf);
    return st == ST_OK || st == ST_NOTFOUND ? st : err_set(err, st, "leaf %" PRIu64 " cannot be read", index);
}

enum status block_range(const struct view *v, uint64_t height, uint64_t *ret_first, size_t *ret_n, struct err *err)
{
    struct span value;
    enum status st = view_get(v, TABLE_BLOCK_LEAVES, KEY8(height), &value);
    if (st == ST_NOTFOUND)
        return st;
    if (st != ST_OK)
        return err_set(err, st, "block %" PRIu64 " cannot be read", height);
    if (value.n != 12)
        return damaged(err, TABLE_BLOCK_LEAVES, height);
    *ret_first = load_u64(value.p);
    *ret_n = load_u32(value.p + 8);
    return ST_OK;
}

enum status block_leaves(const struct view *v, uint64_t height, struct arena *a, struct span **ret_leaves, size_t *ret_n,
                         struct err *err)
{
    uint64_t first;
    size_t n;
    enum status st = block_range(v, height, &first, &n, err);
    if (st != ST_OK)
        return st;
    struct span *leaves = arena_array(a, n, sizeof *leaves);
    if (n == 0 || leaves == NULL)
        return damaged(err, TABLE_BLOCK_LEAVES, height);
    for (size_t i = 1; i < n; i++) {
        struct span leaf;
        st = block_leaf(v, first + i, &leaf, err);
        if (st != ST_OK)
            return st == ST_NOTFOUND ? damaged(err, TABLE_LEAF, first + i) : st;
        leaves[i - 1] = arena_dup(a, leaf);
    }
    *ret_leaves = leaves;
    *ret_n = n - 1;
    return ST_OK;
}

enum status rows_prose(const struct view *view, uint64_t first_leaf, size_t n, struct arena *a, struct pack_prose_list *ret_list,
                            struct err *err)
{
    uint8_t from[9];
    struct span key, value;
    size_t cap = 16;
    struct pack_prose *v = arena_array(a, cap, sizeof *v);
    ASSERT(v != NULL);
    ret_list->n = 0;
    store_u64(from, first_leaf);
    from[8] = 0;
    for (;;) {
        enum status st = view_next(view, TABLE_PROSE, span_of(from, 9), &key, &value);
        if (st == ST_END || (st == ST_OK && (key.n != 9 || load_u64(key.p) >= first_leaf + n)))
            break;
        if (st != ST_OK)
            return err_set(err, st, "detached texts cannot be read");
        if (ret_list->n == cap) {
            struct pack_prose *more = arena_array(a, cap * 2, sizeof *more);
            ASSERT(more != NULL);
            memcpy(more, v, cap * sizeof *v);
            v = more;
            cap *= 2;
        }
        struct pack_prose *p = &v[ret_list->n];
        p->leaf = load_u64(key.p) - first_leaf;
        st = codec_decode(&prose_desc, arena_dup(a, value), a, &p->prose, err);
        if (st != ST_OK)
            return err_wrap(err, ST_CORRUPT, "a detached text is damaged: ");
        ret_list->n++;
        memcpy(from, key.p, 9);
        for (size_t i = 9; i > 0 && ++from[i - 1] == 0; i--) /* the key after this one */
            ;
    }
    ret_list->v = v;
    return ST_OK;
}

