/* Between the agreement core and the world: feeds events, carries out actions in their order. */
#include "base/plant.h"
#include "cert/certificate.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "replica/internal.h"

void agree_push(struct replica *r, const struct consensus_event *ev)
{
    ASSERT(r->n_events < EVENTS_MAX);
    r->events[(r->events_head + r->n_events++) % EVENTS_MAX] = *ev;
}

static uint64_t height(const struct replica *r)
{
    return r->tip.height + 1;
}

int32_t agree_self(const struct replica *r)
{
    if (!members_may_vote(r))
        return CONSENSUS_FOLLOWER;
    int i = validators_find(&r->set, r->cfg.org);
    return i >= 0 && hash_eq(&r->set.members.v[i].vote, &r->cfg.vote->pub) ? i : CONSENSUS_FOLLOWER;
}

/* BFT-A6, BFT-T1: ahead at most the precision; behind, more with each round. */
static enum consensus_judgement judge_time(const struct replica *r, const struct body *b, const struct consensus_vote *v)
{
    if (!b->valid)
        return JUDGED_INVALID;
    if (v->valid_round >= 0)
        return JUDGED_VALID;
    uint64_t now = replica_wall(r), t = b->block->record.time_ms;
    uint64_t past = r->clock.precision_ms + r->clock.propose_ms + ((uint64_t)v->round + 1) * r->clock.step_ms;
    if (t > now + r->clock.precision_ms && !PLANTED(21))
        return JUDGED_UNTIMELY;
    if (t + past < now && t > r->tip.time_ms + 1)
        return JUDGED_UNTIMELY;
    return JUDGED_VALID;
}

static void push_proposal(struct replica *r, const struct consensus_vote *v, const struct body *b, const struct consensus_pol *pol)
{
    bool own = (int32_t)v->validator == agree_self(r);
    struct consensus_event ev = {.type = EV_PROPOSAL,
                                 .height = height(r),
                                 .vote = *v,
                                 .judgement = own && b->valid ? JUDGED_VALID : judge_time(r, b, v),
                                 .pol = pol};
    agree_push(r, &ev);
}

void agree_push_vote(struct replica *r, const struct consensus_vote *v)
{
    struct consensus_event ev = {.type = EV_VOTE, .height = height(r), .vote = *v};
    agree_push(r, &ev);
}

static struct consensus_pol *dup_pol(struct replica *r, const struct consensus_pol *pol)
{
    struct consensus_pol *p = arena_alloc(&r->height, sizeof *p);
    ASSERT(p != NULL);
    *p = *pol;
    return p;
}

/* The proposal message of a round, from what is held. False when something of it is not. */
static bool proposal_message(struct replica *r, int32_t round, struct arena *a, struct msg_proposal *ret_msg)
{
    const struct consensus_vote *v = consensus_vote(r->core, round, VOTE_PROPOSAL, 0);
    struct body *b = v == NULL ? NULL : bodies_find(r, &v->value);
    if (b == NULL)
        return false;
    *ret_msg = (struct msg_proposal){
        .header = b->header, .leaves = b->leaves, .last_commit = b->last_commit, .prose = b->prose};
    votes_to_signed(r, v, &ret_msg->vote);
    if (v->valid_round < 0)
        return true;
    struct consensus_pol pol = {0};
    for (uint32_t i = 0; i < r->set.members.n; i++) {
        const struct consensus_vote *p = consensus_vote(r->core, v->valid_round, VOTE_PREVOTE, i);
        if (p != NULL && !p->nil && hash_eq(&p->value, &v->value))
            pol.votes[pol.n++] = *p;
    }
    const struct consensus_pol *whole = consensus_pol(r->core);
    if (!consensus_pol_ok(&pol, (uint32_t)r->set.members.n, v->valid_round, &v->value)) {
        if (whole == NULL || !consensus_pol_ok(whole, (uint32_t)r->set.members.n, v->valid_round, &v->value))
            return false;
        pol = *whole;
    }
    struct signed_vote *list = arena_array(a, pol.n, sizeof *list);
    ASSERT(list != NULL);
    for (uint32_t i = 0; i < pol.n; i++)
        votes_to_signed(r, &pol.votes[i], &list[i]);
    ret_msg->pol = (struct signed_vote_list){pol.n, list};
    return true;
}

size_t agree_send_proposal(struct replica *r, struct span org, int32_t round)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct msg_proposal m;
    return proposal_message(r, round, &a, &m) ? wire_send(r, org, &msg_proposal_desc, &m) : 0;
}

/* BUILD: answers with a block of what waits, or with nothing. */
static void do_build(struct replica *r, const struct consensus_action *act)
{
    struct err err;
    struct body *b;
    struct consensus_event ev = {.type = EV_BUILT, .height = height(r), .round = act->round};
    enum status st = bodies_make(r, &b, &err);
    if (st == ST_OK) {
        ev.has_value = true;
        ev.value = b->id;
    } else if (st != ST_END && st != ST_LIMIT) {
        replica_halt(r, "a block could not be made: %s", err.text);
        return;
    }
    agree_push(r, &ev);
}

static void do_fetch(struct replica *r, const struct consensus_action *act)
{
    struct msg_fetch m = {.height = height(r), .value = act->value};
    wire_broadcast(r, &msg_fetch_desc, &m);
}

static void do_propose(struct replica *r, const struct consensus_action *act)
{
    struct body *b = bodies_find(r, &act->value);
    if (b == NULL) { /* the store lost what the journal says was valid: the next proposer may have it */
        do_fetch(r, act);
        return;
    }
    if (act->pol != NULL)
        r->kept_pol = dup_pol(r, act->pol);
    const struct consensus_vote *v = say_message(r, act, b);
    if (v != NULL)
        push_proposal(r, v, b, act->pol != NULL ? r->kept_pol : NULL);
}

/* The block behind a precommit or a valid value outlives a crash: this node may have to propose it again. */
static void do_vote(struct replica *r, const struct consensus_action *act)
{
    struct body *b = act->snapshot.valid_round < 0 || PLANTED(22) ? NULL : bodies_find(r, &act->snapshot.valid_value);
    (void)say_message(r, act, b);
}

static void do_fault(struct replica *r, const struct consensus_action *act)
{
    if ((int32_t)act->first.validator == agree_self(r))
        replica_halt(r, "another copy of this node votes with its key (two different votes at height %" PRIu64
                        ", round %d); stop one of them",
                     height(r), act->round);
    else
        duties_keep_fault(r, &act->first, &act->second);
}

static void do_schedule(struct replica *r, const struct consensus_action *act)
{
    uint64_t base = act->timeout == TIMEOUT_PROPOSE ? r->clock.propose_ms : r->clock.vote_ms;
    struct timer t = {.at_ms = replica_mono(r) + base + (uint64_t)act->round * r->clock.step_ms,
                      .round = act->round,
                      .timeout = act->timeout};
    if (r->n_timers == TIMERS_MAX) { /* drop the one of the oldest round: the core ignores it anyway */
        size_t oldest = 0;
        for (size_t i = 1; i < r->n_timers; i++)
            if (r->timers[i].round < r->timers[oldest].round)
                oldest = i;
        r->timers[oldest] = r->timers[--r->n_timers];
    }
    r->timers[r->n_timers++] = t;
}

static void carry_out(struct replica *r, const struct consensus_action *act)
{
    switch (act->type) {
    case ACT_BUILD:
        do_build(r, act);
        break;
    case ACT_PROPOSE:
        do_propose(r, act);
        break;
    case ACT_VOTE:
        do_vote(r, act);
        break;
    case ACT_KEEP_POL: /* goes into the journal with the next vote, and the block that it is for into the store before */
        r->kept_pol = dup_pol(r, act->pol);
        (void)justify_heard(r, r->kept_pol);
        break;
    case ACT_SCHEDULE_TIMEOUT:
        do_schedule(r, act);
        break;
    case ACT_DECIDE:
        r->decided = true;
        r->decided_value = act->value;
        break;
    case ACT_FAULT:
        do_fault(r, act);
        break;
    case ACT_FETCH:
        do_fetch(r, act);
        break;
    case ACT_DIVERGED: {
        struct body *b = bodies_find(r, &act->value);
        replica_halt(r, "the quorum decided a block at height %" PRIu64 " that this node finds invalid: %s", height(r),
                     b == NULL ? "it is not held" : b->why);
        break;
    }
    }
}

static enum status put_extras(struct replica *r, const struct body *b, struct store_txn *t, struct err *err)
{
    struct store *s = r->cfg.store;
    uint8_t key[9];
    enum status st = ST_OK;
    if (r->tip.height > 0 || r->refounding != NULL) { /* PAK-3: the certificate that this block fixes */
        store_u64(key, r->tip.height);
        st = store_put(s, t, TABLE_CERT, span_of(key, 8), b->last_commit, err);
    }
    uint64_t last = 0;
    uint8_t nth = 0;
    for (size_t i = 0; st == ST_OK && i < b->prose.n; i++) {
        struct buf buf CLEANUP(buf_deinit);
        buf_init(&buf, LIMIT_PROSE_BYTES + 256);
        nth = b->prose.v[i].leaf == last ? (uint8_t)(nth + 1) : 0;
        last = b->prose.v[i].leaf;
        store_u64(key, b->block->first_leaf + last);
        key[8] = nth;
        st = codec_encode(&prose_desc, &b->prose.v[i].prose, &buf);
        if (st == ST_OK)
            st = store_put(s, t, TABLE_PROSE, span_of(key, 9), buf_span(&buf), err);
    }
    for (size_t i = 0; st == ST_OK && i + 1 < b->block->n_leaves; i++) {
        struct pool_entry *e = pool_find(&r->pool, &b->block->entries[i].id);
        if (e == NULL || !e->own || e->staged)
            continue;
        store_u64(key, PLANTED(37) ? e->outbox + 1 : e->outbox);
        st = store_del(s, t, TABLE_OUTBOX, span_of(key, 8), err);
    }
    for (size_t i = 0; st == ST_OK && i < r->n_bodies; i++)
        if (r->bodies[i]->stored)
            st = store_del(s, t, TABLE_BODY, span_hash(&r->bodies[i]->id), err);
    return st;
}

enum status agree_commit(struct replica *r, struct body *b, struct span certificate, struct err *err)
{
    struct store_txn *t;
    enum status st = store_begin(r->cfg.store, &t, err);
    if (st != ST_OK)
        return st;
    st = block_flush(b->block, certificate, &r->view, r->cfg.store, t, err);
    if (st == ST_OK)
        st = put_extras(r, b, t, err);
    if (st == ST_OK)
        st = justify_store(r, t, err);
    if (st != ST_OK) {
        store_abort(r->cfg.store, t);
        return st;
    }
    st = store_commit(r->cfg.store, t, err);
    if (st != ST_OK)
        return st;
    const struct block *block = b->block;
    bool members = false;
    for (size_t i = 0; i < block->n_writes; i++)
        members = members || block->writes[i].table == TABLE_PARTY;
    for (size_t i = 0; i + 1 < block->n_leaves; i++)
        ids_add(r->ids, &block->entries[i].id, block->first_leaf + 1 + i, block->record.time_ms);
    ids_expire(r->ids, block->record.time_ms);
    r->tip = block->after;
    r->height_since_ms = replica_wall(r);
    store_read_end(r->cfg.store, &r->view);
    st = store_read_begin(r->cfg.store, &r->view, err);
    if (st != ST_OK)
        return st;
    members_check_rules(r); /* what waits cannot be judged under rules that are not known */
    pool_after_block(r, block);
    if (r->cfg.events.final != NULL)
        r->cfg.events.final(r->cfg.events.ctx, block->record.height, block->first_leaf, block->n_leaves);
    st = replica_load_tip(r, err); /* forgets the height: b is gone after this */
    if (st == ST_OK && members && r->cfg.events.members != NULL)
        r->cfg.events.members(r->cfg.events.ctx);
    return st;
}

static void commit_decided(struct replica *r)
{
    struct err err = {0};
    struct buf cert CLEANUP(buf_deinit);
    buf_init(&cert, 1 << 16);
    struct body *b = bodies_find(r, &r->decided_value);
    ASSERT(b != NULL);
    ASSERT(b->valid);
    r->decided = false;
    enum status st = votes_certificate(r, &cert, &err);
    if (st == ST_OK)
        st = agree_commit(r, b, buf_span(&cert), &err);
    if (st != ST_OK)
        replica_halt(r, "block %" PRIu64 " is decided but cannot be stored: %s", height(r), err.text);
}

static void note_step(struct replica *r)
{
    struct consensus_status s;
    consensus_status(r->core, &s);
    if (s.round != r->seen_round || s.step != r->seen_step) {
        r->seen_round = s.round;
        r->seen_step = s.step;
        r->step_since_ms = replica_mono(r);
    }
}

static void one_event(struct replica *r, const struct consensus_event *ev)
{
    consensus_step(r->core, ev, r->actions);
    /* The actions of a step are copied out of reach of the next: none is taken before these are done. */
    for (uint32_t i = 0; i < r->actions->n && r->halted[0] == 0; i++)
        carry_out(r, &r->actions->v[i]);
    note_step(r);
}

void agree_run(struct replica *r)
{
    if (r->stepping)
        return;
    r->stepping = true;
    while (r->n_events > 0 && r->halted[0] == 0) {
        struct consensus_event ev = r->events[r->events_head];
        r->events_head = (r->events_head + 1) % EVENTS_MAX;
        r->n_events--;
        if (ev.height == height(r) || ev.type == EV_START_HEIGHT)
            one_event(r, &ev);
        if (r->halted[0] == 0 && (r->decided || !say_waits(r)) && say_all(r) && r->decided)
            commit_decided(r);
    }
    if (r->n_said > 0) /* it stopped: what is not durable was never said, nor is a proposal of it held for those who ask */
        agree_look_on(r);
    r->stepping = false;
}

void agree_start_height(struct replica *r)
{
    struct consensus_event ev = {
        .type = EV_START_HEIGHT, .height = height(r), .n = (uint32_t)r->set.members.n, .self = agree_self(r)};
    agree_push(r, &ev);
}

/* At once, also in a node that has stopped: it answers questions. */
static void begin(struct replica *r, int32_t self)
{
    struct consensus_event ev = {.type = EV_START_HEIGHT, .height = height(r), .n = (uint32_t)r->set.members.n, .self = self};
    r->core = consensus_init(r->core_memory, consensus_size());
    say_nothing(r);
    later_forget(r);
    r->events_head = r->n_events = 0;
    consensus_step(r->core, &ev, r->actions);
}

void agree_again(struct replica *r)
{
    r->n_timers = 0;
    r->decided = false;
    r->seen_round = -2;
    begin(r, agree_self(r));
}

void agree_look_on(struct replica *r)
{
    begin(r, CONSENSUS_FOLLOWER);
}

/* Is there anything to decide (BFT-A4)? */
void agree_wake(struct replica *r)
{
    if (r->halted[0] != 0)
        return;
    bool due = r->has_deadline && replica_wall(r) >= r->deadline_ms + r->clock.precision_ms;
    if (!due && !pool_has_valid(r) && r->refounding == NULL) /* the first block of an epoch waits for nothing */
        return;
    struct consensus_event ev = {.type = EV_WAKE, .height = height(r)};
    agree_push(r, &ev);
    agree_run(r);
}

void agree_timers(struct replica *r, uint64_t now_ms)
{
    for (size_t i = 0; i < r->n_timers && r->halted[0] == 0;) {
        struct timer t = r->timers[i];
        if (t.at_ms > now_ms) {
            i++;
            continue;
        }
        r->timers[i] = r->timers[--r->n_timers];
        struct consensus_event ev = {
            .type = EV_TIMEOUT, .height = height(r), .round = t.round, .timeout = t.timeout};
        agree_push(r, &ev);
        agree_run(r);
        i = 0; /* a new height forgets all timers */
    }
}

uint64_t agree_next_timer(const struct replica *r)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < r->n_timers; i++)
        at = r->timers[i].at_ms < at ? r->timers[i].at_ms : at;
    return at;
}

static enum status read_pol(const struct replica *r, const struct signed_vote_list *list, struct arena *a,
                            struct consensus_pol **ret_pol, struct err *err)
{
    struct consensus_pol *pol = arena_alloc(a, sizeof *pol);
    ASSERT(pol != NULL);
    for (size_t i = 0; i < list->n; i++) {
        uint64_t h;
        struct consensus_vote *v = &pol->votes[pol->n++];
        enum status st = votes_from_signed(r, &list->v[i], &h, v, err);
        if (st == ST_OK && (h != height(r) || v->type != VOTE_PREVOTE))
            st = err_set(err, ST_MISMATCH, "a vote in a POL is no prevote of this height");
        if (st != ST_OK)
            return st;
    }
    *ret_pol = pol;
    return ST_OK;
}

/* No honest clock shows it, and the state may know no deadlines that far ahead: such a block is not executed for its
 * proposer's word alone. With a POL it is judged like any other. */
static bool of_far_future(const struct replica *r, struct span header_bytes, struct arena *a)
{
    struct header header;
    struct block_record rec;
    struct err err;
    return codec_decode(&header_desc, header_bytes, a, &header, &err) == ST_OK &&
           codec_decode(&block_record_desc, header.record, a, &rec, &err) == ST_OK &&
           rec.time_ms > replica_wall(r) + FUTURE_MS;
}

enum status agree_on_proposal(struct replica *r, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 32 << 20);
    struct msg_proposal m;
    struct consensus_vote v;
    uint64_t h;
    struct hash id;
    enum status st = codec_decode(&msg_proposal_desc, body, &a, &m, err);
    if (st != ST_OK || m.vote.vote.height != height(r)) /* another height has another set (REP-3) */
        return st;
    st = votes_from_signed(r, &m.vote, &h, &v, err);
    if (st != ST_OK)
        return st;
    if (v.type != VOTE_PROPOSAL || v.validator != consensus_proposer(h, v.round, (uint32_t)r->set.members.n))
        return err_set(err, ST_MISMATCH, "a proposal by %.*s out of turn", SPAN_FMT(m.vote.org));
    sha256(m.header, &id);
    if (!hash_eq(&id, &v.value))
        return err_set(err, ST_MISMATCH, "a proposal whose block is not the one that was signed");
    const struct consensus_vote *held = consensus_vote(r->core, v.round, VOTE_PROPOSAL, 0);
    if (held != NULL && hash_eq(&held->value, &v.value))
        return ST_OK;
    if (!consensus_wants(r->core, v.round, &v.value))
        return ST_OK;
    struct consensus_pol *pol = NULL;
    if (v.valid_round >= 0)
        st = read_pol(r, &m.pol, &a, &pol, err);
    if (st != ST_OK)
        return st;
    if (pol != NULL && !consensus_pol_ok(pol, (uint32_t)r->set.members.n, v.valid_round, &v.value) && !PLANTED(11))
        return err_set(err, ST_MISMATCH, "a proposal whose POL is no quorum of prevotes for it (BFT-A2)");
    if (pol == NULL && of_far_future(r, m.header, &a))
        return err_set(err, ST_MISMATCH, "a proposal whose ledger time is over a day ahead of this node's clock");
    struct body *b;
    st = bodies_take(r, m.header, &m.leaves, m.last_commit, &m.prose, &b, err);
    if (st == ST_LIMIT)
        return ST_OK;
    if (st == ST_MISMATCH || st == ST_FORMAT || st == ST_RANGE)
        return st;
    if (st != ST_OK) {
        replica_halt(r, "a proposed block cannot be executed: %s", err->text);
        return ST_OK;
    }
    push_proposal(r, &v, b, pol == NULL ? NULL : justify_heard(r, pol));
    agree_run(r);
    return ST_OK;
}

/* A vote of this node's that it does not know of, of a round whose votes it keeps. */
static bool is_lost(const struct replica *r, const struct consensus_vote *v)
{
    struct consensus_status s;
    consensus_status(r->core, &s);
    return (int32_t)v->validator == s.self && s.height == height(r) &&
           v->round > s.round + LIMIT_ROUND_AHEAD - CONSENSUS_ROUNDS &&
           consensus_vote(r->core, v->round, v->type, v->validator) == NULL;
}

enum status agree_on_vote(struct replica *r, struct span org, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct msg_vote m;
    struct consensus_vote v;
    uint64_t h;
    enum status st = codec_decode(&msg_vote_desc, body, &a, &m, err);
    if (st == ST_OK && HAS(&m, msg_vote_key_waking))
        st = pool_on_entry(r, m.waking, err);
    if (st != ST_OK)
        return st;
    if (m.vote.vote.height != height(r)) /* another height has another set (REP-3) */
        return ST_OK;
    int i = validators_find(&r->set, m.vote.org);
    const struct consensus_vote *held =
        i < 0 ? NULL : consensus_vote(r->core, (int32_t)m.vote.vote.round, m.vote.vote.type, (uint32_t)i);
    if (held != NULL && memcmp(held->sig.b, m.vote.sig.b, sizeof held->sig.b) == 0) /* it needs no second check */
        return ST_OK;
    if (i >= 0 && held == NULL && later_keep(r, org, (uint32_t)i, &m.vote.vote, body))
        return ST_OK;
    st = votes_from_signed(r, &m.vote, &h, &v, err);
    if (st != ST_OK)
        return st;
    if (v.type == VOTE_PROPOSAL)
        return err_set(err, ST_FORMAT, "a proposal sent as a vote");
    if (is_lost(r, &v)) {
        members_kill_key(r, &m.vote.vote);
        return ST_OK;
    }
    agree_push_vote(r, &v);
    agree_run(r);
    return ST_OK;
}

/* BFT-A2: what this vote rested on. */
static void restore_rests(struct replica *r, const struct journal_row *row, const struct consensus_vote *v)
{
    const struct signed_vote_list *lists[2] = {&row->pol, HAS(row, journal_row_key_rests_on) ? &row->rests_on : NULL};
    for (size_t i = 0; i < 2; i++) {
        struct consensus_pol *pol;
        struct err err;
        if (lists[i] != NULL && lists[i]->n > 0 && read_pol(r, lists[i], &r->height, &pol, &err) == ST_OK)
            (void)justify_heard(r, pol);
    }
    (void)justify_use(r, v);
}

/* One own message of the journal: sent again as it was, and fed back. Rounds that the core keeps no longer stay out: a height
 * may have had any number of them. */
static void restore_message(struct replica *r, const struct signed_vote *s, const struct consensus_vote *v, int32_t round,
                            const struct consensus_pol *pol)
{
    bool kept = v->round > round + LIMIT_ROUND_AHEAD - CONSENSUS_ROUNDS;
    if (v->type != VOTE_PROPOSAL) {
        struct msg_vote m = {.vote = *s};
        wire_broadcast(r, &msg_vote_desc, &m);
        if (kept)
            agree_push_vote(r, v);
        return;
    }
    struct body *b = bodies_find(r, &v->value);
    if (kept && b != NULL)
        push_proposal(r, v, b, v->valid_round >= 0 ? pol : NULL);
}

static bool restore_row(struct replica *r, const struct journal_row *row, int32_t round, const struct consensus_pol *pol, struct err *err)
{
    const struct signed_vote *s;
    for (size_t i = 0; (s = votes_of_row(row, i)) != NULL; i++) {
        struct consensus_vote v;
        uint64_t h;
        if (votes_from_signed(r, s, &h, &v, err) != ST_OK)
            return false;
        restore_rests(r, row, &v);
        restore_message(r, s, &v, round, pol);
    }
    return true;
}

/* What the journal holds of the open height comes back before anything else; a slot is never signed twice. */
void agree_restore(struct replica *r)
{
    if (r->n_events == 0) /* else the end of an epoch, taken just now, has started the next height (REF-1) */
        agree_start_height(r);
    agree_run(r); /* also a node that votes no more says where it stands */
    if (r->cfg.vote == NULL || r->cfg.journal == NULL || PLANTED(15))
        return;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 16 << 20);
    struct journal_row row = {0};
    struct err err = {0};
    uint64_t h = 0;
    struct span bytes;
    size_t n = 0, older = 0; /* those of an epoch before are passed over (REF-7) */
    enum status st = ST_OK;
    while ((st = journal_get(r->cfg.journal, n, &h, &bytes)) == ST_OK) {
        if (h > height(r)) {
            replica_halt(r, "the vote journal is at height %" PRIu64 ", the store at %" PRIu64
                            ": the store was restored from a backup. Its vote key is dead; make a fresh one and have your registrar admit it",
                         h, height(r));
            return;
        }
        if (h < height(r))
            break;
        st = codec_decode(&journal_row_desc, arena_dup(&a, bytes), &a, &row, &err);
        if (st != ST_OK) {
            replica_halt(r, "a record of the vote journal cannot be read: %s", err.text);
            return;
        }
        n++;
        older = row.vote.vote.epoch < r->epoch ? n : older;
    }
    int32_t self = agree_self(r);
    if (n == older || self < 0)
        return;
    struct consensus_pol *pol = NULL;
    if (row.pol.n > 0 && read_pol(r, &row.pol, &r->height, &pol, &err) == ST_OK)
        r->kept_pol = pol;
    struct consensus_snapshot snap = {.height = row.height,
                                      .round = (int32_t)row.round,
                                      .step = (enum consensus_step)row.step,
                                      .locked_round = (int32_t)row.locked_round,
                                      .locked_value = row.locked_value,
                                      .valid_round = (int32_t)row.valid_round,
                                      .valid_value = row.valid_value,
                                      .proposed_round = (int32_t)row.proposed_round};
    consensus_restore(r->core, (uint32_t)r->set.members.n, self, &snap, pol, r->actions);
    for (uint32_t i = 0; i < r->actions->n; i++)
        carry_out(r, &r->actions->v[i]);
    if (!say_all(r))
        return;
    for (size_t i = older; i < n; i++) {
        if (journal_get(r->cfg.journal, i, &h, &bytes) != ST_OK ||
            codec_decode(&journal_row_desc, arena_dup(&a, bytes), &a, &row, &err) != ST_OK ||
            !restore_row(r, &row, snap.round, pol, &err)) {
            replica_halt(r, "a vote of the journal is not this node's: %s", err.text);
            return;
        }
    }
}
