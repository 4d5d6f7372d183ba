/* The gap between what was promised and what was reported (docs/metrics.md): outcomes of the thesis, commitments, targets. */
#include "charter/charter_model.h"
#include "gov/decimal.h"
#include "gov/figure.h"
#include "gov/item.h"

struct promising {
    struct figures f;
    struct query_promise *v;
    size_t n;
    struct err *err;
};

static bool falls_short(const struct query_promise *q, const struct decimal *value)
{
    int o = decimal_compare(value, &q->promised);
    return q->better == BETTER_UP ? o < 0 : o > 0;
}

static enum status set_text(struct promising *x, struct span *place, const char *words)
{
    if (words == NULL)
        return query_full(x->err);
    *place = span_str(words);
    return ST_OK;
}

/* The newest value, and how far back each one fell short. */
static enum status compare(struct promising *x, const struct figure_metric *m, struct span org, struct query_promise *q)
{
    struct period p;
    enum figure figure = FIGURE_NOTHING;
    if (figure_newest(m, UINT64_MAX, &p) != ST_OK)
        return set_text(x, &q->words, "no period of the metric is over yet");
    for (int i = 0; i < FIGURE_PERIODS_BACK; i++) {
        struct decimal value;
        bool has, first = !HAS(q, query_promise_key_reported);
        TRY(figure_stands(&x->f, m, &p, org, &has, &value, &figure, x->err));
        const char *name = charter_text(x->f.a, "%s", period_name(&m->d->every, p.from).s);
        if (has && first) {
            q->reported = value;
            q->figure = figure;
            TRY(set_text(x, &q->period, name));
            SET_HAS(q, query_promise_key_reported);
            SET_HAS(q, query_promise_key_figure);
            SET_HAS(q, query_promise_key_period);
            q->gap = (struct decimal){0};
            bool fits = !falls_short(q, &value) || (q->better == BETTER_UP ? decimal_difference(&q->promised, &value, &q->gap)
                                                                          : decimal_difference(&value, &q->promised, &q->gap));
            if (!fits)
                return set_text(x, &q->words, "the gap is larger than a number can be");
            SET_HAS(q, query_promise_key_gap);
        }
        if (has && !falls_short(q, &value))
            return ST_OK;
        if (has) {
            TRY(set_text(x, &q->since, name));
            SET_HAS(q, query_promise_key_since);
        }
        if (figure_before(m, &p) != ST_OK)
            break;
    }
    if (HAS(q, query_promise_key_reported))
        return ST_OK;
    return set_text(x, &q->words, "nothing that both sides stand behind was reported yet");
}

static bool same_unit(const struct query_promise *q, const struct charter_metric *d)
{
    return !HAS(q, query_promise_key_unit) || (HAS(d, charter_metric_key_unit) && span_eq(q->unit, d->unit));
}

/* Against the metric of that name, when it is in the same unit (and, of a commitment, per the same period). */
static enum status against(struct promising *x, const struct charter_metric *d, struct query_promise *q)
{
    struct figure_metric m;
    struct span org = HAS(q, query_promise_key_by) ? q->by : (struct span){NULL, 0};
    if (d == NULL)
        return set_text(x, &q->words, "the charter has no metric of this name: nobody reports it");
    if (q->type != PROMISE_COMMITMENT)
        q->better = d->better;
    if (!same_unit(q, d))
        return set_text(x, &q->words,
                        charter_text(x->f.a, "it is promised in %.*s, and reported %s%.*s", SPAN_FMT(q->unit),
                                     HAS(d, charter_metric_key_unit) ? "in " : "without a unit",
                                     SPAN_FMT(HAS(d, charter_metric_key_unit) ? d->unit : span_str(""))));
    if (!HAS(q, query_promise_key_unit) && HAS(d, charter_metric_key_unit)) {
        q->unit = d->unit;
        SET_HAS(q, query_promise_key_unit);
    }
    if (HAS(q, query_promise_key_every) && (q->every.n != d->every.n || q->every.unit != d->every.unit))
        return set_text(x, &q->words, "it is promised per one period, and reported per another");
    enum status st = figure_metric(&x->f, d, &m, x->err);
    if (st == ST_NOTFOUND)
        return set_text(x, &q->words, "no period of the metric is over yet");
    return st == ST_OK ? compare(x, &m, org, q) : st;
}

static const struct charter_metric *metric(const struct promising *x, struct span name)
{
    return metrics_find(&x->f.metrics, name);
}

/* ENC-11: without trailing zeros. */
static struct decimal of_money(const struct money *m)
{
    struct decimal d = {.mantissa = m->minor, .scale = charter_currency_decimals(m->currency)};
    while (d.scale > 0 && d.mantissa % 10 == 0) {
        d.mantissa /= 10;
        d.scale--;
    }
    return d;
}

static enum status outcomes(struct promising *x, const struct charter_thesis *t)
{
    for (size_t i = 0; t != NULL && i < t->outcomes.n; i++) {
        const struct charter_outcome *o = &t->outcomes.v[i];
        struct query_promise *q = &x->v[x->n++];
        *q = (struct query_promise){.type = PROMISE_OUTCOME, .name = o->name, .until = o->by, .better = BETTER_UP};
        SET_HAS(q, query_promise_key_until);
        q->promised = o->number;
        if (HAS(o, charter_outcome_key_amount)) {
            q->promised = of_money(&o->amount);
            TRY(set_text(x, &q->unit, charter_text(x->f.a, "%.*s", SPAN_FMT(o->amount.currency))));
            SET_HAS(q, query_promise_key_unit);
        }
        TRY(against(x, metric(x, o->name), q));
    }
    return ST_OK;
}

static enum status commitments(struct promising *x, const struct charter_commitments *l)
{
    for (size_t i = 0; l != NULL && i < l->list.n; i++) {
        const struct charter_commitment *c = &l->list.v[i];
        struct query_promise *q = &x->v[x->n++];
        *q = (struct query_promise){.type = PROMISE_COMMITMENT,
                                    .name = c->name,
                                    .by = c->by,
                                    .unit = c->unit,
                                    .promised = c->quantity,
                                    .every = c->every,
                                    .better = BETTER_UP};
        SET_HAS(q, query_promise_key_by);
        SET_HAS(q, query_promise_key_unit);
        SET_HAS(q, query_promise_key_every);
        TRY(against(x, metric(x, c->name), q));
    }
    return ST_OK;
}

/* A commitment's target is the commitment, unless section metrics has another. */
static bool promised(const struct promising *x, const struct charter_metric *d)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->v[i].type == PROMISE_COMMITMENT && span_eq(x->v[i].name, d->name) && decimal_compare(&x->v[i].promised, &d->target) == 0)
            return true;
    return false;
}

static enum status targets(struct promising *x)
{
    const struct charter_metric_list *l = &x->f.metrics.section.list;
    for (size_t i = 0; i < l->n; i++) {
        const struct charter_metric *d = &l->v[i];
        if (!HAS(d, charter_metric_key_target) || promised(x, d))
            continue;
        struct query_promise *q = &x->v[x->n++];
        *q = (struct query_promise){.type = PROMISE_TARGET, .name = d->name, .promised = d->target, .better = d->better};
        TRY(against(x, d, q));
    }
    return ST_OK;
}

enum status query_promises(const struct view *v, uint64_t now_ms, struct arena *a, struct arena *scratch, struct query_promises *ret,
                           struct err *err)
{
    struct promising x = {.err = err};
    const void *thesis, *puts_in;
    TRY(figures_load(v, a, scratch, now_ms, &x.f, err));
    TRY(item_section(v, a, SECTION_THESIS, &thesis, err));
    TRY(item_section(v, a, SECTION_COMMITMENTS, &puts_in, err));
    size_t most = x.f.metrics.section.list.n;
    most += thesis == NULL ? 0 : ((const struct charter_thesis *)thesis)->outcomes.n;
    most += puts_in == NULL ? 0 : ((const struct charter_commitments *)puts_in)->list.n;
    x.v = arena_array(a, most + 1, sizeof *x.v);
    if (x.v == NULL)
        return query_full(err);
    TRY(outcomes(&x, thesis));
    TRY(commitments(&x, puts_in));
    TRY(targets(&x));
    *ret = (struct query_promises){.list = {x.n, x.v}};
    return ST_OK;
}
