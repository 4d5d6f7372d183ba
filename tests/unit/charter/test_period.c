/* Recurring periods: MET-1. */
#include <criterion/criterion.h>
#include "charter/calendar.h"
#include "charter/period.h"

TestSuite(period, .timeout = 20);

static uint64_t day(const char *date)
{
    uint64_t ms;
    cr_assert_eq(time_parse(span_str(date), &ms), ST_OK);
    return ms / 86400000;
}

Test(period, MET_1_bounds)
{
    static const struct {
        uint64_t n;
        enum period_unit unit;
        const char *day, *from, *until, *name;
    } table[] = {
        {1, PERIOD_MONTH, "2026-03-31", "2026-03-01", "2026-04-01", "2026-03"},
        {1, PERIOD_MONTH, "2028-02-29", "2028-02-01", "2028-03-01", "2028-02"},
        {1, PERIOD_QUARTER, "2026-03-31", "2026-01-01", "2026-04-01", "2026-Q1"},
        {1, PERIOD_QUARTER, "2026-12-31", "2026-10-01", "2027-01-01", "2026-Q4"},
        {1, PERIOD_YEAR, "2026-07-01", "2026-01-01", "2027-01-01", "2026"},
        {1, PERIOD_WEEK, "2026-03-02", "2026-03-02", "2026-03-09", "2026-W10"}, /* a Monday */
        {1, PERIOD_WEEK, "2026-03-08", "2026-03-02", "2026-03-09", "2026-W10"}, /* a Sunday */
        {1, PERIOD_WEEK, "2027-01-01", "2026-12-28", "2027-01-04", "2026-W53"}, /* ISO 8601 */
        {2, PERIOD_QUARTER, "2026-06-30", "2026-01-01", "2026-07-01", "2026-01-01"},
        {6, PERIOD_MONTH, "2026-07-01", "2026-07-01", "2027-01-01", "2026-07-01"},
        {10, PERIOD_DAY, "1970-01-20", "1970-01-11", "1970-01-21", "1970-01-11"},
        {2, PERIOD_WEEK, "1970-01-14", "1970-01-12", "1970-01-26", "1970-01-12"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct charter_period every = {.n = table[i].n, .unit = table[i].unit};
        struct period p;
        cr_assert_eq(period_of(&every, day(table[i].day), &p), ST_OK, "%zu", i);
        cr_assert_eq(p.from, day(table[i].from), "%zu: from %d", i, (int)p.from);
        cr_assert_eq(p.until, day(table[i].until), "%zu: until %d", i, (int)p.until);
        cr_assert_str_eq(period_name(&every, p.from).s, table[i].name);
    }
}

Test(period, MET_1_without_a_gap)
{
    static const struct charter_period every[] = {
        {.n = 1, .unit = PERIOD_MONTH}, {.n = 3, .unit = PERIOD_WEEK},    {.n = 7, .unit = PERIOD_DAY},
        {.n = 5, .unit = PERIOD_MONTH}, {.n = 1, .unit = PERIOD_QUARTER}, {.n = 2, .unit = PERIOD_YEAR}};
    for (size_t i = 0; i < ARRAY_LEN(every); i++) {
        struct period p, next, back;
        cr_assert_eq(period_of(&every[i], 20000, &p), ST_OK);
        for (int k = 0; k < 40; k++, p = next) {
            cr_assert_eq(period_of(&every[i], p.until, &next), ST_OK);
            cr_assert_eq(next.from, p.until);
            cr_assert_eq(period_of(&every[i], p.until - 1, &back), ST_OK);
            cr_assert_eq(back.from, p.from);
            cr_assert_eq(period_before(&every[i], next.from, &back), ST_OK);
            cr_assert_eq(back.from, p.from);
        }
    }
}

Test(period, MET_1_none_outside_the_range)
{
    struct charter_period week = {.n = 1, .unit = PERIOD_WEEK}, long_one = {.n = 10000, .unit = PERIOD_YEAR};
    struct period p = {7, 7};
    cr_assert_eq(period_of(&week, 3, &p), ST_RANGE); /* began in 1969 */
    cr_assert_eq(period_of(&week, 4, &p), ST_OK);
    cr_assert_eq(period_of(&week, 100000, &p), ST_RANGE);
    cr_assert_eq(period_of(&long_one, 20000, &p), ST_RANGE);
    cr_assert_eq(period_before(&week, 4, &p), ST_RANGE);
    cr_assert_eq(period_before(&week, 0, &p), ST_RANGE);
}

Test(period, names_are_read_back)
{
    static const struct {
        const char *name, *from, *until;
    } table[] = {
        {"2026", "2026-01-01", "2027-01-01"},     {"2026-Q2", "2026-04-01", "2026-07-01"},
        {"2026-03", "2026-03-01", "2026-04-01"},  {"2026-W10", "2026-03-02", "2026-03-09"},
        {"2026-W53", "2026-12-28", "2027-01-04"}, {"2026-03-02", "2026-03-02", "2026-03-03"},
    };
    static const char *const wrong[] = {"",
                                        "26",
                                        "2026-",
                                        "2026-Q5",
                                        "2026-Q0",
                                        "2026-13",
                                        "2026-00",
                                        "2026-W54",
                                        "2025-W53",
                                        "2026-3",
                                        "1969",
                                        "2026-Q11",
                                        "march",
                                        "2026/03",
                                        "2026-W1",
                                        "2026-02-30",
                                        "2026-03-02T00:00:00Z"};
    struct period p;
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        cr_assert(period_parse(span_str(table[i].name), &p), "%s", table[i].name);
        cr_assert_eq(p.from, day(table[i].from), "%s", table[i].name);
        cr_assert_eq(p.until, day(table[i].until), "%s", table[i].name);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        cr_assert(!period_parse(span_str(wrong[i]), &p), "%s", wrong[i]);
}

/* Business time: whole business days count 24 hours, parts as far as they go. */
Test(period, business_time)
{
    uint64_t weekend[] = {DAY_SAT, DAY_SUN}, holidays[] = {day("2026-05-25")};
    struct charter_calendar list[] = {{.name = span_str("us"),
                                       .utc = -300,
                                       .weekend = {2, weekend},
                                       .holidays = {1, holidays},
                                       .listed_to = day("2027-01-01")}};
    struct charter_calendars c = {.list = {1, list}};
    static const struct {
        const char *from, *until;
        uint64_t hours;
    } table[] = {
        {"2026-05-21T05:00:00Z", "2026-05-22T05:00:00Z", 24}, /* a local Thursday */
        {"2026-05-22T17:00:00Z", "2026-05-26T17:00:00Z", 24}, /* Friday noon, Monday off, to Tuesday noon */
        {"2026-05-23T05:00:00Z", "2026-05-26T05:00:00Z", 0},  /* Saturday to the end of the holiday */
        {"2026-05-21T06:00:00Z", "2026-05-21T06:00:00Z", 0},
        {"2026-05-18T05:00:00Z", "2026-06-01T05:00:00Z", 216}, /* two weeks, a holiday: 9 days */
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        uint64_t from, until, ms;
        cr_assert_eq(time_parse(span_str(table[i].from), &from), ST_OK);
        cr_assert_eq(time_parse(span_str(table[i].until), &until), ST_OK);
        cr_assert_eq(calendar_business_ms(&c, span_str("us"), from, until, &ms), ST_OK);
        cr_assert_eq(ms, table[i].hours * 3600000, "%zu: %d h", i, (int)(ms / 3600000));
    }
}
