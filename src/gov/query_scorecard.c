/* The scorecard, and how decisions went. */
#include "gov/decimal.h"
#include "gov/measure.h"
#include "gov/reading.h"
#include "gov/triggers.h"

/* The newest countersigned baseline. */
static enum status baseline(const struct figures *f, const struct figure_metric *m, struct query_metric *q,
                            struct err *err)
{
    struct tkey prefix = tkey_readings(m->number, PURPOSE_BASELINE), from = prefix;
    if (HAS(m->d, charter_metric_key_base)) {
        q->base = m->d->base;
        SET_HAS(q, query_metric_key_base);
    }
    for (;;) {
        struct state_reading r;
        enum status st = reading_next(f->v, f->a, &prefix, &from, &r, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (r.standing != READING_COUNTERSIGNED)
            continue;
        q->base = r.now.value;
        SET_HAS(q, query_metric_key_base);
    }
}

/* What a single reporter had forecast for the period. */
static enum status forecast(const struct figures *f, const struct figure_metric *m, const struct period *p,
                            struct query_metric *q, struct err *err)
{
    struct tkey prefix = tkey_readings_of(m->number, PURPOSE_FORECAST, p->from), from = prefix;
    struct state_reading r, second;
    enum status st = reading_next(f->v, f->a, &prefix, &from, &r, err);
    if (st != ST_OK)
        return st == ST_END ? ST_OK : st;
    st = reading_next(f->v, f->a, &prefix, &from, &second, err);
    if (st != ST_END)
        return st;
    q->forecast = r.now.value;
    SET_HAS(q, query_metric_key_forecast);
    return ST_OK;
}

static void set_decimal(struct query_metric *q, int key, struct decimal *place, bool has,
                        const struct decimal *value)
{
    if (!has)
        return;
    *place = *value;
    SET_HAS(q, key);
}

static enum status period_of_metric(const struct figures *f, const struct figure_metric *m, struct period *p,
                                    struct query_metric *q, struct err *err)
{
    struct figure_value x, before;
    struct period_text t = period_name(&m->d->every, p->from);
    TRY(figure_of(f, m, p, &x, err));
    q->figure = x.figure;
    q->period = arena_dup(f->a, span_str(t.s));
    q->by = x.by;
    SET_HAS(q, query_metric_key_period);
    set_decimal(q, query_metric_key_value, &q->value, x.has_value, &x.value);
    set_decimal(q, query_metric_key_gap, &q->gap, x.has_gap, &x.gap);
    TRY(forecast(f, m, p, q, err));
    if (HAS(m->d, charter_metric_key_computed) && p->from >= m->open.from) {
        TRY(metric_ends(&f->metrics, p, &q->kept_ms, err));
        TRY(metric_due(&f->metrics, m->d, q->kept_ms - 1, &q->kept_ms, err));
        SET_HAS(q, query_metric_key_kept_ms);
    }
    if (figure_before(m, p) != ST_OK)
        return ST_OK;
    TRY(figure_of(f, m, p, &before, err));
    set_decimal(q, query_metric_key_before, &q->before, before.has_value && before.figure <= FIGURE_REVEALED,
                &before.value);
    return ST_OK;
}

static enum status line(const struct figures *f, const struct charter_metric *d, uint64_t until_day,
                        struct query_metric *q, struct err *err)
{
    struct figure_metric m;
    struct period p;
    *q = (struct query_metric){.name = d->name,
                               .group = d->group,
                               .view = d->view,
                               .better = d->better,
                               .unit = d->unit,
                               .target = d->target,
                               .figure = FIGURE_NOTHING};
    if (HAS(d, charter_metric_key_unit))
        SET_HAS(q, query_metric_key_unit);
    if (HAS(d, charter_metric_key_target))
        SET_HAS(q, query_metric_key_target);
    enum status st = figure_metric(f, d, &m, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    TRY(baseline(f, &m, q, err));
    if (figure_newest(&m, until_day, &p) != ST_OK)
        return ST_OK;
    return period_of_metric(f, &m, &p, q, err);
}

static enum status lines(const struct figures *f, uint64_t until_day, struct query_metric_list *ret,
                         struct err *err)
{
    const struct charter_metric_list *l = &f->metrics.section.list;
    struct query_metric_list q = {0, arena_array(f->a, l->n + 1, sizeof *q.v)};
    if (q.v == NULL)
        return query_full(err);
    for (uint32_t group = GROUP_VALUE; group <= GROUP_CAPABILITY; group++) {
        for (size_t i = 0; i < l->n; i++) {
            if (l->v[i].group == group)
                TRY(line(f, &l->v[i], until_day, &q.v[q.n++], err));
        }
    }
    *ret = q;
    return ST_OK;
}

static enum status watched(const struct figures *f, struct query_trigger_list *ret, struct err *err)
{
    static const enum trigger_type types[] = {TRIGGER_INDICATOR, TRIGGER_EXIT, TRIGGER_CONSEQUENCE, TRIGGER_INCENTIVE};
    struct watched_list l[4];
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        TRY(triggers_list(f, types[i], &l[i], err));
        n += l[i].n;
    }
    *ret = (struct query_trigger_list){0, arena_array(f->a, n + 1, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < l[i].n; k++) {
            TRY(triggers_judge(f, &l[i].v[k], err));
            ret->v[ret->n++] = l[i].v[k].t;
        }
    return ST_OK;
}

enum status query_scorecard(const struct view *v, uint64_t until_day, uint64_t now_ms, struct arena *a,
                            struct arena *scratch, struct query_scorecard *ret, struct err *err)
{
    struct figures f;
    struct query_scorecard q = {0};
    uint64_t today;
    TRY(figures_load(v, a, scratch, now_ms, &f, err));
    TRY(metric_today(&f.metrics, now_ms, &today, err));
    q.until = until_day < today ? until_day : today;
    TRY(lines(&f, q.until, &q.metrics, err));
    TRY(watched(&f, &q.triggers, err));
    *ret = q;
    return ST_OK;
}

enum status query_record(const struct view *v, uint64_t from_ms, uint64_t to_ms, uint64_t now_ms,
                         struct arena *a, struct arena *scratch, struct query_record *ret, struct err *err)
{
    struct figures f;
    struct uint_list breached;
    TRY(figures_load(v, a, scratch, now_ms, &f, err));
    return measure_record(&f, from_ms, to_ms, ret, &breached, err);
}
