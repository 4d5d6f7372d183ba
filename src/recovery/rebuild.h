/* rebuild: a store out of blocks that are at hand: of a damaged store, or of a pack that anybody gave. Each block is
 * executed again, as when it came from a partner: its certificate is verified against the set in force, its
 * signatures, and every root. What cannot be read or does not hold ends it; a node fetches the rest from its
 * partners. */
#ifndef ENT_RECOVERY_REBUILD_H
#define ENT_RECOVERY_REBUILD_H

#include <stdio.h>
#include "codec/codec.h"
#include "store/store.h"

struct rebuild_result { /* plain data: lives in memory that processes share */
    bool founded;
    uint64_t height, size, time_ms; /* of the newest block */
    char stopped[400]; /* why no further block was taken */
    uint64_t outbox, outbox_lost;
    uint64_t prose_lost; /* detached texts that could not be read */
    bool marks_lost; /* some rows of table NODE could not be read: what this node signed is not known for sure
                      */
};

/* Block 0 into the empty store `to`, from the founding that `from` holds, or else from the bytes of the
 * .genesis file (which may be {NULL, 0}). from may be NULL. ST_CORRUPT: neither holds. */
MUST_USE enum status rebuild_found(struct store *from, struct store *to, struct span genesis_file,
                                   struct rebuild_result *ret_result, struct err *err);
/* A block as it was kept. */
struct rebuild_block {
    struct span header, certificate;
    struct span last_commit; /* what the block before got; or {NULL, 0}: as `to` has it */
    struct span *leaves;     /* but the first, which is the block record */
    size_t n_leaves;
    struct pack_prose_list prose;
    uint64_t prose_lost;
};
/* Where blocks come from: asked for one height after the other. ret_what: which part of it a failure is about.
 * ST_END: there are no more. */
struct rebuild_source {
    void *ctx;
    enum status (*block)(void *ctx, uint64_t height, struct arena *a, struct rebuild_block *ret, const char **ret_what,
                         struct err *err);
};
/* The blocks after the tip of `to`, one commit each, up to the first that is not whole. at is told each
 * height. */
MUST_USE enum status rebuild_blocks(const struct rebuild_source *from, struct store *to,
                                    void (*at)(void *ctx, const char *where), void *ctx,
                                    struct rebuild_result *ret_result, struct err *err);
/* From a node's store. */
MUST_USE enum status rebuild_from_store(struct store *from, struct store *to,
                                        void (*at)(void *ctx, const char *where), void *ctx,
                                        struct rebuild_result *ret_result, struct err *err);
/* From a pack (SPEC section 10). ST_FORMAT: it is none, or cut off before its first block; ST_MISMATCH: of another
 * alliance. A pack that is cut off later gives the blocks that are whole, and says so in ret_result->stopped. */
MUST_USE enum status rebuild_from_pack(FILE *pack, struct store *to, void (*at)(void *ctx, const char *where), void *ctx,
                                       struct rebuild_result *ret_result, struct err *err);
/* What is this node's own and can be read: entries that wait, refusals, marks, checkpoints, prevotes behind
 * its precommits, bodies of the open height. Table by table (0 to rebuild_own_tables() - 1), one commit each:
 * after a crash in one, the next can be taken. On damage the rest is taken, and counted in the result. */
size_t rebuild_own_tables(void);
const char *rebuild_own_name(size_t table);
MUST_USE enum status rebuild_own(struct store *from, struct store *to, size_t table,
                                 struct rebuild_result *ret_result, struct err *err);

#endif
