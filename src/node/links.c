/* Links to the other nodes: who they are comes from the record, and changes with it (NET-7). A thread of its own, since a
 * change of peers may block for seconds. */
#include "node/internal.h"
#include "node/rekey.h"

/* Alone for so long, it calls as its fresh keys, if some wait; then the two take turns, each long enough for the others'
 * attempts, which come at least every 15 s. */
/* After its own organisation has left, it has so long to say that it has its copy. */
enum { LOOK_MS = 500, ALONE_MS = 4000, TURN_MS = 20000, FAREWELL_MS = 60000 };

static struct span address_override(const struct node *n, struct span org)
{
    for (size_t i = 0; i < n->cfg.n_peers; i++)
        if (span_eq(n->cfg.peers[i].org, org))
            return n->cfg.peers[i].address;
    return (struct span){NULL, 0};
}

static enum status load_peers(struct node *n, struct arena *a, struct net_peer **ret_peers, size_t *ret_n, struct err *err)
{
    struct view v;
    struct replica_member *m;
    size_t k = 0;
    enum status st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    st = replica_roster(&v, n->cfg.partner, a, &m, &k, err);
    store_read_end(n->store, &v);
    if (st != ST_OK)
        return st;
    struct net_peer *peers = arena_array(a, k + 1, sizeof *peers);
    ASSERT(peers != NULL);
    for (size_t i = 0; i < k; i++) {
        peers[i] = (struct net_peer){.org = m[i].org,
                                     .node = m[i].node.node,
                                     .tls = m[i].node.tls,
                                     .addresses = m[i].node.addresses,
                                     .validator = m[i].validator};
        struct span other = address_override(n, m[i].org);
        if (other.n != 0) {
            struct span *one = arena_alloc(a, sizeof *one);
            ASSERT(one != NULL);
            *one = other;
            peers[i].addresses = (struct span_list){1, one};
        }
    }
    *ret_peers = peers;
    *ret_n = k;
    return ST_OK;
}

static void on_up(void *ctx, struct span org)
{
    struct node *n = ctx;
    bool enough;
    (void)queue_put(&n->replica_queue, job_new(JOB_UP, org, (struct span){NULL, 0}), &enough);
}

static void on_down(void *ctx, struct span org, const char *why)
{
    struct node *n = ctx;
    bool enough;
    (void)queue_put(&n->replica_queue, job_new(JOB_DOWN, org, span_str(why)), &enough);
}

static bool on_frame(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    bool enough;
    (void)queue_put(&n->replica_queue, job_new(JOB_FRAME, org, frame), &enough);
    return !enough;
}

/* With the identity in place, or with the one that waits. */
static enum status start_net(struct node *n, struct net **ret_net, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct net_peer *peers;
    size_t k;
    struct view v;
    enum status st = load_peers(n, &a, &peers, &k, err);
    if (st == ST_OK)
        st = store_read_begin(n->store, &v, err);
    if (st != ST_OK)
        return st;
    uint64_t epoch = replica_epoch(&v);
    store_read_end(n->store, &v);
    const struct tlsid *tls = n->next_node != NULL ? n->next_tls : n->tls;
    struct net_config cfg = {.org = n->cfg.partner,
                             .alliance = n->alliance,
                             .epoch = epoch,
                             .listen = n->cfg.listen,
                             .tls = span_of(tls->cert, tls->cert_n),
                             .tls_key = tls->key_pem,
                             .node_key = n->next_node != NULL ? n->next_node : n->keys.node,
                             .clock = &clock_system,
                             .rng = &rng_system};
    struct net_events events = {n, on_up, on_down, on_frame};
    return net_start(&cfg, peers, k, &events, ret_net, err);
}

/* The links in use; others see them through links_use alone. */
static void put_net(struct node *n, struct net *net)
{
    (void)pthread_rwlock_wrlock(&n->net_lock);
    n->net = net;
    (void)pthread_rwlock_unlock(&n->net_lock);
}

static void drop_next(struct node *n)
{
    ed25519_free(n->next_node);
    tlsid_free(n->next_tls);
    n->next_node = NULL;
    n->next_tls = NULL;
}

enum status links_start(struct node *n, struct err *err)
{
    struct net *net = NULL;
    enum status st = start_net(n, &net, err);
    if (st == ST_OK)
        put_net(n, net);
    return st;
}

void links_stop(struct node *n)
{
    struct net *net = n->net;
    put_net(n, NULL);
    net_stop(net);
    drop_next(n);
}

static void update_peers(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct net_peer *peers;
    size_t k;
    struct err err;
    enum status st = load_peers(n, &a, &peers, &k, &err);
    if (st == ST_OK && n->net != NULL)
        st = net_update_peers(n->net, peers, k, &err);
    bool failed_before = n->update_failed;
    n->update_failed = st != ST_OK;
    if (st != ST_OK && !failed_before)
        log_put(LOG_ERROR, "the peers could not be changed, and it is tried again: %s", err.text);
    else if (st == ST_OK)
        log_put(LOG_INFO, "the members of the alliance changed: %zu other nodes", k);
}

/* Are fresh keys of ours on the record now? Then the node starts anew in this process, and takes them over as it does. */
static void look_for_keys(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct view v;
    struct state_party p;
    struct err err;
    struct hash key;
    bool due = false, vote;
    if (store_read_begin(n->store, &v, &err) != ST_OK)
        return;
    enum status st = replica_party(&v, n->cfg.partner, &a, &p, &err);
    store_read_end(n->store, &v);
    if (st != ST_OK)
        return;
    if (n->left_ms == 0 && HAS(&p, state_party_key_standing) && p.standing == STANDING_LEFT)
        n->left_ms = clock_mono_ms(&clock_system);
    if (rekey_due(n->dir, n->cfg.partner, &p.node, &due, &vote, &key, &err) != ST_OK) {
        log_put(LOG_ERROR, "keys that wait cannot be read: %s", err.text);
        return;
    }
    if (!due || n->restart_asked || n->hooks.restart == NULL)
        return;
    n->restart_asked = true;
    log_put(LOG_INFO, "fresh keys of this node are on the record: it takes them over");
    n->hooks.restart(n->hooks.ctx);
}

/* Nobody answers: the others may know our fresh keys already, of a block that we have not got. The two take turns. */
static void other_identity(struct node *n)
{
    struct err err = {0};
    struct net *net = n->net;
    bool was_next = n->next_node != NULL;
    struct ed25519_key *node = NULL;
    struct tlsid *tls = NULL;
    if (!was_next && rekey_next_identity(n->dir, n->cfg.partner, &node, &tls, &err) != ST_OK)
        return;
    put_net(n, NULL);
    net_stop(net);
    drop_next(n);
    n->next_node = node;
    n->next_tls = tls;
    net = NULL;
    if (start_net(n, &net, &err) != ST_OK) {
        log_put(LOG_ERROR, "links cannot be made: %s", err.text);
        return;
    }
    put_net(n, net);
    log_put(LOG_INFO, "no node answers; it calls as %s now", was_next ? "itself" : "its fresh keys");
}

/* It has left, and nobody has anything to say to it any more. */
static void close_all(struct node *n)
{
    struct net *net = n->net;
    put_net(n, NULL);
    net_stop(net);
    log_put(LOG_INFO, "%.*s has left the alliance: this node keeps its copy, and has no links", SPAN_FMT(n->cfg.partner));
}

static void *links_main(void *arg)
{
    struct node *n = arg;
    uint64_t alone_since = clock_mono_ms(&clock_system), patience = ALONE_MS;
    look_for_keys(n);
    (void)pthread_mutex_lock(&n->links_lock);
    while (!n->links_stopping) {
        uint64_t now = clock_mono_ms(&clock_system), until = now + LOOK_MS;
        struct timespec at = {.tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000};
        if (!n->members_changed)
            (void)pthread_cond_timedwait(&n->links_cond, &n->links_lock, &at);
        bool changed = n->members_changed || n->update_failed;
        bool linked = n->n_links > 0;
        n->members_changed = false;
        (void)pthread_mutex_unlock(&n->links_lock);
        now = clock_mono_ms(&clock_system);
        if (linked) {
            alone_since = now;
            patience = ALONE_MS;
        }
        if (changed) {
            look_for_keys(n);
            update_peers(n);
        }
        if (n->left_ms != 0 && now >= n->left_ms + FAREWELL_MS) {
            if (n->net != NULL)
                close_all(n);
        } else if (now >= alone_since + patience && !n->restart_asked) {
            other_identity(n);
            alone_since = clock_mono_ms(&clock_system);
            patience = TURN_MS;
        }
        (void)pthread_mutex_lock(&n->links_lock);
    }
    (void)pthread_mutex_unlock(&n->links_lock);
    return NULL;
}

void links_init(struct node *n)
{
    pthread_condattr_t attr;
    ASSERT(pthread_rwlock_init(&n->net_lock, NULL) == 0);
    ASSERT(pthread_mutex_init(&n->links_lock, NULL) == 0);
    ASSERT(pthread_condattr_init(&attr) == 0);
    ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&n->links_cond, &attr) == 0);
    (void)pthread_condattr_destroy(&attr);
}

void links_deinit(struct node *n)
{
    (void)pthread_cond_destroy(&n->links_cond);
    (void)pthread_mutex_destroy(&n->links_lock);
    (void)pthread_rwlock_destroy(&n->net_lock);
}

void links_run(struct node *n)
{
    ASSERT(pthread_create(&n->links_thread, NULL, links_main, n) == 0);
    n->links_running = true;
}

void links_join(struct node *n)
{
    if (!n->links_running)
        return;
    (void)pthread_mutex_lock(&n->links_lock);
    n->links_stopping = true;
    (void)pthread_cond_signal(&n->links_cond);
    (void)pthread_mutex_unlock(&n->links_lock);
    (void)pthread_join(n->links_thread, NULL);
    n->links_running = false;
}

void links_members(void *ctx)
{
    struct node *n = ctx;
    (void)pthread_mutex_lock(&n->links_lock);
    n->members_changed = true;
    (void)pthread_cond_signal(&n->links_cond);
    (void)pthread_mutex_unlock(&n->links_lock);
}

void links_count(struct node *n, bool up)
{
    (void)pthread_mutex_lock(&n->links_lock);
    if (up)
        n->n_links++;
    else if (n->n_links > 0)
        n->n_links--;
    (void)pthread_mutex_unlock(&n->links_lock);
}

enum status links_send(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    (void)pthread_rwlock_rdlock(&n->net_lock);
    enum status st = n->net == NULL ? ST_UNREACHABLE : net_send(n->net, org, frame);
    (void)pthread_rwlock_unlock(&n->net_lock);
    return st;
}

void links_broadcast(void *ctx, struct span frame)
{
    struct node *n = ctx;
    (void)pthread_rwlock_rdlock(&n->net_lock);
    if (n->net != NULL)
        (void)net_broadcast(n->net, true, frame);
    (void)pthread_rwlock_unlock(&n->net_lock);
}

void links_resume(struct node *n, struct span org)
{
    (void)pthread_rwlock_rdlock(&n->net_lock);
    if (n->net != NULL)
        net_resume(n->net, org);
    (void)pthread_rwlock_unlock(&n->net_lock);
}

enum status links_status(struct node *n, struct span org, struct net_peer_status *ret_status)
{
    (void)pthread_rwlock_rdlock(&n->net_lock);
    enum status st = n->net == NULL ? ST_NOTFOUND : net_status(n->net, org, ret_status);
    (void)pthread_rwlock_unlock(&n->net_lock);
    return st;
}
