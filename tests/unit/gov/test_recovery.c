/* An organisation gets its registrar back, and nobody else takes it: GOV-33, GOV-34, recovery in GOV-T2. */
#include <criterion/criterion.h>
#include "world_members.h"
#include "gov/party.h"

TestSuite(recovery, .timeout = 30);

static const struct span no_card;

static uint64_t leaf_of(struct world *w)
{
    struct query_recoveries q;
    cr_assert_eq(query_recoveries(&w->v, &w->a, &q, &w->err), ST_OK);
    cr_assert_eq(q.list.n, 1);
    return q.list.v[0].leaf;
}

static size_t announced(struct world *w)
{
    struct query_recoveries q;
    cr_assert_eq(query_recoveries(&w->v, &w->a, &q, &w->err), ST_OK);
    return q.list.n;
}

/* Founded long enough ago that what changes now is new. */
static void old_world(struct world *w)
{
    world_found(w);
    AT(w, "2026-05-01T12:00:00Z");
}

Test(recovery, GOV_33_after_its_notice)
{
    struct world w;
    struct fixture_card c;
    struct public_key thief = world_key("maker/registrar"), fresh = world_key("new registrar");
    old_world(&w);
    fixture_card_make(&w.a, 1, "maker", NULL, NULL, &c);
    /* Any seat of anybody carries it in. */
    EXPECT_VERDICT(
        &w, world_recover(&w, "brand/finance", "maker", "new registrar", "another", 0, c.bytes, "maker"),
        V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    cr_assert_eq(world_key_state(&w, &fresh.key).use, KEY_PERSON); /* held for it from now on */
    AT(&w, "2026-05-08T12:00:00.999Z");
    cr_assert_eq(w.fired, 0);
    AT(&w, "2026-05-08T12:00:01Z");
    cr_assert_eq(w.fired, 1);
    cr_assert(world_holds(&w, "maker/registrar", "new registrar") &&
              world_holds(&w, "maker/registrar", "another"));
    cr_assert(!world_holds(&w, "maker/registrar", "maker/registrar"));
    struct state_key k = world_key_state(&w, &thief.key);
    cr_assert(HAS(&k, state_key_key_revoked_ms));
    struct state_party p = world_party(&w, "maker");
    cr_assert_eq(p.recoveries, 1);
    cr_assert(hash_eq(&p.node.vote, &c.vote->pub));
    cr_assert_eq(p.changed_leaf, w.g.leaf);
    cr_assert_eq(announced(&w), 0);
    w.key = "maker/registrar";
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "x", NULL), V_REVOKED_KEY);
    w.key = "new registrar";
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "x", NULL), V_OK);
    /* The statement serves once. */
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "third", NULL, 0, no_card, "maker"),
                   V_BAD_SIGNATURE);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "third", NULL, 1, no_card, "maker"), V_OK);
    fixture_card_free(&c);
    world_free(&w);
}

Test(recovery, GOV_33_refusals)
{
    struct world w;
    struct fixture_card c;
    old_world(&w);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "nobody", "k", NULL, 0, no_card, "maker"),
                   V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "brand", "k", NULL, 0, no_card, "brand"),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "named no recovery key");
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", NULL, 0, no_card, "brand"),
                   V_BAD_SIGNATURE);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", NULL, 1, no_card, "maker"),
                   V_BAD_SIGNATURE);
    EXPECT_WHY(&w, "after 0 recoveries");
    w.g.epoch = 1; /* signed for epoch 1, applied in it; then for another */
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "maker/node", NULL, 0, no_card, "maker"),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", "k", 0, no_card, "maker"),
                   V_MALFORMED);
    EXPECT_VERDICT(&w,
                   world_recover(&w, "brand/finance", "maker", "brand/finance", NULL, 0, no_card, "maker"),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w,
                   world_recover(&w, "brand/finance", "maker", "k", "maker/registrar 2", 0, no_card, "maker"),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "holds the registrar seat now");
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "maker/quality"), V_OK);
    EXPECT_VERDICT(&w,
                   world_recover(&w, "brand/finance", "maker", "maker/quality", NULL, 0, no_card, "maker"),
                   V_REVOKED_KEY);
    fixture_card_make(&w.a, 1, "brand", NULL, NULL, &c);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", NULL, 0, c.bytes, "maker"),
                   V_MALFORMED);
    fixture_card_free(&c);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "k", NULL, 0, no_card, "maker"), V_OK);
    EXPECT_VERDICT(&w, world_recover(&w, "maker/finance", "maker", "other", NULL, 0, no_card, "maker"),
                   V_NOT_NOW);
    EXPECT_WHY(&w, "announced already");
    world_free(&w);
}

/* What a statement says is what was signed: epoch, keys, card. */
Test(recovery, GOV_33_the_statement)
{
    struct world w;
    struct fixture_card c, d;
    old_world(&w);
    fixture_card_make(&w.a, 1, "maker", NULL, NULL, &c);
    fixture_card_make(&w.a, 2, "maker", NULL, NULL, &d);
    struct public_key key = world_key("k"), other = world_key("other");
    struct recover r = {.org = span_str("maker"), .keys = {1, &key}, .card = c.bytes};
    SET_HAS(&r, recover_key_card);
    r.signature = world_recovery_signature(&w, &r, 0, "maker");
    struct recover bad = r;
    bad.card = d.bytes;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_RECOVER, &recover_desc, &bad), V_BAD_SIGNATURE);
    bad = r;
    bad.keys.v = &other;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_RECOVER, &recover_desc, &bad), V_BAD_SIGNATURE);
    bad = r;
    bad.has &= ~(UINT64_C(1) << recover_key_card);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_RECOVER, &recover_desc, &bad), V_BAD_SIGNATURE);
    w.g.epoch = 1;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_RECOVER, &recover_desc, &r), V_BAD_SIGNATURE);
    EXPECT_WHY(&w, "epoch 1");
    w.g.epoch = 0;
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_RECOVER, &recover_desc, &r), V_OK);
    fixture_card_free(&c);
    fixture_card_free(&d);
    world_free(&w);
}

/* Who stole the registrar's key sees the recovery come. */
Test(recovery, a_stolen_registrar_does_not_stay)
{
    struct world w;
    old_world(&w);
    /* It fills all other seats first, to have two. */
    static const char *const seats[] = {"sponsor", "alliance-manager", "business-lead", "finance", "quality"};
    for (size_t i = 0; i < ARRAY_LEN(seats); i++) {
        char seat[64], key[64];
        (void)snprintf(seat, sizeof seat, "maker/%s", seats[i]);
        (void)snprintf(key, sizeof key, "thief %s", seats[i]);
        EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", seat, key, NULL), V_OK);
    }
    w.key = "thief finance";
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "thief", NULL), V_NOT_NOW);
    EXPECT_WHY(&w, "changed within 14 days");
    AT(&w, "2026-05-11T12:00:00Z");
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "true", NULL, 0, no_card, "maker"), V_OK);
    uint64_t leaf = leaf_of(&w);
    /* Waiting for its seats to settle within the notice gives it nothing: what counts is when it was
     * announced. */
    AT(&w, "2026-05-17T12:00:00Z");
    w.key = "thief finance";
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/finance", leaf), V_NOT_NOW);
    EXPECT_WHY(&w, "another seat must act");
    /* It cannot kill the key that is to come, nor can anybody take it. */
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "true"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "makes it the registrar's");
    EXPECT_VERDICT(&w, world_holder(&w, "brand/registrar", "brand/finance", "true", NULL), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "belongs to maker");
    AT(&w, "2026-05-18T12:00:01Z");
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/finance", "thief 2", NULL), V_REVOKED_KEY);
    world_free(&w);
}

/* The node that the card brings is taken at the time it is carried out; if somebody took its key, the
 * registrar comes all the same. */
Test(recovery, GOV_33_a_card_that_no_longer_fits_is_left_out)
{
    struct world w;
    struct fixture_card c;
    old_world(&w);
    fixture_card_make(&w.a, 1, "maker", NULL, NULL, &c);
    struct hash before = world_party(&w, "maker").node.vote;
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "true", NULL, 0, c.bytes, "maker"), V_OK);
    struct holder h = {.seat = span_str("brand/finance")};
    struct public_key stolen = {.alg = SIG_ED25519, .key = c.vote->pub};
    h.keys = (struct public_key_list){1, &stolen};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/registrar", KIND_HOLDER, &holder_desc, &h), V_OK);
    AT(&w, "2026-05-08T13:00:00Z");
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    struct state_party p = world_party(&w, "maker");
    cr_assert(hash_eq(&p.node.vote, &before));
    fixture_card_free(&c);
    world_free(&w);
}

Test(recovery, GOV_33_a_suspended_node_joins_again)
{
    struct world w;
    struct fixture_card c;
    old_world(&w);
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "maker vote"), V_OK);
    fixture_card_make(&w.a, 1, "maker", NULL, NULL, &c);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "true", NULL, 0, c.bytes, "maker"), V_OK);
    AT(&w, "2026-05-08T13:00:00Z");
    EXPECT_STANDING(&w, "maker", STANDING_JOINING);
    fixture_card_free(&c);
    world_free(&w);
}

Test(recovery, GOV_34_two_seats_cancel)
{
    struct world w;
    struct query_inbox q;
    old_world(&w);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "wrong", NULL, 0, no_card, "maker"), V_OK);
    uint64_t leaf = leaf_of(&w);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 1);
    cr_assert_eq(q.own.v[0].task, TASK_RECOVERY);
    cr_assert_eq(q.own.v[0].seats.n, 5);
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 0);
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/registrar", leaf), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "two other seats of maker");
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/finance", leaf + 1), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, world_cancel(&w, "brand/finance", leaf),
                   V_NO_SUCH_OBJECT); /* another organisation's */
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/finance", leaf), V_OK);
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/finance", leaf), V_OK); /* the same seat again is no second */
    cr_assert_eq(announced(&w), 1);
    struct span finance = span_str("maker/finance");
    struct span_list only = {1, &finance};
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), &only, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 1); /* not asked to second itself */
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.own.n, 2);
    cr_assert_eq(q.own.v[1].task, TASK_SECOND);
    cr_assert_eq(q.own.v[1].seats.n, 4);
    EXPECT_VERDICT(&w, world_cancel(&w, "maker/sponsor", leaf), V_OK);
    cr_assert_eq(announced(&w), 0);
    cr_assert_eq(world_party(&w, "maker").recoveries, 1);
    AT(&w, "2026-05-20T12:00:00Z");
    cr_assert_eq(w.fired, 0);
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    /* A cancelled statement is worth nothing. */
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "wrong", NULL, 0, no_card, "maker"),
                   V_BAD_SIGNATURE);
    world_free(&w);
}

Test(recovery, GOV_34_one_key_is_not_two)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/quality", "maker/finance", NULL), V_OK);
    AT(&w, "2026-05-01T12:00:00Z"); /* settled */
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    w.key = "maker/finance";
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/quality", "true", NULL), V_OK);
    cr_assert(!world_holds(&w, "maker/registrar", "true"));
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "true", NULL), V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    world_free(&w);
}

Test(recovery, GOV_34_two_seats_replace_the_registrar)
{
    struct world w;
    struct public_key old = world_key("maker/registrar");
    old_world(&w);
    struct registrar r = {.act = REGISTRAR_REPLACE};
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_REGISTRAR, &registrar_desc, &r), V_MALFORMED);
    r.act = REGISTRAR_CANCEL;
    EXPECT_VERDICT(&w, world_entry(&w, "maker/finance", KIND_REGISTRAR, &registrar_desc, &r), V_MALFORMED);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "brand/sponsor", NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", "true"), V_MALFORMED);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    /* Other words are another ask. */
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "other", NULL), V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "other", NULL), V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "other"));
    cr_assert(!world_holds(&w, "maker/registrar", "maker/registrar"));
    struct state_key k = world_key_state(&w, &old.key);
    cr_assert(!HAS(&k, state_key_key_revoked_ms)); /* not dead, only no longer there */
    world_free(&w);
}

Test(recovery, GOV_34_an_ask_ends)
{
    struct world w;
    old_world(&w);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    AT(&w, "2026-05-31T12:00:02Z"); /* 30 days and a second: the next one asks anew */
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "true", NULL), V_OK);
    cr_assert(!world_holds(&w, "maker/registrar", "true"));
    /* The seat that asked has changed hands: what it asked is worth nothing. */
    EXPECT_VERDICT(&w, world_holder(&w, "maker/registrar", "maker/sponsor", "next", NULL), V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    cr_assert(!world_holds(&w, "maker/registrar", "true"));
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/quality", "true", NULL), V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    world_free(&w);
}

Test(recovery, GOV_34_founding_seats_act_at_once)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "true", NULL), V_OK);
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    world_free(&w);
}

/* Both ways at once: the two seats were faster, and the recovery brings one of the same keys. */
Test(recovery, GOV_33_keys_that_stay_are_not_revoked)
{
    struct world w;
    struct public_key key = world_key("true");
    old_world(&w);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "true", "second", 0, no_card, "maker"),
                   V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "true", NULL), V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "true", NULL), V_OK);
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/sponsor", "more", NULL),
                   V_OK); /* an ask, left open */
    AT(&w, "2026-05-08T13:00:00Z");
    cr_assert(world_holds(&w, "maker/registrar", "true") && world_holds(&w, "maker/registrar", "second"));
    struct state_key k = world_key_state(&w, &key.key);
    cr_assert(!HAS(&k, state_key_key_revoked_ms));
    EXPECT_VERDICT(&w, world_replace_registrar(&w, "maker/finance", "more", NULL), V_OK);
    cr_assert(!world_holds(&w, "maker/registrar", "more")); /* the ask went with the recovery */
    world_free(&w);
}

Test(recovery, GOV_T2_a_halt_gives_time_to_cancel)
{
    struct world w;
    old_world(&w);
    EXPECT_VERDICT(&w, world_recover(&w, "brand/finance", "maker", "true", NULL, 0, no_card, "maker"), V_OK);
    uint64_t leaf = leaf_of(&w);
    /* Silence until long after its notice: nobody could have been heard. */
    AT(&w, "2026-05-09T12:00:00Z");
    cr_assert_eq(w.fired, 1);
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    struct query_halts h;
    cr_assert_eq(query_halts(&w.v, 0, 10, &w.a, &h, &w.err), ST_OK);
    cr_assert_eq(h.list.v[h.list.n - 1].halt.moved, 1);
    cr_assert_eq(leaf_of(&w), leaf);
    AT(&w, "2026-05-12T11:59:59.999Z");
    cr_assert(world_holds(&w, "maker/registrar", "maker/registrar"));
    AT(&w, "2026-05-12T12:00:00Z");
    cr_assert(world_holds(&w, "maker/registrar", "true"));
    world_free(&w);
}
