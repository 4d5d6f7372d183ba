#include <sodium.h>
#include "base/base.h"

struct hex64 hex_of(const struct hash *h)
{
    struct hex64 x;
    sodium_bin2hex(x.s, sizeof x.s, h->b, sizeof h->b);
    return x;
}

void hex_put(struct buf *b, struct span bytes)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.n; i++) {
        buf_u8(b, (uint8_t)digit[bytes.p[i] >> 4]);
        buf_u8(b, (uint8_t)digit[bytes.p[i] & 15]);
    }
}

enum status hex_to_hash(struct span text, struct hash *ret_hash)
{
    struct hash h;
    size_t n = 0;
    if (text.n != 64 || sodium_hex2bin(h.b, sizeof h.b, (const char *)text.p, text.n, NULL, &n, NULL) != 0 || n != 32)
        return ST_FORMAT;
    *ret_hash = h;
    return ST_OK;
}

enum status hex_decode(struct span text, struct arena *a, struct span *ret_bytes)
{
    uint8_t *p = arena_alloc(a, text.n / 2 + 1);
    size_t n = 0;
    if (p == NULL)
        return ST_LIMIT;
    if (text.n % 2 != 0)
        return ST_FORMAT;
    if (text.n != 0 && sodium_hex2bin(p, text.n / 2, (const char *)text.p, text.n, NULL, &n, NULL) != 0)
        return ST_FORMAT;
    if (n != text.n / 2)
        return ST_FORMAT;
    *ret_bytes = span_of(p, n);
    return ST_OK;
}

void base64_put(struct buf *b, struct span bytes)
{
    size_t cap = sodium_base64_encoded_len(bytes.n, sodium_base64_VARIANT_ORIGINAL);
    char *t = malloc(cap);
    ASSERT(t != NULL);
    sodium_bin2base64(t, cap, bytes.p, bytes.n, sodium_base64_VARIANT_ORIGINAL);
    buf_put(b, t, cap - 1);
    free(t);
}

enum status base64_into(struct span text, const char *skip, uint8_t *p, size_t cap, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] >= 0x80) /* libsodium 1.0.18 takes these for '/' */
            return ST_FORMAT;
    if (text.n != 0 && sodium_base642bin(p, cap, (const char *)text.p, text.n, skip, &n, NULL,
                                         sodium_base64_VARIANT_ORIGINAL) != 0)
        return ST_FORMAT;
    *ret_n = n;
    return ST_OK;
}

enum status base64_decode(struct span text, struct arena *a, struct span *ret_bytes)
{
    size_t cap = text.n / 4 * 3 + 3, n = 0;
    uint8_t *p = arena_alloc(a, cap);
    if (p == NULL)
        return ST_LIMIT;
    enum status st = base64_into(text, NULL, p, cap, &n);
    if (st == ST_OK)
        *ret_bytes = span_of(p, n);
    return st;
}
