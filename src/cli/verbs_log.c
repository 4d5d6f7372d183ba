/* log: what is on the record, leaf by leaf. watch: what comes to it, and what time does. */
#include <time.h>
#include "charter/charter_model.h"
#include "cli/cli.h"
#include "gov/item_id.h"

static void print_leaf(const struct rpc_log_line *l)
{
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    arena_init(&a, 1 << 20);
    (void)printf("%6" PRIu64 "  %s  block %-5" PRIu64 " ", l->index, cli_time(l->time_ms).s, l->height);
    if (leaf_parse(l->leaf, &a, &leaf, NULL) != ST_OK) {
        uint8_t type = l->leaf.n > 2 ? l->leaf.p[2] : 255;
        const char *name = enum_text(&leaf_type_enum, type);
        (void)printf("%s\n", name == NULL ? "?" : type == LEAF_BLOCK ? "block record" : name);
        return;
    }
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind);
    struct buf what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    buf_init(&what, 1 << 16);
    buf_init(&about, 1 << 16);
    cli_entry_words(&leaf, &a, &what, &about);
    (void)printf("%-9s %.*s  %s%s%s  sha256:%.16s...", kind == NULL ? "?" : kind, SPAN_FMT(leaf.entry.seat), buf_cstr(&what),
                 about.n == 0 ? "" : " ", buf_cstr(&about), hex_of(&leaf.id).s);
    if (l->prose.n > 0) {
        (void)printf("  ");
        const char *mark;
        struct span text = cli_cut(l->prose.v[0].text, 60, &mark);
        (void)printf("%.*s%s\n", SPAN_FMT(text), mark);
    } else if (HAS(l, rpc_log_line_key_erased)) {
        (void)printf("  (erased by D-%" PRIu64 ")\n", l->erased);
    } else {
        (void)printf("\n");
    }
}

/* A leaf as it is on the record, and an entry decoded too; nothing when that has no room. */
static void put_leaf_json(struct cli *c, const struct rpc_log_line *l, const char *before)
{
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    struct buf b CLEANUP(buf_deinit), e CLEANUP(buf_deinit), what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    buf_init(&what, 1 << 16);
    buf_init(&about, 1 << 16);
    arena_init(&a, 1 << 22);
    buf_init(&b, 1 << 22);
    buf_init(&e, 1 << 22);
    if (cli_put_json(c, &rpc_log_line_desc, l, &b) != ST_OK)
        return;
    bool entry = leaf_parse(l->leaf, &a, &leaf, NULL) == ST_OK && cli_put_json(c, &entry_desc, &leaf.entry, &e) == ST_OK;
    (void)printf("%s%.*s", before, (int)b.n - 1, buf_cstr(&b)); /* without its last brace */
    if (entry)
        cli_entry_words(&leaf, &a, &what, &about);
    if (entry)
        (void)printf(",\"id\":\"%s\",\"about\":\"%s\",\"what\":\"%s\",\"entry\":%s", hex_of(&leaf.id).s, buf_cstr(&about),
                     buf_cstr(&what), buf_cstr(&e)); /* names and numbers: nothing to escape */
    (void)printf("}");
}

static void print_log_json(struct cli *c, const struct rpc_log_reply *r, size_t *printed)
{
    for (size_t i = 0; i < r->list.n; i++)
        put_leaf_json(c, &r->list.v[i], (*printed)++ == 0 ? "[" : ",\n");
}

/* Is it in the seat, the kind, a text of the entry, or the words for what it does? */
static bool log_matches(const struct cli *c, const struct rpc_log_line *l)
{
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    struct span wanted = span_str(c->grep);
    arena_init(&a, 1 << 20);
    if (leaf_parse(l->leaf, &a, &leaf, NULL) != ST_OK)
        return false;
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind);
    bool found = cli_has_text(leaf.entry.seat, wanted) || (kind != NULL && cli_has_text(span_str(kind), wanted));
    struct buf what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    buf_init(&what, 1 << 16);
    buf_init(&about, 1 << 16);
    cli_entry_words(&leaf, &a, &what, &about);
    found = found || cli_has_text(buf_span(&what), wanted) || cli_has_text(buf_span(&about), wanted);
    for (size_t i = 0; i < l->prose.n && !found; i++)
        found = leaf_accepts_prose(&leaf, &l->prose.v[i], NULL) == ST_OK && cli_has_text(l->prose.v[i].text, wanted);
    return found;
}

/* Drops what is not looked for. Of what is, at most so many stay. */
static void log_filter(const struct cli *c, struct rpc_log_reply *r, uint64_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < r->list.n && n < most; i++)
        if (log_matches(c, &r->list.v[i]))
            r->list.v[n++] = r->list.v[i];
    r->list.n = n;
}

int verb_log(struct cli *c)
{
    struct rpc_boundary_reply at;
    size_t printed = 0, shown = 0;
    uint64_t limit = c->limit == NULL ? 50 : c->limit_number;
    if (cli_ask(c, METHOD_boundary, NULL, &at) != ST_OK)
        return cli_fail(c);
    if (c->json)
        cli_begin_list(c);
    uint64_t from = c->from != NULL ? c->from_number : at.size > limit && c->grep == NULL ? at.size - limit : 0;
    while (limit > 0 && from < at.size) {
        struct rpc_range q = {.from = from, .count = limit > 1000 || c->grep != NULL ? 1000 : limit};
        struct rpc_log_reply r;
        if (cli_ask(c, METHOD_log, &q, &r) != ST_OK)
            return cli_fail(c);
        if (r.list.n == 0)
            break;
        from += r.list.n;
        if (c->grep != NULL)
            log_filter(c, &r, limit);
        if (c->json)
            print_log_json(c, &r, &printed);
        for (size_t i = 0; !c->json && i < r.list.n; i++)
            print_leaf(&r.list.v[i]);
        limit -= r.list.n;
        shown += r.list.n;
    }
    if (shown == 0 && c->from != NULL && c->from_number >= at.size)
        (void)fprintf(stderr, "Nothing from leaf %" PRIu64 " on: the record ends with leaf %" PRIu64 ".\n", c->from_number, at.size - 1);
    else if (shown == 0 && c->grep != NULL)
        (void)fprintf(stderr, "Nothing on the record%s matches \"%s\".\n", c->from != NULL ? " from there on" : "", c->grep);
    if (c->json)
        (void)printf("%s]\n", printed == 0 ? "[" : "");
    if (c->json)
        cli_end_list(c);
    return EXIT_DONE;
}

/* --- watch --- */

enum { LOOK_EVERY_NS = 500000000, PAGE = 1000 };

struct watch {
    const char *id;    /* only what is about it; NULL: everything */
    uint64_t next;     /* the first leaf that was not looked at */
    uint64_t seen_ms;  /* ledger time of the newest block that was */
    uint64_t left;     /* so many lines more; UINT64_MAX: without end */
};

static bool in_a_word(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || ch == '-';
}

/* Is the id there, as a word of its own? D-1 is not in D-12. */
static bool names(struct span text, const char *id)
{
    size_t n = strlen(id);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, id, n) == 0 && (i == 0 || !in_a_word((char)text.p[i - 1])) &&
            (i + n == text.n || !in_a_word((char)text.p[i + n])))
            return true;
    return false;
}

static bool is_watched(const struct cli *c, const struct watch *w, const struct rpc_log_line *l)
{
    struct arena a CLEANUP(arena_deinit);
    struct leaf leaf;
    struct buf what CLEANUP(buf_deinit), about CLEANUP(buf_deinit);
    buf_init(&what, 1 << 16);
    buf_init(&about, 1 << 16);
    arena_init(&a, 1 << 20);
    if (leaf_parse(l->leaf, &a, &leaf, NULL) != ST_OK || (c->grep != NULL && !log_matches(c, l)))
        return false;
    cli_entry_words(&leaf, &a, &what, &about);
    return w->id == NULL || names(buf_span(&about), w->id) || names(buf_span(&what), w->id);
}

/* What time did after the newest block that was seen, up to this one. */
static void say_news(struct cli *c, struct watch *w, struct query_news *n, size_t *at, uint64_t until_ms)
{
    for (; *at < n->happened.n && n->happened.v[*at].at_ms <= until_ms; (*at)++) {
        const struct query_news_line *l = &n->happened.v[*at];
        struct span wanted = span_str(c->grep == NULL ? "" : c->grep);
        bool listed = c->grep == NULL || cli_has_text(l->words, wanted) || cli_has_text(l->id, wanted);
        if (!listed || w->left == 0 || (w->id != NULL && !span_eqs(l->id, w->id) && !names(l->words, w->id)))
            continue;
        w->left -= w->left != UINT64_MAX;
        struct buf b CLEANUP(buf_deinit);
        buf_init(&b, 1 << 16);
        if (!c->json)
            (void)printf("     -  %s  by itself   %.*s %.*s\n", cli_time(l->at_ms).s, SPAN_FMT(l->id), SPAN_FMT(l->words));
        else if (cli_put_json(c, &query_news_line_desc, l, &b) == ST_OK)
            (void)printf("%s\n", buf_cstr(&b));
    }
}

/* All that came since the last look, in the order of time. */
static enum status look(struct cli *c, struct watch *w)
{
    struct rpc_boundary_reply at;
    struct query_news news;
    size_t told = 0;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st != ST_OK || at.size == w->next)
        return st;
    struct rpc_period since = {.from_ms = w->seen_ms + 1, .to_ms = at.time_ms + 1};
    st = cli_ask(c, METHOD_news, &since, &news);
    while (st == ST_OK && w->next < at.size && w->left > 0) {
        struct rpc_range q = {.from = w->next, .count = at.size - w->next < PAGE ? at.size - w->next : PAGE};
        struct rpc_log_reply r;
        st = cli_ask(c, METHOD_log, &q, &r);
        if (st == ST_OK && r.list.n == 0)
            break;
        for (size_t i = 0; st == ST_OK && i < r.list.n && w->left > 0; i++) {
            const struct rpc_log_line *l = &r.list.v[i];
            say_news(c, w, &news, &told, l->time_ms - 1);
            w->next = l->index + 1;
            if (w->left == 0 || !is_watched(c, w, l))
                continue;
            w->left -= w->left != UINT64_MAX;
            if (c->json)
                put_leaf_json(c, l, "");
            else
                print_leaf(l);
            if (c->json)
                (void)printf("\n");
        }
    }
    if (st == ST_OK)
        say_news(c, w, &news, &told, at.time_ms);
    w->seen_ms = at.time_ms;
    (void)fflush(stdout);
    return st;
}

/* From where on: the end of the record, or a leaf of it. */
static enum status begin_watch(struct cli *c, const char *id, struct watch *w)
{
    struct rpc_boundary_reply at;
    struct rpc_log_reply r;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    *w = (struct watch){.id = id, .next = at.size, .seen_ms = at.time_ms,
                        .left = c->limit == NULL ? UINT64_MAX : c->limit_number};
    if (st != ST_OK || c->from == NULL)
        return st;
    if (c->from_number >= at.size)
        return err_set(&c->err, ST_USAGE, "--from %s: the record ends with leaf %" PRIu64, c->from, at.size - 1);
    struct rpc_range q = {.from = c->from_number, .count = 1};
    st = cli_ask(c, METHOD_log, &q, &r);
    w->next = c->from_number;
    if (st == ST_OK && r.list.n == 1)
        w->seen_ms = r.list.v[0].time_ms - 1;
    return st;
}

/* As the record writes it; NULL: it is none. */
static const char *watched_id(struct cli *c)
{
    const char *word = c->words[0];
    struct item_ref item;
    uint64_t number;
    if (cli_is_item(word, &item))
        return charter_text(&c->a, "%s", item_id(item.type, item.number).s);
    if (cli_decision(word, &number))
        return charter_text(&c->a, "D-%" PRIu64, number);
    return word[0] != 0 && strchr("GKS", word[0]) != NULL && word[1] == '-' ? word : NULL;
}

int verb_watch(struct cli *c)
{
    struct watch w;
    const char *id = NULL;
    if (c->n > 1 || (c->n == 1 && (id = watched_id(c)) == NULL))
        return cli_usage(c, "watch takes one id at most, of a decision, item, reading, session or grant: entente watch D-12");
    if (begin_watch(c, id, &w) != ST_OK)
        return cli_fail(c);
    if (!c->json && !c->once)
        (void)fprintf(stderr, "From leaf %" PRIu64 " on%s%s: what is final, and what time does. Ctrl-C ends it.\n", w.next,
                      w.id == NULL ? "" : ", about ", w.id == NULL ? "" : w.id);
    uint64_t until = c->timeout == NULL ? UINT64_MAX : clock_mono_ms(&clock_system) + c->timeout_s * 1000;
    for (;;) {
        struct arena kept = c->a; /* what a look needs is gone after it: this may run for months */
        struct timespec nap = {.tv_nsec = LOOK_EVERY_NS};
        arena_init(&c->a, 0);
        enum status st = look(c, &w);
        arena_deinit(&c->a);
        c->a = kept;
        if (st != ST_OK)
            return cli_fail(c);
        if (c->once || w.left == 0 || clock_mono_ms(&clock_system) >= until)
            return EXIT_DONE;
        (void)nanosleep(&nap, NULL);
    }
}
