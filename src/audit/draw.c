#include "audit/draw.h"
#include "crypto/hash.h"

void draw_ticket(const char *seed, uint64_t leaf, struct hash *ret_ticket)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 16);
    buf_printf(&b, "%s:%" PRIu64, seed, leaf);
    sha256(buf_span(&b), ret_ticket);
}

static int by_ticket(const void *x, const void *y)
{
    const struct draw_line *l = x, *r = y;
    return memcmp(l->ticket.b, r->ticket.b, sizeof l->ticket.b);
}

void draw_sort(const char *seed, struct draw_line *lines, size_t n)
{
    for (size_t i = 0; i < n; i++)
        draw_ticket(seed, lines[i].leaf, &lines[i].ticket);
    if (n > 0)
        qsort(lines, n, sizeof *lines, by_ticket);
}
