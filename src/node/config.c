#include <stdarg.h>
#include "charter/yaml.h"
#include "codec/codec.h"
#include "node/config.h"

enum { CONFIG_MAX = 65536, NOTIFY_MAX = 1000 };

void config_write(struct span partner, const char *listen, struct buf *b)
{
    buf_printf(b,
               "# Settings of this node. The alliance's own rules are in its charter, not here.\n"
               "\n"
               "# The organisation that this node belongs to, as the charter names it.\n"
               "partner: %.*s\n"
               "\n"
               "# Where other nodes reach this one: host:port, or none if it only dials out (behind NAT).\n"
               "listen: %s\n"
               "\n"
               "# The local socket for `entente`; at most 100 bytes. Relative to this directory.\n"
               "socket: node.sock\n"
               "\n"
               "# May the group of this directory's files ask this node too (yes, no)? Reading needs no seat.\n"
               "socket-group: no\n"
               "\n"
               "# How far the store may grow, in GiB. It is address space, not disk.\n"
               "map-size: 64\n"
               "\n"
               "# Free space, in MiB, below which this node stops voting, so that nothing is lost on a full disk.\n"
               "low-water: 256\n"
               "\n"
               "# Run when a seat of this organisation owes something, with one JSON object on standard input: when it is new, at\n"
               "# half-time, and 24 h before the deadline. See docs/operations.md, Reminders.\n"
               "#notify: /usr/local/lib/entente/notify-sendmail people.txt\n"
               "\n"
               "# How large a document may be that this node keeps, in MiB (at most 256), and all of them together, in GiB.\n"
               "document-max: 64\n"
               "documents-max: 16\n"
               "\n"
               "# What is logged: debug, info, warn or error.\n"
               "log: info\n"
               "\n"
               "# Addresses of other nodes where they differ from their cards.\n"
               "#peers:\n"
               "#  brand: 192.0.2.7:7400\n",
               SPAN_FMT(partner), listen == NULL ? "none" : listen);
}

struct reader {
    const char *path;
    struct arena *a;
    struct err *err;
};

__attribute__((format(printf, 3, 4))) static enum status complain(const struct reader *r, const struct yaml_node *n,
                                                                  const char *fmt, ...);

static enum status complain(const struct reader *r, const struct yaml_node *n, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(r->err, ST_FORMAT, "%s:%d:%d: %s", r->path, n->line, n->column, text);
}

static enum status number(const struct reader *r, const struct yaml_node *n, const char *unit, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    bool ok = n->type == YAML_SCALAR && n->text.n > 0 && n->text.n < 10;
    for (size_t i = 0; ok && i < n->text.n; i++) {
        ok = n->text.p[i] >= '0' && n->text.p[i] <= '9';
        v = v * 10 + (uint64_t)(n->text.p[i] - '0');
    }
    if (!ok || v == 0 || v > max)
        return complain(r, n, "'%.*s' is not what was expected: a whole number of %s from 1 to %" PRIu64, SPAN_FMT(n->text), unit, max);
    *ret = v;
    return ST_OK;
}

static enum status log_level(const struct reader *r, const struct yaml_node *n, enum log_level *ret)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (span_eqs(n->text, names[i])) {
            *ret = (enum log_level)i;
            return ST_OK;
        }
    return complain(r, n, "'%.*s' is no log level; expected debug, info, warn or error", SPAN_FMT(n->text));
}

static enum status peers(const struct reader *r, const struct yaml_node *n, struct config *c)
{
    if (n->type != YAML_MAPPING)
        return complain(r, n, "peers: %s; expected a mapping of organisation to host:port", yaml_type_text(n));
    c->peers = arena_array(r->a, n->n + 1, sizeof *c->peers);
    ASSERT(c->peers != NULL);
    for (const struct yaml_node *v = n->first; v != NULL; v = v->next) {
        if (v->type != YAML_SCALAR || memchr(v->text.p, ':', v->text.n) == NULL)
            return complain(r, v, "peers.%.*s: expected host:port", SPAN_FMT(v->key->text));
        c->peers[c->n_peers++] = (struct config_peer){v->key->text, v->text};
    }
    return ST_OK;
}

static const char *text_of(const struct reader *r, const struct yaml_node *n)
{
    return (const char *)arena_dup(r->a, n->text).p;
}

static enum status one_key(const struct reader *r, const char *dir, const struct yaml_node *v, struct config *c)
{
    struct span key = v->key->text;
    uint64_t x = 0;
    enum status st = ST_OK;
    if (!span_eqs(key, "peers") && v->type != YAML_SCALAR)
        return complain(r, v, "%.*s: %s; expected a text", SPAN_FMT(key), yaml_type_text(v));
    if (span_eqs(key, "partner")) {
        if (!text_is_id(v->text))
            return complain(r, v, "partner: '%.*s' is no organisation's id; expected letters a-z, digits and -", SPAN_FMT(v->text));
        c->partner = arena_dup(r->a, v->text);
    } else if (span_eqs(key, "listen")) {
        c->listen = span_eqs(v->text, "none") ? NULL : text_of(r, v);
        if (c->listen != NULL && strchr(c->listen, ':') == NULL)
            return complain(r, v, "listen: '%s'; expected host:port, or none", c->listen);
    } else if (span_eqs(key, "socket")) {
        const char *s = text_of(r, v);
        c->socket = s[0] == '/' ? s : file_join(r->a, dir, s);
    } else if (span_eqs(key, "socket-group")) {
        c->socket_group = span_eqs(v->text, "yes");
        if (!c->socket_group && !span_eqs(v->text, "no"))
            return complain(r, v, "socket-group: '%.*s'; expected yes or no", SPAN_FMT(v->text));
    } else if (span_eqs(key, "map-size")) {
        st = number(r, v, "GiB", 65536, &x);
        c->map_bytes = x << 30;
    } else if (span_eqs(key, "low-water")) {
        st = number(r, v, "MiB", 1 << 20, &x);
        c->low_water_bytes = x << 20;
    } else if (span_eqs(key, "notify")) {
        c->notify = text_of(r, v);
        if (v->text.n == 0 || v->text.n > NOTIFY_MAX)
            return complain(r, v, "notify: expected a command for /bin/sh, of 1 to %d bytes", NOTIFY_MAX);
    } else if (span_eqs(key, "document-max")) {
        st = number(r, v, "MiB", LIMIT_DOCUMENT_BYTES >> 20, &x);
        c->document_bytes = x << 20;
    } else if (span_eqs(key, "documents-max")) {
        st = number(r, v, "GiB", 65536, &x);
        c->documents_bytes = x << 30;
    } else if (span_eqs(key, "log")) {
        st = log_level(r, v, &c->log);
    } else if (span_eqs(key, "peers")) {
        st = peers(r, v, c);
    } else {
        st = complain(r, v->key,
                      "%.*s: no such setting; known are partner, listen, socket, socket-group, map-size, low-water, notify, document-max, "
                      "documents-max, log, peers",
                      SPAN_FMT(key));
    }
    return st;
}

enum status config_load(const char *dir, struct arena *a, struct config *ret_config, struct err *err)
{
    const char *path = file_join(a, dir, "node.yaml");
    struct span bytes;
    const struct yaml_node *root;
    enum status st = file_read(path, CONFIG_MAX, a, &bytes, err);
    if (st == ST_NOTFOUND && file_read(file_join(a, dir, "backup.yaml"), CONFIG_MAX, a, &bytes, err) == ST_OK)
        return err_set(err, st, "%s is a backup, not a node's directory. Make one of it with: ententd restore %s DIR", dir, dir);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "%s is no node's directory: it has no node.yaml. Make one with: ententd init DIR --partner ID --listen ADDR",
                       dir);
    if (st == ST_OK)
        st = yaml_parse(bytes, path, a, &root, err);
    if (st != ST_OK)
        return st;
    struct reader r = {path, a, err};
    struct config c = {.socket = file_join(a, dir, "node.sock"),
                       .map_bytes = UINT64_C(64) << 30,
                       .low_water_bytes = UINT64_C(256) << 20,
                       .document_bytes = UINT64_C(64) << 20,
                       .documents_bytes = UINT64_C(16) << 30,
                       .log = LOG_INFO};
    if (root->type != YAML_MAPPING)
        return complain(&r, root, "%s; expected settings, one a line", yaml_type_text(root));
    for (const struct yaml_node *v = root->first; v != NULL; v = v->next) {
        st = one_key(&r, dir, v, &c);
        if (st != ST_OK)
            return st;
    }
    if (c.partner.n == 0)
        return complain(&r, root, "`partner` is missing: the organisation that this node belongs to");
    *ret_config = c;
    return ST_OK;
}
