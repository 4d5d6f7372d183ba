#include "charter/difference.h"

enum { SECTION_TEXT_MAX = 1 << 20 };

/* Nodes still to be compared, or texts and nodes still to be written; next first. The list stands in for
 * recursion. */
struct job {
    struct job *next;
    const char *text;              /* path; or text to be written, when there is no node */
    const struct yaml_node *x, *y; /* one may be NULL */
};

struct compare {
    struct arena *a;
    struct charter_core_set core[2];
    uint64_t section;
    struct charter_differences out;
    size_t room;
    bool full;
};

static struct job *job_new(struct compare *k, const char *text, const struct yaml_node *x,
                           const struct yaml_node *y, struct job *next)
{
    struct job *j = arena_alloc(k->a, sizeof *j);
    k->full = k->full || j == NULL || text == NULL;
    if (j == NULL)
        return next;
    *j = (struct job){next, text == NULL ? "" : text, x, y};
    return j;
}

/* What a mapping or sequence is written from, before what follows it. */
static struct job *open_node(struct compare *k, const struct yaml_node *n, struct job *next)
{
    const bool map = n->type == YAML_MAPPING;
    struct job *first = job_new(k, map ? "{" : "[", NULL, NULL, NULL), *last = first;
    for (const struct yaml_node *m = n->first; m != NULL && !k->full; m = m->next) {
        const char *lead =
            !map ? charter_text(k->a, "%s", m == n->first ? "" : ", ")
                 : charter_text(k->a, "%s%.*s: ", m == n->first ? "" : ", ", SPAN_FMT(m->key->text));
        last->next = job_new(k, lead, NULL, NULL, NULL);
        if (last->next != NULL && !k->full)
            last = last->next->next = job_new(k, "", m, NULL, NULL);
    }
    if (!k->full)
        last->next = job_new(k, map ? "}" : "]", NULL, NULL, next);
    return first;
}

/* The value on one line, as a charter file may write it. NULL: it is not there. */
static const char *written(struct compare *k, const struct yaml_node *n)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, SECTION_TEXT_MAX);
    if (n == NULL)
        return NULL;
    for (struct job *j = job_new(k, "", n, NULL, NULL); j != NULL && !k->full;) {
        struct job *next = j->next;
        if (j->x == NULL)
            buf_put_span(&b, span_str(j->text));
        else if (j->x->type == YAML_SCALAR)
            buf_put_span(&b, j->x->text);
        else
            next = open_node(k, j->x, next);
        j = next;
    }
    const char *text = charter_text(k->a, "%s", buf_cstr(&b));
    k->full = k->full || text == NULL || b.failed != ST_OK;
    return text;
}

static bool is_core(const struct compare *k, const char *key)
{
    struct span name = span_of(key, strcspn(key, "."));
    return charter_is_core(&k->core[0], k->section, name) || charter_is_core(&k->core[1], k->section, name);
}

static void found(struct compare *k, const struct job *j)
{
    const char *before = written(k, j->x), *after = written(k, j->y);
    if (before != NULL && after != NULL && strcmp(before, after) == 0)
        return;
    if (k->out.n == k->room) {
        size_t room = k->room == 0 ? 64 : 2 * k->room;
        struct charter_difference *v = arena_array(k->a, room, sizeof *v);
        k->full = k->full || v == NULL;
        if (v == NULL)
            return;
        if (k->out.n > 0)
            memcpy(v, k->out.v, k->out.n * sizeof *v);
        k->out.v = v;
        k->room = room;
    }
    k->out.v[k->out.n++] =
        (struct charter_difference){k->section, j->text, before, after, is_core(k, j->text)};
}

/* Pairs the values of two mappings by key, before what follows them. */
static struct job *pair_keys(struct compare *k, const struct job *j)
{
    struct job head = {.next = NULL}, *last = &head;
    const struct yaml_node *sides[2] = {j->x, j->y};
    for (size_t s = 0; s < 2; s++)
        for (const struct yaml_node *m = sides[s]->first; m != NULL && !k->full; m = m->next) {
            const struct yaml_node *other = yaml_get(sides[1 - s], m->key->text);
            if (s == 1 && other != NULL)
                continue; /* paired already */
            const char *path =
                charter_text(k->a, "%s%s%.*s", j->text, j->text[0] == 0 ? "" : ".", SPAN_FMT(m->key->text));
            last->next = job_new(k, path, s == 0 ? m : other, s == 0 ? other : m, NULL);
            last = last->next == NULL ? last : last->next;
        }
    last->next = j->next;
    return head.next;
}

/* What stands below the section's key; the alliance's own keys have none above them. NULL: it is not there.
 */
static enum status tree(struct compare *k, const struct section *s, const struct yaml_node **ret,
                        struct err *err)
{
    const struct record_desc *d = s == NULL ? NULL : charter_section_desc(s->number);
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, SECTION_TEXT_MAX);
    *ret = NULL;
    if (d == NULL)
        return ST_OK;
    const char *name = enum_text(&section_id_enum, (uint32_t)s->number);
    void *value = arena_alloc(k->a, d->size);
    enum status st = value == NULL ? err_set(err, ST_LIMIT, "%s: out of room", name)
                                   : charter_decode_section(s->number, s->body, k->a, value, err);
    if (st != ST_OK)
        return st;
    if (charter_print(d, value, k->a, &b) != ST_OK)
        return err_set(err, ST_LIMIT, "section %s is too large to be shown", name);
    const struct yaml_node *root;
    st = yaml_parse(arena_dup(k->a, buf_span(&b)), name, k->a, &root, err);
    if (st == ST_OK)
        *ret = s->number == SECTION_ALLIANCE ? root : yaml_get(root, span_str(name));
    return st;
}

static const struct section *find(const struct section_list *l, uint64_t number)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].number == number)
            return &l->v[i];
    return NULL;
}

static enum status compare_section(struct compare *k, const struct section *x, const struct section *y,
                                   struct err *err)
{
    const struct yaml_node *before, *after;
    if (x != NULL && y != NULL && span_eq(x->body, y->body))
        return ST_OK;
    enum status st = tree(k, x, &before, err);
    if (st == ST_OK)
        st = tree(k, y, &after, err);
    if (st != ST_OK || (before == NULL && after == NULL))
        return st;
    for (struct job *j = job_new(k, "", before, after, NULL); j != NULL && !k->full;) {
        bool maps = j->x != NULL && j->y != NULL && j->x->type == YAML_MAPPING && j->y->type == YAML_MAPPING;
        if (!maps)
            found(k, j);
        j = maps ? pair_keys(k, j) : j->next;
    }
    return k->full ? err_set(err, ST_LIMIT, "the charters are too large to be compared") : ST_OK;
}

enum status charter_compare(const struct section_list *before, const struct section_list *after,
                            struct arena *a, struct charter_differences *ret, struct err *err)
{
    struct compare k = {.a = a};
    const struct section_list *sides[2] = {before, after};
    for (size_t i = 0; i < 2; i++) {
        struct charter c;
        enum status st = charter_decode(sides[i]->v, sides[i]->n, a, &c, err);
        if (st == ST_OK && charter_core_of(&c, a, &k.core[i]) != ST_OK)
            st = err_set(err, ST_LIMIT, "the charters are too large to be compared");
        if (st != ST_OK)
            return st;
    }
    for (k.section = 1; charter_section_desc(k.section) != NULL; k.section++) {
        enum status st = compare_section(&k, find(before, k.section), find(after, k.section), err);
        if (st != ST_OK)
            return st;
    }
    *ret = k.out;
    return ST_OK;
}
