#include "charter/scalar.h"
#include "charter/charter_model.h"

struct words scalar_words(struct span text)
{
    struct words w = {0};
    size_t i = 0;
    while (i < text.n) {
        if (text.p[i] == ' ') {
            i++;
            continue;
        }
        size_t start = i;
        while (i < text.n && text.p[i] != ' ')
            i++;
        if (w.n == SCALAR_WORDS_MAX) {
            w.n = SCALAR_WORDS_MAX + 1; /* no form has as many */
            return w;
        }
        w.v[w.n++] = span_of(text.p + start, i - start);
    }
    return w;
}

struct span scalar_join(const struct words *w, size_t i, size_t j)
{
    if (i >= j || j > w->n)
        return (struct span){0};
    const uint8_t *end = w->v[j - 1].p + w->v[j - 1].n;
    return span_of(w->v[i].p, (size_t)(end - w->v[i].p));
}

bool scalar_uint(struct span text, uint64_t *ret_v)
{
    uint64_t v = 0;
    if (text.n == 0 || text.n > 18 || (text.n > 1 && text.p[0] == '0'))
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret_v = v;
    return true;
}

/* Digits with at most one point between them. */
static bool read_digits(struct span text, int64_t *ret_mantissa, uint32_t *ret_scale)
{
    int64_t v = 0;
    uint32_t scale = 0;
    bool point = false;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        if (c == '.' && !point && i > 0 && i + 1 < text.n) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, c - '0', &v))
            return false;
        scale += point;
    }
    if (text.n == 0 || scale > 9)
        return false;
    *ret_mantissa = v;
    *ret_scale = scale;
    return true;
}

bool scalar_decimal(struct span text, struct decimal *ret_d)
{
    bool minus = text.n > 0 && text.p[0] == '-';
    struct decimal d;
    if (!read_digits(minus ? span_of(text.p + 1, text.n - 1) : text, &d.mantissa, &d.scale))
        return false;
    while (d.scale > 0 && d.mantissa % 10 == 0) {
        d.mantissa /= 10;
        d.scale--;
    }
    if (minus)
        d.mantissa = -d.mantissa;
    *ret_d = d;
    return true;
}

/* |v| * 10^-scale with all its decimals. */
static void print_fixed(int64_t v, uint32_t scale, struct buf *b)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v, unit = 1;
    for (uint32_t i = 0; i < scale; i++)
        unit *= 10;
    buf_printf(b, "%s%" PRIu64, v < 0 ? "-" : "", u / unit);
    if (scale > 0)
        buf_printf(b, ".%0*" PRIu64, (int)scale, u % unit);
}

void scalar_print_decimal(const struct decimal *d, struct buf *b)
{
    print_fixed(d->mantissa, d->scale, b);
}

bool scalar_date(struct span text, uint64_t *ret_days)
{
    uint64_t ms;
    if (text.n != 10 || time_parse(text, &ms) != ST_OK || ms / 86400000 > TIME_DAY_MAX)
        return false;
    *ret_days = ms / 86400000;
    return true;
}

void scalar_print_date(uint64_t days, struct buf *b)
{
    int64_t y;
    unsigned m, d;
    time_civil((int64_t)days, &y, &m, &d);
    buf_printf(b, "%04" PRId64 "-%02u-%02u", y, m, d);
}

static bool is_currency(struct span s)
{
    if (s.n != 3)
        return false;
    for (size_t i = 0; i < 3; i++)
        if (s.p[i] < 'A' || s.p[i] > 'Z')
            return false;
    return true;
}

bool scalar_money(struct span text, struct arena *a, struct money *ret_m)
{
    struct words w = scalar_words(text);
    if (w.n != 2 || !is_currency(w.v[0]))
        return false;
    struct span digits = w.v[1];
    bool minus = digits.p[0] == '-';
    int64_t minor;
    uint32_t scale;
    if (!read_digits(minus ? span_of(digits.p + 1, digits.n - 1) : digits, &minor, &scale))
        return false;
    if (scale != charter_currency_decimals(w.v[0]))
        return false;
    struct span currency = arena_dup(a, w.v[0]);
    if (currency.p == NULL)
        return false;
    *ret_m = (struct money){.minor = minus ? -minor : minor, .currency = currency};
    return true;
}

void scalar_print_money(const struct money *m, struct buf *b)
{
    buf_printf(b, "%.*s ", SPAN_FMT(m->currency));
    print_fixed(m->minor, charter_currency_decimals(m->currency), b);
}

bool scalar_span(struct span text, struct charter_span *ret_span)
{
    struct words w = scalar_words(text);
    uint64_t n;
    uint32_t unit;
    if (w.n != 2 || !scalar_uint(w.v[0], &n) || n > 100000)
        return false;
    if (span_eqs(w.v[1], "month"))
        unit = UNIT_MONTHS;
    else if (enum_parse(&span_unit_enum, w.v[1], &unit) != ST_OK)
        return false;
    *ret_span = (struct charter_span){.n = n, .unit = (enum span_unit)unit};
    return true;
}

void scalar_print_span(const struct charter_span *s, struct buf *b)
{
    buf_printf(b, "%" PRIu64 " %s", s->n, enum_text(&span_unit_enum, s->unit));
}

bool scalar_period(struct span text, struct charter_period *ret_p)
{
    struct words w = scalar_words(text);
    size_t i = scalar_word_is(&w, 0, "every") ? 1 : 0;
    uint64_t n = 1;
    uint32_t unit;
    if (w.n == i + 2 && scalar_uint(w.v[i], &n))
        i++;
    if (w.n != i + 1 || n == 0 || n > 10000)
        return false;
    struct span word = w.v[i];
    if (word.n > 1 && word.p[word.n - 1] == 's') /* weeks */
        word.n--;
    if (enum_parse(&period_unit_enum, word, &unit) != ST_OK)
        return false;
    *ret_p = (struct charter_period){.n = n, .unit = (enum period_unit)unit};
    return true;
}

void scalar_print_period(const struct charter_period *p, struct buf *b)
{
    const char *unit = enum_text(&period_unit_enum, p->unit);
    if (p->unit == PERIOD_DAY)
        buf_printf(b, "%" PRIu64 " d", p->n);
    else if (p->n == 1)
        buf_printf(b, "%s", unit);
    else
        buf_printf(b, "%" PRIu64 " %ss", p->n, unit);
}

static const struct {
    const char *unit;
    uint64_t ms;
} exact[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};

bool scalar_ms(struct span text, uint64_t *ret_ms)
{
    struct words w = scalar_words(text);
    uint64_t n;
    if (w.n != 2 || !scalar_uint(w.v[0], &n) || n > 1000000000)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(exact); i++)
        if (span_eqs(w.v[1], exact[i].unit)) {
            *ret_ms = n * exact[i].ms;
            return true;
        }
    return false;
}

void scalar_print_ms(uint64_t ms, struct buf *b)
{
    size_t i = 0;
    while (ms == 0 ? i + 1 < ARRAY_LEN(exact) : ms % exact[i].ms != 0)
        i++;
    buf_printf(b, "%" PRIu64 " %s", ms / exact[i].ms, exact[i].unit);
}

bool scalar_offset(struct span t, int64_t *ret_minutes)
{
    if (t.n != 6 || (t.p[0] != '+' && t.p[0] != '-') || t.p[3] != ':')
        return false;
    for (size_t i = 1; i < 6; i++)
        if (i != 3 && (t.p[i] < '0' || t.p[i] > '9'))
            return false;
    int64_t h = (t.p[1] - '0') * 10 + (t.p[2] - '0'), m = (t.p[4] - '0') * 10 + (t.p[5] - '0');
    if (h > 14 || m > 59 || h * 60 + m > 840)
        return false;
    *ret_minutes = t.p[0] == '-' ? -(h * 60 + m) : h * 60 + m;
    return true;
}

void scalar_print_offset(int64_t minutes, struct buf *b)
{
    int64_t u = minutes < 0 ? -minutes : minutes;
    buf_printf(b, "%c%02d:%02d", minutes < 0 ? '-' : '+', (int)(u / 60), (int)(u % 60));
}
