/* denial: a verdict other than V_OK with its words, for checks that both an entry and an effect make.
 * Internal to gov. */
#ifndef ENT_GOV_DENIAL_H
#define ENT_GOV_DENIAL_H

#include "gov/gov.h"

struct denial {
    enum verdict verdict;
    char why[256];
};

/* Sets both and returns ST_REFUSED. */
MUST_USE __attribute__((format(printf, 3, 4))) enum status denial_set(struct denial *r, enum verdict v,
                                                                      const char *fmt, ...);

#endif
