/* file: whole-file reads with a bound, and writes that are complete and durable or did not happen. */
#ifndef ENT_BASE_FILE_H
#define ENT_BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* Reads a whole regular file (or "-": standard input) of at most limit bytes into the arena; a NUL follows the
 * content. ST_NOTFOUND, ST_LIMIT, ST_IO; the message names the path and the reason. */
MUST_USE enum status file_read(const char *path, size_t limit, struct arena *a, struct span *ret_bytes, struct err *err);
/* Writes beside the target, syncs, renames over it, syncs the directory. mode as for open(2). ST_NOSPACE, ST_IO.
 * With replace false an existing target gives ST_EXISTS and is left alone. */
MUST_USE enum status file_write(const char *path, struct span bytes, unsigned mode, bool replace, struct err *err);
/* mkdir; an existing empty directory is fine; ST_EXISTS when it has content. */
MUST_USE enum status file_make_dir(const char *path, unsigned mode, struct err *err);
/* fsync of a directory. */
MUST_USE enum status file_sync_dir(const char *path, struct err *err);
/* "dir/name" in the arena. */
const char *file_join(struct arena *a, const char *dir, const char *name);

#endif
