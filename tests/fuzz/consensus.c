/* One core of consensus, 1 to 7 validators: the bytes are events, some nonsense, some in turn; crashes too. What the header
 * promises the core is promised here. After every step: the core's own check, and what it may never do, which this file
 * keeps account of by itself: two messages for one slot, a lock that goes back, a precommit without its POL, a message for
 * a round behind, more actions than the array holds. */
#include "consensus/consensus.h"
#include "fuzz/fuzz.h"

enum { INPUT_MAX = 4096, VALUES = 4, ROUNDS_SEEN = 64, HEIGHT_FIRST = 5 };

/* What it asked to sign, of one round. */
struct slot {
    bool said[3];
    struct consensus_vote vote[3];
};

struct watch {
    struct consensus *core;
    struct consensus_actions out;
    uint64_t height;
    uint32_t n;
    int32_t self;
    struct slot slots[ROUNDS_SEEN];
    struct consensus_snapshot snapshot; /* newest that was journalled */
    bool has_snapshot;
    struct consensus_pol pol; /* kept for the snapshot's valid round */
    struct consensus_vote own[3 * ROUNDS_SEEN]; /* journalled, in order: fed back after a crash */
    size_t n_own, fed; /* fed: how many of them the core was given */
    bool decided;
    struct hash decision;
    int32_t locked_round;
};

static struct hash value_of(unsigned i)
{
    struct hash h;
    memset(h.b, (int)(i % VALUES + 1), sizeof h.b);
    return h;
}

static bool same_vote(const struct consensus_vote *a, const struct consensus_vote *b)
{
    return a->type == b->type && a->validator == b->validator && a->round == b->round && a->nil == b->nil &&
           a->valid_round == b->valid_round && hash_eq(&a->value, &b->value);
}

/* A message that it wants signed. */
static void watch_signed(struct watch *w, const struct consensus_action *a)
{
    const struct consensus_vote *v = &a->vote;
    REQUIRE(v->validator == (uint32_t)w->self, "it signs as itself");
    REQUIRE(v->nil == hash_is_zero(&v->value), "nil is a vote without a value");
    REQUIRE(v->valid_round < v->round, "the valid round is behind the round");
    REQUIRE(a->snapshot.height == w->height, "the snapshot is of this height");
    REQUIRE(a->snapshot.round >= v->round, "and not of a round before its message");
    if (v->type == VOTE_PROPOSAL)
        REQUIRE(consensus_proposer(w->height, v->round, w->n) == v->validator, "it proposes in its turn");
    if (v->type == VOTE_PROPOSAL && v->valid_round >= 0)
        REQUIRE(a->pol != NULL && consensus_pol_ok(a->pol, w->n, v->valid_round, &v->value), "with the POL");
    if (v->round >= ROUNDS_SEEN)
        return;
    struct slot *s = &w->slots[v->round];
    REQUIRE(!s->said[v->type % 3], "one message for a slot (round %d, type %d)", v->round, v->type);
    s->said[v->type % 3] = true;
    s->vote[v->type % 3] = *v;
    w->snapshot = a->snapshot;
    w->has_snapshot = a->snapshot.step == STEP_PROPOSE || a->snapshot.step == STEP_PREVOTE || a->snapshot.step == STEP_PRECOMMIT;
    if (w->n_own < ARRAY_LEN(w->own))
        w->own[w->n_own++] = *v;
}

static void watch_decided(struct watch *w, const struct consensus_action *a)
{
    struct consensus_vote votes[LIMIT_VALIDATORS];
    REQUIRE(!w->decided, "it decides once");
    w->decided = true;
    w->decision = a->value;
    uint32_t k = consensus_certificate(w->core, votes), quorum = w->n - (w->n - 1) / 3;
    REQUIRE(k == 0 || k >= quorum, "a certificate is a quorum");
    for (uint32_t i = 0; i < k; i++) {
        REQUIRE(votes[i].type == VOTE_PRECOMMIT && hash_eq(&votes[i].value, &a->value), "of precommits for the decision");
        REQUIRE(i == 0 || votes[i].validator > votes[i - 1].validator, "of distinct validators");
    }
}

static void watch_actions(struct watch *w)
{
    REQUIRE(w->out.n <= CONSENSUS_ACTIONS, "actions fit");
    for (uint32_t i = 0; i < w->out.n; i++) {
        const struct consensus_action *a = &w->out.v[i];
        REQUIRE(a->height == w->height, "actions are of this height");
        switch (a->type) {
        case ACT_PROPOSE:
        case ACT_VOTE:
            REQUIRE(w->self >= 0, "a follower signs nothing");
            watch_signed(w, a);
            break;
        case ACT_KEEP_POL:
            REQUIRE(a->pol != NULL && a->pol->n > 0, "there is a POL to keep");
            w->pol = *a->pol;
            break;
        case ACT_DECIDE:
            watch_decided(w, a);
            break;
        case ACT_FAULT:
            REQUIRE(a->first.validator == a->second.validator && a->first.type == a->second.type &&
                        a->first.round == a->second.round && !same_vote(&a->first, &a->second),
                    "a fault is two messages for one slot");
            break;
        case ACT_BUILD:
            REQUIRE(w->self >= 0 && consensus_proposer(w->height, a->round, w->n) == (uint32_t)w->self, "its turn to build");
            break;
        case ACT_SCHEDULE_TIMEOUT:
        case ACT_FETCH:
        case ACT_DIVERGED:
            break;
        }
    }
    const char *wrong = consensus_check(w->core);
    REQUIRE(wrong == NULL, "the core: %s", wrong);
    struct consensus_status s;
    struct consensus_round_status r;
    consensus_status(w->core, &s);
    REQUIRE(s.height == w->height, "the height is the one begun");
    REQUIRE(s.locked_round >= w->locked_round, "a lock does not go back");
    w->locked_round = s.locked_round;
    for (int32_t i = s.round > 2 ? s.round - 2 : 0; i <= s.round + 2; i++)
        (void)consensus_round(w->core, i, &r);
}

static void step(struct watch *w, const struct consensus_event *e)
{
    consensus_step(w->core, e, &w->out);
    watch_actions(w);
}

static struct consensus_event event_of(const struct watch *w, enum consensus_event_type type)
{
    return (struct consensus_event){.type = type, .height = w->height, .vote = {.valid_round = CONSENSUS_NONE}};
}

/* Own messages come back in the order in which they were signed. */
static void feed_own(struct watch *w)
{
    for (; w->fed < w->n_own; w->fed++) {
        struct consensus_event e = event_of(w, w->own[w->fed].type == VOTE_PROPOSAL ? EV_PROPOSAL : EV_VOTE);
        e.vote = w->own[w->fed];
        struct consensus_pol pol = w->pol; /* a copy: the step may give another */
        if (e.type == EV_PROPOSAL && e.vote.valid_round >= 0)
            e.pol = &pol;
        step(w, &e);
    }
}

static void start(struct watch *w, uint64_t height, uint32_t n, int32_t self)
{
    memset(w->slots, 0, sizeof w->slots);
    w->height = height;
    w->n = n;
    w->self = self;
    w->has_snapshot = w->decided = false;
    w->pol.n = 0;
    w->n_own = w->fed = 0;
    w->locked_round = CONSENSUS_NONE;
    struct consensus_event e = event_of(w, EV_START_HEIGHT);
    e.n = n;
    e.self = self;
    step(w, &e);
}

/* All that was journalled is there again; what had not been is not. */
static void crash(struct watch *w)
{
    memset(w->core, 0, consensus_size());
    w->core = consensus_init(w->core, consensus_size());
    if (!w->has_snapshot) { /* nothing was signed: it begins the height again */
        struct consensus_event e = event_of(w, EV_START_HEIGHT);
        e.n = w->n;
        e.self = w->self;
        w->fed = 0;
        w->locked_round = CONSENSUS_NONE;
        w->decided = false;
        step(w, &e);
        return;
    }
    struct consensus_pol pol = w->pol;
    w->locked_round = w->snapshot.locked_round;
    w->decided = false;
    w->fed = 0;
    consensus_restore(w->core, w->n, w->self, &w->snapshot, pol.n > 0 ? &pol : NULL, &w->out);
    watch_actions(w);
    feed_own(w);
}

/* A vote by somebody else: a core whose own index votes otherwise would be two copies of one node. */
static bool foreign(const struct watch *w, struct consensus_vote *v, uint8_t who)
{
    v->validator = who % w->n;
    return (int32_t)v->validator != w->self;
}

static int32_t round_near(const struct watch *w, uint8_t byte)
{
    struct consensus_status s;
    consensus_status(w->core, &s);
    if (byte >= 0xf0)
        return byte == 0xff ? CONSENSUS_ROUND_MAX : (int32_t)(s.round + 14 + (byte & 7));
    int32_t round = s.round + (int32_t)(byte % 8) - 3;
    return round < 0 ? 0 : round;
}

static void a_vote(struct watch *w, struct span *in, bool well_formed)
{
    struct consensus_event e = event_of(w, EV_VOTE);
    uint8_t who = take_u8(in), form = take_u8(in);
    e.vote.type = (form & 1) != 0 ? VOTE_PRECOMMIT : VOTE_PREVOTE;
    e.vote.round = round_near(w, take_u8(in));
    uint8_t value = take_u8(in);
    e.vote.nil = value % (VALUES + 1) == VALUES;
    if (!e.vote.nil)
        e.vote.value = value_of(value % (VALUES + 1));
    if (!e.vote.nil && e.vote.type == VOTE_PREVOTE && (form & 2) != 0)
        e.vote.valid_round = e.vote.round - 1 - (form >> 4) % 3;
    if (e.vote.valid_round < CONSENSUS_NONE)
        e.vote.valid_round = CONSENSUS_NONE;
    if (!well_formed) {
        e.vote.type = (enum vote_type)(VOTE_PREVOTE + form % 3);
        e.vote.valid_round = (int32_t)take_u8(in) - 8;
        e.vote.round = (int32_t)take_u8(in) - 8;
        e.height = w->height + take_u8(in) % 3 - 1;
    }
    if (foreign(w, &e.vote, who))
        step(w, &e);
}

/* The same vote by several, so that quorums come about. */
static void many_votes(struct watch *w, struct span *in)
{
    uint8_t who = take_u8(in), form = take_u8(in), round = take_u8(in), value = take_u8(in);
    for (uint32_t i = 0; i < w->n; i++) {
        if ((who >> i & 1) == 0)
            continue;
        uint8_t bytes[] = {(uint8_t)i, form, round, value};
        struct span one = span_of(bytes, sizeof bytes);
        a_vote(w, &one, true);
    }
}

static void a_proposal(struct watch *w, struct span *in)
{
    struct consensus_event e = event_of(w, EV_PROPOSAL);
    struct consensus_pol pol = {0};
    uint8_t form = take_u8(in);
    e.vote = (struct consensus_vote){.type = VOTE_PROPOSAL, .round = round_near(w, take_u8(in)), .valid_round = CONSENSUS_NONE};
    e.vote.value = value_of(take_u8(in));
    /* A judgement is a fact of the block: value 3 is invalid at every node. */
    struct hash third = value_of(3);
    e.judgement = hash_eq(&e.vote.value, &third) ? JUDGED_INVALID : JUDGED_VALID;
    uint8_t who = (form & 0x80) != 0 ? take_u8(in) : (uint8_t)consensus_proposer(w->height, e.vote.round, w->n);
    if (!foreign(w, &e.vote, who))
        return;
    if ((form & 1) != 0 && e.vote.round > 0) {
        e.vote.valid_round = e.vote.round - 1 - (form >> 4) % 2;
        if (e.vote.valid_round < 0)
            e.vote.valid_round = 0;
        uint8_t from = take_u8(in);
        for (uint32_t i = 0; i < w->n; i++)
            if ((from >> i & 1) != 0 && (int32_t)i != w->self)
                pol.votes[pol.n++] = (struct consensus_vote){.type = VOTE_PREVOTE, .validator = i, .round = e.vote.valid_round,
                                                             .valid_round = CONSENSUS_NONE, .value = e.vote.value};
        e.pol = (form & 2) != 0 ? NULL : &pol;
    } else if ((form & 4) != 0 && e.judgement == JUDGED_VALID) {
        e.judgement = JUDGED_UNTIMELY;
    }
    step(w, &e);
}

static void one_event(struct watch *w, struct span *in)
{
    struct consensus_event e;
    switch (take_u8(in) % 12) {
    case 0:
        e = event_of(w, EV_WAKE);
        step(w, &e);
        break;
    case 1:
    case 2:
        a_vote(w, in, true);
        break;
    case 3:
    case 4:
        many_votes(w, in);
        break;
    case 5:
    case 6:
        a_proposal(w, in);
        break;
    case 7:
        e = event_of(w, EV_TIMEOUT);
        e.timeout = (enum consensus_timeout)(take_u8(in) % 3);
        e.round = round_near(w, take_u8(in));
        step(w, &e);
        break;
    case 8:
        e = event_of(w, EV_BUILT);
        e.round = round_near(w, 3);
        e.value = value_of(take_u8(in) % 3); /* it builds nothing that is invalid */
        e.has_value = take_u8(in) % 4 != 0;
        step(w, &e);
        break;
    case 9:
        a_vote(w, in, false);
        break;
    case 10:
        crash(w);
        break;
    default:
        if (take_u8(in) % 2 == 0) {
            e = event_of(w, EV_DECIDED);
            e.round = round_near(w, take_u8(in));
            e.value = value_of(take_u8(in) % 3);
            if (!w->decided)
                step(w, &e);
        } else {
            uint8_t who = take_u8(in);
            uint32_t n = 1 + who % 7;
            start(w, w->height + 1, n, (int32_t)(who / 8 % (n + 1)) - 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static _Alignas(16) uint8_t memory[1 << 20];
    static struct watch w;
    struct span in = span_of(data, size);
    if (size < 2 || size > INPUT_MAX)
        return 0;
    REQUIRE(consensus_size() <= sizeof memory, "a core fits");
    memset(&w, 0, sizeof w);
    w.core = consensus_init(memory, consensus_size());
    uint32_t n = 1 + take_u8(&in) % 7;
    int32_t self = (int32_t)(take_u8(&in) % (n + 1)) - 1;
    start(&w, HEIGHT_FIRST, n, self);
    while (in.n > 0) {
        one_event(&w, &in);
        feed_own(&w);
    }
    return 0;
}
