/* predicate: the bounded conditions of a charter (the end of the exact rules): up to two terms joined by one
 * and or or. The forms are those of phrase.h. */
#ifndef ENT_CHARTER_PREDICATE_H
#define ENT_CHARTER_PREDICATE_H

#include "charter/scalar.h"

/* rec is a charter_predicate. Names are borrowed from text, terms are in the arena. */
bool predicate_parse(struct span text, struct arena *a, void *rec);
void predicate_print(const void *rec, struct buf *b);
/* One term as the key of `above:`: "USD 250000.00" (amount > it) or "score 15". */
bool predicate_parse_threshold(struct span text, struct arena *a, void *rec);
void predicate_print_threshold(const void *rec, struct buf *b);

#endif
