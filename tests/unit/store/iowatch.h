/* iowatch: this program's own write, sync and open calls stand before those of the C library, for LMDB too.
 * They record what reaches a file and what is synced, and can make a write or sync fail. */
#ifndef ENT_TEST_STORE_IOWATCH_H
#define ENT_TEST_STORE_IOWATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct iowatch_write {
    uint64_t at;
    size_t n;
    uint8_t *bytes; /* NULL for a change of length to at */
    size_t
        synced_by; /* how many writes there were when a sync (or O_DSYNC) made it durable; SIZE_MAX: never */
};

/* Watches the file of this path (by its inode; it need not exist yet) from now on. */
void iowatch_start(const char *path);
/* Forgets everything. */
void iowatch_stop(void);
/* All writes to it so far, in order. */
const struct iowatch_write *iowatch_writes(size_t *ret_n);
/* Writes that no sync has covered yet. */
size_t iowatch_unsynced(void);
/* Successful syncs of the watched file; and of directories. */
size_t iowatch_syncs(void);
size_t iowatch_directory_syncs(void);
/* The write or sync to the watched file that comes after so many others fails with this errno, and so do all
 * later ones. 0 takes it back. */
void iowatch_fail(long after, int e);
/* True once the failure asked for has happened. */
bool iowatch_failed(void);

#endif
