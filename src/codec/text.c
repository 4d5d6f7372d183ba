#include "codec/codec.h"
#include "codec/text.h"

enum { ID_BYTES_MAX = 63, CLAUSE_BYTES_MAX = 128 };

struct code_range {
    uint32_t first, last;
};

/* ENC-8, ascending. The first 32 code points are treated apart, for newline and tab. */
static const struct code_range refused[] = {
    {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f}, {0x2028, 0x202e},
    {0x2060, 0x2069}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

/* RFC 3629 section 4: a lead byte fixes the length and the range of the second byte, which rules out longer
 * forms, surrogates and code points above U+10FFFF. Gives the length of the sequence at p, 0 when invalid. */
static size_t sequence(const uint8_t *p, size_t left, uint32_t *ret_code)
{
    uint8_t lead = p[0], low = 0x80, high = 0xbf;
    size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4 || n > left)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    uint32_t code = n == 1 ? lead : lead & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (p[i] < low || p[i] > high)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
        low = 0x80;
        high = 0xbf;
    }
    *ret_code = code;
    return n;
}

size_t text_utf8_prefix(struct span text)
{
    size_t at = 0;
    while (at < text.n) {
        uint64_t word;
        if (text.n - at >= sizeof word) { /* eight ASCII bytes at once: nearly all text is */
            memcpy(&word, text.p + at, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof word;
                continue;
            }
        }
        uint32_t code;
        size_t n = sequence(text.p + at, text.n - at, &code);
        if (n == 0)
            return at;
        at += n;
    }
    return at;
}

static bool code_allowed(uint32_t code, bool multiline)
{
    if (code < 0x20)
        return multiline && (code == '\n' || code == '\t');
    if (code < 0x7f)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        if (code >= refused[i].first && code <= refused[i].last)
            return false;
    return true;
}

enum status text_check(struct span text, bool multiline, struct err *err)
{
    for (size_t at = 0; at < text.n;) {
        uint32_t code = 0;
        size_t n = sequence(text.p + at, text.n - at, &code);
        if (n == 0) /* ENC-7 */
            return err_rule(err, "ENC-7",
                            err_set(err, ST_FORMAT, "not valid UTF-8 at byte %zu of the text", at));
        if (!code_allowed(code, multiline)) /* ENC-8 */
            return err_rule(err, "ENC-8",
                            err_set(err, ST_FORMAT,
                                    "U+%04" PRIX32 " at byte %zu of the text; %s may not hold it", code, at,
                                    multiline ? "text" : "text of one line"));
        at += n;
    }
    return ST_OK;
}

static bool is_id_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool text_is_id(struct span text)
{
    if (text.n == 0 || text.n > ID_BYTES_MAX || text.p[0] == '-')
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (!is_id_byte(text.p[i]))
            return false;
    return true;
}

/* Cuts text at the first mark; false when there is none. */
static bool cut(struct span text, char mark, struct span *ret_left, struct span *ret_right)
{
    const uint8_t *at = text.n == 0 ? NULL : memchr(text.p, mark, text.n);
    if (at == NULL)
        return false;
    size_t n = (size_t)(at - text.p);
    *ret_left = span_of(text.p, n);
    *ret_right = span_of(at + 1, text.n - n - 1);
    return true;
}

bool text_is_seat(struct span text)
{
    struct span org, seat;
    return cut(text, '/', &org, &seat) && text_is_id(org) && text_is_id(seat);
}

bool text_is_clause(struct span text)
{
    struct span part, rest = text;
    if (text.n > CLAUSE_BYTES_MAX)
        return false;
    while (cut(rest, '.', &part, &rest))
        if (!text_is_id(part))
            return false;
    return text_is_id(rest);
}

bool text_is_currency(struct span text)
{
    if (text.n != 3)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < 'A' || text.p[i] > 'Z')
            return false;
    return true;
}
