/* Numbers computed from items, by hand (docs/metrics.md). Founded on Monday 2 March 2026 at 8:00. */
#include <criterion/criterion.h>
#include "gov/decimal.h"
#include "readings.h"
#include "world_items.h"

TestSuite(measure_items, .timeout = 60);

static const char metrics[] =
    "  hit: {group: execution, view: process, computed: milestones-hit, every: month}\n"
    "  cycle: {group: execution, view: process, computed: issue-cycle-time, every: month}\n"
    "  quarrels: {group: execution, view: process, computed: conflict-count-and-time, every: month}\n"
    "  learnt: {group: execution, view: process, computed: items tagged innovation, every: month}\n";

static void expect(struct world *w, const char *name, const char *period, const char *value)
{
    struct query_scorecard q;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_scorecard(&w->v, UINT64_MAX, w->g.time_ms, &w->a, &scratch, &q, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < q.metrics.n; i++) {
        const struct query_metric *m = &q.metrics.v[i];
        if (!span_eqs(m->name, name))
            continue;
        cr_expect(span_eqs(m->period, period), "%s of %.*s", name, SPAN_FMT(m->period));
        cr_expect_eq(m->figure, value == NULL ? FIGURE_NOTHING : FIGURE_COMPUTED);
        cr_expect(value == NULL || readings_is(&m->value, value), "%s %s: %s", name, period, decimal_text(&m->value).s);
    }
    arena_deinit(&scratch);
}

static void done(struct world *w, enum item_type type, uint64_t n)
{
    struct world_step o = {.document = true};
    EXPECT_VERDICT(w, world_step(w, "maker/quality", type, n, ITEM_STEP_CLAIM, type == ITEM_MILESTONE ? NULL : &o), V_OK);
}

static void verified(struct world *w, enum item_type type, uint64_t n)
{
    EXPECT_VERDICT(w, world_step(w, "brand/quality", type, n, ITEM_STEP_VERIFY, NULL), V_OK);
}

/* Three were due in March by their first baseline: one claimed in time and verified in April, one claimed a day late, one rebased
 * into April. So 1 of 3 in March once it is verified; the one that was rebased is not April's. */
Test(measure_items, MSR_5_milestones_hit)
{
    struct world w;
    world_found_items_with(&w, metrics);
    struct world_item o = {.due = world_day("2026-03-20")};
    for (int i = 0; i < 3; i++)
        EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_MILESTONE, &o), V_OK);
    struct world_step later = {.due = world_day("2026-04-20"), .text = true};
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_MILESTONE, 3, ITEM_STEP_REBASE, &later), V_OK);
    AT(&w, "2026-03-20T23:59:58Z");
    done(&w, ITEM_MILESTONE, 1);
    AT(&w, "2026-03-21T08:00:00Z");
    done(&w, ITEM_MILESTONE, 2);
    verified(&w, ITEM_MILESTONE, 2);
    AT(&w, "2026-04-01T08:00:00Z");
    expect(&w, "hit", "2026-03", "0"); /* what nobody verified is not hit */
    verified(&w, ITEM_MILESTONE, 1);
    expect(&w, "hit", "2026-03", "33.33");
    AT(&w, "2026-04-20T08:00:00Z");
    done(&w, ITEM_MILESTONE, 3);
    verified(&w, ITEM_MILESTONE, 3);
    AT(&w, "2026-05-01T08:00:00Z");
    expect(&w, "hit", "2026-04", NULL);
    world_free(&w);
}

/* Opened on 2 March; closed after 3 days and after 10 days and 12 hours: a mean of 6.75 days, give or take the seconds between
 * the entries. One is open still, and one is closed in April. */
Test(measure_items, MSR_5_issues_conflicts_and_tags)
{
    struct world w;
    world_found_items_with(&w, metrics);
    struct world_item tagged = {.tag = "innovation"}, plain = {0};
    for (int i = 0; i < 4; i++)
        EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ISSUE, i < 3 ? &tagged : &plain), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CONFLICT, NULL), V_OK);
    uint64_t opened = world_item_of(&w, ITEM_ISSUE, 1).opened_ms, second = world_item_of(&w, ITEM_ISSUE, 2).opened_ms;
    done(&w, ITEM_ISSUE, 1);
    done(&w, ITEM_ISSUE, 2);
    world_at_ms(&w, opened + 3 * UINT64_C(86400000) - 1000); /* the entry's own block is a second later */
    verified(&w, ITEM_ISSUE, 1);
    cr_assert_eq(world_item_of(&w, ITEM_ISSUE, 1).closed_ms - opened, 3 * UINT64_C(86400000));
    world_at_ms(&w, second + 21 * UINT64_C(43200000) - 1000);
    verified(&w, ITEM_ISSUE, 2);
    AT(&w, "2026-04-01T08:00:00Z");
    expect(&w, "cycle", "2026-03", "6.75");
    expect(&w, "quarrels", "2026-03", "1");
    expect(&w, "learnt", "2026-03", "2");
    done(&w, ITEM_ISSUE, 4);
    verified(&w, ITEM_ISSUE, 4);
    AT(&w, "2026-05-01T08:00:00Z");
    expect(&w, "quarrels", "2026-04", "0");
    expect(&w, "learnt", "2026-04", "0"); /* the fourth has no tag */
    /* Of a type that no other number counts, only what has the tag is read at all. */
    tagged.due = plain.due = world_day("2026-06-30");
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ACTION, &tagged), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ACTION, &plain), V_OK);
    for (uint64_t n = 1; n <= 2; n++) {
        done(&w, ITEM_ACTION, n);
        verified(&w, ITEM_ACTION, n);
    }
    AT(&w, "2026-06-01T08:00:00Z");
    expect(&w, "cycle", "2026-05", NULL);
    expect(&w, "learnt", "2026-05", "1");
    world_free(&w);
}
