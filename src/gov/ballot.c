/* A seat says what it thinks (GOV-11, GOV-12, GOV-17). */
#include "base/plant.h"
#include "gov/act.h"
#include "gov/course.h"

/* GOV-9: what a ballot binds. */
static enum status bound(struct act *c, const struct ballot *r, const struct matter *m)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!course_is_live(&m->d) && !PLANTED(46))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s);
    if (!hash_eq(&m->d.digest, &r->decision.digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    if (m->d.rung != r->rung && !PLANTED(47))
        return act_refuse(c, V_WRONG_RUNG,
                          "D-%" PRIu64 " stands on rung %" PRIu64 " (%.*s), not on rung %" PRIu64,
                          m->d.number, m->d.rung, SPAN_FMT(course_rung_name(m, m->d.rung)), r->rung);
    return ST_OK;
}

static enum status may_veto(struct act *c, const struct ballot *r, const struct matter *m)
{
    if (!state_list_has(&m->p.veto, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s has no veto on %.*s", SPAN_FMT(c->e->entry->seat),
                          SPAN_FMT(m->d.type));
    if (!HAS(r, ballot_key_reason))
        return act_refuse(c, V_REASON_NEEDED, "a veto needs a reason");
    if (!HAS(r, ballot_key_clause))
        return act_refuse(c, V_CLAUSE_NEEDED, "a veto needs the clause of the charter that it rests on");
    return ST_OK;
}

static enum status may_speak(struct act *c, const struct ballot *r, const struct matter *m, struct err *err)
{
    struct span seat = c->e->entry->seat;
    if (m->d.phase == PHASE_PASSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " passed at %s; only a veto can still stop it",
                          m->d.number, time_utc(m->d.passed_ms).s);
    if (m->d.phase == PHASE_STALE)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is stale; its mover may rebase it until %s",
                          m->d.number, time_utc(m->d.rebase_ms).s);
    if (m->d.phase == PHASE_MEDIATION)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is in mediation by %.*s; no ballots are asked",
                          m->d.number, SPAN_FMT(course_rung_name(m, m->d.rung)));
    ASSERT(c->g->time_ms < m->d.deadline_ms); /* timers fire first: GOV-T1 */
    if (r->choice == CHOICE_REJECT && !HAS(r, ballot_key_reason))
        return act_refuse(c, V_REASON_NEEDED, "a rejection needs a reason");
    struct pinned_term_list terms;
    TRY(tally_terms(m, m->d.rung, c->g->arena, &terms, err));
    if ((span_eqs(state_seat_name(seat), "registrar") || !tally_seat_asked(&terms, &m->d, seat)) && !PLANTED(45))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is not asked on D-%" PRIu64 "; seats of %.*s are",
                          SPAN_FMT(seat), m->d.number, SPAN_FMT(course_rung_name(m, m->d.rung)));
    return ST_OK;
}

/* GOV-12: the key has not spoken in this tally for another seat. */
static enum status one_voice(struct act *c, const struct tally *t)
{
    for (size_t i = 0; i < t->n_ballots; i++) {
        const struct tally_ballot *b = &t->ballots[i];
        if (!span_eq(b->seat, c->e->entry->seat) && hash_eq(&b->ballot.key.key, &c->e->key.key))
            return act_refuse(c, V_SELF_DEALING, "this key spoke in this tally already, as %.*s",
                              SPAN_FMT(b->seat));
    }
    return ST_OK;
}

static enum status write(struct act *c, const struct ballot *r, struct matter *m, struct err *err)
{
    struct state_ballot b = {
        .choice = r->choice, .key = c->e->key, .id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms};
    struct state_event ev = {
        .type = EVENT_BALLOT, .seat = c->e->entry->seat, .id = c->e->id, .choice = r->choice};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_choice);
    if (HAS(r, ballot_key_reason)) {
        ev.reason = b.reason = r->reason;
        SET_HAS(&b, state_ballot_key_reason);
        SET_HAS(&ev, state_event_key_reason);
    }
    if (HAS(r, ballot_key_clause)) {
        ev.clause = b.clause = r->clause;
        SET_HAS(&b, state_ballot_key_clause);
        SET_HAS(&ev, state_event_key_clause);
    }
    struct tkey k = tkey_ballot(m->d.number, m->d.revision, m->d.rung, c->e->entry->seat);
    TRY(state_put(c->g, TABLE_BALLOT, &k, &state_ballot_desc, &b, err));
    return state_add_event(c->g, &m->d, &ev, err);
}

/* GOV-10: a partner that ballots becomes affected. */
static enum status become_affected(struct act *c, struct matter *m, struct err *err)
{
    struct span org = state_seat_org(c->e->entry->seat);
    if (state_list_has(&m->d.affected, org))
        return ST_OK;
    struct pinned_term_list terms;
    TRY(tally_terms(m, m->d.rung, c->g->arena, &terms, err));
    bool affected = false;
    for (size_t i = 0; i < terms.n; i++)
        affected |= terms.v[i].who == WHO_AFFECTED;
    if (!affected || !m->d.joint)
        return ST_OK;
    struct span *v = arena_array(c->g->arena, m->d.affected.n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for the partners affected");
    size_t j = m->d.affected.n;
    if (j != 0)
        memcpy(v, m->d.affected.v, j * sizeof *v);
    for (; j > 0 && span_cmp(v[j - 1], org) > 0; j--)
        v[j] = v[j - 1];
    v[j] = org;
    m->d.affected = (struct span_list){m->d.affected.n + 1, v};
    return ST_OK;
}

enum status ballot_apply(struct act *c, const struct ballot *r, struct err *err)
{
    struct matter m;
    enum status st = matter_load(&c->v, c->g->arena, r->decision.number, &m, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, r->decision.number);
    if (st != ST_OK)
        return st;
    TRY(bound(c, r, &m));
    if (r->choice == CHOICE_RECUSE)
        return act_refuse(c, V_NOT_SUPPORTED,
                          "recusal and alternates come with later rules; abstain, and say why in a note");
    struct tally t;
    TRY(tally_take(&c->v, c->g->arena, &m, m.d.rung, &t, err));
    const struct state_ballot *own = tally_ballot_of(&t, c->e->entry->seat);
    if (own != NULL)
        TRY(act_seen(c, own->leaf, "your seat's ballot"));
    if (r->choice == CHOICE_VETO) {
        TRY(may_veto(c, r, &m));
    } else {
        TRY(may_speak(c, r, &m, err));
        TRY(one_voice(c, &t));
        TRY(become_affected(c, &m, err));
    }
    TRY(write(c, r, &m, err));
    struct cause by = {.seat = c->e->entry->seat, .id = c->e->id};
    if (HAS(r, ballot_key_reason))
        by.reason = &r->reason;
    if (HAS(r, ballot_key_clause))
        by.clause = &r->clause;
    if (r->choice == CHOICE_VETO)
        return course_close(c->g, &m, PHASE_VETOED, &by, 0, err);
    return course_settle(c->g, &m, &by, err);
}
