/* ids: which entry ids were accepted in the last 30 days (ENT-2, ENT-5, ENT-6). A hash set in memory, rebuilt at
 * start from the append-only table IDS; its size grows with those 30 days, never with the log. */
#ifndef ENT_LEDGER_IDS_H
#define ENT_LEDGER_IDS_H

#include "store/view.h"

struct ids; /* opaque heap */

MUST_USE struct ids *ids_new(void);
void ids_free(struct ids *s);
/* Remembers id, accepted at leaf in a block of time_ms. Times never go back. */
void ids_add(struct ids *s, const struct hash *id, uint64_t leaf, uint64_t time_ms);
/* Is it there, and at which leaf? */
bool ids_find(const struct ids *s, const struct hash *id, uint64_t *ret_leaf);
/* Forgets what was accepted more than 31 days before now_ms: no such entry could be accepted again. */
void ids_expire(struct ids *s, uint64_t now_ms);
size_t ids_count(const struct ids *s);
/* Memory in use, in bytes: 56 to 80 an id, of many. */
size_t ids_bytes(const struct ids *s);
/* Reads the rows of TABLE_IDS that are young enough at now_ms. */
MUST_USE enum status ids_load(struct ids *s, const struct view *v, uint64_t now_ms, struct err *err);

#endif
