#include "dossier/check.h"

#include <stdarg.h>

const char *const dossier_grade_text[] = {"warning", "missing", "refused"};

/* --- Findings --- */

const char *finder_where(struct finder *f, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct span s = arena_dup(f->a, span_str(text));
    f->full = f->full || s.p == NULL;
    return s.p == NULL ? "" : (const char *)s.p;
}

void finder_add(struct finder *f, enum dossier_grade grade, const struct yaml_node *at, const char *where,
                const char *fmt, ...)
{
    char text[700];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    struct span s = arena_dup(f->a, span_str(text));
    f->full = f->full || s.p == NULL;
    if (f->full || f->f.n == DOSSIER_FINDINGS_MAX)
        return;
    if (at != NULL && at->key != NULL)
        at = at->key;
    f->f.v[f->f.n++] = (struct dossier_finding){.grade = grade,
                                                .line = at == NULL ? 1 : at->line,
                                                .column = at == NULL ? 1 : at->column,
                                                .where = where,
                                                .text = (const char *)s.p};
    f->f.warnings += grade == DOSSIER_WARNS;
}

bool finder_needs(struct finder *f, const struct yaml_node *in, const char *where, const char *key, const char *what)
{
    const struct yaml_node *v = form_get(in, key);
    if (v != NULL && (v->type == YAML_SCALAR ? v->text.n > 0 : v->n > 0))
        return true;
    finder_add(f, DOSSIER_MISSING, v != NULL ? v : in, finder_where(f, "%s%s%s", where, where[0] == 0 ? "" : ".", key),
               "%s", what);
    return false;
}

bool finder_is_chosen(const struct dossier *d, struct span org)
{
    return form_is(yaml_get(form_get(d->root, "shortlist"), org), "standing", "chosen");
}

bool finder_ends_without(const struct dossier *d)
{
    struct span verdict = form_text(form_get(d->root, "test"), "verdict");
    return verdict.n > 0 && !span_eqs(verdict, "alliance");
}

/* --- The alliance-or-not test --- */

struct dossier_verdict dossier_verdict(const struct dossier *d)
{
    const struct yaml_node *test = form_get(d->root, "test"), *cautions = form_get(test, "cautions");
    struct dossier_verdict v = {.verdict = "alliance"};
    const char *instead = NULL;
    bool open = false;
    for (size_t i = 0; i < form_test.n; i++) {
        const struct form_key *k = &form_test.keys[i];
        const struct yaml_node *q = form_get(test, k->name);
        if (k->type != FORM_MAPPING || k->of == &form_cautions)
            continue;
        open = open || form_text(q, "answer").n == 0;
        if (!form_is(q, "answer", k->against ? "yes" : "no"))
            continue;
        v.why[v.n++] = span_str(k->name);
        if (k->against) /* the last of them: a company of its own outweighs building and buying */
            instead = k->instead;
    }
    bool unmet = v.n > 0 && instead == NULL;
    for (size_t i = 0; i < form_cautions.n; i++) {
        const struct yaml_node *q = form_get(cautions, form_cautions.keys[i].name);
        open = open || form_text(q, "applies").n == 0;
        if (!form_is(q, "applies", "yes") || form_text(q, "mitigation").n > 0)
            continue;
        v.why[v.n++] = span_str(form_cautions.keys[i].name);
        unmet = true;
    }
    v.verdict = open ? NULL : instead != NULL ? instead : unmet ? "not yet" : "alliance";
    return v;
}

static void check_answers(struct finder *f, const struct yaml_node *test)
{
    for (size_t i = 0; i < form_test.n; i++) {
        const struct form_key *k = &form_test.keys[i];
        if (k->type != FORM_MAPPING || k->of == &form_cautions || !finder_needs(f, test, "test", k->name, k->doc))
            continue;
        const struct yaml_node *q = form_get(test, k->name);
        const char *where = finder_where(f, "test.%s", k->name);
        if (finder_needs(f, q, where, "answer", k->doc))
            (void)finder_needs(f, q, where, "because", "an answer without a reason; say why");
    }
}

static void check_cautions(struct finder *f, const struct yaml_node *test)
{
    const struct yaml_node *cautions = form_get(test, "cautions");
    if (!finder_needs(f, test, "test", "cautions", "the three cautions: disguised-contract, one-sided, crown-jewels"))
        return;
    for (size_t i = 0; i < form_cautions.n; i++) {
        const struct form_key *k = &form_cautions.keys[i];
        if (!finder_needs(f, cautions, "test.cautions", k->name, k->doc))
            continue;
        const struct yaml_node *q = form_get(cautions, k->name);
        const char *where = finder_where(f, "test.cautions.%s", k->name);
        if (finder_needs(f, q, where, "applies", k->doc))
            (void)finder_needs(f, q, where, "because", "an answer without a reason; say why");
    }
}

static void check_test(struct finder *f)
{
    const struct yaml_node *test = form_get(f->d->root, "test"), *written = form_get(test, "verdict");
    if (!finder_needs(f, f->d->root, "", "test", "the alliance-or-not test"))
        return;
    check_answers(f, test);
    check_cautions(f, test);
    if (!finder_needs(f, test, "test", "verdict", "what was concluded: alliance, joint venture, build, buy or not yet"))
        return;
    struct dossier_verdict v = dossier_verdict(f->d);
    bool alliance = span_eqs(written->text, "alliance");
    /* Answers against it are known before all are given. */
    if (v.verdict == NULL && !(alliance && v.n > 0))
        return;
    if (v.verdict != NULL && span_eqs(written->text, v.verdict))
        return;
    char names[300] = "";
    for (size_t i = 0, used = 0; i < v.n && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", i == 0 ? "" : ", ", SPAN_FMT(v.why[i]));
    if (v.n == 0)
        finder_add(f, DOSSIER_CONTRADICTS, written, "test.verdict",
                   "'%.*s', but no answer speaks against an alliance; change the verdict, or the answer that should",
                   SPAN_FMT(written->text));
    else
        finder_add(f, DOSSIER_CONTRADICTS, written, "test.verdict", "'%.*s', but the answers say %s: %s%s",
                   SPAN_FMT(written->text), v.verdict == NULL ? "otherwise" : v.verdict, names,
                   alliance ? "; an alliance needs other answers, or for a caution a mitigation" : "");
}

/* --- Discovery --- */

static void check_discovery(struct finder *f)
{
    const struct yaml_node *d = form_get(f->d->root, "discovery"), *streams = form_get(d, "value-streams");
    if (!finder_needs(f, f->d->root, "", "discovery", "goals, constraints and value streams"))
        return;
    (void)finder_needs(f, d, "discovery", "goals", "what is to be reached");
    (void)finder_needs(f, d, "discovery", "constraints", "what binds us: contracts, law, money, time");
    if (!finder_needs(f, d, "discovery", "value-streams", "who would give what to whom"))
        return;
    for (const struct yaml_node *s = streams->first; s != NULL; s = s->next) {
        const char *where = finder_where(f, "discovery.value-streams.%.*s", SPAN_FMT(s->key->text));
        (void)finder_needs(f, s, where, "value", "what value, and for whom");
        bool from = finder_needs(f, s, where, "from", "the organisation that it comes from");
        if (finder_needs(f, s, where, "to", "the organisation that it goes to") && from &&
            span_eq(form_text(s, "from"), form_text(s, "to")))
            finder_add(f, DOSSIER_CONTRADICTS, s, where, "from '%.*s' to itself; a value stream goes to another organisation",
                       SPAN_FMT(form_text(s, "from")));
    }
}

/* --- The shortlist --- */

struct dossier_fit dossier_fit(const struct yaml_node *candidate)
{
    const struct yaml_node *fit = form_get(candidate, "fit");
    struct dossier_fit r = {0};
    for (size_t i = 0; i < form_fit.n; i++) {
        const struct yaml_node *s = form_get(fit, form_fit.keys[i].name);
        struct span score = form_text(s, "score");
        r.red_flags += form_text(s, "red-flag").n > 0;
        if (score.n != 1)
            continue;
        r.total += (uint64_t)(score.p[0] - '0');
        r.scored++;
    }
    return r;
}

static void check_fit(struct finder *f, const struct yaml_node *candidate, const char *where, bool dropped)
{
    const struct yaml_node *fit = form_get(candidate, "fit");
    if (!finder_needs(f, candidate, where, "fit", "the scorecard: a score of 1 to 5 on each of seven dimensions"))
        return;
    for (size_t i = 0; i < form_fit.n; i++) {
        const struct form_key *k = &form_fit.keys[i];
        const struct yaml_node *s = form_get(fit, k->name);
        const char *at = finder_where(f, "%s.fit.%s", where, k->name);
        if (s == NULL || s->n == 0) {
            finder_add(f, DOSSIER_MISSING, s != NULL ? s : fit, at, "a score of 1 to 5, and why");
            continue;
        }
        if (finder_needs(f, s, at, "score", "a score of 1 to 5"))
            (void)finder_needs(f, s, at, "because", "a score without a reason; say why");
        bool flagged = form_text(s, "red-flag").n > 0, mitigated = form_text(s, "mitigation").n > 0;
        if (flagged && !mitigated && !dropped)
            finder_add(f, DOSSIER_CONTRADICTS, form_get(s, "red-flag"), at,
                       "a red flag without a mitigation; say what is done about it, or drop the candidate");
        if (mitigated && !flagged)
            finder_add(f, DOSSIER_WARNS, form_get(s, "mitigation"), at, "a mitigation of no red flag");
    }
}

static void check_best(struct finder *f, const struct yaml_node *list, const struct yaml_node *chosen)
{
    uint64_t own = dossier_fit(chosen).total;
    for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
        if (form_is(c, "standing", "reserve") && dossier_fit(c).total > own)
            finder_add(f, DOSSIER_WARNS, form_get(chosen, "standing"),
                       finder_where(f, "shortlist.%.*s", SPAN_FMT(chosen->key->text)),
                       "chosen with a total of %" PRIu64 ", while %.*s on the reserve has %" PRIu64, own,
                       SPAN_FMT(c->key->text), dossier_fit(c).total);
}

static void check_shortlist(struct finder *f)
{
    const struct yaml_node *list = form_get(f->d->root, "shortlist");
    size_t chosen = 0;
    if ((list == NULL && finder_ends_without(f->d)) ||
        !finder_needs(f, f->d->root, "", "shortlist", "candidates, with a scorecard each"))
        return;
    for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
        const char *where = finder_where(f, "shortlist.%.*s", SPAN_FMT(c->key->text));
        for (size_t i = 0; i < f->d->partners.n; i++)
            if (span_eq(f->d->partners.v[i], c->key->text) && f->d->partners.n == 1)
                finder_add(f, DOSSIER_CONTRADICTS, c, where, "'%.*s' is whose dossier this is, and no candidate",
                           SPAN_FMT(c->key->text));
        (void)finder_needs(f, c, where, "name", "its name for people");
        check_fit(f, c, where, form_is(c, "standing", "dropped"));
        if (finder_needs(f, c, where, "standing", "chosen, reserve or dropped"))
            (void)finder_needs(f, c, where, "because", "a standing without a reason; say why");
        if (!form_is(c, "standing", "chosen"))
            continue;
        chosen++;
        check_best(f, list, c);
    }
    if (chosen == 0 && form_is(form_get(f->d->root, "test"), "verdict", "alliance"))
        finder_add(f, DOSSIER_CONTRADICTS, list, "shortlist", "the verdict is 'alliance', and no candidate is chosen");
}

/* --- Due diligence --- */

static bool is_covered(const struct yaml_node *list, struct span org, const char *area)
{
    for (const struct yaml_node *v = list == NULL ? NULL : list->first; v != NULL; v = v->next)
        if (span_eq(form_text(v, "about"), org) && form_is(v, "area", area))
            return true;
    return false;
}

static void check_diligence(struct finder *f)
{
    const struct yaml_node *list = form_get(f->d->root, "diligence"), *shortlist = form_get(f->d->root, "shortlist");
    for (const struct yaml_node *v = list == NULL ? NULL : list->first; v != NULL; v = v->next) {
        const char *where = finder_where(f, "diligence.%.*s", SPAN_FMT(v->key->text));
        (void)finder_needs(f, v, where, "area", "what was looked at");
        (void)finder_needs(f, v, where, "found", "what was found");
        if (finder_needs(f, v, where, "about", "the organisation that was looked at") && shortlist != NULL &&
            yaml_get(shortlist, form_text(v, "about")) == NULL)
            finder_add(f, DOSSIER_CONTRADICTS, form_get(v, "about"), where, "'%.*s' is not on the shortlist",
                       SPAN_FMT(form_text(v, "about")));
        if (form_is(v, "red-flag", "yes") && form_text(v, "mitigation").n == 0 &&
            !form_is(yaml_get(shortlist, form_text(v, "about")), "standing", "dropped"))
            finder_add(f, DOSSIER_CONTRADICTS, form_get(v, "red-flag"), where,
                       "a red flag without a mitigation; say what is done about it, or drop the candidate");
    }
    for (const struct yaml_node *c = shortlist == NULL ? NULL : shortlist->first; c != NULL; c = c->next)
        for (size_t i = 0; form_is(c, "standing", "chosen") && form_areas[i] != NULL; i++)
            if (!is_covered(list, c->key->text, form_areas[i]))
                finder_add(f, DOSSIER_MISSING, list != NULL ? list : c, "diligence",
                           "%.*s is chosen, and no finding is about its %s; say also when nothing was found",
                           SPAN_FMT(c->key->text), form_areas[i]);
}

enum status dossier_check(const struct dossier *d, struct arena *a, struct dossier_findings *ret_findings)
{
    struct finder f = {.d = d, .a = a};
    f.f.v = arena_array(a, DOSSIER_FINDINGS_MAX, sizeof *f.f.v);
    if (f.f.v == NULL)
        return ST_LIMIT;
    (void)finder_needs(&f, d->root, "", "partners", "the organisations whose dossier it is");
    (void)finder_needs(&f, d->root, "", "as-of", "the day on which it was true");
    check_test(&f);
    check_discovery(&f);
    check_shortlist(&f);
    check_diligence(&f);
    check_thesis(&f);
    if (f.full)
        return ST_LIMIT;
    *ret_findings = f.f;
    return ST_OK;
}
