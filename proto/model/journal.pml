/* The vote journal (BFT-A3): three honest nodes and one liar; node 0 may crash CRASHES times, at any moment. A vote is
 * written and synced, and only then leaves; after a crash node 0 has what the journal holds and nothing else, and sends the
 * stored bytes again. It never signs two messages for a slot, and the height does not fork.
 *
 * -DNO_SYNC         removes the order: the vote leaves, and then it is written
 * -DNO_JOURNAL      removes the journal: after a crash the node begins anew
 * -DWITNESS         asserts that no node that crashed helps to decide; that must fail
 * -DNO_LOCK_STORED  the journal holds round, step and votes, and not the lock */
#define HONEST 3
#include "rules.pml"
#ifndef CRASHES
#define CRASHES 1
#endif

bool failed;
byte crashes, crashed_in;

/* The journal of node 0, and the vote that is written and has not left: its step and code. */
byte jround, jstep, jlockv, jlockr, jvalidv, jvalidr, jcode;
bool leaving, unwritten;

inline write()
{
    jround = round[0];
    jstep = step[0];
    jlockv = lockv[0];
    jlockr = lockr[0];
    jvalidv = validv[0];
    jvalidr = validr[0]
}

inline publish(i, was, c)
{
    if
    :: was == PROPOSE -> PV(i, round[i]) = PV(i, round[i]) | (1 << c)
    :: else -> PC(i, round[i]) = PC(i, round[i]) | (1 << c)
    fi
}

/* Node i has chosen its vote; `was` is the step it was in. */
inline sign(i, was, c)
{
    if
    :: i != 0 -> publish(i, was, c)
    :: else ->
#if defined(NO_SYNC)
        publish(i, was, c);
        unwritten = true
#elif defined(NO_JOURNAL)
        publish(i, was, c)
#else
        write();
        jcode = c;
        leaving = true
#endif
    fi
}

#define MORE_THAN_ONE(set) (((set) & ((set)-1)) != 0)
#define TWICE (MORE_THAN_ONE(PV(0, 1)) || MORE_THAN_ONE(PC(0, 1)) || MORE_THAN_ONE(PV(0, ROUNDS)) || MORE_THAN_ONE(PC(0, ROUNDS)))

inline check()
{
#if defined(WITNESS) /* a decision in round 1, with the vote of node 0 after it crashed in the same round */
    failed = crashed_in == ROUNDS && HAS(PC(0, ROUNDS), 1) && CERTIFIED_IN(ROUNDS, 1);
#elif defined(NO_SYNC) || defined(NO_JOURNAL) || defined(NO_LOCK_STORED)
    failed = FORK; /* shown to its end: not only two votes, but a fork */
#else
    failed = FORK || TWICE;
#endif
    if
    :: FORK -> printf("FORK: with the liar's precommits there are certificates for A and for B\n")
    :: else
    fi;
    assert(!failed)
}

#define READY(i) (i != 0 || (!leaving && !unwritten))

active [HONEST] proctype node()
{
    byte c;
    do
    :: atomic { round[_pid] == 0 -> start_round(_pid) }
    :: atomic { round[_pid] != 0 && step[_pid] == PROPOSE && READY(_pid) ->
        choose_prevote(_pid, c);
        tell_prevote(_pid, c);
        step[_pid] = PREVOTE;
        sign(_pid, PROPOSE, c);
        c = 0;
        check() }
    :: atomic { step[_pid] == PREVOTE && READY(_pid) ->
        choose_precommit(_pid, c);
        lock_on(_pid, c);
        step[_pid] = PRECOMMIT;
        sign(_pid, PREVOTE, c);
        c = 0;
        check() }
    :: atomic { step[_pid] == PRECOMMIT && READY(_pid) && round[_pid] < ROUNDS -> start_round(_pid) }
    :: step[_pid] == PRECOMMIT && round[_pid] == ROUNDS && READY(_pid) -> break
    :: atomic { _pid == 0 && leaving ->
        leaving = false;
        printf("         node 0: that vote leaves\n");
        if
        :: step[0] == PREVOTE -> publish(0, PROPOSE, jcode)
        :: else -> publish(0, PREVOTE, jcode)
        fi;
        jcode = 0;
        check() }
#ifdef NO_SYNC
    :: atomic { _pid == 0 && unwritten ->
        unwritten = false;
        write();
        printf("         node 0: that vote is written to the journal\n") }
#endif
    /* A crash. What had left has left; the vote in the journal is sent again, which changes nothing in the pool. */
    :: atomic { _pid == 0 && round[0] != 0 && crashes < CRASHES ->
        crashes++;
#ifdef WITNESS
        crashed_in = round[0];
#endif
        unwritten = false;
#ifdef NO_JOURNAL
        round[0] = 1;
        step[0] = PROPOSE;
#else
        round[0] = (jround == 0 -> 1 : jround);
        step[0] = jstep;
#endif
#if defined(NO_JOURNAL) || defined(NO_LOCK_STORED)
        lockv[0] = 0;
        lockr[0] = 0;
        validv[0] = 0;
        validr[0] = 0;
#else
        lockv[0] = jlockv;
        lockr[0] = jlockr;
        validv[0] = jvalidv;
        validr[0] = jvalidr;
#endif
        printf("         node 0 crashes, and comes back in round %d\n", round[0] - 1) }
    od
}
