/* scorecard, pace, health: numbers, and what stands behind each. */
#include "charter/charter_model.h"
#include "charter/period.h"
#include "charter/predicate.h"
#include "cli/cli.h"
#include "gov/decimal.h"
#include "gov/item_id.h"

static const char *decimal(struct cli *c, const struct decimal *d)
{
    return (const char *)arena_dup(&c->a, span_str(decimal_text(d).s)).p;
}

/* Computed, countersigned and merely reported numbers never look alike: "12.3 =", "12.3", "(12.3)", "(12.3)?"
 */
static const char *shown(struct cli *c, enum figure f, bool has, const struct decimal *v)
{
    const char *n = has ? decimal(c, v) : "-";
    char text[64];
    if (!has)
        return n;
    switch (f) {
    case FIGURE_COMPUTED:
        (void)snprintf(text, sizeof text, "%s =", n);
        break;
    case FIGURE_REPORTED:
        (void)snprintf(text, sizeof text, "(%s)", n);
        break;
    case FIGURE_DISPUTED:
        (void)snprintf(text, sizeof text, "(%s)?", n);
        break;
    case FIGURE_COUNTERSIGNED:
    case FIGURE_REVEALED:
    case FIGURE_WAITING:
    case FIGURE_LATE:
    case FIGURE_TOO_FEW:
    case FIGURE_NOTHING:
        return n;
    }
    return (const char *)arena_dup(&c->a, span_str(text)).p;
}

static const char *trend(const struct query_metric *m)
{
    if (!HAS(m, query_metric_key_value) || !HAS(m, query_metric_key_before))
        return "";
    int o = decimal_compare(&m->value, &m->before);
    return o == 0 ? "same" : (o > 0) == (m->better == BETTER_UP) ? "better" : "worse";
}

static const char *against_target(const struct query_metric *m)
{
    if (!HAS(m, query_metric_key_value) || !HAS(m, query_metric_key_target))
        return "";
    int o = decimal_compare(&m->value, &m->target);
    return o == 0 || (o > 0) == (m->better == BETTER_UP) ? " met" : "";
}

static void print_by(struct cli *c, const struct query_figure *f)
{
    bool has = HAS(f, query_figure_key_value);
    (void)printf("      %-14.*s %-12s %s", SPAN_FMT(f->org), shown(c, f->figure, has, &f->value),
                 f->standing == READING_MISSED              ? "missed: nothing was committed in time"
                 : f->standing == READING_OPENED && f->late ? "committed, and not revealed"
                                                            : enum_text(&figure_enum, f->figure));
    if (HAS(f, query_figure_key_voices))
        (void)printf(", %" PRIu64 " voices", f->voices);
    if (f->late && f->standing != READING_MISSED && f->standing != READING_OPENED)
        (void)printf("%s", f->standing == READING_OWED ? "" : ", came late");
    if (f->restated > 0)
        (void)printf(", restated %" PRIu64 " time%s", f->restated, f->restated == 1 ? "" : "s");
    if (HAS(f, query_figure_key_reading))
        (void)printf("  K-%" PRIu64, f->reading);
    (void)printf("\n");
}

static void print_metric(struct cli *c, const struct query_metric *m)
{
    bool has = HAS(m, query_metric_key_value);
    (void)printf("  %-18.*s %-9.*s %-13s %-14s", SPAN_FMT(m->name),
                 SPAN_FMT(HAS(m, query_metric_key_period) ? m->period : span_str("-")),
                 shown(c, m->figure, has, &m->value), enum_text(&figure_enum, m->figure));
    if (HAS(m, query_metric_key_target))
        (void)printf(" target %s%s", decimal(c, &m->target), against_target(m));
    if (HAS(m, query_metric_key_base))
        (void)printf(" base %s", decimal(c, &m->base));
    if (trend(m)[0] != 0)
        (void)printf(" %s than %s", trend(m), decimal(c, &m->before));
    if (HAS(m, query_metric_key_forecast))
        (void)printf(" forecast %s", decimal(c, &m->forecast));
    if (HAS(m, query_metric_key_gap))
        (void)printf(" gap %s", decimal(c, &m->gap));
    if (HAS(m, query_metric_key_unit))
        (void)printf(" [%.*s]", SPAN_FMT(m->unit));
    if (HAS(m, query_metric_key_kept_ms))
        (void)printf(" on the record from %s", cli_time(m->kept_ms).s);
    (void)printf("\n");
    for (size_t i = 0; i < m->by.n; i++)
        print_by(c, &m->by.v[i]);
}

/* What an incentive pays that holds, and to whom. */
static void print_payout(const struct query_trigger *t)
{
    if (t->type != TRIGGER_INCENTIVE || !t->holds)
        return;
    if (!HAS(t, query_trigger_key_pays)) {
        (void)printf(" pays an amount that cannot be told: no number that both sides stand behind");
        return;
    }
    (void)printf(" pays %s from %.*s (", cli_amount(&t->pays).s, SPAN_FMT(t->from));
    for (size_t i = 0; i < t->to.n; i++)
        (void)printf("%s%.*s %s", i == 0 ? "" : ", ", SPAN_FMT(t->to.v[i].org), cli_amount(&t->to.v[i].amount).s);
    (void)printf("); a payout is a decision");
}

/* The words of the rules: of a metric whose periods are over, but not judged yet, they say that none is over. The line of the metric
 * knows better. */
static const char *trigger_words(struct cli *c, const struct query_scorecard *r, const struct query_trigger *t)
{
    const char *s = charter_text(&c->a, "%.*s", SPAN_FMT(t->words));
    for (size_t i = 0; i < r->metrics.n; i++) {
        const struct query_metric *m = &r->metrics.v[i];
        const char *wrong = charter_text(&c->a, "%.*s: no period is over", SPAN_FMT(m->name)), *at = strstr(s, wrong);
        if (!HAS(m, query_metric_key_period) || at == NULL || (at > s && at[-1] != ' ' && at[-1] != '('))
            continue;
        const char *is = HAS(m, query_metric_key_kept_ms) ? "not on the record yet" : enum_text(&figure_enum, m->figure);
        s = charter_text(&c->a, "%.*s%.*s: no period counts yet, %.*s is %s%s", (int)(at - s), s, SPAN_FMT(m->name), SPAN_FMT(m->period),
                         is, at + strlen(wrong));
    }
    return s;
}

/* What answers it, or what asks for that: an action of another type than it opens was opened by the record. */
static void print_asked(const struct query_trigger *t)
{
    bool item = HAS(t, query_trigger_key_item), opens = HAS(t, query_trigger_key_opens);
    struct item_id id = item_id(item ? t->item.type : ITEM_ACTION, t->item.number);
    if (HAS(t, query_trigger_key_decision))
        (void)printf(" answered by D-%" PRIu64, t->decision);
    else if (item && opens && span_eqs(t->opens, enum_text(&item_type_enum, t->item.type)))
        (void)printf(" see %s", id.s);
    else if (item)
        (void)printf(" %s asks for %s%.*s", id.s, opens ? "it: " : "a look", SPAN_FMT(opens ? t->opens : span_str("")));
    else if (t->holds && opens)
        (void)printf(" asks for: %.*s", SPAN_FMT(t->opens));
}

static void print_trigger(struct cli *c, const struct query_scorecard *r, const struct query_trigger *t)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    predicate_print(&t->when, &b);
    (void)printf("  %-13s %-18.*s %-8s %s", enum_text(&trigger_type_enum, t->type), SPAN_FMT(t->name),
                 !t->known  ? "unknown"
                 : t->holds ? "HOLDS"
                            : "no",
                 buf_cstr(&b));
    (void)printf("  (%s)", trigger_words(c, r, t));
    if (HAS(t, query_trigger_key_since_ms) && t->since_ms > 0)
        (void)printf(" since %s", cli_time(t->since_ms).s);
    print_asked(t);
    print_payout(t);
    (void)printf("\n");
}

static void print_groups(struct cli *c, const struct query_metric_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (i == 0 || l->v[i].group != l->v[i - 1].group)
            (void)printf("%s\n", enum_text(&metric_group_enum, l->v[i].group));
        print_metric(c, &l->v[i]);
    }
}

/* Of a view, how many metrics are where they are to be: of those with a target and a number. */
static void print_view(struct cli *c, const struct query_metric_list *l, enum metric_view view)
{
    size_t n = 0, judged = 0, met = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct query_metric *m = &l->v[i];
        if (m->view != view)
            continue;
        n++;
        judged += HAS(m, query_metric_key_value) && HAS(m, query_metric_key_target);
        met += against_target(m)[0] != 0;
    }
    (void)printf("%s", enum_text(&metric_view_enum, view));
    if (n == 0)
        (void)printf(": no metric has this view");
    else if (judged > 0)
        (void)printf(": %zu of %zu at target", met, judged);
    (void)printf("\n");
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].view == view)
            print_metric(c, &l->v[i]);
}

int verb_scorecard(struct cli *c)
{
    struct rpc_scorecard q = {0};
    struct query_scorecard r;
    struct period p;
    if (c->n > 0)
        return cli_usage(c, "scorecard takes no words; for a period: --period 2026-Q1");
    if (c->period != NULL) {
        if (!period_parse(span_str(c->period), &p))
            return cli_usage(c,
                             "--period %s: expected a year 2026, quarter 2026-Q1, month 2026-03, week "
                             "2026-W10 or day 2026-03-02",
                             c->period);
        q.until = p.until;
        SET_HAS(&q, rpc_scorecard_key_until);
    }
    if (cli_ask(c, METHOD_scorecard, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_scorecard_desc, &r);
    if (r.metrics.n == 0)
        (void)printf("The charter has no metrics.\n");
    else if (!c->views)
        print_groups(c, &r.metrics);
    for (uint32_t v = VIEW_FINANCIAL; r.metrics.n > 0 && c->views && v <= VIEW_LEARNING; v++)
        print_view(c, &r.metrics, (enum metric_view)v);
    if (r.triggers.n > 0)
        (void)printf("watched\n");
    for (size_t i = 0; i < r.triggers.n; i++)
        print_trigger(c, &r, &r.triggers.v[i]);
    (void)printf(
        "12 = computed   12 countersigned or revealed by all   (12) merely reported   (12)? disputed\n");
    return EXIT_DONE;
}

/* --- pace --- */

static void print_pace(struct cli *c, const struct query_pace *p)
{
    (void)printf("  %-20.*s %6" PRIu64 " %6" PRIu64 " %8s %8" PRIu64 " %9" PRIu64 " %6" PRIu64 " %8" PRIu64
                 "\n",
                 SPAN_FMT(HAS(p, query_pace_key_name) ? p->name : span_str("all")), p->opened, p->passed,
                 HAS(p, query_pace_key_days) ? decimal(c, &p->days) : "-", p->breaches, p->escalated,
                 p->vetoed, p->defaulted);
}

static void print_paces(struct cli *c, const char *title, const struct query_pace_list *l)
{
    if (l->n > 0)
        (void)printf("%-22s %6s %6s %8s %8s %9s %6s %8s\n", title, "opened", "passed", "days", "breaches",
                     "escalated", "vetoed", "default");
    for (size_t i = 0; i < l->n; i++)
        print_pace(c, &l->v[i]);
}

const char *cli_business_days(struct cli *c, uint64_t ms)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%" PRIu64 ".%" PRIu64, ms / 86400000, ms % 86400000 / 8640000);
    return (const char *)arena_dup(&c->a, span_str(text)).p;
}

enum status cli_period_given(struct cli *c, struct rpc_period *ret)
{
    struct rpc_boundary_reply at;
    const uint64_t days90 = UINT64_C(90) * 86400000;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st != ST_OK)
        return st;
    uint64_t end = c->at != NULL ? c->at_ms : at.time_ms;
    struct rpc_period q = {.from_ms = end > days90 ? end - days90 : 0, .to_ms = end + 1};
    if ((c->since != NULL && time_parse(span_str(c->since), &q.from_ms) != ST_OK) ||
        (c->until != NULL && time_parse(span_str(c->until), &q.to_ms) != ST_OK) || q.from_ms >= q.to_ms)
        return err_set(&c->err, ST_USAGE,
                       "--since and --until: expected two times, the earlier first, for instance 2026-10-01T00:00:00Z");
    *ret = q;
    return ST_OK;
}

int verb_pace(struct cli *c)
{
    struct rpc_period q;
    struct query_record r;
    if (cli_period_given(c, &q) != ST_OK || cli_ask(c, METHOD_pace, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_record_desc, &r);
    struct query_pace_list all = {1, &r.all};
    (void)printf("Computed from the record: decisions opened from %s to %s\n", cli_time(r.from_ms).s,
                 cli_time(r.to_ms).s);
    print_paces(c, "", &all);
    print_paces(c, "per row", &r.rows);
    print_paces(c, "per body asked first", &r.bodies);
    if (r.waits.n > 0)
        (void)printf("%-22s %12s %12s %8s %13s %9s\n", "waited for", "business d", "halted d", "breaches",
                     "late readings", "unchecked");
    for (size_t i = 0; i < r.waits.n; i++) {
        const struct query_wait *w = &r.waits.v[i];
        (void)printf("  %-20.*s %12s %12s %8" PRIu64 " %13" PRIu64 " %9" PRIu64 "\n", SPAN_FMT(w->org),
                     cli_business_days(c, w->waited_ms), cli_business_days(c, w->halted_ms), w->breaches,
                     w->late_readings, w->unmarked);
    }
    return EXIT_DONE;
}

/* --- health --- */

static void print_answer(const struct query_health_answer *a, bool all)
{
    (void)printf("%-12s %-8s %.*s\n", enum_text(&health_question_enum, a->question), enum_text(&health_answer_enum, a->answer),
                 SPAN_FMT(a->words));
    for (size_t i = 0; i < a->lines.n; i++) {
        const struct query_health_line *l = &a->lines.v[i];
        if (!all && !l->against)
            continue;
        (void)printf("  %s %.*s", l->against ? "-" : " ", SPAN_FMT(l->words));
        for (size_t k = 0; k < l->ids.n; k++)
            (void)printf("%s%.*s", k == 0 ? "  " : ", ", SPAN_FMT(l->ids.v[k]));
        (void)printf("\n");
    }
    if (a->answer != HEALTH_YES || all)
        (void)printf("    %.*s\n", SPAN_FMT(a->next));
}

int verb_health(struct cli *c)
{
    struct rpc_period q;
    struct query_health r;
    if (c->n > 0)
        return cli_usage(c, "health takes no words; for a period: --since TIME --until TIME");
    if (cli_period_given(c, &q) != ST_OK || cli_ask(c, METHOD_health, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_health_desc, &r);
    (void)printf("From the record of %s to %s; what stands against it is listed%s\n", cli_time(r.from_ms).s, cli_time(r.to_ms).s,
                 c->all ? ", and what does not" : ", the rest with --all");
    for (size_t i = 0; i < r.answers.n; i++)
        print_answer(&r.answers.v[i], c->all);
    return EXIT_DONE;
}
