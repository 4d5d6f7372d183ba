/* Goal: which documents the record names is known after a restart, and from the record alone when the file is lost or damaged
 * (DOC-1). */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../store/tmpdir.h"
#include "document/named.h"

static const struct hash alliance = {{1}}, other = {{2}};

static struct hash digest_of(uint32_t i)
{
    struct hash h = {{0}};
    store_u32(h.b, i + 1);
    return h;
}

static struct named *open_named(const struct tmpdir *dir, const struct hash *of)
{
    struct named *n;
    struct err err;
    cr_assert_eq(named_open(tmpdir_file(dir, "named"), of, &n, &err), ST_OK, "%s", err.text);
    return n;
}

/* Documents from..to, each named by leaf 10 * i. */
static void name(struct named *n, uint32_t from, uint32_t to)
{
    struct err err;
    for (uint32_t i = from; i < to; i++) {
        struct hash h = digest_of(i);
        cr_assert(named_add(n, &h, 10 * i, span_str(i % 2 == 0 ? "brand" : "clinics")));
        cr_assert_not(named_add(n, &h, 10 * i + 1, span_str("maker")), "named twice");
        named_upto(n, 10 * i + 2);
    }
    cr_assert_eq(named_flush(n, &err), ST_OK, "%s", err.text);
}

static void check(const struct named *n, uint32_t to)
{
    cr_assert_eq(named_count(n), to);
    for (uint32_t i = 0; i < to; i++) {
        struct hash h = digest_of(i);
        const struct named_doc *d = named_find(n, &h);
        cr_assert_eq(d, named_at(n, i));
        cr_assert(hash_eq(&d->digest, &h) && d->leaf == 10 * i);
        cr_assert(span_eqs(d->org, i % 2 == 0 ? "brand" : "clinics"));
    }
    struct hash none = digest_of(to);
    cr_assert_null(named_find(n, &none));
    cr_assert_null(named_at(n, to));
}

Test(named, doc1_is_known_after_a_restart)
{
    struct tmpdir dir = tmpdir_make();
    struct named *n = open_named(&dir, &alliance);
    cr_assert_eq(named_leaves(n), 0);
    name(n, 0, 1000);
    check(n, 1000);
    cr_assert_eq(named_leaves(n), 9992);
    named_close(n);
    n = open_named(&dir, &alliance);
    check(n, 1000);
    cr_assert_eq(named_leaves(n), 9990, "the leaf of the last is looked at again: it may name more");
    name(n, 1000, 1001);
    named_close(n);
    n = open_named(&dir, &alliance);
    check(n, 1001);
    named_close(n);
    tmpdir_remove(&dir);
}

Test(named, doc1_a_long_record_without_documents_is_not_read_again)
{
    struct tmpdir dir = tmpdir_make();
    struct named *n = open_named(&dir, &alliance);
    struct err err;
    named_upto(n, 1000000);
    named_upto(n, 1000001);
    cr_assert_eq(named_flush(n, &err), ST_OK);
    named_close(n);
    n = open_named(&dir, &alliance);
    cr_assert_eq(named_leaves(n), 1000000);
    cr_assert_eq(named_count(n), 0);
    named_close(n);
    tmpdir_remove(&dir);
}

Test(named, doc1_a_file_of_another_alliance_is_begun_anew)
{
    struct tmpdir dir = tmpdir_make();
    struct named *n = open_named(&dir, &alliance);
    name(n, 0, 10);
    named_close(n);
    n = open_named(&dir, &other);
    cr_assert_eq(named_count(n), 0);
    cr_assert_eq(named_leaves(n), 0);
    name(n, 0, 3);
    named_close(n);
    n = open_named(&dir, &other);
    check(n, 3);
    named_close(n);
    tmpdir_remove(&dir);
}

Test(named, doc1_damage_is_noticed_and_made_again)
{
    struct tmpdir dir = tmpdir_make();
    struct stat sb;
    uint8_t b;
    struct named *n = open_named(&dir, &alliance);
    name(n, 0, 20);
    named_close(n);
    cr_assert_eq(stat(tmpdir_file(&dir, "named"), &sb), 0);
    for (off_t at = 0; at < sb.st_size; at += 37) { /* a bit anywhere: what is before it counts, what is after it does not */
        int fd = open(tmpdir_file(&dir, "named"), O_RDWR);
        cr_assert_eq(pread(fd, &b, 1, at), 1);
        b ^= 4;
        cr_assert_eq(pwrite(fd, &b, 1, at), 1);
        n = open_named(&dir, &alliance);
        uint32_t good = at < 48 ? 0 : (uint32_t)((at - 48) / 108);
        check(n, good);
        name(n, good, 20);
        check(n, 20);
        named_close(n);
        (void)close(fd);
        n = open_named(&dir, &alliance);
        check(n, 20);
        named_close(n);
    }
    cr_assert_eq(truncate(tmpdir_file(&dir, "named"), sb.st_size - 1), 0); /* a torn write */
    n = open_named(&dir, &alliance);
    check(n, 19);
    named_close(n);
    tmpdir_remove(&dir);
}
