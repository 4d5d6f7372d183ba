#include <fcntl.h>
#include <nng/nng.h>
#include <unistd.h>
#include "fuzz/fuzz.h"
#include "fuzz/wire.h"

enum { AIOS_MAX = 256, STREAMS_MAX = 16, SENT_MAX = 1 << 22 };

struct nng_aio {
    void (*callback)(void *);
    void *arg;
    nng_iov iov;
    bool pending, due, sleeping, freed, in_callback;
    int result;
    size_t count;
    void *output;
};

struct nng_stream {
    nng_aio *recv, *send;
    bool closed;
    int error; /* the other side hung up */
};

struct nng_stream_listener {
    nng_aio *accept;
};

static nng_aio *aios[AIOS_MAX];
static struct nng_stream *streams[STREAMS_MAX];
static size_t take_most = SIZE_MAX;
static struct buf sent;
static struct nng_stream_listener the_listener;

static void complete(nng_aio *aio, int result, size_t count)
{
    if (!aio->pending)
        return;
    aio->pending = aio->sleeping = false;
    aio->due = true;
    aio->result = result;
    aio->count = count;
}

static void begin(nng_aio *aio)
{
    REQUIRE(!aio->pending && !aio->due, "one operation at a time");
    REQUIRE(!aio->freed, "an operation that was freed");
    aio->pending = true;
}

/* --- what nng has --- */

int nng_aio_alloc(nng_aio **ret_aio, void (*callback)(void *), void *arg)
{
    for (size_t i = 0; i < AIOS_MAX; i++)
        if (aios[i] == NULL) {
            nng_aio *aio = calloc(1, sizeof *aio);
            REQUIRE(aio != NULL, "memory");
            aio->callback = callback;
            aio->arg = arg;
            *ret_aio = aios[i] = aio;
            return 0;
        }
    return NNG_ENOMEM;
}

/* Its callback may be the caller: freed by wire_run. */
void nng_aio_reap(nng_aio *aio)
{
    if (aio == NULL)
        return;
    REQUIRE(!aio->pending && !aio->due, "reaped under way");
    aio->freed = true;
}

void nng_aio_free(nng_aio *aio)
{
    nng_aio_reap(aio);
}

int nng_aio_result(nng_aio *aio)
{
    return aio->result;
}

size_t nng_aio_count(nng_aio *aio)
{
    return aio->count;
}

int nng_aio_set_iov(nng_aio *aio, unsigned n, const nng_iov *iov)
{
    REQUIRE(n == 1 && iov->iov_len > 0, "one part, not empty");
    aio->iov = *iov;
    return 0;
}

void nng_aio_cancel(nng_aio *aio)
{
    complete(aio, NNG_ECANCELED, 0);
}

void nng_aio_stop(nng_aio *aio)
{
    complete(aio, NNG_ECANCELED, 0);
}

void *nng_aio_get_output(nng_aio *aio, unsigned i)
{
    (void)i;
    return aio->output;
}

void nng_sleep_aio(nng_duration ms, nng_aio *aio)
{
    (void)ms;
    begin(aio);
    aio->sleeping = true;
}

void nng_stream_recv(nng_stream *s, nng_aio *aio)
{
    begin(aio);
    s->recv = aio;
    if (s->closed || s->error != 0)
        complete(aio, s->closed ? NNG_ECLOSED : s->error, 0);
}

static void send_some(nng_stream *s)
{
    nng_aio *aio = s->send;
    if (aio == NULL || !aio->pending || take_most == 0)
        return;
    size_t n = aio->iov.iov_len < take_most ? aio->iov.iov_len : take_most;
    buf_put(&sent, aio->iov.iov_buf, n);
    complete(aio, 0, n);
}

void nng_stream_send(nng_stream *s, nng_aio *aio)
{
    begin(aio);
    s->send = aio;
    if (s->closed || s->error != 0)
        complete(aio, s->closed ? NNG_ECLOSED : s->error, 0);
    else
        send_some(s);
}

void nng_stream_close(nng_stream *s)
{
    s->closed = true;
    if (s->recv != NULL)
        complete(s->recv, NNG_ECLOSED, 0);
    if (s->send != NULL)
        complete(s->send, NNG_ECLOSED, 0);
    s->recv = s->send = NULL;
}

void nng_stream_free(nng_stream *s)
{
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (streams[i] == s)
            streams[i] = NULL;
    free(s);
}

int nng_stream_get_addr(nng_stream *s, const char *name, nng_sockaddr *ret_addr)
{
    (void)s, (void)name, (void)ret_addr;
    return NNG_ENOTSUP;
}

int nng_stream_set_bool(nng_stream *s, const char *name, bool on)
{
    (void)s, (void)name, (void)on;
    return NNG_ENOTSUP;
}

const char *nng_strerror(int error)
{
    return error == NNG_ECLOSED ? "Object closed" : "An error of nng";
}

int nng_stream_listener_alloc(nng_stream_listener **ret_listener, const char *url)
{
    const char *path = strchr(url, '/') + 2; /* ipc://PATH: the server sets the file's mode */
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && close(fd) == 0, "a file in place of the socket");
    *ret_listener = &the_listener;
    return 0;
}

int nng_stream_listener_listen(nng_stream_listener *l)
{
    (void)l;
    return 0;
}

void nng_stream_listener_accept(nng_stream_listener *l, nng_aio *aio)
{
    begin(aio);
    l->accept = aio;
}

void nng_stream_listener_close(nng_stream_listener *l)
{
    if (l->accept != NULL)
        complete(l->accept, NNG_ECLOSED, 0);
    l->accept = NULL;
}

void nng_stream_listener_free(nng_stream_listener *l)
{
    (void)l;
}

/* --- the other end --- */

struct nng_stream *wire_stream(void)
{
    struct nng_stream *s = calloc(1, sizeof *s);
    REQUIRE(s != NULL, "memory");
    if (sent.limit == 0)
        buf_init(&sent, SENT_MAX);
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (streams[i] == NULL) {
            streams[i] = s;
            return s;
        }
    REQUIRE(false, "few streams");
    return NULL;
}

static bool alive(const struct nng_stream *s)
{
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (streams[i] == s)
            return s != NULL;
    return false;
}

bool wire_arrive(struct nng_stream *s, struct span part)
{
    nng_aio *aio = alive(s) ? s->recv : NULL;
    if (aio == NULL || s->closed || !aio->pending || part.n == 0 || part.n > aio->iov.iov_len)
        return false;
    memcpy(aio->iov.iov_buf, part.p, part.n);
    complete(aio, 0, part.n);
    return true;
}

void wire_hang_up(struct nng_stream *s, int error)
{
    if (!alive(s))
        return;
    s->error = error;
    if (s->recv != NULL)
        complete(s->recv, error, 0);
    if (s->send != NULL)
        complete(s->send, error, 0);
}

void wire_take(size_t most)
{
    take_most = most;
}

struct span wire_sent(void)
{
    return buf_span(&sent);
}

void wire_run(void)
{
    bool any = true;
    for (int rounds = 0; any; rounds++) {
        REQUIRE(rounds < 1000000, "callbacks end");
        any = false;
        for (size_t i = 0; i < AIOS_MAX; i++) {
            nng_aio *aio = aios[i];
            if (aio != NULL && aio->due) {
                aio->due = false;
                aio->callback(aio->arg);
                any = true;
            }
        }
        for (size_t i = 0; i < AIOS_MAX; i++)
            if (aios[i] != NULL && aios[i]->freed) {
                free(aios[i]);
                aios[i] = NULL;
            }
    }
}

void wire_tick(void)
{
    for (size_t i = 0; i < AIOS_MAX; i++)
        if (aios[i] != NULL && aios[i]->sleeping)
            complete(aios[i], 0, 0);
}

struct nng_stream *wire_connect(void)
{
    nng_aio *aio = the_listener.accept;
    if (aio == NULL || !aio->pending)
        return NULL;
    struct nng_stream *s = wire_stream();
    aio->output = s;
    complete(aio, 0, 0);
    return s;
}

size_t wire_left(void)
{
    size_t n = 0;
    for (size_t i = 0; i < STREAMS_MAX; i++)
        n += streams[i] != NULL;
    for (size_t i = 0; i < AIOS_MAX; i++)
        n += aios[i] != NULL && aios[i] != the_listener.accept;
    return n;
}

void wire_reset(void)
{
    if (sent.limit == 0)
        buf_init(&sent, SENT_MAX);
    buf_reset(&sent);
    take_most = SIZE_MAX;
}
