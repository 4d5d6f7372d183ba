#include "gov/reseat.h"
#include "gov/due.h"
#include "gov/keys.h"
#include "gov/recovery.h"
#include "gov/rights.h"

enum { NOTICE_BD = 5, OTHERS_MIN = 2 };

bool reseat_is(struct span type, const struct proposal *p)
{
    return span_eqs(type, "admission") && p->effect.type == EFFECT_REGISTRAR && HAS(p, proposal_key_partner);
}

/* --- What is pinned --- */

static void ask_others(struct pinned_term_list *terms)
{
    for (size_t i = 0; i < terms->n; i++)
        terms->v[i].who = WHO_OTHER;
}

/* The lists are the charter's own: what stays is copied. */
static enum status without_veto(struct arena *a, struct span partner, struct span_list *veto, struct err *err)
{
    struct span *v = arena_array(a, veto->n + 1, sizeof *v);
    size_t n = 0;
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the seats of a veto");
    for (size_t i = 0; i < veto->n; i++) {
        if (!span_eq(state_seat_org(veto->v[i]), partner))
            v[n++] = veto->v[i];
    }
    *veto = (struct span_list){n, v};
    return ST_OK;
}

static enum status without_consultation(struct arena *a, struct span partner, struct state_pinned *p,
                                        struct err *err)
{
    if (!HAS(p, state_pinned_key_needs))
        return ST_OK;
    struct charter_need *v = arena_array(a, p->needs.n, sizeof *v);
    size_t n = 0;
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the needs of a row");
    for (size_t i = 0; i < p->needs.n; i++) {
        const struct charter_need *need = &p->needs.v[i];
        if (!HAS(need, charter_need_key_seat) || !span_eq(state_seat_org(need->seat), partner))
            v[n++] = *need;
    }
    p->needs = (struct charter_need_list){n, v};
    if (n == 0)
        p->has &= ~(UINT64_C(1) << state_pinned_key_needs);
    return ST_OK;
}

static enum status at_least_five(const struct view *v, struct gov *g, struct state_pinned *p, struct err *err)
{
    static const struct charter_span five = {.n = NOTICE_BD, .unit = UNIT_BD};
    uint64_t row, least;
    TRY(due_at(v, g->arena, p, g->time_ms, &p->notice, &row, err));
    TRY(due_at(v, g->arena, p, g->time_ms, &five, &least, err));
    if (least > row)
        p->notice = five;
    return ST_OK;
}

enum status reseat_pin(const struct view *v, struct gov *g, struct span partner, struct state_pinned *p,
                       struct err *err)
{
    ask_others(&p->terms);
    for (size_t i = 0; HAS(p, state_pinned_key_raises) && i < p->raises.n; i++)
        ask_others(&p->raises.v[i].terms);
    p->otherwise = (struct charter_else){.type = ELSE_STATUS_QUO};
    TRY(without_veto(g->arena, partner, &p->veto, err));
    TRY(without_consultation(g->arena, partner, p, err));
    return at_least_five(v, g, p, err);
}

/* --- What it does --- */

static enum status others_there(const struct view *v, struct arena *a, struct span partner, struct denial *no,
                                struct err *err)
{
    struct rights r; /* of partners that have not left */
    size_t others = 0;
    TRY(rights_load(v, a, &r, err));
    if (!charter_is_partner(&r.charter, partner))
        return denial_set(no, V_NO_SUCH_OBJECT, "%.*s is no partner of this alliance", SPAN_FMT(partner));
    for (size_t i = 0; i < r.charter.parties->list.n; i++) {
        struct span org = r.charter.parties->list.v[i].org;
        others += charter_is_partner(&r.charter, org) && !span_eq(org, partner);
    }
    if (others >= OTHERS_MIN)
        return ST_OK;
    return denial_set(no, V_NOT_PERMITTED,
                      "besides %.*s there are fewer than two partners, and one does not fill the seats of "
                      "another: two seats of %.*s replace its registrar, or its recovery key does",
                      SPAN_FMT(partner), SPAN_FMT(partner));
}

enum status reseat_check(const struct view *v, struct arena *a, const struct state_decision *d,
                         const struct effect *e, struct denial *no, struct err *err)
{
    struct public_key_list keys;
    struct state_seat seat;
    if (!HAS(d, state_decision_key_partner))
        return denial_set(no, V_BAD_EFFECT, "whose registrar is replaced is the proposal's partner: name it");
    TRY(others_there(v, a, d->partner, no, err));
    struct tkey sk = keys_registrar(d->partner);
    enum status st = state_get(v, a, TABLE_SEAT, &sk, &state_seat_desc, &seat, err);
    if (st == ST_NOTFOUND)
        return denial_set(no, V_NO_SUCH_OBJECT, "%.*s has no registrar seat", SPAN_FMT(d->partner));
    if (st != ST_OK)
        return st;
    for (size_t i = 0; i < seat.keys.n; i++) {
        if (!keys_have(&e->instead_of, &seat.keys.v[i].key))
            return denial_set(no, V_CHANGED_SINCE,
                              "%.*s/registrar has a holder that the proposal does not know: it was replaced "
                              "since; look at it, and propose anew if it must be",
                              SPAN_FMT(d->partner));
    }
    TRY(keys_sorted(a, "effect.keys", &e->keys, &keys, no, err));
    return keys_usable(v, a, &keys, d->partner, no, err);
}

enum status reseat_apply(struct gov *g, struct span partner, const struct public_key_list *keys,
                         struct err *err)
{
    struct public_key_list sorted;
    struct denial no;
    TRY(keys_sorted(g->arena, "effect.keys", keys, &sorted, &no, err));
    TRY(recovery_replace_registrar(g, partner, &sorted, err));
    return recovery_cancel_all(g, partner, err);
}
