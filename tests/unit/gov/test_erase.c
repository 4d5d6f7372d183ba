/* Texts erased by decision: ERA-1, ERA-2, and what GOV-22 and GOV-45 say of the row. */
#include <criterion/criterion.h>
#include "gov/query.h"
#include "world.h"

static const char row[] = "  erasure: {owner: council, approve: each partner 1 of council, sla: 10 bd}\n";
static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};

static void found(struct world *w)
{
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a), *metrics = strstr(base, "metrics:\n");
    cr_assert_not_null(metrics);
    size_t n = strlen(base) + sizeof row;
    char *text = arena_alloc(&a, n);
    (void)snprintf(text, n, "%.*s%s%s", (int)(metrics - base), base, row, metrics);
    world_found_with(w, text);
    arena_deinit(&a);
}

static enum verdict erase(struct world *w, const char *type, uint64_t *leaves, size_t n)
{
    struct effect e = {.type = EFFECT_ERASE, .leaves = {n, leaves}};
    struct world_proposal p = {.effect = &e};
    SET_HAS(&e, effect_key_leaves);
    return world_propose(w, "brand/finance", type, &p);
}

static enum status erased(struct world *w, uint64_t leaf, struct state_erased *ret)
{
    return query_erased(&w->v, &w->a, leaf, ret, &w->err);
}

Test(erase, ERA_1_what_it_must_say)
{
    struct world w;
    found(&w);
    uint64_t last = w.size - 1, fine[] = {3, 5, last}, twice[] = {3, 3}, down[] = {5, 3};
    struct effect none = {.type = EFFECT_NONE}, bare = {.type = EFFECT_ERASE};
    struct world_proposal p = {.effect = &none};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "erasure", &p), V_BAD_EFFECT);
    p.effect = &bare;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "erasure", &p), V_BAD_EFFECT);
    EXPECT_WHY(&w, "this row erases texts: give the entries whose texts go");
    EXPECT_VERDICT(&w, erase(&w, "erasure", twice, 2), V_BAD_EFFECT);
    EXPECT_WHY(&w, "leaf 3 is named after leaf 3; expected each once, ascending");
    EXPECT_VERDICT(&w, erase(&w, "erasure", down, 2), V_BAD_EFFECT);
    uint64_t own[] = {w.size + 1}; /* after the record of its block */
    EXPECT_VERDICT(&w, erase(&w, "erasure", own, 1), V_BAD_EFFECT);
    EXPECT_WHY(&w, "is not from before this decision");
    EXPECT_VERDICT(&w, erase(&w, "plan", fine, 3), V_BAD_EFFECT);
    EXPECT_WHY(&w, "plan decisions have no effect of the kind erase");
    EXPECT_VERDICT(&w, erase(&w, "erasure", fine, 3), V_OK);
    world_free(&w);
}

Test(erase, ERA_2_the_first_decision_stands)
{
    struct world w;
    struct state_erased e;
    found(&w);
    uint64_t two[] = {3, 5}, again[] = {5, 6};
    EXPECT_VERDICT(&w, erase(&w, "erasure", two, 2), V_OK);
    EXPECT_VERDICT(&w, erase(&w, "erasure", again, 2), V_OK);
    cr_assert_eq(erased(&w, 3, &e), ST_NOTFOUND, "a proposal erases nothing");
    world_approve(&w, 1, council);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(erased(&w, 3, &e), ST_OK);
    cr_assert(e.decision == 1 && e.at_ms == world_decision(&w, 1).effective_ms);
    cr_assert_eq(erased(&w, 6, &e), ST_NOTFOUND);
    world_approve(&w, 2, council);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    cr_assert_eq(erased(&w, 5, &e), ST_OK);
    cr_assert_eq(e.decision, 1);
    cr_assert_eq(erased(&w, 6, &e), ST_OK);
    cr_assert_eq(e.decision, 2);
    cr_assert_eq(erased(&w, 4, &e), ST_NOTFOUND);
    world_free(&w);
}
