/* Readings: MET-2 to MET-11. */
#include <criterion/criterion.h>
#include "readings.h"

TestSuite(readings, .timeout = 60);

#define REPORT(w, seat, period, value) readings_report(w, seat, "revenue", PURPOSE_ACTUAL, period, value)

/* March is over, and revenue of March is owed. */
static uint64_t owed(struct world *w)
{
    readings_found(w, NULL);
    AT(w, "2026-04-01T00:00:00Z");
    struct state_reading r = readings_of(w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor");
    cr_assert_eq(r.standing, READING_OWED);
    return r.number;
}

/* And reported. */
static uint64_t reported(struct world *w)
{
    uint64_t n = owed(w);
    EXPECT_VERDICT(w, REPORT(w, "distributor/finance", "2026-03-01", "43.5"), V_OK);
    return n;
}

static bool there(struct world *w, const char *metric, const char *period, const char *org)
{
    uint64_t m, n;
    return metric_number(&w->v, &w->a, span_str(metric), &m, &w->err) == ST_OK &&
           reading_find(&w->v, &w->a, m, PURPOSE_ACTUAL, readings_day(period), span_str(org), &n, &w->err) ==
               ST_OK;
}

/* A long way on, block by block until nothing more is due. */
static void far(struct world *w, const char *time)
{
    AT(w, time);
    while (w->more)
        world_at_ms(w, w->g.time_ms + 1000);
}

static bool owing(struct world *w, uint64_t n)
{
    struct span value;
    struct tkey k = tkey_u64(n);
    return view_get(&w->v, TABLE_OWING, tkey_span(&k), &value) == ST_OK;
}

/* --- MET-3, MET-4: periods --- */

Test(readings, MET_4_a_period_over_makes_its_readings_owed)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-31T23:59:59Z");
    cr_assert(!there(&w, "revenue", "2026-03-01", "distributor"));
    AT(&w, "2026-04-01T00:00:00Z");
    struct state_reading r = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor");
    cr_assert_eq(r.standing, READING_OWED);
    cr_assert_eq(r.until, readings_day("2026-04-01"));
    cr_assert_eq(r.changed_leaf, 0); /* time did it: it commutes with the report */
    EXPECT_TIME(time_utc(r.due_ms), "2026-04-11T00:00:00.000Z"); /* 8 bd after 31 March */
    cr_assert(owing(&w, r.number));
    cr_assert(!there(&w, "revenue", "2026-03-01", "brand"));
    cr_assert(!there(&w, "velocity", "2026-03-01", "brand")); /* computed */
    world_free(&w);
}

Test(readings, MET_2_each_partner_reports_its_own)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-09T00:00:00Z"); /* the week of 2 March */
    cr_assert_eq(readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-02", "brand").number, 1);
    cr_assert_eq(readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-02", "distributor").number, 2);
    cr_assert_eq(readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-02", "maker").number, 3);
    cr_assert(!there(&w, "uptime", "2026-03-02", "trustee"));
    world_free(&w);
}

/* A long silence: each period ends by itself, one after the other, in one block. */
Test(readings, MET_4_periods_are_made_up_for)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-04-06T00:00:00Z");
    cr_assert(there(&w, "uptime", "2026-03-02", "maker"));
    cr_assert(there(&w, "uptime", "2026-03-30", "maker"));
    cr_assert(!there(&w, "uptime", "2026-04-06", "maker"));
    struct state_reading r = readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-02", "maker");
    cr_assert(HAS(&r, state_reading_key_late_ms)); /* MET-11: at once */
    cr_assert_eq(r.late_ms, w.g.time_ms);
    world_free(&w);
}

/* --- MET-6: reports --- */

Test(readings, MET_6_reported)
{
    struct world w;
    uint64_t n = reported(&w);
    struct state_reading r = readings_get(&w, n);
    cr_assert_eq(r.standing, READING_REPORTED);
    cr_assert(readings_is(&r.now.value, "43.5"));
    cr_assert(hash_eq(&r.now.digest, &w.next_id));
    cr_assert(span_eqs(r.now.seat, "distributor/finance"));
    cr_assert_eq(r.changed_leaf, w.g.leaf);
    cr_assert(!HAS(&r, state_reading_key_late_ms));
    EXPECT_TIME(time_utc(r.due_ms), "2026-04-14T00:00:00.000Z"); /* 8 bd after 1 April: brand countersigns */
    cr_assert(owing(&w, n));
    world_free(&w);
}

Test(readings, MET_6_refusals)
{
    struct world w;
    (void)owed(&w);
    EXPECT_VERDICT(&w, readings_report(&w, "brand/finance", "nothing", PURPOSE_ACTUAL, "2026-03-01", "1"),
                   V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "the charter has no metric nothing");
    EXPECT_VERDICT(&w, readings_report(&w, "brand/finance", "velocity", PURPOSE_ACTUAL, "2026-03-01", "1"),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "velocity is computed from the record; nobody reports it");
    EXPECT_VERDICT(&w, readings_report(&w, "brand/sponsor", "score", PURPOSE_ACTUAL, "2026-03-01", "1"),
                   V_NOT_PERMITTED);
    EXPECT_WHY(&w, "committed first");
    EXPECT_VERDICT(&w, REPORT(&w, "brand/finance", "2026-03-01", "1"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "revenue is reported by distributor/finance, not by brand/finance");
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-02", "1"), V_MALFORMED);
    EXPECT_WHY(&w, "begins on 2026-03-02; that day is in 2026-03, from 2026-03-01");
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-04-01", "1"), V_NOT_NOW);
    EXPECT_WHY(&w, "2026-04 of revenue is not over; it ends at 2026-05-01T00:00:00.000Z");
    EXPECT_VERDICT(&w,
                   readings_report(&w, "distributor/finance", "revenue", PURPOSE_FORECAST, "2026-03-01", "1"),
                   V_NOT_NOW);
    EXPECT_WHY(&w, "a forecast is of a period that is not");
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_OK);
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "44"), V_NOT_NOW);
    EXPECT_WHY(&w, "restate it");
    world_free(&w);
}

/* Rule 1: two holders of one seat do not report at once without seeing each other. */
Test(readings, MET_6_the_author_has_seen_the_reading)
{
    struct world w;
    uint64_t n = owed(&w);
    uint64_t basis = w.size;
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_OK);
    w.basis = basis;
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "44"), V_CHANGED_SINCE);
    w.basis = basis;
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_CHANGED_SINCE);
    world_free(&w);
}

Test(readings, MET_6_baselines_and_forecasts_stand_beside)
{
    struct world w;
    (void)owed(&w);
    EXPECT_VERDICT(
        &w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_BASELINE, "2025-12-01", "41"),
        V_OK);
    struct state_reading b = readings_of(&w, "revenue", PURPOSE_BASELINE, "2025-12-01", "distributor");
    cr_assert(HAS(&b, state_reading_key_due_ms)); /* to be countersigned */
    EXPECT_VERDICT(
        &w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_FORECAST, "2026-06-01", "50"),
        V_OK);
    struct state_reading f = readings_of(&w, "revenue", PURPOSE_FORECAST, "2026-06-01", "distributor");
    cr_assert(!HAS(&f, state_reading_key_due_ms));
    cr_assert(!owing(&w, f.number));
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", f.number, MARK_RESTATE, "52"), V_OK);
    f = readings_get(&w, f.number);
    cr_assert(readings_is(&f.now.value, "52") && readings_is(&f.was.v[0].value, "50"));
    cr_assert(!owing(&w, f.number));
    cr_assert_eq(readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor").standing,
                 READING_OWED);
    world_free(&w);
}

/* --- MET-7: marks --- */

Test(readings, MET_7_countersigned)
{
    struct world w;
    uint64_t n = reported(&w);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    struct state_reading r = readings_get(&w, n);
    cr_assert_eq(r.standing, READING_COUNTERSIGNED);
    cr_assert(span_eqs(r.now.mark.seat, "brand/finance"));
    cr_assert_eq(r.now.mark.act, MARK_COUNTERSIGN);
    cr_assert(!HAS(&r, state_reading_key_due_ms));
    cr_assert(!owing(&w, n));
    world_free(&w);
}

Test(readings, MET_7_disputed_then_restated_history_kept)
{
    struct world w;
    uint64_t n = reported(&w);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    EXPECT_READING(&w, n, READING_DISPUTED);
    cr_assert(owing(&w, n));
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "42.9"), V_OK);
    struct state_reading r = readings_get(&w, n);
    cr_assert_eq(r.standing, READING_REPORTED);
    cr_assert(readings_is(&r.now.value, "42.9"));
    cr_assert(!HAS(&r.now, reading_version_key_mark));
    cr_assert_eq(r.was.n, 1);
    cr_assert(readings_is(&r.was.v[0].value, "43.5"));
    cr_assert_eq(r.was.v[0].mark.act, MARK_DISPUTE);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    /* and again, after the countersignature: nothing is overwritten */
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "42.8"), V_OK);
    r = readings_get(&w, n);
    cr_assert_eq(r.was.n, 2);
    cr_assert_eq(r.was.v[1].mark.act, MARK_COUNTERSIGN);
    EXPECT_READING(&w, n, READING_REPORTED);
    world_free(&w);
}

Test(readings, MET_7_refusals)
{
    struct world w;
    uint64_t n = owed(&w);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", 999, MARK_COUNTERSIGN, NULL), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no reading K-999 with a value");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_NO_SUCH_OBJECT);
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "is checked by brand/finance, not by distributor/finance");
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/finance", n, MARK_DISPUTE, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, "43.5"), V_MALFORMED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_RESTATE, "1"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "only the reporter of distributor restates");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, NULL), V_INCOMPLETE);
    struct mark_reading bare = {.reading = {.number = n, .digest = readings_get(&w, n).now.digest},
                                .act = MARK_DISPUTE};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_MARK, &mark_reading_desc, &bare),
                   V_REASON_NEEDED);
    bare.act = MARK_RESTATE;
    bare.value = readings_decimal("1");
    SET_HAS(&bare, mark_reading_key_value);
    EXPECT_VERDICT(&w, world_entry(&w, "distributor/finance", KIND_MARK, &mark_reading_desc, &bare),
                   V_REASON_NEEDED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_NOT_NOW);
    EXPECT_WHY(&w, "is countersigned already");
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "44"), V_OK);
    bare = (struct mark_reading){.reading = {.number = n}, .act = MARK_COUNTERSIGN};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/finance", KIND_MARK, &mark_reading_desc, &bare),
                   V_WRONG_REVISION);
    EXPECT_WHY(&w, "was restated; look at what it says now");
    world_free(&w);
}

Test(readings, MET_7_fifteen_versions_before)
{
    struct world w;
    uint64_t n = reported(&w);
    for (int i = 0; i < 15; i++)
        EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "44"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", n, MARK_RESTATE, "44"), V_TOO_MANY);
    world_free(&w);
}

/* Rule 8: the checking seat's own organisation is checked by the others. */
Test(readings, MET_2_nobody_checks_itself)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-09T00:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "brand/finance", "uptime", PURPOSE_ACTUAL, "2026-03-02", "93.0"),
                   V_OK);
    EXPECT_VERDICT(&w, readings_report(&w, "maker/finance", "uptime", PURPOSE_ACTUAL, "2026-03-02", "91.0"),
                   V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", 1, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "checked by distributor/finance or maker/finance");
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/finance", 1, MARK_COUNTERSIGN, NULL), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/finance", 3, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", 3, MARK_COUNTERSIGN, NULL), V_OK);
    /* Nor does another partner's reporter restate it. */
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/finance", 1, MARK_RESTATE, "94.0"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "only the reporter of brand restates K-1");
    world_free(&w);
}

Test(readings, MET_6_at_the_very_end_of_its_period)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-31T23:59:58Z"); /* the report comes a second later, then another one */
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_NOT_NOW);
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_OK);
    EXPECT_TIME(time_utc(w.g.time_ms), "2026-04-01T00:00:00.000Z");
    world_free(&w);
}

/* --- MET-10: late --- */

Test(readings, MET_10_late_once_and_for_good)
{
    struct world w;
    uint64_t n = owed(&w);
    AT(&w, "2026-04-10T23:59:59Z");
    struct state_reading r = readings_get(&w, n);
    cr_assert(!HAS(&r, state_reading_key_late_ms));
    AT(&w, "2026-04-11T00:00:00Z");
    r = readings_get(&w, n);
    cr_assert_eq(r.late_ms, w.g.time_ms);
    cr_assert_eq(r.standing, READING_OWED);
    cr_assert(!HAS(&r, state_reading_key_due_ms));
    cr_assert(owing(&w, n));
    EXPECT_VERDICT(&w, REPORT(&w, "distributor/finance", "2026-03-01", "43.5"), V_OK); /* late is not never */
    r = readings_get(&w, n);
    EXPECT_TIME(time_utc(r.late_ms), "2026-04-11T00:00:00.000Z");
    AT(&w, "2026-04-23T00:00:00Z"); /* 8 bd after 11 April, a Saturday: the 22nd */
    r = readings_get(&w, n);
    EXPECT_TIME(time_utc(r.unmarked_ms), "2026-04-23T00:00:00.000Z");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    far(&w, "2026-05-20T00:00:00Z");
    r = readings_get(&w, n);
    EXPECT_TIME(time_utc(r.unmarked_ms), "2026-04-23T00:00:00.000Z");
    EXPECT_TIME(time_utc(r.late_ms), "2026-04-11T00:00:00.000Z");
    world_free(&w);
}

/* --- MET-8, MET-9: sealed --- */

static const uint64_t five_voices[5] = {0, 1, 1, 2, 1};

static void quarter_over(struct world *w)
{
    readings_found(w, NULL);
    AT(w, "2026-04-01T00:00:00Z");
}

Test(readings, MET_9_all_committed_opens_and_reveals)
{
    struct world w;
    quarter_over(&w);
    struct sealed_value b = readings_pulse(&w, "brand", "trust", "2026-01-01", 5, five_voices);
    struct sealed_value d = readings_pulse(&w, "distributor", "trust", "2026-01-01", 2, NULL);
    struct sealed_value m =
        readings_pulse(&w, "maker", "trust", "2026-01-01", 3, (const uint64_t[5]){0, 0, 0, 0, 3});
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/alliance-manager", &b), V_OK);
    EXPECT_VERDICT(&w, readings_commit(&w, "distributor/alliance-manager", &d), V_OK);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/alliance-manager", &b), V_NOT_NOW);
    EXPECT_WHY(&w, "2026-Q1 of trust is not open yet");
    EXPECT_VERDICT(&w, readings_commit(&w, "maker/alliance-manager", &m), V_OK);
    struct state_reading r = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "brand");
    cr_assert_eq(r.standing, READING_OPENED);
    cr_assert_eq(r.opened_ms, w.g.time_ms);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/alliance-manager", &b), V_OK);
    r = readings_get(&w, r.number);
    cr_assert_eq(r.standing, READING_REVEALED);
    cr_assert(readings_is(&r.now.value, "3.6")); /* (2 + 3 + 8 + 5) / 5 */
    cr_assert_eq(r.seal.voices, 5);
    cr_assert(!owing(&w, r.number)); /* nobody countersigns a pulse */
    EXPECT_VERDICT(&w, readings_reveal(&w, "distributor/alliance-manager", &d), V_OK);
    r = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "distributor");
    cr_assert(!HAS(&r.now, reading_version_key_value)); /* two voices: their number alone */
    cr_assert(!HAS(&r.seal, reading_seal_key_histogram));
    cr_assert_eq(r.seal.voices, 2);
    EXPECT_VERDICT(&w, readings_reveal(&w, "distributor/alliance-manager", &d), V_NOT_NOW);
    EXPECT_WHY(&w, "there is nothing to reveal");
    world_free(&w);
}

Test(readings, MET_9_the_mean_is_rounded_away_from_zero)
{
    struct world w;
    quarter_over(&w);
    static const char *const orgs[] = {"brand", "distributor", "maker"};
    static const char *const seats[] = {"brand/alliance-manager", "distributor/alliance-manager",
                                        "maker/alliance-manager"};
    static const uint64_t voices[5] = {3, 2, 2, 1, 0}; /* 17 / 8 = 2.125 */
    struct sealed_value s[3];
    for (size_t i = 0; i < 3; i++) {
        s[i] = readings_pulse(&w, orgs[i], "trust", "2026-01-01", 8, voices);
        EXPECT_VERDICT(&w, readings_commit(&w, seats[i], &s[i]), V_OK);
    }
    EXPECT_VERDICT(&w, readings_reveal(&w, seats[0], &s[0]), V_OK);
    struct state_reading r = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "brand");
    cr_assert(readings_is(&r.now.value, "2.13"));
    world_free(&w);
}

/* Who left is waited for no more, and what it had committed is dropped. */
Test(readings, MET_10_a_period_opens_without_who_left)
{
    static const char *const others[] = {"distributor/sponsor", "maker/sponsor", NULL};
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-06-08T08:00:00Z");
    struct world_proposal p = {.effect = &world_remove, .partner = "brand"};
    EXPECT_VERDICT(&w, world_propose(&w, "maker/sponsor", "removal", &p), V_OK);
    world_approve(&w, 1, others);
    EXPECT_TIME(time_utc(world_decision(&w, 1).effective_ms), "2026-07-07T00:00:00.000Z");
    far(&w, "2026-07-01T00:00:00Z");
    struct sealed_value b = readings_pulse(&w, "brand", "trust", "2026-04-01", 5, five_voices);
    struct sealed_value d = readings_pulse(&w, "distributor", "trust", "2026-04-01", 5, five_voices);
    struct sealed_value m = readings_pulse(&w, "maker", "trust", "2026-04-01", 5, five_voices);
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/alliance-manager", &b), V_OK);
    EXPECT_VERDICT(&w, readings_commit(&w, "distributor/alliance-manager", &d), V_OK);
    far(&w, "2026-07-07T00:00:00Z");
    EXPECT_STANDING(&w, "brand", STANDING_LEFT);
    struct state_reading rb = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-04-01", "brand");
    struct state_reading rd = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-04-01", "distributor");
    cr_assert_eq(rb.standing, READING_DROPPED);
    cr_assert_eq(rd.standing, READING_COMMITTED);
    EXPECT_VERDICT(&w, readings_commit(&w, "maker/alliance-manager", &m), V_OK);
    EXPECT_READING(&w, rd.number, READING_OPENED);
    EXPECT_READING(&w, rb.number, READING_DROPPED);
    world_free(&w);
}

/* Rule 25: at the due time; who did not commit, and who did not reveal, is named. */
Test(readings, MET_9_opens_when_due)
{
    struct world w;
    quarter_over(&w);
    struct sealed_value b = readings_pulse(&w, "brand", "trust", "2026-01-01", 5, five_voices);
    struct sealed_value m = readings_pulse(&w, "maker", "trust", "2026-01-01", 5, five_voices);
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/alliance-manager", &b), V_OK);
    AT(&w, "2026-04-11T00:00:00Z");
    struct state_reading rb = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "brand");
    struct state_reading rm = readings_of(&w, "trust", PURPOSE_ACTUAL, "2026-01-01", "maker");
    cr_assert_eq(rb.standing, READING_OPENED);
    cr_assert(!HAS(&rb, state_reading_key_late_ms));
    cr_assert_eq(rm.standing, READING_MISSED);
    cr_assert_eq(rm.late_ms, w.g.time_ms);
    cr_assert(!owing(&w, rm.number));
    EXPECT_VERDICT(&w, readings_commit(&w, "maker/alliance-manager", &m), V_NOT_NOW);
    EXPECT_WHY(&w, "is missed; its period is open");
    AT(&w, "2026-04-23T00:00:00Z"); /* 8 bd after the 11th */
    rb = readings_get(&w, rb.number);
    cr_assert_eq(rb.late_ms, w.g.time_ms);
    cr_assert_eq(rb.standing, READING_OPENED);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/alliance-manager", &b), V_OK);
    EXPECT_READING(&w, rb.number, READING_REVEALED);
    world_free(&w);
}

Test(readings, MET_8_refusals)
{
    struct world w;
    quarter_over(&w);
    struct sealed_value s = readings_sealed("brand", "revenue", "2026-03-01", "1");
    EXPECT_VERDICT(&w, readings_commit(&w, "distributor/finance", &s), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "revenue is not sealed; report it");
    s = readings_sealed("brand", "score", "2026-03-01", "1");
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/finance", &s), V_NOT_PERMITTED);
    s = readings_sealed("brand", "score", "2026-04-01", "1");
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/sponsor", &s), V_NOT_NOW);
    s = readings_sealed("brand", "score", "2026-02-01", "1");
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/sponsor", &s), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no reading of score is owed by brand for 2026-02");
    world_free(&w);
}

/* A commitment is replaced until the period opens; then it binds. */
Test(readings, MET_9_only_what_was_committed)
{
    struct world w;
    quarter_over(&w);
    struct sealed_value first = readings_sealed("brand", "score", "2026-03-01", "4.0");
    struct sealed_value s = readings_sealed("brand", "score", "2026-03-01", "3.0");
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/sponsor", &first), V_OK);
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/sponsor", &s), V_OK);
    struct sealed_value d = readings_sealed("distributor", "score", "2026-03-01", "5.0");
    EXPECT_VERDICT(&w, readings_commit(&w, "distributor/sponsor", &d), V_OK);
    struct sealed_value m = readings_sealed("brand", "score", "2026-03-01", "3.0"); /* a copy of brand's */
    EXPECT_VERDICT(&w, readings_commit(&w, "maker/sponsor", &m), V_OK);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/sponsor", &first), V_NOT_COMMITTED);
    EXPECT_WHY(&w, "committed was");
    EXPECT_VERDICT(&w, readings_reveal(&w, "maker/sponsor", &m), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "what is sealed is of brand");
    m.org = span_str("maker");
    EXPECT_VERDICT(&w, readings_reveal(&w, "maker/sponsor", &m), V_NOT_COMMITTED);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/sponsor", &s), V_OK);
    struct state_reading r = readings_of(&w, "score", PURPOSE_ACTUAL, "2026-03-01", "brand");
    cr_assert(owing(&w, r.number)); /* score is checked besides */
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/sponsor", r.number, MARK_RESTATE, "4.5"), V_NOT_PERMITTED);
    EXPECT_WHY(&w, "what was committed stands");
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/quality", r.number, MARK_COUNTERSIGN, NULL), V_OK);
    EXPECT_READING(&w, r.number, READING_COUNTERSIGNED);
    cr_assert(!owing(&w, r.number));
    world_free(&w);
}

/* Fewer than three voices, whatever the charter says, are never shown. */
Test(readings, MET_9_small_numbers)
{
    struct world w;
    quarter_over(&w);
    struct sealed_value s =
        readings_pulse(&w, "brand", "trust", "2026-01-01", 2, (const uint64_t[5]){0, 0, 0, 1, 1});
    struct sealed_value wrong = readings_pulse(&w, "distributor", "trust", "2026-01-01", 6, five_voices);
    struct sealed_value none = readings_pulse(&w, "maker", "trust", "2026-01-01", 4, NULL);
    EXPECT_VERDICT(&w, readings_commit(&w, "brand/alliance-manager", &s), V_OK);
    EXPECT_VERDICT(&w, readings_commit(&w, "distributor/alliance-manager", &wrong), V_OK);
    EXPECT_VERDICT(&w, readings_commit(&w, "maker/alliance-manager", &none), V_OK);
    EXPECT_VERDICT(&w, readings_reveal(&w, "brand/alliance-manager", &s), V_MALFORMED);
    EXPECT_WHY(&w, "with fewer than 3 voices only their number is shown; this has 2");
    EXPECT_VERDICT(&w, readings_reveal(&w, "distributor/alliance-manager", &wrong), V_MALFORMED);
    EXPECT_WHY(&w, "holds 5 answers, of 6 voices");
    EXPECT_VERDICT(&w, readings_reveal(&w, "maker/alliance-manager", &none), V_MALFORMED);
    struct sealed_value value = readings_sealed("maker", "trust", "2026-01-01", "4");
    EXPECT_VERDICT(&w, readings_reveal(&w, "maker/alliance-manager", &value), V_MALFORMED);
    EXPECT_WHY(&w, "is a pulse");
    world_free(&w);
}

/* --- The charter changes, a partner leaves --- */

/* Section metrics without one metric, or with another period for it. */
static struct span amended(struct world *w, const char *without, const char *yearly)
{
    struct state_section s = world_section(w, SECTION_METRICS);
    struct charter_metrics m;
    size_t n = 0;
    cr_assert_eq(codec_decode(&charter_metrics_desc, s.body, &w->a, &m, &w->err), ST_OK);
    for (size_t i = 0; i < m.list.n; i++) {
        m.list.v[n] = m.list.v[i];
        if (yearly != NULL && span_eqs(m.list.v[i].name, yearly))
            m.list.v[n].every.unit = PERIOD_YEAR;
        n += without == NULL || !span_eqs(m.list.v[i].name, without);
    }
    m.list.n = n;
    return world_encoded(w, &charter_metrics_desc, &m);
}

static void amend(struct world *w, struct span body)
{
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    struct world_proposal p = {
        .section = SECTION_METRICS, .body = body, .base = world_section(w, SECTION_METRICS).version};
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "charter-policy", &p), V_OK);
    world_approve(w, w->last, council);
    uint64_t at = world_decision(w, w->last).effective_ms;
    world_at_ms(w, at);
    EXPECT_PHASE(w, w->last, PHASE_EFFECTIVE);
}

Test(readings, MET_3_a_metric_that_goes)
{
    struct world w;
    uint64_t n = reported(&w);
    amend(&w, amended(&w, "revenue", NULL));
    EXPECT_READING(&w, n, READING_DROPPED);
    cr_assert(!owing(&w, n));
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_NOT_NOW);
    EXPECT_WHY(&w, "reported no more");
    AT(&w, "2026-05-02T00:00:00Z");
    cr_assert(!there(&w, "revenue", "2026-04-01", "distributor"));
    cr_assert(there(&w, "score", "2026-04-01", "brand")); /* the others go on */
    world_free(&w);
}

Test(readings, MET_3_another_period_counts_from_the_next_one)
{
    struct world w;
    uint64_t n = owed(&w);
    amend(&w, amended(&w, NULL, "revenue"));
    EXPECT_READING(&w, n, READING_OWED); /* March is still owed, by the month */
    far(&w, "2026-06-01T00:00:00Z");
    cr_assert(!there(&w, "revenue", "2026-04-01", "distributor"));
    far(&w, "2027-01-02T00:00:00Z");
    cr_assert(!there(&w, "revenue", "2026-01-01", "distributor"));
    far(&w, "2028-01-02T00:00:00Z");
    cr_assert(there(&w, "revenue", "2027-01-01", "distributor"));
    world_free(&w);
}

Test(readings, MET_10_who_left_owes_nothing)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-09T00:00:00Z");
    EXPECT_VERDICT(
        &w, readings_report(&w, "distributor/finance", "uptime", PURPOSE_ACTUAL, "2026-03-02", "90"), V_OK);
    AT(&w, "2026-03-16T00:00:00Z");
    struct world_proposal p = {.effect = &world_exit};
    uint64_t d = world_effective(&w, "exit", &p); /* of brand */
    cr_assert_gt(d, 0);
    EXPECT_STANDING(&w, "brand", STANDING_LEFT);
    EXPECT_READING(&w, 1, READING_DROPPED);
    EXPECT_READING(&w, 2, READING_REPORTED); /* what others said stays */
    struct state_reading last = readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-09", "maker");
    cr_assert_eq(last.standing, READING_OWED);
    uint64_t now = w.g.time_ms;
    world_at_ms(&w, now + 8 * UINT64_C(86400000));
    struct state_metric m;
    uint64_t number;
    cr_assert_eq(metric_number(&w.v, &w.a, span_str("uptime"), &number, &w.err), ST_OK);
    cr_assert_eq(metric_get(&w.v, &w.a, number, &m, &w.err), ST_OK);
    char before[16];
    (void)snprintf(before, sizeof before, "%.10s", time_utc((m.period - 7) * 86400000).s);
    cr_assert(there(&w, "uptime", before, "maker"));
    cr_assert(!there(&w, "uptime", before, "brand"));
    world_free(&w);
}
