/* Re-founding (REF-1, 2, 5, 7): a height that cannot be decided is ended by people. Nodes 0, 1 and 2 are honest, node 3 lies.
 * Epoch 0 plays ROUNDS rounds of the open height. REPORTS of the four are survivors: they report what they precommitted last
 * at this height, with its POL, and stop signing in epoch 0. The reported value with the POL of the newest round is final
 * (REF-1). If there is none, epoch 1 decides the height: ROUNDS rounds, with epoch 1 in all votes, no locks, and rounds from
 * 0 again. No two values of the height are final: by a certificate of either epoch, or by the re-founding.
 *
 * The honest node that does not report (if the liar does) is lost, or late: it may have signed anything by the rules, and may
 * hold a certificate that nobody else knows of. Whether it takes part in epoch 1 under its old or under a fresh key makes no
 * difference, as votes name the epoch; with NO_EPOCH it has its old one.
 *
 * -DFORGET_LOCK      the open height's precommits are forgotten
 * -DNO_EPOCH         votes do not name their epoch: those of the old one count in the new one
 * -DNO_FREEZE        who has reported goes on signing in the old epoch
 * -DNO_REPORTED_POL  a reported precommit is believed without its POL
 * -DANY_REPORTED     any reported value may be fixed, not that of the newest round
 * -DREPORTS=2        two reports are enough
 * -DWITNESS=1        asserts that epoch 1 never decides; =2 that the re-founding never makes final what has a
 *                    certificate; both must fail */
#define HONEST 3
byte fixed; /* the value that the re-founding makes final */
#include "rules.pml"
#ifndef REPORTS
#define REPORTS 3
#endif

byte epoch, reports; /* epoch 2: the height is over without epoch 1 */
bool reported[HONEST], liar_reported, failed;
byte reportv[HONEST], reportr[HONEST];
#if defined(FOLD)
#define DECIDED(v) CERTIFIED(v)
#else
byte old_certificates;
#define DECIDED(v) (CERTIFIED(v) || HAS(old_certificates, v))
#endif
#define FINAL(v) (DECIDED(v) || fixed == (v))
#define TWO_DECIDED (FINAL(1) && FINAL(2))
#define DONE(i) (step[i] == PRECOMMIT && round[i] == ROUNDS)

inline check()
{
#ifdef WITNESS
#if WITNESS == 1
    failed = epoch == 1 && CERTIFIED_IN(ROUNDS, 1);
#else
    failed = fixed == 1 && DECIDED(1);
#endif
#else
    failed = TWO_DECIDED;
#endif
    if
    :: TWO_DECIDED -> printf("FORK: A and B are both final\n")
    :: else
    fi;
    assert(!failed)
}

#ifdef NO_FREEZE
#define FROZEN(i) false
#else
#define FROZEN(i) (epoch == 0 && reported[i])
#endif

active [HONEST] proctype node()
{
    byte c;
end_waits:
    do
    :: atomic { round[_pid] == 0 && TURN(_pid) -> start_round(_pid) }
    :: atomic { round[_pid] != 0 && step[_pid] == PROPOSE && TURN(_pid) ->
        if
        :: FROZEN(_pid) -> c = 0 /* silent; the same as nil to everybody */
        :: else -> choose_prevote(_pid, c); tell_prevote(_pid, c)
        fi;
        PV(_pid, round[_pid]) = PV(_pid, round[_pid]) | (1 << c);
        step[_pid] = PREVOTE;
        c = 0 }
    :: atomic { step[_pid] == PREVOTE && TURN(_pid) ->
        if
        :: FROZEN(_pid) -> c = 0
        :: else -> choose_precommit(_pid, c); lock_on(_pid, c)
        fi;
        PC(_pid, round[_pid]) = PC(_pid, round[_pid]) | (1 << c);
        step[_pid] = PRECOMMIT;
        c = 0;
        check() }
    :: atomic { step[_pid] == PRECOMMIT && TURN(_pid) && round[_pid] < ROUNDS -> start_round(_pid) }
    :: atomic { epoch == 0 && round[_pid] != 0 && TURN(_pid) && !reported[_pid] && reports < REPORTS ->
        reported[_pid] = true;
        reports++;
        reportv[_pid] = lockv[_pid];
        reportr[_pid] = lockr[_pid];
        if
        :: lockr[_pid] == 0 -> printf("re-founding: node %d reports no precommit\n", _pid)
        :: else -> printf("re-founding: node %d reports its precommit for %c in round %d\n", _pid, LETTER(lockv[_pid]), lockr[_pid] - 1)
        fi }
    :: epoch > 0 && DONE(_pid) -> break
    od
}

/* The liar's report: no precommit, or one with any POL that there is. */
#ifdef NO_REPORTED_POL
#define LIAR_CAN_SHOW(r, v) true
#elif defined(FOLD)
#define LIAR_CAN_SHOW(r, v) ((r) == round[HONEST - 1] -> POL(r, v) : POL_OF(r, v))
#else
#define LIAR_CAN_SHOW(r, v) POL(r, v)
#endif

#ifdef ANY_REPORTED
#define TAKES(r) (r > 0)
#else
#define TAKES(r) (r > newest)
#endif
inline take(v, r)
{
    if
    :: TAKES(r) -> newest = r; fixed_next = v
#ifdef ANY_REPORTED
    :: newest > 0
#endif
    :: else
    fi
}

inline refound()
{
    take(reportv[0], reportr[0]);
    take(reportv[1], reportr[1]);
    take(reportv[2], reportr[2]);
    if
    :: !liar_reported
    :: liar_reported -> printf("re-founding: the liar reports no precommit\n")
    :: liar_reported && LIAR_CAN_SHOW(1, 1) -> take(1, 1); printf("re-founding: the liar reports A in round 0\n")
    :: liar_reported && LIAR_CAN_SHOW(1, 2) -> take(2, 1); printf("re-founding: the liar reports B in round 0\n")
#if ROUNDS > 1
    :: liar_reported && LIAR_CAN_SHOW(ROUNDS, 1) -> take(1, ROUNDS); printf("re-founding: the liar reports A in round %d\n", ROUNDS - 1)
    :: liar_reported && LIAR_CAN_SHOW(ROUNDS, 2) -> take(2, ROUNDS); printf("re-founding: the liar reports B in round %d\n", ROUNDS - 1)
#endif
    fi;
#ifndef FORGET_LOCK
    fixed = fixed_next;
#endif
    if
    :: fixed == 0 -> printf("re-founding: nothing is final; epoch 1 begins, and decides the height\n")
    :: else -> printf("re-founding: %c is final\n", LETTER(fixed))
    fi
}

inline clear_node(i)
{
    step[i] = PROPOSE;
    lockv[i] = 0;
    lockr[i] = 0;
    validv[i] = 0;
    validr[i] = 0;
    reported[i] = false;
    reportv[i] = 0;
    reportr[i] = 0;
    k = 1;
    do
    :: k <= ROUNDS ->
#ifndef NO_EPOCH
        PV(i, k) = 0;
        PC(i, k) = 0;
#endif
#ifdef FOLD
        pols[k - 1] = 0;
#endif
#if VALID_VALUE_MATTERS
        propv[k - 1] = 0;
        propvr[k - 1] = 0;
#endif
        k++
    :: else -> break
    od;
    k = 0
}

inline next_epoch()
{
    round[0] = 0;
    round[1] = 0;
    round[2] = 0;
    clear_node(0);
    clear_node(1);
    clear_node(2);
    reports = 0;
    liar_reported = false;
    epoch = 1
}

active proctype ceremony()
{
    byte newest, fixed_next, k;
end_not_called:
    atomic { epoch == 0 && DONE(0) && DONE(1) && DONE(2) && reports >= REPORTS - 1 ->
        liar_reported = (reports < REPORTS);
        refound();
#ifdef FOLD
        fold(HONEST - 1);
#else
        old_certificates = (CERTIFIED(1) << 1) | (CERTIFIED(2) << 2);
#endif
        check();
        if
        :: fixed != 0 -> epoch = 2
        :: else -> next_epoch()
        fi;
        newest = 0;
        fixed_next = 0 }
}
