#include "audit/archive.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "merkle/tiles.h"
#include "store/store_mem.h"

/* The whole file is mapped at once, before it has any bytes: addresses, not memory. */
static const uint64_t MAP_BYTES = UINT64_C(1) << 38;
/* A page that was read stays in this process's memory until it is given back, and comes again from the file when it is asked
 * for once more: pointers stay good. Reading one brings its neighbours along, 16 pages in all. */
enum { READ_MAX = 32 << 20, PAGE = 4096, NEIGHBOURS = 16 };

/* Where a row is. Ascending by key, then nth. */
struct place {
    uint64_t key;
    uint64_t at : 56; /* in the file: u32 length of the value, key, value */
    uint64_t nth : 8; /* the ninth byte of a key that has one */
};

struct rows {
    uint8_t table;
    size_t key_n; /* 8 or 9 */
    struct place *v;
    size_t n, cap;
};

enum { KEPT = 7 };

struct archive {
    struct store store; /* first: a struct store * points here */
    struct store *state;
    struct rows rows[KEPT];
    struct rows tiles[TILE_LEVELS]; /* of full tiles; by tile number */
    int fd;
    const uint8_t *map;
    uint64_t written; /* bytes of the file */
    struct buf more;  /* behind them, until the commit */
    uint64_t touched, last_page;
    struct store_txn *open;
};

struct store_txn {
    struct archive *archive;
    struct store_txn *state;
};

static struct archive *archive_of(struct store *s)
{
    return (struct archive *)s;
}

static struct rows *rows_of(struct archive *a, uint8_t table)
{
    for (size_t i = 0; i < KEPT; i++)
        if (a->rows[i].table == table)
            return &a->rows[i];
    return NULL;
}

/* The number of the first row whose key is not below this one; bytes that are missing count as zeros. */
static size_t first_at(const struct rows *r, struct span key)
{
    uint8_t whole[9] = {0};
    size_t low = 0, high = r->n;
    ASSERT(key.n <= r->key_n);
    if (key.n > 0)
        memcpy(whole, key.p, key.n);
    uint64_t k = load_u64(whole);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->v[mid].key < k || (r->v[mid].key == k && r->v[mid].nth < whole[8]))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool is_at(const struct rows *r, size_t i, struct span key)
{
    return i < r->n && key.n == r->key_n && r->v[i].key == load_u64(key.p) && r->v[i].nth == (key.n == 9 ? key.p[8] : 0);
}

static void put_place(struct rows *r, struct span key, uint64_t at)
{
    size_t i = first_at(r, key);
    struct place p = {.key = load_u64(key.p), .at = at & ((UINT64_C(1) << 56) - 1), .nth = key.n == 9 ? key.p[8] : 0};
    if (is_at(r, i, key)) {
        r->v[i] = p;
        return;
    }
    if (r->n == r->cap) {
        r->cap = r->cap == 0 ? 256 : 2 * r->cap;
        r->v = reallocarray(r->v, r->cap, sizeof *r->v);
        ASSERT(r->v != NULL);
    }
    memmove(&r->v[i + 1], &r->v[i], (r->n - i) * sizeof *r->v); /* keys ascend, so nothing moves */
    r->v[i] = p;
    r->n++;
}

/* --- Reading --- */

static void give(struct archive *a, const struct rows *r, size_t i, struct span *ret_key, struct span *ret_value)
{
    uint64_t at = r->v[i].at;
    ASSERT(at < a->written); /* what was put is read after its commit */
    if (at / PAGE / NEIGHBOURS != a->last_page) {
        a->last_page = at / PAGE / NEIGHBOURS;
        a->touched += PAGE * NEIGHBOURS;
    }
    if (a->touched > READ_MAX) {
        a->touched = 0;
        (void)madvise((void *)(uintptr_t)a->map, a->written, MADV_DONTNEED);
    }
    const uint8_t *p = a->map + at;
    if (ret_key != NULL)
        *ret_key = span_of(p + 4, r->key_n);
    *ret_value = span_of(p + 4 + r->key_n, load_u32(p));
}

struct reading {
    struct archive *archive;
    struct view state;
};

static enum status tile_get(struct reading *r, struct span key, struct span *ret_value)
{
    ASSERT(key.n == 9);
    ASSERT(key.p[0] < TILE_LEVELS);
    const struct rows *t = &r->archive->tiles[key.p[0]];
    struct span number = span_of(key.p + 1, 8);
    size_t i = first_at(t, number);
    if (!is_at(t, i, number))
        return view_get(&r->state, TABLE_TILE, key, ret_value);
    give(r->archive, t, i, NULL, ret_value);
    return ST_OK;
}

static enum status get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    struct reading *r = ctx;
    const struct rows *rows = rows_of(r->archive, table);
    if (table == TABLE_TILE)
        return tile_get(r, key, ret_value);
    if (rows == NULL)
        return view_get(&r->state, table, key, ret_value);
    size_t i = key.n == rows->key_n ? first_at(rows, key) : rows->n;
    if (!is_at(rows, i, key))
        return ST_NOTFOUND;
    give(r->archive, rows, i, NULL, ret_value);
    return ST_OK;
}

static enum status next(void *ctx, uint8_t table, struct span from, struct span *ret_key, struct span *ret_value)
{
    struct reading *r = ctx;
    const struct rows *rows = rows_of(r->archive, table);
    ASSERT(table != TABLE_TILE); /* they are in two places, and nobody walks them */
    if (rows == NULL)
        return view_next(&r->state, table, from, ret_key, ret_value);
    size_t i = first_at(rows, from);
    if (i == rows->n)
        return ST_END;
    give(r->archive, rows, i, ret_key, ret_value);
    return ST_OK;
}

static enum status prev(void *ctx, uint8_t table, struct span upto, struct span *ret_key, struct span *ret_value)
{
    struct reading *r = ctx;
    const struct rows *rows = rows_of(r->archive, table);
    ASSERT(table != TABLE_TILE);
    if (rows == NULL)
        return view_prev(&r->state, table, upto, ret_key, ret_value);
    size_t i = first_at(rows, upto);
    if (is_at(rows, i, upto))
        i++;
    if (i == 0)
        return ST_END;
    give(r->archive, rows, i - 1, ret_key, ret_value);
    return ST_OK;
}

static enum status read_begin(struct store *s, struct view *ret_view, struct err *err)
{
    struct archive *a = archive_of(s);
    struct reading *r = malloc(sizeof *r);
    ASSERT(r != NULL);
    r->archive = a;
    enum status st = store_read_begin(a->state, &r->state, err);
    if (st != ST_OK) {
        free(r);
        return st;
    }
    *ret_view = (struct view){.ctx = r, .get = get, .next = next, .prev = prev};
    return ST_OK;
}

static void read_end(struct store *s, struct view *view)
{
    struct reading *r = view->ctx;
    store_read_end(archive_of(s)->state, &r->state);
    free(r);
}

static enum status explain(struct store *s, const struct view *view, enum status st, struct err *err)
{
    const struct reading *r = view->ctx;
    return store_explain(archive_of(s)->state, &r->state, st, err);
}

/* --- Writing --- */

static enum status begin(struct store *s, struct store_txn **ret_txn, struct err *err)
{
    struct store_txn *t = malloc(sizeof *t);
    ASSERT(t != NULL);
    t->archive = archive_of(s);
    enum status st = store_begin(t->archive->state, &t->state, err);
    if (st != ST_OK) {
        free(t);
        return st;
    }
    *ret_txn = t;
    return ST_OK;
}

static enum status append(struct archive *a, struct rows *r, struct span key, struct span value, struct err *err)
{
    uint64_t at = a->written + a->more.n;
    if (at + 4 + key.n + value.n > MAP_BYTES)
        return err_set(err, ST_LIMIT, "the record is larger than %" PRIu64 " GiB, the most that can be verified at once", MAP_BYTES >> 30);
    ASSERT(key.n == r->key_n);
    buf_u32(&a->more, (uint32_t)value.n);
    buf_put(&a->more, key.p, key.n);
    buf_put(&a->more, value.p, value.n);
    if (a->more.failed != ST_OK)
        return err_set(err, ST_LIMIT, "a block's rows are larger than any block's");
    put_place(r, key, at);
    return ST_OK;
}

static enum status put(struct store_txn *t, uint8_t table, struct span key, struct span value, struct err *err)
{
    struct archive *a = t->archive;
    struct rows *r = rows_of(a, table);
    if (table == TABLE_IDS)
        return ST_OK;
    if (r != NULL)
        return append(a, r, key, value, err);
    if (table != TABLE_TILE || value.n < TILE_WIDTH * sizeof(struct hash))
        return store_put(a->state, t->state, table, key, value, err);
    ASSERT(key.n == 9);
    ASSERT(key.p[0] < TILE_LEVELS);
    enum status st = store_del(a->state, t->state, table, key, err); /* it was there in part */
    return st == ST_OK ? append(a, &a->tiles[key.p[0]], span_of(key.p + 1, 8), value, err) : st;
}

static enum status del(struct store_txn *t, uint8_t table, struct span key, struct err *err)
{
    struct rows *r = rows_of(t->archive, table);
    ASSERT(table != TABLE_TILE);
    if (r == NULL)
        return store_del(t->archive->state, t->state, table, key, err);
    size_t i = key.n == r->key_n ? first_at(r, key) : r->n;
    if (is_at(r, i, key))
        memmove(&r->v[i], &r->v[i + 1], (--r->n - i) * sizeof *r->v);
    return ST_OK;
}

static void abort_txn(struct store_txn *t)
{
    store_abort(t->archive->state, t->state);
    free(t);
}

static enum status write_more(struct archive *a, struct err *err)
{
    char why[128];
    for (size_t i = 0; i < a->more.n;) {
        ssize_t k = write(a->fd, a->more.p + i, a->more.n - i);
        int e = errno;
        if (k < 0 && e == EINTR)
            continue;
        if (k <= 0)
            return err_set(err, e == ENOSPC ? ST_NOSPACE : ST_IO,
                           "the file in which the record is kept while it is verified cannot be written: %s. Name a folder that has "
                           "as much room as the pack: TMPDIR=FOLDER",
                           strerror_r(e, why, sizeof why));
        i += (size_t)k;
    }
    a->written += a->more.n;
    buf_reset(&a->more);
    return ST_OK;
}

static enum status commit(struct store_txn *t, struct err *err)
{
    struct archive *a = t->archive;
    enum status st = write_more(a, err);
    if (st != ST_OK) {
        abort_txn(t);
        return st;
    }
    st = store_commit(a->state, t->state, err);
    free(t);
    return st;
}

static void close_archive(struct store *s)
{
    struct archive *a = archive_of(s);
    for (size_t i = 0; i < KEPT; i++)
        free(a->rows[i].v);
    for (size_t i = 0; i < TILE_LEVELS; i++)
        free(a->tiles[i].v);
    (void)munmap((void *)(uintptr_t)a->map, MAP_BYTES);
    (void)close(a->fd);
    store_close(a->state);
    buf_deinit(&a->more);
    free(a);
}

int archive_file(void)
{
    const char *folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"}; /* NOLINT(concurrency-mt-unsafe): one thread */
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        int fd = folders[i] == NULL || folders[i][0] == 0 ? -1 : open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
            return fd;
    }
    return memfd_create("entente-audit", MFD_CLOEXEC);
}

enum status archive_new(int fd, struct store **ret_store, struct err *err)
{
    static const struct store_ops ops = {read_begin, read_end, explain, begin, put, del, commit, abort_txn, close_archive};
    static const struct rows kept[KEPT] = {{.table = TABLE_LEAF, .key_n = 8},         {.table = TABLE_BLOCK, .key_n = 8},
                                           {.table = TABLE_CERT, .key_n = 8},         {.table = TABLE_BLOCK_LEAVES, .key_n = 8},
                                           {.table = TABLE_BOUNDARY, .key_n = 8},     {.table = TABLE_NOTE, .key_n = 8},
                                           {.table = TABLE_PROSE, .key_n = 9}};
    char why[128];
    if (fd < 0)
        fd = memfd_create("entente-audit", MFD_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, MAP_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (map == MAP_FAILED) {
        int e = errno;
        if (fd >= 0)
            (void)close(fd);
        return err_set(err, ST_IO, "no room can be made for the record while it is verified: %s (ulimit -v must be unlimited)",
                       strerror_r(e, why, sizeof why));
    }
    struct archive *a = calloc(1, sizeof *a);
    ASSERT(a != NULL);
    a->store.ops = &ops;
    a->state = store_mem_new();
    a->fd = fd;
    a->map = map;
    a->last_page = UINT64_MAX;
    memcpy(a->rows, kept, sizeof kept);
    for (size_t i = 0; i < TILE_LEVELS; i++)
        a->tiles[i].key_n = 8;
    buf_init(&a->more, 64 << 20);
    *ret_store = &a->store;
    return ST_OK;
}
