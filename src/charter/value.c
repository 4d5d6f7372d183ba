#include "charter/value.h"

enum status value_refuse(const struct value_place *at, struct span text, const char *what,
                         const char *expected)
{
    struct span shown = text.n > 120 ? span_of(text.p, 120) : text;
    if (text_check(shown, false, NULL) != ST_OK) /* never echo what could drive a terminal */
        return err_set(at->err, ST_FORMAT, "%s:%d:%d: %s: this text is not %s; expected %s", at->file,
                       at->line, at->column, at->key, what, expected);
    if (text.n == 0)
        return err_set(at->err, ST_FORMAT, "%s:%d:%d: %s: empty; expected %s", at->file, at->line, at->column,
                       at->key, expected);
    return err_set(at->err, ST_FORMAT, "%s:%d:%d: %s: '%.*s%s' is not %s; expected %s", at->file, at->line,
                   at->column, at->key, SPAN_FMT(shown), text.n > shown.n ? "..." : "", what, expected);
}

static enum status out_of_memory(const struct value_place *at)
{
    return err_set(at->err, ST_LIMIT, "%s:%d:%d: %s: the charter is too large", at->file, at->line,
                   at->column, at->key);
}

static enum status refuse_range(const struct value_place *at, const char *v, const struct field_desc *f)
{
    if (f->max == 0)
        return err_set(at->err, ST_RANGE, "%s:%d:%d: %s: %s is too small; expected at least %" PRId64,
                       at->file, at->line, at->column, at->key, v, f->min);
    return err_set(at->err, ST_RANGE, "%s:%d:%d: %s: %s is out of range; expected %" PRId64 " to %" PRId64,
                   at->file, at->line, at->column, at->key, v, f->min, f->max);
}

static enum status refuse_enum(const struct value_place *at, struct span text, const struct enum_desc *e,
                               uint64_t min, uint64_t max)
{
    char list[512] = "";
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        if (max != 0 && (e->values[i].number < min || e->values[i].number > max))
            continue;
        int w = snprintf(list + n, sizeof list - n, "%s%s", n == 0 ? "one of: " : ", ", e->values[i].text);
        if (w < 0 || (size_t)w >= sizeof list - n)
            break;
        n += (size_t)w;
    }
    return value_refuse(at, text, "one of its values", list);
}

bool value_parse_digest(struct span text, struct hash *ret_h)
{
    static const char prefix[] = "sha256:";
    size_t skip = sizeof prefix - 1;
    if (text.n > skip && memcmp(text.p, prefix, skip) == 0)
        text = span_of(text.p + skip, text.n - skip);
    return hex_to_hash(text, ret_h) == ST_OK;
}

enum status value_parse_span(const struct value_place *at, enum field_type type, struct span text,
                             struct span *ret_v)
{
    struct err why = {0};
    if ((type == FT_ID || type == FT_IDS) && !text_is_id(text))
        return value_refuse(at, text, "a name", "lower-case letters, digits and hyphens, at most 63");
    if ((type == FT_SEAT || type == FT_SEATS) && !text_is_seat(text))
        return value_refuse(at, text, "a seat", "ORG/SEAT, such as brand/finance");
    if ((type == FT_TEXT || type == FT_TEXTS) && text_check(text, false, &why) != ST_OK)
        return err_set(at->err, ST_FORMAT, "%s:%d:%d: %s: %s; expected plain text on one line", at->file,
                       at->line, at->column, at->key, why.text);
    if (type == FT_TEXTS && (text.n < 1 || text.n > 1024))
        return err_set(at->err, ST_RANGE, "%s:%d:%d: %s: %zu bytes; expected 1 to 1024", at->file, at->line,
                       at->column, at->key, text.n);
    *ret_v = text;
    return ST_OK;
}

enum status value_parse_number(const struct value_place *at, enum shape_form form, struct span text,
                               uint64_t *ret_v)
{
    uint32_t number;
    switch (form) {
    case FORM_DATE:
        if (!scalar_date(text, ret_v))
            return value_refuse(at, text, "a date", "YEAR-MONTH-DAY from 1970 to 2243-10-17, such as 2026-11-23");
        return ST_OK;
    case FORM_WEEKDAYS:
        if (enum_parse(&weekday_enum, text, &number) != ST_OK)
            return refuse_enum(at, text, &weekday_enum, 0, 0);
        *ret_v = number;
        return ST_OK;
    case FORM_SECTIONS:
        if (enum_parse(&section_id_enum, text, &number) != ST_OK)
            return refuse_enum(at, text, &section_id_enum, 0, 0);
        *ret_v = number;
        return ST_OK;
    case FORM_MS:
        if (!scalar_ms(text, ret_v))
            return value_refuse(at, text, "an exact time",
                                "a number and one of d, h, min, s, ms, such as 500 ms");
        return ST_OK;
    case FORM_SCORE: {
        struct words w = scalar_words(text);
        if (w.n != 2 || !span_eqs(w.v[0], "score") || !scalar_uint(w.v[1], ret_v))
            return value_refuse(at, text, "a score", "score N, such as score 10");
        return ST_OK;
    }
    case FORM_DAY:
        if (text.n <= 4 || memcmp(text.p, "day-", 4) != 0 ||
            !scalar_uint(span_of(text.p + 4, text.n - 4), ret_v))
            return value_refuse(at, text, "a day of the launch plan", "day-N, such as day-30");
        return ST_OK;
    case FORM_PLAIN:
    case FORM_BEFORE:
    case FORM_OFFSET:
    case FORM_THRESHOLD:
    case FORM_CARD:
    case FORM_FILE:
    case FORM_DIGEST:
    case FORM_DEFAULTS:
    case FORM_SPREAD:
        break;
    }
    if (!scalar_uint(text, ret_v))
        return value_refuse(at, text, "a whole number", "digits, no sign, no leading zero");
    return ST_OK;
}

void value_print_number(enum shape_form form, uint64_t v, struct buf *b)
{
    switch (form) {
    case FORM_DATE:
        scalar_print_date(v, b);
        return;
    case FORM_WEEKDAYS:
        buf_printf(b, "%s", enum_text(&weekday_enum, (uint32_t)v));
        return;
    case FORM_SECTIONS:
        buf_printf(b, "%s", enum_text(&section_id_enum, (uint32_t)v));
        return;
    case FORM_MS:
        scalar_print_ms(v, b);
        return;
    case FORM_SCORE:
        buf_printf(b, "score ");
        break;
    case FORM_DAY:
        buf_printf(b, "day-");
        break;
    case FORM_PLAIN:
    case FORM_BEFORE:
    case FORM_OFFSET:
    case FORM_THRESHOLD:
    case FORM_CARD:
    case FORM_FILE:
    case FORM_DIGEST:
    case FORM_DEFAULTS:
    case FORM_SPREAD:
        break;
    }
    buf_printf(b, "%" PRIu64, v);
}

bool value_is_text(const struct record_desc *rec, const struct field_desc *f)
{
    if (f->type == FT_REC)
        return phrase_of(f->rec) != NULL || shape_of(rec, f)->form == FORM_THRESHOLD;
    return f->type != FT_LIST && f->type != FT_IDS && f->type != FT_SEATS && f->type != FT_TEXTS &&
           f->type != FT_UINTS;
}

static enum status parse_uint(const struct value_place *at, const struct field_desc *f, enum shape_form form,
                              struct span text, uint64_t *member)
{
    uint64_t v;
    enum status st = value_parse_number(at, form, text, &v);
    if (st != ST_OK)
        return st;
    bool low = f->min > 0 && v < (uint64_t)f->min, high = f->max != 0 && v > (uint64_t)f->max;
    if (low || high) {
        char shown[40];
        (void)snprintf(shown, sizeof shown, "%" PRIu64 "%s", v, form == FORM_MS ? " ms" : "");
        return refuse_range(at, shown, f);
    }
    *member = v;
    return ST_OK;
}

static enum status parse_bool(const struct value_place *at, struct span text, bool *member)
{
    bool yes = span_eqs(text, "true") || span_eqs(text, "yes");
    if (!yes && !span_eqs(text, "false") && !span_eqs(text, "no"))
        return value_refuse(at, text, "yes or no", "true or false");
    *member = yes;
    return ST_OK;
}

static enum status parse_enum(const struct value_place *at, const struct field_desc *f, struct span text,
                              void *member)
{
    uint32_t v;
    bool known = enum_parse(f->en, text, &v) == ST_OK;
    if (!known || (f->max != 0 && ((int64_t)v < f->min || (int64_t)v > f->max)))
        return refuse_enum(at, text, f->en, (uint64_t)f->min, (uint64_t)f->max);
    unsigned e = v;
    memcpy(member, &e, sizeof e);
    return ST_OK;
}

static enum status parse_phrase(const struct value_place *at, const struct phrase *p, struct span text,
                                struct arena *a, void *member)
{
    if (!p->parse(text, a, member))
        return value_refuse(at, text, p->what, p->expected);
    return ST_OK;
}

static enum status parse_before(const struct value_place *at, struct span text, struct charter_span *member)
{
    struct words w = scalar_words(text);
    if (w.n != 3 || !span_eqs(w.v[2], "before") || !scalar_span(scalar_join(&w, 0, 2), member))
        return value_refuse(at, text, "a time before", "a span and the word before, such as 180 d before");
    return ST_OK;
}

static enum status parse_text(const struct value_place *at, const struct field_desc *f, struct span text,
                              struct span *member)
{
    struct span v;
    enum status st = value_parse_span(at, f->type, text, &v);
    if (st != ST_OK)
        return st;
    if (f->type == FT_TEXT && (v.n < (size_t)f->min || (f->max != 0 && v.n > (size_t)f->max)))
        return err_set(at->err, ST_RANGE, "%s:%d:%d: %s: %zu bytes; expected %" PRId64 " to %" PRId64,
                       at->file, at->line, at->column, at->key, v.n, f->min, f->max);
    *member = v;
    return ST_OK;
}

enum status value_parse(const struct value_place *at, const struct record_desc *rec,
                        const struct field_desc *f, struct span text, struct arena *a, void *member)
{
    enum shape_form form = shape_of(rec, f)->form;
    text = arena_dup(a, text);
    if (text.p == NULL)
        return out_of_memory(at);
    if (f->type == FT_UINT)
        return parse_uint(at, f, form, text, member);
    if (f->type == FT_BOOL)
        return parse_bool(at, text, member);
    if (f->type == FT_ENUM)
        return parse_enum(at, f, text, member);
    if (f->type == FT_ID || f->type == FT_SEAT || f->type == FT_TEXT)
        return parse_text(at, f, text, member);
    if (f->type == FT_REC && form == FORM_BEFORE)
        return parse_before(at, text, member);
    if (f->type == FT_REC)
        return parse_phrase(at, form == FORM_THRESHOLD ? &phrase_threshold : phrase_of(f->rec), text, a,
                            member);
    if (f->type == FT_INT && form == FORM_OFFSET && !scalar_offset(text, member))
        return value_refuse(at, text, "an offset from UTC",
                            "hours and minutes such as \"-05:00\", at most 14:00");
    if (f->type == FT_DECIMAL && !scalar_decimal(text, member))
        return value_refuse(at, text, "a number", "digits, with at most 9 after the point");
    if (f->type == FT_HASH && !value_parse_digest(text, member))
        return value_refuse(at, text, "a digest", "64 hexadecimal digits");
    if (f->type == FT_TIME && time_parse(text, member) != ST_OK)
        return value_refuse(at, text, "a time", "such as 2026-11-23T09:15:00Z");
    return ST_OK;
}

void value_print(const struct record_desc *rec, const struct field_desc *f, const void *member, struct buf *b)
{
    enum shape_form form = shape_of(rec, f)->form;
    if (f->type == FT_UINT) {
        value_print_number(form, *(const uint64_t *)member, b);
    } else if (f->type == FT_INT) {
        scalar_print_offset(*(const int64_t *)member, b);
    } else if (f->type == FT_BOOL) {
        buf_printf(b, "%s", *(const bool *)member ? "true" : "false");
    } else if (f->type == FT_ENUM) {
        unsigned v;
        memcpy(&v, member, sizeof v);
        buf_printf(b, "%s", enum_text(f->en, v));
    } else if (f->type == FT_DECIMAL) {
        scalar_print_decimal(member, b);
    } else if (f->type == FT_TIME) {
        buf_printf(b, "%s", time_utc(*(const uint64_t *)member).s);
    } else if (f->type == FT_HASH) {
        buf_printf(b, "%s%s", form == FORM_CARD ? "sha256:" : "", hex_of(member).s);
    } else if (f->type == FT_REC) {
        (form == FORM_THRESHOLD ? &phrase_threshold : phrase_of(f->rec))->print(member, b);
        if (form == FORM_BEFORE)
            buf_printf(b, " before");
    } else {
        buf_put_span(b, *(const struct span *)member);
    }
}
