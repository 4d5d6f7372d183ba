#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>
#include "crypto/hash.h"
#include "document/named.h"

/* The file: 16 bytes and the alliance's id, then rows: leaf, digest, length of the organisation's id and its 63 bytes, the
 * first four bytes of the SHA-256 of these. A digest of zeros: nothing is named in the leaves below. */
enum { HEAD_BYTES = 16 + 32, ORG_MAX = 63, CHECKED_BYTES = 8 + 32 + 1 + ORG_MAX, ROW_BYTES = CHECKED_BYTES + 4, MARK_EVERY = 4096 };

static const char magic[16 + 1] = "entente named 1\n";

struct named {
    char *path;
    int fd;
    struct named_doc *docs;
    size_t n, cap;
    size_t *slots; /* 1 + index of a document; 0: free */
    size_t n_slots;
    uint8_t key[crypto_shorthash_KEYBYTES]; /* members choose digests: their places here they do not */
    struct arena a;
    struct span orgs[256];
    size_t n_orgs;
    uint64_t leaves, marked;
    uint64_t written; /* bytes of the file that are right */
    struct buf pending;
};

static struct span intern(struct named *n, struct span org)
{
    for (size_t i = 0; i < n->n_orgs; i++)
        if (span_eq(n->orgs[i], org))
            return n->orgs[i];
    struct span copy = arena_dup(&n->a, org);
    if (n->n_orgs < ARRAY_LEN(n->orgs))
        n->orgs[n->n_orgs++] = copy;
    return copy;
}

static size_t slot_of(const struct named *n, const struct hash *digest)
{
    uint8_t h[8];
    (void)crypto_shorthash(h, digest->b, sizeof digest->b, n->key);
    size_t i = (size_t)load_u64(h) & (n->n_slots - 1);
    while (n->slots[i] != 0 && !hash_eq(&n->docs[n->slots[i] - 1].digest, digest))
        i = (i + 1) & (n->n_slots - 1);
    return i;
}

static void grow(struct named *n)
{
    size_t cap = n->cap == 0 ? 64 : 2 * n->cap;
    struct named_doc *docs = reallocarray(n->docs, cap, sizeof *docs);
    ASSERT(docs != NULL);
    n->docs = docs;
    n->cap = cap;
    free(n->slots);
    n->n_slots = 2 * cap;
    n->slots = calloc(n->n_slots, sizeof *n->slots);
    ASSERT(n->slots != NULL);
    for (size_t i = 0; i < n->n; i++)
        n->slots[slot_of(n, &n->docs[i].digest)] = i + 1;
}

static bool add(struct named *n, const struct hash *digest, uint64_t leaf, struct span org)
{
    if (n->n == n->cap)
        grow(n);
    size_t i = slot_of(n, digest);
    if (n->slots[i] != 0)
        return false;
    n->docs[n->n] = (struct named_doc){.digest = *digest, .leaf = leaf, .org = intern(n, org)};
    n->slots[i] = ++n->n;
    return true;
}

static void put_row(struct named *n, const struct hash *digest, uint64_t leaf, struct span org)
{
    uint8_t row[ROW_BYTES] = {0};
    struct hash check;
    store_u64(row, leaf);
    memcpy(row + 8, digest->b, 32);
    row[40] = (uint8_t)org.n;
    if (org.n > 0)
        memcpy(row + 41, org.p, org.n);
    sha256(span_of(row, CHECKED_BYTES), &check);
    memcpy(row + CHECKED_BYTES, check.b, 4);
    buf_put(&n->pending, row, sizeof row);
}

/* False: not a row, or not the next one. */
static bool take_row(struct named *n, const uint8_t row[ROW_BYTES])
{
    struct hash check, digest;
    uint64_t leaf = load_u64(row);
    sha256(span_of(row, CHECKED_BYTES), &check);
    if (memcmp(row + CHECKED_BYTES, check.b, 4) != 0 || row[40] > ORG_MAX || leaf > INT64_MAX)
        return false;
    memcpy(digest.b, row + 8, 32);
    if (!hash_is_zero(&digest))
        (void)add(n, &digest, leaf, span_of(row + 41, row[40]));
    if (leaf > n->leaves) /* of a document's own leaf there may be more rows */
        n->leaves = leaf;
    return true;
}

static enum status fail(const struct named *n, const char *what, struct err *err)
{
    int e = errno;
    char why[128];
    return err_set(err, e == ENOSPC || e == EDQUOT ? ST_NOSPACE : ST_IO, "%s: cannot %s: %s", n->path, what,
                   strerror_r(e, why, sizeof why));
}

static enum status load(struct named *n, const struct hash *alliance, struct err *err)
{
    uint8_t head[HEAD_BYTES], expected[HEAD_BYTES], row[ROW_BYTES];
    memcpy(expected, magic, 16);
    memcpy(expected + 16, alliance->b, 32);
    ssize_t got = pread(n->fd, head, sizeof head, 0);
    if (got < 0)
        return fail(n, "read", err);
    if (got != HEAD_BYTES || memcmp(head, expected, HEAD_BYTES) != 0) {
        buf_put(&n->pending, expected, sizeof expected);
        return ST_OK;
    }
    n->written = HEAD_BYTES;
    while (pread(n->fd, row, sizeof row, (off_t)n->written) == ROW_BYTES && take_row(n, row))
        n->written += ROW_BYTES;
    n->marked = n->leaves;
    return ST_OK;
}

enum status named_open(const char *path, const struct hash *alliance, struct named **ret_named, struct err *err)
{
    struct named *n = calloc(1, sizeof *n);
    ASSERT(n != NULL);
    arena_init(&n->a, 0);
    buf_init(&n->pending, SIZE_MAX);
    randombytes_buf(n->key, sizeof n->key);
    n->path = strdup(path);
    ASSERT(n->path != NULL);
    grow(n);
    n->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum status st = n->fd < 0 ? fail(n, "open", err) : load(n, alliance, err);
    if (st != ST_OK) {
        named_close(n);
        return st;
    }
    *ret_named = n;
    return ST_OK;
}

void named_close(struct named *n)
{
    if (n == NULL)
        return;
    if (n->fd >= 0)
        (void)close(n->fd);
    buf_deinit(&n->pending);
    arena_deinit(&n->a);
    free(n->docs);
    free(n->slots);
    free(n->path);
    free(n);
}

uint64_t named_leaves(const struct named *n)
{
    return n->leaves;
}

bool named_add(struct named *n, const struct hash *digest, uint64_t leaf, struct span org)
{
    if (hash_is_zero(digest) || org.n > ORG_MAX || !add(n, digest, leaf, org))
        return false;
    put_row(n, digest, leaf, org);
    n->marked = leaf;
    return true;
}

void named_upto(struct named *n, uint64_t leaves)
{
    static const struct hash none;
    if (leaves > n->leaves)
        n->leaves = leaves;
    if (n->leaves < n->marked + MARK_EVERY)
        return;
    put_row(n, &none, n->leaves, (struct span){NULL, 0});
    n->marked = n->leaves;
}

enum status named_flush(struct named *n, struct err *err)
{
    struct span s = buf_span(&n->pending);
    if (s.n == 0)
        return ST_OK;
    if (ftruncate(n->fd, (off_t)n->written) != 0)
        return fail(n, "cut", err);
    for (size_t at = 0; at < s.n;) {
        ssize_t done = pwrite(n->fd, s.p + at, s.n - at, (off_t)(n->written + at));
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return fail(n, "write", err);
        at += (size_t)done;
    }
    n->written += s.n;
    buf_reset(&n->pending);
    return ST_OK;
}

size_t named_count(const struct named *n)
{
    return n->n;
}

const struct named_doc *named_at(const struct named *n, size_t i)
{
    return i < n->n ? &n->docs[i] : NULL;
}

const struct named_doc *named_find(const struct named *n, const struct hash *digest)
{
    size_t i = n->slots[slot_of(n, digest)];
    return i == 0 ? NULL : &n->docs[i - 1];
}
