/* account, promises, report regular: who owes what, what was promised, and the charter's regular reports. */
#include "charter/charter_model.h"
#include "charter/period.h"
#include "charter/scalar.h"
#include "cli/cli.h"
#include "gov/decimal.h"
#include "gov/query.h"

/* --- What falls due again --- */

void cli_print_again(const struct query_again *t, uint64_t now_ms)
{
    (void)printf("%s %s: %.*s", enum_text(&again_type_enum, t->type), enum_text(&again_state_enum, t->state), SPAN_FMT(t->words));
    for (size_t k = 0; k < t->seats.n; k++)
        (void)printf("%s%.*s", k == 0 ? "\n        by " : " or ", SPAN_FMT(t->seats.v[k]));
    (void)printf(", until %s (%s)\n        %.*s\n", cli_time(t->due_ms).s, cli_span(now_ms, t->due_ms).s, SPAN_FMT(t->next));
}

void cli_print_again_owed(const struct query_again_list *l, bool first)
{
    for (size_t i = 0; i < l->n; i++)
        (void)printf("%s %s %.*s %s", first && i == 0 ? "" : " ·", enum_text(&again_type_enum, l->v[i].type), SPAN_FMT(l->v[i].name),
                     enum_text(&again_state_enum, l->v[i].state));
}

/* --- account --- */

static void print_line(struct cli *c, const struct query_account_line *l, bool first)
{
    (void)printf("  %-30.*s %-8s %6" PRIu64 " %6" PRIu64 " %8" PRIu64 " %5" PRIu64 " %10s %8s  %.*s\n",
                 SPAN_FMT(first ? l->seat : span_str("")), enum_text(&account_kind_enum, l->kind), l->asked, l->done, l->waiting, l->late,
                 cli_business_days(c, l->waited_ms), cli_business_days(c, l->longest_ms), SPAN_FMT(l->longest_id));
}

static void print_late(const struct query_late_list *l, bool seats)
{
    if (l->n > 0)
        (void)printf("past due, or missed\n");
    for (size_t i = 0; i < l->n; i++) {
        (void)printf("  %-8.*s since %.10s  %.*s", SPAN_FMT(l->v[i].id), time_utc(l->v[i].since_ms).s, SPAN_FMT(l->v[i].words));
        for (size_t k = 0; seats && k < l->v[i].seats.n; k++)
            (void)printf("%s%.*s", k == 0 ? "; by " : " or ", SPAN_FMT(l->v[i].seats.v[k]));
        (void)printf("\n");
    }
}

int verb_account(struct cli *c)
{
    struct rpc_period period;
    struct query_account r;
    const char *seat = c->all ? NULL : c->seat;
    if (c->n > 0)
        return cli_usage(c, "account takes no words; for one seat: --seat ORG/SEAT");
    if (seat != NULL && !text_is_seat(span_str(seat)))
        return cli_usage(c, "--seat %s: expected ORG/SEAT", seat);
    if (cli_period_given(c, &period) != ST_OK)
        return cli_fail(c);
    struct rpc_account q = {.from_ms = period.from_ms, .to_ms = period.to_ms};
    if (seat != NULL) {
        q.seat = span_str(seat);
        SET_HAS(&q, rpc_account_key_seat);
    }
    if (cli_ask(c, METHOD_account, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_account_desc, &r);
    (void)printf("From the record: asked from %s to %s\n", cli_time(r.from_ms).s, cli_time(r.to_ms).s);
    (void)printf("  %-30s %-8s %6s %6s %8s %5s %10s %8s\n", "seat", "of", "asked", "did it", "waits for", "late", "business d", "longest");
    for (size_t i = 0; i < r.lines.n; i++)
        print_line(c, &r.lines.v[i], i == 0 || !span_eq(r.lines.v[i].seat, r.lines.v[i - 1].seat));
    if (r.lines.n == 0)
        (void)printf("  nothing was asked\n");
    print_late(&r.late, seat == NULL);
    if (seat == NULL)
        return EXIT_DONE;
    (void)printf("%s owes %s%s\n", seat, c->at != NULL ? "then" : "now", r.owed.n == 0 ? " nothing" : "");
    uint64_t now = cli_now(c);
    for (size_t i = 0; i < r.owed.n; i++) {
        const struct query_owed *o = &r.owed.v[i];
        (void)printf("  %-8.*s %-10.*s", SPAN_FMT(o->id), SPAN_FMT(o->task));
        if (HAS(o, query_owed_key_deadline_ms))
            (void)printf(" until %s (%s)", cli_time(o->deadline_ms).s, cli_span(now, o->deadline_ms).s);
        (void)printf("  %.*s\n", SPAN_FMT(o->words));
    }
    return EXIT_DONE;
}

/* --- promises --- */

static void put_period(const struct charter_period *p)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 64);
    scalar_print_period(p, &b);
    (void)printf(" every %s", buf_cstr(&b));
}

static void print_promise(const struct query_promise *p)
{
    (void)printf("  %-18.*s %s", SPAN_FMT(p->name), decimal_text(&p->promised).s);
    if (HAS(p, query_promise_key_unit))
        (void)printf(" %.*s", SPAN_FMT(p->unit));
    if (HAS(p, query_promise_key_every))
        put_period(&p->every);
    if (HAS(p, query_promise_key_until))
        (void)printf(" by %.10s", time_utc(p->until * 86400000).s);
    if (HAS(p, query_promise_key_by))
        (void)printf(", from %.*s", SPAN_FMT(p->by));
    if (HAS(p, query_promise_key_reported))
        (void)printf("; %.*s: %s, %s", SPAN_FMT(p->period), decimal_text(&p->reported).s, enum_text(&figure_enum, p->figure));
    if (HAS(p, query_promise_key_gap) && HAS(p, query_promise_key_since))
        (void)printf("; short by %s, since %.*s", decimal_text(&p->gap).s, SPAN_FMT(p->since));
    else if (HAS(p, query_promise_key_gap))
        (void)printf("; kept");
    if (p->words.n > 0)
        (void)printf("; %.*s", SPAN_FMT(p->words));
    (void)printf("\n");
}

int verb_promises(struct cli *c)
{
    struct query_promises r;
    if (c->n > 0)
        return cli_usage(c, "promises takes no words");
    if (cli_ask(c, METHOD_promises, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_promises_desc, &r);
    if (r.list.n == 0)
        (void)printf("The charter has no outcomes, commitments or targets.\n");
    for (size_t i = 0; i < r.list.n; i++) {
        if (i == 0 || r.list.v[i].type != r.list.v[i - 1].type)
            (void)printf("%s\n", r.list.v[i].type == PROMISE_OUTCOME      ? "outcomes of the thesis"
                                 : r.list.v[i].type == PROMISE_COMMITMENT ? "commitments"
                                                                          : "targets of metrics");
        print_promise(&r.list.v[i]);
    }
    return EXIT_DONE;
}

/* --- Regular reports --- */

static const struct rpc_sent *sent_of(const struct rpc_regulars_reply *r, struct span name)
{
    for (size_t i = 0; i < r->sent.n; i++)
        if (span_eq(r->sent.v[i].name, name))
            return &r->sent.v[i];
    return NULL;
}

static void print_regular(const struct rpc_regulars_reply *r, const struct query_regular *q, uint64_t now)
{
    const struct rpc_sent *s = sent_of(r, q->report.name);
    (void)printf("%.*s:", SPAN_FMT(q->report.name));
    if (s == NULL)
        (void)printf(" none sent");
    else
        (void)printf(" %.*s sent", SPAN_FMT(s->period));
    if (s != NULL && HAS(s, rpc_sent_key_at_ms))
        (void)printf(" %s", cli_time(s->at_ms).s);
    (void)printf(", %.*s due %s (%s)", SPAN_FMT(q->next), cli_time(q->next_ms).s, cli_span(now, q->next_ms).s);
}

enum status cli_print_regulars(struct cli *c, uint64_t now_ms)
{
    struct rpc_regulars_reply r;
    enum status st = cli_ask(c, METHOD_regulars, NULL, &r);
    for (size_t i = 0; st == ST_OK && i < r.regulars.list.n; i++) {
        (void)printf("%-10s ", i == 0 ? "Reports" : "");
        print_regular(&r, &r.regulars.list.v[i], now_ms);
        (void)printf("\n");
    }
    if (st == ST_OK && r.regulars.list.n > 0 && !r.notify)
        (void)printf("           this node has no notify:, so it sends none; entente report regular shows them\n");
    return st;
}

static int list_regulars(struct cli *c)
{
    struct rpc_regulars_reply r;
    if (c->period != NULL)
        return cli_usage(c, "--period goes with a name: entente report regular NAME --period %s", c->period);
    if (c->at != NULL)
        return cli_usage(c, "--at goes with a name: entente report regular NAME --at %s; what was sent is not on the record", c->at);
    if (cli_ask(c, METHOD_regulars, NULL, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &rpc_regulars_reply_desc, &r);
    if (r.regulars.list.n == 0)
        (void)printf("The charter has no section reports.\n");
    for (size_t i = 0; i < r.regulars.list.n; i++) {
        const struct query_regular *q = &r.regulars.list.v[i];
        print_regular(&r, q, clock_wall_ms(&clock_system));
        (void)printf("\n       ");
        put_period(&q->report.every);
        for (size_t k = 0; k < q->report.to.n; k++)
            (void)printf("%s%.*s", k == 0 ? ", for " : ", ", SPAN_FMT(q->report.to.v[k]));
        (void)printf("\n        entente report regular %.*s\n", SPAN_FMT(q->report.name));
    }
    if (r.regulars.list.n > 0 && !r.notify)
        (void)printf("This node has no notify: in node.yaml, so it sends none by itself.\n");
    return EXIT_DONE;
}

int verb_report_regular(struct cli *c)
{
    struct query_report r;
    struct period p;
    if (c->n > 1)
        return cli_usage(c, "report regular takes one name; see: entente report regular");
    if (c->n == 0)
        return list_regulars(c);
    struct rpc_regular q = {.name = span_str(c->words[0])};
    if (c->period != NULL) {
        if (!period_parse(span_str(c->period), &p))
            return cli_usage(c, "--period %s: expected a year 2026, quarter 2026-Q1, month 2026-03, week 2026-W10 or day 2026-03-02",
                             c->period);
        q.day = p.from;
        SET_HAS(&q, rpc_regular_key_day);
    }
    if (cli_connect(c) != ST_OK || cli_ask(c, METHOD_report, &q, &r) != ST_OK)
        return cli_fail(c);
    if (c->json)
        return cli_json(c, &query_report_desc, &r);
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4 << 20);
    query_report_text(&r, c->info.name, &b);
    (void)fwrite(b.p, 1, b.n, stdout);
    return EXIT_DONE;
}
