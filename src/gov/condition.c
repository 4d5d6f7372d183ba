#include "gov/condition.h"
#include "charter/calendar.h"
#include "gov/decimal.h"
#include "gov/item.h"
#include "gov/opened.h"
#include "gov/predicate.h"
#include "gov/triggers.h"
#include "gov/warning.h"

/* --- Which --- */

static bool is_counted(const struct charter *c, struct span name)
{
    uint32_t type;
    return charter_row(c, name) != NULL || enum_parse(&item_type_enum, name, &type) == ST_OK;
}

static bool is_judged(const struct conditions *l, const struct charter_predicate *p)
{
    for (size_t i = 0; i < p->terms.n; i++) {
        const struct charter_term_of *t = &p->terms.v[i];
        switch (t->type) {
        case COND_METRIC:
            if (metrics_find(&l->f.metrics, t->name) == NULL)
                return false;
            break;
        case COND_COUNT:
            if (!is_counted(&l->f.metrics.rights.charter, t->name))
                return false;
            break;
        case COND_TERM_OVER:
            break;
        case COND_AMOUNT:
        case COND_AFFECTS_OTHERS:
        case COND_SCORE:
            return false;
        }
    }
    return true;
}

static void add_all(struct conditions *l, enum trigger_type type, const struct watched_list *w)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct query_trigger *t = &w->v[i].t;
        struct trigger_condition c = {.type = type, .name = t->name, .when = &t->when, .opens = t->opens, .owners = w->v[i].owners};
        if (w->v[i].place.n != 0)
            c.name = w->v[i].place;
        if (is_judged(l, c.when))
            l->v[l->n++] = c;
    }
}

/* The end of a day on the calendar of whatever names none. */
static enum status day_end(const struct charter *c, uint64_t day, uint64_t *ret_ms, struct err *err)
{
    if (calendar_end_of(c->calendars, c->decisions->calendar, day, ret_ms) != ST_OK)
        return err_set(err, ST_CORRUPT, "day %" PRIu64 " of the term has no end on the calendar", day);
    return ST_OK;
}

static enum status load_term(struct conditions *l, struct err *err)
{
    const void *s;
    TRY(item_section(l->f.v, l->f.a, SECTION_TERM, &s, err));
    const struct charter *c = &l->f.metrics.rights.charter;
    const struct charter_row *row = charter_row(c, span_str("renewal"));
    if (s == NULL)
        return ST_OK;
    l->term = *(const struct charter_term *)s;
    TRY(day_end(c, l->term.to, &l->term_ends_ms, err));
    if (row == NULL)
        return ST_OK;
    uint64_t before = l->term.renewal_opens.n, opens = l->term.to > before ? l->term.to - before : 1;
    TRY(day_end(c, opens - 1, &l->renewal_opens_ms, err));
    l->v[l->n++] =
        (struct trigger_condition){.type = TRIGGER_RENEWAL, .name = span_str("renewal"), .opens = row->name, .owners = row->owner};
    return ST_OK;
}

enum status conditions_load(const struct view *v, struct arena *a, struct arena *scratch, uint64_t now_ms, struct conditions *ret,
                            struct err *err)
{
    static const enum trigger_type types[] = {TRIGGER_INDICATOR, TRIGGER_EXIT, TRIGGER_CONSEQUENCE};
    struct watched_list w[ARRAY_LEN(types)];
    size_t most = 1;
    *ret = (struct conditions){0};
    TRY(figures_load(v, a, scratch, now_ms, &ret->f, err));
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        TRY(triggers_list(&ret->f, types[i], &w[i], err));
        most += w[i].n;
    }
    ret->v = arena_array(a, most, sizeof *ret->v);
    if (ret->v == NULL)
        return query_full(err);
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        add_all(ret, types[i], &w[i]);
    return load_term(ret, err);
}

const struct trigger_condition *conditions_find(const struct conditions *l, enum trigger_type type, struct span name)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].type == type && span_eq(l->v[i].name, name))
            return &l->v[i];
    return NULL;
}

static bool same_predicate(const struct charter_predicate *x, const struct charter_predicate *y, struct arena *a)
{
    enum { BYTES = 1024 };
    struct buf b[2];
    const struct charter_predicate *p[] = {x, y};
    for (size_t i = 0; i < ARRAY_LEN(b); i++) {
        b[i] = (struct buf){.p = arena_alloc(a, BYTES), .cap = BYTES, .limit = BYTES - 1};
        if (b[i].p == NULL || codec_encode(&charter_predicate_desc, p[i], &b[i]) != ST_OK)
            return false;
    }
    return span_eq(buf_span(&b[0]), buf_span(&b[1]));
}

bool condition_is(const struct trigger_condition *c, const struct state_trigger *t, struct arena *a)
{
    struct span opens = HAS(t, state_trigger_key_opens) ? t->opens : (struct span){NULL, 0};
    if (!span_eq(opens, c->opens) || HAS(t, state_trigger_key_when) != (c->when != NULL))
        return false;
    return c->when == NULL || same_predicate(c->when, &t->when, a);
}

bool condition_looks_at(const struct charter_predicate *when, enum condition_about about, struct span name)
{
    for (size_t i = 0; i < when->terms.n; i++) {
        const struct charter_term_of *t = &when->terms.v[i];
        if ((about == ABOUT_METRIC && t->type == COND_METRIC && span_eq(t->name, name)) ||
            (about == ABOUT_COUNT && t->type == COND_COUNT && span_eq(t->name, name)) ||
            (about == ABOUT_TERM && t->type == COND_TERM_OVER))
            return true;
    }
    return false;
}

/* --- Judged (TRG-3) --- */

/* One period: a breach, kept, or neither, which ends the look back or does not. */
static enum reach period_reach(const struct figure_value *v, const struct charter_term_of *t, bool warning)
{
    if (!v->judged || v->figure == FIGURE_NOTHING)
        return REACH_SKIP;
    return predicate_period(v, t->op, &t->number, warning ? MISSING_BREACHES : MISSING_SKIPPED);
}

static enum status judge_metric(const struct figures *f, const struct charter_term_of *t, bool warning, enum reached *ret,
                                struct err *err)
{
    uint64_t asked = HAS(t, charter_term_of_key_periods) ? t->periods : 1, held = 0;
    struct figure_metric m;
    struct period p;
    *ret = REACHED_OPEN;
    enum status st = figure_metric(f, metrics_find(&f->metrics, t->name), &m, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? ST_OK : st;
    st = figure_newest(&m, m.open.from, &p);
    for (int i = 0; st == ST_OK && i < FIGURE_PERIODS_BACK; i++, st = figure_before(&m, &p)) {
        struct figure_value v;
        TRY(figure_of(f, &m, &p, &v, err));
        enum reach reach = period_reach(&v, t, warning);
        if (reach == REACH_SKIP && warning && (v.judged || held > 0) && !HAS(m.d, charter_metric_key_computed))
            break; /* empty, or pending within the streak */
        if (reach == REACH_SKIP)
            continue;
        if (reach == REACH_NOT) {
            *ret = held == 0 ? REACHED_FAILS : REACHED_OPEN;
            break;
        }
        if (++held == asked) {
            *ret = REACHED_HOLDS;
            break;
        }
    }
    return ST_OK;
}

/* What is beyond the number already need not be counted on: there is only more of it. */
static enum status judge_count(const struct figures *f, const struct charter_term_of *t, const struct condition_without *without,
                               enum reached *ret, struct err *err)
{
    struct opened_walk w;
    struct opened one;
    uint64_t but = without != NULL && span_eq(t->name, without->name) ? without->number : 0;
    uint64_t since = opened_since(f, &t->within);
    struct decimal n = {0};
    enum status st = opened_begin(f, t->name, &w);
    while (st == ST_OK && decimal_compare(&n, &t->number) <= 0) {
        st = opened_next(&w, since, &one, err);
        n.mantissa += st == ST_OK && one.number != but;
    }
    if (st != ST_OK && st != ST_END)
        return st;
    *ret = predicate_compares(t->op, decimal_compare(&n, &t->number)) ? REACHED_HOLDS : REACHED_FAILS;
    return ST_OK;
}

static enum status judge_term(const struct conditions *l, const struct trigger_condition *c, const struct charter_term_of *t,
                              const struct condition_without *without, enum reached *ret, struct err *err)
{
    if (t->type == COND_METRIC)
        return judge_metric(&l->f, t, c->type == TRIGGER_INDICATOR, ret, err);
    if (t->type == COND_COUNT)
        return judge_count(&l->f, t, without, ret, err);
    ASSERT(t->type == COND_TERM_OVER);
    *ret = l->term_ends_ms <= l->f.now_ms ? REACHED_HOLDS : REACHED_FAILS;
    return ST_OK;
}

static enum reached joined(enum connective join, enum reached x, enum reached y)
{
    enum reached decides = join == JOIN_AND ? REACHED_FAILS : REACHED_HOLDS;
    if (x == decides || y == decides)
        return decides;
    return x == y ? x : REACHED_OPEN;
}

enum status condition_judge(const struct conditions *l, const struct trigger_condition *c, const struct condition_without *without,
                            enum reached *ret, struct err *err)
{
    enum reached second;
    if (c->type == TRIGGER_RENEWAL) {
        bool open = l->renewal_opens_ms <= l->f.now_ms && l->f.now_ms < l->term_ends_ms;
        *ret = open ? REACHED_HOLDS : REACHED_FAILS;
        return ST_OK;
    }
    TRY(judge_term(l, c, &c->when->terms.v[0], without, ret, err));
    if (c->when->terms.n == 1)
        return ST_OK;
    TRY(judge_term(l, c, &c->when->terms.v[1], without, &second, err));
    *ret = joined(c->when->join, *ret, second);
    return ST_OK;
}

/* --- Who --- */

enum status condition_owner(const struct conditions *l, const struct trigger_condition *c, struct span org, struct span *ret,
                            struct err *err)
{
    const struct charter *charter = &l->f.metrics.rights.charter;
    struct charter_selector any = {.seat = span_str("alliance-manager")};
    struct charter_selector_list owners = c->owners.n != 0 ? c->owners : (struct charter_selector_list){1, &any};
    struct span_list seats;
    SET_HAS(&any, charter_selector_key_seat);
    *ret = (struct span){NULL, 0};
    if (!charter_is_partner(charter, org))
        return ST_OK;
    if (charter_select_any(charter, &owners, org, l->f.a, &seats) != ST_OK)
        return query_full(err);
    for (size_t i = 0; i < seats.n && ret->n == 0; i++) {
        bool there = false;
        TRY(item_partner_seat(l->f.v, l->f.a, seats.v[i], &there, err));
        if (there)
            *ret = seats.v[i];
    }
    return ST_OK;
}

static enum status of_computed(const struct conditions *l, const struct trigger_condition *c, struct span_list *ret, struct err *err)
{
    const struct charter_party_list *parties = &l->f.metrics.rights.charter.parties->list;
    for (size_t i = 0; i < parties->n; i++) {
        TRY(condition_owner(l, c, parties->v[i].org, &ret->v[ret->n], err));
        ret->n += ret->v[ret->n].n != 0;
    }
    return ST_OK;
}

static enum status of_reported(const struct conditions *l, const struct charter_metric *d, struct span_list *ret, struct err *err)
{
    struct span_list seats;
    TRY(metric_reporters(&l->f.metrics, d, l->f.a, &seats, err));
    for (size_t i = 0; i < seats.n && ret->n == 0; i++) {
        bool there = false;
        TRY(item_partner_seat(l->f.v, l->f.a, seats.v[i], &there, err));
        if (there)
            ret->v[ret->n++] = seats.v[i];
    }
    return ST_OK;
}

enum status condition_warned(const struct conditions *l, const struct trigger_condition *c, struct span_list *ret, struct err *err)
{
    const struct charter_term_of *t = &c->when->terms.v[0];
    bool watched = false;
    *ret = (struct span_list){0, arena_array(l->f.a, l->f.metrics.rights.charter.parties->list.n + 1, sizeof *ret->v)};
    if (ret->v == NULL)
        return query_full(err);
    if (c->when->terms.n > 1 && t->type != COND_METRIC)
        t = &c->when->terms.v[1];
    if (t->type != COND_METRIC)
        return ST_OK;
    if (c->when->terms.n == 1)
        TRY(warning_watched(l->f.v, l->f.a, t, &watched, err));
    if (watched)
        return ST_OK;
    const struct charter_metric *d = metrics_find(&l->f.metrics, t->name);
    return HAS(d, charter_metric_key_computed) ? of_computed(l, c, ret, err) : of_reported(l, d, ret, err);
}
