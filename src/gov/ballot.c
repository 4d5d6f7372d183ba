/* A seat says what it thinks (GOV-9 to GOV-12, GOV-17). */
#include "base/plant.h"
#include "gov/act.h"
#include "gov/course.h"
#include "gov/receipt.h"
#include "gov/stand_in.h"

/* The seat that the ballot is for. */
static struct span for_seat(struct act *c, const struct ballot *r)
{
    return HAS(r, ballot_key_principal) ? r->principal : c->e->entry->seat;
}

/* In mediation the recommendation is what is put to the partners; a veto may name the proposal, too (GOV-54). */
static bool right_text(const struct ballot *r, const struct matter *m)
{
    bool current = hash_eq(&m->d.digest, &r->decision.digest);
    if (m->recommended == NULL)
        return current;
    return hash_eq(&m->recommended->id, &r->decision.digest) || (current && r->choice == CHOICE_VETO);
}

/* GOV-9: what a ballot binds. */
static enum status bound(struct act *c, const struct ballot *r, const struct matter *m)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!course_is_live(&m->d) && !PLANTED(46))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s);
    if (m->recommended != NULL && !right_text(r, m))
        return act_refuse(c, V_WRONG_REVISION,
                          "the mediator has recommended a text on D-%" PRIu64 "; that is accepted or declined",
                          m->d.number);
    if (!right_text(r, m))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    if (m->d.rung != r->rung && !PLANTED(47))
        return act_refuse(c, V_WRONG_RUNG,
                          "D-%" PRIu64 " stands on rung %" PRIu64 " (%.*s), not on rung %" PRIu64,
                          m->d.number, m->d.rung, SPAN_FMT(course_rung_name(m, m->d.rung)), r->rung);
    if (HAS(r, ballot_key_principal) && (r->choice == CHOICE_VETO || r->choice == CHOICE_RECUSE))
        return act_refuse(c, V_MALFORMED, "ballot.principal: a seat vetoes and recuses itself for nobody else");
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

/* For whom it speaks is asked; it may speak for it. */
static enum status may_speak_for(struct act *c, const struct ballot *r, const struct matter *m,
                                 const struct tally *t, const struct pinned_term_list *terms, struct err *err)
{
    struct span seat = for_seat(c, r);
    if ((span_eqs(state_seat_name(seat), "registrar") || !tally_seat_asked(terms, &m->d, seat)) && !PLANTED(45))
        return act_refuse(c, V_NOT_PERMITTED, "%.*s is not asked on D-%" PRIu64 "; seats of %.*s are",
                          SPAN_FMT(seat), m->d.number, SPAN_FMT(course_rung_name(m, m->d.rung)));
    if (HAS(r, ballot_key_principal))
        TRY(stand_in_may(c, m, t, seat, err));
    else if (tally_recused(t, seat) != NULL)
        return act_refuse(c, V_NOT_PERMITTED, "%.*s recused itself from D-%" PRIu64 "; that holds to its end",
                          SPAN_FMT(seat), m->d.number);
    if (r->choice == CHOICE_ABSTAIN && m->d.phase == PHASE_MEDIATION)
        return act_refuse(c, V_NOT_PERMITTED, "a recommendation is accepted or declined; silence declines");
    return ST_OK;
}

static enum status may_speak(struct act *c, const struct ballot *r, const struct matter *m,
                             const struct tally *t, struct err *err)
{
    if (m->d.phase == PHASE_PASSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " passed at %s; only a veto can still stop it",
                          m->d.number, time_utc(m->d.passed_ms).s);
    if (m->d.phase == PHASE_STALE)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is stale; its mover may rebase it until %s",
                          m->d.number, time_utc(m->d.rebase_ms).s);
    if (m->d.phase == PHASE_PAUSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is paused until %s at most; it must be resumed first",
                          m->d.number, time_utc(m->d.resume_ms).s);
    if (m->d.phase == PHASE_MEDIATION && m->recommended == NULL)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is with %.*s, which has recommended nothing yet",
                          m->d.number, SPAN_FMT(course_rung_name(m, m->d.rung)));
    ASSERT(c->g->time_ms < m->d.deadline_ms); /* timers fire first: GOV-T1 */
    if (r->choice == CHOICE_REJECT && !HAS(r, ballot_key_reason))
        return act_refuse(c, V_REASON_NEEDED, "a rejection needs a reason");
    struct pinned_term_list terms;
    TRY(tally_terms(m, m->d.rung, c->g->arena, &terms, err));
    if (r->choice == CHOICE_RECUSE)
        return stand_in_may_recuse(c, m, t, &terms);
    return may_speak_for(c, r, m, t, &terms, err);
}

/* GOV-12: the key has not spoken in this tally for another seat. To recuse oneself is not to speak. */
static enum status one_voice(struct act *c, const struct tally *t, struct span seat)
{
    for (size_t i = 0; i < t->n_ballots; i++) {
        const struct tally_ballot *b = &t->ballots[i];
        if (b->ballot.choice != CHOICE_RECUSE && !span_eq(b->seat, seat) &&
            hash_eq(&b->ballot.key.key, &c->e->key.key))
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
    struct tkey k = tkey_ballot(m->d.number, m->d.revision, m->d.rung, for_seat(c, r));
    if (HAS(r, ballot_key_principal)) {
        b.by = c->e->entry->seat;
        SET_HAS(&b, state_ballot_key_by);
        ev.principal = r->principal;
        SET_HAS(&ev, state_event_key_principal);
    }
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
    struct tally t;
    TRY(tally_take(&c->v, c->g->arena, &m, m.d.rung, &t, err));
    const struct state_ballot *own = tally_ballot_of(&t, for_seat(c, r));
    if (own != NULL)
        TRY(act_seen(c, own->leaf, HAS(r, ballot_key_principal) ? "the ballot of that seat" : "your seat's ballot"));
    if (r->choice == CHOICE_VETO) {
        TRY(may_veto(c, r, &m));
    } else {
        TRY(may_speak(c, r, &m, &t, err));
        if (r->choice != CHOICE_RECUSE) {
            TRY(one_voice(c, &t, for_seat(c, r)));
            TRY(become_affected(c, &m, err));
        }
    }
    TRY(receipt_seen(c, &m, err));
    if (r->choice == CHOICE_RECUSE)
        TRY(stand_in_recuse(c, r, &m, &t, err));
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
