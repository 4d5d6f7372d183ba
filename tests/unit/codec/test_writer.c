/* Written forms against the msgpack specification: the reader's boundary cases are in
 * proto/vectors/codec.json, and test_vectors.c compares whole records. */
#include <criterion/criterion.h>
#include "codec/reader.h"
#include "codec/writer.h"

static void expect_hex(struct buf *b, const char *hex)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    hex_put(&text, buf_span(b));
    cr_assert_str_eq(buf_cstr(&text), hex);
    buf_deinit(&text);
    buf_reset(b);
}

Test(writer, integers_take_their_shortest_form)
{
    static const struct {
        int64_t v;
        const char *hex;
    } known[] = {
        {0, "00"},
        {127, "7f"},
        {128, "cc80"},
        {255, "ccff"},
        {256, "cd0100"},
        {65535, "cdffff"},
        {65536, "ce00010000"},
        {4294967295, "ceffffffff"},
        {4294967296, "cf0000000100000000"},
        {INT64_MAX, "cf7fffffffffffffff"},
        {-1, "ff"},
        {-32, "e0"},
        {-33, "d0df"},
        {-128, "d080"},
        {-129, "d1ff7f"},
        {-32768, "d18000"},
        {-32769, "d2ffff7fff"},
        {INT32_MIN, "d280000000"},
        {(int64_t)INT32_MIN - 1, "d3ffffffff7fffffff"},
        {INT64_MIN, "d38000000000000000"},
    };
    struct buf b;
    buf_init(&b, 64);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        writer_int(&b, known[i].v);
        expect_hex(&b, known[i].hex);
        if (known[i].v < 0)
            continue;
        writer_uint(&b, (uint64_t)known[i].v);
        expect_hex(&b, known[i].hex);
    }
    writer_bool(&b, true);
    writer_bool(&b, false);
    expect_hex(&b, "c3c2");
    buf_deinit(&b);
}

/* Every length around a change of form is read back by the strict reader, which refuses all but the shortest.
 */
Test(writer, lengths_take_their_shortest_form)
{
    static const size_t sizes[] = {0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536};
    static const uint8_t zero[65536];
    struct buf b;
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct reader r;
        struct read_value v;
        writer_bin(&b, span_of(zero, sizes[i]));
        writer_str(&b, span_of(zero, sizes[i]));
        writer_array(&b, sizes[i]);
        buf_put(&b, zero, sizes[i]);
        if (sizes[i] < 64) {
            writer_map(&b, sizes[i]);
            buf_put(&b, zero, 2 * sizes[i]);
        }
        reader_init(&r, buf_span(&b), NULL);
        cr_assert(reader_expect(&r, READ_BIN, &v) == ST_OK && v.bytes.n == sizes[i]);
        cr_assert(reader_expect(&r, READ_STR, &v) == ST_OK && v.bytes.n == sizes[i]);
        cr_assert(reader_expect(&r, READ_ARRAY, &v) == ST_OK && v.number == sizes[i]);
        r.at += sizes[i];
        if (sizes[i] < 64)
            cr_assert(reader_expect(&r, READ_MAP, &v) == ST_OK && v.number == sizes[i]);
        buf_reset(&b);
    }
    buf_deinit(&b);
}

Test(writer, a_full_buffer_keeps_the_failure)
{
    struct buf b;
    buf_init(&b, 4);
    writer_bin(&b, span_str("abcdef"));
    cr_assert_eq(b.failed, ST_LIMIT);
    writer_uint(&b, 1);
    cr_assert_eq(b.failed, ST_LIMIT);
    cr_assert_leq(b.n, 4);
    buf_deinit(&b);
}
