/* nudge: reminders from persons that a node keeps (SPEC section 23): those it got for its own seats, and those it sends out. Pure:
 * times are given, by the node's own clock; what the record says is asked, and who holds a seat, is the caller's to find. */
#ifndef ENT_NODE_NUDGE_H
#define ENT_NODE_NUDGE_H

#include "codec/codec.h"

enum {
    NUDGE_BYTES_MAX = 512,
    NUDGES_MAX = 512,                            /* in all; */
    NUDGES_PER_ORG = 64,                         /* got of one organisation, and sent out to one */
    NUDGE_AHEAD_MS = 600000,                     /* a clock may be ahead by so much */
    NUDGE_EVERY_MS = 24 * 3600 * 1000,           /* one seat of another about one thing */
    NUDGE_CARRY_MS = 7 * 24 * 3600 * 1000,       /* it is tried to deliver one for so long */
    NUDGE_FILE_MAX = 1 << 20
};
/* What nobody does stays no longer than this. */
static const uint64_t nudge_keep_ms = (uint64_t)31 * 24 * 3600 * 1000;

struct nudge_kept {
    struct hash id; /* SHA-256 of the bytes */
    struct nudge is; /* points into bytes */
    struct signature signature;
    bool got, told;
    enum nudge_state state;
    uint64_t here_ms;
    char words[256]; /* of state: or "" */
    uint64_t next_ms, wait_ms; /* monotonic: when it is sent again, and the pause after that. Not in the file */
    struct nudge_kept *replaced; /* not freed before nudge_settle or nudge_undo */
    size_t n;
    uint8_t bytes[NUDGE_BYTES_MAX];
};

/* Own memory; at most NUDGES_MAX. In the order in which they came. */
struct nudge_box {
    size_t n;
    struct nudge_kept *v[NUDGES_MAX];
};
void nudge_box_deinit(struct nudge_box *b);

/* Reads what was signed: form alone. ST_FORMAT, ST_RANGE, with words. Spans point into bytes. */
MUST_USE enum status nudge_parse(struct span bytes, struct nudge *ret, struct err *err);
/* The organisation of a seat. */
struct span nudge_org_of(struct span seat);

/* ST_EXISTS: this very one is there. ST_REFUSED: the same seat has reminded the same of the same within NUDGE_EVERY_MS; or there
 * are too many. The words say from when on. ST_OK: it may be added. */
MUST_USE enum status nudge_may(const struct nudge_box *b, const struct nudge *n, const struct hash *id, bool got, uint64_t now_ms,
                               struct err *err);
/* Likewise of one by a seat of our own: sent out, and if `here` (to a seat of our own) got as well, by room for both. */
MUST_USE enum status nudge_may_own(const struct nudge_box *b, const struct nudge *n, const struct hash *id, bool here, uint64_t now_ms,
                                   struct err *err);
/* Adds what nudge_may allows, in place of the one before of the same seat to the same about the same. bytes are what nudge_parse
 * took. Returns it. Once it is saved, nudge_settle frees what it replaced; if it cannot be, nudge_undo takes it out again, and
 * puts that back. */
struct nudge_kept *nudge_add(struct nudge_box *b, struct span bytes, const struct signature *s, bool got, uint64_t now_ms);
void nudge_settle(struct nudge_kept *k);
void nudge_undo(struct nudge_box *b, struct nudge_kept *k);
struct nudge_kept *nudge_find(const struct nudge_box *b, const struct hash *id, bool got);
void nudge_remove(struct nudge_box *b, struct nudge_kept *k);

/* Those of the seats that the subject is asked of, and the nudge is for; in the arena. Empty: none. ret_owed: the first thing
 * asked that is of it. */
struct span_list nudge_asked(const struct nudge *n, const struct query_owed_list *owed, struct arena *a, const struct query_owed **ret_owed);

/* Bytes of the file. ST_FORMAT: they are not such a file's, or of another alliance; the box is empty then. */
MUST_USE enum status nudge_load(struct nudge_box *b, struct span bytes, const struct hash *alliance, struct err *err);
MUST_USE enum status nudge_save(const struct nudge_box *b, struct buf *out);

/* Is the frame a message about nudges? Looks at its first bytes alone. */
bool nudge_is_message(struct span frame);
struct nudge_message {
    bool answer; /* which of the next */
    struct msg_nudge nudge;
    struct msg_nudge_answer reply;
};
/* Spans point into the frame. ST_FORMAT and the like, with words. */
MUST_USE enum status nudge_message_decode(struct span frame, struct nudge_message *ret, struct err *err);

#endif
