#include "sim/disk.h"

enum { SECTOR = 512 };

struct pending {
    struct pending *next;
    uint64_t at;
    size_t n;
    uint8_t bytes[];
};

struct sim_disk {
    struct sim_disk_hook hook;
    uint8_t *durable, *seen; /* what a crash leaves; what reads see */
    size_t n, durable_n;
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

void sim_disk_free(struct sim_disk *d)
{
    if (d == NULL)
        return;
    drop_pending(d);
    free(d->durable);
    free(d->seen);
    free(d);
}

static void extend(uint8_t **p, size_t *n, size_t to)
{
    if (to <= *n)
        return;
    *p = realloc(*p, to);
    ASSERT(*p != NULL);
    memset(*p + *n, 0, to - *n);
    *n = to;
}

static enum status disk_read(void *ctx, uint64_t at, uint8_t *p, size_t n, struct err *err)
{
    struct sim_disk *d = ctx;
    if (at > d->n || n > d->n - at)
        return err_set(err, ST_CORRUPT, "virtual disk: read beyond the end");
    memcpy(p, d->seen + at, n);
    return ST_OK;
}

static enum status disk_write(void *ctx, uint64_t at, struct span bytes, struct err *err)
{
    struct sim_disk *d = ctx;
    if (d->dead)
        return err_set(err, ST_IO, "virtual disk: the machine is dead");
    struct pending *p = malloc(sizeof *p + bytes.n);
    ASSERT(p != NULL);
    *p = (struct pending){.at = at, .n = bytes.n};
    memcpy(p->bytes, bytes.p, bytes.n);
    if (d->last != NULL)
        d->last->next = p;
    else
        d->first = p;
    d->last = p;
    extend(&d->seen, &d->n, (size_t)at + bytes.n);
    memcpy(d->seen + at, bytes.p, bytes.n);
    d->dead = d->hook.dies(d->hook.ctx);
    return ST_OK;
}

static void apply(struct sim_disk *d, const struct pending *p, size_t from, size_t n)
{
    extend(&d->durable, &d->durable_n, (size_t)p->at + p->n);
    memcpy(d->durable + p->at + from, p->bytes + from, n);
}

static enum status disk_sync(void *ctx, struct err *err)
{
    struct sim_disk *d = ctx;
    if (d->dead)
        return err_set(err, ST_IO, "virtual disk: the machine is dead");
    for (const struct pending *p = d->first; p != NULL; p = p->next)
        apply(d, p, 0, p->n);
    drop_pending(d);
    return ST_OK;
}

static uint64_t disk_size(void *ctx)
{
    const struct sim_disk *d = ctx;
    return d->n;
}

struct disk_file sim_disk_file(struct sim_disk *d)
{
    return (struct disk_file){d, disk_read, disk_write, disk_sync, disk_size};
}

size_t sim_disk_crash(struct sim_disk *d, uint64_t (*random)(void *ctx, uint64_t below), void *ctx)
{
    size_t harmed = 0;
    for (const struct pending *p = d->first; p != NULL; p = p->next) {
        uint64_t fate = random(ctx, 3);
        if (fate == 0) {
            apply(d, p, 0, p->n);
            continue;
        }
        harmed++;
        for (size_t at = 0; fate == 2 && at < p->n; at += SECTOR) /* torn: some sectors arrive, in any order */
            if (random(ctx, 2) == 0)
                apply(d, p, at, p->n - at < SECTOR ? p->n - at : SECTOR);
    }
    drop_pending(d);
    free(d->seen);
    d->seen = NULL;
    d->n = 0;
    extend(&d->seen, &d->n, d->durable_n);
    if (d->durable_n != 0)
        memcpy(d->seen, d->durable, d->durable_n);
    d->dead = false;
    return harmed;
}
