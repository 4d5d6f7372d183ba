/* What must hold of honest nodes, looked at after each step. Nothing here uses the arithmetic of the code it checks. */
#include "cert/vote.h"
#include "ledger/rows.h"
#include "sim/internal.h"

static bool same_vote(const struct vote *x, const struct vote *y)
{
    return x->has == y->has && hash_eq(&x->value, &y->value) &&
           (!HAS(x, vote_key_valid_round) || x->valid_round == y->valid_round);
}

/* The block's body in the vote journal, beside one of the messages? */
static bool journal_has_body(struct node *n, const struct hash *id)
{
    struct arena a CLEANUP(arena_deinit);
    struct span bytes;
    uint64_t h;
    bool has = false;
    arena_init(&a, 0);
    for (size_t k = 0; !has && journal_get(n->journal, k, &h, &bytes) == ST_OK; k++) {
        struct journal_row row;
        struct body_row body;
        struct hash found;
        if (codec_decode(&journal_row_desc, bytes, &a, &row, NULL) != ST_OK || !HAS(&row, journal_row_key_body) ||
            codec_decode(&body_row_desc, row.body, &a, &body, NULL) != ST_OK)
            continue;
        sha256(body.header, &found);
        has = hash_eq(&found, id);
    }
    return has;
}

/* A precommit binds: the block must outlive a crash. */
static void check_kept(struct node *n, const struct vote *v)
{
    struct view view;
    struct span row;
    struct err err;
    struct store *mem = shelf_mem(n->shelf);
    if (v->type != VOTE_PRECOMMIT || !HAS(v, vote_key_value) || v->height != n->height + 1 ||
        store_read_begin(mem, &view, &err) != ST_OK)
        return;
    if (view_get(&view, TABLE_BODY, span_hash(&v->value), &row) != ST_OK && !journal_has_body(n, &v->value))
        sim_fail(n->sim, SIM_BODY, "node %zu precommits a block whose body it has not kept, at height %" PRIu64, n->i, v->height);
    store_read_end(mem, &view);
}

/* BFT-L28, BFT-L36: what it prevotes does not contradict its lock; what it precommits, and what it calls valid, q alike
 * prevotes stand behind. The lock is read from what it signed before. */
static void check_grounds(struct node *n, const struct vote *v)
{
    struct sim *s = n->sim;
    char words[128];
    const struct vote *lock = NULL;
    if (!HAS(v, vote_key_value) || v->height >= HEIGHTS_MAX)
        return;
    story_vote(s, v, words);
    for (size_t i = 0; i < n->n_sent; i++) {
        const struct vote *x = &n->sent[i];
        if (x->type == VOTE_PRECOMMIT && HAS(x, vote_key_value) && x->round < v->round &&
            (lock == NULL || x->round > lock->round))
            lock = x;
    }
    bool newer = lock != NULL && HAS(v, vote_key_valid_round) && v->valid_round >= lock->round;
    if (v->type == VOTE_PREVOTE && lock != NULL && !newer && !hash_eq(&lock->value, &v->value))
        sim_fail(s, SIM_LOCK, "node %zu is locked on another block since round %" PRIu64 ", and signs its %s", n->i, lock->round,
                 words);
    int32_t round = v->type == VOTE_PRECOMMIT           ? (int32_t)v->round
                    : HAS(v, vote_key_valid_round) ? (int32_t)v->valid_round
                                                        : -1;
    if (round >= 0 && !evidence_pol(s, v->height, round, &v->value))
        sim_fail(s, SIM_LOCK, "node %zu signs its %s, and no quorum of alike prevotes was ever signed in round %" PRId32, n->i,
                 words, round);
}

/* The notary: a node signs one message per slot, whatever happens to it in between. */
static void notarise(struct node *n, const struct vote *v)
{
    struct sim *s = n->sim;
    char words[128];
    if (n->n_sent > 0 && v->height > n->sent[0].height)
        n->n_sent = 0;
    if (n->n_sent > 0 && v->height < n->sent[0].height)
        return;
    for (size_t i = 0; i < n->n_sent; i++) {
        if (n->sent[i].round != v->round || n->sent[i].type != v->type)
            continue;
        if (!same_vote(&n->sent[i], v)) {
            story_vote(s, v, words);
            sim_fail(s, SIM_SIGNS_TWICE, "node %zu signs twice: another %s", n->i, words);
        }
        return;
    }
    if (n->n_sent < SLOTS_MAX)
        n->sent[n->n_sent++] = *v;
    story_vote(s, v, words);
    sim_tell(s, "%.*s signs its %s", SPAN_FMT(n->keys.org), words);
    check_kept(n, v);
    evidence_add(s, n->org, v);
    check_grounds(n, v);
    if (s->events.voted != NULL)
        s->events.voted(s->events.ctx, n->i, v);
}

/* Of a bad node that nobody lies for: what it signs after it was restored or copied. */
static void check_dead_key(struct node *n, const struct vote *v)
{
    struct sim *s = n->sim;
    char words[128];
    if (!n->mute)
        return;
    if (evidence_has(s, n->org, v)) /* signed before, or by the other machine, and sent on */
        return;
    story_vote(s, v, words);
    sim_fail(s, SIM_DEAD_KEY, "node %zu was restored or copied, and signs its %s", n->i, words);
}

static void remember(struct node *n, const struct vote *v)
{
    if (n->n_sent > 0 && v->height > n->sent[0].height)
        n->n_sent = 0;
    if (n->n_sent < SLOTS_MAX)
        n->sent[n->n_sent++] = *v;
}

/* The vote in a frame, and of which kind it is. NULL: none. */
static const struct signed_vote *vote_in(struct sim *s, struct span frame, struct arena *a, struct msg_proposal *p, struct msg_vote *m,
                                         enum sim_message *ret_kind)
{
    struct envelope e;
    *ret_kind = SIM_OTHER;
    if (codec_decode(&envelope_desc, frame, a, &e, NULL) != ST_OK)
        return NULL;
    if (e.kind == msg_proposal_desc.number && codec_decode(&msg_proposal_desc, e.body, a, p, NULL) == ST_OK) {
        *ret_kind = SIM_PROPOSAL;
        s->stats.reproposals += HAS(&p->vote.vote, vote_key_valid_round);
        return &p->vote;
    }
    if (e.kind != msg_vote_desc.number || codec_decode(&msg_vote_desc, e.body, a, m, NULL) != ST_OK)
        return NULL;
    *ret_kind = m->vote.vote.type == VOTE_PREVOTE ? SIM_PREVOTE : SIM_PRECOMMIT;
    return &m->vote;
}

enum sim_message watch_sent(struct node *n, struct span frame)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct msg_proposal p;
    struct msg_vote m;
    enum sim_message kind;
    if (n->dying)
        return SIM_OTHER;
    const struct signed_vote *v = vote_in(n->sim, frame, &a, &p, &m, &kind);
    if (v == NULL || !span_eq(v->org, n->keys.org))
        return kind;
    if (!is_bad(n)) {
        notarise(n, &v->vote);
        return kind;
    }
    check_dead_key(n, &v->vote);
    if (!n->mute)
        remember(n, &v->vote);
    return kind;
}

static size_t row_before(const struct journal_row *row)
{
    return HAS(row, journal_row_key_before) ? row->before.n : 0;
}

static const struct signed_vote *row_vote(const struct journal_row *row, size_t i)
{
    return i < row_before(row) ? &row->before.v[i] : &row->vote;
}

static bool row_has(const struct journal_row *row, const struct vote *v)
{
    bool has = false;
    for (size_t i = 0; i <= row_before(row); i++)
        has = has || (row_vote(row, i)->vote.round == v->round && row_vote(row, i)->vote.type == v->type);
    return has;
}

/* A vote that was written, and not synced when the machine died, may have outlived it: signed, though never sent. */
static void count_unsent(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct journal_row row;
    struct span bytes;
    uint64_t h;
    for (size_t k = 0; !is_bad(n) && journal_get(n->journal, k, &h, &bytes) == ST_OK; k++)
        if (h == n->height + 1 && codec_decode(&journal_row_desc, bytes, &a, &row, NULL) == ST_OK)
            for (size_t i = 0; i <= row_before(&row); i++)
                if (!evidence_has(n->sim, n->org, &row_vote(&row, i)->vote))
                    evidence_add(n->sim, n->org, &row_vote(&row, i)->vote);
}

/* After a restart: the journal holds all that was sent at the open height. */
void watch_journal(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    char words[128];
    for (size_t i = 0; i < n->n_sent && n->sent[0].height == n->height + 1 && !is_bad(n); i++) {
        struct journal_row row;
        struct span bytes;
        uint64_t h;
        bool held = false;
        for (size_t k = 0; !held && journal_get(n->journal, k, &h, &bytes) == ST_OK; k++)
            held = h == n->sent[i].height && codec_decode(&journal_row_desc, bytes, &a, &row, NULL) == ST_OK &&
                   row_has(&row, &n->sent[i]);
        story_vote(n->sim, &n->sent[i], words);
        if (held)
            sim_tell(n->sim, "%.*s finds in its journal: %s", SPAN_FMT(n->keys.org), words);
        else
            sim_fail(n->sim, SIM_JOURNAL, "node %zu lost from its journal what it had sent: %s", n->i, words);
    }
    count_unsent(n);
}

/* Counted here anew, by nobody else's arithmetic. */
static void check_certificate(struct node *n, uint64_t height)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const struct set_seen *set = alliance_set(n->sim, height);
    struct view view;
    struct span bytes;
    struct err err;
    struct certificate c = {0};
    struct store *mem = shelf_mem(n->shelf);
    size_t good = 0, q = alliance_quorum(n->sim, height);
    uint64_t seen = 0;
    if (height == 0 || store_read_begin(mem, &view, &err) != ST_OK)
        return;
    if (block_certificate(&view, height, &bytes, &err) == ST_OK)
        (void)!codec_decode(&certificate_desc, arena_dup(&a, bytes), &a, &c, &err);
    store_read_end(mem, &view);
    for (size_t i = 0; i < c.sigs.n; i++) {
        struct vote v = {.alliance = n->id.alliance,
                         .epoch = c.epoch,
                         .type = VOTE_PRECOMMIT,
                         .height = height,
                         .round = c.round,
                         .value = c.value};
        SET_HAS(&v, vote_key_value);
        size_t at = 0;
        while (at < n->sim->n && ((set->who & bit(at)) == 0 || !span_eq(n->sim->nodes[at].keys.org, c.sigs.v[i].org)))
            at++;
        if (at == n->sim->n || ((seen >> at) & 1) != 0 || vote_verify(&v, &set->vote[at], &c.sigs.v[i].sig) != ST_OK)
            continue;
        seen |= bit(at);
        good++;
    }
    if (good < q || !hash_eq(&c.value, &n->sim->block[height]))
        sim_fail(n->sim, SIM_CERTIFICATE,
                 "node %zu holds a certificate of %zu good signatures at height %" PRIu64 ", expected %zu", n->i, good, height, q);
}

/* BFT-A6: q prevotes hold those of q - bad honest nodes, each of which found it timely by its own clock. But one that is just
 * after the block before (BFT-T1) is so to its proposer, whose clock may be far behind. */
static void check_time(struct node *n, const struct tip *tip)
{
    struct sim *s = n->sim;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct view view;
    struct gov_clock clock;
    struct err err;
    size_t timely = 0, bad = 0;
    if (tip->height > 0 && tip->time_ms == s->time_ms[tip->height - 1] + 1)
        return;
    if (store_read_begin(shelf_mem(n->shelf), &view, &err) != ST_OK)
        return;
    enum status st = gov_clock(&view, &a, &clock, &err);
    store_read_end(shelf_mem(n->shelf), &view);
    const struct set_seen *set = alliance_set(s, tip->height);
    for (size_t i = 0; i < s->n && st == ST_OK; i++) {
        if ((set->who & bit(i)) == 0)
            continue;
        bad += is_bad(&s->nodes[i]);
        timely += !is_bad(&s->nodes[i]) && tip->time_ms <= s->nodes[i].max_wall + clock.precision_ms;
    }
    if (st == ST_OK && timely + bad < alliance_quorum(s, tip->height))
        sim_fail(s, SIM_FUTURE, "block %" PRIu64 " is %" PRId64 " ms in the future; %zu honest clocks are near it", tip->height,
                 (int64_t)(tip->time_ms - s->o.start_ms - s->now), timely);
}

/* One block and one state root per height. True: it is the first to have this height. */
static bool compare_tip(struct node *n, const struct tip *tip)
{
    struct sim *s = n->sim;
    if (n->applied[tip->height] == 0)
        n->applied[tip->height] = s->now + 1;
    if (tip->height > s->newest) {
        s->newest = tip->height;
        s->block[tip->height] = tip->block;
        s->state[tip->height] = tip->state.root;
        s->time_ms[tip->height] = tip->time_ms;
        s->stats.blocks++;
        return true;
    }
    if (!hash_eq(&s->block[tip->height], &tip->block)) {
        s->forked = true;
        sim_fail(s, SIM_AGREEMENT, "agreement: node %zu has another block at height %" PRIu64, n->i, tip->height);
    } else if (!hash_eq(&s->state[tip->height], &tip->state.root)) {
        sim_fail(s, SIM_STATE_ROOT, "node %zu has another state root at height %" PRIu64, n->i, tip->height);
    }
    return false;
}

void watch_tip(struct node *n, const struct tip *tip)
{
    if (tip->height < HEIGHTS_MAX && !is_bad(n))
        (void)compare_tip(n, tip);
}

void watch_final(struct node *n, uint64_t height)
{
    struct sim *s = n->sim;
    struct replica_status st;
    replica_status(n->replica, &st);
    if (height >= HEIGHTS_MAX || is_bad(n))
        return;
    bool first = compare_tip(n, st.tip);
    if (s->check != SIM_FINE)
        return;
    if (first)
        check_time(n, st.tip);
    check_certificate(n, height);
    if (!first)
        check_certificate(n, height - 1); /* the one that this block fixed */
}

void watch_locks(struct node *n)
{
    struct replica_status st;
    struct sim_stats *c = &n->sim->stats;
    replica_status(n->replica, &st);
    const struct consensus_status *x = &st.consensus;
    if (x->round > 0 && x->round > n->seen_round)
        c->rounds++;
    n->seen_round = x->round;
    if (x->locked_round >= 0 && x->locked_round != n->locked_round) {
        c->locks++;
        if (n->locked_round >= 0 && !hash_eq(&x->locked_value, &n->locked_value))
            c->unlocks++;
    }
    n->locked_round = x->locked_round;
    n->locked_value = x->locked_value;
}
