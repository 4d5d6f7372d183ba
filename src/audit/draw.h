/* draw: a sample that anybody can draw again. Consistent sampling without replacement: Ronald L. Rivest,
 * "Consistent Sampling with Replacement" (arXiv:1808.10016), section 1.1. Each line of the population gets a
 * ticket, SHA-256 of a text that holds the seed and the line's leaf; the sample is the n lines with the
 * smallest tickets, in that order. So a larger n only adds lines, and a line's chance does not depend on how
 * the population is listed. */
#ifndef ENT_AUDIT_DRAW_H
#define ENT_AUDIT_DRAW_H

#include "base/base.h"

struct draw_line {
    uint64_t leaf; /* of the entry; of a decision the leaf that opened it */
    size_t row;    /* whatever the caller wants to find it by */
    struct hash ticket;
};

/* SHA-256 of "SEED:LEAF": the seed as given, a colon, the leaf in decimal. */
void draw_ticket(const char *seed, uint64_t leaf, struct hash *ret_ticket);
/* Fills in the tickets and sorts: the sample is the first n. */
void draw_sort(const char *seed, struct draw_line *lines, size_t n);

#endif
