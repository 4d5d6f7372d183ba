/* PAK-*: a pack made here verifies; whatever is changed, dropped, repeated, swapped or cut off is found, and named. */
#include <criterion/criterion.h>
#include "audit/rule.h"
#include "maker.h"

enum { BLOCKS = 8, FLIPS = 700 };
static const uint64_t FOUNDED = UINT64_C(1767261600000);

static struct fixture f;
static struct maker m;
static struct buf pack;

static void write_pack(void)
{
    maker_begin(&m, &f);
    for (uint64_t h = 1; h < BLOCKS; h++) {
        struct note body = {.type = NOTE_COMMENT};
        struct maker_entry e = {.org = h % 3, .seat = h % 4, .kind = KIND_NOTE, .body = &body, .n_prose = 1, .withheld = h % 2 == 0};
        e.prose[0] = fixture_prose(&f, "bring the samples", &body.text);
        SET_HAS(&body, note_key_text);
        (void)maker_block(&m, FOUNDED + h, &e, 1);
    }
    maker_end(&m);
}

static void setup(void)
{
    fixture_found(&f, 11, 3, 1, FOUNDED, 45);
    write_pack();
    buf_init(&pack, 1 << 24);
    buf_put(&pack, m.p, m.n);
}

static void teardown(void)
{
    buf_deinit(&pack);
    maker_free(&m);
    fixture_free(&f);
}

TestSuite(tamper, .init = setup, .fini = teardown, .timeout = 120);

static enum status verify(const uint8_t *p, size_t n, struct verify_report *r, struct verify_failure *fail)
{
    struct err err = {0};
    struct arena mine;
    arena_init(&mine, 0);
    enum status st = maker_verify(p, n, NULL, &mine, r, fail, &err);
    arena_deinit(&mine);
    return st;
}

static void must_fail(const uint8_t *p, size_t n, const char *what)
{
    struct verify_report r;
    struct verify_failure fail;
    cr_assert_eq(verify(p, n, &r, &fail), ST_BADSIG, "%s was passed", what);
    cr_assert_neq(fail.region[0], 0, "%s: no region", what);
    cr_assert_neq(fail.why[0], 0, "%s: no reason", what);
    cr_assert_neq(rule_meaning(fail.rule)[0], 0, "%s: what does the rule of \"%s\" ask?", what, fail.why);
}

Test(tamper, the_pack_as_made_verifies)
{
    struct verify_report r;
    struct verify_failure fail;
    cr_assert_eq(verify(pack.p, pack.n, &r, &fail), ST_OK, "%s: %s", fail.region, fail.why);
    cr_assert_eq(r.blocks, BLOCKS);
    cr_assert_eq(r.entries, BLOCKS - 1);
    cr_assert_eq(r.certificates, BLOCKS - 1);
    cr_assert_eq(r.prose, BLOCKS / 2);
    cr_assert_eq(r.prose_absent, BLOCKS - 1 - BLOCKS / 2);
    cr_assert(r.whole_checkpoint);
    cr_assert_eq(r.cosignatures, 3);
    /* 16 seats of founders, 16 card signatures, an entry and 3 precommits a block, 3 cosignatures */
    cr_assert_eq(r.signatures, 16 + 16 + 4 * (BLOCKS - 1) + 3);
}

Test(tamper, every_flipped_bit_is_found)
{
    struct fixture_rng rng = {42};
    for (size_t i = 0; i < FLIPS; i++) {
        size_t at = fixture_next(&rng) % pack.n;
        uint8_t bit = (uint8_t)(1u << fixture_next(&rng) % 8);
        char what[64];
        (void)snprintf(what, sizeof what, "bit %02x of byte %zu flipped", bit, at);
        pack.p[at] ^= bit;
        must_fail(pack.p, pack.n, what);
        pack.p[at] ^= bit;
    }
}

Test(tamper, every_cut_is_found)
{
    struct fixture_rng rng = {43};
    for (size_t i = 0; i < m.n_frames; i++)
        if (m.frames[i] > 0)
            must_fail(pack.p, m.frames[i], "cut at a frame");
    for (size_t i = 0; i < 200; i++)
        must_fail(pack.p, 1 + fixture_next(&rng) % (pack.n - 1), "cut in the middle");
}

/* PAK-4: else a text that is there twice would hide that another one is absent. */
Test(tamper, a_text_given_twice_is_found)
{
    struct arena a;
    struct err err;
    struct pack_frame envelope;
    struct pack_block block;
    struct pack_prose twice[2];
    struct verify_report r;
    struct verify_failure fail;
    arena_init(&a, 0);
    size_t at = m.frames[2], end = m.frames[3]; /* block 1, whose one text is there */
    cr_assert_eq(codec_decode(&pack_frame_desc, span_of(pack.p + at + 4, end - at - 4), &a, &envelope, &err), ST_OK, "%s", err.text);
    cr_assert_eq(codec_decode(&pack_block_desc, envelope.body, &a, &block, &err), ST_OK, "%s", err.text);
    cr_assert_eq(block.prose.n, 1);
    twice[0] = twice[1] = block.prose.v[0];
    block.prose = (struct pack_prose_list){2, twice};
    char *p = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&p, &n);
    (void)fwrite(pack.p, 1, at, out);
    cr_assert_eq(pack_put(out, &pack_block_desc, &block, &err), ST_OK);
    (void)fwrite(pack.p + end, 1, pack.n - end, out);
    cr_assert_eq(fclose(out), 0);
    cr_assert_eq(verify((const uint8_t *)p, n, &r, &fail), ST_BADSIG);
    cr_assert_str_eq(fail.region, "prose");
    cr_assert_str_eq(fail.rule, "PAK-4");
    cr_assert_str_eq(fail.why, "PAK-4: of entry 1: a text that it names once is there 2 times");
    cr_assert_str_eq(fail.record, "text 2 of block 1");
    cr_assert_eq(fail.place.frame, 3);
    cr_assert(fail.offset > fail.place.offset && fail.offset + fail.bytes <= fail.place.offset + fail.place.bytes);
    free(p);
    arena_deinit(&a);
}

/* The pack with frame i left out, given twice, or swapped with the next one. */
Test(tamper, frames_dropped_repeated_or_swapped_are_found)
{
    uint8_t *p = malloc(pack.n * 2);
    cr_assert_not_null(p);
    for (size_t i = 0; i < m.n_frames; i++) {
        size_t from = m.frames[i], to = m.frames[i + 1], n = to - from;
        bool checkpoint = i == m.n_frames - 2; /* may be absent, or there twice: it is not part of the record */
        memcpy(p, pack.p, from);
        memcpy(p + from, pack.p + to, pack.n - to);
        if (!checkpoint)
            must_fail(p, pack.n - n, "a dropped frame");
        memcpy(p, pack.p, to);
        memcpy(p + to, pack.p + from, pack.n - from);
        if (!checkpoint)
            must_fail(p, pack.n + n, "a repeated frame");
        if (i + 1 < m.n_frames) {
            size_t more = m.frames[i + 2] - to;
            memcpy(p, pack.p, from);
            memcpy(p + from, pack.p + to, more);
            memcpy(p + from + more, pack.p + from, n);
            memcpy(p + from + more + n, pack.p + m.frames[i + 2], pack.n - m.frames[i + 2]);
            must_fail(p, pack.n, "swapped frames");
        }
    }
    free(p);
}
