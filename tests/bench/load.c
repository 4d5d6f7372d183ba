/* load: entries into running nodes. --mode notes: signs --count notes beforehand, keeps --in-flight of them under way over
 * all nodes, until every node has all of them. --mode latency: one at a time, until it is final at the node that took it.
 * --mode decisions: --count decisions are opened, then three ballots on each. JSON on standard output. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "api/client.h"
#include "bench/common.h"

enum { IN_BYTES = 1 << 18, OUT_BYTES = 1 << 18, SECONDS_MAX = 600, ASK_EVERY_US = 1500 };

/* A connection with many questions under way. */
struct pipe {
    int fd;
    uint8_t *in, *out;
    size_t n_in, n_out, at_out;
    uint64_t next_id, answered;
};

struct target {
    const char *dir;
    struct client *client; /* for single questions */
    struct pipe submit, ask;
    uint64_t asked_us;
    bool asking;
    uint64_t size, height; /* newest known */
};

struct load {
    struct bench_options o;
    struct target t[BENCH_NODES_MAX];
    struct hash alliance;
    struct arena a;
    struct err err;
    uint64_t size0, height0; /* before */
};

static void pipe_open(struct pipe *p, const char *dir)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    (void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s/node.sock", dir);
    p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->fd < 0 || connect(p->fd, (const struct sockaddr *)&addr, sizeof addr) != 0)
        bench_die("%s: no node answers", addr.sun_path);
    p->in = malloc(IN_BYTES);
    p->out = malloc(OUT_BYTES);
    ASSERT(p->in != NULL);
    ASSERT(p->out != NULL);
}

static bool pipe_put(struct pipe *p, enum method m, struct span body)
{
    struct buf b CLEANUP(buf_deinit);
    struct rpc_request r = {.id = ++p->next_id, .method = m, .body = body};
    buf_init(&b, OUT_BYTES);
    buf_u32(&b, 0);
    if (codec_encode(&rpc_request_desc, &r, &b) != ST_OK)
        bench_die("a question cannot be encoded");
    store_u32(b.p, (uint32_t)(b.n - 4));
    if (p->at_out > 0) {
        memmove(p->out, p->out + p->at_out, p->n_out - p->at_out);
        p->n_out -= p->at_out;
        p->at_out = 0;
    }
    if (p->n_out + b.n > OUT_BYTES)
        return false;
    memcpy(p->out + p->n_out, b.p, b.n);
    p->n_out += b.n;
    return true;
}

static void pipe_write(struct pipe *p)
{
    while (p->at_out < p->n_out) {
        ssize_t k = send(p->fd, p->out + p->at_out, p->n_out - p->at_out, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (k < 0 && errno == EAGAIN)
            return;
        if (k <= 0)
            bench_die("a node went away");
        p->at_out += (size_t)k;
    }
}

/* Calls got for each whole response that came. */
static void pipe_read(struct load *l, struct target *t, struct pipe *p,
                      void (*got)(struct load *l, struct target *t, const struct rpc_response *r))
{
    ssize_t k = recv(p->fd, p->in + p->n_in, IN_BYTES - p->n_in, MSG_DONTWAIT);
    if (k < 0 && errno == EAGAIN)
        return;
    if (k <= 0)
        bench_die("%s: the node went away", t->dir);
    p->n_in += (size_t)k;
    size_t at = 0;
    while (p->n_in - at >= 4) {
        uint32_t n = load_u32(p->in + at);
        if (p->n_in - at < 4 + (size_t)n)
            break;
        if (n > 0) {
            struct arena a CLEANUP(arena_deinit);
            struct rpc_response r;
            arena_init(&a, 1 << 20);
            BENCH_MUST(codec_decode(&rpc_response_desc, span_of(p->in + at + 4, n), &a, &r, &l->err), l->err);
            if (r.status != ST_OK)
                bench_die("%s: %.*s", t->dir, SPAN_FMT(r.text));
            p->answered++;
            got(l, t, &r);
        }
        at += 4 + (size_t)n;
    }
    memmove(p->in, p->in + at, p->n_in - at);
    p->n_in -= at;
}

static void got_verdict(struct load *l, struct target *t, const struct rpc_response *r)
{
    struct arena a CLEANUP(arena_deinit);
    struct rpc_submit_reply v;
    arena_init(&a, 1 << 16);
    BENCH_MUST(codec_decode(&rpc_submit_reply_desc, r->body, &a, &v, &l->err), l->err);
    if (v.verdict != 0)
        bench_die("%s: refused with verdict %" PRIu64 ": %.*s", t->dir, v.verdict, SPAN_FMT(v.why));
}

static void got_boundary(struct load *l, struct target *t, const struct rpc_response *r)
{
    struct arena a CLEANUP(arena_deinit);
    struct rpc_boundary_reply b;
    arena_init(&a, 1 << 16);
    BENCH_MUST(codec_decode(&rpc_boundary_reply_desc, r->body, &a, &b, &l->err), l->err);
    t->size = b.size;
    t->height = b.height;
    t->asking = false;
}

static struct rpc_boundary_reply boundary(struct load *l, struct target *t)
{
    struct rpc_boundary_reply b;
    BENCH_MUST(client_ask(t->client, METHOD_boundary, NULL, &l->a, &b, &l->err), l->err);
    return b;
}

static void open_all(struct load *l)
{
    struct rpc_info_reply info;
    arena_init(&l->a, 0);
    if (l->o.n_nodes == 0 || l->o.n_seats == 0)
        bench_die("usage: load --node DIR... --seat ORG/SEAT=KEY... [--count N] [--in-flight N] [--mode notes|latency|decisions]");
    for (size_t i = 0; i < l->o.n_nodes; i++) {
        struct target *t = &l->t[i];
        t->dir = l->o.nodes[i];
        BENCH_MUST(client_open(t->dir, 60000, &t->client, &l->err), l->err);
        BENCH_MUST(client_ask(t->client, METHOD_info, NULL, &l->a, &info, &l->err), l->err);
        l->alliance = info.alliance;
        pipe_open(&t->submit, t->dir);
        pipe_open(&t->ask, t->dir);
    }
}

/* All nodes at one size; returns their boundary. */
static struct basis settle(struct load *l)
{
    uint64_t end = bench_us() + UINT64_C(30000000);
    for (;;) {
        struct rpc_boundary_reply first = boundary(l, &l->t[0]);
        bool same = true;
        for (size_t i = 1; i < l->o.n_nodes; i++)
            same = same && boundary(l, &l->t[i]).size == first.size;
        if (same) {
            for (size_t i = 0; i < l->o.n_nodes; i++) {
                l->t[i].size = first.size;
                l->t[i].height = first.height;
            }
            l->size0 = first.size;
            l->height0 = first.height;
            return (struct basis){.size = first.size, .root = first.root};
        }
        if (bench_us() > end)
            bench_die("the nodes do not come to one tree within 30 s");
        (void)usleep(20000);
    }
}

static struct bench_entry base_entry(struct load *l, size_t seat, struct basis basis)
{
    uint64_t now = clock_wall_ms(&clock_system);
    return (struct bench_entry){.alliance = &l->alliance,
                                .seat = &l->o.seats[seat % l->o.n_seats],
                                .basis = basis,
                                .at_ms = now,
                                .expires_ms = now + UINT64_C(20) * 24 * 3600 * 1000};
}

struct signed_entry {
    struct span request; /* bytes of rpc_submit */
    struct hash id;
};

static struct span encode_submit(struct load *l, struct span entry, struct span signature, const struct prose *prose, size_t n)
{
    struct buf b CLEANUP(buf_deinit), r CLEANUP(buf_deinit);
    struct prose copy[1];
    buf_init(&b, 1 << 18);
    buf_init(&r, 1 << 18);
    for (size_t i = 0; i < n; i++)
        copy[i] = prose[i];
    struct submission s = {.version = 1, .entry = entry, .signature = signature, .prose = {n, copy}};
    struct rpc_submit q;
    if (codec_encode(&submission_desc, &s, &b) != ST_OK)
        bench_die("a submission cannot be encoded");
    q = (struct rpc_submit){.submission = buf_span(&b)};
    if (codec_encode(&rpc_submit_desc, &q, &r) != ST_OK)
        bench_die("a question cannot be encoded");
    return arena_dup(&l->a, buf_span(&r));
}

static struct signed_entry *sign_notes(struct load *l, struct basis basis, uint64_t n, size_t *ret_leaf_bytes)
{
    struct signed_entry *v = arena_array(&l->a, n, sizeof *v);
    ASSERT(v != NULL);
    for (uint64_t i = 0; i < n; i++) {
        struct span entry, signature;
        struct prose prose;
        struct bench_entry e = base_entry(l, i, basis);
        bench_note(&e, i + l->o.seed * 1000000000, &l->a, &entry, &signature, &prose, &v[i].id);
        v[i].request = encode_submit(l, entry, signature, &prose, 1);
        *ret_leaf_bytes = entry.n + signature.n;
    }
    return v;
}

/* Entries that every node has. */
static uint64_t final_everywhere(const struct load *l)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < l->o.n_nodes; i++) {
        uint64_t n = (l->t[i].size - l->size0) - (l->t[i].height - l->height0);
        least = n < least ? n : least;
    }
    return least;
}

static void ask_boundary(struct target *t, uint64_t now)
{
    static const uint8_t empty_map[1] = {0x80};
    if (t->asking || now - t->asked_us < ASK_EVERY_US)
        return;
    t->asking = pipe_put(&t->ask, METHOD_boundary, span_of(empty_map, 1));
    t->asked_us = now;
}

/* Hands all in, keeping o.in_flight under way; returns microseconds until every node has all. */
static uint64_t push_all(struct load *l, const struct signed_entry *v, uint64_t n)
{
    uint64_t sent = 0, start = bench_us();
    struct pollfd p[2 * BENCH_NODES_MAX];
    size_t nodes = l->o.n_nodes;
    for (;;) {
        uint64_t now = bench_us(), done = final_everywhere(l);
        if (done >= n)
            return now - start;
        if (now - start > UINT64_C(1000000) * SECONDS_MAX)
            bench_die("%" PRIu64 " of %" PRIu64 " entries are final after %d s", done, n, SECONDS_MAX);
        while (sent < n && sent - done < l->o.in_flight && pipe_put(&l->t[sent % nodes].submit, METHOD_submit, v[sent].request))
            sent++;
        for (size_t i = 0; i < nodes; i++) {
            struct target *t = &l->t[i];
            ask_boundary(t, now);
            pipe_write(&t->submit);
            pipe_write(&t->ask);
            p[2 * i] = (struct pollfd){.fd = t->submit.fd, .events = (short)(POLLIN | (t->submit.at_out < t->submit.n_out ? POLLOUT : 0))};
            p[2 * i + 1] = (struct pollfd){.fd = t->ask.fd, .events = POLLIN};
        }
        (void)poll(p, 2 * nodes, 1);
        for (size_t i = 0; i < nodes; i++) {
            if ((p[2 * i].revents & POLLIN) != 0)
                pipe_read(l, &l->t[i], &l->t[i].submit, got_verdict);
            if ((p[2 * i + 1].revents & POLLIN) != 0)
                pipe_read(l, &l->t[i], &l->t[i].ask, got_boundary);
        }
    }
}

static void print_push(const struct load *l, const char *what, uint64_t n, uint64_t us, size_t leaf_bytes)
{
    uint64_t blocks = l->t[0].height - l->height0;
    (void)printf("{\"what\": \"%s\", \"nodes\": %zu, \"seats\": %zu, \"in_flight\": %" PRIu64 ", \"entries\": %" PRIu64
                 ", \"leaf_bytes\": %zu, \"seconds\": %.3f, \"entries_per_s\": %.1f, \"blocks\": %" PRIu64 ", \"entries_per_block\": %.2f}\n",
                 what, l->o.n_nodes, l->o.n_seats, l->o.in_flight, n, leaf_bytes, (double)us / 1e6, (double)n * 1e6 / (double)us, blocks,
                 blocks == 0 ? 0.0 : (double)n / (double)blocks);
}

static void notes(struct load *l)
{
    size_t leaf_bytes = 0;
    struct basis basis = settle(l);
    struct signed_entry *v = sign_notes(l, basis, l->o.count, &leaf_bytes);
    (void)settle(l);
    print_push(l, "notes", l->o.count, push_all(l, v, l->o.count), leaf_bytes);
}

static void latency(struct load *l)
{
    size_t leaf_bytes = 0;
    struct basis basis = settle(l);
    struct signed_entry *v = sign_notes(l, basis, l->o.count, &leaf_bytes);
    uint64_t *us = arena_array(&l->a, l->o.count, sizeof *us);
    ASSERT(us != NULL);
    for (uint64_t i = 0; i < l->o.count; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct rpc_submit q;
        struct rpc_submit_reply r;
        struct rpc_entry ask = {.id = v[i].id, .timeout_ms = 10000};
        struct rpc_entry_reply state;
        struct target *t = &l->t[i % l->o.n_nodes];
        arena_init(&a, 1 << 20);
        BENCH_MUST(codec_decode(&rpc_submit_desc, v[i].request, &a, &q, &l->err), l->err);
        uint64_t start = bench_us();
        BENCH_MUST(client_ask(t->client, METHOD_submit, &q, &a, &r, &l->err), l->err);
        BENCH_MUST(client_ask(t->client, METHOD_entry, &ask, &a, &state, &l->err), l->err);
        us[i] = bench_us() - start;
        if (state.state != RPC_FINAL)
            bench_die("an entry is not final after 10 s");
    }
    uint64_t p50 = bench_percentile(us, l->o.count, 50), p99 = bench_percentile(us, l->o.count, 99);
    (void)printf("{\"what\": \"latency\", \"nodes\": %zu, \"entries\": %" PRIu64 ", \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", l->o.n_nodes,
                 l->o.count, (double)p50 / 1e3, (double)p99 / 1e3);
}

/* Seats whose name after the slash is this. */
static size_t seats_named(const struct load *l, const char *name, size_t ret[BENCH_SEATS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < l->o.n_seats; i++) {
        const char *slash = strchr(l->o.seats[i].name, '/');
        if (slash != NULL && span_eq(span_str(slash + 1), span_str(name)))
            ret[n++] = i;
    }
    return n;
}

/* Commercial terms: any business lead proposes, one of each partner approves. */
static void decisions(struct load *l)
{
    size_t leads[BENCH_SEATS_MAX], n_leads = seats_named(l, "business-lead", leads), leaf_bytes = 0;
    uint64_t n = l->o.count, first;
    struct signed_entry *open = arena_array(&l->a, n, sizeof *open), *votes = arena_array(&l->a, n * BENCH_SEATS_MAX, sizeof *votes);
    ASSERT(open != NULL);
    ASSERT(votes != NULL);
    if (n_leads < 2)
        bench_die("--mode decisions needs the business-lead seats of two partners");
    struct basis basis = settle(l);
    for (uint64_t i = 0; i < n; i++) {
        struct span entry, signature;
        struct propose body = {.type = span_str("commercial-terms"), .proposal = {.effect = {.type = EFFECT_NONE}}};
        store_u64(body.proposal.title.b, i + l->o.seed * 1000000);
        struct bench_entry e = base_entry(l, leads[i % n_leads], basis);
        e.kind = KIND_PROPOSE;
        e.body = &body;
        bench_sign(&e, &l->a, &entry, &signature, &open[i].id);
        open[i].request = encode_submit(l, entry, signature, NULL, 0);
        leaf_bytes = entry.n + signature.n;
    }
    (void)settle(l);
    print_push(l, "proposals", n, push_all(l, open, n), leaf_bytes);
    basis = settle(l);
    struct rpc_range last = {.from = 1, .count = 1000};
    struct query_decisions d;
    size_t k = 0;
    for (first = 1;; first += d.list.n) { /* the newest n are ours */
        last.from = first;
        BENCH_MUST(client_ask(l->t[0].client, METHOD_decisions, &last, &l->a, &d, &l->err), l->err);
        for (size_t i = 0; i < d.list.n; i++) {
            const struct query_line *q = &d.list.v[i];
            for (size_t s = 0; q->phase == PHASE_OPEN && s < n_leads && k < n * BENCH_SEATS_MAX; s++) {
                struct span entry, signature;
                struct ballot body = {.decision = {.number = q->number, .digest = q->digest}, .choice = CHOICE_APPROVE};
                struct bench_entry e = base_entry(l, leads[s], basis);
                e.kind = KIND_BALLOT;
                e.body = &body;
                bench_sign(&e, &l->a, &entry, &signature, &votes[k].id);
                votes[k++].request = encode_submit(l, entry, signature, NULL, 0);
                leaf_bytes = entry.n + signature.n;
            }
        }
        if (!d.more)
            break;
    }
    (void)settle(l);
    print_push(l, "ballots", k, push_all(l, votes, k), leaf_bytes);
}

int main(int argc, char **argv)
{
    static struct load l;
    bench_options(argc, argv, &l.o);
    open_all(&l);
    if (span_eqs(span_str(l.o.mode), "notes"))
        notes(&l);
    else if (span_eqs(span_str(l.o.mode), "latency"))
        latency(&l);
    else if (span_eqs(span_str(l.o.mode), "decisions"))
        decisions(&l);
    else
        bench_die("--mode %s: expected notes, latency or decisions", l.o.mode);
    return 0;
}
