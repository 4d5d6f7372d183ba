/* rfc6962: the Merkle tree of the log (TRE-1): RFC 6962 section 2.1, SHA-256. Pure functions over hashes;
 * where the hashes are kept is the business of tiles.h. */
#ifndef ENT_MERKLE_RFC6962_H
#define ENT_MERKLE_RFC6962_H

#include "base/base.h"

/* A proof is a list of hashes. 64 levels are the most that a 64-bit size can have, one more for the starting
 * hash of a consistency proof. */
enum { RFC6962_PROOF_MAX = 65 };

struct rfc6962_proof {
    size_t n;
    struct hash v[RFC6962_PROOF_MAX];
};

/* SHA-256(0x00 || data). */
void rfc6962_leaf(struct span data, struct hash *ret_hash);
/* SHA-256(0x01 || left || right). ret_hash may be left or right. */
void rfc6962_node(const struct hash *left, const struct hash *right, struct hash *ret_hash);
/* Root over leaf hashes in order; SHA-256 of nothing for n == 0. */
void rfc6962_root(const struct hash *leaves, size_t n, struct hash *ret_root);

/* Is the leaf at position index of the tree with this size and root? RFC 9162 section 2.1.3.2. ST_RANGE:
 * index is not below size. ST_MISMATCH: the proof does not lead to the root (the message tells which of
 * length and root). err may be NULL. */
MUST_USE enum status rfc6962_verify_inclusion(const struct hash *leaf, uint64_t index, uint64_t size,
                                              const struct hash *proof, size_t n, const struct hash *root,
                                              struct err *err);

/* Is the tree of size1 a prefix of the tree of size2? RFC 9162 section 2.1.4.2. Two cases that the RFC leaves
 * out: equal sizes need the empty proof and equal roots; size1 == 0 needs the empty proof and the root of the
 * empty tree. ST_RANGE: size1 > size2. ST_MISMATCH as above. err may be NULL. */
MUST_USE enum status rfc6962_verify_consistency(uint64_t size1, const struct hash *root1, uint64_t size2,
                                                const struct hash *root2, const struct hash *proof, size_t n,
                                                struct err *err);

/* The largest power of two below n; n >= 2. "k" of RFC 6962 section 2.1. */
static inline uint64_t rfc6962_split(uint64_t n)
{
    return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

#endif
