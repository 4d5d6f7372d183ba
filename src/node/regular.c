#include "node/regular.h"
#include "charter/charter_model.h"
#include "charter/period.h"
#include "gov/query.h"
#include "ledger/rows.h"
#include "node/told.h"

static const char type[] = "regular report";

static enum status full(struct err *err)
{
    return err_set(err, ST_LIMIT, "reports are larger than the memory set aside for them");
}

bool regular_is(const struct query_owed *o)
{
    return span_eqs(o->type, type);
}

/* --- Which are to be told --- */

static const char *key_of(const struct query_regular *r, struct arena *a)
{
    return charter_text(a, "report.%.*s", SPAN_FMT(r->report.name));
}

/* From which period on: the newest that anybody was told of; else the oldest that is tried; else the newest there is. */
static uint64_t first_edition(const struct told_row_list *before, struct span key, uint64_t newest)
{
    uint64_t told = 0, oldest = UINT64_MAX;
    bool any = false;
    for (size_t i = 0; i < before->n; i++) {
        const struct told_row *r = &before->v[i];
        if (!span_eq(r->key, key))
            continue;
        if ((r->told & TOLD_OWED) != 0 && (!any || r->edition > told)) {
            told = r->edition;
            any = true;
        }
        oldest = r->edition < oldest ? r->edition : oldest;
    }
    return any ? told : oldest < newest ? oldest : newest;
}

static enum status owed_of(const struct query_regular *r, uint64_t day, const struct span_list *seats, struct arena *a,
                           struct query_owed *ret, struct err *err)
{
    struct period_text period = period_name(&r->report.every, day);
    const char *key = key_of(r, a), *name = charter_text(a, "%.*s", SPAN_FMT(r->report.name));
    const char *words = charter_text(a, "the report %.*s for %s, by the charter", SPAN_FMT(r->report.name), period.s);
    const char *about = charter_text(a, "%.*s, %s", SPAN_FMT(r->report.name), period.s);
    const char *next = charter_text(a, "entente report regular %.*s --period %s", SPAN_FMT(r->report.name), period.s);
    if (key == NULL || name == NULL || words == NULL || about == NULL || next == NULL)
        return full(err);
    *ret = (struct query_owed){.key = span_str(key),
                               .edition = day,
                               .id = span_str(name),
                               .type = span_str(type),
                               .task = span_str("read"),
                               .seats = *seats,
                               .words = span_str(words),
                               .about = span_str(about),
                               .next = span_str(next)};
    SET_HAS(ret, query_owed_key_about);
    return ST_OK;
}

/* Its seats outlive the snapshot. */
static enum status seats_of(const struct node *n, const struct view *v, const struct query_regular *r, struct arena *a,
                            struct span_list *ret, struct err *err)
{
    enum status st = query_regular_seats(v, &r->report, n->cfg.partner, a, ret, err);
    for (size_t i = 0; st == ST_OK && i < ret->n; i++) {
        ret->v[i] = arena_dup(a, ret->v[i]);
        if (ret->v[i].p == NULL)
            st = full(err);
    }
    return st;
}

/* The periods of one report, oldest first. */
static enum status add_periods(const struct query_regular *r, const struct told_row_list *before, const struct span_list *seats,
                               uint64_t founded, struct arena *a, struct query_owed_list *l, struct err *err)
{
    uint64_t days[REGULAR_PERIODS_MAX];
    size_t n = 0;
    struct period p = {.from = r->from};
    const char *key = key_of(r, a);
    if (key == NULL)
        return full(err);
    uint64_t first = first_edition(before, span_str(key), r->from);
    do {
        days[n++] = p.from;
    } while (n < REGULAR_PERIODS_MAX && p.from > first && period_before(&r->report.every, p.from, &p) == ST_OK && p.until > founded);
    while (n > 0) {
        enum status st = owed_of(r, days[--n], seats, a, &l->v[l->n], err);
        if (st != ST_OK)
            return st;
        l->n++;
    }
    return ST_OK;
}

enum status regular_owed(const struct node *n, const struct view *v, const struct told_row_list *before, uint64_t ledger_ms,
                         uint64_t wall_ms, struct arena *a, struct arena *scratch, struct query_owed_list *owed, uint64_t *next_ms,
                         struct err *err)
{
    uint64_t by_clock = wall_ms > REGULAR_GRACE_MS ? wall_ms - REGULAR_GRACE_MS : 0;
    struct query_regulars q;
    enum status st = query_regulars(v, ledger_ms > by_clock ? ledger_ms : by_clock, a, scratch, &q, err);
    struct query_owed_list l = {owed->n, NULL};
    if (st == ST_OK)
        l.v = arena_array(a, owed->n + q.list.n * REGULAR_PERIODS_MAX + 1, sizeof *l.v);
    if (st == ST_OK && l.v == NULL)
        return full(err);
    if (st == ST_OK && owed->n > 0)
        memcpy(l.v, owed->v, owed->n * sizeof *l.v);
    for (size_t i = 0; st == ST_OK && i < q.list.n; i++) {
        const struct query_regular *r = &q.list.v[i];
        struct span_list seats = {0};
        st = seats_of(n, v, r, a, &seats, err);
        if (st == ST_OK && seats.n > 0 && r->next_ms + REGULAR_GRACE_MS < *next_ms)
            *next_ms = r->next_ms + REGULAR_GRACE_MS;
        if (st == ST_OK && seats.n > 0 && HAS(r, query_regular_key_period))
            st = add_periods(r, before, &seats, q.founded, a, &l, err);
    }
    if (st == ST_OK)
        *owed = l;
    return st;
}

/* --- One --- */

/* Titles that are here, and are what the record has the digest of. */
static enum status put_titles(const struct view *v, struct query_report_decision_list *l, struct arena *a, struct err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        struct pack_prose_list prose = {0};
        struct query_report_decision *d = &l->v[i];
        enum status st = rows_prose(v, d->leaf, 1, a, &prose, err);
        if (st != ST_OK)
            return st;
        for (size_t k = 0; k < prose.n; k++) {
            struct hash h;
            leaf_prose_digest(&prose.v[k].prose, &h);
            if (!hash_eq(&h, &d->title) || text_check(prose.v[k].prose.text, false, NULL) != ST_OK)
                continue;
            d->text = prose.v[k].prose.text;
            SET_HAS(d, query_report_decision_key_text);
        }
    }
    return ST_OK;
}

enum status regular_make(const struct view *v, struct span name, uint64_t day, uint64_t at_ms, uint64_t now_ms, struct arena *a,
                         struct arena *scratch, struct query_report *ret, struct err *err)
{
    struct boundary tip;
    enum status st = rows_newest_boundary(v, &tip, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "this node has no block yet");
    if (st == ST_OK)
        st = query_report(v, name, day, at_ms != 0 ? at_ms : tip.time_ms, a, scratch, ret, err);
    if (st == ST_RANGE && now_ms > tip.time_ms) /* nothing has happened since it was over */
        st = query_report(v, name, day, now_ms, a, scratch, ret, err);
    if (st != ST_OK)
        return st;
    ret->at_ms = tip.time_ms;
    ret->size = tip.size;
    st = put_titles(v, &ret->decided, a, err);
    return st == ST_OK ? put_titles(v, &ret->open, a, err) : st;
}

/* --- What was handed over --- */

/* The newest period of a report that any seat was told of. */
static bool sent(const struct query_regular *r, const struct told_row_list *rows, struct arena *a, struct rpc_sent *ret)
{
    const char *key = key_of(r, a);
    const struct told_row *newest = NULL;
    for (size_t i = 0; key != NULL && i < rows->n; i++)
        if (span_eqs(rows->v[i].key, key) && (rows->v[i].told & TOLD_OWED) != 0 &&
            (newest == NULL || rows->v[i].edition > newest->edition ||
             (rows->v[i].edition == newest->edition && rows->v[i].told_ms > newest->told_ms)))
            newest = &rows->v[i];
    if (newest == NULL)
        return false;
    struct period_text period = period_name(&r->report.every, newest->edition);
    *ret = (struct rpc_sent){.name = r->report.name, .period = arena_dup(a, span_str(period.s)), .at_ms = newest->told_ms};
    if (HAS(newest, told_row_key_told_ms))
        SET_HAS(ret, rpc_sent_key_at_ms);
    return ret->period.p != NULL;
}

enum status regular_list(const struct node *n, const struct view *v, struct arena *a, struct arena *scratch,
                         struct rpc_regulars_reply *ret, struct err *err)
{
    struct rpc_regulars_reply r = {.notify = n->cfg.notify != NULL};
    struct told_row_list rows = {0};
    struct boundary tip;
    struct span bytes;
    enum status st = rows_newest_boundary(v, &tip, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "this node has no block yet");
    if (st == ST_OK)
        st = query_regulars(v, tip.time_ms, a, scratch, &r.regulars, err);
    if (st != ST_OK)
        return st;
    st = file_read(file_join(a, n->dir, "reminders"), TOLD_FILE_MAX, a, &bytes, err);
    if (st == ST_OK)
        st = told_decode(bytes, a, &rows, err);
    if (st != ST_OK && st != ST_NOTFOUND && st != ST_FORMAT) /* damaged: the node says so itself, and makes it anew */
        return st;
    if (st != ST_OK)
        rows.n = 0;
    r.sent.v = arena_array(a, r.regulars.list.n + 1, sizeof *r.sent.v);
    if (r.sent.v == NULL)
        return full(err);
    for (size_t i = 0; i < r.regulars.list.n; i++)
        r.sent.n += sent(&r.regulars.list.v[i], &rows, a, &r.sent.v[r.sent.n]);
    *ret = r;
    return ST_OK;
}
