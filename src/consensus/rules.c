#include "base/base.h"
#include "consensus/rules.h"
#include "base/plant.h"
#include "cert/quorum.h"

struct consensus_action *rules_emit(const struct consensus *c, enum consensus_action_type type, int32_t round,
                                    struct consensus_actions *out)
{
    ASSERT(out->n < CONSENSUS_ACTIONS);
    struct consensus_action *a = &out->v[out->n++];
    *a = (struct consensus_action){.type = type, .height = c->height, .round = round};
    return a;
}

static void rules_emit_timeout(const struct consensus *c, enum consensus_timeout timeout,
                               struct consensus_actions *out)
{
    rules_emit(c, ACT_SCHEDULE_TIMEOUT, c->round, out)->timeout = timeout;
}

static struct consensus_snapshot rules_snapshot(const struct consensus *c)
{
    return (struct consensus_snapshot){
        .height = c->height,
        .round = c->round,
        .step = c->step,
        .locked_round = c->locked_round,
        .locked_value = c->locked_value,
        .valid_round = c->valid_round,
        .valid_value = c->valid_value,
        .proposed_round = c->proposed_round,
    };
}

/* The step and the lock are set before: the snapshot must hold them (BFT-A3). A NULL value is nil. Followers
 * go through the steps without a word (BFT-A10). */
static void rules_vote(const struct consensus *c, enum vote_type type, const struct hash *value,
                       int32_t valid_round, struct consensus_actions *out)
{
    if (c->self == CONSENSUS_FOLLOWER)
        return;
    struct consensus_action *a = rules_emit(c, ACT_VOTE, c->round, out);
    a->vote = (struct consensus_vote){.type = type,
                                      .validator = (uint32_t)c->self,
                                      .round = c->round,
                                      .nil = value == NULL,
                                      .valid_round = valid_round};
    if (value != NULL)
        a->vote.value = a->value = *value;
    a->snapshot = rules_snapshot(c);
}

/* BFT-L14, its line 19 */
static void rules_broadcast_proposal(struct consensus *c, const struct hash *value, int32_t valid_round,
                                     struct consensus_actions *out)
{
    c->proposed_round = c->round;
    struct consensus_action *a = rules_emit(c, ACT_PROPOSE, c->round, out);
    a->value = *value;
    a->vote = (struct consensus_vote){.type = VOTE_PROPOSAL,
                                      .validator = (uint32_t)c->self,
                                      .round = c->round,
                                      .valid_round = valid_round,
                                      .value = *value};
    a->snapshot = rules_snapshot(c);
    a->pol = valid_round == CONSENSUS_NONE ? NULL : &c->pol;
}

/* Keeps the q alike prevotes behind the valid value. After a crash without its POL, those that peers sent
 * again may serve. */
static bool rules_have_pol(struct consensus *c)
{
    if (c->pol.n > 0)
        return true;
    const struct votes_round *r = votes_look(&c->votes, c->valid_round);
    if (r == NULL)
        return false;
    const struct consensus_vote *one = votes_agreed(r, VOTE_PREVOTE, c->votes.quorum);
    if (one == NULL || one->nil || !hash_eq(&one->value, &c->valid_value))
        return false;
    c->pol.n = votes_collect(r, one, c->pol.votes);
    return true;
}

static bool rules_may_propose(const struct consensus *c)
{
    return c->step == STEP_PROPOSE && c->self != CONSENSUS_FOLLOWER && c->proposed_round < c->round &&
           consensus_proposer(c->height, c->round, c->n) == (uint32_t)c->self;
}

/* BFT-L14. Without the POL nobody would take the re-proposal (BFT-A2): stay silent, the next proposer may
 * have it. */
void rules_propose(struct consensus *c, struct consensus_actions *out)
{
    if (!rules_may_propose(c))
        return;
    if (c->valid_round == CONSENSUS_NONE)
        rules_emit(c, ACT_BUILD, c->round, out); /* BFT-L14, line 18 */
    else if (rules_have_pol(c))
        rules_broadcast_proposal(c, &c->valid_value, c->valid_round, out); /* BFT-L14, line 16 */
}

void rules_propose_new(struct consensus *c, const struct hash *value, struct consensus_actions *out)
{
    if (rules_may_propose(c) && c->valid_round == CONSENSUS_NONE)
        rules_broadcast_proposal(c, value, CONSENSUS_NONE, out);
}

/* BFT-A9: votes nil in whatever slots of a round it has not used, so that nobody waits for it there. */
static void rules_leave_round(struct consensus *c, struct consensus_actions *out)
{
    if (c->step == STEP_PROPOSE) {
        c->step = STEP_PREVOTE;
        rules_vote(c, VOTE_PREVOTE, NULL, CONSENSUS_NONE, out);
    }
    if (c->step == STEP_PREVOTE) {
        c->step = STEP_PRECOMMIT;
        rules_vote(c, VOTE_PRECOMMIT, NULL, CONSENSUS_NONE, out);
    }
}

/* BFT-L11, BFT-L21. The proposer runs the timer too: it may have nothing to propose (BFT-A4). */
void rules_start_round(struct consensus *c, int32_t round, struct consensus_actions *out)
{
    ASSERT(round > c->round);
    if (c->round < round - 1 && !PLANTED(13)) { /* rounds between are skipped, but for the last one */
        c->round = round - 1;
        c->step = STEP_PROPOSE;
    }
    if (!PLANTED(13))
        rules_leave_round(c, out);
    c->round = round;
    c->step = STEP_PROPOSE;
    rules_emit_timeout(c, TIMEOUT_PROPOSE, out);
    rules_propose(c, out);
}

/* Line 23 and line 29 in one: without a valid round, lockedRound <= -1 says that there is no lock. */
static bool rules_lock_allows(const struct consensus *c, const struct consensus_vote *proposal)
{
    if (PLANTED(1))
        return true;
    if (PLANTED(2) && proposal->valid_round >= 0)
        return true;
    return c->locked_round <= proposal->valid_round || hash_eq(&c->locked_value, &proposal->value);
}

/* BFT-A6: untimely blocks are refused in their first round only; a POL shows that honest nodes found them
 * timely. */
static bool rules_acceptable(const struct votes_proposal *p)
{
    if (PLANTED(28))
        return true;
    if (p->judgement == JUDGED_UNTIMELY)
        return p->vote.valid_round != CONSENSUS_NONE;
    return p->judgement == JUDGED_VALID;
}

/* BFT-L22, BFT-L28. The POL of a re-proposal was checked when it was taken in (BFT-A2). */
static bool rule_proposal(struct consensus *c, struct consensus_actions *out)
{
    const struct votes_round *r = votes_look(&c->votes, c->round);
    if (c->step != STEP_PROPOSE || r == NULL || r->n_proposals == 0)
        return false;
    const struct votes_proposal *p = &r->proposals[0];
    c->step = STEP_PREVOTE;
    if (rules_acceptable(p) && rules_lock_allows(c, &p->vote))
        rules_vote(c, VOTE_PREVOTE, &p->vote.value, p->vote.valid_round, out);
    else
        rules_vote(c, VOTE_PREVOTE, NULL, CONSENSUS_NONE, out);
    return true;
}

/* The block that a quorum in round r stands behind, if it is held and valid (lines 36 and 49); else asks for
 * it, or tells that this node computed something else, once per round. */
static bool rules_block_usable(const struct consensus *c, struct votes_round *r, const struct hash *value,
                               struct consensus_actions *out)
{
    const struct votes_proposal *p = votes_proposal_for(r, value);
    if (p == NULL && !r->fetched) {
        r->fetched = true;
        rules_emit(c, ACT_FETCH, r->round, out)->value = *value;
    }
    if (p != NULL && p->judgement == JUDGED_INVALID && !r->diverged) {
        r->diverged = true;
        rules_emit(c, ACT_DIVERGED, r->round, out)->value = *value;
    }
    return p != NULL && p->judgement != JUDGED_INVALID;
}

static uint32_t rules_lock_quorum(const struct consensus *c)
{
    return PLANTED(3) ? faults_of(c->n) + 1 : c->votes.quorum;
}

/* BFT-L36 to L43 */
static bool rule_prevote_quorum(struct consensus *c, struct consensus_actions *out)
{
    struct votes_round *r = votes_find(&c->votes, c->round);
    if ((c->step != STEP_PREVOTE && c->step != STEP_PRECOMMIT) || r == NULL || r->prevote_quorum)
        return false;
    const struct consensus_vote *one = votes_agreed(r, VOTE_PREVOTE, rules_lock_quorum(c));
    if (one == NULL || one->nil || !rules_block_usable(c, r, &one->value, out))
        return false;
    r->prevote_quorum = true;
    c->valid_value = one->value; /* BFT-L42; before the vote, whose snapshot holds it */
    c->valid_round = c->round;
    c->pol.n = votes_collect(r, one, c->pol.votes);
    if (c->self != CONSENSUS_FOLLOWER)
        rules_emit(c, ACT_KEEP_POL, c->round, out)->pol = &c->pol;
    if (c->step == STEP_PREVOTE) {
        if ((!PLANTED(12) || !hash_eq(&c->locked_value, &one->value)) && !PLANTED(29))
            c->locked_round = c->round;
        if (!PLANTED(29))
            c->locked_value = one->value;
        c->step = STEP_PRECOMMIT;
        rules_vote(c, VOTE_PRECOMMIT, &one->value, CONSENSUS_NONE, out);
    }
    return true;
}

/* BFT-L44 */
static bool rule_prevote_nil(struct consensus *c, struct consensus_actions *out)
{
    const struct votes_round *r = votes_look(&c->votes, c->round);
    if (c->step != STEP_PREVOTE || r == NULL)
        return false;
    const struct consensus_vote *one = votes_agreed(r, VOTE_PREVOTE, c->votes.quorum);
    if (one == NULL || !one->nil)
        return false;
    c->step = STEP_PRECOMMIT;
    if (PLANTED(30)) {
        c->locked_round = CONSENSUS_NONE;
        c->locked_value = (struct hash){{0}};
    }
    rules_vote(c, VOTE_PRECOMMIT, NULL, CONSENSUS_NONE, out);
    return true;
}

/* BFT-L34: any prevotes, alike or not */
static bool rule_prevotes(struct consensus *c, struct consensus_actions *out)
{
    struct votes_round *r = votes_find(&c->votes, c->round);
    if (c->step != STEP_PREVOTE || r == NULL || r->prevote_timer)
        return false;
    if (votes_any(r, VOTE_PREVOTE) < c->votes.quorum)
        return false;
    r->prevote_timer = true;
    if (!PLANTED(33))
        rules_emit_timeout(c, TIMEOUT_PREVOTE, out);
    return true;
}

/* BFT-L47: in any step, in any mix */
static bool rule_precommits(struct consensus *c, struct consensus_actions *out)
{
    struct votes_round *r = votes_find(&c->votes, c->round);
    if (r == NULL || r->precommit_timer || votes_any(r, VOTE_PRECOMMIT) < c->votes.quorum)
        return false;
    r->precommit_timer = true;
    rules_emit_timeout(c, TIMEOUT_PRECOMMIT, out);
    return true;
}

void rules_decide(struct consensus *c, int32_t round, const struct hash *value, struct consensus_actions *out)
{
    c->decided_round = round;
    c->decided_value = *value;
    c->step = STEP_DECIDED;
    rules_emit(c, ACT_DECIDE, round, out)->value = *value;
}

static bool rules_precommits_decide(const struct consensus *c, const struct votes_round *r,
                                    const struct hash **ret_value)
{
    if (PLANTED(10) && r->n_proposals > 0 && votes_any(r, VOTE_PRECOMMIT) >= c->votes.quorum) {
        *ret_value = &r->proposals[0].vote.value;
        return true;
    }
    const struct consensus_vote *one = votes_agreed(r, VOTE_PRECOMMIT, c->votes.quorum);
    if (one == NULL || one->nil)
        return false;
    *ret_value = &one->value;
    return true;
}

/* BFT-L49: in any round that is kept */
static bool rule_decide(struct consensus *c, struct consensus_actions *out)
{
    for (size_t i = 0; i < CONSENSUS_ROUNDS; i++) {
        struct votes_round *r = &c->votes.rounds[i];
        const struct hash *value = NULL;
        if (r->round == CONSENSUS_NONE || !rules_precommits_decide(c, r, &value))
            continue;
        if (!rules_block_usable(c, r, value, out)) /* BFT-L49, line 50 */
            continue;
        rules_decide(c, r->round, value, out);
        return true;
    }
    return false;
}

/* BFT-A5: the newest round that f + 1 other validators have reached; at least one of them is honest. */
static int32_t rules_reached(const struct consensus *c)
{
    int32_t reached = CONSENSUS_NONE;
    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t count = 0;
        for (uint32_t k = 0; k < c->n; k++)
            count += (int32_t)k != c->self && c->highest[k] >= c->highest[i];
        if ((int32_t)i != c->self && count > (PLANTED(31) ? 0 : faults_of(c->n)) && c->highest[i] > reached)
            reached = c->highest[i];
    }
    return reached;
}

/* BFT-L55; from idle too (BFT-A4) */
static bool rule_skip(struct consensus *c, struct consensus_actions *out)
{
    int32_t reached = rules_reached(c);
    if (reached <= c->round)
        return false;
    rules_start_round(c, reached, out);
    return true;
}

void rules_run(struct consensus *c, struct consensus_actions *out)
{
    static bool (*const rules[])(struct consensus *, struct consensus_actions *) = {
        rule_decide,      rule_skip,     rule_proposal,   rule_prevote_quorum,
        rule_prevote_nil, rule_prevotes, rule_precommits,
    };
    bool fired = true;
    while (fired && c->step != STEP_DECIDED) {
        fired = false;
        for (size_t i = 0; i < ARRAY_LEN(rules) && !fired; i++)
            fired = rules[i](c, out);
    }
}

bool rules_timeout(struct consensus *c, enum consensus_timeout timeout, int32_t round,
                   struct consensus_actions *out)
{
    const struct votes_round *r = votes_look(&c->votes, c->round);
    if (round != c->round)
        return false;
    if (timeout == TIMEOUT_PROPOSE && c->step == STEP_PROPOSE) { /* BFT-L57 */
        c->step = STEP_PREVOTE;
        rules_vote(c, VOTE_PREVOTE, NULL, CONSENSUS_NONE, out);
        return true;
    }
    if (timeout == TIMEOUT_PREVOTE && c->step == STEP_PREVOTE && r != NULL &&
        r->prevote_timer) { /* BFT-L61 */
        c->step = STEP_PRECOMMIT;
        rules_vote(c, VOTE_PRECOMMIT, NULL, CONSENSUS_NONE, out);
        return true;
    }
    if (timeout == TIMEOUT_PRECOMMIT && r != NULL && r->precommit_timer && round < CONSENSUS_ROUND_MAX && !PLANTED(32)) {
        rules_start_round(c, round + 1, out); /* BFT-L65 */
        return true;
    }
    return false;
}
