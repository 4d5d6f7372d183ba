/* What is computed is kept on the record, once for each period, when its time to be checked is over (MET-13); conditions look at
 * that (IND-3, IND-4, TRG-3, TRG-5). Founded on Monday 2 March 2026 at 8:00. */
#include <criterion/criterion.h>
#include "gov/decimal.h"
#include "rests.h"

TestSuite(computed, .timeout = 120);

/* Eight business days after March, April, May, June, July. */
static const char *const settled[] = {"2026-04-11T00:00:00Z", "2026-05-13T00:00:00Z", "2026-06-11T00:00:00Z", "2026-07-11T00:00:00Z",
                                      "2026-08-13T00:00:00Z"};

static struct state_metric metric(struct world *w, const char *name, uint64_t *ret_number)
{
    struct state_metric m;
    cr_assert_eq(metric_number(&w->v, &w->a, span_str(name), ret_number, &w->err), ST_OK);
    cr_assert_eq(metric_get(&w->v, &w->a, *ret_number, &m, &w->err), ST_OK);
    return m;
}

/* What is kept of a period as text; NULL: nothing. */
static const char *kept(struct world *w, const char *name, const char *period)
{
    struct state_computed c;
    uint64_t number;
    (void)metric(w, name, &number);
    struct tkey k = tkey_computed(number, readings_day(period));
    enum status st = state_get(&w->v, &w->a, TABLE_COMPUTED, &k, &state_computed_desc, &c, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return st == ST_OK ? charter_text(&w->a, "%s", decimal_text(&c.value).s) : NULL;
}

#define EXPECT_KEPT(w, name, period, value)                                                                                           \
    do {                                                                                                                              \
        const char *is_ = kept(w, name, period);                                                                                      \
        cr_assert(is_ != NULL && strcmp(is_, value) == 0, "%s of %s: %s", name, period, is_ == NULL ? "none" : is_);                  \
    } while (0)

static struct query_metric shown(struct world *w, const char *name)
{
    struct query_scorecard q;
    struct arena scratch;
    arena_init(&scratch, 0);
    cr_assert_eq(query_scorecard(&w->v, UINT64_MAX, w->g.time_ms, &w->a, &scratch, &q, &w->err), ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    for (size_t i = 0; i < q.metrics.n; i++)
        if (span_eqs(q.metrics.v[i].name, name))
            return q.metrics.v[i];
    cr_assert_fail("no metric %s", name);
    return (struct query_metric){0};
}

/* A decision of the council that passes so many days after it was opened. */
static void decide(struct world *w, const char *opened, const char *passed)
{
    AT(w, opened);
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "plan", NULL), V_OK);
    AT(w, passed);
    rests_approve(w, w->last, "finance");
}

Test(computed, MET_13_kept_once_when_its_due_is_over)
{
    struct world w;
    uint64_t number;
    readings_found(&w, NULL);
    struct state_metric m = metric(&w, "velocity", &number);
    cr_assert(HAS(&m, state_metric_key_computed) && m.computed.measure == MEASURE_DECISION_VELOCITY);
    cr_assert(m.first == readings_day("2026-03-01") && m.period == m.first);
    EXPECT_TIME(time_utc(m.ends_ms), "2026-04-11T00:00:00.000Z");
    decide(&w, "2026-03-10T08:00:00Z", "2026-03-11T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK); /* 20 bd */
    uint64_t second = w.last;
    AT(&w, "2026-04-10T23:59:59Z");
    cr_assert_null(kept(&w, "velocity", "2026-03-01"));
    struct query_metric q = shown(&w, "velocity");
    cr_assert(q.figure == FIGURE_COMPUTED && readings_is(&q.value, "1"), "as things stand: %s", decimal_text(&q.value).s);
    cr_assert(HAS(&q, query_metric_key_kept_ms) && q.kept_ms == readings_ms(settled[0]));
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "velocity", "2026-03-01", "1");
    m = metric(&w, "velocity", &number);
    cr_assert_eq(m.period, readings_day("2026-04-01"));
    EXPECT_TIME(time_utc(m.ends_ms), "2026-05-13T00:00:00.000Z");
    cr_assert_eq(world_decision(&w, second).phase, PHASE_OPEN);
    AT(&w, "2026-04-13T08:00:00Z"); /* what passes now was opened in March, and comes too late */
    world_approve(&w, second, (const char *const[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    EXPECT_KEPT(&w, "velocity", "2026-03-01", "1");
    q = shown(&w, "velocity");
    cr_assert(span_eqs(q.period, "2026-03") && readings_is(&q.value, "1"), "the scorecard says what is kept");
    cr_assert(!HAS(&q, query_metric_key_kept_ms));
    world_free(&w);
}

Test(computed, MET_13_nothing_to_compute_from_keeps_nothing)
{
    struct world w;
    uint64_t number;
    readings_found(&w, NULL);
    AT(&w, settled[0]);
    cr_assert_null(kept(&w, "velocity", "2026-03-01"));
    cr_assert_eq(metric(&w, "velocity", &number).period, readings_day("2026-04-01"));
    cr_assert_eq(shown(&w, "velocity").figure, FIGURE_NOTHING);
    world_free(&w);
}

/* A halt of three months: each period is computed all the same, the oldest first, as things stand after it. */
Test(computed, MET_13_a_halt_computes_each_period)
{
    struct world w;
    readings_found(&w, NULL);
    decide(&w, "2026-03-10T08:00:00Z", "2026-03-12T08:00:00Z");
    AT(&w, "2026-06-30T08:00:00Z");
    while (w.more)
        world_at_ms(&w, w.g.time_ms + 1000);
    EXPECT_KEPT(&w, "velocity", "2026-03-01", "2");
    cr_assert_null(kept(&w, "velocity", "2026-04-01"));
    uint64_t number;
    cr_assert_eq(metric(&w, "velocity", &number).period, readings_day("2026-06-01"));
    world_free(&w);
}

static const char velocity[] = "  velocity: {group: execution, view: process, computed: decision-velocity, every: month}\n";

Test(computed, MET_3_another_measure_begins_anew)
{
    struct world w;
    uint64_t number, same;
    rests_begin();
    rests_found(&w);
    decide(&w, "2026-03-10T08:00:00Z", "2026-03-11T08:00:00Z");
    struct state_metric m = metric(&w, "velocity", &number);
    rests_edit(velocity, "  velocity: {group: execution, view: process, computed: veto-rate, every: month}\n");
    (void)rests_amend(&w, SECTION_METRICS);
    m = metric(&w, "velocity", &same);
    cr_assert(same == number && m.computed.measure == MEASURE_VETO_RATE && m.first == readings_day("2026-04-01") && m.period == m.first);
    rests_edit("computed: veto-rate, every: month", "every: month, from: maker/finance, check: brand/finance");
    (void)rests_amend(&w, SECTION_METRICS);
    m = metric(&w, "velocity", &same);
    cr_assert(same == number && !HAS(&m, state_metric_key_computed));
    EXPECT_TIME(time_utc(m.ends_ms), "2026-05-01T00:00:00.000Z"); /* a reading is owed when the period ends */
    AT(&w, "2026-05-01T00:00:00Z");
    cr_assert_eq(readings_of(&w, "velocity", PURPOSE_ACTUAL, "2026-04-01", "maker").standing, READING_OWED);
    rests_edit("every: month, from: maker/finance, check: brand/finance", "computed: veto-rate, every: month");
    (void)rests_amend(&w, SECTION_METRICS);
    m = metric(&w, "velocity", &same);
    cr_assert(HAS(&m, state_metric_key_computed) && m.first == readings_day("2026-06-01"));
    cr_assert_eq(readings_of(&w, "velocity", PURPOSE_ACTUAL, "2026-04-01", "maker").standing, READING_DROPPED);
    world_free(&w);
}

/* --- Conditions --- */

static void watch(struct world *w, const char *number, uint64_t periods)
{
    struct item_indicator x = world_indicator("velocity", CMP_GT, number, periods);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(w, world_item_new(w, "brand/finance", ITEM_RISK, &o), V_OK);
}

static bool is_on(struct world *w)
{
    struct state_item it = world_item_of(w, ITEM_RISK, 1);
    return HAS(&it.indicators.v[0], state_indicator_key_since_ms);
}

/* Three days each in March and May, none in April, one in June. */
static void a_slow_spring(struct world *w)
{
    decide(w, "2026-03-10T08:00:00Z", "2026-03-13T08:00:00Z");
    AT(w, settled[0]);
    AT(w, settled[1]); /* of April there is nothing */
    decide(w, "2026-05-18T08:00:00Z", "2026-05-21T08:00:00Z");
}

Test(computed, IND_4_a_risk_is_warned_and_an_empty_month_is_passed_over)
{
    struct world w;
    rests_begin();
    rests_found(&w);
    watch(&w, "2", 2);
    a_slow_spring(&w);
    cr_assert(!is_on(&w));
    AT(&w, settled[2]);
    cr_assert(is_on(&w));
    struct state_item it = world_item_of(&w, ITEM_RISK, 1);
    const struct state_indicator *s = &it.indicators.v[0];
    cr_assert(s->from == readings_day("2026-03-01") && s->period == readings_day("2026-05-01") && !HAS(s, state_indicator_key_reading));
    struct state_item_event ev = world_item_event(&w, ITEM_RISK, 1, 1);
    cr_assert(ev.type == ITEM_EVENT_WARNED && !HAS(&ev, state_item_event_key_reading) && ev.period == s->period);
    cr_assert_eq(it.rung, 1, "it climbs");
    decide(&w, "2026-06-15T08:00:00Z", "2026-06-16T08:00:00Z");
    AT(&w, settled[3]);
    cr_assert(!is_on(&w));
    EXPECT_ITEM_EVENT(&w, ITEM_RISK, 1, 0, ITEM_EVENT_WARNING_OVER);
    world_free(&w);
}

Test(computed, TRG_3_a_consequence_and_an_exit_trigger)
{
    struct world w;
    rests_begin();
    rests_edit("triggers: {term-ends: term over}", "triggers: {term-ends: term over, slow: velocity > 2 for 2}");
    rests_add("consequences: [{when: velocity > 2 for 2, opens: terms}]\n");
    rests_found(&w);
    a_slow_spring(&w);
    cr_assert(!rests_first_holds(&w) && rests_actions(&w) == 0);
    AT(&w, settled[2]);
    cr_assert(rests_first_holds(&w) && rests_holds(&w, TRIGGER_EXIT, "slow") && rests_actions(&w) == 6);
    EXPECT_WORDS(world_item_of(&w, ITEM_ACTION, 1), "exit trigger slow holds: propose exit, or say why not");
    EXPECT_WORDS(world_item_of(&w, ITEM_ACTION, 4), "consequence 1 holds: propose terms, or say why not");
    decide(&w, "2026-06-15T08:00:00Z", "2026-06-16T08:00:00Z");
    cr_assert(rests_first_holds(&w), "June is not kept yet");
    AT(&w, settled[3]);
    cr_assert(!rests_first_holds(&w) && !rests_holds(&w, TRIGGER_EXIT, "slow"));
    world_free(&w);
}

/* Nobody reports it, so all are told. */
Test(computed, TRG_5_an_early_warning_asks_each_partner)
{
    struct world w;
    rests_begin();
    rests_edit("indicators: {}", "indicators: {slow: velocity > 2 for 2, both: term over or velocity > 2}");
    rests_found(&w);
    a_slow_spring(&w);
    cr_assert_eq(rests_actions(&w), 3, "the second one has held since March");
    AT(&w, settled[2]);
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "slow") && rests_asked(&w, TRIGGER_INDICATOR, "slow") == 3 && rests_actions(&w) == 6);
    static const char *const owners[] = {"brand/alliance-manager", "distributor/alliance-manager", "maker/alliance-manager"};
    for (uint64_t n = 0; n < 3; n++) {
        struct state_item it = world_item_of(&w, ITEM_ACTION, 4 + n);
        EXPECT_WORDS(it, "early warning slow holds");
        cr_assert(span_eqs(it.owner, owners[n]) && rests_links_clause(&it, "risks.indicators.slow"));
    }
    world_free(&w);
}

Test(computed, TRG_5_one_that_a_risk_has_asks_nobody)
{
    struct world w;
    rests_begin();
    rests_edit("indicators: {}", "indicators: {slow: velocity > 2 for 2}");
    rests_found(&w);
    watch(&w, "2", 2);
    a_slow_spring(&w);
    AT(&w, settled[2]);
    cr_assert(rests_holds(&w, TRIGGER_INDICATOR, "slow") && rests_actions(&w) == 0 && is_on(&w));
    world_free(&w);
}

/* --- Measures, as they are kept --- */

static const char all_measures[] = "  breaches: {group: execution, view: process, computed: sla-breaches, every: month}\n"
                                   "  waiting: {group: execution, view: process, computed: waiting-time, every: month}\n"
                                   "  late: {group: execution, view: process, computed: overdue-readings, every: month}\n"
                                   "  climbed: {group: execution, view: process, computed: escalation-rate, every: month}\n"
                                   "  vetoed: {group: execution, view: process, computed: veto-rate, every: month}\n"
                                   "  by-default: {group: execution, view: process, computed: default-rate, every: month}\n";

/* plan, opened on Tuesday 3 March 08:00:01. */
static void found_with_plan(struct world *w)
{
    rests_begin();
    rests_add_metric(all_measures);
    rests_found(w);
    AT(w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "plan", NULL), V_OK);
}

/* brand and maker approve a second later each, the distributor never; after 2 bd steering is asked, and all approve on Monday 9 March
 * at 12:00:0n. */
Test(computed, MSR_1_MSR_2_MSR_4_within_a_block)
{
    struct world w;
    found_with_plan(&w);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-06T00:00:00Z"); /* escalates by itself */
    AT(&w, "2026-03-09T12:00:00Z");
    rests_approve(&w, 1, "sponsor");
    cr_assert_eq(world_decision(&w, 1).phase, PHASE_EFFECTIVE);
    AT(&w, "2026-03-11T00:00:00Z"); /* a week of uptime is late, of three partners; */
    AT(&w, "2026-03-18T00:00:00Z"); /* another; */
    AT(&w, "2026-04-01T00:00:00Z"); /* a third and a fourth, but in April */
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "climbed", "2026-03-01", "100");
    EXPECT_KEPT(&w, "vetoed", "2026-03-01", "0");
    EXPECT_KEPT(&w, "by-default", "2026-03-01", "0");
    EXPECT_KEPT(&w, "breaches", "2026-03-01", "1");
    /* brand 1 s, maker 2 s, distributor 63:59:59; then, from Friday 0:00, brand, distributor, maker 36 h and 1, 2, 3 s. */
    EXPECT_KEPT(&w, "waiting", "2026-03-01", "7.17"); /* 64 h - 1 s + 3 s + 108 h + 6 s = 172 h 8 s */
    EXPECT_KEPT(&w, "late", "2026-03-01", "6");
    AT(&w, settled[1]); /* in April: those two weeks, and on the 11th that of 30 March; revenue once, score and trust of each partner */
    EXPECT_KEPT(&w, "late", "2026-04-01", "16");
    world_free(&w);
}

/* fast, 2 h, opened on Friday 6 March 08:00:01; the ledger stands still until Tuesday 08:00, and three approve in the next seconds: of
 * two business days for each partner 1, 2, 3 seconds are left. */
Test(computed, MSR_2_a_halt_is_nobodys)
{
    struct world w;
    rests_begin();
    rests_add_metric(all_measures);
    rests_found(&w);
    AT(&w, "2026-03-06T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "fast", NULL), V_OK);
    AT(&w, "2026-03-10T08:00:00Z");
    rests_approve(&w, 1, "finance");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "waiting", "2026-03-01", "0");
    world_free(&w);
}

/* While it is paused nobody can speak, and nobody is waited for: Tuesday 08:00:01 to 20:00:01, and Wednesday from 08:00:01 on to the
 * ballots 1, 2, 3 seconds later. */
Test(computed, MSR_2_a_pause_is_nobodys)
{
    struct world w;
    found_with_plan(&w);
    AT(&w, "2026-03-03T20:00:00Z");
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_PAUSE), V_OK); /* 20:00:02 */
    EXPECT_PHASE(&w, 1, PHASE_PAUSED);
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_RESUME), V_OK);
    rests_approve(&w, 1, "finance");
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "waiting", "2026-03-01", "1.5"); /* 3 times 12 h 1 s, and 1 + 2 + 3 s */
    EXPECT_KEPT(&w, "breaches", "2026-03-01", "0");
    world_free(&w);
}

static void pulse(struct world *w, const char *org, const uint64_t histogram[5])
{
    char seat[48];
    (void)snprintf(seat, sizeof seat, "%s/alliance-manager", org);
    struct sealed_value s = readings_pulse(w, org, "trust", "2026-01-01", 4, histogram);
    EXPECT_VERDICT(w, readings_reveal(w, seat, &s), V_OK);
}

/* Means 5, 3.25 and 4: 1.75 between brand and distributor. What is revealed after it is kept changes nothing. */
Test(computed, MSR_6_trust_gap)
{
    static const uint64_t five[5] = {0, 0, 0, 0, 4}, low[5] = {0, 1, 1, 2, 0}, four[5] = {0, 0, 0, 4, 0};
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    static const uint64_t *const voices[] = {five, low, four};
    struct world w;
    rests_begin();
    rests_add_metric("  gap: {group: relationship, view: learning, computed: trust-gap, every: month}\n");
    rests_found(&w);
    AT(&w, "2026-04-01T08:00:00Z");
    for (size_t i = 0; i < 3; i++) {
        char seat[48];
        (void)snprintf(seat, sizeof seat, "%s/alliance-manager", orgs[i]);
        struct sealed_value s = readings_pulse(&w, orgs[i], "trust", "2026-01-01", 4, voices[i]);
        EXPECT_VERDICT(&w, readings_commit(&w, seat, &s), V_OK);
    }
    pulse(&w, "brand", five);
    cr_assert_eq(shown(&w, "gap").figure, FIGURE_NOTHING, "one voice has no gap");
    pulse(&w, "distributor", low);
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "gap", "2026-03-01", "1.75");
    AT(&w, settled[1]);
    EXPECT_KEPT(&w, "gap", "2026-04-01", "1.75"); /* the newest quarter by then */
    world_free(&w);
}

/* Two milestones of March: one is claimed on its last day and verified in April, in time for what is kept; one never. */
Test(computed, MSR_5_what_was_done_on_the_last_day_is_checked_by_then)
{
    struct world w;
    world_found_items_with(&w, "  hit: {group: execution, view: process, computed: milestones-hit, every: month}\n");
    struct world_item o = {.due = world_day("2026-03-31")};
    for (int i = 0; i < 2; i++)
        EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_MILESTONE, &o), V_OK);
    AT(&w, "2026-03-31T20:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_MILESTONE, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    AT(&w, "2026-04-01T08:00:00Z");
    cr_assert(readings_is(&(struct query_metric[]){shown(&w, "hit")}[0].value, "0"));
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_MILESTONE, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    AT(&w, settled[0]);
    EXPECT_KEPT(&w, "hit", "2026-03-01", "50");
    AT(&w, "2026-04-13T08:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_MILESTONE, 2, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_MILESTONE, 2, ITEM_STEP_VERIFY, NULL), V_OK);
    EXPECT_KEPT(&w, "hit", "2026-03-01", "50");
    world_free(&w);
}
