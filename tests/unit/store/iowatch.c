#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "base/base.h"
#include "iowatch.h"

enum { WRITES_MAX = 20000 };

static struct {
    bool on, failed;
    char *path;
    struct iowatch_write writes[WRITES_MAX];
    size_t n, syncs, directory_syncs;
    long fail_after;
    int fail_errno;
} watch;

void iowatch_stop(void)
{
    watch.on = false;
    for (size_t i = 0; i < watch.n; i++)
        free(watch.writes[i].bytes);
    watch.n = 0;
    free(watch.path);
    watch.path = NULL;
}

void iowatch_start(const char *path)
{
    iowatch_stop();
    memset(&watch, 0, sizeof watch);
    watch.path = strdup(path);
    watch.on = true;
}

const struct iowatch_write *iowatch_writes(size_t *ret_n)
{
    *ret_n = watch.n;
    return watch.writes;
}

size_t iowatch_unsynced(void)
{
    size_t n = 0;
    for (size_t i = 0; i < watch.n; i++)
        n += watch.writes[i].synced_by == SIZE_MAX;
    return n;
}

size_t iowatch_syncs(void)
{
    return watch.syncs;
}

size_t iowatch_directory_syncs(void)
{
    return watch.directory_syncs;
}

void iowatch_fail(long after, int e)
{
    watch.fail_after = after;
    watch.fail_errno = e;
    watch.failed = false;
}

bool iowatch_failed(void)
{
    return watch.failed;
}

static bool is_watched(int fd)
{
    struct stat a, b;
    return watch.on && fstat(fd, &a) == 0 && stat(watch.path, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* Is it the turn of this call to fail? Sets errno. */
static bool fails_now(void)
{
    if (watch.fail_errno == 0 || watch.fail_after-- > 0)
        return false;
    watch.failed = true;
    errno = watch.fail_errno;
    return true;
}

static void record(int fd, uint64_t at, const void *bytes, size_t n)
{
    cr_assert_lt(watch.n, WRITES_MAX);
    struct iowatch_write *w = &watch.writes[watch.n++];
    *w = (struct iowatch_write){.at = at, .n = n, .synced_by = SIZE_MAX};
    if ((fcntl(fd, F_GETFL) & O_DSYNC) != 0)
        w->synced_by = watch.n;
    if (bytes != NULL) {
        w->bytes = malloc(n + 1);
        memcpy(w->bytes, bytes, n);
    }
}

static void record_sync(void)
{
    for (size_t i = 0; i < watch.n; i++)
        if (watch.writes[i].synced_by == SIZE_MAX)
            watch.writes[i].synced_by = watch.n;
    watch.syncs++;
}

/* The next definition of the same name after ours. dlsym gives an object pointer; POSIX lets it be a
 * function. */
#define REAL(ret, name, ...)                                                                                 \
    static ret (*real)(__VA_ARGS__);                                                                         \
    if (real == NULL) {                                                                                      \
        void *found = dlsym(RTLD_NEXT, #name);                                                               \
        memcpy(&real, &found, sizeof found);                                                                 \
    }

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
    if (!is_watched(fd))
        return real(fd, p, n, at);
    if (fails_now())
        return -1;
    ssize_t k = real(fd, p, n, at);
    if (k > 0)
        record(fd, (uint64_t)at, p, (size_t)k);
    return k;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return pwrite(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    REAL(ssize_t, write, int, const void *, size_t)
    if (!is_watched(fd))
        return real(fd, p, n);
    if (fails_now())
        return -1;
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t k = real(fd, p, n);
    if (k > 0)
        record(fd, (uint64_t)at, p, (size_t)k);
    return k;
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    REAL(ssize_t, writev, int, const struct iovec *, int)
    if (!is_watched(fd))
        return real(fd, v, n);
    ssize_t sum = 0;
    for (int i = 0; i < n; i++) {
        ssize_t k = write(fd, v[i].iov_base, v[i].iov_len);
        if (k < 0)
            return -1;
        sum += k;
    }
    return sum;
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t)
    if (!is_watched(fd))
        return real(fd, v, n, at);
    ssize_t sum = 0;
    for (int i = 0; i < n; i++) {
        ssize_t k = pwrite(fd, v[i].iov_base, v[i].iov_len, at + sum);
        if (k < 0)
            return -1;
        sum += k;
    }
    return sum;
}

int ftruncate(int fd, off_t n)
{
    REAL(int, ftruncate, int, off_t)
    if (!is_watched(fd))
        return real(fd, n);
    record(fd, (uint64_t)n, NULL, 0);
    return real(fd, n);
}

int fdatasync(int fd)
{
    REAL(int, fdatasync, int)
    if (!is_watched(fd))
        return real(fd);
    if (fails_now())
        return -1;
    record_sync();
    return real(fd);
}

int fsync(int fd)
{
    REAL(int, fsync, int)
    struct stat sb;
    if (watch.on && fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode))
        watch.directory_syncs++;
    if (!is_watched(fd))
        return real(fd);
    if (fails_now())
        return -1;
    record_sync();
    return real(fd);
}

/* LMDB writes through a map only with MDB_WRITEMAP, which is not used: then nothing could be watched. */
int msync(void *p, size_t n, int flags)
{
    (void)p, (void)n, (void)flags;
    cr_assert(!watch.on, "msync was not expected");
    return 0;
}
