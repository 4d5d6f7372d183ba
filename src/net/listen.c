#include "net/impl.h"

static void on_accept(void *arg)
{
    struct net *net = arg;
    int rv = nng_aio_result(net->accept);
    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    if (rv == 0) {
        link_open(net, NULL, nng_aio_get_output(net->accept, 0));
        nng_stream_listener_accept(net->listener, net->accept);
        return;
    }
    /* Out of file descriptors, say: asking again at once would spin. */
    (void)pthread_mutex_lock(&net->lock);
    net_self_error(net, "cannot accept connections at %s: %s", net->listen, nng_strerror(rv));
    net->accept_at = net_now(net) + ACCEPT_RETRY_MS;
    (void)pthread_mutex_unlock(&net->lock);
}

void listen_tick(struct net *net, uint64_t now)
{
    (void)pthread_mutex_lock(&net->lock);
    bool again = net->listening && net->accept_at != 0 && now >= net->accept_at;
    if (again)
        net->accept_at = 0;
    (void)pthread_mutex_unlock(&net->lock);
    if (again)
        nng_stream_listener_accept(net->listener, net->accept);
}

static enum status fail(const struct net *net, int rv, struct err *err)
{
    if (rv == NNG_EADDRINUSE)
        return err_set(
            err, ST_LOCKED,
            "cannot listen on %s: the address is in use. Stop the program that holds it (another node?), or "
            "listen on another port",
            net->listen);
    return err_set(err, frame_status(rv),
                   "cannot listen on '%s' (host:port was expected, of this machine): %s", net->listen,
                   nng_strerror(rv));
}

/* The port that was asked for may have been 0: from now on it is the one we got. */
static void fix_port(struct net *net, nng_stream_listener *l)
{
    int port;
    char *colon = strrchr(net->listen, ':');
    if (colon == NULL || nng_stream_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port) != 0)
        return;
    size_t room = sizeof net->listen - (size_t)(colon - net->listen);
    (void)snprintf(colon, room, ":%d", port);
}

static int bind_listener(const struct net *net, nng_stream_listener **ret)
{
    char url[ADDRESS_MAX + 16];
    (void)snprintf(url, sizeof url, "tcp://%s", net->listen);
    nng_stream_listener *l;
    int rv = nng_stream_listener_alloc(&l, url);
    if (rv != 0)
        return rv;
    rv = nng_stream_listener_listen(l);
    if (rv == 0)
        *ret = l;
    else
        nng_stream_listener_free(l);
    return rv;
}

enum status listen_open(struct net *net, struct err *err)
{
    ASSERT(net->listener == NULL);
    if (net->listen[0] == 0)
        return ST_OK;
    nng_stream_listener *l = NULL;
    int rv = bind_listener(net, &l);
    if (rv == 0 && (rv = nng_aio_alloc(&net->accept, on_accept, net)) != 0)
        nng_stream_listener_free(l);
    if (rv != 0)
        return fail(net, rv, err);
    net->listener = l;
    (void)pthread_mutex_lock(&net->lock);
    fix_port(net, l);
    net->listening = true;
    net->accept_at = 0;
    (void)pthread_mutex_unlock(&net->lock);
    nng_stream_listener_accept(l, net->accept);
    return ST_OK;
}

void listen_close(struct net *net)
{
    if (net->listener == NULL)
        return;
    (void)pthread_mutex_lock(&net->lock);
    net->listening = false;
    (void)pthread_mutex_unlock(&net->lock);
    nng_stream_listener_close(net->listener);
    nng_aio_stop(net->accept); /* after this no callback uses the listener */
    nng_aio_free(net->accept);
    nng_stream_listener_free(net->listener);
    net->listener = NULL;
    net->accept = NULL;
}
