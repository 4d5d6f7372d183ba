/* tmpdir: a directory for one test, under TMPDIR or /tmp. Removed with its (flat) content. */
#ifndef ENT_TEST_STORE_TMPDIR_H
#define ENT_TEST_STORE_TMPDIR_H

struct tmpdir {
    char path[200];
};

struct tmpdir tmpdir_make(void);
void tmpdir_remove(const struct tmpdir *t);
/* Joins into a static buffer of the struct's caller: valid until the next call. */
const char *tmpdir_file(const struct tmpdir *t, const char *name);

#endif
