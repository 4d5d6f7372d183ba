#include "merkle/rfc6962.h"
#include "merkle/frontier.h"
#include "crypto/hash.h"

void rfc6962_leaf(struct span data, struct hash *ret_hash)
{
    static const uint8_t prefix = 0;
    sha256_2(span_of(&prefix, 1), data, ret_hash);
}

void rfc6962_node(const struct hash *left, const struct hash *right, struct hash *ret_hash)
{
    uint8_t t[65];
    t[0] = 1;
    memcpy(t + 1, left->b, 32);
    memcpy(t + 33, right->b, 32);
    sha256(span_of(t, sizeof t), ret_hash);
}

void rfc6962_root(const struct hash *leaves, size_t n, struct hash *ret_root)
{
    struct frontier f = {0};
    for (size_t i = 0; i < n; i++)
        frontier_append(&f, &leaves[i]);
    frontier_root(&f, ret_root);
}

/* "The proof does not lead there", in words. */
static enum status mismatch(struct err *err, const char *what, const struct hash *got,
                            const struct hash *want)
{
    return err_set(err, ST_MISMATCH, "%s: the proof leads to %s, expected %s", what, hex_of(got).s,
                   hex_of(want).s);
}

/* Shifts both until the lowest bit of *fn is set or *fn is 0. */
static void shift_to_set(uint64_t *fn, uint64_t *sn)
{
    while ((*fn & 1) == 0 && *fn != 0) {
        *fn >>= 1;
        *sn >>= 1;
    }
}

enum status rfc6962_verify_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
                                     const struct hash *proof, size_t n, const struct hash *root,
                                     struct err *err)
{
    if (index >= size) /* step 1 */
        return err_set(err, ST_RANGE, "leaf %" PRIu64 " is not in a tree of %" PRIu64 " leaves", index, size);
    uint64_t fn = index, sn = size - 1; /* step 2 */
    struct hash r = *leaf;              /* step 3 */
    for (size_t i = 0; i < n; i++) {    /* step 4 */
        if (sn == 0)
            return err_set(err, ST_MISMATCH,
                           "inclusion proof of %zu hashes is too long: %zu fit leaf %" PRIu64 " of %" PRIu64,
                           n, i, index, size);
        if ((fn & 1) != 0 || fn == sn) {
            rfc6962_node(&proof[i], &r, &r);
            shift_to_set(&fn, &sn);
        } else {
            rfc6962_node(&r, &proof[i], &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) /* step 5 */
        return err_set(err, ST_MISMATCH,
                       "inclusion proof of %zu hashes is too short for leaf %" PRIu64 " of %" PRIu64, n,
                       index, size);
    if (!hash_eq(&r, root))
        return mismatch(err, "inclusion", &r, root);
    return ST_OK;
}

/* The cases that the RFC leaves out: nothing to prove, so the proof must be empty. */
static enum status verify_trivial(uint64_t size1, const struct hash *root1, uint64_t size2,
                                  const struct hash *root2, size_t n, struct err *err)
{
    struct hash empty;
    rfc6962_root(NULL, 0, &empty);
    if (n != 0)
        return err_set(err, ST_MISMATCH, "consistency proof of %zu hashes, where it must be empty", n);
    if (size1 == 0 && !hash_eq(root1, &empty))
        return mismatch(err, "first root", &empty, root1);
    if (size1 == size2 && !hash_eq(root1, root2))
        return mismatch(err, "second root", root1, root2);
    return ST_OK;
}

enum status rfc6962_verify_consistency(uint64_t size1, const struct hash *root1, uint64_t size2,
                                       const struct hash *root2, const struct hash *proof, size_t n,
                                       struct err *err)
{
    if (size1 > size2)
        return err_set(err, ST_RANGE, "first size %" PRIu64 " is above the second, %" PRIu64, size1, size2);
    if (size1 == 0 || size1 == size2)
        return verify_trivial(size1, root1, size2, root2, n, err);
    if (n == 0) /* step 1 */
        return err_set(err, ST_MISMATCH, "consistency proof is empty, for sizes %" PRIu64 " and %" PRIu64,
                       size1, size2);
    uint64_t fn = size1 - 1, sn = size2 - 1; /* step 3 */
    while ((fn & 1) != 0) {                  /* step 4 */
        fn >>= 1;
        sn >>= 1;
    }
    size_t i = 0;
    struct hash fr = *root1; /* steps 2 and 5: for a power of two the first root is the start */
    if ((size1 & (size1 - 1)) != 0)
        fr = proof[i++];
    struct hash sr = fr;
    for (; i < n; i++) { /* step 6 */
        if (sn == 0)
            return err_set(err, ST_MISMATCH, "consistency proof of %zu hashes is too long", n);
        if ((fn & 1) != 0 || fn == sn) {
            rfc6962_node(&proof[i], &fr, &fr);
            rfc6962_node(&proof[i], &sr, &sr);
            shift_to_set(&fn, &sn);
        } else {
            rfc6962_node(&sr, &proof[i], &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0) /* step 7 */
        return err_set(err, ST_MISMATCH, "consistency proof of %zu hashes is too short", n);
    if (!hash_eq(&fr, root1))
        return mismatch(err, "first root", &fr, root1);
    if (!hash_eq(&sr, root2))
        return mismatch(err, "second root", &sr, root2);
    return ST_OK;
}
