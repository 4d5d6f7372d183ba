#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>
#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>
#include "tools.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

/* A helper that fails has no test to go on with. */
#define NEED(cond)                                                                                           \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                 \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

void suite_init(void)
{
    struct err err;
    NEED(ed25519_init(&err) == ST_OK);
}

/* No nng_fini: Criterion itself talks to its parent over nng. What nng still has to free is not a leak. */
void suite_fini(void)
{
#if defined(__SANITIZE_ADDRESS__)
    NEED(__lsan_do_recoverable_leak_check() == 0);
#endif
}

void sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

void member_make(struct member *m, const char *org)
{
    *m = (struct member){0};
    (void)snprintf(m->org, sizeof m->org, "%s", org);
    struct err err;
    NEED(tlsid_new(span_str(org), &rng_system, &m->tls, &err) == ST_OK);
    NEED(ed25519_new(&rng_system, &m->key) == ST_OK);
}

void member_free(struct member *m)
{
    tlsid_free(m->tls);
    ed25519_free(m->key);
}

static struct span cert_of(const struct member *m)
{
    return span_of(m->tls->cert, m->tls->cert_n);
}

struct hello_peer member_id(const struct member *m)
{
    struct hello_peer p = {.node = m->key->pub};
    (void)snprintf(p.org, sizeof p.org, "%s", m->org);
    (void)crypto_hash_sha256(p.certificate.b, m->tls->cert, m->tls->cert_n);
    return p;
}

/* --- Nodes --- */

static size_t place_of(const struct node *n, struct span org)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++)
        if (span_eqs(org, n->orgs[i]))
            return i;
    NEED(false);
    return 0;
}

static void on_up(void *ctx, struct span org)
{
    struct node *n = ctx;
    (void)pthread_mutex_lock(&n->lock);
    size_t i = place_of(n, org);
    n->disorder = n->disorder || n->ups[i] != n->downs[i];
    n->ups[i]++;
    (void)pthread_mutex_unlock(&n->lock);
}

static void on_down(void *ctx, struct span org, const char *why)
{
    struct node *n = ctx;
    (void)pthread_mutex_lock(&n->lock);
    size_t i = place_of(n, org);
    n->downs[i]++;
    n->disorder = n->disorder || n->ups[i] != n->downs[i];
    (void)snprintf(n->last_why, sizeof n->last_why, "%s", why);
    (void)pthread_mutex_unlock(&n->lock);
}

static bool on_frame(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    (void)pthread_mutex_lock(&n->lock);
    size_t i = place_of(n, org);
    n->disorder = n->disorder || n->ups[i] != n->downs[i] + 1;
    n->frames[i]++;
    n->last_n = frame.n;
    n->last_first = frame.p[0];
    n->last_last = frame.p[frame.n - 1];
    bool more = n->pause_at[i] == 0 || n->frames[i] < n->pause_at[i];
    (void)pthread_mutex_unlock(&n->lock);
    return more;
}

void alliance_make(struct alliance *a, size_t n)
{
    static const char *const names[MEMBERS_MAX] = {"alpha", "beta", "gamma", "delta", "omega"};
    NEED(n <= MEMBERS_MAX);
    *a = (struct alliance){.n = n, .epoch = 1, .hello_ms = 3000};
    memset(a->id.b, 0x5a, sizeof a->id.b);
    for (size_t i = 0; i < n; i++)
        member_make(&a->m[i], names[i]);
    for (size_t i = 0; i < n; i++) {
        (void)pthread_mutex_init(&a->node[i].lock, NULL);
        for (size_t k = 0; k < n; k++)
            memcpy(a->node[i].orgs[k], a->m[k].org, sizeof a->m[k].org);
    }
}

void alliance_free(struct alliance *a)
{
    for (size_t i = 0; i < a->n; i++)
        node_stop(a, i);
    for (size_t i = 0; i < a->n; i++) {
        NEED(!a->node[i].disorder);
        (void)pthread_mutex_destroy(&a->node[i].lock);
        member_free(&a->m[i]);
    }
}

size_t alliance_peers(struct alliance *a, size_t i, struct net_peer ret[MEMBERS_MAX])
{
    size_t n = 0;
    for (size_t k = 0; k < a->n; k++) {
        struct member *m = &a->m[k];
        if (k == i)
            continue;
        m->listed = span_str(m->address);
        ret[n++] = (struct net_peer){
            .org = span_str(m->org),
            .node = m->key->pub,
            .tls = cert_of(m),
            .addresses = {m->address[0] != 0, &m->listed},
            .validator = true,
        };
    }
    return n;
}

enum status node_start(struct alliance *a, size_t i, bool listen, struct err *err)
{
    struct member *m = &a->m[i];
    struct node *n = &a->node[i];
    struct net_peer peers[MEMBERS_MAX];
    size_t n_peers = alliance_peers(a, i, peers);
    struct net_config cfg = {
        .org = span_str(m->org),
        .alliance = a->id,
        .epoch = a->epoch,
        .listen = !listen              ? NULL
                  : m->address[0] != 0 ? m->address
                                       : "127.0.0.1:0",
        .tls = cert_of(m),
        .tls_key = m->tls->key_pem,
        .node_key = m->key,
        .clock = &clock_system,
        .rng = &rng_system,
        .hello_ms = a->hello_ms,
    };
    n->events = (struct net_events){n, on_up, on_down, on_frame};
    enum status st = net_start(&cfg, peers, n_peers, &n->events, &n->net, err);
    if (st != ST_OK || !listen)
        return st;
    struct net_self_status s;
    net_self(n->net, &s);
    (void)snprintf(m->address, sizeof m->address, "%.63s", s.listen);
    return ST_OK;
}

void node_stop(struct alliance *a, size_t i)
{
    net_stop(a->node[i].net);
    a->node[i].net = NULL;
}

enum status node_start_copy(struct alliance *a, size_t i, struct node *copy, struct err *err)
{
    struct net_peer peers[MEMBERS_MAX];
    const struct member *m = &a->m[i];
    size_t n = alliance_peers(a, i, peers);
    struct net_config cfg = {.org = span_str(m->org),
                             .alliance = a->id,
                             .epoch = a->epoch,
                             .tls = span_of(m->tls->cert, m->tls->cert_n),
                             .tls_key = m->tls->key_pem,
                             .node_key = m->key,
                             .clock = &clock_system,
                             .rng = &rng_system,
                             .hello_ms = a->hello_ms};
    *copy = (struct node){0};
    (void)pthread_mutex_init(&copy->lock, NULL);
    for (size_t k = 0; k < a->n; k++)
        (void)snprintf(copy->orgs[k], sizeof copy->orgs[k], "%s", a->m[k].org);
    copy->events = (struct net_events){copy, on_up, on_down, on_frame};
    return net_start(&cfg, peers, n, &copy->events, &copy->net, err);
}

enum status node_update(struct alliance *a, size_t i, struct err *err)
{
    struct net_peer peers[MEMBERS_MAX];
    size_t n = alliance_peers(a, i, peers);
    return net_update_peers(a->node[i].net, peers, n, err);
}

void alliance_start(struct alliance *a)
{
    struct err err = {0};
    for (size_t i = 0; i < a->n; i++)
        NEED(node_start(a, i, true, &err) == ST_OK);
    /* Each has dialled those before it. Were the others' addresses known now, both would dial, and the second link would take
     * the place of the first some time later, with what is under way on it. */
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->n; k++)
            NEED(i == k || wait_linked(a, i, k));
    for (size_t i = 0; i < a->n; i++)
        NEED(node_update(a, i, &err) == ST_OK);
}

/* --- Waiting --- */

struct net_peer_status status_of(struct alliance *a, size_t i, size_t k)
{
    struct net_peer_status s = {0};
    NEED(net_status(a->node[i].net, span_str(a->m[k].org), &s) == ST_OK);
    return s;
}

size_t broadcast_text(struct net *net, bool observers_too, const char *text)
{
    struct span frame = span_str(text);
    return net_broadcast(net, observers_too, &frame, 1);
}

bool linked(struct alliance *a, size_t i, size_t k)
{
    return status_of(a, i, k).connected;
}

#define WAIT_FOR(cond)                                                                                       \
    for (unsigned waited = 0; waited < WAIT_MS; waited += 5) {                                               \
        if (cond)                                                                                            \
            return true;                                                                                     \
        sleep_ms(5);                                                                                         \
    }                                                                                                        \
    return false

bool wait_linked(struct alliance *a, size_t i, size_t k)
{
    WAIT_FOR(linked(a, i, k));
}

bool wait_unlinked(struct alliance *a, size_t i, size_t k)
{
    WAIT_FOR(!linked(a, i, k));
}

static bool has_frames(struct node *n, size_t from, unsigned count)
{
    (void)pthread_mutex_lock(&n->lock);
    bool has = n->frames[from] >= count;
    (void)pthread_mutex_unlock(&n->lock);
    return has;
}

bool wait_frames(struct node *n, size_t from, unsigned count)
{
    WAIT_FOR(has_frames(n, from, count));
}

bool wait_error(struct alliance *a, size_t i, size_t k, const char *part)
{
    WAIT_FOR(strstr(status_of(a, i, k).error, part) != NULL);
}

static bool self_error_has(struct alliance *a, size_t i, const char *part)
{
    struct net_self_status s;
    net_self(a->node[i].net, &s);
    return strstr(s.error, part) != NULL;
}

bool wait_self_error(struct alliance *a, size_t i, const char *part)
{
    WAIT_FOR(self_error_has(a, i, part));
}

/* --- Clients by hand --- */

int tcp_open(const char *address)
{
    const char *colon = strrchr(address, ':');
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    (void)inet_pton(AF_INET, "127.0.0.1", &sa.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NEED(fd >= 0);
    NEED(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0);
    return fd;
}

bool tcp_closed(int fd, unsigned ms)
{
    uint64_t until = clock_mono_ms(&clock_system) + ms;
    for (uint64_t now; (now = clock_mono_ms(&clock_system)) < until;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        char byte[256];
        if (poll(&p, 1, (int)(until - now)) <= 0)
            continue;
        if (read(fd, byte, sizeof byte) <= 0)
            return true;
    }
    return false;
}

static nng_tls_config *nng_config(const struct member *who, const struct member *to)
{
    nng_tls_config *c;
    struct buf ours, theirs;
    buf_init(&ours, 4096);
    buf_init(&theirs, 4096);
    tlsid_put_pem(cert_of(who), &ours);
    tlsid_put_pem(cert_of(to), &theirs);
    buf_u8(&ours, 0);
    buf_u8(&theirs, 0);
    NEED(ours.failed == ST_OK && theirs.failed == ST_OK);
    NEED(nng_tls_config_alloc(&c, NNG_TLS_MODE_CLIENT) == 0);
    NEED(nng_tls_config_auth_mode(c, NNG_TLS_AUTH_MODE_REQUIRED) == 0);
    NEED(nng_tls_config_own_cert(c, (const char *)ours.p, who->tls->key_pem, NULL) == 0);
    NEED(nng_tls_config_ca_chain(c, (const char *)theirs.p, NULL) == 0);
    NEED(nng_tls_config_server_name(c, to->org) == 0);
    buf_deinit(&ours);
    buf_deinit(&theirs);
    return c;
}

bool raw_open(struct raw *r, const struct member *who, const struct member *to)
{
    nng_tls_config *config = nng_config(who, to);
    char url[96];
    *r = (struct raw){0};
    (void)snprintf(url, sizeof url, "tls+tcp://%s", to->address);
    NEED(nng_stream_dialer_alloc(&r->dialer, url) == 0);
    NEED(nng_stream_dialer_set_ptr(r->dialer, NNG_OPT_TLS_CONFIG, config) == 0);
    NEED(nng_aio_alloc(&r->aio, NULL, NULL) == 0);
    nng_tls_config_free(config);
    nng_aio_set_timeout(r->aio, WAIT_MS);
    nng_stream_dialer_dial(r->dialer, r->aio);
    nng_aio_wait(r->aio);
    if (nng_aio_result(r->aio) == 0)
        r->stream = nng_aio_get_output(r->aio, 0);
    return r->stream != NULL;
}

void raw_close(struct raw *r)
{
    if (r->stream != NULL) {
        nng_stream_close(r->stream);
        nng_stream_free(r->stream);
    }
    nng_stream_dialer_close(r->dialer);
    nng_stream_dialer_free(r->dialer);
    nng_aio_free(r->aio);
}

static bool raw_send_bytes(struct raw *r, const uint8_t *p, size_t n)
{
    while (n != 0) {
        uint8_t part[4096];
        size_t k = n < sizeof part ? n : sizeof part;
        memcpy(part, p, k);
        nng_iov iov = {part, k};
        (void)nng_aio_set_iov(r->aio, 1, &iov);
        nng_stream_send(r->stream, r->aio);
        nng_aio_wait(r->aio);
        if (nng_aio_result(r->aio) != 0)
            return false;
        p += nng_aio_count(r->aio);
        n -= nng_aio_count(r->aio);
    }
    return true;
}

bool raw_send(struct raw *r, struct span payload)
{
    uint8_t prefix[4];
    store_u32(prefix, (uint32_t)payload.n);
    return raw_send_bytes(r, prefix, sizeof prefix) && raw_send_bytes(r, payload.p, payload.n);
}

static bool raw_recv_bytes(struct raw *r, uint8_t *p, size_t n)
{
    while (n != 0) {
        nng_iov iov = {p, n};
        (void)nng_aio_set_iov(r->aio, 1, &iov);
        nng_stream_recv(r->stream, r->aio);
        nng_aio_wait(r->aio);
        if (nng_aio_result(r->aio) != 0 || nng_aio_count(r->aio) == 0)
            return false;
        p += nng_aio_count(r->aio);
        n -= nng_aio_count(r->aio);
    }
    return true;
}

size_t raw_recv(struct raw *r, uint8_t *p, size_t cap)
{
    uint8_t prefix[4];
    if (!raw_recv_bytes(r, prefix, sizeof prefix))
        return 0;
    size_t n = load_u32(prefix);
    return n <= cap && raw_recv_bytes(r, p, n) ? n : 0;
}
