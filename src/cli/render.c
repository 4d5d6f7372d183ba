/* Proposals in words, what differs between two of them, and records as JSON. */
#include <sys/ioctl.h>
#include <unistd.h>
#include "charter/charter.h"
#include "charter/scalar.h"
#include "cli/cli.h"
#include "cli/json_words.h"
#include "cli/reliance.h"
#include "crypto/sshpub.h"
#include "crypto/hash.h"

enum { YAML_MAX = 1 << 20, JSON_MAX = 256 << 20 };

void cli_indented(struct buf *b, struct span text, const char *indent)
{
    for (size_t at = 0; at < text.n;) {
        const uint8_t *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end == NULL ? text.n - at : (size_t)(end - text.p) - at;
        buf_put_span(b, span_str(indent));
        buf_put(b, text.p + at, n);
        buf_u8(b, '\n');
        at += n + 1;
    }
}

enum status cli_section(struct cli *c, uint64_t number, struct span body, struct buf *b)
{
    const struct record_desc *d = charter_section_desc(number);
    if (d == NULL)
        return err_set(&c->err, ST_UNSUPPORTED,
                       "charter section %" PRIu64 " is unknown to this version of entente", number);
    void *value = arena_alloc(&c->a, d->size);
    ASSERT(value != NULL);
    enum status st = charter_decode_section(number, body, &c->a, value, &c->err);
    if (st == ST_OK && charter_print(d, value, &c->a, b) != ST_OK)
        st = err_set(&c->err, ST_LIMIT, "section %s is too large to be shown", d->name);
    return st;
}

static void put_key_list(const struct public_key_list *l, const char *words, struct buf *b)
{
    buf_printf(b, "%s%s", words, l->n == 0 ? " nobody" : "");
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s %s", i == 0 ? "" : ",", sshpub_fingerprint(&l->v[i]).s);
    buf_printf(b, "\n");
}

static void put_effect(struct cli *c, const struct effect *e, struct buf *b)
{
    struct buf yaml CLEANUP(buf_deinit);
    buf_init(&yaml, YAML_MAX);
    if (e->type == EFFECT_ADMIT) {
        struct hash h;
        sha256(e->card, &h);
        buf_printf(b, "effect    %.*s joins as %s; file of its card sha256:%s\n", SPAN_FMT(e->party.org),
                   enum_text(&role_enum, e->party.role), hex_of(&h).s);
        for (size_t i = 0; HAS(&e->party, charter_party_key_seats) && i < e->party.seats.n; i++)
            buf_printf(b, "          with the seat %.*s\n", SPAN_FMT(e->party.seats.v[i]));
    } else if (e->type == EFFECT_REMOVE) {
        buf_printf(b, "effect    the organisation that it is about leaves, for good\n");
    } else if (e->type == EFFECT_EXIT) {
        buf_printf(b, "effect    the mover's organisation leaves, for good\n");
    } else if (e->type == EFFECT_UPGRADE) {
        buf_printf(b, "effect    rules version %" PRIu64 "\n", e->rules);
    } else if (e->type == EFFECT_REGISTRAR) {
        put_key_list(&e->instead_of, "effect    the partner's registrar seat goes from", b);
        put_key_list(&e->keys, "          to", b);
    } else if (e->type == EFFECT_ACCEPT_RISK) {
        buf_printf(b, "effect    risk R-%" PRIu64 ", score %" PRIu64 ", is accepted until ", e->risk, e->score);
        scalar_print_date(e->until, b);
        buf_printf(b, "; then it is open again\n");
    } else if (e->type == EFFECT_SHARE) {
        buf_printf(b, "effect    %.*s may be shared with", SPAN_FMT(e->info_class));
        for (size_t i = 0; i < e->audience.n; i++)
            buf_printf(b, "%s %.*s", i == 0 ? "" : ",", SPAN_FMT(e->audience.v[i]));
        buf_printf(b, " until ");
        scalar_print_date(e->until, b);
        buf_printf(b, "\n");
    } else if (e->type == EFFECT_ERASE) {
        cli_put_erased(c, e, b);
    }
    if (e->type != EFFECT_AMEND)
        return;
    const struct record_desc *d = charter_section_desc(e->section);
    buf_printf(b, "effect    replaces version %" PRIu64 " of the charter section %s by\n", e->base_version,
               d == NULL ? "?" : d->name + strlen("charter_"));
    if (cli_section(c, e->section, e->body, &yaml) == ST_OK)
        cli_indented(b, buf_span(&yaml), "  ");
    else
        buf_printf(b, "  (%s)\n", c->err.text);
}

static void put_document(struct cli *c, const struct hash *digest, struct buf *b)
{
    buf_printf(b, "document  ");
    cli_put_document(c, digest, b);
    buf_u8(b, '\n');
}

void cli_render_proposal(struct cli *c, const struct proposal *p, const struct cli_texts *texts,
                         struct buf *b)
{
    buf_printf(b, "title     %.*s\n", SPAN_FMT(cli_find_prose(texts, &p->title)));
    if (HAS(p, proposal_key_amount)) {
        buf_printf(b, "amount    ");
        scalar_print_money(&p->amount, b);
        buf_u8(b, '\n');
    }
    if (HAS(p, proposal_key_budget))
        buf_printf(b, "budget    %.*s\n", SPAN_FMT(p->budget));
    if (HAS(p, proposal_key_charge)) {
        buf_printf(b, "charge    ");
        scalar_print_money(&p->charge, b);
        buf_printf(b, " at %.*s\n", SPAN_FMT(p->rate));
    }
    for (size_t i = 0; HAS(p, proposal_key_affected) && i < p->affected.n; i++)
        buf_printf(b, "affects   %.*s\n", SPAN_FMT(p->affected.v[i]));
    if (HAS(p, proposal_key_scope))
        buf_printf(b, "scope     %.*s\n", SPAN_FMT(p->scope));
    for (size_t i = 0; HAS(p, proposal_key_documents) && i < p->documents.n; i++)
        put_document(c, &p->documents.v[i], b);
    if (HAS(p, proposal_key_partner))
        buf_printf(b, "about     %.*s\n", SPAN_FMT(p->partner));
    put_effect(c, &p->effect, b);
    cli_put_reliance(p, b);
    if (HAS(p, proposal_key_text)) {
        buf_printf(b, "text\n");
        cli_indented(b, cli_find_prose(texts, &p->text), "  ");
    }
}

static struct span line_at(struct span text, size_t *at)
{
    const uint8_t *end = memchr(text.p + *at, '\n', text.n - *at);
    struct span line = span_of(text.p + *at, end == NULL ? text.n - *at : (size_t)(end - text.p) - *at);
    *at += line.n + 1;
    return line;
}

static bool has_line(struct span text, struct span line)
{
    for (size_t at = 0; at < text.n;)
        if (span_eq(line_at(text, &at), line))
            return true;
    return false;
}

static void put_missing(struct span text, struct span other, char sign, struct buf *b)
{
    for (size_t at = 0; at < text.n;) {
        struct span line = line_at(text, &at);
        if (line.n > 0 && !has_line(other, line))
            buf_printf(b, "%c %.*s\n", sign, SPAN_FMT(line));
    }
}

void cli_diff(struct span before, struct span after, struct buf *b)
{
    put_missing(before, after, '-', b);
    put_missing(after, before, '+', b);
}

size_t cli_columns(void)
{
    struct winsize w;
    const char *set = getenv("COLUMNS"); /* NOLINT(concurrency-mt-unsafe): one thread */
    size_t n = 0;
    for (const char *p = set; p != NULL && *p >= '0' && *p <= '9' && n < 10000; p++)
        n = n * 10 + (size_t)(*p - '0');
    if (n == 0 && isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
        n = w.ws_col;
    return n == 0 ? SIZE_MAX : n;
}

struct span cli_cut(struct span text, size_t room, const char **ret_mark)
{
    size_t width = 0, at = 0, last = 0;
    *ret_mark = "";
    for (; at < text.n; at++) {
        if ((text.p[at] & 0xc0) == 0x80)
            continue;
        if (text.p[at] == '\n' || ++width > room)
            break;
        if (width == room)
            last = at;
    }
    if (at == text.n)
        return text;
    *ret_mark = "\xe2\x80\xa6";
    return span_of(text.p, text.p[at] == '\n' || room == 0 ? at : last);
}

/* What a RAW field holds, where the record around it says so. */
static const struct record_desc *raw_desc(void *ctx, const struct record_desc *parent, const void *rec,
                                          const struct field_desc *field)
{
    const uint64_t *section = ctx;
    (void)field;
    if (parent == &entry_desc)
        return kind_desc((uint32_t)((const struct entry *)rec)->kind);
    if (parent == &effect_desc)
        return charter_section_desc(((const struct effect *)rec)->section);
    return parent == &state_section_desc && section != NULL ? charter_section_desc(*section) : NULL;
}

enum status cli_put_json(struct cli *c, const struct record_desc *d, const void *rec, struct buf *b)
{
    uint64_t section = d == &query_section_desc ? ((const struct query_section *)rec)->number : 0;
    if (codec_json(d, rec, raw_desc, section == 0 ? NULL : &section, b) == ST_OK)
        return ST_OK;
    return err_set(&c->err, ST_LIMIT, "the answer is too large to be shown");
}

static int put_with_words(struct cli *c, const struct record_desc *d, struct span json)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, JSON_MAX);
    cli_json_words(c, d, json, &b);
    if (b.failed != ST_OK) {
        (void)err_set(&c->err, ST_LIMIT, "the answer is too large to be shown");
        return cli_fail(c);
    }
    cli_put_object(c, buf_cstr(&b));
    return EXIT_DONE;
}

int cli_json(struct cli *c, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, JSON_MAX);
    if (cli_put_json(c, d, rec, &b) != ST_OK)
        return cli_fail(c);
    if (strncmp(d->name, "query_", strlen("query_")) == 0) /* the others speak of the node, not of what people wrote */
        return put_with_words(c, d, buf_span(&b));
    cli_put_object(c, buf_cstr(&b));
    return EXIT_DONE;
}
