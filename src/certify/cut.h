/* cut: cuts a range out of a record, from its blocks given one by one (SPEC section 24). What it writes is to be checked by
 * audit/range.h before it is handed on. It keeps the state and no block: memory does not grow with the range. */
#ifndef ENT_CERTIFY_CUT_H
#define ENT_CERTIFY_CUT_H

#include "pack/pack.h"

/* Where a range begins or ends: at a height, or by the times of blocks. */
struct cut_bound {
    bool given, by_time;
    uint64_t value; /* a height; or the first or last ledger time that is meant */
};
struct cut_bounds {
    struct cut_bound from, to; /* not given: block 1; the newest block */
};

/* The ledger time of a height. */
typedef enum status (*cut_time_of)(void *ctx, uint64_t height, uint64_t *ret_ms, struct err *err);
/* The heights that are meant; newest: of the checkpoint's block. ST_RANGE, ST_NOTFOUND (no block is within) with words. */
MUST_USE enum status cut_heights(const struct cut_bounds *b, uint64_t newest, cut_time_of time_of, void *ctx, uint64_t *ret_first,
                                 uint64_t *ret_last, struct err *err);

struct cut;
struct cut *cut_new(void); /* never NULL */
void cut_free(struct cut *c);
/* Blocks first to last of a record, under a checkpoint that a quorum cosigned: of the tree after `last` or a later block. Writes the
 * head. genesis and note are copied. */
MUST_USE enum status cut_begin(struct cut *c, struct span genesis, struct span note, uint64_t first, uint64_t last, FILE *out,
                               struct err *err);
/* The next block, from 0 on. *ret_done: it was the checkpoint's; the range is whole. ST_MISMATCH: it is not the record's next block,
 * or the checkpoint is not of this record. Signatures are not verified here. */
MUST_USE enum status cut_block(struct cut *c, const struct pack_block *b, bool *ret_done, struct err *err);

/* The same from a pack, which must be seekable: it is read twice. ST_NOTFOUND: it has no checkpoint. */
MUST_USE enum status cut_pack(FILE *pack, const struct cut_bounds *b, FILE *out, struct err *err);

#endif
