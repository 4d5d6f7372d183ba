/* Own messages: signed, made durable together, sent together, and only then counted (BFT-A3). */
#include "base/plant.h"
#include "replica/internal.h"

void say_nothing(struct replica *r)
{
    r->n_said = 0;
    r->said_body = NULL;
}

static bool keep_in_store(struct replica *r, struct body *b)
{
    struct err err;
    enum status st = bodies_keep(r, b, &err);
    if (st != ST_OK)
        replica_halt(r, "a block body cannot be kept: %s", err.text);
    return st == ST_OK;
}

/* One body goes with the messages into their record, if there is room. */
static bool keep_body(struct replica *r, struct body *b)
{
    if (b == NULL || b->durable || b == r->said_body)
        return true;
    if (r->said_body != NULL)
        return keep_in_store(r, b);
    r->said_body = b;
    return true;
}

static bool same_round(const struct consensus_pol *a, const struct consensus_pol *b)
{
    return a != NULL && b != NULL && a->votes[0].round == b->votes[0].round;
}

/* How many POLs there are that these messages rest on, besides that of the valid value; *ret_one is the last of them, or NULL. */
static size_t other_pols(const struct said *v, size_t n, const struct consensus_pol *valid, const struct consensus_pol **ret_one)
{
    size_t others = 0;
    *ret_one = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct consensus_pol *p = v[i].rests_on;
        if (p == NULL || same_round(p, valid) || same_round(p, *ret_one))
            continue;
        *ret_one = p;
        others++;
    }
    return others;
}

/* Has the record room for one more? It has a place for the POL of the valid value, and for one other. */
static bool fits(const struct replica *r, const struct said *more, const struct consensus_pol *valid)
{
    struct said v[SAID_MAX];
    const struct consensus_pol *one;
    if (r->n_said == SAID_MAX)
        return false;
    memcpy(v, r->said, r->n_said * sizeof *v);
    v[r->n_said] = *more;
    return other_pols(v, r->n_said + 1, valid, &one) <= 1;
}

const struct consensus_vote *say_message(struct replica *r, const struct consensus_action *act, struct body *needs)
{
    const struct consensus_pol *valid = act->snapshot.valid_round >= 0 ? r->kept_pol : NULL;
    struct said s = {.vote = act->vote, .rests_on = justify_use(r, &act->vote), .pol = act->pol != NULL ? r->kept_pol : NULL};
    if (!fits(r, &s, valid) && !say_all(r))
        return NULL;
    if (!keep_body(r, needs))
        return NULL;
    votes_sign(r, &s.vote);
    r->said[r->n_said] = s;
    r->said_snapshot = act->snapshot;
    r->said_valid = valid;
    return &r->said[r->n_said++].vote;
}

static void to_list(const struct replica *r, const struct consensus_pol *pol, struct arena *a, struct signed_vote_list *ret_list)
{
    struct signed_vote *v = arena_array(a, pol->n, sizeof *v);
    ASSERT(v != NULL);
    for (uint32_t i = 0; i < pol->n; i++)
        votes_to_signed(r, &pol->votes[i], &v[i]);
    *ret_list = (struct signed_vote_list){pol->n, v};
}

static void make_row(const struct replica *r, struct span body, struct arena *a, struct journal_row *ret_row)
{
    struct journal_row row;
    const struct consensus_pol *other;
    votes_snapshot_row(&r->said_snapshot, &row);
    votes_to_signed(r, &r->said[r->n_said - 1].vote, &row.vote);
    if (r->said_valid != NULL && r->said_valid->n > 0)
        to_list(r, r->said_valid, a, &row.pol);
    (void)other_pols(r->said, r->n_said, r->said_valid, &other);
    if (other != NULL) {
        to_list(r, other, a, &row.rests_on);
        SET_HAS(&row, journal_row_key_rests_on);
    }
    if (r->n_said > 1) {
        struct signed_vote *v = arena_array(a, r->n_said, sizeof *v);
        ASSERT(v != NULL);
        for (size_t i = 0; i + 1 < r->n_said; i++)
            votes_to_signed(r, &r->said[i].vote, &v[i]);
        row.before = (struct signed_vote_list){r->n_said - 1, v};
        SET_HAS(&row, journal_row_key_before);
    }
    if (body.n != 0) {
        row.body = body;
        SET_HAS(&row, journal_row_key_body);
    }
    *ret_row = row;
}

/* The record of what is to be said. With its body, or, when that is too long, with the body in the store before. */
static enum status encode(struct replica *r, struct arena *a, struct buf *b, struct err *err)
{
    struct journal_row row;
    struct buf body CLEANUP(buf_deinit);
    buf_init(&body, JOURNAL_BODY_MAX);
    if (r->said_body != NULL && bodies_encode(r, r->said_body, &body) == ST_OK) {
        make_row(r, buf_span(&body), a, &row);
        if (codec_encode(&journal_row_desc, &row, b) == ST_OK)
            return ST_OK;
        buf_reset(b);
    }
    if (r->said_body != NULL && !keep_in_store(r, r->said_body))
        return err_set(err, ST_IO, "%s", r->halted);
    r->said_body = NULL;
    make_row(r, span_of(NULL, 0), a, &row);
    enum status st = codec_encode(&journal_row_desc, &row, b);
    return st == ST_OK ? st : err_set(err, st, "a record of %" PRIu64 " prevotes does not fit", (uint64_t)row.pol.n);
}

/* Vote only what is durable: the record is synced before anything leaves or a vote is counted. */
static bool journal(struct replica *r)
{
    if (PLANTED(14))
        return r->said_body == NULL || keep_in_store(r, r->said_body);
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    arena_init(&a, 1 << 20);
    buf_init(&b, JOURNAL_RECORD_MAX);
    enum status st = encode(r, &a, &b, &err);
    if (st == ST_OK)
        st = journal_append(r->cfg.journal, r->tip.height + 1, buf_span(&b), &err);
    if (st != ST_OK)
        replica_halt(r, "the vote journal cannot be written: %s", err.text);
    else if (r->said_body != NULL)
        r->said_body->durable = true;
    return st == ST_OK;
}

static void send_proposal(struct replica *r, const struct said *s, struct wire_batch *w)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    const struct body *body = bodies_find(r, &s->vote.value);
    ASSERT(body != NULL);
    struct msg_proposal m = {.header = body->header, .leaves = body->leaves, .last_commit = body->last_commit, .prose = body->prose};
    votes_to_signed(r, &s->vote, &m.vote);
    if (s->pol != NULL)
        to_list(r, s->pol, &a, &m.pol);
    wire_add(r, w, &msg_proposal_desc, &m);
}

static void send_vote(struct replica *r, const struct said *s, struct wire_batch *w)
{
    struct msg_vote m = {0};
    votes_to_signed(r, &s->vote, &m.vote);
    if (s->vote.nil && s->vote.type == VOTE_PREVOTE && r->pool.first != NULL && !r->pool.first->staged) {
        m.waking = r->pool.first->submission; /* BFT-A4: so that the next proposer has something to propose */
        SET_HAS(&m, msg_vote_key_waking);
    }
    wire_add(r, w, &msg_vote_desc, &m);
}

static void send(struct replica *r)
{
    struct wire_batch w = {.n = 0};
    for (size_t i = 0; i < r->n_said; i++) {
        const struct said *s = &r->said[i];
        if (s->vote.type == VOTE_PROPOSAL)
            send_proposal(r, s, &w);
        else
            send_vote(r, s, &w);
    }
    wire_flush(r, &w);
}

bool say_all(struct replica *r)
{
    if (r->n_said == 0)
        return true;
    if (PLANTED(27))
        send(r);
    if (!journal(r))
        return false;
    if (!PLANTED(27))
        send(r);
    for (size_t i = 0; i < r->n_said; i++)
        if (r->said[i].vote.type != VOTE_PROPOSAL) /* that one was, when it was made: the prevote for it goes along */
            agree_push_vote(r, &r->said[i].vote);
    say_nothing(r);
    return true;
}

bool say_waits(const struct replica *r)
{
    return r->n_said == 1 && r->said[0].vote.type == VOTE_PROPOSAL && r->n_events > 0;
}
