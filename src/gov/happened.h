/* happened: an index of what time did by itself, by when it did it (table HAPPENED), so that the news of a week cost what happened
 * in the week, however long the record is. Its rows follow from the rows of other tables and lie outside all roots: whoever
 * flushes a block puts them beside its writes (ledger/index.h). Queries read it; what applies entries and timers must not, for
 * there the block at hand is missing from it. */
#ifndef ENT_GOV_HAPPENED_H
#define ENT_GOV_HAPPENED_H

#include "gov/state.h"

enum { HAPPENED_OF_MOST = 2 };
/* Rows of the index for a row of another table; few tables give any. An event counts that names no seat: whether it followed
 * from an act at the same leaf is for who reads it. A reading counts when it was late, and when it was not checked in time; a
 * session when it was missed; a grant when it expired; a metric when it was computed. ST_CORRUPT when the row does not decode. */
MUST_USE enum status happened_of(uint8_t table, struct span key, struct span value, struct arena *scratch,
                                 struct tkey ret[HAPPENED_OF_MOST], size_t *ret_n, struct err *err);

/* Before all rows: the height that they are of, a u64. Who flushes keeps it. */
struct tkey happened_mark(void);

/* Where the walk begins: what a table has from at_ms on. */
struct tkey happened_from(enum table table, uint64_t at_ms);
/* The first of the walk before until_ms: its time, and the key of the table's row. *from moves on behind it. ST_END. */
MUST_USE enum status happened_next(const struct view *v, struct tkey *from, uint64_t until_ms, uint64_t *ret_at_ms,
                                   struct tkey *ret_key, struct err *err);

/* Calls each for the rows that the index ought to have, as the tables stand. What it returns, but ST_OK, is returned. */
MUST_USE enum status happened_each(const struct view *v, enum status (*each)(void *ctx, const struct tkey *row), void *ctx,
                                   struct err *err);
/* Has it these rows, and no others? ST_CORRUPT says what it lacks. */
MUST_USE enum status happened_check(const struct view *v, struct err *err);

#endif
