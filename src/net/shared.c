#include "net/shared.h"

enum status frame_shared_new(const struct span *payloads, size_t n, struct frame_shared **ret_shared)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        ASSERT(payloads[i].n < UINT32_MAX);
        bytes += FRAME_PREFIX + payloads[i].n;
    }
    struct frame_shared *s = malloc(sizeof *s + bytes);
    if (s == NULL)
        return ST_NOMEM;
    atomic_init(&s->refs, 1);
    s->frames = n;
    s->n = s->longest = 0;
    for (size_t i = 0; i < n; i++) {
        store_u32(s->bytes + s->n, (uint32_t)payloads[i].n);
        if (payloads[i].n != 0)
            memcpy(s->bytes + s->n + FRAME_PREFIX, payloads[i].p, payloads[i].n);
        s->n += FRAME_PREFIX + payloads[i].n;
        s->longest = payloads[i].n > s->longest ? payloads[i].n : s->longest;
    }
    *ret_shared = s;
    return ST_OK;
}

void frame_shared_free(struct frame_shared *shared)
{
    if (shared != NULL && atomic_fetch_sub(&shared->refs, 1) == 1)
        free(shared);
}
