/* Do readings, their index, timers and OWING agree? Part of gov_check. */
#include "gov/reading.h"

static enum status bad(struct err *err, uint64_t number, const char *what)
{
    return err_set(err, ST_CORRUPT, "K-%" PRIu64 ": %s", number, what);
}

static bool there(const struct view *v, uint8_t table, const struct tkey *k)
{
    struct span value;
    return view_get(v, table, tkey_span(k), &value) == ST_OK;
}

/* Every row of a table, in order; ST_END behind the last. */
static enum status next_row(const struct view *v, struct arena *a, uint8_t table, struct tkey *from,
                            const struct record_desc *d, void *ret_rec, uint64_t *ret_number, struct err *err)
{
    struct span key, value;
    TRY(view_next(v, table, tkey_span(from), &key, &value));
    *ret_number = load_u64(key.p);
    *from = tkey_u64(*ret_number + 1);
    return codec_decode(d, value, a, ret_rec, err);
}

static bool expects(enum reading_standing s)
{
    return s == READING_OWED || s == READING_REPORTED || s == READING_DISPUTED || s == READING_COMMITTED ||
           s == READING_OPENED || s == READING_REVEALED;
}

static enum status check_one(const struct view *v, struct arena *a, const struct state_reading *r,
                             uint64_t number, size_t *timers, size_t *owing, struct err *err)
{
    struct tkey timer = tkey_timer(r->due_ms, number, TIMER_READING), k = tkey_u64(number);
    bool due = HAS(r, state_reading_key_due_ms), listed = there(v, TABLE_OWING, &k);
    uint64_t metric, same;
    if (r->number != number)
        return bad(err, number, "it is kept as another");
    if (due && !there(v, TABLE_TIMER, &timer))
        return bad(err, number, "its timer is missing");
    if (due && !listed)
        return bad(err, number, "it waits for something, and is not listed");
    if (listed && (!expects(r->standing) || r->purpose == PURPOSE_FORECAST))
        return bad(err, number, "it is listed, and nothing is expected of it");
    if (!listed && r->purpose != PURPOSE_FORECAST && expects(r->standing) && r->standing != READING_REVEALED)
        return bad(err, number, "something is expected of it, and it is not listed");
    if (r->standing != READING_DROPPED &&
        HAS(r, state_reading_key_now) !=
            (r->standing == READING_REPORTED || r->standing == READING_COUNTERSIGNED ||
             r->standing == READING_DISPUTED || r->standing == READING_REVEALED))
        return bad(err, number, "it has a value and none");
    TRY(metric_number(v, a, r->metric, &metric, err));
    enum status st = reading_find(v, a, metric, r->purpose, r->period, r->org, &same, err);
    if (st != ST_OK || same != number)
        return bad(err, number, "its place in READING_OF is another's");
    *timers += due;
    *owing += listed;
    return ST_OK;
}

static enum status count(const struct view *v, uint8_t table, size_t *ret_n)
{
    struct tkey from = {.n = 1};
    struct span key, value;
    enum status st;
    size_t n = 0;
    while ((st = view_next(v, table, tkey_span(&from), &key, &value)) == ST_OK) {
        from = tkey_after(key);
        n++;
    }
    *ret_n = n;
    return st == ST_END ? ST_OK : st;
}

/* A value is of a metric that was computed once, and of a period that it was computed for. */
static enum status check_computed(const struct view *v, struct arena *a, struct err *err)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, value;
        struct state_computed c;
        struct state_metric m;
        enum status st = view_next(v, TABLE_COMPUTED, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        from = tkey_after(key);
        uint64_t number = load_u64(key.p);
        TRY(codec_decode(&state_computed_desc, value, a, &c, err));
        TRY(metric_get(v, a, number, &m, err));
        if (load_u32(from.b + 8) >= m.period && HAS(&m, state_metric_key_computed))
            return err_set(err, ST_CORRUPT, "metric %.*s has a value for a period that is not over", SPAN_FMT(m.name));
    }
}

enum status reading_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err)
{
    size_t timers = 0, owing = 0, readings = 0, n, index;
    struct tkey from = tkey_u64(0);
    struct state_metric m;
    struct state_reading r;
    uint64_t number;
    enum status st;
    while ((st = next_row(v, a, TABLE_METRIC, &from, &state_metric_desc, &m, &number, err)) == ST_OK) {
        struct tkey timer = tkey_timer(m.ends_ms, number, TIMER_PERIOD);
        if (HAS(&m, state_metric_key_ends_ms) && !there(v, TABLE_TIMER, &timer))
            return err_set(err, ST_CORRUPT, "the period of metric %.*s has no timer", SPAN_FMT(m.name));
        timers += HAS(&m, state_metric_key_ends_ms);
    }
    if (st != ST_END)
        return st;
    TRY(check_computed(v, a, err));
    for (from = tkey_u64(0);; readings++) {
        st = next_row(v, a, TABLE_READING, &from, &state_reading_desc, &r, &number, err);
        if (st == ST_END)
            break;
        TRY(st);
        TRY(check_one(v, a, &r, number, &timers, &owing, err));
    }
    TRY(count(v, TABLE_OWING, &n));
    TRY(count(v, TABLE_READING_OF, &index));
    if (n != owing || index != readings)
        return err_set(err, ST_CORRUPT, "%zu readings, %zu in READING_OF; %zu open, %zu in OWING", readings,
                       index, owing, n);
    *ret_timers = timers;
    return ST_OK;
}
