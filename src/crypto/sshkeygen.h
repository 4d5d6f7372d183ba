/* sshkeygen: signs with a person's own OpenSSH key, through ssh-keygen -Y sign on standard input, as git
 * does. Works with a private key file, with an ssh-agent (the public key file and SSH_AUTH_SOCK), with a
 * hardware key. No shell.
 *
 * ssh-keygen asks for passphrases on the terminal or by SSH_ASKPASS, as it always does. */
#ifndef ENT_CRYPTO_SSHKEYGEN_H
#define ENT_CRYPTO_SSHKEYGEN_H

#include "codec/records.h"

struct sshkeygen {
    const char *program; /* NULL: ssh-keygen, found in PATH */
    uint32_t timeout_ms; /* 0: 60,000, time to touch a key */
    /* What ssh-keygen says while it runs ("Confirm user presence for key ..."), as it comes; NULL for nobody.
     */
    void (*said)(void *ctx, struct span text);
    void *ctx;
};

/* Blocks until ssh-keygen ends or the time is up; then it is ended by its id. how may be NULL. The signature
 * was verified against message and ns before it is returned. ST_NOTFOUND: no such program. ST_BADKEY:
 * ssh-keygen refused, with its words. ST_TIMEOUT. ST_IO. And the statuses of sshsig_read. */
MUST_USE enum status sshkeygen_sign(const struct sshkeygen *how, const char *key_path, const char *ns,
                                    struct span message, struct signature *ret_signature, struct err *err);

#endif
