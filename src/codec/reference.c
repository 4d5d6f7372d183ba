#include "codec/codec.h"

static const char *type_text(enum field_type type)
{
    switch (type) {
    case FT_UINT:
        return "unsigned integer";
    case FT_INT:
        return "integer";
    case FT_BOOL:
        return "boolean";
    case FT_TIME:
        return "time (ms)";
    case FT_HASH:
        return "32 bytes";
    case FT_SIG:
        return "64 bytes";
    case FT_BYTES:
        return "bytes";
    case FT_ID:
        return "id";
    case FT_SEAT:
        return "seat";
    case FT_CLAUSE:
        return "clause";
    case FT_CURRENCY:
        return "currency";
    case FT_TEXT:
        return "text of one line";
    case FT_MULTILINE:
        return "text";
    case FT_PROSE:
        return "digest of a detached text";
    case FT_DECIMAL:
        return "decimal";
    case FT_RAW:
        return "map";
    case FT_ENUM:
        return "one of";
    case FT_REC:
        return "record";
    case FT_LIST:
        return "list of";
    case FT_IDS:
        return "list of ids";
    case FT_SEATS:
        return "list of seats";
    case FT_TEXTS:
        return "list of texts of one line";
    case FT_BLOBS:
        return "list of bytes";
    case FT_HASHES:
        return "list of 32 bytes";
    case FT_UINTS:
        return "list of unsigned integers";
    }
    return "?";
}

/* What min and max count. NULL when they do not apply. */
static const char *unit_text(enum field_type type)
{
    switch (type) {
    case FT_UINT:
    case FT_INT:
    case FT_TIME:
    case FT_ENUM:
        return "";
    case FT_BYTES:
    case FT_TEXT:
    case FT_MULTILINE:
    case FT_PROSE:
        return " bytes";
    case FT_LIST:
    case FT_IDS:
    case FT_SEATS:
    case FT_TEXTS:
    case FT_BLOBS:
    case FT_HASHES:
    case FT_UINTS:
        return " members";
    case FT_BOOL:
    case FT_HASH:
    case FT_SIG:
    case FT_ID:
    case FT_SEAT:
    case FT_CLAUSE:
    case FT_CURRENCY:
    case FT_DECIMAL:
    case FT_RAW:
    case FT_REC:
        break;
    }
    return NULL;
}

/* A bar would end the table's cell. */
static void put_cell(struct buf *b, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '|')
            buf_u8(b, '\\');
        buf_u8(b, (uint8_t)*text);
    }
}

static void put_bounds(struct buf *b, const struct field_desc *f)
{
    const char *unit = unit_text(f->type);
    if (unit == NULL || (f->min == 0 && f->max == 0))
        return;
    if (f->type == FT_ENUM) {
        const char *only = f->max < 0 ? NULL : enum_text(f->en, (uint32_t)f->max);
        if (only != NULL && (f->min == f->max || f->min < 0))
            buf_printf(b, "%s", only);
        else
            buf_printf(b, "numbers %" PRId64 " to %" PRId64, f->min, f->max);
    } else if (f->type == FT_UINT && f->max == 0) {
        buf_printf(b, "at least %" PRId64, f->min);
    } else if (f->min == f->max) {
        buf_printf(b, "%" PRId64 "%s", f->min, unit);
    } else {
        buf_printf(b, "%" PRId64 " to %" PRId64 "%s", f->min, f->max, unit);
    }
}

static void put_row(struct buf *b, const struct field_desc *f)
{
    buf_printf(b, "| %d | `%s` | %s", (int)f->key, f->name, type_text(f->type));
    if (f->rec != NULL)
        buf_printf(b, " [`%s`](#%s)", f->rec->name, f->rec->name);
    if (f->en != NULL)
        buf_printf(b, " [`%s`](#%s)", f->en->name, f->en->name);
    buf_printf(b, " | %s | ", f->optional ? "optional" : "required");
    put_bounds(b, f);
    buf_printf(b, " | ");
    put_cell(b, f->doc);
    buf_printf(b, " |\n");
}

void codec_reference(const struct record_desc *d, struct buf *b)
{
    buf_printf(b, "### %s\n\n", d->name);
    if (d->number != 0)
        buf_printf(b, "Number %" PRIu32 ". ", d->number);
    buf_printf(b, "%s\n\n| key | field | type | | bounds | meaning |\n|---|---|---|---|---|---|\n", d->doc);
    for (size_t i = 0; i < d->n; i++)
        put_row(b, &d->fields[i]);
    buf_printf(b, "\n");
}

void codec_reference_enum(const struct enum_desc *e, struct buf *b)
{
    buf_printf(b, "### %s\n\n%s\n\n| number | text | meaning |\n|---|---|---|\n", e->name, e->doc);
    for (size_t i = 0; i < e->n; i++) {
        buf_printf(b, "| %" PRIu32 " | `%s` | ", e->values[i].number, e->values[i].text);
        put_cell(b, e->values[i].doc);
        buf_printf(b, " |\n");
    }
    buf_printf(b, "\n");
}
