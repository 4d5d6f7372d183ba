/* members: who took part when, read from the blocks as they are executed: for the keys of a checkpoint, and for the report. */
#ifndef ENT_AUDIT_MEMBERS_H
#define ENT_AUDIT_MEMBERS_H

#include "ledger/block.h"

enum { MEMBERS_LINES = 200 };

enum member_change {
    MEMBER_ADMITTED,  /* on the record; its node does not vote yet */
    MEMBER_READY,     /* its node votes from the next block on */
    MEMBER_LEFT,
    MEMBER_SUSPENDED, /* a key of its node was revoked */
    MEMBER_REKEYED,   /* another vote, cosignature, log or node key, or certificate */
    MEMBER_RECOVERED, /* its recovery key was used: carried out or cancelled */
    MEMBER_FAULT,     /* its node signed two votes in one slot */
    MEMBER_CHANGES
};
extern const char *const member_change_text[MEMBER_CHANGES];

struct member_line {
    enum member_change change;
    uint64_t height, time_ms;
    struct span org;
};

/* Log key of an organisation, in force for trees of from_size and more leaves, up to below to_size. */
struct member_key {
    struct span org;
    struct hash log;
    uint64_t from_size, to_size;
};

struct members {
    uint64_t counts[MEMBER_CHANGES];
    struct member_line lines[MEMBERS_LINES]; /* the first so many */
    size_t n_lines;
    struct member_key *keys;
    size_t n_keys, cap_keys;
};

void members_deinit(struct members *m);
/* Notes what a block changed. before: the state before it (NULL: the genesis). Texts go into a. */
MUST_USE enum status members_note(struct members *m, const struct view *before, const struct block *b, struct arena *a, struct err *err);
/* Log keys in force for a tree of this size; at most cap. */
size_t members_log_keys(const struct members *m, uint64_t size, struct hash *ret_keys, size_t cap);

#endif
