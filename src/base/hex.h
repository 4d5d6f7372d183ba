/* hex and base64 (RFC 4648, standard alphabet, padded), by libsodium. */
#ifndef ENT_BASE_HEX_H
#define ENT_BASE_HEX_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/span.h"
#include "base/status.h"

struct hex64 {
    char s[65];
};
/* Lower-case hex of 32 bytes, by value: printf("%s", hex_of(&h).s). */
struct hex64 hex_of(const struct hash *h);
void hex_put(struct buf *b, struct span bytes);
/* Exactly 64 lower- or upper-case hex digits. ST_FORMAT otherwise. */
MUST_USE enum status hex_to_hash(struct span text, struct hash *ret_hash);
/* Any even number of digits. */
MUST_USE enum status hex_decode(struct span text, struct arena *a, struct span *ret_bytes);
void base64_put(struct buf *b, struct span bytes);
/* Into p, of at most cap bytes. Padding required, no white space but the characters of `skip` (NULL: none), which are
 * passed over; non-canonical trailing bits are refused. ST_FORMAT, also when it is longer than cap. */
MUST_USE enum status base64_into(struct span text, const char *skip, uint8_t *p, size_t cap, size_t *ret_n);
/* The same, of any length and without white space. */
MUST_USE enum status base64_decode(struct span text, struct arena *a, struct span *ret_bytes);

#endif
