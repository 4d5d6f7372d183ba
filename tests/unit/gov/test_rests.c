/* What is told of decisions in doubt, last days, refresh and triggers: the queries, and what they cost. */
#include <criterion/criterion.h>
#include "rests.h"
#include "scan.h"

TestSuite(rests, .timeout = 60);

#define EXPECT_TOLD(w, desc, call, rec)                                                                                               \
    do {                                                                                                                              \
        cr_assert_eq(call, ST_OK, "%s", (w)->err.text);                                                                               \
        cr_assert_eq(codec_check(desc, rec, &(w)->err), ST_OK, "%s", (w)->err.text);                                                  \
    } while (0)

/* Each query gives an answer that can be sent. */
static void told(struct world *w)
{
    struct arena scratch CLEANUP(arena_deinit);
    struct scan_counts counts = {0};
    struct query_scorecard scorecard;
    struct query_news news;
    struct query_inbox inbox;
    struct query_health health;
    struct query_account account;
    struct query_promises promises;
    struct query_decisions decisions;
    struct query_sessions sessions;
    uint64_t now = w->g.time_ms;
    arena_init(&scratch, 0);
    scan_agrees(w, &counts);
    EXPECT_TOLD(w, &query_scorecard_desc, query_scorecard(&w->v, UINT64_MAX, now, &w->a, &scratch, &scorecard, &w->err), &scorecard);
    EXPECT_TOLD(w, &query_news_desc, query_news(&w->v, 0, now + UINT64_C(400) * 86400000, &w->a, &news, &w->err), &news);
    EXPECT_TOLD(w, &query_inbox_desc, query_inbox(&w->v, span_str("brand"), NULL, &w->a, &inbox, &w->err), &inbox);
    EXPECT_TOLD(w, &query_health_desc, query_health(&w->v, 0, now + 1, now, &w->a, &scratch, &health, &w->err), &health);
    EXPECT_TOLD(w, &query_account_desc, query_account(&w->v, 0, now + 1, NULL, now, &w->a, &scratch, &account, &w->err), &account);
    EXPECT_TOLD(w, &query_promises_desc, query_promises(&w->v, now, &w->a, &scratch, &promises, &w->err), &promises);
    EXPECT_TOLD(w, &query_decisions_desc, query_decisions(&w->v, 1, 100, &w->a, &decisions, &w->err), &decisions);
    EXPECT_TOLD(w, &query_sessions_desc, query_sessions(&w->v, 1, 100, &w->a, &sessions, &w->err), &sessions);
    for (size_t i = 0; i < sessions.list.n; i++) {
        struct query_agenda agenda;
        EXPECT_TOLD(w, &query_agenda_desc, query_agenda(&w->v, i + 1, &w->a, &agenda, &w->err), &agenda);
    }
}

Test(rests, all_of_it_is_told)
{
    struct world w;
    rests_begin();
    rests_edit("to: 2030-12-31, renewal-opens: 180 d before", "to: 2026-07-15, renewal-opens: 180 d before");
    rests_edit("indicators: {}", "indicators: {low: revenue < 42 for 2, busy: count issue > 1 in 30 d or haul < 6}");
    rests_add_row("  pivot: {owner: council, approve: each partner 1 of steering, sla: 10 bd, longest: 90 d, reaffirms: thesis}\n");
    rests_add("refresh: {every: quarter, body: steering, asks: [\"*/sponsor\"]}\n"
              "commitments: {haul: {by: distributor, unit: trucks, quantity: 6}}\n"
              "consequences: [{when: count issue >= 1 in 30 d, opens: terms}, {when: haul < 6 and revenue < 42, opens: risk, owner: \"*/quality\"}]\n");
    rests_found(&w); /* renewal is open from the start */
    AT(&w, "2026-03-02T08:00:01Z");
    told(&w);
    uint64_t as = rests_assume(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    rests_on_clause(&w, &p, "metrics.uptime");
    rests_until(&p, "2026-03-31");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "pivot", &p), V_OK);
    rests_approve(&w, 1, "sponsor");
    told(&w);
    AT(&w, "2026-03-10T08:00:00Z");
    rests_falsify(&w, as); /* in doubt after it has closed */
    rests_edit("target: 94.0", "target: 95.0");
    (void)rests_amend(&w, SECTION_METRICS);
    told(&w);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    told(&w);
    AT(&w, "2026-06-03T00:00:00Z");
    told(&w);
    AT(&w, "2026-07-16T00:00:00Z");
    cr_assert(rests_items(&w, ITEM_ACTION) > 12);
    told(&w);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "renewal", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "exit", &(struct world_proposal){.effect = &world_exit}), V_OK);
    told(&w);
    world_free(&w);
}
