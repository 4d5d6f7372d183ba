#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "node/child.h"

enum { LOOK_MS = 50 };

struct child {
    pid_t pid;
    int in, out; /* our ends; -1: closed */
    struct span left;
    struct child_result *result;
    size_t n;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* posix_spawn, not fork: nng's threads must not be copied, and nothing runs in between. */
static int spawn(const char *command, const char *dir, const int in[2], const int out[2], pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    char sh[] = "sh", c[] = "-c";
    char *const argv[] = {sh, c, (char *)(uintptr_t)command, NULL};
    (void)sigemptyset(&none);
    (void)sigemptyset(&usual);
    (void)sigaddset(&usual, SIGPIPE); /* ignored here */
    ASSERT(posix_spawn_file_actions_init(&files) == 0);
    ASSERT(posix_spawnattr_init(&attr) == 0);
    int e = posix_spawn_file_actions_addchdir_np(&files, dir);
    e = e != 0 ? e : posix_spawn_file_actions_adddup2(&files, in[0], 0);
    e = e != 0 ? e : posix_spawn_file_actions_adddup2(&files, out[1], 1);
    e = e != 0 ? e : posix_spawn_file_actions_adddup2(&files, out[1], 2);
    e = e != 0 ? e : posix_spawn_file_actions_addclosefrom_np(&files, 3);
    e = e != 0 ? e : posix_spawnattr_setpgroup(&attr, 0);
    e = e != 0 ? e : posix_spawnattr_setsigmask(&attr, &none);
    e = e != 0 ? e : posix_spawnattr_setsigdefault(&attr, &usual);
    e = e != 0 ? e : posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    e = e != 0 ? e : posix_spawn(ret_pid, "/bin/sh", &files, &attr, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attr);
    return e;
}

/* The beginning is kept, the rest read and dropped, so that it does not wait for us. */
static void keep(struct child *c, const char *p, size_t n)
{
    for (size_t i = 0; i < n && c->n < CHILD_OUTPUT_MAX; i++) {
        bool plain = (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x7f;
        c->result->output[c->n++] = plain ? p[i] : ' ';
    }
}

static void read_some(struct child *c)
{
    char part[1024];
    ssize_t n = read(c->out, part, sizeof part);
    if (n > 0)
        keep(c, part, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(&c->out);
}

static void write_some(struct child *c)
{
    ssize_t n = c->left.n == 0 ? 0 : write(c->in, c->left.p, c->left.n);
    if (n > 0)
        c->left = span_of(c->left.p + n, c->left.n - (size_t)n);
    if (c->left.n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) /* it may not want to read */
        close_fd(&c->in);
}

/* One look at its ends. */
static void serve(struct child *c)
{
    struct pollfd p[2] = {{.fd = c->in, .events = POLLOUT}, {.fd = c->out, .events = POLLIN}};
    if (poll(p, 2, LOOK_MS) <= 0)
        return;
    if (p[0].fd >= 0 && p[0].revents != 0)
        write_some(c);
    if (p[1].fd >= 0 && p[1].revents != 0)
        read_some(c);
    if (c->in < 0 && c->out < 0)
        (void)poll(NULL, 0, LOOK_MS); /* it has closed them, and goes on */
}

static enum status end(struct child *c, bool late, uint64_t limit_ms)
{
    int code;
    (void)kill(-c->pid, SIGKILL);
    while (waitpid(c->pid, &code, 0) < 0 && errno == EINTR)
        ;
    if (late)
        (void)snprintf(c->result->why, sizeof c->result->why, "it was killed after %" PRIu64 " ms", limit_ms);
    else
        (void)snprintf(c->result->why, sizeof c->result->why, "it was killed, because the node stops");
    return ST_REFUSED;
}

static enum status await(struct child *c, uint64_t limit_ms, const atomic_bool *stop)
{
    uint64_t until = clock_mono_ms(&clock_system) + limit_ms;
    int code = 0;
    for (;;) {
        pid_t got = waitpid(c->pid, &code, WNOHANG);
        if (got == c->pid)
            break;
        if (got < 0 && errno == ECHILD) { /* SIGCHLD is ignored here: somebody else took its end */
            (void)snprintf(c->result->why, sizeof c->result->why, "how it ended cannot be seen");
            return ST_REFUSED;
        }
        bool late = clock_mono_ms(&clock_system) >= until;
        if (late || (stop != NULL && atomic_load(stop)))
            return end(c, late, limit_ms);
        serve(c);
    }
    for (int i = 0; i < 64 && c->out >= 0; i++) /* what is in the pipe; others may hold its end open */
        read_some(c);
    if (WIFEXITED(code) && WEXITSTATUS(code) == 0)
        return ST_OK;
    if (WIFEXITED(code))
        (void)snprintf(c->result->why, sizeof c->result->why, "it ended with status %d", WEXITSTATUS(code));
    else
        (void)snprintf(c->result->why, sizeof c->result->why, "it was ended by signal %d", WTERMSIG(code));
    return ST_REFUSED;
}

enum status child_run(const char *command, const char *dir, struct span input, uint64_t limit_ms, const atomic_bool *stop,
                      struct child_result *ret_result)
{
    int in[2], out[2];
    struct child c = {.left = input, .result = ret_result};
    *ret_result = (struct child_result){.why = ""};
    if (pipe2(in, O_CLOEXEC) != 0) {
        (void)snprintf(ret_result->why, sizeof ret_result->why, "it could not be started: no pipe (errno %d)", errno);
        return ST_IO;
    }
    if (pipe2(out, O_CLOEXEC) != 0) {
        (void)snprintf(ret_result->why, sizeof ret_result->why, "it could not be started: no pipe (errno %d)", errno);
        (void)close(in[0]);
        (void)close(in[1]);
        return ST_IO;
    }
    c.in = in[1];
    c.out = out[0];
    (void)fcntl(c.in, F_SETFL, O_NONBLOCK);
    (void)fcntl(c.out, F_SETFL, O_NONBLOCK);
    int e = spawn(command, dir, in, out, &c.pid);
    (void)close(in[0]);
    (void)close(out[1]);
    enum status st = ST_IO;
    if (e != 0)
        (void)snprintf(ret_result->why, sizeof ret_result->why, "it could not be started (errno %d)", e);
    else
        st = await(&c, limit_ms, stop);
    close_fd(&c.in);
    close_fd(&c.out);
    return st;
}
