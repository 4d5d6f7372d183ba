#include <sodium.h>
#include "crypto/ed25519.h"

/* The base point (RFC 8032, section 5.1) plus the point of order two (0, -1): on the curve, not in the main
 * subgroup. Negating x and y of B = (x, 4/5) gives y = -4/5. */
static const struct hash mixed_order = {
    {0x95, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99,
     0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99},
};

enum status ed25519_init(struct err *err)
{
    if (sodium_init() < 0)
        return err_set(err, ST_UNSUPPORTED, "libsodium cannot start: no source of random numbers");
    if (ed25519_check_key(&mixed_order) == ST_OK)
        return err_set(
            err, ST_UNSUPPORTED,
            "this libsodium (%s) accepts Ed25519 keys outside the main subgroup (CVE-2025-69277), so "
            "nodes could disagree; install 1.0.18-1+deb12u1 or later",
            sodium_version_string());
    return ST_OK;
}

enum status ed25519_from_seed(const uint8_t seed[32], struct ed25519_key **ret_key)
{
    struct ed25519_key *k = sodium_malloc(sizeof *k);
    if (k == NULL)
        return ST_NOMEM;
    (void)crypto_sign_seed_keypair(k->pub.b, k->secret, seed);
    *ret_key = k;
    return ST_OK;
}

enum status ed25519_new(const struct rng *rng, struct ed25519_key **ret_key)
{
    uint8_t seed[32];
    rng_fill(rng, seed, sizeof seed);
    enum status st = ed25519_from_seed(seed, ret_key);
    sodium_memzero(seed, sizeof seed);
    return st;
}

void ed25519_free(struct ed25519_key *key)
{
    sodium_free(key);
}

void ed25519_freep(struct ed25519_key **key)
{
    ed25519_free(*key);
    *key = NULL;
}

enum status ed25519_check_key(const struct hash *pub)
{
    return crypto_core_ed25519_is_valid_point(pub->b) == 1 ? ST_OK : ST_BADKEY;
}

enum status ed25519_check_key_once(struct ed25519_checked *c, const struct hash *pub)
{
    size_t i = (size_t)(load_u64(pub->b) % ED25519_CHECKED_SLOTS);
    if (c != NULL && c->slots[i].used && hash_eq(&c->slots[i].key, pub))
        return ST_OK;
    enum status st = ed25519_check_key(pub);
    if (c != NULL && st == ST_OK) {
        c->slots[i].key = *pub;
        c->slots[i].used = true;
    }
    return st;
}

/* libsodium's declarations refuse NULL even for no bytes. */
static const uint8_t *bytes_of(struct span s)
{
    static const uint8_t none;
    return s.n == 0 ? &none : s.p;
}

void ed25519_sign(const struct ed25519_key *key, struct span message, struct sig64 *ret_sig)
{
    (void)crypto_sign_detached(ret_sig->b, NULL, bytes_of(message), message.n, key->secret);
}

enum status ed25519_verify(const struct hash *pub, struct span message, const struct sig64 *sig)
{
    if (ed25519_check_key(pub) != ST_OK)
        return ST_BADKEY;
    return ed25519_verify_known(pub, message, sig);
}

enum status ed25519_verify_known(const struct hash *pub, struct span message, const struct sig64 *sig)
{
    return crypto_sign_verify_detached(sig->b, bytes_of(message), message.n, pub->b) == 0 ? ST_OK : ST_BADSIG;
}
