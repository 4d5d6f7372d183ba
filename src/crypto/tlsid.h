/* tlsid: a node's TLS identity: a P-256 key and a self-signed certificate, exactly by our template (GEN-2;
 * KEY-6 of SPEC spells out the bytes). A certificate that is X.509 v1 or CA:TRUE would let its owner make
 * members, so nothing but the template is accepted: everything except serial number, public key and signature
 * is compared byte for byte.
 *
 *     version 3; serial: 16 bytes, the first 0x40-0x7f; ecdsa-with-SHA256
 *     issuer = subject = CN=ORG (UTF8String); validity 200101000000Z to 99991231235959Z; P-256, uncompressed
 * point extensions in this order: subjectAltName dNSName=ORG; keyUsage critical digitalSignature;
 *     basicConstraints critical, empty (CA:FALSE)
 */
#ifndef ENT_CRYPTO_TLSID_H
#define ENT_CRYPTO_TLSID_H

#include "base/base.h"

enum {
    TLSID_CERT_MAX = 1024, /* of DER; node_keys.tls has the same bound */
    TLSID_KEY_MAX = 512,   /* of PEM */
};

struct tlsid {
    char key_pem[TLSID_KEY_MAX]; /* SEC 1, "BEGIN EC PRIVATE KEY", NUL-terminated; secret */
    size_t cert_n;
    uint8_t cert[TLSID_CERT_MAX]; /* DER */
};

/* A new key and certificate in locked memory. org is an ID (ENC-10). ST_NOMEM, ST_USAGE. */
MUST_USE enum status tlsid_new(struct span org, const struct rng *rng, struct tlsid **ret_id,
                               struct err *err);
/* Wipes and frees; accepts NULL. */
void tlsid_free(struct tlsid *id);

/* Is this the certificate of org by the template, signed by its own key? ST_MISMATCH (another organisation's,
 * or not the template: at byte n), ST_FORMAT, ST_LIMIT, ST_BADKEY (not a point of P-256), ST_BADSIG. Depends
 * on the arguments alone. */
MUST_USE enum status tlsid_check(struct span der, struct span org, struct err *err);

/* "-----BEGIN CERTIFICATE-----", lines of 64, for TLS libraries and openssl. */
void tlsid_put_pem(struct span der, struct buf *b);

/* DIR/tls.key (mode 0600) and DIR/tls.crt (PEM, 0644), durably; the directory is there. ST_EXISTS leaves
 * both. */
MUST_USE enum status tlsid_save(const struct tlsid *id, const char *dir, struct err *err);
/* Reads both and checks the certificate for org, and that the key is its key (ST_MISMATCH). ST_BADKEY: the
 * key file's mode lets others in, or it is not a P-256 key. And the statuses of tlsid_check and
 * keyfile_read_secret. */
MUST_USE enum status tlsid_open(const char *dir, struct span org, struct tlsid **ret_id, struct err *err);

#endif
