/* Goal: whoever may talk to the local socket keeps nobody else out. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "api/server.h"

TestSuite(server, .timeout = 60);

enum { HELD_MAX = 128 };

struct held {
    pthread_mutex_t lock;
    struct server_call *calls[HELD_MAX]; /* questions about entries: not answered until the test says so */
    size_t n;
};

static void ask(void *ctx, struct server_call *call, enum method method, const void *request)
{
    struct held *h = ctx;
    (void)request;
    if (method != METHOD_entry) {
        struct rpc_boundary_reply r = {.size = 7};
        server_answer(call, &r);
        return;
    }
    (void)pthread_mutex_lock(&h->lock);
    cr_assert_lt(h->n, HELD_MAX);
    h->calls[h->n++] = call;
    (void)pthread_mutex_unlock(&h->lock);
}

static size_t count(struct held *h)
{
    (void)pthread_mutex_lock(&h->lock);
    size_t n = h->n;
    (void)pthread_mutex_unlock(&h->lock);
    return n;
}

struct rig {
    struct held held;
    struct server *server;
    char path[64];
};

static void start(struct rig *r)
{
    struct err err;
    *r = (struct rig){.held = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    (void)snprintf(r->path, sizeof r->path, "/tmp/entente-test-%ld.sock", (long)getpid());
    struct server_events events = {&r->held, ask};
    cr_assert_eq(server_start(r->path, false, &events, &r->server, &err), ST_OK, "%s", err.text);
}

static int dial(const struct rig *r)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", r->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&addr, sizeof addr), 0);
    return fd;
}

/* Asks as a person would, and is answered. */
static void expect_answer(const struct rig *r)
{
    struct client *c;
    struct err err;
    struct arena a;
    struct rpc_boundary_reply reply;
    arena_init(&a, 1 << 20);
    cr_assert_eq(client_open(r->path, 10000, &c, &err), ST_OK, "%s", err.text);
    cr_assert_eq(client_ask(c, METHOD_boundary, NULL, &a, &reply, &err), ST_OK, "%s", err.text);
    cr_assert_eq(reply.size, 7);
    client_close(c);
    arena_deinit(&a);
}

static void send_wait(int fd)
{
    struct rpc_entry q = {.timeout_ms = 60000};
    struct buf body, frame;
    buf_init(&body, 1024);
    buf_init(&frame, 1024);
    cr_assert_eq(codec_encode(&rpc_entry_desc, &q, &body), ST_OK);
    struct rpc_request request = {.id = 1, .method = METHOD_entry, .body = buf_span(&body)};
    buf_u32(&frame, 0);
    cr_assert_eq(codec_encode(&rpc_request_desc, &request, &frame), ST_OK);
    store_u32(frame.p, (uint32_t)(frame.n - 4));
    cr_assert_eq(send(fd, frame.p, frame.n, 0), (ssize_t)frame.n);
    buf_deinit(&body);
    buf_deinit(&frame);
}

Test(server, silent_connections_keep_nobody_out)
{
    struct rig r;
    int silent[3 * SERVER_CONNECTIONS];
    start(&r);
    for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
        silent[i] = dial(&r);
        if (i % 3 == 1) /* half of a frame */
            cr_assert_eq(send(silent[i], "\0\0\20\0half", 8, 0), 8);
        if (i % SERVER_CONNECTIONS == 0)
            expect_answer(&r);
    }
    for (size_t i = 0; i < 5; i++)
        expect_answer(&r);
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        (void)close(silent[i]);
    server_stop(r.server);
}

/* Whoever waits for an answer is not the one that goes. */
Test(server, who_waits_for_an_answer_stays)
{
    struct rig r;
    int waiting[5], silent[2 * SERVER_CONNECTIONS];
    start(&r);
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        waiting[i] = dial(&r);
        send_wait(waiting[i]);
    }
    for (int i = 0; i < 5000 && count(&r.held) < ARRAY_LEN(waiting); i++)
        (void)usleep(1000);
    cr_assert_eq(count(&r.held), ARRAY_LEN(waiting));
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        silent[i] = dial(&r);
    expect_answer(&r);
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
        server_refuse(r.held.calls[i], ST_TIMEOUT, "no news");
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        uint8_t p[64];
        cr_assert_gt(recv(waiting[i], p, sizeof p, 0), 4, "the answer of %zu did not come", i);
        (void)close(waiting[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        (void)close(silent[i]);
    server_stop(r.server);
}

/* A question may be answered after its server is gone. */
Test(server, answers_into_the_void)
{
    struct rig r;
    start(&r);
    int fd = dial(&r);
    send_wait(fd);
    for (int i = 0; i < 5000 && count(&r.held) < 1; i++)
        (void)usleep(1000);
    cr_assert_eq(count(&r.held), 1);
    server_stop(r.server);
    server_refuse(r.held.calls[0], ST_CLOSED, "the node stops");
    (void)close(fd);
}

static void about_when(void *ctx, struct server_call *call, enum method method, const void *request)
{
    (void)ctx, (void)request;
    struct rpc_boundary_reply r = {.size = 1, .time_ms = server_at(call)};
    if (method == METHOD_boundary)
        server_answer(call, &r);
    else
        server_refuse(call, ST_NOTFOUND, server_at(call) == 0 ? "now" : "then");
}

/* Questions of the record may be about an earlier time; it goes with these alone. */
Test(server, questions_about_an_earlier_time)
{
    struct rig r = {.server = NULL};
    struct server_events events = {NULL, about_when};
    struct client *c;
    struct err err;
    struct arena a;
    struct rpc_boundary_reply reply;
    struct rpc_nudges_reply other;
    arena_init(&a, 1 << 20);
    (void)snprintf(r.path, sizeof r.path, "/tmp/entente-test-%ld.sock", (long)getpid());
    cr_assert_eq(server_start(r.path, false, &events, &r.server, &err), ST_OK, "%s", err.text);
    cr_assert_eq(client_open(r.path, 10000, &c, &err), ST_OK, "%s", err.text);
    cr_assert_eq(client_ask(c, METHOD_boundary, NULL, &a, &reply, &err), ST_OK, "%s", err.text);
    cr_assert_eq(reply.time_ms, 0, "now");
    client_at(c, 1767261600000);
    cr_assert_eq(client_ask(c, METHOD_boundary, NULL, &a, &reply, &err), ST_OK, "%s", err.text);
    cr_assert_eq(reply.time_ms, 1767261600000);
    cr_assert_eq(method_answered_by(METHOD_nudges), BY_NUDGES);
    cr_assert_eq(client_ask(c, METHOD_nudges, NULL, &a, &other, &err), ST_NOTFOUND, "%s", err.text);
    cr_assert_str_eq(err.text, "now");
    client_at(c, 0);
    cr_assert_eq(client_ask(c, METHOD_boundary, NULL, &a, &reply, &err), ST_OK, "%s", err.text);
    cr_assert_eq(reply.time_ms, 0);
    client_close(c);
    server_stop(r.server);
    arena_deinit(&a);
}
