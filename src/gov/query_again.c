/* What the charter wants again after an interval: the refresh of the charter, and courses. No rule of agreement knows of it:
 * it is computed from what was done last. */
#include <stdlib.h>
#include "charter/charter_model.h"
#include "gov/figure.h"
#include "gov/item.h"
#include "gov/session.h"

enum { LINES_MAX = 1024 };

static const uint64_t notice_most_ms = UINT64_C(30) * 86400000;

struct again {
    struct figures f;
    struct span org;              /* n 0: every one */
    const struct span_list *only; /* or NULL: all seats of it */
    struct query_grow lines;
    struct err *err;
};

/* When it was done last, or is being done. */
struct done {
    uint64_t last_ms; /* 0: never */
    const char *id;   /* of what is open for it, or NULL */
};

static struct span_list wanted(const struct again *x, const struct span_list *seats)
{
    struct span_list l = {0, arena_array(x->f.a, seats->n + 1, sizeof(struct span))};
    for (size_t i = 0; l.v != NULL && i < seats->n; i++)
        if ((x->org.n == 0 || span_eq(state_seat_org(seats->v[i]), x->org)) &&
            (x->only == NULL || state_list_has(x->only, seats->v[i])))
            l.v[l.n++] = seats->v[i];
    return l;
}

/* A line, when it is near enough. words without when: it is put behind them. */
static enum status add(struct again *x, struct query_again *q, const struct charter_span *interval, const struct done *d,
                       const char *words)
{
    uint64_t from = d->last_ms != 0 ? d->last_ms : x->f.founded_ms, due, now = x->f.now_ms;
    enum status st = item_span_end(x->f.v, x->f.a, from, interval, &due, x->err);
    if (st == ST_RANGE || q->seats.n == 0 || x->lines.n == LINES_MAX)
        return ST_OK; /* it ends past the year 9999, or asks nobody */
    TRY(st);
    uint64_t notice = (due - from) / 10 < notice_most_ms ? (due - from) / 10 : notice_most_ms;
    if (now + notice < due)
        return ST_OK;
    q->state = now < due ? AGAIN_COMING : now < due + notice ? AGAIN_DUE : AGAIN_LATE;
    q->due_ms = due;
    if (d->last_ms != 0) {
        q->last_ms = d->last_ms;
        SET_HAS(q, query_again_key_last_ms);
    }
    if (d->id != NULL) {
        q->id = span_str(d->id);
        SET_HAS(q, query_again_key_id);
    }
    const char *text =
        words == NULL ? NULL
                      : charter_text(x->f.a, "%s: %s%.10s%s%s", words, d->last_ms == 0 ? "never since the founding, " : "last ",
                                     time_utc(from).s, d->id == NULL ? "" : "; open for it: ", d->id == NULL ? "" : d->id);
    struct query_again *line = query_grow_one(&x->lines, x->f.a);
    if (text == NULL || line == NULL)
        return query_full(x->err);
    q->words = span_str(text);
    *line = *q;
    return ST_OK;
}

/* --- The refresh --- */

static enum status refreshed(struct again *x, struct span body, struct done *ret)
{
    struct done d = {0};
    for (uint64_t from = 0;;) {
        struct state_session s;
        uint64_t held;
        enum status st = session_next(x->f.v, x->f.a, false, &from, &s, x->err);
        if (st == ST_END)
            break;
        TRY(st);
        if (s.type != SESSION_REFRESH || !span_eq(s.body, body))
            continue;
        if (s.standing == SESSION_OPEN)
            d.id = charter_text(x->f.a, "S-%" PRIu64, s.number);
        if (s.standing != SESSION_RECORDED && s.standing != SESSION_CONFIRMED && s.standing != SESSION_UNCONTESTED)
            continue;
        if (!s.now.quorate) /* it does not count (SES-11) */
            continue;
        TRY(item_date_end(x->f.v, x->f.a, s.now.held, &held, x->err));
        held -= 1; /* within that day */
        d.last_ms = held > d.last_ms ? held : d.last_ms;
    }
    *ret = d;
    return ST_OK;
}

static enum status refresh(struct again *x)
{
    const void *section;
    struct done d;
    struct span_list seats;
    TRY(item_section(x->f.v, x->f.a, SECTION_REFRESH, &section, x->err));
    const struct charter_refresh *r = section;
    if (r == NULL)
        return ST_OK;
    struct charter_selector of_body = session_of_body(r->body);
    struct charter_span interval = item_period(&r->every);
    struct query_again q = {.type = AGAIN_REFRESH, .name = r->body};
    TRY(refreshed(x, r->body, &d));
    if (charter_select(&x->f.metrics.rights.charter, &of_body, x->org, x->f.a, &seats) != ST_OK)
        return query_full(x->err);
    q.seats = wanted(x, &seats);
    const char *next = d.id != NULL ? charter_text(x->f.a, "entente meet agenda %s", d.id)
                                    : charter_text(x->f.a, "entente meet call refresh --body %.*s --on DATE", SPAN_FMT(r->body));
    if (q.seats.v == NULL || next == NULL)
        return query_full(x->err);
    q.next = span_str(next);
    return add(x, &q, &interval, &d, charter_text(x->f.a, "%.*s is to review the charter", SPAN_FMT(r->body)));
}

/* --- Courses --- */

/* The newest course of a seat in a procedure that was closed, and one that is open. A course is its owner's. */
static struct done trained(struct again *x, const struct query_grow *courses, struct span procedure, struct span seat)
{
    const struct state_item *v = courses->v;
    struct done d = {0};
    for (size_t i = 0; i < courses->n; i++) {
        if (!span_eq(v[i].owner, seat) || !HAS(&v[i].item, item_key_name) || !span_eq(v[i].item.name, procedure))
            continue;
        if (!HAS(&v[i], state_item_key_closed_ms))
            d.id = charter_text(x->f.a, "%s", item_id(ITEM_TRAINING, v[i].number).s);
        else if (HAS(&v[i], state_item_key_claimed_ms) && v[i].claimed_ms > d.last_ms)
            d.last_ms = v[i].claimed_ms;
    }
    return d;
}

static enum status procedure(struct again *x, const struct query_grow *courses, const struct charter_procedure *p)
{
    for (size_t i = 0; i < p->train.n; i++) {
        struct span_list all, seats;
        if (charter_select(&x->f.metrics.rights.charter, &p->train.v[i], x->org, x->f.a, &all) != ST_OK)
            return query_full(x->err);
        seats = wanted(x, &all);
        for (size_t k = 0; seats.v != NULL && k < seats.n; k++) {
            struct query_again q = {.type = AGAIN_COURSE, .name = p->name, .seats = {1, &seats.v[k]}};
            struct done d = trained(x, courses, p->name, seats.v[k]);
            const char *next =
                d.id != NULL ? charter_text(x->f.a, "entente show %s", d.id)
                             : charter_text(x->f.a, "entente training new --title TEXT --about %.*s --due DATE", SPAN_FMT(p->name));
            if (next == NULL)
                return query_full(x->err);
            q.next = span_str(next);
            TRY(add(x, &q, &p->again, &d,
                    charter_text(x->f.a, "%.*s is to be trained in %.*s", SPAN_FMT(seats.v[k]), SPAN_FMT(p->name))));
        }
        if (seats.v == NULL)
            return query_full(x->err);
    }
    return ST_OK;
}

static enum status courses(struct again *x)
{
    const void *section;
    struct query_grow g = {0};
    struct tkey prefix = tkey_item(ITEM_TRAINING, 0);
    TRY(item_section(x->f.v, x->f.a, SECTION_PROCEDURES, &section, x->err));
    const struct charter_procedures *l = section;
    if (l == NULL)
        return ST_OK;
    TRY(query_scan(x->f.v, TABLE_ITEM, &prefix, 1, &state_item_desc, x->f.a, &g, NULL, x->err));
    for (size_t i = 0; i < l->list.n; i++)
        if (l->list.v[i].again.n > 0)
            TRY(procedure(x, &g, &l->list.v[i]));
    return ST_OK;
}

static int compare(const void *p, const void *q)
{
    const struct query_again *x = p, *y = q;
    if (x->due_ms != y->due_ms)
        return x->due_ms < y->due_ms ? -1 : 1;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    int c = span_cmp(x->name, y->name);
    return c != 0 ? c : span_cmp(x->seats.v[0], y->seats.v[0]);
}

enum status query_again(const struct view *v, struct span org, const struct span_list *seats, uint64_t now_ms, struct arena *a,
                        struct arena *scratch, struct query_again_list *ret, struct err *err)
{
    struct again x = {.org = org, .only = seats, .lines = {.size = sizeof(struct query_again)}, .err = err};
    TRY(figures_load(v, a, scratch, now_ms, &x.f, err));
    TRY(refresh(&x));
    TRY(courses(&x));
    if (x.lines.n > 0)
        qsort(x.lines.v, x.lines.n, sizeof(struct query_again), compare);
    *ret = (struct query_again_list){x.lines.n, x.lines.v};
    return ST_OK;
}

void query_again_unasked(struct query_again_list *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (!HAS(&l->v[i], query_again_key_id))
            l->v[n++] = l->v[i];
    l->n = n;
}
