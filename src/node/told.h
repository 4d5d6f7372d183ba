/* told: whom a node has reminded of what, and of what it is to remind whom now. Pure: times are given, by the node's own
 * clock, since the ledger's stands still while nothing happens.
 *
 * A seat is reminded three times at most of what it owes: when that is first seen, at half of the time from there to the
 * deadline, and 24 h before the deadline. What was not told in time is not told twice: the next reminder stands for those
 * before it. A deadline that moves starts half-time and last day anew; an edition that changes starts everything anew. */
#ifndef ENT_NODE_TOLD_H
#define ENT_NODE_TOLD_H

#include "codec/codec.h"

/* Of told_row.told: which occasions are past. */
enum { TOLD_OWED = 1, TOLD_HALF = 2, TOLD_LAST = 4 };
enum { TOLD_ROWS_MAX = 65536, TOLD_FILE_MAX = 32 << 20, TOLD_AGAIN_MS = 10000, TOLD_AGAIN_MAX_MS = 3600000 };

/* One reminder: seats that owe it and are told together. */
struct told_due {
    const struct query_owed *owed;
    enum occasion occasion;
    struct span_list seats;
};
struct told_due_list {
    size_t n;
    struct told_due *v;
};

/* Compares with what is owed now. before is ascending, as ret_rows is. What is no longer owed is forgotten. ret_next_ms: when
 * something becomes due by time alone (UINT64_MAX: nothing does). Everything returned is in the arena or
 * borrowed from owed; rows beyond TOLD_ROWS_MAX are left out. ST_LIMIT: the arena is full. */
MUST_USE enum status told_compare(const struct told_row_list *before, const struct query_owed_list *owed, uint64_t now_ms,
                                  struct arena *a, struct told_row_list *ret_rows, struct told_due_list *ret_due,
                                  uint64_t *ret_next_ms);
/* The command took it. */
void told_done(struct told_row_list *rows, const struct told_due *due, uint64_t now_ms);
/* It did not: again after 10 s, and twice as long after each failure that follows, up to an hour. */
void told_failed(struct told_row_list *rows, const struct told_due *due, uint64_t now_ms);

/* Bytes of the file. ST_FORMAT: they are not such a file's. The rows borrow from bytes, or are in the arena. */
MUST_USE enum status told_decode(struct span bytes, struct arena *a, struct told_row_list *ret_rows, struct err *err);
MUST_USE enum status told_encode(const struct told_row_list *rows, struct buf *b);

#endif
