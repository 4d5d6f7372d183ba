/* Agreement: three honest nodes and one liar. All certificates of the height are for one value (BFT-L49, CRT-1).
 *
 * -DNO_POL   removes the POL that travels with a proposal (BFT-A2)
 * -DNO_LOCK  removes the look at the lock (lines 23 and 29 of the paper): a check of the model itself
 * -DTWO_MESSAGES  asks instead whether two messages of an honest node can look like a broken lock (see accountability.pml)
 * -DWITNESS=n     asserts that something useful never happens; that must fail, or the model is empty */
#define HONEST 3
#include "rules.pml"

bool failed, moved;
#if defined(TWO_MESSAGES)
/* A precommit for A in round 0, a prevote for B in round 2, and no valid round to justify it. */
#define LOOKS_BROKEN(i) (HAS(PC(i, 1), 1) && HAS(PV(i, 3), CODE(2, 0)))
#define FAILED (LOOKS_BROKEN(0) || LOOKS_BROKEN(1) || LOOKS_BROKEN(2))
#elif WITNESS == 1 /* a decision in round 0 */
#define FAILED CERTIFIED_IN(1, 1)
#elif WITNESS == 2 /* a node locked on A locks B, by L36 */
#define FAILED moved
#elif WITNESS == 3 /* B is decided in round 2; node 0, locked on A in round 0, was released by the POL of round 1 */
#define FAILED (HAS(PC(0, 1), 1) && HAS(PV(0, 3), CODE(2, 2)) && CERTIFIED_IN(3, 2))
#else
#define FAILED FORK
#endif

/* Node i, locked on one value, is about to lock v. */
inline note_move(i, v)
{
#if WITNESS == 2
    moved = moved || (v != 0 && lockr[i] != 0 && lockv[i] != v)
#else
    skip
#endif
}

inline check()
{
    failed = FAILED;
    if
    :: FORK -> printf("FORK: with the liar's precommits there are certificates for A and for B\n")
#ifdef TWO_MESSAGES
    :: failed -> printf("FRAMED: an honest node precommitted A in round 0, and prevoted B in round 2 without a valid round\n")
#endif
    :: else
    fi;
    assert(!failed)
}

active [HONEST] proctype node()
{
    byte c;
    do
    :: atomic { round[_pid] == 0 && TURN(_pid) -> start_round(_pid) }
    :: atomic { round[_pid] != 0 && step[_pid] == PROPOSE && TURN(_pid) ->
        choose_prevote(_pid, c);
        PV(_pid, round[_pid]) = PV(_pid, round[_pid]) | (1 << c);
        tell_prevote(_pid, c);
        step[_pid] = PREVOTE;
        c = 0;
        check() }
    :: atomic { step[_pid] == PREVOTE && TURN(_pid) ->
        choose_precommit(_pid, c);
        note_move(_pid, c);
        PC(_pid, round[_pid]) = PC(_pid, round[_pid]) | (1 << c);
        lock_on(_pid, c);
        step[_pid] = PRECOMMIT;
        c = 0;
        check() }
    :: atomic { step[_pid] == PRECOMMIT && TURN(_pid) && round[_pid] < ROUNDS ->
        start_round(_pid) }
#if VALID_VALUE_MATTERS
    /* BFT-L42 in step precommit: a POL that comes late */
    :: atomic { step[_pid] == PRECOMMIT && validr[_pid] < round[_pid] && POL(round[_pid], 1) && ANSWERED(_pid, 1) ->
        set_valid(_pid, 1) }
    :: atomic { step[_pid] == PRECOMMIT && validr[_pid] < round[_pid] && POL(round[_pid], 2) && ANSWERED(_pid, 2) ->
        set_valid(_pid, 2) }
#endif
    :: step[_pid] == PRECOMMIT && round[_pid] == ROUNDS -> break
    od
}
