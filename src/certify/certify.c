#include <stdlib.h>
#include "certify/certify.h"
#include "certify/gather.h"
#include "cert/refounding.h"
#include "crypto/hash.h"
#include "gov/tkey.h"
#include "ledger/rows.h"
#include "merkle/checkpoint.h"
#include "store/store_mem.h"

struct certify {
    struct arena a;
    uint64_t number;
    struct store *store;
    struct ids *ids;
    struct tip tip;
    struct genesis_info genesis;
    struct span note;
    struct checkpoint checkpoint;
    bool begun, done;
    bool ends; /* the newest block ends its epoch: */
    struct refounding_info next;
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
    c->store = store_mem_new();
    c->ids = ids_new();
    return c;
}

void certify_free(struct certify *c)
{
    if (c == NULL)
        return;
    store_close(c->store);
    ids_free(c->ids);
    free(c->links);
    free(c->blocks);
    arena_deinit(&c->a);
    free(c);
}

enum status certify_begin(struct certify *c, struct span genesis, struct span note, struct err *err)
{
    struct signed_note n;
    enum status st = genesis_read(arena_dup(&c->a, genesis), true, &c->a, &c->genesis, err);
    c->note = arena_dup(&c->a, note);
    if (st == ST_OK)
        st = note_parse(c->note, &c->a, &n, err);
    return st == ST_OK ? checkpoint_parse(n.text, &c->checkpoint, err) : st;
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

static enum status flush(struct certify *c, const struct block *b, struct span certificate, struct err *err)
{
    struct view before;
    struct store_txn *t;
    enum status st = store_read_begin(c->store, &before, err);
    if (st != ST_OK)
        return st;
    st = store_begin(c->store, &t, err);
    if (st == ST_OK) {
        st = block_flush(b, certificate, &before, c->store, t, err);
        if (st == ST_OK)
            st = store_commit(c->store, t, err);
        else
            store_abort(c->store, t);
    }
    store_read_end(c->store, &before);
    c->tip = b->after;
    return st;
}

/* The checker of the finished certificate verifies what is in it. */
static enum status taken_as_signed(void *ctx, const struct leaf *leaf)
{
    (void)ctx;
    (void)leaf;
    return ST_OK;
}

static enum status execute(struct certify *c, const struct pack_block *f, struct arena *a, struct block *ret,
                           struct err *err)
{
    struct view v;
    bool valid = true;
    char why[256];
    if (!c->begun) {
        enum status st = block_genesis(&c->genesis, a, ret, err);
        if (st == ST_OK && !span_eq(ret->header_bytes, f->header))
            return err_set(err, ST_MISMATCH, "block 0 is not the one that the genesis gives");
        return st;
    }
    enum status st = store_read_begin(c->store, &v, err);
    if (st != ST_OK)
        return st;
    struct ledger l = {.tip = &c->tip, .view = &v, .ids = c->ids, .refounding = c->ends ? &c->next : NULL};
    struct block_verifier verifier = {NULL, taken_as_signed};
    st = block_execute(&l, f->header, f->leaves.v, f->leaves.n, &verifier, a, &valid, ret, why, err);
    store_read_end(c->store, &v);
    return st == ST_OK && !valid
               ? err_set(err, ST_MISMATCH, "block %" PRIu64 " is no block of this record: %s",
                         c->tip.height + 1, why)
               : st;
}

/* CER-3: a block after which another set decides, or the anchor. */
static enum status link_of(struct certify *c, const struct block *b, const struct pack_block *f,
                           const struct view *v, struct err *err)
{
    bool anchor = b->after.tree.size == c->checkpoint.size,
         changes = b->record.height > 0 && HAS(&b->record, block_record_key_next_set);
    if (anchor && c->ends)
        return err_set(
            err, ST_UNSUPPORTED,
            "the checkpoint is of the last block of an epoch, which has a refounding in place of its "
            "certificate: take a later checkpoint");
    if (c->ends && b->record.height == 0)
        return err_set(err, ST_UNSUPPORTED,
                       "an epoch ended with the founding block: a certificate cannot show that");
    if (!anchor && !changes && !c->ends)
        return ST_OK;
    if (b->record.height == 0)
        return err_set(err, ST_NOTFOUND, "the checkpoint is of the founding block: there is no decision yet");
    c->links = grown(c->links, c->n_links, &c->cap_links, sizeof *c->links);
    struct certificate_link *link = &c->links[c->n_links++];
    *link = (struct certificate_link){.header = arena_dup(&c->a, f->header),
                                      .proof = arena_dup(&c->a, f->certificate)};
    return c->ends ? gather_refounding(b, f->certificate, v, &c->a, &link->rows, err) : ST_OK;
}

static enum status keep(struct certify *c, const struct block *b, const struct pack_block *f, struct err *err)
{
    struct view v;
    enum status st = store_read_begin(c->store, &v, err);
    if (st != ST_OK)
        return st;
    st = link_of(c, b, f, &v, err);
    if (st == ST_OK && gather_touches(b, c->number)) {
        c->blocks = grown(c->blocks, c->n_blocks, &c->cap_blocks, sizeof *c->blocks);
        st = gather_block(b, c->number, &f->prose, &v, &c->a, &c->blocks[c->n_blocks], err);
        c->n_blocks += st == ST_OK;
    }
    store_read_end(c->store, &v);
    return st;
}

enum status certify_block(struct certify *c, const struct pack_block *f, bool *ret_done, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct block b;
    arena_init(&a, 0);
    ASSERT(!c->done);
    enum status st = execute(c, f, &a, &b, err);
    if (st != ST_OK)
        return st;
    c->begun = true;
    c->ends = HAS(f, pack_block_key_certificate) && refounding_is(f->certificate);
    if (c->ends)
        st = refounding_read(arena_dup(&c->a, f->certificate), &c->a, &c->next, err);
    if (st == ST_OK)
        st = flush(c, &b, f->certificate, err);
    if (st == ST_OK)
        st = keep(c, &b, f, err);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; b.entries != NULL && i + 1 < b.n_leaves; i++)
        ids_add(c->ids, &b.entries[i].id, b.first_leaf + 1 + i, b.record.time_ms);
    ids_expire(c->ids, b.record.time_ms);
    if (b.after.tree.size > c->checkpoint.size ||
        (b.after.tree.size == c->checkpoint.size && !hash_eq(&b.root, &c->checkpoint.root)))
        return err_set(err, ST_MISMATCH, "the checkpoint, of %" PRIu64 " leaves, is not of this record",
                       c->checkpoint.size);
    c->done = b.after.tree.size == c->checkpoint.size;
    *ret_done = c->done;
    return ST_OK;
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
    enum status st = gather_row(v, &c->tip.state, table, key, &c->a, &rows->v[rows->n], err);
    rows->n += st == ST_OK;
    return st;
}

/* Whose log keys signed the checkpoint: the row of each. */
static enum status log_rows(struct certify *c, const struct view *v, struct state_proof_list *rows,
                            size_t cap, struct err *err)
{
    struct span from = span_str("0"), org, value;
    struct tkey next;
    for (;;) {
        struct state_party p;
        struct checkpoint cp;
        struct checkpoint_seen seen = {0};
        enum status st = view_next(v, TABLE_PARTY, from, &org, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        st = codec_decode(&state_party_desc, value, &c->a, &p, err);
        if (st != ST_OK)
            return st;
        struct note_key key = note_key_make(c->checkpoint.origin, NOTE_ED25519, &p.node.log);
        struct span name = arena_dup(&c->a, org);
        if (checkpoint_verify(c->note, &key, 1, &c->a, &cp, &seen, err) == ST_OK && seen.signed_it)
            st = add_row(c, v, TABLE_PARTY, name, rows, cap, err);
        if (st != ST_OK)
            return st;
        next = tkey_after(name);
        from = tkey_span(&next);
    }
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
    if (st == ST_OK)
        st = log_rows(c, v, &rows, CAP, err);
    gather_sort(&rows);
    *ret_rows = rows;
    return st;
}

static enum status write_frames(struct certify *c, const struct state_proof_list *rows, FILE *out,
                                struct err *err)
{
    struct certificate_head head = {.version = 1, .alliance = c->genesis.alliance, .decision = c->number};
    struct certificate_state state = {.rows = *rows};
    struct certificate_checkpoint note = {.note = c->note};
    struct certificate_end end = {.frames = 3 + c->n_links + c->n_blocks};
    enum status st = gather_encode(&genesis_desc, &c->genesis.genesis, &c->a, &head.genesis);
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
    enum status st = store_read_begin(c->store, &v, err);
    if (st != ST_OK)
        return st;
    st = state_rows(c, &v, &rows, err);
    if (st == ST_OK)
        st = paths(c, &v, err);
    store_read_end(c->store, &v);
    return st == ST_OK ? write_frames(c, &rows, out, err) : st;
}

/* The first pass: the founding, and the newest checkpoint. */
static enum status find_ends(struct pack_reader *r, struct certify *c, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_head head = {.version = 0};
    struct pack_checkpoint f, newest = {.note = {NULL, 0}};
    struct span body;
    uint32_t kind;
    arena_init(&a, 0);
    enum status st = pack_read_magic(r, PACK_MAGIC, err);
    while (st == ST_OK && (st = pack_read(r, &kind, &body, err)) == ST_OK) {
        if (kind == pack_head_desc.number)
            st = codec_decode(&pack_head_desc, arena_dup(&a, body), &a, &head, err);
        else if (kind == pack_checkpoint_desc.number &&
                 (st = codec_decode(&pack_checkpoint_desc, arena_dup(&a, body), &a, &f, err)) == ST_OK)
            newest = f;
    }
    if (st != ST_END)
        return st;
    if (head.version == 0)
        return err_set(err, ST_FORMAT, "PAK-2: the pack has no head");
    if (newest.note.n == 0)
        return err_set(err, ST_NOTFOUND,
                       "the pack has no checkpoint that a quorum cosigned, which a certificate rests on: "
                       "export it again");
    return certify_begin(c, head.genesis, newest.note, err);
}

static enum status all_blocks(struct pack_reader *r, struct certify *c, struct err *err)
{
    struct span body;
    uint32_t kind;
    bool done = false;
    enum status st = pack_read_magic(r, PACK_MAGIC, err);
    while (st == ST_OK && !done && (st = pack_read(r, &kind, &body, err)) == ST_OK) {
        struct arena a CLEANUP(arena_deinit);
        struct pack_block b;
        arena_init(&a, 0);
        if (kind != pack_block_desc.number)
            continue;
        st = codec_decode(&pack_block_desc, body, &a, &b, err);
        if (st == ST_OK)
            st = certify_block(c, &b, &done, err);
    }
    return st == ST_END ? err_set(err, ST_MISMATCH, "the pack's checkpoint is of no block in it") : st;
}

enum status certify_pack(FILE *pack, uint64_t number, FILE *out, struct err *err)
{
    struct certify *c = certify_new(number);
    struct pack_reader r;
    pack_reader_init(&r, pack);
    enum status st = find_ends(&r, c, err);
    pack_reader_deinit(&r);
    if (st == ST_OK && fseek(pack, 0, SEEK_SET) != 0)
        st = err_set(err, ST_IO, "the pack cannot be read a second time");
    pack_reader_init(&r, pack);
    if (st == ST_OK)
        st = all_blocks(&r, c, err);
    pack_reader_deinit(&r);
    if (st == ST_OK)
        st = certify_write(c, out, err);
    certify_free(c);
    return st;
}
