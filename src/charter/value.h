/* value: one field that is not a list or a nested mapping, between its text in a charter file and its struct
 * member. The type is the descriptor's; shape.h says how it is written where the type does not. */
#ifndef ENT_CHARTER_VALUE_H
#define ENT_CHARTER_VALUE_H

#include "charter/phrase.h"
#include "charter/shape.h"

/* Where a text stands, for messages. */
struct value_place {
    const char *file;
    int line, column;
    const char *key; /* as written in the file */
    struct err *err;
};

/* "FILE:LINE:COLUMN: KEY: 'TEXT' is not WHAT; expected EXPECTED". Returns ST_FORMAT. */
enum status value_refuse(const struct value_place *at, struct span text, const char *what,
                         const char *expected);

/* Is the field written as one text? Lists, records that are mappings, and files are not. */
bool value_is_text(const struct record_desc *rec, const struct field_desc *f);
/* Parses it into *member. ST_FORMAT, ST_RANGE with words; ST_LIMIT: the arena. */
MUST_USE enum status value_parse(const struct value_place *at, const struct record_desc *rec,
                                 const struct field_desc *f, struct span text, struct arena *a, void *member);
void value_print(const struct record_desc *rec, const struct field_desc *f, const void *member,
                 struct buf *b);

/* Members of IDS, SEATS and TEXTS. */
MUST_USE enum status value_parse_span(const struct value_place *at, enum field_type type, struct span text,
                                      struct span *ret_v);
/* Members of UINTS: dates, weekdays, names of sections. */
MUST_USE enum status value_parse_number(const struct value_place *at, enum shape_form form, struct span text,
                                        uint64_t *ret_v);
void value_print_number(enum shape_form form, uint64_t v, struct buf *b);
/* "sha256:HEX" (the prefix may be left out). */
bool value_parse_digest(struct span text, struct hash *ret_h);

#endif
