/* plan: what a seed does to its world, drawn before anything runs: how many nodes, who of them is bad and how, which
 * faults come when. A plan can be cut down, and run again. */
#ifndef ENT_TESTS_SIM_PLAN_H
#define ENT_TESTS_SIM_PLAN_H

#include "sim/world.h"

enum { PLAN_FAULTS_MAX = 160, PLAN_BAD_MAX = 12, PLAN_NEWCOMERS_MAX = 2 };

/* FAULT(name, words): a: the node; b: milliseconds, or a count; c: a mask of nodes, or a way. */
#define PLAN_FAULTS(FAULT)                                                                                   \
    FAULT(CRASH, "crashes, for b ms")                                                                        \
    FAULT(CRASH_AT_WRITE, "crashes between its next journal write and the sync, for b ms")                   \
    FAULT(CRASH_AT_MOMENT, "crashes at moment c of durability from then, for b ms")                          \
    FAULT(CRASH_ALONE, "is cut off, takes an entry, and crashes, for b ms")                                  \
    FAULT(PARTITION, "the network splits: the nodes of mask c on one side")                                  \
    FAULT(HEAL, "the network is whole")                                                                      \
    FAULT(CUT, "what it sends to mask c is lost")                                                            \
    FAULT(WITHHOLD, "messages of kind b reach nobody in mask c")                                             \
    FAULT(DELIVER, "messages of every kind reach all")                                                       \
    FAULT(REPLAY, "b messages of the past come once more")                                                   \
    FAULT(SLEEP, "sleeps for b ms (c: its monotonic clock stands)")                                          \
    FAULT(ALL_SLEEP, "all sleep for b ms")                                                                   \
    FAULT(JUMP, "its clock jumps by c ms, and is right again after b ms")                                    \
    FAULT(FULL, "its disk is full for b ms")                                                                 \
    FAULT(DAMAGE, "one of its records cannot be read for b ms")                                              \
    FAULT(BACKUP, "is backed up")                                                                            \
    FAULT(RESTORE, "is restored from its backup (c: 0 journal kept, 1 lost, 2 empty)")                       \
    FAULT(CLONE, "is copied to another machine (c: 1 the copy knows)")                                       \
    FAULT(AUDIENCE, "its twin has the links of mask c")                                                      \
    FAULT(FLOOD, "b entries of one key are handed in at once")                                               \
    FAULT(LOCK_ALONE, "when it precommits a block, it is cut off for b ms (c: 1 it crashes too)")            \
    FAULT(LOCK_MANY, "for b ms no precommit arrives; prevotes reach mask c alone")                           \
    FAULT(LOCK_TURNS, "for b ms in each round one node alone sees a quorum of prevotes, and locks")          \
    FAULT(ADMIT, "no node yet: its organisation is admitted")                                                \
    FAULT(REMOVE, "its organisation is removed")                                                             \
    FAULT(REKEY, "it gets fresh keys (c: 0 all four, 1 the vote key)")                                       \
    FAULT(REVOKE, "its key c is revoked, and then replaced")                                                 \
    FAULT(HOLDER, "another key holds seat c of its organisation")

enum plan_fault_kind {
#define FAULT(name, words) FAULT_##name,
    PLAN_FAULTS(FAULT)
#undef FAULT
        PLAN_FAULT_KINDS
};

struct plan_fault {
    uint64_t at_ms;
    enum plan_fault_kind kind;
    uint64_t a, b, c;
};

struct plan_bad {
    size_t node;
    uint32_t ways; /* of bad.h; 0: its machine is odd, it does not lie */
    bool twin;
};

struct plan {
    uint64_t seed;
    size_t partners, witnesses;
    size_t newcomers; /* organisations that may be admitted */
    bool witness[PLAN_NEWCOMERS_MAX];
    unsigned loss_percent, duplicate_percent, delay_ms, clock_off_ms, drift_ppm;
    struct plan_bad bad[PLAN_BAD_MAX];
    size_t n_bad;
    uint64_t storm_ms; /* faults and much to decide */
    uint64_t calm_ms;  /* then little, and the network as lossy as ever */
    unsigned pace_ms;  /* between two entries, on average */
    uint64_t entries_max;
    bool families;     /* of the charter that has all record families, and with entries about them */
    bool over_f;       /* more than f are bad */
    struct plan_fault faults[PLAN_FAULTS_MAX];
    size_t n_faults;
};

/* The plan of a seed. Odd ones change who takes part; every other pair, 3 and 4 and so on, has all record families. */
void plan_draw(struct plan *p, uint64_t seed);
/* One in which more than f nodes are bad. */
void plan_draw_over_f(struct plan *p, uint64_t seed);
/* Four honest nodes and a short workload; node `k % 4` crashes at the (k / 4)th moment of durability: so that a run of
 * k from 0 on goes through every one of them. */
void plan_draw_moment(struct plan *p, uint64_t k);
/* In words, a line each. */
void plan_print(const struct plan *p, FILE *f);
void plan_print_fault(const struct plan *p, const struct plan_fault *x, FILE *f);
/* When the last of the faults is over. */
uint64_t plan_over_ms(const struct plan *p);
uint64_t plan_bad_mask(const struct plan *p);
bool plan_changes_members(const struct plan *p);

#endif
