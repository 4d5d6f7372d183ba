#include <stdarg.h>
#include "base/base.h"

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit};
}

void buf_deinit(struct buf *b)
{
    if (b == NULL)
        return;
    free(b->p);
    *b = (struct buf){.limit = b->limit};
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = ST_OK;
}

/* Room for n more bytes and a NUL. */
static bool grow(struct buf *b, size_t n)
{
    if (b->failed != ST_OK)
        return false;
    if (n > b->limit || b->n > b->limit - n) {
        b->failed = ST_LIMIT;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap == 0 ? 256 : b->cap;
    while (cap < need)
        cap *= 2;
    uint8_t *p = realloc(b->p, cap);
    if (p == NULL) {
        b->failed = ST_NOMEM;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (!grow(b, n))
        return;
    if (n != 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_put_span(struct buf *b, struct span s)
{
    buf_put(b, s.p, s.n);
}

void buf_u8(struct buf *b, uint8_t v)
{
    buf_put(b, &v, 1);
}

void buf_u32(struct buf *b, uint32_t v)
{
    uint8_t t[4];
    store_u32(t, v);
    buf_put(b, t, sizeof t);
}

void buf_u64(struct buf *b, uint64_t v)
{
    uint8_t t[8];
    store_u64(t, v);
    buf_put(b, t, sizeof t);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    if (grow(b, (size_t)n)) {
        (void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
}

struct span buf_span(const struct buf *b)
{
    return (struct span){b->p, b->n};
}

const char *buf_cstr(struct buf *b)
{
    if (b->p == NULL)
        return "";
    b->p[b->n] = 0;
    return (const char *)b->p;
}
