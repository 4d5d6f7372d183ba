/* ed25519: keys and plain signatures (RFC 8032, section 5.1, pure Ed25519), by libsodium.
 *
 * A public key is accepted when it is the canonical encoding of a point of the main subgroup; so neither
 * small order nor a torsion component. Signatures are verified one at a time: batch verification accepts
 * differently and is not offered. S must be canonical (below the group order), which libsodium checks.
 *
 * ST_BADKEY and ST_BADSIG depend on the arguments alone, never on this machine, and are the same at every
 * node. */
#ifndef ENT_CRYPTO_ED25519_H
#define ENT_CRYPTO_ED25519_H

#include "base/base.h"
#include "codec/desc.h"

/* A secret key. Lives only in memory that is locked, guarded and wiped when freed (sodium_malloc). */
struct ed25519_key {
    struct hash pub;
    uint8_t secret[64]; /* seed, then public key, as libsodium keeps it */
};

/* Every program calls it once before any other function of crypto; calling again is harmless. ST_UNSUPPORTED:
 * this machine's libsodium has no random source, or accepts points outside the main subgroup (CVE-2025-69277,
 * present in Debian's 1.0.18 before 1.0.18-1+deb12u1), so that nodes could disagree on a key. */
MUST_USE enum status ed25519_init(struct err *err);

/* From a 32-byte seed (RFC 8032's secret key). The caller wipes its copy. ST_NOMEM. */
MUST_USE enum status ed25519_from_seed(const uint8_t seed[32], struct ed25519_key **ret_key);
/* A new one. ST_NOMEM. */
MUST_USE enum status ed25519_new(const struct rng *rng, struct ed25519_key **ret_key);
/* Wipes and frees; accepts NULL. */
void ed25519_free(struct ed25519_key *key);
/* Same, for CLEANUP: takes a pointer to the variable. */
void ed25519_freep(struct ed25519_key **key);

/* Is it a public key by the rule above? ST_BADKEY. About 45 us. */
MUST_USE enum status ed25519_check_key(const struct hash *pub);

/* Keys that passed, so that of many signatures by few keys each is checked once. Plain; all zero: none. */
enum { ED25519_CHECKED_SLOTS = 256 };
struct ed25519_checked {
    struct {
        bool used;
        struct hash key;
    } slots[ED25519_CHECKED_SLOTS];
};
/* ed25519_check_key, for a key that is not among them; c may be NULL. ST_BADKEY. */
MUST_USE enum status ed25519_check_key_once(struct ed25519_checked *c, const struct hash *pub);

/* Deterministic. */
void ed25519_sign(const struct ed25519_key *key, struct span message, struct sig64 *ret_sig);
/* Checks the key, then the signature. ST_BADKEY, ST_BADSIG. About 95 us. */
MUST_USE enum status ed25519_verify(const struct hash *pub, struct span message, const struct sig64 *sig);
/* For a key that passed ed25519_check_key before, where the answer is the same. ST_BADSIG. About 50 us. */
MUST_USE enum status ed25519_verify_known(const struct hash *pub, struct span message,
                                          const struct sig64 *sig);

#endif
