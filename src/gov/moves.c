/* Withdrawing, moving by hand, and notes (GOV-15, GOV-20, GOV-23). */
#include "gov/act.h"
#include "gov/course.h"
#include "gov/pause.h"
#include "gov/receipt.h"
#include "gov/supersede.h"

static enum status load(struct act *c, const struct ref *ref, struct matter *ret, struct err *err)
{
    enum status st = matter_load(&c->v, c->g->arena, ref->number, ret, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, ref->number);
    return st;
}

/* Seen, live, and made for the current revision. */
static enum status current(struct act *c, const struct matter *m, const struct ref *ref)
{
    TRY(act_seen(c, m->d.changed_leaf, "the decision"));
    if (!course_is_live(&m->d))
        return act_refuse(c, V_CLOSED, "D-%" PRIu64 " is %s since %s%s", m->d.number,
                          enum_text(&phase_enum, m->d.phase), time_utc(m->d.closed_ms).s, supersede_hint(&m->d));
    if (!hash_eq(&m->d.digest, &ref->digest))
        return act_refuse(c, V_WRONG_REVISION,
                          "D-%" PRIu64 " is at revision %" PRIu64 ", another than the one read", m->d.number,
                          m->d.revision);
    return ST_OK;
}

enum status moves_apply_withdraw(struct act *c, const struct withdraw *r, struct err *err)
{
    struct matter m;
    TRY(load(c, &r->decision, &m, err));
    TRY(current(c, &m, &r->decision));
    if (!span_eq(m.d.mover, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "only its mover, %.*s, withdraws D-%" PRIu64,
                          SPAN_FMT(m.d.mover), m.d.number);
    if (m.d.phase == PHASE_PASSED)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " passed at %s; once in effect it can be superseded (--supersedes)", m.d.number,
                          time_utc(m.d.passed_ms).s);
    struct cause by = {
        .seat = c->e->entry->seat, .id = c->e->id, .reason = HAS(r, withdraw_key_reason) ? &r->reason : NULL};
    return course_close(c->g, &m, PHASE_WITHDRAWN, &by, 0, err);
}

/* GOV-15: an owner or a seat that owes; once none owes and one rejects, an owner or a seat that approved. */
static enum status may_escalate(struct act *c, const struct matter *m, struct err *err)
{
    struct span seat = c->e->entry->seat;
    struct tally t;
    TRY(tally_take(&c->v, c->g->arena, m, m->d.rung, &t, err));
    bool owner = state_list_has(&m->p.owners, seat);
    if (t.owes) {
        if (owner || tally_seat_owes(&t, seat))
            return ST_OK;
        return act_refuse(c, V_NOT_PERMITTED,
                          "while a partner owes, an owner of %.*s or an owing seat escalates, not %.*s",
                          SPAN_FMT(m->d.type), SPAN_FMT(seat));
    }
    if (owner || tally_seat_approved(&t, seat))
        return ST_OK;
    return act_refuse(c, V_NOT_PERMITTED,
                      "none owes: an owner of %.*s or a seat that approved escalates, not %.*s",
                      SPAN_FMT(m->d.type), SPAN_FMT(seat));
}

enum status moves_apply_move(struct act *c, const struct move_decision *r, struct err *err)
{
    struct matter m;
    TRY(load(c, &r->decision, &m, err));
    TRY(current(c, &m, &r->decision));
    if (m.d.rung != r->rung)
        return act_refuse(c, V_WRONG_RUNG,
                          "D-%" PRIu64 " stands on rung %" PRIu64 " (%.*s), not on rung %" PRIu64, m.d.number,
                          m.d.rung, SPAN_FMT(course_rung_name(&m, m.d.rung)), r->rung);
    struct cause by = {.seat = c->e->entry->seat, .id = c->e->id, .reason = &r->reason};
    if (r->move != MOVE_ESCALATE)
        return r->move == MOVE_PAUSE ? pause_ask(c, &m, &by, err) : pause_resume(c, &m, &by, err);
    if (m.d.phase != PHASE_OPEN)
        return act_refuse(c, V_NOT_NOW, "D-%" PRIu64 " is %s; only an open decision is escalated by hand",
                          m.d.number, enum_text(&phase_enum, m.d.phase));
    if (course_next_rung(&m) == 0)
        return act_refuse(c, V_NOT_NOW, "the ladder has no further rung; its deadline, %s, decides",
                          time_utc(m.d.deadline_ms).s);
    TRY(may_escalate(c, &m, err));
    TRY(receipt_seen(c, &m, err));
    return course_climb(c->g, &m, &by, err);
}

/* A note may be about any revision. */
static enum status on_record(struct act *c, const struct ref *ref, struct matter *ret, struct err *err)
{
    TRY(load(c, ref, ret, err));
    if (hash_eq(&ret->d.digest, &ref->digest))
        return ST_OK;
    for (uint64_t n = ret->d.revision; n-- > 1;) {
        struct tkey k = tkey_revision(ret->d.number, n);
        struct state_revision rev;
        TRY(state_need(&c->v, c->g->arena, TABLE_REVISION, &k, &state_revision_desc, &rev, err));
        if (hash_eq(&rev.digest, &ref->digest))
            return ST_OK;
    }
    return act_refuse(c, V_WRONG_REVISION, "D-%" PRIu64 " never had the revision that the note is about",
                      ref->number);
}

static enum status note_complete(struct act *c, const struct note *r)
{
    if (r->type == NOTE_COMMENT && !HAS(r, note_key_text))
        return act_refuse(c, V_INCOMPLETE, "a comment needs a text");
    if (r->type == NOTE_EVIDENCE && !HAS(r, note_key_document))
        return act_refuse(c, V_INCOMPLETE, "evidence needs the digest of a document");
    if (r->type == NOTE_LINK && !(HAS(r, note_key_decision) && HAS(r, note_key_target)))
        return act_refuse(c, V_INCOMPLETE, "a link needs both its ends");
    return ST_OK;
}

enum status moves_apply_note(struct act *c, const struct note *r, struct err *err)
{
    struct matter m, target;
    TRY(note_complete(c, r));
    bool about = HAS(r, note_key_decision);
    if (about)
        TRY(on_record(c, &r->decision, &m, err));
    if (HAS(r, note_key_target))
        TRY(on_record(c, &r->target, &target, err));
    uint64_t number;
    if (about)
        TRY(receipt_seen(c, &m, err));
    TRY(state_count(c->g, "note", &number, err));
    struct state_note note = {
        .id = c->e->id, .leaf = c->g->leaf, .at_ms = c->g->time_ms, .seat = c->e->entry->seat, .note = *r};
    struct tkey k = tkey_u64(number);
    TRY(state_put(c->g, TABLE_NOTE, &k, &state_note_desc, &note, err));
    if (!about)
        return ST_OK;
    struct state_event ev = {.type = EVENT_NOTE, .seat = c->e->entry->seat, .id = c->e->id, .other = number};
    SET_HAS(&ev, state_event_key_seat);
    SET_HAS(&ev, state_event_key_id);
    SET_HAS(&ev, state_event_key_other);
    TRY(state_add_event(c->g, &m.d, &ev, err));
    return state_put_decision(c->g, &m.d, err);
}
