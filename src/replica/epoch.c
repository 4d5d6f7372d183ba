/* A new epoch by re-founding (SPEC section 15): taken once, durably, before anything is signed in it. */
#include "cert/refounding.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "replica/epoch.h"

static const char row_name[] = "refounding"; /* of the newest epoch taken */
static const char frozen_name[] = "frozen";  /* u64: epoch in which this node signs nothing more */

static enum status pending(const struct view *v, struct arena *a, struct refounding_info *ret, struct err *err)
{
    struct span bytes;
    enum status st = view_get(v, TABLE_NODE, span_str(row_name), &bytes);
    return st == ST_OK ? refounding_read(arena_dup(a, bytes), a, ret, err) : st;
}

/* Taken, and its first block is still to come. */
static enum status to_come(const struct view *v, const struct tip *tip, struct arena *a, struct refounding_info *ret, struct err *err)
{
    enum status st = pending(v, a, ret, err);
    return st == ST_OK && ret->statement.epoch <= tip->epoch ? ST_NOTFOUND : st;
}

/* The newest block as the end of an epoch. */
static enum status last_of(const struct view *v, const struct tip *tip, struct arena *a, struct validator_set *set,
                           struct refounding_last *ret, struct err *err)
{
    struct span bytes, sigs;
    struct header header;
    struct block_record rec;
    *ret = (struct refounding_last){
        .alliance = tip->alliance, .epoch = tip->epoch, .height = tip->height, .block = tip->block, .decided_by = set};
    enum status st = block_header(v, tip->height, &bytes, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, bytes, a, &header, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, header.record, a, &rec, err);
    if (st == ST_OK)
        st = rows_set(v, &rec.validators, a, set, err);
    if (st == ST_OK && tip->height == 0)
        st = block_certificate(v, 0, &sigs, err);
    if (st == ST_OK && tip->height == 0)
        sha256(sigs, &ret->genesis_sigs);
    return st;
}

/* REF-2 to REF-4 at the tip: could the first block be made? */
static enum status sound_at_tip(const struct view *v, const struct tip *tip, const struct refounding_info *r, struct arena *a,
                                struct err *err)
{
    struct validator_set set;
    struct refounding_last last;
    struct block b;
    struct ids *none = ids_new();
    enum status st = last_of(v, tip, a, &set, &last, err);
    if (st == ST_OK)
        st = refounding_check(r, &last, err);
    struct ledger l = {.tip = tip, .view = v, .ids = none, .refounding = r};
    if (st == ST_OK)
        st = block_make(&l, tip->time_ms + 1, r->statement.set.v[0].org, &r->hash, NULL, 0, a, &b, err);
    ids_free(none);
    return st;
}

static enum status check(const struct view *v, const struct refounding_info *r, struct arena *a, bool *ret_known, struct err *err)
{
    const struct refound_statement *s = &r->statement;
    struct refounding_info old;
    struct tip tip;
    *ret_known = false;
    enum status st = tip_load(v, &tip, err);
    if (st != ST_OK)
        return st;
    if (!hash_eq(&s->alliance, &tip.alliance))
        return err_set(err, ST_MISMATCH, "this refounding is of alliance %s, the node keeps %s", hex_of(&s->alliance).s,
                       hex_of(&tip.alliance).s);
    st = pending(v, a, &old, err);
    if (st == ST_OK && old.statement.epoch == s->epoch) {
        *ret_known = hash_eq(&old.hash, &r->hash);
        return *ret_known ? ST_OK
                          : err_set(err, ST_EXISTS,
                                    "this node took another refounding for epoch %" PRIu64 " (REF-7): %.16s..., this is %.16s.... One of the two is "
                                    "wrong; compare with the other partners before anything else",
                                    s->epoch, hex_of(&old.hash).s, hex_of(&r->hash).s);
    }
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (s->epoch <= tip.epoch)
        return err_set(err, ST_EXISTS, "this node is in epoch %" PRIu64 " already; the refounding begins epoch %" PRIu64, tip.epoch, s->epoch);
    if (s->height < tip.height)
        return err_set(err, ST_MISMATCH,
                       "the refounding ends epoch %" PRIu64 " with block %" PRIu64 ", but this node has block %" PRIu64
                       " with a certificate: draft it anew, with this node among those that go on",
                       tip.epoch, s->height, tip.height);
    return s->height == tip.height && s->epoch == tip.epoch + 1 ? sound_at_tip(v, &tip, r, a, err) : ST_OK;
}

enum status replica_refound(struct store *store, struct span bytes, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct refounding_info r;
    struct view v;
    struct store_txn *t;
    bool known;
    arena_init(&a, 0);
    enum status st = refounding_read(bytes, &a, &r, err);
    if (st != ST_OK)
        return st;
    st = store_read_begin(store, &v, err);
    if (st != ST_OK)
        return st;
    st = check(&v, &r, &a, &known, err);
    store_read_end(store, &v);
    if (st != ST_OK || known)
        return st;
    st = store_begin(store, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(store, t, TABLE_NODE, span_str(row_name), bytes, err);
    if (st != ST_OK) {
        store_abort(store, t);
        return st;
    }
    return store_commit(store, t, err);
}

uint64_t replica_epoch(const struct view *v)
{
    struct arena a CLEANUP(arena_deinit);
    struct refounding_info r;
    struct tip tip;
    struct err err;
    arena_init(&a, 0);
    if (tip_load(v, &tip, &err) != ST_OK)
        return 0;
    return to_come(v, &tip, &a, &r, &err) == ST_OK ? r.statement.epoch : tip.epoch;
}

void epoch_overlay(const struct view *v, const struct tip *tip, struct span org, struct arena *a, struct state_party *p)
{
    struct refounding_info r;
    struct err err;
    if (to_come(v, tip, a, &r, &err) != ST_OK)
        return;
    for (size_t i = 0; i < r.file.cards.n; i++)
        if (span_eq(r.cards[i].org, org)) {
            p->node = r.cards[i].node;
            p->standing = STANDING_ACTIVE;
            p->has &= ~(UINT64_C(1) << state_party_key_standing);
        }
    for (size_t i = 0; i < r.statement.suspended.n; i++)
        if (span_eq(r.statement.suspended.v[i], org)) {
            p->standing = STANDING_SUSPENDED;
            SET_HAS(p, state_party_key_standing);
        }
}

enum status epoch_load(struct replica *r, struct err *err)
{
    struct refounding_info *info = arena_alloc(&r->set_arena, sizeof *info);
    struct validator_set set;
    struct refounding_last last;
    ASSERT(info != NULL);
    r->refounding = NULL;
    r->epoch = r->tip.epoch;
    enum status st = to_come(&r->view, &r->tip, &r->set_arena, info, err);
    if (st == ST_NOTFOUND)
        return ST_OK;
    if (st == ST_OK && (info->statement.height != r->tip.height || info->statement.epoch != r->tip.epoch + 1))
        return ST_OK; /* its end is still to be reached */
    if (st == ST_OK)
        st = last_of(&r->view, &r->tip, &r->set_arena, &set, &last, err);
    if (st == ST_OK)
        st = refounding_check(info, &last, err);
    if (st != ST_OK) {
        struct err why = *err;
        replica_halt(r, "the refounding that this node took does not fit its ledger: %s. Compare both with the other partners", why.text);
        return ST_OK;
    }
    r->refounding = info;
    r->epoch = info->statement.epoch;
    r->set = (struct validator_set){.members = info->statement.set};
    return ST_OK;
}

/* A refounding may end the epoch with a block that this node holds and never saw decided. */
enum status epoch_end_here(struct replica *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct refounding_info info;
    arena_init(&a, 0);
    enum status st = to_come(&r->view, &r->tip, &a, &info, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    struct body *b = bodies_find(r, &info.statement.block);
    if (info.statement.height != r->tip.height + 1 || b == NULL || !b->valid)
        return ST_OK; /* from a peer, then */
    return epoch_end_with(r, b, info.bytes, err);
}

enum status epoch_end_with(struct replica *r, struct body *b, struct span bytes, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct refounding_info info, own;
    arena_init(&a, 0);
    enum status st = refounding_read(bytes, &a, &info, err);
    struct refounding_last last = {
        .alliance = r->tip.alliance, .epoch = r->tip.epoch, .height = r->tip.height + 1, .block = b->id, .decided_by = &r->set};
    if (st == ST_OK)
        st = refounding_check(&info, &last, err);
    if (st != ST_OK)
        return st;
    if (refounding_had_certificate(&info)) /* it proves the block by itself */
        return agree_commit(r, b, arena_dup(&a, info.proof.certificate), err);
    /* Final by the word of the partners: only what this node's operator gave it (their seats are checked when it begins the
     * epoch, after this block). */
    st = to_come(&r->view, &r->tip, &a, &own, err);
    if (st == ST_NOTFOUND || (st == ST_OK && !hash_eq(&own.hash, &info.hash)))
        return err_set(err, ST_REFUSED,
                       "block %" PRIu64 " ends epoch %" PRIu64 " by a refounding without a certificate; this node takes that from its operator "
                       "alone: entente refound install FILE",
                       last.height, last.epoch);
    return st == ST_OK ? agree_commit(r, b, arena_dup(&a, bytes), err) : st;
}

enum status epoch_take(struct replica *r, struct span bytes, struct err *err)
{
    enum status st = replica_refound(r->cfg.store, bytes, err);
    if (st != ST_OK)
        return st;
    store_read_end(r->cfg.store, &r->view);
    st = store_read_begin(r->cfg.store, &r->view, err);
    return st == ST_OK ? replica_load_tip(r, err) : st;
}

enum status epoch_last_commit(const struct replica *r, struct span *ret_bytes, struct err *err)
{
    if (r->refounding != NULL) {
        *ret_bytes = r->refounding->bytes;
        return ST_OK;
    }
    return block_certificate(&r->view, r->tip.height, ret_bytes, err);
}

static enum status put_frozen(struct replica *r, bool frozen, struct err *err)
{
    struct store_txn *t;
    struct key8 epoch = key_u64(r->tip.epoch);
    enum status st = store_begin(r->cfg.store, &t, err);
    if (st != ST_OK)
        return st;
    st = frozen ? store_put(r->cfg.store, t, TABLE_NODE, span_str(frozen_name), span_of(epoch.b, sizeof epoch.b), err)
                : store_del(r->cfg.store, t, TABLE_NODE, span_str(frozen_name), err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    return store_commit(r->cfg.store, t, err);
}

void epoch_check_frozen(struct replica *r)
{
    struct span v;
    if (view_get(&r->view, TABLE_NODE, span_str(frozen_name), &v) == ST_OK && v.n == 8 && load_u64(v.p) == r->epoch)
        replica_halt(r,
                     "it has reported what it holds, for a new epoch, and signs nothing more in epoch %" PRIu64
                     " (REF-1). When the partners have signed: entente refound install FILE. If no new epoch begins: entente refound abandon",
                     r->epoch);
}

enum status replica_unfreeze(struct replica *r, struct err *err)
{
    return put_frozen(r, false, err);
}

/* REF-1: what this node holds of the open height: its newest precommit for a value, and the prevotes behind it, from the
 * vote journal. */
enum status replica_survivor(struct replica *r, struct arena *a, struct epoch_survivor *ret, struct err *err)
{
    struct epoch_survivor s = {.alliance = r->tip.alliance, .org = r->cfg.org, .epoch = r->tip.epoch, .height = r->tip.height, .block = r->tip.block};
    struct span bytes;
    uint64_t h;
    enum status st = put_frozen(r, true, err); /* first: what it says is to stay true */
    if (st == ST_OK)
        st = store_read_begin(r->cfg.store, &r->view, err);
    if (st != ST_OK)
        return st;
    epoch_check_frozen(r);
    st = block_certificate(&r->view, r->tip.height, &bytes, err);
    if (st == ST_OK)
        s.certificate = arena_dup(a, bytes);
    store_read_end(r->cfg.store, &r->view);
    for (size_t i = 0; st == ST_OK && r->cfg.journal != NULL && journal_get(r->cfg.journal, i, &h, &bytes) == ST_OK; i++) {
        struct journal_row row;
        st = codec_decode(&journal_row_desc, arena_dup(a, bytes), a, &row, err);
        const struct signed_vote *v;
        for (size_t k = 0; st == ST_OK && h == r->tip.height + 1 && (v = votes_of_row(&row, k)) != NULL; k++) {
            if (v->vote.epoch != r->tip.epoch || v->vote.type != VOTE_PRECOMMIT || !HAS(&v->vote, vote_key_value))
                continue;
            s.precommit = *v; /* rounds ascend */
            s.pol = row.pol;
            SET_HAS(&s, epoch_survivor_key_precommit);
            SET_HAS(&s, epoch_survivor_key_pol);
        }
    }
    if (st == ST_OK)
        *ret = s;
    return st;
}
