#include <sodium.h>
#include "base/base.h"

static void system_fill(void *ctx, uint8_t *p, size_t n)
{
    (void)ctx;
    randombytes_buf(p, n);
}

const struct rng rng_system = {NULL, system_fill};
