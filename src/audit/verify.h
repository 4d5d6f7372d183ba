/* verify: checks a pack from its first byte to its last, trusting nobody: canonical bytes, every signature, authority of
 * every seat at its moment, tree, header chain, certificates, cosignatures; governance is executed again, to the same
 * roots (SPEC section 10). One pass; it shares nothing with who exported the pack. */
#ifndef ENT_AUDIT_VERIFY_H
#define ENT_AUDIT_VERIFY_H

#include "audit/members.h"
#include "cert/refounding.h"
#include "pack/pack.h"

enum { VERIFY_ORGS_MAX = 128, VERIFY_PHASES = 16 };

struct verify_org {
    struct span org;
    uint64_t blocks; /* certificates that it signed */
    uint64_t could;  /* certificates that it could have signed */
    uint64_t entries; /* signed by its seats */
};

struct verify_report {
    struct hash alliance;
    struct span name;
    uint64_t bytes, frames;
    uint64_t blocks, entries, timers; /* timers: deadlines that fired */
    uint64_t signatures;              /* checked: founding, cards, entries, certificates, checkpoints */
    uint64_t certificates, checkpoints, cosignatures;
    uint64_t refoundings, by_refounding; /* epochs begun; of these, with a last block that has no certificate */
    bool whole_checkpoint;            /* some checkpoint has cosignatures of a quorum, */
    uint64_t checkpoint_size;         /* the largest such tree */
    uint64_t prose, prose_absent;
    uint64_t decisions, phases[VERIFY_PHASES]; /* by enum phase */
    uint64_t height, size, last_ms, founded_ms;
    struct hash root, state_root;
    struct verify_org orgs[VERIFY_ORGS_MAX];
    size_t n_orgs;
    struct members members; /* who joined, left, changed keys */
};

/* Where and why it failed (PAK-5). */
struct verify_failure {
    const char *region; /* "header" */
    struct pack_place place;
    uint64_t height;    /* of the block at hand */
    char why[ERR_TEXT_MAX]; /* begins with the rule's id where one is known */
};

/* What may be looked at while a pack is verified, by who wants more than the report. Nothing of it may be told before all
 * is verified. */
struct verify_block {
    const struct view *before; /* the state before it; NULL: it is the genesis */
    const struct block *block;
    const struct pack_prose_list *prose;
    const struct refounding_info *begun; /* it is the first block of an epoch: the refounding; else NULL */
};
struct verify_watch {
    void *ctx;
    /* Each block, executed and found to be what it says; or NULL. */
    enum status (*block)(void *ctx, const struct verify_block *b, struct err *err);
    /* All is verified: the whole record, with the texts that the pack has (TABLE_PROSE); or NULL. The view ends with the call. */
    enum status (*end)(void *ctx, const struct view *v, const struct verify_report *r, struct err *err);
};

/* expect: the alliance id, or NULL. threads: that check signatures, beside the caller (ledger/signatures.h). ST_OK: verified.
 * ST_BADSIG: it failed, ret_failure says where. Others: the file cannot be read. Texts of the report are in the arena. */
MUST_USE enum status verify_pack(FILE *f, const struct hash *expect, size_t threads, struct arena *a, struct verify_report *ret_report,
                                 struct verify_failure *ret_failure, struct err *err);
/* The same, watched. */
MUST_USE enum status verify_pack_watched(FILE *f, const struct hash *expect, size_t threads, const struct verify_watch *watch,
                                         struct arena *a, struct verify_report *ret_report, struct verify_failure *ret_failure,
                                         struct err *err);

#endif
