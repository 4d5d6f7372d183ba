/* Random streams of entries and jumps of time: the tables always agree (gov_check runs after each act), a
 * refusal writes nothing, and the same stream gives the same state. */
#include <criterion/criterion.h>
#include "world.h"
#include "crypto/hash.h"

TestSuite(random, .timeout = 120);

enum { SEEDS = 24, ACTS = 240 };

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

/* Digest of all writes so far. */
static struct hash state_digest(struct world *w)
{
    struct arena a;
    struct overlay_write *writes;
    size_t n;
    struct sha256 h;
    struct hash ret;
    arena_init(&a, 0);
    cr_assert_eq(overlay_writes(&w->state, &a, &writes, &n), ST_OK);
    sha256_init(&h);
    for (size_t i = 0; i < n; i++) {
        uint8_t len[16];
        store_u64(len, writes[i].key.n << 8 | writes[i].table);
        store_u64(len + 8, writes[i].value.n);
        sha256_update(&h, span_of(len, sizeof len));
        sha256_update(&h, writes[i].key);
        sha256_update(&h, writes[i].value);
    }
    sha256_final(&h, &ret);
    arena_deinit(&a);
    return ret;
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
            {"charter-policy", "maker/quality"}, {"strict", "distributor/finance"}};
static const char *const words[] = {"12 bottles", "6 bottles", "4 bottles"};
static const enum choice choices[] = {CHOICE_APPROVE, CHOICE_APPROVE, CHOICE_APPROVE, CHOICE_APPROVE,
                                      CHOICE_REJECT,  CHOICE_ABSTAIN, CHOICE_VETO,    CHOICE_RECUSE};

static struct world_proposal proposal(struct world *w, uint64_t *rng, const char *type)
{
    struct world_proposal p = {0};
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
    if (w->last > 0 && next(rng) % 6 == 0)
        p.counters = 1 + next(rng) % w->last;
    return p;
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

static enum verdict act(struct world *w, uint64_t *rng)
{
    const char *seat = pick(rng, seats, ARRAY_LEN(seats));
    uint64_t n = w->last == 0 ? 1 : w->last - next(rng) % (w->last < 3 ? w->last : 3);
    if (next(rng) % 10 == 0)
        w->basis = 1 + next(rng) % w->size;
    switch (next(rng) % 24) {
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
    default:
        if (next(rng) % 5 != 0)
            seat = asked(w, rng, n, seat);
        return world_ballot(w, seat, n, choices[next(rng) % ARRAY_LEN(choices)]);
    }
}

struct counts {
    size_t accepted, refused, phases[16];
};

static struct hash run(uint64_t seed, bool watch, struct counts *c)
{
    struct world w;
    world_found(&w);
    uint64_t rng = seed;
    for (int i = 0; i < ACTS; i++) {
        if (next(&rng) % 10 == 0)
            world_at_ms(&w, w.g.time_ms + 1 + next(&rng) % (4 * UINT64_C(86400000)));
        if (watch) {
            /* The block's timers first, so that what is compared is the entry alone. */
            world_at_ms(&w, w.g.time_ms + 1000);
            w.same_block = true;
            uint64_t boundary = w.size - 1;
            struct hash before = state_digest(&w);
            w.basis = boundary;
            enum verdict v = act(&w, &rng);
            struct hash after = state_digest(&w);
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
    struct hash d = state_digest(&w);
    world_free(&w);
    return d;
}

Test(random, tables_agree_and_replays_are_equal)
{
    struct counts c = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct hash a = run(seed, false, &c), b = run(seed, false, &again);
        cr_assert(hash_eq(&a, &b), "seed %d: two runs differ", (int)seed);
    }
    /* The streams are worth something: they reach the ends of decisions. */
    cr_assert_gt(c.accepted, c.refused / 20);
    static const enum phase reached[] = {PHASE_OPEN,     PHASE_PASSED,    PHASE_EFFECTIVE,
                                         PHASE_REJECTED, PHASE_VETOED,    PHASE_WITHDRAWN,
                                         PHASE_DEFAULT,  PHASE_MEDIATION, PHASE_STALE};
    for (size_t i = 0; i < ARRAY_LEN(reached); i++)
        cr_assert_gt(c.phases[reached[i]], 0, "no decision was ever %s", enum_text(&phase_enum, reached[i]));
}

Test(random, a_refusal_writes_nothing)
{
    struct counts c = {0};
    for (uint64_t seed = 100; seed < 100 + SEEDS / 2; seed++)
        (void)run(seed, true, &c);
}
