/* all_records: a table of every descriptor, so that tests find a record by name and check all blocks. */
#ifndef TESTS_UNIT_CODEC_ALL_RECORDS_H
#define TESTS_UNIT_CODEC_ALL_RECORDS_H

#include "codec/codec.h"

extern const struct record_desc *const all_records[];
extern const size_t all_records_n;

/* NULL when there is none. */
const struct record_desc *all_records_find(const char *name);

#endif
