/* run: one seed of the simulator: an alliance, a workload, faults, and the checks afterwards. */
#ifndef ENT_TESTS_SIM_RUN_H
#define ENT_TESTS_SIM_RUN_H

#include "sim/world.h"

/* Adds to *total and *ret_ms (virtual time). False: wrong_text says which check failed. */
bool run_seed(uint64_t seed, bool trace, struct sim_stats *total, uint64_t *ret_ms, struct hash *ret_trace,
              char wrong_text[512]);

#endif
