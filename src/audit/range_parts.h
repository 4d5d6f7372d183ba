/* range_parts: what the files of a range's check share. Internal to audit. */
#ifndef ENT_AUDIT_RANGE_PARTS_H
#define ENT_AUDIT_RANGE_PARTS_H

#include "audit/range.h"
#include "ledger/ids.h"
#include "merkle/frontier.h"

/* Who signed an entry of the block at hand, for its rows. */
struct range_signer {
    uint64_t leaf;
    struct span seat;
    struct public_key key;
};

struct range_boundary {
    uint64_t size, time_ms;
    struct hash root;
};

struct range {
    struct chain chain;
    struct range_report *r;
    struct verify_kept_list *kept;
    struct frontier tree;     /* after the newest block */
    struct hash block;        /* its id */
    uint64_t next;            /* height of the block that is expected next */
    struct hash last_commit;  /* what that block must hold, when fixed */
    bool fixed;
    struct span last_link;    /* header of the last link before the range */
    uint64_t last_link_height;
    struct ids *ids;
    struct range_boundary *boundaries; /* of the last 31 days, and the one before them; heap */
    size_t from, n, cap;
    /* Of the block at hand, until its rows are checked; in block. */
    struct arena block_arena;
    struct block_record record;
    struct range_signer *signers;
    size_t n_signers;
    bool ends; /* the block ends its epoch: */
    struct refounding_info ended_by;
};

/* RNG-5: one pack_block. */
MUST_USE enum status range_block(struct range *g, struct span body);
/* RNG-6: the rows behind it. */
MUST_USE enum status range_rows(struct range *g, struct span body);
/* A boundary of this history: kept for later bases, and compared with the checkpoints that the reader kept (PAK-7). */
MUST_USE enum status range_boundary_add(struct range *g, uint64_t size, const struct hash *root, uint64_t time_ms);
MUST_USE enum status range_compare_kept(struct range *g, uint64_t size, const struct hash *root);

#endif
