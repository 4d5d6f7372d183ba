/* time: milliseconds since 1970-01-01T00:00:00Z, and the clock interface. All integer arithmetic. */
#ifndef ENT_BASE_TIME_H
#define ENT_BASE_TIME_H

#include "base/span.h"
#include "base/status.h"

struct clock {
    void *ctx;
    uint64_t (*wall_ms)(void *ctx); /* may jump */
    uint64_t (*mono_ms)(void *ctx); /* never goes back; arbitrary origin */
};

/* The machine's clocks. */
extern const struct clock clock_system;

static inline uint64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}

static inline uint64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->ctx);
}

struct time_text {
    char s[40];
};
/* "2026-11-23T09:15:06.123Z". */
struct time_text time_utc(uint64_t ms);
/* Parses "2026-11-23", "2026-11-23T09:15:06Z" or with ".mmm". ST_FORMAT otherwise. */
MUST_USE enum status time_parse(struct span text, uint64_t *ret_ms);
/* 2243-10-17: no calendar, period or date of a charter goes beyond it. */
enum { TIME_DAY_MAX = 100000 };
/* Days since 1970-01-01 of a proleptic Gregorian date, and back (Howard Hinnant, "chrono-compatible low-level
 * date algorithms", days_from_civil and civil_from_days). month 1-12, day 1-31. */
int64_t time_days(int64_t year, unsigned month, unsigned day);
void time_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

#endif
