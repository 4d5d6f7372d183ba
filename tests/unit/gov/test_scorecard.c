/* Scorecard, early warnings, exit triggers, and what they ask: rules 24, 25, 34 and docs/metrics.md. */
#include <criterion/criterion.h>
#include "gov/predicate.h"
#include "readings.h"
#include "world_items.h"

TestSuite(scorecard, .timeout = 60);

static const char watched[] = "risks:\n"
                              "  categories: [strategic]\n"
                              "  sharing: {brand: 100}\n"
                              "  escalate: {score 10: council}\n"
                              "  review: {score 1: every quarter}\n"
                              "  indicators: {low: revenue < 42.0 for 2, slow: velocity > 5.0}\n";

/* The exit section of the world's charter with these triggers besides its own, and a metric revenue. */
static void found_with_triggers(struct world *w, const char *triggers)
{
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a);
    char *at = strstr(base, "  triggers: {term-ends: term over}");
    cr_assert_not_null(at);
    size_t n = strlen(base) + strlen(triggers) + 200;
    char *text = arena_alloc(&a, n);
    const char *metrics = "  revenue: {group: value, view: financial, unit: USD, every: month, from: "
                          "distributor/finance, check: brand/finance}\n";
    char *defaults = strchr(strstr(base, "metrics:\n") + 10, '\n') + 1;
    (void)snprintf(text, n, "%.*s%s%.*s  triggers: {%s, term-ends: term over}%s", (int)(defaults - base),
                   base, metrics, (int)(at - defaults), defaults, triggers,
                   at + strlen("  triggers: {term-ends: term over}"));
    world_found_with(w, text);
    arena_deinit(&a);
}

static struct query_scorecard card(struct world *w, uint64_t until)
{
    struct query_scorecard q;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_scorecard(&w->v, until, w->g.time_ms, &w->a, &scratch, &q, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return q;
}

static struct query_metric metric(struct world *w, const char *name)
{
    struct query_scorecard q = card(w, UINT64_MAX);
    for (size_t i = 0; i < q.metrics.n; i++) {
        if (span_eqs(q.metrics.v[i].name, name))
            return q.metrics.v[i];
    }
    cr_assert_fail("no metric %s on the scorecard", name);
    return (struct query_metric){0};
}

static struct query_trigger trigger(struct world *w, const char *name)
{
    struct query_scorecard q = card(w, UINT64_MAX);
    for (size_t i = 0; i < q.triggers.n; i++) {
        if (span_eqs(q.triggers.v[i].name, name))
            return q.triggers.v[i];
    }
    cr_assert_fail("no trigger %s on the scorecard", name);
    return (struct query_trigger){0};
}

#define EXPECT_WORDS(got, want)                                                                              \
    cr_assert(span_eqs(got, want), "words: %.*s, expected: %s", SPAN_FMT(got), want)

/* Revenue of a month, reported at the time given, and countersigned if said. */
static uint64_t revenue(struct world *w, const char *period, const char *value, bool countersigned)
{
    EXPECT_VERDICT(w, readings_report(w, "distributor/finance", "revenue", PURPOSE_ACTUAL, period, value),
                   V_OK);
    uint64_t n = readings_of(w, "revenue", PURPOSE_ACTUAL, period, "distributor").number;
    if (countersigned)
        EXPECT_VERDICT(w, readings_mark(w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    return n;
}

/* --- What stands behind a number --- */

Test(scorecard, reported_and_countersigned_never_look_alike)
{
    struct world w;
    readings_found(&w, NULL);
    struct query_metric m = metric(&w, "revenue");
    cr_assert_eq(m.figure, FIGURE_NOTHING);
    cr_assert(!HAS(&m, query_metric_key_period));
    AT(&w, "2026-04-01T08:00:00Z");
    m = metric(&w, "revenue");
    cr_assert_eq(m.figure, FIGURE_WAITING);
    EXPECT_WORDS(m.period, "2026-03");
    uint64_t n = revenue(&w, "2026-03-01", "43.5", false);
    m = metric(&w, "revenue");
    cr_assert_eq(m.figure, FIGURE_REPORTED);
    cr_assert(readings_is(&m.value, "43.5"));
    cr_assert_eq(m.by.n, 1);
    cr_assert_eq(m.by.v[0].reading, n);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    cr_assert_eq(metric(&w, "revenue").figure, FIGURE_DISPUTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    m = metric(&w, "revenue");
    cr_assert_eq(m.figure, FIGURE_COUNTERSIGNED);
    cr_assert(readings_is(&m.base, "41") && readings_is(&m.target, "55"));
    m = metric(&w, "velocity"); /* no decision was opened */
    cr_assert_eq(m.figure, FIGURE_NOTHING);
    AT(&w, "2026-04-22T00:00:00Z"); /* the week of 13 April, 2 d */
    cr_assert_eq(metric(&w, "uptime").figure, FIGURE_LATE);
    world_free(&w);
}

/* The value before is one that feeds predicates; a forecast stands beside what came. */
Test(scorecard, trend_baseline_forecast)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-04-01T08:00:00Z");
    EXPECT_VERDICT(
        &w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_FORECAST, "2026-04-01", "44"),
        V_OK);
    EXPECT_VERDICT(
        &w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_BASELINE, "2026-02-01", "40"),
        V_OK);
    (void)revenue(&w, "2026-03-01", "43", true);
    AT(&w, "2026-05-01T08:00:00Z");
    uint64_t b = readings_of(&w, "revenue", PURPOSE_BASELINE, "2026-02-01", "distributor").number;
    struct query_metric m = metric(&w, "revenue");
    EXPECT_WORDS(m.period, "2026-04");
    cr_assert(readings_is(&m.forecast, "44"));
    cr_assert(readings_is(&m.before, "43"));
    cr_assert(readings_is(&m.base, "41")); /* the charter's, until another is countersigned */
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", b, MARK_COUNTERSIGN, NULL), V_OK);
    m = metric(&w, "revenue");
    cr_assert(readings_is(&m.base, "40"));
    struct query_scorecard march = card(&w, readings_day("2026-04-01"));
    for (size_t i = 0; i < march.metrics.n; i++) {
        if (span_eqs(march.metrics.v[i].name, "revenue")) {
            EXPECT_WORDS(march.metrics.v[i].period, "2026-03");
            cr_assert(readings_is(&march.metrics.v[i].value, "43"));
        }
    }
    world_free(&w);
}

static void commit_all(struct world *w, const struct sealed_value s[3])
{
    EXPECT_VERDICT(w, readings_commit(w, "brand/alliance-manager", &s[0]), V_OK);
    EXPECT_VERDICT(w, readings_commit(w, "distributor/alliance-manager", &s[1]), V_OK);
    EXPECT_VERDICT(w, readings_commit(w, "maker/alliance-manager", &s[2]), V_OK);
}

/* 3.6, 5 and 2.25 of four voices: mean (3.6 + 5 + 2.25) / 3 = 3.6167, gap 2.75. */
Test(scorecard, a_pulse_and_its_gap)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-04-01T08:00:00Z");
    struct sealed_value s[3] = {
        readings_pulse(&w, "brand", "trust", "2026-01-01", 5, (const uint64_t[5]){0, 1, 1, 2, 1}),
        readings_pulse(&w, "distributor", "trust", "2026-01-01", 3, (const uint64_t[5]){0, 0, 0, 0, 3}),
        readings_pulse(&w, "maker", "trust", "2026-01-01", 4, (const uint64_t[5]){1, 2, 0, 1, 0})};
    commit_all(&w, s);
    cr_assert_eq(metric(&w, "trust").figure, FIGURE_WAITING);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/alliance-manager", &s[0]), V_OK);
    EXPECT_VERDICT(&w, readings_reveal(&w, "distributor/alliance-manager", &s[1]), V_OK);
    struct query_metric m = metric(&w, "trust");
    cr_assert_eq(m.figure, FIGURE_WAITING); /* of maker */
    cr_assert(!HAS(&m, query_metric_key_value));
    EXPECT_VERDICT(&w, readings_reveal(&w, "maker/alliance-manager", &s[2]), V_OK);
    m = metric(&w, "trust");
    cr_assert_eq(m.figure, FIGURE_REVEALED);
    cr_assert(readings_is(&m.value, "3.6167"));
    cr_assert(readings_is(&m.gap, "2.75"));
    cr_assert_eq(m.by.v[0].voices, 5);
    world_free(&w);
}

/* --- Early warnings: a missing or disputed reading is a breach --- */

Test(scorecard, R24_an_early_warning_over_countersigned_values)
{
    struct world w;
    readings_found(&w, watched);
    struct query_trigger t = trigger(&w, "low");
    cr_assert(t.known && !t.holds);
    EXPECT_WORDS(t.words, "revenue: no period is over");
    AT(&w, "2026-04-01T08:00:00Z");
    (void)revenue(&w, "2026-03-01", "40", true);
    t = trigger(&w, "low");
    cr_assert(!t.holds);
    EXPECT_WORDS(t.words, "revenue 40, 1 of 2");
    AT(&w, "2026-05-01T08:00:00Z");
    uint64_t n = revenue(&w, "2026-04-01", "41", false);
    t = trigger(&w, "low"); /* merely reported: it does not count yet */
    cr_assert(!t.holds);
    EXPECT_WORDS(t.words, "revenue 40, 1 of 2");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    t = trigger(&w, "low");
    cr_assert(t.holds);
    EXPECT_WORDS(t.words, "revenue 41, 2 of 2");
    cr_assert_eq(t.since_ms, w.g.time_ms);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "42"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    cr_assert(!trigger(&w, "low").holds);
    world_free(&w);
}

Test(scorecard, R24_missing_or_disputed_warns)
{
    struct world w;
    readings_found(&w, watched);
    AT(&w, "2026-04-01T08:00:00Z");
    uint64_t n = revenue(&w, "2026-03-01", "60", false);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    AT(&w, "2026-05-01T08:00:00Z");
    cr_assert(!trigger(&w, "low").holds);
    EXPECT_WORDS(trigger(&w, "low").words, "revenue disputed, 1 of 2");
    AT(&w, "2026-05-13T00:00:00Z"); /* April is late: 8 bd after 30 April */
    struct query_trigger t = trigger(&w, "low");
    cr_assert(t.holds);
    EXPECT_WORDS(t.words, "revenue late, 2 of 2");
    world_free(&w);
}

/* What nobody checks in time is missing too. */
Test(scorecard, R24_unchecked_when_due_warns)
{
    struct world w;
    readings_found(&w, watched);
    AT(&w, "2026-04-01T08:00:00Z");
    (void)revenue(&w, "2026-03-01", "60", false);
    EXPECT_WORDS(trigger(&w, "low").words, "revenue: no period is over");
    AT(&w, "2026-04-14T00:00:00Z");
    EXPECT_WORDS(trigger(&w, "low").words, "revenue reported, 1 of 2");
    world_free(&w);
}

/* --- Exit triggers: missing and disputed are passed over; they ask, and do nothing --- */

static struct query_reading_task_list tasks(struct world *w, const char *org)
{
    struct query_reading_task_list l;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st =
        query_reading_tasks(&w->v, span_str(org), NULL, w->g.time_ms, &w->a, &scratch, &l, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return l;
}

static const struct query_reading_task *task(struct world *w, const char *org, enum task_type type)
{
    struct query_reading_task_list l = tasks(w, org);
    for (size_t i = 0; i < l.n; i++) {
        if (l.v[i].task == type)
            return &l.v[i];
    }
    return NULL;
}

Test(scorecard, R34_an_exit_trigger_asks_for_a_decision)
{
    struct world w;
    found_with_triggers(&w, "lost: revenue < 35.0 for 2 or amount > USD 1.00"); /* the record does not judge amounts */
    AT(&w, "2026-04-01T08:00:00Z");
    (void)revenue(&w, "2026-03-01", "30", true);
    AT(&w, "2026-05-01T08:00:00Z");
    uint64_t april = revenue(&w, "2026-04-01", "60", false);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", april, MARK_DISPUTE, NULL), V_OK);
    AT(&w, "2026-06-01T08:00:00Z");
    cr_assert_null(task(&w, "brand", TASK_TRIGGER));
    (void)revenue(&w, "2026-05-01", "31", true);
    struct query_trigger t = trigger(&w, "lost"); /* April is disputed: passed over */
    cr_assert(t.holds);
    EXPECT_WORDS(t.words, "revenue 31, 2 of 2; no amount");
    const struct query_reading_task *k = task(&w, "brand", TASK_TRIGGER);
    cr_assert_not_null(k);
    cr_assert(span_eqs(k->seats.v[0], "brand/sponsor"));
    cr_assert(span_eqs(k->opens, "exit"));
    cr_assert_null(task(&w, "trustee", TASK_TRIGGER));
    EXPECT_STANDING(&w, "brand", STANDING_ACTIVE); /* nothing happened by itself */
    struct world_proposal p = {.effect = &world_exit};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "exit", &p), V_OK);
    cr_assert_eq(trigger(&w, "lost").decision, 1);
    cr_assert_null(task(&w, "brand", TASK_TRIGGER));
    world_free(&w);
}

Test(scorecard, term_over_and_counts)
{
    struct world w;
    found_with_triggers(&w, "late: term over and count plan >= 1 in 30 d, safety: count plan >= 2 in 30 d");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    struct query_trigger t = trigger(&w, "safety");
    cr_assert(!t.holds && t.known);
    EXPECT_WORDS(t.words, "1 plan");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert(trigger(&w, "safety").holds);
    cr_assert_eq(trigger(&w, "safety").since_ms, w.g.time_ms);
    AT(&w, "2026-04-01T23:59:59Z"); /* 30 d from 2 March end on 1 April at 24:00 */
    cr_assert(trigger(&w, "safety").holds);
    AT(&w, "2026-04-02T00:00:00Z");
    cr_assert(!trigger(&w, "safety").holds);
    cr_assert(!trigger(&w, "late").holds);
    cr_assert(!trigger(&w, "term-ends").holds);
    world_free(&w);
}

/* Items of a type are counted as decisions of a row are. */
Test(scorecard, items_are_counted)
{
    struct world w;
    found_with_triggers(&w, "harm: count issue >= 2 in 365 d, both: count issue >= 1 in 365 d and count plan >= 1 in 30 d");
        EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_LESSON, NULL), V_OK); /* of another type */
    EXPECT_WORDS(trigger(&w, "harm").words, "0 issue");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
    cr_assert(trigger(&w, "harm").known && !trigger(&w, "harm").holds);
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
    cr_assert(trigger(&w, "harm").holds);
    cr_assert_eq(trigger(&w, "harm").since_ms, w.g.time_ms);
    cr_assert(!trigger(&w, "both").holds);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert(trigger(&w, "both").holds);
    AT(&w, "2027-03-02T23:59:59Z"); /* 365 d from 2 March end on 2 March at 24:00 */
    cr_assert(trigger(&w, "harm").holds);
    AT(&w, "2027-03-03T00:00:00Z");
    cr_assert(!trigger(&w, "harm").holds);
    world_free(&w);
}

/* --- Consequences and incentives; what is paid is computed. With an amount in it the record does not judge a condition, and
 * it asks who looks --- */

static const char paid[] =
    "incentives:\n"
    "  bonus: {when: revenue >= 50.0, pays: 1.5 percent of revenue, to: {brand: 34, maker: 66}, most: USD 1.00, from: all}\n"
    "  grant: {when: revenue >= 50.0, pays: USD 75.01, to: {brand: 50, maker: 50}, from: all}\n"
    "  share: {when: revenue >= 50.0, pays: 2 percent of uptime, to: {brand: 100}, from: all}\n"
    "consequences:\n"
    "  - {when: revenue < 35.0 or amount > USD 1.00, opens: action, owner: maker/finance}\n"
    "  - {when: revenue < 35.0 for 2 or amount > USD 1.00, opens: plan}\n";

static struct query_trigger one_of(struct world *w, enum trigger_type type, size_t k)
{
    struct query_scorecard q = card(w, UINT64_MAX);
    for (size_t i = 0; i < q.triggers.n; i++) {
        if (q.triggers.v[i].type == type && k-- == 0)
            return q.triggers.v[i];
    }
    cr_assert_fail("there are not so many");
    return (struct query_trigger){0};
}

Test(scorecard, R24_a_consequence_asks_for_an_item_with_its_tag)
{
    struct world w;
    readings_found(&w, paid);
    AT(&w, "2026-04-01T08:00:00Z");
    uint64_t march = revenue(&w, "2026-03-01", "30", false);
    cr_assert(!one_of(&w, TRIGGER_CONSEQUENCE, 0).holds); /* merely reported: passed over */
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", march, MARK_COUNTERSIGN, NULL), V_OK);
    struct query_trigger t = one_of(&w, TRIGGER_CONSEQUENCE, 0);
    cr_assert(t.holds && span_eqs(t.name, "revenue") && span_eqs(t.opens, "action"));
    cr_assert(!one_of(&w, TRIGGER_CONSEQUENCE, 1).holds); /* one month is not two */
    const struct query_reading_task *k = task(&w, "maker", TASK_TRIGGER);
    cr_assert_not_null(k);
    cr_assert(k->of == TRIGGER_CONSEQUENCE && k->seats.n == 1 && span_eqs(k->seats.v[0], "maker/finance"));
    EXPECT_WORDS(k->words, "consequence revenue holds (revenue 30, 1 of 1; no amount): open one: action tagged revenue, or decide otherwise; "
                           "nothing happens by itself");
    cr_assert_null(task(&w, "brand", TASK_TRIGGER));
    /* An action without the tag is another matter; one with it answers. */
    struct world_item o = {.owner = "maker/finance", .due = world_day("2026-04-30")};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    cr_assert_not_null(task(&w, "maker", TASK_TRIGGER));
    o.tag = "revenue";
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    cr_assert_null(task(&w, "maker", TASK_TRIGGER));
    cr_assert_eq(one_of(&w, TRIGGER_CONSEQUENCE, 0).item.number, 2);
    world_free(&w);
}

Test(scorecard, R24_a_consequence_asks_the_owners_of_its_row)
{
    struct world w;
    readings_found(&w, paid);
    AT(&w, "2026-04-01T08:00:00Z");
    (void)revenue(&w, "2026-03-01", "30", true);
    AT(&w, "2026-05-01T08:00:00Z");
    (void)revenue(&w, "2026-04-01", "31", true);
    cr_assert(one_of(&w, TRIGGER_CONSEQUENCE, 1).holds);
    const struct query_reading_task *k = task(&w, "brand", TASK_TRIGGER);
    cr_assert_not_null(k);
    cr_assert(span_eqs(k->opens, "plan"));
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    cr_assert_null(task(&w, "brand", TASK_TRIGGER));
    cr_assert_eq(one_of(&w, TRIGGER_CONSEQUENCE, 1).decision, 1);
    world_free(&w);
}

/* Two consequences of one metric are two things owed, each reminded of by itself. */
Test(scorecard, two_consequences_of_one_metric_have_keys_of_their_own)
{
    struct world w;
    readings_found(&w, paid);
    AT(&w, "2026-04-01T08:00:00Z");
    (void)revenue(&w, "2026-03-01", "30", true);
    AT(&w, "2026-05-01T08:00:00Z");
    (void)revenue(&w, "2026-04-01", "31", true);
    struct query_inbox in = {.readings = tasks(&w, "maker")};
    struct query_owed_list l;
    cr_assert_eq(query_owed(&in, &w.a, &l, &w.err), ST_OK, "%s", w.err.text);
    size_t action = 0, plan = 0;
    for (size_t i = 0; i < l.n; i++) {
        action += span_eqs(l.v[i].key, "consequence.revenue.action.trigger");
        plan += span_eqs(l.v[i].key, "consequence.revenue.plan.trigger");
    }
    cr_assert_eq(action, 1);
    cr_assert_eq(plan, 1);
    world_free(&w);
}

Test(scorecard, what_an_incentive_pays)
{
    struct world w;
    readings_found(&w, paid);
    AT(&w, "2026-04-01T08:00:00Z");
    uint64_t march = revenue(&w, "2026-03-01", "55.55", false);
    cr_assert(!one_of(&w, TRIGGER_INCENTIVE, 0).holds); /* nobody else stands behind it */
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", march, MARK_COUNTERSIGN, NULL), V_OK);
    struct query_trigger t = one_of(&w, TRIGGER_INCENTIVE, 0);
    cr_assert(t.holds && t.pays.minor == 83, "%d", (int)t.pays.minor); /* 1.5 percent of 55.55 are 0.83325 */
    cr_assert(t.to.n == 2 && t.to.v[0].amount.minor == 29 && t.to.v[1].amount.minor == 54); /* 28.22 and 54.78; one is left over */
    t = one_of(&w, TRIGGER_INCENTIVE, 1);
    cr_assert(t.holds && t.pays.minor == 7501 && t.to.v[0].amount.minor == 3751 && t.to.v[1].amount.minor == 3750);
    t = one_of(&w, TRIGGER_INCENTIVE, 2);
    cr_assert(t.holds && !HAS(&t, query_trigger_key_pays)); /* uptime has no number, and is in percent */
    AT(&w, "2026-05-01T08:00:00Z");
    (void)revenue(&w, "2026-04-01", "99.99", true);
    t = one_of(&w, TRIGGER_INCENTIVE, 0);
    cr_assert_eq(t.pays.minor, 100); /* at most */
    world_free(&w);
}

/* --- The inbox --- */

Test(scorecard, what_readings_ask_of_whom)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-04-01T08:00:00Z");
    const struct query_reading_task *k = task(&w, "distributor", TASK_REPORT);
    cr_assert_not_null(k);
    cr_assert(span_eqs(k->name, "uptime") && k->late); /* oldest number first */
    struct query_reading_task_list l = tasks(&w, "distributor");
    const struct query_reading_task *r = NULL;
    for (size_t i = 0; i < l.n; i++)
        r = span_eqs(l.v[i].name, "revenue") ? &l.v[i] : r;
    cr_assert_not_null(r);
    EXPECT_WORDS(r->words, "revenue for 2026-03 is owed");
    cr_assert(span_eqs(r->seats.v[0], "distributor/finance") && !r->late);
    EXPECT_TIME(time_utc(r->deadline_ms), "2026-04-11T00:00:00.000Z");
    k = task(&w, "maker", TASK_COMMIT);
    cr_assert_not_null(k);
    uint64_t n = revenue(&w, "2026-03-01", "43.5", false);
    k = task(&w, "brand", TASK_COUNTERSIGN);
    cr_assert_not_null(k);
    EXPECT_WORDS(k->words, "revenue of distributor for 2026-03, 43.5 USD: countersign or dispute it");
    cr_assert_null(task(&w, "maker", TASK_COUNTERSIGN));
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    k = task(&w, "distributor", TASK_RESTATE);
    cr_assert_not_null(k);
    cr_assert_eq(k->reading, n);
    cr_assert_null(task(&w, "brand", TASK_COUNTERSIGN));
    world_free(&w);
}

Test(scorecard, lists_by_number)
{
    struct world w;
    struct query_readings q;
    readings_found(&w, NULL);
    AT(&w, "2026-04-01T08:00:00Z");
    cr_assert_eq(query_readings(&w.v, 1, 2, &w.a, &q, &w.err), ST_OK);
    cr_assert_eq(q.list.n, 2);
    cr_assert(q.more);
    EXPECT_WORDS(q.list.v[0].period, "2026-W10");
    cr_assert_eq(q.list.v[0].figure, FIGURE_LATE);
    cr_assert(span_eqs(q.list.v[0].reporters.v[0], "brand/finance"));
    cr_assert_eq(q.list.v[0].checkers.n, 2);
    cr_assert_eq(query_readings(&w.v, 1, 1000, &w.a, &q, &w.err), ST_OK);
    cr_assert(!q.more);
    world_free(&w);
}
