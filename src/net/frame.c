#include <arpa/inet.h>
#include <nng/nng.h>
#include <pthread.h>
#include <sched.h>
#include "net/shared.h"

/* nng 1.5.2 decides the shape of this file:
 *  - A receive or send that is submitted after a TLS stream has failed or was closed never completes. Closing
 *    completes what was submitted before. So a submission and the closing never overlap: `submitting` counts
 *    submissions under way, and whoever ends the last one does a closing that was asked for meanwhile.
 *  - An aio must not be freed in its own callback, so nng_aio_reap frees them.
 *  - A TLS stream sends only the first part of a vector, and perhaps not all of it; each send is a TLS record and a
 *    system call. So short frames that wait together are put together first, up to the size of a record.
 *  - A timer that is due spins until the clock's next millisecond, under a lock that other operations need. So there are few. */

enum { CHUNK = 16384, KEEP_BYTES = 1 << 18, TICK_MAX_MS = 2500, TICK_MIN_MS = 20 };

struct queued {
    struct queued *next;
    struct frame_shared *frame;
};

enum op { OP_RECV, OP_SEND, OP_TIMER };

struct frame_conn {
    nng_stream *stream;
    nng_aio *recv, *send, *timer;
    struct frame_options opt; /* all but limit is constant */
    struct frame_events ev;
    void *ctx;
    struct frame_address remote;
    nng_duration tick_ms;

    pthread_mutex_t lock; /* over what follows, up to the receiver's part */
    unsigned refs;
    unsigned pending;    /* operations whose callback has not ended */
    unsigned submitting; /* submissions under way */
    bool started, closing, shut, ended, finishing, sending;
    bool paused, parked; /* parked: no receive is out, because of a pause */
    enum status why; /* ST_OK: none given yet */
    char text[ERR_TEXT_MAX];
    struct queued *head, **tail;
    size_t sent; /* bytes of head that are out */
    uint8_t gathered[CHUNK]; /* what the send under way carries, when it is of several frames */
    struct frame_stats stats;
    uint64_t deadline_at, heard_at, moved_at, sent_at; /* monotonic ms; deadline_at 0: none */

    /* Only the receive callback touches these. */
    uint8_t prefix[FRAME_PREFIX];
    size_t prefix_n, need;
    struct buf body;
    uint8_t chunk[CHUNK];
};

static uint64_t now_ms(const struct frame_conn *c)
{
    return clock_mono_ms(c->opt.clock);
}

/* --- Life --- */

static void on_recv(void *arg);
static void on_send(void *arg);
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

enum status frame_new(struct nng_stream *stream, const struct frame_options *options,
                      const struct frame_events *events, void *ctx, struct frame_conn **ret_conn)
{
    ASSERT(stream != NULL);
    ASSERT(options->clock != NULL);
    ASSERT(options->limit < UINT32_MAX);
    struct frame_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        nng_stream_close(stream);
        nng_stream_free(stream);
        return ST_NOMEM;
    }
    c->stream = stream;
    c->opt = *options;
    c->ev = *events;
    c->ctx = ctx;
    c->refs = 1;
    c->tail = &c->head;
    c->tick_ms = tick_of(options);
    buf_init(&c->body, UINT32_MAX);
    (void)pthread_mutex_init(&c->lock, NULL);
    if (nng_aio_alloc(&c->recv, on_recv, c) != 0 || nng_aio_alloc(&c->send, on_send, c) != 0 ||
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

/* Under the lock. What is left of the first frame; with those behind it when all that is less than a record. */
static nng_iov next_part(struct frame_conn *c)
{
    struct frame_shared *f = c->head->frame; /* stays: only on_send takes it off the queue */
    nng_iov iov = {f->bytes + c->sent, f->n - c->sent};
    if (c->head->next == NULL || iov.iov_len >= CHUNK)
        return iov;
    size_t n = 0, skip = c->sent;
    for (const struct queued *q = c->head; q != NULL && n < CHUNK; q = q->next) {
        size_t k = q->frame->n - skip < CHUNK - n ? q->frame->n - skip : CHUNK - n;
        memcpy(c->gathered + n, q->frame->bytes + skip, k);
        n += k;
        skip = 0;
    }
    return (nng_iov){c->gathered, n};
}

static void start_send(struct frame_conn *c)
{
    (void)pthread_mutex_lock(&c->lock);
    ASSERT(c->head != NULL);
    nng_iov iov = next_part(c);
    c->stats.sends++;
    (void)pthread_mutex_unlock(&c->lock);
    (void)nng_aio_set_iov(c->send, 1, &iov);
    nng_stream_send(c->stream, c->send);
}

static void start(struct frame_conn *c, enum op op)
{
    nng_iov iov = {c->chunk, sizeof c->chunk};
    switch (op) {
    case OP_RECV:
        (void)nng_aio_set_iov(c->recv, 1, &iov);
        nng_stream_recv(c->stream, c->recv);
        break;
    case OP_SEND:
        start_send(c);
        break;
    case OP_TIMER:
        nng_sleep_aio(c->tick_ms, c->timer);
        break;
    }
}

static void submit(struct frame_conn *c, enum op op)
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

    start(c, op);

    (void)pthread_mutex_lock(&c->lock);
    c->submitting--;
    bool ours = shut_is_ours(c);
    (void)pthread_mutex_unlock(&c->lock);
    if (ours)
        shut(c);
    frame_release(c);
}

/* The last thing that a callback does. */
static void done(struct frame_conn *c)
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
    uint64_t now = now_ms(conn);
    conn->heard_at = conn->sent_at = conn->moved_at = now;
    if (conn->opt.deadline_ms != 0)
        conn->deadline_at = now + conn->opt.deadline_ms;
    (void)pthread_mutex_unlock(&conn->lock);
    submit(conn, OP_RECV);
    submit(conn, OP_TIMER);
    done(conn);
}

/* Under the lock. The first reason counts. */
static void give_reason(struct frame_conn *c, enum status st, const char *text)
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
    give_reason(conn, st, text);
    conn->closing = true;
    bool ours = shut_is_ours(conn);
    (void)pthread_mutex_unlock(&conn->lock);
    if (ours)
        shut(conn);
}

void frame_finish(struct frame_conn *conn, uint64_t linger_ms, enum status st, const char *text)
{
    (void)pthread_mutex_lock(&conn->lock);
    give_reason(conn, st, text);
    conn->finishing = true;
    conn->deadline_at = now_ms(conn) + linger_ms;
    (void)pthread_mutex_unlock(&conn->lock);
}

/* An error on a stream that was connected. */
static void close_for(struct frame_conn *c, int rv)
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

/* --- Receiving --- */

/* The prefix is complete. */
static bool begin_frame(struct frame_conn *c)
{
    c->need = load_u32(c->prefix);
    (void)pthread_mutex_lock(&c->lock);
    size_t limit = c->opt.limit;
    (void)pthread_mutex_unlock(&c->lock);
    if (c->need > limit) {
        char text[128];
        (void)snprintf(text, sizeof text, "it announced a frame of %zu bytes; at most %zu are accepted here",
                       c->need, limit);
        frame_close(c, ST_LIMIT, text);
        return false;
    }
    if (c->need == 0)
        c->prefix_n = 0; /* a keepalive */
    return true;
}

/* False when no more is wanted. */
static bool deliver(struct frame_conn *c, struct span payload)
{
    (void)pthread_mutex_lock(&c->lock);
    bool wanted = !c->closing && !c->finishing;
    c->stats.frames_in += wanted;
    (void)pthread_mutex_unlock(&c->lock);
    if (wanted)
        c->ev.on_frame(c->ctx, c, payload);
    c->prefix_n = 0;
    buf_reset(&c->body);
    if (c->body.cap > KEEP_BYTES)
        buf_deinit(&c->body);
    (void)pthread_mutex_lock(&c->lock);
    bool more = !c->closing;
    (void)pthread_mutex_unlock(&c->lock);
    return more;
}

/* Takes some bytes off in. False when no more is wanted. */
static bool feed(struct frame_conn *c, struct span *in)
{
    if (c->prefix_n < FRAME_PREFIX) {
        c->prefix[c->prefix_n++] = in->p[0];
        *in = span_of(in->p + 1, in->n - 1);
        return c->prefix_n < FRAME_PREFIX || begin_frame(c);
    }
    size_t k = c->need - c->body.n;
    if (k > in->n)
        k = in->n;
    struct span part = span_of(in->p, k);
    *in = span_of(in->p + k, in->n - k);
    if (part.n == c->need) /* whole: no copy */
        return deliver(c, part);
    buf_put_span(&c->body, part);
    if (c->body.failed != ST_OK) {
        frame_close(c, ST_NOMEM, "out of memory for a frame");
        return false;
    }
    return c->body.n < c->need || deliver(c, buf_span(&c->body));
}

static bool park(struct frame_conn *c)
{
    (void)pthread_mutex_lock(&c->lock);
    c->parked = c->paused;
    bool parked = c->parked;
    (void)pthread_mutex_unlock(&c->lock);
    return parked;
}

static void on_recv(void *arg)
{
    struct frame_conn *c = arg;
    int rv = nng_aio_result(c->recv);
    size_t n = nng_aio_count(c->recv);
    if (rv != 0 || n == 0) {
        close_for(c, rv != 0 ? rv : NNG_ECONNSHUT);
        done(c);
        return;
    }
    (void)pthread_mutex_lock(&c->lock);
    c->heard_at = now_ms(c);
    c->stats.bytes_in += n;
    (void)pthread_mutex_unlock(&c->lock);
    struct span in = span_of(c->chunk, n);
    bool more = true;
    while (more && in.n != 0)
        more = feed(c, &in);
    if (more && !park(c))
        submit(c, OP_RECV);
    done(c);
}

void frame_pause(struct frame_conn *conn)
{
    (void)pthread_mutex_lock(&conn->lock);
    conn->paused = true;
    (void)pthread_mutex_unlock(&conn->lock);
}

void frame_resume(struct frame_conn *conn)
{
    (void)pthread_mutex_lock(&conn->lock);
    bool go = conn->parked;
    conn->paused = conn->parked = false;
    conn->heard_at = now_ms(conn);
    (void)pthread_mutex_unlock(&conn->lock);
    if (go)
        submit(conn, OP_RECV);
}

/* --- Sending --- */

/* Under the lock. True when the caller must submit a send. */
static bool enqueue(struct frame_conn *c, struct queued *q, struct frame_shared *shared)
{
    atomic_fetch_add(&shared->refs, 1);
    *q = (struct queued){NULL, shared};
    if (c->head == NULL)
        c->moved_at = now_ms(c);
    *c->tail = q;
    c->tail = &q->next;
    c->stats.queued_bytes += frame_shared_counted(shared);
    bool idle = !c->sending;
    c->sending = true;
    return idle;
}

enum status frame_send_shared(struct frame_conn *conn, struct frame_shared *shared)
{
    ASSERT(shared->longest > 0); /* an empty frame is a keepalive */
    struct queued *q = malloc(sizeof *q);
    if (q == NULL)
        return ST_NOMEM;
    enum status st = ST_OK;
    bool idle = false;
    (void)pthread_mutex_lock(&conn->lock);
    ASSERT(conn->started);
    if (conn->closing || conn->finishing)
        st = ST_CLOSED;
    else if (shared->longest > conn->opt.limit)
        st = ST_LIMIT;
    else if (conn->stats.queued_bytes + frame_shared_counted(shared) > conn->opt.queue_bytes)
        st = ST_BUSY;
    else
        idle = enqueue(conn, q, shared);
    conn->stats.dropped += st == ST_BUSY ? shared->frames : 0;
    (void)pthread_mutex_unlock(&conn->lock);
    if (st != ST_OK)
        free(q);
    else if (idle)
        submit(conn, OP_SEND);
    return st;
}

enum status frame_send(struct frame_conn *conn, struct span payload)
{
    struct frame_shared *shared;
    enum status st = frame_shared_new(&payload, 1, &shared);
    if (st != ST_OK)
        return st;
    st = frame_send_shared(conn, shared);
    frame_shared_free(shared);
    return st;
}

/* Under the lock. n bytes are out. Returns the frames that are with them, to be freed. */
static struct queued *advance(struct frame_conn *c, size_t n)
{
    struct queued *gone = NULL;
    c->moved_at = c->sent_at = now_ms(c);
    c->stats.bytes_out += n;
    c->sent += n;
    while (c->head != NULL && c->sent >= c->head->frame->n) {
        struct queued *q = c->head;
        c->sent -= q->frame->n;
        c->head = q->next;
        c->stats.queued_bytes -= frame_shared_counted(q->frame);
        c->stats.frames_out += q->frame->longest > 0 ? q->frame->frames : 0;
        q->next = gone;
        gone = q;
    }
    if (c->head == NULL) {
        ASSERT(c->sent == 0);
        c->tail = &c->head;
    }
    return gone;
}

static void on_send(void *arg)
{
    struct frame_conn *c = arg;
    int rv = nng_aio_result(c->send);
    if (rv != 0) {
        close_for(c, rv);
        done(c);
        return;
    }
    (void)pthread_mutex_lock(&c->lock);
    struct queued *gone = advance(c, nng_aio_count(c->send));
    bool more = c->head != NULL;
    c->sending = more;
    (void)pthread_mutex_unlock(&c->lock);
    for (struct queued *next; gone != NULL; gone = next) {
        next = gone->next;
        frame_shared_free(gone->frame);
        free(gone);
    }
    if (more)
        submit(c, OP_SEND);
    done(c);
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
    give_reason(c, ST_TIMEOUT, text);
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
        idle = enqueue(c, q, empty);
        queued = true;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (!queued)
        free(q);
    frame_shared_free(empty);
    if (idle)
        submit(c, OP_SEND);
}

static void on_timer(void *arg)
{
    struct frame_conn *c = arg;
    uint64_t now = now_ms(c);
    (void)pthread_mutex_lock(&c->lock);
    bool late = overdue(c, now);
    bool quiet = c->opt.keepalive_ms != 0 && !c->sending && now >= c->sent_at + c->opt.keepalive_ms;
    (void)pthread_mutex_unlock(&c->lock);
    if (late)
        frame_close(c, ST_TIMEOUT, "timed out");
    else if (quiet)
        keep_alive(c, now);
    submit(c, OP_TIMER);
    done(c);
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
