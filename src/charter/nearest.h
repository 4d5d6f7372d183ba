/* nearest: the known key that a mistyped one was probably meant to be. */
#ifndef ENT_CHARTER_NEAREST_H
#define ENT_CHARTER_NEAREST_H

#include "base/base.h"

enum { NEAREST_NONE = 65 }; /* farther than any two keys compared */

/* Start with distance NEAREST_NONE. */
struct nearest {
    struct span wanted;
    size_t distance; /* edits between wanted and name */
    char name[64];
};

void nearest_consider(struct nearest *n, const char *name);
/* Near enough to be suggested? */
static inline bool nearest_is_close(const struct nearest *n)
{
    return n->distance <= 2 || n->distance * 3 <= n->wanted.n;
}

#endif
