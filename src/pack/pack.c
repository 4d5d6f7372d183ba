#include <errno.h>
#include "pack/pack.h"

static enum status write_bytes(FILE *f, struct span s, struct err *err)
{
    if (fwrite(s.p, 1, s.n, f) == s.n)
        return ST_OK;
    char why[128];
    int e = errno;
    return err_set(err, e == ENOSPC ? ST_NOSPACE : ST_IO, "the pack cannot be written: %s", strerror_r(e, why, sizeof why));
}

enum status pack_begin(FILE *f, const char *magic, struct err *err)
{
    return write_bytes(f, span_str(magic), err);
}

enum status pack_put(FILE *f, const struct record_desc *d, const void *rec, struct err *err)
{
    struct buf body CLEANUP(buf_deinit), frame CLEANUP(buf_deinit);
    buf_init(&body, LIMIT_FRAME_BYTES);
    buf_init(&frame, LIMIT_FRAME_BYTES + 4);
    enum status st = codec_encode(d, rec, &body);
    struct pack_frame envelope = {.kind = d->number, .body = buf_span(&body)};
    buf_u32(&frame, 0);
    if (st == ST_OK)
        st = codec_encode(&pack_frame_desc, &envelope, &frame);
    if (st != ST_OK || frame.n - 4 > LIMIT_FRAME_BYTES)
        return err_set(err, ST_LIMIT, "a %s does not fit into a frame of %d bytes (PAK-1)", d->name, LIMIT_FRAME_BYTES);
    store_u32(frame.p, (uint32_t)(frame.n - 4));
    return write_bytes(f, buf_span(&frame), err);
}

void pack_reader_init(struct pack_reader *r, FILE *f)
{
    *r = (struct pack_reader){.f = f};
    buf_init(&r->frame, LIMIT_FRAME_BYTES);
}

void pack_reader_deinit(struct pack_reader *r)
{
    buf_deinit(&r->frame);
}

/* The kinds of files of frames, by their first lines. */
static const struct file_kind {
    const char *magic, *rule, *what, *instead; /* instead: what to do with it where another kind was expected */
} kinds[] = {
    {PACK_MAGIC, "PAK-1", "pack", "it is a whole pack: entente-audit verifies it as one"},
    {CERTIFICATE_MAGIC, "CER-1", "decision certificate",
     "it is a certificate of one decision: entente-audit verify checks it; for all else get the whole pack (entente pack FILE)"},
    {RANGE_MAGIC, "RNG-1", "range of a record",
     "it is a range of a record, which only entente-audit verify reads: it checks it without executing it; for all else get the whole "
     "pack (entente pack FILE)"}};

static const struct file_kind *kind_of(const char *line, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (n >= strlen(kinds[i].magic) && memcmp(line, kinds[i].magic, strlen(kinds[i].magic)) == 0)
            return &kinds[i];
    return NULL;
}

enum status pack_read_magic(struct pack_reader *r, const char *magic, struct err *err)
{
    char line[32];
    size_t n = strlen(magic);
    const struct file_kind *wanted = kind_of(magic, n);
    ASSERT(n <= sizeof line);
    ASSERT(wanted != NULL);
    size_t got = fread(line, 1, n, r->f);
    const struct file_kind *is = kind_of(line, got);
    r->next_offset = n;
    if (is == wanted)
        return ST_OK;
    if (is == NULL && got == n) /* a longer first line than the one that was expected */
        is = kind_of(line, got + fread(line + got, 1, sizeof line - got, r->f));
    return err_set(err, ST_FORMAT, "%s: it does not begin with \"%.*s\": this is no %s%s%s", wanted->rule, (int)(n - 1), magic,
                   wanted->what, is == NULL ? "" : "; ", is == NULL ? "" : is->instead);
}

/* Memory grows with what arrives, not with what a length says. */
static enum status read_body(struct pack_reader *r, uint32_t n, struct err *err)
{
    uint8_t block[16384];
    buf_reset(&r->frame);
    while (r->frame.n < n) {
        size_t want = n - r->frame.n < sizeof block ? n - r->frame.n : sizeof block;
        size_t k = fread(block, 1, want, r->f);
        buf_put(&r->frame, block, k);
        if (k < want)
            return err_set(err, ST_FORMAT, "PAK-1: the file ends within the frame: %zu of its %u bytes are there", r->frame.n, n);
    }
    return r->frame.failed;
}

enum status pack_read(struct pack_reader *r, uint32_t *ret_kind, struct span *ret_body, struct err *err)
{
    uint8_t prefix[4];
    size_t k = fread(prefix, 1, sizeof prefix, r->f);
    if (k == 0)
        return ferror(r->f) ? err_set(err, ST_IO, "the pack cannot be read") : ST_END;
    r->place.frame++;
    r->place.offset = r->next_offset;
    r->place.bytes = k;
    if (k < sizeof prefix)
        return err_set(err, ST_FORMAT, "PAK-1: the file ends within a frame's length");
    uint32_t n = load_u32(prefix);
    r->place.bytes = 4 + (uint64_t)n;
    if (n == 0 || n > LIMIT_FRAME_BYTES)
        return err_set(err, ST_FORMAT, "PAK-1: a frame of %u bytes; 1 to %d are allowed", n, LIMIT_FRAME_BYTES);
    enum status st = read_body(r, n, err);
    if (st != ST_OK)
        return st;
    r->next_offset += 4 + (uint64_t)n;
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct pack_frame envelope;
    st = codec_decode(&pack_frame_desc, buf_span(&r->frame), &a, &envelope, err);
    if (st != ST_OK) /* under the rule of encoding that was broken, when that is known */
        return err_wrap(err, ST_FORMAT, "%s", err->rule != NULL ? "" : "PAK-1: ");
    *ret_kind = (uint32_t)envelope.kind;
    *ret_body = envelope.body;
    return ST_OK;
}
