#include "node/past_store.h"
#include <stdlib.h>
#include "store/store_mem.h"

enum { RECORD_BYTES = 144 }; /* of store_mem, besides key and value: item, node, what malloc adds */

struct past_store {
    struct store store; /* first: a struct store * points here */
    struct store *record, *state;
    bool founded;
    uint64_t height, size; /* of the newest block */
    uint64_t bytes, most;
    struct store_txn *open;
};

struct store_txn {
    struct past_store *of;
    struct store_txn *state;
    struct view before;
    bool block; /* with a new boundary: */
    uint64_t height, size;
    uint64_t bytes;
};

struct past_view {
    struct past_store *of;
    struct view record, state;
    bool founded;
    uint64_t height, size;
};

static struct past_store *past_of(struct store *s)
{
    return (struct past_store *)s;
}

/* Keys of these tables begin with a height, a leaf or a tree size. ret_last: the greatest that there was; none is not told
 * apart from 0 here. */
static bool is_in_record(uint8_t table, uint64_t height, uint64_t size, uint64_t *ret_last)
{
    switch (table) {
    case TABLE_BLOCK:
    case TABLE_BLOCK_LEAVES:
    case TABLE_CERT:
        *ret_last = height;
        return true;
    case TABLE_LEAF:
    case TABLE_IDS:
    case TABLE_PROSE:
        *ret_last = size == 0 ? 0 : size - 1;
        return true;
    case TABLE_BOUNDARY:
        *ret_last = size;
        return true;
    default:
        return false;
    }
}

/* The first eight bytes as a number; those that are missing count as zeros. */
static uint64_t first_of(struct span key)
{
    uint8_t whole[8] = {0};
    if (key.n > 0)
        memcpy(whole, key.p, key.n < sizeof whole ? key.n : sizeof whole);
    return load_u64(whole);
}

/* -- Reading -- */

static enum status get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    const struct past_view *v = ctx;
    uint64_t last;
    if (!is_in_record(table, v->height, v->size, &last))
        return view_get(&v->state, table, key, ret_value);
    return v->founded && first_of(key) <= last ? view_get(&v->record, table, key, ret_value) : ST_NOTFOUND;
}

static enum status next(void *ctx, uint8_t table, struct span from, struct span *ret_key, struct span *ret_value)
{
    const struct past_view *v = ctx;
    struct span key, value;
    uint64_t last;
    if (!is_in_record(table, v->height, v->size, &last))
        return view_next(&v->state, table, from, ret_key, ret_value);
    enum status st = v->founded ? view_next(&v->record, table, from, &key, &value) : ST_END;
    if (st == ST_OK && first_of(key) > last)
        st = ST_END;
    if (st != ST_OK)
        return st;
    *ret_key = key;
    *ret_value = value;
    return ST_OK;
}

static enum status prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key, struct span *ret_value)
{
    const struct past_view *v = ctx;
    uint8_t end[9]; /* after all keys with the last number, of eight bytes or nine */
    uint64_t last;
    if (!is_in_record(table, v->height, v->size, &last))
        return view_prev(&v->state, table, upto, ret_key, ret_value);
    if (!v->founded)
        return ST_END;
    store_u64(end, last);
    end[8] = 0xff;
    return view_prev(&v->record, table, first_of(upto) > last ? span_of(end, sizeof end) : upto, ret_key, ret_value);
}

static enum status read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    struct past_store *p = past_of(s);
    struct past_view *v = calloc(1, sizeof *v);
    ASSERT(v != NULL);
    *v = (struct past_view){.of = p, .founded = p->founded, .height = p->height, .size = p->size};
    enum status st = store_read_begin(p->record, &v->record, err);
    if (st == ST_OK)
        st = store_read_begin(p->state, &v->state, err);
    if (st != ST_OK) {
        store_read_end(p->record, &v->record);
        free(v);
        return st;
    }
    *ret_view = (struct view){v, get, next, prev};
    return ST_OK;
}

static void read_end(struct store *s, struct view *view)
{
    struct past_view *v = view->ctx;
    store_read_end(past_of(s)->record, &v->record);
    store_read_end(past_of(s)->state, &v->state);
    free(v);
}

static enum status explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    const struct past_view *v = view->ctx;
    return store_explain(past_of(s)->record, &v->record, st, err);
}

/* -- Writing -- */

static enum status begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    struct past_store *p = past_of(s);
    if (p->open != NULL)
        return err_set(err, ST_BUSY, "past: a transaction is open already");
    struct store_txn *t = calloc(1, sizeof *t);
    ASSERT(t != NULL);
    *t = (struct store_txn){.of = p, .bytes = p->bytes};
    enum status st = store_read_begin(p->state, &t->before, err);
    if (st == ST_OK)
        st = store_begin(p->state, &t->state, err);
    if (st != ST_OK) {
        store_read_end(p->state, &t->before);
        free(t);
        return st;
    }
    p->open = t;
    *ret_txn = t;
    return ST_OK;
}

/* What a record that is replaced or deleted gives back; one that came in the same transaction gives nothing. */
static void give_back(struct store_txn *t, uint8_t table, struct span key)
{
    struct span old;
    if (view_get(&t->before, table, key, &old) == ST_OK && t->bytes >= key.n + old.n + RECORD_BYTES)
        t->bytes -= key.n + old.n + RECORD_BYTES;
}

static enum status put(struct store_txn *t, uint8_t table, struct span key, struct span value, struct err *err)
{
    uint64_t last;
    if (is_in_record(table, 0, 0, &last)) {
        if (table == TABLE_BOUNDARY && key.n == 8 && value.n >= 8) {
            t->block = true;
            t->size = load_u64(key.p);
            t->height = load_u64(value.p);
        }
        return ST_OK; /* it is there */
    }
    give_back(t, table, key);
    t->bytes += key.n + value.n + RECORD_BYTES;
    if (t->bytes > t->of->most)
        return err_set(err, ST_LIMIT, "the state needs more than the %" PRIu64 " MiB of memory that are set aside for it", t->of->most >> 20);
    return store_put(t->of->state, t->state, table, key, value, err);
}

static enum status del(struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    uint64_t last;
    if (is_in_record(table, 0, 0, &last))
        return ST_OK;
    give_back(t, table, key);
    return store_del(t->of->state, t->state, table, key, err);
}

static void end(struct store_txn *t)
{
    store_read_end(t->of->state, &t->before);
    t->of->open = NULL;
    free(t);
}

static enum status commit(struct store_txn *t, struct err *err)
{
    struct past_store *p = t->of;
    enum status st = store_commit(p->state, t->state, err);
    if (st == ST_OK)
        p->bytes = t->bytes;
    if (st == ST_OK && t->block) {
        p->founded = true;
        p->height = t->height;
        p->size = t->size;
    }
    end(t);
    return st;
}

static void abort_txn(struct store_txn *t)
{
    store_abort(t->of->state, t->state);
    end(t);
}

static void close_store(struct store *s)
{
    store_close(past_of(s)->state);
    free(s);
}

struct store *past_store_new(struct store *record, uint64_t most)
{
    static const struct store_ops ops = {read_begin, read_end, explain, begin, put, del, commit, abort_txn, close_store};
    struct past_store *p = calloc(1, sizeof *p);
    ASSERT(p != NULL);
    *p = (struct past_store){.store = {&ops}, .record = record, .state = store_mem_new(), .most = most};
    return &p->store;
}

uint64_t past_store_bytes(const struct store *s)
{
    return ((const struct past_store *)s)->bytes;
}
