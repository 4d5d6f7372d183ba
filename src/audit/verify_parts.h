/* verify_parts: what the files of a pack's check share. Internal to audit. */
#ifndef ENT_AUDIT_VERIFY_PARTS_H
#define ENT_AUDIT_VERIFY_PARTS_H

#include "audit/verify.h"
#include "ledger/block.h"
#include "ledger/signatures.h"

/* Frames are read ahead while blocks follow, so that other threads check their signatures while one is executed. */
enum { AHEAD_FRAMES = 32, AHEAD_LEAVES = 4096, AHEAD_BYTES = 4 << 20 };

struct ahead {
    enum status read; /* as pack_read gave it, and its words */
    struct err err;
    struct pack_place place;
    uint64_t end; /* offset behind it */
    uint32_t kind;
    struct arena a;
    struct span body;                 /* in a */
    enum status decoded;              /* of a block; f, or its words in err */
    struct pack_block f;
    struct signature_bundle *bundle;  /* of its leaves; NULL: it has none */
};

struct verify {
    struct pack_reader in;
    struct ahead ahead[AHEAD_FRAMES]; /* ring */
    size_t ahead_from, n_ahead, ahead_leaves, ahead_bytes;
    struct pack_place place;          /* of the frame at hand */
    uint64_t end;
    struct arena *a;        /* of the report */
    struct store *store;
    struct tip tip;
    struct ids *ids;
    struct genesis_info genesis; /* in a */
    struct span origin;
    struct hash last_commit;     /* SHA-256 of the newest certificate */
    struct refounding_info next; /* when epoch_ends: of the newest block; in a */
    struct signatures *signatures;
    const struct signature_found *found; /* of the block at hand; nth: the next to be asked for */
    size_t nth;
    bool epoch_ends, epoch_begins; /* with the newest block; with the one at hand */
    const struct verify_how *how;
    size_t entry, text;          /* of the block at hand, from 1: what is being looked at; 0: none */
    struct verify_report *r;
    struct verify_failure *fail;
    struct err *err;
};

/* Sets where and why; returns ST_BADSIG. */
__attribute__((format(printf, 3, 4))) enum status verify_refuse(struct verify *v, const char *region, const char *fmt, ...);
/* The same with err's words, under the rule that err names, or the one given. */
enum status verify_refuse_err(struct verify *v, const char *region, const char *rule, const struct err *err);
/* What block_execute said of this block: it names the entry, if it is one, and of a signature only that it is not good. */
enum status verify_not_executed(struct verify *v, const struct pack_block *f, const char *why);

/* verify_checkpoint.c: CKP-1 to CKP-3, PAK-6: one of the pack's. */
MUST_USE enum status verify_checkpoint(struct verify *v, struct span body);
/* PAK-7: the reader's, against the block that was just taken; and against the pack's end. */
MUST_USE enum status verify_kept_at(struct verify *v);
MUST_USE enum status verify_kept_all(struct verify *v);

#endif
