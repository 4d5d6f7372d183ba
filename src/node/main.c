/* ententd: one organisation's node. */
#include <getopt.h>
#include <signal.h>
#include <unistd.h>
#include "crypto/ed25519.h"
#include "net/net.h"
#include "node/config.h"
#include "node/node.h"
#include "node/rekey.h"
#include "node/setup.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_KEY = 4, EXIT_BAD = 6 };

static const char usage[] =
    "ententd: a node of an alliance.\n"
    "\n"
    "  ententd init DIR --partner ID --listen HOST:PORT   make a node's directory, with its keys\n"
    "  ententd card DIR [--seat NAME=PUBKEY]... [--recovery PUBKEY] [--address HOST:PORT]... [-o FILE]\n"
    "                                                     make the card that goes into the founding\n"
    "  ententd card --show FILE                           what a card says, to compare with its owner\n"
    "  ententd rekey DIR [--tls] [--vote] [--all] [--again] -o FILE.card\n"
    "                                                     make fresh keys (all, unless said) that wait until the record names them\n"
    "  ententd run DIR                                    run the node, until SIGTERM or SIGINT\n"
    "  ententd --version | --help\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 used wrongly, 4 a key is needed or unusable, 6 a signature does not verify.\n";

static int exit_of(enum status st)
{
    if (st == ST_USAGE)
        return EXIT_USAGE;
    if (st == ST_BADKEY || st == ST_PASSPHRASE)
        return EXIT_KEY;
    return st == ST_BADSIG ? EXIT_BAD : EXIT_FAILED;
}

static int fail(const struct err *err)
{
    (void)fprintf(stderr, "ententd: %s\n", err->text);
    return exit_of(err->st);
}

static int used_wrongly(const char *what)
{
    (void)fprintf(stderr, "ententd: %s\n\n%s", what, usage);
    return EXIT_USAGE;
}

static int cmd_init(int argc, char **argv)
{
    static const struct option options[] = {
        {"partner", required_argument, NULL, 'p'}, {"listen", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
    const char *partner = NULL, *listen = NULL;
    struct err err;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (o == 'p')
            partner = optarg;
        else if (o == 'l')
            listen = optarg;
        else
            return used_wrongly("init takes DIR, --partner and --listen");
    }
    if (optind + 1 != argc || partner == NULL || listen == NULL)
        return used_wrongly("init needs a directory, --partner ID and --listen HOST:PORT (or none)");
    const char *dir = argv[optind];
    if (setup_init(dir, span_str(partner), strcmp(listen, "none") == 0 ? NULL : listen, &err) != ST_OK)
        return fail(&err);
    (void)printf("Made %s: settings in node.yaml, keys in keys/ (keep them secret, never copy the directory of a running node).\n"
                 "Next: ententd card %s --seat sponsor=sponsor.pub ...\n",
                 dir, dir);
    return EXIT_DONE;
}

static int show_card(const char *path)
{
    struct buf b CLEANUP(buf_deinit);
    struct err err;
    buf_init(&b, 1 << 20);
    if (setup_show_card(path, &b, &err) != ST_OK)
        return fail(&err);
    (void)fputs(buf_cstr(&b), stdout);
    return EXIT_DONE;
}

enum { SEATS_MAX = 512, ADDRESSES_MAX = 4 };

static int cmd_card(int argc, char **argv)
{
    static const struct option options[] = {{"seat", required_argument, NULL, 's'},     {"recovery", required_argument, NULL, 'r'},
                                            {"address", required_argument, NULL, 'a'},  {"output", required_argument, NULL, 'o'},
                                            {"show", required_argument, NULL, 'w'},     {NULL, 0, NULL, 0}};
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct setup_seat *seats = arena_array(&a, SEATS_MAX, sizeof *seats);
    struct span addresses[ADDRESSES_MAX];
    struct setup_card what = {.seats = seats, .addresses = {0, addresses}};
    struct err err;
    for (int o; (o = getopt_long(argc, argv, "o:", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        char *eq = o == 's' ? strchr(optarg, '=') : NULL;
        if (o == 'w')
            return show_card(optarg);
        if (o == 's' && eq != NULL && what.n_seats < SEATS_MAX)
            seats[what.n_seats++] = (struct setup_seat){span_of(optarg, (size_t)(eq - optarg)), eq + 1};
        else if (o == 'r')
            what.recovery_path = optarg;
        else if (o == 'a' && what.addresses.n < ADDRESSES_MAX)
            addresses[what.addresses.n++] = span_str(optarg);
        else if (o == 'o')
            what.out = optarg;
        else
            return used_wrongly("card: --seat NAME=PUBKEY, --recovery PUBKEY, --address HOST:PORT (at most 4), -o FILE");
    }
    if (optind + 1 != argc)
        return used_wrongly("card needs the node's directory");
    const char *path;
    struct hash digest;
    if (setup_make_card(argv[optind], &what, &a, &path, &digest, &err) != ST_OK)
        return fail(&err);
    (void)printf("%s\nfingerprint sha256:%s\nGive the file to whoever drafts the charter, and read the fingerprint to them out of band.\n",
                 path, hex_of(&digest).s);
    return EXIT_DONE;
}

static void log_stderr(void *ctx, enum log_level level, const char *text)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    (void)ctx;
    (void)fprintf(stderr, "%s %s %s\n", time_utc(clock_wall_ms(&clock_system)).s, names[level], text);
}

/* The signal is blocked in all threads, and cmd_run waits for it. */
static void ask_restart(void *ctx)
{
    (void)ctx;
    (void)kill(getpid(), SIGUSR1);
}

static int cmd_rekey(int argc, char **argv)
{
    static const struct option options[] = {{"tls", no_argument, NULL, 't'},     {"vote", no_argument, NULL, 'v'},
                                            {"all", no_argument, NULL, 'l'},     {"again", no_argument, NULL, 'g'},
                                            {"address", required_argument, NULL, 'a'}, {"output", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct span addresses[ADDRESSES_MAX];
    struct rekey what = {.addresses = {0, addresses}};
    struct hash digest;
    struct err err;
    bool all = false;
    for (int o; (o = getopt_long(argc, argv, "o:", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (o == 't')
            what.tls = true;
        else if (o == 'v')
            what.vote = true;
        else if (o == 'l')
            all = true;
        else if (o == 'g')
            what.again = true;
        else if (o == 'a' && what.addresses.n < ADDRESSES_MAX)
            addresses[what.addresses.n++] = span_str(optarg);
        else if (o == 'o')
            what.out = optarg;
        else
            return used_wrongly("rekey: --tls, --vote, --all, --again, --address HOST:PORT (at most 4), -o FILE");
    }
    if (optind + 1 != argc || what.out == NULL)
        return used_wrongly("rekey needs the node's directory, and -o FILE.card");
    if (all)
        what.vote = what.tls = false;
    if (rekey_make(argv[optind], &what, &a, &digest, &err) != ST_OK)
        return fail(&err);
    (void)printf("%s\nfingerprint sha256:%s\nThe fresh keys wait in %s/keys.next. Your registrar puts them on the record: entente node "
                 "replace %s\nThe node then takes them over by itself.\n",
                 what.out, hex_of(&digest).s, argv[optind], what.out);
    return EXIT_DONE;
}

static int cmd_run(int argc, char **argv)
{
    if (argc != 2)
        return used_wrongly("run needs the node's directory");
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct config cfg;
    struct err err;
    struct node *node;
    sigset_t set;
    int got;
    if (config_load(argv[1], &a, &cfg, &err) != ST_OK)
        return fail(&err);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* before threads start, so that all inherit it */
    (void)signal(SIGPIPE, SIG_IGN);
    log_set(log_stderr, NULL, cfg.log);
    struct node_hooks hooks = {NULL, ask_restart};
    do {
        if (node_start(argv[1], &cfg, &hooks, &node, &err) != ST_OK)
            return fail(&err);
        log_put(LOG_INFO, "%.*s runs; ask it at %s", SPAN_FMT(cfg.partner), cfg.socket);
        (void)sigwait(&set, &got);
        log_put(LOG_INFO, got == SIGUSR1 ? "starting anew" : "stopping");
        node_stop(node);
    } while (got == SIGUSR1);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct err err;
    if (argc < 2)
        return used_wrongly("what shall it do?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        (void)fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("ententd " ENTENTE_VERSION);
        return EXIT_DONE;
    }
    if (ed25519_init(&err) != ST_OK)
        return fail(&err);
    if (strcmp(argv[1], "init") == 0)
        return cmd_init(argc - 1, argv + 1);
    if (strcmp(argv[1], "card") == 0)
        return cmd_card(argc - 1, argv + 1);
    if (strcmp(argv[1], "rekey") == 0)
        return cmd_rekey(argc - 1, argv + 1);
    if (strcmp(argv[1], "run") == 0)
        return cmd_run(argc - 1, argv + 1);
    return used_wrongly("no such command");
}
