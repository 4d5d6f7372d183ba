#include "document/message.h"

bool message_is(struct span frame)
{
    /* {1: kind, 2: body}: a map of two, key 1, a kind below 128 */
    return frame.n > 3 && frame.p[0] == 0x82 && frame.p[1] == 0x01 && frame.p[2] >= msg_document_ask_number_ &&
           frame.p[2] <= msg_document_none_number_;
}

enum status message_encode(const struct record_desc *d, const void *rec, struct buf *b)
{
    struct buf body CLEANUP(buf_deinit);
    buf_init(&body, LIMIT_FRAME_BYTES);
    enum status st = codec_encode(d, rec, &body);
    struct envelope e = {.kind = d->number, .body = buf_span(&body)};
    return st == ST_OK ? codec_encode(&envelope_desc, &e, b) : st;
}

enum status message_decode(struct span frame, struct message *ret, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct envelope e;
    struct message m;
    arena_init(&a, 4096);
    memset(&m, 0, sizeof m);
    enum status st = codec_decode(&envelope_desc, frame, &a, &e, err);
    if (st != ST_OK)
        return st;
    m.kind = (uint32_t)e.kind;
    if (e.kind == msg_document_ask_number_)
        st = codec_decode(&msg_document_ask_desc, e.body, &a, &m.u.ask, err);
    else if (e.kind == msg_document_chunk_number_)
        st = codec_decode(&msg_document_chunk_desc, e.body, &a, &m.u.chunk, err);
    else if (e.kind == msg_document_none_number_)
        st = codec_decode(&msg_document_none_desc, e.body, &a, &m.u.none, err);
    else
        st = err_set(err, ST_UNSUPPORTED, "a message of kind %" PRIu64 " is not about documents", e.kind);
    if (st == ST_OK)
        *ret = m;
    return st;
}
