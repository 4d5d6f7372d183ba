/* Goal: agreement, nothing acknowledged lost or applied twice, one state root per height, progress after healing, under
 * loss, duplication, reordering, partitions and crashes. One seed after the other: sim [--seeds N] [--from S] [--nodes N]
 * [--trace] [--minutes M]. Prints the seed of a failure. */
#include <getopt.h>
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "ledger/rows.h"
#include "sim/world.h"

enum { HEIGHTS = 30, ACKS_MAX = 4096, LIMIT_MS = 1200000, HEAL_MS = 180000, START_DAY = 20454 };
static const uint64_t START_MS = (uint64_t)START_DAY * 86400000 + 36000000;

struct acked {
    struct hash id;
    size_t node;
    bool refused;
};

struct run {
    struct fixture f;
    struct sim *sim;
    struct acked acks[ACKS_MAX];
    size_t n_acks;
    uint64_t refused, submitted;
    char failed[512];
};

static void on_refused(void *ctx, size_t node, const struct hash *id, enum verdict verdict, const char *why)
{
    struct run *r = ctx;
    (void)verdict, (void)why;
    r->refused++;
    for (size_t i = 0; i < r->n_acks; i++)
        if (r->acks[i].node == node && hash_eq(&r->acks[i].id, id))
            r->acks[i].refused = true;
}

/* The newest open decision that a node knows. */
static bool open_decision(struct run *r, size_t node, struct arena *a, struct state_decision *ret)
{
    struct view v;
    struct err err;
    uint8_t upto[8];
    struct span key, value;
    bool found = false;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK)
        return false;
    store_u64(upto, UINT64_MAX);
    for (int tries = 0; tries < 4 && !found; tries++) {
        if (view_prev(&v, TABLE_DECISION, span_of(upto, 8), &key, &value) != ST_OK)
            break;
        store_u64(upto, load_u64(key.p) - 1);
        found = codec_decode(&state_decision_desc, arena_dup(a, value), a, ret, &err) == ST_OK && ret->phase == PHASE_OPEN;
    }
    store_read_end(sim_store(r->sim, node), &v);
    return found;
}

static void submit(struct run *r, size_t node, struct fixture_entry *e)
{
    struct replica_status st;
    struct buf b;
    struct hash id;
    enum verdict verdict;
    char why[256];
    if (sim_replica(r->sim, node) == NULL || r->n_acks == ACKS_MAX)
        return;
    replica_status(sim_replica(r->sim, node), &st);
    e->basis.size = st.tip->tree.size;
    frontier_root(&st.tip->tree, &e->basis.root);
    e->at_ms = START_MS + sim_now(r->sim);
    e->expires_ms = e->at_ms + UINT64_C(20) * 86400000;
    buf_init(&b, 1 << 17);
    fixture_submit(&r->f, e, &b, &id);
    enum status s = sim_submit(r->sim, node, buf_span(&b), &verdict, why);
    r->submitted++;
    if (s == ST_OK && verdict == V_OK)
        r->acks[r->n_acks++] = (struct acked){.id = id, .node = node};
    if (s == ST_OK && verdict == V_OK && sim_random(r->sim, 8) == 0) { /* the same entry, handed in elsewhere too */
        size_t other = sim_random(r->sim, r->f.n);
        if (sim_submit(r->sim, other, buf_span(&b), &verdict, why) == ST_OK && verdict == V_OK)
            r->acks[r->n_acks++] = (struct acked){.id = id, .node = other};
    }
    buf_deinit(&b);
}

static void act(struct run *r)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    size_t node = sim_random(r->sim, r->f.n), org = sim_random(r->sim, r->f.n);
    while (!r->f.orgs[org].partner)
        org = (org + 1) % r->f.n;
    struct prose prose;
    struct state_decision d;
    uint64_t what = sim_random(r->sim, 10);
    struct fixture_entry e = {.org = org, .prose = &prose, .n_prose = 1};
    if (what < 4) {
        struct note body = {.type = NOTE_COMMENT};
        prose = fixture_prose(&r->f, "on the way", &body.text);
        SET_HAS(&body, note_key_text);
        e.kind = KIND_NOTE;
        e.seat = sim_random(r->sim, 4);
        e.body = &body;
        submit(r, node, &e);
    } else if (what < 6 || !open_decision(r, node, &a, &d)) {
        struct propose body = {.type = span_str("commercial-terms"), .proposal.effect = {.type = EFFECT_NONE}};
        prose = fixture_prose(&r->f, "display fee", &body.proposal.title);
        e.kind = KIND_PROPOSE;
        e.seat = 2;
        e.body = &body;
        submit(r, node, &e);
    } else {
        struct ballot body = {.decision = {.number = d.number, .digest = d.digest}, .rung = d.rung, .choice = CHOICE_APPROVE};
        e.kind = KIND_BALLOT;
        e.seat = d.rung == 0 ? 2 : 0;
        e.body = &body;
        e.n_prose = 0;
        submit(r, node, &e);
    }
}

static void fault(struct run *r)
{
    uint64_t what = sim_random(r->sim, 4);
    size_t node = sim_random(r->sim, r->f.n);
    uint64_t down = 500 + sim_random(r->sim, 8000);
    if (what == 0)
        sim_crash(r->sim, node, down);
    else if (what == 1)
        sim_crash_at_write(r->sim, node, down);
    else if (what == 2)
        sim_partition(r->sim, 1 + sim_random(r->sim, ((uint64_t)1 << r->f.n) - 2));
    else
        sim_partition(r->sim, 0);
}

static bool all_level(struct run *r)
{
    for (size_t i = 0; i < r->f.n; i++) {
        struct replica_status st;
        if (sim_replica(r->sim, i) == NULL || sim_height(r->sim, i) != sim_height(r->sim, 0))
            return false;
        replica_status(sim_replica(r->sim, i), &st);
        if (st.mempool != 0)
            return false;
    }
    return true;
}

/* The ids on a node's record, each once; and every acknowledged entry among them, or refused. */
static void check_record(struct run *r, size_t node)
{
    struct ids *ids = ids_new();
    struct view v;
    struct err err;
    struct tip tip;
    uint64_t leaf;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK || tip_load(&v, &tip, &err) != ST_OK) {
        (void)snprintf(r->failed, sizeof r->failed, "node %zu: %.200s", node, err.text);
        return;
    }
    for (uint64_t i = 0; i < tip.tree.size && r->failed[0] == 0; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct span bytes;
        struct leaf l;
        arena_init(&a, 0);
        if (block_leaf(&v, i, &bytes, &err) != ST_OK || leaf_parse(bytes, &a, &l, &err) != ST_OK)
            continue; /* block records and the genesis */
        if (ids_find(ids, &l.id, &leaf))
            (void)snprintf(r->failed, sizeof r->failed, "an entry was applied twice, at leaves %" PRIu64 " and %" PRIu64, leaf, i);
        else if (leaf_verify(&l) != ST_OK)
            (void)snprintf(r->failed, sizeof r->failed, "leaf %" PRIu64 " has a bad signature", i);
        else
            ids_add(ids, &l.id, i, 1);
    }
    for (size_t i = 0; i < r->n_acks && r->failed[0] == 0; i++)
        if (!r->acks[i].refused && !ids_find(ids, &r->acks[i].id, &leaf))
            (void)snprintf(r->failed, sizeof r->failed, "entry %.16s... was acknowledged by node %zu and is lost",
                           hex_of(&r->acks[i].id).s, r->acks[i].node);
    store_read_end(sim_store(r->sim, node), &v);
    ids_free(ids);
}

static void storm(struct run *r)
{
    uint64_t at = 0, next_fault = 3000;
    bool crashed = false, parted = false;
    while (sim_failed(r->sim) == NULL && at < LIMIT_MS) {
        at += 50 + sim_random(r->sim, 700);
        if (!sim_run(r->sim, at))
            return;
        act(r);
        if (at >= next_fault) {
            next_fault = at + 1000 + sim_random(r->sim, 6000);
            fault(r);
        }
        struct sim_stats s = sim_stats(r->sim);
        if (!parted && s.partitions == 0 && sim_height(r->sim, 0) > HEIGHTS / 2)
            sim_partition(r->sim, 1 + sim_random(r->sim, ((uint64_t)1 << r->f.n) - 2));
        if (!crashed && s.crashes_unsynced == 0 && sim_height(r->sim, 0) > HEIGHTS / 3)
            sim_crash_at_write(r->sim, sim_random(r->sim, r->f.n), 1500);
        crashed = s.crashes_unsynced > 0;
        parted = s.partitions > 0;
        if (crashed && parted && s.blocks >= HEIGHTS)
            return;
    }
}

static bool one_seed(uint64_t seed, size_t partners, size_t witnesses, bool trace, struct sim_stats *total, uint64_t *ret_ms,
                     struct hash *ret_trace)
{
    struct run *r = calloc(1, sizeof *r);
    struct sim_keys keys[FIXTURE_ORGS_MAX];
    ASSERT(r != NULL);
    fixture_found(&r->f, seed, partners, witnesses, START_MS - 1000, 45);
    for (size_t i = 0; i < r->f.n; i++) {
        const struct fixture_org *o = &r->f.orgs[i];
        keys[i] = (struct sim_keys){span_str(o->id), o->vote, o->cosign, o->log, o->node};
    }
    struct sim_options o = {.seed = seed * 31 + 7,
                            .start_ms = START_MS,
                            .loss_percent = 5 + (unsigned)(seed % 6),
                            .duplicate_percent = 3,
                            .delay_ms = 5 + (unsigned)(seed % 7) * 25,
                            .clock_off_ms = 400,
                            .trace = trace};
    struct sim_events ev = {.ctx = r, .refused = on_refused};
    r->sim = sim_new(&o, &r->f.genesis, keys, r->f.n, &ev);
    storm(r);
    sim_partition(r->sim, 0);
    sim_quiet(r->sim);
    uint64_t healed = sim_now(r->sim);
    while (sim_failed(r->sim) == NULL && !all_level(r) && sim_now(r->sim) < healed + HEAL_MS)
        (void)sim_run(r->sim, sim_now(r->sim) + 500);
    const char *wrong = sim_failed(r->sim);
    struct sim_stats s = sim_stats(r->sim);
    if (wrong == NULL && !all_level(r))
        wrong = "no progress after the network healed";
    if (wrong == NULL && s.blocks < HEIGHTS)
        wrong = "too few heights";
    for (size_t i = 0; wrong == NULL && i < r->f.n; i++) {
        check_record(r, i);
        wrong = r->failed[0] != 0 ? r->failed : NULL;
    }
    if (wrong != NULL)
        (void)printf("seed %" PRIu64 " (%zu partners, %zu witnesses) at %" PRIu64 " ms: %s\n", seed, partners, witnesses, sim_now(r->sim), wrong);
    total->blocks += s.blocks;
    total->sent += s.sent;
    total->lost += s.lost;
    total->duplicated += s.duplicated;
    total->crashes += s.crashes;
    total->crashes_unsynced += s.crashes_unsynced;
    total->torn += s.torn;
    total->partitions += s.partitions;
    total->rounds += s.rounds;
    total->locks += s.locks;
    total->unlocks += s.unlocks;
    total->reproposals += s.reproposals;
    *ret_ms += sim_now(r->sim);
    *ret_trace = sim_trace(r->sim);
    sim_free(r->sim);
    fixture_free(&r->f);
    free(r);
    return wrong == NULL;
}

static void report(const struct sim_stats *t, uint64_t seeds, uint64_t ms)
{
    (void)printf("seeds %" PRIu64 "  simulated hours %.2f  blocks %" PRIu64 "\n", seeds, (double)ms / 3600000, t->blocks);
    (void)printf("messages %" PRIu64 "  lost %" PRIu64 "  duplicated %" PRIu64 "  crashes %" PRIu64 " (between write and sync %" PRIu64
                 ", writes lost or torn %" PRIu64 ")  partitions %" PRIu64 "\n",
                 t->sent, t->lost, t->duplicated, t->crashes, t->crashes_unsynced, t->torn, t->partitions);
    (void)printf("rounds above 0 %" PRIu64 "  locks %" PRIu64 "  locks moved %" PRIu64 "  re-proposals %" PRIu64 "\n", t->rounds, t->locks,
                 t->unlocks, t->reproposals);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seeds", required_argument, NULL, 'n'}, {"from", required_argument, NULL, 'f'},
                                            {"minutes", required_argument, NULL, 'm'}, {"trace", no_argument, NULL, 't'},
                                            {"same", no_argument, NULL, 's'},         {NULL, 0, NULL, 0}};
    uint64_t seeds = 10, from = 1, minutes = 60, ms = 0, done = 0;
    bool trace = false, same = false, ok = true;
    struct sim_stats total = {0};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'n')
            seeds = strtoull(optarg, NULL, 10);
        else if (o == 'f')
            from = strtoull(optarg, NULL, 10);
        else if (o == 'm')
            minutes = strtoull(optarg, NULL, 10);
        else if (o == 't')
            trace = true;
        else if (o == 's')
            same = true;
        else
            return 2;
    }
    uint64_t end = clock_mono_ms(&clock_system) + minutes * 60000;
    for (uint64_t seed = from; ok && seed < from + seeds && clock_mono_ms(&clock_system) < end; seed++, done++) {
        struct hash first, second;
        size_t partners = 3 + seed % 3, witnesses = 1 + seed % 2;
        ok = one_seed(seed, partners, witnesses, trace, &total, &ms, &first);
        if (ok && same) { /* the same seed gives the same trace */
            struct sim_stats ignored = {0};
            uint64_t ignored_ms = 0;
            ok = one_seed(seed, partners, witnesses, false, &ignored, &ignored_ms, &second);
            if (!hash_eq(&first, &second)) {
                (void)printf("seed %" PRIu64 ": two runs differ\n", seed);
                ok = false;
            }
        }
    }
    report(&total, done, ms);
    if (ok && done >= 10 && (total.rounds == 0 || total.locks == 0 || total.unlocks == 0 || total.reproposals == 0)) {
        (void)printf("the seeds did not exercise what they should\n");
        ok = false;
    }
    (void)puts(ok ? "ok" : "FAILED");
    return ok ? 0 : 1;
}
