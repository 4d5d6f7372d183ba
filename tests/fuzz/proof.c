/* Inclusion and consistency proofs, and proofs of the sparse tree, as the auditor's program takes them: of a tree that is
 * known, a proof verifies if and only if it is the tree's own. The first byte chooses the kind. */
#include "fuzz/fuzz.h"
#include "merkle/rfc6962.h"
#include "merkle/sparse.h"
#include "crypto/hash.h"

enum { INPUT_MAX = 4096, LEAVES = 40 };

static struct hash leaves[LEAVES];

static void init(void)
{
    static bool done;
    for (size_t i = 0; i < LEAVES && !done; i++) {
        uint8_t b = (uint8_t)i;
        rfc6962_leaf(span_of(&b, 1), &leaves[i]);
    }
    done = true;
}

/* RFC 6962, 2.1.1, as it is written there. */
static size_t path(size_t m, size_t from, size_t n, struct hash *out)
{
    size_t k = 0, lo = from, hi = from + n, depth = 0;
    struct hash stack[LEAVES];
    while (hi - lo > 1) { /* from the root down; the RFC's order is from the leaf up */
        size_t split = lo + (size_t)rfc6962_split(hi - lo);
        if (m < split) {
            rfc6962_root(leaves + split, hi - split, &stack[depth++]);
            hi = split;
        } else {
            rfc6962_root(leaves + lo, split - lo, &stack[depth++]);
            lo = split;
        }
    }
    while (depth > 0)
        out[k++] = stack[--depth];
    return k;
}

/* RFC 6962, 2.1.2: SUBPROOF(m, D[n], true). */
static size_t subproof(size_t m, size_t n, struct hash *out)
{
    size_t k = 0, lo = 0, hi = n, depth = 0;
    bool whole = true;
    struct hash stack[LEAVES];
    while (m != hi - lo) {
        size_t split = (size_t)rfc6962_split(hi - lo);
        if (m <= split) {
            rfc6962_root(leaves + lo + split, hi - lo - split, &stack[depth++]);
            hi = lo + split;
        } else {
            rfc6962_root(leaves + lo, split, &stack[depth++]);
            lo += split;
            m -= split;
            whole = false;
        }
    }
    if (!whole)
        rfc6962_root(leaves + lo, hi - lo, &out[k++]);
    while (depth > 0)
        out[k++] = stack[--depth];
    return k;
}

/* A proof made of what the tree gives and of what the input says: each hash of it may be changed, dropped or added. */
static size_t change(struct span *in, struct hash *p, size_t n)
{
    uint8_t how = take_u8(in);
    if (how % 4 == 1 && n > 0)
        p[take_u8(in) % n].b[take_u8(in) % 32] ^= take_u8(in);
    if (how % 4 == 2)
        n = take_u8(in) % (n + 1);
    if (how % 4 == 3) {
        struct span more = take_bytes(in, 32);
        memset(&p[n], 0, sizeof p[n]);
        if (more.n != 0)
            memcpy(p[n].b, more.p, more.n);
        n++;
    }
    return n;
}

static bool same(const struct hash *a, size_t n, const struct hash *b, size_t m)
{
    return n == m && (n == 0 || memcmp(a, b, n * sizeof *a) == 0);
}

static void an_inclusion(struct span in)
{
    struct hash own[LEAVES + 1] = {{{0}}}, given[LEAVES + 1], root;
    struct err err = {0};
    uint64_t size = take_u8(&in) % LEAVES, index = take_u8(&in) % LEAVES, leaf = index;
    if (take_u8(&in) % 4 == 0)
        leaf = take_u8(&in) % LEAVES;
    rfc6962_root(leaves, size, &root);
    size_t n = index < size ? path(index, 0, size, own) : 0;
    memcpy(given, own, sizeof own);
    size_t k = change(&in, given, n);
    enum status st = rfc6962_verify_inclusion(&leaves[leaf], index, size, given, k, &root, &err);
    bool truly = index < size && leaf == index && same(own, n, given, k);
    REQUIRE((st == ST_OK) == truly, "inclusion: index %d of %d: status %d, %s", (int)index, (int)size, st, err.text);
}

static void a_consistency(struct span in)
{
    struct hash own[LEAVES + 1], given[LEAVES + 1], root1, root2;
    struct err err = {0};
    uint64_t size1 = take_u8(&in) % LEAVES, size2 = take_u8(&in) % LEAVES;
    rfc6962_root(leaves, size1, &root1);
    rfc6962_root(leaves, size2, &root2);
    size_t n = size1 > 0 && size1 < size2 ? subproof(size1, size2, own) : 0;
    memcpy(given, own, sizeof own);
    size_t k = change(&in, given, n);
    bool truly = size1 <= size2 && same(own, n, given, k);
    if (take_u8(&in) % 4 == 0) {
        uint8_t x = take_u8(&in);
        root1.b[take_u8(&in) % 32] ^= x;
        truly = truly && x == 0;
    }
    enum status st = rfc6962_verify_consistency(size1, &root1, size2, &root2, given, k, &err);
    REQUIRE((st == ST_OK) == truly, "consistency: %d of %d: status %d, %s", (int)size1, (int)size2, st, err.text);
}

/* Any numbers and any hashes: the walk ends and reads nothing beyond the proof. */
static void arbitrary(struct span in)
{
    struct hash proof[RFC6962_PROOF_MAX], root = leaves[0];
    uint64_t a = (uint64_t)take_u32(&in) << 32 | take_u32(&in), b = (uint64_t)take_u32(&in) << 32 | take_u32(&in);
    size_t n = take_u8(&in) % (RFC6962_PROOF_MAX + 1);
    struct hash *exact = malloc(n == 0 ? 1 : n * sizeof *exact); /* so that a sanitizer sees what reads past it */
    REQUIRE(exact != NULL, "memory");
    for (size_t i = 0; i < n; i++) {
        memset(&proof[i], take_u8(&in), sizeof proof[i]);
        exact[i] = proof[i];
    }
    enum status st = rfc6962_verify_inclusion(&leaves[1], a, b, exact, n, &root, NULL);
    REQUIRE(st == ST_MISMATCH || st == ST_RANGE, "no proof of what is not there: %d", st);
    st = rfc6962_verify_consistency(a, &leaves[2], b, &root, exact, n, NULL);
    REQUIRE(st == ST_MISMATCH || st == ST_RANGE, "no proof of what is not there: %d", st);
    free(exact);
}

struct nodes {
    size_t n;
    struct {
        size_t n;
        uint8_t p[SPARSE_NODE_MAX];
    } v[1024];
};

static enum status get_node(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n)
{
    const struct nodes *s = ctx;
    if (id >= s->n || s->v[id].n == 0)
        return ST_NOTFOUND;
    memcpy(node, s->v[id].p, s->v[id].n);
    *ret_n = s->v[id].n;
    return ST_OK;
}

static enum status put_node(void *ctx, uint64_t id, struct span node)
{
    struct nodes *s = ctx;
    if (id >= ARRAY_LEN(s->v))
        return ST_NOSPACE;
    memcpy(s->v[id].p, node.p, node.n);
    s->v[id].n = node.n;
    if (id >= s->n)
        s->n = (size_t)id + 1;
    return ST_OK;
}

/* A tree of some keys; a proof for a key, changed: it may say only what the tree says. */
static void a_sparse_proof(struct span in)
{
    static struct nodes nodes;
    struct sparse_store store = {&nodes, get_node, put_node, NULL};
    struct sparse_tree tree = {0};
    struct sparse_change c[16];
    struct sparse_proof proof;
    struct err err = {0};
    memset(&nodes, 0, sizeof nodes);
    size_t n = 1 + take_u8(&in) % ARRAY_LEN(c), kept = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t b = take_u8(&in);
        sparse_key(1, span_of(&b, 1), &c[kept].key);
        if (b >= 128) { /* keys that share a long way */
            memset(&c[kept].key, 0, sizeof c[kept].key);
            c[kept].key.b[31] = b;
        }
        sparse_value(span_of(&b, 1), &c[kept].value);
        c[kept].removed = false;
        bool twice = false;
        for (size_t k = 0; k < kept; k++)
            twice = twice || hash_eq(&c[k].key, &c[kept].key);
        kept += !twice;
    }
    sparse_sort(c, kept);
    REQUIRE(sparse_update(&tree, c, kept, &store, &tree, NULL, &err) == ST_OK, "%s", err.text);
    struct hash key, value = {{0}};
    uint8_t which = take_u8(&in);
    if (which < 128) {
        key = c[which % kept].key;
    } else {
        memset(&key, 0, sizeof key);
        key.b[31] = which;
    }
    bool is_there = sparse_get(&tree, &key, &store, &value, &err) == ST_OK;
    REQUIRE(sparse_prove(&tree, &key, &store, &proof, &err) == ST_OK, "%s", err.text);
    struct hash wrong = leaves[3];
    for (int pass = 0; pass < 2; pass++) {
        bool says = sparse_verify(&tree.root, &key, &value, &proof, NULL) == ST_OK;
        bool absent = sparse_verify_absent(&tree.root, &key, &proof, NULL) == ST_OK;
        REQUIRE(!says || is_there, "nothing is there that is not");
        REQUIRE(!absent || !is_there, "nothing is absent that is there");
        REQUIRE(sparse_verify(&tree.root, &key, &wrong, &proof, NULL) != ST_OK, "another value is not proved");
        REQUIRE(pass == 1 || says || absent, "the tree's own proof holds");
        uint8_t how = take_u8(&in);
        if (how % 4 == 0)
            proof.n = (size_t)(take_u8(&in) + take_u8(&in)) % (SPARSE_DEPTH_MAX + 1);
        if (how % 4 == 1 && proof.n > 0)
            proof.siblings[take_u8(&in) % proof.n].b[take_u8(&in) % 32] ^= take_u8(&in);
        if (how % 4 == 2)
            proof.leaf = !proof.leaf;
        if (how % 4 == 3)
            proof.leaf_key.b[take_u8(&in) % 32] ^= take_u8(&in);
        for (size_t i = proof.n; i > 0 && how % 4 == 0; i--)
            if (i > 16)
                memset(&proof.siblings[i - 1], take_u8(&in), sizeof proof.siblings[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    init();
    switch (take_u8(&in) % 4) {
    case 0:
        an_inclusion(in);
        break;
    case 1:
        a_consistency(in);
        break;
    case 2:
        arbitrary(in);
        break;
    default:
        a_sparse_proof(in);
    }
    return 0;
}
