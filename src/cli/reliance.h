/* reliance: what a proposal rests on (--relies-on), its last day (--until), and what it takes the place of (--supersedes). */
#ifndef ENT_CLI_RELIANCE_H
#define ENT_CLI_RELIANCE_H

#include "cli/cli.h"

/* Puts what was typed into a proposal whose effect is filled. What was not typed is kept from the revision before (NULL: there is
 * none), which is said on standard error; "none" drops it. Of a reading the version is taken that is shown, and proven. */
MUST_USE enum status cli_fill_reliance(struct cli *c, const struct proposal *before, struct proposal *p);
/* All of it, line by line, from the proposal's own bytes. */
void cli_put_reliance(const struct proposal *p, struct buf *b);
/* How it stands now, and what put the decision in doubt, as the node tells it; nothing when there is nothing. */
void cli_print_reliance(const struct query_readiness *q);

#endif
