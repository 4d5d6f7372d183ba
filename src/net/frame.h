/* frame: length-prefixed messages over one nng stream (tcp, with or without TLS, or ipc), without blocking.
 *
 * On the wire a frame is u32 big-endian length and that many bytes. Length 0 is a keepalive: it is never
 * delivered. A length above the limit closes the connection before anything is allocated for it; memory for a
 * long frame grows with the bytes that arrive.
 *
 * Threads. Callbacks come on nng's threads, one at a time per connection, with no lock held; they must not
 * block. Every function may be called from any thread and from any callback, this connection's included.
 * No nng function runs under a lock of ours.
 *
 * Ownership. The creator holds the first reference; frame_free gives it back and
 * closes. Whoever uses the connection from another thread takes one by frame_hold. Once started, on_closed
 * comes exactly once and last; ctx must live until it has returned. */
#ifndef ENT_NET_FRAME_H
#define ENT_NET_FRAME_H

#include "base/base.h"

struct nng_stream; /* <nng/nng.h> */
struct tls;        /* net/tls.h */
struct frame_conn;

struct frame_options {
    size_t limit;          /* longest payload accepted and sent */
    size_t queue_bytes;    /* most bytes queued to send; a frame counts FRAME_OVERHEAD besides its length */
    uint64_t deadline_ms;  /* close this long after the start unless frame_established comes; 0: never */
    uint64_t idle_ms;      /* close when nothing has arrived for so long (half-open); 0: never */
    uint64_t keepalive_ms; /* send a keepalive when nothing was sent for so long; 0: never */
    uint64_t stall_ms;     /* close when queued bytes have not moved for so long (slow reader); 0: never */
    const struct clock *clock;
};

struct frame_events {
    /* A whole frame. payload is borrowed until the return. */
    void (*on_frame)(void *ctx, struct frame_conn *conn, struct span payload);
    /* The end. st: ST_CLOSED (the other side, or frame_close), ST_TIMEOUT, ST_LIMIT, ST_TLS, ST_IO, or what
     * the closer gave. text says why in words and is borrowed. May call frame_free. */
    void (*on_closed)(void *ctx, struct frame_conn *conn, enum status st, const char *text);
};

enum { FRAME_OVERHEAD = 64 };

struct frame_stats {
    uint64_t bytes_in, bytes_out; /* payload and prefix; not TLS */
    uint64_t frames_in, frames_out;
    uint64_t sends;        /* begun; one may carry many frames */
    uint64_t queued_bytes; /* as counted against queue_bytes */
    uint64_t dropped;      /* frames refused with ST_BUSY */
};

/* Starts nng's threads, to be called by a program before it uses nng. Where the system lets it (Linux: SCHED_BATCH, sched(7)),
 * one that gets work waits for the processor until who runs has finished, and does not take it from it: several run for each
 * frame, and each switch costs as much as their work. */
void frame_start_threads(void);

/* Takes the stream, and tls unless NULL; on failure (ST_NOMEM) both are closed and freed. Nothing is read before frame_start.
 * With TLS nothing that is queued leaves before both sides are known to each other. */
MUST_USE enum status frame_new(struct nng_stream *stream, struct tls *tls, const struct frame_options *options,
                               const struct frame_events *events, void *ctx, struct frame_conn **ret_conn);
void frame_start(struct frame_conn *conn);
struct frame_conn *frame_hold(struct frame_conn *conn);
/* Gives one reference back. frame_free closes too; both accept NULL. */
void frame_release(struct frame_conn *conn);
void frame_free(struct frame_conn *conn);

/* Copies and queues; the order of calls is the order on the wire. ST_BUSY (queue full; nothing was taken),
 * ST_LIMIT (longer than the limit), ST_CLOSED, ST_NOMEM. */
MUST_USE enum status frame_send(struct frame_conn *conn, struct span payload);

/* One frame, or several that follow each other, for many connections: copied once, and queued whole or not at all. */
struct frame_shared;
MUST_USE enum status frame_shared_new(const struct span *payloads, size_t n, struct frame_shared **ret_shared);
void frame_shared_free(struct frame_shared *shared);
MUST_USE enum status frame_send_shared(struct frame_conn *conn, struct frame_shared *shared);

/* Lifts the deadline, and sets a new limit for payloads. */
void frame_established(struct frame_conn *conn, size_t limit);

/* Reads no more after the frames that have arrived already, until frame_resume; so the sender is slowed by TCP. Nothing is
 * found out about the other side meanwhile but that it takes nothing (stall_ms); idle_ms does not count. Pausing is meant
 * for on_frame; a frame or more may follow. */
void frame_pause(struct frame_conn *conn);
void frame_resume(struct frame_conn *conn);

/* Closes at once; what is queued is lost. The first reason given counts. text is copied. */
void frame_close(struct frame_conn *conn, enum status st, const char *text);
/* Sends what is queued, delivers nothing further, and closes when the other side has closed or after
 * linger_ms. (Closing at once over unread input makes TCP throw away what was just sent.) */
void frame_finish(struct frame_conn *conn, uint64_t linger_ms, enum status st, const char *text);

void frame_stats(struct frame_conn *conn, struct frame_stats *ret_stats);
/* "192.0.2.1:7000", "[2001:db8::1]:7000", or "local" for ipc. */
struct frame_address {
    char s[64];
};
struct frame_address frame_remote(struct frame_conn *conn);

/* Status that an nng error number means, for those who dial and listen. */
enum status frame_status(int nng_error);

#endif
