#include <criterion/criterion.h>
#include "base/base.h"

Test(arena, gives_aligned_zeroed_memory_and_counts_it)
{
    struct arena a;
    arena_init(&a, 0);
    for (size_t n = 0; n < 5000; n += 37) {
        uint8_t *p = arena_alloc(&a, n);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(p[i], 0);
        memset(p, 0xa5, n); /* must not be seen by the next */
    }
    size_t used = a.used;
    arena_reset(&a);
    cr_assert_gt(used, 5000);
    cr_assert_eq(a.used, 0);
    uint8_t *again = arena_alloc(&a, 64);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(again[i], 0);
    arena_deinit(&a);
}

Test(arena, refuses_what_goes_over_its_limit)
{
    struct arena a;
    arena_init(&a, 64);
    cr_assert_not_null(arena_alloc(&a, 33)); /* 48 with alignment */
    cr_assert_null(arena_alloc(&a, 17));
    cr_assert_not_null(arena_alloc(&a, 16));
    cr_assert_null(arena_alloc(&a, 1));
    cr_assert_null(arena_array(&a, SIZE_MAX / 2, 3)); /* overflow */
    cr_assert_null(arena_dup(&a, span_str("x")).p);
    arena_deinit(&a);
    arena_deinit(NULL);
}

Test(arena, dup_ends_with_a_nul_that_does_not_count)
{
    struct arena a;
    arena_init(&a, 0);
    struct span s = arena_dup(&a, span_of("abcd", 3));
    cr_assert_eq(s.n, 3);
    cr_assert_str_eq((const char *)s.p, "abc");
    arena_deinit(&a);
}
