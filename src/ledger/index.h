/* index: table HAPPENED (gov/happened.h) beside the state that it follows from. A mark in it says of which height it is: a store
 * that an older program wrote has none, or an older one, and gets its index when a node starts on it. */
#ifndef ENT_LEDGER_INDEX_H
#define ENT_LEDGER_INDEX_H

#include "ledger/block.h"

/* The rows of a block's writes, into the transaction that flushes it. before: a view of the store as it was. */
MUST_USE enum status index_flush(const struct block *b, const struct view *before, struct store *s, struct store_txn *t,
                                 struct err *err);
/* Is the index that of the newest block? ST_CORRUPT when the store has no tip that can be read. */
MUST_USE enum status index_is_whole(const struct view *v, bool *ret_whole, struct err *err);
/* Makes it anew from the tables, in a transaction of its own, unless it is whole. */
MUST_USE enum status index_ensure(struct store *s, struct err *err);

#endif
