/* criterion: the few assertions that tests/unit/replica/rig.c uses, so that a fuzz target can use the rig. */
#ifndef ENT_TESTS_FUZZ_CRITERION_H
#define ENT_TESTS_FUZZ_CRITERION_H

#include "fuzz/fuzz.h"

#define cr_assert(cond, ...)       REQUIRE(cond, "%s", #cond)
#define cr_assert_eq(a, b, ...)    REQUIRE((a) == (b), "%s == %s", #a, #b)
#define cr_assert_lt(a, b, ...)    REQUIRE((a) < (b), "%s < %s", #a, #b)

#endif
