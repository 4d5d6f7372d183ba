/* archive: the store that a pack is verified in. The state that the rules work on is in memory (store_mem). What only grows
 * with the log goes into a file instead, so that memory does not grow with it: leaves, headers, certificates, texts, block
 * boundaries, notes, whole tiles. In memory stays where each row is: 16 bytes a row.
 *
 * IDS is not kept at all: ledger/ids.h has the ids of 31 days, which is what the rules ask for.
 *
 * It is less than a store: a row of those tables that is put later is seen through a view that began earlier, and after
 * store_abort only store_close is allowed. Who verifies needs no more: blocks are executed in overlays. */
#ifndef ENT_AUDIT_ARCHIVE_H
#define ENT_AUDIT_ARCHIVE_H

#include "store/store.h"

/* A file without a name, for one archive: in the folder that TMPDIR names, or /var/tmp, or /tmp; where none can be made, in
 * memory. -1: not even there. It needs as much room as the pack. */
int archive_file(void);
/* fd becomes the archive's, is empty, and is closed with it; -1: one in memory. ST_IO, ST_NOSPACE. */
MUST_USE enum status archive_new(int fd, struct store **ret_store, struct err *err);

#endif
