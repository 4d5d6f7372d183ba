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

enum {
    JOURNAL_RECORD_MAX = 36864, /* holds two POLs of 64 votes */
    JOURNAL_BODY_MAX = 8192,    /* a longer block body goes into the store */
    JOURNAL_BLOCK = 4096,    /* records start on blocks, so that a torn write harms no other record */
    JOURNAL_BYTES = 1 << 20, /* preallocated; grows by as much when one height needs more */
    JOURNAL_BYTES_MAX = 16 << 20,
};

/* Formats an empty journal and syncs it. ST_EXISTS if one is there, ST_CORRUPT if what is there may have been
 * one: both are left alone. A creation that was cut short may be repeated. */
MUST_USE enum status journal_create(const struct disk_file *f, const struct journal_identity *id,
                                    struct err *err);
/* Opens and checks every record; f must outlive the journal. ST_NOTFOUND: no journal was created here.
 * ST_MISMATCH: another alliance, incarnation or machine (the message says which and what to do). ST_CORRUPT:
 * a record that was synced is damaged, or the header. A torn tail (never acknowledged) is dropped. What is
 * found is synced before this returns, so that it stays. One limit: damage to the very last record cannot be
 * told from a torn one; peers, which hold the votes it sent, can tell. */
MUST_USE enum status journal_open(const struct disk_file *f, const struct journal_identity *id,
                                  struct journal **ret_j, struct err *err);
/* Accepts NULL. */
void journal_close(struct journal *j);
/* Did opening drop a torn record? */
bool journal_was_torn(const struct journal *j);

/* Appends and syncs. On ST_OK the record survives power loss. height is the height that it belongs to, never
 * lower than before (ST_RANGE): records of lower heights are reused once one of a greater height is durable.
 * ST_LIMIT: over JOURNAL_RECORD_MAX, or the height has filled the journal. After ST_IO or ST_NOSPACE from the
 * write or the sync it is unknown whether the record is on the disk; every further append gives ST_IO until
 * the journal is opened anew, and then get shows it or does not. The machine's disk is then in doubt: stop.
 */
MUST_USE enum status journal_append(struct journal *j, uint64_t height, struct span record, struct err *err);
/* Records of the newest height, oldest first. ST_END after the last. Borrowed until the next append. */
MUST_USE enum status journal_get(struct journal *j, size_t i, uint64_t *ret_height, struct span *ret_record);

#endif
