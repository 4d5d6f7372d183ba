/* Each line of the algorithm and each amendment, as a story of one core. See story.h for the words. */
#include <criterion/criterion.h>
#include "base/base.h"
#include "unit/consensus/story.h"

/* CONS-L11: a round starts in step propose, with its timer. */
STORY(CONS_L11, 4, 1, "wake => timer propose 0", "timer propose 0 => prevote 0 -")

/* CONS-L14: the proposer of (height + round) mod n builds, and proposes what it built; others wait. */
STORY(CONS_L14, 4, 0, "wake => timer propose 0; build 0", "built 0 A => propose 0 A -1",
      "built 0 B => -",             /* one proposal per round */
      "prop 0 A -1 => prevote 0 A") /* its own, once durable */

/* CONS-L16: a proposer with a valid value proposes that, with its round and POL. */
STORY(CONS_L16, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 0 0 A => -",
      "prevote 2 0 A => -", "prevote 1 0 A => keep 0 A x3; precommit 0 A {A@0 A@0}", "precommit 1 0 A => -",
      "precommit 0 0 - => -", "precommit 2 0 - => timer precommit 0",
      "timer precommit 0 => timer propose 1; propose 1 A 0 {A@0 A@0}",
      "prop 1 A 0 pol 0,1,2 -1 => prevote 1 A 0 {A@0 A@0}")

/* CONS-L21: a proposer that is told to be silent ends its own step by the timer. */
STORY(CONS_L21, 4, 0, "wake => timer propose 0; build 0", "built 0 none => -",
      "timer propose 0 => prevote 0 -", "built 0 A => stale")

/* CONS-L22: a first proposal is prevoted if valid and not locked on another. */
STORY(CONS_L22, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prop 0 A -1 => duplicate",
      "timer propose 0 => stale")
STORY(CONS_L22_invalid, 4, 1, "wake => timer propose 0", "prop 0 A -1 invalid => prevote 0 -")
STORY(CONS_L22_early, 4, 2, "prop 0 A -1 => -", "wake => timer propose 0; prevote 0 A")

#define LOCKED_ON_A                                                                                          \
    "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 0 0 A => -", "prevote 1 0 A => -",     \
        "prevote 3 0 A => keep 0 A x3; precommit 0 A {A@0 A@0}", "precommit 0 0 - => -",                     \
        "precommit 1 0 - => -", "precommit 3 0 - => timer precommit 0"

/* CONS-L23: locked on A, it refuses a fresh B, and takes A proposed afresh. */
STORY(CONS_L23_other, 4, 2, LOCKED_ON_A, "timer precommit 0 => timer propose 1",
      "prop 1 B -1 => prevote 1 - {A@0 A@0}")
STORY(CONS_L23_same, 4, 2, LOCKED_ON_A, "timer precommit 0 => timer propose 1",
      "prop 1 A -1 => prevote 1 A {A@0 A@0}")

/* CONS-L28: a re-proposal with its POL is prevoted, and the prevote names the valid round. */
STORY(CONS_L28, 4, 3, "wake => timer propose 0", "timer propose 0 => prevote 0 -", "precommit 0 1 - => -",
      "precommit 2 1 - => precommit 0 -; timer propose 1", "prop 1 A 0 pol 0,1,2 -1 => prevote 1 A 0")

/* CONS-L29: a POL as new as the lock or newer unlocks; an older one does not. */
STORY(CONS_L29_newer, 4, 2, LOCKED_ON_A, "timer precommit 0 => timer propose 1",
      "timer propose 1 => prevote 1 - {A@0 A@0}", "prevote 0 3 - => -",
      "prevote 1 3 - => prevote 2 - {A@0 A@0}; precommit 2 - {A@0 A@0}; timer propose 3",
      "prop 3 B 1 pol 0,1,3 -1 => prevote 3 B 1 {A@0 A@0}")
STORY(CONS_L29_older, 4, 2, "wake => timer propose 0", "timer propose 0 => prevote 0 -", "prevote 0 1 - => -",
      "prevote 3 1 - => precommit 0 -; timer propose 1", "prop 1 A -1 => prevote 1 A",
      "prevote 1 1 A => timer prevote 1", "prevote 2 1 A => -", "precommit 0 3 - => -",
      "precommit 1 3 - => prevote 2 -; precommit 2 -; timer propose 3", "prop 3 C -1 => prevote 3 C",
      "prevote 0 3 C => -", "prevote 1 3 C => -", "prevote 3 3 C => keep 3 C x3; precommit 3 C {C@3 C@3}",
      "prevote 0 4 - => -", "prevote 1 4 - => timer propose 4",
      "prop 4 B 0 pol 0,1,3 -1 => prevote 4 - {C@3 C@3}")
STORY(CONS_L29_same_value, 4, 2, "wake => timer propose 0", "timer propose 0 => prevote 0 -",
      "prevote 0 3 - => -", "prevote 1 3 - => prevote 2 -; precommit 2 -; timer propose 3",
      "prop 3 C -1 => prevote 3 C", "prevote 2 3 C => timer prevote 3", "prevote 3 3 C => -",
      "precommit 0 4 - => -", "precommit 1 4 - => precommit 3 -; timer propose 4",
      "prop 4 C 1 pol 0,1,3 -1 => prevote 4 C 1")

/* CONS-L34: q prevotes of any kind start the timer, once. */
STORY(CONS_L34, 4, 1, "wake => timer propose 0", "prevote 0 0 A => -", "prevote 2 0 - => -",
      "prop 0 B -1 => prevote 0 B", "prevote 1 0 B => timer prevote 0", "prevote 3 0 B => -",
      "timer prevote 0 => precommit 0 -", "timer prevote 0 => stale")
STORY(CONS_L34_short, 4, 1, "wake => timer propose 0", "timer propose 0 => prevote 0 -", "prevote 1 0 - => -",
      "prevote 0 0 A => -")

/* CONS-L36: q alike prevotes and the block: lock, precommit. */
STORY(CONS_L36, 7, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 1 0 A => -",
      "prevote 2 0 A => -", "prevote 3 0 A => -", "prevote 4 0 A => -",
      "prevote 4 0 A => duplicate", /* distinct validators */
      "prevote 5 0 A => keep 0 A x5; precommit 0 A {A@0 A@0}", "prevote 6 0 A => -")
STORY(CONS_L36_block_last, 4, 1, "wake => timer propose 0", "timer propose 0 => prevote 0 -",
      "prevote 0 0 A => -", "prevote 2 0 A => -", "prevote 3 0 A => fetch 0 A; timer prevote 0",
      "prop 0 A -1 => keep 0 A x3; precommit 0 A {A@0 A@0}")

/* CONS-L38: a second quorum for the same block makes the lock newer: a POL of between no longer releases it.
 */
STORY(CONS_L38, 4, 2, LOCKED_ON_A, "precommit 0 2 - => -",
      "precommit 1 2 - => prevote 1 - {A@0 A@0}; precommit 1 - {A@0 A@0}; timer propose 2; propose 2 A 0 "
      "{A@0 A@0}",
      "prop 2 A 0 pol 0,1,3 -1 => prevote 2 A 0 {A@0 A@0}", "prevote 2 2 A 0 => -", "prevote 0 2 A 0 => -",
      "prevote 1 2 A 0 => keep 2 A x3; precommit 2 A {A@2 A@2}", "precommit 0 3 - => -",
      "precommit 1 3 - => timer propose 3", "prop 3 B 1 pol 0,1,3 -1 => prevote 3 - {A@2 A@2}")

/* CONS-L42: after its precommit it only notes the valid value, and proposes that later. */
STORY(CONS_L42, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 1 0 A => -",
      "prevote 0 0 A => -", "prevote 2 0 - => timer prevote 0", "timer prevote 0 => precommit 0 -",
      "prevote 3 0 A => keep 0 A x3", "precommit 1 0 - => -", "precommit 0 0 - => -",
      "precommit 2 0 - => timer precommit 0",
      "timer precommit 0 => timer propose 1; propose 1 A 0 {-@-1 A@0}")

/* CONS-L44: q nil prevotes: precommit nil, keep the lock. */
STORY(CONS_L44, 4, 2, LOCKED_ON_A, "timer precommit 0 => timer propose 1",
      "timer propose 1 => prevote 1 - {A@0 A@0}", "prevote 0 1 - => -", "prevote 1 1 - => -",
      "prevote 2 1 - => precommit 1 - {A@0 A@0}")

/* CONS-L47: q precommits of any kind start the timer, in any step, once. */
STORY(CONS_L47, 4, 1, "wake => timer propose 0", "precommit 0 0 A => -", "precommit 2 0 - => -",
      "precommit 3 0 B => timer precommit 0", "precommit 1 0 - => -",
      "timer precommit 0 => prevote 0 -; precommit 0 -; timer propose 1; build 1")

/* CONS-L49: q alike precommits and the block decide, in any round, in any step. */
STORY(CONS_L49, 4, 1, "wake => timer propose 0", "precommit 0 0 A => -", "precommit 2 0 A => -",
      "precommit 3 0 A => fetch 0 A; timer precommit 0", "prop 0 A -1 => decide 0 A",
      "prevote 1 0 A => stale")
STORY(CONS_L49_old_round, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A",
      "precommit 0 1 - => -", "precommit 2 1 - => precommit 0 -; timer propose 1; build 1",
      "precommit 0 0 A => -", "precommit 2 0 A => -", "precommit 3 0 A => decide 0 A")
STORY(CONS_L49_mixed, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "precommit 0 0 A => -",
      "precommit 2 0 A => -", "precommit 3 0 B => timer precommit 0", "precommit 1 0 A => decide 0 A")
STORY(CONS_L49_nil, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "precommit 0 0 - => -",
      "precommit 2 0 - => -", "precommit 3 0 - => timer precommit 0")

/* CONS-L50: a quorum for a block that this node found invalid is told, never decided; nor precommitted. */
STORY(CONS_L50, 4, 1, "wake => timer propose 0", "prop 0 A -1 invalid => prevote 0 -", "prevote 0 0 A => -",
      "prevote 2 0 A => -", "prevote 3 0 A => diverged 0 A; timer prevote 0", "precommit 0 0 A => -",
      "precommit 2 0 A => -", "precommit 3 0 A => timer precommit 0")

/* CONS-L53: the next height starts empty. */
STORY(CONS_L53, 1, 0, "wake => timer propose 0; build 0", "built 0 A => propose 0 A -1",
      "prop 0 A -1 => prevote 0 A", "prevote 0 0 A => keep 0 A x1; precommit 0 A {A@0 A@0}",
      "precommit 0 0 A => decide 0 A", "wake => stale", "height 421 => -", "prop 0 A -1 => -",
      "wake => timer propose 0; build 0; prevote 0 A")

/* CONS-L55: f + 1 validators in later rounds pull it there; f do not. */
STORY(CONS_L55, 7, 1, "wake => timer propose 0", "prevote 2 3 - => -", "precommit 3 3 A => -",
      "prevote 3 3 - => -",                                         /* the same one again */
      "prop 4 A -1 => prevote 2 -; precommit 2 -; timer propose 3", /* validator 4, in round 4: at least one
                                                                       honest is in 3 or later */
      "prevote 5 4 - => -", "prevote 6 4 - => prevote 3 -; precommit 3 -; timer propose 4; prevote 4 A",
      "timer propose 3 => stale")

/* CONS-L57, CONS-L61, CONS-L65: timers act in their own round and step only. */
STORY(CONS_L57, 4, 1, "wake => timer propose 0", "timer propose 1 => stale", "timer propose 0 => prevote 0 -",
      "timer propose 0 => stale")
STORY(CONS_L61, 4, 1, "wake => timer propose 0", "timer prevote 0 => stale", "timer propose 0 => prevote 0 -",
      "timer prevote 0 => stale", "prevote 1 0 - => -", "prevote 0 0 - => -",
      "prevote 2 0 A => timer prevote 0", "timer prevote 1 => stale", "timer prevote 0 => precommit 0 -",
      "timer prevote 0 => stale")
STORY(CONS_L65, 4, 2, "timer precommit 0 => stale", "wake => timer propose 0", "timer precommit 0 => stale",
      "prop 0 A -1 => prevote 0 A", "precommit 0 0 - => -", "precommit 1 0 - => -",
      "precommit 3 0 A => timer precommit 0", "timer precommit 1 => stale",
      "timer precommit 0 => precommit 0 -; timer propose 1", "timer precommit 0 => stale")

/* CONS-A1: prevotes count together only if value and valid round are the same; nil ones carry none. */
STORY(CONS_A1, 4, 3, "wake => timer propose 0", "prevote 0 2 - => -",
      "prevote 1 2 - => prevote 1 -; precommit 1 -; timer propose 2",
      "prop 2 A 1 pol 0,1,2 -1 => prevote 2 A 1", "prevote 2 2 A 1 => timer prevote 2",
      "prevote 3 2 A 1 => -", /* 0 and 1 said nil; two for (A, 1) */
      "timer prevote 2 => precommit 2 -")
STORY(CONS_A1_mixed, 4, 3, "wake => timer propose 0", "precommit 0 2 - => -",
      "precommit 1 2 - => prevote 1 -; precommit 1 -; timer propose 2",
      "prop 2 A 1 pol 0,1,2 -1 => prevote 2 A 1", "prevote 2 2 A 1 => -", "prevote 3 2 A 1 => -",
      "prevote 0 2 A 0 => timer prevote 2", /* three for A, but not alike */
      "prevote 1 2 A 1 => keep 2 A x3; precommit 2 A {A@2 A@2}")
STORY(CONS_A1_malformed, 4, 3, "wake => timer propose 0", "prevote 0 1 A 1 => refused",
      "prevote 0 1 - 0 => refused", "precommit 0 1 A 0 => refused")

/* CONS-A2: a re-proposal without a right POL is not heard. */
STORY(CONS_A2, 4, 3, "wake => timer propose 0", "prevote 0 2 - => -",
      "prevote 1 2 - => prevote 1 -; precommit 1 -; timer propose 2", "prop 2 A 1 => refused",
      "prop 2 A 1 pol 0,1 -1 => refused",        /* q - 1 */
      "prop 2 A 1 pol 0,1,1 -1 => refused",      /* one twice */
      "prop 2 A 1 pol 0,1,2 -1/0 => refused",    /* mixed valid rounds */
      "prop 2 A 2 pol 0,1,2 -1 => refused",      /* not below its round */
      "prop 2 A 1 pol 0,1,2 1 => refused",       /* votes not below theirs */
      "prop 2 A 1 by 3 pol 0,1,2 -1 => refused", /* out of turn */
      "prop 2 A 1 pol 0,1,2 0 => prevote 2 A 1")

/* CONS-A3: its own votes count only when they come back. */
STORY(CONS_A3_own, 2, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 0 0 A => -",
      "prevote 1 0 A => keep 0 A x2; precommit 0 A {A@0 A@0}", "precommit 0 0 A => -",
      "precommit 1 0 A => decide 0 A")
/* CONS-A3: after a crash: same step, same lock, no second vote for a slot. */
STORY(CONS_A3_restore, 4, 2, LOCKED_ON_A, "restore 0 precommit 0 A 0 A -1 pol 0,1,3 -1 => fetch 0 A",
      "precommit 2 0 A => -", "prop 0 A -1 => keep 0 A x3", "prop 0 B -1 => conflict; fault 0",
      "precommit 0 0 - => -", "precommit 1 0 - => timer precommit 0", "timer precommit 0 => timer propose 1",
      "prop 1 B -1 => prevote 1 - {A@0 A@0}")
STORY(CONS_A3_restore_prevote, 4, 2, "restore 3 prevote 1 A 1 A -1 => -", "prop 3 B -1 => -",
      "timer propose 3 => stale", "prevote 0 3 B => -", "prevote 1 3 B => -",
      "prevote 3 3 B => keep 3 B x3; precommit 3 B {B@3 B@3}")
STORY(CONS_A3_restore_proposed, 4, 2, "restore 2 propose -1 - -1 - 2 => timer propose 2", "wake => -",
      "prop 2 A -1 => prevote 2 A")
/* CONS-A3: the POL comes back with the snapshot, or from peers; without it nothing is re-proposed. */
STORY(CONS_A3_pol, 4, 2, "restore 1 precommit 0 A 0 A -1 pol 0,1,3 -1 => -", "precommit 0 1 - => -",
      "precommit 1 1 - => -", "precommit 2 1 - => timer precommit 1",
      "timer precommit 1 => timer propose 2; propose 2 A 0 {A@0 A@0}")
STORY(CONS_A3_pol_lost, 4, 2, "restore 1 precommit 0 A 0 A -1 => -", "precommit 0 1 - => -",
      "precommit 1 1 - => -", "precommit 2 1 - => timer precommit 1", "timer precommit 1 => timer propose 2",
      "prevote 0 0 A => -", "prevote 1 0 A => -", "prevote 3 0 A => -", "wake => propose 2 A 0 {A@0 A@0}")

/* CONS-A4: idle until woken, or until f + 1 others are at work; no block without content. */
STORY(CONS_A4_votes, 4, 1, "timer propose 0 => stale", "prevote 0 0 - => -", "precommit 0 0 - => -",
      "prevote 2 0 - => timer propose 0")
STORY(CONS_A4_all_needed, 3, 1, "precommit 2 5 - => prevote 4 -; precommit 4 -; timer propose 5")
STORY(CONS_A4_silent, 4, 0, "wake => timer propose 0; build 0", "built 0 none => -", "wake => build 0",
      "built 0 A => propose 0 A -1", "wake => -")

/* CONS-A5: rounds far ahead are not kept, but say where their signers are. */
STORY(CONS_A5, 4, 1, "wake => timer propose 0", "prevote 0 16 - => -", "prevote 0 17 - => ahead",
      "prevote 2 1000000 - => ahead; prevote 16 -; precommit 16 -; timer propose 17; build 17",
      "prevote 0 17 - => -", "prevote 3 1 - => stale", "prevote 3 2 - => -")
STORY(CONS_A5_bound, 4, 1, "wake => timer propose 0", "prevote 0 1000001 - => refused",
      "prevote 0 -1 - => refused")

/* CONS-A5: what came back under its own name does not pull it along. */
STORY(CONS_A5_own, 2, 1, "wake => timer propose 0", "prevote 1 3 - => -",
      "prevote 0 1 - => prevote 0 -; precommit 0 -; timer propose 1; build 1")

/* CONS-A6: an untimely block: nil when fresh; with a POL it counts like any; decided with the others. */
STORY(CONS_A6, 4, 3, "wake => timer propose 0", "prop 0 A -1 untimely => prevote 0 -", "prevote 0 0 A => -",
      "prevote 1 0 A => -", "prevote 2 0 A => keep 0 A x3; precommit 0 A {A@0 A@0}", "precommit 0 0 A => -",
      "precommit 1 0 A => -", "precommit 2 0 A => decide 0 A")
STORY(CONS_A6_pol, 4, 3, "wake => timer propose 0", "prevote 0 1 - => -",
      "prevote 1 1 - => prevote 0 -; precommit 0 -; timer propose 1",
      "prop 1 A 0 untimely pol 0,1,2 -1 => prevote 1 A 0")

/* CONS-A7: a certificate decides, in any step; a second one is compared. */
STORY(CONS_A7, 4, 1, "cert 3 A => decide 3 A", "cert 4 A => duplicate", "cert 3 B => conflict",
      "height 421 => -", "wake => timer propose 0; build 0")

/* CONS-A8: the first message of a slot counts; a second, different one is a fault, told once. */
STORY(CONS_A8, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A", "prevote 2 0 A => -",
      "prevote 2 0 - => conflict; fault 2", "prevote 2 0 B => conflict", "precommit 3 0 A => -",
      "precommit 3 0 - => conflict; fault 3", "prevote 1 0 A => -", "prevote 2 0 A => duplicate",
      "prevote 0 0 B => timer prevote 0")
STORY(CONS_A8_valid_round, 4, 1, "wake => timer propose 0", "prevote 2 2 A => -",
      "prevote 2 2 A 1 => conflict; fault 2")
/* CONS-A8: a proposer that says two things cannot keep this node from the block that the others agreed on. */
STORY(CONS_A8_second_block, 4, 1, "wake => timer propose 0", "prop 0 A -1 => prevote 0 A",
      "prop 0 B -1 => conflict; fault 0", "prop 0 C -1 => conflict", "prop 0 B -1 => duplicate",
      "prevote 2 0 C => -", "prevote 3 0 C => -", "prevote 0 0 C => fetch 0 C; timer prevote 0",
      "prop 0 C -1 => conflict; keep 0 C x3; precommit 0 C {C@0 C@0}", "precommit 0 0 C => -",
      "precommit 2 0 C => -", "precommit 3 0 C => decide 0 C")
/* CONS-A8: the votes of a POL are taken in, and compared. */
STORY(CONS_A8_pol, 4, 3, "wake => timer propose 0", "prevote 0 0 - => -",
      "prop 1 A 0 pol 0,1,2 -1 => fault 0", "prevote 1 0 A => duplicate")

/* CONS-A9: before it starts a round, it votes nil in the slots of the round before that it has not used. */
STORY(CONS_A9, 4, 2, "wake => timer propose 0", "prevote 0 3 - => -",
      "prevote 1 3 - => prevote 2 -; precommit 2 -; timer propose 3", "prop 3 A -1 => prevote 3 A",
      "prevote 0 4 - => -", "prevote 1 4 - => precommit 3 -; timer propose 4", "prop 3 A -1 => duplicate",
      "prevote 3 3 A => -")
STORY(CONS_A9_idle, 4, 2, "prevote 0 0 - => -", "prevote 1 0 - => timer propose 0")

/* CONS-A10: a follower goes along without a word. */
STORY(CONS_A10, 4, -1, "prevote 0 1 A => -", "prevote 1 1 A => timer propose 1", "prop 1 A -1 => -",
      "prevote 2 1 A => -", "precommit 0 1 A => -", "precommit 1 1 A => -", "precommit 2 1 A => decide 1 A")
