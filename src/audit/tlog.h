/* tlog: a verified record in the formats of transparency logs, for tools that know nothing of Entente: C2SP tlog-tiles,
 * tlog-proof and tlog-policy. All of the tree of the pack's newest checkpoint that a quorum cosigned. */
#ifndef ENT_AUDIT_TLOG_H
#define ENT_AUDIT_TLOG_H

#include "audit/record.h"

/* The log as static files, in a tar archive (POSIX ustar): `checkpoint`, `tile/L/N[.p/W]`, `tile/entries/N[.p/W]`.
 * ST_NOTFOUND: no such checkpoint. ST_IO, ST_CORRUPT. */
MUST_USE enum status tlog_tiles(const struct audit_record *r, FILE *out, struct err *err);
/* That the leaf is in that tree, with the checkpoint. ST_NOTFOUND: no checkpoint, or the leaf is not in its tree. */
MUST_USE enum status tlog_proof(const struct audit_record *r, uint64_t leaf, FILE *out, struct err *err);
/* Whose signatures make a checkpoint: the log keys and nodes in force at that checkpoint, and "q of them". */
MUST_USE enum status tlog_policy(const struct audit_record *r, FILE *out, struct err *err);
/* The leaf itself: what a proof's leaf hash is over. */
MUST_USE enum status tlog_leaf(const struct audit_record *r, uint64_t leaf, FILE *out, struct err *err);

#endif
