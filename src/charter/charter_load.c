#include "charter/charter.h"
#include "charter/nearest.h"
#include "charter/value.h"

/* What is still to be read: a record from a mapping, or (with field) one field of it from a node. A list of
 * jobs stands in for recursion over nested records; members are allocated before their jobs run, so order is
 * free. */
struct job {
    struct job *next;
    const struct yaml_node *node, *defaults;
    const struct record_desc *rec;
    const struct field_desc *field;
    void *value;
};

struct load {
    const char *name;
    const struct charter_files *files;
    struct arena *arena;
    struct err *err;
    struct job *jobs;
};

static struct value_place place_of(const struct load *l, const struct yaml_node *n, const char *key)
{
    return (struct value_place){l->name, n->line, n->column, key, l->err};
}

static enum status refuse(const struct load *l, const struct yaml_node *n, enum status st, const char *key,
                          const char *what)
{
    return err_set(l->err, st, "%s:%d:%d: %s: %s", l->name, n->line, n->column, key, what);
}

static enum status too_large(const struct load *l)
{
    return err_set(l->err, ST_LIMIT, "%s: the charter is too large", l->name);
}

static enum status push(struct load *l, const struct yaml_node *node, const struct yaml_node *defaults,
                        const struct record_desc *rec, const struct field_desc *field, void *value)
{
    struct job *j = arena_alloc(l->arena, sizeof *j);
    if (j == NULL)
        return too_large(l);
    *j = (struct job){l->jobs, node, defaults, rec, field, value};
    l->jobs = j;
    return ST_OK;
}

static enum status expect(const struct load *l, const struct yaml_node *n, enum yaml_type type,
                          const char *key)
{
    if (n->type == type)
        return ST_OK;
    return err_set(l->err, ST_FORMAT, "%s:%d:%d: %s: found %s; expected %s", l->name, n->line, n->column, key,
                   yaml_type_text(n),
                   type == YAML_SCALAR     ? "one value"
                   : type == YAML_SEQUENCE ? "a list: [...]"
                                           : "a mapping: {key: value}");
}

static enum status refuse_unknown(const struct load *l, const struct yaml_node *key, const char *where,
                                  const struct nearest *near)
{
    struct value_place at = place_of(l, key, where);
    if (text_check(key->text, false, NULL) != ST_OK || key->text.n > 120)
        return value_refuse(&at, key->text, "a known key", "one of the keys in proto/charter.def");
    bool close = nearest_is_close(near);
    return err_set(l->err, ST_FORMAT, "%s:%d:%d: %s: unknown key '%.*s'%s%s%s", l->name, key->line,
                   key->column, where, SPAN_FMT(key->text),
                   close ? "; did you mean '" : "; see proto/charter.def for the known ones",
                   close ? near->name : "", close ? "'?" : "");
}

static const struct field_desc *spread_field(const struct record_desc *rec, struct span key)
{
    for (size_t i = 0; i < rec->n; i++) {
        const struct shape_field *s = shape_of(rec, &rec->fields[i]);
        size_t n = s->prefix == NULL ? 0 : strlen(s->prefix);
        if (s->form == FORM_SPREAD && key.n > n && memcmp(key.p, s->prefix, n) == 0)
            return &rec->fields[i];
    }
    return NULL;
}

static const struct field_desc *field_named(const struct record_desc *rec, struct span key)
{
    for (size_t i = shape_is_keyed(rec) ? 1 : 0; i < rec->n; i++)
        if (shape_of(rec, &rec->fields[i])->form != FORM_SPREAD &&
            span_eqs(key, shape_name(rec, &rec->fields[i]).s))
            return &rec->fields[i];
    return NULL;
}

/* Sections whose members share a `defaults:` mapping. */
static bool takes_defaults(const struct record_desc *rec)
{
    return rec == &charter_decisions_desc || rec == &charter_metrics_desc;
}

static enum status check_keys(const struct load *l, const struct yaml_node *node,
                              const struct record_desc *rec, const char *where)
{
    for (const struct yaml_node *v = node->first; v != NULL; v = v->next) {
        struct span key = v->key->text;
        if (field_named(rec, key) != NULL || spread_field(rec, key) != NULL ||
            (takes_defaults(rec) && span_eqs(key, "defaults")))
            continue;
        struct nearest near = {.wanted = key, .distance = NEAREST_NONE};
        for (size_t i = shape_is_keyed(rec) ? 1 : 0; i < rec->n; i++)
            if (shape_of(rec, &rec->fields[i])->form != FORM_SPREAD)
                nearest_consider(&near, shape_name(rec, &rec->fields[i]).s);
        return refuse_unknown(l, v->key, where, &near);
    }
    return ST_OK;
}

static int compare_spans(const void *a, const void *b)
{
    return span_cmp(*(const struct span *)a, *(const struct span *)b);
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum status check_count(const struct load *l, const struct yaml_node *n, const struct field_desc *f,
                               const char *key, size_t count)
{
    if (count >= (size_t)f->min && (f->max == 0 || count <= (size_t)f->max))
        return ST_OK;
    return err_set(l->err, ST_RANGE, "%s:%d:%d: %s: %zu members; expected %" PRId64 " to %" PRId64, l->name,
                   n->line, n->column, key, count, f->min, f->max);
}

/* The members of a list; a single text stands for a list of one. */
static enum status members_of(const struct load *l, const struct yaml_node *node, const char *key,
                              const struct yaml_node **ret_first, size_t *ret_n)
{
    if (node->type == YAML_MAPPING)
        return expect(l, node, YAML_SEQUENCE, key);
    *ret_first = node->type == YAML_SCALAR ? node : node->first;
    *ret_n = node->type == YAML_SCALAR ? 1 : node->n;
    return ST_OK;
}

static const struct yaml_node *sibling(const struct yaml_node *list, const struct yaml_node *m)
{
    return list->type == YAML_SCALAR ? NULL : m->next;
}

static enum status load_spans(struct load *l, const struct yaml_node *node, const struct field_desc *f,
                              const char *key, struct span_list *ret_list)
{
    const struct yaml_node *m = NULL; /* gcc 12 -O2 cannot see that it is set */
    struct span_list list;
    enum status st = members_of(l, node, key, &m, &list.n);
    if (st != ST_OK)
        return st;
    list.v = arena_array(l->arena, list.n, sizeof *list.v);
    if (list.v == NULL)
        return too_large(l);
    for (size_t i = 0; m != NULL; m = sibling(node, m), i++) {
        struct value_place at = place_of(l, m, key);
        st = expect(l, m, YAML_SCALAR, key);
        if (st == ST_OK)
            st = value_parse_span(&at, f->type, m->text, &list.v[i]);
        if (st != ST_OK)
            return st;
    }
    st = check_count(l, node, f, key, list.n);
    if (st != ST_OK)
        return st;
    if (f->type != FT_TEXTS && list.n > 1) {
        qsort(list.v, list.n, sizeof *list.v, compare_spans);
        for (size_t i = 1; i < list.n; i++)
            if (span_eq(list.v[i - 1], list.v[i]))
                return err_set(l->err, ST_FORMAT, "%s:%d:%d: %s: '%.*s' stands there twice", l->name,
                               node->line, node->column, key, SPAN_FMT(list.v[i]));
    }
    *ret_list = list;
    return ST_OK;
}

static enum status load_numbers(struct load *l, const struct yaml_node *node, const struct record_desc *rec,
                                const struct field_desc *f, const char *key, struct uint_list *ret_list)
{
    const struct yaml_node *m = NULL;
    struct uint_list list;
    enum status st = members_of(l, node, key, &m, &list.n);
    if (st != ST_OK)
        return st;
    list.v = arena_array(l->arena, list.n, sizeof *list.v);
    if (list.v == NULL)
        return too_large(l);
    for (size_t i = 0; m != NULL; m = sibling(node, m), i++) {
        struct value_place at = place_of(l, m, key);
        st = expect(l, m, YAML_SCALAR, key);
        if (st == ST_OK)
            st = value_parse_number(&at, shape_of(rec, f)->form, m->text, &list.v[i]);
        if (st != ST_OK)
            return st;
    }
    if (list.n > 1)
        qsort(list.v, list.n, sizeof *list.v, compare_numbers);
    for (size_t i = 1; i < list.n; i++)
        if (list.v[i - 1] == list.v[i])
            return refuse(l, node, ST_FORMAT, key, "a member stands there twice");
    st = check_count(l, node, f, key, list.n);
    if (st == ST_OK)
        *ret_list = list;
    return st;
}

/* Sorts records by shape_compare, and with them the nodes they came from. Lists are short: insertion. */
static void sort_members(const struct record_desc *rec, uint8_t *v, const struct yaml_node **nodes, size_t n,
                         uint8_t *spare)
{
    for (size_t i = 1; i < n; i++) {
        const struct yaml_node *node = nodes[i];
        memcpy(spare, v + i * rec->size, rec->size);
        size_t j = i;
        for (; j > 0 && shape_compare(rec, v + (j - 1) * rec->size, spare) > 0; j--) {
            memcpy(v + j * rec->size, v + (j - 1) * rec->size, rec->size);
            nodes[j] = nodes[j - 1];
        }
        memcpy(v + j * rec->size, spare, rec->size);
        nodes[j] = node;
    }
}

struct members {
    const struct yaml_node **nodes;
    uint8_t *v, *spare;
    size_t n;
};

static enum status alloc_members(struct load *l, const struct record_desc *rec, size_t n,
                                 struct members *ret_m)
{
    struct members m = {.nodes = arena_array(l->arena, n, sizeof *m.nodes),
                        .v = arena_array(l->arena, n, rec->size),
                        .spare = arena_alloc(l->arena, rec->size)};
    if (m.nodes == NULL || m.v == NULL || m.spare == NULL)
        return too_large(l);
    *ret_m = m;
    return ST_OK;
}

static enum status sort_unique(struct load *l, const struct record_desc *rec, struct members *m,
                               const char *key)
{
    sort_members(rec, m->v, m->nodes, m->n, m->spare);
    for (size_t i = 1; i < m->n; i++)
        if (shape_compare(rec, m->v + (i - 1) * rec->size, m->v + i * rec->size) == 0)
            return refuse(l, m->nodes[i], ST_FORMAT, key, "the same stands there twice");
    return ST_OK;
}

/* A mapping from names to records. owner is set for a spread list: only the keys of the list are its members.
 */
static enum status load_keyed(struct load *l, const struct yaml_node *node, const struct record_desc *owner,
                              const struct field_desc *f, const char *key, struct shape_list *ret_list)
{
    const struct record_desc *rec = f->rec;
    struct members m;
    enum status st = expect(l, node, YAML_MAPPING, key);
    if (st == ST_OK)
        st = alloc_members(l, rec, node->n, &m);
    if (st != ST_OK)
        return st;
    const struct yaml_node *defaults = NULL;
    for (const struct yaml_node *v = node->first; v != NULL; v = v->next) {
        if (owner != NULL && takes_defaults(owner) && span_eqs(v->key->text, "defaults")) {
            defaults = v;
            continue;
        }
        if (owner != NULL &&
            (field_named(owner, v->key->text) != NULL || spread_field(owner, v->key->text) != f))
            continue;
        struct value_place at = place_of(l, v->key, key);
        void *member = m.v + m.n * rec->size;
        st = value_parse(&at, rec, &rec->fields[0], v->key->text, l->arena,
                         (uint8_t *)member + rec->fields[0].offset);
        if (st != ST_OK)
            return st;
        m.nodes[m.n++] = v;
    }
    st = sort_unique(l, rec, &m, key);
    if (st == ST_OK)
        st = check_count(l, node, f, key, m.n);
    if (st == ST_OK && defaults != NULL)
        st = expect(l, defaults, YAML_MAPPING, "defaults");
    if (st == ST_OK && defaults != NULL)
        st = check_keys(l, defaults, rec, "defaults");
    bool phrase = phrase_of(rec) != NULL;
    for (size_t i = 0; st == ST_OK && i < m.n; i++) {
        const struct field_desc *only = !phrase && rec->n == 2 ? &rec->fields[1] : NULL;
        st = push(l, m.nodes[i], defaults, rec, only, m.v + i * rec->size);
    }
    if (st == ST_OK)
        *ret_list = (struct shape_list){m.n, m.v};
    return st;
}

static enum status load_members(struct load *l, const struct yaml_node *node, const struct field_desc *f,
                                const char *key, struct shape_list *ret_list)
{
    const struct record_desc *rec = f->rec;
    const struct phrase *phrase = phrase_of(rec);
    const struct yaml_node *first = NULL;
    struct members m;
    size_t n = 0;
    enum status st = members_of(l, node, key, &first, &n);
    if (st == ST_OK)
        st = alloc_members(l, rec, n, &m);
    if (st != ST_OK)
        return st;
    for (const struct yaml_node *v = first; v != NULL; v = sibling(node, v)) {
        void *member = m.v + m.n * rec->size;
        m.nodes[m.n++] = v;
        st = phrase == NULL ? push(l, v, NULL, rec, NULL, member) : expect(l, v, YAML_SCALAR, key);
        struct value_place at = place_of(l, v, key);
        if (st == ST_OK && phrase != NULL && !phrase->parse(v->text, l->arena, member))
            st = value_refuse(&at, v->text, phrase->what, phrase->expected);
        if (st != ST_OK)
            return st;
    }
    if (shape_is_sorted(rec))
        st = sort_unique(l, rec, &m, key);
    if (st == ST_OK)
        st = check_count(l, node, f, key, m.n);
    if (st == ST_OK)
        *ret_list = (struct shape_list){m.n, m.v};
    return st;
}

/* Digest of a named file: as found on the disk; given alone when the file is not there (a printed charter).
 */
static enum status resolve(struct load *l, const struct yaml_node *node, const char *key, bool card,
                           const struct hash *given, struct hash *ret_digest)
{
    struct value_place at = place_of(l, node, key);
    if (!charter_files_path_ok(node->text))
        return value_refuse(&at, node->text, "a file of the charter",
                            "a name relative to the charter's directory, without ..");
    struct hash found;
    struct err why = {0};
    enum status st = (card ? l->files->card : l->files->document)(l->files->ctx, node->text, &found, &why);
    if (st == ST_NOTFOUND && given != NULL) {
        *ret_digest = *given;
        return ST_OK;
    }
    if (st != ST_OK)
        return err_set(l->err, st, "%s:%d:%d: %s: %s", l->name, node->line, node->column, key, why.text);
    if (given != NULL && !hash_eq(&found, given))
        return err_set(l->err, ST_MISMATCH, "%s:%d:%d: %s: %.*s has SHA-256 %s; the charter says %s; write the first there if the file is meant as it is now", l->name,
                       node->line, node->column, key, SPAN_FMT(node->text), hex_of(&found).s,
                       hex_of(given).s);
    *ret_digest = found;
    return ST_OK;
}

/* The digest that stands beside a file in a printed charter. */
static enum status load_file(struct load *l, const struct job *j, const struct field_desc *digest,
                             const struct yaml_node *node)
{
    struct hash given;
    const struct yaml_node *stated = yaml_get(j->node, span_str(shape_name(j->rec, digest).s));
    if (stated != NULL) {
        struct value_place at = place_of(l, stated, digest->name);
        enum status st = expect(l, stated, YAML_SCALAR, digest->name);
        if (st == ST_OK)
            st = value_parse(&at, j->rec, digest, stated->text, l->arena, &given);
        if (st != ST_OK)
            return st;
    }
    return resolve(l, node, "file", false, stated == NULL ? NULL : &given,
                   (void *)((uint8_t *)j->value + digest->offset));
}

static enum status load_text(struct load *l, const struct job *j, const struct field_desc *f,
                             const struct yaml_node *node, const char *key, void *member)
{
    enum shape_form form = shape_of(j->rec, f)->form;
    enum status st = expect(l, node, YAML_SCALAR, key);
    if (st != ST_OK)
        return st;
    struct value_place at = place_of(l, node, key);
    if (form == FORM_CARD && !value_parse_digest(node->text, member))
        return resolve(l, node, key, true, NULL, member);
    if (form != FORM_CARD)
        st = value_parse(&at, j->rec, f, node->text, l->arena, member);
    if (st == ST_OK && form == FORM_FILE)
        st = load_file(l, j, f + 1, node);
    return st;
}

static enum status load_field(struct load *l, const struct job *j, const struct field_desc *f,
                              const struct yaml_node *node)
{
    void *member = (uint8_t *)j->value + f->offset;
    struct shape_name key = shape_name(j->rec, f);
    if (shape_of(j->rec, f)->form == FORM_DEFAULTS) {
        enum status st = expect(l, node, YAML_MAPPING, key.s);
        if (st != ST_OK)
            return st;
        const struct yaml_node *v = yaml_get(node, span_str(f->name));
        if (v == NULL)
            return err_set(l->err, ST_FORMAT,
                           "%s:%d:%d: defaults: '%s' is missing; expected one, for whatever names none",
                           l->name, node->line, node->column, f->name);
        return load_text(l, j, f, v, f->name, member);
    }
    if (value_is_text(j->rec, f))
        return load_text(l, j, f, node, key.s, member);
    if (f->type == FT_IDS || f->type == FT_SEATS || f->type == FT_TEXTS)
        return load_spans(l, node, f, key.s, member);
    if (f->type == FT_UINTS)
        return load_numbers(l, node, j->rec, f, key.s, member);
    if (f->type == FT_REC)
        return push(l, node, NULL, f->rec, NULL, member);
    ASSERT(f->type == FT_LIST);
    return shape_is_keyed(f->rec) ? load_keyed(l, node, NULL, f, key.s, member)
                                  : load_members(l, node, f, key.s, member);
}

/* A field that the file does not hold. */
static enum status load_absent(struct load *l, const struct job *j, const struct field_desc *f)
{
    const struct shape_field *s = shape_of(j->rec, f);
    if (s->standard != NULL) {
        struct yaml_node n = {.type = YAML_SCALAR,
                              .line = j->node->line,
                              .column = j->node->column,
                              .text = span_str(s->standard)};
        return load_field(l, j, f, &n);
    }
    bool list = f->type == FT_LIST || f->type == FT_IDS || f->type == FT_TEXTS || f->type == FT_UINTS;
    if (f->optional || (list && f->min == 0) || s->form == FORM_DIGEST)
        return ST_OK;
    const struct yaml_node *at = j->node->key == NULL ? j->node : j->node->key;
    struct span of = j->node->key == NULL ? span_str("charter") : at->text;
    return err_set(l->err, ST_FORMAT, "%s:%d:%d: %.*s: '%s' is missing: %s", l->name, at->line, at->column,
                   SPAN_FMT(of), shape_name(j->rec, f).s, f->doc);
}

static enum status load_record(struct load *l, const struct job *j)
{
    const struct phrase *phrase = phrase_of(j->rec);
    char where[64];
    (void)snprintf(where, sizeof where, "%.*s", j->node->key == NULL ? 4 : (int)j->node->key->text.n,
                   j->node->key == NULL ? "here" : (const char *)j->node->key->text.p);
    if (phrase != NULL) {
        struct value_place at = place_of(l, j->node, where);
        enum status st = expect(l, j->node, YAML_SCALAR, where);
        if (st == ST_OK && !phrase->parse(j->node->text, l->arena, j->value))
            st = value_refuse(&at, j->node->text, phrase->what, phrase->expected);
        return st;
    }
    enum status st = expect(l, j->node, YAML_MAPPING, where);
    if (st == ST_OK)
        st = check_keys(l, j->node, j->rec, where);
    for (size_t i = shape_is_keyed(j->rec) ? 1 : 0; st == ST_OK && i < j->rec->n; i++) {
        const struct field_desc *f = &j->rec->fields[i];
        enum shape_form form = shape_of(j->rec, f)->form;
        if (form == FORM_SPREAD) {
            st = load_keyed(l, j->node, j->rec, f, where, (void *)((uint8_t *)j->value + f->offset));
            continue;
        }
        if (form == FORM_DIGEST)
            continue; /* with its file */
        struct span key = span_str(shape_name(j->rec, f).s);
        const struct yaml_node *v = yaml_get(j->node, key);
        if (v == NULL)
            v = yaml_get(j->defaults, key);
        if (v == NULL) {
            st = load_absent(l, j, f);
            if (shape_of(j->rec, f)->standard == NULL)
                continue;
        } else {
            st = load_field(l, j, f, v);
        }
        if (f->optional)
            *(uint64_t *)j->value |= (uint64_t)1 << f->key;
    }
    return st;
}

static enum status run(struct load *l)
{
    enum status st = ST_OK;
    while (st == ST_OK && l->jobs != NULL) {
        const struct job *j = l->jobs;
        l->jobs = j->next;
        st = j->field == NULL ? load_record(l, j) : load_field(l, j, j->field, j->node);
    }
    return st;
}

/* Encodes what was read, after the checks that any canonical section passes. */
static enum status finish(struct load *l, const struct yaml_node *node, const struct record_desc *rec,
                          const void *value, struct section *ret_section)
{
    struct buf b CLEANUP(buf_deinit);
    struct err why = {0};
    buf_init(&b, LIMIT_SECTION_BYTES);
    struct shape_name key = {""};
    (void)snprintf(key.s, sizeof key.s, "%s", enum_text(&section_id_enum, rec->number));
    enum status st = codec_check(rec, value, &why);
    if (st != ST_OK)
        return refuse(l, node, st, key.s, why.text);
    st = codec_encode(rec, value, &b);
    if (st != ST_OK)
        return refuse(l, node, st, key.s, "the section is over 60,000 bytes in canonical form");
    struct span body = arena_dup(l->arena, buf_span(&b));
    if (body.p == NULL)
        return too_large(l);
    *ret_section = (struct section){.leaf = LEAF_SECTION, .version = 1, .number = rec->number, .body = body};
    return ST_OK;
}

static enum status load_section(struct load *l, const struct record_desc *rec, const struct yaml_node *node,
                                struct section *ret_section)
{
    void *value = arena_alloc(l->arena, rec->size);
    if (value == NULL)
        return too_large(l);
    enum status st = push(l, node, NULL, rec, shape_is_bare(rec) ? &rec->fields[0] : NULL, value);
    if (st == ST_OK)
        st = run(l);
    return st == ST_OK ? finish(l, node, rec, value, ret_section) : st;
}

/* The alliance's own keys stand beside the sections. */
static enum status load_alliance(struct load *l, const struct yaml_node *root,
                                 const struct charter_founding *founding, struct section *ret_section)
{
    const struct record_desc *rec = &charter_alliance_desc;
    struct charter_alliance value = {0};
    struct job j = {.node = root, .rec = rec, .value = &value};
    for (size_t i = 0; i < rec->n; i++) {
        const struct field_desc *f = &rec->fields[i];
        const struct yaml_node *v = yaml_get(root, span_str(shape_name(rec, f).s));
        bool drawn = f->key == charter_alliance_key_nonce || f->key == charter_alliance_key_founded_ms;
        if (drawn && founding != NULL && v != NULL)
            return refuse(l, v->key, ST_FORMAT, shape_name(rec, f).s,
                          "is drawn when the alliance is drafted; remove this line");
        if (drawn && founding != NULL)
            continue;
        enum status st = v == NULL ? load_absent(l, &j, f) : load_field(l, &j, f, v);
        if (st != ST_OK)
            return st;
    }
    if (founding != NULL) {
        value.nonce = founding->nonce;
        value.founded_ms = founding->founded_ms;
    }
    return finish(l, root, rec, &value, ret_section);
}

static enum status check_root(struct load *l, const struct yaml_node *root)
{
    enum status st = expect(l, root, YAML_MAPPING, "charter");
    for (const struct yaml_node *v = st == ST_OK ? root->first : NULL; st == ST_OK && v != NULL;
         v = v->next) {
        uint32_t number;
        if (field_named(&charter_alliance_desc, v->key->text) != NULL ||
            enum_parse(&section_id_enum, v->key->text, &number) == ST_OK)
            continue;
        struct nearest near = {.wanted = v->key->text, .distance = NEAREST_NONE};
        for (size_t i = 0; i < section_id_enum.n; i++)
            nearest_consider(&near, section_id_enum.values[i].text);
        for (size_t i = 0; i < charter_alliance_desc.n; i++)
            nearest_consider(&near, shape_name(&charter_alliance_desc, &charter_alliance_desc.fields[i]).s);
        return refuse_unknown(l, v->key, "charter", &near);
    }
    return st;
}

enum status charter_load(struct span yaml, const char *name, const struct charter_founding *founding,
                         const struct charter_files *files, struct arena *a,
                         struct charter_source *ret_source, struct err *err)
{
    struct load l = {.name = name, .files = files, .arena = a, .err = err};
    struct charter_source source = {0};
    if (yaml.n > CHARTER_FILE_MAX)
        return err_set(err, ST_LIMIT, "%s: %zu bytes; a charter has at most %d", name, yaml.n,
                       CHARTER_FILE_MAX);
    enum status st = yaml_parse(yaml, name, a, &source.root, err);
    if (st == ST_OK)
        st = check_root(&l, source.root);
    if (st != ST_OK)
        return st;
    source.sections.v = arena_array(a, section_id_enum.n, sizeof *source.sections.v);
    if (source.sections.v == NULL)
        return too_large(&l);
    /* Absent sections that have a meaning when empty. */
    static const struct yaml_node empty_map = {.type = YAML_MAPPING, .line = 1, .column = 1};
    static const struct yaml_node empty_list = {.type = YAML_SEQUENCE, .line = 1, .column = 1};
    for (size_t i = 0; st == ST_OK && i < section_id_enum.n; i++) {
        uint32_t number = section_id_enum.values[i].number;
        struct section *s = &source.sections.v[source.sections.n];
        const struct yaml_node *node = yaml_get(source.root, span_str(section_id_enum.values[i].text));
        if (node == NULL && number == SECTION_CLOCK)
            node = &empty_map;
        if (node == NULL && number == SECTION_CORE)
            node = &empty_list;
        if (number == SECTION_ALLIANCE)
            st = load_alliance(&l, source.root, founding, s);
        else if (node != NULL)
            st = load_section(&l, charter_section_desc(number), node, s);
        else if (charter_section_required(number))
            st = err_set(err, ST_FORMAT, "%s: section '%s' is missing: %s", name,
                         section_id_enum.values[i].text, charter_section_desc(number)->doc);
        if (st == ST_OK && s->number != 0)
            source.sections.n++;
    }
    if (st == ST_OK)
        *ret_source = source;
    return st;
}

enum status charter_load_section(struct span yaml, const char *name, uint64_t number,
                                 const struct charter_files *files, struct arena *a,
                                 struct section *ret_section, struct err *err)
{
    struct load l = {.name = name, .files = files, .arena = a, .err = err};
    const struct record_desc *rec = charter_section_desc(number);
    const struct yaml_node *root;
    if (rec == NULL || number == SECTION_ALLIANCE)
        return err_set(err, ST_NOTFOUND, "%s: no section has the number %" PRIu64, name, number);
    if (yaml.n > CHARTER_FILE_MAX)
        return err_set(err, ST_LIMIT, "%s: %zu bytes; a charter has at most %d", name, yaml.n,
                       CHARTER_FILE_MAX);
    enum status st = yaml_parse(yaml, name, a, &root, err);
    if (st == ST_OK)
        st = check_root(&l, root);
    if (st != ST_OK)
        return st;
    const char *key = enum_text(&section_id_enum, (uint32_t)number);
    const struct yaml_node *node = yaml_get(root, span_str(key));
    if (node == NULL)
        return err_set(err, ST_NOTFOUND, "%s: it has no section '%s'", name, key);
    return load_section(&l, rec, node, ret_section);
}

enum status charter_load_node(const struct yaml_node *node, const char *name, uint64_t number,
                              const struct charter_files *files, struct arena *a, struct section *ret_section,
                              struct err *err)
{
    struct load l = {.name = name, .files = files, .arena = a, .err = err};
    const struct record_desc *rec = charter_section_desc(number);
    if (rec == NULL || number == SECTION_ALLIANCE)
        return err_set(err, ST_NOTFOUND, "%s: no section has the number %" PRIu64, name, number);
    return load_section(&l, rec, node, ret_section);
}

void charter_locate(const struct yaml_node *root, const char *path, int *ret_line, int *ret_column)
{
    const struct yaml_node *n = root;
    while (n != NULL && *path != 0) {
        size_t len = strcspn(path, ".");
        const struct yaml_node *v = yaml_get(n, span_of(path, len));
        if (v == NULL)
            break;
        n = v;
        path += len;
        if (*path == '.')
            path++;
    }
    if (n != NULL && n->key != NULL)
        n = n->key;
    *ret_line = n == NULL ? 1 : n->line;
    *ret_column = n == NULL ? 1 : n->column;
}
