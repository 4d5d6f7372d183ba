/* What this person has seen already, remembered between calls: a file for each thing of each alliance. */
#include <sys/stat.h>
#include <unistd.h>
#include "cli/cli.h"

static const char *seen_path(struct cli *c, const char *what)
{
    const char *state = getenv("XDG_STATE_HOME"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const char *home = getenv("HOME");            /* NOLINT(concurrency-mt-unsafe): one thread */
    char path[1024];
    if (state != NULL && state[0] == 0) /* as if it were not set: XDG Base Directory Specification */
        state = NULL;
    if (state == NULL && (home == NULL || home[0] == 0))
        return NULL;
    (void)snprintf(path, sizeof path, "%s%s/entente", state != NULL ? state : home,
                   state != NULL ? "" : "/.local/state");
    for (char *p = path + 1; *p != 0; p++)
        if (*p == '/') {
            *p = 0;
            (void)mkdir(path, 0700);
            *p = '/';
        }
    (void)mkdir(path, 0700);
    size_t n = strlen(path);
    (void)snprintf(path + n, sizeof path - n, "/seen-%.16s-%s", hex_of(&c->info.alliance).s, what);
    return (const char *)arena_dup(&c->a, span_str(path)).p;
}

static uint64_t last_seen(struct cli *c, const char *what, uint64_t most)
{
    const char *path = seen_path(c, what);
    struct span s;
    if (path == NULL || file_read(path, 32, &c->a, &s, NULL) != ST_OK)
        return 0;
    while (s.n > 0 && s.p[s.n - 1] == '\n')
        s.n--;
    uint64_t n;
    const char *text = (const char *)arena_dup(&c->a, s).p;
    return cli_number(c, path, text, 1, most, &n) == ST_OK ? n : 0;
}

/* A convenience: when it cannot be written, the next look counts as the first. */
static void note_seen(struct cli *c, const char *what, uint64_t n)
{
    const char *path = seen_path(c, what);
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRIu64 "\n", n);
    if (path != NULL)
        (void)!file_write(path, span_str(text), 0600, true, NULL);
}

static const char *decision_name(struct cli *c, uint64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "D-%" PRIu64, number);
    return (const char *)arena_dup(&c->a, span_str(text)).p;
}

uint64_t cli_last_seen(struct cli *c, uint64_t number)
{
    return last_seen(c, decision_name(c, number), 65535);
}

void cli_note_seen(struct cli *c, uint64_t number, uint64_t revision)
{
    note_seen(c, decision_name(c, number), revision);
}

uint64_t cli_last_status(struct cli *c)
{
    return last_seen(c, "status", INT64_MAX);
}

void cli_note_status(struct cli *c, uint64_t time_ms)
{
    note_seen(c, "status", time_ms);
}

static bool ask_height(struct cli *c, uint64_t *ret_height)
{
    struct rpc_boundary_reply r;
    struct err err;
    if (client_ask(c->client, METHOD_boundary, NULL, &c->a, &r, &err) != ST_OK)
        return false;
    *ret_height = r.height;
    return true;
}

/* The session guarantees of Terry, Demers, Petersen, Spreitzer, Theimer and Welch (1994), read your writes and monotonic reads,
 * over nodes of which each is a moment behind another. */
void cli_catch_up(struct cli *c)
{
    enum { PATIENCE_MS = 5000, PAUSE_MS = 20 };
    uint64_t seen = last_seen(c, "block", INT64_MAX), height = 0;
    uint64_t end = clock_mono_ms(&clock_system) + PATIENCE_MS;
    if (seen == 0 || c->verb == NULL || strncmp(c->verb->words, "node ", 5) == 0)
        return;
    while (ask_height(c, &height) && height < seen) {
        if (clock_mono_ms(&clock_system) >= end) {
            (void)fprintf(stderr,
                          "This node is at block %" PRIu64 "; you have seen block %" PRIu64
                          " at another. What came since is not in this answer: entente node status\n",
                          height, seen);
            note_seen(c, "block", height > 0 ? height : 1); /* said once: who claimed more may have lied */
            return;
        }
        (void)usleep(PAUSE_MS * 1000);
    }
}

void cli_note_block(struct cli *c)
{
    uint64_t height;
    if (c->client != NULL && ask_height(c, &height) && height > last_seen(c, "block", INT64_MAX))
        note_seen(c, "block", height);
}
