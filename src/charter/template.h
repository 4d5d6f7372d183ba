/* template: complete charters to start from, compiled into the program. */
#ifndef ENT_CHARTER_TEMPLATE_H
#define ENT_CHARTER_TEMPLATE_H

#include "base/span.h"

struct charter_template {
    const char *name; /* as typed: "two-partners" */
    const char *what; /* in one line */
    struct span yaml; /* the charter file; static */
};

enum { CHARTER_TEMPLATES = 4 };
extern const struct charter_template charter_templates[CHARTER_TEMPLATES];

/* NULL: there is none of that name. */
const struct charter_template *charter_template(const char *name);

#endif
