/* regular: the charter's regular reports at this node: which of them its seats are to get, one made with its titles, and what
 * was handed over. Reminders carry them (notify.c): a report is something that is told once to each seat for each period. */
#ifndef ENT_NODE_REGULAR_H
#define ENT_NODE_REGULAR_H

#include "node/internal.h"

/* A report waits for the ledger's time to pass the end of its period; or, where nothing happens and that stands still, so long by
 * the node's own clock. After a long sleep at most so many periods of each are made up for. */
enum { REGULAR_GRACE_MS = 3600000, REGULAR_PERIODS_MAX = 12 };

/* Adds to *owed the reports that seats of this organisation are to have by now: of each the periods from the newest that was
 * told on (before: what the file says), or only the newest when none was. *next_ms becomes smaller when one is due by the
 * node's clock before. */
MUST_USE enum status regular_owed(const struct node *n, const struct view *v, const struct told_row_list *before, uint64_t ledger_ms,
                                  uint64_t wall_ms, struct arena *a, struct arena *scratch, struct query_owed_list *owed,
                                  uint64_t *next_ms, struct err *err);
/* Is it one of those? */
bool regular_is(const struct query_owed *o);
/* The report of the period that holds a day (UINT64_MAX: the newest that is over), with titles that are here. at_ms: the time that
 * counts as now (0: the ledger's). now_ms: the time by which the period is over, when that is before it (0: no other). */
MUST_USE enum status regular_make(const struct view *v, struct span name, uint64_t day, uint64_t at_ms, uint64_t now_ms, struct arena *a,
                                  struct arena *scratch, struct query_report *ret, struct err *err);
/* The reports of the charter, and what the file of reminders says of them. */
MUST_USE enum status regular_list(const struct node *n, const struct view *v, struct arena *a, struct arena *scratch,
                                  struct rpc_regulars_reply *ret, struct err *err);

#endif
