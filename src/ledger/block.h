/* block: making, checking and flushing one block (SPEC sections 4 to 6, 9). Execution writes into overlays; nothing
 * touches the store until the block is decided, and dropping the arena undoes all. */
#ifndef ENT_LEDGER_BLOCK_H
#define ENT_LEDGER_BLOCK_H

#include "gov/refound.h"
#include "ledger/genesis.h"
#include "ledger/ids.h"
#include "ledger/leaf.h"
#include "merkle/frontier.h"
#include "merkle/sparse.h"
#include "store/store.h"

/* Where a log ends. Plain data; the state before the next block. */
struct tip {
    struct hash alliance;
    uint64_t height, epoch, time_ms;
    struct hash block;        /* id of the newest block */
    struct frontier tree;     /* over all leaves */
    struct sparse_tree state; /* over the authority-bearing tables */
    uint32_t rules;           /* version in force for the next block */
    struct hash validators;   /* hash of the set that decides the next block */
};

/* What execution of the next block starts from. view is of the state after tip. */
struct ledger {
    const struct tip *tip;
    const struct view *view;
    const struct ids *ids;
    uint32_t rules_max; /* newest rules version that may be executed; 0: GOV_RULES_MAX */
    /* Of this state, for who judges many entries against it: NULL and 0, and block_judge reads them each time. */
    const struct gov_clock *clock;
    uint64_t calm_until_ms; /* gov_calm_until */
    /* NULL, or: the next block is the first of a new epoch (REF-5). Read, and checked against the tip (REF-2). */
    const struct refounding_info *refounding;
};

struct block {
    struct block_record record;  /* decoded */
    struct span header_bytes;
    struct hash id;              /* SHA-256 of header_bytes */
    struct hash root;            /* of the tree after it */
    uint64_t first_leaf;         /* index of leaf 0, the block record */
    size_t n_leaves;             /* leaf 0 included */
    struct span *leaves;         /* in the arena, leaf 0 included */
    struct leaf *entries;        /* parsed: entries[i] is leaves[i + 1]; NULL for the genesis block */
    struct overlay_write *writes; /* net writes of governance tables */
    size_t n_writes;
    struct overlay_write *nodes; /* new and retired nodes of the sparse tree */
    size_t n_nodes;
    size_t timers;               /* fired */
    const struct validator_set *begins; /* the set that decides it, when it is the first block of an epoch; else NULL */
    struct tip after;
};

/* ENT-2, ENT-3 (alliance), ENT-5, ENT-6 for an entry that would be in the next block at time_ms. The status is only
 * for faults of this machine. why (256 bytes) gets the particulars. */
MUST_USE enum status block_admit(const struct ledger *l, const struct leaf *leaf, uint64_t time_ms, enum verdict *ret_verdict,
                                 char *why, struct err *err);

struct block_candidate {
    struct leaf leaf;      /* signature checked already */
    enum verdict verdict;  /* set by block_make: V_OK when it is in the block */
    bool left_out;         /* set by block_make: no room in this block; try again in a later one */
    char why[256];
};

/* Makes the next block at time_ms from the candidates, in their order, leaving out what is not accepted. ST_END when
 * nothing is to be decided: no timer due and no candidate accepted (BLK-8). The block lives in the arena. */
MUST_USE enum status block_make(const struct ledger *l, uint64_t time_ms, struct span proposer, const struct hash *last_commit,
                                struct block_candidate *candidates, size_t n, struct arena *a, struct block *ret_block,
                                struct err *err);

/* The verdicts that block_make would give, without making a block: no roots, and no timers fired where no candidate is
 * admissible. left_out as there. */
MUST_USE enum status block_judge(const struct ledger *l, uint64_t time_ms, struct block_candidate *candidates, size_t n,
                                 struct arena *a, struct err *err);

/* Checks one leaf's signature; lets the caller use its cache and threads. */
struct block_verifier {
    void *ctx;
    enum status (*verify)(void *ctx, const struct leaf *leaf);
};

/* Executes a block made elsewhere and compares everything it says. leaves are 1 and on. ST_OK with *ret_valid false:
 * the block is invalid (a fact of the protocol). why then begins with the rule, "BLK-5: ..."; where it is an entry that
 * is at fault, its number in the block follows, "ENT-6: entry 2: ...", with the first difference. Spans are copied into
 * the arena. Ledger time against a clock is not judged here. */
MUST_USE enum status block_execute(const struct ledger *l, struct span header_bytes, const struct span *leaves, size_t n,
                                   const struct block_verifier *verifier, struct arena *a, bool *ret_valid, struct block *ret_block,
                                   char why[256], struct err *err);

/* REF-3, REF-4: is l->refounding, which ends the epoch with the tip, signed by those who must, and is its set what the
 * state gives? *ret_sound false: why says so, beginning with the rule. */
MUST_USE enum status block_refounding_sound(const struct ledger *l, struct arena *a, bool *ret_sound, char why[256],
                                            struct err *err);

/* Block 0 of a genesis that genesis_read accepted. */
MUST_USE enum status block_genesis(const struct genesis_info *g, struct arena *a, struct block *ret_block, struct err *err);

/* Writes the block into a transaction: state, leaves, tiles, sparse nodes, ids, tip; and takes away the
 * texts that it erases. before: a view of the store as it was before the transaction. certificate: its bytes; at height 0 the bytes of genesis_sigs. */
MUST_USE enum status block_flush(const struct block *b, struct span certificate, const struct view *before, struct store *s,
                                 struct store_txn *t, struct err *err);

/* The tip that a store holds. ST_NOTFOUND: it is empty. ST_CORRUPT. */
MUST_USE enum status tip_load(const struct view *v, struct tip *ret_tip, struct err *err);

/* Header of a height; borrowed from the view. ST_NOTFOUND. */
MUST_USE enum status block_header(const struct view *v, uint64_t height, struct span *ret_header, struct err *err);
/* Its certificate (at height 0 the genesis signatures); borrowed. The newest block's may differ from the one that the next
 * block fixes; that one then replaces it. ST_NOTFOUND. */
MUST_USE enum status block_certificate(const struct view *v, uint64_t height, struct span *ret_certificate, struct err *err);
/* Index of a height's leaf 0, and its number of leaves, leaf 0 included. ST_NOTFOUND. */
MUST_USE enum status block_range(const struct view *v, uint64_t height, uint64_t *ret_first, size_t *ret_n, struct err *err);
/* Leaves 1 and on of a height, into the arena (copied). */
MUST_USE enum status block_leaves(const struct view *v, uint64_t height, struct arena *a, struct span **ret_leaves, size_t *ret_n,
                                  struct err *err);
/* One leaf by its index; borrowed. */
MUST_USE enum status block_leaf(const struct view *v, uint64_t index, struct span *ret_leaf, struct err *err);

#endif
