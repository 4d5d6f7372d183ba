/* PAK-*: a pack made here verifies; whatever is changed, dropped, repeated, swapped or cut off is found, and named. */
#include <criterion/criterion.h>
#include "audit/verify.h"
#include "cert/certificate.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "ledger/block.h"
#include "merkle/checkpoint.h"
#include "store/store_mem.h"

enum { BLOCKS = 8, FRAMES_MAX = 64, FLIPS = 700 };
static const uint64_t FOUNDED = UINT64_C(1767261600000);

static struct fixture f;
static struct arena a;
static struct buf pack;
static size_t frames[FRAMES_MAX], n_frames; /* offsets; the end of the file is the last */

static struct span certify(const struct tip *tip, const struct validator_set *set, const struct hash *block)
{
    struct vote v = {.alliance = tip->alliance, .type = VOTE_PRECOMMIT, .height = tip->height + 1, .value = *block};
    struct sig64 sigs[8];
    bool have[8] = {0};
    struct certificate c;
    struct buf b;
    struct err err;
    SET_HAS(&v, vote_key_value);
    for (size_t i = 0; i < f.n; i++) {
        have[i] = i != (tip->height + 1) % f.n; /* one is always missing */
        vote_sign(&v, f.orgs[i].vote, &sigs[i]);
    }
    cr_assert_eq(certificate_make(&v, set, sigs, have, &a, &c, &err), ST_OK, "%s", err.text);
    buf_init(&b, 1 << 16);
    cr_assert_eq(codec_encode(&certificate_desc, &c, &b), ST_OK);
    struct span s = arena_dup(&a, buf_span(&b));
    buf_deinit(&b);
    return s;
}

static void put(FILE *out, const struct record_desc *d, const void *rec)
{
    struct err err;
    cr_assert_eq(fflush(out), 0);
    frames[n_frames++] = (size_t)ftell(out);
    cr_assert_eq(pack_put(out, d, rec, &err), ST_OK, "%s", err.text);
}

static struct leaf a_note(const struct tip *tip, uint64_t h, struct prose *ret_prose)
{
    struct note body = {.type = NOTE_COMMENT};
    struct buf b;
    struct hash id;
    struct submission sub;
    struct leaf leaf;
    struct err err;
    *ret_prose = fixture_prose(&f, "bring the samples", &body.text);
    SET_HAS(&body, note_key_text);
    buf_init(&b, 1 << 17);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = h % 3, .seat = h % 4, .at_ms = FOUNDED + h,
                              .expires_ms = FOUNDED + 86400000, .prose = ret_prose, .n_prose = 1, .basis = {.size = tip->tree.size}};
    frontier_root(&tip->tree, &e.basis.root);
    fixture_submit(&f, &e, &b, &id);
    cr_assert_eq(codec_decode(&submission_desc, arena_dup(&a, buf_span(&b)), &a, &sub, &err), ST_OK);
    cr_assert_eq(leaf_of_submission(&sub, &a, &leaf, &err), ST_OK, "%s", err.text);
    buf_deinit(&b);
    return leaf;
}

static void flush(struct store *s, struct view *v, const struct block *b, struct span certificate)
{
    struct store_txn *t;
    struct view before;
    struct err err;
    cr_assert_eq(store_read_begin(s, &before, &err), ST_OK);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(block_flush(b, certificate, &before, s, t, &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    store_read_end(s, &before);
    store_read_end(s, v);
    cr_assert_eq(store_read_begin(s, v, &err), ST_OK);
}

static void put_checkpoint(FILE *out, const struct tip *tip)
{
    struct buf text, note, origin;
    buf_init(&text, NOTE_BYTES_MAX);
    buf_init(&note, NOTE_BYTES_MAX);
    buf_init(&origin, 1024);
    buf_printf(&origin, "%.*s/%s", SPAN_FMT(f.genesis.origin), hex_of(&tip->alliance).s);
    struct checkpoint c = {.origin = buf_span(&origin), .size = tip->tree.size};
    frontier_root(&tip->tree, &c.root);
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    for (size_t i = 0; i < 3; i++) {
        struct buf name;
        buf_init(&name, 1024);
        buf_printf(&name, "%s/%s", buf_cstr(&origin), f.orgs[i].id);
        struct note_key k = note_key_make(arena_dup(&a, buf_span(&name)), NOTE_COSIGNATURE, &f.orgs[i].cosign->pub);
        checkpoint_cosign(buf_span(&text), &k, f.orgs[i].cosign, 1767261700, &note);
        buf_deinit(&name);
    }
    struct pack_checkpoint r = {.note = buf_span(&note)};
    put(out, &pack_checkpoint_desc, &r);
    buf_deinit(&text);
    buf_deinit(&note);
    buf_deinit(&origin);
}

static void write_pack(FILE *out)
{
    struct block b;
    struct err err;
    struct view v = {0};
    struct validator_set set;
    struct buf sigs;
    struct ids *ids = ids_new();
    struct store *s = store_mem_new();
    cr_assert_eq(pack_begin(out, PACK_MAGIC, &err), ST_OK);
    struct pack_head head = {.version = 1, .alliance = f.genesis.alliance, .genesis = f.genesis_bytes};
    put(out, &pack_head_desc, &head);
    cr_assert_eq(block_genesis(&f.genesis, &a, &b, &err), ST_OK);
    buf_init(&sigs, 1 << 20);
    cr_assert_eq(codec_encode(&genesis_sigs_desc, &f.genesis.genesis.sigs, &sigs), ST_OK);
    struct hash last = f.genesis.sigs_hash;
    struct pack_block zero = {.header = b.header_bytes};
    put(out, &pack_block_desc, &zero);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    flush(s, &v, &b, buf_span(&sigs));
    struct tip tip = b.after;
    for (uint64_t h = 1; h < BLOCKS; h++) {
        struct pack_prose prose = {.leaf = 1};
        struct block_candidate c = {.leaf = a_note(&tip, h, &prose.prose)};
        struct ledger l = {.tip = &tip, .view = &v, .ids = ids};
        cr_assert_eq(block_make(&l, FOUNDED + h, span_str("p01"), &last, &c, 1, &a, &b, &err), ST_OK);
        cr_assert_eq(gov_validators(&v, &a, &set, &err), ST_OK);
        struct span cert = certify(&tip, &set, &b.id);
        struct pack_block frame = {.header = b.header_bytes, .leaves = {1, b.leaves + 1}, .certificate = cert, .prose = {h % 2, &prose}};
        SET_HAS(&frame, pack_block_key_certificate);
        put(out, &pack_block_desc, &frame);
        flush(s, &v, &b, cert);
        sha256(cert, &last);
        tip = b.after;
    }
    put_checkpoint(out, &tip);
    struct pack_end end = {.blocks = BLOCKS, .leaves = tip.tree.size, .root = b.root};
    put(out, &pack_end_desc, &end);
    buf_deinit(&sigs);
    store_read_end(s, &v);
    store_close(s);
    ids_free(ids);
}

static void setup(void)
{
    char *p = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&p, &n);
    arena_init(&a, 0);
    fixture_found(&f, 11, 3, 1, FOUNDED, 45);
    n_frames = 0;
    write_pack(out);
    cr_assert_eq(fclose(out), 0);
    buf_init(&pack, 1 << 24);
    buf_put(&pack, p, n);
    frames[n_frames] = n;
    free(p);
}

static void teardown(void)
{
    buf_deinit(&pack);
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(tamper, .init = setup, .fini = teardown, .timeout = 120);

static enum status verify(const uint8_t *p, size_t n, struct verify_report *r, struct verify_failure *fail)
{
    struct err err = {0};
    struct arena mine;
    FILE *in = fmemopen((void *)(uintptr_t)p, n, "rb");
    cr_assert_not_null(in);
    arena_init(&mine, 0);
    enum status st = verify_pack(in, NULL, 2, &mine, r, fail, &err);
    cr_assert_eq(fclose(in), 0);
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
    for (size_t i = 0; i < n_frames; i++)
        if (frames[i] > 0)
            must_fail(pack.p, frames[i], "cut at a frame");
    for (size_t i = 0; i < 200; i++)
        must_fail(pack.p, 1 + fixture_next(&rng) % (pack.n - 1), "cut in the middle");
}

/* The pack with frame i left out, given twice, or swapped with the next one. */
Test(tamper, frames_dropped_repeated_or_swapped_are_found)
{
    uint8_t *p = malloc(pack.n * 2);
    cr_assert_not_null(p);
    for (size_t i = 0; i < n_frames; i++) {
        size_t from = frames[i], to = frames[i + 1], n = to - from;
        bool checkpoint = i == n_frames - 2; /* may be absent, or there twice: it is not part of the record */
        memcpy(p, pack.p, from);
        memcpy(p + from, pack.p + to, pack.n - to);
        if (!checkpoint)
            must_fail(p, pack.n - n, "a dropped frame");
        memcpy(p, pack.p, to);
        memcpy(p + to, pack.p + from, pack.n - from);
        if (!checkpoint)
            must_fail(p, pack.n + n, "a repeated frame");
        if (i + 1 < n_frames) {
            size_t m = frames[i + 2] - to;
            memcpy(p, pack.p, from);
            memcpy(p + from, pack.p + to, m);
            memcpy(p + from + m, pack.p + from, n);
            memcpy(p + from + m + n, pack.p + frames[i + 2], pack.n - frames[i + 2]);
            must_fail(p, pack.n, "swapped frames");
        }
    }
    free(p);
}
