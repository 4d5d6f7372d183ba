/* Both stores, and the plain model, driven with the same operations. */
#include <criterion/criterion.h>
#include "leaks.h"
#include "model.h"
#include "store/store_lmdb.h"
#include "store/store_mem.h"
#include "tmpdir.h"

TestSuite(store, .timeout = 120, .fini = leaks_check);

enum { MAP = 256 << 20, ROUNDS = 350, OPS = 260, SNAPSHOTS = 3 };

struct both {
    struct tmpdir dir;
    struct store *lmdb, *mem;
    struct model *committed, *pending;
    struct dice d;
    size_t ops, commits, aborts, reopens, snapshots;
};

/* One moment of all three. */
struct snapshot {
    bool open;
    struct view lmdb, mem, model_view;
    struct model *model;
};

static void open_lmdb(struct both *b)
{
    struct err err;
    cr_assert_eq(store_lmdb_open(b->dir.path, MAP, 0, &b->lmdb, &err), ST_OK, "%s", err.text);
}

static void snapshot_begin(struct both *b, struct snapshot *s)
{
    struct err err;
    cr_assert_eq(store_read_begin(b->lmdb, &s->lmdb, &err), ST_OK);
    cr_assert_eq(store_read_begin(b->mem, &s->mem, &err), ST_OK);
    model_copy(s->model, b->committed);
    s->model_view = model_view(s->model);
    s->open = true;
    b->snapshots++;
}

static void snapshot_end(struct both *b, struct snapshot *s)
{
    if (!s->open)
        return;
    (void)model_same_content(&s->lmdb, &s->model_view);
    (void)model_same_content(&s->mem, &s->model_view);
    store_read_end(b->lmdb, &s->lmdb);
    store_read_end(b->mem, &s->mem);
    cr_assert_null(s->lmdb.ctx);
    s->open = false;
}

static void one_write(struct both *b, struct store_txn *tl, struct store_txn *tm)
{
    uint8_t kb[VIEW_KEY_MAX], vb[MODEL_BYTES_MAX];
    uint8_t table = dice_table(&b->d);
    struct span key = dice_key(&b->d, kb), value = dice_value(&b->d, vb);
    struct err err;
    if (dice_below(&b->d, 3) == 0) {
        cr_assert_eq(store_del(b->lmdb, tl, table, key, &err), ST_OK, "%s", err.text);
        cr_assert_eq(store_del(b->mem, tm, table, key, &err), ST_OK);
        model_del(b->pending, table, key);
    } else {
        cr_assert_eq(store_put(b->lmdb, tl, table, key, value, &err), ST_OK, "%s", err.text);
        cr_assert_eq(store_put(b->mem, tm, table, key, value, &err), ST_OK);
        model_put(b->pending, table, key, value);
    }
    b->ops++;
}

static void one_transaction(struct both *b)
{
    struct store_txn *tl, *tm;
    struct err err;
    cr_assert_eq(store_begin(b->lmdb, &tl, &err), ST_OK, "%s", err.text);
    cr_assert_eq(store_begin(b->mem, &tm, &err), ST_OK);
    model_copy(b->pending, b->committed);
    uint32_t n = dice_below(&b->d, OPS);
    for (uint32_t i = 0; i < n; i++)
        one_write(b, tl, tm);
    if (dice_below(&b->d, 5) == 0) {
        store_abort(b->lmdb, tl);
        store_abort(b->mem, tm);
        b->aborts++;
        return;
    }
    cr_assert_eq(store_commit(b->lmdb, tl, &err), ST_OK, "%s", err.text);
    if (dice_below(&b->d, 10) == 0) { /* the memory store's injected failure: nothing of it happens */
        struct store *before = store_mem_clone(b->mem);
        store_mem_fail_commit(b->mem, ST_NOSPACE);
        cr_assert_eq(store_commit(b->mem, tm, &err), ST_NOSPACE);
        cr_assert_eq(store_mem_count(b->mem), store_mem_count(before));
        struct view was, is;
        cr_assert_eq(store_read_begin(before, &was, &err), ST_OK);
        cr_assert_eq(store_read_begin(b->mem, &is, &err), ST_OK);
        (void)model_same_content(&was, &is);
        store_read_end(before, &was);
        store_read_end(b->mem, &is);
        store_close(before);
        cr_assert_eq(store_begin(b->mem, &tm, &err), ST_OK);
        for (size_t i = 0; i < b->committed->n; i++) {
            const struct model_record *r = &b->committed->v[i];
            cr_assert_eq(store_del(b->mem, tm, r->table, span_of(r->key, r->key_n), &err), ST_OK);
        }
        for (size_t i = 0; i < b->pending->n; i++) {
            const struct model_record *r = &b->pending->v[i];
            struct span key = span_of(r->key, r->key_n), value = span_of(r->value, r->value_n);
            cr_assert_eq(store_put(b->mem, tm, r->table, key, value, &err), ST_OK);
        }
    }
    cr_assert_eq(store_commit(b->mem, tm, &err), ST_OK);
    model_copy(b->committed, b->pending);
    b->commits++;
}

static void reopen(struct both *b)
{
    store_close(b->lmdb);
    open_lmdb(b);
    struct store *survivor = store_mem_clone(b->mem); /* what a crash leaves */
    store_close(b->mem);
    b->mem = survivor;
    b->reopens++;
}

Test(store, lmdb_memory_and_model_agree)
{
    struct both b = {.dir = tmpdir_make(), .mem = store_mem_new(), .d = {7}};
    b.committed = model_new();
    b.pending = model_new();
    open_lmdb(&b);
    struct snapshot snaps[SNAPSHOTS] = {0};
    for (int i = 0; i < SNAPSHOTS; i++)
        snaps[i].model = model_new();
    struct snapshot now = {.model = model_new()};
    for (int round = 0; round < ROUNDS; round++) {
        struct snapshot *s = &snaps[dice_below(&b.d, SNAPSHOTS)];
        snapshot_end(&b, s); /* looked at again only after other writes */
        snapshot_begin(&b, s);
        one_transaction(&b);
        store_mem_check(b.mem);
        snapshot_begin(&b, &now);
        for (int i = 0; i < OPS; i++, b.ops++) {
            model_same_answer(&b.d, &now.lmdb, &now.model_view);
            struct dice again = b.d;
            model_same_answer(&again, &now.mem, &now.model_view);
        }
        snapshot_end(&b, &now);
        if (round % 50 == 49) {
            for (int i = 0; i < SNAPSHOTS; i++)
                snapshot_end(&b, &snaps[i]);
            reopen(&b);
        }
    }
    for (int i = 0; i < SNAPSHOTS; i++) {
        snapshot_end(&b, &snaps[i]);
        model_free(snaps[i].model);
    }
    model_free(now.model);
    uint64_t records;
    struct err err;
    cr_assert_eq(store_lmdb_check(b.lmdb, &records, &err), ST_OK, "%s", err.text);
    cr_assert_eq(records, b.committed->n);
    cr_assert_eq(store_mem_count(b.mem), b.committed->n);
    cr_assert_gt(b.ops, 100000, "%zu", b.ops);
    cr_assert_gt(b.aborts, 40);
    cr_assert_gt(b.commits, 200);
    cr_assert_eq(b.reopens, ROUNDS / 50);
    store_close(b.lmdb);
    store_close(b.mem);
    model_free(b.committed);
    model_free(b.pending);
    tmpdir_remove(&b.dir);
}

/* What holds for either implementation. */
static void contract(struct store *s)
{
    struct err err;
    struct store_txn *t, *second;
    static const uint8_t long_key[VIEW_KEY_MAX + 1] = {1};
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_begin(s, &second, &err), ST_BUSY);
    cr_assert_not_null(strstr(err.text, "open already"), "%s", err.text);
    cr_assert_eq(store_put(s, t, TABLE_META, span_of(long_key, 0), span_str("v"), &err), ST_LIMIT);
    cr_assert_not_null(strstr(err.text, "META"), "%s", err.text);
    cr_assert_eq(store_del(s, t, TABLE_META, span_of(long_key, VIEW_KEY_MAX + 1), &err), ST_LIMIT);
    cr_assert_eq(store_del(s, t, TABLE_META, span_str("never was"), &err), ST_OK);
    struct overlay_write w[] = {{TABLE_META, span_str("a"), span_str("1")},
                                {TABLE_META, span_str("b"), span_str("")},
                                {TABLE_META, span_str("a"), {NULL, 0}}};
    cr_assert_eq(store_write(s, t, w, ARRAY_LEN(w), &err), ST_OK);
    struct view before, after;
    cr_assert_eq(store_read_begin(s, &before, &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    cr_assert_eq(store_read_begin(s, &after, &err), ST_OK);
    struct span value;
    cr_assert_eq(view_get(&before, TABLE_META, span_str("b"), &value), ST_NOTFOUND);
    cr_assert_eq(view_get(&after, TABLE_META, span_str("b"), &value), ST_OK);
    cr_assert_eq(value.n, 0);
    cr_assert_not_null(value.p);
    cr_assert_eq(view_get(&after, TABLE_META, span_str("a"), &value), ST_NOTFOUND);
    cr_assert_eq(view_get(&after, TABLE_META, span_of(long_key, sizeof long_key), &value), ST_NOTFOUND);
    store_read_end(s, &before);
    store_read_end(s, &before);
    store_read_end(s, &after);
    store_abort(s, NULL);
}

Test(store, contract_of_both)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s;
    struct err err;
    cr_assert_eq(store_lmdb_open(dir.path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
    contract(s);
    store_close(s);
    tmpdir_remove(&dir);
    s = store_mem_new();
    contract(s);
    store_close(s);
    store_close(NULL);
}

/* A clone is the state at the last commit, and neither sees what the other does afterwards. */
Test(store, clones_of_memory_part_ways)
{
    struct store *s = store_mem_new();
    struct err err;
    struct store_txn *t;
    struct span value;
    struct view v;
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_put(s, t, TABLE_NODE, span_str("k"), span_str("1"), &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_put(s, t, TABLE_NODE, span_str("k"), span_str("2"), &err), ST_OK);
    struct store *crashed = store_mem_clone(s);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    cr_assert_eq(store_read_begin(crashed, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_NODE, span_str("k"), &value), ST_OK);
    cr_assert(span_eqs(value, "1"));
    store_read_end(crashed, &v);
    store_close(s);
    cr_assert_eq(store_read_begin(crashed, &v, &err), ST_OK);
    cr_assert_eq(view_get(&v, TABLE_NODE, span_str("k"), &value), ST_OK);
    cr_assert(span_eqs(value, "1"));
    store_read_end(crashed, &v);
    store_close(crashed);
}
