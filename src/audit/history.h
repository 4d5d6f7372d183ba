/* history: what the state at the end of a record no longer says: who held which seat with which key from when
 * to when, and what became of organisations, their nodes and their recoveries. Noted block by block while a
 * pack is verified. */
#ifndef ENT_AUDIT_HISTORY_H
#define ENT_AUDIT_HISTORY_H

#include "audit/verify.h"

/* A key that held a seat. Between leaves: within one block too. ORG/node is held by the organisation's node
 * key. */
struct hold {
    struct span seat;
    struct public_key key;
    uint64_t from_leaf, from_ms; /* the leaf that did it; of the block record when time did */
    uint64_t to_leaf, to_ms;     /* UINT64_MAX both: it still does */
};

/* A seat that could ballot for another one, as the record had it. */
struct stand {
    struct span seat; /* the principal */
    struct alternate alternate;
    struct span bytes; /* of the alternate's record: what makes it the same */
    uint64_t from_leaf, from_ms, to_leaf, to_ms;
};

enum history_what {
    HISTORY_REFOUNDING,
    HISTORY_ANNOUNCED,   /* a recovery */
    HISTORY_CARRIED_OUT, /* a recovery */
    HISTORY_CANCELLED,   /* a recovery, or it became void */
    HISTORY_REGISTRAR,   /* other keys hold a registrar seat, otherwise than by a revocation */
    HISTORY_NODE,        /* the keys of a node were replaced */
    HISTORY_REVOKED,     /* a key */
    HISTORY_FAULT,       /* a node signed two votes in one slot */
    HISTORY_JOINED,
    HISTORY_READY,
    HISTORY_SUSPENDED,
    HISTORY_LEFT,
    HISTORY_WHATS
};

struct history_event {
    enum history_what what;
    uint64_t leaf, at_ms;
    struct span org, seat; /* seat: that did it, of an entry */
    struct public_key key; /* revoked; at fault */
    uint64_t since_ms;     /* revoked: suspect from then on; 0: not said */
    const char *words;     /* in plain words */
};

/* What an entry names and the pack does not have. There may be as many as entries. */
struct history_gap {
    uint64_t leaf;
    uint16_t absent, texts; /* so many of its texts */
    uint32_t documents;     /* a pack holds none */
};

struct history {
    struct arena *a; /* holds everything */
    struct hold *holds;
    size_t n_holds, cap_holds;
    struct stand *stands;
    size_t n_stands, cap_stands;
    struct history_event *events;
    size_t n_events, cap_events;
    struct history_gap *gaps; /* ascending by leaf */
    size_t n_gaps, cap_gaps;
    uint64_t absent, documents; /* over all of them */
    uint64_t founding_leaves; /* leaves of block 0 */
};

/* The arena outlives it. */
void history_init(struct history *h, struct arena *a);
/* Arrays; the rest is the arena's. Accepts a zeroed one. */
void history_deinit(struct history *h);
/* A verify_watch's block; ctx is the history. */
MUST_USE enum status history_block(void *ctx, const struct verify_block *b, struct err *err);

#endif
