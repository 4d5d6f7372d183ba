#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "store/store_disk.h"

struct disk {
    int fd;
    bool directory_synced;
    char path[];
};

static enum status fail(const char *path, const char *what, struct err *err)
{
    int e = errno;
    char why[128];
    enum status st = e == ENOSPC || e == EDQUOT ? ST_NOSPACE : e == ENOENT ? ST_NOTFOUND : ST_IO;
    return err_set(err, st, "%s: cannot %s: %s", path, what, strerror_r(e, why, sizeof why));
}

static enum status disk_read(void *ctx, uint64_t at, uint8_t *p, size_t n, struct err *err)
{
    const struct disk *d = ctx;
    for (size_t done = 0; done < n;) {
        ssize_t k = pread(d->fd, p + done, n - done, (off_t)(at + done));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fail(d->path, "read", err);
        if (k == 0)
            return err_set(err, ST_CORRUPT, "%s: ends at byte %" PRIu64 "; %zu more were expected", d->path,
                           at + done, n - done);
        done += (size_t)k;
    }
    return ST_OK;
}

static enum status disk_write(void *ctx, uint64_t at, struct span bytes, struct err *err)
{
    const struct disk *d = ctx;
    for (size_t done = 0; done < bytes.n;) {
        ssize_t k = pwrite(d->fd, bytes.p + done, bytes.n - done, (off_t)(at + done));
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fail(d->path, "write", err);
        done += (size_t)k;
    }
    return ST_OK;
}

static enum status sync_directory_of(const char *path, struct err *err)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return file_sync_dir(".", err);
    int n = snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (n < 0 || (size_t)n >= sizeof dir)
        return err_set(err, ST_LIMIT, "%s: path too long", path);
    return file_sync_dir(dir, err);
}

static enum status disk_sync(void *ctx, struct err *err)
{
    struct disk *d = ctx;
    if (fdatasync(d->fd) != 0)
        return fail(d->path, "sync", err);
    if (d->directory_synced)
        return ST_OK;
    enum status st = sync_directory_of(d->path, err);
    d->directory_synced = st == ST_OK;
    return st;
}

static uint64_t disk_size(void *ctx)
{
    const struct disk *d = ctx;
    struct stat sb;
    return fstat(d->fd, &sb) == 0 && sb.st_size > 0 ? (uint64_t)sb.st_size : 0;
}

enum status store_disk_open(const char *path, bool create, struct disk_file *ret_file, struct err *err)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    if (fd < 0)
        return fail(path, "open", err);
    enum status st = ST_OK;
    struct stat sb;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        st = errno == EWOULDBLOCK
                 ? err_set(err, ST_LOCKED,
                           "%s: in use by another process. Two nodes must never share one vote "
                           "journal: stop the other one",
                           path)
                 : fail(path, "lock", err);
    else if (fstat(fd, &sb) != 0)
        st = fail(path, "examine", err);
    else if (!S_ISREG(sb.st_mode))
        st = err_set(err, ST_IO, "%s: not a regular file", path);
    struct disk *d = NULL;
    if (st == ST_OK) {
        d = calloc(1, sizeof *d + strlen(path) + 1);
        if (d == NULL)
            st = err_set(err, ST_NOMEM, "%s: out of memory", path);
    }
    if (d == NULL) {
        (void)close(fd);
        return st;
    }
    d->fd = fd;
    memcpy(d->path, path, strlen(path) + 1);
    *ret_file = (struct disk_file){
        .ctx = d, .read = disk_read, .write = disk_write, .sync = disk_sync, .size = disk_size};
    return ST_OK;
}

void store_disk_close(struct disk_file *f)
{
    struct disk *d = f->ctx;
    if (d == NULL)
        return;
    (void)close(d->fd); /* synced whenever it mattered */
    free(d);
    *f = (struct disk_file){0};
}

enum status store_disk_machine(const struct disk_file *f, const char *machine_id_path,
                               struct hash *ret_machine, struct err *err)
{
    const struct disk *d = f->ctx;
    struct stat sb;
    struct statfs fs;
    if (fstat(d->fd, &sb) != 0 || fstatfs(d->fd, &fs) != 0)
        return fail(d->path, "examine", err);
    struct arena a;
    arena_init(&a, 0);
    struct span id = {NULL, 0};
    enum status st = file_read(machine_id_path, 4096, &a, &id, err);
    if (st == ST_OK || st == ST_NOTFOUND) {
        uint8_t inode[8];
        store_u64(inode, (uint64_t)sb.st_ino);
        crypto_hash_sha256_state h;
        (void)crypto_hash_sha256_init(&h);
        (void)crypto_hash_sha256_update(&h, (const uint8_t *)&fs.f_fsid, sizeof fs.f_fsid);
        (void)crypto_hash_sha256_update(&h, inode, sizeof inode);
        (void)crypto_hash_sha256_update(&h, id.p, id.n);
        (void)crypto_hash_sha256_final(&h, ret_machine->b);
        st = ST_OK;
    }
    arena_deinit(&a);
    return st;
}
