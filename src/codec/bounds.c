#include "codec/bounds.h"
#include "codec/codec.h"
#include "codec/text.h"

#define TIME_LIMIT_MS (INT64_C(1) << 53) /* ENC-10 */

/* An enum is stored as an unsigned int (no enumeration here has a negative number), and every list starts
 * with its count, followed by a pointer. */
_Static_assert(sizeof(enum kind) == sizeof(uint32_t), "enums are read as 32 bits");
_Static_assert(FT_IDS == FT_LIST + 1 && FT_UINTS == FT_LIST + 6, "lists of values are the last types");
_Static_assert(offsetof(struct span_list, n) == 0, "the count comes first");
_Static_assert(offsetof(struct span_list, v) == sizeof(size_t), "the pointer follows");
_Static_assert(sizeof(struct span_list) == sizeof(size_t) + sizeof(void *), "and nothing else");

uint32_t bounds_enum_number(const void *m)
{
    uint32_t v;
    memcpy(&v, m, sizeof v);
    return v;
}

size_t bounds_list_n(const void *m)
{
    size_t n;
    memcpy(&n, m, sizeof n);
    return n;
}

const void *bounds_list_v(const void *m)
{
    const void *v;
    memcpy(&v, (const uint8_t *)m + sizeof(size_t), sizeof v);
    return v;
}

enum bounds_shape bounds_shape(enum field_type type)
{
    if (type == FT_RAW)
        return SHAPE_RAW;
    if (type == FT_REC)
        return SHAPE_REC;
    if (type == FT_LIST)
        return SHAPE_LIST;
    return type > FT_LIST ? SHAPE_SCALARS : SHAPE_VALUE;
}

static enum status check_uint(const struct field_desc *f, uint64_t v, struct err *err)
{
    if (v > INT64_MAX) /* ENC-12 */
        return err_rule(err, "ENC-12", err_set(err, ST_RANGE, "%" PRIu64 ", at most 2^63-1", v));
    if ((int64_t)v < f->min)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%" PRIu64 ", at least %" PRId64, v, f->min));
    if (f->max != 0 && (int64_t)v > f->max)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%" PRIu64 ", at most %" PRId64, v, f->max));
    return ST_OK;
}

static enum status check_int(const struct field_desc *f, int64_t v, struct err *err)
{
    if (f->min == 0 && f->max == 0)
        return ST_OK;
    if (v < f->min)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%" PRId64 ", at least %" PRId64, v, f->min));
    if (v > f->max)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%" PRId64 ", at most %" PRId64, v, f->max));
    return ST_OK;
}

static enum status check_enum(const struct field_desc *f, uint32_t v, struct err *err)
{
    const char *text = enum_text(f->en, v);
    if (text == NULL)
        return err_rule(err, "ENC-12", err_set(err, ST_RANGE, "%" PRIu32 " is no %s", v, f->en->name));
    bool bounded = f->min != 0 || f->max != 0;
    if (bounded && ((int64_t)v < f->min || (int64_t)v > f->max))
        return err_rule(err, "ENC-9",
                        err_set(err, ST_RANGE, "%s (%" PRIu32 ") is not allowed here", text, v));
    return ST_OK;
}

/* ENC-11. */
static enum status check_decimal(const struct decimal *d, struct err *err)
{
    if (d->scale > DECIMAL_SCALE_MAX)
        return err_rule(err, "ENC-11",
                        err_set(err, ST_RANGE, "decimal with scale %" PRIu32 ", at most %d", d->scale,
                                DECIMAL_SCALE_MAX));
    if (d->scale != 0 && d->mantissa % 10 == 0)
        return err_rule(err, "ENC-11",
                        err_set(err, ST_FORMAT,
                                "decimal %" PRId64 " with scale %" PRIu32
                                " ends in 0; write it with a smaller scale",
                                d->mantissa, d->scale));
    return ST_OK;
}

static enum status check_size(size_t n, int64_t min, int64_t max, struct err *err)
{
    if (min > 0 && n < (uint64_t)min)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%zu bytes, at least %" PRId64, n, min));
    if (max < 0 || n > (uint64_t)max)
        return err_rule(err, "ENC-9", err_set(err, ST_RANGE, "%zu bytes, at most %" PRId64, n, max));
    return ST_OK;
}

static enum status check_text(struct span s, int64_t min, int64_t max, bool multiline, struct err *err)
{
    enum status st = check_size(s.n, min, max, err);
    return st != ST_OK ? st : text_check(s, multiline, err);
}

/* Says what was found only when it is safe to print. */
static enum status check_form(struct span s, bool ok, const char *form, struct err *err)
{
    if (ok)
        return ST_OK;
    if (s.n > 128 || text_check(s, false, NULL) != ST_OK)
        return err_rule(err, "ENC-10", err_set(err, ST_FORMAT, "not %s", form));
    return err_rule(err, "ENC-10", err_set(err, ST_FORMAT, "'%.*s' is not %s", SPAN_FMT(s), form));
}

static enum status check_id(struct span s, struct err *err)
{
    return check_form(s, text_is_id(s), "an id: 1 to 63 of a-z, 0-9 and -, not starting with -", err);
}

static enum status check_seat(struct span s, struct err *err)
{
    return check_form(s, text_is_seat(s), "a seat: ORGANISATION/SEAT, each an id", err);
}

/* The field types whose member is a span. */
static enum status check_span(const struct field_desc *f, struct span s, struct err *err)
{
    if (f->type == FT_BYTES)
        return check_size(s.n, f->min, f->max, err);
    if (f->type == FT_ID)
        return check_id(s, err);
    if (f->type == FT_SEAT)
        return check_seat(s, err);
    if (f->type == FT_CLAUSE)
        return check_form(s, text_is_clause(s), "a clause: ids joined by dots, at most 128 bytes", err);
    if (f->type == FT_CURRENCY)
        return check_form(s, text_is_currency(s), "a currency: three of A-Z (ISO 4217)", err);
    ASSERT(f->type == FT_TEXT || f->type == FT_MULTILINE);
    return check_text(s, f->min, f->max, f->type == FT_MULTILINE, err);
}

enum status bounds_value(const struct field_desc *f, const void *m, struct err *err)
{
    switch (f->type) {
    case FT_UINT:
        return check_uint(f, *(const uint64_t *)m, err);
    case FT_TIME:
        if (*(const uint64_t *)m >= (uint64_t)TIME_LIMIT_MS)
            return err_rule(err, "ENC-10",
                            err_set(err, ST_RANGE, "%" PRIu64 " ms, below 2^53", *(const uint64_t *)m));
        return check_uint(f, *(const uint64_t *)m, err);
    case FT_INT:
        return check_int(f, *(const int64_t *)m, err);
    case FT_ENUM:
        return check_enum(f, bounds_enum_number(m), err);
    case FT_DECIMAL:
        return check_decimal(m, err);
    case FT_BOOL:
    case FT_HASH:
    case FT_SIG:
    case FT_PROSE:
        return ST_OK;
    case FT_BYTES:
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_TEXT:
    case FT_MULTILINE:
        return check_span(f, *(const struct span *)m, err);
    case FT_RAW:
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

enum status bounds_count(const struct field_desc *f, uint64_t n, struct err *err)
{
    if (f->min > 0 && n < (uint64_t)f->min)
        return err_rule(err, "ENC-9",
                        err_set(err, ST_RANGE, "%" PRIu64 " members, at least %" PRId64, n, f->min));
    if (f->max < 0 || n > (uint64_t)f->max)
        return err_rule(err, "ENC-9",
                        err_set(err, ST_RANGE, "%" PRIu64 " members, at most %" PRId64, n, f->max));
    return ST_OK;
}

enum status bounds_item(const struct field_desc *f, const void *m, size_t i, struct err *err)
{
    if (f->type == FT_HASHES)
        return ST_OK;
    if (f->type == FT_UINTS) {
        uint64_t v = ((const struct uint_list *)m)->v[i];
        return v <= INT64_MAX
                   ? ST_OK
                   : err_rule(err, "ENC-12", err_set(err, ST_RANGE, "%" PRIu64 ", at most 2^63-1", v));
    }
    struct span s = ((const struct span_list *)m)->v[i];
    if (f->type == FT_IDS)
        return check_id(s, err);
    if (f->type == FT_SEATS)
        return check_seat(s, err);
    if (f->type == FT_TEXTS)
        return check_text(s, 1, TEXTS_MEMBER_MAX, false, err);
    ASSERT(f->type == FT_BLOBS);
    return check_size(s.n, 0, BLOBS_MEMBER_MAX, err);
}
