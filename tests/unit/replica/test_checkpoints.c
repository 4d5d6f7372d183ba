/* Goal: checkpoints gather a quorum of cosignatures, whatever one member sends. */
#include <criterion/criterion.h>
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
