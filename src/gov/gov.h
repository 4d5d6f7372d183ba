/* gov: the governance state machine. Pure: no I/O, no clock, no randomness; reads through a view, writes into
 * an overlay, allocates from the arena it is given. Deterministic: equal on every node. */
#ifndef ENT_GOV_GOV_H
#define ENT_GOV_GOV_H

#include "codec/codec.h"
#include "store/overlay.h"

enum verdict {
#define VERDICT(name, number, exit_code, text) V_##name = number,
#include "verdicts.def"
#undef VERDICT
};
const char *verdict_name(enum verdict v);
const char *verdict_text(enum verdict v);
int verdict_exit_code(enum verdict v);

/* The newest rules version that this program knows. It makes and executes no block under a newer one. */
enum { GOV_RULES_MAX = 1 };

/* What the rules ask of the history before the block: the size of the tree after the newest block of a time
 * at most at_ms, or after block 0 when there is none. */
struct gov_history {
    void *ctx;
    enum status (*size_at)(void *ctx, uint64_t at_ms, uint64_t *ret_size, struct err *err);
};

/* What an execution of one block works with. */
struct gov {
    struct overlay *state;
    struct arena *arena;   /* at least until the block is dropped or flushed */
    uint64_t time_ms;      /* the block's ledger time */
    uint64_t prev_time_ms; /* of the block before */
    uint64_t height, epoch;
    uint64_t leaf;  /* index in the tree of the leaf being applied; of the block record while timers fire */
    uint32_t rules; /* rules version */
    struct gov_history history;
    char why[256];    /* after a verdict other than V_OK: the particulars, in plain words, */
    const char *rule; /* and the rule of SPEC.md that was broken: of form and authority; "ENT-7": of the kind */
};

/* An entry ready to be applied: decoded, its signature checked by the caller (SIG-*, ENT-1, 2, 5, 6). */
struct gov_entry {
    const struct entry *entry;
    struct hash id;
    struct public_key key; /* that signed */
};

/* State after the genesis: parties, seats, holders, node keys, charter sections. sections and cards are the
 * leaves of block 0. Refuses (ST_FORMAT with words) what GEN-1 (keys), GEN-3 (digests), GEN-5 (order) or the
 * charter check refuse. Signatures and certificates (GEN-1, 2, 4) and the alliance id are the caller's. */
MUST_USE enum status gov_genesis(struct gov *g, const struct span *sections, size_t n_sections,
                                 const struct span *cards, size_t n_cards, struct err *err);

/* Fires what is due at g->time_ms (GOV-T1). ret_fired counts; ret_more: the limit was reached, more is due.
 */
MUST_USE enum status gov_timers(struct gov *g, size_t *ret_fired, bool *ret_more, struct err *err);

/* Applies one entry. Writes nothing unless the verdict is V_OK. The status is only for faults of this
 * machine. */
MUST_USE enum status gov_apply(struct gov *g, const struct gov_entry *e, enum verdict *ret_verdict,
                               struct err *err);

/* Earliest deadline on record; ST_END when there is none. */
MUST_USE enum status gov_next_deadline(const struct view *v, uint64_t *ret_deadline_ms);

/* gov_timers has nothing to do in a block of a time before this one: the earliest deadline, UINT64_MAX without any; 0 while
 * the deadlines of a halt are being deferred. */
MUST_USE enum status gov_calm_until(const struct view *v, struct arena *a, uint64_t *ret_ms, struct err *err);

/* The set that decides the block after this state, ascending by organisation. */
MUST_USE enum status gov_validators(const struct view *v, struct arena *a, struct validator_set *ret_set,
                                    struct err *err);

/* Rules version in force for the block after this state (GOV-39): 1 until an upgrade. */
MUST_USE enum status gov_rules(const struct view *v, uint32_t *ret_rules, struct err *err);

/* All organisations that were ever on the record, ascending. */
struct gov_party {
    struct span org;
    struct state_party party; /* standing: absent for active */
};
struct gov_party_list {
    size_t n;
    struct gov_party *v;
};
MUST_USE enum status gov_parties(const struct view *v, struct arena *a, struct gov_party_list *ret_parties,
                                 struct err *err);

/* The clock section in force: precision, timeouts, caps. */
struct gov_clock {
    uint64_t precision_ms, late_after_ms;
    uint64_t propose_ms, vote_ms, step_ms; /* base timeouts, and what each further round adds */
    uint32_t block_entries, block_bytes;
};
MUST_USE enum status gov_clock(const struct view *v, struct arena *a, struct gov_clock *ret_clock,
                               struct err *err);

/* Looks at all tables: do they agree with each other? For tests and the simulator; not for nodes, it costs
 * O(n). ST_CORRUPT says what is wrong. */
MUST_USE enum status gov_check(const struct view *v, struct arena *a, struct err *err);

#endif
