/* What is past due now, by seat; and sessions that were missed. For regular reports, and for the account of a seat. */
#include <stdlib.h>
#include "charter/charter_model.h"
#include "gov/figure.h"
#include "gov/item.h"
#include "gov/query_late.h"
#include "gov/reading.h"
#include "gov/session.h"

enum { LATE_MAX = 4096 };

struct lateness {
    const struct figures *f;
    struct span *seat; /* or NULL: all */
    struct query_grow lines;
    struct err *err;
};

static enum status add(struct lateness *x, const char *id, uint64_t since_ms, const struct span_list *seats, const char *words)
{
    struct span_list kept = *seats;
    if (id == NULL || words == NULL)
        return query_full(x->err);
    if (x->seat != NULL) {
        if (!state_list_has(seats, *x->seat))
            return ST_OK;
        kept = (struct span_list){1, x->seat};
    }
    if (x->lines.n == LATE_MAX)
        return ST_OK;
    struct query_late *l = query_grow_one(&x->lines, x->f->a);
    if (l == NULL)
        return query_full(x->err);
    *l = (struct query_late){.id = span_str(id), .since_ms = since_ms, .seats = kept, .words = span_str(words)};
    return ST_OK;
}

static enum status items(struct lateness *x)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, none;
        struct state_item it;
        enum status st = view_next(x->f->v, TABLE_ITEM_LIVE, tkey_span(&from), &key, &none);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(x->err, st, "items cannot be read");
        from = tkey_after(key);
        struct item_ref ref = {.type = (enum item_type)key.p[0], .number = load_u64(key.p + 1)};
        TRY(item_get(x->f->v, x->f->a, &ref, &it, x->err));
        if (it.phase != ITEM_OPEN || !item_is_overdue(&it))
            continue;
        struct span *owner = arena_array(x->f->a, 1, sizeof *owner);
        if (owner == NULL)
            return query_full(x->err);
        *owner = it.owner;
        struct span_list seats = {1, owner};
        TRY(add(x, charter_text(x->f->a, "%s", item_id(ref.type, ref.number).s), it.overdue_ms, &seats,
                charter_text(x->f->a, "%s is overdue", enum_text(&item_type_enum, ref.type))));
    }
}

/* Whose turn it is: of what was reported the other side's, else the reporter's. */
static enum status seats_asked(struct lateness *x, const struct state_reading *r, struct span_list *ret)
{
    const struct charter_metric *d = metrics_find(&x->f->metrics, r->metric);
    struct span_list all;
    *ret = (struct span_list){0};
    if (d == NULL || !HAS(d, charter_metric_key_from))
        return ST_OK;
    if (r->standing == READING_REPORTED || r->standing == READING_REVEALED)
        return metric_countersigners(&x->f->metrics, d, r->org, x->f->a, ret, x->err);
    TRY(metric_reporters(&x->f->metrics, d, x->f->a, &all, x->err));
    for (size_t i = 0; i < all.n; i++)
        if (span_eq(state_seat_org(all.v[i]), r->org))
            *ret = (struct span_list){1, &all.v[i]};
    return ST_OK;
}

static enum status readings(struct lateness *x)
{
    for (uint64_t from = 0;;) {
        struct state_reading r;
        struct span_list seats;
        enum status st = reading_next_owing(x->f->v, x->f->a, &from, &r, x->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (HAS(&r, state_reading_key_due_ms))
            continue; /* in time so far */
        TRY(seats_asked(x, &r, &seats));
        TRY(add(x, charter_text(x->f->a, "K-%" PRIu64, r.number), HAS(&r, state_reading_key_unmarked_ms) ? r.unmarked_ms : r.late_ms,
                &seats,
                charter_text(x->f->a, "%.*s of %.*s for the period from %.10s is %s, and late", SPAN_FMT(r.metric), SPAN_FMT(r.org),
                             time_utc(r.period * 86400000).s, enum_text(&reading_standing_enum, r.standing))));
    }
}

static enum status sessions(struct lateness *x, uint64_t from_ms, uint64_t until_ms)
{
    const struct charter *c = &x->f->metrics.rights.charter;
    for (uint64_t from = 0;;) {
        struct state_session s;
        struct span_list seats = {0};
        enum status st = session_next(x->f->v, x->f->a, false, &from, &s, x->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (s.standing != SESSION_MISSED || s.missed_ms < from_ms || s.missed_ms >= until_ms)
            continue;
        struct charter_selector of_body = session_of_body(s.body);
        if (charter_body(c, s.body) != NULL && charter_select(c, &of_body, (struct span){NULL, 0}, x->f->a, &seats) != ST_OK)
            return query_full(x->err);
        TRY(add(x, charter_text(x->f->a, "S-%" PRIu64, s.number), s.missed_ms, &seats,
                charter_text(x->f->a, "%s of %.*s is not recorded", enum_text(&session_type_enum, s.type), SPAN_FMT(s.body))));
    }
}

static int compare(const void *p, const void *q)
{
    const struct query_late *x = p, *y = q;
    if (x->since_ms != y->since_ms)
        return x->since_ms < y->since_ms ? -1 : 1;
    return span_cmp(x->id, y->id);
}

enum status query_late(const struct figures *f, struct span *seat, uint64_t from_ms, uint64_t until_ms,
                       struct query_late_list *ret, struct err *err)
{
    struct lateness x = {.f = f, .seat = seat, .lines = {.size = sizeof(struct query_late)}, .err = err};
    TRY(items(&x));
    TRY(readings(&x));
    TRY(sessions(&x, from_ms, until_ms));
    if (x.lines.n > 0)
        qsort(x.lines.v, x.lines.n, sizeof(struct query_late), compare);
    *ret = (struct query_late_list){x.lines.n, x.lines.v};
    return ST_OK;
}
