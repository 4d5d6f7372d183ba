/* Answers about signatures, remembered: the nodes of a virtual world share one process, and each asks what the others
 * asked before. An answer depends on the arguments alone (crypto/ed25519.h, crypto/tlsid.h), so nothing changes but the
 * time it takes.
 * The linker puts these in the place of the originals (--wrap) in the simulator's programs, and there alone. */
#include <sodium.h>
#include "crypto/ed25519.h"
#include "crypto/hash.h"
#include "crypto/tlsid.h"

enum status __wrap_ed25519_check_key(const struct hash *pub);
enum status __real_ed25519_check_key(const struct hash *pub);
enum status __wrap_ed25519_verify(const struct hash *pub, struct span message, const struct sig64 *sig);
enum status __real_ed25519_verify(const struct hash *pub, struct span message, const struct sig64 *sig);
enum status __wrap_ed25519_verify_known(const struct hash *pub, struct span message, const struct sig64 *sig);
enum status __real_ed25519_verify_known(const struct hash *pub, struct span message, const struct sig64 *sig);
enum status __wrap_tlsid_check(struct span der, struct span org, struct err *err);
enum status __real_tlsid_check(struct span der, struct span org, struct err *err);

enum { SLOTS = 1 << 15 };

struct slot {
    uint8_t of[16];
    bool used;
    enum status answer;
};

static struct slot slots[SLOTS];

/* The slot of a question; of two questions with one slot the later one stays. */
static struct slot *slot_of(uint8_t kind, const struct hash *pub, struct span message, const struct sig64 *sig, bool *ret_known)
{
    crypto_generichash_state h;
    uint8_t of[16];
    (void)crypto_generichash_init(&h, NULL, 0, sizeof of);
    (void)crypto_generichash_update(&h, &kind, 1);
    (void)crypto_generichash_update(&h, pub->b, sizeof pub->b);
    if (sig != NULL)
        (void)crypto_generichash_update(&h, sig->b, sizeof sig->b);
    if (message.n != 0)
        (void)crypto_generichash_update(&h, message.p, message.n);
    (void)crypto_generichash_final(&h, of, sizeof of);
    struct slot *s = &slots[load_u64(of) % SLOTS];
    *ret_known = s->used && memcmp(s->of, of, sizeof of) == 0;
    memcpy(s->of, of, sizeof of);
    s->used = true;
    return s;
}

enum status __wrap_ed25519_check_key(const struct hash *pub)
{
    bool known;
    struct slot *s = slot_of(0, pub, (struct span){NULL, 0}, NULL, &known);
    if (!known)
        s->answer = __real_ed25519_check_key(pub);
    return s->answer;
}

enum status __wrap_ed25519_verify(const struct hash *pub, struct span message, const struct sig64 *sig)
{
    bool known;
    struct slot *s = slot_of(1, pub, message, sig, &known);
    if (!known)
        s->answer = __real_ed25519_verify(pub, message, sig);
    return s->answer;
}

enum status __wrap_ed25519_verify_known(const struct hash *pub, struct span message, const struct sig64 *sig)
{
    bool known;
    struct slot *s = slot_of(2, pub, message, sig, &known);
    if (!known)
        s->answer = __real_ed25519_verify_known(pub, message, sig);
    return s->answer;
}

/* Only that a certificate is good is remembered: a refusal has words too. */
enum status __wrap_tlsid_check(struct span der, struct span org, struct err *err)
{
    bool known;
    struct hash owner;
    sha256(org, &owner);
    struct slot *s = slot_of(3, &owner, der, NULL, &known);
    if (!known || s->answer != ST_OK)
        s->answer = __real_tlsid_check(der, org, err);
    return s->answer;
}
