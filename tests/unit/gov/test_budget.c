/* Money: rules 21 and 22, GOV-59 to GOV-65. */
#include <criterion/criterion.h>
#include "world.h"

TestSuite(budget, .timeout = 20);

static const char *const finance[] = {"brand/finance", "maker/finance", "distributor/finance", NULL};
static const char *const sponsors[] = {"brand/sponsor", "maker/sponsor", "distributor/sponsor", NULL};
static const char *const leads[] = {"brand/business-lead", "maker/business-lead", "distributor/business-lead",
                                    NULL};

static enum verdict spend(struct world *w, const char *budget, int64_t minor)
{
    struct world_proposal p = {.currency = "USD", .minor = minor, .budget = budget};
    return world_propose(w, "brand/finance", "spend", &p);
}

static struct state_budget given(struct world *w, const char *name)
{
    struct state_budget b = {0};
    struct tkey k = tkey_budget(20454, span_str(name)); /* 2026-01-01 */
    enum status st = state_get(&w->v, &w->a, TABLE_BUDGET, &k, &state_budget_desc, &b, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return b;
}

Test(budget, GOV_59_what_a_proposal_says_of_money)
{
    static const struct {
        struct world_proposal p;
        enum verdict verdict;
        const char *words;
    } cases[] = {
        {{.currency = "USD", .minor = 5}, V_INCOMPLETE, "the row asks for the budget"},
        {{.budget = "none", .currency = "USD", .minor = 5},
         V_NO_SUCH_OBJECT,
         "the charter has no budget none"},
        {{.budget = "all"}, V_INCOMPLETE, "what comes from the budget all needs an amount"},
        {{.budget = "all", .currency = "USD", .minor = 0}, V_MALFORMED, "must be above zero"},
        {{.budget = "all", .currency = "USD", .minor = INT64_C(1000000000000001)},
         V_MALFORMED,
         "an amount is over"},
        {{.budget = "all", .currency = "EUR", .minor = 5},
         V_INCOMPLETE,
         "the amount is in EUR, the budget all in USD: give the charge in USD, and the rate"},
        {{.budget = "all", .currency = "EUR", .minor = 5, .charge_currency = "EUR", .charge = 6, .rate = "r"},
         V_MALFORMED,
         "proposal.charge: expected in USD"},
        {{.budget = "all", .currency = "USD", .minor = 5, .charge_currency = "USD", .charge = 6, .rate = "r"},
         V_MALFORMED,
         "nothing is converted"},
        {{.budget = "past", .currency = "USD", .minor = 5},
         V_NOT_NOW,
         "the budget past ended at 2026-01-01T00:00:00"},
    };
    struct world w;
    world_found(&w);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "spend", &cases[i].p), cases[i].verdict);
        EXPECT_WHY(&w, cases[i].words);
    }
    struct world_proposal stray = {.charge_currency = "USD", .charge = 4};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &stray), V_MALFORMED);
    struct world_proposal euro = {.budget = "all",
                                  .currency = "EUR",
                                  .minor = 500,
                                  .charge_currency = "USD",
                                  .charge = 540,
                                  .rate = "1.08"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "spend", &euro), V_OK);
    world_approve(&w, 1, finance);
    cr_assert_eq(given(&w, "all").spent, 540);
    /* A revision keeps its budget. */
    EXPECT_VERDICT(&w, spend(&w, "all", 10), V_OK);
    struct world_proposal p = {.currency = "USD", .minor = 10, .budget = "small"};
    EXPECT_VERDICT(&w, world_revise(&w, "brand/finance", 2, &p), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "a revision keeps its budget");
    world_free(&w);
}

Test(budget, GOV_62_beyond_its_envelope_to_a_rung_of_the_ladder)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, spend(&w, "all", 9999999), V_OK);
    world_approve(&w, 1, finance);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_VERDICT(&w, spend(&w, "all", 1), V_OK); /* just fits */
    world_approve(&w, 2, finance);
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    cr_assert_eq(given(&w, "all").spent, 10000000);
    EXPECT_VERDICT(&w, spend(&w, "all", 1), V_OK);
    world_approve(&w, 3, finance);
    EXPECT_PHASE(&w, 3, PHASE_OPEN);
    struct state_decision d = world_decision(&w, 3);
    cr_assert_eq(d.rung, 1); /* steering is a rung of its ladder */
    struct state_event ev = world_event(&w, 3, 0);
    cr_assert_eq(ev.type, EVENT_BEYOND);
    cr_assert(span_eqs(ev.to, "steering") && span_eqs(ev.seat, "distributor/finance"));
    world_approve(&w, 3, sponsors);
    EXPECT_PHASE(&w, 3, PHASE_EFFECTIVE);
    cr_assert_eq(given(&w, "all").spent, 10000001); /* over it, by who may */
    world_free(&w);
}

Test(budget, GOV_62_beyond_to_a_body_outside_the_ladder)
{
    static const char *const quality[] = {"brand/quality", "maker/quality", "distributor/quality", NULL};
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, spend(&w, "small", 50001), V_OK);
    world_approve(&w, 1, finance);
    struct state_decision d = world_decision(&w, 1);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    cr_assert_eq(d.rung, 3); /* behind the two of the ladder */
    EXPECT_TIME(world_deadline(&w, 1), "2026-03-17T00:00:00.000Z");
    EXPECT_VERDICT(&w, spend(&w, "small", 50001), V_OK);
    world_approve(&w, 2, finance);
    world_approve(&w, 1, quality);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    /* Nobody decides there: the row's else holds, not a rung of the ladder. */
    AT(&w, "2026-03-17T00:00:00Z");
    EXPECT_PHASE(&w, 2, PHASE_DEFAULT);
    /* An escalation never leads there. */
    EXPECT_VERDICT(&w, spend(&w, "small", 1), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 3, MOVE_ESCALATE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 3, MOVE_ESCALATE), V_OK);
    EXPECT_PHASE(&w, 3, PHASE_MEDIATION);
    world_at_ms(&w, world_decision(&w, 3).deadline_ms);
    EXPECT_PHASE(&w, 3, PHASE_DEFAULT);
    world_free(&w);
}

Test(budget, GOV_62_the_envelope_has_ended)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, spend(&w, "small", 100), V_OK);
    AT(&w, "2026-03-17T00:00:00Z"); /* to steering */
    AT(&w, "2026-03-21T00:00:00Z"); /* small ended */
    world_approve(&w, 1, sponsors);
    EXPECT_PHASE(&w, 1, PHASE_STALE);
    cr_assert(span_eqs(world_event(&w, 1, 0).words, "the budget small has ended"));
    cr_assert_eq(given(&w, "small").reserved, 0);
    world_free(&w);
}

Test(budget, GOV_63_reserved_at_pass_spent_at_effect_released_by_a_veto)
{
    struct world w;
    struct world_proposal p = {.currency = "USD", .minor = 700, .budget = "all"};
    world_found(&w);
    for (uint64_t n = 1; n <= 2; n++) {
        EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", &p), V_OK);
        world_approve(&w, n, finance);
        EXPECT_PHASE(&w, n, PHASE_PASSED);
    }
    cr_assert_eq(given(&w, "all").reserved, 1400);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    cr_assert_eq(given(&w, "all").reserved, 700);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(!HAS(&d, state_decision_key_reserved_from));
    AT(&w, "2026-03-05T00:00:00Z");
    EXPECT_PHASE(&w, 2, PHASE_EFFECTIVE);
    cr_assert_eq(given(&w, "all").reserved, 0);
    cr_assert_eq(given(&w, "all").spent, 700);
    world_free(&w);
}

static uint64_t terms(struct world *w, int64_t minor)
{
    struct world_proposal p = {.currency = "USD", .minor = minor};
    EXPECT_VERDICT(w, world_propose(w, "brand/business-lead", "terms", &p), V_OK);
    return w->last;
}

Test(budget, GOV_60_amounts_are_summed)
{
    struct world w;
    world_found(&w);
    uint64_t a = terms(&w, 60000);
    cr_assert_eq(world_decision(&w, a).level, 0);
    world_approve(&w, a, leads);
    EXPECT_PHASE(&w, a, PHASE_PASSED);
    cr_assert_eq(world_decision(&w, terms(&w, 40000)).level, 0); /* 1000.00 is not above 1000.00 */
    cr_assert_eq(world_decision(&w, terms(&w, 40001)).level, 1);
    struct world_proposal scoped = {.currency = "USD", .minor = 40001, .scope = "ca"};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "terms", &scoped), V_OK);
    cr_assert_eq(world_decision(&w, w.last).level, 0); /* another scope */
    /* The 90th day from the day it passed, and the one after it. */
    AT(&w, "2026-05-30T23:00:00Z");
    cr_assert_eq(world_decision(&w, terms(&w, 40001)).level, 1);
    AT(&w, "2026-05-31T00:00:00Z");
    cr_assert_eq(world_decision(&w, terms(&w, 40001)).level, 0);
    world_free(&w);
}

Test(budget, GOV_61_splitting_does_not_evade)
{
    struct world w;
    world_found(&w);
    uint64_t a = terms(&w, 60000), b = terms(&w, 60000);
    cr_assert_eq(world_decision(&w, b).level, 0);
    world_approve(&w, a, leads);
    EXPECT_PHASE(&w, a, PHASE_PASSED);
    AT(&w, "2026-03-04T08:00:00Z");
    world_approve(&w, b, leads);
    EXPECT_PHASE(&w, b, PHASE_OPEN);
    cr_assert_eq(world_decision(&w, b).level, 1);
    struct state_event ev = world_event(&w, b, 0);
    cr_assert_eq(ev.type, EVENT_RAISED);
    EXPECT_TIME(world_deadline(&w, b), "2026-03-26T00:00:00.000Z"); /* 15 bd from here */
    world_approve(&w, b, finance);
    EXPECT_PHASE(&w, b, PHASE_PASSED);
    world_free(&w);
}

Test(budget, GOV_63_what_is_released_no_longer_counts)
{
    struct world w;
    struct world_proposal p = {.currency = "USD", .minor = 700};
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", &p), V_OK);
    world_approve(&w, 1, finance);
    struct tkey k = tkey_sum(span_str("guarded"), span_str(""), span_str("USD"), w.g.time_ms / 86400000);
    struct state_sum s;
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SUM, &k, &state_sum_desc, &s, &w.err), ST_OK);
    cr_assert_eq(s.minor, 700);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    cr_assert_eq(state_get(&w.v, &w.a, TABLE_SUM, &k, &state_sum_desc, &s, &w.err), ST_OK);
    cr_assert_eq(s.minor, 0);
    world_free(&w);
}

/* --- Acting first --- */

Test(budget, GOV_64_acts_first_and_is_ratified)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/quality", "recall", NULL), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_OPEN);
    struct state_decision d = world_decision(&w, 1);
    cr_assert(HAS(&d, state_decision_key_acted_ms) && d.acted_ms == w.g.time_ms);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_ACTED);
    world_approve(&w, 1, finance);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_EFFECTIVE);
    world_free(&w);
}

Test(budget, GOV_65_not_ratified_it_ends_from_there_on)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/quality", "recall", NULL), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");
    AT(&w, "2026-03-20T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_MEDIATION);
    AT(&w, "2026-04-04T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_DEFAULT);
    struct state_event ev = world_event(&w, 1, 0);
    cr_assert_eq(ev.type, EVENT_ENDED);
    cr_assert(!HAS(&ev, state_event_key_seat));
    struct state_decision d = world_decision(&w, 1);
    cr_assert(HAS(&d, state_decision_key_acted_ms), "what was done stands");
    EXPECT_VERDICT(&w, world_propose(&w, "maker/quality", "recall", NULL), V_OK);
    EXPECT_VERDICT(&w, world_withdraw(&w, "maker/quality", 2), V_OK);
    cr_assert_eq(world_event(&w, 2, 0).type, EVENT_ENDED);
    world_free(&w);
}
