/* The value thesis. What the charter's loader asks of it (an objective, why an alliance, a test for each assumption) was
 * asked when the file was read. */
#include "charter/scalar.h"
#include "dossier/check.h"

enum { SOON_DAYS = 12 * 30, LATE_DAYS = 19 * 31, TEST_DAYS = 90 };

static const struct yaml_node *thesis_node(const struct finder *f, const char *part, struct span name)
{
    const struct yaml_node *t = form_get(f->d->root, "thesis"), *p = form_get(t, part), *v = yaml_get(p, name);
    return v != NULL ? v : p != NULL ? p : t;
}

/* Whose dossier it is, or chosen. */
static bool takes_part(const struct dossier *d, struct span org)
{
    for (size_t i = 0; i < d->partners.n; i++)
        if (span_eq(d->partners.v[i], org))
            return true;
    return finder_is_chosen(d, org);
}

static void need_contribution(struct finder *f, struct span org)
{
    for (size_t i = 0; i < f->d->thesis->contributions.n; i++)
        if (span_eq(f->d->thesis->contributions.v[i].name, org))
            return;
    finder_add(f, DOSSIER_MISSING, thesis_node(f, "contributions", org), "thesis.contributions", "what %.*s brings",
               SPAN_FMT(org));
}

static void check_contributions(struct finder *f)
{
    const struct charter_text_of_list *l = &f->d->thesis->contributions;
    const struct yaml_node *list = form_get(f->d->root, "shortlist");
    for (size_t i = 0; i < f->d->partners.n; i++)
        need_contribution(f, f->d->partners.v[i]);
    for (const struct yaml_node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next)
        if (form_is(c, "standing", "chosen"))
            need_contribution(f, c->key->text);
    for (size_t i = 0; i < l->n; i++)
        if (!takes_part(f->d, l->v[i].name))
            finder_add(f, DOSSIER_CONTRADICTS, thesis_node(f, "contributions", l->v[i].name), "thesis.contributions",
                       "'%.*s' brings something, and is neither chosen nor whose dossier this is", SPAN_FMT(l->v[i].name));
}

static void check_outcomes(struct finder *f)
{
    const struct charter_outcome_list *l = &f->d->thesis->outcomes;
    uint64_t day;
    if (l->n == 0)
        finder_add(f, DOSSIER_MISSING, thesis_node(f, "outcomes", span_str("")), "thesis.outcomes",
                   "what is to come of it in 12 to 18 months, as numbers with a day");
    if (!scalar_date(form_text(f->d->root, "as-of"), &day))
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].by < day + SOON_DAYS || l->v[i].by > day + LATE_DAYS)
            finder_add(f, DOSSIER_WARNS, thesis_node(f, "outcomes", l->v[i].name),
                       finder_where(f, "thesis.outcomes.%.*s", SPAN_FMT(l->v[i].name)),
                       "not 12 to 18 months after the day of the dossier");
}

static void check_assumptions(struct finder *f)
{
    const struct charter_assumption_list *l = &f->d->thesis->assumptions;
    if (l->n == 0)
        finder_add(f, DOSSIER_MISSING, thesis_node(f, "assumptions", span_str("")), "thesis.assumptions",
                   "what must be true, each with an owner and a test within 90 days");
    for (size_t i = 0; i < l->n; i++) {
        const struct charter_assumption *x = &l->v[i];
        const struct yaml_node *at = thesis_node(f, "assumptions", x->name);
        const char *where = finder_where(f, "thesis.assumptions.%.*s", SPAN_FMT(x->name));
        struct span org = span_of(x->owner.p, 0);
        while (org.n < x->owner.n && x->owner.p[org.n] != '/')
            org.n++;
        if (!takes_part(f->d, org))
            finder_add(f, DOSSIER_CONTRADICTS, at, where, "its owner's organisation '%.*s' is neither chosen nor whose dossier this is",
                       SPAN_FMT(org));
        if (x->due.unit == UNIT_D && x->due.n > TEST_DAYS)
            finder_add(f, DOSSIER_WARNS, at, where, "due after %" PRIu64 " d; assumptions are validated within 90", x->due.n);
    }
}

static void check_risks(struct finder *f)
{
    const struct yaml_node *list = form_get(f->d->root, "risks");
    if (!finder_needs(f, f->d->root, "", "risks", "what may go wrong, and what is done about it"))
        return;
    for (const struct yaml_node *r = list->first; r != NULL; r = r->next) {
        const char *where = finder_where(f, "risks.%.*s", SPAN_FMT(r->key->text));
        if (finder_needs(f, r, where, "risk", "what may go wrong"))
            (void)finder_needs(f, r, where, "mitigation", "a risk without a mitigation; say what is done about it");
    }
}

static void check_commitments(struct finder *f)
{
    const struct charter_commitments *c = f->d->commitments;
    if (c == NULL)
        finder_add(f, DOSSIER_MISSING, f->d->root, "commitments", "what each puts in: by whom, unit and quantity");
    for (size_t i = 0; c != NULL && i < c->list.n; i++)
        if (!takes_part(f->d, c->list.v[i].by))
            finder_add(f, DOSSIER_CONTRADICTS, yaml_get(form_get(f->d->root, "commitments"), c->list.v[i].name),
                       finder_where(f, "commitments.%.*s", SPAN_FMT(c->list.v[i].name)),
                       "'%.*s' is neither chosen nor whose dossier this is", SPAN_FMT(c->list.v[i].by));
}

void check_thesis(struct finder *f)
{
    const struct charter_thesis *t = f->d->thesis;
    if (t == NULL && finder_ends_without(f->d))
        return;
    if (t == NULL) {
        finder_add(f, DOSSIER_MISSING, f->d->root, "thesis", "the value thesis, as section thesis of a charter");
    } else {
        check_contributions(f);
        check_outcomes(f);
        if (t->scope.in.n == 0 || t->scope.out.n == 0)
            finder_add(f, DOSSIER_MISSING, thesis_node(f, "scope", span_str("")), "thesis.scope", "what is in it, and what is not");
        check_assumptions(f);
        if (t->principles.n == 0)
            finder_add(f, DOSSIER_MISSING, thesis_node(f, "principles", span_str("")), "thesis.principles",
                       "what decides when two goods collide, first things first");
    }
    check_risks(f);
    check_commitments(f);
}
