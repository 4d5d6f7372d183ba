/* A dossier for people: the verdict and why, the candidates side by side, then all else. */
#include "dossier/dossier.h"
#include "dossier/form.h"

enum { CANDIDATES_WIDE = 5 };

static const struct yaml_node *first_of(const struct yaml_node *n)
{
    return n == NULL ? NULL : n->first;
}

static void put_because(struct buf *b, struct span text, const char *lead)
{
    if (text.n > 0)
        buf_printf(b, "%s%.*s", lead, SPAN_FMT(text));
}

/* --- The test --- */

static void put_answer(struct buf *b, const struct form_key *k, const struct yaml_node *q, const char *key, bool against)
{
    struct span answer = form_text(q, key);
    buf_printf(b, "  %s %-4.*s %s", answer.n > 0 && span_eqs(answer, against ? "yes" : "no") ? "-" : " ",
               answer.n == 0 ? 1 : (int)answer.n, answer.n == 0 ? "?" : (const char *)answer.p, k->doc);
    put_because(b, form_text(q, "because"), "\n         ");
    put_because(b, form_text(q, "mitigation"), "\n         met by: ");
    buf_u8(b, '\n');
}

static void put_test(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *test = form_get(d->root, "test"), *cautions = form_get(test, "cautions");
    struct dossier_verdict v = dossier_verdict(d);
    struct span written = form_text(test, "verdict");
    buf_printf(b, "ALLIANCE OR NOT\n  verdict: %.*s; the answers say: %s", written.n == 0 ? 4 : (int)written.n,
               written.n == 0 ? "none" : (const char *)written.p,
               v.verdict == NULL ? "nothing yet, not all are given" : v.verdict);
    for (size_t i = 0; i < v.n; i++)
        buf_printf(b, "%s%.*s", i == 0 ? ", because of " : ", ", SPAN_FMT(v.why[i]));
    buf_u8(b, '\n');
    for (size_t i = 0; i < form_test.n; i++)
        if (form_test.keys[i].type == FORM_MAPPING && form_test.keys[i].of != &form_cautions)
            put_answer(b, &form_test.keys[i], form_get(test, form_test.keys[i].name), "answer", form_test.keys[i].against);
    buf_printf(b, "  Cautions\n");
    for (size_t i = 0; i < form_cautions.n; i++)
        put_answer(b, &form_cautions.keys[i], form_get(cautions, form_cautions.keys[i].name), "applies", true);
}

/* --- Discovery --- */

static void put_texts(struct buf *b, const struct yaml_node *n, const char *title)
{
    if (n == NULL)
        return;
    buf_printf(b, "  %s\n", title);
    if (n->type == YAML_SCALAR && n->text.n > 0)
        buf_printf(b, "    %.*s\n", SPAN_FMT(n->text));
    for (const struct yaml_node *v = n->first; v != NULL; v = v->next)
        buf_printf(b, "    %.*s\n", SPAN_FMT(v->text));
}

static void put_discovery(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *n = form_get(d->root, "discovery"), *streams = form_get(n, "value-streams");
    if (n == NULL)
        return;
    buf_printf(b, "\nDISCOVERY\n");
    put_texts(b, form_get(n, "goals"), "Goals");
    put_texts(b, form_get(n, "constraints"), "Constraints");
    if (streams != NULL)
        buf_printf(b, "  Value streams\n");
    for (const struct yaml_node *s = first_of(streams); s != NULL; s = s->next)
        buf_printf(b, "    %.*s: %.*s -> %.*s: %.*s\n", SPAN_FMT(s->key->text), SPAN_FMT(form_text(s, "from")),
                   SPAN_FMT(form_text(s, "to")), SPAN_FMT(form_text(s, "value")));
}

/* --- The shortlist, side by side --- */

/* A row of the table: what each of n candidates has there. */
static void put_row(struct buf *b, const char *title, const struct yaml_node *from, size_t n, size_t row)
{
    buf_printf(b, "  %-26s", title);
    for (size_t i = 0; i < n; i++, from = from->next) {
        struct dossier_fit fit = dossier_fit(from);
        char text[80];
        if (row < form_fit.n) {
            const struct yaml_node *s = form_get(form_get(from, "fit"), form_fit.keys[row].name);
            struct span score = form_text(s, "score");
            (void)snprintf(text, sizeof text, "%.*s%s", score.n == 0 ? 1 : (int)score.n,
                           score.n == 0 ? "?" : (const char *)score.p, form_text(s, "red-flag").n > 0 ? " red flag" : "");
        } else if (row == form_fit.n) {
            (void)snprintf(text, sizeof text, "%" PRIu64 " of %zu", fit.total, form_fit.n * DOSSIER_SCORE_MAX);
        } else {
            (void)snprintf(text, sizeof text, "%zu", fit.red_flags);
        }
        buf_printf(b, " %-14s", text);
    }
    buf_u8(b, '\n');
}

static void put_table(struct buf *b, const struct yaml_node *from, size_t n)
{
    const struct yaml_node *c = from;
    buf_printf(b, "  %-26s", "");
    for (size_t i = 0; i < n; i++, c = c->next)
        buf_printf(b, " %-14.*s", SPAN_FMT(c->key->text));
    buf_u8(b, '\n');
    for (size_t k = 0; k < form_fit.n; k++)
        put_row(b, form_fit.keys[k].doc, from, n, k);
    put_row(b, "Total", from, n, form_fit.n);
    put_row(b, "Red flags", from, n, form_fit.n + 1);
    buf_printf(b, "  %-26s", "Standing");
    c = from;
    for (size_t i = 0; i < n; i++, c = c->next)
        buf_printf(b, " %-14.*s", SPAN_FMT(form_text(c, "standing")));
    buf_u8(b, '\n');
}

static void put_reasons(struct buf *b, const struct yaml_node *c)
{
    buf_printf(b, "  %.*s (%.*s)", SPAN_FMT(c->key->text), SPAN_FMT(form_text(c, "name")));
    put_because(b, form_text(c, "because"), ": ");
    buf_u8(b, '\n');
    for (size_t k = 0; k < form_fit.n; k++) {
        const struct yaml_node *s = form_get(form_get(c, "fit"), form_fit.keys[k].name);
        if (s == NULL)
            continue;
        buf_printf(b, "    %s %.*s", form_fit.keys[k].doc, SPAN_FMT(form_text(s, "score")));
        put_because(b, form_text(s, "because"), ": ");
        put_because(b, form_text(s, "red-flag"), "\n      red flag: ");
        put_because(b, form_text(s, "mitigation"), "\n      met by: ");
        buf_u8(b, '\n');
    }
}

static void put_shortlist(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *list = form_get(d->root, "shortlist"), *c = first_of(list);
    if (c == NULL)
        return;
    buf_printf(b, "\nSHORTLIST\n");
    for (size_t done = 0; done < list->n; done += CANDIDATES_WIDE) {
        size_t n = list->n - done < CANDIDATES_WIDE ? list->n - done : CANDIDATES_WIDE;
        put_table(b, c, n);
        for (size_t i = 0; i < n; i++)
            c = c->next;
    }
    for (c = list->first; c != NULL; c = c->next)
        put_reasons(b, c);
}

/* --- Due diligence, risks, and what would go into the charter --- */

static void put_diligence(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *v = first_of(form_get(d->root, "diligence"));
    if (v != NULL)
        buf_printf(b, "\nDUE DILIGENCE\n");
    for (; v != NULL; v = v->next) {
        buf_printf(b, "  %.*s, %.*s (%.*s): %.*s%s", SPAN_FMT(form_text(v, "about")), SPAN_FMT(form_text(v, "area")),
                   SPAN_FMT(v->key->text), SPAN_FMT(form_text(v, "found")), form_is(v, "red-flag", "yes") ? "  RED FLAG" : "");
        put_because(b, form_text(v, "mitigation"), "\n    met by: ");
        buf_u8(b, '\n');
    }
}

static void put_risks(struct buf *b, const struct dossier *d)
{
    const struct yaml_node *v = first_of(form_get(d->root, "risks"));
    if (v != NULL)
        buf_printf(b, "\nRISKS\n");
    for (; v != NULL; v = v->next) {
        buf_printf(b, "  %.*s: %.*s", SPAN_FMT(v->key->text), SPAN_FMT(form_text(v, "risk")));
        put_because(b, form_text(v, "mitigation"), "\n    met by: ");
        buf_u8(b, '\n');
    }
}

enum status dossier_show(const struct dossier *d, struct buf *b)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    buf_printf(b, "Dossier of ");
    for (size_t i = 0; i < d->partners.n; i++)
        buf_printf(b, "%s%.*s", i == 0 ? "" : ", ", SPAN_FMT(d->partners.v[i]));
    buf_printf(b, "%s, as of %.*s\n\n", d->partners.n == 0 ? "?" : "", SPAN_FMT(form_text(d->root, "as-of")));
    put_test(b, d);
    put_discovery(b, d);
    put_shortlist(b, d);
    put_diligence(b, d);
    put_risks(b, d);
    enum status st = ST_OK;
    if (d->thesis != NULL || d->commitments != NULL)
        buf_printf(b, "\nAS A CHARTER SAYS IT\n");
    if (d->thesis != NULL)
        st = charter_print(&charter_thesis_desc, d->thesis, &a, b);
    if (st == ST_OK && d->commitments != NULL)
        st = charter_print(&charter_commitments_desc, d->commitments, &a, b);
    return st == ST_OK ? b->failed : st;
}
