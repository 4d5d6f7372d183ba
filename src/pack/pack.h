/* pack: the audit pack, one file of frames (SPEC section 10). Writing and reading are streamed: one frame at a time. */
#ifndef ENT_PACK_PACK_H
#define ENT_PACK_PACK_H

#include <stdio.h>
#include "codec/codec.h"

/* First lines. They differ in their first byte, so that a reader of any looks at one byte (CER-1, RNG-1). */
#define PACK_MAGIC "entente pack 1\n"
#define CERTIFICATE_MAGIC "decision certificate 1\n"
#define RANGE_MAGIC "record range 1\n"

/* Appends the first line, or one frame that holds the record, to the stream. ST_NOSPACE, ST_IO, ST_LIMIT. */
MUST_USE enum status pack_begin(FILE *f, const char *magic, struct err *err);
MUST_USE enum status pack_put(FILE *f, const struct record_desc *d, const void *rec, struct err *err);

/* Where a reader is; for messages (PAK-5). */
struct pack_place {
    uint64_t frame;  /* number of the frame, from 1; 0: the magic */
    uint64_t offset; /* of the frame's length prefix, in bytes */
    uint64_t bytes;  /* of the frame, prefix included */
};

struct pack_reader {
    FILE *f;
    struct pack_place place; /* of the frame read last */
    uint64_t next_offset;
    struct buf frame;
};

void pack_reader_init(struct pack_reader *r, FILE *f); /* the stream stays the caller's */
void pack_reader_deinit(struct pack_reader *r);
/* Checks the first line. ST_FORMAT, with what the file is instead, when that is known. */
MUST_USE enum status pack_read_magic(struct pack_reader *r, const char *magic, struct err *err);
/* The next frame: its kind and body, borrowed until the next call. ST_END at the end of the file; ST_FORMAT: cut off,
 * over the limit, or an envelope that is not canonical (region `frame`). */
MUST_USE enum status pack_read(struct pack_reader *r, uint32_t *ret_kind, struct span *ret_body, struct err *err);

#endif
