/* Who signed, counted from the certificates that next blocks fixed. */
#include <criterion/criterion.h>
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "ledger/availability.h"
#include "ledger/block.h"
#include "store/store_mem.h"

static const uint64_t FOUNDED = UINT64_C(1767261600000), MINUTE = 60000;

static struct fixture f;
static struct store *s;
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
    tip = b->after;
}

/* A block at a time, its certificate signed by the orgs of the bits (0: p01). */
static void block_signed_by(uint64_t time_ms, unsigned bits)
{
    struct view v;
    struct block b;
    struct note body = {.type = NOTE_COMMENT};
    struct prose prose = fixture_prose(&f, "x", &body.text);
    struct buf sub CLEANUP(buf_deinit), cert CLEANUP(buf_deinit);
    struct submission parsed;
    struct hash id, last = {{0}}, root;
    struct block_candidate c = {0};
    SET_HAS(&body, note_key_text);
    buf_init(&sub, 1 << 16);
    buf_init(&cert, 1 << 16);
    frontier_root(&tip.tree, &root);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = 0, .seat = 0, .basis = {.size = tip.tree.size, .root = root},
                              .at_ms = time_ms, .expires_ms = time_ms + MINUTE, .prose = &prose, .n_prose = 1};
    fixture_submit(&f, &e, &sub, &id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&sub)), &a, &parsed, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&parsed, &a, &c.leaf, &err), ST_OK);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
    cr_assert_eq(block_make(&l, time_ms, span_str("p01"), &last, &c, 1, &a, &b, &err), ST_OK, "%s: %s", err.text, c.why);
    struct commit_sig sigs[8];
    struct certificate x = {.height = b.record.height, .value = b.id, .sigs = {0, sigs}};
    for (size_t i = 0; i < f.n; i++)
        if ((bits >> i & 1) != 0)
            sigs[x.sigs.n++] = (struct commit_sig){.org = span_str(f.orgs[i].id)};
    cr_assert_eq(codec_encode(&certificate_desc, &x, &cert), ST_OK);
    flush(&b, arena_dup(&a, buf_span(&cert)));
    store_read_end(s, &v);
}

static void setup(void)
{
    struct block b;
    fixture_found(&f, 3, 3, 1, FOUNDED, 45); /* p01, p02, p03, w01 */
    arena_init(&a, 0);
    s = store_mem_new();
    ids = ids_new();
    cr_assert_eq(block_genesis(&f.genesis, &a, &b, &err), ST_OK, "%s", err.text);
    flush(&b, span_str("sigs"));
    block_signed_by(FOUNDED + 1 * MINUTE, 7);  /* all but w01 */
    block_signed_by(FOUNDED + 2 * MINUTE, 13); /* all but p02 */
    block_signed_by(FOUNDED + 3 * MINUTE, 13);
    block_signed_by(FOUNDED + 4 * MINUTE, 7);
    block_signed_by(FOUNDED + 5 * MINUTE, 15); /* the newest: its certificate is not fixed */
}

static void teardown(void)
{
    store_close(s);
    ids_free(ids);
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(availability, .init = setup, .fini = teardown);

static struct query_availability ask(uint64_t from_ms, uint64_t to_ms)
{
    struct view v;
    struct query_availability r = {0};
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    cr_assert_eq(availability(&v, from_ms, to_ms, &a, &r, &err), ST_OK, "%s", err.text);
    store_read_end(s, &v);
    return r;
}

Test(availability, counts_signatures_of_fixed_certificates)
{
    struct query_availability r = ask(0, FOUNDED + 60 * MINUTE);
    cr_assert_eq(r.blocks, 4);
    cr_assert_eq(r.list.n, 4);
    const struct query_present *p1 = &r.list.v[0], *p2 = &r.list.v[1], *w1 = &r.list.v[3];
    cr_assert(span_eqs(p1->org, "p01"));
    cr_assert_eq(p1->signed_blocks, 4);
    cr_assert_eq(p1->longest, 0);
    cr_assert(span_eqs(p2->org, "p02"));
    cr_assert_eq(p2->blocks, 4);
    cr_assert_eq(p2->signed_blocks, 2);
    cr_assert_eq(p2->longest, 2);
    cr_assert_eq(p2->longest_from_ms, FOUNDED + 2 * MINUTE);
    cr_assert_eq(p2->last_ms, FOUNDED + 4 * MINUTE);
    cr_assert(span_eqs(w1->org, "w01"));
    cr_assert_eq(w1->signed_blocks, 2);
    cr_assert_eq(w1->longest, 1);
}

Test(availability, a_period_has_its_first_instant_and_not_its_last)
{
    struct query_availability r = ask(FOUNDED + 2 * MINUTE, FOUNDED + 4 * MINUTE);
    cr_assert_eq(r.blocks, 2);
    cr_assert_eq(r.list.v[1].signed_blocks, 0);
    cr_assert(!HAS(&r.list.v[1], query_present_key_last_ms));
}

Test(availability, a_period_without_blocks_is_empty)
{
    struct query_availability r = ask(FOUNDED + 50 * MINUTE, FOUNDED + 60 * MINUTE);
    cr_assert_eq(r.blocks, 0);
    cr_assert_eq(r.list.n, 0);
    r = ask(0, FOUNDED);
    cr_assert_eq(r.blocks, 0);
}
