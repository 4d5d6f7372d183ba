/* Frames: bytes in parts of any size, sends that are taken a few bytes at a time, timers, hanging up, closing in the middle.
 * What is delivered is what a plain parser of the same bytes finds; what is sent arrives whole and in order; on_closed comes
 * exactly once, and nothing is left. */
#include <nng/nng.h>
#include "fuzz/fuzz.h"
#include "fuzz/wire.h"
#include "net/frame.h"

enum { INPUT_MAX = 8192, LIMIT_FIRST = 96, LIMIT_LATER = 700, FRAMES_MAX = 4096 };

struct run {
    struct frame_conn *conn;
    struct nng_stream *stream;
    struct buf arrived, delivered, queued; /* delivered and queued: as on the wire, prefixes included */
    uint64_t now;
    bool closed, established, stopped;
    bool answers; /* each frame is answered from within the callback */
};

static uint64_t now_of(void *ctx)
{
    return ((struct run *)ctx)->now;
}

static void put_frame(struct buf *b, struct span payload)
{
    buf_u32(b, (uint32_t)payload.n);
    buf_put_span(b, payload);
}

static void on_frame(void *ctx, struct frame_conn *conn, struct span payload)
{
    struct run *r = ctx;
    REQUIRE(!r->closed, "nothing comes after the end");
    REQUIRE(payload.n > 0, "a keepalive is not delivered");
    REQUIRE(payload.n <= (r->established ? LIMIT_LATER : LIMIT_FIRST), "no frame over the limit");
    put_frame(&r->delivered, payload);
    if (r->answers && frame_send(conn, payload) == ST_OK)
        put_frame(&r->queued, payload);
}

static void on_closed(void *ctx, struct frame_conn *conn, enum status st, const char *text)
{
    struct run *r = ctx;
    (void)conn;
    REQUIRE(!r->closed, "it ends once");
    REQUIRE(st != ST_OK && text[0] != 0, "with a reason");
    r->closed = true;
}

/* The bytes that arrived begin with all that was delivered; keepalives aside. */
static void check_delivered(const struct run *r)
{
    struct span in = buf_span(&r->arrived), out = buf_span(&r->delivered);
    while (out.n > 0) {
        REQUIRE(in.n >= 4, "nothing is delivered that did not arrive");
        size_t n = load_u32(in.p);
        if (n != 0) {
            REQUIRE(in.n >= 4 + n && out.n >= 4 + n && memcmp(in.p, out.p, 4 + n) == 0, "frames are delivered as they came");
            out = span_of(out.p + 4 + n, out.n - 4 - n);
        }
        in = span_of(in.p + 4 + n, in.n - 4 - n);
    }
    if (r->stopped || r->closed)
        return;
    while (in.n >= 4 && load_u32(in.p) == 0)
        in = span_of(in.p + 4, in.n - 4);
    REQUIRE(in.n < 4 || in.n < 4 + (size_t)load_u32(in.p), "a frame that is whole is delivered");
}

/* What went out is the beginning of what was queued, keepalives aside. */
static void check_sent(const struct run *r)
{
    struct span in = buf_span(&r->queued), out = wire_sent();
    while (out.n >= 4) {
        size_t n = load_u32(out.p), k = out.n < 4 + n ? out.n : 4 + n;
        if (n != 0) {
            REQUIRE(in.n >= k && memcmp(in.p, out.p, k) == 0, "frames go out as they were queued");
            in = span_of(in.p + k, in.n - k);
        }
        out = span_of(out.p + k, out.n - k);
    }
}

static void arrive(struct run *r, struct span part)
{
    if (!wire_arrive(r->stream, part))
        return;
    buf_put_span(&r->arrived, part);
    wire_run();
}

static void one_thing(struct run *r, struct span *in)
{
    uint8_t what = take_u8(in), n = take_u8(in);
    struct span s;
    switch (what % 12) {
    case 0:
    case 1:
    case 2:
        arrive(r, take_bytes(in, 1 + n));
        break;
    case 3: { /* a frame, well formed, in two parts */
        struct buf b;
        buf_init(&b, 1024);
        put_frame(&b, take_bytes(in, n));
        size_t cut = what / 12 % (b.n + 1);
        arrive(r, span_of(b.p, cut));
        arrive(r, span_of(b.p + cut, b.n - cut));
        buf_deinit(&b);
        break;
    }
    case 4:
    case 5:
        s = take_bytes(in, 1 + n);
        if (s.n > 0 && frame_send(r->conn, s) == ST_OK)
            put_frame(&r->queued, s);
        wire_run();
        break;
    case 6:
        wire_take(n == 0 ? SIZE_MAX : n % 8);
        break;
    case 7:
        r->now += (uint64_t)n * 20;
        wire_tick();
        wire_run();
        break;
    case 8:
        frame_established(r->conn, LIMIT_LATER);
        r->established = true;
        break;
    case 9:
        r->answers = !r->answers;
        break;
    case 10:
        if (n % 4 == 0) {
            frame_finish(r->conn, 500, ST_REFUSED, "enough");
            r->stopped = true;
        }
        break;
    default:
        if (n % 4 == 0)
            frame_close(r->conn, ST_REFUSED, "enough");
        else if (n % 4 == 1)
            wire_hang_up(r->stream, n % 8 < 4 ? NNG_ECONNSHUT : NNG_ECRYPTO);
        wire_run();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run r = {.now = 1000};
    struct span in = span_of(data, size);
    if (size > INPUT_MAX)
        return 0;
    struct clock clock = {&r, now_of, now_of};
    struct frame_options o = {.limit = LIMIT_FIRST, .queue_bytes = 2000, .deadline_ms = 10000, .idle_ms = 9000,
                              .keepalive_ms = 3000, .stall_ms = 4000, .clock = &clock};
    static const struct frame_events events = {on_frame, on_closed};
    buf_init(&r.arrived, 1 << 20);
    buf_init(&r.delivered, 1 << 20);
    buf_init(&r.queued, 1 << 20);
    wire_reset();
    r.stream = wire_stream();
    REQUIRE(frame_new(r.stream, NULL, &o, &events, &r, &r.conn) == ST_OK, "a connection");
    (void)frame_hold(r.conn); /* statistics may be asked for after the end */
    frame_start(r.conn);
    wire_run();
    for (int i = 0; i < FRAMES_MAX && in.n > 0 && !r.closed; i++) {
        one_thing(&r, &in);
        check_delivered(&r);
        check_sent(&r);
    }
    frame_free(r.conn);
    wire_run();
    struct frame_stats stats;
    frame_stats(r.conn, &stats);
    REQUIRE(r.closed, "the end is told");
    REQUIRE(stats.bytes_in == r.arrived.n, "bytes are counted");
    frame_release(r.conn);
    wire_run();
    REQUIRE(wire_left() == 0, "nothing is left: %zu", wire_left());
    buf_deinit(&r.arrived);
    buf_deinit(&r.delivered);
    buf_deinit(&r.queued);
    return 0;
}
