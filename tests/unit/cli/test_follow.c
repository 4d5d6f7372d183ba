/* Checkpoints that fit together and such that do not, and who may sign one. */
#include <criterion/criterion.h>
#include "cert/certificate.h"
#include "cert/vote.h"
#include "cli/follow.h"
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "ledger/block.h"
#include "merkle/rfc6962.h"

enum { LEAVES = 9 };

static struct hash leaves[LEAVES];

static struct checkpoint tree(size_t n, uint8_t last)
{
    struct checkpoint c = {.size = n};
    for (size_t i = 0; i < n; i++) {
        uint8_t b = (uint8_t)(i + 1 == n ? last : i);
        rfc6962_leaf(span_of(&b, 1), &leaves[i]);
    }
    rfc6962_root(leaves, n, &c.root);
    return c;
}

Test(follow, what_was_shown_is_compared_with_what_is_shown)
{
    struct checkpoint two = tree(2, 1), three = tree(3, 2), other = tree(3, 9), forged = tree(2, 8);
    struct hash third;
    uint8_t b = 2;
    rfc6962_leaf(span_of(&b, 1), &third); /* RFC 6962: from 2 to 3 leaves */
    struct hash_list proof = {1, &third}, none = {0, NULL};
    cr_expect_eq(follow_compare(NULL, &two, NULL), FOLLOW_FIRST);
    cr_expect_eq(follow_compare(&two, &two, NULL), FOLLOW_SAME);
    cr_expect_eq(follow_compare(&three, &other, NULL), FOLLOW_SPLIT);
    cr_expect_eq(follow_compare(&two, &three, &proof), FOLLOW_GREW);
    cr_expect_eq(follow_compare(&two, &three, NULL), FOLLOW_REWRITTEN, "no proof");
    cr_expect_eq(follow_compare(&two, &three, &none), FOLLOW_REWRITTEN, "an empty one");
    cr_expect_eq(follow_compare(&two, &other, &proof), FOLLOW_REWRITTEN, "one for another tree");
    cr_expect_eq(follow_compare(&forged, &three, &proof), FOLLOW_REWRITTEN, "one from another tree");
    cr_expect_eq(follow_compare(&three, &two, &proof), FOLLOW_BEHIND);
    cr_expect_eq(follow_compare(&three, &two, NULL), FOLLOW_SHORTER);
    cr_expect_eq(follow_compare(&three, &forged, &proof), FOLLOW_SHORTER);
    for (enum follow_verdict v = FOLLOW_FIRST; v <= FOLLOW_SHORTER; v++)
        cr_expect_eq(follow_alarms(v), v == FOLLOW_SPLIT || v == FOLLOW_REWRITTEN || v == FOLLOW_SHORTER);
    struct buf words CLEANUP(buf_deinit);
    buf_init(&words, 4096);
    follow_words(FOLLOW_SPLIT, &three, &other, &words);
    cr_expect_not_null(strstr(buf_cstr(&words), "two histories were signed"));
    cr_expect_not_null(strstr(buf_cstr(&words), hex_of(&three.root).s));
    cr_expect_not_null(strstr(buf_cstr(&words), hex_of(&other.root).s));
}

static struct fixture f;
static struct arena a;
static struct block zero;
static struct span origin;

static void setup(void)
{
    struct err err;
    arena_init(&a, 0);
    fixture_found(&f, 12, 3, 1, UINT64_C(1767261600000), 45);
    cr_assert_eq(block_genesis(&f.genesis, &a, &zero, &err), ST_OK);
    origin = span_str("log.example/x");
}

static void teardown(void)
{
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(follow_nodes, .init = setup, .fini = teardown, .timeout = 60);

/* A checkpoint of block 0 that the first n nodes cosigned. */
static struct span cosigned(size_t n, struct span named)
{
    struct checkpoint c = {.origin = named, .size = zero.after.tree.size, .root = zero.root};
    struct buf text CLEANUP(buf_deinit), note CLEANUP(buf_deinit);
    buf_init(&text, 4096);
    buf_init(&note, 1 << 16);
    checkpoint_put(&c, &text);
    note_put_text(buf_span(&text), &note);
    for (size_t i = 0; i < n; i++) {
        char name[256];
        (void)snprintf(name, sizeof name, "%.*s/%.*s", SPAN_FMT(origin), SPAN_FMT(zero.record.next_set.v[i].org));
        struct note_key k = note_key_make(span_str(name), NOTE_COSIGNATURE, &f.orgs[i].cosign->pub);
        checkpoint_cosign(buf_span(&text), &k, f.orgs[i].cosign, 1, &note);
    }
    return arena_dup(&a, buf_span(&note));
}

Test(follow_nodes, a_checkpoint_needs_a_quorum_of_the_set)
{
    struct validator_set set = {.members = zero.record.next_set};
    struct checkpoint c;
    struct err err;
    cr_assert_eq(follow_verify(cosigned(3, origin), origin, &set, &a, &c, &err), ST_OK, "%s", err.text);
    cr_expect_eq(c.size, zero.after.tree.size);
    cr_expect_eq(follow_verify(cosigned(2, origin), origin, &set, &a, &c, &err), ST_RANGE);
    cr_expect_not_null(strstr(err.text, "2 nodes have cosigned it; 3 are needed (CKP-3)"), "%s", err.text);
    cr_expect_eq(follow_verify(cosigned(3, span_str("log.example/y")), origin, &set, &a, &c, &err), ST_MISMATCH);
    cr_expect_not_null(strstr(err.text, "CKP-1"), "%s", err.text);
    set.members = (struct validator_list){1, &zero.record.next_set.v[3]}; /* who has not */
    cr_expect_eq(follow_verify(cosigned(3, origin), origin, &set, &a, &c, &err), ST_BADSIG);
    cr_expect_not_null(strstr(err.text, "none of the 1 nodes has cosigned it"), "%s", err.text);
    struct span note = cosigned(3, origin);
    uint8_t *size = memchr(note.p, '\n', note.n), *root = memchr(size + 1, '\n', 40);
    root[1] = root[1] == 'A' ? 'B' : 'A';
    set.members = zero.record.next_set;
    cr_expect_eq(follow_verify(note, origin, &set, &a, &c, &err), ST_BADSIG);
}

/* Block 1 by n of the nodes; its tree is whatever it says, for only its certificate is looked at here. */
static struct pack_block certified(struct header *h, size_t n, uint64_t epoch)
{
    struct block_record rec = {.version = 1, .alliance = f.genesis.alliance, .height = 1, .epoch = epoch, .time_ms = zero.record.time_ms + 1, .entries = 1, .rules = 1,
                               .proposer = zero.record.next_set.v[0].org, .prev = zero.id, .validators = zero.record.next_validators,
                               .next_validators = zero.record.next_validators};
    struct buf b;
    struct hash id;
    struct certificate c;
    struct err err;
    struct sig64 sigs[8];
    bool have[8] = {0};
    struct validator_set set = {.members = zero.record.next_set};
    SET_HAS(&rec, block_record_key_proposer);
    buf_init(&b, 1 << 20);
    cr_assert_eq(codec_encode(&block_record_desc, &rec, &b), ST_OK);
    h->record = arena_dup(&a, buf_span(&b));
    buf_reset(&b);
    cr_assert_eq(codec_encode(&header_desc, h, &b), ST_OK);
    struct pack_block block = {.header = arena_dup(&a, buf_span(&b))};
    sha256(block.header, &id);
    struct vote v = {.alliance = f.genesis.alliance, .epoch = epoch, .type = VOTE_PRECOMMIT, .height = 1, .value = id};
    SET_HAS(&v, vote_key_value);
    for (size_t i = 0; i < n; i++) {
        have[i] = true;
        vote_sign(&v, f.orgs[i].vote, &sigs[i]);
    }
    cr_assert_eq(certificate_make(&v, &set, sigs, have, &a, &c, &err), ST_OK, "%s", err.text);
    buf_reset(&b);
    cr_assert_eq(codec_encode(&certificate_desc, &c, &b), ST_OK);
    block.certificate = arena_dup(&a, buf_span(&b));
    SET_HAS(&block, pack_block_key_certificate);
    buf_deinit(&b);
    return block;
}

Test(follow_nodes, the_set_is_followed_by_certificates)
{
    struct follow_set s = {.size = zero.after.tree.size, .set = {.members = zero.record.next_set}};
    struct header h = {.size = 77};
    struct err err;
    struct pack_block good = certified(&h, 3, 0), torn = good;
    torn.header = arena_dup(&a, good.header);
    ((uint8_t *)(uintptr_t)torn.header.p)[torn.header.n - 1] ^= 1;
    cr_expect_neq(follow_block(&s, &f.genesis.alliance, &torn, &a, &err), ST_OK, "another header");
    cr_expect_eq(s.height, 0);
    cr_assert_eq(follow_block(&s, &f.genesis.alliance, &good, &a, &err), ST_OK, "%s", err.text);
    cr_expect_eq(s.height, 1);
    cr_expect_eq(s.size, 77);
    cr_expect_neq(follow_block(&s, &f.genesis.alliance, &good, &a, &err), ST_OK, "the same block once more");
}

/* The block after a re-founding is of the next epoch, and a refounding may stand where the last one's certificate was seen before. It
 * is no alarm, and nothing is taken. */
Test(follow_nodes, a_new_epoch_is_neither_followed_nor_an_alarm)
{
    struct follow_set s = {.size = zero.after.tree.size, .set = {.members = zero.record.next_set}};
    struct header h = {.size = 77};
    struct err err;
    struct pack_block next = certified(&h, 3, 1), skipped = certified(&h, 3, 2);
    cr_assert_eq(follow_block(&s, &f.genesis.alliance, &next, &a, &err), ST_UNSUPPORTED);
    cr_expect_not_null(strstr(err.text, "epoch 0 ends with block 0, by a re-founding."), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "go on once with --pack FILE"), "%s", err.text);
    cr_expect_eq(s.height, 0);
    enum status st = follow_block(&s, &f.genesis.alliance, &skipped, &a, &err);
    cr_expect_neq(st, ST_OK);
    cr_expect_neq(st, ST_UNSUPPORTED, "an epoch too far is a lie");
    s.epoch = 1; /* as a pack says */
    cr_expect_eq(follow_block(&s, &f.genesis.alliance, &next, &a, &err), ST_OK, "%s", err.text);
}
