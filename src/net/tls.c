#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include "net/net.h"
#include "net/tls.h"

enum { SCALAR = 32 };

struct tls_own {
    mbedtls_x509_crt cert;
    mbedtls_pk_context key;
};

struct tls_config {
    atomic_uint refs;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt members;
    char server_name[256]; /* "" to listen */
};

struct tls {
    struct tls_config *config;
    atomic_bool up, output; /* also read without the lock */
    pthread_mutex_t lock;   /* over what follows */
    mbedtls_ssl_context ssl;
    struct span in; /* what the caller of tls_read has */
    struct buf out;
    int failed; /* by mbedTLS's number; 0: not */
    struct net_fingerprint seen;
};

static enum status fail(struct err *err, int rv, const char *what, const char *whose)
{
    char text[128];
    mbedtls_strerror(rv, text, sizeof text);
    bool memory = rv == MBEDTLS_ERR_X509_ALLOC_FAILED || rv == MBEDTLS_ERR_SSL_ALLOC_FAILED || rv == MBEDTLS_ERR_PK_ALLOC_FAILED;
    return err_set(err, memory ? ST_NOMEM : ST_BADKEY, "%s of '%s' cannot be used for TLS: %s", what, whose, text);
}

/* --- Our certificate and key --- */

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

/* From RFC 5915's ECPrivateKey without its publicKey: mbedTLS 2.28 then computes that part, which fills the table of
 * multiples of the base point kept with the key. Left to the first handshakes, two at once would free it under each other
 * (ecp_mul_comb: grp->T). */
static int parse_bare_key(mbedtls_pk_context *pk, const uint8_t d[SCALAR])
{
    static const uint8_t head[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, SCALAR};
    static const uint8_t curve[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    uint8_t der[sizeof head + SCALAR + sizeof curve];
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, d, SCALAR);
    memcpy(der + sizeof head + SCALAR, curve, sizeof curve);
    int rv = mbedtls_pk_parse_key(pk, der, sizeof der, NULL, 0);
    sodium_memzero(der, sizeof der);
    return rv;
}

enum status tls_own_new(struct span cert_der, const char *key_pem, struct tls_own **ret_own, struct err *err)
{
    uint8_t d[SCALAR];
    if (read_scalar(key_pem, d) != ST_OK)
        return err_set(err, ST_BADKEY, "the node's TLS key is not a P-256 key in PEM");
    struct tls_own *own = calloc(1, sizeof *own);
    if (own == NULL) {
        sodium_memzero(d, sizeof d);
        return err_set(err, ST_NOMEM, "out of memory for the node's TLS key");
    }
    mbedtls_x509_crt_init(&own->cert);
    mbedtls_pk_init(&own->key);
    int rv = parse_bare_key(&own->key, d);
    sodium_memzero(d, sizeof d);
    if (rv == 0)
        rv = mbedtls_x509_crt_parse_der(&own->cert, cert_der.p, cert_der.n);
    if (rv != 0) {
        tls_own_free(own);
        return fail(err, rv, "the certificate or key", "this node");
    }
    *ret_own = own;
    return ST_OK;
}

void tls_own_free(struct tls_own *own)
{
    if (own == NULL)
        return;
    mbedtls_pk_free(&own->key); /* wipes it */
    mbedtls_x509_crt_free(&own->cert);
    free(own);
}

/* --- Configurations --- */

static int random_bytes(void *ctx, unsigned char *p, size_t n)
{
    (void)ctx;
    randombytes_buf(p, n);
    return 0;
}

static int configure(struct tls_own *own, int endpoint, struct tls_config *c)
{
    /* Of those that nng's nodes offer too, the ones that processors have instructions for first. */
    static const int suites[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                 MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, 0};
    int rv = mbedtls_ssl_config_defaults(&c->conf, endpoint, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rv != 0)
        return rv;
    mbedtls_ssl_conf_min_version(&c->conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(&c->conf, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(&c->conf, suites);
    mbedtls_ssl_conf_authmode(&c->conf, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&c->conf, &c->members, NULL);
    mbedtls_ssl_conf_rng(&c->conf, random_bytes, NULL);
    mbedtls_ssl_conf_renegotiation(&c->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    if (endpoint == MBEDTLS_SSL_IS_CLIENT)
        mbedtls_ssl_conf_session_tickets(&c->conf, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    return mbedtls_ssl_conf_own_cert(&c->conf, &own->cert, &own->key);
}

static enum status new_config(struct tls_own *own, int endpoint, struct tls_config **ret_config, struct err *err)
{
    struct tls_config *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ST_NOMEM, "out of memory for TLS");
    atomic_init(&c->refs, 1);
    mbedtls_ssl_config_init(&c->conf);
    mbedtls_x509_crt_init(&c->members);
    int rv = configure(own, endpoint, c);
    if (rv != 0) {
        tls_config_free(c);
        return fail(err, rv, "the certificate or key", "this node");
    }
    *ret_config = c;
    return ST_OK;
}

enum status tls_config_listen(struct tls_own *own, struct tls_config **ret_config, struct err *err)
{
    return new_config(own, MBEDTLS_SSL_IS_SERVER, ret_config, err);
}

enum status tls_config_add(struct tls_config *config, struct span member_der, const char *member_org, struct err *err)
{
    int rv = mbedtls_x509_crt_parse_der(&config->members, member_der.p, member_der.n);
    return rv == 0 ? ST_OK : fail(err, rv, "the TLS certificate on the card", member_org);
}

enum status tls_config_dial(struct tls_own *own, struct span peer_der, const char *peer_org, struct tls_config **ret_config,
                            struct err *err)
{
    struct tls_config *c = NULL;
    enum status st = new_config(own, MBEDTLS_SSL_IS_CLIENT, &c, err);
    if (st != ST_OK)
        return st;
    ASSERT(strlen(peer_org) < sizeof c->server_name);
    (void)snprintf(c->server_name, sizeof c->server_name, "%s", peer_org);
    st = tls_config_add(c, peer_der, peer_org, err);
    if (st == ST_OK)
        *ret_config = c;
    else
        tls_config_free(c);
    return st;
}

struct tls_config *tls_config_hold(struct tls_config *config)
{
    atomic_fetch_add(&config->refs, 1);
    return config;
}

void tls_config_free(struct tls_config *config)
{
    if (config == NULL || atomic_fetch_sub(&config->refs, 1) != 1)
        return;
    mbedtls_ssl_config_free(&config->conf);
    mbedtls_x509_crt_free(&config->members);
    free(config);
}

/* --- A connection --- */

static int put_out(void *ctx, const unsigned char *p, size_t n)
{
    struct tls *t = ctx;
    buf_put(&t->out, p, n);
    if (t->out.failed != ST_OK)
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    atomic_store(&t->output, true);
    return (int)n;
}

static int take_in(void *ctx, unsigned char *p, size_t n)
{
    struct tls *t = ctx;
    if (t->in.n == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (n > t->in.n)
        n = t->in.n;
    memcpy(p, t->in.p, n);
    t->in = span_of(t->in.p + n, t->in.n - n);
    return (int)n;
}

/* Which certificate is shown; whether it is accepted mbedTLS has decided, and that stays. */
static int note_seen(void *ctx, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    struct tls *t = ctx;
    (void)flags;
    if (depth == 0)
        t->seen = net_fingerprint(span_of(cert->raw.p, cert->raw.len));
    return 0;
}

static bool wants_more(int rv)
{
    return rv == MBEDTLS_ERR_SSL_WANT_READ || rv == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* Under the lock: the handshake as far as it goes. ST_END: more is wanted. */
static enum status shake_hands(struct tls *t)
{
    int rv = mbedtls_ssl_handshake(&t->ssl);
    if (wants_more(rv))
        return ST_END;
    if (rv == 0) {
        atomic_store(&t->up, true);
        return ST_OK;
    }
    t->failed = rv;
    return ST_TLS;
}

enum status tls_new(struct tls_config *config, struct tls **ret_tls)
{
    struct tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ST_NOMEM;
    t->config = tls_config_hold(config);
    (void)pthread_mutex_init(&t->lock, NULL);
    buf_init(&t->out, TLS_OUT_MAX);
    mbedtls_ssl_init(&t->ssl);
    mbedtls_ssl_set_bio(&t->ssl, t, put_out, take_in, NULL);
    mbedtls_ssl_set_verify(&t->ssl, note_seen, t);
    int rv = mbedtls_ssl_setup(&t->ssl, &config->conf);
    if (rv == 0 && config->server_name[0] != 0)
        rv = mbedtls_ssl_set_hostname(&t->ssl, config->server_name);
    enum status st = rv != 0 ? ST_NOMEM : shake_hands(t);
    if (st != ST_END) {
        tls_free(t);
        return ST_NOMEM;
    }
    *ret_tls = t;
    return ST_OK;
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    mbedtls_ssl_free(&t->ssl);
    buf_deinit(&t->out);
    (void)pthread_mutex_destroy(&t->lock);
    tls_config_free(t->config);
    free(t);
}

/* Under the lock. */
static enum status read_some(struct tls *t, uint8_t *p, size_t cap, size_t *ret_n)
{
    if (t->failed != 0)
        return ST_TLS;
    enum status st = atomic_load(&t->up) ? ST_OK : shake_hands(t);
    if (st != ST_OK)
        return st;
    int rv = mbedtls_ssl_read(&t->ssl, p, cap);
    if (rv > 0) {
        *ret_n = (size_t)rv;
        return ST_OK;
    }
    if (wants_more(rv))
        return ST_END;
    if (rv == 0 || rv == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return ST_CLOSED;
    t->failed = rv;
    return ST_TLS;
}

enum status tls_read(struct tls *t, struct span *io_in, uint8_t *p, size_t cap, size_t *ret_n)
{
    (void)pthread_mutex_lock(&t->lock);
    t->in = *io_in;
    enum status st = read_some(t, p, cap, ret_n);
    *io_in = t->in;
    t->in = span_of(NULL, 0);
    (void)pthread_mutex_unlock(&t->lock);
    return st;
}

bool tls_is_up(const struct tls *t)
{
    return atomic_load(&t->up);
}

enum status tls_write(struct tls *t, struct span plain)
{
    int rv = 0;
    (void)pthread_mutex_lock(&t->lock);
    ASSERT(atomic_load(&t->up));
    while (plain.n > 0 && rv >= 0 && t->failed == 0) {
        rv = mbedtls_ssl_write(&t->ssl, plain.p, plain.n < TLS_RECORD_MAX ? plain.n : TLS_RECORD_MAX);
        if (rv > 0)
            plain = span_of(plain.p + rv, plain.n - (size_t)rv);
        else
            t->failed = rv == 0 ? MBEDTLS_ERR_SSL_INTERNAL_ERROR : rv;
    }
    enum status st = t->failed == 0 ? ST_OK : ST_TLS;
    (void)pthread_mutex_unlock(&t->lock);
    return st;
}

bool tls_has_output(const struct tls *t)
{
    return atomic_load(&t->output);
}

void tls_take(struct tls *t, struct buf *ret_out)
{
    buf_reset(ret_out);
    (void)pthread_mutex_lock(&t->lock);
    struct buf taken = t->out;
    t->out = *ret_out;
    *ret_out = taken;
    atomic_store(&t->output, false);
    (void)pthread_mutex_unlock(&t->lock);
}

void tls_why(struct tls *t, char ret_text[TLS_TEXT_MAX])
{
    char text[96];
    (void)pthread_mutex_lock(&t->lock);
    if (t->failed == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        (void)snprintf(ret_text, TLS_TEXT_MAX, "it showed the certificate %s", t->seen.s);
    else if (t->failed == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
        (void)snprintf(ret_text, TLS_TEXT_MAX, "it showed no certificate");
    else if (t->failed == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE)
        (void)snprintf(ret_text, TLS_TEXT_MAX, "it ended TLS with an alert");
    else {
        mbedtls_strerror(t->failed, text, sizeof text);
        (void)snprintf(ret_text, TLS_TEXT_MAX, "%s", text);
    }
    (void)pthread_mutex_unlock(&t->lock);
}
