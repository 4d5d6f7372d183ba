/* Goal: checkpoints gather a quorum of cosignatures, whatever one member sends. */
#include <criterion/criterion.h>
#include "fixture/refounding.h"
#include "merkle/checkpoint.h"
#include "unit/replica/rig.h"

static struct span key_name(struct rig *r, size_t org, struct arena *a, struct span *ret_origin)
{
    struct buf b;
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(r->f.genesis.origin), hex_of(&r->f.genesis.alliance).s);
    *ret_origin = arena_dup(a, buf_span(&b));
    buf_printf(&b, "/%s", r->f.orgs[org].id);
    struct span name = arena_dup(a, buf_span(&b));
    buf_deinit(&b);
    return name;
}

/* The tree after the genesis, cosigned by org; with a root that is not it when split, and with a line that
 * says to be of `forged` when that is another. */
static enum status hear_cosign(struct rig *r, size_t org, size_t forged, bool split, uint64_t time_s,
                               struct err *err)
{
    struct arena a;
    struct replica_status s;
    struct checkpoint c = {0};
    struct buf text, note;
    struct span origin;
    arena_init(&a, 0);
    buf_init(&text, 4096);
    buf_init(&note, 1 << 16);
    replica_status(r->replica, &s);
    struct note_key key =
        note_key_make(key_name(r, org, &a, &origin), NOTE_COSIGNATURE, &r->f.orgs[org].cosign->pub);
    struct note_key other =
        note_key_make(key_name(r, forged, &a, &origin), NOTE_COSIGNATURE, &r->f.orgs[forged].cosign->pub);
    c.origin = origin;
    c.size = s.tip->tree.size;
    frontier_root(&s.tip->tree, &c.root);
    if (split)
        c.root.b[0] ^= 1;
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    checkpoint_cosign(buf_span(&text), &key, r->f.orgs[org].cosign, time_s, &note);
    uint8_t zeros[72] = {0};
    if (forged != org)
        note_put_sig(&other, span_of(zeros, sizeof zeros), &note);
    struct msg_cosign m = {.size = c.size, .note = buf_span(&note)};
    enum status st = rig_hear(r, org, &msg_cosign_desc, &m, err);
    buf_deinit(&text);
    buf_deinit(&note);
    arena_deinit(&a);
    return st;
}

static uint64_t checkpoint_size(struct rig *r)
{
    struct replica_status s;
    replica_status(r->replica, &s);
    return s.checkpoint_size;
}

/* Those that came before this node signed count too. */
Test(replica_checkpoints, cosignatures_that_come_early_are_kept)
{
    struct rig r;
    struct err err = {0};
    rig_init(&r, 0);
    rig_start(&r);
    cr_assert_eq(hear_cosign(&r, 1, 1, false, 1, &err), ST_OK, "%s", err.text);
    cr_assert_eq(hear_cosign(&r, 2, 2, false, 1, &err), ST_OK, "%s", err.text);
    rig_run(&r, 200);
    cr_expect_gt(r.sent[msg_cosign_desc.number], 0);
    cr_expect_gt(checkpoint_size(&r), 0);
    rig_deinit(&r);
}

Test(replica_checkpoints, lines_of_others_are_not_taken_from_a_member)
{
    struct rig r;
    struct err err = {0};
    rig_init(&r, 0);
    rig_start(&r);
    rig_run(&r, 200);
    cr_assert_eq(hear_cosign(&r, 1, 3, false, 1, &err), ST_OK, "%s", err.text);
    cr_assert_eq(hear_cosign(&r, 2, 2, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_gt(checkpoint_size(&r), 0, "a forged line spoilt the checkpoint");
    rig_deinit(&r);
}

/* One line a member: a thousand of one leave room for the others'. */
Test(replica_checkpoints, one_member_cannot_fill_a_checkpoint)
{
    struct rig r;
    struct err err = {0};
    rig_init(&r, 0);
    rig_start(&r);
    rig_run(&r, 200);
    for (uint64_t t = 1; t <= 600; t++)
        cr_assert_eq(hear_cosign(&r, 1, 1, false, t, &err), ST_OK, "%s", err.text);
    cr_assert_eq(hear_cosign(&r, 2, 2, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_gt(checkpoint_size(&r), 0);
    rig_deinit(&r);
}

/* What one member cosigned is its fault. It stops nobody else. */
Test(replica_checkpoints, another_root_is_held_against_its_signer)
{
    struct rig r;
    struct err err = {0};
    rig_init(&r, 0);
    rig_start(&r);
    cr_expect_eq(hear_cosign(&r, 1, 1, true, 1, &err), ST_MISMATCH);
    cr_expect_neq(strstr(err.text, "p02"), NULL, "%s", err.text);
    cr_expect_null(replica_halted(r.replica), "%s", replica_halted(r.replica));
    rig_deinit(&r);
}

/* CKP-6. Whoever was away when the others sent theirs asks, and less and less often. */
Test(replica_checkpoints, without_a_quorum_it_says_its_own_again)
{
    struct rig r;
    struct err err = {0};
    size_t *sent = &r.sent[msg_cosign_desc.number];
    rig_init(&r, 0);
    rig_start(&r);
    rig_run(&r, 1000);
    size_t first = *sent;
    cr_assert_gt(first, 0);
    rig_run(&r, 8000);
    cr_expect_eq(*sent, first, "too early");
    rig_run(&r, 3000);
    cr_expect_eq(*sent, first + 1);
    rig_run(&r, 21000);
    cr_expect_eq(*sent, first + 2);
    rig_run(&r, 21000);
    cr_expect_eq(*sent, first + 2, "it waits twice as long each time");
    cr_assert_eq(hear_cosign(&r, 1, 1, false, 1, &err), ST_OK, "%s", err.text);
    cr_assert_eq(hear_cosign(&r, 2, 2, false, 1, &err), ST_OK, "%s", err.text);
    rig_run(&r, 400000);
    cr_expect_eq(*sent, first + 2, "a quorum is enough");
    rig_deinit(&r);
}

/* CKP-6. What is heard twice is a question. */
Test(replica_checkpoints, who_says_it_again_gets_ours)
{
    struct rig r;
    struct err err = {0};
    rig_init(&r, 0);
    rig_start(&r);
    rig_run(&r, 1000);
    size_t *to = &r.sent_to[1][msg_cosign_desc.number];
    size_t other = r.sent_to[2][msg_cosign_desc.number], first = *to;
    cr_assert_eq(hear_cosign(&r, 1, 1, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_eq(*to, first, "it is new: no question");
    for (int i = 0; i < 3; i++)
        cr_assert_eq(hear_cosign(&r, 1, 1, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_eq(*to, first + 1, "once in five seconds");
    struct arena a;
    struct msg_cosign m;
    arena_init(&a, 0);
    cr_assert(rig_sent(&r, &msg_cosign_desc, &a, &m));
    cr_expect_neq(memmem(m.note.p, m.note.n, "/p01 ", 5), NULL, "its own line is not there");
    rig_run(&r, 6000);
    cr_assert_eq(hear_cosign(&r, 1, 1, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_eq(*to, first + 2);
    cr_expect_eq(r.sent_to[2][msg_cosign_desc.number], other, "nobody else asked");
    arena_deinit(&a);
    rig_deinit(&r);
}

/* CKP-1. Until the first block of an epoch the tree is that of the epoch before: the set that begins does not cosign it. */
Test(replica_checkpoints, the_set_that_begins_an_epoch_does_not_cosign_the_last_ones_tree)
{
    struct rig r;
    struct arena a;
    struct err err = {0};
    struct span off[1] = {span_str("p04")};
    struct fixture_refounding w = {.off = off, .n_off = 1};
    struct view v;
    struct tip tip;
    struct msg_proposal m;
    size_t *sent = &r.sent[msg_cosign_desc.number];
    arena_init(&a, 0);
    rig_init(&r, 1); /* whose turn it is */
    cr_assert_eq(store_read_begin(r.store, &v, &err), ST_OK);
    cr_assert_eq(tip_load(&v, &tip, &err), ST_OK);
    store_read_end(r.store, &v);
    cr_assert_eq(replica_refound(r.store, fixture_refounding_make(&r.f, &tip, &w, &a), &err), ST_OK, "%s", err.text);
    rig_start(&r);
    rig_run(&r, 3000);
    cr_expect_eq(*sent, 0, "it cosigned the tree of the epoch before");
    for (size_t org = 0; org < 3; org += 2)
        cr_assert_eq(hear_cosign(&r, org, org, false, 1, &err), ST_OK, "%s", err.text);
    rig_run(&r, 1000);
    cr_expect_eq(checkpoint_size(&r), 0, "two are no quorum of the old four");
    cr_assert_eq(hear_cosign(&r, 3, 3, false, 1, &err), ST_OK, "%s", err.text);
    cr_expect_gt(checkpoint_size(&r), 0, "three are, though one of them is not of the set that begins");
    cr_assert(rig_sent(&r, &msg_proposal_desc, &a, &m), "the first block of an epoch waits for nothing");
    for (size_t org = 0; org < 3; org += 2) {
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PREVOTE, m.vote.vote.round, &m.vote.vote.value), ST_OK);
        cr_assert_eq(rig_hear_vote(&r, org, VOTE_PRECOMMIT, m.vote.vote.round, &m.vote.vote.value), ST_OK);
    }
    rig_run(&r, 2000);
    cr_expect_gt(*sent, 0, "nor the tree of its first block");
    rig_deinit(&r);
    arena_deinit(&a);
}
