#include "merkle/sparse_node.h"

/* What is known of a subtree without reading it. */
enum shape { EMPTY, LEAF, INNER, UNREAD };

struct result {
    struct sparse_child c;
    enum shape shape;
};

/* One level of the descent: the subtree as it was, and the changes [lo, hi) that fall into it. */
struct frame {
    struct sparse_child at;
    struct sparse_node node;  /* for LEAF and INNER */
    struct sparse_child left; /* result of the left half, once step is 2 */
    size_t lo, mid, hi;
    enum shape shape; /* of at; UNREAD until node holds it */
    enum shape left_shape;
    int step; /* 0 begin, 1 the left half is being done, 2 the right half */
};

struct update {
    const struct sparse_change *v;
    const struct sparse_store *store;
    struct sparse_stats stats;
    uint64_t last_id;
    struct err *err;
};

static enum status read_node(struct update *u, const struct sparse_child *c, struct sparse_node *ret_node)
{
    u->stats.read++;
    return sparse_node_read(u->store, c, ret_node, u->err);
}

static enum status retire(struct update *u, uint64_t id)
{
    u->stats.retired++;
    if (u->store->retire == NULL)
        return ST_OK;
    enum status st = u->store->retire(u->store->ctx, id);
    return st == ST_OK
               ? ST_OK
               : err_set(u->err, st, "state tree: dropping node %" PRIu64 ": %s", id, status_text(st));
}

static enum status put(struct update *u, const struct sparse_node *n, struct result *ret)
{
    uint8_t bytes[SPARSE_NODE_MAX];
    size_t size = sparse_node_encode(n, bytes);
    uint64_t id = u->last_id + 1;
    enum status st = u->store->put(u->store->ctx, id, span_of(bytes, size));
    if (st != ST_OK)
        return err_set(u->err, st, "state tree: storing node %" PRIu64 ": %s", id, status_text(st));
    u->last_id = id;
    u->stats.written++;
    ret->c.id = id;
    ret->shape = n->leaf ? LEAF : INNER;
    sparse_node_hash(n, &ret->c.hash);
    return ST_OK;
}

/* Can the changes of this frame be done without going deeper? One change meets nothing, or its own leaf; or
 * removes what is not there. */
static bool is_final(const struct update *u, const struct frame *f)
{
    if (f->hi - f->lo != 1 || f->shape == INNER)
        return false;
    const struct sparse_change *c = &u->v[f->lo];
    return f->shape == EMPTY || c->removed || hash_eq(&c->key, &f->node.key);
}

static enum status do_final(struct update *u, const struct frame *f, struct result *ret)
{
    const struct sparse_change *c = &u->v[f->lo];
    bool own = f->shape == LEAF && hash_eq(&c->key, &f->node.key);
    bool same = own && !c->removed && hash_eq(&c->value, &f->node.value);
    if (same || (c->removed && !own)) {
        *ret = (struct result){f->at, f->shape};
        return ST_OK;
    }
    enum status st = own ? retire(u, f->at.id) : ST_OK;
    if (st != ST_OK)
        return st;
    if (c->removed) {
        *ret = (struct result){.shape = EMPTY};
        return ST_OK;
    }
    struct sparse_node n = {.leaf = true, .key = c->key, .value = c->value};
    return put(u, &n, ret);
}

/* SMT-2: the subtree over two halves. A half that holds one leaf, beside an empty one, is that leaf. */
static enum status join(struct update *u, const struct frame *f, struct result right, struct result *ret)
{
    struct result half[2] = {{f->left, f->left_shape}, right};
    enum status st = ST_OK;
    if (f->shape == INNER) {
        if (half[0].c.id == f->node.child[0].id && half[1].c.id == f->node.child[1].id) {
            *ret = (struct result){f->at, INNER};
            return ST_OK;
        }
        st = retire(u, f->at.id);
    }
    for (int i = 0; st == ST_OK && i < 2; i++) {
        struct result *r = &half[i];
        if (half[1 - i].shape != EMPTY)
            continue;
        if (r->shape == UNREAD) {
            struct sparse_node n;
            st = read_node(u, &r->c, &n);
            if (st != ST_OK)
                return st;
            r->shape = n.leaf ? LEAF : INNER;
        }
        if (r->shape == EMPTY || r->shape == LEAF) {
            *ret = *r;
            return ST_OK;
        }
    }
    if (st != ST_OK)
        return st;
    struct sparse_node n = {.child = {half[0].c, half[1].c}};
    return put(u, &n, ret);
}

/* The frame of one half. A leaf that stands in the way goes down on its side. */
static struct frame half_of(const struct frame *f, unsigned depth, unsigned side)
{
    struct frame h = {.shape = EMPTY, .lo = side == 0 ? f->lo : f->mid, .hi = side == 0 ? f->mid : f->hi};
    if (f->shape == INNER) {
        h.at = f->node.child[side];
        h.shape = h.at.id == 0 ? EMPTY : UNREAD;
    } else if (f->shape == LEAF && sparse_bit(&f->node.key, depth) == side) {
        h.at = f->at;
        h.shape = LEAF;
        h.node = f->node;
    }
    return h;
}

/* Begins a frame: either gives its result, or sets where its changes part. */
static enum status begin(struct update *u, struct frame *f, unsigned depth, bool *ret_done,
                         struct result *ret)
{
    *ret_done = true;
    if (f->lo == f->hi) {
        *ret = (struct result){f->at, f->shape};
        return ST_OK;
    }
    if (f->shape == UNREAD) {
        enum status st = read_node(u, &f->at, &f->node);
        if (st != ST_OK)
            return st;
        f->shape = f->node.leaf ? LEAF : INNER;
    }
    if (is_final(u, f))
        return do_final(u, f, ret);
    ASSERT(depth < SPARSE_DEPTH_MAX); /* different keys part before the last bit */
    f->mid = f->lo;
    while (f->mid < f->hi && sparse_bit(&u->v[f->mid].key, depth) == 0)
        f->mid++;
    *ret_done = false;
    return ST_OK;
}

enum status sparse_update(const struct sparse_tree *tree, const struct sparse_change *v, size_t n,
                          const struct sparse_store *store, struct sparse_tree *ret_tree,
                          struct sparse_stats *stats, struct err *err)
{
    for (size_t i = 1; i < n; i++)
        ASSERT(memcmp(v[i - 1].key.b, v[i].key.b, 32) < 0);
    struct update u = {.v = v, .store = store, .last_id = tree->last_id, .err = err};
    struct frame stack[SPARSE_DEPTH_MAX + 1];
    struct result r = {.shape = EMPTY};
    unsigned top = 0; /* index of the frame in hand is its depth */
    stack[0] = (struct frame){
        .at = {tree->root_id, tree->root}, .shape = tree->root_id == 0 ? EMPTY : UNREAD, .hi = n};
    for (;;) {
        struct frame *f = &stack[top];
        enum status st = ST_OK;
        bool done = false;
        switch (f->step++) {
        case 0:
            st = begin(&u, f, top, &done, &r);
            if (st == ST_OK && !done)
                stack[top + 1] = half_of(f, top, 0);
            break;
        case 1:
            f->left = r.c;
            f->left_shape = r.shape;
            stack[top + 1] = half_of(f, top, 1);
            break;
        default:
            done = true;
            st = join(&u, f, r, &r);
            break;
        }
        if (st != ST_OK)
            return st;
        if (!done)
            top++;
        else if (top-- == 0)
            break;
    }
    *ret_tree = (struct sparse_tree){.root_id = r.c.id, .last_id = u.last_id, .root = r.c.hash};
    if (stats != NULL) {
        stats->read += u.stats.read;
        stats->written += u.stats.written;
        stats->retired += u.stats.retired;
    }
    return ST_OK;
}

/* Heap sort: moves v[i] down to its place in a heap of n, greatest first. */
static void sift(struct sparse_change *v, size_t i, size_t n)
{
    struct sparse_change x = v[i];
    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= n)
            break;
        if (c + 1 < n && memcmp(v[c].key.b, v[c + 1].key.b, 32) < 0)
            c++;
        if (memcmp(v[c].key.b, x.key.b, 32) <= 0)
            break;
        v[i] = v[c];
        i = c;
    }
    v[i] = x;
}

void sparse_sort(struct sparse_change *v, size_t n)
{
    for (size_t i = n / 2; i > 0; i--)
        sift(v, i - 1, n);
    for (size_t end = n; end > 1; end--) {
        struct sparse_change greatest = v[0];
        v[0] = v[end - 1];
        v[end - 1] = greatest;
        sift(v, 0, end - 1);
    }
}
