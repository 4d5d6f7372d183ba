#include "store/order.h"
#include "store/store_mem.h"

/* A record's bytes, shared by all versions of the tree that hold it. */
struct item {
    size_t refs;
    uint64_t priority;
    size_t key_n, value_n;
    uint8_t table;
    uint8_t bytes[]; /* key, value */
};

struct node {
    size_t refs;
    struct item *item;
    struct node *left, *right;
};

struct tree {
    struct node *root;
    size_t n;
};

struct store_txn {
    struct store_mem *store;
    struct tree tree;
};

struct store_mem {
    struct store store; /* first: a struct store * points here */
    struct tree tree;   /* as of the last commit */
    struct store_txn *open;
    size_t readers;
    enum status fail;
};

static struct store_mem *mem_of(struct store *s)
{
    return (struct store_mem *)s;
}

static void *must_alloc(size_t n)
{
    void *p = malloc(n);
    ASSERT(p != NULL);
    return p;
}

static struct span item_key(const struct item *it)
{
    return span_of(it->bytes, it->key_n);
}

static struct span item_value(const struct item *it)
{
    return span_of(it->bytes + it->key_n, it->value_n);
}

static struct item *item_new(uint8_t table, struct span key, struct span value)
{
    struct item *it = must_alloc(sizeof *it + key.n + value.n);
    *it =
        (struct item){.refs = 1, .priority = order_priority(table, key), .key_n = key.n, .value_n = value.n};
    it->table = table;
    memcpy(it->bytes, key.p, key.n);
    if (value.n != 0)
        memcpy(it->bytes + key.n, value.p, value.n);
    return it;
}

static void item_drop(struct item *it)
{
    if (--it->refs == 0)
        free(it);
}

/* Gives up one reference to a tree. Nodes that nobody else holds are freed; the list of those is kept in
 * their left pointers, so the depth of the tree does not matter. */
static void node_drop(struct node *n)
{
    struct node *list = NULL;
    while (n != NULL || list != NULL) {
        if (n != NULL && --n->refs == 0) {
            struct node *left = n->left;
            n->left = list;
            list = n;
            n = left;
            continue;
        }
        if (list == NULL)
            break;
        struct node *dead = list;
        list = dead->left;
        n = dead->right;
        item_drop(dead->item);
        free(dead);
    }
}

static struct node *node_hold(struct node *n)
{
    if (n != NULL)
        n->refs++;
    return n;
}

/* Turns a reference into a node that only this tree holds, by copying it when it is shared. */
static struct node *node_own(struct node *n)
{
    if (n->refs == 1)
        return n;
    struct node *own = must_alloc(sizeof *own);
    *own = (struct node){1, n->item, node_hold(n->left), node_hold(n->right)};
    own->item->refs++;
    n->refs--;
    return own;
}

static int node_cmp(const struct node *n, uint8_t table, struct span key)
{
    return order_cmp(n->item->table, item_key(n->item), table, key);
}

static void insert_at(struct node **link, struct item *it)
{
    struct node *node = must_alloc(sizeof *node);
    *node = (struct node){.refs = 1, .item = it};
    struct node **less = &node->left, **more = &node->right;
    for (struct node *cur = *link; cur != NULL;) {
        cur = node_own(cur);
        if (node_cmp(cur, it->table, item_key(it)) < 0) {
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

/* Takes over the item. Every node on the way down is made the tree's own before it changes. */
static void tree_put(struct tree *t, struct item *it)
{
    struct node **link = &t->root;
    while (*link != NULL) {
        int c = node_cmp(*link, it->table, item_key(it));
        if (c != 0 && !order_above((*link)->item->priority, it->priority, c))
            break;
        *link = node_own(*link);
        if (c == 0) {
            item_drop((*link)->item);
            (*link)->item = it;
            return;
        }
        link = c < 0 ? &(*link)->right : &(*link)->left;
    }
    insert_at(link, it);
    t->n++;
}

/* The first node >= (table, key), or > it when beyond. */
static const struct node *tree_at_or_after(const struct tree *t, uint8_t table, struct span key, bool beyond)
{
    const struct node *best = NULL;
    for (const struct node *cur = t->root; cur != NULL;) {
        int c = node_cmp(cur, table, key);
        if (c > 0 || (c == 0 && !beyond)) {
            best = cur;
            cur = cur->left;
        } else {
            cur = cur->right;
        }
    }
    return best;
}

static const struct node *tree_at_or_before(const struct tree *t, uint8_t table, struct span key)
{
    const struct node *best = NULL;
    for (const struct node *cur = t->root; cur != NULL;) {
        if (node_cmp(cur, table, key) <= 0) {
            best = cur;
            cur = cur->right;
        } else {
            cur = cur->left;
        }
    }
    return best;
}

static const struct node *tree_find(const struct tree *t, uint8_t table, struct span key)
{
    const struct node *n = tree_at_or_after(t, table, key, false);
    return n != NULL && node_cmp(n, table, key) == 0 ? n : NULL;
}

static void tree_del(struct tree *t, uint8_t table, struct span key)
{
    if (tree_find(t, table, key) == NULL)
        return;
    struct node **link = &t->root;
    for (;;) {
        ASSERT(*link != NULL);
        *link = node_own(*link);
        int c = node_cmp(*link, table, key);
        if (c == 0)
            break;
        link = c < 0 ? &(*link)->right : &(*link)->left;
    }
    struct node *gone = *link;
    struct node *a = gone->left, *b = gone->right;
    item_drop(gone->item);
    free(gone);
    while (a != NULL && b != NULL) { /* merge: the upper of the two roots comes first */
        if (order_above(a->item->priority, b->item->priority, -1)) {
            a = node_own(a);
            *link = a;
            link = &a->right;
            a = a->right;
        } else {
            b = node_own(b);
            *link = b;
            link = &b->left;
            b = b->left;
        }
    }
    *link = a != NULL ? a : b;
    t->n--;
}

static enum status snapshot_get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    const struct node *n = tree_find(ctx, table, key);
    if (n == NULL)
        return ST_NOTFOUND;
    *ret_value = item_value(n->item);
    return ST_OK;
}

static enum status give(const struct node *n, uint8_t table, struct span *ret_key, struct span *ret_value)
{
    if (n == NULL || n->item->table != table)
        return ST_END;
    *ret_key = item_key(n->item);
    *ret_value = item_value(n->item);
    return ST_OK;
}

static enum status snapshot_next(void *ctx, uint8_t table, struct span from, struct span *ret_key,
                                 struct span *ret_value)
{
    return give(tree_at_or_after(ctx, table, from, false), table, ret_key, ret_value);
}

static enum status snapshot_prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key,
                                 struct span *ret_value)
{
    return give(tree_at_or_before(ctx, table, upto), table, ret_key, ret_value);
}

static enum status mem_read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    (void)err;
    struct store_mem *m = mem_of(s);
    struct tree *t = must_alloc(sizeof *t);
    *t = (struct tree){node_hold(m->tree.root), m->tree.n};
    m->readers++;
    *ret_view = (struct view){.ctx = t, .get = snapshot_get, .next = snapshot_next, .prev = snapshot_prev};
    return ST_OK;
}

static void mem_read_end(struct store *s, struct view *view)
{
    struct tree *t = view->ctx;
    mem_of(s)->readers--;
    node_drop(t->root);
    free(t);
}

static enum status mem_explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    (void)s;
    (void)view;
    return err_set(err, st, "store in memory: %s", status_text(st));
}

static enum status mem_begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    struct store_mem *m = mem_of(s);
    if (m->open != NULL)
        return err_set(err, ST_BUSY,
                       "store in memory: a transaction is open already; commit or abort it first");
    struct store_txn *t = must_alloc(sizeof *t);
    *t = (struct store_txn){m, {node_hold(m->tree.root), m->tree.n}};
    m->open = t;
    *ret_txn = t;
    return ST_OK;
}

static enum status mem_put(struct store_txn *t, uint8_t table, struct span key, struct span value,
                           struct err *err)
{
    (void)err;
    tree_put(&t->tree, item_new(table, key, value));
    return ST_OK;
}

static enum status mem_del(struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    (void)err;
    tree_del(&t->tree, table, key);
    return ST_OK;
}

static void mem_abort(struct store_txn *t)
{
    t->store->open = NULL;
    node_drop(t->tree.root);
    free(t);
}

static enum status mem_commit(struct store_txn *t, struct err *err)
{
    struct store_mem *m = t->store;
    enum status st = m->fail;
    m->fail = ST_OK;
    if (st != ST_OK) {
        mem_abort(t);
        return err_set(err, st, "store in memory: the commit failed as it was told to: %s", status_text(st));
    }
    struct node *was = m->tree.root;
    m->tree = t->tree;
    m->open = NULL;
    free(t);
    node_drop(was);
    return ST_OK;
}

static void mem_close(struct store *s)
{
    struct store_mem *m = mem_of(s);
    ASSERT(m->open == NULL);
    ASSERT(m->readers == 0);
    node_drop(m->tree.root);
    free(m);
}

static const struct store_ops mem_ops = {
    .read_begin = mem_read_begin,
    .read_end = mem_read_end,
    .explain = mem_explain,
    .begin = mem_begin,
    .put = mem_put,
    .del = mem_del,
    .commit = mem_commit,
    .abort = mem_abort,
    .close = mem_close,
};

static struct store *new_with(struct tree tree)
{
    struct store_mem *m = must_alloc(sizeof *m);
    *m = (struct store_mem){.store = {&mem_ops}, .tree = tree};
    return &m->store;
}

struct store *store_mem_new(void)
{
    return new_with((struct tree){NULL, 0});
}

static const struct store_mem *const_mem_of(const struct store *s)
{
    ASSERT(s->ops == &mem_ops);
    return (const struct store_mem *)s;
}

struct store *store_mem_clone(const struct store *s)
{
    const struct store_mem *m = const_mem_of(s);
    return new_with((struct tree){node_hold(m->tree.root), m->tree.n});
}

void store_mem_fail_commit(struct store *s, enum status st)
{
    ASSERT(s->ops == &mem_ops);
    mem_of(s)->fail = st;
}

size_t store_mem_count(const struct store *s)
{
    return const_mem_of(s)->tree.n;
}

void store_mem_check(const struct store *s)
{
    const struct tree *t = &const_mem_of(s)->tree;
    size_t n = 0;
    const struct node *before = NULL;
    const struct node *cur = tree_at_or_after(t, 0, (struct span){NULL, 0}, false);
    for (; cur != NULL; cur = tree_at_or_after(t, cur->item->table, item_key(cur->item), true)) {
        const struct item *it = cur->item;
        ASSERT(cur->refs > 0);
        ASSERT(it->refs > 0);
        ASSERT(it->priority == order_priority(it->table, item_key(it)));
        if (before != NULL)
            ASSERT(node_cmp(before, it->table, item_key(it)) < 0);
        if (cur->left != NULL)
            ASSERT(order_above(it->priority, cur->left->item->priority, 1));
        if (cur->right != NULL)
            ASSERT(order_above(it->priority, cur->right->item->priority, -1));
        before = cur;
        n++;
    }
    ASSERT(n == t->n);
}
