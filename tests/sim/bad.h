/* bad: nodes that do not keep to the protocol. Each runs an honest replica; what it sends is changed on the way out, with
 * its own keys, in the ways that its plan names; some make up frames besides. */
#ifndef ENT_TESTS_SIM_BAD_H
#define ENT_TESTS_SIM_BAD_H

#include "fixture/alliance.h"
#include "sim/world.h"

enum { BAD_WAYS = 22 };

struct bad {
    const struct fixture *f;
    struct sim *sim;
    size_t node; /* its organisation's number */
    uint32_t ways;
    uint64_t state; /* of its random numbers: they do not disturb the world's */
    /* The two blocks that it proposed last in one slot, one to each half. */
    uint64_t height, round;
    struct hash one, other;
    bool two;
};

/* In words: "proposes two blocks". way below BAD_WAYS. */
const char *bad_words(size_t way);
enum sim_lie bad_lie(struct bad *b, size_t to, struct span frame, struct buf *ret_frame);
/* Now and then: frames of its own making, to everybody. */
void bad_act(struct bad *b);

/* -- Shared by bad.c and bad_blocks.c -- */
uint64_t bad_random(struct bad *b, uint64_t below);
struct span bad_encoded(struct arena *a, const struct record_desc *d, const void *rec);
const struct fixture_org *bad_org(const struct bad *b);

enum sim_lie bad_short_certificate(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_padded_certificate(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_other_leaves(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_last_commit(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_roots(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_two_blocks(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_future(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_unsigned(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_twice(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_strip_pol(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_two_valid_rounds(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
enum sim_lie bad_made_up_pol(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);

#endif
