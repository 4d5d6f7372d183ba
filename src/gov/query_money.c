/* Envelopes, waiting time, and receipts that a node owes. */
#include "charter/calendar.h"
#include "gov/budget.h"
#include "gov/course.h"
#include "gov/due.h"
#include "gov/party.h"
#include "gov/query_part.h"
#include "gov/receipt.h"

enum status query_budgets(const struct view *v, struct arena *a, struct query_budgets *ret, struct err *err)
{
    struct charter_budgets list;
    struct query_budgets q = {0};
    enum status st = rights_budgets(v, a, &list, err);
    if (st == ST_NOTFOUND)
        list.list.n = 0;
    else
        TRY(st);
    q.list.v = arena_array(a, list.list.n + 1, sizeof *q.list.v);
    if (q.list.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < list.list.n; i++) {
        const struct charter_budget *b = &list.list.v[i];
        struct state_budget given;
        TRY(budget_get(v, a, b->from, b->name, &given, err));
        q.list.v[q.list.n++] = (struct query_budget){.name = b->name,
                                                     .amount = b->amount,
                                                     .from = b->from,
                                                     .to = b->to,
                                                     .reserved = given.reserved,
                                                     .spent = given.spent,
                                                     .beyond = b->beyond};
    }
    *ret = q;
    return ST_OK;
}

/* --- Receipts --- */

enum status query_unreceipted(const struct view *v, struct span org, uint64_t now_ms, size_t most,
                              struct arena *a, struct ref_list *ret, struct err *err)
{
    struct ref_list l = {0, arena_array(a, most + 1, sizeof(struct ref))};
    struct state_party p;
    if (l.v == NULL)
        return query_full(err);
    enum status st = party_get(v, a, org, &p, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    bool partner = st == ST_OK && p.role == ROLE_PARTNER;
    for (struct tkey from = {.n = 1}; partner && l.n < most;) {
        struct span key, value;
        uint64_t at, number;
        uint8_t kind;
        struct state_decision d;
        struct state_receipt r;
        st = view_next(v, TABLE_TIMER, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        TRY(st);
        from = tkey_after(key);
        tkey_timer_parts(key, &at, &number, &kind);
        if (kind != TIMER_DEADLINE && kind != TIMER_PAUSE)
            continue;
        struct tkey k = tkey_u64(number);
        TRY(state_need(v, a, TABLE_DECISION, &k, &state_decision_desc, &d, err));
        if (!HAS(&d, state_decision_key_receipts_until_ms) || now_ms > d.receipts_until_ms || d.rung != 0)
            continue;
        st = receipt_of(v, a, &d, org, &r, err);
        if (st == ST_NOTFOUND)
            l.v[l.n++] = (struct ref){.number = number, .digest = d.digest};
        else
            TRY(st);
    }
    *ret = l;
    return ST_OK;
}

/* --- Waiting time (rule 33): the history is gone through once, and each stretch between two events is billed
 * to those that owed in it. --- */

struct wait {
    const struct view *v;
    struct arena *a;
    struct matter m; /* as it was at the stretch */
    struct charter_calendars calendars;
    struct tally_ballot *ballots; /* of that revision and rung */
    size_t n_ballots;
    struct query_waiting q;
    bool paused, closed;
};

/* Milliseconds of business days between two times. */
static enum status business(struct wait *w, uint64_t from_ms, uint64_t to_ms, uint64_t *ret, struct err *err)
{
    static const struct charter_span day = {.n = 1, .unit = UNIT_D};
    uint64_t total = 0;
    while (from_ms < to_ms) {
        uint64_t end;
        bool is, beyond;
        enum status st = calendar_is_business_day(&w->calendars, w->m.p.calendar, from_ms, &is);
        if (st == ST_OK) /* 24:00 of this day is a day before that of the next */
            st = calendar_deadline(&w->calendars, w->m.p.calendar, from_ms, &day, &end, &beyond);
        if (st != ST_OK)
            return err_set(err, ST_CORRUPT, "no days on calendar %.*s: %s", SPAN_FMT(w->m.p.calendar),
                           status_text(st));
        end -= UINT64_C(86400000);
        end = end < to_ms ? end : to_ms;
        total += is ? end - from_ms : 0;
        from_ms = end;
    }
    *ret = total;
    return ST_OK;
}

static enum choice choice_of(const struct wait *w, struct span seat)
{
    for (size_t i = 0; i < w->n_ballots; i++) {
        if (span_eq(w->ballots[i].seat, seat))
            return w->ballots[i].ballot.choice;
    }
    return CHOICE_RECUSE;
}

/* Did it owe? Whether a seat was empty is not looked at: the wait for it is its partner's. */
static bool owed(const struct wait *w, const struct pinned_term *t, const struct pinned_partner *p)
{
    size_t approved = 0, open = 0;
    for (size_t i = 0; i < p->seats.n; i++) {
        enum choice c = choice_of(w, p->seats.v[i]);
        approved += c == CHOICE_APPROVE;
        open += c == CHOICE_RECUSE || c == CHOICE_VETO;
    }
    return approved < t->count && approved + open >= t->count;
}

static enum status bill(struct wait *w, struct span org, uint64_t ms, struct err *err)
{
    size_t i = 0;
    while (i < w->q.partners.n && span_cmp(w->q.partners.v[i].org, org) < 0)
        i++;
    if (i == w->q.partners.n || !span_eq(w->q.partners.v[i].org, org)) {
        if (w->q.partners.n == LIMIT_VALIDATORS)
            return err_set(err, ST_CORRUPT, "more partners than there can be");
        memmove(&w->q.partners.v[i + 1], &w->q.partners.v[i],
                (w->q.partners.n - i) * sizeof *w->q.partners.v);
        w->q.partners.v[i] = (struct query_waited){.org = org};
        w->q.partners.n++;
    }
    w->q.partners.v[i].owed_ms += ms;
    return ST_OK;
}

/* A stretch in which nothing happened to it. */
static enum status stretch(struct wait *w, uint64_t from_ms, uint64_t to_ms, struct err *err)
{
    struct pinned_term_list terms;
    uint64_t ms;
    TRY(business(w, from_ms, to_ms, &ms, err));
    if (w->paused)
        w->q.pause_ms += ms;
    else if (w->m.d.phase == PHASE_PASSED)
        w->q.notice_ms += ms;
    else if (w->m.d.phase == PHASE_MEDIATION && w->m.recommended == NULL)
        w->q.mediation_ms += ms;
    if (w->paused || w->closed || (w->m.d.phase != PHASE_OPEN && w->m.d.phase != PHASE_MEDIATION))
        return ST_OK;
    TRY(tally_terms(&w->m, w->m.d.rung, w->a, &terms, err));
    struct span_list billed = {0, arena_array(w->a, LIMIT_VALIDATORS + 1, sizeof(struct span))};
    if (billed.v == NULL)
        return query_full(err);
    for (size_t i = 0; i < terms.n; i++) {
        for (size_t k = 0; k < terms.v[i].partners.n; k++) {
            const struct pinned_partner *p = &terms.v[i].partners.v[k];
            if (!tally_asks(&terms.v[i], &w->m.d, p->org))
                continue;
            bool counts =
                owed(w, &terms.v[i], p) && !state_list_has(&billed, p->org) && billed.n < LIMIT_VALIDATORS;
            if (counts)
                billed.v[billed.n++] = p->org;
            TRY(bill(w, p->org, counts ? ms : 0, err));
        }
    }
    return ST_OK;
}

/* The stretch less what of it the ledger stood still in: each halt from its missed deadline to its block. */
static enum status stretch_less_halts(struct wait *w, uint64_t from_ms, uint64_t to_ms, struct err *err)
{
    for (uint64_t at = from_ms + 1; from_ms < to_ms;) {
        struct tkey k = tkey_u64(at);
        struct span key, value;
        struct state_halt h;
        uint64_t ms;
        enum status st = view_next(w->v, TABLE_HALT, tkey_span(&k), &key, &value);
        if (st != ST_OK && st != ST_END)
            return st;
        if (st == ST_END || load_u64(key.p) > to_ms)
            break;
        at = load_u64(key.p) + 1;
        TRY(codec_decode(&state_halt_desc, value, w->a, &h, err));
        uint64_t stood = h.from_ms > from_ms ? h.from_ms : from_ms;
        TRY(stretch(w, from_ms, stood, err));
        TRY(business(w, stood, at - 1, &ms, err));
        w->q.halt_ms += ms;
        from_ms = at - 1;
    }
    return from_ms < to_ms ? stretch(w, from_ms, to_ms, err) : ST_OK;
}

static enum status happened(struct wait *w, const struct state_event *e, struct err *err)
{
    if (e->rung != w->m.d.rung || e->revision != w->m.d.revision)
        w->n_ballots = 0;
    w->m.d.rung = e->rung;
    w->m.d.revision = e->revision;
    bool mediator = e->rung > 0 && e->rung <= w->m.p.rungs.n &&
                    HAS(&w->m.p.rungs.v[e->rung - 1], pinned_rung_key_mediator);
    switch (e->type) {
    case EVENT_BALLOT: {
        struct span seat = HAS(e, state_event_key_principal) ? e->principal : e->seat;
        struct tally_ballot *more = arena_array(w->a, w->n_ballots + 1, sizeof *more);
        if (more == NULL)
            return query_full(err);
        size_t n = 0;
        for (size_t i = 0; i < w->n_ballots; i++) {
            if (!span_eq(w->ballots[i].seat, seat))
                more[n++] = w->ballots[i];
        }
        more[n++] = (struct tally_ballot){.seat = seat, .ballot = {.choice = e->choice}};
        w->ballots = more;
        w->n_ballots = n;
        return ST_OK;
    }
    case EVENT_PAUSED:
        w->paused = true;
        return ST_OK;
    case EVENT_RECOMMENDED: {
        static const struct state_input given;
        w->m.recommended = &given;
        return ST_OK;
    }
    case EVENT_PASSED:
        w->m.d.phase = PHASE_PASSED;
        return ST_OK;
    case EVENT_STALE:
        w->paused = false;
        w->m.d.phase = PHASE_STALE;
        return ST_OK;
    case EVENT_OPENED:
    case EVENT_REVISED:
    case EVENT_ESCALATED:
    case EVENT_BEYOND:
    case EVENT_RAISED:
    case EVENT_RESUMED:
        w->paused = false;
        w->m.recommended = NULL;
        w->m.d.phase = mediator ? PHASE_MEDIATION : PHASE_OPEN;
        return ST_OK;
    case EVENT_EFFECTIVE:
    case EVENT_REJECTED:
    case EVENT_VETOED:
    case EVENT_WITHDRAWN:
    case EVENT_DEFAULT:
    case EVENT_LAPSED:
    case EVENT_COUNTERED:
        w->closed = true;
        return ST_OK;
    case EVENT_COUNTER:
    case EVENT_DEFERRED:
    case EVENT_EXPIRED:
    case EVENT_SUPERSEDED:
    case EVENT_DOUBTED:
    case EVENT_NOTE:
    case EVENT_INPUT:
    case EVENT_LEFT:
    case EVENT_PAUSE_ASKED:
    case EVENT_SETTLED:
    case EVENT_RECEIPT:
    case EVENT_DEEMED:
    case EVENT_ACTED:
    case EVENT_ENDED:
        return ST_OK;
    }
    return ST_OK;
}

enum status query_waiting(const struct view *v, uint64_t number, uint64_t now_ms, struct arena *a,
                          struct query_waiting *ret, struct err *err)
{
    struct wait w = {.v = v, .a = a, .q = {.decision = number}};
    struct query_grow g = {0};
    struct tkey k = tkey_u64(number);
    enum status st = matter_load(v, a, number, &w.m, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "there is no decision D-%" PRIu64, number);
    TRY(st);
    TRY(due_calendars(v, a, &w.m.p, &w.calendars, err));
    TRY(query_scan(v, TABLE_EVENT, &k, 8, &state_event_desc, a, &g, NULL, err));
    w.q.partners.v = arena_array(a, LIMIT_VALIDATORS + 1, sizeof *w.q.partners.v);
    if (w.q.partners.v == NULL)
        return query_full(err);
    const struct state_event *e = g.v;
    w.m.recommended = NULL;
    for (size_t i = 0; i < g.n && !w.closed; i++) {
        TRY(happened(&w, &e[i], err));
        uint64_t to = i + 1 < g.n ? e[i + 1].at_ms : now_ms;
        if (!w.closed && to > e[i].at_ms)
            TRY(stretch_less_halts(&w, e[i].at_ms, to, err));
    }
    *ret = w.q;
    return ST_OK;
}
