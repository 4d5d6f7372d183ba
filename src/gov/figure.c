#include "gov/figure.h"
#include "charter/calendar.h"
#include "gov/decimal.h"
#include "gov/item.h"
#include "gov/measure.h"
#include "gov/measure_items.h"
#include "gov/reading.h"

enum status figures_load(const struct view *v, struct arena *a, struct arena *scratch, uint64_t now_ms,
                         struct figures *ret, struct err *err)
{
    struct state_section s;
    struct charter_alliance alliance;
    struct tkey k = tkey_section(SECTION_ALLIANCE);
    *ret = (struct figures){.v = v, .a = a, .scratch = scratch, .now_ms = now_ms};
    TRY(metrics_load(v, a, &ret->metrics, err));
    TRY(state_need(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err));
    TRY(codec_decode(&charter_alliance_desc, s.body, a, &alliance, err));
    ret->founded_ms = alliance.founded_ms;
    ret->items = arena_array(a, 1, sizeof *ret->items);
    if (ret->items == NULL)
        return query_full(err);
    *ret->items = (struct figure_items){0};
    return ST_OK;
}

static enum status day_of(const struct figures *f, uint64_t at_ms, uint64_t *ret_day)
{
    const struct charter *c = &f->metrics.rights.charter;
    return calendar_day(c->calendars, c->decisions->calendar, at_ms, ret_day);
}

/* What is computed waits for its time after the end of the period, in which the next one may end as well. */
static struct period running(const struct figures *f, const struct figure_metric *m)
{
    uint64_t today;
    struct period p;
    if (HAS(m->d, charter_metric_key_computed) && day_of(f, f->now_ms, &today) == ST_OK &&
        period_of(&m->d->every, today, &p) == ST_OK && p.from > m->open.from)
        return p;
    return m->open;
}

enum status figure_metric(const struct figures *f, const struct charter_metric *d, struct figure_metric *ret,
                          struct err *err)
{
    struct figure_metric m = {.d = d};
    struct state_metric row;
    TRY(metric_number(f->v, f->a, d->name, &m.number, err));
    TRY(metric_get(f->v, f->a, m.number, &row, err));
    if (period_of(&row.every, row.first, &m.first) != ST_OK || period_of(&row.every, row.period, &m.open) != ST_OK)
        return ST_NOTFOUND;
    m.running = running(f, &m);
    *ret = m;
    return ST_OK;
}

enum status figure_before(const struct figure_metric *m, struct period *period)
{
    struct period p;
    if (period->from <= m->first.from || period_before(&m->d->every, period->from, &p) != ST_OK)
        return ST_END;
    *period = p;
    return ST_OK;
}

enum status figure_newest(const struct figure_metric *m, uint64_t until_day, struct period *ret_period)
{
    struct period p = m->running;
    do {
        if (figure_before(m, &p) != ST_OK)
            return ST_END;
    } while (p.until > until_day);
    *ret_period = p;
    return ST_OK;
}

/* --- Reported and sealed ones --- */

enum figure figure_of_reading(const struct state_reading *r, bool checked)
{
    bool late = HAS(r, state_reading_key_late_ms);
    bool empty = HAS(r, state_reading_key_now) && !HAS(&r->now, reading_version_key_value);
    switch (r->standing) {
    case READING_OWED:
    case READING_OPENED:
        return late ? FIGURE_LATE : FIGURE_WAITING;
    case READING_COMMITTED:
        return FIGURE_WAITING;
    case READING_MISSED:
    case READING_DROPPED:
        return FIGURE_LATE;
    case READING_REPORTED:
        return FIGURE_REPORTED;
    case READING_COUNTERSIGNED:
        return empty ? FIGURE_TOO_FEW : FIGURE_COUNTERSIGNED;
    case READING_DISPUTED:
        return FIGURE_DISPUTED;
    case READING_REVEALED:
        if (empty)
            return FIGURE_TOO_FEW;
        return checked ? FIGURE_REPORTED : FIGURE_REVEALED;
    }
    return FIGURE_WAITING;
}

static struct query_figure line_of(const struct state_reading *r, bool checked)
{
    struct query_figure q = {.org = r->org,
                             .figure = figure_of_reading(r, checked),
                             .standing = r->standing,
                             .reading = r->number,
                             .late = HAS(r, state_reading_key_late_ms),
                             .restated = r->was.n};
    SET_HAS(&q, query_figure_key_reading);
    if (HAS(r, state_reading_key_now) && HAS(&r->now, reading_version_key_value)) {
        q.value = r->now.value;
        SET_HAS(&q, query_figure_key_value);
    }
    if (HAS(r, state_reading_key_seal) && HAS(&r->seal, reading_seal_key_voices)) {
        q.voices = r->seal.voices;
        SET_HAS(&q, query_figure_key_voices);
    }
    return q;
}

/* The worst of them stands behind the whole. */
static enum figure worse(enum figure x, enum figure y)
{
    static const uint8_t badness[] = {
        [FIGURE_COUNTERSIGNED] = 1, [FIGURE_REVEALED] = 2, [FIGURE_REPORTED] = 3, [FIGURE_TOO_FEW] = 4,
        [FIGURE_WAITING] = 5,       [FIGURE_DISPUTED] = 6, [FIGURE_LATE] = 7,     [FIGURE_NOTHING] = 0,
    };
    return badness[y] > badness[x] ? y : x;
}

/* Since when a reading is as it is. */
static uint64_t since(const struct state_reading *r)
{
    if (HAS(r, state_reading_key_now))
        return HAS(&r->now, reading_version_key_mark) ? r->now.mark.at_ms : r->now.at_ms;
    return HAS(r, state_reading_key_late_ms) ? r->late_ms : 0;
}

/* Is it settled enough to be judged by: it has its value, or lacks it for good or beyond its time? */
static bool is_judged(const struct state_reading *r, enum figure figure)
{
    return figure != FIGURE_WAITING && (figure != FIGURE_REPORTED || !HAS(r, state_reading_key_due_ms));
}

static void sum_up(struct figure_value *x, const struct decimal *values, size_t n)
{
    const struct decimal *low = &values[0], *high = &values[0];
    bool whole = x->figure == FIGURE_COUNTERSIGNED || x->figure == FIGURE_REVEALED ||
                 x->figure == FIGURE_REPORTED || x->figure == FIGURE_DISPUTED;
    for (size_t i = 1; i < n; i++) {
        low = decimal_compare(&values[i], low) < 0 ? &values[i] : low;
        high = decimal_compare(&values[i], high) > 0 ? &values[i] : high;
    }
    x->has_value = whole && n > 0 && n == x->by.n;
    if (x->has_value)
        x->value = decimal_mean(values, n);
    x->has_gap = n > 1 && decimal_difference(high, low, &x->gap);
}

static enum status of_readings(const struct figures *f, const struct figure_metric *m,
                               const struct period *period, struct figure_value *ret, struct err *err)
{
    struct figure_value x = {.figure = FIGURE_NOTHING, .judged = true};
    struct query_grow by = {.size = sizeof(struct query_figure)};
    struct tkey prefix = tkey_readings_of(m->number, PURPOSE_ACTUAL, period->from), from = prefix;
    struct decimal values[LIMIT_VALIDATORS + 1];
    size_t n = 0;
    for (;;) {
        struct state_reading r;
        struct span_list checkers;
        enum status st = reading_next(f->v, f->a, &prefix, &from, &r, err);
        if (st == ST_END)
            break;
        TRY(st);
        if (r.standing == READING_DROPPED || by.n == LIMIT_VALIDATORS)
            continue;
        TRY(metric_countersigners(&f->metrics, m->d, r.org, f->a, &checkers, err));
        struct query_figure *q = query_grow_one(&by, f->a);
        if (q == NULL)
            return query_full(err);
        *q = line_of(&r, checkers.n > 0);
        x.figure = worse(x.figure, q->figure);
        x.judged = x.judged && is_judged(&r, q->figure);
        x.at_ms = since(&r) > x.at_ms ? since(&r) : x.at_ms;
        if (HAS(q, query_figure_key_value))
            values[n++] = q->value;
    }
    x.by = (struct query_figure_list){by.n, by.v};
    sum_up(&x, values, n);
    *ret = x;
    return ST_OK;
}

/* --- Computed ones (MSR-1 to MSR-7) --- */

static enum status window_of(const struct figures *f, const struct period *p, uint64_t *ret_from_ms,
                             uint64_t *ret_until_ms, struct err *err)
{
    struct period before = {.until = p->from};
    if (p->from == 0)
        *ret_from_ms = 0;
    else
        TRY(metric_ends(&f->metrics, &before, ret_from_ms, err));
    return metric_ends(&f->metrics, p, ret_until_ms, err);
}

/* MSR-6: the widest gap between partners of the pulses that were over by the end of the period. */
static enum status trust_gap(const struct figures *f, const struct period *period, bool *ret_has, struct decimal *ret_value,
                             struct err *err)
{
    *ret_has = false;
    const struct charter_metric_list *l = &f->metrics.section.list;
    for (size_t i = 0; i < l->n; i++) {
        struct figure_metric m;
        struct period p;
        struct figure_value pulse;
        if (!HAS(&l->v[i], charter_metric_key_least_voices) || figure_metric(f, &l->v[i], &m, err) != ST_OK ||
            figure_newest(&m, period->until, &p) != ST_OK)
            continue;
        TRY(of_readings(f, &m, &p, &pulse, err));
        if (!pulse.has_gap || (*ret_has && decimal_compare(&pulse.gap, ret_value) <= 0))
            continue;
        *ret_value = pulse.gap;
        *ret_has = true;
    }
    return ST_OK;
}

enum status figure_stands(const struct figures *f, const struct figure_metric *m, const struct period *p, struct span org,
                          bool *ret_has, struct decimal *ret_value, enum figure *ret_figure, struct err *err)
{
    struct figure_value v;
    TRY(figure_of(f, m, p, &v, err));
    *ret_has = org.n == 0 && v.has_value && v.figure <= FIGURE_REVEALED;
    *ret_value = v.value;
    *ret_figure = v.figure;
    for (size_t i = 0; org.n > 0 && i < v.by.n; i++)
        if (span_eq(v.by.v[i].org, org) && HAS(&v.by.v[i], query_figure_key_value) && v.by.v[i].figure <= FIGURE_REVEALED) {
            *ret_has = true;
            *ret_value = v.by.v[i].value;
            *ret_figure = v.by.v[i].figure;
        }
    return ST_OK;
}

/* MSR-7: percent of the commitments that fell short, of those whose metric says by the end of the period what was put in. */
static enum status resourcing_gap(const struct figures *f, const struct period *period, bool *ret_has, struct decimal *ret_value,
                                  struct err *err)
{
    const void *section;
    uint64_t n = 0, missed = 0;
    TRY(item_section(f->v, f->a, SECTION_COMMITMENTS, &section, err));
    const struct charter_commitments *l = section;
    for (size_t i = 0; l != NULL && i < l->list.n; i++) {
        const struct charter_commitment *c = &l->list.v[i];
        const struct charter_metric *d = metrics_find(&f->metrics, c->name);
        struct figure_metric m;
        struct period p;
        struct decimal value;
        enum figure figure;
        bool has;
        if (d == NULL || HAS(d, charter_metric_key_computed) || !HAS(d, charter_metric_key_unit) || !span_eq(d->unit, c->unit) ||
            c->every.n != d->every.n || c->every.unit != d->every.unit)
            continue;
        enum status st = figure_metric(f, d, &m, err);
        if (st == ST_OK)
            st = figure_newest(&m, period->until, &p);
        if (st == ST_NOTFOUND || st == ST_END)
            continue;
        TRY(st);
        TRY(figure_stands(f, &m, &p, c->by, &has, &value, &figure, err));
        n += has;
        missed += has && decimal_compare(&value, &c->quantity) < 0;
    }
    *ret_has = n > 0;
    if (n > 0)
        *ret_value = decimal_ratio(missed * 100, n, 2);
    return ST_OK;
}

enum status figure_measure(const struct figures *f, const struct charter_metric *d, const struct period *p, bool *ret_has,
                           struct decimal *ret_value, struct err *err)
{
    uint64_t from, until;
    enum measure measure = d->computed.measure;
    if (measure == MEASURE_TRUST_GAP)
        return trust_gap(f, p, ret_has, ret_value, err);
    if (measure == MEASURE_RESOURCING_GAP)
        return resourcing_gap(f, p, ret_has, ret_value, err);
    TRY(window_of(f, p, &from, &until, err));
    if (measure_is_of_items(measure))
        return measure_items(f, &d->computed, from, until, ret_has, ret_value, err);
    return measure_value(f, measure, from, until, ret_has, ret_value, err);
}

/* What is on the record stays as it is (MET-13); what is not yet, as things stand. */
static enum status of_record(const struct figures *f, const struct figure_metric *m,
                             const struct period *period, struct figure_value *ret, struct err *err)
{
    struct figure_value x = {.judged = period->from < m->open.from};
    if (x.judged) {
        struct state_computed c;
        struct tkey k = tkey_computed(m->number, period->from);
        enum status st = state_get(f->v, f->a, TABLE_COMPUTED, &k, &state_computed_desc, &c, err);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        x.has_value = st == ST_OK;
        x.value = c.value;
        x.at_ms = c.at_ms;
    } else {
        TRY(figure_measure(f, m->d, period, &x.has_value, &x.value, err));
        TRY(metric_ends(&f->metrics, period, &x.at_ms, err));
    }
    x.figure = x.has_value ? FIGURE_COMPUTED : FIGURE_NOTHING;
    *ret = x;
    return ST_OK;
}

enum status figure_of(const struct figures *f, const struct figure_metric *m, const struct period *period,
                      struct figure_value *ret, struct err *err)
{
    if (HAS(m->d, charter_metric_key_computed))
        return of_record(f, m, period, ret, err);
    return of_readings(f, m, period, ret, err);
}
