/* scan: what time did by itself, and who was late with readings, found by looking at every row of the record: what the answers
 * by the index (happened.h) are held against. */
#ifndef ENT_TESTS_GOV_SCAN_H
#define ENT_TESTS_GOV_SCAN_H

#include "world.h"

struct scan_counts {
    size_t events, item_events, late, unmarked, missed, expired, computed; /* lines of news, and what they are of */
    size_t waits;                                                /* partners late with a reading, by query_record */
};
/* The news since several moments of the stream, and who was late in several spans of it: are both ways' answers the same? */
void scan_agrees(struct world *w, struct scan_counts *c);

#endif
