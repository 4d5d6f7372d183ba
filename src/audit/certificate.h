/* certificate: checks a decision certificate from its first byte to its last, by itself: no record beside it,
 * no network (SPEC section 21). What cannot be proven from it is said in words in the report. */
#ifndef ENT_AUDIT_CERTIFICATE_H
#define ENT_AUDIT_CERTIFICATE_H

#include "audit/chain.h"

/* One thing that happened, in order. */
struct certificate_event {
    struct state_event event;
    bool signed_here;      /* an entry did it, which is shown: */
    struct public_key key; /* who signed it */
    bool same_entry;       /* as the event before */
};

struct certificate_report {
    struct chain_report chain;
    uint64_t writes; /* proven */
    uint64_t blocks, entries, texts, texts_absent;
    struct state_decision decision;
    struct proposal proposal; /* of its current revision */
    struct span title, text;  /* {NULL, 0}: absent */
    struct state_pinned pinned; /* the row in force, its approvals written out */
    uint64_t pinned_times;
    struct certificate_event *events;
    size_t n_events;
};

/* Does the stream begin like a certificate? Reads nothing away: one byte is looked at. */
bool certificate_is(FILE *f);
/* As verify_pack. */
MUST_USE enum status certificate_check(FILE *f, const struct hash *expect, struct arena *a,
                                       struct certificate_report *ret_report,
                                       struct verify_failure *ret_failure, struct err *err);
/* What no certificate proves, one sentence each; NULL ends. For every report. */
extern const char *const certificate_not_proven[];

#endif
