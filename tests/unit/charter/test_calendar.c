#include <criterion/criterion.h>
#include <jansson.h>

#include "base/base.h"
#include "charter/calendar.h"

static void numbers(struct arena *a, const json_t *list, struct uint_list *ret_l)
{
    struct uint_list l = {.n = json_array_size(list),
                          .v = arena_array(a, json_array_size(list), sizeof(uint64_t))};
    for (size_t i = 0; i < l.n; i++)
        l.v[i] = (uint64_t)json_integer_value(json_array_get(list, i));
    *ret_l = l;
}

static void read_calendar(struct arena *a, const json_t *j, struct charter_calendar *c)
{
    c->name = span_str(json_string_value(json_object_get(j, "name")));
    const json_t *all = json_object_get(j, "all_of");
    if (all != NULL) {
        SET_HAS(c, charter_calendar_key_all_of);
        c->all_of = (struct span_list){json_array_size(all),
                                       arena_array(a, json_array_size(all), sizeof(struct span))};
        for (size_t i = 0; i < c->all_of.n; i++)
            c->all_of.v[i] = span_str(json_string_value(json_array_get(all, i)));
        return;
    }
    SET_HAS(c, charter_calendar_key_utc);
    SET_HAS(c, charter_calendar_key_weekend);
    SET_HAS(c, charter_calendar_key_holidays);
    SET_HAS(c, charter_calendar_key_listed_to);
    c->utc = json_integer_value(json_object_get(j, "utc"));
    c->listed_to = (uint64_t)json_integer_value(json_object_get(j, "listed_to"));
    numbers(a, json_object_get(j, "weekend"), &c->weekend);
    numbers(a, json_object_get(j, "holidays"), &c->holidays);
}

static struct charter_calendars read_calendars(struct arena *a, const json_t *root)
{
    const json_t *list = json_object_get(root, "calendars");
    struct charter_calendars c = {
        .list = {json_array_size(list),
                 arena_array(a, json_array_size(list), sizeof(struct charter_calendar))}};
    for (size_t i = 0; i < c.list.n; i++)
        read_calendar(a, json_array_get(list, i), &c.list.v[i]);
    return c;
}

static enum span_unit unit_of(const char *text)
{
    uint32_t unit = 0;
    cr_assert_eq(enum_parse(&span_unit_enum, span_str(text), &unit), ST_OK);
    return (enum span_unit)unit;
}

/* calendar_vectors.json is written by calendar_oracle.py, which uses Python's own dates. */
Test(calendar, agrees_with_python)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    json_error_t why;
    json_t *root = json_load_file(ENTENTE_SOURCE_DIR "/tests/unit/charter/calendar_vectors.json", 0, &why);
    cr_assert_not_null(root, "%s", why.text);
    struct charter_calendars c = read_calendars(&a, root);
    const json_t *cases = json_object_get(root, "cases");
    size_t beyonds = 0, joined = 0;
    cr_assert_geq(json_array_size(cases), 2000);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *k = json_array_get(cases, i);
        const char *name = json_string_value(json_array_get(k, 0));
        struct charter_span s = {.n = (uint64_t)json_integer_value(json_array_get(k, 2)),
                                 .unit = unit_of(json_string_value(json_array_get(k, 3)))};
        uint64_t opening = (uint64_t)json_integer_value(json_array_get(k, 1)), end = 0;
        bool beyond = false;
        cr_assert_eq(calendar_deadline(&c, span_str(name), opening, &s, &end, &beyond), ST_OK, "case %zu", i);
        cr_assert_eq(end, (uint64_t)json_integer_value(json_array_get(k, 4)), "case %zu: %" PRIu64, i, end);
        cr_assert_eq(beyond, json_is_true(json_array_get(k, 5)), "case %zu", i);
        beyonds += beyond;
        joined += name[0] == 'j';
    }
    cr_expect_gt(beyonds, 50);
    cr_expect_gt(joined, 300);
    json_decref(root);
}

static const uint64_t weekend[] = {DAY_SAT, DAY_SUN};
static const uint64_t all_week[] = {1, 2, 3, 4, 5, 6, 7};

static struct charter_calendar plain(const char *name, int64_t utc, const uint64_t *days, size_t n)
{
    struct charter_calendar c = {.name = span_str(name), .utc = utc, .listed_to = 30000};
    memcpy(&c.weekend.v, &days, sizeof days);
    c.weekend.n = n;
    return c;
}

/* Dates worked out by hand. 2026-11-23 is a Monday. */
Test(calendar, GOV_R04_ends_of_spans)
{
    struct charter_calendar v[] = {plain("utc", 0, weekend, 2)};
    struct charter_calendars c = {.list = {1, v}};
    static const struct {
        const char *opening;
        uint64_t n;
        enum span_unit unit;
        const char *end;
    } cases[] = {
        {"2026-11-23T09:00:00Z", 1, UNIT_BD, "2026-11-25T00:00:00.000Z"},
        {"2026-11-23T09:00:00Z", 5, UNIT_BD, "2026-12-01T00:00:00.000Z"},
        {"2026-11-27T23:59:59Z", 1, UNIT_BD, "2026-12-01T00:00:00.000Z"},
        {"2026-11-28T12:00:00Z", 1, UNIT_BD, "2026-12-01T00:00:00.000Z"},
        {"2026-11-23T09:00:00Z", 5, UNIT_D, "2026-11-29T00:00:00.000Z"},
        {"2026-11-23T09:00:00Z", 1, UNIT_H, "2026-11-23T10:00:00.000Z"},
        {"2026-11-23T09:00:00Z", 90, UNIT_MIN, "2026-11-23T10:30:00.000Z"},
        {"2026-11-23T09:00:00Z", 61, UNIT_S, "2026-11-23T09:01:01.000Z"},
        {"2026-11-23T09:00:00Z", 0, UNIT_BD, "2026-11-23T09:00:00.000Z"},
        {"2027-01-31T09:00:00Z", 1, UNIT_MONTHS, "2027-03-01T00:00:00.000Z"},
        {"2027-11-30T09:00:00Z", 3, UNIT_MONTHS, "2028-03-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t opening, end;
        bool beyond;
        struct charter_span s = {.n = cases[i].n, .unit = cases[i].unit};
        cr_assert_eq(time_parse(span_str(cases[i].opening), &opening), ST_OK);
        cr_assert_eq(calendar_deadline(&c, span_str("utc"), opening, &s, &end, &beyond), ST_OK);
        cr_expect_str_eq(time_utc(end).s, cases[i].end, "%zu", i);
    }
}

Test(calendar, what_cannot_be_computed_is_refused)
{
    struct span members[] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"b", 1}},
                lost[] = {{(const uint8_t *)"x", 1}};
    struct charter_calendar v[] = {plain("a", 0, weekend, 2),
                                   plain("b", 60, weekend, 2),
                                   plain("none", 0, all_week, 7),
                                   {.name = {(const uint8_t *)"j", 1}, .all_of = {2, members}},
                                   {.name = {(const uint8_t *)"l", 1}, .all_of = {1, lost}}};
    SET_HAS(&v[3], charter_calendar_key_all_of);
    SET_HAS(&v[4], charter_calendar_key_all_of);
    struct charter_calendars c = {.list = {5, v}};
    struct charter_span s = {.n = 1, .unit = UNIT_BD}, far = {.n = 100000, .unit = UNIT_BD};
    uint64_t end = 77;
    bool beyond = true;
    cr_expect_eq(calendar_deadline(&c, span_str("?"), 0, &s, &end, &beyond), ST_NOTFOUND);
    cr_expect_eq(calendar_deadline(&c, span_str("l"), 0, &s, &end, &beyond), ST_NOTFOUND);
    cr_expect_eq(calendar_deadline(&c, span_str("j"), 0, &s, &end, &beyond), ST_RANGE, "offsets differ");
    cr_expect_eq(calendar_deadline(&c, span_str("none"), 0, &s, &end, &beyond), ST_RANGE, "no day works");
    cr_expect_eq(calendar_deadline(&c, span_str("a"), 253402300799999, &s, &end, &beyond), ST_RANGE,
                 "past the year 9999");
    cr_expect_eq(calendar_deadline(&c, span_str("a"), 253402300799999 + 86400000, &s, &end, &beyond),
                 ST_RANGE);
    cr_expect_eq(end, 77, "untouched");
    cr_expect_eq(calendar_deadline(&c, span_str("a"), 0, &far, &end, &beyond), ST_OK);
    cr_expect(beyond);
    bool is = false;
    cr_expect_eq(calendar_is_business_day(&c, span_str("a"), 0, &is), ST_OK);
    cr_expect(is, "1970-01-01 was a Thursday");
    cr_expect_eq(calendar_is_business_day(&c, span_str("a"), 2 * (uint64_t)86400000, &is), ST_OK);
    cr_expect(!is, "a Saturday");
    cr_expect_eq(calendar_end_of(&c, span_str("b"), 0, &end), ST_OK);
    cr_expect_eq(end, 86400000 - 3600000);
}
