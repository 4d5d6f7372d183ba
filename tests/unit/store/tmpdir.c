#include <dirent.h>
#include <unistd.h>
#include <criterion/criterion.h>
#include "base/base.h"
#include "tmpdir.h"

struct tmpdir tmpdir_make(void)
{
    struct tmpdir t;
    const char *root = getenv("TMPDIR");
    (void)snprintf(t.path, sizeof t.path, "%s/entente-test-XXXXXX", root != NULL ? root : "/tmp");
    cr_assert_not_null(mkdtemp(t.path));
    return t;
}

const char *tmpdir_file(const struct tmpdir *t, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", t->path, name);
    return path;
}

void tmpdir_remove(const struct tmpdir *t)
{
    DIR *d = opendir(t->path);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)unlink(tmpdir_file(t, e->d_name));
    (void)closedir(d);
    (void)rmdir(t->path);
}
