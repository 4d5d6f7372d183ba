/* refresh: the charter itself falls due for review, and a session opens for it (SES-10, SES-11). Internal to gov. */
#ifndef ENT_GOV_REFRESH_H
#define ENT_GOV_REFRESH_H

#include "gov/session.h"

/* After the genesis, and when section refresh was written: its timer follows. */
MUST_USE enum status refresh_follow(struct gov *g, struct err *err);
/* It has fallen due. */
MUST_USE enum status refresh_fire(struct gov *g, struct err *err);
/* What a session is now: a refresh that stands, confirmed or uncontested, and quorate, is what the next one is counted from; for one
 * that is contested nothing waits any longer. */
MUST_USE enum status refresh_heard(struct gov *g, const struct state_session *s, struct err *err);

#endif
