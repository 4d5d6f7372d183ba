#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"

static enum status from_errno(int e)
{
    if (e == ENOENT)
        return ST_NOTFOUND;
    if (e == ENOSPC || e == EDQUOT)
        return ST_NOSPACE;
    if (e == EEXIST)
        return ST_EXISTS;
    return ST_IO;
}

static enum status fail(struct err *err, const char *path, const char *what)
{
    int e = errno;
    char why[128];
    return err_set(err, from_errno(e), "%s: cannot %s: %s", path, what, strerror_r(e, why, sizeof why));
}

static enum status read_fd(int fd, const char *path, size_t limit, struct arena *a, struct span *ret, struct err *err)
{
    struct buf b;
    buf_init(&b, limit);
    uint8_t block[16384];
    for (;;) {
        ssize_t k = read(fd, block, sizeof block);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            buf_deinit(&b);
            return fail(err, path, "read");
        }
        if (k == 0)
            break;
        buf_put(&b, block, (size_t)k);
        if (b.failed != ST_OK) {
            enum status st = b.failed;
            buf_deinit(&b);
            return err_set(err, st, "%s: larger than the limit of %zu bytes", path, limit);
        }
    }
    struct span s = arena_dup(a, buf_span(&b));
    buf_deinit(&b);
    if (s.p == NULL)
        return err_set(err, ST_LIMIT, "%s: larger than the memory set aside for it", path);
    *ret = s;
    return ST_OK;
}

enum status file_read(const char *path, size_t limit, struct arena *a, struct span *ret_bytes, struct err *err)
{
    if (strcmp(path, "-") == 0)
        return read_fd(STDIN_FILENO, "standard input", limit, a, ret_bytes, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, path, "open");
    struct stat sb;
    enum status st;
    if (fstat(fd, &sb) == 0 && S_ISDIR(sb.st_mode))
        st = err_set(err, ST_IO, "%s: is a directory; a file was expected", path);
    else
        st = read_fd(fd, path, limit, a, ret_bytes, err);
    (void)close(fd);
    return st;
}

static enum status write_all(int fd, struct span s, const char *path, struct err *err)
{
    for (size_t at = 0; at < s.n;) {
        ssize_t k = write(fd, s.p + at, s.n - at);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return fail(err, path, "write");
        at += (size_t)k;
    }
    return ST_OK;
}

enum status file_sync_parent(const char *path, struct err *err)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return file_sync_dir(".", err);
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    if (n >= sizeof dir)
        return err_set(err, ST_LIMIT, "%s: path too long", path);
    memcpy(dir, path, n);
    dir[n] = 0;
    return file_sync_dir(dir, err);
}

enum status file_begin(const char *path, unsigned mode, struct file_draft *ret_draft, struct err *err)
{
    uint64_t name;
    struct file_draft d;
    if (getrandom(&name, sizeof name, 0) != (ssize_t)sizeof name)
        return fail(err, path, "draw a name for what is written beside");
    int n = snprintf(d.path, sizeof d.path, "%s.tmp.%016" PRIx64, path, name);
    if (n < 0 || (size_t)n >= sizeof d.path)
        return err_set(err, ST_LIMIT, "%s: path too long", path);
    (void)snprintf(d.target, sizeof d.target, "%s", path);
    d.fd = open(d.path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
    if (d.fd < 0)
        return fail(err, path, "create");
    *ret_draft = d;
    return ST_OK;
}

void file_drop(struct file_draft *draft)
{
    if (draft->fd < 0)
        return;
    (void)close(draft->fd);
    (void)unlink(draft->path);
    draft->fd = -1;
}

enum status file_finish(struct file_draft *draft, bool replace, struct err *err)
{
    const char *path = draft->target;
    enum status st = fsync(draft->fd) == 0 ? ST_OK : fail(err, path, "sync");
    if (close(draft->fd) != 0 && st == ST_OK)
        st = fail(err, path, "close");
    draft->fd = -1;
    if (st == ST_OK && replace && rename(draft->path, path) != 0)
        st = fail(err, path, "rename");
    if (st == ST_OK && !replace && link(draft->path, path) != 0)
        st = errno == EEXIST ? err_set(err, ST_EXISTS, "%s: exists already; it was left as it is", path) : fail(err, path, "create");
    if (st != ST_OK || !replace)
        (void)unlink(draft->path);
    return st == ST_OK ? file_sync_parent(path, err) : st;
}

/* What is no regular file and takes bytes: nothing is put in its place. */
static enum status write_into(const char *path, struct span bytes, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, path, "open");
    enum status st = write_all(fd, bytes, path, err);
    (void)close(fd);
    return st;
}

enum status file_write(const char *path, struct span bytes, unsigned mode, bool replace, struct err *err)
{
    struct file_draft draft;
    struct stat sb;
    if (replace && stat(path, &sb) == 0 && (S_ISCHR(sb.st_mode) || S_ISFIFO(sb.st_mode)))
        return write_into(path, bytes, err);
    enum status st = file_begin(path, mode, &draft, err);
    if (st != ST_OK)
        return st;
    st = write_all(draft.fd, bytes, path, err);
    if (st == ST_OK)
        return file_finish(&draft, replace, err);
    file_drop(&draft);
    return st;
}

static bool dir_is_empty(const char *path)
{
    DIR *d = opendir(path);
    if (d == NULL)
        return false;
    bool empty = true;
    for (struct dirent *e; (e = readdir(d)) != NULL;) /* NOLINT(concurrency-mt-unsafe): own stream */
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            empty = false;
    (void)closedir(d);
    return empty;
}

enum status file_make_dir(const char *path, unsigned mode, struct err *err)
{
    if (mkdir(path, (mode_t)mode) == 0)
        return file_sync_parent(path, err);
    if (errno != EEXIST)
        return fail(err, path, "create the directory");
    if (!dir_is_empty(path))
        return err_set(err, ST_EXISTS, "%s: exists and is not an empty directory", path);
    return ST_OK;
}

enum status file_sync_dir(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, path, "open");
    enum status st = fsync(fd) == 0 ? ST_OK : fail(err, path, "sync");
    (void)close(fd);
    return st;
}

const char *file_join(struct arena *a, const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *p = arena_alloc(a, n);
    ASSERT(p != NULL);
    (void)snprintf(p, n, "%s/%s", dir, name);
    return p;
}
