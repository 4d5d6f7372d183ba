/* matrix: decision rows of a proposed charter over a record: what would each decision have become?
 *
 * Each decision is executed again by itself, by the rules that were in force, with the proposed rows and ladders in place at its
 * opening, where they are pinned (rule 3), and everything else as it was: time, seats, keys, other decisions, and every entry
 * about it. Where a deadline of the proposed row falls between two blocks, time acts there, as a running ledger would; not
 * while the record says that the ledger stood still. It is followed until it is decided so, or was decided in fact: after that
 * nobody voted, and what they would have said is not for us to say. */
#ifndef ENT_CLI_MATRIX_H
#define ENT_CLI_MATRIX_H

#include "audit/verify.h"
#include "charter/charter.h"

struct matrix;

/* sections: of the proposed charter; those of decisions and ladders are used, and borrowed. */
struct matrix *matrix_new(const struct section_list *sections);
void matrix_free(struct matrix *m);
/* What looks along while the record is verified. */
struct verify_watch matrix_watch(struct matrix *m);
/* Once it is verified. Texts are the matrix's. */
const struct replay_report *matrix_report(const struct matrix *m);

#endif
