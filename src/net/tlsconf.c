#include <mbedtls/pk.h>
#include <sodium.h>
#include "crypto/tlsid.h"
#include "net/tlsconf.h"

enum { SCALAR = 32, PEM_MAX = 4096 };

/* NUL-terminated PEM of a certificate, to be freed. */
static char *cert_pem(struct span der)
{
    struct buf b;
    buf_init(&b, PEM_MAX);
    tlsid_put_pem(der, &b);
    buf_u8(&b, 0);
    if (b.failed != ST_OK) {
        buf_deinit(&b);
        return NULL;
    }
    return (char *)b.p;
}

/* RFC 5915 ECPrivateKey on secp256r1, without the publicKey field. */
static char *bare_key_pem(const uint8_t d[SCALAR])
{
    static const uint8_t head[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, SCALAR};
    static const uint8_t curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    uint8_t der[sizeof head + SCALAR + sizeof curve];
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, d, SCALAR);
    memcpy(der + sizeof head + SCALAR, curve, sizeof curve);
    char text[sodium_base64_ENCODED_LEN(sizeof der, sodium_base64_VARIANT_ORIGINAL)];
    (void)sodium_bin2base64(text, sizeof text, der, sizeof der, sodium_base64_VARIANT_ORIGINAL);
    static const char form[] = "-----BEGIN EC PRIVATE KEY-----\n%.64s\n%s\n-----END EC PRIVATE KEY-----\n";
    size_t n = sizeof form + sizeof text;
    char *pem = malloc(n);
    if (pem != NULL)
        (void)snprintf(pem, n, form, text, text + 64);
    sodium_memzero(der, sizeof der);
    sodium_memzero(text, sizeof text);
    return pem;
}

static enum status read_scalar(const char *key_pem, uint8_t ret_d[SCALAR])
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int rv = mbedtls_pk_parse_key(&pk, (const uint8_t *)key_pem, strlen(key_pem) + 1, NULL, 0);
    enum status st = ST_BADKEY;
    if (rv == 0 && mbedtls_pk_can_do(&pk, MBEDTLS_PK_ECKEY) != 0) {
        const mbedtls_ecp_keypair *ec = mbedtls_pk_ec(pk);
        if (ec->grp.id == MBEDTLS_ECP_DP_SECP256R1 && mbedtls_mpi_write_binary(&ec->d, ret_d, SCALAR) == 0)
            st = ST_OK;
    }
    mbedtls_pk_free(&pk);
    return st;
}

enum status tlsconf_own_init(struct tlsconf_own *own, struct span cert_der, const char *key_pem,
                             struct err *err)
{
    uint8_t d[SCALAR];
    *own = (struct tlsconf_own){0};
    if (read_scalar(key_pem, d) != ST_OK)
        return err_set(err, ST_BADKEY, "the node's TLS key is not a P-256 key in PEM");
    own->key_pem = bare_key_pem(d);
    own->cert_pem = cert_pem(cert_der);
    sodium_memzero(d, sizeof d);
    if (own->key_pem == NULL || own->cert_pem == NULL) {
        tlsconf_own_deinit(own);
        return err_set(err, ST_NOMEM, "out of memory for the node's TLS key");
    }
    return ST_OK;
}

void tlsconf_own_deinit(struct tlsconf_own *own)
{
    if (own->key_pem != NULL)
        sodium_memzero(own->key_pem, strlen(own->key_pem));
    free(own->key_pem);
    free(own->cert_pem);
    *own = (struct tlsconf_own){0};
}

static enum status fail(struct err *err, int rv, const char *what, const char *whose)
{
    return err_set(err, rv == NNG_ENOMEM ? ST_NOMEM : ST_BADKEY, "%s of '%s' cannot be used for TLS: %s",
                   what, whose, nng_strerror(rv));
}

static enum status new_config(const struct tlsconf_own *own, nng_tls_mode mode, nng_tls_config **ret_config,
                              struct err *err)
{
    nng_tls_config *c = NULL;
    int rv = nng_tls_config_alloc(&c, mode);
    if (rv != 0)
        return fail(err, rv, "the configuration", "this node");
    if ((rv = nng_tls_config_version(c, NNG_TLS_1_2, NNG_TLS_1_2)) != 0 ||
        (rv = nng_tls_config_auth_mode(c, NNG_TLS_AUTH_MODE_REQUIRED)) != 0 ||
        (rv = nng_tls_config_own_cert(c, own->cert_pem, own->key_pem, NULL)) != 0) {
        nng_tls_config_free(c);
        return fail(err, rv, "the certificate or key", "this node");
    }
    *ret_config = c;
    return ST_OK;
}

enum status tlsconf_add(nng_tls_config *config, struct span member_der, const char *member_org,
                        struct err *err)
{
    char *pem = cert_pem(member_der);
    int rv = pem == NULL ? NNG_ENOMEM : nng_tls_config_ca_chain(config, pem, NULL);
    free(pem);
    return rv == 0 ? ST_OK : fail(err, rv, "the TLS certificate on the card", member_org);
}

enum status tlsconf_listen(const struct tlsconf_own *own, nng_tls_config **ret_config, struct err *err)
{
    return new_config(own, NNG_TLS_MODE_SERVER, ret_config, err);
}

enum status tlsconf_dial(const struct tlsconf_own *own, struct span peer_der, const char *peer_org,
                         nng_tls_config **ret_config, struct err *err)
{
    nng_tls_config *c = NULL;
    enum status st = new_config(own, NNG_TLS_MODE_CLIENT, &c, err);
    if (st != ST_OK)
        return st;
    st = tlsconf_add(c, peer_der, peer_org, err);
    int rv = st == ST_OK ? nng_tls_config_server_name(c, peer_org) : 0;
    if (rv != 0)
        st = fail(err, rv, "the name", peer_org);
    if (st == ST_OK)
        *ret_config = c;
    else
        nng_tls_config_free(c);
    return st;
}
