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
/* computed: counts the news of what was computed. */
static void told(struct world *w, size_t *computed)
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
    *computed += counts.computed;
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
    size_t computed = 0;
    rests_begin();
    rests_edit("to: 2030-12-31, renewal-opens: 180 d before", "to: 2026-07-15, renewal-opens: 180 d before");
    rests_edit("indicators: {}", "indicators: {low: revenue < 42 for 2, busy: count issue > 1 in 30 d or haul < 6}");
    rests_add_row("  pivot: {owner: council, approve: each partner 1 of steering, sla: 10 bd, longest: 90 d, reaffirms: thesis}\n");
    rests_add("refresh: {every: quarter, body: steering, asks: [\"*/sponsor\"]}\n"
              "commitments: {haul: {by: distributor, unit: trucks, quantity: 6}}\n"
              "consequences: [{when: count issue >= 1 in 30 d, opens: terms}, "
              "{when: haul < 6 and revenue < 42, opens: risk, owner: \"*/quality\"}]\n");
    rests_found(&w); /* renewal is open from the start */
    AT(&w, "2026-03-02T08:00:01Z");
    told(&w, &computed);
    uint64_t as = rests_assume(&w);
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ISSUE, NULL), V_OK);
    struct proposal p = rests_proposal();
    rests_on_assumption(&w, &p, as);
    rests_on_clause(&w, &p, "metrics.uptime");
    rests_until(&p, "2026-03-31");
    EXPECT_VERDICT(&w, rests_propose(&w, "brand/finance", "pivot", &p), V_OK);
    rests_approve(&w, 1, "sponsor");
    told(&w, &computed);
    AT(&w, "2026-03-10T08:00:00Z");
    rests_falsify(&w, as); /* in doubt after it has closed */
    rests_edit("target: 94.0", "target: 95.0");
    (void)rests_amend(&w, SECTION_METRICS);
    told(&w, &computed);
    (void)rests_month(&w, "2026-04-01T09:00:00Z", "2026-03-01", "40.0");
    EXPECT_PHASE(&w, 1, PHASE_EXPIRED);
    told(&w, &computed);
    AT(&w, "2026-06-03T00:00:00Z");
    told(&w, &computed);
    AT(&w, "2026-07-16T00:00:00Z");
    cr_assert(rests_items(&w, ITEM_ACTION) > 12);
    told(&w, &computed);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "renewal", NULL), V_OK);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/sponsor", "exit", &(struct world_proposal){.effect = &world_exit}), V_OK);
    told(&w, &computed);
    world_free(&w);
}

/* --- At random --- */

static uint64_t seed;

static uint64_t any(uint64_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % n;
}

static const char *const orgs[] = {"brand", "distributor", "maker"};

static const char *seat_of(struct world *w, const char *name)
{
    char seat[64];
    (void)snprintf(seat, sizeof seat, "%s/%s", orgs[any(3)], name);
    return (const char *)arena_dup(&w->a, span_str(seat)).p;
}

static struct proposal random_proposal(struct world *w)
{
    static const char *const clauses[] = {"metrics", "metrics.uptime", "glossary.case", "exit.term-ends", "exit.on-trigger.opens"};
    struct proposal p = rests_proposal();
    if (any(3) == 0) {
        p.until = w->g.time_ms / 86400000 + any(6);
        SET_HAS(&p, proposal_key_until);
    }
    if (w->last != 0 && any(3) == 0) {
        p.supersedes = 1 + any(w->last);
        SET_HAS(&p, proposal_key_supersedes);
    }
    for (uint64_t i = any(4); i > 0; i--) {
        uint64_t readings = 0;
        struct state_counter c;
        struct tkey k = tkey_text(span_str("reading"));
        if (state_get(&w->v, &w->a, TABLE_META, &k, &state_counter_desc, &c, &w->err) == ST_OK)
            readings = c.value;
        switch (any(3)) {
        case 0:
            rests_on_assumption(w, &p, 1 + any(rests_items(w, ITEM_ASSUMPTION) + 1));
            break;
        case 1:
            rests_on_reading(w, &p, 1 + any(readings + 1));
            break;
        default:
            rests_on_clause(w, &p, clauses[any(ARRAY_LEN(clauses))]);
        }
    }
    return p;
}

/* What lines rest on, as RELIED has it, each once. */
struct resting {
    size_t n;
    enum relied what[32];
    uint64_t number[32];
};

static void rest_on(struct resting *r, const struct proposal *p)
{
    for (size_t i = 0; HAS(p, proposal_key_relies) && i < p->relies.n; i++) {
        const struct reliance *l = &p->relies.v[i];
        enum relied what = HAS(l, reliance_key_assumption) ? RELIED_ASSUMPTION
                           : HAS(l, reliance_key_reading)  ? RELIED_READING
                                                           : RELIED_SECTION;
        uint64_t number = what == RELIED_ASSUMPTION ? l->assumption
                          : what == RELIED_READING  ? l->reading.number
                                                    : reliance_section(l->clause);
        bool again = false;
        for (size_t k = 0; k < r->n; k++)
            again |= r->what[k] == what && r->number[k] == number;
        if (again)
            continue;
        r->what[r->n] = what;
        r->number[r->n++] = number;
    }
}

/* REL-2: the rows are those of the current revisions of what is not over, and of what a mediator recommends. */
static void rows_agree(struct world *w)
{
    size_t n = 0;
    for (uint64_t d = 1; d <= w->last; d++) {
        struct state_revision rev;
        struct state_input in;
        struct resting r = {0};
        struct state_decision at = world_decision(w, d);
        struct tkey k = tkey_revision(d, at.revision);
        if (reliance_is_over(&at))
            continue;
        cr_assert_eq(state_get(&w->v, &w->a, TABLE_REVISION, &k, &state_revision_desc, &rev, &w->err), ST_OK);
        rest_on(&r, &rev.proposal);
        k = tkey_input(d, at.revision, INPUT_RECOMMENDATION);
        if (at.phase == PHASE_MEDIATION && state_get(&w->v, &w->a, TABLE_INPUT, &k, &state_input_desc, &in, &w->err) == ST_OK)
            rest_on(&r, &in.input.settled);
        for (size_t i = 0; i < r.n; i++)
            cr_assert(rests_relied(w, r.what[i], r.number[i], d), "D-%" PRIu64, d);
        n += r.n;
    }
    cr_assert_eq(rests_relied_rows(w), n);
}

static void act_on_items(struct world *w)
{
    struct world_step s = {.finding = any(2) == 0 ? ASSUMED_FALSIFIED : ASSUMED_VALIDATED}, other = {.finding = ASSUMED_VALIDATED};
    uint64_t n = 1 + any(rests_items(w, ITEM_ASSUMPTION) + 1);
    switch (any(5)) {
    case 0:
        (void)world_item_new(w, "brand/quality", ITEM_ASSUMPTION, NULL);
        break;
    case 1:
        (void)world_step(w, "brand/quality", ITEM_ASSUMPTION, n, ITEM_STEP_CLAIM, &s);
        (void)world_step(w, "maker/quality", ITEM_ASSUMPTION, n, ITEM_STEP_VERIFY, any(4) == 0 ? &other : &s);
        break;
    case 2:
        (void)world_step(w, "maker/quality", ITEM_ASSUMPTION, n, ITEM_STEP_REOPEN, NULL);
        break;
    case 3:
        s = (struct world_step){.link = world_link_decision(1 + any(w->last + 1))};
        (void)world_step(w, "brand/quality", ITEM_ASSUMPTION, n, ITEM_STEP_LINK, &s);
        break;
    default:
        (void)world_item_new(w, seat_of(w, "finance"), ITEM_ISSUE, NULL);
    }
}

static void act_on_readings(struct world *w)
{
    char value[16];
    (void)snprintf(value, sizeof value, "%d", 70 + (int)any(30));
    uint64_t n = 1 + any(9), week = w->g.time_ms / 86400000;
    if (any(2) == 0) {
        const char *seat = any(2) == 0 ? "brand/finance" : seat_of(w, "finance");
        (void)readings_mark(w, seat, n, (enum mark_act)(1 + any(3)), any(2) == 0 ? value : NULL);
    }
    struct reading r = {.metric = span_str("uptime"), .purpose = PURPOSE_ACTUAL, .value = readings_decimal(value)};
    r.period = week - (week + 3) % 7 - 7;
    (void)world_entry(w, seat_of(w, "finance"), KIND_READING, &reading_desc, &r);
}

static void act_on_decisions(struct world *w)
{
    static const char *const rows[] = {"plan", "both", "recall", "terms", "lasting", "guarded"};
    static const char *const names[] = {"finance", "quality", "sponsor", "alliance-manager", "business-lead"};
    uint64_t n = 1 + any(w->last + (w->last == 0));
    struct proposal p = random_proposal(w);
    uint64_t what = w->last == 0 ? 0 : any(9);
    if (what <= 1)
        (void)rests_propose(w, seat_of(w, names[any(5)]), rows[any(ARRAY_LEN(rows))], &p);
    else if (what == 2)
        (void)rests_revise(w, (const char *)arena_dup(&w->a, world_decision(w, n).mover).p, n, &p);
    else if (what == 3)
        (void)world_move(w, seat_of(w, names[any(5)]), n, any(3) == 0 ? MOVE_PAUSE : MOVE_ESCALATE);
    else if (what == 4)
        (void)rests_recommend(w, "trustee/mediator", n, &p);
    else if (what == 5 && any(4) == 0)
        (void)world_withdraw(w, (const char *)arena_dup(&w->a, world_decision(w, n).mover).p, n);
    else
        for (int i = 0; i < 4; i++)
            (void)world_ballot(w, seat_of(w, names[any(4)]), n, any(12) == 0 ? CHOICE_VETO : CHOICE_APPROVE);
}

static void amend_something(struct world *w, unsigned step)
{
    char from[32], to[32];
    (void)snprintf(from, sizeof from, "case: %u bottles", step == 0 ? 24 : 100 + step - 1);
    (void)snprintf(to, sizeof to, "case: %u bottles", 100 + step);
    rests_edit(from, to);
    if (any(2) == 0)
        (void)rests_amend(w, SECTION_GLOSSARY);
    if (any(3) == 0) {
        struct state_section s = world_section(w, SECTION_METRICS);
        (void)snprintf(to, sizeof to, "  extra%u: ", step);
        char line[160];
        (void)snprintf(line, sizeof line, "%s{group: value, view: financial, computed: decision-velocity, every: month}\n", to);
        rests_add_metric(line);
        (void)rests_amend(w, SECTION_METRICS);
        cr_assert_eq(world_section(w, SECTION_METRICS).version, s.version + 1);
    }
}

Test(rests, REL_2_at_random, .timeout = 240)
{
    size_t computed = 0;
    for (uint64_t run = 1; run <= 4; run++) {
        struct world w;
        seed = run;
        rests_begin();
        rests_edit("indicators: {}", "indicators: {low: uptime < 80 for 2, busy: count issue > 1 in 5 d or uptime < 75}");
        rests_add("refresh: {every: 9 d, body: steering, asks: []}\n"
                  "consequences: [{when: count issue >= 2 in 4 d and uptime < 90, opens: terms}, "
                  "{when: count plan > 2 in 3 bd, opens: plan}]\n");
        rests_found(&w);
        for (int i = 0; i < 4; i++)
            (void)rests_assume(&w);
        for (unsigned i = 0; i < 700; i++) {
            uint64_t what = any(20);
            if (what < 11)
                act_on_decisions(&w);
            else if (what < 15)
                act_on_items(&w);
            else if (what < 17)
                act_on_readings(&w);
            else
                world_at_ms(&w, w.g.time_ms + 3600000 * (1 + any(20)));
            if (i % 70 == 69)
                amend_something(&w, i / 70);
            if (i % 10 == 0)
                rows_agree(&w);
        }
        rows_agree(&w);
        told(&w, &computed);
        world_free(&w);
    }
    cr_assert_gt(computed, 0);
}
