/* The charter: in force, and before anybody signs it. */
#include "charter/charter.h"
#include "charter/check.h"
#include "charter/template.h"
#include "charter/value.h"
#include "cert/card.h"
#include "cli/cli.h"
#include "cli/json_words.h"
#include "crypto/hash.h"
#include "crypto/sshpub.h"
#include "gov/rights.h"

static int print_section(struct cli *c, uint64_t number, const struct query_section *s)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    if (cli_section(c, number, s->section.body, &b) != ST_OK)
        return cli_fail(c);
    (void)fputs(buf_cstr(&b), stdout);
    return EXIT_DONE;
}

static bool section_is(const struct record_desc *d, const char *name)
{
    const char *s = d->name + strlen("charter_");
    size_t k = 0;
    while (s[k] != 0 && (s[k] == name[k] || (s[k] == '_' && name[k] == '-')))
        k++;
    return s[k] == 0 && name[k] == 0;
}

int verb_charter_show(struct cli *c)
{
    bool any = false;
    for (uint64_t i = 1; i < 64; i++) {
        const struct record_desc *d = charter_section_desc(i);
        struct rpc_number q = {.number = i};
        struct query_section s;
        if (d == NULL || (c->n == 1 && !section_is(d, c->words[0])))
            continue;
        enum status st = cli_ask(c, METHOD_section, &q, &s);
        if (st == ST_NOTFOUND)
            continue;
        if (st != ST_OK)
            return cli_fail(c);
        if (c->json) {
            struct buf b CLEANUP(buf_deinit);
            buf_init(&b, 64 << 20);
            if (cli_put_json(c, &query_section_desc, &s, &b) != ST_OK)
                return cli_fail(c);
            if (!any)
                cli_begin_list(c);
            (void)printf("%s%s\n", any ? "," : "[", buf_cstr(&b));
            any = true;
            continue;
        }
        any = true;
        if (c->n == 1)
            (void)printf("# version %" PRIu64 "%s\n", s.section.version,
                         HAS(&s.section, state_section_key_decision) ? ", made by a decision"
                                                                     : ", as founded");
        int code = print_section(c, i, &s);
        if (code != EXIT_DONE)
            return code;
        if (c->n == 1 && i == SECTION_METRICS) /* MET-12 */
            (void)printf("# commitments are reported too, by their partner's alliance-manager: entente charter show commitments\n");
    }
    if (any && c->json) {
        (void)puts("]");
        cli_end_list(c);
    }
    return any ? EXIT_DONE : cli_usage(c, "the charter has no section %s", c->n == 1 ? c->words[0] : "");
}

static enum status any_card(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx, (void)err;
    sha256(path, ret_digest); /* cards need not be there yet for a check */
    return ST_OK;
}

/* A warning of a key that holds more than half of a card's seats; NULL: there is none. */
static const char *widest_key(struct cli *c, const struct card *card)
{
    size_t n;
    const struct public_key *key = card_widest_key(card, &n);
    return key == NULL ? NULL
                       : charter_text(&c->a,
                                      "one key, %s, holds %zu of %zu seats of %.*s: who has it speaks for nearly all of the "
                                      "partner; give seats keys of their own",
                                      sshpub_fingerprint(key).s, n, card->seats.n, SPAN_FMT(card->org));
}

size_t cli_warn_key(struct cli *c, const char *where, const struct card *card)
{
    const char *text = widest_key(c, card);
    if (text != NULL)
        (void)fprintf(stderr, "%s: warning: %s\n", where, text);
    return text != NULL;
}

/* A charter file on its way through the check. */
struct checking {
    struct cli *c;
    const char *path, *dir;
    bool founded; /* it has what the founding adds: as it is printed */
    struct charter_source source;
    struct charter charter;
    struct check_findings found;
    size_t warnings;
    struct buf json; /* what was found */
};

static void find_json(struct checking *k, const char *kind, int line, int column, const char *where, const char *text)
{
    buf_printf(&k->json, "%s{\"finding\":\"%s\",\"file\":", k->json.n == 0 ? "" : ",", kind);
    cli_put_string(span_str(k->path), &k->json);
    buf_printf(&k->json, ",\"line\":%d,\"column\":%d", line, column);
    if (where != NULL) {
        buf_printf(&k->json, ",\"where\":");
        cli_put_string(span_str(where), &k->json);
    }
    buf_printf(&k->json, ",\"text\":");
    cli_put_string(span_str(text), &k->json);
    buf_u8(&k->json, '}');
}

/* On standard error, and as JSON. where: a path of keys; NULL: the text says it. */
static void find(struct checking *k, bool refuses, int line, int column, const char *where, const char *text)
{
    const char *kind = refuses ? "refused" : "warning";
    (void)fprintf(stderr, "%s:%d:%d: %s: %s%s%s\n", k->path, line, column, kind, where == NULL ? "" : where, where == NULL ? "" : ": ",
                  text);
    find_json(k, kind, line, column, where, text);
    k->warnings += !refuses;
}

static void find_at(struct checking *k, bool refuses, const char *where, const char *text)
{
    int line, column;
    charter_locate(k->source.root, where, &line, &column);
    find(k, refuses, line, column, where, text);
}

/* Keys are on cards, which need not be there yet; then it is said that they were not looked at. A founded charter names cards by
 * their digests. */
static void warn_keys(struct checking *k)
{
    struct cli *c = k->c;
    size_t absent = 0;
    const struct yaml_node *parties = yaml_get(k->source.root, span_str("parties"));
    for (const struct yaml_node *p = parties == NULL ? NULL : parties->first; p != NULL; p = p->next) {
        const struct yaml_node *file = yaml_get(p, span_str("card")), *role = yaml_get(p, span_str("role"));
        struct signed_card sc;
        struct card card;
        struct hash digest;
        struct span bytes;
        struct err err = {0};
        if (file == NULL || role == NULL || !span_eqs(role->text, "partner") || value_parse_digest(file->text, &digest))
            continue;
        const char *path = file_join(&c->a, k->dir, (const char *)arena_dup(&c->a, file->text).p);
        if (file_read(path, LIMIT_CARD_BYTES, &c->a, &bytes, &err) != ST_OK) {
            absent++;
            continue;
        }
        const char *text = card_check(bytes, &c->a, &sc, &card, &digest, &err) == ST_OK
                               ? widest_key(c, &card)
                               : charter_text(&c->a, "the card of %.*s: %s", SPAN_FMT(p->key->text), err.text);
        if (text != NULL)
            find(k, false, file->line, file->column, NULL, text);
    }
    if (absent > 0)
        (void)fprintf(stderr, "%s: the cards of %zu partners are not there; their keys were not looked at\n", k->path, absent);
}

/* Rows that mean something, but that this version of the rules refuses to open. */
static void warn_rows(struct checking *k)
{
    for (size_t i = 0; i < k->charter.decisions->rows.n; i++) {
        const struct charter_row *r = &k->charter.decisions->rows.v[i];
        const char *what = rights_unsupported(r);
        if (what != NULL)
            find_at(k, false, charter_text(&k->c->a, "decisions.%.*s", SPAN_FMT(r->name)),
                    charter_text(&k->c->a,
                                 "has %s, which is not carried out yet: a proposal under it is refused; leave that key out", what));
    }
}

static enum status check_file(struct cli *c, const char *path, struct checking *k)
{
    struct span yaml;
    const struct yaml_node *root;
    const char *slash = strrchr(path, '/');
    k->c = c;
    k->path = path;
    k->dir = slash == NULL ? "." : (const char *)arena_dup(&c->a, span_of(path, (size_t)(slash - path))).p;
    struct charter_files files = charter_files_in(k->dir);
    struct charter_founding founding = {.founded_ms = clock_wall_ms(&clock_system)};
    files.card = any_card;
    enum status st = file_read(path, CHARTER_FILE_MAX, &c->a, &yaml, &c->err);
    if (st == ST_OK)
        st = yaml_parse(yaml, path, &c->a, &root, &c->err);
    if (st != ST_OK)
        return st;
    k->founded = yaml_get(root, span_str("nonce")) != NULL && yaml_get(root, span_str("founded")) != NULL;
    st = charter_load(yaml, path, k->founded ? NULL : &founding, &files, &c->a, &k->source, &c->err);
    if (st == ST_OK)
        st = charter_decode(k->source.sections.v, k->source.sections.n, &c->a, &k->charter, &c->err);
    return st == ST_OK ? check_charter(&k->charter, &c->a, &k->found) : st;
}

enum status cli_charter_refusals(struct cli *c, const char *path, size_t *ret_n)
{
    struct checking k = {.found = {0}};
    buf_init(&k.json, 1 << 20);
    enum status st = check_file(c, path, &k);
    for (size_t i = 0; st == ST_OK && i < k.found.n; i++)
        if (k.found.v[i].refuses)
            find_at(&k, true, k.found.v[i].where, k.found.v[i].text);
    buf_deinit(&k.json);
    if (st == ST_OK)
        *ret_n = k.found.refusals;
    return st;
}

static int print_checked(struct checking *k)
{
    if (!k->c->json) {
        (void)printf("%s: %s%zu sections, %zu refusals, %zu warnings\n", k->path, k->founded ? "a founded charter, " : "",
                     k->source.sections.n, k->found.refusals, k->warnings);
    } else if (k->json.failed != ST_OK) {
        (void)err_set(&k->c->err, k->json.failed, "the answer is too large to be shown");
        return cli_fail(k->c);
    } else {
        (void)printf("{\"sections\":%zu,\"founded\":%s,\"refusals\":%zu,\"warnings\":%zu,\"findings\":[%s]}\n",
                     k->source.sections.n, k->founded ? "true" : "false", k->found.refusals, k->warnings, buf_cstr(&k->json));
    }
    return k->found.refusals == 0 ? EXIT_DONE : EXIT_FAILED;
}

int verb_charter_check(struct cli *c)
{
    struct checking k = {.found = {0}};
    if (c->n != 1)
        return cli_usage(c, "charter check needs one charter file");
    if (check_file(c, c->words[0], &k) != ST_OK)
        return cli_fail(c);
    buf_init(&k.json, 8 << 20);
    for (size_t i = 0; i < k.found.n; i++)
        find_at(&k, k.found.v[i].refuses, k.found.v[i].where, k.found.v[i].text);
    warn_rows(&k);
    warn_keys(&k);
    int code = print_checked(&k);
    buf_deinit(&k.json);
    return code;
}

/* The next part of a clause: up to its dot. */
static struct span clause_part(struct span *rest)
{
    const uint8_t *dot = memchr(rest->p, '.', rest->n);
    struct span part = span_of(rest->p, dot == NULL ? rest->n : (size_t)(dot - rest->p));
    *rest = dot == NULL ? span_of(rest->p + rest->n, 0) : span_of(dot + 1, rest->n - part.n - 1);
    return part;
}

/* The keys of a mapping, as far as they fit. */
static const char *keys_of(struct cli *c, const struct yaml_node *n)
{
    enum { SHOWN = 12 };
    size_t i = 0;
    const char *s = "";
    if (n->type != YAML_MAPPING)
        return "no parts with names";
    for (const struct yaml_node *m = n->first; m != NULL && i < SHOWN; m = m->next, i++)
        s = charter_text(&c->a, "%s%s%.*s", s, i == 0 ? "" : ", ", SPAN_FMT(m->key->text));
    return charter_text(&c->a, "%s%s", s, n->n > SHOWN ? ", ..." : "");
}

enum status cli_clause_in(struct cli *c, const struct section *section, struct span clause)
{
    struct buf b CLEANUP(buf_deinit);
    struct span rest = clause, part = clause_part(&rest);
    const struct yaml_node *n;
    buf_init(&b, 1 << 20);
    enum status st = cli_section(c, section->number, section->body, &b);
    if (st == ST_OK)
        st = yaml_parse(arena_dup(&c->a, buf_span(&b)), "charter", &c->a, &n, &c->err);
    if (st != ST_OK)
        return st;
    if (section->number != SECTION_ALLIANCE) /* whose keys have none above them */
        n = yaml_get(n, part);
    while (n != NULL && rest.n > 0) {
        const struct yaml_node *in = n;
        size_t upto = (size_t)(rest.p - clause.p) - 1;
        part = clause_part(&rest);
        n = yaml_get(in, part);
        if (n == NULL)
            return err_set(&c->err, ST_NOTFOUND, "clause %.*s: the charter's %.*s has no %.*s; it has %s", SPAN_FMT(clause), (int)upto,
                           (const char *)clause.p, SPAN_FMT(part), keys_of(c, in));
    }
    return n != NULL ? ST_OK : err_set(&c->err, ST_NOTFOUND, "clause %.*s: the charter has none of that name", SPAN_FMT(clause));
}

enum status cli_clause_exists(struct cli *c, struct span clause)
{
    struct span rest = clause, part = clause_part(&rest);
    struct rpc_number q = {0};
    struct query_section s;
    uint32_t number = 0;
    enum status st = enum_parse(&section_id_enum, part, &number);
    q.number = number;
    if (st == ST_OK)
        st = cli_ask(c, METHOD_section, &q, &s);
    else
        st = ST_NOTFOUND;
    if (st == ST_NOTFOUND)
        return err_set(&c->err, ST_NOTFOUND, "clause %.*s: the charter has no section %.*s; see: entente charter show", SPAN_FMT(clause),
                       SPAN_FMT(part));
    return st == ST_OK ? cli_clause_in(c, &(struct section){.number = number, .body = s.section.body}, clause) : st;
}

const struct charter_template *cli_template(struct cli *c, const char *name)
{
    char all[200] = "";
    const struct charter_template *t = charter_template(name);
    for (size_t i = 0, n = 0; t == NULL && i < CHARTER_TEMPLATES; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", charter_templates[i].name);
    if (t == NULL)
        (void)err_set(&c->err, ST_USAGE, "there is no template %s; expected one of: %s", name, all);
    return t;
}

int cli_list_templates(struct cli *c)
{
    for (size_t i = 0; i < CHARTER_TEMPLATES; i++)
        if (c->json)
            (void)printf("%s{\"name\":\"%s\",\"what\":\"%s\"}%s", i == 0 ? "[" : ",",
                         charter_templates[i].name, charter_templates[i].what,
                         i + 1 == CHARTER_TEMPLATES ? "]\n" : "");
        else
            (void)printf("%-20s %s\n", charter_templates[i].name, charter_templates[i].what);
    return EXIT_DONE;
}

int verb_charter_template(struct cli *c)
{
    if (c->n > 1)
        return cli_usage(c, "charter template needs one name, or none to list them");
    if (c->n == 0)
        return cli_list_templates(c);
    const struct charter_template *t = cli_template(c, c->words[0]);
    if (t == NULL)
        return cli_fail(c);
    if (c->out == NULL) {
        (void)fwrite(t->yaml.p, 1, t->yaml.n, stdout);
        return EXIT_DONE;
    }
    if (file_write(c->out, t->yaml, 0644, false, &c->err) != ST_OK)
        return cli_fail(c);
    (void)fprintf(
        stderr,
        "Wrote %s. Fill in the parties, then: entente charter check %s\n"
        "Each organisation makes its card with ententd card; put them where the parties' card: says.\n",
        c->out, c->out);
    return EXIT_DONE;
}
