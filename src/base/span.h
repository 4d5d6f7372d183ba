/* span: a borrowed, read-only run of bytes. Never owns; valid as long as what it points into. */
#ifndef ENT_BASE_SPAN_H
#define ENT_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *p;
    size_t n;
};

struct span_list {
    size_t n;
    struct span *v;
};

struct hash {
    uint8_t b[32];
};

struct hash_list {
    size_t n;
    struct hash *v;
};

static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){p, n};
}

static inline struct span span_str(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline struct span span_hash(const struct hash *h)
{
    return (struct span){h->b, sizeof h->b};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_eqs(struct span a, const char *s)
{
    return span_eq(a, span_str(s));
}

/* Bytewise order; a prefix sorts first. */
static inline int span_cmp(struct span a, struct span b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

static inline bool hash_eq(const struct hash *a, const struct hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline bool hash_is_zero(const struct hash *h)
{
    static const struct hash zero;
    return hash_eq(h, &zero);
}

/* For printf("%.*s", SPAN_FMT(s)). Only for text already checked by the codec. */
#define SPAN_FMT(s) (int)(s).n, (const char *)(s).p

#endif
