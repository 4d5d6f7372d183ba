/* Who takes part: the organisations of the newest state, those that left, and whether this node may vote. */
#include "cert/certificate.h"
#include "cert/quorum.h"
#include "cert/validators.h"
#include "cert/vote.h"
#include "ledger/rows.h"
#include "replica/epoch.h"

enum { LAST_VOTE_BLOCKS = 64, ROSTER_MAX = 256 };

static const uint64_t DAY_MS = 86400000;

static enum standing standing_of(const struct state_party *p)
{
    return HAS(p, state_party_key_standing) ? p->standing : STANDING_ACTIVE;
}

enum status replica_party(const struct view *v, struct span org, struct arena *a, struct state_party *ret_party, struct err *err)
{
    struct span value;
    enum status st = view_get(v, TABLE_PARTY, org, &value);
    if (st != ST_OK)
        return err_set(err, st, "%.*s is not on the record", SPAN_FMT(org));
    struct state_party p;
    struct tip tip;
    st = codec_decode(&state_party_desc, arena_dup(a, value), a, &p, err);
    if (st != ST_OK)
        return st;
    st = tip_load(v, &tip, err);
    if (st == ST_OK)
        epoch_overlay(v, &tip, org, a, &p);
    else if (st != ST_NOTFOUND) /* a store that lost its tip: who opens the ledger says so */
        return st;
    *ret_party = p;
    return ST_OK;
}

/* The mark that an organisation which left has its copy. */
struct mark {
    char s[96];
};

static struct mark served_mark(struct span org)
{
    struct mark m;
    (void)snprintf(m.s, sizeof m.s, "served/%.*s", SPAN_FMT(org));
    return m;
}

static bool has_mark(const struct view *v, const char *name)
{
    struct span value;
    return view_get(v, TABLE_NODE, span_str(name), &value) == ST_OK;
}

static enum status put_mark(struct replica *r, const char *name, struct span value, struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(r->cfg.store, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(r->cfg.store, t, TABLE_NODE, span_str(name), value, err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    return store_commit(r->cfg.store, t, err);
}

static bool is_revoked(const struct view *v, const struct hash *key, struct arena *a)
{
    struct span value;
    struct state_key k;
    struct err err;
    return view_get(v, TABLE_KEY, span_hash(key), &value) == ST_OK && codec_decode(&state_key_desc, value, a, &k, &err) == ST_OK &&
           HAS(&k, state_key_key_revoked_ms);
}

/* May this node have a link to it (NET-8)? */
static bool is_peer(const struct view *v, struct span org, const struct state_party *p, uint64_t now_ms, struct arena *a)
{
    if (is_revoked(v, &p->node.node, a))
        return false;
    if (standing_of(p) != STANDING_LEFT)
        return true;
    uint64_t until = (HAS(p, state_party_key_left_ms) ? p->left_ms : 0) + LIMIT_DEPARTED_DAYS * DAY_MS;
    return now_ms < until && !has_mark(v, served_mark(org).s);
}

/* Calls take for each organisation on the record; ret_next steps from key to key. ST_END after the last. */
static enum status next_party(const struct view *v, struct arena *a, struct buf *from, struct span *ret_org,
                              struct state_party *ret_party, struct err *err)
{
    struct span key, value;
    enum status st = view_next(v, TABLE_PARTY, buf_span(from), &key, &value);
    if (st != ST_OK)
        return st == ST_END ? st : err_set(err, st, "the organisations cannot be read");
    *ret_org = arena_dup(a, key);
    buf_reset(from);
    buf_put_span(from, key);
    buf_u8(from, 0); /* the least key after it */
    return codec_decode(&state_party_desc, arena_dup(a, value), a, ret_party, err);
}

enum status replica_roster(const struct view *v, struct span own, struct arena *a, struct replica_member **ret_members, size_t *ret_n,
                           struct err *err)
{
    struct buf from CLEANUP(buf_deinit);
    buf_init(&from, 256);
    struct tip tip;
    struct replica_member *m = arena_array(a, ROSTER_MAX, sizeof *m);
    struct state_party p;
    struct span org;
    size_t n = 0;
    ASSERT(m != NULL);
    enum status st = tip_load(v, &tip, err);
    while (st == ST_OK && n < ROSTER_MAX && (st = next_party(v, a, &from, &org, &p, err)) == ST_OK) {
        epoch_overlay(v, &tip, org, a, &p);
        if (!span_eq(org, own) && is_peer(v, org, &p, tip.time_ms, a))
            m[n++] = (struct replica_member){
                .org = org, .node = p.node, .validator = p.role != ROLE_OBSERVER && standing_of(&p) == STANDING_ACTIVE};
    }
    if (st != ST_OK && st != ST_END)
        return st;
    *ret_members = m;
    *ret_n = n;
    return ST_OK;
}

/* Height of the block that holds a leaf; 0 when it cannot be told. */
static uint64_t height_of(const struct replica *r, uint64_t leaf)
{
    struct boundary b;
    struct err err;
    return rows_boundary(&r->view, leaf + 1, true, &b, &err) == ST_OK ? b.height : 0;
}

static void load_own(struct replica *r, const struct state_party *p)
{
    r->own.known = true;
    r->own.standing = standing_of(p);
    r->own.observer = p->role == ROLE_OBSERVER;
    r->own.changed_leaf = p->changed_leaf;
    r->own.vote_key = r->cfg.vote != NULL && hash_eq(&p->node.vote, &r->cfg.vote->pub);
    r->own.node_key = r->cfg.node != NULL && hash_eq(&p->node.node, &r->cfg.node->pub);
    r->own.cosign_key = r->cfg.cosign != NULL && hash_eq(&p->node.cosign, &r->cfg.cosign->pub);
    r->own.log_key = r->cfg.log != NULL && hash_eq(&p->node.log, &r->cfg.log->pub);
}

enum status members_load(struct replica *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf from CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&from, 256);
    struct state_party p;
    struct span org, value;
    enum status st;
    r->own = (struct own){0};
    r->n_exits = 0;
    while ((st = next_party(&r->view, &a, &from, &org, &p, err)) == ST_OK) {
        if (span_eq(org, r->cfg.org))
            load_own(r, &p);
        if (standing_of(&p) != STANDING_LEFT || r->n_exits == PEERS_MAX || org.n > sizeof r->exits[0].org)
            continue;
        struct exit_row *x = &r->exits[r->n_exits++];
        memcpy(x->org, org.p, org.n);
        x->org_n = org.n;
        x->height = height_of(r, p.changed_leaf);
    }
    if (st != ST_END)
        return st;
    r->rules_next = 0;
    struct state_counter next;
    if (view_get(&r->view, TABLE_META, span_str("rules-next"), &value) == ST_OK &&
        codec_decode(&state_counter_desc, value, &a, &next, err) == ST_OK)
        r->rules_next = next.value;
    return ST_OK;
}

bool members_exit(const struct replica *r, struct span org, uint64_t *ret_height)
{
    for (size_t i = 0; i < r->n_exits; i++)
        if (span_eq(span_of(r->exits[i].org, r->exits[i].org_n), org)) {
            *ret_height = r->exits[i].height;
            return true;
        }
    return false;
}

/* NET-8: it says where it stands. When it has the block that removed it, it is a peer no more. */
void members_on_departed(struct replica *r, const struct peer *p, uint64_t exit)
{
    struct mark mark = served_mark(p->org);
    struct err err;
    if (p->height <= exit) {
        gossip_status_to(r, p->org);
        return;
    }
    if (has_mark(&r->view, mark.s))
        return;
    if (put_mark(r, mark.s, span_str("1"), &err) == ST_OK && r->cfg.events.members != NULL)
        r->cfg.events.members(r->cfg.events.ctx);
}

/* --- The own vote key --- */

static struct mark dead_mark(const struct hash *key)
{
    struct mark m;
    (void)snprintf(m.s, sizeof m.s, "dead/%s", hex_of(key).s);
    return m;
}

void members_load_dead(struct replica *r)
{
    struct span why;
    if (r->cfg.vote != NULL && view_get(&r->view, TABLE_NODE, span_str(dead_mark(&r->cfg.vote->pub).s), &why) == ST_OK)
        (void)snprintf(r->dead, sizeof r->dead, "%.*s", SPAN_FMT(why));
}

/* It never votes with the key again, here or after a restart (REP-2). */
void members_kill_key(struct replica *r, const struct vote *v)
{
    struct err err;
    if (r->dead[0] != 0)
        return;
    (void)snprintf(r->dead, sizeof r->dead,
                   "a peer returned a vote of this node's key at height %" PRIu64 ", round %" PRIu64
                   " that its journal does not hold: the journal was lost, or another copy of this node votes. The key is dead: make "
                   "fresh ones with ententd rekey, and have your registrar put them on the record",
                   v->height, v->round);
    if (put_mark(r, dead_mark(&r->cfg.vote->pub).s, span_str(r->dead), &err) != ST_OK)
        replica_halt(r, "%s", r->dead);
    agree_again(r);
}

/* Was it signed by this very journal? Heights that it has left behind it has signed for; it keeps the newest alone. */
static bool journal_has(const struct replica *r, const struct signed_vote *v)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 64 << 20);
    struct journal_row row;
    struct span bytes;
    struct err err;
    uint64_t h;
    for (size_t i = 0; journal_get(r->cfg.journal, i, &h, &bytes) == ST_OK; i++) {
        if (h != v->vote.height)
            return h > v->vote.height;
        if (codec_decode(&journal_row_desc, arena_dup(&a, bytes), &a, &row, &err) != ST_OK)
            continue;
        const struct signed_vote *s;
        for (size_t k = 0; (s = votes_of_row(&row, k)) != NULL; k++)
            if (s->vote.type == v->vote.type && s->vote.round == v->vote.round)
                return memcmp(s->sig.b, v->sig.b, sizeof v->sig.b) == 0;
    }
    return false;
}

static bool journal_empty(const struct replica *r)
{
    uint64_t h;
    struct span bytes;
    return journal_get(r->cfg.journal, 0, &h, &bytes) != ST_OK;
}

/* REP-1: with an empty journal, so many others of the set are still to say what they hold of this node's votes. */
static uint32_t unanswered(const struct replica *r)
{
    uint32_t told = 0, need = quorum_of((uint32_t)r->set.members.n) - 1;
    if (!journal_empty(r))
        return 0;
    for (size_t i = 0; i < r->n_peers; i++)
        told += r->peers[i].told && validators_find(&r->set, r->peers[i].org) >= 0;
    return told >= need ? 0 : need - told;
}

bool members_untold(const struct replica *r)
{
    return r->cfg.vote != NULL && r->cfg.journal != NULL && r->dead[0] == 0 && unanswered(r) > 0;
}

bool members_may_vote(const struct replica *r)
{
    return r->cfg.vote != NULL && r->cfg.journal != NULL && r->dead[0] == 0 && unanswered(r) == 0;
}

enum status members_on_last_vote(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 65536);
    struct msg_last_vote m;
    enum status st = codec_decode(&msg_last_vote_desc, body, &a, &m, err);
    if (st != ST_OK || r->cfg.vote == NULL || r->cfg.journal == NULL)
        return st;
    const struct signed_vote *v = &m.vote;
    if (HAS(&m, msg_last_vote_key_vote)) {
        if (!span_eq(v->org, r->cfg.org) || !hash_eq(&v->vote.alliance, &r->tip.alliance) || v->vote.epoch > r->epoch)
            return err_set(err, ST_MISMATCH, "a vote returned that is not of this node in this alliance");
        if (vote_check(&v->vote, err) != ST_OK)
            return ST_FORMAT;
        /* By another key it is of a time before this one. */
        if (v->vote.epoch == r->epoch && vote_verify(&v->vote, &r->cfg.vote->pub, &v->sig) == ST_OK && !journal_has(r, v))
            members_kill_key(r, &v->vote);
    }
    bool waited = unanswered(r) > 0;
    p->told = true;
    if (waited && unanswered(r) == 0)
        agree_again(r);
    return ST_OK;
}

/* In a commit certificate of the newest blocks. */
static bool certified_vote(struct replica *r, struct span org, uint64_t height, struct arena *a, struct signed_vote *ret_vote)
{
    struct span bytes;
    struct certificate c;
    struct err err;
    if (block_certificate(&r->view, height, &bytes, &err) != ST_OK ||
        codec_decode(&certificate_desc, arena_dup(a, bytes), a, &c, &err) != ST_OK)
        return false;
    for (size_t i = 0; i < c.sigs.n; i++) {
        if (!span_eq(c.sigs.v[i].org, org))
            continue;
        *ret_vote = (struct signed_vote){.org = org,
                                         .vote = {.alliance = r->tip.alliance,
                                                  .epoch = c.epoch,
                                                  .type = VOTE_PRECOMMIT,
                                                  .height = c.height,
                                                  .round = c.round,
                                                  .value = c.value},
                                         .sig = c.sigs.v[i].sig};
        SET_HAS(&ret_vote->vote, vote_key_value);
        return true;
    }
    return false;
}

static bool open_vote(struct replica *r, struct span org, struct signed_vote *ret_vote)
{
    static const enum vote_type newest_first[] = {VOTE_PRECOMMIT, VOTE_PREVOTE, VOTE_PROPOSAL};
    struct consensus_status s;
    int i = validators_find(&r->set, org);
    consensus_status(r->core, &s);
    if (i < 0 || s.height != r->tip.height + 1)
        return false;
    for (int32_t round = s.newest_round; round >= s.oldest_round && round >= 0; round--)
        for (size_t k = 0; k < ARRAY_LEN(newest_first); k++) {
            const struct consensus_vote *v = consensus_vote(r->core, round, newest_first[k], (uint32_t)i);
            if (v == NULL || v->validator != (uint32_t)i)
                continue;
            votes_to_signed(r, v, ret_vote);
            return true;
        }
    return false;
}

void members_return_vote(struct replica *r, struct span org)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4 << 20);
    later_take(r); /* REP-8 */
    struct msg_last_vote m = {0};
    uint64_t least = r->tip.height > LAST_VOTE_BLOCKS ? r->tip.height - LAST_VOTE_BLOCKS : 0;
    bool found = open_vote(r, org, &m.vote);
    for (uint64_t h = r->tip.height; !found && h > least; h--)
        found = certified_vote(r, org, h, &a, &m.vote);
    if (found)
        SET_HAS(&m, msg_last_vote_key_vote);
    wire_send(r, org, &msg_last_vote_desc, &m);
}

const char *replica_no_vote(struct replica *r)
{
    char *s = r->no_vote;
    size_t n = sizeof r->no_vote;
    uint32_t wait;
    s[0] = 0;
    if (r->dead[0] != 0)
        (void)snprintf(s, n, "%s", r->dead);
    else if (!r->own.known)
        (void)snprintf(s, n, "%.*s is not on the record at block %" PRIu64 ": this node follows until it is admitted", SPAN_FMT(r->cfg.org),
                       r->tip.height);
    else if (r->own.observer)
        return NULL; /* it never does */
    else if (r->own.standing == STANDING_LEFT)
        (void)snprintf(s, n, "%.*s has left the alliance: the record here ends with the block that removed it", SPAN_FMT(r->cfg.org));
    else if (!r->own.vote_key && r->cfg.vote != NULL)
        (void)snprintf(s, n, "the vote key here is not the one on the record of %.*s at block %" PRIu64 ": this node follows",
                       SPAN_FMT(r->cfg.org), r->tip.height);
    else if (r->own.standing == STANDING_JOINING)
        (void)snprintf(s, n, "%.*s joins: its node votes from the block after its ready entry on", SPAN_FMT(r->cfg.org));
    else if (r->own.standing == STANDING_SUSPENDED)
        (void)snprintf(s, n, "a key of this node was revoked: it votes again when the registrar of %.*s has replaced it", SPAN_FMT(r->cfg.org));
    else if (r->cfg.vote != NULL && r->cfg.journal != NULL && (wait = unanswered(r)) > 0)
        (void)snprintf(s, n, "its vote journal is empty: it waits until %" PRIu32 " more nodes have said which votes of it they hold", wait);
    return s[0] == 0 ? NULL : s;
}

/* GOV-39. */
void members_check_rules(struct replica *r)
{
    uint32_t most = r->cfg.rules_max == 0 ? GOV_RULES_MAX : r->cfg.rules_max;
    if (r->tip.rules > most)
        replica_halt(r,
                     "from block %" PRIu64 " on the alliance runs rules version %" PRIu32 "; this program has versions up to %" PRIu32
                     ". Install a version of ententd that has it: nothing is lost, and the node goes on from there",
                     r->tip.height + 1, r->tip.rules, most);
}
