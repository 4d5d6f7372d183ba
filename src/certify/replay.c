#include "certify/replay.h"
#include <stdlib.h>
#include "cert/refounding.h"
#include "certify/gather.h"
#include "gov/tkey.h"
#include "store/store_mem.h"

void replay_init(struct replay *r)
{
    *r = (struct replay){.store = store_mem_new(), .ids = ids_new()};
    arena_init(&r->a, 0);
}

void replay_deinit(struct replay *r)
{
    store_close(r->store);
    ids_free(r->ids);
    arena_deinit(&r->a);
}

enum status replay_begin(struct replay *r, struct span genesis, struct err *err)
{
    return genesis_read(arena_dup(&r->a, genesis), true, &r->a, &r->genesis, err);
}

static enum status flush(struct replay *r, const struct block *b, struct span certificate, struct err *err)
{
    struct view before;
    struct store_txn *t;
    enum status st = store_read_begin(r->store, &before, err);
    if (st != ST_OK)
        return st;
    st = store_begin(r->store, &t, err);
    if (st == ST_OK) {
        st = block_flush(b, certificate, &before, r->store, t, err);
        if (st == ST_OK)
            st = store_commit(r->store, t, err);
        else
            store_abort(r->store, t);
    }
    store_read_end(r->store, &before);
    r->tip = b->after;
    return st;
}

/* The checker of what is made verifies what is in it. */
static enum status taken_as_signed(void *ctx, const struct leaf *leaf)
{
    (void)ctx;
    (void)leaf;
    return ST_OK;
}

static enum status execute(struct replay *r, const struct pack_block *f, struct arena *a, struct block *ret, struct err *err)
{
    struct view v;
    bool valid = true;
    char why[256];
    if (!r->begun) {
        enum status st = block_genesis(&r->genesis, a, ret, err);
        if (st == ST_OK && !span_eq(ret->header_bytes, f->header))
            return err_set(err, ST_MISMATCH, "block 0 is not the one that the genesis gives");
        return st;
    }
    enum status st = store_read_begin(r->store, &v, err);
    if (st != ST_OK)
        return st;
    struct ledger l = {.tip = &r->tip, .view = &v, .ids = r->ids, .refounding = r->ends ? &r->next : NULL};
    struct block_verifier verifier = {NULL, taken_as_signed};
    st = block_execute(&l, f->header, f->leaves.v, f->leaves.n, &verifier, a, &valid, ret, why, err);
    store_read_end(r->store, &v);
    return st == ST_OK && !valid
               ? err_set(err, ST_MISMATCH, "block %" PRIu64 " is no block of this record: %s", r->tip.height + 1, why)
               : st;
}

enum status replay_block(struct replay *r, const struct pack_block *f, struct arena *a, struct block *ret_block, struct err *err)
{
    enum status st = execute(r, f, a, ret_block, err);
    if (st != ST_OK)
        return st;
    r->begun = true;
    r->ends = HAS(f, pack_block_key_certificate) && refounding_is(f->certificate);
    if (r->ends)
        st = refounding_read(arena_dup(&r->a, f->certificate), &r->a, &r->next, err);
    if (st == ST_OK)
        st = flush(r, ret_block, f->certificate, err);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; ret_block->entries != NULL && i + 1 < ret_block->n_leaves; i++)
        ids_add(r->ids, &ret_block->entries[i].id, ret_block->first_leaf + 1 + i, ret_block->record.time_ms);
    ids_expire(r->ids, ret_block->record.time_ms);
    return ST_OK;
}

enum status replay_checkpoint(struct span note, struct arena *a, struct checkpoint *ret, struct err *err)
{
    struct signed_note n;
    enum status st = note_parse(note, a, &n, err);
    return st == ST_OK ? checkpoint_parse(n.text, ret, err) : st;
}

enum status replay_is_of(const struct block *b, const struct checkpoint *c, bool *ret_is, struct err *err)
{
    uint64_t size = b->after.tree.size;
    if (size > c->size || (size == c->size && !hash_eq(&b->root, &c->root)))
        return err_set(err, ST_MISMATCH, "the checkpoint, of %" PRIu64 " leaves, is not of this record", c->size);
    *ret_is = size == c->size;
    return ST_OK;
}

enum status replay_link(const struct replay *r, const struct block *b, const struct pack_block *f, const struct view *v, struct arena *a,
                        struct certificate_link *ret, struct err *err)
{
    *ret = (struct certificate_link){.header = arena_dup(a, f->header), .proof = arena_dup(a, f->certificate)};
    return r->ends ? gather_refounding(b, f->certificate, v, a, &ret->rows, err) : ST_OK;
}

enum status replay_log_rows(const struct replay *r, const struct view *v, struct span note, struct arena *a, struct state_proof_list *ret_rows,
                            struct err *err)
{
    enum { MOST = 128 };
    struct span from = span_str("0"), org, value;
    struct tkey next;
    struct checkpoint c;
    struct state_proof_list rows = {0, arena_array(a, MOST, sizeof *rows.v)};
    ASSERT(rows.v != NULL);
    enum status st = replay_checkpoint(note, a, &c, err);
    while (st == ST_OK && (st = view_next(v, TABLE_PARTY, from, &org, &value)) == ST_OK) {
        struct state_party p;
        struct checkpoint same;
        struct checkpoint_seen seen = {0};
        struct span name = arena_dup(a, org);
        st = codec_decode(&state_party_desc, value, a, &p, err);
        if (st != ST_OK)
            return st;
        struct note_key key = note_key_make(c.origin, NOTE_ED25519, &p.node.log);
        struct err ignored; /* a line that does not verify is the checker's to say */
        if (checkpoint_verify(note, &key, 1, a, &same, &seen, &ignored) == ST_OK && seen.signed_it) {
            if (rows.n == MOST)
                return err_set(err, ST_LIMIT, "more than %d log keys signed the checkpoint", MOST);
            st = gather_row(v, &r->tip.state, TABLE_PARTY, name, a, &rows.v[rows.n], err);
            rows.n += st == ST_OK;
        }
        next = tkey_after(name);
        from = tkey_span(&next);
    }
    *ret_rows = rows;
    return st == ST_END ? ST_OK : st;
}

/* -- packs -- */

static enum status note_end(struct replay_pack *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_block b;
    struct header h;
    struct block_record rec;
    arena_init(&a, 0);
    enum status st = codec_decode(&pack_block_desc, body, &a, &b, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, b.header, &a, &h, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, h.record, &a, &rec, err);
    if (st != ST_OK)
        return st;
    if (p->n == p->cap) {
        p->cap = p->cap == 0 ? 1024 : 2 * p->cap;
        p->ends = realloc(p->ends, p->cap * sizeof *p->ends);
        ASSERT(p->ends != NULL);
    }
    p->ends[p->n++] = (struct replay_end){.size = h.size, .time_ms = rec.time_ms};
    return ST_OK;
}

static enum status scan(struct pack_reader *r, struct arena *a, struct replay_pack *p, struct err *err)
{
    struct pack_head head = {.version = 0};
    struct pack_checkpoint f;
    struct span body;
    uint32_t kind;
    enum status st = pack_read_magic(r, PACK_MAGIC, err);
    while (st == ST_OK && (st = pack_read(r, &kind, &body, err)) == ST_OK) {
        if (kind == pack_head_desc.number)
            st = codec_decode(&pack_head_desc, arena_dup(a, body), a, &head, err);
        else if (kind == pack_block_desc.number)
            st = note_end(p, body, err);
        else if (kind == pack_checkpoint_desc.number && (st = codec_decode(&pack_checkpoint_desc, arena_dup(a, body), a, &f, err)) == ST_OK)
            p->note = f.note;
    }
    if (st != ST_END)
        return st;
    p->genesis = head.genesis;
    if (head.version == 0)
        return err_set(err, ST_FORMAT, "PAK-2: the pack has no head");
    if (p->note.n == 0)
        return err_set(err, ST_NOTFOUND,
                       "the pack has no checkpoint that a quorum cosigned, which the file that is to be made rests on: export it again");
    return ST_OK;
}

enum status replay_scan(FILE *pack, struct arena *a, struct replay_pack *ret, struct err *err)
{
    struct pack_reader r;
    *ret = (struct replay_pack){.n = 0};
    pack_reader_init(&r, pack);
    enum status st = scan(&r, a, ret, err);
    pack_reader_deinit(&r);
    return st == ST_OK && fseek(pack, 0, SEEK_SET) != 0 ? err_set(err, ST_IO, "the pack cannot be read a second time") : st;
}

void replay_pack_deinit(struct replay_pack *p)
{
    free(p->ends);
}

enum status replay_each(FILE *pack, void *ctx, enum status (*take)(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err),
                        struct err *err)
{
    struct pack_reader r;
    struct span body;
    uint32_t kind;
    bool done = false;
    pack_reader_init(&r, pack);
    enum status st = pack_read_magic(&r, PACK_MAGIC, err);
    while (st == ST_OK && !done && (st = pack_read(&r, &kind, &body, err)) == ST_OK) {
        struct arena a CLEANUP(arena_deinit);
        struct pack_block b;
        arena_init(&a, 0);
        if (kind != pack_block_desc.number)
            continue;
        st = codec_decode(&pack_block_desc, body, &a, &b, err);
        if (st == ST_OK)
            st = take(ctx, &b, &done, err);
    }
    pack_reader_deinit(&r);
    return st == ST_END ? err_set(err, ST_MISMATCH, "the pack's checkpoint is of no block in it") : st;
}
