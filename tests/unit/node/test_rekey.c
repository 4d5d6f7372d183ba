/* Goal: fresh keys wait beside those in use until they are named, and are taken over whole, wherever a crash cuts it short. */
#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"
#include "ledger/genesis.h"
#include "node/rekey.h"

static struct err g_err;

#define OK(call) cr_assert_eq((call), ST_OK, "%s", g_err.text)

struct place {
    char dir[300];
    struct arena a;
};

static struct span ORG(void)
{
    return span_str("maker");
}

static const char *in(struct place *p, const char *name)
{
    return file_join(&p->a, p->dir, name);
}

static void place_init(struct place *p)
{
    const char *root = getenv("TMPDIR");
    OK(ed25519_init(&g_err));
    arena_init(&p->a, 0);
    (void)snprintf(p->dir, sizeof p->dir, "%s/entente-rekey-XXXXXX", root != NULL ? root : "/tmp");
    cr_assert_not_null(mkdtemp(p->dir));
    OK(setup_init(p->dir, ORG(), "127.0.0.1:7400", &g_err));
}

static void place_deinit(struct place *p)
{
    char cmd[400];
    (void)snprintf(cmd, sizeof cmd, "rm -r '%s'", p->dir);
    cr_assert_eq(system(cmd), 0); /* NOLINT(cert-env33-c): its own directory */
    arena_deinit(&p->a);
}

static bool exists(struct place *p, const char *name)
{
    struct stat sb;
    return stat(in(p, name), &sb) == 0;
}

/* The keys in place, as a card names them. */
static struct node_keys in_place(struct place *p)
{
    struct nodekeys k = {0};
    struct tlsid *tls;
    OK(nodekeys_open(in(p, "keys"), &k, &g_err));
    OK(tlsid_open(p->dir, ORG(), &tls, &g_err));
    struct node_keys n = {.vote = k.vote->pub,
                          .cosign = k.cosign->pub,
                          .log = k.log->pub,
                          .node = k.node->pub,
                          .tls = arena_dup(&p->a, span_of(tls->cert, tls->cert_n))};
    nodekeys_close(&k);
    tlsid_free(tls);
    return n;
}

/* Makes fresh ones; returns what their card names. */
static struct node_keys renew(struct place *p, bool vote, bool tls)
{
    struct hash digest, seen;
    struct span bytes;
    struct signed_card sc;
    struct card card;
    struct rekey what = {.vote = vote, .tls = tls, .out = in(p, "fresh.card")};
    OK(rekey_make(p->dir, &what, &p->a, &digest, &g_err));
    OK(file_read(what.out, LIMIT_CARD_BYTES, &p->a, &bytes, &g_err));
    OK(genesis_check_card(bytes, &p->a, &sc, &card, &seen, &g_err));
    cr_expect(hash_eq(&digest, &seen));
    cr_expect_eq(card.seats.n, 0);
    cr_expect(!HAS(&card, card_key_recovery));
    cr_expect_eq(card.node.addresses.n, 1);
    return card.node;
}

static bool same(const struct node_keys *x, const struct node_keys *y)
{
    return hash_eq(&x->vote, &y->vote) && hash_eq(&x->cosign, &y->cosign) && hash_eq(&x->log, &y->log) && hash_eq(&x->node, &y->node) &&
           span_eq(x->tls, y->tls);
}

static bool due(struct place *p, const struct node_keys *named)
{
    bool is, vote;
    struct hash key;
    OK(rekey_due(p->dir, ORG(), named, &is, &vote, &key, &g_err));
    cr_expect(!vote || hash_eq(&key, &named->vote));
    return is;
}

Test(rekey, fresh_keys_wait_until_they_are_named)
{
    struct place p;
    place_init(&p);
    struct node_keys old = in_place(&p), fresh = renew(&p, false, false), now;
    cr_expect(!hash_eq(&old.vote, &fresh.vote));
    cr_expect(!hash_eq(&old.node, &fresh.node));
    cr_expect(!span_eq(old.tls, fresh.tls));
    cr_expect(!due(&p, &old), "they are taken before they are named");
    OK(rekey_take(p.dir, ORG(), &old, 7, &g_err));
    now = in_place(&p);
    cr_expect(same(&now, &old));
    cr_expect(due(&p, &fresh));
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
    now = in_place(&p);
    cr_expect(same(&now, &fresh));
    cr_expect(!exists(&p, "keys.next"));
    cr_expect(!due(&p, &fresh));
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err)); /* nothing is left to do */
    place_deinit(&p);
}

Test(rekey, what_is_not_renewed_stays)
{
    struct place p;
    place_init(&p);
    struct node_keys old = in_place(&p), tls = renew(&p, false, true);
    cr_expect(hash_eq(&old.vote, &tls.vote));
    cr_expect(hash_eq(&old.node, &tls.node));
    cr_expect(!span_eq(old.tls, tls.tls));
    OK(rekey_take(p.dir, ORG(), &tls, 7, &g_err));
    struct node_keys vote = renew(&p, true, false), now;
    cr_expect(!hash_eq(&old.vote, &vote.vote));
    cr_expect(hash_eq(&old.log, &vote.log));
    cr_expect(span_eq(tls.tls, vote.tls));
    OK(rekey_take(p.dir, ORG(), &vote, 7, &g_err));
    now = in_place(&p);
    cr_expect(same(&now, &vote));
    place_deinit(&p);
}

Test(rekey, those_that_wait_are_not_thrown_away_unasked)
{
    struct place p;
    struct hash digest;
    place_init(&p);
    struct node_keys first = renew(&p, false, false);
    struct rekey what = {.out = in(&p, "other.card")};
    cr_expect_eq(rekey_make(p.dir, &what, &p.a, &digest, &g_err), ST_EXISTS);
    cr_expect(due(&p, &first));
    what.again = true;
    OK(rekey_make(p.dir, &what, &p.a, &digest, &g_err));
    cr_expect(!due(&p, &first));
    place_deinit(&p);
}

/* A card that cannot be written leaves all as it was: those that wait may be on their way to the record. */
Test(rekey, without_a_card_those_that_wait_stay)
{
    struct place p;
    struct hash digest;
    place_init(&p);
    struct rekey what = {.out = in(&p, "no/such/place.card"), .again = true};
    cr_expect_neq(rekey_make(p.dir, &what, &p.a, &digest, &g_err), ST_OK);
    cr_expect(!exists(&p, "keys.next"));
    cr_expect(!exists(&p, "keys.made"));
    struct node_keys first = renew(&p, false, false);
    cr_expect_neq(rekey_make(p.dir, &what, &p.a, &digest, &g_err), ST_OK);
    cr_expect(due(&p, &first));
    cr_expect(!exists(&p, "keys.made"));
    what.out = in(&p, "other.card");
    OK(rekey_make(p.dir, &what, &p.a, &digest, &g_err));
    cr_expect(!due(&p, &first));
    cr_expect(!exists(&p, "keys.made"));
    place_deinit(&p);
}

static bool holds(struct place *p, const char *name, struct span bytes)
{
    struct span file;
    OK(file_read(in(p, name), 1 << 16, &p->a, &file, &g_err));
    for (size_t i = 0; i + bytes.n <= file.n; i++)
        if (memcmp(file.p + i, bytes.p, bytes.n) == 0)
            return true;
    return false;
}

/* The old vote key's bytes are gone from the file that held them, not only its name from the directory. */
Test(rekey, the_old_vote_key_is_destroyed)
{
    struct place p;
    struct span file;
    place_init(&p);
    OK(file_read(in(&p, "keys/vote.key"), 1 << 16, &p.a, &file, &g_err));
    cr_assert_eq(link(in(&p, "keys/vote.key"), in(&p, "held")), 0); /* the same file, by another name */
    cr_assert(holds(&p, "held", span_str("seed ")));
    struct node_keys fresh = renew(&p, true, false);
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
    cr_expect(!holds(&p, "held", span_str("seed ")), "the seed can be read still");
    place_deinit(&p);
}

/* Has it such an identity, with that node key and certificate? */
static bool calls_as(struct place *p, enum rekey_identity which, const struct hash *node_key, struct span cert)
{
    struct ed25519_key *node;
    struct tlsid *tls;
    if (rekey_identity(p->dir, ORG(), which, &node, &tls, &g_err) != ST_OK)
        return false;
    bool is = hash_eq(&node->pub, node_key) && span_eq(span_of(tls->cert, tls->cert_n), cert);
    ed25519_free(node);
    tlsid_free(tls);
    return is;
}

static void move(struct place *p, const char *from, const char *to)
{
    cr_assert_eq(rename(in(p, from), in(p, to)), 0);
}

static void copy_over(struct place *p, const char *from, const char *to)
{
    struct span file;
    OK(file_read(in(p, from), 1 << 16, &p->a, &file, &g_err));
    OK(file_write(in(p, to), file, strstr(to, ".key") != NULL ? 0600 : 0644, true, &g_err));
}

/* The first k steps of a take-over, as rekey_take makes them. */
static bool steps(struct place *p, size_t k)
{
    size_t i = 0;
    struct span zeros = span_of((const uint8_t[64]){0}, 64);
    if (i++ < k) {
        cr_assert_eq(mkdir(in(p, "keys.kept"), 0700), 0);
        copy_over(p, "keys/node.key", "keys.kept/node.key");
    }
    if (i++ < k) {
        copy_over(p, "tls.key", "keys.kept/tls.key");
        copy_over(p, "tls.crt", "keys.kept/tls.crt");
        OK(file_write(in(p, "keys.kept/height"), span_str("7\n"), 0600, true, &g_err));
        move(p, "keys.kept", "keys.prev");
    }
    if (i++ < k)
        OK(file_write(in(p, "keys/vote.key"), zeros, 0600, true, &g_err));
    if (i++ < k)
        move(p, "keys.next/vote.key", "keys/vote.key");
    if (i++ < k)
        move(p, "keys.next/cosign.key", "keys/cosign.key");
    if (i++ < k)
        move(p, "keys.next/log.key", "keys/log.key");
    if (i++ < k)
        move(p, "keys.next/node.key", "keys/node.key");
    if (i++ < k)
        copy_over(p, "keys.next/tls.key", "tls.key");
    if (i++ < k)
        copy_over(p, "keys.next/tls.crt", "tls.crt");
    if (i++ < k)
        cr_assert_eq(unlink(in(p, "keys.next/tls.crt")), 0);
    if (i++ < k)
        cr_assert_eq(unlink(in(p, "keys.next/tls.key")), 0);
    if (i++ < k)
        cr_assert_eq(rmdir(in(p, "keys.next")), 0);
    return i >= k;
}

Test(rekey, a_take_over_cut_short_goes_on)
{
    for (size_t k = 0; k <= 12; k++) {
        struct place p;
        place_init(&p);
        struct node_keys old = in_place(&p), fresh = renew(&p, false, false), now;
        cr_assert(steps(&p, k));
        OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
        now = in_place(&p);
        cr_expect(same(&now, &fresh), "cut short after %zu steps", k);
        cr_expect(!exists(&p, "keys.next"), "cut short after %zu steps", k);
        cr_expect(calls_as(&p, REKEY_PREVIOUS, &old.node, old.tls), "cut short after %zu steps", k);
        place_deinit(&p);
    }
}

/* What a crash leaves of the making: half of a directory that has not got its name. */
Test(rekey, a_making_cut_short_is_begun_anew)
{
    struct place p;
    place_init(&p);
    cr_assert_eq(mkdir(in(&p, "keys.made"), 0700), 0);
    copy_over(&p, "keys/vote.key", "keys.made/vote.key");
    struct node_keys old = in_place(&p), fresh = renew(&p, false, false);
    cr_expect(!hash_eq(&old.vote, &fresh.vote));
    cr_expect(!exists(&p, "keys.made"));
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
    place_deinit(&p);
}

/* Of a file too that had not got its name: it holds a key. */
Test(rekey, half_a_file_does_not_stand_in_the_way)
{
    static const char *const dirs[] = {"keys.made", "keys.kept"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        struct place p;
        char half[64];
        place_init(&p);
        (void)snprintf(half, sizeof half, "%s/node.key.tmp.1", dirs[i]);
        cr_assert_eq(mkdir(in(&p, dirs[i]), 0700), 0);
        copy_over(&p, "keys/node.key", half);
        struct node_keys fresh = renew(&p, false, false);
        OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
        cr_expect(!exists(&p, dirs[i]), "%s", dirs[i]);
        place_deinit(&p);
    }
}

static bool has_none(struct place *p, enum rekey_identity which)
{
    struct ed25519_key *node;
    struct tlsid *tls;
    return rekey_identity(p->dir, ORG(), which, &node, &tls, &g_err) == ST_NOTFOUND;
}

Test(rekey, the_next_identity_is_of_what_waits_and_what_stays)
{
    struct place p;
    place_init(&p);
    cr_expect(has_none(&p, REKEY_WAITING));
    struct node_keys old = in_place(&p), vote = renew(&p, true, false);
    cr_expect(has_none(&p, REKEY_WAITING), "a vote key is no identity");
    OK(rekey_take(p.dir, ORG(), &vote, 7, &g_err));
    cr_expect(has_none(&p, REKEY_PREVIOUS), "nor is an old one kept");
    struct node_keys fresh = renew(&p, false, true);
    cr_expect(calls_as(&p, REKEY_WAITING, &old.node, fresh.tls));
    cr_expect(calls_as(&p, REKEY_IN_PLACE, &old.node, old.tls));
    place_deinit(&p);
}

static bool forget(struct place *p, uint64_t height)
{
    bool kept;
    OK(rekey_forget(p->dir, height, &kept, &g_err));
    return !kept;
}

/* NET-7: the others may not have the block yet that named the fresh ones. */
Test(rekey, the_previous_identity_is_kept_until_a_later_block)
{
    struct place p;
    place_init(&p);
    struct node_keys old = in_place(&p), fresh = renew(&p, false, false);
    cr_expect(has_none(&p, REKEY_PREVIOUS));
    cr_expect(forget(&p, 6), "there is nothing to forget");
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
    cr_expect(calls_as(&p, REKEY_IN_PLACE, &fresh.node, fresh.tls));
    cr_expect(calls_as(&p, REKEY_PREVIOUS, &old.node, old.tls));
    cr_expect(!exists(&p, "keys.prev/vote.key"), "never the vote key");
    cr_expect(!forget(&p, 7));
    cr_expect(calls_as(&p, REKEY_PREVIOUS, &old.node, old.tls));
    cr_assert_eq(link(in(&p, "keys.prev/node.key"), in(&p, "held")), 0);
    cr_assert(holds(&p, "held", span_str("seed ")));
    cr_expect(forget(&p, 8));
    cr_expect(!holds(&p, "held", span_str("seed ")), "the seed can be read still");
    cr_expect(has_none(&p, REKEY_PREVIOUS));
    cr_expect(!exists(&p, "keys.prev"));
    place_deinit(&p);
}

Test(rekey, of_two_changes_the_newer_is_kept)
{
    struct place p;
    place_init(&p);
    struct node_keys first = renew(&p, false, false);
    OK(rekey_take(p.dir, ORG(), &first, 7, &g_err));
    struct node_keys second = renew(&p, false, true);
    OK(rekey_take(p.dir, ORG(), &second, 9, &g_err));
    cr_expect(calls_as(&p, REKEY_PREVIOUS, &first.node, first.tls));
    cr_expect(!forget(&p, 9));
    cr_expect(forget(&p, 10));
    place_deinit(&p);
}

Test(rekey, a_previous_identity_that_does_not_say_since_when_is_named)
{
    struct place p;
    bool kept;
    place_init(&p);
    struct node_keys fresh = renew(&p, false, false);
    OK(rekey_take(p.dir, ORG(), &fresh, 7, &g_err));
    OK(file_write(in(&p, "keys.prev/height"), span_str("seven\n"), 0600, true, &g_err));
    cr_expect_eq(rekey_forget(p.dir, 8, &kept, &g_err), ST_FORMAT);
    cr_expect(strstr(g_err.text, "keys.prev/height is no number of a block. Remove ") != NULL, "%s", g_err.text);
    cr_expect(exists(&p, "keys.prev/node.key"));
    place_deinit(&p);
}
