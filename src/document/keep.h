/* keep: documents in a directory of their own, each under its SHA-256 (DOC-2 to DOC-5).
 *
 *   HEX          whole: its bytes had that SHA-256 when it got the name
 *   HEX.part     some of it, from its beginning; nothing is believed of it until it is whole
 *   HEX.damaged  was whole, and its bytes have another SHA-256 by now; goes when the document is whole again
 *
 * A part becomes whole by: sync, its SHA-256 computed from the disk, rename, sync of the directory. Blocking; one thread. No
 * document is ever in memory as a whole. */
#ifndef ENT_DOCUMENT_KEEP_H
#define ENT_DOCUMENT_KEEP_H

#include <sys/types.h>
#include "base/base.h"

struct keep;

/* What it asks of the disk, so that a test can have one that fails. As pwrite, fsync and statvfs. */
struct keep_disk {
    void *ctx;
    ssize_t (*write)(void *ctx, int fd, const void *p, size_t n, off_t at);
    int (*sync)(void *ctx, int fd);
    uint64_t (*room)(void *ctx, const char *dir); /* bytes free */
};
extern const struct keep_disk keep_disk_system;

struct keep_config {
    const char *dir;  /* copied; made when it is not there */
    uint64_t largest; /* bytes of one document */
    uint64_t most;    /* bytes of all files */
    uint64_t reserve; /* bytes that stay free on the disk */
    const struct keep_disk *disk;
};

enum keep_form { KEEP_NOTHING, KEEP_PART, KEEP_WHOLE };

struct keep_doc {
    struct hash digest;
    enum keep_form form;
    uint64_t size;          /* bytes here */
    bool damaged;           /* there is a damaged one (beside nothing, or a part) */
    uint64_t damaged_size;
    uint64_t checked_at_ms; /* wall clock: its SHA-256 was last computed; 0: not since the start */
};

/* Lists what is there; reads none of it. ST_IO, ST_NOTFOUND: the directory cannot be made or read. */
MUST_USE enum status keep_open(const struct keep_config *cfg, struct keep **ret_keep, struct err *err);
void keep_close(struct keep *k); /* accepts NULL */

/* NULL: nothing of it is here. Borrowed until the next call that changes something. */
const struct keep_doc *keep_find(const struct keep *k, const struct hash *digest);
/* In ascending order; NULL: there are no more. Borrowed likewise. */
const struct keep_doc *keep_at(const struct keep *k, size_t i);
uint64_t keep_bytes(const struct keep *k);

/* Adds bytes to a part (or begins it) of a document of `size` bytes; offset is what is here already. Nothing is added on
 * failure. ST_EXISTS: it is whole here; ST_RANGE: another offset was expected (the message says which), or the bytes go
 * beyond the size; ST_LIMIT: it is larger than one may be; ST_NOSPACE: no room, by the settings or on the disk; ST_IO. */
MUST_USE enum status keep_add(struct keep *k, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes,
                              struct err *err);
/* The part is all of it. ST_MISMATCH: it has another SHA-256, and was removed. ST_NOTFOUND: there is no part. */
MUST_USE enum status keep_finish(struct keep *k, const struct hash *digest, uint64_t now_ms, struct err *err);
/* Removes the part, if there is one. */
void keep_forget(struct keep *k, const struct hash *digest);
/* Up to n bytes from offset on of a whole one. ST_NOTFOUND, ST_RANGE (offset is not in it), ST_IO. */
MUST_USE enum status keep_read(struct keep *k, const struct hash *digest, uint64_t offset, uint8_t *p, size_t n, size_t *ret_n,
                               struct err *err);
/* Computes the SHA-256 of a whole one; changes nothing. ST_CORRUPT: it is another one, or it cannot be read; the message names
 * the file. ST_NOTFOUND. */
MUST_USE enum status keep_verify(const struct keep *k, const struct hash *digest, struct err *err);
/* Likewise, but a damaged one is set aside and counts as damaged from then on. */
MUST_USE enum status keep_check(struct keep *k, const struct hash *digest, uint64_t now_ms, struct err *err);
/* now_ms: as the times of files, ms since 1970. Removes what no entry names and has not changed for LIMIT_DOCUMENT_WAIT_DAYS,
 * and parts that have not for LIMIT_DOCUMENT_PART_DAYS. How many files. */
size_t keep_sweep(struct keep *k, uint64_t now_ms, bool (*named)(void *ctx, const struct hash *digest), void *ctx);

#endif
