#include <jansson.h>

#include "support.h"

Test(json, says_what_the_file_says_and_what_follows)
{
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    json_error_t wrong;
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    struct span yaml = changed(&a, "because: A competitor", "because: \"A \\\"competitor\\\" \\\\ with a\\ttab\"");
    cr_assert_eq(load(&a, yaml, &d, &err), ST_OK, "%s", err.text);
    cr_assert_eq(dossier_check(&d, &a, &f), ST_OK);
    cr_assert_eq(dossier_json(&d, &f, &b), ST_OK);
    json_t *j = json_loads(buf_cstr(&b), 0, &wrong);
    cr_assert_not_null(j, "%s at %d", wrong.text, wrong.position);
    const char *says, *why, *area;
    json_int_t total, flags;
    cr_assert_eq(json_unpack(j, "{s:{s:s},s:[{s:I,s:I}],s:{s:{s:{s:s}},s:{s:{s:s}}}}", "verdict", "answers-say", &says,
                             "shortlist", "total", &total, "red-flags", &flags, "dossier", "shortlist", "west",
                             "because", &why, "diligence", "customer-data", "area", &area),
                 0);
    cr_expect_str_eq(says, "alliance");
    cr_expect_eq(total, 29);
    cr_expect_eq(flags, 1);
    cr_expect_str_eq(why, "A \"competitor\" \\ with a\ttab");
    cr_expect_str_eq(area, "data-sharing");
    json_decref(j);
}
