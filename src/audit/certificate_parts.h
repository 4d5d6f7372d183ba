/* certificate_parts: what the files of the certificate's check share. Internal to audit. */
#ifndef ENT_AUDIT_CERTIFICATE_PARTS_H
#define ENT_AUDIT_CERTIFICATE_PARTS_H

#include "audit/certificate.h"

struct check_key { /* KEY row after the anchor */
    struct hash key;
    struct state_key row;
    bool used;
};

struct check_text { /* beside an entry that proposes, in the chain's arena */
    struct check_text *next;
    struct hash digest;
    struct span text;
};

struct check {
    struct chain chain;
    struct certificate_report *r;
    uint64_t decision;
    bool anchored; /* the link read last changed nothing: it is the anchor */
    /* Rows of the state frame. */
    struct check_key *keys;
    size_t n_keys;
    struct span *logs; /* organisations whose log key may sign the checkpoint, */
    struct hash *log_keys;
    size_t n_logs;
    /* Of the blocks so far. */
    uint64_t last_block;                    /* index of the newest one's record */
    struct hash digest, recommended; /* of the current revision, as the events have it */
    bool has_recommended;
    struct proposal recommends; /* what is recommended */
    struct check_text *texts;
    enum phase phase; /* set by the event read last that sets one */
    bool either;      /* open, or in mediation: by the rung */
};

/* CER-7 to CER-11: one block frame. */
MUST_USE enum status certificate_take_block(struct check *c, struct span body);
/* CER-10: what the event says is what the signed entry says. */
MUST_USE enum status certificate_take_event(struct check *c, const struct state_event *ev,
                                            const struct leaf *leaf);
/* CER-9: the events end where the decision's row says. */
MUST_USE enum status certificate_outcome(struct check *c);

#endif
