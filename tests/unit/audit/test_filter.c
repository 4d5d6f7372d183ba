/* What a filter takes, and how it says no. What it picks is in test_findings.c, on a record. */
#include <criterion/criterion.h>
#include "audit/filter.h"

static struct arena a;
static struct filter f;
static struct err err;

static void setup(void)
{
    arena_init(&a, 0);
}

static void teardown(void)
{
    arena_deinit(&a);
}

TestSuite(filter, .init = setup, .fini = teardown);

static void refused(struct filter_text t, const char *words)
{
    cr_assert_eq(filter_parse(&t, &a, &f, &err), ST_USAGE);
    cr_assert(strstr(err.text, words) != NULL, "%s", err.text);
}

Test(filter, what_it_does_not_understand_it_names_with_what_was_expected)
{
    refused((struct filter_text){.from = "soon"}, "--from soon: a time is 2026-03-31 or 2026-03-31T12:00:00Z (UTC)");
    refused((struct filter_text){.to = "2026-13-01"}, "--to 2026-13-01: a time is");
    refused((struct filter_text){.kind = "vote"}, "--kind vote: there is no such kind; they are: holder, key,");
    refused((struct filter_text){.outcome = "done"}, "--outcome done: there is no such outcome; they are: open, mediation,");
    refused((struct filter_text){.over = "1000"}, "--amount-over '1000': an amount is a currency and a number with its decimals, such as 'EUR 1000.00'");
    refused((struct filter_text){.over = "EUR 1000"}, "--amount-over 'EUR 1000'");
    refused((struct filter_text){.seat = "finance"}, "--seat finance: no seat is written so; it is ORGANISATION/SEAT, such as brand/finance");
    refused((struct filter_text){.seat = "/"}, "--seat /: no seat is written so");
    refused((struct filter_text){.partner = "Brand Inc."}, "--partner Brand Inc.: no organisation is written so; an id is a-z, 0-9 and -");
    refused((struct filter_text){.to = "1970-01-01T00:00:00Z"}, "--to 1970-01-01T00:00:00Z: nothing is before that");
    refused((struct filter_text){.from = "2026-03-02", .to = "2026-03-01"}, "--from 2026-03-02 is not before --to 2026-03-01");
}

Test(filter, a_date_means_its_beginning_and_as_an_end_the_whole_day)
{
    struct filter_text t = {.from = "2026-03-01", .to = "2026-03-01"};
    cr_assert_eq(filter_parse(&t, &a, &f, &err), ST_OK);
    cr_assert_str_eq(time_utc(f.from_ms).s, "2026-03-01T00:00:00.000Z");
    cr_assert_str_eq(time_utc(f.to_ms).s, "2026-03-02T00:00:00.000Z");
    t.to = "2026-03-01T12:00:00Z";
    cr_assert_eq(filter_parse(&t, &a, &f, &err), ST_OK);
    cr_assert_str_eq(time_utc(f.to_ms).s, "2026-03-01T12:00:00.000Z");
}

Test(filter, lines_are_decisions_when_something_is_asked_of_them_and_no_kind_is_named)
{
    struct filter_text none = {0}, seat = {.seat = "a/b"}, type = {.type = "spend"}, both = {.type = "spend", .kind = "ballot"};
    cr_assert_eq(filter_parse(&none, &a, &f, &err), ST_OK);
    cr_assert(!f.decisions);
    cr_assert_eq(filter_parse(&seat, &a, &f, &err), ST_OK);
    cr_assert(!f.decisions);
    cr_assert_eq(filter_parse(&type, &a, &f, &err), ST_OK);
    cr_assert(f.decisions);
    cr_assert_eq(filter_parse(&both, &a, &f, &err), ST_OK);
    cr_assert(!f.decisions);
}
