#include <criterion/criterion.h>
#include "base/base.h"

Test(buf, keeps_the_limit_and_says_so_once)
{
    struct buf b;
    buf_init(&b, 4);
    buf_put(&b, "abc", 3);
    cr_assert_eq(b.failed, ST_OK);
    buf_put(&b, "de", 2); /* would be 5: nothing of it is written */
    cr_assert_eq(b.failed, ST_LIMIT);
    cr_assert_eq(b.n, 3);
    buf_u8(&b, 'd'); /* the error is sticky */
    cr_assert_eq(b.n, 3);
    buf_reset(&b);
    buf_u8(&b, 'd');
    cr_assert_eq(b.failed, ST_OK);
    cr_assert_str_eq(buf_cstr(&b), "d");
    buf_deinit(&b);
    buf_deinit(NULL);
}

Test(buf, integers_are_big_endian)
{
    struct buf b;
    buf_init(&b, 64);
    buf_u32(&b, 0x01020304);
    buf_u64(&b, UINT64_C(0x0506070809000a0b));
    static const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 11};
    cr_assert_eq(b.n, sizeof want);
    cr_assert_arr_eq(b.p, want, sizeof want);
    cr_assert_eq(load_u32(b.p), 0x01020304);
    cr_assert_eq(load_u64(b.p + 4), UINT64_C(0x0506070809000a0b));
    buf_deinit(&b);
}

Test(buf, printf_grows)
{
    struct buf b;
    buf_init(&b, 100000);
    for (int i = 0; i < 10000; i++)
        buf_printf(&b, "%d,", i % 10);
    cr_assert_eq(b.n, 20000);
    cr_assert_eq(strlen(buf_cstr(&b)), 20000);
    buf_deinit(&b);
}

Test(err, wrap_puts_a_prefix_before)
{
    struct err e;
    cr_assert_eq(err_set(&e, ST_FORMAT, "line %d", 3), ST_FORMAT);
    cr_assert_eq(err_wrap(&e, ST_CORRUPT, "%s: ", "file"), ST_CORRUPT);
    cr_assert_str_eq(e.text, "file: line 3");
    cr_assert_eq(err_set(NULL, ST_IO, "nobody listens"), ST_IO);
}

Test(span, orders_bytewise_a_prefix_first)
{
    cr_assert_lt(span_cmp(span_str("ab"), span_str("abc")), 0);
    cr_assert_gt(span_cmp(span_str("b"), span_str("abc")), 0);
    cr_assert_eq(span_cmp(span_str(""), span_str("")), 0);
    cr_assert(span_eqs(span_of("abx", 2), "ab"));
}
