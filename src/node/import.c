#include "node/import.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/keyfile.h"
#include "ledger/block.h"
#include "node/config.h"
#include "recovery/marks.h"
#include "store/store_lmdb.h"

/* The vote key was made here and never voted: no journal is there, and none was known to a store. Else what is, stays. */
static enum status note_fresh(struct store *s, const char *dir, struct arena *a, struct err *err)
{
    struct hash vote, incarnation;
    struct view v;
    struct store_txn *t;
    bool sealed;
    char name[96];
    enum status st = keyfile_public(file_join(a, dir, "keys/vote.key"), &vote, &sealed, err);
    if (st != ST_OK)
        return st;
    st = store_read_begin(s, &v, err);
    if (st != ST_OK)
        return st;
    bool known = marks_journal(&v, &vote, &incarnation) == ST_OK;
    store_read_end(s, &v);
    if (known || access(file_join(a, dir, "votes.journal"), F_OK) == 0)
        return ST_OK;
    (void)snprintf(name, sizeof name, "fresh/%s", hex_of(&vote).s);
    st = store_begin(s, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(s, t, TABLE_NODE, span_str(name), span_str("1"), err);
    if (st != ST_OK) {
        store_abort(s, t);
        return st;
    }
    return store_commit(s, t, err);
}

/* Block 0 into a store that has none. */
static enum status found(struct store *s, const char *dir, struct arena *a, struct rebuild_result *r, struct err *err)
{
    struct view v;
    struct tip tip;
    struct span genesis;
    const char *path = file_join(a, dir, "alliance.genesis");
    enum status st = store_read_begin(s, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    store_read_end(s, &v);
    if (st != ST_NOTFOUND)
        return st;
    st = file_read(path, LIMIT_GENESIS_BYTES, a, &genesis, err);
    if (st == ST_NOTFOUND)
        return err_set(err, st, "%s is not there: first entente alliance join FILE.genesis --node %s", path, dir);
    if (st == ST_OK)
        st = rebuild_found(NULL, s, genesis, r, err);
    return st == ST_OK ? note_fresh(s, dir, a, err) : st;
}

enum status import_pack(const char *dir, const char *pack, void (*at)(void *ctx, const char *where), void *ctx, struct arena *a,
                        struct rebuild_result *ret_result, struct err *err)
{
    struct config c;
    struct stat sb;
    struct store *s;
    char why[128];
    *ret_result = (struct rebuild_result){0};
    enum status st = config_load(dir, a, &c, err);
    if (st != ST_OK)
        return st;
    const char *path = file_join(a, dir, "store");
    FILE *f = fopen(pack, "rbe");
    if (f == NULL)
        return err_set(err, ST_NOTFOUND, "%s: cannot be read: %s", pack, strerror_r(errno, why, sizeof why));
    if (stat(path, &sb) != 0)
        st = file_make_dir(path, 0700, err);
    if (st == ST_OK)
        st = store_lmdb_open(path, c.map_bytes, 0, &s, err);
    if (st == ST_OK) {
        st = found(s, dir, a, ret_result, err);
        if (st == ST_OK) {
            st = rebuild_from_pack(f, s, at, ctx, ret_result, err);
            st = st == ST_OK ? ST_OK : err_wrap(err, st, "%s: ", pack);
        }
        store_close(s);
    }
    (void)fclose(f);
    return st;
}
