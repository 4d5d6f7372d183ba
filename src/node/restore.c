/* A node's directory out of a backup. */
#include <sys/stat.h>
#include "crypto/ed25519.h"
#include "crypto/keyfile.h"
#include "crypto/nodekeys.h"
#include "crypto/tlsid.h"
#include "ledger/block.h"
#include "merkle/frontier.h"
#include "node/backup.h"
#include "recovery/marks.h"
#include "store/store_lmdb.h"

static enum status fresh_vote_key(const char *dir, struct arena *a, struct err *err)
{
    struct ed25519_key *key = NULL;
    if (ed25519_new(&rng_system, &key) != ST_OK)
        return err_set(err, ST_NOMEM, "%s: no memory for a key", dir);
    enum status st = keyfile_create(file_join(a, dir, "keys/vote.key"), key, KEYFILE_UNSEALED, span_str(""),
                                    &rng_system, err);
    ed25519_free(key);
    return st;
}

static enum status copied_keys(const char *backup, const char *dir, struct arena *a, struct err *err)
{
    enum status st = file_make_dir(file_join(a, dir, "keys"), 0700, err);
    for (size_t i = 0; backup_key_files[i] != NULL && st == ST_OK; i++) {
        unsigned mode = strcmp(backup_key_files[i], "tls.crt") == 0 ? 0644 : 0600;
        st = backup_copy_file(file_join(a, backup, backup_key_files[i]),
                              file_join(a, dir, backup_key_files[i]), mode, NULL, NULL, err);
    }
    return st == ST_OK ? fresh_vote_key(dir, a, err) : st;
}

static enum status fresh_keys(const char *dir, struct span partner, struct arena *a, struct err *err)
{
    struct tlsid *tls = NULL;
    enum status st = nodekeys_create(file_join(a, dir, "keys"), &rng_system, err);
    if (st == ST_OK)
        st = tlsid_new(partner, &rng_system, &tls, err);
    if (st == ST_OK)
        st = tlsid_save(tls, dir, err);
    tlsid_free(tls);
    return st;
}

/* The store says what the backup's own description does. */
static enum status check_tip(struct store *s, const char *backup, const struct backup_info *info,
                             struct err *err)
{
    struct view v;
    struct tip tip;
    struct hash root;
    enum status st = store_read_begin(s, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    store_read_end(s, &v);
    if (st != ST_OK)
        return err_wrap(err, st == ST_NOTFOUND ? ST_CORRUPT : st, "%s: ", backup);
    frontier_root(&tip.tree, &root);
    if (tip.height == info->height && hash_eq(&root, &info->root) &&
        hash_eq(&tip.alliance, &info->alliance) && hash_eq(&tip.state.root, &info->state_root))
        return ST_OK;
    return err_set(err, ST_MISMATCH,
                   "%s: its store is at block %" PRIu64 ", root %.16s...; backup.yaml says block %" PRIu64
                   ", root %.16s...",
                   backup, tip.height, hex_of(&root).s, info->height, hex_of(&info->root).s);
}

static enum status restored_store(const char *backup, const char *dir, const struct backup_info *info,
                                  struct arena *a, struct err *err)
{
    struct hash sum;
    uint64_t bytes;
    struct store *s;
    const char *store_dir = file_join(a, dir, "store");
    enum status st = file_make_dir(store_dir, 0700, err);
    if (st == ST_OK)
        st = backup_copy_file(file_join(a, backup, "store/data.mdb"), file_join(a, store_dir, "data.mdb"),
                              0600, &sum, &bytes, err);
    if (st == ST_OK && !hash_eq(&sum, &info->data))
        st = err_set(err, ST_MISMATCH,
                     "%s/store/data.mdb is not the file that was verified when the backup was made (%" PRIu64
                     " bytes, SHA-256 %.16s...; "
                     "expected %" PRIu64
                     ", %.16s...): the backup is damaged. Nothing was restored; take another backup",
                     backup, bytes, hex_of(&sum).s, info->bytes, hex_of(&info->data).s);
    if (st == ST_OK)
        st = store_lmdb_open(store_dir, 0, 0, &s, err);
    if (st != ST_OK)
        return st;
    st = check_tip(s, backup, info, err);
    if (st == ST_OK)
        st = marks_restored(s, info->partner, NULL, clock_wall_ms(&clock_system), "restored from a backup",
                            err);
    store_close(s);
    return st;
}

enum status restore_make(const char *backup, const char *dir, struct arena *a, struct backup_info *ret_info,
                         struct err *err)
{
    struct backup_info info;
    enum status st = backup_read(backup, a, &info, err);
    if (st == ST_OK)
        st = file_make_dir(dir, 0700, err);
    if (st != ST_OK)
        return st;
    if (chmod(dir, 0700) != 0)
        st = err_set(err, ST_IO, "%s: its mode cannot be set to 0700", dir);
    if (st == ST_OK)
        st = restored_store(backup, dir, &info, a, err);
    if (st == ST_OK)
        st = info.keys ? copied_keys(backup, dir, a, err) : fresh_keys(dir, info.partner, a, err);
    if (st == ST_OK) /* found.c: the record does not name all of them */
        st = file_write(file_join(a, dir, "keys.later"),
                        span_str("The vote key here was made when this directory was restored.\n"), 0600,
                        false, err);
    if (st == ST_OK) /* last: its presence makes the directory a node's */
        st = backup_copy_file(file_join(a, backup, "settings.yaml"), file_join(a, dir, "node.yaml"), 0600,
                              NULL, NULL, err);
    if (st == ST_OK)
        st = file_sync_dir(dir, err);
    if (st != ST_OK) {
        backup_remove(dir);
        return st;
    }
    *ret_info = info;
    return ST_OK;
}
