/* hostile: those who are not who they should be, and those who do not do what they should. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "codec/codec.h"
#include "tools.h"

TestSuite(hostile, .init = suite_init, .fini = suite_fini, .timeout = 60);

/* beta's node shows another certificate than the one on its card. */
Test(hostile, certificate_that_is_not_on_the_card)
{
    struct alliance a;
    struct member real, fake;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    real = a.m[1];
    member_make(&fake, "beta");
    a.m[1].tls = fake.tls;
    cr_assert_eq(node_start(&a, 1, true, &err), ST_OK);
    memcpy(real.address, a.m[1].address, sizeof real.address);
    a.m[1].tls = real.tls;
    struct net_fingerprint good = net_fingerprint(span_of(real.tls->cert, real.tls->cert_n));
    struct net_fingerprint bad = net_fingerprint(span_of(fake.tls->cert, fake.tls->cert_n));
    struct net_fingerprint ours = net_fingerprint(span_of(a.m[0].tls->cert, a.m[0].tls->cert_n));

    /* The listener, alpha, sees a stranger. */
    cr_assert(wait_self_error(&a, 0, "A caller must show the certificate of a member"));
    struct net_self_status s;
    net_self(a.node[0].net, &s);
    cr_assert_not_null(strstr(s.error, "TLS with a caller from 127.0.0.1:"), "%s", s.error);
    cr_assert_not_null(strstr(s.error, ours.s), "%s", s.error);
    cr_assert_not_null(strstr(s.error, "it showed the certificate "), "%s", s.error);
    cr_assert_not_null(strstr(s.error, bad.s), "the one seen: %s", s.error);
    cr_assert_geq(s.refused, 1);
    /* The dialer of the same pair is not told in full, but is told what to compare. */
    cr_assert(wait_error(&a, 1, 0, bad.s));
    cr_assert(wait_error(&a, 1, 0, "ententd card --show FILE"));
    /* Now alpha dials. */
    cr_assert_eq(node_update(&a, 0, &err), ST_OK, "%s", err.text);
    cr_assert(wait_error(&a, 0, 1, "TLS with 'beta' at 127.0.0.1:"));
    struct net_peer_status p = status_of(&a, 0, 1);
    cr_assert_not_null(strstr(p.error, a.m[1].address), "%s", p.error);
    cr_assert_not_null(strstr(p.error, "it showed the certificate "), "%s", p.error);
    cr_assert_not_null(strstr(p.error, bad.s), "the one seen: %s", p.error);
    cr_assert_not_null(strstr(p.error, good.s), "%s", p.error);
    cr_assert_not_null(strstr(p.error, ours.s), "%s", p.error);
    cr_assert_not_null(strstr(p.error, "`ententd card --show FILE`"), "%s", p.error);
    cr_assert_eq(a.node[0].ups[1] + a.node[1].ups[0], 0);
    alliance_free(&a);
    member_free(&fake);
}

Test(hostile, another_alliance)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    memset(a.id.b, 0x77, sizeof a.id.b);
    cr_assert_eq(node_start(&a, 1, false, &err), ST_OK);
    cr_assert(wait_error(&a, 0, 1, "'beta' belongs to alliance 7777777777777777"));
    cr_assert(wait_error(&a, 0, 1, "'alpha' to alliance 5a5a5a5a5a5a5a5a"));
    cr_assert(wait_error(&a, 1, 0,
                         "it refused (alliance): the node of 'beta' belongs to alliance 7777777777777777"));
    cr_assert_eq(a.node[0].ups[1] + a.node[1].ups[0], 0);
    alliance_free(&a);
}

Test(hostile, another_epoch)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    a.epoch = 2;
    cr_assert_eq(node_start(&a, 1, false, &err), ST_OK);
    cr_assert(wait_error(&a, 0, 1, "'beta' is in epoch 2, the node of 'alpha' in epoch 1"));
    cr_assert(wait_error(&a, 1, 0, "it refused (epoch)"));
    alliance_free(&a);
}

struct script {
    struct hello_self self;
    struct hello h;
    struct hello_out out;
    struct err err;
};

static void script_begin(struct script *s, const struct alliance *a, const struct member *says,
                         const struct member *to)
{
    struct hello_peer peer = member_id(to);
    struct hash nonce;
    rng_fill(&rng_system, nonce.b, sizeof nonce.b);
    *s = (struct script){
        .self = {.id = member_id(says), .alliance = a->id, .epoch = a->epoch, .key = says->key},
    };
    hello_out_init(&s->out);
    hello_dial(&s->h, &s->self, &peer, &nonce, &s->out);
}

/* Takes one message from the wire; what is to be sent is in out. */
static enum status script_step(struct script *s, struct raw *r)
{
    uint8_t bytes[HELLO_FRAME_MAX];
    size_t n = raw_recv(r, bytes, sizeof bytes);
    s->out.n = 0;
    for (size_t i = 0; i < ARRAY_LEN(s->out.frame); i++)
        buf_reset(&s->out.frame[i]);
    if (n == 0)
        return ST_CLOSED;
    return hello_step(&s->h, &s->self, span_of(bytes, n), &s->out, &s->err);
}

static bool script_send(struct script *s, struct raw *r)
{
    return raw_send(r, buf_span(&s->out.frame[0]));
}

/* gamma, a member, says that it is beta. TLS lets it in; the hello does not. */
Test(hostile, member_that_says_it_is_another)
{
    struct alliance a;
    struct err err;
    struct raw r;
    struct script s;
    alliance_make(&a, 3);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(raw_open(&r, &a.m[2], &a.m[0]));
    struct member liar = a.m[1];
    liar.key = a.m[2].key;
    script_begin(&s, &a, &liar, &a.m[0]);
    cr_assert(script_send(&s, &r));
    cr_assert_eq(script_step(&s, &r), ST_OK);
    cr_assert_eq(script_step(&s, &r), ST_OK);
    cr_assert_eq(s.h.state, HELLO_DONE);
    cr_assert(script_send(&s, &r));
    uint8_t bytes[HELLO_FRAME_MAX];
    size_t n = raw_recv(&r, bytes, sizeof bytes);
    enum hello_reason reason = HELLO_MALFORMED;
    cr_assert(hello_is_refusal(span_of(bytes, n), &reason));
    cr_assert_eq(reason, HELLO_SIGNATURE);
    cr_assert_eq(raw_recv(&r, bytes, sizeof bytes), 0, "nothing else");
    cr_assert(
        wait_error(&a, 0, 1, "it says it is the node of 'beta', but the node key on the card of 'beta'"));
    cr_assert_eq(a.node[0].ups[1], 0);
    hello_out_deinit(&s.out);
    raw_close(&r);
    alliance_free(&a);
}

/* What beta sent once, sent again by one who could listen in. */
Test(hostile, replay_of_a_hello)
{
    struct alliance a;
    struct err err;
    struct raw r;
    struct script s;
    struct buf first, second;
    buf_init(&first, HELLO_FRAME_MAX);
    buf_init(&second, HELLO_FRAME_MAX);
    alliance_make(&a, 3);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(raw_open(&r, &a.m[1], &a.m[0]));
    script_begin(&s, &a, &a.m[1], &a.m[0]);
    buf_put_span(&first, buf_span(&s.out.frame[0]));
    cr_assert(script_send(&s, &r));
    cr_assert_eq(script_step(&s, &r), ST_OK);
    cr_assert_eq(script_step(&s, &r), ST_OK);
    buf_put_span(&second, buf_span(&s.out.frame[0]));
    cr_assert(script_send(&s, &r));
    cr_assert(wait_linked(&a, 0, 1));
    raw_close(&r);
    cr_assert(wait_unlinked(&a, 0, 1));

    cr_assert(raw_open(&r, &a.m[2], &a.m[0]));
    cr_assert(raw_send(&r, buf_span(&first)));
    cr_assert(raw_send(&r, buf_span(&second)));
    cr_assert(wait_error(&a, 0, 1, "did not sign this connection"));
    cr_assert_eq(a.node[0].ups[1], 1);
    raw_close(&r);
    hello_out_deinit(&s.out);
    buf_deinit(&first);
    buf_deinit(&second);
    alliance_free(&a);
}

/* A message before the hello is not heard. */
Test(hostile, message_before_the_hello)
{
    static const uint8_t vote[] = {0x82, 0x01, 0x0b, 0x02, 0x80};
    struct alliance a;
    struct err err;
    struct raw r;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(raw_open(&r, &a.m[1], &a.m[0]));
    cr_assert(raw_send(&r, span_of(vote, sizeof vote)));
    cr_assert(wait_self_error(&a, 0, "it sent a message of kind 11 where hello was expected"));
    cr_assert_eq(a.node[0].frames[1], 0);
    raw_close(&r);
    alliance_free(&a);
}

Test(hostile, long_frame_before_the_hello)
{
    static const uint8_t bytes[HELLO_FRAME_MAX + 1];
    struct alliance a;
    struct err err;
    struct raw r;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(raw_open(&r, &a.m[1], &a.m[0]));
    (void)raw_send(&r, span_of(bytes, sizeof bytes));
    cr_assert(wait_self_error(&a, 0, "it announced a frame of 2049 bytes; at most 2048 are accepted here"));
    raw_close(&r);
    alliance_free(&a);
}

/* Silent at TCP, and silent after TLS: both are dropped at the deadline. */
Test(hostile, silent_callers)
{
    struct alliance a;
    struct err err;
    struct raw r;
    alliance_make(&a, 2);
    a.hello_ms = 400;
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    int fd = tcp_open(a.m[0].address);
    cr_assert(tcp_closed(fd, 5000));
    (void)close(fd);
    cr_assert(wait_self_error(&a, 0, "did not finish TLS and hello within 400 ms"));
    cr_assert(raw_open(&r, &a.m[1], &a.m[0]));
    uint8_t byte;
    cr_assert_eq(raw_recv(&r, &byte, 1), 0);
    raw_close(&r);
    struct net_self_status s;
    for (unsigned i = 0; i < 200; i++) {
        net_self(a.node[0].net, &s);
        if (s.pending == 0 && s.refused == 2)
            break;
        sleep_ms(10);
    }
    cr_assert_eq(s.pending, 0);
    cr_assert_eq(s.refused, 2);
    alliance_free(&a);
}

/* A node that answers TCP and nothing else does not hold up its caller either. */
Test(hostile, silent_listener)
{
    struct alliance a;
    struct err err;
    nng_stream_listener *l;
    int port = 0;
    alliance_make(&a, 2);
    a.hello_ms = 400;
    cr_assert_eq(nng_stream_listener_alloc(&l, "tcp://127.0.0.1:0"), 0);
    cr_assert_eq(nng_stream_listener_listen(l), 0);
    cr_assert_eq(nng_stream_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    (void)snprintf(a.m[1].address, sizeof a.m[1].address, "127.0.0.1:%d", port);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(wait_error(&a, 0, 1, "did not finish TLS and hello within 400 ms"));
    nng_stream_listener_close(l);
    nng_stream_listener_free(l);
    alliance_free(&a);
}

Test(hostile, three_bytes_and_gone)
{
    struct alliance a;
    alliance_make(&a, 2);
    alliance_start(&a);
    for (int i = 0; i < 50; i++) {
        int fd = tcp_open(a.m[0].address);
        cr_assert_eq(send(fd, "abc", 3, MSG_NOSIGNAL), 3);
        (void)close(fd);
    }
    struct err err;
    node_stop(&a, 1);
    memset(a.m[1].address, 0, sizeof a.m[1].address);
    cr_assert_eq(node_start(&a, 1, true, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    alliance_free(&a);
}

/* 200 connections that say nothing, half of them begun again and again, and a member that wants in. */
Test(hostile, half_open_crowd)
{
    enum { CROWD = 200 };
    struct alliance a;
    struct err err;
    int fd[CROWD];
    struct rlimit files = {4096, 4096};
    (void)setrlimit(RLIMIT_NOFILE, &files);
    alliance_make(&a, 2);
    a.hello_ms = 5000;
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    for (int i = 0; i < CROWD; i++)
        fd[i] = tcp_open(a.m[0].address);
    uint64_t began = clock_mono_ms(&clock_system);
    cr_assert_eq(node_start(&a, 1, false, &err), ST_OK);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert(wait_linked(&a, 1, 0));
    cr_assert_lt(clock_mono_ms(&clock_system) - began, 4500, "did not wait for the deadline");
    struct net_self_status s;
    net_self(a.node[0].net, &s);
    cr_assert_leq(s.pending, LIMIT_CALLERS_PER_HOST);
    cr_assert_geq(s.refused, CROWD - LIMIT_CALLERS_PER_HOST - 1);
    for (int i = 0; i < CROWD; i++)
        (void)close(fd[i]);
    alliance_free(&a);
}

/* A member that is linked and reads nothing: its queue fills to its bound, and no further. */
Test(hostile, slow_reader)
{
    struct alliance a;
    struct err err;
    struct raw r;
    struct script s;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK);
    cr_assert(raw_open(&r, &a.m[1], &a.m[0]));
    script_begin(&s, &a, &a.m[1], &a.m[0]);
    cr_assert(script_send(&s, &r));
    cr_assert_eq(script_step(&s, &r), ST_OK);
    cr_assert_eq(script_step(&s, &r), ST_OK);
    cr_assert(script_send(&s, &r));
    cr_assert(wait_linked(&a, 0, 1));
    static uint8_t big[1 << 20];
    struct net_peer_status p = {0};
    for (unsigned round = 0; round < 100; round++) {
        enum status st = ST_OK;
        for (unsigned sent = 0; sent < 100 && st == ST_OK; sent++)
            st = net_send(a.node[0].net, span_str("beta"), span_of(big, sizeof big));
        cr_assert_eq(st, ST_BUSY);
        p = status_of(&a, 0, 1);
        cr_assert_leq(p.queued_bytes, LIMIT_PEER_QUEUE_BYTES);
        cr_assert_geq(p.dropped, round + 1);
        if (round > 0 && p.queued_bytes > LIMIT_PEER_QUEUE_BYTES - 2 * sizeof big)
            break;
        sleep_ms(50);
    }
    cr_assert_gt(p.queued_bytes, LIMIT_PEER_QUEUE_BYTES - 2 * sizeof big);
    raw_close(&r);
    cr_assert(wait_unlinked(&a, 0, 1));
    cr_assert_eq(status_of(&a, 0, 1).dropped, p.dropped, "kept after the link");
    hello_out_deinit(&s.out);
    alliance_free(&a);
}
