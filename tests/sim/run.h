/* run: one plan in the simulator: an alliance, a workload, faults, and the checks afterwards. */
#ifndef ENT_TESTS_SIM_RUN_H
#define ENT_TESTS_SIM_RUN_H

#include "plan.h"
#include "bad.h"

enum { RUN_ENTRIES_MAX = 4096, RUN_OLD_MAX = 32 };

struct run_result {
    struct sim_stats stats;
    uint64_t ms, asleep_ms; /* virtual time; of it, everybody slept */
    enum sim_check check;   /* SIM_FINE: all held */
    bool forked;            /* of a plan with more than f bad nodes */
    uint64_t guilty;        /* whom evidence convicts */
    struct hash trace;
    char wrong[640];
};

struct run_options {
    bool trace;  /* print everything */
    FILE *story; /* print the story there; NULL: nowhere */
};

/* False: result->check and wrong say what failed. */
bool run_plan(const struct plan *p, const struct run_options *o, struct run_result *ret_result);
/* Frees the alliances founded so far. */
void run_deinit(void);

/* -- Shared by run.c, load.c and record.c -- */

struct acked {
    struct hash id;
    size_t node;
    bool refused;
};

struct run {
    const struct plan *plan;
    struct fixture *f;
    struct sim *sim;
    size_t n; /* organisations */
    uint64_t bad_mask;
    struct acked acks[RUN_ENTRIES_MAX];
    size_t n_acks;
    struct hash ids[RUN_ENTRIES_MAX]; /* of everything that was signed */
    size_t n_ids;
    uint64_t submitted;
    struct basis old_basis;
    struct buf old[RUN_OLD_MAX]; /* submissions made before */
    struct bad bad[PLAN_BAD_MAX];
    size_t twins[PLAN_BAD_MAX]; /* their machines; 0: none */
    size_t next_fault;
    uint64_t trigger_ms[SIM_NODES_MAX]; /* cut off for so long when it locks; 0: not */
    bool trigger_crash[SIM_NODES_MAX];
    uint64_t isolated_until[SIM_NODES_MAX], clock_right_ms[SIM_NODES_MAX]; /* 0: not */
    bool turns; /* in each round one node locks */
    uint64_t turn_height, turn_locked;
    uint64_t healed_at, delivered_at, asleep_ms;
    size_t n_acting; /* bad nodes that make up frames, or may */
    uint64_t bad_acts_at;
    FILE *story;
};

/* load.c */
uint64_t load_start_ms(void);
/* One entry of some kind, by somebody, at some node. */
void load_act(struct run *r);
void load_comment(struct run *r, size_t node, size_t org);
/* Many by one key. */
void load_flood(struct run *r, size_t node, size_t n);

/* record.c: what must hold of the records at the end. */
void record_check(struct run *r, size_t node);
/* src/audit verifies the node's record, as a pack. */
void record_audit(struct run *r, size_t node);

#endif
