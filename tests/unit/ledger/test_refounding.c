/* REF-3, REF-4, REF-5: the first block of a new epoch, and what is refused. Partners p01, p02, p03 and a witness w01; the
 * node of p03 is replaced, the witness's is left out. */
#include <criterion/criterion.h>
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "fixture/refounding.h"
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
static struct ed25519_key *fresh[4]; /* vote, cosign, log, node */
static struct hash genesis_sigs;

static struct span encode(const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK, "%s", d->name);
    return arena_dup(&a, buf_span(&b));
}

static void flush_with(const struct block *b, struct span certificate)
{
    struct store_txn *t;
    struct view before;
    cr_assert_eq(store_read_begin(s, &before, &err), ST_OK);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    cr_assert_eq(block_flush(b, certificate, &before, s, t, &err), ST_OK, "%s", err.text);
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    store_read_end(s, &before);
}

static void flush(const struct block *b)
{
    flush_with(b, span_str("certificate"));
    store_read_end(s, &v);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
}

static void setup(void)
{
    struct block b;
    fixture_found(&f, 3, 3, 1, FOUNDED, 45);
    arena_init(&a, 0);
    s = store_mem_new();
    ids = ids_new();
    cr_assert_eq(block_genesis(&f.genesis, &a, &b, &err), ST_OK, "%s", err.text);
    struct span sigs = encode(&genesis_sigs_desc, &f.genesis.genesis.sigs);
    sha256(sigs, &genesis_sigs);
    flush_with(&b, sigs);
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    tip = b.after;
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(ed25519_new(&f.random, &fresh[i]), ST_OK);
}

static void teardown(void)
{
    for (size_t i = 0; i < 4; i++)
        ed25519_free(fresh[i]);
    store_read_end(s, &v);
    store_close(s);
    ids_free(ids);
    arena_deinit(&a);
    fixture_free(&f);
}

TestSuite(refounding, .init = setup, .fini = teardown);

static struct span card_of_p03(void)
{
    struct card c = *genesis_card(&f.genesis, span_str("p03"));
    c.seats = (struct card_seat_list){0, NULL};
    c.has &= ~(UINT64_C(1) << card_key_recovery);
    c.node.vote = fresh[0]->pub;
    c.node.cosign = fresh[1]->pub;
    c.node.log = fresh[2]->pub;
    c.node.node = fresh[3]->pub;
    struct signed_card sc = {.leaf = LEAF_CARD, .card = encode(&card_desc, &c)};
    sshsig_sign(fresh[0], SSHSIG_CARD, sc.card, &sc.vote);
    sshsig_sign(fresh[1], SSHSIG_CARD, sc.card, &sc.cosign);
    sshsig_sign(fresh[2], SSHSIG_CARD, sc.card, &sc.log);
    sshsig_sign(fresh[3], SSHSIG_CARD, sc.card, &sc.node);
    return encode(&signed_card_desc, &sc);
}

static struct span make_refounding(struct fixture_refounding *w)
{
    w->vote = fresh[0];
    w->cosign = fresh[1];
    return fixture_refounding_make(&f, &tip, w, &a);
}

static enum status check_sig(void *ctx, const struct leaf *leaf)
{
    (void)ctx;
    return leaf_verify(leaf);
}

static const struct block_verifier verifier = {NULL, check_sig};

static void read_checked(struct span bytes, struct refounding_info *ret)
{
    struct validator_set set;
    cr_assert_eq(gov_validators(&v, &a, &set, &err), ST_OK);
    struct refounding_last last = {.alliance = tip.alliance, .block = tip.block, .genesis_sigs = genesis_sigs, .decided_by = &set};
    cr_assert_eq(refounding_read(bytes, &a, ret, &err), ST_OK, "%s", err.text);
    cr_assert_eq(refounding_check(ret, &last, &err), ST_OK, "%s", err.text);
}

static void refused(struct fixture_refounding *w, const char *words)
{
    struct refounding_info r;
    struct block b;
    read_checked(make_refounding(w), &r);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids, .refounding = &r};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &r.hash, NULL, 0, &a, &b, &err), ST_MISMATCH);
    cr_assert(strstr(err.text, words) != NULL, "expected %s: %s", words, err.text);
}

Test(refounding, the_first_block_carries_it_out)
{
    struct span cards[1] = {card_of_p03()}, off[1] = {span_str("w01")};
    struct fixture_refounding w = {.cards = cards, .n_cards = 1, .off = off, .n_off = 1};
    struct refounding_info r;
    struct block b, again;
    bool valid;
    char why[256];
    read_checked(make_refounding(&w), &r);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids, .refounding = &r};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &r.hash, NULL, 0, &a, &b, &err), ST_OK, "%s", err.text);
    cr_assert_eq(b.n_leaves, 1, "it may be empty");
    cr_assert_eq(b.record.epoch, 1);
    cr_assert_eq(b.after.epoch, 1);
    cr_assert(hash_eq(&b.record.validators, &b.record.next_validators));
    cr_assert(!hash_eq(&b.record.validators, &tip.validators));
    cr_assert_eq(block_execute(&l, b.header_bytes, NULL, 0, &verifier, &a, &valid, &again, why, &err), ST_OK);
    cr_assert(valid, "%s", why);
    cr_assert(hash_eq(&again.id, &b.id));
    cr_assert(b.begins != NULL);
    flush(&b);
    struct validator_set set;
    cr_assert_eq(rows_set(&v, &b.record.validators, &a, &set, &err), ST_OK, "the set of the new epoch is found by its hash");
    cr_assert_eq(set.members.n, 3);
}

Test(refounding, without_it_the_block_is_none)
{
    struct fixture_refounding w = {.n_cards = 0};
    struct refounding_info r;
    struct block b, again;
    bool valid;
    char why[256];
    read_checked(make_refounding(&w), &r);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids, .refounding = &r};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &r.hash, NULL, 0, &a, &b, &err), ST_OK, "%s", err.text);
    l.refounding = NULL;
    cr_assert_eq(block_execute(&l, b.header_bytes, NULL, 0, &verifier, &a, &valid, &again, why, &err), ST_OK);
    cr_assert_not(valid);
    cr_assert_str_eq(why, "BLK-2: another epoch");
}

Test(refounding, it_writes_what_it_changes)
{
    struct span cards[1] = {card_of_p03()}, off[1] = {span_str("w01")};
    struct fixture_refounding w = {.cards = cards, .n_cards = 1, .off = off, .n_off = 1};
    struct refounding_info r;
    struct block b;
    read_checked(make_refounding(&w), &r);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids, .refounding = &r};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &r.hash, NULL, 0, &a, &b, &err), ST_OK, "%s", err.text);
    bool p03 = false, w01 = false;
    for (size_t i = 0; i < b.n_writes; i++) {
        p03 = p03 || (b.writes[i].table == TABLE_PARTY && span_eqs(b.writes[i].key, "p03"));
        w01 = w01 || (b.writes[i].table == TABLE_PARTY && span_eqs(b.writes[i].key, "w01"));
    }
    cr_assert(p03 && w01);
}

Test(refounding, another_last_commit_is_refused)
{
    struct fixture_refounding w = {.n_cards = 0};
    struct refounding_info r;
    struct block b, again;
    struct hash other = {{7}};
    bool valid;
    char why[256];
    read_checked(make_refounding(&w), &r);
    struct ledger l = {.tip = &tip, .view = &v, .ids = ids, .refounding = &r};
    cr_assert_eq(block_make(&l, FOUNDED + 5, span_str("p01"), &other, NULL, 0, &a, &b, &err), ST_OK, "%s", err.text);
    cr_assert_eq(block_execute(&l, b.header_bytes, NULL, 0, &verifier, &a, &valid, &again, why, &err), ST_OK);
    cr_assert_not(valid);
    cr_assert_str_eq(why, "BLK-7: its last commit is not the refounding");
}

Test(refounding, every_partner_signs_with_its_registrar_and_another)
{
    struct fixture_refounding w = {.without = 1U << 1};
    refused(&w, "REF-3: p01/registrar has not signed");
    w.without = 1U << 2;
    refused(&w, "REF-3: besides its registrar another seat of p02 must sign");
}

Test(refounding, one_key_is_not_two_seats)
{
    struct fixture_refounding w = {.registrar_twice = true};
    refused(&w, "REF-3: a key that signed as p01/sponsor does not hold that seat");
}

Test(refounding, the_set_is_what_the_state_gives)
{
    struct span cards[1] = {card_of_p03()};
    struct fixture_refounding w = {.cards = cards, .n_cards = 1, .old_key = true};
    refused(&w, "REF-4: the set of the new epoch is not what the state gives");
}

Test(refounding, a_node_is_not_replaced_and_suspended)
{
    struct span cards[1] = {card_of_p03()}, off[1] = {span_str("p03")};
    struct fixture_refounding w = {.cards = cards, .n_cards = 1, .off = off, .n_off = 1};
    refused(&w, "REF-4: the node of p03 is replaced and suspended");
}

Test(refounding, only_who_votes_is_suspended)
{
    struct span off[1] = {span_str("p09")};
    struct fixture_refounding w = {.off = off, .n_off = 1};
    refused(&w, "REF-4: p09, which is suspended, has no voting node");
}
