#include <criterion/criterion.h>
#include <mbedtls/pk.h>
#include "tools.h"

TestSuite(tlsconf, .init = suite_init, .fini = suite_fini);

/* The key without its public part is the same key: mbedTLS computes the same point from it. */
Test(tlsconf, bare_key_is_the_key)
{
    struct member m;
    struct tlsconf_own own;
    struct err err;
    member_make(&m, "alpha");
    cr_assert_eq(tlsconf_own_init(&own, span_of(m.tls->cert, m.tls->cert_n), m.tls->key_pem, &err), ST_OK);
    mbedtls_pk_context full, bare;
    mbedtls_pk_init(&full);
    mbedtls_pk_init(&bare);
    cr_assert_eq(
        mbedtls_pk_parse_key(&full, (const uint8_t *)m.tls->key_pem, strlen(m.tls->key_pem) + 1, NULL, 0), 0);
    cr_assert_eq(mbedtls_pk_parse_key(&bare, (const uint8_t *)own.key_pem, strlen(own.key_pem) + 1, NULL, 0),
                 0);
    cr_assert_lt(strlen(own.key_pem), strlen(m.tls->key_pem));
    cr_assert_eq(mbedtls_pk_check_pair(&full, &bare), 0);
    cr_assert_eq(mbedtls_mpi_cmp_mpi(&mbedtls_pk_ec(full)->Q.X, &mbedtls_pk_ec(bare)->Q.X), 0);
    cr_assert_not_null(mbedtls_pk_ec(bare)->grp.T, "the table is there before any handshake");
    cr_assert_null(mbedtls_pk_ec(full)->grp.T);
    mbedtls_pk_free(&full);
    mbedtls_pk_free(&bare);
    tlsconf_own_deinit(&own);
    cr_assert_null(own.key_pem);
    member_free(&m);
}

Test(tlsconf, not_a_key)
{
    static const char *const bad[] = {"", "nonsense",
                                      "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"};
    struct err err;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct tlsconf_own own;
        cr_assert_eq(tlsconf_own_init(&own, span_str("x"), bad[i], &err), ST_BADKEY, "%zu", i);
        cr_assert_str_eq(err.text, "the node's TLS key is not a P-256 key in PEM");
    }
}

Test(tlsconf, not_a_certificate)
{
    struct member m;
    struct tlsconf_own own;
    nng_tls_config *config = NULL;
    struct err err;
    member_make(&m, "alpha");
    cr_assert_eq(tlsconf_own_init(&own, span_of(m.tls->cert, m.tls->cert_n), m.tls->key_pem, &err), ST_OK);
    cr_assert_eq(tlsconf_dial(&own, span_str("junk"), "beta", &config, &err), ST_BADKEY);
    cr_assert_not_null(strstr(err.text, "the TLS certificate on the card of 'beta' cannot be used"), "%s",
                       err.text);
    cr_assert_null(config);
    tlsconf_own_deinit(&own);
    member_free(&m);
}
