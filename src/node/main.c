/* ententd: one organisation's node. */
#include <getopt.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "crypto/ed25519.h"
#include "net/frame.h"
#include "net/net.h"
#include "node/backup.h"
#include "node/config.h"
#include "node/doctor.h"
#include "node/import.h"
#include "node/node.h"
#include "node/rekey.h"
#include "node/setup.h"

enum { RESTART_TRIES = 60 };
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
    "  ententd backup DIR OUT [--with-keys]               copy a stopped node (a running one: entente node backup)\n"
    "  ententd restore BACKUP DIR                         make a node's directory out of a backup; it follows\n"
    "  ententd import DIR PACK                            take the blocks of a pack into a stopped node, each checked and executed\n"
    "  ententd doctor DIR [--repair] [--json]             check a stopped node's directory; rebuild its store\n"
    "  ententd --version | --help\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 used wrongly, 4 a key is needed or unusable, 6 a signature does not verify,\n"
    "or something is damaged.\n";

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

/* "ententd VERB --help" */
static bool asks_help(int argc, char **argv)
{
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
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
    frame_start_threads();
    struct node_hooks hooks = {NULL, ask_restart};
    bool again = false;
    do {
        enum status st = node_start(argv[1], &cfg, &hooks, &node, &err);
        for (int i = 0; again && st == ST_LOCKED && i < RESTART_TRIES; i++) { /* the port, taken in between */
            log_put(LOG_WARN, "%s; tried again", err.text);
            (void)nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
            st = node_start(argv[1], &cfg, &hooks, &node, &err);
        }
        if (st != ST_OK)
            return fail(&err);
        again = true;
        log_put(LOG_INFO, "%.*s runs; ask it at %s", SPAN_FMT(cfg.partner), cfg.socket);
        (void)sigwait(&set, &got);
        log_put(LOG_INFO, got == SIGUSR1 ? "starting anew" : "stopping");
        node_stop(node);
    } while (got == SIGUSR1);
    return EXIT_DONE;
}

static void print_backup(const char *out, const struct backup_info *i)
{
    (void)printf("%s: block %" PRIu64 " of %s, %" PRIu64 " leaves, root %s\nVerified: %" PRIu64
                 " records, every header and certificate, the tree, the state. %" PRIu64 " bytes.\n",
                 out, i->height, time_utc(i->time_ms).s, i->size, hex_of(&i->root).s, i->records, i->bytes);
    (void)printf("%s The vote key and the vote journal are never in a backup. To use it: ententd restore %s DIR\n",
                 i->keys ? "It holds secret keys of the node: keep it as you keep those." : "It holds no keys.", out);
}

static int cmd_backup(int argc, char **argv)
{
    static const struct option options[] = {{"with-keys", no_argument, NULL, 'k'}, {NULL, 0, NULL, 0}};
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct backup_info i;
    struct err err;
    bool keys = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (o != 'k')
            return used_wrongly("backup takes DIR, OUT and --with-keys");
        keys = true;
    }
    if (optind + 2 != argc)
        return used_wrongly("backup needs the node's directory, and the directory to make");
    if (backup_stopped(argv[optind], argv[optind + 1], keys, &a, &i, &err) != ST_OK)
        return fail(&err);
    print_backup(argv[optind + 1], &i);
    return EXIT_DONE;
}

static int cmd_restore(int argc, char **argv)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct backup_info i;
    struct err err;
    if (argc != 3)
        return used_wrongly("restore needs the backup, and the directory to make");
    const char *dir = argv[2];
    if (restore_make(argv[1], dir, &a, &i, &err) != ST_OK)
        return fail(&err);
    (void)printf("Restored %s: alliance %s, block %" PRIu64 " of %s, %" PRIu64 " leaves, root %s\n", dir, hex_of(&i.alliance).s, i.height,
                 time_utc(i.time_ms).s, i.size, hex_of(&i.root).s);
    (void)printf("Its vote key is dead: the old node may have signed votes after the backup, and nobody can know which. Putting the old key\n"
                 "file back does not change that. This node follows the ledger and does not vote.\n");
    if (i.keys)
        (void)printf("Start it: ententd run %s\n", dir);
    else
        (void)printf("The backup held no keys. Put back keys/node.key, keys/cosign.key, keys/log.key, tls.key and tls.crt if you have them; the\n"
                     "other nodes do not know the new ones that are there now, and let them in only once they are on the record.\n");
    (void)printf("To vote again: ententd rekey %s -o FILE.card, then your registrar, at a partner's node: entente node replace FILE.card\n", dir);
    return EXIT_DONE;
}

static void tell_height(void *ctx, const char *where)
{
    uint64_t *n = ctx;
    if (++*n % 1000 == 0 && isatty(STDERR_FILENO) == 1)
        (void)fprintf(stderr, "\r%s", where);
}

static int cmd_import(int argc, char **argv)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct rebuild_result r;
    struct err err;
    uint64_t told = 0;
    if (argc != 3)
        return used_wrongly("import needs the node's directory, and a pack (entente pack makes one)");
    enum status st = import_pack(argv[1], argv[2], tell_height, &told, &a, &r, &err);
    if (told >= 1000 && isatty(STDERR_FILENO) == 1)
        (void)fputc('\n', stderr);
    if (st != ST_OK)
        return fail(&err);
    if (told == 1 && r.stopped[0] == 0)
        (void)printf("The pack has no block that %s lacks.\n", argv[1]);
    (void)printf("%s has block %" PRIu64 " of %s, %" PRIu64 " leaves. Each block of the pack was checked and executed.\n", argv[1], r.height,
                 time_utc(r.time_ms).s, r.size);
    if (r.stopped[0] != 0) {
        (void)fprintf(stderr, "ententd: %s: it ends at %s. What comes before was taken; the rest comes from the partners, or from another pack\n",
                      argv[2], r.stopped);
        return EXIT_BAD;
    }
    (void)printf("Start it: ententd run %s\n", argv[1]);
    return EXIT_DONE;
}

/* Examines, repairs if asked and needed, and prints. ret_damaged: something still is. */
static enum status examine_and_repair(struct doctor *d, bool repair, bool json, bool *ret_damaged, struct err *err)
{
    const char *kept = NULL;
    enum status st = ST_OK;
    doctor_examine(d);
    if (repair && d->store_only)
        return err_set(err, ST_USAGE, "%s is a backup, and a backup is not repaired: take another", d->dir);
    if (repair && d->report->store_found > 0)
        st = doctor_repair(d, &kept, err);
    if (json)
        doctor_print_json(d, kept);
    else
        doctor_print(d, kept);
    if (repair && d->report->store_found == 0 && !json)
        (void)printf("There is nothing in the store to repair.\n");
    *ret_damaged = d->report->found > (kept != NULL ? d->report->store_found : 0);
    return st;
}

static int cmd_doctor(int argc, char **argv)
{
    static const struct option options[] = {
        {"repair", no_argument, NULL, 'r'}, {"json", no_argument, NULL, 'j'}, {"store", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
    bool repair = false, json = false, store_only = false, damaged = true;
    struct doctor d;
    struct err err;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        repair = repair || o == 'r';
        json = json || o == 'j';
        store_only = store_only || o == 's';
        if (o != 'r' && o != 'j' && o != 's')
            return used_wrongly("doctor takes DIR, --repair and --json; --store looks at DIR/store alone");
    }
    if (optind + 1 != argc || (repair && store_only))
        return used_wrongly("doctor needs the node's directory");
    if (doctor_open(&d, argv[optind], store_only, &err) != ST_OK)
        return fail(&err);
    enum status st = examine_and_repair(&d, repair, json, &damaged, &err);
    doctor_close(&d);
    if (st != ST_OK)
        return fail(&err);
    return damaged ? EXIT_BAD : EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct err err;
    (void)signal(SIGCHLD, SIG_DFL); /* who started this may ignore it, which is inherited: no child's end would be seen */
    if (argc < 2)
        return used_wrongly("what shall it do?");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0 || asks_help(argc, argv)) {
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
    if (strcmp(argv[1], "backup") == 0)
        return cmd_backup(argc - 1, argv + 1);
    if (strcmp(argv[1], "restore") == 0)
        return cmd_restore(argc - 1, argv + 1);
    if (strcmp(argv[1], "import") == 0)
        return cmd_import(argc - 1, argv + 1);
    if (strcmp(argv[1], "doctor") == 0)
        return cmd_doctor(argc - 1, argv + 1);
    return used_wrongly("no such command");
}
