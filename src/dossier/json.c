/* A dossier as JSON: what stands in the file, and what follows from it. */
#include "dossier/dossier.h"
#include "dossier/form.h"

static void put_text(struct buf *b, struct span s)
{
    buf_u8(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_printf(b, "\\%c", s.p[i]);
        else if (s.p[i] < 0x20)
            buf_printf(b, "\\u%04x", s.p[i]);
        else
            buf_u8(b, s.p[i]);
    }
    buf_u8(b, '"');
}

static void open_node(struct buf *b, const struct yaml_node *n, bool first)
{
    if (!first)
        buf_u8(b, ',');
    if (n->key != NULL) {
        put_text(b, n->key->text);
        buf_u8(b, ':');
    }
    if (n->type == YAML_SCALAR)
        put_text(b, n->text);
    else
        buf_u8(b, n->type == YAML_MAPPING ? '{' : '[');
}

/* The tree as it stands, every scalar as text. A stack stands in for recursion. */
static void put_tree(struct buf *b, const struct yaml_node *root)
{
    const struct yaml_node *open[YAML_DEPTH_MAX], *next[YAML_DEPTH_MAX];
    size_t depth = 1;
    open[0] = root;
    next[0] = root->first;
    open_node(b, root, true);
    while (depth > 0) {
        const struct yaml_node *n = next[depth - 1];
        if (n == NULL) {
            depth--;
            buf_u8(b, open[depth]->type == YAML_MAPPING ? '}' : ']');
            continue;
        }
        open_node(b, n, n == open[depth - 1]->first);
        next[depth - 1] = n->next;
        if (n->type == YAML_SCALAR)
            continue;
        ASSERT(depth < YAML_DEPTH_MAX);
        open[depth] = n;
        next[depth++] = n->first;
    }
}

static void put_verdict(struct buf *b, const struct dossier *d)
{
    struct dossier_verdict v = dossier_verdict(d);
    buf_printf(b, ",\"verdict\":{\"answers-say\":");
    if (v.verdict == NULL)
        buf_printf(b, "null");
    else
        put_text(b, span_str(v.verdict));
    buf_printf(b, ",\"because\":[");
    for (size_t i = 0; i < v.n; i++) {
        buf_printf(b, "%s", i == 0 ? "" : ",");
        put_text(b, v.why[i]);
    }
    buf_printf(b, "]}");
}

static void put_shortlist(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *list = form_get(d->root, "shortlist");
    buf_printf(b, ",\"shortlist\":[");
    for (const struct yaml_node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
        struct dossier_fit fit = dossier_fit(c);
        buf_printf(b, "%s{\"org\":", c == list->first ? "" : ",");
        put_text(b, c->key->text);
        buf_printf(b, ",\"standing\":");
        put_text(b, form_text(c, "standing"));
        buf_printf(b, ",\"total\":%" PRIu64 ",\"most\":%zu,\"scored\":%zu,\"red-flags\":%zu}", fit.total,
                   form_fit.n * DOSSIER_SCORE_MAX, fit.scored, fit.red_flags);
    }
    buf_u8(b, ']');
}

enum status dossier_json(const struct dossier *d, const struct dossier_findings *f, struct buf *b)
{
    buf_printf(b, "{\"file\":");
    put_text(b, span_str(d->name));
    put_verdict(b, d);
    put_shortlist(b, d);
    buf_printf(b, ",\"findings\":[");
    for (size_t i = 0; i < f->n; i++) {
        const struct dossier_finding *x = &f->v[i];
        buf_printf(b, "%s{\"grade\":\"%s\",\"line\":%d,\"column\":%d,\"where\":", i == 0 ? "" : ",",
                   dossier_grade_text[x->grade], x->line, x->column);
        put_text(b, span_str(x->where));
        buf_printf(b, ",\"text\":");
        put_text(b, span_str(x->text));
        buf_u8(b, '}');
    }
    buf_printf(b, "],\"warnings\":%zu,\"dossier\":", f->warnings);
    put_tree(b, d->root);
    buf_printf(b, "}\n");
    return b->failed;
}
