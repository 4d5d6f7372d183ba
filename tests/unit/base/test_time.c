#include <criterion/criterion.h>
#include "base/base.h"

/* Against the C library, over 400 years by odd steps. */
Test(time, civil_agrees_with_the_c_library)
{
    for (int64_t d = 0; d < 146097; d += 13) {
        time_t t = (time_t)(d * 86400);
        struct tm tm;
        int64_t y;
        unsigned m, day;
        cr_assert_not_null(gmtime_r(&t, &tm));
        time_civil(d, &y, &m, &day);
        cr_assert_eq(y, tm.tm_year + 1900);
        cr_assert_eq((int)m, tm.tm_mon + 1);
        cr_assert_eq((int)day, tm.tm_mday);
        cr_assert_eq(time_days(y, m, day), d);
    }
}

Test(time, text_both_ways)
{
    uint64_t ms;
    cr_assert_eq(time_parse(span_str("2026-11-23T09:15:06.123Z"), &ms), ST_OK);
    cr_assert_eq(ms, UINT64_C(1795425306123));
    cr_assert_str_eq(time_utc(ms).s, "2026-11-23T09:15:06.123Z");
    cr_assert_eq(time_parse(span_str("2024-02-29"), &ms), ST_OK);
    cr_assert_str_eq(time_utc(ms).s, "2024-02-29T00:00:00.000Z");
}

Test(time, refuses_what_is_no_time)
{
    static const char *const bad[] = {"",           "2026-02-29",           "2026-13-01",           "2026-1-01",
                                      "1969-12-31", "2026-11-23T24:00:00Z", "2026-11-23T09:15:06", "2026-11-23T09:60:06Z",
                                      "2026-11-23 09:15:06Z", "2026-11-23T09:15:06.12Z"};
    uint64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        cr_assert_eq(time_parse(span_str(bad[i]), &ms), ST_FORMAT, "%s was taken", bad[i]);
}
