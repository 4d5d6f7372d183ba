#include <unistd.h>
#include <criterion/criterion.h>
#include "cli/settings.h"

static char dir[] = "/tmp/entente-settings.XXXXXX";

static void write_config(const char *text)
{
    struct err err;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const char *path = settings_path(&a, false, "config");
    cr_assert_eq(settings_make_parents(path, &err), ST_OK, "%s", err.text);
    cr_assert_eq(file_write(path, span_str(text), 0600, true, &err), ST_OK, "%s", err.text);
}

static void start(void)
{
    cr_assert_not_null(mkdtemp(dir));
    cr_assert_eq(setenv("XDG_CONFIG_HOME", dir, 1), 0); /* NOLINT(concurrency-mt-unsafe): one thread */
}

TestSuite(settings, .init = start);

Test(settings, none)
{
    struct arena a CLEANUP(arena_deinit);
    struct settings s;
    struct err err;
    arena_init(&a, 0);
    cr_assert_eq(settings_load(&a, &s, &err), ST_OK);
    cr_assert_null(s.node);
    cr_assert_null(s.seat);
    cr_assert_null(s.key);
    cr_assert_not(s.pinned);
}

Test(settings, all)
{
    struct arena a CLEANUP(arena_deinit);
    struct settings s;
    struct err err;
    arena_init(&a, 0);
    write_config("node: /srv/entente\nseat: brand/finance\nkey: /home/me/key\n"
                 "alliance: 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n");
    cr_assert_eq(settings_load(&a, &s, &err), ST_OK, "%s", err.text);
    cr_assert_str_eq(s.node, "/srv/entente");
    cr_assert_str_eq(s.seat, "brand/finance");
    cr_assert_str_eq(s.key, "/home/me/key");
    cr_assert(s.pinned);
    cr_assert_eq(s.alliance.b[1], 0x11);
}

Test(settings, refused)
{
    static const struct {
        const char *text, *say;
    } cases[] = {
        {"node: x\nnodes: y\n", "config:2:1: nodes: unknown key; expected node, seat, key or alliance"},
        {"node: [x]\n", "config:1:7: node: expected one value"},
        {"alliance: 00\n", "config:1:11: alliance: expected the 64 hex digits"},
        {"- x\n", "expected keys and values"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a CLEANUP(arena_deinit);
        struct settings s;
        struct err err;
        arena_init(&a, 0);
        write_config(cases[i].text);
        cr_assert_eq(settings_load(&a, &s, &err), ST_FORMAT, "%s", cases[i].text);
        cr_assert_not_null(strstr(err.text, cases[i].say), "%s: %s", cases[i].text, err.text);
    }
}
