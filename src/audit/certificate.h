/* certificate: checks a decision certificate from its first byte to its last, by itself: no record beside it,
 * no network (SPEC section 21). What cannot be proven from it is said in words in the report. */
#ifndef ENT_AUDIT_CERTIFICATE_H
#define ENT_AUDIT_CERTIFICATE_H

#include "audit/verify.h"

/* One thing that happened, in order. */
struct certificate_event {
    struct state_event event;
    bool signed_here;      /* an entry did it, which is shown: */
    struct public_key key; /* who signed it */
    bool same_entry;       /* as the event before */
};

struct certificate_report {
    struct hash alliance;
    struct span name;
    bool expected; /* the reader said which alliance */
    uint64_t founded_ms;
    uint64_t bytes, frames;
    uint64_t links, refoundings;       /* blocks after which another set decided, the anchor not counted */
    uint64_t signatures, rows, writes; /* checked; proven */
    uint64_t blocks, entries, texts, texts_absent;
    struct block_record anchor; /* the newest block that it speaks of */
    uint64_t size;
    struct hash root;
    uint32_t cosigned, members;
    struct state_decision decision;
    struct state_pinned pinned; /* the row in force, its approvals written out */
    uint64_t pinned_times;
    struct certificate_event *events;
    size_t n_events;
    struct span *notes; /* what the reader must know besides, one sentence each */
    size_t n_notes;
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
