#include "gov/reading.h"
#include "gov/trigger.h"
#include "gov/warning.h"

enum status reading_get(const struct view *v, struct arena *a, uint64_t number, struct state_reading *ret,
                        struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_get(v, a, TABLE_READING, &k, &state_reading_desc, ret, err);
}

enum status reading_find(const struct view *v, struct arena *a, uint64_t metric, enum purpose purpose,
                         uint64_t period, struct span org, uint64_t *ret_number, struct err *err)
{
    struct tkey k = tkey_reading_of(metric, (uint8_t)purpose, period, org);
    struct state_counter c;
    TRY(state_get(v, a, TABLE_READING_OF, &k, &state_counter_desc, &c, err));
    *ret_number = c.value;
    return ST_OK;
}

static enum status need(const struct view *v, struct arena *a, uint64_t number, struct state_reading *ret,
                        struct err *err)
{
    enum status st = reading_get(v, a, number, ret, err);
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "K-%" PRIu64 " is listed and not there", number) : st;
}

enum status reading_next(const struct view *v, struct arena *a, const struct tkey *prefix, struct tkey *from,
                         struct state_reading *ret, struct err *err)
{
    struct span key, value;
    struct state_counter c;
    TRY(view_next(v, TABLE_READING_OF, tkey_span(from), &key, &value));
    if (!tkey_has_prefix(key, tkey_span(prefix)))
        return ST_END;
    *from = tkey_after(key);
    TRY(codec_decode(&state_counter_desc, value, a, &c, err));
    return need(v, a, c.value, ret, err);
}

enum status reading_next_owing(const struct view *v, struct arena *a, uint64_t *from,
                               struct state_reading *ret, struct err *err)
{
    struct tkey k = tkey_u64(*from);
    struct span key, value;
    TRY(view_next(v, TABLE_OWING, tkey_span(&k), &key, &value));
    uint64_t number = load_u64(key.p);
    *from = number + 1;
    return need(v, a, number, ret, err);
}

/* --- Writing --- */

enum status reading_put(struct gov *g, const struct state_reading *r, struct err *err)
{
    struct tkey k = tkey_u64(r->number);
    return state_put(g, TABLE_READING, &k, &state_reading_desc, r, err);
}

enum status reading_new(struct gov *g, uint64_t metric, struct state_reading *r, struct err *err)
{
    TRY(state_count(g, "reading", &r->number, err));
    struct tkey k = tkey_reading_of(metric, (uint8_t)r->purpose, r->period, r->org);
    struct state_counter c = {.value = r->number};
    return state_put(g, TABLE_READING_OF, &k, &state_counter_desc, &c, err);
}

static void stop_timer(struct gov *g, struct state_reading *r)
{
    if (HAS(r, state_reading_key_due_ms))
        state_clear_timer(g, r->due_ms, r->number, TIMER_READING);
    r->has &= ~(UINT64_C(1) << state_reading_key_due_ms);
}

enum status reading_await(struct gov *g, struct state_reading *r, uint64_t due_ms, struct err *err)
{
    struct tkey k = tkey_u64(r->number);
    stop_timer(g, r);
    r->due_ms = due_ms;
    SET_HAS(r, state_reading_key_due_ms);
    state_set_timer(g, due_ms, r->number, TIMER_READING);
    overlay_put(g->state, TABLE_OWING, tkey_span(&k), span_of("", 0));
    return reading_put(g, r, err);
}

enum status reading_settle(struct gov *g, struct state_reading *r, struct err *err)
{
    struct tkey k = tkey_u64(r->number);
    stop_timer(g, r);
    overlay_del(g->state, TABLE_OWING, tkey_span(&k));
    return reading_put(g, r, err);
}

static enum status drop(struct gov *g, struct state_reading *r, struct err *err)
{
    r->standing = READING_DROPPED;
    return reading_settle(g, r, err);
}

/* --- Sealed periods --- */

static enum status open_one(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                            struct state_reading *r, struct err *err)
{
    uint64_t due;
    if (r->standing != READING_COMMITTED && r->standing != READING_OWED)
        return ST_OK;
    r->opened_ms = g->time_ms;
    SET_HAS(r, state_reading_key_opened_ms);
    if (r->standing == READING_COMMITTED) {
        r->standing = READING_OPENED;
        TRY(metric_due(m, d, g->time_ms, &due, err));
        return reading_await(g, r, due, err);
    }
    r->standing = READING_MISSED;
    r->late_ms = g->time_ms;
    SET_HAS(r, state_reading_key_late_ms);
    return reading_settle(g, r, err);
}

/* MET-9 */
enum status reading_open(struct gov *g, const struct metrics *m, const struct charter_metric *d,
                         uint64_t metric, uint64_t period, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey prefix = tkey_readings_of(metric, PURPOSE_ACTUAL, period), from = prefix;
    for (;;) {
        struct state_reading r;
        enum status st = reading_next(&v, g->arena, &prefix, &from, &r, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        TRY(open_one(g, m, d, &r, err));
    }
}

enum status reading_all_committed(struct gov *g, uint64_t metric, uint64_t period, bool *ret_all,
                                  struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey prefix = tkey_readings_of(metric, PURPOSE_ACTUAL, period), from = prefix;
    for (;;) {
        struct state_reading r;
        enum status st = reading_next(&v, g->arena, &prefix, &from, &r, err);
        bool waits = st == ST_OK && r.standing != READING_COMMITTED && r.standing != READING_DROPPED;
        if (st != ST_OK && st != ST_END)
            return st;
        *ret_all = st == ST_END;
        if (st == ST_END || waits)
            return ST_OK;
    }
}

/* --- Late, and given up --- */

static void flag(struct state_reading *r, uint64_t now, bool of_other_side)
{
    if (of_other_side) {
        r->unmarked_ms = HAS(r, state_reading_key_unmarked_ms) ? r->unmarked_ms : now;
        SET_HAS(r, state_reading_key_unmarked_ms);
    } else {
        r->late_ms = HAS(r, state_reading_key_late_ms) ? r->late_ms : now;
        SET_HAS(r, state_reading_key_late_ms);
    }
}

enum status reading_judged(struct gov *g, const struct state_reading *r, struct err *err)
{
    return r->purpose == PURPOSE_ACTUAL ? reading_metric_judged(g, r->metric, err) : ST_OK;
}

enum status reading_metric_judged(struct gov *g, struct span metric, struct err *err)
{
    TRY(warning_judge_metric(g, metric, err));
    return trigger_judge_metric(g, metric, err);
}

/* MET-10 */
enum status reading_fire(struct gov *g, uint64_t number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct metrics m;
    struct state_reading r;
    uint64_t metric;
    TRY(need(&v, g->arena, number, &r, err));
    TRY(metrics_load(&v, g->arena, &m, err));
    const struct charter_metric *d = metrics_find(&m, r.metric);
    bool sealed = d != NULL && d->sealed;
    if (r.standing == READING_COMMITTED || (r.standing == READING_OWED && sealed)) {
        if (d == NULL)
            return err_set(err, ST_CORRUPT, "K-%" PRIu64 " is committed, and the charter has no such metric",
                           number);
        TRY(metric_number(&v, g->arena, r.metric, &metric, err));
        TRY(reading_open(g, &m, d, metric, r.period, err));
        return reading_judged(g, &r, err);
    }
    stop_timer(g, &r);
    flag(&r, g->time_ms, r.standing != READING_OWED && r.standing != READING_OPENED);
    TRY(reading_put(g, &r, err));
    return reading_judged(g, &r, err);
}

enum status reading_drop_metric(struct gov *g, struct span metric, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        struct state_reading r;
        enum status st = reading_next_owing(&v, g->arena, &from, &r, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (span_eq(r.metric, metric))
            TRY(drop(g, &r, err));
    }
}

enum status reading_left(struct gov *g, struct span org, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        struct state_reading r;
        enum status st = reading_next_owing(&v, g->arena, &from, &r, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        if (!span_eq(r.org, org) ||
            (r.standing != READING_OWED && r.standing != READING_COMMITTED && r.standing != READING_OPENED))
            continue;
        TRY(drop(g, &r, err));
        TRY(reading_judged(g, &r, err));
    }
}
