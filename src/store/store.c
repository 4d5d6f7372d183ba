#include "store/store.h"

enum status store_read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    return s->ops->read_begin(s, ret_view, err);
}

void store_read_end(struct store *s, struct view *view)
{
    if (view->ctx == NULL)
        return;
    s->ops->read_end(s, view);
    *view = (struct view){0};
}

enum status store_explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    return s->ops->explain(s, view, st, err);
}

enum status store_begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    return s->ops->begin(s, ret_txn, err);
}

static enum status check_key(uint8_t table, struct span key, struct err *err)
{
    ASSERT(table_name(table) != NULL);
    if (key.n == 0 || key.n > VIEW_KEY_MAX)
        return err_set(err, ST_LIMIT, "store: key of %zu bytes for table %s; 1 to %d bytes were expected",
                       key.n, table_name(table), VIEW_KEY_MAX);
    return ST_OK;
}

enum status store_put(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct span value,
                      struct err *err)
{
    enum status st = check_key(table, key, err);
    return st == ST_OK ? s->ops->put(t, table, key, value, err) : st;
}

enum status store_del(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    enum status st = check_key(table, key, err);
    return st == ST_OK ? s->ops->del(t, table, key, err) : st;
}

enum status store_write(struct store *s, struct store_txn *t, const struct overlay_write *writes, size_t n,
                        struct err *err)
{
    enum status st = ST_OK;
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        const struct overlay_write *w = &writes[i];
        if (w->value.p == NULL)
            st = store_del(s, t, w->table, w->key, err);
        else
            st = store_put(s, t, w->table, w->key, w->value, err);
    }
    return st;
}

enum status store_commit(struct store *s, struct store_txn *t, struct err *err)
{
    return s->ops->commit(t, err);
}

void store_abort(struct store *s, struct store_txn *t)
{
    if (t != NULL)
        s->ops->abort(t);
}

void store_close(struct store *s)
{
    if (s != NULL)
        s->ops->close(s);
}
