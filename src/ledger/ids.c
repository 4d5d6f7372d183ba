#include "ledger/ids.h"
#include "base/plant.h"

enum { KEEP_DAYS = 31, FIRST_CAP = 1024, RESERVE_MAX = 1 << 20, CHUNK = 4096 };
static const uint64_t KEEP_MS = (uint64_t)KEEP_DAYS * 86400000;

struct item {
    struct hash id;
    uint64_t leaf, time_ms;
};

/* Each id is held once, in order of acceptance, so that the oldest are forgotten first; beside them an index by id. No
 * memory is set aside for twice as many: of a million ids that would be most of it. */
struct ids {
    struct item **chunks; /* of CHUNK items each; chunks[0] holds the oldest */
    size_t n_chunks, chunks_cap;
    uint64_t base;     /* number of the first item of chunks[0]; numbers only ascend */
    uint64_t from, to; /* numbers of the items held: from up to, not including, to */
    uint64_t *slots;   /* open addressing, linear probing: number + 1, or 0; cap is a power of two */
    size_t cap;
};

static void *take(size_t count, size_t size)
{
    void *p = calloc(count, size);
    ASSERT(p != NULL);
    return p;
}

struct ids *ids_new(void)
{
    struct ids *s = take(1, sizeof *s);
    s->cap = FIRST_CAP;
    s->slots = take(s->cap, sizeof *s->slots);
    return s;
}

void ids_free(struct ids *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_chunks; i++)
        free(s->chunks[i]);
    free(s->chunks);
    free(s->slots);
    free(s);
}

static struct item *item_at(const struct ids *s, uint64_t number)
{
    uint64_t i = number - s->base;
    return &s->chunks[i / CHUNK][i % CHUNK];
}

/* Ids are SHA-256 values: any 8 bytes are as good as a hash of them. An author can choose ids that share these
 * bytes only by work; a long run then costs time, never a wrong answer. */
static size_t home(const struct ids *s, const struct hash *id)
{
    return (size_t)load_u64(id->b) & (s->cap - 1);
}

static const struct hash *id_in(const struct ids *s, size_t slot)
{
    return &item_at(s, s->slots[slot] - 1)->id;
}

static size_t find_slot(const struct ids *s, const struct hash *id)
{
    size_t i = home(s, id);
    while (s->slots[i] != 0 && !hash_eq(id_in(s, i), id))
        i = (i + 1) & (s->cap - 1);
    return i;
}

static void put_slot(struct ids *s, uint64_t number)
{
    size_t i = find_slot(s, &item_at(s, number)->id);
    ASSERT(s->slots[i] == 0);
    s->slots[i] = number + 1;
}

static void set_cap(struct ids *s, size_t cap)
{
    free(s->slots);
    s->cap = cap;
    s->slots = take(s->cap, sizeof *s->slots);
    for (uint64_t k = s->from; k < s->to; k++)
        put_slot(s, k);
}

static void add_chunk(struct ids *s)
{
    if (s->n_chunks == s->chunks_cap) {
        s->chunks_cap = s->chunks_cap == 0 ? 16 : 2 * s->chunks_cap;
        s->chunks = realloc(s->chunks, s->chunks_cap * sizeof *s->chunks);
        ASSERT(s->chunks != NULL);
    }
    s->chunks[s->n_chunks++] = take(CHUNK, sizeof(struct item));
}

void ids_add(struct ids *s, const struct hash *id, uint64_t leaf, uint64_t time_ms)
{
    if (PLANTED(18) && s->slots[find_slot(s, id)] != 0)
        return;
    if ((ids_count(s) + 1) * 2 > s->cap)
        set_cap(s, 2 * s->cap);
    if (s->to == s->base + s->n_chunks * CHUNK)
        add_chunk(s);
    *item_at(s, s->to) = (struct item){*id, leaf, time_ms};
    put_slot(s, s->to);
    s->to++;
}

bool ids_find(const struct ids *s, const struct hash *id, uint64_t *ret_leaf)
{
    uint64_t slot = s->slots[find_slot(s, id)];
    if (slot == 0)
        return false;
    *ret_leaf = item_at(s, slot - 1)->leaf;
    return true;
}

/* Removes and closes the gap, so that probing needs no tombstones (Knuth 6.4, algorithm R). */
static void remove_id(struct ids *s, const struct hash *id)
{
    size_t mask = s->cap - 1, hole = find_slot(s, id);
    ASSERT(s->slots[hole] != 0);
    for (size_t i = (hole + 1) & mask; s->slots[i] != 0; i = (i + 1) & mask) {
        size_t h = home(s, id_in(s, i));
        if (((i - h) & mask) >= ((i - hole) & mask)) {
            s->slots[hole] = s->slots[i];
            hole = i;
        }
    }
    s->slots[hole] = 0;
}

static void drop_chunk(struct ids *s)
{
    free(s->chunks[0]);
    s->n_chunks--;
    memmove(s->chunks, s->chunks + 1, s->n_chunks * sizeof *s->chunks);
    s->base += CHUNK;
}

void ids_expire(struct ids *s, uint64_t now_ms)
{
    while (s->from < s->to && now_ms > KEEP_MS && item_at(s, s->from)->time_ms < now_ms - KEEP_MS) {
        remove_id(s, &item_at(s, s->from)->id);
        s->from++;
        if (s->from == s->base + CHUNK)
            drop_chunk(s);
    }
}

size_t ids_count(const struct ids *s)
{
    return (size_t)(s->to - s->from);
}

size_t ids_bytes(const struct ids *s)
{
    return s->n_chunks * CHUNK * sizeof(struct item) + s->chunks_cap * sizeof *s->chunks + s->cap * sizeof *s->slots;
}

/* A row: block time, then ids of consecutive leaves. */
static enum status row_ids(struct span key, struct span value, size_t *ret_n, struct err *err)
{
    if (key.n != 8 || value.n < 40 || (value.n - 8) % 32 != 0)
        return err_set(err, ST_CORRUPT, "ids: a row has another form: the store is damaged");
    *ret_n = (value.n - 8) / 32;
    return ST_OK;
}

/* Room for the rows from this leaf on, at once: there are at most as many ids as leaves. */
static void reserve(struct ids *s, const struct view *v, uint64_t from)
{
    struct span key, value;
    uint8_t last[8];
    size_t n = 0;
    store_u64(last, UINT64_MAX);
    if (view_prev(v, TABLE_IDS, span_of(last, 8), &key, &value) != ST_OK || row_ids(key, value, &n, NULL) != ST_OK || load_u64(key.p) < from)
        return;
    uint64_t most = ids_count(s) + load_u64(key.p) - from + n;
    size_t cap = s->cap;
    while (cap / 2 < most && cap < RESERVE_MAX)
        cap *= 2;
    if (cap > s->cap)
        set_cap(s, cap);
}

/* Smallest leaf from which all rows are young: they ascend by leaf, so by time. Binary search over keys. */
static enum status first_young(const struct view *v, uint64_t keep_from, uint64_t *ret_leaf, struct err *err)
{
    uint64_t lo = 0, hi = UINT64_MAX;
    struct span key, value;
    uint8_t at[8];
    size_t n = 0;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        store_u64(at, mid);
        enum status st = view_next(v, TABLE_IDS, span_of(at, 8), &key, &value);
        if (st == ST_END) {
            hi = mid;
            continue;
        }
        if (st != ST_OK)
            return err_set(err, st, "ids: cannot be read");
        st = row_ids(key, value, &n, err);
        if (st != ST_OK)
            return st;
        if (load_u64(value.p) >= keep_from)
            hi = mid;
        else
            lo = load_u64(key.p) + 1;
    }
    *ret_leaf = lo;
    return ST_OK;
}

enum status ids_load(struct ids *s, const struct view *v, uint64_t now_ms, struct err *err)
{
    uint64_t leaf = 0;
    struct span key, value;
    uint8_t at[8];
    enum status st = first_young(v, now_ms > KEEP_MS ? now_ms - KEEP_MS : 0, &leaf, err);
    if (st != ST_OK)
        return st;
    reserve(s, v, leaf);
    store_u64(at, leaf);
    while ((st = view_next(v, TABLE_IDS, span_of(at, 8), &key, &value)) == ST_OK) {
        size_t n = 0;
        st = row_ids(key, value, &n, err);
        if (st != ST_OK)
            return st;
        leaf = load_u64(key.p);
        for (size_t i = 0; i < n; i++) {
            struct hash id;
            memcpy(id.b, value.p + 8 + 32 * i, 32);
            ids_add(s, &id, leaf + i, load_u64(value.p));
        }
        store_u64(at, leaf + n);
    }
    return st == ST_END ? ST_OK : err_set(err, st, "ids: cannot be read");
}
