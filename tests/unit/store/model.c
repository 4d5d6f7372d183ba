#include <criterion/criterion.h>
#include "model.h"

struct model *model_new(void)
{
    struct model *m = calloc(1, sizeof *m);
    cr_assert_not_null(m);
    m->v = calloc(MODEL_RECORDS_MAX, sizeof *m->v);
    cr_assert_not_null(m->v);
    return m;
}

void model_free(struct model *m)
{
    free(m->v);
    free(m);
}

void model_copy(struct model *to, const struct model *from)
{
    to->n = from->n;
    memcpy(to->v, from->v, from->n * sizeof *from->v);
}

static struct span key_of(const struct model_record *r)
{
    return span_of(r->key, r->key_n);
}

static bool is_before(const struct model_record *r, uint8_t table, struct span key)
{
    return r->table != table ? r->table < table : span_cmp(key_of(r), key) < 0;
}

/* The first record >= (table, key). */
static size_t position(const struct model *m, uint8_t table, struct span key)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (is_before(&m->v[mid], table, key))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_at(const struct model *m, size_t i, uint8_t table, struct span key)
{
    return i < m->n && m->v[i].table == table && span_eq(key_of(&m->v[i]), key);
}

void model_put(struct model *m, uint8_t table, struct span key, struct span value)
{
    size_t i = position(m, table, key);
    if (!is_at(m, i, table, key)) {
        cr_assert_lt(m->n, MODEL_RECORDS_MAX);
        memmove(&m->v[i + 1], &m->v[i], (m->n - i) * sizeof *m->v);
        m->n++;
    }
    struct model_record *r = &m->v[i];
    r->table = table;
    r->key_n = (uint16_t)key.n;
    r->value_n = (uint16_t)value.n;
    memcpy(r->key, key.p, key.n);
    if (value.n != 0)
        memcpy(r->value, value.p, value.n);
}

void model_del(struct model *m, uint8_t table, struct span key)
{
    size_t i = position(m, table, key);
    if (!is_at(m, i, table, key))
        return;
    memmove(&m->v[i], &m->v[i + 1], (m->n - i - 1) * sizeof *m->v);
    m->n--;
}

static enum status model_get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    const struct model *m = ctx;
    size_t i = position(m, table, key);
    if (!is_at(m, i, table, key))
        return ST_NOTFOUND;
    *ret_value = span_of(m->v[i].value, m->v[i].value_n);
    return ST_OK;
}

static enum status model_next(void *ctx, uint8_t table, struct span from, struct span *ret_key,
                              struct span *ret_value)
{
    const struct model *m = ctx;
    size_t i = position(m, table, from);
    if (i == m->n || m->v[i].table != table)
        return ST_END;
    *ret_key = key_of(&m->v[i]);
    *ret_value = span_of(m->v[i].value, m->v[i].value_n);
    return ST_OK;
}

static enum status model_prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key,
                              struct span *ret_value)
{
    const struct model *m = ctx;
    size_t i = position(m, table, upto);
    if (!is_at(m, i, table, upto)) {
        if (i == 0 || m->v[i - 1].table != table)
            return ST_END;
        i--;
    }
    *ret_key = key_of(&m->v[i]);
    *ret_value = span_of(m->v[i].value, m->v[i].value_n);
    return ST_OK;
}

struct view model_view(struct model *m)
{
    return (struct view){.ctx = m, .get = model_get, .next = model_next, .prev = model_prev};
}

uint32_t dice_below(struct dice *d, uint32_t n)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return (uint32_t)((d->state * UINT64_C(2685821657736338717)) >> 32) % n;
}

struct span dice_key(struct dice *d, uint8_t buf[VIEW_KEY_MAX])
{
    static const uint8_t alphabet[] = {0x00, 0x01, 0x7f, 0xff};
    size_t n = dice_below(d, 20) == 0 ? VIEW_KEY_MAX : 1 + dice_below(d, 4);
    uint8_t fill = dice_below(d, 2) == 0 ? 0x00 : 0xff;
    for (size_t i = 0; i < n; i++)
        buf[i] = i < 4 ? alphabet[dice_below(d, sizeof alphabet)] : fill;
    return span_of(buf, n);
}

struct span dice_value(struct dice *d, uint8_t buf[MODEL_BYTES_MAX])
{
    size_t n = dice_below(d, 10) == 0 ? dice_below(d, MODEL_BYTES_MAX) : dice_below(d, 3);
    uint8_t b = (uint8_t)dice_below(d, 3); /* few different values: writes that change nothing must occur */
    for (size_t i = 0; i < n; i++)
        buf[i] = (uint8_t)(b + i);
    return span_of(buf, n);
}

uint8_t dice_table(struct dice *d)
{
    static const uint8_t tables[] = {TABLE_META, TABLE_PARTY, TABLE_DECISION, TABLE_BLOCK, TABLE_REFUSED};
    return tables[dice_below(d, sizeof tables)];
}

static void same_record(enum status sa, enum status sb, const struct span a[2], const struct span b[2])
{
    cr_assert_eq(sa, sb, "%s and %s", status_name(sa), status_name(sb));
    if (sa != ST_OK)
        return;
    cr_assert(span_eq(a[0], b[0]));
    cr_assert(span_eq(a[1], b[1]));
    cr_assert_not_null(a[1].p);
}

void model_same_answer(struct dice *d, const struct view *a, const struct view *b)
{
    uint8_t bytes[VIEW_KEY_MAX];
    struct span key = dice_below(d, 50) == 0 ? (struct span){bytes, 0} : dice_key(d, bytes);
    uint8_t table = dice_table(d);
    struct span ra[2] = {key, key}, rb[2] = {key, key};
    enum status sa = ST_NOTFOUND, sb = ST_NOTFOUND;
    if (key.n != 0) {
        sa = view_get(a, table, key, &ra[1]);
        sb = view_get(b, table, key, &rb[1]);
    }
    same_record(sa, sb, ra, rb);
    sa = view_next(a, table, key, &ra[0], &ra[1]);
    sb = view_next(b, table, key, &rb[0], &rb[1]);
    same_record(sa, sb, ra, rb);
    sa = view_prev(a, table, key, &ra[0], &ra[1]);
    sb = view_prev(b, table, key, &rb[0], &rb[1]);
    same_record(sa, sb, ra, rb);
}

static size_t walk_forward(const struct view *a, const struct view *b, uint8_t table)
{
    uint8_t bytes[VIEW_KEY_MAX + 1];
    struct span from = {bytes, 0};
    for (size_t n = 0;; n++) {
        struct span ra[2] = {from, from}, rb[2] = {from, from};
        enum status sa = view_next(a, table, from, &ra[0], &ra[1]);
        enum status sb = view_next(b, table, from, &rb[0], &rb[1]);
        same_record(sa, sb, ra, rb);
        if (sa != ST_OK)
            return n;
        struct span value;
        cr_assert_eq(view_get(a, table, ra[0], &value), ST_OK);
        cr_assert(span_eq(value, ra[1]));
        memcpy(bytes, ra[0].p, ra[0].n);
        bytes[ra[0].n] = 0;
        from.n = ra[0].n + 1;
    }
}

static size_t walk_back(const struct view *a, const struct view *b, uint8_t table)
{
    uint8_t bytes[VIEW_KEY_MAX];
    memset(bytes, 0xff, sizeof bytes);
    struct span upto = {bytes, sizeof bytes};
    for (size_t n = 0;; n++) {
        struct span ra[2] = {upto, upto}, rb[2] = {upto, upto};
        enum status sa = view_prev(a, table, upto, &ra[0], &ra[1]);
        enum status sb = view_prev(b, table, upto, &rb[0], &rb[1]);
        same_record(sa, sb, ra, rb);
        if (sa != ST_OK)
            return n;
        memcpy(bytes, ra[0].p, ra[0].n);
        upto.n = ra[0].n - 1;
        if (bytes[upto.n]-- != 0) {
            memset(bytes + upto.n + 1, 0xff, sizeof bytes - upto.n - 1);
            upto.n = sizeof bytes;
        }
    }
}

size_t model_same_content(const struct view *a, const struct view *b)
{
    size_t n = 0;
    for (unsigned table = 0; table <= TABLE_MAX; table++) {
        if (table_name((uint8_t)table) == NULL)
            continue;
        size_t forward = walk_forward(a, b, (uint8_t)table);
        cr_assert_eq(walk_back(a, b, (uint8_t)table), forward);
        n += forward;
    }
    return n;
}
