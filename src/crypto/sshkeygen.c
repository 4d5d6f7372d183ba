#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "crypto/sshkeygen.h"
#include "crypto/sshsig.h"

enum {
    TIMEOUT_MS = 60000,
    GRACE_MS = 1000, /* between asking the child to end and making it */
    STEP_MS = 5,
    SAID_MAX = 4096,
};

/* One run of the program. Our ends of its three streams are -1 when closed. */
struct run {
    const struct sshkeygen *how;
    pid_t pid;
    int in, out, err;
    struct span message; /* what is left to write */
    struct buf file;     /* its standard output */
    struct buf said;     /* its standard error, as far as it fits */
    uint64_t until_ms;
};

static void shut(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static uint64_t left_ms(uint64_t until_ms)
{
    uint64_t now = clock_mono_ms(&clock_system);
    return now < until_ms ? until_ms - now : 0;
}

/* Starts the program with fds[0..2] as its streams; they are close-on-exec themselves. */
static int spawn(const char *program, const char *key_path, const char *ns, const int fds[3], pid_t *ret_pid)
{
    char *argv[] = {strdup(program), strdup("-Y"), strdup("sign"),   strdup("-n"),
                    strdup(ns),      strdup("-f"), strdup(key_path), NULL};
    int e = 0;
    for (size_t i = 0; i < ARRAY_LEN(argv) - 1; i++)
        if (argv[i] == NULL)
            e = ENOMEM;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, pipe_only;
    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe_only);
    (void)sigaddset(&pipe_only, SIGPIPE);
    if (e == 0 && (e = posix_spawn_file_actions_init(&actions)) == 0) {
        if ((e = posix_spawnattr_init(&attr)) == 0) {
            for (int i = 0; i < 3 && e == 0; i++)
                e = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
            (void)posix_spawnattr_setsigmask(&attr, &none);
            (void)posix_spawnattr_setsigdefault(&attr, &pipe_only);
            (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
            if (e == 0)
                e = posix_spawnp(ret_pid, program, &actions, &attr, argv, environ);
            (void)posix_spawnattr_destroy(&attr);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    for (size_t i = 0; i < ARRAY_LEN(argv) - 1; i++)
        free(argv[i]);
    return e;
}

static enum status start(struct run *r, const char *key_path, const char *ns, struct err *err)
{
    const char *program = r->how->program == NULL ? "ssh-keygen" : r->how->program;
    int in[2] = {-1, -1}, out[2] = {-1, -1}, said[2] = {-1, -1}, e = 0;
    /* Standard input is a socket, so that a program that does not read cannot raise SIGPIPE here. */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0 || pipe2(out, O_CLOEXEC) != 0 ||
        pipe2(said, O_CLOEXEC) != 0)
        e = errno;
    int child[3] = {in[1], out[1], said[1]};
    if (e == 0 && (in[1] <= 2 || out[1] <= 2 || said[1] <= 2))
        e = EBADF; /* one of our own three streams is closed */
    if (e == 0)
        e = spawn(program, key_path, ns, child, &r->pid);
    for (size_t i = 0; i < ARRAY_LEN(child); i++)
        shut(&child[i]);
    r->in = in[0];
    r->out = out[0];
    r->err = said[0];
    if (e == ENOENT)
        return err_set(err, ST_NOTFOUND, "%s: not found; it comes with OpenSSH (apt install openssh-client)",
                       program);
    char why[128];
    if (e != 0)
        return err_set(err, ST_IO, "%s: cannot run it: %s", program, strerror_r(e, why, sizeof why));
    return ST_OK;
}

static void write_some(struct run *r)
{
    ssize_t k = send(r->in, r->message.p, r->message.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (k < 0)
        k = (ssize_t)r->message.n; /* it does not want more; it says itself why */
    r->message = span_of(r->message.p + k, r->message.n - (size_t)k);
    if (r->message.n == 0)
        shut(&r->in);
}

/* One read; closes the stream at its end. */
static void read_some(struct run *r, int *fd)
{
    uint8_t block[2048];
    ssize_t k = read(*fd, block, sizeof block);
    if (k < 0 && errno == EINTR)
        return;
    if (k <= 0) {
        shut(fd);
        return;
    }
    struct span s = span_of(block, (size_t)k);
    if (fd == &r->out)
        buf_put_span(&r->file, s);
    else
        buf_put_span(&r->said, s);
    if (fd == &r->err && r->how->said != NULL)
        r->how->said(r->how->ctx, s);
}

/* Until both output streams are closed. */
static enum status talk(struct run *r)
{
    if (r->message.n == 0)
        shut(&r->in);
    while (r->out >= 0 || r->err >= 0) {
        uint64_t left = left_ms(r->until_ms);
        if (left == 0)
            return ST_TIMEOUT;
        struct pollfd p[3] = {{r->in, POLLOUT, 0}, {r->out, POLLIN, 0}, {r->err, POLLIN, 0}};
        int k = poll(p, ARRAY_LEN(p), (int)(left < 1000 ? left : 1000));
        if (k < 0 && errno != EINTR)
            return ST_IO;
        if (k <= 0)
            continue;
        if (p[0].revents != 0)
            write_some(r);
        if (p[1].revents != 0)
            read_some(r, &r->out);
        if (p[2].revents != 0)
            read_some(r, &r->err);
        if (r->file.failed != ST_OK)
            return ST_LIMIT;
    }
    return ST_OK;
}

static bool ended(struct run *r, uint64_t until_ms, int *ret_state)
{
    for (;;) {
        pid_t k = waitpid(r->pid, ret_state, WNOHANG);
        if (k == r->pid || (k < 0 && errno != EINTR))
            return true;
        if (left_ms(until_ms) == 0)
            return false;
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* The child is gone after this. */
static void end(struct run *r)
{
    int state = 0;
    (void)kill(r->pid, SIGTERM);
    if (ended(r, clock_mono_ms(&clock_system) + GRACE_MS, &state))
        return;
    (void)kill(r->pid, SIGKILL);
    while (waitpid(r->pid, &state, 0) < 0 && errno == EINTR)
        continue;
}

/* Its words on one line, without control characters and the line it always says. */
static void words(struct buf *said, char *out, size_t cap)
{
    static const char noise[] = "Signing data on standard input";
    size_t n = 0;
    const char *s = buf_cstr(said);
    if (strncmp(s, noise, sizeof noise - 1) == 0)
        s += sizeof noise - 1;
    for (; *s != 0 && n + 1 < cap; s++) {
        bool plain = *s >= ' ' && *s <= '~';
        if (plain)
            out[n++] = *s;
        else if (n != 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n != 0 && out[n - 1] == ' ')
        n--;
    out[n] = 0;
}

static enum status outcome(struct run *r, enum status talked, const char *key_path, struct err *err)
{
    int state = 0;
    if (talked == ST_OK && !ended(r, r->until_ms, &state))
        talked = ST_TIMEOUT;
    else if (talked == ST_OK)
        r->pid = 0;
    if (r->pid != 0)
        end(r);
    char text[512];
    words(&r->said, text, sizeof text);
    if (talked == ST_TIMEOUT)
        return err_set(
            err, ST_TIMEOUT,
            "ssh-keygen did not sign with %s in time, and was ended; a hardware key wants a touch, an "
            "agent may wait for an answer. It said: %s",
            key_path, text);
    if (talked != ST_OK)
        return err_set(err, talked, "ssh-keygen wrote something that is not a signature");
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0)
        return err_set(err, ST_BADKEY, "ssh-keygen could not sign with %s: %s", key_path,
                       text[0] == 0 ? "it gave no reason" : text);
    return ST_OK;
}

enum status sshkeygen_sign(const struct sshkeygen *how, const char *key_path, const char *ns,
                           struct span message, struct signature *ret_signature, struct err *err)
{
    static const struct sshkeygen usual;
    struct run r = {.how = how == NULL ? &usual : how, .in = -1, .out = -1, .err = -1, .message = message};
    uint32_t timeout = r.how->timeout_ms == 0 ? TIMEOUT_MS : r.how->timeout_ms;
    r.until_ms = clock_mono_ms(&clock_system) + timeout;
    buf_init(&r.file, SSHSIG_FILE_MAX);
    buf_init(&r.said, SAID_MAX);
    enum status st = start(&r, key_path, ns, err);
    if (st == ST_OK) {
        enum status talked = talk(&r);
        shut(&r.in);
        shut(&r.out);
        shut(&r.err);
        st = outcome(&r, talked, key_path, err);
    }
    shut(&r.in);
    shut(&r.out);
    shut(&r.err);
    struct signature s;
    if (st == ST_OK)
        st = sshsig_read(buf_span(&r.file), ns, &s, err);
    if (st == ST_OK && sshsig_verify(&s, ns, message) != ST_OK)
        st = err_set(err, ST_BADSIG, "the signature that ssh-keygen made with %s does not verify", key_path);
    if (st == ST_OK)
        *ret_signature = s;
    buf_deinit(&r.file);
    buf_deinit(&r.said);
    return st;
}
