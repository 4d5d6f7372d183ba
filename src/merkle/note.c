#include "merkle/note.h"
#include "codec/text.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"

/* "— ", U+2014 and a space. */
static const uint8_t dash[] = {0xe2, 0x80, 0x94, ' '};

/* The code point at the start of valid UTF-8, and its length. */
static size_t utf8_next(struct span s, uint32_t *ret_point)
{
    uint8_t b = s.p[0];
    size_t n = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? b : b & (0x7fU >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (s.p[i] & 0x3fU);
    *ret_point = c;
    return n;
}

/* Unicode White_Space. */
static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
           c == 0x3000;
}

bool note_name_ok(struct span name)
{
    if (name.n == 0 || name.n > NOTE_NAME_MAX || text_utf8_prefix(name) != name.n)
        return false;
    while (name.n != 0) {
        uint32_t c = 0;
        size_t n = utf8_next(name, &c);
        if (c < 0x20 || c == '+' || is_space(c))
            return false;
        name = span_of(name.p + n, name.n - n);
    }
    return true;
}

struct note_key note_key_make(struct span name, uint8_t type, const struct hash *key)
{
    ASSERT(note_name_ok(name));
    const uint8_t middle[2] = {'\n', type};
    struct sha256 s;
    struct hash h;
    sha256_init(&s);
    sha256_update(&s, name);
    sha256_update(&s, span_of(middle, sizeof middle));
    sha256_update(&s, span_hash(key));
    sha256_final(&s, &h);
    return (struct note_key){name, load_u32(h.b), type, *key};
}

/* Strict base64 of exactly n bytes, into p. */
static bool base64_exact(struct span text, size_t n, uint8_t *p)
{
    struct arena a;
    struct span bytes;
    arena_init(&a, 0);
    bool ok = text.n <= 4 * (n / 3 + 1) && base64_decode(text, &a, &bytes) == ST_OK && bytes.n == n;
    if (ok)
        memcpy(p, bytes.p, n);
    arena_deinit(&a);
    return ok;
}

static bool parse_id(struct span s, uint32_t *ret_id)
{
    uint32_t id = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        unsigned d = c >= '0' && c <= '9'   ? c - (unsigned)'0'
                     : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10
                                            : 16U;
        if (d == 16)
            return false;
        id = id << 4 | d;
    }
    *ret_id = id;
    return s.n == 8;
}

/* The run up to the next c, which is skipped; false when there is none. */
static bool take(struct span *s, uint8_t c, struct span *ret_run)
{
    const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, c, s->n);
    if (at == NULL)
        return false;
    size_t n = (size_t)(at - s->p);
    *ret_run = span_of(s->p, n);
    *s = span_of(at + 1, s->n - n - 1);
    return true;
}

enum status note_key_parse(struct span text, struct note_key *ret_key, struct err *err)
{
    struct span rest = text, name = {0}, id = {0};
    struct note_key k = {0};
    uint8_t body[33];
    if (!take(&rest, '+', &name) || !take(&rest, '+', &id) || !note_name_ok(name))
        return err_set(err, ST_FORMAT, "verifier key: expected NAME+HEX+BASE64, NAME without spaces");
    if (!parse_id(id, &k.id))
        return err_set(err, ST_FORMAT,
                       "verifier key: key id: expected 8 lower-case hex digits, found %zu bytes", id.n);
    if (rest.n >= 4 &&
        rest.n % 4 == 0) { /* the type first, so that a longer key of another type is named as such */
        uint8_t head[3];
        if (base64_exact(span_of(rest.p, 4), 3, head) && head[0] != NOTE_ED25519 &&
            head[0] != NOTE_COSIGNATURE)
            return err_set(
                err, ST_UNSUPPORTED,
                "verifier key: signature type 0x%02x; known are 0x01 (Ed25519) and 0x04 (cosignature)",
                head[0]);
    }
    if (!base64_exact(rest, sizeof body, body))
        return err_set(err, ST_FORMAT, "verifier key: expected the base64 of 33 bytes after the key id");
    memcpy(k.key.b, body + 1, 32);
    struct note_key want = note_key_make(name, body[0], &k.key);
    if (want.id != k.id)
        return err_set(err, ST_MISMATCH,
                       "verifier key: key id %08" PRIx32 ", but name and key give %08" PRIx32, k.id, want.id);
    if (ed25519_check_key(&k.key) != ST_OK)
        return err_set(err, ST_BADKEY, "verifier key: not a valid Ed25519 public key");
    *ret_key = want;
    return ST_OK;
}

void note_key_put(const struct note_key *k, struct buf *b)
{
    uint8_t body[33];
    body[0] = k->type;
    memcpy(body + 1, k->key.b, 32);
    buf_put_span(b, k->name);
    buf_printf(b, "+%08" PRIx32 "+", k->id);
    base64_put(b, span_of(body, sizeof body));
}

void note_put_text(struct span text, struct buf *b)
{
    ASSERT(text.n != 0);
    ASSERT(text.p[text.n - 1] == '\n');
    buf_put_span(b, text);
    buf_u8(b, '\n');
}

void note_put_sig(const struct note_key *k, struct span sig, struct buf *b)
{
    uint8_t blob[4 + 72];
    ASSERT(sig.n <= sizeof blob - 4);
    store_u32(blob, k->id);
    memcpy(blob + 4, sig.p, sig.n);
    buf_put(b, dash, sizeof dash);
    buf_put_span(b, k->name);
    buf_u8(b, ' ');
    base64_put(b, span_of(blob, 4 + sig.n));
    buf_u8(b, '\n');
}

/* Valid UTF-8 and no control character but newline. ret_line is where it is not. */
static bool check_text(struct span s, size_t *ret_line)
{
    size_t valid = text_utf8_prefix(s);
    *ret_line = 1;
    for (size_t i = 0; i < valid; i++) {
        if (s.p[i] < 0x20 && s.p[i] != '\n')
            return false;
        *ret_line += s.p[i] == '\n';
    }
    return valid == s.n;
}

static enum status parse_sig(struct span line, size_t number, struct arena *a, struct note_sig *ret_sig,
                             struct err *err)
{
    struct span rest = line, name = {0}, blob = {0};
    if (line.n < sizeof dash || memcmp(line.p, dash, sizeof dash) != 0)
        return err_set(err, ST_FORMAT, "line %zu: expected a signature line, \"\u2014 NAME BASE64\"", number);
    rest = span_of(line.p + sizeof dash, line.n - sizeof dash);
    if (!take(&rest, ' ', &name) || !note_name_ok(name))
        return err_set(err, ST_FORMAT, "line %zu: key name is empty, too long, or holds a space or '+'",
                       number);
    enum status st = base64_decode(rest, a, &blob);
    if (st == ST_LIMIT)
        return err_set(err, st, "line %zu: no room for the signature", number);
    if (st != ST_OK || blob.n < 5)
        return err_set(err, ST_FORMAT,
                       "line %zu: expected base64 of a key id and a signature, at least 5 bytes", number);
    *ret_sig = (struct note_sig){name, load_u32(blob.p), span_of(blob.p + 4, blob.n - 4), number};
    return ST_OK;
}

/* Length of the text: up to the last empty line. 0 when there is none behind a text. */
static size_t text_end(struct span s)
{
    for (size_t i = s.n; i >= 2; i--)
        if (s.p[i - 1] == '\n' && s.p[i - 2] == '\n')
            return i - 1;
    return 0;
}

enum status note_parse(struct span bytes, struct arena *a, struct signed_note *ret_note, struct err *err)
{
    size_t line = 0;
    if (bytes.n > NOTE_BYTES_MAX)
        return err_set(err, ST_LIMIT, "note of %zu bytes, at most %d", bytes.n, NOTE_BYTES_MAX);
    if (!check_text(bytes, &line))
        return err_set(err, ST_FORMAT, "line %zu: not UTF-8, or a control character", line);
    size_t end = text_end(bytes);
    if (end == 0)
        return err_set(err, ST_FORMAT, "no empty line between text and signatures: not a signed note");
    struct signed_note note = {.text = span_of(bytes.p, end)};
    struct span rest = span_of(bytes.p + end + 1, bytes.n - end - 1), one = {0};
    size_t number = 1;
    for (size_t i = 0; i < end + 1; i++)
        number += bytes.p[i] == '\n';
    if (rest.n == 0)
        return err_set(err, ST_FORMAT, "line %zu: expected at least one signature line", number);
    size_t lines = 0;
    for (size_t i = 0; i < rest.n; i++)
        lines += rest.p[i] == '\n';
    if (rest.p[rest.n - 1] != '\n')
        return err_set(err, ST_FORMAT, "line %zu: the last line does not end in a newline", number + lines);
    if (lines > NOTE_SIGS_MAX)
        return err_set(err, ST_LIMIT, "%zu signature lines, at most %d", lines, NOTE_SIGS_MAX);
    note.sigs = arena_array(a, lines, sizeof *note.sigs);
    if (note.sigs == NULL)
        return err_set(err, ST_LIMIT, "no room for %zu signatures", lines);
    while (take(&rest, '\n', &one)) {
        enum status st = parse_sig(one, number++, a, &note.sigs[note.n], err);
        if (st != ST_OK)
            return st;
        note.n++;
    }
    *ret_note = note;
    return ST_OK;
}
