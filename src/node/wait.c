#include "node/internal.h"

/* With the clock in the call (POSIX.1-2024) instead of in the variable's attributes: libfaketime, which the tests move clocks with,
 * forgets the attributes, and every wait then ends at once. */
void wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, uint64_t ms)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    ts.tv_sec += (time_t)(ms / 1000);
    ts.tv_nsec += (long)(ms % 1000) * 1000000;
    if (ts.tv_nsec >= 1000000000) {
        ts.tv_sec++;
        ts.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &ts);
}
