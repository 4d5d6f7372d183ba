/* Entries about sessions: called, recorded, confirmed, contested (SES-5 to SES-8). */
#include "charter/calendar.h"
#include "gov/act.h"
#include "gov/item.h"
#include "gov/refresh.h"
#include "gov/session.h"

enum { RECORDS_BEFORE = 7 };

/* --- Called --- */

/* SES-5 */
enum status session_apply_call(struct act *c, const struct session *r, struct err *err)
{
    struct rights rights;
    uint64_t ends, due;
    bool partner;
    struct span seat = c->e->entry->seat;
    TRY(rights_load(&c->v, c->g->arena, &rights, err));
    TRY(item_partner_seat(&c->v, c->g->arena, seat, &partner, err));
    if (!partner)
        return act_refuse(c, V_NOT_PERMITTED, "a session is called by a seat of a partner, not by %.*s",
                          SPAN_FMT(seat));
    const struct charter_body *b = charter_body(&rights.charter, r->body);
    if (b == NULL)
        return act_refuse(c, V_NO_SUCH_OBJECT,
                          "the charter has no body %.*s; see: entente charter show bodies",
                          SPAN_FMT(r->body));
    const struct session_type_row *row = session_type_row(r->type);
    if (row->layer != 0 && row->layer != b->layer)
        return act_refuse(c, V_MALFORMED, "a %s is of a body of the %s layer; %.*s is %s",
                          enum_text(&session_type_enum, r->type), enum_text(&layer_enum, row->layer),
                          SPAN_FMT(r->body), enum_text(&layer_enum, b->layer));
    TRY(item_date_end(&c->v, c->g->arena, r->on, &ends, err));
    if (ends <= c->g->time_ms)
        return act_refuse(c, V_MALFORMED, "%.10s is over; a session is called for today or later",
                          time_utc(r->on * 86400000).s);
    enum status st = session_grace(&c->v, c->g->arena, ends - 1, &due, err);
    if (st == ST_RANGE)
        return act_refuse(c, V_MALFORMED, "%.10s is too far away", time_utc(r->on * 86400000).s);
    TRY(st);
    struct state_session s = {.type = r->type,
                              .body = r->body,
                              .minutes = row->minutes,
                              .from = r->on,
                              .until = r->on + 1,
                              .called_by = seat,
                              .id = c->e->id,
                              .changed_leaf = c->g->leaf};
    SET_HAS(&s, state_session_key_called_by);
    SET_HAS(&s, state_session_key_id);
    if (HAS(r, session_key_title)) {
        s.title = r->title;
        SET_HAS(&s, state_session_key_title);
    }
    return session_open(c->g, &s, due, err);
}

/* --- Recorded --- */

static enum status day_sound(struct act *c, const struct minutes *r, const struct state_session *s,
                             const struct charter *charter, struct err *err)
{
    uint64_t today;
    bool regular = HAS(s, state_session_key_cadence);
    if (r->held < s->from || (regular && r->held >= s->until))
        return act_refuse(c, V_MALFORMED, "S-%" PRIu64 " is for %.10s %s %.10s; %.10s is outside", s->number,
                          time_utc(s->from * 86400000).s, regular ? "to" : "or later, called for",
                          time_utc((s->until - 1) * 86400000).s, time_utc(r->held * 86400000).s);
    enum status st = calendar_day(charter->calendars, charter->decisions->calendar, c->g->time_ms, &today);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no day on calendar %.*s: %s", SPAN_FMT(charter->decisions->calendar),
                       status_text(st));
    if (r->held > today)
        return act_refuse(c, V_NOT_NOW, "%.10s has not come yet; a session is recorded once it was held",
                          time_utc(r->held * 86400000).s);
    return ST_OK;
}

static enum status present_sound(struct act *c, const struct minutes *r, const struct charter *charter)
{
    if (!state_list_ascends(&r->present))
        return act_refuse(c, V_MALFORMED, "the seats present do not ascend, or one is there twice");
    for (size_t i = 0; i < r->present.n; i++) {
        struct span org, name;
        if (!charter_split_seat(r->present.v[i], &org, &name) || charter_party(charter, org) == NULL ||
            !charter_has_seat(charter, org, name))
            return act_refuse(c, V_NO_SUCH_OBJECT, "the charter has no seat %.*s; see: entente seats",
                              SPAN_FMT(r->present.v[i]));
    }
    return ST_OK;
}

static enum status decisions_sound(struct act *c, const struct minutes *r, struct err *err)
{
    for (size_t i = 0; HAS(r, minutes_key_decisions) && i < r->decisions.n; i++) {
        struct matter m;
        uint64_t n = r->decisions.v[i];
        if (i > 0 && r->decisions.v[i - 1] >= n)
            return act_refuse(c, V_MALFORMED, "the decisions do not ascend at D-%" PRIu64, n);
        enum status st = matter_load(&c->v, c->g->arena, n, &m, err);
        if (st == ST_NOTFOUND)
            return act_refuse(c, V_NO_SUCH_OBJECT, "there is no decision D-%" PRIu64, n);
        TRY(st);
    }
    return ST_OK;
}

static enum status may_record(struct act *c, const struct minutes *r, const struct state_session *s,
                              const struct charter *charter, struct err *err)
{
    if (s->standing != SESSION_OPEN && s->standing != SESSION_MISSED && s->standing != SESSION_CONTESTED)
        return act_refuse(c, V_NOT_NOW, "S-%" PRIu64 " is %s; it is recorded anew only when it is contested",
                          s->number, enum_text(&session_standing_enum, s->standing));
    struct charter_selector of_body = session_of_body(s->body);
    if (charter_body(charter, s->body) == NULL)
        return act_refuse(c, V_NOT_NOW, "the charter has no body %.*s any more", SPAN_FMT(s->body));
    if (!charter_selects(charter, &of_body, c->e->entry->seat))
        return act_refuse(c, V_NOT_PERMITTED, "S-%" PRIu64 " is recorded by a seat of %.*s; %.*s is none",
                          s->number, SPAN_FMT(s->body), SPAN_FMT(c->e->entry->seat));
    if (!HAS(r, minutes_key_held) || !HAS(r, minutes_key_present))
        return act_refuse(c, V_INCOMPLETE,
                          "a record says on which day it was held, and which seats were there");
    if (s->minutes && !HAS(r, minutes_key_document))
        return act_refuse(c, V_INCOMPLETE, "S-%" PRIu64 " leaves minutes; their SHA-256 is missing",
                          s->number);
    TRY(day_sound(c, r, s, charter, err));
    TRY(present_sound(c, r, charter));
    TRY(decisions_sound(c, r, err));
    if (s->was.n == RECORDS_BEFORE)
        return act_refuse(c, V_TOO_MANY, "S-%" PRIu64 " was recorded %d times already", s->number,
                          RECORDS_BEFORE + 1);
    return ST_OK;
}

static struct session_version version_of(const struct act *c, const struct minutes *r)
{
    struct session_version v = {.digest = c->e->id,
                                .seat = c->e->entry->seat,
                                .key = c->e->key,
                                .leaf = c->g->leaf,
                                .at_ms = c->g->time_ms,
                                .held = r->held,
                                .present = r->present};
    if (HAS(r, minutes_key_document)) {
        v.document = r->document;
        SET_HAS(&v, session_version_key_document);
    }
    if (HAS(r, minutes_key_decisions)) {
        v.decisions = r->decisions;
        SET_HAS(&v, session_version_key_decisions);
    }
    if (HAS(r, minutes_key_text)) {
        v.text = r->text;
        SET_HAS(&v, session_version_key_text);
    }
    return v;
}

/* SES-6 */
static enum status record(struct act *c, const struct minutes *r, struct state_session *s, struct err *err)
{
    struct rights rights;
    uint64_t due;
    TRY(rights_load(&c->v, c->g->arena, &rights, err));
    TRY(may_record(c, r, s, &rights.charter, err));
    struct state_session next = *s;
    next.has &= ~(UINT64_C(1) << state_session_key_due_ms);
    if (HAS(s, state_session_key_now)) {
        struct session_version *was = arena_array(c->g->arena, s->was.n + 1, sizeof *was);
        if (was == NULL)
            return err_set(err, ST_LIMIT, "out of room for the records of a session");
        if (s->was.n > 0)
            memcpy(was, s->was.v, s->was.n * sizeof *was);
        was[s->was.n] = s->now;
        next.was = (struct session_version_list){s->was.n + 1, was};
    }
    next.now = version_of(c, r);
    next.now.quorate = session_quorate(&rights.charter, charter_body(&rights.charter, s->body), &r->present);
    SET_HAS(&next, state_session_key_now);
    next.standing = SESSION_RECORDED;
    next.changed_leaf = c->g->leaf;
    TRY(session_grace(&c->v, c->g->arena, c->g->time_ms, &due, err));
    next.due_ms = due;
    SET_HAS(&next, state_session_key_due_ms);
    if (!state_fits(c->g, &state_session_desc, &next))
        return act_refuse(c, V_TOO_MANY, "the records of S-%" PRIu64 " together are too large", s->number);
    session_begin(c->g, s);
    return session_commit(c->g, &next, err);
}

/* --- Confirmed, contested --- */

static enum status may_mark(struct act *c, const struct minutes *r, const struct state_session *s,
                            struct err *err)
{
    bool partner, confirm = r->act == SESSION_ACT_CONFIRM;
    struct span seat = c->e->entry->seat;
    if (HAS(r, minutes_key_held) || HAS(r, minutes_key_present) || HAS(r, minutes_key_document) ||
        HAS(r, minutes_key_decisions))
        return act_refuse(c, V_MALFORMED, "day, seats, minutes and decisions are for a record; this is to %s",
                          enum_text(&session_act_enum, r->act));
    if (s->standing != SESSION_RECORDED && !(confirm && s->standing == SESSION_CONTESTED))
        return act_refuse(c, V_NOT_NOW, "S-%" PRIu64 " is %s; there is nothing to %s", s->number,
                          enum_text(&session_standing_enum, s->standing),
                          enum_text(&session_act_enum, r->act));
    TRY(item_partner_seat(&c->v, c->g->arena, seat, &partner, err));
    if (!partner || span_eq(state_seat_org(seat), state_seat_org(s->now.seat)))
        return act_refuse(c, V_NOT_PERMITTED,
                          "%.*s recorded S-%" PRIu64 "; a seat of another partner says whether it is right",
                          SPAN_FMT(s->now.seat), s->number);
    if (!confirm && !HAS(r, minutes_key_text))
        return act_refuse(c, V_REASON_NEEDED, "to contest a record, say what is wrong with it");
    return ST_OK;
}

/* SES-8 */
static enum status mark(struct act *c, const struct minutes *r, struct state_session *s, struct err *err)
{
    TRY(may_mark(c, r, s, err));
    struct session_mark m = {.act = r->act,
                             .seat = c->e->entry->seat,
                             .key = c->e->key,
                             .leaf = c->g->leaf,
                             .at_ms = c->g->time_ms};
    if (HAS(r, minutes_key_text)) {
        m.text = r->text;
        SET_HAS(&m, session_mark_key_text);
    }
    session_begin(c->g, s);
    s->now.mark = m;
    SET_HAS(&s->now, session_version_key_mark);
    s->standing = r->act == SESSION_ACT_CONFIRM ? SESSION_CONFIRMED : SESSION_CONTESTED;
    s->changed_leaf = c->g->leaf;
    TRY(session_commit(c->g, s, err));
    return refresh_heard(c->g, s, err);
}

enum status session_apply_minutes(struct act *c, const struct minutes *r, struct err *err)
{
    struct state_session s;
    enum status st = session_get(&c->v, c->g->arena, r->session, &s, err);
    if (st == ST_NOTFOUND)
        return act_refuse(c, V_NO_SUCH_OBJECT, "there is no session S-%" PRIu64 "; see: entente meet list",
                          r->session);
    TRY(st);
    TRY(act_seen(c, s.changed_leaf, "the session"));
    if (s.standing == SESSION_DROPPED)
        return act_refuse(c, V_NOT_NOW, "S-%" PRIu64 " is dropped: the charter no longer has %.*s", s.number,
                          SPAN_FMT(s.cadence));
    bool now = HAS(&s, state_session_key_now);
    if (now != HAS(r, minutes_key_version) || (now && !hash_eq(&r->version, &s.now.digest)))
        return act_refuse(c, V_WRONG_REVISION,
                          "S-%" PRIu64 " has another record than the one read; look again", s.number);
    return r->act == SESSION_ACT_RECORD ? record(c, r, &s, err) : mark(c, r, &s, err);
}
