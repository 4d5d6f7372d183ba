/* Sessions: SES-1 to SES-9. */
#include <criterion/criterion.h>
#include "gov/session.h"
#include "readings.h"
#include "world_items.h"

TestSuite(session, .timeout = 60);

static const char lines[] =
    "sessions:\n"
    "  daily: {body: steering, every: 2 weeks, record: held}\n"
    "  review: {body: council, every: month, record: minutes, agenda: [roadmap, risks]}\n";

static void found(struct world *w)
{
    readings_found(w, lines);
}

static struct state_session get(struct world *w, uint64_t number)
{
    struct state_session s;
    enum status st = session_get(&w->v, &w->a, number, &s, &w->err);
    cr_assert_eq(st, ST_OK, "S-%d: %s", (int)number, status_name(st));
    return s;
}

static bool there(struct world *w, uint64_t number)
{
    struct state_session s;
    return session_get(&w->v, &w->a, number, &s, &w->err) == ST_OK;
}

static bool live(struct world *w, uint64_t n)
{
    struct span value;
    struct tkey k = tkey_u64(n);
    return view_get(&w->v, TABLE_SESSION_LIVE, tkey_span(&k), &value) == ST_OK;
}

#define EXPECT_SESSION(w, number, want)                                                                      \
    do {                                                                                                     \
        struct state_session s_ = get(w, number);                                                            \
        cr_assert(s_.standing == (want), "S-%d is %s, expected %s", (int)(number),                           \
                  enum_text(&session_standing_enum, s_.standing), enum_text(&session_standing_enum, want));  \
        cr_assert_eq(gov_check(&(w)->v, &(w)->a, &(w)->err), ST_OK, "%s", (w)->err.text);                    \
    } while (0)

/* A record as it should be: changed by the test, then entered. */
static struct minutes draft(struct world *w, uint64_t number, const char *held, const char *const *present)
{
    struct state_session s = get(w, number);
    struct minutes m = {.session = number, .act = SESSION_ACT_RECORD, .held = readings_day(held)};
    SET_HAS(&m, minutes_key_held);
    m.present.v = arena_array(&w->a, 16, sizeof(struct span));
    while (present[m.present.n] != NULL) {
        m.present.v[m.present.n] = span_str(present[m.present.n]);
        m.present.n++;
    }
    SET_HAS(&m, minutes_key_present);
    SET_HAS(&m, minutes_key_document);
    if (HAS(&s, state_session_key_now)) {
        m.version = s.now.digest;
        SET_HAS(&m, minutes_key_version);
    }
    return m;
}

static enum verdict enter(struct world *w, const char *seat, const struct minutes *m)
{
    return world_entry(w, seat, KIND_MINUTES, &minutes_desc, m);
}

static const char *const all[] = {"brand/finance", "distributor/finance", "maker/quality", NULL};

static enum verdict record(struct world *w, const char *seat, uint64_t number, const char *held)
{
    struct minutes m = draft(w, number, held, all);
    return enter(w, seat, &m);
}

static enum verdict say(struct world *w, const char *seat, uint64_t number, enum session_act act)
{
    struct state_session s = get(w, number);
    struct minutes m = {.session = number, .act = act};
    if (HAS(&s, state_session_key_now)) {
        m.version = s.now.digest;
        SET_HAS(&m, minutes_key_version);
    }
    if (act == SESSION_ACT_CONTEST)
        SET_HAS(&m, minutes_key_text);
    return enter(w, seat, &m);
}

static enum verdict call(struct world *w, const char *seat, enum session_type type, const char *body,
                         const char *on)
{
    struct session s = {.type = type, .body = span_str(body), .on = readings_day(on)};
    return world_entry(w, seat, KIND_SESSION, &session_desc, &s);
}

/* The review of April is open, and is recorded on the 14th. */
static uint64_t april(struct world *w)
{
    found(w);
    AT(w, "2026-04-01T00:00:00Z");
    for (uint64_t n = 1;; n++)
        if (span_eqs(get(w, n).cadence, "review"))
            return n;
}

static uint64_t recorded(struct world *w)
{
    uint64_t n = april(w);
    AT(w, "2026-04-14T15:00:00Z");
    EXPECT_VERDICT(w, record(w, "brand/finance", n, "2026-04-14"), V_OK);
    return n;
}

/* --- SES-2, SES-4: what time does --- */

Test(session, SES_4_a_session_opens_with_its_period)
{
    struct world w;
    found(&w);
    AT(&w, "2026-03-31T23:59:59Z");
    uint64_t before = 1;
    while (there(&w, before))
        cr_assert(!span_eqs(get(&w, before++).cadence, "review")); /* none for March, which had begun */
    AT(&w, "2026-04-01T00:00:00Z");
    struct state_session s = get(&w, before);
    cr_assert(span_eqs(s.cadence, "review"));
    cr_assert(span_eqs(s.body, "council"));
    cr_assert_eq(s.type, SESSION_OPERATIONAL); /* by the layer of its body */
    cr_assert(s.minutes);
    cr_assert_eq(s.from, readings_day("2026-04-01"));
    cr_assert_eq(s.until, readings_day("2026-05-01"));
    cr_assert_eq(s.changed_leaf, 0);
    EXPECT_TIME(time_utc(s.due_ms), "2026-05-01T00:00:00.000Z");
    cr_assert(live(&w, s.number));
    EXPECT_SESSION(&w, s.number, SESSION_OPEN);
    struct state_session d = get(&w, 1);
    cr_assert(span_eqs(d.cadence, "daily"));
    cr_assert_eq(d.type, SESSION_STEERING);
    cr_assert(!d.minutes);
    world_free(&w);
}

Test(session, SES_4_missed_when_the_next_falls_due)
{
    struct world w;
    uint64_t n = april(&w);
    AT(&w, "2026-04-30T23:59:59Z");
    EXPECT_SESSION(&w, n, SESSION_OPEN);
    AT(&w, "2026-05-01T00:00:00Z");
    EXPECT_SESSION(&w, n, SESSION_MISSED);
    cr_assert_eq(get(&w, n).missed_ms, w.g.time_ms);
    cr_assert(!live(&w, n));
    uint64_t next = n + 1;
    while (!span_eqs(get(&w, next).cadence, "review"))
        next++;
    EXPECT_SESSION(&w, next, SESSION_OPEN);
    /* recorded late: the flag stays */
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-30"), V_OK);
    EXPECT_SESSION(&w, n, SESSION_RECORDED);
    struct state_session s = get(&w, n);
    cr_assert(HAS(&s, state_session_key_missed_ms));
    cr_assert(live(&w, n));
    world_free(&w);
}

Test(session, SES_4_a_long_silence_is_made_up_for)
{
    struct world w;
    uint64_t n = april(&w), missed = 0;
    AT(&w, "2026-08-01T00:00:00Z");
    while (w.more)
        world_at_ms(&w, w.g.time_ms + 1000);
    for (; there(&w, n); n++)
        missed += span_eqs(get(&w, n).cadence, "review") && get(&w, n).standing == SESSION_MISSED;
    cr_assert_eq(missed, 4); /* April to July */
    EXPECT_SESSION(&w, n - 1, SESSION_OPEN);
    world_free(&w);
}

static void amend(struct world *w, struct charter_session *v, size_t n)
{
    struct charter_sessions body = {.list = {n, v}};
    struct world_proposal p = {.section = SECTION_SESSIONS,
                               .body = world_encoded(w, &charter_sessions_desc, &body),
                               .base = world_section(w, SECTION_SESSIONS).version};
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "charter-policy", &p), V_OK);
    world_approve(w, w->last,
                  (const char *[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    world_at_ms(w, world_decision(w, w->last).effective_ms);
    EXPECT_PHASE(w, w->last, PHASE_EFFECTIVE);
}

Test(session, SES_2_an_amendment_drops_adds_and_restarts)
{
    struct world w;
    uint64_t n = april(&w);
    AT(&w, "2026-04-02T09:00:00Z");
    struct charter_session weekly = {.name = span_str("stand"),
                                     .body = span_str("council"),
                                     .every = {.n = 1, .unit = PERIOD_WEEK},
                                     .record = RECORD_HELD};
    amend(&w, &weekly, 1);
    EXPECT_SESSION(&w, n, SESSION_DROPPED);
    cr_assert(!live(&w, n));
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-02"), V_NOT_NOW);
    EXPECT_WHY(&w, "is dropped: the charter no longer has review");
    uint64_t last = n;
    while (there(&w, last + 1))
        last++;
    cr_assert(!span_eqs(get(&w, last).cadence, "stand")); /* its first week begins on Monday */
    AT(&w, "2026-04-13T00:00:00Z");
    cr_assert(span_eqs(get(&w, last + 1).cadence, "stand"));
    EXPECT_TIME(time_utc(get(&w, last + 1).due_ms), "2026-04-20T00:00:00.000Z");
    cr_assert(!there(&w, last + 2));
    world_free(&w);
}

Test(session, SES_2_what_is_recorded_is_not_dropped)
{
    struct world w;
    uint64_t n = recorded(&w);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONTEST), V_OK); /* no time of its own */
    amend(&w, NULL, 0);
    EXPECT_SESSION(&w, n, SESSION_CONTESTED);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONFIRM), V_OK);
    EXPECT_SESSION(&w, n, SESSION_CONFIRMED);
    world_free(&w);
}

/* --- SES-5: called --- */

Test(session, SES_5_called)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_AFTER_ACTION, "council", "2026-03-05"), V_OK);
    struct state_session s = get(&w, 1);
    cr_assert(span_eqs(s.called_by, "maker/quality"));
    cr_assert(s.minutes);
    cr_assert_eq(s.until - s.from, 1);
    EXPECT_TIME(time_utc(s.due_ms), "2026-03-13T00:00:00.000Z"); /* 5 bd after Thursday */
    AT(&w, "2026-03-13T00:00:00Z");
    EXPECT_SESSION(&w, 1, SESSION_MISSED);
    world_free(&w);
}

Test(session, SES_5_refusals)
{
    struct world w;
    found(&w);
    EXPECT_VERDICT(&w, call(&w, "trustee/mediator", SESSION_REFRESH, "council", "2026-03-05"),
                   V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_REFRESH, "nobody", "2026-03-05"), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "no body nobody");
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_STEERING, "council", "2026-03-05"), V_MALFORMED);
    EXPECT_WHY(&w, "a steering-review is of a body of the executive layer; council is operational");
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_STEERING, "steering", "2026-03-01"), V_MALFORMED);
    EXPECT_WHY(&w, "2026-03-01 is over");
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_STEERING, "steering", "2026-03-02"),
                   V_OK); /* today */
    world_free(&w);
}

/* --- SES-6, SES-7: recorded --- */

Test(session, SES_7_recorded)
{
    struct world w;
    uint64_t n = recorded(&w);
    struct state_session s = get(&w, n);
    EXPECT_SESSION(&w, n, SESSION_RECORDED);
    cr_assert(s.now.quorate);
    cr_assert(hash_eq(&s.now.digest, &w.next_id));
    cr_assert_eq(s.now.held, readings_day("2026-04-14"));
    cr_assert_eq(s.now.present.n, 3);
    cr_assert_eq(s.changed_leaf, w.g.leaf);
    EXPECT_TIME(time_utc(s.due_ms), "2026-04-22T00:00:00.000Z"); /* 5 bd */
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-14"), V_NOT_NOW);
    EXPECT_WHY(&w, "it is recorded anew only when it is contested");
    world_free(&w);
}

Test(session, SES_7_refusals)
{
    struct world w;
    uint64_t n = april(&w);
    AT(&w, "2026-04-14T15:00:00Z");
    EXPECT_VERDICT(&w,
                   enter(&w, "brand/finance", &(struct minutes){.session = 99, .act = SESSION_ACT_RECORD}),
                   V_NO_SUCH_OBJECT);
    struct minutes m = draft(&w, n, "2026-04-14", all);
    EXPECT_VERDICT(&w, enter(&w, "brand/sponsor", &m), V_NOT_PERMITTED); /* sits on steering */
    EXPECT_WHY(&w, "is recorded by a seat of council; brand/sponsor is none");
    m.has &= ~(UINT64_C(1) << minutes_key_document);
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_INCOMPLETE);
    EXPECT_WHY(&w, "leaves minutes; their SHA-256 is missing");
    m = draft(&w, n, "2026-04-14", all);
    m.has &= ~(UINT64_C(1) << minutes_key_held);
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_INCOMPLETE);
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-03-31"), V_MALFORMED);
    EXPECT_WHY(&w, "is for 2026-04-01 to 2026-04-30; 2026-03-31 is outside");
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-05-01"), V_MALFORMED);
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-15"), V_NOT_NOW);
    EXPECT_WHY(&w, "has not come yet");
    m = draft(&w, n, "2026-04-14", (const char *[]){"maker/quality", "brand/finance", NULL});
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_MALFORMED);
    m = draft(&w, n, "2026-04-14", (const char *[]){"brand/finance", "brand/nobody", NULL});
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_NO_SUCH_OBJECT);
    m = draft(&w, n, "2026-04-14", all);
    uint64_t decision = 1;
    m.decisions = (struct uint_list){1, &decision};
    SET_HAS(&m, minutes_key_decisions);
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_NO_SUCH_OBJECT);
    EXPECT_WHY(&w, "there is no decision D-1");
    m = draft(&w, n, "2026-04-14", all);
    SET_HAS(&m, minutes_key_version);
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_WRONG_REVISION);
    EXPECT_SESSION(&w, n, SESSION_OPEN);
    world_free(&w);
}

Test(session, SES_7_quorate_needs_a_seat_of_each_partner_on_the_body)
{
    struct world w;
    uint64_t n = april(&w);
    AT(&w, "2026-04-14T15:00:00Z");
    /* maker's sponsor came, who does not sit on the council */
    struct minutes m = draft(&w, n, "2026-04-14",
                             (const char *[]){"brand/finance", "distributor/finance", "maker/sponsor", NULL});
    EXPECT_VERDICT(&w, enter(&w, "brand/finance", &m), V_OK);
    cr_assert(!get(&w, n).now.quorate);
    world_free(&w);
}

Test(session, GOV_4_a_record_is_refused_on_an_older_basis)
{
    struct world w;
    uint64_t n = april(&w);
    AT(&w, "2026-04-14T15:00:00Z");
    uint64_t basis = w.size;
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-14"), V_OK);
    w.basis = basis;
    EXPECT_VERDICT(&w, record(&w, "maker/quality", n, "2026-04-14"), V_CHANGED_SINCE);
    world_free(&w);
}

Test(session, SES_7_held_alone_needs_no_minutes)
{
    struct world w;
    found(&w);
    AT(&w, "2026-03-31T00:00:00Z");
    struct state_session s = get(&w, 1);
    cr_assert(!s.minutes);
    struct minutes m = draft(&w, 1, time_utc(s.from * 86400000).s, all);
    m.has &= ~(UINT64_C(1) << minutes_key_document);
    EXPECT_VERDICT(&w, enter(&w, "brand/sponsor", &m), V_OK);
    world_free(&w);
}

/* --- SES-8, SES-9 --- */

Test(session, SES_8_confirmed_by_another_partner)
{
    struct world w;
    uint64_t n = recorded(&w);
    EXPECT_VERDICT(&w, say(&w, "brand/quality", n, SESSION_ACT_CONFIRM), V_NOT_PERMITTED); /* rule 8 */
    EXPECT_WHY(&w, "a seat of another partner says whether it is right");
    EXPECT_VERDICT(&w, say(&w, "trustee/mediator", n, SESSION_ACT_CONFIRM), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONFIRM), V_OK);
    EXPECT_SESSION(&w, n, SESSION_CONFIRMED);
    cr_assert(!live(&w, n));
    AT(&w, "2026-04-22T00:00:00Z");
    EXPECT_SESSION(&w, n, SESSION_CONFIRMED);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONTEST), V_NOT_NOW);
    world_free(&w);
}

Test(session, SES_8_contested_then_recorded_anew)
{
    struct world w;
    uint64_t n = recorded(&w);
    struct minutes m = {.session = n, .act = SESSION_ACT_CONTEST, .version = get(&w, n).now.digest};
    SET_HAS(&m, minutes_key_version);
    EXPECT_VERDICT(&w, enter(&w, "maker/quality", &m), V_REASON_NEEDED);
    SET_HAS(&m, minutes_key_held);
    EXPECT_VERDICT(&w, enter(&w, "maker/quality", &m), V_MALFORMED);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONTEST), V_OK);
    EXPECT_SESSION(&w, n, SESSION_CONTESTED);
    cr_assert(live(&w, n));
    AT(&w, "2026-04-22T00:00:00Z"); /* silence says nothing more */
    EXPECT_SESSION(&w, n, SESSION_CONTESTED);
    EXPECT_VERDICT(&w, record(&w, "distributor/finance", n, "2026-04-14"), V_OK);
    struct state_session s = get(&w, n);
    cr_assert_eq(s.was.n, 1);
    cr_assert_eq(s.was.v[0].mark.act, SESSION_ACT_CONTEST);
    cr_assert(!HAS(&s.now, session_version_key_mark));
    EXPECT_VERDICT(&w, say(&w, "distributor/quality", n, SESSION_ACT_CONFIRM), V_NOT_PERMITTED);
    EXPECT_VERDICT(&w, say(&w, "brand/quality", n, SESSION_ACT_CONFIRM), V_OK);
    EXPECT_SESSION(&w, n, SESSION_CONFIRMED);
    world_free(&w);
}

Test(session, SES_9_uncontested_after_five_business_days)
{
    struct world w;
    uint64_t n = recorded(&w);
    AT(&w, "2026-04-21T23:59:59Z");
    EXPECT_SESSION(&w, n, SESSION_RECORDED);
    AT(&w, "2026-04-22T00:00:00Z");
    EXPECT_SESSION(&w, n, SESSION_UNCONTESTED);
    cr_assert(!live(&w, n));
    world_free(&w);
}

/* The ledger stood still over the five days: they are given again. */
Test(session, SES_9_a_halt_defers_uncontested)
{
    struct world w;
    uint64_t n = recorded(&w);
    AT(&w, "2026-04-22T03:00:00Z"); /* late-after is 1 h */
    EXPECT_SESSION(&w, n, SESSION_RECORDED);
    EXPECT_TIME(time_utc(get(&w, n).due_ms), "2026-04-24T00:00:00.000Z");
    AT(&w, "2026-04-24T00:00:00Z");
    EXPECT_SESSION(&w, n, SESSION_UNCONTESTED);
    world_free(&w);
}

/* --- Asked, on the agenda, computed --- */

static struct query_session_task_list asked(struct world *w, const char *org, const char *seat)
{
    struct query_inbox in;
    struct span one = span_str(seat == NULL ? "" : seat);
    struct span_list only = {1, &one};
    cr_assert_eq(query_inbox(&w->v, span_str(org), seat == NULL ? NULL : &only, &w->a, &in, &w->err), ST_OK);
    return in.sessions;
}

static const struct query_session_task *task_of(struct query_session_task_list l, uint64_t number)
{
    for (size_t i = 0; i < l.n; i++)
        if (l.v[i].session == number)
            return &l.v[i];
    return NULL;
}

Test(session, the_inbox_says_who_meets_confirms_and_records)
{
    struct world w;
    uint64_t n = april(&w);
    const struct query_session_task *t = task_of(asked(&w, "maker", NULL), n);
    cr_assert_not_null(t);
    cr_assert_eq(t->task, TASK_MEET);
    cr_assert_eq(t->seats.n, 3); /* alliance manager, finance, quality */
    cr_assert(span_eqs(t->words, "operational-review of council for 2026-04 is due: meet, then record it"));
    cr_assert_null(task_of(asked(&w, "maker", "maker/sponsor"), n));
    cr_assert_null(task_of(asked(&w, "trustee", NULL), n));
    EXPECT_VERDICT(&w, record(&w, "brand/finance", n, "2026-04-01"), V_OK);
    cr_assert_null(task_of(asked(&w, "brand", NULL), n));
    cr_assert_eq(task_of(asked(&w, "maker", NULL), n)->task, TASK_CONFIRM);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONTEST), V_OK);
    cr_assert_eq(task_of(asked(&w, "brand", NULL), n)->task, TASK_RECORD);
    EXPECT_VERDICT(&w, say(&w, "maker/quality", n, SESSION_ACT_CONFIRM), V_OK);
    cr_assert_null(task_of(asked(&w, "brand", NULL), n));
    world_free(&w);
}

static size_t count_on(struct world *w, uint64_t number, enum agenda_part part, const char *id)
{
    struct query_agenda q;
    size_t n = 0;
    cr_assert_eq(query_agenda(&w->v, number, &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
    for (size_t i = 0; i < q.list.n; i++)
        n += q.list.v[i].part == part && (id == NULL || span_eqs(q.list.v[i].id, id));
    return n;
}

Test(session, the_agenda_is_what_is_before_the_body)
{
    struct world w;
    uint64_t n = april(&w);
    static const struct world_proposal plain = {0};
    cr_assert_eq(count_on(&w, n, AGENDA_STANDING, NULL), 2);
    cr_assert_eq(count_on(&w, n, AGENDA_DECISION, NULL), 0);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", &plain), V_OK); /* the council decides */
    cr_assert_eq(count_on(&w, n, AGENDA_DECISION, "D-1"), 1);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "both", &plain), V_OK); /* steering decides */
    cr_assert_eq(count_on(&w, n, AGENDA_DECISION, "D-2"), 0);
    cr_assert_eq(count_on(&w, 1, AGENDA_DECISION, "D-2"), 1); /* S-1 is of steering */
    world_approve(&w, 1, (const char *[]){"brand/finance", "distributor/finance", "maker/finance", NULL});
    cr_assert_eq(count_on(&w, n, AGENDA_DECISION, NULL), 0);
    size_t late = count_on(&w, n, AGENDA_READING, NULL);
    AT(&w, "2026-04-13T00:00:00Z"); /* revenue of March was due on the 10th */
    cr_assert_gt(count_on(&w, n, AGENDA_READING, NULL), late);
    struct query_agenda q;
    cr_assert_eq(query_agenda(&w.v, 999, &w.a, &q, &w.err), ST_NOTFOUND);
    world_free(&w);
}

/* Section risks: score 10: council, score 15: steering. */
Test(session, the_agenda_has_risks_that_the_body_is_to_look_at)
{
    struct world w;
    struct world_item low = {.likelihood = 3, .impact = 3}, ten = {.likelihood = 2, .impact = 5}, top = {.likelihood = 3, .impact = 5};
    world_found_items(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &low), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &ten), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_RISK, &top), V_OK);
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_AFTER_ACTION, "council", "2026-03-09"), V_OK);
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_AFTER_ACTION, "steering", "2026-03-09"), V_OK);
    cr_assert_eq(count_on(&w, 1, AGENDA_ITEM, NULL), 1);
    cr_assert_eq(count_on(&w, 1, AGENDA_ITEM, "R-2"), 1);
    cr_assert_eq(count_on(&w, 2, AGENDA_ITEM, NULL), 1);
    cr_assert_eq(count_on(&w, 2, AGENDA_ITEM, "R-3"), 1);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_RISK, 3, ITEM_STEP_CLAIM, NULL), V_OK);
    cr_assert_eq(count_on(&w, 2, AGENDA_ITEM, NULL), 0);
    world_free(&w);
}

/* The metric "a" of the world's charter as cadence-kept, for the newest month that is over. */
static struct query_metric kept(struct world *w)
{
    struct query_scorecard q;
    struct arena scratch;
    arena_init(&scratch, 0);
    enum status st = query_scorecard(&w->v, UINT64_MAX, w->g.time_ms, &w->a, &scratch, &q, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    for (size_t i = 0; i < q.metrics.n; i++)
        if (span_eqs(q.metrics.v[i].name, "a"))
            return q.metrics.v[i];
    cr_assert_fail("no metric a");
    return (struct query_metric){0};
}

static void found_kept(struct world *w)
{
    static const char was[] = "decision-velocity, every: 7 years", is[] = "cadence-kept, every: month";
    static const char two[] = "sessions:\n"
                              "  one: {body: steering, every: month, record: held}\n"
                              "  two: {body: council, every: month, record: held}\n";
    struct arena a;
    arena_init(&a, 0);
    char *base = world_charter(&a), *at = strstr(base, was);
    cr_assert_not_null(at);
    size_t n = strlen(base) + sizeof is + sizeof two;
    char *text = arena_alloc(&a, n);
    (void)snprintf(text, n, "%.*s%s%s%s", (int)(at - base), base, is, at + strlen(was), two);
    world_found_with(w, text);
    arena_deinit(&a);
}

Test(session, MSR_3_cadence_kept_is_recorded_in_time_quorate_and_not_contested)
{
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor", NULL};
    struct world w;
    found_kept(&w);
    AT(&w, "2026-04-01T00:00:00Z");
    cr_assert_eq(kept(&w).figure, FIGURE_NOTHING); /* none was due in March */
    struct minutes m = draft(&w, 1, "2026-04-01", sponsors);
    EXPECT_VERDICT(&w, enter(&w, "brand/sponsor", &m), V_OK);
    AT(&w, "2026-05-01T00:00:00Z"); /* the other one is missed */
    cr_assert_eq(kept(&w).figure, FIGURE_COMPUTED);
    struct query_metric k = kept(&w);
    cr_assert(readings_is(&k.value, "50"));
    EXPECT_VERDICT(&w, record(&w, "brand/finance", 2, "2026-04-30"), V_OK); /* late */
    k = kept(&w);
    cr_assert(readings_is(&k.value, "50"));
    /* a called one counts nowhere, one without a partner is not kept, a contested one neither */
    EXPECT_VERDICT(&w, call(&w, "maker/quality", SESSION_REFRESH, "steering", "2026-05-04"), V_OK);
    m = draft(&w, 3, "2026-05-01", (const char *[]){"brand/sponsor", "maker/sponsor", NULL});
    EXPECT_VERDICT(&w, enter(&w, "brand/sponsor", &m), V_OK);
    EXPECT_VERDICT(&w, record(&w, "brand/finance", 4, "2026-05-01"), V_OK);
    AT(&w, "2026-06-01T00:00:00Z");
    k = kept(&w);
    cr_assert(readings_is(&k.value, "50"));
    EXPECT_SESSION(&w, 5, SESSION_MISSED);
    m = draft(&w, 6, "2026-06-01", sponsors);
    EXPECT_VERDICT(&w, enter(&w, "brand/sponsor", &m), V_OK);
    EXPECT_VERDICT(&w, say(&w, "maker/sponsor", 6, SESSION_ACT_CONTEST), V_OK);
    AT(&w, "2026-07-01T00:00:00Z");
    k = kept(&w);
    cr_assert(readings_is(&k.value, "0"));
    world_free(&w);
}
