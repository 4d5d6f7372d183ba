/* plant: protocol bugs planted on purpose, to show that tests and simulator catch them. Where a rule is kept, the code
 * asks PLANTED(n): in every ordinary build that is the constant 0, and nothing of it is in the archives.
 *   -DENTENTE_PLANT=n   this build has bug n (tests/unit/consensus)
 *   -DENTENTE_PLANTS    the program says which, in entente_plant (tests/sim)
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
 *  13  sends a vote before its journal record is synced
 *  14  does not write the journal
 *  15  does not read the journal at a restart
 *  16  acknowledges an entry without its outbox row
 *  17  accepts a certificate that is one signature short
 *  18  applies an entry twice
 *  19  takes expired entries
 *  20  takes entries whose basis is not on the record
 *  21  accepts blocks from the future
 *  22  precommits a block whose body it has not kept
 *  23  does not look at the last commit of a proposed block
 *  24  fires no timers
 *  25  does not check the signature of an entry
 *  26  does not check the signature of a vote */
#ifndef ENT_BASE_PLANT_H
#define ENT_BASE_PLANT_H

#if defined ENTENTE_PLANTS
extern int entente_plant; /* 0: none */
#define PLANTED(n) (entente_plant == (n))
#elif defined ENTENTE_PLANT
#define PLANTED(n) (ENTENTE_PLANT == (n))
#else
#define PLANTED(n) 0
#endif

#endif
