#include "codec/reader.h"
#include "codec/records.h"
#include "codec/text.h"

/* What a head byte announces: the type, how many bytes of number follow, and the least number that needs
 * them. */
struct head {
    enum read_type type;
    unsigned width;
    uint64_t least;
};

void reader_init(struct reader *r, struct span in, struct err *err)
{
    *r = (struct reader){.in = in, .err = err};
}

const char *reader_type_text(enum read_type type)
{
    static const char *const text[] = {"an integer", "a negative integer", "a boolean", "text",
                                       "binary",     "an array",           "a map"};
    ASSERT((size_t)type < ARRAY_LEN(text));
    return text[type];
}

/* The one place that moves the position. */
static enum status take(struct reader *r, uint64_t n, const uint8_t **ret_p)
{
    size_t left = r->in.n - r->at;
    if (n > left) {
        (void)err_rule(r->err, "ENC-1",
                       err_set(r->err, ST_FORMAT, "at byte %zu: the input ends; %" PRIu64 " more expected",
                               r->in.n, n - left));
        return ST_FORMAT;
    }
    *ret_p = r->in.p + r->at;
    r->at += (size_t)n;
    return ST_OK;
}

static enum status refuse_head(const struct reader *r, size_t at, uint8_t byte)
{
    const char *what = byte == 0xc0                   ? "nil"
                       : byte == 0xca || byte == 0xcb ? "floating point"
                       : byte == 0xc1                 ? "byte c1, which starts nothing,"
                                                      : "extension type";
    return err_rule(r->err, "ENC-1",
                    err_set(r->err, ST_FORMAT, "at byte %zu: %s is not allowed", at, what)); /* ENC-1 */
}

/* Heads c0 to df that a number follows, by their low five bits; width 0 for the others. least: where the
 * shorter forms of the msgpack specification end; for signed types, which only hold what is below 0, its
 * negative. */
static const struct head long_heads[32] = {
    [0x04] = {READ_BIN, 1, 0},               /* bin 8 */
    [0x05] = {READ_BIN, 2, 0x100},           /* bin 16 */
    [0x06] = {READ_BIN, 4, 0x10000},         /* bin 32 */
    [0x0c] = {READ_UINT, 1, 0x80},           /* uint 8 */
    [0x0d] = {READ_UINT, 2, 0x100},          /* uint 16 */
    [0x0e] = {READ_UINT, 4, 0x10000},        /* uint 32 */
    [0x0f] = {READ_UINT, 8, 0x100000000},    /* uint 64 */
    [0x10] = {READ_NEGATIVE, 1, 0x20},       /* int 8 */
    [0x11] = {READ_NEGATIVE, 2, 0x80},       /* int 16 */
    [0x12] = {READ_NEGATIVE, 4, 0x8000},     /* int 32 */
    [0x13] = {READ_NEGATIVE, 8, 0x80000000}, /* int 64 */
    [0x19] = {READ_STR, 1, 0x20},            /* str 8 */
    [0x1a] = {READ_STR, 2, 0x100},           /* str 16 */
    [0x1b] = {READ_STR, 4, 0x10000},         /* str 32 */
    [0x1c] = {READ_ARRAY, 2, 0x10},          /* array 16 */
    [0x1d] = {READ_ARRAY, 4, 0x10000},       /* array 32 */
    [0x1e] = {READ_MAP, 2, 0x10},            /* map 16 */
    [0x1f] = {READ_MAP, 4, 0x10000},         /* map 32 */
};

/* Sign-extends a two's complement number of width bytes. */
static int64_t to_signed(uint64_t v, unsigned width)
{
    unsigned unused = 64 - 8 * width;
    uint64_t sign = UINT64_C(1) << (63 - unused);
    if ((v & sign) == 0)
        return (int64_t)v;
    return -(int64_t)((sign << 1) - 1 - v) - 1; /* width 8: the shift gives 0, and 0 - 1 all ones */
}

/* ENC-2, ENC-12. */
static enum status check_shortest(const struct reader *r, const struct head *h, struct read_value *v)
{
    if (h->type == READ_NEGATIVE) {
        v->negative = to_signed(v->number, h->width);
        if (v->negative >= -(int64_t)h->least)
            return err_rule(
                r->err, "ENC-2",
                err_set(r->err, ST_FORMAT, "at byte %zu: integer not in its shortest form", v->at));
    } else if (v->number < h->least) {
        return err_rule(r->err, "ENC-2",
                        err_set(r->err, ST_FORMAT, "at byte %zu: %s not in its shortest form", v->at,
                                h->type == READ_UINT ? "integer" : "length"));
    }
    if (h->type == READ_UINT && v->number > INT64_MAX)
        return err_rule(r->err, "ENC-12",
                        err_set(r->err, ST_FORMAT, "at byte %zu: integer above 2^63-1", v->at));
    return ST_OK;
}

static enum status read_head(struct reader *r, struct read_value *v)
{
    const uint8_t *p;
    enum status st = take(r, 1, &p);
    if (st != ST_OK)
        return st;
    uint8_t byte = *p;
    const struct head h = long_heads[byte & 0x1f]; /* for c0 to df */
    if (byte < 0x80) {
        v->type = READ_UINT;
        v->number = byte;
    } else if (byte < 0x90) {
        v->type = READ_MAP;
        v->number = byte & 0x0f;
    } else if (byte < 0xa0) {
        v->type = READ_ARRAY;
        v->number = byte & 0x0f;
    } else if (byte < 0xc0) {
        v->type = READ_STR;
        v->number = byte & 0x1f;
    } else if (byte >= 0xe0) {
        v->type = READ_NEGATIVE;
        v->negative = (int64_t)byte - 0x100;
    } else if (byte == 0xc2 || byte == 0xc3) {
        v->type = READ_BOOL;
        v->number = byte & 1;
    } else if (h.width != 0) {
        st = take(r, h.width, &p);
        if (st != ST_OK)
            return st;
        v->type = h.type;
        for (unsigned i = 0; i < h.width; i++)
            v->number = v->number << 8 | p[i];
        return check_shortest(r, &h, v);
    } else {
        return refuse_head(r, v->at, byte);
    }
    return ST_OK;
}

/* A count that the bytes left cannot hold is refused before anybody believes it. */
static enum status check_count(const struct reader *r, const struct read_value *v)
{
    size_t left = r->in.n - r->at;
    if (v->type == READ_MAP && v->number > READER_KEY_MAX + 1)
        return err_rule(r->err, "ENC-3",
                        err_set(r->err, ST_FORMAT, "at byte %zu: map of %" PRIu64 " pairs, at most 64", v->at,
                                v->number));
    uint64_t least = v->type == READ_MAP ? 2 * v->number : v->number;
    if (least > left)
        return err_rule(r->err, "ENC-1",
                        err_set(r->err, ST_FORMAT, "at byte %zu: %" PRIu64 " %s in the %zu bytes left", v->at,
                                v->number, v->type == READ_MAP ? "pairs" : "members", left));
    return ST_OK;
}

static enum status read_bytes(struct reader *r, struct read_value *v)
{
    const uint8_t *p;
    enum status st = take(r, v->number, &p);
    if (st != ST_OK)
        return st;
    v->bytes = span_of(p, (size_t)v->number);
    if (v->type == READ_BIN)
        return ST_OK;
    size_t valid = text_utf8_prefix(v->bytes);
    if (valid != v->bytes.n) /* ENC-7 */
        return err_rule(
            r->err, "ENC-7",
            err_set(r->err, ST_FORMAT, "at byte %zu: not valid UTF-8", (size_t)(p - r->in.p) + valid));
    return ST_OK;
}

enum status reader_next(struct reader *r, struct read_value *ret_value)
{
    struct read_value v = {.at = r->at};
    enum status st = read_head(r, &v);
    if (st == ST_OK && (v.type == READ_ARRAY || v.type == READ_MAP))
        st = check_count(r, &v);
    else if (st == ST_OK && (v.type == READ_STR || v.type == READ_BIN))
        st = read_bytes(r, &v);
    if (st != ST_OK)
        return st;
    *ret_value = v;
    return ST_OK;
}

enum status reader_expect(struct reader *r, enum read_type type, struct read_value *ret_value)
{
    struct read_value v;
    enum status st = reader_next(r, &v);
    if (st != ST_OK)
        return st;
    if (v.type != type)
        return err_rule(r->err, "ENC-4",
                        err_set(r->err, ST_FORMAT, "at byte %zu: %s, expected %s", v.at,
                                reader_type_text(v.type), reader_type_text(type)));
    *ret_value = v;
    return ST_OK;
}

enum status reader_key(struct reader *r, int *last)
{
    struct read_value v;
    enum status st = reader_next(r, &v);
    if (st != ST_OK)
        return st;
    if (v.type != READ_UINT || v.number > READER_KEY_MAX) /* ENC-3 */
        return err_rule(
            r->err, "ENC-3",
            err_set(r->err, ST_FORMAT, "at byte %zu: a map's key is an integer from 0 to 63", v.at));
    int key = (int)v.number;
    if (key == *last)
        return err_rule(r->err, "ENC-3", err_set(r->err, ST_FORMAT, "at byte %zu: key %d twice", v.at, key));
    if (key < *last)
        return err_rule(
            r->err, "ENC-3",
            err_set(r->err, ST_FORMAT, "at byte %zu: key %d after key %d; keys ascend", v.at, key, *last));
    *last = key;
    return ST_OK;
}

struct skip_frame {
    uint64_t left; /* members or pairs still to come */
    bool is_map;
    int key;
};

enum status reader_skip(struct reader *r, unsigned depth)
{
    struct skip_frame stack[LIMIT_NEST_DEPTH];
    unsigned n = 0;
    ASSERT(depth <= LIMIT_NEST_DEPTH);
    do {
        if (n > 0) {
            struct skip_frame *f = &stack[n - 1];
            if (f->left == 0) {
                n--;
                continue;
            }
            f->left--;
            enum status st = f->is_map ? reader_key(r, &f->key) : ST_OK;
            if (st != ST_OK)
                return st;
        }
        struct read_value v;
        enum status st = reader_next(r, &v);
        if (st != ST_OK)
            return st;
        if (v.type != READ_ARRAY && v.type != READ_MAP)
            continue;
        if (n == depth) /* ENC-6 */
            return err_rule(r->err, "ENC-6",
                            err_set(r->err, ST_FORMAT, "at byte %zu: nested deeper than %d", v.at,
                                    (int)LIMIT_NEST_DEPTH));
        stack[n++] = (struct skip_frame){.left = v.number, .is_map = v.type == READ_MAP, .key = -1};
    } while (n > 0);
    return ST_OK;
}

enum status reader_end(const struct reader *r)
{
    if (r->at == r->in.n)
        return ST_OK;
    return err_rule(
        r->err, "ENC-5",
        err_set(r->err, ST_FORMAT, "at byte %zu: %zu bytes after the value", r->at, r->in.n - r->at));
}
