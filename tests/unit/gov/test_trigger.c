/* Triggers that the record judges: TRG-1 to TRG-7; what is counted and who is asked is in test_trigger_asks.c. */
#include <criterion/criterion.h>
#include "rests.h"

TestSuite(trigger, .timeout = 60);

static void found(struct world *w, const char *consequences)
{
    rests_begin();
    rests_add(consequences);
    rests_found(w);
}

static bool kept(struct world *w, enum trigger_type type, const char *name)
{
    struct state_trigger t;
    enum status st = trigger_get(&w->v, &w->a, type, span_str(name), &t, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return st == ST_OK;
}

/* --- TRG-1, TRG-2: which there are --- */

static const char several[] =
    "consequences:\n"
    "  - {when: revenue < 42 for 2, opens: terms}\n"
    "  - {when: velocity > 9, opens: terms}\n"
    "  - {when: revenue < 42 and velocity > 9, opens: terms}\n"
    "  - {when: count terms >= 3 in 30 d, opens: terms, owner: \"*/finance\"}\n"
    "  - {when: count issue > 5 in 30 d or term over, opens: action, owner: \"*/quality\"}\n"
    "  - {when: amount > USD 5.00, opens: terms}\n";

Test(trigger, TRG_1_those_are_judged_that_look_at_nothing_else)
{
    struct world w;
    rests_begin();
    rests_add(several);
    rests_edit("indicators: {}", "indicators: {low: revenue < 40 for 2, slow: velocity > 30, high: velocity > 30 or score 9}");
    rests_edit("triggers: {term-ends: term over}", "triggers: {lost: revenue < 10 for 3, term-ends: term over, late: velocity > 90}");
    rests_found(&w);
    cr_assert(kept(&w, TRIGGER_INDICATOR, "low") && kept(&w, TRIGGER_INDICATOR, "slow") && !kept(&w, TRIGGER_INDICATOR, "high"));
    cr_assert(kept(&w, TRIGGER_EXIT, "lost") && kept(&w, TRIGGER_EXIT, "term-ends") && kept(&w, TRIGGER_EXIT, "late"));
    static const bool judged[] = {true, true, true, true, true, false};
    for (size_t i = 0; i < ARRAY_LEN(judged); i++) {
        char name[4];
        (void)snprintf(name, sizeof name, "%zu", i + 1);
        cr_assert_eq(kept(&w, TRIGGER_CONSEQUENCE, name), judged[i], "%s", name);
    }
    cr_assert(kept(&w, TRIGGER_RENEWAL, "renewal"));
    struct state_trigger t = rests_trigger(&w, TRIGGER_INDICATOR, "low");
    cr_assert(HAS(&t, state_trigger_key_when) && !HAS(&t, state_trigger_key_opens));
    t = rests_trigger(&w, TRIGGER_EXIT, "lost");
    cr_assert(span_eqs(t.opens, "exit"));
    t = rests_trigger(&w, TRIGGER_RENEWAL, "renewal");
    cr_assert(span_eqs(t.opens, "renewal") && !HAS(&t, state_trigger_key_when));
    cr_assert_eq(rests_actions(&w), 0);
    world_free(&w);
}

Test(trigger, TRG_1_a_row_of_the_name_of_an_item_type_comes_first)
{
    struct world w;
    rests_begin();
    rests_add_row("  issue: {owner: council, approve: each partner 1 of council, sla: 10 bd}\n");
    rests_add("consequences: [{when: count issue >= 1 in 30 d, opens: terms, owner: \"*/finance\"}]\n");
    rests_found(&w);
    rests_issue(&w);
    cr_assert(!rests_first_holds(&w));
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "issue", NULL), V_OK);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    world_free(&w);
    rests_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "issue", NULL), V_OK);
    rests_issue(&w); /* I-1 is not D-1 */
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    world_free(&w);
}

Test(trigger, TRG_2_an_amendment_adds_one_that_holds)
{
    struct world w;
    rests_begin();
    rests_found(&w);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    rests_add("consequences: [{when: revenue < 42, opens: terms}]\n");
    (void)rests_amend(&w, SECTION_CONSEQUENCES);
    struct state_trigger t = rests_trigger(&w, TRIGGER_CONSEQUENCE, "1");
    cr_assert(t.since_ms == w.g.time_ms && t.asked.n == 3);
    world_free(&w);
}

Test(trigger, TRG_2_what_is_gone_is_deleted_and_what_it_asked_stays)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42, opens: terms}, {when: revenue < 30, opens: terms}]\n");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    cr_assert_eq(rests_actions(&w), 3);
    rests_edit("revenue < 42", "revenue < 41");
    (void)rests_amend(&w, SECTION_CONSEQUENCES);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 6, "another condition, judged anew");
    rests_edit("{when: revenue < 41, opens: terms}, ", ""); /* the second is the first now */
    (void)rests_amend(&w, SECTION_CONSEQUENCES);
    cr_assert(!kept(&w, TRIGGER_CONSEQUENCE, "2") && !rests_first_holds(&w));
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_OPEN);
    rests_terms(&w);
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_OPEN); /* nobody remembers that it was asked */
    world_free(&w);
}

Test(trigger, TRG_2_one_that_stays_where_it_is_keeps_what_it_asked)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42, opens: terms}]\n");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    rests_edit("opens: terms}]", "opens: terms, owner: \"*/finance\"}, {when: revenue < 5, opens: terms}]");
    (void)rests_amend(&w, SECTION_CONSEQUENCES);
    cr_assert(rests_first_holds(&w) && rests_asked(&w, TRIGGER_CONSEQUENCE, "1") == 3 && rests_actions(&w) == 3);
    rests_edit("when: revenue < 42, opens: terms,", "when: revenue < 42, opens: plan,");
    (void)rests_amend(&w, SECTION_CONSEQUENCES);
    cr_assert_eq(rests_actions(&w), 6, "it opens something else");
    world_free(&w);
}

Test(trigger, TRG_2_a_metric_that_is_not_reported_any_more)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42, opens: terms}]\n");
    rests_edit("  revenue: {group: value, view: financial, unit: USD, every: month, from: distributor/finance, check: brand/finance, "
               "base: 41.0, target: 55.0}",
               "  revenue: {group: value, view: financial, computed: decision-velocity, every: month}");
    (void)rests_amend(&w, SECTION_METRICS);
    cr_assert(kept(&w, TRIGGER_CONSEQUENCE, "1"), "it is computed now, and judged all the same");
    world_free(&w);
}

/* --- The term --- */

static bool term_timer(struct world *w, const char *at, uint64_t number)
{
    struct tkey k = tkey_timer(readings_ms(at), number, TIMER_TERM);
    struct span none;
    return view_get(&w->v, TABLE_TIMER, tkey_span(&k), &none) == ST_OK;
}

static void found_term(struct world *w, const char *to)
{
    char put[128];
    (void)snprintf(put, sizeof put, "to: %s, renewal-opens: 30 d before", to);
    rests_begin();
    rests_edit("to: 2030-12-31, renewal-opens: 180 d before", put);
    rests_found(w);
}

Test(trigger, TRG_5_renewal_opens_and_asks)
{
    struct world w;
    found_term(&w, "2026-12-31");
    cr_assert(term_timer(&w, "2026-12-01T00:00:00Z", 1) && term_timer(&w, "2027-01-01T00:00:00Z", 2));
    AT(&w, "2026-11-30T23:59:59Z");
    cr_assert_eq(rests_actions(&w), 0);
    AT(&w, "2026-12-01T00:00:00Z");
    cr_assert(rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_asked(&w, TRIGGER_RENEWAL, "renewal") == 3 && rests_actions(&w) == 3);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    EXPECT_WORDS(it, "the term ends on 2026-12-31: propose renewal, or say why not");
    cr_assert(span_eqs(it.owner, "brand/sponsor") && !HAS(&it, state_item_key_offered) && rests_links_clause(&it, "term"));
    EXPECT_TIME(time_utc(it.due_ms), "2027-01-01T00:00:00.000Z");
    struct state_item_event ev = world_item_event(&w, ITEM_ACTION, 1, 0);
    cr_assert(ev.type == ITEM_EVENT_OPENED && !HAS(&ev, state_item_event_key_seat));
    world_free(&w);
}

Test(trigger, TRG_6_the_term_ends)
{
    struct world w;
    found_term(&w, "2026-12-31");
    AT(&w, "2026-12-01T00:00:00Z");
    AT(&w, "2027-01-01T00:00:00Z");
    cr_assert(!rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_asked(&w, TRIGGER_RENEWAL, "renewal") == 0);
    cr_assert(rests_holds(&w, TRIGGER_EXIT, "term-ends") && rests_actions(&w) == 6);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 4);
    EXPECT_WORDS(it, "exit trigger term-ends holds: propose exit, or say why not");
    cr_assert(span_eqs(it.owner, "brand/sponsor") && rests_links_clause(&it, "exit.triggers.term-ends"));
    EXPECT_TIME(time_utc(it.due_ms), "2027-02-01T00:00:00.000Z"); /* 30 d */
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_OPEN); /* what it asked stays */
    uint64_t ms;
    cr_assert_eq(state_get_moment(&w.v, &w.a, "term/2", &ms, &w.err), ST_OK);
    cr_assert_eq(ms, 0);
    world_free(&w);
}

Test(trigger, TRG_6_a_halt_goes_past_both)
{
    struct world w;
    found_term(&w, "2026-12-31");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    AT(&w, "2027-01-05T12:00:00Z"); /* it never held at a time that anybody saw */
    cr_assert(!rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_holds(&w, TRIGGER_EXIT, "term-ends") && rests_actions(&w) == 3);
    world_free(&w);
}

Test(trigger, TRG_7_renewal_is_proposed)
{
    struct world w;
    found_term(&w, "2026-12-31");
    AT(&w, "2026-12-01T00:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "brand/sponsor", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ACTION, 1, ITEM_STEP_VERIFY, NULL), V_OK); /* closed by people */
    EXPECT_VERDICT(&w, world_step(&w, "distributor/sponsor", ITEM_ACTION, 2, ITEM_STEP_CLAIM, NULL), V_OK);
    uint64_t first = world_item_of(&w, ITEM_ACTION, 1).events;
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "renewal", NULL), V_OK);
    cr_assert_eq(world_item_of(&w, ITEM_ACTION, 1).events, first);
    for (uint64_t n = 2; n <= 3; n++) {
        EXPECT_ITEM(&w, ITEM_ACTION, n, ITEM_CLOSED);
        struct state_item_event ev = world_item_event(&w, ITEM_ACTION, n, 0);
        cr_assert(ev.type == ITEM_EVENT_ANSWERED && ev.decision == 1 && !HAS(&ev, state_item_event_key_seat));
        cr_assert(world_item_of(&w, ITEM_ACTION, n).changed_leaf == w.g.leaf && world_item_of(&w, ITEM_ACTION, n).closed_ms == w.g.time_ms);
    }
    cr_assert(rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_asked(&w, TRIGGER_RENEWAL, "renewal") == 0, "and it asks no more");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "renewal", NULL), V_OK);
    world_free(&w);
}

Test(trigger, TRG_2_the_term_is_prolonged_before_renewal_opens)
{
    struct world w;
    found_term(&w, "2026-12-31");
    rests_edit("to: 2026-12-31", "to: 2027-12-31");
    (void)rests_amend(&w, SECTION_TERM);
    cr_assert(!term_timer(&w, "2026-12-01T00:00:00Z", 1) && !term_timer(&w, "2027-01-01T00:00:00Z", 2));
    cr_assert(term_timer(&w, "2027-12-02T00:00:00Z", 1) == false && term_timer(&w, "2027-12-01T00:00:00Z", 1));
    AT(&w, "2027-12-01T00:00:00Z");
    while (w.more) /* weeks of readings are late */
        world_at_ms(&w, w.g.time_ms + 1000);
    cr_assert_eq(rests_actions(&w), 3);
    world_free(&w);
}

Test(trigger, TRG_2_founded_when_renewal_is_open_or_the_term_over)
{
    struct world w;
    found_term(&w, "2026-03-20");
    cr_assert(rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_actions(&w) == 3 && !term_timer(&w, "2026-02-18T00:00:00Z", 1));
    EXPECT_TIME(time_utc(world_item_of(&w, ITEM_ACTION, 1).due_ms), "2026-03-21T00:00:00.000Z");
    AT(&w, "2026-03-21T00:00:00Z");
    cr_assert(rests_holds(&w, TRIGGER_EXIT, "term-ends") && !rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_actions(&w) == 6);
    world_free(&w);
    found_term(&w, "2026-03-01");
    cr_assert(!rests_holds(&w, TRIGGER_RENEWAL, "renewal") && rests_holds(&w, TRIGGER_EXIT, "term-ends") && rests_actions(&w) == 3);
    world_at_ms(&w, w.g.time_ms + 1000);
    world_free(&w);
}

Test(trigger, TRG_2_a_term_that_renewal_opens_before_all_days)
{
    struct world w;
    rests_begin();
    rests_edit("renewal-opens: 180 d before", "renewal-opens: 100000 d before");
    rests_found(&w);
    cr_assert(rests_holds(&w, TRIGGER_RENEWAL, "renewal"));
    world_free(&w);
}

Test(trigger, TRG_2_the_furthest_term)
{
    struct world w;
    rests_begin();
    rests_edit("to: 2030-12-31", "to: 2243-10-16"); /* day 99,999 and one more */
    rests_found(&w);
    AT(&w, "2027-01-01T00:00:00Z");
    world_free(&w);
}

/* --- TRG-3: metrics --- */

static const char low[] = "consequences: [{when: revenue < 42 for 2, opens: terms}]\n";

Test(trigger, TRG_3_two_periods_in_a_row)
{
    struct world w;
    found(&w, low);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    cr_assert(!rests_first_holds(&w));
    (void)rests_month(&w, "2026-05-01T09:00:00Z", "2026-04-01", "39.0");
    struct state_trigger t = rests_trigger(&w, TRIGGER_CONSEQUENCE, "1");
    cr_assert(rests_first_holds(&w) && t.since_ms == w.g.time_ms && t.asked.n == 3);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 2);
    EXPECT_WORDS(it, "consequence 1 holds: propose terms, or say why not");
    cr_assert(span_eqs(it.owner, "distributor/business-lead") && !HAS(&it, state_item_key_offered));
    cr_assert(rests_links_clause(&it, "consequences") && it.links.n == 1);
    (void)rests_month(&w, "2026-06-01T09:00:00Z", "2026-05-01", "38.0");
    cr_assert_eq(rests_actions(&w), 3, "it goes on holding, and asks once");
    (void)rests_month(&w, "2026-07-01T09:00:00Z", "2026-06-01", "42.0");
    cr_assert(!rests_first_holds(&w) && rests_asked(&w, TRIGGER_CONSEQUENCE, "1") == 0);
    EXPECT_ITEM(&w, ITEM_ACTION, 1, ITEM_OPEN);
    (void)rests_month(&w, "2026-08-01T09:00:00Z", "2026-07-01", "38.0");
    cr_assert(!rests_first_holds(&w));
    (void)rests_month(&w, "2026-09-01T09:00:00Z", "2026-08-01", "38.0");
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 6, "and again after a period that is kept");
    world_free(&w);
}

Test(trigger, TRG_3_one_breach_after_a_kept_one_leaves_it_open)
{
    struct world w;
    found(&w, low);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    (void)rests_month(&w, "2026-05-01T09:00:00Z", "2026-04-01", "39.0");
    cr_assert(rests_first_holds(&w));
    /* April is restated: kept. Then May is a breach, and nothing is said of two in a row: it is as it was. */
    uint64_t k = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-04-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", k, MARK_RESTATE, "50.0"), V_OK);
    cr_assert(rests_first_holds(&w), "pending: March alone says nothing");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(!rests_first_holds(&w));
    (void)rests_month(&w, "2026-06-01T09:00:00Z", "2026-05-01", "38.0");
    cr_assert(!rests_first_holds(&w));
    world_free(&w);
}

Test(trigger, TRG_3_missing_and_disputed_are_passed_over)
{
    struct world w;
    found(&w, low);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    AT(&w, "2026-05-13T00:00:00Z"); /* April is late */
    cr_assert(!rests_first_holds(&w));
    AT(&w, "2026-06-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-05-01", "30.0"), V_OK);
    uint64_t k = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-05-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_DISPUTE, NULL), V_OK);
    cr_assert(!rests_first_holds(&w));
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(rests_first_holds(&w), "March and May, April is passed over");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-04-01", "90.0"), V_OK);
    k = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-04-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(rests_first_holds(&w), "one breach, then a kept one: open");
    world_free(&w);
}

Test(trigger, TRG_3_a_late_reading_alone_neither_holds_nor_fails)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42, opens: terms}]\n");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    cr_assert(rests_first_holds(&w));
    uint64_t k = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_DISPUTE, NULL), V_OK);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", k, MARK_RESTATE, "41.0"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(rests_first_holds(&w) && rests_actions(&w) == 3);
    world_free(&w);
}

static void found_warning(struct world *w, const char *when)
{
    char put[128];
    (void)snprintf(put, sizeof put, "indicators: {low: %s}", when);
    rests_begin();
    rests_edit("indicators: {}", put);
    rests_found(w);
}

Test(trigger, TRG_3_to_an_early_warning_what_is_missing_is_a_breach)
{
    struct world w;
    found_warning(&w, "revenue < 42 for 2");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    AT(&w, "2026-05-12T23:59:59Z");
    cr_assert(!rests_holds(&w, TRIGGER_INDICATOR, "low"));
    AT(&w, "2026-05-13T00:00:00Z");
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low") && rests_actions(&w) == 1);
    struct state_item it = world_item_of(&w, ITEM_ACTION, 1);
    EXPECT_WORDS(it, "early warning low holds");
    cr_assert(span_eqs(it.owner, "distributor/finance") && rests_links_clause(&it, "risks.indicators.low"));
    (void)rests_month(&w, "2026-06-01T09:00:00Z", "2026-04-01", "60.0");
    cr_assert(!rests_holds(&w, TRIGGER_INDICATOR, "low"), "May is pending, April is kept");
    world_free(&w);
}

Test(trigger, TRG_3_pending_ones_before_any_other_are_passed_over)
{
    struct world w;
    found_warning(&w, "revenue < 42 for 2");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    AT(&w, "2026-06-01T09:00:00Z"); /* a halt: April is late at once, May is owed */
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low"));
    world_free(&w);
    /* A pending one between breaches ends the look back. */
    found_warning(&w, "revenue < 42 for 2");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    AT(&w, "2026-05-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-04-01", "30.0"), V_OK);
    AT(&w, "2026-05-13T09:00:00Z");
    uint64_t k = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-04-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", k, MARK_DISPUTE, NULL), V_OK);
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "low"), "a dispute is a breach at once");
    world_free(&w);
}

Test(trigger, TRG_3_a_period_before_the_metric_was_there)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42 for 3, opens: terms}]\n");
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    (void)rests_month(&w, "2026-05-01T09:00:00Z", "2026-04-01", "40.0");
    cr_assert(!rests_first_holds(&w));
    (void)rests_month(&w, "2026-06-01T09:00:00Z", "2026-05-01", "40.0");
    cr_assert(rests_first_holds(&w));
    world_free(&w);
}

/* uptime of a week (2 d to report), all alike. */
static void week(struct world *w, const char *ended, const char *from, const char *value)
{
    static const char *const seats[] = {"brand/finance", "distributor/finance", "maker/finance"};
    AT(w, ended);
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(w, readings_report(w, seats[i], "uptime", PURPOSE_ACTUAL, from, value), V_OK);
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    for (size_t i = 0; i < 3; i++) {
        uint64_t k = readings_of(w, "uptime", PURPOSE_ACTUAL, from, orgs[i]).number;
        EXPECT_VERDICT(w, readings_mark(w, i == 0 ? "maker/finance" : "brand/finance", k, MARK_COUNTERSIGN, NULL), V_OK);
    }
}

Test(trigger, TRG_3_two_terms)
{
    struct world w;
    found(&w, "consequences: [{when: revenue < 42 and uptime < 90, opens: terms}, {when: revenue < 42 or uptime < 90, opens: plan}]\n");
    week(&w, "2026-03-09T08:00:00Z", "2026-03-02", "80");
    cr_assert(!rests_holds(&w, TRIGGER_CONSEQUENCE, "1") && rests_holds(&w, TRIGGER_CONSEQUENCE, "2"));
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    cr_assert(rests_holds(&w, TRIGGER_CONSEQUENCE, "1"), "the weeks since are late, and passed over");
    cr_assert_eq(rests_actions(&w), 6);
    week(&w, "2026-04-06T08:00:00Z", "2026-03-30", "95");
    cr_assert(!rests_holds(&w, TRIGGER_CONSEQUENCE, "1"), "one fails");
    cr_assert(rests_holds(&w, TRIGGER_CONSEQUENCE, "2"), "one holds");
    (void)rests_month(&w, "2026-05-01T09:00:00Z", "2026-04-01", "60.0");
    cr_assert(!rests_holds(&w, TRIGGER_CONSEQUENCE, "2"), "both fail");
    world_free(&w);
}
