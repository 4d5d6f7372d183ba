/* SMT-1 to SMT-4 against proto/vectors/sparse.json, whose roots come from a model without nodes or updates.
 */
#include "vectors.h"
#include "merkle/rfc6962.h"
#include "merkle/sparse.h"

enum { NODES = 60000 };

struct memory {
    uint8_t bytes[NODES][SPARSE_NODE_MAX];
    size_t n[NODES];
    bool retired[NODES];
    uint64_t last;     /* highest id put in this update */
    unsigned fail_put; /* puts left before one fails; 0 never */
    unsigned puts;
};

static enum status mem_get(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n)
{
    struct memory *m = ctx;
    if (id >= NODES || m->n[id] == 0)
        return ST_NOTFOUND;
    memcpy(node, m->bytes[id], m->n[id]);
    *ret_n = m->n[id];
    return ST_OK;
}

static enum status mem_put(void *ctx, uint64_t id, struct span node)
{
    struct memory *m = ctx;
    cr_assert_lt(id, NODES);
    cr_assert_eq(id, m->last + 1, "ids ascend by one");
    if (m->fail_put != 0 && --m->fail_put == 0)
        return ST_NOSPACE;
    memcpy(m->bytes[id], node.p, node.n);
    m->n[id] = node.n;
    m->last = id;
    m->puts++;
    return ST_OK;
}

static enum status mem_retire(void *ctx, uint64_t id)
{
    struct memory *m = ctx;
    cr_assert(!m->retired[id], "node %" PRIu64 " retired twice", id);
    m->retired[id] = true;
    return ST_OK;
}

static struct memory *mem;
static struct sparse_store store;

static void begin(void)
{
    mem = calloc(1, sizeof *mem);
    cr_assert(mem != NULL);
    store = (struct sparse_store){mem, mem_get, mem_put, mem_retire};
}

static void end(void)
{
    free(mem);
}

TestSuite(sparse, .init = begin, .fini = end);

static struct sparse_change change(uint8_t table, const char *key, const char *value)
{
    struct sparse_change c = {.removed = value == NULL};
    sparse_key(table, span_str(key), &c.key);
    if (value != NULL)
        sparse_value(span_str(value), &c.value);
    return c;
}

/* Drops what was retired, then counts the nodes that the tree reaches: nothing else may be left. */
static size_t prune_and_count(const struct sparse_tree *t)
{
    static uint64_t todo[NODES];
    size_t n = 0, reached = 0, kept = 0;
    for (size_t i = 1; i < NODES; i++) {
        if (mem->retired[i])
            mem->n[i] = 0;
        kept += mem->n[i] != 0;
    }
    if (t->root_id != 0)
        todo[n++] = t->root_id;
    while (n != 0) {
        uint64_t id = todo[--n];
        cr_assert_neq(mem->n[id], 0, "node %" PRIu64 " is in use but was retired", id);
        reached++;
        for (size_t i = 0; mem->bytes[id][0] == 1 && i < 2; i++)
            if (load_u64(mem->bytes[id] + 1 + 8 * i) != 0)
                todo[n++] = load_u64(mem->bytes[id] + 1 + 8 * i);
    }
    cr_assert_eq(kept, reached, "%zu nodes kept, %zu in use", kept, reached);
    return reached;
}

static struct span hex_span(json_t *o, const char *key, struct arena *a)
{
    struct span s = {0};
    if (!json_is_null(json_object_get(o, key)))
        cr_assert_eq(hex_decode(span_str(vectors_text(o, key)), a, &s), ST_OK);
    return s;
}

static void check_proof(const struct sparse_tree *t, json_t *p, struct arena *a)
{
    struct sparse_proof got;
    struct hash key, other = {{1}};
    json_t *leaf = json_object_get(p, "leaf"), *s;
    size_t i;
    struct err e;
    sparse_key((uint8_t)vectors_u64(p, "table"), hex_span(p, "key", a), &key);
    cr_assert_eq(sparse_prove(t, &key, &store, &got, &e), ST_OK, "%s", e.text);
    cr_assert_eq(got.n, json_array_size(json_object_get(p, "siblings")));
    json_array_foreach(json_object_get(p, "siblings"), i, s)
    {
        cr_assert_str_eq(hex_of(&got.siblings[i]).s, json_string_value(s));
    }
    cr_assert_eq(got.leaf, json_is_object(leaf));
    if (got.leaf) {
        cr_assert_str_eq(hex_of(&got.leaf_key).s, vectors_text(leaf, "key"));
        cr_assert_str_eq(hex_of(&got.leaf_value).s, vectors_text(leaf, "value"));
    }
    bool present = json_is_true(json_object_get(p, "present"));
    cr_assert_eq(sparse_verify(&t->root, &key, &got.leaf_value, &got, NULL), present ? ST_OK : ST_MISMATCH);
    cr_assert_eq(sparse_verify_absent(&t->root, &key, &got, NULL), present ? ST_MISMATCH : ST_OK);
    cr_assert_eq(sparse_verify(&t->root, &key, &other, &got, NULL), ST_MISMATCH);
    for (i = 0; i < got.n; i++) {
        got.siblings[i].b[3] ^= 1;
        cr_assert_eq(sparse_verify(&t->root, &key, &got.leaf_value, &got, NULL), ST_MISMATCH);
        cr_assert_eq(sparse_verify_absent(&t->root, &key, &got, NULL), ST_MISMATCH);
        got.siblings[i].b[3] ^= 1;
    }
}

Test(sparse, vectors)
{
    json_t *j = vectors_load("sparse.json"), *step, *c, *p;
    struct sparse_tree t = {0};
    struct sparse_stats stats = {0};
    size_t i, k, proofs = 0;
    json_array_foreach(json_object_get(j, "steps"), i, step)
    {
        struct arena a;
        struct err e = {.text = ""};
        arena_init(&a, 0);
        json_t *changes = json_object_get(step, "changes");
        struct sparse_change *v = arena_array(&a, json_array_size(changes), sizeof *v);
        json_array_foreach(changes, k, c)
        {
            v[k].removed = json_is_null(json_object_get(c, "value"));
            sparse_key((uint8_t)vectors_u64(c, "table"), hex_span(c, "key", &a), &v[k].key);
            sparse_value(hex_span(c, "value", &a), &v[k].value);
        }
        sparse_sort(v, k);
        struct sparse_tree was = t;
        cr_assert_eq(sparse_update(&t, v, k, &store, &t, &stats, &e), ST_OK, "%s", e.text);
        cr_assert_str_eq(hex_of(&t.root).s, vectors_text(step, "root"), "step %zu", i);
        json_array_foreach(json_object_get(step, "proofs"), k, p)
        {
            check_proof(&t, p, &a);
            proofs++;
        }
        if (k != 0 && was.root_id != 0) { /* the older tree is still there until pruned */
            struct sparse_proof old;
            cr_assert_eq(sparse_prove(&was, &v[0].key, &store, &old, &e), ST_OK, "%s", e.text);
        }
        /* In a compact tree of n keys there are n leaves, and about as many inner nodes. */
        size_t keys = vectors_u64(step, "keys"), nodes = prune_and_count(&t);
        cr_assert(keys == 0 ? nodes == 0 : nodes >= 2 * keys - 1, "%zu nodes for %zu keys", nodes, keys);
        arena_deinit(&a);
    }
    cr_assert_eq(proofs, 140);
    cr_assert_eq(t.root_id, 0);
    cr_assert(hash_is_zero(&t.root));
    cr_assert_eq(stats.written, t.last_id);
    cr_assert_eq(stats.retired, stats.written, "all that was made is gone");
    json_decref(j);
}

/* Keyhashes that part late: the path is as deep as a key has bits. In one batch, one by one, and removed
 * again. */
Test(sparse, deep_paths)
{
    json_t *j = vectors_load("sparse.json"), *set, *pair;
    size_t i, k;
    json_array_foreach(json_object_get(j, "raw"), i, set)
    {
        struct sparse_change v[4] = {0};
        struct sparse_tree all = {.last_id = mem->last}, single;
        struct err e = {.text = ""};
        json_array_foreach(json_object_get(set, "pairs"), k, pair)
        {
            v[k] = (struct sparse_change){.key = vectors_hash(vectors_text(pair, "key")),
                                          .value = vectors_hash(vectors_text(pair, "value"))};
        }
        sparse_sort(v, k);
        cr_assert_eq(sparse_update(&all, v, k, &store, &all, NULL, &e), ST_OK, "%s", e.text);
        cr_assert_str_eq(hex_of(&all.root).s, vectors_text(set, "root"), "set %zu", i);
        single = (struct sparse_tree){.last_id = all.last_id};
        for (size_t n = k; n > 0; n--)
            cr_assert_eq(sparse_update(&single, &v[n - 1], 1, &store, &single, NULL, &e), ST_OK, "%s",
                         e.text);
        cr_assert(hash_eq(&single.root, &all.root), "set %zu", i);
        for (size_t n = 0; n < k; n++) {
            struct hash value;
            cr_assert_eq(sparse_get(&single, &v[n].key, &store, &value, &e), ST_OK);
            cr_assert(hash_eq(&value, &v[n].value));
            v[n].removed = true;
            cr_assert_eq(sparse_update(&single, &v[n], 1, &store, &single, NULL, &e), ST_OK, "%s", e.text);
            cr_assert_eq(sparse_get(&single, &v[n].key, &store, &value, &e), ST_NOTFOUND);
        }
        cr_assert(hash_is_zero(&single.root));
        cr_assert_eq(single.root_id, 0);
        cr_assert_eq(sparse_update(&all, v, k, &store, &all, NULL, &e), ST_OK);
        cr_assert(hash_is_zero(&all.root));
    }
    cr_assert_eq(i, 6);
    json_decref(j);
}

/* A tree of n keys; returns it. */
static struct sparse_tree fill(size_t n)
{
    struct sparse_tree t = {0};
    struct sparse_change *v = calloc(n, sizeof *v);
    cr_assert(v != NULL);
    for (size_t i = 0; i < n; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "k%zu", i);
        v[i] = change(2, key, "v");
    }
    sparse_sort(v, n);
    cr_assert_eq(sparse_update(&t, v, n, &store, &t, NULL, NULL), ST_OK);
    free(v);
    return t;
}

Test(sparse, no_change_writes_nothing)
{
    struct sparse_tree t = fill(200), u = t;
    struct sparse_change v[3] = {change(2, "k7", "v"), change(2, "k9", "v"), change(2, "nobody", NULL)};
    struct sparse_stats s = {0};
    sparse_sort(v, 3);
    cr_assert_eq(sparse_update(&t, v, 3, &store, &u, &s, NULL), ST_OK);
    cr_assert(memcmp(&t, &u, sizeof t) == 0);
    cr_assert_eq(s.written, 0);
    cr_assert_eq(s.retired, 0);
    cr_assert_gt(s.read, 0);
    cr_assert_eq(sparse_update(&t, NULL, 0, &store, &u, &s, NULL), ST_OK);
    cr_assert(memcmp(&t, &u, sizeof t) == 0);
}

/* O(log n) for one change: the path and no more. */
Test(sparse, cost_of_one_change)
{
    struct sparse_tree t = fill(20000);
    struct sparse_change c = change(2, "k123", "new");
    struct sparse_stats s = {0};
    cr_assert_eq(sparse_update(&t, &c, 1, &store, &t, &s, NULL), ST_OK);
    cr_assert_leq(s.read, 30, "%" PRIu64, s.read);
    cr_assert_eq(s.written, s.retired);
    cr_assert_eq(s.written, s.read);
}

Test(sparse, a_failed_update_changes_nothing_and_can_be_tried_again)
{
    struct sparse_tree t = fill(300), was = t, want;
    struct sparse_change v[2] = {change(3, "a", "1"), change(3, "b", "2")};
    struct err e;
    sparse_sort(v, 2);
    store.retire = NULL;
    mem->fail_put = 4;
    cr_assert_eq(sparse_update(&t, v, 2, &store, &t, NULL, &e), ST_NOSPACE);
    cr_assert(strstr(e.text, "storing node") != NULL, "%s", e.text);
    cr_assert(memcmp(&t, &was, sizeof t) == 0);
    mem->last = t.last_id; /* ids are used again */
    cr_assert_eq(sparse_update(&t, v, 2, &store, &want, NULL, NULL), ST_OK);
    struct hash value;
    cr_assert_eq(sparse_get(&want, &v[0].key, &store, &value, NULL), ST_OK);
    cr_assert_eq(sparse_get(&was, &v[0].key, &store, &value, NULL), ST_NOTFOUND);
}

/* Any flipped bit of any node on the path is found and named. */
Test(sparse, damage_is_found)
{
    struct sparse_tree t = fill(40), u;
    struct sparse_change c = change(2, "k5", "new");
    struct hash value;
    struct err e;
    size_t found = 0, other = 0;
    store.retire = NULL;
    for (uint64_t id = 1; id <= t.last_id; id++) {
        for (size_t i = 0; i < mem->n[id]; i++) {
            uint64_t last = mem->last;
            mem->bytes[id][i] ^= 0x10;
            e.text[0] = 0;
            enum status get = sparse_get(&t, &c.key, &store, &value, &e);
            cr_assert(get == ST_OK || get == ST_CORRUPT);
            cr_assert(get == ST_OK || strstr(e.text, "state tree: node ") != NULL, "%s", e.text);
            enum status st = sparse_update(&t, &c, 1, &store, &u, NULL, &e);
            cr_assert(st == ST_OK || st == ST_CORRUPT);
            cr_assert(get == ST_OK || st == ST_CORRUPT, "node %" PRIu64 " byte %zu", id, i);
            *(st == ST_OK ? &other : &found) += 1;
            mem->last = last;
            mem->bytes[id][i] ^= 0x10;
        }
    }
    cr_assert_gt(found, 3 * 65, "the nodes on the path");
    cr_assert_gt(other, 0, "nodes off the path are not read");
    mem->n[t.root_id] = 0;
    cr_assert_eq(sparse_get(&t, &c.key, &store, &value, &e), ST_CORRUPT);
    cr_assert(strstr(e.text, "missing") != NULL, "%s", e.text);
}

/* A leaf elsewhere in the tree proves nothing about a key whose path does not lead to it. */
Test(sparse, absence_needs_the_right_leaf)
{
    struct sparse_tree t = fill(64);
    struct sparse_proof p;
    struct hash here, gone;
    struct err e;
    sparse_key(2, span_str("k1"), &here);
    sparse_key(2, span_str("nobody"), &gone);
    cr_assert_eq(sparse_prove(&t, &here, &store, &p, NULL), ST_OK);
    cr_assert_gt(p.n, 2);
    cr_assert_eq(sparse_verify_absent(&t.root, &gone, &p, &e), ST_MISMATCH);
    /* Hiding a key that is there: claim an empty place, or end the path early. */
    p.leaf = false;
    cr_assert_eq(sparse_verify_absent(&t.root, &here, &p, &e), ST_MISMATCH);
    p.leaf = true;
    p.n--;
    cr_assert_eq(sparse_verify(&t.root, &here, &p.leaf_value, &p, &e), ST_MISMATCH);
    p.n = SPARSE_DEPTH_MAX + 1;
    cr_assert_eq(sparse_verify(&t.root, &here, &p.leaf_value, &p, &e), ST_MISMATCH);
    cr_assert_eq(sparse_verify_absent(&t.root, &gone, &p, &e), ST_MISMATCH);
    /* A root that was made to hold a leaf on the wrong side proves nothing either. */
    struct sparse_change c = {.key = {{0x80}}, .value = {{7}}};
    struct sparse_tree one = {.last_id = t.last_id};
    struct hash wrong, left = {{0}};
    cr_assert_eq(sparse_update(&one, &c, 1, &store, &one, NULL, NULL), ST_OK);
    p = (struct sparse_proof){
        .n = 1, .siblings = {{{5}}}, .leaf = true, .leaf_key = c.key, .leaf_value = c.value};
    rfc6962_node(&one.root, &p.siblings[0], &wrong);
    cr_assert_eq(sparse_verify_absent(&wrong, &left, &p, &e), ST_MISMATCH);
    cr_assert(strstr(e.text, "parts from key") != NULL, "%s", e.text);
    /* The empty tree has nothing. */
    struct sparse_tree none = {0};
    cr_assert_eq(sparse_prove(&none, &gone, &store, &p, NULL), ST_OK);
    cr_assert_eq(p.n, 0);
    cr_assert_eq(sparse_verify_absent(&none.root, &gone, &p, NULL), ST_OK);
    cr_assert_eq(sparse_verify_absent(&t.root, &gone, &p, NULL), ST_MISMATCH);
}

Test(sparse, sort)
{
    struct sparse_change v[257];
    for (size_t n = 0; n < ARRAY_LEN(v); n++) {
        for (size_t i = 0; i < n; i++) {
            v[i] = (struct sparse_change){.value = {{(uint8_t)i}}};
            sparse_value(span_of(&(uint32_t){(uint32_t)(i * 7 + n)}, 4), &v[i].key);
        }
        sparse_sort(v, n);
        for (size_t i = 1; i < n; i++)
            cr_assert_lt(memcmp(v[i - 1].key.b, v[i].key.b, 32), 0, "n %zu at %zu", n, i);
    }
}
