/* ENT-2: once, within the 31 days that an id is remembered. */
#include <criterion/criterion.h>
#include "crypto/hash.h"
#include "ledger/ids.h"
#include "store/store_mem.h"

static struct hash id_of(uint64_t n)
{
    struct hash h;
    sha256(span_of(&n, sizeof n), &h);
    return h;
}

Test(ids, finds_what_was_added_and_forgets_the_old)
{
    struct ids *s = ids_new();
    uint64_t leaf, day = 86400000;
    for (uint64_t i = 0; i < 20000; i++) {
        struct hash h = id_of(i);
        ids_add(s, &h, i, i * day / 200); /* 200 a day: 100 days */
    }
    for (uint64_t i = 0; i < 20000; i++) {
        struct hash h = id_of(i);
        cr_assert(ids_find(s, &h, &leaf));
        cr_assert_eq(leaf, i);
    }
    ids_expire(s, 100 * day);
    cr_assert_eq(ids_count(s), 31 * 200);
    for (uint64_t i = 0; i < 20000; i++) {
        struct hash h = id_of(i);
        cr_assert_eq(ids_find(s, &h, &leaf), i >= (100 - 31) * 200, "id %" PRIu64, i);
    }
    ids_free(s);
    ids_free(NULL);
}

Test(ids, load_takes_the_young_rows_alone)
{
    struct store *st = store_mem_new();
    struct store_txn *t;
    struct err err;
    struct view v;
    uint64_t day = 86400000, leaf;
    cr_assert_eq(store_begin(st, &t, &err), ST_OK);
    for (uint64_t i = 0; i < 1000; i++) {
        uint8_t key[8], row[40];
        struct hash h = id_of(i);
        store_u64(key, i * 3);
        store_u64(row, i * day / 10);
        memcpy(row + 8, h.b, 32);
        cr_assert_eq(store_put(st, t, TABLE_IDS, span_of(key, 8), span_of(row, 40), &err), ST_OK);
    }
    cr_assert_eq(store_commit(st, t, &err), ST_OK);
    cr_assert_eq(store_read_begin(st, &v, &err), ST_OK);
    struct ids *s = ids_new();
    cr_assert_eq(ids_load(s, &v, 100 * day, &err), ST_OK);
    cr_assert_eq(ids_count(s), 310);
    struct hash old = id_of(689), young = id_of(690);
    cr_assert_not(ids_find(s, &old, &leaf));
    cr_assert(ids_find(s, &young, &leaf));
    cr_assert_eq(leaf, 690 * 3);
    ids_free(s);
    store_read_end(st, &v);
    store_close(st);
}

/* A row has the ids of a block, whose leaves follow each other. What is young begins with a row. */
Test(ids, rows_of_blocks)
{
    enum { BLOCKS = 100, EACH = 7 };
    struct store *st = store_mem_new();
    struct store_txn *t;
    struct err err;
    struct view v;
    uint64_t day = 86400000, leaf;
    cr_assert_eq(store_begin(st, &t, &err), ST_OK);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        uint8_t key[8], row[8 + 32 * EACH];
        store_u64(key, i * (EACH + 1) + 1);
        store_u64(row, i * day);
        for (uint64_t k = 0; k < EACH; k++) {
            struct hash h = id_of(i * EACH + k);
            memcpy(row + 8 + 32 * k, h.b, 32);
        }
        cr_assert_eq(store_put(st, t, TABLE_IDS, span_of(key, 8), span_of(row, sizeof row), &err), ST_OK);
    }
    cr_assert_eq(store_commit(st, t, &err), ST_OK);
    cr_assert_eq(store_read_begin(st, &v, &err), ST_OK);
    struct ids *s = ids_new();
    cr_assert_eq(ids_load(s, &v, 100 * day, &err), ST_OK);
    cr_assert_eq(ids_count(s), 31 * EACH);
    for (uint64_t i = 69; i < BLOCKS; i++)
        for (uint64_t k = 0; k < EACH; k++) {
            struct hash h = id_of(i * EACH + k);
            cr_assert(ids_find(s, &h, &leaf));
            cr_assert_eq(leaf, i * (EACH + 1) + 1 + k);
        }
    ids_free(s);
    store_read_end(st, &v);
    cr_assert_eq(store_begin(st, &t, &err), ST_OK);
    cr_assert_eq(store_put(st, t, TABLE_IDS, span_of("12345678", 8), span_of("a row of another form, of 41 bytes.......", 41), &err), ST_OK);
    cr_assert_eq(store_commit(st, t, &err), ST_OK);
    cr_assert_eq(store_read_begin(st, &v, &err), ST_OK);
    s = ids_new();
    cr_assert_eq(ids_load(s, &v, 100 * day, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "ids: a row has another form: the store is damaged"));
    ids_free(s);
    store_read_end(st, &v);
    store_close(st);
}

/* Ids come and go for long: what is held is what is young, its memory is in proportion, and nothing of the forgotten stays. */
Test(ids, memory_is_in_proportion_to_what_is_young)
{
    enum { ALL = 400000, YOUNG = 100000 };
    struct ids *s = ids_new();
    uint64_t leaf, step = 31 * UINT64_C(86400000) / YOUNG;
    for (uint64_t i = 0; i < ALL; i++) {
        struct hash h = id_of(i);
        ids_add(s, &h, 7 * i, i * step);
        ids_expire(s, i * step);
        if (i > YOUNG && i % 1000 == 0) {
            struct hash gone = id_of(i - YOUNG - 2), oldest = id_of(i - YOUNG + 1);
            cr_assert_not(ids_find(s, &gone, &leaf), "at %" PRIu64, i);
            cr_assert(ids_find(s, &oldest, &leaf), "at %" PRIu64, i);
            cr_assert_eq(leaf, 7 * (i - YOUNG + 1));
        }
    }
    cr_assert_geq(ids_count(s), YOUNG);
    cr_assert_leq(ids_count(s), YOUNG + 2);
    cr_assert_leq(ids_bytes(s) / YOUNG, 80, "%zu bytes an id", ids_bytes(s) / YOUNG);
    for (uint64_t i = 0; i < ALL; i++) {
        struct hash h = id_of(i);
        cr_assert_eq(ids_find(s, &h, &leaf), i >= ALL - ids_count(s), "id %" PRIu64, i);
    }
    ids_expire(s, 1000 * UINT64_C(86400000));
    cr_assert_eq(ids_count(s), 0);
    cr_assert_leq(ids_bytes(s), 3 << 20); /* the index and a chunk */
    ids_free(s);
}
