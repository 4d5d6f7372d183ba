/* wire: stands in for nng under src/net/frame.c and src/api/server.c: streams whose other end is the target itself. One
 * thread; callbacks run in wire_run, in the order in which they came due. Link wire.c before nng's library. */
#ifndef ENT_TESTS_FUZZ_WIRE_H
#define ENT_TESTS_FUZZ_WIRE_H

#include "base/base.h"

struct nng_stream;

/* A connected stream. Its owner (frame_new) closes and frees it. */
struct nng_stream *wire_stream(void);
/* Bytes for a receive that is waiting, as one part; false when none waits, or the stream was closed or freed. */
bool wire_arrive(struct nng_stream *s, struct span part);
/* The other side hangs up, with this error of nng; nothing happens to a stream that was freed. */
void wire_hang_up(struct nng_stream *s, int error);
/* At most so many bytes are taken at each send. 0: sends wait. */
void wire_take(size_t most);
/* What was sent since the last reset, of all streams. */
struct span wire_sent(void);
/* All callbacks that are due, and those that they make due. */
void wire_run(void);
/* Ends all sleeps. */
void wire_tick(void);
/* Connects to whoever listens. NULL: nobody accepts. */
struct nng_stream *wire_connect(void);
/* Nothing may be left of streams and operations, but for the listener's; forgets what was sent. */
size_t wire_left(void);
void wire_reset(void);

#endif
