#include "store/order.h"
#include "store/overlay.h"

struct overlay_node {
    struct overlay_node *left, *right;
    uint64_t priority;
    struct span key;
    struct span value; /* p == NULL: deleted */
    uint8_t table;
};

void overlay_init(struct overlay *o, const struct view *base, struct arena *arena)
{
    *o = (struct overlay){.base = base, .arena = arena};
}

/* Puts a new node where the treap order wants it: the subtree there is split by the key into its two sides.
 */
static void insert_at(struct overlay_node **link, struct overlay_node *node)
{
    struct overlay_node **less = &node->left, **more = &node->right;
    for (struct overlay_node *cur = *link; cur != NULL;) {
        if (order_cmp(cur->table, cur->key, node->table, node->key) < 0) {
            *less = cur;
            less = &cur->right;
            cur = cur->right;
        } else {
            *more = cur;
            more = &cur->left;
            cur = cur->left;
        }
    }
    *less = NULL;
    *more = NULL;
    *link = node;
}

static void set(struct overlay *o, uint8_t table, struct span key, struct span value)
{
    uint64_t priority = order_priority(table, key);
    struct overlay_node **link = &o->root;
    while (*link != NULL) {
        struct overlay_node *cur = *link;
        int c = order_cmp(cur->table, cur->key, table, key);
        if (c == 0) {
            cur->value = value;
            return;
        }
        if (!order_above(cur->priority, priority, c))
            break;
        link = c < 0 ? &cur->right : &cur->left;
    }
    struct overlay_node *node = arena_alloc(o->arena, sizeof *node);
    struct span own = arena_dup(o->arena, key);
    if (node == NULL || own.p == NULL) {
        o->failed = ST_LIMIT;
        return;
    }
    *node = (struct overlay_node){.priority = priority, .key = own, .value = value, .table = table};
    insert_at(link, node);
    o->n++;
}

static bool key_fits(struct overlay *o, struct span key)
{
    if (key.n == 0 || key.n > VIEW_KEY_MAX)
        o->failed = ST_LIMIT;
    return o->failed == ST_OK;
}

void overlay_put(struct overlay *o, uint8_t table, struct span key, struct span value)
{
    if (!key_fits(o, key))
        return;
    struct span own = arena_dup(o->arena, value);
    if (own.p == NULL)
        o->failed = ST_LIMIT;
    else
        set(o, table, key, own);
}

void overlay_del(struct overlay *o, uint8_t table, struct span key)
{
    if (key_fits(o, key))
        set(o, table, key, (struct span){NULL, 0});
}

/* The first node >= (table, key), or > it when beyond; NULL when none. */
static const struct overlay_node *at_or_after(const struct overlay *o, uint8_t table, struct span key,
                                              bool beyond)
{
    const struct overlay_node *best = NULL;
    for (const struct overlay_node *cur = o->root; cur != NULL;) {
        int c = order_cmp(cur->table, cur->key, table, key);
        if (c > 0 || (c == 0 && !beyond)) {
            best = cur;
            cur = cur->left;
        } else {
            cur = cur->right;
        }
    }
    return best;
}

/* The last node <= (table, key); NULL when none. */
static const struct overlay_node *at_or_before(const struct overlay *o, uint8_t table, struct span key)
{
    const struct overlay_node *best = NULL;
    for (const struct overlay_node *cur = o->root; cur != NULL;) {
        if (order_cmp(cur->table, cur->key, table, key) <= 0) {
            best = cur;
            cur = cur->right;
        } else {
            cur = cur->left;
        }
    }
    return best;
}

static const struct overlay_node *find(const struct overlay *o, uint8_t table, struct span key)
{
    const struct overlay_node *n = at_or_after(o, table, key, false);
    return n != NULL && n->table == table && span_eq(n->key, key) ? n : NULL;
}

static enum status base_get(const struct overlay *o, uint8_t table, struct span key, struct span *ret_value)
{
    return o->base == NULL ? ST_NOTFOUND : view_get(o->base, table, key, ret_value);
}

static enum status get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    const struct overlay *o = ctx;
    if (o->failed != ST_OK)
        return o->failed;
    const struct overlay_node *n = find(o, table, key);
    if (n == NULL)
        return base_get(o, table, key, ret_value);
    if (n->value.p == NULL)
        return ST_NOTFOUND;
    *ret_value = n->value;
    return ST_OK;
}

/* The key right after key (key ‖ 00) and the one right before it, among keys of at most VIEW_KEY_MAX bytes.
 */
struct bound {
    uint8_t b[VIEW_KEY_MAX + 1];
    size_t n;
};

static void bound_after(struct bound *b, struct span key)
{
    memcpy(b->b, key.p, key.n);
    b->b[key.n] = 0;
    b->n = key.n + 1;
}

static void bound_before(struct bound *b, struct span key)
{
    memcpy(b->b, key.p, key.n);
    b->n = key.n - 1;
    if (b->b[key.n - 1] == 0)
        return;
    b->b[key.n - 1]--;
    memset(b->b + key.n, 0xff, VIEW_KEY_MAX - key.n);
    b->n = VIEW_KEY_MAX;
}

/* Two sorted sources: at equal keys the overlay's record hides the base's; a deletion is stepped over. */
static enum status next(void *ctx, uint8_t table, struct span from, struct span *ret_key,
                        struct span *ret_value)
{
    const struct overlay *o = ctx;
    if (o->failed != ST_OK)
        return o->failed;
    struct bound bound;
    for (;;) {
        const struct overlay_node *n = at_or_after(o, table, from, false);
        if (n != NULL && n->table != table)
            n = NULL;
        struct span key, value;
        enum status st = o->base == NULL ? ST_END : view_next(o->base, table, from, &key, &value);
        if (st != ST_OK && st != ST_END)
            return st;
        if (st == ST_END && n == NULL)
            return ST_END;
        if (n == NULL || (st == ST_OK && span_cmp(key, n->key) < 0)) {
            *ret_key = key;
            *ret_value = value;
            return ST_OK;
        }
        if (n->value.p != NULL) {
            *ret_key = n->key;
            *ret_value = n->value;
            return ST_OK;
        }
        bound_after(&bound, n->key);
        from = span_of(bound.b, bound.n);
    }
}

static enum status prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key,
                        struct span *ret_value)
{
    const struct overlay *o = ctx;
    if (o->failed != ST_OK)
        return o->failed;
    struct bound bound;
    for (;;) {
        const struct overlay_node *n = at_or_before(o, table, upto);
        if (n != NULL && n->table != table)
            n = NULL;
        struct span key, value;
        enum status st = o->base == NULL ? ST_END : view_prev(o->base, table, upto, &key, &value);
        if (st != ST_OK && st != ST_END)
            return st;
        if (st == ST_END && n == NULL)
            return ST_END;
        if (n == NULL || (st == ST_OK && span_cmp(key, n->key) > 0)) {
            *ret_key = key;
            *ret_value = value;
            return ST_OK;
        }
        if (n->value.p != NULL) {
            *ret_key = n->key;
            *ret_value = n->value;
            return ST_OK;
        }
        bound_before(&bound, n->key);
        upto = span_of(bound.b, bound.n);
    }
}

struct view overlay_view(struct overlay *o)
{
    return (struct view){.ctx = o, .get = get, .next = next, .prev = prev};
}

enum status overlay_writes(struct overlay *o, struct arena *a, struct overlay_write **ret_writes,
                           size_t *ret_n)
{
    if (o->failed != ST_OK)
        return o->failed;
    struct overlay_write *list = arena_array(a, o->n, sizeof *list);
    if (list == NULL)
        return ST_LIMIT;
    size_t n = 0;
    const struct overlay_node *cur = at_or_after(o, 0, (struct span){NULL, 0}, false);
    for (; cur != NULL; cur = at_or_after(o, cur->table, cur->key, true)) {
        struct span was;
        enum status st = base_get(o, cur->table, cur->key, &was);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        bool same = cur->value.p == NULL ? st == ST_NOTFOUND : st == ST_OK && span_eq(was, cur->value);
        if (!same)
            list[n++] = (struct overlay_write){.table = cur->table, .key = cur->key, .value = cur->value};
    }
    *ret_writes = list;
    *ret_n = n;
    return ST_OK;
}
