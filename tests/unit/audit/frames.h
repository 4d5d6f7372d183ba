/* frames: a file of frames (a certificate, a range) taken apart and joined again, for tests that change it. */
#ifndef ENT_TESTS_FRAMES_H
#define ENT_TESTS_FRAMES_H

#include "pack/pack.h"

enum { FRAMES_MAX = 64 };

struct frame_of {
    uint32_t kind;
    struct span body;
};
struct frames {
    const char *magic;
    struct arena *a;
    struct frame_of v[FRAMES_MAX];
    size_t n;
};

/* Bodies are copied into the arena. */
void frames_cut(struct frames *f, struct span file, const char *magic, struct arena *a);
/* All but the n frames from `without` on (n 0: all), the last one with the right count. */
struct span frames_join(const struct frames *f, size_t without, size_t n);
struct span frames_encoded(struct frames *f, const struct record_desc *d, const void *rec);
/* The frame is of this kind; decoded into the arena. */
void frames_decoded(struct frames *f, size_t i, const struct record_desc *d, void *ret);
/* The nth frame of a kind, from 0. */
size_t frames_of_kind(const struct frames *f, uint32_t kind, size_t nth);

#endif
