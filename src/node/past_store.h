/* past_store: what a node's blocks are executed into again. The state that the rules work on is in memory. What only grows with
 * the log stays in the node's own store and is read there, up to the newest block that was executed: headers, leaves,
 * certificates, texts, boundaries, ids. So memory grows with the state, not with the log; and it is bounded.
 *
 * A text that the node was given late, or has no more, is there or not there as it is now. */
#ifndef ENT_NODE_PAST_STORE_H
#define ENT_NODE_PAST_STORE_H

#include "store/store.h"

/* Empty. record must live longer; nothing is written to it. A transaction that would take the records in memory beyond `most`
 * bytes fails with ST_LIMIT. One thread. */
struct store *past_store_new(struct store *record, uint64_t most);
/* Of the records in memory, what they need to be found included: an estimate. */
uint64_t past_store_bytes(const struct store *s);

#endif
