#include "gov/happened.h"

enum { ABOUT_AT = 9 }; /* u8 table, u64 time, then the key of the table's row */

struct tkey happened_mark(void)
{
    return (struct tkey){.n = 1}; /* of table 0, which is none */
}

struct tkey happened_from(enum table table, uint64_t at_ms)
{
    struct tkey k = {.n = ABOUT_AT, .b = {(uint8_t)table}};
    store_u64(k.b + 1, at_ms);
    return k;
}

static struct tkey row_of(uint8_t table, uint64_t at_ms, struct span key)
{
    struct tkey k = happened_from((enum table)table, at_ms);
    ASSERT(key.n <= sizeof k.b - k.n);
    memcpy(k.b + k.n, key.p, key.n);
    k.n += key.n;
    return k;
}

/* --- What a row gives --- */

struct giving {
    uint8_t table;
    struct span key, value;
    struct arena *scratch;
    struct tkey *rows;
    size_t n;
    struct err *err;
};

static void give(struct giving *x, bool is, uint64_t at_ms)
{
    if (is)
        x->rows[x->n++] = row_of(x->table, at_ms, x->key);
}

static enum status decode(struct giving *x, const struct record_desc *d, void *ret)
{
    enum status st = codec_decode(d, x->value, x->scratch, ret, x->err);
    return st == ST_OK ? ST_OK : err_wrap(x->err, ST_CORRUPT, "table %s: ", table_name(x->table));
}

static enum status of_event(struct giving *x)
{
    struct state_event e;
    TRY(decode(x, &state_event_desc, &e));
    bool always = e.type == EVENT_RECEIPT || e.type == EVENT_NOTE || e.type == EVENT_COUNTER; /* an act, whoever it names */
    give(x, !always && !HAS(&e, state_event_key_seat), e.at_ms);
    return ST_OK;
}

static enum status of_item_event(struct giving *x)
{
    struct state_item_event e;
    TRY(decode(x, &state_item_event_desc, &e));
    give(x, !HAS(&e, state_item_event_key_seat), e.at_ms);
    return ST_OK;
}

static enum status of_reading(struct giving *x)
{
    struct state_reading r;
    TRY(decode(x, &state_reading_desc, &r));
    bool late = HAS(&r, state_reading_key_late_ms), unmarked = HAS(&r, state_reading_key_unmarked_ms);
    give(x, late, r.late_ms);
    give(x, unmarked && !(late && r.late_ms == r.unmarked_ms), r.unmarked_ms);
    return ST_OK;
}

static enum status of_session(struct giving *x)
{
    struct state_session s;
    TRY(decode(x, &state_session_desc, &s));
    give(x, HAS(&s, state_session_key_missed_ms), s.missed_ms);
    return ST_OK;
}

static enum status of_grant(struct giving *x)
{
    struct state_grant s;
    TRY(decode(x, &state_grant_desc, &s));
    give(x, s.standing == GRANT_EXPIRED, s.ended_ms);
    return ST_OK;
}

static enum status of_computed(struct giving *x)
{
    struct state_computed s;
    TRY(decode(x, &state_computed_desc, &s));
    give(x, true, s.at_ms);
    return ST_OK;
}

static const struct {
    uint8_t table;
    enum status (*of)(struct giving *x);
} indexed[] = {{TABLE_EVENT, of_event},
               {TABLE_ITEM_EVENT, of_item_event},
               {TABLE_READING, of_reading},
               {TABLE_SESSION, of_session},
               {TABLE_GRANT, of_grant},
               {TABLE_COMPUTED, of_computed}};

enum status happened_of(uint8_t table, struct span key, struct span value, struct arena *scratch,
                        struct tkey ret[HAPPENED_OF_MOST], size_t *ret_n, struct err *err)
{
    struct giving x = {.table = table, .key = key, .value = value, .scratch = scratch, .rows = ret, .err = err};
    for (size_t i = 0; i < ARRAY_LEN(indexed); i++)
        if (indexed[i].table == table)
            TRY(indexed[i].of(&x));
    *ret_n = x.n;
    return ST_OK;
}

/* --- Reading it --- */

enum status happened_next(const struct view *v, struct tkey *from, uint64_t until_ms, uint64_t *ret_at_ms, struct tkey *ret_key,
                          struct err *err)
{
    struct span key, none;
    uint8_t table = from->b[0];
    enum status st = view_next(v, TABLE_HAPPENED, tkey_span(from), &key, &none);
    if (st == ST_END)
        return ST_END;
    if (st != ST_OK || key.n <= ABOUT_AT)
        return err_set(err, st == ST_OK ? ST_CORRUPT : st, "what happened cannot be read");
    uint64_t at_ms = load_u64(key.p + 1);
    if (key.p[0] != table || at_ms >= until_ms)
        return ST_END;
    *from = tkey_after(key);
    *ret_at_ms = at_ms;
    *ret_key = tkey_text(span_of(key.p + ABOUT_AT, key.n - ABOUT_AT));
    return ST_OK;
}

/* --- Whole --- */

enum status happened_each(const struct view *v, enum status (*each)(void *ctx, const struct tkey *row), void *ctx, struct err *err)
{
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 0);
    for (size_t i = 0; i < ARRAY_LEN(indexed); i++) {
        for (struct tkey from = {.n = 1};;) {
            struct tkey rows[HAPPENED_OF_MOST];
            struct span key, value;
            size_t n;
            enum status st = view_next(v, indexed[i].table, tkey_span(&from), &key, &value);
            if (st == ST_END)
                break;
            if (st != ST_OK)
                return err_set(err, st, "table %s cannot be read", table_name(indexed[i].table));
            from = tkey_after(key);
            arena_reset(&scratch);
            TRY(happened_of(indexed[i].table, key, value, &scratch, rows, &n, err));
            for (size_t k = 0; k < n; k++)
                TRY(each(ctx, &rows[k]));
        }
    }
    return ST_OK;
}

struct comparing {
    const struct view *v;
    uint64_t n;
    struct err *err;
};

static enum status is_there(void *ctx, const struct tkey *row)
{
    struct comparing *x = ctx;
    struct span none;
    x->n++;
    enum status st = view_get(x->v, TABLE_HAPPENED, tkey_span(row), &none);
    if (st != ST_OK && st != ST_NOTFOUND)
        return err_set(x->err, st, "what happened cannot be read");
    return st == ST_OK ? ST_OK
                       : err_set(x->err, ST_CORRUPT, "the index of what happened lacks a row of table %s, at %s", table_name(row->b[0]),
                                 time_utc(load_u64(row->b + 1)).s);
}

enum status happened_check(const struct view *v, struct err *err)
{
    struct comparing x = {.v = v, .err = err};
    struct tkey mark = happened_mark();
    uint64_t there = 0;
    TRY(happened_each(v, is_there, &x, err));
    for (struct tkey from = tkey_after(tkey_span(&mark));; there++) {
        struct span key, none;
        enum status st = view_next(v, TABLE_HAPPENED, tkey_span(&from), &key, &none);
        if (st == ST_END)
            break;
        if (st != ST_OK)
            return err_set(err, st, "what happened cannot be read");
        from = tkey_after(key);
    }
    return there == x.n ? ST_OK
                        : err_set(err, ST_CORRUPT, "the index of what happened has %" PRIu64 " rows; the tables give %" PRIu64, there, x.n);
}
