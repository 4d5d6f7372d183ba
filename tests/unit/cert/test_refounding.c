/* REF-1, REF-2, REF-6: the signed end of an epoch. Four nodes a, b, c, d; d is lost; b or others may have precommitted. */
#include "vectors.h"
#include "cert/chain.h"
#include "cert/refounding.h"
#include "codec/codec.h"
#include "crypto/hash.h"

enum { N = 4 };
static const char *const orgs[N] = {"a", "b", "c", "d"};

static struct arena a;
static struct err e;
static struct ed25519_key *vote[N + 1], *cosign[N + 1]; /* the last: c's new ones */
static struct validator members[N];
static struct validator_set set;
static struct hash alliance, block1, sigs_hash;
static struct chain chain; /* at block 1, certified by a, b, d */
static struct span genesis_header, header1, certificate1;

static struct ed25519_key *key_of(uint8_t n)
{
    uint8_t seed[32] = {n, 7};
    struct ed25519_key *k;
    cr_assert_eq(ed25519_from_seed(seed, &k), ST_OK);
    return k;
}

static struct span encode(const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK, "%s", d->name);
    return arena_dup(&a, buf_span(&b));
}

static struct span header_of(struct block_record *r, uint64_t size)
{
    struct header h = {.record = encode(&block_record_desc, r), .size = size};
    return encode(&header_desc, &h);
}

static struct signed_vote signed_vote(size_t who, enum vote_type type, uint64_t height, uint64_t round, const struct hash *value)
{
    struct signed_vote v = {.vote = {.alliance = alliance, .type = type, .height = height, .round = round}, .org = span_str(orgs[who])};
    if (value != NULL) {
        v.vote.value = *value;
        SET_HAS(&v.vote, vote_key_value);
    }
    vote_sign(&v.vote, vote[who], &v.sig);
    return v;
}

static struct span certificate_by(unsigned bits, uint64_t height, const struct hash *value)
{
    struct commit_sig sigs[N];
    struct certificate c = {.height = height, .value = *value, .sigs = {0, sigs}};
    for (size_t i = 0; i < N; i++)
        if ((bits >> i & 1) != 0)
            sigs[c.sigs.n++] = (struct commit_sig){.org = span_str(orgs[i]), .sig = signed_vote(i, VOTE_PRECOMMIT, height, 0, value).sig};
    return encode(&certificate_desc, &c);
}

static struct block_record record(uint64_t height, const struct hash *prev)
{
    struct block_record r = {.leaf = LEAF_BLOCK, .version = 1, .alliance = alliance, .height = height, .time_ms = 1000 + height, .prev = *prev,
                             .rules = 1};
    validators_hash(&set, &r.validators);
    r.next_validators = r.validators;
    if (height > 0) {
        r.proposer = span_str("a");
        SET_HAS(&r, block_record_key_proposer);
    }
    return r;
}

static void setup(void)
{
    struct hash zero = {{0}}, genesis;
    arena_init(&a, 0);
    cr_assert_eq(ed25519_init(&e), ST_OK, "%s", e.text);
    memset(alliance.b, 5, sizeof alliance.b);
    sha256(span_str("sigs"), &sigs_hash);
    for (size_t i = 0; i <= N; i++) {
        vote[i] = key_of((uint8_t)(1 + i));
        cosign[i] = key_of((uint8_t)(101 + i));
        if (i < N)
            members[i] = (struct validator){.org = span_str(orgs[i]), .vote = vote[i]->pub, .cosign = cosign[i]->pub};
    }
    set = (struct validator_set){.members = {N, members}};
    struct block_record r = record(0, &zero);
    r.next_set = set.members;
    SET_HAS(&r, block_record_key_next_set);
    genesis_header = header_of(&r, 1);
    sha256(genesis_header, &genesis);
    cr_assert_eq(chain_begin(&chain, genesis_header, &alliance, &sigs_hash, &e), ST_OK, "%s", e.text);
    r = record(1, &genesis);
    r.last_commit = sigs_hash;
    header1 = header_of(&r, 2);
    sha256(header1, &block1);
    certificate1 = certificate_by(11, 1, &block1);
}

static void teardown(void)
{
    chain_deinit(&chain);
    for (size_t i = 0; i <= N; i++) {
        ed25519_free(vote[i]);
        ed25519_free(cosign[i]);
    }
    arena_deinit(&a);
}

TestSuite(refounding, .init = setup, .fini = teardown);

/* a, b, c go on; d is left out. */
static struct span refounding_of(uint64_t height, const struct hash *block, const struct refound_proof *proof)
{
    struct span off[1] = {span_str("d")};
    struct refounding f = {.version = 1, .proof = encode(&refound_proof_desc, proof)};
    struct refound_statement s = {.version = 1, .alliance = alliance, .epoch = 1, .height = height, .block = *block,
                                  .suspended = {1, off}, .set = {3, members}};
    sha256(f.proof, &s.proof);
    f.statement = encode(&refound_statement_desc, &s);
    return encode(&refounding_desc, &f);
}

static struct refound_proof by_certificate(void)
{
    struct refound_proof p = {.certificate = certificate1};
    SET_HAS(&p, refound_proof_key_certificate);
    return p;
}

/* POL of a, b, c in a round, and b's precommit. */
static struct refound_proof by_pol(uint64_t round, struct signed_vote pol[3])
{
    for (size_t i = 0; i < 3; i++)
        pol[i] = signed_vote(i, VOTE_PREVOTE, 1, round, &block1);
    struct refound_proof p = {.pol = {3, pol}, .precommit = signed_vote(1, VOTE_PRECOMMIT, 1, round, &block1)};
    SET_HAS(&p, refound_proof_key_pol);
    SET_HAS(&p, refound_proof_key_precommit);
    return p;
}

static enum status check(struct span bytes, const char *words)
{
    struct refounding_info r;
    struct refounding_last last = {.alliance = alliance, .height = 1, .block = block1, .decided_by = &set};
    e.text[0] = 0;
    enum status st = refounding_read(bytes, &a, &r, &e);
    if (st == ST_OK)
        st = refounding_check(&r, &last, &e);
    cr_assert(st == ST_OK ? words == NULL : words != NULL && strstr(e.text, words) != NULL, "expected %s: %s", words, e.text);
    return st;
}

Test(refounding, after_a_certified_block)
{
    struct refound_proof p = by_certificate();
    struct span bytes = refounding_of(1, &block1, &p);
    cr_assert_eq(check(bytes, NULL), ST_OK);
    cr_assert(refounding_is(bytes));
    cr_assert(!refounding_is(certificate1));
}

Test(refounding, a_certificate_of_too_few_is_none)
{
    struct refound_proof p = {.certificate = certificate_by(3, 1, &block1)};
    SET_HAS(&p, refound_proof_key_certificate);
    cr_assert_eq(check(refounding_of(1, &block1, &p), "CRT-1"), ST_RANGE);
}

Test(refounding, after_a_block_that_a_survivor_precommitted)
{
    struct signed_vote pol[3];
    struct refound_proof p = by_pol(2, pol);
    cr_assert_eq(check(refounding_of(1, &block1, &p), NULL), ST_OK);
    struct hash other = {{9}};
    struct signed_vote earlier[1] = {signed_vote(2, VOTE_PRECOMMIT, 1, 1, &other)};
    p.others = (struct signed_vote_list){1, earlier};
    cr_assert_eq(check(refounding_of(1, &block1, &p), NULL), ST_OK);
}

Test(refounding, a_later_precommit_wins)
{
    struct signed_vote pol[3];
    struct hash other = {{9}};
    struct refound_proof p = by_pol(2, pol);
    struct signed_vote later[1] = {signed_vote(2, VOTE_PRECOMMIT, 1, 3, &other)};
    p.others = (struct signed_vote_list){1, later};
    cr_assert_eq(check(refounding_of(1, &block1, &p), "REF-1: c precommitted in round 3"), ST_MISMATCH);
}

Test(refounding, neither_certificate_nor_pol)
{
    struct refound_proof p = {.others = {0, NULL}};
    cr_assert_eq(check(refounding_of(1, &block1, &p), "neither a certificate"), ST_MISMATCH);
}

Test(refounding, a_pol_must_be_alike_whole_and_signed)
{
    struct signed_vote pol[3];
    struct refound_proof p = by_pol(2, pol);
    p.pol.n = 2;
    cr_assert_eq(check(refounding_of(1, &block1, &p), "2 prevotes"), ST_RANGE);
    p = by_pol(2, pol);
    pol[1] = signed_vote(1, VOTE_PREVOTE, 1, 1, &block1);
    cr_assert_eq(check(refounding_of(1, &block1, &p), "not alike"), ST_MISMATCH);
    p = by_pol(2, pol);
    pol[1] = pol[0];
    cr_assert_eq(check(refounding_of(1, &block1, &p), "twice or out of order"), ST_MISMATCH);
    p = by_pol(2, pol);
    pol[2].sig.b[3] ^= 1;
    cr_assert_eq(check(refounding_of(1, &block1, &p), "does not verify"), ST_BADSIG);
    p = by_pol(2, pol);
    p.precommit = signed_vote(1, VOTE_PRECOMMIT, 1, 1, &block1);
    cr_assert_eq(check(refounding_of(1, &block1, &p), "not for the block and the round"), ST_MISMATCH);
}

Test(refounding, another_block_or_epoch)
{
    struct hash other = {{9}};
    struct refound_proof p = by_certificate();
    cr_assert_eq(check(refounding_of(1, &other, &p), "last block"), ST_MISMATCH);
    cr_assert_eq(check(refounding_of(2, &block1, &p), "after block 2"), ST_MISMATCH);
}

Test(refounding, cards_are_those_named)
{
    struct refound_proof p = by_certificate();
    struct span bytes = refounding_of(1, &block1, &p), card[1] = {span_str("x")};
    struct refounding f;
    cr_assert_eq(codec_decode(&refounding_desc, bytes, &a, &f, &e), ST_OK);
    f.cards = (struct span_list){1, card};
    cr_assert_eq(check(encode(&refounding_desc, &f), "1 cards, the statement names 0"), ST_MISMATCH);
}

/* A reader of headers goes from one epoch into the next, and refuses what is not so. */
Test(refounding, chain_goes_on_in_the_new_epoch)
{
    struct refound_proof p = by_certificate();
    struct span bytes = refounding_of(1, &block1, &p);
    struct hash commit, three;
    struct validator_set next = {.members = {3, members}};
    cr_assert_eq(chain_next(&chain, header1, bytes, NULL, &e), ST_OK, "%s", e.text);
    cr_assert_eq(chain.epoch, 0);
    cr_assert_eq(chain.next_epoch, 1);
    cr_assert_eq(chain.set.members.n, 3);
    sha256(bytes, &commit);
    cr_assert(hash_eq(&chain.last_commit, &commit));
    cr_assert_eq(chain_recommit(&chain, bytes, &e), ST_MISMATCH);
    cr_assert(strstr(e.text, "REF-7") != NULL, "%s", e.text);
    cr_assert_eq(chain_recommit(&chain, certificate1, &e), ST_MISMATCH);

    struct block_record r = record(2, &block1);
    r.epoch = 1;
    r.last_commit = commit;
    validators_hash(&next, &three);
    r.validators = r.next_validators = three;
    struct span header2 = header_of(&r, 3);
    struct hash block2;
    sha256(header2, &block2);
    struct commit_sig sigs[3];
    struct certificate c = {.epoch = 1, .height = 2, .value = block2, .sigs = {3, sigs}};
    for (size_t i = 0; i < 3; i++) {
        struct vote v = certificate_vote(&c, &alliance);
        sigs[i] = (struct commit_sig){.org = span_str(orgs[i])};
        vote_sign(&v, vote[i], &sigs[i].sig);
    }
    struct span certificate2 = encode(&certificate_desc, &c);
    r.epoch = 0;
    cr_assert_eq(chain_next(&chain, header_of(&r, 3), certificate2, NULL, &e), ST_MISMATCH);
    cr_assert(strstr(e.text, "epoch 0, expected 1") != NULL, "%s", e.text);
    cr_assert_eq(chain_next(&chain, header2, certificate2, NULL, &e), ST_OK, "%s", e.text);
    cr_assert_eq(chain.epoch, 1);
    cr_assert_eq(chain.next_epoch, 1);
}

Test(refounding, takes_the_place_of_a_certificate_that_was_held)
{
    struct refound_proof p = by_certificate();
    cr_assert_eq(chain_next(&chain, header1, certificate1, NULL, &e), ST_OK, "%s", e.text);
    cr_assert_eq(chain_recommit(&chain, refounding_of(1, &block1, &p), &e), ST_OK, "%s", e.text);
    cr_assert_eq(chain.next_epoch, 1);
}

Test(refounding, of_an_alliance_that_never_decided_a_block)
{
    struct refound_proof p = {.certificate = span_str("sigs")};
    SET_HAS(&p, refound_proof_key_certificate);
    cr_assert_eq(chain_recommit(&chain, refounding_of(0, &chain.block, &p), &e), ST_OK, "%s", e.text);
    cr_assert_eq(chain.next_epoch, 1);
    p.certificate = span_str("other");
}

Test(refounding, of_an_alliance_that_never_decided_a_block_by_other_signatures)
{
    struct refound_proof p = {.certificate = span_str("other")};
    SET_HAS(&p, refound_proof_key_certificate);
    cr_assert_eq(chain_recommit(&chain, refounding_of(0, &chain.block, &p), &e), ST_MISMATCH);
    cr_assert(strstr(e.text, "founding signatures") != NULL, "%s", e.text);
    cr_assert_eq(chain.next_epoch, 0);
}
