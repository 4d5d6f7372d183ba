/* The account of seats: what was asked of each, how long that waited, what was late (docs/metrics.md). By seat, not by
 * partner: of three seats of which one is to approve, each was asked. */
#include "charter/calendar.h"
#include "charter/charter_model.h"
#include "gov/due.h"
#include "gov/item.h"
#include "gov/measure.h"
#include "gov/query_late.h"
#include "gov/reading.h"
#include "gov/session.h"
#include "gov/tally.h"

enum { LINES_MAX = 4096 };

struct accounting {
    struct figures f;
    struct span *only; /* or NULL: every seat */
    uint64_t from_ms, until_ms;
    struct query_grow lines; /* query_account_line */
    struct measure_halts halts;
    struct err *err;
};

/* Something asked of a seat. */
struct asked {
    struct span seat;
    enum account_kind kind;
    uint64_t at_ms;             /* when it was asked; 0: at from_ms */
    uint64_t from_ms, until_ms; /* waited for from then until then; the same: it was not waited for */
    bool done, waiting, late;
    const char *id;
    const struct charter_calendars *calendars; /* NULL: those in force */
    struct span calendar;
    const struct measure_tally *tally; /* of a ballot */
};

/* --- Sums --- */

/* Business time between two instants, less that of halts in it. */
static enum status business(struct accounting *x, const struct asked *q, uint64_t from_ms, uint64_t until_ms, uint64_t *ret_ms)
{
    const struct charter *c = &x->f.metrics.rights.charter;
    const struct charter_calendars *l = q->calendars != NULL ? q->calendars : c->calendars;
    struct span name = q->calendars != NULL ? q->calendar : c->decisions->calendar;
    uint64_t ms = 0, halted = 0;
    if (from_ms < until_ms)
        TRY(measure_business(&x->halts, l, name, from_ms, until_ms, &ms, &halted, x->err));
    *ret_ms = ms - halted;
    return ST_OK;
}

/* The line of a seat and kind, a new one at its place; NULL: the arena is full, or there are too many. */
static struct query_account_line *line_of(struct accounting *x, struct span seat, enum account_kind kind)
{
    struct query_account_line *v = x->lines.v;
    size_t low = 0, high = x->lines.n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = span_cmp(v[mid].seat, seat);
        if (c == 0 && v[mid].kind == kind)
            return &v[mid];
        if (c < 0 || (c == 0 && v[mid].kind < kind))
            low = mid + 1;
        else
            high = mid;
    }
    if (x->lines.n == LINES_MAX || query_grow_one(&x->lines, x->f.a) == NULL)
        return NULL;
    v = x->lines.v;
    memmove(&v[low + 1], &v[low], (x->lines.n - 1 - low) * sizeof *v);
    v[low] = (struct query_account_line){.seat = arena_dup(x->f.a, seat), .kind = kind};
    return &v[low];
}

/* Of a ballot without the pauses of its decision. */
static enum status waited(struct accounting *x, const struct asked *q, uint64_t *ret_ms)
{
    *ret_ms = 0;
    if (q->tally == NULL)
        return business(x, q, q->from_ms, q->until_ms, ret_ms);
    for (struct measure_stretch s = {0}; measure_stretch(q->tally, q->until_ms, &s);) {
        uint64_t ms;
        TRY(business(x, q, s.from_ms, s.until_ms, &ms));
        *ret_ms += ms;
    }
    return ST_OK;
}

static enum status count(struct accounting *x, const struct asked *q)
{
    uint64_t ms = 0, at_ms = q->at_ms != 0 ? q->at_ms : q->from_ms;
    if (at_ms < x->from_ms || at_ms >= x->until_ms || (x->only != NULL && !span_eq(*x->only, q->seat)))
        return ST_OK;
    struct query_account_line *l = q->id == NULL ? NULL : line_of(x, q->seat, q->kind);
    if (l == NULL)
        return query_full(x->err);
    TRY(waited(x, q, &ms));
    l->asked++;
    l->done += q->done;
    l->waiting += q->waiting;
    l->late += q->late;
    l->waited_ms += ms;
    if (l->longest_id.n == 0 || ms > l->longest_ms) {
        l->longest_ms = ms;
        l->longest_id = span_str(q->id);
    }
    return ST_OK;
}

/* --- Ballots --- */

/* When the seat itself spoke in this tally; 0: it did not. */
static uint64_t spoke_at(const struct measure_tally *t, struct span seat)
{
    for (size_t i = t->first; i < t->end; i++) {
        const struct state_event *e = &t->ev[i];
        if (e->type == EVENT_BALLOT && HAS(e, state_event_key_seat) && !HAS(e, state_event_key_principal) && span_eq(e->seat, seat))
            return e->at_ms;
    }
    return 0;
}

/* Until when the partner owed, by any of the approvals that ask the seat; 0: none asks it. */
static uint64_t owed_until(struct accounting *x, const struct measure_tally *t, const struct pinned_term_list *terms, struct span seat)
{
    uint64_t latest = 0;
    for (size_t i = 0; i < terms->n; i++)
        for (size_t k = 0; k < terms->v[i].partners.n; k++) {
            const struct pinned_partner *p = &terms->v[i].partners.v[k];
            if (!tally_asks(&terms->v[i], &t->m->d, p->org) || !state_list_has(&p->seats, seat))
                continue;
            uint64_t at = measure_settled_at(t, &terms->v[i], p, x->f.scratch);
            latest = at > latest ? at : latest;
        }
    return latest;
}

static bool seen_before(const struct pinned_term_list *terms, size_t i, size_t k, struct span seat)
{
    for (size_t t = 0; t <= i; t++)
        for (size_t p = 0; p < (t < i ? terms->v[t].partners.n : k); p++)
            if (state_list_has(&terms->v[t].partners.v[p].seats, seat))
                return true;
    return false;
}

static enum status ballot(struct accounting *x, const struct measure_tally *t, const struct pinned_term_list *terms,
                          const struct charter_calendars *calendars, struct span seat)
{
    uint64_t owed = owed_until(x, t, terms, seat), spoke = spoke_at(t, seat);
    if (owed == 0)
        return ST_OK;
    uint64_t until = owed < t->until_ms ? owed : t->until_ms;
    struct asked q = {.seat = seat,
                      .kind = ACCOUNT_BALLOT,
                      .from_ms = t->from_ms,
                      .until_ms = spoke != 0 && spoke < until ? spoke : until,
                      .done = spoke != 0,
                      .waiting = t->open && owed > t->until_ms && spoke == 0,
                      .late = t->by_deadline && owed > t->until_ms && spoke == 0,
                      .id = charter_text(x->f.a, "D-%" PRIu64, t->m->d.number),
                      .tally = t,
                      .calendars = calendars,
                      .calendar = t->m->p.calendar};
    return count(x, &q);
}

static enum status tally(void *ctx, const struct measure_tally *t)
{
    struct accounting *x = ctx;
    struct pinned_term_list terms;
    struct charter_calendars calendars;
    if (t->from_ms < x->from_ms || t->from_ms >= x->until_ms)
        return ST_OK;
    TRY(tally_terms(t->m, t->rung, x->f.scratch, &terms, x->err));
    TRY(due_calendars(x->f.v, x->f.scratch, &t->m->p, &calendars, x->err));
    for (size_t i = 0; i < terms.n; i++)
        for (size_t k = 0; k < terms.v[i].partners.n; k++) {
            const struct span_list *seats = &terms.v[i].partners.v[k].seats;
            for (size_t s = 0; s < seats->n; s++)
                if (!seen_before(&terms, i, k, seats->v[s]))
                    TRY(ballot(x, t, &terms, &calendars, seats->v[s]));
        }
    return ST_OK;
}

/* --- Readings --- */

static const struct reading_version *version(const struct state_reading *r, size_t i)
{
    return i < r->was.n ? &r->was.v[i] : &r->now;
}

static size_t versions(const struct state_reading *r)
{
    return r->was.n + (HAS(r, state_reading_key_now) ? 1 : 0);
}

static enum status reported(struct accounting *x, const struct state_reading *r, struct span seat, const char *id)
{
    struct period p = {.from = r->period, .until = r->until};
    struct asked q = {.seat = seat, .kind = ACCOUNT_REPORT, .late = HAS(r, state_reading_key_late_ms), .id = id};
    if (r->purpose != PURPOSE_ACTUAL || r->standing == READING_DROPPED)
        return ST_OK;
    TRY(metric_ends(&x->f.metrics, &p, &q.from_ms, x->err));
    uint64_t at = HAS(r, state_reading_key_seal) ? r->seal.at_ms : versions(r) > 0 ? version(r, 0)->at_ms : 0;
    q.done = at != 0;
    q.waiting = at == 0 && r->standing == READING_OWED;
    q.until_ms = at != 0 ? at : q.waiting ? x->f.now_ms : HAS(r, state_reading_key_late_ms) ? r->late_ms : q.from_ms;
    return count(x, &q);
}

/* One version: the other side is to mark it, and its reporter to answer a dispute. Of several marks the record keeps the newest. */
static enum status marked(struct accounting *x, const struct state_reading *r, size_t i, struct span reporter,
                          const struct span_list *checkers, const char *id)
{
    const struct reading_version *n = version(r, i);
    bool newest = i + 1 == versions(r), mark = HAS(n, reading_version_key_mark);
    uint64_t ends = newest ? x->f.now_ms : version(r, i + 1)->at_ms, until = mark ? n->mark.at_ms : ends;
    uint64_t flag = HAS(r, state_reading_key_unmarked_ms) ? r->unmarked_ms : UINT64_MAX; /* once in its life */
    for (size_t k = 0; k < checkers->n; k++) {
        struct asked q = {.seat = checkers->v[k],
                          .kind = ACCOUNT_CHECK,
                          .from_ms = n->at_ms,
                          .until_ms = until,
                          .done = mark && span_eq(n->mark.seat, checkers->v[k]),
                          .waiting = newest && !mark,
                          .late = flag >= n->at_ms && flag <= until,
                          .id = id};
        TRY(count(x, &q));
    }
    if (!mark || n->mark.act != MARK_DISPUTE || reporter.n == 0)
        return ST_OK;
    struct asked q = {.seat = reporter,
                      .kind = ACCOUNT_RESTATE,
                      .from_ms = n->mark.at_ms,
                      .until_ms = ends,
                      .done = !newest,
                      .waiting = newest,
                      .late = flag > n->mark.at_ms && flag <= ends,
                      .id = id};
    return count(x, &q);
}

static enum status reading(struct accounting *x, const struct state_reading *r)
{
    const struct charter_metric *d = metrics_find(&x->f.metrics, r->metric);
    struct span_list reporters, checkers;
    struct span reporter = {NULL, 0};
    const char *id = charter_text(x->f.a, "K-%" PRIu64, r->number);
    if (d == NULL || !HAS(d, charter_metric_key_from) || r->purpose == PURPOSE_FORECAST)
        return ST_OK; /* the charter no longer says whose it is; or nobody checks it */
    TRY(metric_reporters(&x->f.metrics, d, x->f.a, &reporters, x->err));
    TRY(metric_countersigners(&x->f.metrics, d, r->org, x->f.a, &checkers, x->err));
    for (size_t i = 0; i < reporters.n; i++)
        if (span_eq(state_seat_org(reporters.v[i]), r->org))
            reporter = reporters.v[i];
    if (reporter.n > 0)
        TRY(reported(x, r, reporter, id));
    for (size_t i = 0; i < versions(r); i++)
        TRY(marked(x, r, i, reporter, &checkers, id));
    return ST_OK;
}

static enum status readings(struct accounting *x)
{
    for (uint64_t from = 0;;) {
        struct tkey k = tkey_u64(from);
        struct span key, value;
        struct state_reading r;
        enum status st = view_next(x->f.v, TABLE_READING, tkey_span(&k), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(x->err, st, "readings cannot be read");
        from = load_u64(key.p) + 1;
        TRY(codec_decode(&state_reading_desc, arena_dup(x->f.a, value), x->f.a, &r, x->err));
        TRY(reading(x, &r));
    }
}

/* --- Items --- */

/* What is open of an item while its events are gone through. */
struct tenure {
    struct span first; /* who owned it when it was opened; n 0: nobody is held to account */
    struct asked work, offer; /* seat.n 0: none */
};

static enum status settle(struct accounting *x, struct asked *q, uint64_t at_ms, bool done)
{
    struct asked whole = *q;
    *q = (struct asked){0};
    if (whole.seat.n == 0)
        return ST_OK;
    whole.until_ms = at_ms;
    whole.done = done;
    return count(x, &whole);
}

static void begin(struct asked *q, struct span seat, enum account_kind kind, uint64_t at_ms, const char *id)
{
    *q = (struct asked){.seat = seat, .kind = kind, .from_ms = at_ms, .id = id};
}

static enum status item_happened(struct accounting *x, struct tenure *h, const struct state_item *it,
                                 const struct state_item_event *e, const char *id)
{
    struct span by = HAS(e, state_item_event_key_seat) ? e->seat : (struct span){NULL, 0};
    struct span owner = h->work.seat;
    switch (e->type) {
    case ITEM_EVENT_OPENED:
        begin(&h->work, h->first, ACCOUNT_ITEM, e->at_ms, id);
        return ST_OK;
    case ITEM_EVENT_OFFERED:
        TRY(settle(x, &h->offer, e->at_ms, false));
        if (HAS(e, state_item_event_key_to))
            begin(&h->offer, e->to, ACCOUNT_TAKE, e->at_ms, id);
        return ST_OK;
    case ITEM_EVENT_TAKEN:
        TRY(settle(x, &h->offer, e->at_ms, true));
        TRY(settle(x, &h->work, e->at_ms, false));
        begin(&h->work, by, ACCOUNT_ITEM, e->at_ms, id);
        return ST_OK;
    case ITEM_EVENT_NOT_TAKEN:
        h->offer.late = true;
        return settle(x, &h->offer, e->at_ms, false);
    case ITEM_EVENT_CLAIMED:
        return settle(x, &h->work, e->at_ms, span_eq(by, owner));
    case ITEM_EVENT_REOPENED:
        TRY(settle(x, &h->work, e->at_ms, false));
        begin(&h->work, it->owner, ACCOUNT_ITEM, e->at_ms, id); /* nobody takes what is claimed: it is the owner's still */
        return ST_OK;
    case ITEM_EVENT_OVERDUE:
        h->work.late = true;
        return ST_OK;
    case ITEM_EVENT_ANSWERED: /* by whoever was asked */
        return settle(x, &h->work, e->at_ms, true);
    case ITEM_EVENT_SETTLED:
    case ITEM_EVENT_DEFAULT:
    case ITEM_EVENT_LAPSED:
    case ITEM_EVENT_LEFT:
    case ITEM_EVENT_RISK_ACCEPTED:
        TRY(settle(x, &h->offer, e->at_ms, false));
        return settle(x, &h->work, e->at_ms, false);
    case ITEM_EVENT_VERIFIED:
    case ITEM_EVENT_LINKED:
    case ITEM_EVENT_REBASED:
    case ITEM_EVENT_REVIEWED:
    case ITEM_EVENT_ESCALATED:
    case ITEM_EVENT_DEFERRED:
    case ITEM_EVENT_RECOMMENDED:
    case ITEM_EVENT_ACCEPTED:
    case ITEM_EVENT_DECLINED:
    case ITEM_EVENT_RISK_BACK:
    case ITEM_EVENT_REVIEW_DUE:
    case ITEM_EVENT_DISPUTED:
    case ITEM_EVENT_FALSIFIED:
    case ITEM_EVENT_WARNED:
    case ITEM_EVENT_WARNING_OVER:
        return ST_OK;
    }
    return ST_OK;
}

/* Who owned it from its opening. Of what the record opened for somebody to take, nobody is held to account before that. */
static struct span first_owner(const struct state_item *it, const struct state_item_event *e, size_t n)
{
    if (HAS(it, state_item_key_opened_by))
        return it->opened_by;
    for (size_t i = 0; i < n; i++)
        if (e[i].type == ITEM_EVENT_OFFERED || e[i].type == ITEM_EVENT_TAKEN)
            return (struct span){NULL, 0};
    return it->owner;
}

static enum status item(struct accounting *x, const struct state_item *it)
{
    struct tenure h = {0};
    struct query_grow g = {0};
    struct tkey k = tkey_item(it->item.type, it->number);
    const char *id = charter_text(x->f.a, "%s", item_id(it->item.type, it->number).s);
    if (!HAS(it, state_item_key_due_ms) && !HAS(it, state_item_key_first_due_ms))
        return ST_OK;
    TRY(query_scan(x->f.v, TABLE_ITEM_EVENT, &k, k.n, &state_item_event_desc, x->f.a, &g, NULL, x->err));
    const struct state_item_event *e = g.v;
    h.first = first_owner(it, e, g.n);
    for (size_t i = 0; i < g.n; i++)
        TRY(item_happened(x, &h, it, &e[i], id));
    if (HAS(it, state_item_key_closed_ms)) { /* without a claim */
        TRY(settle(x, &h.offer, it->closed_ms, false));
        return settle(x, &h.work, it->closed_ms, false);
    }
    h.work.waiting = it->phase == ITEM_OPEN;
    h.offer.waiting = true;
    TRY(settle(x, &h.offer, x->f.now_ms, false));
    return settle(x, &h.work, x->f.now_ms, false);
}

static enum status items(struct accounting *x)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        struct state_item it;
        enum status st = view_next(x->f.v, TABLE_ITEM, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(x->err, st, "items cannot be read");
        from = tkey_after(key);
        TRY(codec_decode(&state_item_desc, arena_dup(x->f.a, value), x->f.a, &it, x->err));
        TRY(item(x, &it));
    }
}

/* --- Sessions --- */

/* Of the seats that could, one records it: that one was waited for, from the end of the day on which it was held. One that was
 * missed waited for them all, from when it was missed. */
static enum status session(struct accounting *x, const struct state_session *s)
{
    const struct charter *c = &x->f.metrics.rights.charter;
    const struct session_version *first = s->was.n > 0 ? &s->was.v[0] : HAS(s, state_session_key_now) ? &s->now : NULL;
    struct charter_selector of_body = session_of_body(s->body);
    struct span_list seats;
    uint64_t held = 0, missed = HAS(s, state_session_key_missed_ms) ? s->missed_ms : 0;
    if (s->standing == SESSION_DROPPED || charter_body(c, s->body) == NULL)
        return ST_OK;
    if (charter_select(c, &of_body, (struct span){NULL, 0}, x->f.a, &seats) != ST_OK)
        return query_full(x->err);
    if (first != NULL)
        TRY(item_date_end(x->f.v, x->f.a, first->held, &held, x->err));
    for (size_t i = 0; i < seats.n; i++) {
        bool done = first != NULL && span_eq(first->seat, seats.v[i]);
        uint64_t since = missed != 0 ? missed : done ? held : 0, until = first != NULL ? first->at_ms : x->f.now_ms;
        struct asked q = {.seat = seats.v[i],
                          .kind = ACCOUNT_SESSION,
                          .at_ms = s->opened_ms,
                          .from_ms = since == 0 || since > until ? until : since,
                          .until_ms = until,
                          .done = done,
                          .waiting = first == NULL,
                          .late = missed != 0,
                          .id = charter_text(x->f.a, "S-%" PRIu64, s->number)};
        TRY(count(x, &q));
    }
    return ST_OK;
}

static enum status sessions(struct accounting *x)
{
    for (uint64_t from = 0;;) {
        struct state_session s;
        enum status st = session_next(x->f.v, x->f.a, false, &from, &s, x->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        TRY(session(x, &s));
    }
}

/* --- All --- */

/* All that a seat owes now. */
static enum status owed(struct accounting *x, struct span *seat, struct arena *scratch, struct query_owed_list *ret)
{
    struct span org = state_seat_org(*seat);
    struct span_list only = {1, seat};
    struct query_inbox in;
    TRY(query_inbox(x->f.v, org, &only, x->f.a, &in, x->err));
    TRY(query_reading_tasks(x->f.v, org, &only, x->f.now_ms, x->f.a, scratch, &in.readings, x->err));
    TRY(query_again(x->f.v, org, &only, x->f.now_ms, x->f.a, scratch, &in.again, x->err));
    query_again_unasked(&in.again);
    return query_owed(&in, x->f.a, ret, x->err);
}

enum status query_account(const struct view *v, uint64_t from_ms, uint64_t to_ms, const struct span *seat, uint64_t now_ms,
                          struct arena *a, struct arena *scratch, struct query_account *ret, struct err *err)
{
    struct span org, name, *only = seat != NULL ? arena_array(a, 1, sizeof *only) : NULL; /* what is late keeps it */
    struct accounting x = {.only = only,
                           .from_ms = from_ms,
                           .until_ms = to_ms,
                           .lines = {.size = sizeof(struct query_account_line)},
                           .err = err};
    struct query_account q = {.from_ms = from_ms, .to_ms = to_ms};
    if (seat != NULL && only == NULL)
        return query_full(err);
    if (seat != NULL)
        *only = *seat;
    TRY(figures_load(v, a, scratch, now_ms, &x.f, err));
    if (seat != NULL && (!charter_split_seat(*seat, &org, &name) || !charter_has_seat(&x.f.metrics.rights.charter, org, name)))
        return err_set(err, ST_NOTFOUND, "the charter has no seat %.*s; see: entente seats", SPAN_FMT(*seat));
    TRY(measure_halts(&x.f, &x.halts, err));
    TRY(measure_tallies(&x.f, 0, UINT64_MAX, tally, &x, err));
    TRY(readings(&x));
    TRY(items(&x));
    TRY(sessions(&x));
    TRY(query_late(&x.f, only, from_ms, to_ms, &q.late, err));
    if (seat != NULL)
        TRY(owed(&x, only, scratch, &q.owed));
    q.lines = (struct query_account_line_list){x.lines.n, x.lines.v};
    *ret = q;
    return ST_OK;
}
