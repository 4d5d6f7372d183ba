/* Every record, message, row and question that proto/ declares. The first two bytes are the record's tag (make.h), the
 * rest is its encoding. What decodes encodes to the same bytes, passes the check, and prints as JSON. */
#include "codec/codec.h"
#include "fuzz/fuzz.h"
#include "fuzz/make.h"

enum { INPUT_MAX = 16384 };

/* Bodies of entries are printed by their kind; all other content stays hex, or is tried as some record. */
static const struct record_desc *raw_desc(void *ctx, const struct record_desc *parent, const void *rec,
                                          const struct field_desc *field)
{
    (void)field;
    if (parent == &entry_desc)
        return kind_desc((uint32_t)((const struct entry *)rec)->kind);
    return ctx;
}

static void check_prefix(const struct record_desc *d, struct span bytes, struct arena *a)
{
    struct buf longer;
    size_t used = 0;
    struct err err;
    buf_init(&longer, bytes.n + 8);
    buf_put_span(&longer, bytes);
    buf_u8(&longer, 0xc1);
    void *rec = arena_alloc(a, d->size);
    REQUIRE(codec_decode_prefix(d, buf_span(&longer), a, rec, &used, &err) == ST_OK, "decodes before other bytes");
    REQUIRE(used == bytes.n, "the length is that of the value");
    REQUIRE(codec_decode(d, buf_span(&longer), a, rec, &err) == ST_FORMAT, "bytes behind it are refused");
    buf_deinit(&longer);
}

static void check_json(const struct record_desc *d, const void *rec)
{
    struct buf text;
    for (int i = 0; i < 2; i++) {
        buf_init(&text, 1 << 20);
        enum status st = codec_json(d, rec, i == 0 ? NULL : raw_desc, NULL, &text);
        REQUIRE(st == ST_OK || st == ST_LIMIT, "JSON: %d", st);
        if (st == ST_OK)
            REQUIRE(text_check(buf_span(&text), true, NULL) == ST_OK, "JSON is plain text");
        buf_deinit(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX)
        return 0;
    const struct record_desc *d = make_find((uint16_t)(data[0] << 8 | data[1]));
    struct span bytes = span_of(data + 2, size - 2);
    struct arena a;
    struct buf b;
    struct err err = {0};
    arena_init(&a, 1 << 24);
    buf_init(&b, size + 64);
    void *rec = arena_alloc(&a, d->size);
    enum status st = codec_decode(d, bytes, &a, rec, &err);
    if (st == ST_OK) {
        REQUIRE(codec_check(d, rec, &err) == ST_OK, "%s: decoded, but not by its check: %s", d->name, err.text);
        REQUIRE(codec_encode(d, rec, &b) == ST_OK, "%s: decoded, but does not encode", d->name);
        REQUIRE(span_eq(buf_span(&b), bytes), "%s: decoding and encoding is identity", d->name);
        REQUIRE(codec_is_canonical(bytes, &err) == ST_OK, "%s: decoded, but not canonical: %s", d->name, err.text);
        check_json(d, rec);
        check_prefix(d, bytes, &a);
    } else {
        REQUIRE(st == ST_FORMAT || st == ST_RANGE || st == ST_LIMIT, "%s: status %d", d->name, st);
        REQUIRE(err.text[0] != 0, "a refusal has words");
    }
    buf_deinit(&b);
    arena_deinit(&a);
    return 0;
}

/* Bytes changed at random are seldom a record; one in four inputs is made new, and then changed a little. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (seed % 4 != 0 || max_size < 64)
        return LLVMFuzzerMutate(data, size, max_size);
    uint64_t state = seed;
    const struct record_desc *d = make_records[draw(&state) % make_records_n];
    struct buf b;
    buf_init(&b, max_size);
    buf_u8(&b, (uint8_t)(make_tag(d) >> 8));
    buf_u8(&b, (uint8_t)make_tag(d));
    make_record(d, draw(&state), seed / 4 % 9, &b);
    size_t n = b.n;
    if (b.failed == ST_OK)
        memcpy(data, b.p, n);
    else
        n = size;
    buf_deinit(&b);
    return seed / 64 % 2 == 0 ? n : LLVMFuzzerMutate(data, n, max_size);
}
