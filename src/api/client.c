#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "api/client.h"

/* Copying and reading all of a store; executing all of a record. */
enum { BACKUP_MS = 12 * 3600 * 1000, PAST_MS = 3600 * 1000 };

struct client {
    int fd;
    uint64_t timeout_ms, next_id, at_ms;
    char path[512];
};

const struct record_desc *client_request_desc(enum method method)
{
    switch (method) {
#define METHOD(name, number, request, reply, where, who, doc)                                                \
    case METHOD_##name:                                                                                      \
        return &request##_desc;
#include "api/methods.def"
#undef METHOD
    }
    return NULL;
}

const struct record_desc *client_reply_desc(enum method method)
{
    switch (method) {
#define METHOD(name, number, request, reply, where, who, doc)                                                \
    case METHOD_##name:                                                                                      \
        return &reply##_desc;
#include "api/methods.def"
#undef METHOD
    }
    return NULL;
}

enum answered_by method_answered_by(enum method method)
{
    switch (method) {
#define METHOD(name, number, request, reply, where, who, doc)                                                \
    case METHOD_##name:                                                                                      \
        return BY_##where;
#include "api/methods.def"
#undef METHOD
    }
    return BY_READER;
}

enum asked_by method_asked_by(enum method method)
{
    switch (method) {
#define METHOD(name, number, request, reply, where, who, doc)                                                \
    case METHOD_##name:                                                                                      \
        return MAY_##who;
#include "api/methods.def"
#undef METHOD
    }
    return MAY_OPERATE;
}

static enum status socket_path(const char *path, struct sockaddr_un *ret, struct err *err)
{
    struct stat sb;
    bool dir = stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(ret->sun_path, sizeof ret->sun_path, "%s%s", path, dir ? "/node.sock" : "");
    if (n < 0 || (size_t)n >= sizeof ret->sun_path)
        return err_set(err, ST_LIMIT, "%s: longer than the %zu bytes that a socket's path may have", path, sizeof ret->sun_path - 12);
    return ST_OK;
}

enum status client_open(const char *path, uint64_t timeout_ms, struct client **ret_client, struct err *err)
{
    struct sockaddr_un addr;
    char why[128];
    enum status st = socket_path(path, &addr, err);
    if (st != ST_OK)
        return st;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ST_IO, "no socket can be had: %s", strerror_r(errno, why, sizeof why));
    if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) != 0) {
        int e = errno;
        (void)close(fd);
        if (e == EACCES)
            return err_set(err, ST_REFUSED, "%s: you may not talk to this node; its operator can let you in by the socket's group",
                           addr.sun_path);
        return err_set(err, ST_UNREACHABLE, "no node answers at %s (%s). Start it with: ententd run DIR; or name another with --node",
                       addr.sun_path, strerror_r(e, why, sizeof why));
    }
    struct client *c = calloc(1, sizeof *c);
    ASSERT(c != NULL);
    c->fd = fd;
    c->timeout_ms = timeout_ms;
    (void)snprintf(c->path, sizeof c->path, "%s", addr.sun_path);
    *ret_client = c;
    return ST_OK;
}

void client_close(struct client *c)
{
    if (c == NULL)
        return;
    (void)close(c->fd);
    free(c);
}

void client_closep(struct client **c)
{
    client_close(*c);
    *c = NULL;
}

void client_at(struct client *c, uint64_t at_ms)
{
    c->at_ms = at_ms;
}

static bool asks_the_past(const struct client *c, enum method method)
{
    return c->at_ms != 0 && method_answered_by(method) == BY_RECORD;
}

static enum status wait_for(struct client *c, short what, uint64_t deadline_ms, struct err *err)
{
    for (;;) {
        uint64_t now = clock_mono_ms(&clock_system);
        if (now >= deadline_ms)
            return err_set(err, ST_TIMEOUT, "the node at %s does not answer within %" PRIu64 " s", c->path, c->timeout_ms / 1000);
        struct pollfd p = {.fd = c->fd, .events = what};
        uint64_t left = deadline_ms - now;
        int k = poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
        if (k > 0)
            return ST_OK;
        if (k < 0 && errno != EINTR)
            return err_set(err, ST_IO, "the connection to %s failed", c->path);
    }
}

static enum status send_all(struct client *c, struct span s, uint64_t deadline_ms, struct err *err)
{
    for (size_t at = 0; at < s.n;) {
        enum status st = wait_for(c, POLLOUT, deadline_ms, err);
        if (st != ST_OK)
            return st;
        ssize_t k = send(c->fd, s.p + at, s.n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (k < 0)
            return err_set(err, ST_CLOSED, "the node at %s went away", c->path);
        at += (size_t)k;
    }
    return ST_OK;
}

static enum status receive_all(struct client *c, uint8_t *p, size_t n, uint64_t deadline_ms, struct err *err)
{
    for (size_t at = 0; at < n;) {
        enum status st = wait_for(c, POLLIN, deadline_ms, err);
        if (st != ST_OK)
            return st;
        ssize_t k = recv(c->fd, p + at, n - at, MSG_DONTWAIT);
        if (k < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (k <= 0)
            return err_set(err, ST_CLOSED, "the node at %s went away before it answered", c->path);
        at += (size_t)k;
    }
    return ST_OK;
}

static enum status send_request(struct client *c, enum method method, const void *request, uint64_t deadline_ms, struct err *err)
{
    static const struct rpc_nothing nothing;
    struct buf body CLEANUP(buf_deinit), frame CLEANUP(buf_deinit);
    buf_init(&body, LIMIT_FRAME_BYTES);
    buf_init(&frame, LIMIT_FRAME_BYTES);
    const struct record_desc *d = client_request_desc(method);
    enum status st = codec_encode(d, request == NULL ? &nothing : request, &body);
    struct rpc_request r = {.id = ++c->next_id, .method = method, .body = buf_span(&body)};
    if (asks_the_past(c, method)) {
        r.at_ms = c->at_ms;
        SET_HAS(&r, rpc_request_key_at_ms);
    }
    buf_u32(&frame, 0);
    if (st == ST_OK)
        st = codec_encode(&rpc_request_desc, &r, &frame);
    if (st != ST_OK)
        return err_set(err, st, "the question cannot be encoded");
    store_u32(frame.p, (uint32_t)(frame.n - 4));
    return send_all(c, buf_span(&frame), deadline_ms, err);
}

static enum status receive_response(struct client *c, uint64_t deadline_ms, struct arena *a, struct rpc_response *ret, struct err *err)
{
    uint8_t prefix[4];
    for (;;) {
        enum status st = receive_all(c, prefix, sizeof prefix, deadline_ms, err);
        if (st != ST_OK)
            return st;
        uint32_t n = load_u32(prefix);
        if (n == 0) /* keepalive */
            continue;
        uint8_t *p = n > LIMIT_FRAME_BYTES ? NULL : arena_alloc(a, n);
        if (p == NULL)
            return err_set(err, ST_FORMAT, "the node at %s sent %u bytes; at most %d are expected", c->path, n, LIMIT_FRAME_BYTES);
        st = receive_all(c, p, n, deadline_ms, err);
        if (st == ST_OK)
            st = codec_decode(&rpc_response_desc, span_of(p, n), a, ret, err);
        if (st != ST_OK)
            return st;
        if (ret->id == c->next_id)
            return ST_OK;
    }
}

enum status client_ask(struct client *c, enum method method, const void *request, struct arena *a, void *ret_reply, struct err *err)
{
    uint64_t wait = method == METHOD_entry ? ((const struct rpc_entry *)request)->timeout_ms : 0;
    if (method == METHOD_backup)
        wait = BACKUP_MS;
    else if (asks_the_past(c, method))
        wait = PAST_MS;
    uint64_t deadline = clock_mono_ms(&clock_system) + c->timeout_ms + wait;
    struct rpc_response r;
    enum status st = send_request(c, method, request, deadline, err);
    if (st == ST_OK)
        st = receive_response(c, deadline, a, &r, err);
    if (st != ST_OK)
        return st;
    if (r.status != ST_OK)
        return err_set(err, (enum status)r.status, "%.*s", SPAN_FMT(r.text));
    st = codec_decode(client_reply_desc(method), r.body, a, ret_reply, err);
    return st == ST_OK ? ST_OK : err_wrap(err, st, "the node's answer cannot be read: ");
}
