/* Regular reports, and what falls due again by the charter's interval. Founded on Monday 2 March 2026, 08:00; utc. */
#include <criterion/criterion.h>
#include "gov/session.h"
#include "readings.h"
#include "world_items.h"

TestSuite(report, .timeout = 60);

static const char reports[] = "reports:\n"
                              "  scorecard: {every: month, to: [steering, readers]}\n"
                              "  safety: {every: 2 weeks, to: [council]}\n";

static struct query_regulars regulars(struct world *w)
{
    struct query_regulars r;
    struct arena scratch;
    arena_init(&scratch, 0);
    cr_assert_eq(query_regulars(&w->v, w->g.time_ms, &w->a, &scratch, &r, &w->err), ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return r;
}

static enum status made(struct world *w, const char *name, uint64_t day, struct query_report *ret)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_report(&w->v, span_str(name), day, w->g.time_ms, &w->a, &scratch, ret, &w->err);
    arena_deinit(&scratch);
    if (st == ST_OK)
        cr_assert_eq(codec_check(&query_report_desc, ret, &w->err), ST_OK, "%s", w->err.text);
    return st;
}

/* safety is in fortnights, scorecard in months; February was over before the founding. */
Test(report, which_are_due)
{
    struct world w;
    struct query_report none;
    readings_found(&w, reports);
    struct query_regulars r = regulars(&w);
    cr_assert_eq(r.list.n, 2);
    cr_assert(span_eqs(r.list.v[1].report.name, "scorecard") && !HAS(&r.list.v[1], query_regular_key_period));
    cr_assert(span_eqs(r.list.v[1].next, "2026-03") && r.list.v[1].next_ms == readings_ms("2026-04-01T00:00:00Z"));
    cr_assert_eq(made(&w, "scorecard", UINT64_MAX, &none), ST_NOTFOUND);
    cr_assert_str_eq(w.err.text, "report scorecard has no period yet that is over; the first one, 2026-03, ends 2026-04-01T00:00 UTC");
    cr_assert_eq(made(&w, "weekly", UINT64_MAX, &none), ST_NOTFOUND);
    cr_assert_str_eq(w.err.text, "the charter has no report weekly; it has: safety, scorecard");
    AT(&w, "2026-04-01T00:00:00Z");
    r = regulars(&w);
    cr_assert(HAS(&r.list.v[1], query_regular_key_period) && span_eqs(r.list.v[1].period, "2026-03"));
    cr_assert_eq(r.list.v[1].from, readings_day("2026-03-01"));
    cr_assert(span_eqs(r.list.v[1].next, "2026-04"));
    cr_assert_eq(made(&w, "scorecard", readings_day("2026-04-10"), &none), ST_RANGE);
    cr_assert_str_eq(w.err.text, "2026-04 is not over yet: report scorecard of it is due 2026-05-01T00:00 UTC");
    cr_assert_eq(made(&w, "scorecard", readings_day("2026-02-10"), &none), ST_RANGE);
    cr_assert_str_eq(w.err.text, "2026-02 was over before the alliance was founded, on 2026-03-02");
    world_free(&w);
}

/* steering's seat of the partner; readers: every seat of it. */
Test(report, for_whom)
{
    struct world w;
    struct span_list seats;
    readings_found(&w, reports);
    struct query_regulars r = regulars(&w);
    cr_assert_eq(query_regular_seats(&w.v, &r.list.v[0].report, span_str("maker"), &w.a, &seats, &w.err), ST_OK);
    cr_assert_eq(seats.n, 3);
    cr_assert(span_eqs(seats.v[0], "maker/alliance-manager") && span_eqs(seats.v[2], "maker/quality"));
    cr_assert_eq(query_regular_seats(&w.v, &r.list.v[1].report, span_str("maker"), &w.a, &seats, &w.err), ST_OK);
    cr_assert_eq(seats.n, 6);
    cr_assert_eq(query_regular_seats(&w.v, &r.list.v[0].report, span_str("trustee"), &w.a, &seats, &w.err), ST_OK);
    cr_assert_eq(seats.n, 0);
    world_free(&w);
}

/* D-1 takes effect in March, D-2 is open at its end. K-n of the week of 2 March is late. */
Test(report, what_is_in_it)
{
    struct world w;
    struct query_report r;
    struct buf text;
    readings_found(&w, reports);
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/business-lead", "solo", NULL), V_OK);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    AT(&w, "2026-03-31T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "hushed", NULL), V_OK);
    AT(&w, "2026-04-01T00:00:00Z");
    cr_assert_eq(made(&w, "scorecard", UINT64_MAX, &r), ST_OK, "%s", w.err.text);
    cr_assert(span_eqs(r.period, "2026-03") && r.from_ms == readings_ms("2026-03-01T00:00:00Z") && r.to_ms == readings_ms("2026-04-01T00:00:00Z"));
    cr_assert(r.decided.n == 1 && r.decided.v[0].number == 1 && r.open.n == 1 && r.open.v[0].number == 2);
    cr_assert(HAS(&r.open.v[0], query_report_decision_key_deadline_ms));
    cr_assert_eq(r.record.all.opened, 2);
    cr_assert(r.late.n > 0 && r.scorecard.metrics.n > 0);
    for (size_t i = 0; i < r.happened.n; i++)
        cr_assert(r.happened.v[i].at_ms >= r.from_ms && r.happened.v[i].at_ms < r.to_ms);
    for (size_t i = 0; i < r.coming.n; i++)
        cr_assert(r.coming.v[i].at_ms <= readings_ms("2026-05-01T00:00:00Z"));
    buf_init(&text, 1 << 20);
    query_report_text(&r, span_str("test"), &text);
    cr_assert_eq(text_check(buf_span(&text), true, NULL), ST_OK);
    const char *s = buf_cstr(&text);
    cr_assert(strncmp(s, "test: report scorecard, 2026-03\nFor readers, steering. From 2026-03-01 00:00 to 2026-04-01 00:00 UTC;", 100) == 0, "%s", s);
    cr_assert(strstr(s, "\nDecided in the period\n  D-1 solo, effective, 2026-03-03 08:00\n") != NULL, "%s", s);
    cr_assert(strstr(s, "\nOpen\n  D-2 hushed, open, until 2026-04-15 00:00\n") != NULL, "%s", s);
    cr_assert(strstr(s, " of brand for the period from 2026-03-02 is owed, and late; by brand/finance\n") != NULL, "%s", s);
    buf_deinit(&text);
    world_free(&w);
}

/* --- What falls due again --- */

static struct query_again_list again(struct world *w, const char *org)
{
    struct query_again_list l;
    struct arena scratch;
    arena_init(&scratch, 0);
    cr_assert_eq(query_again(&w->v, span_str(org), NULL, w->g.time_ms, &w->a, &scratch, &l, &w->err), ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < l.n; i++)
        cr_assert_eq(codec_check(&query_again_desc, &l.v[i], &w->err), ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return l;
}

static size_t unasked(struct world *w, const char *org)
{
    struct query_again_list l = again(w, org);
    query_again_unasked(&l);
    return l.n;
}

#define EXPECT_AGAIN(w, want)                                                                                            \
    do {                                                                                                                 \
        struct query_again_list l_ = again(w, "maker");                                                                  \
        cr_assert(l_.n == 1 && l_.v[0].state == (want), "%d lines, %s", (int)l_.n,                                       \
                  l_.n == 0 ? "-" : enum_text(&again_state_enum, l_.v[0].state));                                        \
    } while (0)

/* S-1 was held today, with so many of the three sponsors, maker's among them. */
static void record(struct world *w, size_t present)
{
    struct span there[] = {span_str("brand/sponsor"), span_str("distributor/sponsor"), span_str("maker/sponsor")};
    struct minutes m = {
        .session = 1, .act = SESSION_ACT_RECORD, .held = w->g.time_ms / 86400000, .present = {present, there + 3 - present}};
    SET_HAS(&m, minutes_key_held);
    SET_HAS(&m, minutes_key_present);
    SET_HAS(&m, minutes_key_document);
    EXPECT_VERDICT(w, world_entry(w, "maker/sponsor", KIND_MINUTES, &minutes_desc, &m), V_OK);
}

/* Every 30 d, from the founding on 2 March at 08:00: due with 1 April. The notice is a tenth of that, 3 d 1 h 36 min.
 * Then a refresh is held on 7 April: due again with 7 May. */
Test(report, a_refresh_falls_due_again)
{
    struct world w;
    readings_found(&w, "refresh: {every: 30 d, body: steering, asks: []}\n");
    AT(&w, "2026-03-29T22:00:00Z");
    cr_assert_eq(again(&w, "maker").n, 0);
    AT(&w, "2026-03-29T22:24:00Z");
    EXPECT_AGAIN(&w, AGAIN_COMING);
    AT(&w, "2026-04-02T00:00:00Z");
    cr_assert_eq(unasked(&w, "maker"), 0, "the session that opened by itself asks (SES-11)");
    struct query_again a = again(&w, "").v[0];
    cr_assert(a.state == AGAIN_DUE && a.due_ms == readings_ms("2026-04-02T00:00:00Z") && !HAS(&a, query_again_key_last_ms));
    cr_assert(a.seats.n == 3 && span_eqs(a.seats.v[2], "maker/sponsor") && span_eqs(a.name, "steering"));
    cr_assert(span_eqs(a.words, "steering is to review the charter: never since the founding, 2026-03-02; open for it: S-1"), "%.*s",
              SPAN_FMT(a.words));
    AT(&w, "2026-04-05T01:36:00Z");
    a = again(&w, "").v[0];
    cr_assert(a.state == AGAIN_LATE && span_eqs(a.id, "S-1") && span_eqs(a.next, "entente meet agenda S-1"));
    AT(&w, "2026-04-07T10:00:00Z");
    record(&w, 3);
    cr_assert_eq(again(&w, "maker").n, 0);
    AT(&w, "2026-04-15T00:00:00Z"); /* nobody contests it */
    AT(&w, "2026-05-08T00:00:00Z");
    a = again(&w, "").v[0];
    cr_assert(a.state == AGAIN_DUE && HAS(&a, query_again_key_last_ms) && span_eqs(a.id, "S-2"));
    world_free(&w);
}

Test(report, a_refresh_that_was_not_quorate_does_not_count)
{
    struct world w;
    readings_found(&w, "refresh: {every: 30 d, body: steering, asks: []}\n");
    AT(&w, "2026-04-02T00:00:00Z");
    AT(&w, "2026-04-07T10:00:00Z");
    record(&w, 1);
    struct query_again_list l = again(&w, "");
    cr_assert(l.n == 1 && l.v[0].state == AGAIN_LATE && !HAS(&l.v[0], query_again_key_last_ms));
    world_free(&w);
}

/* Nobody is reminded of what the charter does not say. */
Test(report, no_interval_no_reminder)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2027-06-01T00:00:00Z");
    cr_assert_eq(again(&w, "maker").n, 0);
    world_free(&w);
}

/* A course of maker/quality in returns, every 60 d: due with 1 May for who never had it. It is claimed on 2 April: due again with
 * 1 June, for that seat alone; the item for it opened with the end of the first (ITM-16). */
Test(report, a_course_falls_due_again)
{
    struct world w;
    world_found_items(&w);
    struct charter_selector quality = {.seat = span_str("quality")};
    SET_HAS(&quality, charter_selector_key_seat);
    struct charter_procedure p = {.name = span_str("returns"),
                                  .file = span_str("returns.txt"),
                                  .train = {1, &quality},
                                  .again = {.n = 60, .unit = UNIT_D}};
    struct charter_procedures l = {.list = {1, &p}};
    struct world_proposal up = {.section = SECTION_PROCEDURES, .body = world_encoded(&w, &charter_procedures_desc, &l)};
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "charter-policy", &up), V_OK);
    world_approve(&w, 1, council);
    AT(&w, "2026-03-10T00:00:00Z");
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    cr_assert_eq(again(&w, "maker").n, 0);
    struct world_item o = {.name = "returns", .due = world_day("2026-04-03")};
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_TRAINING, &o), V_OK);
    AT(&w, "2026-04-02T08:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_TRAINING, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/quality", ITEM_TRAINING, 1, ITEM_STEP_VERIFY, NULL), V_OK);
    AT(&w, "2026-05-02T00:00:00Z");
    cr_assert_eq(again(&w, "maker").n, 0);
    struct query_again_list others = again(&w, "brand");
    cr_assert(others.n == 1 && others.v[0].state == AGAIN_DUE && others.v[0].due_ms == readings_ms("2026-05-02T00:00:00Z"));
    struct query_inbox in = {.again = others};
    struct query_owed_list owed;
    cr_assert_eq(query_owed(&in, &w.a, &owed, &w.err), ST_OK);
    cr_assert(owed.n == 1 && span_eqs(owed.v[0].key, "again.course.returns.brand/quality") && span_eqs(owed.v[0].task, "train"));
    AT(&w, "2026-06-02T00:00:00Z");
    cr_assert_eq(unasked(&w, "maker"), 0, "the item asks");
    struct query_again_list all = again(&w, "");
    cr_assert(all.n == 3 && span_eqs(all.v[2].id, "T-2") && all.v[2].state == AGAIN_DUE);
    struct state_item next = world_item_of(&w, ITEM_TRAINING, 2);
    cr_assert(next.due_ms == all.v[2].due_ms && span_eqs(next.owner, "maker/quality") &&
              span_eqs(next.words, "returns is to be trained again") && item_is_overdue(&next));
    world_free(&w);
}
