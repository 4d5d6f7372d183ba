#include <criterion/criterion.h>

#include "support.h"

static void print_all(struct arena *a, const struct charter *c, struct buf *b)
{
    for (uint64_t n = SECTION_ALLIANCE; n <= SECTION_EXIT; n++)
        if (charter_section_of(c, n) != NULL)
            cr_assert_eq(charter_print(charter_section_desc(n), charter_section_of(c, n), a, b), ST_OK);
}

static void round_trip(struct arena *a, struct span text)
{
    struct charter_source source, again;
    struct charter c;
    struct err err = {0};
    struct buf b CLEANUP(buf_deinit);
    struct charter_files f = support_files();
    buf_init(&b, 1 << 20);
    cr_assert_eq(support_load(a, text, &source, &err), ST_OK, "%s", err.text);
    cr_assert_eq(charter_decode(source.sections.v, source.sections.n, a, &c, &err), ST_OK, "%s", err.text);
    print_all(a, &c, &b);
    cr_assert_eq(charter_load(buf_span(&b), "printed.yaml", NULL, &f, a, &again, &err), ST_OK, "%s",
                 err.text);
    cr_assert_eq(source.sections.n, again.sections.n);
    for (size_t i = 0; i < source.sections.n; i++)
        cr_expect(span_eq(source.sections.v[i].body, again.sections.v[i].body), "section %d",
                  (int)source.sections.v[i].number);
}

Test(charter_print, what_is_printed_loads_to_the_same_bytes)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    round_trip(&a, support_example(&a));
}

/* Texts that YAML could read otherwise, and sections that are empty. */
Test(charter_print, awkward_texts_and_empty_sections_survive)
{
    static const char *const texts[] = {
        "\"- a: b\"", "\"*star\"",  "\"a # b\"", "\"quote \\\" and \\\\ backslash\"",
        "\"@at\"",    "\"- dash\"", "\"12:30\"", "\"trailing:\"",
        "\"[x]\"",    "\"Zürich\"", "\"~\"",     "\"null\"",
        "\"%x\"",     "\"?\"",      "\"'\""};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        round_trip(&a, support_edit(&a, support_example(&a), "bad news within one business day", texts[i]));
        round_trip(&a, support_edit(&a, support_example(&a), "a patient with signal on 5 of the last 7 days",
                                    texts[i]));
    }
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct span text = support_edit(
        &a, support_example(&a),
        "norms: [bad news within one business day, \"disagree in the record, not in the corridor\"]",
        "norms: []");
    text = support_edit(&a, text,
                        "glossary: {false-alarm: \"an alarm that a physician reviewed and closed without "
                        "action\", active-patient: a patient with signal on 5 of the last 7 days}",
                        "glossary: {}");
    round_trip(&a, text);
}

Test(charter_print, reads_as_the_file_does)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    struct charter c = support_charter(&a, support_example(&a));
    cr_assert_eq(charter_print(&charter_ladders_desc, c.ladders, &a, &b), ST_OK);
    cr_expect_str_eq(
        buf_cstr(&b),
        "ladders:\n"
        "  standard: [{to: steering, within: 10 bd}, {to: trustee/mediator, within: 10 bd, answer: 5 bd}]\n"
        "  to-council: [{to: council, within: 3 bd}, {to: steering, within: 5 bd}, {to: trustee/mediator, "
        "within: 10 bd, answer: 5 bd}]\n"
        "  urgent: [{to: council, within: 1 bd}, {to: steering, within: 2 bd}]\n");
    buf_reset(&b);
    cr_assert_eq(charter_print(&charter_clock_desc, c.clock, &a, &b), ST_OK);
    cr_expect_str_eq(
        buf_cstr(&b),
        "clock:\n  precision: 500 ms\n  late-after: 2 h\n  propose-timeout: 3 s\n  vote-timeout: 1 s\n"
        "  timeout-step: 500 ms\n  block-entries: 1000\n  block-bytes: 1048576\n");
    buf_reset(&b);
    cr_assert_eq(charter_print(&charter_exit_desc, c.exit, &a, &b), ST_OK);
    cr_expect_not_null(strstr(buf_cstr(&b), "  triggers: {safety: count safety-notice >= 3 in 365 d, "
                                            "term-ends: term over, value-lost: revenue < 6000000 for 3}\n"),
                       "%s", buf_cstr(&b));
}

Test(charter_print, a_full_buffer_is_told)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    arena_init(&a, 0);
    buf_init(&b, 100);
    struct charter c = support_charter(&a, support_example(&a));
    cr_expect_eq(charter_print(&charter_decisions_desc, c.decisions, &a, &b), ST_LIMIT);
}
