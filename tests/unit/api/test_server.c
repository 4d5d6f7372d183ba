/* Goal: whoever may talk to the local socket keeps nobody else out. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "api/server.h"

TestSuite(server, .timeout = 60);

enum { HELD_MAX = 4096 };

struct held {
    pthread_mutex_t lock;
    struct server_call *calls[HELD_MAX]; /* questions about entries: not answered until the test says so */
    size_t n, gone;
};

static void gone(void *ctx)
{
    struct held *h = ctx;
    (void)pthread_mutex_lock(&h->lock);
    h->gone++;
    (void)pthread_mutex_unlock(&h->lock);
}

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
    ASSERT(h->n < HELD_MAX);
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
    struct server_events events = {&r->held, ask, gone};
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

static void put_wait(struct buf *out)
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
    buf_put_span(out, buf_span(&frame));
    buf_deinit(&body);
    buf_deinit(&frame);
}

static void send_wait(int fd)
{
    struct buf b;
    buf_init(&b, 1024);
    put_wait(&b);
    cr_assert_eq(send(fd, b.p, b.n, 0), (ssize_t)b.n);
    buf_deinit(&b);
}

static void wait_for(struct held *h, size_t n)
{
    for (int i = 0; i < 10000 && count(h) < n; i++)
        (void)usleep(1000);
    cr_assert_geq(count(h), n);
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
    struct server_events events = {NULL, about_when, NULL};
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

/* Whoever asks and asks is not read from; when some are answered, he is again; and none is lost but those that are refused. */
Test(server, questions_that_are_open_are_bounded)
{
    struct rig r;
    struct buf many;
    size_t sent = 0, answered = 0, asked = 0;
    start(&r);
    int fd = dial(&r);
    cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    buf_init(&many, 16 << 20);
    for (; asked < 100000; asked++)
        put_wait(&many);
    for (int quiet = 0; quiet < 500;) { /* until it takes no more for half a second */
        ssize_t n = send(fd, many.p + sent, many.n - sent, 0);
        quiet = n > 0 ? 0 : quiet + 1;
        sent += n > 0 ? (size_t)n : 0;
        cr_assert_lt(sent, many.n, "all was read");
        (void)usleep(1000);
    }
    cr_assert_geq(count(&r.held), LIMIT_LOCAL_CALLS);
    cr_assert_leq(count(&r.held), 2 * LIMIT_LOCAL_CALLS);
    expect_answer(&r); /* others are answered */
    size_t first = count(&r.held);
    (void)pthread_mutex_lock(&r.held.lock);
    struct server_call **calls = calloc(first, sizeof(struct server_call *));
    cr_assert_not_null(calls);
    memcpy(calls, r.held.calls, first * sizeof *calls);
    r.held.n = 0;
    (void)pthread_mutex_unlock(&r.held.lock);
    for (; answered < first; answered++)
        server_refuse(calls[answered], ST_TIMEOUT, "no news");
    wait_for(&r.held, 1); /* it is read from again */
    (void)close(fd);
    server_stop(r.server);
    for (size_t i = 0; i < r.held.n; i++) {
        cr_assert(server_gone(r.held.calls[i]));
        server_refuse(r.held.calls[i], ST_CLOSED, "the node stops");
    }
    free(calls);
    buf_deinit(&many);
}

Test(server, questions_of_who_has_gone_are_said)
{
    struct rig r;
    start(&r);
    int fd = dial(&r);
    send_wait(fd);
    wait_for(&r.held, 1);
    cr_assert(!server_gone(r.held.calls[0]));
    (void)close(fd);
    for (int i = 0; i < 10000 && !server_gone(r.held.calls[0]); i++)
        (void)usleep(1000);
    cr_assert(server_gone(r.held.calls[0]));
    for (int i = 0; i < 10000 && r.held.gone == 0; i++)
        (void)usleep(1000);
    server_refuse(r.held.calls[0], ST_CLOSED, "into the void");
    server_stop(r.server);
    cr_assert_eq(r.held.gone, 1);
}

/* Runs as nobody; true: it ended well. */
static bool as_nobody(const struct rig *r, bool (*what)(const struct rig *r))
{
    int code = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(setgid(65534) == 0 && setuid(65534) == 0 && what(r) ? 0 : 1);
    (void)waitpid(pid, &code, 0);
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

static bool may_look_only(const struct rig *r)
{
    struct client *c;
    struct err err;
    struct arena a;
    struct rpc_boundary_reply reply;
    struct rpc_backup q = {.directory = span_str("/tmp/x")};
    struct rpc_backup_reply made;
    struct epoch_survivor survivor;
    arena_init(&a, 1 << 20);
    return client_open(r->path, 10000, &c, &err) == ST_OK && client_ask(c, METHOD_boundary, NULL, &a, &reply, &err) == ST_OK &&
           client_ask(c, METHOD_survivor, NULL, &a, &survivor, &err) == ST_REFUSED &&
           client_ask(c, METHOD_unfreeze, NULL, &a, NULL, &err) == ST_REFUSED &&
           client_ask(c, METHOD_backup, &q, &a, &made, &err) == ST_REFUSED && strstr(err.text, "the user that the node runs as") != NULL;
}

/* With a question open in each, as many as there may be. They stay until the test kills it. */
static bool fill(const struct rig *r)
{
    for (int i = 0; i < SERVER_CONNECTIONS; i++)
        send_wait(dial(r));
    (void)pause();
    return true;
}

static bool is_root(void)
{
    if (geteuid() != 0)
        cr_log_warn("not root: what another user may ask was NOT tested");
    return geteuid() == 0;
}

Test(server, what_changes_the_node_is_for_its_own_user)
{
    struct rig r;
    if (!is_root())
        return;
    start(&r);
    cr_assert_eq(chmod(r.path, 0666), 0);
    cr_assert(as_nobody(&r, may_look_only));
    server_stop(r.server);
    cr_assert_eq(method_asked_by(METHOD_boundary), MAY_READ);
    cr_assert_eq(method_asked_by(METHOD_submit), MAY_GIVE);
    cr_assert_eq(method_asked_by((enum method)9999), MAY_OPERATE);
}

Test(server, questions_that_are_open_do_not_keep_the_operator_out)
{
    struct rig r;
    if (!is_root())
        return;
    start(&r);
    cr_assert_eq(chmod(r.path, 0666), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(setgid(65534) == 0 && setuid(65534) == 0 && fill(&r) ? 0 : 1);
    wait_for(&r.held, SERVER_CONNECTIONS);
    expect_answer(&r);
    int own = dial(&r);
    send_wait(own);
    wait_for(&r.held, SERVER_CONNECTIONS + 1);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    for (size_t i = 0; i < r.held.n; i++)
        server_refuse(r.held.calls[i], ST_TIMEOUT, "no news");
    (void)close(own);
    server_stop(r.server);
}

static double cpu_s(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Out of file descriptors it waits, and goes on when there are some. */
Test(server, no_spin_without_file_descriptors)
{
    struct rig r;
    struct rlimit was, none;
    start(&r);
    expect_answer(&r);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
    int fd = dial(&r), last = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)usleep(200000);
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", r.path);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = was.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_assert_eq(connect(last, (const struct sockaddr *)&addr, sizeof addr), 0);
    double before = cpu_s();
    (void)usleep(1000000);
    double used = cpu_s() - before;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
    cr_assert_lt(used, 0.3, "%f s", used);
    expect_answer(&r);
    (void)close(fd);
    (void)close(last);
    server_stop(r.server);
}

/* A socket whose owner is there, if busy, is left alone; one that nobody listens at is replaced. */
Test(server, the_socket_of_a_busy_process_is_left_alone)
{
    struct rig r = {.server = NULL};
    struct server_events events = {NULL, about_when, NULL};
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct err err;
    int waiting[8], n = 0, busy = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(r.path, sizeof r.path, "/tmp/entente-busy-%ld.sock", (long)getpid());
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", r.path);
    cr_assert_eq(bind(busy, (const struct sockaddr *)&addr, sizeof addr), 0);
    cr_assert_eq(listen(busy, 1), 0);
    for (; n < 8; n++) {
        waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(waiting[n], (const struct sockaddr *)&addr, sizeof addr) != 0)
            break;
    }
    cr_assert_lt(n, 8, "its queue is full");
    cr_assert_eq(server_start(r.path, false, &events, &r.server, &err), ST_LOCKED);
    cr_assert_eq(access(r.path, F_OK), 0);
    for (; n >= 0; n--)
        (void)close(waiting[n]);
    (void)close(busy);
    cr_assert_eq(server_start(r.path, false, &events, &r.server, &err), ST_OK, "%s", err.text);
    server_stop(r.server);
}

Test(server, any_text_can_be_shown)
{
    char b[64], small[6];
    server_showable("/srv/caf\xc3\xa9: no", b, sizeof b);
    cr_assert_str_eq(b, "/srv/caf\xc3\xa9: no");
    server_showable("/srv/caf\xe9/\x01\n\xe2\x82", b, sizeof b);
    cr_assert_str_eq(b, "/srv/caf?/????");
    server_showable("caf\xc3\xa9 and more", small, sizeof small);
    cr_assert_str_eq(small, "caf\xc3\xa9");
    server_showable("cafe\xc3\xa9", small, sizeof small); /* no half of a character */
    cr_assert_str_eq(small, "cafe");
    server_showable("", b, sizeof b);
    cr_assert_str_eq(b, "");
}
