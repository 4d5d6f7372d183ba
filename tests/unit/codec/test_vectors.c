/* proto/vectors/codec.json, made by scripts/vectors/codec.py from the rules of SPEC section 1. */
#include <criterion/criterion.h>
#include <jansson.h>
#include "unit/codec/all_records.h"

struct tally {
    size_t accepted, refused;
};

static void check_bytes(const char *id, const char *why, struct span bytes, bool accept)
{
    struct err err = {0};
    enum status st = codec_is_canonical(bytes, &err);
    cr_assert_eq(st, accept ? ST_OK : ST_FORMAT, "%s, %s: %s %s", id, why, status_name(st), err.text);
    cr_assert_eq(codec_is_canonical(bytes, NULL), st);
    if (!accept)
        cr_assert_not_null(strstr(err.text, "at byte "), "%s, %s: %s", id, why, err.text);
}

/* What is accepted encodes to the same bytes again; what is refused leaves the struct alone. */
static void check_record(const char *id, const char *why, struct span bytes, bool accept, const char *record)
{
    const struct record_desc *d = all_records_find(record);
    cr_assert_not_null(d, "%s", record);
    struct arena a;
    struct buf b;
    struct err err = {0};
    arena_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    uint8_t *rec = arena_alloc(&a, d->size), *was = arena_alloc(&a, d->size);
    memset(rec, 0xa5, d->size);
    memset(was, 0xa5, d->size);
    enum status st = codec_decode(d, bytes, &a, rec, &err);
    if (accept) {
        cr_assert_eq(st, ST_OK, "%s, %s: %s", id, why, err.text);
        cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
        cr_assert(span_eq(buf_span(&b), bytes), "%s, %s: encodes otherwise", id, why);
    } else {
        cr_assert(st == ST_FORMAT || st == ST_RANGE, "%s, %s: %s", id, why, status_name(st));
        cr_assert_eq(memcmp(rec, was, d->size), 0, "%s, %s: struct was touched", id, why);
        cr_assert_eq(strncmp(err.text, record, strlen(record)), 0, "%s, %s: %s", id, why, err.text);
        cr_assert_eq(codec_decode(d, bytes, &a, rec, NULL), st);
    }
    buf_deinit(&b);
    arena_deinit(&a);
}

Test(vectors, codec_json)
{
    json_error_t at;
    json_t *all = json_load_file(ENTENTE_SOURCE_DIR "/proto/vectors/codec.json", 0, &at);
    cr_assert_not_null(all, "%s", at.text);
    struct tally seen[14] = {0};
    size_t i;
    json_t *v;
    json_array_foreach(all, i, v)
    {
        const char *id = NULL, *hex = NULL, *why = NULL, *record = NULL;
        int accept = 0;
        cr_assert_eq(json_unpack(v, "{s:s, s:s, s:s, s:b, s?s}", "id", &id, "hex", &hex, "why", &why,
                                 "accept", &accept, "record", &record),
                     0, "vector %zu", i);
        struct arena a;
        struct span bytes;
        arena_init(&a, 0);
        cr_assert_eq(hex_decode(span_str(hex), &a, &bytes), ST_OK);
        if (record == NULL)
            check_bytes(id, why, bytes, accept != 0);
        else
            check_record(id, why, bytes, accept != 0, record);
        arena_deinit(&a);
        long rule = strtol(id + 4, NULL, 10);
        cr_assert(strncmp(id, "ENC-", 4) == 0 && rule >= 1 && rule < (long)ARRAY_LEN(seen), "%s", id);
        seen[rule].accepted += accept != 0;
        seen[rule].refused += accept == 0;
    }
    for (size_t rule = 1; rule <= 12; rule++) {
        cr_assert_gt(seen[rule].accepted, 0, "ENC-%zu has a golden vector", rule);
        cr_assert_gt(seen[rule].refused, 0, "ENC-%zu has a must-reject vector", rule);
    }
    json_decref(all);
}
