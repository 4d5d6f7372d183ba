/* Goal: members come, go and change keys through a running alliance, also while others are down. */
#include <criterion/criterion.h>
#include "cert/vote.h"
#include "store/store_mem.h"
#include "unit/replica/mesh.h"

static struct mesh g_mesh;

static struct mesh *begin(size_t partners, size_t witnesses)
{
    mesh_init(&g_mesh, partners, witnesses);
    mesh_comment(&g_mesh, 0, "as founded");
    return &g_mesh;
}

static void expect_agreed(struct mesh *m)
{
    mesh_run(m, 3000);
    for (size_t i = 1; i < m->n; i++)
        if (m->nodes[i].replica != NULL && m->nodes[0].replica != NULL)
            cr_expect(mesh_agree(m, 0, i), "nodes 0 and %zu are at %llu and %llu", i, (unsigned long long)mesh_height(m, 0),
                      (unsigned long long)mesh_height(m, i));
}

Test(replica_mesh, a_newcomer_catches_up_says_ready_and_votes)
{
    struct mesh *m = begin(4, 0);
    size_t who = mesh_newcomer(m, true);
    mesh_admit(m, 0, who);
    cr_expect_eq(mesh_validators(m, 0), 4, "it votes before it is ready");
    mesh_start(m, who);
    mesh_run(m, 8000);
    cr_expect_eq(mesh_validators(m, 0), 5);
    cr_expect_str_eq(mesh_no_vote(m, who), "it votes");
    expect_agreed(m);
    mesh_stop(m, 1); /* four of five must sign now: the newcomer's signature is needed */
    mesh_comment(m, 0, "signed by the newcomer too");
    mesh_comment(m, who, "handed in at its node");
    mesh_start(m, 1);
    expect_agreed(m);
    mesh_deinit(m);
}

Test(replica_mesh, one_that_never_gets_ready_holds_nobody_up)
{
    struct mesh *m = begin(4, 0);
    size_t who = mesh_newcomer(m, true);
    mesh_admit(m, 0, who);
    mesh_run(m, 60000);
    mesh_stop(m, 3); /* three of four still do */
    mesh_comment(m, 0, "without either");
    cr_expect_eq(mesh_validators(m, 0), 4);
    mesh_deinit(m);
}

Test(replica_mesh, the_set_changes_while_others_are_down)
{
    struct mesh *m = begin(4, 0);
    mesh_stop(m, 3);
    size_t who = mesh_newcomer(m, true);
    mesh_admit(m, 0, who);
    mesh_start(m, who);
    mesh_run(m, 8000);
    cr_assert_eq(mesh_validators(m, 0), 5);
    mesh_comment(m, 0, "decided by the new set, of which one is down");
    mesh_start(m, 3); /* it has only ever heard of four */
    mesh_run(m, 8000);
    cr_expect_eq(mesh_validators(m, 3), 5);
    expect_agreed(m);
    mesh_stop(m, 1);
    mesh_comment(m, 0, "and now it is needed");
    mesh_deinit(m);
}

static void replace_node(struct mesh *m, size_t at, size_t who, const struct fixture_org *fresh)
{
    struct hash digest;
    struct fixture_org o = *fresh;
    struct replace_node body = {.card = fixture_card(&m->f, &o, false, &digest)};
    struct fixture_entry e = {.kind = KIND_NODE, .body = &body, .org = who, .seat = 4};
    (void)mesh_enter(m, at, &e);
}

/* Two of two: without its signature nothing is final, before and after. */
Test(replica_mesh, a_node_takes_fresh_keys_where_every_signature_is_needed)
{
    struct mesh *m = begin(2, 1);
    struct fixture_org fresh = m->f.orgs[1];
    fixture_rekey(&m->f, &fresh);
    replace_node(m, 0, 1, &fresh);
    mesh_run(m, 2000);
    cr_expect(!m->linked[0][1], "the old node key still has a link");
    mesh_take_keys(m, 1, &fresh); /* perhaps before it has the block that names them */
    mesh_run(m, 2000);
    cr_expect_str_eq(mesh_no_vote(m, 1), "it votes");
    mesh_comment(m, 0, "signed by fresh keys");
    mesh_comment(m, 1, "again");
    expect_agreed(m);
    mesh_deinit(m);
}

Test(replica_mesh, one_that_left_keeps_its_copy_and_gets_nothing_after)
{
    struct mesh *m = begin(4, 1);
    mesh_comment(m, 3, "by the one that will leave");
    mesh_stop(m, 3);
    mesh_remove(m, 0, 3, 4);
    uint64_t exit_height = mesh_height(m, 0);
    cr_expect_eq(mesh_validators(m, 0), 4);
    for (int i = 0; i < 3; i++)
        mesh_comment(m, 0, "after it left");
    memset(m->sent, 0, sizeof m->sent);
    mesh_start(m, 3);
    mesh_run(m, 8000);
    cr_expect_eq(mesh_height(m, 3), exit_height);
    cr_expect(strstr(mesh_no_vote(m, 3), "has left the alliance") != NULL, "%s", mesh_no_vote(m, 3));
    for (size_t i = 0; i < 5; i++)
        cr_expect(i == 3 || !m->linked[i][3], "node %zu has a link to it still", i);
    mesh_comment(m, 0, "it does not get this");
    mesh_run(m, 5000);
    cr_expect_eq(mesh_height(m, 3), exit_height);
    for (size_t i = 0; i < 5; i++)
        for (size_t kind = 0; kind < MESH_KINDS; kind++)
            if (kind != msg_block_desc.number && kind != msg_status_desc.number)
                cr_expect_eq(m->sent[i][3][kind], 0, "node %zu sent it a message of kind %zu", i, kind);
    mesh_stop(m, 3);
    mesh_start(m, 3);
    mesh_run(m, 3000);
    cr_expect_eq(mesh_height(m, 3), exit_height);
    mesh_deinit(m);
}

/* A peer's frame, made by hand. */
static void hear_vote(struct mesh *m, size_t at, size_t from, const struct signed_vote *v)
{
    struct buf body, frame;
    struct err err;
    struct msg_vote msg = {.vote = *v};
    buf_init(&body, 1 << 16);
    buf_init(&frame, 1 << 16);
    cr_assert_eq(codec_encode(&msg_vote_desc, &msg, &body), ST_OK);
    struct envelope e = {.kind = msg_vote_desc.number, .body = buf_span(&body)};
    cr_assert_eq(codec_encode(&envelope_desc, &e, &frame), ST_OK);
    (void)!replica_frame(m->nodes[at].replica, span_str(m->f.orgs[from].id), buf_span(&frame), &err);
    buf_deinit(&body);
    buf_deinit(&frame);
}

static size_t count_faults(struct mesh *m, size_t i)
{
    struct view v;
    struct err err;
    struct span key, value;
    uint8_t from[64] = {0};
    size_t n = 0, k = 1;
    cr_assert_eq(store_read_begin(m->nodes[i].store, &v, &err), ST_OK);
    while (view_next(&v, TABLE_FAULT, span_of(from, k), &key, &value) == ST_OK) {
        n++;
        cr_assert_lt(key.n, sizeof from);
        memcpy(from, key.p, key.n);
        from[key.n] = 0;
        k = key.n + 1;
    }
    store_read_end(m->nodes[i].store, &v);
    return n;
}

/* REP-7: both votes come to several nodes; one proof is on the record, and tells who it was. */
Test(replica_mesh, a_node_that_signs_twice_is_shown_once)
{
    struct mesh *m = begin(4, 0);
    struct replica_status s;
    struct hash values[2] = {{{1}}, {{2}}};
    mesh_stop(m, 3); /* its key signs elsewhere */
    replica_status(m->nodes[0].replica, &s);
    for (size_t at = 0; at < 3; at++)
        for (size_t k = 0; k < 2; k++) {
            struct signed_vote v = {.org = span_str(m->f.orgs[3].id),
                                    .vote = {.alliance = s.tip->alliance,
                                             .epoch = s.tip->epoch,
                                             .type = VOTE_PREVOTE,
                                             .height = s.tip->height + 1,
                                             .value = values[k]}};
            SET_HAS(&v.vote, vote_key_value);
            vote_sign(&v.vote, m->f.orgs[3].vote, &v.sig);
            hear_vote(m, at, 3, &v);
        }
    mesh_run(m, 70000);
    cr_expect_eq(count_faults(m, 0), 1);
    cr_expect_eq(count_faults(m, 2), 1);
    uint64_t height = mesh_height(m, 0);
    mesh_run(m, 30000);
    cr_expect_eq(mesh_height(m, 0), height, "the same proof is handed in again and again");
    mesh_deinit(m);
}

static void sign_twice(struct mesh *m, size_t at, size_t who, uint64_t round)
{
    struct replica_status s;
    struct hash values[2] = {{{1}}, {{2}}};
    replica_status(m->nodes[at].replica, &s);
    for (size_t k = 0; k < 2; k++) {
        struct signed_vote v = {.org = span_str(m->f.orgs[who].id),
                                .vote = {.alliance = s.tip->alliance,
                                         .epoch = s.tip->epoch,
                                         .type = VOTE_PRECOMMIT,
                                         .height = s.tip->height + 1,
                                         .round = round,
                                         .value = values[k]}};
        SET_HAS(&v.vote, vote_key_value);
        vote_sign(&v.vote, m->f.orgs[who].vote, &v.sig);
        hear_vote(m, at, who, &v);
    }
}

/* One that signs twice in every slot that there is: one proof a height, and one a minute. */
Test(replica_mesh, proofs_do_not_fill_the_ledger)
{
    struct mesh *m = begin(4, 0);
    mesh_stop(m, 3);
    for (uint64_t height = 0; height < 3; height++) {
        for (uint64_t round = 0; round < 12; round++)
            sign_twice(m, 0, 3, round);
        mesh_comment(m, 0, "on to the next height");
    }
    mesh_run(m, 20000);
    cr_expect_eq(count_faults(m, 0), 1, "%zu in the first minute", count_faults(m, 0));
    mesh_run(m, 300000);
    cr_expect_eq(count_faults(m, 0), 3, "%zu of three heights", count_faults(m, 0));
    mesh_deinit(m);
}

Test(replica_mesh, an_upgrade_leaves_behind_the_node_that_lacks_it)
{
    struct mesh *m = begin(4, 0);
    for (size_t i = 0; i < 3; i++) { /* newer programs, one after the other */
        mesh_stop(m, i);
        m->nodes[i].rules_max = 2;
        mesh_start(m, i);
        mesh_run(m, 2000);
    }
    struct effect e = {.type = EFFECT_UPGRADE, .rules = 2};
    SET_HAS(&e, effect_key_rules);
    mesh_decide(m, 0, "upgrade", &e, NULL, 4, MESH_MAX);
    mesh_run(m, 15000); /* the three say by themselves that they have it */
    const char *why = replica_halted(m->nodes[3].replica);
    cr_assert_not_null(why, "the node without the rules goes on");
    cr_expect(strstr(why, "rules version 2") != NULL, "%s", why);
    for (size_t i = 0; i < 3; i++)
        cr_expect_null(replica_halted(m->nodes[i].replica), "%s", replica_halted(m->nodes[i].replica));
    uint64_t stopped = mesh_height(m, 3);
    mesh_comment(m, 0, "under the new rules, by three of four");
    cr_expect_eq(mesh_height(m, 3), stopped);
    mesh_stop(m, 3);
    m->nodes[3].rules_max = 2;
    mesh_start(m, 3);
    mesh_run(m, 8000);
    cr_expect_null(replica_halted(m->nodes[3].replica));
    expect_agreed(m);
    mesh_deinit(m);
}

static void revoke(struct mesh *m, size_t at, size_t who, const struct hash *key)
{
    struct key body = {.key = {.alg = SIG_ED25519, .key = *key}};
    struct fixture_entry e = {.kind = KIND_KEY, .body = &body, .org = who, .seat = 4};
    (void)mesh_enter(m, at, &e);
}

/* A vote key is revoked: its node is out at once. Replaced, it is ready by itself, and votes. */
Test(replica_mesh, a_revoked_vote_key_comes_back_as_another)
{
    struct mesh *m = begin(4, 0);
    struct fixture_org fresh = m->f.orgs[2];
    revoke(m, 0, 2, &fresh.vote->pub);
    mesh_run(m, 2000);
    cr_expect_eq(mesh_validators(m, 0), 3);
    cr_expect(strstr(mesh_no_vote(m, 2), "was revoked") != NULL, "%s", mesh_no_vote(m, 2));
    mesh_comment(m, 0, "by three of three");
    cr_assert_eq(ed25519_new(&m->f.random, &fresh.vote), ST_OK);
    replace_node(m, 0, 2, &fresh);
    mesh_run(m, 1000);
    cr_expect_eq(mesh_validators(m, 0), 3, "it votes before it is ready");
    mesh_take_keys(m, 2, &fresh);
    mesh_run(m, 8000);
    cr_expect_eq(mesh_validators(m, 0), 4);
    mesh_stop(m, 1);
    mesh_comment(m, 0, "the new key is needed");
    mesh_start(m, 1);
    expect_agreed(m);
    mesh_deinit(m);
}

/* A node moved to another machine: fresh keys, an empty store. Its registrar has put the keys on the record; it finds out. */
Test(replica_mesh, a_replaced_node_begins_with_nothing)
{
    struct mesh *m = begin(4, 0);
    struct fixture_org fresh = m->f.orgs[3];
    struct err err = {0};
    fixture_rekey(&m->f, &fresh);
    mesh_stop(m, 3); /* the old machine is gone */
    for (int i = 0; i < 3; i++)
        mesh_comment(m, 0, "before");
    replace_node(m, 0, 3, &fresh);
    store_close(m->nodes[3].store);
    m->nodes[3].store = store_mem_new();
    cr_assert_eq(replica_found(m->nodes[3].store, &m->f.genesis, &err), ST_OK);
    mesh_start(m, 3); /* with the old keys: nobody knows it */
    mesh_run(m, 2000);
    cr_expect_eq(mesh_height(m, 3), 0);
    mesh_take_keys(m, 3, &fresh);
    mesh_run(m, 8000);
    cr_expect_str_eq(mesh_no_vote(m, 3), "it votes");
    mesh_stop(m, 1);
    mesh_comment(m, 0, "it is needed");
    mesh_deinit(m);
}

/* Two leave at once, by one block or by two: the last set is what is left, and goes on. */
Test(replica_mesh, down_to_one)
{
    struct mesh *m = begin(3, 0);
    mesh_remove(m, 0, 2, 3);
    mesh_run(m, 2000);
    cr_expect_eq(mesh_validators(m, 0), 2);
    mesh_remove(m, 0, 1, 2);
    mesh_run(m, 2000);
    cr_expect_eq(mesh_validators(m, 0), 1);
    mesh_comment(m, 0, "alone");
    mesh_deinit(m);
}
