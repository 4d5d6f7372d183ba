/* Early warnings of risks: IND-1 to IND-7; rules 23, 24. */
#include <criterion/criterion.h>
#include "readings.h"
#include "world_items.h"
#include "world_members.h"

TestSuite(warnings, .timeout = 60);

/* revenue is monthly: distributor/finance reports, brand/finance checks, 8 bd each. */
static void report(struct world *w, const char *from, const char *value)
{
    EXPECT_VERDICT(w, readings_report(w, "distributor/finance", "revenue", PURPOSE_ACTUAL, from, value), V_OK);
}

static uint64_t number_of(struct world *w, const char *from)
{
    return readings_of(w, "revenue", PURPOSE_ACTUAL, from, "distributor").number;
}

static void agree(struct world *w, const char *from)
{
    EXPECT_VERDICT(w, readings_mark(w, "brand/finance", number_of(w, from), MARK_COUNTERSIGN, NULL), V_OK);
}

/* The month that ended is reported and countersigned. */
static void month(struct world *w, const char *from, const char *ended, const char *value)
{
    AT(w, ended);
    report(w, from, value);
    agree(w, from);
}

/* The risk of brand/finance, warned of by revenue below 42. */
static enum verdict watch(struct world *w, uint64_t periods)
{
    struct item_indicator x = world_indicator("revenue", CMP_LT, "42.0", periods);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    return world_item_new(w, "brand/finance", ITEM_RISK, &o);
}

static void found(struct world *w, uint64_t periods)
{
    world_found_watched(w);
    EXPECT_VERDICT(w, watch(w, periods), V_OK);
}

static bool is_on(struct world *w)
{
    struct state_item it = world_item_of(w, ITEM_RISK, 1);
    return HAS(&it, state_item_key_indicators) && HAS(&it.indicators.v[0], state_indicator_key_since_ms);
}

static size_t events(struct world *w, enum item_event type)
{
    size_t n = 0;
    uint64_t all = world_item_of(w, ITEM_RISK, 1).events;
    for (uint64_t back = 0; back < all; back++)
        n += world_item_event(w, ITEM_RISK, 1, back).type == type;
    return n;
}

static bool watched(struct world *w, const char *metric)
{
    struct tkey k = tkey_watch(span_str(metric), 1);
    struct span none;
    return view_get(&w->v, TABLE_ITEM_WATCH, tkey_span(&k), &none) == ST_OK;
}

/* --- IND-1, IND-2: what a risk may have --- */

Test(warnings, IND_1_what_is_refused)
{
    struct world w;
    world_found_watched(&w);
    struct item_indicator x[3] = {world_indicator("revenue", CMP_LT, "42.0", 2), world_indicator("revenue", CMP_LT, "42.0", 3),
                                  world_indicator("revenue", CMP_LT, "42.0", 2)};
    struct world_item o = {.indicators = x, .n_indicators = 3};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_MALFORMED);
    EXPECT_WHY(&w, "the same early warning on revenue twice");
    x[2] = world_indicator("footfall", CMP_LT, "1", 1);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "the charter has no metric footfall; see: entente charter show metrics");
    o.n_indicators = 2;
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, &o), V_MALFORMED);
    EXPECT_WHY(&w, "item.indicators: a issue has none");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    struct world_step s = {.likelihood = 2, .impact = 2, .indicators = x, .n_indicators = 3};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &s), V_NO_SUCH_OBJECT);
    struct world_step c = {.indicators = x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_CLAIM, &c), V_MALFORMED);
    world_free(&w);
}

Test(warnings, IND_1_64_risks_watch_a_metric_at_most)
{
    struct world w;
    found(&w, 2);
    w.unwatched = true;
    for (int i = 1; i < 64; i++)
        EXPECT_VERDICT(&w, watch(&w, 2), V_OK);
    EXPECT_VERDICT(&w, watch(&w, 2), V_TOO_MANY);
    EXPECT_WHY(&w, "64 risks that are not closed have an early warning on revenue already");
    struct item_indicator x = world_indicator("revenue", CMP_GT, "90.0", 1);
    struct world_step s = {.likelihood = 2, .impact = 2, .indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 7, ITEM_STEP_REVIEW, &s), V_OK); /* it is one of them */
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    EXPECT_VERDICT(&w, watch(&w, 2), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_REOPEN, NULL), V_TOO_MANY);
    world_free(&w);
}

/* --- IND-3, IND-4, IND-6: it fires --- */

Test(warnings, IND_6_the_third_month_in_a_row_fires)
{
    struct world w;
    found(&w, 3);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41.9");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "10.0");
    cr_assert(!is_on(&w));
    AT(&w, "2026-06-01T09:00:00Z");
    report(&w, "2026-05-01", "41.0");
    cr_assert(!is_on(&w), "what is merely reported feeds nothing");
    uint64_t leaf = world_item_of(&w, ITEM_RISK, 1).changed_leaf;
    agree(&w, "2026-05-01");
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert_eq(it.changed_leaf, leaf, "what the owner signs meanwhile stays good");
    cr_assert(is_on(&w) && it.warned_ms == w.g.time_ms && it.by_warning);
    const struct state_indicator *s = &it.indicators.v[0];
    cr_assert(s->from == readings_day("2026-03-01") && s->period == readings_day("2026-05-01"));
    cr_assert(s->reading == number_of(&w, "2026-05-01") && s->since_ms == w.g.time_ms);
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 1, ITEM_EVENT_WARNED);
    struct state_item_event ev = world_item_event(&w, ITEM_RISK, 1, 1);
    cr_assert(span_eqs(ev.indicator.metric, "revenue") && ev.indicator.periods == 3 && ev.rung == 0);
    cr_assert(ev.reading == s->reading && ev.period == s->period && !HAS(&ev, state_item_event_key_seat));
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 0, ITEM_EVENT_ESCALATED);
    cr_assert(span_eqs(world_item_event(&w, ITEM_RISK, 1, 0).to, "council"));
    EXPECT_TIME(time_utc(it.rung_ms), "2026-06-04T00:00:00.000Z"); /* within 2 bd, as what is overdue */
    AT(&w, "2026-06-04T00:00:00Z");
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 2, "and on to steering");
    world_free(&w);
}

Test(warnings, IND_3_a_value_at_the_number_is_no_breach_and_each_comparison_counts)
{
    static const struct {
        enum comparison op;
        const char *value;
        bool breach;
    } cases[] = {{CMP_LT, "42", false}, {CMP_LT, "41.999", true}, {CMP_LE, "42.0", true}, {CMP_LE, "42.001", false},
                 {CMP_EQ, "42.00", true}, {CMP_EQ, "42.01", false}, {CMP_GE, "42", true}, {CMP_GE, "41.9", false},
                 {CMP_GT, "42", false}, {CMP_GT, "42.000000001", true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w;
        world_found_watched(&w);
        struct item_indicator x = world_indicator("revenue", cases[i].op, "42", 1);
        struct world_item o = {.indicators = &x, .n_indicators = 1};
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
        month(&w, "2026-03-01", "2026-04-01T09:00:00Z", cases[i].value);
        cr_assert_eq(is_on(&w), cases[i].breach, "%s %s 42", cases[i].value, enum_text(&comparison_enum, cases[i].op));
        world_free(&w);
    }
}

Test(warnings, IND_3_what_is_missing_when_due_is_a_breach)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "40.0");
    AT(&w, "2026-05-12T23:59:59Z"); /* 8 bd after 30 April */
    cr_assert(!is_on(&w), "April is owed, and not late");
    AT(&w, "2026-05-13T00:00:00Z");
    cr_assert(is_on(&w), "nobody signed anything: time did it");
    cr_assert_eq(world_item_event(&w, ITEM_RISK, 1, 1).reading, number_of(&w, "2026-04-01"));
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1);
    world_free(&w);
}

Test(warnings, IND_3_a_dispute_is_a_breach_at_once_and_what_nobody_checks_when_due)
{
    struct world w;
    found(&w, 1);
    AT(&w, "2026-04-01T09:00:00Z");
    report(&w, "2026-03-01", "90.0");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", number_of(&w, "2026-03-01"), MARK_DISPUTE, NULL), V_OK);
    cr_assert(is_on(&w));
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", number_of(&w, "2026-03-01"), MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(!is_on(&w), "it is 90, and both say so");
    AT(&w, "2026-05-01T09:00:00Z");
    report(&w, "2026-04-01", "90.0");
    AT(&w, "2026-05-13T23:59:59Z");
    cr_assert(!is_on(&w));
    AT(&w, "2026-05-14T00:00:00Z");
    cr_assert(is_on(&w), "not countersigned when due");
    agree(&w, "2026-04-01");
    cr_assert(!is_on(&w));
    world_free(&w);
}

Test(warnings, IND_3_of_several_partners_the_mean)
{
    struct world w;
    world_found_watched(&w);
    struct item_indicator x = world_indicator("uptime", CMP_LT, "95", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    static const char *const first[] = {"97", "95", "93"}, *const second[] = {"96", "95", "93.9"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    for (int week = 0; week < 2; week++) {
        const char *from = week == 0 ? "2026-03-02" : "2026-03-09";
        AT(&w, week == 0 ? "2026-03-09T08:00:00Z" : "2026-03-16T08:00:00Z");
        for (size_t i = 0; i < 3; i++) {
            char seat[32];
            (void)snprintf(seat, sizeof seat, "%s/finance", orgs[i]);
            EXPECT_VERDICT(&w, readings_report(&w, seat, "uptime", PURPOSE_ACTUAL, from, week == 0 ? first[i] : second[i]), V_OK);
        }
        for (size_t i = 0; i < 3; i++) {
            cr_assert(!is_on(&w), "the period is pending while one of them is");
            uint64_t n = readings_of(&w, "uptime", PURPOSE_ACTUAL, from, orgs[i]).number;
            EXPECT_VERDICT(&w, readings_mark(&w, i == 0 ? "maker/finance" : "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
        }
        cr_assert_eq(is_on(&w), week == 1, "95 is not below 95; 94.97 is");
    }
    world_free(&w);
}

Test(warnings, IND_3_too_few_voices_are_a_breach)
{
    static const uint64_t good[5] = {0, 0, 0, 0, 4};
    struct world w;
    world_found_watched(&w);
    struct item_indicator x = world_indicator("trust", CMP_LT, "3", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    AT(&w, "2026-04-01T08:00:00Z");
    struct sealed_value s[3];
    for (size_t i = 0; i < 3; i++) {
        char seat[48];
        (void)snprintf(seat, sizeof seat, "%s/alliance-manager", orgs[i]);
        s[i] = readings_pulse(&w, orgs[i], "trust", "2026-01-01", i == 2 ? 2 : 4, i == 2 ? NULL : good);
        EXPECT_VERDICT(&w, readings_commit(&w, seat, &s[i]), V_OK);
    }
    for (size_t i = 0; i < 3; i++) {
        char seat[48];
        (void)snprintf(seat, sizeof seat, "%s/alliance-manager", orgs[i]);
        cr_assert(!is_on(&w));
        EXPECT_VERDICT(&w, readings_reveal(&w, seat, &s[i]), V_OK);
    }
    cr_assert(is_on(&w), "two voices of maker show no value");
    cr_assert_eq(world_item_event(&w, ITEM_RISK, 1, 1).reading,
                 readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "maker").number);
    world_free(&w);
}

/* --- Once per streak --- */

Test(warnings, IND_6_once_and_again_only_after_a_period_without_breach)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "40");
    month(&w, "2026-05-01", "2026-06-01T09:00:00Z", "39");
    month(&w, "2026-06-01", "2026-07-01T09:00:00Z", "38");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    uint64_t warned = world_item_of(&w, ITEM_RISK, 1).warned_ms;
    cr_assert_gt(world_item_of(&w, ITEM_RISK, 1).rung, 0);
    month(&w, "2026-07-01", "2026-08-01T09:00:00Z", "42");
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 0, ITEM_EVENT_WARNING_OVER);
    cr_assert_eq(world_item_event(&w, ITEM_RISK, 1, 0).period, readings_day("2026-07-01"));
    cr_assert(it.rung == 0 && !HAS(&it, state_item_key_rung_ms) && !HAS(&it, state_item_key_by_warning), "nobody is asked any more");
    cr_assert_eq(it.warned_ms, warned, "that it warned stays on the record");
    month(&w, "2026-08-01", "2026-09-01T09:00:00Z", "41");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    month(&w, "2026-09-01", "2026-10-01T09:00:00Z", "41");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 2);
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1, "from the foot of its ladder");
    world_free(&w);
}

Test(warnings, IND_6_a_restatement_takes_back_no_flag_and_is_judged_anew)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "50");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    month(&w, "2026-05-01", "2026-06-01T09:00:00Z", "40");
    cr_assert(is_on(&w));
    uint64_t may = number_of(&w, "2026-05-01"), april = number_of(&w, "2026-04-01");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", may, MARK_RESTATE, "39"), V_OK);
    cr_assert(is_on(&w), "May is pending; that March was good is older than the warning");
    agree(&w, "2026-05-01");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1, "the same streak");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", april, MARK_RESTATE, "44"), V_OK);
    cr_assert(is_on(&w));
    agree(&w, "2026-04-01");
    cr_assert(!is_on(&w), "April had no breach after all");
    cr_assert(HAS(&(struct state_item[]){world_item_of(&w, ITEM_RISK, 1)}[0], state_item_key_warned_ms));
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    world_free(&w);
}

Test(warnings, IND_4_a_pending_month_between_joins_nothing)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    AT(&w, "2026-05-01T09:00:00Z");
    report(&w, "2026-04-01", "50");
    AT(&w, "2026-06-01T09:00:00Z"); /* April is unchecked since 13 May: a breach, with March */
    cr_assert(is_on(&w));
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", number_of(&w, "2026-04-01"), MARK_RESTATE, "51"), V_OK);
    month(&w, "2026-05-01", "2026-06-01T10:00:00Z", "41");
    cr_assert(is_on(&w) && events(&w, ITEM_EVENT_WARNED) == 1, "April waits: nothing is known");
    agree(&w, "2026-04-01");
    cr_assert(!is_on(&w));
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 0, ITEM_EVENT_WARNING_OVER);
    world_free(&w);
}

Test(warnings, IND_4_a_pending_month_counts_for_nothing)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "50");
    AT(&w, "2026-05-01T09:00:00Z");
    report(&w, "2026-04-01", "50");
    AT(&w, "2026-06-01T09:00:00Z"); /* April is unchecked since 13 May: one breach */
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", number_of(&w, "2026-04-01"), MARK_RESTATE, "41"), V_OK);
    month(&w, "2026-05-01", "2026-06-01T10:00:00Z", "41");
    cr_assert(!is_on(&w), "whether April is the second one is not known");
    agree(&w, "2026-04-01");
    cr_assert(is_on(&w));
    cr_assert_eq(world_item_event(&w, ITEM_RISK, 1, 1).period, readings_day("2026-05-01"), "the newest of the two");
    world_free(&w);
}

/* --- IND-5, IND-7: the risk's own life --- */

Test(warnings, IND_5_a_risk_opened_when_it_holds_already)
{
    struct world w;
    world_found_watched(&w);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    EXPECT_VERDICT(&w, watch(&w, 2), V_OK);
    cr_assert(is_on(&w));
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 2, ITEM_EVENT_OPENED);
    struct state_item_event climbed = world_item_event(&w, ITEM_RISK, 1, 0);
    cr_assert(climbed.type == ITEM_EVENT_ESCALATED && !HAS(&climbed, state_item_event_key_seat), "no seat escalated it");
    world_free(&w);
}

Test(warnings, IND_7_claimed_it_is_flagged_and_climbs_when_it_is_open_again)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(is_on(&w) && it.rung == 0 && it.phase == ITEM_CLAIMED);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(it.rung == 1 && it.by_warning);
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    world_free(&w);
}

Test(warnings, IND_7_accepted_it_is_flagged_and_climbs_when_that_ends)
{
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    struct world w;
    found(&w, 2);
    struct effect e = {.type = EFFECT_ACCEPT_RISK, .risk = 1, .score = 12, .until = world_day("2026-06-30")};
    e.has = UINT64_C(1) << effect_key_risk | UINT64_C(1) << effect_key_until | UINT64_C(1) << effect_key_score;
    struct world_proposal p = {.effect = &e};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "risk-acceptance", &p), V_OK);
    world_approve(&w, 1, council);
    EXPECT_ITEM(&w, ITEM_RISK, 1, ITEM_ACCEPTED);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    cr_assert(is_on(&w) && world_item_of(&w, ITEM_RISK, 1).rung == 0);
    month(&w, "2026-05-01", "2026-06-01T09:00:00Z", "41");
    AT(&w, "2026-07-01T00:00:00Z");
    EXPECT_ITEM(&w, ITEM_RISK, 1, ITEM_OPEN);
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1);
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    world_free(&w);
}

Test(warnings, IND_7_closed_it_watches_nothing_and_reopened_it_is_judged_anew)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    cr_assert(is_on(&w) && watched(&w, "revenue"));
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    cr_assert(!is_on(&w) && !watched(&w, "revenue"));
    month(&w, "2026-05-01", "2026-06-01T09:00:00Z", "41");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 1);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_REOPEN, NULL), V_OK);
    cr_assert(is_on(&w) && watched(&w, "revenue"));
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 2);
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1);
    world_free(&w);
}

Test(warnings, ITM_9_a_new_owner_or_date_does_not_stop_the_climb)
{
    struct world w;
    world_found_watched(&w);
    struct item_indicator x = world_indicator("revenue", CMP_LT, "42.0", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1, .due = world_day("2026-12-31")};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    struct world_step give = {.to = "maker/quality"}, later = {.due = world_day("2027-01-31")};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_GIVE, &give), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_TAKE, NULL), V_OK);
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_REBASE, &later), V_OK);
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 1);
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "43");
    cr_assert_eq(world_item_of(&w, ITEM_RISK, 1).rung, 0);
    world_free(&w);
}

Test(warnings, IND_6_what_a_person_escalated_stays_up)
{
    struct world w;
    found(&w, 1);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_ESCALATE, NULL), V_OK);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(is_on(&w) && !HAS(&it, state_item_key_by_warning));
    uint64_t rung = it.rung;
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "43");
    cr_assert(!is_on(&w));
    cr_assert_geq(world_item_of(&w, ITEM_RISK, 1).rung, rung);
    world_free(&w);
}

Test(warnings, IND_1_a_review_replaces_them_and_keeps_those_that_stay)
{
    struct world w;
    found(&w, 1);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    struct item_indicator x[2] = {world_indicator("uptime", CMP_LT, "90", 1), world_indicator("revenue", CMP_LT, "42.0", 1)};
    struct world_step s = {.likelihood = 4, .impact = 4, .indicators = x, .n_indicators = 2};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &s), V_OK);
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert_eq(it.indicators.n, 2);
    cr_assert(HAS(&it.indicators.v[1], state_indicator_key_since_ms), "the same one is on still");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED), 2, "uptime was not reported at all: the other fires at once");
    cr_assert(watched(&w, "uptime") && watched(&w, "revenue"));
    struct world_step none = {.likelihood = 4, .impact = 4, .indicators = x, .n_indicators = 0};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &none), V_OK);
    it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(!HAS(&it, state_item_key_indicators) && !watched(&w, "uptime") && !watched(&w, "revenue"));
    cr_assert(it.rung > 0 && it.by_warning, "the owner cannot call off the body by removing the alarm");
    struct world_step plain = {.likelihood = 1, .impact = 1};
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 1, ITEM_STEP_REVIEW, &plain), V_OK);
    world_free(&w);
}

/* --- The charter and the partners change --- */

Test(warnings, IND_7_a_metric_that_leaves_the_charter_says_nothing_more)
{
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    struct world w;
    found(&w, 1);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    cr_assert(is_on(&w));
    struct state_section s = world_section(&w, SECTION_METRICS);
    struct charter_metrics m;
    size_t n = 0;
    cr_assert_eq(codec_decode(&charter_metrics_desc, s.body, &w.a, &m, &w.err), ST_OK);
    for (size_t i = 0; i < m.list.n; i++) {
        m.list.v[n] = m.list.v[i];
        n += !span_eqs(m.list.v[i].name, "revenue");
    }
    m.list.n = n;
    struct world_proposal p = {.section = SECTION_METRICS, .body = world_encoded(&w, &charter_metrics_desc, &m), .base = s.version};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_OK);
    world_approve(&w, w.last, council);
    world_at_ms(&w, world_decision(&w, w.last).effective_ms);
    EXPECT_PHASE(&w, w.last, PHASE_EFFECTIVE);
    AT(&w, "2026-06-20T00:00:00Z");
    cr_assert(is_on(&w), "as it was");
    cr_assert_eq(events(&w, ITEM_EVENT_WARNED) + events(&w, ITEM_EVENT_WARNING_OVER), 1);
    EXPECT_VERDICT(&w, watch(&w, 1), V_NO_SUCH_OBJECT);
    world_free(&w);
}

Test(warnings, ITM_20_claimed_by_one_who_leaves_it_climbs)
{
    struct world w;
    world_found_watched(&w);
    struct item_indicator x = world_indicator("revenue", CMP_LT, "42.0", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_RISK, &o), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_RISK, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    world_at_ms(&w, world_decision(&w, 1).effective_ms);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(it.phase == ITEM_OPEN && it.rung == 1 && it.by_warning, "revenue was never reported");
    cr_assert(HAS(&it, state_item_key_offered));
    world_free(&w);
}

Test(warnings, IND_5_what_a_leaver_owed_is_dropped_and_the_rest_is_judged)
{
    struct world w;
    world_found_watched(&w);
    struct item_indicator x = world_indicator("uptime", CMP_LT, "95", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    struct world_proposal p = {.effect = &world_exit};
    AT(&w, "2026-03-06T08:00:00Z"); /* so that it leaves a day before what it owes is due */
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/sponsor", 1, CHOICE_APPROVE), V_OK);
    uint64_t leaves = world_decision(&w, 1).effective_ms, day = leaves / 86400000;
    uint64_t monday = 7 * ((day + 3) / 7) - 3; /* of the week in which it leaves */
    world_at_ms(&w, monday * 86400000 + 3600000);
    while (w.more)
        world_at_ms(&w, w.g.time_ms + 1000);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    cr_assert(is_on(&w), "weeks long gone were never reported");
    struct time_text week = time_utc((monday - 7) * 86400000);
    for (int i = 0; i < 2; i++) {
        const char *seat = i == 0 ? "brand/finance" : "distributor/finance", *org = i == 0 ? "brand" : "distributor";
        EXPECT_VERDICT(&w, readings_report(&w, seat, "uptime", PURPOSE_ACTUAL, week.s, "99"), V_OK);
        uint64_t n = readings_of(&w, "uptime", PURPOSE_ACTUAL, week.s, org).number;
        EXPECT_VERDICT(&w, readings_mark(&w, i == 0 ? "maker/finance" : "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    }
    struct state_reading owed = readings_of(&w, "uptime", PURPOSE_ACTUAL, week.s, "maker");
    cr_assert(owed.standing == READING_OWED && owed.due_ms > leaves, "due %s, leaves %s", time_utc(owed.due_ms).s, time_utc(leaves).s);
    cr_assert(is_on(&w), "maker's is pending");
    world_at_ms(&w, leaves);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert(!is_on(&w), "without it the week had no breach");
    world_free(&w);
}

/* --- What is shown --- */

static const struct query_item_task *task_of(const struct query_inbox *in, enum item_task task)
{
    for (size_t i = 0; i < in->items.n; i++)
        if (in->items.v[i].task == task)
            return &in->items.v[i];
    return NULL;
}

Test(warnings, the_owner_is_told_and_the_body_and_whoever_looks)
{
    struct world w;
    found(&w, 2);
    month(&w, "2026-03-01", "2026-04-01T09:00:00Z", "41");
    uint64_t before = w.g.time_ms;
    month(&w, "2026-04-01", "2026-05-01T09:00:00Z", "41");
    struct query_inbox own, other;
    cr_assert_eq(query_inbox(&w.v, span_str("brand"), NULL, &w.a, &own, &w.err), ST_OK, "%s", w.err.text);
    cr_assert_eq(query_inbox(&w.v, span_str("maker"), NULL, &w.a, &other, &w.err), ST_OK, "%s", w.err.text);
    const struct query_item_task *heed = task_of(&own, ITEM_TASK_HEED), *look = task_of(&other, ITEM_TASK_LOOK);
    cr_assert(heed != NULL && look != NULL && task_of(&own, ITEM_TASK_DO) == NULL);
    cr_assert(span_eqs(heed->words, "an early warning is on: revenue < 42 for 2"), "%.*s", SPAN_FMT(heed->words));
    cr_assert(strstr((const char *)look->words.p, "by an early warning, revenue < 42 for 2") != NULL);
    struct query_owed_list owed;
    cr_assert_eq(query_owed(&own, &w.a, &owed, &w.err), ST_OK);
    bool told = false;
    for (size_t i = 0; i < owed.n; i++)
        told = told || (span_eqs(owed.v[i].key, "item.R-1.heed") && owed.v[i].edition == w.g.time_ms);
    cr_assert(told, "so a reminder goes out, and another when it fires again");
    struct item_ref ref = {.type = ITEM_RISK, .number = 1};
    struct query_item q;
    cr_assert_eq(query_item(&w.v, &ref, &w.a, &q, &w.err), ST_OK, "%s", w.err.text);
    cr_assert(q.warnings.n == 1 && q.warnings.v[0].since_ms == w.g.time_ms);
    cr_assert(span_eqs(q.warnings.v[0].period, "2026-04"), "%.*s", SPAN_FMT(q.warnings.v[0].period));
    cr_assert(span_eqs(q.owed, "brand/finance owes it, an early warning is on: revenue < 42 for 2"), "%.*s", SPAN_FMT(q.owed));
    struct rpc_items all = {.type = ITEM_RISK, .from = 1, .count = 10, .live = true};
    struct query_items list;
    cr_assert_eq(query_items(&w.v, &all, &w.a, &list, &w.err), ST_OK);
    cr_assert(span_eqs(list.list.v[0].warning, "revenue < 42 for 2"));
    struct query_news news;
    cr_assert_eq(query_news(&w.v, before + 1, w.g.time_ms + 86400000, &w.a, &news, &w.err), ST_OK);
    bool in_news = false;
    for (size_t i = 0; i < news.happened.n; i++)
        in_news = in_news || strstr((const char *)news.happened.v[i].words.p, "warned: revenue < 42 for 2, by K-") != NULL;
    cr_assert(in_news);
    world_free(&w);
}
