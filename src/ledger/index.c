#include "ledger/index.h"
#include "gov/happened.h"
#include "ledger/rows.h"

struct putting {
    struct store *s;
    struct store_txn *t;
    struct err *err;
};

static enum status put_row(void *ctx, const struct tkey *row)
{
    struct putting *p = ctx;
    return store_put(p->s, p->t, TABLE_HAPPENED, tkey_span(row), span_str(""), p->err);
}

static enum status put_mark(struct putting *p, uint64_t height)
{
    struct tkey mark = happened_mark();
    struct key8 k = key_u64(height);
    return store_put(p->s, p->t, TABLE_HAPPENED, tkey_span(&mark), span_of(k.b, sizeof k.b), p->err);
}

/* ST_NOTFOUND: there is none. */
static enum status mark_of(const struct view *v, uint64_t *ret_height)
{
    struct span value;
    struct tkey mark = happened_mark();
    enum status st = view_get(v, TABLE_HAPPENED, tkey_span(&mark), &value);
    if (st == ST_OK && value.n != 8)
        return ST_NOTFOUND;
    if (st == ST_OK)
        *ret_height = load_u64(value.p);
    return st;
}

enum status index_flush(const struct block *b, const struct view *before, struct store *s, struct store_txn *t, struct err *err)
{
    struct putting p = {s, t, err};
    struct arena scratch CLEANUP(arena_deinit);
    arena_init(&scratch, 0);
    uint64_t height = 0;
    enum status st = b->record.height == 0 ? ST_OK : mark_of(before, &height);
    if (st == ST_NOTFOUND || (st == ST_OK && b->record.height > 0 && height + 1 != b->record.height))
        return ST_OK; /* it lacks older ones: index_ensure */
    for (size_t i = 0; st == ST_OK && i < b->n_writes; i++) {
        struct tkey rows[HAPPENED_OF_MOST];
        size_t n = 0;
        if (b->writes[i].value.p == NULL)
            continue;
        arena_reset(&scratch);
        st = happened_of(b->writes[i].table, b->writes[i].key, b->writes[i].value, &scratch, rows, &n, err);
        for (size_t k = 0; st == ST_OK && k < n; k++)
            st = put_row(&p, &rows[k]);
    }
    return st == ST_OK ? put_mark(&p, b->record.height) : err_wrap(err, st, "block %" PRIu64 ": ", b->record.height);
}

enum status index_is_whole(const struct view *v, bool *ret_whole, struct err *err)
{
    struct tip tip;
    uint64_t height = 0;
    enum status st = tip_load(v, &tip, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "the store has no newest block") : st;
    st = mark_of(v, &height);
    if (st != ST_OK && st != ST_NOTFOUND)
        return err_set(err, st, "the mark of the index cannot be read");
    *ret_whole = st == ST_OK && height == tip.height;
    return ST_OK;
}

static enum status drop_rows(struct putting *p, const struct view *v)
{
    for (struct tkey from = {.n = 1};;) {
        struct span key, none;
        enum status st = view_next(v, TABLE_HAPPENED, tkey_span(&from), &key, &none);
        if (st != ST_OK)
            return st == ST_END ? ST_OK : err_set(p->err, st, "what happened cannot be read");
        from = tkey_after(key);
        TRY(store_del(p->s, p->t, TABLE_HAPPENED, key, p->err));
    }
}

static enum status make(struct putting *p, const struct view *v)
{
    struct tip tip;
    TRY(tip_load(v, &tip, p->err));
    TRY(drop_rows(p, v));
    TRY(happened_each(v, put_row, p, p->err));
    return put_mark(p, tip.height);
}

static enum status ensure(struct putting *p, const struct view *v)
{
    bool whole;
    TRY(index_is_whole(v, &whole, p->err));
    if (whole)
        return ST_OK;
    TRY(store_begin(p->s, &p->t, p->err));
    enum status st = make(p, v);
    if (st == ST_OK)
        return store_commit(p->s, p->t, p->err);
    store_abort(p->s, p->t);
    return st;
}

enum status index_ensure(struct store *s, struct err *err)
{
    struct putting p = {.s = s, .err = err};
    struct view v;
    TRY(store_read_begin(s, &v, err));
    enum status st = ensure(&p, &v);
    store_read_end(s, &v);
    return st;
}
