/* BLK-*: a block made here is accepted when it is executed elsewhere, and nothing else is. */
#include <criterion/criterion.h>
#include "fixture/alliance.h"
#include "ledger/block.h"
#include "ledger/rows.h"
#include "store/store_mem.h"

static const uint64_t FOUNDED = UINT64_C(1767261600000);

static struct fixture f;
static struct store *s;
static struct view v;
static struct tip tip;
static struct ids *ids;
static struct arena a;
static struct err err;

static void flush(const struct block *b, struct span certificate)
{
    struct store_txn *t;
    struct view before;
    cr_assert_eq(store_read_begin(s, &before, &err), ST_OK);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(block_flush(b, certificate, &before, s, t, &err), ST_OK, "%s", err.text);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    store_read_end(s, &before);
    store_read_end(s, &v);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    for (size_t i = 0; b->entries != NULL && i + 1 < b->n_leaves; i++)
        ids_add(ids, &b->entries[i].id, b->first_leaf + 1 + i, b->record.time_ms);
    tip = b->after;
}

static void setup(void)
{
    struct block b;
    fixture_found(&f, 3, 3, 1, FOUNDED, 45);
    arena_init(&a, 0);
    s = store_mem_new();
    ids = ids_new();
    cr_assert_eq(block_genesis(&f.genesis, &a, &b, &err), ST_OK, "%s", err.text);
    flush(&b, span_str("sigs"));
}

static void teardown(void)
{
    store_read_end(s, &v);
    store_close(s);
    ids_free(ids);
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(block, .init = setup, .fini = teardown);

static struct leaf note_by(size_t org, const char *text, uint64_t expires_ms, struct basis basis)
{
    struct note body = {.type = NOTE_COMMENT};
    struct prose prose = fixture_prose(&f, text, &body.text);
    struct buf b;
    struct hash id;
    struct submission sub;
    struct leaf leaf;
    SET_HAS(&body, note_key_text);
    buf_init(&b, 1 << 17);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = org, .basis = basis, .at_ms = FOUNDED, .expires_ms = expires_ms,
                              .prose = &prose, .n_prose = 1};
    fixture_submit(&f, &e, &b, &id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&b)), &a, &sub, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&sub, &a, &leaf, &err), ST_OK, "%s", err.text);
    buf_deinit(&b);
    return leaf;
}

static struct basis newest(void)
{
    struct basis b = {.size = tip.tree.size};
    frontier_root(&tip.tree, &b.root);
    return b;
}

static enum status check_sig(void *ctx, const struct leaf *leaf)
{
    (void)ctx;
    return leaf_verify(leaf);
}

static const struct block_verifier verifier = {NULL, check_sig};

static struct block make(uint64_t time_ms, struct block_candidate *c, size_t n)
{
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block b;
    struct hash last = {{1}};
    cr_assert_eq(block_make(&l, time_ms, span_str("p01"), &last, c, n, &a, &b, &err), ST_OK);
    return b;
}

static bool executes(struct span header, const struct span *leaves, size_t n, char why[256])
{
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block b;
    bool valid;
    cr_assert_eq(block_execute(&l, header, leaves, n, &verifier, &a, &valid, &b, why, &err), ST_OK);
    return valid;
}

Test(block, what_one_makes_another_accepts_and_both_go_on)
{
    char why[256];
    for (uint64_t h = 1; h <= 20; h++) {
        struct block_candidate c[2] = {{.leaf = note_by(0, "one", FOUNDED + 86400000, newest())},
                                       {.leaf = note_by(1, "two", FOUNDED + 86400000, newest())}};
        struct block b = make(FOUNDED + h, c, 2);
        cr_assert_eq(b.n_leaves, 3);
        cr_assert(executes(b.header_bytes, b.leaves + 1, 2, why), "%s", why);
        flush(&b, span_str("certificate"));
        struct tip loaded;
        cr_assert_eq(tip_load(&v, &loaded, &err), ST_OK, "%s", err.text);
        cr_assert(hash_eq(&loaded.block, &b.id));
        cr_assert_eq(loaded.tree.size, b.after.tree.size);
        struct boundary newest_row;
        struct hash root;
        frontier_root(&loaded.tree, &root);
        cr_assert_eq(rows_newest_boundary(&v, &newest_row, &err), ST_OK, "%s", err.text);
        cr_assert_eq(newest_row.size, loaded.tree.size);
        cr_assert_eq(newest_row.height, loaded.height);
        cr_assert_eq(newest_row.time_ms, loaded.time_ms);
        cr_assert(hash_eq(&newest_row.root, &root));
    }
}

Test(block, BLK_8_nothing_to_decide_is_no_block)
{
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block b;
    struct hash last = {{1}};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &last, NULL, 0, &a, &b, &err), ST_END);
}

Test(block, ENT_rules_leave_entries_out_and_say_why)
{
    struct basis other = newest();
    other.root.b[0] ^= 1;
    struct block_candidate c[] = {{.leaf = note_by(0, "expired", FOUNDED + 5, newest())},
                                  {.leaf = note_by(0, "too long", FOUNDED + UINT64_C(31) * 86400000, newest())},
                                  {.leaf = note_by(0, "another history", FOUNDED + 86400000, other)},
                                  {.leaf = note_by(0, "fine", FOUNDED + 86400000, newest())}};
    struct block b = make(FOUNDED + 5, c, 4);
    cr_assert_eq(b.n_leaves, 2);
    cr_assert_eq(c[0].verdict, V_EXPIRED);
    cr_assert_not_null(strstr(c[0].why, "it expired at"), "%s", c[0].why);
    cr_assert_eq(c[1].verdict, V_EXPIRY_TOO_FAR);
    cr_assert_eq(c[2].verdict, V_UNKNOWN_BASIS);
    cr_assert_not_null(strstr(c[2].why, "its author saw another history: at tree size"), "%s", c[2].why);
    cr_assert_eq(c[3].verdict, V_OK);
    flush(&b, span_str("certificate"));
    struct block_candidate again[] = {{.leaf = c[3].leaf}, {.leaf = note_by(0, "next", FOUNDED + 86400000, newest())}};
    b = make(FOUNDED + 6, again, 2);
    cr_assert_eq(again[0].verdict, V_DUPLICATE);
    cr_assert_not_null(strstr(again[0].why, "on the record already, at leaf"), "%s", again[0].why);
}

/* Who judges many entries against one state gives what it has read of it; the verdicts and words stay the same. */
Test(block, judged_against_what_was_read_before)
{
    struct basis other = newest();
    other.root.b[0] ^= 1;
    struct gov_clock clock;
    struct ledger plain = {.tip = &tip, .view = &v, .ids = ids}, ready = plain;
    cr_assert_eq(gov_clock(&v, &a, &clock, &err), ST_OK);
    cr_assert_eq(gov_calm_until(&v, &a, &ready.calm_until_ms, &err), ST_OK);
    cr_assert_gt(ready.calm_until_ms, FOUNDED + 5);
    ready.clock = &clock;
    struct leaf leaves[] = {note_by(0, "expired", FOUNDED + 5, newest()), note_by(0, "another history", FOUNDED + 86400000, other),
                            note_by(0, "fine", FOUNDED + 86400000, newest())};
    for (size_t i = 0; i < ARRAY_LEN(leaves); i++) {
        struct block_candidate one = {.leaf = leaves[i]}, two = one;
        cr_assert_eq(block_judge(&plain, FOUNDED + 5, &one, 1, &a, &err), ST_OK);
        cr_assert_eq(block_judge(&ready, FOUNDED + 5, &two, 1, &a, &err), ST_OK);
        cr_expect_eq(one.verdict, two.verdict);
        cr_expect_eq(one.left_out, two.left_out);
        cr_expect_str_eq(one.why, two.why);
    }
    /* From the first deadline on they are not used: a clock without room for any entry would leave it out. */
    clock.block_entries = 0;
    struct block_candidate c = {.leaf = leaves[2]};
    cr_assert_eq(block_judge(&ready, FOUNDED + 5, &c, 1, &a, &err), ST_OK);
    cr_expect(c.left_out);
    ready.calm_until_ms = FOUNDED + 5;
    cr_assert_eq(block_judge(&ready, FOUNDED + 5, &c, 1, &a, &err), ST_OK);
    cr_expect_not(c.left_out);
}

/* Stale once the block after it is over 30 days old; the newest boundary never is. */
Test(block, ENT_5_a_basis_grows_stale_by_the_block_after_it)
{
    const uint64_t day = UINT64_C(86400000), edge = FOUNDED + 5 + 30 * day;
    struct basis old = newest();
    struct block_candidate first = {.leaf = note_by(0, "the block after it", FOUNDED + day, old)};
    struct block b = make(FOUNDED + 5, &first, 1);
    flush(&b, span_str("certificate"));
    struct block_candidate c[] = {{.leaf = note_by(0, "old", edge + day, old)}, {.leaf = note_by(0, "new", edge + day, newest())}};
    b = make(edge, c, 2);
    cr_assert_eq(c[0].verdict, V_OK);
    cr_assert_eq(c[1].verdict, V_OK);
    b = make(edge + 1, c, 2);
    cr_assert_eq(c[0].verdict, V_STALE_BASIS);
    cr_assert_not_null(strstr(c[0].why, "over 30 days old; sign it again on the newest history"), "%s", c[0].why);
    cr_assert_eq(c[1].verdict, V_OK);
    cr_assert_eq(b.n_leaves, 2);
}

Test(block, every_changed_byte_of_header_or_leaf_makes_it_invalid)
{
    char why[256];
    struct block_candidate c[1] = {{.leaf = note_by(2, "text", FOUNDED + 86400000, newest())}};
    struct block b = make(FOUNDED + 9, c, 1);
    size_t other_blocks = 0;
    for (size_t i = 0; i < b.header_bytes.n; i++) {
        struct span bad = arena_dup(&a, b.header_bytes);
        *(uint8_t *)(uintptr_t)(bad.p + i) ^= 1;
        if (!executes(bad, b.leaves + 1, 1, why))
            cr_assert_neq(why[0], 0, "byte %zu is refused without a word", i);
        else
            other_blocks++;
    }
    cr_assert_eq(other_blocks, 0, "the tree's root covers the whole record: %zu bytes could be changed", other_blocks);
    for (size_t i = 0; i < b.leaves[1].n; i++) {
        struct span bad = arena_dup(&a, b.leaves[1]);
        *(uint8_t *)(uintptr_t)(bad.p + i) ^= 1;
        cr_assert_not(executes(b.header_bytes, &bad, 1, why), "leaf byte %zu", i);
        cr_assert_neq(why[0], 0);
    }
    cr_assert_not(executes(b.header_bytes, NULL, 0, why));
    cr_assert_str_eq(why, "BLK-1: its count of entries is not what came");
}

Test(block, ENT_2_an_entry_twice_in_a_block_makes_it_invalid)
{
    enum { MANY = 40 };
    char why[256];
    struct block_candidate c[MANY];
    struct span leaves[MANY];
    for (size_t i = 0; i < MANY; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "text %zu", i);
        c[i] = (struct block_candidate){.leaf = note_by(i % 3, text, FOUNDED + 86400000, newest())};
    }
    struct block b = make(FOUNDED + 9, c, MANY);
    cr_assert_eq(b.n_leaves, MANY + 1);
    cr_assert(executes(b.header_bytes, b.leaves + 1, MANY, why), "%s", why);
    for (size_t i = 0; i < MANY; i++)
        for (size_t k = i + 1; k < MANY; k++) {
            char expected[64];
            memcpy(leaves, b.leaves + 1, sizeof leaves);
            leaves[k] = leaves[i];
            (void)snprintf(expected, sizeof expected, "ENT-2: entry %zu: it is in the block twice", k + 1);
            cr_assert_not(executes(b.header_bytes, leaves, MANY, why));
            cr_assert_str_eq(why, expected);
        }
}

Test(block, ENT_8_texts_match_their_digests_or_are_refused)
{
    struct leaf leaf = note_by(0, "bring the samples", FOUNDED + 86400000, newest());
    struct prose p = {.text = span_str("bring the samples")};
    size_t n;
    cr_assert_eq(leaf_count_prose(&leaf, &n, &err), ST_OK);
    cr_assert_eq(n, 1);
    cr_assert_eq(leaf_accepts_prose(&leaf, &p, &err), ST_NOTFOUND, "another salt");
    cr_assert_not_null(strstr(err.text, "no field of the entry has its digest"), "%s", err.text);
}

static struct leaf entry_by(size_t org, size_t seat, enum kind kind, const void *body, uint64_t now_ms)
{
    struct fixture_entry e = {.kind = kind, .body = body, .org = org, .seat = seat, .basis = newest(), .at_ms = now_ms,
                              .expires_ms = now_ms + 86400000};
    struct buf b;
    struct hash id;
    struct submission sub;
    struct leaf leaf;
    buf_init(&b, 1 << 17);
    fixture_submit(&f, &e, &b, &id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&b)), &a, &sub, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&sub, &a, &leaf, &err), ST_OK, "%s", err.text);
    buf_deinit(&b);
    return leaf;
}

/* The only entry of a block, executed elsewhere too; what the rules say of it. */
static enum verdict one_entry(uint64_t time_ms, struct leaf leaf)
{
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block_candidate c = {.leaf = leaf};
    struct block b;
    struct hash last = {{1}};
    char why[256];
    enum status st = block_make(&l, time_ms, span_str("p01"), &last, &c, 1, &a, &b, &err);
    if (c.verdict != V_OK)
        return c.verdict;
    cr_assert_eq(st, ST_OK, "%s", err.text);
    cr_assert(executes(b.header_bytes, b.leaves + 1, 1, why), "%s", why);
    flush(&b, span_str("certificate"));
    return V_OK;
}

enum { SPONSOR, MANAGER, LEAD, FINANCE, REGISTRAR };

/* What governance asks of the history, with the ledger's own boundaries: who has been in a seat for 14 days. */
Test(block, GOV_34_a_seat_is_settled_by_the_time_of_its_block)
{
    static const uint64_t day = 86400000;
    struct public_key held = {.alg = SIG_ED25519, .key = f.orgs[0].seats[FINANCE]->pub};
    struct public_key next = {.alg = SIG_ED25519, .key = f.orgs[0].seats[LEAD]->pub};
    struct holder same = {.seat = span_str("p01/finance"), .keys = {1, &held}};
    struct registrar replace = {.act = REGISTRAR_REPLACE, .keys = {1, &next}};
    SET_HAS(&replace, registrar_key_keys);
    /* Blocks before, between and after, so that there is something to search. */
    for (uint64_t d = 1; d <= 20; d++)
        cr_assert_eq(one_entry(FOUNDED + d * day, note_by(1, "a day", FOUNDED + (d + 1) * day, newest())), V_OK);
    uint64_t at = FOUNDED + 20 * day + 1000;
    cr_assert_eq(one_entry(at, entry_by(0, REGISTRAR, KIND_HOLDER, &same, at)), V_OK);
    for (uint64_t d = 21; d <= 33; d++)
        cr_assert_eq(one_entry(FOUNDED + d * day, note_by(1, "a day", FOUNDED + (d + 1) * day, newest())), V_OK);
    uint64_t settled = at + LIMIT_SETTLED_DAYS * day;
    cr_assert_eq(one_entry(settled - 1, entry_by(0, FINANCE, KIND_REGISTRAR, &replace, settled - 1)), V_NOT_NOW);
    cr_assert_eq(one_entry(settled, entry_by(0, FINANCE, KIND_REGISTRAR, &replace, settled)), V_OK);
    cr_assert_eq(one_entry(settled + 1, entry_by(0, SPONSOR, KIND_REGISTRAR, &replace, settled + 1)), V_OK);
    /* The old key is out. */
    cr_assert_eq(one_entry(settled + 2, entry_by(0, REGISTRAR, KIND_HOLDER, &same, settled + 2)), V_NOT_HOLDER);
}

Test(block, GOV_39_rules_change_after_a_block_and_unknown_ones_stop_it)
{
    struct state_counter two = {.value = 2};
    struct buf b;
    struct store_txn *t;
    buf_init(&b, 64);
    cr_assert_eq(codec_encode(&state_counter_desc, &two, &b), ST_OK);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(store_put(s, t, TABLE_META, span_str("rules"), buf_span(&b), &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    store_read_end(s, &v);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    buf_deinit(&b);
    struct block_candidate c = {.leaf = note_by(0, "one", FOUNDED + 86400000, newest())};
    struct block made = make(FOUNDED + 1, &c, 1);
    cr_assert_eq(made.record.rules, 1); /* those it was executed under */
    cr_assert_eq(made.after.rules, 2);
    flush(&made, span_str("certificate"));
    struct tip loaded;
    cr_assert_eq(tip_load(&v, &loaded, &err), ST_OK, "%s", err.text);
    cr_assert_eq(loaded.rules, 2);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block next;
    struct hash last = {{1}};
    cr_assert_eq(block_make(&l, FOUNDED + 2, span_str("p01"), &last, NULL, 0, &a, &next, &err), ST_UNSUPPORTED);
    cr_assert_not_null(strstr(err.text, "rules version 2 is in force from block 2 on; this program knows version 1"), "%s", err.text);
}

Test(block, BLK_10_the_proposer_is_a_validator)
{
    char why[256];
    struct block_candidate c = {.leaf = note_by(0, "by nobody", FOUNDED + 86400000, newest())};
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    struct block b;
    struct hash last = {{1}};
    cr_assert_eq(block_make(&l, FOUNDED + 1, span_str("zoo"), &last, &c, 1, &a, &b, &err), ST_OK);
    cr_assert_not(executes(b.header_bytes, b.leaves + 1, 1, why));
    cr_assert_str_eq(why, "BLK-10: its proposer zoo has no voting node");
}
