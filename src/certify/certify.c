#include <stdlib.h>
#include "certify/certify.h"
#include "certify/gather.h"
#include "certify/replay.h"
#include "gov/tkey.h"
#include "ledger/rows.h"

struct certify {
    struct arena a;
    uint64_t number;
    struct replay replay;
    struct span note;
    struct checkpoint checkpoint;
    bool done;
    struct certificate_link *links;
    size_t n_links, cap_links;
    struct certificate_block *blocks;
    size_t n_blocks, cap_blocks;
};

struct certify *certify_new(uint64_t number)
{
    struct certify *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    arena_init(&c->a, 0);
    c->number = number;
    replay_init(&c->replay);
    return c;
}

void certify_free(struct certify *c)
{
    if (c == NULL)
        return;
    replay_deinit(&c->replay);
    free(c->links);
    free(c->blocks);
    arena_deinit(&c->a);
    free(c);
}

enum status certify_begin(struct certify *c, struct span genesis, struct span note, struct err *err)
{
    c->note = arena_dup(&c->a, note);
    enum status st = replay_begin(&c->replay, genesis, err);
    return st == ST_OK ? replay_checkpoint(c->note, &c->a, &c->checkpoint, err) : st;
}

/* Room for one more of an array. */
static void *grown(void *v, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap == 0 ? 16 : 2 * *cap;
    v = realloc(v, *cap * size);
    ASSERT(v != NULL);
    return v;
}

/* CER-3: a block after which another set decides, or the anchor. */
static enum status link_of(struct certify *c, const struct block *b, const struct pack_block *f,
                           const struct view *v, struct err *err)
{
    bool anchor = b->after.tree.size == c->checkpoint.size,
         changes = b->record.height > 0 && HAS(&b->record, block_record_key_next_set);
    if (anchor && c->replay.ends)
        return err_set(
            err, ST_UNSUPPORTED,
            "the checkpoint is of the last block of an epoch, which has a refounding in place of its "
            "certificate: take a later checkpoint");
    if (c->replay.ends && b->record.height == 0)
        return err_set(err, ST_UNSUPPORTED,
                       "an epoch ended with the founding block: a certificate cannot show that");
    if (!anchor && !changes && !c->replay.ends)
        return ST_OK;
    if (b->record.height == 0)
        return err_set(err, ST_NOTFOUND, "the checkpoint is of the founding block: there is no decision yet");
    c->links = grown(c->links, c->n_links, &c->cap_links, sizeof *c->links);
    enum status st = replay_link(&c->replay, b, f, v, &c->a, &c->links[c->n_links], err);
    c->n_links += st == ST_OK;
    return st;
}

static enum status keep(struct certify *c, const struct block *b, const struct pack_block *f, struct err *err)
{
    struct view v;
    enum status st = store_read_begin(c->replay.store, &v, err);
    if (st != ST_OK)
        return st;
    st = link_of(c, b, f, &v, err);
    if (st == ST_OK && gather_touches(b, c->number)) {
        c->blocks = grown(c->blocks, c->n_blocks, &c->cap_blocks, sizeof *c->blocks);
        st = gather_block(b, c->number, &f->prose, &v, &c->a, &c->blocks[c->n_blocks], err);
        c->n_blocks += st == ST_OK;
    }
    store_read_end(c->replay.store, &v);
    return st;
}

enum status certify_block(struct certify *c, const struct pack_block *f, bool *ret_done, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct block b;
    arena_init(&a, 0);
    ASSERT(!c->done);
    enum status st = replay_block(&c->replay, f, &a, &b, err);
    if (st == ST_OK)
        st = keep(c, &b, f, err);
    if (st == ST_OK)
        st = replay_is_of(&b, &c->checkpoint, ret_done, err);
    c->done = st == ST_OK && *ret_done;
    return st;
}

static enum status path_of(const struct tile_reader *r, uint64_t leaf, uint64_t size, struct arena *a,
                           struct hash_list *ret)
{
    struct rfc6962_proof p;
    enum status st = tiles_inclusion(r, leaf, size, &p);
    if (st != ST_OK)
        return st;
    struct hash *v = arena_array(a, p.n + 1, sizeof *v);
    ASSERT(v != NULL);
    memcpy(v, p.v, p.n * sizeof *v);
    *ret = (struct hash_list){p.n, v};
    return ST_OK;
}

static enum status paths(struct certify *c, const struct view *v, struct err *err)
{
    struct tile_reader r = rows_tile_reader(v);
    for (size_t i = 0; i < c->n_blocks; i++) {
        struct certificate_block *b = &c->blocks[i];
        enum status st = path_of(&r, b->leaf, c->checkpoint.size, &c->a, &b->path);
        for (size_t k = 0; st == ST_OK && k < b->entries.n; k++)
            st = path_of(&r, b->entries.v[k].leaf, c->checkpoint.size, &c->a, &b->entries.v[k].path);
        if (st != ST_OK)
            return err_set(err, st, "an inclusion proof cannot be made: %s", status_text(st));
    }
    return ST_OK;
}

static enum status add_row(struct certify *c, const struct view *v, uint8_t table, struct span key,
                           struct state_proof_list *rows, size_t cap, struct err *err)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].table == table && span_eq(rows->v[i].key, key))
            return ST_OK;
    if (rows->n == cap)
        return err_set(err, ST_LIMIT, "the certificate would show more than %zu rows of the state", cap);
    enum status st = gather_row(v, &c->replay.tip.state, table, key, &c->a, &rows->v[rows->n], err);
    rows->n += st == ST_OK;
    return st;
}

/* CER-5: the decision, the keys that signed, and whose log keys signed the checkpoint. */
static enum status state_rows(struct certify *c, const struct view *v, struct state_proof_list *ret_rows,
                              struct err *err)
{
    enum { CAP = 8192 };
    struct state_proof_list rows = {0, arena_array(&c->a, CAP, sizeof *rows.v)};
    struct tkey number = tkey_u64(c->number);
    ASSERT(rows.v != NULL);
    enum status st = add_row(c, v, TABLE_DECISION, tkey_span(&number), &rows, CAP, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_NOTFOUND,
                       "there is no D-%" PRIu64 " in the record of %" PRIu64
                       " leaves that the newest cosigned checkpoint is of",
                       c->number, c->checkpoint.size);
    for (size_t i = 0; st == ST_OK && i < c->n_blocks; i++) {
        for (size_t k = 0; st == ST_OK && k < c->blocks[i].entries.n; k++) {
            struct leaf leaf;
            st = leaf_parse(c->blocks[i].entries.v[k].bytes, &c->a, &leaf, err);
            if (st == ST_OK)
                st = add_row(c, v, TABLE_KEY, span_of(leaf.signature.key.b, 32), &rows, CAP, err);
        }
    }
    struct state_proof_list logs = {0};
    if (st == ST_OK)
        st = replay_log_rows(&c->replay, v, c->note, &c->a, &logs, err);
    for (size_t i = 0; st == ST_OK && i < logs.n && rows.n < CAP; i++)
        rows.v[rows.n++] = logs.v[i];
    gather_sort(&rows);
    *ret_rows = rows;
    return st;
}

static enum status write_frames(struct certify *c, const struct state_proof_list *rows, FILE *out,
                                struct err *err)
{
    struct certificate_head head = {.version = 1, .alliance = c->replay.genesis.alliance, .decision = c->number};
    struct certificate_state state = {.rows = *rows};
    struct certificate_checkpoint note = {.note = c->note};
    struct certificate_end end = {.frames = 3 + c->n_links + c->n_blocks};
    enum status st = gather_encode(&genesis_desc, &c->replay.genesis.genesis, &c->a, &head.genesis);
    if (st == ST_OK)
        st = pack_begin(out, CERTIFICATE_MAGIC, err);
    if (st == ST_OK)
        st = pack_put(out, &certificate_head_desc, &head, err);
    for (size_t i = 0; st == ST_OK && i < c->n_links; i++)
        st = pack_put(out, &certificate_link_desc, &c->links[i], err);
    if (st == ST_OK)
        st = pack_put(out, &certificate_state_desc, &state, err);
    if (st == ST_OK)
        st = pack_put(out, &certificate_checkpoint_desc, &note, err);
    for (size_t i = 0; st == ST_OK && i < c->n_blocks; i++)
        st = pack_put(out, &certificate_block_desc, &c->blocks[i], err);
    return st == ST_OK ? pack_put(out, &certificate_end_desc, &end, err) : st;
}

enum status certify_write(struct certify *c, FILE *out, struct err *err)
{
    struct view v;
    struct state_proof_list rows = {0};
    ASSERT(c->done);
    enum status st = store_read_begin(c->replay.store, &v, err);
    if (st != ST_OK)
        return st;
    st = state_rows(c, &v, &rows, err);
    if (st == ST_OK)
        st = paths(c, &v, err);
    store_read_end(c->replay.store, &v);
    return st == ST_OK ? write_frames(c, &rows, out, err) : st;
}

static enum status take(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err)
{
    return certify_block(ctx, b, ret_done, err);
}

enum status certify_pack(FILE *pack, uint64_t number, FILE *out, struct err *err)
{
    struct certify *c = certify_new(number);
    struct replay_pack p;
    enum status st = replay_scan(pack, &c->a, &p, err);
    if (st == ST_OK)
        st = certify_begin(c, p.genesis, p.note, err);
    if (st == ST_OK)
        st = replay_each(pack, c, take, err);
    if (st == ST_OK)
        st = certify_write(c, out, err);
    replay_pack_deinit(&p);
    certify_free(c);
    return st;
}
