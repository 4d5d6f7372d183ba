#include "sim/shelf.h"
#include "base/base.h"

struct shelf {
    struct store store; /* first: a struct store * points here */
    struct store *mem;
    struct shelf_hook hook;
    bool damaged;
    uint8_t table;
    size_t key_n;
    uint8_t key[VIEW_KEY_MAX];
};

struct store_txn {
    struct shelf *shelf;
    struct store_txn *below;
};

struct reading {
    struct shelf *shelf;
    struct view below;
};

static struct shelf *shelf_of(struct store *s)
{
    return (struct shelf *)s;
}

static enum status hurt(const struct reading *r, uint8_t table, struct span key, enum status st)
{
    struct shelf *f = r->shelf;
    if (st != ST_OK || !f->damaged || table != f->table || !span_eq(key, span_of(f->key, f->key_n)))
        return st;
    f->hook.damage_read(f->hook.ctx);
    return ST_CORRUPT;
}

static enum status get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    const struct reading *r = ctx;
    struct span value;
    enum status st = hurt(r, table, key, view_get(&r->below, table, key, &value));
    if (st == ST_OK)
        *ret_value = value;
    return st;
}

static enum status next(void *ctx, uint8_t table, struct span from, struct span *ret_key, struct span *ret_value)
{
    const struct reading *r = ctx;
    struct span key, value;
    enum status st = view_next(&r->below, table, from, &key, &value);
    if (st == ST_OK)
        st = hurt(r, table, key, st);
    if (st == ST_OK) {
        *ret_key = key;
        *ret_value = value;
    }
    return st;
}

static enum status prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key, struct span *ret_value)
{
    const struct reading *r = ctx;
    struct span key, value;
    enum status st = view_prev(&r->below, table, upto, &key, &value);
    if (st == ST_OK)
        st = hurt(r, table, key, st);
    if (st == ST_OK) {
        *ret_key = key;
        *ret_value = value;
    }
    return st;
}

static enum status read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    struct reading *r = malloc(sizeof *r);
    ASSERT(r != NULL);
    r->shelf = shelf_of(s);
    enum status st = store_read_begin(r->shelf->mem, &r->below, err);
    if (st != ST_OK) {
        free(r);
        return st;
    }
    *ret_view = (struct view){r, get, next, prev};
    return ST_OK;
}

static void read_end(struct store *s, struct view *view)
{
    struct reading *r = view->ctx;
    store_read_end(shelf_of(s)->mem, &r->below);
    free(r);
}

static enum status explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    (void)s, (void)view;
    return err_set(err, st, "a record of the store is damaged");
}

static enum status begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    struct store_txn *below, *t;
    enum status st = store_begin(shelf_of(s)->mem, &below, err);
    if (st != ST_OK)
        return st;
    t = malloc(sizeof *t);
    ASSERT(t != NULL);
    *t = (struct store_txn){shelf_of(s), below};
    *ret_txn = t;
    return ST_OK;
}

static enum status put(struct store_txn *t, uint8_t table, struct span key, struct span value, struct err *err)
{
    return store_put(t->shelf->mem, t->below, table, key, value, err);
}

static enum status del(struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    return store_del(t->shelf->mem, t->below, table, key, err);
}

static void abort_txn(struct store_txn *t)
{
    store_abort(t->shelf->mem, t->below);
    free(t);
}

static enum status commit(struct store_txn *t, struct err *err)
{
    struct shelf *f = t->shelf;
    enum status st = f->hook.commit(f->hook.ctx, false);
    if (st != ST_OK) {
        abort_txn(t);
        return err_set(err, st, "virtual store: %s", st == ST_NOSPACE ? "the disk is full" : "the machine is dead");
    }
    st = store_commit(f->mem, t->below, err);
    free(t);
    if (st == ST_OK && f->hook.commit(f->hook.ctx, true) != ST_OK)
        return err_set(err, ST_IO, "virtual store: the machine died after the commit");
    return st;
}

static void close_store(struct store *s)
{
    (void)s;
}

static const struct store_ops shelf_ops = {.read_begin = read_begin,
                                           .read_end = read_end,
                                           .explain = explain,
                                           .begin = begin,
                                           .put = put,
                                           .del = del,
                                           .commit = commit,
                                           .abort = abort_txn,
                                           .close = close_store};

struct shelf *shelf_new(struct store *mem, const struct shelf_hook *hook)
{
    struct shelf *f = calloc(1, sizeof *f);
    ASSERT(f != NULL);
    f->store.ops = &shelf_ops;
    f->mem = mem;
    f->hook = *hook;
    return f;
}

void shelf_free(struct shelf *f)
{
    if (f == NULL)
        return;
    store_close(f->mem);
    free(f);
}

struct store *shelf_store(struct shelf *f)
{
    return &f->store;
}

struct store *shelf_mem(struct shelf *f)
{
    return f->mem;
}

void shelf_replace(struct shelf *f, struct store *mem)
{
    store_close(f->mem);
    f->mem = mem;
}

void shelf_damage(struct shelf *f, uint8_t table, struct span key)
{
    ASSERT(key.n <= sizeof f->key);
    f->damaged = true;
    f->table = table;
    f->key_n = key.n;
    memcpy(f->key, key.p, key.n);
}

void shelf_repair(struct shelf *f)
{
    f->damaged = false;
}
