/* votes: the messages of one height, by round, type and validator; one per slot, first come (BFT-A8). Rounds
 * are kept in a ring: a round stays until one CONSENSUS_ROUNDS newer is opened. Counting looks at distinct
 * validators. */
#ifndef ENT_CONSENSUS_VOTES_H
#define ENT_CONSENSUS_VOTES_H

#include "consensus/consensus.h"

struct votes_proposal {
    struct consensus_vote vote;
    enum consensus_judgement judgement;
};

struct votes_round {
    int32_t round; /* CONSENSUS_NONE: not in use */
    uint32_t n_proposals;
    struct votes_proposal
        proposals[2];                /* the first one counts; of a second only the block is used (BFT-A8) */
    uint64_t prevoted, precommitted; /* bit i: votes[i] is there */
    struct consensus_vote prevotes[LIMIT_VALIDATORS], precommits[LIMIT_VALIDATORS];
    /* "for the first time", and told once */
    bool prevote_timer, prevote_quorum, precommit_timer, fetched, diverged;
};

struct votes {
    uint32_t n, quorum;
    struct votes_round rounds[CONSENSUS_ROUNDS];
};

/* Empty, for n validators. */
void votes_reset(struct votes *v, uint32_t n);
/* The round, or NULL if it is not kept. */
struct votes_round *votes_find(struct votes *v, int32_t round);
const struct votes_round *votes_look(const struct votes *v, int32_t round);
/* The round, made if need be; the caller sees to it that it is in the window. */
struct votes_round *votes_open(struct votes *v, int32_t round);

/* OUTCOME_TAKEN, _DUPLICATE, or _CONFLICT: *ret_held is then the message that holds the slot. */
enum consensus_outcome votes_put(struct votes_round *r, const struct consensus_vote *vote,
                                 const struct consensus_vote **ret_held);
enum consensus_outcome votes_put_proposal(const struct votes *v, struct votes_round *r,
                                          const struct consensus_vote *vote,
                                          enum consensus_judgement judgement,
                                          const struct consensus_vote **ret_held);

/* Does a quorum of prevotes or of precommits stand behind the value? */
bool votes_quorum_for(const struct votes *v, const struct votes_round *r, const struct hash *value);
/* The vote held of that validator, or NULL. */
const struct consensus_vote *votes_of(const struct votes_round *r, enum vote_type type, uint32_t validator);
/* The proposal held for a value, or NULL. */
const struct votes_proposal *votes_proposal_for(const struct votes_round *r, const struct hash *value);
/* From how many validators, whatever they say. */
uint32_t votes_any(const struct votes_round *r, enum vote_type type);
/* BFT-A1: alike in value and valid round (both are -1 for precommits and nil). */
bool votes_alike(const struct consensus_vote *a, const struct consensus_vote *b);
/* The most votes that are alike; *ret_one is one of them, unset if there are none. */
uint32_t votes_most_alike(const struct votes_round *r, enum vote_type type,
                          const struct consensus_vote **ret_one);
/* One of at least `least` votes that are alike, or NULL. */
const struct consensus_vote *votes_agreed(const struct votes_round *r, enum vote_type type, uint32_t least);
/* Copies the votes that are like `one`, ascending; returns how many. Room for LIMIT_VALIDATORS. */
uint32_t votes_collect(const struct votes_round *r, const struct consensus_vote *one,
                       struct consensus_vote *ret_votes);

#endif
