#include <criterion/criterion.h>
#include "frames.h"

void frames_cut(struct frames *f, struct span file, const char *magic, struct arena *a)
{
    struct err err;
    struct pack_reader r;
    struct span body;
    FILE *in = fmemopen((void *)(uintptr_t)file.p, file.n, "rb");
    *f = (struct frames){.magic = magic, .a = a};
    pack_reader_init(&r, in);
    cr_assert_eq(pack_read_magic(&r, magic, &err), ST_OK);
    for (; pack_read(&r, &f->v[f->n].kind, &body, &err) == ST_OK; f->n++) {
        f->v[f->n].body = arena_dup(a, body);
        cr_assert_lt(f->n + 1, FRAMES_MAX);
    }
    pack_reader_deinit(&r);
    (void)fclose(in);
}

static void put(FILE *out, uint32_t kind, struct span body)
{
    struct pack_frame f = {.kind = kind, .body = body};
    struct buf b CLEANUP(buf_deinit);
    uint8_t n[4];
    buf_init(&b, LIMIT_FRAME_BYTES);
    cr_assert_eq(codec_encode(&pack_frame_desc, &f, &b), ST_OK);
    store_u32(n, (uint32_t)b.n);
    (void)fwrite(n, 1, 4, out);
    (void)fwrite(b.p, 1, b.n, out);
}

struct span frames_join(const struct frames *f, size_t without, size_t n)
{
    char *p = NULL;
    size_t size = 0;
    struct err err;
    FILE *out = open_memstream(&p, &size);
    cr_assert_eq(pack_begin(out, f->magic, &err), ST_OK);
    for (size_t i = 0; i + 1 < f->n; i++)
        if (i < without || i >= without + n)
            put(out, f->v[i].kind, f->v[i].body);
    uint8_t end[3] = {0x81, 1, (uint8_t)(f->n - 1 - n)}; /* {1: frames} */
    cr_assert_lt(f->n, 128);
    put(out, f->v[f->n - 1].kind, span_of(end, sizeof end));
    cr_assert_eq(fclose(out), 0);
    struct span bytes = arena_dup(f->a, span_of(p, size));
    free(p);
    return bytes;
}

struct span frames_encoded(struct frames *f, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
    return arena_dup(f->a, buf_span(&b));
}

void frames_decoded(struct frames *f, size_t i, const struct record_desc *d, void *ret)
{
    struct err err;
    cr_assert_eq(f->v[i].kind, d->number);
    cr_assert_eq(codec_decode(d, f->v[i].body, f->a, ret, &err), ST_OK, "%s", err.text);
}

size_t frames_of_kind(const struct frames *f, uint32_t kind, size_t nth)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i].kind == kind && nth-- == 0)
            return i;
    cr_assert(false, "no such frame of kind %u", kind);
    return 0;
}
