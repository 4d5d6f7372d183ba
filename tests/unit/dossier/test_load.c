#include "support.h"

static void refuses(const char *from, const char *to, const char *expected)
{
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct err err = {0};
    arena_init(&a, 0);
    cr_assert_neq(load(&a, changed(&a, from, to), &d, &err), ST_OK, "taken: %s", to);
    cr_expect_str_eq(err.text, expected);
}

Test(load, what_is_not_of_the_form)
{
    refuses("  verdict: alliance\n", "  verdikt: alliance\n", "d.yaml:19:3: test: unknown key 'verdikt'; did you mean 'verdict'?");
    refuses("  verdict: alliance\n", "  verdict: maybe\n",
            "d.yaml:19:12: verdict: 'maybe'; expected one of: alliance, joint venture, build, buy, not yet");
    refuses("buy:           {answer: no,", "buy:           {answer: perhaps,",
            "d.yaml:13:27: answer: 'perhaps'; expected one of: yes, no");
    refuses("strategic:  {score: 5,", "strategic:  {score: 6,", "d.yaml:32:27: score: '6'; expected one of: 1, 2, 3, 4, 5");
    refuses("as-of: 2026-11-30", "as-of: 30.11.2026", "d.yaml:5:8: as-of: expected a date, for instance 2026-11-30");
    refuses("partners: [north]", "partners: [North]",
            "d.yaml:4:12: partners: expected an organisation's id: a-z, 0-9 and -, as on its card");
    refuses("partners: [north]", "partners: [north, north]", "d.yaml:4:19: partners: 'north' is there twice");
    refuses("area: ip,", "area: patents,",
            "d.yaml:68:38: area: 'patents'; expected one of: data-sharing, ip, compliance and security, delivery capacity, "
            "points of failure");
    refuses("  east:\n", "  East:\n", "d.yaml:41:3: shortlist: expected a name of a-z, 0-9 and -, beginning with a letter");
    refuses("  goals: [one service", "  goals: {a: b}\n  purposes: [one service",
            "d.yaml:23:3: discovery: unknown key 'purposes'; expected one of: goals, constraints, value-streams");
    refuses("customer data may not leave the EU, no", "{a: b}, no",
            "d.yaml:23:17: constraints: found a mapping; expected one value");
}

Test(load, a_comma_that_is_not_quoted)
{
    refuses("because: \"Technicians, no parts\"", "because: Technicians, no parts",
            "d.yaml:45:52: capability: unknown key 'no parts'; a text with a comma in it stands in quotes: \"one, two\"");
}

/* By the charter's own loader: its words, its places. */
Test(load, the_thesis_is_that_of_a_charter)
{
    refuses("  objective: One service", "  objektive: One service", "d.yaml:74:3: thesis: unknown key 'objektive'; did you mean 'objective'?");
    refuses("EUR 9000000.00 by 2028-03-31", "a lot",
            "d.yaml:77:15: pipeline: 'a lot' is not an outcome; expected an amount or a number, then by DATE, such as USD 1200.00 by 2027-06-30");
}

Test(load, what_is_no_dossier)
{
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct err err = {0};
    arena_init(&a, 0);
    cr_expect_eq(load(&a, span_str("entente: 1\n"), &d, &err), ST_FORMAT);
    cr_expect_str_eq(err.text,
                     "d.yaml:1:1: this is no dossier: it does not begin with 'dossier: 1'; see: entente dossier template");
    cr_expect_eq(load(&a, span_str("dossier: 2\n"), &d, &err), ST_FORMAT);
    cr_expect_str_eq(err.text, "d.yaml:1:10: dossier: '2'; expected one of: 1");
}
