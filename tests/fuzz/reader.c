/* Canonical reader: what it takes, the writer writes to the same bytes; walked with reader_next, skipped with reader_skip
 * and looked at by codec_is_canonical it is the same value, or none. */
#include "codec/codec.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "fuzz/fuzz.h"

struct level {
    uint64_t left;
    bool is_map;
    int key;
};

static void rewrite(const struct read_value *v, struct buf *b)
{
    switch (v->type) {
    case READ_UINT:
        writer_uint(b, v->number);
        break;
    case READ_NEGATIVE:
        writer_int(b, v->negative);
        break;
    case READ_BOOL:
        writer_bool(b, v->number != 0);
        break;
    case READ_STR:
        writer_str(b, v->bytes);
        break;
    case READ_BIN:
        writer_bin(b, v->bytes);
        break;
    case READ_ARRAY:
        writer_array(b, (size_t)v->number);
        break;
    case READ_MAP:
        writer_map(b, (size_t)v->number);
        break;
    }
}

/* One value, and nothing behind it. */
static enum status walk(struct reader *r, struct buf *b)
{
    struct level stack[LIMIT_NEST_DEPTH];
    size_t n = 0;
    do {
        if (n > 0 && stack[n - 1].left == 0) {
            n--;
            continue;
        }
        if (n > 0) {
            struct level *l = &stack[n - 1];
            l->left--;
            if (l->is_map && reader_key(r, &l->key) != ST_OK)
                return ST_FORMAT;
            if (l->is_map)
                writer_uint(b, (uint64_t)l->key);
        }
        struct read_value v;
        if (reader_next(r, &v) != ST_OK)
            return ST_FORMAT;
        REQUIRE(r->at <= r->in.n, "the position is within the input");
        if (v.type == READ_ARRAY || v.type == READ_MAP)
            REQUIRE(v.number <= r->in.n, "a count fits into the input");
        rewrite(&v, b);
        if (v.type != READ_ARRAY && v.type != READ_MAP)
            continue;
        if (n == LIMIT_NEST_DEPTH)
            return ST_FORMAT;
        stack[n++] = (struct level){v.number, v.type == READ_MAP, -1};
    } while (n > 0);
    return reader_end(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct reader r, s;
    struct buf b;
    buf_init(&b, size + 64);
    reader_init(&r, span_of(data, size), &err);
    enum status walked = walk(&r, &b);
    reader_init(&s, span_of(data, size), &err);
    enum status skipped = reader_skip(&s, LIMIT_NEST_DEPTH);
    if (skipped == ST_OK)
        skipped = reader_end(&s);
    enum status canonical = codec_is_canonical(span_of(data, size), &err);
    REQUIRE((walked == ST_OK) == (skipped == ST_OK), "walking and skipping agree");
    REQUIRE((walked == ST_OK) == (canonical == ST_OK), "walking and codec_is_canonical agree: %s", err.text);
    REQUIRE(canonical == ST_OK || canonical == ST_FORMAT, "the status is one of the contract's: %d", canonical);
    REQUIRE(canonical == ST_OK || err.text[0] != 0, "a refusal has words");
    if (walked == ST_OK)
        REQUIRE(b.failed == ST_OK && span_eq(buf_span(&b), span_of(data, size)), "reading and writing is identity");
    buf_deinit(&b);
    return 0;
}
