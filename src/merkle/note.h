/* note: C2SP signed notes and verifier keys (c2sp.org/signed-note, v1.0.0): text, an empty line, and lines
 * "— NAME BASE64(key id, 4 bytes || signature)". Types of keys: 0x01 Ed25519, 0x04 timestamped cosignature
 * (c2sp.org/tlog-cosignature, v1.0.0, Ed25519). */
#ifndef ENT_MERKLE_NOTE_H
#define ENT_MERKLE_NOTE_H

#include "base/base.h"
#include "codec/desc.h"

enum {
    NOTE_BYTES_MAX = 65536,
    NOTE_SIGS_MAX = 256,
    NOTE_NAME_MAX = 512,
    NOTE_ED25519 = 1,
    NOTE_COSIGNATURE = 4,
};

/* A key that verifies, "NAME+HEX(id)+BASE64(type || key)". */
struct note_key {
    struct span name; /* borrowed */
    uint32_t id;
    uint8_t type; /* NOTE_ED25519 or NOTE_COSIGNATURE */
    struct hash key;
};

struct note_sig {
    struct span name;
    uint32_t id;
    struct span sig; /* at least one byte; without the id */
    size_t line;     /* in the note, the first is 1 */
};

struct signed_note {
    struct span text; /* with its final newline */
    size_t n;
    struct note_sig *sigs;
};

/* id = SHA-256(name || 0x0A || type || key)[:4]. The name is borrowed. Asserts note_name_ok(name). */
struct note_key note_key_make(struct span name, uint8_t type, const struct hash *key);
/* Not empty, valid UTF-8, at most NOTE_NAME_MAX bytes, no Unicode space, control character or '+'. */
bool note_name_ok(struct span name);
/* ret_key->name points into text. ST_FORMAT; ST_UNSUPPORTED: a type other than the two; ST_MISMATCH: the id
 * is not that of name and key; ST_BADKEY: not an Ed25519 key. */
MUST_USE enum status note_key_parse(struct span text, struct note_key *ret_key, struct err *err);
void note_key_put(const struct note_key *k, struct buf *b);

/* Splits a note; checks no signature. Spans point into bytes, the list and decoded signatures are in the
 * arena. ST_FORMAT (the message names the line); ST_LIMIT: over NOTE_BYTES_MAX, NOTE_SIGS_MAX or the arena.
 */
MUST_USE enum status note_parse(struct span bytes, struct arena *a, struct signed_note *ret_note,
                                struct err *err);

/* Appends one signature line. The text and the empty line come before the first: note_put_text. */
void note_put_text(struct span text, struct buf *b);
void note_put_sig(const struct note_key *k, struct span sig, struct buf *b);

#endif
