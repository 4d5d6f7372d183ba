/* replay: executes a record's blocks again, one by one into memory, for who shows a part of it: the writes of a block and the
 * state after it are kept nowhere else. Internal to certify. */
#ifndef ENT_CERTIFY_REPLAY_H
#define ENT_CERTIFY_REPLAY_H

#include "ledger/block.h"
#include "merkle/checkpoint.h"
#include "pack/pack.h"

struct replay {
    struct arena a;
    struct store *store;
    struct ids *ids;
    struct tip tip;
    struct genesis_info genesis;
    bool begun;
    bool ends; /* the newest block ends its epoch: */
    struct refounding_info next;
};

void replay_init(struct replay *r);
void replay_deinit(struct replay *r);
/* The founding; bytes are copied. ST_FORMAT and kin. */
MUST_USE enum status replay_begin(struct replay *r, struct span genesis, struct err *err);
/* The next block, from 0 on, in the arena; it is in the store then. ST_MISMATCH: it is not the record's next one. Signatures are not
 * verified: the checker of what is made does. */
MUST_USE enum status replay_block(struct replay *r, const struct pack_block *f, struct arena *a, struct block *ret_block, struct err *err);
/* What a signed note says, by its form alone. */
MUST_USE enum status replay_checkpoint(struct span note, struct arena *a, struct checkpoint *ret, struct err *err);
/* Is the checkpoint of the tree after this block? ST_MISMATCH: it is not of this record. */
MUST_USE enum status replay_is_of(const struct block *b, const struct checkpoint *c, bool *ret_is, struct err *err);
/* CER-3: the block as a link, in the arena, with the rows that its refounding needs. v: the state after it. */
MUST_USE enum status replay_link(const struct replay *r, const struct block *b, const struct pack_block *f, const struct view *v,
                                 struct arena *a, struct certificate_link *ret, struct err *err);
/* CER-5, RNG-7: whose log keys signed the note: PARTY of each, after the newest block; they ascend. */
MUST_USE enum status replay_log_rows(const struct replay *r, const struct view *v, struct span note, struct arena *a,
                                     struct state_proof_list *ret_rows, struct err *err);

/* What is in a pack that is to be read a second time: its founding, its newest checkpoint, where each block ends. */
struct replay_pack {
    struct span genesis, note; /* in the arena */
    struct replay_end {
        uint64_t size, time_ms;
    } *ends; /* by height; heap */
    size_t n, cap;
};
/* Reads it through, and back to its beginning. ST_NOTFOUND: it has no checkpoint. */
MUST_USE enum status replay_scan(FILE *pack, struct arena *a, struct replay_pack *ret, struct err *err);
void replay_pack_deinit(struct replay_pack *p);
/* Its blocks from 0 on, until take says that it is done. ST_MISMATCH: it never does. */
MUST_USE enum status replay_each(FILE *pack, void *ctx,
                                 enum status (*take)(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err),
                                 struct err *err);

#endif
