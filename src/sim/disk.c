#include "sim/disk.h"

/* The file is kept in pages; those never written to, or with zeros only, are none. */
enum { SECTOR = 512, PAGE = 4096, PAGES_MAX = JOURNAL_BYTES_MAX / PAGE };

struct pending {
    struct pending *next;
    uint64_t at;
    size_t n;
    bool kept;
    uint8_t bytes[];
};

struct image {
    uint8_t *pages[PAGES_MAX];
    size_t n; /* bytes */
};

struct sim_disk {
    struct sim_disk_hook hook;
    struct image durable, seen; /* what a crash leaves; what reads see */
    struct pending *first, *last;
    bool dead;
};

struct sim_disk *sim_disk_new(const struct sim_disk_hook *hook)
{
    struct sim_disk *d = calloc(1, sizeof *d);
    ASSERT(d != NULL);
    d->hook = *hook;
    return d;
}

static void drop_pending(struct sim_disk *d)
{
    for (struct pending *p = d->first, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    d->first = d->last = NULL;
}

static void image_clear(struct image *m)
{
    for (size_t i = 0; i * PAGE < m->n; i++) {
        free(m->pages[i]);
        m->pages[i] = NULL;
    }
    m->n = 0;
}

static uint8_t *page_of(struct image *m, size_t i)
{
    ASSERT(i < PAGES_MAX);
    if (m->pages[i] == NULL)
        m->pages[i] = calloc(1, PAGE);
    ASSERT(m->pages[i] != NULL);
    return m->pages[i];
}

static void image_copy(struct image *to, const struct image *from)
{
    image_clear(to);
    to->n = from->n;
    for (size_t i = 0; i * PAGE < from->n; i++)
        if (from->pages[i] != NULL)
            memcpy(page_of(to, i), from->pages[i], PAGE);
}

static bool all_zeros(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static void image_write(struct image *m, uint64_t at, const uint8_t *p, size_t n)
{
    if (at + n > m->n)
        m->n = (size_t)at + n;
    while (n > 0) {
        size_t i = (size_t)at / PAGE, from = (size_t)at % PAGE, part = PAGE - from < n ? PAGE - from : n;
        if (m->pages[i] != NULL || !all_zeros(p, part))
            memcpy(page_of(m, i) + from, p, part);
        at += part;
        p += part;
        n -= part;
    }
}

static void image_read(const struct image *m, uint64_t at, uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t i = (size_t)at / PAGE, from = (size_t)at % PAGE, part = PAGE - from < n ? PAGE - from : n;
        if (m->pages[i] != NULL)
            memcpy(p, m->pages[i] + from, part);
        else
            memset(p, 0, part);
        at += part;
        p += part;
        n -= part;
    }
}

void sim_disk_free(struct sim_disk *d)
{
    if (d == NULL)
        return;
    drop_pending(d);
    image_clear(&d->durable);
    image_clear(&d->seen);
    free(d);
}

static enum status dead(struct err *err)
{
    return err_set(err, ST_IO, "virtual disk: the machine is dead");
}

static enum status disk_read(void *ctx, uint64_t at, uint8_t *p, size_t n, struct err *err)
{
    struct sim_disk *d = ctx;
    if (at > d->seen.n || n > d->seen.n - at)
        return err_set(err, ST_CORRUPT, "virtual disk: read beyond the end");
    image_read(&d->seen, at, p, n);
    return ST_OK;
}

static enum status disk_write(void *ctx, uint64_t at, struct span bytes, struct err *err)
{
    struct sim_disk *d = ctx;
    d->dead = d->dead || d->hook.dies(d->hook.ctx, SIM_BEFORE_WRITE);
    if (d->dead)
        return dead(err);
    if (d->hook.full(d->hook.ctx))
        return err_set(err, ST_NOSPACE, "virtual disk: full");
    struct pending *p = malloc(sizeof *p + bytes.n);
    ASSERT(p != NULL);
    *p = (struct pending){.at = at, .n = bytes.n};
    memcpy(p->bytes, bytes.p, bytes.n);
    if (d->last != NULL)
        d->last->next = p;
    else
        d->first = p;
    d->last = p;
    image_write(&d->seen, at, bytes.p, bytes.n);
    d->dead = d->hook.dies(d->hook.ctx, SIM_WRITTEN);
    return ST_OK;
}

static enum status disk_sync(void *ctx, struct err *err)
{
    struct sim_disk *d = ctx;
    if (d->dead)
        return dead(err);
    for (const struct pending *p = d->first; p != NULL; p = p->next)
        image_write(&d->durable, p->at, p->bytes, p->n);
    drop_pending(d);
    d->dead = d->hook.dies(d->hook.ctx, SIM_SYNCED);
    return d->dead ? dead(err) : ST_OK;
}

static uint64_t disk_size(void *ctx)
{
    const struct sim_disk *d = ctx;
    return d->seen.n;
}

struct disk_file sim_disk_file(struct sim_disk *d)
{
    return (struct disk_file){d, disk_read, disk_write, disk_sync, disk_size};
}

void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from)
{
    drop_pending(to);
    image_copy(&to->durable, &from->seen);
    image_copy(&to->seen, &from->seen);
}

void sim_disk_erase(struct sim_disk *d)
{
    drop_pending(d);
    image_clear(&d->durable);
    image_clear(&d->seen);
}

struct sim_disk_harm sim_disk_crash(struct sim_disk *d, uint64_t (*random)(void *ctx, uint64_t below),
                                    void *ctx)
{
    struct sim_disk_harm harm = {0};
    size_t lost = 0;
    for (const struct pending *p = d->first; p != NULL; p = p->next) {
        uint64_t fate = random(ctx, 3);
        if (fate == 0) {
            image_write(&d->durable, p->at, p->bytes, p->n);
            harm.swapped += lost;
            lost = 0;
            continue;
        }
        harm.torn++;
        lost++;
        for (size_t at = 0; fate == 2 && at < p->n; at += SECTOR) /* torn: some sectors arrive, in any order */
            if (random(ctx, 2) == 0)
                image_write(&d->durable, p->at + at, p->bytes + at, p->n - at < SECTOR ? p->n - at : SECTOR);
    }
    drop_pending(d);
    image_copy(&d->seen, &d->durable);
    d->dead = false;
    return harm;
}
