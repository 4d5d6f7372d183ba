#include "dossier/dossier.h"
#include "dossier/form.h"

/* No section of a dossier names a file. */
static enum status no_file(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx, (void)ret_digest;
    return err_set(err, ST_NOTFOUND, "%.*s: a dossier names no files", SPAN_FMT(path));
}

/* A section of the charter that stands in the dossier. *ret is untouched when it has none. */
static enum status load_section(const struct dossier *d, uint64_t number, struct arena *a, struct section *ret_section,
                                bool *ret_is, struct err *err)
{
    struct charter_files files = {.card = no_file, .document = no_file};
    const struct yaml_node *n = form_get(d->root, enum_text(&section_id_enum, (uint32_t)number));
    *ret_is = n != NULL && !(n->type == YAML_SCALAR && n->text.n == 0);
    return *ret_is ? charter_load_node(n, d->name, number, &files, a, ret_section, err) : ST_OK;
}

static enum status take_sections(struct dossier *d, struct arena *a, struct err *err)
{
    struct charter_thesis *thesis = arena_alloc(a, sizeof *thesis);
    struct charter_commitments *commitments = arena_alloc(a, sizeof *commitments);
    bool is;
    if (thesis == NULL || commitments == NULL)
        return err_set(err, ST_LIMIT, "%s: the dossier is too large", d->name);
    enum status st = load_section(d, SECTION_THESIS, a, &d->thesis_section, &is, err);
    if (st == ST_OK && is) {
        st = charter_decode_section(SECTION_THESIS, d->thesis_section.body, a, thesis, err);
        d->thesis = thesis;
    }
    if (st == ST_OK)
        st = load_section(d, SECTION_COMMITMENTS, a, &d->commitments_section, &is, err);
    if (st == ST_OK && is) {
        st = charter_decode_section(SECTION_COMMITMENTS, d->commitments_section.body, a, commitments, err);
        d->commitments = commitments;
    }
    return st;
}

static enum status take_partners(struct dossier *d, struct arena *a, struct err *err)
{
    const struct yaml_node *n = form_get(d->root, "partners");
    if (n == NULL || (n->type == YAML_SCALAR && n->text.n == 0))
        return ST_OK;
    d->partners.v = arena_array(a, n->n + 1, sizeof *d->partners.v);
    if (d->partners.v == NULL)
        return err_set(err, ST_LIMIT, "%s: the dossier is too large", d->name);
    if (n->type == YAML_SCALAR)
        d->partners.v[d->partners.n++] = n->text;
    for (const struct yaml_node *v = n->first; v != NULL; v = v->next) {
        for (size_t i = 0; i < d->partners.n; i++)
            if (span_eq(d->partners.v[i], v->text))
                return err_set(err, ST_FORMAT, "%s:%d:%d: partners: '%.*s' is there twice", d->name, v->line, v->column,
                               SPAN_FMT(v->text));
        d->partners.v[d->partners.n++] = v->text;
    }
    return ST_OK;
}

enum status dossier_load(struct span yaml, const char *name, struct arena *a, struct dossier *ret_dossier,
                         struct err *err)
{
    struct dossier d = {.name = name};
    if (yaml.n > DOSSIER_FILE_MAX)
        return err_set(err, ST_LIMIT, "%s: %zu bytes; a dossier has at most %d", name, yaml.n, DOSSIER_FILE_MAX);
    enum status st = yaml_parse(yaml, name, a, &d.root, err);
    if (st == ST_OK)
        st = form_check(d.root, name, a, err);
    if (st == ST_OK)
        st = take_partners(&d, a, err);
    if (st == ST_OK)
        st = take_sections(&d, a, err);
    if (st == ST_OK)
        *ret_dossier = d;
    return st;
}
