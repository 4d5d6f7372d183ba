/* sshwire: the two field types that SSH formats are made of (RFC 4251, section 5): u32 and string. The one
 * checked read primitive under the parsers of this folder. */
#ifndef ENT_CRYPTO_SSHWIRE_H
#define ENT_CRYPTO_SSHWIRE_H

#include "base/base.h"

/* Takes the first n bytes off *left. False, with nothing taken, when there are fewer. */
static inline bool sshwire_take(struct span *left, size_t n, struct span *ret_bytes)
{
    if (n > left->n)
        return false;
    *ret_bytes = span_of(left->p, n);
    *left = span_of(left->p + n, left->n - n);
    return true;
}

static inline bool sshwire_u8(struct span *left, uint8_t *ret_value)
{
    struct span s;
    if (!sshwire_take(left, 1, &s))
        return false;
    *ret_value = s.p[0];
    return true;
}

static inline bool sshwire_u32(struct span *left, uint32_t *ret_value)
{
    struct span s;
    if (!sshwire_take(left, 4, &s))
        return false;
    *ret_value = load_u32(s.p);
    return true;
}

/* False, with nothing taken, when the length or the bytes it promises are not there. */
static inline bool sshwire_string(struct span *left, struct span *ret_bytes)
{
    struct span rest = *left;
    uint32_t n = 0;
    if (!sshwire_u32(&rest, &n) || !sshwire_take(&rest, n, ret_bytes))
        return false;
    *left = rest;
    return true;
}

static inline void sshwire_put_string(struct buf *b, struct span s)
{
    ASSERT(s.n <= UINT32_MAX);
    buf_u32(b, (uint32_t)s.n);
    buf_put_span(b, s);
}

/* A name from outside, fit for a message: itself if it is short and plain, else "(unreadable name)". */
struct sshwire_name {
    char s[72];
};

static inline struct sshwire_name sshwire_name(struct span s)
{
    struct sshwire_name name = {"(unreadable name)"};
    if (s.n == 0 || s.n >= sizeof name.s)
        return name;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return name;
    memcpy(name.s, s.p, s.n);
    name.s[s.n] = 0;
    return name;
}

#endif
