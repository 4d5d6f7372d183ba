/* codec: one canonical msgpack encoding per value; strict reading, generic walking.
 *
 * Reading never allocates more than the input justifies: lists are counted against the bytes left before
 * memory is taken. Errors name the byte offset and the field path ("entry.basis.size"). */
#ifndef ENT_CODEC_CODEC_H
#define ENT_CODEC_CODEC_H

#include "codec/records.h"

/* Encodes the struct at rec as a canonical map appended to b. Asserts that codec_check holds: what comes from
 * people or files is checked first. ST_LIMIT when b is full, ST_NOMEM. */
MUST_USE enum status codec_encode(const struct record_desc *d, const void *rec, struct buf *b);

/* Decodes exactly one value that fills bytes. ret_rec (size d->size) is untouched on failure. Spans point
 * into bytes; lists are in the arena; `has` marks every field that is there. On failure the arena may have
 * grown. ST_FORMAT (not canonical, unknown or missing key, wrong type, at byte n), ST_RANGE (a bound of the
 * field), ST_LIMIT (arena). */
MUST_USE enum status codec_decode(const struct record_desc *d, struct span bytes, struct arena *a,
                                  void *ret_rec, struct err *err);

/* Decodes one value at the start of bytes; ret_used is its length. */
MUST_USE enum status codec_decode_prefix(const struct record_desc *d, struct span bytes, struct arena *a,
                                         void *ret_rec, size_t *ret_used, struct err *err);

/* Checks a struct built by us against its block, RAW content included. ST_RANGE for a bound, ST_FORMAT for a
 * text's or decimal's form; the message names the field: "ballot.rung: 16, at most 15". */
MUST_USE enum status codec_check(const struct record_desc *d, const void *rec, struct err *err);

/* Is bytes exactly one canonical value (any type, depth at most LIMIT_NEST_DEPTH)? */
MUST_USE enum status codec_is_canonical(struct span bytes, struct err *err);

/* JSON text of the struct, appended: hashes and bytes as hex, enums as their text, times as RFC 3339,
 * decimals as text ("12.5"), a detached text as its digest, absent fields left out. A RAW is {"hex": ...}
 * unless raw is given, returns a descriptor, and the content decodes by it. Asserts that codec_check holds.
 * ST_LIMIT when b is full, ST_NOMEM. */
typedef const struct record_desc *(*codec_raw_desc)(void *ctx, const struct record_desc *parent,
                                                    const void *rec, const struct field_desc *field);
MUST_USE enum status codec_json(const struct record_desc *d, const void *rec, codec_raw_desc raw, void *ctx,
                                struct buf *b);

/* A section of the reference page in Markdown: heading, meaning, a row for each field or number. */
void codec_reference(const struct record_desc *d, struct buf *b);
void codec_reference_enum(const struct enum_desc *e, struct buf *b);

/* Text of an enumerator ("approve"), or NULL; and back (ST_NOTFOUND). */
const char *enum_text(const struct enum_desc *e, uint32_t number);
MUST_USE enum status enum_parse(const struct enum_desc *e, struct span text, uint32_t *ret_number);

/* The text rules of SPEC by themselves: valid UTF-8, no C0/C1 controls (newline and tab where multiline), no
 * bidirectional controls, zero-width characters, U+2028, U+2029. ST_FORMAT names the code point and
 * offset. */
MUST_USE enum status text_check(struct span text, bool multiline, struct err *err);
bool text_is_id(struct span text);
bool text_is_seat(struct span text);

/* Body descriptor of an entry kind; NULL for an unknown kind. */
const struct record_desc *kind_desc(uint32_t kind);

#endif
