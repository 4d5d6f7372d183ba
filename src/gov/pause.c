/* Pausing and resuming (rule 30). */
#include "gov/pause.h"
#include "gov/due.h"
#include "gov/party.h"
#include "gov/receipt.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* Time that the rung has in all. */
static const struct charter_span *rung_span(const struct matter *m)
{
    return m->d.rung == 0 ? &m->p.sla : &m->p.rungs.v[m->d.rung - 1].within;
}

enum status pause_limit(const struct view *v, struct arena *a, const struct matter *m, uint64_t now_ms,
                        uint64_t *ret_until_ms, struct err *err)
{
    uint64_t end, used = HAS(&m->d, state_decision_key_rung_paused_ms) ? m->d.rung_paused_ms : 0;
    TRY(due_at(v, a, &m->p, now_ms, rung_span(m), &end, err));
    *ret_until_ms = end > used ? end - used : 0;
    return ST_OK;
}

/* An owner, or a seat that is asked; of a partner. */
static enum status may_move(struct act *c, const struct matter *m, struct err *err)
{
    struct span seat = c->e->entry->seat;
    struct pinned_term_list terms;
    struct state_party p;
    TRY(tally_terms(m, m->d.rung, c->g->arena, &terms, err));
    enum status st = party_get(&c->v, c->g->arena, state_seat_org(seat), &p, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    bool partner = st == ST_OK && p.role == ROLE_PARTNER;
    if (partner && (state_list_has(&m->p.owners, seat) || tally_seat_asked(&terms, &m->d, seat)))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED,
                      "an owner of %.*s or a seat of %.*s pauses and resumes D-%" PRIu64 ", not %.*s",
                      SPAN_FMT(m->d.type), SPAN_FMT(course_rung_name(m, m->d.rung)), m->d.number,
                      SPAN_FMT(seat));
}

/* GOV-50 */
enum status pause_ask(struct act *c, struct matter *m, const struct cause *by, struct err *err)
{
    uint64_t until;
    if (m->d.phase != PHASE_OPEN)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s; only an open decision is paused", m->d.number,
                          enum_text(&phase_enum, m->d.phase));
    TRY(may_move(c, m, err));
    TRY(pause_limit(&c->v, c->g->arena, m, c->g->time_ms, &until, err));
    if (until <= c->g->time_ms)
        return act_refuse(c, V_TOO_MANY,
                          "D-%" PRIu64 " was paused on this rung for as long as the rung itself has",
                          m->d.number);
    TRY(receipt_seen(c, m, err));
    if (HAS(&m->d, state_decision_key_pause_asked) &&
        !span_eq(state_seat_org(m->d.pause_asked), state_seat_org(by->seat)))
        return course_pause(c->g, m, by, until, err);
    m->d.pause_asked = by->seat;
    SET_HAS(&m->d, state_decision_key_pause_asked);
    struct state_event ev = {
        .type = EVENT_PAUSE_ASKED, .seat = by->seat, .id = by->id, .reason = *by->reason};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_reason);
    TRY(state_add_event(c->g, &m->d, &ev, err));
    return state_put_decision(c->g, &m->d, err);
}

/* GOV-51: what was left of the rung, from now on; at the end of a day when the rung's time is in days. */
static enum status new_deadline(struct gov *g, const struct matter *m, uint64_t *ret_ms, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t at = g->time_ms + (m->d.deadline_ms - m->d.paused_at_ms);
    enum span_unit unit = rung_span(m)->unit;
    *ret_ms = at;
    if (unit == UNIT_H || unit == UNIT_MIN || unit == UNIT_S)
        return ST_OK;
    struct charter_span one = {.n = 1, .unit = unit == UNIT_BD ? UNIT_BD : UNIT_D};
    return due_at(&v, g->arena, &m->p, at - DAY_MS - 1, &one, ret_ms, err);
}

enum status pause_resume(struct act *c, struct matter *m, const struct cause *by, struct err *err)
{
    uint64_t deadline;
    if (m->d.phase != PHASE_PAUSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s, not paused", m->d.number,
                          enum_text(&phase_enum, m->d.phase));
    TRY(may_move(c, m, err));
    TRY(receipt_seen(c, m, err));
    TRY(new_deadline(c->g, m, &deadline, err));
    return course_resume(c->g, m, by, deadline, err);
}

enum status pause_over(struct gov *g, struct matter *m, struct err *err)
{
    uint64_t deadline;
    TRY(new_deadline(g, m, &deadline, err));
    return course_resume(g, m, NULL, deadline, err);
}
