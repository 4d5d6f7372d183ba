#include "base/base.h"
#include "consensus/votes.h"
#include "base/plant.h"
#include "cert/quorum.h"

void votes_reset(struct votes *v, uint32_t n)
{
    v->n = n;
    v->quorum = quorum_of(n);
    if (PLANTED(8) && v->quorum > 1)
        v->quorum--;
    for (size_t i = 0; i < CONSENSUS_ROUNDS; i++)
        v->rounds[i].round = CONSENSUS_NONE;
}

const struct votes_round *votes_look(const struct votes *v, int32_t round)
{
    if (round < 0)
        return NULL;
    const struct votes_round *r = &v->rounds[round % CONSENSUS_ROUNDS];
    return r->round == round ? r : NULL;
}

struct votes_round *votes_find(struct votes *v, int32_t round)
{
    if (round < 0)
        return NULL;
    struct votes_round *r = &v->rounds[round % CONSENSUS_ROUNDS];
    return r->round == round ? r : NULL;
}

struct votes_round *votes_open(struct votes *v, int32_t round)
{
    ASSERT(round >= 0);
    struct votes_round *r = &v->rounds[round % CONSENSUS_ROUNDS];
    if (r->round == round)
        return r;
    r->round = round;
    r->n_proposals = 0;
    r->prevoted = r->precommitted = 0;
    r->prevote_timer = r->prevote_quorum = r->precommit_timer = false;
    r->fetched = r->diverged = false;
    return r;
}

static uint64_t bit(uint32_t validator)
{
    return (uint64_t)1 << validator;
}

static uint64_t votes_mask(const struct votes_round *r, enum vote_type type)
{
    return type == VOTE_PREVOTE ? r->prevoted : r->precommitted;
}

static const struct consensus_vote *votes_list(const struct votes_round *r, enum vote_type type)
{
    return type == VOTE_PREVOTE ? r->prevotes : r->precommits;
}

/* BFT-A1 */
bool votes_alike(const struct consensus_vote *a, const struct consensus_vote *b)
{
    if (a->nil != b->nil)
        return false;
    if (a->valid_round != b->valid_round && !PLANTED(9))
        return false;
    return hash_eq(&a->value, &b->value);
}

static bool votes_same(const struct consensus_vote *a, const struct consensus_vote *b)
{
    return a->nil == b->nil && a->valid_round == b->valid_round && hash_eq(&a->value, &b->value);
}

enum consensus_outcome votes_put(struct votes_round *r, const struct consensus_vote *vote,
                                 const struct consensus_vote **ret_held)
{
    ASSERT(vote->validator < LIMIT_VALIDATORS);
    uint64_t *mask = vote->type == VOTE_PREVOTE ? &r->prevoted : &r->precommitted;
    struct consensus_vote *list = vote->type == VOTE_PREVOTE ? r->prevotes : r->precommits;
    uint32_t at = vote->validator;
    if (PLANTED(4) && *mask != UINT64_MAX)
        at = (uint32_t)__builtin_ctzll(~*mask);
    if ((*mask & bit(at)) == 0) {
        list[at] = *vote;
        *mask |= bit(at);
        return OUTCOME_TAKEN;
    }
    if (votes_same(&list[at], vote))
        return OUTCOME_DUPLICATE;
    *ret_held = &list[at];
    return OUTCOME_CONFLICT;
}

bool votes_quorum_for(const struct votes *v, const struct votes_round *r, const struct hash *value)
{
    const struct consensus_vote *prevoted = votes_agreed(r, VOTE_PREVOTE, v->quorum);
    const struct consensus_vote *precommitted = votes_agreed(r, VOTE_PRECOMMIT, v->quorum);
    return (prevoted != NULL && !prevoted->nil && hash_eq(&prevoted->value, value)) ||
           (precommitted != NULL && !precommitted->nil && hash_eq(&precommitted->value, value));
}

/* A proposer that makes two proposals must not keep this node from a block that the others agreed on: the
 * second place goes to a block with a quorum behind it, else to the first comer. */
static void votes_keep_second(const struct votes *v, struct votes_round *r, const struct votes_proposal *p)
{
    if (r->n_proposals == 1 || votes_quorum_for(v, r, &p->vote.value)) {
        r->proposals[1] = *p;
        r->n_proposals = 2;
    }
}

/* BFT-A8 */
enum consensus_outcome votes_put_proposal(const struct votes *v, struct votes_round *r,
                                          const struct consensus_vote *vote,
                                          enum consensus_judgement judgement,
                                          const struct consensus_vote **ret_held)
{
    struct votes_proposal p = {.vote = *vote, .judgement = judgement};
    if (r->n_proposals == 0) {
        r->proposals[0] = p;
        r->n_proposals = 1;
        return OUTCOME_TAKEN;
    }
    if (votes_same(&r->proposals[0].vote, vote))
        return OUTCOME_DUPLICATE;
    if (r->n_proposals == 2 && votes_same(&r->proposals[1].vote, vote))
        return OUTCOME_DUPLICATE;
    if (!hash_eq(&r->proposals[0].vote.value, &vote->value))
        votes_keep_second(v, r, &p);
    *ret_held = &r->proposals[0].vote;
    return OUTCOME_CONFLICT;
}

const struct consensus_vote *votes_of(const struct votes_round *r, enum vote_type type, uint32_t validator)
{
    if ((votes_mask(r, type) & bit(validator)) == 0)
        return NULL;
    return &votes_list(r, type)[validator];
}

const struct votes_proposal *votes_proposal_for(const struct votes_round *r, const struct hash *value)
{
    for (uint32_t i = 0; i < r->n_proposals; i++)
        if (hash_eq(&r->proposals[i].vote.value, value))
            return &r->proposals[i];
    return NULL;
}

uint32_t votes_any(const struct votes_round *r, enum vote_type type)
{
    return (uint32_t)__builtin_popcountll(votes_mask(r, type));
}

uint32_t votes_most_alike(const struct votes_round *r, enum vote_type type,
                          const struct consensus_vote **ret_one)
{
    const struct consensus_vote *votes = votes_list(r, type);
    uint64_t left = votes_mask(r, type); /* not counted yet */
    uint32_t most = 0;
    while (left != 0) {
        const struct consensus_vote *one = &votes[__builtin_ctzll(left)];
        uint32_t count = 0;
        for (uint64_t rest = left; rest != 0; rest &= rest - 1) {
            uint32_t i = (uint32_t)__builtin_ctzll(rest);
            if (!votes_alike(one, &votes[i]))
                continue;
            count++;
            left &= ~bit(i);
        }
        if (count > most) {
            most = count;
            *ret_one = one;
        }
    }
    return most;
}

const struct consensus_vote *votes_agreed(const struct votes_round *r, enum vote_type type, uint32_t least)
{
    const struct consensus_vote *one = NULL;
    if (votes_any(r, type) < least)
        return NULL;
    return votes_most_alike(r, type, &one) >= least ? one : NULL;
}

uint32_t votes_collect(const struct votes_round *r, const struct consensus_vote *one,
                       struct consensus_vote *ret_votes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < LIMIT_VALIDATORS; i++) {
        const struct consensus_vote *vote = votes_of(r, one->type, i);
        if (vote != NULL && votes_alike(vote, one))
            ret_votes[n++] = *vote;
    }
    return n;
}
