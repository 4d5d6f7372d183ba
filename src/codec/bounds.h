/* bounds: does a value obey its field's block (ENC-8 to ENC-12)? Used after reading and before writing alike.
 * Messages say what is wrong, without the field's name and place: "5000 bytes, at most 4000". ST_RANGE for a
 * bound, ST_FORMAT for a text or decimal that breaks its form. */
#ifndef ENT_CODEC_BOUNDS_H
#define ENT_CODEC_BOUNDS_H

#include "codec/desc.h"

/* Wire sizes of list members that their field's line does not bound. */
enum { TEXTS_MEMBER_MAX = 1024, BLOBS_MEMBER_MAX = 65791, DECIMAL_SCALE_MAX = 9 };

/* What a walker does with a field: what its value is made of. */
enum bounds_shape {
    SHAPE_VALUE,   /* one value */
    SHAPE_RAW,     /* RAW: a map of its own */
    SHAPE_REC,     /* REC */
    SHAPE_LIST,    /* LIST of records */
    SHAPE_SCALARS, /* list of values */
};
enum bounds_shape bounds_shape(enum field_type type);

/* A field of SHAPE_VALUE; m points to the member of the struct. */
MUST_USE enum status bounds_value(const struct field_desc *f, const void *m, struct err *err);
/* How many members a list of either shape has. */
MUST_USE enum status bounds_count(const struct field_desc *f, uint64_t n, struct err *err);
/* Member i of SHAPE_SCALARS; m points to the list in the struct. */
MUST_USE enum status bounds_item(const struct field_desc *f, const void *m, size_t i, struct err *err);

/* The number in an enum member, whatever its enum. */
uint32_t bounds_enum_number(const void *m);
/* Members of any list type of desc.h. */
size_t bounds_list_n(const void *m);
/* The array of a LIST member. */
const void *bounds_list_v(const void *m);

#endif
