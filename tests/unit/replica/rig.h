/* rig: one replica of an alliance of four, driven by hand: its clocks, its disk, and what peers tell it. */
#ifndef ENT_TESTS_RIG_H
#define ENT_TESTS_RIG_H

#include "fixture/alliance.h"
#include "replica/replica.h"
#include "sim/disk.h"

enum { RIG_START_DAY = 20454 };

struct rig {
    struct fixture f;
    size_t self;
    struct store *store;
    struct sim_disk *disk;
    struct disk_file file;
    struct journal_identity id;
    struct journal *journal;
    struct replica *replica;
    const struct ed25519_key *vote; /* the key that it votes with */
    bool full;   /* the journal's disk takes no more */
    bool silent; /* peers do not say which of its votes they hold */
    uint64_t wall, mono;
    struct clock clock;
    struct buf last[32]; /* newest frame sent, by kind of message */
    size_t sent[32];
    size_t together; /* most frames in one broadcast */
    size_t sent_to[4][32]; /* likewise, by organisation; broadcasts count for all */
    struct msg_status status_to[4]; /* the newest, by organisation; spans of it are gone */
    size_t members;        /* how often the members were said to have changed */
    uint32_t rules_max;
    struct signatures *signatures; /* NULL: none */
};

/* Founds the alliance; the node of organisation `self` is set up, not started. */
void rig_init(struct rig *r, size_t self);
void rig_deinit(struct rig *r);
/* The two halves of it that leave the alliance alone: an empty node of the same, and no node. */
void rig_fresh(struct rig *r);
void rig_clear(struct rig *r);
void rig_start(struct rig *r);
void rig_stop(struct rig *r);
/* Writes a governance row behind the engine's back, while the replica is stopped. */
void rig_put(struct rig *r, uint8_t table, struct span key, const struct record_desc *d, const void *rec);
/* What PARTY says of an organisation. */
struct state_party rig_party(struct rig *r, size_t org, struct arena *a);
/* Ticks each 100 ms for so long. */
void rig_run(struct rig *r, uint64_t ms);
/* A message from a peer. */
enum status rig_hear(struct rig *r, size_t from, const struct record_desc *d, const void *rec,
                     struct err *err);
/* The body of the newest frame of that kind that the replica sent, decoded into the arena. False: it sent
 * none. */
bool rig_sent(struct rig *r, const struct record_desc *d, struct arena *a, void *ret_rec);
/* A vote at the open height, signed by an organisation. NULL value: nil. */
struct signed_vote rig_vote(struct rig *r, size_t org, enum vote_type type, uint64_t round,
                            const struct hash *value);
enum status rig_hear_vote(struct rig *r, size_t org, enum vote_type type, uint64_t round,
                          const struct hash *value);
/* A comment by org's alliance manager, submitted and acknowledged. */
struct hash rig_comment(struct rig *r, size_t org, const char *text);
/* A proposal to decide by org's business lead, likewise. */
struct hash rig_propose(struct rig *r, size_t org, const char *title);
/* Runs until the replica, whose turn it is, proposes; then the others agree to it. */
void rig_decide(struct rig *r);
/* Body of msg_proposal: a block that is valid at height 1, of one comment, as its proposer (organisation 1)
 * makes it. */
struct span rig_proposed(struct arena *a, struct hash *ret_value);
/* A header at the open height whose record and leaves go together, though it says nonsense of the state. */
struct span rig_nonsense(struct rig *r, size_t proposer, uint64_t time_ms, struct arena *a,
                         struct span *ret_last_commit);

#endif
