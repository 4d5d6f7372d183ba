/* message: messages between nodes about documents. */
#ifndef ENT_DOCUMENT_MESSAGE_H
#define ENT_DOCUMENT_MESSAGE_H

#include "codec/codec.h"

/* Is the frame a message about documents? Looks at its first bytes alone; exact for what is canonical. */
bool message_is(struct span frame);
/* Puts the message into an envelope. ST_LIMIT, and what codec_encode gives. */
MUST_USE enum status message_encode(const struct record_desc *d, const void *rec, struct buf *b);

struct message {
    uint32_t kind; /* which of the next */
    union {
        struct msg_document_ask ask;
        struct msg_document_chunk chunk;
        struct msg_document_none none;
    } u;
};
/* Spans point into the frame. ST_FORMAT, ST_RANGE and the like with words; ST_UNSUPPORTED: another kind. */
MUST_USE enum status message_decode(struct span frame, struct message *ret, struct err *err);

#endif
