#include "fuzz/make.h"
#include "codec/writer.h"
#include "fuzz/fuzz.h"

#define RECORD(r, number, doc) &r##_desc,
#define FIELD(r, key, name, T, min, max, doc)
#define OPT(r, key, name, T, min, max, doc)
#define END_RECORD(r)
const struct record_desc *const make_records[] = {
#include "codec/records_all.inc"
};
const size_t make_records_n = ARRAY_LEN(make_records);

enum { DEPTH_MAX = 6, MANY = 4, BYTES_MAX = 90 };

struct maker {
    uint64_t state;
    unsigned options;
    struct buf *b;
};

static uint64_t pick(struct maker *m, uint64_t n)
{
    return draw(&m->state) % n;
}

uint16_t make_tag(const struct record_desc *d)
{
    uint32_t h = 2166136261u;
    for (const char *s = d->name; *s != 0; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return (uint16_t)(h ^ h >> 16);
}

const struct record_desc *make_find(uint16_t tag)
{
    for (size_t i = 0; i < make_records_n; i++)
        if (make_tag(make_records[i]) == tag)
            return make_records[i];
    return make_records[tag % make_records_n];
}

/* Between the bounds, near an edge half of the time. */
static uint64_t number(struct maker *m, uint64_t min, uint64_t max)
{
    if (max <= min)
        return min;
    uint64_t width = max - min;
    switch (pick(m, 4)) {
    case 0:
        return min;
    case 1:
        return max;
    case 2:
        return min + (width > 300 ? pick(m, 300) : pick(m, width + 1));
    default:
        return min + (draw(&m->state) >> pick(m, 64)) % (width == UINT64_MAX ? width : width + 1);
    }
}

static size_t length(struct maker *m, int64_t min, int64_t max)
{
    uint64_t least = min > 0 ? (uint64_t)min : 0, most = max > 0 ? (uint64_t)max : 0;
    if (most > least + BYTES_MAX)
        most = least + BYTES_MAX;
    return (size_t)number(m, least, most);
}

static void put_bytes(struct maker *m, size_t n)
{
    uint8_t p[BYTES_MAX + 1024];
    n = n < sizeof p ? n : sizeof p;
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)draw(&m->state);
    writer_bin(m->b, span_of(p, n));
}

static size_t put_id(struct maker *m, char *p)
{
    static const char *const known[] = {"p01", "p02", "p03", "p04", "finance", "sponsor", "steering", "a", "0-"};
    const char *s = known[pick(m, ARRAY_LEN(known))];
    memcpy(p, s, strlen(s));
    return strlen(s);
}

static void put_text(struct maker *m, const struct field_desc *f)
{
    static const char *const parts[] = {"x", "a b", "Zürich", ": ", "\"", "#", "- ", "€", "12.5", "'", "\U0001F600"};
    char p[2048];
    size_t n = 0, want = length(m, f->min, f->max);
    while (n < want && n < 1024) {
        const char *s = f->type == FT_MULTILINE && pick(m, 8) == 0 ? "\n" : parts[pick(m, ARRAY_LEN(parts))];
        size_t k = strlen(s);
        if (n + k > want) {
            s = "x";
            k = 1;
        }
        memcpy(p + n, s, k);
        n += k;
    }
    writer_str(m->b, span_of(p, n));
}

static void put_decimal(struct maker *m)
{
    uint64_t scale = pick(m, 10), mantissa = number(m, 0, INT64_MAX / 2);
    if (scale != 0 && mantissa % 10 == 0)
        mantissa++;
    writer_map(m->b, 2);
    writer_uint(m->b, 1);
    if (pick(m, 2) == 0 && mantissa != 0)
        writer_int(m->b, -(int64_t)mantissa);
    else
        writer_uint(m->b, mantissa);
    writer_uint(m->b, 2);
    writer_uint(m->b, scale);
}

static void put_names(struct maker *m, enum field_type type)
{
    char p[160];
    size_t n = put_id(m, p);
    if (type == FT_SEAT || type == FT_SEATS) {
        p[n++] = '/';
        n += put_id(m, p + n);
    }
    if (type == FT_CLAUSE && pick(m, 2) == 0) {
        p[n++] = '.';
        n += put_id(m, p + n);
    }
    if (type == FT_CURRENCY) {
        memcpy(p, "EUR", 3);
        n = 3;
    }
    writer_str(m->b, span_of(p, n));
}

static void put_record(struct maker *m, const struct record_desc *d, unsigned depth);

static void put_list(struct maker *m, const struct field_desc *f, unsigned depth)
{
    uint64_t least = f->min > 0 ? (uint64_t)f->min : 0, most = f->max > 0 ? (uint64_t)f->max : 0;
    if (most > least + MANY)
        most = least + MANY;
    uint64_t n = depth >= DEPTH_MAX ? least : number(m, least, most);
    static const struct field_desc text = {.type = FT_TEXT, .min = 1, .max = 40};
    writer_array(m->b, n);
    for (uint64_t i = 0; i < n; i++) {
        if (f->type == FT_LIST)
            put_record(m, f->rec, depth + 1);
        else if (f->type == FT_TEXTS)
            put_text(m, &text);
        else if (f->type == FT_BLOBS)
            put_bytes(m, pick(m, 40));
        else if (f->type == FT_HASHES)
            put_bytes(m, 32);
        else if (f->type == FT_UINTS)
            writer_uint(m->b, number(m, 0, INT64_MAX));
        else
            put_names(m, f->type);
    }
}

static void put_enum(struct maker *m, const struct field_desc *f)
{
    uint32_t v = 0;
    for (int tries = 0; tries < 20; tries++) {
        v = f->en->values[pick(m, f->en->n)].number;
        if ((f->min == 0 && f->max == 0) || ((int64_t)v >= f->min && (int64_t)v <= f->max))
            break;
    }
    writer_uint(m->b, v);
}

static void put_field(struct maker *m, const struct field_desc *f, unsigned depth)
{
    uint64_t span = 0;
    switch (f->type) {
    case FT_UINT:
    case FT_TIME:
        span = f->max != 0 ? (uint64_t)f->max : f->type == FT_TIME ? (UINT64_C(1) << 53) - 1 : INT64_MAX;
        writer_uint(m->b, number(m, (uint64_t)f->min, span));
        break;
    case FT_INT:
        span = f->min == 0 && f->max == 0 ? INT64_MAX : (uint64_t)(f->max - f->min);
        writer_int(m->b, f->min + (int64_t)number(m, 0, span));
        break;
    case FT_BOOL:
        writer_bool(m->b, pick(m, 2) == 0);
        break;
    case FT_HASH:
    case FT_PROSE:
        put_bytes(m, 32);
        break;
    case FT_SIG:
        put_bytes(m, 64);
        break;
    case FT_BYTES:
        put_bytes(m, length(m, f->min, f->max));
        break;
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
        put_names(m, f->type);
        break;
    case FT_TEXT:
    case FT_MULTILINE:
        put_text(m, f);
        break;
    case FT_DECIMAL:
        put_decimal(m);
        break;
    case FT_RAW:
        put_record(m, make_records[pick(m, make_records_n)], DEPTH_MAX);
        break;
    case FT_ENUM:
        put_enum(m, f);
        break;
    case FT_REC:
        put_record(m, f->rec, depth + 1);
        break;
    case FT_LIST:
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS:
        put_list(m, f, depth);
        break;
    }
}

static void put_record(struct maker *m, const struct record_desc *d, unsigned depth)
{
    bool there[64] = {0};
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        there[i] = !d->fields[i].optional || (depth < DEPTH_MAX && pick(m, 8) < m->options);
        n += there[i];
    }
    writer_map(m->b, n);
    for (size_t i = 0; i < d->n; i++) {
        if (!there[i])
            continue;
        writer_uint(m->b, d->fields[i].key);
        put_field(m, &d->fields[i], depth);
    }
}

void make_record(const struct record_desc *d, uint64_t seed, unsigned options, struct buf *b)
{
    struct maker m = {seed, options, b};
    put_record(&m, d, 0);
}
