/* Thousands of random schedules for each size, with and without a liar. */
#include <criterion/criterion.h>
#include "base/base.h"
#include "unit/consensus/world.h"

static void runs(uint64_t first, uint64_t count, uint32_t n, bool liar, struct world_counts *ret_counts)
{
    struct world_counts c = {0};
    for (uint64_t seed = first; seed < first + count; seed++) {
        const char *wrong = world_run(seed, n, liar, &c);
        cr_assert_null(wrong, "seed %" PRIu64 ", %u validators%s: %s", seed, n, liar ? " with a liar" : "",
                       wrong);
    }
    cr_assert_geq(c.decisions, count * WORLD_HEIGHTS * (n - (liar ? 1 : 0)));
    *ret_counts = c;
}

static void went_where_it_hurts(const struct world_counts *c)
{
    cr_assert_gt(c->later_rounds, 0);
    cr_assert_gt(c->locks, 0);
    cr_assert_gt(c->unlocks, 0);
    cr_assert_gt(c->reproposals, 0);
    cr_assert_gt(c->skips, 0);
    cr_assert_gt(c->restores, 0);
    cr_assert_gt(c->untimely, 0);
    cr_assert_gt(c->certificates, 0);
}

Test(world, one)
{
    struct world_counts c;
    runs(1, 300, 1, false, &c);
    cr_assert_gt(c.restores, 0);
}

Test(world, two)
{
    struct world_counts c;
    runs(1, 600, 2, false, &c);
    cr_assert_gt(c.later_rounds, 0);
    cr_assert_eq(c.faults, 0);
}

Test(world, three)
{
    struct world_counts c;
    runs(1, 600, 3, false, &c);
    cr_assert_gt(c.reproposals, 0);
    cr_assert_eq(c.faults, 0);
}

Test(world, four)
{
    struct world_counts c;
    runs(1, 800, 4, false, &c);
    went_where_it_hurts(&c);
    cr_assert_eq(c.faults, 0);
}

Test(world, four_and_a_liar)
{
    struct world_counts c;
    runs(1, 1000, 4, true, &c);
    went_where_it_hurts(&c);
    cr_assert_gt(c.faults, 0);
    cr_assert_gt(c.refused, 0);
}

Test(world, seven)
{
    struct world_counts c;
    runs(1, 300, 7, false, &c);
    went_where_it_hurts(&c);
}

Test(world, seven_and_a_liar)
{
    struct world_counts c;
    runs(1, 300, 7, true, &c);
    went_where_it_hurts(&c);
    cr_assert_gt(c.faults, 0);
}
