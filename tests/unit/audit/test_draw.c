/* A draw that anybody can make again: by sha256sum, too. */
#include <criterion/criterion.h>
#include "audit/draw.h"

/* printf 7:12 | sha256sum */
Test(draw, the_ticket_is_the_hash_of_seed_and_leaf)
{
    struct hash h;
    draw_ticket("7", 12, &h);
    cr_assert_str_eq(hex_of(&h).s, "0d6236236f75c17979109c89e05c4bebfa428e1b3ef11b4d4f14487201b02b2b");
}

/* python3 -c 'import hashlib; print(sorted(range(10, 20), key=lambda l: hashlib.sha256(b"7:%d" % l).digest()))' */
Test(draw, the_smallest_tickets_come_first)
{
    static const uint64_t expected[] = {12, 18, 16, 17, 19, 14, 10, 11, 15, 13};
    struct draw_line lines[10];
    for (size_t i = 0; i < 10; i++)
        lines[i] = (struct draw_line){.leaf = 10 + i, .row = i};
    draw_sort("7", lines, 10);
    for (size_t i = 0; i < 10; i++) {
        cr_assert_eq(lines[i].leaf, expected[i], "place %zu: leaf %" PRIu64, i, lines[i].leaf);
        cr_assert_eq(lines[i].row, lines[i].leaf - 10);
    }
}

Test(draw, another_seed_or_a_longer_population_does_not_change_the_order_of_the_rest)
{
    struct draw_line small[10], large[40], other[10];
    for (size_t i = 0; i < 40; i++)
        large[i] = (struct draw_line){.leaf = 49 - i};
    for (size_t i = 0; i < 10; i++)
        small[i] = other[i] = (struct draw_line){.leaf = 10 + i};
    draw_sort("7", small, 10);
    draw_sort("7", large, 40);
    draw_sort("8", other, 10);
    size_t at = 0, same = 0;
    for (size_t i = 0; i < 40; i++)
        if (large[i].leaf < 20)
            cr_assert_eq(large[i].leaf, small[at++].leaf);
    for (size_t i = 0; i < 10; i++)
        same += small[i].leaf == other[i].leaf;
    cr_assert_lt(same, 10);
}
