/* liar: a node that does not keep to the protocol. Its replica is honest; what it sends is changed on the way
 * out, with the node's own keys: certificates and last commits a signature short, votes of its own that
 * differ by receiver, votes in others' names, entries with a broken signature. */
#ifndef ENT_TESTS_SIM_LIAR_H
#define ENT_TESTS_SIM_LIAR_H

#include "fixture/alliance.h"
#include "sim/world.h"

struct liar {
    const struct fixture *f;
    struct sim *sim;
    size_t self;
};

/* False: the frame goes as it is. */
bool liar_lie(const struct liar *l, size_t to, struct span frame, struct buf *ret_frame);

#endif
