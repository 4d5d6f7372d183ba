/* Accountability: two honest nodes and two liars, one more than the quorum is made for. The height may fork; then what the
 * honest nodes have kept names at least f + 1 = 2 of the guilty, and it never names an honest node.
 *
 * What is kept: each honest node's own votes; the POL behind each value that it precommitted, and the POL that came with
 * each proposal that it prevoted (BFT-A2); the two certificates. A liar has signed no more than is needed for these, and
 * chooses who signs what.
 *
 * What names a node (two of its messages):
 *   - two different prevotes in one round, or two different precommits (BFT-A8);
 *   - a precommit for a value in a round, and in a later round a prevote for another value whose signed valid round is older
 *     than that precommit (BFT-A1), unless a POL for that other value in a round between the two is kept by anybody: then the
 *     lock may have moved by BFT-L36.
 *
 * -DNO_ALIKE     removes BFT-A1: prevotes are counted regardless of their valid round
 * -DNO_SIGNED    removes more of it: prevotes carry no valid round, so the second kind of proof does not exist
 * -DNO_KEEP      removes "every node keeps the POL": nothing but own votes and the certificates
 * -DKEEP_NEWEST   keeps the POL behind the newest precommit of the height only
 * -DTWO_MESSAGES  leaves out the "unless": two messages alone name
 * -DWITNESS       asserts that no fork names both; that must fail
 * -DKEEP_OWN     keeps the POL behind precommits only, not the one that came with a proposal */
#define HONEST 2
#include "rules.pml"
#include "judge.pml"

byte named;
bool framed, failed;
bool two_used; /* of the liars, which are alike, the one that is needed first is called 2 */

#ifdef KEEP_NEWEST
bool owed[HONEST];
#define NOTHING_OWED (!owed[0] && !owed[1])
#else
#define NOTHING_OWED true
#endif

/* Someone honest keeps prevotes of liars, code c in round r; k of the two are needed. */
inline keep_prevotes(r, c, k)
{
    if
    :: k >= 1 && k < 2 -> keep_prevote(2, r, c)
    :: k >= 1 && k < 2 && two_used -> keep_prevote(3, r, c)
    :: k >= 2 -> keep_prevote(2, r, c); keep_prevote(3, r, c)
    :: k < 1
    fi
}

inline keep_prevote(liar, r, c)
{
    PV(liar, r) = PV(liar, r) | (1 << (c));
    two_used = true;
    printf("         liar %d signed a prevote in round %d: %c, valid round %d\n", liar, r - 1, LETTER(VALUE_OF(c)), VALID_ROUND_OF(c) - 1)
}

inline keep_precommits(r, v, k)
{
    if
    :: k >= 1 && k < 2 -> keep_precommit(2, r, v)
    :: k >= 1 && k < 2 && two_used -> keep_precommit(3, r, v)
    :: k >= 2 -> keep_precommit(2, r, v); keep_precommit(3, r, v)
    :: k < 1
    fi
}

inline keep_precommit(liar, r, v)
{
    PC(liar, r) = PC(liar, r) | (1 << (v));
    two_used = true;
    printf("         liar %d signed a precommit in round %d: %c\n", liar, r - 1, LETTER(v))
}

/* A POL for v in round r is kept: the adversary chooses the valid round of its prevotes and which liars are in it. */
inline keep_pol(r, v)
{
    vr = 0;
#if defined(NO_ALIKE) || defined(NO_SIGNED)
    if
    :: vr = 0
    :: r > 1 -> vr = r - 1
    fi;
    keep_prevotes(r, CODE(v, vr), QUORUM - REGARDLESS(r, v));
#else
    if
    :: POL_ALIKE(r, CODE(v, 0)) -> vr = 0
    :: r > 1 && POL_ALIKE(r, CODE(v, 1)) -> vr = 1
#if ROUNDS > 2
    :: r > 2 && POL_ALIKE(r, CODE(v, 2)) -> vr = 2
#endif
#if ROUNDS > 3
    :: r > 3 && POL_ALIKE(r, CODE(v, 3)) -> vr = 3
#endif
    fi;
    keep_prevotes(r, CODE(v, vr), QUORUM - ALIKE(r, CODE(v, vr)));
#endif
    vr = 0
}

/* A certificate for v is shown, of whatever round: its precommits are kept. */
inline show_certificate(v)
{
    if
    :: CERTIFIED_IN(1, v) -> r3 = 1
#if ROUNDS > 1
    :: CERTIFIED_IN(2, v) -> r3 = 2
#endif
#if ROUNDS > 2
    :: CERTIFIED_IN(3, v) -> r3 = 3
#endif
#if ROUNDS > 3
    :: CERTIFIED_IN(4, v) -> r3 = 4
#endif
    fi;
    printf("         a certificate for %c of round %d is shown\n", LETTER(v), r3 - 1);
    keep_precommits(r3, v, QUORUM - PRECOMMITS(r3, v));
    r3 = 0
}

active [HONEST] proctype node()
{
    byte c, vr;
    do
    :: atomic { round[_pid] == 0 && TURN(_pid) -> start_round(_pid) }
    :: atomic { round[_pid] != 0 && step[_pid] == PROPOSE && TURN(_pid) ->
        choose_prevote(_pid, c);
        PV(_pid, round[_pid]) = PV(_pid, round[_pid]) | (1 << c);
        tell_prevote(_pid, c);
#if !defined(NO_KEEP) && !defined(KEEP_OWN)
        if
        :: c != 0 && VALID_ROUND_OF(c) != 0 -> keep_pol(VALID_ROUND_OF(c), VALUE_OF(c))
        :: else
        fi;
#endif
        step[_pid] = PREVOTE;
        c = 0 }
    :: atomic { step[_pid] == PREVOTE && TURN(_pid) ->
        choose_precommit(_pid, c);
        PC(_pid, round[_pid]) = PC(_pid, round[_pid]) | (1 << c);
        lock_on(_pid, c);
#ifndef NO_KEEP
        if
#ifdef KEEP_NEWEST /* this one will be replaced by a newer one: that one must come, or nothing is judged */
        :: c != 0 -> owed[_pid] = true
        :: c != 0 -> owed[_pid] = false; keep_pol(round[_pid], c)
#else
        :: c != 0 -> keep_pol(round[_pid], c)
#endif
        :: else
        fi;
#endif
        step[_pid] = PRECOMMIT;
        c = 0 }
    :: atomic { step[_pid] == PRECOMMIT && TURN(_pid) && round[_pid] < ROUNDS ->
        start_round(_pid) }
    :: step[_pid] == PRECOMMIT && round[_pid] == ROUNDS -> break
    od
}

/* When both honest nodes are done: two certificates are shown, if there can be two, and the kept messages judged. A node
 * that stopped earlier is one that voted nil from there on. */
active proctype auditor()
{
    byte r1, r2, r3, x;
    bool g0, g1, g2, g3, excused;
end_no_fork:
    atomic { step[0] == PRECOMMIT && round[0] == ROUNDS && step[1] == PRECOMMIT && round[1] == ROUNDS && NOTHING_OWED && FORK ->
        show_certificate(1);
        show_certificate(2);
        d_step {
            judge(0, g0);
            judge(1, g1);
            judge(2, g2);
            judge(3, g3);
            named = g2 + g3;
            framed = g0 || g1;
            printf("FORK: the kept messages name %d of the 2 liars, and %d honest nodes\n", named, g0 + g1);
#ifdef WITNESS /* a fork that names both */
            failed = (named == 2)
#else
            failed = framed || named < 2
#endif
        }
        assert(!failed) }
}
