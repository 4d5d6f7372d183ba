#include "gov/metric.h"
#include "charter/calendar.h"
#include "gov/figure.h"
#include "gov/item.h"
#include "gov/reading.h"

static enum status full(struct err *err)
{
    return err_set(err, ST_LIMIT, "out of room for the metrics");
}

enum status metrics_load(const struct view *v, struct arena *a, struct metrics *ret, struct err *err)
{
    struct metrics m = {0};
    struct state_section s;
    const void *promised;
    struct tkey k = tkey_section(SECTION_METRICS);
    TRY(rights_load(v, a, &m.rights, err));
    enum status st = state_get(v, a, TABLE_SECTION, &k, &state_section_desc, &s, err);
    if (st == ST_OK)
        st = codec_decode(&charter_metrics_desc, s.body, a, &m.section, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    TRY(item_section(v, a, SECTION_COMMITMENTS, &promised, err));
    if (charter_all_metrics(&m.section.list, promised, a, &m.section.list) != ST_OK)
        return full(err);
    m.rights.charter.metrics = &ret->section;
    *ret = m;
    return ST_OK;
}

const struct charter_metric *metrics_find(const struct metrics *m, struct span name)
{
    struct charter c = {.metrics = &m->section};
    return charter_metric(&c, name);
}

/* META: metric/NAME */
static struct tkey name_key(struct span name)
{
    char text[80];
    int n = snprintf(text, sizeof text, "metric/%.*s", SPAN_FMT(name));
    ASSERT(n > 0 && (size_t)n < sizeof text);
    return tkey_text(span_of(text, (size_t)n));
}

enum status metric_number(const struct view *v, struct arena *a, struct span name, uint64_t *ret_number,
                          struct err *err)
{
    struct tkey k = name_key(name);
    struct state_counter c;
    TRY(state_get(v, a, TABLE_META, &k, &state_counter_desc, &c, err));
    *ret_number = c.value;
    return ST_OK;
}

enum status metric_get(const struct view *v, struct arena *a, uint64_t number, struct state_metric *ret,
                       struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_get(v, a, TABLE_METRIC, &k, &state_metric_desc, ret, err);
}

static enum status metric_put(struct gov *g, uint64_t number, const struct state_metric *m, struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_put(g, TABLE_METRIC, &k, &state_metric_desc, m, err);
}

/* --- Who --- */

static bool present(const struct charter *c, struct span org)
{
    return charter_party(c, org) != NULL;
}

static struct span seat_text(struct arena *a, struct span org, struct span name)
{
    uint8_t *p = arena_alloc(a, org.n + 1 + name.n);
    if (p == NULL)
        return (struct span){NULL, 0};
    memcpy(p, org.p, org.n);
    p[org.n] = '/';
    memcpy(p + org.n + 1, name.p, name.n);
    return span_of(p, org.n + 1 + name.n);
}

static enum status add_seat(struct arena *a, struct span org, struct span name, struct span_list *list,
                            struct err *err)
{
    struct span s = seat_text(a, org, name);
    if (s.p == NULL)
        return full(err);
    list->v[list->n++] = s;
    return ST_OK;
}

/* The seat of that name of every partner that has it, but of one organisation (n = 0: of none). */
static enum status every_partner(const struct charter *c, struct span name, struct span but, struct arena *a,
                                 struct span_list *list, struct err *err)
{
    for (size_t i = 0; i < c->parties->list.n; i++) {
        struct span org = c->parties->list.v[i].org;
        if (charter_is_partner(c, org) && !span_eq(org, but) && charter_has_seat(c, org, name))
            TRY(add_seat(a, org, name, list, err));
    }
    return ST_OK;
}

enum status metric_reporters(const struct metrics *m, const struct charter_metric *d, struct arena *a,
                             struct span_list *ret_seats, struct err *err)
{
    const struct charter *c = &m->rights.charter;
    const struct charter_reporter *from = &d->from;
    struct span_list list = {0, arena_array(a, c->parties->list.n + 1, sizeof(struct span))};
    if (list.v == NULL)
        return full(err);
    if (HAS(d, charter_metric_key_from)) {
        if (HAS(from, charter_reporter_key_org)) {
            if (present(c, from->org))
                TRY(add_seat(a, from->org, from->seat, &list, err));
        } else {
            struct span name =
                HAS(from, charter_reporter_key_seat) ? from->seat : span_str("alliance-manager");
            TRY(every_partner(c, name, (struct span){NULL, 0}, a, &list, err));
        }
    }
    *ret_seats = list;
    return ST_OK;
}

enum status metric_countersigners(const struct metrics *m, const struct charter_metric *d, struct span org,
                                  struct arena *a, struct span_list *ret_seats, struct err *err)
{
    const struct charter *c = &m->rights.charter;
    struct span_list list = {0, arena_array(a, c->parties->list.n + 1, sizeof(struct span))};
    if (list.v == NULL)
        return full(err);
    if (HAS(d, charter_metric_key_check)) {
        if (!span_eq(state_seat_org(d->check), org))
            list.v[list.n++] = d->check;
        else
            TRY(every_partner(c, state_seat_name(d->check), org, a, &list, err));
    }
    *ret_seats = list;
    return ST_OK;
}

/* --- When --- */

enum status metric_ends(const struct metrics *m, const struct period *p, uint64_t *ret_ms, struct err *err)
{
    const struct charter *c = &m->rights.charter;
    enum status st = calendar_end_of(c->calendars, c->decisions->calendar, p->until - 1, ret_ms);
    if (st == ST_OK)
        return st;
    return err_set(err, ST_CORRUPT, "no end of a period on calendar %.*s: %s",
                   SPAN_FMT(c->decisions->calendar), status_text(st));
}

enum status metric_due(const struct metrics *m, const struct charter_metric *d, uint64_t from_ms,
                       uint64_t *ret_ms, struct err *err)
{
    const struct charter *c = &m->rights.charter;
    bool beyond;
    enum status st =
        calendar_deadline(c->calendars, c->decisions->calendar, from_ms, &d->due, ret_ms, &beyond);
    if (st == ST_OK)
        return st;
    return err_set(err, ST_CORRUPT, "no end of the time of metric %.*s on calendar %.*s: %s",
                   SPAN_FMT(d->name), SPAN_FMT(c->decisions->calendar), status_text(st));
}

enum status metric_today(const struct metrics *m, uint64_t at_ms, uint64_t *ret_day, struct err *err)
{
    const struct charter *c = &m->rights.charter;
    enum status st = calendar_day(c->calendars, c->decisions->calendar, at_ms, ret_day);
    if (st == ST_OK)
        return st;
    return err_set(err, ST_CORRUPT, "no day on calendar %.*s: %s", SPAN_FMT(c->decisions->calendar),
                   status_text(st));
}

/* --- Following the charter --- */

static void stop_timer(struct gov *g, uint64_t number, struct state_metric *row)
{
    if (HAS(row, state_metric_key_ends_ms))
        state_clear_timer(g, row->ends_ms, number, TIMER_PERIOD);
    row->has &= ~(UINT64_C(1) << state_metric_key_ends_ms);
}

/* Puts the row with the period given, its end and its timer; without both when no period is left. What is computed waits for the
 * metric's `due` besides (MET-13). */
static enum status await(struct gov *g, const struct metrics *m, const struct charter_metric *d, uint64_t number,
                         struct state_metric *row, uint64_t from, struct err *err)
{
    struct period p;
    row->period = from;
    if (period_of(&row->every, from, &p) == ST_OK) {
        TRY(metric_ends(m, &p, &row->ends_ms, err));
        if (HAS(row, state_metric_key_computed))
            TRY(metric_due(m, d, row->ends_ms - 1, &row->ends_ms, err));
        SET_HAS(row, state_metric_key_ends_ms);
        state_set_timer(g, row->ends_ms, number, TIMER_PERIOD);
    }
    return metric_put(g, number, row, err);
}

/* What the charter says it is. */
static void be_of(struct state_metric *row, const struct charter_metric *d)
{
    row->every = d->every;
    row->computed = d->computed;
    row->has &= ~(UINT64_C(1) << state_metric_key_computed);
    if (HAS(d, charter_metric_key_computed))
        SET_HAS(row, state_metric_key_computed);
}

/* Is it reported as before, or computed, and then the same? */
static bool same_kind(const struct state_metric *row, const struct charter_metric *d)
{
    const struct charter_computed *x = &row->computed, *y = &d->computed;
    if (HAS(row, state_metric_key_computed) != HAS(d, charter_metric_key_computed))
        return false;
    if (!HAS(row, state_metric_key_computed))
        return true;
    return x->measure == y->measure && HAS(x, charter_computed_key_tag) == HAS(y, charter_computed_key_tag) &&
           (!HAS(x, charter_computed_key_tag) || span_eq(x->tag, y->tag));
}

static enum status begin(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                         struct err *err)
{
    uint64_t number, day;
    struct tkey k = name_key(d->name);
    TRY(state_count(g, "metric", &number, err));
    struct state_counter c = {.value = number};
    TRY(state_put(g, TABLE_META, &k, &state_counter_desc, &c, err));
    struct state_metric row = {.name = d->name};
    struct period p;
    be_of(&row, d);
    TRY(metric_today(m, g->time_ms, &day, err));
    row.first = period_of(&d->every, day, &p) == ST_OK ? p.from : day;
    return await(g, m, d, number, &row, row.first, err);
}

static enum status begin_again(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                               uint64_t number, struct state_metric *row, struct err *err)
{
    uint64_t day;
    struct period p;
    stop_timer(g, number, row);
    be_of(row, d);
    TRY(metric_today(m, g->time_ms, &day, err));
    row->first = period_of(&d->every, day, &p) == ST_OK ? p.until : day;
    return await(g, m, d, number, row, row->first, err);
}

static enum status end_missing(struct gov *g, const struct metrics *m, struct err *err)
{
    struct tkey from = tkey_u64(0);
    for (;;) {
        struct view v = overlay_view(g->state);
        struct span key, value;
        struct state_metric row;
        enum status st = view_next(&v, TABLE_METRIC, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        uint64_t number = load_u64(key.p);
        from = tkey_u64(number + 1);
        TRY(codec_decode(&state_metric_desc, arena_dup(g->arena, value), g->arena, &row, err));
        const struct charter_metric *d = metrics_find(m, row.name);
        if ((d != NULL && same_kind(&row, d)) || !HAS(&row, state_metric_key_ends_ms))
            continue;
        stop_timer(g, number, &row);
        TRY(metric_put(g, number, &row, err));
        TRY(reading_drop_metric(g, row.name, err));
    }
}

static bool same_period(const struct charter_period *x, const struct charter_period *y)
{
    return x->n == y->n && x->unit == y->unit;
}

/* MET-3 */
enum status metric_follow(struct gov *g, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct metrics m;
    TRY(metrics_load(&v, g->arena, &m, err));
    TRY(end_missing(g, &m, err));
    for (size_t i = 0; i < m.section.list.n; i++) {
        const struct charter_metric *d = &m.section.list.v[i];
        uint64_t number;
        struct state_metric row;
        enum status st = metric_number(&v, g->arena, d->name, &number, err);
        if (st == ST_NOTFOUND) {
            TRY(begin(g, &m, d, err));
            continue;
        }
        TRY(st);
        TRY(metric_get(&v, g->arena, number, &row, err));
        if (!HAS(&row, state_metric_key_ends_ms) || !same_period(&row.every, &d->every))
            TRY(begin_again(g, &m, d, number, &row, err));
    }
    return ST_OK;
}

/* --- A period is over --- */

static enum status owe(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                       uint64_t number, const struct state_metric *row, const struct period *p,
                       struct span org, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_reading r = {.metric = row->name,
                              .purpose = PURPOSE_ACTUAL,
                              .period = p->from,
                              .until = p->until,
                              .org = org,
                              .standing = READING_OWED};
    uint64_t there, due;
    enum status st = reading_find(&v, g->arena, number, PURPOSE_ACTUAL, p->from, org, &there, err);
    if (st != ST_NOTFOUND)
        return st;
    TRY(metric_due(m, d, row->ends_ms - 1, &due, err));
    TRY(reading_new(g, number, &r, err));
    return reading_await(g, &r, due, err);
}

/* MET-13 */
static enum status compute(struct gov *g, const struct charter_metric *d, uint64_t number, const struct period *p, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct arena a = {0}, scratch = {0}; /* what it looks at may be many times what the block holds */
    struct figures f;
    struct state_computed c = {.at_ms = g->time_ms};
    struct tkey k = tkey_computed(number, p->from);
    bool has = false;
    enum status st = figures_load(&v, &a, &scratch, g->time_ms, &f, err);
    if (st == ST_OK) {
        f.in_block = true;
        st = figure_measure(&f, d, p, &has, &c.value, err);
    }
    arena_deinit(&scratch);
    arena_deinit(&a);
    return st == ST_OK && has ? state_put(g, TABLE_COMPUTED, &k, &state_computed_desc, &c, err) : st;
}

static enum status owe_all(struct gov *g, const struct metrics *m, const struct charter_metric *d, uint64_t number,
                           const struct state_metric *row, const struct period *p, struct err *err)
{
    struct span_list seats;
    TRY(metric_reporters(m, d, g->arena, &seats, err));
    for (size_t i = 0; i < seats.n; i++)
        TRY(owe(g, m, d, number, row, p, state_seat_org(seats.v[i]), err));
    return ST_OK;
}

enum status metric_fire(struct gov *g, uint64_t number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct metrics m;
    struct state_metric row;
    struct period p;
    TRY(metrics_load(&v, g->arena, &m, err));
    TRY(metric_get(&v, g->arena, number, &row, err));
    const struct charter_metric *d = metrics_find(&m, row.name);
    if (d == NULL || period_of(&row.every, row.period, &p) != ST_OK)
        return err_set(err, ST_CORRUPT, "a period of metric %.*s ends that never began", SPAN_FMT(row.name));
    bool computed = HAS(&row, state_metric_key_computed);
    TRY(computed ? compute(g, d, number, &p, err) : owe_all(g, &m, d, number, &row, &p, err));
    stop_timer(g, number, &row);
    TRY(await(g, &m, d, number, &row, p.until, err));
    return computed ? reading_metric_judged(g, row.name, err) : ST_OK;
}
