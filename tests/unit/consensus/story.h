/* story: a run of one core, told line by line: "event => actions". A line that starts with "=>" would be an
 * event without a name, so there is none; "-" after the arrow means that nothing happens.
 *
 * Events:
 *   wake                         prop R V VR [untimely|invalid] [by I] [pol I,J,K W]
 *   prevote I R V [VR]           precommit I R V          timer propose|prevote|precommit R
 *   built R V|none               cert R V                 height H
 *   restore R propose|prevote|precommit LOCK LOCKED VALID VALUE PROPOSED [pol I,J,K W]
 * R rounds; I, J, K validators; V a letter, or - for nil; VR a valid round; W the valid round of the POL's
 * votes. The height is STORY_HEIGHT, so that the proposer of round r is r mod n.
 *
 * Actions, joined by "; ": build R, propose R V VR, prevote R V [VR], precommit R V, keep R V xN (POL of N
 * votes), timer KIND R, decide R V, fault I, fetch R V, diverged R V; in front of them the outcome, if it is
 * not "taken". A vote or proposal whose snapshot holds a lock or valid value ends in {LOCKED@R VALID@R}. */
#ifndef ENT_TESTS_CONSENSUS_STORY_H
#define ENT_TESTS_CONSENSUS_STORY_H

#include "consensus/consensus.h"

enum { STORY_HEIGHT = 420 };

/* Runs lines until NULL; each mismatch fails the test with line and text. Checks invariants after each step.
 */
void story_run(const char *id, uint32_t n, int32_t self, const char *const *lines);
/* The block id that a letter stands for. */
struct hash story_value(char letter);

#define STORY(id, n, self, ...)                                                                              \
    Test(stories, id)                                                                                        \
    {                                                                                                        \
        static const char *const lines[] = {__VA_ARGS__, NULL};                                              \
        story_run(#id, n, self, lines);                                                                      \
    }

#endif
