/* story: a record made in memory for the tests of certificates: an alliance, its blocks as a pack has them,
 * checkpoints. */
#ifndef ENT_TESTS_STORY_H
#define ENT_TESTS_STORY_H

#include "fixture/alliance.h"
#include "ledger/block.h"

enum { STORY_BLOCKS_MAX = 64, STORY_ACTS_MAX = 4 };
enum { SPONSOR, MANAGER, LEAD, FINANCE, REGISTRAR }; /* fixture_seat_names */

struct story {
    struct fixture f;
    struct arena a;
    struct store *store;
    struct view v;
    struct ids *ids;
    struct tip tip;
    struct hash last_commit;
    uint64_t now_ms;
    struct ed25519_key *votes[8];                     /* in force */
    struct ed25519_key *cosigns[STORY_BLOCKS_MAX][8]; /* after each block */
    struct pack_block blocks[STORY_BLOCKS_MAX];
    struct hash roots[STORY_BLOCKS_MAX];
    uint64_t sizes[STORY_BLOCKS_MAX];
    size_t n_blocks;
    struct block_candidate acts[STORY_ACTS_MAX]; /* of the next block */
    struct prose prose[STORY_ACTS_MAX];
    size_t n_acts;
    struct hash id; /* of the act added last */
};

/* Three partners and a witness, founded from the seed. */
void story_begin(struct story *s, uint64_t seed);
void story_end(struct story *s);
/* An act of the next block; its one text, if any, was made by story_text. */
void story_act(struct story *s, enum kind kind, const void *body, size_t org, size_t seat, bool text);
void story_text(struct story *s, const char *text, struct hash *ret_digest);
/* The next block, so much later, with the acts added; each must be accepted. */
void story_block(struct story *s, uint64_t later_ms);
/* A checkpoint after block i, cosigned by all but the last member, signed by a log key. */
struct span story_note(struct story *s, size_t block);
struct state_decision story_decision(struct story *s, uint64_t number);

#endif
