#include "node/rekey.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"

enum { KEYS = 4 };

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

static void remove_dir(const char *path, struct arena *a)
{
    static const char *const files[] = {"vote.key", "cosign.key", "log.key", "node.key", "tls.key", "tls.crt"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        (void)unlink(file_join(a, path, files[i]));
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

enum status rekey_make(const char *dir, const struct rekey *what, struct arena *a, struct hash *ret_digest, struct err *err)
{
    struct config cfg;
    struct nodekeys keys CLEANUP(nodekeys_close) = {0};
    struct tlsid *tls = NULL;
    const char *next = next_dir(dir, a), *made = file_join(a, dir, "keys.made");
    enum status st = config_load(dir, a, &cfg, err);
    if (st == ST_OK && exists(next) && !what->again)
        return err_set(err, ST_EXISTS,
                       "%s: fresh keys wait already until they are on the record. Have the registrar put their card there; or throw them "
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
        st = setup_sign_card(&cfg, &keys, tls, &card, what->out, a, ret_digest, err);
    if (st == ST_OK) {
        remove_dir(next, a);
        if (rename(made, next) != 0)
            st = err_set(err, ST_IO, "%s cannot be renamed to %s", made, next);
    }
    if (st == ST_OK)
        st = file_sync_dir(dir, err);
    if (st != ST_OK)
        remove_dir(made, a);
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

enum status rekey_take(const char *dir, struct span org, const struct node_keys *named, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct due d;
    const char *next = next_dir(dir, &a);
    if (!exists(next))
        return ST_OK;
    enum status st = look(next, org, named, &a, &d, err);
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

enum status rekey_next_identity(const char *dir, struct span org, struct ed25519_key **ret_node, struct tlsid **ret_tls,
                                struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const char *next = next_dir(dir, &a), *key = file_join(&a, next, "node.key");
    bool has_key = exists(key), has_tls = tls_waits(next, &a);
    struct ed25519_key *node;
    if (!has_key && !has_tls)
        return err_set(err, ST_NOTFOUND, "no fresh identity waits in %s", next);
    if (!has_key)
        key = file_join(&a, file_join(&a, dir, "keys"), "node.key");
    enum status st = keyfile_open(key, span_str(""), &node, err);
    if (st != ST_OK)
        return st;
    st = tlsid_open(has_tls ? next : dir, org, ret_tls, err);
    if (st != ST_OK)
        ed25519_free(node);
    else
        *ret_node = node;
    return st;
}
