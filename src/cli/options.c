/* Options of the command line. Each verb says which it takes; the rest are refused, so that nothing typed is
 * ignored. */
#include <getopt.h>
#include "cli/cli.h"

struct option_desc {
    const char *name, *arg, *help; /* arg NULL: a flag */
    int letter;                    /* or 0 */
    size_t offset;                 /* of the member of struct cli */
};

#define TEXT(name, letter, member, arg, help)                                                                \
    {                                                                                                        \
        name, arg, help, letter, offsetof(struct cli, member)                                                \
    }
#define FLAG(name, member, help)                                                                             \
    {                                                                                                        \
        name, NULL, help, 0, offsetof(struct cli, member)                                                    \
    }

static const struct option_desc options[] = {
    TEXT("node", 0, node, "DIR|SOCKET",
         "The node to ask; else ENTENTE_NODE, the settings' node:, or this directory"),
    TEXT("as", 0, seat, "ORG/SEAT",
         "The seat acted for; else ENTENTE_SEAT, the settings' seat:, or the one seat that the key holds"),
    TEXT("seat", 0, seat, "ORG/SEAT", "The same as --as"),
    TEXT("key", 'k', key, "FILE",
         "Key file of entente, OpenSSH key, or a public key whose agent or device signs; else ENTENTE_KEY or "
         "key:"),
    TEXT("passphrase-file", 0, passphrase_file, "FILE", "Holds the key's passphrase"),
    FLAG("yes", yes, "Answers yes to the question"),
    FLAG("json", json, "JSON on standard output"),
    FLAG("no-wait", no_wait, "Does not wait until it is final (exit 8)"),
    TEXT("timeout", 0, timeout, "SECONDS", "How long to wait; 60 unless said, watch without end"),
    TEXT("save", 0, save, "FILE.entry", "Signs, writes the entry to a file, sends nothing"),
    TEXT("title", 0, title, "TEXT", "Title, one line"),
    TEXT("text", 0, text, "TEXT", "The text in full"),
    TEXT("text-file", 0, text_file, "FILE", "The text, from a file"),
    TEXT("reason", 'r', reason, "TEXT", "Why"),
    TEXT("reason-file", 0, reason_file, "FILE", "Why, from a file"),
    TEXT("clause", 0, clause, "CLAUSE", "Clause of the charter that a veto rests on"),
    TEXT("confirm", 0, confirm, "NAME", "Names once more what is done for good"),
    TEXT("at", 0, at, "TIME", "As the record stood at this ledger time: 2026-03-31T12:00:00Z, or a day, which is its beginning"),
    TEXT("rev", 0, rev, "N", "The revision meant; needed when it changed after you read it"),
    TEXT("amount", 0, amount, "MONEY", "Amount at stake: \"USD 180000.00\""),
    TEXT("affects", 0, affects, "ORG,...", "Partners named as affected"),
    TEXT("partner", 0, partner, "ORG", "Partner that the proposal is about"),
    TEXT("document", 0, document, "FILE,...", "Documents it rests on, recorded by their SHA-256"),
    TEXT("attach", 0, attach, "FILE,...", "Files that your node keeps and gives to the partners; recorded by their SHA-256"),
    TEXT("to", 0, to, "FILE", "Where to write; standard output unless said"),
    TEXT("amend", 0, amend, "SECTION", "Passing replaces this charter section by the one in --file"),
    TEXT("file", 0, file, "FILE", "A charter as `entente charter show` prints it, changed"),
    TEXT("counter", 0, counter, "D-n", "It is a counter to that decision: one passing closes the other"),
    TEXT("supersedes", 0, supersedes, "D-n", "It takes the place of that decision, which is in effect, when it takes effect itself"),
    TEXT("for", 0, principal, "ORG/SEAT", "The seat balloted for, as its alternate or in its stead"),
    TEXT("budget", 0, budget, "NAME", "Budget envelope that the amount comes from"),
    TEXT("charge", 0, charge, "MONEY", "The amount in the budget's currency, when it has another"),
    TEXT("rate", 0, rate, "TEXT", "The rate behind --charge, and where it is from"),
    TEXT("by", 0, by, "ORG/SEAT", "Who may ballot for the seat"),
    TEXT("types", 0, types, "TYPE,...", "Only on decisions of these types"),
    TEXT("since", 0, since, "TIME",
         "From then on; of a key that is revoked: its acts from then on are suspect"),
    TEXT("until", 0, until, "TIME", "Up to then; now unless said. Of what is shared: its last day"),
    TEXT("relies-on", 0, relies_on, "ID,...",
         "What it rests on: assumptions (AS-3), readings (K-7) or clauses (thesis.scope); when one is falsified, restated or amended, it is in doubt. "
         "A revision keeps it unless said; none drops it"),
    TEXT("compromised-since", 0, since, "TIME", "The same as --since"),
    TEXT("owner", 0, owner, "ORG/SEAT", "Seat that the item is offered to; it owns it once it takes it"),
    TEXT("due", 0, due, "DATE", "Due date: 2026-03-31"),
    TEXT("link", 0, link, "ID,...", "Decisions (D-12), items (R-7) or clauses (thesis.scope) it is linked to"),
    TEXT("tags", 0, tags, "NAME,...", "Tags"),
    TEXT("scope", 0, scope, "NAME", "Market or product"),
    TEXT("category", 0, category, "NAME", "Category of a risk, of the charter's section risks"),
    TEXT("likelihood", 0, likelihood, "1-5", "Likelihood of a risk"),
    TEXT("impact", 0, impact, "1-5", "Impact of a risk"),
    TEXT("share", 0, share, "ORG=N,...", "Who bears a risk, in percent"),
    TEXT("every", 0, every, "PERIOD", "How often a risk is reviewed: month, \"2 weeks\"; else as the charter says"),
    TEXT("warns", 0, warns, "CONDITION,...",
         "Early warnings of a risk: \"on-shelf < 80 for 2\", or the name of one of the charter; of review: those from now on, or none"),
    TEXT("against", 0, against, "ORG/SEAT", "The other side of a conflict"),
    TEXT("about", 0, about, "NAME", "What of the charter it is about: an assumption, control, gate or procedure"),
    TEXT("verdict", 0, finding, "VERDICT", "Of an assumption: validated, falsified or inconclusive"),
    TEXT("risk", 0, risk, "R-n", "Passing accepts this risk, with the score that it has now"),
    TEXT("accept-until", 0, accept_until, "DATE", "Last day on which the risk is accepted"),
    TEXT("erase", 0, erase, "LEAF,...", "Passing erases the texts of these entries, at every node; leaves as entente log numbers them"),
    TEXT("grep", 0, grep, "TEXT", "Only those with this in their title or in what was written on them, of the log in a text, the seat or the kind; a-z as A-Z"),
    TEXT("tag", 0, tag, "NAME", "Only those with this tag"),
    TEXT("minutes", 0, minutes, "FILE", "Minutes, recorded by their SHA-256"),
    TEXT("present", 0, present, "ORG/SEAT,...", "Seats that were there"),
    TEXT("decision", 0, decision, "D-n,...", "Decisions that were taken"),
    TEXT("held", 0, held, "DATE", "Day on which it was held; today unless said"),
    TEXT("body", 0, body, "NAME", "Body of the charter that meets"),
    TEXT("on", 0, on, "DATE", "Day on which it meets: 2026-03-31"),
    FLAG("all", all, "Closed ones too; of health and charter replay: also what speaks for it; of account: every seat, whatever ENTENTE_SEAT says"),
    TEXT("class", 0, info_class, "NAME", "Class of information, of the charter's section sharing"),
    TEXT("with", 0, with, "ORG,...", "Partners that it is shared with, or may be"),
    TEXT("purpose", 0, purpose, "TEXT", "What they may use it for"),
    TEXT("content", 0, content, "FILE", "What is shared or what arrived: its SHA-256 is recorded, the file stays here"),
    TEXT("consent", 0, consent, "D-n", "The data-sharing decision that it rests on"),
    TEXT("derived", 0, derived, "G-n,...", "Grants that what is shared was made from"),
    TEXT("request", 0, request, "Q-n", "The request that asks for an audit"),
    FLAG("destroyed", destroyed, "It was destroyed, not given back"),
    TEXT("card", 0, card, "FILE.card", "Signed card of the organisation or node"),
    TEXT("suspend", 0, suspend, "ORG,...", "Organisations whose nodes are left out"),
    TEXT("name", 0, name, "TEXT", "The organisation's name for people; else its id"),
    TEXT("role", 0, role, "ROLE", "partner, witness or observer; partner unless said"),
    TEXT("seats", 0, seats, "NAME,...", "Seats besides those of every partner; else those on its card"),
    TEXT("rules", 0, rules, "N", "Rules version"),
    TEXT("need", 0, need, "NEED", "impact, diligence, or the seat consulted"),
    TEXT("keys", 0, keys, "FILE,...", "Public keys that shall hold the registrar seat"),
    TEXT("state", 0, state, "FILE", "The newest checkpoint seen is kept there; beside it FILE.set, which nodes it was known by"),
    TEXT("evidence", 0, evidence, "DIR", "Where both checkpoints go when two do not fit; FILE.evidence unless said"),
    TEXT("on-alarm", 0, on_alarm, "COMMAND", "Run by the shell when two do not fit; what is wrong is its standard input"),
    FLAG("once", once, "Asks once, and ends"),
    TEXT("alliance", 0, alliance, "ID", "Alliance id; with it no node is asked"),
    TEXT("epoch", 0, epoch, "N", "Epoch of the alliance; 0 unless said"),
    TEXT("after", 0, after, "N", "Recoveries carried out or cancelled before; 0 unless said"),
    TEXT("limit", 'n', limit, "N", "At most so many"),
    TEXT("from", 0, from, "N", "The first one"),
    TEXT("period", 0, period, "PERIOD", "2026-03, 2026-Q1, 2026-W10, 2026, or a day in it: 2026-03-02"),
    TEXT("value", 0, value, "NUMBER", "Value, in the metric's unit"),
    TEXT("voices", 0, voices, "N,N,N,N,N", "How many said 1, 2, 3, 4, 5; or one number, of too few voices to show more"),
    TEXT("answers", 0, answers, "FILE", "One answer, 1 to 5, a line: counted here, and never sent"),
    FLAG("forecast", forecast, "It is a forecast, of a period that is not over"),
    FLAG("baseline", baseline, "It is a baseline to measure against"),
    FLAG("unsealed", unsealed, "Seals the key with no passphrase: whoever reads the file can sign"),
    FLAG("with-keys", with_keys,
         "Puts the node's, cosignature and log key and the TLS identity into it too; never the vote key"),
    TEXT("template", 0, template, "NAME",
         "A charter that comes with entente, instead of a file; its cards are read from cards/ here"),
    TEXT("dossier", 0, dossier, "FILE,...", "Signed dossiers from before the alliance, parts of which become part of the founding"),
    TEXT("annex", 0, annex, "PART,...",
         "Which parts: thesis and commitments in clear, file by its SHA-256; all that the charter has not, unless said"),
    TEXT("output", 'o', out, "FILE", "Where to write"),
    TEXT("pack", 0, pack, "FILE", "A pack to take the record from, in place of the node; to follow: which nodes sign after it"),
    FLAG("views", views, "By the four views of a balanced scorecard: financial, customer, process, learning"),
    FLAG("ics", ics, "As a calendar (RFC 5545): each deadline an event"),
    FLAG("no-pager", no_pager, "Never starts a pager"),
    {"help", NULL, "This help; also -h", 'h', offsetof(struct cli, help)},
};

/* Where a verb means something else by an option than most: what its help says of it. */
static const struct {
    const char *verb, *option, *arg, *help;
} others[] = {
    {"propose", "until", "DATE", "The decision's last day: then it expires by itself. With --class: the last day of the sharing"},
    {"revise", "until", "DATE", "The decision's last day: then it expires by itself; kept unless said, none drops it. With --class: the last day of the sharing"},
    {"mediate", "until", "DATE", "The decision's last day: then it expires by itself; kept unless said, none drops it. With --class: the last day of the sharing"},
    {"propose", "scope", "NAME", "Market or product; that of the row unless said, if it is limited to one"},
    {"revise", "scope", "NAME", "Market or product; kept unless said"},
    {"mediate", "scope", "NAME", "Market or product; kept unless said"},
    {"follow", "every", "SECONDS", "Asks again after so many seconds; 300 unless said"},
    {"pack", "from", "HEIGHT|TIME", "The first block: a height, or a time, 2026-04-01 or 2026-04-01T00:00:00Z"},
    {"pack", "to", "HEIGHT|TIME", "The last block: a height, or the time up to which"},
    {"dossier verify", "card", "FILE,...", "Signed cards of its partners"},
    {"refound draft", "card", "FILE,...", "New cards of lost nodes"},
    {"key revoke", "confirm", "FINGERPRINT", "Names once more the key that is revoked for good"},
    {"seat set", "confirm", "ORG/SEAT", "Names once more the seat that is left empty"},
    {"refound survivor", "confirm", "ORG", "Names once more whose node signs nothing more in this epoch"},
};

/* The option as the verb's help has it. */
static struct option_desc as_said(const struct cli_verb *v, const struct option_desc *o)
{
    struct option_desc said = *o;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (strcmp(others[i].verb, v->words) == 0 && strcmp(others[i].option, o->name) == 0) {
            said.arg = others[i].arg;
            said.help = others[i].help;
        }
    return said;
}

/* What every verb takes: which node, who, and how to show it. */
static const char common[] = "node as seat key passphrase-file yes json help ";

static bool listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; (p = strstr(p, name)) != NULL; p += n)
        if ((p == list || p[-1] == ' ') && p[n] == ' ')
            return true;
    return false;
}

static bool takes(const struct cli_verb *v, const struct option_desc *o)
{
    return listed(common, o->name) || listed(v->options, o->name);
}

bool cli_is_paged(const struct cli_verb *v)
{
    return listed(v->options, "no-pager");
}

void cli_print_options(const struct cli_verb *v, FILE *f)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option_desc said = as_said(v, &options[i]), *o = &said;
        char left[64];
        if (!takes(v, o))
            continue;
        (void)snprintf(left, sizeof left, "--%s%s%s", o->name, o->arg == NULL ? "" : " ",
                       o->arg == NULL ? "" : o->arg);
        (void)fprintf(f, "  %-28s %s\n", left, o->help);
    }
}

void cli_print_rows(const struct cli_verb *v, FILE *f)
{
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        const struct option_desc said = as_said(v, &options[i]), *o = &said;
        if (listed(v->options, o->name) && !listed(common, o->name))
            (void)fprintf(f, "| `--%s%s%s` | %s |\n", o->name, o->arg == NULL ? "" : " ",
                          o->arg == NULL ? "" : o->arg, o->help),
                n++;
    }
    if (n == 0)
        (void)fputs("| | none of its own |\n", f);
}

bool cli_is_option(struct span name)
{
    for (size_t i = 0; i < ARRAY_LEN(options); i++)
        if (span_eqs(name, options[i].name))
            return true;
    return false;
}

static enum status unknown(struct cli *c, const char *typed, const struct cli_verb *v)
{
    const char *name = typed + strspn(typed, "-"), *best = NULL;
    size_t least = 4;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        size_t d = takes(v, &options[i]) ? cli_distance(name, options[i].name) : SIZE_MAX;
        if (d < least) {
            least = d;
            best = options[i].name;
        }
    }
    return err_set(&c->err, ST_USAGE, "entente %s takes no option %s.%s%s%s See: entente help %s", v->words,
                   typed, best == NULL ? "" : " Did you mean --", best == NULL ? "" : best,
                   best == NULL ? "" : "?", v->words);
}

/* Of an option that is one, but not of this verb. */
static enum status not_taken(struct cli *c, const struct cli_verb *v, const struct option_desc *d)
{
    if (strcmp(d->name, "at") != 0)
        return err_set(&c->err, ST_USAGE, "entente %s takes no option --%s. See: entente help %s", v->words, d->name, v->words);
    if (listed(v->options, "timeout"))
        return err_set(&c->err, ST_USAGE, "entente %s acts now; --at TIME is for questions alone: entente show, entente status and others",
                       v->words);
    return err_set(&c->err, ST_USAGE, "entente %s is not answered from the record as it stood at a time: it takes no --at. See: entente help %s",
                   v->words, v->words);
}

static enum status set(struct cli *c, const struct option_desc *o, const char *value)
{
    char *at = (char *)c + o->offset;
    if (strcmp(o->name, "node") == 0) {
        if (c->n_nodes == ARRAY_LEN(c->nodes))
            return err_set(&c->err, ST_USAGE, "more than %zu nodes", ARRAY_LEN(c->nodes));
        c->nodes[c->n_nodes++] = value;
    }
    if (o->offset == offsetof(struct cli, seat))
        c->seat_from = "--as";
    if (o->arg == NULL) {
        bool yes = true;
        memcpy(at, &yes, sizeof yes);
    } else {
        memcpy(at, &value, sizeof value);
    }
    return ST_OK;
}

/* As its line in the help has it: nothing, or options alone. Verbs that take words count them themselves. */
static bool takes_no_words(const struct cli_verb *v)
{
    const char *args = v->args[0] == '[' ? v->args + 1 : v->args;
    return args[0] == 0 || args[0] == '-';
}

/* Of verbs that take a period: --until of what is shared is a date of its own. */
static enum status check_times(struct cli *c, const struct cli_verb *v)
{
    const struct {
        const char *name, *text;
    } given[] = {{"--since", c->since}, {"--until", c->until}};
    uint64_t ms;
    for (size_t i = 0; listed(v->options, "since") && i < ARRAY_LEN(given); i++) {
        const char *text = given[i].text;
        if (text == NULL || time_parse(span_str(text), &ms) == ST_OK)
            continue;
        bool digits = strlen(text) >= 10 && strspn(text, "0123456789") == 4 && text[4] == '-' && text[7] == '-';
        return err_set(&c->err, ST_USAGE, "%s %s: %s, for instance 2026-10-01T00:00:00Z, or a day, 2026-10-01", given[i].name, text,
                       digits ? "there is no such day or time; expected one" : "expected a time");
    }
    return ST_OK;
}

static enum status finish(struct cli *c, const struct cli_verb *v, int first, int argc, char **argv)
{
    enum status st = ST_OK;
    c->words = (const char **)(uintptr_t)(argv + first);
    c->n = (size_t)(argc - first);
    if (c->n > 0 && !c->help && takes_no_words(v))
        return err_set(&c->err, ST_USAGE, "entente %s takes no words; `%s` is one too many. Expected: entente %s%s%s. See: entente help %s", v->words,
                       c->words[0], v->words, v->args[0] == 0 ? "" : " ", v->args, v->words);
    if (!c->help)
        st = check_times(c, v);
    if (st == ST_OK && c->timeout != NULL)
        st = cli_number(c, "--timeout", c->timeout, 0, 3600, &c->timeout_s);
    if (st == ST_OK && c->rev != NULL)
        st = cli_number(c, "--rev", c->rev, 1, 65535, &c->rev_number);
    if (st == ST_OK && c->limit != NULL)
        st = cli_number(c, "--limit", c->limit, 1, 1000000, &c->limit_number);
    if (st == ST_OK && c->from != NULL && strcmp(v->words, "pack") != 0) /* which takes times, too */
        st = cli_number(c, "--from", c->from, 0, INT64_MAX, &c->from_number);
    return st;
}

enum status cli_parse(struct cli *c, int argc, char **argv, const struct cli_verb *v)
{
    struct option longs[ARRAY_LEN(options) + 1];
    char letters[2 * ARRAY_LEN(options) + 2] = ":";
    size_t n = 1;
    memset(longs, 0, sizeof longs);
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        longs[i] = (struct option){options[i].name, options[i].arg == NULL ? no_argument : required_argument,
                                   NULL, 256 + (int)i};
        if (options[i].letter != 0) {
            letters[n++] = (char)options[i].letter;
            if (options[i].arg != NULL)
                letters[n++] = ':';
        }
    }
    letters[n] = 0;
    optind = 1;
    opterr = 0;
    for (int o; (o = getopt_long(argc, argv, letters, longs, NULL)) !=
                -1;) { /* NOLINT(concurrency-mt-unsafe): one thread */
        const struct option_desc *d = NULL;
        const char *typed = optind > 0 && optind <= argc ? argv[optind - 1] : "?";
        if (o == ':')
            return err_set(&c->err, ST_USAGE, "%s needs a value. See: entente help %s", typed, v->words);
        for (size_t i = 0; i < ARRAY_LEN(options); i++)
            if (o == 256 + (int)i || (options[i].letter != 0 && o == options[i].letter))
                d = &options[i];
        if (d == NULL)
            return unknown(c, typed, v);
        if (!takes(v, d))
            return not_taken(c, v, d);
        enum status st = set(c, d, optarg);
        if (st != ST_OK)
            return st;
    }
    return finish(c, v, optind, argc, argv);
}
