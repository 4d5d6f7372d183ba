#include <criterion/criterion.h>

#include "charter/difference.h"
#include "support.h"

static struct charter_differences compare(struct arena *a, const struct edit *edits)
{
    struct charter_source before, after;
    struct charter_differences l;
    struct err err = {0};
    struct span text = support_example(a);
    cr_assert_eq(support_load(a, text, &before, &err), ST_OK, "%s", err.text);
    for (; edits->from != NULL; edits++)
        text = support_edit(a, text, edits->from, edits->to);
    cr_assert_eq(support_load(a, text, &after, &err), ST_OK, "%s", err.text);
    cr_assert_eq(charter_compare(&before.sections, &after.sections, a, &l, &err), ST_OK, "%s", err.text);
    return l;
}

/* One edit, one difference: where, how the file writes it, and whether it is core (GOV-22). */
static const struct {
    const char *from, *to;
    uint64_t section;
    const char *key, *before, *after; /* NULL: not there */
    bool core;
} cases[] = {
    {"*/finance, sla: 10 bd, budget", "*/finance, sla: 12 bd, budget", SECTION_DECISIONS, "spend.sla",
     "10 bd", "12 bd", false},
    {"sla: 30 bd, notice: 10 bd, abstain: blocks}", "sla: 31 bd, notice: 10 bd, abstain: blocks}",
     SECTION_DECISIONS, "charter-core.sla", "30 bd", "31 bd", true},
    {"layer: operational, seats: [\"*/alliance-manager\", \"*/finance\", \"*/quality\"]",
     "layer: operational, seats: [\"*/alliance-manager\", \"*/finance\"]", SECTION_BODIES, "council.seats",
     "[*/alliance-manager, */finance, */quality]", "[*/alliance-manager, */finance]", true},
    {"clinics/medical-lead], chair", "clinics/quality], chair", SECTION_BODIES, "field-team.seats",
     "[*/business-lead, */delivery-lead, clinics/medical-lead]",
     "[*/business-lead, */delivery-lead, clinics/quality]", false},
    {"  joint-ip: {group", "  joint-patents: {group", SECTION_METRICS, "joint-ip", "{", NULL, false},
    {"objective: A wearable", "objective: The wearable", SECTION_THESIS, "objective",
     "A wearable heart monitor, prescribed by clinics and delivered to the patient's home within two days",
     "The wearable heart monitor, prescribed by clinics and delivered to the patient's home within two days",
     true},
    {"norms: [bad news within one business day, ", "norms: [", SECTION_NORMS, "", "[bad news", "[disagree",
     false},
    {"refresh: {every: 365 d, body: steering, asks: [\"*/alliance-manager\", \"*/delivery-lead\"]}\n", "",
     SECTION_REFRESH, "", "{every: 365 d", NULL, false},
};

static bool starts(const char *text, const char *want)
{
    return want == NULL ? text == NULL : text != NULL && strncmp(text, want, strlen(want)) == 0;
}

Test(difference, key_by_key_in_the_words_of_the_file)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter_differences l =
            compare(&a, (struct edit[]){{cases[i].from, cases[i].to}, {NULL, NULL}});
        cr_assert_geq(l.n, 1, "%s", cases[i].to);
        cr_expect_eq(l.v[0].section, cases[i].section, "%s", cases[i].to);
        cr_expect_str_eq(l.v[0].key, cases[i].key);
        cr_expect(starts(l.v[0].before, cases[i].before), "%s: before: %s", cases[i].key, l.v[0].before);
        cr_expect(starts(l.v[0].after, cases[i].after), "%s: after: %s", cases[i].key, l.v[0].after);
        cr_expect_eq(l.v[0].core, cases[i].core, "%s", cases[i].key);
    }
}

/* A name that is replaced goes, and another is new. */
Test(difference, what_is_renamed_goes_and_comes)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_differences l =
        compare(&a, (struct edit[]){{"  joint-ip: {group", "  joint-patents: {group"}, {NULL, NULL}});
    cr_assert_eq(l.n, 2);
    cr_expect_null(l.v[0].after);
    cr_expect_str_eq(l.v[1].key, "joint-patents");
    cr_expect_null(l.v[1].before);
}

/* In the order of sections and of keys, none twice; the same text: nothing. */
Test(difference, several_in_order_and_none)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct charter_differences l =
        compare(&a, (struct edit[]){{"refresh: {every: 365 d", "refresh: {every: 180 d"},
                                    {"*/business-lead, sla: 15 bd, notice: 5 bd",
                                     "*/business-lead, sla: 14 bd, notice: 4 bd"},
                                    {"to: 2029-12-31, renewal", "to: 2028-12-31, renewal"},
                                    {NULL, NULL}});
    static const char *const keys[] = {"to", "commercial-terms.sla", "commercial-terms.notice", "every"};
    cr_assert_eq(l.n, ARRAY_LEN(keys));
    for (size_t i = 0; i < l.n; i++)
        cr_expect_str_eq(l.v[i].key, keys[i]);
    cr_expect_eq(compare(&a, (struct edit[]){{NULL, NULL}}).n, 0);
}

/* A ladder becomes core by the row that refers to it, so its change is core, though it was policy before; and
 * the other way round (GOV-22). */
Test(difference, core_before_or_after)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    static const struct edit refer = {"sla: 30 bd, notice: 10 bd, abstain: blocks}\n",
                                      "sla: 30 bd, notice: 10 bd, abstain: blocks, ladder: urgent}\n"};
    static const struct edit rung = {"urgent: [{to: council, within: 1 bd}",
                                     "urgent: [{to: council, within: 3 bd}"};
    struct charter_source plain, referring, both, changed;
    struct charter_differences l;
    struct span text = support_example(&a), with = support_edit(&a, text, refer.from, refer.to);
    cr_assert_eq(support_load(&a, text, &plain, NULL), ST_OK);
    cr_assert_eq(support_load(&a, with, &referring, NULL), ST_OK);
    cr_assert_eq(support_load(&a, support_edit(&a, with, rung.from, rung.to), &both, NULL), ST_OK);
    cr_assert_eq(support_load(&a, support_edit(&a, text, rung.from, rung.to), &changed, NULL), ST_OK);
    struct {
        const struct section_list *before, *after;
        bool core;
    } ways[] = {{&plain.sections, &changed.sections, false},
                {&plain.sections, &both.sections, true},
                {&both.sections, &plain.sections, true},
                {&referring.sections, &changed.sections, true}};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        cr_assert_eq(charter_compare(ways[i].before, ways[i].after, &a, &l, NULL), ST_OK);
        cr_assert_eq(l.v[0].section, SECTION_LADDERS);
        cr_expect_str_eq(l.v[0].key, "urgent");
        cr_expect_eq(l.v[0].core, ways[i].core, "way %zu", i);
    }
}
