/* shape: how records of proto/charter.def are laid out in a charter file, and the order of their lists. One
 * table for what the descriptors do not say; loading, printing and the order check (ENC-13) all walk by it.
 */
#ifndef ENT_CHARTER_SHAPE_H
#define ENT_CHARTER_SHAPE_H

#include "codec/codec.h"

/* How a field is written, where its type does not say it. */
enum shape_form {
    FORM_PLAIN,     /* by its type */
    FORM_DATE,      /* UINT, UINTS: days since 1970-01-01 as 2026-11-23 */
    FORM_MS,        /* UINT: milliseconds as "500 ms", "1 h" */
    FORM_BEFORE,    /* charter_span: "180 d before" */
    FORM_OFFSET,    /* INT: minutes as "-05:00" */
    FORM_WEEKDAYS,  /* UINTS: [sat, sun] */
    FORM_SECTIONS,  /* UINTS: names of sections */
    FORM_SCORE,     /* UINT: "score 10" */
    FORM_DAY,       /* UINT: "day-30" */
    FORM_THRESHOLD, /* charter_predicate: "USD 250000.00" or "score 15" */
    FORM_CARD,      /* HASH: a card file, resolved to its digest; or "sha256:HEX" */
    FORM_FILE,      /* TEXT: a file; its digest is the next field */
    FORM_DIGEST,    /* HASH: digest of the file before it */
    FORM_DEFAULTS,  /* ID: that member of the file's `defaults:` */
    FORM_SPREAD,    /* LIST: its members stand among the record's own keys, those with the prefix */
};

struct shape_field {
    const struct record_desc *rec;
    uint8_t key;
    enum shape_form form;
    const char *name;     /* in the file; NULL: the field's own, with hyphens */
    const char *standard; /* text taken when the file says nothing; NULL: none */
    const char *prefix;   /* FORM_SPREAD */
};

/* What the table says of a field; never NULL. */
const struct shape_field *shape_of(const struct record_desc *rec, const struct field_desc *field);
/* The field's key in the file; for a bare section, the section's. */
struct shape_name {
    char s[64];
};
struct shape_name shape_name(const struct record_desc *rec, const struct field_desc *field);

/* Written as a mapping from its first field to the rest (to the second field itself if there are two). */
bool shape_is_keyed(const struct record_desc *rec);
/* A section written as its only field. */
bool shape_is_bare(const struct record_desc *rec);
/* Lists of this record ascend: by the first field if keyed, else by all fields. */
bool shape_is_sorted(const struct record_desc *rec);

/* Order of two records: by their first field if keyed, else field by field, an absent one first. */
int shape_compare(const struct record_desc *rec, const void *a, const void *b);
/* Walks a record and every record in it, each before its parts. Without recursion: what is still to be
 * visited waits in the arena. */
struct shape_walk {
    struct arena *arena;
    struct shape_job *jobs;
};
MUST_USE enum status shape_walk_init(struct shape_walk *w, struct arena *a, const struct record_desc *rec,
                                     const void *value);
/* ST_END after the last; ST_LIMIT: the arena is full. */
MUST_USE enum status shape_walk_next(struct shape_walk *w, const struct record_desc **ret_rec,
                                     const void **ret_value);

/* ENC-13 for a whole record and all in it. ST_FORMAT names the list; ST_LIMIT: the arena is full. */
MUST_USE enum status shape_check_order(const struct record_desc *rec, const void *value, struct arena *a,
                                       struct err *err);
/* Are two records equal in every field? ST_LIMIT: the arena is full. */
MUST_USE enum status shape_equal(const struct record_desc *rec, const void *x, const void *y, struct arena *a,
                                 bool *ret_equal);

/* A list field seen without its element type. */
struct shape_list {
    size_t n;
    void *v;
};
static inline const void *shape_member(const struct shape_list *l, const struct record_desc *rec, size_t i)
{
    return (const uint8_t *)l->v + i * rec->size;
}
static inline const void *shape_at(const void *value, const struct field_desc *f)
{
    return (const uint8_t *)value + f->offset;
}
/* Is the field there? Required ones always are. */
bool shape_has(const void *value, const struct field_desc *f);

#endif
