/* KEY-6: the certificate that a node's TLS key makes for itself; openssl and mbedTLS read it, and no other passes for it. */
#include <mbedtls/x509_crt.h>
#include <criterion/criterion.h>
#include <sodium.h>
#include <sys/stat.h>
#include "base/base.h"
#include "crypto/tlsid.h"
#include "tools.h"

TestSuite(tlsid, .init = suite_init, .fini = suite_fini);

static struct tlsid *an_id(const char *org)
{
    struct tlsid *id = NULL;
    struct err err = {0};
    cr_assert_eq(tlsid_new(span_str(org), &rng_system, &id, &err), ST_OK, "%s", err.text);
    return id;
}

static struct span cert_of(const struct tlsid *id)
{
    return span_of(id->cert, id->cert_n);
}

static char long_org[64];

static const char *longest(void)
{
    memset(long_org, 'a', 63);
    return long_org;
}

Test(tlsid, openssl_agrees)
{
    struct place p = place_make();
    struct arena a;
    struct buf pem;
    arena_init(&a, 0);
    buf_init(&pem, 4096);
    struct tlsid *id = an_id("brand");
    place_write(&p, "c.der", cert_of(id));
    tlsid_put_pem(cert_of(id), &pem);
    place_write(&p, "c.pem", buf_span(&pem));
    cr_assert_eq(place_run(&p, "openssl x509 -inform DER -in c.der -noout -text -dates -subject -issuer"), 0);
    const char *out = place_read(&p, "out", &a, NULL);
    static const char *const lines[] = {
        "Version: 3 (0x2)",
        "Signature Algorithm: ecdsa-with-SHA256",
        "NIST CURVE: P-256",
        "X509v3 Subject Alternative Name: \n                DNS:brand\n",
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Basic Constraints: critical\n                CA:FALSE\n",
        "notBefore=Jan  1 00:00:00 2020 GMT",
        "notAfter=Dec 31 23:59:59 9999 GMT",
        "subject=CN = brand\n",
        "issuer=CN = brand\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        cr_assert_not_null(strstr(out, lines[i]), "%s not in:\n%s", lines[i], out);
    cr_assert_eq(place_run(&p, "openssl x509 -inform DER -in c.der | cmp - c.pem"),
                 0); /* our PEM is theirs */
    cr_assert_eq(place_run(&p, "openssl verify -check_ss_sig -x509_strict -CAfile c.pem c.pem"), 0);
    place_write(&p, "k.pem", span_str(id->key_pem));
    cr_assert_eq(
        place_run(&p, "openssl pkey -in k.pem -pubout > 1 && openssl x509 -in c.pem -noout -pubkey > 2 && "
                      "cmp 1 2"),
        0);
    tlsid_free(id);
    tlsid_free(NULL);
    buf_deinit(&pem);
    arena_deinit(&a);
    place_remove(&p);
}

/* mbedTLS, which carries our connections, trusts it as itself and under its own name alone. */
Test(tlsid, mbedtls_accepts_it_as_trusted)
{
    struct tlsid *id = an_id("brand"), *other = an_id("brand");
    mbedtls_x509_crt c, o;
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&c);
    mbedtls_x509_crt_init(&o);
    cr_assert_eq(mbedtls_x509_crt_parse_der(&c, id->cert, id->cert_n), 0);
    cr_assert_eq(mbedtls_x509_crt_parse_der(&o, other->cert, other->cert_n), 0);
    cr_assert_eq(mbedtls_x509_crt_verify(&c, &c, NULL, "brand", &flags, NULL, NULL), 0);
    cr_assert_neq(mbedtls_x509_crt_verify(&c, &c, NULL, "retailer", &flags, NULL, NULL), 0);
    cr_assert_neq(mbedtls_x509_crt_verify(&c, &o, NULL, "brand", &flags, NULL, NULL), 0);
    mbedtls_x509_crt_free(&c);
    mbedtls_x509_crt_free(&o);
    tlsid_free(id);
    tlsid_free(other);
}

Test(tlsid, all_lengths_of_names)
{
    const char *full = longest();
    for (size_t n = 1; n <= 63; n++) {
        struct tlsid *id = an_id(full + 63 - n);
        cr_assert_leq(id->cert_n, TLSID_CERT_MAX);
        cr_assert_eq(tlsid_check(cert_of(id), span_str(full + 63 - n), NULL), ST_OK);
        if (n > 1)
            cr_assert_neq(tlsid_check(cert_of(id), span_str(full + 64 - n), NULL), ST_OK);
        tlsid_free(id);
    }
    struct tlsid *none = NULL;
    cr_assert_eq(tlsid_new(span_str(""), &rng_system, &none, NULL), ST_USAGE);
}

Test(tlsid, every_changed_byte_and_cut_is_refused)
{
    struct tlsid *id = an_id("brand");
    uint8_t copy[TLSID_CERT_MAX + 1];
    struct err err = {0};
    for (size_t i = 0; i < id->cert_n; i++) {
        memcpy(copy, id->cert, id->cert_n);
        copy[i] ^= 1;
        enum status st = tlsid_check(span_of(copy, id->cert_n), span_str("brand"), &err);
        cr_assert(st == ST_FORMAT || st == ST_MISMATCH || st == ST_BADKEY || st == ST_BADSIG, "byte %zu: %s",
                  i, status_name(st));
        cr_assert_neq(tlsid_check(span_of(id->cert, i), span_str("brand"), &err), ST_OK, "cut to %zu", i);
    }
    memcpy(copy, id->cert, id->cert_n);
    copy[id->cert_n] = 0;
    cr_assert_eq(tlsid_check(span_of(copy, id->cert_n + 1), span_str("brand"), &err), ST_FORMAT);
    cr_assert_eq(tlsid_check(span_of(copy, sizeof copy), span_str("brand"), &err), ST_LIMIT);
    cr_assert_eq(tlsid_check(cert_of(id), span_str("brane"), &err), ST_MISMATCH);
    /* headers 4 + 3, version 5, serial 18, algorithm 12; issuer: headers 2 + 2 + 2, type 5, header 2, "bran"
     * 4 */
    cr_assert_str_eq(
        err.text, "the TLS certificate differs at byte 59 from what ententd init makes for brane; make one "
                  "with ententd init");
    tlsid_free(id);
}

/* Certificates that openssl makes: each is wrong in one respect, or in all. */
Test(tlsid, refuses_others)
{
    static const char base[] =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:%s -nodes -keyout k -subj "
        "/CN=brand -days 3650 -outform DER -out c %s";
    static const struct {
        const char *curve, *more;
    } cases[] = {
        {"prime256v1", ""}, /* CA:TRUE */
        {"prime256v1",
         "-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature"},
        {"secp384r1", "-addext basicConstraints=critical,CA:FALSE"},
        {"prime256v1", "-sha512"},
    };
    struct place p = place_make();
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cr_assert_eq(place_run(&p, base, cases[i].curve, cases[i].more), 0);
        size_t n = 0;
        const char *der = place_read(&p, "c", &a, &n);
        struct err err = {0};
        enum status st = tlsid_check(span_of(der, n), span_str("brand"), &err);
        cr_assert(st == ST_FORMAT || st == ST_MISMATCH, "%zu: %s", i, status_name(st));
    }
    arena_deinit(&a);
    place_remove(&p);
}

/* The key of another certificate put into this one: all by the template, but the signature is another key's.
 */
Test(tlsid, refuses_a_borrowed_key)
{
    struct tlsid *id = an_id("brand"), *other = an_id("brand");
    struct err err = {0};
    static const uint8_t before[] = {0x03, 0x42, 0x00, 0x04}; /* BIT STRING of a point */
    size_t at = 0;
    while (memcmp(id->cert + at, before, sizeof before) != 0)
        at++;
    memcpy(id->cert + at + 4, other->cert + at + 4, 64);
    cr_assert_eq(tlsid_check(cert_of(id), span_str("brand"), &err), ST_BADSIG);
    cr_assert_str_eq(err.text, "the TLS certificate is not signed by its own key");
    memset(id->cert + at + 4, 0x11, 64);
    cr_assert_eq(tlsid_check(cert_of(id), span_str("brand"), &err), ST_BADKEY);
    tlsid_free(id);
    tlsid_free(other);
}

static unsigned mode_of(const char *path)
{
    struct stat sb;
    cr_assert_eq(stat(path, &sb), 0);
    return sb.st_mode & 07777;
}

Test(tlsid, save_and_open)
{
    struct place p = place_make();
    struct err err = {0};
    struct tlsid *id = an_id("brand"), *other = an_id("brand"), *back = NULL;
    cr_assert_eq(tlsid_save(id, p.dir, &err), ST_OK, "%s", err.text);
    cr_assert_eq(mode_of(place_path(&p, "tls.key")), 0600);
    cr_assert_eq(tlsid_open(p.dir, span_str("brand"), &back, &err), ST_OK, "%s", err.text);
    cr_assert(span_eq(cert_of(back), cert_of(id)));
    cr_assert_str_eq(back->key_pem, id->key_pem);
    tlsid_free(back);
    back = NULL;
    cr_assert_eq(tlsid_save(other, p.dir, &err), ST_EXISTS);
    cr_assert_eq(tlsid_open(p.dir, span_str("retailer"), &back, &err), ST_MISMATCH);
    cr_assert_not_null(strstr(err.text, "tls.crt: the TLS certificate differs at byte "));
    cr_assert_eq(chmod(place_path(&p, "tls.key"), 0644), 0);
    cr_assert_eq(tlsid_open(p.dir, span_str("brand"), &back, &err), ST_BADKEY);
    place_write(&p, "tls.key", span_str(other->key_pem));
    cr_assert_eq(tlsid_open(p.dir, span_str("brand"), &back, &err), ST_MISMATCH);
    cr_assert_not_null(strstr(err.text, "tls.key: not the key of the certificate tls.crt beside it"));
    place_write(&p, "tls.key", span_str("-----BEGIN EC PRIVATE KEY-----\n"));
    cr_assert_eq(tlsid_open(p.dir, span_str("brand"), &back, &err), ST_BADKEY);
    place_write(&p, "tls.crt", span_str("nothing"));
    cr_assert_eq(tlsid_open(p.dir, span_str("brand"), &back, &err), ST_FORMAT);
    cr_assert_null(back);
    tlsid_free(id);
    tlsid_free(other);
    place_remove(&p);
}
