/* Goal: a node does not sign before it can know what its key has signed, and never again when its journal has lost some of it
 * (REP-1, REP-2). */
#include <criterion/criterion.h>
#include "unit/replica/rig.h"

static enum status hear_last(struct rig *r, size_t from, const struct signed_vote *v)
{
    struct err err = {0};
    struct msg_last_vote m = {0};
    if (v != NULL) {
        m.vote = *v;
        SET_HAS(&m, msg_last_vote_key_vote);
    }
    return rig_hear(r, from, &msg_last_vote_desc, &m, &err);
}

static int32_t self(struct rig *r)
{
    struct replica_status s;
    replica_status(r->replica, &s);
    return s.consensus.self;
}

Test(replica_last_vote, an_empty_journal_waits_for_a_quorum)
{
    struct rig r;
    rig_init(&r, 1);
    r.silent = true;
    rig_start(&r);
    (void)rig_comment(&r, 1, "now");
    rig_run(&r, 5000);
    cr_expect_eq(self(&r), -1);
    cr_expect_eq(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0, "it signed");
    cr_expect(strstr(replica_no_vote(r.replica), "2 more nodes") != NULL, "%s", replica_no_vote(r.replica));
    cr_assert_eq(hear_last(&r, 0, NULL), ST_OK);
    cr_assert_eq(hear_last(&r, 0, NULL), ST_OK); /* one node counts once */
    cr_expect_eq(self(&r), -1);
    cr_assert_eq(hear_last(&r, 2, NULL), ST_OK);
    cr_expect_eq(self(&r), 1);
    cr_expect_null(replica_no_vote(r.replica));
    rig_run(&r, 5000);
    cr_expect_gt(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0, "it does not sign");
    rig_deinit(&r);
}

Test(replica_last_vote, a_journal_with_votes_waits_for_nobody)
{
    struct rig r;
    rig_init(&r, 1);
    rig_start(&r);
    (void)rig_comment(&r, 1, "now");
    rig_run(&r, 500);
    rig_stop(&r);
    r.silent = true;
    rig_start(&r);
    cr_expect_eq(self(&r), 1);
    rig_deinit(&r);
}

Test(replica_last_vote, its_own_vote_comes_back)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    arena_init(&a, 0);
    rig_init(&r, 1);
    rig_start(&r);
    (void)rig_comment(&r, 1, "now");
    rig_decide(&r);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m));
    cr_assert_eq(hear_last(&r, 0, &m.vote), ST_OK);
    cr_expect_eq(self(&r), 1);
    cr_expect_null(replica_no_vote(r.replica));
    arena_deinit(&a);
    rig_deinit(&r);
}

Test(replica_last_vote, a_vote_that_is_not_in_the_journal_ends_it)
{
    struct rig r;
    rig_init(&r, 1);
    rig_start(&r);
    struct signed_vote v = rig_vote(&r, 1, VOTE_PREVOTE, 2, NULL);
    cr_assert_eq(self(&r), 1);
    cr_assert_eq(hear_last(&r, 3, &v), ST_OK);
    cr_expect_eq(self(&r), -1);
    cr_expect_null(replica_halted(r.replica), "it goes on following");
    cr_expect(strstr(replica_no_vote(r.replica), "height 1, round 2") != NULL);
    rig_stop(&r);
    rig_start(&r); /* peers that know of none do not bring it back */
    cr_expect_eq(self(&r), -1);
    (void)rig_comment(&r, 1, "now");
    rig_run(&r, 5000);
    cr_expect_eq(r.sent[msg_vote_desc.number] + r.sent[msg_proposal_desc.number], 0, "it signed");
    rig_deinit(&r);
}

Test(replica_last_vote, another_vote_in_a_slot_ends_it)
{
    struct rig r;
    struct hash other = {{7}};
    rig_init(&r, 1);
    rig_start(&r);
    (void)rig_comment(&r, 1, "now");
    rig_run(&r, 500); /* it proposed in round 0 */
    struct signed_vote v = rig_vote(&r, 1, VOTE_PROPOSAL, 0, &other);
    cr_assert_eq(hear_last(&r, 3, &v), ST_OK);
    cr_expect_eq(self(&r), -1);
    rig_deinit(&r);
}

Test(replica_last_vote, what_is_not_its_own_changes_nothing)
{
    struct rig r;
    rig_init(&r, 1);
    rig_start(&r);
    struct signed_vote v = rig_vote(&r, 1, VOTE_PREVOTE, 2, NULL);
    v.sig.b[5] ^= 1; /* by another key: an older one, or nobody's */
    cr_expect_eq(hear_last(&r, 3, &v), ST_OK);
    v = rig_vote(&r, 2, VOTE_PREVOTE, 2, NULL);
    cr_expect_eq(hear_last(&r, 3, &v), ST_MISMATCH);
    v = rig_vote(&r, 1, VOTE_PREVOTE, 2, NULL);
    v.vote.epoch++;
    cr_expect_eq(hear_last(&r, 3, &v), ST_MISMATCH);
    cr_expect_eq(self(&r), 1);
    rig_deinit(&r);
}

/* What it holds of the others it returns on connecting: open height first, else the newest certificate. */
Test(replica_last_vote, it_returns_what_it_holds)
{
    struct rig r;
    struct arena a;
    struct msg_last_vote m;
    arena_init(&a, 0);
    rig_init(&r, 1);
    rig_start(&r);
    replica_peer_up(r.replica, span_str(r.f.orgs[0].id));
    cr_assert(rig_sent(&r, &msg_last_vote_desc, &a, &m));
    cr_expect(!HAS(&m, msg_last_vote_key_vote));
    (void)rig_comment(&r, 1, "one");
    rig_decide(&r);
    replica_peer_up(r.replica, span_str(r.f.orgs[0].id));
    cr_assert(rig_sent(&r, &msg_last_vote_desc, &a, &m));
    cr_assert(HAS(&m, msg_last_vote_key_vote));
    cr_expect_eq(m.vote.vote.height, 1);
    cr_expect_eq(m.vote.vote.type, VOTE_PRECOMMIT);
    cr_expect(span_eqs(m.vote.org, r.f.orgs[0].id));
    cr_assert_eq(rig_hear_vote(&r, 0, VOTE_PREVOTE, 3, NULL), ST_OK);
    replica_peer_up(r.replica, span_str(r.f.orgs[0].id));
    cr_assert(rig_sent(&r, &msg_last_vote_desc, &a, &m));
    cr_expect_eq(m.vote.vote.height, 2);
    cr_expect_eq(m.vote.vote.round, 3);
    arena_deinit(&a);
    rig_deinit(&r);
}

/* Messages are lost: it asks again each second until it is told, and is told by whoever is asked. */
Test(replica_last_vote, what_was_lost_is_asked_for_again)
{
    struct rig r;
    struct arena a;
    struct msg_status m;
    struct err err;
    arena_init(&a, 0);
    rig_init(&r, 1);
    r.silent = true;
    rig_start(&r);
    rig_run(&r, 2000);
    cr_assert(rig_sent(&r, &msg_status_desc, &a, &m));
    cr_expect(HAS(&m, msg_status_key_untold) && m.untold);
    size_t before = r.sent[msg_last_vote_desc.number];
    cr_assert_eq(rig_hear(&r, 2, &msg_status_desc, &m, &err), ST_OK); /* one that waits like this one */
    cr_expect_eq(r.sent[msg_last_vote_desc.number], before + 1);
    cr_assert_eq(hear_last(&r, 0, NULL), ST_OK);
    cr_assert_eq(hear_last(&r, 2, NULL), ST_OK);
    rig_run(&r, 2000);
    cr_assert(rig_sent(&r, &msg_status_desc, &a, &m));
    cr_expect(!HAS(&m, msg_status_key_untold));
    arena_deinit(&a);
    rig_deinit(&r);
}

/* One that has stopped for a while is told meanwhile: it answers, and votes when it goes on. */
Test(replica_last_vote, a_node_that_stopped_is_told_too)
{
    struct rig r;
    rig_init(&r, 1);
    r.silent = true;
    rig_start(&r);
    replica_stop(r.replica, "the disk is nearly full");
    cr_assert_eq(hear_last(&r, 0, NULL), ST_OK);
    cr_assert_eq(hear_last(&r, 2, NULL), ST_OK);
    cr_expect_eq(self(&r), 1);
    replica_resume(r.replica);
    (void)rig_comment(&r, 1, "now");
    rig_decide(&r);
    struct signed_vote v = rig_vote(&r, 1, VOTE_PREVOTE, 9, NULL);
    replica_stop(r.replica, "the disk is nearly full");
    cr_assert_eq(hear_last(&r, 3, &v), ST_OK);
    cr_expect_eq(self(&r), -1);
    rig_deinit(&r);
}
