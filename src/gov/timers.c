/* What time does by itself (GOV-T1, GOV-T2). */
#include "base/plant.h"
#include "gov/course.h"
#include "gov/due.h"
#include "gov/grant.h"
#include "gov/pause.h"
#include "gov/item.h"
#include "gov/reading.h"
#include "gov/recovery.h"
#include "gov/refresh.h"
#include "gov/session.h"
#include "gov/trigger.h"

/* Deadlines further away than this after a halt are left alone, whatever the calendar: no business day is
 * later. */
static const uint64_t HORIZON_MS = UINT64_C(31) * 24 * 3600 * 1000;

/* A deadline that nothing was seen to lead up to may fire this late: what rounds and slow links take. */
static const uint64_t UNSEEN_MS = 60000;

struct timer {
    struct tkey key;
    uint64_t at_ms, decision; /* of a recovery its leaf, of an item its number there (ITM-1), of a metric, reading, cadence, session or grant its number */
    enum timer_kind kind;
};

/* Silence is what these act upon; the ends of notice and pause, and flags that somebody is late, are not. */
static bool of_silence(const struct timer *t)
{
    return t->kind == TIMER_DEADLINE || t->kind == TIMER_REBASE || t->kind == TIMER_RECOVERY || t->kind == TIMER_ITEM_OFFER ||
           t->kind == TIMER_ITEM_RUNG || t->kind == TIMER_MINUTES;
}

/* First timer with a key not before *from; ST_END when there is none. */
static enum status next_timer(const struct view *v, const struct tkey *from, struct timer *ret)
{
    struct span key, value;
    uint8_t kind;
    TRY(view_next(v, TABLE_TIMER, tkey_span(from), &key, &value));
    ret->key = tkey_text(key);
    tkey_timer_parts(key, &ret->at_ms, &ret->decision, &kind);
    ret->kind = (enum timer_kind)kind;
    return ST_OK;
}

static struct tkey after(const struct tkey *k)
{
    struct tkey n = *k;
    n.b[n.n++] = 0;
    return n;
}

static enum status fire_decision(struct gov *g, const struct timer *t, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct matter m;
    TRY(matter_load(&v, g->arena, t->decision, &m, err));
    if (t->kind == TIMER_DEADLINE)
        return course_deadline(g, &m, err);
    if (t->kind == TIMER_EFFECT)
        return course_effect(g, &m, err);
    if (t->kind == TIMER_PAUSE)
        return pause_over(g, &m, err);
    if (t->kind == TIMER_EXPIRY)
        return course_expire(g, &m, err);
    return course_close(g, &m, PHASE_LAPSED, NULL, 0, err);
}

static enum status fire(struct gov *g, const struct timer *t, struct err *err)
{
    switch (t->kind) {
    case TIMER_DEADLINE:
    case TIMER_EFFECT:
    case TIMER_REBASE:
    case TIMER_PAUSE:
    case TIMER_EXPIRY:
        return fire_decision(g, t, err);
    case TIMER_RECOVERY:
        return recovery_fire(g, t->decision, err);
    case TIMER_ITEM_DUE:
    case TIMER_ITEM_OFFER:
    case TIMER_ITEM_RUNG:
    case TIMER_ITEM_ACCEPTED:
    case TIMER_ITEM_REVIEW:
        return item_fire(g, t->kind, t->decision, err);
    case TIMER_PERIOD:
        return metric_fire(g, t->decision, err);
    case TIMER_READING:
        return reading_fire(g, t->decision, err);
    case TIMER_CADENCE:
    case TIMER_SESSION:
    case TIMER_MINUTES:
        return session_fire(g, t->kind, t->decision, err);
    case TIMER_REFRESH:
        return refresh_fire(g, err);
    case TIMER_TERM:
        return trigger_fire(g, t->decision, err);
    case TIMER_GRANT:
        return grant_fire(g, t->decision, err);
    }
    return err_set(err, ST_CORRUPT, "timer of an unknown kind %d", (int)t->kind);
}

static enum status put_halt(struct gov *g, uint64_t at_ms, const struct state_halt *h, struct err *err)
{
    struct tkey k = tkey_u64(at_ms);
    return state_put(g, TABLE_HALT, &k, &state_halt_desc, h, err);
}

/* The newest halt, while deadlines are still to be moved because of it. */
static enum status open_halt(const struct view *v, struct arena *a, uint64_t *ret_at_ms, struct state_halt *ret,
                             bool *ret_open, struct err *err)
{
    struct tkey last = tkey_u64(UINT64_MAX);
    struct span key, value;
    *ret_open = false;
    enum status st = view_prev(v, TABLE_HALT, tkey_span(&last), &key, &value);
    if (st != ST_OK)
        return st == ST_END ? ST_OK : st;
    TRY(codec_decode(&state_halt_desc, value, a, ret, err));
    *ret_at_ms = load_u64(key.p);
    *ret_open = HAS(ret, state_halt_key_cursor);
    return ST_OK;
}

/* The i-th event of what t is a deadline of: when, and whether it set a deadline. */
static enum status event_at(struct gov *g, const struct timer *t, uint64_t i, uint64_t *ret_at_ms, bool *ret_set, struct err *err)
{
    struct view v = overlay_view(g->state);
    if (item_is_timer(t->kind)) {
        struct item_ref ref = item_of_timer(t->decision);
        struct tkey k = tkey_item_event(ref.type, ref.number, i);
        struct state_item_event e;
        TRY(state_need(&v, g->arena, TABLE_ITEM_EVENT, &k, &state_item_event_desc, &e, err));
        *ret_at_ms = e.at_ms;
        *ret_set = HAS(&e, state_item_event_key_until_ms);
        return ST_OK;
    }
    struct tkey k = tkey_event(t->decision, i);
    struct state_event e;
    TRY(state_need(&v, g->arena, TABLE_EVENT, &k, &state_event_desc, &e, err));
    *ret_at_ms = e.at_ms;
    *ret_set = HAS(&e, state_event_key_until_ms);
    return ST_OK;
}

static enum status count_events(struct gov *g, const struct timer *t, uint64_t *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    if (item_is_timer(t->kind)) {
        struct item_ref ref = item_of_timer(t->decision);
        struct state_item it;
        TRY(item_get(&v, g->arena, &ref, &it, err));
        *ret = it.events;
        return ST_OK;
    }
    struct matter m;
    TRY(matter_load(&v, g->arena, t->decision, &m, err));
    *ret = m.d.events;
    return ST_OK;
}

/* Did the block before this one set t's deadline? Then no block lies within the silence. */
static enum status set_by_last_block(struct gov *g, const struct timer *t, bool *ret, struct err *err)
{
    uint64_t i, at_ms = g->prev_time_ms;
    bool set = false;
    TRY(count_events(g, t, &i, err));
    for (; i > 0 && at_ms == g->prev_time_ms && !set; i--)
        TRY(event_at(g, t, i, &at_ms, &set, err));
    *ret = set && at_ms == g->prev_time_ms;
    return ST_OK;
}

/* Was the ledger still when t should have fired? More than late_after says so of any silence; a minute says so of a decision's
 * or an item's when nothing shows that a quorum lived while it ran. */
static enum status was_still(struct gov *g, const struct timer *t, uint64_t late_after_ms, bool *ret, struct err *err)
{
    uint64_t late_ms = g->time_ms - t->at_ms;
    *ret = late_ms > late_after_ms && !PLANTED(44);
    if (*ret || late_ms <= UNSEEN_MS || PLANTED(44) || t->kind == TIMER_RECOVERY || t->kind == TIMER_MINUTES)
        return ST_OK;
    return set_by_last_block(g, t, ret, err);
}

/* Has a deadline of silence been missed while the ledger stood still? The earliest one. */
static enum status missed(struct gov *g, uint64_t late_after_ms, uint64_t *ret_missed_ms, bool *ret_missed, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey from = tkey_u64(0);
    struct timer t;
    *ret_missed = false;
    for (;;) {
        enum status st = next_timer(&v, &from, &t);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (t.at_ms > g->time_ms)
            return ST_OK;
        if (of_silence(&t))
            TRY(was_still(g, &t, late_after_ms, ret_missed, err));
        if (*ret_missed) {
            *ret_missed_ms = t.at_ms;
            return ST_OK;
        }
        from = after(&t.key);
    }
}

/* Where a deadline goes: t + 1 bd on the calendar of its decision, or of items and minutes; a recovery: t + 3 days. */
static enum status deferred_to(struct gov *g, const struct timer *t, uint64_t halt_ms, struct matter *ret_m,
                               uint64_t *ret_until_ms, struct err *err)
{
    if (t->kind == TIMER_RECOVERY) {
        *ret_until_ms = recovery_due_after(halt_ms);
        return ST_OK;
    }
    static const struct charter_span one = {.n = 1, .unit = UNIT_BD};
    struct view v = overlay_view(g->state);
    if (item_is_timer(t->kind) || t->kind == TIMER_MINUTES)
        return item_span_end(&v, g->arena, halt_ms, &one, ret_until_ms, err);
    TRY(matter_load(&v, g->arena, t->decision, ret_m, err));
    return due_at(&v, g->arena, &ret_m->p, halt_ms, &one, ret_until_ms, err);
}

static enum status defer(struct gov *g, const struct timer *t, struct matter *m, uint64_t until_ms,
                         struct err *err)
{
    if (t->kind == TIMER_RECOVERY)
        return recovery_defer(g, t->decision, until_ms, err);
    if (item_is_timer(t->kind))
        return item_defer(g, t->kind, t->decision, until_ms, err);
    if (t->kind == TIMER_MINUTES)
        return session_defer(g, t->decision, until_ms, err);
    return course_defer(g, m, until_ms, err);
}

/* GOV-T2: moves what was due before t + 1 bd, a limited number per block; the cursor says how far it came. */
static enum status defer_all(struct gov *g, uint64_t halt_ms, struct state_halt *h, size_t *fired,
                             bool *ret_more, struct err *err)
{
    struct tkey from = HAS(h, state_halt_key_cursor) ? tkey_text(h->cursor) : tkey_u64(0);
    *ret_more = false;
    for (;;) {
        struct view v = overlay_view(g->state);
        struct timer t;
        struct matter m;
        uint64_t until;
        enum status st = next_timer(&v, &from, &t);
        if (st == ST_END || (st == ST_OK && t.at_ms > halt_ms && t.at_ms - halt_ms > HORIZON_MS))
            break;
        if (st != ST_OK)
            return st;
        from = after(&t.key);
        if (!of_silence(&t))
            continue;
        TRY(deferred_to(g, &t, halt_ms, &m, &until, err));
        if (t.at_ms >= until)
            continue;
        if (*fired == LIMIT_TIMERS_PER_BLOCK) {
            h->cursor = tkey_span(&t.key);
            SET_HAS(h, state_halt_key_cursor);
            *ret_more = true;
            return put_halt(g, halt_ms, h, err);
        }
        TRY(defer(g, &t, &m, until, err));
        h->moved++;
        (*fired)++;
    }
    h->has &= ~(UINT64_C(1) << state_halt_key_cursor);
    return put_halt(g, halt_ms, h, err);
}

/* Fires what is due, in order. */
static enum status fire_due(struct gov *g, size_t *fired, bool *ret_more, struct err *err)
{
    static const struct tkey first = {.n = 1};
    for (;;) {
        struct view v = overlay_view(g->state);
        struct timer t;
        enum status st = next_timer(&v, &first, &t);
        if (st == ST_END || (st == ST_OK && t.at_ms > g->time_ms)) {
            *ret_more = false;
            return ST_OK;
        }
        if (st != ST_OK)
            return st;
        if (*fired >= LIMIT_TIMERS_PER_BLOCK) {
            *ret_more = true;
            return ST_OK;
        }
        TRY(fire(g, &t, err));
        (*fired)++;
    }
}

enum status gov_timers(struct gov *g, size_t *ret_fired, bool *ret_more, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct gov_clock clock;
    size_t fired = 0;
    bool more = false, open, late = false;
    uint64_t halt_ms;
    struct state_halt h;
    TRY(open_halt(&v, g->arena, &halt_ms, &h, &open, err));
    if (open)
        TRY(defer_all(g, halt_ms, &h, &fired, &more, err));
    h = (struct state_halt){.from_ms = g->prev_time_ms};
    if (!more) {
        TRY(gov_clock(&v, g->arena, &clock, err));
        TRY(missed(g, clock.late_after_ms, &h.missed_ms, &late, err));
    }
    if (late)
        TRY(defer_all(g, g->time_ms, &h, &fired, &more, err));
    if (!more)
        TRY(fire_due(g, &fired, &more, err));
    *ret_fired = fired;
    *ret_more = more;
    return ST_OK;
}

enum status gov_next_deadline(const struct view *v, uint64_t *ret_deadline_ms)
{
    static const struct tkey first = {.n = 1};
    struct timer t;
    TRY(next_timer(v, &first, &t));
    *ret_deadline_ms = t.at_ms;
    return ST_OK;
}

enum status gov_calm_until(const struct view *v, struct arena *a, uint64_t *ret_ms, struct err *err)
{
    uint64_t at_ms;
    struct state_halt h;
    bool open;
    TRY(open_halt(v, a, &at_ms, &h, &open, err));
    enum status st = gov_next_deadline(v, ret_ms);
    if (open)
        *ret_ms = 0;
    else if (st == ST_END)
        *ret_ms = UINT64_MAX;
    return st == ST_OK || st == ST_END ? ST_OK : err_set(err, st, "the deadlines cannot be read");
}
