/* What becomes of a grant: received, revoked, returned, destroyed, audited (GRT-6 to GRT-10). */
#include "charter/calendar.h"
#include "charter/period.h"
#include "gov/grant.h"
#include "gov/item.h"

static struct grant_mark mark_of(const struct act *c, const struct grant_move *r)
{
    struct grant_mark m = {
        .seat = c->e->entry->seat, .key = c->e->key, .leaf = c->g->leaf, .at_ms = c->g->time_ms};
    if (HAS(r, grant_move_key_text)) {
        m.text = r->text;
        SET_HAS(&m, grant_mark_key_text);
    }
    return m;
}

/* The member that the entry's seat speaks for. */
static enum status member_of(struct act *c, const struct state_grant *s, struct grant_holder **ret, struct err *err)
{
    bool partner;
    struct span seat = c->e->entry->seat;
    TRY(item_partner_seat(&c->v, c->g->arena, seat, &partner, err));
    *ret = grant_member(s, state_seat_org(seat));
    if (!partner || *ret == NULL)
        return act_refuse(c, V_NOT_PERMITTED, "G-%" PRIu64 " is not shared with %.*s", s->number,
                          SPAN_FMT(state_seat_org(seat)));
    return act_seen(c, (*ret)->changed_leaf, "what your partner said of it");
}

/* --- GRT-7 --- */

static enum status receive(struct act *c, const struct grant_move *r, struct state_grant *s, struct err *err)
{
    struct grant_holder *m;
    bool content = HAS(s, state_grant_key_content), given = HAS(r, grant_move_key_content);
    TRY(member_of(c, s, &m, err));
    if (s->standing != GRANT_IN_FORCE)
        return act_refuse(c, V_NOT_NOW, "G-%" PRIu64 " is %s; there is nothing to receive", s->number,
                          enum_text(&grant_standing_enum, s->standing));
    if (m->holding != HOLDING_OFFERED)
        return act_refuse(c, V_NOT_NOW, "%.*s has said so already: %s", SPAN_FMT(m->org),
                          enum_text(&holding_enum, m->holding));
    if (content && !given)
        return act_refuse(c, V_INCOMPLETE, "G-%" PRIu64 " has a content: say which arrived, by its SHA-256", s->number);
    if (!content && given)
        return act_refuse(c, V_MALFORMED, "G-%" PRIu64 " is a standing flow; it has no content to compare with", s->number);
    if (content && !hash_eq(&r->content, &s->content))
        return act_refuse(c, V_NOT_COMMITTED, "what arrived is not what G-%" PRIu64 " shares; do not use it, ask %.*s",
                          s->number, SPAN_FMT(grant_org(s)));
    m->holding = HOLDING_RECEIVED;
    m->received = mark_of(c, r);
    SET_HAS(m, grant_holder_key_received);
    m->changed_leaf = c->g->leaf;
    return grant_commit(c->g, s, err);
}

/* --- GRT-8 --- */

/* Grants to be looked at because one that they are derived from was revoked; ascending, none twice. */
struct fall {
    struct fallen {
        uint64_t number, because;
    } * v;
    size_t n, cap;
};

static enum status fall_add(struct fall *f, struct arena *a, uint64_t number, uint64_t because, struct err *err)
{
    size_t at = f->n;
    while (at > 0 && f->v[at - 1].number >= number)
        at--;
    if (at < f->n && f->v[at].number == number)
        return ST_OK;
    if (f->n == f->cap) {
        size_t cap = f->cap == 0 ? GRANT_DERIVED_MAX : 2 * f->cap;
        struct fallen *v = arena_array(a, cap, sizeof *v);
        if (v == NULL)
            return err_set(err, ST_LIMIT, "out of room for grants that end with another");
        if (f->n > 0)
            memcpy(v, f->v, f->n * sizeof *v);
        f->v = v;
        f->cap = cap;
    }
    memmove(f->v + at + 1, f->v + at, (f->n - at) * sizeof *f->v);
    f->v[at] = (struct fallen){number, because};
    f->n++;
    return ST_OK;
}

static enum status fall_from(struct gov *g, struct fall *f, uint64_t number, struct err *err)
{
    struct tkey first = tkey_u64(number), from = first;
    struct view v = overlay_view(g->state);
    for (;;) {
        struct span key, value;
        enum status st = view_next(&v, TABLE_GRANT_DERIVED, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, tkey_span(&first))))
            return ST_OK;
        TRY(st);
        from = tkey_after(key);
        TRY(fall_add(f, g->arena, load_u64(key.p + 8), number, err));
    }
}

/* One of them: revoked too, or, with a consent of its own, doubted. */
static enum status fall_one(struct gov *g, struct fall *f, const struct fallen *of, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_grant s;
    TRY(grant_get(&v, g->arena, of->number, &s, err));
    if (s.standing != GRANT_IN_FORCE || (HAS(&s, state_grant_key_consent) && HAS(&s, state_grant_key_doubted_by)))
        return ST_OK;
    grant_begin(g, &s);
    if (HAS(&s, state_grant_key_consent)) {
        s.doubted_by = of->because;
        s.doubted_ms = g->time_ms;
        SET_HAS(&s, state_grant_key_doubted_by);
        SET_HAS(&s, state_grant_key_doubted_ms);
        return grant_commit(g, &s, err);
    }
    grant_over(g, &s, GRANT_REVOKED);
    s.because = of->because;
    SET_HAS(&s, state_grant_key_because);
    s.changed_leaf = g->leaf;
    TRY(grant_commit(g, &s, err));
    return fall_from(g, f, of->number, err);
}

static enum status revoke(struct act *c, const struct grant_move *r, struct state_grant *s, struct err *err)
{
    struct grant_terms t;
    struct gov *g = c->g;
    struct fall f = {0};
    struct span seat = c->e->entry->seat, org = grant_org(s);
    TRY(grant_terms_load(&c->v, g->arena, &t, err));
    if (!span_eq(state_seat_org(seat), org) || !grant_may_grant(&t, seat)) {
        const char *who = grant_granters(&t, g->arena, org);
        return act_refuse(c, V_NOT_PERMITTED, "G-%" PRIu64 " is shared by %.*s; %s revokes it", s->number, SPAN_FMT(org),
                          who == NULL ? "a seat of it" : who);
    }
    if (s->standing != GRANT_IN_FORCE)
        return act_refuse(c, V_NOT_NOW, "G-%" PRIu64 " is %s; there is nothing to revoke", s->number,
                          enum_text(&grant_standing_enum, s->standing));
    if (!HAS(r, grant_move_key_text))
        return act_refuse(c, V_REASON_NEEDED, "to revoke a grant, say why");
    grant_begin(g, s);
    grant_over(g, s, GRANT_REVOKED);
    s->revoked = mark_of(c, r);
    SET_HAS(s, state_grant_key_revoked);
    s->changed_leaf = g->leaf;
    TRY(grant_commit(g, s, err));
    TRY(fall_from(g, &f, s->number, err));
    for (size_t i = 0; i < f.n; i++) {
        struct fallen one = f.v[i]; /* the list grows behind it: what is derived has the higher number */
        TRY(fall_one(g, &f, &one, err));
    }
    return ST_OK;
}

/* --- GRT-9 --- */

static enum status give_back(struct act *c, const struct grant_move *r, struct state_grant *s, struct err *err)
{
    struct grant_holder *m;
    TRY(member_of(c, s, &m, err));
    if (!grant_has(m))
        return act_refuse(c, V_NOT_NOW, "%.*s has nothing of G-%" PRIu64 " any more: %s", SPAN_FMT(m->org), s->number,
                          enum_text(&holding_enum, m->holding));
    grant_begin(c->g, s);
    m->holding = r->act == GRANT_ACT_RETURN ? HOLDING_RETURNED : HOLDING_DESTROYED;
    m->settled = mark_of(c, r);
    SET_HAS(m, grant_holder_key_settled);
    if (HAS(r, grant_move_key_documents)) {
        m->documents = r->documents;
        SET_HAS(m, grant_holder_key_documents);
    }
    m->changed_leaf = c->g->leaf;
    grant_settle(c->g, s);
    return grant_commit(c->g, s, err);
}

/* --- GRT-10 --- */

static bool names(const struct charter_partners *p, struct span org)
{
    return !HAS(p, charter_partners_key_org) || span_eq(p->org, org);
}

struct audits {
    uint64_t day; /* of now */
    uint64_t n;   /* in the period of this day */
    bool has;     /* the request, on whatever day */
};

/* What one partner asked of another. */
static enum status count_audits(struct act *c, const struct charter *charter, enum period_unit per, struct span by,
                                struct span of, uint64_t request, struct audits *ret, struct err *err)
{
    struct charter_period unit = {.n = 1, .unit = per};
    struct span calendar = charter->decisions->calendar;
    struct period p = {0};
    *ret = (struct audits){0};
    enum status st = calendar_day(charter->calendars, calendar, c->g->time_ms, &ret->day);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no day on calendar %.*s: %s", SPAN_FMT(calendar), status_text(st));
    if (period_of(&unit, ret->day, &p) != ST_OK)
        p = (struct period){0};
    struct tkey first = tkey_audits(by, of, 0), from = first;
    size_t pair = first.n - 4; /* without the day */
    for (;;) {
        struct span key, value;
        st = view_next(&c->v, TABLE_AUDIT, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, span_of(first.b, pair))))
            return ST_OK;
        TRY(st);
        from = tkey_after(key);
        uint64_t day = load_u32(key.p + pair);
        ret->n += day >= p.from && day < p.until;
        ret->has = ret->has || load_u64(key.p + pair + 4) == request;
    }
}

/* Is the item what the charter's audit right lets this partner ask? */
static enum status request_sound(struct act *c, const struct charter_audit_right *right, const struct state_grant *s,
                                 const struct state_item *it, struct err *err)
{
    uint64_t least;
    struct span by = grant_org(s), of = state_seat_org(it->item.owner);
    struct item_id id = item_id(ITEM_REQUEST, it->number);
    if (!HAS(it, state_item_key_opened_by) || !span_eq(state_seat_org(it->opened_by), by))
        return act_refuse(c, V_NOT_PERMITTED, "%s was not made by %.*s; an audit is asked for by who shares", id.s,
                          SPAN_FMT(by));
    const struct grant_holder *m = grant_member(s, of);
    if (m == NULL || m->holding == HOLDING_LEFT || !names(&right->of, of))
        return act_refuse(c, V_NOT_PERMITTED, "%s asks %.*s, which sharing.audit-right lets nobody ask about G-%" PRIu64, id.s,
                          SPAN_FMT(of), s->number);
    if (it->phase == ITEM_CLOSED)
        return act_refuse(c, V_NOT_NOW, "%s is closed", id.s);
    enum status st = item_span_end(&c->v, c->g->arena, it->opened_ms, &right->answer, &least, err);
    if (st != ST_RANGE)
        TRY(st);
    if (st == ST_RANGE || it->due_ms < least)
        return act_refuse(c, V_NOT_PERMITTED, "%s is due before the time to answer that sharing.audit-right gives is over", id.s);
    return ST_OK;
}

static enum status add_request(struct gov *g, struct state_grant *s, uint64_t request, struct err *err)
{
    uint64_t *v = arena_array(g->arena, s->requests.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the requests about a grant");
    if (s->requests.n > 0)
        memcpy(v, s->requests.v, s->requests.n * sizeof *v);
    v[s->requests.n] = request;
    s->requests = (struct uint_list){s->requests.n + 1, v};
    return grant_commit(g, s, err);
}

static enum status audit(struct act *c, const struct grant_move *r, struct state_grant *s, struct err *err)
{
    struct grant_terms t;
    struct state_item it;
    struct item_ref ref = {.type = ITEM_REQUEST, .number = r->request};
    struct gov *g = c->g;
    struct span by = grant_org(s), of;
    struct audits audits;
    if (!HAS(r, grant_move_key_request))
        return act_refuse(c, V_INCOMPLETE, "an audit names the request that asks for it");
    if (!span_eq(state_seat_org(c->e->entry->seat), by))
        return act_refuse(c, V_NOT_PERMITTED, "G-%" PRIu64 " is shared by %.*s; nobody else audits it", s->number,
                          SPAN_FMT(by));
    TRY(grant_terms_load(&c->v, g->arena, &t, err));
    if (t.sharing == NULL || !HAS(t.sharing, charter_sharing_key_audit_right) || !names(&t.sharing->audit_right.by, by))
        return act_refuse(c, V_NOT_PERMITTED, "the charter gives %.*s no right to audit (sharing.audit-right)", SPAN_FMT(by));
    const struct charter_audit_right *right = &t.sharing->audit_right;
    enum status st = item_get(&c->v, g->arena, &ref, &it, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no request %s", item_id(ITEM_REQUEST, r->request).s);
    TRY(st);
    TRY(request_sound(c, right, s, &it, err));
    of = state_seat_org(it.item.owner);
    for (size_t i = 0; i < s->requests.n; i++)
        if (s->requests.v[i] == r->request)
            return act_refuse(c, V_DUPLICATE, "%s is about G-%" PRIu64 " already", item_id(ITEM_REQUEST, r->request).s,
                              s->number);
    if (s->requests.n == GRANT_REQUESTS_MAX)
        return act_refuse(c, V_TOO_MANY, "%d requests are about G-%" PRIu64 " already", GRANT_REQUESTS_MAX, s->number);
    TRY(count_audits(c, &t.rights.charter, right->at_most.per, by, of, r->request, &audits, err));
    if (!audits.has && audits.n >= right->at_most.n)
        return act_refuse(c, V_TOO_MANY, "sharing.audit-right: %.*s audited %.*s %" PRIu64 " times in this %s already",
                          SPAN_FMT(by), SPAN_FMT(of), right->at_most.n,
                          enum_text(&period_unit_enum, right->at_most.per));
    if (!audits.has) {
        struct tkey k = tkey_audit(by, of, audits.day, r->request);
        overlay_put(g->state, TABLE_AUDIT, tkey_span(&k), span_of("", 0));
    }
    return add_request(g, s, r->request, err);
}

/* --- GRT-6 --- */

static enum status shape(struct act *c, const struct grant_move *r)
{
    bool back = r->act == GRANT_ACT_RETURN || r->act == GRANT_ACT_DESTROY;
    const char *act = enum_text(&grant_act_enum, r->act);
    if (HAS(r, grant_move_key_content) && r->act != GRANT_ACT_RECEIVE)
        return act_refuse(c, V_MALFORMED, "a content is for what is received; this is to %s", act);
    if (HAS(r, grant_move_key_documents) && !back)
        return act_refuse(c, V_MALFORMED, "documents are for what is returned or destroyed; this is to %s", act);
    if (HAS(r, grant_move_key_request) && r->act != GRANT_ACT_AUDIT)
        return act_refuse(c, V_MALFORMED, "a request is for an audit; this is to %s", act);
    return ST_OK;
}

enum status grant_apply_move(struct act *c, const struct grant_move *r, struct err *err)
{
    struct state_grant s;
    enum status st = grant_get(&c->v, c->g->arena, r->grant.number, &s, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no grant G-%" PRIu64 "; see: entente share list", r->grant.number);
    TRY(st);
    if (!hash_eq(&r->grant.digest, &s.id))
        return act_refuse(c, V_WRONG_REVISION, "G-%" PRIu64 " is another grant than the one read; look again", s.number);
    TRY(act_seen(c, s.changed_leaf, "the grant"));
    TRY(shape(c, r));
    switch (r->act) {
    case GRANT_ACT_RECEIVE:
        return receive(c, r, &s, err);
    case GRANT_ACT_REVOKE:
        return revoke(c, r, &s, err);
    case GRANT_ACT_RETURN:
    case GRANT_ACT_DESTROY:
        return give_back(c, r, &s, err);
    case GRANT_ACT_AUDIT:
        return audit(c, r, &s, err);
    }
    return err_set(err, ST_CORRUPT, "an act of an unknown kind %d", (int)r->act);
}
