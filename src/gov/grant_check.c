/* Do grants, their timers, GRANT_LIVE and GRANT_DERIVED agree? Part of gov_check. */
#include "gov/grant.h"

static bool there(const struct view *v, uint8_t table, const struct tkey *k)
{
    struct span value;
    return view_get(v, table, tkey_span(k), &value) == ST_OK;
}

static enum status count_derived(const struct view *v, uint64_t number, uint64_t *ret)
{
    struct tkey first = tkey_u64(number), from = first;
    for (*ret = 0;; (*ret)++) {
        struct span key, value;
        enum status st = view_next(v, TABLE_GRANT_DERIVED, tkey_span(&from), &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, tkey_span(&first))))
            return ST_OK;
        TRY(st);
        from = tkey_after(key);
    }
}

static enum status check_one(const struct view *v, const struct state_grant *s, uint64_t number, struct err *err)
{
    struct tkey timer = tkey_timer(s->until_ms, number, TIMER_GRANT), k = tkey_u64(number);
    bool force = s->standing == GRANT_IN_FORCE, held = false;
    const char *what = NULL;
    uint64_t derived;
    TRY(count_derived(v, number, &derived));
    for (size_t i = 0; i < s->audience.n; i++)
        held = held || grant_has(&s->audience.v[i]);
    if (s->number != number)
        what = "it is kept as another";
    else if (force != there(v, TABLE_TIMER, &timer))
        what = "its timer is missing, or there though it is over";
    else if (force == HAS(s, state_grant_key_ended_ms))
        what = "it is in force and over";
    else if (there(v, TABLE_GRANT_LIVE, &k) != grant_expects(s))
        what = "it is listed as live, and is not, or the reverse";
    else if (force && !held)
        what = "it is in force, and shared with nobody";
    else if ((s->standing == GRANT_REVOKED) !=
             (HAS(s, state_grant_key_revoked) || HAS(s, state_grant_key_because)))
        what = "it is revoked by nobody, or not revoked by somebody";
    else if (derived != s->derived)
        what = "what was derived from it is not counted";
    return what == NULL ? ST_OK : err_set(err, ST_CORRUPT, "G-%" PRIu64 ": %s", number, what);
}

enum status grant_check(const struct view *v, struct arena *a, size_t *ret_timers, struct err *err)
{
    struct state_grant s;
    size_t timers = 0;
    enum status st;
    uint64_t from = 0, live = 0;
    while ((st = grant_next(v, a, false, &from, &s, err)) == ST_OK) {
        TRY(check_one(v, &s, from - 1, err));
        timers += s.standing == GRANT_IN_FORCE;
    }
    while (st == ST_END && (st = grant_next(v, a, true, &live, &s, err)) == ST_OK)
        st = ST_END;
    if (st != ST_END)
        return st;
    *ret_timers = timers;
    return ST_OK;
}
