/* criterion: the few assertions that tests/unit/replica/rig.c uses, so that a fuzz target can use the rig. */
#ifndef ENT_TESTS_FUZZ_CRITERION_H
#define ENT_TESTS_FUZZ_CRITERION_H

#include "fuzz/fuzz.h"

/* What follows the condition is for people; there may be nothing. */
#define cr_assert(...)    FIRST_HOLDS(__VA_ARGS__, "")
#define cr_assert_eq(...) PAIR_HOLDS(==, __VA_ARGS__, "")
#define cr_assert_lt(...) PAIR_HOLDS(<, __VA_ARGS__, "")
#define cr_assert_null(p) REQUIRE((p) == NULL, "%s is null", #p)

#define FIRST_HOLDS(cond, ...)   REQUIRE(cond, "%s", #cond)
#define PAIR_HOLDS(op, a, b, ...) REQUIRE((a) op (b), "%s %s %s", #a, #op, #b)

#endif
