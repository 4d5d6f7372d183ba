#include "audit/sheet.h"
#include <stdarg.h>

void sheet_init(struct sheet *t, const struct sheet_column *columns, size_t n, struct arena *a)
{
    *t = (struct sheet){.columns = columns, .n_columns = n, .a = a};
}

const char **sheet_at(const struct sheet *t, size_t i)
{
    ASSERT(i < t->n);
    return &t->cells[i * t->n_columns];
}

const char **sheet_row(struct sheet *t)
{
    if (t->n == t->cap) {
        size_t cap = t->cap == 0 ? 64 : 2 * t->cap;
        const char **cells = arena_array(t->a, cap * t->n_columns, sizeof *cells);
        ASSERT(cells != NULL);
        if (t->n > 0)
            memcpy(cells, t->cells, t->n * t->n_columns * sizeof *cells);
        t->cells = cells;
        t->cap = cap;
    }
    const char **row = &t->cells[t->n++ * t->n_columns];
    for (size_t i = 0; i < t->n_columns; i++)
        row[i] = "";
    return row;
}

/* Characters, as a terminal counts most of them: bytes that begin one. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s != 0; s++)
        n += ((uint8_t)*s & 0xc0) != 0x80;
    return n;
}

static void pad(size_t n, FILE *f)
{
    for (size_t i = 0; i < n; i++)
        (void)fputc(' ', f);
}

static void print_plain(const struct sheet *t, FILE *f)
{
    enum { COLUMNS_MAX = 32 };
    size_t width[COLUMNS_MAX], last = 0;
    ASSERT(t->n_columns <= COLUMNS_MAX);
    if (t->n == 0)
        return;
    for (size_t c = 0; c < t->n_columns; c++) {
        width[c] = width_of(t->columns[c].name);
        for (size_t i = 0; i < t->n; i++) {
            size_t w = width_of(sheet_at(t, i)[c]);
            width[c] = w > width[c] ? w : width[c];
        }
        last = t->columns[c].wide ? last : c;
    }
    for (size_t i = 0; i <= t->n; i++) {
        for (size_t c = 0; c <= last; c++) {
            const struct sheet_column *col = &t->columns[c];
            const char *cell = i == 0 ? col->name : sheet_at(t, i - 1)[c];
            size_t room = width[c] - width_of(cell);
            if (col->wide)
                continue;
            pad(col->number ? room : 0, f);
            (void)fputs(cell, f);
            if (c < last)
                pad((col->number ? 0 : room) + 2, f);
        }
        (void)fputc('\n', f);
    }
}

static void csv_cell(const struct sheet_column *col, const char *s, FILE *f)
{
    bool formula = col->prose && s[0] != 0 && strchr("=+-@", s[0]) != NULL;
    if (!formula && strpbrk(s, ",\"\r\n") == NULL) {
        (void)fputs(s, f);
        return;
    }
    (void)fputs(formula ? "\"'" : "\"", f);
    for (; *s != 0; s++) {
        if (*s == '"')
            (void)fputc('"', f);
        (void)fputc(*s, f);
    }
    (void)fputc('"', f);
}

static void print_csv(const struct sheet *t, FILE *f)
{
    for (size_t i = 0; i <= t->n; i++) {
        for (size_t c = 0; c < t->n_columns; c++) {
            if (c > 0)
                (void)fputc(',', f);
            csv_cell(&t->columns[c], i == 0 ? t->columns[c].name : sheet_at(t, i - 1)[c], f);
        }
        (void)fputc('\n', f);
    }
}

static void json_text(const char *s, FILE *f)
{
    (void)fputc('"', f);
    for (; *s != 0; s++) {
        if (*s == '"' || *s == '\\')
            (void)fprintf(f, "\\%c", *s);
        else if ((uint8_t)*s < 0x20)
            (void)fprintf(f, "\\u%04x", (unsigned)(uint8_t)*s);
        else
            (void)fputc(*s, f);
    }
    (void)fputc('"', f);
}

/* What is empty is left out. One list, or a line each. */
static void print_json(const struct sheet *t, bool list, FILE *f)
{
    if (list)
        (void)fputs(t->n == 0 ? "[]\n" : "[", f);
    for (size_t i = 0; i < t->n; i++) {
        const char *comma = "";
        (void)fputc('{', f);
        for (size_t c = 0; c < t->n_columns; c++) {
            const char *cell = sheet_at(t, i)[c];
            if (cell[0] == 0)
                continue;
            (void)fputs(comma, f);
            comma = ",";
            json_text(t->columns[c].name, f);
            (void)fputc(':', f);
            if (t->columns[c].number)
                (void)fputs(cell, f);
            else
                json_text(cell, f);
        }
        (void)fputs(!list ? "}\n" : i + 1 == t->n ? "}]\n" : "},\n", f);
    }
}

void sheet_print(const struct sheet *t, enum sheet_form form, FILE *f)
{
    if (form == SHEET_PLAIN)
        print_plain(t, f);
    else if (form == SHEET_CSV)
        print_csv(t, f);
    else
        print_json(t, form == SHEET_JSON, f);
}

void html_put(const char *text, FILE *f)
{
    for (; *text != 0; text++) {
        switch (*text) {
        case '&':
            (void)fputs("&amp;", f);
            break;
        case '<':
            (void)fputs("&lt;", f);
            break;
        case '>':
            (void)fputs("&gt;", f);
            break;
        case '"':
            (void)fputs("&quot;", f);
            break;
        default:
            (void)fputc(*text, f);
        }
    }
}

void sheet_html(const struct sheet *t, FILE *f)
{
    (void)fputs("<table>\n<thead><tr>", f);
    for (size_t c = 0; c < t->n_columns; c++) {
        if (t->columns[c].wide)
            continue;
        (void)fputs(t->columns[c].number ? "<th class=\"n\">" : "<th>", f);
        html_put(t->columns[c].name, f);
        (void)fputs("</th>", f);
    }
    (void)fputs("</tr></thead>\n<tbody>\n", f);
    for (size_t i = 0; i < t->n; i++) {
        (void)fputs("<tr>", f);
        for (size_t c = 0; c < t->n_columns; c++) {
            if (t->columns[c].wide)
                continue;
            (void)fputs(t->columns[c].number ? "<td class=\"n\">" : "<td>", f);
            html_put(sheet_at(t, i)[c], f);
            (void)fputs("</td>", f);
        }
        (void)fputs("</tr>\n", f);
    }
    (void)fputs("</tbody>\n</table>\n", f);
}

const char *text_of(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    ASSERT(n >= 0);
    char *s = arena_alloc(a, (size_t)n + 1);
    ASSERT(s != NULL);
    va_start(ap, fmt);
    (void)vsnprintf(s, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return s;
}

const char *text_line(struct arena *a, struct span text)
{
    char *s = arena_alloc(a, text.n + 1);
    ASSERT(s != NULL);
    for (size_t i = 0; i < text.n; i++)
        s[i] = text.p[i] == '\n' || text.p[i] == '\t' ? ' ' : (char)text.p[i];
    return s;
}
