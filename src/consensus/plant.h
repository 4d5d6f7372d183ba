/* plant: protocol bugs planted on purpose, to show that tests and simulator catch them. A build with
 * -DENTENTE_PLANT=n has bug n; every other build has none, and PLANTED() is the constant 0 there.
 *
 *   1  prevotes against its lock
 *   2  gives up its lock for a valid round that is older than the lock
 *   3  precommits on f + 1 prevotes
 *   4  counts arriving votes, not the validators that they are from
 *   5  accepts a POL whose prevotes differ in their valid round
 *   6  forgets the lock at a restart
 *   7  ignores the journalled snapshot at a restart
 *   8  a quorum is one vote short
 *   9  counts prevotes without regard to their valid round
 *  10  decides on q precommits for anything
 *  11  prevotes a re-proposal without looking at its POL
 *  12  keeps its lock, but does not raise the lock's round with a newer quorum
 *  13  leaves a round without a word (BFT-A9) */
#ifndef ENT_CONSENSUS_PLANT_H
#define ENT_CONSENSUS_PLANT_H

#ifdef ENTENTE_PLANT
#define PLANTED(n) (ENTENTE_PLANT == (n))
#else
#define PLANTED(n) 0
#endif

#endif
