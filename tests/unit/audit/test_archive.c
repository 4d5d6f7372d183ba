/* The store that a pack is verified in, beside the one in memory: the same rows, whichever place they are in. */
#include <criterion/criterion.h>
#include <unistd.h>
#include "audit/archive.h"
#include "store/store_mem.h"

enum { ROWS = 3000 };

static struct err err;

static void put(struct store *s, uint8_t table, uint64_t number, int nth, size_t n)
{
    struct store_txn *t;
    uint8_t key[9], value[16384];
    store_u64(key, number);
    key[8] = (uint8_t)nth;
    memset(value, (int)(number % 251), n);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_put(s, t, table, span_of(key, nth < 0 ? 8 : 9), span_of(value, n), &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK, "%s", err.text);
}

/* Walks a table in both, forwards or back, and looks each row up. Returns how many there are. */
static size_t same(struct store *x, struct store *y, uint8_t table, bool back)
{
    struct view v[2];
    uint8_t at[16];
    size_t at_n = back ? 9 : 0, n = 0;
    memset(at, 0xff, sizeof at);
    if (back && table != TABLE_PROSE)
        at_n = 8;
    cr_assert_eq(store_read_begin(x, &v[0], &err), ST_OK);
    cr_assert_eq(store_read_begin(y, &v[1], &err), ST_OK);
    for (;;) {
        struct span key[2], value[2], got;
        enum status st[2];
        for (size_t i = 0; i < 2; i++)
            st[i] = back ? view_prev(&v[i], table, span_of(at, at_n), &key[i], &value[i])
                         : view_next(&v[i], table, span_of(at, at_n), &key[i], &value[i]);
        cr_assert_eq(st[0], st[1]);
        if (st[0] != ST_OK)
            break;
        cr_assert(span_eq(key[0], key[1]));
        cr_assert(span_eq(value[0], value[1]));
        cr_assert_eq(view_get(&v[0], table, key[0], &got), ST_OK);
        cr_assert(span_eq(got, value[1]));
        n++;
        at_n = key[0].n;
        memcpy(at, key[0].p, at_n);
        size_t i = at_n;
        while (i > 0 && (back ? at[i - 1]-- == 0 : ++at[i - 1] == 0)) /* the key beside it */
            i--;
        if (i == 0)
            break;
    }
    store_read_end(x, &v[0]);
    store_read_end(y, &v[1]);
    return n;
}

static void fill(struct store *s)
{
    for (uint64_t i = 0; i < ROWS; i++) {
        put(s, TABLE_LEAF, i, -1, i % 7 * 100); /* an empty one among them */
        put(s, TABLE_BOUNDARY, i * 3 + 1, -1, 48);
        put(s, TABLE_PROSE, i / 2 * 2, (int)(i % 2), 30);
        put(s, TABLE_SECTION_OLD, i, -1, 20); /* of the state: in memory */
    }
    put(s, TABLE_PROSE, 5, 3, 33); /* later, and before others */
    put(s, TABLE_PROSE, 5, 1, 31);
    put(s, TABLE_CERT, 7, -1, 500);
    put(s, TABLE_CERT, 7, -1, 400); /* in place of the one before */
}

Test(archive, it_has_the_rows_that_a_store_in_memory_has)
{
    struct store *a, *plain = store_mem_new();
    static const uint8_t tables[] = {TABLE_LEAF, TABLE_BOUNDARY, TABLE_PROSE, TABLE_SECTION_OLD, TABLE_CERT, TABLE_NOTE};
    static const size_t counts[] = {ROWS, ROWS, ROWS + 2, ROWS, 1, 0};
    for (int file = 0; file < 2; file++) {
        cr_assert_eq(archive_new(file == 1 ? archive_file() : -1, &a, &err), ST_OK, "%s", err.text);
        fill(a);
        if (file == 0)
            fill(plain);
        for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
            cr_expect_eq(same(a, plain, tables[i], false), counts[i], "table %s", table_name(tables[i]));
            cr_expect_eq(same(a, plain, tables[i], true), counts[i], "table %s", table_name(tables[i]));
        }
        store_close(a);
    }
    store_close(plain);
}

Test(archive, a_tile_is_found_before_and_after_it_is_full)
{
    struct store *a;
    struct store_txn *t;
    struct view v;
    uint8_t key[9] = {0}, hashes[256 * 32];
    memset(hashes, 7, sizeof hashes);
    cr_assert_eq(archive_new(-1, &a, &err), ST_OK, "%s", err.text);
    for (size_t n = 1; n <= 256; n += 51) { /* 1, ..., 256 */
        struct span value;
        cr_assert_eq(store_begin(a, &t, &err), ST_OK);
        cr_assert_eq(store_put(a, t, TABLE_TILE, span_of(key, 9), span_of(hashes, n * 32), &err), ST_OK);
        cr_assert_eq(store_commit(a, t, &err), ST_OK);
        cr_assert_eq(store_read_begin(a, &v, &err), ST_OK);
        cr_assert_eq(view_get(&v, TABLE_TILE, span_of(key, 9), &value), ST_OK);
        cr_expect(span_eq(value, span_of(hashes, n * 32)), "%zu hashes", n);
        store_read_end(a, &v);
    }
    key[8] = 1;
    struct span none;
    cr_assert_eq(store_read_begin(a, &v, &err), ST_OK);
    cr_expect_eq(view_get(&v, TABLE_TILE, span_of(key, 9), &none), ST_NOTFOUND);
    store_read_end(a, &v);
    store_close(a);
}

Test(archive, a_row_stays_where_it_is_while_others_are_read)
{
    struct store *a;
    struct view v;
    struct span first, other;
    uint8_t key[8] = {0};
    cr_assert_eq(archive_new(archive_file(), &a, &err), ST_OK, "%s", err.text);
    for (uint64_t i = 0; i < 6000; i++)
        put(a, TABLE_LEAF, i, -1, 16000); /* 96 MB: three times what is kept in memory of what was read */
    cr_assert_eq(store_read_begin(a, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_LEAF, span_of(key, 8), &first), ST_OK);
    for (uint64_t i = 1; i < 6000; i++) {
        store_u64(key, i);
        cr_assert_eq(view_get(&v, TABLE_LEAF, span_of(key, 8), &other), ST_OK);
        cr_assert_eq(other.p[15999], i % 251);
    }
    cr_expect_eq(first.n, 16000);
    cr_expect_eq(first.p[0], 0);
    store_read_end(a, &v);
    store_close(a);
}

Test(archive, a_folder_without_room_is_said)
{
    struct store *a;
    struct store_txn *t;
    uint8_t key[8] = {0}, value[5000] = {0};
    FILE *full = fopen("/dev/full", "r+e");
    cr_assert_not_null(full);
    /* /dev/full cannot be mapped: the file must be one. */
    cr_expect_eq(archive_new(dup(fileno(full)), &a, &err), ST_IO);
    cr_expect_not_null(strstr(err.text, "no room can be made for the record"), "%s", err.text);
    int fd = archive_file();
    cr_assert_eq(archive_new(fd, &a, &err), ST_OK);
    cr_assert_geq(dup2(fileno(full), fd), 0); /* the archive's descriptor leads nowhere from now on */
    cr_assert_eq(store_begin(a, &t, &err), ST_OK);
    cr_assert_eq(store_put(a, t, TABLE_LEAF, span_of(key, 8), span_of(value, sizeof value), &err), ST_OK);
    cr_expect_eq(store_commit(a, t, &err), ST_NOSPACE);
    cr_expect_not_null(strstr(err.text, "TMPDIR=FOLDER"), "%s", err.text);
    store_close(a);
    (void)fclose(full);
}
