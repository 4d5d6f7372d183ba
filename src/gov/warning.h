/* warning: early warnings of risks. An indicator fires when so many periods of a metric in a row breach; the
 * risk is flagged then, and climbs (IND-1 to IND-7). Internal to gov. */
#ifndef ENT_GOV_WARNING_H
#define ENT_GOV_WARNING_H

#include "gov/act.h"

/* IND-1: may a risk have these? it: the risk when it is there already, or NULL. */
MUST_USE enum status warning_sound(struct act *c, const struct item_indicator_list *l,
                                   const struct state_item *it, struct err *err);
/* IND-1: a risk that was closed watches its metrics again. */
MUST_USE enum status warning_room(struct act *c, const struct state_item *it, struct err *err);

/* Within a change of the item: it has these from now on; one that it had before stays as it is. */
MUST_USE enum status warning_set(struct gov *g, struct state_item *it, const struct item_indicator_list *l,
                                 struct err *err);
/* Within a change: it closes, and nothing is on any more. */
void warning_close(struct state_item *it);
/* IND-2: its places in ITEM_WATCH, when it is not closed: put, or taken out. */
void warning_watch(struct gov *g, const struct state_item *it, bool put);

/* Is one of its indicators on? */
bool warning_is_on(const struct state_item *it);
/* Those that are on: "on-shelf < 80 for 2, uptime < 95"; empty when none is. */
MUST_USE enum status warning_text(struct arena *a, const struct state_item *it, struct span *ret,
                                  struct err *err);

/* IND-5: all indicators of one risk; those of a metric, some reading of which has changed. */
MUST_USE enum status warning_judge(struct gov *g, struct state_item *it, struct err *err);
MUST_USE enum status warning_judge_metric(struct gov *g, struct span metric, struct err *err);
/* Has a risk that is not closed an indicator that is the same as this term on a metric? */
MUST_USE enum status warning_watched(const struct view *v, struct arena *a, const struct charter_term_of *t, bool *ret,
                                     struct err *err);
/* IND-7: it is open again: it climbs when one is on. */
MUST_USE enum status warning_resume(struct gov *g, struct state_item *it, struct err *err);

#endif
