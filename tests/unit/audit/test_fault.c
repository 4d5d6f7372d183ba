/* Which rule a bad signature or certificate breaks: the one that the other verifier names, too (PAK-8). */
#include <criterion/criterion.h>
#include "audit/fault.h"
#include "codec/codec.h"
#include "crypto/ed25519.h"

/* By a good key, over other bytes than anybody asks about. */
static struct signature made(void)
{
    static const uint8_t seed[32] = {7};
    struct ed25519_key *key;
    struct err err;
    struct signature s = {.alg = SIG_ED25519};
    cr_assert_eq(ed25519_init(&err), ST_OK, "%s", err.text);
    cr_assert_eq(ed25519_from_seed(seed, &key), ST_OK);
    s.key = key->pub;
    ed25519_sign(key, span_str("something"), &s.sig);
    ed25519_free(key);
    return s;
}

static void hex(const char *text, uint8_t to[32])
{
    struct hash h;
    cr_assert_eq(hex_to_hash(span_str(text), &h), ST_OK, "%s", text);
    memcpy(to, h.b, 32);
}

Test(fault, a_signature_of_good_form_is_not_over_these_bytes)
{
    struct signature s = made();
    cr_expect_str_eq(fault_of_signature(&s), "SIG-1");
}

/* Those of proto/vectors/reject.json, and of libsodium's list. */
Test(fault, what_is_refused_by_its_form)
{
    static const char *const small[] = {
        "0100000000000000000000000000000000000000000000000000000000000000", "0000000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"};
    for (size_t i = 0; i < ARRAY_LEN(small); i++) {
        struct signature r = made(), key = made();
        hex(small[i], r.sig.b);
        cr_expect_str_eq(fault_of_signature(&r), "SIG-4", "R %s", small[i]);
        hex(small[i], key.key.b);
        cr_expect_str_eq(fault_of_signature(&key), "SIG-4", "key %s", small[i]);
    }
    struct signature s = made();
    hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", s.sig.b + 32); /* the order */
    cr_expect_str_eq(fault_of_signature(&s), "SIG-4");
    s.sig.b[32]--;
    cr_expect_str_eq(fault_of_signature(&s), "SIG-1", "one below it");
    hex("e64f39f2433e656cdb7c308be7a0eb21b0f13dfa181ab3ba76cabe7025e0fb11", s.key.b); /* with a component of order 8 */
    cr_expect_str_eq(fault_of_signature(&s), "SIG-4");
}

Test(fault, a_hardware_key)
{
    struct signature s = made();
    s.alg = SIG_SK_ED25519;
    cr_expect_str_eq(fault_of_signature(&s), "SIG-5", "without flags and counter");
    SET_HAS(&s, signature_key_flags);
    SET_HAS(&s, signature_key_counter);
    s.flags = 4;
    cr_expect_str_eq(fault_of_signature(&s), "SIG-5", "nobody present");
    s.flags = 5;
    cr_expect_str_eq(fault_of_signature(&s), "SIG-5", "not over these bytes");
    memset(s.key.b, 0, 32);
    cr_expect_str_eq(fault_of_signature(&s), "SIG-4");
    s = made();
    SET_HAS(&s, signature_key_flags);
    cr_expect_str_eq(fault_of_signature(&s), "SIG-5", "flags of a plain key");
}

static struct span bytes_of(struct buf *b, const char *first, const char *second)
{
    struct commit_sig sigs[] = {{.org = span_str(first)}, {.org = span_str(second)}};
    struct certificate c = {.epoch = 0, .height = 1, .sigs = {2, sigs}};
    buf_reset(b);
    cr_assert_eq(codec_encode(&certificate_desc, &c, b), ST_OK);
    return buf_span(b);
}

Test(fault, the_order_of_a_certificate)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 4096);
    cr_expect_null(fault_of_certificate(bytes_of(&b, "clinics", "maker")));
    cr_expect_str_eq(fault_of_certificate(bytes_of(&b, "maker", "clinics")), "ENC-13");
    cr_expect_str_eq(fault_of_certificate(bytes_of(&b, "maker", "maker")), "ENC-13");
    cr_expect_null(fault_of_certificate(span_str("no certificate")));
}

Test(fault, the_order_of_a_refounding)
{
    struct genesis_sig sigs[] = {{.seat = span_str("clinics/registrar")}, {.seat = span_str("clinics/sponsor")}, {.seat = span_str("clinics/sponsor")}};
    struct refounding_info r = {.file = {.sigs = {3, sigs}}};
    sigs[2].signature.key.b[0] = 1;
    cr_expect(fault_ascends(&r));
    sigs[2].signature.key.b[0] = 0;
    cr_expect_not(fault_ascends(&r), "one twice");
    sigs[2].seat = span_str("clinics/registrar");
    cr_expect_not(fault_ascends(&r));
    r.file.sigs.n = 0;
    cr_expect(fault_ascends(&r));
}
