#include "net/impl.h"

static void on_dial(void *arg)
{
    struct peer *p = arg;
    int rv = nng_aio_result(p->dial);
    if (rv == 0) {
        link_open(p->net, p, nng_aio_get_output(p->dial, 0));
        return;
    }
    (void)pthread_mutex_lock(&p->net->lock);
    p->dialing = false;
    if (!p->removed && !p->net->stopping) {
        net_peer_error(p, "cannot connect to '%s' at %s: %s. Is its node running, and is this its address?",
                       p->id.org, p->dialed, nng_strerror(rv));
        dial_later(p, true);
    }
    (void)pthread_mutex_unlock(&p->net->lock);
}

/* Is it host:port, without anything that would mean more in a URL? */
static bool is_address(struct span s)
{
    if (s.n == 0 || s.n >= ADDRESS_MAX)
        return false;
    size_t colon = s.n;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                    c == '-' || c == ':' || c == '[' || c == ']';
        if (!fine)
            return false;
        if (c == ':')
            colon = i;
    }
    return colon > 0 && colon + 1 < s.n && s.p[s.n - 1] != ']';
}

static enum status new_dialer(const struct peer *p, struct span text, nng_stream_dialer **ret, struct err *err)
{
    char url[ADDRESS_MAX + 16];
    if (!is_address(text))
        return err_set(err, ST_FORMAT, "the address on the card of '%s' is not host:port", p->id.org);
    (void)snprintf(url, sizeof url, "tcp://%.*s", SPAN_FMT(text));
    nng_stream_dialer *d = NULL;
    int rv = nng_stream_dialer_alloc(&d, url);
    if (rv != 0)
        return err_set(err, frame_status(rv), "the address %.*s of '%s' cannot be used: %s", SPAN_FMT(text),
                       p->id.org, nng_strerror(rv));
    *ret = d;
    return ST_OK;
}

void dial_init(struct peer *p, const struct net_peer *from)
{
    p->n_addresses = 0;
    if (nng_aio_alloc(&p->dial, on_dial, p) != 0)
        return;
    for (size_t i = 0; i < from->addresses.n && p->n_addresses < PEER_ADDRESSES; i++) {
        struct address *a = &p->address[p->n_addresses++];
        struct span text = from->addresses.v[i];
        struct err err;
        a->dialer = NULL;
        (void)snprintf(a->text, sizeof a->text, "%.*s", SPAN_FMT(text));
        if (new_dialer(p, text, &a->dialer, &err) == ST_OK)
            continue;
        (void)pthread_mutex_lock(&p->net->lock);
        net_peer_error(p, "%s", err.text);
        (void)pthread_mutex_unlock(&p->net->lock);
    }
}

void dial_deinit(struct peer *p)
{
    if (p->dial != NULL)
        nng_aio_stop(p->dial);
    for (size_t i = 0; i < p->n_addresses; i++) {
        if (p->address[i].dialer == NULL)
            continue;
        nng_stream_dialer_close(p->address[i].dialer);
        nng_stream_dialer_free(p->address[i].dialer);
    }
    nng_aio_free(p->dial);
    p->dial = NULL;
    p->n_addresses = 0;
}

void dial_later(struct peer *p, bool failed)
{
    if (failed)
        p->attempts++;
    uint64_t shift = p->attempts > p->displaced ? p->attempts : p->displaced;
    shift = shift < 6 ? shift : 6;
    uint64_t most = (uint64_t)BACKOFF_MIN_MS << shift;
    if (most > BACKOFF_MAX_MS)
        most = BACKOFF_MAX_MS;
    uint32_t random;
    rng_fill(p->net->rng, &random, sizeof random);
    p->next_at = net_now(p->net) + most / 2 + random % (most / 2 + 1); /* so that two do not keep colliding */
}

/* Under lock: the dialer to use now, or NULL. Marks the attempt as under way. */
static nng_stream_dialer *due(struct peer *p, uint64_t now)
{
    if (p->dial == NULL || p->config == NULL || p->n_addresses == 0 || p->dialing || p->out != NULL || p->up != NULL ||
        now < p->next_at)
        return NULL;
    for (size_t i = 0; i < p->n_addresses; i++) {
        struct address *a = &p->address[p->next_address++ % p->n_addresses];
        if (a->dialer == NULL)
            continue;
        p->dialing = true;
        memcpy(p->dialed, a->text, sizeof p->dialed);
        return a->dialer;
    }
    return NULL;
}

void dial_tick(struct net *net, uint64_t now)
{
    for (size_t i = 0; i < net->n_peers; i++) {
        struct peer *p = net->peers[i];
        (void)pthread_mutex_lock(&net->lock);
        nng_stream_dialer *d = net->stopping ? NULL : due(p, now);
        (void)pthread_mutex_unlock(&net->lock);
        if (d == NULL)
            continue;
        nng_aio_set_timeout(p->dial, (nng_duration)net->hello_ms);
        nng_stream_dialer_dial(d, p->dial);
    }
}
