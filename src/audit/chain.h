/* chain: what files that show a part of a record are checked by, from the founding on: the sets of nodes that decided, rows
 * of the state, a cosigned checkpoint (CER-2 to CER-6, RNG-3, RNG-7). For certificates and ranges. Internal to audit. */
#ifndef ENT_AUDIT_CHAIN_H
#define ENT_AUDIT_CHAIN_H

#include "audit/verify.h"
#include "ledger/leaf.h"
#include "merkle/checkpoint.h"

/* What a report on either says. Texts are in the arena. */
struct chain_report {
    struct hash alliance;
    struct span name;
    bool expected; /* the reader said which alliance */
    uint64_t founded_ms;
    uint64_t bytes, frames;
    uint64_t links, refoundings; /* shown as links; by a refounding */
    uint64_t signatures, rows;   /* checked; proven */
    uint64_t anchor_height, anchor_ms; /* the newest block that it speaks of, */
    uint64_t size;                     /* its tree */
    struct hash root;
    uint32_t cosigned, members;
    struct span *notes; /* what the reader must know besides, one sentence each */
    size_t n_notes;
};

struct chain {
    struct pack_reader in;
    struct pack_place place;
    struct arena *a;    /* of the report */
    struct arena frame; /* of the frame at hand */
    struct chain_report *r;
    struct verify_failure *fail;
    struct err *err;
    const char *rule; /* about the order of frames: "CER-1" */
    struct genesis_info genesis;
    struct span origin;
    /* The set in force after the newest block, and that block. */
    struct validator_set set;
    struct hash set_hash;
    uint64_t epoch, height, size, time_ms;
    bool certified; /* it has a certificate, not a refounding */
    struct hash root, state_root;
};

/* err and failure are the caller's; r, too. */
void chain_init(struct chain *c, FILE *f, struct arena *a, struct chain_report *r, const char *rule, struct verify_failure *fail,
                struct err *err);
void chain_deinit(struct chain *c);

/* Sets where and why; returns ST_BADSIG. */
__attribute__((format(printf, 3, 4))) enum status chain_refuse(struct chain *c, const char *region, const char *fmt, ...);
/* The same with err's words, under the rule that err names, or the one given. */
enum status chain_refuse_err(struct chain *c, const char *region, const char *rule, const struct err *err);
__attribute__((format(printf, 2, 3))) void chain_note(struct chain *c, const char *fmt, ...);

/* The next frame; its body is the reader's, and the frame's arena is empty. Region `frame` or `end`. */
MUST_USE enum status chain_next(struct chain *c, uint32_t *ret_kind, struct span *ret_body);
/* The frame has no place here. known: its kind is one of this file's; else PAK-1. */
enum status chain_misplaced(struct chain *c, bool known, uint32_t kind, const char *why);
/* After the last frame: nothing follows. */
MUST_USE enum status chain_nothing_follows(struct chain *c);
/* CER-2. genesis stays where it is; named: the id beside it. */
MUST_USE enum status chain_begin(struct chain *c, struct span genesis, const struct hash *named, const struct hash *expect);

/* CER-3 and CER-4: one link, its body the reader's. ret_changes: another set decides after it. */
MUST_USE enum status chain_link(struct chain *c, const struct certificate_link *f, bool *ret_changes);
/* BLK-6: the next set is valid, and the one named; it is in force from here on. */
MUST_USE enum status chain_take_set(struct chain *c, const char *region, const struct validator_list *members,
                                    const struct hash *named);
/* REF-2, of a refounding after this block, decided by the set in force. ret_info is in the arena, and borrows from bytes. */
MUST_USE enum status chain_refounding(struct chain *c, const char *region, struct span bytes, const struct block_record *rec,
                                      const struct hash *block, struct arena *a, struct refounding_info *ret_info);
/* Its set is in force, and its epoch. */
MUST_USE enum status chain_new_epoch(struct chain *c, const char *region, const struct refounding_info *info);

/* Rows of the state that a frame shows; used: by what asked for them. */
struct chain_rows {
    const struct state_proof_list *list;
    bool *used; /* in the frame's arena */
};
/* SMT-3, presence; rule: that its table is one of the state root. */
MUST_USE enum status chain_prove_row(struct chain *c, const char *region, const char *rule, const struct hash *root,
                                     const struct state_proof *p);
/* Every row proven, ascending, none twice. */
MUST_USE enum status chain_prove_rows(struct chain *c, const char *region, const char *rule, const struct hash *root,
                                      const struct state_proof_list *rows, struct chain_rows *ret_rows);
/* The row with this key, which is then used; or NULL. */
const struct state_proof *chain_row(struct chain_rows *rows, uint8_t table, struct span key);
/* In the report's arena. */
MUST_USE enum status chain_decode_row(struct chain *c, const char *region, const char *rule, const struct record_desc *d,
                                      const struct state_proof *p, struct arena *a, void *ret);
/* CER-4, REF-3: who had to sign the refounding, by the charter's parties; who signed held the seat. */
MUST_USE enum status chain_seats(struct chain *c, const char *region, const struct refounding_info *info, struct chain_rows *rows);
/* No row is left that nothing asked for. */
MUST_USE enum status chain_all_used(struct chain *c, const char *region, const char *rule, const struct chain_rows *rows);

/* CER-6, RNG-7: the note is of the newest block's tree, and cosigned by a quorum of the set in force. orgs, log_keys: whose log
 * key may have signed it, and must have. rule: of the format's own demands; rows_rule: that a row is one too many. */
MUST_USE enum status chain_checkpoint(struct chain *c, struct span note, const char *rule, const char *rows_rule, const struct span *orgs,
                                      const struct hash *log_keys, size_t n, struct checkpoint *ret_checkpoint);

/* "maker" of "maker/finance". */
struct span chain_org_of(struct span seat);
/* Is it ORG/node? */
bool chain_is_node(struct span seat);

#endif
