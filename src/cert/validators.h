/* validators: sets of voting nodes, as `validator_set` of proto/ledger.def (BLK-6, CRT-3). */
#ifndef ENT_CERT_VALIDATORS_H
#define ENT_CERT_VALIDATORS_H

#include "codec/records.h"

/* SHA-256 of the set's bytes. The set is within its block's bounds (asserted). */
void validators_hash(const struct validator_set *set, struct hash *ret_hash);

/* 1 to 64 members, ascending by organisation; all keys valid (SIG-4) and different from each other.
 * ST_MISMATCH: order or a key used twice; ST_BADKEY; ST_RANGE. The message names the organisation. Some 90 us
 * a member. */
MUST_USE enum status validators_check(const struct validator_set *set, struct err *err);

/* Index of an organisation's node in a set that is in order, or -1. */
int validators_find(const struct validator_set *set, struct span org);

/* A copy that lives in the arena, organisations included. ST_LIMIT. */
MUST_USE enum status validators_copy(const struct validator_set *set, struct arena *a,
                                     struct validator_set *ret_set);

#endif
