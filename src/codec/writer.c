#include <msgpack.h>
#include "codec/writer.h"

static int put(void *ctx, const char *p, size_t n)
{
    struct buf *b = ctx;
    buf_put(b, p, n);
    return b->failed == ST_OK ? 0 : -1;
}

static msgpack_packer packer(struct buf *b)
{
    msgpack_packer pk;
    msgpack_packer_init(&pk, b, put);
    return pk;
}

/* Results are dropped: the buf keeps the failure. */
void writer_uint(struct buf *b, uint64_t v)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_uint64(&pk, v);
}

void writer_int(struct buf *b, int64_t v)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_int64(&pk, v);
}

void writer_bool(struct buf *b, bool v)
{
    msgpack_packer pk = packer(b);
    (void)(v ? msgpack_pack_true(&pk) : msgpack_pack_false(&pk));
}

void writer_str(struct buf *b, struct span text)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_str(&pk, text.n);
    buf_put_span(b, text);
}

void writer_bin(struct buf *b, struct span bytes)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_bin(&pk, bytes.n);
    buf_put_span(b, bytes);
}

void writer_array(struct buf *b, size_t n)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_array(&pk, n);
}

void writer_map(struct buf *b, size_t n)
{
    msgpack_packer pk = packer(b);
    (void)msgpack_pack_map(&pk, n);
}
