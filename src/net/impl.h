/* impl: what the parts of net share; for net.c, link.c, dial.c and listen.c alone.
 *
 * Locks, in this order: dial_lock (dialers, listener and the list of peers stay as they are; never taken in a
 * callback but the tick's), event_lock (events are given one at a time), lock (all other state). No nng
 * function is called under event_lock or lock. */
#ifndef ENT_NET_IMPL_H
#define ENT_NET_IMPL_H

#include <nng/nng.h>
#include <pthread.h>
#include "codec/records.h"
#include "net/frame.h"
#include "net/hello.h"
#include "net/net.h"
#include "net/tls.h"

enum { ADDRESS_MAX = 128, PEER_ADDRESSES = 4 };
enum {
    TICK_MS = 250, /* each costs a millisecond of a core: see frame.c */
    FIRST_TICK_MS = 10,
    BACKOFF_MIN_MS = 250,
    BACKOFF_MAX_MS = 15000,
    HELLO_DEFAULT_MS = 5000,
    LINGER_MS = 1000,
    STEADY_MS = 60000,   /* a link that was up for so long was no mistake */
    CONTESTED_LEAST = 3  /* replacements in a row before it is said */
};
enum { KEEPALIVE_MS = 10000, IDLE_MS = 30000, STALL_MS = 30000, ACCEPT_RETRY_MS = 100 };

struct address {
    char text[ADDRESS_MAX];
    nng_stream_dialer *dialer; /* NULL: unusable */
};

struct peer {
    struct net *net;
    struct hello_peer id;
    char fingerprint[52];      /* of its certificate */
    struct tls_config *config; /* to dial it; NULL: its certificate cannot be used */

    /* Under dial_lock. */
    struct address address[PEER_ADDRESSES];
    size_t n_addresses;
    nng_aio *dial;

    /* Under lock. */
    bool validator, removed, dialing;
    size_t next_address;      /* tried next */
    char dialed[ADDRESS_MAX]; /* of the attempt under way, or the last one */
    struct link *out, *up;    /* our attempt in hello; the link */
    uint64_t next_at;         /* monotonic ms: no attempt before */
    uint64_t attempts;
    uint64_t displaced; /* links of ours in a row in whose place it took another of our name */
    uint64_t contested; /* links of its in a row that another of its name took the place of */
    uint64_t since_ms, error_at_ms;
    uint64_t bytes_in, bytes_out, dropped; /* of links that are over */
    char error[ERR_TEXT_MAX];
};

enum link_state { LINK_HELLO, LINK_UP, LINK_OVER };

struct link {
    struct link *next; /* of net->links */
    struct net *net;
    struct frame_conn *conn;
    bool dialed;
    char address[ADDRESS_MAX]; /* as dialed, or the caller's */
    struct hello hello;        /* receive callback alone, until state is not LINK_HELLO; then constant */
    /* Under lock. */
    enum link_state state;
    struct peer *peer; /* NULL: not known yet, or no longer a peer */
    bool evicted;      /* to be closed for want of room; no longer counted */
    uint64_t up_at;
};

struct net {
    struct hello_self self; /* find and ctx are set for each step */
    char fingerprint[52];   /* of our certificate */
    const struct clock *clock;
    const struct rng *rng; /* under lock */
    struct net_events events;
    uint64_t hello_ms;
    struct tls_own *own;
    nng_aio *tick;

    pthread_mutex_t dial_lock, event_lock, lock;
    pthread_cond_t links_gone;

    /* Changed under dial_lock and lock together; read under either. */
    struct peer **peers;
    size_t n_peers;
    struct tls_config *callers; /* whom the listener lets in: those peers */

    /* Under dial_lock. */
    char listen[ADDRESS_MAX]; /* "" for none; the port is set after the first binding */
    nng_stream_listener *listener;
    nng_aio *accept;

    /* Under lock. */
    bool stopping, listening;
    uint64_t accept_at; /* monotonic ms: accept again then; 0: an accept is out */
    struct link *links;
    size_t n_links;
    uint64_t refused, error_at_ms;
    char error[ERR_TEXT_MAX];
};

/* net.c. All under lock. */
struct peer *net_find(struct net *net, struct span org);
__attribute__((format(printf, 2, 3))) void net_peer_error(struct peer *p, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void net_self_error(struct net *net, const char *fmt, ...);

/* link.c */
/* Takes the stream. peer is NULL for a connection that came in. */
void link_open(struct net *net, struct peer *peer, nng_stream *stream);
/* Under lock: the link no longer counts as its peer's; adds up its figures. The caller closes it outside. */
void link_detach(struct link *link);

/* dial.c. The first three under dial_lock; they may wait for callbacks. */
/* Makes dialers for addresses; what is unusable is noted as the peer's error. */
void dial_init(struct peer *p, const struct net_peer *from);
void dial_deinit(struct peer *p);
/* Starts what is due. */
void dial_tick(struct net *net, uint64_t now);
/* Under lock: the attempt failed, or the link ended. */
void dial_later(struct peer *p, bool failed);

/* listen.c. All under dial_lock; close may wait for a callback. */
MUST_USE enum status listen_open(struct net *net, struct err *err);
void listen_close(struct net *net);
void listen_tick(struct net *net, uint64_t now);

static inline uint64_t net_now(const struct net *net)
{
    return clock_mono_ms(net->clock);
}

#endif
