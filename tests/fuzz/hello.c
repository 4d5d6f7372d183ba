/* The hello between two nodes. Alone: one side, and whatever the input says to it, in messages well formed or not; it is
 * never done, since nobody signs. Or both sides with somebody between them who changes, drops, repeats and swaps: whoever is
 * done has the other's fresh number, and so talks to the other and to no recording. */
#include "codec/codec.h"
#include "fuzz/fuzz.h"
#include "fuzz/known.h"
#include "fuzz/make.h"
#include "net/hello.h"

enum { INPUT_MAX = 4096, KEPT = 6 };

struct side {
    struct hello_self self;
    struct hello h;
    struct hello_out out;
};

static const char *const orgs[] = {"p01", "p02"};

static struct hello_peer peer(size_t i)
{
    struct hello_peer p = {.node = known_key(i)->pub};
    (void)snprintf(p.org, sizeof p.org, "%s", orgs[i]);
    memset(p.certificate.b, (int)i + 7, sizeof p.certificate.b);
    return p;
}

static enum hello_known find(void *ctx, struct span org, struct hello_peer *ret_peer)
{
    (void)ctx;
    for (size_t i = 0; i < ARRAY_LEN(orgs); i++)
        if (span_eqs(org, orgs[i])) {
            *ret_peer = peer(i);
            return HELLO_IS_MEMBER;
        }
    return span_eqs(org, "p03") ? HELLO_HAS_LINK : HELLO_NO_MEMBER;
}

static void begin(struct side *s, size_t i, bool dials)
{
    struct hash nonce;
    memset(&nonce, (int)i + 40, sizeof nonce);
    s->self = (struct hello_self){.id = peer(i), .alliance = {{9}}, .epoch = 0, .key = known_key(i), .find = find};
    hello_out_init(&s->out);
    if (dials) {
        struct hello_peer other = peer(1 - i);
        hello_dial(&s->h, &s->self, &other, &nonce, &s->out);
    } else {
        hello_listen(&s->h, &nonce);
    }
}

static bool waits(const struct side *s)
{
    return s->h.state == HELLO_WAIT || s->h.state == HELLO_WAIT_AUTH;
}

/* One payload to one side. What it says stays in its out. */
static void say(struct side *s, struct span payload)
{
    struct err err = {0};
    enum hello_reason reason;
    if (!waits(s))
        return;
    hello_out_deinit(&s->out);
    hello_out_init(&s->out);
    enum status st = hello_step(&s->h, &s->self, payload, &s->out, &err);
    REQUIRE(st == ST_OK || st == ST_REFUSED, "status %d", st);
    REQUIRE((st == ST_REFUSED) == (s->h.state == HELLO_OVER), "refused when it is over");
    REQUIRE(st == ST_OK || err.text[0] != 0, "a refusal has words");
    if (st == ST_REFUSED && !s->h.refused_by_peer)
        REQUIRE(s->out.n == 1 && hello_is_refusal(buf_span(&s->out.frame[0]), &reason) && reason == s->h.reason,
                "the other side is told");
    for (size_t i = 0; i < s->out.n; i++)
        REQUIRE(s->out.frame[i].failed == ST_OK && hello_is(buf_span(&s->out.frame[i])), "what it says is a message of hello");
}

static void put_message(const struct record_desc *d, struct span body, struct buf *b)
{
    struct envelope e = {.kind = d->number, .body = body};
    REQUIRE(codec_encode(&envelope_desc, &e, b) == ST_OK, "an envelope");
}

static void alone(struct span in)
{
    struct side s = {0};
    uint8_t who = take_u8(&in);
    begin(&s, who & 1, (who & 2) != 0);
    while (in.n > 0 && waits(&s)) {
        uint8_t what = take_u8(&in);
        struct buf body, b;
        buf_init(&body, HELLO_FRAME_MAX);
        buf_init(&b, 2 * HELLO_FRAME_MAX);
        if (what % 4 == 0) {
            buf_put_span(&b, take_bytes(&in, take_u8(&in)));
        } else if (what % 4 == 1) { /* a hello that is right, but for what the input says */
            uint64_t versions[] = {1, 7};
            uint8_t how = take_u8(&in);
            struct hello_message m = {.versions = {1u + (how & 1), versions}, .alliance = s.self.alliance, .epoch = how >> 7,
                                      .from = span_str(orgs[1 - (who & 1)]), .to = span_str(s.self.id.org)};
            if ((how & 6) == 6)
                m.from = span_str((how & 8) != 0 ? "p03" : "p09");
            if ((how & 0x30) == 0x30)
                m.to = span_str("p03");
            m.nonce.b[0] = take_u8(&in);
            REQUIRE(codec_encode(&hello_message_desc, &m, &body) == ST_OK, "a hello");
            put_message(&hello_message_desc, buf_span(&body), &b);
        } else {
            static const struct record_desc *const all[] = {&hello_message_desc, &hello_auth_desc, &hello_refuse_desc};
            const struct record_desc *d = all[what / 4 % ARRAY_LEN(all)];
            make_record(d, take_u32(&in), what % 9, &body);
            if (body.failed == ST_OK && body.n > 0)
                put_message(d, buf_span(&body), &b);
        }
        if (b.failed == ST_OK)
            say(&s, buf_span(&b));
        buf_deinit(&body);
        buf_deinit(&b);
    }
    REQUIRE(s.h.state != HELLO_DONE, "nobody signed, so it is not done");
    hello_out_deinit(&s.out);
}

static void between(struct span in)
{
    struct side side[2] = {0};
    struct buf kept[KEPT]; /* all that was said so far */
    size_t n = 0;
    begin(&side[0], 0, true);
    begin(&side[1], 1, false);
    for (size_t i = 0; i < KEPT; i++)
        buf_init(&kept[i], HELLO_FRAME_MAX);
    buf_put_span(&kept[n++], buf_span(&side[0].out.frame[0]));
    for (int steps = 0; steps < 40 && (in.n > 0 || steps == 0); steps++) {
        uint8_t to = take_u8(&in), how = take_u8(&in);
        struct buf b;
        buf_init(&b, HELLO_FRAME_MAX);
        buf_put_span(&b, buf_span(&kept[to / 2 % n]));
        for (uint8_t i = 0; i < how % 4 && b.n > 0; i++)
            b.p[(size_t)(take_u8(&in) << 8 | take_u8(&in)) % b.n] ^= take_u8(&in);
        struct side *s = &side[to & 1];
        if (waits(s)) {
            say(s, buf_span(&b));
            for (size_t i = 0; i < s->out.n && n < KEPT; i++)
                buf_put_span(&kept[n++], buf_span(&s->out.frame[i]));
        }
        buf_deinit(&b);
    }
    for (size_t i = 0; i < 2; i++)
        if (side[i].h.state == HELLO_DONE) {
            REQUIRE(hash_eq(&side[i].h.peer_nonce, &side[1 - i].h.nonce), "who is done heard the other's fresh number");
            REQUIRE(strcmp(side[i].h.peer.org, orgs[1 - i]) == 0, "and knows who it is");
        }
    hello_out_deinit(&side[0].out);
    hello_out_deinit(&side[1].out);
    for (size_t i = 0; i < KEPT; i++)
        buf_deinit(&kept[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    if (size == 0 || size > INPUT_MAX)
        return 0;
    known_init();
    if (take_u8(&in) % 2 == 0)
        alone(in);
    else
        between(in);
    return 0;
}
