/* Goal: whoever hands in much, or asks much, waits behind himself and fills his own share only. */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "unit/replica/rig.h"

static uint64_t g_expires_in_ms = UINT64_C(20) * 86400000;

/* A comment by a seat of org, with its text; spoil: the signature does not verify. */
static enum status hand_in(struct rig *r, size_t org, size_t seat, const char *text, bool spoil, enum verdict *ret_verdict,
                           struct hash *ret_id, struct err *err)
{
    struct note body = {.type = NOTE_COMMENT};
    struct prose prose = fixture_prose(&r->f, text, &body.text);
    struct fixture_entry e = {
        .kind = KIND_NOTE, .body = &body, .org = org, .seat = seat, .prose = &prose, .n_prose = 1};
    struct replica_status s;
    struct buf b;
    char why[256];
    SET_HAS(&body, note_key_text);
    replica_status(r->replica, &s);
    e.basis.size = s.tip->tree.size;
    frontier_root(&s.tip->tree, &e.basis.root);
    e.at_ms = r->wall;
    e.expires_ms = r->wall + g_expires_in_ms;
    buf_init(&b, 1 << 17);
    fixture_submit(&r->f, &e, &b, ret_id);
    if (spoil) { /* the last byte of the signature, which stands before the texts */
        struct arena a;
        struct submission sub;
        arena_init(&a, 1 << 20);
        cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&b)), &a, &sub, err), ST_OK);
        uint8_t *sig = (uint8_t *)(uintptr_t)sub.signature.p;
        sig[sub.signature.n - 1] ^= 1;
        buf_reset(&b);
        cr_assert_eq(codec_encode(&submission_desc, &sub, &b), ST_OK);
        arena_deinit(&a);
    }
    enum status st = replica_submit(r->replica, buf_span(&b), ret_id, ret_verdict, why, err);
    buf_deinit(&b);
    return st;
}

static void hand_in_many(struct rig *r, size_t org, size_t n, const char *text)
{
    struct err err = {0};
    enum verdict verdict;
    struct hash id;
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(hand_in(r, org, i % FIXTURE_SEATS, text, false, &verdict, &id, &err), ST_OK, "%s", err.text);
        cr_assert_eq(verdict, V_OK);
    }
    cr_assert_eq(replica_acknowledge(r->replica, &err), ST_OK);
}

/* Entries that were made durable together leave as one, but not without bound. */
Test(replica_pool, entries_leave_together)
{
    struct rig r;
    rig_init(&r, 3);
    rig_start(&r);
    r.together = 0;
    memset(r.sent, 0, sizeof r.sent);
    hand_in_many(&r, 3, 5, "one of five");
    cr_expect_eq(r.sent[msg_entry_desc.number], 5);
    cr_expect_eq(r.together, 5);
    hand_in_many(&r, 3, 100, "one of a hundred");
    cr_expect_eq(r.sent[msg_entry_desc.number], 105);
    cr_expect_eq(r.together, 64);
    rig_deinit(&r);
}

/* The store takes nothing while the test has a transaction open: nobody is told that his entry was taken, and it is not lost. */
Test(replica_pool, what_cannot_be_kept_is_sent_all_the_same_and_said)
{
    struct rig r;
    struct store_txn *t;
    struct entry_status s;
    struct err err = {0};
    enum verdict verdict;
    struct hash id;
    rig_init(&r, 3);
    rig_start(&r);
    memset(r.sent, 0, sizeof r.sent);
    cr_assert_eq(hand_in(&r, 3, 1, "no room for it", false, &verdict, &id, &err), ST_OK);
    cr_expect_eq(r.sent[msg_entry_desc.number], 0, "sent before anybody asked for its acknowledgement");
    cr_assert_eq(store_begin(r.store, &t, &err), ST_OK);
    cr_assert_eq(replica_acknowledge(r.replica, &err), ST_BUSY);
    store_abort(r.store, t);
    cr_expect_eq(strncmp(err.text, "this node could not keep the entry, and its partners have it all the same: see whether it is on the record "
                                   "before you enter it again: ", 129), 0, "%s", err.text);
    cr_expect_eq(r.sent[msg_entry_desc.number], 1);
    cr_assert_eq(replica_entry(r.replica, &id, &s, &err), ST_OK);
    cr_expect_eq(s.state, ENTRY_WAITING);
    cr_expect_null(replica_check(r.replica));
    /* The next is taken. */
    cr_assert_eq(hand_in(&r, 3, 1, "another", false, &verdict, &id, &err), ST_OK);
    cr_assert_eq(replica_acknowledge(r.replica, &err), ST_OK, "%s", err.text);
    cr_expect_null(replica_check(r.replica));
    rig_deinit(&r);
}

/* 320 wait, 64 are relayed each second, each again after 3 s: the last has its turn too. */
Test(replica_pool, the_tail_is_relayed_too)
{
    struct rig r;
    struct arena a;
    struct msg_entry m;
    bool relayed = false;
    rig_init(&r, 3);
    rig_start(&r);
    arena_init(&a, 0);
    hand_in_many(&r, 0, 320, "one of many"); /* five seconds of 64: the last is the newest of its second */
    cr_assert(rig_sent(&r, &msg_entry_desc, &a, &m));
    struct span last = m.submission; /* as it went out when it was acknowledged */
    rig_run(&r, 2000);
    for (int i = 0; i < 150 && !relayed; i++) {
        r.sent[msg_entry_desc.number] = 0;
        rig_run(&r, 100);
        relayed = rig_sent(&r, &msg_entry_desc, &a, &m) && span_eq(m.submission, last);
    }
    cr_expect(relayed, "after 15 s the last was not relayed");
    arena_deinit(&a);
    rig_deinit(&r);
}

/* Somebody's one entry is in the next block, however many of another partner's came before. */
Test(replica_pool, one_entry_does_not_wait_for_a_thousand)
{
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    struct err err = {0};
    enum verdict verdict;
    struct hash id;
    bool in = false;
    rig_init(&r, 1);
    rig_start(&r);
    arena_init(&a, 0);
    hand_in_many(&r, 0, 1000, "one of many");
    cr_assert_eq(hand_in(&r, 2, 1, "the only one", false, &verdict, &id, &err), ST_OK);
    cr_assert_eq(replica_acknowledge(r.replica, &err), ST_OK);
    rig_run(&r, 1000);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m));
    for (size_t i = 0; i < m.leaves.n && !in; i++) {
        struct leaf leaf;
        cr_assert_eq(leaf_parse(m.leaves.v[i], &a, &leaf, &err), ST_OK);
        in = hash_eq(&leaf.id, &id);
    }
    cr_expect(in, "it is not among the %zu of the block", m.leaves.n);
    cr_expect_lt(m.leaves.n, 500);
    cr_expect_null(replica_check(r.replica));
    arena_deinit(&a);
    rig_deinit(&r);
}

/* A few are judged anew after each block; when it has spoilt one of them, all are: none stays in the way of those that come. */
Test(replica_pool, what_a_block_has_spoilt_goes)
{
    struct rig r;
    struct replica_status s;
    rig_init(&r, 1);
    rig_start(&r);
    g_expires_in_ms = 60000;
    hand_in_many(&r, 0, 150, "too late");
    hand_in_many(&r, 2, 150, "too late");
    replica_status(r.replica, &s);
    cr_assert_eq(s.mempool, 300);
    r.wall += 120000;
    g_expires_in_ms = UINT64_C(20) * 86400000;
    hand_in_many(&r, 3, 1, "in time");
    rig_decide(&r);
    replica_status(r.replica, &s);
    cr_assert_eq(s.tip->height, 1);
    cr_expect_eq(s.mempool, 0, "%" PRIu64 " wait", s.mempool);
    cr_expect_null(replica_check(r.replica));
    rig_deinit(&r);
}

/* In bytes: one partner of four fills half of what may wait (f + 1 = 2); the rest is the others'. */
Test(replica_pool, one_partner_fills_its_share_only, .timeout = 120)
{
    static char text[16001];
    struct rig r;
    struct err err = {0};
    enum verdict verdict;
    struct hash id;
    enum status st = ST_OK;
    size_t n = 0;
    rig_init(&r, 3);
    rig_start(&r);
    memset(text, 'x', sizeof text - 1);
    for (; n < 6000 && st == ST_OK; n += st == ST_OK)
        st = hand_in(&r, 0, n % FIXTURE_SEATS, text, false, &verdict, &id, &err);
    cr_assert_eq(st, ST_LIMIT, "%zu were taken", n);
    cr_expect_not_null(strstr(err.text, "its share"), "%s", err.text);
    cr_expect_gt(n * 16000, LIMIT_MEMPOOL_BYTES / 4);
    cr_expect_lt(n * 16000, LIMIT_MEMPOOL_BYTES / 2);
    cr_expect_eq(hand_in(&r, 2, 1, text, false, &verdict, &id, &err), ST_OK, "%s", err.text);
    cr_assert_eq(replica_acknowledge(r.replica, &err), ST_OK);
    cr_expect_null(replica_check(r.replica), "%s", replica_check(r.replica));
    rig_deinit(&r);
}

/* Whoever may not sign for the seat, and did not sign at all, hears of the signature: nothing was executed for it. */
Test(replica_pool, a_signature_is_checked_before_anything_is_executed)
{
    struct rig r;
    struct err err = {0};
    enum verdict verdict = V_OK;
    struct hash id;
    rig_init(&r, 3);
    rig_start(&r);
    r.wall += UINT64_C(40) * 86400000; /* it would be stale besides */
    struct fixture_org *org = &r.f.orgs[0];
    struct ed25519_key *mine = org->seats[1];
    org->seats[1] = r.f.orgs[2].seats[1]; /* and by a key that does not hold the seat */
    cr_expect_eq(hand_in(&r, 0, 1, "forged", true, &verdict, &id, &err), ST_BADSIG, "%s", err.text);
    cr_expect_eq(hand_in(&r, 0, 1, "signed by another", false, &verdict, &id, &err), ST_OK);
    cr_expect_neq(verdict, V_OK);
    org->seats[1] = mine;
    rig_deinit(&r);
}

/* A peer that says each moment that it has no proposal draws it so often, and no more; a second later again. */
Test(replica_pool, questions_draw_a_bounded_answer)
{
    static char text[16001];
    struct rig r;
    struct arena a;
    struct msg_proposal m;
    struct err err = {0};
    rig_init(&r, 1);
    rig_start(&r);
    arena_init(&a, 0);
    memset(text, 'x', sizeof text - 1);
    for (size_t org = 0; org < 3; org++)
        hand_in_many(&r, org, 100, text);
    rig_run(&r, 1000);
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m));
    size_t size = r.last[msg_proposal_desc.number].n;
    cr_assert_gt(size, 1 << 19);
    static const uint8_t none[8];
    struct msg_status ask = {
        .height = 1, .round = 0, .prevotes = span_of(none, 8), .precommits = span_of(none, 8)};
    for (int second = 0; second < 3; second++) {
        r.sent[msg_proposal_desc.number] = 0;
        for (int i = 0; i < 1000; i++)
            cr_assert_eq(rig_hear(&r, 2, &msg_status_desc, &ask, &err), ST_OK, "%s", err.text);
        cr_expect_geq(r.sent[msg_proposal_desc.number], 1, "second %d: it gets no answer at all", second);
        cr_expect_leq((r.sent[msg_proposal_desc.number] - 1) * size, 2 * LIMIT_FRAME_BYTES);
        r.mono += 1000;
    }
    arena_deinit(&a);
    rig_deinit(&r);
}
