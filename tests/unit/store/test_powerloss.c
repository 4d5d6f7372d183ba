/* Power loss at any moment, for the store on disk. All that LMDB writes and syncs is recorded (iowatch); then
 * the file is made as a loss of power at each write, before or after the sync that follows, may leave it:
 * what a sync covered is there, of the rest any part may be, in any order, sector by sector. The store is
 * opened again and compared with the model: it is the state after the last commit that was acknowledged, or
 * after the one in flight, and nothing else; and it can be written to.
 *
 * What a disk may do: a sector (512 bytes; in other images 4096) holds any one of the versions written to it
 * since the last sync, or the one before. That covers lost, torn and reordered writes, also two to one place.
 * A sector itself is not torn, which disks promise, but for one case that costs nothing to try: the meta
 * page's write cut short at any 8 bytes.
 *
 * ENTENTE_POWERLOSS="SEED IMAGES" runs with another seed, and so many random images for each moment (here 1
 * and 6). */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "iowatch.h"
#include "leaks.h"
#include "model.h"
#include "store/store_lmdb.h"
#include "store/store_mem.h"
#include "tmpdir.h"

TestSuite(powerloss, .timeout = 1500, .fini = leaks_check);

enum { MAP = 64 << 20, COMMITS = 40, UNITS_MAX = 16384, EACH_MAX = 4, IMAGE_MAX = 8 << 20 };

enum how { LOSE_ALL, LOSE_NONE, LOSE_ONE, KEEP_ONE, SOME, ANY_VERSION, CUT, CUT_META, HOWS };
static const char *const how_text[HOWS] = {"none of the unsynced", "all",
                                           "all but one",          "one alone",
                                           "a random part",        "any version of each",
                                           "a prefix, torn",       "a torn meta page"};

/* A part of a write that no sync has covered, within one sector. */
struct unit {
    size_t write; /* its index */
    uint64_t sector, at;
    const uint8_t *bytes;
    size_t n;
};

struct power {
    struct dice dice;
    uint32_t random_images;
    struct tmpdir from, to;
    size_t acked_at[COMMITS + 1]; /* how many writes there were when commit k returned */
    struct store *state[COMMITS + 1];
    size_t commits;
    uint8_t *image;
    size_t image_n;
    struct unit units[UNITS_MAX];
    size_t n_units;
    size_t images, of[HOWS], in_flight, refused_new;
};

/* -- The disk -- */

static void lay(struct power *p, uint64_t at, const uint8_t *bytes, size_t n)
{
    cr_assert_leq(at + n, IMAGE_MAX);
    memcpy(p->image + at, bytes, n);
    if (at + n > p->image_n)
        p->image_n = at + n;
}

/* The image of what is durable, and the units of what is not, when power goes after `at` writes. */
static void split(struct power *p, size_t at, bool sync_done, size_t sector)
{
    size_t n;
    const struct iowatch_write *w = iowatch_writes(&n);
    memset(p->image, 0, p->image_n);
    p->image_n = 0;
    p->n_units = 0;
    for (size_t i = 0; i < at; i++) {
        if (w[i].bytes == NULL)
            continue; /* a change of length: holes read as zeros either way */
        if (w[i].synced_by < at || (sync_done && w[i].synced_by == at)) {
            lay(p, w[i].at, w[i].bytes, w[i].n);
            continue;
        }
        for (size_t done = 0; done < w[i].n;) {
            size_t left = sector - (size_t)((w[i].at + done) % sector),
                   part = w[i].n - done < left ? w[i].n - done : left;
            cr_assert_lt(p->n_units, UNITS_MAX);
            p->units[p->n_units++] =
                (struct unit){i, (w[i].at + done) / sector, w[i].at + done, w[i].bytes + done, part};
            done += part;
        }
    }
}

static void lay_unit(struct power *p, size_t i)
{
    lay(p, p->units[i].at, p->units[i].bytes, p->units[i].n);
}

/* Of each sector one of its versions, or the one before. */
static void lay_versions(struct power *p)
{
    for (size_t i = 0; i < p->n_units; i++) {
        uint32_t versions = 1;
        bool first = true;
        for (size_t k = 0; k < p->n_units; k++) {
            bool same = p->units[k].sector == p->units[i].sector;
            first = first && !(same && k < i);
            versions += same;
        }
        uint32_t pick = first ? dice_below(&p->dice, versions) : 0;
        for (size_t k = i; pick > 0 && k < p->n_units; k++)
            if (p->units[k].sector == p->units[i].sector && (lay_unit(p, k), --pick == 0))
                break;
    }
}

/* Lays what survives of the units. which: for LOSE_ONE and KEEP_ONE. */
static void crash(struct power *p, enum how how, size_t which)
{
    size_t cut = p->n_units == 0 ? 0 : dice_below(&p->dice, (uint32_t)p->n_units);
    if (how == ANY_VERSION) {
        lay_versions(p);
        return;
    }
    for (size_t i = 0; i < p->n_units; i++) {
        bool keep = how == LOSE_NONE || (how == LOSE_ONE && i != which) || (how == KEEP_ONE && i == which) ||
                    (how == SOME && dice_below(&p->dice, 2) == 0) || (how == CUT && i < cut);
        if (keep)
            lay_unit(p, i);
    }
    if (how == CUT_META && p->n_units == 1) { /* which: 8 bytes each */
        struct unit u = p->units[0];
        u.n = which * 8 < u.n ? which * 8 : u.n;
        lay(p, u.at, u.bytes, u.n);
    }
}

/* -- What must be found -- */

static void write_image(struct power *p)
{
    int fd = open(tmpdir_file(&p->to, "data.mdb"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    for (size_t done = 0; done < p->image_n;) {
        ssize_t k = write(fd, p->image + done, p->image_n - done);
        cr_assert_gt(k, 0);
        done += (size_t)k;
    }
    cr_assert_eq(close(fd), 0);
    (void)unlink(tmpdir_file(&p->to, "lock.mdb"));
}

static uint64_t number_of(struct store *s)
{
    struct view v;
    struct span value;
    struct err err;
    cr_assert_eq(store_read_begin(s, &v, &err), ST_OK);
    enum status st = view_get(&v, TABLE_META, span_str("n"), &value);
    cr_assert(st == ST_OK || st == ST_NOTFOUND, "%s", status_name(st));
    uint64_t n = st == ST_OK ? load_u64(value.p) : 0;
    store_read_end(s, &v);
    return n;
}

static void put_number(struct store *s, struct store_txn *t, uint64_t n)
{
    uint8_t b[8];
    struct err err;
    store_u64(b, n);
    cr_assert_eq(store_put(s, t, TABLE_META, span_str("n"), span_of(b, sizeof b), &err), ST_OK);
}

static void survive(struct power *p, enum how how, size_t at, bool sync_done)
{
    struct store *s;
    struct store_txn *t;
    struct view is, was;
    struct err err;
    size_t acked = 0;
    bool new = at < p->acked_at[0]; /* power went while the store was being made: nothing was promised yet */
    while (acked + 1 < p->commits &&
           (p->acked_at[acked + 1] < at || (sync_done && p->acked_at[acked + 1] == at)))
        acked++;
    write_image(p);
    p->images++;
    p->of[how]++;
    enum status st = store_lmdb_open(p->to.path, MAP, 0, &s, &err);
    if (st != ST_OK && new) {
        cr_assert_eq(st, ST_CORRUPT, "%s", err.text);
        p->refused_new++;
        return;
    }
    cr_assert_eq(st, ST_OK, "power went after write %zu, %s: %s", at, how_text[how], err.text);
    uint64_t n = number_of(s);
    cr_assert(n == acked || (n == acked + 1 && n < p->commits),
              "power went after write %zu (%s the sync), of the unsynced writes there was %s: commit %zu was "
              "acknowledged, found %" PRIu64,
              at, sync_done ? "after" : "before", how_text[how], acked, n);
    p->in_flight += n == acked + 1;
    cr_assert_eq(store_read_begin(s, &is, &err), ST_OK);
    cr_assert_eq(store_read_begin(p->state[n], &was, &err), ST_OK);
    (void)model_same_content(&is, &was);
    store_read_end(s, &is);
    store_read_end(p->state[n], &was);
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    put_number(s, t, 999);
    cr_assert_eq(store_commit(s, t, &err), ST_OK, "%s", err.text);
    cr_assert_eq(number_of(s), 999);
    store_close(s);
}

static void one_image(struct power *p, enum how how, size_t which, size_t at, bool sync_done, size_t sector)
{
    split(p, at, sync_done, sector);
    crash(p, how, which);
    survive(p, how, at, sync_done);
}

static void one_moment(struct power *p, size_t at, bool sync_done)
{
    size_t sector = dice_below(&p->dice, 3) == 0 ? 4096 : 512;
    one_image(p, LOSE_ALL, 0, at, sync_done, sector);
    size_t n = p->n_units;
    if (n == 0)
        return; /* all is durable: there is one image */
    one_image(p, LOSE_NONE, 0, at, sync_done, sector);
    for (size_t i = 0; i < n && i < EACH_MAX; i++) { /* each, where there are few */
        size_t which = n <= EACH_MAX ? i : dice_below(&p->dice, (uint32_t)n);
        one_image(p, LOSE_ONE, which, at, sync_done, sector);
        one_image(p, KEEP_ONE, which, at, sync_done, sector);
    }
    for (uint32_t i = 0; n > 1 && i < p->random_images; i++) {
        static const enum how random[] = {SOME, ANY_VERSION, CUT};
        one_image(p, random[i % 3], 0, at, sync_done, i % 2 == 0 ? 512 : 4096);
    }
    for (size_t i = 1; n == 1 && i * 8 < 512; i += 3)
        one_image(p, CUT_META, i, at, sync_done, 512);
}

/* -- Workloads -- */

/* In memory where that can be: what is durable is decided here, and thousands of files are synced for nothing
 * else. */
static struct tmpdir fast_dir(void)
{
    struct tmpdir t = {"/dev/shm/entente-test-XXXXXX"};
    return mkdtemp(t.path) != NULL ? t : tmpdir_make();
}

static void begin(struct power *p, uint64_t seed)
{
    const char *given = getenv("ENTENTE_POWERLOSS"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char *end;
    *p = (struct power){.dice = {seed}, .random_images = 6};
    if (given != NULL) {
        p->dice.state = seed + strtoull(given, &end, 10) * 7919;
        p->random_images = (uint32_t)strtoull(end, NULL, 10);
    }
    p->from = fast_dir();
    p->to = fast_dir();
    p->image = calloc(1, IMAGE_MAX);
    cr_assert_not_null(p->image);
    iowatch_start(tmpdir_file(&p->from, "data.mdb"));
}

static void acknowledged(struct power *p, struct store *mem)
{
    (void)iowatch_writes(&p->acked_at[p->commits]);
    p->state[p->commits++] = store_mem_clone(mem);
}

static void replay(struct power *p, const char *name)
{
    size_t n;
    (void)iowatch_writes(&n);
    for (size_t at = 1; at <= n; at++) {
        one_moment(p, at, false);
        one_moment(p, at, true);
    }
    fprintf(stderr, "%s: %zu commits, %zu writes, %zu images:", name, p->commits - 1, n, p->images);
    for (size_t i = 0; i < HOWS; i++)
        fprintf(stderr, " %s %zu%s", how_text[i], p->of[i], i + 1 < HOWS ? "," : "");
    fprintf(stderr, "; the commit in flight was there in %zu, a store just being made was refused in %zu\n",
            p->in_flight, p->refused_new);
    cr_assert_gt(p->images, 500);
    cr_assert_gt(p->in_flight, 0);
}

static void end(struct power *p)
{
    iowatch_stop();
    for (size_t i = 0; i < p->commits; i++)
        store_close(p->state[i]);
    tmpdir_remove(&p->from);
    tmpdir_remove(&p->to);
    free(p->image);
}

/* The same random operations in both, and in the model, which vouches for the store in memory. */
static void random_commit(struct power *p, struct store *s, struct store *mem, struct model *model,
                          uint64_t n)
{
    struct store *both[] = {s, mem};
    struct store_txn *t[2];
    struct err err;
    uint8_t kb[VIEW_KEY_MAX], vb[MODEL_BYTES_MAX], nb[8];
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(store_begin(both[i], &t[i], &err), ST_OK);
        put_number(both[i], t[i], n);
    }
    store_u64(nb, n);
    model_put(model, TABLE_META, span_str("n"), span_of(nb, sizeof nb));
    for (uint32_t k = 1 + dice_below(&p->dice, 30); k > 0; k--) {
        uint8_t table = dice_table(&p->dice);
        struct span key = dice_key(&p->dice, kb), value = dice_value(&p->dice, vb);
        bool removed = dice_below(&p->dice, 4) == 0;
        for (size_t i = 0; i < 2; i++) {
            enum status st = removed ? store_del(both[i], t[i], table, key, &err)
                                     : store_put(both[i], t[i], table, key, value, &err);
            cr_assert_eq(st, ST_OK, "%s", err.text);
        }
        if (removed)
            model_del(model, table, key);
        else
            model_put(model, table, key, value);
    }
    for (size_t i = 0; i < 2; i++)
        cr_assert_eq(store_commit(both[i], t[i], &err), ST_OK, "%s", err.text);
    struct view is, was = model_view(model);
    cr_assert_eq(store_read_begin(mem, &is, &err), ST_OK);
    (void)model_same_content(&is, &was);
    store_read_end(mem, &is);
}

Test(powerloss, random_commits)
{
    static struct power p;
    struct err err;
    struct store *s, *mem = store_mem_new();
    struct model *model = model_new();
    begin(&p, 11);
    cr_assert_eq(store_lmdb_open(p.from.path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
    acknowledged(&p, mem);
    for (uint64_t n = 1; n <= COMMITS; n++) {
        if (n % 9 == 0) { /* a restart between */
            store_close(s);
            cr_assert_eq(store_lmdb_open(p.from.path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
        }
        random_commit(&p, s, mem, model, n);
        acknowledged(&p, mem);
    }
    store_close(s);
    replay(&p, "random commits");
    end(&p);
    store_close(mem);
    model_free(model);
}

/* As a block does: rows appended, some replaced, values of many pages. */
static void block_commit(struct store *s, uint64_t n)
{
    static uint8_t value[20000];
    struct store_txn *t;
    struct err err;
    uint8_t kb[8];
    cr_assert_eq(store_begin(s, &t, &err), ST_OK);
    put_number(s, t, n);
    for (uint64_t i = 0; i < 6; i++) {
        size_t bytes = i == 5 && n % 3 == 0 ? sizeof value : 300;
        memset(value, (int)(n + i), bytes < 32 * 256 ? 32 * 256 : bytes);
        store_u64(kb, n * 10 + i);
        cr_assert_eq(store_put(s, t, TABLE_LEAF, span_of(kb, 8), span_of(value, bytes), &err), ST_OK);
        store_u64(kb, i);
        cr_assert_eq(store_put(s, t, TABLE_TILE, span_of(kb, 8), span_of(value, 32 * (n % 200 + 1)), &err),
                     ST_OK);
    }
    store_u64(kb, n - 1);
    if (n % 2 == 0)
        cr_assert_eq(store_del(s, t, TABLE_BODY, span_of(kb, 8), &err), ST_OK);
    else
        cr_assert_eq(store_put(s, t, TABLE_BODY, span_of(kb, 8), span_of(value, 9000), &err), ST_OK);
    cr_assert_eq(store_commit(s, t, &err), ST_OK, "%s", err.text);
}

Test(powerloss, blocks)
{
    static struct power p;
    struct err err;
    struct store *s, *mem = store_mem_new();
    begin(&p, 12);
    cr_assert_eq(store_lmdb_open(p.from.path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
    acknowledged(&p, mem);
    for (uint64_t n = 1; n <= COMMITS; n++) {
        block_commit(s, n);
        block_commit(mem, n);
        acknowledged(&p, mem);
    }
    store_close(s);
    replay(&p, "blocks");
    end(&p);
    store_close(mem);
}

/* In a child, for damage can end the process. */
static bool is_whole(const struct power *p)
{
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        struct store *s;
        struct err err;
        uint64_t records;
        (void)freopen("/dev/null", "w", stderr); /* LMDB's last words */
        _exit(store_lmdb_open(p->to.path, MAP, 0, &s, &err) == ST_OK &&
                      store_lmdb_check(s, &records, &err) == ST_OK
                  ? 0
                  : 1);
    }
    int code = 0;
    cr_assert_eq(waitpid(pid, &code, 0), pid);
    return WIFEXITED(code) && WEXITSTATUS(code) == 0;
}

/* The test itself must be able to fail: were the newest commit's data not synced before its meta page, it
 * would be seen. */
Test(powerloss, a_store_that_syncs_too_late_would_be_found)
{
    static struct power p;
    struct err err;
    struct store *s;
    size_t n, first, wrong = 0, tried = 0;
    begin(&p, 13);
    cr_assert_eq(store_lmdb_open(p.from.path, MAP, 0, &s, &err), ST_OK, "%s", err.text);
    (void)iowatch_writes(&first);
    for (uint64_t k = 1; k <= 10; k++)
        block_commit(s, k);
    store_close(s);
    const struct iowatch_write *w = iowatch_writes(&n);
    for (size_t at = first + 1; at <= n; at++) {
        if (w[at - 1].n > 512) /* the moment after a meta page */
            continue;
        memset(p.image, 0, p.image_n);
        p.image_n = 0;
        for (size_t x = 0; x < at; x++) /* of what came just before it, a random part */
            if (x < first || x + 8 < at || x + 1 == at || dice_below(&p.dice, 2) == 0)
                lay(&p, w[x].at, w[x].bytes, w[x].n);
        write_image(&p);
        tried++;
        wrong += !is_whole(&p);
    }
    cr_assert_gt(tried, 5);
    cr_assert_gt(wrong, tried / 2, "%zu of %zu", wrong, tried);
    iowatch_stop();
    tmpdir_remove(&p.from);
    tmpdir_remove(&p.to);
    free(p.image);
}
