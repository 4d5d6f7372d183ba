/* hello: two nodes show each other who they are (NET-2..NET-6). A pure step machine: payloads of frames in,
 * payloads out; no I/O and no clock. Below it TLS has shown the dialer the listener's certificate, and the
 * listener "some member".
 *
 *     dialer                    listener
 *     hello          ------->
 *                    <-------   hello, hello_auth
 *     hello_auth     ------->
 *
 * Either may say hello_refuse instead, and close. */
#ifndef ENT_NET_HELLO_H
#define ENT_NET_HELLO_H

#include "codec/records.h"
#include "crypto/ed25519.h"

enum {
    HELLO_PROTOCOL = 1,     /* the one version spoken so far */
    HELLO_ORG_MAX = 64,     /* an ID and a NUL */
    HELLO_FRAME_MAX = 2048, /* longest payload before both sides are known */
};

/* A member, copied. */
struct hello_peer {
    char org[HELLO_ORG_MAX];
    struct hash node;        /* node key */
    struct hash certificate; /* SHA-256 of its TLS certificate, DER */
};

enum hello_known { HELLO_IS_MEMBER, HELLO_NO_MEMBER, HELLO_HAS_LINK };

struct hello_self {
    struct hello_peer id;
    struct hash alliance;
    uint64_t epoch;
    const struct ed25519_key *key;
    /* For the listener: who is org? HELLO_HAS_LINK: a member, with a link that is to be kept. */
    enum hello_known (*find)(void *ctx, struct span org, struct hello_peer *ret_peer);
    void *ctx;
};

enum hello_state { HELLO_WAIT, HELLO_WAIT_AUTH, HELLO_DONE, HELLO_OVER };

struct hello {
    enum hello_state state;
    bool dialer, named; /* named: peer is filled; verified only when DONE */
    struct hello_peer peer;
    struct hash nonce, peer_nonce;
    uint64_t version;
    enum hello_reason reason; /* when OVER */
    bool refused_by_peer;     /* OVER because of the other side's refusal */
};

/* What to send, in order. */
struct hello_out {
    size_t n;
    struct buf frame[2];
};
void hello_out_init(struct hello_out *out);
void hello_out_deinit(struct hello_out *out);

/* nonce: 32 fresh random bytes. The dialer's first message goes to out. */
void hello_dial(struct hello *h, const struct hello_self *self, const struct hello_peer *peer,
                const struct hash *nonce, struct hello_out *out);
void hello_listen(struct hello *h, const struct hash *nonce);

/* One payload from the other side. out is given empty; send it, whatever the status. ST_OK: look at h->state.
 * ST_REFUSED: it is over; err says why in whole words, naming both sides, and out holds a hello_refuse unless
 * the other side refused. */
MUST_USE enum status hello_step(struct hello *h, const struct hello_self *self, struct span payload,
                                struct hello_out *out, struct err *err);

/* Is this the payload of a message of ours (kinds 1 to 9)? Looks at the kind alone. */
bool hello_is(struct span payload);
/* The reason, when payload is a hello_refuse. */
bool hello_is_refusal(struct span payload, enum hello_reason *ret_reason);
/* A hello_refuse, for who finds a reason after the hello. */
void hello_refusal(enum hello_reason reason, const char *text, struct buf *b);

#endif
