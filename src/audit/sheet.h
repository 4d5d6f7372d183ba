/* sheet: lines with columns, for people (aligned), as CSV, as JSON (lines, or one list), or as HTML. */
#ifndef ENT_AUDIT_SHEET_H
#define ENT_AUDIT_SHEET_H

#include "base/base.h"

enum sheet_form { SHEET_PLAIN, SHEET_CSV, SHEET_JSONL, SHEET_JSON };

struct sheet_column {
    const char *name; /* "opened", and its key in JSON */
    bool number;      /* right-aligned; a number in JSON */
    bool wide;        /* not in the plain form: too wide, or for machines */
    bool prose;       /* people wrote it */
};

struct sheet {
    const struct sheet_column *columns;
    size_t n_columns;
    struct arena *a; /* holds the cells */
    const char **cells;
    size_t n, cap; /* rows */
};

/* Columns and arena outlive it. */
void sheet_init(struct sheet *t, const struct sheet_column *columns, size_t n, struct arena *a);
/* A new row, its cells empty: as many as columns. Borrowed until the next row. */
const char **sheet_row(struct sheet *t);
/* Row i. */
const char **sheet_at(const struct sheet *t, size_t i);
/* With a line of names first, also without rows (plain: then nothing). CSV is RFC 4180, with lines ended by a
 * newline alone; a text that people wrote and that a spreadsheet would take for a formula gets an apostrophe
 * before it. */
void sheet_print(const struct sheet *t, enum sheet_form form, FILE *f);
/* <table>, escaped. */
void sheet_html(const struct sheet *t, FILE *f);
void html_put(const char *text, FILE *f);
/* printf into an arena. */
__attribute__((format(printf, 2, 3))) const char *text_of(struct arena *a, const char *fmt, ...);
/* A text, for a cell: newlines and tabs become spaces. */
const char *text_line(struct arena *a, struct span text);

#endif
