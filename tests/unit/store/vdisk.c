#include <criterion/criterion.h>
#include "vdisk.h"

static bool stopped(struct vdisk *d)
{
    bool now = d->stop_at >= 0 && d->ops >= d->stop_at;
    d->ops++;
    return now;
}

static enum status vdisk_read(void *ctx, uint64_t at, uint8_t *p, size_t n, struct err *err)
{
    struct vdisk *d = ctx;
    if (at + n > d->size)
        return err_set(err, ST_CORRUPT, "vdisk: read past the end");
    memcpy(p, d->cache + at, n);
    return ST_OK;
}

static enum status vdisk_write(void *ctx, uint64_t at, struct span bytes, struct err *err)
{
    struct vdisk *d = ctx;
    if (stopped(d))
        return err_set(err, ST_IO, "vdisk: stopped");
    cr_assert_leq(at + bytes.n, VDISK_BYTES);
    memcpy(d->cache + at, bytes.p, bytes.n);
    for (uint64_t s = at / VDISK_SECTOR; s * VDISK_SECTOR < at + bytes.n; s++) {
        cr_assert_lt(d->n_pending, VDISK_PENDING_MAX);
        d->pending[d->n_pending++] = (uint32_t)s;
    }
    if (at + bytes.n > d->size)
        d->size = at + bytes.n;
    return ST_OK;
}

static enum status vdisk_sync(void *ctx, struct err *err)
{
    struct vdisk *d = ctx;
    if (stopped(d))
        return err_set(err, ST_IO, "vdisk: stopped");
    for (size_t i = 0; i < d->n_pending; i++) {
        size_t at = (size_t)d->pending[i] * VDISK_SECTOR;
        memcpy(d->platter + at, d->cache + at, VDISK_SECTOR);
    }
    d->n_pending = 0;
    return ST_OK;
}

static uint64_t vdisk_size(void *ctx)
{
    const struct vdisk *d = ctx;
    return d->size;
}

void vdisk_init(struct vdisk *d)
{
    *d = (struct vdisk){.cache = calloc(1, VDISK_BYTES), .platter = calloc(1, VDISK_BYTES), .stop_at = -1};
    cr_assert_not_null(d->cache);
    cr_assert_not_null(d->platter);
}

void vdisk_deinit(struct vdisk *d)
{
    free(d->cache);
    free(d->platter);
}

void vdisk_copy(struct vdisk *to, const struct vdisk *from)
{
    size_t n = from->size > to->size ? from->size : to->size;
    memcpy(to->cache, from->cache, n);
    memcpy(to->platter, from->platter, n);
    memcpy(to->pending, from->pending, from->n_pending * sizeof *to->pending);
    to->size = from->size;
    to->n_pending = from->n_pending;
    to->ops = from->ops;
    to->stop_at = from->stop_at;
}

struct disk_file vdisk_file(struct vdisk *d)
{
    return (struct disk_file){
        .ctx = d, .read = vdisk_read, .write = vdisk_write, .sync = vdisk_sync, .size = vdisk_size};
}

void vdisk_crash(struct vdisk *d, const bool *keep)
{
    for (size_t i = 0; i < d->n_pending; i++) {
        size_t at = (size_t)d->pending[i] * VDISK_SECTOR;
        if (keep[i])
            memcpy(d->platter + at, d->cache + at, VDISK_SECTOR);
    }
    memcpy(d->cache, d->platter, d->size);
    d->n_pending = 0;
    d->stop_at = -1;
}
