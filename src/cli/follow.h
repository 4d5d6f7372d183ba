/* follow: do two checkpoints of one log fit together? And which nodes may sign one. Nothing here asks anybody. */
#ifndef ENT_CLI_FOLLOW_H
#define ENT_CLI_FOLLOW_H

#include "codec/records.h"
#include "merkle/checkpoint.h"

enum follow_verdict {
    FOLLOW_FIRST,     /* nothing was seen before */
    FOLLOW_SAME,
    FOLLOW_GREW,      /* it begins with what was seen */
    FOLLOW_BEHIND,    /* it is the beginning of what was seen */
    FOLLOW_SPLIT,     /* of the same size, and another tree: two histories were signed */
    FOLLOW_REWRITTEN, /* larger, and nothing shows that it begins with what was seen */
    FOLLOW_SHORTER,   /* smaller, and nothing shows that it is the beginning of what was seen */
};
static inline bool follow_alarms(enum follow_verdict v)
{
    return v >= FOLLOW_SPLIT;
}

/* kept: seen before, or NULL. proof: of consistency between the smaller and the larger, as it was given; NULL: none was. */
enum follow_verdict follow_compare(const struct checkpoint *kept, const struct checkpoint *shown, const struct hash_list *proof);
/* "shows ...": what is wrong, of who shows it, in words; of a verdict that alarms. */
void follow_words(enum follow_verdict v, const struct checkpoint *kept, const struct checkpoint *shown, struct buf *out);

/* Verifies a checkpoint by the cosignature keys of the set in force after its tree: its origin, and a quorum of it
 * (CKP-1 to CKP-4). ST_RANGE: some of it, and fewer than a quorum, which is no fault while cosignatures travel; ST_BADSIG: none, or
 * one that does not verify; ST_MISMATCH: of another log; ST_FORMAT. */
MUST_USE enum status follow_verify(struct span note, struct span origin, const struct validator_set *set, struct arena *a,
                                   struct checkpoint *ret, struct err *err);

/* Which set decides the next block, as far as blocks were looked at. */
struct follow_set {
    uint64_t height, epoch;
    uint64_t size; /* of the tree after that block */
    struct validator_set set; /* in the caller's arena */
};
/* The next block, by its certificate (CRT-1, CRT-3, BLK-6). Its set, if it changes, is copied into the arena. ST_UNSUPPORTED: an
 * epoch ends with it, so nothing here tells who signs from then on. ST_BADSIG and others: it is not certified by the set. */
MUST_USE enum status follow_block(struct follow_set *s, const struct hash *alliance, const struct pack_block *b, struct arena *a,
                                  struct err *err);

#endif
