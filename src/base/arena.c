#include "base/base.h"

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;
    _Alignas(16) uint8_t data[];
};

enum { CHUNK_MIN = 4096 };

void arena_init(struct arena *a, size_t limit)
{
    *a = (struct arena){.limit = limit};
}

void arena_deinit(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct arena_chunk *c = a->head, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    a->head = NULL;
    a->used = 0;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = a->head;
    if (keep == NULL)
        return;
    for (struct arena_chunk *c = keep->next, *next; c != NULL; c = next) {
        next = c->next;
        free(c);
    }
    keep->next = NULL;
    keep->used = 0;
    a->used = 0;
}

static struct arena_chunk *chunk_new(struct arena *a, size_t n)
{
    size_t size = a->head == NULL ? CHUNK_MIN : a->head->size * 2;
    if (size > (1u << 20))
        size = 1u << 20;
    if (size < n)
        size = n;
    struct arena_chunk *c = malloc(sizeof *c + size);
    ASSERT(c != NULL);
    *c = (struct arena_chunk){.next = a->head, .size = size};
    a->head = c;
    return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    size_t want = (n + 15) & ~(size_t)15;
    if (want == 0)
        want = 16;
    if (a->limit != 0 && (want > a->limit || a->used > a->limit - want))
        return NULL;
    struct arena_chunk *c = a->head;
    if (c == NULL || c->size - c->used < want)
        c = chunk_new(a, want);
    void *p = c->data + c->used;
    c->used += want;
    a->used += want;
    memset(p, 0, want);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return arena_alloc(a, n);
}

struct span arena_dup(struct arena *a, struct span s)
{
    uint8_t *p = s.n == SIZE_MAX ? NULL : arena_alloc(a, s.n + 1);
    if (p == NULL)
        return (struct span){NULL, 0};
    if (s.n != 0)
        memcpy(p, s.p, s.n);
    return (struct span){p, s.n};
}
