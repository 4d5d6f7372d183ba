/* The mediator recommends a text (GOV-53). The partners' answers are ballots (GOV-54). */
#include "gov/act.h"
#include "gov/due.h"
#include "gov/propose.h"
#include "gov/receipt.h"
#include "gov/reliance.h"

static enum status may_recommend(struct act *c, const struct decision_input *r, const struct matter *m)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!course_is_live(&m->d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s);
    if (m->d.phase != PHASE_MEDIATION)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s; it is not with a mediator", m->d.number,
                          enum_text(&phase_enum, m->d.phase));
    if (!hash_eq(&m->d.digest, &r->decision.digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    struct span mediator = m->p.rungs.v[m->d.rung - 1].mediator;
    if (!span_eq(mediator, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s mediates D-%" PRIu64 ", not %.*s", SPAN_FMT(mediator),
                          m->d.number, SPAN_FMT(c->e->entry->seat));
    if (m->recommended != NULL)
        return act_refuse(c, V_NOT_NOW, "a text was recommended already, at %s; the partners answer that one",
                          time_utc(m->recommended->at_ms).s);
    return ST_OK;
}

enum status mediate_apply(struct act *c, const struct decision_input *r, struct matter *m, struct err *err)
{
    if (HAS(r, decision_input_key_need))
        return act_refuse(c, V_MALFORMED,
                          "an input is a recommendation, or something that the decision needs");
    TRY(may_recommend(c, r, m));
    TRY(propose_check_successor(c, m, &r->settled, err));
    const struct pinned_rung *rung = &m->p.rungs.v[m->d.rung - 1];
    uint64_t until;
    TRY(due_at(&c->v, c->g->arena, &m->p, c->g->time_ms,
               HAS(rung, pinned_rung_key_answer) ? &rung->answer : &rung->within, &until, err));
    struct state_input in = {
        .seat = c->e->entry->seat, .id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms, .input = *r};
    TRY(receipt_seen(c, m, err));
    struct tkey k = tkey_input(m->d.number, m->d.revision, INPUT_RECOMMENDATION);
    TRY(state_put(c->g, TABLE_INPUT, &k, &state_input_desc, &in, err));
    TRY(reliance_list(c->g, &m->d, err));
    struct state_event ev = {
        .type = EVENT_RECOMMENDED, .seat = c->e->entry->seat, .id = c->e->id, .until_ms = until};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_until_ms);
    if (HAS(r, decision_input_key_text)) {
        ev.reason = r->text;
        SET_HAS(&ev, state_event_key_reason);
    }
    course_unlist(c->g, &m->d);
    m->d.deadline_ms = until;
    m->d.changed_leaf = c->g->leaf;
    course_list(c->g, &m->d);
    TRY(state_add_event(c->g, &m->d, &ev, err));
    return state_put_decision(c->g, &m->d, err);
}
