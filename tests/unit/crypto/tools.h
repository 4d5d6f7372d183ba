/* tools: a directory of the test's own, and programs run in it. */
#ifndef ENT_TESTS_CRYPTO_TOOLS_H
#define ENT_TESTS_CRYPTO_TOOLS_H

#include "base/base.h"

struct place {
    char dir[64];
};

struct place place_make(void);
/* Removes it with all content. */
void place_remove(struct place *p);
/* "dir/name". Valid until the next eight calls. */
const char *place_path(const struct place *p, const char *name);

/* Runs a shell command in the directory; its exit code. Output goes to the files out and err there. */
__attribute__((format(printf, 2, 3))) int place_run(const struct place *p, const char *fmt, ...);
/* A file's content as text, "" when there is none. Owned by the caller's arena. */
const char *place_read(const struct place *p, const char *name, struct arena *a, size_t *ret_n);
void place_write(const struct place *p, const char *name, struct span bytes);

/* A vector file of proto/vectors. */
struct span vectors_read(const char *name, struct arena *a);
struct span unhex(const char *hex, struct arena *a);

/* For the .init and .fini of suites: libsodium is ready; a leak is a failure under AddressSanitizer. */
void suite_init(void);
void suite_fini(void);

#endif
