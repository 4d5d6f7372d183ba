/* ASSERT: programmer errors only, one condition each, kept on in release builds. Prints where and aborts. */
#ifndef ENT_BASE_ASSERT_H
#define ENT_BASE_ASSERT_H

#include <assert.h> /* static_assert */

#define ASSERT(cond)                                                                                         \
    do {                                                                                                     \
        if (__builtin_expect(!(cond), 0))                                                                    \
            assert_failed(#cond, __FILE__, __LINE__);                                                        \
    } while (0)

__attribute__((noreturn, cold)) void assert_failed(const char *cond, const char *file, int line);

#endif
