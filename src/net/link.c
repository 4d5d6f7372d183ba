#include "net/impl.h"

/* --- Words --- */

/* Why a connection ended before it was up. */
static void explain(const struct link *l, enum status st, const char *text, char *ret, size_t cap)
{
    const struct net *net = l->net;
    const char *who = l->hello.named ? l->hello.peer.org : "unknown";
    if (st == ST_TLS && l->dialed)
        (void)snprintf(
            ret, cap,
            "TLS with '%s' at %s failed (%s). Expected its certificate %s; ours is %s. Either the node there "
            "does not show the certificate of its card, or it does not know ours: compare both with "
            "`ententd card --show FILE`",
            who, l->address, text, l->peer != NULL ? l->peer->fingerprint : "?", net->fingerprint);
    else if (st == ST_TLS)
        (void)snprintf(
            ret, cap,
            "TLS with a caller from %s failed (%s). A caller must show the certificate of a member, and accept "
            "ours (%s). If it is a member's node, compare with `ententd card --show FILE`",
            l->address, text, net->fingerprint);
    else if (st == ST_CLOSED && l->dialed)
        (void)snprintf(
            ret, cap,
            "'%s' at %s ended the connection before both had said who they are. It may not know our "
            "certificate (%s): compare with `ententd card --show FILE`",
            who, l->address, net->fingerprint);
    else if (st == ST_TIMEOUT && l->dialed)
        (void)snprintf(ret, cap, "'%s' at %s did not finish TLS and hello within %" PRIu64 " ms", who,
                       l->address, net->hello_ms);
    else if (st == ST_TIMEOUT)
        (void)snprintf(ret, cap, "a caller from %s did not finish TLS and hello within %" PRIu64 " ms",
                       l->address, net->hello_ms);
    else
        (void)snprintf(ret, cap, "%s %s%s%s: %s", l->dialed ? "calling" : "called from", l->address,
                       l->hello.named ? " for " : "", l->hello.named ? who : "", text);
}

/* --- Which of two links is kept (NET-6) --- */

static const char *dialer_of(const struct net *net, const struct link *l)
{
    return l->dialed ? net->self.id.org : l->hello.peer.org;
}

/* Under lock. Both ends decide alike: the link that the lower id dialed is kept. A second one from the same
 * dialer means that it has lost the first; so does one that began after the first was up. */
static bool keep_old(const struct net *net, const struct link *old, bool new_dialed, const char *org)
{
    const char *me = net->self.id.org;
    const char *lower = strcmp(me, org) < 0 ? me : org;
    bool old_first = strcmp(dialer_of(net, old), lower) == 0;
    bool new_first = strcmp(new_dialed ? me : org, lower) == 0;
    return old_first && !new_first && net_now(net) < old->up_at + 2 * net->hello_ms;
}

/* For the listener's hello. */
static enum hello_known find_caller(void *ctx, struct span org, struct hello_peer *ret_peer)
{
    const struct link *l = ctx;
    struct net *net = l->net;
    (void)pthread_mutex_lock(&net->lock);
    struct peer *p = net_find(net, org);
    enum hello_known known = HELLO_NO_MEMBER;
    if (p != NULL) {
        *ret_peer = p->id;
        known = p->up != NULL && keep_old(net, p->up, false, p->id.org) ? HELLO_HAS_LINK : HELLO_IS_MEMBER;
    }
    (void)pthread_mutex_unlock(&net->lock);
    return known;
}

/* --- Up --- */

void link_detach(struct link *link)
{
    struct peer *p = link->peer;
    if (p != NULL && p->out == link)
        p->out = NULL;
    if (p != NULL && p->up == link) {
        struct frame_stats s;
        frame_stats(link->conn, &s);
        p->up = NULL;
        p->bytes_in += s.bytes_in;
        p->bytes_out += s.bytes_out;
        p->dropped += s.dropped;
        p->since_ms = clock_wall_ms(link->net->clock);
    }
    link->peer = NULL;
    link->state = LINK_OVER;
}

struct ending {
    struct frame_conn *old, *attempt; /* held; NULL for none */
    char why[ERR_TEXT_MAX];           /* of the old one's end */
};

/* Under lock. Both dialed by the peer: it lost the first, or two nodes with its keys take each other's connection. */
static void note_contest(struct peer *p, const struct link *old, const struct link *fresh, char *why, size_t cap)
{
    (void)snprintf(why, cap, "replaced by a newer connection");
    if (old->dialed || fresh->dialed)
        return;
    p->contested = net_now(p->net) < old->up_at + STEADY_MS ? p->contested + 1 : 1;
    if (p->contested < CONTESTED_LEAST)
        return;
    (void)snprintf(why, cap,
                   "a newer connection from %s took the place of the one from %s, for the %" PRIu64
                   "th time in a row: two nodes seem to use the keys of '%s'. Was its directory copied? One of them must be stopped",
                   fresh->address, old->address, p->contested, p->id.org);
    net_peer_error(p, "%s", why);
}

/* Under lock. False: the link is not wanted; ret_why says why. */
static bool become_up(struct link *l, struct ending *ret_ending, const char **ret_why)
{
    struct net *net = l->net;
    struct peer *p = net_find(net, span_str(l->hello.peer.org));
    if (net->stopping || l->state != LINK_HELLO || p == NULL || !hash_eq(&p->id.node, &l->hello.peer.node) ||
        !hash_eq(&p->id.certificate, &l->hello.peer.certificate)) {
        *ret_why = "the list of members changed during the hello";
        return false;
    }
    if (p->up != NULL && keep_old(net, p->up, l->dialed, p->id.org)) {
        *ret_why = "there is a connection already, and it is kept";
        return false;
    }
    if (p->up != NULL) {
        ret_ending->old = frame_hold(p->up->conn);
        note_contest(p, p->up, l, ret_ending->why, sizeof ret_ending->why);
        link_detach(p->up);
    }
    if (p->out != NULL && p->out != l) {
        ret_ending->attempt = frame_hold(p->out->conn);
        link_detach(p->out);
    }
    p->out = NULL;
    p->up = l;
    p->attempts = 0;
    p->since_ms = clock_wall_ms(net->clock);
    l->peer = p;
    l->state = LINK_UP;
    l->up_at = net_now(net);
    return true;
}

static void end_one(struct frame_conn *c, const char *why)
{
    if (c == NULL)
        return;
    frame_close(c, ST_CLOSED, why);
    frame_release(c);
}

static void send_refusal(struct link *l, enum hello_reason reason, const char *why)
{
    struct buf b;
    buf_init(&b, HELLO_FRAME_MAX);
    hello_refusal(reason, why, &b);
    if (frame_send(l->conn, buf_span(&b)) != ST_OK)
        frame_close(l->conn, ST_REFUSED, why);
    else
        frame_finish(l->conn, LINGER_MS, ST_REFUSED, why);
    buf_deinit(&b);
}

/* The old one's other end learns why, so that it does not dial again at once. */
static void displace(struct frame_conn *c, const char *why)
{
    static const char text[] = "another connection of your node's name took the place of this one";
    if (c == NULL)
        return;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, HELLO_FRAME_MAX);
    hello_refusal(HELLO_DUPLICATE, text, &b);
    if (frame_send(c, buf_span(&b)) != ST_OK)
        frame_close(c, ST_CLOSED, why);
    else
        frame_finish(c, LINGER_MS, ST_CLOSED, why);
    frame_release(c);
}

static void go_up(struct link *l)
{
    struct net *net = l->net;
    struct span org = span_str(l->hello.peer.org);
    struct ending e = {0};
    const char *why = NULL;
    frame_established(l->conn, LIMIT_FRAME_BYTES);
    (void)pthread_mutex_lock(&net->event_lock);
    (void)pthread_mutex_lock(&net->lock);
    bool up = become_up(l, &e, &why);
    (void)pthread_mutex_unlock(&net->lock);
    if (e.old != NULL)
        net->events.down(net->events.ctx, org, e.why);
    if (up)
        net->events.up(net->events.ctx, org);
    (void)pthread_mutex_unlock(&net->event_lock);
    displace(e.old, e.why);
    end_one(e.attempt, "another connection was faster");
    if (up)
        return;
    l->hello.state = HELLO_OVER;
    l->hello.reason = HELLO_DUPLICATE;
    send_refusal(l, HELLO_DUPLICATE, why);
}

/* --- Frames --- */

static void step_hello(struct link *l, struct span payload)
{
    struct hello_self self = l->net->self;
    struct hello_out out;
    struct err err;
    self.find = find_caller;
    self.ctx = l;
    hello_out_init(&out);
    enum status st = hello_step(&l->hello, &self, payload, &out, &err);
    for (size_t i = 0; i < out.n; i++)
        if (frame_send(l->conn, buf_span(&out.frame[i])) != ST_OK)
            frame_close(l->conn, ST_CLOSED, "could not answer the hello");
    hello_out_deinit(&out);
    if (st != ST_OK && l->hello.refused_by_peer)
        frame_close(l->conn, ST_REFUSED, err.text);
    else if (st != ST_OK)
        frame_finish(l->conn, LINGER_MS, ST_REFUSED, err.text);
    else if (l->hello.state == HELLO_DONE)
        go_up(l);
}

static void deliver(struct link *l, struct span frame)
{
    struct net *net = l->net;
    (void)pthread_mutex_lock(&net->event_lock);
    (void)pthread_mutex_lock(&net->lock);
    bool up = l->state == LINK_UP;
    (void)pthread_mutex_unlock(&net->lock);
    /* Under event_lock, so that no net_resume that answers to this pause comes before it. */
    if (up && !net->events.frame(net->events.ctx, span_str(l->hello.peer.org), frame))
        frame_pause(l->conn);
    (void)pthread_mutex_unlock(&net->event_lock);
}

static void on_frame(void *ctx, struct frame_conn *conn, struct span payload)
{
    struct link *l = ctx;
    (void)pthread_mutex_lock(&l->net->lock);
    enum link_state state = l->state;
    (void)pthread_mutex_unlock(&l->net->lock);
    enum hello_reason reason;
    if (state == LINK_OVER)
        return;
    if (state == LINK_HELLO)
        step_hello(l, payload);
    else if (!hello_is(payload))
        deliver(l, payload);
    else if (hello_is_refusal(payload, &reason))
        frame_close(conn, ST_REFUSED, "it keeps another connection. If this node has none, another one uses its keys");
    else
        frame_close(conn, ST_FORMAT, "it said hello twice");
}

/* --- The end --- */

/* Under lock. */
static void note_failure(struct link *l, enum status st, const char *text)
{
    struct net *net = l->net;
    struct peer *p = l->peer;
    char words[ERR_TEXT_MAX];
    bool duplicate = l->hello.state == HELLO_OVER && l->hello.reason == HELLO_DUPLICATE;
    explain(l, st, text, words, sizeof words);
    if (p != NULL && p->out == l) {
        p->out = NULL;
        dial_later(p, !duplicate);
    }
    if (duplicate || net->stopping)
        return;
    if (!l->dialed)
        net->refused++;
    if (p == NULL && l->hello.named) /* by its own word, so said as such */
        p = net_find(net, span_str(l->hello.peer.org));
    if (p != NULL)
        net_peer_error(p, "%s", words);
    if (!l->dialed)
        net_self_error(net, "%s", words);
}

static void forget(struct link *l)
{
    struct net *net = l->net;
    (void)pthread_mutex_lock(&net->lock);
    struct link **at = &net->links;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    (void)pthread_mutex_unlock(&net->lock);
}

static void on_closed(void *ctx, struct frame_conn *conn, enum status st, const char *text)
{
    struct link *l = ctx;
    struct net *net = l->net;
    (void)pthread_mutex_lock(&net->event_lock);
    (void)pthread_mutex_lock(&net->lock);
    bool was_up = l->state == LINK_UP;
    struct peer *p = l->peer;
    if (was_up) {
        if (st == ST_REFUSED)
            p->displaced++;
        else if (net_now(net) >= l->up_at + STEADY_MS)
            p->displaced = 0;
        link_detach(l);
        dial_later(p, false);
        if (!net->stopping)
            net_peer_error(p, "the link with '%s' (%s) ended: %s", p->id.org, l->address, text);
    } else if (l->state == LINK_HELLO) {
        note_failure(l, st, text);
    }
    (void)pthread_mutex_unlock(&net->lock);
    if (was_up)
        net->events.down(net->events.ctx, span_str(l->hello.peer.org), text);
    (void)pthread_mutex_unlock(&net->event_lock);
    forget(l);
    frame_free(conn);
    free(l);
    (void)pthread_mutex_lock(&net->lock);
    if (--net->n_links == 0) /* the last touch: net_stop may be waiting */
        (void)pthread_cond_broadcast(&net->links_gone);
    (void)pthread_mutex_unlock(&net->lock);
}

/* --- The beginning --- */

static size_t host_length(const char *address)
{
    const char *colon = strrchr(address, ':');
    return colon == NULL ? strlen(address) : (size_t)(colon - address);
}

static bool same_host(const char *a, const char *b)
{
    size_t n = host_length(a);
    return n == host_length(b) && memcmp(a, b, n) == 0;
}

/* Under lock. A caller too many: whoever has waited longest without saying who it is goes, of the same host
 * if that host has its share; so those who open and say nothing do not keep others out. */
static struct frame_conn *surplus(struct net *net, const struct link *fresh)
{
    size_t all = 0, here = 0;
    struct link *oldest = NULL, *oldest_here = NULL;
    for (struct link *l = net->links; l != NULL; l = l->next) { /* newest first */
        if (l->dialed || l->state != LINK_HELLO || l->evicted || l == fresh)
            continue;
        all++;
        oldest = l;
        if (!same_host(l->address, fresh->address))
            continue;
        here++;
        oldest_here = l;
    }
    struct link *victim = here >= LIMIT_CALLERS_PER_HOST ? oldest_here : all >= LIMIT_CALLERS ? oldest : NULL;
    if (victim == NULL)
        return NULL;
    victim->evicted = true;
    return frame_hold(victim->conn);
}

/* Under lock. False: not wanted any more. */
static bool insert(struct net *net, struct peer *p, struct link *l, struct frame_conn **ret_surplus)
{
    if (p != NULL)
        p->dialing = false;
    if (net->stopping || (p != NULL && (p->removed || p->up != NULL)))
        return false;
    l->peer = p;
    l->next = net->links;
    net->links = l;
    net->n_links++;
    if (p != NULL)
        p->out = l;
    else
        *ret_surplus = surplus(net, l);
    return true;
}

/* For a connection to this peer, or for one that came in. */
static struct tls *new_tls(struct net *net, const struct peer *p)
{
    struct tls *tls = NULL;
    (void)pthread_mutex_lock(&net->lock);
    struct tls_config *config = tls_config_hold(p != NULL ? p->config : net->callers);
    (void)pthread_mutex_unlock(&net->lock);
    enum status st = tls_new(config, &tls);
    tls_config_free(config);
    return st == ST_OK ? tls : NULL;
}

static struct link *new_link(struct net *net, struct peer *p, nng_stream *stream)
{
    static const struct frame_events events = {on_frame, on_closed};
    struct frame_options o = {
        .limit = HELLO_FRAME_MAX,
        .queue_bytes = LIMIT_PEER_QUEUE_BYTES,
        .deadline_ms = net->hello_ms,
        .idle_ms = IDLE_MS,
        .keepalive_ms = KEEPALIVE_MS,
        .stall_ms = STALL_MS,
        .clock = net->clock,
    };
    struct link *l = calloc(1, sizeof *l);
    struct tls *tls = l == NULL ? NULL : new_tls(net, p);
    if (tls == NULL) {
        nng_stream_free(stream);
        free(l);
        return NULL;
    }
    l->net = net;
    l->dialed = p != NULL;
    if (frame_new(stream, tls, &o, &events, l, &l->conn) != ST_OK) {
        free(l);
        return NULL;
    }
    (void)snprintf(l->address, sizeof l->address, "%s", frame_remote(l->conn).s);
    return l;
}

/* Gives up before it began. */
static void abandon(struct net *net, struct peer *p, struct link *l)
{
    if (l != NULL)
        frame_free(l->conn);
    free(l);
    if (p == NULL)
        return;
    (void)pthread_mutex_lock(&net->lock);
    p->dialing = false;
    dial_later(p, false);
    (void)pthread_mutex_unlock(&net->lock);
}

void link_open(struct net *net, struct peer *peer, nng_stream *stream)
{
    struct link *l = new_link(net, peer, stream);
    if (l == NULL) {
        abandon(net, peer, NULL);
        return;
    }
    struct hello_out out;
    struct hash nonce;
    struct frame_conn *extra = NULL;
    hello_out_init(&out);
    (void)pthread_mutex_lock(&net->lock);
    rng_fill(net->rng, nonce.b, sizeof nonce.b);
    if (peer != NULL) {
        memcpy(l->address, peer->dialed, sizeof l->address);
        hello_dial(&l->hello, &net->self, &peer->id, &nonce, &out);
    } else {
        hello_listen(&l->hello, &nonce);
    }
    bool wanted = insert(net, peer, l, &extra);
    (void)pthread_mutex_unlock(&net->lock);
    if (!wanted) {
        abandon(net, peer, l);
        hello_out_deinit(&out);
        return;
    }
    struct frame_conn *conn = frame_hold(l->conn); /* from the start on, l may go at any time */
    frame_start(conn);
    if (out.n != 0 && frame_send(conn, buf_span(&out.frame[0])) != ST_OK)
        frame_close(conn, ST_CLOSED, "could not say hello");
    frame_release(conn);
    end_one(extra, "too many callers that have not said who they are");
    hello_out_deinit(&out);
}
