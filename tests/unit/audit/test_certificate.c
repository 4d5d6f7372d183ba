/* CER-*: a certificate made here verifies and says what happened; whatever is left out, changed or taken from
 * elsewhere is found, and named. */
#include <criterion/criterion.h>
#include "audit/certificate.h"
#include "certify/certify.h"
#include "frames.h"
#include "story.h"

enum { FLIPS = 600 };

static struct story s;
static struct span made; /* the certificate of D-1 at the end */
static struct frames cut_up;
static struct frame_of *const frames = cut_up.v;
static struct ed25519_key *old_keys[4];
static size_t block_vetoed, block_revised, block_balloted; /* heights */

static struct span certificate_at(struct story *x, uint64_t decision, size_t block)
{
    struct certify *c = certify_new(decision);
    struct err err = {0};
    bool done = false;
    char *p = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&p, &n);
    cr_assert_eq(certify_begin(c, x->f.genesis_bytes, story_note(x, block), &err), ST_OK, "%s", err.text);
    for (size_t i = 0; !done; i++)
        cr_assert_eq(certify_block(c, &x->blocks[i], &done, &err), ST_OK, "%s", err.text);
    cr_assert_eq(certify_write(c, out, &err), ST_OK, "%s", err.text);
    cr_assert_eq(fclose(out), 0);
    struct span bytes = arena_dup(&x->a, span_of(p, n));
    free(p);
    certify_free(c);
    return bytes;
}

static void ballot(struct story *x, uint64_t n, size_t org, size_t seat, enum choice choice)
{
    struct state_decision d = story_decision(x, n);
    struct ballot b = {.decision = {.number = n, .digest = d.digest}, .rung = d.rung, .choice = choice};
    bool text = choice == CHOICE_VETO;
    if (text) {
        story_text(x, "the decision rests on a stale forecast", &b.reason);
        SET_HAS(&b, ballot_key_reason);
        b.clause = span_str("decisions.roadmap-change.veto");
        SET_HAS(&b, ballot_key_clause);
    }
    story_act(x, KIND_BALLOT, &b, org, seat, text);
}

static void propose(struct story *x, const char *type, size_t org, size_t seat, const char *title)
{
    struct propose p = {.type = span_str(type), .proposal = {.effect = {.type = EFFECT_NONE}}};
    story_text(x, title, &p.proposal.title);
    story_act(x, KIND_PROPOSE, &p, org, seat, true);
}

static void replace_node(struct story *x, size_t org)
{
    struct fixture_org *o = &x->f.orgs[org];
    struct hash digest;
    old_keys[0] = o->vote, old_keys[1] = o->cosign, old_keys[2] = o->log, old_keys[3] = o->node;
    fixture_rekey(&x->f, o);
    struct replace_node body = {.card = fixture_card(&x->f, o, false, &digest)};
    story_act(x, KIND_NODE, &body, org, REGISTRAR, false);
}

/* D-1: opened, approved once, revised, approved in one block with a ballot on D-2; nobody else speaks, it
 * climbs; the sponsors pass it, a veto stops it in its notice. One node gets fresh keys meanwhile; a key is
 * revoked afterwards. */
static void tell(struct story *x)
{
    propose(x, "roadmap-change", 0, MANAGER, "Glass instead of cans");
    story_block(x, 1000);
    ballot(x, 1, 1, MANAGER, CHOICE_APPROVE);
    propose(x, "commercial-terms", 1, LEAD, "Rebate of two per cent");
    story_block(x, 1000);
    struct revise r = {.decision = {.number = 1, .digest = story_decision(x, 1).digest},
                       .proposal = {.effect = {.type = EFFECT_NONE}}};
    story_text(x, "Glass instead of cans, from May", &r.proposal.title);
    story_act(x, KIND_REVISE, &r, 0, MANAGER, true);
    block_revised = x->n_blocks;
    story_block(x, 1000);
    replace_node(x, 2);
    story_block(x, 1000);
    ballot(x, 2, 2, LEAD, CHOICE_APPROVE);
    ballot(x, 1, 1, MANAGER, CHOICE_APPROVE);
    block_balloted = x->n_blocks;
    story_block(x, 1000);
    story_block(x, 60000); /* the deadlines fire */
    for (size_t i = 0; i < 3; i++) {
        ballot(x, 1, i, SPONSOR, CHOICE_APPROVE);
        story_block(x, 1000);
    }
    ballot(x, 1, 0, FINANCE, CHOICE_VETO);
    block_vetoed = x->n_blocks;
    story_block(x, 1000);
    struct key key = {.key = {.alg = SIG_ED25519, .key = x->f.orgs[1].seats[MANAGER]->pub},
                      .compromised_since_ms = x->now_ms - 120000};
    SET_HAS(&key, key_key_compromised_since_ms);
    story_act(x, KIND_KEY, &key, 1, REGISTRAR, false);
    story_block(x, 1000);
}

static void cut(struct span bytes)
{
    frames_cut(&cut_up, bytes, CERTIFICATE_MAGIC, &s.a);
}

static void setup(void)
{
    story_begin(&s, 11);
    tell(&s);
    made = certificate_at(&s, 1, s.n_blocks - 1);
    cut(made);
}

static void teardown(void)
{
    story_end(&s);
    for (size_t i = 0; i < 4; i++)
        ed25519_free(old_keys[i]);
}

TestSuite(certificate, .timeout = 240);

static enum status check(struct span bytes, const struct hash *expect, struct arena *a,
                         struct certificate_report *r, struct verify_failure *fail)
{
    struct err err = {0};
    FILE *in = fmemopen((void *)(uintptr_t)bytes.p, bytes.n, "rb");
    enum status st = certificate_check(in, expect, a, r, fail, &err);
    (void)fclose(in);
    return st;
}

static void must_fail(struct span bytes, const char *what, const char *why)
{
    struct certificate_report r;
    struct verify_failure fail;
    struct arena mine;
    arena_init(&mine, 0);
    cr_assert_eq(check(bytes, NULL, &mine, &r, &fail), ST_BADSIG, "%s was passed", what);
    cr_assert_neq(fail.region[0], 0, "%s: no region", what);
    if (why != NULL)
        cr_assert(strstr(fail.why, why) != NULL, "%s: %s; expected: %s", what, fail.why, why);
    arena_deinit(&mine);
}

/* The frames joined again, but for `without` (SIZE_MAX: all), with the right count at the end. */
static struct span joined(size_t without)
{
    return frames_join(&cut_up, without, without != SIZE_MAX);
}

static struct span encoded(const struct record_desc *d, const void *rec)
{
    return frames_encoded(&cut_up, d, rec);
}

static void decoded(size_t frame, const struct record_desc *d, void *ret)
{
    frames_decoded(&cut_up, frame, d, ret);
}

/* Index of the frame of the block of this height. */
static size_t frame_of_block(size_t height)
{
    for (size_t i = 0; i < cut_up.n; i++) {
        struct certificate_block b;
        struct block_record rec;
        struct err err;
        if (frames[i].kind != certificate_block_desc.number)
            continue;
        decoded(i, &certificate_block_desc, &b);
        cr_assert_eq(codec_decode(&block_record_desc, b.record, &s.a, &rec, &err), ST_OK);
        if (rec.height == height)
            return i;
    }
    cr_assert(false, "no block %zu", height);
    return 0;
}

static size_t frame_of_kind(uint32_t kind)
{
    return frames_of_kind(&cut_up, kind, 0);
}

Test(certificate, verifies_and_says_what_happened)
{
    setup();
    struct certificate_report r;
    struct verify_failure fail;
    static const enum event_type story[] = {EVENT_OPENED,    EVENT_BALLOT, EVENT_REVISED, EVENT_BALLOT,
                                            EVENT_ESCALATED, EVENT_BALLOT, EVENT_BALLOT,  EVENT_BALLOT,
                                            EVENT_PASSED,    EVENT_VETOED};
    enum status st = check(made, &s.f.genesis.alliance, &s.a, &r, &fail);
    cr_assert_eq(st, ST_OK, "%s: %s", fail.region, fail.why);
    cr_expect_eq(r.decision.phase, PHASE_VETOED);
    cr_expect_eq(r.chain.links, 2);
    cr_expect_eq(r.chain.cosigned, 3);
    cr_expect_eq(r.chain.bytes, made.n);
    size_t at = 0;
    for (size_t i = 0; i < r.n_events; i++)
        at += at < ARRAY_LEN(story) && r.events[i].event.type == story[at];
    cr_expect_eq(at, ARRAY_LEN(story), "only %zu events of the story", at);
    cr_expect_eq(r.pinned.veto.n, 1);
    bool suspect = false;
    for (size_t i = 0; i < r.chain.n_notes; i++)
        suspect = suspect || strstr((const char *)r.chain.notes[i].p, "are suspect") != NULL;
    cr_expect(suspect, "nothing said of the compromised key");
    teardown();
}

Test(certificate, of_an_open_decision)
{
    setup();
    struct certificate_report r;
    struct verify_failure fail;
    struct span early = certificate_at(&s, 1, block_revised);
    cr_assert_eq(check(early, NULL, &s.a, &r, &fail), ST_OK, "%s: %s", fail.region, fail.why);
    cr_expect_eq(r.decision.phase, PHASE_OPEN);
    cr_expect_eq(r.chain.anchor_height, block_revised);
    cr_expect_not(r.chain.expected);
    early = certificate_at(&s, 2, s.n_blocks - 1); /* the other decision */
    cr_assert_eq(check(early, NULL, &s.a, &r, &fail), ST_OK, "%s: %s", fail.region, fail.why);
    teardown();
}

Test(certificate, no_such_decision)
{
    setup();
    struct certify *c = certify_new(9);
    struct err err = {0};
    bool done = false;
    cr_assert_eq(certify_begin(c, s.f.genesis_bytes, story_note(&s, s.n_blocks - 1), &err), ST_OK);
    for (size_t i = 0; !done; i++)
        cr_assert_eq(certify_block(c, &s.blocks[i], &done, &err), ST_OK, "%s", err.text);
    cr_expect_eq(certify_write(c, stdout, &err), ST_NOTFOUND);
    cr_expect(strstr(err.text, "there is no D-9 in the record of") != NULL, "%s", err.text);
    certify_free(c);
    teardown();
}

Test(certificate, CER_1_frames_dropped_doubled_swapped_cut)
{
    setup();
    cr_assert_eq(
        check(joined(SIZE_MAX), NULL, &s.a, &(struct certificate_report){0}, &(struct verify_failure){0}),
        ST_OK);
    for (size_t i = 0; i + 1 < cut_up.n; i++) {
        char what[64];
        (void)snprintf(what, sizeof what, "without frame %zu", i);
        must_fail(joined(i), what, NULL);
        if (i + 2 >= cut_up.n)
            continue;
        struct frame_of first = frames[i], second = frames[i + 1];
        frames[i + 1] = first;
        (void)snprintf(what, sizeof what, "frame %zu in the next one's place too", i);
        must_fail(joined(SIZE_MAX), what, NULL);
        frames[i] = second;
        (void)snprintf(what, sizeof what, "frame %zu after the next", i);
        must_fail(joined(SIZE_MAX), what, NULL);
        frames[i] = first;
        frames[i + 1] = second;
    }
    for (size_t n = 0; n < made.n; n += made.n / 97)
        must_fail(span_of(made.p, n), "a file cut off", NULL);
    struct buf more CLEANUP(buf_deinit);
    buf_init(&more, 1 << 24);
    buf_put_span(&more, made);
    buf_u8(&more, 0);
    must_fail(buf_span(&more), "one byte more", "CER-1");
    teardown();
}

Test(certificate, CER_12_every_flip_is_found)
{
    setup();
    uint8_t *p = arena_alloc(&s.a, made.n);
    memcpy(p, made.p, made.n);
    for (size_t i = 0; i < FLIPS; i++) {
        size_t at = made.n * i / FLIPS;
        char what[64];
        (void)snprintf(what, sizeof what, "a flip at byte %zu", at);
        p[at] ^= (uint8_t)(1U << (i % 8));
        must_fail(span_of(p, made.n), what, NULL);
        p[at] = made.p[at];
    }
    teardown();
}

Test(certificate, CER_9_veto_left_out)
{
    setup();
    must_fail(joined(frame_of_block(block_vetoed)), "without its veto", "the last ones are missing");
    teardown();
}

Test(certificate, CER_9_ballot_left_out)
{
    setup();
    must_fail(joined(frame_of_block(block_balloted)), "without a ballot's block",
              "one is missing or out of order");
    size_t i = frame_of_block(block_balloted); /* the block shown, the entry behind its event not */
    struct certificate_block b;
    decoded(i, &certificate_block_desc, &b);
    cr_assert_eq(b.entries.n, 1);
    b.entries.n = 0;
    frames[i].body = encoded(&certificate_block_desc, &b);
    must_fail(joined(SIZE_MAX), "without a ballot's entry", "CER-10: the entry behind event");
    teardown();
}

Test(certificate, CER_9_newer_revision_left_out)
{
    setup();
    must_fail(joined(frame_of_block(block_revised)), "without its revision",
              "one is missing or out of order");
    teardown();
}

Test(certificate, CER_8_what_was_pinned_is_not_hidden)
{
    setup();
    size_t i = frame_of_block(block_balloted);
    struct certificate_block b;
    decoded(i, &certificate_block_desc, &b);
    size_t n = b.writes.n;
    b.writes.v[0] =
        b.writes.v[n - 1]; /* one neighbour fewer; the hash of it is not known to the forger, any is */
    b.writes.n = n - 1;
    frames[i].body = encoded(&certificate_block_desc, &b);
    must_fail(joined(SIZE_MAX), "without a neighbour", NULL);
    teardown();
}

Test(certificate, CER_5_revocation_left_out)
{
    setup();
    size_t i = frame_of_kind(certificate_state_desc.number);
    struct certificate_state f, old;
    struct span early = certificate_at(&s, 1, block_vetoed); /* before the revocation */
    struct frame_of kept = frames[i];
    decoded(i, &certificate_state_desc, &f);
    struct state_proof_list rows = f.rows;
    for (size_t k = 0; k < rows.n; k++) { /* each key's row in turn */
        struct state_proof *v = arena_array(&s.a, rows.n, sizeof *v);
        size_t n = 0;
        for (size_t j = 0; j < rows.n; j++)
            if (j != k)
                v[n++] = rows.v[j];
        f.rows = (struct state_proof_list){n, v};
        frames[i].body = encoded(&certificate_state_desc, &f);
        must_fail(joined(SIZE_MAX), "without a row", NULL);
    }
    cut(early);
    decoded(frame_of_kind(certificate_state_desc.number), &certificate_state_desc, &old);
    cut(made);
    cr_assert_eq(old.rows.n, rows.n);
    for (size_t k = 0; k < rows.n; k++) { /* as it was before */
        if (span_eq(old.rows.v[k].value, rows.v[k].value))
            continue;
        f.rows = (struct state_proof_list){rows.n, arena_array(&s.a, rows.n, sizeof *rows.v)};
        memcpy(f.rows.v, rows.v, rows.n * sizeof *rows.v);
        f.rows.v[k] = old.rows.v[k];
        frames[i].body = encoded(&certificate_state_desc, &f);
        must_fail(joined(SIZE_MAX), "with a key not revoked yet", "SMT-3: a row of KEY");
        frames[i] = kept;
    }
    teardown();
}

Test(certificate, CER_3_change_of_set_left_out)
{
    setup();
    must_fail(joined(frame_of_kind(certificate_link_desc.number)), "without a link",
              "a change of set is missing");
    teardown();
}

Test(certificate, CER_6_old_checkpoint)
{
    setup();
    struct certificate_checkpoint f = {.note = story_note(&s, block_vetoed)};
    size_t i = frame_of_kind(certificate_checkpoint_desc.number);
    frames[i].body = encoded(&certificate_checkpoint_desc, &f);
    must_fail(joined(SIZE_MAX), "an old checkpoint", "CER-6: it is of a tree of");
    teardown();
}

Test(certificate, CER_6_cosigned_by_too_few)
{
    setup();
    struct span note = story_note(&s, s.n_blocks - 1);
    size_t last = note.n - 1;
    while (note.p[last - 1] != '\n')
        last--;
    struct certificate_checkpoint f = {.note = span_of(note.p, last)};
    size_t i = frame_of_kind(certificate_checkpoint_desc.number);
    frames[i].body = encoded(&certificate_checkpoint_desc, &f);
    must_fail(joined(SIZE_MAX), "two cosignatures", "CKP-3: 2 members cosigned it; 3 are needed");
    teardown();
}

/* CER-2 */
Test(certificate, spliced_from_another_alliance)
{
    setup();
    struct ed25519_key *mine[4];
    struct frame_of kept[FRAMES_MAX];
    size_t n = cut_up.n;
    static struct story other;
    struct certificate_report r;
    struct verify_failure fail;
    memcpy(mine, old_keys, sizeof mine);
    memcpy(kept, frames, sizeof kept);
    story_begin(&other, 12);
    tell(&other);
    struct span theirs = certificate_at(&other, 1, other.n_blocks - 1);
    cr_assert_eq(check(theirs, NULL, &s.a, &r, &fail), ST_OK, "%s: %s", fail.region, fail.why);
    cr_assert_eq(check(theirs, &s.f.genesis.alliance, &s.a, &r, &fail), ST_BADSIG);
    cr_expect(strstr(fail.why, "was expected") != NULL);
    cut(theirs);
    cr_assert_eq(cut_up.n, n);
    for (size_t i = 0; i + 1 < n; i++) { /* one frame of theirs in ours */
        struct frame_of spliced = frames[i];
        char what[64];
        memcpy(frames, kept, sizeof kept);
        frames[i] = spliced;
        (void)snprintf(what, sizeof what, "frame %zu of another alliance", i);
        must_fail(joined(SIZE_MAX), what, NULL);
        cut(theirs);
    }
    for (size_t i = 0; i < 4; i++)
        ed25519_free(old_keys[i]);
    memcpy(old_keys, mine, sizeof mine);
    story_end(&other);
    teardown();
}
