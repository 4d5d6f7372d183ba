/* The charters that come with the program: each is complete, and the check has nothing to say of it. */
#include <criterion/criterion.h>

#include "charter/template.h"
#include "support.h"

static struct check_findings findings(struct arena *a, const struct charter_template *t, struct charter *ret)
{
    struct charter_source source;
    struct check_findings f;
    struct err err = {0};
    cr_assert_eq(support_load(a, t->yaml, &source, &err), ST_OK, "%s: %s", t->name, err.text);
    cr_assert_eq(charter_decode(source.sections.v, source.sections.n, a, ret, &err), ST_OK, "%s: %s", t->name,
                 err.text);
    cr_assert_eq(check_charter(ret, a, &f), ST_OK);
    return f;
}

Test(template, check_finds_nothing)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter c;
        struct check_findings f = findings(&a, &charter_templates[i], &c);
        for (size_t k = 0; k < f.n; k++)
            cr_expect(false, "%s: %s: %s", charter_templates[i].name, f.v[k].where, f.v[k].text);
        cr_expect_eq(f.refusals, 0);
    }
}

/* All sections, but for the two that name files which the reader has to bring. */
Test(template, has_every_section)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter c;
        (void)findings(&a, &charter_templates[i], &c);
        for (uint64_t n = 1; charter_section_desc(n) != NULL; n++) {
            bool brought = n == SECTION_AGREEMENTS || n == SECTION_PROCEDURES;
            cr_expect_eq(charter_section_of(&c, n) == NULL, brought, "%s: section %s",
                         charter_templates[i].name, enum_text(&section_id_enum, (uint32_t)n));
        }
    }
}

Test(template, has_the_starter_rows)
{
    static const struct {
        const char *name;
        uint64_t bd;
    } rows[] = {{"roadmap-change", 10}, {"commercial-terms", 15},
                {"data-sharing", 20},   {"delivery-tradeoff", 5},
                {"spend", 10},          {"capital", 20},
                {"pivot", 30},          {"charter-core", 30},
                {"charter-policy", 15}, {"admission", 30},
                {"removal", 30},        {"risk-acceptance", 10},
                {"renewal", 60},        {"exit", 20},
                {"reserved-matter", 20}};
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter c;
        (void)findings(&a, &charter_templates[i], &c);
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            const struct charter_row *r = charter_row(&c, span_str(rows[k].name));
            cr_assert_not_null(r, "%s: %s", charter_templates[i].name, rows[k].name);
            cr_expect_eq(r->sla.n, rows[k].bd, "%s: %s", charter_templates[i].name, rows[k].name);
            cr_expect_eq(r->sla.unit, UNIT_BD);
        }
    }
}

/* What can be computed is computed, and what is felt is sealed. */
Test(template, has_a_balanced_scorecard)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 0);
        struct charter c;
        size_t groups[GROUP_CAPABILITY + 1] = {0}, computed[MEASURE_ITEMS_TAGGED + 1] = {0}, sealed = 0;
        (void)findings(&a, &charter_templates[i], &c);
        for (size_t k = 0; k < c.metrics->list.n; k++) {
            const struct charter_metric *m = &c.metrics->list.v[k];
            groups[m->group]++;
            sealed += m->sealed;
            if (HAS(m, charter_metric_key_computed) && m->computed.measure <= MEASURE_ITEMS_TAGGED)
                computed[m->computed.measure]++;
        }
        for (size_t k = 1; k < ARRAY_LEN(groups); k++)
            cr_expect_geq(groups[k], 2, "%s: group %zu", charter_templates[i].name, k);
        for (size_t k = MEASURE_MILESTONES_HIT; k < ARRAY_LEN(computed); k++)
            cr_expect_geq(computed[k], 1, "%s: measure %zu", charter_templates[i].name, k);
        cr_expect_eq(sealed, 2, "trust and alignment");
        cr_expect_not_null(charter_metric(&c, span_str("savings")));
    }
}

Test(template, found_by_name)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++)
        cr_expect_eq(charter_template(charter_templates[i].name), &charter_templates[i]);
    cr_expect_null(charter_template("two"));
}
