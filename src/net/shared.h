/* shared: frames with their prefixes, as they go out; one copy for many connections. For frame.c alone. */
#ifndef ENT_NET_SHARED_H
#define ENT_NET_SHARED_H

#include <stdatomic.h>
#include "net/frame.h"

enum { FRAME_PREFIX = 4 };

struct frame_shared {
    atomic_uint refs;
    size_t frames, longest; /* how many; payload of the longest */
    size_t n;               /* of bytes: prefixes and payloads */
    uint8_t bytes[];
};

/* What it counts against queue_bytes. */
static inline size_t frame_shared_counted(const struct frame_shared *s)
{
    return s->n + s->frames * (FRAME_OVERHEAD - FRAME_PREFIX);
}

#endif
