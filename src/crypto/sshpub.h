/* sshpub: OpenSSH public keys: wire form, .pub lines, fingerprints, allowed_signers lines.
 *
 * Two types are accepted: ssh-ed25519 (RFC 8709, section 4) and sk-ssh-ed25519@openssh.com with the
 * application "ssh:" (OpenSSH PROTOCOL.u2f). Others are refused with words. Every key read here is also a
 * valid point (SIG-4). */
#ifndef ENT_CRYPTO_SSHPUB_H
#define ENT_CRYPTO_SSHPUB_H

#include "base/base.h"
#include "codec/records.h"

#define SSHPUB_APPLICATION "ssh:"

enum { SSHPUB_LINE_MAX = 8192 };

/* Name of the algorithm in SSH formats. */
const char *sshpub_type(enum sig_alg alg);

/* The wire form: string type, string key, and for hardware keys string "ssh:". */
void sshpub_put_blob(struct buf *b, const struct public_key *key);
/* ST_FORMAT, ST_UNSUPPORTED (another type, another application), ST_BADKEY. */
MUST_USE enum status sshpub_parse_blob(struct span blob, struct public_key *ret_key, struct err *err);

/* One line: type, base64, and perhaps a comment, which is returned as a part of line (not checked text). A
 * final newline is fine; a second line is not. Statuses as above; ST_LIMIT over SSHPUB_LINE_MAX. */
MUST_USE enum status sshpub_parse(struct span line, struct public_key *ret_key, struct span *ret_comment,
                                  struct err *err);
/* "ssh-ed25519 AAAA... comment\n"; the comment may be empty. */
void sshpub_print(const struct public_key *key, struct span comment, struct buf *b);

struct sshpub_fingerprint {
    char s[52];
};
/* "SHA256:" and unpadded base64 of SHA-256 of the wire form, as ssh-keygen -l prints it. */
struct sshpub_fingerprint sshpub_fingerprint(const struct public_key *key);

/* One line of an allowed_signers file (ssh-keygen(1), ALLOWED SIGNERS). namespaces is a comma-separated list.
 * Times are ledger times; 0 means no bound. Both are cut to whole seconds, in UTC; the last second counts.
 * ST_FORMAT: principal or namespaces hold white space, quotes, commas or wildcards that would change the
 * line's meaning; ST_RANGE: a time after the year 9999. */
struct sshpub_signer {
    const char *principal;  /* a seat: "brand/alliance-manager" */
    const char *namespaces; /* "entry@entente"; "" for any */
    uint64_t valid_after_ms, valid_before_ms;
    struct public_key key;
};
MUST_USE enum status sshpub_allowed_signer(const struct sshpub_signer *signer, struct buf *b,
                                           struct err *err);

#endif
