/* examine: is everything in a node's store whole, and does it fit together? Step by step: each table's
 * records; the chain of headers and certificates; the tree of leaves and its tiles; the state against its
 * root; the rows that lead from one to the other. Goes on after damage as far as that makes sense. Reads
 * only. Time and no memory grow with the log. */
#ifndef ENT_RECOVERY_EXAMINE_H
#define ENT_RECOVERY_EXAMINE_H

#include "store/store.h"

struct examine_result {                            /* plain data: lives in memory that processes share */
    struct hash alliance, block, root, state_root; /* of the newest block */
    uint64_t height, size, time_ms;
    uint64_t records; /* that are whole */
    uint64_t blocks;  /* of the chain that is whole, from block 0 on */
    uint64_t outbox;  /* entries that wait */
    uint64_t found;   /* damages */
};

struct examine {
    struct store *store;
    struct span org; /* whose node it is; or {NULL, 0} */
    struct examine_result *result;
    void *ctx;
    void (*at)(void *ctx, const char *where); /* what is read next */
    void (*damage)(void *ctx, const char *part, const char *text);
};

/* Steps 0 to examine_steps() - 1, each on its own: after a crash in one, the next can be done. */
size_t examine_steps(void);
/* "table LEAF", "chain", "tree", "state", "rows". */
const char *examine_step_name(size_t step);
/* A status other than ST_OK is a fault of this machine, or damage because of which the step could not be done
 * at all (told as damage too). */
MUST_USE enum status examine_step(struct examine *e, size_t step, struct err *err);

/* examine.c, for examine_tree.c. */
__attribute__((format(printf, 3, 4))) void examine_say(struct examine *e, const char *part, const char *fmt,
                                                       ...);
__attribute__((format(printf, 2, 3))) void examine_at(struct examine *e, const char *fmt, ...);
void examine_tree(struct examine *e, const struct view *v);
void examine_state(struct examine *e, const struct view *v);

#endif
