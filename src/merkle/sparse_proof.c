#include "merkle/sparse_node.h"
#include "merkle/rfc6962.h"

enum status sparse_prove(const struct sparse_tree *tree, const struct hash *key,
                         const struct sparse_store *store, struct sparse_proof *ret_proof, struct err *err)
{
    struct sparse_proof p = {0};
    struct sparse_child at = {tree->root_id, tree->root};
    while (at.id != 0) {
        struct sparse_node n;
        enum status st = sparse_node_read(store, &at, &n, err);
        if (st != ST_OK)
            return st;
        if (n.leaf) {
            p.leaf = true;
            p.leaf_key = n.key;
            p.leaf_value = n.value;
            break;
        }
        if (p.n == SPARSE_DEPTH_MAX)
            return err_set(err, ST_CORRUPT, "state tree: node %" PRIu64 " lies deeper than a key has bits",
                           at.id);
        unsigned side = sparse_bit(key, (unsigned)p.n);
        p.siblings[p.n++] = n.child[1 - side].hash;
        at = n.child[side];
    }
    *ret_proof = p;
    return ST_OK;
}

enum status sparse_get(const struct sparse_tree *tree, const struct hash *key,
                       const struct sparse_store *store, struct hash *ret_value, struct err *err)
{
    struct sparse_proof p;
    enum status st = sparse_prove(tree, key, store, &p, err);
    if (st != ST_OK)
        return st;
    if (!p.leaf || !hash_eq(&p.leaf_key, key))
        return err_set(err, ST_NOTFOUND, "state tree: no key %s", hex_of(key).s);
    *ret_value = p.leaf_value;
    return ST_OK;
}

/* Do the siblings lead from what the proof says is at the end of key's path to the root? */
static enum status climb(const struct hash *root, const struct hash *key, const struct sparse_proof *p,
                         struct err *err)
{
    if (p->n > SPARSE_DEPTH_MAX)
        return err_set(err, ST_MISMATCH, "state proof of %zu siblings, at most %d", p->n, SPARSE_DEPTH_MAX);
    struct hash h = {0};
    if (p->leaf) {
        struct sparse_node n = {.leaf = true, .key = p->leaf_key, .value = p->leaf_value};
        sparse_node_hash(&n, &h);
    }
    for (size_t i = p->n; i > 0; i--) {
        unsigned depth = (unsigned)(i - 1);
        const struct hash *sibling = &p->siblings[depth];
        if (sparse_bit(key, depth) == 0)
            rfc6962_node(&h, sibling, &h);
        else
            rfc6962_node(sibling, &h, &h);
    }
    if (!hash_eq(&h, root))
        return err_set(err, ST_MISMATCH, "state proof leads to root %s, expected %s", hex_of(&h).s,
                       hex_of(root).s);
    return ST_OK;
}

enum status sparse_verify(const struct hash *root, const struct hash *key, const struct hash *value,
                          const struct sparse_proof *proof, struct err *err)
{
    if (!proof->leaf || !hash_eq(&proof->leaf_key, key))
        return err_set(err, ST_MISMATCH, "state proof shows that key %s is absent", hex_of(key).s);
    if (!hash_eq(&proof->leaf_value, value))
        return err_set(err, ST_MISMATCH, "state proof shows value %s, expected %s",
                       hex_of(&proof->leaf_value).s, hex_of(value).s);
    return climb(root, key, proof, err);
}

enum status sparse_verify_absent(const struct hash *root, const struct hash *key,
                                 const struct sparse_proof *proof, struct err *err)
{
    if (proof->n > SPARSE_DEPTH_MAX)
        return err_set(err, ST_MISMATCH, "state proof of %zu siblings, at most %d", proof->n,
                       SPARSE_DEPTH_MAX);
    if (proof->leaf && hash_eq(&proof->leaf_key, key))
        return err_set(err, ST_MISMATCH, "state proof shows that key %s is there", hex_of(key).s);
    /* Another key's leaf proves absence only when it stands on this key's path. */
    for (unsigned i = 0; proof->leaf && i < proof->n; i++)
        if (sparse_bit(&proof->leaf_key, i) != sparse_bit(key, i))
            return err_set(err, ST_MISMATCH,
                           "state proof: leaf %s parts from key %s at bit %u, above its place",
                           hex_of(&proof->leaf_key).s, hex_of(key).s, i);
    return climb(root, key, proof, err);
}
