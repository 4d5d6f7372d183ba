#include <criterion/criterion.h>
#include <sodium.h>

#include "support.h"

const struct charter_founding support_founding = {.nonce = {{1, 2, 3}}, .founded_ms = 1767225600000};

struct span support_example(struct arena *a)
{
    struct span text;
    struct err err = {0};
    enum status st =
        file_read(ENTENTE_SOURCE_DIR "/docs/examples/" EXAMPLE_NAME, CHARTER_FILE_MAX, a, &text, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    return text;
}

struct span support_edit(struct arena *a, struct span text, const char *from, const char *to)
{
    const uint8_t *at = memmem(text.p, text.n, from, strlen(from));
    cr_assert_not_null(at, "the example does not hold '%s'", from);
    size_t before = (size_t)(at - text.p), n = text.n - strlen(from) + strlen(to);
    uint8_t *p = arena_alloc(a, n + 1);
    memcpy(p, text.p, before);
    memcpy(p + before, to, strlen(to));
    memcpy(p + before + strlen(to), at + strlen(from), text.n - before - strlen(from));
    return span_of(p, n);
}

static enum status made_up_card(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    (void)ctx;
    if (path.n < 5 || memcmp(path.p + path.n - 5, ".card", 5) != 0)
        return err_set(err, ST_NOTFOUND, "%.*s: there is no such file", SPAN_FMT(path));
    (void)crypto_hash_sha256(ret_digest->b, path.p, path.n);
    return ST_OK;
}

struct charter_files support_files(void)
{
    struct charter_files f = charter_files_in(ENTENTE_SOURCE_DIR "/docs/examples");
    f.card = made_up_card;
    return f;
}

enum status support_load(struct arena *a, struct span text, struct charter_source *ret, struct err *err)
{
    struct charter_files f = support_files();
    return charter_load(text, "charter.yaml", &support_founding, &f, a, ret, err);
}

struct charter support_charter(struct arena *a, struct span text)
{
    struct charter_source source;
    struct charter c;
    struct err err = {0};
    enum status st = support_load(a, text, &source, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    st = charter_decode(source.sections.v, source.sections.n, a, &c, &err);
    cr_assert_eq(st, ST_OK, "%s", err.text);
    return c;
}
