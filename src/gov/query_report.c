/* The charter's regular reports: which, of which period, and what is in one. Each node makes them by itself from the record;
 * nothing of them is agreed. */
#include "charter/charter_model.h"
#include "gov/figure.h"
#include "gov/item.h"
#include "gov/measure.h"
#include "gov/query_late.h"
#include "gov/session.h"

enum { LINES_MAX = 200 };

static enum status reports(const struct view *v, struct arena *a, struct charter_report_list *ret, struct err *err)
{
    const void *section;
    TRY(item_section(v, a, SECTION_REPORTS, &section, err));
    *ret = section == NULL ? (struct charter_report_list){0} : ((const struct charter_reports *)section)->list;
    return ST_OK;
}

static const char *name_of(const struct figures *f, const struct charter_period *every, const struct period *p)
{
    return charter_text(f->a, "%s", period_name(every, p->from).s);
}

/* --- Which are due --- */

static enum status one_regular(const struct figures *f, const struct charter_report *r, uint64_t day, struct query_regular *q,
                               struct err *err)
{
    struct period now, before;
    *q = (struct query_regular){.report = *r};
    if (period_of(&r->every, day, &now) != ST_OK)
        return err_set(err, ST_CORRUPT, "report %.*s has no period today", SPAN_FMT(r->name));
    TRY(metric_ends(&f->metrics, &now, &q->next_ms, err));
    const char *next = name_of(f, &r->every, &now);
    if (next == NULL)
        return query_full(err);
    q->next = span_str(next);
    if (period_before(&r->every, now.from, &before) != ST_OK)
        return ST_OK;
    TRY(metric_ends(&f->metrics, &before, &q->ended_ms, err));
    if (q->ended_ms <= f->founded_ms)
        return ST_OK; /* there was no alliance */
    const char *name = name_of(f, &r->every, &before);
    if (name == NULL)
        return query_full(err);
    q->period = span_str(name);
    q->from = before.from;
    SET_HAS(q, query_regular_key_period);
    SET_HAS(q, query_regular_key_from);
    SET_HAS(q, query_regular_key_ended_ms);
    return ST_OK;
}

enum status query_regulars(const struct view *v, uint64_t now_ms, struct arena *a, struct arena *scratch, struct query_regulars *ret,
                           struct err *err)
{
    struct figures f;
    struct charter_report_list l;
    uint64_t day, founded;
    TRY(figures_load(v, a, scratch, now_ms, &f, err));
    TRY(reports(v, a, &l, err));
    TRY(metric_today(&f.metrics, now_ms, &day, err));
    TRY(metric_today(&f.metrics, f.founded_ms, &founded, err));
    struct query_regular_list q = {0, arena_array(a, l.n + 1, sizeof *q.v)};
    if (q.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < l.n; i++)
        TRY(one_regular(&f, &l.v[i], day, &q.v[q.n++], err));
    *ret = (struct query_regulars){.list = q, .founded = founded};
    return ST_OK;
}

enum status query_regular_seats(const struct view *v, const struct charter_report *r, struct span org, struct arena *a,
                                struct span_list *ret, struct err *err)
{
    struct rights rights;
    struct span_list l = {0}, all;
    TRY(rights_load(v, a, &rights, err));
    if (charter_seats_of(&rights.charter, org, a, &all) != ST_OK)
        return query_full(err);
    l.v = arena_array(a, all.n + 1, sizeof *l.v);
    if (l.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < all.n; i++) {
        bool is = false;
        for (size_t k = 0; k < r->to.n && !is; k++) {
            struct charter_selector of_body = session_of_body(r->to.v[k]);
            bool body = charter_body(&rights.charter, r->to.v[k]) != NULL;
            is = body ? charter_selects(&rights.charter, &of_body, all.v[i]) : span_eqs(r->to.v[k], "readers");
        }
        if (is)
            l.v[l.n++] = all.v[i];
    }
    *ret = l;
    return ST_OK;
}

/* --- What is in one --- */

struct making {
    struct figures f;
    struct query_report r;
    struct query_grow decided, open;
    struct err *err;
};

static enum status add_decision(struct making *x, struct query_grow *g, const struct state_decision *d, uint64_t at_ms,
                                uint64_t deadline_ms)
{
    struct state_revision rev;
    struct tkey k = tkey_revision(d->number, d->revision);
    if (g->n == LINES_MAX) {
        x->r.left_out++;
        return ST_OK;
    }
    TRY(state_need(x->f.v, x->f.a, TABLE_REVISION, &k, &state_revision_desc, &rev, x->err));
    struct query_report_decision *q = query_grow_one(g, x->f.a);
    if (q == NULL)
        return query_full(x->err);
    *q = (struct query_report_decision){.number = d->number,
                                        .type = d->type,
                                        .phase = d->phase,
                                        .leaf = rev.leaf,
                                        .title = d->title,
                                        .at_ms = at_ms,
                                        .deadline_ms = deadline_ms};
    if (deadline_ms != 0)
        SET_HAS(q, query_report_decision_key_deadline_ms);
    return ST_OK;
}

/* When something becomes of it if nobody acts. */
static uint64_t next_of(const struct state_decision *d)
{
    return d->phase == PHASE_PASSED ? d->effective_ms : d->phase == PHASE_STALE ? d->rebase_ms : d->deadline_ms;
}

static enum status decisions(struct making *x)
{
    x->decided.size = x->open.size = sizeof(struct query_report_decision);
    for (uint64_t from = 1;;) {
        struct tkey k = tkey_u64(from);
        struct span key, value;
        struct state_decision d;
        enum status st = view_next(x->f.v, TABLE_DECISION, tkey_span(&k), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(x->err, st, "decisions cannot be read");
        from = load_u64(key.p) + 1;
        TRY(codec_decode(&state_decision_desc, arena_dup(x->f.a, value), x->f.a, &d, x->err));
        if (!HAS(&d, state_decision_key_closed_ms))
            TRY(add_decision(x, &x->open, &d, d.opened_ms, next_of(&d)));
        else if (d.closed_ms >= x->r.from_ms && d.closed_ms < x->r.to_ms)
            TRY(add_decision(x, &x->decided, &d, d.closed_ms, 0));
    }
}

/* At most so many lines; the rest is counted. */
static size_t cut(struct making *x, size_t n)
{
    x->r.left_out += n > LINES_MAX ? n - LINES_MAX : 0;
    return n < LINES_MAX ? n : LINES_MAX;
}

static enum status times(struct making *x, uint64_t until_ms)
{
    struct query_news n;
    TRY(query_news(x->f.v, x->r.from_ms, until_ms, x->f.a, &n, x->err));
    size_t in = 0;
    while (in < n.happened.n && n.happened.v[in].at_ms < x->r.to_ms)
        in++;
    x->r.happened = (struct query_news_line_list){cut(x, in), n.happened.v};
    x->r.coming = (struct query_news_line_list){cut(x, n.coming.n), n.coming.v};
    return ST_OK;
}

/* The period that is asked for, and when the one after it ends. */
static enum status period_asked(struct making *x, const struct charter_report *d, uint64_t day, uint64_t now_ms,
                                struct period *ret_p, struct err *err)
{
    struct period p;
    struct query_regular q;
    uint64_t today;
    TRY(metric_today(&x->f.metrics, now_ms, &today, err));
    TRY(one_regular(&x->f, d, today, &q, err));
    if (day == UINT64_MAX && !HAS(&q, query_regular_key_period))
        return err_set(err, ST_NOTFOUND, "report %.*s has no period yet that is over; the first one, %.*s, ends %.16s UTC", SPAN_FMT(d->name),
                       SPAN_FMT(q.next), time_utc(q.next_ms).s);
    if (period_of(&d->every, day == UINT64_MAX ? q.from : day, &p) != ST_OK)
        return err_set(err, ST_RANGE, "report %.*s has no period then", SPAN_FMT(d->name));
    TRY(metric_ends(&x->f.metrics, &p, &x->r.to_ms, err));
    if (x->r.to_ms > now_ms)
        return err_set(err, ST_RANGE, "%s is not over yet: report %.*s of it is due %.16s UTC", period_name(&d->every, p.from).s,
                       SPAN_FMT(d->name), time_utc(x->r.to_ms).s);
    if (x->r.to_ms <= x->f.founded_ms)
        return err_set(err, ST_RANGE, "%s was over before the alliance was founded, on %.10s", period_name(&d->every, p.from).s,
                       time_utc(x->f.founded_ms).s);
    struct period before = {.until = p.from};
    x->r.from_ms = 0;
    if (p.from > 0)
        TRY(metric_ends(&x->f.metrics, &before, &x->r.from_ms, err));
    *ret_p = p;
    return ST_OK;
}

static enum status fill(struct making *x, const struct charter_report *d, const struct period *p, struct arena *scratch)
{
    struct uint_list breached;
    const struct view *v = x->f.v;
    struct arena *a = x->f.a;
    uint64_t now = x->f.now_ms, next_ms = x->r.to_ms;
    struct period next;
    if (period_of(&d->every, p->until, &next) == ST_OK)
        TRY(metric_ends(&x->f.metrics, &next, &next_ms, x->err));
    TRY(query_scorecard(v, p->until, now, a, scratch, &x->r.scorecard, x->err));
    TRY(measure_record(&x->f, x->r.from_ms, x->r.to_ms, &x->r.record, &breached, x->err));
    TRY(decisions(x));
    TRY(query_late(&x->f, NULL, x->r.from_ms, x->r.to_ms, &x->r.late, x->err));
    TRY(times(x, next_ms));
    TRY(query_again(v, (struct span){NULL, 0}, NULL, now, a, scratch, &x->r.again, x->err));
    x->r.decided = (struct query_report_decision_list){x->decided.n, x->decided.v};
    x->r.open = (struct query_report_decision_list){x->open.n, x->open.v};
    x->r.late.n = cut(x, x->r.late.n);
    x->r.again.n = cut(x, x->r.again.n);
    return ST_OK;
}

static enum status no_such(const struct charter_report_list *l, struct span name, struct arena *a, struct err *err)
{
    struct span_list names = {0, arena_array(a, l->n + 1, sizeof(struct span))};
    for (size_t i = 0; names.v != NULL && i < l->n; i++)
        names.v[names.n++] = l->v[i].name;
    if (l->n == 0)
        return err_set(err, ST_NOTFOUND, "the charter has no section reports; see: entente charter show");
    return err_set(err, ST_NOTFOUND, "the charter has no report %.*s; it has: %.*s", SPAN_FMT(name), SPAN_FMT(query_list_text(&names, a)));
}

enum status query_report(const struct view *v, struct span name, uint64_t day, uint64_t now_ms, struct arena *a, struct arena *scratch,
                         struct query_report *ret, struct err *err)
{
    struct making x = {.err = err};
    struct charter_report_list l;
    struct period p = {0};
    const struct charter_report *d = NULL;
    TRY(figures_load(v, a, scratch, now_ms, &x.f, err));
    TRY(reports(v, a, &l, err));
    for (size_t i = 0; i < l.n; i++)
        if (span_eq(l.v[i].name, name))
            d = &l.v[i];
    if (d == NULL)
        return no_such(&l, name, a, err);
    x.r = (struct query_report){.name = d->name, .to = d->to, .at_ms = now_ms};
    TRY(period_asked(&x, d, day, now_ms, &p, err));
    const char *called = name_of(&x.f, &d->every, &p);
    if (called == NULL)
        return query_full(err);
    x.r.period = span_str(called);
    TRY(fill(&x, d, &p, scratch));
    *ret = x.r;
    return ST_OK;
}
