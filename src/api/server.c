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
    ACCEPT_RETRY_MS = 200,
    CALL_OVERHEAD = 5120, /* of memory, for a question of no length */
    IDLE_MS = 3600000 + 60000 /* a question may wait for an hour (rpc_entry, timeout_ms) */
};

/* All open questions. Outlives the server while there are some. */
struct total {
    atomic_uint refs;
    atomic_size_t bytes;
};

/* What a connection is used for. Outlives it, and the server, while questions are open. */
struct usage {
    atomic_uint refs;
    struct total *total;
    bool operator;           /* the user of this process, or root */
    atomic_bool gone;        /* nobody is there any more to answer */
    pthread_mutex_t lock;
    unsigned calls; /* not answered yet; these four under the lock */
    size_t bytes;
    bool paused;
    uint64_t used_at; /* monotonic ms: connected, or last asked or answered */
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
    nng_aio *aio, *pause; /* pause: before the next accept, after one that failed */
    struct total *total;
    pthread_cond_t emptied;
    struct connection *list;
    size_t n;
    size_t callbacks; /* connections whose on_closed has not returned */
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
    size_t bytes;   /* as counted */
};

uint64_t server_at(const struct server_call *call)
{
    return call->at_ms;
}

bool server_gone(const struct server_call *call)
{
    return atomic_load(&call->usage->gone);
}

static void total_release(struct total *t)
{
    if (atomic_fetch_sub(&t->refs, 1) == 1)
        free(t);
}

static struct usage *usage_new(struct total *t, bool operator)
{
    struct usage *u = calloc(1, sizeof *u);
    ASSERT(u != NULL);
    ASSERT(pthread_mutex_init(&u->lock, NULL) == 0);
    atomic_init(&u->refs, 1);
    atomic_init(&u->gone, false);
    atomic_fetch_add(&t->refs, 1);
    u->total = t;
    u->operator = operator;
    u->used_at = clock_mono_ms(&clock_system);
    return u;
}

static void usage_release(struct usage *u)
{
    if (atomic_fetch_sub(&u->refs, 1) != 1)
        return;
    total_release(u->total);
    (void)pthread_mutex_destroy(&u->lock);
    free(u);
}

/* Under the lock. */
static bool beyond(const struct usage *u, unsigned times)
{
    return u->calls > times * LIMIT_LOCAL_CALLS || u->bytes > (size_t)times * LIMIT_LOCAL_CALL_BYTES;
}

static void call_begins(struct server_call *call, struct usage *u, struct frame_conn *conn)
{
    call->conn = frame_hold(conn);
    call->usage = u;
    atomic_fetch_add(&u->refs, 1);
    (void)pthread_mutex_lock(&u->lock);
    u->calls++;
    u->used_at = clock_mono_ms(&clock_system);
    (void)pthread_mutex_unlock(&u->lock);
}

/* Its memory is known. At the limit the connection is not read from. False: it is one too many. */
static bool call_counts(struct server_call *call)
{
    struct usage *u = call->usage;
    call->bytes = CALL_OVERHEAD + call->a.used;
    size_t all = atomic_fetch_add(&u->total->bytes, call->bytes) + call->bytes;
    (void)pthread_mutex_lock(&u->lock);
    u->bytes += call->bytes;
    if (beyond(u, 1)) { /* each time: a frame_resume may come late */
        u->paused = true;
        frame_pause(call->conn);
    }
    /* One alone is answered however large it is; a frame has its own limit. */
    bool fits = u->calls == 1 || !beyond(u, 2);
    (void)pthread_mutex_unlock(&u->lock);
    return fits && (u->operator || all <= LIMIT_LOCAL_BYTES);
}

static void call_ends(struct server_call *call)
{
    struct usage *u = call->usage;
    atomic_fetch_sub(&u->total->bytes, call->bytes);
    (void)pthread_mutex_lock(&u->lock);
    u->used_at = clock_mono_ms(&clock_system);
    u->calls--;
    u->bytes -= call->bytes;
    bool resume = u->paused && u->calls <= LIMIT_LOCAL_CALLS / 2 && u->bytes <= LIMIT_LOCAL_CALL_BYTES / 2;
    if (resume)
        u->paused = false;
    (void)pthread_mutex_unlock(&u->lock);
    if (resume)
        frame_resume(call->conn);
    usage_release(u);
}

static void free_call(struct server_call *call)
{
    call_ends(call);
    frame_release(call->conn);
    arena_deinit(&call->a);
    free(call);
}

static void respond(struct server_call *call, const struct rpc_response *r)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    if (codec_encode(&rpc_response_desc, r, &b) == ST_OK && frame_send(call->conn, buf_span(&b)) == ST_BUSY)
        frame_close(call->conn, ST_LIMIT, "it asks, and does not take the answers"); /* one that is left out would be waited for */
    free_call(call);
}

/* Bytes of the text at p that may be sent as they are: one character's; 0: it may not be. */
static size_t one_character(const char *p)
{
    for (size_t n = 1; n <= 4; n++) {
        if (p[n - 1] == 0)
            return 0;
        if (text_check(span_of(p, n), false, NULL) == ST_OK)
            return n;
    }
    return 0;
}

void server_showable(const char *text, char *ret, size_t size)
{
    size_t n = 0;
    while (*text != 0 && n + 1 < size) {
        size_t k = one_character(text);
        if (n + k + 1 > size)
            break;
        if (k == 0)
            ret[n++] = '?';
        else
            memcpy(ret + n, text, k);
        n += k;
        text += k == 0 ? 1 : k;
    }
    ret[n] = 0;
}

void server_refuse(struct server_call *call, enum status st, const char *text)
{
    char words[1024];
    server_showable(text, words, sizeof words);
    struct rpc_response r = {.id = call->id, .status = st == ST_OK ? ST_IO : (int64_t)st, .text = span_str(words)};
    SET_HAS(&r, rpc_response_key_text);
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
    call_begins(call, c->usage, conn);
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
    if (method_asked_by(call->method) == MAY_OPERATE && !c->usage->operator) {
        server_refuse(call, ST_REFUSED,
                      "this is for the user that the node runs as, and root: it changes the node, and the socket's group (socket-group: yes) "
                      "reads and hands in. Ask as that user, as with: sudo -u USER entente ...");
        return;
    }
    call->at_ms = !HAS(&r, rpc_request_key_at_ms) ? 0 : r.at_ms == 0 ? 1 : r.at_ms;
    void *request = arena_alloc(&call->a, d->size);
    st = request == NULL ? ST_LIMIT : codec_decode(d, r.body, &call->a, request, &err);
    if (!call_counts(call))
        server_refuse(call, ST_BUSY, "too many questions are open at this node; ask again when some are answered");
    else if (st != ST_OK)
        server_refuse(call, st, err.text);
    else
        c->server->events.ask(c->server->events.ctx, call, call->method, request);
}

/* Has it open questions? And when was it used last? */
static bool busy_since(struct usage *u, uint64_t *ret_ms)
{
    (void)pthread_mutex_lock(&u->lock);
    bool busy = u->calls != 0;
    *ret_ms = u->used_at;
    (void)pthread_mutex_unlock(&u->lock);
    return busy;
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
    atomic_store(&c->usage->gone, true);
    if (busy_since(c->usage, &(uint64_t){0}) && s->events.gone != NULL)
        s->events.gone(s->events.ctx);
    usage_release(c->usage);
    free(c);
    (void)pthread_mutex_lock(&s->lock);
    if (--s->callbacks == 0)
        (void)pthread_cond_broadcast(&s->emptied);
    (void)pthread_mutex_unlock(&s->lock);
}

/* Who has to go first for another: those without a question before those with one; others before the operator. */
enum worth { IDLE, IDLE_OPERATOR, BUSY, BUSY_OPERATOR };

/* Under the lock. Room for one more, by the end of the one that has been of no use the longest; held. NULL: none has to go, or
 * (s->n stays at its most) all have a question open, and are of no less worth than the newcomer. */
static struct frame_conn *make_room(struct server *s, bool operator)
{
    struct connection *victim = NULL;
    enum worth least = operator ? BUSY_OPERATOR : IDLE_OPERATOR;
    uint64_t oldest = UINT64_MAX;
    if (s->n < SERVER_CONNECTIONS)
        return NULL;
    for (struct connection *c = s->list; c != NULL; c = c->next) {
        uint64_t used_at;
        bool busy = busy_since(c->usage, &used_at);
        enum worth worth = (enum worth)(2 * busy + c->usage->operator);
        if (c->evicted || worth > least || (worth == least && used_at >= oldest))
            continue;
        least = worth;
        oldest = used_at;
        victim = c;
    }
    if (victim == NULL)
        return NULL;
    victim->evicted = true;
    s->n--;
    return frame_hold(victim->conn);
}

/* By the kernel's word. Not to be told: somebody else. */
static bool is_operator(nng_stream *stream)
{
    uint64_t uid;
    return nng_stream_get_uint64(stream, NNG_OPT_IPC_PEER_UID, &uid) == 0 && (uid == 0 || uid == geteuid());
}

static void add(struct server *s, nng_stream *stream)
{
    static const struct frame_events events = {on_frame, on_closed};
    struct frame_options options = {.limit = LIMIT_FRAME_BYTES,
                                    .queue_bytes = QUEUE_BYTES,
                                    .stall_ms = STALL_MS,
                                    .idle_ms = IDLE_MS,
                                    .clock = &clock_system};
    bool operator = is_operator(stream);
    struct connection *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->server = s;
    c->usage = usage_new(s->total, operator);
    (void)pthread_mutex_lock(&s->lock);
    struct frame_conn *victim = make_room(s, operator);
    bool full = s->stopping || s->n >= SERVER_CONNECTIONS;
    (void)pthread_mutex_unlock(&s->lock);
    if (victim != NULL) {
        frame_close(victim, ST_CLOSED, "others want in, and this one was of no use the longest");
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
    s->callbacks++;
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
    if (stopping)
        return;
    if (rv == 0)
        nng_stream_listener_accept(s->listener, s->aio);
    else /* out of file descriptors, say: asking again at once would spin */
        nng_sleep_aio(ACCEPT_RETRY_MS, s->pause);
}

static void on_pause(void *ctx)
{
    struct server *s = ctx;
    (void)pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    (void)pthread_mutex_unlock(&s->lock);
    if (nng_aio_result(s->pause) == 0 && !stopping)
        nng_stream_listener_accept(s->listener, s->aio);
}

/* Does somebody answer at this socket, or may? A file left by a process that is gone is removed: nobody listens at it. Whoever
 * has his queue full for the moment (EAGAIN), or is another user's (EACCES), is there. */
static bool in_use(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false; /* listening fails then, with its reason */
    int e = connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0 ? 0 : errno;
    (void)close(fd);
    if (e == ECONNREFUSED)
        (void)unlink(path);
    return e != ECONNREFUSED && e != ENOENT;
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
    ASSERT(pthread_cond_init(&s->emptied, NULL) == 0);
    s->total = calloc(1, sizeof *s->total);
    ASSERT(s->total != NULL);
    atomic_init(&s->total->refs, 1);
    s->events = *events;
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    (void)snprintf(url, sizeof url, "ipc://%s", path);
    mode_t old = umask(group ? 0117 : 0177);
    int rv = nng_aio_alloc(&s->aio, on_accept, s);
    if (rv == 0)
        rv = nng_aio_alloc(&s->pause, on_pause, s);
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

/* Closes every connection, and waits until the last has gone: their callbacks use the server. */
static void end_connections(struct server *s)
{
    size_t n = 0;
    (void)pthread_mutex_lock(&s->lock);
    struct frame_conn **conns = calloc(s->callbacks + 1, sizeof(struct frame_conn *));
    ASSERT(conns != NULL);
    for (struct connection *c = s->list; c != NULL; c = c->next)
        conns[n++] = frame_hold(c->conn);
    (void)pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < n; i++) {
        frame_close(conns[i], ST_CLOSED, "the node stops");
        frame_release(conns[i]);
    }
    free(conns);
    (void)pthread_mutex_lock(&s->lock);
    while (s->callbacks != 0)
        (void)pthread_cond_wait(&s->emptied, &s->lock);
    (void)pthread_mutex_unlock(&s->lock);
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
    if (s->pause != NULL)
        nng_aio_stop(s->pause); /* first: it may begin one more accept */
    if (s->aio != NULL)
        nng_aio_stop(s->aio);
    end_connections(s);
    if (s->listener != NULL)
        nng_stream_listener_free(s->listener);
    nng_aio_free(s->pause);
    nng_aio_free(s->aio);
    (void)unlink(s->path);
    total_release(s->total);
    (void)pthread_cond_destroy(&s->emptied);
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}
