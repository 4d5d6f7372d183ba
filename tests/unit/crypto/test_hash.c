#include <criterion/criterion.h>
#include "base/base.h"
#include "crypto/hash.h"
#include "tools.h"

TestSuite(hash, .init = suite_init, .fini = suite_fini);

/* FIPS 180-4 examples (NIST, "SHA256.pdf", "SHA512.pdf"), and sha256sum /dev/null. */
static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

Test(hash, sha256_known)
{
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {two_blocks, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct hash h;
        sha256(span_str(cases[i].text), &h);
        cr_assert_str_eq(hex_of(&h).s, cases[i].hex);
    }
    struct hash h;
    sha256((struct span){NULL, 0}, &h);
    cr_assert_str_eq(hex_of(&h).s, cases[0].hex);
}

Test(hash, sha256_in_pieces)
{
    struct hash whole, two, pieces;
    size_t n = strlen(two_blocks);
    sha256(span_str(two_blocks), &whole);
    for (size_t at = 0; at <= n; at++) {
        sha256_2(span_of(two_blocks, at), span_of(two_blocks + at, n - at), &two);
        cr_assert(hash_eq(&two, &whole));
    }
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < n; i++)
        sha256_update(&s, span_of(two_blocks + i, 1));
    sha256_final(&s, &pieces);
    cr_assert(hash_eq(&pieces, &whole));
}

Test(hash, sha512_known)
{
    static const char empty[] = "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                                "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";
    static const char abc[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    struct arena a;
    arena_init(&a, 0);
    struct hash512 h;
    sha512((struct span){NULL, 0}, &h);
    cr_assert(span_eq(span_of(h.b, 64), unhex(empty, &a)));
    sha512(span_str("abc"), &h);
    cr_assert(span_eq(span_of(h.b, 64), unhex(abc, &a)));
    arena_deinit(&a);
}
