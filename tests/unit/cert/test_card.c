#include <criterion/criterion.h>

#include "cert/card.h"

/* More than half, counted by seats and not by keys: of four seats three, not two. */
Test(card, widest_key)
{
    struct public_key k[3] = {{.alg = SIG_ED25519, .key = {{1}}},
                              {.alg = SIG_ED25519, .key = {{2}}},
                              {.alg = SIG_SK_ED25519, .key = {{1}}}};
    struct public_key two[2] = {k[1], k[0]};
    struct card_seat seats[4] = {{.seat = span_str("a"), .keys = {1, &k[0]}},
                                 {.seat = span_str("b"), .keys = {1, &k[1]}},
                                 {.seat = span_str("c"), .keys = {2, two}},
                                 {.seat = span_str("d"), .keys = {1, &k[2]}}};
    struct card card = {.seats = {4, seats}};
    size_t n = 77;
    cr_expect_null(card_widest_key(&card, &n), "two of four are held by each");
    cr_expect_eq(n, 77);
    seats[3].keys = (struct public_key_list){1, &k[0]};
    const struct public_key *widest = card_widest_key(&card, &n);
    cr_assert_not_null(widest);
    cr_expect(hash_eq(&widest->key, &k[0].key));
    cr_expect_eq(n, 3);
    seats[3].keys = (struct public_key_list){2, (struct public_key[]){k[0], k[0]}};
    (void)card_widest_key(&card, &n);
    cr_expect_eq(n, 3, "a seat counts once");
    card.seats.n = 0;
    cr_expect_null(card_widest_key(&card, &n));
}
