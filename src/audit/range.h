/* range: checks a range of a record from its first byte to its last (SPEC section 24): bytes, signatures, certificates, place in
 * the log, whose key signed. What was decided is not executed again: range_not_checked says so in words. Memory does not grow
 * with the range, but for the ids and boundaries of 31 days of it. */
#ifndef ENT_AUDIT_RANGE_H
#define ENT_AUDIT_RANGE_H

#include "audit/chain.h"

struct range_report {
    struct chain_report chain;
    uint64_t first, last;       /* heights */
    uint64_t first_ms, last_ms; /* their times */
    uint64_t blocks, entries, texts, texts_absent;
    uint64_t refounded;     /* epochs that a block of the range ended */
    uint64_t basis_before;  /* entries on a basis before the range, which is not compared */
    uint64_t size_before, size_last; /* leaves of the tree before the range, and after it */
    uint64_t kept_size;     /* largest checkpoint of the reader's that was found; 0: none was given */
};

/* Does the stream begin like a range? Reads nothing away: one byte is looked at. */
bool range_is(FILE *f);
/* As verify_pack. kept: or NULL. ST_UNSUPPORTED: a block is under rules that this program does not know. */
MUST_USE enum status range_check(FILE *f, const struct hash *expect, struct verify_kept_list *kept, struct arena *a,
                                 struct range_report *ret_report, struct verify_failure *ret_failure, struct err *err);
/* What no range proves, one sentence each; NULL ends. For every report. */
extern const char *const range_not_checked[];

#endif
