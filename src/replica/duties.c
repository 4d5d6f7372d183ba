/* What a node puts on the record by itself, signed with its node key: that it is ready, that it supports the next rules, proofs
 * that another node signed twice, and that its organisation has seen a revision. */
#include "cert/quorum.h"
#include "cert/validators.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "gov/query.h"
#include "replica/internal.h"

/* A node that signs twice wherever it can must not fill ledger and disk with the proofs: so many are kept, and one is handed in
 * so long after the one before. */
enum { FAULTS_KEPT = 256, FAULT_PAUSE_MS = 60000 };
enum { RECEIPTS_MS = 3000, RECEIPTS_AT_ONCE = 16 };
enum { DUTY_MS = 1000, FAULT_TURN_MS = 3000, ENTRY_LIVES_MS = 86400000, FAULT_PREFIX = 6, FAULT_ORG_AT = 13 };

/* Signs an entry of ORG/node and hands it in like any other. */
static enum status hand_in(struct replica *r, enum kind kind, const void *body, struct err *err)
{
    struct buf b CLEANUP(buf_deinit), entry CLEANUP(buf_deinit), sig CLEANUP(buf_deinit), out CLEANUP(buf_deinit);
    char seat[80];
    struct signature record;
    buf_init(&b, LIMIT_ENTRY_BYTES);
    buf_init(&entry, LIMIT_ENTRY_BYTES);
    buf_init(&sig, 512);
    buf_init(&out, 1 << 17);
    (void)snprintf(seat, sizeof seat, "%.*s/node", SPAN_FMT(r->cfg.org));
    enum status st = codec_encode(kind_desc(kind), body, &b);
    uint64_t now = replica_block_time(r);
    struct entry e = {.leaf = LEAF_ENTRY,
                      .version = 1,
                      .alliance = r->tip.alliance,
                      .kind = kind,
                      .body = buf_span(&b),
                      .seat = span_str(seat),
                      .at_ms = replica_wall(r),
                      .basis = {.size = r->tip.tree.size},
                      .expires_ms = now + ENTRY_LIVES_MS};
    frontier_root(&r->tip.tree, &e.basis.root);
    if (st == ST_OK)
        st = codec_encode(&entry_desc, &e, &entry);
    if (st == ST_OK) {
        sshsig_sign_record(r->cfg.node, SSHSIG_ENTRY, buf_span(&entry), &record);
        st = codec_encode(&signature_desc, &record, &sig);
    }
    struct submission s = {.version = 1, .entry = buf_span(&entry), .signature = buf_span(&sig)};
    if (st == ST_OK)
        st = codec_encode(&submission_desc, &s, &out);
    struct hash id;
    enum verdict verdict = V_OK;
    char why[256];
    if (st == ST_OK)
        st = pool_submit(r, buf_span(&out), &id, &verdict, why, err);
    if (st == ST_OK && verdict != V_OK)
        return err_set(err, ST_MISMATCH, "%s: %s", verdict_text(verdict), why);
    return st == ST_OK ? replica_acknowledge(r, err) : st;
}

/* Does an entry of this kind by this node wait already? */
static bool waits(const struct replica *r, enum kind kind)
{
    for (const struct pool_entry *e = r->pool.first; e != NULL; e = e->next)
        if (e->own && e->leaf.entry.kind == (uint64_t)kind && hash_eq(&e->leaf.signature.key, &r->cfg.node->pub))
            return true;
    return false;
}

/* At least one honest node of the set works on this height or a lower one, so this node is at the tip or close to it. */
static bool is_at_tip(const struct replica *r)
{
    size_t n = r->set.members.n, at = 0, f = n - quorum_of((uint32_t)n);
    for (size_t i = 0; i < r->n_peers; i++) {
        const struct peer *p = &r->peers[i];
        at += p->connected && p->heard && p->height <= r->tip.height + 1 && validators_find(&r->set, p->org) >= 0;
    }
    return at > f;
}

/* GOV-40. Not by a node that would not vote afterwards. */
static void say_ready(struct replica *r)
{
    struct err err;
    if (r->own.standing != STANDING_JOINING || r->own.observer || !r->own.vote_key || !members_may_vote(r) || !is_at_tip(r) ||
        waits(r, KIND_READY))
        return;
    struct ready body = {.height = r->tip.height};
    (void)!hand_in(r, KIND_READY, &body, &err); /* refused or not possible now: it is tried again */
}

static uint64_t supported(const struct replica *r)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct span value;
    struct state_support s;
    struct err err;
    if (view_get(&r->view, TABLE_SUPPORT, r->cfg.org, &value) != ST_OK ||
        codec_decode(&state_support_desc, value, &a, &s, &err) != ST_OK)
        return 0;
    return s.rules;
}

/* GOV-39. */
static void say_support(struct replica *r)
{
    uint32_t most = r->cfg.rules_max == 0 ? GOV_RULES_MAX : r->cfg.rules_max;
    struct err err;
    if (r->rules_next == 0 || r->rules_next > most || r->own.standing == STANDING_LEFT || supported(r) >= r->rules_next ||
        waits(r, KIND_SUPPORT))
        return;
    struct support body = {.rules = r->rules_next};
    (void)!hand_in(r, KIND_SUPPORT, &body, &err);
}

/* Rows of evidence with this beginning; counted up to most. */
static size_t count_rows(const struct replica *r, const char *prefix, size_t most)
{
    struct buf from CLEANUP(buf_deinit);
    struct span key, value;
    size_t n = 0, len = strlen(prefix);
    buf_init(&from, 1024);
    buf_put_span(&from, span_str(prefix));
    while (n < most && view_next(&r->view, TABLE_NODE, buf_span(&from), &key, &value) == ST_OK && key.n >= len &&
           memcmp(key.p, prefix, len) == 0) {
        n++;
        buf_reset(&from);
        buf_put_span(&from, key);
        buf_u8(&from, 0);
    }
    return n;
}

void duties_keep_fault(struct replica *r, const struct consensus_vote *first, const struct consensus_vote *second)
{
    struct signed_vote two[2];
    votes_to_signed(r, first, &two[0]);
    votes_to_signed(r, second, &two[1]);
    struct pol_row row = {.votes = {2, two}};
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    struct store_txn *t;
    char key[200];
    buf_init(&b, 8192);
    if (count_rows(r, "fault/", FAULTS_KEPT) == FAULTS_KEPT)
        return;
    int n = snprintf(key, sizeof key, "fault/%020" PRIu64 "/%.*s/%07" PRIu64 "/%u", two[0].vote.height, SPAN_FMT(two[0].org),
                     two[0].vote.round, (unsigned)two[0].vote.type);
    ASSERT(n > 0);
    if (codec_encode(&pol_row_desc, &row, &b) != ST_OK || store_begin(r->cfg.store, &t, &err) != ST_OK)
        return;
    if (store_put(r->cfg.store, t, TABLE_NODE, span_of(key, (size_t)n), buf_span(&b), &err) != ST_OK)
        store_abort(r->cfg.store, t);
    else
        (void)!store_commit(r->cfg.store, t, &err);
}

/* The set that decided, or decides, a height. */
static enum status set_of(struct replica *r, uint64_t height, struct arena *a, struct validator_set *ret_set, struct err *err)
{
    if (height != r->tip.height + 1)
        return replica_set_at(r, height, a, ret_set, err);
    *ret_set = r->set;
    return ST_OK;
}

/* GOV-35: the proof in two votes that are held. */
static enum status make_fault(struct replica *r, const struct pol_row *row, struct arena *a, struct fault *ret_fault, struct err *err)
{
    struct validator_set set;
    struct vote_bytes x, y;
    if (row->votes.n != 2)
        return err_set(err, ST_CORRUPT, "evidence of a fault has two votes");
    const struct signed_vote *first = &row->votes.v[0], *second = &row->votes.v[1];
    enum status st = set_of(r, first->vote.height, a, &set, err);
    int i = st == ST_OK ? validators_find(&set, first->org) : -1;
    if (st == ST_OK && i < 0)
        st = err_set(err, ST_NOTFOUND, "%.*s was no validator then", SPAN_FMT(first->org));
    if (st != ST_OK)
        return st;
    vote_encode(&first->vote, &x);
    vote_encode(&second->vote, &y);
    bool swap = span_cmp(span_of(x.b, x.n), span_of(y.b, y.n)) > 0;
    *ret_fault = (struct fault){.org = first->org,
                                .key = set.members.v[i].vote,
                                .first = swap ? second->vote : first->vote,
                                .first_sig = swap ? second->sig : first->sig,
                                .second = swap ? first->vote : second->vote,
                                .second_sig = swap ? first->sig : second->sig};
    return ST_OK;
}

/* Is some proof against this node at this height there? Key of FAULT: u64 height, u32 round, u8 type, organisation. */
static bool on_record(const struct replica *r, const struct signed_vote *v)
{
    struct buf from CLEANUP(buf_deinit);
    struct span key, value;
    buf_init(&from, 1024);
    buf_u64(&from, v->vote.height);
    while (view_next(&r->view, TABLE_FAULT, buf_span(&from), &key, &value) == ST_OK && key.n > FAULT_ORG_AT &&
           load_u64(key.p) == v->vote.height) {
        if (span_eq(span_of(key.p + FAULT_ORG_AT, key.n - FAULT_ORG_AT), v->org))
            return true;
        buf_reset(&from);
        buf_put_span(&from, key);
        buf_u8(&from, 0);
    }
    return false;
}

static void forget(struct replica *r, struct span key)
{
    struct store_txn *t;
    struct err err;
    if (store_begin(r->cfg.store, &t, &err) != ST_OK)
        return;
    if (store_del(r->cfg.store, t, TABLE_NODE, key, &err) != ST_OK)
        store_abort(r->cfg.store, t);
    else
        (void)!store_commit(r->cfg.store, t, &err);
}

/* Each node may hold the same proof: they come forward one after the other, so that one entry does for all. */
static uint64_t turn_of(const struct replica *r)
{
    int i = validators_find(&r->set, r->cfg.org);
    return i < 0 ? r->set.members.n : (uint64_t)i;
}

/* Was a proof put on the record just now, of whichever node? */
static bool shown_just_now(const struct replica *r)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    uint8_t last[VIEW_KEY_MAX];
    struct span key, value;
    struct state_fault f;
    struct err err;
    memset(last, 0xff, sizeof last);
    return view_prev(&r->view, TABLE_FAULT, span_of(last, sizeof last), &key, &value) == ST_OK &&
           codec_decode(&state_fault_desc, value, &a, &f, &err) == ST_OK && replica_wall(r) < f.at_ms + FAULT_PAUSE_MS;
}

/* The oldest evidence that is not on the record yet. */
static void show_fault(struct replica *r, uint64_t now_ms)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4 << 20);
    struct span key, value;
    struct pol_row row;
    struct fault body;
    struct err err;
    if (view_next(&r->view, TABLE_NODE, span_str("fault/"), &key, &value) != ST_OK || key.n < FAULT_PREFIX ||
        memcmp(key.p, "fault/", FAULT_PREFIX) != 0) {
        r->fault_since_ms = 0;
        return;
    }
    key = arena_dup(&a, key);
    if (codec_decode(&pol_row_desc, arena_dup(&a, value), &a, &row, &err) != ST_OK || row.votes.n != 2 || on_record(r, &row.votes.v[0])) {
        forget(r, key);
        r->fault_since_ms = 0;
        return;
    }
    if (r->fault_since_ms == 0)
        r->fault_since_ms = now_ms;
    if (now_ms < r->fault_since_ms + turn_of(r) * FAULT_TURN_MS || waits(r, KIND_FAULT) || shown_just_now(r))
        return;
    enum status st = make_fault(r, &row, &a, &body, &err);
    if (st == ST_OK)
        st = hand_in(r, KIND_FAULT, &body, &err);
    if (st == ST_MISMATCH || st == ST_NOTFOUND) { /* what the rules refuse will not become a proof */
        forget(r, key);
        r->fault_since_ms = 0;
    }
}

/* GOV-56: where silence may count as approval, that the proposal has arrived is on the record. */
static void give_receipts(struct replica *r, uint64_t now_ms)
{
    struct arena a CLEANUP(arena_deinit);
    struct ref_list owed;
    struct err err;
    arena_init(&a, 16 << 20);
    if (now_ms < r->receipts_at_ms || r->receipts_height == r->tip.height || waits(r, KIND_RECEIPT))
        return;
    r->receipts_at_ms = now_ms + RECEIPTS_MS;
    if (query_unreceipted(&r->view, r->cfg.org, replica_wall(r), RECEIPTS_AT_ONCE, &a, &owed, &err) != ST_OK)
        return;
    if (owed.n < RECEIPTS_AT_ONCE)
        r->receipts_height = r->tip.height;
    for (size_t i = 0; i < owed.n; i++) {
        struct receipt body = {.decision = owed.v[i]};
        (void)!hand_in(r, KIND_RECEIPT, &body, &err);
    }
}

void duties_tick(struct replica *r, uint64_t now_ms)
{
    if (now_ms < r->duties_at_ms || r->halted[0] != 0 || r->cfg.node == NULL || !r->own.known || !r->own.node_key)
        return;
    r->duties_at_ms = now_ms + DUTY_MS;
    say_ready(r);
    say_support(r);
    if (r->own.standing == STANDING_LEFT)
        return;
    show_fault(r, now_ms);
    give_receipts(r, now_ms);
}
