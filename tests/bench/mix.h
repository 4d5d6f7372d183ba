/* mix: the entries of a large record of every family. Of each 1,000: 10 decisions (nine of ten are approved), 20 actions (nine of ten are done and verified), some hundred readings of daily metrics as their days pass and as many countersignatures (the metrics bench-00 to
 * bench-90 of the charter that scripts/bench writes, each of one partner's finance and checked by the next one's), ballots, steps,
 * and comments for the rest. */
#ifndef ENT_TESTS_BENCH_MIX_H
#define ENT_TESTS_BENCH_MIX_H

#include "bench/common.h"
#include "store/store.h"

enum { MIX_METRICS = 91, MIX_PARTNERS = 3, MIX_DECISIONS = 10, MIX_ITEMS = 20 };

struct mix {
    const struct bench_seat *owner, *looks, *leads[MIX_PARTNERS], *finance[MIX_PARTNERS];
    struct hash proposed[2][MIX_DECISIONS]; /* digests, of this block and of the one before */
    uint64_t decisions, items, day;         /* so far; day: of the next readings, since 1970 */
    uint64_t actions[2];                    /* before this block, and before the one before it: those that the record opened, too */
    size_t metric;                          /* of the next reading */
    struct mix_reading {
        struct hash digest;
        uint64_t number, day; /* number 0: not known yet */
        size_t metric;
    } reported[1024]; /* in the block before, or in this one */
    size_t n_reported;
    uint64_t made;
    size_t step, steps; /* within the block */
    struct mix_step {
        enum mix_what { MIX_PROPOSE, MIX_ITEM, MIX_BALLOT, MIX_CLAIM, MIX_VERIFY, MIX_MARK, MIX_READING, MIX_NOTE } what;
        size_t i, partner;
    } plan[2048];
};

/* The seats by their names; the readings begin with the day after from_ms. */
void mix_init(struct mix *m, const struct bench_options *o, uint64_t from_ms);
/* Before the entries of each block; v is the state before it. */
void mix_block(struct mix *m, const struct view *v, struct arena *a);
/* The next entry; base gives alliance, basis and times. */
void mix_next(struct mix *m, const struct bench_entry *base, struct arena *a, struct span *ret_entry, struct span *ret_signature,
              struct prose *ret_prose, bool *ret_has_prose);

#endif
