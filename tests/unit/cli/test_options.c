#include <criterion/criterion.h>
#include "cli/cli.h"

static enum status parse(struct cli *c, const char *verb, int argc, const char **argv)
{
    char *words[] = {(char[]){"entente"}, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
    static char copy[8][64];
    char *v[3] = {(char[]){"alliance"}, (char[]){"draft"}, NULL};
    int n = 0;
    (void)snprintf(copy[7], sizeof copy[7], "%s", verb);
    v[0] = copy[7];
    const struct cli_verb *found = cli_find_verb(1, v, &n);
    cr_assert_not_null(found);
    for (int i = 0; i < argc; i++) {
        (void)snprintf(copy[i], sizeof copy[i], "%s", argv[i]);
        words[i + 1] = copy[i];
    }
    *c = (struct cli){.timeout_s = 60};
    static char *kept[8];
    memcpy(kept, words, sizeof kept);
    return cli_parse(c, argc + 1, kept, found);
}

Test(options, words_and_values)
{
    struct cli c;
    cr_assert_eq(parse(&c, "approve", 5, (const char *[]){"--yes", "D-12", "--rev", "3", "--reason=why not"}),
                 ST_OK);
    cr_assert_eq(c.n, 1);
    cr_assert_str_eq(c.words[0], "D-12");
    cr_assert(c.yes);
    cr_assert_not(c.json);
    cr_assert_eq(c.rev_number, 3);
    cr_assert_str_eq(c.reason, "why not");
    cr_assert_eq(c.timeout_s, 60);
}

Test(options, two_dashes_end_them)
{
    struct cli c;
    cr_assert_eq(parse(&c, "submit", 2, (const char *[]){"--", "--yes"}), ST_OK);
    cr_assert_eq(c.n, 1);
    cr_assert_str_eq(c.words[0], "--yes");
    cr_assert_not(c.yes);
}

Test(options, refused)
{
    static const struct {
        const char *verb, *word, *value, *say;
    } cases[] = {
        {"approve", "--title", "x", "entente approve takes no option --title"},
        {"approve", "--reson", "x", "Did you mean --reason?"},
        {"approve", "--frobnicate", "x", "entente approve takes no option --frobnicate. See"},
        {"approve", "--rev", "two", "--rev two: expected a whole number from 1 to 65535"},
        {"approve", "--rev", "0", "--rev 0: expected"},
        {"approve", "--rev", "65536", "--rev 65536: expected"},
        {"approve", "--timeout", "3601", "--timeout 3601: expected a whole number from 0 to 3600"},
        {"log", "--limit", "-1", "--limit -1: expected"},
        {"log", "--limit", "0", "--limit 0: expected"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cli c;
        cr_assert_eq(parse(&c, cases[i].verb, 2, (const char *[]){cases[i].word, cases[i].value}), ST_USAGE,
                     "%s", cases[i].word);
        cr_assert_not_null(strstr(c.err.text, cases[i].say), "%s: %s", cases[i].word, c.err.text);
    }
    struct cli c;
    cr_assert_eq(parse(&c, "approve", 1, (const char *[]){"--reason"}), ST_USAGE);
    cr_assert_not_null(strstr(c.err.text, "--reason needs a value"), "%s", c.err.text);
}

Test(options, numbers)
{
    struct cli c = {.timeout_s = 0};
    uint64_t v = 7;
    cr_assert_eq(cli_number(&c, "n", "999999999999999999", 0, UINT64_MAX, &v), ST_OK);
    cr_assert_eq(v, 999999999999999999u);
    v = 7;
    cr_assert_eq(cli_number(&c, "n", "1000000000000000000", 0, UINT64_MAX, &v), ST_USAGE); /* 19 digits */
    cr_assert_eq(cli_number(&c, "n", "", 0, 9, &v), ST_USAGE);
    cr_assert_eq(cli_number(&c, "n", "1e3", 0, 9999, &v), ST_USAGE);
    cr_assert_eq(cli_number(&c, "n", " 1", 0, 9, &v), ST_USAGE);
    cr_assert_eq(v, 7, "untouched on failure");
}

Test(options, decisions)
{
    uint64_t n = 0;
    cr_assert(cli_decision("D-12", &n));
    cr_assert_eq(n, 12);
    cr_assert(cli_decision("d-3", &n));
    cr_assert_eq(n, 3);
    cr_assert(cli_decision("41", &n));
    cr_assert_eq(n, 41);
    cr_assert_not(cli_decision("D-0", &n));
    cr_assert_not(cli_decision("D-", &n));
    cr_assert_not(cli_decision("D--1", &n));
    cr_assert_not(cli_decision("D-12x", &n));
    cr_assert_not(cli_decision("R-12", &n));
    cr_assert_not(cli_decision("", &n));
    cr_assert_not(cli_decision("99999999999999999999999", &n));
}

/* A question may be about an earlier time; what enters something may not. */
Test(options, an_earlier_time)
{
    struct cli c;
    cr_assert_eq(parse(&c, "decisions", 2, (const char *[]){"--at", "2026-03-31"}), ST_OK);
    cr_assert_eq(cli_at_parse(&c), ST_OK);
    cr_assert_eq(c.at_ms, 1774915200000);
    cr_assert_eq(cli_now(&c), 1774915200000);
    c.at = "1970-01-01";
    cr_assert_eq(cli_at_parse(&c), ST_OK);
    cr_assert_eq(c.at_ms, 1, "0 is now");
    c.at = "31.3.2026";
    cr_assert_eq(cli_at_parse(&c), ST_USAGE);
    cr_assert_str_eq(c.err.text, "--at 31.3.2026: expected a time in UTC, 2026-03-31T12:00:00Z, or a day, 2026-03-31, which is its beginning");
    cr_assert_eq(parse(&c, "approve", 3, (const char *[]){"D-1", "--at", "2026-03-31"}), ST_USAGE);
    cr_assert_str_eq(c.err.text,
                     "entente approve acts now; --at TIME is for questions alone: entente show, entente status and others");
    cr_assert_eq(parse(&c, "pack", 3, (const char *[]){"x.pack", "--at", "2026-03-31"}), ST_USAGE);
    cr_assert_str_eq(c.err.text,
                     "entente pack is not answered from the record as it stood at a time: it takes no --at. See: entente help pack");
}
