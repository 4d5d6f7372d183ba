/* Readings in lists, and what they and exit triggers ask of seats. */
#include "gov/decimal.h"
#include "gov/query_part.h"
#include "gov/reading.h"
#include "gov/triggers.h"

enum { TASKS_MAX = 4096, LIST_MAX = 1000 };

/* --- Lists --- */

static enum status period_text(const struct view *v, struct arena *a, const struct state_reading *r,
                               struct span *ret, struct err *err)
{
    uint64_t number;
    struct state_metric m;
    struct period p;
    TRY(metric_number(v, a, r->metric, &number, err));
    TRY(metric_get(v, a, number, &m, err));
    /* The charter's period may have changed since: then by its first day. */
    static const struct charter_period day = {.n = 1, .unit = PERIOD_DAY};
    bool same = period_of(&m.every, r->period, &p) == ST_OK && p.from == r->period && p.until == r->until;
    struct period_text t = period_name(same ? &m.every : &day, r->period);
    *ret = arena_dup(a, span_str(t.s));
    return ret->p == NULL ? query_full(err) : ST_OK;
}

/* Reporters of its organisation, and who may countersign; none when the charter has the metric no more. */
static enum status sides(const struct metrics *m, const struct state_reading *r, struct arena *a,
                         struct span_list *ret_reporters, struct span_list *ret_checkers, struct err *err)
{
    const struct charter_metric *d = metrics_find(m, r->metric);
    struct span_list all;
    *ret_reporters = *ret_checkers = (struct span_list){0};
    if (d == NULL || !HAS(d, charter_metric_key_from))
        return ST_OK;
    TRY(metric_reporters(m, d, a, &all, err));
    for (size_t i = 0; i < all.n; i++) {
        if (span_eq(state_seat_org(all.v[i]), r->org))
            *ret_reporters = (struct span_list){1, &all.v[i]};
    }
    return metric_countersigners(m, d, r->org, a, ret_checkers, err);
}

enum status query_readings(const struct view *v, uint64_t from, uint64_t count, struct arena *a,
                           struct query_readings *ret, struct err *err)
{
    struct query_readings q = {0};
    struct query_grow g = {.size = sizeof(struct query_reading)};
    struct metrics m;
    uint64_t most = count < LIST_MAX ? count : LIST_MAX;
    TRY(metrics_load(v, a, &m, err));
    for (;;) {
        struct tkey k = tkey_u64(from);
        struct span key, value;
        enum status st = view_next(v, TABLE_READING, tkey_span(&k), &key, &value);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "readings cannot be read");
        if (g.n == most) {
            q.more = true;
            break;
        }
        struct query_reading *line = query_grow_one(&g, a);
        if (line == NULL)
            return query_full(err);
        TRY(codec_decode(&state_reading_desc, arena_dup(a, value), a, &line->reading, err));
        TRY(period_text(v, a, &line->reading, &line->period, err));
        TRY(sides(&m, &line->reading, a, &line->reporters, &line->checkers, err));
        line->figure = figure_of_reading(&line->reading, line->checkers.n > 0);
        from = line->reading.number + 1;
    }
    q.list = (struct query_reading_list){g.n, g.v};
    *ret = q;
    return ST_OK;
}

/* --- Tasks --- */

struct asking {
    struct span org;
    const struct span_list *only;
    struct query_grow tasks;
    struct arena *a;
};

/* Of these seats those that are looked at. */
static struct span_list wanted(const struct asking *x, const struct span_list *seats)
{
    struct span_list l = {0, arena_array(x->a, seats->n + 1, sizeof(struct span))};
    for (size_t i = 0; l.v != NULL && i < seats->n && l.n < 64; i++) {
        if (span_eq(state_seat_org(seats->v[i]), x->org) &&
            (x->only == NULL || state_list_has(x->only, seats->v[i])))
            l.v[l.n++] = seats->v[i];
    }
    return l;
}

static const char *value_text(const struct metrics *m, const struct state_reading *r, struct arena *a)
{
    const struct charter_metric *d = metrics_find(m, r->metric);
    if (!HAS(&r->now, reading_version_key_value))
        return "a pulse of too few voices";
    struct decimal_text t = decimal_text(&r->now.value);
    if (d == NULL || !HAS(d, charter_metric_key_unit))
        return charter_text(a, "%s", t.s);
    return charter_text(a, "%s %.*s", t.s, SPAN_FMT(d->unit));
}

/* What is asked of whom, in words; NULL: nothing. */
static const char *asked(const struct metrics *m, const struct state_reading *r, struct span period,
                         struct arena *a, enum task_type *ret_task, bool *ret_of_reporter)
{
    *ret_of_reporter = true;
    switch (r->standing) {
    case READING_OWED: {
        const struct charter_metric *d = metrics_find(m, r->metric);
        bool sealed = d != NULL && d->sealed;
        *ret_task = sealed ? TASK_COMMIT : TASK_REPORT;
        return charter_text(a, "%.*s for %.*s is owed%s", SPAN_FMT(r->metric), SPAN_FMT(period),
                            sealed ? ", sealed: it is committed first" : "");
    }
    case READING_OPENED:
        *ret_task = TASK_REVEAL;
        return charter_text(a, "%.*s for %.*s is open: reveal what was committed", SPAN_FMT(r->metric),
                            SPAN_FMT(period));
    case READING_DISPUTED:
        *ret_task = TASK_RESTATE;
        return charter_text(a, "%.*s disputes %.*s for %.*s, %s: restate it, or convince them",
                            SPAN_FMT(r->now.mark.seat), SPAN_FMT(r->metric), SPAN_FMT(period),
                            value_text(m, r, a));
    case READING_REPORTED:
    case READING_REVEALED:
        *ret_task = TASK_COUNTERSIGN;
        *ret_of_reporter = false;
        return charter_text(a, "%.*s of %.*s for %.*s, %s: countersign or dispute it", SPAN_FMT(r->metric),
                            SPAN_FMT(r->org), SPAN_FMT(period), value_text(m, r, a));
    case READING_COUNTERSIGNED:
    case READING_COMMITTED:
    case READING_MISSED:
    case READING_DROPPED:
        break;
    }
    return NULL;
}

static enum status ask_reading(const struct view *v, struct asking *x, const struct metrics *m,
                               const struct state_reading *r, struct err *err)
{
    struct query_reading_task t = {.reading = r->number, .name = r->metric, .org = r->org};
    struct span_list reporters, checkers;
    bool of_reporter;
    TRY(period_text(v, x->a, r, &t.period, err));
    TRY(sides(m, r, x->a, &reporters, &checkers, err));
    const char *words = asked(m, r, t.period, x->a, &t.task, &of_reporter);
    if (words == NULL)
        return ST_OK;
    t.seats = wanted(x, of_reporter ? &reporters : &checkers);
    if (t.seats.n == 0 || x->tasks.n == TASKS_MAX)
        return ST_OK;
    t.words = span_str(words);
    SET_HAS(&t, query_reading_task_key_reading);
    SET_HAS(&t, query_reading_task_key_period);
    SET_HAS(&t, query_reading_task_key_org);
    t.late = !HAS(r, state_reading_key_due_ms);
    if (!t.late) {
        t.deadline_ms = r->due_ms;
        SET_HAS(&t, query_reading_task_key_deadline_ms);
    }
    struct query_reading_task *line = query_grow_one(&x->tasks, x->a);
    if (line == NULL)
        return query_full(err);
    *line = t;
    return ST_OK;
}

static const char *trigger_words(const struct query_trigger *t, struct arena *a)
{
    bool item = t->type == TRIGGER_CONSEQUENCE && enum_parse(&item_type_enum, t->opens, &(uint32_t){0}) == ST_OK;
    return charter_text(a, "%s %.*s holds (%.*s): %s %.*s%s%.*s, or decide otherwise; nothing happens by itself",
                        enum_text(&trigger_type_enum, t->type), SPAN_FMT(t->name), SPAN_FMT(t->words), item ? "open one:" : "propose",
                        SPAN_FMT(t->opens), item ? " tagged " : "", SPAN_FMT(item ? t->name : span_str("")));
}

/* What holds and nothing has answered yet (rule 34). */
static enum status ask_triggers(const struct figures *f, enum trigger_type type, struct asking *x, struct err *err)
{
    struct watched_list l;
    TRY(triggers_list(f, type, &l, err));
    for (size_t i = 0; i < l.n; i++) {
        struct watched *w = &l.v[i];
        struct span_list owners;
        if (charter_select_any(&f->metrics.rights.charter, &w->owners, x->org, x->a, &owners) != ST_OK)
            return query_full(err);
        struct span_list seats = wanted(x, &owners);
        if (seats.n == 0 || x->tasks.n == TASKS_MAX) /* whether it holds is looked up for nobody */
            continue;
        TRY(triggers_judge(f, w, err));
        const char *words = trigger_words(&w->t, x->a);
        if (!w->t.holds || triggers_is_answered(&w->t))
            continue;
        struct query_reading_task *line = query_grow_one(&x->tasks, x->a);
        if (line == NULL || words == NULL)
            return query_full(err);
        *line = (struct query_reading_task){
            .task = TASK_TRIGGER, .name = w->t.name, .seats = seats, .opens = w->t.opens, .words = span_str(words), .of = type};
        SET_HAS(line, query_reading_task_key_opens);
        SET_HAS(line, query_reading_task_key_of);
    }
    return ST_OK;
}

enum status query_reading_tasks(const struct view *v, struct span org, const struct span_list *seats,
                                uint64_t now_ms, struct arena *a, struct arena *scratch,
                                struct query_reading_task_list *ret, struct err *err)
{
    struct asking x = {
        .org = org, .only = seats, .tasks = {.size = sizeof(struct query_reading_task)}, .a = a};
    struct figures f;
    TRY(figures_load(v, a, scratch, now_ms, &f, err));
    for (uint64_t from = 0;;) {
        struct state_reading r;
        enum status st = reading_next_owing(v, a, &from, &r, err);
        if (st == ST_END)
            break;
        TRY(st);
        TRY(ask_reading(v, &x, &f.metrics, &r, err));
    }
    TRY(ask_triggers(&f, TRIGGER_EXIT, &x, err));
    TRY(ask_triggers(&f, TRIGGER_CONSEQUENCE, &x, err));
    *ret = (struct query_reading_task_list){x.tasks.n, x.tasks.v};
    return ST_OK;
}
