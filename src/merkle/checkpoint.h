/* checkpoint: a tree head as a C2SP tlog-checkpoint (v1.0.0), signed by log keys and cosigned with a time by
 * cosignature keys (tlog-cosignature, v1.0.0). CKP-1 to CKP-3. */
#ifndef ENT_MERKLE_CHECKPOINT_H
#define ENT_MERKLE_CHECKPOINT_H

#include "crypto/ed25519.h"
#include "merkle/note.h"

struct checkpoint {
    struct span origin;
    uint64_t size;
    struct hash root;
    struct span extension; /* further lines, each ended by a newline; empty in ours */
};

/* The note's text. ST_FORMAT names the line and what was expected. Spans point into text. */
MUST_USE enum status checkpoint_parse(struct span text, struct checkpoint *ret_checkpoint, struct err *err);
/* Asserts that the origin is not empty and has no newline. */
void checkpoint_put(const struct checkpoint *c, struct buf *b);

/* Appends the signature line of k, whose key is `secret`'s public one, to a note that begins with `text`. The
 * first gives a signature by a log key, the second a cosignature with a time in seconds since 1970 (at most
 * 2^63 - 1). */
void checkpoint_sign(struct span text, const struct note_key *k, const struct ed25519_key *secret,
                     struct buf *b);
void checkpoint_cosign(struct span text, const struct note_key *k, const struct ed25519_key *secret,
                       uint64_t time_s, struct buf *b);

/* What one known key said. */
struct checkpoint_seen {
    bool signed_it;
    uint64_t time_s; /* of a cosignature; the newest, if there are several */
};

/* Verifies a note by n known keys; ret_seen[i] is for keys[i]. Lines whose name and id are of no known key
 * are ignored. A line of a known key that does not verify refuses the note: ST_BADSIG, with the line.
 * ST_NOTFOUND: no known key signed. ST_FORMAT, ST_LIMIT as note_parse and checkpoint_parse. */
MUST_USE enum status checkpoint_verify(struct span note, const struct note_key *keys, size_t n,
                                       struct arena *a, struct checkpoint *ret_checkpoint,
                                       struct checkpoint_seen *ret_seen, struct err *err);

#endif
