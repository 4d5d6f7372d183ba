/* run: one plan in the simulator: an alliance, a workload, faults, and the checks afterwards. */
#ifndef ENT_TESTS_SIM_RUN_H
#define ENT_TESTS_SIM_RUN_H

#include "plan.h"
#include "bad.h"

enum { RUN_ENTRIES_MAX = 4096, RUN_OLD_MAX = 32, RUN_CHANGES_MAX = 32, RUN_KEYS_MAX = 256 };

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

/* A change of the alliance that is under way. */
struct change_wanted {
    enum plan_fault_kind kind;
    size_t who, what;
    bool begun, revoked;             /* what is asked for was made; a revoked key is to be replaced now */
    struct fixture_org fresh;        /* keys of the node, or of the seat */
    struct ed25519_key *seat;
    struct span card;
    struct hash card_digest, proposal;
    uint64_t proposed_ms, voted_ms;  /* handed in last; 0: not yet */
    uint64_t joined_ms;              /* its node started, or was helped last */
};

struct run {
    const struct plan *plan;
    const struct fixture *founded; /* shared by all runs */
    struct fixture *f;             /* this run's: with the keys in use now */
    struct fixture own;
    struct fixture_org first[FIXTURE_ORGS_MAX]; /* as they began */
    struct ed25519_key *made[RUN_KEYS_MAX]; /* in this run */
    size_t n_made;
    struct change_wanted change; /* kind PLAN_FAULT_KINDS: none */
    struct plan_fault wanted[RUN_CHANGES_MAX]; /* those to come */
    size_t n_wanted;
    uint64_t members_at;
    uint64_t left; /* bit i: it was removed */
    struct sim *sim;
    size_t n; /* organisations that have a node */
    uint64_t bad_mask;
    struct acked acks[RUN_ENTRIES_MAX];
    size_t n_acks;
    struct hash ids[RUN_ENTRIES_MAX]; /* of everything that was signed */
    size_t n_ids;
    bool healed; /* all faults are over */
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
/* About an item, a reading, a session or a grant (load_family.c). */
void load_family(struct run *r, size_t node, size_t org);
/* Dates it, now and then oddly, and hands it in at the node. */
void load_submit(struct run *r, size_t node, struct fixture_entry *e);
/* Many by one key. */
void load_flood(struct run *r, size_t node, size_t n);

/* Hands an entry in as it is. False: it was not taken. */
bool load_hand_in(struct run *r, size_t node, struct fixture_entry *e, struct hash *ret_id);
struct prose load_text(struct run *r, const char *text, struct hash *ret_digest);

/* changes.c: changes of the alliance, one after the other. */
void changes_init(struct run *r, const struct fixture *founded);
void changes_deinit(struct run *r);
void changes_want(struct run *r, const struct plan_fault *x);
bool changes_pending(const struct run *r);
const char *changes_words(const struct run *r); /* of the change that is under way */
/* The first partner that is still one. */
size_t changes_partner(const struct run *r);
/* By the record of node `at`: the height of the block that removed an organisation. */
uint64_t changes_exit_height(struct run *r, size_t at, size_t who);
/* A step on: hands in what is due, by what some node's record says now. */
void changes_act(struct run *r);

/* record.c: what must hold of the records at the end. */
void record_check(struct run *r, size_t node);
/* What the rules that act by themselves did, by this node's record: for the figures. */
void record_acts(struct run *r, size_t node);
/* Whoever knows a decision that erased texts has none of them. count: into the figures. */
void record_erased(struct run *r, size_t node, bool count);
/* src/audit verifies the node's record, as a pack. */
void record_audit(struct run *r, size_t node);

#endif
