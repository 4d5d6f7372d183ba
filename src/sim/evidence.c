/* Votes seen on the network, and whom they convict. */
#include "cert/vote.h"
#include "codec/codec.h"
#include "sim/internal.h"

static bool same(const struct ballot_seen *x, const struct ballot_seen *y)
{
    return x->org == y->org && x->type == y->type && x->round == y->round && x->valid_round == y->valid_round &&
           x->nil == y->nil && hash_eq(&x->value, &y->value);
}

static struct ballot_seen ballot_of(size_t org, const struct vote *v)
{
    struct ballot_seen x = {.org = org, .type = v->type, .round = (int32_t)v->round, .valid_round = -1, .nil = true};
    if (HAS(v, vote_key_value)) {
        x.nil = false;
        x.value = v->value;
    }
    if (HAS(v, vote_key_valid_round))
        x.valid_round = (int32_t)v->valid_round;
    return x;
}

bool evidence_has(const struct sim *s, size_t org, const struct vote *v)
{
    if (v->height >= HEIGHTS_MAX || v->round > INT32_MAX)
        return false;
    const struct ballots *b = &s->ballots[v->height];
    struct ballot_seen x = ballot_of(org, v);
    for (size_t i = b->n; i-- > 0;)
        if (same(&b->v[i], &x))
            return true;
    return false;
}

void evidence_add(struct sim *s, size_t org, const struct vote *v)
{
    if (v->height >= HEIGHTS_MAX || v->round > INT32_MAX || evidence_has(s, org, v))
        return;
    struct ballots *b = &s->ballots[v->height];
    if (b->n == BALLOTS_MAX)
        return;
    if (b->n == b->cap) {
        b->cap = b->cap * 2 + 32;
        b->v = realloc(b->v, b->cap * sizeof *b->v);
        ASSERT(b->v != NULL);
    }
    b->v[b->n++] = ballot_of(org, v);
}

/* Signed by a bad node's key? What is signed by honest ones is known from them. */
static void add_signed(struct sim *s, const struct signed_vote *v)
{
    const struct set_seen *set = alliance_set(s, v->vote.height);
    for (size_t i = 0; i < s->n; i++)
        if ((set->who & bit(i)) != 0 && is_bad(&s->nodes[i]) && span_eq(s->nodes[i].keys.org, v->org) &&
            vote_verify(&v->vote, &set->vote[i], &v->sig) == ST_OK)
            evidence_add(s, i, &v->vote);
}

void evidence_frame(struct sim *s, struct node *from, struct span frame)
{
    struct arena a CLEANUP(arena_deinit);
    struct envelope e;
    struct msg_proposal p;
    struct msg_vote m;
    (void)from;
    arena_init(&a, 0);
    if (codec_decode(&envelope_desc, frame, &a, &e, NULL) != ST_OK)
        return;
    if (e.kind == msg_vote_desc.number && codec_decode(&msg_vote_desc, e.body, &a, &m, NULL) == ST_OK)
        add_signed(s, &m.vote);
    if (e.kind != msg_proposal_desc.number || codec_decode(&msg_proposal_desc, e.body, &a, &p, NULL) != ST_OK)
        return;
    add_signed(s, &p.vote);
    for (size_t i = 0; i < p.pol.n; i++)
        add_signed(s, &p.pol.v[i]);
}

uint32_t evidence_alike(const struct sim *s, uint64_t height, int32_t round, const struct hash *value, int32_t valid_round)
{
    const struct ballots *b = &s->ballots[height];
    uint64_t who = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].type == VOTE_PREVOTE && b->v[i].round == round && !b->v[i].nil &&
            b->v[i].valid_round == valid_round && hash_eq(&b->v[i].value, value))
            who |= bit(b->v[i].org);
    return (uint32_t)__builtin_popcountll(who & alliance_set(s, height)->who);
}

bool evidence_pol(const struct sim *s, uint64_t height, int32_t round, const struct hash *value)
{
    const struct ballots *b = &s->ballots[height];
    for (size_t i = 0; i < b->n; i++)
        if (b->v[i].type == VOTE_PREVOTE && b->v[i].round == round && !b->v[i].nil && hash_eq(&b->v[i].value, value) &&
            evidence_alike(s, height, round, value, b->v[i].valid_round) >= alliance_quorum(s, height))
            return true;
    return false;
}

/* Is there a POL for the value in a round from `from` to before `to`? */
static bool released(const struct sim *s, uint64_t height, int32_t from, int32_t to, const struct hash *value)
{
    for (int32_t r = from; r < to; r++)
        if (evidence_pol(s, height, r, value))
            return true;
    return false;
}

/* Two messages of one key that no honest node signs both. */
static bool conflict(const struct sim *s, uint64_t height, const struct ballot_seen *x, const struct ballot_seen *y)
{
    if (x->type == y->type && x->round == y->round)
        return true; /* one slot, two messages: BFT-A8 */
    /* Prevotes another block than it was locked on, of an older valid round, and there is no POL that released it. */
    return x->type == VOTE_PRECOMMIT && !x->nil && y->type == VOTE_PREVOTE && !y->nil && y->round > x->round &&
           !hash_eq(&x->value, &y->value) && y->valid_round < x->round &&
           !released(s, height, x->round, y->round, &y->value);
}

/* One message that rests on a POL which nobody can show: BFT-A2. */
static bool baseless(const struct sim *s, uint64_t height, const struct ballot_seen *x)
{
    if (x->nil)
        return false;
    if (x->type == VOTE_PRECOMMIT)
        return !evidence_pol(s, height, x->round, &x->value);
    return x->valid_round >= 0 && !evidence_pol(s, height, x->valid_round, &x->value);
}

uint64_t sim_guilty(struct sim *s, uint64_t height)
{
    const struct ballots *b = &s->ballots[height];
    uint64_t guilty = 0;
    for (size_t i = 0; i < b->n; i++) {
        if ((guilty & bit(b->v[i].org)) != 0)
            continue;
        bool is = baseless(s, height, &b->v[i]);
        for (size_t k = 0; k < b->n && !is; k++)
            is = k != i && b->v[k].org == b->v[i].org && conflict(s, height, &b->v[i], &b->v[k]);
        guilty |= is ? bit(b->v[i].org) : 0;
    }
    return guilty;
}

void evidence_free(struct sim *s)
{
    for (size_t h = 0; h < HEIGHTS_MAX; h++)
        free(s->ballots[h].v);
}
