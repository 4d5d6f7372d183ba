/* lasting: decisions that hold until a last day, and a section of the charter that is reaffirmed with one (GOV-67, GOV-68).
 * Internal to gov. */
#ifndef ENT_GOV_LASTING_H
#define ENT_GOV_LASTING_H

#include "gov/act.h"

/* What the row says of it, pinned. */
void lasting_pin(const struct charter_row *row, struct state_pinned *p);
/* Is the proposal's last day one that the row allows? Refuses. */
MUST_USE enum status lasting_sound(struct act *c, const struct state_pinned *pinned, const struct proposal *p, struct err *err);
/* Keeps its end in the decision, or that there is none. */
MUST_USE enum status lasting_describe(const struct view *v, struct arena *a, const struct state_pinned *pinned,
                                      const struct proposal *p, struct state_decision *d, struct err *err);
/* Is it over before it took effect? Of what was acted first that is no matter: it is ratified, and expires. Then it is stale,
 * with these words. */
extern const char lasting_words[];
bool lasting_is_over(const struct state_decision *d, uint64_t now_ms);
/* What took effect has its section reaffirmed by the sponsors, when its row says so. */
MUST_USE enum status lasting_reaffirm(struct gov *g, const struct matter *m, struct err *err);

#endif
