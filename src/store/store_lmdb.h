/* store_lmdb: the store on disk, in LMDB 0.9 (data.mdb and lock.mdb in a directory of its own). One LMDB
 * database per table. Each value carries a checksum over (table, key, value), for LMDB does not see bit rot;
 * it is verified on every read. Commits are synced by LMDB before they return (no NOSYNC, no NOMETASYNC).
 *
 * Threads: one writer at a time, on its own thread; any number of readers up to the reader slots, each view
 * used by one thread. Not to be used across fork(). */
#ifndef ENT_STORE_STORE_LMDB_H
#define ENT_STORE_STORE_LMDB_H

#include "store/store.h"

enum { STORE_LMDB_READERS = 126 };
#define STORE_LMDB_MAP_BYTES (UINT64_C(64) << 30)
#define STORE_LMDB_MAP_LEAST (UINT64_C(1) << 20)

/* Opens dir (which exists), making an empty store if none is there. map_bytes is how far the store may grow:
 * address space, not disk; 0 means STORE_LMDB_MAP_BYTES. Where the machine cannot reserve that much (ulimit
 * -v, valgrind) it is halved until it fits; store_lmdb_info tells. readers 0 means STORE_LMDB_READERS.
 * ST_LOCKED: another process (named) has it open. ST_CORRUPT: not a store, or damaged. ST_NOTFOUND,
 * ST_NOSPACE, ST_IO. */
MUST_USE enum status store_lmdb_open(const char *dir, uint64_t map_bytes, unsigned readers,
                                     struct store **ret_s, struct err *err);

/* The same in two steps, for a parent that keeps the lock while its children come and go (a forked child passes a
 * dup of the descriptor). Closing gives the lock up once no copy of the descriptor is left. */
MUST_USE enum status store_lmdb_lock(const char *dir, int *ret_fd, struct err *err);
/* Takes lock_fd over, also on failure. */
MUST_USE enum status store_lmdb_open_locked(const char *dir, uint64_t map_bytes, unsigned readers, int lock_fd,
                                            struct store **ret_s, struct err *err);

struct store_lmdb_info {
    uint64_t map_wanted, map_bytes; /* they differ where the map could not be reserved */
    uint64_t used_bytes;            /* of the map, up to the last page in use */
    uint64_t disk_free_bytes;       /* for this user, on the file system of dir */
    char notice[256];               /* what the operator should know, or "" */
};
MUST_USE enum status store_lmdb_info(struct store *s, struct store_lmdb_info *ret_info, struct err *err);

/* The low-water mark: ST_NOSPACE, with figures and what to do, when the disk or the map has fewer than
 * least_bytes left; then stop voting before a commit fails. Cheap: ask before each block. */
MUST_USE enum status store_lmdb_room(struct store *s, uint64_t least_bytes, struct err *err);
/* Bytes free for this user on the file system of dir. */
MUST_USE enum status store_lmdb_free(const char *dir, uint64_t *ret_bytes, struct err *err);

/* Gives the pages of the map that were read back to the system, when mapped files hold over most_bytes of this process's
 * memory; they stay in the system's cache, and come back when they are read. Readers and the writer may be at work. */
void store_lmdb_trim(struct store *s, uint64_t most_bytes);

/* Reads every record: checksums, key order, that a search reaches it, and each table's count. ST_CORRUPT
 * names the first damage. A get of a record whose page header is damaged can answer "absent"; only this finds
 * it. Takes time with the size.
 */
MUST_USE enum status store_lmdb_check(struct store *s, uint64_t *ret_records, struct err *err);

/* Who looks on while a table is read. Each may be NULL. */
struct store_lmdb_watch {
    void *ctx;
    void (*at)(void *ctx, uint8_t table, struct span after); /* before each step, with the last key: a crash is near it */
    void (*record)(void *ctx, uint8_t table, struct span key, struct span value); /* one that is whole; borrowed */
    void (*damage)(void *ctx, uint8_t table, struct span key, const char *text);
};
/* The same of one table; goes on after a damaged record, as far as LMDB finds its way. ST_CORRUPT when any was found;
 * err has the first. A damaged page can end the process: do this in a child (the file is not written to). */
MUST_USE enum status store_lmdb_check_table(struct store *s, uint8_t table, const struct store_lmdb_watch *watch,
                                            uint64_t *ret_records, struct err *err);

/* Copies the file as of the last commit to path, which is new (mode 0600), and syncs it. Readers and the writer go on,
 * but for a moment at the start; the copy is as large as the store's file. Damage is copied as it is: check the copy.
 * ST_EXISTS, ST_NOSPACE, ST_IO. */
MUST_USE enum status store_lmdb_copy(struct store *s, const char *path, struct err *err);

#endif
