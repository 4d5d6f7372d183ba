#include <stdlib.h>
#include "gov/joining.h"
#include "gov/budget.h"
#include "gov/course.h"
#include "gov/item.h"
#include "gov/rights.h"

static int compare(const void *x, const void *y)
{
    uint64_t a, b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return (a > b) - (a < b);
}

/* Numbers of the live decisions, ascending: those with a timer. */
static enum status live(struct gov *g, struct uint_list *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct uint_list l = {0};
    size_t cap = 0;
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        uint64_t at, number;
        uint8_t kind;
        enum status st = view_next(&v, TABLE_TIMER, tkey_span(&from), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return st;
        from = tkey_after(key);
        tkey_timer_parts(key, &at, &number, &kind);
        if (!state_timer_of_decision((enum timer_kind)kind))
            continue;
        if (l.n == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            uint64_t *more = arena_array(g->arena, cap, sizeof *more);
            if (more == NULL)
                return err_set(err, ST_LIMIT, "out of room for the open decisions");
            if (l.n != 0)
                memcpy(more, l.v, l.n * sizeof *more);
            l.v = more;
        }
        l.v[l.n++] = number;
    }
    if (l.n != 0) /* each has one timer, so none is there twice */
        qsort(l.v, l.n, sizeof *l.v, compare);
    *ret = l;
    return ST_OK;
}

/* --- Rule 28 --- */

static enum status asked_anew(struct gov *g, const struct rights *r, struct matter *m, struct span org,
                              struct err *err)
{
    const struct charter_row *row = charter_row(&r->charter, m->d.type);
    struct state_pinned p;
    char words[128];
    if (row != NULL) {
        TRY(rights_pin(r, g->arena, row, &p, err));
        if (HAS(&m->d, state_decision_key_budget))
            TRY(budget_pin(r, g->arena, m->d.budget, &p, err));
        if (state_fits(g, &state_pinned_desc, &p)) {
            struct tkey k = tkey_u64(m->d.number);
            m->p = p;
            TRY(state_put(g, TABLE_PINNED, &k, &state_pinned_desc, &p, err));
        }
    }
    course_unlist(g, &m->d);
    course_unpause(&m->d, g->time_ms);
    m->d.phase = PHASE_OPEN;
    m->d.rung = m->d.level = m->d.rung_revisions = 0;
    course_list(g, &m->d);
    (void)snprintf(words, sizeof words, "%.*s joined: it is asked anew", SPAN_FMT(org));
    return course_stale(g, m, words, err);
}

enum status joining_joined(struct gov *g, struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct uint_list numbers;
    struct rights r;
    TRY(live(g, &numbers, err));
    TRY(rights_load(&v, g->arena, &r, err));
    for (size_t i = 0; i < numbers.n; i++) {
        struct matter m;
        TRY(matter_load(&v, g->arena, numbers.v[i], &m, err));
        if (course_is_undecided(&m.d) && span_eqs(m.d.type, "charter-core"))
            TRY(asked_anew(g, &r, &m, org, err));
    }
    return ST_OK;
}

/* --- Rule 29 --- */

static bool drop_partner(struct pinned_partner_list *l, struct span org)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        if (!span_eq(l->v[i].org, org))
            l->v[n++] = l->v[i];
    }
    bool found = n != l->n;
    l->n = n;
    return found;
}

static bool drop_terms(struct pinned_term_list *l, struct span org)
{
    bool found = false;
    for (size_t i = 0; i < l->n; i++)
        found |= drop_partner(&l->v[i].partners, org);
    return found;
}

static bool drop_pinned(struct state_pinned *p, struct span org)
{
    bool found = drop_terms(&p->terms, org);
    for (size_t i = 0; HAS(p, state_pinned_key_raises) && i < p->raises.n; i++)
        found |= drop_terms(&p->raises.v[i].terms, org);
    for (size_t i = 0; i < p->rungs.n; i++)
        found |= drop_partner(&p->rungs.v[i].partners, org);
    return found;
}

static bool drop_affected(struct state_decision *d, struct span org)
{
    size_t n = 0;
    for (size_t i = 0; i < d->affected.n; i++) {
        if (!span_eq(d->affected.v[i], org))
            d->affected.v[n++] = d->affected.v[i];
    }
    bool found = n != d->affected.n;
    d->affected.n = n;
    return found;
}

static bool consults(const struct state_pinned *p, struct span org)
{
    for (size_t i = 0; HAS(p, state_pinned_key_needs) && i < p->needs.n; i++) {
        if (HAS(&p->needs.v[i], charter_need_key_seat) && span_eq(state_seat_org(p->needs.v[i].seat), org))
            return true;
    }
    return false;
}

/* Too few partners are left to meet what is in force on its rung; on a mediator's, what was on the first. */
static enum status too_few(struct gov *g, const struct matter *m, bool *ret, struct err *err)
{
    struct pinned_term_list terms;
    bool two = false;
    TRY(tally_terms(m, m->d.phase == PHASE_MEDIATION ? 0 : m->d.rung, g->arena, &terms, err));
    *ret = false;
    for (size_t i = 0; i < terms.n; i++) {
        size_t asked = 0;
        for (size_t k = 0; k < terms.v[i].partners.n; k++)
            asked += tally_asks(&terms.v[i], &m->d, terms.v[i].partners.v[k].org);
        two |= terms.v[i].partners.n >= 2;
        *ret |= asked == 0;
    }
    *ret |= m->d.joint && !two;
    return ST_OK;
}

static enum status without(struct gov *g, struct matter *m, struct span org, struct err *err)
{
    bool pinned = drop_pinned(&m->p, org), affected = drop_affected(&m->d, org), few = false;
    struct tkey k = tkey_u64(m->d.number);
    if (!pinned && !affected && !consults(&m->p, org))
        return ST_OK;
    if (pinned)
        TRY(state_put(g, TABLE_PINNED, &k, &state_pinned_desc, &m->p, err));
    struct state_event ev = {.type = EVENT_LEFT, .name = org};
    SET_HAS(&ev, state_event_key_name);
    TRY(state_add_event(g, &m->d, &ev, err));
    if (!course_is_undecided(&m->d))
        return state_put_decision(g, &m->d, err);
    TRY(too_few(g, m, &few, err));
    if (few)
        return course_lapse(g, m, "too few partners are left", err);
    return m->d.phase == PHASE_PAUSED ? state_put_decision(g, &m->d, err) : course_recount(g, m, err);
}

enum status joining_left(struct gov *g, struct span org, struct err *err)
{
    struct uint_list numbers;
    TRY(live(g, &numbers, err));
    for (size_t i = 0; i < numbers.n; i++) {
        struct view v = overlay_view(g->state);
        struct matter m;
        TRY(matter_load(&v, g->arena, numbers.v[i], &m, err));
        if (course_is_live(&m.d)) /* one before may have passed, and closed its counters */
            TRY(without(g, &m, org, err));
    }
    return ST_OK;
}
