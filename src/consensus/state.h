/* state: what a core knows of its height. Private to this folder. */
#ifndef ENT_CONSENSUS_STATE_H
#define ENT_CONSENSUS_STATE_H

#include "consensus/votes.h"

struct consensus {
    bool started;
    uint64_t height; /* h_p */
    uint32_t n;
    int32_t self;
    int32_t round; /* round_p; CONSENSUS_NONE while idle */
    enum consensus_step step;
    int32_t locked_round, valid_round, proposed_round;
    struct hash locked_value, valid_value;
    struct consensus_pol pol; /* behind valid_value; n is 0 if lost in a crash, or none */
    int32_t decided_round;
    struct hash decided_value;         /* decision_p */
    uint64_t heard;                    /* bit i: any message of validator i at this height */
    uint64_t faulted;                  /* bit i: FAULT was told */
    int32_t highest[LIMIT_VALIDATORS]; /* newest round in which validator i signed anything (BFT-A5) */
    struct votes votes;
};

#endif
