/* Our reader against msgpack-c's unpacker, on generated and mutated inputs from a fixed seed.
 *
 * msgpack-c takes more than we do: that is why it does not read untrusted bytes. So each input that it
 * accepts is looked at as msgpack-c understood it, and every reason why it is not canonical is named (enum
 * reason). The inputs that are canonical by that are exactly those that codec_is_canonical must accept, and
 * the reason that it gives in words must be among those found. Anything else is unexplained, and fails.
 *
 * msgpack-c 4.0.0 reserves memory for what a head claims (8 GiB on dd 10 00 00 00), and takes an ext 32 of
 * 2^32-1 bytes for one of -1: an input that claims more than it holds is not given to it. A small scanner of
 * our own, which shares nothing with the reader, finds those; they are refused by all.
 *
 * usage: codec_differential [INPUTS [SEED]] */
#include <msgpack.h>
#include "codec/codec.h"

enum { INPUT_MAX = 4096, GENERATED_DEPTH = 20, UNPACKER_DEPTH = 32 };

enum reason {
    R_NIL,
    R_FLOAT,
    R_EXT,
    R_UTF8,
    R_INT_ABOVE,
    R_KEY_TYPE,
    R_KEY_RANGE,
    R_KEY_TWICE,
    R_KEY_ORDER,
    R_PAIRS,
    R_DEPTH,
    R_NOT_SHORTEST,
    R_TRAILING,
    R_COUNT,
};

/* words: what our message holds when it gives this reason. */
static const struct {
    const char *name, *words;
} reasons[R_COUNT] = {
    [R_NIL] = {"nil", "nil"},
    [R_FLOAT] = {"float", "floating point"},
    [R_EXT] = {"extension type", "extension type"},
    [R_UTF8] = {"text not UTF-8", "UTF-8"},
    [R_INT_ABOVE] = {"integer above 2^63-1", "above 2^63-1"},
    [R_KEY_TYPE] = {"key is no integer", "a map's key is"},
    [R_KEY_RANGE] = {"key outside 0 to 63", "a map's key is"},
    [R_KEY_TWICE] = {"key twice", "twice"},
    [R_KEY_ORDER] = {"keys out of order", "keys ascend"},
    [R_PAIRS] = {"more than 64 pairs", "at most 64"},
    [R_DEPTH] = {"nested too deep", "nested deeper"},
    [R_NOT_SHORTEST] = {"not the shortest form", "shortest form"},
    [R_TRAILING] = {"bytes after the value", "after the value"},
};

struct counts {
    uint64_t inputs, both_accept, both_refuse, oversized, only_theirs, unexplained;
    uint64_t reason[R_COUNT];
};

/* -- random numbers: splitmix64 (Steele, Lea, Flood, 2014) -- */
struct random {
    uint64_t state;
};

static uint64_t draw(struct random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(struct random *r, uint64_t n)
{
    return draw(r) % n;
}

static bool one_in(struct random *r, uint64_t n)
{
    return below(r, n) == 0;
}

/* -- generator: mostly canonical values, with each kind of blemish now and then -- */
struct input {
    uint8_t p[INPUT_MAX];
    size_t n;
};

static void put(struct input *in, uint64_t byte)
{
    if (in->n < sizeof in->p)
        in->p[in->n++] = (uint8_t)byte;
}

static void put_number(struct input *in, unsigned width, uint64_t v)
{
    for (unsigned i = width; i > 0; i--)
        put(in, v >> (8 * (i - 1)));
}

/* A head of the given family for v: the shortest, or one of the longer ones when blemished. */
static void put_head(struct input *in, uint64_t v, uint8_t fix, uint64_t fix_n, const uint8_t *heads,
                     unsigned n, unsigned longer)
{
    static const uint64_t limit[] = {UINT64_C(1) << 8, UINT64_C(1) << 16, UINT64_C(1) << 32};
    static const unsigned width[] = {1, 2, 4, 8};
    if (v < fix_n && longer == 0) {
        put(in, fix + v);
        return;
    }
    unsigned first = n == 2 ? 1 : 0, form = first; /* arrays and maps have no one-byte form */
    while (form < 3 && v >= limit[form])
        form++;
    form += longer;
    if (form - first >= n)
        form = first + n - 1;
    put(in, heads[form - first]);
    put_number(in, width[form], v);
}

static uint64_t draw_integer(struct random *r)
{
    uint64_t v =
        draw(r); /* one draw per statement: the same inputs whatever the compiler's order of evaluation */
    v >>= below(r, 64);
    if (one_in(r, 3)) /* beside a power of two */
    {
        v = UINT64_C(1) << below(r, 64);
        v += below(r, 3) - 1;
    }
    return v;
}

static void put_negative(struct input *in, uint64_t size, unsigned longer)
{
    static const uint64_t limit[] = {32, 128, 32768, UINT64_C(1) << 31};
    unsigned form = 0; /* v = -1 - size */
    while (form < 4 && size >= limit[form])
        form++;
    form = form + longer > 4 ? 4 : form + longer;
    if (form == 0)
        put(in, 0xff - size);
    else {
        put(in, 0xcf + form);
        put_number(in, 1u << (form - 1), ~size);
    }
}

static void put_integer(struct random *r, struct input *in, unsigned longer)
{
    static const uint8_t heads[] = {0xcc, 0xcd, 0xce, 0xcf};
    uint64_t v = draw_integer(r);
    if (!one_in(r, 50))
        v >>= 1;
    if (one_in(r, 3))
        put_negative(in, v >> 1, longer);
    else
        put_head(in, v, 0, 128, heads, 4, longer);
}

static void put_text(struct random *r, struct input *in, unsigned longer)
{
    static const uint8_t heads[] = {0xd9, 0xda, 0xdb};
    static const char *const parts[] = {"a",
                                        "xyz",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x98\x80",
                                        "\xed\x9f\xbf",
                                        "\xef\xbf\xbf",
                                        "abcdefgh",
                                        "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\xff",     "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xe2\x82", "\x80",     "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                                      "\xc3"};
    char text[400];
    size_t n = 0, count = one_in(r, 20) ? below(r, 90) : below(r, 8);
    for (size_t i = 0; i < count; i++) {
        const char *part = one_in(r, 150) ? bad[below(r, ARRAY_LEN(bad))] : parts[below(r, ARRAY_LEN(parts))];
        size_t m = strlen(part);
        if (n + m > sizeof text)
            break;
        memcpy(text + n, part, m); /* NOLINT(bugprone-not-null-terminated-result): a length is kept, no NUL */
        n += m;
    }
    put_head(in, n, 0xa0, 32, heads, 3, longer);
    for (size_t i = 0; i < n; i++)
        put(in, (uint8_t)text[i]);
}

static void put_bin(struct random *r, struct input *in, unsigned longer)
{
    static const uint8_t heads[] = {0xc4, 0xc5, 0xc6};
    size_t n = one_in(r, 20) ? below(r, 300) : below(r, 40);
    put_head(in, n, 0, 0, heads, 3, longer);
    for (size_t i = 0; i < n; i++)
        put(in, draw(r));
}

/* What no canonical value has. */
static void put_foreign(struct random *r, struct input *in)
{
    static const uint8_t heads[] = {0xc0, 0xca, 0xcb, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xc7, 0xc8, 0xc9, 0xc1};
    static const uint8_t sizes[] = {0, 4, 8, 2, 3, 5, 9, 17};
    size_t pick = below(r, ARRAY_LEN(heads));
    put(in, heads[pick]);
    if (pick < ARRAY_LEN(sizes)) {
        for (size_t i = 0; i < sizes[pick]; i++)
            put(in, draw(r));
        return;
    }
    if (heads[pick] == 0xc1)
        return;
    size_t n = below(r, 6);
    put_number(in, heads[pick] == 0xc7 ? 1 : heads[pick] == 0xc8 ? 2 : 4, n);
    for (size_t i = 0; i < n + 1; i++)
        put(in, draw(r));
}

struct level {
    uint64_t left;
    bool map;
    uint64_t key;
};

static void put_key(struct random *r, struct input *in, struct level *l)
{
    static const uint8_t heads[] = {0xcc, 0xcd, 0xce, 0xcf};
    uint64_t pick = below(r, 600), key = l->key + (one_in(r, 4) ? below(r, 5) : 0);
    if (pick == 0)
        key = l->key == 0 ? 0 : l->key - 1; /* twice */
    else if (pick == 1)
        key = below(r, 70);
    else if (pick == 2)
        return; /* whatever comes next is the key */
    l->key = key + 1;
    put_head(in, key, 0, 128, heads, 4, pick == 3 ? 1 + (unsigned)below(r, 3) : 0);
}

/* One container's head; returns the level in it. */
static struct level put_container(struct random *r, struct input *in, unsigned longer)
{
    static const uint8_t arrays[] = {0xdc, 0xdd}, maps[] = {0xde, 0xdf};
    struct level l = {.map = !one_in(r, 3)};
    l.left = one_in(r, 60) ? below(r, 80) : below(r, 5);
    if (l.map && l.left > 64 && !one_in(r, 4))
        l.left = 64;
    put_head(in, l.left, l.map ? 0x80 : 0x90, 16, l.map ? maps : arrays, 2, longer);
    return l;
}

static void generate(struct random *r, struct input *in)
{
    struct level stack[GENERATED_DEPTH];
    size_t n = 0;
    bool chain = one_in(r, 40); /* deep rather than wide */
    in->n = 0;
    do {
        while (n > 0 && stack[n - 1].left == 0)
            n--;
        if (in->n > 0 && n == 0)
            break;
        if (n > 0) {
            stack[n - 1].left--;
            if (stack[n - 1].map)
                put_key(r, in, &stack[n - 1]);
        }
        unsigned longer = one_in(r, 250) ? 1 + (unsigned)below(r, 3) : 0;
        uint64_t pick = below(r, 12);
        bool room = n < GENERATED_DEPTH && in->n < 400;
        if (one_in(r, 300))
            put_foreign(r, in);
        else if (room && (chain || pick < 3 || (in->n == 0 && !one_in(r, 20))))
            stack[n++] = put_container(r, in, longer);
        else if (pick < 7)
            put_integer(r, in, longer);
        else if (pick < 9)
            put_text(r, in, longer);
        else if (pick < 11)
            put_bin(r, in, longer);
        else
            put(in, 0xc2 + below(r, 2));
    } while (n > 0);
}

/* -- mutator -- */
static void splice(struct input *in, size_t at, size_t drop, const uint8_t *p, size_t n)
{
    if (at > in->n)
        at = in->n;
    if (drop > in->n - at)
        drop = in->n - at;
    if (in->n - drop + n > sizeof in->p)
        return;
    memmove(in->p + at + n, in->p + at + drop, in->n - at - drop);
    memcpy(in->p + at, p, n);
    in->n = in->n - drop + n;
}

static void mutate(struct random *r, struct input *in)
{
    static const uint8_t heads[] = {0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xc4, 0xc6, 0xc7, 0xc9, 0xca,
                                    0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd9, 0xdb, 0xdc, 0xdd,
                                    0xde, 0xdf, 0xe0, 0xff, 0x7f, 0x00, 0x81, 0x91};
    size_t at = below(r, in->n + 1), more = below(r, 6);
    uint8_t bytes[8];
    store_u64(bytes, draw(r));
    switch (below(r, 8)) {
    case 0: /* one bit */
        if (at < in->n)
            in->p[at] ^= (uint8_t)(1u << below(r, 8));
        break;
    case 1: /* one byte */
        splice(in, at, 1, bytes, 1);
        break;
    case 2: /* a head */
        more = below(r, 2);
        splice(in, at, more, &heads[below(r, ARRAY_LEN(heads))], 1);
        break;
    case 3: /* a large claim */
        bytes[0] = heads[below(r, ARRAY_LEN(heads))];
        splice(in, at, one_in(r, 2) ? 5 : 0, bytes, 5);
        break;
    case 4: /* shorter */
        in->n = at;
        break;
    case 5: /* longer */
        splice(in, in->n, 0, bytes, 1 + below(r, 8));
        break;
    case 6: /* less in the middle */
        splice(in, at, 1 + more, bytes, 0);
        break;
    default: /* a piece of itself */
        memcpy(bytes, in->p + (at > 8 ? at - 8 : 0), in->n < 8 ? in->n : 8);
        splice(in, below(r, in->n + 1), 0, bytes, in->n < 8 ? in->n : 1 + more);
        break;
    }
}

/* -- scanner: does any head claim more than there is? Walks heads with one counter of values still to come.
 * -- */
static bool claims_too_much(const struct input *in)
{
    static const struct {
        uint8_t width, extra, kind; /* kind: 0 nothing, 1 payload, 2 members, 3 pairs */
    } form[32] = {
        [0x04] = {1, 0, 1},  [0x05] = {2, 0, 1}, [0x06] = {4, 0, 1}, [0x07] = {1, 1, 1}, [0x08] = {2, 1, 1},
        [0x09] = {4, 1, 1},  [0x0a] = {0, 4, 1}, [0x0b] = {0, 8, 1}, [0x0c] = {0, 1, 1}, [0x0d] = {0, 2, 1},
        [0x0e] = {0, 4, 1},  [0x0f] = {0, 8, 1}, [0x10] = {0, 1, 1}, [0x11] = {0, 2, 1}, [0x12] = {0, 4, 1},
        [0x13] = {0, 8, 1},  [0x14] = {0, 2, 1}, [0x15] = {0, 3, 1}, [0x16] = {0, 5, 1}, [0x17] = {0, 9, 1},
        [0x18] = {0, 17, 1}, [0x19] = {1, 0, 1}, [0x1a] = {2, 0, 1}, [0x1b] = {4, 0, 1}, [0x1c] = {2, 0, 2},
        [0x1d] = {4, 0, 2},  [0x1e] = {2, 0, 3}, [0x1f] = {4, 0, 3},
    };
    uint64_t to_come = 1;
    size_t at = 0;
    while (to_come > 0) {
        if (at == in->n)
            return true;
        uint8_t b = in->p[at++];
        uint64_t payload = 0, members = 0;
        to_come--;
        if (b >= 0x80 && b < 0x90)
            members = 2 * (uint64_t)(b & 15);
        else if (b >= 0x90 && b < 0xa0)
            members = b & 15;
        else if (b >= 0xa0 && b < 0xc0)
            payload = b & 31;
        else if (b >= 0xc0 && b < 0xe0) {
            uint64_t v = 0;
            if (form[b & 31].width > in->n - at)
                return true;
            for (unsigned i = 0; i < form[b & 31].width; i++)
                v = v << 8 | in->p[at++];
            payload = form[b & 31].kind == 1 ? v + form[b & 31].extra : 0;
            members = form[b & 31].kind == 2 ? v : form[b & 31].kind == 3 ? 2 * v : 0;
        }
        if (payload > in->n - at)
            return true;
        at += payload;
        to_come += members;
        if (to_come > in->n - at)
            return true;
    }
    return false;
}

/* -- what msgpack-c made of it -- */
static bool is_utf8(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n;) { /* decode leniently, encode again, compare */
        uint32_t c = p[i];
        size_t m = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        uint8_t again[4];
        if (m > n - i)
            return false;
        c = m == 1 ? c : c & (0x7fu >> m);
        for (size_t k = 1; k < m; k++)
            c = c << 6 | (p[i + k] & 0x3fu);
        size_t real = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        uint32_t rest = c;
        for (size_t k = m; k-- > 1; rest >>= 6)
            again[k] = (uint8_t)(0x80 | (rest & 0x3f));
        again[0] = (uint8_t)(m == 1 ? rest : (0xf00u >> m) | rest);
        if (real != m || memcmp(again, p + i, m) != 0 || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
            return false;
        i += m;
    }
    return true;
}

static unsigned key_reasons(const msgpack_object_map *map)
{
    unsigned found = map->size > 64 ? 1u << R_PAIRS : 0;
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *k = &map->ptr[i].key, *before = i == 0 ? NULL : &map->ptr[i - 1].key;
        if (k->type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
            found |= k->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ? 1u << R_KEY_RANGE : 1u << R_KEY_TYPE;
            continue;
        }
        if (k->via.u64 > 63)
            found |= 1u << R_KEY_RANGE;
        if (before == NULL || before->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
            continue;
        if (before->via.u64 == k->via.u64)
            found |= 1u << R_KEY_TWICE;
        else if (before->via.u64 > k->via.u64)
            found |= 1u << R_KEY_ORDER;
    }
    return found;
}

static unsigned scalar_reasons(const msgpack_object *o)
{
    if (o->type == MSGPACK_OBJECT_NIL)
        return 1u << R_NIL;
    if (o->type == MSGPACK_OBJECT_FLOAT32 || o->type == MSGPACK_OBJECT_FLOAT64)
        return 1u << R_FLOAT;
    if (o->type == MSGPACK_OBJECT_EXT)
        return 1u << R_EXT;
    if (o->type == MSGPACK_OBJECT_STR && !is_utf8((const uint8_t *)o->via.str.ptr, o->via.str.size))
        return 1u << R_UTF8;
    if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 > INT64_MAX)
        return 1u << R_INT_ABOVE;
    return 0;
}

struct row {
    const msgpack_object *o;
    uint32_t i, n;
};

/* Walks the object without calls; a map's keys and values are one row of objects. */
static unsigned object_reasons(const msgpack_object *root)
{
    struct row stack[UNPACKER_DEPTH + 1];
    size_t n = 0;
    unsigned found = 0;
    _Static_assert(sizeof(msgpack_object_kv) == 2 * sizeof(msgpack_object), "pairs are two objects in a row");
    stack[n++] = (struct row){root, 0, 1};
    while (n > 0) {
        if (stack[n - 1].i == stack[n - 1].n) {
            n--;
            continue;
        }
        const msgpack_object *o = &stack[n - 1].o[stack[n - 1].i++];
        found |= scalar_reasons(o);
        if (o->type != MSGPACK_OBJECT_ARRAY && o->type != MSGPACK_OBJECT_MAP)
            continue;
        if (n > LIMIT_NEST_DEPTH)
            found |= 1u << R_DEPTH;
        ASSERT(n < ARRAY_LEN(stack));
        if (o->type == MSGPACK_OBJECT_ARRAY) {
            stack[n++] = (struct row){o->via.array.ptr, 0, o->via.array.size};
        } else {
            found |= key_reasons(&o->via.map);
            stack[n++] =
                (struct row){(const msgpack_object *)(const void *)o->via.map.ptr, 0, 2 * o->via.map.size};
        }
    }
    return found;
}

/* False when msgpack-c refuses too; otherwise every reason why the input is not canonical, none when it is.
 */
static bool accepted_by_msgpack(const struct input *in, msgpack_sbuffer *again, unsigned *ret_found)
{
    msgpack_unpacked result;
    size_t used = 0;
    msgpack_unpacked_init(&result);
    bool ok = msgpack_unpack_next(&result, (const char *)in->p, in->n, &used) == MSGPACK_UNPACK_SUCCESS;
    if (ok) {
        msgpack_packer pk;
        unsigned found = object_reasons(&result.data);
        msgpack_sbuffer_clear(again);
        msgpack_packer_init(&pk, again, msgpack_sbuffer_write);
        ASSERT(msgpack_pack_object(&pk, result.data) == 0);
        if (again->size != used || memcmp(again->data, in->p, used) != 0)
            found |= 1u << R_NOT_SHORTEST;
        if (used != in->n)
            found |= 1u << R_TRAILING;
        *ret_found = found;
    }
    msgpack_unpacked_destroy(&result);
    return ok;
}

/* -- comparison -- */
static void unexplained(struct counts *c, const struct input *in, const char *what)
{
    if (c->unexplained++ >= 10)
        return;
    (void)fprintf(stderr, "unexplained: %s:", what);
    for (size_t i = 0; i < in->n && i < 200; i++)
        (void)fprintf(stderr, " %02x", in->p[i]);
    (void)fprintf(stderr, "\n");
}

static bool words_match(unsigned found, const char *text)
{
    for (unsigned r = 0; r < R_COUNT; r++)
        if ((found >> r & 1) != 0 && strstr(text, reasons[r].words) != NULL)
            return true;
    return false;
}

static void compare(struct counts *c, const struct input *in, msgpack_sbuffer *again)
{
    struct err err;
    enum status st = codec_is_canonical(span_of(in->p, in->n), &err);
    unsigned found = 0;
    c->inputs++;
    if (st != ST_OK && st != ST_FORMAT) {
        unexplained(c, in, status_name(st));
        return;
    }
    bool oversized = claims_too_much(in);
    c->oversized += oversized ? 1 : 0;
    if (oversized || !accepted_by_msgpack(in, again, &found)) {
        if (st == ST_OK)
            unexplained(c, in, oversized ? "accepted, but claims more than there is" : "accepted by us only");
        else
            c->both_refuse++;
        return;
    }
    if (found == 0) {
        if (st != ST_OK)
            unexplained(c, in, err.text);
        else
            c->both_accept++;
        return;
    }
    if (st == ST_OK) {
        unexplained(c, in, "accepted, but not canonical as msgpack-c reads it");
        return;
    }
    if (!words_match(found, err.text)) {
        unexplained(c, in, err.text);
        return;
    }
    c->only_theirs++;
    for (unsigned r = 0; r < R_COUNT; r++)
        c->reason[r] += found >> r & 1;
}

int main(int argc, char **argv)
{
    uint64_t inputs = argc > 1 ? strtoull(argv[1], NULL, 10) : 3000000;
    struct random r = {argc > 2 ? strtoull(argv[2], NULL, 10) : UINT64_C(20261123)};
    struct counts c = {0};
    msgpack_sbuffer again;
    msgpack_sbuffer_init(&again);
    (void)printf("seed %" PRIu64 "\n", r.state);
    while (c.inputs < inputs) {
        struct input in;
        generate(&r, &in);
        compare(&c, &in, &again);
        for (uint64_t i = below(&r, 4); i > 0; i--) { /* each on top of the one before */
            mutate(&r, &in);
            compare(&c, &in, &again);
        }
    }
    msgpack_sbuffer_destroy(&again);
    (void)printf("%" PRIu64 " inputs: %" PRIu64 " accepted by both, %" PRIu64 " refused by both (%" PRIu64
                 " claim more than they hold), %" PRIu64 " refused by us alone, %" PRIu64 " unexplained\n",
                 c.inputs, c.both_accept, c.both_refuse, c.oversized, c.only_theirs, c.unexplained);
    (void)printf("refused by us alone, by reason (an input may have several):\n");
    uint64_t unseen = 0;
    for (unsigned i = 0; i < R_COUNT; i++) {
        (void)printf("  %8" PRIu64 "  %s\n", c.reason[i], reasons[i].name);
        unseen += c.reason[i] == 0 ? 1 : 0;
    }
    if (inputs >= 1000000 && unseen > 0)
        (void)printf("a reason was never met: the generator is too tame\n");
    return c.unexplained != 0 || (inputs >= 1000000 && unseen > 0) ? 1 : 0;
}
