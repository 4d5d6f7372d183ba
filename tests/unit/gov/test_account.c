/* The account of seats, by hand (docs/metrics.md). utc; business days Monday to Friday. Founded on Monday 2 March 2026, 08:00;
 * every act is a second after the time that is set. */
#include <criterion/criterion.h>
#include "readings.h"
#include "world_items.h"

TestSuite(account, .timeout = 60);

#define HOURS(n) ((uint64_t)(n)*3600000)

static struct query_account account(struct world *w, const char *seat, const char *from)
{
    struct query_account r;
    struct arena scratch;
    struct span s = span_str(seat == NULL ? "" : seat);
    arena_init(&scratch, 0);
    enum status st = query_account(&w->v, readings_ms(from), readings_ms("2026-12-31T00:00:00Z"), seat == NULL ? NULL : &s, w->g.time_ms, &w->a, &scratch,
                                   &r, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    return r;
}

/* What was on the stack is written over. */
__attribute__((noinline)) static void scrub(void)
{
    volatile uint8_t bytes[1 << 15];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0xa5;
}

/* As the node does it: when the stack of the question is gone. */
static void expect_sendable(const struct query_account *r, const char *seat)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    scrub();
    cr_assert_eq(codec_encode(&query_account_desc, r, &b), ST_OK);
    for (size_t i = 0; i < r->late.n; i++)
        cr_assert(r->late.v[i].seats.n == 1 && span_eqs(r->late.v[i].seats.v[0], seat));
}

static struct query_account_line line(const struct query_account *r, const char *seat, enum account_kind kind)
{
    for (size_t i = 0; i < r->lines.n; i++)
        if (span_eqs(r->lines.v[i].seat, seat) && r->lines.v[i].kind == kind)
            return r->lines.v[i];
    return (struct query_account_line){0};
}

#define EXPECT_LINE(r, seat, kind, asked_, done_, waiting_, late_, ms_)                                                   \
    do {                                                                                                                  \
        struct query_account_line l_ = line(r, seat, kind);                                                               \
        cr_assert(l_.asked == (asked_) && l_.done == (done_) && l_.waiting == (waiting_) && l_.late == (late_) &&         \
                      l_.waited_ms == (ms_),                                                                              \
                  "%s %s: asked %d, done %d, waiting %d, late %d, %lld ms", seat, enum_text(&account_kind_enum, kind),    \
                  (int)l_.asked, (int)l_.done, (int)l_.waiting, (int)l_.late, (long long)l_.waited_ms);                   \
    } while (0)

/* plan is opened on Tuesday 3 March at 08:00:01; now it is 20:00. */
static void found_with_plan(struct world *w)
{
    readings_found(w, NULL);
    AT(w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(w, world_propose(w, "brand/finance", "plan", NULL), V_OK);
    AT(w, "2026-03-03T20:00:00Z");
}

/* plan asks alliance-manager, finance and quality of each partner, one of which is to approve, within 2 bd: opened on Tuesday 3
 * March at 08:00:01, over with Thursday.
 *   brand/finance approves on Tuesday at 20:00:01: 12 h; its colleagues were asked as long, and did nothing
 *   maker/finance approves on Wednesday at 08:00:01: 24 h
 *   of the distributor nobody: 63 h 59 min 59 s, and late, each of them
 * Then steering, from Friday 00:00. distributor/sponsor approves on Monday 9 March at 12:00:01: 36 h 0 min 1 s of business. */
Test(account, ballots)
{
    struct world w;
    found_with_plan(&w);
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 1, CHOICE_APPROVE), V_OK);
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "distributor/quality", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(24));
    AT(&w, "2026-03-06T00:00:00Z");
    cr_assert_eq(world_decision(&w, 1).rung, 2);
    AT(&w, "2026-03-09T12:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "distributor/sponsor", 1, CHOICE_APPROVE), V_OK);
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_BALLOT, 1, 1, 0, 0, HOURS(12));
    EXPECT_LINE(&r, "brand/alliance-manager", ACCOUNT_BALLOT, 1, 0, 0, 0, HOURS(12));
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 1, 0, 0, HOURS(24));
    EXPECT_LINE(&r, "distributor/finance", ACCOUNT_BALLOT, 1, 0, 0, 1, HOURS(64) - 1000);
    EXPECT_LINE(&r, "distributor/quality", ACCOUNT_BALLOT, 1, 0, 0, 1, HOURS(64) - 1000);
    EXPECT_LINE(&r, "distributor/sponsor", ACCOUNT_BALLOT, 1, 1, 0, 0, HOURS(36) + 1000);
    EXPECT_LINE(&r, "brand/sponsor", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(36) + 1000);
    struct query_account_line l = line(&r, "brand/sponsor", ACCOUNT_BALLOT);
    cr_assert(span_eqs(l.longest_id, "D-1") && l.longest_ms == HOURS(36) + 1000);
    for (size_t i = 1; i < r.lines.n; i++)
        cr_assert(span_cmp(r.lines.v[i - 1].seat, r.lines.v[i].seat) <= 0);
    r = account(&w, NULL, "2026-03-05T00:00:00Z"); /* the sponsors alone were asked after that */
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_BALLOT, 0, 0, 0, 0, 0);
    EXPECT_LINE(&r, "brand/sponsor", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(36) + 1000);
    r = account(&w, "brand/sponsor", "2026-03-01T00:00:00Z");
    cr_assert_eq(r.lines.n, 1);
    cr_assert_eq(r.owed.n, 1);
    cr_assert(span_eqs(r.owed.v[0].id, "D-1"));
    world_free(&w);
}

/* A ledger that stood still is nobody's wait: fast, 2 h, opened on Friday 6 March at 08:00:01, still until Tuesday 08:00. */
Test(account, halts_do_not_count)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-06T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "fast", NULL), V_OK);
    AT(&w, "2026-03-10T08:00:00Z");
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, 0);
    AT(&w, "2026-03-10T20:00:00Z");
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(12));
    world_free(&w);
}

/* Nobody can speak in a pause: 12 h 1 s from Tuesday 08:00:01, then from Wednesday 08:00:01 to Thursday 08:00, and still. */
Test(account, pauses_do_not_count)
{
    struct world w;
    found_with_plan(&w);
    EXPECT_VERDICT(&w, world_move(&w, "brand/finance", 1, MOVE_PAUSE), V_OK);
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_PAUSE), V_OK);
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(12) + 1000);
    AT(&w, "2026-03-04T08:00:00Z");
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(12) + 1000);
    EXPECT_VERDICT(&w, world_move(&w, "maker/finance", 1, MOVE_RESUME), V_OK);
    AT(&w, "2026-03-05T08:00:00Z");
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(12) + 1000 + HOURS(24) - 1000);
    world_free(&w);
}

/* An alternate's ballot ends the wait for its principal's partner; the principal did not do it. */
Test(account, an_alternate_answers)
{
    struct world w;
    readings_found(&w, NULL);
    struct alternate by = world_alternate("maker/quality", "2026-03-01T00:00:00Z", "2026-03-31T00:00:00Z");
    EXPECT_VERDICT(&w, world_alternates(&w, "maker/finance", &by, 1), V_OK);
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "strict", NULL), V_OK);
    AT(&w, "2026-03-03T20:00:00Z");
    EXPECT_VERDICT(&w, world_ballot_for(&w, "maker/quality", "maker/finance", 1, CHOICE_APPROVE), V_OK);
    AT(&w, "2026-03-04T08:00:00Z");
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_BALLOT, 1, 0, 0, 0, HOURS(12));
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_BALLOT, 1, 0, 1, 0, HOURS(24) - 1000);
    world_free(&w);
}

/* uptime: weekly, each partner's finance within 2 d, checked by brand/finance. The week ends on Monday 9 March 00:00.
 *   maker reports at 00:00:01: 1 s. The others are late with Tuesday 10 March, and waited for.
 *   Checking maker's is late with Wednesday. brand disputes it on Thursday at 08:00:01: 3 d 8 h.
 *   maker restates on Thursday at 20:00:01: 12 h; and brand is asked again. */
Test(account, readings)
{
    struct world w;
    readings_found(&w, NULL);
    AT(&w, "2026-03-09T00:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "maker/finance", "uptime", PURPOSE_ACTUAL, "2026-03-02", "90"), V_OK);
    uint64_t n = readings_of(&w, "uptime", PURPOSE_ACTUAL, "2026-03-02", "maker").number;
    AT(&w, "2026-03-11T00:00:00Z");
    AT(&w, "2026-03-12T00:00:00Z");
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_REPORT, 1, 1, 0, 0, 1000);
    EXPECT_LINE(&r, "distributor/finance", ACCOUNT_REPORT, 1, 0, 1, 1, HOURS(72));
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_CHECK, 1, 0, 1, 1, HOURS(72) - 1000);
    r = account(&w, "brand/finance", "2026-03-01T00:00:00Z");
    expect_sendable(&r, "brand/finance");
    cr_assert_eq(r.late.n, 2); /* its own reading, due within 2 d of the 8th; and the check, within 2 d of the 9th */
    cr_assert_eq(r.late.v[0].since_ms, readings_ms("2026-03-11T00:00:00Z"));
    cr_assert_eq(r.late.v[1].since_ms, readings_ms("2026-03-12T00:00:00Z"));
    AT(&w, "2026-03-12T08:00:00Z");
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    AT(&w, "2026-03-12T20:00:00Z");
    EXPECT_VERDICT(&w, readings_mark(&w, "maker/finance", n, MARK_RESTATE, "91"), V_OK);
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_CHECK, 2, 1, 1, 1, HOURS(80));
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_RESTATE, 1, 1, 0, 0, HOURS(12));
    world_free(&w);
}

/* Opened by brand/finance on Tuesday 3 March at 08:00:01, offered to maker/finance, which takes it on Wednesday at 08:00:01: 24 h for
 * both. Due on Tuesday 31 March, claimed on Wednesday 1 April at 08:00:01: 20 business days, and late. */
Test(account, items)
{
    struct world w;
    world_found_items(&w);
    struct world_item o = {.owner = "maker/finance"};
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_TAKE, NULL), V_OK);
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_TAKE, 1, 1, 0, 0, HOURS(24));
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_ITEM, 1, 0, 0, 0, HOURS(24));
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_ITEM, 1, 0, 1, 0, 0);
    AT(&w, "2026-04-01T00:00:00Z");
    r = account(&w, "maker/finance", "2026-03-01T00:00:00Z");
    cr_assert_eq(r.late.n, 1);
    cr_assert(span_eqs(r.late.v[0].id, "A-1") && r.late.v[0].since_ms == readings_ms("2026-04-01T00:00:00Z"));
    cr_assert_eq(account(&w, "brand/finance", "2026-03-01T00:00:00Z").late.n, 0);
    AT(&w, "2026-04-01T08:00:00Z");
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ACTION, 1, ITEM_STEP_CLAIM, NULL), V_OK);
    AT(&w, "2026-04-09T08:00:00Z");
    r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_ITEM, 1, 1, 0, 1, HOURS(20 * 24));
    world_free(&w);
}

/* An offer that nobody takes in 5 business days is late; its owner keeps the item. */
Test(account, an_offer_not_taken)
{
    struct world w;
    world_found_items(&w);
    struct world_item o = {.owner = "maker/finance"};
    AT(&w, "2026-03-03T08:00:00Z");
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &o), V_OK);
    AT(&w, "2026-03-11T00:00:00Z");
    struct query_account r = account(&w, NULL, "2026-03-01T00:00:00Z");
    EXPECT_LINE(&r, "maker/finance", ACCOUNT_TAKE, 1, 0, 0, 1, HOURS(6 * 24 - 8) - 1000);
    EXPECT_LINE(&r, "brand/finance", ACCOUNT_ITEM, 1, 0, 1, 0, HOURS(6 * 24 - 8) - 1000);
    world_free(&w);
}

static enum verdict hold(struct world *w, const char *seat, uint64_t number, const char *held)
{
    static const char *const there[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor"};
    struct minutes m = {.session = number, .act = SESSION_ACT_RECORD, .held = readings_day(held)};
    m.present = (struct span_list){3, arena_array(&w->a, 3, sizeof(struct span))};
    for (size_t i = 0; i < 3; i++)
        m.present.v[i] = span_str(there[i]);
    SET_HAS(&m, minutes_key_held);
    SET_HAS(&m, minutes_key_present);
    return world_entry(w, seat, KIND_MINUTES, &minutes_desc, &m);
}

/* Steering meets every week. That of 9 March is held on Tuesday and recorded by brand on Wednesday at 12:00:01: 12 h 0 min 1 s from
 * Tuesday's end. That of 16 March is missed with Sunday, and two days later waited for since then. */
Test(account, sessions)
{
    struct world w;
    readings_found(&w, "sessions:\n  weekly: {body: steering, every: week, record: held}\n");
    AT(&w, "2026-03-09T00:00:00Z");
    struct query_sessions open;
    cr_assert_eq(query_sessions(&w.v, 1, 10, &w.a, &open, &w.err), ST_OK);
    uint64_t n = open.list.v[open.list.n - 1].session.number;
    cr_assert_eq(open.list.v[open.list.n - 1].session.from, readings_day("2026-03-09"));
    AT(&w, "2026-03-11T12:00:00Z");
    EXPECT_VERDICT(&w, hold(&w, "brand/sponsor", n, "2026-03-10"), V_OK);
    AT(&w, "2026-03-16T00:00:00Z");
    AT(&w, "2026-03-23T00:00:00Z");
    AT(&w, "2026-03-25T00:00:00Z");
    struct query_account r = account(&w, NULL, "2026-03-08T00:00:00Z");
    EXPECT_LINE(&r, "brand/sponsor", ACCOUNT_SESSION, 3, 1, 2, 1, HOURS(12) + 1000 + HOURS(48));
    EXPECT_LINE(&r, "maker/sponsor", ACCOUNT_SESSION, 3, 0, 2, 1, HOURS(48));
    r = account(&w, "maker/sponsor", "2026-03-16T00:00:01Z");
    cr_assert_eq(r.late.n, 1);
    cr_assert_eq(r.late.v[0].since_ms, readings_ms("2026-03-23T00:00:00Z"));
    world_free(&w);
}

Test(account, a_seat_that_is_none)
{
    struct world w;
    struct query_account r;
    struct arena scratch;
    struct span s = span_str("brand/chef");
    world_found(&w);
    arena_init(&scratch, 0);
    cr_assert_eq(query_account(&w.v, 0, UINT64_MAX, &s, w.g.time_ms, &w.a, &scratch, &r, &w.err), ST_NOTFOUND);
    cr_assert_str_eq(w.err.text, "the charter has no seat brand/chef; see: entente seats");
    arena_deinit(&scratch);
    world_free(&w);
}
