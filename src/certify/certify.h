/* certify: makes the certificate of one decision from the blocks of a record, given one by one (SPEC section
 * 21). What it writes is to be checked by audit/certificate.h before it is handed on. */
#ifndef ENT_CERTIFY_CERTIFY_H
#define ENT_CERTIFY_CERTIFY_H

#include "pack/pack.h"

struct certify;

/* Of decision D-number. Never NULL. */
struct certify *certify_new(uint64_t number);
void certify_free(struct certify *c);
/* The founding, and a checkpoint that a quorum cosigned: its tree is the anchor's. Bytes are copied.
 * ST_FORMAT and kin. */
MUST_USE enum status certify_begin(struct certify *c, struct span genesis, struct span note, struct err *err);
/* The next block, from 0 on. *ret_done: it was the anchor; no more is wanted. ST_MISMATCH: it is not the
 * record's next block, or the record goes past the checkpoint's size. Signatures are not verified here. */
MUST_USE enum status certify_block(struct certify *c, const struct pack_block *b, bool *ret_done,
                                   struct err *err);
/* Once done. ST_NOTFOUND: there is no such decision in the anchor's state. */
MUST_USE enum status certify_write(struct certify *c, FILE *out, struct err *err);

/* The same from a pack, which must be seekable: it is read twice. ST_NOTFOUND: it has no checkpoint, or no
 * such decision. */
MUST_USE enum status certify_pack(FILE *pack, uint64_t number, FILE *out, struct err *err);

#endif
