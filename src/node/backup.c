#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "charter/yaml.h"
#include "codec/codec.h"
#include "crypto/hash.h"
#include "node/backup.h"
#include "node/config.h"
#include "store/store_lmdb.h"

enum { MANIFEST_MAX = 8192, POLL_MS = 200, ANSWER_MAX = 1 << 20 };

const char *const backup_key_files[] = {"keys/node.key", "keys/cosign.key", "keys/log.key",
                                        "tls.key",       "tls.crt",         NULL};

extern char **environ;

static enum status fail(struct err *err, const char *path, const char *what)
{
    int e = errno;
    char why[128];
    enum status st = e == ENOSPC || e == EDQUOT ? ST_NOSPACE
                     : e == ENOENT              ? ST_NOTFOUND
                     : e == EEXIST              ? ST_EXISTS
                                                : ST_IO;
    return err_set(err, st, "%s: cannot %s: %s", path, what, strerror_r(e, why, sizeof why));
}

/* -- Files -- */

/* Reads from in to its end; writes to out unless that is -1. */
static enum status pump(int in, int out, const char *from, const char *to, struct hash *ret_sum,
                        uint64_t *ret_bytes, struct err *err)
{
    static const size_t block = 1 << 18;
    uint8_t *p = malloc(block);
    struct sha256 h;
    uint64_t total = 0;
    enum status st = ST_OK;
    ASSERT(p != NULL);
    sha256_init(&h);
    while (st == ST_OK) {
        ssize_t n = read(in, p, block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            st = fail(err, from, "read");
        if (n <= 0)
            break;
        sha256_update(&h, span_of(p, (size_t)n));
        total += (uint64_t)n;
        for (ssize_t at = 0; out >= 0 && at < n && st == ST_OK;) {
            ssize_t k = write(out, p + at, (size_t)(n - at));
            if (k < 0 && errno != EINTR)
                st = fail(err, to, "write");
            at += k > 0 ? k : 0;
        }
    }
    free(p);
    if (st == ST_OK && out >= 0 && fsync(out) != 0)
        st = fail(err, to, "sync");
    sha256_final(&h, ret_sum);
    *ret_bytes = total;
    return st;
}

enum status backup_copy_file(const char *from, const char *to, unsigned mode, struct hash *ret_sum,
                             uint64_t *ret_bytes, struct err *err)
{
    struct hash sum;
    uint64_t bytes;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return fail(err, from, "open");
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    enum status st = out < 0 ? fail(err, to, "create") : pump(in, out, from, to, &sum, &bytes, err);
    (void)close(in);
    if (out >= 0 && close(out) != 0 && st == ST_OK)
        st = fail(err, to, "close");
    if (st == ST_OK && ret_sum != NULL)
        *ret_sum = sum;
    if (st == ST_OK && ret_bytes != NULL)
        *ret_bytes = bytes;
    return st;
}

enum status backup_sum_file(const char *path, struct hash *ret_sum, uint64_t *ret_bytes, struct err *err)
{
    int in = open(path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return fail(err, path, "open");
    enum status st = pump(in, -1, path, "", ret_sum, ret_bytes, err);
    (void)close(in);
    return st;
}

void backup_remove(const char *dir)
{
    static const char *const files[] = {"backup.yaml",    "settings.yaml",  "node.yaml",
                                        "store/data.mdb", "store/lock.mdb", "store/store.lock",
                                        "keys/vote.key",  "keys.later"};
    static const char *const dirs[] = {"store", "keys"};
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlink(file_join(&a, dir, files[i]));
    for (size_t i = 0; backup_key_files[i] != NULL; i++)
        (void)unlink(file_join(&a, dir, backup_key_files[i]));
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        (void)rmdir(file_join(&a, dir, dirs[i]));
    (void)rmdir(dir);
}

/* -- The check of the copy, by another process -- */

/* Reads all that comes, until the other end is closed. */
static enum status hear(int fd, bool (*stopping)(void *ctx), void *ctx, struct buf *b, struct err *err)
{
    for (;;) {
        uint8_t part[4096];
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (stopping != NULL && stopping(ctx))
            return err_set(err, ST_CLOSED,
                           "the node stops; the backup was given up and nothing of it is left");
        if (poll(&p, 1, POLL_MS) <= 0)
            continue;
        ssize_t n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ST_OK;
        buf_put(b, part, (size_t)n);
    }
}

/* In the open directory dir. */
static enum status spawn_doctor(int dir, int write_fd, pid_t *ret_pid, struct err *err)
{
    char self[] = "/proc/self/exe", doctor[] = "doctor", store[] = "--store", json[] = "--json",
         name[] = "ententd", here[] = ".";
    char *argv[] = {name, doctor, store, json, here, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addfchdir_np(&actions, dir);
    (void)posix_spawn_file_actions_adddup2(&actions, write_fd, STDOUT_FILENO);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawnattr_setsigmask(&attr, &none); /* a node blocks SIGTERM; its child shall not */
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    int rc = posix_spawn(ret_pid, self, &actions, &attr, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attr);
    errno = rc;
    return rc == 0 ? ST_OK : fail(err, "ententd doctor", "start, to verify the copy");
}

static uint64_t number(const json_t *o, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(o, key));
    return n > 0 ? (uint64_t)n : 0;
}

static bool hash_at(const json_t *o, const char *key, struct hash *ret)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s != NULL && hex_to_hash(span_str(s), ret) == ST_OK;
}

static enum status take_answer(const struct buf *b, struct backup_info *info, struct err *err)
{
    json_error_t e;
    json_t *o = json_loadb((const char *)b->p, b->n, 0, &e);
    enum status st = ST_OK;
    const json_t *first = json_array_get(json_object_get(o, "findings"), 0);
    const char *text = json_string_value(json_object_get(first, "text"));
    if (o == NULL)
        st = err_set(err, ST_IO, "the copy could not be verified: the process that reads it gave no answer");
    else if (!json_is_true(json_object_get(o, "whole")))
        st = err_set(err, ST_CORRUPT,
                     "the copy is not whole, so the store is not, and there is no backup: %.400s. Stop this "
                     "node and run: ententd doctor DIR",
                     text == NULL ? "it cannot be read" : text);
    else if (!hash_at(o, "alliance", &info->alliance) || !hash_at(o, "root", &info->root) ||
             !hash_at(o, "state_root", &info->state_root))
        st = err_set(err, ST_IO,
                     "the copy could not be verified: the answer of the process that reads it has no roots");
    info->height = number(o, "height");
    info->size = number(o, "size");
    info->time_ms = number(o, "time_ms");
    info->records = number(o, "records");
    json_decref(o);
    return st;
}

static enum status verify(int dir, bool (*stopping)(void *ctx), void *ctx, struct backup_info *info,
                          struct err *err)
{
    int fds[2], code = 0;
    pid_t pid = 0;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, ANSWER_MAX);
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fail(err, "ententd doctor", "make a pipe to verify the copy");
    enum status st = spawn_doctor(dir, fds[1], &pid, err);
    (void)close(fds[1]);
    if (st == ST_OK) {
        st = hear(fds[0], stopping, ctx, &b, err);
        if (st != ST_OK)
            (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &code, 0);
    }
    (void)close(fds[0]);
    return st == ST_OK ? take_answer(&b, info, err) : st;
}

/* -- The backup -- */

static enum status copy_keys(const char *dir, const char *out, struct arena *a, struct err *err)
{
    enum status st = file_make_dir(file_join(a, out, "keys"), 0700, err);
    for (size_t i = 0; backup_key_files[i] != NULL && st == ST_OK; i++)
        st = backup_copy_file(file_join(a, dir, backup_key_files[i]), file_join(a, out, backup_key_files[i]),
                              0600, NULL, NULL, err);
    return st;
}

static void manifest(const struct backup_info *i, struct buf *b)
{
    buf_printf(b,
               "# A backup of a node of an entente. Make a directory of it with: ententd restore THIS DIR\n"
               "entente-backup: 1\npartner: %.*s\nalliance: %s\n",
               SPAN_FMT(i->partner), hex_of(&i->alliance).s);
    buf_printf(b, "height: %" PRIu64 "\nsize: %" PRIu64 "\nroot: %s\n", i->height, i->size,
               hex_of(&i->root).s);
    buf_printf(b, "state-root: %s\nblock-time: %s\ntaken: %s\n", hex_of(&i->state_root).s,
               time_utc(i->time_ms).s, time_utc(i->taken_ms).s);
    buf_printf(b, "records: %" PRIu64 "\nbytes: %" PRIu64 "\ndata: %s\nkeys: %s\n", i->records, i->bytes,
               hex_of(&i->data).s, i->keys ? "yes" : "no");
}

/* -- The directory -- */

static bool is_empty(const char *path)
{
    DIR *d = opendir(path);
    bool empty = d != NULL;
    for (const struct dirent *e; empty && (e = readdir(d)) != NULL;) /* NOLINT(concurrency-mt-unsafe): own stream */
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (d != NULL)
        (void)closedir(d);
    return empty;
}

/* Into out, which is the open directory fd. */
static enum status make(struct store *s, const char *dir, const char *out, int fd, bool (*stopping)(void *ctx), void *ctx,
                        struct arena *a, struct backup_info *info, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, MANIFEST_MAX);
    const char *store = file_join(a, out, "store"), *data = file_join(a, out, "store/data.mdb");
    enum status st = file_make_dir(store, 0700, err);
    if (st == ST_OK)
        st = store_lmdb_copy(s, data, err);
    if (st == ST_OK)
        st = backup_copy_file(file_join(a, dir, "node.yaml"), file_join(a, out, "settings.yaml"), 0600, NULL,
                              NULL, err);
    if (st == ST_OK && info->keys)
        st = copy_keys(dir, out, a, err);
    if (st == ST_OK)
        st = verify(fd, stopping, ctx, info, err);
    (void)unlink(file_join(a, store, "lock.mdb")); /* of whoever read it */
    (void)unlink(file_join(a, store, "store.lock"));
    if (st == ST_OK)
        st = backup_sum_file(data, &info->data, &info->bytes, err);
    if (st == ST_OK)
        st = file_sync_dir(store, err);
    if (st != ST_OK)
        return st;
    manifest(info, &b);
    return file_write(file_join(a, out, "backup.yaml"), buf_span(&b), 0600, false, err);
}

/* The directory that was made, by itself and no longer by its name: whoever may write to the one around it can put another at that
 * name. */
struct place {
    const char *name;
    int fd;
    char path[32]; /* to the same, whatever its name is by now */
};

static enum status place_make(const char *out, struct place *ret, struct err *err)
{
    struct stat sb;
    struct place p = {.name = out, .fd = -1};
    if (lstat(out, &sb) == 0)
        return err_set(err, ST_EXISTS,
                       "%s: is there already; a backup goes into a directory that it makes itself", out);
    enum status st = file_make_dir(out, 0700, err);
    if (st != ST_OK)
        return st;
    p.fd = open(out, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (p.fd < 0)
        return fail(err, out, "open");
    (void)snprintf(p.path, sizeof p.path, "/proc/self/fd/%d", p.fd);
    if (fstat(p.fd, &sb) != 0 || sb.st_uid != geteuid() || !is_empty(p.path))
        st = err_set(err, ST_IO, "%s: is not the directory that was made a moment ago; who else may write beside it?", out);
    else if (fchmod(p.fd, 0700) != 0)
        st = fail(err, out, "set its mode to 0700");
    if (st != ST_OK) {
        (void)close(p.fd);
        return st;
    }
    *ret = p;
    return ST_OK;
}

/* It was empty, and is this user's alone: all that is in it was made by this process. */
static void place_remove(const struct place *p)
{
    struct stat ours, named;
    backup_remove(p->path);
    if (fstat(p->fd, &ours) == 0 && lstat(p->name, &named) == 0 && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
        (void)rmdir(p->name);
}

/* A message names the directory as the asker did. */
static void put_name(const struct place *p, struct err *err)
{
    struct err was = *err;
    const char *at = strstr(was.text, p->path);
    if (at != NULL)
        (void)err_set(err, was.st, "%.*s%s%s", (int)(at - was.text), was.text, p->name, at + strlen(p->path));
}

enum status backup_make(struct store *s, const char *dir, struct span partner, const char *out,
                        bool with_keys, bool (*stopping)(void *ctx), void *ctx, struct arena *a,
                        struct backup_info *ret_info, struct err *err)
{
    struct place p;
    struct backup_info info = {
        .partner = arena_dup(a, partner), .keys = with_keys, .taken_ms = clock_wall_ms(&clock_system)};
    enum status st = place_make(out, &p, err);
    if (st != ST_OK)
        return st;
    st = make(s, dir, p.path, p.fd, stopping, ctx, a, &info, err);
    if (st != ST_OK) {
        place_remove(&p);
        put_name(&p, err);
    }
    (void)close(p.fd);
    if (st == ST_OK)
        *ret_info = info;
    return st;
}

enum status backup_stopped(const char *dir, const char *out, bool with_keys, struct arena *a,
                           struct backup_info *ret_info, struct err *err)
{
    struct config cfg;
    struct store *s;
    struct stat sb;
    const char *store_dir = file_join(a, dir, "store");
    enum status st = config_load(dir, a, &cfg, err);
    if (st == ST_OK && stat(file_join(a, store_dir, "data.mdb"), &sb) != 0)
        st = err_set(err, ST_NOTFOUND, "%s: holds no store yet; there is nothing to back up", dir);
    if (st == ST_OK)
        st = store_lmdb_open(store_dir, cfg.map_bytes, 0, &s, err);
    if (st == ST_LOCKED)
        return err_wrap(err, st, "the node runs; ask it: entente node backup OUT --node %s. ", dir);
    if (st != ST_OK)
        return st;
    st = backup_make(s, dir, cfg.partner, out, with_keys, NULL, NULL, a, ret_info, err);
    store_close(s);
    return st;
}

/* -- Reading one -- */

static const char *text_of(const struct yaml_node *root, const char *key, struct arena *a)
{
    for (const struct yaml_node *v = root->first; v != NULL; v = v->next)
        if (span_eqs(v->key->text, key) && v->type == YAML_SCALAR)
            return (const char *)arena_dup(a, v->text).p;
    return "";
}

static uint64_t number_of(const struct yaml_node *root, const char *key, struct arena *a)
{
    return strtoull(text_of(root, key, a), NULL, 10);
}

enum status backup_read(const char *backup, struct arena *a, struct backup_info *ret_info, struct err *err)
{
    struct span bytes;
    const struct yaml_node *root;
    const char *path = file_join(a, backup, "backup.yaml");
    enum status st = file_read(path, MANIFEST_MAX, a, &bytes, err);
    if (st == ST_NOTFOUND)
        return err_set(
            err, st,
            "%s: is no backup: it has no backup.yaml. Make one with: entente node backup OUT --node DIR",
            backup);
    if (st == ST_OK)
        st = yaml_parse(bytes, path, a, &root, err);
    if (st != ST_OK)
        return st;
    struct backup_info i = {0};
    if (root->type != YAML_MAPPING || strcmp(text_of(root, "entente-backup", a), "1") != 0)
        return err_set(err, ST_FORMAT, "%s: is not a backup of a kind that is known here (entente-backup: 1)",
                       path);
    i.partner = span_str(text_of(root, "partner", a));
    i.height = number_of(root, "height", a);
    i.size = number_of(root, "size", a);
    i.bytes = number_of(root, "bytes", a);
    i.records = number_of(root, "records", a);
    i.keys = strcmp(text_of(root, "keys", a), "yes") == 0;
    if (hex_to_hash(span_str(text_of(root, "alliance", a)), &i.alliance) != ST_OK ||
        hex_to_hash(span_str(text_of(root, "root", a)), &i.root) != ST_OK ||
        hex_to_hash(span_str(text_of(root, "state-root", a)), &i.state_root) != ST_OK ||
        hex_to_hash(span_str(text_of(root, "data", a)), &i.data) != ST_OK ||
        time_parse(span_str(text_of(root, "block-time", a)), &i.time_ms) != ST_OK ||
        time_parse(span_str(text_of(root, "taken", a)), &i.taken_ms) != ST_OK || !text_is_id(i.partner))
        return err_set(
            err, ST_FORMAT,
            "%s: damaged: alliance, root, state-root, data, block-time, taken or partner cannot be read",
            path);
    *ret_info = i;
    return ST_OK;
}
