/* No round is left without a word (BFT-A9): three honest nodes, of which node 0 may crash CRASHES times, and a liar that talks
 * to whom it likes and then falls silent for good. Whenever nothing can happen any more, every honest node is in the last
 * round: nobody waits in an older one. (In the last round only the bound of the model stops them.)
 *
 * What votes say does not matter for this: timers and skips count votes of any kind, so a vote here is only that there is
 * one. What an honest node has signed reaches all in the end, for it is durable and sent again (BFT-A3). What a liar sent to
 * one node reaches the others too, if that node does not crash before it has passed it on: it is in its memory alone.
 *
 * -DNO_A9      a node that leaves a round leaves its unused slots empty, as in the paper
 * -DWITNESS    asserts that nobody who moved on by the liar's votes ever crashes; that must fail */
#define HONEST 3
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define PROPOSE 0
#define PREVOTE 1
#define PRECOMMIT 2

byte round[HONEST] = 1, step[HONEST], jround[HONEST] = 1, jstep[HONEST]; /* rounds count from 1 */
byte pv[HONEST], pc[HONEST];           /* sets of rounds in which the node has signed a vote */
byte liar_pv[HONEST], liar_pc[HONEST]; /* and of those in which the node has a vote of the liar */
bool failed;
byte crashes;

#define BIT(r) (1 << (r))
#define HAS(set, bit) (((set) >> (bit)) & 1)
#define PREVOTES(i, r) (HAS(pv[0], r) + HAS(pv[1], r) + HAS(pv[2], r) + HAS(liar_pv[i], r))
#define PRECOMMITS(i, r) (HAS(pc[0], r) + HAS(pc[1], r) + HAS(pc[2], r) + HAS(liar_pc[i], r))
#define QUORUM 3
#define NEXT(i) ((i + 1) % 3)

/* BFT-L55, A5: f + 1 = 2 others have signed in round r or a newer one. */
#define IN(k, r) ((pv[k] >> (r)) != 0 || (pc[k] >> (r)) != 0)
#define LIAR_IN(i, r) ((liar_pv[i] >> (r)) != 0 || (liar_pc[i] >> (r)) != 0)
#define REACHED(i, r) (IN((i + 1) % 3, r) + IN((i + 2) % 3, r) + LIAR_IN(i, r) >= 2)

/* BFT-A3: a vote is in the journal before it leaves. */
inline sign_prevote(i, r)
{
    pv[i] = pv[i] | BIT(r);
    step[i] = PREVOTE;
    remember(i);
    printf("round %d: node %d prevotes\n", r - 1, i)
}

inline sign_precommit(i, r)
{
    pc[i] = pc[i] | BIT(r);
    step[i] = PRECOMMIT;
    remember(i);
    printf("round %d: node %d precommits\n", r - 1, i)
}

inline remember(i)
{
    jround[i] = round[i];
    jstep[i] = step[i]
}

/* BFT-L11; BFT-A9 in the round before the new one, also if that was skipped. */
inline start_round(i, r)
{
#ifndef NO_A9
    if
    :: round[i] < r - 1 ->
        round[i] = r - 1;
        step[i] = PROPOSE
    :: else
    fi;
    if
    :: step[i] == PROPOSE -> sign_prevote(i, r - 1)
    :: else
    fi;
    if
    :: step[i] == PREVOTE -> sign_precommit(i, r - 1)
    :: else
    fi;
#endif
    round[i] = r;
    step[i] = PROPOSE;
    printf("round %d: node %d starts it\n", r - 1, i)
}

inline start_next(i)
{
    if
    :: round[i] == 1 -> start_round(i, 2)
    :: else -> start_round(i, 3)
    fi
}

#ifdef WITNESS
#define WITNESS_HERE(i) (round[i] == 2 && HAS(liar_pc[i], 1) && PRECOMMITS(i, 1) == QUORUM)
#else
#define WITNESS_HERE(i) false
#endif

active [HONEST] proctype node()
{
end_waits:
    do
    :: atomic { step[_pid] == PROPOSE -> sign_prevote(_pid, round[_pid]) } /* BFT-L57 at the latest */
    :: atomic { step[_pid] == PREVOTE && round[_pid] < ROUNDS && PREVOTES(_pid, round[_pid]) >= QUORUM -> /* BFT-L34, L61 at the latest */
        sign_precommit(_pid, round[_pid]) }
    :: atomic { round[_pid] < ROUNDS && PRECOMMITS(_pid, round[_pid]) >= QUORUM -> /* BFT-L47, L65 */
        printf("round %d: node %d holds 3 precommits of it\n", round[_pid] - 1, _pid);
        start_next(_pid) }
    :: atomic { round[_pid] < 2 && REACHED(_pid, 2) -> start_round(_pid, 2) } /* BFT-L55 */
#if ROUNDS > 2
    :: atomic { round[_pid] < 3 && REACHED(_pid, 3) -> start_round(_pid, 3) }
#endif
    :: atomic { ((liar_pv[_pid] | liar_pv[NEXT(_pid)]) != liar_pv[NEXT(_pid)] || (liar_pc[_pid] | liar_pc[NEXT(_pid)]) != liar_pc[NEXT(_pid)]) ->
        liar_pv[NEXT(_pid)] = liar_pv[NEXT(_pid)] | liar_pv[_pid];
        liar_pc[NEXT(_pid)] = liar_pc[NEXT(_pid)] | liar_pc[_pid];
        printf("         node %d passes on to node %d what it has of the liar\n", _pid, NEXT(_pid)) }
    :: atomic { _pid == 0 && crashes < CRASHES ->
        crashes++;
        failed = WITNESS_HERE(_pid);
        liar_pv[_pid] = 0;
        liar_pc[_pid] = 0;
        round[_pid] = jround[_pid];
        step[_pid] = jstep[_pid];
        printf("         node %d crashes, has lost what the liar sent, and comes back in round %d\n", _pid, round[_pid] - 1);
        assert(!failed) }
    od
}

/* The liar sends node `to` a vote of round r, or falls silent. */
active proctype liar()
{
    byte to, r;
    do
    :: atomic {
        select (to : 0 .. 2);
        select (r : 1 .. ROUNDS);
        if
        :: !HAS(liar_pv[to], r) ->
            liar_pv[to] = liar_pv[to] | BIT(r);
            printf("         the liar sends node %d a prevote of round %d\n", to, r - 1)
        :: r < ROUNDS && !HAS(liar_pc[to], r) ->
            liar_pc[to] = liar_pc[to] | BIT(r);
            printf("         the liar sends node %d a precommit of round %d\n", to, r - 1)
        :: else
        fi;
        to = 0;
        r = 0 }
    :: break
    od
}

#define STUCK (round[0] < ROUNDS || round[1] < ROUNDS || round[2] < ROUNDS)
active proctype watch()
{
end_quiet:
    atomic { timeout && STUCK ->
        failed = true;
        printf("STUCK: nothing can happen any more; node 0 is in round %d, node 1 in round %d, node 2 in round %d\n", round[0] - 1, round[1] - 1, round[2] - 1);
        assert(!failed) }
}
