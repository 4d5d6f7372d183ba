/* rules: lines 11-67 of the algorithm, as changed by BFT-A1.. Private to this folder. */
#ifndef ENT_CONSENSUS_RULES_H
#define ENT_CONSENSUS_RULES_H

#include "consensus/state.h"

/* Fires every `upon` rule that holds, until none does (BFT-L22 to L55). Ends: each firing moves round or step
 * forward, or sets a flag of the round. */
void rules_run(struct consensus *c, struct consensus_actions *out);
/* BFT-L11 */
void rules_start_round(struct consensus *c, int32_t round, struct consensus_actions *out);
/* BFT-L14: proposes or asks for a block, if it is this node's turn and it has not proposed in this round. */
void rules_propose(struct consensus *c, struct consensus_actions *out);
/* BFT-L14, lines 18 and 19: proposes the block that was built. */
void rules_propose_new(struct consensus *c, const struct hash *value, struct consensus_actions *out);
/* BFT-L57, L61, L65. False if the timer was overtaken. */
bool rules_timeout(struct consensus *c, enum consensus_timeout timeout, int32_t round,
                   struct consensus_actions *out);
/* BFT-L49, lines 51 to 53, and BFT-A7. */
void rules_decide(struct consensus *c, int32_t round, const struct hash *value,
                  struct consensus_actions *out);
/* Adds an action about the core's height; the caller fills in the rest. */
struct consensus_action *rules_emit(const struct consensus *c, enum consensus_action_type type, int32_t round,
                                    struct consensus_actions *out);

#endif
