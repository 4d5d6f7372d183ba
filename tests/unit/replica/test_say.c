/* BFT-A3: what a node signs becomes durable in one record, all or nothing, before it leaves and before a vote counts. */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "unit/replica/rig.h"

enum { SELF = 1 }; /* proposer of height 1, round 0 */

static size_t rows_of(struct rig *r, struct arena *a, struct journal_row *ret_newest)
{
    struct span bytes;
    struct err err;
    uint64_t h;
    size_t n = 0;
    while (journal_get(r->journal, n, &h, &bytes) == ST_OK)
        n++;
    if (n > 0) {
        cr_assert_eq(journal_get(r->journal, n - 1, &h, &bytes), ST_OK);
        cr_assert_eq(codec_decode(&journal_row_desc, arena_dup(a, bytes), a, ret_newest, &err), ST_OK, "%s", err.text);
    }
    return n;
}

static size_t bodies_in_store(struct rig *r)
{
    struct view v;
    struct err err;
    struct span key, value;
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    enum status st = view_next(&v, TABLE_BODY, span_of(NULL, 0), &key, &value);
    store_read_end(r->store, &v);
    cr_assert(st == ST_OK || st == ST_END);
    return st == ST_OK;
}

/* A peer that works on the open height, in round 0, and lacks its proposal. */
static void hear_status(struct rig *r, size_t from)
{
    static const uint8_t none[8];
    struct replica_status s;
    struct err err = {0};
    replica_status(r->replica, &s);
    struct msg_status m = {.height = s.tip->height + 1, .tip = s.tip->block, .prevotes = span_of(none, 8), .precommits = span_of(none, 8)};
    cr_assert_eq(rig_hear(r, from, &msg_status_desc, &m, &err), ST_OK, "%s", err.text);
}

static void same_proposal_after_a_crash(struct rig *r, const struct hash *value)
{
    struct arena a;
    struct msg_proposal m;
    arena_init(&a, 0);
    rig_stop(r);
    memset(r->sent, 0, sizeof r->sent);
    rig_start(r);
    cr_assert_null(replica_halted(r->replica), "%s", replica_halted(r->replica));
    cr_expect_geq(r->sent[msg_vote_desc.number], 1, "its prevote is said again");
    hear_status(r, 0);
    cr_assert(rig_sent(r, &msg_proposal_desc, &a, &m), "the block is held no more");
    cr_expect(hash_eq(&m.vote.vote.value, value));
    arena_deinit(&a);
}

Test(say, a_proposal_its_prevote_and_its_block_are_one_record)
{
    struct rig r;
    struct arena a;
    struct journal_row row = {0};
    struct body_row body;
    struct msg_proposal m;
    struct hash id;
    struct err err;
    arena_init(&a, 0);
    rig_init(&r, SELF);
    rig_start(&r);
    (void)rig_comment(&r, SELF, "decide this");
    rig_run(&r, 100);
    cr_assert_eq(rows_of(&r, &a, &row), 1);
    cr_assert(HAS(&row, journal_row_key_before));
    cr_assert_eq(row.before.n, 1);
    cr_expect_eq(row.before.v[0].vote.type, VOTE_PROPOSAL);
    cr_expect_eq(row.vote.vote.type, VOTE_PREVOTE);
    cr_expect_eq(row.step, STEP_PREVOTE);
    cr_expect_eq(row.proposed_round, 0);
    cr_assert(HAS(&row, journal_row_key_body));
    cr_assert_eq(codec_decode(&body_row_desc, row.body, &a, &body, &err), ST_OK, "%s", err.text);
    sha256(body.header, &id);
    cr_expect(hash_eq(&id, &row.vote.vote.value));
    cr_expect_eq(bodies_in_store(&r), 0, "it cost a commit");
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m));
    cr_expect(hash_eq(&m.vote.vote.value, &id));
    cr_expect_eq(r.sent[msg_vote_desc.number], 1);
    same_proposal_after_a_crash(&r, &id);
    rig_deinit(&r);
    arena_deinit(&a);
}

Test(say, a_longer_block_goes_into_the_store)
{
    struct rig r;
    struct arena a;
    struct journal_row row = {0};
    struct msg_proposal m;
    arena_init(&a, 0);
    rig_init(&r, SELF);
    rig_start(&r);
    for (int i = 0; i < 40; i++)
        (void)rig_comment(&r, SELF, "a block of forty comments is longer than what a record holds");
    rig_run(&r, 100);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m));
    cr_assert_gt(r.last[msg_proposal_desc.number].n, JOURNAL_BODY_MAX);
    cr_assert_eq(rows_of(&r, &a, &row), 1);
    cr_expect_not(HAS(&row, journal_row_key_body));
    cr_expect_eq(bodies_in_store(&r), 1);
    struct hash id = m.vote.vote.value;
    same_proposal_after_a_crash(&r, &id);
    for (size_t org = 0; org < 4; org++)
        if (org != SELF) {
            cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, &id), ST_OK);
            cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, &id), ST_OK);
        }
    struct replica_status s;
    replica_status(r.replica, &s);
    cr_expect_eq(s.tip->height, 1);
    cr_expect_eq(bodies_in_store(&r), 0, "a block that is final is kept twice");
    rig_deinit(&r);
    arena_deinit(&a);
}

/* Else it could sign another proposal after a restart, while somebody holds the first. */
Test(say, what_the_journal_does_not_take_is_never_said)
{
    struct rig r;
    struct arena a;
    struct journal_row row = {0};
    struct msg_proposal m;
    arena_init(&a, 0);
    rig_init(&r, SELF);
    rig_start(&r);
    memset(r.sent, 0, sizeof r.sent);
    r.full = true;
    (void)rig_comment(&r, SELF, "decide this");
    rig_run(&r, 100);
    cr_assert_not_null(replica_halted(r.replica));
    cr_expect_not_null(strstr(replica_halted(r.replica), "the vote journal cannot be written"), "%s", replica_halted(r.replica));
    hear_status(&r, 0);
    cr_expect_eq(r.sent[msg_proposal_desc.number], 0, "it gives away a proposal that its journal does not hold");
    cr_expect_eq(r.sent[msg_vote_desc.number], 0);
    r.full = false;
    rig_stop(&r);
    rig_start(&r);
    rig_run(&r, 100);
    cr_assert_null(replica_halted(r.replica), "%s", replica_halted(r.replica));
    cr_expect(rig_sent(&r, &msg_proposal_desc, &a, &m));
    cr_expect_eq(rows_of(&r, &a, &row), 1);
    rig_deinit(&r);
    arena_deinit(&a);
}

/* The others have voted before this node has the proposal: its prevote and its precommit are due at once. */
Test(say, a_late_node_says_both_votes_in_one_record)
{
    struct rig r;
    struct arena a;
    struct hash value;
    struct journal_row row = {0};
    struct msg_proposal m;
    struct err err = {0};
    arena_init(&a, 0);
    struct span body = rig_proposed(&a, &value);
    rig_init(&r, 3);
    rig_start(&r);
    for (size_t org = 0; org < 3; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, &value), ST_OK);
    memset(r.sent, 0, sizeof r.sent);
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, &a, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rig_hear(&r, 1, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rows_of(&r, &a, &row), 1);
    cr_assert(HAS(&row, journal_row_key_before));
    cr_assert_eq(row.before.n, 1);
    cr_expect_eq(row.before.v[0].vote.type, VOTE_PREVOTE);
    cr_expect_eq(row.vote.vote.type, VOTE_PRECOMMIT);
    cr_expect_eq(row.locked_round, 0);
    cr_expect_eq(row.pol.n, 3);
    cr_expect(HAS(&row, journal_row_key_body), "its precommit binds it to this block");
    cr_expect_eq(r.sent[msg_vote_desc.number], 2);
    rig_stop(&r);
    memset(r.sent, 0, sizeof r.sent);
    rig_start(&r);
    struct replica_status s;
    struct consensus_round_status round;
    replica_status(r.replica, &s);
    cr_expect_eq(s.consensus.locked_round, 0);
    cr_assert(replica_round(r.replica, 0, &round));
    cr_expect_neq(round.prevotes & 8, 0);
    cr_expect_neq(round.precommits & 8, 0);
    cr_expect_eq(r.sent[msg_vote_desc.number], 2, "both are said again");
    /* REP-2: a peer that returns the first of the two has nothing against its journal. */
    struct msg_last_vote last = {.vote = row.before.v[0]};
    SET_HAS(&last, msg_last_vote_key_vote);
    cr_assert_eq(rig_hear(&r, 0, &msg_last_vote_desc, &last, &err), ST_OK, "%s", err.text);
    cr_expect_null(replica_no_vote(r.replica), "%s", replica_no_vote(r.replica));
    rig_deinit(&r);
    arena_deinit(&a);
}
