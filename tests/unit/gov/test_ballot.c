/* Ballots, tallies and passing: rules 1, 2, 5, 6, 7, 8, 10, 16. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(ballot, .timeout = 20);

Test(ballot, GOV_R07_passes_when_none_owes)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(world_position(&w, 1, "distributor"), POSITION_OWES);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/alliance-manager", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE); /* no notice */
    world_free(&w);
}
