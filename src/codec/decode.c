#include "codec/bounds.h"
#include "codec/codec.h"
#include "codec/path.h"
#include "codec/reader.h"

/* One record being read. Records nest through frames, not through calls. */
struct frame {
    const struct record_desc *d;
    uint8_t *rec;
    uint64_t left; /* pairs still to come */
    size_t
        next; /* first field that no key has passed yet; while a nested frame is open, one past its field */
    int key;  /* last key read */
    size_t i, n;    /* member of a list; n is 0 outside of lists */
    unsigned depth; /* of its map, ENC-6 */
};

struct decoder {
    struct reader r;
    struct arena *a;
    struct frame frame[LIMIT_NEST_DEPTH];
    size_t n;
    size_t item;                    /* member of the list of scalars being read, or PATH_NO_INDEX */
    const struct field_desc *field; /* being read, or NULL */
};

static enum status fail(struct decoder *c, size_t at, enum status st)
{
    struct path_part part[LIMIT_NEST_DEPTH + 1];
    size_t n = 0;
    if (c->r.err == NULL)
        return st;
    part[n++] = (struct path_part){c->frame[0].d->name, PATH_NO_INDEX};
    for (size_t k = 1; k < c->n; k++) {
        const struct frame *up = &c->frame[k - 1];
        size_t index = c->frame[k].n == 0 ? PATH_NO_INDEX : c->frame[k].i;
        part[n++] = (struct path_part){up->d->fields[up->next - 1].name, index};
    }
    if (c->field != NULL)
        part[n++] = (struct path_part){c->field->name, c->item};
    return path_wrap(part, n, at, st, c->r.err);
}

/* Fewest bytes a record of this kind takes: a list that claims more members than fit is refused before memory
 * is taken for it. */
static size_t least_bytes(const struct record_desc *d)
{
    size_t n = 1;
    for (size_t i = 0; i < d->n; i++) {
        const struct field_desc *f = &d->fields[i];
        if (f->optional)
            continue;
        n += f->type == FT_HASH || f->type == FT_PROSE ? 35 : f->type == FT_SIG ? 67 : 2;
    }
    return n;
}

/* Memory for the members of a list at m, whose count is known to be within its bounds. */
static enum status take_list(struct decoder *c, uint64_t count, size_t size, size_t least, void *m)
{
    size_t left = c->r.in.n - c->r.at;
    if (count > left / least)
        return err_rule(c->r.err, "ENC-1",
                        err_set(c->r.err, ST_FORMAT, "at byte %zu: %" PRIu64 " members in the %zu bytes left",
                                c->r.at, count, left));
    void *v = arena_array(c->a, (size_t)count, size);
    if (v == NULL)
        return err_set(c->r.err, ST_LIMIT, "no memory left for %" PRIu64 " members", count);
    size_t n = (size_t)count;
    memcpy(m, &n, sizeof n);
    memcpy((uint8_t *)m + sizeof n, &v, sizeof v);
    return ST_OK;
}

static enum status read_fixed(struct decoder *c, size_t size, uint8_t *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_BIN, &v);
    if (st != ST_OK)
        return st;
    if (v.bytes.n != size) /* ENC-10 */
        return err_rule(
            c->r.err, "ENC-10",
            err_set(c->r.err, ST_RANGE, "at byte %zu: %zu bytes, expected %zu", v.at, v.bytes.n, size));
    memcpy(m, v.bytes.p, size);
    return ST_OK;
}

static enum status read_span(struct decoder *c, enum read_type type, struct span *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, type, &v);
    if (st == ST_OK)
        *m = v.bytes;
    return st;
}

static enum status read_uint(struct decoder *c, uint64_t *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_UINT, &v);
    if (st == ST_OK)
        *m = v.number;
    return st;
}

static enum status read_int(struct decoder *c, int64_t *m)
{
    struct read_value v;
    enum status st = reader_next(&c->r, &v);
    if (st != ST_OK)
        return st;
    if (v.type != READ_UINT && v.type != READ_NEGATIVE)
        return err_rule(c->r.err, "ENC-4",
                        err_set(c->r.err, ST_FORMAT, "at byte %zu: %s, expected an integer", v.at,
                                reader_type_text(v.type)));
    *m = v.type == READ_UINT ? (int64_t)v.number : v.negative;
    return ST_OK;
}

static enum status read_enum(struct decoder *c, uint8_t *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_UINT, &v);
    if (st != ST_OK)
        return st;
    if (v.number > UINT32_MAX)
        return err_rule(c->r.err, "ENC-12",
                        err_set(c->r.err, ST_RANGE, "at byte %zu: %" PRIu64 " is no %s", v.at, v.number,
                                c->field->en->name));
    uint32_t number = (uint32_t)v.number;
    memcpy(m, &number, sizeof number);
    return ST_OK;
}

static enum status read_bool(struct decoder *c, bool *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_BOOL, &v);
    if (st == ST_OK)
        *m = v.number != 0;
    return st;
}

/* ENC-11: {1: mantissa, 2: scale}. */
static enum status read_decimal(struct decoder *c, struct decimal *m)
{
    struct read_value v;
    uint64_t scale = 0;
    int last = -1;
    enum status st = reader_expect(&c->r, READ_MAP, &v);
    if (st != ST_OK)
        return st;
    if (v.number == 2 && (st = reader_key(&c->r, &last)) == ST_OK && last == 1 &&
        (st = read_int(c, &m->mantissa)) == ST_OK && (st = reader_key(&c->r, &last)) == ST_OK && last == 2 &&
        (st = read_uint(c, &scale)) == ST_OK) {
        m->scale = scale > UINT32_MAX ? UINT32_MAX : (uint32_t)scale;
        return ST_OK;
    }
    if (st != ST_OK)
        return st;
    return err_rule(
        c->r.err, "ENC-11",
        err_set(c->r.err, ST_FORMAT, "at byte %zu: a decimal is a map of 1 (mantissa) and 2 (scale)", v.at));
}

/* ENC-6: content counts towards the depth of the whole. */
static enum status read_raw(struct decoder *c, unsigned depth, struct span *m)
{
    size_t from = c->r.at;
    struct reader peek = c->r;
    struct read_value v;
    enum status st = reader_expect(&peek, READ_MAP, &v);
    if (st == ST_OK)
        st = reader_skip(&c->r, LIMIT_NEST_DEPTH - depth);
    if (st == ST_OK)
        *m = span_of(c->r.in.p + from, c->r.at - from);
    return st;
}

/* The field types that are one value. */
static enum status read_value(struct decoder *c, const struct field_desc *f, unsigned depth, uint8_t *m)
{
    switch (f->type) {
    case FT_UINT:
    case FT_TIME:
        return read_uint(c, (uint64_t *)(void *)m);
    case FT_INT:
        return read_int(c, (int64_t *)(void *)m);
    case FT_BOOL:
        return read_bool(c, (bool *)m);
    case FT_ENUM:
        return read_enum(c, m);
    case FT_HASH:
    case FT_PROSE:
        return read_fixed(c, sizeof(struct hash), m);
    case FT_SIG:
        return read_fixed(c, sizeof(struct sig64), m);
    case FT_BYTES:
        return read_span(c, READ_BIN, (struct span *)(void *)m);
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_TEXT:
    case FT_MULTILINE:
        return read_span(c, READ_STR, (struct span *)(void *)m);
    case FT_DECIMAL:
        return read_decimal(c, (struct decimal *)(void *)m);
    case FT_RAW:
        return read_raw(c, depth, (struct span *)(void *)m);
    case FT_REC:
    case FT_LIST:
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS:
        break;
    }
    ASSERT(!"a single value");
    return ST_OK;
}

static enum status read_item(struct decoder *c, const struct field_desc *f, uint8_t *m, size_t i)
{
    if (f->type == FT_HASHES)
        return read_fixed(c, sizeof(struct hash), ((struct hash_list *)(void *)m)->v[i].b);
    if (f->type == FT_UINTS)
        return read_uint(c, &((struct uint_list *)(void *)m)->v[i]);
    return read_span(c, f->type == FT_BLOBS ? READ_BIN : READ_STR, &((struct span_list *)(void *)m)->v[i]);
}

/* Reads an array's head: count within the field's bounds, and memory for it. */
static enum status open_list(struct decoder *c, const struct field_desc *f, size_t size, size_t least,
                             uint8_t *m)
{
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_ARRAY, &v);
    if (st != ST_OK)
        return fail(c, PATH_NO_BYTE, st);
    st = bounds_count(f, v.number, c->r.err);
    if (st != ST_OK)
        return fail(c, v.at, st);
    st = take_list(c, v.number, size, least, m);
    return st == ST_OK ? st : fail(c, PATH_NO_BYTE, st);
}

static enum status read_scalars(struct decoder *c, const struct field_desc *f, uint8_t *m)
{
    size_t size = f->type == FT_HASHES  ? sizeof(struct hash)
                  : f->type == FT_UINTS ? sizeof(uint64_t)
                                        : sizeof(struct span);
    enum status st = open_list(c, f, size, f->type == FT_HASHES ? 34 : 1, m);
    if (st != ST_OK)
        return st;
    size_t n = bounds_list_n(m);
    for (size_t i = 0; i < n; i++) {
        c->item = i;
        size_t at = c->r.at;
        st = read_item(c, f, m, i);
        if (st != ST_OK)
            return fail(c, PATH_NO_BYTE, st);
        st = bounds_item(f, m, i, c->r.err);
        if (st != ST_OK)
            return fail(c, at, st);
    }
    c->item = PATH_NO_INDEX;
    return ST_OK;
}

/* Reads a map's head into the top frame, whose d, rec, i, n and depth are set. */
static enum status begin_record(struct decoder *c)
{
    struct frame *f = &c->frame[c->n - 1];
    struct read_value v;
    enum status st = reader_expect(&c->r, READ_MAP, &v);
    if (st != ST_OK)
        return fail(c, PATH_NO_BYTE, st);
    f->left = v.number;
    f->next = 0;
    f->key = -1;
    return ST_OK;
}

static enum status too_deep(struct decoder *c) /* ENC-6 */
{
    return fail(c, c->r.at,
                err_rule(c->r.err, "ENC-6",
                         err_set(c->r.err, ST_FORMAT, "nested deeper than %d", (int)LIMIT_NEST_DEPTH)));
}

static enum status push(struct decoder *c, const struct record_desc *d, uint8_t *rec, size_t n,
                        unsigned depth)
{
    if (depth > LIMIT_NEST_DEPTH)
        return too_deep(c);
    c->field = NULL;
    c->frame[c->n++] = (struct frame){.d = d, .rec = rec, .n = n, .depth = depth};
    return begin_record(c);
}

static enum status read_list(struct decoder *c, const struct field_desc *f, unsigned depth, uint8_t *m)
{
    enum status st = open_list(c, f, f->rec->size, least_bytes(f->rec), m);
    size_t n = st == ST_OK ? bounds_list_n(m) : 0;
    if (n == 0)
        return st;
    uint8_t *v;
    memcpy(&v, m + sizeof(size_t), sizeof v);
    return push(c, f->rec, v, n, depth + 2);
}

static enum status read_single(struct decoder *c, const struct field_desc *f, unsigned depth, uint8_t *m)
{
    size_t at = c->r.at;
    enum status st = read_value(c, f, depth, m);
    if (st != ST_OK)
        return fail(c, PATH_NO_BYTE, st);
    st = f->type == FT_RAW ? ST_OK : bounds_value(f, m, c->r.err);
    return st == ST_OK ? st : fail(c, at, st);
}

static enum status read_field(struct decoder *c, const struct field_desc *f)
{
    const struct frame *t = &c->frame[c->n - 1];
    enum bounds_shape shape = bounds_shape(f->type);
    uint8_t *m = t->rec + f->offset;
    c->field = f;
    if ((shape != SHAPE_VALUE || f->type == FT_DECIMAL) && t->depth == LIMIT_NEST_DEPTH)
        return too_deep(c);
    switch (shape) {
    case SHAPE_REC:
        return push(c, f->rec, m, 0, t->depth + 1);
    case SHAPE_LIST:
        return read_list(c, f, t->depth, m);
    case SHAPE_SCALARS:
        return read_scalars(c, f, m);
    case SHAPE_VALUE:
    case SHAPE_RAW:
        break;
    }
    return read_single(c, f, t->depth, m);
}

/* ENC-4: fields from the top frame's next one on, below key, were left out. */
static enum status pass_missing(struct decoder *c, int key)
{
    struct frame *t = &c->frame[c->n - 1];
    for (; t->next < t->d->n && t->d->fields[t->next].key < key; t->next++) {
        const struct field_desc *f = &t->d->fields[t->next];
        if (!f->optional)
            return fail(
                c, PATH_NO_BYTE,
                err_rule(c->r.err, "ENC-4",
                         err_set(c->r.err, ST_FORMAT, "missing field %d (%s)", (int)f->key, f->name)));
    }
    return ST_OK;
}

static enum status read_pair(struct decoder *c)
{
    struct frame *t = &c->frame[c->n - 1];
    size_t at = c->r.at;
    t->left--;
    c->field = NULL;
    enum status st = reader_key(&c->r, &t->key);
    if (st != ST_OK)
        return fail(c, PATH_NO_BYTE, st);
    st = pass_missing(c, t->key);
    if (st != ST_OK)
        return st;
    if (t->next == t->d->n || t->d->fields[t->next].key != t->key) /* ENC-4 */
        return fail(c, at,
                    err_rule(c->r.err, "ENC-4", err_set(c->r.err, ST_FORMAT, "unknown key %d", t->key)));
    const struct field_desc *f = &t->d->fields[t->next++];
    uint64_t has;
    memcpy(&has, t->rec, sizeof has);
    has |= UINT64_C(1) << f->key;
    memcpy(t->rec, &has, sizeof has);
    return read_field(c, f);
}

/* The top record's pairs are all read: on to the next member of its list, or back to the record around it. */
static enum status end_record(struct decoder *c)
{
    struct frame *t = &c->frame[c->n - 1];
    c->field = NULL;
    enum status st = pass_missing(c, READER_KEY_MAX + 1);
    if (st != ST_OK)
        return st;
    if (t->i + 1 < t->n) {
        t->i++;
        t->rec += t->d->size;
        return begin_record(c);
    }
    c->n--;
    return ST_OK;
}

/* ret_used is NULL when the value must fill bytes. */
static enum status decode(const struct record_desc *d, struct span bytes, struct arena *a, void *ret_rec,
                          size_t *ret_used, struct err *err)
{
    struct decoder c;
    c.a = a;
    c.n = 0;
    c.item = PATH_NO_INDEX;
    reader_init(&c.r, bytes, err);
    uint8_t *rec = arena_alloc(a, d->size);
    if (rec == NULL)
        return err_set(err, ST_LIMIT, "%s: no memory left", d->name);
    enum status st = push(&c, d, rec, 0, 1);
    while (st == ST_OK && c.n > 0)
        st = c.frame[c.n - 1].left > 0 ? read_pair(&c) : end_record(&c);
    if (st != ST_OK)
        return st;
    if (ret_used == NULL && reader_end(&c.r) != ST_OK) /* ENC-5 */
        return err_wrap(err, ST_FORMAT, "%s: ", d->name);
    memcpy(ret_rec, rec, d->size);
    if (ret_used != NULL)
        *ret_used = c.r.at;
    return ST_OK;
}

enum status codec_decode(const struct record_desc *d, struct span bytes, struct arena *a, void *ret_rec,
                         struct err *err)
{
    return decode(d, bytes, a, ret_rec, NULL, err);
}

enum status codec_decode_prefix(const struct record_desc *d, struct span bytes, struct arena *a,
                                void *ret_rec, size_t *ret_used, struct err *err)
{
    ASSERT(ret_used != NULL);
    return decode(d, bytes, a, ret_rec, ret_used, err);
}

enum status codec_is_canonical(struct span bytes, struct err *err)
{
    struct reader r;
    reader_init(&r, bytes, err);
    enum status st = reader_skip(&r, LIMIT_NEST_DEPTH);
    return st != ST_OK ? st : reader_end(&r);
}
