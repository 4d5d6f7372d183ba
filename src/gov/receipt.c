/* Proof of having seen a revision, and deemed consent (GOV-56 to GOV-58). */
#include "gov/receipt.h"
#include "gov/course.h"
#include "gov/party.h"

static enum status revision_leaf(const struct view *v, struct arena *a, const struct state_decision *d,
                                 uint64_t *ret_leaf, struct err *err)
{
    struct state_revision rev;
    struct tkey k = tkey_revision(d->number, d->revision);
    TRY(state_need(v, a, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
    *ret_leaf = rev.leaf;
    return ST_OK;
}

static enum status of_partner(const struct view *v, struct arena *a, struct span org, bool *ret,
                              struct err *err)
{
    struct state_party p;
    enum status st = party_get(v, a, org, &p, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    *ret = st == ST_OK && p.role == ROLE_PARTNER;
    return ST_OK;
}

enum status receipt_of(const struct view *v, struct arena *a, const struct state_decision *d, struct span org,
                       struct state_receipt *ret, struct err *err)
{
    struct tkey k = tkey_receipt(d->number, d->revision, org);
    return state_get(v, a, TABLE_RECEIPT, &k, &state_receipt_desc, ret, err);
}

static enum status put(struct act *c, const struct state_decision *d, struct err *err)
{
    struct state_receipt r = {
        .seat = c->e->entry->seat, .id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms};
    struct tkey k = tkey_receipt(d->number, d->revision, state_seat_org(r.seat));
    return state_put(c->g, TABLE_RECEIPT, &k, &state_receipt_desc, &r, err);
}

enum status receipt_seen(struct act *c, const struct matter *m, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    struct state_receipt r;
    uint64_t leaf;
    bool partner;
    if (!HAS(&m->p, state_pinned_key_silence))
        return ST_OK;
    TRY(of_partner(&c->v, c->g->arena, org, &partner, err));
    enum status st = receipt_of(&c->v, c->g->arena, &m->d, org, &r, err);
    if (st != ST_NOTFOUND || !partner)
        return st == ST_NOTFOUND ? ST_OK : st;
    TRY(revision_leaf(&c->v, c->g->arena, &m->d, &leaf, err));
    return leaf < c->e->entry->basis.size ? put(c, &m->d, err) : ST_OK;
}

enum status receipt_apply(struct act *c, const struct receipt *r, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    struct matter m;
    struct state_receipt old;
    uint64_t leaf;
    bool partner;
    enum status st = matter_load(&c->v, c->g->arena, r->decision.number, &m, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, r->decision.number);
    TRY(st);
    if (!course_is_live(&m.d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s", m.d.number,
                          enum_text(&phase_enum, m.d.phase), time_utc(m.d.closed_ms).s);
    if (!hash_eq(&m.d.digest, &r->decision.digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one seen", m.d.number,
                          m.d.revision);
    TRY(of_partner(&c->v, c->g->arena, org, &partner, err));
    if (!partner)
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is no partner; a receipt is a partner's", SPAN_FMT(org));
    TRY(revision_leaf(&c->v, c->g->arena, &m.d, &leaf, err));
    TRY(act_seen(c, leaf, "the decision"));
    st = receipt_of(&c->v, c->g->arena, &m.d, org, &old, err);
    if (st == ST_OK)
        return act_refuse(c, V_DUPLICATE, "%.*s showed at %s that it had seen this revision", SPAN_FMT(org),
                          time_utc(old.at_ms).s);
    if (st != ST_NOTFOUND)
        return st;
    TRY(put(c, &m.d, err));
    struct state_event ev = {.type = EVENT_RECEIPT, .seat = c->e->entry->seat, .id = c->e->id, .name = org};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_name);
    TRY(state_add_event(c->g, &m.d, &ev, err));
    return state_put_decision(c->g, &m.d, err);
}

/* --- Deemed consent --- */

static bool never_deemed(struct span type)
{
    static const char *const types[] = {"charter-core", "admission", "removal", "exit", "risk-acceptance", "erasure"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (span_eqs(type, types[i]))
            return true;
    }
    return false;
}

void receipt_describe(const struct state_pinned *p, struct state_decision *d)
{
    if (!HAS(p, state_pinned_key_silence) || never_deemed(d->type))
        return;
    d->receipts_until_ms = d->opened_ms + (d->deadline_ms - d->opened_ms) / 2;
    SET_HAS(d, state_decision_key_receipts_until_ms);
}

bool receipt_counts(const struct state_decision *d)
{
    return HAS(d, state_decision_key_receipts_until_ms) && d->phase == PHASE_OPEN && d->rung == 0 &&
           d->level == 0;
}

/* The partners that owe, ascending, none twice. */
static enum status owing(struct arena *a, const struct tally *t, struct span_list *ret, struct err *err)
{
    struct span_list l = {0, arena_array(a, t->n + 1, sizeof(struct span))};
    if (l.v == NULL)
        return err_set(err, ST_LIMIT, "out of room for those that owe");
    for (size_t i = 0; i < t->n; i++) {
        struct span org = t->v[i].partner->org;
        size_t j = l.n;
        if (t->v[i].position != POSITION_OWES || state_list_has(&l, org))
            continue;
        for (; j > 0 && span_cmp(l.v[j - 1], org) > 0; j--)
            l.v[j] = l.v[j - 1];
        l.v[j] = org;
        l.n++;
    }
    *ret = l;
    return ST_OK;
}

/* One real approval, and no rejection. */
static bool spoken_for(const struct tally *t)
{
    bool approved = false;
    for (size_t i = 0; i < t->n_ballots; i++) {
        if (t->ballots[i].ballot.choice == CHOICE_REJECT)
            return false;
        approved |= t->ballots[i].ballot.choice == CHOICE_APPROVE;
    }
    return approved;
}

enum status receipt_deems(const struct view *v, struct arena *a, const struct matter *m,
                          const struct tally *t, bool *ret_deems, struct span_list *ret_deemed,
                          struct err *err)
{
    *ret_deems = false;
    if (!receipt_counts(&m->d) || !t->owes || !t->inputs || !spoken_for(t) ||
        !tally_met_if_owing_approve(t, &m->d))
        return ST_OK;
    TRY(owing(a, t, ret_deemed, err));
    for (size_t i = 0; i < ret_deemed->n; i++) {
        struct state_receipt r;
        enum status st = receipt_of(v, a, &m->d, ret_deemed->v[i], &r, err);
        if (st == ST_NOTFOUND || (st == ST_OK && r.at_ms > m->d.receipts_until_ms))
            return ST_OK;
        TRY(st);
    }
    *ret_deems = true;
    return ST_OK;
}
