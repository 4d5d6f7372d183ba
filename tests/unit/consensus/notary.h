/* notary: keeps every message ever signed in a world and says which one should not have been. Knows the rules
 * of proto/SPEC.md (Agreement), and nothing of the core. */
#ifndef ENT_TESTS_CONSENSUS_NOTARY_H
#define ENT_TESTS_CONSENSUS_NOTARY_H

#include "consensus/consensus.h"
#include "unit/consensus/world.h"

enum { NOTARY_ROUNDS = 128, NOTARY_VARIANTS = 4 };

/* What a validator said in (height, round, type): all variants of it. */
struct notary_slot {
    uint32_t n;
    struct consensus_vote said[NOTARY_VARIANTS];
};

struct notary {
    uint32_t n, quorum;
    struct notary_slot slots[WORLD_HEIGHTS][NOTARY_ROUNDS][3][WORLD_NODES];
    bool decided[WORLD_HEIGHTS];
    struct hash decision[WORLD_HEIGHTS];
};

void notary_reset(struct notary *y, uint32_t n);
/* Takes a liar's message down; false if it said too many things in that slot already: do not send it. */
bool notary_note(struct notary *y, uint64_t height, const struct consensus_vote *v);
/* Takes an honest message down. NULL, or the rule that it breaks. */
const char *notary_sign(struct notary *y, uint64_t height, const struct consensus_vote *v);
/* NULL, or why it may not be decided. */
const char *notary_decide(struct notary *y, uint64_t height, int32_t round, const struct hash *value);
/* Collects the signed prevotes of a round for a value, whatever their valid round if any_valid_round. */
uint32_t notary_prevotes(const struct notary *y, uint64_t height, int32_t round, const struct hash *value,
                         bool any_valid_round, struct consensus_pol *ret_pol);
/* The newest round below `below` in which the validator precommitted a value, which is returned; or -1. */
int32_t notary_lock(const struct notary *y, uint64_t height, uint32_t validator, int32_t below,
                    struct hash *ret_value);

#endif
