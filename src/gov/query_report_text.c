/* A regular report to be read by people: plain lines, times in UTC. */
#include "base/buf.h"
#include "base/time.h"
#include "gov/decimal.h"
#include "gov/query.h"

static void at(struct buf *b, uint64_t ms)
{
    buf_printf(b, "%.10s %.5s", time_utc(ms).s, time_utc(ms).s + 11);
}

static void title(struct buf *b, const char *words)
{
    buf_printf(b, "\n%s\n", words);
}

static void none(struct buf *b, size_t n)
{
    if (n == 0)
        buf_printf(b, "  none\n");
}

static void put_list(struct buf *b, const struct span_list *l, const char *between)
{
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s%.*s", i == 0 ? "" : between, SPAN_FMT(l->v[i]));
}

static void put_metric(struct buf *b, const struct query_metric *m)
{
    buf_printf(b, "  %-18.*s", SPAN_FMT(m->name));
    if (HAS(m, query_metric_key_period))
        buf_printf(b, " %.*s", SPAN_FMT(m->period));
    if (HAS(m, query_metric_key_value))
        buf_printf(b, "  %s", decimal_text(&m->value).s);
    if (HAS(m, query_metric_key_unit))
        buf_printf(b, " %.*s", SPAN_FMT(m->unit));
    buf_printf(b, "  %s", enum_text(&figure_enum, m->figure));
    if (HAS(m, query_metric_key_target))
        buf_printf(b, ", target %s", decimal_text(&m->target).s);
    if (HAS(m, query_metric_key_before))
        buf_printf(b, ", before %s", decimal_text(&m->before).s);
    buf_printf(b, "\n");
}

static void put_scorecard(struct buf *b, const struct query_scorecard *c)
{
    title(b, "Scorecard (computed: from the record; countersigned or revealed: both sides stand behind it)");
    none(b, c->metrics.n);
    for (size_t i = 0; i < c->metrics.n; i++)
        put_metric(b, &c->metrics.v[i]);
    for (size_t i = 0; i < c->triggers.n; i++)
        if (c->triggers.v[i].holds)
            buf_printf(b, "  HOLDS: %s %.*s (%.*s)\n", enum_text(&trigger_type_enum, c->triggers.v[i].type),
                       SPAN_FMT(c->triggers.v[i].name), SPAN_FMT(c->triggers.v[i].words));
}

static void put_decisions(struct buf *b, const char *words, const struct query_report_decision_list *l)
{
    title(b, words);
    none(b, l->n);
    for (size_t i = 0; i < l->n; i++) {
        const struct query_report_decision *d = &l->v[i];
        buf_printf(b, "  D-%" PRIu64 " %.*s, %s", d->number, SPAN_FMT(d->type), enum_text(&phase_enum, d->phase));
        if (HAS(d, query_report_decision_key_deadline_ms)) {
            buf_printf(b, ", until ");
            at(b, d->deadline_ms);
        } else {
            buf_printf(b, ", ");
            at(b, d->at_ms);
        }
        if (HAS(d, query_report_decision_key_text))
            buf_printf(b, ": %.*s", SPAN_FMT(d->text));
        buf_printf(b, "\n");
    }
}

static void put_record(struct buf *b, const struct query_record *r)
{
    title(b, "How decisions that were opened in the period went");
    buf_printf(b, "  %" PRIu64 " opened, %" PRIu64 " passed, %" PRIu64 " escalated, %" PRIu64 " vetoed, %" PRIu64
                  " ended by default; %" PRIu64 " deadlines passed with a ballot owed\n",
               r->all.opened, r->all.passed, r->all.escalated, r->all.vetoed, r->all.defaulted, r->all.breaches);
    for (size_t i = 0; i < r->waits.n; i++) {
        const struct query_wait *w = &r->waits.v[i];
        buf_printf(b, "  %.*s was waited for %" PRIu64 ".%" PRIu64 " business days; %" PRIu64 " deadlines, %" PRIu64
                      " late readings, %" PRIu64 " unchecked\n",
                   SPAN_FMT(w->org), w->waited_ms / 86400000, w->waited_ms % 86400000 / 8640000, w->breaches, w->late_readings,
                   w->unmarked);
    }
}

static void put_late(struct buf *b, const struct query_late_list *l)
{
    title(b, "Late");
    none(b, l->n);
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(b, "  %.*s since %.10s: %.*s", SPAN_FMT(l->v[i].id), time_utc(l->v[i].since_ms).s, SPAN_FMT(l->v[i].words));
        if (l->v[i].seats.n > 0)
            buf_printf(b, "; by ");
        put_list(b, &l->v[i].seats, " or ");
        buf_printf(b, "\n");
    }
}

static void put_times(struct buf *b, const char *words, const struct query_news_line_list *l)
{
    title(b, words);
    none(b, l->n);
    for (size_t i = 0; i < l->n; i++) {
        buf_printf(b, "  ");
        at(b, l->v[i].at_ms);
        buf_printf(b, "  %.*s %.*s\n", SPAN_FMT(l->v[i].id), SPAN_FMT(l->v[i].words));
    }
}

static void put_again(struct buf *b, const struct query_again_list *l)
{
    if (l->n > 0)
        title(b, "Falls due again by the charter");
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "  %s, %.10s: %.*s\n", enum_text(&again_state_enum, l->v[i].state), time_utc(l->v[i].due_ms).s,
                   SPAN_FMT(l->v[i].words));
}

void query_report_text(const struct query_report *r, struct span alliance, struct buf *b)
{
    buf_printf(b, "%.*s: report %.*s, %.*s\nFor ", SPAN_FMT(alliance), SPAN_FMT(r->name), SPAN_FMT(r->period));
    put_list(b, &r->to, ", ");
    buf_printf(b, ". From ");
    at(b, r->from_ms);
    buf_printf(b, " to ");
    at(b, r->to_ms);
    buf_printf(b, " UTC; what is open, late and coming as of ");
    at(b, r->at_ms);
    buf_printf(b, ", when the record had %" PRIu64 " leaves.\n", r->size);
    put_scorecard(b, &r->scorecard);
    put_decisions(b, "Decided in the period", &r->decided);
    put_decisions(b, "Open", &r->open);
    put_record(b, &r->record);
    put_late(b, &r->late);
    put_times(b, "What time did by itself in the period", &r->happened);
    put_times(b, "What time will do until the next report", &r->coming);
    put_again(b, &r->again);
    if (r->left_out > 0)
        buf_printf(b, "\n%" PRIu64 " lines did not fit; entente status, entente decisions and entente pace have them.\n", r->left_out);
}
