/* pack --from --to: a range of the record, from the node's record or from a pack. */
#include <errno.h>
#include "api/client.h"
#include "audit/range.h"
#include "certify/cut.h"
#include "cli/cli.h"

static const uint64_t DAY_MS = UINT64_C(24) * 3600 * 1000;

/* A height, or a time. to: a day means its end. */
static enum status bound_of(struct cli *c, const char *option, const char *text, bool to, struct cut_bound *ret)
{
    *ret = (struct cut_bound){.given = text != NULL};
    if (text == NULL)
        return ST_OK;
    if (text[0] != 0 && strspn(text, "0123456789") == strlen(text))
        return cli_number(c, option, text, 0, INT64_MAX, &ret->value);
    ret->by_time = true;
    if (time_parse(span_str(text), &ret->value) != ST_OK)
        return err_set(&c->err, ST_USAGE,
                       "%s %s: expected the height of a block, 812, or a time in UTC, 2026-03-31T12:00:00Z, or a day, 2026-03-31, which is %s", option,
                       text, to ? "meant to its end" : "meant from its beginning");
    if (to && strchr(text, 'T') == NULL)
        ret->value += DAY_MS - 1;
    return ST_OK;
}

static enum status header_at(struct cli *c, uint64_t height, uint64_t *ret_size, uint64_t *ret_ms, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_block b;
    struct header h;
    struct block_record rec;
    struct rpc_number q = {.number = height};
    arena_init(&a, 0);
    enum status st = client_ask(c->client, METHOD_block, &q, &a, &b, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, b.header, &a, &h, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, h.record, &a, &rec, err);
    if (st != ST_OK)
        return st;
    *ret_size = h.size;
    *ret_ms = rec.time_ms;
    return ST_OK;
}

static enum status time_at_node(void *ctx, uint64_t height, uint64_t *ret_ms, struct err *err)
{
    uint64_t size;
    return header_at(ctx, height, &size, ret_ms, err);
}

/* The height of the block after which the checkpoint's tree stands. */
static enum status height_of(struct cli *c, uint64_t newest, uint64_t tree, uint64_t *ret)
{
    uint64_t low = 0, high = newest, size, ms;
    while (low < high) {
        uint64_t mid = low + (high - low) / 2;
        enum status st = header_at(c, mid, &size, &ms, &c->err);
        if (st != ST_OK)
            return st;
        if (size < tree)
            low = mid + 1;
        else
            high = mid;
    }
    *ret = low;
    return ST_OK;
}

static enum status take_block(void *ctx, const struct pack_block *b, bool *ret_done, struct err *err)
{
    return cut_block(ctx, b, ret_done, err);
}

static enum status from_node(struct cli *c, const struct cut_bounds *bounds, FILE *out)
{
    struct rpc_genesis_reply g;
    struct rpc_boundary_reply at;
    struct pack_checkpoint note;
    struct signed_note text;
    struct checkpoint newest;
    uint64_t anchor = 0, first = 0, last = 0;
    enum status st = cli_ask(c, METHOD_genesis, NULL, &g);
    if (st == ST_OK)
        st = cli_whole_checkpoint(c, &note);
    if (st == ST_OK)
        st = cli_ask(c, METHOD_boundary, NULL, &at);
    if (st == ST_OK)
        st = note_parse(note.note, &c->a, &text, &c->err);
    if (st == ST_OK)
        st = checkpoint_parse(text.text, &newest, &c->err);
    if (st == ST_OK)
        st = height_of(c, at.height, newest.size, &anchor);
    if (st == ST_OK)
        st = cut_heights(bounds, anchor, time_at_node, c, &first, &last, &c->err);
    if (st != ST_OK)
        return st;
    struct cut *made = cut_new();
    st = cut_begin(made, g.file, note.note, first, last, out, &c->err);
    if (st == ST_OK)
        st = cli_each_block(c, take_block, made);
    cut_free(made);
    return st;
}

static enum status from_pack(struct cli *c, const struct cut_bounds *bounds, FILE *out)
{
    FILE *f;
    enum status st = cli_open_pack(c, &f);
    if (st != ST_OK)
        return st;
    st = cut_pack(f, bounds, out, &c->err);
    (void)fclose(f);
    return st;
}

/* Nothing is handed on that would not verify. */
static enum status verified(struct cli *c, FILE *f, struct range_report *ret)
{
    struct verify_failure failure;
    if (fseek(f, 0, SEEK_SET) != 0)
        return err_set(&c->err, ST_IO, "the range cannot be read again");
    enum status st = range_check(f, NULL, NULL, &c->a, ret, &failure, &c->err);
    if (st == ST_BADSIG && failure.region[0] != 0)
        return err_set(&c->err, ST_BADSIG, "the record gives a range that does not verify: %s: %s", failure.region, failure.why);
    return st;
}

static int told(struct cli *c, const char *to, const struct range_report *r)
{
    if (c->json) {
        (void)printf("{\"first\":%" PRIu64 ",\"last\":%" PRIu64 ",\"entries\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"alliance\":\"%s\"}\n", r->first,
                     r->last, r->entries, r->chain.bytes, hex_of(&r->chain.alliance).s);
        return EXIT_DONE;
    }
    (void)printf("%s: blocks %" PRIu64 " to %" PRIu64 ", of %s", to, r->first, r->last, cli_time(r->first_ms).s);
    (void)printf(" to %s; %" PRIu64 " entries, %" PRIu64 " bytes. Check it: entente-audit verify %s --expect-alliance %s\n",
                 cli_time(r->last_ms).s, r->entries, r->chain.bytes, to, hex_of(&r->chain.alliance).s);
    return EXIT_DONE;
}

struct cutting {
    struct cut_bounds bounds;
    struct range_report report;
};

static enum status fill(struct cli *c, void *ctx, FILE *f)
{
    struct cutting *x = ctx;
    enum status st = c->pack == NULL ? from_node(c, &x->bounds, f) : from_pack(c, &x->bounds, f);
    return st == ST_OK ? verified(c, f, &x->report) : st;
}

int cli_pack_range(struct cli *c)
{
    const char *to = c->words[0];
    struct cutting x;
    if (bound_of(c, "--from", c->from, false, &x.bounds.from) != ST_OK || bound_of(c, "--to", c->to, true, &x.bounds.to) != ST_OK)
        return cli_fail(c);
    if (cli_write_checked(c, to, fill, &x) == ST_OK)
        return told(c, to, &x.report);
    if (c->err.st == ST_RANGE) /* of what was typed */
        c->err.st = ST_USAGE;
    return cli_fail(c);
}
