/* entente-audit: checks a pack, a proof or a checkpoint, trusting nobody, and answers an auditor's questions
 * from a pack. It opens no connection, and writes no file but those that it is told to. */
#include "audit/cmd.h"
#include "crypto/ed25519.h"

static const struct cmd *const commands[] = {&cmd_verify,      &cmd_exceptions, &cmd_access, &cmd_log,
                                             &cmd_sample,      &cmd_replay,     &cmd_export, &cmd_inclusion,
                                             &cmd_consistency, &cmd_checkpoint};

static void print_usage(FILE *f)
{
    (void)fputs("entente-audit: checks what an alliance recorded, trusting nobody.\n\n", f);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        (void)fprintf(f, "  entente-audit %-12s %-8s %s\n", commands[i]->name, commands[i]->args,
                      commands[i]->doc);
    (void)fputs("  entente-audit help COMMAND          its options\n"
                "  entente-audit --version | --help\n"
                "\n"
                "PACK and FILE may be -, standard input. Every command that reads a pack verifies all of it "
                "first, and says nothing of\n"
                "one that fails but why.\n"
                "Exit status: 0 done and verified, 1 a file cannot be read or written, 2 used wrongly, 6 "
                "verification failed.\n",
                f);
}

static const struct cmd *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static const struct cmd_option *option_of(const struct cmd *c, const char *name, size_t n)
{
    for (size_t i = 0; i < c->n_options; i++)
        if (strlen(c->options[i].name) == n && memcmp(c->options[i].name, name, n) == 0)
            return &c->options[i];
    return NULL;
}

/* EXIT_DONE, or said what is wrong. */
static int parse(const struct cmd *c, int argc, char **argv, struct cmd_args *ret)
{
    ret->cmd = c;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i], *equals = strchr(word, '=');
        if (word[0] != '-' || word[1] != '-') {
            if (ret->n == ARRAY_LEN(ret->words))
                return cmd_usage(c, "one %s was expected, and %s is one more",
                                 c->args[0] == 0 ? "command" : c->args, word);
            ret->words[ret->n++] = word;
            continue;
        }
        size_t n = equals == NULL ? strlen(word + 2) : (size_t)(equals - word - 2);
        const struct cmd_option *o = option_of(c, word + 2, n);
        if (o == NULL)
            return cmd_usage(c, "%s has no option --%.*s", c->name, (int)n, word + 2);
        if (o->value == NULL && equals != NULL)
            return cmd_usage(c, "--%s takes no value", o->name);
        if (o->value != NULL && equals == NULL && i + 1 == argc)
            return cmd_usage(c, "--%s needs a value: %s", o->name, o->value);
        if (ret->n_given == CMD_GIVEN_MAX)
            return cmd_usage(c, "more than %d options", CMD_GIVEN_MAX);
        ret->given[ret->n_given].option = o;
        ret->given[ret->n_given++].value = o->value == NULL ? "" : equals != NULL ? equals + 1 : argv[++i];
    }
    if (c->args[0] != 0 && ret->n == 0)
        return cmd_usage(c, "%s needs one %s", c->name, c->args);
    if (c->args[0] == 0 && ret->n > 0)
        return cmd_usage(c, "%s takes options only, and %s is none", c->name, ret->words[0]);
    return EXIT_DONE;
}

static int unknown(const char *name)
{
    (void)fprintf(stderr, "entente-audit: there is no command %s\n\n", name);
    print_usage(stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct err err;
    struct cmd_args args = {0};
    if (argc < 2) {
        (void)fputs("entente-audit: what shall it do?\n\n", stderr);
        print_usage(stderr);
        return EXIT_USAGE;
    }
    bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0;
    if (help && argc == 2) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("entente-audit " ENTENTE_VERSION);
        return EXIT_DONE;
    }
    const struct cmd *c = find(help ? argv[2] : argv[1]);
    if (c == NULL)
        return unknown(help ? argv[2] : argv[1]);
    if (help || (argc == 3 && strcmp(argv[2], "--help") == 0)) {
        cmd_print_help(c, stdout);
        return EXIT_DONE;
    }
    int code = parse(c, argc - 2, argv + 2, &args);
    if (code != EXIT_DONE)
        return code;
    if (ed25519_init(&err) != ST_OK) {
        (void)fprintf(stderr, "entente-audit: %s\n", err.text);
        return EXIT_FAILED;
    }
    return c->run(&args);
}
