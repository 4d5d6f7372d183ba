/* verify: checks a pack from its first byte to its last, trusting nobody: canonical bytes, every signature, authority of
 * every seat at its moment, tree, header chain, certificates, cosignatures; governance is executed again, to the same
 * roots (SPEC section 10). One pass; it shares nothing with who exported the pack. */
#ifndef ENT_AUDIT_VERIFY_H
#define ENT_AUDIT_VERIFY_H

#include <stdarg.h>
#include "audit/members.h"
#include "cert/refounding.h"
#include "ledger/rows.h"
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
    uint64_t kept_size;               /* largest checkpoint of the reader's that was found; 0: none was given */
    struct span origin;               /* of checkpoints (CKP-1) */
    struct span note;                 /* the pack's newest checkpoint, of checkpoint_size leaves */
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
    const char *region;     /* "header" */
    struct pack_place place;
    uint64_t height;        /* of the block at hand */
    char record[192];       /* what fails, in words: "entry 2 of block 7, leaf 41: ballot by maker/finance" */
    uint64_t offset, bytes; /* where that is in the file; the frame, when nothing narrower is known */
    char rule[16];          /* the rule's id; rule_meaning says what it asks */
    char why[ERR_TEXT_MAX]; /* begins with the rule's id */
};
/* Sets all but height, with the frame as what fails. Returns ST_BADSIG. */
__attribute__((format(printf, 4, 0))) enum status verify_failed(struct verify_failure *f, const char *region,
                                                                const struct pack_place *place, const char *fmt, va_list ap);
/* "ENC-2" or another rule that err names, in its text or beside it; else the one given. For the beginning of a why. */
const char *verify_rule_of(const struct err *err, const char *otherwise);
/* err's words without a rule before them. */
const char *verify_words_of(const struct err *err);
/* Of the rule's id that a text begins with, "ENC-2: ..."; 0: with none. */
size_t verify_rule_length(const char *text);

/* A checkpoint that the reader kept from another time, or has from another partner (PAK-7). */
struct verify_kept {
    const char *path;
    struct span origin;
    uint64_t size;
    struct hash root;
    bool seen; /* set: the pack has this tree */
};
struct verify_kept_list {
    struct verify_kept *v;
    size_t n;
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

/* The block boundary at this size, and the set in force after it; in the arena. ST_NOTFOUND: no block ends there. */
MUST_USE enum status verify_set_at(const struct view *view, uint64_t size, struct arena *a, struct boundary *ret_at,
                                   struct validator_set *ret_set, struct err *err);

/* How to verify. All zero: by the caller's thread alone, with nothing to compare it with. */
struct verify_how {
    const struct hash *expect; /* the alliance id, or NULL */
    size_t threads;            /* that check signatures, beside the caller (ledger/signatures.h) */
    bool has_file;             /* the record is kept in file meanwhile, of archive_file, which is used up; else in memory */
    int file;
    struct verify_kept_list *kept;    /* or NULL */
    const struct verify_watch *watch; /* or NULL */
    /* Called now and then with how many bytes were read; or NULL. */
    void (*progress)(void *ctx, uint64_t bytes, uint64_t blocks);
    void *progress_ctx;
};

/* ST_OK: verified. ST_BADSIG: it failed, ret_failure says where. Others: the file cannot be read. Texts of the report are in
 * the arena. */
MUST_USE enum status verify_pack(FILE *f, const struct verify_how *how, struct arena *a, struct verify_report *ret_report,
                                 struct verify_failure *ret_failure, struct err *err);

#endif
