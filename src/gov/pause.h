/* pause: a decision's clock stands for a while (rule 30, GOV-50 to GOV-52). Internal to gov. */
#ifndef ENT_GOV_PAUSE_H
#define ENT_GOV_PAUSE_H

#include "gov/act.h"
#include "gov/course.h"

/* `move` pause and resume, on a decision that is live, seen, and on its rung. */
MUST_USE enum status pause_ask(struct act *c, struct matter *m, const struct cause *by, struct err *err);
MUST_USE enum status pause_resume(struct act *c, struct matter *m, const struct cause *by, struct err *err);
/* The timer of the pause has come. */
MUST_USE enum status pause_over(struct gov *g, struct matter *m, struct err *err);
/* The latest time up to which it could be paused from now_ms on. */
MUST_USE enum status pause_limit(const struct view *v, struct arena *a, const struct matter *m,
                                 uint64_t now_ms, uint64_t *ret_until_ms, struct err *err);

#endif
