#include <errno.h>
#include <sys/stat.h>
#include "charter/yaml.h"
#include "cli/settings.h"

enum { SETTINGS_MAX = 65536 };

static const char *environment(const char *name)
{
    const char *v = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
    return v != NULL && v[0] != 0 ? v : NULL;
}

const char *settings_path(struct arena *a, bool state, const char *name)
{
    const char *base = environment(state ? "XDG_STATE_HOME" : "XDG_CONFIG_HOME"), *home = environment("HOME");
    if (base == NULL && home == NULL)
        return NULL;
    if (base == NULL)
        base = file_join(a, home, state ? ".local/state" : ".config");
    return file_join(a, file_join(a, base, "entente"), name);
}

enum status settings_make_parents(const char *path, struct err *err)
{
    char part[1024];
    size_t n = strlen(path);
    if (n >= sizeof part)
        return err_set(err, ST_LIMIT, "%s: the path is too long", path);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i < n; i++) {
        if (part[i] != '/')
            continue;
        part[i] = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return err_set(err, ST_IO, "%s: the directory cannot be made", part);
        part[i] = '/';
    }
    return ST_OK;
}

static enum status read_key(struct arena *a, const char *path, const struct yaml_node *n, struct settings *s,
                            struct err *err)
{
    if (n->type != YAML_SCALAR)
        return err_set(err, ST_FORMAT, "%s:%d:%d: %.*s: expected one value", path, n->line, n->column,
                       SPAN_FMT(n->key->text));
    const char *value = (const char *)arena_dup(a, n->text).p;
    struct span key = n->key->text;
    if (span_eqs(key, "node"))
        s->node = value;
    else if (span_eqs(key, "seat"))
        s->seat = value;
    else if (span_eqs(key, "key"))
        s->key = value;
    else if (!span_eqs(key, "alliance"))
        return err_set(err, ST_FORMAT, "%s:%d:%d: %.*s: unknown key; expected node, seat, key or alliance",
                       path, n->key->line, n->key->column, SPAN_FMT(key));
    else if (hex_to_hash(n->text, &s->alliance) != ST_OK)
        return err_set(err, ST_FORMAT, "%s:%d:%d: alliance: expected the 64 hex digits of an alliance id",
                       path, n->line, n->column);
    else
        s->pinned = true;
    return ST_OK;
}

enum status settings_load(struct arena *a, struct settings *ret_settings, struct err *err)
{
    struct settings s = {.node = NULL};
    struct span bytes;
    const struct yaml_node *root;
    const char *path = settings_path(a, false, "config");
    enum status st = path == NULL ? ST_NOTFOUND : file_read(path, SETTINGS_MAX, a, &bytes, err);
    if (st == ST_NOTFOUND) {
        *ret_settings = s;
        return ST_OK;
    }
    if (st == ST_OK)
        st = yaml_parse(bytes, path, a, &root, err);
    if (st == ST_OK && root->type != YAML_MAPPING)
        st = err_set(err, ST_FORMAT, "%s:1:1: expected keys and values, such as node: /srv/entente", path);
    for (const struct yaml_node *n = st == ST_OK ? root->first : NULL; st == ST_OK && n != NULL; n = n->next)
        st = read_key(a, path, n, &s, err);
    if (st == ST_OK)
        *ret_settings = s;
    return st;
}
