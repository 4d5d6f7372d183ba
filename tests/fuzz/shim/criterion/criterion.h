/* criterion: the few assertions that tests/unit/replica/rig.c and tests/unit/document/fetch_world.c use, so that fuzz targets can
 * use them. */
#ifndef ENT_TESTS_FUZZ_CRITERION_H
#define ENT_TESTS_FUZZ_CRITERION_H

#include "fuzz/fuzz.h"

/* What follows the condition is for people; there may be nothing. */
#define cr_assert(...)    FIRST_HOLDS(__VA_ARGS__, "")
#define cr_assert_eq(...) PAIR_HOLDS(==, __VA_ARGS__, "")
#define cr_assert_lt(...) PAIR_HOLDS(<, __VA_ARGS__, "")
#define cr_assert_leq(...) PAIR_HOLDS(<=, __VA_ARGS__, "")
#define cr_assert_null(...) NULL_HOLDS(__VA_ARGS__, "")
#define cr_assert_str_eq(a, b) REQUIRE(strcmp(a, b) == 0, "%s is %s", #a, #b)
#define cr_assert_fail(...) REQUIRE(false, __VA_ARGS__)

#define FIRST_HOLDS(cond, ...)   REQUIRE(cond, "%s", #cond)
#define NULL_HOLDS(p, ...)       REQUIRE((p) == NULL, "%s is null", #p)
#define PAIR_HOLDS(op, a, b, ...) REQUIRE((a) op (b), "%s %s %s", #a, #op, #b)

#endif
