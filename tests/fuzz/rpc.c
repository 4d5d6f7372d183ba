/* Questions to a node: the server of the local socket, on connections whose bytes the input gives, whole questions among
 * them. Each question that can be read is answered once, with its own number; what cannot be read ends the connection. The
 * handler answers with values made at random, or refuses with a text of the input. */
#include <nng/nng.h>
#include <unistd.h>
#include "api/server.h"
#include "fuzz/fuzz.h"
#include "fuzz/make.h"
#include "fuzz/wire.h"

enum { INPUT_MAX = 8192, CONNECTIONS = 2, ASKED_MAX = 256 };

static struct {
    struct server_call *call;
    enum method method;
} asked[ASKED_MAX];
static size_t n_asked;
static struct server *server;
static size_t standing; /* what the server holds while nobody is connected */

/* Who is there: root, or nobody. */
static bool is_root;

static void on_ask(void *ctx, struct server_call *call, enum method method, const void *request)
{
    (void)ctx;
    struct err err = {0};
    REQUIRE(client_request_desc(method) != NULL, "a method that there is");
    REQUIRE(codec_check(client_request_desc(method), request, &err) == ST_OK, "the question is within bounds: %s", err.text);
    REQUIRE(is_root || method_asked_by(method) != MAY_OPERATE, "nobody asks for more than is to be had");
    REQUIRE(n_asked < ASKED_MAX, "few questions");
    asked[n_asked].call = call;
    asked[n_asked++].method = method;
}

static void on_gone(void *ctx)
{
    (void)ctx;
    size_t gone = 0;
    for (size_t i = 0; i < n_asked; i++)
        gone += server_gone(asked[i].call);
    REQUIRE(gone > 0, "a connection with open questions");
}

int nng_stream_get_uint64(nng_stream *s, const char *name, uint64_t *ret_value)
{
    (void)s, (void)name;
    *ret_value = is_root ? 0 : 65534;
    return 0;
}

static void answer_one(struct span *in)
{
    if (n_asked == 0)
        return;
    size_t which = take_u8(in) % n_asked;
    struct server_call *call = asked[which].call;
    enum method method = asked[which].method;
    asked[which] = asked[--n_asked];
    uint8_t how = take_u8(in);
    if (how % 3 == 0) {
        char text[64] = {0};
        struct span s = take_bytes(in, how % 60);
        if (s.n > 0)
            memcpy(text, s.p, s.n);
        server_refuse(call, (enum status)-(how % 20), text);
        return;
    }
    struct arena a;
    struct buf b;
    struct err err = {0};
    arena_init(&a, 1 << 22);
    buf_init(&b, 1 << 20);
    const struct record_desc *d = client_reply_desc(method);
    make_record(d, take_u32(in), how % 9, &b);
    void *reply = arena_alloc(&a, d->size);
    enum status st = codec_decode(d, buf_span(&b), &a, reply, &err);
    if (st == ST_OK)
        server_answer(call, reply);
    else
        server_refuse(call, st, err.text);
    buf_deinit(&b);
    arena_deinit(&a);
}

/* A question, well formed but for what the input changes. */
static void put_question(struct span *in, struct buf *b)
{
    struct buf body, request;
    buf_init(&body, 1 << 16);
    buf_init(&request, 1 << 16);
    uint8_t method = take_u8(in), how = take_u8(in);
    const struct record_desc *d = client_request_desc((enum method)(1 + method % 21));
    make_record(d, how, how % 9, &body);
    struct rpc_request r = {.id = take_u8(in), .method = method < 200 ? 1u + method % 21 : method, .body = buf_span(&body)};
    enum status st = codec_encode(&rpc_request_desc, &r, &request);
    if (st == ST_OK && how >= 192)
        request.p[take_u8(in) % request.n] ^= take_u8(in);
    buf_u32(b, (uint32_t)request.n);
    buf_put_span(b, buf_span(&request));
    buf_deinit(&body);
    buf_deinit(&request);
}

static void one_thing(struct nng_stream **streams, struct span *in)
{
    uint8_t what = take_u8(in);
    struct buf b;
    struct nng_stream *s = streams[what / 8 % CONNECTIONS];
    buf_init(&b, 1 << 17);
    switch (what % 8) {
    case 0:
        buf_put_span(&b, take_bytes(in, take_u8(in)));
        break;
    case 1:
    case 2:
    case 3:
        put_question(in, &b);
        break;
    case 4:
    case 5:
        answer_one(in);
        break;
    case 6:
        wire_take(take_u8(in) % 16 == 0 ? SIZE_MAX : take_u8(in) % 9);
        break;
    default:
        if (take_u8(in) % 4 == 0)
            wire_hang_up(s, NNG_ECONNSHUT);
    }
    for (size_t at = 0; at < b.n;) {
        size_t k = 1 + (at * 7 + what) % 97;
        if (k > b.n - at)
            k = b.n - at;
        bool taken = wire_arrive(s, span_of(b.p + at, k));
        wire_run();
        at = taken ? at + k : b.n;
    }
    wire_run();
    buf_deinit(&b);
}

/* Responses are whole, canonical, and have a body or words. */
static void check_responses(void)
{
    struct span out = wire_sent();
    struct arena a;
    struct err err = {0};
    arena_init(&a, 1 << 26);
    while (out.n >= 4 && out.n - 4 >= load_u32(out.p)) {
        struct rpc_response r;
        size_t n = load_u32(out.p);
        REQUIRE(codec_decode(&rpc_response_desc, span_of(out.p + 4, n), &a, &r, &err) == ST_OK, "a response: %s", err.text);
        REQUIRE((r.status == 0) == (HAS(&r, rpc_response_key_body) != 0), "a body, or a status");
        REQUIRE(r.status == 0 || HAS(&r, rpc_response_key_text), "and words with a status");
        out = span_of(out.p + 4 + n, out.n - 4 - n);
    }
    arena_deinit(&a);
}

static void start(void)
{
    char path[64];
    struct err err = {0};
    static const struct server_events events = {NULL, on_ask, on_gone};
    (void)snprintf(path, sizeof path, "/tmp/entente-fuzz-rpc.%d", (int)getpid());
    REQUIRE(server_start(path, false, &events, &server, &err) == ST_OK, "%s", err.text);
    (void)unlink(path);
    wire_run();
    standing = wire_left();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nng_stream *streams[CONNECTIONS];
    struct span in = span_of(data, size);
    if (size > INPUT_MAX)
        return 0;
    if (server == NULL)
        start();
    wire_reset();
    n_asked = 0;
    is_root = size == 0 || data[0] < 128;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        streams[i] = wire_connect();
        wire_run();
    }
    uint8_t how = take_u8(&in);
    bool mixed = how % 2 == 0; /* with two connections open, sent bytes may lie between each other */
    if (!mixed) {
        wire_hang_up(streams[1], NNG_ECONNSHUT);
        wire_run();
    }
    while (in.n > 0 && n_asked + 4 < ASKED_MAX)
        one_thing(streams, &in);
    wire_take(SIZE_MAX);
    if (!mixed)
        check_responses();
    for (size_t i = 0; i < CONNECTIONS; i++)
        wire_hang_up(streams[i], NNG_ECONNSHUT);
    wire_run();
    while (n_asked > 0) /* into the void */
        server_refuse(asked[--n_asked].call, ST_CLOSED, "the end");
    wire_run();
    REQUIRE(wire_left() == standing, "nothing is left: %zu", wire_left() - standing);
    return 0;
}
