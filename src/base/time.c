#include "base/base.h"

static uint64_t read_clock(clockid_t id)
{
    struct timespec ts;
    ASSERT(clock_gettime(id, &ts) == 0);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint64_t system_wall(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

static uint64_t system_mono(void *ctx)
{
    (void)ctx;
    return read_clock(CLOCK_BOOTTIME);
}

const struct clock clock_system = {NULL, system_wall, system_mono};

int64_t time_days(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

void time_civil(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t y = (int64_t)yoe + era * 400;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = y + (*ret_month <= 2);
}

struct time_text time_utc(uint64_t ms)
{
    int64_t y;
    unsigned mo, d;
    time_civil((int64_t)(ms / 86400000), &y, &mo, &d);
    uint64_t t = ms % 86400000;
    struct time_text r;
    (void)snprintf(r.s, sizeof r.s, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)y, mo, d,
                   (unsigned)(t / 3600000), (unsigned)(t / 60000 % 60), (unsigned)(t / 1000 % 60),
                   (unsigned)(t % 1000));
    return r;
}

static bool digits(const uint8_t *p, size_t n, unsigned *ret)
{
    unsigned v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(p[i] - '0');
    }
    *ret = v;
    return true;
}

static bool parse_date(const uint8_t *p, unsigned *ret_days)
{
    unsigned y, m, d;
    if (!digits(p, 4, &y) || p[4] != '-' || !digits(p + 5, 2, &m) || p[7] != '-' || !digits(p + 8, 2, &d))
        return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1)
        return false;
    int64_t days = time_days(y, m, d), cy;
    unsigned cm, cd;
    time_civil(days, &cy, &cm, &cd);
    if (cm != m || cd != d)
        return false;
    *ret_days = (unsigned)days;
    return true;
}

enum status time_parse(struct span s, uint64_t *ret_ms)
{
    unsigned days, h = 0, mi = 0, sec = 0, ms = 0;
    if (s.n < 10 || !parse_date(s.p, &days))
        return ST_FORMAT;
    if (s.n != 10) {
        const uint8_t *t = s.p + 10;
        if ((s.n != 20 && s.n != 24) || t[0] != 'T' || t[3] != ':' || t[6] != ':' || s.p[s.n - 1] != 'Z')
            return ST_FORMAT;
        if (!digits(t + 1, 2, &h) || !digits(t + 4, 2, &mi) || !digits(t + 7, 2, &sec) || h > 23 || mi > 59 || sec > 59)
            return ST_FORMAT;
        if (s.n == 24 && (t[9] != '.' || !digits(t + 10, 3, &ms)))
            return ST_FORMAT;
    }
    *ret_ms = (uint64_t)days * 86400000 + (uint64_t)h * 3600000 + (uint64_t)mi * 60000 + (uint64_t)sec * 1000 + ms;
    return ST_OK;
}
