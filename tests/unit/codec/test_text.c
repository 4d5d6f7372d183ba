#include <criterion/criterion.h>
#include "codec/codec.h"
#include "codec/text.h"

Test(text, check_names_code_point_and_place)
{
    struct err err = {0};
    cr_assert_eq(text_check(span_str("abc\xe2\x80\xae"
                                     "d"),
                            true, &err),
                 ST_FORMAT);
    cr_assert_str_eq(err.text, "U+202E at byte 3 of the text; text may not hold it");
    cr_assert_eq(text_check(span_str("a\nb"), false, &err), ST_FORMAT);
    cr_assert_str_eq(err.text, "U+000A at byte 1 of the text; text of one line may not hold it");
    cr_assert_eq(text_check(span_str("ab\xff"), false, &err), ST_FORMAT);
    cr_assert_str_eq(err.text, "not valid UTF-8 at byte 2 of the text");
    cr_assert_eq(text_check(span_str("a\n\tb"), true, &err), ST_OK);
    cr_assert_eq(text_check(span_of(NULL, 0), false, NULL), ST_OK);
}

/* An independent statement of ENC-8: the ranges as SPEC writes them, over every code point. */
static bool refused_by_spec(uint32_t c)
{
    return c <= 0x1f || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static size_t put_code(uint32_t c, uint8_t *p)
{
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        p[i] = (uint8_t)(0x80 | (c & 0x3f));
    p[0] = (uint8_t)((0xf00u >> n) | c);
    return n;
}

Test(text, every_code_point)
{
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t p[4];
        struct span s = span_of(p, put_code(c, p));
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        bool newline = c == '\n' || c == '\t';
        cr_assert_eq(text_utf8_prefix(s) == s.n, !surrogate, "U+%04X", (unsigned)c);
        cr_assert_eq(text_check(s, false, NULL) == ST_OK, !surrogate && !refused_by_spec(c), "U+%04X",
                     (unsigned)c);
        cr_assert_eq(text_check(s, true, NULL) == ST_OK, !surrogate && (newline || !refused_by_spec(c)),
                     "U+%04X", (unsigned)c);
    }
}

/* All one-, two- and three-byte inputs against a decoder that turns a sequence into a number and back. */
Test(text, every_short_input)
{
    for (uint32_t v = 0; v < 0x1000000; v++) {
        uint8_t in[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        if (in[0] < 0x80 && in[1] < 0x80) {
            v |= 0xff; /* ASCII pairs: one third byte is enough */
            continue;
        }
        size_t at = 0;
        while (at < sizeof in) {
            size_t n = in[at] < 0x80 ? 1 : in[at] >= 0xe0 ? 3 : 2;
            uint32_t c = n == 1 ? in[at] : in[at] & (0x7fu >> n);
            if (n > sizeof in - at)
                break;
            for (size_t i = 1; i < n; i++)
                c = c << 6 | (in[at + i] & 0x3fu);
            uint8_t again[4];
            bool surrogate = c >= 0xd800 && c <= 0xdfff;
            if (surrogate || put_code(c, again) != n || memcmp(again, in + at, n) != 0)
                break;
            at += n;
        }
        size_t prefix = text_utf8_prefix(span_of(in, sizeof in));
        if (prefix != at)
            cr_assert_fail("%06x: %zu, expected %zu", (unsigned)v, prefix, at);
    }
}

Test(text, prefix_finds_the_byte_in_long_texts)
{
    uint8_t text[64];
    for (size_t bad = 0; bad < sizeof text; bad++) {
        memset(text, 'a', sizeof text);
        text[bad] = 0xff;
        cr_assert_eq(text_utf8_prefix(span_of(text, sizeof text)), bad);
    }
}

Test(text, ids_and_seats)
{
    char id[65];
    memset(id, 'a', sizeof id);
    cr_assert(text_is_id(span_of(id, 63)));
    cr_assert_not(text_is_id(span_of(id, 64)));
    cr_assert_not(text_is_id(span_of(NULL, 0)));
    cr_assert_not(text_is_id(span_str("-a")));
    cr_assert_not(text_is_id(span_str("a_b")));
    cr_assert_not(text_is_id(span_str("Brand")));
    cr_assert(text_is_id(span_str("0-")));
    cr_assert(text_is_seat(span_str("brand/alliance-manager")));
    cr_assert_not(text_is_seat(span_str("brand")));
    cr_assert_not(text_is_seat(span_str("brand/")));
    cr_assert_not(text_is_seat(span_str("/manager")));
    cr_assert_not(text_is_seat(span_str("a/b/c")));
    cr_assert(text_is_clause(span_str("4.2.conflict")));
    cr_assert_not(text_is_clause(span_str("4..2")));
    cr_assert_not(text_is_clause(span_of(NULL, 0)));
    cr_assert(text_is_currency(span_str("EUR")));
    cr_assert_not(text_is_currency(span_str("EUr")));
}
