/* What time did by itself, and what it will do if nobody acts. */
#include <criterion/criterion.h>
#include "readings.h"
#include "world_items.h"

TestSuite(news, .timeout = 60);

static const char more[] = "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
                           "sessions:\n  daily: {body: steering, every: month, record: held}\n";

/* "D-1 escalated to steering; ..." of what happened from then on, or of what comes up to then. */
static const char *text(struct world *w, const char *from, const char *to, bool coming)
{
    static char s[4000];
    struct query_news q;
    size_t n = 0;
    cr_assert_eq(query_news(&w->v, readings_ms(from), readings_ms(to), &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(codec_check(&query_news_desc, &q, &w->err), ST_OK, "%s", w->err.text);
    const struct query_news_line_list *l = coming ? &q.coming : &q.happened;
    s[0] = 0;
    for (size_t i = 0; i < l->n; i++)
        n += (size_t)snprintf(s + n, sizeof s - n, "%s%.16s %.*s %.*s", i == 0 ? "" : "\n", time_utc(l->v[i].at_ms).s,
                              SPAN_FMT(l->v[i].id), SPAN_FMT(l->v[i].words));
    return s;
}

#define HAPPENED(w, from, want) cr_assert_str_eq(text(w, from, from, false), want)
#define COMING(w, to, want)     cr_assert_str_eq(text(w, to, to, true), want)

/* guarded: two days, then steering for ten and the mediator; a veto until two days after it passed. */
Test(news, decisions)
{
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/quality", "guarded", NULL), V_OK);
    COMING(&w, "2026-03-04T00:00:00Z", "");
    COMING(&w, "2026-03-05T00:00:00Z", "2026-03-05T00:00 D-1 escalates by itself to steering");
    HAPPENED(&w, "2026-03-01T00:00:00Z", "");
    AT(&w, "2026-03-05T00:00:00Z");
    HAPPENED(&w, "2026-03-01T00:00:00Z", "2026-03-05T00:00 D-1 escalated to steering");
    HAPPENED(&w, "2026-03-05T00:00:01Z", "");
    COMING(&w, "2026-03-18T00:00:00Z", "");
    static const char *const sponsors[] = {"brand/sponsor", "distributor/sponsor", "maker/sponsor", NULL};
    AT(&w, "2026-03-06T08:00:00Z");
    world_approve(&w, 1, sponsors); /* an act of seats: no news of time */
    HAPPENED(&w, "2026-03-05T00:00:01Z", "");
    COMING(&w, "2026-03-12T00:00:00Z", "2026-03-11T00:00 D-1 takes effect");
    AT(&w, "2026-03-11T00:00:00Z");
    HAPPENED(&w, "2026-03-05T00:00:01Z", "2026-03-11T00:00 D-1 effective");
    COMING(&w, "2027-01-01T00:00:00Z", "");
    world_free(&w);
}

/* Without notice it takes effect with the ballot that passes it: an act of a seat. */
Test(news, what_follows_from_a_ballot_is_no_news)
{
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    struct world w;
    world_found(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    world_approve(&w, 1, council);
    EXPECT_PHASE(&w, 1, PHASE_EFFECTIVE);
    HAPPENED(&w, "2026-03-01T00:00:00Z", "");
    world_free(&w);
}

Test(news, items_readings_sessions)
{
    struct world w;
    readings_found(&w, more);
    struct world_item action = {.due = world_day("2026-04-02")};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ACTION, &action), V_OK);
    AT(&w, "2026-04-01T00:00:00Z");
    const char *c = text(&w, "2026-04-03T00:00:00Z", "2026-04-03T00:00:00Z", true);
    cr_assert_not_null(strstr(c, "2026-04-03T00:00 A-1 is due"), "%s", c);
    c = text(&w, "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", true);
    cr_assert_not_null(strstr(c, "S-1 is missed unless it is recorded"), "%s", c);
    cr_assert_not_null(strstr(c, " is late unless it is reported or checked"), "%s", c);
    cr_assert_not_null(strstr(c, "revenue its period ends: a reading is owed"), "%s", c);
    cr_assert_not_null(strstr(c, "2026-04-11T00:00 velocity 2026-03 is computed"), "%s", c);
    AT(&w, "2026-04-03T00:00:00Z");
    AT(&w, "2026-05-01T00:00:00Z");
    c = text(&w, "2026-04-02T00:00:00Z", "2026-04-02T00:00:00Z", false);
    cr_assert_not_null(strstr(c, "2026-04-03T00:00 A-1 overdue"), "%s", c);
    cr_assert_not_null(strstr(c, "revenue of distributor is late"), "%s", c);
    cr_assert_not_null(strstr(c, " of steering was missed"), "%s", c);
    world_free(&w);
}
