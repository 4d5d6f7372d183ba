/* Reading all of a store: for the doctor, who goes on after damage, and for copies. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>
#include "store/store_lmdb_internal.h"

struct walk {
    struct lmdb_view *v;
    uint8_t table;
    const struct store_lmdb_watch *watch;
    struct err *err; /* the first damage */
    uint64_t damaged, records;
};

__attribute__((format(printf, 3, 4))) static void found_damage(struct walk *w, struct span key,
                                                               const char *fmt, ...)
{
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(e.text, sizeof e.text, fmt, ap);
    va_end(ap);
    if (w->damaged++ == 0)
        (void)err_set(w->err, ST_CORRUPT, "%s: %s. %s", w->v->store->dir, e.text, lmdb_recovery);
    if (w->watch != NULL && w->watch->damage != NULL)
        w->watch->damage(w->watch->ctx, w->table, key, e.text);
}

static void one_record(struct walk *w, const MDB_val kv[2])
{
    struct span key = {kv[0].mv_data, kv[0].mv_size}, value;
    struct err own;
    const struct lmdb *m = w->v->store;
    if (lmdb_unseal(m, w->table, key, &kv[1], &value, &own) != ST_OK) {
        found_damage(w, key, "record %s/%s is damaged: its checksum does not match its %zu bytes",
                     table_name(w->table), lmdb_key_text(key).s, kv[1].mv_size);
        return;
    }
    MDB_val again = kv[0], direct; /* a damaged branch page misleads a search, but not a walk */
    if (mdb_get(w->v->txn, m->dbi[w->table], &again, &direct) != 0 || direct.mv_data != kv[1].mv_data) {
        found_damage(w, key, "record %s/%s is not where it belongs: a search does not find it",
                     table_name(w->table), lmdb_key_text(key).s);
        return;
    }
    w->records++;
    if (w->watch != NULL && w->watch->record != NULL)
        w->watch->record(w->watch->ctx, w->table, key, value);
}

static void walk_table(struct walk *w)
{
    MDB_stat stat = {0};
    MDB_cursor *c = NULL;
    MDB_val kv[2];
    uint8_t before[VIEW_KEY_MAX];
    struct span last = {before, 0};
    uint64_t n = 0;
    int rc = mdb_stat(w->v->txn, w->v->store->dbi[w->table], &stat);
    if (rc == 0)
        rc = lmdb_cursor(w->v, w->table, &c);
    for (; rc == 0; n++) {
        if (w->watch != NULL && w->watch->at != NULL)
            w->watch->at(w->watch->ctx, w->table, last);
        rc = mdb_cursor_get(c, &kv[0], &kv[1], n == 0 ? MDB_FIRST : MDB_NEXT);
        if (rc != 0)
            break;
        struct span key = {kv[0].mv_data, kv[0].mv_size};
        if (key.n > VIEW_KEY_MAX ||
            span_cmp(last, key) >= 0) { /* what follows cannot be told apart from a loop */
            found_damage(w, key, "record %s/%s is not where it belongs: the order of keys is broken",
                         table_name(w->table), lmdb_key_text(key).s);
            return;
        }
        one_record(w, kv);
        memcpy(before, key.p, key.n);
        last.n = key.n;
    }
    if (rc != MDB_NOTFOUND)
        found_damage(w, last, "table %s cannot be read after record %s: %s", table_name(w->table),
                     lmdb_key_text(last).s, mdb_strerror(rc));
    else if (n != stat.ms_entries)
        found_damage(w, last, "table %s has %" PRIu64 " records where %zu are expected", table_name(w->table),
                     n, stat.ms_entries);
}

enum status store_lmdb_check_table(struct store *s, uint8_t table, const struct store_lmdb_watch *watch,
                                   uint64_t *ret_records, struct err *err)
{
    ASSERT(s->ops == &lmdb_ops);
    ASSERT(table_name(table) != NULL);
    struct view view = {0};
    enum status st = store_read_begin(s, &view, err);
    if (st != ST_OK)
        return st;
    struct walk w = {.v = view.ctx, .table = table, .watch = watch, .err = err};
    walk_table(&w);
    store_read_end(s, &view);
    *ret_records = w.records;
    return w.damaged == 0 ? ST_OK : ST_CORRUPT;
}

enum status store_lmdb_check(struct store *s, uint64_t *ret_records, struct err *err)
{
    uint64_t n = 0;
    for (unsigned i = 0; i <= TABLE_MAX; i++) {
        uint64_t records = 0;
        if (table_name((uint8_t)i) == NULL)
            continue;
        enum status st = store_lmdb_check_table(s, (uint8_t)i, NULL, &records, err);
        if (st != ST_OK)
            return st;
        n += records;
    }
    *ret_records = n;
    return ST_OK;
}

/* Page by page and not record by record: a damaged page is copied as it is, and cannot end the process. */
enum status store_lmdb_copy(struct store *s, const char *path, struct err *err)
{
    ASSERT(s->ops == &lmdb_ops);
    const struct lmdb *m = (const struct lmdb *)s;
    char why[128];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = fd < 0 ? errno : mdb_env_copyfd(m->env, fd);
    if (rc == 0 && fsync(fd) != 0)
        rc = errno;
    if (fd >= 0 && close(fd) != 0 && rc == 0)
        rc = errno;
    if (rc == 0)
        return ST_OK;
    if (fd >= 0)
        (void)unlink(path);
    return err_set(err, rc == EEXIST ? ST_EXISTS : lmdb_status(rc),
                   "%s: the store cannot be copied there: %s", path,
                   rc > 0 ? strerror_r(rc, why, sizeof why) : mdb_strerror(rc));
}
