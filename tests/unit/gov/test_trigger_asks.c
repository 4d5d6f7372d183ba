/* Triggers by what is counted, who is asked, and what answers: TRG-3, TRG-5 to TRG-7. */
#include <criterion/criterion.h>
#include "rests.h"

TestSuite(trigger_asks, .timeout = 60);

static void found(struct world *w, const char *consequences)
{
    rests_begin();
    rests_add(consequences);
    rests_found(w);
}

static void found_warning(struct world *w, const char *when)
{
    char put[128];
    (void)snprintf(put, sizeof put, "indicators: {low: %s}", when);
    rests_begin();
    rests_edit("indicators: {}", put);
    rests_found(w);
}

/* --- TRG-3, TRG-6: counts --- */

static const char issues[] = "consequences: [{when: count issue >= 2 in 10 d, opens: terms}]\n";

Test(trigger_asks, TRG_6_the_second_of_a_kind)
{
    struct world w;
    found(&w, issues);
    rests_issue(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK);
    cr_assert(!rests_first_holds(&w));
    rests_issue(&w);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    rests_issue(&w);
    cr_assert_eq(rests_actions(&w), 3);
    world_free(&w);
}

Test(trigger_asks, TRG_3_the_window_moves_on)
{
    struct world w;
    found(&w, issues);
    rests_issue(&w); /* on 2 March: counted until the end of the 12th */
    AT(&w, "2026-03-12T23:59:50Z");
    rests_issue(&w);
    cr_assert(rests_first_holds(&w));
    AT(&w, "2026-03-13T00:00:00Z");
    cr_assert(rests_first_holds(&w), "nothing was opened: nobody looks");
    rests_issue(&w); /* without it one is left in the window: it had failed; with it, two again */
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 6, "so it fires anew");
    world_free(&w);
}

Test(trigger_asks, TRG_6_fewer_than)
{
    struct world w;
    found(&w, "consequences: [{when: count issue < 1 in 10 d, opens: terms}]\n");
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3); /* from the founding on */
    rests_issue(&w);
    cr_assert(!rests_first_holds(&w));
    AT(&w, "2026-03-20T00:00:00Z");
    cr_assert(!rests_first_holds(&w));
    rests_issue(&w); /* as if it had not been opened: none in the window */
    cr_assert(!rests_first_holds(&w) && rests_actions(&w) == 6);
    world_free(&w);
}

Test(trigger_asks, TRG_6_the_number_of_a_decision_is_not_that_of_an_item)
{
    struct world w;
    found(&w, "consequences: [{when: count terms >= 5 in 10 d or count issue >= 1 in 10 d, opens: plan}]\n");
    rests_issue(&w);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    rests_terms(&w); /* D-1: I-1 is there all the same */
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3, "it has held all the time");
    world_free(&w);
}

Test(trigger_asks, TRG_6_the_record_itself_sets_nothing_going)
{
    struct world w;
    found(&w, "consequences: [{when: count action >= 1 in 10 d, opens: terms}, {when: count issue >= 1 in 10 d, opens: plan}]\n");
    rests_issue(&w);
    cr_assert(rests_holds(&w, TRIGGER_CONSEQUENCE, "2") && rests_actions(&w) == 3 && !rests_first_holds(&w));
    struct world_item o = {0};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    cr_assert(rests_first_holds(&w)); /* as if it had not been opened there were three */
    world_free(&w);
}

Test(trigger_asks, TRG_6_a_count_of_decisions_of_a_row)
{
    struct world w;
    found(&w, "consequences: [{when: count plan >= 2 in 24 h, opens: terms}]\n");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    rests_terms(&w);
    AT(&w, "2026-03-03T08:00:01Z"); /* exactly 24 h after the first */
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert(!rests_first_holds(&w));
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &(struct world_proposal){.counters = 3}), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/finance", "plan", &(struct world_proposal){.counters = 3}), V_OK);
    cr_assert(rests_first_holds(&w), "a counter is one, too");
    world_free(&w);
}

Test(trigger_asks, TRG_3_the_longest_window)
{
    struct world w;
    found(&w, "consequences: [{when: count issue >= 1 in 120 months, opens: terms}]\n");
    rests_issue(&w);
    cr_assert(rests_first_holds(&w));
    world_free(&w);
}

/* --- TRG-5: who --- */

Test(trigger_asks, TRG_5_not_when_a_risk_has_the_same_warning)
{
    struct world w;
    found_warning(&w, "revenue < 42 for 2");
    struct item_indicator x = world_indicator("revenue", CMP_LT, "42", 2);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    (void)rests_month(&w, "2026-05-01T09:00:00Z", "2026-04-01", "40.0");
    struct state_item risk = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(HAS(&risk, state_item_key_warned_ms));
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low") && rests_asked(&w, TRIGGER_INDICATOR, "low") == 0 && rests_actions(&w) == 0);
    world_free(&w);
}

Test(trigger_asks, TRG_5_another_warning_of_a_risk_does_not_count)
{
    struct world w;
    found_warning(&w, "revenue < 42");
    struct item_indicator x = world_indicator("revenue", CMP_LT, "41", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    cr_assert_eq(rests_actions(&w), 1);
    world_free(&w);
}

Test(trigger_asks, TRG_5_a_warning_of_two_terms_asks_the_first_reporter)
{
    struct world w;
    found_warning(&w, "count issue >= 1 in 30 d or uptime < 90");
    rests_issue(&w);
    cr_assert_eq(rests_actions(&w), 1);
    cr_assert(span_eqs(world_item_of(&w, ITEM_ACTION, 1).owner, "brand/finance"));
    world_free(&w);
    found_warning(&w, "count issue >= 1 in 30 d");
    rests_issue(&w);
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low") && rests_actions(&w) == 0); /* nobody reports a count */
    world_free(&w);
}

Test(trigger_asks, TRG_5_a_reporter_that_is_no_partner)
{
    struct world w;
    rests_begin();
    rests_edit("indicators: {}", "indicators: {low: outside < 42}");
    rests_add_metric("  outside: {group: value, view: customer, unit: x, every: month, from: trustee/mediator, check: brand/finance}\n");
    rests_found(&w);
    AT(&w, "2026-04-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "trustee/mediator", "outside", PURPOSE_ACTUAL, "2026-03-01", "40"), V_OK);
    uint64_t k = readings_of(&w, "outside", PURPOSE_ACTUAL, "2026-03-01", "trustee").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low") && rests_actions(&w) == 0);
    /* REL-3: it restates, and what relies on it is in doubt. Its own seat is of no partner: the mover answers. */
    struct proposal p = rests_proposal();
    rests_on_reading(&w, &p, k);
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "plan", &p), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "trustee/mediator", k, MARK_RESTATE, "41"), V_OK);
    struct state_item it = rests_action(&w, 0);
    cr_assert(span_eqs(it.owner, "brand/finance") && !HAS(&it, state_item_key_offered));
    world_free(&w);
}

Test(trigger_asks, TRG_5_the_owner_that_a_consequence_names)
{
    struct world w;
    found(&w, "consequences: [{when: count issue >= 1 in 30 d, opens: terms, owner: council}, "
              "{when: count issue >= 1 in 30 d, opens: risk, owner: maker/quality}, "
              "{when: count issue >= 1 in 30 d, opens: action, owner: trustee/mediator}, "
              "{when: count issue >= 1 in 30 d, opens: action, owner: brand/finance}]\n");
    rests_issue(&w);
    cr_assert_eq(rests_actions(&w), 5);
    static const char *const owners[] = {"brand/alliance-manager", "distributor/alliance-manager", "maker/alliance-manager",
                                         "maker/quality", "brand/finance"};
    for (uint64_t i = 0; i < 5; i++)
        cr_assert(span_eqs(world_item_of(&w, ITEM_ACTION, i + 1).owner, owners[i]), "A-%d", (int)i + 1);
    EXPECT_WORDS(world_item_of(&w, ITEM_ACTION, 4), "consequence 2 holds: open risk, or say why not");
    EXPECT_WORDS(world_item_of(&w, ITEM_ACTION, 5), "consequence 4 holds: act on it");
    cr_assert(rests_holds(&w, TRIGGER_CONSEQUENCE, "3") && rests_asked(&w, TRIGGER_CONSEQUENCE, "3") == 0);
    world_free(&w);
}

Test(trigger_asks, TRG_5_who_has_left_is_not_asked)
{
    struct world w;
    found(&w, issues);
    rests_leave(&w, "distributor");
    rests_issue(&w);
    rests_issue(&w);
    cr_assert_eq(rests_actions(&w), 2);
    cr_assert(span_eqs(world_item_of(&w, ITEM_ACTION, 2).owner, "maker/business-lead"));
    world_free(&w);
}

Test(trigger_asks, TRG_6_a_leaving_settles_what_was_pending)
{
    struct world w;
    found(&w, "consequences: [{when: uptime < 90, opens: terms}]\n");
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "distributor/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    uint64_t leaves = world_decision(&w, 1).effective_ms;
    EXPECT_TIME(time_utc(leaves), "2026-05-27T00:00:00.000Z");
    AT(&w, "2026-05-25T08:00:00Z"); /* the week from the 18th is over */
    static const char *const seats[] = {"brand/finance", "maker/finance"};
    for (size_t i = 0; i < 2; i++) {
        EXPECT_VERDICT(&w, readings_report(&w, seats[i], "uptime", PURPOSE_ACTUAL, "2026-05-18", "80"), V_OK);
        uint64_t k = readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-05-18", i == 0 ? "brand" : "maker").number;
        EXPECT_VERDICT(&w, readings_mark(&w, seats[1 - i], k, MARK_COUNTERSIGN, NULL), i == 0 ? V_OK : V_OK);
    }
    cr_assert(!rests_first_holds(&w), "the distributor owes");
    world_at_ms(&w, leaves);
    cr_assert_eq(rests_first_holds(&w), rests_actions(&w) == 2);
    world_free(&w);
}

/* --- TRG-7 --- */

Test(trigger_asks, TRG_7_a_proposal_of_that_row_answers_all)
{
    struct world w;
    found(&w, "consequences: [{when: count issue >= 1 in 30 d, opens: terms}, {when: count risk >= 1 in 30 d, opens: terms}, "
              "{when: count issue >= 1 in 30 d, opens: plan}]\n");
    rests_issue(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, NULL), V_OK);
    cr_assert_eq(rests_actions(&w), 9);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "terms", NULL), V_NOT_PERMITTED); /* refused: nothing is answered */
    cr_assert_eq(rests_asked(&w, TRIGGER_CONSEQUENCE, "1"), 3);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/business-lead", "terms", NULL), V_OK);
    for (uint64_t n = 1; n <= 9; n++)
        EXPECT_ITEM(&w, ITEM_ACTION, n, n > 3 && n <= 6 ? ITEM_OPEN : ITEM_CLOSED);
    cr_assert(rests_asked(&w, TRIGGER_CONSEQUENCE, "1") == 0 && rests_asked(&w, TRIGGER_CONSEQUENCE, "2") == 0);
    cr_assert_eq(rests_asked(&w, TRIGGER_CONSEQUENCE, "3"), 3);
    world_free(&w);
}

Test(trigger_asks, TRG_7_the_proposal_that_sets_it_going_answers_it)
{
    struct world w;
    found(&w, "consequences: [{when: count terms >= 1 in 30 d, opens: terms}]\n");
    rests_terms(&w);
    cr_assert(rests_first_holds(&w) && rests_asked(&w, TRIGGER_CONSEQUENCE, "1") == 0 && rests_actions(&w) == 3);
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_CLOSED);
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 1, 0, ITEM_EVENT_ANSWERED);
    world_free(&w);
}

Test(trigger_asks, TRG_7_actions_that_people_closed_or_gave_away)
{
    struct world w;
    found(&w, issues);
    rests_issue(&w);
    rests_issue(&w);
    struct world_step to = {.to = "brand/finance"};
    EXPECT_VERDICT(&w, world_step(&w, "brand/business-lead", ITEM_ACTION, 1, ITEM_STEP_GIVE, &to), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/business-lead", ITEM_ACTION, 3, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_ACTION, 3, ITEM_STEP_VERIFY, NULL), V_OK);
    AT(&w, "2026-04-02T00:00:00Z"); /* the others are overdue, and climb */
    cr_assert_eq(world_item_of(&w, ITEM_ACTION, 1).rung, 1);
    rests_terms(&w);
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_CLOSED);
    EXPECT_ITEM(&w, ITEM_ACTION, 2, ITEM_CLOSED);
    EXPECT_ITEM_EVENT(&w, ITEM_ACTION, 3, 0, ITEM_EVENT_VERIFIED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 3, ITEM_STEP_REOPEN, NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "maker/business-lead", "terms", NULL), V_OK);
    EXPECT_ITEM(&w, ITEM_ACTION, 3, ITEM_OPEN); /* it asks no more */
    world_free(&w);
}
