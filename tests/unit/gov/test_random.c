/* Random streams of entries and jumps of time: the tables always agree (gov_check runs after each act), a
 * refusal writes nothing, and the same stream gives the same state. */
#include <criterion/criterion.h>
#include "scan.h"
#include "world_members.h"
#include "cert/vote.h"

enum { SEEDS = 32, ACTS = 280 };

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *pick(uint64_t *rng, const char *const *v, size_t n)
{
    return v[next(rng) % n];
}

static const char *const seats[] = {
    "brand/sponsor",          "brand/alliance-manager", "brand/finance",
    "brand/quality",          "brand/business-lead",    "maker/sponsor",
    "maker/alliance-manager", "maker/finance",          "maker/quality",
    "maker/business-lead",    "distributor/sponsor",    "distributor/alliance-manager",
    "distributor/finance",    "distributor/quality",    "distributor/business-lead",
    "trustee/mediator",       "brand/registrar",        "brand/node"};
static const struct {
    const char *type, *owner;
} rows[] = {{"terms", "brand/business-lead"},    {"plan", "maker/finance"},
            {"pair", "brand/quality"},           {"mark", "distributor/quality"},
            {"guarded", "brand/quality"},        {"both", "maker/sponsor"},
            {"strict", "brand/finance"},         {"fast", "maker/alliance-manager"},
            {"tradeoff", "brand/business-lead"}, {"about", "brand/sponsor"},
            {"solo", "maker/business-lead"},     {"charter-policy", "brand/quality"},
            {"renewal", "brand/sponsor"},        {"spend", "brand/finance"},
            {"charter-core", "brand/sponsor"},   {"guarded", "maker/quality"},
            {"charter-policy", "maker/quality"}, {"strict", "distributor/finance"},
            {"needing", "brand/finance"},        {"final", "maker/finance"},
            {"upgrade", "maker/sponsor"},        {"admission", "brand/sponsor"},
            {"upgrade", "brand/sponsor"},        {"needing", "maker/finance"},
            {"removal", "brand/sponsor"},        {"exit", "maker/sponsor"},
            {"deemed", "brand/finance"},         {"pooled", "maker/finance"},
            {"spend", "distributor/finance"},    {"recall", "maker/quality"},
            {"deemed", "maker/quality"},         {"terms", "maker/business-lead"},
            {"pooled", "brand/finance"},         {"pooled", "brand/quality"}};

/* Cards made once for all streams: of a newcomer, and of nodes. */
enum { CARDS = 3 };
static struct {
    bool made;
    struct arena a;
    struct fixture_card joins, nodes[CARDS];
    struct effect admit, upgrade;
} pool;

static void make_pool(void)
{
    static const char *const owners[CARDS] = {"brand", "maker", "brand"};
    struct world w = {0};
    if (pool.made)
        return;
    arena_init(&pool.a, 0);
    arena_init(&w.a, 0);
    world_newcomer(&w, "carrier", &pool.joins);
    pool.joins.bytes = arena_dup(&pool.a, pool.joins.bytes);
    for (size_t i = 0; i < CARDS; i++)
        fixture_card_make(&pool.a, 100 + i, owners[i], NULL, NULL, &pool.nodes[i]);
    pool.admit = world_admit(&w, &pool.joins, ROLE_PARTNER);
    pool.admit.party.org = span_str("carrier");
    pool.upgrade = (struct effect){.type = EFFECT_UPGRADE};
    SET_HAS(&pool.upgrade, effect_key_rules);
    arena_deinit(&w.a);
    pool.made = true;
}

static void free_pool(void)
{
    fixture_card_free(&pool.joins);
    for (size_t i = 0; i < CARDS; i++)
        fixture_card_free(&pool.nodes[i]);
    arena_deinit(&pool.a);
}
static const char *const words[] = {"12 bottles", "6 bottles", "4 bottles"};
static const enum choice choices[] = {CHOICE_APPROVE, CHOICE_APPROVE, CHOICE_APPROVE, CHOICE_APPROVE,
                                      CHOICE_REJECT,  CHOICE_ABSTAIN, CHOICE_VETO,    CHOICE_RECUSE};

TestSuite(random, .timeout = 600, .fini = free_pool);

/* A decision in effect of that row, or any; 0: there is none. */
static uint64_t to_supersede(struct world *w, uint64_t *rng, const char *type)
{
    for (uint64_t n = w->last; n > 0 && next(rng) % 8 != 0; n--) {
        struct state_decision d = world_decision(w, n);
        if (span_eqs(d.type, type) && d.phase == PHASE_EFFECTIVE)
            return n;
    }
    return w->last == 0 ? 0 : 1 + next(rng) % w->last;
}

static struct world_proposal proposal(struct world *w, uint64_t *rng, const char *type)
{
    struct world_proposal p = {0};
    if (next(rng) % 3 == 0)
        p.supersedes = to_supersede(w, rng, type);
    if (next(rng) % 3 == 0) {
        p.currency = next(rng) % 8 == 0 ? "EUR" : "USD";
        p.minor = (int64_t)(next(rng) % 40000000);
    }
    if (next(rng) % 2 == 0)
        p.affected[0] = "maker";
    if (strcmp(type, "about") == 0)
        p.partner = "maker";
    if (strcmp(type, "charter-policy") == 0) {
        p.section = SECTION_GLOSSARY;
        p.body = world_glossary(w, "case", pick(rng, words, ARRAY_LEN(words)));
        p.base = world_section(w, SECTION_GLOSSARY).version;
    }
    if (strcmp(type, "removal") == 0) {
        p.partner = next(rng) % 2 == 0 ? "maker" : "trustee";
        p.effect = &world_remove;
    } else if (strcmp(type, "exit") == 0) {
        p.effect = &world_exit;
    } else if (strcmp(type, "admission") == 0) {
        p.effect = &pool.admit;
    } else if (strcmp(type, "upgrade") == 0) {
        pool.upgrade.rules = 2 + (next(rng) % 5 == 0);
        p.effect = &pool.upgrade;
    }
    if ((strcmp(type, "terms") == 0 || strcmp(type, "pooled") == 0) && next(rng) % 2 == 0) {
        p.currency = "USD"; /* two of them are above the threshold that one is below */
        p.minor = 60000;
    }
    if (strcmp(type, "spend") == 0 || next(rng) % 16 == 0) {
        p.budget = next(rng) % 3 == 0 ? "small" : "all";
        p.currency = "USD";
        p.minor = 1 + (int64_t)(next(rng) % 6000000);
        if (next(rng) % 4 == 0) {
            p.currency = "EUR";
            p.charge_currency = "USD";
            p.charge = p.minor;
            p.rate = "1.00";
        }
    }
    if (w->last > 0 && next(rng) % 6 == 0)
        p.counters = 1 + next(rng) % w->last;
    return p;
}

static const char *const orgs[] = {"brand", "maker", "distributor", "trustee", "carrier"};
static const char *const people[] = {"new one", "new two", "maker/finance", "maker/registrar"};

/* A party's node, if the organisation was ever there. */
static bool party_there(struct world *w, const char *org, struct state_party *ret)
{
    return party_get(&w->v, &w->a, span_str(org), ret, &w->err) == ST_OK;
}

static enum verdict show_fault(struct world *w, uint64_t *rng)
{
    struct fixture_card *c = &pool.nodes[next(rng) % CARDS];
    struct fault f = {.org = c->card.org, .key = c->vote->pub};
    f.first = f.second = (struct vote){.type = VOTE_PREVOTE, .height = 1 + next(rng) % 3};
    SET_HAS(&f.second, vote_key_value);
    vote_sign(&f.first, c->vote, &f.first_sig);
    vote_sign(&f.second, next(rng) % 4 == 0 ? c->log : c->vote, &f.second_sig);
    return world_node_entry(w, "distributor", KIND_FAULT, &fault_desc, &f);
}

static uint64_t some_recovery(struct world *w)
{
    struct query_recoveries q;
    cr_assert_eq(query_recoveries(&w->v, &w->a, &q, &w->err), ST_OK);
    return q.list.n == 0 ? 1 : q.list.v[0].leaf;
}

/* Organisations, their nodes and keys. */
static enum verdict member_act(struct world *w, uint64_t *rng, const char *seat, uint64_t n)
{
    const char *org = pick(rng, orgs, ARRAY_LEN(orgs));
    struct state_party p;
    char registrar[80], other[80];
    (void)snprintf(registrar, sizeof registrar, "%s/registrar", org);
    (void)snprintf(other, sizeof other, "maker/%s", next(rng) % 2 == 0 ? "sponsor" : "quality");
    if (!party_there(w, org, &p))
        return world_note(w, seat, n);
    switch (next(rng) % 10) {
    case 0: {
        size_t i = next(rng) % CARDS;
        return world_node(w, i == 1 ? "maker/registrar" : "brand/registrar", pool.nodes[i].bytes);
    }
    case 1:
    case 2:
        return world_ready(w, org, w->g.height - next(rng) % 20 % (w->g.height + 1));
    case 3:
        return next(rng) % 4 == 0
                   ? world_revoke_key(w, registrar, next(rng) % 2 == 0 ? &p.node.vote : &p.node.log)
                   : world_support(w, org, 2 + next(rng) % 2);
    case 4:
        return world_support(w, org, 2 + next(rng) % 2);
    case 5:
        return show_fault(w, rng);
    case 6:
        return world_recover(w, seat, "maker", pick(rng, people, ARRAY_LEN(people)), NULL, next(rng) % 3,
                             next(rng) % 3 == 0 ? pool.nodes[1].bytes : (struct span){0}, "maker");
    case 7:
        return world_cancel(w, other, some_recovery(w));
    case 8:
        return world_replace_registrar(w, other, "new two", NULL);
    default:
        if (next(rng) % 2 == 0)
            return world_input(w, "trustee/mediator", n, INPUT_CONSULT, "trustee/mediator");
        return world_input(w, next(rng) % 4 == 0 ? seat : "brand/finance", n, INPUT_IMPACT, NULL);
    }
}

/* A seat that the decision still asks, or the given one. */
static const char *asked(struct world *w, uint64_t *rng, uint64_t n, const char *otherwise)
{
    struct query_readiness q;
    if (query_readiness(&w->v, n, &w->a, &q, &w->err) != ST_OK || q.partners.n == 0)
        return otherwise;
    const struct query_partner *p = &q.partners.v[next(rng) % q.partners.n];
    if (p->could.n == 0)
        return otherwise;
    return (const char *)arena_dup(&w->a, p->could.v[next(rng) % p->could.n]).p;
}

/* With the mediator: what it recommends, and the answers. */
static enum verdict mediated_act(struct world *w, uint64_t *rng, const char *seat, uint64_t n)
{
    struct world_proposal p = proposal(w, rng, "terms");
    for (uint64_t k = 1; k <= w->last; k++) {
        struct matter m;
        cr_assert_eq(matter_load(&w->v, &w->a, k, &m, &w->err), ST_OK);
        if (m.d.phase != PHASE_MEDIATION)
            continue;
        if (m.recommended == NULL)
            return world_recommend(w, "trustee/mediator", k, next(rng) % 3 == 0 ? &p : NULL);
        return world_ballot(w, asked(w, rng, k, seat), k,
                            next(rng) % 8 == 0 ? CHOICE_REJECT : CHOICE_APPROVE);
    }
    return world_recommend(w, seat, n, &p);
}

/* Who stands in for whom, pauses, receipts, the mediator. */
static enum verdict absent_act(struct world *w, uint64_t *rng, const char *seat, uint64_t n)
{
    static const char *const principals[] = {"maker/finance", "brand/finance", "maker/sponsor",
                                             "distributor/quality"};
    static const char *const others[] = {"maker/quality", "brand/quality", "maker/finance",
                                         "distributor/sponsor"};
    static const char *const sponsor[] = {"maker/sponsor", "brand/sponsor", "maker/sponsor",
                                          "distributor/sponsor"};
    size_t i = next(rng) % ARRAY_LEN(principals);
    switch (next(rng) % 12) {
    case 0: {
        struct alternate alt = world_alternate(others[i], "2026-03-02T00:00:00Z", "2027-03-02T00:00:00Z");
        return world_alternates(w, principals[i], &alt, next(rng) % 5 != 0);
    }
    case 1:
    case 2:
        return world_ballot_for(w, next(rng) % 2 == 0 ? others[i] : sponsor[i], principals[i], n,
                                choices[next(rng) % ARRAY_LEN(choices)]);
    case 3:
        return world_receipt(w, seat, n);
    case 4:
    case 5:
        return world_move(w, next(rng) % 2 == 0 ? "brand/finance" : "maker/finance", n,
                          next(rng) % 3 == 0 ? MOVE_RESUME : MOVE_PAUSE);
    case 6:
        return world_ballot(w, principals[i], n, CHOICE_RECUSE);
    default:
        return mediated_act(w, rng, seat, n);
    }
}

static enum verdict act(struct world *w, uint64_t *rng)
{
    const char *seat = pick(rng, seats, ARRAY_LEN(seats));
    uint64_t n = w->last == 0 ? 1 : w->last - next(rng) % (w->last < 3 ? w->last : 3);
    if (next(rng) % 10 == 0)
        w->basis = 1 + next(rng) % w->size;
    if (next(rng) % 6 == 0)
        return absent_act(w, rng, seat, n);
    switch (next(rng) % 32) {
    case 0:
    case 1: {
        size_t row = next(rng) % ARRAY_LEN(rows);
        struct world_proposal p = proposal(w, rng, rows[row].type);
        return world_propose(w, next(rng) % 8 == 0 ? seat : rows[row].owner, rows[row].type, &p);
    }
    case 2: {
        struct world_proposal p = w->last == 0 ? (struct world_proposal){0} : proposal(w, rng, "terms");
        char mover[128] = "brand/finance";
        if (w->last > 0) {
            struct state_decision d = world_decision(w, n);
            if (HAS(&d, state_decision_key_section))
                p = proposal(w, rng, "charter-policy");
            p.supersedes = HAS(&d, state_decision_key_supersedes) ? d.supersedes : 0;
            memcpy(mover, d.mover.p, d.mover.n);
            mover[d.mover.n] = 0;
        }
        return world_revise(w, mover, n, &p);
    }
    case 3:
        return next(rng) % 4 == 0 ? world_withdraw(w, seat, n) : world_note(w, seat, n);
    case 4:
        return world_move(w, seat, n, next(rng) % 5 == 0 ? MOVE_PAUSE : MOVE_ESCALATE);
    case 5:
        return world_holder(w, "brand/registrar", "brand/finance",
                            next(rng) % 2 == 0 ? "brand/finance" : "brand/sponsor", NULL);
    case 6:
        return next(rng) % 8 == 0 ? world_revoke(w, "maker/registrar", "maker/quality")
                                  : world_holder(w, "maker/registrar", "maker/finance", NULL, NULL);
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
        return member_act(w, rng, seat, n);
    default:
        if (next(rng) % 5 != 0)
            seat = asked(w, rng, n, seat);
        return world_ballot(w, seat, n, choices[next(rng) % ARRAY_LEN(choices)]);
    }
}

struct counts {
    struct scan_counts news;
    size_t accepted, refused, phases[16], standings[8], recoveries, upgraded, faults, inputs, events[32];
};

/* What the stream led to. */
static void look(struct world *w, struct counts *c)
{
    struct gov_party_list l;
    struct query_faults f;
    uint32_t rules;
    cr_assert_eq(gov_parties(&w->v, &w->a, &l, &w->err), ST_OK);
    for (size_t i = 0; i < l.n; i++) {
        c->standings[party_standing(&l.v[i].party)]++;
        c->recoveries += HAS(&l.v[i].party, state_party_key_recoveries);
    }
    cr_assert_eq(gov_rules(&w->v, &rules, &w->err), ST_OK);
    c->upgraded += rules > 1;
    cr_assert_eq(query_faults(&w->v, 0, 10, &w->a, &f, &w->err), ST_OK);
    c->faults += f.list.n;
    for (uint64_t n = 1; n <= w->last; n++) {
        struct query_decision q;
        cr_assert_eq(query_decision(&w->v, n, &w->a, &q, &w->err), ST_OK);
        c->inputs += q.inputs.n;
        for (size_t i = 0; i < q.events.n; i++)
            c->events[q.events.v[i].type]++;
        struct buf b;
        buf_init(&b, 4 << 20);
        cr_assert_eq(codec_encode(&query_decision_desc, &q, &b), ST_OK);
        buf_deinit(&b);
        struct query_waiting wait;
        cr_assert_eq(query_waiting(&w->v, n, w->g.time_ms, &w->a, &wait, &w->err), ST_OK);
    }
}

static struct hash run(uint64_t seed, enum stream_run how, struct counts *c)
{
    struct world w;
    make_pool();
    world_found(&w);
    w.unwatched = true;
    w.unchecked = how == RUN_REPLAY;
    uint64_t rng = seed;
    for (int i = 0; i < ACTS; i++) {
        if (next(&rng) % 10 == 0)
            world_at_ms(&w,
                        w.g.time_ms + 1 + next(&rng) % ((next(&rng) % 4 == 0 ? 16 : 4) * UINT64_C(86400000)));
        if (how == RUN_REFUSALS) {
            /* The block's timers first, so that what is compared is the entry alone. */
            world_at_ms(&w, w.g.time_ms + 1000);
            w.same_block = true;
            uint64_t boundary = w.size - 1;
            struct hash before = world_digest(&w);
            w.basis = boundary;
            enum verdict v = act(&w, &rng);
            struct hash after = world_digest(&w);
            cr_assert((v == V_OK) != hash_eq(&before, &after), "seed %d: verdict %s, %s", (int)seed,
                      verdict_name(v), v == V_OK ? "but nothing was written" : "but something was written");
            w.same_block = false;
            w.basis = 0;
        } else {
            enum verdict v = act(&w, &rng);
            c->accepted += v == V_OK;
            c->refused += v != V_OK;
        }
    }
    for (uint64_t n = 1; n <= w.last; n++)
        c->phases[world_phase(&w, n)]++;
    look(&w, c);
    if (seed % 8 == 1)
        scan_agrees(&w, &c->news);
    struct hash d = world_digest(&w);
    world_free(&w);
    return d;
}

static const enum phase reached[] = {PHASE_OPEN,   PHASE_PASSED,    PHASE_EFFECTIVE, PHASE_REJECTED,
                                     PHASE_VETOED, PHASE_WITHDRAWN, PHASE_DEFAULT,   PHASE_MEDIATION};

/* Too much must come together for these; test_budget, test_mediate and test_receipt bring them about. */
static bool rare(enum event_type e)
{
    return e == EVENT_DEEMED || e == EVENT_RAISED || e == EVENT_BEYOND || e == EVENT_ENDED ||
           e == EVENT_SETTLED;
}

static bool reached_all(const struct counts *c)
{
    bool all = c->recoveries > 0 && c->upgraded > 0 && c->faults > 0 && c->inputs > 0;
    all = all && c->events[EVENT_STALE] > 0; /* few streams end in it; nor in a pause, below */
    all = all && c->events[EVENT_SUPERSEDED] > 0;
    for (enum event_type e = EVENT_PAUSE_ASKED; e <= EVENT_ENDED; e++)
        all = all && (c->events[e] > 0 || rare(e));
    for (size_t i = 0; i < ARRAY_LEN(reached); i++)
        all = all && c->phases[reached[i]] > 0;
    for (enum standing i = STANDING_ACTIVE; i <= STANDING_LEFT; i++)
        all = all && c->standings[i] > 0;
    return all;
}

/* The streams differ from one compiler to another (the order of evaluation of their draws is its own): so
 * more of them are made, up to a bound, until they have reached all that they are to reach. */
Test(random, tables_agree_and_replays_are_equal)
{
    struct counts c = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS || (!reached_all(&c) && seed <= UINT64_C(6) * SEEDS); seed++) {
        struct hash a = run(seed, RUN_CHECKED, &c), b = run(seed, RUN_REPLAY, &again);
        cr_assert(hash_eq(&a, &b), "seed %d: two runs differ", (int)seed);
    }
    /* The streams are worth something: they reach the ends of decisions. */
    cr_assert_gt(c.accepted, c.refused / 20);
    for (size_t i = 0; i < ARRAY_LEN(reached); i++)
        cr_assert_gt(c.phases[reached[i]], 0, "no decision was ever %s", enum_text(&phase_enum, reached[i]));
    for (enum standing i = STANDING_ACTIVE; i <= STANDING_LEFT; i++)
        cr_assert_gt(c.standings[i], 0, "nobody was ever %s", enum_text(&standing_enum, i));
    cr_assert_gt(c.events[EVENT_STALE], 0, "no decision was ever stale");
    cr_assert_gt(c.events[EVENT_SUPERSEDED], 0, "no decision was ever superseded");
    for (enum event_type e = EVENT_PAUSE_ASKED; e <= EVENT_ENDED; e++)
        cr_assert(c.events[e] > 0 || rare(e), "never: %s", enum_text(&event_type_enum, e));
    cr_assert(c.recoveries > 0 && c.upgraded > 0 && c.faults > 0 && c.inputs > 0,
              "recoveries %zu, upgraded %zu, faults %zu, inputs %zu", c.recoveries, c.upgraded, c.faults,
              c.inputs);
    cr_assert(c.news.events > 0);
}

Test(random, a_refusal_writes_nothing)
{
    struct counts c = {0};
    for (uint64_t seed = 100; seed < 100 + SEEDS / 2; seed++)
        (void)run(seed, RUN_REFUSALS, &c);
}
