#include <criterion/criterion.h>
#include <signal.h>
#include "codec/writer.h"
#include "unit/codec/all_records.h"

/* Known bytes, written by hand from SPEC section 1. */
Test(encode, known_bytes)
{
    struct money m = {.minor = -500, .currency = span_str("EUR")};
    struct buf b;
    buf_init(&b, 100);
    cr_assert_eq(codec_encode(&money_desc, &m, &b), ST_OK);
    cr_assert(span_eq(buf_span(&b), span_of("\x82\x01\xd1\xfe\x0c\x02\xa3"
                                            "EUR",
                                            10)));
    cr_assert_eq(codec_encode(&money_desc, &m, &b), ST_OK);
    cr_assert_eq(b.n, 20, "appends");
    buf_deinit(&b);
}

Test(encode, optional_fields_follow_has)
{
    struct write w = {.table = 1, .key = span_str("k"), .value = span_str("v")};
    struct buf b;
    buf_init(&b, 100);
    cr_assert_eq(codec_encode(&write_desc, &w, &b), ST_OK);
    cr_assert(span_eq(buf_span(&b), span_of("\x82\x01\x01\x02\xc4\x01k", 7)));
    SET_HAS(&w, write_key_value);
    buf_reset(&b);
    cr_assert_eq(codec_encode(&write_desc, &w, &b), ST_OK);
    cr_assert(span_eq(buf_span(&b), span_of("\x83\x01\x01\x02\xc4\x01k\x03\xc4\x01v", 11)));
    buf_deinit(&b);
}

Test(encode, a_full_buffer)
{
    struct money m = {.minor = 1, .currency = span_str("EUR")};
    struct buf b;
    buf_init(&b, 7);
    cr_assert_eq(codec_encode(&money_desc, &m, &b), ST_LIMIT);
    buf_deinit(&b);
}

Test(encode, a_struct_out_of_bounds_is_a_programmer_error, .signal = SIGABRT)
{
    struct money m = {.minor = 1, .currency = span_str("euro")};
    struct buf b;
    buf_init(&b, 100);
    cr_assert_eq(codec_encode(&money_desc, &m, &b), ST_OK, "returned");
}

/* The smallest (pick 0) or a larger value of every record, built as bytes from the descriptor, so that decode
 * and encode meet every field type of every block. */
static const char *const id_text[2] = {"a", "long-name-0"};

static size_t size_for(const struct field_desc *f, uint64_t pick)
{
    size_t least = f->min > 0 ? (size_t)f->min : 0;
    size_t more = least + (size_t)pick * 3;
    return more > (size_t)f->max ? (size_t)f->max : more;
}

static void put_text(struct buf *b, size_t n)
{
    uint8_t text[512];
    memset(text, 'x', sizeof text);
    cr_assert_leq(n, sizeof text);
    writer_str(b, span_of(text, n));
}

static void put_value(struct buf *b, const struct field_desc *f, uint64_t pick)
{
    static const uint8_t zero[512];
    bool bounded = f->min != 0 || f->max != 0;
    switch (f->type) {
    case FT_UINT:
    case FT_TIME:
        writer_uint(b, pick == 0 ? (uint64_t)f->min : f->max != 0 ? (uint64_t)f->max : UINT64_C(1) << 40);
        break;
    case FT_INT:
        writer_int(b, bounded ? pick == 0 ? f->min : f->max : pick == 0 ? INT64_MIN : INT64_MAX);
        break;
    case FT_BOOL:
        writer_bool(b, pick != 0);
        break;
    case FT_HASH:
    case FT_PROSE:
        writer_bin(b, span_of(zero, 32));
        break;
    case FT_SIG:
        writer_bin(b, span_of(zero, 64));
        break;
    case FT_BYTES:
        writer_bin(b, span_of(zero, size_for(f, pick)));
        break;
    case FT_ID:
    case FT_CLAUSE:
        writer_str(b, span_str(id_text[pick]));
        break;
    case FT_SEAT:
        writer_str(b, span_str(pick == 0 ? "a/b" : "brand/quality"));
        break;
    case FT_CURRENCY:
        writer_str(b, span_str("EUR"));
        break;
    case FT_TEXT:
    case FT_MULTILINE:
        put_text(b, size_for(f, pick));
        break;
    case FT_DECIMAL:
        writer_map(b, 2);
        writer_uint(b, 1);
        writer_int(b, pick == 0 ? 0 : -1250001);
        writer_uint(b, 2);
        writer_uint(b, pick == 0 ? 0 : 4);
        break;
    case FT_RAW:
        buf_put(b, pick == 0 ? "\x80" : "\x81\x05\x91\xc3", pick == 0 ? 1 : 4);
        break;
    case FT_ENUM:
        for (size_t i = 0; i < f->en->n; i++) {
            int64_t number = f->en->values[i].number;
            if (bounded && (number < f->min || number > f->max))
                continue;
            writer_uint(b, (uint64_t)number);
            break;
        }
        break;
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS: {
        size_t n = size_for(f, pick);
        writer_array(b, n);
        for (size_t i = 0; i < n; i++) {
            if (f->type == FT_UINTS)
                writer_uint(b, i * 100);
            else if (f->type == FT_HASHES || f->type == FT_BLOBS)
                writer_bin(b, span_of(zero, 32));
            else
                writer_str(b, span_str(f->type == FT_SEATS ? "a/b" : "text"));
        }
        break;
    }
    case FT_REC:
    case FT_LIST:
        cr_assert_fail("nested records are put by their bytes");
    }
}

struct built {
    const struct record_desc *d;
    struct buf b[2];
};

/* Bytes of d, from those of the parts built before it. */
static void build(struct built *all, size_t n, const struct record_desc *d, uint64_t pick, struct buf *b)
{
    size_t pairs = 0;
    for (size_t k = 0; k < d->n; k++)
        pairs += pick != 0 || !d->fields[k].optional ? 1 : 0;
    writer_map(b, pairs);
    for (size_t k = 0; k < d->n; k++) {
        const struct field_desc *f = &d->fields[k];
        if (pick == 0 && f->optional)
            continue;
        writer_uint(b, f->key);
        if (f->type != FT_REC && f->type != FT_LIST) {
            put_value(b, f, pick);
            continue;
        }
        size_t part = 0, count = f->type == FT_REC ? 1 : size_for(f, pick);
        while (part < n && all[part].d != f->rec)
            part++;
        cr_assert_lt(part, n, "%s.%s comes after its part", d->name, f->name);
        if (f->type == FT_LIST)
            writer_array(b, count);
        for (size_t i = 0; i < count; i++)
            buf_put_span(b, buf_span(&all[part].b[pick]));
    }
}

/* Changed bytes never crash a decoder, and what one accepts is the canonical encoding of what it read. */
static void change_and_decode(const struct record_desc *d, struct span bytes, uint64_t *state)
{
    enum { CHANGES = 200, BYTES_MAX = 2048 };
    uint8_t changed[BYTES_MAX];
    struct arena a;
    struct buf again;
    if (bytes.n > sizeof changed)
        return;
    arena_init(&a, 1 << 22);
    buf_init(&again, 1 << 16);
    for (int i = 0; i < CHANGES; i++) {
        arena_reset(&a);
        buf_reset(&again);
        memcpy(changed, bytes.p, bytes.n);
        size_t n = bytes.n;
        for (int k = 0; k < 3; k++) {
            *state =
                *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth's MMIX */
            if ((*state >> 60) < 12)
                changed[(*state >> 33) % n] = (uint8_t)(*state >> 20);
            if ((*state >> 60) == 15)
                n = 1 + (*state >> 33) % n;
        }
        void *rec = arena_alloc(&a, d->size);
        if (codec_decode(d, span_of(changed, n), &a, rec, NULL) != ST_OK)
            continue;
        cr_assert_eq(codec_encode(d, rec, &again), ST_OK);
        cr_assert(span_eq(buf_span(&again), span_of(changed, n)), "%s encodes otherwise", d->name);
    }
    buf_deinit(&again);
    arena_deinit(&a);
}

/* Every record there is: bytes to struct to bytes gives the same bytes, with the fewest fields and with all.
 */
Test(encode, every_record_goes_round)
{
    struct built *all = calloc(all_records_n, sizeof *all);
    cr_assert_not_null(all);
    uint64_t state = 20261123;
    for (size_t i = 0; i < all_records_n; i++) {
        all[i].d = all_records[i];
        for (uint64_t pick = 0; pick < 2; pick++) {
            struct buf *b = &all[i].b[pick], again;
            struct arena a;
            struct err err = {0};
            buf_init(b, 1 << 22);
            buf_init(&again, 1 << 22);
            arena_init(&a, 0);
            build(all, i, all[i].d, pick, b);
            cr_assert_eq(b->failed, ST_OK);
            void *rec = arena_alloc(&a, all[i].d->size);
            cr_assert_eq(codec_decode(all[i].d, buf_span(b), &a, rec, &err), ST_OK, "%s", err.text);
            cr_assert_eq(codec_encode(all[i].d, rec, &again), ST_OK);
            cr_assert(span_eq(buf_span(b), buf_span(&again)), "%s changed", all[i].d->name);
            change_and_decode(all[i].d, buf_span(b), &state);
            buf_deinit(&again);
            arena_deinit(&a);
        }
    }
    for (size_t i = 0; i < all_records_n; i++) {
        buf_deinit(&all[i].b[0]);
        buf_deinit(&all[i].b[1]);
    }
    free(all);
}
