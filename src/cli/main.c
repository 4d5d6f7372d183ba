/* entente: what alliance managers and executives type. */
#include <unistd.h>
#include "cli/cli.h"

static const char *env(const char *name)
{
    const char *s = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
    return s != NULL && s[0] != 0 ? s : NULL;
}

/* Sends what is printed through a pager, which keeps short output as it is. NULL: none. */
static FILE *start_pager(const struct cli *c, const struct cli_verb *v)
{
    const char *pager = env("PAGER");
    if (c->json || c->ics || c->no_pager || !cli_is_paged(v) || isatty(STDOUT_FILENO) != 1)
        return NULL;
    FILE *f = popen(pager != NULL ? pager : "less -FRX", "we"); /* the person's own command */
    if (f != NULL && dup2(fileno(f), STDOUT_FILENO) < 0) {
        (void)pclose(f);
        return NULL;
    }
    return f;
}

static void end_pager(FILE *f)
{
    if (f == NULL)
        return;
    (void)fflush(stdout);
    (void)close(STDOUT_FILENO);
    (void)pclose(f);
}

static int run(struct cli *c, const struct cli_verb *v)
{
    if (c->help)
        return cli_print_help(v, stdout);
    c->verb = v;
    FILE *pager = start_pager(c, v);
    c->paged = pager != NULL;
    int code = cli_at_begin(c) == ST_OK ? v->run(c) : cli_fail(c);
    bool written = fflush(stdout) == 0;
    end_pager(pager);
    return written || pager != NULL || code != EXIT_DONE ? code : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    int n = 0, code;
    struct cli c = {
        .timeout_s = 60, .node = env("ENTENTE_NODE"), .key = env("ENTENTE_KEY"), .seat = env("ENTENTE_SEAT")};
    c.seat_from = c.seat == NULL ? "--as" : "ENTENTE_SEAT";
    arena_init(&c.a, 0);
    if (argc < 2) {
        cli_print_usage(stderr);
        return EXIT_USAGE;
    }
    bool help = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("entente " ENTENTE_VERSION);
        return EXIT_DONE;
    }
    if (help && argc == 2) {
        cli_print_usage(stdout);
        return EXIT_DONE;
    }
    if (help && argc == 3 && strcmp(argv[2], "--reference") == 0) {
        cli_print_reference(stdout);
        return EXIT_DONE;
    }
    const struct cli_verb *v = cli_find_verb(argc - 1 - help, argv + 1 + help, &n);
    if (v == NULL && (help || argc > 2) && cli_help_group(argc - 1 - help, argv + 1 + help))
        return EXIT_DONE;
    if (v == NULL)
        return cli_unknown_verb(argc - 1 - help, argv + 1 + help);
    if (help)
        return cli_print_help(v, stdout);
    if (ed25519_init(&c.err) != ST_OK)
        return cli_fail(&c);
    if (cli_parse(&c, argc - n, argv + n, v) != ST_OK || cli_at_parse(&c) != ST_OK || cli_settings(&c) != ST_OK)
        code = cli_fail(&c);
    else
        code = run(&c, v);
    if (code != EXIT_NODE) /* it may not answer at all */
        cli_note_block(&c);
    client_close(c.client);
    arena_deinit(&c.a);
    return code;
}
