/* Texts that are erased by decision (ERA-1): what of them is proposed, and how it is shown to who decides. */
#include "cli/cli.h"
#include "merkle/rfc6962.h"

enum { SHOWN = 60 };

/* The entry at a leaf, proven to be there, and its texts. */
static enum status fetch(struct cli *c, uint64_t index, struct rpc_leaf_reply *r, struct leaf *ret_leaf, size_t *ret_named)
{
    struct rpc_boundary_reply at;
    enum status st = cli_ask(c, METHOD_boundary, NULL, &at);
    struct rpc_leaf q = {.index = index, .size = at.size};
    if (st == ST_OK)
        st = cli_ask(c, METHOD_leaf, &q, r);
    if (st != ST_OK)
        return st;
    struct hash h;
    rfc6962_leaf(r->leaf, &h);
    if (rfc6962_verify_inclusion(&h, index, at.size, r->proof.v, r->proof.n, &at.root, &c->err) != ST_OK)
        return err_wrap(&c->err, ST_BADSIG, "leaf %" PRIu64 " is not in the tree that the node shows: ", index);
    if (leaf_parse(r->leaf, &c->a, ret_leaf, NULL) != ST_OK)
        return err_set(&c->err, ST_USAGE, "leaf %" PRIu64 " is no entry: it is a block record, or of the founding; it has no texts", index);
    return leaf_count_prose(ret_leaf, ret_named, &c->err);
}

static enum status check(struct cli *c, uint64_t index)
{
    struct rpc_leaf_reply r;
    struct leaf leaf;
    size_t named;
    enum status st = fetch(c, index, &r, &leaf, &named);
    if (st != ST_OK)
        return st;
    if (named == 0)
        return err_set(&c->err, ST_USAGE, "leaf %" PRIu64 " names no text: %s by %.*s. There is nothing to erase", index,
                       enum_text(&kind_enum, (uint32_t)leaf.entry.kind), SPAN_FMT(leaf.entry.seat));
    if (HAS(&r, rpc_leaf_reply_key_erased))
        return err_set(&c->err, ST_USAGE, "the texts of leaf %" PRIu64 " are erased already, by D-%" PRIu64, index, r.erased);
    return ST_OK;
}

static void put_ascending(struct uint_list *l, uint64_t x)
{
    size_t i = l->n;
    while (i > 0 && l->v[i - 1] > x)
        i--;
    if (i > 0 && l->v[i - 1] == x)
        return;
    memmove(l->v + i + 1, l->v + i, (l->n - i) * sizeof *l->v);
    l->v[i] = x;
    l->n++;
}

enum status cli_erase_effect(struct cli *c, struct effect *e)
{
    struct span_list words;
    *e = (struct effect){.type = EFFECT_ERASE};
    cli_split(c, c->erase, &words);
    e->leaves.v = arena_array(&c->a, words.n + 1, sizeof *e->leaves.v);
    ASSERT(e->leaves.v != NULL);
    for (size_t i = 0; i < words.n; i++) {
        char word[24];
        uint64_t leaf;
        (void)snprintf(word, sizeof word, "%.*s", SPAN_FMT(words.v[i]));
        enum status st = cli_number(c, "--erase", word, 0, INT64_MAX, &leaf);
        if (st == ST_OK)
            st = check(c, leaf);
        if (st != ST_OK)
            return st;
        put_ascending(&e->leaves, leaf);
    }
    SET_HAS(e, effect_key_leaves);
    return ST_OK;
}

/* "note by clinics/finance of 2 March: We heard from ..." */
static void put_one(struct cli *c, uint64_t index, struct buf *b)
{
    struct rpc_leaf_reply r;
    struct leaf leaf;
    size_t named;
    if (fetch(c, index, &r, &leaf, &named) != ST_OK) {
        buf_printf(b, "erases    %s\n", c->err.text);
        return;
    }
    struct cli_texts t = cli_texts_of(c, &leaf, &r);
    const char *kind = enum_text(&kind_enum, (uint32_t)leaf.entry.kind), *mark = "";
    struct span first = t.n == 0 ? t.absent : cli_cut(t.v[0].text, SHOWN, &mark);
    buf_printf(b, "erases    leaf %" PRIu64 ", %s by %.*s, %zu text%s: %.*s%s\n", index, kind == NULL ? "?" : kind, SPAN_FMT(leaf.entry.seat),
               named, named == 1 ? "" : "s", SPAN_FMT(first), mark);
}

void cli_put_erased(struct cli *c, const struct effect *e, struct buf *b)
{
    for (size_t i = 0; i < e->leaves.n; i++)
        put_one(c, e->leaves.v[i], b);
    buf_printf(b, "          at every node, for good; that they were there, by whom and when, stays on the record\n");
}
