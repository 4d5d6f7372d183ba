/* arena: bump allocation in chunks; everything is freed at once. Pure cores allocate only from an arena that
 * their caller hands them. */
#ifndef ENT_BASE_ARENA_H
#define ENT_BASE_ARENA_H

#include <stddef.h>
#include "base/span.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *head;
    size_t used;  /* bytes handed out */
    size_t limit; /* most bytes it may hand out; 0 means none */
};

void arena_init(struct arena *a, size_t limit);
/* Frees all chunks; accepts NULL and a zeroed struct; the arena can be used again. */
void arena_deinit(struct arena *a);
/* Keeps the first chunk, forgets all content. */
void arena_reset(struct arena *a);
/* 16-byte aligned, zeroed. Never NULL for n within the limit: aborts when the machine has no memory. NULL when
 * over the limit or n == SIZE_MAX. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with overflow check; NULL as above. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copies; the result is followed by a NUL byte not counted in n. {NULL, 0} when over the limit. */
struct span arena_dup(struct arena *a, struct span s);

#endif
