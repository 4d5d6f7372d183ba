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

enum status refresh_follow(struct gov *g, struct err *err)
{
    struct view v = overlay_view(g->state);
    const struct charter_refresh *r = NULL;
    uint64_t from, due = 0;
    TRY(section(g, &r, err));
    TRY(base(g, &from, err));
    if (r != NULL) {
        struct charter_span every = item_period(&r->every);
        enum status st = item_span_end(&v, g->arena, from, &every, &due, err);
        if (st != ST_OK && st != ST_RANGE)
            return st;
        due = st == ST_OK ? due : 0;
    }
    return state_move_moment(g, "refresh", TIMER_REFRESH, 0, due, err);
}

/* Is one open for the body already, because a seat called it for these days? */
static enum status is_open(struct gov *g, struct span body, uint64_t today, bool *ret, struct err *err)
{
    struct view v = overlay_view(g->state);
    *ret = false;
    for (uint64_t from = 0; !*ret;) {
        struct state_session s;
        enum status st = session_next(&v, g->arena, true, &from, &s, err);
        if (st == ST_END)
            return ST_OK;
        TRY(st);
        *ret = s.type == SESSION_REFRESH && s.standing == SESSION_OPEN && span_eq(s.body, body) && s.from <= today + DAYS;
    }
    return ST_OK;
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
    bool there;
    uint64_t day;
    TRY(section(g, &r, err));
    if (r == NULL)
        return err_set(err, ST_CORRUPT, "a refresh is due, and the charter has no section refresh");
    TRY(state_move_moment(g, "refreshed", 0, 0, g->time_ms, err));
    TRY(refresh_follow(g, err));
    TRY(today(g, &day, err));
    TRY(is_open(g, r->body, day, &there, err));
    return there ? ST_OK : open_session(g, r->body, day, err);
}

enum status refresh_stands(struct gov *g, const struct state_session *s, struct err *err)
{
    struct view v = overlay_view(g->state);
    const struct charter_refresh *r = NULL;
    uint64_t held, from;
    if (s->type != SESSION_REFRESH || (s->standing != SESSION_CONFIRMED && s->standing != SESSION_UNCONTESTED) || !s->now.quorate)
        return ST_OK;
    TRY(section(g, &r, err));
    if (r == NULL || !span_eq(s->body, r->body))
        return ST_OK;
    TRY(item_date_end(&v, g->arena, s->now.held, &held, err));
    TRY(base(g, &from, err));
    if (held - 1 <= from)
        return ST_OK;
    TRY(state_move_moment(g, "refreshed", 0, 0, held - 1, err));
    return refresh_follow(g, err);
}
