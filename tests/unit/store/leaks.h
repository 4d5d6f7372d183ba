/* leaks: a .fini for suites. Criterion's test processes end without the sanitizer's leak check; this runs it,
 * and ends the process when it finds something. Does nothing in other builds. */
#ifndef ENT_TEST_STORE_LEAKS_H
#define ENT_TEST_STORE_LEAKS_H

void leaks_check(void);

#endif
