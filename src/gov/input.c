/* What a decision needs before it can pass is given (GOV-28). */
#include "gov/act.h"
#include "gov/course.h"
#include "gov/receipt.h"

static enum status in_time(struct act *c, const struct matter *m, const struct ref *ref)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!course_is_live(&m->d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s);
    if (m->d.phase != PHASE_OPEN)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s; inputs are given while it is open", m->d.number,
                          enum_text(&phase_enum, m->d.phase));
    if (!hash_eq(&m->d.digest, &ref->digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    return ST_OK;
}

static bool same(const struct charter_need *x, const struct charter_need *y)
{
    bool seat = HAS(x, charter_need_key_seat);
    return x->type == y->type && seat == HAS(y, charter_need_key_seat) &&
           (!seat || span_eq(x->seat, y->seat));
}

static enum status may_give(struct act *c, const struct decision_input *r, const struct matter *m)
{
    struct span seat = c->e->entry->seat;
    if (!HAS(r, decision_input_key_text) && !HAS(r, decision_input_key_documents))
        return act_refuse(c, V_INCOMPLETE, "an input says something, or gives the digest of a document");
    if (r->need.type == INPUT_CONSULT) {
        if (span_eq(seat, r->need.seat))
            return ST_OK;
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is consulted here, not %.*s", SPAN_FMT(r->need.seat),
                          SPAN_FMT(seat));
    }
    if (state_list_has(&m->p.owners, seat))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED, "an owner of %.*s gives its %s, not %.*s", SPAN_FMT(m->d.type),
                      enum_text(&input_type_enum, r->need.type), SPAN_FMT(seat));
}

enum status input_apply(struct act *c, const struct decision_input *r, struct err *err)
{
    struct matter m;
    enum status st = matter_load(&c->v, c->g->arena, r->decision.number, &m, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, r->decision.number);
    if (st != ST_OK)
        return st;
    if (HAS(r, decision_input_key_settled))
        return mediate_apply(c, r, &m, err);
    if (!HAS(r, decision_input_key_need))
        return act_refuse(c, V_MALFORMED, "an input says which need it is for, or it is a recommendation");
    TRY(in_time(c, &m, &r->decision));
    size_t need = 0, n = HAS(&m.p, state_pinned_key_needs) ? m.p.needs.n : 0;
    while (need < n && !same(&m.p.needs.v[need], &r->need))
        need++;
    if (need == n)
        return act_refuse(c, V_NO_SUCH_OBJECT,
                          "D-%" PRIu64 " does not need that; `entente readiness` says what it needs",
                          m.d.number);
    TRY(may_give(c, r, &m));
    struct state_input in = {
        .seat = c->e->entry->seat, .id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms, .input = *r};
    TRY(receipt_seen(c, &m, err));
    struct tkey k = tkey_input(m.d.number, m.d.revision, need);
    TRY(state_put(c->g, TABLE_INPUT, &k, &state_input_desc, &in, err));
    struct state_event ev = {.type = EVENT_INPUT, .seat = c->e->entry->seat, .id = c->e->id};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    if (HAS(r, decision_input_key_text)) {
        ev.reason = r->text;
        SET_HAS(&ev, state_event_key_reason);
    }
    TRY(state_add_event(c->g, &m.d, &ev, err));
    struct cause by = {.seat = c->e->entry->seat, .id = c->e->id};
    return course_settle(c->g, &m, &by, err);
}
