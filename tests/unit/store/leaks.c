#include <stdlib.h>
#include "leaks.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

/* Criterion 2.4.1's runner itself does not free three small objects. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libcriterion";
}
#endif

void leaks_check(void)
{
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0)
        abort();
#endif
}
