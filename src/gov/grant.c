/* Grants as the tables keep them, and what time and leaving do with them (GRT-1, GRT-11, GRT-12). */
#include "gov/grant.h"

enum status grant_get(const struct view *v, struct arena *a, uint64_t number, struct state_grant *ret,
                      struct err *err)
{
    struct tkey k = tkey_u64(number);
    return state_get(v, a, TABLE_GRANT, &k, &state_grant_desc, ret, err);
}

enum status grant_next(const struct view *v, struct arena *a, bool live, uint64_t *from, struct state_grant *ret,
                       struct err *err)
{
    struct tkey k = tkey_u64(*from);
    struct span key, value;
    TRY(view_next(v, live ? TABLE_GRANT_LIVE : TABLE_GRANT, tkey_span(&k), &key, &value));
    uint64_t number = load_u64(key.p);
    *from = number + 1;
    enum status st = grant_get(v, a, number, ret, err);
    return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "G-%" PRIu64 " is listed and not there", number) : st;
}

struct span grant_org(const struct state_grant *s)
{
    return state_seat_org(s->granted.seat);
}

struct grant_holder *grant_member(const struct state_grant *s, struct span org)
{
    for (size_t i = 0; i < s->audience.n; i++)
        if (span_eq(s->audience.v[i].org, org))
            return &s->audience.v[i];
    return NULL;
}

bool grant_has(const struct grant_holder *m)
{
    return m->holding == HOLDING_OFFERED || m->holding == HOLDING_RECEIVED;
}

bool grant_expects(const struct state_grant *s)
{
    for (size_t i = 0; i < s->audience.n; i++)
        if (s->audience.v[i].holding == HOLDING_RECEIVED)
            return true;
    return s->standing == GRANT_IN_FORCE;
}

void grant_begin(struct gov *g, const struct state_grant *s)
{
    if (s->standing == GRANT_IN_FORCE)
        state_clear_timer(g, s->until_ms, s->number, TIMER_GRANT);
}

enum status grant_commit(struct gov *g, const struct state_grant *s, struct err *err)
{
    struct tkey k = tkey_u64(s->number);
    if (s->standing == GRANT_IN_FORCE)
        state_set_timer(g, s->until_ms, s->number, TIMER_GRANT);
    if (grant_expects(s))
        overlay_put(g->state, TABLE_GRANT_LIVE, tkey_span(&k), span_of("", 0));
    else
        overlay_del(g->state, TABLE_GRANT_LIVE, tkey_span(&k));
    return state_put(g, TABLE_GRANT, &k, &state_grant_desc, s, err);
}

void grant_over(struct gov *g, struct state_grant *s, enum grant_standing standing)
{
    s->standing = standing;
    s->ended_ms = g->time_ms;
    SET_HAS(s, state_grant_key_ended_ms);
}

void grant_settle(struct gov *g, struct state_grant *s)
{
    bool left = false;
    for (size_t i = 0; i < s->audience.n; i++)
        left = left || grant_has(&s->audience.v[i]);
    if (!left && s->standing == GRANT_IN_FORCE)
        grant_over(g, s, GRANT_ENDED);
}

enum status grant_fire(struct gov *g, uint64_t number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_grant s;
    enum status st = grant_get(&v, g->arena, number, &s, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_CORRUPT, "G-%" PRIu64 " has a timer and is not there", number);
    TRY(st);
    grant_begin(g, &s);
    grant_over(g, &s, GRANT_EXPIRED);
    return grant_commit(g, &s, err);
}

enum status grant_left(struct gov *g, struct span org, struct err *err)
{
    for (uint64_t from = 0;;) {
        struct view v = overlay_view(g->state);
        struct state_grant s;
        enum status st = grant_next(&v, g->arena, true, &from, &s, err);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : st;
        struct grant_holder *m = grant_member(&s, org);
        if (m == NULL || !grant_has(m))
            continue;
        grant_begin(g, &s);
        m->holding = HOLDING_LEFT;
        m->left_ms = g->time_ms;
        SET_HAS(m, grant_holder_key_left_ms);
        grant_settle(g, &s);
        TRY(grant_commit(g, &s, err));
    }
}
