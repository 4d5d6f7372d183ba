#include "gov/query_part.h"

void *query_grow_one(struct query_grow *g, struct arena *a)
{
    if (g->n == g->cap) {
        size_t cap = g->cap == 0 ? 8 : g->cap * 2;
        uint8_t *more = arena_array(a, cap, g->size);
        if (more == NULL)
            return NULL;
        if (g->n != 0)
            memcpy(more, g->v, g->n * g->size);
        g->v = more;
        g->cap = cap;
    }
    return (uint8_t *)g->v + g->n++ * g->size;
}

enum status query_full(struct err *err)
{
    return err_set(err, ST_LIMIT, "the answer is larger than the memory set aside for it");
}

enum status query_scan(const struct view *v, uint8_t table, const struct tkey *prefix, size_t prefix_n,
                       const struct record_desc *d, struct arena *a, struct query_grow *g,
                       struct span **ret_keys, struct err *err)
{
    struct span from = span_of(prefix->b, prefix_n), key, value;
    struct query_grow keys = {.size = sizeof(struct span)};
    g->size = d->size;
    for (;;) {
        enum status st = view_next(v, table, from, &key, &value);
        if (st == ST_END || (st == ST_OK && !tkey_has_prefix(key, span_of(prefix->b, prefix_n))))
            break;
        if (st != ST_OK)
            return err_set(err, st, "table %s cannot be read", table_name(table));
        void *rec = query_grow_one(g, a);
        struct span *k = query_grow_one(&keys, a);
        uint8_t *next = arena_alloc(a, key.n + 1);
        if (rec == NULL || k == NULL || next == NULL)
            return query_full(err);
        memcpy(next, key.p, key.n); /* the key and a zero byte: the first key after it */
        *k = span_of(next, key.n);
        from = span_of(next, key.n + 1);
        st = codec_decode(d, arena_dup(a, value), a, rec, err);
        if (st != ST_OK)
            return err_wrap(err, ST_CORRUPT, "table %s: ", table_name(table));
    }
    if (ret_keys != NULL)
        *ret_keys = keys.v;
    return ST_OK;
}

struct span query_list_text(const struct span_list *l, struct arena *a)
{
    enum { ROOM = 500 };
    char *p = arena_alloc(a, ROOM);
    size_t n = 0;
    for (size_t i = 0; p != NULL && i < l->n; i++) {
        int more = snprintf(p + n, ROOM - n, "%s%.*s", i == 0 ? "" : ", ", SPAN_FMT(l->v[i]));
        if (more < 0 || (size_t)more >= ROOM - n)
            break; /* what fits; the list itself has them all */
        n += (size_t)more;
    }
    return span_of(p, n);
}
