/* Goal: one faulty member cannot stop the others. */
#include <criterion/criterion.h>
#include "cert/vote.h"
#include "crypto/hash.h"
#include "sim/world.h"
#include "unit/replica/rig.h"

/* Of (height 1, round 0), of four validators. */
enum { PROPOSER = 1 };

static enum status hear_proposal(struct rig *r, size_t org, uint64_t round, struct span header,
                                 struct span last_commit)
{
    struct hash id;
    struct err err = {0};
    sha256(header, &id);
    struct msg_proposal m = {
        .vote = rig_vote(r, org, VOTE_PROPOSAL, round, &id), .header = header, .last_commit = last_commit};
    return rig_hear(r, org, &msg_proposal_desc, &m, &err);
}

/* A proposer that signs one block after the other for its round and for its rounds to come leaves room for
 * those of the others: here for this node's own, in round 1. */
Test(replica_hostile, a_flood_of_proposals_leaves_room_for_honest_ones)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    rig_init(&r, 2);
    rig_start(&r);
    arena_init(&a, 0);
    (void)rig_comment(&r, 0, "decide this");
    for (uint64_t i = 0; i < 200; i++) {
        struct span last_commit, header = rig_nonsense(&r, PROPOSER, r.wall + i, &a, &last_commit);
        cr_expect_eq(hear_proposal(&r, PROPOSER, i < 100 ? 0 : 4 * i, header, last_commit), ST_OK);
    }
    for (size_t org = 0; org < 4; org++) {
        if (org == r.self)
            continue;
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, NULL), ST_OK);
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, NULL), ST_OK);
    }
    rig_run(&r, 20000);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m), "it has no room for its own block");
    cr_assert_eq(m.vote.vote.round, 1);
    cr_assert_eq(m.leaves.n, 1);
    struct hash id = m.vote.vote.value;
    for (size_t org = 0; org < 4; org++) {
        if (org == r.self)
            continue;
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 1, &id), ST_OK);
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 1, &id), ST_OK);
    }
    struct replica_status s;
    replica_status(r.replica, &s);
    cr_expect_eq(s.tip->height, 1);
    cr_expect_null(replica_halted(r.replica));
    arena_deinit(&a);
    rig_deinit(&r);
}

/* BLK-11. 500 long comments are 8 MB: more than a frame holds. They go in several blocks. */
Test(replica_hostile, more_text_than_a_frame_holds_goes_in_several_blocks, .timeout = 60)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    char text[16001];
    rig_init(&r, PROPOSER);
    rig_start(&r);
    arena_init(&a, 0);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (size_t i = 0; i < 500; i++)
        (void)rig_comment(&r, i % 4, text);
    rig_run(&r, 2000);
    cr_expect_null(replica_halted(r.replica), "%s", replica_halted(r.replica));
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m), "no proposal left");
    cr_expect_gt(m.leaves.n, 50); /* each partner's share */
    cr_expect_lt(m.leaves.n, 500);
    cr_expect_eq(m.prose.n, m.leaves.n);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* Ledger times that no clock shows, while decisions are open whose deadlines would have to be moved past
 * them. */
Test(replica_hostile, a_proposal_from_the_far_future_stops_nobody)
{
    static const uint64_t times[] = {(UINT64_C(1) << 53) - 1, UINT64_C(253402300799999),
                                     UINT64_C(253402214400000), UINT64_C(4102444800000)};
    struct rig r;
    struct arena a;
    struct replica_status s;
    rig_init(&r, PROPOSER);
    rig_start(&r);
    arena_init(&a, 0);
    (void)rig_propose(&r, 0, "terms");
    rig_decide(&r);
    replica_status(r.replica, &s);
    cr_assert_eq(s.tip->height, 1);
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        struct span last_commit, header = rig_nonsense(&r, 2 + i % 2, times[i], &a, &last_commit);
        cr_expect_eq(hear_proposal(&r, 2 + i % 2, i % 2, header, last_commit), ST_MISMATCH);
        cr_expect_null(replica_halted(r.replica), "%s", replica_halted(r.replica));
    }
    arena_deinit(&a);
    rig_deinit(&r);
}

/* A proposer whose clock is behind the block before takes the next millisecond: ledger time goes on. */
Test(replica_hostile, BFT_T2_a_clock_that_is_behind)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    struct header header;
    struct block_record block;
    struct replica_status s;
    struct err err = {0};
    rig_init(&r, PROPOSER);
    r.wall -= 3600000;
    rig_start(&r);
    arena_init(&a, 0);
    replica_status(r.replica, &s);
    uint64_t before = s.tip->time_ms;
    cr_assert_gt(before, r.wall);
    (void)rig_comment(&r, 0, "decide this");
    for (int i = 0; i < 300 && !rig_sent(&r, &msg_proposal_desc, &a, &m); i++)
        rig_run(&r, 100);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m), "it proposes nothing");
    cr_assert_eq(codec_decode(&header_desc, m.header, &a, &header, &err), ST_OK, "%s", err.text);
    cr_assert_eq(codec_decode(&block_record_desc, header.record, &a, &block, &err), ST_OK, "%s", err.text);
    cr_expect_eq(block.time_ms, before + 1);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* A vote of this node's that comes back and that its journal does not hold: another copy signs with its key.
 */
Test(replica_hostile, an_own_vote_that_the_journal_lacks_stops_this_node)
{
    struct rig r;
    rig_init(&r, 3);
    rig_start(&r);
    cr_expect_eq(rig_hear_vote(&r, 3, VOTE_PREVOTE, 0, NULL), ST_OK);
    struct replica_status s;
    replica_status(r.replica, &s);
    cr_expect_eq(s.consensus.self, -1, "it votes still");
    cr_assert_not_null(replica_no_vote(r.replica));
    cr_expect_not_null(strstr(replica_no_vote(r.replica), "journal does not hold"));
    cr_expect_null(replica_halted(r.replica), "it follows");
    rig_deinit(&r);
}

/* Its own votes of this height come back after a restart, as peers send what it seems to lack: nothing is
 * wrong. */
Test(replica_hostile, own_votes_that_the_journal_holds_are_welcome)
{
    struct rig r;
    struct arena a;
    struct msg_vote m;
    struct err err = {0};
    rig_init(&r, 3);
    rig_start(&r);
    arena_init(&a, 0);
    (void)rig_comment(&r, 0, "decide this");
    rig_run(&r, 10000);
    cr_assert(rig_sent(&r, &msg_vote_desc, &a, &m));
    rig_stop(&r);
    rig_start(&r);
    cr_expect_eq(rig_hear(&r, 0, &msg_vote_desc, &m, &err), ST_OK);
    cr_expect_null(replica_halted(r.replica));
    arena_deinit(&a);
    rig_deinit(&r);
}

/* One text 600 times beside its entry: kept once, and the block can still be served. */
Test(replica_hostile, a_text_given_again_and_again_is_kept_once, .timeout = 20)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    struct msg_block block;
    struct hash value;
    struct err err = {0};
    arena_init(&a, 0);
    struct span body = rig_proposed(&a, &value);
    rig_init(&r, 3);
    rig_start(&r);
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, &a, &m, &err), ST_OK);
    cr_assert_eq(m.prose.n, 1);
    struct pack_prose many[600];
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = m.prose.v[0];
    m.prose.v = many;
    m.prose.n = ARRAY_LEN(many);
    cr_assert_eq(rig_hear(&r, 1, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    for (size_t org = 0; org < 3; org++) {
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, &value), ST_OK);
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, &value), ST_OK);
    }
    struct msg_want want = {.from = 1, .count = 1};
    cr_assert_eq(rig_hear(&r, 0, &msg_want_desc, &want, &err), ST_OK);
    cr_assert(rig_sent(&r, &msg_block_desc, &a, &block));
    cr_expect_eq(block.prose.n, 1);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* Messages of the next height are kept, but one peer's junk leaves room for the votes of the others. */
Test(replica_hostile, junk_of_the_next_height_leaves_room)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    struct hash value, next = {{1}};
    struct err err = {0};
    arena_init(&a, 0);
    struct span body = rig_proposed(&a, &value);
    rig_init(&r, 3);
    rig_start(&r);
    for (uint64_t i = 0; i < 600; i++) {
        struct msg_vote junk = {.vote = rig_vote(&r, 2, VOTE_PREVOTE, i, &next)};
        junk.vote.vote.height = 2; /* and so badly signed */
        cr_assert_eq(rig_hear(&r, 2, &msg_vote_desc, &junk, &err), ST_OK);
    }
    for (size_t org = 0; org < 2; org++) {
        struct msg_vote early = {.vote = rig_vote(&r, org, VOTE_PREVOTE, 0, &next)};
        early.vote.vote.height = 2;
        vote_sign(&early.vote.vote, r.f.orgs[org].vote, &early.vote.sig);
        cr_assert_eq(rig_hear(&r, org, &msg_vote_desc, &early, &err), ST_OK);
    }
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, &a, &m, &err), ST_OK);
    cr_assert_eq(rig_hear(&r, 1, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    for (size_t org = 0; org < 3; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, &value), ST_OK);
    for (size_t org = 0; org < 2; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, &value), ST_OK);
    struct consensus_round_status round;
    cr_assert(replica_round(r.replica, 0, &round));
    cr_expect_eq(round.prevotes & 3, 3);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* A vote key that is not the one in the set signs nothing and counts for nothing. */
Test(replica_hostile, a_key_outside_the_set_does_not_vote)
{
    struct rig r;
    struct replica_status s;
    rig_init(&r, PROPOSER);
    r.vote = r.f.orgs[PROPOSER].node;
    rig_start(&r);
    (void)rig_comment(&r, 0, "decide this");
    rig_run(&r, 5000);
    replica_status(r.replica, &s);
    cr_expect_eq(s.consensus.self, CONSENSUS_FOLLOWER);
    cr_expect_eq(r.sent[msg_vote_desc.number], 0);
    cr_expect_eq(r.sent[msg_proposal_desc.number], 0);
    rig_deinit(&r);
}
