/* epoch: the end of one epoch and the first block of the next, at this node (REF-5 to REF-8). Internal to replica. */
#ifndef ENT_REPLICA_EPOCH_H
#define ENT_REPLICA_EPOCH_H

#include "replica/internal.h"

/* Sets r->epoch, r->refounding and, for the first block of an epoch, r->set. Part of loading the state. */
MUST_USE enum status epoch_load(struct replica *r, struct err *err);
/* Stops signing when this node has reported for a new epoch (REF-1). */
void epoch_check_frozen(struct replica *r);
/* When the refounding taken ends the epoch with a block whose body is kept here: commits it. */
MUST_USE enum status epoch_end_here(struct replica *r, struct err *err);
/* A block of the open height that came with a refounding in place of its certificate: checks REF-2, and commits it.
 * ST_REFUSED: it has no certificate, and the operator has not given this refounding. Else as refounding_check. */
MUST_USE enum status epoch_end_with(struct replica *r, struct body *b, struct span refounding, struct err *err);
/* Takes a refounding that came with the first block of the next epoch, when the tip is the block that it ends with. Begins
 * the height anew. As replica_refound. */
MUST_USE enum status epoch_take(struct replica *r, struct span refounding, struct err *err);
/* What the next block names as its last commit. Borrowed. */
MUST_USE enum status epoch_last_commit(const struct replica *r, struct span *ret_bytes, struct err *err);
/* What a refounding that is taken, and not yet in force, makes of an organisation. */
void epoch_overlay(const struct view *v, const struct tip *tip, struct span org, struct arena *a, struct state_party *p);

#endif
