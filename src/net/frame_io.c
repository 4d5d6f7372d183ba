#include "net/frame_impl.h"

/* --- What is to be sent --- */

/* Under the lock. What is left of the first frame; with those behind it when all that is less than a record. */
static nng_iov next_part(struct frame_conn *c)
{
    struct frame_shared *f = c->head->frame; /* stays: only frame_on_send takes it off the queue */
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

/* Under the lock: is there something that could be sent now? */
static bool has_output(const struct frame_conn *c)
{
    if (c->tls == NULL)
        return c->head != NULL;
    return c->wire_sent < c->wire.n || tls_has_output(c->tls) || (c->head != NULL && tls_is_up(c->tls) && !c->failing);
}

/* Under the lock: of what TLS has to say by itself, and of the queue in records. */
static enum status fill_wire(struct frame_conn *c)
{
    if (c->head != NULL && tls_is_up(c->tls) && !c->failing) {
        nng_iov part = next_part(c);
        c->covered = part.iov_len < TLS_BURST_MAX ? part.iov_len : TLS_BURST_MAX;
        enum status st = tls_write(c->tls, span_of(part.iov_buf, c->covered));
        if (st != ST_OK)
            return st;
    }
    tls_take(c->tls, &c->wire);
    c->wire_sent = 0;
    return ST_OK;
}

enum status frame_start_send(struct frame_conn *c)
{
    enum status st = ST_OK;
    nng_iov iov = {0};
    (void)pthread_mutex_lock(&c->lock);
    ASSERT(has_output(c));
    if (c->tls != NULL && c->wire_sent == c->wire.n)
        st = fill_wire(c);
    if (st == ST_OK)
        iov = c->tls == NULL ? next_part(c) : (nng_iov){c->wire.p + c->wire_sent, c->wire.n - c->wire_sent};
    c->stats.sends++;
    (void)pthread_mutex_unlock(&c->lock);
    if (st != ST_OK)
        return st;
    (void)nng_aio_set_iov(c->send, 1, &iov);
    nng_stream_send(c->stream, c->send);
    return ST_OK;
}

void frame_send_what_there_is(struct frame_conn *c)
{
    (void)pthread_mutex_lock(&c->lock);
    bool idle = !c->sending && has_output(c);
    c->sending = c->sending || idle;
    (void)pthread_mutex_unlock(&c->lock);
    if (idle)
        frame_submit(c, OP_SEND);
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

/* Some of what the other side says. False when no more is wanted. */
static bool hear(struct frame_conn *c, struct span in)
{
    bool more = true;
    (void)pthread_mutex_lock(&c->lock);
    c->heard_at = frame_now(c);
    c->stats.bytes_in += in.n;
    (void)pthread_mutex_unlock(&c->lock);
    while (more && in.n != 0)
        more = feed(c, &in);
    return more;
}

/* Says what TLS has to say about it, and closes. */
static void fail_tls(struct frame_conn *c)
{
    char text[TLS_TEXT_MAX];
    tls_why(c->tls, text);
    (void)pthread_mutex_lock(&c->lock);
    frame_give_reason(c, ST_TLS, text);
    c->failing = c->finishing = true;
    c->deadline_at = frame_now(c) + ALERT_MS;
    bool silent = !c->sending && !has_output(c);
    (void)pthread_mutex_unlock(&c->lock);
    if (silent)
        frame_close(c, ST_TLS, text);
    else
        frame_send_what_there_is(c);
}

/* The same through TLS. */
static bool hear_tls(struct frame_conn *c, struct span in)
{
    bool more = true;
    enum status st = ST_OK;
    while (more && st == ST_OK) {
        size_t n = 0;
        st = tls_read(c->tls, &in, c->plain, sizeof c->plain, &n);
        if (st == ST_OK)
            more = hear(c, span_of(c->plain, n));
    }
    if (st == ST_TLS)
        fail_tls(c);
    else if (st == ST_CLOSED)
        frame_close_for(c, NNG_ECONNSHUT);
    else
        frame_send_what_there_is(c);
    return more && st == ST_END;
}

void frame_on_recv(void *arg)
{
    struct frame_conn *c = arg;
    int rv = nng_aio_result(c->recv);
    size_t n = nng_aio_count(c->recv);
    if (rv != 0 || n == 0) {
        frame_close_for(c, rv != 0 ? rv : NNG_ECONNSHUT);
        frame_done(c);
        return;
    }
    struct span in = span_of(c->chunk, n);
    bool more = c->tls == NULL ? hear(c, in) : hear_tls(c, in);
    if (more && !park(c))
        frame_submit(c, OP_RECV);
    frame_done(c);
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
    conn->heard_at = frame_now(conn);
    (void)pthread_mutex_unlock(&conn->lock);
    if (go)
        frame_submit(conn, OP_RECV);
}

/* --- Sending --- */

bool frame_enqueue(struct frame_conn *c, struct queued *q, struct frame_shared *shared)
{
    atomic_fetch_add(&shared->refs, 1);
    *q = (struct queued){NULL, shared};
    if (c->head == NULL)
        c->moved_at = frame_now(c);
    *c->tail = q;
    c->tail = &q->next;
    c->stats.queued_bytes += frame_shared_counted(shared);
    bool idle = !c->sending && has_output(c);
    c->sending = c->sending || idle;
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
        idle = frame_enqueue(conn, q, shared);
    conn->stats.dropped += st == ST_BUSY ? shared->frames : 0;
    (void)pthread_mutex_unlock(&conn->lock);
    if (st != ST_OK)
        free(q);
    else if (idle)
        frame_submit(conn, OP_SEND);
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

/* Under the lock. n bytes of the queue are out. Returns the frames that are with them, to be freed. */
static struct queued *advance(struct frame_conn *c, size_t n)
{
    struct queued *gone = NULL;
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

/* Under the lock: n bytes went out. */
static struct queued *sent(struct frame_conn *c, size_t n)
{
    c->moved_at = c->sent_at = frame_now(c);
    if (c->tls == NULL)
        return advance(c, n);
    c->wire_sent += n;
    if (c->wire_sent < c->wire.n)
        return NULL;
    size_t covered = c->covered;
    c->covered = 0;
    return advance(c, covered);
}

void frame_on_send(void *arg)
{
    struct frame_conn *c = arg;
    int rv = nng_aio_result(c->send);
    if (rv != 0) {
        frame_close_for(c, rv);
        frame_done(c);
        return;
    }
    (void)pthread_mutex_lock(&c->lock);
    struct queued *gone = sent(c, nng_aio_count(c->send));
    bool more = has_output(c), end = c->failing && !more;
    c->sending = more;
    (void)pthread_mutex_unlock(&c->lock);
    for (struct queued *next; gone != NULL; gone = next) {
        next = gone->next;
        frame_shared_free(gone->frame);
        free(gone);
    }
    if (more)
        frame_submit(c, OP_SEND);
    if (end)
        frame_close(c, ST_TLS, "TLS failed");
    frame_done(c);
}

