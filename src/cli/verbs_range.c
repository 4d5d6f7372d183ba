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

static enum status blocks_of(struct cli *c, struct cut *made)
{
    enum status st = ST_OK;
    bool done = false;
    for (uint64_t h = 0; st == ST_OK && !done; h++) {
        struct arena a CLEANUP(arena_deinit); /* one block at a time */
        struct pack_block b;
        struct rpc_number q = {.number = h};
        arena_init(&a, 0);
        st = client_ask(c->client, METHOD_block, &q, &a, &b, &c->err);
        if (st == ST_OK)
            st = cut_block(made, &b, &done, &c->err);
    }
    return st;
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
        st = blocks_of(c, made);
    cut_free(made);
    return st;
}

static enum status from_pack(struct cli *c, const struct cut_bounds *bounds, FILE *out)
{
    FILE *f = fopen(c->pack, "rbe");
    char why[128];
    if (f == NULL)
        return err_set(&c->err, ST_IO, "%s: cannot be opened: %s", c->pack, strerror_r(errno, why, sizeof why));
    enum status st = cut_pack(f, bounds, out, &c->err);
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

int cli_pack_range(struct cli *c)
{
    const char *to = c->words[0];
    struct cut_bounds bounds;
    struct range_report r;
    char tmp[4096], why[128];
    if (bound_of(c, "--from", c->from, false, &bounds.from) != ST_OK || bound_of(c, "--to", c->to, true, &bounds.to) != ST_OK)
        return cli_fail(c);
    (void)snprintf(tmp, sizeof tmp, "%s.range-part", to);
    FILE *f = fopen(tmp, "wb+e");
    if (f == NULL) {
        (void)err_set(&c->err, ST_IO, "%s: cannot write: %s", tmp, strerror_r(errno, why, sizeof why));
        return cli_fail(c);
    }
    enum status st = c->pack == NULL ? from_node(c, &bounds, f) : from_pack(c, &bounds, f);
    if (st == ST_OK)
        st = verified(c, f, &r);
    if (fclose(f) != 0 && st == ST_OK)
        st = err_set(&c->err, ST_NOSPACE, "%s: cannot be written to its end", tmp);
    if (st == ST_OK && rename(tmp, to) != 0)
        st = err_set(&c->err, ST_IO, "%s: cannot be renamed to %s", tmp, to);
    if (st == ST_OK)
        return told(c, to, &r);
    (void)remove(tmp);
    if (c->err.st == ST_RANGE) /* of what was typed */
        c->err.st = ST_USAGE;
    return cli_fail(c);
}
