#include "codec/bounds.h"
#include "codec/codec.h"
#include "codec/path.h"
#include "codec/reader.h"
#include "codec/walk.h"

static enum status check_items(const struct walk *w, struct err *err)
{
    enum status st = bounds_count(w->field, bounds_list_n(w->member), err);
    if (st != ST_OK)
        return walk_fail(w, PATH_NO_INDEX, st, err);
    if (w->field->type == FT_LIST)
        return ST_OK; /* its members come as records of their own */
    for (size_t i = 0; i < bounds_list_n(w->member); i++) {
        st = bounds_item(w->field, w->member, i, err);
        if (st != ST_OK)
            return walk_fail(w, i, st, err);
    }
    return ST_OK;
}

/* ENC-6: content counts towards the depth of the whole. */
static enum status check_raw(const struct walk *w, struct err *err)
{
    const struct span *raw = (const struct span *)(const void *)w->member;
    struct reader r;
    struct read_value v;
    reader_init(&r, *raw, err);
    enum status st = reader_expect(&r, READ_MAP, &v);
    r.at = 0;
    if (st == ST_OK)
        st = reader_skip(&r, LIMIT_NEST_DEPTH - walk_top(w)->depth);
    if (st == ST_OK)
        st = reader_end(&r);
    return st == ST_OK ? st : walk_fail(w, PATH_NO_INDEX, st, err);
}

static enum status check_field(const struct walk *w, struct err *err)
{
    enum status st;
    switch (bounds_shape(w->field->type)) {
    case SHAPE_REC:
        return ST_OK; /* its fields come as events of their own */
    case SHAPE_RAW:
        return check_raw(w, err);
    case SHAPE_LIST:
    case SHAPE_SCALARS:
        return check_items(w, err);
    case SHAPE_VALUE:
        break;
    }
    st = bounds_value(w->field, w->member, err);
    return st == ST_OK ? st : walk_fail(w, PATH_NO_INDEX, st, err);
}

enum status codec_check(const struct record_desc *d, const void *rec, struct err *err)
{
    struct walk w;
    walk_init(&w, d, rec);
    for (enum walk_event e = walk_next(&w); e != WALK_DONE; e = walk_next(&w)) {
        enum status st = e == WALK_FIELD ? check_field(&w, err) : ST_OK;
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
