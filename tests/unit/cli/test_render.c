#include <criterion/criterion.h>
#include "charter/charter_model.h"
#include "cli/cli.h"
#include "cli/reliance.h"
#include "crypto/hash.h"

Test(render, diff_has_lines_of_one_side_only)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    cli_diff(span_str("title one\nsame\namount USD 1.10\n"),
             span_str("title two\nsame\namount USD 1.10\nmore"), &b);
    cr_assert_str_eq(buf_cstr(&b), "- title one\n+ title two\n+ more\n");
    buf_reset(&b);
    cli_diff(span_str("a\nb\n"), span_str("a\nb\n"), &b);
    cr_assert_str_eq(buf_cstr(&b), "");
    cli_diff(span_str(""), span_str(""), &b);
    cr_assert_str_eq(buf_cstr(&b), "");
}

Test(render, indents_every_line)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    cli_indented(&b, span_str("one\n\ntwo"), "  ");
    cr_assert_str_eq(buf_cstr(&b), "  one\n  \n  two\n");
}

Test(render, cuts_between_characters)
{
    static const struct {
        const char *text;
        size_t room;
        const char *want;
        bool cut;
    } cases[] = {
        {"short", 10, "short", false},
        {"exactly10c", 10, "exactly10c", false},
        {"eleven-char", 10, "eleven-ch", true},
        {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 4, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", false},
        {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 3, "\xc3\xa4\xc3\xb6", true},
        {"line\nnext", 80, "line", true},
        {"", 5, "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *mark;
        struct span s = cli_cut(span_str(cases[i].text), cases[i].room, &mark);
        cr_assert(span_eqs(s, cases[i].want), "%s: %.*s", cases[i].text, SPAN_FMT(s));
        cr_assert_eq(mark[0] != 0, cases[i].cut, "%s", cases[i].text);
    }
}

Test(render, personal_texts)
{
    static const struct {
        const char *text;
        bool personal;
    } cases[] = {
        {"ask anna.berg@clinic.example about it", true},
        {"call +49 (30) 1234 5678", true},
        {"USD 180000.00 at 1.02 a case", false},
        {"meet @ noon", false},
        {"a@b", false},
        {"sensor 4711-0815-1234567890", false},
        {"1 + 1 = 2, +5 percent", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_assert_eq(cli_is_personal(span_str(cases[i].text)), cases[i].personal, "%s", cases[i].text);
}

/* All that is signed is shown, an amended section in full. */
Test(render, proposal)
{
    struct cli c = {.n = 0};
    struct buf b CLEANUP(buf_deinit), body CLEANUP(buf_deinit);
    struct prose v[] = {{.salt = {{1}}, .text = span_str("Glossary, second edition")},
                        {.salt = {{2}}, .text = span_str("Line one\nline two")}};
    struct span orgs[] = {span_str("brand"), span_str("co-packer")};
    struct charter_text_of words[] = {{.name = span_str("case"), .text = span_str("24 bottles")}};
    struct charter_glossary glossary = {.list = {1, words}};
    struct proposal p = {.amount = {.minor = 18000000, .currency = span_str("USD")}, .affected = {2, orgs}};
    struct cli_texts prose = {2, v, span_str("(text absent)")};
    arena_init(&c.a, 0);
    buf_init(&b, 1 << 16);
    buf_init(&body, 1 << 16);
    cr_assert_eq(codec_encode(&charter_glossary_desc, &glossary, &body), ST_OK);
    leaf_prose_digest(&v[0], &p.title);
    leaf_prose_digest(&v[1], &p.text);
    SET_HAS(&p, proposal_key_text);
    SET_HAS(&p, proposal_key_amount);
    SET_HAS(&p, proposal_key_affected);
    p.effect = (struct effect){.type = EFFECT_AMEND,
                               .section = charter_glossary_number_,
                               .base_version = 3,
                               .body = buf_span(&body)};
    cli_render_proposal(&c, &p, &prose, &b);
    cr_assert_str_eq(buf_cstr(&b), "title     Glossary, second edition\n"
                                   "amount    USD 180000.00\n"
                                   "affects   brand\n"
                                   "affects   co-packer\n"
                                   "effect    replaces version 3 of the charter section glossary by\n"
                                   "  glossary:\n    case: 24 bottles\n"
                                   "text\n  Line one\n  line two\n");
    buf_reset(&b);
    prose.n = 0; /* withheld */
    cli_render_proposal(&c, &p, &prose, &b);
    cr_assert_not_null(strstr(buf_cstr(&b), "title     (text absent)\n"));
    buf_reset(&b);
    prose.absent = span_str("(erased by D-7)");
    cli_render_proposal(&c, &p, &prose, &b);
    cr_assert_not_null(strstr(buf_cstr(&b), "title     (erased by D-7)\n"));
    arena_deinit(&c.a);
}

/* A clause that does not exist is said to be none, with what there is. */
Test(render, clauses)
{
    static const struct {
        const char *clause;
        bool is;
    } cases[] = {{"glossary", true},          {"glossary.case", true},   {"glossary.pallet", false},
                 {"glossary.case.of", false}, {"glossary.cas", false}};
    struct cli c = {.n = 0};
    struct buf body CLEANUP(buf_deinit);
    struct charter_text_of words[] = {{.name = span_str("case"), .text = span_str("24 bottles")}};
    struct charter_glossary glossary = {.list = {1, words}};
    arena_init(&c.a, 0);
    buf_init(&body, 1 << 16);
    cr_assert_eq(codec_encode(&charter_glossary_desc, &glossary, &body), ST_OK);
    struct section s = {.number = charter_glossary_number_, .body = buf_span(&body)};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        cr_assert_eq(cli_clause_in(&c, &s, span_str(cases[i].clause)), cases[i].is ? ST_OK : ST_NOTFOUND, "%s", cases[i].clause);
    cr_assert_eq(cli_clause_in(&c, &s, span_str("glossary.pallet")), ST_NOTFOUND);
    cr_assert_str_eq(c.err.text, "clause glossary.pallet: the charter's glossary has no pallet; it has case");
    arena_deinit(&c.a);
}

/* Reads an entry's words. */
static void words_of(const struct record_desc *d, const void *body, enum kind kind, const char *want_what, const char *want_about)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit), what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&b, 1 << 16);
    buf_init(&what, 1 << 10);
    buf_init(&about, 1 << 10);
    cr_assert_eq(codec_encode(d, body, &b), ST_OK);
    struct leaf leaf = {.entry = {.kind = kind, .body = buf_span(&b)}};
    cli_entry_words(&leaf, &a, &what, &about);
    cr_assert_str_eq(buf_cstr(&what), want_what);
    cr_assert_str_eq(buf_cstr(&about), want_about);
}

Test(render, entries_in_words)
{
    struct ballot ballot = {.decision = {.number = 6}, .choice = CHOICE_VETO, .clause = span_str("boundaries.maker")};
    SET_HAS(&ballot, ballot_key_clause);
    words_of(&ballot_desc, &ballot, KIND_BALLOT, "veto by clause boundaries.maker", "D-6");
    struct item_move move = {.item = {.type = ITEM_RISK, .number = 2}, .step = ITEM_STEP_CLAIM};
    words_of(&item_move_desc, &move, KIND_ITEM_MOVE, "claim", "R-2");
    struct minutes minutes = {.session = 3, .act = SESSION_ACT_CONFIRM};
    words_of(&minutes_desc, &minutes, KIND_MINUTES, "confirm", "S-3");
    words_of(&receipt_desc, &(struct receipt){.decision = {.number = 1}}, KIND_RECEIPT, "has seen", "D-1");
    struct leaf broken = {.entry = {.kind = KIND_KEY, .body = span_str("x")}};
    struct arena a CLEANUP(arena_deinit);
    struct buf what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&what, 1 << 10);
    buf_init(&about, 1 << 10);
    cli_entry_words(&broken, &a, &what, &about); /* a body that does not decode */
    cr_assert_str_eq(buf_cstr(&what), "key");
}

/* A text that is not the digest's, or that may not be shown, is as good as absent. */
Test(render, prose_is_checked)
{
    struct prose v[] = {{.text = span_str("\x1b[2Jgone")}, {.text = span_str("fine")}};
    struct cli_texts l = {2, v, span_str("(text absent)")};
    struct hash h, other = {{9}};
    leaf_prose_digest(&v[0], &h);
    cr_assert(span_eqs(cli_find_prose(&l, &h), "(text absent)"));
    leaf_prose_digest(&v[1], &h);
    cr_assert(span_eqs(cli_find_prose(&l, &h), "fine"));
    cr_assert(span_eqs(cli_find_prose(&l, &other), "(text absent)"));
}

Test(render, what_it_rests_on_and_its_last_day)
{
    struct buf b CLEANUP(buf_deinit);
    struct reliance v[3] = {{.assumption = 3}, {.reading = {.number = 7}}, {.clause = span_str("thesis.scope")}};
    struct proposal p = {.relies = {3, v}, .until = 20634};
    buf_init(&b, 4096);
    cli_put_reliance(&p, &b);
    cr_assert_str_eq(buf_cstr(&b), "", "nothing is said that is not there");
    SET_HAS(&v[0], reliance_key_assumption);
    SET_HAS(&v[1], reliance_key_reading);
    SET_HAS(&v[2], reliance_key_clause);
    SET_HAS(&p, proposal_key_relies);
    SET_HAS(&p, proposal_key_until);
    cli_put_reliance(&p, &b);
    cr_assert_str_eq(buf_cstr(&b), "rests on  AS-3\n"
                                   "rests on  K-7, its version sha256:0000000000000000000000000000000000000000000000000000000000000000\n"
                                   "rests on  thesis.scope\n"
                                   "until     2026-06-30, then it expires\n");
}

static enum status reliance_of(const char *relies_on, const char *until, const struct proposal *before, struct proposal *p, struct err *err)
{
    static struct cli c; /* borrowed by what it gives */
    c = (struct cli){.relies_on = relies_on, .until = until};
    arena_init(&c.a, 0);
    enum status st = cli_fill_reliance(&c, before, p);
    *err = c.err;
    return st;
}

Test(render, what_was_typed_goes_before_what_was_there)
{
    struct reliance was = {.assumption = 1};
    struct proposal before = {.relies = {1, &was}, .until = 20634}, p = {0};
    struct err err;
    SET_HAS(&was, reliance_key_assumption);
    SET_HAS(&before, proposal_key_relies);
    SET_HAS(&before, proposal_key_until);
    cr_assert_eq(reliance_of(NULL, NULL, &before, &p, &err), ST_OK);
    cr_assert(HAS(&p, proposal_key_relies) && p.relies.n == 1 && HAS(&p, proposal_key_until) && p.until == 20634);
    p = (struct proposal){0};
    cr_assert_eq(reliance_of("none", "none", &before, &p, &err), ST_OK);
    cr_assert(!HAS(&p, proposal_key_relies) && !HAS(&p, proposal_key_until));
    p = (struct proposal){0};
    cr_assert_eq(reliance_of("AS-4,AS-2", "2026-07-01", &before, &p, &err), ST_OK);
    cr_assert(p.relies.n == 2 && p.relies.v[0].assumption == 2 && p.relies.v[1].assumption == 4 && p.until == 20635);
}

Test(render, what_cannot_be_relied_on)
{
    static const struct {
        const char *relies_on, *until, *why;
    } cases[] = {
        {"R-1", NULL, "--relies-on R-1: that is an item of the type risk; expected an assumption (AS-3), a reading (K-7) or a clause (thesis.scope)"},
        {"d-3", NULL, "--relies-on d-3: that is a decision; expected an assumption"},
        {"AS-1,AS-1", NULL, "--relies-on AS-1,AS-1: AS-1 is named twice"},
        {"", NULL, "--relies-on \"\": it names 0; expected 1 to 16"},
        {"K-x", NULL, "--relies-on K-x: expected a reading by its number, for instance K-7"},
        {"Thesis", NULL, "--relies-on Thesis: expected an assumption (AS-3), a reading (K-7) or a clause (thesis.scope)"},
        {NULL, "31.12.2026", "--until 31.12.2026: expected a date, the decision's last day, for instance 2026-06-30"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct proposal p = {0};
        struct err err;
        cr_expect_eq(reliance_of(cases[i].relies_on, cases[i].until, NULL, &p, &err), ST_USAGE, "%zu", i);
        cr_expect(strstr(err.text, cases[i].why) != NULL, "%zu: %s", i, err.text);
    }
}
