/* REP-8: a prevote that agrees with a quorum waits, and nothing but time hangs on it. */
#include <criterion/criterion.h>
#include "unit/replica/rig.h"

enum { SELF = 3, LATE = 2 };

/* Node 3 has locked the block of round 0 on the prevotes of 0, 1 and its own; node 2's is still to come. */
static void lock(struct rig *r, struct arena *a, struct hash *ret_value)
{
    struct msg_proposal m;
    struct replica_status s;
    struct err err = {0};
    struct span body = rig_proposed(a, ret_value);
    rig_init(r, SELF);
    rig_start(r);
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, a, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rig_hear(r, 1, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    for (size_t org = 0; org < 2; org++)
        cr_assert_eq(rig_hear_vote(r, org, VOTE_PREVOTE, 0, ret_value), ST_OK);
    replica_status(r->replica, &s);
    cr_assert_eq(s.consensus.locked_round, 0);
}

static uint64_t prevotes(struct rig *r)
{
    struct consensus_round_status round;
    cr_assert(replica_round(r->replica, 0, &round));
    return round.prevotes;
}

static uint64_t faults_of(struct rig *r, size_t org)
{
    struct replica_peer_status p;
    for (size_t i = 0; replica_peer(r->replica, i, &p); i++)
        if (span_eqs(p.org, r->f.orgs[org].id))
            return p.faults;
    return 0;
}

static size_t kept_proofs(struct rig *r)
{
    struct view v;
    struct err err;
    struct span key, value;
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    enum status st = view_next(&v, TABLE_NODE, span_str("fault/"), &key, &value);
    bool found = st == ST_OK && key.n > 6 && memcmp(key.p, "fault/", 6) == 0;
    store_read_end(r->store, &v);
    return found;
}

Test(later, it_waits_and_is_counted_within_a_second)
{
    struct rig r;
    struct arena a;
    struct hash value;
    arena_init(&a, 0);
    lock(&r, &a, &value);
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 0, &value), ST_OK);
    cr_expect_eq(prevotes(&r), 8 + 2 + 1, "it did not wait");
    rig_run(&r, 1000);
    cr_expect_eq(prevotes(&r), 8 + 4 + 2 + 1);
    cr_expect_eq(faults_of(&r, LATE), 0);
    rig_deinit(&r);
    arena_deinit(&a);
}

Test(later, a_forged_one_is_found_and_held_against_its_sender)
{
    struct rig r;
    struct arena a;
    struct hash value;
    struct err err;
    arena_init(&a, 0);
    lock(&r, &a, &value);
    struct msg_vote m = {.vote = rig_vote(&r, LATE, VOTE_PREVOTE, 0, &value)}, good = m;
    m.vote.sig.b[7] ^= 1;
    cr_assert_eq(rig_hear(&r, 0, &msg_vote_desc, &m, &err), ST_OK);
    cr_expect_eq(faults_of(&r, 0), 0);
    /* The true one comes while it waits: it is looked at at once. */
    cr_assert_eq(rig_hear(&r, LATE, &msg_vote_desc, &good, &err), ST_OK);
    cr_expect_eq(prevotes(&r), 8 + 4 + 2 + 1);
    rig_run(&r, 1000);
    cr_expect_eq(faults_of(&r, 0), 1, "what waited was forgotten");
    cr_expect_eq(faults_of(&r, LATE), 0);
    rig_deinit(&r);
    arena_deinit(&a);
}

/* BFT-A8: the first of two votes of a slot waits, the second differs. Both are the proof, whichever was looked at first. */
Test(later, two_votes_of_a_slot_are_a_fault_all_the_same)
{
    struct rig r;
    struct arena a;
    struct hash value;
    arena_init(&a, 0);
    lock(&r, &a, &value);
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 0, &value), ST_OK);
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 0, NULL), ST_OK);
    rig_run(&r, 1000);
    cr_expect_eq(kept_proofs(&r), 1);
    rig_deinit(&r);
    arena_deinit(&a);
}

/* REP-1: a node that lost its journal is told of a vote that waits here. */
Test(later, its_signer_is_told_of_it)
{
    struct rig r;
    struct arena a;
    struct hash value;
    struct msg_last_vote last;
    arena_init(&a, 0);
    lock(&r, &a, &value);
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 0, &value), ST_OK);
    cr_assert_eq(prevotes(&r), 8 + 2 + 1);
    replica_peer_up(r.replica, span_str(r.f.orgs[LATE].id));
    cr_assert(rig_sent(&r, &msg_last_vote_desc, &a, &last));
    cr_assert(HAS(&last, msg_last_vote_key_vote));
    cr_expect(span_eqs(last.vote.org, r.f.orgs[LATE].id));
    cr_expect_eq(last.vote.vote.type, VOTE_PREVOTE);
    rig_deinit(&r);
    arena_deinit(&a);
}

/* Another block, or no quorum yet: nothing waits. */
Test(later, what_agreement_may_need_is_looked_at_now)
{
    struct rig r;
    struct arena a;
    struct hash value, other;
    arena_init(&a, 0);
    lock(&r, &a, &value);
    other = value;
    other.b[0] ^= 1;
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 0, &other), ST_OK);
    cr_expect_eq(prevotes(&r), 8 + 4 + 2 + 1);
    cr_assert_eq(rig_hear_vote(&r, LATE, VOTE_PREVOTE, 1, &value), ST_OK);
    struct consensus_round_status round;
    cr_assert(replica_round(r.replica, 1, &round));
    cr_expect_eq(round.prevotes, 4);
    rig_deinit(&r);
    arena_deinit(&a);
}
