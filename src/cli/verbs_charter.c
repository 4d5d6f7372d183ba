/* The charter: in force, and before anybody signs it. */
#include "charter/charter.h"
#include "charter/check.h"
#include "charter/template.h"
#include "cert/card.h"
#include "cli/cli.h"
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

size_t cli_warn_key(struct cli *c, const char *where, const struct card *card)
{
    size_t n;
    const struct public_key *key = card_widest_key(card, &n);
    (void)c;
    if (key == NULL)
        return 0;
    (void)fprintf(
        stderr,
        "%s: warning: one key, %s, holds %zu of %zu seats of %.*s: who has it speaks for nearly all of the "
        "partner; give seats keys of their own\n",
        where, sshpub_fingerprint(key).s, n, card->seats.n, SPAN_FMT(card->org));
    return 1;
}

/* Keys are on cards, which need not be there yet; then it is said that they were not looked at. */
static size_t warn_keys(struct cli *c, const char *dir, const struct charter_source *source)
{
    size_t warnings = 0, absent = 0;
    const struct yaml_node *parties = yaml_get(source->root, span_str("parties"));
    for (const struct yaml_node *p = parties == NULL ? NULL : parties->first; p != NULL; p = p->next) {
        const struct yaml_node *file = yaml_get(p, span_str("card")), *role = yaml_get(p, span_str("role"));
        struct signed_card sc;
        struct card card;
        struct hash digest;
        struct span bytes;
        struct err err = {0};
        if (file == NULL || role == NULL || !span_eqs(role->text, "partner"))
            continue;
        const char *path = file_join(&c->a, dir, (const char *)arena_dup(&c->a, file->text).p);
        if (file_read(path, LIMIT_CARD_BYTES, &c->a, &bytes, &err) != ST_OK) {
            absent++;
            continue;
        }
        const char *where = charter_text(&c->a, "%s:%d:%d", c->words[0], file->line, file->column);
        if (card_check(bytes, &c->a, &sc, &card, &digest, &err) == ST_OK) {
            warnings += cli_warn_key(c, where, &card);
            continue;
        }
        (void)fprintf(stderr, "%s: warning: the card of %.*s: %s\n", where, SPAN_FMT(p->key->text), err.text);
        warnings++;
    }
    if (absent > 0)
        (void)fprintf(stderr, "%s: the cards of %zu partners are not there; their keys were not looked at\n",
                      c->words[0], absent);
    return warnings;
}

/* Rows that mean something, but that this version of the rules refuses to open. */
static size_t warn_rows(struct cli *c, const struct charter *charter, const struct charter_source *source)
{
    size_t warnings = 0;
    for (size_t i = 0; i < charter->decisions->rows.n; i++) {
        const struct charter_row *r = &charter->decisions->rows.v[i];
        const char *what = rights_unsupported(r);
        if (what == NULL)
            continue;
        int line, column;
        const char *where = charter_text(&c->a, "decisions.%.*s", SPAN_FMT(r->name));
        charter_locate(source->root, where, &line, &column);
        (void)fprintf(
            stderr,
            "%s:%d:%d: warning: %s: has %s, which is not carried out yet: a proposal under it is refused; "
            "leave that key out\n",
            c->words[0], line, column, where, what);
        warnings++;
    }
    return warnings;
}

int verb_charter_check(struct cli *c)
{
    struct span yaml;
    struct charter_source source;
    struct charter charter;
    struct check_findings found;
    if (c->n != 1)
        return cli_usage(c, "charter check needs one charter file");
    const char *slash = strrchr(c->words[0], '/');
    const char *dir =
        slash == NULL ? "."
                      : (const char *)arena_dup(&c->a, span_of(c->words[0], (size_t)(slash - c->words[0]))).p;
    struct charter_files files = charter_files_in(dir);
    struct charter_founding founding = {.founded_ms = clock_wall_ms(&clock_system)};
    files.card = any_card;
    enum status st = file_read(c->words[0], CHARTER_FILE_MAX, &c->a, &yaml, &c->err);
    if (st == ST_OK)
        st = charter_load(yaml, c->words[0], &founding, &files, &c->a, &source, &c->err);
    if (st == ST_OK)
        st = charter_decode(source.sections.v, source.sections.n, &c->a, &charter, &c->err);
    if (st == ST_OK)
        st = check_charter(&charter, &c->a, &found);
    if (st != ST_OK)
        return cli_fail(c);
    for (size_t i = 0; i < found.n; i++) {
        int line, column;
        charter_locate(source.root, found.v[i].where, &line, &column);
        (void)fprintf(stderr, "%s:%d:%d: %s: %s: %s\n", c->words[0], line, column,
                      found.v[i].refuses ? "refused" : "warning", found.v[i].where, found.v[i].text);
    }
    size_t warnings = found.n - found.refusals + warn_rows(c, &charter, &source) + warn_keys(c, dir, &source);
    if (c->json)
        (void)printf("{\"sections\":%zu,\"refusals\":%zu,\"warnings\":%zu}\n", source.sections.n,
                     found.refusals, warnings);
    else
        (void)printf("%s: %zu sections, %zu refusals, %zu warnings\n", c->words[0], source.sections.n,
                     found.refusals, warnings);
    return found.refusals == 0 ? EXIT_DONE : EXIT_FAILED;
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
