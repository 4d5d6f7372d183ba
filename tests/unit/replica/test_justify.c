/* BFT-A2: a node keeps the prevotes behind each of its votes, not only the newest: with less, a fork can name nobody. */
#include <criterion/criterion.h>
#include "rig.h"

enum { SELF = 0 };

/* Body of msg_proposal: organisation 2 proposes a block of its own in round 1, nobody having spoken in round 0. */
static struct span proposed_in_round_1(struct arena *a, struct hash *ret_value)
{
    struct rig other;
    struct buf b;
    struct msg_proposal m;
    rig_init(&other, 2);
    rig_start(&other);
    (void)rig_comment(&other, 0, "decide that");
    rig_run(&other, 100);
    for (size_t org = 0; org < 4; org++) {
        if (org == 2)
            continue;
        cr_assert_eq(rig_hear_vote(&other, org, VOTE_PREVOTE, 0, NULL), ST_OK);
        cr_assert_eq(rig_hear_vote(&other, org, VOTE_PRECOMMIT, 0, NULL), ST_OK);
    }
    rig_run(&other, 10000);
    cr_assert(rig_sent(&other, &msg_proposal_desc, a, &m));
    cr_assert_eq(m.vote.vote.round, 1);
    *ret_value = m.vote.vote.value;
    buf_init(&b, LIMIT_FRAME_BYTES);
    cr_assert_eq(codec_encode(&msg_proposal_desc, &m, &b), ST_OK);
    struct span body = arena_dup(a, buf_span(&b));
    buf_deinit(&b);
    rig_deinit(&other);
    return body;
}

static void hear_proposal(struct rig *r, size_t from, struct span body, struct arena *a)
{
    struct msg_proposal m;
    struct err err = {0};
    cr_assert_eq(codec_decode(&msg_proposal_desc, body, a, &m, &err), ST_OK, "%s", err.text);
    cr_assert_eq(rig_hear(r, from, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
}

/* Rows of TABLE_POL for height 1 in a round for a value. */
static size_t kept(struct rig *r, uint32_t round, const struct hash *value)
{
    struct view v;
    struct err err;
    struct span row;
    struct arena a;
    struct pol_row pol = {.votes = {0, NULL}};
    uint8_t key[44];
    store_u64(key, 1);
    store_u32(key + 8, round);
    memcpy(key + 12, value->b, 32);
    arena_init(&a, 0);
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    if (view_get(&v, TABLE_POL, span_of(key, sizeof key), &row) == ST_OK)
        cr_assert_eq(codec_decode(&pol_row_desc, row, &a, &pol, &err), ST_OK);
    store_read_end(r->store, &v);
    arena_deinit(&a);
    return pol.votes.n;
}

/* Locks A in round 0, B in round 1, decides B; with a crash in between or not. */
static void lock_twice(bool crash)
{
    struct rig r;
    struct arena a;
    struct hash first, second;
    struct replica_status s;
    arena_init(&a, 0);
    struct span one = rig_proposed(&a, &first), two = proposed_in_round_1(&a, &second);
    rig_init(&r, SELF);
    rig_start(&r);
    hear_proposal(&r, 1, one, &a);
    for (size_t org = 1; org < 3; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 0, &first), ST_OK);
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.locked_round, 0);
    if (crash) {
        rig_stop(&r);
        rig_start(&r);
    }
    for (size_t org = 1; org < 4; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 0, NULL), ST_OK);
    rig_run(&r, 5000);
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.round, 1);
    hear_proposal(&r, 2, two, &a);
    for (size_t org = 1; org < 4; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, 1, &second), ST_OK);
    replica_status(r.replica, &s);
    cr_assert_eq(s.consensus.locked_round, 1);
    for (size_t org = 1; org < 3; org++)
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, 1, &second), ST_OK);
    replica_status(r.replica, &s);
    cr_assert_eq(s.tip->height, 1);
    cr_expect_eq(kept(&r, 0, &first), 3, "the prevotes behind its first precommit");
    cr_expect_eq(kept(&r, 1, &second), 3, "the prevotes behind its second precommit");
    rig_deinit(&r);
    arena_deinit(&a);
}

Test(replica_justify, all_that_it_precommitted)
{
    lock_twice(false);
}

Test(replica_justify, also_what_it_precommitted_before_a_crash)
{
    lock_twice(true);
}
