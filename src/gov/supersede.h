/* supersede: a decision that takes the place of one in effect (GOV-69). Internal to gov. */
#ifndef ENT_GOV_SUPERSEDE_H
#define ENT_GOV_SUPERSEDE_H

#include "gov/act.h"

/* May a proposal of this row take the place of what it names? Refuses. */
MUST_USE enum status supersede_sound(struct act *c, struct span type, const struct proposal *p, struct err *err);
/* What to do about a decision that is closed: words to follow why it is; none when nothing can take its place. */
const char *supersede_hint(const struct state_decision *d);
/* Keeps in the decision whose place it takes, or that it takes none. */
void supersede_describe(struct state_decision *d, const struct proposal *p);
/* No fewer decide than decided what it replaces: m's joint and level are at least its. */
MUST_USE enum status supersede_widen(const struct view *v, struct arena *a, struct matter *m, struct err *err);
/* What would take effect: NULL when what it replaces still is in effect, or it replaces nothing; else why it is stale, in the
 * arena. Of what was acted first that is no matter. */
MUST_USE enum status supersede_gone(const struct view *v, struct arena *a, const struct state_decision *d, const char **ret_words,
                                    struct err *err);
/* What took effect ends the one whose place it takes. */
MUST_USE enum status supersede_apply(struct gov *g, const struct state_decision *d, struct err *err);

#endif
