#include "support.h"

Test(template, example_is_complete)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    cr_expect_str_eq(findings(&a, "dossier: 1", "dossier: 1"), "");
}

/* Every question that the check would ask is in the blank form, unanswered. */
Test(template, blank_is_missing_everything_and_contradicts_nothing)
{
    struct arena a CLEANUP(arena_deinit);
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    arena_init(&a, 0);
    cr_assert_eq(load(&a, dossier_templates[0].yaml, &d, &err), ST_OK, "%s", err.text);
    cr_assert_eq(dossier_check(&d, &a, &f), ST_OK);
    cr_expect_eq(f.n, 20);
    for (size_t i = 0; i < f.n; i++)
        cr_expect_eq(f.v[i].grade, DOSSIER_MISSING, "%s: %s", f.v[i].where, f.v[i].text);
    cr_expect_null(dossier_verdict(&d).verdict);
}
