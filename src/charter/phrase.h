/* phrase: records that a charter file writes as one line of words, such as "each partner 1 of steering". */
#ifndef ENT_CHARTER_PHRASE_H
#define ENT_CHARTER_PHRASE_H

#include "charter/scalar.h"

struct phrase {
    const struct record_desc *rec;
    const char *what;     /* "an approval" */
    const char *expected; /* how it is written */
    /* Fills rec. Texts are borrowed from text, lists are in the arena. False: not such a phrase. For
     * charter_outcome all but the name. */
    bool (*parse)(struct span text, struct arena *a, void *rec);
    void (*print)(const void *rec, struct buf *b);
};

/* NULL when the record is not written so. */
const struct phrase *phrase_of(const struct record_desc *rec);
/* A threshold, the key of `above:`: "USD 250000.00" or "score 15". */
extern const struct phrase phrase_threshold;

#endif
