/* RNG-*: a range made here verifies and says what was not checked; whatever is left out, changed or taken from elsewhere is found,
 * and named. Re-foundings, and what holders of keys could do: tests/verifier/tamper_range.py. */
#include <criterion/criterion.h>
#include "audit/range.h"
#include "certify/cut.h"
#include "frames.h"
#include "story.h"

enum { FLIPS = 300 };
enum { FIRST = 4, LAST = 7 }; /* the range: two changes of nodes before it, the nearer one the block before; one in it; one behind it */

static struct story s;
static struct span made;
static struct frames f;
static struct ed25519_key *old_keys[4 * 8];
static size_t n_old;

TestSuite(range, .timeout = 240);

/* -- the story -- */

static void renew(struct story *x, size_t org)
{
    struct fixture_org *o = &x->f.orgs[org];
    struct hash digest;
    old_keys[n_old++] = o->vote, old_keys[n_old++] = o->cosign, old_keys[n_old++] = o->log, old_keys[n_old++] = o->node;
    fixture_rekey(&x->f, o);
    struct replace_node body = {.card = fixture_card(&x->f, o, false, &digest)};
    story_act(x, KIND_NODE, &body, org, REGISTRAR, false);
}

static void say(struct story *x, size_t org, size_t seat, const char *text)
{
    struct note n = {.type = NOTE_COMMENT};
    story_text(x, text, &n.text);
    SET_HAS(&n, note_key_text);
    story_act(x, KIND_NOTE, &n, org, seat, true);
}

static void revoke(struct story *x, size_t org, size_t seat)
{
    struct key key = {.key = {.alg = SIG_ED25519, .key = x->f.orgs[org].seats[seat]->pub}, .compromised_since_ms = x->now_ms - 120000};
    SET_HAS(&key, key_key_compromised_since_ms);
    story_act(x, KIND_KEY, &key, org, REGISTRAR, false);
}

static void tell(struct story *x)
{
    say(x, 0, MANAGER, "one");
    story_block(x, 1000);
    renew(x, 2); /* block 2 */
    story_block(x, 1000);
    renew(x, 1); /* block 3: before the range */
    story_block(x, 1000);
    say(x, 0, MANAGER, "four"); /* FIRST */
    say(x, 1, LEAD, "four, too");
    story_block(x, 1000);
    say(x, 1, LEAD, "five");
    story_block(x, 1000);
    say(x, 1, LEAD, "six"); /* and in the same block the key is revoked */
    revoke(x, 1, LEAD);
    story_block(x, 1000);
    renew(x, 1); /* LAST */
    story_block(x, 1000);
    say(x, 0, SPONSOR, "eight");
    story_block(x, 1000);
    renew(x, 2); /* block 9 */
    story_block(x, 1000);
    say(x, 0, SPONSOR, "ten");
    story_block(x, 1000);
}

static struct span range_of(struct story *x, uint64_t first, uint64_t last, size_t anchor)
{
    struct cut *c = cut_new();
    struct err err = {0};
    bool done = false;
    char *p = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&p, &n);
    cr_assert_eq(cut_begin(c, x->f.genesis_bytes, story_note(x, anchor), first, last, out, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; !done; i++)
        cr_assert_eq(cut_block(c, &x->blocks[i], &done, &err), ST_OK, "%s", err.text);
    cr_assert_eq(fclose(out), 0);
    struct span bytes = arena_dup(&x->a, span_of(p, n));
    free(p);
    cut_free(c);
    return bytes;
}

static void setup(void)
{
    story_begin(&s, 21);
    tell(&s);
    made = range_of(&s, FIRST, LAST, s.n_blocks - 1);
    frames_cut(&f, made, RANGE_MAGIC, &s.a);
}

static void teardown(void)
{
    story_end(&s);
    for (size_t i = 0; i < n_old; i++)
        ed25519_free(old_keys[i]);
    n_old = 0;
}

/* -- checking -- */

static enum status check(struct span bytes, const struct hash *expect, struct verify_kept_list *kept, struct arena *a, struct range_report *r,
                         struct verify_failure *fail)
{
    struct err err = {0};
    FILE *in = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "rb");
    enum status st = range_check(in, expect, kept, a, r, fail, &err);
    (void)fclose(in);
    return st;
}

static void must_verify(struct span bytes, struct range_report *r)
{
    struct verify_failure fail;
    cr_assert_eq(check(bytes, NULL, NULL, &s.a, r, &fail), ST_OK, "%s: %s", fail.region, fail.why);
}

/* region, why: or NULL, for whatever it is. */
static void must_fail(struct span bytes, const char *what, const char *region, const char *why)
{
    struct range_report r;
    struct verify_failure fail;
    struct arena mine;
    arena_init(&mine, 0);
    cr_assert_eq(check(bytes, NULL, NULL, &mine, &r, &fail), ST_BADSIG, "%s was passed", what);
    cr_assert_neq(fail.region[0], 0, "%s: no region", what);
    cr_assert_neq(fail.rule[0], 0, "%s: no rule in: %s", what, fail.why);
    if (region != NULL)
        cr_assert_str_eq(fail.region, region, "%s: %s: %s", what, fail.region, fail.why);
    if (why != NULL)
        cr_assert(strstr(fail.why, why) != NULL, "%s: %s; expected: %s", what, fail.why, why);
    arena_deinit(&mine);
}

/* The frames with one of them in another form. */
static struct span with(size_t i, const struct record_desc *d, const void *rec)
{
    struct frames other = f;
    other.v[i].body = frames_encoded(&other, d, rec);
    return frames_join(&other, 0, 0);
}

static struct span with_frame(size_t i, const struct frame_of *frame)
{
    struct frames other = f;
    other.v[i] = *frame;
    return frames_join(&other, 0, 0);
}

/* The pack_block of a height; its rows are the frame behind it. */
static size_t block_at(size_t height)
{
    return frames_of_kind(&f, pack_block_desc.number, height - FIRST);
}

static size_t link_at(size_t nth)
{
    return frames_of_kind(&f, certificate_link_desc.number, nth);
}

/* -- what it is -- */

Test(range, verifies_and_says_what_it_found)
{
    setup();
    struct range_report r;
    must_verify(made, &r);
    cr_expect_eq(r.first, FIRST);
    cr_expect_eq(r.last, LAST);
    cr_expect_eq(r.blocks, LAST - FIRST + 1);
    cr_expect_eq(r.entries, 6);
    cr_expect_eq(r.texts, 4);
    cr_expect_eq(r.chain.links, 4, "blocks 2, 3, 9, and the anchor, 10");
    cr_expect_eq(r.chain.anchor_height, 10);
    cr_expect_eq(r.chain.size, s.sizes[10]);
    cr_expect_eq(r.size_before, s.sizes[FIRST - 1]);
    cr_expect_eq(r.size_last, s.sizes[LAST]);
    cr_expect_eq(r.chain.cosigned, 3);
    cr_expect_eq(r.basis_before, 0, "each entry rests on the block before it");
    cr_expect_eq(r.first_ms + (LAST - FIRST) * 1000, r.last_ms);
    cr_expect_eq(r.chain.bytes, made.n);
    teardown();
}

Test(range, RNG_8_says_what_was_not_checked)
{
    cr_expect(strstr(range_not_checked[0], "had to be accepted") != NULL);
    cr_expect(strstr(range_not_checked[1], "before the range and after it") != NULL);
    cr_expect(strstr(range_not_checked[2], "second history") != NULL);
    cr_expect_null(range_not_checked[3]);
}

Test(range, of_one_block_of_all_and_up_to_the_anchor)
{
    setup();
    struct range_report r;
    for (uint64_t first = 1; first < s.n_blocks; first++) {
        must_verify(range_of(&s, first, first, s.n_blocks - 1), &r);
        cr_expect_eq(r.blocks, 1);
        must_verify(range_of(&s, first, first, first), &r);
        cr_expect_eq(r.chain.anchor_height, first);
        must_verify(range_of(&s, 1, first, s.n_blocks - 1), &r);
        cr_expect_eq(r.blocks, first);
        cr_expect_eq(r.size_before, s.sizes[0]);
    }
    teardown();
}

/* -- RNG-1 -- */

Test(range, RNG_1_frames_dropped_doubled_swapped_cut)
{
    setup();
    must_verify(frames_join(&f, 0, 0), &(struct range_report){0});
    for (size_t i = 0; i + 1 < f.n; i++) {
        char what[64];
        (void)snprintf(what, sizeof what, "without frame %zu", i);
        must_fail(frames_join(&f, i, 1), what, NULL, NULL);
        if (i + 2 >= f.n)
            continue;
        struct frames other = f;
        other.v[i + 1] = f.v[i];
        (void)snprintf(what, sizeof what, "frame %zu in the next one's place too", i);
        must_fail(frames_join(&other, 0, 0), what, NULL, NULL);
        other.v[i] = f.v[i + 1];
        (void)snprintf(what, sizeof what, "frame %zu after the next", i);
        must_fail(frames_join(&other, 0, 0), what, NULL, NULL);
    }
    for (size_t n = 0; n < made.n; n += made.n / 97)
        must_fail(span_of(made.p, n), "a file cut off", NULL, NULL);
    struct buf more CLEANUP(buf_deinit);
    buf_init(&more, 1 << 24);
    buf_put_span(&more, made);
    buf_u8(&more, 0);
    must_fail(buf_span(&more), "one byte more", "end", "RNG-1: something follows the last frame");
    teardown();
}

Test(range, RNG_1_a_block_left_out_and_the_heights_renumbered)
{
    setup();
    struct range_head head;
    frames_decoded(&f, 0, &range_head_desc, &head);
    head.last--;
    struct frames other = f;
    other.v[0].body = frames_encoded(&other, &range_head_desc, &head);
    must_fail(frames_join(&other, block_at(5), 2), "block 5 left out", "header", "RNG-1: height 6 where 5 was expected");
    must_fail(frames_join(&other, block_at(LAST), 2), "the last one left out", "link", "CER-3: block 9 is decided by set");
    teardown();
}

Test(range, RNG_1_every_flip_is_found)
{
    setup();
    uint8_t *p = arena_alloc(&s.a, made.n);
    memcpy(p, made.p, made.n);
    for (size_t i = 0; i < FLIPS; i++) {
        size_t at = made.n * i / FLIPS;
        char what[64];
        (void)snprintf(what, sizeof what, "a flip at byte %zu", at);
        p[at] ^= (uint8_t)(1U << (i % 8));
        must_fail(span_of(p, made.n), what, NULL, NULL);
        p[at] = made.p[at];
    }
    teardown();
}

/* No file of one kind passes as another, and who gives one to a reader of the other is told what to do. */
Test(range, RNG_1_is_no_pack_and_a_pack_is_none)
{
    setup();
    struct frames other = f;
    struct verify_report v;
    struct verify_failure fail;
    struct err err = {0};
    other.magic = PACK_MAGIC;
    struct span as_pack[] = {made, frames_join(&other, 0, 0)};
    const char *why[] = {"PAK-1: it does not begin with \"entente pack 1\": this is no pack; it is a range of a record, which only entente-audit "
                         "verify reads",
                         "PAK-1: a frame of kind 32: no frame of a pack has it"};
    for (size_t i = 0; i < 2; i++) {
        FILE *in = fmemopen((void *)(uintptr_t)as_pack[i].p, as_pack[i].n, "rb");
        cr_assert_eq(verify_pack(in, &(struct verify_how){0}, &s.a, &v, &fail, &err), ST_BADSIG);
        cr_expect(strstr(fail.why, why[i]) != NULL, "%s", fail.why);
        (void)fclose(in);
    }
    struct pack_head head = {.version = 1, .alliance = s.f.genesis.alliance, .genesis = s.f.genesis_bytes};
    other = f;
    other.v[0] = (struct frame_of){pack_head_desc.number, frames_encoded(&other, &pack_head_desc, &head)};
    must_fail(frames_join(&other, 0, 0), "a pack's head", "frame", "PAK-1: a frame of kind 1: no frame of this kind of file has it");
    other.magic = CERTIFICATE_MAGIC;
    must_fail(frames_join(&other, 0, 0), "a certificate", "magic", "it is a certificate of one decision");
    teardown();
}

/* -- RNG-2 -- */

Test(range, RNG_2_head)
{
    setup();
    struct range_head head, other;
    struct range_report r;
    struct verify_failure fail;
    struct hash wrong = {{1}};
    frames_decoded(&f, 0, &range_head_desc, &head);
    other = head;
    other.first = LAST + 1;
    must_fail(with(0, &range_head_desc, &other), "first above last", "head", "RNG-2: it is from block 8 to block 7");
    other = head;
    other.alliance.b[0] ^= 1;
    must_fail(with(0, &range_head_desc, &other), "another id", "head", "GEN-3: it names alliance");
    cr_assert_eq(check(made, &wrong, NULL, &s.a, &r, &fail), ST_BADSIG);
    cr_expect(strstr(fail.why, "GEN-3: this is alliance") != NULL, "%s", fail.why);
    cr_assert_eq(check(made, &s.f.genesis.alliance, NULL, &s.a, &r, &fail), ST_OK, "%s", fail.why);
    cr_expect(r.chain.expected);
    other = head;
    other.last = LAST + 1;
    must_fail(with(0, &range_head_desc, &other), "a later end", "frame", "RNG-1");
    teardown();
}

/* -- RNG-3 -- */

Test(range, RNG_3_links_left_out)
{
    setup();
    size_t before = frames_of_kind(&f, range_before_desc.number, 0);
    must_fail(frames_join(&f, link_at(0), 1), "the first change of nodes", "link", "CER-3: block 3 is decided by set");
    must_fail(frames_join(&f, link_at(1), 1), "the change of the block before", "before", "RNG-4: block 3 is of epoch 0 and set");
    must_fail(frames_join(&f, link_at(0), 2), "both", "before", "RNG-4: block 3 is of epoch 0 and set");
    must_fail(frames_join(&f, link_at(2), 1), "the change behind the range", "link", "CER-3: block 10 is decided by set");
    cr_assert_eq(before, 3, "head and two links stand before it");
    teardown();
}

Test(range, RNG_3_links_in_the_wrong_place)
{
    setup();
    struct frames late, other = f;
    struct range_head head;
    frames_cut(&late, range_of(&s, LAST + 1, LAST + 1, s.n_blocks - 1), RANGE_MAGIC, &s.a);
    frames_decoded(&f, 0, &range_head_desc, &head);
    /* The links of a later range, which go beyond this one's first block. */
    size_t n = frames_of_kind(&late, range_before_desc.number, 0);
    cr_assert_eq(n, 4);
    other.n = 0;
    other.v[other.n++] = f.v[0];
    for (size_t i = 1; i < n; i++)
        other.v[other.n++] = late.v[i];
    for (size_t i = 3; i < f.n; i++)
        other.v[other.n++] = f.v[i];
    must_fail(frames_join(&other, 0, 0), "a link of the range itself", "link", "RNG-3: a link of block 7 before a range that begins with block 4");
    /* The anchor, which changes nothing, and another link behind it. */
    other = f;
    size_t anchor = link_at(3);
    memmove(&other.v[anchor + 1], &other.v[anchor], (f.n - anchor) * sizeof *f.v);
    other.n++;
    must_fail(frames_join(&other, 0, 0), "the anchor twice", "link", "RNG-3: block 10 changes no set, and is not the last link");
    /* Before the range, too, a link must change something. */
    struct frames plain;
    frames_cut(&plain, range_of(&s, 1, 1, 1), RANGE_MAGIC, &s.a);
    struct pack_block one = s.blocks[1];
    struct certificate_link link = {.header = one.header, .proof = one.certificate};
    frames_cut(&other, range_of(&s, 2, 2, 2), RANGE_MAGIC, &s.a);
    memmove(&other.v[2], &other.v[1], (other.n - 1) * sizeof *f.v);
    other.v[1] = (struct frame_of){certificate_link_desc.number, frames_encoded(&other, &certificate_link_desc, &link)};
    other.n++;
    must_fail(frames_join(&other, 0, 0), "a link that changes nothing", "link", "RNG-3: block 1 changes no set, and is no link before the range");
    teardown();
}

/* -- RNG-4 -- */

Test(range, RNG_4_where_it_begins)
{
    setup();
    size_t i = frames_of_kind(&f, range_before_desc.number, 0);
    struct range_before b, other;
    struct range_head head;
    frames_decoded(&f, i, &range_before_desc, &b);
    /* One block later, under what was before the earlier one. */
    frames_decoded(&f, 0, &range_head_desc, &head);
    head.first++;
    struct frames later = f;
    later.v[0].body = frames_encoded(&later, &range_head_desc, &head);
    must_fail(frames_join(&later, block_at(FIRST), 2), "the first block left out", "before",
              "RNG-4: the header of block 3, where that of block 4 belongs");
    other = b;
    other.header = s.blocks[FIRST].header;
    later.v[i].body = frames_encoded(&later, &range_before_desc, &other);
    must_fail(frames_join(&later, block_at(FIRST), 2), "its header, and the subtrees of before", "before", "RNG-4");
    /* Subtrees. */
    struct story stranger;
    story_begin(&stranger, 22);
    tell(&stranger);
    struct frames theirs;
    frames_cut(&theirs, range_of(&stranger, FIRST, LAST, s.n_blocks - 1), RANGE_MAGIC, &s.a);
    struct range_before b2;
    frames_decoded(&theirs, i, &range_before_desc, &b2);
    cr_assert_eq(b2.subtrees.n, b.subtrees.n);
    other = b;
    other.subtrees = b2.subtrees;
    must_fail(with(i, &range_before_desc, &other), "subtrees of another tree of that size", "before", "RNG-4: the subtrees give root");
    must_fail(with_frame(i, &theirs.v[i]), "what was before another range", "before", "RNG-4");
    other = b;
    other.subtrees.n--;
    must_fail(with(i, &range_before_desc, &other), "one subtree fewer", "before", "RNG-4: ");
    story_end(&stranger);
    teardown();
}

Test(range, RNG_4_block_0_is_that_of_the_genesis)
{
    setup();
    struct frames one;
    struct range_before b;
    struct header h;
    struct block_record rec;
    struct err err;
    frames_cut(&one, range_of(&s, 1, 1, 1), RANGE_MAGIC, &s.a);
    frames_decoded(&one, 1, &range_before_desc, &b);
    cr_assert_eq(codec_decode(&header_desc, b.header, &s.a, &h, &err), ST_OK);
    cr_assert_eq(codec_decode(&block_record_desc, h.record, &s.a, &rec, &err), ST_OK);
    rec.state_root.b[0] ^= 1;
    h.record = frames_encoded(&one, &block_record_desc, &rec);
    b.header = frames_encoded(&one, &header_desc, &h);
    one.v[1].body = frames_encoded(&one, &range_before_desc, &b);
    must_fail(frames_join(&one, 0, 0), "another record in block 0", "before", "RNG-4: block 0 is not the one that the genesis gives");
    teardown();
}

/* -- RNG-5 -- */

Test(range, RNG_5_blocks)
{
    setup();
    struct pack_block b, other, next;
    size_t i = block_at(5);
    frames_decoded(&f, i, &pack_block_desc, &b);
    frames_decoded(&f, block_at(6), &pack_block_desc, &next);
    other = b;
    other.leaves = next.leaves;
    must_fail(with(i, &pack_block_desc, &other), "the leaves of the next block", "leaf", "TRE-1");
    other = b;
    other.certificate = next.certificate;
    must_fail(with(i, &pack_block_desc, &other), "the certificate of the next block", "certificate", "CRT-1");
    other = b;
    other.has &= ~((uint64_t)1 << pack_block_key_certificate);
    must_fail(with(i, &pack_block_desc, &other), "no certificate", "certificate", "CRT-1: block 5 has no certificate");
    other = b;
    other.header = next.header;
    must_fail(with(i, &pack_block_desc, &other), "the header of the next block", "header", "RNG-1: height 6 where 5 was expected");
    other = b;
    other.prose = next.prose;
    must_fail(with(i, &pack_block_desc, &other), "the texts of the next block", "prose", "PAK-4");
    other = b;
    other.prose.n = 0;
    struct range_report r;
    must_verify(with(i, &pack_block_desc, &other), &r);
    cr_expect_eq(r.texts_absent, 1, "a text that is absent is counted, and no error");
    teardown();
}

/* -- RNG-6 -- */

static struct span without_row(size_t i, size_t k)
{
    struct range_rows rows;
    frames_decoded(&f, i, &range_rows_desc, &rows);
    cr_assert_lt(k, rows.rows.n);
    memmove(&rows.rows.v[k], &rows.rows.v[k + 1], (rows.rows.n - k - 1) * sizeof *rows.rows.v);
    rows.rows.n--;
    return with(i, &range_rows_desc, &rows);
}

Test(range, RNG_6_rows_left_out_doubled_and_of_elsewhere)
{
    setup();
    struct range_rows rows;
    for (size_t h = FIRST; h <= LAST; h++) {
        size_t i = block_at(h) + 1;
        frames_decoded(&f, i, &range_rows_desc, &rows);
        cr_assert_geq(rows.rows.n, 2);
        for (size_t k = 0; k < rows.rows.n; k++)
            must_fail(without_row(i, k), "a row left out", "rows", "is missing");
        struct state_proof twice[16];
        memcpy(twice, rows.rows.v, rows.rows.n * sizeof *twice);
        twice[rows.rows.n] = twice[rows.rows.n - 1];
        struct range_rows double_last = {.rows = {rows.rows.n + 1, twice}};
        must_fail(with(i, &range_rows_desc, &double_last), "a row twice", "rows", "RNG-6: its rows do not ascend");
        for (size_t other = FIRST; other <= LAST; other++)
            if (other != h)
                must_fail(with_frame(i, &f.v[block_at(other) + 1]), "the rows of another block", "rows", NULL);
    }
    teardown();
}

/* A revocation that is in the range cannot be hidden by a row of before it. */
Test(range, RNG_6_a_row_of_before_a_revocation)
{
    setup();
    struct range_rows now, before;
    size_t i = block_at(6) + 1; /* "six" by the key that is revoked in that block */
    frames_decoded(&f, i, &range_rows_desc, &now);
    frames_decoded(&f, block_at(5) + 1, &range_rows_desc, &before);
    for (size_t k = 0; k < before.rows.n; k++)
        for (size_t j = 0; j < now.rows.n; j++) {
            const struct state_proof *old = &before.rows.v[k], *row = &now.rows.v[j];
            if (old->table != row->table || !span_eq(old->key, row->key) || span_eq(old->value, row->value))
                continue;
            struct state_proof *v = arena_array(&s.a, now.rows.n, sizeof *v);
            memcpy(v, now.rows.v, now.rows.n * sizeof *v);
            v[j] = *old;
            struct range_rows other = {.rows = {now.rows.n, v}};
            must_fail(with(i, &range_rows_desc, &other), "a row as it was before", "rows", "SMT-3");
        }
    struct range_report r;
    must_verify(made, &r);
    bool told[2] = {false, false};
    for (size_t k = 0; k < r.chain.n_notes; k++) {
        told[0] = told[0] || strstr((const char *)r.chain.notes[k].p, "was revoked in the same block; its acts from then on are suspect") != NULL;
        told[1] = told[1] || strstr((const char *)r.chain.notes[k].p, "is not proven here") != NULL;
    }
    cr_expect(told[0], "nothing said of the revocation");
    cr_expect(told[1], "nothing said of the seat that changed hands in the block");
    teardown();
}

/* -- RNG-7 -- */

Test(range, RNG_7_checkpoints)
{
    setup();
    size_t i = frames_of_kind(&f, range_checkpoint_desc.number, 0);
    struct range_checkpoint c, other;
    frames_decoded(&f, i, &range_checkpoint_desc, &c);
    other = c;
    other.note = story_note(&s, LAST - 1);
    must_fail(with(i, &range_checkpoint_desc, &other), "of before the last block", "checkpoint", "RNG-7: it is of a tree of");
    other = c;
    other.proof.n--;
    must_fail(with(i, &range_checkpoint_desc, &other), "a proof that is too short", "checkpoint", "TRE-1: from the");
    other.proof.n = 0;
    must_fail(with(i, &range_checkpoint_desc, &other), "no proof", "checkpoint", "TRE-1");
    other = c;
    other.rows.n = 0;
    must_fail(with(i, &range_checkpoint_desc, &other), "without the row of whose log key signed", "checkpoint", "RNG-7: ");
    other = c;
    struct frames short_one;
    struct range_checkpoint early;
    frames_cut(&short_one, range_of(&s, FIRST, LAST, LAST), RANGE_MAGIC, &s.a);
    size_t k = frames_of_kind(&short_one, range_checkpoint_desc.number, 0);
    frames_decoded(&short_one, k, &range_checkpoint_desc, &early);
    cr_assert_eq(early.proof.n, 0, "it is of the range's own tree");
    other = early;
    other.proof = c.proof;
    short_one.v[k].body = frames_encoded(&short_one, &range_checkpoint_desc, &other);
    must_fail(frames_join(&short_one, 0, 0), "a proof between equal trees", "checkpoint", "TRE-1");
    /* Two lines fewer: the note ends with three cosignatures, a quorum. */
    other = c;
    size_t n = c.note.n - 1;
    while (n > 0 && c.note.p[n - 1] != '\n')
        n--;
    other.note.n = n;
    must_fail(with(i, &range_checkpoint_desc, &other), "one cosignature fewer", "checkpoint", "CKP-3: 2 members cosigned it; 3 are needed");
    teardown();
}

Test(range, RNG_7_a_checkpoint_that_was_kept)
{
    setup();
    struct signed_note note;
    struct checkpoint c;
    struct err err;
    struct range_report r;
    struct verify_failure fail;
    static const struct {
        size_t block;
        bool shown;
    } cases[] = {{FIRST - 1, true}, {FIRST, true}, {LAST, true}, {10, true}, {FIRST - 2, false}, {LAST + 1, false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cr_assert_eq(note_parse(story_note(&s, cases[i].block), &s.a, &note, &err), ST_OK);
        cr_assert_eq(checkpoint_parse(note.text, &c, &err), ST_OK);
        struct verify_kept k = {.path = "kept", .origin = c.origin, .size = c.size, .root = c.root};
        struct verify_kept_list l = {&k, 1};
        enum status st = check(made, NULL, &l, &s.a, &r, &fail);
        cr_assert_eq(st, cases[i].shown ? ST_OK : ST_BADSIG, "block %zu: %s", cases[i].block, fail.why);
        if (cases[i].shown)
            cr_expect_eq(r.kept_size, s.sizes[cases[i].block]);
        else
            cr_expect(strstr(fail.why, "RNG-7: the checkpoint in kept is of") != NULL && strstr(fail.why, "Ask a partner") != NULL, "%s", fail.why);
        k.seen = false;
        k.root.b[0] ^= 1;
        if (cases[i].shown) {
            cr_assert_eq(check(made, NULL, &l, &s.a, &r, &fail), ST_BADSIG);
            cr_expect(strstr(fail.why, "PAK-7: the first") != NULL, "%s", fail.why);
            cr_expect_str_eq(fail.region, "checkpoint");
        }
        k = (struct verify_kept){.path = "kept", .origin = span_str("elsewhere"), .size = c.size, .root = c.root};
        if (cases[i].shown)
            cr_assert_eq(check(made, NULL, &l, &s.a, &r, &fail), ST_BADSIG, "of another log");
    }
    teardown();
}

/* -- making one -- */

static enum status time_of(void *ctx, uint64_t height, uint64_t *ret_ms, struct err *err)
{
    (void)ctx;
    (void)err;
    *ret_ms = 1000 * height; /* block h is of second h */
    return ST_OK;
}

Test(range, heights_by_time)
{
    enum { NEWEST = 20 };
    struct err err = {0};
    static const struct {
        struct cut_bounds b;
        uint64_t first, last; /* 0: refused */
        const char *why;
    } cases[] = {{{{false, false, 0}, {false, false, 0}}, 1, NEWEST, ""},
                 {{{true, false, 3}, {true, false, 9}}, 3, 9, ""},
                 {{{true, true, 0}, {true, true, 99000}}, 1, NEWEST, ""},
                 {{{true, true, 3000}, {true, true, 9000}}, 3, 9, ""},
                 {{{true, true, 2001}, {true, true, 8999}}, 3, 8, ""},
                 {{{true, true, 3000}, {true, false, 9}}, 3, 9, ""},
                 {{{true, true, 2001}, {true, true, 2999}}, 0, 0, "no block is of those times: the first after them is block 3"},
                 {{{true, true, 30000}, {false, false, 0}}, 0, 0, "no block is of those times"},
                 {{{true, false, 0}, {false, false, 0}}, 0, 0, "a range begins with block 1 at the lowest"},
                 {{{true, false, 9}, {true, false, 3}}, 0, 0, "give the lower height first"},
                 {{{false, false, 0}, {true, false, 21}}, 0, 0, "block 21 is not under a cosigned checkpoint yet: the newest one is of block 20"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t first = 0, last = 0;
        enum status st = cut_heights(&cases[i].b, NEWEST, time_of, NULL, &first, &last, &err);
        cr_expect_eq(st == ST_OK, cases[i].first > 0, "case %zu: %s", i, err.text);
        cr_expect_eq(first, cases[i].first, "case %zu", i);
        cr_expect_eq(last, cases[i].last, "case %zu", i);
        if (st != ST_OK)
            cr_expect(strstr(err.text, cases[i].why) != NULL, "case %zu: %s", i, err.text);
    }
}

Test(range, the_maker_says_what_it_cannot_show)
{
    setup();
    struct cut *c = cut_new();
    struct err err = {0};
    bool done = false;
    FILE *out = fopen("/dev/null", "wb");
    enum status st = cut_begin(c, s.f.genesis_bytes, story_note(&s, LAST - 1), FIRST, LAST, out, &err);
    for (size_t i = 0; st == ST_OK && !done; i++)
        st = cut_block(c, &s.blocks[i], &done, &err);
    cr_expect_eq(st, ST_RANGE);
    cr_expect(strstr(err.text, "the checkpoint is of block 6, and the range is to reach to block 7") != NULL, "%s", err.text);
    cut_free(c);
    c = cut_new();
    cr_assert_eq(cut_begin(c, s.f.genesis_bytes, story_note(&s, LAST), FIRST, LAST, out, &err), ST_OK);
    cr_assert_eq(cut_block(c, &s.blocks[0], &done, &err), ST_OK);
    cr_expect_eq(cut_block(c, &s.blocks[2], &done, &err), ST_MISMATCH);
    cr_expect(strstr(err.text, "block 1 is no block of this record") != NULL, "%s", err.text);
    cut_free(c);
    (void)fclose(out);
    teardown();
}
