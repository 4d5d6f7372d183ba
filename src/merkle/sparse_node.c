#include "merkle/sparse_node.h"
#include "merkle/rfc6962.h"
#include "crypto/hash.h"

enum { TAG_LEAF, TAG_INNER };
enum { LEAF_SIZE = 65, INNER_SIZE = SPARSE_NODE_MAX };

void sparse_key(uint8_t table, struct span key, struct hash *ret_key)
{
    sha256_2(span_of(&table, 1), key, ret_key);
}

void sparse_value(struct span value, struct hash *ret_value)
{
    sha256(value, ret_value);
}

void sparse_node_hash(const struct sparse_node *n, struct hash *ret_hash)
{
    if (!n->leaf) { /* the same form as an inner node of the log's tree */
        rfc6962_node(&n->child[0].hash, &n->child[1].hash, ret_hash);
        return;
    }
    uint8_t t[65] = {0};
    memcpy(t + 1, n->key.b, 32);
    memcpy(t + 33, n->value.b, 32);
    sha256(span_of(t, sizeof t), ret_hash);
}

size_t sparse_node_encode(const struct sparse_node *n, uint8_t *ret_bytes)
{
    if (n->leaf) {
        ret_bytes[0] = TAG_LEAF;
        memcpy(ret_bytes + 1, n->key.b, 32);
        memcpy(ret_bytes + 33, n->value.b, 32);
        return LEAF_SIZE;
    }
    ret_bytes[0] = TAG_INNER;
    store_u64(ret_bytes + 1, n->child[0].id);
    store_u64(ret_bytes + 9, n->child[1].id);
    memcpy(ret_bytes + 17, n->child[0].hash.b, 32);
    memcpy(ret_bytes + 49, n->child[1].hash.b, 32);
    return INNER_SIZE;
}

static bool decode(const uint8_t *p, size_t n, struct sparse_node *ret_node)
{
    struct sparse_node x = {0};
    if (n == LEAF_SIZE && p[0] == TAG_LEAF) {
        x.leaf = true;
        memcpy(x.key.b, p + 1, 32);
        memcpy(x.value.b, p + 33, 32);
    } else if (n == INNER_SIZE && p[0] == TAG_INNER) {
        x.child[0].id = load_u64(p + 1);
        x.child[1].id = load_u64(p + 9);
        memcpy(x.child[0].hash.b, p + 17, 32);
        memcpy(x.child[1].hash.b, p + 49, 32);
        for (int i = 0; i < 2; i++)
            if ((x.child[i].id == 0) != hash_is_zero(&x.child[i].hash))
                return false;
    } else {
        return false;
    }
    *ret_node = x;
    return true;
}

enum status sparse_node_read(const struct sparse_store *store, const struct sparse_child *c,
                             struct sparse_node *ret_node, struct err *err)
{
    uint8_t bytes[SPARSE_NODE_MAX];
    size_t n = 0;
    enum status st = store->get(store->ctx, c->id, bytes, &n);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_CORRUPT, "state tree: node %" PRIu64 " is missing, expected one with hash %s",
                       c->id, hex_of(&c->hash).s);
    if (st != ST_OK)
        return err_set(err, st, "state tree: node %" PRIu64 ": %s", c->id, status_text(st));
    ASSERT(n <= sizeof bytes);
    struct sparse_node x;
    if (!decode(bytes, n, &x))
        return err_set(err, ST_CORRUPT, "state tree: node %" PRIu64 " is malformed (%zu bytes)", c->id, n);
    struct hash h;
    sparse_node_hash(&x, &h);
    if (!hash_eq(&h, &c->hash))
        return err_set(err, ST_CORRUPT, "state tree: node %" PRIu64 " has hash %s, its parent says %s", c->id,
                       hex_of(&h).s, hex_of(&c->hash).s);
    *ret_node = x;
    return ST_OK;
}
