/* tls: TLS 1.2 (RFC 5246) over bytes in memory, by mbedTLS, with the members' pinned certificates (NET-1). Whoever has the
 * bytes carries them: here is no stream, no thread and no waiting.
 *
 * An `own` is a node's certificate and key; it outlives its configurations. A configuration says whom connections accept;
 * they share it, and each holds a reference, so that it may be let go of while they live on. Configurations do not change
 * once a connection uses them. Functions on one `struct tls` may be called from any thread. */
#ifndef ENT_NET_TLS_H
#define ENT_NET_TLS_H

#include "base/base.h"

struct tls_own;
struct tls_config;
struct tls;

enum {
    TLS_RECORD_MAX = 16384, /* plaintext of a record, RFC 5246, 6.2.1 */
    TLS_BURST_MAX = 4 * TLS_RECORD_MAX,
    TLS_OUT_MAX = 1 << 17, /* most bytes that wait to be taken: a burst in records, and what TLS says by itself */
    TLS_TEXT_MAX = 256,    /* of what tls_why says */
};

/* key_pem: P-256. ST_BADKEY, ST_NOMEM. */
MUST_USE enum status tls_own_new(struct span cert_der, const char *key_pem, struct tls_own **ret_own, struct err *err);
void tls_own_free(struct tls_own *own);

/* To dial: accepts that peer's certificate and no other; the server name is its common name. ST_BADKEY, ST_NOMEM. */
MUST_USE enum status tls_config_dial(struct tls_own *own, struct span peer_der, const char *peer_org,
                                     struct tls_config **ret_config, struct err *err);
/* To listen: a caller must show a certificate that was added. */
MUST_USE enum status tls_config_listen(struct tls_own *own, struct tls_config **ret_config, struct err *err);
MUST_USE enum status tls_config_add(struct tls_config *config, struct span member_der, const char *member_org, struct err *err);
struct tls_config *tls_config_hold(struct tls_config *config);
/* Gives one reference back; accepts NULL. */
void tls_config_free(struct tls_config *config);

/* The dialer's first bytes are there to be taken at once. ST_NOMEM. */
MUST_USE enum status tls_new(struct tls_config *config, struct tls **ret_tls);
void tls_free(struct tls *t);

/* Takes bytes of the other side from the front of io_in, and gives what they say: some plaintext (ST_OK), or ST_END when all
 * of io_in is used up and more is wanted. ST_TLS: it failed, for good; tls_why says why, and an alert may be there to be
 * taken. ST_CLOSED: the other side ended it. Any of them may leave bytes to be taken. */
MUST_USE enum status tls_read(struct tls *t, struct span *io_in, uint8_t *p, size_t cap, size_t *ret_n);
/* Are both sides known to each other? Only then can be written. */
bool tls_is_up(const struct tls *t);
/* Makes records of all of it, to be taken; at most TLS_BURST_MAX, when nothing waits to be taken. ST_TLS: for good. */
MUST_USE enum status tls_write(struct tls *t, struct span plain);
/* Is there something to be taken? */
bool tls_has_output(const struct tls *t);
/* Moves what is to be sent to ret_out, which was made by buf_init with TLS_OUT_MAX and is emptied first. */
void tls_take(struct tls *t, struct buf *ret_out);
/* Why it failed, in words; with the certificate seen, when one was: "it showed the certificate SHA256:...". */
void tls_why(struct tls *t, char ret_text[TLS_TEXT_MAX]);

#endif
