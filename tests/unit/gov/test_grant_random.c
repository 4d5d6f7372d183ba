/* Random streams of grants, of what becomes of them, consents, audits and jumps of time, with a leaving among them: the
 * tables always agree (gov_check runs after each act), a refusal writes nothing, and the same stream gives the same
 * state. */
#include <criterion/criterion.h>
#include "scan.h"
#include "world_grants.h"

enum { SEEDS = 12, ACTS = 160 };

TestSuite(grant_random, .timeout = 200);

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *const orgs[] = {"brand", "distributor", "maker"};
static const char *const quality[] = {"brand/quality", "distributor/quality", "maker/quality"};
static const char *const finance[] = {"brand/finance", "distributor/finance", "maker/finance"};

struct stream {
    uint64_t rng, grants, requests, consents[64], n_consents;
    bool left;
};

struct counts {
    struct scan_counts news;
    size_t accepted, standings[8], holdings[8], doubted, fallen, verdicts[64];
};

/* A day from yesterday to two months from now. */
static uint64_t some_day(struct world *w, struct stream *s)
{
    return w->g.time_ms / 86400000 - 1 + next(&s->rng) % 120;
}

static const char *const *some_audience(struct stream *s, uint64_t not)
{
    static const char *const both[3][3] = {
        {"distributor", "maker", NULL}, {"brand", "maker", NULL}, {"brand", "distributor", NULL}};
    static const char *const one[3][2] = {{"brand", NULL}, {"distributor", NULL}, {"maker", NULL}};
    uint64_t which = next(&s->rng) % 8;
    return which < 4 ? both[not] : one[which < 7 ? (not + 1 + which % 2) % 3 : not];
}

static const char *some_class(struct stream *s)
{
    static const char *const classes[] = {"plans", "plans", "plans", "plans", "plans", "prices", "formula", "secrets"};
    return classes[next(&s->rng) % ARRAY_LEN(classes)];
}

static enum verdict grant_one(struct world *w, struct stream *s)
{
    uint64_t org = next(&s->rng) % 3, from[3] = {0}, n = 0;
    struct grant g = world_grant(w, some_class(s), some_audience(s, org), "2026-03-02");
    g.until = some_day(w, s);
    if (next(&s->rng) % 2 == 0) {
        memset(g.content.b, 9, sizeof g.content.b);
        SET_HAS(&g, grant_key_content);
    }
    uint64_t first = s->grants == 0 ? 1 : 1 + next(&s->rng) % s->grants;
    for (uint64_t i = first; i <= s->grants && n < 2 && next(&s->rng) % 2 == 0; i++)
        if (next(&s->rng) % 8 == 0 || world_grant_of(w, i).standing == GRANT_IN_FORCE)
            from[n++] = i;
    if (n > 0)
        world_derive(w, &g, from);
    if (s->n_consents > 0 && next(&s->rng) % 3 == 0)
        world_rest(w, &g, s->consents[next(&s->rng) % s->n_consents]);
    bool right = next(&s->rng) % 8 != 0;
    enum verdict v = world_share(w, right ? quality[org] : finance[org], &g);
    s->grants += v == V_OK;
    return v;
}

static enum verdict move_one(struct world *w, struct stream *s)
{
    if (s->grants == 0)
        return grant_one(w, s);
    uint64_t number = 1 + next(&s->rng) % s->grants;
    struct state_grant g = world_grant_of(w, number);
    static const enum grant_act acts[] = {GRANT_ACT_RECEIVE, GRANT_ACT_RECEIVE, GRANT_ACT_RECEIVE, GRANT_ACT_RECEIVE,
                                          GRANT_ACT_RECEIVE, GRANT_ACT_RECEIVE, GRANT_ACT_RETURN,  GRANT_ACT_DESTROY,
                                          GRANT_ACT_REVOKE,  GRANT_ACT_AUDIT,   GRANT_ACT_AUDIT};
    struct grant_move m = world_grant_move(w, number, acts[next(&s->rng) % ARRAY_LEN(acts)]);
    if (m.act == GRANT_ACT_AUDIT && s->requests > 0) {
        m.request = 1 + next(&s->rng) % s->requests;
        SET_HAS(&m, grant_move_key_request);
    }
    if (next(&s->rng) % 12 == 0)
        m.content.b[0] ^= 1;
    if (next(&s->rng) % 12 == 0)
        m.has ^= UINT64_C(1) << (grant_move_key_content + next(&s->rng) % 2);
    const char *seat = quality[next(&s->rng) % 3];
    for (size_t i = 0; i < ARRAY_LEN(orgs) && next(&s->rng) % 6 != 0; i++)
        if ((m.act == GRANT_ACT_REVOKE || m.act == GRANT_ACT_AUDIT) && span_eqs(grant_org(&g), orgs[i]))
            seat = quality[i];
    return world_entry(w, seat, KIND_GRANT_MOVE, &grant_move_desc, &m);
}

static enum verdict decide(struct world *w, struct stream *s)
{
    static const char *const all[] = {"brand/finance", "distributor/finance", "maker/finance"};
    uint64_t org = next(&s->rng) % 3;
    static const char *const each[] = {"brand", "distributor", "maker", NULL};
    const char *info_class = some_class(s);
    bool wide = strcmp(info_class, "plans") == 0 && next(&s->rng) % 4 != 0;
    struct effect e = world_consent(w, info_class, wide ? each : some_audience(s, org), "2026-03-02");
    struct world_proposal p = {.effect = &e};
    e.until = some_day(w, s) + (wide ? 90 : 0);
    enum verdict v = world_propose(w, quality[org], "data-sharing", &p);
    for (size_t i = 0; v == V_OK && i < ARRAY_LEN(all); i++)
        if (next(&s->rng) % 8 != 0)
            (void)world_ballot(w, all[i], w->last, CHOICE_APPROVE);
    if (v == V_OK && s->n_consents < ARRAY_LEN(s->consents))
        s->consents[s->n_consents++] = w->last;
    return v;
}

static enum verdict request(struct world *w, struct stream *s)
{
    uint64_t by = next(&s->rng) % 3;
    struct world_item o = {.owner = quality[(by + 1 + next(&s->rng) % 2) % 3],
                           .due = w->g.time_ms / 86400000 + next(&s->rng) % 40};
    enum verdict v = world_item_new(w, quality[by], ITEM_REQUEST, &o);
    s->requests += v == V_OK;
    return v;
}

static enum verdict act(struct world *w, struct stream *s)
{
    uint64_t which = next(&s->rng) % 20;
    if (next(&s->rng) % 12 == 0)
        w->basis = 1 + next(&s->rng) % w->size;
    if (which == 19 && !s->left && s->grants > 8) {
        struct world_proposal p = {.effect = &world_exit};
        enum verdict v = world_propose(w, "maker/sponsor", "exit", &p);
        s->left = v == V_OK;
        return v == V_OK ? world_ballot(w, "maker/sponsor", w->last, CHOICE_APPROVE) : v;
    }
    return which < 9 ? grant_one(w, s) : which < 10 ? decide(w, s) : which < 11 ? request(w, s) : move_one(w, s);
}

static void look(struct world *w, const struct stream *s, struct counts *c)
{
    struct query_grants q;
    struct query_share_map m;
    cr_assert_eq(query_grants(&w->v, 1, 1000, &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(codec_check(&query_grants_desc, &q, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(query_share_map(&w->v, &w->a, &m, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(codec_check(&query_share_map_desc, &m, &w->err), ST_OK, "%s", w->err.text);
    cr_assert_eq(q.list.n, s->grants);
    for (size_t i = 0; i < q.list.n; i++) {
        const struct state_grant *g = &q.list.v[i].grant;
        c->standings[g->standing]++;
        c->doubted += HAS(g, state_grant_key_doubted_by) != 0;
        c->fallen += HAS(g, state_grant_key_because) != 0;
        for (size_t k = 0; k < g->audience.n; k++)
            c->holdings[g->audience.v[k].holding]++;
    }
}

static struct hash run(uint64_t seed, enum stream_run how, struct counts *c)
{
    struct world w;
    struct stream s = {.rng = seed};
    world_found_grants(&w);
    w.unwatched = how != RUN_REFUSALS;
    w.unchecked = how == RUN_REPLAY;
    for (int i = 0; i < ACTS; i++) {
        if (next(&s.rng) % 9 == 0)
            world_at_ms(&w, w.g.time_ms + 1 + next(&s.rng) % ((next(&s.rng) % 4 == 0 ? 40 : 6) * UINT64_C(86400000)));
        enum verdict v = act(&w, &s);
        c->accepted += v == V_OK;
        c->verdicts[v]++;
    }
    look(&w, &s, c);
    if (seed % 8 == 1)
        scan_agrees(&w, &c->news);
    struct hash d = world_digest(&w);
    world_free(&w);
    return d;
}

static bool reached_all(const struct counts *c)
{
    bool all = c->doubted > 0 && c->fallen > 0;
    for (enum grant_standing s = GRANT_IN_FORCE; s <= GRANT_ENDED; s++)
        all = all && c->standings[s] > 0;
    for (enum holding h = HOLDING_OFFERED; h <= HOLDING_LEFT; h++)
        all = all && c->holdings[h] > 0;
    return all;
}

/* Draws are evaluated in an order that is the compiler's own: more streams are made, up to a bound, until all is
 * reached. */
Test(grant_random, tables_agree_and_replays_are_equal)
{
    struct counts c = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS || (!reached_all(&c) && seed <= UINT64_C(6) * SEEDS); seed++) {
        struct hash a = run(seed, RUN_CHECKED, &c), b = run(seed, RUN_REPLAY, &again);
        cr_assert(hash_eq(&a, &b), "seed %d: two runs differ", (int)seed);
    }
    cr_assert_gt(c.doubted, 0);
    cr_assert_gt(c.fallen, 0);
    for (enum grant_standing s = GRANT_IN_FORCE; s <= GRANT_ENDED; s++)
        cr_assert_gt(c.standings[s], 0, "no grant is %s", enum_text(&grant_standing_enum, s));
    for (enum holding h = HOLDING_OFFERED; h <= HOLDING_LEFT; h++)
        cr_assert_gt(c.holdings[h], 0, "no partner's: %s", enum_text(&holding_enum, h));
    static const enum verdict some[] = {V_NOT_PERMITTED, V_NO_SUCH_OBJECT, V_MALFORMED, V_INCOMPLETE, V_NOT_NOW,
                                        V_CHANGED_SINCE};
    for (size_t i = 0; i < ARRAY_LEN(some); i++)
        cr_assert_gt(c.verdicts[some[i]], 0, "never refused as %s", verdict_name(some[i]));
    cr_assert(c.news.expired > 0);
}

/* world_entry compares the digest before and after each refusal. */
Test(grant_random, a_refusal_writes_nothing)
{
    struct counts c = {0};
    for (uint64_t seed = 100; seed < 100 + SEEDS / 4; seed++)
        (void)run(seed, RUN_REFUSALS, &c);
    cr_assert_gt(c.accepted, 0);
}
