/* tools: organisations with identities, nodes that write down what they hear, and clients that misbehave. */
#ifndef TEST_NET_TOOLS_H
#define TEST_NET_TOOLS_H

#include <nng/nng.h>
#include <pthread.h>
#include "base/base.h"
#include "crypto/ed25519.h"
#include "crypto/tlsid.h"
#include "net/hello.h"
#include "net/net.h"
#include "net/tls.h"

enum { MEMBERS_MAX = 5, WAIT_MS = 10000 };

void suite_init(void);
/* Fails on a leak under ASan. */
void suite_fini(void);
void sleep_ms(unsigned ms);

struct member {
    char org[16];
    struct tlsid *tls;
    struct ed25519_key *key;
    char address[64];   /* where it listens; "" if not */
    struct span listed; /* address as a peer sees it */
};
void member_make(struct member *m, const char *org);
void member_free(struct member *m);
struct hello_peer member_id(const struct member *m);

/* A node of the test: a net, and what it heard. */
struct node {
    struct net *net;
    pthread_mutex_t lock;
    unsigned ups[MEMBERS_MAX], downs[MEMBERS_MAX], frames[MEMBERS_MAX]; /* by the member's place in orgs */
    unsigned pause_at[MEMBERS_MAX]; /* answer false from this frame on; 0: never */
    bool disorder; /* up, down and frames did not alternate as promised */
    size_t last_n;
    uint8_t last_first, last_last;
    char last_why[ERR_TEXT_MAX];
    char orgs[MEMBERS_MAX][16];
    struct net_events events;
};

struct alliance {
    size_t n;
    struct member m[MEMBERS_MAX];
    struct node node[MEMBERS_MAX];
    struct hash id;
    uint64_t epoch, hello_ms;
};
void alliance_make(struct alliance *a, size_t n);
void alliance_free(struct alliance *a);
/* The list of peers of member i, from the addresses known now; list[i] itself is left out. */
size_t alliance_peers(struct alliance *a, size_t i, struct net_peer ret[MEMBERS_MAX]);
/* Member i listens on a port of the machine's choice, or where it did before; listen false: dials only. */
enum status node_start(struct alliance *a, size_t i, bool listen, struct err *err);
void node_stop(struct alliance *a, size_t i);
/* A second node with member i's keys, which only dials. Stopped by net_stop(copy->net). */
enum status node_start_copy(struct alliance *a, size_t i, struct node *copy, struct err *err);
/* Tells node i all addresses known now. */
enum status node_update(struct alliance *a, size_t i, struct err *err);
/* All n nodes listen, know each other's address, and are linked. */
void alliance_start(struct alliance *a);

size_t broadcast_text(struct net *net, bool observers_too, const char *text);

bool linked(struct alliance *a, size_t i, size_t k);
bool wait_linked(struct alliance *a, size_t i, size_t k);
bool wait_unlinked(struct alliance *a, size_t i, size_t k);
bool wait_frames(struct node *n, size_t from, unsigned count);
/* The last error that node i keeps of member k holds this text. */
bool wait_error(struct alliance *a, size_t i, size_t k, const char *part);
bool wait_self_error(struct alliance *a, size_t i, const char *part);
struct net_peer_status status_of(struct alliance *a, size_t i, size_t k);

/* A TCP connection to host:port as written in an address. */
int tcp_open(const char *address);
/* Did the other side close it within ms? Reads away what comes. */
bool tcp_closed(int fd, unsigned ms);

/* A client made by hand: nng's TLS with who's certificate to whom, blocking. */
struct raw {
    nng_stream_dialer *dialer;
    nng_stream *stream;
    nng_aio *aio;
};
bool raw_open(struct raw *r, const struct member *who, const struct member *to);
void raw_close(struct raw *r);
bool raw_send(struct raw *r, struct span payload);
/* One frame's payload; 0 when there is none. */
size_t raw_recv(struct raw *r, uint8_t *p, size_t cap);

#endif
