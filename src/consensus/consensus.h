/* consensus: agreement on one block after another. Pure: no I/O, clock, random numbers, allocation or crypto.
 *
 * Source: Buchman, Kwon, Milosevic, "The latest gossip on BFT consensus", arXiv 1807.04938, algorithm 1,
 * lines 11-67, one height at a time, with the amendments BFT-A1.. of proto/SPEC.md (Agreement).
 * docs/consensus-map.md maps each line and amendment to function and test.
 *
 * The caller (the replica) verifies every signature and executes every block before it tells the core, one
 * event at a time; the core answers with actions, which the caller carries out in their order before the next
 * event. Validators are known by their index in the set in force, blocks by their id.
 *
 * The core never counts a vote of its own before it is durable: it emits PROPOSE or VOTE; the caller
 * signs, journals and syncs, then sends, and then feeds it back as an ordinary PROPOSAL or VOTE event. A
 * proposal may be fed back before, so that the prevote for it shares the sync; nothing leaves before that. */
#ifndef ENT_CONSENSUS_CONSENSUS_H
#define ENT_CONSENSUS_CONSENSUS_H

#include "codec/records.h"

enum {
    CONSENSUS_NONE = -1,     /* no round: idle, no lock, no valid value, no valid round */
    CONSENSUS_FOLLOWER = -1, /* own index of a node that does not vote at this height */
    CONSENSUS_ROUND_MAX = 1000000,
    CONSENSUS_ROUNDS =
        2 * LIMIT_ROUND_AHEAD, /* kept: LIMIT_ROUND_AHEAD ahead, the own one, those just before */
    CONSENSUS_ACTIONS = LIMIT_VALIDATORS + 32, /* no step gives more */
};

enum consensus_step {
    STEP_IDLE, /* round -1: nothing to decide (BFT-A4) */
    STEP_PROPOSE,
    STEP_PREVOTE,   /* its prevote of this round is out */
    STEP_PRECOMMIT, /* its precommit of this round is out */
    STEP_DECIDED,   /* waits for the next START_HEIGHT */
};

/* A proposal, prevote or precommit: the fields of the signed `vote` record, its signer and its signature. */
struct consensus_vote {
    enum vote_type type;
    uint32_t validator;  /* who signed it: index in the set */
    int32_t round;       /* 0 to CONSENSUS_ROUND_MAX */
    bool nil;            /* value is zeros then; never for proposals */
    int32_t valid_round; /* proposals and prevotes for a value: -1 or below round. Else -1 */
    struct hash value;
    struct sig64 sig; /* carried, not read */
};

/* q prevotes identical in round, value and valid round (BFT-A1), ascending by validator. */
struct consensus_pol {
    uint32_t n; /* 0: none */
    struct consensus_vote votes[LIMIT_VALIDATORS];
};

/* What the caller's judgement of a proposed block was. A fact of the block and of this height's state, but
 * for UNTIMELY, which is judged at first receipt, and for proposals without a valid round only (BFT-A6). */
enum consensus_judgement {
    JUDGED_VALID,
    JUDGED_UNTIMELY, /* valid, but its ledger time is out of bounds by this node's clock: prevoted nil, yet
                      * precommitted and decided with the others */
    JUDGED_INVALID,
};

/* What must survive a crash, besides the signed messages themselves. */
struct consensus_snapshot {
    uint64_t height;
    int32_t round;
    enum consensus_step step;
    int32_t locked_round;
    struct hash locked_value; /* zeros if locked_round is -1 */
    int32_t valid_round;
    struct hash valid_value; /* zeros if valid_round is -1 */
    int32_t proposed_round;  /* newest round in which it made a proposal, or -1 */
};

enum consensus_event_type {
    EV_START_HEIGHT, /* height, n, self: the block before is final and executed. Forgets the height before */
    EV_WAKE,         /* height: there is a valid entry, or a deadline + precision has passed. May come at any
                      * time and again: a proposer that had nothing to propose is asked again to BUILD */
    EV_PROPOSAL, /* height, vote, judgement, pol: a proposal, its signature verified, its block executed */
    EV_VOTE,     /* height, vote: a prevote or precommit, its signature verified */
    EV_TIMEOUT,  /* height, round, timeout: a timer asked for by SCHEDULE_TIMEOUT fired */
    EV_BUILT,    /* height, round, has_value, value: answer to BUILD. Without a value the core stays silent */
    EV_DECIDED,  /* height, round, value: a commit certificate, verified, its block executed */
};

enum consensus_timeout {
    TIMEOUT_PROPOSE,
    TIMEOUT_PREVOTE,
    TIMEOUT_PRECOMMIT,
};

struct consensus_event {
    enum consensus_event_type type;
    uint64_t height;
    uint32_t n;   /* START_HEIGHT: validators, 1 to LIMIT_VALIDATORS */
    int32_t self; /* START_HEIGHT: own index, or CONSENSUS_FOLLOWER */
    int32_t round;
    enum consensus_timeout timeout;
    bool has_value;
    struct hash value;
    struct consensus_vote vote;
    enum consensus_judgement judgement;
    /* PROPOSAL with a valid round: the POL that came with it, each signature verified. The core checks that
     * it is one, for this value and valid round (BFT-A1), and takes its votes in. Borrowed for the call. */
    const struct consensus_pol *pol;
};

/* What became of the message in the event; for the caller's counters and peer bookkeeping. */
enum consensus_outcome {
    OUTCOME_TAKEN,
    OUTCOME_DUPLICATE, /* held already */
    OUTCOME_STALE, /* of an earlier height, a round no longer kept, a timer overtaken, or after the decision
                    */
    OUTCOME_AHEAD, /* of a later height, or over LIMIT_ROUND_AHEAD rounds ahead: not kept, but its signer's
                    * round is remembered (BFT-A5). Ask for it again later */
    OUTCOME_CONFLICT, /* a second, different message for a slot; see FAULT. A second proposal's block may
                       * still be taken (BFT-A8) */
    OUTCOME_REFUSED,  /* malformed: not the round's proposer, valid round not below round, POL not one */
};

enum consensus_action_type {
    /* Make a block for `round` and answer BUILT; slow work may answer later. */
    ACT_BUILD,
    /* Own proposal: vote (validator, round, value, valid_round; sig to be made), snapshot, and pol if
     * valid_round is not -1. Sign; journal the signed bytes and the snapshot; keep the block's body durably;
     * feed back as EV_PROPOSAL; sync, at the latest when no event is left; send. */
    ACT_PROPOSE,
    /* Own vote: vote (sig to be made) and snapshot. Sign; journal the signed bytes and the snapshot; sync;
     * send; feed back as EV_VOTE. Several in one batch may share a sync, all or none kept by a crash; the round
     * may be the one just left (BFT-A9). With a vote after which there is a valid value, its block's body is
     * durable too. */
    ACT_VOTE,
    /* pol stands behind the lock or valid value. Store it durably, before any VOTE that follows in the batch,
     * and keep it for good if a precommit follows: it answers accusations (BFT-A2). Given back at a restart.
     */
    ACT_KEEP_POL,
    /* Feed EV_TIMEOUT (height, round, timeout) after a time that the caller chooses by kind and round. Timers
     * need not be cancelled: the core ignores those overtaken. */
    ACT_SCHEDULE_TIMEOUT,
    /* round, value: decided, for good. The certificate is consensus_certificate(). Commit it, then
       START_HEIGHT. */
    ACT_DECIDE,
    /* first, second: two different messages of one validator for one slot, each signed: a fault proof. Once
     * per validator and height. If it is our own index: stop voting, another copy of this node is at work. */
    ACT_FAULT,
    /* round, value: a quorum stands behind a block whose proposal is not held. Ask peers for it. */
    ACT_FETCH,
    /* round, value: a quorum stands behind a block that this node judged invalid. Stop before signing more:
     * this node computed something else than the quorum. */
    ACT_DIVERGED,
};

struct consensus_action {
    enum consensus_action_type type;
    uint64_t height;
    int32_t round;
    enum consensus_timeout timeout;
    struct hash value;
    struct consensus_vote vote;          /* PROPOSE, VOTE */
    struct consensus_snapshot snapshot;  /* PROPOSE, VOTE: as it is after this message */
    const struct consensus_pol *pol;     /* PROPOSE, KEEP_POL: borrowed until the next step */
    struct consensus_vote first, second; /* FAULT */
};

struct consensus_actions {
    enum consensus_outcome outcome;
    uint32_t n;
    struct consensus_action v[CONSENSUS_ACTIONS];
};

struct consensus;

/* Bytes of memory that a core needs (about half a megabyte), and the core in that memory, aligned to 16 bytes
 * and owned by the caller. Nothing to deinit. The core waits for START_HEIGHT or consensus_restore. */
size_t consensus_size(void);
struct consensus *consensus_init(void *memory, size_t size);

/* One event in, actions out; ret_actions is overwritten. Never blocks. Events for another height are refused
 * with OUTCOME_STALE or _AHEAD. START_HEIGHT asserts that heights ascend; indexes within the set are
 * asserted. */
void consensus_step(struct consensus *c, const struct consensus_event *event,
                    struct consensus_actions *ret_actions);

/* After a crash, in place of START_HEIGHT, when the journal's newest snapshot is of the open height. `pol` is
 * the one kept for the snapshot's valid round, or NULL if it was lost. Afterwards the caller re-sends every
 * own message of this height that the journal holds, of all rounds, with the stored bytes, and feeds each
 * back, and with them the proposals whose blocks it kept; the core never emits another for their slots. */
void consensus_restore(struct consensus *c, uint32_t n, int32_t self,
                       const struct consensus_snapshot *snapshot, const struct consensus_pol *pol,
                       struct consensus_actions *ret_actions);

/* Index of the proposer: (height + round) mod n. */
uint32_t consensus_proposer(uint64_t height, int32_t round, uint32_t n);

/* Are these q prevotes, of distinct validators, identical in round, value and valid round (BFT-A1)?
 * Signatures are not looked at. */
bool consensus_pol_ok(const struct consensus_pol *pol, uint32_t n, int32_t round, const struct hash *value);

/* "Why are we stuck?", and what gossip tells peers. Bit i is validator i. */
struct consensus_round_status {
    int32_t round;
    uint32_t proposer;
    bool has_proposal; /* the proposer's proposal is held */
    struct hash value; /* its block, or zeros */
    enum consensus_judgement judgement;
    uint64_t prevotes, precommits; /* from whom */
    /* The largest number of prevotes that are identical, of precommits that are identical; nil counts as a
     * value. */
    uint32_t prevotes_alike, precommits_alike;
};

struct consensus_status {
    uint64_t height;
    int32_t round;
    enum consensus_step step;
    uint32_t n, quorum;
    int32_t self;
    int32_t locked_round, valid_round;
    struct hash locked_value, valid_value;
    uint64_t heard;       /* validators of which any message of this height was seen */
    uint64_t missing;     /* validators whose vote of this round and step (prevotes until a quorum of them is
                           * there, then     precommits) is not held */
    int32_t oldest_round; /* of those kept; consensus_round() answers from here on */
    int32_t newest_round; /* newest round with a message, or -1 */
};

void consensus_status(const struct consensus *c, struct consensus_status *ret_status);
/* False if the round is not kept. */
bool consensus_round(const struct consensus *c, int32_t round, struct consensus_round_status *ret_status);

/* Stored messages, so that the caller can fill the gaps of peers. NULL if not held. For VOTE_PROPOSAL the
 * validator is ignored. Borrowed until the next step. */
const struct consensus_vote *consensus_vote(const struct consensus *c, int32_t round, enum vote_type type,
                                            uint32_t validator);
/* One of the votes that a quorum of that round agrees on (BFT-A1); NULL: no quorum is there. Borrowed likewise. */
const struct consensus_vote *consensus_agreed(const struct consensus *c, int32_t round, enum vote_type type);
/* Would a proposal of this round and block be kept, if it came now? False for a round outside of the window,
 * and for a third block of one round that no quorum stands behind. Ask before the block is executed. */
bool consensus_wants(const struct consensus *c, int32_t round, const struct hash *value);
/* Is the block needed still: locked, valid, decided, or proposed in a round that is kept? */
bool consensus_needs(const struct consensus *c, const struct hash *value);
/* The POL behind the valid value; NULL if there is none. Borrowed until the next step. */
const struct consensus_pol *consensus_pol(const struct consensus *c);
/* After DECIDE: the q or more precommits behind it, ascending by validator; returns how many were written to
 * ret_votes (room for LIMIT_VALIDATORS). 0 if the decision came by certificate, or there is none. */
uint32_t consensus_certificate(const struct consensus *c, struct consensus_vote *ret_votes);

/* NULL, or which invariant does not hold. For tests, simulator and fuzzers. */
const char *consensus_check(const struct consensus *c);

#endif
