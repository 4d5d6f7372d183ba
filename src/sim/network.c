/* The virtual network: links that are up or down, frames that are lost, late, doubled, out of order, or come again. */
#include "sim/internal.h"

bool network_reachable(const struct sim *s, size_t from, size_t to)
{
    return ((s->side >> from) & 1) == ((s->side >> to) & 1);
}

static bool loses(struct sim *s, size_t from, size_t to)
{
    return !network_reachable(s, from, to) || ((s->nodes[from].cut >> to) & 1) != 0 || s->nodes[from].isolated ||
           s->nodes[to].isolated;
}

static void schedule_frame(struct sim *s, size_t from, size_t to, struct span frame)
{
    bool late = sim_random(s, 10) == 0;
    uint64_t most = late ? (uint64_t)s->o.delay_ms * 10 : s->o.delay_ms;
    uint64_t delay = sim_random(s, most);
    uint8_t *copy = malloc(frame.n + 1);
    ASSERT(copy != NULL);
    memcpy(copy, frame.p, frame.n);
    s->stats.delayed += delay > s->o.delay_ms;
    world_push(s, (struct happening){.at = s->now + 1 + delay,
                                     .what = WHAT_FRAME,
                                     .from = from,
                                     .to = to,
                                     .life = s->nodes[to].life,
                                     .sum = story_sum(frame),
                                     .sent = ++s->link_sent[from][to],
                                     .bytes = span_of(copy, frame.n)});
}

/* Now and then a frame is kept, to be replayed. */
static void keep_old(struct sim *s, size_t from, size_t to, struct span frame)
{
    if (++s->frames % 37 != 0 || frame.n > (1 << 16))
        return;
    struct old_frame *o = &s->old[s->frames / 37 % OLD_MAX];
    free(o->p);
    o->from = from;
    o->to = to;
    o->n = frame.n;
    o->p = malloc(frame.n + 1);
    ASSERT(o->p != NULL);
    memcpy(o->p, frame.p, frame.n);
}

static void send_one(struct node *n, size_t to, enum sim_message kind, struct span frame)
{
    struct sim *s = n->sim;
    if (n->dying || to == n->i || (n->linked & bit(to)) == 0 || s->heap_n + 4 > QUEUE_MAX)
        return;
    s->stats.sent++;
    if (loses(s, n->i, to) || sim_random(s, 100) < s->o.loss_percent) {
        s->stats.lost++;
        return;
    }
    if ((s->withheld[kind] & bit(to)) != 0 || (s->silenced[kind] & bit(n->i)) != 0) {
        s->stats.withheld++;
        return;
    }
    struct buf other CLEANUP(buf_deinit);
    buf_init(&other, LIMIT_FRAME_BYTES);
    if (is_bad(n) && s->events.lie != NULL) {
        enum sim_lie lie = s->events.lie(s->events.ctx, n->i, to, frame, &other);
        s->stats.lies += lie != SIM_AS_IT_IS;
        if (lie == SIM_WITHHELD)
            return;
        if (lie == SIM_CHANGED)
            frame = buf_span(&other);
    }
    if (is_bad(n))
        evidence_frame(s, n, frame);
    keep_old(s, n->i, to, frame);
    schedule_frame(s, n->i, to, frame);
    if (sim_random(s, 100) < s->o.duplicate_percent) {
        s->stats.duplicated++;
        schedule_frame(s, n->i, to, frame);
    }
}

/* The node that this one has its link with, of those of the organisation. */
static size_t peer_of(const struct node *n, struct span org)
{
    const struct sim *s = n->sim;
    for (size_t i = 0; i < s->n; i++)
        if ((n->linked & bit(i)) != 0 && span_eq(s->nodes[i].keys.org, org))
            return i;
    return s->n;
}

static enum status net_send_one(void *ctx, struct span org, struct span frame)
{
    struct node *n = ctx;
    size_t to = peer_of(n, org);
    if (to == n->sim->n)
        return ST_UNREACHABLE;
    send_one(n, to, watch_sent(n, frame), frame);
    return ST_OK;
}

static void net_broadcast_all(void *ctx, const struct span *frames, size_t count)
{
    struct node *n = ctx;
    for (size_t k = 0; k < count; k++) {
        enum sim_message kind = watch_sent(n, frames[k]);
        for (size_t i = 0; i < n->sim->n; i++)
            send_one(n, i, kind, frames[k]);
    }
}

struct replica_net network_of(struct node *n)
{
    return (struct replica_net){n, net_send_one, net_broadcast_all};
}

/* -- Links -- */

static void tell_end(struct node *n, const struct node *peer, bool up)
{
    if (n->replica == NULL)
        return;
    if (n->asleep_until != 0) { /* it hears of it when it wakes */
        n->told_gone |= bit(peer->i);
        return;
    }
    if (up)
        replica_peer_up(n->replica, peer->keys.org);
    else
        replica_peer_down(n->replica, peer->keys.org);
}

static void link_nodes(struct sim *s, size_t i, size_t k, bool up)
{
    struct node *a = &s->nodes[i], *b = &s->nodes[k];
    if (i == k || ((a->linked & bit(k)) != 0) == up)
        return;
    a->linked ^= bit(k);
    b->linked ^= bit(i);
    tell_end(a, b, up);
    tell_end(b, a, up);
}

static bool may_link(const struct sim *s, size_t i, size_t k)
{
    const struct node *a = &s->nodes[i], *b = &s->nodes[k];
    if (a->replica == NULL || b->replica == NULL || a->org == b->org || !network_reachable(s, i, k) ||
        !alliance_knows(a, b) || !alliance_knows(b, a))
        return false;
    bool sleeps = a->asleep_until != 0 || b->asleep_until != 0;
    if (sleeps && (a->linked & bit(k)) == 0)
        return false;
    uint64_t gone = a->slept_since + LINK_GIVEN_UP_MS;
    if (a->asleep_until != 0 && s->now >= gone)
        return false;
    gone = b->slept_since + LINK_GIVEN_UP_MS;
    if (b->asleep_until != 0 && s->now >= gone)
        return false;
    /* Of a pair of twins each other node sees one. */
    for (size_t t = 0; t < s->n; t++) {
        const struct node *twin = &s->nodes[t];
        if (twin->org == t)
            continue;
        if (twin->org == b->org && (k == t) != ((twin->audience >> i & 1) != 0))
            return false;
        if (twin->org == a->org && (i == t) != ((twin->audience >> k & 1) != 0))
            return false;
    }
    return true;
}

void network_relink(struct sim *s)
{
    for (int up = 0; up < 2; up++) /* down first: one link per organisation */
        for (size_t i = 0; i < s->n; i++)
            for (size_t k = i + 1; k < s->n; k++)
                if (may_link(s, i, k) == (up == 1))
                    link_nodes(s, i, k, up == 1);
}

void network_unlink(struct node *n)
{
    for (size_t k = 0; k < n->sim->n; k++)
        link_nodes(n->sim, n->i, k, false);
    n->told_gone = 0;
}

/* -- Arrival -- */

/* Of what came while it slept, some waits in its buffers. */
static bool waits(struct sim *s, struct happening *h)
{
    struct node *n = &s->nodes[h->to];
    if (n->asleep_until == 0)
        return false;
    if (s->now > n->slept_since + LINK_GIVEN_UP_MS || sim_random(s, 4) == 0) {
        s->stats.lost++;
        return true;
    }
    struct happening later = *h;
    later.at = n->asleep_until + 1 + sim_random(s, 200);
    h->bytes = (struct span){NULL, 0};
    world_push(s, later);
    return true;
}

void network_deliver(struct sim *s, struct happening *h)
{
    struct node *n = &s->nodes[h->to];
    struct err err;
    if (n->replica == NULL || waits(s, h))
        return;
    if (!network_reachable(s, h->from, h->to)) { /* the line was cut while it travelled */
        s->stats.lost++;
        return;
    }
    s->stats.delivered++;
    s->stats.reordered += h->sent != 0 && h->sent < s->link_got[h->from][h->to];
    if (h->sent > s->link_got[h->from][h->to])
        s->link_got[h->from][h->to] = h->sent;
    enum status st = replica_frame(n->replica, s->nodes[h->from].keys.org, h->bytes, &err);
    if (s->o.trace)
        story_note(s, "%zu>%zu %08" PRIx64 " %s", h->from, h->to, h->sum >> 32, status_name(st));
    else
        story_mark(s, (uint64_t[]){s->now, h->from, h->to, h->sum, (uint64_t)st}, 5);
    if (st != ST_OK && !is_bad(&s->nodes[h->from]) && !is_bad(n) && !machine_excused(n))
        sim_fail(s, SIM_BLAME, "node %zu holds against honest node %zu: %s", h->to, h->from, err.text);
    world_settle(n);
    world_soon(n);
}

/* -- Faults -- */

void sim_partition(struct sim *s, uint64_t side)
{
    s->side = side;
    s->stats.partitions += side != 0;
    if (side == 0) {
        for (size_t i = 0; i < s->n; i++)
            s->nodes[i].cut = 0;
        sim_tell(s, "the network is whole");
    }
    for (size_t i = 0; side != 0 && i < s->n; i++)
        sim_tell(s, "%.*s is on side %d", SPAN_FMT(s->nodes[i].keys.org), (int)((side >> i) & 1));
    network_relink(s);
}

void sim_cut(struct sim *s, size_t from, uint64_t to)
{
    struct node *n = &s->nodes[from];
    n->cut = to & ~bit(from);
    s->stats.one_way += n->cut != 0;
    size_t lost = 0;
    for (size_t i = 0; i < s->n; i++)
        lost += (n->cut >> i) & 1;
    sim_tell(s, "what %.*s sends to %zu others is lost", SPAN_FMT(n->keys.org), lost);
}

void sim_isolate(struct sim *s, size_t i, bool on)
{
    struct node *n = &s->nodes[i];
    if (n->isolated == on)
        return;
    s->stats.isolated += on;
    n->isolated = on;
    sim_tell(s, "%.*s %s", SPAN_FMT(n->keys.org), on ? "hears nobody, and nobody hears it" : "is heard again");
}

void sim_withhold(struct sim *s, enum sim_message kind, uint64_t to)
{
    static const char *const words[] = {"other messages", "proposals", "prevotes", "precommits"};
    if (s->withheld[kind] == to)
        return;
    s->withheld[kind] = to;
    sim_tell(s, "%s reach %s", words[kind], to == 0 ? "all" : "some no more");
}

void sim_silence(struct sim *s, enum sim_message kind, uint64_t from)
{
    s->silenced[kind] = from;
}

/* It speaks of the node that it is sent to. Links are authenticated: nobody can hand it to another. */
static bool is_addressed(const struct old_frame *o)
{
    struct arena a CLEANUP(arena_deinit);
    struct envelope e;
    struct err err;
    arena_init(&a, 4096);
    return o->p != NULL && codec_decode(&envelope_desc, span_of(o->p, o->n), &a, &e, &err) == ST_OK && e.kind == msg_last_vote_desc.number;
}

void sim_replay(struct sim *s, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        const struct old_frame *o = &s->old[sim_random(s, OLD_MAX)];
        size_t to = sim_random(s, s->n);
        if (is_addressed(o))
            to = o->to;
        if (o->p == NULL || to == o->from || (s->nodes[to].linked & bit(o->from)) == 0 || s->heap_n + 4 > QUEUE_MAX)
            continue;
        s->stats.replayed++;
        schedule_frame(s, o->from, to, span_of(o->p, o->n));
    }
}

void sim_inject(struct sim *s, size_t from, size_t to, struct span frame)
{
    struct node *n = &s->nodes[from];
    ASSERT(is_bad(n));
    if (n->replica == NULL || (n->linked & bit(to)) == 0 || loses(s, from, to) || s->heap_n + 4 > QUEUE_MAX)
        return;
    s->stats.injected++;
    evidence_frame(s, n, frame);
    schedule_frame(s, from, to, frame);
}

void sim_audience(struct sim *s, size_t twin, uint64_t mask)
{
    ASSERT(s->nodes[twin].org != twin);
    s->nodes[twin].audience = mask;
    sim_tell(s, "the twin of %.*s has the ear of %d", SPAN_FMT(s->nodes[twin].keys.org), __builtin_popcountll(mask));
    network_relink(s);
}

void network_free(struct sim *s)
{
    for (size_t i = 0; i < OLD_MAX; i++)
        free(s->old[i].p);
}
