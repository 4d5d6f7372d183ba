/* What only the store on disk has: durability, full disks, damage, locks. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "iowatch.h"
#include "leaks.h"
#include "model.h"
#include "store/store_lmdb.h"
#include "store/store_mem.h"
#include "tmpdir.h"

TestSuite(store_lmdb, .timeout = 120, .fini = leaks_check);

enum { MAP = 64 << 20 };

static struct store *open_ok(const struct tmpdir *dir, uint64_t map)
{
    struct store *s;
    struct err err;
    enum status st = store_lmdb_open(dir->path, map, 0, &s, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    return s;
}

static struct span key8(uint8_t b[8], uint64_t v)
{
    store_u64(b, v);
    return span_of(b, 8);
}

static void put_ok(struct store *s, struct store_txn *t, uint8_t table, struct span key, struct span value)
{
    struct err err;
    cr_assert_eq(store_put(s, t, table, key, value, &err), ST_OK, "%s", err.text);
}

static uint64_t read_number(struct store *s, const char *name)
{
    struct err err;
    struct view v;
    struct span value;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    enum status st = view_get(&v, TABLE_META, span_str(name), &value);
    uint64_t n = st == ST_OK ? load_u64(value.p) : 0;
    store_read_end(s, &v);
    return n;
}

/* Commit number n: the number, and some records that depend on it. */
static enum status commit_number(struct store *s, uint64_t n, size_t bytes, struct err *err)
{
    struct store_txn *t;
    static uint8_t value[65536];
    uint8_t b[8], kb[8];
    enum status st = store_begin(s, &t, err);
    if (st != ST_OK)
        return st;
    st = store_put(s, t, TABLE_META, span_str("n"), key8(b, n), err);
    for (uint64_t i = 0; i < 5 && st == ST_OK; i++) {
        memset(value, (int)(n + i), bytes);
        st = store_put(s, t, TABLE_DECISION, key8(kb, (n * 7 + i * 3) % 40), span_of(value, bytes), err);
    }
    if (st == ST_OK && n % 3 == 0)
        st = store_del(s, t, TABLE_DECISION, key8(kb, n % 40), err);
    if (st != ST_OK) {
        store_abort(s, t);
        return st;
    }
    return store_commit(s, t, err);
}

/* -- Durability -- */

Test(store_lmdb, commit_returns_only_after_a_sync)
{
    struct tmpdir dir = tmpdir_make();
    struct err err;
    iowatch_start(tmpdir_file(&dir, "data.mdb"));
    struct store *s = open_ok(&dir, MAP);
    cr_assert_geq(iowatch_directory_syncs(), 1, "the new file's name must be durable too");
    cr_assert_eq(iowatch_unsynced(), 0);
    for (uint64_t n = 1; n <= 50; n++) {
        size_t writes, before, syncs = iowatch_syncs();
        (void)iowatch_writes(&before);
        cr_assert_eq(commit_number(s, n, 200, &err), ST_OK);
        (void)iowatch_writes(&writes);
        cr_assert_gt(writes, before);
        cr_assert_gt(iowatch_syncs(), syncs);
        cr_assert_eq(iowatch_unsynced(), 0, "acknowledged before it was synced");
    }
    iowatch_stop();
    store_close(s);
    tmpdir_remove(&dir);
}

/* Power loss: test_powerloss.c. */

/* -- Copies -- */

struct writer {
    struct store *s;
    atomic_bool stop;
    uint64_t n;
};

static void *commit_on(void *arg)
{
    struct writer *w = arg;
    struct err err;
    while (!w->stop) {
        w->n++;
        ASSERT(commit_number(w->s, w->n, w->n % 7 == 0 ? 9000 : 300, &err) == ST_OK);
    }
    return NULL;
}

/* What commit_number wrote up to n. */
static void same_as_commits(struct store *s, uint64_t n)
{
    struct store *mem = store_mem_new();
    struct err err;
    struct view is, was;
    for (uint64_t i = 1; i <= n; i++)
        cr_assert_eq(commit_number(mem, i, i % 7 == 0 ? 9000 : 300, &err), ST_OK);
    cr_assert_eq(store_read_begin(s, &is, &err), ST_OK);
    cr_assert_eq(store_read_begin(mem, &was, &err), ST_OK);
    (void)model_same_content(&is, &was);
    store_read_end(s, &is);
    store_read_end(mem, &was);
    store_close(mem);
}

Test(store_lmdb, a_copy_made_while_commits_go_on_is_of_one_commit)
{
    enum { COPIES = 6 };
    struct tmpdir dir = tmpdir_make(), to[COPIES];
    struct err err;
    pthread_t thread;
    uint64_t seen[COPIES] = {0};
    struct writer w = {.s = open_ok(&dir, MAP)};
    cr_assert_eq(pthread_create(&thread, NULL, commit_on, &w), 0);
    for (int i = 0; i < COPIES; i++) {
        to[i] = tmpdir_make();
        while (read_number(w.s, "n") <= (i == 0 ? 0 : seen[i - 1])) /* the writer comes on */
            ;
        cr_assert_eq(store_lmdb_copy(w.s, tmpdir_file(&to[i], "data.mdb"), &err), ST_OK, "%s", err.text);
        seen[i] = read_number(w.s, "n");
    }
    w.stop = true;
    cr_assert_eq(pthread_join(thread, NULL), 0);
    for (int i = 0; i < COPIES; i++) {
        uint64_t records;
        struct store *copy = open_ok(&to[i], MAP);
        cr_assert_eq(store_lmdb_check(copy, &records, &err), ST_OK, "%s", err.text);
        uint64_t n = read_number(copy, "n");
        cr_assert(n > 0 && n <= seen[i] && (i == 0 || n > seen[i - 1]), "copy %d: %" PRIu64, i, n);
        same_as_commits(copy, n);
        store_close(copy);
        tmpdir_remove(&to[i]);
    }
    cr_assert_eq(store_lmdb_copy(w.s, tmpdir_file(&dir, "data.mdb"), &err), ST_EXISTS, "never over a file that is there");
    cr_assert_eq(read_number(w.s, "n"), w.n);
    store_close(w.s);
    tmpdir_remove(&dir);
}

/* -- Full and failing disks -- */

/* Makes each write and sync of a commit fail in turn. Returns how many different ones there were. */
static size_t fail_each(int e, enum status expected, const char *words)
{
    struct tmpdir dir = tmpdir_make();
    struct err err;
    struct store *s = open_ok(&dir, MAP);
    cr_assert_eq(commit_number(s, 1, 300, &err), ST_OK);
    iowatch_start(tmpdir_file(&dir, "data.mdb"));
    size_t failures = 0;
    for (uint64_t n = 2; n < 40; n++) {
        iowatch_fail((long)n - 2, e);
        enum status st = commit_number(s, n, 20000, &err);
        bool failed = iowatch_failed();
        iowatch_fail(0, 0);
        if (!failed) {
            cr_assert_eq(st, ST_OK);
            break;
        }
        failures++;
        cr_assert_eq(st, expected, "%s", err.text);
        cr_assert_not_null(strstr(err.text, words), "%s", err.text);
        if (expected == ST_IO) {
            struct store_txn *t;
            cr_assert_eq(store_begin(s, &t, &err), ST_IO);
            cr_assert_not_null(strstr(err.text, "start the node again"), "%s", err.text);
        }
        store_close(s);
        s = open_ok(&dir, MAP);
        cr_assert_eq(read_number(s, "n"), n - 1, "a failed commit left something behind");
        cr_assert_eq(commit_number(s, n, 300, &err), ST_OK);
    }
    iowatch_stop();
    uint64_t records;
    cr_assert_eq(store_lmdb_check(s, &records, &err), ST_OK, "%s", err.text);
    store_close(s);
    tmpdir_remove(&dir);
    return failures;
}

Test(store_lmdb, full_disk_is_said_and_loses_nothing)
{
    cr_assert_geq(fail_each(ENOSPC, ST_NOSPACE, "Nothing was lost: free space on the disk"), 3);
}

Test(store_lmdb, failing_disk_stops_the_writer)
{
    cr_assert_geq(fail_each(EIO, ST_IO, "Nothing of this transaction was kept"), 3);
}

Test(store_lmdb, full_map_is_said_with_figures)
{
    struct tmpdir dir = tmpdir_make();
    struct err err;
    struct store *s = open_ok(&dir, 1);
    struct store_lmdb_info info;
    cr_assert_eq(store_lmdb_info(s, &info, &err), ST_OK);
    cr_assert_eq(info.map_bytes, STORE_LMDB_MAP_LEAST);
    cr_assert_str_eq(info.notice, "");
    cr_assert_eq(store_lmdb_room(s, 65536, &err), ST_OK);
    static uint8_t big[65536];
    uint8_t b[8];
    uint64_t n = 0;
    enum status st = ST_OK;
    while (st == ST_OK && n < 100) {
        struct store_txn *t;
        st = store_begin(s, &t, &err);
        cr_assert_eq(st, ST_OK, "%s", err.text);
        st = store_put(s, t, TABLE_LEAF, key8(b, n), span_of(big, sizeof big), &err);
        if (st == ST_OK) {
            st = store_commit(s, t, &err);
        } else {
            struct err second;
            cr_assert_eq(store_commit(s, t, &second), ST_NOSPACE, "a failed transaction cannot be committed");
        }
        n += st == ST_OK;
    }
    cr_assert_eq(st, ST_NOSPACE);
    cr_assert_not_null(strstr(err.text, "of 1048576 bytes of the map are used"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "raise the map size"), "%s", err.text);
    cr_assert_eq(store_lmdb_room(s, 500000, &err), ST_NOSPACE);
    cr_assert_not_null(strstr(err.text, "raise the map size"), "%s", err.text);
    cr_assert_eq(store_lmdb_room(s, UINT64_C(1) << 62, &err), ST_NOSPACE);
    cr_assert_not_null(strstr(err.text, "disk nearly full"), "%s", err.text);
    store_close(s);
    s = open_ok(&dir, MAP);
    uint64_t records;
    cr_assert_eq(store_lmdb_check(s, &records, &err), ST_OK);
    cr_assert_eq(records, n);
    cr_assert_eq(commit_number(s, 1, 60000, &err), ST_OK);
    store_close(s);
    tmpdir_remove(&dir);
}

/* -- Opening -- */

Test(store_lmdb, says_why_it_cannot_open)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = NULL;
    struct err err;
    char missing[300];
    (void)snprintf(missing, sizeof missing, "%s/none", dir.path);
    cr_assert_eq(store_lmdb_open(missing, MAP, 0, &s, &err), ST_NOTFOUND);
    cr_assert_not_null(strstr(err.text, missing), "%s", err.text);
    static uint8_t junk[8192];
    memset(junk, 'x', sizeof junk);
    cr_assert_eq(file_write(tmpdir_file(&dir, "data.mdb"), span_of(junk, sizeof junk), 0600, true, &err),
                 ST_OK);
    cr_assert_eq(store_lmdb_open(dir.path, MAP, 0, &s, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "data.mdb is damaged, or not a store"), "%s", err.text);
    cr_assert_null(s);
    tmpdir_remove(&dir);
}

static void drop_table(const struct tmpdir *dir, const char *name)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    cr_assert_eq(mdb_env_create(&env), 0);
    cr_assert_eq(mdb_env_set_maxdbs(env, 2), 0);
    cr_assert_eq(mdb_env_open(env, dir->path, 0, 0600), 0);
    cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_dbi_open(txn, name, 0, &dbi), 0);
    cr_assert_eq(mdb_drop(txn, dbi, 1), 0);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* A store of an older program lacks HAPPENED, and gets it; one that lacks another is damaged. */
Test(store_lmdb, only_a_table_that_follows_from_others_may_be_missing)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    struct err err;
    store_close(s);
    drop_table(&dir, "HAPPENED");
    s = open_ok(&dir, MAP);
    store_close(s);
    drop_table(&dir, "TIMER");
    cr_assert_eq(store_lmdb_open(dir.path, MAP, 0, &s, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "data.mdb is damaged, or not a store"), "%s", err.text);
    tmpdir_remove(&dir);
}

Test(store_lmdb, one_process_at_a_time)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s;
    struct err err;
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        s = open_ok(&dir, MAP);
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    char c;
    cr_assert_eq(read(ready[0], &c, 1), 1);
    cr_assert_eq(store_lmdb_open(dir.path, MAP, 0, &s, &err), ST_LOCKED);
    char words[40];
    (void)snprintf(words, sizeof words, "(pid %ld)", (long)child);
    cr_assert_not_null(strstr(err.text, words), "%s", err.text);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    s = open_ok(&dir, MAP); /* a killed process leaves no lock behind */
    struct store *twice;
    cr_assert_eq(store_lmdb_open(dir.path, MAP, 0, &twice, &err), ST_LOCKED);
    store_close(s);
    store_close(open_ok(&dir, MAP));
    tmpdir_remove(&dir);
}

#if !defined(__SANITIZE_ADDRESS__) &&                                                                        \
    !defined(__SANITIZE_THREAD__) /* they need the address space themselves */
Test(store_lmdb, takes_a_smaller_map_where_it_must)
{
    struct tmpdir dir = tmpdir_make();
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {UINT64_C(6) << 30, UINT64_C(6) << 30};
        struct store_lmdb_info info;
        struct err err;
        if (setrlimit(RLIMIT_AS, &limit) != 0)
            _exit(2);
        struct store *s = open_ok(&dir, 0);
        if (store_lmdb_info(s, &info, &err) != ST_OK || info.map_wanted != STORE_LMDB_MAP_BYTES)
            _exit(3);
        if (info.map_bytes != UINT64_C(4) << 30 || strstr(info.notice, "4294967296 bytes only") == NULL)
            _exit(4);
        if (commit_number(s, 1, 100, &err) != ST_OK || read_number(s, "n") != 1)
            _exit(5);
        store_close(s);
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    cr_assert_eq(WEXITSTATUS(status), 0, "exit %d", WEXITSTATUS(status));
    tmpdir_remove(&dir);
}
#endif

/* -- Reading -- */

/* Trees several pages deep: searches beyond the last key, and between keys, on one cursor. */
Test(store_lmdb, searches_in_a_deep_tree)
{
    enum { N = 30000 };
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    struct store_txn *t;
    struct err err;
    uint8_t b[8];
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    for (uint64_t i = 0; i < N; i++)
        put_ok(s, t, TABLE_BLOCK, key8(b, i * 2), span_str("some value of some length"));
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
    struct view v;
    struct span key, value;
    struct dice d = {5};
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    for (int i = 0; i < 20000; i++) {
        uint64_t at = dice_below(&d, 2 * N + 100);
        uint64_t last = at < 2 * N ? at / 2 * 2 : 2 * N - 2;
        cr_assert_eq(view_prev(&v, TABLE_BLOCK, key8(b, at), &key, &value), ST_OK);
        cr_assert_eq(load_u64(key.p), last);
        enum status st = view_next(&v, TABLE_BLOCK, key8(b, at), &key, &value);
        cr_assert_eq(st, at <= 2 * N - 2 ? ST_OK : ST_END);
        if (st == ST_OK)
            cr_assert_eq(load_u64(key.p), (at + 1) / 2 * 2);
    }
    store_read_end(s, &v);
    store_close(s);
    tmpdir_remove(&dir);
}

struct reader {
    struct store *s;
    atomic_bool *stop;
    atomic_size_t seen;
    bool wrong;
};

static void *read_on(void *arg)
{
    struct reader *r = arg;
    struct err err;
    while (!*r->stop) {
        struct view v;
        struct span a, b;
        if (store_read_begin(r->s, &v, &err) != ST_OK)
            continue;
        enum status sa = view_get(&v, TABLE_META, span_str("a"), &a);
        enum status sb = view_get(&v, TABLE_BOUNDARY, span_str("b"), &b);
        r->wrong |= sa != ST_OK || sb != ST_OK || !span_eq(a, b);
        r->seen++;
        store_read_end(r->s, &v);
    }
    return NULL;
}

/* Of mapped files, in this process's memory. */
static uint64_t mapped_bytes(void)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    cr_assert_not_null(f);
    cr_assert_eq(fscanf(f, "%*u %*u %lu", &pages), 1);
    (void)fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void read_numbers(const struct view *v, uint64_t n)
{
    uint8_t b[8];
    for (uint64_t i = 0; i < n; i++) {
        struct span value;
        cr_assert_eq(view_get(v, TABLE_LEAF, key8(b, i), &value), ST_OK);
        cr_assert_eq(value.n, 4000);
        cr_assert_eq(value.p[0] + value.p[3999], 2 * (i & 127));
    }
}

/* What was read counts as the process's memory, until it is given back; a view that is open reads on. */
Test(store_lmdb, gives_pages_of_the_map_back)
{
    enum { RECORDS = 8000, SLACK = 4 << 20 };
    struct tmpdir dir;
    struct err err;
    struct view v;
    struct store_txn *t;
    uint8_t b[8], value[4000];
    dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    for (uint64_t i = 0; i < RECORDS; i++) {
        memset(value, (int)(i & 127), sizeof value);
        put_ok(s, t, TABLE_LEAF, key8(b, i), span_of(value, sizeof value));
    }
    cr_assert_eq(store_commit(s, t, &err), ST_OK, "%s", err.text);
    uint64_t before = mapped_bytes();
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    read_numbers(&v, RECORDS);
    uint64_t all = mapped_bytes();
    cr_assert_geq(all, before + RECORDS * sizeof value - SLACK);
    store_lmdb_trim(s, all + SLACK);
    cr_assert_geq(mapped_bytes(), all - SLACK, "it is within what may be held");
    store_lmdb_trim(s, all - SLACK);
    cr_assert_leq(mapped_bytes(), before + SLACK);
    read_numbers(&v, RECORDS);
    store_read_end(s, &v);
    cr_assert_eq(commit_number(s, 1, 100, &err), ST_OK);
    cr_assert_eq(read_number(s, "n"), 1);
    store_close(s);
    tmpdir_remove(&dir);
}

Test(store_lmdb, readers_on_threads_see_whole_transactions)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    struct err err;
    atomic_bool stop = false;
    struct reader readers[3];
    pthread_t threads[3];
    bool all_seen = false; /* on a busy machine a thread may not run for long */
    for (uint64_t n = 0; n < 300 || (!all_seen && n < 100000); n++) {
        struct store_txn *t;
        uint8_t b[8];
        all_seen = n > 0 && readers[0].seen > 0 && readers[1].seen > 0 && readers[2].seen > 0;
        cr_assert_eq(store_begin(s, &t, &err), ST_OK);
        put_ok(s, t, TABLE_META, span_str("a"), key8(b, n));
        put_ok(s, t, TABLE_BOUNDARY, span_str("b"), key8(b, n));
        cr_assert_eq(store_commit(s, t, &err), ST_OK);
        for (size_t i = 0; i < 3 && n == 0; i++) {
            readers[i] = (struct reader){.s = s, .stop = &stop};
            cr_assert_eq(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
        }
    }
    stop = true;
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_assert_not(readers[i].wrong);
        cr_assert_gt(readers[i].seen, 0);
    }
    store_close(s);
    tmpdir_remove(&dir);
}

/* -- Damage -- */

enum { ROT_RECORDS = 300 };
enum outcome { ALL_RIGHT, CLEAN_ERROR, MISSING, WRONG_VALUE, CRASHED, OUTCOMES };

static struct span rot_value(uint64_t i, uint8_t b[120])
{
    struct dice d = {i + 1};
    for (size_t k = 0; k < 120; k++)
        b[k] = (uint8_t)dice_below(&d, 256);
    return span_of(b, 120);
}

static void rot_fill(struct store *s)
{
    struct store_txn *t;
    struct err err;
    uint8_t kb[8], vb[120];
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    for (uint64_t i = 0; i < ROT_RECORDS; i++) {
        put_ok(s, t, TABLE_DECISION, key8(kb, i), rot_value(i, vb));
        put_ok(s, t, TABLE_NOTE, key8(kb, i), rot_value(i + 1000, vb));
    }
    cr_assert_eq(store_commit(s, t, &err), ST_OK);
}

/* In a child, for damage to a page can end the process: reads everything, by get or by walking. */
static enum outcome rot_read_all(const struct tmpdir *dir, bool whole_check)
{
    struct store *s;
    struct err err;
    uint8_t kb[8], vb[120];
    uint64_t records;
    if (store_lmdb_open(dir->path, MAP, 0, &s, &err) != ST_OK)
        return CLEAN_ERROR;
    if (whole_check)
        return store_lmdb_check(s, &records, &err) == ST_OK ? ALL_RIGHT : CLEAN_ERROR;
    struct view v;
    if (store_read_begin(s, &v, &err) != ST_OK)
        return CLEAN_ERROR;
    enum outcome out = ALL_RIGHT;
    for (uint64_t i = 0; i < 2 * ROT_RECORDS; i++) {
        uint8_t table = i < ROT_RECORDS ? TABLE_DECISION : TABLE_NOTE;
        uint64_t n = i % ROT_RECORDS;
        struct span key, value, expected = rot_value(i < ROT_RECORDS ? n : n + 1000, vb);
        enum status st = view_get(&v, table, key8(kb, n), &value);
        if (st == ST_OK && !span_eq(value, expected))
            return WRONG_VALUE;
        if (st == ST_OK)
            st = view_next(&v, table, key8(kb, n), &key, &value);
        if (st == ST_OK && span_eq(key, key8(kb, n)) && !span_eq(value, expected))
            return WRONG_VALUE;
        if (st == ST_NOTFOUND || st == ST_END)
            out = out == CLEAN_ERROR ? out : MISSING;
        else if (st != ST_OK)
            out = CLEAN_ERROR;
    }
    return out;
}

static enum outcome rot_in_child(const struct tmpdir *dir, bool whole_check)
{
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, STDERR_FILENO);
        struct rlimit no_core = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
        for (size_t i = 0; i < ARRAY_LEN(fatal); i++) /* Criterion's and the sanitizer's handlers */
            (void)signal(fatal[i], SIG_DFL);
        (void)alarm(10);
        _exit((int)rot_read_all(dir, whole_check));
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) >= CRASHED)
        return CRASHED;
    return (enum outcome)WEXITSTATUS(status);
}

static void flip(const struct tmpdir *dir, off_t at, unsigned bit)
{
    uint8_t b;
    int fd = open(tmpdir_file(dir, "data.mdb"), O_RDWR);
    cr_assert_eq(pread(fd, &b, 1, at), 1);
    b ^= (uint8_t)(1u << bit);
    cr_assert_eq(pwrite(fd, &b, 1, at), 1);
    cr_assert_eq(close(fd), 0);
}

Test(store_lmdb, damaged_value_is_named)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    struct err err;
    rot_fill(s);
    store_close(s);
    struct arena a;
    arena_init(&a, 0);
    struct span file;
    uint8_t vb[120], kb[8];
    cr_assert_eq(file_read(tmpdir_file(&dir, "data.mdb"), 16 << 20, &a, &file, &err), ST_OK);
    struct span value = rot_value(17, vb);
    const uint8_t *where = memmem(file.p, file.n, value.p, value.n);
    cr_assert_not_null(where);
    off_t at = where - file.p;
    for (off_t i = -8; i < 128; i += 3) { /* key, value and checksum */
        flip(&dir, at + i, 3);
        s = open_ok(&dir, MAP);
        struct view v;
        struct span got = {NULL, 0};
        uint64_t records;
        cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
        enum status st = view_get(&v, TABLE_DECISION, key8(kb, 17), &got);
        if (i >= 0) {
            cr_assert_eq(st, ST_CORRUPT, "offset %ld: %s", (long)i, status_name(st));
            cr_assert_eq(store_explain(s, &v, st, &err), ST_CORRUPT);
            cr_assert_not_null(strstr(err.text, "DECISION/0000000000000011 is damaged"), "%s", err.text);
            cr_assert_not_null(strstr(err.text, "fetch the ledger again from its partners"), "%s", err.text);
            cr_assert_not_null(strstr(err.text, dir.path), "%s", err.text);
        } else {
            cr_assert_neq(st, ST_OK);
        }
        cr_assert_null(got.p);
        cr_assert_eq(view_get(&v, TABLE_NOTE, key8(kb, 17), &got), ST_OK, "others can still be read");
        store_read_end(s, &v);
        cr_assert_eq(store_lmdb_check(s, &records, &err), ST_CORRUPT);
        store_close(s);
        flip(&dir, at + i, 3);
    }
    store_close(open_ok(&dir, MAP));
    arena_deinit(&a);
    tmpdir_remove(&dir);
}

/* Flips anywhere in the file: whatever LMDB makes of it, no wrong value is ever given out; and where a record
 * is silently missing, the whole check finds it. */
Test(store_lmdb, damage_anywhere_never_gives_a_wrong_value)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    rot_fill(s);
    struct store_lmdb_info info;
    struct err err;
    cr_assert_eq(store_lmdb_info(s, &info, &err), ST_OK);
    store_close(s);
    struct dice d = {9};
    size_t count[OUTCOMES] = {0}, unnoticed = 0;
    for (int i = 0; i < 240; i++) {
        off_t at = (off_t)dice_below(&d, (uint32_t)info.used_bytes);
        if (i % 2 == 0) /* half of them into the page headers and offsets, where it hurts */
            at = at / 4096 * 4096 + (off_t)dice_below(&d, 64);
        unsigned bit = dice_below(&d, 8);
        flip(&dir, at, bit);
        enum outcome out = rot_in_child(&dir, false);
        count[out]++;
        if (out == MISSING)
            unnoticed += rot_in_child(&dir, true) == ALL_RIGHT;
        flip(&dir, at, bit);
    }
    cr_assert_eq(rot_in_child(&dir, true), ALL_RIGHT, "the flips were taken back");
    cr_log_info("right %zu, clean error %zu, missing %zu, crashed %zu", count[ALL_RIGHT], count[CLEAN_ERROR],
                count[MISSING], count[CRASHED]);
    cr_assert_eq(count[WRONG_VALUE], 0);
    cr_assert_eq(unnoticed, 0);
    cr_assert_gt(count[CLEAN_ERROR], 20);
    tmpdir_remove(&dir);
}

/* A page header that says one record fewer: LMDB answers "absent", and only the count gives it away. */
Test(store_lmdb, missing_records_are_found_by_the_whole_check)
{
    enum { PAGE = 4096, FLAGS_AT = 10, LOWER_AT = 12, LEAF = 2 }; /* struct MDB_page of LMDB 0.9, 64-bit */
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    rot_fill(s);
    struct store_lmdb_info info;
    struct err err;
    cr_assert_eq(store_lmdb_info(s, &info, &err), ST_OK);
    store_close(s);
    int fd = open(tmpdir_file(&dir, "data.mdb"), O_RDWR);
    size_t missing = 0;
    for (off_t page = 2; page < (off_t)(info.used_bytes / PAGE); page++) {
        uint8_t flags, lower;
        cr_assert_eq(pread(fd, &flags, 1, page * PAGE + FLAGS_AT), 1);
        cr_assert_eq(pread(fd, &lower, 1, page * PAGE + LOWER_AT), 1);
        if (flags != LEAF || lower < 20)
            continue;
        uint8_t less = (uint8_t)(lower - 2);
        cr_assert_eq(pwrite(fd, &less, 1, page * PAGE + LOWER_AT), 1);
        if (rot_in_child(&dir, false) == MISSING) {
            missing++;
            cr_assert_eq(rot_in_child(&dir, true), CLEAN_ERROR, "page %ld", (long)page);
        }
        cr_assert_eq(pwrite(fd, &lower, 1, page * PAGE + LOWER_AT), 1);
    }
    cr_assert_gt(missing, 10);
    cr_assert_eq(close(fd), 0);
    tmpdir_remove(&dir);
}

/* A file cut short gives errors, not SIGBUS. */
Test(store_lmdb, cut_file_does_not_end_the_process)
{
    struct tmpdir dir = tmpdir_make();
    struct store *s = open_ok(&dir, MAP);
    rot_fill(s);
    store_close(s);
    struct stat sb;
    cr_assert_eq(stat(tmpdir_file(&dir, "data.mdb"), &sb), 0);
    cr_assert_gt(sb.st_size, 20 * 4096);
    int errors = 0;
    for (off_t size = sb.st_size - 4096; size >= 2 * 4096; size -= 4096 * 3) {
        cr_assert_eq(truncate(tmpdir_file(&dir, "data.mdb"), size), 0);
        enum outcome out = rot_in_child(&dir, false); /* the last page may hold nothing any more */
        cr_assert(out == CLEAN_ERROR || out == ALL_RIGHT, "cut to %ld bytes: %d", (long)size, out);
        errors += out == CLEAN_ERROR;
    }
    cr_assert_gt(errors, 5);
    tmpdir_remove(&dir);
}
