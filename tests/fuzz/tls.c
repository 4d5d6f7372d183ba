/* TLS in memory: two sides and somebody between who cuts, holds back, changes, drops and puts in bytes. What one side hears is
 * the beginning of what the other said; a failure is for good, and has words; whoever shows another certificate than the
 * pinned one is never up to the other; what waits to be sent is bounded. */
#include "crypto/ed25519.h"
#include "crypto/tlsid.h"
#include "fuzz/fuzz.h"
#include "net/tls.h"

enum { INPUT_MAX = 2048, SIDES = 2, SAID_MAX = 1 << 18, STEPS_MAX = 300 };

static struct tlsid *ids[3]; /* alpha, beta, and another that says it is beta */
static struct tls_own *own[3];

static struct span cert(size_t i)
{
    return span_of(ids[i]->cert, ids[i]->cert_n);
}

static void make_once(void)
{
    static const char *const orgs[] = {"alpha", "beta", "beta"};
    struct err err;
    if (ids[0] != NULL)
        return;
    REQUIRE(ed25519_init(&err) == ST_OK, "libsodium");
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        REQUIRE(tlsid_new(span_str(orgs[i]), &rng_system, &ids[i], &err) == ST_OK, "%s", err.text);
        REQUIRE(tls_own_new(cert(i), ids[i]->key_pem, &own[i], &err) == ST_OK, "%s", err.text);
    }
}

struct side {
    struct tls *tls;
    struct buf said, heard, wire; /* wire: on its way to the other */
    size_t at;                    /* of wire, delivered */
    enum status st;
};

static void gather(struct side *s)
{
    struct buf out CLEANUP(buf_deinit);
    buf_init(&out, TLS_OUT_MAX);
    if (!tls_has_output(s->tls))
        return;
    tls_take(s->tls, &out);
    REQUIRE(out.n > 0 && out.n <= TLS_OUT_MAX, "what is there is taken");
    REQUIRE(!tls_has_output(s->tls), "once");
    buf_put_span(&s->wire, buf_span(&out));
}

static void check_heard(const struct side *hears, const struct side *says)
{
    REQUIRE(hears->heard.n <= says->said.n && memcmp(hears->heard.p, says->said.p, hears->heard.n) == 0,
            "what is heard is what was said");
}

static void arrive(struct side *to, const struct side *from, struct span in)
{
    uint8_t plain[700];
    size_t n = 0;
    enum status st;
    while ((st = tls_read(to->tls, &in, plain, sizeof plain, &n)) == ST_OK) {
        REQUIRE(n > 0 && n <= sizeof plain && tls_is_up(to->tls), "plaintext comes when it is up");
        buf_put(&to->heard, plain, n);
    }
    REQUIRE(to->st != ST_TLS || st == ST_TLS, "a failure is for good");
    REQUIRE(st == ST_TLS || st == ST_CLOSED || in.n == 0, "all is used up");
    to->st = st;
    if (st == ST_TLS) {
        char why[TLS_TEXT_MAX] = {0};
        tls_why(to->tls, why);
        REQUIRE(why[0] != 0, "a failure has words");
    }
    if (to->heard.n > 0)
        check_heard(to, from);
    gather(to);
}

static void carry(struct side *from, struct side *to, size_t n)
{
    size_t left = from->wire.n - from->at, k = n < left ? n : left;
    if (k == 0)
        return;
    from->at += k;
    arrive(to, from, span_of(from->wire.p + (from->at - k), k));
}

static void say(struct side *s, uint8_t what, size_t n)
{
    uint8_t text[3000];
    if (!tls_is_up(s->tls) || s->st == ST_TLS || s->said.n + n > SAID_MAX)
        return;
    memset(text, what, sizeof text);
    if (tls_write(s->tls, span_of(text, n)) == ST_OK)
        buf_put(&s->said, text, n);
    gather(s);
}

static void one_thing(struct side sides[SIDES], struct span *in)
{
    uint8_t what = take_u8(in), n = take_u8(in);
    struct side *s = &sides[what & 1], *other = &sides[1 - (what & 1)];
    size_t left = s->wire.n - s->at;
    switch (what / 2 % 8) {
    case 0:
        carry(s, other, n);
        break;
    case 1:
    case 2:
        carry(s, other, SIZE_MAX);
        break;
    case 3:
    case 4:
        say(s, n, 1 + (size_t)n * 11);
        break;
    case 5:
        if (left > 0)
            s->wire.p[s->at + n * left / 256] ^= (uint8_t)(1 + what / 16);
        break;
    case 6:
        arrive(other, s, take_bytes(in, n));
        break;
    default:
        s->at += left < n ? left : n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = span_of(data, size);
    struct side sides[SIDES] = {0};
    struct tls_config *config[SIDES];
    struct err err;
    if (size > INPUT_MAX)
        return 0;
    make_once();
    uint8_t first = take_u8(&in);
    bool wrong = first % 8 == 7; /* the listener shows another certificate than the dialer expects */
    REQUIRE(tls_config_dial(own[0], cert(1), "beta", &config[0], &err) == ST_OK, "%s", err.text);
    REQUIRE(tls_config_listen(own[wrong ? 2 : 1], &config[1], &err) == ST_OK, "%s", err.text);
    REQUIRE(tls_config_add(config[1], cert(0), "alpha", &err) == ST_OK, "%s", err.text);
    for (size_t i = 0; i < SIDES; i++) {
        REQUIRE(tls_new(config[i], &sides[i].tls) == ST_OK, "a connection");
        tls_config_free(config[i]);
        buf_init(&sides[i].said, SAID_MAX);
        buf_init(&sides[i].heard, 2 * SAID_MAX);
        buf_init(&sides[i].wire, 1 << 22);
        gather(&sides[i]);
    }
    for (int i = 0; first % 2 == 1 && i < 4; i++) { /* half of them begin when both are up */
        carry(&sides[0], &sides[1], SIZE_MAX);
        carry(&sides[1], &sides[0], SIZE_MAX);
    }
    REQUIRE(first % 2 == 0 || wrong || (tls_is_up(sides[0].tls) && tls_is_up(sides[1].tls)), "undisturbed they find each other");
    for (int i = 0; i < STEPS_MAX && in.n > 0; i++)
        one_thing(sides, &in);
    REQUIRE(!wrong || !tls_is_up(sides[0].tls), "only the certificate of the card");
    for (size_t i = 0; i < SIDES; i++) {
        tls_free(sides[i].tls);
        buf_deinit(&sides[i].said);
        buf_deinit(&sides[i].heard);
        buf_deinit(&sides[i].wire);
    }
    return 0;
}
