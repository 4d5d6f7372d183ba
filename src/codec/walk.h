/* walk: steps through a struct by its descriptor, in the order of the wire: the one traversal under encode,
 * check and JSON. Nested records and lists go through a stack of frames, not through calls. */
#ifndef ENT_CODEC_WALK_H
#define ENT_CODEC_WALK_H

#include "codec/records.h"

enum { WALK_FRAMES = LIMIT_NEST_DEPTH };

enum walk_event {
    WALK_BEGIN,    /* a record begins: walk_pairs says how many fields follow */
    WALK_FIELD,    /* w->field and w->member; a REC's or LIST's content follows as events of its own */
    WALK_END,      /* the record ends */
    WALK_LIST_END, /* the LIST ends (an empty one too) */
    WALK_DONE,
};

struct walk_frame {
    const struct record_desc *d;
    const uint8_t *rec;
    size_t next;    /* first field not yet seen */
    size_t i, n;    /* member of a LIST; n is 0 outside of lists */
    unsigned depth; /* of the record's map on the wire, ENC-6 */
};

struct walk {
    struct walk_frame frame[WALK_FRAMES];
    size_t n;
    int state;
    const struct field_desc *field;
    const uint8_t *member;
};

void walk_init(struct walk *w, const struct record_desc *d, const void *rec);
enum walk_event walk_next(struct walk *w);
/* After WALK_FIELD of a RAW: walks through rec as if it were there. False when frames or depth do not allow.
 */
MUST_USE bool walk_enter(struct walk *w, const struct record_desc *d, const void *rec);
/* The record whose events these are. */
const struct walk_frame *walk_top(const struct walk *w);
/* Fields that are present in it. */
size_t walk_pairs(const struct walk *w);
/* Puts where the walk is before the text in err; item: member of a list of scalars, or PATH_NO_INDEX. */
enum status walk_fail(const struct walk *w, size_t item, enum status st, struct err *err);

#endif
