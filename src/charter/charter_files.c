#include <errno.h>
#include <sodium.h>

#include "charter/charter.h"

static const char *path_in(struct arena *a, const char *directory, struct span name)
{
    struct span text = arena_dup(a, name);
    return text.p == NULL ? NULL : file_join(a, directory, (const char *)text.p);
}

static enum status read_card(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct signed_card card;
    struct span bytes;
    arena_init(&a, 0);
    const char *file = path_in(&a, ctx, path);
    if (file == NULL)
        return err_set(err, ST_LIMIT, "%.*s: the name is too long", SPAN_FMT(path));
    enum status st = file_read(file, LIMIT_CARD_BYTES, &a, &bytes, err);
    if (st != ST_OK)
        return st;
    st = codec_decode(&signed_card_desc, bytes, &a, &card, err);
    if (st != ST_OK)
        return err_wrap(err, st, "%.*s: not a card: ", SPAN_FMT(path));
    struct hash digest;
    (void)crypto_hash_sha256(digest.b, card.card.p, card.card.n);
    *ret_digest = digest;
    return ST_OK;
}

static enum status read_document(void *ctx, struct span path, struct hash *ret_digest, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    const char *file = path_in(&a, ctx, path);
    if (file == NULL)
        return err_set(err, ST_LIMIT, "%.*s: the name is too long", SPAN_FMT(path));
    FILE *f = fopen(file, "rbe");
    if (f == NULL)
        return err_set(err, errno == ENOENT ? ST_NOTFOUND : ST_IO, "%s: %s", file,
                       errno == ENOENT ? "there is no such file" : "cannot be opened");
    crypto_hash_sha256_state state;
    uint8_t chunk[16384];
    size_t n;
    (void)crypto_hash_sha256_init(&state);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        (void)crypto_hash_sha256_update(&state, chunk, n);
    bool failed = ferror(f) != 0;
    (void)fclose(f);
    if (failed)
        return err_set(err, ST_IO, "%s: cannot be read", file);
    struct hash digest;
    (void)crypto_hash_sha256_final(&state, digest.b);
    *ret_digest = digest;
    return ST_OK;
}

struct charter_files charter_files_in(const char *directory)
{
    struct charter_files f = {.card = read_card, .document = read_document};
    memcpy(&f.ctx, &directory, sizeof f.ctx); /* read as const char * only */
    return f;
}

bool charter_files_path_ok(struct span path)
{
    if (path.n == 0 || path.p[0] == '/' || path.p[path.n - 1] == '/')
        return false;
    size_t start = 0;
    for (size_t i = 0; i <= path.n; i++) {
        if (i < path.n && path.p[i] != '/')
            continue;
        struct span part = span_of(path.p + start, i - start);
        if (part.n == 0 || span_eqs(part, ".") || span_eqs(part, ".."))
            return false;
        start = i + 1;
    }
    return true;
}
