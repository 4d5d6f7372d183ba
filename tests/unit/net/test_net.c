/* Nodes in a mesh over loopback: who is heard, who is not, and that each pair keeps one link (NET-6). */
#include <criterion/criterion.h>
#include "tools.h"

TestSuite(net, .init = suite_init, .fini = suite_fini, .timeout = 60);

static enum status send_to(struct alliance *a, size_t from, size_t to, uint8_t byte, size_t n)
{
    uint8_t *p = malloc(n);
    memset(p, byte, n);
    enum status st = net_send(a->node[from].net, span_str(a->m[to].org), span_of(p, n));
    free(p);
    return st;
}

Test(net, two_nodes)
{
    struct alliance a;
    alliance_make(&a, 2);
    alliance_start(&a);
    cr_assert_eq(send_to(&a, 0, 1, 0xa1, 100), ST_OK);
    cr_assert_eq(send_to(&a, 1, 0, 0xb2, 5000), ST_OK);
    cr_assert(wait_frames(&a.node[1], 0, 1));
    cr_assert(wait_frames(&a.node[0], 1, 1));
    cr_assert_eq(a.node[1].last_n, 100);
    cr_assert_eq(a.node[1].last_first, 0xa1);
    cr_assert_eq(a.node[0].last_n, 5000);
    cr_assert_eq(a.node[0].last_last, 0xb2);
    struct net_peer_status s = status_of(&a, 0, 1);
    cr_assert(s.connected);
    cr_assert_geq(s.bytes_in, 5004);
    cr_assert_geq(s.bytes_out, 104);
    cr_assert_eq(s.dropped, 0);
    cr_assert_eq(s.attempts, 0);
    cr_assert_neq(s.address[0], 0);
    cr_assert_lt(clock_wall_ms(&clock_system) - s.since_ms, 60000);
    cr_assert_neq(status_of(&a, 1, 0).dialed, s.dialed, "one of the two dialed");
    alliance_free(&a);
}

Test(net, addressee)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
    cr_assert_eq(send_to(&a, 0, 1, 0, 1), ST_UNREACHABLE);
    cr_assert_eq(net_send(a.node[0].net, span_str("nobody"), span_str("x")), ST_NOTFOUND);
    struct net_peer_status s;
    cr_assert_eq(net_status(a.node[0].net, span_str("nobody"), &s), ST_NOTFOUND);
    cr_assert_eq(broadcast_text(a.node[0].net, true, "x"), 0);
    alliance_free(&a);
}

Test(net, four_in_a_full_mesh)
{
    struct alliance a;
    alliance_make(&a, 4);
    alliance_start(&a);
    for (unsigned i = 0; i < 50; i++)
        for (size_t k = 0; k < 4; k++)
            cr_assert_eq(broadcast_text(a.node[k].net, false, "a vote"), 3);
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            cr_assert(i == k || wait_frames(&a.node[i], k, 50));
    alliance_free(&a);
}

Test(net, broadcast_with_and_without_observers)
{
    struct alliance a;
    struct net_peer peers[MEMBERS_MAX];
    struct err err;
    alliance_make(&a, 3);
    alliance_start(&a);
    size_t n = alliance_peers(&a, 0, peers);
    peers[1].validator = false; /* gamma */
    cr_assert_eq(net_update_peers(a.node[0].net, peers, n, &err), ST_OK, "%s", err.text);
    cr_assert_eq(broadcast_text(a.node[0].net, false, "to one"), 1);
    cr_assert_eq(broadcast_text(a.node[0].net, true, "to both"), 2);
    cr_assert(wait_frames(&a.node[1], 0, 2));
    cr_assert(wait_frames(&a.node[2], 0, 1));
    alliance_free(&a);
}

Test(net, largest_frame)
{
    struct alliance a;
    alliance_make(&a, 2);
    alliance_start(&a);
    cr_assert_eq(send_to(&a, 0, 1, 7, LIMIT_FRAME_BYTES + 1), ST_LIMIT);
    cr_assert_eq(send_to(&a, 0, 1, 7, LIMIT_FRAME_BYTES), ST_OK);
    cr_assert(wait_frames(&a.node[1], 0, 1));
    cr_assert_eq(a.node[1].last_n, LIMIT_FRAME_BYTES);
    cr_assert_eq(a.node[1].last_last, 7);
    alliance_free(&a);
}

/* One of the two has no address: it dials, and the link serves both ways. */
Test(net, behind_nat)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
    cr_assert_eq(node_start(&a, 1, false, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert(wait_linked(&a, 1, 0));
    cr_assert_not(status_of(&a, 0, 1).dialed);
    cr_assert(status_of(&a, 1, 0).dialed);
    cr_assert_eq(send_to(&a, 0, 1, 1, 10), ST_OK);
    cr_assert(wait_frames(&a.node[1], 0, 1));
    struct net_self_status s;
    net_self(a.node[1].net, &s);
    cr_assert_str_eq(s.listen, "");
    alliance_free(&a);
}

/* Both dial at once, again and again: one link remains, the same at both ends. */
Test(net, simultaneous_dials)
{
    for (int round = 0; round < 8; round++) {
        struct alliance a;
        struct err err;
        alliance_make(&a, 2);
        alliance_start(&a);
        node_stop(&a, 0);
        node_stop(&a, 1);
        cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
        cr_assert_eq(node_start(&a, 1, true, &err), ST_OK, "%s", err.text);
        cr_assert(wait_linked(&a, 0, 1));
        cr_assert(wait_linked(&a, 1, 0));
        sleep_ms(150);
        cr_assert(wait_linked(&a, 0, 1));
        cr_assert(wait_linked(&a, 1, 0));
        cr_assert_neq(status_of(&a, 0, 1).dialed, status_of(&a, 1, 0).dialed);
        cr_assert_eq(send_to(&a, 0, 1, 1, 10), ST_OK);
        cr_assert_eq(send_to(&a, 1, 0, 1, 10), ST_OK);
        cr_assert(wait_frames(&a.node[1], 0, 1));
        cr_assert(wait_frames(&a.node[0], 1, 1));
        alliance_free(&a);
    }
}

Test(net, restart_of_a_peer)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    alliance_start(&a);
    unsigned ups = a.node[0].ups[1];
    node_stop(&a, 1);
    cr_assert(wait_unlinked(&a, 0, 1));
    cr_assert(wait_error(&a, 0, 1, "the link with 'beta'"));
    cr_assert_eq(send_to(&a, 0, 1, 1, 10), ST_UNREACHABLE);
    cr_assert(wait_error(&a, 0, 1, "cannot connect to 'beta' at 127.0.0.1:"));
    cr_assert_gt(status_of(&a, 0, 1).attempts, 0);
    cr_assert_eq(node_start(&a, 1, true, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert(wait_linked(&a, 1, 0));
    cr_assert_eq(a.node[0].ups[1], ups + 1);
    cr_assert_eq(send_to(&a, 0, 1, 1, 10), ST_OK);
    cr_assert(wait_frames(&a.node[1], 0, 1));
    alliance_free(&a);
}

Test(net, port_in_use)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
    memcpy(a.m[1].address, a.m[0].address, sizeof a.m[1].address);
    cr_assert_eq(node_start(&a, 1, true, &err), ST_LOCKED);
    cr_assert_not_null(strstr(err.text, a.m[0].address), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "is in use"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "listen on another port"), "%s", err.text);
    alliance_free(&a);
}

Test(net, address_to_listen_on_is_nonsense)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    (void)snprintf(a.m[0].address, sizeof a.m[0].address, "127.0.0.1:not-a-port");
    enum status st = node_start(&a, 0, true, &err);
    cr_assert_neq(st, ST_OK);
    cr_assert_not_null(strstr(err.text, "127.0.0.1:not-a-port"), "%s", err.text);
    cr_assert_not_null(strstr(err.text, "host:port was expected"), "%s", err.text);
    alliance_free(&a);
}

/* An address that leads nowhere is that peer's error; the node runs. */
Test(net, address_of_a_peer_is_nonsense)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    (void)snprintf(a.m[1].address, sizeof a.m[1].address, "host/with:path?");
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
    cr_assert_str_eq(status_of(&a, 0, 1).error, "the address on the card of 'beta' is not host:port");
    alliance_free(&a);
}

/* gamma joins and beta leaves while alpha and delta go on talking. */
Test(net, members_change)
{
    struct alliance a;
    struct net_peer peers[MEMBERS_MAX];
    struct err err;
    alliance_make(&a, 4);
    alliance_start(&a);
    unsigned ups = a.node[0].ups[3];
    struct net_self_status before, after;
    net_self(a.node[0].net, &before);

    size_t n = alliance_peers(&a, 0, peers);
    struct net_peer without_beta[] = {peers[1], peers[2]};
    cr_assert_eq(n, 3);
    cr_assert_eq(net_update_peers(a.node[0].net, without_beta, 2, &err), ST_OK, "%s", err.text);
    net_self(a.node[0].net, &after);
    cr_assert_str_eq(after.listen, before.listen);
    struct net_peer_status s;
    cr_assert_eq(net_status(a.node[0].net, span_str("beta"), &s), ST_NOTFOUND);
    cr_assert_eq(a.node[0].downs[1], a.node[0].ups[1]);
    cr_assert(wait_unlinked(&a, 1, 0));
    cr_assert(linked(&a, 0, 3));
    cr_assert_eq(a.node[0].ups[3], ups, "the link with delta went on");
    cr_assert_eq(send_to(&a, 0, 3, 1, 10), ST_OK);
    cr_assert(wait_frames(&a.node[3], 0, 1));
    /* beta may not come back: its certificate is not among the listener's. */
    cr_assert(wait_self_error(&a, 0, "TLS with a caller from"));
    cr_assert_not(linked(&a, 1, 0));

    cr_assert_eq(node_update(&a, 0, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert(wait_linked(&a, 1, 0));
    alliance_free(&a);
}

/* A peer whose keys changed is another peer. */
Test(net, keys_of_a_peer_change)
{
    struct alliance a;
    struct err err;
    alliance_make(&a, 2);
    alliance_start(&a);
    struct member old = a.m[1];
    node_stop(&a, 1);
    member_make(&a.m[1], "beta");
    memcpy(a.m[1].address, old.address, sizeof old.address);
    cr_assert_eq(node_update(&a, 0, &err), ST_OK, "%s", err.text);
    cr_assert_eq(node_start(&a, 1, true, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert(wait_linked(&a, 1, 0));
    member_free(&old);
    alliance_free(&a);
}

/* A list that is wrong changes nothing. */
Test(net, wrong_list)
{
    struct alliance a;
    struct net_peer peers[MEMBERS_MAX];
    struct err err;
    alliance_make(&a, 2);
    alliance_start(&a);
    cr_assert_eq(alliance_peers(&a, 0, peers), 1);
    peers[1] = peers[0];
    cr_assert_eq(net_update_peers(a.node[0].net, peers, 2, &err), ST_FORMAT);
    cr_assert_str_eq(err.text, "'beta' is this node, or is in the list of peers twice");
    peers[1].org = span_str("alpha");
    cr_assert_eq(net_update_peers(a.node[0].net, peers, 2, &err), ST_FORMAT);
    peers[1].org = span_str("gamma");
    peers[1].tls.n = 0;
    cr_assert_eq(net_update_peers(a.node[0].net, peers, 2, &err), ST_BADKEY);
    cr_assert_str_eq(err.text, "the TLS certificate of 'gamma' has 0 bytes; 1 to 1024 were expected");
    cr_assert(linked(&a, 0, 1));
    cr_assert_eq(send_to(&a, 0, 1, 1, 10), ST_OK);
    cr_assert(wait_frames(&a.node[1], 0, 1));
    alliance_free(&a);
}

Test(net, fingerprint)
{
    /* printf abc | openssl dgst -sha256 -binary | base64, without its padding */
    cr_assert_str_eq(net_fingerprint(span_str("abc")).s,
                     "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0");
}

/* A receiver that has enough: the sender is held up, then gets on where it was; nobody else notices. */
Test(net, a_pause_holds_one_sender_up)
{
    struct alliance a;
    alliance_make(&a, 3);
    alliance_start(&a);
    a.node[0].pause_at[1] = 3;
    unsigned queued = 0;
    enum status st = ST_OK;
    for (; queued < 2000 && st == ST_OK; queued += st == ST_OK)
        st = send_to(&a, 1, 0, 5, 65536);
    cr_assert_eq(st, ST_BUSY, "64 KiB times %u were taken, then: %s", queued, status_text(st));
    cr_assert(wait_frames(&a.node[0], 1, 3));
    for (unsigned i = 0; i < 50; i++)
        cr_assert_eq(send_to(&a, 2, 0, 6, 100), ST_OK);
    cr_assert(wait_frames(&a.node[0], 2, 50));
    sleep_ms(200);
    (void)pthread_mutex_lock(&a.node[0].lock);
    unsigned got = a.node[0].frames[1];
    a.node[0].pause_at[1] = 0;
    (void)pthread_mutex_unlock(&a.node[0].lock);
    cr_assert_lt(got, queued, "all %u came in spite of the pause", queued);
    cr_assert_lt(got, 10);
    net_resume(a.node[0].net, span_str(a.m[1].org));
    net_resume(a.node[0].net, span_str("nobody"));
    cr_assert(wait_frames(&a.node[0], 1, queued));
    cr_assert_eq(a.node[0].downs[1], 0);
    cr_assert_eq(status_of(&a, 1, 0).dropped, 1);
    alliance_free(&a);
}

/* A directory was copied: two nodes with one member's keys take each other's connection. They do so less and less often,
 * and the peer says what it sees. (Slowness of the machine only makes it longer.) */
Test(net, a_copied_node)
{
    struct alliance a;
    struct node copy;
    struct err err;
    alliance_make(&a, 2);
    cr_assert_eq(node_start(&a, 0, true, &err), ST_OK, "%s", err.text);
    cr_assert_eq(node_start(&a, 1, false, &err), ST_OK, "%s", err.text);
    cr_assert(wait_linked(&a, 0, 1));
    cr_assert_eq(node_start_copy(&a, 1, &copy, &err), ST_OK, "%s", err.text);
    uint64_t from = 0, now = 0;
    for (int i = 0; i < 4000 && status_of(&a, 0, 1).contested < 10; i++) {
        now = clock_mono_ms(&clock_system);
        if (from == 0 && status_of(&a, 0, 1).contested >= 2)
            from = now;
        sleep_ms(10);
    }
    cr_assert_geq(status_of(&a, 0, 1).contested, 10);
    cr_assert_gt(now - from, 3000, "8 times in %" PRIu64 " ms", now - from);
    cr_assert(wait_error(&a, 0, 1, "two nodes seem to use the keys of 'beta'. Was its directory copied?"));
    cr_assert(wait_error(&a, 1, 0, "If this node has none, another one uses its keys"));
    net_stop(copy.net);
    cr_assert(wait_linked(&a, 0, 1));
    alliance_free(&a);
}
