/* world: an alliance in memory, and a small language to act in it: found, propose, ballot, wait, look. Every
 * act is the only entry of a block of its own, one second after the block before, on the basis of all before
 * it. Keys are not real: governance does not look at signatures. */
#ifndef ENT_TESTS_GOV_WORLD_H
#define ENT_TESTS_GOV_WORLD_H

#include "gov/course.h"
#include "gov/gov.h"
#include "gov/query.h"
#include "gov/state.h"

struct world {
    struct arena a;
    struct overlay state;
    struct view v; /* of the state, and of what a node puts beside it: HAPPENED */
    struct overlay happened;
    struct arena happened_arena;
    bool acted; /* since that was made */
    struct gov g;
    struct err err;
    uint64_t size;              /* of the tree: leaves so far */
    uint64_t basis;             /* of the next act; 0: all before its block */
    bool same_block;            /* the next acts join the block of the last one */
    struct hash next_id;        /* ids count up */
    const char *key;            /* whose key signs the next act; NULL: the seat's own */
    const struct hash *raw_key; /* the same, as it is */
    bool unwatched;             /* do not look whether a refusal writes nothing */
    bool unchecked;             /* do not look whether the tables agree: a replay, whose digest is compared */
    size_t fired;               /* by the timers of the last block */
    bool more;
    uint64_t last; /* number of the newest decision */
    struct world_block {
        uint64_t time_ms, size; /* of a block, and of the tree after it */
    } * blocks;
    size_t n_blocks, cap_blocks;
};

/* How a random stream is run. */
enum stream_run { RUN_CHECKED, RUN_REPLAY, RUN_REFUSALS };

/* Text of world.charter.yaml. */
char *world_charter(struct arena *a);

/* Founded on 2026-03-02T08:00:00Z, a Monday, with brand, distributor, maker as partners and trustee as
 * witness. All seats are filled; each by a key named after the seat. */
void world_found(struct world *w);
void world_found_with(struct world *w, const char *charter);
/* The same, giving back what gov_genesis says. spoil may change the leaves before. */
enum status world_try(struct world *w, const char *charter,
                      void (*spoil)(struct span_list *sections, struct span_list *cards));
void world_free(struct world *w);

/* A new block at this time, with its timers. */
void world_at(struct world *w, const char *time);
void world_at_ms(struct world *w, uint64_t ms);

/* Options of a proposal. */
struct world_proposal {
    const char *currency; /* with minor: amount */
    int64_t minor;
    const char *affected[4];
    const char *partner, *budget, *scope;
    const char *charge_currency, *rate; /* with charge: what the amount is in the budget's currency */
    int64_t charge;
    enum section_id section; /* with body: amend */
    struct span body;
    uint64_t base;
    uint64_t counters, supersedes;
    const struct effect *effect; /* any other one */
};

enum verdict world_propose(struct world *w, const char *seat, const char *type,
                           const struct world_proposal *p);
enum verdict world_revise(struct world *w, const char *seat, uint64_t n, const struct world_proposal *p);
/* Reason and clause are given where the choice needs them. */
enum verdict world_ballot(struct world *w, const char *seat, uint64_t n, enum choice choice);
/* For another seat, as its alternate or in its stead. */
enum verdict world_ballot_for(struct world *w, const char *seat, const char *principal, uint64_t n,
                              enum choice choice);
enum verdict world_recommend(struct world *w, const char *seat, uint64_t n, const struct world_proposal *p);
enum verdict world_receipt(struct world *w, const char *seat, uint64_t n);
/* The registrar of brand, or of who the seat is of: the seat keeps its own key, and has this alternate. */
struct alternate world_alternate(const char *seat, const char *from, const char *until);
enum verdict world_alternates(struct world *w, const char *seat, struct alternate *v, size_t n);
enum verdict world_withdraw(struct world *w, const char *seat, uint64_t n);
enum verdict world_move(struct world *w, const char *seat, uint64_t n, enum move move);
enum verdict world_note(struct world *w, const char *seat, uint64_t n);
enum verdict world_holder(struct world *w, const char *registrar, const char *seat, const char *key1,
                          const char *key2);
enum verdict world_revoke(struct world *w, const char *registrar, const char *key);
struct span world_encoded(struct world *w, const struct record_desc *d, const void *rec);
enum verdict world_entry(struct world *w, const char *seat, uint64_t kind, const struct record_desc *d,
                         const void *body);

struct public_key world_key(const char *name);
/* Digest of all writes so far. */
struct hash world_digest(struct world *w);
struct state_decision world_decision(struct world *w, uint64_t n);
enum phase world_phase(struct world *w, uint64_t n);
/* "2026-03-05T00:00:00.000Z" */
struct time_text world_deadline(struct world *w, uint64_t n);
/* The n-th last event of a decision: 0 the newest. */
struct state_event world_event(struct world *w, uint64_t decision, uint64_t back);
enum position world_position(struct world *w, uint64_t n, const char *org);
/* A section as it stands, and with one text replaced: for amendments. Both bodies canonical. */
struct state_section world_section(struct world *w, enum section_id id);
struct span world_glossary(struct world *w, const char *word, const char *meaning);

/* Does no deadline run but that of the renewal, which opens on 4 July 2030? */
#define WORLD_RENEWAL_OPENS_MS UINT64_C(1909353600000)
bool world_is_idle(const struct world *w);

/* All ballots of these seats approve; asserts that each is accepted. NULL ends. */
void world_approve(struct world *w, uint64_t n, const char *const *seats);

#define AT(w, t) world_at(w, t)
#define EXPECT_VERDICT(w, got, want)                                                                         \
    do {                                                                                                     \
        enum verdict got_ = (got);                                                                           \
        cr_assert(got_ == (want), "verdict %s (%s), expected %s", verdict_name(got_), (w)->g.why,            \
                  verdict_name(want));                                                                       \
    } while (0)
#define EXPECT_PHASE(w, n, want)                                                                             \
    do {                                                                                                     \
        enum phase got_ = world_phase(w, n);                                                                 \
        cr_assert(got_ == (want), "D-%d is %s, expected %s", (int)(n), enum_text(&phase_enum, got_),         \
                  enum_text(&phase_enum, want));                                                             \
    } while (0)
#define EXPECT_TIME(got, want)                                                                               \
    do {                                                                                                     \
        struct time_text got_ = (got);                                                                       \
        cr_assert_str_eq(got_.s, want);                                                                      \
    } while (0)
#define EXPECT_WHY(w, text) cr_assert(strstr((w)->g.why, text) != NULL, "why: %s", (w)->g.why)

#endif
