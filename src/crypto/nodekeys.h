/* nodekeys: the four Ed25519 keys of a node, one use each, in one directory: vote.key, cosign.key, log.key
 * and node.key (unsealed key files, since a node starts by itself). Directory mode 0700, files 0600. */
#ifndef ENT_CRYPTO_NODEKEYS_H
#define ENT_CRYPTO_NODEKEYS_H

#include "crypto/ed25519.h"

struct nodekeys {
    struct ed25519_key *vote;   /* consensus votes */
    struct ed25519_key *cosign; /* checkpoint cosignatures */
    struct ed25519_key *log;    /* checkpoints */
    struct ed25519_key *node;   /* hello, receipts, ready-at-tip, fault proofs */
};

/* Makes new keys and writes them, durably, into a new or empty directory. ST_EXISTS when it has content: keys
 * are never replaced. What was written is removed again on failure. */
MUST_USE enum status nodekeys_create(const char *dir, const struct rng *rng, struct err *err);
/* Statuses of keyfile_open; ST_BADKEY also when the directory is open to others; ST_MISMATCH when two of the
 * files hold one key. */
MUST_USE enum status nodekeys_open(const char *dir, struct nodekeys *ret_keys, struct err *err);
/* Wipes and frees; accepts NULL and a zeroed struct. */
void nodekeys_close(struct nodekeys *keys);

#endif
