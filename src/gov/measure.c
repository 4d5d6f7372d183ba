#include "gov/measure.h"
#include "charter/calendar.h"
#include "gov/decimal.h"
#include "gov/due.h"
#include "gov/happened.h"
#include "gov/reading.h"
#include "gov/session.h"
#include "gov/tally.h"

static const uint64_t day_ms = 86400000;

/* Sums as they grow. */
struct pace {
    struct span name;
    uint64_t opened, passed, passed_ms, breaches, escalated, vetoed, defaulted;
};

struct measuring {
    const struct figures *f;
    uint64_t from_ms, until_ms;
    struct measure_halts halts;
    struct charter_calendars calendars; /* of this version, in f->a; 0: of none yet */
    uint64_t calendars_version;
    struct pace all;
    struct query_grow rows, bodies; /* struct pace */
    struct query_grow waits;        /* struct query_wait */
    struct query_grow breached;     /* uint64_t, descending */
    enum status (*each)(void *ctx, const struct measure_tally *t); /* or NULL */
    void *ctx;
    struct err *err;
};

/* What one decision adds to the sums. */
struct tale {
    struct matter m;
    uint64_t breaches;
    bool escalated;
};

enum status measure_halts(const struct figures *f, struct measure_halts *ret, struct err *err)
{
    struct query_grow g = {0};
    struct span *keys;
    struct tkey any = {0};
    TRY(query_scan(f->v, TABLE_HALT, &any, 0, &state_halt_desc, f->a, &g, &keys, err));
    const struct state_halt *h = g.v;
    *ret = (struct measure_halts){0, arena_array(f->a, g.n + 1, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < g.n; i++)
        ret->v[ret->n++] = (struct measure_halt){h[i].from_ms, load_u64(keys[i].p)};
    return ST_OK;
}

enum status measure_business(const struct measure_halts *h, const struct charter_calendars *c, struct span calendar, uint64_t from_ms,
                             uint64_t until_ms, uint64_t *ret_ms, uint64_t *ret_halted_ms, struct err *err)
{
    uint64_t ms, halted = 0;
    enum status st = calendar_business_ms(c, calendar, from_ms, until_ms, &ms);
    for (size_t i = 0; st == ST_OK && i < h->n; i++) {
        uint64_t from = h->v[i].from_ms > from_ms ? h->v[i].from_ms : from_ms;
        uint64_t until = h->v[i].until_ms < until_ms ? h->v[i].until_ms : until_ms, part = 0;
        if (from < until)
            st = calendar_business_ms(c, calendar, from, until, &part);
        halted += part;
    }
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no business time on calendar %.*s: %s", SPAN_FMT(calendar), status_text(st));
    *ret_ms = ms;
    *ret_halted_ms = halted < ms ? halted : ms;
    return ST_OK;
}

/* The line of that name, a new one at its place when there is none. */
static struct pace *pace_of(struct measuring *x, struct query_grow *g, struct span name)
{
    struct pace *v = g->v;
    size_t at = 0;
    while (at < g->n && span_cmp(v[at].name, name) < 0)
        at++;
    if (at < g->n && span_eq(v[at].name, name))
        return &v[at];
    g->size = sizeof *v;
    if (query_grow_one(g, x->f->a) == NULL)
        return NULL;
    v = g->v;
    memmove(&v[at + 1], &v[at], (g->n - 1 - at) * sizeof *v);
    v[at] = (struct pace){.name = arena_dup(x->f->a, name)};
    return &v[at];
}

static struct query_wait *wait_of(struct measuring *x, struct span org)
{
    struct query_wait *v = x->waits.v;
    size_t at = 0;
    while (at < x->waits.n && span_cmp(v[at].org, org) < 0)
        at++;
    if (at < x->waits.n && span_eq(v[at].org, org))
        return &v[at];
    x->waits.size = sizeof *v;
    if (query_grow_one(&x->waits, x->f->a) == NULL)
        return NULL;
    v = x->waits.v;
    memmove(&v[at + 1], &v[at], (x->waits.n - 1 - at) * sizeof *v);
    v[at] = (struct query_wait){.org = arena_dup(x->f->a, org)};
    return &v[at];
}

/* --- Waiting --- */

uint64_t measure_settled_at(const struct measure_tally *s, const struct pinned_term *t, const struct pinned_partner *p,
                            struct arena *a)
{
    uint32_t *said = arena_array(a, p->seats.n + 1, sizeof *said);
    for (size_t i = s->first; said != NULL && i < s->end; i++) {
        const struct state_event *e = &s->ev[i];
        size_t approved = 0, silent = 0;
        if (e->type != EVENT_BALLOT || !HAS(e, state_event_key_seat))
            continue;
        struct span seat = HAS(e, state_event_key_principal) ? e->principal : e->seat;
        for (size_t k = 0; k < p->seats.n; k++) {
            if (span_eq(p->seats.v[k], seat) && e->choice != CHOICE_VETO)
                said[k] = e->choice;
            approved += said[k] == CHOICE_APPROVE;
            silent += said[k] == 0;
        }
        if (approved >= t->count || approved + silent < t->count)
            return e->at_ms;
    }
    return UINT64_MAX;
}

/* Decisions beside each other are mostly of one version: it is read once. */
static enum status calendars_of(struct measuring *x, const struct matter *m)
{
    if (x->calendars_version == m->p.calendars_version)
        return ST_OK;
    TRY(due_calendars(x->f->v, x->f->a, &m->p, &x->calendars, x->err));
    x->calendars_version = m->p.calendars_version;
    return ST_OK;
}

bool measure_stretch(const struct measure_tally *t, uint64_t until_ms, struct measure_stretch *s)
{
    if (s->last)
        return false;
    if (s->at == 0) {
        s->at = t->first;
        s->from_ms = t->from_ms;
    } else {
        while (s->at < t->end && t->ev[s->at].type != EVENT_RESUMED)
            s->at++;
        if (s->at == t->end || t->ev[s->at].at_ms >= until_ms)
            return false;
        s->from_ms = t->ev[s->at].at_ms;
    }
    while (s->at < t->end && t->ev[s->at].type != EVENT_PAUSED)
        s->at++;
    s->last = s->at == t->end || t->ev[s->at].at_ms >= until_ms;
    s->until_ms = s->last ? until_ms : t->ev[s->at].at_ms;
    return true;
}

static enum status add_wait(struct measuring *x, const struct matter *m, const struct measure_tally *s,
                            uint64_t until_ms, struct query_wait *w)
{
    TRY(calendars_of(x, m));
    for (struct measure_stretch t = {0}; measure_stretch(s, until_ms, &t);) {
        uint64_t ms, halted;
        TRY(measure_business(&x->halts, &x->calendars, m->p.calendar, t.from_ms, t.until_ms, &ms, &halted, x->err));
        w->waited_ms += ms - halted;
        w->halted_ms += halted;
    }
    return ST_OK;
}

/* The partner's latest stop over all approvals that ask it: until then it was waited for. */
static uint64_t partner_stop(const struct matter *m, const struct measure_tally *s,
                             const struct pinned_term_list *terms, struct span org, struct arena *a)
{
    uint64_t latest = 0;
    for (size_t i = 0; i < terms->n; i++) {
        for (size_t k = 0; k < terms->v[i].partners.n; k++) {
            const struct pinned_partner *p = &terms->v[i].partners.v[k];
            if (!span_eq(p->org, org) || !tally_asks(&terms->v[i], &m->d, org))
                continue;
            uint64_t at = measure_settled_at(s, &terms->v[i], p, a);
            latest = at > latest ? at : latest;
        }
    }
    return latest;
}

static enum status end_stretch(struct measuring *x, struct tale *t, const struct measure_tally *s)
{
    struct pinned_term_list terms;
    bool breach = false;
    if (x->each != NULL)
        return x->each(x->ctx, s);
    TRY(tally_terms(&t->m, s->rung, x->f->scratch, &terms, x->err));
    const struct charter_party_list *orgs = &x->f->metrics.rights.charter.parties->list;
    for (size_t i = 0; i < orgs->n; i++) {
        uint64_t stop = partner_stop(&t->m, s, &terms, orgs->v[i].org, x->f->scratch);
        if (stop == 0)
            continue; /* it was not asked */
        struct query_wait *w = wait_of(x, orgs->v[i].org);
        if (w == NULL)
            return query_full(x->err);
        bool owed = stop > s->until_ms;
        TRY(add_wait(x, &t->m, s, owed ? s->until_ms : stop, w));
        w->breaches += owed && s->by_deadline;
        breach |= owed && s->by_deadline;
    }
    t->breaches += breach;
    return ST_OK;
}

/* --- One decision --- */

static bool begins_tally(const struct state_event *e)
{
    return e->type == EVENT_OPENED || e->type == EVENT_REVISED || e->type == EVENT_ESCALATED;
}

static bool ends_tally(const struct state_event *e)
{
    static const enum event_type ends[] = {EVENT_PASSED,  EVENT_REJECTED, EVENT_VETOED, EVENT_WITHDRAWN,
                                           EVENT_DEFAULT, EVENT_STALE,    EVENT_LAPSED, EVENT_COUNTERED};
    bool is = begins_tally(e);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++)
        is |= e->type == ends[i];
    return is;
}

static bool asks_ballots(const struct matter *m, uint64_t rung)
{
    return rung == 0 || (rung <= m->p.rungs.n && !HAS(&m->p.rungs.v[rung - 1], pinned_rung_key_mediator));
}

static enum status read_tale(struct measuring *x, struct tale *t)
{
    struct query_grow g = {0};
    struct tkey k = tkey_u64(t->m.d.number);
    struct measure_tally s = {.m = &t->m};
    bool open = false;
    TRY(query_scan(x->f->v, TABLE_EVENT, &k, 8, &state_event_desc, x->f->scratch, &g, NULL, x->err));
    s.ev = g.v;
    for (size_t i = 0; i < g.n; i++) {
        const struct state_event *e = &s.ev[i];
        t->escalated |= e->type == EVENT_ESCALATED;
        if (!ends_tally(e))
            continue;
        s.until_ms = e->at_ms;
        s.end = i;
        s.by_deadline =
            !HAS(e, state_event_key_seat) && (e->type == EVENT_ESCALATED || e->type == EVENT_DEFAULT);
        if (open)
            TRY(end_stretch(x, t, &s));
        open = begins_tally(e) && asks_ballots(&t->m, e->rung);
        s.from_ms = e->at_ms;
        s.rung = e->rung;
        s.first = i + 1;
    }
    s.until_ms = x->f->now_ms;
    s.end = g.n;
    s.by_deadline = false;
    s.open = true;
    return open && s.until_ms > s.from_ms ? end_stretch(x, t, &s) : ST_OK;
}

static void add(struct pace *p, const struct tale *t)
{
    const struct state_decision *d = &t->m.d;
    bool passed = HAS(d, state_decision_key_passed_ms);
    p->opened++;
    p->passed += passed;
    p->passed_ms += passed ? d->passed_ms - d->opened_ms : 0;
    p->breaches += t->breaches;
    p->escalated += t->escalated;
    p->vetoed += d->phase == PHASE_VETOED;
    p->defaulted += HAS(d, state_decision_key_outcome);
}

/* The body that was asked first, if it is one. */
static bool first_body(const struct matter *m, struct span *ret)
{
    for (size_t i = 0; i < m->p.terms.n; i++) {
        if (!HAS(&m->p.terms.v[i], pinned_term_key_body))
            continue;
        *ret = m->p.terms.v[i].body;
        return true;
    }
    return false;
}

static enum status one_decision(struct measuring *x, struct tale *t)
{
    struct span body;
    TRY(read_tale(x, t));
    struct pace *row = pace_of(x, &x->rows, t->m.d.type);
    if (row == NULL)
        return query_full(x->err);
    add(&x->all, t);
    add(row, t);
    if (t->breaches > 0 || HAS(&t->m.d, state_decision_key_outcome)) {
        x->breached.size = sizeof(uint64_t);
        uint64_t *number = query_grow_one(&x->breached, x->f->a);
        if (number == NULL)
            return query_full(x->err);
        *number = t->m.d.number;
    }
    if (!first_body(&t->m, &body))
        return ST_OK;
    struct pace *b = pace_of(x, &x->bodies, body);
    if (b == NULL)
        return query_full(x->err);
    add(b, t);
    return ST_OK;
}

/* Newest first: numbers ascend with the time of opening. */
static enum status decisions(struct measuring *x)
{
    struct tkey at = tkey_u64(UINT64_MAX);
    for (;;) {
        struct span key, value;
        struct tale t = {0};
        arena_reset(x->f->scratch);
        enum status st = view_prev(x->f->v, TABLE_DECISION, tkey_span(&at), &key, &value);
        if (st == ST_END)
            return ST_OK;
        if (st != ST_OK)
            return err_set(x->err, st, "decisions cannot be read");
        uint64_t number = load_u64(key.p);
        TRY(matter_load(x->f->v, x->f->scratch, number, &t.m, x->err));
        if (t.m.d.opened_ms < x->from_ms)
            return ST_OK;
        if (t.m.d.opened_ms < x->until_ms)
            TRY(one_decision(x, &t));
        if (number == 0)
            return ST_OK;
        at = tkey_u64(number - 1);
    }
}

/* --- Readings --- */

/* Who left it unmarked: the reporter a dispute, the other side a report. */
static enum status unmarked(struct measuring *x, const struct state_reading *r)
{
    struct span_list seats;
    const struct charter_metric *d = metrics_find(&x->f->metrics, r->metric);
    if (d == NULL)
        return ST_OK;
    TRY(metric_countersigners(&x->f->metrics, d, r->org, x->f->scratch, &seats, x->err));
    for (size_t i = 0; i < seats.n; i++) {
        struct query_wait *w = wait_of(x, state_seat_org(seats.v[i]));
        if (w == NULL)
            return query_full(x->err);
        w->unmarked++;
    }
    return ST_OK;
}

/* As the readings say themselves. */
static enum status count_late(const struct figures *f, uint64_t from_ms, uint64_t until_ms, uint64_t *ret_n, struct err *err)
{
    *ret_n = 0;
    for (struct tkey from = tkey_u64(1);;) {
        struct span key, value;
        struct state_reading r;
        arena_reset(f->scratch);
        enum status st = view_next(f->v, TABLE_READING, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(err, st, "readings cannot be read");
        from = tkey_after(key);
        TRY(codec_decode(&state_reading_desc, value, f->scratch, &r, err));
        *ret_n += HAS(&r, state_reading_key_late_ms) && r.late_ms >= from_ms && r.late_ms < until_ms;
    }
}

/* Found by the index of what happened. */
static enum status late_readings(struct measuring *x)
{
    for (struct tkey from = happened_from(TABLE_READING, x->from_ms);;) {
        struct tkey key;
        struct state_reading r;
        uint64_t at_ms;
        arena_reset(x->f->scratch);
        enum status st = happened_next(x->f->v, &from, x->until_ms, &at_ms, &key, x->err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        TRY(reading_get(x->f->v, x->f->scratch, load_u64(key.b), &r, x->err));
        if (HAS(&r, state_reading_key_late_ms) && r.late_ms == at_ms) {
            struct query_wait *w = wait_of(x, r.org);
            if (w == NULL)
                return query_full(x->err);
            w->late_readings++;
        }
        if (HAS(&r, state_reading_key_unmarked_ms) && r.unmarked_ms == at_ms)
            TRY(unmarked(x, &r));
    }
}

/* --- Answers --- */

static struct decimal counted(uint64_t n)
{
    return (struct decimal){.mantissa = (int64_t)n};
}

static struct query_pace pace_shown(const struct pace *p)
{
    struct query_pace q = {.name = p->name,
                           .opened = p->opened,
                           .passed = p->passed,
                           .breaches = p->breaches,
                           .escalated = p->escalated,
                           .vetoed = p->vetoed,
                           .defaulted = p->defaulted};
    if (p->name.n > 0)
        SET_HAS(&q, query_pace_key_name);
    if (p->passed > 0) {
        q.days = decimal_ratio(p->passed_ms, p->passed * day_ms, 2);
        SET_HAS(&q, query_pace_key_days);
    }
    return q;
}

static enum status paces_shown(const struct measuring *x, const struct query_grow *g,
                               struct query_pace_list *ret)
{
    const struct pace *p = g->v;
    ret->n = 0;
    ret->v = arena_array(x->f->a, g->n + 1, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(x->err);
    for (size_t i = 0; i < g->n; i++)
        ret->v[ret->n++] = pace_shown(&p[i]);
    return ST_OK;
}

static enum status measured(const struct figures *f, uint64_t from_ms, uint64_t until_ms,
                            struct measuring *ret, struct err *err)
{
    struct measuring x = {.f = f, .from_ms = from_ms, .until_ms = until_ms, .err = err};
    TRY(measure_halts(f, &x.halts, err));
    TRY(decisions(&x));
    TRY(late_readings(&x));
    *ret = x;
    return ST_OK;
}

/* Ascending: they were found newest first. */
static enum status breached_shown(const struct measuring *x, struct uint_list *ret)
{
    const uint64_t *v = x->breached.v;
    struct uint_list l = {0, arena_array(x->f->a, x->breached.n + 1, sizeof *l.v)};
    if (l.v == NULL)
        return query_full(x->err);
    while (l.n < x->breached.n) {
        l.v[l.n] = v[x->breached.n - 1 - l.n];
        l.n++;
    }
    *ret = l;
    return ST_OK;
}

enum status measure_record(const struct figures *f, uint64_t from_ms, uint64_t until_ms, struct query_record *ret,
                           struct uint_list *ret_breached, struct err *err)
{
    struct measuring x;
    TRY(measured(f, from_ms, until_ms, &x, err));
    struct query_record q = {.from_ms = from_ms, .to_ms = until_ms, .all = pace_shown(&x.all)};
    TRY(paces_shown(&x, &x.rows, &q.rows));
    TRY(paces_shown(&x, &x.bodies, &q.bodies));
    TRY(breached_shown(&x, ret_breached));
    q.waits = (struct query_wait_list){x.waits.n, x.waits.v};
    *ret = q;
    return ST_OK;
}

enum status measure_tallies(const struct figures *f, uint64_t from_ms, uint64_t until_ms,
                            enum status (*each)(void *ctx, const struct measure_tally *t), void *ctx, struct err *err)
{
    struct measuring x = {.f = f, .from_ms = from_ms, .until_ms = until_ms, .each = each, .ctx = ctx, .err = err};
    return decisions(&x);
}

/* Percent of the decisions opened. */
static bool rate(const struct measuring *x, uint64_t n, struct decimal *ret)
{
    if (x->all.opened == 0)
        return false;
    *ret = decimal_ratio(n * 100, x->all.opened, 2);
    return true;
}

/* MSR-1, MSR-2: of the decisions. */
static bool value_of(const struct measuring *x, enum measure m, struct decimal *ret)
{
    const struct query_wait *w = x->waits.v;
    uint64_t waited = 0;
    for (size_t i = 0; i < x->waits.n; i++)
        waited += w[i].waited_ms;
    if (m == MEASURE_ESCALATION_RATE)
        return rate(x, x->all.escalated, ret);
    if (m == MEASURE_VETO_RATE)
        return rate(x, x->all.vetoed, ret);
    if (m == MEASURE_DEFAULT_RATE)
        return rate(x, x->all.defaulted, ret);
    if (m == MEASURE_DECISION_VELOCITY && x->all.passed == 0)
        return false;
    if (m == MEASURE_DECISION_VELOCITY)
        *ret = decimal_ratio(x->all.passed_ms, x->all.passed * day_ms, 2);
    else
        *ret = m == MEASURE_WAITING_TIME ? decimal_ratio(waited, day_ms, 2) : counted(x->all.breaches);
    return true;
}

/* MSR-3: of the regular sessions whose next one fell due after from_ms and up to until_ms: those that were not
 * recorded before, not quorate, or whose record is contested. */
enum status measure_cadence(const struct figures *f, uint64_t from_ms, uint64_t until_ms, uint64_t *ret_due,
                            struct uint_list *ret_not_kept, struct err *err)
{
    struct query_grow lost = {.size = sizeof(uint64_t)};
    uint64_t due = 0, ends;
    for (uint64_t from = 0;;) {
        struct state_session s;
        struct period p = {0};
        arena_reset(f->scratch);
        enum status st = session_next(f->v, f->scratch, false, &from, &s, err);
        if (st == ST_END)
            break;
        TRY(st);
        p.until = s.until;
        TRY(metric_ends(&f->metrics, &p, &ends, err));
        if (!HAS(&s, state_session_key_cadence) || s.standing == SESSION_DROPPED || ends <= from_ms ||
            ends > until_ms)
            continue;
        due++;
        if (HAS(&s, state_session_key_now) && !HAS(&s, state_session_key_missed_ms) && s.now.quorate &&
            s.standing != SESSION_CONTESTED)
            continue;
        uint64_t *number = query_grow_one(&lost, f->a);
        if (number == NULL)
            return query_full(err);
        *number = s.number;
    }
    *ret_due = due;
    *ret_not_kept = (struct uint_list){lost.n, lost.v};
    return ST_OK;
}

static enum status cadence_kept(const struct figures *f, uint64_t from_ms, uint64_t until_ms, bool *ret_has,
                                struct decimal *ret_value, struct err *err)
{
    struct uint_list lost;
    uint64_t due;
    TRY(measure_cadence(f, from_ms, until_ms, &due, &lost, err));
    *ret_has = due > 0;
    if (due > 0)
        *ret_value = decimal_ratio((due - lost.n) * 100, due, 2);
    return ST_OK;
}

/* MSR-4. The index is of blocks that are over, and is not everywhere where blocks are executed. */
static enum status overdue_readings(struct measuring *x, struct decimal *ret)
{
    uint64_t n = 0;
    TRY(x->f->in_block ? count_late(x->f, x->from_ms, x->until_ms, &n, x->err) : late_readings(x));
    const struct query_wait *w = x->waits.v;
    for (size_t i = 0; i < x->waits.n; i++)
        n += w[i].late_readings;
    *ret = counted(n);
    return ST_OK;
}

enum status measure_value(const struct figures *f, enum measure m, uint64_t from_ms, uint64_t until_ms,
                          bool *ret_has, struct decimal *ret_value, struct err *err)
{
    struct measuring x = {.f = f, .from_ms = from_ms, .until_ms = until_ms, .err = err};
    if (m == MEASURE_CADENCE_KEPT)
        return cadence_kept(f, from_ms, until_ms, ret_has, ret_value, err);
    *ret_has = true;
    if (m == MEASURE_OVERDUE_READINGS)
        return overdue_readings(&x, ret_value);
    if (m == MEASURE_WAITING_TIME)
        TRY(measure_halts(f, &x.halts, err));
    TRY(decisions(&x));
    *ret_has = value_of(&x, m, ret_value);
    return ST_OK;
}
