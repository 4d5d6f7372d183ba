/* Goal: a node comes back from any crash as it was. */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "unit/replica/rig.h"

static void append(struct rig *r, const struct signed_vote *v, uint64_t round, enum consensus_step step)
{
    struct journal_row row = {.height = 1,
                              .round = (int64_t)round,
                              .step = step,
                              .locked_round = -1,
                              .valid_round = -1,
                              .proposed_round = -1,
                              .vote = *v};
    struct buf b;
    struct err err;
    buf_init(&b, JOURNAL_RECORD_MAX);
    cr_assert_eq(codec_encode(&journal_row_desc, &row, &b), ST_OK);
    cr_assert_eq(journal_append(r->journal, 1, buf_span(&b), &err), ST_OK);
    buf_deinit(&b);
}

/* An alliance that went through 200 rounds at one height: 400 votes in the journal. */
Test(replica_restart, a_journal_of_many_rounds_is_taken_back)
{
    struct rig r;
    struct replica_status s;
    rig_init(&r, 3);
    rig_start(&r);
    for (uint64_t round = 0; round < 200; round++) {
        struct signed_vote prevote = rig_vote(&r, 3, VOTE_PREVOTE, round, NULL);
        struct signed_vote precommit = rig_vote(&r, 3, VOTE_PRECOMMIT, round, NULL);
        append(&r, &prevote, round, STEP_PREVOTE);
        append(&r, &precommit, round, STEP_PRECOMMIT);
    }
    rig_stop(&r);
    memset(r.sent, 0, sizeof r.sent);
    rig_start(&r);
    cr_expect_null(replica_halted(r.replica));
    replica_status(r.replica, &s);
    cr_expect_eq(s.consensus.round, 199);
    cr_expect_eq(s.consensus.step, STEP_PRECOMMIT);
    cr_expect_geq(r.sent[msg_vote_desc.number], 2);
    struct consensus_round_status round;
    cr_assert(replica_round(r.replica, 199, &round));
    cr_expect_eq(round.prevotes, 1u << 3);
    cr_expect_eq(round.precommits, 1u << 3);
    rig_deinit(&r);
}

/* The store was restored from a backup, the journal is newer: the node signs nothing, says why, and goes on answering. */
Test(replica_restart, a_store_older_than_the_journal_stops_the_node_with_words)
{
    struct rig r;
    struct replica_status s;
    struct err err;
    rig_init(&r, 3);
    rig_start(&r);
    struct signed_vote v = rig_vote(&r, 3, VOTE_PREVOTE, 0, NULL);
    v.vote.height = 5;
    struct journal_row row = {.height = 5,
                              .step = STEP_PREVOTE,
                              .locked_round = -1,
                              .valid_round = -1,
                              .proposed_round = -1,
                              .vote = v};
    struct buf b;
    buf_init(&b, JOURNAL_RECORD_MAX);
    cr_assert_eq(codec_encode(&journal_row_desc, &row, &b), ST_OK);
    cr_assert_eq(journal_append(r.journal, 5, buf_span(&b), &err), ST_OK);
    buf_deinit(&b);
    rig_stop(&r);
    memset(r.sent, 0, sizeof r.sent);
    rig_start(&r);
    cr_assert_not_null(replica_halted(r.replica));
    cr_expect_not_null(strstr(replica_halted(r.replica), "backup"));
    replica_status(r.replica, &s);
    cr_expect_eq(s.tip->height, 0);
    replica_peer_up(r.replica, span_str(r.f.orgs[0].id));
    rig_run(&r, 5000);
    cr_expect_gt(r.sent[msg_status_desc.number], 0);
    cr_expect_eq(r.sent[msg_vote_desc.number], 0);
    rig_deinit(&r);
}

/* The quorum came after this node's nil precommit: it has a valid value that it never voted for. After a
 * crash it is the proposer, and must be able to re-propose that block. */
Test(replica_restart, a_valid_value_can_be_proposed_after_a_crash)
{
    struct rig r;
    struct arena a;
    struct hash value;
    struct msg_proposal m;
    struct replica_status s;
    struct err err = {0};
    arena_init(&a, 0);
    struct span body = rig_proposed(&a, &value);
    rig_init(&r, 3); /* proposer of round 2 */
    rig_start(&r);
    cr_assert_eq(rig_hear_vote(&r, 0, VOTE_PREVOTE, 0, &value), ST_OK);
    cr_assert_eq(rig_hear_vote(&r, 1, VOTE_PREVOTE, 0, &value), ST_OK);
    rig_run(&r, 10000); /* proposes nothing, hears no proposal: nil and nil */
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.round, 0);
    cr_assert_eq(s.consensus.step, STEP_PRECOMMIT);
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, &a, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rig_hear(&r, 1, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rig_hear_vote(&r, 2, VOTE_PREVOTE, 0, &value), ST_OK);
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.valid_round, 0);
    cr_assert_eq(s.consensus.locked_round, -1);
    for (size_t org = 0; org < 3; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, NULL), ST_OK);
    rig_run(&r, 10000); /* round 1: a vote of it puts the valid value into the journal */
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.round, 1);
    rig_stop(&r);
    memset(r.sent, 0, sizeof r.sent);
    rig_start(&r);
    for (size_t org = 0; org < 3; org++) {
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 1, NULL), ST_OK);
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 1, NULL), ST_OK);
    }
    rig_run(&r, 10000);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m), "it did not propose the valid value again");
    cr_expect_eq(m.vote.vote.round, 2);
    cr_expect(hash_eq(&m.vote.vote.value, &value));
    cr_expect_eq(m.pol.n, 3);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* A clock that jumps 40 days ahead, and back, costs no entry that was acknowledged. */
Test(replica_restart, a_jump_of_the_clock_refuses_nothing)
{
    struct rig r;
    struct entry_status e;
    struct err err;
    rig_init(&r, 3);
    rig_start(&r);
    struct hash id = rig_comment(&r, 3, "wait for me");
    rig_stop(&r);
    r.wall += UINT64_C(40) * 86400000;
    rig_start(&r);
    rig_run(&r, 3000);
    cr_assert_eq(replica_entry(r.replica, &id, &e, &err), ST_OK);
    cr_expect_eq(e.state, ENTRY_WAITING, "%s", e.why);
    r.wall -= UINT64_C(40) * 86400000;
    memset(r.sent, 0, sizeof r.sent);
    rig_run(&r, 120000);
    cr_assert_eq(replica_entry(r.replica, &id, &e, &err), ST_OK);
    cr_expect_eq(e.state, ENTRY_WAITING, "%s", e.why);
    cr_expect_gt(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0, "nothing wakes it");
    rig_deinit(&r);
}

/* The largest record: a lock of an alliance of 64, whose organisations have the longest names. */
Test(replica_restart, the_largest_record_fits_the_journal)
{
    static const char name[] = "an-organisation-whose-name-is-as-long-as-an-identifier-may-be-o";
    struct rig r;
    struct signed_vote votes[LIMIT_VALIDATORS];
    struct hash value = {{1}};
    struct buf b;
    rig_init(&r, 3);
    rig_start(&r);
    for (size_t i = 0; i < ARRAY_LEN(votes); i++) {
        votes[i] = rig_vote(&r, 3, VOTE_PREVOTE, 1000000, &value);
        votes[i].org = span_str(name);
        votes[i].vote.height = UINT64_MAX >> 1;
        votes[i].vote.epoch = UINT64_MAX >> 1;
    }
    struct journal_row row = {.height = UINT64_MAX >> 1,
                              .round = 1000000,
                              .step = STEP_PRECOMMIT,
                              .locked_round = 1000000,
                              .locked_value = value,
                              .valid_round = 1000000,
                              .valid_value = value,
                              .proposed_round = 1000000,
                              .vote = votes[0],
                              .pol = {ARRAY_LEN(votes), votes},
                              .rests_on = {ARRAY_LEN(votes), votes},
                              .before = {3, votes}};
    SET_HAS(&row, journal_row_key_rests_on);
    SET_HAS(&row, journal_row_key_before);
    buf_init(&b, 1 << 20);
    cr_expect_eq(codec_encode(&journal_row_desc, &row, &b), ST_OK);
    cr_expect_leq(b.n, JOURNAL_RECORD_MAX, "%zu bytes, over %d", b.n, JOURNAL_RECORD_MAX);
    buf_deinit(&b);
    rig_deinit(&r);
}

/* A disk that was nearly full stops a node that has not signed yet; with room again it takes part as before, and what
 * it heard before it stopped still counts. */
Test(replica_restart, a_stop_from_outside_is_lifted)
{
    struct rig r;
    struct replica_status s;
    rig_init(&r, 1);
    rig_start(&r);
    replica_stop(r.replica, "the disk is nearly full");
    cr_assert_not_null(replica_halted(r.replica));
    (void)rig_comment(&r, 0, "decide this");
    memset(r.sent, 0, sizeof r.sent);
    rig_run(&r, 10000);
    cr_expect_eq(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0);
    cr_expect_gt(r.sent[msg_status_desc.number], 0);
    replica_resume(r.replica);
    cr_expect_null(replica_halted(r.replica));
    rig_decide(&r);
    replica_status(r.replica, &s);
    cr_expect_eq(s.tip->height, 1);
    cr_expect_null(replica_check(r.replica));
    rig_deinit(&r);
}

/* Stopped for good stays so, whoever frees whatever. */
Test(replica_restart, a_halt_is_not_lifted)
{
    struct rig r;
    rig_init(&r, 3);
    rig_start(&r);
    (void)rig_comment(&r, 0, "decide this");
    rig_run(&r, 10000); /* it has prevoted nil in round 0 */
    cr_expect_eq(rig_hear_vote(&r, 3, VOTE_PREVOTE, 0, &(struct hash){{9}}), ST_OK);
    cr_assert_not_null(replica_halted(r.replica));
    replica_stop(r.replica, "the disk is nearly full");
    replica_resume(r.replica);
    cr_assert_not_null(replica_halted(r.replica));
    cr_expect_not_null(strstr(replica_halted(r.replica), "another copy of this node"));
    rig_deinit(&r);
}

/* A store that was restored from a backup: the journal is ahead of it. It signs nothing, and answers. */
Test(replica_restart, a_restored_store_answers_and_does_not_vote)
{
    struct rig r;
    struct replica_status s;
    struct err err;
    rig_init(&r, 1);
    rig_start(&r);
    struct signed_vote v = rig_vote(&r, 1, VOTE_PREVOTE, 0, NULL);
    struct journal_row row = {.height = 5, .step = STEP_PREVOTE, .locked_round = -1, .valid_round = -1, .proposed_round = -1, .vote = v};
    struct buf b;
    buf_init(&b, JOURNAL_RECORD_MAX);
    cr_assert_eq(codec_encode(&journal_row_desc, &row, &b), ST_OK);
    cr_assert_eq(journal_append(r.journal, 5, buf_span(&b), &err), ST_OK);
    buf_deinit(&b);
    rig_stop(&r);
    rig_start(&r);
    const char *why = replica_halted(r.replica);
    cr_assert_not_null(why);
    cr_expect(strstr(why, "restored from a backup") != NULL, "%s", why);
    replica_status(r.replica, &s);
    cr_expect_eq(s.consensus.self, -1);
    rig_deinit(&r);
}
