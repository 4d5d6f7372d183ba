/* part: are the parts of a section well formed, beyond what types and bounds say? A part that no charter file
 * could express (a selector of a body and a seat, a metric term without a comparison) is refused when a
 * section is decoded. */
#ifndef ENT_CHARTER_PART_H
#define ENT_CHARTER_PART_H

#include "charter/shape.h"

/* Walks a whole section. ST_FORMAT names the part and what is wrong with it; ST_LIMIT: the arena is full. */
MUST_USE enum status part_check(const struct record_desc *rec, const void *value, struct arena *a,
                                struct err *err);

#endif
