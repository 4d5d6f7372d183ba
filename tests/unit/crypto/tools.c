#include <criterion/criterion.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/base.h"
#include "crypto/ed25519.h"
#include "tools.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

struct place place_make(void)
{
    struct place p = {"/tmp/entente-crypto-XXXXXX"};
    cr_assert_not_null(mkdtemp(p.dir));
    return p;
}

void place_remove(struct place *p)
{
    char cmd[128];
    (void)snprintf(cmd, sizeof cmd, "rm -rf %s", p->dir);
    cr_assert_eq(system(cmd), 0);
}

const char *place_path(const struct place *p, const char *name)
{
    static char paths[8][128];
    static size_t at;
    char *path = paths[at++ % ARRAY_LEN(paths)];
    (void)snprintf(path, sizeof paths[0], "%s/%s", p->dir, name);
    return path;
}

int place_run(const struct place *p, const char *fmt, ...)
{
    char line[1024], cmd[1400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    (void)snprintf(cmd, sizeof cmd, "cd %s && { %s ; } >out 2>err", p->dir, line);
    int state = system(cmd);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

const char *place_read(const struct place *p, const char *name, struct arena *a, size_t *ret_n)
{
    struct span s;
    struct err err;
    if (file_read(place_path(p, name), 1 << 20, a, &s, &err) != ST_OK)
        s = span_str("");
    if (ret_n != NULL)
        *ret_n = s.n;
    return (const char *)s.p;
}

void place_write(const struct place *p, const char *name, struct span bytes)
{
    struct err err;
    cr_assert_eq(file_write(place_path(p, name), bytes, 0600, true, &err), ST_OK);
}

struct span vectors_read(const char *name, struct arena *a)
{
    char path[512];
    struct span s;
    struct err err;
    (void)snprintf(path, sizeof path, "%s/proto/vectors/%s", ENTENTE_SOURCE_DIR, name);
    cr_assert_eq(file_read(path, 1 << 20, a, &s, &err), ST_OK, "%s", path);
    return s;
}

struct span unhex(const char *hex, struct arena *a)
{
    struct span s;
    cr_assert_eq(hex_decode(span_str(hex), a, &s), ST_OK);
    return s;
}

void suite_init(void)
{
    struct err err;
    cr_assert_eq(ed25519_init(&err), ST_OK, "%s", err.text);
}

void suite_fini(void)
{
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0)
        abort();
#endif
}
