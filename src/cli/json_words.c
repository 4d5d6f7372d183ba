/* The words beside the digests of an answer as JSON: as the views for people, from the leaves that the answer names. */
#include "cli/json_words.h"

struct word {
    struct hash digest;
    struct span text;
};

struct evidence {
    uint64_t leaf;
    struct hash_list documents;
};

struct words {
    struct cli *c;
    struct word *v;
    size_t n, room;
    struct evidence *evidence;
    size_t n_evidence, room_evidence;
    uint64_t *leaves;
    size_t n_leaves, room_leaves;
};

/* Room for one more; what is there moves along. */
static void *grown(struct cli *c, void *v, size_t n, size_t *room, size_t size)
{
    if (n < *room)
        return v;
    *room = *room == 0 ? 64 : 2 * *room;
    uint8_t *w = arena_array(&c->a, *room, size);
    ASSERT(w != NULL);
    if (n > 0)
        memcpy(w, v, n * size);
    return w;
}

/* A key of the JSON at hand with what stands behind it. */
struct member {
    struct span key;
    size_t at; /* of the value's first byte */
};

/* Goes on to the next key; false at the end. Strings are skipped as a whole, so that no text is taken for a key. */
static bool next_member(struct span json, size_t *at, struct member *ret)
{
    while (*at < json.n) {
        if (json.p[(*at)++] != '"')
            continue;
        size_t from = *at;
        while (*at < json.n && json.p[*at] != '"')
            *at += json.p[*at] == '\\' ? 2 : 1;
        if (*at >= json.n)
            return false;
        size_t end = (*at)++;
        if (*at < json.n && json.p[*at] == ':') {
            *ret = (struct member){span_of(json.p + from, end - from), ++*at};
            return true;
        }
    }
    return false;
}

/* The digest that is the member's value. */
static bool digest_of(struct span json, const struct member *m, struct hash *ret)
{
    enum { HEX = 64 };
    return json.n >= m->at + HEX + 2 && json.p[m->at] == '"' && json.p[m->at + HEX + 1] == '"' &&
           hex_to_hash(span_of(json.p + m->at + 1, HEX), ret) == ST_OK;
}

/* The leaf that is the member's value; *ret_end: where it ends. */
static bool leaf_of(struct span json, const struct member *m, uint64_t *ret_leaf, size_t *ret_end)
{
    size_t at = m->at;
    uint64_t leaf = 0;
    if (!span_eqs(m->key, "leaf") && !span_eqs(m->key, "opened_leaf"))
        return false;
    for (; at < json.n && json.p[at] >= '0' && json.p[at] <= '9'; at++)
        leaf = leaf * 10 + (uint64_t)(json.p[at] - '0');
    *ret_leaf = leaf;
    *ret_end = at;
    return at > m->at;
}

static void fetch(struct words *w, uint64_t index)
{
    struct rpc_leaf q = {.index = index};
    struct rpc_leaf_reply r;
    struct leaf entry;
    struct hash_list documents;
    for (size_t i = w->n_leaves; i > 0; i--)
        if (w->leaves[i - 1] == index)
            return;
    w->leaves = grown(w->c, w->leaves, w->n_leaves, &w->room_leaves, sizeof *w->leaves);
    w->leaves[w->n_leaves++] = index;
    if (cli_ask(w->c, METHOD_leaf, &q, &r) != ST_OK || leaf_parse(r.leaf, &w->c->a, &entry, NULL) != ST_OK)
        return; /* what time did has no texts */
    struct cli_texts texts = cli_texts_of(w->c, &entry, &r);
    for (size_t i = 0; i < texts.n; i++) {
        struct word x = {.text = texts.v[i].text};
        leaf_prose_digest(&texts.v[i], &x.digest);
        w->v = grown(w->c, w->v, w->n, &w->room, sizeof *w->v);
        w->v[w->n++] = x;
    }
    if (leaf_documents(&entry, &w->c->a, &documents, NULL) != ST_OK || documents.n == 0)
        return;
    w->evidence = grown(w->c, w->evidence, w->n_evidence, &w->room_evidence, sizeof *w->evidence);
    w->evidence[w->n_evidence++] = (struct evidence){index, documents};
}

void cli_put_string(struct span s, struct buf *b)
{
    buf_u8(b, '"');
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '"' || s.p[i] == '\\')
            buf_printf(b, "\\%c", s.p[i]);
        else if (s.p[i] < 0x20)
            buf_printf(b, "\\u%04x", s.p[i]);
        else
            buf_u8(b, s.p[i]);
    buf_u8(b, '"');
}

static void put_documents(const struct hash_list *l, struct buf *b)
{
    buf_printf(b, ",\"documents\":[");
    for (size_t i = 0; i < l->n; i++)
        buf_printf(b, "%s\"%s\"", i == 0 ? "" : ",", hex_of(&l->v[i]).s);
    buf_u8(b, ']');
}

static const struct span *word_of(const struct words *w, const struct hash *digest)
{
    for (size_t i = 0; i < w->n; i++)
        if (hash_eq(&w->v[i].digest, digest))
            return &w->v[i].text;
    return NULL;
}

void cli_json_words(struct cli *c, const struct record_desc *d, struct span json, struct buf *b)
{
    struct words w = {.c = c};
    struct member m;
    struct hash digest;
    uint64_t leaf;
    size_t end, done = 0;
    for (size_t at = 0; next_member(json, &at, &m);)
        if (leaf_of(json, &m, &leaf, &end))
            fetch(&w, leaf);
    for (size_t at = 0; next_member(json, &at, &m);) {
        const struct span *text = digest_of(json, &m, &digest) ? word_of(&w, &digest) : NULL;
        if (text != NULL) {
            end = m.at + 66; /* the digest and its quotes */
            buf_put(b, json.p + done, end - done);
            buf_printf(b, ",\"%.*s_text\":", SPAN_FMT(m.key));
            cli_put_string(*text, b);
            done = at = end;
        } else if (d == &query_item_desc && span_eqs(m.key, "leaf") && leaf_of(json, &m, &leaf, &end)) {
            buf_put(b, json.p + done, end - done);
            for (size_t i = 0; i < w.n_evidence; i++)
                if (w.evidence[i].leaf == leaf)
                    put_documents(&w.evidence[i].documents, b);
            done = at = end;
        }
    }
    buf_put(b, json.p + done, json.n - done);
}
