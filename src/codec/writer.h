/* writer: canonical msgpack into a buf, by msgpack-c, whose packer always takes the shortest form (tested
 * against proto/vectors/codec.json). Failures stay in the buf (b->failed). The caller writes keys in
 * ascending order. */
#ifndef ENT_CODEC_WRITER_H
#define ENT_CODEC_WRITER_H

#include "base/base.h"

void writer_uint(struct buf *b, uint64_t v);
void writer_int(struct buf *b, int64_t v);
void writer_bool(struct buf *b, bool v);
void writer_str(struct buf *b, struct span text);
void writer_bin(struct buf *b, struct span bytes);
/* Heads: n members, or n pairs, follow. */
void writer_array(struct buf *b, size_t n);
void writer_map(struct buf *b, size_t n);

#endif
