/* child: one run of a command of the operator's, bounded in time and output. */
#ifndef ENT_NODE_CHILD_H
#define ENT_NODE_CHILD_H

#include <stdatomic.h>
#include "base/base.h"

enum { CHILD_OUTPUT_MAX = 2048 };

struct child_result {
    char why[96];                      /* how it failed: "it ended with status 1"; "" when it ended with 0 */
    char output[CHILD_OUTPUT_MAX + 1]; /* how its standard output and error began, on one line: controls are blanks */
};

/* Runs `/bin/sh -c command` in dir, with input as its standard input, and waits for it, at most limit_ms; then its process
 * group is killed. So it is when *stop becomes true (NULL: never). It gets no other file of this process, the usual signals,
 * and a process group of its own. What it leaves running in the background is not waited for.
 *
 * May be called on any thread; blocks. ST_OK: it ended by itself with status 0. ST_REFUSED: it ended otherwise, ret_result
 * says how. ST_IO: it could not be started. */
MUST_USE enum status child_run(const char *command, const char *dir, struct span input, uint64_t limit_ms,
                               const atomic_bool *stop, struct child_result *ret_result);

#endif
