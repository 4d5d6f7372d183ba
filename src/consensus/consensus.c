#include "base/base.h"
#include "consensus/consensus.h"
#include "base/plant.h"
#include "cert/quorum.h"
#include "consensus/rules.h"
#include "consensus/state.h"

size_t consensus_size(void)
{
    return sizeof(struct consensus);
}

struct consensus *consensus_init(void *memory, size_t size)
{
    ASSERT(memory != NULL);
    ASSERT(size >= sizeof(struct consensus));
    ASSERT((uintptr_t)memory % 16 == 0);
    struct consensus *c = memory;
    memset(c, 0, sizeof *c);
    return c;
}

uint32_t consensus_proposer(uint64_t height, int32_t round, uint32_t n)
{
    ASSERT(round >= 0);
    ASSERT(n >= 1);
    return (uint32_t)((height % n + (uint64_t)round % n) % n);
}

/* Line 53 and BFT-A4: empty log, no lock, idle. */
static void consensus_begin(struct consensus *c, uint64_t height, uint32_t n, int32_t self)
{
    ASSERT(n >= 1);
    ASSERT(n <= LIMIT_VALIDATORS);
    ASSERT(self >= CONSENSUS_FOLLOWER);
    ASSERT(self < (int32_t)n);
    c->started = true;
    c->height = height;
    c->n = n;
    c->self = self;
    c->step = STEP_IDLE;
    c->round = c->locked_round = c->valid_round = CONSENSUS_NONE;
    c->proposed_round = c->decided_round = CONSENSUS_NONE;
    c->locked_value = c->valid_value = c->decided_value = (struct hash){{0}};
    c->pol.n = 0;
    c->heard = c->faulted = 0;
    for (size_t i = 0; i < LIMIT_VALIDATORS; i++)
        c->highest[i] = CONSENSUS_NONE;
    votes_reset(&c->votes, n);
}

static bool consensus_well_formed(const struct consensus_vote *v)
{
    if (v->round < 0 || v->round > CONSENSUS_ROUND_MAX)
        return false;
    if (v->nil != hash_is_zero(&v->value))
        return false;
    if (v->valid_round < CONSENSUS_NONE || v->valid_round >= v->round)
        return false;
    return v->valid_round == CONSENSUS_NONE || (v->type != VOTE_PRECOMMIT && !v->nil);
}

/* BFT-A1 */
bool consensus_pol_ok(const struct consensus_pol *pol, uint32_t n, int32_t round, const struct hash *value)
{
    if (pol->n > n || pol->n < quorum_of(n))
        return false;
    for (uint32_t i = 0; i < pol->n; i++) {
        const struct consensus_vote *v = &pol->votes[i];
        if (v->type != VOTE_PREVOTE || v->nil || v->round != round || !consensus_well_formed(v))
            return false;
        if (v->validator >= n || (i > 0 && v->validator <= pol->votes[i - 1].validator))
            return false;
        if (!hash_eq(&v->value, value))
            return false;
        if (v->valid_round != pol->votes[0].valid_round && !PLANTED(5))
            return false;
    }
    return true;
}

/* BFT-A8: once per validator and height */
static void consensus_fault(struct consensus *c, const struct consensus_vote *first,
                            const struct consensus_vote *second, struct consensus_actions *out)
{
    uint64_t bit = (uint64_t)1 << second->validator;
    if ((c->faulted & bit) != 0)
        return;
    c->faulted |= bit;
    struct consensus_action *a = rules_emit(c, ACT_FAULT, second->round, out);
    a->first = *first;
    a->second = *second;
}

/* BFT-A5: whatever is too far ahead to keep still says where its signer is. */
static enum consensus_outcome consensus_window(struct consensus *c, const struct consensus_vote *v)
{
    c->heard |= (uint64_t)1 << v->validator;
    if (v->round > c->highest[v->validator])
        c->highest[v->validator] = v->round;
    if (v->round > c->round + LIMIT_ROUND_AHEAD)
        return OUTCOME_AHEAD;
    if (v->round <= c->round + LIMIT_ROUND_AHEAD - CONSENSUS_ROUNDS)
        return OUTCOME_STALE;
    return OUTCOME_TAKEN;
}

static enum consensus_outcome consensus_take_vote(struct consensus *c, const struct consensus_vote *v,
                                                  struct consensus_actions *out)
{
    ASSERT(v->validator < c->n);
    if ((v->type != VOTE_PREVOTE && v->type != VOTE_PRECOMMIT) || !consensus_well_formed(v))
        return OUTCOME_REFUSED;
    enum consensus_outcome outcome = consensus_window(c, v);
    if (outcome != OUTCOME_TAKEN)
        return outcome;
    const struct consensus_vote *held = NULL;
    outcome = votes_put(votes_open(&c->votes, v->round), v, &held);
    if (outcome == OUTCOME_CONFLICT)
        consensus_fault(c, held, v, out);
    return outcome;
}

static void consensus_take_pol(struct consensus *c, const struct consensus_pol *pol,
                               struct consensus_actions *out)
{
    for (uint32_t i = 0; i < pol->n; i++)
        (void)consensus_take_vote(c, &pol->votes[i], out);
}

/* BFT-A2 */
static bool consensus_pol_came_along(const struct consensus *c, const struct consensus_event *e)
{
    if (PLANTED(11))
        return true;
    return e->pol != NULL && consensus_pol_ok(e->pol, c->n, e->vote.valid_round, &e->vote.value);
}

static enum consensus_outcome consensus_take_proposal(struct consensus *c, const struct consensus_event *e,
                                                      struct consensus_actions *out)
{
    const struct consensus_vote *v = &e->vote;
    ASSERT(v->validator < c->n);
    if (v->type != VOTE_PROPOSAL || v->nil || !consensus_well_formed(v))
        return OUTCOME_REFUSED;
    if (v->validator != consensus_proposer(c->height, v->round, c->n))
        return OUTCOME_REFUSED;
    if (v->valid_round != CONSENSUS_NONE && !consensus_pol_came_along(c, e))
        return OUTCOME_REFUSED;
    enum consensus_outcome outcome = consensus_window(c, v);
    if (v->valid_round != CONSENSUS_NONE && e->pol != NULL)
        consensus_take_pol(c, e->pol, out);
    if (outcome != OUTCOME_TAKEN)
        return outcome;
    const struct consensus_vote *held = NULL;
    outcome = votes_put_proposal(&c->votes, votes_open(&c->votes, v->round), v, e->judgement, &held);
    if (outcome == OUTCOME_CONFLICT)
        consensus_fault(c, held, v, out);
    return outcome;
}

/* BFT-A4 */
static enum consensus_outcome consensus_wake(struct consensus *c, struct consensus_actions *out)
{
    if (c->step == STEP_IDLE)
        rules_start_round(c, 0, out);
    else
        rules_propose(c, out);
    return OUTCOME_TAKEN;
}

static enum consensus_outcome consensus_built(struct consensus *c, const struct consensus_event *e,
                                              struct consensus_actions *out)
{
    if (e->round != c->round || c->step != STEP_PROPOSE)
        return OUTCOME_STALE;
    if (!e->has_value)
        return OUTCOME_TAKEN;
    ASSERT(!hash_is_zero(&e->value));
    rules_propose_new(c, &e->value, out);
    return OUTCOME_TAKEN;
}

/* BFT-A7 */
static enum consensus_outcome consensus_certified(struct consensus *c, const struct consensus_event *e,
                                                  struct consensus_actions *out)
{
    ASSERT(!hash_is_zero(&e->value));
    if (c->step == STEP_DECIDED)
        return hash_eq(&c->decided_value, &e->value) ? OUTCOME_DUPLICATE : OUTCOME_CONFLICT;
    rules_decide(c, e->round, &e->value, out);
    return OUTCOME_TAKEN;
}

static enum consensus_outcome consensus_dispatch(struct consensus *c, const struct consensus_event *e,
                                                 struct consensus_actions *out)
{
    if (e->height != c->height)
        return e->height < c->height ? OUTCOME_STALE : OUTCOME_AHEAD;
    if (e->type == EV_DECIDED)
        return consensus_certified(c, e, out);
    if (c->step == STEP_DECIDED)
        return OUTCOME_STALE;
    switch (e->type) {
    case EV_WAKE:
        return consensus_wake(c, out);
    case EV_PROPOSAL:
        return consensus_take_proposal(c, e, out);
    case EV_VOTE:
        return consensus_take_vote(c, &e->vote, out);
    case EV_TIMEOUT:
        return rules_timeout(c, e->timeout, e->round, out) ? OUTCOME_TAKEN : OUTCOME_STALE;
    case EV_BUILT:
        return consensus_built(c, e, out);
    case EV_START_HEIGHT:
    case EV_DECIDED:
        break;
    }
    ASSERT(!"event type");
    return OUTCOME_REFUSED;
}

void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions)
{
    ret_actions->n = 0;
    ret_actions->outcome = OUTCOME_TAKEN;
    if (event->type == EV_START_HEIGHT) {
        ASSERT(!c->started || event->height > c->height);
        consensus_begin(c, event->height, event->n, event->self);
        return;
    }
    ASSERT(c->started);
    ret_actions->outcome = consensus_dispatch(c, event, ret_actions);
    rules_run(c, ret_actions);
}

/* BFT-A3 */
void consensus_restore(struct consensus *c, uint32_t n, int32_t self,
                       const struct consensus_snapshot *snapshot, const struct consensus_pol *pol,
                       struct consensus_actions *ret_actions)
{
    ASSERT(!c->started || snapshot->height >= c->height);
    ASSERT(snapshot->round >= 0);
    ASSERT(snapshot->step == STEP_PROPOSE || snapshot->step == STEP_PREVOTE ||
           snapshot->step == STEP_PRECOMMIT);
    ret_actions->n = 0;
    ret_actions->outcome = OUTCOME_TAKEN;
    consensus_begin(c, snapshot->height, n, self);
    if (PLANTED(7))
        return;
    c->round = snapshot->round;
    c->step = snapshot->step;
    c->locked_round = PLANTED(6) ? CONSENSUS_NONE : snapshot->locked_round;
    c->locked_value = PLANTED(6) ? (struct hash){{0}} : snapshot->locked_value;
    c->valid_round = snapshot->valid_round;
    c->valid_value = snapshot->valid_value;
    c->proposed_round = PLANTED(41) ? CONSENSUS_NONE : snapshot->proposed_round;
    if (pol != NULL && pol->n > 0 && consensus_pol_ok(pol, n, c->valid_round, &c->valid_value)) {
        c->pol = *pol;
        consensus_take_pol(c, pol, ret_actions);
    }
    if (c->step == STEP_PROPOSE)
        rules_emit(c, ACT_SCHEDULE_TIMEOUT, c->round, ret_actions)->timeout = TIMEOUT_PROPOSE;
    rules_run(c, ret_actions);
}

static uint64_t consensus_everyone(uint32_t n)
{
    return n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
}

static uint64_t consensus_missing(const struct consensus *c)
{
    if (c->step == STEP_IDLE || c->step == STEP_DECIDED)
        return 0;
    const struct votes_round *r = votes_look(&c->votes, c->round);
    if (r == NULL)
        return consensus_everyone(c->n);
    bool prevotes_in = votes_any(r, VOTE_PREVOTE) >= c->votes.quorum;
    return consensus_everyone(c->n) & ~(prevotes_in ? r->precommitted : r->prevoted);
}

void consensus_status(const struct consensus *c, struct consensus_status *ret_status)
{
    ASSERT(c->started);
    struct consensus_status s = {
        .height = c->height,
        .round = c->round,
        .step = c->step,
        .n = c->n,
        .quorum = c->votes.quorum,
        .self = c->self,
        .locked_round = c->locked_round,
        .valid_round = c->valid_round,
        .locked_value = c->locked_value,
        .valid_value = c->valid_value,
        .heard = c->heard,
        .missing = consensus_missing(c),
        .oldest_round = CONSENSUS_NONE,
        .newest_round = CONSENSUS_NONE,
    };
    for (size_t i = 0; i < CONSENSUS_ROUNDS; i++) {
        int32_t round = c->votes.rounds[i].round;
        if (round == CONSENSUS_NONE)
            continue;
        if (s.oldest_round == CONSENSUS_NONE || round < s.oldest_round)
            s.oldest_round = round;
        if (round > s.newest_round)
            s.newest_round = round;
    }
    *ret_status = s;
}

bool consensus_round(const struct consensus *c, int32_t round, struct consensus_round_status *ret_status)
{
    const struct votes_round *r = votes_look(&c->votes, round);
    if (!c->started || r == NULL)
        return false;
    const struct consensus_vote *one = NULL;
    struct consensus_round_status s = {
        .round = round,
        .proposer = consensus_proposer(c->height, round, c->n),
        .has_proposal = r->n_proposals > 0,
        .prevotes = r->prevoted,
        .precommits = r->precommitted,
        .prevotes_alike = votes_most_alike(r, VOTE_PREVOTE, &one),
        .precommits_alike = votes_most_alike(r, VOTE_PRECOMMIT, &one),
    };
    if (s.has_proposal) {
        s.value = r->proposals[0].vote.value;
        s.judgement = r->proposals[0].judgement;
    }
    *ret_status = s;
    return true;
}

const struct consensus_vote *consensus_vote(const struct consensus *c, int32_t round, enum vote_type type,
                                            uint32_t validator)
{
    const struct votes_round *r = c->started ? votes_look(&c->votes, round) : NULL;
    if (r == NULL)
        return NULL;
    if (type == VOTE_PROPOSAL)
        return r->n_proposals > 0 ? &r->proposals[0].vote : NULL;
    ASSERT(validator < c->n);
    return votes_of(r, type, validator);
}

const struct consensus_vote *consensus_agreed(const struct consensus *c, int32_t round, enum vote_type type)
{
    const struct votes_round *r = c->started ? votes_look(&c->votes, round) : NULL;
    return r == NULL ? NULL : votes_agreed(r, type, c->votes.quorum);
}

bool consensus_wants(const struct consensus *c, int32_t round, const struct hash *value)
{
    if (!c->started || c->step == STEP_DECIDED || round < 0)
        return false;
    if (round > c->round + LIMIT_ROUND_AHEAD || round <= c->round + LIMIT_ROUND_AHEAD - CONSENSUS_ROUNDS)
        return false;
    const struct votes_round *r = votes_look(&c->votes, round);
    return r == NULL || r->n_proposals < 2 || votes_quorum_for(&c->votes, r, value);
}

bool consensus_needs(const struct consensus *c, const struct hash *value)
{
    if (!c->started)
        return true;
    if (hash_eq(value, &c->locked_value) || hash_eq(value, &c->valid_value) ||
        hash_eq(value, &c->decided_value))
        return true;
    for (size_t i = 0; i < CONSENSUS_ROUNDS; i++) {
        const struct votes_round *r = &c->votes.rounds[i];
        if (r->round != CONSENSUS_NONE && votes_proposal_for(r, value) != NULL)
            return true;
    }
    return false;
}

const struct consensus_pol *consensus_pol(const struct consensus *c)
{
    return c->started && c->pol.n > 0 ? &c->pol : NULL;
}

uint32_t consensus_certificate(const struct consensus *c, struct consensus_vote *ret_votes)
{
    if (!c->started || c->step != STEP_DECIDED)
        return 0;
    const struct votes_round *r = votes_look(&c->votes, c->decided_round);
    const struct consensus_vote *one = r == NULL ? NULL : votes_agreed(r, VOTE_PRECOMMIT, c->votes.quorum);
    if (one == NULL || one->nil || !hash_eq(&one->value, &c->decided_value))
        return 0;
    return votes_collect(r, one, ret_votes);
}

static const char *consensus_check_lock(const struct consensus *c)
{
    if (c->locked_round > c->valid_round)
        return "the lock is newer than the valid value";
    if (c->valid_round > c->round)
        return "the valid round is ahead of the round";
    if (c->proposed_round > c->round)
        return "proposed in a round ahead";
    if ((c->locked_round == CONSENSUS_NONE) != hash_is_zero(&c->locked_value))
        return "locked value and round do not go together";
    if ((c->valid_round == CONSENSUS_NONE) != hash_is_zero(&c->valid_value))
        return "valid value and round do not go together";
    if (c->locked_round != CONSENSUS_NONE && c->locked_round == c->valid_round &&
        !hash_eq(&c->locked_value, &c->valid_value))
        return "two values in one round";
    if (c->pol.n > 0 && !consensus_pol_ok(&c->pol, c->n, c->valid_round, &c->valid_value))
        return "the POL does not stand behind the valid value";
    return NULL;
}

static const char *consensus_check_round(const struct consensus *c, const struct votes_round *r, size_t slot)
{
    if (r->round < 0 || (size_t)r->round % CONSENSUS_ROUNDS != slot)
        return "a round in the wrong place of the ring";
    if (r->round > c->round + LIMIT_ROUND_AHEAD && c->step != STEP_DECIDED)
        return "a round too far ahead is kept";
    if (r->n_proposals > ARRAY_LEN(r->proposals))
        return "too many proposals";
    if (((r->prevoted | r->precommitted) & ~consensus_everyone(c->n)) != 0)
        return "a vote from outside the set";
    for (uint32_t i = 0; i < r->n_proposals; i++)
        if (r->proposals[i].vote.validator != consensus_proposer(c->height, r->round, c->n) ||
            r->proposals[i].vote.round != r->round)
            return "a proposal out of turn";
    for (uint32_t i = 0; i < c->n; i++) {
        const struct consensus_vote *a = votes_of(r, VOTE_PREVOTE, i), *b = votes_of(r, VOTE_PRECOMMIT, i);
        if (a != NULL && (a->validator != i || a->round != r->round || a->type != VOTE_PREVOTE))
            return "a prevote in the wrong place";
        if (b != NULL && (b->validator != i || b->round != r->round || b->type != VOTE_PRECOMMIT))
            return "a precommit in the wrong place";
    }
    return NULL;
}

const char *consensus_check(const struct consensus *c)
{
    if (!c->started)
        return NULL;
    if (c->step == STEP_IDLE && c->round != CONSENSUS_NONE)
        return "idle in a round";
    if (c->step != STEP_IDLE && c->step != STEP_DECIDED && c->round < 0)
        return "a step outside a round";
    if ((c->step == STEP_DECIDED) != !hash_is_zero(&c->decided_value))
        return "decided without a value, or a value without decision";
    const char *wrong = consensus_check_lock(c);
    for (size_t i = 0; i < CONSENSUS_ROUNDS && wrong == NULL; i++)
        if (c->votes.rounds[i].round != CONSENSUS_NONE)
            wrong = consensus_check_round(c, &c->votes.rounds[i], i);
    return wrong;
}
