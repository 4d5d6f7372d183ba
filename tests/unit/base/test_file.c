#include <criterion/criterion.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"

static char g_dir[64];
static struct arena g_a;

static void setup(void)
{
    (void)snprintf(g_dir, sizeof g_dir, "/tmp/entente-base-XXXXXX");
    cr_assert_not_null(mkdtemp(g_dir));
    arena_init(&g_a, 0);
}

static void teardown(void)
{
    (void)unlink(file_join(&g_a, g_dir, "x"));
    cr_assert_eq(rmdir(g_dir), 0, "something was left behind");
    arena_deinit(&g_a);
}

TestSuite(file, .init = setup, .fini = teardown);

Test(file, written_is_read_and_mode_is_kept)
{
    struct span s;
    struct stat sb;
    const char *x = file_join(&g_a, g_dir, "x");
    cr_assert_eq(file_write(x, span_str("one"), 0600, false, NULL), ST_OK);
    cr_assert_eq(file_write(x, span_str("three"), 0640, true, NULL), ST_OK);
    cr_assert_eq(file_read(x, 5, &g_a, &s, NULL), ST_OK);
    cr_assert(span_eqs(s, "three"));
    cr_assert_eq(stat(x, &sb), 0);
    cr_assert_eq(sb.st_mode & 0777, 0640);
}

Test(file, an_existing_file_is_left_alone)
{
    struct span s;
    struct err err;
    const char *x = file_join(&g_a, g_dir, "x");
    cr_assert_eq(file_write(x, span_str("one"), 0600, false, NULL), ST_OK);
    cr_assert_eq(file_write(x, span_str("two"), 0600, false, &err), ST_EXISTS);
    cr_assert_not_null(strstr(err.text, "exists already; it was left as it is"), "%s", err.text);
    cr_assert_eq(file_read(x, 100, &g_a, &s, NULL), ST_OK);
    cr_assert(span_eqs(s, "one"));
}

Test(file, errors_name_path_and_reason)
{
    struct span s;
    struct err err;
    const char *x = file_join(&g_a, g_dir, "x");
    cr_assert_eq(file_read(x, 5, &g_a, &s, &err), ST_NOTFOUND);
    cr_assert_not_null(strstr(err.text, x));
    cr_assert_not_null(strstr(err.text, "No such file"));
    cr_assert_eq(file_write(x, span_str("sixsix"), 0600, false, NULL), ST_OK);
    cr_assert_eq(file_read(x, 5, &g_a, &s, &err), ST_LIMIT);
    cr_assert_not_null(strstr(err.text, "limit of 5 bytes"), "%s", err.text);
    cr_assert_eq(file_read(g_dir, 5, &g_a, &s, &err), ST_IO);
    cr_assert_not_null(strstr(err.text, "is a directory"), "%s", err.text);
    cr_assert_eq(file_make_dir(g_dir, 0700, &err), ST_EXISTS);
    cr_assert_not_null(strstr(err.text, "not an empty directory"), "%s", err.text);
}

/* Whoever may write to the folder foresees the name of a draft by the number of the process no more. */
Test(file, a_planted_link_is_not_followed)
{
    struct span s;
    struct stat sb;
    char planted[128];
    const char *x = file_join(&g_a, g_dir, "x"), *other = file_join(&g_a, g_dir, "other");
    cr_assert_eq(file_write(other, span_str("precious"), 0600, false, NULL), ST_OK);
    (void)snprintf(planted, sizeof planted, "%s.tmp.%ld", x, (long)getpid());
    cr_assert_eq(symlink(other, planted), 0);
    cr_assert_eq(file_write(x, span_str("ours"), 0600, true, NULL), ST_OK);
    cr_assert_eq(file_read(other, 100, &g_a, &s, NULL), ST_OK);
    cr_assert(span_eqs(s, "precious"));
    cr_assert(lstat(x, &sb) == 0 && S_ISREG(sb.st_mode));
    cr_assert_eq(unlink(planted), 0);
    cr_assert_eq(unlink(other), 0);
}

Test(file, a_link_in_its_place_is_replaced)
{
    struct span s;
    struct stat sb;
    const char *x = file_join(&g_a, g_dir, "x"), *other = file_join(&g_a, g_dir, "other");
    cr_assert_eq(file_write(other, span_str("precious"), 0600, false, NULL), ST_OK);
    cr_assert_eq(symlink(other, x), 0);
    cr_assert_eq(file_write(x, span_str("two"), 0600, false, NULL), ST_EXISTS);
    cr_assert_eq(file_write(x, span_str("two"), 0600, true, NULL), ST_OK);
    cr_assert_eq(file_read(other, 100, &g_a, &s, NULL), ST_OK);
    cr_assert(span_eqs(s, "precious"));
    cr_assert(lstat(x, &sb) == 0 && S_ISREG(sb.st_mode));
    cr_assert_eq(unlink(other), 0);
}

Test(file, a_draft_that_is_dropped_leaves_nothing)
{
    struct file_draft d;
    const char *x = file_join(&g_a, g_dir, "x");
    cr_assert_eq(file_begin(x, 0600, &d, NULL), ST_OK);
    cr_assert_eq(write(d.fd, "half", 4), 4);
    file_drop(&d);
    file_drop(&d);
    cr_assert_eq(access(x, F_OK), -1);
    cr_assert_eq(file_begin(x, 0600, &d, NULL), ST_OK);
    cr_assert_eq(write(d.fd, "whole", 5), 5);
    cr_assert_eq(file_finish(&d, false, NULL), ST_OK);
    cr_assert_eq(access(x, F_OK), 0);
}

Test(file, a_device_is_written_to)
{
    struct stat sb;
    cr_assert_eq(file_write("/dev/null", span_str("gone"), 0600, true, NULL), ST_OK);
    cr_assert(stat("/dev/null", &sb) == 0 && S_ISCHR(sb.st_mode));
}
