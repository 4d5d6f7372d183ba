/* journal: the vote journal, a preallocated, checksummed file of its own (DESIGN: vote only what is durable).
 * It holds the newest consensus snapshot and the exact bytes of the votes signed at the open height. It is
 * never part of a backup. It runs over a small disk interface, so that the simulator can lose and tear
 * unsynced writes under the same code. */
#ifndef ENT_STORE_JOURNAL_H
#define ENT_STORE_JOURNAL_H

#include "base/base.h"

/* One file. Offsets in bytes. write is not durable before sync returns ST_OK. */
struct disk_file {
    void *ctx;
    enum status (*read)(void *ctx, uint64_t at, uint8_t *p, size_t n,
                        struct err *err); /* exactly n, else ST_CORRUPT */
    enum status (*write)(void *ctx, uint64_t at, struct span bytes, struct err *err);
    enum status (*sync)(void *ctx, struct err *err); /* data, and the directory on first use */
    uint64_t (*size)(void *ctx);
};

/* Who and where this journal belongs to; compared at open. A difference means a copied or restored directory.
 */
struct journal_identity {
    struct hash alliance;
    struct hash incarnation; /* random, made with the journal, kept in the store too */
    struct hash machine;     /* SHA-256 of machine id, device and inode; zeros in the simulator */
};

struct journal;

enum { JOURNAL_RECORD_MAX = 8192 };

/* Formats an empty journal of the given number of record slots and syncs it. ST_EXISTS if one is there. */
MUST_USE enum status journal_create(const struct disk_file *f, const struct journal_identity *id,
                                    struct err *err);
/* Opens and checks every record. ST_MISMATCH: another incarnation, machine or alliance (the message says
 * which and what to do); ST_CORRUPT: a record that was synced is damaged. A torn tail (never acknowledged) is
 * dropped. */
MUST_USE enum status journal_open(const struct disk_file *f, const struct journal_identity *id,
                                  struct journal **ret_j, struct err *err);
void journal_close(struct journal *j);

/* Appends and syncs. On ST_OK the record survives power loss. height is the height that it belongs to:
 * records of lower heights may be reused by the journal once one of a greater height is durable. */
MUST_USE enum status journal_append(struct journal *j, uint64_t height, struct span record, struct err *err);
/* Records of the newest height, oldest first. ST_END after the last. Borrowed until the next append. */
MUST_USE enum status journal_get(struct journal *j, size_t i, uint64_t *ret_height, struct span *ret_record);

#endif
