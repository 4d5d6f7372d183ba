#include "ledger/ids.h"
#include "base/plant.h"

enum { KEEP_DAYS = 31, FIRST_CAP = 1024 };
static const uint64_t KEEP_MS = (uint64_t)KEEP_DAYS * 86400000;

struct slot {
    struct hash id;
    uint64_t leaf;
    bool used;
};

/* Ids in order of acceptance, so that the oldest are forgotten first. */
struct aged {
    struct hash id;
    uint64_t time_ms;
};

struct ids {
    struct slot *slots; /* open addressing, linear probing; cap is a power of two */
    size_t cap, n;
    struct aged *queue; /* ring */
    size_t q_cap, q_head, q_n;
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
    s->cap = s->q_cap = FIRST_CAP;
    s->slots = take(s->cap, sizeof *s->slots);
    s->queue = take(s->q_cap, sizeof *s->queue);
    return s;
}

void ids_free(struct ids *s)
{
    if (s == NULL)
        return;
    free(s->slots);
    free(s->queue);
    free(s);
}

/* Ids are SHA-256 values: any 8 bytes are as good as a hash of them. An author can choose ids that share these
 * bytes only by work; a long run then costs time, never a wrong answer. */
static size_t home(const struct ids *s, const struct hash *id)
{
    return (size_t)load_u64(id->b) & (s->cap - 1);
}

static size_t find_slot(const struct ids *s, const struct hash *id)
{
    size_t i = home(s, id);
    while (s->slots[i].used && !hash_eq(&s->slots[i].id, id))
        i = (i + 1) & (s->cap - 1);
    return i;
}

static void put_slot(struct ids *s, const struct hash *id, uint64_t leaf)
{
    size_t i = find_slot(s, id);
    ASSERT(!s->slots[i].used);
    s->slots[i] = (struct slot){.id = *id, .leaf = leaf, .used = true};
}

static void grow_slots(struct ids *s)
{
    struct slot *old = s->slots;
    size_t old_cap = s->cap;
    s->cap *= 2;
    s->slots = take(s->cap, sizeof *s->slots);
    for (size_t i = 0; i < old_cap; i++)
        if (old[i].used)
            put_slot(s, &old[i].id, old[i].leaf);
    free(old);
}

static void grow_queue(struct ids *s)
{
    struct aged *q = take(s->q_cap * 2, sizeof *q);
    for (size_t i = 0; i < s->q_n; i++)
        q[i] = s->queue[(s->q_head + i) & (s->q_cap - 1)];
    free(s->queue);
    s->queue = q;
    s->q_cap *= 2;
    s->q_head = 0;
}

void ids_add(struct ids *s, const struct hash *id, uint64_t leaf, uint64_t time_ms)
{
    if (PLANTED(18) && s->slots[find_slot(s, id)].used)
        return;
    if ((s->n + 1) * 2 > s->cap)
        grow_slots(s);
    if (s->q_n == s->q_cap)
        grow_queue(s);
    put_slot(s, id, leaf);
    s->n++;
    s->queue[(s->q_head + s->q_n) & (s->q_cap - 1)] = (struct aged){*id, time_ms};
    s->q_n++;
}

bool ids_find(const struct ids *s, const struct hash *id, uint64_t *ret_leaf)
{
    const struct slot *slot = &s->slots[find_slot(s, id)];
    if (!slot->used)
        return false;
    *ret_leaf = slot->leaf;
    return true;
}

/* Removes and closes the gap, so that probing needs no tombstones (Knuth 6.4, algorithm R). */
static void remove_id(struct ids *s, const struct hash *id)
{
    size_t mask = s->cap - 1, hole = find_slot(s, id);
    ASSERT(s->slots[hole].used);
    for (size_t i = (hole + 1) & mask; s->slots[i].used; i = (i + 1) & mask) {
        size_t h = home(s, &s->slots[i].id);
        if (((i - h) & mask) >= ((i - hole) & mask)) {
            s->slots[hole] = s->slots[i];
            hole = i;
        }
    }
    s->slots[hole].used = false;
    s->n--;
}

void ids_expire(struct ids *s, uint64_t now_ms)
{
    while (s->q_n > 0 && now_ms > KEEP_MS && s->queue[s->q_head].time_ms < now_ms - KEEP_MS) {
        remove_id(s, &s->queue[s->q_head].id);
        s->q_head = (s->q_head + 1) & (s->q_cap - 1);
        s->q_n--;
    }
}

size_t ids_count(const struct ids *s)
{
    return s->n;
}

/* Rows ascend by leaf, so by time: walks back from the newest until one is too old, then forward. */
enum status ids_load(struct ids *s, const struct view *v, uint64_t now_ms, struct err *err)
{
    uint64_t keep_from = now_ms > KEEP_MS ? now_ms - KEEP_MS : 0;
    uint64_t lo = 0, hi = UINT64_MAX;
    struct span key, value;
    uint8_t at[8];
    while (lo < hi) { /* smallest leaf from which all rows are young: binary search over keys */
        uint64_t mid = lo + (hi - lo) / 2;
        store_u64(at, mid);
        enum status st = view_next(v, TABLE_IDS, span_of(at, 8), &key, &value);
        if (st == ST_END) {
            hi = mid;
            continue;
        }
        if (st != ST_OK)
            return err_set(err, st, "ids: cannot be read");
        if (key.n != 8 || value.n != 40)
            return err_set(err, ST_CORRUPT, "ids: a row has another form: the store is damaged");
        if (load_u64(value.p) >= keep_from)
            hi = mid;
        else
            lo = load_u64(key.p) + 1;
    }
    store_u64(at, lo);
    enum status st = view_next(v, TABLE_IDS, span_of(at, 8), &key, &value);
    while (st == ST_OK) {
        if (key.n != 8 || value.n != 40)
            return err_set(err, ST_CORRUPT, "ids: a row has another form: the store is damaged");
        struct hash id;
        memcpy(id.b, value.p + 8, 32);
        uint64_t leaf = load_u64(key.p);
        ids_add(s, &id, leaf, load_u64(value.p));
        store_u64(at, leaf + 1);
        st = view_next(v, TABLE_IDS, span_of(at, 8), &key, &value);
    }
    return st == ST_END ? ST_OK : err_set(err, st, "ids: cannot be read");
}
