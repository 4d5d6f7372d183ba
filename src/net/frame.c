#include <arpa/inet.h>
#include <sched.h>
#include "net/frame_impl.h"

/* nng 1.5.2 decides the shape of this file:
 *  - Not of every kind of stream is a receive or send completed that is submitted after it failed or was closed. Closing
 *    completes what was submitted before. So a submission and the closing never overlap: `submitting` counts
 *    submissions under way, and whoever ends the last one does a closing that was asked for meanwhile.
 *  - An aio must not be freed in its own callback, so nng_aio_reap frees them.
 *  - A stream may send only the first part of a vector, and perhaps not all of it; each send is a system call. So short
 *    frames that wait together are put together first, up to the size of a TLS record.
 *  - A timer that is due spins until the clock's next millisecond, under a lock that other operations need. So there are few. */

/* --- Life --- */

static void on_timer(void *arg);

static void destroy(struct frame_conn *c)
{
    if (c->stream != NULL) {
        nng_stream_close(c->stream);
        nng_stream_free(c->stream);
    }
    nng_aio_reap(c->recv);
    nng_aio_reap(c->send);
    nng_aio_reap(c->timer);
    for (struct queued *q = c->head, *next; q != NULL; q = next) {
        next = q->next;
        frame_shared_free(q->frame);
        free(q);
    }
    buf_deinit(&c->body);
    buf_deinit(&c->wire);
    tls_free(c->tls);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Often enough for the shortest of the times to be kept to a quarter. */
static nng_duration tick_of(const struct frame_options *o)
{
    const uint64_t times[] = {o->deadline_ms, o->idle_ms, o->keepalive_ms, o->stall_ms};
    uint64_t tick = TICK_MAX_MS;
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        if (times[i] != 0 && times[i] / 4 < tick)
            tick = times[i] / 4;
    return (nng_duration)(tick < TICK_MIN_MS ? TICK_MIN_MS : tick);
}

static struct frame_address address_of(nng_stream *stream)
{
    struct frame_address a = {"local"};
    nng_sockaddr sa;
    char host[INET6_ADDRSTRLEN];
    if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &sa) != 0)
        return a;
    if (sa.s_family == NNG_AF_INET && inet_ntop(AF_INET, &sa.s_in.sa_addr, host, sizeof host) != NULL)
        (void)snprintf(a.s, sizeof a.s, "%s:%u", host, ntohs(sa.s_in.sa_port));
    if (sa.s_family == NNG_AF_INET6 && inet_ntop(AF_INET6, sa.s_in6.sa_addr, host, sizeof host) != NULL)
        (void)snprintf(a.s, sizeof a.s, "[%s]:%u", host, ntohs(sa.s_in6.sa_port));
    return a;
}

void frame_start_threads(void)
{
    const struct sched_param none = {0};
    nng_aio *first;
    int usual = sched_getscheduler(0); /* of this thread; new ones inherit it */
    bool changed = usual == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &none) == 0;
    if (nng_aio_alloc(&first, NULL, NULL) == 0)
        nng_aio_free(first);
    if (changed)
        (void)sched_setscheduler(0, usual, &none);
}

enum status frame_new(struct nng_stream *stream, struct tls *tls, const struct frame_options *options,
                      const struct frame_events *events, void *ctx, struct frame_conn **ret_conn)
{
    ASSERT(stream != NULL);
    ASSERT(options->clock != NULL);
    ASSERT(options->limit < UINT32_MAX);
    struct frame_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        nng_stream_close(stream);
        nng_stream_free(stream);
        tls_free(tls);
        return ST_NOMEM;
    }
    c->stream = stream;
    c->tls = tls;
    c->opt = *options;
    c->ev = *events;
    c->ctx = ctx;
    c->refs = 1;
    c->tail = &c->head;
    c->tick_ms = tick_of(options);
    buf_init(&c->body, UINT32_MAX);
    buf_init(&c->wire, TLS_OUT_MAX);
    (void)pthread_mutex_init(&c->lock, NULL);
    if (nng_aio_alloc(&c->recv, frame_on_recv, c) != 0 || nng_aio_alloc(&c->send, frame_on_send, c) != 0 ||
        nng_aio_alloc(&c->timer, on_timer, c) != 0) {
        destroy(c);
        return ST_NOMEM;
    }
    c->remote = address_of(stream);
    /* Votes are small and urgent. A stream that is not TCP has no such option; that is fine. */
    (void)nng_stream_set_bool(stream, NNG_OPT_TCP_NODELAY, true);
    (void)nng_stream_set_bool(stream, NNG_OPT_TCP_KEEPALIVE, true);
    *ret_conn = c;
    return ST_OK;
}

struct frame_conn *frame_hold(struct frame_conn *conn)
{
    (void)pthread_mutex_lock(&conn->lock);
    conn->refs++;
    (void)pthread_mutex_unlock(&conn->lock);
    return conn;
}

void frame_release(struct frame_conn *conn)
{
    if (conn == NULL)
        return;
    (void)pthread_mutex_lock(&conn->lock);
    ASSERT(conn->refs > 0);
    bool last = --conn->refs == 0;
    (void)pthread_mutex_unlock(&conn->lock);
    if (last)
        destroy(conn);
}

void frame_free(struct frame_conn *conn)
{
    if (conn == NULL)
        return;
    frame_close(conn, ST_CLOSED, "closed here");
    frame_release(conn);
}

/* --- Submitting and closing --- */

/* Under the lock: is it time to shut the stream, and ours to do? */
static bool shut_is_ours(struct frame_conn *c)
{
    if (!c->closing || c->shut || c->submitting != 0)
        return false;
    c->shut = true;
    return true;
}

static void shut(struct frame_conn *c)
{
    nng_stream_close(c->stream);
    nng_aio_cancel(c->timer);
}

static enum status start(struct frame_conn *c, enum op op)
{
    nng_iov iov = {c->chunk, sizeof c->chunk};
    switch (op) {
    case OP_RECV:
        (void)nng_aio_set_iov(c->recv, 1, &iov);
        nng_stream_recv(c->stream, c->recv);
        break;
    case OP_SEND:
        return frame_start_send(c);
    case OP_TIMER:
        nng_sleep_aio(c->tick_ms, c->timer);
        break;
    }
    return ST_OK;
}

void frame_submit(struct frame_conn *c, enum op op)
{
    (void)pthread_mutex_lock(&c->lock);
    if (c->closing) {
        (void)pthread_mutex_unlock(&c->lock);
        return;
    }
    c->submitting++;
    c->pending++;
    c->refs++; /* the callback may end everything before start returns */
    (void)pthread_mutex_unlock(&c->lock);

    enum status st = start(c, op);
    if (st != ST_OK)
        frame_close(c, st, "what was to be sent could not be encrypted");

    (void)pthread_mutex_lock(&c->lock);
    c->submitting--;
    bool ours = shut_is_ours(c);
    (void)pthread_mutex_unlock(&c->lock);
    if (ours)
        shut(c);
    if (st != ST_OK)
        frame_done(c);
    frame_release(c);
}

void frame_done(struct frame_conn *c)
{
    (void)pthread_mutex_lock(&c->lock);
    ASSERT(c->pending > 0);
    c->pending--;
    bool end = c->closing && c->pending == 0 && !c->ended;
    if (end)
        c->ended = true;
    (void)pthread_mutex_unlock(&c->lock);
    if (!end)
        return;
    c->ev.on_closed(c->ctx, c, c->why, c->text);
    frame_release(c);
}

void frame_start(struct frame_conn *conn)
{
    (void)pthread_mutex_lock(&conn->lock);
    ASSERT(!conn->started);
    conn->started = true;
    conn->refs++;    /* given back after on_closed */
    conn->pending++; /* this function: so that on_closed comes even if nothing can be submitted */
    uint64_t now = frame_now(conn);
    conn->heard_at = conn->sent_at = conn->moved_at = now;
    if (conn->opt.deadline_ms != 0)
        conn->deadline_at = now + conn->opt.deadline_ms;
    (void)pthread_mutex_unlock(&conn->lock);
    frame_submit(conn, OP_RECV);
    frame_submit(conn, OP_TIMER);
    frame_send_what_there_is(conn);
    frame_done(conn);
}

void frame_give_reason(struct frame_conn *c, enum status st, const char *text)
{
    ASSERT(st != ST_OK);
    if (c->why != ST_OK)
        return;
    c->why = st;
    (void)snprintf(c->text, sizeof c->text, "%s", text);
}

void frame_close(struct frame_conn *conn, enum status st, const char *text)
{
    (void)pthread_mutex_lock(&conn->lock);
    frame_give_reason(conn, st, text);
    conn->closing = true;
    bool ours = shut_is_ours(conn);
    (void)pthread_mutex_unlock(&conn->lock);
    if (ours)
        shut(conn);
}

void frame_finish(struct frame_conn *conn, uint64_t linger_ms, enum status st, const char *text)
{
    (void)pthread_mutex_lock(&conn->lock);
    frame_give_reason(conn, st, text);
    conn->finishing = true;
    conn->deadline_at = frame_now(conn) + linger_ms;
    (void)pthread_mutex_unlock(&conn->lock);
}

void frame_close_for(struct frame_conn *c, int rv)
{
    switch (rv) {
    case NNG_ECRYPTO:
    case NNG_EPEERAUTH:
        frame_close(c, ST_TLS, nng_strerror(rv));
        break;
    case NNG_ENOMEM:
        frame_close(c, ST_NOMEM, nng_strerror(rv));
        break;
    case NNG_ECLOSED:
    case NNG_ECONNSHUT:
    case NNG_ECONNRESET:
    case NNG_ECONNREFUSED: /* a TLS close notification, in nng 1.5.2 */
    case NNG_ECANCELED:
        frame_close(c, ST_CLOSED, "the other side closed the connection");
        break;
    default:
        frame_close(c, ST_IO, nng_strerror(rv));
    }
}

/* --- Time --- */

/* Under the lock. Is it time to close? Gives the reason. */
static bool overdue(struct frame_conn *c, uint64_t now)
{
    char text[128];
    if (c->deadline_at != 0 && now >= c->deadline_at)
        (void)snprintf(text, sizeof text, "not established within %" PRIu64 " ms", c->opt.deadline_ms);
    else if (c->opt.idle_ms != 0 && !c->paused && now >= c->heard_at + c->opt.idle_ms)
        (void)snprintf(text, sizeof text, "nothing heard for %" PRIu64 " ms", now - c->heard_at);
    else if (c->opt.stall_ms != 0 && c->head != NULL && now >= c->moved_at + c->opt.stall_ms)
        (void)snprintf(text, sizeof text, "it took nothing for %" PRIu64 " ms with %" PRIu64 " bytes queued",
                       now - c->moved_at, c->stats.queued_bytes);
    else
        return false;
    frame_give_reason(c, ST_TIMEOUT, text);
    return true;
}

static void keep_alive(struct frame_conn *c, uint64_t now)
{
    struct frame_shared *empty;
    struct span nothing = {NULL, 0};
    if (frame_shared_new(&nothing, 1, &empty) != ST_OK)
        return;
    struct queued *q = malloc(sizeof *q);
    bool idle = false, queued = false;
    (void)pthread_mutex_lock(&c->lock);
    if (q != NULL && !c->sending && now >= c->sent_at + c->opt.keepalive_ms) {
        idle = frame_enqueue(c, q, empty);
        queued = true;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!queued)
        free(q);
    frame_shared_free(empty);
    if (idle)
        frame_submit(c, OP_SEND);
}

static void on_timer(void *arg)
{
    struct frame_conn *c = arg;
    uint64_t now = frame_now(c);
    (void)pthread_mutex_lock(&c->lock);
    bool late = overdue(c, now);
    bool quiet = c->opt.keepalive_ms != 0 && !c->sending && now >= c->sent_at + c->opt.keepalive_ms;
    (void)pthread_mutex_unlock(&c->lock);
    if (late)
        frame_close(c, ST_TIMEOUT, "timed out");
    else if (quiet)
        keep_alive(c, now);
    frame_submit(c, OP_TIMER);
    frame_done(c);
}

void frame_established(struct frame_conn *conn, size_t limit)
{
    ASSERT(limit < UINT32_MAX);
    (void)pthread_mutex_lock(&conn->lock);
    if (!conn->finishing)
        conn->deadline_at = 0;
    conn->opt.limit = limit;
    (void)pthread_mutex_unlock(&conn->lock);
}

/* --- Looking --- */

void frame_stats(struct frame_conn *conn, struct frame_stats *ret_stats)
{
    (void)pthread_mutex_lock(&conn->lock);
    *ret_stats = conn->stats;
    (void)pthread_mutex_unlock(&conn->lock);
}

struct frame_address frame_remote(struct frame_conn *conn)
{
    return conn->remote;
}

enum status frame_status(int nng_error)
{
    switch (nng_error) {
    case 0:
        return ST_OK;
    case NNG_ENOMEM:
        return ST_NOMEM;
    case NNG_EADDRINUSE:
        return ST_LOCKED;
    case NNG_EADDRINVAL:
        return ST_FORMAT;
    case NNG_ETIMEDOUT:
        return ST_TIMEOUT;
    case NNG_ECONNREFUSED:
    case NNG_EUNREACHABLE:
        return ST_UNREACHABLE;
    case NNG_ECLOSED:
    case NNG_ECANCELED:
    case NNG_ECONNSHUT:
    case NNG_ECONNRESET:
        return ST_CLOSED;
    case NNG_ECRYPTO:
    case NNG_EPEERAUTH:
        return ST_TLS;
    default:
        return ST_IO;
    }
}
