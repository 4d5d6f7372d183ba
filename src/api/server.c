#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <nng/nng.h>
#include "api/server.h"
#include "net/frame.h"

enum {
    QUEUE_BYTES = 16 << 20,
    STALL_MS = 30000,
    IDLE_MS = 3600000 + 60000 /* a question may wait for an hour (rpc_entry, timeout_ms) */
};

/* What a connection is used for. Outlives it, and the server, while questions are open. */
struct usage {
    atomic_uint refs;
    atomic_uint calls;        /* not answered yet */
    _Atomic uint64_t used_at; /* monotonic ms: connected, or last asked or answered */
};

struct connection {
    struct server *server;
    struct frame_conn *conn;
    struct usage *usage;
    struct connection *next;
    bool evicted; /* under the server's lock: told to close, no longer counted */
};

struct server {
    pthread_mutex_t lock;
    struct server_events events;
    nng_stream_listener *listener;
    nng_aio *aio;
    struct connection *list;
    size_t n;
    bool stopping;
    char path[128];
};

struct server_call {
    struct arena a;
    struct usage *usage;     /* of its connection: references of its own */
    struct frame_conn *conn;
    uint64_t id;
    enum method method;
    uint64_t at_ms; /* 0: now */
};

uint64_t server_at(const struct server_call *call)
{
    return call->at_ms;
}

static struct usage *usage_new(void)
{
    struct usage *u = calloc(1, sizeof *u);
    ASSERT(u != NULL);
    atomic_init(&u->refs, 1);
    atomic_init(&u->calls, 0);
    atomic_init(&u->used_at, clock_mono_ms(&clock_system));
    return u;
}

static void usage_release(struct usage *u)
{
    if (atomic_fetch_sub(&u->refs, 1) == 1)
        free(u);
}

static struct usage *call_begins(struct usage *u)
{
    atomic_fetch_add(&u->refs, 1);
    atomic_fetch_add(&u->calls, 1);
    atomic_store(&u->used_at, clock_mono_ms(&clock_system));
    return u;
}

static void call_ends(struct usage *u)
{
    atomic_store(&u->used_at, clock_mono_ms(&clock_system));
    atomic_fetch_sub(&u->calls, 1);
    usage_release(u);
}

static void free_call(struct server_call *call)
{
    call_ends(call->usage);
    frame_release(call->conn);
    arena_deinit(&call->a);
    free(call);
}

static void respond(struct server_call *call, const struct rpc_response *r)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (codec_encode(&rpc_response_desc, r, &b) == ST_OK)
        (void)!frame_send(call->conn, buf_span(&b));
    free_call(call);
}

void server_refuse(struct server_call *call, enum status st, const char *text)
{
    struct rpc_response r = {.id = call->id, .status = st == ST_OK ? ST_IO : (int64_t)st, .text = span_str(text)};
    SET_HAS(&r, rpc_response_key_text);
    if (r.text.n > 1023)
        r.text.n = 1023;
    if (text_check(r.text, false, NULL) != ST_OK)
        r.text = span_str("the reason has characters that cannot be shown");
    respond(call, &r);
}

void server_answer(struct server_call *call, const void *reply)
{
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    buf_init(&b, LIMIT_FRAME_BYTES);
    const struct record_desc *d = client_reply_desc(call->method);
    enum status st = codec_check(d, reply, &err);
    if (st == ST_OK && codec_encode(d, reply, &b) != ST_OK)
        st = err_set(&err, ST_LIMIT, "the answer is larger than a message may be; ask for less at once");
    if (st != ST_OK) {
        server_refuse(call, st, err.text);
        return;
    }
    struct rpc_response r = {.id = call->id, .body = buf_span(&b)};
    SET_HAS(&r, rpc_response_key_body);
    respond(call, &r);
}

static void on_frame(void *ctx, struct frame_conn *conn, struct span payload)
{
    struct connection *c = ctx;
    struct server_call *call = calloc(1, sizeof *call);
    ASSERT(call != NULL);
    arena_init(&call->a, 64 << 20);
    call->conn = frame_hold(conn);
    call->usage = call_begins(c->usage);
    struct rpc_request r;
    struct err err;
    enum status st = codec_decode(&rpc_request_desc, arena_dup(&call->a, payload), &call->a, &r, &err);
    if (st != ST_OK) {
        frame_close(conn, ST_FORMAT, "a question that cannot be read");
        free_call(call);
        return;
    }
    call->id = r.id;
    call->method = (enum method)r.method;
    const struct record_desc *d = client_request_desc(call->method);
    if (d == NULL) {
        server_refuse(call, ST_UNSUPPORTED, "this node does not know the question; is it older than your program?");
        return;
    }
    if (HAS(&r, rpc_request_key_at_ms) && method_answered_by(call->method) != BY_RECORD) {
        server_refuse(call, ST_USAGE, "this question is not one of the record: it cannot be asked about an earlier time");
        return;
    }
    call->at_ms = !HAS(&r, rpc_request_key_at_ms) ? 0 : r.at_ms == 0 ? 1 : r.at_ms;
    void *request = arena_alloc(&call->a, d->size);
    st = request == NULL ? ST_LIMIT : codec_decode(d, r.body, &call->a, request, &err);
    if (st != ST_OK)
        server_refuse(call, st, err.text);
    else
        c->server->events.ask(c->server->events.ctx, call, call->method, request);
}

static void on_closed(void *ctx, struct frame_conn *conn, enum status st, const char *text)
{
    (void)st, (void)text;
    struct connection *c = ctx;
    struct server *s = c->server;
    (void)pthread_mutex_lock(&s->lock);
    struct connection **at = &s->list;
    while (*at != NULL && *at != c)
        at = &(*at)->next;
    if (*at == c) {
        *at = c->next;
        s->n -= !c->evicted;
    }
    (void)pthread_mutex_unlock(&s->lock);
    frame_free(conn);
    usage_release(c->usage);
    free(c);
}

/* Under the lock. Room for one more, by the end of the one that has been of no use the longest; held. NULL: none has to go, or
 * (s->n stays at its most) all have a question open. */
static struct frame_conn *make_room(struct server *s)
{
    struct connection *victim = NULL;
    if (s->n < SERVER_CONNECTIONS)
        return NULL;
    for (struct connection *c = s->list; c != NULL; c = c->next)
        if (!c->evicted && atomic_load(&c->usage->calls) == 0 &&
            (victim == NULL || atomic_load(&c->usage->used_at) < atomic_load(&victim->usage->used_at)))
            victim = c;
    if (victim == NULL)
        return NULL;
    victim->evicted = true;
    s->n--;
    return frame_hold(victim->conn);
}

static void add(struct server *s, nng_stream *stream)
{
    static const struct frame_events events = {on_frame, on_closed};
    struct frame_options options = {.limit = LIMIT_FRAME_BYTES,
                                    .queue_bytes = QUEUE_BYTES,
                                    .stall_ms = STALL_MS,
                                    .idle_ms = IDLE_MS,
                                    .clock = &clock_system};
    struct connection *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->server = s;
    c->usage = usage_new();
    (void)pthread_mutex_lock(&s->lock);
    struct frame_conn *victim = make_room(s);
    bool full = s->stopping || s->n >= SERVER_CONNECTIONS;
    (void)pthread_mutex_unlock(&s->lock);
    if (victim != NULL) {
        frame_close(victim, ST_CLOSED, "others want in, and this one said nothing for long");
        frame_release(victim);
    }
    if (full || frame_new(stream, NULL, &options, &events, c, &c->conn) != ST_OK) {
        if (full)
            nng_stream_free(stream);
        usage_release(c->usage);
        free(c);
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    c->next = s->list;
    s->list = c;
    s->n++;
    (void)pthread_mutex_unlock(&s->lock);
    frame_start(c->conn);
}

static void on_accept(void *ctx)
{
    struct server *s = ctx;
    int rv = nng_aio_result(s->aio);
    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    if (rv == 0)
        add(s, nng_aio_get_output(s->aio, 0));
    (void)pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    if (!stopping)
        nng_stream_listener_accept(s->listener, s->aio);
}

/* Does somebody answer at this socket? A file left by a process that is gone is removed. */
static bool in_use(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool used = connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0;
    (void)close(fd);
    if (!used)
        (void)unlink(path);
    return used;
}

enum status server_start(const char *path, bool group, const struct server_events *events, struct server **ret_server, struct err *err)
{
    char url[160];
    if (strlen(path) > 100)
        return err_set(err, ST_LIMIT, "%s: a socket's path has at most 100 bytes; set `socket` in node.yaml to a shorter one", path);
    struct stat sb;
    if (lstat(path, &sb) == 0 && !S_ISSOCK(sb.st_mode))
        return err_set(err, ST_EXISTS, "%s: is there already and is no socket; it was left as it is. Set `socket` in node.yaml to another path", path);
    if (in_use(path))
        return err_set(err, ST_LOCKED, "%s: another process answers there already; is this node running?", path);
    struct server *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
    s->events = *events;
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    (void)snprintf(url, sizeof url, "ipc://%s", path);
    mode_t old = umask(group ? 0117 : 0177);
    int rv = nng_aio_alloc(&s->aio, on_accept, s);
    if (rv == 0)
        rv = nng_stream_listener_alloc(&s->listener, url);
    if (rv == 0)
        rv = nng_stream_listener_listen(s->listener);
    (void)umask(old);
    if (rv == 0 && chmod(path, group ? 0660 : 0600) != 0)
        rv = NNG_EPERM;
    if (rv != 0) {
        server_stop(s);
        return err_set(err, frame_status(rv), "%s: cannot listen there: %s", path, nng_strerror(rv));
    }
    nng_stream_listener_accept(s->listener, s->aio);
    *ret_server = s;
    return ST_OK;
}

void server_stop(struct server *s)
{
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    s->stopping = true;
    (void)pthread_mutex_unlock(&s->lock);
    if (s->listener != NULL)
        nng_stream_listener_close(s->listener);
    if (s->aio != NULL)
        nng_aio_stop(s->aio);
    for (int tries = 0; tries < 500; tries++) { /* on_closed takes each off the list, on its own thread */
        (void)pthread_mutex_lock(&s->lock);
        struct frame_conn *conn = s->list == NULL ? NULL : frame_hold(s->list->conn);
        (void)pthread_mutex_unlock(&s->lock);
        if (conn == NULL)
            break;
        frame_close(conn, ST_CLOSED, "the node stops");
        frame_release(conn);
        (void)usleep(2000);
    }
    if (s->listener != NULL)
        nng_stream_listener_free(s->listener);
    if (s->aio != NULL)
        nng_aio_free(s->aio);
    (void)unlink(s->path);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
