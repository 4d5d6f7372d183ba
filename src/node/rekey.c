#include "node/rekey.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"

enum { KEYS = 4, NODE_KEY = 3 };

static const char *const names[KEYS] = {"vote.key", "cosign.key", "log.key", "node.key"};

static const char *next_dir(const char *dir, struct arena *a)
{
    return file_join(a, dir, "keys.next");
}

static bool exists(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0;
}

/* One of this module's directories, which holds files alone; also those that a crash left without their name. */
static void remove_dir(const char *path, struct arena *a)
{
    DIR *d = opendir(path);
    if (d == NULL)
        return;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) /* NOLINT(concurrency-mt-unsafe): own stream */
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)unlink(file_join(a, path, e->d_name));
    (void)closedir(d);
    (void)rmdir(path);
}

static enum status fresh_key(const char *path, struct ed25519_key **slot, struct err *err)
{
    struct ed25519_key *key = NULL;
    if (ed25519_new(&rng_system, &key) != ST_OK)
        return err_set(err, ST_NOMEM, "%s: no memory for a key", path);
    enum status st = keyfile_create(path, key, KEYFILE_UNSEALED, span_str(""), &rng_system, err);
    if (st != ST_OK) {
        ed25519_free(key);
        return st;
    }
    ed25519_free(*slot);
    *slot = key;
    return ST_OK;
}

/* Into a directory of its own, which gets its name when it is whole. keys and tls become those that the card names. */
static enum status make_fresh(const char *made, const struct rekey *what, struct span org, struct arena *a, struct nodekeys *keys,
                              struct tlsid **tls, struct err *err)
{
    bool all = !what->vote && !what->tls;
    struct ed25519_key **slot[KEYS] = {&keys->vote, &keys->cosign, &keys->log, &keys->node};
    enum status st = file_make_dir(made, 0700, err);
    for (size_t i = 0; st == ST_OK && i < KEYS; i++)
        if (all || (i == 0 && what->vote))
            st = fresh_key(file_join(a, made, names[i]), slot[i], err);
    if (st == ST_OK && (all || what->tls)) {
        tlsid_free(*tls);
        *tls = NULL;
        st = tlsid_new(org, &rng_system, tls, err);
        if (st == ST_OK)
            st = tlsid_save(*tls, made, err);
    }
    return st == ST_OK ? file_sync_dir(made, err) : st;
}

/* The fresh keys get the name by which they wait. Those that waited, if any, have the other name then, in one step: their card may
 * be on its way. */
static enum status put_to_wait(const char *dir, const char *made, const char *next, struct err *err)
{
    char why[128];
    int rc = exists(next) ? renameat2(AT_FDCWD, made, AT_FDCWD, next, RENAME_EXCHANGE) : rename(made, next);
    if (rc != 0)
        return err_set(err, ST_IO, "%s cannot take the place of %s: %s. Nothing was changed", made, next,
                       strerror_r(errno, why, sizeof why));
    return file_sync_dir(dir, err);
}

/* There is no card of the fresh ones. */
static void put_back(const char *dir, const char *made, const char *next)
{
    struct err none;
    if (exists(made) ? renameat2(AT_FDCWD, made, AT_FDCWD, next, RENAME_EXCHANGE) == 0 : rename(next, made) == 0)
        (void)!file_sync_dir(dir, &none);
}

enum status rekey_make(const char *dir, const struct rekey *what, struct arena *a, struct hash *ret_digest, struct err *err)
{
    struct config cfg;
    struct nodekeys keys CLEANUP(nodekeys_close) = {0};
    struct tlsid *tls = NULL;
    const char *next = next_dir(dir, a), *made = file_join(a, dir, "keys.made");
    enum status st = config_load(dir, a, &cfg, err);
    if (st == ST_OK && exists(next) && !what->again)
        return err_set(err, ST_EXISTS,
                       "%s: fresh keys wait already until they are on the record. Have the registrar put their card there, at a partner's node if this one is not let in; or throw them "
                       "away and make others with --again",
                       next);
    if (st == ST_OK)
        st = nodekeys_open(file_join(a, dir, "keys"), &keys, err);
    if (st == ST_OK)
        st = tlsid_open(dir, cfg.partner, &tls, err);
    if (st == ST_OK) {
        remove_dir(made, a);
        st = make_fresh(made, what, cfg.partner, a, &keys, &tls, err);
    }
    struct setup_card card = {.addresses = what->addresses};
    if (st == ST_OK)
        st = put_to_wait(dir, made, next, err);
    if (st == ST_OK) { /* not before its keys wait: a card may be carried off, and a crash come, at any moment */
        st = setup_sign_card(&cfg, &keys, tls, &card, what->out, a, ret_digest, err);
        if (st != ST_OK)
            put_back(dir, made, next);
    }
    remove_dir(made, a); /* those that waited before; or, for a failure, the fresh ones */
    tlsid_free(tls);
    return st;
}

/* The public key of a file that waits. ST_NOTFOUND: none does. */
static enum status waiting(const char *next, size_t i, struct arena *a, struct hash *ret_pub, struct err *err)
{
    bool sealed;
    const char *path = file_join(a, next, names[i]);
    return exists(path) ? keyfile_public(path, ret_pub, &sealed, err) : ST_NOTFOUND;
}

static bool tls_waits(const char *next, struct arena *a)
{
    return exists(file_join(a, next, "tls.key")) && exists(file_join(a, next, "tls.crt"));
}

/* Which of those that wait are named. */
struct due {
    bool key[KEYS], tls;
    struct hash vote;
};

static enum status look(const char *next, struct span org, const struct node_keys *named, struct arena *a, struct due *ret_due,
                        struct err *err)
{
    const struct hash *wanted[KEYS] = {&named->vote, &named->cosign, &named->log, &named->node};
    struct due d = {.vote = named->vote};
    struct tlsid *tls;
    for (size_t i = 0; i < KEYS; i++) {
        struct hash pub;
        enum status st = waiting(next, i, a, &pub, err);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        d.key[i] = st == ST_OK && hash_eq(&pub, wanted[i]);
    }
    if (tls_waits(next, a)) {
        enum status st = tlsid_open(next, org, &tls, err);
        if (st != ST_OK)
            return st;
        d.tls = span_eq(span_of(tls->cert, tls->cert_n), named->tls);
        tlsid_free(tls);
    }
    *ret_due = d;
    return ST_OK;
}

enum status rekey_due(const char *dir, struct span org, const struct node_keys *named, bool *ret_due, bool *ret_vote,
                      struct hash *ret_key, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct due d = {0};
    const char *next = next_dir(dir, &a);
    enum status st = exists(next) ? look(next, org, named, &a, &d, err) : ST_OK;
    if (st != ST_OK)
        return st;
    *ret_due = d.tls || d.key[0] || d.key[1] || d.key[2] || d.key[3];
    *ret_vote = d.key[0];
    *ret_key = d.vote;
    return ST_OK;
}

/* Its bytes are overwritten on the disk, as far as the disk does what it is told. */
static enum status destroy(const char *path, struct err *err)
{
    struct stat sb;
    uint8_t zeros[4096] = {0};
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return exists(path) ? err_set(err, ST_IO, "%s cannot be opened to destroy the key in it", path) : ST_OK;
    bool ok = fstat(fd, &sb) == 0;
    for (off_t at = 0; ok && at < sb.st_size; at += (off_t)sizeof zeros) {
        size_t n = sb.st_size - at < (off_t)sizeof zeros ? (size_t)(sb.st_size - at) : sizeof zeros;
        ok = pwrite(fd, zeros, n, at) == (ssize_t)n;
    }
    ok = ok && fsync(fd) == 0;
    (void)close(fd);
    return ok ? ST_OK : err_set(err, ST_IO, "%s cannot be overwritten", path);
}

static enum status take_key(const char *dir, const char *next, size_t i, struct arena *a, struct err *err)
{
    const char *keys = file_join(a, dir, "keys"), *to = file_join(a, keys, names[i]), *from = file_join(a, next, names[i]);
    enum status st = i == 0 ? destroy(to, err) : ST_OK;
    if (st == ST_OK && rename(from, to) != 0)
        st = err_set(err, ST_IO, "%s cannot be moved to %s", from, to);
    return st == ST_OK ? file_sync_dir(keys, err) : st;
}

/* Copied before they go, so that the two in place are always to be had as a pair. */
static enum status take_tls(const char *dir, const char *next, struct span org, struct arena *a, struct err *err)
{
    struct tlsid *tls;
    struct buf pem CLEANUP(buf_deinit);
    buf_init(&pem, 8192);
    enum status st = tlsid_open(next, org, &tls, err);
    if (st != ST_OK)
        return st;
    tlsid_put_pem(span_of(tls->cert, tls->cert_n), &pem);
    st = file_write(file_join(a, dir, "tls.key"), span_str(tls->key_pem), 0600, true, err);
    if (st == ST_OK)
        st = file_write(file_join(a, dir, "tls.crt"), buf_span(&pem), 0644, true, err);
    tlsid_free(tls);
    if (st == ST_OK) {
        (void)unlink(file_join(a, next, "tls.crt"));
        (void)unlink(file_join(a, next, "tls.key"));
    }
    return st;
}

/* -- The identity that was in place -- */

static const char *previous_dir(const char *dir, struct arena *a)
{
    return file_join(a, dir, "keys.prev");
}

static enum status copy_file(const char *from, const char *to, unsigned mode, struct arena *a, struct err *err)
{
    struct span bytes;
    enum status st = file_read(from, 1 << 16, a, &bytes, err);
    return st == ST_OK ? file_write(to, bytes, mode, true, err) : st;
}

/* The newest block that was here when it was kept; ST_NOTFOUND: nothing is kept. */
static enum status kept_at(const char *prev, struct arena *a, uint64_t *ret_height, struct err *err)
{
    struct span text;
    enum status st = file_read(file_join(a, prev, "height"), 64, a, &text, err);
    if (st != ST_OK)
        return st;
    uint64_t height = 0;
    for (size_t i = 0; i < text.n && text.p[i] != '\n'; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || height > UINT64_MAX / 10 - 1)
            return err_set(err, ST_FORMAT, "%s/height is no number of a block. Remove %s, if the others know this node's keys", prev, prev);
        height = height * 10 + (uint64_t)(text.p[i] - '0');
    }
    *ret_height = height;
    return ST_OK;
}

static enum status destroy_previous(const char *prev, struct arena *a, struct err *err)
{
    enum status st = destroy(file_join(a, prev, "node.key"), err);
    if (st == ST_OK)
        st = destroy(file_join(a, prev, "tls.key"), err);
    if (st == ST_OK)
        remove_dir(prev, a);
    return st;
}

/* Before anything of it is replaced, and once: of what was kept at this height, a part may be replaced already. */
static enum status keep_previous(const char *dir, uint64_t height, struct arena *a, struct err *err)
{
    const char *prev = previous_dir(dir, a), *made = file_join(a, dir, "keys.kept");
    uint64_t at;
    enum status st = kept_at(prev, a, &at, err);
    if (st == ST_OK && at == height)
        return ST_OK;
    if (st == ST_OK || st == ST_NOTFOUND)
        st = destroy_previous(prev, a, err);
    if (st != ST_OK)
        return st;
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRIu64 "\n", height);
    remove_dir(made, a);
    st = file_make_dir(made, 0700, err);
    if (st == ST_OK)
        st = copy_file(file_join(a, file_join(a, dir, "keys"), "node.key"), file_join(a, made, "node.key"), 0600, a, err);
    if (st == ST_OK)
        st = copy_file(file_join(a, dir, "tls.key"), file_join(a, made, "tls.key"), 0600, a, err);
    if (st == ST_OK)
        st = copy_file(file_join(a, dir, "tls.crt"), file_join(a, made, "tls.crt"), 0644, a, err);
    if (st == ST_OK)
        st = file_write(file_join(a, made, "height"), span_str(text), 0600, true, err);
    if (st == ST_OK && rename(made, prev) != 0)
        st = err_set(err, ST_IO, "%s cannot be renamed to %s", made, prev);
    return st == ST_OK ? file_sync_dir(dir, err) : st;
}

enum status rekey_forget(const char *dir, uint64_t height, bool *ret_kept, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    uint64_t at;
    const char *prev = previous_dir(dir, &a);
    enum status st = kept_at(prev, &a, &at, err);
    if (st != ST_OK && st != ST_NOTFOUND)
        return st;
    bool kept = st == ST_OK && at >= height;
    if (!kept)
        st = destroy_previous(prev, &a, err);
    if (st == ST_OK)
        *ret_kept = kept;
    return st;
}

enum status rekey_take(const char *dir, struct span org, const struct node_keys *named, uint64_t height, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct due d;
    const char *next = next_dir(dir, &a);
    if (!exists(next))
        return ST_OK;
    enum status st = look(next, org, named, &a, &d, err);
    if (st == ST_OK && (d.key[NODE_KEY] || d.tls))
        st = keep_previous(dir, height, &a, err);
    for (size_t i = 0; st == ST_OK && i < KEYS; i++)
        if (d.key[i])
            st = take_key(dir, next, i, &a, err);
    if (st == ST_OK && d.tls)
        st = take_tls(dir, next, org, &a, err);
    if (st == ST_OK && !tls_waits(next, &a)) { /* half of a pair that was taken */
        (void)unlink(file_join(&a, next, "tls.crt"));
        (void)unlink(file_join(&a, next, "tls.key"));
    }
    (void)rmdir(next); /* when nothing is left of it */
    return st == ST_OK ? file_sync_dir(dir, err) : st;
}

static enum status read_identity(const char *keys, const char *tls, struct span org, struct ed25519_key **ret_node,
                                 struct tlsid **ret_tls, struct arena *a, struct err *err)
{
    struct ed25519_key *node;
    enum status st = keyfile_open(file_join(a, keys, "node.key"), span_str(""), &node, err);
    if (st != ST_OK)
        return st;
    st = tlsid_open(tls, org, ret_tls, err);
    if (st != ST_OK)
        ed25519_free(node);
    else
        *ret_node = node;
    return st;
}

enum status rekey_identity(const char *dir, struct span org, enum rekey_identity which, struct ed25519_key **ret_node,
                           struct tlsid **ret_tls, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const char *next = next_dir(dir, &a), *prev = previous_dir(dir, &a), *keys = file_join(&a, dir, "keys"), *tls = dir;
    if (which == REKEY_WAITING) {
        bool has_key = exists(file_join(&a, next, names[NODE_KEY])), has_tls = tls_waits(next, &a);
        if (!has_key && !has_tls)
            return err_set(err, ST_NOTFOUND, "no fresh identity waits in %s", next);
        keys = has_key ? next : keys;
        tls = has_tls ? next : tls;
    } else if (which == REKEY_PREVIOUS) {
        if (!exists(prev))
            return err_set(err, ST_NOTFOUND, "no previous identity is kept in %s", prev);
        keys = tls = prev;
    }
    return read_identity(keys, tls, org, ret_node, ret_tls, &a, err);
}
