/* rng: the source of random bytes, so that the simulator can give a seeded one. */
#ifndef ENT_BASE_RNG_H
#define ENT_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    void *ctx;
    void (*fill)(void *ctx, uint8_t *p, size_t n);
};

/* The operating system's generator, by libsodium. */
extern const struct rng rng_system;

static inline void rng_fill(const struct rng *r, void *p, size_t n)
{
    r->fill(r->ctx, p, n);
}

#endif
