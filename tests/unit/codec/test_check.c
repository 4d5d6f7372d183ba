#include <criterion/criterion.h>
#include "codec/codec.h"

static void expect_refused(const struct record_desc *d, const void *rec, enum status st, const char *text)
{
    struct err err = {0};
    cr_assert_eq(codec_check(d, rec, &err), st, "%s", text);
    cr_assert_str_eq(err.text, text);
    cr_assert_eq(codec_check(d, rec, NULL), st);
}

static struct ballot good_ballot(void)
{
    return (struct ballot){.decision = {.number = 1}, .choice = CHOICE_APPROVE};
}

Test(check, names_field_and_bound)
{
    struct ballot b = good_ballot();
    cr_assert_eq(codec_check(&ballot_desc, &b, NULL), ST_OK);
    b.rung = 16;
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.rung: 16, at most 15");
    b = good_ballot();
    b.decision.number = 0;
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.decision.number: 0, at least 1");
    b.decision.number = (uint64_t)INT64_MAX + 1;
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.decision.number: 9223372036854775808, at most 2^63-1");
    b = good_ballot();
    b.choice = (enum choice)0;
    expect_refused(&ballot_desc, &b, ST_RANGE, "ballot.choice: 0 is no choice");
}

/* Optional fields count when has says so, whatever they hold otherwise. */
Test(check, absent_fields_are_not_looked_at)
{
    struct ballot b = good_ballot();
    b.clause = span_str("NO CLAUSE");
    cr_assert_eq(codec_check(&ballot_desc, &b, NULL), ST_OK);
    SET_HAS(&b, ballot_key_clause);
    expect_refused(&ballot_desc, &b, ST_FORMAT,
                   "ballot.clause: 'NO CLAUSE' is not a clause: ids joined by dots, at most 128 bytes");
}

Test(check, lists_and_their_members)
{
    struct validator v[2] = {{.org = span_str("a")}, {.org = span_str("B")}};
    struct validator_set set = {.members = {0, v}};
    expect_refused(&validator_set_desc, &set, ST_RANGE, "validator_set.members: 0 members, at least 1");
    set.members.n = 2;
    expect_refused(
        &validator_set_desc, &set, ST_FORMAT,
        "validator_set.members[1].org: 'B' is not an id: 1 to 63 of a-z, 0-9 and -, not starting with -");
    set.members.n = 1;
    cr_assert_eq(codec_check(&validator_set_desc, &set, NULL), ST_OK);
    uint64_t versions[2] = {1, (uint64_t)INT64_MAX + 1};
    struct hello_message h = {.versions = {2, versions}, .from = span_str("a"), .to = span_str("b")};
    expect_refused(&hello_message_desc, &h, ST_RANGE,
                   "hello_message.versions[1]: 9223372036854775808, at most 2^63-1");
}

Test(check, enum_bounded_by_its_field)
{
    struct section s = {.leaf = LEAF_SECTION, .version = 1, .number = 4, .body = span_str("\x80")};
    cr_assert_eq(codec_check(&section_desc, &s, NULL), ST_OK);
    s.leaf = LEAF_CARD;
    expect_refused(&section_desc, &s, ST_RANGE, "section.leaf: card (3) is not allowed here");
    struct block_record r = {.leaf = LEAF_ENTRY, .version = 1, .rules = 1};
    expect_refused(&block_record_desc, &r, ST_RANGE, "block_record.leaf: entry (1) is not allowed here");
    r.leaf = LEAF_BLOCK;
    cr_assert_eq(codec_check(&block_record_desc, &r, NULL), ST_OK);
}

/* A RAW field holds one canonical map, and its depth counts. */
Test(check, raw)
{
    uint8_t deep[2 * LIMIT_NEST_DEPTH];
    struct section s = {.leaf = LEAF_SECTION, .version = 1, .number = 4, .body = span_str("\x90")};
    expect_refused(&section_desc, &s, ST_FORMAT, "section.body: at byte 0: an array, expected a map");
    s.body = span_of("\x80\x00", 2);
    expect_refused(&section_desc, &s, ST_FORMAT, "section.body: at byte 1: 1 bytes after the value");
    s.body = span_of("\x81\x01\xcc\x01", 4);
    expect_refused(&section_desc, &s, ST_FORMAT, "section.body: at byte 2: integer not in its shortest form");
    s.body = span_of(NULL, 0);
    expect_refused(&section_desc, &s, ST_FORMAT, "section.body: at byte 0: the input ends; 1 more expected");
    for (size_t i = 0; i < LIMIT_NEST_DEPTH; i++) {
        deep[2 * i] = 0x81;
        deep[2 * i + 1] = 0;
    }
    deep[2 * (LIMIT_NEST_DEPTH - 1)] = 0x80;
    s.body = span_of(deep, 2 * (LIMIT_NEST_DEPTH - 1) + 1);
    cr_assert_eq(codec_is_canonical(s.body, NULL), ST_OK, "by itself it is not too deep");
    cr_assert_eq(codec_check(&section_desc, &s, NULL), ST_FORMAT, "inside a record it is");
    deep[2 * (LIMIT_NEST_DEPTH - 2)] = 0x80;
    s.body = span_of(deep, 2 * (LIMIT_NEST_DEPTH - 2) + 1);
    cr_assert_eq(codec_check(&section_desc, &s, NULL), ST_OK);
}

Test(check, decimals)
{
    struct charter_term_of t = {.type = COND_SCORE, .number = {.mantissa = 125, .scale = 1}};
    SET_HAS(&t, charter_term_of_key_number);
    cr_assert_eq(codec_check(&charter_term_of_desc, &t, NULL), ST_OK);
    t.number = (struct decimal){.mantissa = 1250, .scale = 2};
    expect_refused(
        &charter_term_of_desc, &t, ST_FORMAT,
        "charter_term_of.number: decimal 1250 with scale 2 ends in 0; write it with a smaller scale");
    t.number = (struct decimal){.mantissa = 0, .scale = 1};
    cr_assert_eq(codec_check(&charter_term_of_desc, &t, NULL), ST_FORMAT);
    t.number = (struct decimal){.mantissa = 5, .scale = 10};
    expect_refused(&charter_term_of_desc, &t, ST_RANGE,
                   "charter_term_of.number: decimal with scale 10, at most 9");
    t.number = (struct decimal){.mantissa = INT64_MIN, .scale = 9};
    cr_assert_eq(codec_check(&charter_term_of_desc, &t, NULL), ST_OK);
}
