/* Do sessions, their timers and SESSION_LIVE agree? Part of gov_check. */
#include "gov/session.h"

static bool there(const struct view *v, uint8_t table, const struct tkey *k)
{
    struct span value;
    return view_get(v, table, tkey_span(k), &value) == ST_OK;
}

/* It is regular or called; a refresh may have opened by itself (SES-11). */
static bool one_cause(const struct state_session *s)
{
    bool regular = HAS(s, state_session_key_cadence), called = HAS(s, state_session_key_called_by);
    return regular != called || (!regular && s->type == SESSION_REFRESH);
}

static enum status check_one(const struct view *v, const struct state_session *s, uint64_t number,
                             struct err *err)
{
    struct tkey timer = tkey_timer(s->due_ms, number, (uint8_t)session_timer(s)), k = tkey_u64(number);
    bool due = HAS(s, state_session_key_due_ms), none = s->standing == SESSION_OPEN ||
                                                        s->standing == SESSION_MISSED ||
                                                        s->standing == SESSION_DROPPED;
    const char *what = NULL;
    if (s->number != number)
        what = "it is kept as another";
    else if (due && !there(v, TABLE_TIMER, &timer))
        what = "its timer is missing";
    else if (due != (s->standing == SESSION_OPEN || s->standing == SESSION_RECORDED))
        what = "it waits for nothing, or should not";
    else if (there(v, TABLE_SESSION_LIVE, &k) != session_expects(s->standing))
        what = "it is listed as live, and is not, or the reverse";
    else if (HAS(s, state_session_key_now) == none)
        what = "it has a record and none";
    else if (!one_cause(s))
        what = "it is regular and called, or neither";
    return what == NULL ? ST_OK : err_set(err, ST_CORRUPT, "S-%" PRIu64 ": %s", number, what);
}

static enum status check_cadences(const struct view *v, struct arena *a, size_t *timers, struct err *err)
{
    for (struct tkey from = tkey_u64(0);;) {
        struct span key, value;
        struct state_cadence row;
        enum status st = view_next(v, TABLE_CADENCE, tkey_span(&from), &key, &value);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        uint64_t number = load_u64(key.p);
        from = tkey_u64(number + 1);
        TRY(codec_decode(&state_cadence_desc, value, a, &row, err));
        struct tkey timer = tkey_timer(row.opens_ms, number, TIMER_CADENCE);
        if (HAS(&row, state_cadence_key_opens_ms) && !there(v, TABLE_TIMER, &timer))
            return err_set(err, ST_CORRUPT, "cadence %.*s has no timer", SPAN_FMT(row.name));
        *timers += HAS(&row, state_cadence_key_opens_ms);
    }
}

enum status session_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err)
{
    struct state_session s;
    size_t timers = 0;
    enum status st;
    uint64_t from = 0, live = 0;
    uint64_t refresh;
    TRY(check_cadences(v, a, &timers, err));
    TRY(state_get_moment(v, a, "refresh", &refresh, err));
    struct tkey timer = tkey_timer(refresh, 0, TIMER_REFRESH);
    if (refresh != 0 && !there(v, TABLE_TIMER, &timer))
        return err_set(err, ST_CORRUPT, "the refresh of the charter has no timer");
    timers += refresh != 0;
    while ((st = session_next(v, a, false, &from, &s, err)) == ST_OK) {
        TRY(check_one(v, &s, from - 1, err));
        timers += HAS(&s, state_session_key_due_ms);
    }
    while (st == ST_END && (st = session_next(v, a, true, &live, &s, err)) == ST_OK)
        st = ST_END;
    if (st != ST_END)
        return st;
    *ret_timers = timers;
    return ST_OK;
}
