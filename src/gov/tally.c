#include "gov/tally.h"
#include "gov/party.h"

enum status matter_load(const struct view *v, struct arena *a, uint64_t number, struct matter *ret_matter,
                        struct err *err)
{
    struct matter m;
    struct tkey k = tkey_u64(number);
    TRY(state_get(v, a, TABLE_DECISION, &k, &state_decision_desc, &m.d, err));
    TRY(state_need(v, a, TABLE_PINNED, &k, &state_pinned_desc, &m.p, err));
    m.recommended = NULL;
    if (m.d.phase == PHASE_MEDIATION) {
        struct tkey in = tkey_input(number, m.d.revision, INPUT_RECOMMENDATION);
        struct state_input *rec = arena_alloc(a, sizeof *rec);
        if (rec == NULL)
            return err_set(err, ST_LIMIT, "out of room for a recommendation");
        enum status st = state_get(v, a, TABLE_INPUT, &in, &state_input_desc, rec, err);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        m.recommended = st == ST_OK ? rec : NULL;
    }
    *ret_matter = m;
    return ST_OK;
}

static const struct pinned_term_list *row_terms(const struct matter *m)
{
    return m->d.level == 0 ? &m->p.terms : &m->p.raises.v[m->d.level - 1].terms;
}

/* Is the partner asked? d->affected has those the proposal names and those that came in by a ballot. */
bool tally_asks(const struct pinned_term *t, const struct state_decision *d, struct span org)
{
    if (!d->joint)
        return span_eq(org, state_seat_org(d->mover));
    switch (t->who) {
    case WHO_PARTNER:
        return true;
    case WHO_OTHER:
        return !HAS(d, state_decision_key_partner) || !span_eq(org, d->partner);
    case WHO_AFFECTED:
        return state_list_has(&d->affected, org);
    case WHO_OWN:
        return span_eq(org, state_seat_org(d->mover));
    }
    return false;
}

static bool names_partner(const struct pinned_term *t, struct span org)
{
    for (size_t i = 0; i < t->partners.n; i++) {
        if (span_eq(t->partners.v[i].org, org))
            return true;
    }
    return false;
}

/* Rule 13: the same partners, one seat each of the rung's body. Of the row's approvals the widest names them.
 */
static enum status rung_term(const struct matter *m, const struct pinned_rung *rung, struct arena *a,
                             struct pinned_term_list *ret, struct err *err)
{
    static const enum who widest[] = {WHO_PARTNER, WHO_AFFECTED, WHO_OTHER, WHO_OWN};
    const struct pinned_term_list *row = row_terms(m);
    struct pinned_term *t = arena_alloc(a, sizeof *t);
    struct pinned_partner *v = arena_array(a, rung->partners.n, sizeof *v);
    if (t == NULL || v == NULL)
        return err_set(err, ST_LIMIT, "out of room for a rung");
    *t = (struct pinned_term){.count = 1, .of = rung->to, .body = rung->body, .partners = {0, v}};
    for (size_t w = ARRAY_LEN(widest); w-- > 0;) {
        for (size_t i = 0; i < row->n; i++) {
            if (row->v[i].who == widest[w])
                t->who = widest[w];
        }
    }
    for (size_t i = 0; i < rung->partners.n; i++) {
        bool same = false;
        for (size_t j = 0; j < row->n; j++)
            same |= names_partner(&row->v[j], rung->partners.v[i].org);
        if (same)
            v[t->partners.n++] = rung->partners.v[i];
    }
    *ret = (struct pinned_term_list){1, t};
    return ST_OK;
}

uint64_t tally_last_ballots(const struct matter *m, uint64_t rung)
{
    while (rung > 0 && HAS(&m->p.rungs.v[rung - 1], pinned_rung_key_mediator))
        rung--;
    return rung;
}

enum status tally_terms(const struct matter *m, uint64_t rung, struct arena *a,
                        struct pinned_term_list *ret_terms, struct err *err)
{
    if (rung == 0) {
        *ret_terms = *row_terms(m);
        return ST_OK;
    }
    ASSERT(rung <= m->p.rungs.n);
    const struct pinned_rung *r = &m->p.rungs.v[rung - 1];
    if (!HAS(r, pinned_rung_key_mediator))
        return rung_term(m, r, a, ret_terms, err);
    if (m->recommended != NULL) { /* GOV-54 */
        uint64_t below = tally_last_ballots(m, rung);
        if (below == 0)
            *ret_terms = *row_terms(m);
        else
            TRY(rung_term(m, &m->p.rungs.v[below - 1], a, ret_terms, err));
        return ST_OK;
    }
    *ret_terms = (struct pinned_term_list){0};
    return ST_OK;
}

/* Ballots of the tally, ascending by seat as their keys are. */
static enum status ballots(const struct view *v, struct arena *a, const struct state_decision *d,
                           uint64_t rung, struct tally *t, struct err *err)
{
    struct tkey prefix = tkey_tally(d->number, d->revision, rung);
    struct tkey from = prefix;
    size_t cap = 0;
    for (;;) {
        struct span key, value;
        enum status st = view_next(v, TABLE_BALLOT, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, tkey_span(&prefix))))
            return ST_OK;
        if (st != ST_OK)
            return st;
        if (t->n_ballots == cap) {
            cap = cap == 0 ? 16 : cap * 2;
            struct tally_ballot *more = arena_array(a, cap, sizeof *more);
            if (more == NULL)
                return err_set(err, ST_LIMIT, "out of room for ballots");
            if (t->n_ballots != 0)
                memcpy(more, t->ballots, t->n_ballots * sizeof *more);
            t->ballots = more;
        }
        struct tally_ballot *b = &t->ballots[t->n_ballots++];
        b->seat = span_of(key.p + TKEY_TALLY_LEN, key.n - TKEY_TALLY_LEN);
        TRY(codec_decode(&state_ballot_desc, value, a, &b->ballot, err));
        from = tkey_text(key);
        from.b[from.n++] = 0; /* the next key after this one */
    }
}

/* Recusals of the decision: RECUSED under its number, ascending by seat as their keys are. */
static enum status recusals(const struct view *v, struct arena *a, uint64_t number, struct tally *t,
                            struct err *err)
{
    struct tkey prefix = tkey_u64(number);
    struct tkey from = prefix;
    size_t cap = 0;
    for (;;) {
        struct span key, value;
        enum status st = view_next(v, TABLE_RECUSED, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, tkey_span(&prefix))))
            return ST_OK;
        if (st != ST_OK)
            return st;
        if (t->n_recused == cap) {
            cap = cap == 0 ? 4 : cap * 2;
            struct tally_recused *more = arena_array(a, cap, sizeof *more);
            if (more == NULL)
                return err_set(err, ST_LIMIT, "out of room for recusals");
            if (t->n_recused != 0)
                memcpy(more, t->recused, t->n_recused * sizeof *more);
            t->recused = more;
        }
        struct tally_recused *r = &t->recused[t->n_recused++];
        r->seat = span_of(key.p + prefix.n, key.n - prefix.n);
        TRY(codec_decode(&state_recused_desc, value, a, &r->recused, err));
        from = tkey_after(key);
    }
}

const struct state_recused *tally_recused(const struct tally *t, struct span seat)
{
    for (size_t i = 0; i < t->n_recused; i++) {
        if (span_eq(t->recused[i].seat, seat))
            return &t->recused[i].recused;
    }
    return NULL;
}

const struct state_ballot *tally_ballot_of(const struct tally *t, struct span seat)
{
    size_t lo = 0, hi = t->n_ballots;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = span_cmp(t->ballots[mid].seat, seat);
        if (c == 0)
            return &t->ballots[mid].ballot;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static enum status seat_empty(const struct view *v, struct arena *a, struct span seat, bool *ret_empty,
                              struct err *err)
{
    struct tkey k = tkey_text(seat);
    struct state_seat s = {0};
    enum status st = state_get(v, a, TABLE_SEAT, &k, &state_seat_desc, &s, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret_empty = s.keys.n == 0;
    return ST_OK;
}

/* GOV-11 (rules 6 and 10). A seat that has spoken counts whoever holds it since. */
static enum position judge(const struct tally_partner *p, bool blocks)
{
    size_t k = p->term->count;
    if (p->approved >= k)
        return POSITION_APPROVES;
    if (p->approved + p->could >= k)
        return POSITION_OWES;
    if (p->rejected > 0)
        return POSITION_REJECTS;
    /* Standing aside takes abstentions: an empty seat lowers nothing. */
    if (p->abstained == 0 || p->approved + p->could + p->empty >= k)
        return POSITION_OWES;
    return blocks ? POSITION_REJECTS : POSITION_ASIDE;
}

/* GOV-49: a seat that has recused itself, and that no stand-in has spoken for. */
static enum status count_recused(const struct view *v, struct arena *a, const struct state_recused *r,
                                 struct tally_partner *p, struct err *err)
{
    bool all_empty = true;
    for (size_t i = 0; i < r->asked.n && all_empty; i++)
        TRY(seat_empty(v, a, r->asked.v[i], &all_empty, err));
    if (r->asked.n == 0)
        p->abstained++;
    else if (all_empty)
        p->empty++;
    else
        p->could++;
    return ST_OK;
}

static enum status count(const struct view *v, struct arena *a, const struct tally *t,
                         struct tally_partner *p, struct err *err)
{
    for (size_t i = 0; i < p->partner->seats.n; i++) {
        struct span seat = p->partner->seats.v[i];
        const struct state_ballot *b = tally_ballot_of(t, seat);
        const struct state_recused *gone = tally_recused(t, seat);
        enum choice c = b == NULL ? CHOICE_RECUSE : b->choice;
        if (gone != NULL && (b == NULL || !HAS(b, state_ballot_key_by))) {
            TRY(count_recused(v, a, gone, p, err));
            continue;
        }
        if (c == CHOICE_APPROVE)
            p->approved++;
        else if (c == CHOICE_REJECT)
            p->rejected++;
        else if (c == CHOICE_ABSTAIN)
            p->abstained++;
        else {
            bool empty;
            TRY(seat_empty(v, a, seat, &empty, err));
            p->empty += empty;
            p->could += !empty;
        }
    }
    return ST_OK;
}

size_t tally_least(const struct pinned_term *t, const struct state_decision *d, size_t asked)
{
    if (!d->joint || t->who == WHO_OWN)
        return 1;
    if (t->who == WHO_OTHER)
        return asked;
    return 2;
}

enum status tally_needs(const struct view *v, struct arena *a, const struct matter *m, size_t i,
                        bool *ret_missing, struct err *err)
{
    const struct charter_need *need = &m->p.needs.v[i];
    struct tkey k = tkey_input(m->d.number, m->d.revision, i);
    struct span value;
    bool left = false;
    enum status st = view_get(v, TABLE_INPUT, tkey_span(&k), &value);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    if (st == ST_NOTFOUND && HAS(need, charter_need_key_seat))
        TRY(party_has_left(v, a, state_seat_org(need->seat), &left, err));
    *ret_missing = st == ST_NOTFOUND && !left;
    return ST_OK;
}

static enum status inputs(const struct view *v, struct arena *a, const struct matter *m, bool *ret,
                          struct err *err)
{
    *ret = true;
    for (size_t i = 0; HAS(&m->p, state_pinned_key_needs) && i < m->p.needs.n; i++) {
        bool missing;
        TRY(tally_needs(v, a, m, i, &missing, err));
        *ret &= !missing;
    }
    return ST_OK;
}

enum status tally_take(const struct view *v, struct arena *a, const struct matter *m, uint64_t rung,
                       struct tally *ret_tally, struct err *err)
{
    struct tally t = {0};
    struct pinned_term_list terms;
    TRY(tally_terms(m, rung, a, &terms, err));
    TRY(ballots(v, a, &m->d, rung, &t, err));
    TRY(recusals(v, a, m->d.number, &t, err));
    size_t most = 0;
    for (size_t i = 0; i < terms.n; i++)
        most += terms.v[i].partners.n;
    t.v = arena_array(a, most, sizeof *t.v);
    if (t.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for a tally");
    t.met = t.terms_asked = terms.n > 0;
    for (size_t i = 0; i < terms.n; i++) {
        const struct pinned_term *term = &terms.v[i];
        size_t asked = 0, approve = 0;
        for (size_t j = 0; j < term->partners.n; j++) {
            struct tally_partner p = {.term = term, .partner = &term->partners.v[j]};
            if (!tally_asks(term, &m->d, p.partner->org))
                continue;
            TRY(count(v, a, &t, &p, err));
            p.position = judge(&p, m->p.abstain == ABSTAIN_BLOCKS);
            t.owes |= p.position == POSITION_OWES;
            t.rejects |= p.position == POSITION_REJECTS;
            approve += p.position == POSITION_APPROVES;
            asked++;
            t.v[t.n++] = p;
        }
        t.terms_asked &= asked > 0;
        if (asked == 0 || approve < tally_least(term, &m->d, asked))
            t.met = false;
    }
    if (t.owes || t.rejects)
        t.met = false;
    TRY(inputs(v, a, m, &t.inputs, err));
    t.passes = t.met && t.inputs;
    *ret_tally = t;
    return ST_OK;
}

bool tally_seat_asked(const struct pinned_term_list *terms, const struct state_decision *d, struct span seat)
{
    struct span org = state_seat_org(seat);
    for (size_t i = 0; i < terms->n; i++) {
        const struct pinned_term *t = &terms->v[i];
        if (!tally_asks(t, d, org) && !(t->who == WHO_AFFECTED && d->joint))
            continue;
        for (size_t j = 0; j < t->partners.n; j++) {
            if (span_eq(t->partners.v[j].org, org) && state_list_has(&t->partners.v[j].seats, seat))
                return true;
        }
    }
    return false;
}

bool tally_met_if_owing_approve(const struct tally *t, const struct state_decision *d)
{
    if (t->rejects)
        return false;
    for (size_t i = 0; i < t->n; i++) {
        size_t asked = 0, approve = 0;
        for (size_t j = 0; j < t->n; j++) {
            if (t->v[j].term != t->v[i].term)
                continue;
            asked++;
            approve += t->v[j].position == POSITION_APPROVES || t->v[j].position == POSITION_OWES;
        }
        if (approve < tally_least(t->v[i].term, d, asked))
            return false;
    }
    return t->terms_asked;
}

bool tally_seat_owes(const struct tally *t, struct span seat)
{
    if (tally_ballot_of(t, seat) != NULL)
        return false;
    for (size_t i = 0; i < t->n; i++) {
        if (t->v[i].position == POSITION_OWES && state_list_has(&t->v[i].partner->seats, seat))
            return true;
    }
    return false;
}

bool tally_seat_approved(const struct tally *t, struct span seat)
{
    const struct state_ballot *b = tally_ballot_of(t, seat);
    return b != NULL && b->choice == CHOICE_APPROVE;
}

enum position tally_of_partner(const struct tally *t, struct span org)
{
    /* From best to worst; a partner asked twice has to meet both. */
    static const int rank[] = {
        [POSITION_ASIDE] = 1, [POSITION_APPROVES] = 2, [POSITION_OWES] = 3, [POSITION_REJECTS] = 4};
    enum position worst = POSITION_ASIDE;
    for (size_t i = 0; i < t->n; i++) {
        if (span_eq(t->v[i].partner->org, org) && rank[t->v[i].position] > rank[worst])
            worst = t->v[i].position;
    }
    return worst;
}
