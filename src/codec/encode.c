#include "codec/bounds.h"
#include "codec/codec.h"
#include "codec/walk.h"
#include "codec/writer.h"

static void put_items(const struct walk *w, struct buf *b)
{
    size_t n = bounds_list_n(w->member);
    writer_array(b, n);
    for (size_t i = 0; i < n; i++) {
        if (w->field->type == FT_HASHES)
            writer_bin(b, span_hash(&((const struct hash_list *)(const void *)w->member)->v[i]));
        else if (w->field->type == FT_UINTS)
            writer_uint(b, ((const struct uint_list *)(const void *)w->member)->v[i]);
        else if (w->field->type == FT_BLOBS)
            writer_bin(b, ((const struct span_list *)(const void *)w->member)->v[i]);
        else
            writer_str(b, ((const struct span_list *)(const void *)w->member)->v[i]);
    }
}

static void put_decimal(const struct decimal *d, struct buf *b)
{
    writer_map(b, 2); /* ENC-11 */
    writer_uint(b, 1);
    writer_int(b, d->mantissa);
    writer_uint(b, 2);
    writer_uint(b, d->scale);
}

static void put_field(const struct walk *w, struct buf *b)
{
    const void *m = w->member;
    writer_uint(b, w->field->key);
    switch (w->field->type) {
    case FT_UINT:
    case FT_TIME:
        writer_uint(b, *(const uint64_t *)m);
        break;
    case FT_INT:
        writer_int(b, *(const int64_t *)m);
        break;
    case FT_BOOL:
        writer_bool(b, *(const bool *)m);
        break;
    case FT_ENUM:
        writer_uint(b, bounds_enum_number(m));
        break;
    case FT_HASH:
    case FT_PROSE:
        writer_bin(b, span_hash(m));
        break;
    case FT_SIG:
        writer_bin(b, span_of(m, sizeof(struct sig64)));
        break;
    case FT_BYTES:
        writer_bin(b, *(const struct span *)m);
        break;
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_TEXT:
    case FT_MULTILINE:
        writer_str(b, *(const struct span *)m);
        break;
    case FT_DECIMAL:
        put_decimal(m, b);
        break;
    case FT_RAW:
        buf_put_span(b, *(const struct span *)m);
        break;
    case FT_REC:
        break; /* its map follows */
    case FT_LIST:
        writer_array(b, bounds_list_n(m));
        break;
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS:
        put_items(w, b);
        break;
    }
}

enum status codec_encode(const struct record_desc *d, const void *rec, struct buf *b)
{
    struct err err;
    if (codec_check(d, rec, &err) != ST_OK)
        assert_failed(err.text, __FILE__, __LINE__);
    struct walk w;
    walk_init(&w, d, rec);
    for (enum walk_event e = walk_next(&w); e != WALK_DONE; e = walk_next(&w)) {
        if (e == WALK_BEGIN)
            writer_map(b, walk_pairs(&w));
        else if (e == WALK_FIELD)
            put_field(&w, b);
    }
    return b->failed;
}
