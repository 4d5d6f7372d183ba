/* Errors, connection, output. */
#include <stdarg.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>
#include <fcntl.h>
#include "charter/scalar.h"
#include "cli/cli.h"
#include "cli/settings.h"
#include "ledger/leaf.h"

static int exit_of(enum status st)
{
    switch ((int)st) {
    case ST_USAGE:
        return EXIT_USAGE;
    case ST_PASSPHRASE:
    case ST_BADKEY:
        return EXIT_KEY;
    case ST_BADSIG:
    case ST_MISMATCH:
    case ST_CORRUPT:
        return EXIT_BAD;
    case ST_UNREACHABLE:
    case ST_CLOSED:
    case ST_BUSY:
        return EXIT_NODE;
    case ST_TIMEOUT:
        return EXIT_NODE;
    default:
        return EXIT_FAILED;
    }
}

/* What this node does not know, the others may: is it behind, or alone? */
static bool node_is_behind(struct cli *c)
{
    struct rpc_status_reply s;
    struct err err;
    return c->client != NULL && client_ask(c->client, METHOD_status, NULL, &c->a, &s, &err) == ST_OK &&
           cli_health_exit(&s) != EXIT_DONE;
}

int cli_fail(struct cli *c)
{
    (void)fprintf(stderr, "entente: %s\n", c->err.text);
    if (c->err.st != ST_NOTFOUND || !node_is_behind(c))
        return exit_of(c->err.st);
    (void)fputs("This node is not in sync with its partners, so it may lack what they have: entente node status\n", stderr);
    return EXIT_NODE;
}

int cli_usage(struct cli *c, const char *fmt, ...)
{
    (void)c;
    va_list ap;
    va_start(ap, fmt);
    (void)fputs("entente: ", stderr);
    (void)vfprintf(stderr, fmt, ap);
    (void)fputs("\n", stderr);
    va_end(ap);
    return EXIT_USAGE;
}

enum status cli_settings(struct cli *c)
{
    struct settings s;
    enum status st = settings_load(&c->a, &s, &c->err);
    if (st != ST_OK)
        return st;
    c->node = c->node == NULL ? s.node : c->node;
    c->key = c->key == NULL ? s.key : c->key;
    c->seat_from = c->seat == NULL && s.seat != NULL ? "seat: of the settings" : c->seat_from;
    c->seat = c->seat == NULL ? s.seat : c->seat;
    c->pinned = s.pinned;
    c->expected = s.alliance;
    return ST_OK;
}

/* No node answers: which directory to start, where it is one, and how to act meanwhile. */
static void say_away(struct cli *c)
{
    char full[2048];
    const char *node = c->node == NULL ? "." : c->node, *dir = node, *slash = strrchr(node, '/');
    const char *socket_name = "/node.sock";
    size_t n = strlen(node), k = strlen(socket_name);
    if (slash != NULL && n > k && strcmp(slash, socket_name) == 0)
        dir = (const char *)arena_dup(&c->a, span_of(node, n - k)).p;
    bool known = access(file_join(&c->a, dir, "node.yaml"), R_OK) == 0;
    if (!known)
        return;
    if (strcmp(dir, ".") == 0 && getcwd(full, sizeof full) != NULL)
        dir = full;
    const char *end = strstr(c->err.text, " Start it with:");
    if (end == NULL)
        return;
    (void)err_set(&c->err, ST_UNREACHABLE,
                  "%s Start it with: ententd run %s\nMeanwhile the partners go on. Another node is named with --node; what is signed there with --save "
                  "FILE.entry, any partner hands in: entente submit FILE.entry",
                  (const char *)arena_dup(&c->a, span_of(c->err.text, (size_t)(end - c->err.text))).p, dir);
}

enum status cli_connect(struct cli *c)
{
    if (c->client != NULL)
        return ST_OK;
    enum status st = client_open(c->node == NULL ? "." : c->node, 20000, &c->client, &c->err);
    if (st == ST_UNREACHABLE)
        say_away(c);
    if (st == ST_OK)
        st = client_ask(c->client, METHOD_info, NULL, &c->a, &c->info, &c->err);
    if (st == ST_OK && c->pinned && !hash_eq(&c->expected, &c->info.alliance))
        st = err_set(&c->err, ST_MISMATCH, "this node keeps alliance %s; the settings expect %s",
                     hex_of(&c->info.alliance).s, hex_of(&c->expected).s);
    if (st == ST_OK) {
        cli_catch_up(c);
    } else {
        client_close(c->client);
        c->client = NULL;
    }
    return st;
}

/* With --at it is about that time; what is asked with client_ask itself is about now. */
static enum status ask_at(struct cli *c, enum method m, const void *request, void *ret_reply)
{
    client_at(c->client, c->at_ms);
    enum status st = client_ask(c->client, m, request, &c->a, ret_reply, &c->err);
    client_at(c->client, 0);
    return st;
}

/* A node that went away in the middle may be restarting: the same question is asked again for a while. No
 * question does harm when it is asked twice; the same entry handed in twice is one entry. */
enum status cli_ask(struct cli *c, enum method m, const void *request, void *ret_reply)
{
    enum { PATIENCE_MS = 15000, PAUSE_MS = 300 };
    enum status st = cli_connect(c);
    uint64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;
    if (st == ST_OK)
        st = ask_at(c, m, request, ret_reply);
    while (st == ST_CLOSED && clock_mono_ms(&clock_system) < end) {
        client_close(c->client);
        c->client = NULL;
        do {
            (void)usleep(PAUSE_MS * 1000);
            st = cli_connect(c);
        } while (st != ST_OK && clock_mono_ms(&clock_system) < end);
        if (st == ST_OK)
            st = ask_at(c, m, request, ret_reply);
    }
    return st;
}

enum status cli_reason(struct cli *c)
{
    if (c->reason_file == NULL)
        return ST_OK;
    if (c->reason != NULL)
        return err_set(&c->err, ST_USAGE, "--reason and --reason-file: one of them");
    return cli_text_file(c, c->reason_file, &c->reason);
}

enum status cli_text_file(struct cli *c, const char *path, const char **ret_text)
{
    struct span text;
    enum status st = file_read(path, LIMIT_PROSE_BYTES, &c->a, &text, &c->err);
    if (st != ST_OK)
        return st;
    const uint8_t *nul = text.n == 0 ? NULL : memchr(text.p, 0, text.n);
    if (nul != NULL) /* what is signed is what is in the file, not its beginning */
        return err_set(&c->err, ST_USAGE, "%s: byte %zu is NUL; a text was expected", path, (size_t)(nul - text.p));
    while (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    *ret_text = (const char *)arena_dup(&c->a, text).p;
    return ST_OK;
}

enum status cli_number(struct cli *c, const char *what, const char *text, uint64_t least, uint64_t most,
                       uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = strlen(text);
    if (n == 0 || n > 18 || strspn(text, "0123456789") != n)
        return err_set(&c->err, ST_USAGE, "%s %s: expected a whole number from %" PRIu64 " to %" PRIu64, what,
                       text, least, most);
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (uint64_t)(text[i] - '0');
    if (v < least || v > most)
        return err_set(&c->err, ST_USAGE, "%s %s: expected a whole number from %" PRIu64 " to %" PRIu64, what,
                       text, least, most);
    *ret = v;
    return ST_OK;
}

bool cli_decision(const char *word, uint64_t *ret_number)
{
    char *end;
    if ((word[0] == 'D' || word[0] == 'd') && word[1] == '-')
        word += 2;
    if (word[0] < '0' || word[0] > '9')
        return false;
    *ret_number = strtoull(word, &end, 10);
    return *end == 0 && *ret_number > 0 && *ret_number < UINT64_C(1) << 62;
}

struct cli_text cli_amount(const struct money *m)
{
    struct cli_text t;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, sizeof t.s);
    scalar_print_money(m, &b);
    (void)snprintf(t.s, sizeof t.s, "%s", buf_cstr(&b));
    return t;
}

struct cli_text cli_time(uint64_t ms)
{
    static const char *const days[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct cli_text t;
    int64_t y;
    unsigned m, d;
    uint64_t s = ms / 1000 % 86400;
    time_civil((int64_t)(ms / 86400000), &y, &m, &d);
    (void)snprintf(t.s, sizeof t.s, "%s %u %s %lld %02u:%02u:%02u UTC", days[ms / 86400000 % 7], d,
                   months[m - 1], (long long)y, (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
                   (unsigned)(s % 60));
    return t;
}

struct cli_text cli_span(uint64_t now_ms, uint64_t then_ms)
{
    struct cli_text t;
    bool past = then_ms < now_ms;
    uint64_t s = (past ? now_ms - then_ms : then_ms - now_ms) / 1000;
    char amount[40];
    if (s >= 172800)
        (void)snprintf(amount, sizeof amount, "%" PRIu64 " d", s / 86400);
    else if (s >= 7200)
        (void)snprintf(amount, sizeof amount, "%" PRIu64 " h", s / 3600);
    else if (s >= 120)
        (void)snprintf(amount, sizeof amount, "%" PRIu64 " min", s / 60);
    else
        (void)snprintf(amount, sizeof amount, "%" PRIu64 " s", s);
    (void)snprintf(t.s, sizeof t.s, past ? "%s ago" : "in %s", amount);
    return t;
}

void cli_prose(FILE *f, const char *indent, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        (void)fputc(text.p[i], f);
        if (text.p[i] == '\n')
            (void)fputs(indent, f);
    }
    (void)fputc('\n', f);
}

struct span cli_find_prose(const struct cli_texts *l, const struct hash *digest)
{
    for (size_t i = 0; i < l->n; i++) {
        struct hash h;
        leaf_prose_digest(&l->v[i], &h);
        if (hash_eq(&h, digest) && text_check(l->v[i].text, true, NULL) == ST_OK)
            return l->v[i].text;
    }
    return l->absent;
}

void cli_keep_prose(const struct leaf *leaf, struct prose_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (leaf_accepts_prose(leaf, &list->v[i], NULL) == ST_OK)
            list->v[n++] = list->v[i];
    list->n = n;
}

/* Reads a line. False: a signal waits. */
static bool read_line(int fd, int signals, char *ret, size_t cap)
{
    size_t n = 0;
    bool ok = true;
    for (char ch; n + 1 < cap;) {
        struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
        ok = poll(p, ARRAY_LEN(p), -1) > 0 && p[1].revents == 0;
        if (!ok || read(fd, &ch, 1) != 1 || ch == '\n')
            break;
        ret[n++] = ch;
    }
    ret[n] = 0;
    return ok;
}

bool cli_prompt(const char *question, char *ret, size_t cap, bool hidden)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios was, now;
    sigset_t ends, before;
    if (fd < 0)
        return false;
    /* Who ends the program while it asks gets the terminal back as it was first: the signal takes effect below. */
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGQUIT);
    (void)sigaddset(&ends, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &ends, &before);
    int signals = signalfd(-1, &ends, SFD_CLOEXEC);
    bool quiet = hidden && tcgetattr(fd, &was) == 0;
    if (quiet) {
        now = was;
        now.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(fd, TCSAFLUSH, &now);
    }
    bool ok = write(fd, question, strlen(question)) >= 0 && read_line(fd, signals, ret, cap);
    if (quiet) {
        (void)tcsetattr(fd, TCSAFLUSH, &was);
        ok = write(fd, "\n", 1) == 1 && ok;
    }
    (void)close(signals);
    (void)close(fd);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}
