#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <sodium.h>
#include <unistd.h>
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/tlsid.h"

#define NOT_BEFORE "20200101000000"
#define NOT_AFTER  "99991231235959"

enum {
    SERIAL = 16,
    POINT = 65, /* uncompressed: 04, x, y */
    ORG_MAX = 63,
    FILE_MAX = 4096,
};

/* --- the template: DER by hand (X.690, section 10; RFC 5280, section 4.1) --- */

struct der {
    size_t n;
    uint8_t b[TLSID_CERT_MAX];
};

static void der_raw(struct der *d, const void *p, size_t n)
{
    ASSERT(n <= sizeof d->b - d->n);
    memcpy(d->b + d->n, p, n);
    d->n += n;
}

static void der_put(struct der *d, uint8_t tag, const void *p, size_t n)
{
    uint8_t head[4] = {tag, (uint8_t)n};
    size_t head_n = 2;
    if (n > 0xff) {
        head[1] = 0x82;
        head[2] = (uint8_t)(n >> 8);
        head[3] = (uint8_t)n;
        head_n = 4;
    } else if (n > 0x7f) {
        head[1] = 0x81;
        head[2] = (uint8_t)n;
        head_n = 3;
    }
    der_raw(d, head, head_n);
    der_raw(d, p, n);
}

/* clang-format off */
static const uint8_t version_3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
/* AlgorithmIdentifier ecdsa-with-SHA256 (1.2.840.10045.4.3.2) */
static const uint8_t ecdsa_sha256[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
/* AlgorithmIdentifier id-ecPublicKey (1.2.840.10045.2.1), secp256r1 (1.2.840.10045.3.1.7) */
static const uint8_t ec_p256[] = {0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                  0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t common_name[] = {0x06, 0x03, 0x55, 0x04, 0x03};      /* 2.5.4.3 */
static const uint8_t alt_name[] = {0x06, 0x03, 0x55, 0x1d, 0x11};         /* 2.5.29.17 */
/* keyUsage (2.5.29.15), critical, BIT STRING with bit 0 alone */
static const uint8_t key_usage[] = {0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff,
                                    0x04, 0x04, 0x03, 0x02, 0x07, 0x80};
/* basicConstraints (2.5.29.19), critical, empty SEQUENCE */
static const uint8_t not_a_ca[] = {0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13, 0x01, 0x01, 0xff,
                                   0x04, 0x02, 0x30, 0x00};
/* clang-format on */

enum { SEQUENCE = 0x30, SET = 0x31, INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, UTF8 = 0x0c };

static void put_name(struct der *d, struct span org)
{
    struct der attribute = {0}, pair = {0}, set = {0};
    der_raw(&attribute, common_name, sizeof common_name);
    der_put(&attribute, UTF8, org.p, org.n);
    der_put(&pair, SEQUENCE, attribute.b, attribute.n);
    der_put(&set, SET, pair.b, pair.n);
    der_put(d, SEQUENCE, set.b, set.n);
}

static void put_validity(struct der *d)
{
    struct der times = {0};
    der_put(&times, 0x17, NOT_BEFORE "Z" + 2, 13); /* UTCTime: two digits of the year */
    der_put(&times, 0x18, NOT_AFTER "Z", 15);      /* GeneralizedTime, from 2050 on */
    der_put(d, SEQUENCE, times.b, times.n);
}

static void put_key(struct der *d, const uint8_t point[POINT])
{
    struct der info = {0};
    uint8_t bits[1 + POINT] = {0};
    memcpy(bits + 1, point, POINT);
    der_raw(&info, ec_p256, sizeof ec_p256);
    der_put(&info, BIT_STRING, bits, sizeof bits);
    der_put(d, SEQUENCE, info.b, info.n);
}

static void put_extensions(struct der *d, struct span org)
{
    struct der name = {0}, names = {0}, extension = {0}, list = {0}, sequence = {0};
    der_put(&name, 0x82, org.p, org.n);
    der_put(&names, SEQUENCE, name.b, name.n);
    der_raw(&extension, alt_name, sizeof alt_name);
    der_put(&extension, OCTET_STRING, names.b, names.n);
    der_put(&list, SEQUENCE, extension.b, extension.n);
    der_raw(&list, key_usage, sizeof key_usage);
    der_raw(&list, not_a_ca, sizeof not_a_ca);
    der_put(&sequence, SEQUENCE, list.b, list.n);
    der_put(d, 0xa3, sequence.b, sequence.n);
}

/* tbsCertificate by the template. */
static void put_tbs(struct der *d, struct span org, const uint8_t serial[SERIAL], const uint8_t point[POINT])
{
    struct der t = {0};
    der_raw(&t, version_3, sizeof version_3);
    der_put(&t, INTEGER, serial, SERIAL);
    der_raw(&t, ecdsa_sha256, sizeof ecdsa_sha256);
    put_name(&t, org);
    put_validity(&t);
    put_name(&t, org);
    put_key(&t, point);
    put_extensions(&t, org);
    der_put(d, SEQUENCE, t.b, t.n);
}

/* --- checking --- */

/* Takes one element with a minimal length off *left; ret_all has its header too. */
static bool der_take(struct span *left, uint8_t tag, struct span *ret_content, struct span *ret_all)
{
    if (left->n < 2 || left->p[0] != tag)
        return false;
    size_t head = 2, n = left->p[1];
    if (n == 0x81 && left->n >= 3) {
        head = 3;
        n = left->p[2];
        if (n < 0x80)
            return false;
    } else if (n == 0x82 && left->n >= 4) {
        head = 4;
        n = (size_t)left->p[2] << 8 | left->p[3];
        if (n < 0x100)
            return false;
    } else if (n >= 0x80) {
        return false;
    }
    if (n > left->n - head)
        return false;
    *ret_content = span_of(left->p + head, n);
    *ret_all = span_of(left->p, head + n);
    *left = span_of(left->p + head + n, left->n - head - n);
    return true;
}

/* A positive INTEGER in its shortest form, of at most 32 bytes without sign. */
static bool take_positive(struct span *left, struct span *ret_number)
{
    struct span s, all;
    if (!der_take(left, INTEGER, &s, &all) || s.n == 0 || (s.p[0] & 0x80) != 0)
        return false;
    if (s.p[0] == 0) {
        if (s.n == 1 || (s.p[1] & 0x80) == 0)
            return false;
        s = span_of(s.p + 1, s.n - 1);
    }
    *ret_number = s;
    return s.n <= 32;
}

struct parts {
    struct span tbs; /* with its header */
    uint8_t serial[SERIAL];
    uint8_t point[POINT];
    struct span r, s;
};

/* Serial and point out of the inside of tbsCertificate; the comparison shows whether all the rest is right.
 */
static bool take_variable(struct span t, struct parts *p)
{
    struct span content, all;
    if (!der_take(&t, 0xa0, &content, &all) || !der_take(&t, INTEGER, &content, &all) || content.n != SERIAL)
        return false;
    memcpy(p->serial, content.p, SERIAL);
    for (int i = 0; i < 4; i++) /* algorithm, issuer, validity, subject */
        if (!der_take(&t, SEQUENCE, &content, &all))
            return false;
    struct span info, bits;
    if (!der_take(&t, SEQUENCE, &info, &all) || !der_take(&info, SEQUENCE, &content, &all) ||
        !der_take(&info, BIT_STRING, &bits, &all) || bits.n != 1 + POINT)
        return false;
    memcpy(p->point, bits.p + 1, POINT);
    return (p->serial[0] & 0xc0) == 0x40 && p->point[0] == 0x04;
}

static bool split(struct span der, struct parts *p)
{
    struct span cert, inside, all, algorithm, bits, pair;
    if (!der_take(&der, SEQUENCE, &cert, &all) || der.n != 0 ||
        !der_take(&cert, SEQUENCE, &inside, &p->tbs) || !take_variable(inside, p))
        return false;
    if (!der_take(&cert, SEQUENCE, &inside, &algorithm) ||
        !span_eq(algorithm, span_of(ecdsa_sha256, sizeof ecdsa_sha256)))
        return false;
    if (!der_take(&cert, BIT_STRING, &bits, &all) || cert.n != 0 || bits.n < 1 || bits.p[0] != 0)
        return false;
    bits = span_of(bits.p + 1, bits.n - 1);
    return der_take(&bits, SEQUENCE, &pair, &all) && bits.n == 0 && take_positive(&pair, &p->r) &&
           take_positive(&pair, &p->s) && pair.n == 0;
}

static enum status check_signature(const struct parts *p, struct err *err)
{
    struct hash h;
    sha256(p->tbs, &h);
    mbedtls_ecp_group group;
    mbedtls_ecp_point q;
    mbedtls_mpi r, s;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    enum status st = ST_OK;
    if (mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
        mbedtls_mpi_read_binary(&r, p->r.p, p->r.n) != 0 || mbedtls_mpi_read_binary(&s, p->s.p, p->s.n) != 0)
        st = err_set(err, ST_NOMEM, "no memory to check a TLS certificate");
    else if (mbedtls_ecp_point_read_binary(&group, &q, p->point, POINT) != 0 ||
             mbedtls_ecp_check_pubkey(&group, &q) != 0)
        st = err_set(err, ST_BADKEY, "the TLS certificate's key is not a point of P-256");
    else if (mbedtls_ecdsa_verify(&group, h.b, sizeof h.b, &q, &r, &s) != 0)
        st = err_set(err, ST_BADSIG, "the TLS certificate is not signed by its own key");
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_group_free(&group);
    return st;
}

enum status tlsid_check(struct span der, struct span org, struct err *err)
{
    if (org.n == 0 || org.n > ORG_MAX)
        return err_set(err, ST_USAGE, "an organisation's id has 1 to %d characters", ORG_MAX);
    if (der.n > TLSID_CERT_MAX)
        return err_set(err, ST_LIMIT, "a TLS certificate has at most %d bytes; this has %zu", TLSID_CERT_MAX,
                       der.n);
    struct parts p;
    if (!split(der, &p))
        return err_set(
            err, ST_FORMAT,
            "not a TLS certificate as ententd init makes it: v3, P-256, ecdsa-with-SHA256, a serial of 16 "
            "bytes; make one with ententd init");
    struct der want = {0};
    put_tbs(&want, org, p.serial, p.point);
    size_t at = 0;
    while (at < want.n && at < p.tbs.n && want.b[at] == p.tbs.p[at])
        at++;
    if (at < want.n || at < p.tbs.n)
        return err_set(
            err, ST_MISMATCH,
            "the TLS certificate differs at byte %zu from what ententd init makes for %.*s; make one with "
            "ententd init",
            (size_t)(p.tbs.p - der.p) + at, SPAN_FMT(org));
    return check_signature(&p, err);
}

/* --- making: key and signature by mbedTLS. The rest is put together here, since its certificate writer
 * (2.28) puts a NULL beside ecdsa-with-SHA256, where RFC 5758, section 3.2, says there is none. --- */

static int rng_for_mbedtls(void *ctx, unsigned char *p, size_t n)
{
    const struct rng *rng = ctx;
    rng_fill(rng, p, n);
    return 0;
}

static int make_cert(mbedtls_pk_context *pk, struct span org, struct rng *rng, struct tlsid *id)
{
    uint8_t serial[SERIAL], point[POINT], bits[1 + MBEDTLS_PK_SIGNATURE_MAX_SIZE] = {0};
    size_t n = 0;
    rng_fill(rng, serial, sizeof serial);
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, and always 16 bytes long */
    const mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*pk);
    int e = mbedtls_ecp_point_write_binary(&pair->grp, &pair->Q, MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point,
                                           sizeof point);
    if (e != 0)
        return e;
    struct der inside = {0}, cert = {0};
    struct hash h;
    put_tbs(&inside, org, serial, point);
    sha256(span_of(inside.b, inside.n), &h);
    e = mbedtls_pk_sign(pk, MBEDTLS_MD_SHA256, h.b, sizeof h.b, bits + 1, &n, rng_for_mbedtls, rng);
    if (e != 0)
        return e;
    der_raw(&inside, ecdsa_sha256, sizeof ecdsa_sha256);
    der_put(&inside, BIT_STRING, bits, 1 + n);
    der_put(&cert, SEQUENCE, inside.b, inside.n);
    memcpy(id->cert, cert.b, cert.n);
    id->cert_n = cert.n;
    return 0;
}

enum status tlsid_new(struct span org, const struct rng *rng, struct tlsid **ret_id, struct err *err)
{
    if (org.n == 0 || org.n > ORG_MAX)
        return err_set(err, ST_USAGE, "an organisation's id has 1 to %d characters", ORG_MAX);
    struct tlsid *id = sodium_malloc(sizeof *id);
    if (id == NULL)
        return err_set(err, ST_NOMEM, "no memory for a TLS key");
    struct rng copy = *rng; /* mbedTLS wants a context that is not const */
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    int e = mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (e == 0)
        e = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(pk), rng_for_mbedtls, &copy);
    if (e == 0)
        e = mbedtls_pk_write_key_pem(&pk, (unsigned char *)id->key_pem, sizeof id->key_pem);
    if (e == 0)
        e = make_cert(&pk, org, &copy, id);
    mbedtls_pk_free(&pk);
    enum status st = ST_OK;
    if (e != 0)
        st =
            err_set(err, ST_NOMEM, "making the TLS certificate failed (mbedTLS error -0x%04x)", (unsigned)-e);
    if (st == ST_OK) /* what others will do */
        st = tlsid_check(span_of(id->cert, id->cert_n), org, err);
    if (st == ST_OK)
        *ret_id = id;
    else
        sodium_free(id);
    return st;
}

void tlsid_free(struct tlsid *id)
{
    sodium_free(id);
}

/* --- files --- */

void tlsid_put_pem(struct span der, struct buf *b)
{
    struct buf text;
    buf_init(&text, (size_t)2 * TLSID_CERT_MAX);
    ASSERT(der.n <= TLSID_CERT_MAX);
    base64_put(&text, der);
    ASSERT(text.failed == ST_OK);
    buf_printf(b, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0; at < text.n; at += 64) {
        buf_put(b, text.p + at, text.n - at < 64 ? text.n - at : 64);
        buf_u8(b, '\n');
    }
    buf_printf(b, "-----END CERTIFICATE-----\n");
    buf_deinit(&text);
}

enum status tlsid_save(const struct tlsid *id, const char *dir, struct err *err)
{
    struct arena a;
    struct buf pem;
    arena_init(&a, 0);
    buf_init(&pem, FILE_MAX);
    const char *key = file_join(&a, dir, "tls.key");
    const char *cert = file_join(&a, dir, "tls.crt");
    tlsid_put_pem(span_of(id->cert, id->cert_n), &pem);
    enum status st = pem.failed;
    if (st == ST_OK)
        st = file_write(key, span_str(id->key_pem), 0600, false, err);
    if (st == ST_OK) {
        st = file_write(cert, buf_span(&pem), 0644, false, err);
        if (st != ST_OK)
            (void)unlink(key);
    }
    buf_deinit(&pem);
    arena_deinit(&a);
    return st;
}

/* The key's public point is the certificate's. */
static enum status check_pair(const struct tlsid *id, const char *path, struct err *err)
{
    struct parts p;
    if (!split(span_of(id->cert, id->cert_n), &p))
        return err_set(err, ST_FORMAT, "%s: no certificate to compare with", path);
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    enum status st = ST_OK;
    uint8_t point[POINT];
    size_t n = 0;
    if (mbedtls_pk_parse_key(&pk, (const unsigned char *)id->key_pem, strlen(id->key_pem) + 1, NULL, 0) !=
            0 ||
        !mbedtls_pk_can_do(&pk, MBEDTLS_PK_ECKEY) || mbedtls_pk_ec(pk)->grp.id != MBEDTLS_ECP_DP_SECP256R1 ||
        mbedtls_ecp_point_write_binary(&mbedtls_pk_ec(pk)->grp, &mbedtls_pk_ec(pk)->Q,
                                       MBEDTLS_ECP_PF_UNCOMPRESSED, &n, point, sizeof point) != 0)
        st = err_set(err, ST_BADKEY, "%s: not a P-256 private key in PEM", path);
    else if (n != POINT || memcmp(point, p.point, POINT) != 0)
        st = err_set(err, ST_MISMATCH, "%s: not the key of the certificate tls.crt beside it", path);
    mbedtls_pk_free(&pk);
    return st;
}

static enum status read_cert(const char *path, struct arena *a, struct tlsid *id, struct err *err)
{
    struct span pem;
    enum status st = file_read(path, FILE_MAX, a, &pem, err);
    if (st != ST_OK)
        return st;
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    if (mbedtls_x509_crt_parse(&crt, pem.p, pem.n + 1) != 0 || crt.next != NULL)
        st = err_set(err, ST_FORMAT, "%s: not one certificate in PEM", path);
    else if (crt.raw.len > sizeof id->cert)
        st = err_set(err, ST_LIMIT, "%s: a certificate of more than %d bytes", path, TLSID_CERT_MAX);
    if (st == ST_OK) {
        id->cert_n = crt.raw.len;
        memcpy(id->cert, crt.raw.p, crt.raw.len);
    }
    mbedtls_x509_crt_free(&crt);
    return st;
}

static enum status read_key(const char *path, struct tlsid *id, struct err *err)
{
    char *pem = NULL;
    size_t n = 0;
    enum status st = keyfile_read_secret(path, TLSID_KEY_MAX - 1, &pem, &n, err);
    if (st != ST_OK)
        return st;
    memcpy(id->key_pem, pem, n + 1);
    sodium_free(pem);
    return ST_OK;
}

enum status tlsid_open(const char *dir, struct span org, struct tlsid **ret_id, struct err *err)
{
    struct tlsid *id = sodium_malloc(sizeof *id);
    if (id == NULL)
        return err_set(err, ST_NOMEM, "no memory for a TLS key");
    struct arena a;
    arena_init(&a, 0);
    const char *key = file_join(&a, dir, "tls.key");
    const char *cert = file_join(&a, dir, "tls.crt");
    enum status st = read_cert(cert, &a, id, err);
    if (st == ST_OK) {
        st = tlsid_check(span_of(id->cert, id->cert_n), org, err);
        if (st != ST_OK)
            (void)err_wrap(err, st, "%s: ", cert);
    }
    if (st == ST_OK)
        st = read_key(key, id, err);
    if (st == ST_OK)
        st = check_pair(id, key, err);
    arena_deinit(&a);
    if (st == ST_OK)
        *ret_id = id;
    else
        sodium_free(id);
    return st;
}
