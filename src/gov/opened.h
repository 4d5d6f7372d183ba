/* opened: decisions of a row, or items of a type, newest first: numbers ascend with the time of opening. Reads only. Internal to
 * gov. */
#ifndef ENT_GOV_OPENED_H
#define ENT_GOV_OPENED_H

#include "gov/figure.h"

struct opened_walk {
    const struct figures *f;
    bool items;           /* of a type; else decisions of a row */
    enum item_type type;  /* of items */
    struct span row;      /* of decisions */
    uint64_t upto;        /* numbers that are left */
};
/* ST_NOTFOUND when the charter has no row of this name, and it is no type of items. */
MUST_USE enum status opened_begin(const struct figures *f, struct span name, struct opened_walk *ret);

/* The first instant from which a span does not end by now: what was opened at it or later counts. */
uint64_t opened_since(const struct figures *f, const struct charter_span *within);

/* What was opened. Its texts are in scratch, which is emptied with each. */
struct opened {
    uint64_t number, opened_ms;
    struct span_list tags; /* of an item */
};
/* The next that was opened at or after since_ms; ST_END when there is none. */
MUST_USE enum status opened_next(struct opened_walk *w, uint64_t since_ms, struct opened *ret, struct err *err);

#endif
