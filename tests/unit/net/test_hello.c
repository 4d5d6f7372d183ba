/* NET-3, NET-4 and NET-5: the hello, step by step, and each way in which the other side can be somebody else. */
#include <criterion/criterion.h>
#include "codec/codec.h"
#include "tools.h"

TestSuite(hello, .init = suite_init, .fini = suite_fini);

/* Two members and their view of each other; a step machine at each end. */
struct pair {
    struct member a, b; /* a dials b */
    struct hello_self self_a, self_b;
    struct hello at_a, at_b;
    struct hello_out to_a, to_b;
    struct err err;
    struct hello_peer caller; /* what b's record says of a */
    enum hello_known known;
};

static enum hello_known find(void *ctx, struct span org, struct hello_peer *ret_peer)
{
    struct pair *p = ctx;
    if (!span_eqs(org, p->caller.org))
        return HELLO_NO_MEMBER;
    *ret_peer = p->caller;
    return p->known;
}

static void pair_make(struct pair *p)
{
    *p = (struct pair){.known = HELLO_IS_MEMBER};
    member_make(&p->a, "alpha");
    member_make(&p->b, "beta");
    p->caller = member_id(&p->a);
    p->self_a =
        (struct hello_self){.id = member_id(&p->a), .epoch = 3, .key = p->a.key, .find = find, .ctx = p};
    p->self_b =
        (struct hello_self){.id = member_id(&p->b), .epoch = 3, .key = p->b.key, .find = find, .ctx = p};
    hello_out_init(&p->to_a);
    hello_out_init(&p->to_b);
}

static void pair_free(struct pair *p)
{
    hello_out_deinit(&p->to_a);
    hello_out_deinit(&p->to_b);
    member_free(&p->a);
    member_free(&p->b);
}

static struct hash nonce_of(uint8_t byte)
{
    struct hash h;
    memset(h.b, byte, sizeof h.b);
    return h;
}

static void out_reset(struct hello_out *out)
{
    out->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(out->frame); i++)
        buf_reset(&out->frame[i]);
}

/* The dialer's hello is in to_b afterwards. */
static void pair_begin(struct pair *p)
{
    struct hello_peer b = member_id(&p->b);
    struct hash na = nonce_of(1), nb = nonce_of(2);
    out_reset(&p->to_a);
    out_reset(&p->to_b);
    hello_dial(&p->at_a, &p->self_a, &b, &na, &p->to_b);
    hello_listen(&p->at_b, &nb);
    cr_assert_eq(p->to_b.n, 1);
}

static enum status give_b(struct pair *p)
{
    struct span payload = buf_span(&p->to_b.frame[0]);
    out_reset(&p->to_a);
    return hello_step(&p->at_b, &p->self_b, payload, &p->to_a, &p->err);
}

static enum status give_a(struct pair *p, size_t i)
{
    struct span payload = buf_span(&p->to_a.frame[i]);
    out_reset(&p->to_b);
    return hello_step(&p->at_a, &p->self_a, payload, &p->to_b, &p->err);
}

Test(hello, both_are_done_after_three_messages)
{
    struct pair p;
    pair_make(&p);
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK, "%s", p.err.text);
    cr_assert_eq(p.to_a.n, 2);
    cr_assert_eq(p.at_b.state, HELLO_WAIT_AUTH);
    cr_assert_eq(give_a(&p, 0), ST_OK, "%s", p.err.text);
    cr_assert_eq(p.to_b.n, 0);
    cr_assert_eq(give_a(&p, 1), ST_OK, "%s", p.err.text);
    cr_assert_eq(p.at_a.state, HELLO_DONE);
    cr_assert_eq(p.to_b.n, 1);
    cr_assert_eq(give_b(&p), ST_OK, "%s", p.err.text);
    cr_assert_eq(p.at_b.state, HELLO_DONE);
    cr_assert_str_eq(p.at_a.peer.org, "beta");
    cr_assert_str_eq(p.at_b.peer.org, "alpha");
    pair_free(&p);
}

/* What the listener says of a dialer that differs, and that the dialer is told the same. */
static void refused_by_b(struct pair *p, enum hello_reason reason, const char *const parts[], size_t n)
{
    pair_begin(p);
    cr_assert_eq(give_b(p), ST_REFUSED);
    cr_assert_eq(p->at_b.state, HELLO_OVER);
    cr_assert_eq(p->at_b.reason, reason, "%d", (int)p->at_b.reason);
    cr_assert_not(p->at_b.refused_by_peer);
    for (size_t i = 0; i < n; i++)
        cr_assert_not_null(strstr(p->err.text, parts[i]), "no '%s' in: %s", parts[i], p->err.text);
    cr_assert_eq(p->to_a.n, 1);
    cr_assert_eq(give_a(p, 0), ST_REFUSED);
    cr_assert(p->at_a.refused_by_peer);
    cr_assert_eq(p->at_a.reason, reason);
    cr_assert_eq(p->to_b.n, 0);
    for (size_t i = 0; i < n; i++)
        cr_assert_not_null(strstr(p->err.text, parts[i]), "no '%s' in: %s", parts[i], p->err.text);
}

Test(hello, another_alliance)
{
    struct pair p;
    const char *const parts[] = {"'alpha' belongs to alliance abab", "'beta' to alliance 0000"};
    pair_make(&p);
    p.self_a.alliance = nonce_of(0xab);
    refused_by_b(&p, HELLO_ALLIANCE, parts, ARRAY_LEN(parts));
    pair_free(&p);
}

Test(hello, another_epoch)
{
    struct pair p;
    const char *const parts[] = {"'alpha' is in epoch 2", "'beta' in epoch 3", "re-founding"};
    pair_make(&p);
    p.self_a.epoch = 2;
    refused_by_b(&p, HELLO_EPOCH, parts, ARRAY_LEN(parts));
    pair_free(&p);
}

Test(hello, meant_for_somebody_else)
{
    struct pair p;
    const char *const parts[] = {"'alpha' means to talk to 'beta'", "this is the node of 'gamma'"};
    pair_make(&p);
    memcpy(p.self_b.id.org, "gamma", 6);
    refused_by_b(&p, HELLO_NOT_ME, parts, ARRAY_LEN(parts));
    pair_free(&p);
}

Test(hello, not_a_member)
{
    struct pair p;
    const char *const parts[] = {"'alpha' is not a member", "'beta'"};
    pair_make(&p);
    memcpy(p.caller.org, "gamma", 6);
    refused_by_b(&p, HELLO_UNKNOWN, parts, ARRAY_LEN(parts));
    pair_free(&p);
}

Test(hello, second_connection)
{
    struct pair p;
    const char *const parts[] = {"a connection between 'alpha' and 'beta' already"};
    pair_make(&p);
    p.known = HELLO_HAS_LINK;
    refused_by_b(&p, HELLO_DUPLICATE, parts, ARRAY_LEN(parts));
    pair_free(&p);
}

/* Encodes a hello by hand. */
static void put_hello(const struct hello_message *m, struct buf *b)
{
    struct buf body;
    buf_init(&body, 4096);
    cr_assert_eq(codec_encode(&hello_message_desc, m, &body), ST_OK);
    struct envelope e = {.kind = 1, .body = buf_span(&body)};
    cr_assert_eq(codec_encode(&envelope_desc, &e, b), ST_OK);
    buf_deinit(&body);
}

Test(hello, no_common_version)
{
    struct pair p;
    uint64_t versions[] = {2, 7};
    pair_make(&p);
    pair_begin(&p);
    struct hello_message m = {
        .versions = {2, versions}, .epoch = 3, .from = span_str("alpha"), .to = span_str("beta")};
    buf_reset(&p.to_b.frame[0]);
    put_hello(&m, &p.to_b.frame[0]);
    cr_assert_eq(give_b(&p), ST_REFUSED);
    cr_assert_eq(p.at_b.reason, HELLO_VERSION);
    cr_assert_not_null(strstr(p.err.text, "version 7"), "%s", p.err.text);
    cr_assert_not_null(strstr(p.err.text, "'beta' version 1"), "%s", p.err.text);
    pair_free(&p);
}

Test(hello, newer_peer_that_still_speaks_ours)
{
    struct pair p;
    uint64_t versions[] = {1, 2};
    pair_make(&p);
    pair_begin(&p);
    struct hello_message m = {
        .versions = {2, versions}, .epoch = 3, .from = span_str("alpha"), .to = span_str("beta")};
    buf_reset(&p.to_b.frame[0]);
    put_hello(&m, &p.to_b.frame[0]);
    cr_assert_eq(give_b(&p), ST_OK, "%s", p.err.text);
    cr_assert_eq(p.at_b.version, 1);
    pair_free(&p);
}

Test(hello, wrong_one_answers)
{
    struct pair p;
    pair_make(&p);
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK);
    memcpy(p.at_a.peer.org, "gamma", 6);
    cr_assert_eq(give_a(&p, 0), ST_REFUSED);
    cr_assert_eq(p.at_a.reason, HELLO_UNKNOWN);
    cr_assert_str_eq(p.err.text, "the node of 'alpha' called the node of 'gamma', but 'beta' answered");
    pair_free(&p);
}

/* A member's node that says it is another's: it cannot sign. */
Test(hello, impostor)
{
    struct pair p;
    struct member mallory;
    pair_make(&p);
    member_make(&mallory, "alpha");
    p.self_a.key = mallory.key;
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK);
    cr_assert_eq(give_a(&p, 0), ST_OK);
    cr_assert_eq(give_a(&p, 1), ST_OK);
    cr_assert_eq(give_b(&p), ST_REFUSED);
    cr_assert_eq(p.at_b.reason, HELLO_SIGNATURE);
    cr_assert_not_null(strstr(p.err.text, "it says it is the node of 'alpha'"), "%s", p.err.text);
    cr_assert_not_null(strstr(p.err.text, "did not sign this connection"), "%s", p.err.text);
    member_free(&mallory);
    pair_free(&p);
}

/* TLS ended at another certificate than the one that the listener signs for. */
Test(hello, another_certificate)
{
    struct pair p;
    pair_make(&p);
    p.self_b.id.certificate.b[31] ^= 1;
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK);
    cr_assert_eq(give_a(&p, 0), ST_OK);
    cr_assert_eq(give_a(&p, 1), ST_REFUSED);
    cr_assert_eq(p.at_a.reason, HELLO_SIGNATURE);
    pair_free(&p);
}

/* What the dialer said once does not do for another nonce of the listener. */
Test(hello, replay)
{
    struct pair p;
    struct buf hello, auth;
    buf_init(&hello, 4096);
    buf_init(&auth, 4096);
    pair_make(&p);
    pair_begin(&p);
    buf_put_span(&hello, buf_span(&p.to_b.frame[0]));
    cr_assert_eq(give_b(&p), ST_OK);
    cr_assert_eq(give_a(&p, 0), ST_OK);
    cr_assert_eq(give_a(&p, 1), ST_OK);
    buf_put_span(&auth, buf_span(&p.to_b.frame[0]));

    struct hash fresh = nonce_of(9);
    hello_listen(&p.at_b, &fresh);
    out_reset(&p.to_a);
    cr_assert_eq(hello_step(&p.at_b, &p.self_b, buf_span(&hello), &p.to_a, &p.err), ST_OK);
    out_reset(&p.to_a);
    cr_assert_eq(hello_step(&p.at_b, &p.self_b, buf_span(&auth), &p.to_a, &p.err), ST_REFUSED);
    cr_assert_eq(p.at_b.reason, HELLO_SIGNATURE);
    buf_deinit(&hello);
    buf_deinit(&auth);
    pair_free(&p);
}

/* The listener's own signature, sent back to it, is for the other role. */
Test(hello, reflection)
{
    struct pair p;
    pair_make(&p);
    p.caller.node = p.b.key->pub; /* even if the keys were the same */
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK);
    struct hello_out none;
    hello_out_init(&none);
    cr_assert_eq(hello_step(&p.at_b, &p.self_b, buf_span(&p.to_a.frame[1]), &none, &p.err), ST_REFUSED);
    cr_assert_eq(p.at_b.reason, HELLO_SIGNATURE);
    hello_out_deinit(&none);
    pair_free(&p);
}

Test(hello, out_of_turn)
{
    struct pair p;
    pair_make(&p);
    pair_begin(&p);
    cr_assert_eq(give_b(&p), ST_OK);
    cr_assert_eq(give_a(&p, 1), ST_REFUSED, "hello_auth before hello");
    cr_assert_eq(p.at_a.reason, HELLO_MALFORMED);
    cr_assert_str_eq(p.err.text, "it sent a message of kind 2 where hello was expected");
    pair_free(&p);
}

/* Every cut and every flipped byte of a hello is refused or gives a hello that then fails to sign. */
Test(hello, damaged)
{
    struct pair p;
    uint8_t bytes[512];
    pair_make(&p);
    pair_begin(&p);
    struct span whole = buf_span(&p.to_b.frame[0]);
    size_t n = whole.n;
    cr_assert_leq(n, sizeof bytes);
    memcpy(bytes, whole.p, n);
    for (size_t i = 0; i < n; i++) {
        struct hash nonce = nonce_of(3);
        hello_listen(&p.at_b, &nonce);
        out_reset(&p.to_a);
        cr_assert_eq(hello_step(&p.at_b, &p.self_b, span_of(bytes, i), &p.to_a, &p.err), ST_REFUSED,
                     "cut at %zu", i);
        cr_assert_eq(p.at_b.reason, HELLO_MALFORMED);
        cr_assert_eq(p.to_a.n, 1);
    }
    for (size_t i = 0; i < n; i++) {
        struct hash nonce = nonce_of(3);
        hello_listen(&p.at_b, &nonce);
        out_reset(&p.to_a);
        bytes[i] ^= 0x80;
        enum status st = hello_step(&p.at_b, &p.self_b, span_of(bytes, n), &p.to_a, &p.err);
        cr_assert(st == ST_REFUSED || (st == ST_OK && p.at_b.state == HELLO_WAIT_AUTH), "flip at %zu", i);
        bytes[i] ^= 0x80;
    }
    pair_free(&p);
}

Test(hello, telling_our_messages_from_others)
{
    static const uint8_t vote[] = {0x82, 0x01, 0x0b, 0x02, 0x80}, dup[] = {0x82, 0x01, 0x03, 0x02, 0x80};
    struct buf b;
    enum hello_reason reason = HELLO_MALFORMED;
    buf_init(&b, 4096);
    hello_refusal(HELLO_DUPLICATE, "one is\nenough", &b);
    cr_assert(hello_is(buf_span(&b)));
    cr_assert(hello_is_refusal(buf_span(&b), &reason));
    cr_assert_eq(reason, HELLO_DUPLICATE);
    cr_assert(hello_is(span_of(dup, sizeof dup)));
    cr_assert_not(hello_is_refusal(span_of(dup, sizeof dup), &reason), "no body");
    cr_assert_not(hello_is(span_of(vote, sizeof vote)));
    cr_assert_not(hello_is(span_of(vote, 2)));
    buf_deinit(&b);
}
