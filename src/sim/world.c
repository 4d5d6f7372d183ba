#include <stdarg.h>
#include "sim/world.h"
#include "cert/validators.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "sim/disk.h"
#include "store/store_mem.h"

enum { HEIGHTS_MAX = 4096, QUEUE_MAX = 1 << 16, SLOTS_MAX = 512, NAMES_MAX = 4096 };

enum what { WHAT_FRAME, WHAT_TICK, WHAT_RESTART };

struct happening {
    uint64_t at, order;
    enum what what;
    size_t from, to;
    uint64_t life;     /* of the receiver when it was scheduled */
    struct span bytes; /* owned */
};

struct node {
    struct sim *sim;
    size_t i;
    struct sim_keys keys;
    struct store *store;
    struct sim_disk *disk;
    struct disk_file file;
    struct journal_identity id;
    struct journal *journal;
    struct replica *replica;
    struct clock clock;
    int64_t off_ms;
    uint64_t life;    /* raised by each crash */
    uint64_t tick_at; /* scheduled; 0: none */
    uint64_t down_ms, height;
    bool armed, dying, linked[SIM_NODES_MAX];
    struct vote sent[SLOTS_MAX]; /* what it signed at its newest height, once per slot */
    size_t n_sent;
    int32_t seen_round, locked_round;
    struct hash locked_value;
};

struct sim {
    struct sim_options o;
    struct sim_events events;
    uint64_t random, now, order;
    size_t n;
    struct node nodes[SIM_NODES_MAX];
    struct happening *heap;
    size_t heap_n;
    uint64_t side;
    struct hash block[HEIGHTS_MAX], state[HEIGHTS_MAX];
    uint64_t newest;
    struct hash names[NAMES_MAX]; /* blocks in the order of their first vote */
    size_t n_names;
    struct sha256 trace;
    struct sim_stats stats;
    struct rng rng;
    char failed[512];
};

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

static uint64_t draw_below(void *ctx, uint64_t below)
{
    return sim_random(ctx, below);
}

static void fill(void *ctx, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(draw(ctx) >> 20);
}

/* One line of the trace. */
__attribute__((format(printf, 2, 0))) static void write_line(struct sim *s, const char *fmt, va_list ap,
                                                             bool tell)
{
    char line[512];
    int n = snprintf(line, sizeof line, "%8" PRIu64 " ", s->now);
    (void)vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    sha256_update(&s->trace, span_str(line));
    if (s->o.trace)
        (void)printf("%s\n", line);
    if (tell && s->events.tell != NULL)
        s->events.tell(s->events.ctx, line);
}

__attribute__((format(printf, 2, 3))) static void note(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(s, fmt, ap, false);
    va_end(ap);
}

/* A line that belongs to the story. */
__attribute__((format(printf, 2, 3))) static void tell(struct sim *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    write_line(s, fmt, ap, true);
    va_end(ap);
}

static bool is_bad(const struct node *n)
{
    return n->sim->o.bad == n->i + 1;
}

__attribute__((format(printf, 2, 3))) static void fail(struct sim *s, const char *fmt, ...);

static void fail(struct sim *s, const char *fmt, ...)
{
    if (s->failed[0] != 0)
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(s->failed, sizeof s->failed, fmt, ap);
    va_end(ap);
    tell(s, "FAILED: %s", s->failed);
}

/* --- The heap of what is to happen, by (time, order) --- */

static bool before(const struct happening *x, const struct happening *y)
{
    return x->at != y->at ? x->at < y->at : x->order < y->order;
}

static void push(struct sim *s, struct happening h)
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

/* --- Network --- */

static bool reachable(const struct sim *s, size_t from, size_t to)
{
    return ((s->side >> from) & 1) == ((s->side >> to) & 1);
}

static void schedule_frame(struct sim *s, size_t from, size_t to, struct span frame)
{
    uint64_t most = sim_random(s, 10) == 0 ? (uint64_t)s->o.delay_ms * 10 : s->o.delay_ms;
    uint8_t *copy = malloc(frame.n);
    ASSERT(copy != NULL);
    memcpy(copy, frame.p, frame.n);
    push(s, (struct happening){.at = s->now + 1 + sim_random(s, most),
                               .what = WHAT_FRAME,
                               .from = from,
                               .to = to,
                               .life = s->nodes[to].life,
                               .bytes = span_of(copy, frame.n)});
}

/* Blocks are numbered as they are first voted for. */
static size_t block_name(struct sim *s, const struct hash *id)
{
    for (size_t i = s->n_names; i-- > 0;)
        if (hash_eq(&s->names[i], id))
            return i + 1;
    if (s->n_names < NAMES_MAX)
        s->names[s->n_names++] = *id;
    return s->n_names;
}

/* "prevote of round 0 at height 3 for block 2", and where a valid round is given "(valid in round 0)". */
static void vote_words(struct sim *s, const struct vote *v, char words[128])
{
    char what[32] = "nil", valid[40] = "";
    if (HAS(v, vote_key_value))
        (void)snprintf(what, sizeof what, "block %zu", block_name(s, &v->value));
    if (HAS(v, vote_key_valid_round))
        (void)snprintf(valid, sizeof valid, " (valid in round %" PRIu64 ")", v->valid_round);
    (void)snprintf(words, 128, "%s of round %" PRIu64 " at height %" PRIu64 " for %s%s",
                   enum_text(&vote_type_enum, v->type), v->round, v->height, what, valid);
}

static bool same_vote(const struct vote *x, const struct vote *y)
{
    return x->has == y->has && hash_eq(&x->value, &y->value) &&
           (!HAS(x, vote_key_valid_round) || x->valid_round == y->valid_round);
}

/* A precommit binds: the block must outlive a crash. */
static void check_kept(struct node *n, const struct vote *v)
{
    struct view view;
    struct span row;
    struct err err;
    if (v->type != VOTE_PRECOMMIT || !HAS(v, vote_key_value) || v->height != n->height + 1 ||
        store_read_begin(n->store, &view, &err) != ST_OK)
        return;
    if (view_get(&view, TABLE_BODY, span_hash(&v->value), &row) != ST_OK)
        fail(n->sim, "node %zu precommits a block whose body it has not kept, at height %" PRIu64, n->i,
             v->height);
    store_read_end(n->store, &view);
}

/* The notary: a node signs one message per slot, whatever happens to it in between. */
static void notarise(struct node *n, const struct vote *v)
{
    struct sim *s = n->sim;
    char words[128];
    if (n->n_sent > 0 && v->height > n->sent[0].height)
        n->n_sent = 0;
    if (n->n_sent > 0 && v->height < n->sent[0].height)
        return;
    vote_words(s, v, words);
    for (size_t i = 0; i < n->n_sent; i++) {
        if (n->sent[i].round != v->round || n->sent[i].type != v->type)
            continue;
        if (!same_vote(&n->sent[i], v))
            fail(s, "node %zu signs twice: another %s", n->i, words);
        return;
    }
    if (n->n_sent < SLOTS_MAX)
        n->sent[n->n_sent++] = *v;
    tell(s, "%.*s signs its %s", SPAN_FMT(n->keys.org), words);
    check_kept(n, v);
}

static void peek(struct node *n, struct span frame)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct envelope e;
    struct msg_proposal p;
    struct msg_vote m;
    const struct signed_vote *v = NULL;
    if (n->dying || codec_decode(&envelope_desc, frame, &a, &e, NULL) != ST_OK)
        return;
    if (e.kind == msg_proposal_desc.number &&
        codec_decode(&msg_proposal_desc, e.body, &a, &p, NULL) == ST_OK) {
        v = &p.vote;
        n->sim->stats.reproposals += HAS(&v->vote, vote_key_valid_round);
    } else if (e.kind == msg_vote_desc.number &&
               codec_decode(&msg_vote_desc, e.body, &a, &m, NULL) == ST_OK) {
        v = &m.vote;
    }
    if (v != NULL && span_eq(v->org, n->keys.org) && !is_bad(n))
        notarise(n, &v->vote);
}

/* After a restart: the journal holds all that was sent at the open height. */
static void check_journal(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    char words[128];
    for (size_t i = 0; i < n->n_sent && n->sent[0].height == n->height + 1 && !is_bad(n); i++) {
        struct journal_row row;
        struct span bytes;
        uint64_t h;
        bool held = false;
        for (size_t k = 0; !held && journal_get(n->journal, k, &h, &bytes) == ST_OK; k++)
            held = h == n->sent[i].height &&
                   codec_decode(&journal_row_desc, bytes, &a, &row, NULL) == ST_OK &&
                   row.vote.vote.round == n->sent[i].round && row.vote.vote.type == n->sent[i].type;
        vote_words(n->sim, &n->sent[i], words);
        if (held)
            tell(n->sim, "%.*s finds in its journal: %s", SPAN_FMT(n->keys.org), words);
        else
            fail(n->sim, "node %zu lost from its journal what it had sent: %s", n->i, words);
    }
}

/* Counted here anew, by nobody else's arithmetic. */
static void check_certificate(struct node *n, uint64_t height)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct replica_status st;
    struct view view;
    struct span bytes;
    struct err err;
    struct certificate c = {0};
    size_t good = 0, q = n->sim->n - (n->sim->n - 1) / 3;
    uint64_t seen = 0;
    if (height == 0 || store_read_begin(n->store, &view, &err) != ST_OK)
        return;
    if (block_certificate(&view, height, &bytes, &err) == ST_OK)
        (void)!codec_decode(&certificate_desc, arena_dup(&a, bytes), &a, &c, &err);
    store_read_end(n->store, &view);
    replica_status(n->replica, &st);
    for (size_t i = 0; i < c.sigs.n; i++) {
        struct vote v = {.alliance = n->id.alliance,
                         .epoch = c.epoch,
                         .type = VOTE_PRECOMMIT,
                         .height = height,
                         .round = c.round,
                         .value = c.value};
        SET_HAS(&v, vote_key_value);
        int at = validators_find(st.validators, c.sigs.v[i].org);
        if (at < 0 || ((seen >> at) & 1) != 0 ||
            vote_verify(&v, &st.validators->members.v[at].vote, &c.sigs.v[i].sig) != ST_OK)
            continue;
        seen |= (uint64_t)1 << at;
        good++;
    }
    if (good < q || !hash_eq(&c.value, &n->sim->block[height]))
        fail(n->sim,
             "node %zu holds a certificate of %zu good signatures at height %" PRIu64 ", expected %zu", n->i,
             good, height, q);
}

/* BFT-A6: no quorum, so no honest node, lets a block be further ahead than clocks and precision allow. */
static void check_time(struct node *n, const struct tip *tip)
{
    struct sim *s = n->sim;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct view view;
    struct gov_clock clock;
    struct err err;
    if (store_read_begin(n->store, &view, &err) != ST_OK)
        return;
    if (gov_clock(&view, &a, &clock, &err) == ST_OK &&
        tip->time_ms > s->o.start_ms + s->now + s->o.clock_off_ms + clock.precision_ms)
        fail(s, "block %" PRIu64 " is %" PRIu64 " ms in the future", tip->height,
             tip->time_ms - s->o.start_ms - s->now);
    store_read_end(n->store, &view);
}

static void send_one(struct node *n, size_t to, struct span frame)
{
    struct sim *s = n->sim;
    if (n->dying || to == n->i || !n->linked[to] || s->heap_n + 4 > QUEUE_MAX)
        return;
    s->stats.sent++;
    if (!reachable(s, n->i, to) || sim_random(s, 100) < s->o.loss_percent) {
        s->stats.lost++;
        return;
    }
    struct buf other CLEANUP(buf_deinit);
    buf_init(&other, LIMIT_FRAME_BYTES);
    if (is_bad(n) && s->events.lie != NULL && s->events.lie(s->events.ctx, to, frame, &other))
        frame = buf_span(&other);
    schedule_frame(s, n->i, to, frame);
    if (sim_random(s, 100) < s->o.duplicate_percent) {
        s->stats.duplicated++;
        schedule_frame(s, n->i, to, frame);
    }
}

static size_t node_of(const struct sim *s, struct span org)
{
    for (size_t i = 0; i < s->n; i++)
        if (span_eq(s->nodes[i].keys.org, org))
            return i;
    return s->n;
}

static enum status net_send_one(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    size_t to = node_of(n->sim, org);
    if (to == n->sim->n || !n->linked[to])
        return ST_UNREACHABLE;
    peek(n, frame);
    send_one(n, to, frame);
    return ST_OK;
}

static void net_broadcast_all(void *ctx, struct span frame)
{
    struct node *n = ctx;
    peek(n, frame);
    for (size_t i = 0; i < n->sim->n; i++)
        send_one(n, i, frame);
}

/* --- Clocks --- */

static uint64_t wall(void *ctx)
{
    const struct node *n = ctx;
    return (uint64_t)((int64_t)(n->sim->o.start_ms + n->sim->now) + n->off_ms);
}

static uint64_t mono(void *ctx)
{
    const struct node *n = ctx;
    return n->sim->now + 1;
}

/* --- Nodes --- */

static bool dies(void *ctx)
{
    struct node *n = ctx;
    if (!n->armed || n->replica == NULL)
        return false;
    n->armed = false;
    n->dying = true;
    n->sim->stats.crashes_unsynced++;
    store_mem_fail_commit(n->store, ST_IO); /* nothing more is committed either */
    tell(n->sim, "%.*s dies between write and sync", SPAN_FMT(n->keys.org));
    return true;
}

static void check_block(struct node *n, uint64_t height)
{
    struct sim *s = n->sim;
    struct replica_status st;
    replica_status(n->replica, &st);
    if (height >= HEIGHTS_MAX || is_bad(n))
        return;
    if (height > s->newest) {
        s->newest = height;
        s->block[height] = st.tip->block;
        s->state[height] = st.tip->state.root;
        s->stats.blocks++;
        check_time(n, st.tip);
        check_certificate(n, height);
        return;
    }
    if (!hash_eq(&s->block[height], &st.tip->block))
        fail(s, "agreement: node %zu has another block at height %" PRIu64, n->i, height);
    else if (!hash_eq(&s->state[height], &st.tip->state.root))
        fail(s, "node %zu has another state root at height %" PRIu64, n->i, height);
    check_certificate(n, height);
    check_certificate(n, height - 1); /* the one that this block fixed */
}

static void on_final(void *ctx, uint64_t height, uint64_t first_leaf, size_t leaves)
{
    struct node *n = ctx;
    tell(n->sim, "%.*s has height %" PRIu64 " final: %zu leaves from %" PRIu64, SPAN_FMT(n->keys.org), height,
         leaves, first_leaf);
    n->height = height;
    check_block(n, height);
    if (n->sim->events.final != NULL)
        n->sim->events.final(n->sim->events.ctx, n->i, height);
}

static void on_refused(void *ctx, const struct hash *id, enum verdict verdict, const char *why)
{
    struct node *n = ctx;
    tell(n->sim, "%.*s refuses an entry that it had taken: %s", SPAN_FMT(n->keys.org), verdict_name(verdict));
    note(n->sim, "the entry is %.8s", hex_of(id).s);
    if (n->sim->events.refused != NULL)
        n->sim->events.refused(n->sim->events.ctx, n->i, id, verdict, why);
}

static void start(struct node *n)
{
    struct err err = {0};
    struct replica_config cfg = {.org = n->keys.org,
                                 .vote = n->keys.vote,
                                 .cosign = n->keys.cosign,
                                 .log = n->keys.log,
                                 .node = n->keys.node,
                                 .store = n->store,
                                 .journal = NULL,
                                 .clock = &n->clock,
                                 .rng = &n->sim->rng,
                                 .net = {n, net_send_one, net_broadcast_all},
                                 .events = {n, on_final, on_refused, NULL}};
    if (journal_open(&n->file, &n->id, &n->journal, &err) != ST_OK) {
        fail(n->sim, "node %zu: journal: %s", n->i, err.text);
        return;
    }
    cfg.journal = n->journal;
    tell(n->sim, "%.*s starts at height %" PRIu64, SPAN_FMT(n->keys.org), n->height);
    check_journal(n);
    n->seen_round = n->locked_round = -1;
    if (replica_new(&cfg, &n->replica, &err) != ST_OK) {
        fail(n->sim, "node %zu cannot start: %s", n->i, err.text);
        journal_close(n->journal);
        n->journal = NULL;
        return;
    }
    push(n->sim, (struct happening){.at = n->sim->now + 1, .what = WHAT_TICK, .to = n->i, .life = n->life});
    n->tick_at = n->sim->now + 1;
}

static void link_nodes(struct sim *s, size_t i, size_t k, bool up)
{
    struct node *a = &s->nodes[i], *b = &s->nodes[k];
    if (i == k || a->linked[k] == up)
        return;
    a->linked[k] = b->linked[i] = up;
    if (a->replica != NULL && up)
        replica_peer_up(a->replica, b->keys.org);
    else if (a->replica != NULL)
        replica_peer_down(a->replica, b->keys.org);
    if (b->replica != NULL && up)
        replica_peer_up(b->replica, a->keys.org);
    else if (b->replica != NULL)
        replica_peer_down(b->replica, a->keys.org);
}

static void relink(struct sim *s)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = i + 1; k < s->n; k++)
            link_nodes(s, i, k,
                       s->nodes[i].replica != NULL && s->nodes[k].replica != NULL && reachable(s, i, k));
}

static void tear_down(struct node *n)
{
    struct sim *s = n->sim;
    for (size_t k = 0; k < s->n; k++)
        link_nodes(s, n->i, k, false);
    replica_free(n->replica);
    n->replica = NULL;
    journal_close(n->journal);
    n->journal = NULL;
    struct store *kept = store_mem_clone(n->store); /* what was committed */
    store_close(n->store);
    n->store = kept;
    s->stats.torn += sim_disk_crash(n->disk, draw_below, s);
    s->stats.crashes++;
    n->life++;
    n->dying = n->armed = false;
    tell(s, "%.*s is down for %" PRIu64 " ms", SPAN_FMT(n->keys.org), n->down_ms);
    push(s, (struct happening){.at = s->now + n->down_ms, .what = WHAT_RESTART, .to = n->i, .life = n->life});
}

static void watch_locks(struct node *n)
{
    struct replica_status st;
    struct sim_stats *c = &n->sim->stats;
    replica_status(n->replica, &st);
    const struct consensus_status *x = &st.consensus;
    if (x->round > 0 && x->round > n->seen_round)
        c->rounds++;
    n->seen_round = x->round;
    if (x->locked_round >= 0 && x->locked_round != n->locked_round) {
        c->locks++;
        if (n->locked_round >= 0 && !hash_eq(&x->locked_value, &n->locked_value))
            c->unlocks++;
    }
    n->locked_round = x->locked_round;
    n->locked_value = x->locked_value;
}

/* After every call into a replica. */
static void settle(struct node *n)
{
    struct sim *s = n->sim;
    if (n->replica == NULL)
        return;
    if (n->dying) {
        tear_down(n);
        return;
    }
    const char *halted = replica_halted(n->replica);
    const char *wrong = halted != NULL ? halted : replica_check(n->replica);
    if (wrong != NULL && !is_bad(n))
        fail(s, "node %zu: %s", n->i, wrong);
    watch_locks(n);
}

static void tick(struct node *n)
{
    uint64_t next;
    replica_tick(n->replica, &next);
    settle(n);
    if (n->replica == NULL)
        return;
    uint64_t at = next > n->sim->now + 1 ? next - 1 : n->sim->now + 1;
    if (at > n->sim->now + 1000)
        at = n->sim->now + 1000;
    n->tick_at = at;
    push(n->sim, (struct happening){.at = at, .what = WHAT_TICK, .to = n->i, .life = n->life});
}

/* A frame or a submission may have set nearer timers: look again soon. */
static void soon(struct node *n)
{
    if (n->replica == NULL || n->tick_at <= n->sim->now + 20)
        return;
    n->tick_at = n->sim->now + 20;
    push(n->sim, (struct happening){.at = n->tick_at, .what = WHAT_TICK, .to = n->i, .life = n->life});
}

static void happen(struct sim *s, struct happening *h)
{
    struct node *n = &s->nodes[h->to];
    struct err err;
    if (h->life != n->life && h->what != WHAT_FRAME)
        return;
    if (h->what == WHAT_RESTART) {
        start(n);
        relink(s);
    } else if (n->replica == NULL) {
        return;
    } else if (h->what == WHAT_TICK) {
        if (h->at == n->tick_at)
            tick(n);
    } else {
        if (!reachable(s, h->from, h->to)) { /* the line was cut while it travelled */
            s->stats.lost++;
            return;
        }
        s->stats.delivered++;
        enum status st = replica_frame(n->replica, s->nodes[h->from].keys.org, h->bytes, &err);
        struct hash digest;
        sha256(h->bytes, &digest);
        note(s, "%zu>%zu %.8s %s", h->from, h->to, hex_of(&digest).s, status_name(st));
        if (st != ST_OK && s->o.bad != h->from + 1 && s->o.bad != h->to + 1)
            fail(s, "node %zu holds against honest node %zu: %s", h->to, h->from, err.text);
        settle(n);
        soon(n);
    }
}

bool sim_run(struct sim *s, uint64_t until_ms)
{
    while (s->failed[0] == 0 && s->heap_n > 0 && s->heap[0].at <= until_ms) {
        struct happening h = pop(s);
        s->now = h.at;
        happen(s, &h);
        free((void *)(uintptr_t)h.bytes.p);
    }
    if (s->failed[0] == 0)
        s->now = until_ms;
    return s->failed[0] == 0;
}

static void make_node(struct sim *s, size_t i, const struct genesis_info *g, const struct sim_keys *keys)
{
    struct node *n = &s->nodes[i];
    struct err err;
    struct sim_disk_hook hook = {n, dies};
    *n = (struct node){.sim = s, .i = i, .keys = *keys, .clock = {n, wall, mono}};
    n->off_ms = s->o.clock_off_ms == 0
                    ? 0
                    : (int64_t)sim_random(s, 2 * (uint64_t)s->o.clock_off_ms) - s->o.clock_off_ms;
    if (is_bad(n))
        n->off_ms += s->o.bad_clock_ms;
    n->store = store_mem_new();
    n->disk = sim_disk_new(&hook);
    n->file = sim_disk_file(n->disk);
    n->id.alliance = g->alliance;
    fill(s, n->id.incarnation.b, 32);
    if (replica_found(n->store, g, &err) != ST_OK || journal_create(&n->file, &n->id, &err) != ST_OK) {
        fail(s, "node %zu cannot be made: %s", i, err.text);
        return;
    }
    start(n);
}

struct sim *sim_new(const struct sim_options *o, const struct genesis_info *g, const struct sim_keys *keys,
                    size_t n, const struct sim_events *events)
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
    sha256_init(&s->trace);
    for (size_t i = 0; i < n; i++)
        make_node(s, i, g, &keys[i]);
    relink(s);
    return s;
}

void sim_free(struct sim *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++) {
        replica_free(s->nodes[i].replica);
        journal_close(s->nodes[i].journal);
        store_close(s->nodes[i].store);
        sim_disk_free(s->nodes[i].disk);
    }
    for (size_t i = 0; i < s->heap_n; i++)
        free((void *)(uintptr_t)s->heap[i].bytes.p);
    free(s->heap);
    free(s);
}

const char *sim_failed(const struct sim *s)
{
    return s->failed[0] == 0 ? NULL : s->failed;
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
    return s->nodes[i].store;
}

enum status sim_submit(struct sim *s, size_t i, struct span submission, enum verdict *ret_verdict,
                       char why[256])
{
    struct node *n = &s->nodes[i];
    struct err err;
    struct hash id;
    if (n->replica == NULL)
        return ST_UNREACHABLE;
    enum status st = replica_submit(n->replica, submission, &id, ret_verdict, why, &err);
    enum status ack = replica_acknowledge(n->replica, &err);
    bool died = n->dying;
    settle(n);
    soon(n);
    if (died || ack != ST_OK)
        return ST_UNREACHABLE;
    tell(s, "%.*s is handed an entry: %s", SPAN_FMT(n->keys.org),
         st == ST_OK ? verdict_name(*ret_verdict) : status_name(st));
    if (st == ST_OK)
        note(s, "the entry is %.8s", hex_of(&id).s);
    return st;
}

void sim_crash(struct sim *s, size_t i, uint64_t down_ms)
{
    if (s->nodes[i].replica == NULL)
        return;
    s->nodes[i].down_ms = down_ms;
    tear_down(&s->nodes[i]);
}

void sim_crash_at_write(struct sim *s, size_t i, uint64_t down_ms)
{
    s->nodes[i].down_ms = down_ms;
    s->nodes[i].armed = true;
}

void sim_partition(struct sim *s, uint64_t side)
{
    s->side = side;
    s->stats.partitions += side != 0;
    if (side == 0)
        tell(s, "the network is whole");
    for (size_t i = 0; side != 0 && i < s->n; i++)
        tell(s, "%.*s is on side %d", SPAN_FMT(s->nodes[i].keys.org), (int)((side >> i) & 1));
    relink(s);
}

void sim_quiet(struct sim *s)
{
    s->o.loss_percent = s->o.duplicate_percent = 0;
    for (size_t i = 0; i < s->n; i++)
        s->nodes[i].armed = false;
}

uint64_t sim_height(const struct sim *s, size_t i)
{
    return s->nodes[i].height;
}

struct sim_stats sim_stats(const struct sim *s)
{
    return s->stats;
}

struct hash sim_trace(const struct sim *s)
{
    struct sha256 copy = s->trace;
    struct hash h;
    sha256_final(&copy, &h);
    return h;
}
