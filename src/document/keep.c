#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "codec/records.h"
#include "crypto/hash.h"
#include "document/keep.h"

/* A sync of hundreds of megabytes at once would hold up those of the ledger on the same disk. */
enum { SYNC_EVERY = 4 << 20, READ_BYTES = 65536, PATH_BYTES = 4096 };

static const char part_end[] = ".part", damaged_end[] = ".damaged";

struct keep {
    struct keep_config cfg;
    char dir[PATH_BYTES - 128];
    struct keep_doc *docs; /* ascending by digest */
    size_t n, cap;
    uint64_t bytes;
};

struct path {
    char s[PATH_BYTES];
};

static ssize_t system_write(void *ctx, int fd, const void *p, size_t n, off_t at)
{
    (void)ctx;
    return pwrite(fd, p, n, at);
}

static int system_sync(void *ctx, int fd)
{
    (void)ctx;
    return fdatasync(fd);
}

static uint64_t system_room(void *ctx, const char *dir)
{
    struct statvfs v;
    (void)ctx;
    return statvfs(dir, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize : 0;
}

const struct keep_disk keep_disk_system = {NULL, system_write, system_sync, system_room};

static struct path path_of(const struct keep *k, const struct hash *digest, const char *end)
{
    struct path p;
    (void)snprintf(p.s, sizeof p.s, "%s/%s%s", k->dir, hex_of(digest).s, end);
    return p;
}

static enum status fail(struct err *err, const char *path, const char *what)
{
    int e = errno;
    char why[128];
    enum status st = e == ENOENT ? ST_NOTFOUND : e == ENOSPC || e == EDQUOT ? ST_NOSPACE : ST_IO;
    return err_set(err, st, "%s: cannot %s: %s", path, what, strerror_r(e, why, sizeof why));
}

/* -- The list -- */

/* Where it is, or belongs. */
static size_t place(const struct keep *k, const struct hash *digest)
{
    size_t low = 0, high = k->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(k->docs[mid].digest.b, digest->b, sizeof digest->b) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct keep_doc *find(const struct keep *k, const struct hash *digest)
{
    size_t i = place(k, digest);
    return i < k->n && hash_eq(&k->docs[i].digest, digest) ? &k->docs[i] : NULL;
}

static struct keep_doc *make(struct keep *k, const struct hash *digest)
{
    struct keep_doc *d = find(k, digest);
    if (d != NULL)
        return d;
    if (k->n == k->cap) {
        size_t cap = k->cap == 0 ? 64 : 2 * k->cap;
        struct keep_doc *docs = reallocarray(k->docs, cap, sizeof *docs);
        ASSERT(docs != NULL);
        k->docs = docs;
        k->cap = cap;
    }
    size_t i = place(k, digest);
    memmove(&k->docs[i + 1], &k->docs[i], (k->n - i) * sizeof *k->docs);
    k->n++;
    k->docs[i] = (struct keep_doc){.digest = *digest};
    return &k->docs[i];
}

/* Nothing of it is left: it goes from the list. */
static void tidy(struct keep *k, struct keep_doc *d)
{
    if (d->form != KEEP_NOTHING || d->damaged)
        return;
    size_t i = (size_t)(d - k->docs);
    k->n--;
    memmove(&k->docs[i], &k->docs[i + 1], (k->n - i) * sizeof *k->docs);
}

const struct keep_doc *keep_find(const struct keep *k, const struct hash *digest)
{
    return find(k, digest);
}

const struct keep_doc *keep_at(const struct keep *k, size_t i)
{
    return i < k->n ? &k->docs[i] : NULL;
}

uint64_t keep_bytes(const struct keep *k)
{
    return k->bytes;
}

/* -- Opening -- */

static void list_one(struct keep *k, const char *name)
{
    struct hash digest;
    struct stat sb;
    struct path p;
    size_t n = strlen(name);
    if (n < 64 || hex_to_hash(span_of(name, 64), &digest) != ST_OK)
        return;
    (void)snprintf(p.s, sizeof p.s, "%s/%s", k->dir, name);
    if (lstat(p.s, &sb) != 0 || !S_ISREG(sb.st_mode))
        return;
    bool part = strcmp(name + 64, part_end) == 0, damaged = strcmp(name + 64, damaged_end) == 0;
    if (!part && !damaged && name[64] != 0)
        return;
    struct keep_doc *d = make(k, &digest);
    if (part && d->form == KEEP_WHOLE)
        return; /* of no use */
    k->bytes += (uint64_t)sb.st_size;
    if (damaged) {
        d->damaged = true;
        d->damaged_size = (uint64_t)sb.st_size;
        return;
    }
    if (!part && d->form == KEEP_PART)
        k->bytes -= d->size;
    d->form = part ? KEEP_PART : KEEP_WHOLE;
    d->size = (uint64_t)sb.st_size;
}

enum status keep_open(const struct keep_config *cfg, struct keep **ret_keep, struct err *err)
{
    struct keep *k = calloc(1, sizeof *k);
    ASSERT(k != NULL);
    k->cfg = *cfg;
    int len = snprintf(k->dir, sizeof k->dir, "%s", cfg->dir);
    enum status st = len < 0 || (size_t)len >= sizeof k->dir ? err_set(err, ST_LIMIT, "%s: path too long", cfg->dir) : ST_OK;
    if (st == ST_OK)
        st = file_make_dir(cfg->dir, 0700, err);
    st = st == ST_EXISTS ? ST_OK : st;
    DIR *dir = st == ST_OK ? opendir(k->dir) : NULL;
    if (st == ST_OK && dir == NULL)
        st = fail(err, k->dir, "open");
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) /* NOLINT(concurrency-mt-unsafe): own stream */
        list_one(k, e->d_name);
    if (dir != NULL)
        (void)closedir(dir);
    if (st != ST_OK) {
        keep_close(k);
        return st;
    }
    *ret_keep = k;
    return ST_OK;
}

void keep_close(struct keep *k)
{
    if (k == NULL)
        return;
    free(k->docs);
    free(k);
}

/* -- Adding -- */

static enum status check_room(const struct keep *k, const struct hash *digest, uint64_t have, uint64_t size, struct err *err)
{
    uint64_t more = size - have, free_bytes = k->cfg.disk->room(k->cfg.disk->ctx, k->dir);
    if (k->bytes + more > k->cfg.most)
        return err_set(err, ST_NOSPACE,
                       "no room for document %.16s... of %" PRIu64 " bytes: documents take %" PRIu64 " of at most %" PRIu64
                       " bytes here. Raise documents-max in node.yaml, and start the node again",
                       hex_of(digest).s, size, k->bytes, k->cfg.most);
    if (free_bytes < more || free_bytes - more < k->cfg.reserve)
        return err_set(err, ST_NOSPACE,
                       "no room for document %.16s... of %" PRIu64 " bytes: the disk has %" PRIu64 " bytes free, and %" PRIu64
                       " of them are kept for the ledger. Free some space",
                       hex_of(digest).s, size, free_bytes, k->cfg.reserve);
    return ST_OK;
}

static enum status may_add(const struct keep *k, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes,
                           struct err *err)
{
    const struct keep_doc *d = find(k, digest);
    uint64_t have = d != NULL && d->form == KEEP_PART ? d->size : 0;
    if (d != NULL && d->form == KEEP_WHOLE)
        return err_set(err, ST_EXISTS, "document %.16s... is here already", hex_of(digest).s);
    if (size > k->cfg.largest)
        return err_set(err, ST_LIMIT,
                       "document %.16s... has %" PRIu64 " bytes, and this node keeps documents of at most %" PRIu64
                       " (node.yaml, document-max)",
                       hex_of(digest).s, size, k->cfg.largest);
    if (offset != have)
        return err_set(err, ST_RANGE, "document %.16s...: %" PRIu64 " bytes are here, so the next chunk begins there, not at %" PRIu64,
                       hex_of(digest).s, have, offset);
    if (bytes.n == 0 || offset + bytes.n > size)
        return err_set(err, ST_RANGE,
                       "document %.16s...: a chunk of %zu bytes at %" PRIu64 " does not fit into its size of %" PRIu64 " bytes",
                       hex_of(digest).s, bytes.n, offset, size);
    return check_room(k, digest, have, size, err);
}

/* All of it at offset, or the file is as it was. */
static enum status write_at(const struct keep *k, int fd, const char *path, uint64_t offset, struct span bytes, struct err *err)
{
    const struct keep_disk *disk = k->cfg.disk;
    enum status st = ST_OK;
    for (size_t at = 0; st == ST_OK && at < bytes.n;) {
        ssize_t done = disk->write(disk->ctx, fd, bytes.p + at, bytes.n - at, (off_t)(offset + at));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            st = fail(err, path, "write");
        else
            at += (size_t)done;
    }
    bool sync = (offset + bytes.n) / SYNC_EVERY != offset / SYNC_EVERY;
    if (st == ST_OK && sync && disk->sync(disk->ctx, fd) != 0)
        st = fail(err, path, "sync");
    if (st != ST_OK)
        (void)!ftruncate(fd, (off_t)offset);
    return st;
}

enum status keep_add(struct keep *k, const struct hash *digest, uint64_t size, uint64_t offset, struct span bytes, struct err *err)
{
    enum status st = may_add(k, digest, size, offset, bytes, err);
    if (st != ST_OK)
        return st;
    struct path path = path_of(k, digest, part_end);
    int fd = open(path.s, O_WRONLY | O_CREAT | O_CLOEXEC | (offset == 0 ? O_TRUNC : 0), 0600);
    if (fd < 0)
        return fail(err, path.s, "open");
    st = write_at(k, fd, path.s, offset, bytes, err);
    (void)close(fd);
    if (st != ST_OK) {
        if (offset == 0)
            (void)unlink(path.s);
        return st;
    }
    struct keep_doc *d = make(k, digest);
    d->form = KEEP_PART;
    d->size = offset + bytes.n;
    k->bytes += bytes.n;
    return ST_OK;
}

void keep_forget(struct keep *k, const struct hash *digest)
{
    struct keep_doc *d = find(k, digest);
    if (d == NULL || d->form != KEEP_PART)
        return;
    (void)unlink(path_of(k, digest, part_end).s);
    k->bytes -= d->size;
    d->form = KEEP_NOTHING;
    d->size = 0;
    tidy(k, d);
}

/* -- Checking -- */

static enum status hash_file(const char *path, int fd, struct hash *ret, struct err *err)
{
    uint8_t block[READ_BYTES];
    struct sha256 h;
    sha256_init(&h);
    for (off_t at = 0;;) {
        ssize_t got = pread(fd, block, sizeof block, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(err, path, "read");
        if (got == 0)
            break;
        sha256_update(&h, span_of(block, (size_t)got));
        at += got;
    }
    sha256_final(&h, ret);
    return ST_OK;
}

enum status keep_finish(struct keep *k, const struct hash *digest, uint64_t now_ms, struct err *err)
{
    struct keep_doc *d = find(k, digest);
    struct hash found = {{0}};
    if (d == NULL || d->form != KEEP_PART)
        return err_set(err, ST_NOTFOUND, "nothing of document %.16s... is here", hex_of(digest).s);
    struct path part = path_of(k, digest, part_end), whole = path_of(k, digest, "");
    int fd = open(part.s, O_RDWR | O_CLOEXEC);
    enum status st = fd < 0 ? fail(err, part.s, "open") : ST_OK;
    if (st == ST_OK && k->cfg.disk->sync(k->cfg.disk->ctx, fd) != 0)
        st = fail(err, part.s, "sync");
    if (st == ST_OK)
        st = hash_file(part.s, fd, &found, err);
    if (fd >= 0)
        (void)close(fd);
    if (st == ST_OK && !hash_eq(&found, digest)) {
        st = err_set(err, ST_MISMATCH, "the bytes that came have SHA-256 %s, not %s; they were dropped", hex_of(&found).s,
                     hex_of(digest).s);
        keep_forget(k, digest);
        return st;
    }
    if (st == ST_OK && rename(part.s, whole.s) != 0)
        st = fail(err, whole.s, "rename");
    if (st != ST_OK)
        return st;
    d->form = KEEP_WHOLE;
    d->checked_at_ms = now_ms;
    if (d->damaged && unlink(path_of(k, digest, damaged_end).s) == 0) {
        d->damaged = false;
        k->bytes -= d->damaged_size;
    }
    return file_sync_dir(k->dir, err);
}

enum status keep_read(struct keep *k, const struct hash *digest, uint64_t offset, uint8_t *p, size_t n, size_t *ret_n,
                      struct err *err)
{
    const struct keep_doc *d = find(k, digest);
    if (d == NULL || d->form != KEEP_WHOLE)
        return err_set(err, ST_NOTFOUND, "document %.16s... is not here", hex_of(digest).s);
    if (offset >= d->size)
        return err_set(err, ST_RANGE, "document %.16s... has %" PRIu64 " bytes; nothing is at %" PRIu64, hex_of(digest).s, d->size,
                       offset);
    struct path path = path_of(k, digest, "");
    int fd = open(path.s, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(err, path.s, "open");
    ssize_t got;
    do
        got = pread(fd, p, n, (off_t)offset);
    while (got < 0 && errno == EINTR);
    enum status st = got < 0 ? fail(err, path.s, "read") : ST_OK;
    (void)close(fd);
    if (st == ST_OK && got == 0)
        st = err_set(err, ST_IO, "%s: shorter than it was", path.s);
    if (st == ST_OK)
        *ret_n = (size_t)got;
    return st;
}

static void set_aside(struct keep *k, struct keep_doc *d)
{
    (void)rename(path_of(k, &d->digest, "").s, path_of(k, &d->digest, damaged_end).s);
    if (d->damaged)
        k->bytes -= d->damaged_size;
    d->damaged = true;
    d->damaged_size = d->size;
    d->form = KEEP_NOTHING;
    d->size = 0;
}

enum status keep_verify(const struct keep *k, const struct hash *digest, struct err *err)
{
    const struct keep_doc *d = find(k, digest);
    struct hash found = {{0}};
    struct err why;
    if (d == NULL || d->form != KEEP_WHOLE)
        return err_set(err, ST_NOTFOUND, "document %.16s... is not here", hex_of(digest).s);
    struct path path = path_of(k, digest, "");
    int fd = open(path.s, O_RDONLY | O_CLOEXEC);
    enum status st = fd < 0 ? fail(&why, path.s, "open") : hash_file(path.s, fd, &found, &why);
    if (fd >= 0)
        (void)close(fd);
    if (st != ST_OK)
        return err_set(err, ST_CORRUPT, "%.400s is damaged: %.400s. Check the disk", path.s, why.text);
    if (!hash_eq(&found, digest))
        return err_set(err, ST_CORRUPT, "%.400s is damaged: its bytes have SHA-256 %s. Check the disk", path.s, hex_of(&found).s);
    return ST_OK;
}

enum status keep_check(struct keep *k, const struct hash *digest, uint64_t now_ms, struct err *err)
{
    enum status st = keep_verify(k, digest, err);
    struct keep_doc *d = find(k, digest);
    if (st == ST_OK)
        d->checked_at_ms = now_ms;
    else if (st == ST_CORRUPT)
        set_aside(k, d);
    return st;
}

/* -- Sweeping -- */

static bool older(const char *path, uint64_t now_ms, uint64_t days)
{
    struct stat sb;
    uint64_t span_ms = days * 86400000;
    return stat(path, &sb) == 0 && (uint64_t)sb.st_mtim.tv_sec * 1000 + span_ms < now_ms;
}

size_t keep_sweep(struct keep *k, uint64_t now_ms, bool (*named)(void *ctx, const struct hash *digest), void *ctx)
{
    size_t dropped = 0;
    for (size_t i = k->n; i-- > 0;) {
        struct keep_doc *d = &k->docs[i];
        struct path whole = path_of(k, &d->digest, ""), damaged = path_of(k, &d->digest, damaged_end);
        bool wanted = named(ctx, &d->digest);
        if (d->form == KEEP_WHOLE && !wanted && older(whole.s, now_ms, LIMIT_DOCUMENT_WAIT_DAYS) && unlink(whole.s) == 0) {
            k->bytes -= d->size;
            d->form = KEEP_NOTHING;
            d->size = 0;
            dropped++;
        }
        if (d->damaged && !wanted && unlink(damaged.s) == 0) {
            k->bytes -= d->damaged_size;
            d->damaged = false;
            dropped++;
        }
        if (d->form == KEEP_PART && older(path_of(k, &d->digest, part_end).s, now_ms, LIMIT_DOCUMENT_PART_DAYS)) {
            keep_forget(k, &k->docs[i].digest); /* may take it off the list */
            dropped++;
            continue;
        }
        tidy(k, d);
    }
    return dropped;
}
