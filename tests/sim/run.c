/* One seed: the workload, the faults, and what must hold on every record afterwards. */
#include "crypto/hash.h"
#include "fixture/alliance.h"
#include "ledger/rows.h"
#include "sim/world.h"
#include "liar.h"
#include "run.h"

enum {
    HEIGHTS = 30,
    ACKS_MAX = 4096,
    OLD_MAX = 32,
    FAR_MS = 90000,
    LIMIT_MS = 1200000,
    HEAL_MS = 180000,
    START_DAY = 20454
};
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
    struct buf old[OLD_MAX]; /* submissions made before */
    struct liar liar;
    size_t bad;
    char failed[512];
};

static bool on_lie(void *ctx, size_t to, struct span frame, struct buf *ret_frame)
{
    struct run *r = ctx;
    return liar_lie(&r->liar, to, frame, ret_frame);
}

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
        found = codec_decode(&state_decision_desc, arena_dup(a, value), a, ret, &err) == ST_OK &&
                ret->phase == PHASE_OPEN;
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
    uint64_t odd = sim_random(r->sim, 12);
    e->expires_ms = e->at_ms + (odd == 0 ? 200 + sim_random(r->sim, 3000) : UINT64_C(20) * 86400000);
    if (odd == 1)
        e->basis.root.b[0] ^= 1; /* a history that never was */
    buf_init(&b, 1 << 17);
    fixture_submit(&r->f, e, &b, &id);
    enum status s = sim_submit(r->sim, node, buf_span(&b), &verdict, why);
    r->submitted++;
    bool bad = r->bad == node + 1;
    if (s == ST_OK && verdict == V_OK && !bad)
        r->acks[r->n_acks++] = (struct acked){.id = id, .node = node};
    if (s == ST_OK && verdict == V_OK &&
        sim_random(r->sim, 8) == 0) { /* the same entry, handed in elsewhere too */
        size_t other = sim_random(r->sim, r->f.n);
        if (sim_submit(r->sim, other, buf_span(&b), &verdict, why) == ST_OK && verdict == V_OK &&
            r->bad != other + 1)
            r->acks[r->n_acks++] = (struct acked){.id = id, .node = other};
    }
    struct buf *kept = &r->old[r->submitted % OLD_MAX];
    buf_deinit(kept);
    *kept = b;
}

/* An entry of long ago, handed in once more. */
static void replay(struct run *r)
{
    const struct buf *b = &r->old[sim_random(r->sim, OLD_MAX)];
    enum verdict verdict;
    char why[256];
    if (b->n > 0)
        (void)!sim_submit(r->sim, sim_random(r->sim, r->f.n), buf_span(b), &verdict, why);
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
    if (sim_random(r->sim, 10) == 0) {
        replay(r);
        return;
    }
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
        struct propose body = {.type = span_str("commercial-terms"),
                               .proposal.effect = {.type = EFFECT_NONE}};
        prose = fixture_prose(&r->f, "display fee", &body.proposal.title);
        e.kind = KIND_PROPOSE;
        e.seat = 2;
        e.body = &body;
        submit(r, node, &e);
    } else {
        struct ballot body = {
            .decision = {.number = d.number, .digest = d.digest}, .rung = d.rung, .choice = CHOICE_APPROVE};
        e.kind = KIND_BALLOT;
        e.seat = d.rung == 0 ? 2 : 0;
        e.body = &body;
        e.n_prose = 0;
        submit(r, node, &e);
    }
}

/* A node that is cut off takes an entry, and crashes. */
static void crash_alone(struct run *r, size_t node, uint64_t down_ms)
{
    struct prose prose;
    struct note body = {.type = NOTE_COMMENT};
    struct fixture_entry e = {.org = 0, .prose = &prose, .n_prose = 1, .kind = KIND_NOTE, .body = &body};
    prose = fixture_prose(&r->f, "cut off", &body.text);
    SET_HAS(&body, note_key_text);
    sim_partition(r->sim, (uint64_t)1 << node);
    submit(r, node, &e);
    sim_crash(r->sim, node, down_ms);
}

static void fault(struct run *r)
{
    uint64_t what = sim_random(r->sim, 5);
    size_t node = sim_random(r->sim, r->f.n);
    uint64_t down = 500 + sim_random(r->sim, 8000);
    if (what == 0)
        sim_crash(r->sim, node, down);
    else if (what == 4)
        crash_alone(r, node, down);
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
        if (r->bad == i + 1)
            continue;
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
    uint64_t leaf, deadline, time_ms = 0;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK || tip_load(&v, &tip, &err) != ST_OK) {
        (void)snprintf(r->failed, sizeof r->failed, "node %zu: %.200s", node, err.text);
        return;
    }
    for (uint64_t i = 0; i < tip.tree.size && r->failed[0] == 0; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct span bytes;
        struct leaf l;
        arena_init(&a, 0);
        if (block_leaf(&v, i, &bytes, &err) != ST_OK || leaf_parse(bytes, &a, &l, &err) != ST_OK) {
            struct block_record rec; /* or a leaf of the genesis */
            if (codec_decode(&block_record_desc, bytes, &a, &rec, &err) == ST_OK && rec.leaf == LEAF_BLOCK)
                time_ms = rec.time_ms;
            continue;
        }
        struct boundary b;
        const struct basis *basis = &l.entry.basis;
        if (l.entry.expires_ms <= time_ms)
            (void)snprintf(r->failed, sizeof r->failed, "leaf %" PRIu64 " had expired when it was taken", i);
        else if (rows_boundary(&v, basis->size, false, &b, &err) != ST_OK || !hash_eq(&b.root, &basis->root))
            (void)snprintf(r->failed, sizeof r->failed, "the basis of leaf %" PRIu64 " is not on the record",
                           i);
        else if (ids_find(ids, &l.id, &leaf))
            (void)snprintf(r->failed, sizeof r->failed,
                           "an entry was applied twice, at leaves %" PRIu64 " and %" PRIu64, leaf, i);
        else if (leaf_verify(&l) != ST_OK)
            (void)snprintf(r->failed, sizeof r->failed, "leaf %" PRIu64 " has a bad signature", i);
        else
            ids_add(ids, &l.id, i, 1);
    }
    if (r->failed[0] == 0 && gov_next_deadline(&v, &deadline) == ST_OK && deadline <= tip.time_ms)
        (void)snprintf(r->failed, sizeof r->failed, "a deadline of %s has passed, and nothing happened",
                       time_utc(deadline).s);
    for (size_t i = 0; i < r->n_acks && r->failed[0] == 0; i++)
        if (!r->acks[i].refused && !ids_find(ids, &r->acks[i].id, &leaf))
            (void)snprintf(r->failed, sizeof r->failed,
                           "entry %.16s... was acknowledged by node %zu and is lost",
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

bool run_seed(uint64_t seed, bool trace, struct sim_stats *total, uint64_t *ret_ms, struct hash *ret_trace,
              char wrong_text[512])
{
    size_t partners = 3 + seed % 3, witnesses = 1 + seed % 2;
    struct run *r = calloc(1, sizeof *r);
    struct sim_keys keys[FIXTURE_ORGS_MAX];
    ASSERT(r != NULL);
    fixture_found(&r->f, seed, partners, witnesses, START_MS - 1000, 45);
    for (size_t i = 0; i < r->f.n; i++) {
        const struct fixture_org *o = &r->f.orgs[i];
        keys[i] = (struct sim_keys){span_str(o->id), o->vote, o->cosign, o->log, o->node};
    }
    for (size_t i = 0; i < OLD_MAX; i++)
        buf_init(&r->old[i], 1);
    uint64_t bad = seed / 3 % 3; /* 0: nobody; 1: the last node lies; 2: its clock is far ahead */
    r->bad = bad == 0 ? 0 : r->f.n;
    struct sim_options o = {.seed = seed * 31 + 7,
                            .start_ms = START_MS,
                            .loss_percent = 5 + (unsigned)(seed % 6),
                            .duplicate_percent = 3,
                            .delay_ms = 5 + (unsigned)(seed % 7) * 25,
                            .clock_off_ms = 400,
                            .trace = trace,
                            .bad = r->bad,
                            .bad_clock_ms = bad == 2 ? FAR_MS : 0};
    struct sim_events ev = {.ctx = r, .refused = on_refused, .lie = bad == 1 ? on_lie : NULL};
    r->sim = sim_new(&o, &r->f.genesis, keys, r->f.n, &ev);
    r->liar = (struct liar){&r->f, r->sim, r->f.n - 1};
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
        if (r->bad == i + 1)
            continue;
        check_record(r, i);
        wrong = r->failed[0] != 0 ? r->failed : NULL;
    }
    if (wrong != NULL)
        (void)snprintf(wrong_text, 512, "%.380s; %zu partners, %zu witnesses, %s, at %" PRIu64 " ms", wrong,
                       partners, witnesses,
                       bad == 0   ? "all honest"
                       : bad == 1 ? "the last lies"
                                  : "the last one's clock is ahead",
                       sim_now(r->sim));
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
    for (size_t i = 0; i < OLD_MAX; i++)
        buf_deinit(&r->old[i]);
    sim_free(r->sim);
    fixture_free(&r->f);
    free(r);
    return wrong == NULL;
}
