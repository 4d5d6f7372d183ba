/* Which rules are in force: GOV-39. */
#include <criterion/criterion.h>
#include "world_members.h"

TestSuite(upgrade, .timeout = 20);

static uint32_t rules(struct world *w)
{
    uint32_t r;
    cr_assert_eq(gov_rules(&w->v, &r, &w->err), ST_OK);
    return r;
}

static struct effect to(uint64_t version)
{
    struct effect e = {.type = EFFECT_UPGRADE, .rules = version};
    SET_HAS(&e, effect_key_rules);
    return e;
}

Test(upgrade, GOV_39_decided_then_supported)
{
    struct world w;
    struct query_rules q;
    world_found(&w);
    cr_assert_eq(rules(&w), 1);
    EXPECT_VERDICT(&w, world_support(&w, "brand", 2), V_OK); /* before it is decided */
    struct effect e = to(2);
    struct world_proposal p = {.effect = &e};
    uint64_t n = world_decided(&w, "upgrade", &p);
    EXPECT_PHASE(&w, n, PHASE_EFFECTIVE);
    cr_assert_eq(rules(&w), 1);
    cr_assert_eq(query_rules(&w.v, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.next, 2);
    cr_assert_eq(q.need, 3);
    cr_assert_eq(q.ready.n, 1);
    cr_assert_eq(q.missing.n, 3);
    EXPECT_VERDICT(&w, world_support(&w, "brand", 2), V_DUPLICATE);
    EXPECT_WHY(&w, "runs rules up to version 2");
    EXPECT_VERDICT(&w, world_support(&w, "maker", 3), V_OK);
    cr_assert_eq(rules(&w), 1);
    EXPECT_VERDICT(&w, world_support(&w, "trustee", 2), V_OK); /* a witness's node too: 3 of 4 */
    cr_assert_eq(rules(&w), 2);
    EXPECT_VERDICT(&w, world_support(&w, "distributor", 2), V_NOT_NOW);
    EXPECT_WHY(&w, "version 2 is in force already");
    EXPECT_VERDICT(&w, world_support(&w, "distributor", 3), V_OK);
    cr_assert_eq(rules(&w), 2);
    world_free(&w);
}

Test(upgrade, GOV_39_one_after_the_other)
{
    struct world w;
    world_found(&w);
    struct effect none = {.type = EFFECT_UPGRADE}, three = to(3), two = to(2);
    struct world_proposal p = {.effect = &none};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "upgrade", &p), V_BAD_EFFECT);
    EXPECT_WHY(&w, "give their version");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "upgrade", NULL), V_BAD_EFFECT);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &(struct world_proposal){.effect = &two}),
                   V_BAD_EFFECT);
    EXPECT_WHY(&w, "plan decisions have no effect of the kind upgrade");
    p.effect = &three;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "upgrade", &p), V_BAD_EFFECT);
    EXPECT_WHY(&w, "to rules version 2, the next one, not to 3");
    p.effect = &two;
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "upgrade", &p), V_OK); /* a second one to 2 */
    (void)world_effective(&w, "upgrade", &p);
    static const char *const sponsors[] = {"brand/sponsor", "maker/sponsor", "distributor/sponsor", NULL};
    world_approve(&w, 1, sponsors);
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert(span_eqs(ev.words, verdict_text(V_BAD_EFFECT)));
    p.effect = &three; /* counting the one that is decided */
    (void)world_effective(&w, "upgrade", &p);
    EXPECT_VERDICT(&w, world_support(&w, "brand", 2), V_OK);
    EXPECT_VERDICT(&w, world_support(&w, "maker", 2), V_OK);
    EXPECT_VERDICT(&w, world_support(&w, "trustee", 2), V_OK);
    cr_assert_eq(rules(&w), 1); /* 3 is what was decided last */
    EXPECT_VERDICT(&w, world_support(&w, "brand", 3), V_OK);
    EXPECT_VERDICT(&w, world_support(&w, "maker", 3), V_OK);
    EXPECT_VERDICT(&w, world_support(&w, "trustee", 3), V_OK);
    cr_assert_eq(rules(&w), 3);
    world_free(&w);
}

/* The quorum is of the validators there are: who is suspended does not hold it up. */
Test(upgrade, GOV_39_counts_who_votes)
{
    struct world w;
    world_found(&w);
    struct effect e = to(2);
    struct world_proposal p = {.effect = &e};
    (void)world_decided(&w, "upgrade", &p);
    EXPECT_VERDICT(&w, world_support(&w, "brand", 2), V_OK);
    EXPECT_VERDICT(&w, world_support(&w, "maker", 2), V_OK);
    EXPECT_VERDICT(&w, world_revoke(&w, "trustee/registrar", "trustee vote"), V_OK);
    cr_assert_eq(rules(&w), 1); /* 2 of 3; 3 are needed */
    EXPECT_VERDICT(&w, world_revoke(&w, "distributor/registrar", "distributor vote"), V_OK);
    cr_assert_eq(rules(&w), 2); /* 2 of 2 */
    world_free(&w);
}
