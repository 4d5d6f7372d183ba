/* filter: which lines of a record are meant. */
#ifndef ENT_AUDIT_FILTER_H
#define ENT_AUDIT_FILTER_H

#include "audit/record.h"

/* Lines are entries; or decisions, when something is asked of decisions and no kind of entry is. */
struct filter {
    bool decisions;
    struct span type;        /* of decision, item: n 0 for any, and so on */
    struct span seat;        /* entries: that signed; decisions: that moved it or cast a ballot */
    struct span partner;     /* the same of organisations */
    uint32_t kind;           /* 0: any */
    uint32_t outcome;        /* phase of the decision; 0: any */
    uint64_t from_ms, to_ms; /* ledger time of the entry, or of opening: from_ms <= t < to_ms */
    bool vetoed, defaulted, deemed, late;
    struct money over; /* no currency: any amount */
};

struct filter_text { /* as given; NULL: not given */
    const char *type, *kind, *seat, *partner, *from, *to, *outcome, *over;
    bool vetoed, defaulted, deemed, late;
};

/* ST_USAGE with words. Texts are borrowed. */
MUST_USE enum status filter_parse(const struct filter_text *t, struct arena *a, struct filter *ret,
                                  struct err *err);
/* Are type, seat and partner known to the record? A misspelt one would find nothing, and look like an answer.
 * ST_USAGE. */
MUST_USE enum status filter_check(const struct filter *f, const struct audit_record *r, struct err *err);
bool filter_decision(const struct filter *f, const struct audit_decision *d);
bool filter_entry(const struct filter *f, const struct audit_record *r, const struct audit_entry *e);
/* "type spend, over EUR 1000.00; from 2026-01-01T00:00:00.000Z, before ..." */
const char *filter_words(const struct filter *f, const struct audit_record *r, struct arena *a);

#endif
