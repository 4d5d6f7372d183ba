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
 *  13  leaves a round without a word
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
 *  26  does not check the signature of a vote
 *  27  sends a vote before its journal record is synced
 *  28  prevotes blocks that are invalid or of another time
 *  29  precommits and does not lock
 *  30  gives up its lock on a quorum of nil prevotes
 *  31  follows a single validator into later rounds
 *  32  never leaves a round by its timer
 *  33  does not start the prevote timer
 *  34  takes final blocks without a good certificate
 *  35  takes blocks whose leaves are not those of the header
 *  36  keeps entries waiting that are on the record
 *  37  deletes another outbox row than that of the entry which is final
 *  38  acknowledges although the outbox row could not be written
 *  39  does not compare roots after execution
 *  40  counts a signature in a certificate twice
 *  41  forgets at a restart that it has proposed
 *  42  sends no votes that a peer lacks
 *  43  does not ask for blocks that it lacks
 *  44  lets silence count after a halt
 *  45  takes ballots of seats that are not asked
 *  46  takes ballots on what is closed
 *  47  takes ballots for another rung
 *  48  takes entries about what has changed since their basis
 *  49  does not sync the vote journal
 *  50  writes over journal records of the open height */
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
