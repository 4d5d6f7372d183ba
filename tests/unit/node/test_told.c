/* Goal: a seat is reminded when it newly owes something, at half-time and 24 h before; once each, never late twice, and never
 * when it has acted. */
#include <criterion/criterion.h>
#include "node/told.h"

enum { H = 3600000, D = 86400000 };

struct desk {
    struct arena a;
    struct told_row_list rows;
    struct told_due_list due;
    uint64_t next;
    struct query_owed owed[4];
    struct span seats[4][4];
    size_t n;
};

static void desk_init(struct desk *d)
{
    *d = (struct desk){.n = 0};
    arena_init(&d->a, 0);
}

/* Something owed; deadline 0: none. seats: "a/x a/y". */
static void owe(struct desk *d, const char *key, uint64_t edition, uint64_t deadline, const char *one, const char *two)
{
    struct query_owed *o = &d->owed[d->n];
    *o = (struct query_owed){.key = span_str(key), .edition = edition, .id = span_str(key), .deadline_ms = deadline};
    d->seats[d->n][0] = span_str(one);
    d->seats[d->n][1] = span_str(two == NULL ? "" : two);
    o->seats = (struct span_list){two == NULL ? 1 : 2, d->seats[d->n]};
    if (deadline != 0)
        SET_HAS(o, query_owed_key_deadline_ms);
    d->n++;
}

/* Through the file's bytes, as after a restart. */
static void reread(struct desk *d)
{
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    buf_init(&b, 1 << 20);
    cr_assert_eq(told_encode(&d->rows, &b), ST_OK);
    cr_assert_eq(told_decode(arena_dup(&d->a, buf_span(&b)), &d->a, &d->rows, &err), ST_OK, "%s", err.text);
}

/* Looks; what is due as "key occasion seats;..." */
static const char *look(struct desk *d, uint64_t now)
{
    static char text[500];
    struct query_owed_list l = {d->n, d->owed};
    size_t n = 0;
    text[0] = 0;
    cr_assert_eq(told_compare(&d->rows, &l, now, &d->a, &d->rows, &d->due, &d->next), ST_OK);
    for (size_t i = 0; i < d->due.n; i++) {
        const struct told_due *t = &d->due.v[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s %s", n == 0 ? "" : "; ", SPAN_FMT(t->owed->key),
                              enum_text(&occasion_enum, t->occasion));
        for (size_t k = 0; k < t->seats.n; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, " %.*s", SPAN_FMT(t->seats.v[k]));
    }
    return text;
}

static void done(struct desk *d, uint64_t now)
{
    for (size_t i = 0; i < d->due.n; i++)
        told_done(&d->rows, &d->due.v[i], now);
    reread(d);
}

#define DUE(d, now, want) cr_assert_str_eq(look(d, now), want)

Test(told, new_half_time_last_day)
{
    struct desk d;
    uint64_t t = 1000 * (uint64_t)D, end = t + 10 * (uint64_t)D;
    desk_init(&d);
    owe(&d, "D-1", 16, end, "a/x", "a/y");
    DUE(&d, t, "D-1 owed a/x a/y");
    cr_assert(!HAS(&d.rows.v[0], told_row_key_told_ms));
    done(&d, t);
    DUE(&d, t, "");
    cr_assert(HAS(&d.rows.v[0], told_row_key_told_ms) && d.rows.v[0].told_ms == t);
    cr_assert_eq(d.next, t + 5 * (uint64_t)D);
    DUE(&d, d.next - 1, "");
    DUE(&d, t + 5 * (uint64_t)D, "D-1 half-time a/x a/y");
    done(&d, t + 5 * (uint64_t)D);
    cr_assert_eq((look(&d, t + 6 * (uint64_t)D), d.next), end - D);
    DUE(&d, end - D, "D-1 last day a/x a/y");
    done(&d, end - D);
    DUE(&d, end - 1, "");
    cr_assert_eq(d.rows.v[1].told_ms, end - D);
    cr_assert_eq(d.next, UINT64_MAX);
    arena_deinit(&d.a);
}

Test(told, who_has_acted_is_left_in_peace)
{
    struct desk d;
    desk_init(&d);
    owe(&d, "D-1", 16, 10 * (uint64_t)D, "a/x", "a/y");
    look(&d, 1 * D);
    done(&d, 1 * D);
    d.n = 0;
    owe(&d, "D-1", 16, 10 * (uint64_t)D, "a/y", NULL); /* x has acted */
    DUE(&d, 6 * (uint64_t)D, "D-1 half-time a/y");
    done(&d, 6 * (uint64_t)D);
    d.n = 0;
    DUE(&d, 9 * (uint64_t)D, ""); /* so has y */
    cr_assert_eq(d.rows.n, 0);    /* and it is forgotten */
    owe(&d, "D-1", 16, 12 * (uint64_t)D, "a/y", NULL);
    DUE(&d, 9 * (uint64_t)D, "D-1 owed a/y"); /* owed once more: new */
    arena_deinit(&d.a);
}

/* One that joins later is told by itself. */
Test(told, each_seat_has_its_own_time)
{
    struct desk d;
    desk_init(&d);
    owe(&d, "R-2", 0, 11 * (uint64_t)D, "a/x", NULL);
    look(&d, 1 * D);
    done(&d, 1 * D);
    d.n = 0;
    owe(&d, "R-2", 0, 11 * (uint64_t)D, "a/x", "a/y");
    DUE(&d, 7 * (uint64_t)D, "R-2 owed a/y; R-2 half-time a/x");
    arena_deinit(&d.a);
}

Test(told, short_spans_have_fewer_occasions)
{
    struct desk d;
    uint64_t t = 100 * (uint64_t)D;
    desk_init(&d);
    owe(&d, "12h", 0, t + 12 * H, "a/x", NULL); /* no last day: it is that already */
    owe(&d, "30h", 0, t + 30 * (uint64_t)H, "a/x", NULL); /* last day before half-time */
    owe(&d, "none", 0, 0, "a/x", NULL);
    owe(&d, "past", 0, t - 1, "a/x", NULL);
    DUE(&d, t, "12h owed a/x; 30h owed a/x; none owed a/x; past owed a/x");
    done(&d, t);
    DUE(&d, t + 6 * H - 1, "");
    cr_assert_eq(d.next, t + 6 * H);
    DUE(&d, t + 6 * H, "12h half-time a/x; 30h last day a/x");
    done(&d, t + 6 * H);
    DUE(&d, t + 15 * H, "30h half-time a/x");
    done(&d, t + 15 * H);
    DUE(&d, t + 29 * (uint64_t)H, "");
    arena_deinit(&d.a);
}

/* A node that was off, or a command that failed for days: one reminder stands for those that are past. */
Test(told, late_is_told_once)
{
    struct desk d;
    uint64_t t = 100 * (uint64_t)D, end = t + 10 * (uint64_t)D;
    desk_init(&d);
    owe(&d, "D-1", 16, end, "a/x", NULL);
    look(&d, t);
    told_failed(&d.rows, &d.due.v[0], t);
    reread(&d);
    DUE(&d, t + TOLD_AGAIN_MS - 1, "");
    cr_assert_eq(d.next, t + TOLD_AGAIN_MS);
    DUE(&d, t + 6 * (uint64_t)D, "D-1 owed a/x");
    done(&d, t + 6 * (uint64_t)D);
    DUE(&d, t + 6 * (uint64_t)D, ""); /* half-time is past */
    DUE(&d, end - H, "D-1 last day a/x");
    done(&d, end - H);

    d.n = 0;
    d.rows.n = 0;
    owe(&d, "D-2", 16, end, "a/x", NULL);
    look(&d, t);
    done(&d, t);
    DUE(&d, end - H, "D-2 last day a/x"); /* both are due: the later one */
    done(&d, end - H);
    DUE(&d, end - H, "");
    look(&d, t + 5 * (uint64_t)D);
    DUE(&d, end + 1, ""); /* after the deadline nobody is reminded of it */
    arena_deinit(&d.a);
}

Test(told, a_failure_waits_twice_as_long_each_time)
{
    struct desk d;
    uint64_t now = 100 * (uint64_t)D, wait = TOLD_AGAIN_MS;
    desk_init(&d);
    owe(&d, "D-1", 16, 0, "a/x", NULL);
    for (int i = 0; i < 20; i++) {
        DUE(&d, now, "D-1 owed a/x");
        told_failed(&d.rows, &d.due.v[0], now);
        reread(&d);
        DUE(&d, now + wait - 1, "");
        cr_assert_eq(d.next, now + wait);
        now += wait;
        wait = 2 * wait < TOLD_AGAIN_MAX_MS ? 2 * wait : TOLD_AGAIN_MAX_MS;
    }
    DUE(&d, 50 * (uint64_t)D, "D-1 owed a/x"); /* the clock was set back: it does not wait for that long */
    arena_deinit(&d.a);
}

Test(told, deadlines_move_and_editions_change)
{
    struct desk d;
    uint64_t t = 100 * (uint64_t)D;
    desk_init(&d);
    owe(&d, "D-1", 16, t + 10 * (uint64_t)D, "a/x", NULL);
    look(&d, t);
    done(&d, t);
    look(&d, t + 5 * (uint64_t)D);
    done(&d, t + 5 * (uint64_t)D); /* half-time */
    d.n = 0;
    owe(&d, "D-1", 16, t + 30 * (uint64_t)D, "a/x", NULL); /* after a pause, say */
    DUE(&d, t + 6 * (uint64_t)D, "");
    cr_assert_eq(d.next, t + 18 * (uint64_t)D);
    DUE(&d, t + 18 * (uint64_t)D, "D-1 half-time a/x");
    d.n = 0;
    owe(&d, "D-1", 32, t + 30 * (uint64_t)D, "a/x", NULL); /* a revision */
    DUE(&d, t + 7 * (uint64_t)D, "D-1 owed a/x");
    arena_deinit(&d.a);
}

Test(told, a_damaged_file_is_refused)
{
    struct desk d;
    struct err err;
    struct told_row_list rows = {7, NULL};
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    desk_init(&d);
    owe(&d, "D-1", 16, 5, "a/x", "a/y");
    look(&d, 1);
    cr_assert_eq(told_encode(&d.rows, &b), ST_OK);
    for (size_t n = 0; n < b.n; n++)
        cr_assert_neq(told_decode(span_of(b.p, n), &d.a, &rows, &err), ST_OK, "%zu bytes", n);
    cr_assert_eq(rows.n, 7); /* untouched */
    struct told_row swap = d.rows.v[0];
    d.rows.v[0] = d.rows.v[1];
    d.rows.v[1] = swap;
    buf_reset(&b);
    cr_assert_eq(told_encode(&d.rows, &b), ST_OK);
    cr_assert_eq(told_decode(buf_span(&b), &d.a, &rows, &err), ST_FORMAT);
    cr_assert_str_eq(err.text, "rows 0 and 1 are not ascending");
    arena_deinit(&d.a);
}
