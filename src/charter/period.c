#include "charter/period.h"

enum { EPOCH_YEAR = 1970, MONDAY = 3 /* 1970-01-01 was a Thursday */ };

static int64_t floored(int64_t x, int64_t n)
{
    return x >= 0 ? x / n : -((-x + n - 1) / n);
}

static int64_t first_of_month(int64_t months)
{
    return time_days(EPOCH_YEAR + floored(months, 12), (unsigned)(months - 12 * floored(months, 12)) + 1, 1);
}

/* MET-1. Both may be out of range. */
static void bounds(const struct charter_period *every, int64_t day, int64_t *ret_from, int64_t *ret_until)
{
    int64_t n = (int64_t)every->n, unit = 1, year, k;
    unsigned month, d;
    switch (every->unit) {
    case PERIOD_DAY:
        k = floored(day, n);
        *ret_from = n * k;
        *ret_until = n * (k + 1);
        return;
    case PERIOD_WEEK:
        k = floored(floored(day + MONDAY, 7), n);
        *ret_from = 7 * n * k - MONDAY;
        *ret_until = 7 * n * (k + 1) - MONDAY;
        return;
    case PERIOD_MONTH:
        break;
    case PERIOD_QUARTER:
        unit = 3;
        break;
    case PERIOD_YEAR:
        unit = 12;
        break;
    }
    time_civil(day, &year, &month, &d);
    n *= unit;
    k = floored((year - EPOCH_YEAR) * 12 + (int64_t)month - 1, n);
    *ret_from = first_of_month(n * k);
    *ret_until = first_of_month(n * (k + 1));
}

enum status period_of(const struct charter_period *every, uint64_t day, struct period *ret_period)
{
    int64_t from, until;
    if (day > TIME_DAY_MAX)
        return ST_RANGE;
    bounds(every, (int64_t)day, &from, &until);
    if (from < 0 || until > TIME_DAY_MAX)
        return ST_RANGE;
    *ret_period = (struct period){(uint64_t)from, (uint64_t)until};
    return ST_OK;
}

enum status period_before(const struct charter_period *every, uint64_t from, struct period *ret_period)
{
    return from == 0 ? ST_RANGE : period_of(every, from - 1, ret_period);
}

struct period_text period_name(const struct charter_period *every, uint64_t from)
{
    struct period_text t;
    int64_t year, week_year;
    unsigned month, d, m2, d2;
    time_civil((int64_t)from, &year, &month, &d);
    enum period_unit unit = every->n == 1 ? every->unit : PERIOD_DAY;
    switch (unit) {
    case PERIOD_MONTH:
        (void)snprintf(t.s, sizeof t.s, "%04" PRId64 "-%02u", year, month);
        return t;
    case PERIOD_QUARTER:
        (void)snprintf(t.s, sizeof t.s, "%04" PRId64 "-Q%u", year, (month - 1) / 3 + 1);
        return t;
    case PERIOD_YEAR:
        (void)snprintf(t.s, sizeof t.s, "%04" PRId64, year);
        return t;
    case PERIOD_WEEK: /* ISO 8601: a week is of the year that holds its Thursday */
        time_civil((int64_t)from + 3, &week_year, &m2, &d2);
        (void)snprintf(t.s, sizeof t.s, "%04" PRId64 "-W%02" PRId64, week_year,
                       ((int64_t)from + 3 - time_days(week_year, 1, 1)) / 7 + 1);
        return t;
    case PERIOD_DAY:
        break;
    }
    (void)snprintf(t.s, sizeof t.s, "%04" PRId64 "-%02u-%02u", year, month, d);
    return t;
}

static bool digits(struct span text, size_t at, size_t n, unsigned *ret)
{
    unsigned v = 0;
    if (text.n < at + n)
        return false;
    for (size_t i = at; i < at + n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        v = v * 10 + (unsigned)(text.p[i] - '0');
    }
    *ret = v;
    return true;
}

/* The first day that a name means, before 1970 too, and of which unit it is the first. */
static bool named(struct span t, int64_t *ret, enum period_unit *ret_unit)
{
    unsigned year, x, month, d;
    int64_t week_year;
    uint64_t ms;
    if (!digits(t, 0, 4, &year) || (t.n > 4 && t.p[4] != '-'))
        return false;
    *ret_unit = PERIOD_YEAR;
    *ret = time_days(year, 1, 1);
    if (t.n == 4)
        return true;
    if (t.n == 7 && t.p[5] == 'Q' && digits(t, 6, 1, &x) && x >= 1 && x <= 4) {
        *ret = time_days(year, (x - 1) * 3 + 1, 1);
        *ret_unit = PERIOD_QUARTER;
        return true;
    }
    if (t.n == 8 && t.p[5] == 'W' && digits(t, 6, 2, &x) && x >= 1 && x <= 53) {
        int64_t fourth = time_days(year, 1, 4); /* always in week 1 */
        *ret = 7 * floored(fourth + MONDAY, 7) - MONDAY + 7 * ((int64_t)x - 1);
        *ret_unit = PERIOD_WEEK;
        time_civil(*ret + MONDAY, &week_year, &month, &d); /* not every year has 53 */
        return week_year == (int64_t)year;
    }
    if (t.n == 7 && digits(t, 5, 2, &x) && x >= 1 && x <= 12) {
        *ret = time_days(year, x, 1);
        *ret_unit = PERIOD_MONTH;
        return true;
    }
    *ret_unit = PERIOD_DAY;
    if (t.n != 10 || time_parse(t, &ms) != ST_OK)
        return false;
    *ret = (int64_t)(ms / 86400000);
    return true;
}

bool period_parse(struct span text, struct period *ret_period)
{
    int64_t day;
    struct charter_period one = {.n = 1};
    return named(text, &day, &one.unit) && day >= 0 && period_of(&one, (uint64_t)day, ret_period) == ST_OK;
}
