#include "gov/refresh.h"
#include "charter/calendar.h"
#include "gov/item.h"

/* So long the body has, once it is due. */
enum { DAYS = 30 };

static enum status section(struct gov *g, const struct charter_refresh **ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    const void *s;
    TRY(item_section(&v, g->arena, SECTION_REFRESH, &s, err));
    *ret = s;
    return ST_OK;
}

/* What the next one counts from. */
static enum status base(struct gov *g, uint64_t *ret_ms, struct err *err)
{
    struct view v = overlay_view(g->state);
    const void *s;
    TRY(state_get_moment(&v, g->arena, "refreshed", ret_ms, err));
    if (*ret_ms != 0)
        return ST_OK;
    TRY(item_section(&v, g->arena, SECTION_ALLIANCE, &s, err));
    if (s == NULL)
        return err_set(err, ST_CORRUPT, "the charter has no section alliance");
    *ret_ms = ((const struct charter_alliance *)s)->founded_ms;
    return ST_OK;
}

/* The end of a span; 0: past the year 9999. */
static enum status end_of(struct gov *g, uint64_t from, const struct charter_span *span, uint64_t *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    enum status st = item_span_end(&v, g->arena, from, span, ret, err);
    if (st == ST_RANGE)
        *ret = 0;
    return st == ST_RANGE ? ST_OK : st;
}

enum status refresh_follow(struct gov *g, struct err *err)
{
    const struct charter_refresh *r = NULL;
    uint64_t from, due = 0;
    TRY(section(g, &r, err));
    TRY(base(g, &from, err));
    if (r != NULL) {
        struct charter_span every = item_period(&r->every);
        TRY(end_of(g, from, &every, &due, err));
    }
    return state_move_moment(g, "refresh", TIMER_REFRESH, 0, due, err);
}

/* What the body has under way of this kind. */
struct under_way {
    bool open;              /* a session was called for these days */
    uint64_t recorded_until; /* one was held, and counts when it stands, by silence then; 0: none */
};

static enum status under_way(struct gov *g, struct span body, uint64_t today, struct under_way *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t since, held;
    *ret = (struct under_way){0};
    TRY(base(g, &since, err));
    for (uint64_t from = 0;;) {
        struct state_session s;
        enum status st = session_next(&v, g->arena, true, &from, &s, err);
        if (st == ST_END)
            return ST_OK;
        TRY(st);
        if (s.type != SESSION_REFRESH || !span_eq(s.body, body))
            continue;
        ret->open |= s.standing == SESSION_OPEN && s.from <= today + DAYS;
        if (s.standing != SESSION_RECORDED || !s.now.quorate)
            continue;
        TRY(item_date_end(&v, g->arena, s.now.held, &held, err));
        if (held - 1 > since && s.due_ms > ret->recorded_until)
            ret->recorded_until = s.due_ms;
    }
}

/* One is recorded, and waits for another partner's word or for silence: so does the timer, for 30 d after it fell due at most. */
static enum status put_off(struct gov *g, const struct charter_refresh *r, uint64_t recorded_until, bool *ret, struct err *err)
{
    static const struct charter_span longest = {.n = DAYS, .unit = UNIT_D};
    struct charter_span every = item_period(&r->every);
    uint64_t from, due, last = 0;
    TRY(base(g, &from, err));
    TRY(end_of(g, from, &every, &due, err));
    if (due != 0)
        TRY(end_of(g, due, &longest, &last, err));
    *ret = last > g->time_ms;
    uint64_t until = recorded_until < last ? recorded_until + 1 : last; /* behind TIMER minutes */
    return *ret ? state_move_moment(g, "refresh", TIMER_REFRESH, 0, until, err) : ST_OK;
}

static enum status today(struct gov *g, uint64_t *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct rights r;
    TRY(rights_load(&v, g->arena, &r, err));
    if (calendar_day(r.charter.calendars, r.charter.decisions->calendar, g->time_ms, ret) != ST_OK)
        return err_set(err, ST_CORRUPT, "no day of a refresh on the calendar");
    return ST_OK;
}

static enum status open_session(struct gov *g, struct span body, uint64_t day, struct err *err)
{
    struct view v = overlay_view(g->state);
    uint64_t due;
    struct state_session s = {
        .type = SESSION_REFRESH, .body = body, .minutes = true, .from = day, .until = day + DAYS};
    TRY(item_date_end(&v, g->arena, s.until - 1, &due, err));
    return session_open(g, &s, due, err);
}

enum status refresh_fire(struct gov *g, struct err *err)
{
    const struct charter_refresh *r = NULL;
    struct under_way is;
    bool later = false;
    uint64_t day;
    TRY(section(g, &r, err));
    if (r == NULL)
        return err_set(err, ST_CORRUPT, "a refresh is due, and the charter has no section refresh");
    TRY(today(g, &day, err));
    TRY(under_way(g, r->body, day, &is, err));
    if (is.recorded_until != 0)
        TRY(put_off(g, r, is.recorded_until, &later, err));
    if (later)
        return ST_OK;
    TRY(state_move_moment(g, "refreshed", 0, 0, g->time_ms, err));
    TRY(refresh_follow(g, err));
    return is.open ? ST_OK : open_session(g, r->body, day, err);
}

enum status refresh_heard(struct gov *g, const struct state_session *s, struct err *err)
{
    struct view v = overlay_view(g->state);
    const struct charter_refresh *r = NULL;
    uint64_t held, from;
    if (s->type != SESSION_REFRESH)
        return ST_OK;
    TRY(section(g, &r, err));
    if (r == NULL || !span_eq(s->body, r->body))
        return ST_OK;
    if (s->standing == SESSION_CONTESTED)
        return refresh_follow(g, err);
    if ((s->standing != SESSION_CONFIRMED && s->standing != SESSION_UNCONTESTED) || !s->now.quorate)
        return ST_OK;
    TRY(item_date_end(&v, g->arena, s->now.held, &held, err));
    TRY(base(g, &from, err));
    if (held - 1 <= from)
        return ST_OK;
    TRY(state_move_moment(g, "refreshed", 0, 0, held - 1, err));
    return refresh_follow(g, err);
}
