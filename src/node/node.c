/* Starting and stopping a node, and the replica's thread. */
#include <sys/resource.h>
#include "ledger/index.h"
#include "node/documents.h"
#include "node/nudges.h"
#include "node/past.h"

enum { ROOM_EVERY_MS = 1000, MAPPED_MAX = 64 << 20 }; /* of the store's pages, in this process's memory */

static void put(struct queue *q, struct job *j)
{
    bool enough;
    (void)queue_put(q, j, &enough);
}

static void on_ask(void *ctx, struct server_call *call, enum method method, const void *request)
{
    struct node *n = ctx;
    struct job *j = job_new(JOB_CALL, (struct span){NULL, 0}, (struct span){NULL, 0});
    j->call = call;
    j->method = method;
    j->request = request;
    enum answered_by by = method_answered_by(method);
    if (by == BY_DOCUMENTS)
        (void)documents_take(n, j);
    else if (by == BY_NUDGES)
        (void)nudges_take(n, j);
    else if (by == BY_REPLICA)
        put(&n->replica_queue, j);
    else
        put(server_at(call) != 0 ? &n->past_queue : &n->reader_queue, j);
}

static void on_gone(void *ctx)
{
    struct node *n = ctx;
    queue_drop_gone(&n->replica_queue);
    queue_drop_gone(&n->reader_queue);
    queue_drop_gone(&n->past_queue);
    queue_drop_gone(&n->documents->queue);
    nudges_gone(n);
}

static void on_final(void *ctx, uint64_t height, uint64_t first_leaf, size_t leaves)
{
    struct node *n = ctx;
    n->blocks = true;
    log_put(LOG_INFO, "block %" PRIu64 " is final: %zu entries, tree of %" PRIu64, height, leaves - 1, first_leaf + leaves);
}

static void on_refused(void *ctx, const struct hash *id, enum verdict verdict, const char *why)
{
    struct node *n = ctx;
    n->blocks = true;
    log_put(LOG_WARN, "entry %.16s... is refused: %s: %s", hex_of(id).s, verdict_text(verdict), why);
}

static uint64_t micros(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* What no honest node sends. Its sender waits ten times as long as it took us, so that it can have a tenth of our time at
 * most. The log has the first, the second, the fourth and so on: a flood does not fill the disk. */
static void on_fault(struct node *n, struct span org, uint64_t took_us, const char *text)
{
    struct replica_peer_status p = {0};
    queue_hold(&n->replica_queue, org, 1 + took_us / 100);
    for (size_t i = 0; replica_peer(n->replica, i, &p) && !span_eq(p.org, org); i++)
        continue;
    if ((p.faults & (p.faults - 1)) == 0)
        log_put(LOG_WARN, "%.*s sent what no honest node sends (%" PRIu64 " so far): %s", SPAN_FMT(org), p.faults, text);
}

static bool is_entry(struct span frame)
{
    const uint8_t head[] = {0x82, 1, (uint8_t)msg_entry_desc.number}; /* of an envelope, ENC-1 */
    return frame.n > sizeof head && memcmp(frame.p, head, sizeof head) == 0;
}

static uint64_t mempool(const struct node *n)
{
    struct replica_status s;
    replica_status(n->replica, &s);
    return s.mempool;
}

/* Entries that this node has already are no fault: they cross each other. But whoever sends them again and again at full speed
 * shall not slow the others down. */
static void one_frame(struct node *n, struct span org, struct span frame)
{
    struct err err;
    bool entry = is_entry(frame);
    uint64_t had = entry ? mempool(n) : 0, began = micros();
    if (replica_frame(n->replica, org, frame, &err) != ST_OK)
        on_fault(n, org, micros() - began, err.text);
    else if (entry && mempool(n) == had)
        queue_idle(&n->replica_queue, org, micros() - began);
}

static void one_job(struct node *n, struct job *j)
{
    struct span org = span_of(j->org, j->org_n);
    if (j->type != JOB_CALL && (documents_take(n, j) || nudges_take(n, j)))
        return;
    if (j->type == JOB_CALL) {
        ask_replica(n, j);
    } else if (j->type == JOB_UP) {
        log_put(LOG_INFO, "%.*s is connected", SPAN_FMT(org));
        replica_peer_up(n->replica, org);
    } else if (j->type == JOB_DOWN) {
        log_put(LOG_INFO, "%.*s is gone: %.*s", SPAN_FMT(org), (int)j->n, (const char *)j->bytes);
        replica_peer_down(n->replica, org);
    } else {
        one_frame(n, org, span_of(j->bytes, j->n));
    }
    free(j);
}

/* The low-water mark: stop before a commit fails; go on when there is a quarter more than that. */
static void check_room(struct node *n, uint64_t now)
{
    struct err err;
    if (now < n->room_at_ms)
        return;
    n->room_at_ms = now + ROOM_EVERY_MS;
    store_lmdb_trim(n->store, MAPPED_MAX);
    uint64_t least = n->cfg.low_water_bytes + (n->no_room ? n->cfg.low_water_bytes / 4 : 0);
    bool room = store_lmdb_room(n->store, least, &err) == ST_OK;
    if (!room && !n->no_room) {
        replica_stop(n->replica, err.text);
    } else if (room && n->no_room) {
        replica_resume(n->replica);
        n->said_halted = replica_halted(n->replica) != NULL;
        if (!n->said_halted)
            log_put(LOG_INFO, "there is room on the disk again; this node goes on");
    }
    n->no_room = !room;
    const char *halted = replica_halted(n->replica);
    if (halted != NULL && !n->said_halted) {
        n->said_halted = true;
        log_put(LOG_ERROR, "this node stopped signing: %s", halted);
    }
}

static void resume_peers(struct node *n)
{
    uint8_t org[64];
    size_t k;
    while (queue_resumed(&n->replica_queue, org, &k))
        links_resume(n, span_of(org, k));
}

static void foresee(struct node *n, const struct job *j)
{
    for (; j != NULL; j = j->next)
        if (j->type == JOB_FRAME)
            replica_foresee(n->replica, span_of(j->org, j->org_n), span_of(j->bytes, j->n));
}

/* The next batch. While the node catches up, the one after it is taken already, so that other threads check the signatures
 * of its blocks meanwhile. */
static struct job *next_batch(struct node *n, struct job **held, uint64_t until_ms)
{
    struct job *j = *held;
    *held = NULL;
    if (j == NULL) {
        j = queue_take(&n->replica_queue, BATCH_MAX, until_ms);
        foresee(n, j);
    }
    if (j != NULL && replica_foresees(n->replica)) {
        *held = queue_take(&n->replica_queue, BATCH_MAX, 0);
        foresee(n, *held);
    }
    return j;
}

static void *replica_main(void *arg)
{
    struct node *n = arg;
    uint64_t next = 0;
    struct err err = {0};
    struct job *held = NULL;
    while (!queue_stopping(&n->replica_queue)) {
        struct job *j = next_batch(n, &held, next);
        while (j != NULL) {
            struct job *after = j->next;
            one_job(n, j);
            j = after;
        }
        resume_peers(n);
        enum status st = replica_acknowledge(n->replica, &err);
        ask_replica_pending(n, st, err.text);
        check_room(n, clock_mono_ms(&clock_system));
        replica_tick(n->replica, &next);
        ask_replica_waiters(n, clock_mono_ms(&clock_system));
        notify_seen(n);
    }
    jobs_free(held);
    for (size_t i = 0; i < n->n_waiters; i++)
        server_refuse(n->waiters[i].call, ST_CLOSED, "the node stops; what it accepted is kept");
    return NULL;
}

static void *reader_main(void *arg)
{
    struct node *n = arg;
    while (!queue_stopping(&n->reader_queue)) {
        struct job *j = queue_take(&n->reader_queue, 1, UINT64_MAX);
        if (j != NULL)
            ask_reader(n, j);
        free(j);
    }
    return NULL;
}

static bool past_ends(void *ctx)
{
    struct node *n = ctx;
    return queue_stopping(&n->past_queue);
}

/* Executing blocks again takes a processor for as long as it takes: everything else goes first. */
static void *past_main(void *arg)
{
    struct node *n = arg;
    struct past *p = past_new(n->store, PAST_BYTES_MAX, past_ends, n);
    (void)setpriority(PRIO_PROCESS, 0, 10); /* on Linux, of this thread */
    while (!queue_stopping(&n->past_queue)) {
        struct job *j = queue_take(&n->past_queue, 1, clock_mono_ms(&clock_system) + PAST_KEEP_MS);
        if (j != NULL)
            ask_past(n, p, j);
        else
            past_drop(p);
        free(j);
    }
    past_free(p);
    return NULL;
}

static enum status start_replica(struct node *n, struct err *err)
{
    struct replica_config cfg = {.org = n->cfg.partner,
                                 .vote = n->journal == NULL ? NULL : n->keys.vote,
                                 .cosign = n->keys.cosign,
                                 .log = n->keys.log,
                                 .node = n->keys.node,
                                 .store = n->store,
                                 .signatures = n->signatures,
                                 .journal = n->journal,
                                 .clock = &clock_system,
                                 .rng = &rng_system,
                                 .net = {n, links_send, links_broadcast},
                                 .events = {n, on_final, on_refused, links_members}};
    enum status st = replica_new(&cfg, &n->replica, err);
    if (st == ST_NOTFOUND) /* founded, or this would not be reached */
        return err_set(err, ST_CORRUPT,
                       "%s/store has lost its record of the newest block: it is damaged. Check the disk; then move store/ aside and start "
                       "again: the node fetches the ledger from its partners, and does not vote",
                       n->dir);
    return st;
}

static void start_thread(pthread_t *t, void *(*main)(void *), struct node *n)
{
    ASSERT(pthread_create(t, NULL, main, n) == 0);
}

static enum status start_all(struct node *n, struct err *err)
{
    const char *store_dir = file_join(&n->a, n->dir, "store");
    enum status st = file_make_dir(store_dir, 0700, err);
    st = st == ST_EXISTS ? ST_OK : st;
    if (st == ST_OK)
        st = store_lmdb_open(store_dir, n->cfg.map_bytes, 0, &n->store, err);
    if (st == ST_OK)
        st = found_epoch(n, err); /* before keys: it may name new ones of this node */
    if (st == ST_OK)
        st = found_take_keys(n, err);
    if (st == ST_OK)
        st = nodekeys_open(file_join(&n->a, n->dir, "keys"), &n->keys, err);
    if (st == ST_OK)
        st = tlsid_open(n->dir, n->cfg.partner, &n->tls, err);
    if (st == ST_OK)
        st = found_if_new(n, err);
    if (st == ST_OK)
        st = found_epoch(n, err);
    if (st == ST_OK)
        st = found_open_journal(n, err);
    n->signatures = signatures_new(signatures_threads());
    if (st == ST_OK)
        st = start_replica(n, err);
    if (st == ST_OK)
        st = index_ensure(n->store, err);
    if (st == ST_OK) /* it has read the ids of a month */
        store_lmdb_trim(n->store, MAPPED_MAX);
    if (st == ST_OK) {
        documents_open(n);
        nudges_open(n);
        st = links_start(n, err);
    }
    struct server_events events = {n, on_ask, on_gone};
    if (st == ST_OK)
        st = server_start(n->cfg.socket, n->cfg.socket_group, &events, &n->server, err);
    return st;
}

enum status node_start(const char *dir, const struct config *cfg, const struct node_hooks *hooks, struct node **ret_node,
                       struct err *err)
{
    struct node *n = calloc(1, sizeof *n);
    ASSERT(n != NULL);
    n->cfg = *cfg;
    n->dir = dir;
    n->hooks = *hooks;
    n->pending = calloc(BATCH_MAX, sizeof *n->pending);
    ASSERT(n->pending != NULL);
    queue_init(&n->replica_queue);
    queue_init(&n->reader_queue);
    queue_init(&n->past_queue);
    (void)pthread_mutex_init(&n->pulse_lock, NULL);
    links_init(n);
    enum status st = start_all(n, err);
    if (st != ST_OK) {
        node_stop(n);
        return st;
    }
    notify_start(n); /* before the replica's, which tells it of blocks; and it ends after that */
    start_thread(&n->replica_thread, replica_main, n);
    for (size_t i = 0; i < READERS; i++)
        start_thread(&n->readers[i], reader_main, n);
    start_thread(&n->past_thread, past_main, n);
    n->n_threads = 2 + READERS;
    documents_run(n);
    nudges_run(n);
    links_run(n);
    *ret_node = n;
    return ST_OK;
}

void node_stop(struct node *n)
{
    if (n == NULL)
        return;
    links_join(n);
    queue_stop(&n->replica_queue);
    queue_stop(&n->reader_queue);
    queue_stop(&n->past_queue);
    if (n->n_threads > 0) {
        (void)pthread_join(n->replica_thread, NULL);
        for (size_t i = 0; i < READERS; i++)
            (void)pthread_join(n->readers[i], NULL);
        (void)pthread_join(n->past_thread, NULL);
    }
    notify_stop(n);
    documents_stop(n);
    nudges_stop(n);
    server_stop(n->server);
    links_stop(n);
    documents_close(n);
    nudges_close(n);
    queue_deinit(&n->replica_queue);
    queue_deinit(&n->reader_queue);
    queue_deinit(&n->past_queue);
    (void)pthread_mutex_destroy(&n->pulse_lock);
    replica_free(n->replica);
    signatures_free(n->signatures);
    journal_close(n->journal);
    store_disk_close(&n->disk);
    store_close(n->store);
    tlsid_free(n->tls);
    nodekeys_close(&n->keys);
    links_deinit(n);
    free(n->pending);
    arena_deinit(&n->a);
    free(n);
}
