/* Items by what is written on them. Texts are detached: they are asked for leaf by leaf, and looked through here. */
#include "cli/cli_item.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

bool cli_has_text(struct span text, struct span wanted)
{
    for (size_t i = 0; i + wanted.n <= text.n; i++) {
        size_t n = 0;
        while (n < wanted.n && lower(text.p[i + n]) == lower(wanted.p[n]))
            n++;
        if (n == wanted.n)
            return true;
    }
    return false;
}

static bool has_tag(const struct query_item_line *l, struct span tag)
{
    for (size_t i = 0; i < l->tags.n; i++)
        if (span_eq(l->tags.v[i], tag))
            return true;
    return false;
}

/* Texts of an entry about it; `least`: how many it must have. */
static bool in_leaf(struct cli *c, uint64_t leaf, size_t least, struct span wanted, uint64_t *absent)
{
    struct cli_texts l = cli_prose_at(c, leaf);
    if (l.n < least)
        *absent += least - l.n;
    for (size_t i = 0; i < l.n; i++)
        if (cli_has_text(l.v[i].text, wanted))
            return true;
    return false;
}

bool cli_item_searches(const struct cli *c)
{
    return c->grep != NULL || c->tag != NULL;
}

enum status cli_item_matches(struct cli *c, const struct query_item_line *l, bool *ret_matches, uint64_t *ret_absent)
{
    struct query_item q;
    struct span wanted = span_str(c->grep == NULL ? "" : c->grep);
    bool found = c->grep == NULL;
    *ret_matches = false;
    if (c->tag != NULL && !has_tag(l, span_str(c->tag)))
        return ST_OK;
    if (!found && HAS(l, query_item_line_key_about))
        found = cli_has_text(l->about, wanted);
    if (!found && cli_ask(c, METHOD_item, &l->item, &q) != ST_OK)
        return c->err.st;
    if (!found && HAS(&q.item, state_item_key_id))
        found = in_leaf(c, l->leaf, 1 + HAS(&q.item.item, item_key_text), wanted, ret_absent);
    for (size_t i = 0; !found && i < q.events.n; i++)
        if (HAS(&q.events.v[i], state_item_event_key_text) && q.events.v[i].leaf != l->leaf)
            found = in_leaf(c, q.events.v[i].leaf, 1, wanted, ret_absent);
    *ret_matches = found;
    return ST_OK;
}
