/* A node that lost its vote journal and comes back from a backup: its old vote key is dead. Nodes 0, 1 and 2 are honest,
 * node 3 lies; HEIGHTS heights of one round each. Node 2 is restored once, at any moment, to any earlier height: it knows
 * nothing of what it had signed.
 *
 * By the rule it signs nothing more with its old key. The block B of a height admits its fresh key: from the next height on
 * the fresh key is in the set, and the old one is not. No height has certificates for two blocks, and no
 * key of an honest node signs two votes for a slot.
 *
 * -DABOVE_PEERS  removes the rule: node 2 asks two peers (a quorum with itself) for their open height, and goes on with its
 *                old key above the highest of the answers. The liar answers what it likes.
 * -DASK_ALL      with ABOVE_PEERS: it waits for the answers of all three (one absent node, and it waits for ever)
 *
 * -DWITNESS      asserts that the fresh key never helps to decide; that must fail
 *
 * Votes of one round: prevote anything (BFT-L22), precommit on a POL (L36), decide on a certificate (L49, A7) and go to the
 * next height. A node that does not vote is silent, which here is the same as nil. */
#define HEIGHTS 2
#define LIAR 1
#define QUORUM 3
#define KEYS 4 /* of nodes 0, 1, 2 (old), 2 (fresh) */
#define LETTER(v) ('A' + (v)-1)

byte prevotes[KEYS * HEIGHTS], precommits[KEYS * HEIGHTS]; /* sets: bit 1 for A, bit 2 for B */
#define PV(key, h) prevotes[(key)*HEIGHTS + (h)-1]
#define PC(key, h) precommits[(key)*HEIGHTS + (h)-1]
#define HAS(set, bit) (((set) >> (bit)) & 1)

/* The set of a height: node 2's fresh key from the height after the block that admits it (BLK-6). */
#define COUNT(of, h, v) (HAS(of(0, h), v) + HAS(of(1, h), v) + (FRESH(h) -> HAS(of(3, h), v) : HAS(of(2, h), v)) + LIAR)
#define FRESH(h) ((h) > 1 && COUNT_FIRST(PC, 2) >= QUORUM)
#define COUNT_FIRST(of, v) (HAS(of(0, 1), v) + HAS(of(1, 1), v) + HAS(of(2, 1), v) + LIAR)
#define POL(h, v) (COUNT(PV, h, v) >= QUORUM)
#define CERTIFIED(h, v) (COUNT(PC, h, v) >= QUORUM)
#define FORK ((CERTIFIED(1, 1) && CERTIFIED(1, 2)) || (CERTIFIED(2, 1) && CERTIFIED(2, 2)))

#define MORE_THAN_ONE(set) (((set) & ((set)-1)) != 0)
#define TWICE (MORE_THAN_ONE(PV(2, 1)) || MORE_THAN_ONE(PV(2, 2)) || MORE_THAN_ONE(PC(2, 1)) || MORE_THAN_ONE(PC(2, 2)))

#define PROPOSE 0
#define PREVOTE 1
#define PRECOMMIT 2
byte height[3] = 1, step[3];
bool restored, failed, told;
byte above; /* node 2 votes above this height with its old key */

inline check()
{
#if defined(WITNESS)
    failed = CERTIFIED(2, 1) && HAS(PC(3, 2), 1);
#elif defined(ABOVE_PEERS) && !defined(ASK_ALL)
    failed = FORK; /* shown to its end: not only two votes, but a fork */
#else
    failed = FORK || TWICE;
#endif
    if
    :: FORK -> printf("FORK: one height has certificates for A and for B, with the liar's precommits\n")
    :: TWICE && !FORK && !told ->
        told = true;
        printf("TWICE: node 2, honest, has signed two votes for one slot\n")
    :: else
    fi;
    assert(!failed)
}

/* The key that node i signs with at its height: 4 is none. */
#define OLD_KEY_LIVES (!restored || (ABOVE && height[2] > above))
#ifdef ABOVE_PEERS
#define ABOVE true
#else
#define ABOVE false
#endif
#define KEY_OF(i) (i != 2 -> i : (FRESH(height[2]) -> (restored -> 3 : 4) : (OLD_KEY_LIVES -> 2 : 4)))

inline restore()
{
    restored = true;
    if
    :: height[2] = 1
    :: height[2] == 2 -> skip
    fi;
    step[2] = PROPOSE;
    printf("height %d: node 2 loses its disk and is restored from a backup that ends before this height\n", height[2]);
#ifdef ABOVE_PEERS
    ask()
#endif
}

inline ask()
{
    if
#ifndef ASK_ALL
    :: above = height[0];
        printf("         asked for their open height: node 0 says %d, the liar says 1\n", height[0])
    :: above = height[1];
        printf("         asked for their open height: node 1 says %d, the liar says 1\n", height[1])
#endif
    :: above = (height[0] > height[1] -> height[0] : height[1]);
        printf("         asked for their open height: node 0 says %d, node 1 says %d\n", height[0], height[1])
    fi;
    printf("         so node 2 will vote above height %d with its old key\n", above)
}

active [3] proctype node()
{
    byte v, key;
end_waits:
    do
    :: atomic { height[_pid] <= HEIGHTS && step[_pid] == PROPOSE && KEY_OF(_pid) < KEYS ->
        key = KEY_OF(_pid);
        if
        :: v = 1
        :: v = 2
        fi;
        PV(key, height[_pid]) = PV(key, height[_pid]) | (1 << v);
        printf("height %d: node %d prevotes %c\n", height[_pid], _pid, LETTER(v));
        step[_pid] = PREVOTE;
        v = 0;
        key = 0;
        check() }
    :: atomic { height[_pid] <= HEIGHTS && step[_pid] == PREVOTE && KEY_OF(_pid) < KEYS &&
            (POL(height[_pid], 1) || POL(height[_pid], 2)) ->
        key = KEY_OF(_pid);
        if
        :: POL(height[_pid], 1) -> v = 1
        :: POL(height[_pid], 2) -> v = 2
        fi;
        PC(key, height[_pid]) = PC(key, height[_pid]) | (1 << v);
        printf("height %d: node %d holds a POL for %c and precommits it\n", height[_pid], _pid, LETTER(v));
        step[_pid] = PRECOMMIT;
        v = 0;
        key = 0;
        check() }
    :: atomic { height[_pid] <= HEIGHTS && (CERTIFIED(height[_pid], 1) || CERTIFIED(height[_pid], 2)) ->
        printf("height %d: node %d holds a certificate and decides\n", height[_pid], _pid);
        height[_pid]++;
        step[_pid] = PROPOSE }
    :: atomic { _pid == 2 && !restored -> restore() }
    :: height[_pid] > HEIGHTS -> break
    od
}
