#include "gov/warning.h"
#include "charter/charter_model.h"
#include "gov/decimal.h"
#include "gov/figure.h"
#include "gov/item.h"
#include "gov/predicate.h"

/* WATCHERS_MAX bounds what one reading can set going. */
enum { WATCHERS_MAX = 64 };

#define KEY(name) (UINT64_C(1) << state_indicator_key_##name)
static const uint64_t while_on = KEY(since_ms) | KEY(from) | KEY(period) | KEY(reading);

static bool is_on(const struct state_indicator *s)
{
    return HAS(s, state_indicator_key_since_ms);
}

static size_t count_of(const struct state_item *it)
{
    return HAS(it, state_item_key_indicators) ? it->indicators.n : 0;
}

bool warning_is_on(const struct state_item *it)
{
    for (size_t i = 0; i < count_of(it); i++)
        if (is_on(&it->indicators.v[i]))
            return true;
    return false;
}

static bool same(const struct item_indicator *x, const struct item_indicator *y)
{
    uint64_t of_x = HAS(x, item_indicator_key_periods) ? x->periods : 1;
    uint64_t of_y = HAS(y, item_indicator_key_periods) ? y->periods : 1;
    return span_eq(x->metric, y->metric) && x->op == y->op && x->number.mantissa == y->number.mantissa &&
           x->number.scale == y->number.scale && of_x == of_y;
}

const char *item_indicator_text(struct arena *a, const struct item_indicator *c)
{
    const char *op = enum_text(&comparison_enum, c->op);
    if (HAS(c, item_indicator_key_periods))
        return charter_text(a, "%.*s %s %s for %" PRIu64, SPAN_FMT(c->metric), op, decimal_text(&c->number).s,
                            c->periods);
    return charter_text(a, "%.*s %s %s", SPAN_FMT(c->metric), op, decimal_text(&c->number).s);
}

enum status warning_text(struct arena *a, const struct state_item *it, struct span *ret, struct err *err)
{
    const char *s = "";
    for (size_t i = 0; i < count_of(it) && s != NULL; i++) {
        if (!is_on(&it->indicators.v[i]))
            continue;
        const char *one = item_indicator_text(a, &it->indicators.v[i].indicator);
        s = one == NULL ? NULL : s[0] == 0 ? one : charter_text(a, "%s, %s", s, one);
    }
    if (s == NULL)
        return query_full(err);
    *ret = span_str(s);
    return ST_OK;
}

/* --- ITEM_WATCH --- */

static bool watches(const struct state_item *it, struct span metric)
{
    for (size_t i = 0; i < count_of(it); i++)
        if (span_eq(it->indicators.v[i].indicator.metric, metric))
            return true;
    return false;
}

void warning_watch(struct gov *g, const struct state_item *it, bool put)
{
    for (size_t i = 0; i < count_of(it) && it->phase != ITEM_CLOSED; i++) {
        struct tkey k = tkey_watch(it->indicators.v[i].indicator.metric, it->number);
        if (put)
            overlay_put(g->state, TABLE_ITEM_WATCH, tkey_span(&k), span_of("", 0));
        else
            overlay_del(g->state, TABLE_ITEM_WATCH, tkey_span(&k));
    }
}

/* Of a metric, the first risk with a number not below *from, which moves on behind it; ST_END. */
static enum status next_watcher(const struct view *v, struct span metric, uint64_t *from, uint64_t *ret_risk)
{
    struct tkey k = tkey_watch(metric, *from);
    struct span key, value;
    TRY(view_next(v, TABLE_ITEM_WATCH, tkey_span(&k), &key, &value));
    if (key.n != k.n || memcmp(key.p, k.b, k.n - 8) != 0)
        return ST_END;
    *ret_risk = load_u64(key.p + key.n - 8);
    *from = *ret_risk + 1;
    return ST_OK;
}

/* --- What a risk may have --- */

static enum status room(struct act *c, struct span metric, struct err *err)
{
    uint64_t from = 0, risk;
    enum status st;
    for (int n = 0; (st = next_watcher(&c->v, metric, &from, &risk)) == ST_OK;)
        if (++n == WATCHERS_MAX)
            return act_refuse(c, V_TOO_MANY, "%d risks that are not closed have an early warning on %.*s already",
                              WATCHERS_MAX, SPAN_FMT(metric));
    return st == ST_END ? ST_OK : err_set(err, st, "early warnings cannot be read");
}

enum status warning_sound(struct act *c, const struct item_indicator_list *l, const struct state_item *it,
                          struct err *err)
{
    struct metrics m;
    TRY(metrics_load(&c->v, c->g->arena, &m, err));
    for (size_t i = 0; i < l->n; i++) {
        struct span name = l->v[i].metric;
        const struct charter_metric *d = metrics_find(&m, name);
        for (size_t k = 0; k < i; k++)
            if (same(&l->v[k], &l->v[i]))
                return act_refuse(c, V_MALFORMED, "indicators: the same early warning on %.*s twice",
                                  SPAN_FMT(name));
        if (d == NULL)
            return act_refuse(c, V_NO_SUCH_OBJECT,
                              "indicators: the charter has no metric %.*s; see: entente charter show metrics",
                              SPAN_FMT(name));
        if (it == NULL || !watches(it, name))
            TRY(room(c, name, err));
    }
    return ST_OK;
}

enum status warning_room(struct act *c, const struct state_item *it, struct err *err)
{
    for (size_t i = 0; i < count_of(it); i++)
        TRY(room(c, it->indicators.v[i].indicator.metric, err));
    return ST_OK;
}

enum status warning_set(struct gov *g, struct state_item *it, const struct item_indicator_list *l,
                        struct err *err)
{
    struct state_indicator *v = arena_array(g->arena, l->n + 1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_LIMIT, "out of room for early warnings");
    for (size_t i = 0; i < l->n; i++) {
        v[i] = (struct state_indicator){.indicator = l->v[i]};
        for (size_t k = 0; k < count_of(it); k++)
            if (same(&it->indicators.v[k].indicator, &l->v[i]))
                v[i] = it->indicators.v[k];
    }
    it->indicators = (struct state_indicator_list){l->n, v};
    it->has &= ~(UINT64_C(1) << state_item_key_indicators);
    if (l->n > 0)
        SET_HAS(it, state_item_key_indicators);
    return ST_OK;
}

void warning_close(struct state_item *it)
{
    for (size_t i = 0; i < count_of(it); i++)
        it->indicators.v[i].has &= ~while_on;
}

/* --- Judging --- */

/* What the newest periods say of an indicator. */
enum streak { STREAK_UNKNOWN, STREAK_HOLDS, STREAK_BROKEN };
struct streak_found {
    enum streak streak;
    uint64_t from;    /* holds: the first period of those that were asked for */
    uint64_t period;  /* holds: the last of them; broken: the one without breach */
    uint64_t reading; /* of that period; 0: it is computed */
};

/* The first that shows a breach by being missing; else the first. Of what is computed there is none. */
static uint64_t telling(const struct figure_value *v)
{
    if (v->by.n == 0)
        return 0;
    for (size_t i = 0; i < v->by.n; i++)
        if (v->by.v[i].figure != FIGURE_COUNTERSIGNED && v->by.v[i].figure != FIGURE_REVEALED)
            return v->by.v[i].reading;
    return v->by.v[0].reading;
}

/* IND-3, IND-4: back from the newest period that is over. */
static enum status look_back(const struct figures *f, const struct figure_metric *m,
                             const struct state_indicator *s, struct streak_found *ret, struct err *err)
{
    const struct item_indicator *c = &s->indicator;
    uint64_t asked = HAS(c, item_indicator_key_periods) ? c->periods : 1, held = 0;
    struct streak_found r = {.streak = STREAK_UNKNOWN};
    struct period p;
    enum status st = figure_newest(m, m->open.from, &p);
    for (int i = 0; st == ST_OK && i < FIGURE_PERIODS_BACK; i++, st = figure_before(m, &p)) {
        struct figure_value v;
        TRY(figure_of(f, m, &p, &v, err));
        if (!v.judged && held == 0)
            continue; /* pending: the one before is the newest that counts */
        if (v.judged && v.figure == FIGURE_NOTHING && HAS(m->d, charter_metric_key_computed))
            continue; /* there was nothing to compute it from */
        if (!v.judged || v.figure == FIGURE_NOTHING)
            break;
        if (predicate_period(&v, c->op, &c->number, MISSING_BREACHES) != REACH_HOLDS) {
            if (is_on(s) && p.from >= s->from)
                r = (struct streak_found){STREAK_BROKEN, 0, p.from, telling(&v)};
            break;
        }
        if (held == 0) {
            r.period = p.from;
            r.reading = telling(&v);
        }
        r.from = p.from;
        if (++held == asked) {
            r.streak = STREAK_HOLDS;
            break;
        }
    }
    *ret = r;
    return ST_OK;
}

static void tell(struct state_item_event *ev, const struct item_indicator *c, const struct streak_found *x)
{
    ev->indicator = *c;
    SET_HAS(ev, state_item_event_key_indicator);
    ev->reading = x->reading;
    if (x->reading != 0)
        SET_HAS(ev, state_item_event_key_reading);
    ev->period = x->period;
    SET_HAS(ev, state_item_event_key_period);
}

/* It climbs from where nobody else was asked, and it is known why. */
static enum status climb(struct gov *g, struct state_item *it, struct err *err)
{
    if (it->phase != ITEM_OPEN || it->rung != 0)
        return ST_OK;
    it->by_warning = true;
    SET_HAS(it, state_item_key_by_warning);
    return item_climb(g, it, NULL, err);
}

/* IND-6 */
static enum status fire(struct gov *g, struct state_item *it, struct state_indicator *s,
                        const struct streak_found *x, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_WARNED};
    item_begin(g, it);
    s->since_ms = it->warned_ms = g->time_ms;
    s->from = x->from;
    s->period = x->period;
    s->reading = x->reading;
    s->has |= x->reading != 0 ? while_on : while_on & ~KEY(reading);
    SET_HAS(it, state_item_key_warned_ms);
    tell(&ev, &s->indicator, x);
    TRY(item_commit(g, it, NULL, &ev, err));
    return climb(g, it, err);
}

static enum status end(struct gov *g, struct state_item *it, struct state_indicator *s,
                       const struct streak_found *x, struct err *err)
{
    struct state_item_event ev = {.type = ITEM_EVENT_WARNING_OVER};
    item_begin(g, it);
    s->has &= ~while_on;
    if (HAS(it, state_item_key_by_warning) && !warning_is_on(it) && !item_is_overdue(it)) {
        it->rung = 0;
        it->has &= ~(UINT64_C(1) << state_item_key_rung_ms);
    }
    tell(&ev, &s->indicator, x);
    return item_commit(g, it, NULL, &ev, err);
}

static enum status judge_one(struct gov *g, const struct figures *f, struct state_item *it,
                             struct state_indicator *s, struct err *err)
{
    const struct charter_metric *d = metrics_find(&f->metrics, s->indicator.metric);
    struct figure_metric m;
    struct streak_found x;
    if (d == NULL)
        return ST_OK;
    enum status st = figure_metric(f, d, &m, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    TRY(look_back(f, &m, s, &x, err));
    if (x.streak == STREAK_HOLDS && !is_on(s))
        return fire(g, it, s, &x, err);
    return x.streak == STREAK_BROKEN ? end(g, it, s, &x, err) : ST_OK;
}

enum status warning_judge(struct gov *g, struct state_item *it, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct figures f;
    if (count_of(it) == 0)
        return ST_OK;
    TRY(figures_load(&v, g->arena, NULL, g->time_ms, &f, err));
    for (size_t i = 0; i < count_of(it); i++)
        TRY(judge_one(g, &f, it, &it->indicators.v[i], err));
    return ST_OK;
}

enum status warning_judge_metric(struct gov *g, struct span metric, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct figures f;
    uint64_t from = 0;
    struct item_ref ref = {.type = ITEM_RISK};
    bool loaded = false;
    for (;;) {
        struct state_item it;
        enum status st = next_watcher(&v, metric, &from, &ref.number);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!loaded)
            TRY(figures_load(&v, g->arena, NULL, g->time_ms, &f, err));
        loaded = true;
        TRY(item_get(&v, g->arena, &ref, &it, err));
        for (size_t i = 0; i < count_of(&it); i++)
            if (span_eq(it.indicators.v[i].indicator.metric, metric))
                TRY(judge_one(g, &f, &it, &it.indicators.v[i], err));
    }
}

enum status warning_watched(const struct view *v, struct arena *a, const struct charter_term_of *t, bool *ret, struct err *err)
{
    struct item_indicator x = {.metric = t->name, .op = t->op, .number = t->number};
    struct item_ref ref = {.type = ITEM_RISK};
    uint64_t from = 0;
    enum status st;
    if (HAS(t, charter_term_of_key_periods)) {
        x.periods = t->periods;
        SET_HAS(&x, item_indicator_key_periods);
    }
    *ret = false;
    while (!*ret && (st = next_watcher(v, t->name, &from, &ref.number)) != ST_END) {
        struct state_item it;
        TRY(st);
        TRY(item_get(v, a, &ref, &it, err));
        for (size_t i = 0; i < count_of(&it); i++)
            *ret |= same(&it.indicators.v[i].indicator, &x);
    }
    return ST_OK;
}

enum status warning_resume(struct gov *g, struct state_item *it, struct err *err)
{
    return warning_is_on(it) ? climb(g, it, err) : ST_OK;
}
