#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "store/store_lmdb_internal.h"

enum { CHECKSUM_BYTES = 8, KEY_SHOWN = 24, DIR_MAX = 3800 };

struct store_txn {
    struct lmdb *store;
    MDB_txn *txn;
    uint64_t bytes;    /* put so far, for messages */
    struct buf sealed; /* scratch: value and checksum */
    enum status failed;
};

static struct lmdb *lmdb_of(struct store *s)
{
    return (struct lmdb *)s;
}

/* -- Messages -- */

enum status lmdb_status(int rc)
{
    switch (rc) {
    case ENOSPC:
    case EDQUOT:
    case MDB_MAP_FULL:
        return ST_NOSPACE;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
    case MDB_PAGE_FULL:
    case MDB_BAD_TXN:
        return ST_CORRUPT;
    case MDB_READERS_FULL:
        return ST_BUSY;
    case MDB_TXN_FULL:
    case MDB_BAD_VALSIZE:
        return ST_LIMIT;
    case ENOMEM:
        return ST_NOMEM;
    case ENOENT:
        return ST_NOTFOUND;
    default:
        return ST_IO;
    }
}

const char lmdb_recovery[] =
    "Stop this node and check the disk. Then run ententd doctor --repair on its directory: it keeps what is "
    "whole, and the node goes on to fetch the ledger again from its partners; do not put a backup in its place";

struct lmdb_key_text lmdb_key_text(struct span key)
{
    struct lmdb_key_text t;
    size_t n = key.n < KEY_SHOWN ? key.n : KEY_SHOWN;
    (void)sodium_bin2hex(t.s, sizeof t.s, key.p, n);
    if (n < key.n)
        (void)snprintf(t.s + 2 * n, sizeof t.s - 2 * n, "...");
    return t;
}

static uint64_t disk_free(const char *dir)
{
    struct statvfs v;
    return statvfs(dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

static uint64_t map_used(MDB_env *env)
{
    MDB_envinfo info;
    MDB_stat stat;
    (void)mdb_env_info(env, &info); /* both fail only for a NULL argument */
    (void)mdb_env_stat(env, &stat);
    return ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
}

static enum status fail_space(const struct lmdb *m, uint64_t needed, struct err *err)
{
    return err_set(
        err, ST_NOSPACE,
        "%s: no space: about %" PRIu64 " bytes were to be written; %" PRIu64
        " are free on the disk, and %" PRIu64 " of %" PRIu64
        " bytes of the map are used. Nothing was lost: free space on the disk, or raise the map size, "
        "then start the node again",
        m->dir, needed, disk_free(m->dir), map_used(m->env), m->map_bytes);
}

static enum status fail_write(struct lmdb *m, int rc, uint64_t needed, const char *what, struct err *err)
{
    enum status st = lmdb_status(rc);
    /* LMDB 0.9 reports a write cut short by a full disk as EIO (mdb_page_flush). */
    if (rc == EIO && disk_free(m->dir) < needed + 4096)
        st = ST_NOSPACE;
    if (st == ST_NOSPACE)
        return fail_space(m, needed, err);
    if (st != ST_LIMIT)
        m->broken = true;
    if (st == ST_CORRUPT)
        return err_set(err, st, "%s: cannot %s: the store is damaged: %s. %s", m->dir, what, mdb_strerror(rc),
                       lmdb_recovery);
    return err_set(err, st,
                   "%s: cannot %s: %s. Nothing of this transaction was kept; check the disk, then start the "
                   "node again",
                   m->dir, what, mdb_strerror(rc));
}

/* -- Records: value ‖ checksum -- */

/* The first 8 bytes of BLAKE2b-128 over u8 table ‖ u32 key length ‖ key ‖ value. It finds accidents of the
 * disk; who can write the file can also forge it. */
static void checksum(uint8_t table, struct span key, struct span value, uint8_t ret_sum[CHECKSUM_BYTES])
{
    uint8_t head[5] = {table}, full[crypto_generichash_BYTES_MIN];
    store_u32(head + 1, (uint32_t)key.n);
    crypto_generichash_state h;
    (void)crypto_generichash_init(&h, NULL, 0, sizeof full);
    (void)crypto_generichash_update(&h, head, sizeof head);
    (void)crypto_generichash_update(&h, key.p, key.n);
    (void)crypto_generichash_update(&h, value.p, value.n);
    (void)crypto_generichash_final(&h, full, sizeof full);
    memcpy(ret_sum, full, CHECKSUM_BYTES);
}

enum status lmdb_unseal(const struct lmdb *m, uint8_t table, struct span key, const MDB_val *stored,
                          struct span *ret_value, struct err *err)
{
    struct span value = {stored->mv_data, stored->mv_size};
    uint8_t sum[CHECKSUM_BYTES];
    if (value.n >= CHECKSUM_BYTES) {
        value.n -= CHECKSUM_BYTES;
        checksum(table, key, value, sum);
        if (memcmp(sum, value.p + value.n, CHECKSUM_BYTES) == 0) {
            *ret_value = value;
            return ST_OK;
        }
    }
    return err_set(err, ST_CORRUPT,
                   "%s: record %s/%s is damaged: its checksum does not match its %zu bytes. %s", m->dir,
                   table_name(table), lmdb_key_text(key).s, stored->mv_size, lmdb_recovery);
}

/* -- Reading -- */

enum status lmdb_fail_read(struct lmdb_view *v, uint8_t table, struct span key, int rc)
{
    return err_set(&v->fault, lmdb_status(rc), "%s: cannot read %s/%s: %s. %s", v->store->dir,
                   table_name(table), lmdb_key_text(key).s, mdb_strerror(rc), lmdb_recovery);
}

static enum status lmdb_get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    struct lmdb_view *v = ctx;
    ASSERT(table_name(table) != NULL);
    if (key.n == 0 || key.n > VIEW_KEY_MAX)
        return ST_NOTFOUND;
    MDB_val k = {key.n, (void *)(uintptr_t)key.p}, stored;
    int rc = mdb_get(v->txn, v->store->dbi[table], &k, &stored);
    if (rc == MDB_NOTFOUND)
        return ST_NOTFOUND;
    if (rc != 0)
        return lmdb_fail_read(v, table, key, rc);
    return lmdb_unseal(v->store, table, key, &stored, ret_value, &v->fault);
}

/* Ends a search by cursor: rc of its last step, and what it found. */
static enum status found(struct lmdb_view *v, uint8_t table, struct span bound, int rc,
                         const MDB_val found[2], struct span *ret_key, struct span *ret_value)
{
    if (rc == MDB_NOTFOUND)
        return ST_END;
    if (rc != 0)
        return lmdb_fail_read(v, table, bound, rc);
    struct span key = {found[0].mv_data, found[0].mv_size};
    enum status st = lmdb_unseal(v->store, table, key, &found[1], ret_value, &v->fault);
    if (st == ST_OK)
        *ret_key = key;
    return st;
}

int lmdb_cursor(struct lmdb_view *v, uint8_t table, MDB_cursor **ret_cursor)
{
    ASSERT(table_name(table) != NULL);
    int rc = 0;
    if (v->cursors[table] == NULL)
        rc = mdb_cursor_open(v->txn, v->store->dbi[table], &v->cursors[table]);
    *ret_cursor = v->cursors[table];
    return rc;
}

static enum status lmdb_next(void *ctx, uint8_t table, struct span from, struct span *ret_key,
                             struct span *ret_value)
{
    struct lmdb_view *v = ctx;
    MDB_cursor *c;
    MDB_val kv[2] = {{from.n, (void *)(uintptr_t)from.p}, {0, NULL}};
    int rc = lmdb_cursor(v, table, &c);
    if (rc == 0) /* LMDB refuses an empty key even as a bound */
        rc = mdb_cursor_get(c, &kv[0], &kv[1], from.n == 0 ? MDB_FIRST : MDB_SET_RANGE);
    return found(v, table, from, rc, kv, ret_key, ret_value);
}

static enum status lmdb_prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key,
                             struct span *ret_value)
{
    struct lmdb_view *v = ctx;
    MDB_cursor *c;
    MDB_val kv[2] = {{upto.n, (void *)(uintptr_t)upto.p}, {0, NULL}};
    if (upto.n == 0)
        return ST_END;
    int rc = lmdb_cursor(v, table, &c);
    if (rc == 0)
        rc = mdb_cursor_get(c, &kv[0], &kv[1], MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND) { /* all keys are before it; the cursor, now past the end, starts afresh */
        rc = mdb_cursor_renew(v->txn, c);
        if (rc == 0)
            rc = mdb_cursor_get(c, &kv[0], &kv[1], MDB_LAST);
    } else if (rc == 0 && !span_eq(span_of(kv[0].mv_data, kv[0].mv_size), upto)) {
        rc = mdb_cursor_get(c, &kv[0], &kv[1], MDB_PREV);
    }
    return found(v, table, upto, rc, kv, ret_key, ret_value);
}

static enum status lmdb_read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    struct lmdb *m = lmdb_of(s);
    struct lmdb_view *v = calloc(1, sizeof *v);
    if (v == NULL)
        return err_set(err, ST_NOMEM, "%s: out of memory", m->dir);
    v->store = m;
    int rc = mdb_txn_begin(m->env, NULL, MDB_RDONLY, &v->txn);
    if (rc != 0) {
        free(v);
        return err_set(err, lmdb_status(rc), "%s: cannot begin to read: %s", m->dir,
                       rc == MDB_READERS_FULL ? "all reader slots are taken; try again" : mdb_strerror(rc));
    }
    *ret_view = (struct view){.ctx = v, .get = lmdb_get, .next = lmdb_next, .prev = lmdb_prev};
    return ST_OK;
}

static void lmdb_read_end(struct store *s, struct view *view)
{
    (void)s;
    struct lmdb_view *v = view->ctx;
    for (size_t i = 0; i < ARRAY_LEN(v->cursors); i++)
        if (v->cursors[i] != NULL)
            mdb_cursor_close(v->cursors[i]);
    mdb_txn_abort(v->txn);
    free(v);
}

static enum status lmdb_explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    const struct lmdb_view *v = view->ctx;
    if (v != NULL && v->fault.st == st)
        return err_set(err, st, "%s", v->fault.text);
    return err_set(err, st, "%s: %s", lmdb_of(s)->dir, status_text(st));
}

/* -- Writing -- */

static enum status lmdb_begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    struct lmdb *m = lmdb_of(s);
    if (m->broken)
        return err_set(err, ST_IO,
                       "%s: an earlier write failed, so nothing more is written; check the disk, then "
                       "start the node again",
                       m->dir);
    if (atomic_exchange(&m->writing, true))
        return err_set(err, ST_BUSY, "%s: a transaction is open already; commit or abort it first", m->dir);
    struct store_txn *t = calloc(1, sizeof *t);
    int rc = t == NULL ? ENOMEM : mdb_txn_begin(m->env, NULL, 0, &t->txn);
    if (rc != 0) {
        free(t);
        m->writing = false;
        return fail_write(m, rc, 0, "begin a transaction", err);
    }
    t->store = m;
    buf_init(&t->sealed, SIZE_MAX);
    *ret_txn = t;
    return ST_OK;
}

static enum status lmdb_put(struct store_txn *t, uint8_t table, struct span key, struct span value,
                            struct err *err)
{
    uint8_t sum[CHECKSUM_BYTES];
    checksum(table, key, value, sum);
    buf_reset(&t->sealed);
    buf_put_span(&t->sealed, value);
    buf_put(&t->sealed, sum, sizeof sum);
    t->bytes += key.n + value.n + sizeof sum;
    MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v = {t->sealed.n, t->sealed.p};
    int rc = t->sealed.failed != ST_OK ? ENOMEM : mdb_put(t->txn, t->store->dbi[table], &k, &v, 0);
    if (rc == 0)
        return ST_OK;
    t->failed = fail_write(t->store, rc, t->bytes, "write", err);
    return t->failed;
}

static enum status lmdb_del(struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    MDB_val k = {key.n, (void *)(uintptr_t)key.p};
    int rc = mdb_del(t->txn, t->store->dbi[table], &k, NULL);
    if (rc == 0 || rc == MDB_NOTFOUND)
        return ST_OK;
    t->failed = fail_write(t->store, rc, t->bytes, "delete", err);
    return t->failed;
}

static void txn_end(struct store_txn *t)
{
    buf_deinit(&t->sealed);
    t->store->writing = false;
    free(t);
}

static void lmdb_abort(struct store_txn *t)
{
    mdb_txn_abort(t->txn);
    txn_end(t);
}

static enum status lmdb_commit(struct store_txn *t, struct err *err)
{
    if (t->failed != ST_OK) {
        enum status st = t->failed;
        lmdb_abort(t);
        return err_set(err, st,
                       "store: an earlier write of this transaction failed (%s); nothing of it was kept",
                       status_text(st));
    }
    struct lmdb *m = t->store;
    uint64_t bytes = t->bytes;
    int rc = mdb_txn_commit(t->txn); /* frees the LMDB transaction either way */
    txn_end(t);
    return rc == 0 ? ST_OK : fail_write(m, rc, bytes, "commit", err);
}

/* -- Opening and closing -- */

static void lmdb_close(struct store *s)
{
    struct lmdb *m = lmdb_of(s);
    ASSERT(!m->writing);
    if (m->env != NULL)
        mdb_env_close(m->env);
    if (m->lock_fd >= 0)
        (void)close(m->lock_fd); /* gives up the lock */
    free(m->dir);
    free(m);
}

const struct store_ops lmdb_ops = {
    .read_begin = lmdb_read_begin,
    .read_end = lmdb_read_end,
    .explain = lmdb_explain,
    .begin = lmdb_begin,
    .put = lmdb_put,
    .del = lmdb_del,
    .commit = lmdb_commit,
    .abort = lmdb_abort,
    .close = lmdb_close,
};

static enum status fail_open(const struct lmdb *m, int e, const char *what, struct err *err)
{
    char why[128];
    const char *text = e > 0 ? strerror_r(e, why, sizeof why) : mdb_strerror(e);
    enum status st = lmdb_status(e);
    if (st == ST_CORRUPT)
        return err_set(err, st, "%s: cannot %s: %s: data.mdb is damaged, or not a store. %s", m->dir, what,
                       text, lmdb_recovery);
    return err_set(err, st, "%s: cannot %s: %s", m->dir, what, text);
}

/* Our own lock: LMDB lets several processes share a file, but one node must own it. */
static enum status take_lock(const char *path, int fd, const char *dir, struct err *err)
{
    char pid[24] = {0}, why[128];
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return err_set(err, lmdb_status(errno), "%s: cannot lock: %s", path, strerror_r(errno, why, sizeof why));
        ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
        pid[n > 0 ? strcspn(pid, "\n") : 0] = 0;
        return err_set(
            err, ST_LOCKED,
            "%s: in use by another process (pid %s); stop that one, or give this node a directory of its "
            "own. Two nodes must never share one directory",
            dir, pid[0] != 0 ? pid : "unknown");
    }
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)n, 0) != n)
        return err_set(err, lmdb_status(errno), "%s: cannot write: %s", path, strerror_r(errno, why, sizeof why));
    return ST_OK;
}

enum status store_lmdb_lock(const char *dir, int *ret_fd, struct err *err)
{
    char path[DIR_MAX + 16], why[128];
    if (strlen(dir) > DIR_MAX)
        return err_set(err, ST_LIMIT, "store: path of more than %d bytes: %.60s...", DIR_MAX, dir);
    (void)snprintf(path, sizeof path, "%s/store.lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, lmdb_status(errno), "%s: cannot open store.lock in it: %s", dir, strerror_r(errno, why, sizeof why));
    enum status st = take_lock(path, fd, dir, err);
    if (st == ST_OK)
        *ret_fd = fd;
    else
        (void)close(fd);
    return st;
}

static int env_open_once(struct lmdb *m, unsigned readers)
{
    int rc = mdb_env_create(&m->env);
    if (rc != 0)
        return rc;
    rc = mdb_env_set_mapsize(m->env, (size_t)m->map_bytes);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(m->env, TABLE_MAX + 1);
    if (rc == 0)
        rc = mdb_env_set_maxreaders(m->env, readers);
    if (rc == 0)
        rc = mdb_env_open(m->env, m->dir, MDB_NOTLS, 0600);
    if (rc != 0) {
        mdb_env_close(m->env);
        m->env = NULL;
    }
    return rc;
}

static enum status env_open(struct lmdb *m, unsigned readers, struct err *err)
{
    int rc = env_open_once(m, readers);
    while ((rc == ENOMEM || rc == EINVAL) && m->map_bytes / 2 >= STORE_LMDB_MAP_LEAST) {
        m->map_bytes /= 2;
        rc = env_open_once(m, readers);
    }
    if (rc == ENOMEM)
        return err_set(err, ST_NOMEM,
                       "%s: cannot reserve address space for the store, not even %" PRIu64
                       " bytes; raise the limit (ulimit -v)",
                       m->dir, m->map_bytes);
    return rc == 0 ? ST_OK : fail_open(m, rc, "open the store", err);
}

/* A file cut short would end the process by SIGBUS when LMDB touches the missing pages. Lengthened with zeros
 * they are found damaged instead. LMDB leaves trailing unused pages unwritten, so a short file alone is no
 * fault. */
static enum status cover_map(struct lmdb *m, struct err *err)
{
    mdb_filehandle_t fd;
    struct stat sb;
    int rc = mdb_env_get_fd(m->env, &fd);
    if (rc != 0 || fstat(fd, &sb) != 0)
        return fail_open(m, rc != 0 ? rc : errno, "examine data.mdb in it", err);
    uint64_t used = map_used(m->env);
    if (used > m->map_bytes)
        return fail_open(m, MDB_CORRUPTED, "use the store", err);
    if ((uint64_t)sb.st_size < used && ftruncate(fd, (off_t)used) != 0)
        return fail_open(m, errno, "lengthen data.mdb in it", err);
    return ST_OK;
}

/* All tables are made in one transaction. So a store that has some and lacks one is damaged, and making the missing one anew
 * would hide that. HAPPENED is not missed: it follows from the others, has its mark in itself, and came later than they. */
static enum status open_tables(struct lmdb *m, struct err *err)
{
    MDB_txn *txn;
    MDB_dbi names;
    MDB_stat made;
    int rc = mdb_txn_begin(m->env, NULL, 0, &txn);
    if (rc != 0)
        return fail_open(m, rc, "begin a transaction", err);
    rc = mdb_dbi_open(txn, NULL, 0, &names);
    if (rc == 0)
        rc = mdb_stat(txn, names, &made);
    for (unsigned i = 0; i <= TABLE_MAX && rc == 0; i++) {
        const char *name = table_name((uint8_t)i);
        if (name != NULL)
            rc = mdb_dbi_open(txn, name, made.ms_entries == 0 || i == TABLE_HAPPENED ? MDB_CREATE : 0, &m->dbi[i]);
    }
    if (rc == 0)
        rc = mdb_txn_commit(txn);
    else
        mdb_txn_abort(txn);
    return rc == 0 ? ST_OK : fail_open(m, rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc, "open its tables", err);
}

static enum status open_all(struct lmdb *m, unsigned readers, struct err *err)
{
    enum status st = env_open(m, readers, err);
    if (st == ST_OK) { /* LMDB may have chosen more, to hold what the file has */
        MDB_envinfo info;
        (void)mdb_env_info(m->env, &info);
        m->map_bytes = info.me_mapsize;
        st = cover_map(m, err);
    }
    if (st == ST_OK)
        st = open_tables(m, err);
    if (st == ST_OK) /* LMDB does not sync the directory after it made its file */
        st = file_sync_dir(m->dir, err);
    return st;
}

enum status store_lmdb_open_locked(const char *dir, uint64_t map_bytes, unsigned readers, int lock_fd, struct store **ret_s,
                                   struct err *err)
{
    struct lmdb *m = calloc(1, sizeof *m);
    if (m == NULL) {
        (void)close(lock_fd);
        return err_set(err, ST_NOMEM, "%s: out of memory", dir);
    }
    m->store.ops = &lmdb_ops;
    m->lock_fd = lock_fd;
    m->dir = strdup(dir);
    uint64_t least = map_bytes == 0 ? STORE_LMDB_MAP_BYTES : map_bytes;
    if (least < STORE_LMDB_MAP_LEAST)
        least = STORE_LMDB_MAP_LEAST;
    m->map_wanted = m->map_bytes = least;
    enum status st = m->dir == NULL ? err_set(err, ST_NOMEM, "%s: out of memory", dir)
                                    : open_all(m, readers == 0 ? STORE_LMDB_READERS : readers, err);
    if (st != ST_OK) {
        lmdb_close(&m->store);
        return st;
    }
    *ret_s = &m->store;
    return ST_OK;
}

enum status store_lmdb_open(const char *dir, uint64_t map_bytes, unsigned readers, struct store **ret_s,
                            struct err *err)
{
    int fd;
    enum status st = store_lmdb_lock(dir, &fd, err);
    return st == ST_OK ? store_lmdb_open_locked(dir, map_bytes, readers, fd, ret_s, err) : st;
}

/* -- Room and health -- */

enum status store_lmdb_free(const char *dir, uint64_t *ret_bytes, struct err *err)
{
    struct statvfs v;
    if (statvfs(dir, &v) != 0) {
        char why[128];
        enum status st = lmdb_status(errno);
        return err_set(err, st, "%s: cannot tell the free space: %s", dir,
                       strerror_r(errno, why, sizeof why));
    }
    *ret_bytes = (uint64_t)v.f_bavail * v.f_frsize;
    return ST_OK;
}

enum status store_lmdb_info(struct store *s, struct store_lmdb_info *ret_info, struct err *err)
{
    ASSERT(s->ops == &lmdb_ops);
    const struct lmdb *m = lmdb_of(s);
    struct store_lmdb_info info = {.map_wanted = m->map_wanted, .map_bytes = m->map_bytes};
    enum status st = store_lmdb_free(m->dir, &info.disk_free_bytes, err);
    if (st != ST_OK)
        return st;
    info.used_bytes = map_used(m->env);
    if (m->map_bytes < m->map_wanted)
        (void)snprintf(info.notice, sizeof info.notice,
                       "the store may grow to %" PRIu64
                       " bytes only: this machine could not reserve the %" PRIu64
                       " bytes of address space that were set (see ulimit -v)",
                       m->map_bytes, m->map_wanted);
    *ret_info = info;
    return ST_OK;
}

enum status store_lmdb_room(struct store *s, uint64_t least_bytes, struct err *err)
{
    struct store_lmdb_info info;
    enum status st = store_lmdb_info(s, &info, err);
    if (st != ST_OK)
        return st;
    if (info.disk_free_bytes < least_bytes)
        return err_set(err, ST_NOSPACE,
                       "%s: disk nearly full: %" PRIu64 " bytes free, %" PRIu64
                       " are kept in reserve. Nothing was lost; free space to go on",
                       lmdb_of(s)->dir, info.disk_free_bytes, least_bytes);
    if (info.map_bytes - info.used_bytes < least_bytes)
        return err_set(err, ST_NOSPACE,
                       "%s: the store has grown to %" PRIu64 " of at most %" PRIu64 " bytes, and %" PRIu64
                       " are kept in reserve. Nothing was lost; raise the map size and start the node again",
                       lmdb_of(s)->dir, info.used_bytes, info.map_bytes, least_bytes);
    return ST_OK;
}
