/* replica: one node's part in the alliance. Joins agreement, execution, store and network; the same code runs in
 * `ententd` and in the simulator. All calls on one thread. Time, randomness, network and disk come in through the
 * interfaces below; it never sleeps and never blocks but in the store and the journal.
 *
 * Promises, and where they are kept: a submission is acknowledged after its outbox row is durable
 * (replica_acknowledge); a vote leaves after its journal record is durable (say.c); a block is executed before its
 * prevote, and flushed in one transaction when it is decided. */
#ifndef ENT_REPLICA_REPLICA_H
#define ENT_REPLICA_REPLICA_H

#include "consensus/consensus.h"
#include "crypto/ed25519.h"
#include "ledger/block.h"
#include "ledger/signatures.h"
#include "store/journal.h"
#include "store/store.h"

struct replica;

/* The network as the replica sees it. Frames are envelopes. Sending may fail or be lost. */
struct replica_net {
    void *ctx;
    enum status (*send)(void *ctx, struct span org, struct span frame);
    void (*broadcast)(void *ctx, const struct span *frames, size_t n); /* n at least 1; due at the same time */
};

/* What happened, for those who wait. Called from inside replica calls; the callee only takes note. */
struct replica_events {
    void *ctx;
    /* The block of this height is durable. NULL allowed, as for the others. */
    void (*final)(void *ctx, uint64_t height, uint64_t first_leaf, size_t leaves);
    /* A submission accepted here was refused later. */
    void (*refused)(void *ctx, const struct hash *id, enum verdict verdict, const char *why);
    /* Something about the organisations changed: validators, keys, addresses, standing; or one that left has its copy
     * and is a peer no more. Time to look at replica_roster, and at one's own keys. */
    void (*members)(void *ctx);
};

struct replica_config {
    struct span org; /* own organisation; copied */
    const struct ed25519_key *vote, *cosign, *log, *node; /* must outlive the replica; vote NULL: never votes */
    struct store *store;
    struct journal *journal; /* NULL: never votes */
    const struct clock *clock;
    const struct rng *rng;
    struct replica_net net;
    struct replica_events events;
    uint32_t rules_max; /* newest rules version that it may execute; 0: GOV_RULES_MAX */
    struct signatures *signatures; /* checks those of many entries; NULL: one after the other, here */
};

/* Writes block 0 into an empty store. ST_EXISTS: the store holds an alliance already (the message says which). */
MUST_USE enum status replica_found(struct store *store, const struct genesis_info *g, struct err *err);

/* A refounding given by the operator (SPEC section 15), before replica_new: kept durably; it is used when the ledger has
 * reached the block that it ends with. Given twice it is one. ST_EXISTS: another one for that epoch was taken, or the epoch
 * has begun; ST_MISMATCH, ST_RANGE, ST_BADSIG, ST_FORMAT: unsound, with words. */
MUST_USE enum status replica_refound(struct store *store, struct span bytes, struct err *err);
/* Epoch of the next block, a refounding that was taken included. */
uint64_t replica_epoch(const struct view *v);
/* What this node can say for a refounding, into the arena. From then on it signs nothing in this epoch, also after a restart
 * (REF-1). replica_unfreeze takes that back, for the next start: nobody may use the report then. */
MUST_USE enum status replica_unfreeze(struct replica *r, struct err *err);
MUST_USE enum status replica_survivor(struct replica *r, struct arena *a, struct epoch_survivor *ret, struct err *err);

/* Loads the tip, ids, outbox and journal. cfg is copied but for what its pointers point to. */
MUST_USE enum status replica_new(const struct replica_config *cfg, struct replica **ret_replica, struct err *err);
void replica_free(struct replica *r);

/* Inputs. A status other than ST_OK from replica_frame says that the peer sent what no honest node sends; the message
 * says what, and the caller notes it of the peer. */
void replica_peer_up(struct replica *r, struct span org);
void replica_peer_down(struct replica *r, struct span org);
MUST_USE enum status replica_frame(struct replica *r, struct span org, struct span frame, struct err *err);
/* A frame that waits and will be given to replica_frame soon, in its turn. While this node catches up, the signatures of a
 * final block in it are begun with; nothing else comes of it. */
void replica_foresee(struct replica *r, struct span org, struct span frame);
/* Is it worth the while to say what waits? */
bool replica_foresees(const struct replica *r);
/* Runs what is due. Call again at *ret_next_mono_ms at the latest, and after other inputs. */
void replica_tick(struct replica *r, uint64_t *ret_next_mono_ms);

/* Checks a submission against the newest state and stages it. ST_OK with V_OK or V_DUPLICATE (on the record, or
 * waiting here already); another verdict: refused, why says more (256 bytes). Other statuses: ST_FORMAT and the like for
 * malformed bytes, ST_BADSIG, ST_LIMIT (too many waiting), ST_NOSPACE. Nothing is kept then.
 * It is not acknowledged before replica_acknowledge returned ST_OK. */
MUST_USE enum status replica_submit(struct replica *r, struct span submission, struct hash *ret_id, enum verdict *ret_verdict,
                                    char why[256], struct err *err);
/* Sends all staged submissions to the peers, and makes them durable in one transaction; then they count as taken. On failure
 * none does, and they wait like what a peer relayed: they may come on the record all the same, which err says. */
MUST_USE enum status replica_acknowledge(struct replica *r, struct err *err);

enum entry_state { ENTRY_UNKNOWN, ENTRY_WAITING, ENTRY_FINAL, ENTRY_REFUSED };
struct entry_status {
    enum entry_state state;
    uint64_t leaf, height; /* final */
    uint32_t signatures;   /* final: precommits in the certificate held */
    enum verdict verdict;  /* refused */
    char why[256];
};
MUST_USE enum status replica_entry(struct replica *r, const struct hash *id, struct entry_status *ret_status, struct err *err);

/* Stops signing, for a reason outside: little disk left, say. Called between other calls, so that nothing is half done and
 * replica_resume may take it back when the reason is gone. Neither has an effect on one that stopped for good. */
void replica_stop(struct replica *r, const char *why);
void replica_resume(struct replica *r);

/* Why it does not vote at the open height though it runs (not a member, another key is in force, its journal lost what it
 * signed, peers are still to tell); NULL when it votes. Borrowed until the next call. */
const char *replica_no_vote(struct replica *r);

/* A node that this one may have a link to. */
struct replica_member {
    struct span org;
    struct node_keys node;
    bool validator;
};
/* Those of a state, own organisation excluded, into the arena: every organisation that takes part and whose node key was not
 * revoked, and one that left until it has its copy (NET-8). */
MUST_USE enum status replica_roster(const struct view *v, struct span own, struct arena *a, struct replica_member **ret_members,
                                    size_t *ret_n, struct err *err);
/* What PARTY says of an organisation. ST_NOTFOUND: it is not on the record. Into the arena. */
MUST_USE enum status replica_party(const struct view *v, struct span org, struct arena *a, struct state_party *ret_party,
                                   struct err *err);

/* Why it stopped (for good: damage, divergence, a second copy of this node, a write that failed; or by replica_stop), or
 * NULL. It goes on answering and serving blocks, but signs nothing. */
const char *replica_halted(const struct replica *r);

struct replica_peer_status {
    struct span org;
    bool connected, heard;   /* heard: said where it stands since connecting */
    uint64_t since_ms;       /* wall clock: of the change of connected */
    uint64_t height;         /* it works on */
    uint64_t faults;         /* messages that no honest node sends */
    uint64_t entries;        /* signed by seats of org that nodes sent and this one took, since the start */
    uint64_t unanswered;     /* questions not answered, since their answers were more than its share */
    char last_fault[160];
};

struct replica_status {
    const struct tip *tip;
    struct consensus_status consensus;
    const struct validator_set *validators;
    uint64_t outbox, mempool;       /* entries waiting: accepted here; known */
    uint64_t step_since_mono_ms;    /* when round or step last changed */
    uint64_t height_since_ms;       /* wall clock: newest block flushed */
    uint64_t checkpoint_size;       /* newest tree with cosignatures of a quorum; 0 for none */
    size_t peers;
    bool syncing;                   /* peers are ahead */
};
/* Borrowed until the next call. */
void replica_status(const struct replica *r, struct replica_status *ret_status);
/* Of the open height. False if the round is not kept. */
bool replica_round(const struct replica *r, int32_t round, struct consensus_round_status *ret_status);
bool replica_peer(const struct replica *r, size_t i, struct replica_peer_status *ret_status);

/* NULL, or which invariant does not hold. */
const char *replica_check(struct replica *r);

#endif
