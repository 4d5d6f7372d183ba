#include <criterion/criterion.h>
#include <sodium.h>
#include "base/base.h"
#include "crypto/ed25519.h"
#include "tools.h"

TestSuite(ed25519, .init = suite_init, .fini = suite_fini);

/* RFC 8032, section 7.1, tests 1 to 3 and SHA(abc). */
static const struct {
    const char *seed, *pub, *message, *sig;
} rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
     "3dca179c138ac17ad9bef1177331a704"},
};

Test(ed25519, rfc8032)
{
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(rfc8032); i++) {
        struct ed25519_key *key = NULL;
        struct span message = unhex(rfc8032[i].message, &a);
        struct sig64 sig;
        cr_assert_eq(ed25519_from_seed(unhex(rfc8032[i].seed, &a).p, &key), ST_OK);
        cr_assert_str_eq(hex_of(&key->pub).s, rfc8032[i].pub);
        ed25519_sign(key, message, &sig);
        cr_assert(span_eq(span_of(sig.b, 64), unhex(rfc8032[i].sig, &a)), "test %zu", i);
        cr_assert_eq(ed25519_check_key(&key->pub), ST_OK);
        cr_assert_eq(ed25519_verify(&key->pub, message, &sig), ST_OK);
        cr_assert_eq(ed25519_verify_known(&key->pub, message, &sig), ST_OK);
        for (size_t bit = 0; bit < 512; bit++) {
            sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_eq(ed25519_verify_known(&key->pub, message, &sig), ST_BADSIG, "bit %zu", bit);
            sig.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        ed25519_free(key);
    }
    arena_deinit(&a);
}

static void count_up(void *ctx, uint8_t *p, size_t n)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < n; i++)
        p[i] = (*next)++;
}

Test(ed25519, new_takes_its_seed_from_the_rng)
{
    uint8_t next = 3, seed[32];
    for (size_t i = 0; i < 32; i++)
        seed[i] = (uint8_t)(3 + i);
    const struct rng rng = {&next, count_up};
    struct ed25519_key *a = NULL, *b = NULL, *c = NULL;
    cr_assert_eq(ed25519_new(&rng, &a), ST_OK);
    cr_assert_eq(ed25519_from_seed(seed, &b), ST_OK);
    cr_assert_eq(ed25519_new(&rng, &c), ST_OK);
    cr_assert(hash_eq(&a->pub, &b->pub));
    cr_assert(!hash_eq(&a->pub, &c->pub));
    ed25519_free(a);
    ed25519_free(b);
    ed25519_freep(&c);
    cr_assert_null(c);
    ed25519_free(NULL);
}

/* The base point plus the point of order two, which libsodium before the fix of CVE-2025-69277 accepts.
 * Computed here by libsodium's own addition. */
Test(ed25519, refuses_a_mixed_order_key)
{
    struct hash order_two, mixed;
    struct ed25519_key *key = NULL;
    memset(order_two.b, 0xff, 32);
    order_two.b[0] = 0xec;
    order_two.b[31] = 0x7f;
    cr_assert_eq(ed25519_new(&rng_system, &key), ST_OK);
    cr_assert_eq(crypto_core_ed25519_add(mixed.b, key->pub.b, order_two.b), 0);
    cr_assert_eq(ed25519_check_key(&mixed), ST_BADKEY);
    cr_assert_eq(ed25519_check_key(&order_two), ST_BADKEY);
    ed25519_free(key);
}

/* Refused each time, also in a slot that is empty and in one that a good key has; a good key that another took the slot of
 * is checked again. */
Test(ed25519, a_key_checked_once_is_one_that_passed)
{
    static struct ed25519_checked c;
    struct ed25519_key *key = NULL, *other = NULL;
    struct hash zero = {0}, order_two, mixed;
    memset(order_two.b, 0xff, 32);
    order_two.b[0] = 0xec;
    order_two.b[31] = 0x7f;
    cr_assert_eq(ed25519_new(&rng_system, &key), ST_OK);
    cr_assert_eq(crypto_core_ed25519_add(mixed.b, key->pub.b, order_two.b), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(ed25519_check_key_once(&c, &zero), ST_BADKEY);
        cr_assert_eq(ed25519_check_key_once(&c, &mixed), ST_BADKEY);
        cr_assert_eq(ed25519_check_key_once(NULL, &mixed), ST_BADKEY);
        cr_assert_eq(ed25519_check_key_once(&c, &key->pub), ST_OK);
        cr_assert_eq(ed25519_check_key_once(NULL, &key->pub), ST_OK);
    }
    for (int i = 0; i < 2 * ED25519_CHECKED_SLOTS; i++) { /* all slots are taken over, most more than once */
        cr_assert_eq(ed25519_new(&rng_system, &other), ST_OK);
        cr_assert_eq(ed25519_check_key_once(&c, &other->pub), ST_OK);
        ed25519_freep(&other);
        cr_assert_eq(ed25519_check_key_once(&c, &mixed), ST_BADKEY);
        cr_assert_eq(ed25519_check_key_once(&c, &zero), ST_BADKEY);
    }
    cr_assert_eq(ed25519_check_key_once(&c, &key->pub), ST_OK);
    ed25519_free(key);
}
