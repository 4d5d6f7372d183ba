#include "recovery/rebuild.h"
#include "cert/certificate.h"
#include "cert/refounding.h"
#include "codec/codec.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "replica/replica.h"
#include "store/store_lmdb.h"

#define KEY8(v) span_of(key_u64(v).b, 8)

/* -- The founding -- */

enum status rebuild_found(struct store *from, struct store *to, struct span genesis_file,
                          struct rebuild_result *ret_result, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct view v;
    struct span row;
    struct genesis_info g;
    enum status st = from == NULL ? ST_NOTFOUND : store_read_begin(from, &v, err);
    if (st == ST_OK) {
        st = view_get(&v, TABLE_NODE, span_str("genesis"), &row);
        if (st == ST_OK)
            st = genesis_read(arena_dup(&a, row), true, &a, &g, err);
        store_read_end(from, &v);
    }
    if (st != ST_OK && genesis_file.p != NULL)
        st = genesis_read(genesis_file, true, &a, &g, err);
    if (st != ST_OK)
        return err_set(
            err, ST_CORRUPT,
            "the founding is damaged in the store, and there is no whole alliance.genesis beside it. Get the "
            "file from any partner (entente alliance show tells which), put it there and try again");
    st = replica_found(to, &g, err);
    ret_result->founded = st == ST_OK;
    return st;
}

/* -- Blocks -- */

struct rebuild {
    const struct rebuild_source *from;
    struct store *to;
    struct view new;
    struct tip tip;
    struct ids *ids;
    struct rebuild_result *result;
    bool begins; /* the block at work is the first of an epoch, by this: */
    struct refounding_info refounding;
    struct arena epoch; /* what it points to */
};

/* A block at work. */
struct old_block {
    struct rebuild_block is;
    struct header decoded;
    struct block_record record;
    struct hash id;
};

static enum status verify_leaf(void *ctx, const struct leaf *leaf)
{
    (void)ctx;
    return leaf_verify(leaf);
}

static enum status stop(struct rebuild *r, uint64_t h, const char *what, enum status st, const char *text)
{
    const char *why = st == ST_NOTFOUND ? "is missing" : st == ST_CORRUPT ? "is damaged" : "does not hold";
    (void)snprintf(r->result->stopped, sizeof r->result->stopped, "block %" PRIu64 ": %s %s%s%.250s", h, what,
                   why, text[0] == 0 ? "" : ": ", text);
    return ST_END;
}

/* REF-5: a refounding stands where the certificate of the block before would: a new epoch begins. */
static enum status begin_epoch(struct rebuild *r, struct span bytes, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct validator_set set;
    struct refounding_last last = {.alliance = r->tip.alliance,
                                   .epoch = r->tip.epoch,
                                   .height = r->tip.height,
                                   .block = r->tip.block,
                                   .decided_by = &set};
    struct span header_bytes, sigs;
    struct header header;
    struct block_record rec;
    arena_deinit(&r->epoch);
    arena_init(&r->epoch, 0);
    enum status st = block_header(&r->new, r->tip.height, &header_bytes, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, header_bytes, &a, &header, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, header.record, &a, &rec, err);
    if (st == ST_OK)
        st = hash_eq(&rec.validators, &r->tip.validators) ? gov_validators(&r->new, &a, &set, err)
                                                          : rows_set(&r->new, &rec.validators, &a, &set, err);
    if (st == ST_OK && r->tip.height == 0)
        st = block_certificate(&r->new, 0, &sigs, err);
    if (st == ST_OK && r->tip.height == 0)
        sha256(sigs, &last.genesis_sigs);
    if (st == ST_OK)
        st = refounding_read(arena_dup(&r->epoch, bytes), &r->epoch, &r->refounding, err);
    if (st == ST_OK)
        st = refounding_check(&r->refounding, &last, err);
    r->begins = st == ST_OK;
    return st;
}

/* Is the certificate one, by the set in force? REF-6: where a refounding stands in its place, what was final
 * by a certificate has it in there; the block then gets that one, until the next fixes the refounding. */
static enum status check_certificate(struct rebuild *r, struct arena *a, struct old_block *b, struct err *err)
{
    struct validator_set set;
    struct refounding_info end;
    uint64_t h = r->tip.height + 1, epoch = r->begins ? r->refounding.statement.epoch : r->tip.epoch;
    enum status st = ST_OK;
    if (r->begins)
        set = (struct validator_set){.members = r->refounding.statement.set};
    else
        st = gov_validators(&r->new, a, &set, err);
    if (st != ST_OK || !refounding_is(b->is.certificate))
        return st != ST_OK ? st
                           : certificate_verify_bytes(b->is.certificate, &r->tip.alliance, epoch, h, &b->id,
                                                      &set, a, NULL, err);
    struct refounding_last last = {
        .alliance = r->tip.alliance, .epoch = epoch, .height = h, .block = b->id, .decided_by = &set};
    st = refounding_read(b->is.certificate, a, &end, err);
    if (st == ST_OK)
        st = refounding_check(&end, &last, err);
    if (st == ST_OK && refounding_had_certificate(&end))
        b->is.certificate = end.proof.certificate;
    return st;
}

/* What the block before it got: the founding's signatures, or what the source has. */
static enum status last_commit(struct rebuild *r, uint64_t h, struct rebuild_block *b, struct err *err)
{
    return b->last_commit.p != NULL ? ST_OK : block_certificate(&r->new, h - 1, &b->last_commit, err);
}

/* Reads it and checks what needs no execution. ST_END: not whole. */
static enum status read_block(struct rebuild *r, uint64_t h, struct arena *a, struct old_block *b)
{
    struct err err = {0};
    struct hash commit;
    const char *what = "its header";
    enum status st = r->from->block(r->from->ctx, h, a, &b->is, &what, &err);
    if (st == ST_END)
        return ST_END; /* no more of them, and no damage */
    if (st != ST_OK)
        return stop(r, h, what, st, err.text);
    r->result->prose_lost += b->is.prose_lost;
    st = last_commit(r, h, &b->is, &err);
    if (st != ST_OK)
        return stop(r, h, "the certificate of the block before", st, "");
    if (codec_decode(&header_desc, b->is.header, a, &b->decoded, &err) != ST_OK ||
        codec_decode(&block_record_desc, b->decoded.record, a, &b->record, &err) != ST_OK)
        return stop(r, h, "its header", ST_FORMAT, err.text);
    sha256(b->is.header, &b->id);
    sha256(b->is.last_commit, &commit);
    if (!hash_eq(&commit, &b->record.last_commit))
        return stop(r, h, "the certificate of the block before", ST_MISMATCH,
                    "it is not the one that this block names");
    r->begins = false;
    st = refounding_is(b->is.last_commit) ? begin_epoch(r, b->is.last_commit, &err) : ST_OK;
    if (st != ST_OK)
        return stop(r, h, "the refounding before it", ST_MISMATCH, err.text);
    st = check_certificate(r, a, b, &err);
    return st == ST_OK ? ST_OK : stop(r, h, "its certificate", ST_MISMATCH, err.text);
}

/* Detached texts, as far as they are there. Validity does not rest on them. */
static enum status put_prose(struct rebuild *r, const struct block *b, const struct pack_prose_list *list, struct store_txn *t,
                             struct err *err)
{
    uint64_t leaf = 0;
    uint8_t nth = 0;
    struct buf value CLEANUP(buf_deinit);
    buf_init(&value, LIMIT_ENTRY_BYTES);
    for (size_t i = 0; i < list->n; i++) {
        const struct pack_prose *p = &list->v[i];
        struct err own;
        uint8_t key[9];
        nth = p->leaf == leaf ? nth : 0;
        leaf = p->leaf;
        buf_reset(&value);
        if (leaf == 0 || leaf >= b->n_leaves || nth >= LIMIT_PROSE_PER_ENTRY ||
            leaf_accepts_prose(&b->entries[leaf - 1], &p->prose, &own) != ST_OK || codec_encode(&prose_desc, &p->prose, &value) != ST_OK) {
            r->result->prose_lost++;
            continue;
        }
        store_u64(key, b->first_leaf + leaf);
        key[8] = nth++;
        enum status st = store_put(r->to, t, TABLE_PROSE, span_of(key, 9), buf_span(&value), err);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}

static enum status write_block(struct rebuild *r, const struct block *b, const struct old_block *old,
                               struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(r->to, &t, err);
    if (st != ST_OK)
        return st;
    st = block_flush(b, old->is.certificate, &r->new, r->to, t, err);
    if (st == ST_OK && (b->record.height > 1 || r->begins)) /* PAK-3 */
        st = store_put(r->to, t, TABLE_CERT, KEY8(b->record.height - 1), old->is.last_commit, err);
    if (st == ST_OK)
        st = put_prose(r, b, &old->is.prose, t, err);
    if (st != ST_OK) {
        store_abort(r->to, t);
        return st;
    }
    st = store_commit(r->to, t, err);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i + 1 < b->n_leaves; i++)
        ids_add(r->ids, &b->entries[i].id, b->first_leaf + 1 + i, b->record.time_ms);
    ids_expire(r->ids, b->record.time_ms);
    r->tip = b->after;
    store_read_end(r->to, &r->new);
    return store_read_begin(r->to, &r->new, err);
}

static enum status one_block(struct rebuild *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct old_block old = {0};
    struct block block;
    bool valid;
    char why[256];
    uint64_t h = r->tip.height + 1;
    enum status st = read_block(r, h, &a, &old);
    if (st != ST_OK)
        return st;
    struct ledger l = {
        .tip = &r->tip, .view = &r->new, .ids = r->ids, .refounding = r->begins ? &r->refounding : NULL};
    static const struct block_verifier verifier = {NULL, verify_leaf};
    st = block_execute(&l, old.is.header, old.is.leaves, old.is.n_leaves, &verifier, &a, &valid, &block, why, err);
    if (st != ST_OK)
        return st;
    return valid ? write_block(r, &block, &old, err) : stop(r, h, "what it says", ST_MISMATCH, why);
}

enum status rebuild_blocks(const struct rebuild_source *from, struct store *to, void (*at)(void *ctx, const char *where), void *ctx,
                           struct rebuild_result *ret_result, struct err *err)
{
    struct rebuild r = {.from = from, .to = to, .ids = ids_new(), .result = ret_result};
    char where[48];
    enum status st = store_read_begin(to, &r.new, err);
    if (st == ST_OK)
        st = tip_load(&r.new, &r.tip, err);
    if (st == ST_OK)
        st = ids_load(r.ids, &r.new, r.tip.time_ms, err);
    while (st == ST_OK) {
        ret_result->height = r.tip.height;
        ret_result->size = r.tip.tree.size;
        ret_result->time_ms = r.tip.time_ms;
        (void)snprintf(where, sizeof where, "block %" PRIu64, r.tip.height + 1);
        at(ctx, where);
        st = one_block(&r, err);
    }
    store_read_end(to, &r.new);
    ids_free(r.ids);
    arena_deinit(&r.epoch);
    return st == ST_END ? ST_OK : st;
}

/* -- Blocks of a store -- */

/* As far as they can be read. */
static enum status prose_of(const struct view *v, uint64_t first_leaf, struct arena *a, struct rebuild_block *b)
{
    b->prose.v = arena_array(a, b->n_leaves * LIMIT_PROSE_PER_ENTRY + 1, sizeof *b->prose.v);
    if (b->prose.v == NULL)
        return ST_NOMEM;
    for (size_t i = 1; i <= b->n_leaves; i++)
        for (uint8_t nth = 0; nth < LIMIT_PROSE_PER_ENTRY; nth++) {
            uint8_t key[9];
            struct span value;
            struct prose prose;
            struct err own;
            store_u64(key, first_leaf + i);
            key[8] = nth;
            enum status st = view_get(v, TABLE_PROSE, span_of(key, 9), &value);
            if (st == ST_NOTFOUND)
                break;
            if (st != ST_OK || codec_decode(&prose_desc, value, a, &prose, &own) != ST_OK)
                b->prose_lost++;
            else
                b->prose.v[b->prose.n++] = (struct pack_prose){.leaf = i, .prose = prose};
        }
    return ST_OK;
}

static enum status of_store(void *ctx, uint64_t h, struct arena *a, struct rebuild_block *ret, const char **ret_what, struct err *err)
{
    const struct view *v = ctx;
    uint64_t first;
    size_t n;
    enum status st = block_header(v, h, &ret->header, err);
    if (st == ST_NOTFOUND) {
        struct span key, value;
        if (view_next(v, TABLE_BLOCK, KEY8(h), &key, &value) == ST_END)
            return ST_END;
    }
    if (st != ST_OK)
        return st;
    *ret_what = "its certificate";
    st = block_certificate(v, h, &ret->certificate, err);
    if (st != ST_OK)
        return st;
    *ret_what = "the certificate of the block before";
    st = block_certificate(v, h - 1, &ret->last_commit, err);
    if (st != ST_OK)
        return st;
    *ret_what = "one of its leaves";
    st = block_leaves(v, h, a, &ret->leaves, &ret->n_leaves, err);
    if (st == ST_OK)
        st = block_range(v, h, &first, &n, err);
    return st == ST_OK ? prose_of(v, first, a, ret) : ST_CORRUPT;
}

enum status rebuild_from_store(struct store *from, struct store *to, void (*at)(void *ctx, const char *where), void *ctx,
                               struct rebuild_result *ret_result, struct err *err)
{
    struct view v;
    enum status st = store_read_begin(from, &v, err);
    if (st != ST_OK)
        return st;
    struct rebuild_source source = {&v, of_store};
    st = rebuild_blocks(&source, to, at, ctx, ret_result, err);
    store_read_end(from, &v);
    return st;
}

/* -- What is the node's own -- */

struct own {
    struct store *to;
    struct store_txn *t;
    const struct tip *tip;
    struct rebuild_result *result;
    enum status st;
    struct err *err;
};

static bool has_prefix(struct span key, const char *prefix)
{
    size_t n = strlen(prefix);
    return key.n >= n && memcmp(key.p, prefix, n) == 0;
}

/* An entry that waits. Whether it is on the record by now is found when the node starts. */
static bool outbox_reads(struct span value)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 8 << 20);
    struct submission sub;
    struct leaf leaf;
    struct err err;
    return codec_decode(&submission_desc, value, &a, &sub, &err) == ST_OK &&
           leaf_of_submission(&sub, &a, &leaf, &err) == ST_OK && leaf_verify(&leaf) == ST_OK;
}

static bool is_open_body(struct span value, uint64_t height)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 64 << 20);
    struct body_row row;
    struct err err;
    return codec_decode(&body_row_desc, value, &a, &row, &err) == ST_OK && row.height == height;
}

static bool is_wanted(struct own *o, uint8_t table, struct span key, struct span value)
{
    switch (table) {
    case TABLE_NODE: /* the ledger's own three are made anew */
        return !span_eqs(key, "tip") && !span_eqs(key, "genesis") && !has_prefix(key, "set/");
    case TABLE_OUTBOX:
        if (outbox_reads(value)) {
            o->result->outbox++;
            return true;
        }
        o->result->outbox_lost++;
        return false;
    case TABLE_CHECKPOINT:
        return key.n == 8 && load_u64(key.p) <= o->tip->tree.size;
    case TABLE_POL:
        return key.n == 8 && load_u64(key.p) <= o->tip->height;
    case TABLE_BODY:
        return is_open_body(value, o->tip->height + 1);
    default:
        return true;
    }
}

static void take_record(void *ctx, uint8_t table, struct span key, struct span value)
{
    struct own *o = ctx;
    if (o->st == ST_OK && is_wanted(o, table, key, value))
        o->st = store_put(o->to, o->t, table, key, value, o->err);
}

static void lose_record(void *ctx, uint8_t table, struct span key, const char *text)
{
    struct own *o = ctx;
    (void)key, (void)text;
    if (table == TABLE_NODE)
        o->result->marks_lost = true;
    if (table == TABLE_OUTBOX)
        o->result->outbox_lost++;
}

static const uint8_t own_tables[] = {TABLE_NODE,       TABLE_OUTBOX, TABLE_REFUSED,
                                     TABLE_CHECKPOINT, TABLE_POL,    TABLE_BODY};

size_t rebuild_own_tables(void)
{
    return ARRAY_LEN(own_tables);
}

const char *rebuild_own_name(size_t table)
{
    return table_name(own_tables[table]);
}

enum status rebuild_own(struct store *from, struct store *to, size_t table, struct rebuild_result *ret_result,
                        struct err *err)
{
    struct view v;
    struct tip tip;
    struct own o = {.to = to, .tip = &tip, .result = ret_result, .err = err};
    ASSERT(table < ARRAY_LEN(own_tables));
    enum status st = store_read_begin(to, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    store_read_end(to, &v);
    if (st == ST_OK)
        st = store_begin(to, &o.t, err);
    if (st != ST_OK)
        return st;
    struct store_lmdb_watch w = {.ctx = &o, .record = take_record, .damage = lose_record};
    struct err own;
    uint64_t n;
    (void)!store_lmdb_check_table(from, own_tables[table], &w, &n, &own); /* damage is counted above */
    if (o.st == ST_OK)
        return store_commit(to, o.t, err);
    store_abort(to, o.t);
    return o.st;
}
