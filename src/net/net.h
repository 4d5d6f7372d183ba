/* net: authenticated links to the other members' nodes.
 *
 * One link per peer, whoever dialed. A link is up after mutual TLS with the certificates on the cards and a
 * hello in which both nodes sign (NET-1..NET-6 of proto/SPEC.md); nothing else is heard before. What is sent
 * over it is an `envelope`; net does not look inside. A link may go at any time, and what was queued on it is
 * then lost: "sent" is not "received".
 *
 * Must not be used across fork(). */
#ifndef ENT_NET_NET_H
#define ENT_NET_NET_H

#include "base/base.h"
#include "crypto/ed25519.h"

struct net;

struct net_peer {
    struct span org;            /* its id */
    struct hash node;           /* node key */
    struct span tls;            /* TLS certificate, DER */
    struct span_list addresses; /* "host:port"; none: it only dials us */
    bool validator;             /* false: observer */
};

struct net_config {
    struct span org; /* ourselves */
    struct hash alliance;
    uint64_t epoch;
    const char *listen;                 /* "host:port", "[::]:7000", port 0 for any; NULL: dial out only */
    struct span tls;                    /* our certificate, DER */
    const char *tls_key;                /* our TLS key, PEM */
    const struct ed25519_key *node_key; /* must live until net_stop */
    const struct clock *clock;
    const struct rng *rng;
    uint64_t hello_ms; /* for connecting, and again for TLS and hello together; 0: 5000 */
};

/* Called on net's threads, one at a time over all peers; the callee only enqueues, and calls no function of
 * this header but net_send. Spans are borrowed. For one peer up and down alternate, and frames come in
 * between. A link that replaces another gives down, then up. They may begin before net_start returns. */
struct net_events {
    void *ctx;
    void (*up)(void *ctx, struct span org);
    void (*down)(void *ctx, struct span org, const char *why);
    /* False: enough for now. This peer is read from no more until net_resume; a frame or more may still come. */
    bool (*frame)(void *ctx, struct span org, struct span frame);
};

/* Binds, listens and starts dialing. All of cfg but the pointers marked above is copied. ST_LOCKED: the
 * address is in use; ST_BADKEY, ST_FORMAT: a key, certificate or address is unusable (the message says
 * which). */
MUST_USE enum status net_start(const struct net_config *cfg, const struct net_peer *peers, size_t n,
                               const struct net_events *events, struct net **ret_net, struct err *err);
/* Closes all links (giving down), waits until no callback runs, frees. Not from a callback. Accepts NULL. */
void net_stop(struct net *net);

/* Replaces the list of peers. Links to peers that stay, with the same keys, go on; the others are closed. Not from a
 * callback. ST_FORMAT, ST_BADKEY, ST_NOMEM: nothing changed. */
MUST_USE enum status net_update_peers(struct net *net, const struct net_peer *peers, size_t n,
                                      struct err *err);

/* Queues one frame of at most LIMIT_FRAME_BYTES. ST_NOTFOUND (no such peer), ST_UNREACHABLE (no link now),
 * ST_BUSY (its queue of LIMIT_PEER_QUEUE_BYTES is full; counted as dropped), ST_LIMIT, ST_NOMEM. */
MUST_USE enum status net_send(struct net *net, struct span org, struct span frame);
/* Frames that are due at the same time, to every peer with a link; one copy in memory. Returns to how many they were queued. */
size_t net_broadcast(struct net *net, bool observers_too, const struct span *frames, size_t n);

/* Reads on from a peer whose frame was answered with false. Not from a callback. */
void net_resume(struct net *net, struct span org);

struct net_peer_status {
    bool connected;
    uint64_t since_ms; /* wall clock: connected, or absent, since then */
    bool dialed;       /* connected: by us */
    char address[128]; /* connected: its end; else where we dial next; "" when it only dials us */
    uint64_t bytes_in, bytes_out, queued_bytes, dropped; /* since net_start; queued: now */
    uint64_t attempts;                                   /* failed ones since it was last connected */
    uint64_t contested; /* times in a row that a new connection took the place of a young one: two nodes with its keys? */
    uint64_t error_at_ms;                                /* 0: never */
    char error[ERR_TEXT_MAX]; /* last error in words; "" for none. Kept after a later success */
};
/* ST_NOTFOUND. */
MUST_USE enum status net_status(struct net *net, struct span org, struct net_peer_status *ret_status);

struct net_self_status {
    char listen[128]; /* address bound; "" when not listening */
    uint64_t pending; /* connections that have not yet said who they are */
    uint64_t refused; /* connections dropped before they were up */
    uint64_t error_at_ms;
    char error[ERR_TEXT_MAX]; /* why the last one was, when it could not be told to be a peer's */
};
void net_self(struct net *net, struct net_self_status *ret_status);

struct net_fingerprint {
    char s[52];
};
/* "SHA256:" and unpadded base64 of SHA-256 of the certificate's DER. */
struct net_fingerprint net_fingerprint(struct span tls);

#endif
