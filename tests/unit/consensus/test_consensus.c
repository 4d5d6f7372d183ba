/* The interface itself: arithmetic, bounds, queries, the invariant checker. */
#include <criterion/criterion.h>
#include "base/base.h"
#include "consensus/consensus.h"
#include "consensus/state.h"
#include "unit/consensus/story.h"

static _Alignas(16) uint8_t memory[1 << 20];
static struct consensus_actions actions;

static struct consensus *begin(uint64_t height, uint32_t n, int32_t self)
{
    struct consensus *c = consensus_init(memory, sizeof memory);
    struct consensus_event e = {.type = EV_START_HEIGHT, .height = height, .n = n, .self = self};
    consensus_step(c, &e, &actions);
    return c;
}

static struct consensus_vote vote(enum vote_type type, uint32_t validator, int32_t round, char value)
{
    return (struct consensus_vote){.type = type,
                                   .validator = validator,
                                   .round = round,
                                   .nil = value == '-',
                                   .valid_round = -1,
                                   .value = story_value(value)};
}

static void say(struct consensus *c, uint64_t height, struct consensus_vote v)
{
    struct consensus_event e = {
        .type = v.type == VOTE_PROPOSAL ? EV_PROPOSAL : EV_VOTE, .height = height, .vote = v};
    consensus_step(c, &e, &actions);
    cr_assert_null(consensus_check(c), "%s", consensus_check(c));
}

Test(consensus, proposers_take_turns)
{
    cr_assert_eq(consensus_proposer(0, 0, 4), 0);
    cr_assert_eq(consensus_proposer(7, 2, 4), 1);
    cr_assert_eq(consensus_proposer(9, 5, 1), 0);
    cr_assert_eq(consensus_proposer(UINT64_MAX, CONSENSUS_ROUND_MAX, 64), (63 + 1000000) % 64);
}

Test(consensus, pol_bounds)
{
    struct consensus_pol pol = {.n = 5};
    struct hash a = story_value('A'), b = story_value('B');
    for (uint32_t i = 0; i < 5; i++)
        pol.votes[i] = vote(VOTE_PREVOTE, i + 2, 3, 'A');
    cr_assert(consensus_pol_ok(&pol, 7, 3, &a));
    cr_assert_not(consensus_pol_ok(&pol, 7, 2, &a), "another round");
    cr_assert_not(consensus_pol_ok(&pol, 7, 3, &b), "another block");
    cr_assert_not(consensus_pol_ok(&pol, 8, 3, &a), "8 validators need 6");
    pol.votes[4].validator = 7;
    cr_assert_not(consensus_pol_ok(&pol, 7, 3, &a), "a validator outside the set");
    pol.votes[4] = pol.votes[3];
    cr_assert_not(consensus_pol_ok(&pol, 7, 3, &a), "one twice");
    pol.votes[4] = vote(VOTE_PRECOMMIT, 6, 3, 'A');
    cr_assert_not(consensus_pol_ok(&pol, 7, 3, &a), "a precommit");
    pol.n = 65;
    cr_assert_not(consensus_pol_ok(&pol, 64, 3, &a), "more than the set");
}

Test(consensus, heights_apart)
{
    struct consensus *c = begin(9, 4, 1);
    say(c, 8, vote(VOTE_PREVOTE, 0, 0, 'A'));
    cr_assert_eq(actions.outcome, OUTCOME_STALE);
    say(c, 10, vote(VOTE_PREVOTE, 0, 0, 'A'));
    cr_assert_eq(actions.outcome, OUTCOME_AHEAD);
    struct consensus_status s;
    consensus_status(c, &s);
    cr_assert_eq(s.heard, 0, "other heights leave no trace");
}

/* 64 validators; a POL whose every vote contradicts what was heard before: as many faults as one step can
 * give. */
Test(consensus, most_actions)
{
    struct consensus *c = begin(64, 64, 63);
    for (uint32_t i = 0; i < 62; i++)
        say(c, 64, vote(VOTE_PREVOTE, i, 0, (char)('B' + i)));
    struct consensus_event e = {.type = EV_PROPOSAL, .height = 64, .vote = vote(VOTE_PROPOSAL, 1, 1, 'A')};
    static struct consensus_pol pol;
    e.vote.valid_round = 0;
    e.pol = &pol;
    for (uint32_t i = 0; i < 64; i++)
        pol.votes[pol.n++] = vote(VOTE_PREVOTE, i, 0, 'A');
    consensus_step(c, &e, &actions);
    cr_assert_eq(actions.outcome, OUTCOME_TAKEN);
    uint32_t faults = 0;
    for (uint32_t i = 0; i < actions.n; i++)
        faults += actions.v[i].type == ACT_FAULT;
    cr_assert_eq(faults, 62);
    cr_assert_leq(actions.n, CONSENSUS_ACTIONS);
    cr_assert_null(consensus_check(c));
}

Test(consensus, why_stuck)
{
    struct consensus *c = begin(4, 4, 1);
    struct consensus_status s;
    struct consensus_round_status r;
    consensus_status(c, &s);
    cr_assert_eq(s.step, STEP_IDLE);
    cr_assert_eq(s.quorum, 3);
    cr_assert_eq(s.missing, 0);
    cr_assert_not(consensus_round(c, 0, &r));
    cr_assert_null(consensus_vote(c, 0, VOTE_PREVOTE, 0));
    struct consensus_event wake = {.type = EV_WAKE, .height = 4};
    consensus_step(c, &wake, &actions);
    consensus_status(c, &s);
    cr_assert_eq(s.missing, 0xf, "nobody's prevote is here");
    say(c, 4, vote(VOTE_PROPOSAL, 0, 0, 'A'));
    say(c, 4, vote(VOTE_PREVOTE, 0, 0, 'A'));
    say(c, 4, vote(VOTE_PREVOTE, 3, 0, '-'));
    consensus_status(c, &s);
    cr_assert_eq(s.missing, 0x6);
    cr_assert_eq(s.heard, 0x9);
    cr_assert(consensus_round(c, 0, &r));
    cr_assert(r.has_proposal);
    struct hash a = story_value('A');
    cr_assert(hash_eq(&r.value, &a));
    cr_assert_eq(r.prevotes, 0x9);
    cr_assert_eq(r.prevotes_alike, 1);
    say(c, 4, vote(VOTE_PREVOTE, 1, 0, 'A'));
    consensus_status(c, &s);
    cr_assert_eq(s.missing, 0xf, "prevotes are in: precommits are missing");
    say(c, 4, vote(VOTE_PRECOMMIT, 2, 3, '-'));
    consensus_status(c, &s);
    cr_assert_eq(s.newest_round, 3);
    cr_assert_eq(s.oldest_round, 0);
}

Test(consensus, certificate_is_the_precommits_that_agree)
{
    struct consensus *c = begin(4, 4, -1);
    struct consensus_vote held[LIMIT_VALIDATORS];
    say(c, 4, vote(VOTE_PROPOSAL, 0, 0, 'A'));
    cr_assert_eq(consensus_certificate(c, held), 0);
    say(c, 4, vote(VOTE_PRECOMMIT, 3, 0, 'A'));
    say(c, 4, vote(VOTE_PRECOMMIT, 2, 0, '-'));
    struct consensus_vote signed_one = vote(VOTE_PRECOMMIT, 0, 0, 'A');
    memset(signed_one.sig.b, 7, sizeof signed_one.sig.b);
    say(c, 4, signed_one);
    say(c, 4, vote(VOTE_PRECOMMIT, 1, 0, 'A'));
    cr_assert_eq(actions.v[actions.n - 1].type, ACT_DECIDE);
    cr_assert_eq(consensus_certificate(c, held), 3);
    cr_assert_eq(held[0].validator, 0);
    cr_assert_eq(held[0].sig.b[63], 7, "signatures are carried");
    cr_assert_eq(held[1].validator, 1);
    cr_assert_eq(held[2].validator, 3);
}

Test(consensus, certificate_of_another_node_leaves_none)
{
    struct consensus *c = begin(4, 4, 0);
    struct consensus_vote held[LIMIT_VALIDATORS];
    struct consensus_event e = {.type = EV_DECIDED, .height = 4, .round = 2, .value = story_value('A')};
    consensus_step(c, &e, &actions);
    cr_assert_eq(actions.n, 1);
    cr_assert_eq(actions.v[0].type, ACT_DECIDE);
    cr_assert_eq(consensus_certificate(c, held), 0);
    cr_assert_null(consensus_check(c));
}

/* Rounds far behind make room; what is left answers for its own round only. */
Test(consensus, rounds_are_bounded)
{
    struct consensus *c = begin(4, 4, 1);
    struct consensus_event wake = {.type = EV_WAKE, .height = 4};
    consensus_step(c, &wake, &actions);
    for (int32_t round = 0; round < 200; round++) {
        say(c, 4, vote(VOTE_PREVOTE, 0, round, '-'));
        say(c, 4, vote(VOTE_PREVOTE, 2, round, '-'));
    }
    struct consensus_status s;
    consensus_status(c, &s);
    cr_assert_eq(s.round, 199);
    cr_assert_eq(s.newest_round, 199);
    cr_assert_eq(s.oldest_round, 199 - CONSENSUS_ROUNDS + 1);
    cr_assert_null(consensus_vote(c, 100, VOTE_PREVOTE, 0));
    say(c, 4, vote(VOTE_PREVOTE, 3, 199 - LIMIT_ROUND_AHEAD, '-'));
    cr_assert_eq(actions.outcome, OUTCOME_STALE);
    say(c, 4, vote(VOTE_PREVOTE, 3, 199 - LIMIT_ROUND_AHEAD + 1, '-'));
    cr_assert_eq(actions.outcome, OUTCOME_TAKEN);
}

Test(consensus, the_checker_sees)
{
    struct consensus *c = begin(4, 4, 1);
    cr_assert_null(consensus_check(c));
    c->round = 3;
    cr_assert_str_eq(consensus_check(c), "idle in a round");
    c->step = STEP_PREVOTE;
    c->locked_round = 2;
    c->locked_value = story_value('A');
    cr_assert_str_eq(consensus_check(c), "the lock is newer than the valid value");
    c->valid_round = 2;
    c->valid_value = story_value('B');
    cr_assert_str_eq(consensus_check(c), "two values in one round");
    c->valid_value = story_value('A');
    cr_assert_null(consensus_check(c));
    c->pol.n = 1;
    cr_assert_str_eq(consensus_check(c), "the POL does not stand behind the valid value");
}
