/* store_mem: the store in memory, for the simulator, tests and the auditor's program. A persistent treap: a
 * snapshot or a clone costs O(1), a write O(log n), and a reader never hinders a writer. One thread per
 * store, clones included (they share records). */
#ifndef ENT_STORE_STORE_MEM_H
#define ENT_STORE_STORE_MEM_H

#include "store/store.h"

/* Empty. Never NULL: aborts when the machine has no memory, as arenas do. */
struct store *store_mem_new(void);
/* Another store with what s held at its last commit: what survives a crash. An open transaction is not part
 * of it. */
struct store *store_mem_clone(const struct store *s);
/* The next commit fails with st (ST_NOSPACE, ST_IO) and nothing of it happens; the one after works again.
 * ST_OK takes the failure back. */
void store_mem_fail_commit(struct store *s, enum status st);
/* Records over all tables, at the last commit. */
size_t store_mem_count(const struct store *s);
/* Aborts when order, priorities or counts of the tree are broken. For tests. */
void store_mem_check(const struct store *s);

#endif
