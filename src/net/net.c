#include <nng/nng.h>
#include <sodium.h>
#include <stdarg.h>
#include "crypto/hash.h"
#include "crypto/tlsid.h"
#include "net/impl.h"

struct net_fingerprint net_fingerprint(struct span tls)
{
    struct net_fingerprint f;
    struct hash h;
    sha256(tls, &h);
    memcpy(f.s, "SHA256:", 7);
    (void)sodium_bin2base64(f.s + 7, sizeof f.s - 7, h.b, sizeof h.b,
                            sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    return f;
}

struct peer *net_find(struct net *net, struct span org)
{
    for (size_t i = 0; i < net->n_peers; i++)
        if (span_eqs(org, net->peers[i]->id.org))
            return net->peers[i];
    return NULL;
}

void net_peer_error(struct peer *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(p->error, sizeof p->error, fmt, ap);
    va_end(ap);
    p->error_at_ms = clock_wall_ms(p->net->clock);
}

void net_self_error(struct net *net, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(net->error, sizeof net->error, fmt, ap);
    va_end(ap);
    net->error_at_ms = clock_wall_ms(net->clock);
}

static void on_tick(void *arg)
{
    struct net *net = arg;
    if (nng_aio_result(net->tick) != 0)
        return; /* net_stop */
    uint64_t now = net_now(net);
    /* net_update_peers may hold it for long; the next tick will do. */
    if (pthread_mutex_trylock(&net->dial_lock) == 0) {
        listen_tick(net, now);
        dial_tick(net, now);
        (void)pthread_mutex_unlock(&net->dial_lock);
    }
    nng_sleep_aio(TICK_MS, net->tick);
}

/* --- The list of peers --- */

static enum status hello_peer_of(const struct net_peer *from, struct hello_peer *ret, struct err *err)
{
    if (from->org.n == 0 || from->org.n >= HELLO_ORG_MAX)
        return err_set(err, ST_FORMAT, "a peer's id has %zu bytes; 1 to %d were expected", from->org.n,
                       HELLO_ORG_MAX - 1);
    if (from->tls.n == 0 || from->tls.n > TLSID_CERT_MAX)
        return err_set(err, ST_BADKEY, "the TLS certificate of '%.*s' has %zu bytes; 1 to %d were expected",
                       SPAN_FMT(from->org), from->tls.n, TLSID_CERT_MAX);
    *ret = (struct hello_peer){.node = from->node};
    memcpy(ret->org, from->org.p, from->org.n);
    sha256(from->tls, &ret->certificate);
    return ST_OK;
}

/* A certificate that cannot be used shuts out its own organisation only. */
static void note_unusable(struct peer *p, const struct err *err)
{
    (void)pthread_mutex_lock(&p->net->lock);
    net_peer_error(p, "%s", err->text);
    (void)pthread_mutex_unlock(&p->net->lock);
}

static struct peer *new_peer(struct net *net, const struct net_peer *from, const struct hello_peer *id)
{
    struct peer *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->net = net;
    p->id = *id;
    p->since_ms = clock_wall_ms(net->clock);
    (void)snprintf(p->fingerprint, sizeof p->fingerprint, "%s", net_fingerprint(from->tls).s);
    struct err err;
    if (tls_config_dial(net->own, from->tls, p->id.org, &p->config, &err) != ST_OK)
        note_unusable(p, &err);
    return p;
}

static void free_peer(struct peer *p)
{
    if (p == NULL)
        return;
    dial_deinit(p);
    tls_config_free(p->config);
    free(p);
}

static bool same_addresses(const struct peer *p, const struct span_list *list)
{
    size_t n = list->n < PEER_ADDRESSES ? list->n : PEER_ADDRESSES;
    if (p->n_addresses != n || p->dial == NULL)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!span_eqs(list->v[i], p->address[i].text))
            return false;
    return true;
}

struct roster {
    struct peer **peers;
    size_t n;
    struct tls_config *callers;
};

static void roster_free(struct roster *r)
{
    tls_config_free(r->callers);
    free(r->peers);
    *r = (struct roster){0};
}

/* Ourselves, or an organisation that is in the list already, is a mistake of the caller's record. */
static enum status check_new(const struct net *net, const struct net_peer *from, size_t i, struct err *err)
{
    bool twice = span_eqs(from[i].org, net->self.id.org);
    for (size_t k = 0; k < i; k++)
        twice = twice || span_eq(from[k].org, from[i].org);
    return !twice ? ST_OK
                  : err_set(err, ST_FORMAT, "'%.*s' is this node, or is in the list of peers twice",
                            SPAN_FMT(from[i].org));
}

/* The new list; peers that stay are the same objects. Nothing changes before it is complete. */
static enum status roster_make(struct net *net, const struct net_peer *from, size_t n, struct roster *ret,
                               struct err *err)
{
    struct roster r = {.peers = calloc(n + 1, sizeof(struct peer *))};
    enum status st = r.peers == NULL ? err_set(err, ST_NOMEM, "out of memory for the peers")
                                     : tls_config_listen(net->own, &r.callers, err);
    for (size_t i = 0; i < n && st == ST_OK; i++) {
        struct hello_peer id;
        st = hello_peer_of(&from[i], &id, err);
        if (st == ST_OK)
            st = check_new(net, from, i, err);
        if (st != ST_OK)
            break;
        struct peer *p = net_find(net, from[i].org);
        if (p == NULL || !hash_eq(&p->id.node, &id.node) || !hash_eq(&p->id.certificate, &id.certificate))
            p = new_peer(net, &from[i], &id);
        r.peers[i] = p;
        r.n = i + 1;
        struct err why;
        if (p == NULL)
            st = err_set(err, ST_NOMEM, "out of memory for the peers");
        else if (tls_config_add(r.callers, from[i].tls, id.org, &why) != ST_OK)
            note_unusable(p, &why);
    }
    if (st == ST_OK) {
        *ret = r;
        return ST_OK;
    }
    for (size_t i = 0; i < r.n; i++) {
        bool kept = false;
        for (size_t k = 0; k < net->n_peers; k++)
            kept = kept || net->peers[k] == r.peers[i];
        if (!kept)
            free_peer(r.peers[i]);
    }
    roster_free(&r);
    return st;
}

static bool in_roster(const struct roster *r, const struct peer *p)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->peers[i] == p)
            return true;
    return false;
}

/* A peer leaves: its links end, and down is given if one was up. */
static void remove_peer(struct net *net, struct peer *p)
{
    static const char why[] = "no longer a peer, or its keys changed";
    (void)pthread_mutex_lock(&net->event_lock);
    (void)pthread_mutex_lock(&net->lock);
    p->removed = true;
    struct link *ends[] = {p->up, p->out};
    struct frame_conn *conns[] = {NULL, NULL};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (ends[i] == NULL)
            continue;
        conns[i] = frame_hold(ends[i]->conn);
        link_detach(ends[i]);
    }
    (void)pthread_mutex_unlock(&net->lock);
    if (conns[0] != NULL)
        net->events.down(net->events.ctx, span_str(p->id.org), why);
    (void)pthread_mutex_unlock(&net->event_lock);
    for (size_t i = 0; i < ARRAY_LEN(conns); i++) {
        if (conns[i] == NULL)
            continue;
        frame_close(conns[i], ST_CLOSED, why);
        frame_release(conns[i]);
    }
    free_peer(p);
}

/* Under dial_lock. */
static enum status set_peers(struct net *net, const struct net_peer *from, size_t n, struct err *err)
{
    struct roster fresh;
    enum status st = roster_make(net, from, n, &fresh, err);
    if (st != ST_OK)
        return st;
    struct roster old = {net->peers, net->n_peers, net->callers};
    (void)pthread_mutex_lock(&net->lock);
    net->peers = fresh.peers;
    net->n_peers = fresh.n;
    net->callers = fresh.callers;
    for (size_t i = 0; i < n; i++)
        net->peers[i]->validator = from[i].validator;
    (void)pthread_mutex_unlock(&net->lock);
    for (size_t i = 0; i < old.n; i++)
        if (!in_roster(&fresh, old.peers[i]))
            remove_peer(net, old.peers[i]);
    roster_free(&old);
    for (size_t i = 0; i < n; i++) {
        if (same_addresses(net->peers[i], &from[i].addresses))
            continue;
        dial_deinit(net->peers[i]);
        dial_init(net->peers[i], &from[i]);
    }
    return ST_OK;
}

enum status net_update_peers(struct net *net, const struct net_peer *peers, size_t n, struct err *err)
{
    (void)pthread_mutex_lock(&net->dial_lock);
    enum status st = set_peers(net, peers, n, err);
    (void)pthread_mutex_unlock(&net->dial_lock);
    return st;
}

/* --- Start and stop --- */

static enum status init(struct net *net, const struct net_config *cfg, const struct net_events *events,
                        struct err *err)
{
    struct net_peer me = {.org = cfg->org, .node = cfg->node_key->pub, .tls = cfg->tls};
    enum status st = hello_peer_of(&me, &net->self.id, err);
    if (st != ST_OK)
        return st;
    if (cfg->listen != NULL && strlen(cfg->listen) >= sizeof net->listen)
        return err_set(err, ST_FORMAT, "the address to listen on is longer than %zu bytes",
                       sizeof net->listen - 1);
    (void)snprintf(net->listen, sizeof net->listen, "%s", cfg->listen == NULL ? "" : cfg->listen);
    (void)snprintf(net->fingerprint, sizeof net->fingerprint, "%s", net_fingerprint(cfg->tls).s);
    net->self.alliance = cfg->alliance;
    net->self.epoch = cfg->epoch;
    net->self.key = cfg->node_key;
    net->clock = cfg->clock;
    net->rng = cfg->rng;
    net->events = *events;
    net->hello_ms = cfg->hello_ms == 0 ? HELLO_DEFAULT_MS : cfg->hello_ms;
    if (nng_aio_alloc(&net->tick, on_tick, net) != 0)
        return err_set(err, ST_NOMEM, "out of memory for the network");
    return tls_own_new(cfg->tls, cfg->tls_key, &net->own, err);
}

enum status net_start(const struct net_config *cfg, const struct net_peer *peers, size_t n,
                      const struct net_events *events, struct net **ret_net, struct err *err)
{
    struct net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return err_set(err, ST_NOMEM, "out of memory for the network");
    (void)pthread_mutex_init(&net->dial_lock, NULL);
    (void)pthread_mutex_init(&net->event_lock, NULL);
    (void)pthread_mutex_init(&net->lock, NULL);
    (void)pthread_cond_init(&net->links_gone, NULL);
    enum status st = init(net, cfg, events, err);
    (void)pthread_mutex_lock(&net->dial_lock);
    if (st == ST_OK)
        st = set_peers(net, peers, n, err);
    if (st == ST_OK)
        st = listen_open(net, err);
    (void)pthread_mutex_unlock(&net->dial_lock);
    if (st != ST_OK) {
        net_stop(net);
        return st;
    }
    nng_sleep_aio(FIRST_TICK_MS, net->tick);
    *ret_net = net;
    return ST_OK;
}

/* Closes every link, and waits until the last has gone. */
static void end_links(struct net *net)
{
    (void)pthread_mutex_lock(&net->lock);
    size_t n = 0;
    struct frame_conn **conns = calloc(net->n_links + 1, sizeof(struct frame_conn *));
    ASSERT(conns != NULL);
    for (struct link *l = net->links; l != NULL; l = l->next)
        conns[n++] = frame_hold(l->conn);
    (void)pthread_mutex_unlock(&net->lock);
    for (size_t i = 0; i < n; i++) {
        frame_close(conns[i], ST_CLOSED, "this node stops");
        frame_release(conns[i]);
    }
    free(conns);
    (void)pthread_mutex_lock(&net->lock);
    while (net->n_links != 0)
        (void)pthread_cond_wait(&net->links_gone, &net->lock);
    (void)pthread_mutex_unlock(&net->lock);
}

void net_stop(struct net *net)
{
    if (net == NULL)
        return;
    (void)pthread_mutex_lock(&net->lock);
    net->stopping = true;
    (void)pthread_mutex_unlock(&net->lock);
    if (net->tick != NULL)
        nng_aio_stop(net->tick);
    (void)pthread_mutex_lock(&net->dial_lock);
    listen_close(net);
    for (size_t i = 0; i < net->n_peers; i++)
        dial_deinit(net->peers[i]);
    (void)pthread_mutex_unlock(&net->dial_lock);
    end_links(net);
    for (size_t i = 0; i < net->n_peers; i++)
        free_peer(net->peers[i]);
    struct roster r = {net->peers, net->n_peers, net->callers};
    roster_free(&r);
    nng_aio_free(net->tick);
    tls_own_free(net->own);
    (void)pthread_cond_destroy(&net->links_gone);
    (void)pthread_mutex_destroy(&net->lock);
    (void)pthread_mutex_destroy(&net->event_lock);
    (void)pthread_mutex_destroy(&net->dial_lock);
    free(net);
}

/* --- Sending --- */

enum status net_send(struct net *net, struct span org, struct span frame)
{
    (void)pthread_mutex_lock(&net->lock);
    struct peer *p = net_find(net, org);
    struct frame_conn *c = p == NULL || p->up == NULL ? NULL : frame_hold(p->up->conn);
    (void)pthread_mutex_unlock(&net->lock);
    if (c == NULL)
        return p == NULL ? ST_NOTFOUND : ST_UNREACHABLE;
    enum status st = frame_send(c, frame);
    frame_release(c);
    return st == ST_CLOSED ? ST_UNREACHABLE : st;
}

size_t net_broadcast(struct net *net, bool observers_too, const struct span *frames, size_t k)
{
    struct frame_shared *shared;
    size_t n = 0, sent = 0;
    if (frame_shared_new(frames, k, &shared) != ST_OK)
        return 0;
    (void)pthread_mutex_lock(&net->lock);
    struct frame_conn **conns = calloc(net->n_peers + 1, sizeof(struct frame_conn *));
    for (size_t i = 0; conns != NULL && i < net->n_peers; i++) {
        struct peer *p = net->peers[i];
        if (p->up != NULL && (p->validator || observers_too))
            conns[n++] = frame_hold(p->up->conn);
    }
    (void)pthread_mutex_unlock(&net->lock);
    for (size_t i = 0; i < n; i++) {
        sent += frame_send_shared(conns[i], shared) == ST_OK;
        frame_release(conns[i]);
    }
    free(conns);
    frame_shared_free(shared);
    return sent;
}

void net_resume(struct net *net, struct span org)
{
    (void)pthread_mutex_lock(&net->event_lock); /* the pause that this answers to is made (link.c, deliver) */
    (void)pthread_mutex_lock(&net->lock);
    struct peer *p = net_find(net, org);
    struct frame_conn *c = p == NULL || p->up == NULL ? NULL : frame_hold(p->up->conn);
    (void)pthread_mutex_unlock(&net->lock);
    (void)pthread_mutex_unlock(&net->event_lock);
    if (c == NULL)
        return;
    frame_resume(c);
    frame_release(c);
}

/* --- Looking --- */

static void fill_status(const struct peer *p, struct net_peer_status *ret)
{
    const struct link *l = p->up;
    *ret = (struct net_peer_status){
        .connected = l != NULL,
        .since_ms = p->since_ms,
        .dialed = l != NULL && l->dialed,
        .bytes_in = p->bytes_in,
        .bytes_out = p->bytes_out,
        .dropped = p->dropped,
        .attempts = p->attempts,
        .contested = l != NULL && net_now(p->net) >= l->up_at + STEADY_MS ? 0 : p->contested,
        .error_at_ms = p->error_at_ms,
    };
    memcpy(ret->error, p->error, sizeof ret->error);
    (void)snprintf(ret->address, sizeof ret->address, "%s", l != NULL ? l->address : p->dialed);
    if (l == NULL)
        return;
    struct frame_stats s;
    frame_stats(l->conn, &s);
    ret->bytes_in += s.bytes_in;
    ret->bytes_out += s.bytes_out;
    ret->dropped += s.dropped;
    ret->queued_bytes = s.queued_bytes;
}

enum status net_status(struct net *net, struct span org, struct net_peer_status *ret_status)
{
    (void)pthread_mutex_lock(&net->lock);
    const struct peer *p = net_find(net, org);
    if (p != NULL)
        fill_status(p, ret_status);
    (void)pthread_mutex_unlock(&net->lock);
    return p == NULL ? ST_NOTFOUND : ST_OK;
}

void net_self(struct net *net, struct net_self_status *ret_status)
{
    (void)pthread_mutex_lock(&net->lock);
    *ret_status = (struct net_self_status){.refused = net->refused, .error_at_ms = net->error_at_ms};
    if (net->listening)
        memcpy(ret_status->listen, net->listen, sizeof ret_status->listen);
    for (const struct link *l = net->links; l != NULL; l = l->next)
        ret_status->pending += !l->dialed && l->state == LINK_HELLO && !l->evicted;
    memcpy(ret_status->error, net->error, sizeof ret_status->error);
    (void)pthread_mutex_unlock(&net->lock);
}
