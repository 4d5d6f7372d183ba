/* past: the record of a node as it stood at an earlier ledger time. The node's own blocks are executed again into memory, from
 * the founding on or from where the question before left off, with all that is checked of a block that comes from a partner
 * (recovery/rebuild.h). One thread. */
#ifndef ENT_NODE_PAST_H
#define ENT_NODE_PAST_H

#include "store/store.h"

struct past;

/* What is kept in memory of one such state, and for how long after it was asked for. */
enum { PAST_BYTES_MAX = 512 << 20, PAST_KEEP_MS = 600000 };

/* record: the node's store; it must live longer. stop is asked before each block: true ends the work. */
struct past *past_new(struct store *record, uint64_t most_bytes, bool (*stop)(void *ctx), void *ctx);
void past_free(struct past *p); /* accepts NULL */

/* The state after the last block whose time is not after at_ms; *ret_store is good until the next call, and for reading alone.
 * now_ms: by the node's clock. ST_USAGE: that is before the founding or to come; the words say so. ST_CLOSED: it was stopped;
 * ST_LIMIT: it takes more memory than there may be; ST_CORRUPT: a block does not hold. */
MUST_USE enum status past_at(struct past *p, uint64_t at_ms, uint64_t now_ms, struct store **ret_store, struct err *err);
/* Gives the memory back. */
void past_drop(struct past *p);
/* How many blocks were executed in all. For tests. */
uint64_t past_executed(const struct past *p);

#endif
