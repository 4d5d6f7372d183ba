/* What is computed from decisions: each figure by hand (docs/metrics.md). Times: utc, business days Monday to
 * Friday, but 25 May. The world is founded on Monday 2 March 2026, 08:00. */
#include <criterion/criterion.h>
#include "readings.h"

TestSuite(pace, .timeout = 60);

static struct query_record record(struct world *w, const char *from, const char *to)
{
    struct query_record r;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_record(&w->v, readings_ms(from), readings_ms(to), w->g.time_ms, &w->a, &scratch, &r, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return r;
}

static const struct query_pace *row(const struct query_pace_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (span_eqs(l->v[i].name, name))
            return &l->v[i];
    }
    cr_assert_fail("no line %s", name);
    return NULL;
}

static struct query_wait wait_for(const struct query_record *r, const char *org)
{
    for (size_t i = 0; i < r->waits.n; i++) {
        if (span_eqs(r->waits.v[i].org, org))
            return r->waits.v[i];
    }
    return (struct query_wait){0};
}

#define HOURS(n) ((uint64_t)(n)*3600000)

/* D-1 plan opens on Tuesday 3 March, 08:00:01; passes a day later, on Wednesday 08:00:01. */
Test(pace, MSR_1_velocity_per_row_and_body)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK); /* 08:00:01 */
    AT(&w, "2026-03-03T20:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);       /* 20:00:01 */
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/finance", 1, CHOICE_APPROVE), V_OK); /* 20:00:02 */
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK); /* 08:00:01, passes */
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    struct query_record r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    cr_assert_eq(r.all.opened, 2);
    cr_assert_eq(r.all.passed, 1);
    cr_assert(readings_is(&r.all.days, "1"));
    cr_assert_eq(row(&r.rows, "plan")->passed, 1);
    cr_assert_eq(row(&r.rows, "strict")->opened, 1);
    cr_assert(!HAS(row(&r.rows, "strict"), query_pace_key_days));
    cr_assert_eq(r.bodies.n, 1); /* strict asks seats, not a body */
    cr_assert_eq(row(&r.bodies, "council")->opened, 1);
    r = record(&w, "2026-03-04T00:00:00Z", "2026-04-01T00:00:00Z"); /* D-1 was opened before */
    cr_assert_eq(r.all.opened, 1);
    r = record(&w, "2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z");
    cr_assert_eq(r.all.opened, 1);
    world_free(&w);
}

/* plan: 2 bd of the council, 3 bd of the council's rung is skipped (its own body), so 5 bd of steering.
 *   opened  Tue  3 Mar 08:00:01
 *   brand   approves Tue 3 Mar 20:00:01: waited 12 h
 *   maker   approves Wed 4 Mar 08:00:01: waited 24 h
 *   distributor never: from Tue 08:00:01 to the deadline, Thu 5 Mar 24:00: 63 h 59 min 59 s; a breach
 * then steering, from Fri 6 Mar 00:00:
 *   distributor/sponsor approves Mon 9 Mar 12:00:01: Friday 24 h and 12 h 0 min 1 s of Monday
 *   brand and maker never ask again: they owe until now, Mon 9 Mar 12:00:01: the same. */
Test(pace, MSR_2_waiting_is_attributed_per_partner_in_business_time)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    AT(&w, "2026-03-03T20:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-06T00:00:00Z"); /* escalates by itself */
    cr_assert_eq(world_decision(&w, 1).rung, 2);
    struct query_record r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    struct query_wait d = wait_for(&r, "distributor");
    cr_assert_eq(wait_for(&r, "brand").waited_ms, HOURS(12), "%d", (int)wait_for(&r, "brand").waited_ms);
    cr_assert_eq(wait_for(&r, "maker").waited_ms, HOURS(24));
    cr_assert_eq(d.waited_ms, HOURS(64) - 1000, "%d", (int)d.waited_ms);
    cr_assert_eq(d.breaches, 1);
    cr_assert_eq(wait_for(&r, "maker").breaches, 0);
    cr_assert_eq(r.all.breaches, 1);
    cr_assert_eq(r.all.escalated, 1);
    AT(&w, "2026-03-09T12:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    d = wait_for(&r, "distributor");
    cr_assert_eq(d.waited_ms, HOURS(64) - 1000 + HOURS(36) + 1000, "%d", (int)d.waited_ms);
    cr_assert_eq(wait_for(&r, "brand").waited_ms, HOURS(12) + HOURS(36) + 1000);
    cr_assert_eq(d.halted_ms, 0);
    world_free(&w);
}

/* A ledger that stood still from Fri 6 Mar 08:00:01 to Tue 10 Mar 08:00: of its 4 days Saturday and Sunday
 * are no business; 1 d 23 h 59 min 59 s of it are, and nobody is blamed for them. */
Test(pace, MSR_2_halts_have_their_own_column)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-06T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "fast", NULL), V_OK); /* 2 h */
    AT(&w, "2026-03-10T08:00:00Z");
    struct query_record r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    struct query_wait m = wait_for(&r, "maker");
    cr_assert_eq(m.halted_ms, HOURS(48) - 1000, "%d", (int)m.halted_ms);
    cr_assert_eq(m.waited_ms, 0, "%d", (int)m.waited_ms);
    cr_assert_eq(m.breaches, 0);
    AT(&w, "2026-03-10T20:00:00Z");
    r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    cr_assert_eq(wait_for(&r, "maker").waited_ms, HOURS(12));
    world_free(&w);
}

/* Of four decisions one is vetoed, one ends by default, one escalates without an end, one passes. */
Test(pace, MSR_1_rates)
{
    struct world w;
    readings_found(&w, NULL);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/quality", 1, CHOICE_VETO), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "renewal", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "solo", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 4, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-05T00:00:00Z");     /* renewal and strict: 2 bd */
    EXPECT_PHASE(&w, 2, PHASE_DEFAULT); /* its one rung is its own body */
    EXPECT_PHASE(&w, 3, PHASE_OPEN);
    struct query_record r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    cr_assert_eq(r.all.opened, 4);
    cr_assert_eq(r.all.vetoed, 1);
    cr_assert_eq(r.all.defaulted, 1);
    cr_assert_eq(r.all.escalated, 1);
    cr_assert_eq(r.all.passed, 1);
    cr_assert_eq(r.all.breaches, 2);
    world_free(&w);
}

/* Late readings are the reporter's, unchecked ones the checker's. */
Test(pace, MSR_4_late_readings)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-09T00:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "maker/finance", "uptime", PURPOSE_ACTUAL, "2026-03-02", "90"),
                   V_OK);
    AT(&w, "2026-03-11T00:00:00Z"); /* brand and distributor are late */
    AT(&w, "2026-03-12T00:00:00Z"); /* 2 d after the 9th: brand should have countersigned by now */
    struct query_record r = record(&w, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    cr_assert_eq(wait_for(&r, "brand").late_readings, 1);
    cr_assert_eq(wait_for(&r, "distributor").late_readings, 1);
    cr_assert_eq(wait_for(&r, "maker").late_readings, 0);
    cr_assert_eq(wait_for(&r, "brand").unmarked, 1);
    cr_assert_eq(wait_for(&r, "distributor").unmarked, 0);
    r = record(&w, "2026-03-12T00:00:00Z", "2026-04-01T00:00:00Z");
    cr_assert_eq(wait_for(&r, "brand").late_readings, 0); /* flagged on the 11th */
    world_free(&w);
}
