/* Virtual time: what is to happen, in its order; and the world's beginning and end. */
#include "sim/internal.h"

/* SplitMix64: one generator for the whole world. */
static uint64_t draw(struct sim *s)
{
    uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sim_random(struct sim *s, uint64_t below)
{
    return draw(s) % below;
}

uint64_t world_draw(void *sim, uint64_t below)
{
    return sim_random(sim, below);
}

static void fill(void *ctx, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(draw(ctx) >> 20);
}

/* --- The heap of what is to happen, by (time, order) --- */

static bool before(const struct happening *x, const struct happening *y)
{
    return x->at != y->at ? x->at < y->at : x->order < y->order;
}

void world_push(struct sim *s, struct happening h)
{
    ASSERT(s->heap_n < QUEUE_MAX);
    h.order = s->order++;
    size_t i = s->heap_n++;
    while (i > 0 && before(&h, &s->heap[(i - 1) / 2])) {
        s->heap[i] = s->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->heap[i] = h;
}

static struct happening pop(struct sim *s)
{
    struct happening top = s->heap[0], last = s->heap[--s->heap_n];
    size_t i = 0;
    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= s->heap_n)
            break;
        if (c + 1 < s->heap_n && before(&s->heap[c + 1], &s->heap[c]))
            c++;
        if (!before(&s->heap[c], &last))
            break;
        s->heap[i] = s->heap[c];
        i = c;
    }
    s->heap[i] = last;
    return top;
}

/* --- Steps --- */

void world_settle(struct node *n)
{
    struct sim *s = n->sim;
    if (n->replica == NULL)
        return;
    if (n->dying) {
        machine_down(n);
        return;
    }
    const char *halted = replica_halted(n->replica);
    if (halted != NULL && !n->stopped) {
        n->stopped = true;
        s->stats.halts++;
        sim_tell(s, "%.*s stops itself: %s", SPAN_FMT(n->keys.org), halted);
        machine_note_change(n);
        if (!is_bad(n) && !machine_excused(n))
            sim_fail(s, SIM_HALTED, "node %zu: %s", n->i, halted);
    }
    if (n->members_changed)
        alliance_look(n);
    if (halted != NULL || n->replica == NULL)
        return;
    const char *wrong = replica_check(n->replica);
    if (wrong != NULL && !is_bad(n))
        sim_fail(s, SIM_INVARIANT, "node %zu: %s", n->i, wrong);
    watch_locks(n);
}

static void tick(struct node *n)
{
    uint64_t next;
    replica_tick(n->replica, &next);
    world_settle(n);
    if (n->replica == NULL)
        return;
    next += n->mono_lost;
    uint64_t at = next > n->sim->now + 1 ? next - 1 : n->sim->now + 1;
    if (at > n->sim->now + 1000)
        at = n->sim->now + 1000;
    n->tick_at = at;
    world_push(n->sim, (struct happening){.at = at, .what = WHAT_TICK, .to = n->i, .life = n->life});
}

void world_soon(struct node *n)
{
    if (n->replica == NULL || n->asleep_until != 0 || n->tick_at <= n->sim->now + 20)
        return;
    n->tick_at = n->sim->now + 20;
    world_push(n->sim, (struct happening){.at = n->tick_at, .what = WHAT_TICK, .to = n->i, .life = n->life});
}

static void happen(struct sim *s, struct happening *h)
{
    struct node *n = &s->nodes[h->to];
    if (h->what == WHAT_FRAME)
        network_deliver(s, h);
    else if (h->what != WHAT_TICK)
        machine_happen(n, h);
    else if (h->life == n->life && n->replica != NULL && n->asleep_until == 0 && h->at == n->tick_at)
        tick(n);
}

bool sim_run(struct sim *s, uint64_t until_ms)
{
    while (s->check == SIM_FINE && s->heap_n > 0 && s->heap[0].at <= until_ms) {
        struct happening h = pop(s);
        s->now = h.at;
        happen(s, &h);
        free((void *)(uintptr_t)h.bytes.p);
    }
    if (s->check == SIM_FINE)
        s->now = until_ms;
    return s->check == SIM_FINE;
}

struct sim *sim_new(const struct sim_options *o, const struct genesis_info *g, const struct store *base,
                    const struct sim_keys *keys, size_t n, const struct sim_events *events)
{
    struct sim *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    ASSERT(n <= SIM_NODES_MAX);
    s->o = *o;
    s->events = *events;
    s->random = o->seed;
    s->n = n;
    s->rng = (struct rng){s, fill};
    s->heap = calloc(QUEUE_MAX, sizeof *s->heap);
    ASSERT(s->heap != NULL);
    story_init(s);
    for (size_t i = 0; i < n; i++)
        s->nodes[i].keys = keys[i];
    for (size_t i = 0; i < n; i++)
        machine_make(s, i, g, base, &keys[i]);
    network_relink(s);
    return s;
}

void sim_free(struct sim *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        machine_free(&s->nodes[i]);
    for (size_t i = 0; i < s->heap_n; i++)
        free((void *)(uintptr_t)s->heap[i].bytes.p);
    network_free(s);
    evidence_free(s);
    free(s->heap);
    free(s);
}

/* --- What the caller asks --- */

const char *sim_failed(const struct sim *s)
{
    return s->check == SIM_FINE ? NULL : s->failed;
}

enum sim_check sim_failed_check(const struct sim *s)
{
    return s->check;
}

uint64_t sim_now(const struct sim *s)
{
    return s->now;
}

struct replica *sim_replica(struct sim *s, size_t i)
{
    return s->nodes[i].replica;
}

struct store *sim_store(struct sim *s, size_t i)
{
    return shelf_mem(s->nodes[i].shelf);
}

bool sim_awake(const struct sim *s, size_t i)
{
    const struct node *n = &s->nodes[i];
    return n->replica != NULL && n->asleep_until == 0 && !n->stopped;
}

bool sim_awake_between(const struct sim *s, size_t i, uint64_t from_ms, uint64_t to_ms)
{
    const struct node *n = &s->nodes[i];
    bool awake = false;
    for (size_t k = 0; k < n->n_changes && n->changes[k].at <= to_ms; k++) {
        if (n->changes[k].at > from_ms && (awake || n->changes[k].awake))
            return true;
        awake = n->changes[k].awake;
    }
    return awake;
}

uint64_t sim_applied_ms(const struct sim *s, size_t i, uint64_t height)
{
    uint64_t at = height < HEIGHTS_MAX ? s->nodes[i].applied[height] : 0;
    return at == 0 ? UINT64_MAX : at - 1;
}

uint64_t sim_height(const struct sim *s, size_t i)
{
    return s->nodes[i].height;
}

size_t sim_nodes(const struct sim *s)
{
    return s->n;
}

struct sim_stats *sim_stats(struct sim *s)
{
    return &s->stats;
}

bool sim_forked(const struct sim *s)
{
    return s->forked;
}

void sim_quiet(struct sim *s)
{
    s->o.loss_percent = s->o.duplicate_percent = 0;
    for (size_t i = 0; i < s->n; i++)
        s->nodes[i].armed = s->nodes[i].counting = false;
}

enum status sim_submit(struct sim *s, size_t i, struct span submission, enum verdict *ret_verdict, char why[256])
{
    struct node *n = &s->nodes[i];
    struct err err;
    struct hash id;
    if (n->replica == NULL || n->asleep_until != 0)
        return ST_UNREACHABLE;
    enum status st = replica_submit(n->replica, submission, &id, ret_verdict, why, &err);
    enum status ack = replica_acknowledge(n->replica, &err);
    bool died = n->dying;
    world_settle(n);
    world_soon(n);
    if (died || ack != ST_OK)
        return ST_UNREACHABLE;
    sim_tell(s, "%.*s is handed an entry: %s", SPAN_FMT(n->keys.org), st == ST_OK ? verdict_name(*ret_verdict) : status_name(st));
    if (st == ST_OK)
        story_note(s, "the entry is %.8s", hex_of(&id).s);
    return st;
}
