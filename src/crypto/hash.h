/* hash: SHA-256 and SHA-512 (FIPS 180-4). The one place where the project hashes, so that a faster
 * implementation can be put in here alone. None of these can fail. */
#ifndef ENT_CRYPTO_HASH_H
#define ENT_CRYPTO_HASH_H

#include <sodium.h>
#include "base/span.h"

/* Hashing piece by piece: init, update any number of times, final once. */
struct sha256 {
    crypto_hash_sha256_state state;
};

static inline void sha256_init(struct sha256 *h)
{
    (void)crypto_hash_sha256_init(&h->state);
}

static inline void sha256_update(struct sha256 *h, struct span bytes)
{
    if (bytes.n != 0)
        (void)crypto_hash_sha256_update(&h->state, bytes.p, bytes.n);
}

static inline void sha256_final(struct sha256 *h, struct hash *ret_hash)
{
    (void)crypto_hash_sha256_final(&h->state, ret_hash->b);
}

static inline void sha256(struct span bytes, struct hash *ret_hash)
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, bytes);
    sha256_final(&h, ret_hash);
}

/* Of a followed by b. */
static inline void sha256_2(struct span a, struct span b, struct hash *ret_hash)
{
    struct sha256 h;
    sha256_init(&h);
    sha256_update(&h, a);
    sha256_update(&h, b);
    sha256_final(&h, ret_hash);
}

struct hash512 {
    uint8_t b[64];
};

static inline void sha512(struct span bytes, struct hash512 *ret_hash)
{
    static const uint8_t none;
    (void)crypto_hash_sha512(ret_hash->b, bytes.n == 0 ? &none : bytes.p, bytes.n);
}

#endif
