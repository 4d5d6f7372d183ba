/* buf: a bounded writer over growable memory. A write that would pass the limit, or fail to allocate, sets the
 * sticky error and writes nothing; check once at the end. */
#ifndef ENT_BASE_BUF_H
#define ENT_BASE_BUF_H

#include "base/span.h"
#include "base/status.h"

struct buf {
    uint8_t *p;
    size_t n, cap;
    size_t limit;       /* most bytes; set by buf_init */
    enum status failed; /* ST_OK, ST_LIMIT or ST_NOMEM */
};

void buf_init(struct buf *b, size_t limit);
/* Frees; accepts NULL and a zeroed struct. The buffer can be used again after buf_init. */
void buf_deinit(struct buf *b);
/* Forgets content and error, keeps memory. */
void buf_reset(struct buf *b);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_span(struct buf *b, struct span s);
void buf_u8(struct buf *b, uint8_t v);
/* Big-endian. */
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
/* printf into the buffer; no NUL is counted. */
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);
/* What was written. Borrowed until the next write. */
struct span buf_span(const struct buf *b);
/* The text as a C string (a NUL is kept after the content). Borrowed likewise; "" when nothing was written. */
const char *buf_cstr(struct buf *b);

static inline void store_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline void store_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static inline uint32_t load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load_u64(const uint8_t *p)
{
    return (uint64_t)load_u32(p) << 32 | load_u32(p + 4);
}

#endif
