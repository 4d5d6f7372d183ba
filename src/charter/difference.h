/* difference: what two versions of a charter say differently, key by key, in the words of the charter file.
 */
#ifndef ENT_CHARTER_DIFFERENCE_H
#define ENT_CHARTER_DIFFERENCE_H

#include "charter/charter.h"

struct charter_difference {
    uint64_t section;
    const char *key;            /* below the section: "spend.sla"; "" for all of it */
    const char *before, *after; /* as the file writes the value, on one line; NULL: it is not there */
    bool core;                  /* only a charter-core decision changes it, before or after (GOV-22) */
};

struct charter_differences {
    size_t n;
    struct charter_difference *v; /* by section, then in the order of the file */
};

/* Compares two whole charters. Texts are in the arena. ST_LIMIT: arena, or a section too large to be shown;
 * ST_FORMAT, ST_RANGE with words: a section that cannot be decoded. */
MUST_USE enum status charter_compare(const struct section_list *before, const struct section_list *after,
                                     struct arena *a, struct charter_differences *ret, struct err *err);

#endif
