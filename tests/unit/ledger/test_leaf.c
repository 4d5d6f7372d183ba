/* DOC-1: which documents an entry names. */
#include <criterion/criterion.h>
#include "fixture/alliance.h"
#include "ledger/leaf.h"

static struct fixture f;

static struct hash hash_of(uint8_t byte)
{
    struct hash h;
    memset(h.b, byte, sizeof h.b);
    return h;
}

/* The documents that an entry with this body names, as one letter each. */
static const char *named(enum kind kind, const void *body)
{
    static char text[40];
    struct arena a CLEANUP(arena_deinit);
    struct buf b CLEANUP(buf_deinit);
    struct submission s;
    struct leaf leaf;
    struct hash_list list;
    struct hash id;
    struct err err;
    arena_init(&a, 0);
    buf_init(&b, 1 << 20);
    struct fixture_entry e = {.kind = kind, .body = body, .basis = {.size = 1}, .at_ms = 1, .expires_ms = 2};
    fixture_submit(&f, &e, &b, &id);
    cr_assert_eq(codec_decode(&submission_desc, buf_span(&b), &a, &s, &err), ST_OK, "%s", err.text);
    cr_assert_eq(leaf_of_submission(&s, &a, &leaf, &err), ST_OK, "%s", err.text);
    cr_assert_eq(leaf_documents(&leaf, &a, &list, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < list.n; i++)
        text[i] = (char)list.v[i].b[31];
    text[list.n] = 0;
    return text;
}

Test(leaf, doc1_documents_of_an_entry_and_of_records_within_it)
{
    fixture_found(&f, 7, 3, 1, UINT64_C(1767261600000), 45);
    struct hash two[] = {hash_of('a'), hash_of('b')}, three[] = {hash_of('c'), hash_of('d'), hash_of('e')};
    struct note note = {.type = NOTE_EVIDENCE, .document = hash_of('n')};
    SET_HAS(&note, note_key_document);
    cr_expect_str_eq(named(KIND_NOTE, &note), "n");
    note.has = 0; /* what is not there is not named */
    cr_expect_str_eq(named(KIND_NOTE, &note), "");
    struct item item = {.type = ITEM_ISSUE, .documents = {2, two}};
    SET_HAS(&item, item_key_documents);
    cr_expect_str_eq(named(KIND_ITEM, &item), "ab");
    struct decision_input input = {.decision = {.number = 1}, .documents = {2, two}, .settled = {.documents = {3, three}, .effect = {.type = EFFECT_NONE}}};
    SET_HAS(&input, decision_input_key_documents);
    SET_HAS(&input, decision_input_key_settled);
    SET_HAS(&input.settled, proposal_key_documents);
    cr_expect_str_eq(named(KIND_INPUT, &input), "abcde");
    struct minutes minutes = {.session = 1, .act = SESSION_ACT_RECORD, .document = hash_of('m')};
    SET_HAS(&minutes, minutes_key_document);
    cr_expect_str_eq(named(KIND_MINUTES, &minutes), "m");
    fixture_free(&f);
}
