/* Goal: a document has its name when its bytes are those, and only then, whatever the disk does (DOC-2 to DOC-5, DOC-10). */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "codec/records.h"
#include "../store/tmpdir.h"
#include "crypto/hash.h"
#include "document/keep.h"

enum { SIZE = 200000, LARGEST = 1 << 20, MOST = 4 << 20 };

static uint8_t content[SIZE];
static struct hash digest;
static struct tmpdir dir;

/* A disk that fails when it is told to. */
static struct {
    int write_errno, sync_errno;
    size_t write_most; /* bytes of one write; 0: any */
    uint64_t room;
    size_t writes_left; /* before write_errno */
    unsigned syncs;
} disk;

static ssize_t disk_write(void *ctx, int fd, const void *p, size_t n, off_t at)
{
    (void)ctx;
    if (disk.write_errno != 0 && disk.writes_left == 0) {
        errno = disk.write_errno;
        return -1;
    }
    disk.writes_left -= disk.write_errno != 0;
    return pwrite(fd, p, disk.write_most != 0 && n > disk.write_most ? disk.write_most : n, at);
}

static int disk_sync(void *ctx, int fd)
{
    (void)ctx;
    disk.syncs++;
    if (disk.sync_errno == 0)
        return fdatasync(fd);
    errno = disk.sync_errno;
    return -1;
}

static uint64_t disk_room(void *ctx, const char *path)
{
    (void)ctx, (void)path;
    return disk.room;
}

static const struct keep_disk the_disk = {NULL, disk_write, disk_sync, disk_room};

static void setup(void)
{
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 300);
    sha256(span_of(content, SIZE), &digest);
    memset(&disk, 0, sizeof disk);
    disk.room = UINT64_C(1) << 40;
    dir = tmpdir_make();
}

static void teardown(void)
{
    tmpdir_remove(&dir);
}

TestSuite(keep, .init = setup, .fini = teardown);

static struct keep *open_keep(void)
{
    struct keep_config cfg = {.dir = dir.path, .largest = LARGEST, .most = MOST, .reserve = 1000, .disk = &the_disk};
    struct keep *k;
    struct err err;
    cr_assert_eq(keep_open(&cfg, &k, &err), ST_OK, "%s", err.text);
    return k;
}

static const char *file_of(const char *end)
{
    char name[80];
    (void)snprintf(name, sizeof name, "%s%s", hex_of(&digest).s, end);
    return tmpdir_file(&dir, name);
}

static bool exists(const char *end)
{
    return access(file_of(end), F_OK) == 0;
}

static off_t length(const char *end)
{
    struct stat sb;
    return stat(file_of(end), &sb) == 0 ? sb.st_size : -1;
}

static enum status add(struct keep *k, uint64_t at, size_t n, struct err *err)
{
    return keep_add(k, &digest, SIZE, at, span_of(content + at, n), err);
}

static void add_all(struct keep *k)
{
    struct err err;
    for (uint64_t at = 0; at < SIZE; at += 50000)
        cr_assert_eq(add(k, at, 50000, &err), ST_OK, "%s", err.text);
}

static void whole(struct keep *k)
{
    struct err err;
    add_all(k);
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_OK, "%s", err.text);
}

static void flip(off_t at)
{
    int fd = open(file_of(""), O_RDWR);
    uint8_t b;
    cr_assert(fd >= 0 && pread(fd, &b, 1, at) == 1);
    b ^= 0x10;
    cr_assert_eq(pwrite(fd, &b, 1, at), 1);
    (void)close(fd);
}

Test(keep, doc3_a_part_gets_its_name_when_it_is_whole)
{
    struct keep *k = open_keep();
    struct err err;
    uint8_t got[100];
    size_t n;
    add_all(k);
    cr_assert(exists(".part") && !exists(""));
    cr_assert_eq(keep_find(k, &digest)->form, KEEP_PART);
    cr_assert_eq(keep_read(k, &digest, 0, got, sizeof got, &n, &err), ST_NOTFOUND, "a part is read");
    unsigned before = disk.syncs;
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_OK, "%s", err.text);
    cr_assert_gt(disk.syncs, before, "it was not synced");
    cr_assert(!exists(".part") && exists(""));
    cr_assert_eq(keep_bytes(k), SIZE);
    cr_assert_eq(keep_read(k, &digest, SIZE - 10, got, sizeof got, &n, &err), ST_OK);
    cr_assert_eq(n, 10);
    cr_assert_arr_eq(got, content + SIZE - 10, 10);
    cr_assert_eq(keep_read(k, &digest, SIZE, got, sizeof got, &n, &err), ST_RANGE);
    cr_assert_eq(add(k, 0, 10, &err), ST_EXISTS);
    keep_close(k);
    k = open_keep(); /* and it is there after a restart */
    cr_assert_eq(keep_find(k, &digest)->form, KEEP_WHOLE);
    cr_assert_eq(keep_find(k, &digest)->size, SIZE);
    keep_close(k);
}

Test(keep, doc3_other_bytes_are_dropped)
{
    struct keep *k = open_keep();
    struct err err;
    content[SIZE / 2] ^= 1;
    add_all(k);
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_MISMATCH);
    cr_assert(strstr(err.text, "the bytes that came have SHA-256 ") != NULL && strstr(err.text, "they were dropped") != NULL, "%s",
              err.text);
    cr_assert(!exists(".part") && !exists(""));
    cr_assert_null(keep_find(k, &digest));
    cr_assert_eq(keep_bytes(k), 0);
    keep_close(k);
}

Test(keep, doc3_a_torn_write_is_never_believed)
{
    struct keep *k = open_keep();
    struct err err;
    add_all(k);
    keep_close(k);
    /* power went: the length is there, some of the bytes are not */
    int fd = open(file_of(".part"), O_WRONLY);
    static const uint8_t zeros[4096];
    cr_assert_eq(pwrite(fd, zeros, sizeof zeros, 100000), (ssize_t)sizeof zeros);
    (void)close(fd);
    k = open_keep();
    cr_assert_eq(keep_find(k, &digest)->size, SIZE);
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_MISMATCH);
    whole(k);
    keep_close(k);
}

Test(keep, doc4_a_part_goes_on_where_it_ended_also_after_a_restart)
{
    struct keep *k = open_keep();
    struct err err;
    cr_assert_eq(add(k, 0, 70000, &err), ST_OK);
    keep_close(k);
    k = open_keep();
    cr_assert_eq(keep_find(k, &digest)->size, 70000);
    cr_assert_eq(add(k, 50000, 100, &err), ST_RANGE);
    char expected[200];
    (void)snprintf(expected, sizeof expected, "document %.16s...: 70000 bytes are here, so the next chunk begins there, not at 50000",
                   hex_of(&digest).s);
    cr_assert_str_eq(err.text, expected);
    cr_assert_eq(length(".part"), 70000, "something was written");
    cr_assert_eq(add(k, 70000, SIZE - 70000, &err), ST_OK);
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_OK);
    keep_close(k);
}

Test(keep, doc5_what_is_too_large_or_beyond_its_size_is_refused)
{
    struct keep *k = open_keep();
    struct err err;
    char expected[200];
    cr_assert_eq(keep_add(k, &digest, LARGEST + 1, 0, span_of(content, 10), &err), ST_LIMIT);
    (void)snprintf(expected, sizeof expected,
                   "document %.16s... has 1048577 bytes, and this node keeps documents of at most 1048576 (node.yaml, document-max)",
                   hex_of(&digest).s);
    cr_assert_str_eq(err.text, expected);
    cr_assert_eq(keep_add(k, &digest, 5, 0, span_of(content, 10), &err), ST_RANGE);
    cr_assert(strstr(err.text, "a chunk of 10 bytes at 0 does not fit into its size of 5 bytes") != NULL, "%s", err.text);
    cr_assert_eq(keep_add(k, &digest, 5, 0, span_of(content, 0), &err), ST_RANGE);
    cr_assert(!exists(".part"));
    cr_assert_null(keep_find(k, &digest));
    keep_close(k);
}

Test(keep, doc5_room_by_the_settings_and_on_the_disk)
{
    struct keep *k = open_keep();
    struct err err;
    struct hash other;
    cr_assert_eq(add(k, 0, 100, &err), ST_OK);
    disk.room = SIZE - 100 + 999;
    cr_assert_eq(add(k, 100, 100, &err), ST_NOSPACE);
    cr_assert(strstr(err.text, "the disk has 200899 bytes free, and 1000 of them are kept for the ledger. Free some space") != NULL, "%s",
              err.text);
    disk.room++;
    cr_assert_eq(add(k, 100, 100, &err), ST_OK);
    disk.room = UINT64_C(1) << 40;
    for (uint8_t i = 1; i <= 4; i++) { /* 4 of them leave no room for all of a fifth */
        memset(other.b, i, sizeof other.b);
        enum status st = ST_OK;
        for (uint64_t at = 0; st == ST_OK && at < LARGEST; at += SIZE / 2)
            st = keep_add(k, &other, LARGEST, at, span_of(content, LARGEST - at < SIZE / 2 ? LARGEST - at : SIZE / 2), &err);
        cr_assert_eq(st, i < 4 ? ST_OK : ST_NOSPACE, "%d: %s", i, err.text);
    }
    cr_assert(strstr(err.text, "of at most 4194304 bytes here. Raise documents-max in node.yaml, and start the node again") != NULL, "%s",
              err.text);
    cr_assert_null(keep_find(k, &other), "it was begun");
    keep_close(k);
    for (uint8_t i = 1; i <= 4; i++) {
        char name[80];
        memset(other.b, i, sizeof other.b);
        (void)snprintf(name, sizeof name, "%s.part", hex_of(&other).s);
        (void)unlink(tmpdir_file(&dir, name));
    }
}

Test(keep, doc5_a_full_disk_leaves_the_part_as_it_was)
{
    struct keep *k = open_keep();
    struct err err;
    cr_assert_eq(add(k, 0, 50000, &err), ST_OK);
    disk.write_most = 1000;
    disk.write_errno = ENOSPC;
    disk.writes_left = 7;
    cr_assert_eq(add(k, 50000, 50000, &err), ST_NOSPACE);
    cr_assert(strstr(err.text, ".part: cannot write: No space left on device") != NULL, "%s", err.text);
    cr_assert_eq(length(".part"), 50000, "a part of a chunk stayed");
    cr_assert_eq(keep_find(k, &digest)->size, 50000);
    cr_assert_eq(keep_bytes(k), 50000);
    disk.write_errno = 0;
    cr_assert_eq(add(k, 50000, SIZE - 50000, &err), ST_OK);
    disk.sync_errno = EIO;
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_IO);
    cr_assert(exists(".part") && !exists(""), "it has its name, and was not synced");
    disk.sync_errno = 0;
    cr_assert_eq(keep_finish(k, &digest, 5, &err), ST_OK);
    keep_close(k);
}

Test(keep, doc5_the_first_chunk_that_fails_leaves_nothing)
{
    struct keep *k = open_keep();
    struct err err;
    disk.write_errno = ENOSPC;
    cr_assert_eq(add(k, 0, 100, &err), ST_NOSPACE);
    cr_assert(!exists(".part"));
    cr_assert_null(keep_find(k, &digest));
    keep_close(k);
}

Test(keep, doc10_a_damaged_one_is_named_set_aside_and_replaced)
{
    struct keep *k = open_keep();
    struct err err;
    whole(k);
    cr_assert_eq(keep_check(k, &digest, 9, &err), ST_OK);
    cr_assert_eq(keep_find(k, &digest)->checked_at_ms, 9);
    flip(123456);
    cr_assert_eq(keep_verify(k, &digest, &err), ST_CORRUPT);
    cr_assert(exists("") && !exists(".damaged"), "looking changed something");
    cr_assert_eq(keep_check(k, &digest, 10, &err), ST_CORRUPT);
    cr_assert(strstr(err.text, hex_of(&digest).s) != NULL && strstr(err.text, " is damaged: its bytes have SHA-256 ") != NULL, "%s",
              err.text);
    cr_assert(!exists("") && exists(".damaged"));
    cr_assert_eq(keep_find(k, &digest)->form, KEEP_NOTHING);
    keep_close(k);
    k = open_keep();
    cr_assert(keep_find(k, &digest)->damaged, "it is forgotten at the next start");
    whole(k);
    cr_assert(exists("") && !exists(".damaged"));
    cr_assert_eq(keep_bytes(k), SIZE);
    cr_assert_eq(truncate(file_of(""), 1000), 0);
    cr_assert_eq(keep_check(k, &digest, 11, &err), ST_CORRUPT);
    whole(k);
    cr_assert_eq(unlink(file_of("")), 0);
    cr_assert_eq(keep_check(k, &digest, 12, &err), ST_CORRUPT);
    cr_assert(strstr(err.text, "cannot open: No such file or directory") != NULL, "%s", err.text);
    keep_close(k);
}

static bool named_none(void *ctx, const struct hash *d)
{
    (void)ctx, (void)d;
    return false;
}

static bool named_all(void *ctx, const struct hash *d)
{
    (void)ctx, (void)d;
    return true;
}

Test(keep, doc5_what_no_entry_names_goes_and_what_one_names_stays)
{
    struct keep *k = open_keep();
    uint64_t now = clock_wall_ms(&clock_system), day = 86400000;
    whole(k);
    cr_assert_eq(keep_sweep(k, now + (LIMIT_DOCUMENT_WAIT_DAYS - 1) * day, named_none, NULL), 0);
    cr_assert_eq(keep_sweep(k, now + 10000 * day, named_all, NULL), 0);
    cr_assert(exists(""));
    cr_assert_eq(keep_sweep(k, now + (LIMIT_DOCUMENT_WAIT_DAYS + 1) * day, named_none, NULL), 1);
    cr_assert(!exists(""));
    cr_assert_null(keep_find(k, &digest));
    add_all(k);
    cr_assert_eq(keep_sweep(k, now + (LIMIT_DOCUMENT_PART_DAYS - 1) * day, named_all, NULL), 0);
    cr_assert_eq(keep_sweep(k, now + (LIMIT_DOCUMENT_PART_DAYS + 1) * day, named_all, NULL), 1);
    cr_assert(!exists(".part"));
    cr_assert_eq(keep_bytes(k), 0);
    keep_close(k);
}

Test(keep, doc2_other_files_are_left_alone)
{
    static const char *const names[] = {"named", "notes.txt", "0123.part"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        (void)close(open(tmpdir_file(&dir, names[i]), O_WRONLY | O_CREAT, 0600));
    struct keep *k = open_keep();
    cr_assert_null(keep_at(k, 0));
    cr_assert_eq(keep_sweep(k, UINT64_MAX / 2, named_none, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        cr_assert_eq(access(tmpdir_file(&dir, names[i]), F_OK), 0);
    keep_close(k);
}
