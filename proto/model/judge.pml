/* Who is named by what is kept (BFT-A1, A8). The vote sets of all four nodes hold exactly the messages that are kept. */
#define MORE_THAN_ONE(set) (((set) & ((set)-1)) != 0)
#define SET_OF_VALUE(v, below) (((1 << (below)) - 1) << CODE(v, 0)) /* prevotes for v with a valid round below */

/* Node i precommitted v in round r, and prevoted the other value later with an older valid round. */
#ifdef NO_SIGNED
#define PREVOTED_BELOW(i, r, v, later) false
#else
#define PREVOTED_BELOW(i, r, v, later) (HAS(PC(i, r), v) && (PV(i, later) & SET_OF_VALUE(3 - (v), r)) != 0)
#endif

#define KEPT(r, c) (HAS(PV(0, r), c) + HAS(PV(1, r), c) + HAS(PV(2, r), c) + HAS(PV(3, r), c))

/* Is a POL for v kept of a round after `from` and before `to`? */
inline released(from, to, v, ret_released)
{
    ret_released = false;
#ifndef TWO_MESSAGES
    x = from + 1;
    do
    :: x < to ->
        if
        :: KEPT(x, CODE(v, 0)) >= QUORUM -> ret_released = true
#if ROUNDS > 1
        :: KEPT(x, CODE(v, 1)) >= QUORUM -> ret_released = true
#endif
#if ROUNDS > 2
        :: KEPT(x, CODE(v, 2)) >= QUORUM -> ret_released = true
#endif
#if ROUNDS > 3
        :: KEPT(x, CODE(v, 3)) >= QUORUM -> ret_released = true
#endif
        :: else
        fi;
        x++
    :: else -> break
    od;
    x = 0
#endif
}

/* Is node i named? Uses the bytes r1, r2, x and the bit excused of the caller. */
inline judge(i, ret_named)
{
    ret_named = false;
    r1 = 1;
    do
    :: r1 <= ROUNDS ->
        if
        :: MORE_THAN_ONE(PV(i, r1)) || MORE_THAN_ONE(PC(i, r1)) -> ret_named = true
        :: else
        fi;
        r2 = r1 + 1;
        do
        :: r2 <= ROUNDS ->
            if
            :: PREVOTED_BELOW(i, r1, 1, r2) ->
                released(r1, r2, 2, excused);
                ret_named = ret_named || !excused
            :: else
            fi;
            if
            :: PREVOTED_BELOW(i, r1, 2, r2) ->
                released(r1, r2, 1, excused);
                ret_named = ret_named || !excused
            :: else
            fi;
            r2++
        :: else -> break
        od;
        r1++
    :: else -> break
    od;
    r1 = 0;
    r2 = 0;
    excused = false
}
