/* Random streams of items, steps and jumps of time, with decisions and a leaving among them: the tables
 * always agree (gov_check runs after each act), a refusal writes nothing, and the same stream gives the same
 * state. In some streams risks have early warnings, and metrics are reported, besides. */
#include <criterion/criterion.h>
#include "readings.h"
#include "scan.h"
#include "world_items.h"
#include "world_members.h"

enum { SEEDS = 24, ACTS = 220, WARNING_SEEDS = 8, PHASES = 8, EVENTS = 32 };

TestSuite(item_random, .timeout = 600);

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *const seats[] = {"brand/finance",    "brand/quality",       "maker/finance",
                                    "maker/quality",    "distributor/finance", "distributor/quality",
                                    "trustee/mediator", "brand/sponsor",       "maker/sponsor"};

static const char *some_seat(uint64_t *rng)
{
    return seats[next(rng) % ARRAY_LEN(seats)];
}

static const char *text_of(struct world *w, struct span s)
{
    return (const char *)arena_dup(&w->a, s).p;
}

static enum item_type some_type(uint64_t *rng)
{
    static const enum item_type busy[] = {ITEM_CONFLICT, ITEM_RISK, ITEM_ASSUMPTION, ITEM_MILESTONE,
                                          ITEM_CHECK};
    return next(rng) % 3 == 0 ? (enum item_type)(1 + next(rng) % ITEM_FEEDBACK)
                              : busy[next(rng) % ARRAY_LEN(busy)];
}

static uint64_t last_of(struct world *w, enum item_type type)
{
    struct state_counter c = {0};
    struct tkey k = tkey_text(span_str(enum_text(&item_type_enum, type)));
    enum status st = state_get(&w->v, &w->a, TABLE_META, &k, &state_counter_desc, &c, &w->err);
    cr_assert(st == ST_OK || st == ST_NOTFOUND);
    return c.value;
}

static struct item_indicator some_indicator(uint64_t *rng)
{
    static const char *const numbers[] = {"0", "50", "99.5"};
    enum comparison op = (enum comparison)(1 + next(rng) % 5);
    const char *number = numbers[next(rng) % 3], *metric = next(rng) % 4 == 0 ? "revenue" : "uptime";
    return world_indicator(metric, op, number, 1 + next(rng) % 3);
}

/* What is owed is reported, what is reported marked. */
static enum verdict measure(struct world *w, uint64_t *rng)
{
    static const char *const values[] = {"0", "42", "50", "99.9"};
    uint64_t from = 0, n = 0, skip = next(rng) % 6;
    struct state_reading r = {0};
    while (reading_next_owing(&w->v, &w->a, &from, &r, &w->err) == ST_OK && (n == 0 || skip-- > 0))
        n = r.number;
    if (n == 0 || reading_get(&w->v, &w->a, n, &r, &w->err) != ST_OK)
        return V_NOT_NOW;
    const char *value = values[next(rng) % 4];
    char seat[80];
    (void)snprintf(seat, sizeof seat, "%.*s/finance", SPAN_FMT(r.org));
    if (!HAS(&r, state_reading_key_now))
        return readings_report(w, seat, text_of(w, r.metric), r.purpose, time_utc(r.period * 86400000).s, value);
    if (next(rng) % 6 == 0)
        return readings_mark(w, seat, n, MARK_RESTATE, value);
    const char *other = span_eqs(r.org, "brand") ? "maker/finance" : "brand/finance";
    return readings_mark(w, other, n, next(rng) % 5 == 0 ? MARK_DISPUTE : MARK_COUNTERSIGN, NULL);
}

static enum verdict open_one(struct world *w, uint64_t *rng, bool metrics)
{
    enum item_type type = some_type(rng);
    struct world_item o = {.due = w->g.time_ms / 86400000 + next(rng) % 30};
    const char *seat = some_seat(rng);
    if (!item_key_allowed(item_type_row(type), item_key_due))
        o.due = 0;
    if (item_key_allowed(item_type_row(type), item_key_owner) && next(rng) % 2 == 0)
        o.owner = some_seat(rng);
    if (type == ITEM_CONFLICT && next(rng) % 2 == 0)
        o.against = some_seat(rng);
    if (type == ITEM_ASSUMPTION)
        o.name = "shelf-life";
    if (type == ITEM_MILESTONE && next(rng) % 4 == 0)
        o.name = "gate-national";
    if (w->last > 0 && next(rng) % 3 == 0)
        o.link = world_link_decision(1 + next(rng) % w->last);
    o.likelihood = 1 + next(rng) % 5;
    o.impact = 1 + next(rng) % 5;
    struct item_indicator warnings[2];
    for (size_t i = 0; metrics && i < 2; i++)
        warnings[i] = some_indicator(rng);
    o.indicators = warnings;
    o.n_indicators = metrics && type == ITEM_RISK ? next(rng) % 3 : 0;
    return world_item_new(w, seat, type, &o);
}

/* Who would do it, most of the time. */
static const char *apt_seat(struct world *w, uint64_t *rng, const struct state_item *it, enum item_step step)
{
    if (next(rng) % 5 == 0)
        return some_seat(rng);
    if (step == ITEM_STEP_TAKE && HAS(it, state_item_key_offered))
        return text_of(w, it->offered);
    if (step == ITEM_STEP_RECOMMEND)
        return "trustee/mediator";
    bool conflict = it->item.type == ITEM_CONFLICT;
    if (conflict && next(rng) % 2 == 0)
        return text_of(w, it->item.against);
    if (step == ITEM_STEP_VERIFY && !conflict)
        return span_eqs(state_seat_org(it->owner), "brand") ? "maker/quality" : "brand/quality";
    return text_of(w, it->owner);
}

static enum item_step apt_step(uint64_t *rng, const struct state_item *it)
{
    static const enum item_step open[] = {ITEM_STEP_CLAIM,    ITEM_STEP_CLAIM,  ITEM_STEP_GIVE,
                                          ITEM_STEP_TAKE,     ITEM_STEP_REBASE, ITEM_STEP_REVIEW,
                                          ITEM_STEP_ESCALATE, ITEM_STEP_LINK};
    if (next(rng) % 6 == 0)
        return (enum item_step)(1 + next(rng) % ITEM_STEP_DECLINE);
    if (it->phase == ITEM_CLAIMED)
        return next(rng) % 4 == 0 ? ITEM_STEP_REOPEN : ITEM_STEP_VERIFY;
    if (it->phase == ITEM_MEDIATION)
        return !HAS(it, state_item_key_recommended) ? ITEM_STEP_RECOMMEND
               : next(rng) % 2 == 0                 ? ITEM_STEP_DECLINE
                                                    : ITEM_STEP_ACCEPT;
    if (it->phase == ITEM_CLOSED)
        return next(rng) % 2 == 0 ? ITEM_STEP_REOPEN : ITEM_STEP_LINK;
    return open[next(rng) % ARRAY_LEN(open)];
}

static struct item_link some_link(struct world *w, uint64_t *rng)
{
    enum item_type type = some_type(rng);
    uint64_t n = last_of(w, type);
    if (w->last > 0 && next(rng) % 2 == 0)
        return world_link_decision(1 + next(rng) % w->last);
    return world_link_item(type, n == 0 ? 1 : 1 + next(rng) % n);
}

/* A conflict in mediation is seldom, and what it comes to more so: of the newest ones. 0: none. */
static uint64_t in_mediation(struct world *w)
{
    uint64_t last = last_of(w, ITEM_CONFLICT);
    for (uint64_t n = last; n > 0 && last - n < 8; n--)
        if (world_item_of(w, ITEM_CONFLICT, n).phase == ITEM_MEDIATION)
            return n;
    return 0;
}

static enum verdict step_one(struct world *w, uint64_t *rng, bool metrics)
{
    enum item_type type = some_type(rng);
    uint64_t n = last_of(w, type), mediated = next(rng) % 3 == 0 ? in_mediation(w) : 0;
    if (n == 0)
        return open_one(w, rng, metrics);
    n -= next(rng) % (n < 4 ? n : 4);
    if (mediated != 0) {
        type = ITEM_CONFLICT;
        n = mediated;
    }
    struct state_item it = world_item_of(w, type, n);
    enum item_step step = apt_step(rng, &it);
    struct world_step o = {.text = type == ITEM_CONFLICT && step == ITEM_STEP_CLAIM,
                           .document = step == ITEM_STEP_CLAIM};
    if (step == ITEM_STEP_GIVE)
        o.to = some_seat(rng);
    if (step == ITEM_STEP_REBASE)
        o.due = w->g.time_ms / 86400000 + next(rng) % 30;
    if (step == ITEM_STEP_REVIEW) {
        o.likelihood = 1 + next(rng) % 5;
        o.impact = 1 + next(rng) % 5;
    }
    struct item_indicator warning;
    if (step == ITEM_STEP_REVIEW && metrics && next(rng) % 3 == 0) {
        warning = some_indicator(rng);
        o.indicators = &warning;
        o.n_indicators = next(rng) % 2;
    }
    if (step == ITEM_STEP_LINK)
        o.link = some_link(w, rng);
    if (type == ITEM_ASSUMPTION && (step == ITEM_STEP_CLAIM || step == ITEM_STEP_VERIFY))
        o.finding =
            step == ITEM_STEP_VERIFY && next(rng) % 4 != 0 ? it.finding : (enum assumed)(1 + next(rng) % 3);
    return world_step(w, apt_seat(w, rng, &it, step), type, n, step, &o);
}

static enum verdict decide(struct world *w, uint64_t *rng, bool *left)
{
    static const char *const council[] = {"brand/finance", "maker/finance", "distributor/finance"};
    static const char *const steering[] = {"brand/sponsor", "maker/sponsor", "distributor/sponsor"};
    if (w->last > 0 && next(rng) % 4 != 0) {
        uint64_t n = w->last - next(rng) % (w->last < 2 ? w->last : 2);
        size_t i = next(rng) % 3;
        return world_ballot(w, world_decision(w, n).level > 0 ? steering[i] : council[i], n, CHOICE_APPROVE);
    }
    if (!*left && next(rng) % 12 == 0) {
        struct world_proposal p = {.effect = &world_exit};
        *left = true;
        enum verdict v = world_propose(w, "maker/sponsor", "exit", &p);
        return v == V_OK ? world_ballot(w, "maker/sponsor", w->last, CHOICE_APPROVE) : v;
    }
    uint64_t n = last_of(w, ITEM_RISK);
    struct state_item risk = {0};
    struct effect e = {.type = EFFECT_ACCEPT_RISK, .risk = n == 0 ? 1 : 1 + next(rng) % n, .score = 1};
    if (n != 0) {
        risk = world_item_of(w, ITEM_RISK, e.risk);
        e.score = item_score(&risk);
    }
    e.until = w->g.time_ms / 86400000 + next(rng) % 40;
    e.has =
        UINT64_C(1) << effect_key_risk | UINT64_C(1) << effect_key_until | UINT64_C(1) << effect_key_score;
    struct world_proposal p = {.effect = &e};
    return world_propose(w, "brand/finance", "risk-acceptance", &p);
}

static enum verdict act(struct world *w, uint64_t *rng, bool *left, bool metrics)
{
    if (next(rng) % 12 == 0)
        w->basis = 1 + next(rng) % w->size;
    if (metrics && next(rng) % 3 == 0)
        return measure(w, rng);
    uint64_t which = next(rng) % 10;
    return which < 2   ? open_one(w, rng, metrics)
           : which < 4 ? decide(w, rng, left)
                       : step_one(w, rng, metrics);
}

struct counts {
    struct scan_counts news;
    size_t ladders[2]; /* items that somebody is asked to look at; conflicts */
    size_t accepted, phases[PHASES], events[EVENTS], inbox;
};

/* Who is asked to look at an item are the organisation's seats of the rung that it stands on, of its own ladder. */
static void ladders_agree(struct world *w, const struct query_inbox *in, struct span org, struct counts *c)
{
    for (size_t i = 0; i < in->items.n; i++) {
        const struct query_item_task *t = &in->items.v[i];
        struct state_item it;
        struct state_item_ladder l;
        bool is = false;
        if (t->task != ITEM_TASK_LOOK)
            continue;
        cr_assert_eq(item_get(&w->v, &w->a, &t->item, &it, &w->err), ST_OK, "%s", w->err.text);
        cr_assert_eq(item_ladder_get(&w->v, &w->a, &it, &l, &w->err), ST_OK, "%s", w->err.text);
        const struct item_rung *r = &l.rungs.v[it.rung - 1];
        for (size_t k = 0; k < r->partners.n; k++) {
            const struct span_list *want = &r->partners.v[k].seats;
            bool same = want->n == t->seats.n && span_eq(state_seat_org(want->v[0]), org);
            for (size_t n = 0; same && n < want->n; n++)
                same = span_eq(want->v[n], t->seats.v[n]);
            is = is || same;
        }
        cr_assert(is, "%s: others look at it than its rung says", item_id(t->item.type, t->item.number).s);
        c->ladders[it.item.type == ITEM_CONFLICT]++;
    }
}

static void look(struct world *w, struct counts *c)
{
    static const char *const orgs[] = {"brand", "maker", "distributor", "trustee"};
    for (enum item_type t = ITEM_RISK; t <= ITEM_FEEDBACK; t++) {
        for (uint64_t n = 1; n <= last_of(w, t); n++) {
            struct item_ref ref = {.type = t, .number = n};
            struct query_item q;
            cr_assert_eq(query_item(&w->v, &ref, &w->a, &q, &w->err), ST_OK, "%s", w->err.text);
            cr_assert_eq(codec_check(&query_item_desc, &q, &w->err), ST_OK, "%s", w->err.text);
            c->phases[q.item.phase]++;
            for (size_t i = 0; i < q.events.n; i++)
                c->events[q.events.v[i].type]++;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++) {
        struct query_inbox in;
        cr_assert_eq(query_inbox(&w->v, span_str(orgs[i]), NULL, &w->a, &in, &w->err), ST_OK, "%s",
                     w->err.text);
        cr_assert_eq(codec_check(&query_inbox_desc, &in, &w->err), ST_OK, "%s", w->err.text);
        ladders_agree(w, &in, span_str(orgs[i]), c);
        c->inbox += in.items.n;
    }
}

static struct hash run(uint64_t seed, enum stream_run how, bool metrics, struct counts *c)
{
    struct world w;
    bool left = false;
    metrics ? world_found_watched(&w) : world_found_items(&w);
    w.unwatched = how != RUN_REFUSALS;
    w.unchecked = how == RUN_REPLAY;
    uint64_t rng = seed;
    for (int i = 0; i < ACTS; i++) {
        if (next(&rng) % 9 == 0)
            world_at_ms(&w,
                        w.g.time_ms + 1 + next(&rng) % ((next(&rng) % 4 == 0 ? 16 : 4) * UINT64_C(86400000)));
        c->accepted += act(&w, &rng, &left, metrics) == V_OK;
    }
    look(&w, c);
    if (seed % 8 == 1)
        scan_agrees(&w, &c->news);
    struct hash d = world_digest(&w);
    world_free(&w);
    return d;
}

static bool reached_all(const struct counts *c)
{
    bool all = c->inbox > 0;
    for (enum item_phase p = ITEM_OPEN; p <= ITEM_MEDIATION; p++)
        all = all && c->phases[p] > 0;
    for (enum item_event e = ITEM_EVENT_OPENED; e <= ITEM_EVENT_LAPSED; e++)
        all = all && c->events[e] > 0;
    return all;
}

/* Draws are evaluated in an order that is the compiler's own: more streams are made, up to a bound, until all
 * is reached. */
Test(item_random, tables_agree_and_replays_are_equal)
{
    struct counts c = {0}, again = {0};
    for (uint64_t seed = 1; seed <= SEEDS || (!reached_all(&c) && seed <= UINT64_C(6) * SEEDS); seed++) {
        struct hash a = run(seed, RUN_CHECKED, false, &c), b = run(seed, RUN_REPLAY, false, &again);
        cr_assert(hash_eq(&a, &b), "seed %d: two runs differ", (int)seed);
    }
    cr_assert_gt(c.accepted, 0);
    for (enum item_phase p = ITEM_OPEN; p <= ITEM_MEDIATION; p++)
        cr_assert_gt(c.phases[p], 0, "no item is %s", enum_text(&item_phase_enum, p));
    for (enum item_event e = ITEM_EVENT_OPENED; e <= ITEM_EVENT_LAPSED; e++)
        cr_assert_gt(c.events[e], 0, "never: %s", enum_text(&item_event_enum, e));
    cr_assert_gt(c.inbox, 0);
    cr_assert(c.news.item_events > 0);
    cr_assert(c.ladders[0] > 0 && c.ladders[1] > 0);
}

/* world_entry compares the digest before and after each refusal. */
Test(item_random, a_refusal_writes_nothing)
{
    struct counts c = {0};
    for (uint64_t seed = 100; seed < 100 + SEEDS / 4; seed++)
        (void)run(seed, RUN_REFUSALS, seed % 3 == 0, &c);
    cr_assert_gt(c.accepted, 0);
}

static bool warned(const struct counts *c)
{
    return c->events[ITEM_EVENT_WARNED] > 0 && c->events[ITEM_EVENT_WARNING_OVER] > 0;
}

Test(item_random, early_warnings_among_them)
{
    struct counts c = {0}, again = {0};
    for (uint64_t seed = 1; seed <= WARNING_SEEDS || (!warned(&c) && seed <= UINT64_C(6) * WARNING_SEEDS); seed++) {
        struct hash a = run(seed, RUN_CHECKED, true, &c), b = run(seed, RUN_REPLAY, true, &again);
        cr_assert(hash_eq(&a, &b), "seed %d: two runs differ", (int)seed);
    }
    cr_assert(warned(&c), "%zu warned, %zu over", c.events[ITEM_EVENT_WARNED], c.events[ITEM_EVENT_WARNING_OVER]);
}
