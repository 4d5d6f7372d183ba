#include "gov/state.h"

/* A value of a write is at most this long (write in ledger.def). */
enum { VALUE_MAX = 65535, SMALL = 2048 };

enum status state_get(const struct view *v, struct arena *a, uint8_t table, const struct tkey *key,
                      const struct record_desc *d, void *ret_rec, struct err *err)
{
    struct span value;
    TRY(view_get(v, table, tkey_span(key), &value));
    enum status st = codec_decode(d, value, a, ret_rec, err);
    if (st == ST_FORMAT || st == ST_RANGE)
        return err_wrap(err, ST_CORRUPT, "governance state, table %s: ", table_name(table)), ST_CORRUPT;
    return st;
}

enum status state_need(const struct view *v, struct arena *a, uint8_t table, const struct tkey *key,
                       const struct record_desc *d, void *ret_rec, struct err *err)
{
    enum status st = state_get(v, a, table, key, d, ret_rec, err);
    if (st != ST_NOTFOUND)
        return st;
    return err_set(err, ST_CORRUPT,
                   "governance state: a record of table %s (%s) that must be there is missing",
                   table_name(table), d->name);
}

/* Encodes into memory that is there, so that nothing is allocated but from the arena. */
static enum status encode(struct gov *g, const struct record_desc *d, const void *rec, uint8_t *small,
                          struct span *ret)
{
    struct buf b = {.p = small, .cap = SMALL, .limit = SMALL - 1};
    enum status st = codec_encode(d, rec, &b);
    if (st == ST_LIMIT) {
        uint8_t *p = arena_alloc(g->arena, VALUE_MAX + 1);
        if (p == NULL)
            return ST_LIMIT;
        b = (struct buf){.p = p, .cap = VALUE_MAX + 1, .limit = VALUE_MAX};
        st = codec_encode(d, rec, &b);
    }
    if (st == ST_OK)
        *ret = buf_span(&b);
    return st;
}

enum status state_put(struct gov *g, uint8_t table, const struct tkey *key, const struct record_desc *d,
                      const void *rec, struct err *err)
{
    uint8_t small[SMALL];
    struct span value;
    enum status st = encode(g, d, rec, small, &value);
    if (st != ST_OK)
        return err_set(err, st, "governance state: a record %s is over %d bytes", d->name, VALUE_MAX);
    overlay_put(g->state, table, tkey_span(key), value);
    return ST_OK;
}

bool state_fits(struct gov *g, const struct record_desc *d, const void *rec)
{
    uint8_t small[SMALL];
    struct span value;
    struct err err;
    return codec_check(d, rec, &err) == ST_OK && encode(g, d, rec, small, &value) == ST_OK;
}

enum status state_count(struct gov *g, const char *name, uint64_t *ret_number, struct err *err)
{
    struct view v = overlay_view(g->state);
    struct tkey k = tkey_text(span_str(name));
    struct state_counter c = {0};
    enum status st = state_get(&v, g->arena, TABLE_META, &k, &state_counter_desc, &c, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    c.value++;
    TRY(state_put(g, TABLE_META, &k, &state_counter_desc, &c, err));
    *ret_number = c.value;
    return ST_OK;
}

enum status state_put_decision(struct gov *g, const struct state_decision *d, struct err *err)
{
    struct tkey k = tkey_u64(d->number);
    return state_put(g, TABLE_DECISION, &k, &state_decision_desc, d, err);
}

enum status state_add_event(struct gov *g, struct state_decision *d, struct state_event *ev, struct err *err)
{
    ev->leaf = g->leaf;
    ev->at_ms = g->time_ms;
    ev->rung = d->rung;
    ev->revision = d->revision;
    d->events++;
    struct tkey k = tkey_event(d->number, d->events);
    return state_put(g, TABLE_EVENT, &k, &state_event_desc, ev, err);
}

void state_set_timer(struct gov *g, uint64_t deadline_ms, uint64_t decision, enum timer_kind kind)
{
    struct tkey k = tkey_timer(deadline_ms, decision, (uint8_t)kind);
    overlay_put(g->state, TABLE_TIMER, tkey_span(&k), span_of("", 0));
}

void state_clear_timer(struct gov *g, uint64_t deadline_ms, uint64_t decision, enum timer_kind kind)
{
    struct tkey k = tkey_timer(deadline_ms, decision, (uint8_t)kind);
    overlay_del(g->state, TABLE_TIMER, tkey_span(&k));
}

enum status state_get_moment(const struct view *v, struct arena *a, const char *name, uint64_t *ret_ms, struct err *err)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str(name));
    enum status st = state_get(v, a, TABLE_META, &k, &state_counter_desc, &c, err);
    *ret_ms = c.value;
    return st == ST_NOTFOUND ? ST_OK : st;
}

enum status state_move_moment(struct gov *g, const char *name, enum timer_kind kind, uint64_t number, uint64_t to_ms,
                              struct err *err)
{
    struct view v = overlay_view(g->state);
    struct state_counter c = {.value = to_ms};
    struct tkey k = tkey_text(span_str(name));
    uint64_t was;
    TRY(state_get_moment(&v, g->arena, name, &was, err));
    if (was != 0 && kind != 0)
        state_clear_timer(g, was, number, kind);
    if (to_ms != 0 && kind != 0)
        state_set_timer(g, to_ms, number, kind);
    if (to_ms != 0)
        return state_put(g, TABLE_META, &k, &state_counter_desc, &c, err);
    overlay_del(g->state, TABLE_META, tkey_span(&k));
    return ST_OK;
}

bool state_timer_of_decision(enum timer_kind kind)
{
    switch (kind) {
    case TIMER_DEADLINE:
    case TIMER_EFFECT:
    case TIMER_REBASE:
    case TIMER_PAUSE:
    case TIMER_EXPIRY:
        return true;
    case TIMER_RECOVERY:
    case TIMER_ITEM_DUE:
    case TIMER_ITEM_OFFER:
    case TIMER_ITEM_RUNG:
    case TIMER_ITEM_ACCEPTED:
    case TIMER_ITEM_REVIEW:
    case TIMER_PERIOD:
    case TIMER_READING:
    case TIMER_CADENCE:
    case TIMER_SESSION:
    case TIMER_MINUTES:
    case TIMER_GRANT:
    case TIMER_REFRESH:
    case TIMER_TERM:
        return false;
    }
    return false;
}

struct span state_seat_org(struct span seat)
{
    const uint8_t *slash = memchr(seat.p, '/', seat.n);
    ASSERT(slash != NULL);
    return span_of(seat.p, (size_t)(slash - seat.p));
}

struct span state_seat_name(struct span seat)
{
    struct span org = state_seat_org(seat);
    return span_of(seat.p + org.n + 1, seat.n - org.n - 1);
}

bool state_list_has(const struct span_list *list, struct span s)
{
    for (size_t i = 0; i < list->n; i++) {
        if (span_eq(list->v[i], s))
            return true;
    }
    return false;
}

bool state_list_ascends(const struct span_list *list)
{
    for (size_t i = 1; i < list->n; i++) {
        if (span_cmp(list->v[i - 1], list->v[i]) >= 0)
            return false;
    }
    return true;
}
