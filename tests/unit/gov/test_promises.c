/* The gap between promised and reported, by hand (docs/metrics.md). Founded on Monday 2 March 2026. */
#include <criterion/criterion.h>
#include "gov/decimal.h"
#include "readings.h"

TestSuite(promises, .timeout = 60);

static const char more[] = "thesis:\n"
                           "  objective: one\n"
                           "  why-not-build-or-buy: two\n"
                           "  outcomes: {revenue: USD 50.00 by 2026-12-31}\n"
                           "  contributions: {brand: mark, distributor: routes, maker: lines}\n"
                           "  scope: {in: [bottles], out: [cafes], markets: [us]}\n"
                           "  assumptions: {}\n"
                           "  principles: [safety first]\n"
                           "commitments:\n"
                           "  drivers: {by: brand, unit: fte, quantity: 2.5}\n"
                           "  uptime: {by: maker, unit: percent, quantity: 95, every: week}\n"
                           "  revenue: {by: distributor, unit: cases, quantity: 5, every: month}\n"
                           "  score: {by: brand, unit: x, quantity: 5, every: week}\n";

static struct query_promises promises(struct world *w)
{
    struct query_promises r;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_promises(&w->v, w->g.time_ms, &w->a, &scratch, &r, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < r.list.n; i++)
        cr_assert_eq(codec_check(&query_promise_desc, &r.list.v[i], &w->err), ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return r;
}

static struct query_promise of(const struct query_promises *r, enum promise_type type, const char *name)
{
    for (size_t i = 0; i < r->list.n; i++)
        if (r->list.v[i].type == type && span_eqs(r->list.v[i].name, name))
            return r->list.v[i];
    cr_assert_fail("no promise %s", name);
    return (struct query_promise){0};
}

static void report(struct world *w, const char *seat, const char *metric, const char *period, const char *org, const char *value,
                   bool checked)
{
    EXPECT_VERDICT(w, readings_report(w, seat, metric, PURPOSE_ACTUAL, period, value), V_OK);
    if (checked)
        EXPECT_VERDICT(w, readings_mark(w, "brand/finance", readings_of(w, metric, PURPOSE_ACTUAL, period, org).number, MARK_COUNTERSIGN, NULL),
                       V_OK);
}

static struct query_metric shortfall(struct world *w)
{
    struct query_scorecard q;
    struct arena scratch;
    arena_init(&scratch, 0);
    cr_assert_eq(query_scorecard(&w->v, UINT64_MAX, w->g.time_ms, &w->a, &scratch, &q, &w->err), ST_OK);
    arena_deinit(&scratch);
    for (size_t i = 0; i < q.metrics.n; i++)
        if (span_eqs(q.metrics.v[i].name, "shortfall"))
            return q.metrics.v[i];
    return (struct query_metric){0};
}

/* Of four commitments one has a metric of its name, unit and period: uptime of the maker, 95 each week. */
Test(promises, MSR_7_resourcing_gap)
{
    struct world w;
    readings_found(&w, more);
    AT(&w, "2026-03-30T08:00:00Z");
    report(&w, "maker/finance", "uptime", "2026-03-23", "maker", "93", false);
    AT(&w, "2026-04-01T08:00:00Z");
    cr_assert_eq(shortfall(&w).figure, FIGURE_NOTHING); /* nobody else stands behind it */
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-23", "maker").number,
                                     MARK_COUNTERSIGN, NULL),
                   V_OK);
    struct query_metric m = shortfall(&w);
    cr_assert(m.figure == FIGURE_COMPUTED && readings_is(&m.value, "100"), "%s", decimal_text(&m.value).s);
    AT(&w, "2026-04-27T08:00:00Z");
    report(&w, "maker/finance", "uptime", "2026-04-20", "maker", "95", true);
    AT(&w, "2026-05-01T08:00:00Z");
    m = shortfall(&w);
    cr_assert(m.figure == FIGURE_COMPUTED && readings_is(&m.value, "0"), "%s", decimal_text(&m.value).s);
    world_free(&w);
}

/* revenue: 44 in March, 52 in April, both countersigned; 40 in May, merely reported. The outcome 50 is kept by the newest that
 * stands; the target 55 lacks 3, and did since March. */
Test(promises, outcomes_and_targets)
{
    struct world w;
    readings_found(&w, more);
    struct query_promises r = promises(&w);
    struct query_promise p = of(&r, PROMISE_TARGET, "revenue");
    cr_assert(!HAS(&p, query_promise_key_reported) && span_eqs(p.words, "no period of the metric is over yet"));
    AT(&w, "2026-04-01T00:00:00Z");
    report(&w, "distributor/finance", "revenue", "2026-03-01", "distributor", "44", true);
    r = promises(&w);
    p = of(&r, PROMISE_OUTCOME, "revenue");
    cr_assert(readings_is(&p.promised, "50") && readings_is(&p.gap, "6") && span_eqs(p.since, "2026-03") && span_eqs(p.unit, "USD"));
    AT(&w, "2026-05-01T00:00:00Z");
    report(&w, "distributor/finance", "revenue", "2026-04-01", "distributor", "52", true);
    AT(&w, "2026-06-01T00:00:00Z");
    report(&w, "distributor/finance", "revenue", "2026-05-01", "distributor", "40", false);
    r = promises(&w);
    p = of(&r, PROMISE_OUTCOME, "revenue");
    cr_assert(readings_is(&p.reported, "52") && span_eqs(p.period, "2026-04") && p.figure == FIGURE_COUNTERSIGNED);
    cr_assert(readings_is(&p.gap, "0") && !HAS(&p, query_promise_key_since));
    p = of(&r, PROMISE_TARGET, "revenue");
    cr_assert(readings_is(&p.promised, "55") && readings_is(&p.gap, "3") && span_eqs(p.since, "2026-03"));
    world_free(&w);
}

/* MET-12: no metric has its name; the partner's alliance-manager reports it, another's countersigns. */
Test(promises, MET_12_a_commitment_is_a_metric)
{
    struct world w;
    readings_found(&w, more);
    AT(&w, "2026-04-01T00:00:00Z");
    struct query_promises r = promises(&w);
    struct query_promise p = of(&r, PROMISE_COMMITMENT, "drivers");
    cr_assert(!HAS(&p, query_promise_key_gap) && span_eqs(p.words, "nothing that both sides stand behind was reported yet"), "%.*s",
              SPAN_FMT(p.words));
    for (size_t i = 0; i < r.list.n; i++)
        cr_assert(r.list.v[i].type != PROMISE_TARGET || !span_eqs(r.list.v[i].name, "drivers"), "it is listed once");
    cr_assert_eq(readings_of(&w, "drivers", PURPOSE_ACTUAL, "2026-03-01", "brand").standing, READING_OWED);
    EXPECT_VERDICT(&w, readings_report(&w, "brand/finance", "drivers", PURPOSE_ACTUAL, "2026-03-01", "2"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_report(&w, "brand/alliance-manager", "drivers", PURPOSE_ACTUAL, "2026-03-01", "2"), V_OK);
    uint64_t n = readings_of(&w, "drivers", PURPOSE_ACTUAL, "2026-03-01", "brand").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/alliance-manager", n, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/alliance-manager", n, MARK_COUNTERSIGN, NULL), V_OK);
    r = promises(&w);
    p = of(&r, PROMISE_COMMITMENT, "drivers");
    cr_assert(readings_is(&p.reported, "2") && readings_is(&p.gap, "0.5") && p.figure == FIGURE_COUNTERSIGNED);
    world_free(&w);
}

/* uptime: the maker promised 95 each week. Its own reading counts, not the mean: 96, then 93 of it, 99 of the others. */
Test(promises, a_commitment_is_the_partners_own)
{
    struct world w;
    readings_found(&w, more);
    static const char *const weeks[] = {"2026-03-02", "2026-03-09", "2026-03-16"}, *const maker[] = {"96", "93", "94.5"};
    for (size_t i = 0; i < 3; i++) {
        static const char *const ends[] = {"2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z", "2026-03-23T00:00:00Z"};
        AT(&w, ends[i]);
        report(&w, "maker/finance", "uptime", weeks[i], "maker", maker[i], true);
        report(&w, "distributor/finance", "uptime", weeks[i], "distributor", "99", true);
    }
    struct query_promises r = promises(&w);
    struct query_promise p = of(&r, PROMISE_COMMITMENT, "uptime");
    cr_assert(readings_is(&p.reported, "94.5") && readings_is(&p.gap, "0.5"), "%.*s", SPAN_FMT(p.words));
    cr_assert(span_eqs(p.since, "2026-W11") && span_eqs(p.period, "2026-W12") && span_eqs(p.by, "maker"));
    p = of(&r, PROMISE_COMMITMENT, "revenue");
    cr_assert(!HAS(&p, query_promise_key_gap) && span_eqs(p.words, "it is promised in cases, and reported in USD"));
    p = of(&r, PROMISE_COMMITMENT, "score");
    cr_assert(!HAS(&p, query_promise_key_gap) && span_eqs(p.words, "it is promised per one period, and reported per another"));
    world_free(&w);
}

/* Less is better: 57 against a target of 55 is over it by 2. */
Test(promises, less_is_better)
{
    struct world w;
    readings_found(&w, NULL);
    struct charter_metrics m;
    struct state_section s = world_section(&w, SECTION_METRICS);
    cr_assert_eq(codec_decode(&charter_metrics_desc, s.body, &w.a, &m, &w.err), ST_OK);
    for (size_t i = 0; i < m.list.n; i++)
        if (span_eqs(m.list.v[i].name, "revenue"))
            m.list.v[i].better = BETTER_DOWN;
    struct world_proposal up = {.section = SECTION_METRICS, .body = world_encoded(&w, &charter_metrics_desc, &m), .base = s.version};
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &up), V_OK);
    world_approve(&w, 1, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    AT(&w, "2026-04-01T00:00:00Z");
    report(&w, "distributor/finance", "revenue", "2026-03-01", "distributor", "57", true);
    struct query_promises r = promises(&w);
    struct query_promise p = of(&r, PROMISE_TARGET, "revenue");
    cr_assert(p.better == BETTER_DOWN && readings_is(&p.gap, "2") && span_eqs(p.since, "2026-03"));
    world_free(&w);
}
