/* Proposed blocks of the open height: executed once, kept until the height is decided. */
#include "base/plant.h"
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "merkle/rfc6962.h"
#include "replica/epoch.h"

struct body *bodies_find(struct replica *r, const struct hash *id)
{
    for (size_t i = 0; i < r->n_bodies; i++)
        if (hash_eq(&r->bodies[i]->id, id))
            return r->bodies[i];
    return NULL;
}

static struct span_list dup_list(struct arena *a, const struct span_list *l)
{
    struct span *v = arena_array(a, l->n + 1, sizeof *v);
    ASSERT(v != NULL);
    for (size_t i = 0; i < l->n; i++)
        v[i] = arena_dup(a, l->v[i]);
    return (struct span_list){l->n, v};
}

/* BLK-7: what the proposer gave as proof of the block before. *ret_ok is a fact of the protocol, why its words; the status is
 * a fault of this machine: a record that cannot be read makes no block invalid. */
static enum status check_last_commit(struct replica *r, const struct body *b, bool *ret_ok, char why[256], struct err *err)
{
    struct err not_it;
    struct span held;
    *ret_ok = true;
    if (PLANTED(23) && r->tip.height > 0)
        return ST_OK;
    enum status st = epoch_last_commit(r, &held, err);
    if (st != ST_OK || span_eq(held, b->last_commit))
        return st;
    if (r->refounding != NULL || r->tip.height == 0) {
        *ret_ok = false;
        if (r->refounding != NULL)
            (void)snprintf(why, 256, "BLK-7: the first block of epoch %" PRIu64 " names another refounding", r->epoch);
        else
            (void)snprintf(why, 256, "BLK-7: the block after the genesis names other founding signatures");
        return ST_OK;
    }
    struct arena a CLEANUP(arena_deinit);
    struct validator_set set;
    arena_init(&a, 1 << 20);
    st = replica_set_at(r, r->tip.height, &a, &set, err);
    if (st != ST_OK)
        return st;
    struct certificate own; /* its signatures were checked before it was stored */
    bool known = codec_decode(&certificate_desc, held, &a, &own, &not_it) == ST_OK;
    *ret_ok = certificate_verify_beside(b->last_commit, known ? &own : NULL, &r->tip.alliance, r->tip.epoch, r->tip.height, &r->tip.block,
                                        &set, &a, NULL, &not_it) == ST_OK;
    if (!*ret_ok)
        (void)snprintf(why, 256, "BLK-7: the last commit is no certificate of the previous block: %.150s", not_it.text);
    return ST_OK;
}

/* Do the leaves and the last commit belong to this header? If not, somebody on the way garbled what no one signed
 * for: that is held against the message, never against the block. *ret_unverified: of the leaves, those whose signature was
 * not seen before; entries of a proposal were, as a rule. */
static enum status matches(const struct replica *r, struct span header_bytes, const struct span_list *leaves, struct span last_commit,
                           size_t *ret_unverified, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    size_t unverified = 0;
    struct header header;
    struct block_record rec;
    enum status st = codec_decode(&header_desc, header_bytes, &a, &header, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, header.record, &a, &rec, err);
    if (st != ST_OK)
        return st;
    struct hash h;
    sha256(last_commit, &h);
    if (!hash_eq(&h, &rec.last_commit))
        return err_set(err, ST_MISMATCH, "a block that came with another last commit than it names (BLK-7)");
    struct frontier tree = r->tip.tree;
    rfc6962_leaf(header.record, &h);
    frontier_append(&tree, &h);
    for (size_t i = 0; i < leaves->n; i++) {
        rfc6962_leaf(leaves->v[i], &h);
        frontier_append(&tree, &h);
        unverified += !replica_verified(r, &h);
    }
    frontier_root(&tree, &h);
    if ((tree.size != header.size || !hash_eq(&h, &header.root)) && !PLANTED(35))
        return err_set(err, ST_MISMATCH, "a block that came with other leaves than its header's root says (BLK-2)");
    *ret_unverified = unverified;
    return ST_OK;
}

static void body_free(struct body *b)
{
    arena_deinit(&b->arena);
    free(b);
}

void bodies_clear(struct replica *r)
{
    for (size_t i = 0; i < r->n_bodies; i++)
        body_free(r->bodies[i]);
    r->n_bodies = 0;
}

/* Room for one more: a block that agreement has no use for goes. A proposer that signs one block after the other must not
 * keep out those of the others. ST_LIMIT: all are needed. */
static enum status make_room(struct replica *r, struct err *err)
{
    if (r->n_bodies < BODIES_MAX)
        return ST_OK;
    size_t i = 0;
    while (i < r->n_bodies && consensus_needs(r->core, &r->bodies[i]->id))
        i++;
    if (i == r->n_bodies)
        return err_set(err, ST_LIMIT, "over %d blocks were proposed at height %" PRIu64, BODIES_MAX, r->tip.height + 1);
    struct body *b = r->bodies[i];
    if (b->stored) {
        struct store_txn *t;
        enum status st = store_begin(r->cfg.store, &t, err);
        if (st != ST_OK)
            return st;
        st = store_del(r->cfg.store, t, TABLE_BODY, span_hash(&b->id), err);
        if (st != ST_OK) {
            store_abort(r->cfg.store, t);
            return st;
        }
        st = store_commit(r->cfg.store, t, err);
        if (st != ST_OK)
            return st;
    }
    r->bodies[i] = r->bodies[--r->n_bodies];
    body_free(b);
    return ST_OK;
}

static struct body *body_new(struct block **ret_block)
{
    struct body *b = calloc(1, sizeof *b);
    ASSERT(b != NULL);
    *ret_block = arena_alloc(&b->arena, sizeof **ret_block);
    ASSERT(*ret_block != NULL);
    return b;
}

/* Is the same text of the same leaf the newest kept, or among those before it? */
static bool has_prose(const struct pack_prose_list *kept, const struct pack_prose *p)
{
    for (size_t i = kept->n; i > 0 && kept->v[i - 1].leaf == p->leaf; i--)
        if (hash_eq(&kept->v[i - 1].prose.salt, &p->prose.salt) && span_eq(kept->v[i - 1].prose.text, p->prose.text))
            return true;
    return false;
}

/* ENT-8. Dropped: texts that do not fit their entries, that come twice or out of order, and those that would make the block
 * too large to be sent on. */
static void take_prose(struct body *b, const struct block *block, const struct pack_prose_list *prose)
{
    struct pack_prose *kept = arena_array(&b->arena, prose->n + 1, sizeof *kept);
    struct err err;
    size_t bytes = 0;
    ASSERT(kept != NULL);
    b->prose.v = kept;
    for (size_t i = 0; i < b->leaves.n; i++)
        bytes += b->leaves.v[i].n;
    for (size_t i = 0; b->valid && i < prose->n; i++) {
        const struct pack_prose *p = &prose->v[i];
        uint64_t last = b->prose.n == 0 ? 1 : kept[b->prose.n - 1].leaf;
        if (p->leaf < last || p->leaf >= block->n_leaves || bytes + p->prose.text.n > BODY_BYTES || has_prose(&b->prose, p) ||
            leaf_accepts_prose(&block->entries[p->leaf - 1], &p->prose, &err) != ST_OK)
            continue;
        bytes += p->prose.text.n;
        kept[b->prose.n] = *p;
        kept[b->prose.n++].prose.text = arena_dup(&b->arena, p->prose.text);
    }
}

/* Signatures of a block that were checked before it is executed. */
struct checked {
    struct replica *r;
    const struct signature_found *found; /* NULL: none */
    size_t n, nth;
};

/* block_execute asks for each leaf that it parses, in order. What was found counts for that very leaf (SIG-4), and a bad one
 * is looked at again: nothing but time hangs on the other threads. */
static enum status verify_checked(void *ctx, const struct leaf *leaf)
{
    struct checked *c = ctx;
    const struct signature_found *f = c->found == NULL || c->nth == c->n ? NULL : &c->found[c->nth++];
    if (f != NULL && f->good && hash_eq(&f->leaf_hash, &leaf->leaf_hash))
        return ST_OK;
    return replica_verify_leaf(c->r, leaf);
}

static enum status execute(struct replica *r, struct body *b, size_t unverified, struct block *block, struct err *err)
{
    struct signatures *s = r->cfg.signatures;
    struct foreseen *f = gossip_foreseen(r, &b->id);
    struct signature_bundle *own = NULL;
    struct checked c = {.r = r, .n = b->leaves.n};
    if (f != NULL && f->leaves.n == b->leaves.n)
        c.found = signatures_wait(s, f->bundle);
    else if (s != NULL && unverified >= CHECKED_TOGETHER)
        c.found = signatures_wait(s, own = signatures_begin(s, &b->leaves));
    struct ledger l = replica_ledger(r);
    struct block_verifier verifier = {&c, verify_checked};
    enum status st = block_execute(&l, b->header, b->leaves.v, b->leaves.n, &verifier, &b->arena, &b->valid, block, b->why, err);
    signatures_end(s, own);
    return st;
}

enum status bodies_take(struct replica *r, struct span header, const struct span_list *leaves, struct span last_commit,
                        const struct pack_prose_list *prose, struct body **ret_body, struct err *err)
{
    struct hash id;
    sha256(header, &id);
    struct body *b = bodies_find(r, &id);
    if (b != NULL) {
        *ret_body = b;
        return ST_OK;
    }
    size_t unverified;
    enum status st = matches(r, header, leaves, last_commit, &unverified, err);
    if (st == ST_OK)
        st = make_room(r, err);
    if (st != ST_OK)
        return st;
    struct block *block;
    b = body_new(&block);
    b->id = id;
    b->header = arena_dup(&b->arena, header);
    b->last_commit = arena_dup(&b->arena, last_commit);
    b->leaves = dup_list(&b->arena, leaves);
    st = execute(r, b, unverified, block, err);
    if (st == ST_OK && b->valid)
        st = check_last_commit(r, b, &b->valid, b->why, err);
    if (st != ST_OK) {
        body_free(b);
        return st;
    }
    if (b->valid)
        b->block = block;
    take_prose(b, block, prose);
    r->bodies[r->n_bodies++] = b;
    *ret_body = b;
    return ST_OK;
}

/* Makes the block in b->arena. */
static enum status make(struct replica *r, struct body *b, struct block *block, struct err *err)
{
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 0);
    size_t most = r->pool.n < r->clock.block_entries ? r->pool.n : r->clock.block_entries;
    struct block_candidate *v = arena_array(&scratch, most + 1, sizeof *v);
    struct span last_commit;
    struct hash last_hash;
    ASSERT(v != NULL);
    enum status st = epoch_last_commit(r, &last_commit, err);
    if (st != ST_OK)
        return st;
    sha256(last_commit, &last_hash);
    size_t n = pool_candidates(r, false, v, most);
    struct ledger l = replica_ledger(r);
    st = block_make(&l, replica_block_time(r), r->cfg.org, &last_hash, v, n, &b->arena, block, err);
    if (st == ST_END)
        pool_judged(r, v, n);
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < block->n_leaves; i++) /* the pool's memory may go before the block does */
        block->leaves[i] = arena_dup(&b->arena, block->leaves[i]);
    b->id = block->id;
    b->header = block->header_bytes;
    b->leaves = (struct span_list){block->n_leaves - 1, block->leaves + 1};
    b->last_commit = arena_dup(&b->arena, last_commit);
    b->valid = true;
    b->block = block;
    pool_prose(r, block, &b->arena, &b->prose);
    pool_judged(r, v, n);
    return ST_OK;
}

enum status bodies_make(struct replica *r, struct body **ret_body, struct err *err)
{
    struct block *block;
    struct body *b = body_new(&block);
    enum status st = make(r, b, block, err);
    struct body *same = st == ST_OK ? bodies_find(r, &b->id) : NULL;
    if (st == ST_OK && same == NULL)
        st = make_room(r, err);
    if (st != ST_OK || same != NULL) {
        body_free(b);
        if (st == ST_OK)
            *ret_body = same;
        return st;
    }
    r->bodies[r->n_bodies++] = b;
    *ret_body = b;
    return ST_OK;
}

enum status bodies_encode(const struct replica *r, const struct body *b, struct buf *buf)
{
    struct body_row row = {.height = r->tip.height + 1,
                           .header = b->header,
                           .leaves = {b->leaves.n, b->leaves.v},
                           .last_commit = b->last_commit,
                           .prose = b->prose};
    return codec_encode(&body_row_desc, &row, buf);
}

enum status bodies_keep(struct replica *r, struct body *b, struct err *err)
{
    if (b->durable)
        return ST_OK;
    struct buf buf CLEANUP(buf_deinit);
    buf_init(&buf, LIMIT_FRAME_BYTES);
    struct store_txn *t;
    enum status st = bodies_encode(r, b, &buf);
    if (st != ST_OK)
        return err_set(err, st, "a block body cannot be encoded");
    st = store_begin(r->cfg.store, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(r->cfg.store, t, TABLE_BODY, span_hash(&b->id), buf_span(&buf), err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    st = store_commit(r->cfg.store, t, err);
    b->durable = b->stored = st == ST_OK;
    return st;
}

/* Those that went into the vote journal with a message, newest first: of very many the oldest are needed least. What cannot be
 * read there is told by those who read the messages. */
static enum status load_journalled(struct replica *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct span bytes;
    uint64_t h;
    size_t n = 0;
    arena_init(&a, 0);
    while (r->cfg.journal != NULL && journal_get(r->cfg.journal, n, &h, &bytes) == ST_OK && h == r->tip.height + 1)
        n++;
    for (enum status st = ST_OK; n > 0; n--) {
        struct journal_row row;
        struct body_row kept;
        struct body *b;
        struct err unread;
        arena_reset(&a);
        if (journal_get(r->cfg.journal, n - 1, &h, &bytes) != ST_OK || codec_decode(&journal_row_desc, bytes, &a, &row, &unread) != ST_OK ||
            !HAS(&row, journal_row_key_body) || codec_decode(&body_row_desc, row.body, &a, &kept, &unread) != ST_OK)
            continue;
        st = bodies_take(r, kept.header, &kept.leaves, kept.last_commit, &kept.prose, &b, err);
        if (st == ST_LIMIT)
            return ST_OK;
        if (st != ST_OK)
            return st;
        b->durable = true;
    }
    return ST_OK;
}

enum status bodies_load(struct replica *r, struct err *err)
{
    struct span key, value, from = {NULL, 0};
    struct hash next;
    for (;;) {
        enum status st = view_next(&r->view, TABLE_BODY, from, &key, &value);
        if (st == ST_END)
            return load_journalled(r, err);
        struct body_row row;
        if (st == ST_OK)
            st = codec_decode(&body_row_desc, value, &r->height, &row, err);
        if (st != ST_OK || key.n != 32)
            return err_wrap(err, st == ST_OK ? ST_CORRUPT : st, "a kept block body cannot be read: ");
        memcpy(next.b, key.p, 32);
        struct body *b;
        if (row.height == r->tip.height + 1) {
            st = bodies_take(r, row.header, &row.leaves, row.last_commit, &row.prose, &b, err);
            if (st != ST_OK)
                return st;
            b->durable = b->stored = true;
        }
        size_t i = 32; /* the key after this one */
        while (i > 0 && ++next.b[i - 1] == 0)
            i--;
        if (i == 0)
            return load_journalled(r, err);
        from = span_hash(&next);
    }
}
