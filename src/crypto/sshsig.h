/* sshsig: signatures over the SSHSIG preimage (OpenSSH PROTOCOL.sshsig; SIG-1, SIG-5), and the armored files
 * that ssh-keygen -Y sign writes and -Y verify reads.
 *
 * Verification: ST_BADKEY and ST_BADSIG depend on the arguments alone and are the same at every node. */
#ifndef ENT_CRYPTO_SSHSIG_H
#define ENT_CRYPTO_SSHSIG_H

#include "codec/records.h"
#include "crypto/ed25519.h"

/* Namespaces (SIG-2): what a signature is for. */
#define SSHSIG_ENTRY    "entry@entente"
#define SSHSIG_VOTE     "vote@entente"
#define SSHSIG_GENESIS  "genesis@entente"
#define SSHSIG_CARD     "card@entente"
#define SSHSIG_HELLO    "hello@entente"
#define SSHSIG_LOGIN    "login@entente"
#define SSHSIG_RECEIPT  "receipt@entente"
#define SSHSIG_RECOVERY "recovery@entente"
#define SSHSIG_REFOUND  "refound@entente"
#define SSHSIG_DOSSIER  "dossier@entente"
#define SSHSIG_PULSE    "pulse@entente"
#define SSHSIG_NUDGE    "nudge@entente"

enum {
    SSHSIG_NAMESPACE_MAX = 64,
    SSHSIG_PREIMAGE_MAX = 6 + 4 + SSHSIG_NAMESPACE_MAX + 4 + 4 + 6 + 4 + 64,
    SSHSIG_FILE_MAX = 8192, /* most bytes of an armored file that are read */
};

struct sshsig_preimage {
    size_t n;
    uint8_t b[SSHSIG_PREIMAGE_MAX];
};

/* The bytes that are signed (SIG-1). ns is one of ours or a literal: 1 to SSHSIG_NAMESPACE_MAX bytes. */
void sshsig_preimage(const char *ns, struct span message, struct sshsig_preimage *ret_preimage);
/* What a hardware key signs instead (SIG-5): 69 bytes. */
struct sshsig_sk_message {
    uint8_t b[69];
};
void sshsig_sk_message(const struct sshsig_preimage *preimage, uint8_t flags, uint32_t counter,
                       struct sshsig_sk_message *ret_message);

/* By a key in memory; the second form makes the record of an entry. Cannot fail. */
void sshsig_sign(const struct ed25519_key *key, const char *ns, struct span message, struct sig64 *ret_sig);
void sshsig_sign_record(const struct ed25519_key *key, const char *ns, struct span message,
                        struct signature *ret_signature);

/* A plain Ed25519 signature (node keys). ST_BADKEY, ST_BADSIG. */
MUST_USE enum status sshsig_verify_raw(const struct hash *pub, const char *ns, struct span message,
                                       const struct sig64 *sig);
/* The same for a key that passed ed25519_check_key before: members of a validator set, keys on the record. */
MUST_USE enum status sshsig_verify_known(const struct hash *pub, const char *ns, struct span message,
                                         const struct sig64 *sig);
/* A signature record of either algorithm, key included. ST_BADKEY; ST_BADSIG, also for flags or counter
 * missing or where they do not belong, and for a hardware key without user presence. */
MUST_USE enum status sshsig_verify(const struct signature *signature, const char *ns, struct span message);
/* The same; the key is checked once for all calls with this c. */
MUST_USE enum status sshsig_verify_once(struct ed25519_checked *c, const struct signature *signature, const char *ns,
                                        struct span message);

/* An armored SSHSIG file. Namespace, hash algorithm (sha512), key and signature types are checked; the
 * signature is not: call sshsig_verify. Version 1 of the format only. ST_FORMAT; ST_LIMIT over
 * SSHSIG_FILE_MAX; ST_MISMATCH for another namespace; ST_UNSUPPORTED for another hash or key type; ST_BADKEY.
 */
MUST_USE enum status sshsig_read(struct span file, const char *ns, struct signature *ret_signature,
                                 struct err *err);
/* The same bytes as ssh-keygen -Y sign writes. */
void sshsig_write(const struct signature *signature, const char *ns, struct buf *b);

#endif
