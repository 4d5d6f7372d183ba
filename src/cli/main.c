/* entente: what alliance managers and executives type. */
#include <getopt.h>
#include "cli/cli.h"

const struct cli_verb cli_verbs[] = {
    {"status", "", "What is owed, by us and by others, and how the node is", "entente status", verb_status},
    {"inbox", "", "What is asked of your organisation, soonest first", "entente inbox --as brand/finance", verb_inbox},
    {"show", "ID", "A decision: what is proposed, who said what, what happened", "entente show D-12", verb_show},
    {"decisions", "", "All decisions", "entente decisions", verb_decisions},
    {"readiness", "ID", "What a decision still needs, and what silence leads to", "entente readiness D-12", verb_readiness},
    {"propose", "TYPE --title TEXT", "Opens a decision of a row of the matrix",
     "entente propose commercial-terms --title \"Display fee USD 1.02 a case\" --as brand/business-lead", verb_propose},
    {"approve", "[ID]", "Approves a decision; without an id, walks the inbox", "entente approve D-12", verb_approve},
    {"reject", "ID --reason TEXT", "Rejects a decision", "entente reject D-12 --reason \"over the price list\"", verb_reject},
    {"veto", "ID --reason TEXT --clause CLAUSE --confirm ID", "Vetoes a decision, for good",
     "entente veto D-12 --reason \"unsafe\" --clause boundaries.brand --confirm D-12", verb_veto},
    {"abstain", "ID", "Abstains", "entente abstain D-12", verb_abstain},
    {"revise", "ID --title TEXT", "Replaces what you proposed; voids the ballots so far", "entente revise D-12 --title \"USD 1.05 a case\"",
     verb_revise},
    {"withdraw", "ID", "Withdraws what you proposed", "entente withdraw D-12", verb_withdraw},
    {"escalate", "ID --reason TEXT", "Moves a decision to the next rung of its ladder", "entente escalate D-12 --reason \"two weeks without a word\"",
     verb_escalate},
    {"comment", "[ID] --text TEXT", "Comments on a decision, or on the alliance as a whole", "entente comment D-12 --text \"see minutes\"", verb_comment},
    {"submit", "FILE", "Hands in an entry that was saved with --save; any partner's node takes it", "entente submit approval.entry", verb_submit},
    {"wait", "ENTRY-ID", "Waits until an entry is final or refused", "entente wait 7f3a... --timeout 30", verb_wait},
    {"entry show", "FILE", "What a saved entry says", "entente entry show approval.entry", verb_entry_show},
    {"entry export", "FILE -o DIR", "The bytes that were signed, and the signature, for ssh-keygen -Y verify",
     "entente entry export approval.entry -o out", verb_entry_export},
    {"log", "[--from N] [--limit N]", "The log, leaf by leaf", "entente log --limit 20", verb_log},
    {"charter show", "[SECTION]", "The charter in force", "entente charter show decisions", verb_charter_show},
    {"charter check", "FILE", "Checks a charter file before anybody signs it", "entente charter check charter.yaml", verb_charter_check},
    {"seats", "", "Seats and the keys that hold them", "entente seats", verb_seats},
    {"seat set", "ORG/SEAT [PUBKEY...]", "Sets the keys that hold a seat (registrars); none leaves it empty",
     "entente seat set brand/finance new.pub --as brand/registrar", verb_seat_set},
    {"node status", "", "The node: newest block, root, peers", "entente node status", verb_node_status},
    {"node peers", "", "Links to the other nodes", "entente node peers", verb_node_peers},
    {"node why", "", "Why agreement waits, and what would unblock it", "entente node why", verb_node_why},
    {"pack", "FILE", "Exports the whole record for an auditor", "entente pack alliance.pack", verb_pack},
    {"checkpoint", "[-o FILE]", "The newest cosigned checkpoint, and the keys that verify it", "entente checkpoint -o tree.checkpoint", verb_checkpoint},
    {"proof", "LEAF", "Inclusion proof of a leaf, as entente-audit inclusion takes it", "entente proof 812", verb_proof},
    {"key new", "FILE [--unsealed]", "Makes a key file, sealed with a passphrase", "entente key new me.key", verb_key_new},
    {"key show", "FILE", "Public key and fingerprint of a key file", "entente key show me.key", verb_key_show},
    {"alliance draft", "CHARTER.yaml -o FILE", "From charter and cards to a .genesis that founding seats sign",
     "entente alliance draft charter.yaml -o alliance.genesis", verb_alliance_draft},
    {"alliance sign", "FILE --as ORG/SEAT --key KEY", "Adds a founding signature", "entente alliance sign alliance.genesis --as brand/sponsor --key me.key",
     verb_alliance_sign},
    {"alliance merge", "FILE... -o FILE", "Joins signatures collected on several copies", "entente alliance merge a.genesis b.genesis -o all.genesis",
     verb_alliance_merge},
    {"alliance show", "FILE", "Parties, fingerprints, and who has signed", "entente alliance show alliance.genesis", verb_alliance_show},
    {"alliance found", "FILE --node DIR", "Checks that all have signed, and gives the file to a node", "entente alliance found alliance.genesis --node /srv/entente",
     verb_alliance_found},
};
const size_t cli_verbs_n = ARRAY_LEN(cli_verbs);

static void print_usage(FILE *f)
{
    (void)fputs("entente: an alliance's decisions, agreed and signed.\n\n", f);
    for (size_t i = 0; i < cli_verbs_n; i++)
        (void)fprintf(f, "  %-16s %s\n", cli_verbs[i].words, cli_verbs[i].help);
    (void)fputs("\nWhich node:  --node DIR or socket, or ENTENTE_NODE; else the current directory.\n"
                "Who signs:   --key FILE or ENTENTE_KEY; --as ORG/SEAT or ENTENTE_SEAT, if the key holds several.\n"
                "Passphrase:  asked for on the terminal, or --passphrase-file FILE.\n"
                "Also:        --json, --yes, --no-wait, --timeout SECONDS, --save FILE. More: entente help VERB\n"
                "Exit status: 0 done, 1 failed, 2 used wrongly, 3 not permitted, 4 key or passphrase, 5 changed since read,\n"
                "             6 verification failed, 7 node not in sync or no quorum, 8 still pending\n",
                f);
}

static int print_help(const struct cli_verb *v, FILE *f)
{
    (void)fprintf(f, "entente %s %s\n  %s.\n  Example: %s\n", v->words, v->args, v->help, v->example);
    return EXIT_DONE;
}

/* Length of the verb's words at the front of argv, or 0. */
static int matches(const char *words, int argc, char **argv)
{
    const char *space = strchr(words, ' ');
    size_t n = space == NULL ? strlen(words) : (size_t)(space - words);
    if (argc < 1 || strlen(argv[0]) != n || memcmp(argv[0], words, n) != 0)
        return 0;
    if (space == NULL)
        return 1;
    return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

static const struct cli_verb *find_verb(int argc, char **argv, int *ret_n)
{
    for (size_t i = 0; i < cli_verbs_n; i++) {
        *ret_n = matches(cli_verbs[i].words, argc, argv);
        if (*ret_n > 0)
            return &cli_verbs[i];
    }
    return NULL;
}

/* Edit distance (Levenshtein), for suggestions; texts up to 31 bytes. */
static size_t distance(const char *x, const char *y)
{
    size_t row[32], n = strlen(y);
    if (n > 31 || strlen(x) > 31)
        return SIZE_MAX;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; x[i - 1] != 0; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t cost = diagonal + (x[i - 1] != y[j - 1]);
            diagonal = row[j];
            size_t least = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = cost < least ? cost : least;
        }
    }
    return row[n];
}

static int unknown_verb(int argc, char **argv)
{
    char typed[64];
    const struct cli_verb *best = NULL;
    size_t least = 4;
    (void)snprintf(typed, sizeof typed, "%s%s%s", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
                   argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    for (size_t i = 0; i < cli_verbs_n; i++) {
        size_t d = distance(typed, cli_verbs[i].words), e = distance(argv[0], cli_verbs[i].words);
        if ((d < e ? d : e) < least) {
            least = d < e ? d : e;
            best = &cli_verbs[i];
        }
    }
    (void)fprintf(stderr, "entente: there is no `%s`.", argv[0]);
    if (best != NULL)
        (void)fprintf(stderr, " Did you mean `entente %s`?", best->words);
    (void)fprintf(stderr, " All verbs: entente help\n");
    return EXIT_USAGE;
}

enum option_id {
    OPT_NODE = 256, OPT_AS, OPT_KEY, OPT_PASS, OPT_JSON, OPT_YES, OPT_NOWAIT, OPT_TIMEOUT, OPT_SAVE, OPT_REASON, OPT_CLAUSE, OPT_CONFIRM, OPT_TITLE,
    OPT_TEXT, OPT_TEXTFILE, OPT_AMOUNT, OPT_AFFECTS, OPT_PARTNER, OPT_AMEND, OPT_FILE, OPT_COUNTER, OPT_LIMIT, OPT_FROM, OPT_REV, OPT_UNSEALED,
    OPT_HELP
};

static const struct option options[] = {
    {"node", required_argument, NULL, OPT_NODE},       {"as", required_argument, NULL, OPT_AS},
    {"seat", required_argument, NULL, OPT_AS},         {"key", required_argument, NULL, OPT_KEY},
    {"passphrase-file", required_argument, NULL, OPT_PASS}, {"json", no_argument, NULL, OPT_JSON},
    {"yes", no_argument, NULL, OPT_YES},               {"no-wait", no_argument, NULL, OPT_NOWAIT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT}, {"save", required_argument, NULL, OPT_SAVE},
    {"reason", required_argument, NULL, OPT_REASON},   {"clause", required_argument, NULL, OPT_CLAUSE},
    {"confirm", required_argument, NULL, OPT_CONFIRM}, {"title", required_argument, NULL, OPT_TITLE},
    {"text", required_argument, NULL, OPT_TEXT},       {"text-file", required_argument, NULL, OPT_TEXTFILE},
    {"amount", required_argument, NULL, OPT_AMOUNT},   {"affects", required_argument, NULL, OPT_AFFECTS},
    {"partner", required_argument, NULL, OPT_PARTNER}, {"amend", required_argument, NULL, OPT_AMEND},
    {"file", required_argument, NULL, OPT_FILE},       {"counter", required_argument, NULL, OPT_COUNTER},
    {"limit", required_argument, NULL, OPT_LIMIT},     {"from", required_argument, NULL, OPT_FROM},
    {"rev", required_argument, NULL, OPT_REV},         {"unsealed", no_argument, NULL, OPT_UNSEALED},
    {"output", required_argument, NULL, 'o'},          {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0}};

static const char **text_option(struct cli *c, int o)
{
    switch (o) {
    case OPT_NODE: return &c->node;
    case OPT_AS: return &c->seat;
    case OPT_KEY: return &c->key;
    case OPT_PASS: return &c->passphrase_file;
    case OPT_SAVE: return &c->save;
    case OPT_REASON: return &c->reason;
    case OPT_CLAUSE: return &c->clause;
    case OPT_CONFIRM: return &c->confirm;
    case OPT_TITLE: return &c->title;
    case OPT_TEXT: return &c->text;
    case OPT_TEXTFILE: return &c->text_file;
    case OPT_AMOUNT: return &c->amount;
    case OPT_AFFECTS: return &c->affects;
    case OPT_PARTNER: return &c->partner;
    case OPT_AMEND: return &c->amend;
    case OPT_FILE: return &c->file;
    case OPT_COUNTER: return &c->counter;
    case OPT_LIMIT: return &c->limit;
    case OPT_FROM: return &c->from;
    case OPT_REV: return &c->rev;
    case 'o': return &c->out;
    default: return NULL;
    }
}

static bool parse(struct cli *c, int argc, char **argv, const struct cli_verb *v, int *ret_exit)
{
    for (int o; (o = getopt_long(argc, argv, "o:", options, NULL)) != -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        const char **text = text_option(c, o);
        char *end = NULL;
        if (text != NULL)
            *text = optarg;
        else if (o == OPT_JSON)
            c->json = true;
        else if (o == OPT_YES)
            c->yes = true;
        else if (o == OPT_NOWAIT)
            c->no_wait = true;
        else if (o == OPT_UNSEALED)
            c->unsealed = true;
        else if (o == OPT_TIMEOUT && (c->timeout_s = strtoul(optarg, &end, 10), *end == 0) && c->timeout_s <= 3600)
            continue;
        else if (o == OPT_HELP)
            return *ret_exit = print_help(v, stdout), false;
        else {
            (void)print_help(v, stderr);
            return *ret_exit = EXIT_USAGE, false;
        }
    }
    c->words = (const char **)(uintptr_t)(argv + optind);
    c->n = (size_t)(argc - optind);
    return true;
}

static const char *env(const char *name)
{
    const char *s = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
    return s != NULL && s[0] != 0 ? s : NULL;
}

int main(int argc, char **argv)
{
    int n = 0, code = EXIT_USAGE;
    struct cli c = {.timeout_s = 60, .node = env("ENTENTE_NODE"), .key = env("ENTENTE_KEY"), .seat = env("ENTENTE_SEAT")};
    arena_init(&c.a, 0);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    bool help = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0;
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("entente " ENTENTE_VERSION);
        return EXIT_DONE;
    }
    if (help && argc == 2) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    const struct cli_verb *v = find_verb(argc - 1 - help, argv + 1 + help, &n);
    if (v == NULL)
        return unknown_verb(argc - 1 - help, argv + 1 + help);
    if (help)
        return print_help(v, stdout);
    if (ed25519_init(&c.err) != ST_OK)
        return cli_fail(&c);
    if (parse(&c, argc - n, argv + n, v, &code))
        code = v->run(&c);
    client_close(c.client);
    arena_deinit(&c.a);
    if (fflush(stdout) != 0 && code == EXIT_DONE)
        code = EXIT_FAILED;
    return code;
}
