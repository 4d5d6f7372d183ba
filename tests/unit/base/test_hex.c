#include <criterion/criterion.h>
#include "base/base.h"

Test(hex, both_ways)
{
    struct hash h, back;
    for (int i = 0; i < 32; i++)
        h.b[i] = (uint8_t)(i * 7 + 250);
    struct hex64 x = hex_of(&h);
    cr_assert_eq(strlen(x.s), 64);
    cr_assert_eq(hex_to_hash(span_str(x.s), &back), ST_OK);
    cr_assert(hash_eq(&h, &back));
    x.s[63] = 'g';
    cr_assert_eq(hex_to_hash(span_str(x.s), &back), ST_FORMAT);
    cr_assert_eq(hex_to_hash(span_of(x.s, 62), &back), ST_FORMAT);
}

/* RFC 4648 section 10, and what must be refused. */
Test(base64, vectors)
{
    static const struct {
        const char *plain, *coded;
    } v[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}};
    static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Zm9v ", "Zm9v\n", "Zm9v====", "Z-9v"};
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        struct buf b;
        struct span s;
        buf_init(&b, 100);
        base64_put(&b, span_str(v[i].plain));
        cr_assert_str_eq(buf_cstr(&b), v[i].coded);
        cr_assert_eq(base64_decode(span_str(v[i].coded), &a, &s), ST_OK);
        cr_assert(span_eqs(s, v[i].plain));
        buf_deinit(&b);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct span s;
        cr_assert_eq(base64_decode(span_str(bad[i]), &a, &s), ST_FORMAT, "%s was taken", bad[i]);
    }
    arena_deinit(&a);
}

/* Found by fuzzing: libsodium 1.0.18 takes every byte from 0x80 on for a '/'. */
Test(base64, bytes_of_no_alphabet_are_refused)
{
    struct arena a;
    arena_init(&a, 0);
    for (int c = 0; c < 256; c++) {
        const uint8_t text[4] = {'A', (uint8_t)c, 'A', 'A'};
        bool known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        struct span s;
        enum status st = base64_decode(span_of(text, sizeof text), &a, &s);
        cr_expect_eq(st, known ? ST_OK : ST_FORMAT, "byte %02x", (unsigned)c);
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        st = hex_decode(span_of(text, 2), &a, &s);
        cr_expect_eq(st, digit ? ST_OK : ST_FORMAT, "hex, byte %02x", (unsigned)c);
    }
    arena_deinit(&a);
}
