/* The rules of one height, shared by the models (proto/SPEC.md 14).
 *
 * Four validators; 0 .. HONEST-1 follow the rules, the others are liars. Two values, A and B. The network is a pool of
 * signed messages that only grows: a node may act on any message that was ever sent, in any order, or never; so delay,
 * loss, reordering and repetition are all there. A liar's message needs no place in the pool: whatever a liar could have
 * signed, to anybody, can be used at any time.
 *
 * Rounds count from 1 in here, so that 0 is "none"; the stories print them as the specification does, from 0.
 *
 * More is allowed than the specification allows, never less, so a property that holds here holds there:
 *   - timers (BFT-L34, L47, L57, L61, L65) may fire at any time, and skips (L55) happen at any time;
 *   - a validator that has decided may go on voting at the height;
 *   - a second message of a liar in one slot counts like the first (BFT-A8 would keep it out).
 */
#ifndef ROUNDS
#define ROUNDS 2
#endif
#define NODES 4
#define LIARS (NODES - HONEST)
#define QUORUM 3 /* CRT-2: f = 1, q = 3 */

#define PROPOSE 0
#define PREVOTE 1
#define PRECOMMIT 2

/* A vote is a bit of its slot's set. Prevotes: bit 0 is nil, then value A with valid round 0 (none) .. ROUNDS - 1, then B
 * likewise. Precommits: bit 0 is nil, then A, then B. An honest node that is not hurt has one bit in a slot. */
#define CODE(v, vr) (1 + ((v)-1) * ROUNDS + (vr))
#define VALUE_OF(c) (((c)-1) / ROUNDS + 1)
#define VALID_ROUND_OF(c) (((c)-1) % ROUNDS)

short pv[NODES * ROUNDS]; /* prevotes that were sent; of liars: those that somebody honest has kept */
byte pc[NODES * ROUNDS];  /* precommits, likewise */
#define PV(i, r) pv[(i)*ROUNDS + (r)-1]
#define PC(i, r) pc[(i)*ROUNDS + (r)-1]
#define HAS(set, bit) (((set) >> (bit)) & 1)

byte round[HONEST], step[HONEST], lockv[HONEST], lockr[HONEST], validv[HONEST], validr[HONEST];

/* BFT-A1: how many honest prevotes are alike. With NO_ALIKE the valid round does not matter. */
#if HONEST == 3
#define ALIKE(r, c) (HAS(PV(0, r), c) + HAS(PV(1, r), c) + HAS(PV(2, r), c))
#define PRECOMMITS(r, v) (HAS(PC(0, r), v) + HAS(PC(1, r), v) + HAS(PC(2, r), v))
#define REGARDLESS(r, v) (FOR(0, r, v) + FOR(1, r, v) + FOR(2, r, v))
#else
#define ALIKE(r, c) (HAS(PV(0, r), c) + HAS(PV(1, r), c))
#define PRECOMMITS(r, v) (HAS(PC(0, r), v) + HAS(PC(1, r), v))
#define REGARDLESS(r, v) (FOR(0, r, v) + FOR(1, r, v))
#endif
#define FOR(i, r, v) ((PV(i, r) & (((1 << ROUNDS) - 1) << CODE(v, 0))) != 0)

/* BFT-A2: there is a POL for v in round r: q alike prevotes. */
#define POL_ALIKE(r, c) (ALIKE(r, c) + LIARS >= QUORUM)
#ifdef NO_ALIKE
#define POL(r, v) (REGARDLESS(r, v) + LIARS >= QUORUM)
#elif ROUNDS == 1
#define POL(r, v) POL_ALIKE(r, CODE(v, 0))
#elif ROUNDS == 2
#define POL(r, v) (POL_ALIKE(r, CODE(v, 0)) || POL_ALIKE(r, CODE(v, 1)))
#elif ROUNDS == 3
#define POL(r, v) (POL_ALIKE(r, CODE(v, 0)) || POL_ALIKE(r, CODE(v, 1)) || POL_ALIKE(r, CODE(v, 2)))
#else
#define POL(r, v)                                                                                                      \
    (POL_ALIKE(r, CODE(v, 0)) || POL_ALIKE(r, CODE(v, 1)) || POL_ALIKE(r, CODE(v, 2)) || POL_ALIKE(r, CODE(v, 3)))
#endif

/* CRT-1, BFT-L49: q precommits for v in round r. */
#define CERTIFIED_IN(r, v) (PRECOMMITS(r, v) + LIARS >= QUORUM)
#ifdef FOLD
#elif ROUNDS == 1
#define CERTIFIED(v) CERTIFIED_IN(1, v)
#elif ROUNDS == 2
#define CERTIFIED(v) (CERTIFIED_IN(1, v) || CERTIFIED_IN(2, v))
#elif ROUNDS == 3
#define CERTIFIED(v) (CERTIFIED_IN(1, v) || CERTIFIED_IN(2, v) || CERTIFIED_IN(3, v))
#else
#define CERTIFIED(v) (CERTIFIED_IN(1, v) || CERTIFIED_IN(2, v) || CERTIFIED_IN(3, v) || CERTIFIED_IN(4, v))
#endif
#define FORK (CERTIFIED(1) && CERTIFIED(2))

/* Who proposes. ANY_PROPOSAL: whatever an honest node would hear can be proposed to it, by whomever and to it alone; that
 * covers every proposer and every order of them. Else validator (FIRST + round) mod 4 proposes: an honest one what BFT-L14
 * says, once; a liar anything to anybody. Counter-examples are searched that way, so that each is a run of the protocol. */
#ifdef ANY_PROPOSAL
#define PROPOSED(r, v, vr) true
#define VALID_VALUE_MATTERS 0
#else
#ifndef FIRST
#define FIRST 3
#endif
#define PROPOSER(r) ((FIRST + (r)-1) % NODES)
byte propv[ROUNDS], propvr[ROUNDS];
#define PROPOSED(r, v, vr) (PROPOSER(r) >= HONEST || (propv[(r)-1] == (v) && propvr[(r)-1] == (vr)))
#define VALID_VALUE_MATTERS 1
#endif

/* The two values are alike but for their names: the one that is prevoted first in a run is called A. */
bool a_used;
#define NAMED_LATER(v) ((v) == 1 || a_used)

/* BFT-L22 (vr = 0, none) and BFT-L28: lines 23 and 29 in one, as in the code. */
#ifdef NO_LOCK
#define LOCK_ALLOWS(i, v, vr) true
#else
#define LOCK_ALLOWS(i, v, vr) (lockr[i] <= (vr) || lockv[i] == (v))
#endif
#ifdef NO_POL /* BFT-A2 removed: the proposer's word for a valid round is taken */
#define POL_CAME_ALONG(v, vr) true
#else
#define POL_CAME_ALONG(v, vr) POL_OF(vr, v)
#endif
#define MAY_PREVOTE_NEW(i, v) (NAMED_LATER(v) && PROPOSED(round[i], v, 0) && LOCK_ALLOWS(i, v, 0))
#define MAY_PREVOTE_AGAIN(i, v, vr)                                                                                    \
    ((vr) < ROUNDS && (vr) < round[i] && PROPOSED(round[i], v, vr) && POL_CAME_ALONG(v, vr) && LOCK_ALLOWS(i, v, vr))

/* Every round is a closed conversation: what a node does in a round depends on its own past and on messages of that round
 * and of older ones, never on newer ones (a skip, L55, only moves a node on). So every run can be put into the order
 * "round by round, in each all prevotes, then all precommits", with the same votes. LAYERED explores that order alone;
 * without it all orders are explored (scripts/model compares the two on small bounds). */
#ifdef LAYERED
#define KEY(i) ((round[i] * 3 + step[i]) * NODES + i)
#if HONEST == 3
#define TURN(i) (KEY(i) <= KEY(0) && KEY(i) <= KEY(1) && KEY(i) <= KEY(2))
#else
#define TURN(i) (KEY(i) <= KEY(0) && KEY(i) <= KEY(1))
#endif
#else
#define TURN(i) true
#endif

/* FOLD (with LAYERED): of a round that all have left only this matters later: which values have a POL, and which a
 * certificate. So the votes are replaced by that. */
#ifdef FOLD
byte pols[ROUNDS], certificates; /* sets of values */
#define POL_OF(r, v) HAS(pols[(r)-1], v)
#define CERTIFIED(v) (HAS(certificates, v) || CERTIFIED_IN(round[HONEST - 1], v))
inline fold(i)
{
    if
    :: i == HONEST - 1 && round[i] > 0 ->
        pols[round[i] - 1] = (POL(round[i], 1) << 1) | (POL(round[i], 2) << 2);
        certificates = (CERTIFIED(1) << 1) | (CERTIFIED(2) << 2);
        pv_clear(round[i])
    :: else
    fi
}
inline pv_clear(r)
{
    PV(0, r) = 0;
    PC(0, r) = 0;
    PV(1, r) = 0;
    PC(1, r) = 0;
    PV(HONEST - 1, r) = 0;
    PC(HONEST - 1, r) = 0
}
#else
#define POL_OF(r, v) POL(r, v)
inline fold(i)
{
    skip
}
#endif

#define LETTER(v) ('A' + (v)-1)

inline tell_prevote(i, c)
{
    if
    :: c == 0 -> printf("round %d: node %d prevotes nil\n", round[i] - 1, i)
    :: else ->
        if
        :: VALID_ROUND_OF(c) == 0 -> printf("round %d: node %d prevotes %c (no valid round)\n", round[i] - 1, i, LETTER(VALUE_OF(c)))
        :: else -> printf("round %d: node %d prevotes %c, valid round %d\n", round[i] - 1, i, LETTER(VALUE_OF(c)), VALID_ROUND_OF(c) - 1)
        fi
    fi
}

/* What node i prevotes in its round: BFT-L22, L28; nil also when its timer fires (L57) or it leaves the round (A9). */
inline choose_prevote(i, ret_c)
{
    if
    :: ret_c = 0
    :: MAY_PREVOTE_NEW(i, 1) -> ret_c = CODE(1, 0)
    :: MAY_PREVOTE_NEW(i, 2) -> ret_c = CODE(2, 0)
#if ROUNDS > 1
    :: MAY_PREVOTE_AGAIN(i, 1, 1) -> ret_c = CODE(1, 1)
    :: MAY_PREVOTE_AGAIN(i, 2, 1) -> ret_c = CODE(2, 1)
#endif
#if ROUNDS > 2
    :: MAY_PREVOTE_AGAIN(i, 1, 2) -> ret_c = CODE(1, 2)
    :: MAY_PREVOTE_AGAIN(i, 2, 2) -> ret_c = CODE(2, 2)
#endif
#if ROUNDS > 3
    :: MAY_PREVOTE_AGAIN(i, 1, 3) -> ret_c = CODE(1, 3)
    :: MAY_PREVOTE_AGAIN(i, 2, 3) -> ret_c = CODE(2, 3)
#endif
    fi;
    a_used = a_used || ret_c != 0
}

#ifdef ANY_PROPOSAL
#define ANSWERED(i, v) true
#else /* L36 asks for a proposal of this round's proposer for the value; its valid round is not looked at (BFT-A1) */
#define ANSWERED(i, v) (PROPOSER(round[i]) >= HONEST || propv[round[i] - 1] == (v))
#endif

/* What node i precommits: nil by BFT-L44, L61 or A9, at any time; a value by L36, with its lock and (L42) valid value. */
inline choose_precommit(i, ret_v)
{
    if
    :: ret_v = 0
    :: POL(round[i], 1) && ANSWERED(i, 1) -> ret_v = 1
    :: POL(round[i], 2) && ANSWERED(i, 2) -> ret_v = 2
    fi
}
inline set_valid(i, v)
{
#if VALID_VALUE_MATTERS
    validv[i] = v;
    validr[i] = round[i]
#else
    skip
#endif
}

inline lock_on(i, v)
{
    if
    :: v != 0 ->
        lockv[i] = v;
        lockr[i] = round[i];
        set_valid(i, v);
        printf("round %d: node %d holds a POL for %c: locks it, precommits it\n", round[i] - 1, i, LETTER(v))
    :: else -> printf("round %d: node %d precommits nil\n", round[i] - 1, i)
    fi
}

/* BFT-L11, L14: node i starts the round after its own (at first: round 1); the round's proposer proposes. */
inline start_round(i)
{
    fold(i);
    round[i]++;
    step[i] = PROPOSE;
#if VALID_VALUE_MATTERS
    if
    :: PROPOSER(round[i]) != i || propv[round[i] - 1] != 0 -> skip /* not its turn, or proposed before it crashed (A3) */
    :: PROPOSER(round[i]) == i && propv[round[i] - 1] == 0 && validr[i] != 0 ->
        propv[round[i] - 1] = validv[i];
        propvr[round[i] - 1] = validr[i];
        printf("round %d: node %d proposes %c again, with the POL of round %d\n", round[i] - 1, i, LETTER(validv[i]), validr[i] - 1)
    :: PROPOSER(round[i]) == i && propv[round[i] - 1] == 0 && validr[i] == 0 ->
        if
        :: propv[round[i] - 1] = 1
        :: propv[round[i] - 1] = 2
        fi;
        printf("round %d: node %d proposes %c\n", round[i] - 1, i, LETTER(propv[round[i] - 1]))
    fi
#endif
}

