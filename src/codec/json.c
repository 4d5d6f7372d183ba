#include "codec/bounds.h"
#include "codec/codec.h"
#include "codec/walk.h"

struct json {
    struct walk w;
    struct buf *b;
    struct arena a; /* structs decoded from RAW fields */
    codec_raw_desc raw;
    void *ctx;
};

static void put_text(struct buf *b, struct span s)
{
    buf_u8(b, '"');
    for (size_t i = 0, from = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\')
            continue;
        buf_put(b, s.p + from, i - from);
        from = i + 1;
        if (i == s.n)
            break;
        if (s.p[i] == '\n')
            buf_put_span(b, span_str("\\n"));
        else if (s.p[i] == '\t')
            buf_put_span(b, span_str("\\t"));
        else if (s.p[i] < 0x20)
            buf_printf(b, "\\u%04x", s.p[i]);
        else
            buf_printf(b, "\\%c", s.p[i]);
    }
    buf_u8(b, '"');
}

static void put_hex(struct buf *b, struct span s)
{
    buf_u8(b, '"');
    hex_put(b, s);
    buf_u8(b, '"');
}

/* As a text, so that no reader of JSON rounds it: "-12.5", "0.003". */
static void put_decimal(struct buf *b, const struct decimal *d)
{
    uint64_t unit = 1, size = d->mantissa < 0 ? 0 - (uint64_t)d->mantissa : (uint64_t)d->mantissa;
    for (uint32_t i = 0; i < d->scale; i++)
        unit *= 10;
    buf_printf(b, "\"%s%" PRIu64, d->mantissa < 0 ? "-" : "", size / unit);
    if (d->scale != 0)
        buf_printf(b, ".%0*" PRIu64, (int)d->scale, size % unit);
    buf_u8(b, '"');
}

static void put_raw_hex(struct buf *b, struct span s)
{
    buf_put_span(b, span_str("{\"hex\":"));
    put_hex(b, s);
    buf_u8(b, '}');
}

/* A RAW whose descriptor is known is walked through like a nested record; any other is shown as hex. */
static void put_raw(struct json *j)
{
    const struct field_desc *field = j->w.field;
    const struct walk_frame *top = walk_top(&j->w);
    struct span raw = *(const struct span *)(const void *)j->w.member;
    const struct record_desc *d = j->raw == NULL ? NULL : j->raw(j->ctx, top->d, top->rec, field);
    void *rec = d == NULL ? NULL : arena_alloc(&j->a, d->size);
    if (rec == NULL || codec_decode(d, raw, &j->a, rec, NULL) != ST_OK || !walk_enter(&j->w, d, rec))
        put_raw_hex(j->b, raw);
}

static void put_items(const struct walk *w, struct buf *b)
{
    size_t n = bounds_list_n(w->member);
    buf_u8(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i != 0)
            buf_u8(b, ',');
        if (w->field->type == FT_HASHES)
            put_hex(b, span_hash(&((const struct hash_list *)(const void *)w->member)->v[i]));
        else if (w->field->type == FT_UINTS)
            buf_printf(b, "%" PRIu64, ((const struct uint_list *)(const void *)w->member)->v[i]);
        else if (w->field->type == FT_BLOBS)
            put_hex(b, ((const struct span_list *)(const void *)w->member)->v[i]);
        else
            put_text(b, ((const struct span_list *)(const void *)w->member)->v[i]);
    }
    buf_u8(b, ']');
}

static void put_value(struct json *j)
{
    const void *m = j->w.member;
    switch (j->w.field->type) {
    case FT_UINT:
        buf_printf(j->b, "%" PRIu64, *(const uint64_t *)m);
        break;
    case FT_INT:
        buf_printf(j->b, "%" PRId64, *(const int64_t *)m);
        break;
    case FT_BOOL:
        buf_put_span(j->b, span_str(*(const bool *)m ? "true" : "false"));
        break;
    case FT_TIME:
        buf_printf(j->b, "\"%s\"", time_utc(*(const uint64_t *)m).s);
        break;
    case FT_ENUM:
        put_text(j->b, span_str(enum_text(j->w.field->en, bounds_enum_number(m))));
        break;
    case FT_HASH:
    case FT_PROSE:
        put_hex(j->b, span_hash(m));
        break;
    case FT_SIG:
        put_hex(j->b, span_of(m, sizeof(struct sig64)));
        break;
    case FT_BYTES:
        put_hex(j->b, *(const struct span *)m);
        break;
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_TEXT:
    case FT_MULTILINE:
        put_text(j->b, *(const struct span *)m);
        break;
    case FT_DECIMAL:
        put_decimal(j->b, m);
        break;
    case FT_RAW:
        put_raw(j);
        break;
    case FT_REC:
        break; /* follows as a record of its own */
    case FT_LIST:
        buf_u8(j->b, '[');
        break;
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS:
        put_items(&j->w, j->b);
        break;
    }
}

/* A comma before every member of an object or array but the first. */
static void put_comma(struct buf *b, size_t from)
{
    struct span s = buf_span(b);
    if (s.n == from || s.p[s.n - 1] == '{' || s.p[s.n - 1] == '[' || s.p[s.n - 1] == ':')
        return;
    buf_u8(b, ',');
}

enum status codec_json(const struct record_desc *d, const void *rec, codec_raw_desc raw, void *ctx,
                       struct buf *b)
{
    struct err err;
    if (codec_check(d, rec, &err) != ST_OK)
        assert_failed(err.text, __FILE__, __LINE__);
    struct json j = {.b = b, .raw = raw, .ctx = ctx};
    size_t from = b->n;
    arena_init(&j.a, 0);
    walk_init(&j.w, d, rec);
    for (enum walk_event e = walk_next(&j.w); e != WALK_DONE && b->failed == ST_OK; e = walk_next(&j.w)) {
        if (e == WALK_BEGIN) {
            put_comma(b, from);
            buf_u8(b, '{');
        } else if (e == WALK_FIELD) {
            put_comma(b, from);
            buf_printf(b, "\"%s\":", j.w.field->name);
            put_value(&j);
        } else {
            buf_u8(b, e == WALK_END ? '}' : ']');
        }
    }
    arena_deinit(&j.a);
    return b->failed;
}
