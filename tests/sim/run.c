/* Carries a plan out: the alliance, the workload, each fault at its time, healing, and what must hold afterwards. */
#include "run.h"
#include "replica/replica.h"
#include "store/store_mem.h"

enum { HEAL_MS = 240000, SLA_S = 45, UNDO_MAX = 64, BAD_ACTS_MS = 1700, MEMBERS_ACT_MS = 900, NUDGE_MS = 15000 };

/* -- Alliances: founded once per size, the same in every process -- */

struct founded {
    bool made;
    struct fixture f;
    struct store *base;
};

/* The last: 1, its rows on members take effect at once; 2, its charter has all record families. */
static struct founded *alliances[FIXTURE_ORGS_MAX + 1][FIXTURE_ORGS_MAX + 1][4];

/* Each key has four mappings of its own (libsodium's guarded memory), and a process may have 65,530. */
enum { KEPT_MAX = 40 };
static size_t n_kept;

static struct founded *alliance_of(size_t partners, size_t witnesses, bool at_once, bool families)
{
    struct founded **place = &alliances[partners][witnesses][(families ? 2 : 0) + at_once];
    struct err err = {0};
    if (*place != NULL)
        return *place;
    if (n_kept == KEPT_MAX)
        run_deinit();
    struct founded *x = calloc(1, sizeof *x);
    ASSERT(x != NULL);
    uint64_t seed = 1000 * partners + witnesses, founded_ms = load_start_ms() - 1000;
    if (families)
        fixture_found_families(&x->f, seed, partners, witnesses, founded_ms, SLA_S, at_once);
    else
        (at_once ? fixture_found_at_once : fixture_found)(&x->f, seed, partners, witnesses, founded_ms, SLA_S);
    x->base = store_mem_new();
    if (replica_found(x->base, &x->f.genesis, &err) != ST_OK) {
        (void)fprintf(stderr, "founding: %s\n", err.text);
        abort();
    }
    *place = x;
    n_kept++;
    return x;
}

void run_deinit(void)
{
    for (size_t p = 0; p <= FIXTURE_ORGS_MAX; p++)
        for (size_t w = 0; w <= FIXTURE_ORGS_MAX; w++)
            for (size_t k = 0; k < 4; k++) {
                struct founded *x = alliances[p][w][k];
                if (x == NULL)
                    continue;
                store_close(x->base);
                fixture_free(&x->f);
                free(x);
                alliances[p][w][k] = NULL;
            }
    n_kept = 0;
}

/* -- What the simulator tells -- */

static uint64_t everybody(const struct run *r)
{
    return r->n >= 64 ? UINT64_MAX : ((uint64_t)1 << r->n) - 1;
}

static enum sim_lie on_lie(void *ctx, size_t from, size_t to, struct span frame, struct buf *ret_frame)
{
    struct run *r = ctx;
    for (size_t i = 0; i < r->plan->n_bad; i++)
        if (r->bad[i].node == from)
            return bad_lie(&r->bad[i], to, frame, ret_frame);
    return SIM_AS_IT_IS;
}

static void on_refused(void *ctx, size_t node, const struct hash *id, enum verdict verdict, const char *why)
{
    struct run *r = ctx;
    (void)verdict, (void)why;
    for (size_t i = 0; i < r->n_acks; i++)
        if (r->acks[i].node == node && hash_eq(&r->acks[i].id, id))
            r->acks[i].refused = true;
}

static void on_tell(void *ctx, const char *line)
{
    const struct run *r = ctx;
    if (r->story != NULL)
        (void)fprintf(r->story, "%s\n", line);
}

/* In each round one node alone sees q alike prevotes, and locks: its own prevote reaches nobody, and as many as may be
 * missing do not get the proposal, those first that locked before. The others see a quorum of prevotes that differ, and go
 * on to the next round by their timers. It is the proposer of a round near by, so that it proposes its block again to others
 * that are locked on another. */
static void take_turns(struct run *r, const struct vote *v)
{
    uint64_t way = sim_random(r->sim, 4), after = way < 2 ? 2 : way == 2 ? 0 : sim_random(r->sim, r->n);
    size_t sees = (size_t)((v->height + v->round + after) % r->n), f = (r->n - 1) / 3;
    uint64_t without = 0;
    if (v->height != r->turn_height)
        r->turn_locked = 0;
    r->turn_height = v->height;
    for (size_t i = 0; i < r->n && f > 0; i++)
        if (((r->turn_locked >> i) & 1) != 0 && i != sees) {
            without |= (uint64_t)1 << i;
            f--;
        }
    for (size_t i = sees + 1; i < sees + r->n && f > 0; i++)
        if (((without >> i % r->n) & 1) == 0) {
            without |= (uint64_t)1 << i % r->n;
            f--;
        }
    r->turn_locked |= (uint64_t)1 << sees;
    sim_withhold(r->sim, SIM_PROPOSAL, without);
    sim_silence(r->sim, SIM_PREVOTE, (uint64_t)1 << sees);
}

/* Called within the replica: only what takes note is allowed here. */
static void on_voted(void *ctx, size_t node, const struct vote *v)
{
    struct run *r = ctx;
    if (r->turns && v->type == VOTE_PROPOSAL)
        take_turns(r, v);
    if (r->trigger_ms[node] == 0 || v->type != VOTE_PRECOMMIT || !HAS(v, vote_key_value))
        return;
    sim_isolate(r->sim, node, true);
    r->isolated_until[node] = sim_now(r->sim) + r->trigger_ms[node];
    if (r->trigger_crash[node])
        sim_crash_at_moment(r->sim, node, sim_random(r->sim, 3), r->trigger_ms[node] / 2 + 300);
    r->trigger_ms[node] = 0;
}

/* -- Faults -- */

static size_t twin_of(const struct run *r, size_t node)
{
    for (size_t i = 0; i < r->plan->n_bad; i++)
        if (r->plan->bad[i].node == node)
            return r->twins[i];
    return 0;
}

static void all_sleep(struct run *r, const struct plan_fault *x)
{
    r->asleep_ms += x->b;
    for (size_t i = 0; i < sim_nodes(r->sim); i++)
        sim_sleep(r->sim, i, x->b + sim_random(r->sim, 15000), x->c != 0);
}

static void crash_alone(struct run *r, const struct plan_fault *x)
{
    sim_partition(r->sim, (uint64_t)1 << x->a);
    load_comment(r, x->a, changes_partner(r));
    sim_crash(r->sim, x->a, x->b);
    r->healed_at = sim_now(r->sim) + x->b;
}

static void withhold_all(struct run *r, uint64_t precommits, uint64_t prevotes)
{
    sim_withhold(r->sim, SIM_PRECOMMIT, precommits);
    sim_withhold(r->sim, SIM_PREVOTE, prevotes);
}

static void deliver_all(struct run *r)
{
    r->turns = false;
    for (int k = SIM_PROPOSAL; k < SIM_MESSAGES; k++) {
        sim_withhold(r->sim, (enum sim_message)k, 0);
        sim_silence(r->sim, (enum sim_message)k, 0);
    }
}

static void apply(struct run *r, const struct plan_fault *x)
{
    struct sim *s = r->sim;
    switch (x->kind) {
    case FAULT_CRASH:
        sim_crash(s, x->a, x->b);
        break;
    case FAULT_CRASH_AT_WRITE:
        sim_crash_at_write(s, x->a, x->b);
        break;
    case FAULT_CRASH_AT_MOMENT:
        sim_crash_at_moment(s, x->a, x->c, x->b);
        break;
    case FAULT_CRASH_ALONE:
        crash_alone(r, x);
        break;
    case FAULT_PARTITION:
        sim_partition(s, x->c);
        break;
    case FAULT_HEAL:
        sim_partition(s, 0);
        break;
    case FAULT_CUT:
        sim_cut(s, x->a, x->c);
        break;
    case FAULT_WITHHOLD:
        sim_withhold(s, (enum sim_message)x->b, x->c);
        break;
    case FAULT_DELIVER:
        deliver_all(r);
        break;
    case FAULT_REPLAY:
        sim_replay(s, x->b);
        break;
    case FAULT_SLEEP:
        sim_sleep(s, x->a, x->b, x->c != 0);
        break;
    case FAULT_ALL_SLEEP:
        all_sleep(r, x);
        break;
    case FAULT_JUMP:
        sim_clock_jump(s, x->a, (int64_t)x->c);
        r->clock_right_ms[x->a] = sim_now(s) + x->b;
        break;
    case FAULT_FULL:
        sim_disk_full(s, x->a, x->b);
        break;
    case FAULT_DAMAGE:
        (void)sim_damage(s, x->a, x->b);
        break;
    case FAULT_BACKUP:
        sim_backup(s, x->a);
        break;
    case FAULT_RESTORE:
        sim_restore(s, x->a, (enum sim_journal)x->c);
        break;
    case FAULT_CLONE:
        (void)sim_clone(s, x->a, x->c != 0);
        break;
    case FAULT_AUDIENCE:
        if (twin_of(r, x->a) != 0)
            sim_audience(s, twin_of(r, x->a), x->c);
        break;
    case FAULT_FLOOD:
        load_flood(r, x->a, x->b);
        break;
    case FAULT_LOCK_ALONE:
        r->trigger_ms[x->a] = x->b;
        r->trigger_crash[x->a] = x->c != 0;
        break;
    case FAULT_LOCK_MANY:
        withhold_all(r, everybody(r), everybody(r) & ~x->c);
        r->delivered_at = sim_now(s) + x->b;
        break;
    case FAULT_LOCK_TURNS:
        r->turns = true;
        r->delivered_at = sim_now(s) + x->b;
        break;
    case FAULT_ADMIT:
    case FAULT_REMOVE:
    case FAULT_REKEY:
    case FAULT_REVOKE:
    case FAULT_HOLDER:
        changes_want(r, x);
        break;
    case PLAN_FAULT_KINDS:
        break;
    }
}

/* What a fault began, and time ends. */
static uint64_t next_end(const struct run *r)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < SIM_NODES_MAX; i++) {
        at = r->isolated_until[i] != 0 && r->isolated_until[i] < at ? r->isolated_until[i] : at;
        at = r->clock_right_ms[i] != 0 && r->clock_right_ms[i] < at ? r->clock_right_ms[i] : at;
    }
    at = r->healed_at != 0 && r->healed_at < at ? r->healed_at : at;
    return r->delivered_at != 0 && r->delivered_at < at ? r->delivered_at : at;
}

static bool is_over(uint64_t *at, uint64_t now)
{
    bool over = *at != 0 && *at <= now;
    if (over)
        *at = 0;
    return over;
}

static void end_faults(struct run *r, uint64_t now)
{
    for (size_t i = 0; i < SIM_NODES_MAX; i++) {
        if (is_over(&r->isolated_until[i], now))
            sim_isolate(r->sim, i, false);
        if (is_over(&r->clock_right_ms[i], now))
            sim_clock_right(r->sim, i);
    }
    if (is_over(&r->healed_at, now))
        sim_partition(r->sim, 0);
    if (is_over(&r->delivered_at, now))
        deliver_all(r);
}

/* Runs until then; faults come at their times. */
static bool advance(struct run *r, uint64_t to)
{
    const struct plan *p = r->plan;
    for (;;) {
        uint64_t at = to, end = next_end(r);
        bool fault = r->next_fault < p->n_faults && p->faults[r->next_fault].at_ms <= at;
        at = fault ? p->faults[r->next_fault].at_ms : at;
        fault = fault && end > at;
        at = end < at ? end : at;
        at = at < sim_now(r->sim) ? sim_now(r->sim) : at;
        if (r->n_acting > 0 && r->bad_acts_at < at) {
            at = r->bad_acts_at > sim_now(r->sim) ? r->bad_acts_at : sim_now(r->sim);
            fault = false;
        }
        if (changes_pending(r) && r->members_at < at) {
            at = r->members_at > sim_now(r->sim) ? r->members_at : sim_now(r->sim);
            fault = false;
        }
        if (!sim_run(r->sim, at))
            return false;
        end_faults(r, at);
        if (r->n_acting > 0 && r->bad_acts_at <= at) {
            for (size_t i = 0; i < p->n_bad; i++)
                bad_act(&r->bad[i]);
            r->bad_acts_at = at + BAD_ACTS_MS;
        }
        if (changes_pending(r) && r->members_at <= at) {
            changes_act(r);
            r->members_at = at + MEMBERS_ACT_MS;
        }
        if (fault)
            apply(r, &p->faults[r->next_fault++]);
        else if (at >= to)
            return sim_failed(r->sim) == NULL;
    }
}

/* -- Healing -- */

static bool is_bad(const struct run *r, size_t i)
{
    return ((r->bad_mask >> i) & 1) != 0;
}

static size_t first_honest(const struct run *r)
{
    size_t i = 0;
    while (i + 1 < r->n && (is_bad(r, i) || ((r->left >> i) & 1) != 0))
        i++;
    return i;
}

/* NET-8: one that was removed comes to the block that removed it, and no further. */
static bool has_its_copy(struct run *r, size_t i)
{
    uint64_t last = changes_exit_height(r, first_honest(r), i);
    if (sim_height(r->sim, i) > last)
        sim_fail(r->sim, SIM_SET, "node %zu was removed with block %" PRIu64 ", and has block %" PRIu64, i, last, sim_height(r->sim, i));
    return sim_awake(r->sim, i) && sim_height(r->sim, i) == last;
}

static bool all_level(struct run *r)
{
    uint64_t height = sim_height(r->sim, first_honest(r));
    for (size_t i = 0; i < r->n; i++) {
        struct replica_status st;
        if (is_bad(r, i))
            continue;
        if (((r->left >> i) & 1) != 0) {
            if (!has_its_copy(r, i))
                return false;
            continue;
        }
        if (!sim_awake(r->sim, i) || sim_height(r->sim, i) != height)
            return false;
        replica_status(sim_replica(r->sim, i), &st);
        if (st.mempool != 0)
            return false;
    }
    return true;
}

/* There is no block without something to decide; but it takes one to refuse what has expired, or to get on with a change. */
static void nudge(struct run *r, uint64_t *nudged)
{
    if (sim_now(r->sim) <= *nudged + NUDGE_MS)
        return;
    load_comment(r, first_honest(r), changes_partner(r));
    *nudged = sim_now(r->sim);
}

static bool wait_level(struct run *r)
{
    uint64_t from = sim_now(r->sim), nudged = from;
    while (!all_level(r)) {
        nudge(r, &nudged);
        if (sim_now(r->sim) > from + HEAL_MS)
            sim_fail(r->sim, SIM_PROGRESS, "%d s after the network healed the honest nodes are not level", HEAL_MS / 1000);
        if (!advance(r, sim_now(r->sim) + 500))
            return false;
    }
    return true;
}

static bool finish_changes(struct run *r)
{
    uint64_t from = sim_now(r->sim), nudged = from;
    while (changes_pending(r)) {
        nudge(r, &nudged);
        if (sim_now(r->sim) > from + HEAL_MS)
            sim_fail(r->sim, SIM_PROGRESS, "%d s after the network healed a change of the alliance is not done: %s", HEAL_MS / 1000,
                     changes_words(r));
        if (!advance(r, sim_now(r->sim) + 500))
            return false;
    }
    return sim_failed(r->sim) == NULL;
}

/* All is well again: every honest node gets level, and an entry handed to any of them becomes final. */
static bool heal(struct run *r)
{
    struct sim *s = r->sim;
    sim_partition(s, 0);
    for (size_t i = 0; i < r->n; i++) {
        sim_isolate(s, i, false);
        r->trigger_ms[i] = r->isolated_until[i] = r->clock_right_ms[i] = 0;
    }
    r->healed_at = r->delivered_at = 0;
    r->healed = true;
    deliver_all(r);
    sim_clocks_right(s);
    sim_quiet(s);
    if (!finish_changes(r) || !wait_level(r))
        return false;
    size_t node = first_honest(r);
    uint64_t height = sim_height(s, node);
    for (int tries = 0; tries < 8 && sim_height(s, node) == height; tries++) {
        load_comment(r, node, changes_partner(r));
        if (!advance(r, sim_now(s) + 200) || !wait_level(r))
            return false;
    }
    if (sim_height(s, node) == height)
        sim_fail(s, SIM_PROGRESS, "nothing more becomes final after the network healed");
    return sim_failed(s) == NULL;
}

/* -- One run -- */

static bool workload(struct run *r)
{
    const struct plan *p = r->plan;
    uint64_t at = 0, calm_until;
    while (at < p->storm_ms) {
        at += 30 + sim_random(r->sim, 2 * p->pace_ms);
        if (!advance(r, at))
            return false;
        if (r->submitted < p->entries_max)
            load_act(r);
    }
    calm_until = plan_over_ms(p) + p->calm_ms;
    while (at < calm_until) {
        at += 1000 + sim_random(r->sim, 60000);
        if (!advance(r, at < calm_until ? at : calm_until))
            return false;
        if (sim_random(r->sim, 2) == 0)
            load_act(r);
    }
    return true;
}

static void check_evidence(struct run *r, struct run_result *res)
{
    uint64_t newest = sim_height(r->sim, first_honest(r)) + 2;
    for (uint64_t h = 1; h <= newest; h++)
        res->guilty |= sim_guilty(r->sim, h);
    if ((res->guilty & ~r->bad_mask) != 0)
        sim_fail(r->sim, SIM_GUILTY, "evidence convicts honest nodes: mask %" PRIx64 ", bad are %" PRIx64, res->guilty, r->bad_mask);
}

static void begin(struct run *r, const struct plan *p, const struct run_options *o)
{
    struct sim_keys keys[SIM_NODES_MAX];
    struct founded *x = alliance_of(p->partners, p->witnesses, p->newcomers > 0 || plan_changes_members(p), p->families);
    size_t machines = p->partners + p->witnesses;
    r->plan = p;
    r->n = machines;
    changes_init(r, &x->f);
    machines += p->newcomers;
    r->bad_mask = plan_bad_mask(p);
    r->story = o->story;
    for (size_t i = 0; i < machines; i++) {
        const struct fixture_org *org = &r->f->orgs[i];
        keys[i] = (struct sim_keys){span_str(org->id), org->vote, org->cosign, org->log, org->node, i >= r->n};
    }
    for (size_t i = 0; i < p->n_bad; i++) {
        if (!p->bad[i].twin)
            continue;
        r->twins[i] = machines;
        keys[machines++] = keys[p->bad[i].node];
    }
    struct sim_options so = {.seed = p->seed * 31 + 7,
                             .start_ms = load_start_ms(),
                             .loss_percent = p->loss_percent,
                             .duplicate_percent = p->duplicate_percent,
                             .delay_ms = p->delay_ms,
                             .clock_off_ms = p->clock_off_ms,
                             .drift_ppm = p->drift_ppm,
                             .trace = o->trace,
                             .bad = r->bad_mask};
    struct sim_events ev = {.ctx = r, .refused = on_refused, .lie = on_lie, .tell = on_tell, .voted = on_voted};
    r->sim = sim_new(&so, &x->f.genesis, x->base, keys, machines, &ev);
    for (size_t i = 0; i < p->n_bad; i++) {
        r->bad[i] = (struct bad){.f = r->f, .sim = r->sim, .node = p->bad[i].node, .ways = p->bad[i].ways, .state = p->seed + i};
        r->n_acting += p->bad[i].ways != 0;
    }
    for (size_t i = 0; i < RUN_OLD_MAX; i++)
        buf_init(&r->old[i], 1);
}

static void end(struct run *r, struct run_result *res)
{
    const struct plan *p = r->plan;
    const char *wrong = sim_failed(r->sim);
    res->check = sim_failed_check(r->sim);
    res->forked = sim_forked(r->sim);
    if (wrong != NULL)
        (void)snprintf(res->wrong, sizeof res->wrong, "%s: %.400s; %zu partners, %zu witnesses, %zu bad, at %" PRIu64 " ms",
                       sim_check_words(res->check), wrong, p->partners, p->witnesses, p->n_bad, sim_now(r->sim));
    res->stats = *sim_stats(r->sim);
    res->ms = sim_now(r->sim);
    res->asleep_ms = r->asleep_ms < res->ms ? r->asleep_ms : res->ms;
    res->trace = sim_trace(r->sim);
    for (size_t i = 0; i < RUN_OLD_MAX; i++)
        buf_deinit(&r->old[i]);
    sim_free(r->sim);
    changes_deinit(r);
}

bool run_plan(const struct plan *p, const struct run_options *o, struct run_result *ret_result)
{
    struct run *r = calloc(1, sizeof *r);
    ASSERT(r != NULL);
    *ret_result = (struct run_result){0};
    begin(r, p, o);
    if (workload(r) && !p->over_f && heal(r)) {
        size_t one = first_honest(r), other = r->n - 1;
        while ((is_bad(r, other) || ((r->left >> other) & 1) != 0) && other > one)
            other--;
        record_check(r, one);
        record_acts(r, one);
        if (other != one && sim_failed(r->sim) == NULL)
            record_check(r, other);
        for (size_t i = 0; i < r->n && sim_failed(r->sim) == NULL; i++)
            if (!is_bad(r, i))
                record_erased(r, i, i == one);
        if (sim_failed(r->sim) == NULL)
            record_audit(r, one);
    }
    check_evidence(r, ret_result);
    end(r, ret_result);
    free(r);
    return ret_result->check == SIM_FINE;
}
