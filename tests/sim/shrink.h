/* shrink: makes a plan that fails shorter while it still fails the same check, and tells what is left as a story. */
#ifndef ENT_TESTS_SIM_SHRINK_H
#define ENT_TESTS_SIM_SHRINK_H

#include "run.h"

/* Runs it again and again, at most `runs` times. *p is then the smallest one found; returns how many runs it took. */
size_t shrink_plan(struct plan *p, enum sim_check check, size_t runs);
/* What the plan does to its world, and what then happened (the last hundred lines), to f. Returns how many
 * lines of story there are. */
size_t shrink_tell(const struct plan *p, FILE *f);

#endif
