/* Links to the other nodes: who they are comes from the record, and changes with it (NET-7). A thread of its own, since a
 * change of peers may block for seconds. */
#include "cert/quorum.h"
#include "gov/gov.h"
#include "ledger/block.h"
#include "node/internal.h"

/* With too few links for so long, it calls as its other identities, if it has some; they take turns, each long enough for the
 * others' attempts, which come at least every 15 s. */
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

/* With the identity in place, or with another. */
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
    bool other = n->calls_as != REKEY_IN_PLACE;
    const struct tlsid *tls = other ? n->other_tls : n->tls;
    struct net_config cfg = {.org = n->cfg.partner,
                             .alliance = n->alliance,
                             .epoch = epoch,
                             .listen = n->cfg.listen,
                             .tls = span_of(tls->cert, tls->cert_n),
                             .tls_key = tls->key_pem,
                             .node_key = other ? n->other_node : n->keys.node,
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

static void drop_other(struct node *n)
{
    ed25519_free(n->other_node);
    tlsid_free(n->other_tls);
    n->other_node = NULL;
    n->other_tls = NULL;
    n->calls_as = REKEY_IN_PLACE;
}

enum status links_start(struct node *n, struct err *err)
{
    struct net *net = NULL;
    enum status st = start_net(n, &net, err);
    if (st == ST_OK)
        put_net(n, net);
    n->keeps_previous = true; /* for all that is known yet */
    return st;
}

void links_stop(struct node *n)
{
    struct net *net = n->net;
    put_net(n, NULL);
    net_stop(net);
    drop_other(n);
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

/* Links to as many voting nodes as can agree together with this one. */
static bool enough_links(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct net_peer *peers;
    struct net_peer_status status;
    struct validator_set set;
    struct view v;
    struct err err;
    size_t k, links = 0;
    if (load_peers(n, &a, &peers, &k, &err) != ST_OK || store_read_begin(n->store, &v, &err) != ST_OK)
        return true; /* nothing can be told, and nothing is changed */
    enum status st = gov_validators(&v, &a, &set, &err);
    store_read_end(n->store, &v);
    for (size_t i = 0; st == ST_OK && i < k; i++)
        links += peers[i].validator && links_status(n, peers[i].org, &status) == ST_OK && status.connected;
    return st != ST_OK || links + 1 >= quorum_of((uint32_t)set.members.n);
}

/* Links by the identity in use; without them (the port is taken, for a moment or for long) it is tried again. */
static void make_net(struct node *n)
{
    struct err err;
    struct net *net = NULL;
    bool failed_before = n->net_failed;
    n->net_failed = start_net(n, &net, &err) != ST_OK;
    if (!n->net_failed)
        put_net(n, net);
    if (n->net_failed && !failed_before)
        log_put(LOG_ERROR, "links cannot be made, and it is tried again: %s", err.text);
    else if (!n->net_failed && failed_before)
        log_put(LOG_INFO, "links are made again");
}

static void call_as(struct node *n, enum rekey_identity which, struct ed25519_key *node, struct tlsid *tls)
{
    struct net *net = n->net;
    put_net(n, NULL);
    net_stop(net);
    drop_other(n);
    n->calls_as = which;
    n->other_node = node;
    n->other_tls = tls;
    make_net(n);
}

/* The others may know our fresh keys already, of a block that we have not got; or they have not got the block by which we took
 * ours over. What it has takes turns. */
static void next_identity(struct node *n)
{
    static const char *const words[] = {"its own keys", "the fresh keys that wait", "the keys that it had before"};
    enum rekey_identity which = n->calls_as;
    for (size_t i = 1; i < REKEY_IDENTITIES; i++) {
        struct err err = {0};
        struct ed25519_key *node = NULL;
        struct tlsid *tls = NULL;
        which = (enum rekey_identity)((which + 1) % REKEY_IDENTITIES);
        enum status st = which == REKEY_IN_PLACE ? ST_OK : rekey_identity(n->dir, n->cfg.partner, which, &node, &tls, &err);
        if (st == ST_OK) {
            call_as(n, which, node, tls);
            log_put(LOG_INFO, "too few nodes answer to agree on anything; this one calls by %s now", words[which]);
            return;
        }
        if (st != ST_NOTFOUND)
            log_put(LOG_ERROR, "keys to call with cannot be read: %s", err.text);
    }
}

/* A block after the one that named the fresh keys: so many have that one that nobody needs the old identity. */
static void forget_previous(struct node *n)
{
    struct view v;
    struct tip tip;
    struct err err;
    if (!n->keeps_previous || store_read_begin(n->store, &v, &err) != ST_OK)
        return;
    enum status st = tip_load(&v, &tip, &err);
    store_read_end(n->store, &v);
    if (st == ST_OK)
        st = rekey_forget(n->dir, tip.height, &n->keeps_previous, &err);
    if (st != ST_OK && st != ST_NOTFOUND) {
        n->keeps_previous = false; /* until the next start */
        log_put(LOG_ERROR, "the identity that this node had before cannot be thrown away: %s", err.text);
    }
    if (!n->keeps_previous && n->calls_as == REKEY_PREVIOUS)
        call_as(n, REKEY_IN_PLACE, NULL, NULL);
}

/* It has left, and nobody has anything to say to it any more. */
static void close_all(struct node *n)
{
    struct net *net = n->net;
    put_net(n, NULL);
    net_stop(net);
    n->net_closed = true;
    log_put(LOG_INFO, "%.*s has left the alliance: this node keeps its copy, and has no links", SPAN_FMT(n->cfg.partner));
}

static void *links_main(void *arg)
{
    struct node *n = arg;
    uint64_t alone_since = clock_mono_ms(&clock_system), patience = ALONE_MS;
    look_for_keys(n);
    (void)pthread_mutex_lock(&n->links_lock);
    while (!n->links_stopping) {
        if (!n->members_changed)
            wait_ms(&n->links_cond, &n->links_lock, LOOK_MS);
        bool changed = n->members_changed || n->update_failed;
        n->members_changed = false;
        (void)pthread_mutex_unlock(&n->links_lock);
        uint64_t now = clock_mono_ms(&clock_system);
        forget_previous(n);
        if (enough_links(n)) {
            alone_since = now;
            patience = ALONE_MS;
        }
        if (changed) {
            look_for_keys(n);
            update_peers(n);
        }
        if (n->left_ms != 0 && now >= n->left_ms + FAREWELL_MS) {
            if (!n->net_closed)
                close_all(n);
        } else if (n->net == NULL) {
            make_net(n);
        } else if (now >= alone_since + patience && !n->restart_asked) {
            next_identity(n);
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
    ASSERT(pthread_rwlock_init(&n->net_lock, NULL) == 0);
    ASSERT(pthread_mutex_init(&n->links_lock, NULL) == 0);
    ASSERT(pthread_cond_init(&n->links_cond, NULL) == 0);
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

enum status links_send(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    (void)pthread_rwlock_rdlock(&n->net_lock);
    enum status st = n->net == NULL ? ST_UNREACHABLE : net_send(n->net, org, frame);
    (void)pthread_rwlock_unlock(&n->net_lock);
    return st;
}

void links_broadcast(void *ctx, const struct span *frames, size_t k)
{
    struct node *n = ctx;
    (void)pthread_rwlock_rdlock(&n->net_lock);
    if (n->net != NULL)
        (void)net_broadcast(n->net, true, frames, k);
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
