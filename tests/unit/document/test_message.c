/* Goal: messages about documents are told from all others by their first bytes, and read strictly (DOC-8). */
#include <criterion/criterion.h>
#include "document/message.h"

static struct span encoded(struct buf *b, const struct record_desc *d, const void *rec)
{
    buf_init(b, LIMIT_FRAME_BYTES);
    cr_assert_eq(message_encode(d, rec, b), ST_OK);
    return buf_span(b);
}

Test(message, doc8_what_is_sent_is_read)
{
    static uint8_t bytes[LIMIT_DOCUMENT_CHUNK_BYTES];
    struct msg_document_ask ask = {.digest = {{1}}, .offset = 65536};
    struct msg_document_chunk chunk = {.digest = {{2}}, .size = 100000, .offset = 0, .bytes = span_of(bytes, sizeof bytes)};
    struct msg_document_none none = {.digest = {{3}}};
    struct message m;
    struct err err;
    struct buf b;
    struct span frame = encoded(&b, &msg_document_ask_desc, &ask);
    cr_assert(message_is(frame) && message_decode(frame, &m, &err) == ST_OK);
    cr_assert(m.kind == msg_document_ask_number_ && m.u.ask.offset == 65536 && hash_eq(&m.u.ask.digest, &ask.digest));
    buf_deinit(&b);
    frame = encoded(&b, &msg_document_chunk_desc, &chunk);
    cr_assert(message_is(frame) && message_decode(frame, &m, &err) == ST_OK);
    cr_assert(m.kind == msg_document_chunk_number_ && m.u.chunk.size == 100000 && m.u.chunk.bytes.n == sizeof bytes);
    for (size_t cut = 0; cut < frame.n; cut += cut < 60 ? 1 : 997)
        cr_assert_neq(message_decode(span_of(frame.p, cut), &m, &err), ST_OK, "cut at %zu", cut);
    buf_deinit(&b);
    frame = encoded(&b, &msg_document_none_desc, &none);
    cr_assert(message_is(frame) && message_decode(frame, &m, &err) == ST_OK && m.kind == msg_document_none_number_);
    buf_deinit(&b);
}

Test(message, doc8_others_are_not)
{
    struct msg_want want = {.from = 1, .count = 5};
    struct message m;
    struct err err;
    struct buf b;
    struct span frame = encoded(&b, &msg_want_desc, &want);
    cr_assert_not(message_is(frame));
    cr_assert_eq(message_decode(frame, &m, &err), ST_UNSUPPORTED);
    cr_assert_str_eq(err.text, "a message of kind 14 is not about documents");
    cr_assert_not(message_is(span_of(frame.p, 3)));
    cr_assert_not(message_is((struct span){NULL, 0}));
    buf_deinit(&b);
}
