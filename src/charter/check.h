/* check: refuses a charter in which something can never work, and warns of what is fragile. Run at the
 * founding and again on every amendment. Pure: a function of the decoded sections. */
#ifndef ENT_CHARTER_CHECK_H
#define ENT_CHARTER_CHECK_H

#include "charter/charter_model.h"

struct check_finding {
    bool refuses;      /* else it warns */
    const char *where; /* "decisions.spend.approve" */
    const char *text;  /* what is wrong, what was expected */
};

struct check_findings {
    size_t n, refusals;
    struct check_finding
        *v; /* refusals and warnings in the order of the sections; at most CHECK_FINDINGS_MAX */
};

enum { CHECK_FINDINGS_MAX = 256 };

/* All findings. Texts are in the arena. ST_LIMIT: the arena is full. */
MUST_USE enum status check_charter(const struct charter *c, struct arena *a,
                                   struct check_findings *ret_findings);
/* ST_OK when nothing refuses it; else ST_FORMAT with the first refusal: "decisions.spend.approve: ...". */
MUST_USE enum status check_refuse(const struct charter *c, struct arena *a, struct err *err);

#endif
