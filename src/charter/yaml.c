#include <libfyaml.h>

#include "charter/yaml.h"
#include "codec/text.h"

struct parse {
    const char *name;
    struct arena *arena;
    struct err *err;
    struct yaml_node *stack[YAML_DEPTH_MAX];     /* open sequences and mappings */
    struct yaml_node *last[YAML_DEPTH_MAX];      /* last member of each */
    const struct yaml_node *key[YAML_DEPTH_MAX]; /* key that waits for its value */
    size_t depth;
    size_t nodes;
    struct yaml_node *root;
    struct err syntax; /* what libfyaml said */
};

/* libfyaml prints "LINE:COLUMN: error: ..." and the source line below; the first line is enough. */
static void take_message(struct fy_diag *diag, void *user, const char *buf, size_t len)
{
    (void)diag;
    struct parse *p = user;
    if (p->syntax.st != ST_OK)
        return;
    size_t n = 0;
    while (n < len && buf[n] != '\n')
        n++;
    while (n > 0 && *buf == ' ') {
        buf++;
        n--;
    }
    const char *end =
        n > 0 && *buf == '<' ? memchr(buf, '>', n) : NULL; /* its name for the input: a memory address */
    if (end != NULL && end + 1 < buf + n && end[1] == ':') {
        n -= (size_t)(end + 2 - buf);
        buf = end + 2;
    }
    (void)err_set(&p->syntax, ST_FORMAT, "%.*s", (int)(n > 400 ? 400 : n), buf);
}

static enum status refuse(const struct parse *p, struct fy_event *e, enum status st, const char *what)
{
    const struct fy_mark *m = fy_event_start_mark(e);
    return err_set(p->err, st, "%s:%d:%d: %s", p->name, m == NULL ? 1 : m->line + 1,
                   m == NULL ? 1 : m->column + 1, what);
}

static enum status check_decoration(const struct parse *p, struct fy_event *e, const struct fy_token *anchor,
                                    const struct fy_token *tag)
{
    if (anchor != NULL)
        return refuse(p, e, ST_FORMAT, "anchors (&name) are not allowed; write the value out");
    if (tag != NULL)
        return refuse(p, e, ST_FORMAT,
                      "tags (!name) are not allowed; every value is text, typed by its place");
    return ST_OK;
}

static enum status new_node(struct parse *p, struct fy_event *e, enum yaml_type type,
                            struct yaml_node **ret_node)
{
    const struct fy_mark *m = fy_event_start_mark(e);
    if (++p->nodes > YAML_NODES_MAX)
        return refuse(p, e, ST_LIMIT, "more values than a file may have");
    struct yaml_node *n = arena_alloc(p->arena, sizeof *n);
    if (n == NULL)
        return refuse(p, e, ST_LIMIT, "the file is too large");
    n->type = type;
    n->line = m == NULL ? 1 : m->line + 1;
    n->column = m == NULL ? 1 : m->column + 1;
    *ret_node = n;
    return ST_OK;
}

static enum status take_key(struct parse *p, struct fy_event *e, const struct yaml_node *key)
{
    struct yaml_node *map = p->stack[p->depth - 1];
    if (key->type != YAML_SCALAR)
        return refuse(p, e, ST_FORMAT, "a key must be text");
    if (span_eqs(key->text, "<<"))
        return refuse(p, e, ST_FORMAT, "merge keys (<<) are not allowed; write the values out");
    const struct yaml_node *twice = yaml_get(map, key->text);
    if (twice != NULL)
        return err_set(p->err, ST_FORMAT, "%s:%d:%d: the key '%.*s' is there already, at line %d", p->name,
                       key->line, key->column, SPAN_FMT(key->text), twice->key->line);
    p->key[p->depth - 1] = key;
    return ST_OK;
}

/* Hangs a finished or just opened node into the tree. */
static enum status place(struct parse *p, struct fy_event *e, struct yaml_node *n)
{
    if (p->depth == 0) {
        p->root = n;
        return ST_OK;
    }
    size_t top = p->depth - 1;
    struct yaml_node *parent = p->stack[top];
    if (parent->type == YAML_MAPPING && p->key[top] == NULL)
        return take_key(p, e, n);
    n->key = p->key[top];
    p->key[top] = NULL;
    if (p->last[top] == NULL)
        parent->first = n;
    else
        p->last[top]->next = n;
    p->last[top] = n;
    parent->n++;
    return ST_OK;
}

static enum status open_node(struct parse *p, struct fy_event *e, enum yaml_type type)
{
    struct yaml_node *n;
    enum status st = new_node(p, e, type, &n);
    if (st != ST_OK)
        return st;
    if (p->depth == YAML_DEPTH_MAX)
        return refuse(p, e, ST_LIMIT, "nested deeper than 16");
    st = place(p, e, n);
    if (st != ST_OK)
        return st;
    p->stack[p->depth] = n;
    p->last[p->depth] = NULL;
    p->key[p->depth] = NULL;
    p->depth++;
    return ST_OK;
}

static enum status take_scalar(struct parse *p, struct fy_event *e)
{
    enum status st = check_decoration(p, e, e->scalar.anchor, e->scalar.tag);
    struct yaml_node *n;
    if (st == ST_OK)
        st = new_node(p, e, YAML_SCALAR, &n);
    if (st != ST_OK)
        return st;
    size_t len = 0;
    const char *text = e->scalar.value == NULL ? NULL : fy_token_get_text(e->scalar.value, &len);
    n->text = arena_dup(p->arena, span_of(text == NULL ? "" : text, text == NULL ? 0 : len));
    if (n->text.p == NULL)
        return refuse(p, e, ST_LIMIT, "the file is too large");
    return place(p, e, n);
}

static enum status take_event(struct parse *p, struct fy_event *e)
{
    enum status st;
    switch (e->type) {
    case FYET_ALIAS:
        return refuse(
            p, e, ST_FORMAT,
            "aliases (*name) are not allowed; write the value out, or quote a text that starts with *");
    case FYET_SCALAR:
        return take_scalar(p, e);
    case FYET_SEQUENCE_START:
        st = check_decoration(p, e, e->sequence_start.anchor, e->sequence_start.tag);
        return st != ST_OK ? st : open_node(p, e, YAML_SEQUENCE);
    case FYET_MAPPING_START:
        st = check_decoration(p, e, e->mapping_start.anchor, e->mapping_start.tag);
        return st != ST_OK ? st : open_node(p, e, YAML_MAPPING);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        p->depth--;
        return ST_OK;
    case FYET_DOCUMENT_START:
        if (p->root != NULL)
            return refuse(p, e, ST_FORMAT, "a second document; the file holds one");
        return ST_OK;
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
        return ST_OK;
    }
    return ST_OK;
}

static enum status run(struct parse *p, struct fy_parser *fyp)
{
    enum status st = ST_OK;
    struct fy_event *e;
    while (st == ST_OK && (e = fy_parser_parse(fyp)) != NULL) {
        st = take_event(p, e);
        fy_parser_event_free(fyp, e);
    }
    if (st != ST_OK)
        return st;
    if (p->syntax.st != ST_OK)
        return err_set(p->err, ST_FORMAT, "%s:%s", p->name, p->syntax.text);
    if (fy_parser_get_stream_error(fyp))
        return err_set(p->err, ST_FORMAT, "%s:1:1: this is not YAML", p->name);
    if (p->root == NULL)
        return err_set(p->err, ST_FORMAT, "%s:1:1: the file is empty", p->name);
    return ST_OK;
}

/* Before libfyaml sees it: on a directive that is not UTF-8 it does not come back. */
static enum status check_text(struct span bytes, const char *name, struct err *err)
{
    size_t valid = text_utf8_prefix(bytes);
    int line = 1, column = 1;
    if (bytes.n > 0 && memchr(bytes.p, 0, bytes.n) != NULL)
        return err_set(err, ST_FORMAT, "%s:1:1: the file holds a NUL byte; this is not a text file", name);
    if (valid == bytes.n)
        return ST_OK;
    for (size_t i = 0; i < valid; i++) {
        bool starts = (bytes.p[i] & 0xC0) != 0x80; /* of a character */
        column = bytes.p[i] == '\n' ? 1 : column + starts;
        line += bytes.p[i] == '\n';
    }
    return err_set(err, ST_FORMAT, "%s:%d:%d: not UTF-8 text: byte 0x%02x; save the file as UTF-8", name,
                   line, column, bytes.p[valid]);
}

enum status yaml_parse(struct span bytes, const char *name, struct arena *a,
                       const struct yaml_node **ret_root, struct err *err)
{
    struct parse p = {.name = name, .arena = a, .err = err};
    enum status text = check_text(bytes, name, err);
    if (text != ST_OK)
        return text;
    struct fy_diag_cfg dcfg;
    fy_diag_cfg_default(&dcfg);
    dcfg.fp = NULL;
    dcfg.output_fn = take_message;
    dcfg.user = &p;
    dcfg.level = FYET_ERROR;
    dcfg.colorize = false;
    dcfg.show_source = false;
    dcfg.show_position = false;
    dcfg.show_type = false;
    dcfg.show_module = false;
    struct fy_diag *diag = fy_diag_create(&dcfg);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                                        FYPCF_ALLOW_DUPLICATE_KEYS,
                               .diag = diag};
    struct fy_parser *fyp = diag == NULL ? NULL : fy_parser_create(&cfg);
    enum status st;
    if (fyp == NULL || fy_parser_set_string(fyp, bytes.n == 0 ? "" : (const char *)bytes.p, bytes.n) != 0)
        st = err_set(err, ST_NOMEM, "%s: %s", name, status_text(ST_NOMEM));
    else
        st = run(&p, fyp);
    fy_parser_destroy(fyp);
    fy_diag_destroy(diag);
    if (st == ST_OK)
        *ret_root = p.root;
    return st;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, struct span key)
{
    if (mapping == NULL || mapping->type != YAML_MAPPING)
        return NULL;
    for (const struct yaml_node *v = mapping->first; v != NULL; v = v->next)
        if (span_eq(v->key->text, key))
            return v;
    return NULL;
}

const char *yaml_type_text(const struct yaml_node *n)
{
    return n->type == YAML_SCALAR ? "text" : n->type == YAML_SEQUENCE ? "a list" : "a mapping";
}
