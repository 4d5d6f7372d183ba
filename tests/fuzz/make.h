/* make: random values of any record, by its descriptor. Valid by its bounds; what only the code behind knows (the order of
 * a list, an edge of two fields) is as chance has it. */
#ifndef ENT_TESTS_FUZZ_MAKE_H
#define ENT_TESTS_FUZZ_MAKE_H

#include "codec/codec.h"

extern const struct record_desc *const make_records[];
extern const size_t make_records_n;

/* FNV-1a of the name, cut to 16 bits: what an input names a record by, so that a corpus survives new records. */
uint16_t make_tag(const struct record_desc *d);
/* The record with this tag; for an unknown tag some record. */
const struct record_desc *make_find(uint16_t tag);

/* Appends the canonical bytes of a random value. seed decides all; options: how often an optional field is there, of 8. */
void make_record(const struct record_desc *d, uint64_t seed, unsigned options, struct buf *b);

#endif
