#include <criterion/criterion.h>
#include "codec/reader.h"
#include "codec/records.h"

static struct reader reader_over(const void *p, size_t n, struct err *err)
{
    struct reader r;
    reader_init(&r, span_of(p, n), err);
    return r;
}

Test(reader, scalars_and_positions)
{
    static const uint8_t in[] = {0x07, 0xcd, 0x01, 0x00, 0xff, 0xd1, 0xff, 0x7f,
                                 0xc3, 0xa2, 'h',  'i',  0xc4, 0x01, 0xee};
    struct reader r = reader_over(in, sizeof in, NULL);
    struct read_value v;
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_UINT && v.number == 7 && v.at == 0);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_UINT && v.number == 256 && v.at == 1);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_NEGATIVE && v.negative == -1 && v.at == 4);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_NEGATIVE && v.negative == -129 && v.at == 5);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_BOOL && v.number == 1);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_STR && v.bytes.p == in + 10 && v.bytes.n == 2);
    cr_assert_eq(reader_next(&r, &v), ST_OK);
    cr_assert(v.type == READ_BIN && v.bytes.p == in + 14 && v.bytes.n == 1);
    cr_assert_eq(reader_end(&r), ST_OK);
}

struct bad_bytes {
    const char *bytes;
    size_t n;
    const char *text;
};

#define REFUSED(bytes, text)                                                                                 \
    {                                                                                                        \
        bytes, sizeof(bytes) - 1, text                                                                       \
    }

/* Messages say the byte, what is wrong, and what was expected. */
Test(reader, messages)
{
    static const struct bad_bytes refused[] = {
        REFUSED("", "at byte 0: the input ends; 1 more expected"),
        REFUSED("\xcd\x01", "at byte 2: the input ends; 1 more expected"),
        REFUSED("\x91\xcc\x05", "at byte 1: integer not in its shortest form"),
        REFUSED("\xd1\x00\x05", "at byte 0: integer not in its shortest form"),
        REFUSED("\xd9\x01x", "at byte 0: length not in its shortest form"),
        REFUSED("\xcf\x80\0\0\0\0\0\0\0", "at byte 0: integer above 2^63-1"),
        REFUSED("\x91\xc0", "at byte 1: nil is not allowed"),
        REFUSED("\xca\0\0\0\0", "at byte 0: floating point is not allowed"),
        REFUSED("\xd4\0\0", "at byte 0: extension type is not allowed"),
        REFUSED("\xc1", "at byte 0: byte c1, which starts nothing, is not allowed"),
        REFUSED("\xdd\x10\0\0\0", "at byte 0: 268435456 members in the 0 bytes left"),
        REFUSED("\x82\x01\x02\x03", "at byte 0: 2 pairs in the 3 bytes left"),
        REFUSED("\xde\x00\x41", "at byte 0: map of 65 pairs, at most 64"),
        REFUSED("\x82\x01\x02\x01\x02", "at byte 3: key 1 twice"),
        REFUSED("\x82\x05\x02\x01\x02", "at byte 3: key 1 after key 5; keys ascend"),
        REFUSED("\x81\x40\x02", "at byte 1: a map's key is an integer from 0 to 63"),
        REFUSED("\x81\xa1k\x02", "at byte 1: a map's key is an integer from 0 to 63"),
        REFUSED("\xa3"
                "ab\xc0",
                "at byte 3: not valid UTF-8"),
        REFUSED("\x05\x06\x07", "at byte 1: 2 bytes after the value"),
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct err err = {0};
        struct reader r = reader_over(refused[i].bytes, refused[i].n, &err);
        enum status st = reader_skip(&r, LIMIT_NEST_DEPTH);
        if (st == ST_OK)
            st = reader_end(&r);
        cr_assert_eq(st, ST_FORMAT, "%s", refused[i].text);
        cr_assert_str_eq(err.text, refused[i].text);
        cr_assert_eq(err.st, ST_FORMAT);
    }
}

Test(reader, expect_says_both_types)
{
    struct err err = {0};
    struct reader r = reader_over("\xa1x", 2, &err);
    struct read_value v = {.number = 99};
    cr_assert_eq(reader_expect(&r, READ_MAP, &v), ST_FORMAT);
    cr_assert_str_eq(err.text, "at byte 0: text, expected a map");
    cr_assert_eq(v.number, 99, "outputs are untouched on failure");
}

Test(reader, skip_stops_after_one_value)
{
    struct reader r = reader_over("\x92\x01\x81\x00\x90\x07", 6, NULL);
    cr_assert_eq(reader_skip(&r, 3), ST_OK);
    cr_assert_eq(r.at, 5);
    r.at = 0;
    cr_assert_eq(reader_skip(&r, 2), ST_FORMAT, "an array in a map in an array is three deep");
    r.at = 5;
    cr_assert_eq(reader_skip(&r, 0), ST_OK, "a scalar needs no depth");
    r.at = 4;
    cr_assert_eq(reader_skip(&r, 0), ST_FORMAT, "an empty array does");
}

/* A wide, flat value: time grows with its size alone. */
Test(reader, a_million_members)
{
    enum { N = 1000000 };
    uint8_t *p = calloc(1, N + 5);
    cr_assert_not_null(p);
    p[0] = 0xdd;
    store_u32(p + 1, N);
    struct reader r = reader_over(p, N + 5, NULL);
    cr_assert_eq(reader_skip(&r, 1), ST_OK);
    cr_assert_eq(r.at, N + 5);
    free(p);
}
