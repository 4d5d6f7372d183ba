/* Keys of nodes: replaced (GOV-31, GOV-32), revoked (GOV-6), ready (GOV-40), at fault (GOV-35). */
#include <criterion/criterion.h>
#include "world_members.h"
#include "cert/vote.h"
#include "gov/party.h"

TestSuite(keys, .timeout = 30);

static void node_of(struct world *w, uint64_t seed, const char *org, struct fixture_card *c)
{
    fixture_card_make(&w->a, seed, org, NULL, NULL, c);
}

Test(keys, GOV_32_a_node_is_replaced)
{
    struct world w;
    struct fixture_card c;
    struct validator_set set;
    world_found(&w);
    node_of(&w, 1, "brand", &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/sponsor", c.bytes), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "only brand/registrar replaces its node");
    EXPECT_VERDICT(&w, world_node(&w, "maker/registrar", c.bytes), V_MALFORMED);
    EXPECT_WHY(&w, "the card is of brand; one of maker is needed");
    w.basis = 3;
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_CHANGED_SINCE);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    cr_assert_eq(gov_validators(&w.v, &w.a, &set, &w.err), ST_OK);
    cr_assert_eq(set.members.n, 4); /* it stays active */
    cr_assert(hash_eq(&set.members.v[0].vote, &c.vote->pub));
    cr_assert(hash_eq(&set.members.v[0].cosign, &c.cosign->pub));
    struct state_party p = world_party(&w, "brand");
    cr_assert(hash_eq(&p.card, &c.digest));
    cr_assert_eq(world_key_state(&w, &c.log->pub).use, KEY_NODE);
    /* The old key speaks for it no more; an address alone may change. */
    w.key = "brand/node";
    struct support s = {.rules = 2};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/node", KIND_SUPPORT, &support_desc, &s), V_NOT_HOLDER);
    struct span address = span_str("node.brand.example:7410");
    c.card.node.addresses = (struct span_list){1, &address};
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    cr_assert_eq(world_party(&w, "brand").node.addresses.n, 1);
    fixture_card_free(&c);
    world_free(&w);
}

Test(keys, GOV_31_what_a_card_must_be)
{
    struct world w;
    struct fixture_card c, d;
    world_found(&w);
    node_of(&w, 1, "brand", &c);
    node_of(&w, 2, "brand", &d);
    uint8_t *bytes = (uint8_t *)(uintptr_t)arena_dup(&w.a, c.bytes).p;
    bytes[c.bytes.n - 1] ^= 1; /* of the node key's signature */
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", span_of(bytes, c.bytes.n)), V_MALFORMED);
    EXPECT_WHY(&w, "node key does not verify (GEN-1)");
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", span_of(c.bytes.p, c.bytes.n - 1)), V_MALFORMED);
    struct card good = c.card;
    struct fixture_card maker;
    node_of(&w, 3, "maker", &maker);
    c.card.node.tls = maker.card.node.tls;
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes),
                   V_MALFORMED); /* another's certificate: GEN-2 */
    EXPECT_WHY(&w, "the card is not sound");
    c.card = good;
    c.card.recovery = world_recovery_key("brand");
    SET_HAS(&c.card, card_key_recovery);
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_MALFORMED);
    EXPECT_WHY(&w, "no seat and no recovery key");
    c.card = good;
    struct public_key person = world_key("new");
    struct card_seat seat = {.seat = span_str("finance"), .keys = {1, &person}};
    c.card.seats = (struct card_seat_list){1, &seat};
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_MALFORMED);
    c.card = good;
    /* One key for two uses. */
    struct ed25519_key *log = c.log;
    c.log = c.vote;
    c.card.node.log = c.vote->pub;
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "vote and log keys are one");
    c.log = log;
    c.card = good;
    fixture_card_sign(&w.a, &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    /* Back to it later, in another place, or by another organisation: never. */
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", d.bytes), V_OK);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "on the record already");
    struct ed25519_key *vote = d.vote;
    d.vote = d.cosign, d.cosign = vote;
    d.card.node.vote = d.vote->pub, d.card.node.cosign = d.cosign->pub;
    fixture_card_sign(&w.a, &d);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", d.bytes), V_NOT_PERMITTED);
    fixture_card_free(&c);
    fixture_card_free(&d);
    fixture_card_free(&maker);
    world_free(&w);
}

Test(keys, GOV_6_a_dead_node_key_suspends)
{
    struct world w;
    struct fixture_card c, again;
    world_found(&w);
    node_of(&w, 1, "brand", &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    EXPECT_VERDICT(&w, world_revoke_key(&w, "maker/registrar", &c.vote->pub), V_NOT_PERMITTED);
    struct public_key old = world_key("brand vote");
    EXPECT_VERDICT(&w, world_revoke_key(&w, "brand/registrar", &old.key), V_OK); /* of the node before */
    EXPECT_STANDING(&w, "brand", STANDING_ACTIVE);
    EXPECT_VERDICT(&w, world_revoke_key(&w, "brand/registrar", &c.vote->pub), V_OK);
    EXPECT_STANDING(&w, "brand", STANDING_SUSPENDED);
    cr_assert_eq(world_validators(&w), 3);
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height), V_NOT_NOW);
    EXPECT_WHY(&w, "suspended: its registrar replaces it first");
    /* The same dead key in its place is no new node. */
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "vote key was revoked at");
    node_of(&w, 2, "brand", &again);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", again.bytes), V_OK);
    EXPECT_STANDING(&w, "brand", STANDING_JOINING);
    cr_assert_eq(world_validators(&w), 3);
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height), V_OK);
    EXPECT_STANDING(&w, "brand", STANDING_ACTIVE);
    cr_assert_eq(world_validators(&w), 4);
    fixture_card_free(&c);
    fixture_card_free(&again);
    world_free(&w);
}

Test(keys, GOV_30_somebody_is_left_to_vote)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand vote"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "maker/registrar", "maker/node"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "trustee/registrar", "trustee log"), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "distributor/registrar", "distributor vote"), V_NOT_NOW);
    EXPECT_WHY(&w, "replace the node first");
    cr_assert_eq(world_validators(&w), 1);
    w.key = "maker/node";
    struct support s = {.rules = 2};
    EXPECT_VERDICT(&w, world_entry(&w, "maker/node", KIND_SUPPORT, &support_desc, &s), V_REVOKED_KEY);
    world_free(&w);
}

Test(keys, GOV_40_ready)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height), V_NOT_NOW);
    EXPECT_WHY(&w, "takes part already");
    EXPECT_VERDICT(&w, world_revoke(&w, "brand/registrar", "brand vote"), V_OK);
    node_of(&w, 1, "brand", &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    for (int i = 0; i < 20; i++)
        world_at_ms(&w, w.g.time_ms + 1000);
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height + 1), V_NOT_NOW); /* its block is that height */
    EXPECT_WHY(&w, "not final yet");
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height + 1 - LIMIT_READY_BEHIND - 1), V_NOT_NOW);
    EXPECT_WHY(&w, "more than 16 behind");
    EXPECT_VERDICT(&w, world_ready(&w, "brand", w.g.height + 1 - LIMIT_READY_BEHIND), V_OK);
    fixture_card_free(&c);
    world_free(&w);
}

static enum verdict show(struct world *w, const char *by, struct fault *f, const struct ed25519_key *key)
{
    vote_sign(&f->first, key, &f->first_sig);
    vote_sign(&f->second, key, &f->second_sig);
    return world_node_entry(w, by, KIND_FAULT, &fault_desc, f);
}

Test(keys, GOV_35_two_votes_in_one_slot)
{
    struct world w;
    struct fixture_card c;
    world_found(&w);
    node_of(&w, 1, "brand", &c);
    EXPECT_VERDICT(&w, world_node(&w, "brand/registrar", c.bytes), V_OK);
    struct fault f = {.org = span_str("brand"), .key = c.vote->pub};
    f.first = f.second = (struct vote){.type = VOTE_PRECOMMIT, .height = 4, .round = 2};
    f.second.value.b[0] = 7;
    SET_HAS(&f.second, vote_key_value); /* nil, and a value: a longer map is the higher one */
    f.org = span_str("maker");
    EXPECT_VERDICT(&w, show(&w, "maker", &f, c.vote), V_NO_SUCH_OBJECT);
    f.org = span_str("brand");
    f.key.b[0] ^= 1;
    EXPECT_VERDICT(&w, show(&w, "maker", &f, c.vote), V_NO_SUCH_OBJECT);
    f.key.b[0] ^= 1;
    struct fault bad = f;
    bad.second.round = 3;
    EXPECT_VERDICT(&w, show(&w, "maker", &bad, c.vote), V_MALFORMED);
    EXPECT_WHY(&w, "two slots");
    bad = f;
    bad.second = bad.first;
    EXPECT_VERDICT(&w, show(&w, "maker", &bad, c.vote), V_MALFORMED);
    EXPECT_WHY(&w, "the same");
    bad = f;
    bad.first = f.second, bad.second = f.first;
    EXPECT_VERDICT(&w, show(&w, "maker", &bad, c.vote), V_MALFORMED);
    EXPECT_WHY(&w, "exchange them");
    bad = f;
    bad.first.alliance.b[3] = bad.second.alliance.b[3] = 1;
    EXPECT_VERDICT(&w, show(&w, "maker", &bad, c.vote), V_MALFORMED);
    EXPECT_WHY(&w, "another alliance");
    bad = f;
    bad.second.valid_round = 1; /* on a precommit: not VOT-1 */
    SET_HAS(&bad.second, vote_key_valid_round);
    EXPECT_VERDICT(&w, show(&w, "maker", &bad, c.vote), V_MALFORMED);
    EXPECT_WHY(&w, "VOT-1");
    EXPECT_VERDICT(&w, show(&w, "maker", &f, c.log), V_BAD_SIGNATURE);
    EXPECT_WHY(&w, "did not sign the first vote");
    EXPECT_VERDICT(&w, show(&w, "maker", &f, c.vote), V_OK);
    EXPECT_VERDICT(&w, show(&w, "distributor", &f, c.vote), V_DUPLICATE);
    EXPECT_STANDING(&w, "brand", STANDING_ACTIVE); /* it changes no right */
    /* Another kind of vote, and another valid round, are faults of their own. */
    bad = f;
    bad.first.type = bad.second.type = VOTE_PREVOTE;
    bad.first = bad.second;
    bad.second.valid_round = 1;
    SET_HAS(&bad.second, vote_key_valid_round);
    EXPECT_VERDICT(&w, show(&w, "trustee", &bad, c.vote), V_OK);
    struct query_faults q;
    cr_assert_eq(query_faults(&w.v, 0, 10, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 2);
    cr_assert_eq(q.list.v[0].type, VOTE_PREVOTE);
    cr_assert(span_eqs(q.list.v[1].fault.shown_by, "maker"));
    cr_assert_eq(q.list.v[1].height, 4);
    cr_assert_eq(query_faults(&w.v, 0, 1, &w.a, &q, &w.err), ST_OK);
    cr_assert(q.more && q.list.n == 1);
    cr_assert_eq(query_faults(&w.v, 5, 10, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 0);
    fixture_card_free(&c);
    world_free(&w);
}
