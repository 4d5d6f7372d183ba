/* SIG-4: what is found of a leaf depends on the leaf alone, however many threads look. */
#include <criterion/criterion.h>
#include "fixture/alliance.h"
#include "ledger/leaf.h"
#include "ledger/signatures.h"

enum { LEAVES = 100 };

static struct fixture f;
static struct arena a;
static struct span leaves[LEAVES];
static const struct span_list all = {LEAVES, leaves};

/* Of each ten: two whose signature does not verify, one that is cut off, and one empty. */
static void setup(void)
{
    fixture_found(&f, 3, 3, 1, UINT64_C(1767261600000), 45);
    arena_init(&a, 0);
    for (size_t i = 0; i < LEAVES; i++) {
        struct note body = {.type = NOTE_COMMENT};
        struct prose prose = fixture_prose(&f, "one of many", &body.text);
        struct fixture_entry e = {
            .kind = KIND_NOTE, .body = &body, .org = i % 3, .basis.size = 1, .at_ms = i + 1, .expires_ms = i + 1000, .prose = &prose, .n_prose = 1};
        struct submission sub;
        struct leaf leaf;
        struct buf b;
        struct hash id;
        struct err err;
        SET_HAS(&body, note_key_text);
        buf_init(&b, 1 << 17);
        fixture_submit(&f, &e, &b, &id);
        cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&b)), &a, &sub, &err), ST_OK);
        cr_assert_eq(leaf_of_submission(&sub, &a, &leaf, &err), ST_OK, "%s", err.text);
        buf_deinit(&b);
        uint8_t *p = arena_alloc(&a, leaf.bytes.n);
        memcpy(p, leaf.bytes.p, leaf.bytes.n);
        if (i % 10 == 3)
            p[leaf.bytes.n - 1] ^= 1; /* of the signature */
        if (i % 10 == 5)
            p[leaf.bytes.n - 40] ^= 1;
        leaves[i] = span_of(p, i % 10 == 7 ? leaf.bytes.n - 1 : i % 10 == 8 ? 0 : leaf.bytes.n);
    }
}

static void teardown(void)
{
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(signatures, .init = setup, .fini = teardown);

static void expect_known(const struct signature_found *found, const struct span_list *of)
{
    size_t good = 0;
    for (size_t i = 0; i < of->n; i++) {
        struct arena own CLEANUP(arena_deinit);
        struct leaf leaf;
        struct err err;
        static const struct hash none;
        arena_init(&own, 0);
        bool parsed = leaf_parse(of->v[i], &own, &leaf, &err) == ST_OK;
        cr_assert_eq(found[i].good, parsed && leaf_verify(&leaf) == ST_OK, "leaf %zu", i);
        cr_assert(hash_eq(&found[i].leaf_hash, parsed ? &leaf.leaf_hash : &none), "leaf %zu", i);
        good += found[i].good;
    }
    cr_assert_eq(good, of->n * 6 / 10);
}

Test(signatures, the_same_on_any_number_of_threads)
{
    static const size_t threads[] = {0, 1, 2, 7, SIGNATURE_THREADS_MAX};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        struct signatures *s = signatures_new(threads[i]);
        struct signature_bundle *b = signatures_begin(s, &all);
        expect_known(signatures_wait(s, b), &all);
        expect_known(signatures_wait(s, b), &all);
        signatures_end(s, b);
        signatures_free(s);
    }
}

Test(signatures, many_bundles_asked_for_in_any_order)
{
    for (size_t threads = 0; threads < 4; threads++) {
        struct signatures *s = signatures_new(threads);
        struct signature_bundle *b[10];
        struct span_list part[10];
        for (size_t i = 0; i < 10; i++) {
            part[i] = (struct span_list){10, leaves + 10 * i};
            b[i] = signatures_begin(s, &part[i]);
        }
        for (size_t k = 0; k < 10; k++) {
            size_t i = k * 7 % 10;
            expect_known(signatures_wait(s, b[i]), &part[i]);
            signatures_end(s, b[i]);
        }
        signatures_free(s);
    }
}

/* Nothing of a bundle is looked at after its end: its bytes may go. */
Test(signatures, one_may_be_given_up)
{
    for (size_t round = 0; round < 30; round++) {
        struct signatures *s = signatures_new(3);
        uint8_t *bytes[LEAVES];
        struct span copy[LEAVES];
        for (size_t i = 0; i < LEAVES; i++) {
            bytes[i] = malloc(leaves[i].n + 1);
            memcpy(bytes[i], leaves[i].p, leaves[i].n);
            copy[i] = span_of(bytes[i], leaves[i].n);
        }
        struct span_list list = {LEAVES, copy}, none = {0, NULL};
        struct signature_bundle *up = signatures_begin(s, &list), *empty = signatures_begin(s, &none), *kept = signatures_begin(s, &all);
        signatures_end(s, up);
        for (size_t i = 0; i < LEAVES; i++)
            free(bytes[i]);
        cr_assert_not_null(signatures_wait(s, empty));
        signatures_end(s, empty);
        expect_known(signatures_wait(s, kept), &all);
        signatures_end(s, kept);
        signatures_end(s, NULL);
        signatures_free(s);
    }
    signatures_free(NULL);
}
