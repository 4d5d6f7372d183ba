#include "base/base.h"
#include "unit/consensus/notary.h"
#include "unit/consensus/world.h"

enum { MESSAGES = 4096, TIMERS = 64, JOURNAL = 3 * NOTARY_ROUNDS, POLS = 1024, VALUES = 256 };

struct message {
    enum { MSG_VOTE, MSG_PROPOSAL, MSG_CERTIFICATE, MSG_BUILT } kind;
    uint32_t to;
    bool own; /* from a node to itself: not lost, but gone with a crash */
    uint64_t height;
    struct consensus_vote vote; /* certificate and built: round and value */
    int32_t pol;                /* index in pols, or -1 */
};

struct timer {
    uint32_t node;
    uint64_t height;
    int32_t round;
    enum consensus_timeout timeout;
};

struct record {
    struct consensus_vote vote;
    struct consensus_snapshot snapshot;
};

struct node {
    struct consensus *core;
    bool up;
    uint64_t height;
    int32_t round;
    struct message proposals[NOTARY_ROUNDS]; /* held, to pass on; to is 1 if there is one */
    /* What survives a crash: */
    uint32_t journalled;
    struct record journal[JOURNAL];
    int32_t pol_of[NOTARY_ROUNDS]; /* index in pols, or -1 */
};

struct world {
    uint64_t random;
    uint32_t n;
    int32_t liar;
    bool healed;
    uint32_t lose[4], duplicate, crash, silent, skew; /* percent: by vote type, and so on */
    uint32_t n_messages, n_timers, n_pols, n_values, built;
    struct message messages[MESSAGES];
    struct timer timers[TIMERS * WORLD_NODES];
    struct consensus_pol pols[POLS];
    struct hash values[VALUES];
    struct node nodes[WORLD_NODES];
    struct notary notary;
    const char *wrong;
    struct world_counts *counts;
};

static struct world world;
static _Alignas(16) uint8_t memory[WORLD_NODES][1 << 20];
static struct consensus_actions actions; /* of the step at hand */
static struct span choices;

void world_choose(struct span bytes)
{
    choices = bytes;
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint32_t pick(struct world *w, uint32_t below)
{
    if (choices.n > 0) {
        uint32_t choice = choices.p[0];
        choices = span_of(choices.p + 1, choices.n - 1);
        return below <= 256 ? choice % below : choice * 257 % below;
    }
    uint64_t z = (w->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) >> 33) % below;
}

static bool chance(struct world *w, uint32_t percent)
{
    return pick(w, 100) < percent;
}

static void fail(struct world *w, const char *wrong)
{
    if (w->wrong == NULL)
        w->wrong = wrong;
}

static bool honest(const struct world *w, uint32_t i)
{
    return (int32_t)i != w->liar;
}

/* A block id says by itself what it is: byte 8 the nodes whose clock it offends, byte 9 invalid. */
static struct hash new_value(struct world *w, uint32_t from, uint64_t height, int32_t round, bool invalid)
{
    struct hash h = {{(uint8_t)height, (uint8_t)round, (uint8_t)from}};
    w->built++;
    memcpy(h.b + 3, &w->built, sizeof w->built);
    if (!w->healed && chance(w, w->skew))
        h.b[8] = (uint8_t)(pick(w, 256) & ~(1u << from));
    h.b[9] = invalid;
    h.b[31] = 1;
    w->values[w->n_values++ % VALUES] = h;
    return h;
}

static enum consensus_judgement judge(const struct hash *value, uint32_t node)
{
    if (value->b[9] != 0)
        return JUDGED_INVALID;
    return (value->b[8] >> node & 1) != 0 ? JUDGED_UNTIMELY : JUDGED_VALID;
}

static void post(struct world *w, const struct message *m)
{
    if (!honest(w, m->to))
        return;
    if (!m->own && !w->healed && chance(w, w->lose[m->kind == MSG_CERTIFICATE ? 0 : m->vote.type])) {
        w->counts->lost++;
        return;
    }
    if (w->n_messages < MESSAGES)
        w->messages[w->n_messages++] = *m;
}

static int32_t keep_pol(struct world *w, const struct consensus_pol *pol)
{
    ASSERT(w->n_pols < POLS);
    int32_t at = (int32_t)w->n_pols++;
    w->pols[at] = *pol;
    return at;
}

static void broadcast(struct world *w, struct message m, uint32_t from)
{
    for (uint32_t i = 0; i < w->n; i++) {
        m.to = i;
        m.own = i == from;
        post(w, &m);
    }
}

/* The liar: to each honest node something of its own. */
static struct consensus_vote lie(struct world *w, uint64_t height, int32_t round)
{
    struct consensus_vote v = {.type = chance(w, 50) ? VOTE_PREVOTE : VOTE_PRECOMMIT,
                               .validator = (uint32_t)w->liar,
                               .round = round,
                               .nil = true,
                               .valid_round = -1};
    uint32_t model = pick(w, w->n);
    const struct notary_slot *slot = &w->notary.slots[height][round][v.type - 1][model];
    if (slot->n > 0 && chance(w, 60)) { /* with the others, so that quorums hang on it */
        v = slot->said[pick(w, slot->n)];
        v.validator = (uint32_t)w->liar;
        if (v.type == VOTE_PREVOTE && !v.nil && round > 0 &&
            chance(w, 30)) /* alike but for the valid round */
            v.valid_round = (int32_t)pick(w, (uint32_t)round + 1) - 1;
    } else if (w->n_values > 0 && chance(w, 70)) {
        v.nil = false;
        v.value = w->values[pick(w, w->n_values < VALUES ? w->n_values : VALUES)];
        if (v.type == VOTE_PREVOTE && round > 0 && chance(w, 40))
            v.valid_round = (int32_t)pick(w, (uint32_t)round);
    }
    return v;
}

static void lie_proposal(struct world *w, uint64_t height, int32_t round, uint32_t to)
{
    struct message m = {.kind = MSG_PROPOSAL, .to = to, .height = height, .pol = -1};
    m.vote = (struct consensus_vote){
        .type = VOTE_PROPOSAL, .validator = (uint32_t)w->liar, .round = round, .valid_round = -1};
    struct consensus_pol pol = {0};
    int32_t before = round == 0 ? -1 : (int32_t)pick(w, (uint32_t)round);
    const struct notary_slot *slot =
        before < 0 ? NULL : &w->notary.slots[height][before][VOTE_PREVOTE - 1][pick(w, w->n)];
    if (slot != NULL && slot->n > 0 && !slot->said[0].nil && chance(w, 80)) {
        m.vote.value = slot->said[0].value;
        m.vote.valid_round = before;
        notary_prevotes(&w->notary, height, m.vote.valid_round, &m.vote.value, chance(w, 50), &pol);
        m.pol = keep_pol(w, &pol);
    } else {
        m.vote.value = new_value(w, (uint32_t)w->liar, height, round, chance(w, 20));
    }
    if (notary_note(&w->notary, height, &m.vote))
        post(w, &m);
}

static void lie_about(struct world *w, uint64_t height, int32_t round)
{
    if (w->liar < 0 || round >= NOTARY_ROUNDS)
        return;
    bool turn = (height + (uint64_t)round) % w->n == (uint32_t)w->liar;
    for (uint32_t i = 0; i < w->n; i++) {
        if (!honest(w, i) || chance(w, 30))
            continue;
        if (turn)
            lie_proposal(w, height, round, i);
        struct message m = {
            .kind = MSG_VOTE, .to = i, .height = height, .vote = lie(w, height, round), .pol = -1};
        if (notary_note(&w->notary, height, &m.vote))
            post(w, &m);
    }
}

static void crash(struct world *w, uint32_t i)
{
    struct node *d = &w->nodes[i];
    d->up = false;
    w->counts->crashes++;
    for (uint32_t k = 0; k < NOTARY_ROUNDS; k++)
        d->proposals[k].to = 0;
    for (uint32_t k = w->n_messages; k-- > 0;)
        if (w->messages[k].own && w->messages[k].to == i)
            w->messages[k] = w->messages[--w->n_messages];
    for (uint32_t k = w->n_timers; k-- > 0;)
        if (w->timers[k].node == i)
            w->timers[k] = w->timers[--w->n_timers];
}

static void forget_height(struct node *d)
{
    d->journalled = 0;
    d->round = -1;
    for (uint32_t k = 0; k < NOTARY_ROUNDS; k++) {
        d->pol_of[k] = -1;
        d->proposals[k].to = 0;
    }
}

static void start_height(struct world *w, uint32_t i)
{
    struct consensus_event e = {
        .type = EV_START_HEIGHT, .height = w->nodes[i].height, .n = w->n, .self = (int32_t)i};
    consensus_step(w->nodes[i].core, &e, &actions);
}

static void count_message(struct world *w, uint64_t height, const struct consensus_vote *v)
{
    struct hash locked;
    int32_t lock = notary_lock(&w->notary, height, v->validator, v->round, &locked);
    if (v->type == VOTE_PREVOTE && !v->nil && lock >= 0 && !hash_eq(&locked, &v->value))
        w->counts->unlocks++;
    w->counts->locks += v->type == VOTE_PRECOMMIT && !v->nil;
    w->counts->reproposals += v->type == VOTE_PROPOSAL && v->valid_round >= 0;
}

/* Sign, journal, sync; send; feed back: a crash may come between any two. False if it came. */
static bool speak(struct world *w, uint32_t i, const struct consensus_action *a)
{
    struct node *d = &w->nodes[i];
    bool unlucky = !w->healed && chance(w, w->crash);
    uint32_t when = pick(w, 3);
    if (unlucky && when == 0)
        return false;
    const char *wrong = notary_sign(&w->notary, a->height, &a->vote);
    if (wrong != NULL) {
        fail(w, wrong);
        return false;
    }
    count_message(w, a->height, &a->vote);
    ASSERT(d->journalled < JOURNAL);
    d->journal[d->journalled++] = (struct record){.vote = a->vote, .snapshot = a->snapshot};
    if (unlucky && when == 1)
        return false;
    struct message m = {.kind = a->type == ACT_VOTE ? MSG_VOTE : MSG_PROPOSAL,
                        .height = a->height,
                        .vote = a->vote,
                        .pol = a->pol == NULL ? -1 : keep_pol(w, a->pol)};
    broadcast(w, m, i);
    if (w->healed ? chance(w, 10) : chance(w, 50))
        lie_about(w, a->height, a->round);
    return !(unlucky && when == 2);
}

static void decide(struct world *w, uint32_t i, const struct consensus_action *a)
{
    struct node *d = &w->nodes[i];
    struct consensus_vote certificate[LIMIT_VALIDATORS];
    const char *wrong = notary_decide(&w->notary, a->height, a->round, &a->value);
    if (wrong == NULL && judge(&a->value, i) == JUDGED_INVALID)
        wrong = "decided an invalid block";
    uint32_t n = consensus_certificate(d->core, certificate);
    if (wrong == NULL && n > 0 && n < w->notary.quorum)
        wrong = "a certificate without a quorum";
    if (wrong != NULL)
        fail(w, wrong);
    w->counts->decisions++;
    w->counts->certificates += n == 0;
    w->counts->later_rounds += a->round > 0;
    d->height++;
    forget_height(d);
    if (d->height < WORLD_HEIGHTS)
        start_height(w, i);
}

static void build(struct world *w, uint32_t i, const struct consensus_action *a)
{
    struct message m = {.kind = MSG_BUILT, .to = i, .own = true, .height = a->height, .pol = -1};
    m.vote.round = a->round;
    if (w->healed || !chance(w, w->silent))
        m.vote.value = new_value(w, i, a->height, a->round, false);
    post(w, &m);
}

/* Carries the actions of a step out. */
static void carry_out(struct world *w, uint32_t i)
{
    struct node *d = &w->nodes[i];
    const char *broken = consensus_check(d->core);
    if (broken != NULL)
        fail(w, broken);
    w->counts->refused += actions.outcome == OUTCOME_REFUSED;
    uint64_t height = d->height;
    for (uint32_t k = 0; k < actions.n && w->wrong == NULL; k++) {
        const struct consensus_action *a = &actions.v[k];
        if (a->height != height || (a->round >= NOTARY_ROUNDS)) {
            fail(w, "an action out of place");
        } else if (a->type == ACT_BUILD) {
            build(w, i, a);
        } else if (a->type == ACT_PROPOSE || a->type == ACT_VOTE) {
            if (!speak(w, i, a)) {
                crash(w, i);
                return;
            }
        } else if (a->type == ACT_KEEP_POL) {
            d->pol_of[a->round] = keep_pol(w, a->pol);
        } else if (a->type == ACT_SCHEDULE_TIMEOUT) {
            w->counts->skips += a->timeout == TIMEOUT_PROPOSE && a->round > d->round + 1;
            if (a->timeout == TIMEOUT_PROPOSE)
                d->round = a->round;
            if (w->n_timers < ARRAY_LEN(w->timers))
                w->timers[w->n_timers++] =
                    (struct timer){.node = i, .height = height, .round = a->round, .timeout = a->timeout};
        } else if (a->type == ACT_DECIDE) {
            decide(w, i, a);
            return;
        } else if (a->type == ACT_FAULT) {
            w->counts->faults++;
            if (honest(w, a->first.validator))
                fail(w, "an honest validator was accused");
        } else if (a->type == ACT_DIVERGED) {
            fail(w, "a quorum for an invalid block");
        }
    }
}

static enum consensus_outcome event(struct world *w, uint32_t i, const struct consensus_event *e)
{
    struct node *d = &w->nodes[i];
    if (!d->up || d->height >= WORLD_HEIGHTS)
        return OUTCOME_STALE;
    consensus_step(d->core, e, &actions);
    enum consensus_outcome outcome = actions.outcome;
    carry_out(w, i);
    return outcome;
}

static void deliver_proposal(struct world *w, const struct message *m, struct consensus_event *e)
{
    struct node *d = &w->nodes[m->to];
    e->type = EV_PROPOSAL;
    e->judgement = judge(&m->vote.value, m->to);
    e->pol = m->pol < 0 ? NULL : &w->pols[m->pol];
    w->counts->untimely += e->judgement == JUDGED_UNTIMELY;
    if (event(w, m->to, e) != OUTCOME_TAKEN || !d->up || d->height != m->height)
        return;
    d->proposals[m->vote.round] = *m;
    d->proposals[m->vote.round].to = 1;
}

static void deliver(struct world *w, const struct message *m)
{
    struct consensus_event e = {
        .height = m->height, .vote = m->vote, .round = m->vote.round, .value = m->vote.value};
    if (m->kind == MSG_PROPOSAL) {
        deliver_proposal(w, m, &e);
        return;
    }
    e.type = m->kind == MSG_VOTE ? EV_VOTE : m->kind == MSG_BUILT ? EV_BUILT : EV_DECIDED;
    e.has_value = !hash_is_zero(&e.value);
    event(w, m->to, &e);
}

static void wake(struct world *w, uint32_t i)
{
    struct consensus_event e = {.type = EV_WAKE, .height = w->nodes[i].height};
    event(w, i, &e);
}

/* What a replica does after a crash: the newest snapshot, its POL, then its own messages again. */
static void restart(struct world *w, uint32_t i)
{
    struct node *d = &w->nodes[i];
    d->up = true;
    d->round = -1;
    d->core = consensus_init(memory[i], sizeof memory[i]);
    if (d->height >= WORLD_HEIGHTS)
        return;
    if (d->journalled == 0) {
        start_height(w, i);
        return;
    }
    w->counts->restores++;
    const struct consensus_snapshot *s = &d->journal[d->journalled - 1].snapshot;
    int32_t pol = s->valid_round < 0 ? -1 : d->pol_of[s->valid_round];
    d->round = s->round;
    consensus_restore(d->core, w->n, (int32_t)i, s, pol < 0 ? NULL : &w->pols[pol], &actions);
    uint32_t before = d->journalled;
    carry_out(w, i);
    for (uint32_t k = 0; k < before && d->up; k++) {
        const struct consensus_vote *v = &d->journal[k].vote;
        struct message m = {
            .kind = v->type == VOTE_PROPOSAL ? MSG_PROPOSAL : MSG_VOTE,
            .height = d->height,
            .vote = *v,
            .pol = v->valid_round < 0 || v->type != VOTE_PROPOSAL ? -1 : d->pol_of[v->valid_round]};
        broadcast(w, m, i);
    }
}

static void gossip_round(struct world *w, uint32_t from, uint32_t to, int32_t round)
{
    const struct node *a = &w->nodes[from], *b = &w->nodes[to];
    struct message m = {.to = to, .height = a->height, .pol = -1};
    if (a->proposals[round].to != 0 && consensus_vote(b->core, round, VOTE_PROPOSAL, 0) == NULL) {
        m = a->proposals[round];
        m.to = to;
        m.own = false;
        post(w, &m);
    }
    for (uint32_t v = 0; v < w->n; v++)
        for (enum vote_type type = VOTE_PREVOTE; type <= VOTE_PRECOMMIT; type++) {
            const struct consensus_vote *vote = consensus_vote(a->core, round, type, v);
            if (vote == NULL || consensus_vote(b->core, round, type, v) != NULL)
                continue;
            m = (struct message){.kind = MSG_VOTE, .to = to, .height = a->height, .vote = *vote, .pol = -1};
            post(w, &m);
        }
}

static void gossip(struct world *w, uint32_t from, uint32_t to)
{
    const struct node *a = &w->nodes[from], *b = &w->nodes[to];
    if (from == to || !a->up || !b->up || !honest(w, from) || !honest(w, to) || b->height >= WORLD_HEIGHTS)
        return;
    if (a->height > b->height) {
        struct message m = {.kind = MSG_CERTIFICATE, .to = to, .height = b->height, .pol = -1};
        m.vote.value = w->notary.decision[b->height];
        for (m.vote.round = 0; m.vote.round < NOTARY_ROUNDS - 1; m.vote.round++)
            if (notary_decide(&w->notary, b->height, m.vote.round, &m.vote.value) == NULL)
                break;
        post(w, &m);
        return;
    }
    if (a->height < b->height)
        return;
    struct consensus_status s;
    consensus_status(a->core, &s);
    for (int32_t r = s.oldest_round < 0 ? 0 : s.oldest_round; r <= s.newest_round && r < NOTARY_ROUNDS; r++)
        gossip_round(w, from, to, r);
}

static void deliver_one(struct world *w)
{
    if (w->n_messages == 0)
        return;
    uint32_t k = pick(w, w->n_messages);
    struct message m = w->messages[k];
    if (w->healed || m.own || !chance(w, w->duplicate))
        w->messages[k] = w->messages[--w->n_messages];
    deliver(w, &m);
}

static void deliver_all(struct world *w)
{
    for (uint32_t k = 0; k < 100000 && w->n_messages > 0 && w->wrong == NULL; k++)
        deliver_one(w);
}

static void fire(struct world *w, uint32_t k)
{
    struct timer t = w->timers[k];
    memmove(w->timers + k, w->timers + k + 1, (w->n_timers - k - 1) * sizeof t);
    w->n_timers--;
    struct consensus_event e = {
        .type = EV_TIMEOUT, .height = t.height, .round = t.round, .timeout = t.timeout};
    event(w, t.node, &e);
}

static void one_thing(struct world *w)
{
    uint32_t dice = pick(w, 100), i = pick(w, w->n);
    if (!honest(w, i))
        return;
    if (dice < 78)
        deliver_one(w);
    else if (dice < 90 && w->n_timers > 0)
        fire(w, pick(w, w->n_timers));
    else if (dice < 92)
        wake(w, i);
    else if (dice < 95)
        gossip(w, i, pick(w, w->n));
    else if (dice < 98 && !w->nodes[i].up)
        restart(w, i);
    else if (dice == 98 && w->nodes[i].up && chance(w, w->crash * 10))
        crash(w, i);
}

static bool all_decided(const struct world *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (honest(w, i) && w->nodes[i].height < WORLD_HEIGHTS)
            return false;
    return true;
}

/* A healed network: all arrives, timers are long against it. */
static void heal(struct world *w)
{
    w->healed = true;
    for (uint32_t i = 0; i < w->n; i++)
        if (honest(w, i) && !w->nodes[i].up)
            restart(w, i);
    for (uint32_t quiet = 0; quiet < 2000 && w->wrong == NULL && !all_decided(w); quiet++) {
        deliver_all(w);
        for (uint32_t i = 0; i < w->n * w->n; i++)
            gossip(w, i / w->n, i % w->n);
        for (uint32_t i = 0; i < w->n; i++)
            if (honest(w, i))
                wake(w, i);
        deliver_all(w);
        if (w->n_timers > 0)
            fire(w, 0);
    }
    if (w->wrong == NULL && !all_decided(w))
        fail(w, "no progress after the network healed");
}

const char *world_run(uint64_t seed, uint32_t n, bool liar, struct world_counts *counts)
{
    struct world *w = &world;
    ASSERT(n <= WORLD_NODES);
    ASSERT(consensus_size() <= sizeof memory[0]);
    w->random = seed * 0x9e3779b97f4a7c15u + n;
    w->n = n;
    w->liar = liar ? (int32_t)n - 1 : -1;
    w->healed = false;
    w->n_messages = w->n_timers = w->n_pols = w->n_values = w->built = 0;
    w->wrong = NULL;
    w->counts = counts;
    notary_reset(&w->notary, n);
    w->lose[0] = pick(w, 50);
    w->lose[VOTE_PROPOSAL] = pick(w, 40);
    w->lose[VOTE_PREVOTE] = pick(w, 40);
    w->lose[VOTE_PRECOMMIT] = pick(w, 90); /* locks without decisions */
    w->duplicate = pick(w, 30);
    w->crash = pick(w, 6);
    w->silent = pick(w, 40);
    w->skew = pick(w, 30);
    for (uint32_t i = 0; i < n; i++) {
        w->nodes[i].height = 0;
        forget_height(&w->nodes[i]);
        restart(w, i);
    }
    uint32_t steps = 100 + pick(w, 1500);
    for (uint32_t k = 0; k < steps && w->wrong == NULL && !all_decided(w); k++)
        one_thing(w);
    heal(w);
    return w->wrong;
}
