/* world: a deterministic simulator. It runs the replica's own archive on virtual time, network and disk, from a seed: the
 * same seed gives the same trace, byte for byte.
 *
 * Faults: messages lost, delayed, duplicated, reordered; partitions; clocks that are off; crashes, also between a write
 * to the vote journal and its sync, where unsynced writes are kept, lost or torn. The store is the one in memory: its
 * commits are atomic, and what was committed survives. */
#ifndef ENT_SIM_WORLD_H
#define ENT_SIM_WORLD_H

#include "replica/replica.h"

enum { SIM_NODES_MAX = 32 };

struct sim_keys {
    struct span org;
    const struct ed25519_key *vote, *cosign, *log, *node;
};

struct sim_options {
    uint64_t seed;
    uint64_t start_ms;    /* wall clock at the beginning */
    unsigned loss_percent, duplicate_percent;
    unsigned delay_ms;    /* most, one way; a tenth of messages take up to ten times as long */
    unsigned clock_off_ms; /* most, either way */
    bool trace;           /* print what happens */
    size_t bad;           /* one more than the node that is not honest; 0: all are. It is held to nothing */
    int64_t bad_clock_ms; /* how far its clock is off */
};

struct sim_stats {
    uint64_t sent, lost, duplicated, delivered, blocks, crashes, crashes_unsynced, torn, partitions;
    uint64_t rounds, locks, unlocks, reproposals; /* rounds above 0; locks; locks moved to another value; proposals with a POL */
};

struct sim;

/* What the caller is told. */
struct sim_events {
    void *ctx;
    void (*final)(void *ctx, size_t node, uint64_t height);
    void (*refused)(void *ctx, size_t node, const struct hash *id, enum verdict verdict, const char *why);
    /* What the bad node sends in place of a frame. False: the frame as it is. */
    bool (*lie)(void *ctx, size_t to, struct span frame, struct buf *ret_frame);
    /* A line of the story: who signs what, what is final, who is down. Without the deliveries. */
    void (*tell)(void *ctx, const char *line);
};

/* keys[i] is node i's. Every node holds the genesis and is up. Aborts when a node cannot be started. */
struct sim *sim_new(const struct sim_options *o, const struct genesis_info *g, const struct sim_keys *keys, size_t n,
                    const struct sim_events *events);
void sim_free(struct sim *s);

/* Runs until virtual time (ms since the start), or until a check fails: false. */
bool sim_run(struct sim *s, uint64_t until_ms);
/* NULL, or which check of the honest nodes failed: agreement; one state root per height; q good signatures in each
 * certificate; no block from the future; no two votes of one node for one slot; no vote sent that is not in the journal
 * after a crash; no precommit without the block's body; a node that halted; an invariant. */
const char *sim_failed(const struct sim *s);
uint64_t sim_now(const struct sim *s);
uint64_t sim_random(struct sim *s, uint64_t below);

/* Node i: NULL while it is down. */
struct replica *sim_replica(struct sim *s, size_t i);
struct store *sim_store(struct sim *s, size_t i);
/* Hands a submission to a node. ST_OK with V_OK: acknowledged. ST_UNREACHABLE: it is down, or went down meanwhile. */
enum status sim_submit(struct sim *s, size_t i, struct span submission, enum verdict *ret_verdict, char why[256]);

/* Faults. */
void sim_crash(struct sim *s, size_t i, uint64_t down_ms);
/* The node crashes between its next write to the journal and the sync. */
void sim_crash_at_write(struct sim *s, size_t i, uint64_t down_ms);
/* Bit i: node i is on the one side; the others on the other. 0 heals. */
void sim_partition(struct sim *s, uint64_t side);
void sim_quiet(struct sim *s); /* no more losses and duplicates */

uint64_t sim_height(const struct sim *s, size_t i); /* newest final block; of a node that is down, when it went down */
struct sim_stats sim_stats(const struct sim *s);
/* Digest of everything that happened. */
struct hash sim_trace(const struct sim *s);

#endif
