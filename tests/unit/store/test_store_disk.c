/* The vote journal on a real file. */
#include <errno.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "iowatch.h"
#include "store/store_disk.h"
#include "tmpdir.h"

TestSuite(store_disk, .timeout = 60);

static const struct journal_identity us = {{{1}}, {{2}}, {{3}}};

static struct journal *make(const char *path, struct disk_file *ret_f)
{
    struct err err;
    struct journal *j;
    cr_assert_eq(store_disk_open(path, true, ret_f, &err), ST_OK, "%s", err.text);
    cr_assert_eq(journal_create(ret_f, &us, &err), ST_OK, "%s", err.text);
    cr_assert_eq(journal_open(ret_f, &us, &j, &err), ST_OK, "%s", err.text);
    return j;
}

Test(store_disk, append_returns_only_after_a_sync)
{
    struct tmpdir dir = tmpdir_make();
    struct disk_file f;
    struct err err;
    iowatch_start(tmpdir_file(&dir, "votes"));
    struct journal *j = make(tmpdir_file(&dir, "votes"), &f);
    cr_assert_geq(iowatch_directory_syncs(), 1);
    cr_assert_eq(iowatch_unsynced(), 0);
    for (uint64_t height = 1; height < 50; height++) {
        size_t before, after, syncs = iowatch_syncs();
        (void)iowatch_writes(&before);
        cr_assert_eq(journal_append(j, height, span_str("vote"), &err), ST_OK);
        (void)iowatch_writes(&after);
        cr_assert_eq(after, before + 1);
        cr_assert_eq(iowatch_syncs(), syncs + 1);
        cr_assert_eq(iowatch_unsynced(), 0);
    }
    iowatch_fail(1, EIO); /* the write works, the sync fails */
    cr_assert_eq(journal_append(j, 50, span_str("in doubt"), &err), ST_IO);
    cr_assert_not_null(strstr(err.text, "votes: cannot sync"), "%s", err.text);
    iowatch_fail(0, 0);
    cr_assert_eq(journal_append(j, 50, span_str("refused"), &err), ST_IO);
    iowatch_stop();
    journal_close(j);
    store_disk_close(&f);
    tmpdir_remove(&dir);
}

Test(store_disk, full_disk_leaves_the_journal_usable)
{
    struct tmpdir dir = tmpdir_make();
    struct disk_file f;
    struct err err;
    iowatch_start(tmpdir_file(&dir, "votes"));
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "votes"), true, &f, &err), ST_OK);
    iowatch_fail(3, ENOSPC);
    cr_assert_eq(journal_create(&f, &us, &err), ST_NOSPACE);
    cr_assert_not_null(strstr(err.text, "votes: cannot write"), "%s", err.text);
    iowatch_fail(0, 0);
    struct journal *j;
    cr_assert_eq(journal_open(&f, &us, &j, &err), ST_NOTFOUND);
    cr_assert_eq(journal_create(&f, &us, &err), ST_OK);
    cr_assert_eq(journal_open(&f, &us, &j, &err), ST_OK);
    size_t n = JOURNAL_BYTES / JOURNAL_BLOCK - 2;
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(journal_append(j, 1, span_str("vote"), &err), ST_OK);
    iowatch_fail(0, ENOSPC); /* the height needs more than was set aside, and there is none */
    cr_assert_eq(journal_append(j, 1, span_str("vote"), &err), ST_NOSPACE);
    iowatch_fail(0, 0);
    cr_assert_eq(journal_append(j, 1, span_str("vote"), &err), ST_OK, "nothing of the journal was touched");
    uint64_t height;
    struct span record;
    cr_assert_eq(journal_get(j, n, &height, &record), ST_OK);
    cr_assert_eq(journal_get(j, n + 1, &height, &record), ST_END);
    iowatch_stop();
    journal_close(j);
    store_disk_close(&f);
    tmpdir_remove(&dir);
}

Test(store_disk, is_locked_and_says_what_is_wrong)
{
    struct tmpdir dir = tmpdir_make();
    struct disk_file f, other = {0};
    struct err err;
    uint8_t b[8];
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "votes"), false, &f, &err), ST_NOTFOUND);
    cr_assert_not_null(strstr(err.text, "votes: cannot open: No such file"), "%s", err.text);
    journal_close(make(tmpdir_file(&dir, "votes"), &f));
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "votes"), true, &other, &err), ST_LOCKED);
    cr_assert_not_null(strstr(err.text, "in use by another process"), "%s", err.text);
    store_disk_close(&other);
    cr_assert_eq(f.size(f.ctx), JOURNAL_BYTES);
    cr_assert_eq(f.read(f.ctx, JOURNAL_BYTES - 4, b, sizeof b, &err), ST_CORRUPT);
    cr_assert_not_null(strstr(err.text, "4 more were expected"), "%s", err.text);
    store_disk_close(&f);
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "votes"), false, &f, &err), ST_OK);
    store_disk_close(&f);
    cr_assert_neq(store_disk_open(dir.path, false, &f, &err), ST_OK);
    tmpdir_remove(&dir);
}

Test(store_disk, a_copy_is_another_machine)
{
    struct tmpdir dir = tmpdir_make();
    struct disk_file f, g;
    struct err err;
    struct hash a, b, c;
    char id1[300], id2[300], none[300];
    (void)snprintf(id1, sizeof id1, "%s/id1", dir.path);
    (void)snprintf(id2, sizeof id2, "%s/id2", dir.path);
    (void)snprintf(none, sizeof none, "%s/none", dir.path);
    cr_assert_eq(file_write(id1, span_str("0123\n"), 0600, true, &err), ST_OK);
    cr_assert_eq(file_write(id2, span_str("0124\n"), 0600, true, &err), ST_OK);
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "votes"), true, &f, &err), ST_OK);
    cr_assert_eq(store_disk_open(tmpdir_file(&dir, "copy"), true, &g, &err), ST_OK);
    cr_assert_eq(store_disk_machine(&f, id1, &a, &err), ST_OK);
    cr_assert_eq(store_disk_machine(&f, id1, &b, &err), ST_OK);
    cr_assert(hash_eq(&a, &b));
    cr_assert_eq(store_disk_machine(&f, id2, &b, &err), ST_OK);
    cr_assert_not(hash_eq(&a, &b), "another machine id");
    cr_assert_eq(store_disk_machine(&g, id1, &b, &err), ST_OK);
    cr_assert_not(hash_eq(&a, &b), "another inode");
    cr_assert_eq(store_disk_machine(&f, none, &c, &err), ST_OK, "a machine without an id");
    cr_assert_not(hash_is_zero(&c));
    store_disk_close(&f);
    store_disk_close(&f);
    store_disk_close(&g);
    tmpdir_remove(&dir);
}
