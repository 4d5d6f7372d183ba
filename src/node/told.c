#include <stdlib.h>
#include "node/told.h"

enum { LAST_DAY_MS = 86400000 };

static bool has_deadline(const struct told_row *r)
{
    return HAS(r, told_row_key_deadline_ms);
}

static uint64_t half_ms(const struct told_row *r)
{
    return r->deadline_ms > r->since_ms ? r->since_ms + (r->deadline_ms - r->since_ms) / 2 : 0;
}

static uint64_t last_ms(const struct told_row *r)
{
    return r->deadline_ms > LAST_DAY_MS ? r->deadline_ms - LAST_DAY_MS : 0;
}

/* What lies behind by now needs no reminder of its own. */
static void skip_past(struct told_row *r, uint64_t now)
{
    if (has_deadline(r) && now >= half_ms(r))
        r->told |= TOLD_HALF;
    if (has_deadline(r) && now >= last_ms(r))
        r->told |= TOLD_LAST;
}

static int compare(const void *x, const void *y)
{
    const struct told_row *a = x, *b = y;
    int c = span_cmp(a->key, b->key);
    if (c != 0)
        return c;
    if (a->edition != b->edition)
        return a->edition < b->edition ? -1 : 1;
    return span_cmp(a->seat, b->seat);
}

static bool same_deadline(const struct told_row *a, const struct told_row *b)
{
    return has_deadline(a) == has_deadline(b) && (!has_deadline(a) || a->deadline_ms == b->deadline_ms);
}

static struct told_row *find(const struct told_row_list *rows, const struct told_row *r)
{
    return rows->n == 0 ? NULL : bsearch(r, rows->v, rows->n, sizeof *r, compare);
}

/* Ascending, each once. */
static void sort(struct told_row_list *rows)
{
    size_t n = 0;
    if (rows->n > 0)
        qsort(rows->v, rows->n, sizeof *rows->v, compare);
    for (size_t i = 0; i < rows->n; i++)
        if (n == 0 || compare(&rows->v[n - 1], &rows->v[i]) != 0)
            rows->v[n++] = rows->v[i];
    rows->n = n;
}

/* A row for each seat, with what was told before. */
static struct told_row row_of(const struct told_row_list *before, const struct query_owed *o, struct span seat, uint64_t now)
{
    struct told_row r = {.key = o->key, .edition = o->edition, .seat = seat, .since_ms = now, .deadline_ms = o->deadline_ms};
    if (HAS(o, query_owed_key_deadline_ms))
        SET_HAS(&r, told_row_key_deadline_ms);
    const struct told_row *old = find(before, &r);
    if (old != NULL && same_deadline(old, &r)) {
        r.since_ms = old->since_ms;
        r.told = old->told;
    } else {
        r.told = old == NULL ? 0 : old->told & TOLD_OWED;
        skip_past(&r, now);
    }
    if (old != NULL && HAS(old, told_row_key_told_ms)) {
        r.told_ms = old->told_ms;
        SET_HAS(&r, told_row_key_told_ms);
    }
    if (old != NULL) {
        r.failures = old->failures;
        r.not_before_ms = old->not_before_ms;
        if (HAS(old, told_row_key_not_before_ms) && old->not_before_ms <= now + TOLD_AGAIN_MAX_MS) /* a clock set back */
            SET_HAS(&r, told_row_key_not_before_ms);
    }
    return r;
}

/* 0: nothing more by time alone. */
static enum occasion next_of(const struct told_row *r, uint64_t *ret_at_ms)
{
    bool half = has_deadline(r) && (r->told & TOLD_HALF) == 0, last = has_deadline(r) && (r->told & TOLD_LAST) == 0;
    *ret_at_ms = 0;
    if ((r->told & TOLD_OWED) == 0)
        return OCCASION_OWED;
    if (last && (!half || last_ms(r) <= half_ms(r))) {
        *ret_at_ms = last_ms(r);
        return OCCASION_LAST;
    }
    *ret_at_ms = half ? half_ms(r) : UINT64_MAX;
    return OCCASION_HALF;
}

/* The occasion that has come, or 0; of two, the later one. ret_next_ms: else when it comes. */
static int occasion_of(const struct told_row *r, uint64_t now, uint64_t *ret_next_ms)
{
    uint64_t at, later;
    enum occasion o = next_of(r, &at);
    struct told_row after = *r;
    *ret_next_ms = UINT64_MAX;
    if (at == UINT64_MAX || (o != OCCASION_OWED && now >= r->deadline_ms))
        return 0;
    if (now < at) {
        *ret_next_ms = at;
        return 0;
    }
    if (HAS(r, told_row_key_not_before_ms) && now < r->not_before_ms) {
        *ret_next_ms = r->not_before_ms;
        return 0;
    }
    if (o != OCCASION_OWED) {
        after.told |= o == OCCASION_HALF ? TOLD_HALF : TOLD_LAST;
        enum occasion second = next_of(&after, &later);
        if (later <= now)
            o = second;
    }
    return (int)o;
}

static enum status due_of(const struct query_owed *o, const struct told_row_list *rows, uint64_t now, struct arena *a,
                          struct told_due_list *due, uint64_t *next)
{
    struct span_list seats[OCCASION_LAST + 1] = {0};
    for (size_t i = 0; i < o->seats.n; i++) {
        uint64_t at;
        struct told_row key = {.key = o->key, .edition = o->edition, .seat = o->seats.v[i]};
        const struct told_row *r = find(rows, &key);
        int occasion = r == NULL ? 0 : occasion_of(r, now, &at);
        if (r != NULL && at < *next)
            *next = at;
        if (occasion == 0)
            continue;
        struct span_list *l = &seats[occasion];
        if (l->v == NULL)
            l->v = arena_array(a, o->seats.n, sizeof *l->v);
        if (l->v == NULL)
            return ST_LIMIT;
        l->v[l->n++] = o->seats.v[i];
    }
    for (int k = OCCASION_OWED; k <= OCCASION_LAST; k++)
        if (seats[k].n > 0)
            due->v[due->n++] = (struct told_due){.owed = o, .occasion = (enum occasion)k, .seats = seats[k]};
    return ST_OK;
}

enum status told_compare(const struct told_row_list *before, const struct query_owed_list *owed, uint64_t now_ms,
                         struct arena *a, struct told_row_list *ret_rows, struct told_due_list *ret_due, uint64_t *ret_next_ms)
{
    size_t n = 0;
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < owed->n; i++)
        n += owed->v[i].seats.n;
    struct told_row_list rows = {0, arena_array(a, n + 1, sizeof(struct told_row))};
    struct told_due_list due = {0, arena_array(a, 3 * owed->n + 1, sizeof(struct told_due))};
    if (rows.v == NULL || due.v == NULL)
        return ST_LIMIT;
    for (size_t i = 0; i < owed->n; i++)
        for (size_t k = 0; k < owed->v[i].seats.n && rows.n < TOLD_ROWS_MAX; k++)
            rows.v[rows.n++] = row_of(before, &owed->v[i], owed->v[i].seats.v[k], now_ms);
    sort(&rows);
    for (size_t i = 0; i < owed->n; i++) {
        enum status st = due_of(&owed->v[i], &rows, now_ms, a, &due, &next);
        if (st != ST_OK)
            return st;
    }
    *ret_rows = rows;
    *ret_due = due;
    *ret_next_ms = next;
    return ST_OK;
}

static struct told_row *row_at(struct told_row_list *rows, const struct told_due *due, size_t i)
{
    struct told_row key = {.key = due->owed->key, .edition = due->owed->edition, .seat = due->seats.v[i]};
    struct told_row *r = find(rows, &key);
    ASSERT(r != NULL);
    return r;
}

void told_done(struct told_row_list *rows, const struct told_due *due, uint64_t now_ms)
{
    for (size_t i = 0; i < due->seats.n; i++) {
        struct told_row *r = row_at(rows, due, i);
        r->told |= due->occasion == OCCASION_OWED ? TOLD_OWED : due->occasion == OCCASION_HALF ? TOLD_HALF : TOLD_LAST;
        skip_past(r, now_ms);
        r->told_ms = now_ms;
        SET_HAS(r, told_row_key_told_ms);
        r->failures = 0;
        r->not_before_ms = 0;
        r->has &= ~(UINT64_C(1) << told_row_key_not_before_ms);
    }
}

void told_failed(struct told_row_list *rows, const struct told_due *due, uint64_t now_ms)
{
    for (size_t i = 0; i < due->seats.n; i++) {
        struct told_row *r = row_at(rows, due, i);
        uint64_t wait = TOLD_AGAIN_MAX_MS;
        if (r->failures < 9)
            wait = (uint64_t)TOLD_AGAIN_MS << r->failures;
        r->failures += r->failures < 1000;
        r->not_before_ms = now_ms + (wait < TOLD_AGAIN_MAX_MS ? wait : TOLD_AGAIN_MAX_MS);
        SET_HAS(r, told_row_key_not_before_ms);
    }
}

/* --- The file --- */

enum status told_decode(struct span bytes, struct arena *a, struct told_row_list *ret_rows, struct err *err)
{
    struct told_file f;
    enum status st = codec_decode(&told_file_desc, bytes, a, &f, err);
    if (st != ST_OK)
        return st == ST_RANGE ? err_wrap(err, ST_FORMAT, "a value is out of bounds: ") : st;
    for (size_t i = 1; i < f.rows.n; i++)
        if (compare(&f.rows.v[i - 1], &f.rows.v[i]) >= 0)
            return err_set(err, ST_FORMAT, "rows %zu and %zu are not ascending", i - 1, i);
    *ret_rows = f.rows;
    return ST_OK;
}

enum status told_encode(const struct told_row_list *rows, struct buf *b)
{
    struct told_file f = {.rows = *rows};
    return codec_encode(&told_file_desc, &f, b);
}
