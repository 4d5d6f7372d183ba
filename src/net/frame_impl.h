/* frame_impl: what frame.c and frame_io.c share: the first has the life of a connection, the second its bytes. */
#ifndef ENT_NET_FRAME_IMPL_H
#define ENT_NET_FRAME_IMPL_H

#include <nng/nng.h>
#include <pthread.h>
#include "net/shared.h"
#include "net/tls.h"

enum { CHUNK = TLS_RECORD_MAX, ALERT_MS = 1000, KEEP_BYTES = 1 << 18, TICK_MAX_MS = 2500, TICK_MIN_MS = 20 };

struct queued {
    struct queued *next;
    struct frame_shared *frame;
};

enum op { OP_RECV, OP_SEND, OP_TIMER };

struct frame_conn {
    nng_stream *stream;
    struct tls *tls; /* NULL: none */
    nng_aio *recv, *send, *timer;
    struct frame_options opt; /* all but limit is constant */
    struct frame_events ev;
    void *ctx;
    struct frame_address remote;
    nng_duration tick_ms;

    pthread_mutex_t lock; /* over what follows, up to the receiver's part */
    unsigned refs;
    unsigned pending;    /* operations whose callback has not ended */
    unsigned submitting; /* submissions under way */
    bool started, closing, shut, ended, finishing, sending;
    bool failing;        /* TLS failed; what it has to say about that is sent before the end */
    bool paused, parked; /* parked: no receive is out, because of a pause */
    enum status why; /* ST_OK: none given yet */
    char text[ERR_TEXT_MAX];
    struct queued *head, **tail;
    size_t sent; /* bytes of head that are out */
    uint8_t gathered[CHUNK]; /* what the send under way carries, when it is of several frames */
    struct buf wire;         /* with TLS: what is sent now */
    size_t wire_sent;        /* of wire */
    size_t covered;          /* bytes of the queue that are in wire */
    struct frame_stats stats;
    uint64_t deadline_at, heard_at, moved_at, sent_at; /* monotonic ms; deadline_at 0: none */

    /* Only the receive callback touches these. */
    uint8_t prefix[FRAME_PREFIX];
    size_t prefix_n, need;
    struct buf body;
    uint8_t chunk[CHUNK], plain[CHUNK];
};

static inline uint64_t frame_now(const struct frame_conn *c)
{
    return clock_mono_ms(c->opt.clock);
}

/* frame.c */
/* Starts an operation, unless it is closing. */
void frame_submit(struct frame_conn *c, enum op op);
/* The last thing that a callback does. */
void frame_done(struct frame_conn *c);
/* Under the lock. The first reason counts. */
void frame_give_reason(struct frame_conn *c, enum status st, const char *text);
/* Closes for an error of nng's on a stream that was connected. */
void frame_close_for(struct frame_conn *c, int rv);

/* frame_io.c */
void frame_on_recv(void *arg);
void frame_on_send(void *arg);
MUST_USE enum status frame_start_send(struct frame_conn *c);
/* Under the lock. True when the caller must submit a send. */
bool frame_enqueue(struct frame_conn *c, struct queued *q, struct frame_shared *shared);
/* What TLS has to say by itself, or what waited until it was up. */
void frame_send_what_there_is(struct frame_conn *c);

#endif
