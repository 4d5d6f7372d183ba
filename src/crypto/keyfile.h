/* keyfile: an Ed25519 key in a file of ours, sealed with a passphrase (KEY-1 to KEY-5 of SPEC).
 *
 * Text, each line ended by a newline, in this order and no other:
 *
 *     entente-key 1
 *     public ssh-ed25519 AAAA...          the public key, as OpenSSH writes it
 *     cost OPS BYTES                      sealed: Argon2id version 1.3, one lane, tag of 32 bytes
 *     salt BASE64                         sealed: 16 bytes
 *     nonce BASE64                        sealed: 24 bytes
 *     box BASE64                          sealed: XSalsa20-Poly1305 (crypto_secretbox) of the 32-byte seed
 *     seed BASE64                         unsealed: the seed itself, instead of the four lines before
 *     check HEX                           SHA-256 of all the bytes before this line
 *
 * So a damaged file is told from a wrong passphrase. The file is mode 0600; one that others may read is
 * refused. Secrets are kept in locked memory and wiped. */
#ifndef ENT_CRYPTO_KEYFILE_H
#define ENT_CRYPTO_KEYFILE_H

#include "crypto/ed25519.h"

enum keyfile_seal {
    KEYFILE_UNSEALED,    /* no passphrase: keys of a node, which starts by itself */
    KEYFILE_INTERACTIVE, /* 64 MiB, 2 passes: about 0.1 s */
    KEYFILE_MODERATE,    /* 256 MiB, 3 passes: about 0.7 s; for keys that are used rarely */
};

enum { KEYFILE_MAX = 1024 }; /* bytes of a file */

/* Writes a new file, durably; one that is there is never replaced. The passphrase is empty for
 * KEYFILE_UNSEALED and not otherwise (ST_USAGE). Blocks for the cost of the seal. ST_EXISTS, ST_NOSPACE,
 * ST_IO, ST_NOMEM. */
MUST_USE enum status keyfile_create(const char *path, const struct ed25519_key *key, enum keyfile_seal seal,
                                    struct span passphrase, const struct rng *rng, struct err *err);

/* The passphrase of an unsealed file is not looked at. ST_PASSPHRASE: wrong, or empty for a sealed file.
 * ST_BADKEY: the file's mode lets others in. ST_FORMAT, ST_RANGE (a cost out of bounds), ST_CORRUPT (the
 * check line, or the public key is not the seed's), ST_NOTFOUND, ST_IO, ST_NOMEM. */
MUST_USE enum status keyfile_open(const char *path, struct span passphrase, struct ed25519_key **ret_key,
                                  struct err *err);

/* What can be known without a passphrase. Statuses as above but ST_PASSPHRASE. */
MUST_USE enum status keyfile_public(const char *path, struct hash *ret_pub, bool *ret_sealed,
                                    struct err *err);

/* For other secret files of this folder: a NUL-terminated copy in locked memory, freed with sodium_free.
 * Refuses a file that is not a regular one, that group or others may read or write, or of more than limit
 * bytes. */
MUST_USE enum status keyfile_read_secret(const char *path, size_t limit, char **ret_text, size_t *ret_n,
                                         struct err *err);

#endif
