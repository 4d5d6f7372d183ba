/* Goal: the record as it stood at any moment of three real alliances' records (the packs that are kept) is, table by table, the
 * state that its blocks give, however it was reached; nothing of later blocks shows; memory is bounded; what never was is refused. */
#include <criterion/criterion.h>
#include "packs.h"
#include "crypto/hash.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "node/past.h"
#include "node/past_store.h"

static bool stops; /* from a number of questions on */
static size_t asked;
static bool stop(void *ctx)
{
    (void)ctx;
    return stops && ++asked > 3;
}

static struct boundary newest(struct store *s)
{
    struct view v;
    struct boundary b;
    struct err err = {0};
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(rows_newest_boundary(&v, &b, &err), ST_OK, "%s", err.text);
    store_read_end(s, &v);
    return b;
}

/* A digest of all rows of tables from..to, going up; and that going down, and asking for each, give the same rows. */
static struct hash rows_of(struct store *s, uint8_t from, uint8_t to, size_t *ret_n)
{
    struct view v;
    struct err err = {0};
    struct sha256 h;
    struct hash ret;
    size_t n = 0;
    sha256_init(&h);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    for (uint8_t t = from; t <= to; t++) {
        if (table_name(t) == NULL || t == TABLE_NODE)
            continue;
        uint8_t at[VIEW_KEY_MAX + 1] = {0}, back[VIEW_KEY_MAX];
        size_t at_n = 0, up = 0, down = 0;
        struct span key, value, same;
        while (view_next(&v, t, span_of(at, at_n), &key, &value) == ST_OK) {
            cr_assert_eq(view_get(&v, t, key, &same), ST_OK);
            cr_assert(span_eq(same, value));
            sha256_update(&h, span_of(&t, 1));
            sha256_update(&h, key);
            sha256_update(&h, value);
            memcpy(at, key.p, key.n);
            at[key.n] = 0; /* the next key there can be */
            at_n = key.n + 1;
            up++;
            if (at_n > VIEW_KEY_MAX)
                break;
        }
        memset(back, 0xff, sizeof back);
        size_t back_n = sizeof back;
        while (view_prev(&v, t, span_of(back, back_n), &key, &value) == ST_OK) {
            down++;
            memcpy(back, key.p, key.n);
            back_n = key.n;
            while (back_n > 0 && back[back_n - 1] == 0)
                back_n--;
            if (back_n == 0)
                break;
            back[back_n - 1]--;
            memset(back + back_n, 0xff, sizeof back - back_n);
            back_n = sizeof back;
        }
        cr_assert_eq(up, down, "table %s: %zu rows up, %zu down", table_name(t), up, down);
        n += up;
    }
    store_read_end(s, &v);
    sha256_final(&h, &ret);
    *ret_n = n;
    return ret;
}

static void nothing_of_later(struct store *s, const struct boundary *b)
{
    struct view v;
    struct span key, value;
    struct err err = {0};
    struct tip tip;
    uint8_t k[9] = {0};
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(tip_load(&v, &tip, &err), ST_OK, "%s", err.text);
    cr_assert_eq(tip.height, b->height);
    cr_assert_eq(tip.tree.size, b->size);
    store_u64(k, b->height + 1);
    cr_assert_eq(view_get(&v, TABLE_BLOCK, span_of(k, 8), &value), ST_NOTFOUND);
    cr_assert_eq(view_next(&v, TABLE_CERT, span_of(k, 8), &key, &value), ST_END);
    store_u64(k, b->size);
    cr_assert_eq(view_get(&v, TABLE_LEAF, span_of(k, 8), &value), ST_NOTFOUND);
    cr_assert_eq(view_next(&v, TABLE_PROSE, span_of(k, 9), &key, &value), ST_END);
    store_u64(k, UINT64_MAX);
    cr_assert_eq(view_prev(&v, TABLE_LEAF, span_of(k, 8), &key, &value), ST_OK);
    cr_assert_eq(load_u64(key.p), b->size - 1);
    store_read_end(s, &v);
}

Test(past, each_moment_of_the_packs_kept)
{
    for (size_t i = 0; i < PACKS_N; i++) {
        struct store *record = packs_record(packs[i]), *s = NULL, *direct = NULL;
        struct boundary end = newest(record), b;
        struct past *steps = past_new(record, PAST_BYTES_MAX, stop, NULL);
        struct err err = {0};
        struct view v;
        uint64_t size = 0, blocks = 0;
        do {
            cr_assert_eq(store_read_begin(record, &v, &err), ST_OK);
            cr_assert_eq(rows_boundary(&v, size + 1, true, &b, &err), ST_OK, "%s", err.text);
            store_read_end(record, &v);
            size = b.size;
            struct past *once = past_new(record, PAST_BYTES_MAX, stop, NULL);
            size_t n, m;
            cr_assert_eq(past_at(steps, b.time_ms, end.time_ms, &s, &err), ST_OK, "%s", err.text);
            cr_assert_eq(past_at(once, b.time_ms, end.time_ms, &direct, &err), ST_OK, "%s", err.text);
            struct boundary then = newest(s);
            cr_assert_geq(then.height, b.height); /* blocks of one moment are one */
            cr_assert_eq(then.time_ms, b.time_ms);
            struct hash x = rows_of(s, 1, TABLE_MAX, &n), y = rows_of(direct, 1, TABLE_MAX, &m);
            cr_assert(hash_eq(&x, &y), "%s: block %d: another state by another way", packs[i], (int)b.height);
            cr_assert_eq(n, m);
            nothing_of_later(s, &then);
            past_free(once);
            blocks++;
        } while (size < end.size);
        cr_assert_eq(past_executed(steps), end.height, "blocks were executed twice");
        cr_assert_gt(blocks, 5);
        size_t n, m; /* and at the end it is what the node has */
        struct hash x = rows_of(s, 1, TABLE_GOV_MAX, &n), y = rows_of(record, 1, TABLE_GOV_MAX, &m);
        cr_assert(hash_eq(&x, &y) && n == m, "%s: %zu rows, %zu expected", packs[i], n, m);
        x = rows_of(s, TABLE_BLOCK, TABLE_IDS, &n);
        y = rows_of(record, TABLE_BLOCK, TABLE_IDS, &m);
        cr_assert(hash_eq(&x, &y) && n == m, "%s: %zu rows of the log, %zu expected", packs[i], n, m);
        past_free(steps);
        store_close(record);
    }
}

Test(past, between_blocks_and_back)
{
    struct store *record = packs_record("decisions"), *s = NULL;
    struct past *p = past_new(record, PAST_BYTES_MAX, stop, NULL);
    struct boundary end = newest(record), then;
    struct err err = {0};
    uint64_t day = 86400000;
    cr_assert_eq(past_at(p, end.time_ms + day, end.time_ms + 2 * day, &s, &err), ST_OK, "%s", err.text);
    then = newest(s);
    cr_assert_eq(then.height, end.height);
    cr_assert_eq(past_at(p, end.time_ms - 1, end.time_ms, &s, &err), ST_OK, "%s", err.text);
    then = newest(s);
    cr_assert_lt(then.height, end.height);
    cr_assert_lt(then.time_ms, end.time_ms);
    uint64_t executed = past_executed(p);
    cr_assert_eq(past_at(p, end.time_ms - 1, end.time_ms, &s, &err), ST_OK);
    cr_assert_eq(past_executed(p), executed, "the same question took the work again");
    past_drop(p);
    cr_assert_eq(past_at(p, end.time_ms - 1, end.time_ms, &s, &err), ST_OK);
    cr_assert_eq(newest(s).height, then.height);
    past_free(p);
    store_close(record);
}

Test(past, what_is_refused)
{
    struct store *record = packs_record("items"), *s = NULL;
    struct past *p = past_new(record, PAST_BYTES_MAX, stop, NULL);
    struct boundary end = newest(record);
    struct err err = {0};
    cr_assert_eq(past_at(p, 86400000, end.time_ms, &s, &err), ST_USAGE);
    cr_assert(strstr(err.text, "1970-01-02T00:00:00.000Z is before the founding: this alliance was founded at ") == err.text, "%s", err.text);
    cr_assert_eq(past_at(p, end.time_ms + 2, end.time_ms + 1, &s, &err), ST_USAGE);
    cr_assert_not_null(strstr(err.text, " is to come: it is "), "%s", err.text);
    stops = true; /* the node ends in the middle */
    asked = 0;
    cr_assert_eq(past_at(p, end.time_ms, end.time_ms, &s, &err), ST_CLOSED);
    cr_assert_str_eq(err.text, "the node stops");
    stops = false;
    cr_assert_eq(past_at(p, end.time_ms, end.time_ms, &s, &err), ST_OK, "%s", err.text);
    past_free(p);
    p = past_new(record, 40000, stop, NULL);
    cr_assert_eq(past_at(p, end.time_ms, end.time_ms, &s, &err), ST_LIMIT);
    cr_assert_not_null(strstr(err.text, "the state needs more than the 0 MiB of memory that are set aside for it. On a larger machine: entente pack"), "%s", err.text);
    past_free(p);
    store_close(record);
}

/* A block that does not hold is said, and nothing is answered from it. */
Test(past, a_damaged_record)
{
    struct store *record = packs_record("items"), *s = NULL;
    struct past *p = past_new(record, PAST_BYTES_MAX, stop, NULL);
    struct boundary end = newest(record);
    struct err err = {0};
    struct store_txn *t;
    struct view v;
    struct span leaf;
    uint8_t key[8], bytes[1 << 16];
    store_u64(key, end.size - 1);
    cr_assert_eq(store_read_begin(record, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_LEAF, span_of(key, 8), &leaf), ST_OK);
    memcpy(bytes, leaf.p, leaf.n);
    bytes[leaf.n / 2] ^= 1;
    cr_assert_eq(store_begin(record, &t, &err), ST_OK);
    cr_assert_eq(store_put(record, t, TABLE_LEAF, span_of(key, 8), span_of(bytes, leaf.n), &err), ST_OK);
    store_read_end(record, &v);
    cr_assert_eq(store_commit(record, t, &err), ST_OK);
    cr_assert_eq(past_at(p, end.time_ms, end.time_ms, &s, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "Stop the node and let ententd doctor look"), "%s", err.text);
    past_free(p);
    store_close(record);
}

/* What is given back counts no more. */
Test(past, the_bound_counts_what_is_there)
{
    struct store *record = packs_record("items"), *s = past_store_new(record, 4096);
    struct store_txn *t;
    struct err err = {0};
    uint8_t value[1000] = {0};
    for (int i = 0; i < 50; i++) { /* one record, over and over */
        cr_assert_eq(store_begin(s, &t, &err), ST_OK);
        cr_assert_eq(store_put(s, t, TABLE_META, span_str("x"), span_of(value, sizeof value), &err), ST_OK, "%s", err.text);
        cr_assert_eq(store_commit(s, t, &err), ST_OK);
    }
    uint64_t one = past_store_bytes(s);
    cr_assert(one > 1000 && one < 1300, "%d", (int)one);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_del(s, t, TABLE_META, span_str("x"), &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    cr_assert_eq(past_store_bytes(s), 0);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    enum status st = ST_OK;
    for (char c = 'a'; c < 'f' && st == ST_OK; c++)
        st = store_put(s, t, TABLE_META, span_of((uint8_t *)&c, 1), span_of(value, sizeof value), &err);
    cr_assert_eq(st, ST_LIMIT);
    store_abort(s, t);
    cr_assert_eq(past_store_bytes(s), 0, "what was undone counts");
    store_close(s);
    store_close(record);
}
