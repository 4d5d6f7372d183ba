#include "charter/calendar.h"

enum { MEMBERS_MAX = 16 };
static const int64_t day_ms = 86400000;
static const int64_t last_day = 2932896; /* 9999-12-31 */

/* A calendar with its members found: itself, or those it joins. */
struct resolved {
    const struct charter_calendar *v[MEMBERS_MAX];
    size_t n;
    int64_t offset_ms;
};

static const struct charter_calendar *find(const struct charter_calendars *calendars, struct span name)
{
    for (size_t i = 0; i < calendars->list.n; i++)
        if (span_eq(calendars->list.v[i].name, name))
            return &calendars->list.v[i];
    return NULL;
}

static enum status resolve(const struct charter_calendars *calendars, struct span name,
                           struct resolved *ret_r)
{
    struct resolved r = {.n = 1};
    const struct charter_calendar *c = find(calendars, name);
    if (c == NULL)
        return ST_NOTFOUND;
    r.v[0] = c;
    if (HAS(c, charter_calendar_key_all_of)) {
        r.n = c->all_of.n;
        if (r.n < 1 || r.n > MEMBERS_MAX)
            return ST_RANGE;
        for (size_t i = 0; i < r.n; i++) {
            r.v[i] = find(calendars, c->all_of.v[i]);
            if (r.v[i] == NULL || HAS(r.v[i], charter_calendar_key_all_of))
                return ST_NOTFOUND;
        }
    }
    for (size_t i = 1; i < r.n; i++)
        if (r.v[i]->utc != r.v[0]->utc)
            return ST_RANGE;
    r.offset_ms = r.v[0]->utc * 60000;
    *ret_r = r;
    return ST_OK;
}

/* ISO 8601: 1 is Monday. 1970-01-01 was a Thursday. */
static uint64_t weekday_of(int64_t day)
{
    return (uint64_t)(((day + 3) % 7 + 7) % 7) + 1;
}

static bool listed(const struct uint_list *l, uint64_t v)
{
    size_t low = 0, high = l->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->v[mid] < v)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->n && l->v[low] == v;
}

/* Beyond listed-to only weekends count. */
static bool is_business(const struct resolved *r, int64_t day)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct charter_calendar *c = r->v[i];
        if (listed(&c->weekend, weekday_of(day)))
            return false;
        if (day >= 0 && (uint64_t)day <= c->listed_to && listed(&c->holidays, (uint64_t)day))
            return false;
    }
    return true;
}

static bool is_beyond(const struct resolved *r, int64_t day)
{
    for (size_t i = 0; i < r->n; i++)
        if (day > (int64_t)r->v[i]->listed_to)
            return true;
    return false;
}

static bool has_working_weekday(const struct resolved *r)
{
    for (uint64_t d = DAY_MON; d <= DAY_SUN; d++) {
        bool works = true;
        for (size_t i = 0; works && i < r->n; i++)
            works = !listed(&r->v[i]->weekend, d);
        if (works)
            return true;
    }
    return false;
}

static int64_t floor_day(int64_t ms)
{
    return ms >= 0 ? ms / day_ms : -((-ms + day_ms - 1) / day_ms);
}

/* The nth business day after day. It ends: some weekday works, and holidays are finite. */
static int64_t nth_business_day(const struct resolved *r, int64_t day, uint64_t n)
{
    while (n > 0 && day <= last_day)
        if (is_business(r, ++day))
            n--;
    return day;
}

static int64_t months_later(int64_t day, uint64_t months)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y;
    unsigned m, d;
    time_civil(day, &y, &m, &d);
    uint64_t total = m - 1 + months;
    y += (int64_t)(total / 12);
    m = (unsigned)(total % 12) + 1;
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    unsigned length = m == 2 && leap ? 29 : lengths[m - 1];
    return time_days(y, m, d < length ? d : length);
}

static enum status end_of_day(const struct resolved *r, int64_t day, uint64_t *ret_ms)
{
    int64_t ms = (day + 1) * day_ms - r->offset_ms;
    if (day > last_day || ms < 0)
        return ST_RANGE;
    *ret_ms = (uint64_t)ms;
    return ST_OK;
}

static enum status exact_end(uint64_t opening_ms, uint64_t n, uint64_t unit_ms, uint64_t *ret_ms)
{
    uint64_t ms = opening_ms + n * unit_ms; /* n is at most 100,000: no overflow */
    if (ms / (uint64_t)day_ms > (uint64_t)last_day)
        return ST_RANGE;
    *ret_ms = ms;
    return ST_OK;
}

enum status calendar_deadline(const struct charter_calendars *calendars, struct span name,
                              uint64_t opening_ms, const struct charter_span *span, uint64_t *ret_deadline_ms,
                              bool *ret_beyond)
{
    struct resolved r;
    enum status st = resolve(calendars, name, &r);
    if (st != ST_OK)
        return st;
    if (opening_ms / (uint64_t)day_ms > (uint64_t)last_day || span->n > 100000)
        return ST_RANGE;
    int64_t opening_day = floor_day((int64_t)opening_ms + r.offset_ms);
    int64_t day;
    uint64_t deadline = opening_ms;
    bool beyond = false;
    if (span->n > 0) {
        switch (span->unit) {
        case UNIT_BD:
            if (!has_working_weekday(&r))
                return ST_RANGE;
            day = nth_business_day(&r, opening_day, span->n);
            beyond = is_beyond(&r, day);
            st = end_of_day(&r, day, &deadline);
            break;
        case UNIT_D:
            st = end_of_day(&r, opening_day + (int64_t)span->n, &deadline);
            break;
        case UNIT_MONTHS:
            st = end_of_day(&r, months_later(opening_day, span->n), &deadline);
            break;
        case UNIT_H:
            st = exact_end(opening_ms, span->n, 3600000, &deadline);
            break;
        case UNIT_MIN:
            st = exact_end(opening_ms, span->n, 60000, &deadline);
            break;
        case UNIT_S:
            st = exact_end(opening_ms, span->n, 1000, &deadline);
            break;
        }
    }
    if (st != ST_OK)
        return st;
    *ret_deadline_ms = deadline;
    *ret_beyond = beyond;
    return ST_OK;
}

enum status calendar_is_business_day(const struct charter_calendars *calendars, struct span name,
                                     uint64_t at_ms, bool *ret_is)
{
    struct resolved r;
    enum status st = resolve(calendars, name, &r);
    if (st != ST_OK)
        return st;
    if (at_ms / (uint64_t)day_ms > (uint64_t)last_day)
        return ST_RANGE;
    *ret_is = is_business(&r, floor_day((int64_t)at_ms + r.offset_ms));
    return ST_OK;
}

enum status calendar_day(const struct charter_calendars *calendars, struct span name, uint64_t at_ms,
                         uint64_t *ret_day)
{
    struct resolved r;
    enum status st = resolve(calendars, name, &r);
    if (st != ST_OK)
        return st;
    if (at_ms / (uint64_t)day_ms > (uint64_t)last_day)
        return ST_RANGE;
    int64_t day = floor_day((int64_t)at_ms + r.offset_ms);
    if (day < 0)
        return ST_RANGE;
    *ret_day = (uint64_t)day;
    return ST_OK;
}

enum status calendar_business_ms(const struct charter_calendars *calendars, struct span name,
                                 uint64_t from_ms, uint64_t until_ms, uint64_t *ret_ms)
{
    struct resolved r;
    enum status st = resolve(calendars, name, &r);
    if (st != ST_OK)
        return st;
    if (until_ms / (uint64_t)day_ms > (uint64_t)last_day)
        return ST_RANGE;
    uint64_t sum = 0;
    int64_t at = (int64_t)from_ms + r.offset_ms, until = (int64_t)until_ms + r.offset_ms;
    while (at < until) {
        int64_t day = floor_day(at), end = (day + 1) * day_ms;
        int64_t stop = end < until ? end : until;
        if (is_business(&r, day))
            sum += (uint64_t)(stop - at);
        at = stop;
    }
    *ret_ms = sum;
    return ST_OK;
}

enum status calendar_end_of(const struct charter_calendars *calendars, struct span name, uint64_t date,
                            uint64_t *ret_ms)
{
    struct resolved r;
    enum status st = resolve(calendars, name, &r);
    if (st != ST_OK)
        return st;
    return date > (uint64_t)last_day ? ST_RANGE : end_of_day(&r, (int64_t)date, ret_ms);
}
