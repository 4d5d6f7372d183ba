/* NET-2: frames of a length and bytes, keepalives, and links that are given up. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/frame.h"
#include "tools.h"

TestSuite(frame, .init = suite_init, .fini = suite_fini);

enum { LIMIT = 100000 };

/* One end. */
struct end {
    struct frame_conn *conn;
    pthread_mutex_t lock;
    unsigned frames, closes;
    size_t bytes;
    uint8_t next; /* first byte expected of the next frame */
    bool disorder, free_on_frame, close_on_frame;
    enum status st;
    char text[ERR_TEXT_MAX];
};

static void end_frame(void *ctx, struct frame_conn *conn, struct span payload)
{
    struct end *e = ctx;
    (void)pthread_mutex_lock(&e->lock);
    e->frames++;
    e->bytes += payload.n;
    e->disorder =
        e->disorder || payload.p[0] != e->next || payload.p[payload.n - 1] != e->next || e->closes != 0;
    e->next++;
    (void)pthread_mutex_unlock(&e->lock);
    if (e->close_on_frame)
        frame_close(conn, ST_CLOSED, "enough");
    if (e->free_on_frame)
        frame_free(conn);
}

static void end_closed(void *ctx, struct frame_conn *conn, enum status st, const char *text)
{
    struct end *e = ctx;
    (void)conn;
    (void)pthread_mutex_lock(&e->lock);
    e->closes++;
    e->st = st;
    (void)snprintf(e->text, sizeof e->text, "%s", text);
    (void)pthread_mutex_unlock(&e->lock);
}

static const struct frame_events events = {end_frame, end_closed};

static struct frame_options options(void)
{
    return (struct frame_options){.limit = LIMIT, .queue_bytes = 1 << 20, .clock = &clock_system};
}

static void end_make(struct end *e, nng_stream *s, const struct frame_options *o)
{
    *e = (struct end){0};
    (void)pthread_mutex_init(&e->lock, NULL);
    cr_assert_eq(frame_new(s, NULL, o, &events, e, &e->conn), ST_OK);
}

static unsigned frames_of(struct end *e)
{
    (void)pthread_mutex_lock(&e->lock);
    unsigned n = e->frames;
    (void)pthread_mutex_unlock(&e->lock);
    return n;
}

static unsigned closes_of(struct end *e)
{
    (void)pthread_mutex_lock(&e->lock);
    unsigned n = e->closes;
    (void)pthread_mutex_unlock(&e->lock);
    return n;
}

static bool wait_count(unsigned (*count)(struct end *), struct end *e, unsigned n)
{
    for (unsigned ms = 0; ms < WAIT_MS; ms += 2) {
        if (count(e) >= n)
            return true;
        sleep_ms(2);
    }
    return false;
}

/* Closes, waits for on_closed, and gives the reference back. */
static void end_stop(struct end *e)
{
    frame_close(e->conn, ST_CLOSED, "test over");
    cr_assert(wait_count(closes_of, e, 1));
    frame_free(e->conn);
    sleep_ms(10);
    cr_assert_eq(closes_of(e), 1);
    cr_assert_not(e->disorder);
}

struct listener {
    nng_stream_listener *l;
    nng_aio *aio;
    char address[32];
};

static void listener_open(struct listener *l, const char *url)
{
    int port = 0;
    cr_assert_eq(nng_stream_listener_alloc(&l->l, url), 0);
    cr_assert_eq(nng_stream_listener_listen(l->l), 0);
    cr_assert_eq(nng_aio_alloc(&l->aio, NULL, NULL), 0);
    if (nng_stream_listener_get_int(l->l, NNG_OPT_TCP_BOUND_PORT, &port) == 0)
        (void)snprintf(l->address, sizeof l->address, "127.0.0.1:%d", port);
}

static nng_stream *listener_accept(struct listener *l)
{
    nng_stream_listener_accept(l->l, l->aio);
    nng_aio_wait(l->aio);
    cr_assert_eq(nng_aio_result(l->aio), 0);
    return nng_aio_get_output(l->aio, 0);
}

static void listener_close(struct listener *l)
{
    nng_stream_listener_close(l->l);
    nng_stream_listener_free(l->l);
    nng_aio_free(l->aio);
}

static nng_stream *dial(const char *url)
{
    nng_stream_dialer *d;
    nng_aio *aio;
    cr_assert_eq(nng_stream_dialer_alloc(&d, url), 0);
    cr_assert_eq(nng_aio_alloc(&aio, NULL, NULL), 0);
    nng_stream_dialer_dial(d, aio);
    nng_aio_wait(aio);
    cr_assert_eq(nng_aio_result(aio), 0);
    nng_stream *s = nng_aio_get_output(aio, 0);
    nng_aio_free(aio);
    nng_stream_dialer_close(d);
    nng_stream_dialer_free(d);
    return s;
}

/* Two started ends. */
static void two_ends(const char *url, const struct frame_options *oa, const struct frame_options *ob,
                     struct end *a, struct end *b)
{
    struct listener l = {0};
    char to[64];
    listener_open(&l, url);
    (void)snprintf(to, sizeof to, "tcp://%s", l.address);
    nng_stream *s = dial(l.address[0] != 0 ? to : url);
    end_make(a, s, oa);
    end_make(b, listener_accept(&l), ob);
    listener_close(&l);
    frame_start(a->conn);
    frame_start(b->conn);
}

static enum status send_n(struct end *e, uint8_t byte, size_t n)
{
    uint8_t *p = malloc(n);
    memset(p, byte, n);
    enum status st = frame_send(e->conn, span_of(p, n));
    free(p);
    return st;
}

/* Frames of all kinds of lengths arrive whole and in order, over ipc as over tcp. */
static void exchange(const char *url)
{
    static const size_t lengths[] = {1, 3, 4, 5, 16379, 16380, 16381, 16384, 32768, 99999, LIMIT};
    struct frame_options o = options();
    struct end a, b;
    size_t sum = 0;
    two_ends(url, &o, &o, &a, &b);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        cr_assert_eq(send_n(&a, (uint8_t)i, lengths[i]), ST_OK);
        cr_assert_eq(send_n(&b, (uint8_t)i, lengths[i]), ST_OK);
        sum += lengths[i];
    }
    cr_assert(wait_count(frames_of, &a, ARRAY_LEN(lengths)));
    cr_assert(wait_count(frames_of, &b, ARRAY_LEN(lengths)));
    cr_assert_eq(a.bytes, sum);
    cr_assert_eq(b.bytes, sum);
    struct frame_stats s;
    frame_stats(a.conn, &s);
    cr_assert_eq(s.frames_in, ARRAY_LEN(lengths));
    cr_assert_eq(s.bytes_in, sum + 4 * ARRAY_LEN(lengths));
    cr_assert_eq(s.dropped, 0);
    end_stop(&a);
    cr_assert(wait_count(closes_of, &b, 1));
    cr_assert_eq(b.st, ST_CLOSED);
    cr_assert_str_eq(b.text, "the other side closed the connection");
    cr_assert_eq(send_n(&b, 0, 1), ST_CLOSED);
    end_stop(&b);
}

Test(frame, exchange_over_tcp)
{
    exchange("tcp://127.0.0.1:0");
}

Test(frame, exchange_over_ipc)
{
    char url[64];
    (void)snprintf(url, sizeof url, "ipc:///tmp/entente-frame-%d.sock", (int)getpid());
    exchange(url);
}

Test(frame, over_the_limit)
{
    struct frame_options o = options(), small = options();
    struct end a, b;
    small.limit = 1000;
    two_ends("tcp://127.0.0.1:0", &o, &small, &a, &b);
    cr_assert_eq(send_n(&a, 0, LIMIT + 1), ST_LIMIT);
    cr_assert_eq(send_n(&b, 0, 1001), ST_LIMIT);
    cr_assert_eq(send_n(&a, 0, 1000), ST_OK);
    cr_assert(wait_count(frames_of, &b, 1));
    cr_assert_eq(send_n(&a, 1, 1001), ST_OK);
    cr_assert(wait_count(closes_of, &b, 1));
    cr_assert_eq(b.st, ST_LIMIT);
    cr_assert_str_eq(b.text, "it announced a frame of 1001 bytes; at most 1000 are accepted here");
    cr_assert_eq(frames_of(&b), 1);
    end_stop(&b);
    end_stop(&a);
}

/* A connection whose other end is a plain socket. */
static int socket_end(const struct frame_options *o, struct end *e)
{
    struct listener l = {0};
    listener_open(&l, "tcp://127.0.0.1:0");
    int fd = tcp_open(l.address);
    end_make(e, listener_accept(&l), o);
    listener_close(&l);
    frame_start(e->conn);
    return fd;
}

Test(frame, bytes_that_trickle)
{
    static const uint8_t bytes[] = {0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0,
                                    1, 1, 0, 0, 0, 0, 0, 0, 0, 3, 2, 9, 2};
    struct frame_options o = options();
    struct end e;
    int fd = socket_end(&o, &e);
    for (size_t i = 0; i < sizeof bytes; i++) {
        cr_assert_eq(send(fd, bytes + i, 1, 0), 1);
        sleep_ms(2);
    }
    /* Two keepalives, which are not delivered, and frames of 2, 1 and 3 bytes. */
    cr_assert(wait_count(frames_of, &e, 3));
    cr_assert_eq(e.bytes, 6);
    (void)close(fd);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_CLOSED);
    end_stop(&e);
}

Test(frame, three_bytes_and_gone)
{
    struct frame_options o = options();
    struct end e;
    int fd = socket_end(&o, &e);
    cr_assert_eq(send(fd, "abc", 3, 0), 3);
    (void)close(fd);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_CLOSED);
    cr_assert_eq(frames_of(&e), 0);
    end_stop(&e);
}

Test(frame, deadline)
{
    struct frame_options o = options();
    struct end e;
    o.deadline_ms = 200;
    int fd = socket_end(&o, &e);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_TIMEOUT);
    cr_assert_str_eq(e.text, "not established within 200 ms");
    cr_assert(tcp_closed(fd, 2000));
    (void)close(fd);
    end_stop(&e);
}

Test(frame, deadline_is_lifted)
{
    struct frame_options o = options();
    struct end e;
    o.deadline_ms = 200;
    int fd = socket_end(&o, &e);
    frame_established(e.conn, LIMIT);
    sleep_ms(600);
    cr_assert_eq(closes_of(&e), 0);
    (void)close(fd);
    end_stop(&e);
}

Test(frame, half_open)
{
    struct frame_options o = options();
    struct end e;
    o.idle_ms = 200;
    int fd = socket_end(&o, &e);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_TIMEOUT);
    cr_assert_not_null(strstr(e.text, "nothing heard for"), "%s", e.text);
    (void)close(fd);
    end_stop(&e);
}

Test(frame, keepalive_keeps)
{
    struct frame_options o = options();
    struct end a, b;
    o.idle_ms = 1500;
    o.keepalive_ms = 200;
    two_ends("tcp://127.0.0.1:0", &o, &o, &a, &b);
    sleep_ms(2500);
    cr_assert_eq(closes_of(&a), 0, "%s", a.text);
    cr_assert_eq(closes_of(&b), 0, "%s", b.text);
    cr_assert_eq(frames_of(&a), 0);
    end_stop(&a);
    end_stop(&b);
}

/* The queue is bounded, says so, and a reader that takes nothing is given up. */
Test(frame, slow_reader)
{
    struct frame_options o = options();
    struct end e;
    struct frame_stats s;
    o.stall_ms = 500;
    int fd = socket_end(&o, &e);
    /* The kernel takes some megabytes too before the queue stays full. */
    for (unsigned round = 0; round < 100; round++) {
        enum status st = ST_OK;
        for (unsigned sent = 0; sent < 1000 && st == ST_OK; sent++)
            st = send_n(&e, 0, 50000);
        cr_assert_eq(st, ST_BUSY);
        sleep_ms(30);
        frame_stats(e.conn, &s);
        if (s.queued_bytes > o.queue_bytes - 100000)
            break;
    }
    cr_assert_gt(s.queued_bytes, o.queue_bytes - 100000);
    frame_stats(e.conn, &s);
    cr_assert_leq(s.queued_bytes, o.queue_bytes);
    cr_assert_geq(s.dropped, 1);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_TIMEOUT);
    cr_assert_not_null(strstr(e.text, "it took nothing for"), "%s", e.text);
    (void)close(fd);
    end_stop(&e);
}

/* Reads n bytes; what the sender still has is taken from it only here. */
static void read_all(int fd, uint8_t *p, size_t n)
{
    while (n > 0) {
        ssize_t k = recv(fd, p, n, 0);
        cr_assert_gt(k, 0);
        p += k;
        n -= (size_t)k;
    }
}

/* Short frames that wait behind a long one leave many at a time; their bytes are the same. */
Test(frame, short_frames_travel_together)
{
    enum { LONG = 24 << 20, SHORT = 20000, SHORT_MAX = 16 };
    struct frame_options o = options();
    struct frame_stats s;
    struct end e;
    o.limit = LONG;
    o.queue_bytes = 2 * LONG;
    int fd = socket_end(&o, &e);
    cr_assert_eq(send_n(&e, 7, LONG), ST_OK); /* more than the kernel takes unread */
    for (size_t i = 0; i < SHORT; i++)
        cr_assert_eq(send_n(&e, (uint8_t)i, 1 + i % SHORT_MAX), ST_OK);
    uint8_t *got = malloc(LONG);
    read_all(fd, got, 4);
    cr_assert_eq(load_u32(got), LONG);
    read_all(fd, got, LONG);
    cr_assert_eq(got[0] + got[LONG - 1], 14);
    free(got);
    for (size_t i = 0; i < SHORT; i++) {
        uint8_t b[4 + SHORT_MAX];
        size_t n = 1 + i % SHORT_MAX;
        read_all(fd, b, 4 + n);
        cr_assert_eq(load_u32(b), n, "frame %zu", i);
        for (size_t k = 0; k < n; k++)
            cr_assert_eq(b[4 + k], (uint8_t)i, "frame %zu, byte %zu", i, k);
    }
    do
        frame_stats(e.conn, &s);
    while (s.frames_out < SHORT + 1);
    cr_assert_eq(s.queued_bytes, 0);
    cr_assert_eq(s.bytes_out, (uint64_t)LONG + 4 + SHORT * (4 + (1 + SHORT_MAX) / 2.0));
    cr_assert_lt(s.sends, SHORT / 2, "%" PRIu64 " sends", s.sends); /* the kernel takes the long one in parts */
    (void)close(fd);
    end_stop(&e);
}

/* Frames that are due at the same time leave in one send; to the receiver they are what they are alone. */
Test(frame, several_in_one_send)
{
    struct frame_options o = options();
    struct frame_stats s;
    struct frame_shared *two;
    struct end e;
    uint8_t b[4 + 3 + 4 + 5];
    const struct span payloads[] = {span_str("abc"), span_str("defgh")};
    int fd = socket_end(&o, &e);
    cr_assert_eq(frame_shared_new(payloads, 2, &two), ST_OK);
    cr_assert_eq(frame_send_shared(e.conn, two), ST_OK);
    read_all(fd, b, sizeof b);
    cr_expect_eq(memcmp(b, "\0\0\0\3abc\0\0\0\5defgh", sizeof b), 0);
    do
        frame_stats(e.conn, &s);
    while (s.frames_out < 2);
    cr_expect_eq(s.frames_out, 2);
    cr_expect_eq(s.sends, 1);
    cr_expect_eq(s.queued_bytes, 0);
    frame_shared_free(two);
    (void)close(fd);
    end_stop(&e);
}

/* None of them leaves when one is too long. */
Test(frame, several_of_which_one_is_too_long)
{
    static const uint8_t zeros[1000];
    struct frame_options o = options();
    struct frame_stats s;
    struct frame_shared *two;
    struct end e;
    const struct span payloads[] = {span_str("abc"), span_of(zeros, sizeof zeros)};
    o.limit = sizeof zeros - 1;
    int fd = socket_end(&o, &e);
    cr_assert_eq(frame_shared_new(payloads, 2, &two), ST_OK);
    cr_expect_eq(frame_send_shared(e.conn, two), ST_LIMIT);
    frame_stats(e.conn, &s);
    cr_expect_eq(s.sends, 0);
    cr_expect_eq(s.queued_bytes, 0);
    frame_shared_free(two);
    (void)close(fd);
    end_stop(&e);
}

Test(frame, close_and_free_from_a_callback)
{
    struct frame_options o = options();
    struct end a, b;
    two_ends("tcp://127.0.0.1:0", &o, &o, &a, &b);
    b.close_on_frame = b.free_on_frame = true;
    cr_assert_eq(send_n(&a, 0, 10), ST_OK);
    cr_assert(wait_count(closes_of, &b, 1));
    cr_assert_str_eq(b.text, "enough");
    cr_assert(wait_count(closes_of, &a, 1));
    end_stop(&a);
    cr_assert_eq(frames_of(&b), 1);
}

Test(frame, never_started)
{
    struct frame_options o = options();
    struct listener l = {0};
    struct end e;
    listener_open(&l, "tcp://127.0.0.1:0");
    int fd = tcp_open(l.address);
    end_make(&e, listener_accept(&l), &o);
    listener_close(&l);
    frame_free(e.conn);
    cr_assert(tcp_closed(fd, 2000));
    cr_assert_eq(closes_of(&e), 0);
    (void)close(fd);
}

Test(frame, closed_before_it_starts)
{
    struct frame_options o = options();
    struct listener l = {0};
    struct end e;
    listener_open(&l, "tcp://127.0.0.1:0");
    int fd = tcp_open(l.address);
    end_make(&e, listener_accept(&l), &o);
    listener_close(&l);
    frame_close(e.conn, ST_REFUSED, "early");
    frame_start(e.conn);
    cr_assert(wait_count(closes_of, &e, 1));
    cr_assert_eq(e.st, ST_REFUSED);
    cr_assert_str_eq(e.text, "early");
    end_stop(&e);
    (void)close(fd);
}

/* The last words arrive although much that nobody will read has come in. */
Test(frame, finish_says_its_last_words)
{
    struct frame_options o = options();
    struct end a, b;
    two_ends("tcp://127.0.0.1:0", &o, &o, &a, &b);
    for (uint8_t i = 0; i < 8; i++)
        cr_assert_eq(send_n(&a, i, LIMIT), ST_OK);
    cr_assert_eq(send_n(&b, 0, 77), ST_OK);
    frame_finish(b.conn, 300, ST_REFUSED, "not today");
    cr_assert_eq(send_n(&b, 0, 1), ST_CLOSED);
    cr_assert(wait_count(frames_of, &a, 1));
    cr_assert_eq(a.bytes, 77);
    cr_assert(wait_count(closes_of, &b, 1));
    cr_assert_eq(b.st, ST_REFUSED);
    cr_assert_str_eq(b.text, "not today");
    cr_assert(wait_count(closes_of, &a, 1));
    end_stop(&b);
    end_stop(&a);
}

static atomic_bool stop_pounding;

static void *pound(void *arg)
{
    struct frame_conn *c = arg;
    uint8_t bytes[5000] = {0};
    while (!atomic_load(&stop_pounding))
        if (frame_send(c, span_of(bytes, sizeof bytes)) == ST_BUSY)
            sleep_ms(1);
    frame_release(c);
    return NULL;
}

/* Threads send while the connection is closed under them, many times over. */
Test(frame, close_while_others_send)
{
    struct frame_options o = options();
    for (int round = 0; round < 20; round++) {
        struct end a, b;
        pthread_t t[3];
        two_ends("tcp://127.0.0.1:0", &o, &o, &a, &b);
        atomic_store(&stop_pounding, false);
        for (size_t i = 0; i < ARRAY_LEN(t); i++)
            cr_assert_eq(pthread_create(&t[i], NULL, pound, frame_hold(a.conn)), 0);
        sleep_ms(5);
        frame_close(round % 2 == 0 ? a.conn : b.conn, ST_CLOSED, "cut");
        cr_assert(wait_count(closes_of, &a, 1));
        cr_assert(wait_count(closes_of, &b, 1));
        atomic_store(&stop_pounding, true);
        for (size_t i = 0; i < ARRAY_LEN(t); i++)
            cr_assert_eq(pthread_join(t[i], NULL), 0);
        frame_free(a.conn);
        frame_free(b.conn);
    }
}
