/* world: a handful of cores on a random network, from a seed: loss, duplication, reordering, late timers,
 * crashes around each journal write, one validator that says whatever it likes, and then a network that
 * heals. A notary that shares no code with the core looks at every message that is signed.
 *
 * What it checks, on every message and decision of an honest node:
 *   one message per slot, across crashes; a lock is kept unless a newer POL releases it; a precommit has q
 * alike prevotes behind it; a prevote or proposal with a valid round has a POL of that round behind it; a
 * prevote has a proposal behind it; a decision has q precommits behind it, is valid, and is the same
 * everywhere; invariants of the core; and all decide once the network has healed. */
#ifndef ENT_TESTS_CONSENSUS_WORLD_H
#define ENT_TESTS_CONSENSUS_WORLD_H

#include "base/span.h"

enum { WORLD_NODES = 7, WORLD_HEIGHTS = 2 };

/* Summed over runs, to show that the runs went where it hurts. */
struct world_counts {
    uint64_t decisions, later_rounds, locks, unlocks, reproposals, skips, crashes, restores, faults, refused,
        untimely, lost, certificates;
};

/* The next run's choices: a byte each, then the seed's. For the fuzzer. Borrowed until that run is over. */
void world_choose(struct span bytes);
/* Runs one schedule. NULL, or what went wrong (static text). The validator n - 1 lies if `liar`. */
const char *world_run(uint64_t seed, uint32_t n, bool liar, struct world_counts *counts);

#endif
