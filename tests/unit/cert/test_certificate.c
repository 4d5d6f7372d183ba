/* VOT-1, SIG-1 to SIG-3 for votes, CRT-1. */
#include "vectors.h"
#include "cert/certificate.h"

Test(vote, vectors)
{
    json_t *j = vectors_load(), *c;
    struct arena a;
    struct err e;
    size_t i, accepted = 0;
    arena_init(&a, 0);
    struct validator_set set = vectors_set(j, "voters", &a);
    struct hash alliance = vectors_hash(j, "alliance"), seed = vectors_hash(j, "seed");
    uint64_t epoch = (uint64_t)json_integer_value(json_object_get(j, "epoch"));
    struct ed25519_key *brand;
    cr_assert_eq(ed25519_init(&e), ST_OK, "%s", e.text);
    cr_assert_eq(ed25519_from_seed(seed.b, &brand), ST_OK);
    json_array_foreach(json_object_get(j, "votes"), i, c)
    {
        const char *why = vectors_text(c, "why");
        struct signed_vote v = {.org = span_str(vectors_text(c, "org"))};
        struct span bytes = vectors_bytes(c, "vote", &a), sig = vectors_bytes(c, "sig", &a);
        struct vote_bytes again;
        uint32_t index = 99;
        cr_assert_eq(codec_decode(&vote_desc, bytes, &a, &v.vote, &e), ST_OK, "%s", e.text);
        vote_encode(&v.vote, &again);
        cr_assert(span_eq(bytes, span_of(again.b, again.n)), "%s", why);
        memcpy(v.sig.b, sig.p, sizeof v.sig.b);
        enum status st = vote_verify_signed(&v, &alliance, epoch, &set, &index, &e);
        cr_assert_eq(st, vectors_status(c, "status"), "%s: %s %s", why, status_name(st), e.text);
        if (st != ST_OK) {
            cr_assert_eq(index, 99, "untouched on failure");
            cr_assert(strncmp(why, "VOT-1", 5) != 0 || strncmp(e.text, "VOT-1: ", 7) == 0, "%s: %s", why,
                      e.text);
            continue;
        }
        accepted++;
        cr_assert_eq(index, 0);
        struct sig64 own;
        vote_sign(&v.vote, brand, &own);
        cr_assert(memcmp(own.b, v.sig.b, sizeof own.b) == 0, "%s", why);
        v.sig.b[40] ^= 1;
        cr_assert_eq(vote_verify_signed(&v, &alliance, epoch, &set, &index, &e), ST_BADSIG);
        cr_assert(strstr(e.text, "vote of brand at height") == e.text, "%s", e.text);
    }
    cr_assert_eq(accepted, 7);
    cr_assert_eq(i, 16);
    ed25519_free(brand);
    arena_deinit(&a);
    json_decref(j);
}

Test(certificate, vectors)
{
    json_t *j = vectors_load(), *c;
    struct hash alliance = vectors_hash(j, "alliance"), block = vectors_hash(j, "block");
    uint64_t epoch = (uint64_t)json_integer_value(json_object_get(j, "epoch"));
    uint64_t height = (uint64_t)json_integer_value(json_object_get(j, "height"));
    size_t i, accepted = 0;
    json_array_foreach(json_object_get(j, "certificates"), i, c)
    {
        struct arena a;
        struct err e = {.text = ""};
        struct certificate out = {.height = 1234};
        arena_init(&a, 0);
        struct validator_set set = vectors_set(c, "set", &a);
        enum status st = certificate_verify_bytes(vectors_bytes(c, "certificate", &a), &alliance, epoch,
                                                  height, &block, &set, &a, &out, &e);
        cr_assert_eq(st, vectors_status(c, "status"), "%s: %s %s", vectors_text(c, "why"), status_name(st),
                     e.text);
        if (st == ST_OK) {
            accepted++;
            cr_assert_eq(out.height, height);
        } else {
            cr_assert(strstr(e.text, vectors_text(c, "message")) != NULL, "%s: %s", vectors_text(c, "why"),
                      e.text);
            cr_assert_eq(out.height, 1234, "untouched on failure");
        }
        arena_deinit(&a);
    }
    cr_assert_eq(accepted, 10);
    cr_assert_eq(i, 27);
    json_decref(j);
}

static json_t *of_four(json_t *vectors)
{
    json_t *c;
    size_t i;
    json_array_foreach(json_object_get(vectors, "certificates"), i, c)
    {
        if (strcmp(vectors_text(c, "why"), "4 members, q = 3") == 0)
            return c;
    }
    cr_assert_fail("no such vector");
    return NULL;
}

/* What certificate_make gives encodes to the vector's bytes and verifies; any flipped bit of it does not. */
Test(certificate, make)
{
    json_t *j = vectors_load(), *found = of_four(j);
    size_t i;
    struct arena a;
    struct err e;
    struct buf b;
    arena_init(&a, 0);
    buf_init(&b, CERTIFICATE_BYTES_MAX);
    struct validator_set set = vectors_set(found, "set", &a);
    struct span bytes = vectors_bytes(found, "certificate", &a);
    struct hash alliance = vectors_hash(j, "alliance");
    struct certificate want, made = {.height = 1234};
    cr_assert_eq(codec_decode(&certificate_desc, bytes, &a, &want, &e), ST_OK);
    struct vote v = certificate_vote(&want, &alliance);
    struct sig64 sigs[4];
    bool have[4] = {true, true, true, false};
    for (i = 0; i < 3; i++)
        sigs[i] = want.sigs.v[i].sig;
    cr_assert_eq(certificate_make(&v, &set, sigs, have, &a, &made, &e), ST_OK, "%s", e.text);
    cr_assert_eq(codec_encode(&certificate_desc, &made, &b), ST_OK);
    cr_assert(span_eq(buf_span(&b), bytes));
    for (i = 0; i < b.n; i++) {
        b.p[i] ^= 0x04;
        cr_assert_neq(certificate_verify_bytes(buf_span(&b), &alliance, want.epoch, want.height, &want.value,
                                               &set, &a, NULL, &e),
                      ST_OK, "byte %zu", i);
        b.p[i] ^= 0x04;
    }
    made.height = 1234;
    have[1] = false;
    cr_assert_eq(certificate_make(&v, &set, sigs, have, &a, &made, &e), ST_RANGE);
    cr_assert_str_eq(e.text, "height 5: 2 precommits, a certificate needs 3");
    cr_assert_eq(made.height, 1234, "untouched on failure");
    buf_deinit(&b);
    arena_deinit(&a);
    json_decref(j);
}

/* Beside one that was checked, the same signature over the same bytes is taken as checked, and nothing else is. */
Test(certificate, beside_a_known_one)
{
    json_t *j = vectors_load(), *found = of_four(j);
    struct arena a;
    struct err e;
    struct buf b;
    arena_init(&a, 0);
    buf_init(&b, CERTIFICATE_BYTES_MAX);
    struct validator_set set = vectors_set(found, "set", &a);
    struct hash alliance = vectors_hash(j, "alliance");
    struct certificate bad, known;
    cr_assert_eq(codec_decode(&certificate_desc, vectors_bytes(found, "certificate", &a), &a, &bad, &e), ST_OK);
    bad.sigs.v[1].sig.b[3] ^= 1;
    cr_assert_eq(codec_encode(&certificate_desc, &bad, &b), ST_OK);
#define CHECK(known_one) certificate_verify_beside(buf_span(&b), known_one, &alliance, bad.epoch, bad.height, &bad.value, &set, &a, NULL, &e)
    known = bad;
    cr_expect_eq(CHECK(NULL), ST_BADSIG);
    cr_expect_eq(CHECK(&known), ST_OK, "what it says is checked is checked again");
    known.round++;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "of another round");
    known = bad;
    known.epoch++;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "of another epoch");
    known = bad;
    known.height++;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "of another height");
    known = bad;
    known.value.b[0] ^= 1;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "for another block");
    struct commit_sig fewer[2] = {bad.sigs.v[0], bad.sigs.v[2]};
    known = bad;
    known.sigs = (struct commit_sig_list){2, fewer};
    cr_expect_eq(CHECK(&known), ST_BADSIG, "that one has no signature of this member");
    fewer[1] = bad.sigs.v[1];
    fewer[1].sig.b[5] ^= 1;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "that one has another signature of this member");
    fewer[1] = bad.sigs.v[1];
    fewer[1].org = bad.sigs.v[2].org;
    cr_expect_eq(CHECK(&known), ST_BADSIG, "that signature is another member's");
#undef CHECK
    buf_deinit(&b);
    arena_deinit(&a);
    json_decref(j);
}
