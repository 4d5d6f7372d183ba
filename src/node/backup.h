/* backup: a copy of a node's store and settings, made while it runs; and a new directory out of such a copy.
 *
 *   OUT/backup.yaml       what it is: alliance, block, root, SHA-256 of the store's file. Written last:
 * without it, no backup. OUT/store/data.mdb    the store as of one commit OUT/settings.yaml     node.yaml
 *   OUT/keys/, OUT/tls.*  with keys only: node, cosign and log key, TLS identity
 *
 * Never in it: the vote key and the vote journal. A restored node could not know what it signed after the
 * backup. */
#ifndef ENT_NODE_BACKUP_H
#define ENT_NODE_BACKUP_H

#include "store/store.h"

struct backup_info {
    struct hash alliance, root, state_root, data; /* data: SHA-256 of store/data.mdb */
    struct span partner;                          /* in the arena */
    uint64_t height, size, time_ms, taken_ms, bytes, records;
    bool keys;
};

/* Copies from an open store (of a running node, or of a stopped one that is locked by this process), then
 * lets another process (`ententd doctor --store`) read all of the copy: every record's checksum, chain, tree,
 * state. out must not exist yet. Nothing is left of it on failure. ST_EXISTS, ST_CORRUPT (the copy is not
 * whole, so the store is not), ST_NOSPACE, ST_CLOSED when stopping() said so, ST_IO. */
MUST_USE enum status backup_make(struct store *s, const char *dir, struct span partner, const char *out,
                                 bool with_keys, bool (*stopping)(void *ctx), void *ctx, struct arena *a,
                                 struct backup_info *ret_info, struct err *err);
/* The same of a stopped node. ST_LOCKED when it runs. */
MUST_USE enum status backup_stopped(const char *dir, const char *out, bool with_keys, struct arena *a,
                                    struct backup_info *ret_info, struct err *err);
/* Reads backup.yaml. ST_NOTFOUND: no backup. */
MUST_USE enum status backup_read(const char *backup, struct arena *a, struct backup_info *ret_info,
                                 struct err *err);

/* restore.c. Makes dir (which must not exist, or be empty) a node's directory out of a backup. It has a fresh
 * vote key, and without keys in the backup fresh ones of all kinds; every key that the record named is dead
 * there (recovery/marks.h). ST_MISMATCH: the backup's store is not the one that was verified. Nothing is left
 * of dir on failure. */
MUST_USE enum status restore_make(const char *backup, const char *dir, struct arena *a,
                                  struct backup_info *ret_info, struct err *err);

/* Copies a file, durably, to one that is not there yet; and its SHA-256 and length, if wanted. */
MUST_USE enum status backup_copy_file(const char *from, const char *to, unsigned mode, struct hash *ret_sum,
                                      uint64_t *ret_bytes, struct err *err);
/* SHA-256 of a file of any size. */
MUST_USE enum status backup_sum_file(const char *path, struct hash *ret_sum, uint64_t *ret_bytes,
                                     struct err *err);
/* Removes what backup and restore may have made in a directory, and it. */
void backup_remove(const char *dir);
/* Files of the keys that a backup may hold; NULL ends the list. */
extern const char *const backup_key_files[];

#endif
