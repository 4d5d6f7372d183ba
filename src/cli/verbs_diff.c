/* What two charters say differently. */
#include "charter/difference.h"
#include "charter/value.h"
#include "cli/cli.h"
#include "crypto/hash.h"

enum { SECTIONS_MAX = 64, SHORT = 60 };

static enum status any_card(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx, (void)err;
    sha256(path, ret_digest); /* cards need not be there yet to compare */
    return ST_OK;
}

/* A charter file; ret_draft: its tree, when the founding has not added to it yet. */
static enum status load_file(struct cli *c, const char *path, struct section_list *ret, const struct yaml_node **ret_draft)
{
    static const struct charter_founding draft; /* all drafts alike */
    struct span yaml;
    struct charter_source source;
    const struct yaml_node *root;
    const char *slash = strrchr(path, '/');
    const char *dir =
        slash == NULL ? "." : (const char *)arena_dup(&c->a, span_of(path, (size_t)(slash - path))).p;
    struct charter_files files = charter_files_in(dir);
    files.card = any_card;
    enum status st = file_read(path, CHARTER_FILE_MAX, &c->a, &yaml, &c->err);
    if (st == ST_OK)
        st = yaml_parse(yaml, path, &c->a, &root, &c->err);
    if (st == ST_OK) /* a printed charter has both */
        st = charter_load(yaml, path, yaml_get(root, span_str("nonce")) == NULL ? &draft : NULL, &files,
                          &c->a, &source, &c->err);
    if (st != ST_OK)
        return st;
    *ret = source.sections;
    *ret_draft = yaml_get(root, span_str("nonce")) == NULL ? source.root : NULL;
    return ST_OK;
}

enum status cli_charter_file(struct cli *c, const char *path, struct section_list *ret)
{
    const struct yaml_node *draft;
    return load_file(c, path, ret, &draft);
}

/* Does the draft name the card of this party by its path? */
static bool card_by_path(const struct yaml_node *draft, const char *key)
{
    size_t n = strlen(key), end = strlen(".card");
    struct hash digest;
    if (n <= end || strcmp(key + n - end, ".card") != 0)
        return false;
    const struct yaml_node *party = yaml_get(yaml_get(draft, span_str("parties")), span_of(key, n - end)),
                           *card = party == NULL ? NULL : yaml_get(party, span_str("card"));
    return card != NULL && card->type == YAML_SCALAR && !value_parse_digest(card->text, &digest);
}

/* What the founding adds to a draft is no difference. */
static void drop_founding(const struct yaml_node *draft, struct charter_differences *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct charter_difference *d = &l->v[i];
        bool drawn = d->section == SECTION_ALLIANCE && (strcmp(d->key, "nonce") == 0 || strcmp(d->key, "founded") == 0);
        if (!drawn && !(d->section == SECTION_PARTIES && card_by_path(draft, d->key)))
            l->v[n++] = *d;
    }
    l->n = n;
}

enum status cli_charter_compare_file(struct cli *c, const char *path, const struct section_list *before,
                                     struct charter_differences *ret)
{
    struct section_list after;
    const struct yaml_node *draft;
    enum status st = load_file(c, path, &after, &draft);
    if (st == ST_OK)
        st = charter_compare(before, &after, &c->a, ret, &c->err);
    if (st == ST_OK && draft != NULL)
        drop_founding(draft, ret);
    return st;
}

enum status cli_charter_in_force(struct cli *c, struct query_section *ret_of, struct section_list *ret)
{
    struct section *v = arena_array(&c->a, SECTIONS_MAX, sizeof *v);
    size_t n = 0;
    ASSERT(v != NULL);
    for (uint64_t i = 1; charter_section_desc(i) != NULL; i++) {
        struct rpc_number q = {.number = i};
        struct query_section s;
        enum status st = cli_ask(c, METHOD_section, &q, &s);
        if (st == ST_NOTFOUND)
            continue;
        if (st != ST_OK)
            return st;
        v[n++] = (struct section){.number = i, .body = s.section.body};
        ret_of[i] = s;
    }
    *ret = (struct section_list){n, v};
    return ST_OK;
}

/* The same list with one section as its body says, or without it. */
static struct section_list with(struct cli *c, const struct section_list *l, uint64_t number,
                                const struct span *body)
{
    struct section *v = arena_array(&c->a, SECTIONS_MAX, sizeof *v);
    size_t n = 0;
    ASSERT(v != NULL);
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].number != number)
            v[n++] = l->v[i];
    if (body != NULL)
        v[n++] = (struct section){.number = number, .body = *body};
    return (struct section_list){n, v};
}

/* The charter in force, with that section as its version says; version 0: without it. */
static enum status at_version(struct cli *c, const struct section_list *now, uint64_t number,
                              uint64_t version, struct section_list *ret)
{
    struct rpc_section q = {.number = number, .version = version};
    struct query_section s;
    enum status st = version == 0 ? ST_OK : cli_ask(c, METHOD_section_version, &q, &s);
    if (st == ST_OK)
        *ret = with(c, now, number, version == 0 ? NULL : &s.section.body);
    return st;
}

/* What the amendment of a decision changes, from the proven bytes of its current revision. */
static enum status of_decision(struct cli *c, uint64_t number, struct section_list *ret_before,
                               struct section_list *ret_after)
{
    struct query_section of[SECTIONS_MAX] = {0};
    struct section_list now;
    struct cli_seen seen;
    enum status st = cli_fetch(c, number, &seen);
    const struct effect *e = &seen.leaf.proposal.effect;
    if (st == ST_OK && e->type != EFFECT_AMEND)
        return err_set(&c->err, ST_USAGE,
                       "D-%" PRIu64 " amends no section of the charter; see: entente show D-%" PRIu64, number,
                       number);
    if (st == ST_OK)
        st = cli_charter_in_force(c, of, &now);
    if (st == ST_OK)
        st = at_version(c, &now, e->section, HAS(e, effect_key_base_version) ? e->base_version : 0,
                        ret_before);
    if (st != ST_OK)
        return st;
    *ret_after = with(c, &now, e->section, &e->body);
    (void)fprintf(stderr,
                  "D-%" PRIu64 " against version %" PRIu64 " of section %s, from which it was made%s\n",
                  number, HAS(e, effect_key_base_version) ? e->base_version : 0,
                  enum_text(&section_id_enum, (uint32_t)e->section),
                  HAS(e, effect_key_base_version) && e->base_version != of[e->section].section.version
                      ? "; the section has changed since"
                      : "");
    return ST_OK;
}

/* The section that was changed last, against its version before. */
static enum status last_change(struct cli *c, struct section_list *ret_before, struct section_list *ret_after)
{
    struct query_section of[SECTIONS_MAX] = {0};
    uint64_t last = 0;
    enum status st = cli_charter_in_force(c, of, ret_after);
    for (uint64_t i = 1; st == ST_OK && i < SECTIONS_MAX; i++)
        if (HAS(&of[i].section, state_section_key_decision) &&
            of[i].section.changed_leaf > of[last].section.changed_leaf)
            last = i;
    if (st != ST_OK)
        return st;
    if (last == 0) {
        (void)fprintf(stderr, "The charter is as founded.\n");
        *ret_before = *ret_after;
        return ST_OK;
    }
    (void)fprintf(stderr, "Version %" PRIu64 " of section %s, made by D-%" PRIu64 "\n",
                  of[last].section.version, enum_text(&section_id_enum, (uint32_t)last),
                  of[last].section.decision);
    return at_version(c, ret_after, last, of[last].section.version - 1, ret_before);
}

static void put_line(const struct charter_difference *d, bool same_section)
{
    bool near = d->before != NULL && d->after != NULL && strlen(d->before) + strlen(d->after) <= SHORT;
    if (!same_section)
        (void)printf("%s\n", enum_text(&section_id_enum, (uint32_t)d->section));
    (void)printf("  %-6s  %s%s", d->core ? "core" : "policy", d->key[0] == 0 ? "(the section)" : d->key,
                 d->before == NULL  ? " is new"
                 : d->after == NULL ? " goes"
                                    : "");
    if (near)
        (void)printf(": %s -> %s", d->before, d->after);
    (void)putchar('\n');
    if (!near && d->before != NULL)
        (void)printf("          - %s\n", d->before);
    if (!near && d->after != NULL)
        (void)printf("          + %s\n", d->after);
}

static void put_text(const char *key, const char *text, struct buf *b)
{
    if (text == NULL)
        return;
    buf_printf(b, ",\"%s\":\"", key);
    for (; *text != 0; text++) /* the texts of a charter hold no controls */
        buf_printf(b, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    buf_u8(b, '"');
}

static int put_json(struct cli *c, const struct charter_differences *l)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 64 << 20);
    buf_printf(&b, "[");
    for (size_t i = 0; i < l->n; i++) {
        const struct charter_difference *d = &l->v[i];
        buf_printf(&b, "%s{\"section\":\"%s\",\"core\":%s", i == 0 ? "" : ",",
                   enum_text(&section_id_enum, (uint32_t)d->section), d->core ? "true" : "false");
        put_text("key", d->key, &b);
        put_text("before", d->before, &b);
        put_text("after", d->after, &b);
        buf_printf(&b, "}");
    }
    buf_printf(&b, "]");
    if (b.failed != ST_OK) {
        (void)err_set(&c->err, ST_LIMIT, "the answer is too large to be shown");
        return cli_fail(c);
    }
    cli_begin_list(c);
    (void)puts(buf_cstr(&b));
    cli_end_list(c);
    return EXIT_DONE;
}

/* A file that no alliance can have in force is compared all the same, once that is said. */
static enum status say_refusals(struct cli *c, const char *path)
{
    size_t n = 0;
    enum status st = cli_charter_refusals(c, path, &n);
    if (st == ST_OK && n > 0)
        (void)fprintf(stderr, "%s does not pass the charter check (above): %zu refusal%s. It is compared as it stands.\n", path, n,
                      n == 1 ? "" : "s");
    return st;
}

/* Two files: what the founding adds is no difference when one of them is a draft, and the other one is not. */
static enum status compare_files(struct cli *c, struct charter_differences *ret)
{
    struct section_list before, after;
    const struct yaml_node *first, *second;
    enum status st = load_file(c, c->words[0], &before, &first);
    if (st == ST_OK)
        st = load_file(c, c->words[1], &after, &second);
    if (st == ST_OK)
        st = charter_compare(&before, &after, &c->a, ret, &c->err);
    if (st == ST_OK && (first == NULL) != (second == NULL))
        drop_founding(first == NULL ? second : first, ret);
    return st;
}

static enum status compare(struct cli *c, struct charter_differences *ret)
{
    struct query_section of[SECTIONS_MAX];
    struct section_list before, after;
    uint64_t decision;
    enum status st;
    if (c->n == 0 || (c->n == 1 && cli_decision(c->words[0], &decision))) {
        st = c->n == 0 ? last_change(c, &before, &after) : of_decision(c, decision, &before, &after);
        return st == ST_OK ? charter_compare(&before, &after, &c->a, ret, &c->err) : st;
    }
    st = say_refusals(c, c->words[0]);
    if (st == ST_OK && c->n == 2)
        st = say_refusals(c, c->words[1]);
    if (st == ST_OK && c->n == 1)
        st = cli_charter_in_force(c, of, &before);
    if (st != ST_OK)
        return st;
    return c->n == 2 ? compare_files(c, ret) : cli_charter_compare_file(c, c->words[0], &before, ret);
}

int verb_charter_diff(struct cli *c)
{
    struct charter_differences l;
    size_t core = 0, sections = 0;
    if (c->n > 2)
        return cli_usage(
            c, "charter diff needs two charter files, one file, D-n, or nothing for the last change");
    enum status st = compare(c, &l);
    if (st != ST_OK)
        return cli_fail(c);
    if (c->json)
        return put_json(c, &l);
    for (size_t i = 0; i < l.n; i++) {
        bool same = i > 0 && l.v[i - 1].section == l.v[i].section;
        put_line(&l.v[i], same);
        core += l.v[i].core;
        sections += !same;
    }
    if (l.n == 0)
        (void)printf("The two say the same.\n");
    else
        (void)printf("%zu difference%s in %zu section%s: %zu core, %zu policy\n", l.n, l.n == 1 ? "" : "s",
                     sections, sections == 1 ? "" : "s", core, l.n - core);
    return EXIT_DONE;
}
