#include "support.h"

struct span changed(struct arena *a, const char *from, const char *to)
{
    struct span yaml = dossier_templates[1].yaml;
    const uint8_t *at = memmem(yaml.p, yaml.n, from, strlen(from));
    cr_assert_not_null(at, "the example has no '%s'", from);
    size_t head = (size_t)(at - yaml.p), rest = yaml.n - head - strlen(from);
    cr_assert_null(memmem(at + 1, yaml.n - head - 1, from, strlen(from)), "the example has '%s' twice", from);
    uint8_t *p = arena_alloc(a, head + strlen(to) + rest + 1);
    memcpy(p, yaml.p, head);
    memcpy(p + head, to, strlen(to));
    memcpy(p + head + strlen(to), at + strlen(from), rest);
    return span_of(p, head + strlen(to) + rest);
}

enum status load(struct arena *a, struct span yaml, struct dossier *ret, struct err *err)
{
    return dossier_load(yaml, "d.yaml", a, ret, err);
}

const char *findings(struct arena *a, const char *from, const char *to)
{
    struct dossier d;
    struct dossier_findings f;
    struct err err = {0};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    cr_assert_eq(load(a, changed(a, from, to), &d, &err), ST_OK, "%s", err.text);
    cr_assert_eq(dossier_check(&d, a, &f), ST_OK);
    for (size_t i = 0; i < f.n; i++)
        buf_printf(&b, "%s%d:%d: %s: %s: %s", i == 0 ? "" : "\n", f.v[i].line, f.v[i].column, dossier_grade_text[f.v[i].grade],
                   f.v[i].where, f.v[i].text);
    return (const char *)arena_dup(a, span_str(buf_cstr(&b))).p;
}
