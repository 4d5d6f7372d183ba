/* file: whole-file reads with a bound, and writes that are complete and durable or did not happen. */
#ifndef ENT_BASE_FILE_H
#define ENT_BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* Reads a whole regular file (or "-": standard input) of at most limit bytes into the arena; a NUL follows the
 * content. ST_NOTFOUND, ST_LIMIT, ST_IO; the message names the path and the reason. */
MUST_USE enum status file_read(const char *path, size_t limit, struct arena *a, struct span *ret_bytes, struct err *err);
/* A file that is being written beside its target, under a name that nobody can foresee: in a folder that others may write
 * to, a name that they know could be a link of theirs. */
struct file_draft {
    int fd; /* -1: none */
    char path[4096], target[4096];
};
/* mode as for open(2). ST_NOSPACE, ST_IO, ST_LIMIT (path too long). */
MUST_USE enum status file_begin(const char *path, unsigned mode, struct file_draft *ret_draft, struct err *err);
/* Syncs, puts it in its place, syncs the directory. With replace false an existing target gives ST_EXISTS and is left
 * alone. The draft is over, whatever the status. ST_NOSPACE, ST_IO. */
MUST_USE enum status file_finish(struct file_draft *draft, bool replace, struct err *err);
/* Removes it; does nothing when it is over. */
void file_drop(struct file_draft *draft);
/* All of that at once. What is no regular file, as /dev/null, is written to as it is. */
MUST_USE enum status file_write(const char *path, struct span bytes, unsigned mode, bool replace, struct err *err);
/* mkdir; an existing empty directory is fine; ST_EXISTS when it has content. */
MUST_USE enum status file_make_dir(const char *path, unsigned mode, struct err *err);
/* fsync of a directory; of the one that a path is in. */
MUST_USE enum status file_sync_dir(const char *path, struct err *err);
MUST_USE enum status file_sync_parent(const char *path, struct err *err);
/* "dir/name" in the arena. */
const char *file_join(struct arena *a, const char *dir, const char *name);

#endif
