/* GEN-1 to GEN-5: what genesis_read takes and refuses. */
#include <criterion/criterion.h>
#include "fixture/alliance.h"

static struct fixture f;

static void setup(void)
{
    fixture_found(&f, 7, 3, 1, UINT64_C(1767261600000), 45);
}

static void teardown(void)
{
    fixture_free(&f);
}

TestSuite(genesis, .init = setup, .fini = teardown);

static enum status read_again(const struct genesis *g, bool signed_too, struct genesis_info *ret, struct err *err)
{
    struct buf b;
    buf_init(&b, LIMIT_GENESIS_BYTES);
    cr_assert_eq(codec_encode(&genesis_desc, g, &b), ST_OK);
    struct span bytes = arena_dup(&f.a, buf_span(&b));
    buf_deinit(&b);
    return genesis_read(bytes, signed_too, &f.a, ret, err);
}

Test(genesis, GEN_4_every_founding_seat_signs)
{
    struct genesis g = f.genesis.genesis;
    struct genesis_info info;
    struct err err;
    cr_assert_eq(read_again(&g, true, &info, &err), ST_OK);
    g.sigs.list.n -= 2; /* w01/registrar is the last, then p03/sponsor */
    cr_assert_eq(read_again(&g, false, &info, &err), ST_OK, "a draft may be incomplete");
    cr_assert_eq(read_again(&g, true, &info, &err), ST_NOTFOUND);
    cr_assert_not_null(strstr(err.text, "2 founding signatures are missing (GEN-4): p03/sponsor, w01/registrar"), "%s", err.text);
}

Test(genesis, GEN_4_a_signature_counts_for_its_own_seat_alone)
{
    struct genesis g = f.genesis.genesis;
    struct genesis_info info;
    struct err err;
    struct signature keep = g.sigs.list.v[0].signature;
    g.sigs.list.v[0].signature = g.sigs.list.v[1].signature;
    cr_assert_eq(read_again(&g, true, &info, &err), ST_MISMATCH);
    cr_assert_not_null(strstr(err.text, "which is not on its card (GEN-4)"), "%s", err.text);
    g.sigs.list.v[0].signature = keep;
    g.sigs.list.v[0].signature.sig.b[5] ^= 1;
    cr_assert_eq(read_again(&g, true, &info, &err), ST_BADSIG);
    cr_assert_not_null(strstr(err.text, "does not verify (GEN-4)"), "%s", err.text);
}

Test(genesis, GEN_3_the_id_commits_to_every_section)
{
    struct hash id;
    struct span sections[64];
    for (size_t i = 0; i < f.genesis.genesis.sections.n; i++)
        sections[i] = f.genesis.genesis.sections.v[i];
    genesis_alliance_id(sections, f.genesis.genesis.sections.n, &id);
    cr_assert(hash_eq(&id, &f.genesis.alliance));
    for (size_t i = 0; i < f.genesis.genesis.sections.n; i++) {
        uint8_t changed[65536];
        struct span was = sections[i];
        memcpy(changed, was.p, was.n);
        changed[was.n - 1] ^= 1;
        sections[i] = span_of(changed, was.n);
        genesis_alliance_id(sections, f.genesis.genesis.sections.n, &id);
        cr_assert_not(hash_eq(&id, &f.genesis.alliance), "section %zu", i);
        sections[i] = was;
    }
}

Test(genesis, GEN_3_cards_are_those_that_the_charter_names)
{
    struct genesis g = f.genesis.genesis;
    struct genesis_info info;
    struct err err;
    struct fixture other;
    fixture_found(&other, 8, 3, 1, UINT64_C(1767261600000), 45);
    g.cards.v[1] = other.genesis.genesis.cards.v[1];
    cr_assert_eq(read_again(&g, false, &info, &err), ST_MISMATCH);
    cr_assert_not_null(strstr(err.text, "genesis: the card of p02 has digest"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "the charter names"), "%s", err.text);
    g.cards.n--;
    fixture_free(&other);
}

Test(genesis, GEN_1_a_card_is_signed_by_all_its_keys)
{
    struct arena a;
    struct signed_card sc;
    struct card card;
    struct hash digest;
    struct err err;
    struct span good = f.genesis.genesis.cards.v[0];
    static const char *const names[] = {"vote key", "cosignature key", "log key", "node key"};
    arena_init(&a, 0);
    cr_assert_eq(genesis_check_card(good, &a, &sc, &card, &digest, &err), ST_OK);
    for (size_t i = 0; i < 4; i++) { /* the four signatures are the last 4 * 67 bytes: key, bin 8, length, 64 */
        struct span bad = arena_dup(&a, good);
        size_t at = good.n - 67 * (4 - i) + 10;
        *(uint8_t *)(uintptr_t)(bad.p + at) ^= 1;
        cr_assert_eq(genesis_check_card(bad, &a, &sc, &card, &digest, &err), ST_BADSIG);
        cr_assert_not_null(strstr(err.text, names[i]), "%s", err.text);
    }
    arena_deinit(&a);
}
