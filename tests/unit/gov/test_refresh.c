/* The charter falls due for review, numbers that partners promised, training that is due again: SES-10, SES-11, MET-12, ITM-16. */
#include <criterion/criterion.h>
#include "gov/session.h"
#include "rests.h"

TestSuite(refresh, .timeout = 60);

static void found(struct world *w, const char *every)
{
    char line[128];
    (void)snprintf(line, sizeof line, "refresh: {every: %s, body: steering, asks: [\"*/sponsor\"]}\n", every);
    rests_begin();
    rests_add(line);
    rests_found(w);
}

static uint64_t moment(struct world *w, const char *name)
{
    uint64_t ms;
    cr_assert_eq(state_get_moment(&w->v, &w->a, name, &ms, &w->err), ST_OK);
    return ms;
}

#define EXPECT_MOMENT(w, name, want)                                                                                                  \
    do {                                                                                                                              \
        uint64_t got_ms_ = moment(w, name);                                                                                           \
        cr_assert_str_eq(got_ms_ == 0 ? "none" : time_utc(got_ms_).s, want);                                                          \
    } while (0)

static bool timer(struct world *w, uint64_t at_ms)
{
    struct tkey k = tkey_timer(at_ms, 0, TIMER_REFRESH);
    struct span none;
    return view_get(&w->v, TABLE_TIMER, tkey_span(&k), &none) == ST_OK;
}

static struct state_session get(struct world *w, uint64_t number)
{
    struct state_session s;
    cr_assert_eq(session_get(&w->v, &w->a, number, &s, &w->err), ST_OK, "no S-%d", (int)number);
    return s;
}

static bool there(struct world *w, uint64_t number)
{
    struct state_session s;
    return session_get(&w->v, &w->a, number, &s, &w->err) == ST_OK;
}

static bool called(struct world *w, uint64_t number)
{
    struct state_session s = get(w, number);
    return HAS(&s, state_session_key_called_by);
}

static enum verdict call(struct world *w, const char *on)
{
    struct session s = {.type = SESSION_REFRESH, .body = span_str("steering"), .on = readings_day(on)};
    return world_entry(w, "brand/sponsor", KIND_SESSION, &session_desc, &s);
}

static enum verdict record(struct world *w, uint64_t number, const char *held)
{
    static struct span present[3];
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor"};
    struct state_session s = get(w, number);
    struct minutes m = {.session = number, .act = SESSION_ACT_RECORD, .held = readings_day(held), .present = {3, present}};
    for (size_t i = 0; i < 3; i++)
        present[i] = span_str(sponsors[i]);
    SET_HAS(&m, minutes_key_held);
    SET_HAS(&m, minutes_key_present);
    SET_HAS(&m, minutes_key_document);
    if (HAS(&s, state_session_key_now)) {
        m.version = s.now.digest;
        SET_HAS(&m, minutes_key_version);
    }
    return world_entry(w, "brand/sponsor", KIND_MINUTES, &minutes_desc, &m);
}

/* --- SES-10 --- */

Test(refresh, SES_10_counted_from_the_founding)
{
    static const struct {
        const char *every, *due;
    } cases[] = {{"365 d", "2027-03-03T00:00:00.000Z"}, {"2 weeks", "2026-03-17T00:00:00.000Z"},
                 {"month", "2026-04-03T00:00:00.000Z"}, {"quarter", "2026-06-03T00:00:00.000Z"},
                 {"2 years", "2028-03-03T00:00:00.000Z"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct world w;
        found(&w, cases[i].every);
        EXPECT_MOMENT(&w, "refresh", cases[i].due);
        EXPECT_MOMENT(&w, "refreshed", "none");
        cr_assert(timer(&w, moment(&w, "refresh")));
        world_free(&w);
    }
}

Test(refresh, SES_10_none_without_the_section_or_past_the_year_9999)
{
    struct world w;
    rests_begin();
    rests_found(&w);
    EXPECT_MOMENT(&w, "refresh", "none");
    world_free(&w);
    found(&w, "10000 years");
    EXPECT_MOMENT(&w, "refresh", "none");
    AT(&w, "2027-03-03T00:00:00Z");
    rests_edit("every: 10000 years", "every: 2 years");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "2028-03-03T00:00:00.000Z");
    rests_edit("every: 2 years", "every: 10000 years");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "none");
    cr_assert(!timer(&w, readings_ms("2028-03-03T00:00:00Z")));
    world_free(&w);
}

Test(refresh, SES_10_an_amendment_adds_the_section_and_it_is_overdue)
{
    struct world w;
    rests_begin();
    rests_found(&w);
    AT(&w, "2026-06-01T08:00:00Z");
    rests_add("refresh: {every: month, body: steering, asks: []}\n");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "2026-04-03T00:00:00.000Z"); /* from the founding */
    cr_assert(!there(&w, 1));
    world_at_ms(&w, w.g.time_ms + 1000); /* in the next block */
    cr_assert(there(&w, 1) && get(&w, 1).type == SESSION_REFRESH);
    EXPECT_MOMENT(&w, "refreshed", time_utc(w.g.time_ms).s);
    EXPECT_MOMENT(&w, "refresh", "2026-07-02T00:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_10_the_interval_is_amended)
{
    struct world w;
    found(&w, "365 d");
    AT(&w, "2026-04-01T00:00:00Z");
    rests_edit("every: 365 d", "every: 2 years");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "2028-03-03T00:00:00.000Z");
    cr_assert(!timer(&w, readings_ms("2027-03-03T00:00:00Z")));
    rests_edit("every: 2 years", "every: quarter");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-06-03T00:00:00Z");
    cr_assert(there(&w, 1));
    world_free(&w);
}

/* --- SES-11 --- */

/* Another partner says that the record is right. */
static void stands(struct world *w, uint64_t n)
{
    struct minutes m = {.session = n, .act = SESSION_ACT_CONFIRM, .version = get(w, n).now.digest};
    SET_HAS(&m, minutes_key_version);
    EXPECT_VERDICT(w, world_entry(w, "maker/sponsor", KIND_MINUTES, &minutes_desc, &m), V_OK);
    cr_assert_eq(get(w, n).standing, SESSION_CONFIRMED);
}

/* A record that is not quorate puts nothing off, though another partner stands behind it, nor does a session far away. */
Test(refresh, SES_11_what_puts_nothing_off)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-05-20T12:00:00Z");
    EXPECT_VERDICT(&w, call(&w, "2026-05-20"), V_OK);
    EXPECT_VERDICT(&w, call(&w, "2026-07-20"), V_OK);
    struct span alone = span_str("brand/sponsor");
    struct minutes m = {.session = 1, .act = SESSION_ACT_RECORD, .held = readings_day("2026-05-20"), .present = {1, &alone}};
    SET_HAS(&m, minutes_key_held);
    SET_HAS(&m, minutes_key_present);
    SET_HAS(&m, minutes_key_document);
    EXPECT_VERDICT(&w, world_entry(&w, "brand/sponsor", KIND_MINUTES, &minutes_desc, &m), V_OK);
    stands(&w, 1); /* not quorate */
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-06-03T00:00:00Z");
    cr_assert(there(&w, 3) && get(&w, 3).type == SESSION_REFRESH, "the one of 20 July is too far");
    world_free(&w);
}

Test(refresh, SES_11_a_session_opens)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-02T23:59:59Z");
    cr_assert(!there(&w, 1));
    AT(&w, "2026-06-03T00:00:00Z");
    struct state_session s = get(&w, 1);
    cr_assert(s.type == SESSION_REFRESH && span_eqs(s.body, "steering") && s.minutes && s.standing == SESSION_OPEN);
    cr_assert(s.from == readings_day("2026-06-03") && s.until == readings_day("2026-07-03"));
    cr_assert(s.opened_ms == w.g.time_ms && s.opened_leaf == w.g.leaf && s.changed_leaf == 0 && s.was.n == 0);
    cr_assert(!HAS(&s, state_session_key_cadence) && !HAS(&s, state_session_key_called_by) && !HAS(&s, state_session_key_id));
    EXPECT_TIME(time_utc(s.due_ms), "2026-07-03T00:00:00.000Z");
    EXPECT_MOMENT(&w, "refreshed", "2026-06-03T00:00:00.000Z");
    EXPECT_MOMENT(&w, "refresh", "2026-09-04T00:00:00.000Z"); /* the end of 3 September */
    AT(&w, "2026-07-03T00:00:00Z");
    cr_assert_eq(get(&w, 1).standing, SESSION_MISSED);
    AT(&w, "2026-09-04T00:00:00Z");
    cr_assert(there(&w, 2));
    world_free(&w);
}

Test(refresh, SES_11_it_is_recorded_and_counts_from_the_day_held)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-03T00:00:00Z");
    AT(&w, "2026-06-20T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-10"), V_OK);
    EXPECT_MOMENT(&w, "refreshed", "2026-06-03T00:00:00.000Z"); /* nobody else stands behind it yet */
    stands(&w, 1);
    EXPECT_MOMENT(&w, "refreshed", "2026-06-10T23:59:59.999Z");
    EXPECT_MOMENT(&w, "refresh", "2026-09-11T00:00:00.000Z");
    cr_assert(!timer(&w, readings_ms("2026-09-04T00:00:00Z")) && timer(&w, readings_ms("2026-09-11T00:00:00Z")));
    world_free(&w);
}

Test(refresh, SES_11_a_missed_one_is_recorded_late)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-03T00:00:00Z");
    AT(&w, "2026-07-03T00:00:00Z");
    AT(&w, "2026-08-20T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-07-01"), V_OK);
    AT(&w, "2026-08-28T00:00:00Z"); /* uncontested for 5 bd */
    cr_assert_eq(get(&w, 1).standing, SESSION_UNCONTESTED);
    EXPECT_MOMENT(&w, "refresh", "2026-10-02T00:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_11_held_before_the_last_one_changes_nothing)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-05-20T12:00:00Z");
    EXPECT_VERDICT(&w, call(&w, "2026-05-21"), V_OK);
    EXPECT_VERDICT(&w, call(&w, "2026-05-26"), V_OK);
    AT(&w, "2026-05-27T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 2, "2026-05-26"), V_OK);
    stands(&w, 2);
    EXPECT_MOMENT(&w, "refresh", "2026-08-27T00:00:00.000Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-05-22"), V_OK);
    stands(&w, 1);
    EXPECT_MOMENT(&w, "refresh", "2026-08-27T00:00:00.000Z");
    EXPECT_MOMENT(&w, "refreshed", "2026-05-26T23:59:59.999Z");
    world_free(&w);
}

Test(refresh, SES_11_called_by_hand_before_it_is_due)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-01T12:00:00Z");
    EXPECT_VERDICT(&w, call(&w, "2026-06-04"), V_OK);
    AT(&w, "2026-06-03T00:00:00Z"); /* one is open already */
    cr_assert(!there(&w, 2));
    EXPECT_MOMENT(&w, "refreshed", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-06-04T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-04"), V_OK);
    stands(&w, 1);
    EXPECT_MOMENT(&w, "refreshed", "2026-06-04T23:59:59.999Z");
    EXPECT_MOMENT(&w, "refresh", "2026-09-05T00:00:00.000Z");
    world_free(&w);
}

/* Held and recorded, with all there, two days before the review falls due. */
static void recorded_in_time(struct world *w)
{
    found(w, "quarter");
    AT(w, "2026-06-01T12:00:00Z");
    EXPECT_VERDICT(w, call(w, "2026-06-01"), V_OK);
    EXPECT_VERDICT(w, record(w, 1, "2026-06-01"), V_OK);
    EXPECT_MOMENT(w, "refresh", "2026-06-03T00:00:00.000Z");
    AT(w, "2026-06-03T00:00:00Z");
    cr_assert(!there(w, 2) && get(w, 1).standing == SESSION_RECORDED);
    EXPECT_MOMENT(w, "refreshed", "none");
    EXPECT_TIME(time_utc(get(w, 1).due_ms), "2026-06-09T00:00:00.000Z");
    EXPECT_MOMENT(w, "refresh", "2026-06-09T00:00:00.001Z"); /* once silence has spoken */
    cr_assert(timer(w, moment(w, "refresh")) && !timer(w, readings_ms("2026-06-03T00:00:00Z")));
}

static void contest(struct world *w, uint64_t n)
{
    struct minutes m = {.session = n, .act = SESSION_ACT_CONTEST, .version = get(w, n).now.digest};
    SET_HAS(&m, minutes_key_version);
    SET_HAS(&m, minutes_key_text);
    EXPECT_VERDICT(w, world_entry(w, "maker/sponsor", KIND_MINUTES, &minutes_desc, &m), V_OK);
    cr_assert_eq(get(w, n).standing, SESSION_CONTESTED);
}

Test(refresh, SES_11_one_that_is_recorded_waits_for_another_partners_word)
{
    struct world w;
    recorded_in_time(&w);
    stands(&w, 1);
    EXPECT_MOMENT(&w, "refreshed", "2026-06-01T23:59:59.999Z");
    EXPECT_MOMENT(&w, "refresh", "2026-09-02T00:00:00.000Z");
    AT(&w, "2026-07-04T00:00:00Z");
    cr_assert(!there(&w, 2));
    world_free(&w);
    recorded_in_time(&w);
    world_at_ms(&w, get(&w, 1).due_ms); /* and silence is enough */
    EXPECT_MOMENT(&w, "refreshed", "2026-06-01T23:59:59.999Z");
    EXPECT_MOMENT(&w, "refresh", "2026-09-02T00:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_11_contested_a_new_one_opens_at_once)
{
    struct world w;
    recorded_in_time(&w);
    contest(&w, 1);
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z");
    cr_assert(!there(&w, 2));
    world_at_ms(&w, w.g.time_ms + 1000); /* with the next block */
    cr_assert(there(&w, 2) && get(&w, 2).from == readings_day("2026-06-03"));
    EXPECT_MOMENT(&w, "refreshed", time_utc(w.g.time_ms).s);
    EXPECT_MOMENT(&w, "refresh", "2026-09-04T00:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_11_contested_before_it_falls_due)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-01T12:00:00Z");
    EXPECT_VERDICT(&w, call(&w, "2026-06-01"), V_OK);
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-01"), V_OK);
    contest(&w, 1);
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-06-03T00:00:00Z");
    cr_assert(there(&w, 2));
    world_free(&w);
}

/* A partner that records one session after the other, all of which the others contest, gets 30 days by it. */
Test(refresh, SES_11_put_off_for_30_days_at_most)
{
    struct world w;
    recorded_in_time(&w);
    uint64_t n = 1, end = readings_ms("2026-07-04T00:00:00Z");
    for (uint64_t ms = w.g.time_ms + 3 * UINT64_C(86400000); ms < end; ms += 3 * UINT64_C(86400000)) {
        world_at_ms(&w, ms + 3600000);
        char today[16];
        (void)snprintf(today, sizeof today, "%.10s", time_utc(w.g.time_ms).s);
        EXPECT_VERDICT(&w, call(&w, today), V_OK);
        EXPECT_VERDICT(&w, record(&w, n + 1, today), V_OK);
        contest(&w, n++);
        world_at_ms(&w, w.g.time_ms + 1000);
        cr_assert(!there(&w, n + 1) && moment(&w, "refresh") <= end, "S-%d", (int)n);
    }
    EXPECT_MOMENT(&w, "refreshed", "none");
    EXPECT_MOMENT(&w, "refresh", "2026-07-04T00:00:00.000Z");
    AT(&w, "2026-07-04T00:00:00Z");
    cr_assert(there(&w, n + 1) && !called(&w, n + 1));
    EXPECT_MOMENT(&w, "refreshed", "2026-07-04T00:00:00.000Z");
    world_free(&w);
}

/* Nobody could be heard for longer than that: a new one opens beside the one that was recorded. */
Test(refresh, SES_11_after_a_sleep)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-01T12:00:00Z");
    EXPECT_VERDICT(&w, call(&w, "2026-06-01"), V_OK);
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-01"), V_OK);
    AT(&w, "2026-06-20T12:00:00Z"); /* minutes are moved (GOV-T2), and the refresh with them */
    cr_assert(!there(&w, 2) && get(&w, 1).standing == SESSION_RECORDED && moment(&w, "refresh") == get(&w, 1).due_ms + 1);
    world_at_ms(&w, get(&w, 1).due_ms);
    EXPECT_MOMENT(&w, "refreshed", "2026-06-01T23:59:59.999Z");
    cr_assert(!there(&w, 2));
    world_free(&w);
    recorded_in_time(&w);
    AT(&w, "2026-07-10T09:00:00Z");
    cr_assert(there(&w, 2) && get(&w, 1).standing == SESSION_RECORDED);
    EXPECT_MOMENT(&w, "refreshed", "2026-07-10T09:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_11_section_refresh_is_replaced_meanwhile)
{
    struct world w;
    recorded_in_time(&w);
    rests_edit("body: steering, asks: [\"*/sponsor\"]", "body: steering, asks: []");
    (void)rests_amend(&w, SECTION_REFRESH);
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z"); /* past: the next block puts it off again */
    world_at_ms(&w, w.g.time_ms + 1000);
    cr_assert(!there(&w, 2));
    EXPECT_MOMENT(&w, "refresh", "2026-06-09T00:00:00.001Z");
    world_free(&w);
}

Test(refresh, SES_11_a_session_of_another_type_or_body_is_none)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-01T12:00:00Z");
    struct session s = {.type = SESSION_AUDIT_VISIT, .body = span_str("steering"), .on = readings_day("2026-06-02")};
    EXPECT_VERDICT(&w, world_entry(&w, "brand/sponsor", KIND_SESSION, &session_desc, &s), V_OK);
    s.type = SESSION_REFRESH;
    s.body = span_str("council");
    EXPECT_VERDICT(&w, world_entry(&w, "brand/sponsor", KIND_SESSION, &session_desc, &s), V_OK);
    AT(&w, "2026-06-02T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-02"), V_OK);
    EXPECT_MOMENT(&w, "refresh", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-06-03T00:00:00Z");
    cr_assert(there(&w, 3) && span_eqs(get(&w, 3).body, "steering"));
    world_free(&w);
}

Test(refresh, SES_11_a_halt_does_not_move_it)
{
    struct world w;
    found(&w, "quarter");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    AT(&w, "2026-06-20T12:00:00Z");
    cr_assert_eq(world_event(&w, 1, 0).type, EVENT_DEFERRED);
    cr_assert(there(&w, 1) && get(&w, 1).from == readings_day("2026-06-20"));
    EXPECT_MOMENT(&w, "refreshed", "2026-06-20T12:00:00.000Z");
    world_free(&w);
}

Test(refresh, SES_11_another_body_reviews_it_meanwhile)
{
    struct world w;
    found(&w, "quarter");
    AT(&w, "2026-06-03T00:00:00Z");
    rests_edit("body: steering, asks", "body: council, asks");
    (void)rests_amend(&w, SECTION_REFRESH);
    AT(&w, "2026-06-10T12:00:00Z");
    EXPECT_VERDICT(&w, record(&w, 1, "2026-06-10"), V_OK); /* of the old body: it is no refresh any more */
    EXPECT_MOMENT(&w, "refreshed", "2026-06-03T00:00:00.000Z");
    AT(&w, "2026-09-04T00:00:00Z");
    cr_assert(span_eqs(get(&w, 2).body, "council"));
    world_free(&w);
}

/* --- MET-12 --- */

static void found_promises(struct world *w, const char *lines)
{
    rests_begin();
    rests_add(lines);
    rests_found(w);
}

static const char haul[] =
    "commitments: {haul: {by: distributor, unit: trucks, quantity: 6}, people: {by: maker, unit: fte, quantity: 24}}\n";

Test(refresh, MET_12_a_commitment_is_reported_and_checked)
{
    struct world w;
    found_promises(&w, haul);
    AT(&w, "2026-04-01T09:00:00Z");
    struct state_reading r = readings_of(&w, "haul", PURPOSE_ACTUAL, "2026-03-01", "distributor");
    cr_assert_eq(r.standing, READING_OWED);
    EXPECT_TIME(time_utc(r.due_ms), "2026-04-11T00:00:00.000Z"); /* 8 bd from 31 March */
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "haul", PURPOSE_ACTUAL, "2026-03-01", "5"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_report(&w, "maker/alliance-manager", "haul", PURPOSE_ACTUAL, "2026-03-01", "5"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/alliance-manager", "haul", PURPOSE_ACTUAL, "2026-03-01", "5"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/alliance-manager", r.number, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", r.number, MARK_COUNTERSIGN, NULL), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/alliance-manager", r.number, MARK_DISPUTE, NULL), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "distributor/alliance-manager", r.number, MARK_RESTATE, "4"), V_OK);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/alliance-manager", r.number, MARK_COUNTERSIGN, NULL), V_OK);
    EXPECT_READING(&w, r.number, READING_COUNTERSIGNED);
    AT(&w, "2026-04-11T00:00:00Z");
    r = readings_of(&w, "people", PURPOSE_ACTUAL, "2026-03-01", "maker");
    cr_assert(HAS(&r, state_reading_key_late_ms));
    world_free(&w);
}

Test(refresh, MET_12_a_metric_of_the_same_name_takes_its_place)
{
    struct world w;
    found_promises(&w, "commitments: {revenue: {by: distributor, unit: USD, quantity: 6}}\n");
    AT(&w, "2026-04-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/alliance-manager", "revenue", PURPOSE_ACTUAL, "2026-03-01", "5"),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-03-01", "5"), V_OK);
    /* Then the metric goes, and the promise is reported by itself: the same row goes on. */
    rests_edit("  revenue: {group", "  income: {group");
    (void)rests_amend(&w, SECTION_METRICS);
    AT(&w, "2026-05-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-04-01", "5"), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/alliance-manager", "revenue", PURPOSE_ACTUAL, "2026-04-01", "5"), V_OK);
    world_free(&w);
}

Test(refresh, MET_03_the_commitments_are_amended)
{
    struct world w;
    found_promises(&w, haul);
    AT(&w, "2026-04-01T09:00:00Z");
    uint64_t people = readings_of(&w, "people", PURPOSE_ACTUAL, "2026-03-01", "maker").number;
    rests_edit(", people: {by: maker, unit: fte, quantity: 24}", ", lines: {by: maker, unit: lines, quantity: 2}");
    (void)rests_amend(&w, SECTION_COMMITMENTS);
    EXPECT_READING(&w, people, READING_DROPPED);
    EXPECT_VERDICT(&w, readings_report(&w, "maker/alliance-manager", "people", PURPOSE_ACTUAL, "2026-03-01", "5"), V_NO_SUCH_OBJECT);
    AT(&w, "2026-05-01T09:00:00Z");
    cr_assert_eq(readings_of(&w, "lines", PURPOSE_ACTUAL, "2026-04-01", "maker").standing, READING_OWED);
    /* Another partner makes the promise: the reading that is open stays with who owed it. */
    rests_edit("lines: {by: maker", "lines: {by: brand");
    (void)rests_amend(&w, SECTION_COMMITMENTS);
    EXPECT_VERDICT(&w, readings_report(&w, "maker/alliance-manager", "lines", PURPOSE_ACTUAL, "2026-04-01", "2"), V_NOT_PERMITTED);
    AT(&w, "2026-06-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "brand/alliance-manager", "lines", PURPOSE_ACTUAL, "2026-05-01", "2"), V_OK);
    world_free(&w);
}

Test(refresh, MET_12_of_a_partner_that_leaves)
{
    struct world w;
    found_promises(&w, haul);
    rests_leave(&w, "distributor");
    AT(&w, "2026-07-01T09:00:00Z");
    cr_assert_eq(readings_of(&w, "people", PURPOSE_ACTUAL, "2026-06-01", "maker").standing, READING_OWED);
    struct tkey prefix = tkey_readings_of(1, PURPOSE_ACTUAL, readings_day("2026-06-01")), from = prefix;
    struct state_reading r;
    uint64_t metric;
    cr_assert_eq(metric_number(&w.v, &w.a, span_str("haul"), &metric, &w.err), ST_OK);
    prefix = from = tkey_readings_of(metric, PURPOSE_ACTUAL, readings_day("2026-06-01"));
    cr_assert_eq(reading_next(&w.v, &w.a, &prefix, &from, &r, &w.err), ST_END, "nobody reports for it");
    world_free(&w);
}

Test(refresh, MET_12_a_risk_and_a_condition_may_look_at_it)
{
    struct world w;
    rests_begin();
    rests_add(haul);
    rests_add("consequences: [{when: haul < 6, opens: action, owner: \"*/finance\"}]\n");
    rests_found(&w);
    struct item_indicator x = world_indicator("haul", CMP_LT, "6", 1);
    struct world_item o = {.indicators = &x, .n_indicators = 1};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &o), V_OK);
    AT(&w, "2026-04-01T09:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/alliance-manager", "haul", PURPOSE_ACTUAL, "2026-03-01", "5"), V_OK);
    uint64_t k = readings_of(&w, "haul", PURPOSE_ACTUAL, "2026-03-01", "distributor").number;
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/alliance-manager", k, MARK_COUNTERSIGN, NULL), V_OK);
    struct state_item risk = world_item_of(&w, ITEM_RISK, 1);
    cr_assert(HAS(&risk, state_item_key_warned_ms));
    cr_assert_eq(rests_items(&w, ITEM_ACTION), 3, "one for each partner");
    rests_edit("haul: {by: distributor, unit: trucks, quantity: 6}, ", "");
    uint64_t n = w.last;
    struct world_proposal p = {.section = SECTION_COMMITMENTS, .body = rests_body(&w, SECTION_COMMITMENTS), .base = 1};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &p), V_CHARTER_INVALID);
    cr_assert_eq(w.last, n);
    world_free(&w);
}

/* --- ITM-16 --- */

static void train(struct world *w, const char *again)
{
    char line[160];
    (void)snprintf(line, sizeof line, "procedures: {handover: {file: handover.pdf, train: [\"*/quality\"], again: %s}}\n", again);
    rests_begin();
    rests_found(w);
    rests_add(line);
    (void)rests_amend(w, SECTION_PROCEDURES);
}

static enum verdict training(struct world *w)
{
    struct world_item o = {.name = "handover", .due = world_day("2026-04-30")};
    return world_item_new(w, "brand/quality", ITEM_TRAINING, &o);
}

Test(refresh, ITM_16_a_training_is_due_again)
{
    struct world w;
    train(&w, "365 d");
    EXPECT_VERDICT(&w, training(&w), V_OK);
    AT(&w, "2026-04-10T09:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_TRAINING, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    AT(&w, "2026-04-20T09:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_TRAINING, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    cr_assert_eq(rests_items(&w, ITEM_TRAINING), 2);
    struct state_item it = world_item_of(&w, ITEM_TRAINING, 2);
    EXPECT_WORDS(it, "handover is to be trained again");
    cr_assert(span_eqs(it.owner, "brand/quality") && span_eqs(it.item.name, "handover") && rests_links_item(&it, ITEM_TRAINING, 1));
    EXPECT_TIME(time_utc(it.due_ms), "2027-04-11T00:00:00.000Z"); /* from when it was claimed */
    world_free(&w);
}

Test(refresh, ITM_16_verified_so_late_that_the_next_is_overdue)
{
    struct world w;
    train(&w, "30 d");
    EXPECT_VERDICT(&w, training(&w), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_TRAINING, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    AT(&w, "2026-06-01T09:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_TRAINING, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    world_at_ms(&w, w.g.time_ms + 1000);
    struct state_item it = world_item_of(&w, ITEM_TRAINING, 2);
    cr_assert(HAS(&it, state_item_key_overdue_ms));
    world_free(&w);
}

Test(refresh, ITM_16_no_training_again)
{
    struct world w;
    train(&w, "0 d");
    EXPECT_VERDICT(&w, training(&w), V_OK);
    struct world_item o = {.due = world_day("2026-04-30")}; /* of no procedure */
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/quality", ITEM_TRAINING, &o), V_OK);
    for (uint64_t n = 1; n <= 2; n++) {
        EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_TRAINING, n, ITEM_STEP_CLAIM, NULL), V_OK);
        EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_TRAINING, n, ITEM_STEP_VERIFY, NULL), V_OK);
        EXPECT_ITEM(&w, ITEM_TRAINING, n, ITEM_CLOSED);
    }
    cr_assert_eq(rests_items(&w, ITEM_TRAINING), 2);
    world_free(&w);
}

Test(refresh, ITM_16_past_the_year_9999)
{
    struct world w;
    train(&w, "100000 months");
    EXPECT_VERDICT(&w, training(&w), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_TRAINING, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_TRAINING, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    cr_assert_eq(rests_items(&w, ITEM_TRAINING), 1);
    world_free(&w);
}
