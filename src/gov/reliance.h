/* reliance: what decisions rest on: assumptions, readings, clauses of the charter; and what follows when one of them is
 * falsified, restated or amended (SPEC section 26). Internal to gov. */
#ifndef ENT_GOV_RELIANCE_H
#define ENT_GOV_RELIANCE_H

#include "gov/act.h"

/* First part of a RELIED key: what is relied on. */
enum relied { RELIED_ASSUMPTION = 1, RELIED_READING = 2, RELIED_SECTION = 3 };

/* REL-1: of the proposal of a decision; 0: of one that has no number yet. Refuses. */
MUST_USE enum status reliance_sound(struct act *c, uint64_t decision, const struct proposal *p, struct err *err);
/* REL-2: makes its rows those of its current revision and of the recommendation in force, as the state has them; none when it is
 * over. */
MUST_USE enum status reliance_list(struct gov *g, const struct state_decision *d, struct err *err);
/* Takes its rows out: before another revision becomes the current one. */
MUST_USE enum status reliance_unlist(struct gov *g, const struct state_decision *d, struct err *err);

/* Its phase lets nothing follow: it ended without effect, or is over. */
bool reliance_is_over(const struct state_decision *d);
/* REL-3: event and action, because of words, owned by a seat until the mover takes it. Nothing when it is over. */
MUST_USE enum status reliance_doubt(struct gov *g, uint64_t decision, const char *words, struct span owner,
                                    const struct item_link *because, struct err *err);
MUST_USE enum status reliance_falsified(struct gov *g, const struct state_item *it, struct err *err);
MUST_USE enum status reliance_restated(struct gov *g, uint64_t reading, struct span seat, struct err *err);
/* REL-4: of a section, by a decision that made version of it. */
MUST_USE enum status reliance_amended(struct gov *g, const struct state_decision *by, uint64_t section, uint64_t version,
                                      struct err *err);

/* Two lines of `relies` name the same. */
bool reliance_same(const struct reliance *x, const struct reliance *y);
/* The section that a clause is of; 0: none has that name. */
uint64_t reliance_section(struct span clause);

#endif
