/* Quantities: one rounding rule, halves away from zero; 128-bit intermediates. */
#include <criterion/criterion.h>
#include "gov/decimal.h"
#include "readings.h"

TestSuite(decimal, .timeout = 20);

Test(decimal, compared_whatever_the_scale)
{
    struct decimal big = {.mantissa = INT64_MAX}, small = {.mantissa = INT64_MAX, .scale = 9};
    static const struct {
        const char *x, *y;
        int order;
    } table[] = {{"1", "1.0", 0},
                 {"0.1", "0.09", 1},
                 {"-2", "-1.5", -1},
                 {"84.1", "85", -1},
                 {"1000000000", "999999999.999999999", 1}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct decimal x = readings_decimal(table[i].x), y = readings_decimal(table[i].y);
        cr_assert_eq(decimal_compare(&x, &y), table[i].order, "%zu", i);
        cr_assert_eq(decimal_compare(&y, &x), -table[i].order, "%zu", i);
    }
    cr_assert_eq(decimal_compare(&big, &small), 1);
}

Test(decimal, mean_rounds_halves_away_from_zero)
{
    static const struct {
        const char *v[3];
        size_t n;
        const char *mean;
    } table[] = {
        {{"3.6"}, 1, "3.6"},
        {{"1", "2"}, 2, "1.5"},
        {{"1", "1", "2"}, 3, "1.33"},
        {{"2", "2", "1"}, 3, "1.67"},
        {{"0.01", "0", "0"}, 3, "0.0033"},
        {{"-1", "-1", "-2"}, 3, "-1.33"},
        {{"0.000000001", "0"}, 2, "0.000000001"}, /* half of the last digit: away from zero */
        {{"-0.000000001", "0"}, 2, "-0.000000001"},
        {{"9000000000000000000", "9000000000000000000"}, 2, "9000000000000000000"},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct decimal v[3];
        for (size_t k = 0; k < table[i].n; k++)
            v[k] = readings_decimal(table[i].v[k]);
        struct decimal m = decimal_mean(v, table[i].n);
        cr_assert(readings_is(&m, table[i].mean), "%zu: %s", i, decimal_text(&m).s);
    }
}

Test(decimal, ratio)
{
    static const struct {
        uint64_t x, y;
        uint32_t scale;
        const char *is;
    } table[] = {{1, 3, 2, "0.33"}, {2, 3, 2, "0.67"}, {1, 8, 2, "0.13"},
                 {100, 4, 2, "25"}, {0, 7, 2, "0"},    {123456789012345, 1000, 3, "123456789012.345"},
                 {UINT64_MAX, 1, 2, "999999999999999"}};
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        struct decimal r = decimal_ratio(table[i].x, table[i].y, table[i].scale);
        cr_assert(readings_is(&r, table[i].is), "%zu: %s", i, decimal_text(&r).s);
    }
}

Test(decimal, percent_rounds_once_and_halves_away_from_zero)
{
    static const struct {
        struct decimal x, percent;
        uint32_t decimals;
        int64_t want;
    } table[] = {
        {{.mantissa = 5555, .scale = 2}, {.mantissa = 15, .scale = 1}, 2, 83},       /* 0.83325 */
        {{.mantissa = 1, .scale = 0}, {.mantissa = 5, .scale = 1}, 2, 1},            /* 0.005 */
        {{.mantissa = -1, .scale = 0}, {.mantissa = 5, .scale = 1}, 2, -1},          /* -0.005 */
        {{.mantissa = 1, .scale = 0}, {.mantissa = 499999, .scale = 6}, 2, 0},       /* 0.00499999: not rounded in steps */
        {{.mantissa = 18500000, .scale = 0}, {.mantissa = 125, .scale = 2}, 2, 23125000},
        {{.mantissa = 7, .scale = 0}, {.mantissa = 100, .scale = 0}, 0, 7},          /* no decimals, as yen */
        {{.mantissa = 7, .scale = 0}, {.mantissa = 100, .scale = 0}, 3, 7000},
        {{.mantissa = INT64_MAX, .scale = 9}, {.mantissa = 1, .scale = 9}, 4, 922},  /* 0.0922337... */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t got;
        cr_assert(decimal_percent(&table[i].x, &table[i].percent, table[i].decimals, &got));
        cr_expect_eq(got, table[i].want, "%zu: %" PRId64, i, got);
    }
    int64_t got;
    struct decimal most = {.mantissa = INT64_MAX}, hundred = {.mantissa = 1000};
    cr_assert(!decimal_percent(&most, &hundred, 2, &got), "does not fit");
}

Test(decimal, difference_and_text)
{
    struct decimal x = readings_decimal("4.25"), y = readings_decimal("3.6"), d;
    cr_assert(decimal_difference(&x, &y, &d));
    cr_assert_str_eq(decimal_text(&d).s, "0.65");
    cr_assert(!decimal_difference(&y, &x, &d));
    struct decimal low = readings_decimal("-9000000000000000000"),
                   high = readings_decimal("9000000000000000000");
    cr_assert(!decimal_difference(&high, &low, &d)); /* does not fit */
    x = readings_decimal("-0.05");
    cr_assert_str_eq(decimal_text(&x).s, "-0.05");
}
