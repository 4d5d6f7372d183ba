/* reader: a strict pull reader of canonical msgpack over borrowed bytes (ENC-1, 2, 3, 5, 6, 7). reader_next
 * is the one checked read under every parser: it never reads past the end and allocates nothing, and a count
 * or length it returns always fits in the bytes that are left.
 *
 * All functions give ST_OK, or ST_FORMAT with a message "at byte 41: integer not in its shortest form" in
 * r->err (which may be NULL); after a failure the position is undefined. */
#ifndef ENT_CODEC_READER_H
#define ENT_CODEC_READER_H

#include "base/base.h"

enum { READER_KEY_MAX = 63 }; /* ENC-3 */

enum read_type { READ_UINT, READ_NEGATIVE, READ_BOOL, READ_STR, READ_BIN, READ_ARRAY, READ_MAP };

struct reader {
    struct span in;
    size_t at; /* position of the next byte */
    struct err *err;
};

struct read_value {
    enum read_type type;
    size_t at;         /* where it starts */
    uint64_t number;   /* UINT: at most 2^63-1; BOOL: 0 or 1; ARRAY: members; MAP: pairs */
    int64_t negative;  /* NEGATIVE: below 0 */
    struct span bytes; /* STR (valid UTF-8) and BIN; borrowed from the input */
};

void reader_init(struct reader *r, struct span in, struct err *err);
/* Scalars, str and bin are read whole; of an array or map only the head is. */
MUST_USE enum status reader_next(struct reader *r, struct read_value *ret_value);
/* The same, and the value must be of this type. */
MUST_USE enum status reader_expect(struct reader *r, enum read_type type, struct read_value *ret_value);
/* The next key of a map, above *last (-1 before the first one), which it sets. */
MUST_USE enum status reader_key(struct reader *r, int *last);
/* Reads past one value of any type, nested at most depth deep. */
MUST_USE enum status reader_skip(struct reader *r, unsigned depth);
/* ENC-5: nothing is left. */
MUST_USE enum status reader_end(const struct reader *r);
/* "an integer", "a map": for messages. */
const char *reader_type_text(enum read_type type);

#endif
