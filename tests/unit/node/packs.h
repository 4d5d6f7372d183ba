/* packs: the records of alliances that are kept (tests/verifier/packs), as a node keeps them. */
#ifndef ENT_TESTS_NODE_PACKS_H
#define ENT_TESTS_NODE_PACKS_H

#include "store/store.h"

enum { PACKS_N = 4 };
extern const char *const packs[PACKS_N];
/* In memory: all its blocks, executed. */
struct store *packs_record(const char *name);

#endif
