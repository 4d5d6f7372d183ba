/* The failure-mode check on a fixture worked by hand (docs/metrics.md, Health). The world is founded on Monday 2 March 2026, 08:00;
 * business days are Monday to Friday, utc. */
#include <criterion/criterion.h>
#include "readings.h"
#include "world_items.h"

TestSuite(health, .timeout = 60);

static const char more[] =
    "conflicts: {first: council, within: 2 bd, ladder: standard, else: status quo}\n"
    "thesis:\n"
    "  objective: one\n"
    "  why-not-build-or-buy: two\n"
    "  outcomes: {a: USD 5.00 by 2027-06-30}\n"
    "  contributions: {brand: mark, distributor: routes, maker: lines}\n"
    "  scope: {in: [bottles], out: [cafes], markets: [us]}\n"
    "  assumptions: {price: {owner: brand/finance, test: asked}, shelf-life: {owner: maker/quality, test: six months}}\n"
    "  principles: [safety first]\n"
    "sessions:\n"
    "  daily: {body: steering, every: month, record: held}\n"
    "incentives:\n"
    "  bonus: {when: revenue > 40.0 and velocity < 9.0, pays: 1.5 percent of revenue, to: {distributor: 100}, from: all}\n"
    "  fee: {when: term over, pays: USD 5.00, to: {maker: 100}, from: all}\n";

/* The answer to a question, as a text: "no: words\n- words [ids]\n  words\n> next\n". */
static const char *answer_between(struct world *w, enum health_question question, const char *from, const char *to)
{
    static char text[8000];
    struct query_health h;
    struct arena scratch;
    size_t n = 0;
    arena_init(&scratch, 0);
    enum status st = query_health(&w->v, readings_ms(from), readings_ms(to), w->g.time_ms, &w->a, &scratch, &h, &w->err);
    cr_assert_eq(st, ST_OK, "%s", w->err.text);
    arena_deinit(&scratch);
    cr_assert_eq(codec_check(&query_health_desc, &h, &w->err), ST_OK, "%s", w->err.text);
    const struct query_health_answer *a = &h.answers.v[question - HEALTH_VALUE];
    cr_assert_eq(a->question, question);
    n += (size_t)snprintf(text, sizeof text, "%s: %.*s\n", enum_text(&health_answer_enum, a->answer), SPAN_FMT(a->words));
    for (size_t i = 0; i < a->lines.n; i++) {
        const struct query_health_line *l = &a->lines.v[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s %.*s", l->against ? "-" : " ", SPAN_FMT(l->words));
        for (size_t k = 0; k < l->ids.n; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", k == 0 ? " [" : " ", SPAN_FMT(l->ids.v[k]));
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", l->ids.n > 0 ? "]" : "");
    }
    (void)snprintf(text + n, sizeof text - n, "> %.*s\n", SPAN_FMT(a->next));
    return text;
}

static const char *answer(struct world *w, enum health_question q)
{
    return answer_between(w, q, "2026-03-01T00:00:00Z", "2027-01-01T00:00:00Z");
}

#define ANSWER(w, q, want) cr_assert_str_eq(answer(w, q), want)

Test(health, on_the_first_day)
{
    struct world w;
    readings_found(&w, more);
    ANSWER(&w, HEALTH_VALUE,
           "no: The thesis is signed; of 2 assumptions 0 tested\n"
           "  thesis: signed by every founding seat\n"
           "- assumption price: no item tests it\n"
           "- assumption shelf-life: no item tests it\n"
           "> entente assume list --all\n");
    ANSWER(&w, HEALTH_GOVERNANCE, "unknown: No decision was opened\n> entente decisions\n");
    ANSWER(&w, HEALTH_INCENTIVES,
           "no: 2 incentives; of 2 numbers that they rest on both sides stand behind 0\n"
           "  bonus, by revenue: nothing\n"
           "  bonus, by velocity: nothing\n"
           "- fee: rests on no metric\n"
           "> entente charter show incentives\n");
    ANSWER(&w, HEALTH_CADENCE, "unknown: No regular session was due\n> entente meet\n");
    ANSWER(&w, HEALTH_FRICTION, "unknown: 0 partners late with something; 0 conflicts open\n> entente pace\n");
    const char *m = answer(&w, HEALTH_MEASUREMENT);
    cr_assert_not_null(strstr(m, "unknown: Of 10 metrics, 0 computed, countersigned or revealed in the newest period\n"), "%s", m);
    world_free(&w);
}

Test(health, without_the_sections)
{
    struct world w;
    world_found(&w);
    ANSWER(&w, HEALTH_VALUE, "no: No thesis is signed\n- the charter has no thesis\n> entente charter template\n");
    ANSWER(&w, HEALTH_INCENTIVES, "unknown: The charter has no incentives\n> entente charter show\n");
    world_free(&w);
}

/* AS-1 of price is validated, and verified by another partner; AS-2 of shelf-life is overdue after 90 days, then falsified. */
Test(health, value_is_tested)
{
    struct world w;
    readings_found(&w, more);
    struct world_item price = {.name = "price"}, shelf = {.name = "shelf-life"};
    struct world_step yes = {.finding = ASSUMED_VALIDATED}, no = {.finding = ASSUMED_FALSIFIED};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_ASSUMPTION, &price), V_OK);
    EXPECT_VERDICT(&w, world_item_new(&w, "maker/quality", ITEM_ASSUMPTION, &shelf), V_OK);
    ANSWER(&w, HEALTH_VALUE,
           "yes: The thesis is signed; of 2 assumptions 0 tested\n"
           "  thesis: signed by every founding seat\n"
           "  assumption price: in test [AS-1]\n"
           "  assumption shelf-life: in test [AS-2]\n"
           "> entente assume list --all\n");
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_CLAIM, &yes), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "maker/finance", ITEM_ASSUMPTION, 1, ITEM_STEP_VERIFY, &yes), V_OK);
    AT(&w, "2026-05-31T00:00:00Z");
    cr_assert_not_null(strstr(answer(&w, HEALTH_VALUE), "in test [AS-2]"));
    AT(&w, "2026-06-01T00:00:00Z"); /* its 90 days end with 31 May */
    ANSWER(&w, HEALTH_VALUE,
           "no: The thesis is signed; of 2 assumptions 1 tested\n"
           "  thesis: signed by every founding seat\n"
           "  assumption price: validated [AS-1]\n"
           "- assumption shelf-life: in test, overdue [AS-2]\n"
           "> entente assume list --all\n");
    EXPECT_VERDICT(&w, world_step(&w, "maker/quality", ITEM_ASSUMPTION, 2, ITEM_STEP_CLAIM, &no), V_OK);
    EXPECT_VERDICT(&w, world_step(&w, "brand/finance", ITEM_ASSUMPTION, 2, ITEM_STEP_VERIFY, &no), V_OK);
    ANSWER(&w, HEALTH_VALUE,
           "no: The thesis is signed; of 2 assumptions 2 tested\n"
           "  thesis: signed by every founding seat\n"
           "  assumption price: validated [AS-1]\n"
           "- assumption shelf-life: falsified [AS-2]\n"
           "> entente assume list --all\n");
    world_free(&w);
}

/* As in test_pace.c: D-1 plan passes in time. D-2 plan opens on Wednesday 4 March; brand approves after an hour, maker after two;
 * its two days end on Friday 24:00 with the distributor owing, and it escalates. Then a conflict opens. */
Test(health, rows_breached_and_friction)
{
    static const char *const council[] = {"brand/finance", "distributor/finance", "maker/finance", NULL};
    struct world w;
    readings_found(&w, more);
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK);
    world_approve(&w, 1, council);
    ANSWER(&w, HEALTH_GOVERNANCE,
           "yes: Of 1 decision opened 1 passed, 0 escalated; 0 deadlines passed with a ballot owed, 0 ended by default\n"
           "> entente pace\n");
    AT(&w, "2026-03-04T08:00:00Z");
    EXPECT_VERDICT(&w, world_propose(&w, "brand/finance", "plan", NULL), V_OK); /* 08:00:01 */
    AT(&w, "2026-03-04T20:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "brand/finance", 2, CHOICE_APPROVE), V_OK); /* 12 h */
    AT(&w, "2026-03-05T08:00:00Z");
    EXPECT_VERDICT(&w, world_ballot(&w, "maker/finance", 2, CHOICE_APPROVE), V_OK); /* 24 h */
    AT(&w, "2026-03-07T00:00:00Z"); /* 64 h after 4 March 08:00 */
    ANSWER(&w, HEALTH_GOVERNANCE,
           "no: Of 2 decisions opened 1 passed, 1 escalated; 1 deadline passed with a ballot owed, 0 ended by default\n"
           "- row plan: of 2 opened, 1 deadline passed with a ballot owed, 0 ended by default\n"
           "- 1 decision of these rows [D-2]\n"
           "> entente pace\n");
    cr_assert_str_eq(answer_between(&w, HEALTH_GOVERNANCE, "2026-03-05T00:00:00Z", "2027-01-01T00:00:00Z"),
                     "unknown: No decision was opened\n> entente decisions\n");
    struct world_item c = {.against = "maker/finance"};
    EXPECT_VERDICT(&w, world_item_new(&w, "brand/finance", ITEM_CONFLICT, &c), V_OK);
    ANSWER(&w, HEALTH_FRICTION,
           "no: 1 partner late with something; 1 conflict open\n"
           "  brand: waited for 0.5 business d; 0 deadlines passed with its ballot owed, 0 late readings, 0 unchecked\n"
           "- distributor: waited for 2.7 business d; 1 deadline passed with its ballot owed, 0 late readings, 0 unchecked\n"
           "  maker: waited for 1 business d; 0 deadlines passed with its ballot owed, 0 late readings, 0 unchecked\n"
           "- conflict of brand/finance and maker/finance: open since 2026-03-07 [C-1]\n"
           "> entente conflict list\n");
    world_free(&w);
}

/* Revenue for March: owed, reported, countersigned, disputed. */
Test(health, incentives_and_measurement)
{
    struct world w;
    readings_found(&w, more);
    AT(&w, "2026-04-01T08:00:00Z");
    EXPECT_VERDICT(&w, readings_report(&w, "distributor/finance", "revenue", PURPOSE_ACTUAL, "2026-03-01", "43.5"), V_OK);
    uint64_t n = readings_of(&w, "revenue", PURPOSE_ACTUAL, "2026-03-01", "distributor").number;
    char want[300];
    (void)snprintf(want, sizeof want, "\n- bonus, by revenue for 2026-03: reported [K-%d]\n", (int)n);
    cr_assert_not_null(strstr(answer(&w, HEALTH_INCENTIVES), want), "%s", answer(&w, HEALTH_INCENTIVES));
    cr_assert_not_null(strstr(answer(&w, HEALTH_MEASUREMENT), "\n- revenue for 2026-03: reported [K-"));
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_COUNTERSIGN, NULL), V_OK);
    (void)snprintf(want, sizeof want, "\n  bonus, by revenue for 2026-03: countersigned [K-%d]\n", (int)n);
    cr_assert_not_null(strstr(answer(&w, HEALTH_INCENTIVES), want), "%s", answer(&w, HEALTH_INCENTIVES));
    cr_assert_not_null(strstr(answer(&w, HEALTH_INCENTIVES), "of 2 numbers that they rest on both sides stand behind 1\n"));
    const char *m = answer(&w, HEALTH_MEASUREMENT); /* uptime of March weeks is late */
    cr_assert(strncmp(m, "no: Of 10 metrics, 1 computed, countersigned or revealed", 56) == 0, "%s", m);
    cr_assert_not_null(strstr(m, "\n- uptime for 2026-W"), "%s", m);
    EXPECT_VERDICT(&w, readings_mark(&w, "brand/finance", n, MARK_DISPUTE, NULL), V_OK);
    cr_assert_not_null(strstr(answer(&w, HEALTH_MEASUREMENT), "\n- revenue for 2026-03: disputed [K-"));
    world_free(&w);
}

/* The session of April is due by the end of April, and nobody records it. */
Test(health, cadence)
{
    struct world w;
    readings_found(&w, more);
    AT(&w, "2026-04-01T00:00:00Z");
    AT(&w, "2026-05-01T00:00:00Z");
    ANSWER(&w, HEALTH_CADENCE,
           "no: Of 1 regular session due, 0 kept\n"
           "- 1 not held in time, not quorate, or contested [S-1]\n"
           "> entente meet\n");
    cr_assert_str_eq(answer_between(&w, HEALTH_CADENCE, "2026-05-02T00:00:00Z", "2026-06-01T00:00:00Z"),
                     "unknown: No regular session was due\n> entente meet\n");
    world_free(&w);
}
