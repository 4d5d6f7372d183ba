/* verify, of a range of a record: another word than of a pack, for nothing is executed again; and what was not checked. */
#include <jansson.h>
#include "audit/cmd.h"
#include "audit/range.h"
#include "audit/verdict.h"

enum { LINES_MAX = 16 };

static const char *alliance_words(const struct range_report *r, struct arena *a)
{
    return text_of(a, "%s%s", hex_of(&r->chain.alliance).s,
                   r->chain.expected ? ", as expected" : "; nobody said which was expected: compare it, or give --expect-alliance");
}

static const char *nodes_words(const struct range_report *r, struct arena *a)
{
    const char *refounded = r->chain.refoundings == 0 ? ""
                                                      : text_of(a, "; %s by refounding, signed by the registrar and another seat of every partner",
                                                                grouped_text(a, r->chain.refoundings));
    return text_of(a, "%s block%s besides the range shown for who decides, each signed by a quorum of the nodes before it%s",
                   grouped_text(a, r->chain.links), r->chain.links == 1 ? "" : "s", refounded);
}

/* The same lines, printed or on a page. */
static size_t lines_of(const struct range_report *r, struct arena *a, struct page_line lines[LINES_MAX])
{
    size_t n = 0;
    const struct chain_report *c = &r->chain;
    lines[n++] = (struct page_line){"alliance", alliance_words(r, a)};
    lines[n++] = (struct page_line){"founded", text_of(a, "%s", time_utc(c->founded_ms).s)};
    lines[n++] = (struct page_line){"from", text_of(a, "block %s of %s", grouped_text(a, r->first), time_utc(r->first_ms).s)};
    lines[n++] = (struct page_line){"to", text_of(a, "block %s of %s", grouped_text(a, r->last), time_utc(r->last_ms).s)};
    lines[n++] = (struct page_line){"shown", text_of(a, "%s blocks, %s entries; %s texts, %s absent", grouped_text(a, r->blocks),
                                                     grouped_text(a, r->entries), grouped_text(a, r->texts), grouped_text(a, r->texts_absent))};
    lines[n++] = (struct page_line){"nodes", nodes_words(r, a)};
    lines[n++] = (struct page_line){"checkpoint", text_of(a, "block %s of %s: %s leaves, root %s, cosigned by %u of %u nodes; the range's tree is its beginning",
                                                          grouped_text(a, c->anchor_height), time_utc(c->anchor_ms).s, grouped_text(a, c->size),
                                                          hex_of(&c->root).s, c->cosigned, c->members)};
    lines[n++] = (struct page_line){"checked", text_of(a, "bytes and places in the log; %s signatures; by %s rows of the state that who signed held the seat after the block",
                                                       grouped_text(a, c->signatures), grouped_text(a, c->rows))};
    if (r->basis_before > 0)
        lines[n++] = (struct page_line){"basis", text_of(a, "%s entries rest on a block before the range, which is told and not compared",
                                                         grouped_text(a, r->basis_before))};
    if (r->kept_size > 0)
        lines[n++] = (struct page_line){"kept", text_of(a, "the checkpoint you gave, of %s leaves, is of this history", grouped_text(a, r->kept_size))};
    return n;
}

static void print_report(const struct range_report *r, struct arena *a)
{
    struct page_line lines[LINES_MAX];
    size_t n = lines_of(r, a, lines);
    (void)printf("RANGE VERIFIED, not re-executed: blocks %s to %s of %.*s\n", grouped_text(a, r->first), grouped_text(a, r->last),
                 SPAN_FMT(r->chain.name));
    for (size_t i = 0; i < n; i++)
        (void)printf("%-12s %s\n", lines[i].name, lines[i].value);
    if (r->chain.n_notes > 0)
        (void)printf("To know besides:\n");
    for (size_t i = 0; i < r->chain.n_notes; i++)
        (void)printf("  %.*s\n", SPAN_FMT(r->chain.notes[i]));
    (void)printf("Not checked:\n");
    for (size_t i = 0; range_not_checked[i] != NULL; i++)
        (void)printf("  %s\n", range_not_checked[i]);
}

static void print_page(const struct range_report *r, struct arena *a, FILE *f)
{
    struct page_line lines[LINES_MAX];
    struct page_part p = {.title = text_of(a, "blocks %s to %s of %.*s", grouped_text(a, r->first), grouped_text(a, r->last), SPAN_FMT(r->chain.name)),
                          .lead = "Range verified, not re-executed: ",
                          .lines = lines,
                          .to_know = r->chain.notes,
                          .n_to_know = r->chain.n_notes,
                          .unchecked = range_not_checked};
    p.n_lines = lines_of(r, a, lines);
    page_part_write(&p, f);
}

static void put(json_t *o, const char *name, uint64_t v)
{
    json_object_set_new(o, name, json_integer((json_int_t)v));
}

static void print_json(const struct range_report *r)
{
    const struct chain_report *c = &r->chain;
    json_t *notes = json_array(), *unchecked = json_array();
    for (size_t i = 0; i < c->n_notes; i++)
        json_array_append_new(notes, json_stringn((const char *)c->notes[i].p, c->notes[i].n));
    for (size_t i = 0; range_not_checked[i] != NULL; i++)
        json_array_append_new(unchecked, json_string(range_not_checked[i]));
    json_t *o = json_pack("{s:b,s:b,s:s,s:b,s:s}", "verified", 1, "re_executed", 0, "alliance", hex_of(&c->alliance).s, "alliance_expected",
                          (int)c->expected, "root", hex_of(&c->root).s);
    put(o, "first", r->first);
    put(o, "last", r->last);
    put(o, "first_ms", r->first_ms);
    put(o, "last_ms", r->last_ms);
    put(o, "blocks", r->blocks);
    put(o, "entries", r->entries);
    put(o, "texts", r->texts);
    put(o, "texts_absent", r->texts_absent);
    put(o, "links", c->links);
    put(o, "refoundings", c->refoundings);
    put(o, "anchor", c->anchor_height);
    put(o, "size", c->size);
    put(o, "cosigned", c->cosigned);
    put(o, "members", c->members);
    put(o, "signatures", c->signatures);
    put(o, "rows", c->rows);
    put(o, "basis_before", r->basis_before);
    put(o, "kept_size", r->kept_size);
    json_object_set_new(o, "notes", notes);
    json_object_set_new(o, "not_checked", unchecked);
    cmd_dump(o);
}

/* What is asked for, once it is verified. page: open already, or NULL. */
static int tell(const struct cmd_args *args, const struct range_report *r, struct arena *a, FILE *page)
{
    if (cmd_flag(args, "json"))
        print_json(r);
    else if (page != stdout)
        print_report(r, a);
    if (page != NULL)
        print_page(r, a, page);
    if (page != NULL && page != stdout && !cmd_close(page, cmd_value(args, "html")))
        return EXIT_FAILED;
    return cmd_close(stdout, "standard output") ? EXIT_DONE : EXIT_FAILED;
}

int cmd_range(const struct cmd_args *args, FILE *f)
{
    const char *html = cmd_value(args, "html");
    struct verify_kept_list kept;
    struct hash expect;
    bool expected;
    struct arena a CLEANUP(arena_deinit);
    struct range_report r;
    struct verify_failure failure;
    struct err err = {0};
    FILE *page = NULL;
    arena_init(&a, 0);
    if (!cmd_expected(args, &expect, &expected))
        return EXIT_USAGE;
    if (html != NULL && strcmp(html, "-") == 0 && cmd_flag(args, "json"))
        return cmd_usage(args->cmd, "--json and --html - both go to standard output");
    if (!cmd_read_kept(args, &a, &kept) || (html != NULL && (page = cmd_create(html)) == NULL))
        return EXIT_FAILED;
    cmd_confine();
    enum status st = range_check(f, expected ? &expect : NULL, &kept, &a, &r, &failure, &err);
    if (st == ST_OK)
        return tell(args, &r, &a, page);
    if (page != NULL && page != stdout)
        (void)fclose(page);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return cmd_flag(args, "json") ? cmd_failed_json(&failure) : cmd_failed(&failure);
    (void)fprintf(stderr, "entente-audit: %s: %s\n", args->words[0], err.text[0] != 0 ? err.text : status_text(st));
    return EXIT_FAILED;
}
