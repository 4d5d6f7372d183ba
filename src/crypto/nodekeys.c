#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"
#include "crypto/nodekeys.h"

enum { KEYS = 4 };

static const char *const names[KEYS] = {"vote.key", "cosign.key", "log.key", "node.key"};

static enum status create_one(const char *path, const struct rng *rng, struct err *err)
{
    struct ed25519_key *key = NULL;
    if (ed25519_new(rng, &key) != ST_OK)
        return err_set(err, ST_NOMEM, "%s: no memory for a key", path);
    enum status st = keyfile_create(path, key, KEYFILE_UNSEALED, span_str(""), rng, err);
    ed25519_free(key);
    return st;
}

enum status nodekeys_create(const char *dir, const struct rng *rng, struct err *err)
{
    enum status st = file_make_dir(dir, 0700, err);
    if (st != ST_OK)
        return st;
    if (chmod(dir, 0700) != 0) /* an empty one that was there */
        return err_set(err, ST_IO, "%s: cannot set its mode to 0700", dir);
    struct arena a;
    arena_init(&a, 0);
    for (size_t i = 0; i < KEYS && st == ST_OK; i++) {
        st = create_one(file_join(&a, dir, names[i]), rng, err);
        for (size_t done = i; st != ST_OK && done > 0; done--)
            (void)unlink(file_join(&a, dir, names[done - 1]));
    }
    arena_deinit(&a);
    return st;
}

static enum status check_dir(const char *dir, struct err *err)
{
    struct stat sb;
    if (stat(dir, &sb) != 0 || !S_ISDIR(sb.st_mode))
        return err_set(err, ST_NOTFOUND, "%s: no such directory; ententd init makes a node's keys", dir);
    if ((sb.st_mode & 077) != 0)
        return err_set(err, ST_BADKEY, "%s: mode %04o lets others at the node's keys; run: chmod 700 %s", dir,
                       (unsigned)(sb.st_mode & 07777), dir);
    return ST_OK;
}

enum status nodekeys_open(const char *dir, struct nodekeys *ret_keys, struct err *err)
{
    struct nodekeys keys = {0};
    struct ed25519_key **slot[KEYS] = {&keys.vote, &keys.cosign, &keys.log, &keys.node};
    struct arena a;
    arena_init(&a, 0);
    enum status st = check_dir(dir, err);
    for (size_t i = 0; i < KEYS && st == ST_OK; i++) {
        st = keyfile_open(file_join(&a, dir, names[i]), span_str(""), slot[i], err);
        for (size_t j = 0; j < i && st == ST_OK; j++)
            if (hash_eq(&(*slot[i])->pub, &(*slot[j])->pub)) /* GEN-1 */
                st = err_set(err, ST_MISMATCH, "%s: %s and %s hold the same key; each needs its own", dir,
                             names[j], names[i]);
    }
    arena_deinit(&a);
    if (st == ST_OK)
        *ret_keys = keys;
    else
        nodekeys_close(&keys);
    return st;
}

void nodekeys_close(struct nodekeys *keys)
{
    if (keys == NULL)
        return;
    ed25519_free(keys->vote);
    ed25519_free(keys->cosign);
    ed25519_free(keys->log);
    ed25519_free(keys->node);
    *keys = (struct nodekeys){0};
}
