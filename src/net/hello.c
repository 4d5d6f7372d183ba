#include "codec/codec.h"
#include "crypto/hash.h"
#include "crypto/sshsig.h"
#include "net/hello.h"

enum { KIND_FIRST = 1, KIND_LAST = 9, ARENA_BYTES = 1 << 16 };

void hello_out_init(struct hello_out *out)
{
    out->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(out->frame); i++)
        buf_init(&out->frame[i], HELLO_FRAME_MAX);
}

void hello_out_deinit(struct hello_out *out)
{
    for (size_t i = 0; i < ARRAY_LEN(out->frame); i++)
        buf_deinit(&out->frame[i]);
}

/* Our own messages are within their bounds, and small: encoding them fails only for want of memory. */
static void put_message(const struct record_desc *d, const void *rec, struct buf *b)
{
    struct buf body;
    buf_init(&body, HELLO_FRAME_MAX);
    enum status st = codec_encode(d, rec, &body);
    ASSERT(st == ST_OK);
    struct envelope e = {.kind = d->number, .body = buf_span(&body)};
    st = codec_encode(&envelope_desc, &e, b);
    ASSERT(st == ST_OK);
    buf_deinit(&body);
}

static void put_out(struct hello_out *out, const struct record_desc *d, const void *rec)
{
    ASSERT(out->n < ARRAY_LEN(out->frame));
    put_message(d, rec, &out->frame[out->n++]);
}

static void put_hello(const struct hello *h, const struct hello_self *self, struct hello_out *out)
{
    uint64_t versions[] = {HELLO_PROTOCOL};
    struct hello_message m = {
        .versions = {ARRAY_LEN(versions), versions},
        .alliance = self->alliance,
        .epoch = self->epoch,
        .from = span_str(self->id.org),
        .to = span_str(h->peer.org),
        .nonce = h->nonce,
    };
    put_out(out, &hello_message_desc, &m);
}

/* NET-4: the bytes that the node key of one side signs. */
static void put_statement(const struct hello *h, const struct hello_self *self, bool by_dialer, struct buf *b)
{
    const struct hello_peer *dialer = h->dialer ? &self->id : &h->peer;
    const struct hello_peer *listener = h->dialer ? &h->peer : &self->id;
    struct hello_statement s = {
        .alliance = self->alliance,
        .epoch = self->epoch,
        .version = h->version,
        .dialer = span_str(dialer->org),
        .listener = span_str(listener->org),
        .dialer_nonce = h->dialer ? h->nonce : h->peer_nonce,
        .listener_nonce = h->dialer ? h->peer_nonce : h->nonce,
        .certificate = listener->certificate,
        .by_dialer = by_dialer,
    };
    enum status st = codec_encode(&hello_statement_desc, &s, b);
    ASSERT(st == ST_OK);
}

static void put_auth(const struct hello *h, const struct hello_self *self, struct hello_out *out)
{
    struct buf b;
    buf_init(&b, HELLO_FRAME_MAX);
    put_statement(h, self, h->dialer, &b);
    struct hello_auth m = {0};
    sshsig_sign(self->key, SSHSIG_HELLO, buf_span(&b), &m.sig);
    buf_deinit(&b);
    put_out(out, &hello_auth_desc, &m);
}

void hello_refusal(enum hello_reason reason, const char *text, struct buf *b)
{
    char clean[400]; /* ENC-8, and more: plain ASCII */
    size_t n = 0;
    for (; n < sizeof clean && text[n] != 0; n++)
        clean[n] = (char)(text[n] >= ' ' && text[n] <= '~' ? text[n] : '?');
    ASSERT(n > 0);
    struct hello_refuse m = {.reason = reason, .text = span_of(clean, n)};
    put_message(&hello_refuse_desc, &m, b);
}

/* Ends it for a reason of ours; err is set. */
static enum status refuse(struct hello *h, enum hello_reason reason, struct hello_out *out, struct err *err)
{
    h->state = HELLO_OVER;
    h->reason = reason;
    for (size_t i = 0; i < out->n; i++)
        buf_reset(&out->frame[i]);
    out->n = 1;
    hello_refusal(reason, err->text, &out->frame[0]);
    err->st = ST_REFUSED;
    return ST_REFUSED;
}

void hello_dial(struct hello *h, const struct hello_self *self, const struct hello_peer *peer,
                const struct hash *nonce, struct hello_out *out)
{
    *h = (struct hello){.state = HELLO_WAIT, .dialer = true, .named = true, .peer = *peer, .nonce = *nonce};
    put_hello(h, self, out);
}

void hello_listen(struct hello *h, const struct hash *nonce)
{
    *h = (struct hello){.state = HELLO_WAIT, .nonce = *nonce};
}

/* The highest version that both speak; 0 for none. */
static uint64_t common_version(const struct uint_list *theirs)
{
    for (size_t i = 0; i < theirs->n; i++)
        if (theirs->v[i] == HELLO_PROTOCOL)
            return HELLO_PROTOCOL;
    return 0;
}

/* NET-3. From here on h->peer is who it says it is, and is believed after hello_auth only. */
static enum status check_hello(struct hello *h, const struct hello_self *self, const struct hello_message *m,
                               struct hello_out *out, struct err *err)
{
    const char *me = self->id.org;
    h->version = common_version(&m->versions);
    if (h->version == 0) {
        (void)err_set(err, ST_REFUSED,
                      "the node of '%.*s' speaks protocol version %" PRIu64
                      " at the highest, the node of '%s' version "
                      "%d: one of the two programs must be upgraded",
                      SPAN_FMT(m->from), m->versions.v[m->versions.n - 1], me, HELLO_PROTOCOL);
        return refuse(h, HELLO_VERSION, out, err);
    }
    if (!hash_eq(&m->alliance, &self->alliance)) {
        (void)err_set(
            err, ST_REFUSED,
            "the node of '%.*s' belongs to alliance %.16s, the node of '%s' to alliance %.16s: compare the "
            "ids that both print, and the address",
            SPAN_FMT(m->from), hex_of(&m->alliance).s, me, hex_of(&self->alliance).s);
        return refuse(h, HELLO_ALLIANCE, out, err);
    }
    if (m->epoch != self->epoch) {
        (void)err_set(err, ST_REFUSED,
                      "the node of '%.*s' is in epoch %" PRIu64 ", the node of '%s' in epoch %" PRIu64
                      ": the one behind must take part in the re-founding",
                      SPAN_FMT(m->from), m->epoch, me, self->epoch);
        return refuse(h, HELLO_EPOCH, out, err);
    }
    if (!span_eqs(m->to, me)) {
        (void)err_set(err, ST_REFUSED,
                      "the node of '%.*s' means to talk to '%.*s', but this is the node of '%s'",
                      SPAN_FMT(m->from), SPAN_FMT(m->to), me);
        return refuse(h, HELLO_NOT_ME, out, err);
    }
    if (h->dialer && !span_eqs(m->from, h->peer.org)) {
        (void)err_set(err, ST_REFUSED, "the node of '%s' called the node of '%s', but '%.*s' answered", me,
                      h->peer.org, SPAN_FMT(m->from));
        return refuse(h, HELLO_UNKNOWN, out, err);
    }
    return ST_OK;
}

/* The listener: what the record says of the caller. */
static enum status check_known(struct hello *h, const struct hello_self *self, enum hello_known known,
                               const struct hello_message *m, struct hello_out *out, struct err *err)
{
    switch (known) {
    case HELLO_IS_MEMBER:
        return ST_OK;
    case HELLO_HAS_LINK:
        (void)err_set(err, ST_REFUSED,
                      "there is a connection between '%.*s' and '%s' already, and it is kept",
                      SPAN_FMT(m->from), self->id.org);
        return refuse(h, HELLO_DUPLICATE, out, err);
    case HELLO_NO_MEMBER:
        break;
    }
    (void)err_set(err, ST_REFUSED, "'%.*s' is not a member of the alliance by the record of '%s'",
                  SPAN_FMT(m->from), self->id.org);
    return refuse(h, HELLO_UNKNOWN, out, err);
}

static enum status on_hello(struct hello *h, const struct hello_self *self, struct span body, struct arena *a,
                            struct hello_out *out, struct err *err)
{
    struct hello_message m;
    if (codec_decode(&hello_message_desc, body, a, &m, err) != ST_OK) {
        (void)err_wrap(err, ST_REFUSED, "malformed hello: ");
        return refuse(h, HELLO_MALFORMED, out, err);
    }
    enum hello_known known = h->dialer ? HELLO_IS_MEMBER : self->find(self->ctx, m.from, &h->peer);
    h->named = known != HELLO_NO_MEMBER; /* before the checks: a refusal is then noted as this member's */
    enum status st = check_hello(h, self, &m, out, err);
    if (st == ST_OK)
        st = check_known(h, self, known, &m, out, err);
    if (st != ST_OK)
        return st;
    h->peer_nonce = m.nonce;
    h->state = HELLO_WAIT_AUTH;
    if (!h->dialer) {
        put_hello(h, self, out);
        put_auth(h, self, out);
    }
    return ST_OK;
}

static enum status on_auth(struct hello *h, const struct hello_self *self, struct span body, struct arena *a,
                           struct hello_out *out, struct err *err)
{
    struct hello_auth m;
    if (codec_decode(&hello_auth_desc, body, a, &m, err) != ST_OK) {
        (void)err_wrap(err, ST_REFUSED, "malformed hello_auth: ");
        return refuse(h, HELLO_MALFORMED, out, err);
    }
    struct buf b;
    buf_init(&b, HELLO_FRAME_MAX);
    put_statement(h, self, !h->dialer, &b);
    enum status st = sshsig_verify_raw(&h->peer.node, SSHSIG_HELLO, buf_span(&b), &m.sig);
    buf_deinit(&b);
    if (st != ST_OK) {
        (void)err_set(
            err, ST_REFUSED,
            "it says it is the node of '%s', but the node key on the card of '%s' (%.16s...) did not sign "
            "this connection",
            h->peer.org, h->peer.org, hex_of(&h->peer.node).s);
        return refuse(h, HELLO_SIGNATURE, out, err);
    }
    if (h->dialer)
        put_auth(h, self, out);
    h->state = HELLO_DONE;
    return ST_OK;
}

static enum status on_refusal(struct hello *h, struct span body, struct arena *a, struct err *err)
{
    struct hello_refuse m;
    h->state = HELLO_OVER;
    h->refused_by_peer = true;
    h->reason = HELLO_MALFORMED;
    if (codec_decode(&hello_refuse_desc, body, a, &m, err) != ST_OK)
        return err_wrap(err, ST_REFUSED, "it refused, and its reason is malformed: ");
    h->reason = m.reason;
    return err_set(err, ST_REFUSED, "it refused (%s): %.*s", enum_text(&hello_reason_enum, m.reason),
                   SPAN_FMT(m.text));
}

static enum status step(struct hello *h, const struct hello_self *self, struct span payload, struct arena *a,
                        struct hello_out *out, struct err *err)
{
    struct envelope e;
    if (codec_decode(&envelope_desc, payload, a, &e, err) != ST_OK) {
        (void)err_wrap(err, ST_REFUSED, "it did not say hello: ");
        return refuse(h, HELLO_MALFORMED, out, err);
    }
    if (e.kind == hello_refuse_number_)
        return on_refusal(h, e.body, a, err);
    if (h->state == HELLO_WAIT && e.kind == hello_message_number_)
        return on_hello(h, self, e.body, a, out, err);
    if (h->state == HELLO_WAIT_AUTH && e.kind == hello_auth_number_)
        return on_auth(h, self, e.body, a, out, err);
    (void)err_set(err, ST_REFUSED, "it sent a message of kind %" PRIu64 " where %s was expected", e.kind,
                  h->state == HELLO_WAIT ? "hello" : "hello_auth");
    return refuse(h, HELLO_MALFORMED, out, err);
}

enum status hello_step(struct hello *h, const struct hello_self *self, struct span payload,
                       struct hello_out *out, struct err *err)
{
    ASSERT(h->state == HELLO_WAIT || h->state == HELLO_WAIT_AUTH);
    ASSERT(err != NULL);
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    enum status st = step(h, self, payload, &a, out, err);
    arena_deinit(&a);
    return st;
}

/* ENC-2, ENC-3: an envelope is a map of two, key 1 first, and a kind below 128 is one byte. */
bool hello_is(struct span payload)
{
    return payload.n >= 3 && payload.p[0] == 0x82 && payload.p[1] == envelope_key_kind &&
           payload.p[2] >= KIND_FIRST && payload.p[2] <= KIND_LAST;
}

bool hello_is_refusal(struct span payload, enum hello_reason *ret_reason)
{
    struct arena a;
    arena_init(&a, ARENA_BYTES);
    struct envelope e;
    struct hello_refuse m;
    bool is = codec_decode(&envelope_desc, payload, &a, &e, NULL) == ST_OK &&
              e.kind == hello_refuse_number_ &&
              codec_decode(&hello_refuse_desc, e.body, &a, &m, NULL) == ST_OK;
    if (is)
        *ret_reason = m.reason;
    arena_deinit(&a);
    return is;
}
