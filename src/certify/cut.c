#include "certify/cut.h"
#include <stdlib.h>
#include "certify/gather.h"
#include "certify/replay.h"
#include "gov/tkey.h"
#include "ledger/rows.h"

struct cut {
    struct replay replay;
    struct span note;
    struct checkpoint checkpoint;
    uint64_t first, last, size_last; /* leaves after the block `last` */
    uint64_t frames;
    FILE *out;
};

struct cut *cut_new(void)
{
    struct cut *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    replay_init(&c->replay);
    return c;
}

void cut_free(struct cut *c)
{
    if (c == NULL)
        return;
    replay_deinit(&c->replay);
    free(c);
}

/* -- which heights -- */

/* The lowest height from low to high of which the time is at least at_ms; high + 1: none is. */
static enum status first_at(cut_time_of time_of, void *ctx, uint64_t low, uint64_t high, uint64_t at_ms, uint64_t *ret, struct err *err)
{
    high++;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2, ms;
        enum status st = time_of(ctx, mid, &ms, err);
        if (st != ST_OK)
            return st;
        if (ms < at_ms)
            low = mid + 1;
        else
            high = mid;
    }
    *ret = low;
    return ST_OK;
}

enum status cut_heights(const struct cut_bounds *b, uint64_t newest, cut_time_of time_of, void *ctx, uint64_t *ret_first, uint64_t *ret_last,
                        struct err *err)
{
    if (newest < 1)
        return err_set(err, ST_NOTFOUND, "there is no block but the founding under the newest cosigned checkpoint: a range has one at least");
    uint64_t first = b->from.given ? b->from.value : 1, last = b->to.given ? b->to.value : newest;
    enum status st = ST_OK;
    if (b->from.by_time)
        st = first_at(time_of, ctx, 1, newest, b->from.value, &first, err);
    if (st == ST_OK && b->to.by_time) {
        st = first_at(time_of, ctx, 1, newest, b->to.value + 1, &last, err);
        last--;
    }
    if (st != ST_OK)
        return st;
    if (!b->from.by_time && first < 1)
        return err_set(err, ST_RANGE, "a range begins with block 1 at the lowest: block 0 is the founding, which each range holds");
    if (!b->to.by_time && last > newest)
        return err_set(err, ST_RANGE,
                       "block %" PRIu64 " is not under a cosigned checkpoint yet: the newest one is of block %" PRIu64, last, newest);
    if ((b->from.by_time || b->to.by_time) && first > last)
        return err_set(err, ST_NOTFOUND, "no block is of those times: the first after them is block %" PRIu64 ", and the newest is block %" PRIu64,
                       first, newest);
    if (first > last)
        return err_set(err, ST_RANGE, "from block %" PRIu64 " to block %" PRIu64 " is no range: give the lower height first", first, last);
    *ret_first = first;
    *ret_last = last;
    return ST_OK;
}

/* -- frames -- */

static enum status put(struct cut *c, const struct record_desc *d, const void *rec, struct err *err)
{
    c->frames++;
    return pack_put(c->out, d, rec, err);
}

enum status cut_begin(struct cut *c, struct span genesis, struct span note, uint64_t first, uint64_t last, FILE *out, struct err *err)
{
    struct range_head head = {.version = 1, .first = first, .last = last};
    c->first = first;
    c->last = last;
    c->out = out;
    c->note = arena_dup(&c->replay.a, note);
    enum status st = replay_begin(&c->replay, genesis, err);
    if (st == ST_OK)
        st = replay_checkpoint(c->note, &c->replay.a, &c->checkpoint, err);
    if (st == ST_OK)
        st = pack_begin(out, RANGE_MAGIC, err);
    head.alliance = c->replay.genesis.alliance;
    if (st == ST_OK)
        st = gather_encode(&genesis_desc, &c->replay.genesis.genesis, &c->replay.a, &head.genesis);
    return st == ST_OK ? put(c, &range_head_desc, &head, err) : st;
}

/* RNG-4. */
static enum status put_before(struct cut *c, const struct block *b, struct err *err)
{
    struct hash roots[64];
    struct range_before f = {.header = b->header_bytes, .subtrees = {0, roots}};
    const struct frontier *tree = &b->after.tree;
    for (unsigned level = 64; level-- > 0;)
        if ((tree->size >> level & 1) != 0)
            roots[f.subtrees.n++] = tree->h[level];
    return put(c, &range_before_desc, &f, err);
}

static bool has_row(const struct state_proof_list *rows, uint8_t table, struct span key)
{
    for (size_t i = 0; i < rows->n; i++)
        if (rows->v[i].table == table && span_eq(rows->v[i].key, key))
            return true;
    return false;
}

static enum status add_row(struct cut *c, const struct view *v, uint8_t table, struct span key, struct state_proof_list *rows,
                           struct arena *a, struct err *err)
{
    if (has_row(rows, table, key))
        return ST_OK;
    enum status st = gather_row(v, &c->replay.tip.state, table, key, a, &rows->v[rows->n], err);
    rows->n += st == ST_OK;
    return st;
}

/* RNG-6. */
static enum status put_rows(struct cut *c, const struct block *b, const struct pack_block *f, const struct view *v, struct arena *a,
                            struct err *err)
{
    struct state_proof_list refounded = {0, NULL};
    enum status st = c->replay.ends ? gather_refounding(b, f->certificate, v, a, &refounded, err) : ST_OK;
    struct range_rows frame = {.rows = {0, arena_array(a, 2 * b->n_leaves + refounded.n, sizeof *frame.rows.v)}};
    ASSERT(frame.rows.v != NULL);
    for (size_t i = 0; st == ST_OK && i < refounded.n; i++)
        frame.rows.v[frame.rows.n++] = refounded.v[i];
    for (size_t i = 0; st == ST_OK && i + 1 < b->n_leaves; i++) {
        const struct leaf *leaf = &b->entries[i];
        bool node;
        struct span holder = gather_holder(leaf->entry.seat, &node);
        st = add_row(c, v, node ? TABLE_PARTY : TABLE_SEAT, holder, &frame.rows, a, err);
        if (st == ST_OK)
            st = add_row(c, v, TABLE_KEY, span_hash(&leaf->signature.key), &frame.rows, a, err);
    }
    gather_sort(&frame.rows);
    return st == ST_OK ? put(c, &range_rows_desc, &frame, err) : st;
}

/* RNG-7, RNG-1. */
static enum status put_end(struct cut *c, const struct view *v, struct arena *a, struct err *err)
{
    struct tile_reader tiles = rows_tile_reader(v);
    struct rfc6962_proof proof;
    struct range_checkpoint f = {.note = c->note};
    enum status st = tiles_consistency(&tiles, c->size_last, c->checkpoint.size, &proof);
    if (st != ST_OK)
        return err_set(err, st, "a consistency proof cannot be made: %s", status_text(st));
    f.proof = (struct hash_list){proof.n, proof.v};
    st = replay_log_rows(&c->replay, v, c->note, a, &f.rows, err);
    if (st == ST_OK)
        st = put(c, &range_checkpoint_desc, &f, err);
    struct range_end end = {.frames = c->frames};
    return st == ST_OK ? put(c, &range_end_desc, &end, err) : st;
}

/* Does the block have a place in the file, and which? */
static enum status put_block(struct cut *c, const struct block *b, const struct pack_block *f, const struct view *v, bool anchor,
                             struct arena *a, struct err *err)
{
    uint64_t height = b->record.height;
    bool changes = c->replay.ends || (height > 0 && HAS(&b->record, block_record_key_next_set));
    struct certificate_link link;
    enum status st = ST_OK;
    if (height >= c->first && height <= c->last) {
        c->size_last = b->after.tree.size;
        st = put(c, &pack_block_desc, f, err);
        return st == ST_OK ? put_rows(c, b, f, v, a, err) : st;
    }
    if (changes || (anchor && height > c->last)) {
        st = replay_link(&c->replay, b, f, v, a, &link, err);
        if (st == ST_OK)
            st = put(c, &certificate_link_desc, &link, err);
    }
    return st == ST_OK && height + 1 == c->first ? put_before(c, b, err) : st;
}

/* What a range cannot show. */
static enum status can_be_shown(struct cut *c, const struct block *b, bool anchor, struct err *err)
{
    if (c->replay.ends && b->record.height == 0)
        return err_set(err, ST_UNSUPPORTED, "an epoch ended with the founding block: a range cannot show that");
    if (anchor && c->replay.ends)
        return err_set(err, ST_UNSUPPORTED,
                       "the checkpoint is of the last block of an epoch, which has a refounding in place of its certificate: take a later "
                       "checkpoint");
    if (anchor && b->record.height < c->last)
        return err_set(err, ST_RANGE, "the checkpoint is of block %" PRIu64 ", and the range is to reach to block %" PRIu64, b->record.height,
                       c->last);
    return ST_OK;
}

enum status cut_block(struct cut *c, const struct pack_block *f, bool *ret_done, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct block b;
    struct view v;
    bool anchor = false;
    arena_init(&a, 0);
    enum status st = replay_block(&c->replay, f, &a, &b, err);
    if (st == ST_OK)
        st = replay_is_of(&b, &c->checkpoint, &anchor, err);
    if (st == ST_OK)
        st = can_be_shown(c, &b, anchor, err);
    if (st == ST_OK)
        st = store_read_begin(c->replay.store, &v, err);
    if (st != ST_OK)
        return st;
    st = put_block(c, &b, f, &v, anchor, &a, err);
    if (st == ST_OK && anchor)
        st = put_end(c, &v, &a, err);
    store_read_end(c->replay.store, &v);
    *ret_done = anchor;
    return st;
}

/* -- from a pack -- */

static enum status time_in_pack(void *ctx, uint64_t height, uint64_t *ret_ms, struct err *err)
{
    const struct replay_pack *p = ctx;
    if (height >= p->n)
        return err_set(err, ST_NOTFOUND, "the pack has no block %" PRIu64, height);
    *ret_ms = p->ends[height].time_ms;
    return ST_OK;
}

static enum status take(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err)
{
    return cut_block(ctx, b, ret_done, err);
}

enum status cut_pack(FILE *pack, const struct cut_bounds *b, FILE *out, struct err *err)
{
    struct cut *c = cut_new();
    struct replay_pack p;
    struct checkpoint newest;
    uint64_t first, last, anchor = 0;
    enum status st = replay_scan(pack, &c->replay.a, &p, err);
    if (st == ST_OK)
        st = replay_checkpoint(p.note, &c->replay.a, &newest, err);
    while (st == ST_OK && anchor < p.n && p.ends[anchor].size != newest.size)
        anchor++;
    if (st == ST_OK && anchor == p.n)
        st = err_set(err, ST_MISMATCH, "the pack's checkpoint is of no block in it");
    if (st == ST_OK)
        st = cut_heights(b, anchor, time_in_pack, &p, &first, &last, err);
    if (st == ST_OK)
        st = cut_begin(c, p.genesis, p.note, first, last, out, err);
    if (st == ST_OK)
        st = replay_each(pack, c, take, err);
    replay_pack_deinit(&p);
    cut_free(c);
    return st;
}
