/* availability: who signed, counted from certificates. Only those that a next block fixed count (its last_commit), so
 * every node and every auditor comes to the same figures. A certificate holds at least q signatures, not all: a node whose
 * signature came after the quorum's is not in it, though it was there. */
#ifndef ENT_LEDGER_AVAILABILITY_H
#define ENT_LEDGER_AVAILABILITY_H

#include "ledger/rows.h"

/* Blocks with from_ms <= ledger time < to_ms, but for the newest block and those with which an epoch ended without a certificate
 * (REF-6); rows ascend by organisation, one for each that
 * was a validator of any of them. Reads two rows a block. ST_CORRUPT, ST_LIMIT. */
MUST_USE enum status availability(const struct view *v, uint64_t from_ms, uint64_t to_ms, struct arena *a,
                                  struct query_availability *ret, struct err *err);

#endif
