/* Goal: whatever way a store came to be, its index of what happened is that of its tables: written with each block, and made
 * when a node starts on a store of an older program. */
#include <criterion/criterion.h>
#include "gov/happened.h"
#include "ledger/index.h"
#include "packs.h"

TestSuite(index, .timeout = 240);

static struct err err;

static void expect_whole(struct store *s, const char *name)
{
    struct view v;
    bool whole = false;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(index_is_whole(&v, &whole, &err), ST_OK, "%s", err.text);
    cr_assert(whole, "%s", name);
    cr_assert_eq(happened_check(&v, &err), ST_OK, "%s: %s", name, err.text);
    store_read_end(s, &v);
}

static size_t count(struct store *s)
{
    struct view v;
    struct span key, none;
    size_t n = 0;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    for (struct tkey from = {.n = 1}; view_next(&v, TABLE_HAPPENED, tkey_span(&from), &key, &none) == ST_OK; n++)
        from = tkey_after(key);
    store_read_end(s, &v);
    return n;
}

/* A row is taken away, or put there when value is no span of nothing. */
static void change(struct store *s, const struct tkey *k, struct span value)
{
    struct store_txn *t;
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    if (value.p == NULL)
        cr_assert_eq(store_del(s, t, TABLE_HAPPENED, tkey_span(k), &err), ST_OK);
    else
        cr_assert_eq(store_put(s, t, TABLE_HAPPENED, tkey_span(k), value, &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
}

static struct tkey first_row(struct store *s)
{
    struct view v;
    struct span key, none;
    struct tkey mark = happened_mark(), from = tkey_after(tkey_span(&mark));
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(view_next(&v, TABLE_HAPPENED, tkey_span(&from), &key, &none), ST_OK);
    from = tkey_text(key);
    store_read_end(s, &v);
    return from;
}

/* With each block; and anew when the mark is missing or older, stray rows and all. */
Test(index, follows_the_blocks_and_is_made_anew)
{
    size_t rows = 0;
    for (size_t i = 0; i < PACKS_N; i++) {
        struct store *s = packs_record(packs[i]);
        struct tkey mark = happened_mark(), stray = happened_from(TABLE_GRANT, 7);
        uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
        size_t n = count(s);
        rows += n - 1;
        expect_whole(s, packs[i]);
        struct tkey row = n > 1 ? first_row(s) : mark;
        stray.b[stray.n++] = 1;
        change(s, &stray, span_str(""));
        change(s, &row, (struct span){NULL, 0});
        change(s, &mark, (struct span){NULL, 0});
        cr_assert_eq(index_ensure(s, &err), ST_OK, "%s", err.text);
        expect_whole(s, packs[i]);
        cr_assert_eq(count(s), n);
        change(s, &stray, span_str(""));
        change(s, &mark, span_of(one, sizeof one)); /* of block 1: blocks came since */
        cr_assert_eq(index_ensure(s, &err), ST_OK, "%s", err.text);
        expect_whole(s, packs[i]);
        cr_assert_eq(count(s), n);
        store_close(s);
    }
    cr_assert_gt(rows, 10);
}

/* What is whole by its mark is left as it is. */
Test(index, is_not_made_twice)
{
    struct store *s = packs_record(packs[0]);
    struct tkey stray = happened_from(TABLE_GRANT, 7);
    size_t n = count(s);
    stray.b[stray.n++] = 1;
    change(s, &stray, span_str(""));
    cr_assert_eq(index_ensure(s, &err), ST_OK, "%s", err.text);
    cr_assert_eq(count(s), n + 1);
    store_close(s);
}
