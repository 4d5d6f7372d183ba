/* leaf: an entry with its signature record, parsed from the bytes of its leaf (SPEC section 3). */
#ifndef ENT_LEDGER_LEAF_H
#define ENT_LEDGER_LEAF_H

#include "codec/codec.h"
#include "crypto/ed25519.h"

struct leaf {
    struct span bytes;           /* entry ‖ signature record, borrowed from the caller */
    struct span entry_bytes;     /* its first part: what was signed */
    struct entry entry;          /* spans point into bytes */
    struct signature signature;
    struct hash id;              /* SHA-256 of entry_bytes */
    struct hash leaf_hash;       /* RFC 6962 leaf hash of bytes */
};

/* Parses and checks form only: ENC-*, ENT-2's size, SIG-5's keys. ST_FORMAT, ST_RANGE, ST_LIMIT with words. */
MUST_USE enum status leaf_parse(struct span bytes, struct arena *a, struct leaf *ret_leaf, struct err *err);
/* The same, but for the two hashes, which stay zero. */
MUST_USE enum status leaf_read(struct span bytes, struct arena *a, struct leaf *ret_leaf, struct err *err);

/* Checks the signature (SIG-1, SIG-4, SIG-5). ST_OK, ST_BADSIG or ST_BADKEY. Thread-safe. */
MUST_USE enum status leaf_verify(const struct leaf *leaf);
/* The same; an author's key is checked once for all calls with this c. */
MUST_USE enum status leaf_verify_once(struct ed25519_checked *c, const struct leaf *leaf);

/* Joins the two parts of a submission into a leaf in the arena and parses it. Also checks the detached texts
 * against the digests in the entry's body (ENT-8): ST_MISMATCH names the text. */
MUST_USE enum status leaf_of_submission(const struct submission *s, struct arena *a, struct leaf *ret_leaf, struct err *err);

/* Does the entry's body hold this text's digest, and is the text within the field's bounds and rules (ENT-8)?
 * ST_OK, ST_NOTFOUND (no field has the digest), ST_RANGE or ST_FORMAT. */
MUST_USE enum status leaf_accepts_prose(const struct leaf *leaf, const struct prose *prose, struct err *err);

/* How many detached texts the entry's body names. */
MUST_USE enum status leaf_count_prose(const struct leaf *leaf, size_t *ret_n, struct err *err);

/* How many of them have this digest; NULL: how many in all. */
MUST_USE enum status leaf_count_digest(const struct leaf *leaf, const struct hash *digest, size_t *ret_n, struct err *err);

/* SHA-256 of the documents that the entry's body names: its fields `document` and `documents` (DOC-1), as they come, into the
 * arena. */
MUST_USE enum status leaf_documents(const struct leaf *leaf, struct arena *a, struct hash_list *ret_list, struct err *err);

/* SHA-256(salt ‖ text). */
void leaf_prose_digest(const struct prose *prose, struct hash *ret_digest);

#endif
