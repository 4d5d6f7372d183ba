#include "charter/calendar.h"
#include "gov/due.h"

/* The calendars section of the version pinned. */
static enum status calendars(const struct view *v, struct arena *a, uint64_t version,
                             struct charter_calendars *ret, struct err *err)
{
    struct state_section s;
    struct tkey k = tkey_section(SECTION_CALENDARS);
    TRY(state_need(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    if (s.version != version) {
        k = tkey_section_old(SECTION_CALENDARS, version);
        TRY(state_need(v, a, TABLE_SECTION_OLD, &k, &state_section_desc, &s, err));
    }
    return codec_decode(&charter_calendars_desc, s.body, a, ret, err);
}

enum status due_at(const struct view *v, struct arena *a, const struct state_pinned *p, uint64_t from_ms,
                   const struct charter_span *span, uint64_t *ret_ms, struct err *err)
{
    struct charter_calendars c;
    bool beyond;
    TRY(calendars(v, a, p->calendars_version, &c, err));
    enum status st = calendar_deadline(&c, p->calendar, from_ms, span, ret_ms, &beyond);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no deadline on calendar %.*s: %s", SPAN_FMT(p->calendar),
                       status_text(st));
    return ST_OK;
}

enum status due_day_ends(const struct view *v, struct arena *a, const struct state_pinned *p, uint64_t day,
                         uint64_t *ret_ms, struct err *err)
{
    struct charter_calendars c;
    TRY(calendars(v, a, p->calendars_version, &c, err));
    enum status st = calendar_end_of(&c, p->calendar, day, ret_ms);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "no end of a day on calendar %.*s: %s", SPAN_FMT(p->calendar),
                       status_text(st));
    return ST_OK;
}

enum status due_calendars(const struct view *v, struct arena *a, const struct state_pinned *p,
                          struct charter_calendars *ret, struct err *err)
{
    return calendars(v, a, p->calendars_version, ret, err);
}
