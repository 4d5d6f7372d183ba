/* Alternates and recusal (GOV-46 to GOV-48). */
#include "gov/stand_in.h"

static enum status seat_get(const struct view *v, struct arena *a, struct span seat, struct state_seat *ret,
                            struct err *err)
{
    struct tkey k = tkey_text(seat);
    *ret = (struct state_seat){0};
    enum status st = state_get(v, a, TABLE_SEAT, &k, &state_seat_desc, ret, err);
    return st == ST_NOTFOUND ? ST_OK : st;
}

static bool is_registrar(struct span seat)
{
    return span_eqs(state_seat_name(seat), "registrar");
}

/* ORG/sponsor, in the arena. */
static enum status sponsor_of(struct arena *a, struct span org, struct span *ret, struct err *err)
{
    static const char name[] = "/sponsor";
    uint8_t *p = arena_alloc(a, org.n + sizeof name);
    if (p == NULL)
        return err_set(err, ST_LIMIT, "out of room for a seat");
    memcpy(p, org.p, org.n);
    memcpy(p + org.n, name, sizeof name);
    *ret = span_of(p, org.n + sizeof name - 1);
    return ST_OK;
}

enum status stand_in_alternates(struct act *c, struct span seat, const struct alternate_list *l,
                                struct err *err)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct alternate *alt = &l->v[i];
        struct tkey k = tkey_text(alt->seat);
        struct span value;
        if (i > 0 && span_cmp(l->v[i - 1].seat, alt->seat) >= 0)
            return act_refuse(c, V_MALFORMED, "holder.alternates: seats must ascend, none twice");
        if (alt->from_ms >= alt->until_ms)
            return act_refuse(c, V_MALFORMED, "holder.alternates: %.*s would begin at %s and end before that",
                              SPAN_FMT(alt->seat), time_utc(alt->from_ms).s);
        if (HAS(alt, alternate_key_types) && !state_list_ascends(&alt->types))
            return act_refuse(c, V_MALFORMED, "holder.alternates: types must ascend, none twice");
        if (!span_eq(state_seat_org(alt->seat), state_seat_org(seat)))
            return act_refuse(c, V_NOT_PERMITTED, "%.*s is of another organisation than %.*s",
                              SPAN_FMT(alt->seat), SPAN_FMT(seat));
        if (span_eq(alt->seat, seat) || is_registrar(alt->seat))
            return act_refuse(c, V_NOT_PERMITTED, "%.*s cannot be the alternate of %.*s", SPAN_FMT(alt->seat),
                              SPAN_FMT(seat));
        enum status st = view_get(&c->v, TABLE_SEAT, tkey_span(&k), &value);
        if (st == ST_NOTFOUND)
            return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no seat %.*s", SPAN_FMT(alt->seat));
        if (st != ST_OK)
            return err_set(err, st, "the seats cannot be read");
    }
    return ST_OK;
}

/* The proposal that ballots are about: the current revision, or what the mediator recommends. */
static enum status proposal_of(const struct view *v, struct arena *a, const struct matter *m,
                               struct proposal *ret, struct err *err)
{
    struct state_revision rev;
    struct tkey k = tkey_revision(m->d.number, m->d.revision);
    if (m->recommended != NULL) {
        *ret = m->recommended->input.settled;
        return ST_OK;
    }
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    *ret = rev.proposal;
    return ST_OK;
}

static bool covers(const struct alternate *alt, struct span type, const struct proposal *p, uint64_t now_ms)
{
    if (now_ms < alt->from_ms || now_ms >= alt->until_ms)
        return false;
    if (HAS(alt, alternate_key_types) && !state_list_has(&alt->types, type))
        return false;
    if (!HAS(alt, alternate_key_most) || !HAS(p, proposal_key_amount))
        return true;
    return span_eq(p->amount.currency, alt->most.currency) && p->amount.minor <= alt->most.minor;
}

enum status stand_in_covering(const struct view *v, struct arena *a, const struct matter *m, struct span seat,
                              uint64_t now_ms, struct span_list *ret_seats, struct err *err)
{
    struct state_seat s;
    struct proposal p;
    struct span_list l = {0};
    TRY(seat_get(v, a, seat, &s, err));
    if (HAS(&s, state_seat_key_alternates)) {
        TRY(proposal_of(v, a, m, &p, err));
        l.v = arena_array(a, s.alternates.n + 1, sizeof *l.v);
        if (l.v == NULL)
            return err_set(err, ST_LIMIT, "out of room for alternates");
        for (size_t i = 0; i < s.alternates.n; i++) {
            if (covers(&s.alternates.v[i], m->d.type, &p, now_ms))
                l.v[l.n++] = s.alternates.v[i].seat;
        }
    }
    *ret_seats = l;
    return ST_OK;
}

enum status stand_in_may(struct act *c, const struct matter *m, const struct tally *t, struct span principal,
                         struct err *err)
{
    struct span seat = c->e->entry->seat;
    struct span_list alternates;
    if (!span_eq(state_seat_org(seat), state_seat_org(principal)) || span_eq(seat, principal))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s does not ballot for %.*s: name another seat of %.*s",
                          SPAN_FMT(seat), SPAN_FMT(principal), SPAN_FMT(state_seat_org(seat)));
    if (tally_recused(t, seat) != NULL)
        return act_refuse(c, V_NOT_PERMITTED, "%.*s has recused itself from D-%" PRIu64, SPAN_FMT(seat),
                          m->d.number);
    TRY(stand_in_covering(&c->v, c->g->arena, m, principal, c->g->time_ms, &alternates, err));
    bool alternate = state_list_has(&alternates, seat);
    const struct state_recused *gone = tally_recused(t, principal);
    if (gone != NULL) {
        bool asked = state_list_has(&gone->asked, seat);
        if (asked && (alternate || span_eqs(state_seat_name(seat), "sponsor")))
            return ST_OK;
        if (gone->asked.n == 0)
            return act_refuse(c, V_NOT_PERMITTED,
                              "%.*s has recused itself, and nobody is asked in its stead", SPAN_FMT(principal));
        return act_refuse(c, V_NOT_PERMITTED, "%.*s has recused itself; asked in its stead is %.*s%s",
                          SPAN_FMT(principal), SPAN_FMT(gone->asked.v[0]),
                          asked ? ", but not at this time or for this amount" : "");
    }
    if (!alternate)
        return act_refuse(c, V_NOT_PERMITTED,
                          "%.*s is no alternate of %.*s for this type, amount and time; %.*s/registrar sets them",
                          SPAN_FMT(seat), SPAN_FMT(principal), SPAN_FMT(state_seat_org(seat)));
    const struct state_ballot *own = tally_ballot_of(t, principal);
    if (own != NULL && !HAS(own, state_ballot_key_by))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s has cast its own ballot; an alternate does not replace it",
                          SPAN_FMT(principal));
    return ST_OK;
}

/* --- Recusal --- */

static bool stands_in(const struct tally *t, struct span seat)
{
    for (size_t i = 0; i < t->n_recused; i++) {
        if (span_eq(state_seat_org(t->recused[i].seat), state_seat_org(seat)) &&
            state_list_has(&t->recused[i].recused.asked, seat))
            return true;
    }
    return false;
}

enum status stand_in_may_recuse(struct act *c, const struct matter *m, const struct tally *t,
                                const struct pinned_term_list *terms)
{
    struct span seat = c->e->entry->seat;
    const struct state_recused *own = tally_recused(t, seat);
    if (own != NULL)
        return act_refuse(c, V_NOT_NOW, "%.*s recused itself from D-%" PRIu64 " already, at %s", SPAN_FMT(seat),
                          m->d.number, time_utc(own->at_ms).s);
    if (is_registrar(seat) || !(tally_seat_asked(terms, &m->d, seat) || stands_in(t, seat)))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is not asked on D-%" PRIu64 ", so it need not recuse itself",
                          SPAN_FMT(seat), m->d.number);
    return ST_OK;
}

/* ORG/sponsor, unless it is the seat, not there, or has recused itself; gone: one that just has. */
static enum status add_sponsor(struct act *c, const struct tally *t, struct span seat, struct span gone,
                               struct span_list *l, struct err *err)
{
    struct span sponsor, value;
    TRY(sponsor_of(c->g->arena, state_seat_org(seat), &sponsor, err));
    struct tkey k = tkey_text(sponsor);
    if (span_eq(sponsor, seat) || span_eq(sponsor, gone) || tally_recused(t, sponsor) != NULL)
        return ST_OK;
    enum status st = view_get(&c->v, TABLE_SEAT, tkey_span(&k), &value);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : err_set(err, st, "the seats cannot be read");
    l->v[l->n++] = sponsor;
    return ST_OK;
}

static enum status put_recused(struct act *c, uint64_t number, struct span seat, const struct state_recused *r,
                               struct err *err)
{
    struct tkey k = tkey_recused(number, seat);
    return state_put(c->g, TABLE_RECUSED, &k, &state_recused_desc, r, err);
}

/* The alternates that have not recused themselves; else the sponsor; else none. */
static enum status own_stand_ins(struct act *c, const struct matter *m, const struct tally *t,
                                 struct span_list *ret, struct err *err)
{
    struct span seat = c->e->entry->seat;
    struct span_list all, l = {0, arena_array(c->g->arena, 8, sizeof(struct span))};
    if (l.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for alternates");
    TRY(stand_in_covering(&c->v, c->g->arena, m, seat, c->g->time_ms, &all, err));
    for (size_t i = 0; i < all.n; i++) {
        if (tally_recused(t, all.v[i]) == NULL)
            l.v[l.n++] = all.v[i];
    }
    if (l.n == 0)
        TRY(add_sponsor(c, t, seat, seat, &l, err));
    *ret = l;
    return ST_OK;
}

/* It stands in for nobody any more; where it was the last one, the sponsor is asked. */
static enum status out_of_others(struct act *c, const struct matter *m, const struct tally *t, struct err *err)
{
    struct span seat = c->e->entry->seat;
    for (size_t i = 0; i < t->n_recused; i++) {
        struct state_recused r = t->recused[i].recused;
        struct span_list l = {0, arena_array(c->g->arena, 8, sizeof(struct span))};
        if (!span_eq(state_seat_org(t->recused[i].seat), state_seat_org(seat)) ||
            !state_list_has(&r.asked, seat))
            continue;
        if (l.v == NULL)
            return err_set(err, ST_LIMIT, "out of room for alternates");
        for (size_t k = 0; k < r.asked.n; k++) {
            if (!span_eq(r.asked.v[k], seat))
                l.v[l.n++] = r.asked.v[k];
        }
        if (l.n == 0 && !span_eqs(state_seat_name(seat), "sponsor"))
            TRY(add_sponsor(c, t, t->recused[i].seat, seat, &l, err));
        r.asked = l;
        TRY(put_recused(c, m->d.number, t->recused[i].seat, &r, err));
    }
    return ST_OK;
}

enum status stand_in_recuse(struct act *c, const struct ballot *r, const struct matter *m,
                            const struct tally *t, struct err *err)
{
    struct span seat = c->e->entry->seat;
    struct state_recused own = {.id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms};
    if (HAS(r, ballot_key_reason)) {
        own.reason = r->reason;
        SET_HAS(&own, state_recused_key_reason);
    }
    TRY(own_stand_ins(c, m, t, &own.asked, err));
    TRY(put_recused(c, m->d.number, seat, &own, err));
    TRY(out_of_others(c, m, t, err));
    for (size_t i = 0; i < t->n_ballots; i++) {
        const struct tally_ballot *b = &t->ballots[i];
        struct tkey k = tkey_ballot(m->d.number, m->d.revision, m->d.rung, b->seat);
        if (HAS(&b->ballot, state_ballot_key_by) && span_eq(b->ballot.by, seat))
            overlay_del(c->g->state, TABLE_BALLOT, tkey_span(&k));
    }
    return ST_OK;
}
