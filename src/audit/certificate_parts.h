/* certificate_parts: what the files of the certificate's check share. Internal to audit. */
#ifndef ENT_AUDIT_CERTIFICATE_PARTS_H
#define ENT_AUDIT_CERTIFICATE_PARTS_H

#include "audit/certificate.h"
#include "ledger/leaf.h"

struct check_key { /* KEY row after the anchor */
    struct hash key;
    struct state_key row;
    bool used;
};

struct check {
    struct pack_reader in;
    struct pack_place place;
    struct arena *a;    /* of the report */
    struct arena frame; /* of the frame at hand */
    struct certificate_report *r;
    struct verify_failure *fail;
    struct err *err;
    struct genesis_info genesis;
    struct span origin;
    uint64_t decision;
    /* The set in force after the link read last, and that link. */
    struct validator_set set;
    struct hash set_hash;
    uint64_t epoch, height, size, time_ms;
    bool anchored;                /* the link read last changed nothing: it is the anchor */
    struct hash root, state_root; /* of that link */
    /* Rows of the state frame. */
    struct check_key *keys;
    size_t n_keys;
    struct span *logs; /* organisations whose log key may sign the checkpoint, */
    struct hash *log_keys;
    size_t n_logs;
    /* Of the blocks so far. */
    uint64_t last_block;                    /* index of the newest one's record */
    struct hash digest, title, recommended; /* of the current revision, as the events have it */
    bool has_recommended;
    enum phase phase; /* set by the event read last that sets one */
    bool either;      /* open, or in mediation: by the rung */
};

/* Sets where and why; returns ST_BADSIG. */
__attribute__((format(printf, 3, 4))) enum status certificate_refuse(struct check *c, const char *region,
                                                                     const char *fmt, ...);
/* The same with err's words, under the rule that err names, or the one given. */
enum status certificate_refuse_err(struct check *c, const char *region, const char *rule,
                                   const struct err *err);
__attribute__((format(printf, 2, 3))) void certificate_note(struct check *c, const char *fmt, ...);
/* SMT-3, presence. */
MUST_USE enum status certificate_prove_row(struct check *c, const char *region, const struct hash *root,
                                           const struct state_proof *p);
/* CER-7 to CER-11: one block frame. */
MUST_USE enum status certificate_take_block(struct check *c, struct span body);
/* CER-10: what the event says is what the signed entry says. */
MUST_USE enum status certificate_take_event(struct check *c, const struct state_event *ev,
                                            const struct leaf *leaf);
/* CER-9: the events end where the decision's row says. */
MUST_USE enum status certificate_outcome(struct check *c);

#endif
