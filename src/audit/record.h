/* record: a verified record as lines: its entries, and its decisions with what was out of the ordinary about
 * them. */
#ifndef ENT_AUDIT_RECORD_H
#define ENT_AUDIT_RECORD_H

#include "audit/history.h"
#include "gov/query.h"

struct audit_decision {
    struct state_decision d;
    struct state_event_list events; /* in order */
    struct span title;              /* {NULL, 0}: absent */
    uint64_t revision_leaf;         /* of the current revision; the title is beside it */
    struct money amount;            /* of the current revision; no currency: none */
    bool vetoed, defaulted, deemed, acted_first, not_ratified;
    bool late; /* a deadline passed before it was decided: it escalated by itself, or silence or a default
                  decided */
};

struct audit_entry {
    uint64_t leaf, height, at_ms;
    struct leaf parsed;
    const void *body;  /* struct of its kind's block */
    uint64_t decision; /* that it is about; 0: none */
    const char *about; /* "D-4", "R-7", "K-3", "G-2", a seat; "" */
    const char *what;  /* in plain words */
};

/* What the state says that an entry made, by the leaf that made it. */
struct audit_made {
    uint64_t leaf;
    const char *id;
    bool late; /* an item overdue, a reading late, at any time */
};

struct audit_record {
    const struct view *v;
    const struct history *h;
    const struct verify_report *r;
    struct arena *a;                  /* of everything here */
    struct audit_decision *decisions; /* number n is at n - 1 */
    size_t n_decisions;
    struct audit_made *items; /* ascending by leaf */
    size_t n_items;
    struct audit_made *readings; /* every version; ascending by leaf */
    size_t n_readings;
    struct audit_made *grants; /* by number, which is by leaf too */
    size_t n_grants;
    struct audit_made *effects; /* decisions by the leaf at which they took effect; ascending by leaf */
    size_t n_effects;
    struct audit_block {
        uint64_t at_ms, first_leaf;
    } * blocks; /* by height */
};

/* From a verify_watch's end. The arena and v outlive it. ST_CORRUPT. */
MUST_USE enum status record_load(struct audit_record *r, const struct view *v, const struct history *h,
                                 const struct verify_report *report, struct arena *a, struct err *err);
/* The entries in order, each once; body and texts are in a, emptied by the caller. ST_END after the last.
 * Start with a zeroed cursor. */
struct audit_cursor {
    uint64_t height, first, at_ms;
    size_t n, i;
};
MUST_USE enum status record_next(const struct audit_record *r, struct audit_cursor *c, struct arena *a,
                                 struct audit_entry *ret, struct err *err);
/* A detached text beside a leaf; {NULL, 0}: absent. */
struct span record_text(const struct view *v, uint64_t leaf, const struct hash *digest, struct arena *a);
/* The leaf of the record of the block with this time: of what time did. */
uint64_t record_leaf_at(const struct audit_record *r, uint64_t at_ms);
/* The time of the block that holds this leaf. */
uint64_t record_time_at(const struct audit_record *r, uint64_t leaf);
/* Why the leaf changed a seat or a key: "holder by maker/registrar", "founding", "D-3 took effect (ballot by
 * maker/sponsor)". */
const char *record_cause(const struct audit_record *r, uint64_t leaf);
/* By number; NULL. */
const struct audit_decision *record_decision(const struct audit_record *r, uint64_t number);
/* "vetoed deemed late", or "". */
const char *record_marks(const struct audit_decision *d, struct arena *a);
/* "EUR 1234.56"; "" without a currency. */
const char *record_money(const struct money *m, struct arena *a);

#endif
