/* fuzz: what every target shares. A target is one file that defines LLVMFuzzerTestOneInput; it is linked with
 * libFuzzer (preset `fuzz`) or with driver.c (all other presets). */
#ifndef ENT_TESTS_FUZZ_H
#define ENT_TESTS_FUZZ_H

#include "base/base.h"

/* Called by libFuzzer and by the driver. Returns 0; aborts on a finding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A target may have one: makes another input out of data, in place. Returns its size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
/* Given by libFuzzer and by the driver: changes some bytes. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* A property that must hold for every input; says which does not, and ends the program. */
#define REQUIRE(cond, ...)                                                                                   \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: does not hold: ", __FILE__, __LINE__);                             \
            (void)fprintf(stderr, __VA_ARGS__);                                                              \
            (void)fputc('\n', stderr);                                                                       \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* Takes decisions off the front of an input. At its end there are only zeros. */
static inline uint8_t take_u8(struct span *in)
{
    if (in->n == 0)
        return 0;
    uint8_t b = in->p[0];
    *in = span_of(in->p + 1, in->n - 1);
    return b;
}

static inline uint32_t take_u32(struct span *in)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 8 | take_u8(in);
    return v;
}

/* At most n bytes. */
static inline struct span take_bytes(struct span *in, size_t n)
{
    struct span s = span_of(in->p, n < in->n ? n : in->n);
    *in = span_of(in->p + s.n, in->n - s.n);
    return s;
}

/* SplitMix64. */
static inline uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif
