/* Decoding: places and words of errors, bounds before memory. The rules one by one are in test_vectors.c. */
#include <criterion/criterion.h>
#include "codec/codec.h"
#include "codec/writer.h"

static struct arena arena;
static struct buf buf;

static void setup(void)
{
    arena_init(&arena, 1 << 20);
    buf_init(&buf, 1 << 24);
}

static void teardown(void)
{
    arena_deinit(&arena);
    buf_deinit(&buf);
}

TestSuite(decode, .init = setup, .fini = teardown);

/* A ballot up to field 2; the rest is for the test. */
static void put_ballot_start(size_t pairs)
{
    static const struct hash zero;
    writer_map(&buf, pairs);
    writer_uint(&buf, 1);
    writer_map(&buf, 2);
    writer_uint(&buf, 1);
    writer_uint(&buf, 12);
    writer_uint(&buf, 2);
    writer_bin(&buf, span_hash(&zero));
    writer_uint(&buf, 2);
    writer_uint(&buf, 3);
}

static void expect_refused(const struct record_desc *d, void *rec, enum status st, const char *text)
{
    struct err err = {0};
    enum status got = codec_decode(d, buf_span(&buf), &arena, rec, &err);
    cr_assert_eq(got, st, "%s: %s", status_name(got), err.text);
    cr_assert_str_eq(err.text, text);
    cr_assert_eq(err.st, st);
}

Test(decode, fills_the_struct)
{
    struct ballot b;
    put_ballot_start(4);
    writer_uint(&buf, 3);
    writer_uint(&buf, 3);
    writer_uint(&buf, 4);
    writer_str(&buf, span_str("term.renewal"));
    cr_assert_eq(codec_decode(&ballot_desc, buf_span(&buf), &arena, &b, NULL), ST_OK);
    cr_assert_eq(b.decision.number, 12);
    cr_assert(hash_is_zero(&b.decision.digest));
    cr_assert_eq(b.rung, 3);
    cr_assert_eq(b.choice, CHOICE_VETO);
    cr_assert(span_eqs(b.clause, "term.renewal"));
    cr_assert(b.clause.p > buf.p && b.clause.p < buf.p + buf.n, "spans point into the input");
    cr_assert(HAS(&b, ballot_key_clause));
    cr_assert_not(HAS(&b, ballot_key_reason));
    cr_assert(HAS(&b, ballot_key_choice), "required fields are marked too");
}

Test(decode, missing_field)
{
    struct ballot b;
    put_ballot_start(2);
    expect_refused(&ballot_desc, &b, ST_FORMAT, "ballot: missing field 3 (choice)");
}

Test(decode, missing_field_before_a_later_one)
{
    struct ballot b;
    put_ballot_start(3);
    writer_uint(&buf, 4);
    writer_str(&buf, span_str("a"));
    expect_refused(&ballot_desc, &b, ST_FORMAT, "ballot: missing field 3 (choice)");
}

Test(decode, missing_field_of_a_nested_record)
{
    struct ballot b;
    writer_map(&buf, 1);
    writer_uint(&buf, 1);
    writer_map(&buf, 1);
    writer_uint(&buf, 1);
    writer_uint(&buf, 12);
    expect_refused(&ballot_desc, &b, ST_FORMAT, "ballot.decision: missing field 2 (digest)");
}

Test(decode, unknown_key)
{
    struct ballot b;
    put_ballot_start(4);
    writer_uint(&buf, 3);
    writer_uint(&buf, 1);
    writer_uint(&buf, 9);
    writer_uint(&buf, 1);
    expect_refused(&ballot_desc, &b, ST_FORMAT, "ballot: at byte 44: unknown key 9");
}

Test(decode, longer_integer_in_a_nested_record)
{
    struct ballot b;
    buf_put(&buf, "\x83\x01\x82\x01\xcc\x0c", 6);
    buf_put(&buf, "\x02\xc4\x20", 3);
    for (int i = 0; i < 40; i++)
        buf_u8(&buf, 0);
    expect_refused(&ballot_desc, &b, ST_FORMAT,
                   "ballot.decision.number: at byte 4: integer not in its shortest form");
}

Test(decode, text_too_long)
{
    static const uint8_t letters[LIMIT_PROSE_BYTES + 1];
    static const struct hash salt;
    struct prose p;
    writer_map(&buf, 2);
    writer_uint(&buf, 1);
    writer_bin(&buf, span_hash(&salt));
    writer_uint(&buf, 2);
    writer_str(&buf, span_of(letters, sizeof letters));
    expect_refused(&prose_desc, &p, ST_RANGE, "prose.text: at byte 37: 16385 bytes, at most 16384");
}

Test(decode, bounds_and_forms_in_words)
{
    struct ballot b;
    put_ballot_start(4);
    writer_uint(&buf, 3);
    writer_uint(&buf, 9);
    writer_uint(&buf, 4);
    writer_str(&buf, span_str("A clause"));
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.choice: at byte 43: 9 is no choice");
    buf.p[43] = 1;
    expect_refused(
        &ballot_desc, &b, ST_FORMAT,
        "ballot.clause: at byte 45: 'A clause' is not a clause: ids joined by dots, at most 128 bytes");
    buf.p[41] = 16;
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.rung: at byte 41: 16, at most 15");
}

/* What cannot be printed safely is not printed. */
Test(decode, control_characters_stay_out_of_messages)
{
    struct validator v;
    writer_map(&buf, 3);
    writer_uint(&buf, 1);
    writer_str(&buf, span_str("a\x1b[2J"));
    writer_uint(&buf, 2);
    expect_refused(&validator_desc, &v, ST_FORMAT,
                   "validator.org: at byte 2: not an id: 1 to 63 of a-z, 0-9 and -, not starting with -");
}

Test(decode, wrong_type_says_both)
{
    struct ballot b;
    put_ballot_start(3);
    writer_uint(&buf, 3);
    writer_str(&buf, span_str("approve"));
    expect_refused(&ballot_desc, &b, ST_FORMAT, "ballot.choice: at byte 43: text, expected an integer");
    struct money m;
    buf_reset(&buf);
    writer_map(&buf, 2);
    writer_uint(&buf, 1);
    writer_bool(&buf, true);
    writer_uint(&buf, 2);
    writer_str(&buf, span_str("EUR"));
    expect_refused(&money_desc, &m, ST_FORMAT, "money.minor: at byte 2: a boolean, expected an integer");
}

static void put_members(size_t n, const char *last)
{
    static const struct hash zero;
    writer_map(&buf, 1);
    writer_uint(&buf, 1);
    writer_array(&buf, n);
    for (size_t i = 0; i < n; i++) {
        writer_map(&buf, 3);
        writer_uint(&buf, 1);
        writer_str(&buf, span_str(i + 1 == n ? last : "org"));
        writer_uint(&buf, 2);
        writer_bin(&buf, span_hash(&zero));
        writer_uint(&buf, 3);
        writer_bin(&buf, span_hash(&zero));
    }
}

Test(decode, list_members_are_numbered)
{
    struct validator_set set;
    put_members(4, "ORG");
    expect_refused(&validator_set_desc, &set, ST_FORMAT,
                   "validator_set.members[3].org: at byte 233: 'ORG' is not an id: 1 to 63 of a-z, 0-9 and "
                   "-, not starting with -");
    buf_reset(&buf);
    put_members(4, "last");
    cr_assert_eq(codec_decode(&validator_set_desc, buf_span(&buf), &arena, &set, NULL), ST_OK);
    cr_assert_eq(set.members.n, 4);
    cr_assert(span_eqs(set.members.v[0].org, "org"));
    cr_assert(span_eqs(set.members.v[3].org, "last"));
}

Test(decode, members_of_scalar_lists_are_numbered)
{
    struct hello_message h;
    writer_map(&buf, 6);
    writer_uint(&buf, 1);
    writer_array(&buf, 3);
    writer_uint(&buf, 1);
    writer_uint(&buf, 2);
    writer_str(&buf, span_str("3"));
    for (int i = 0; i < 10; i++)
        buf_u8(&buf, 0);
    expect_refused(&hello_message_desc, &h, ST_FORMAT,
                   "hello_message.versions[2]: at byte 5: text, expected an integer");
}

/* Counts are held against the bytes left, by the smallest member there is, before memory is taken. */
Test(decode, counts_are_checked_before_memory_is_taken)
{
    struct validator_set set;
    writer_map(&buf, 1);
    writer_uint(&buf, 1);
    writer_array(&buf, 65);
    for (size_t i = 0; i < 65; i++)
        buf_u8(&buf, 0x80);
    size_t was = arena.used;
    expect_refused(&validator_set_desc, &set, ST_RANGE,
                   "validator_set.members: at byte 2: 65 members, at most 64");
    buf.p[4] = 64;
    expect_refused(&validator_set_desc, &set, ST_FORMAT,
                   "validator_set.members: at byte 5: 64 members in the 65 bytes left");
    cr_assert_leq(arena.used - was, 2 * (validator_set_desc.size + 16),
                  "only the outer struct was allocated");
}

Test(decode, arena_full)
{
    struct validator_set set = {.has = 77};
    struct arena small;
    struct err err = {0};
    arena_init(&small, 64);
    put_members(2, "org");
    cr_assert_eq(codec_decode(&validator_set_desc, buf_span(&buf), &small, &set, &err), ST_LIMIT);
    cr_assert_str_eq(err.text, "validator_set.members: no memory left for 2 members");
    cr_assert_eq(set.has, 77, "outputs are untouched on failure");
    arena_deinit(&small);
    arena_init(&small, 8);
    cr_assert_eq(codec_decode(&validator_set_desc, buf_span(&buf), &small, &set, &err), ST_LIMIT);
    cr_assert_str_eq(err.text, "validator_set: no memory left");
    arena_deinit(&small);
}

Test(decode, prefix_leaves_the_rest)
{
    struct money m = {0};
    size_t used = 0;
    struct err err = {0};
    writer_map(&buf, 2);
    writer_uint(&buf, 1);
    writer_int(&buf, -500);
    writer_uint(&buf, 2);
    writer_str(&buf, span_str("EUR"));
    size_t end = buf.n;
    buf_put(&buf, "\xc1\xc1", 2);
    cr_assert_eq(codec_decode_prefix(&money_desc, buf_span(&buf), &arena, &m, &used, &err), ST_OK);
    cr_assert_eq(used, end);
    cr_assert_eq(m.minor, -500);
    expect_refused(&money_desc, &m, ST_FORMAT, "money: at byte 10: 2 bytes after the value");
    used = 5;
    cr_assert_eq(codec_decode_prefix(&money_desc, span_of(buf.p, 4), &arena, &m, &used, NULL), ST_FORMAT);
    cr_assert_eq(used, 5, "outputs are untouched on failure");
}

/* Any byte of a whole signed entry changed to any value: never a crash, and what is accepted is canonical. */
Test(decode, every_single_byte_change)
{
    struct entry e = {.leaf = LEAF_ENTRY,
                      .version = 1,
                      .kind = KIND_HOLDER,
                      .seat = span_str("brand/registrar"),
                      .at_ms = 1700000000000,
                      .basis = {.size = 4},
                      .expires_ms = 1700000001000};
    struct public_key keys[2] = {{.alg = SIG_ED25519}, {.alg = SIG_SK_ED25519}};
    struct holder h = {.seat = span_str("brand/quality"), .keys = {2, keys}};
    struct buf body, again;
    buf_init(&body, 4096);
    buf_init(&again, 4096);
    cr_assert_eq(codec_encode(&holder_desc, &h, &body), ST_OK);
    e.body = buf_span(&body);
    cr_assert_eq(codec_encode(&entry_desc, &e, &buf), ST_OK);
    size_t accepted = 0;
    for (size_t i = 0; i < buf.n; i++) {
        uint8_t was = buf.p[i];
        for (unsigned v = 0; v < 256; v++) {
            struct entry got;
            buf.p[i] = (uint8_t)v;
            arena_reset(&arena);
            if (codec_decode(&entry_desc, buf_span(&buf), &arena, &got, NULL) != ST_OK)
                continue;
            accepted++;
            buf_reset(&again);
            cr_assert_eq(codec_encode(&entry_desc, &got, &again), ST_OK);
            cr_assert(span_eq(buf_span(&again), buf_span(&buf)), "byte %zu as %u encodes otherwise", i, v);
        }
        buf.p[i] = was;
    }
    cr_assert_gt(accepted, buf.n);
    buf_deinit(&body);
    buf_deinit(&again);
}

/* ENC-6 for what a block's own fields nest: sixteen records in each other, the innermost holding one field.
 * No real block goes there (test_desc.c), so the descriptors are made here. */
Test(decode, nesting_by_the_blocks)
{
    enum { LEVELS = LIMIT_NEST_DEPTH };
    static const struct {
        enum field_type type;
        const char *bytes;
        size_t n;
        bool nests;
    } leaf[] = {
        {FT_UINT, "\x05", 1, false}, {FT_DECIMAL, "\x82\x01\x05\x02\x00", 5, true},
        {FT_UINTS, "\x90", 1, true}, {FT_LIST, "\x90", 1, true},
        {FT_REC, "\x80", 1, true},   {FT_RAW, "\x80", 1, true},
    };
    uint64_t rec[LEVELS + 4];
    struct record_desc d[LEVELS];
    struct field_desc f[LEVELS];
    const struct record_desc part = {.name = "part", .size = sizeof(uint64_t)};
    for (size_t i = 0; i < ARRAY_LEN(leaf); i++)
        for (size_t levels = LEVELS - 1; levels <= LEVELS; levels++) {
            buf_reset(&buf);
            for (size_t k = 0; k < levels; k++) {
                f[k] = (struct field_desc){
                    .name = "in", .type = FT_REC, .offset = sizeof rec[0], .rec = &d[k + 1]};
                d[k] = (struct record_desc){"level", "", 0, (levels - k + 4) * sizeof rec[0], &f[k], 1};
                buf_put(&buf, "\x81\x00", 2);
            }
            f[levels - 1] = (struct field_desc){
                .name = "leaf", .type = leaf[i].type, .max = 9, .offset = sizeof rec[0], .rec = &part};
            buf_put(&buf, leaf[i].bytes, leaf[i].n);
            struct err err = {0};
            bool refused = levels == LEVELS && leaf[i].nests;
            cr_assert_eq(codec_decode(&d[0], buf_span(&buf), &arena, rec, &err), refused ? ST_FORMAT : ST_OK,
                         "%s", err.text);
            cr_assert_eq(codec_is_canonical(buf_span(&buf), NULL), refused ? ST_FORMAT : ST_OK);
            if (refused)
                cr_assert_not_null(strstr(err.text, ".leaf: at byte 32: nested deeper than 16"), "%s",
                                   err.text);
        }
}
