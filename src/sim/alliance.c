/* Who takes part: the set of each height, whom each node may have a link to (NET-7, NET-8), nodes that come
 * later, and fresh keys that a node takes over when its record names them. */
#include "gov/gov.h"
#include "sim/internal.h"

enum { LATER_MS = 300, ALONE_MS = 4000, TURN_MS = 20000 };

/* -- The set of each height -- */

const struct set_seen *alliance_set(const struct sim *s, uint64_t height)
{
    size_t i = s->n_sets;
    while (i > 1 && s->sets[i - 1].from > height)
        i--;
    return &s->sets[i - 1];
}

uint32_t alliance_quorum(const struct sim *s, uint64_t height)
{
    uint32_t n = (uint32_t)__builtin_popcountll(alliance_set(s, height)->who);
    return n - (n - 1) / 3;
}

/* The first machine of an organisation, which stands for it. */
static size_t org_of(const struct sim *s, struct span org)
{
    size_t i = 0;
    while (i < s->n && !span_eq(s->nodes[i].keys.org, org))
        i++;
    return i;
}

static bool set_after(const struct node *n, struct set_seen *ret_set)
{
    struct arena a CLEANUP(arena_deinit);
    struct validator_set set;
    struct view v;
    struct err err;
    arena_init(&a, 0);
    if (store_read_begin(shelf_mem(n->shelf), &v, &err) != ST_OK)
        return false;
    enum status st = gov_validators(&v, &a, &set, &err);
    store_read_end(shelf_mem(n->shelf), &v);
    for (size_t i = 0; st == ST_OK && i < set.members.n; i++) {
        size_t org = org_of(n->sim, set.members.v[i].org);
        ASSERT(org < n->sim->n);
        ret_set->who |= bit(org);
        ret_set->vote[org] = set.members.v[i].vote;
    }
    return st == ST_OK;
}

static bool same_set(const struct set_seen *x, const struct set_seen *y)
{
    return x->who == y->who && memcmp(x->vote, y->vote, sizeof x->vote) == 0;
}

void alliance_note_set(struct node *n, uint64_t height)
{
    struct sim *s = n->sim;
    struct set_seen set = {.from = height + 1};
    if (s->n_sets > 0 && height < s->set_height && (is_bad(n) || !n->members_changed))
        return;
    if (!set_after(n, &set))
        return;
    if (s->n_sets > 0 && height < s->set_height) { /* known: of an honest node that found it changed */
        if (!same_set(&set, alliance_set(s, height + 1)))
            sim_fail(s, SIM_SET, "node %zu finds another set of validators after height %" PRIu64, n->i,
                     height);
        return;
    }
    s->set_height = height + 1;
    if (s->n_sets > 0 && same_set(&set, &s->sets[s->n_sets - 1]))
        return;
    ASSERT(s->n_sets < SETS_MAX);
    s->sets[s->n_sets++] = set;
    if (s->n_sets == 1)
        return;
    s->stats.sets++;
    sim_tell(s, "from height %" PRIu64 " on %d nodes vote, %u must sign", set.from,
             __builtin_popcountll(set.who), alliance_quorum(s, set.from));
}

uint64_t sim_validators(const struct sim *s)
{
    return s->sets[s->n_sets - 1].who;
}

/* -- Links -- */

/* Which nodes its record has, and their node keys. */
void alliance_read(struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    struct replica_member *list;
    size_t k;
    struct view v;
    struct err err;
    arena_init(&a, 0);
    if (store_read_begin(shelf_mem(n->shelf), &v, &err) != ST_OK)
        return;
    enum status st = replica_roster(&v, n->keys.org, &a, &list, &k, &err);
    store_read_end(shelf_mem(n->shelf), &v);
    if (st != ST_OK)
        return;
    n->peers = 0;
    for (size_t i = 0; i < k; i++) {
        size_t org = org_of(n->sim, list[i].org);
        ASSERT(org < n->sim->n);
        n->peers |= bit(org);
        n->known[org] = list[i].node.node;
    }
}

bool alliance_knows(const struct node *n, const struct node *peer)
{
    const struct ed25519_key *const keys[IDENTITIES] = {peer->keys.node, peer->fresh.node, peer->old_node};
    const struct ed25519_key *key = keys[peer->calls_as];
    return (n->peers & bit(peer->org)) != 0 && hash_eq(&n->known[peer->org], &key->pub);
}

/* -- Keys -- */

static bool own_party(const struct node *n, struct arena *a, struct state_party *ret_party)
{
    struct view v;
    struct err err;
    if (store_read_begin(shelf_mem(n->shelf), &v, &err) != ST_OK)
        return false;
    enum status st = replica_party(&v, n->keys.org, a, ret_party, &err);
    store_read_end(shelf_mem(n->shelf), &v);
    return st == ST_OK;
}

/* Does its record name the keys that wait? */
static bool is_due(const struct node *n)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_party p;
    arena_init(&a, 0);
    const struct sim_keys *k = &n->fresh;
    return n->has_fresh && own_party(n, &a, &p) && hash_eq(&p.node.vote, &k->vote->pub) &&
           hash_eq(&p.node.cosign, &k->cosign->pub) && hash_eq(&p.node.log, &k->log->pub) &&
           hash_eq(&p.node.node, &k->node->pub);
}

enum status alliance_take_keys(struct node *n, struct err *err)
{
    if (!is_due(n))
        return ST_OK;
    if (!hash_eq(&n->fresh.vote->pub, &n->keys.vote->pub)) { /* its journal knows of another key's votes */
        sim_disk_erase(n->disk);
        rng_fill(&n->sim->rng, n->id.incarnation.b, 32);
        enum status st = journal_create(&n->file, &n->id, err);
        if (st != ST_OK)
            return st;
        n->mute = false;
        n->n_sent = 0; /* the fresh key has signed nothing */
    }
    n->old_node = n->keys.node;
    n->old_height = n->height;
    n->keys = n->fresh;
    n->has_fresh = false;
    n->calls_as = AS_ITSELF;
    sim_tell(n->sim, "%.*s takes its fresh keys over", SPAN_FMT(n->keys.org));
    return ST_OK;
}

void sim_rekey(struct sim *s, size_t i, const struct sim_keys *fresh)
{
    struct node *n = &s->nodes[i];
    n->fresh = *fresh;
    n->fresh.org = n->keys.org;
    n->has_fresh = true;
    n->calls_as = AS_ITSELF;
    n->alone_since = s->now;
    world_push(s, (struct happening){.at = s->now + ALONE_MS, .what = WHAT_ALONE, .to = i});
    sim_tell(s, "%.*s has fresh keys, which wait", SPAN_FMT(n->keys.org));
}

bool sim_rekeyed(const struct sim *s, size_t i)
{
    return !s->nodes[i].has_fresh;
}

/* Links to as many voting nodes as can agree together with this one. */
static bool enough_links(const struct node *n)
{
    const struct sim *s = n->sim;
    uint64_t orgs = 0, who = alliance_set(s, n->height + 1)->who;
    for (size_t k = 0; k < s->n; k++)
        if ((n->linked & bit(k)) != 0)
            orgs |= bit(s->nodes[k].org);
    return (uint32_t)__builtin_popcountll(orgs & who & ~bit(n->org)) + 1 >= alliance_quorum(s, n->height + 1);
}

static void call_as(struct node *n, enum identity which)
{
    static const char *const words[IDENTITIES] = {"its own keys", "the fresh keys that wait", "the keys that it had before"};
    n->calls_as = which;
    sim_tell(n->sim, "%.*s calls by %s", SPAN_FMT(n->keys.org), words[which]);
    network_relink(n->sim);
}

/* The others may know the fresh keys already, or not yet. */
static void next_identity(struct node *n)
{
    const bool has[IDENTITIES] = {true, n->has_fresh, n->old_node != NULL};
    enum identity which = n->calls_as;
    do
        which = (enum identity)((which + 1) % IDENTITIES);
    while (!has[which]);
    call_as(n, which);
}

void alliance_alone(struct node *n)
{
    struct sim *s = n->sim;
    uint64_t patience = n->turned ? TURN_MS : ALONE_MS;
    bool runs = n->replica != NULL && n->asleep_until == 0;
    if (runs && n->old_node != NULL && n->height > n->old_height) { /* whoever agreed on that block has the fresh ones */
        n->old_node = NULL;
        if (n->calls_as == AS_BEFORE)
            call_as(n, AS_ITSELF);
    }
    if (!n->has_fresh && n->old_node == NULL)
        return;
    if (!runs || enough_links(n)) {
        n->alone_since = s->now;
        n->turned = false;
    } else if (s->now >= n->alone_since + patience) {
        n->turned = true;
        n->alone_since = s->now;
        next_identity(n);
    }
    world_push(s, (struct happening){.at = s->now + 500, .what = WHAT_ALONE, .to = n->i});
}

/* -- What the record changed -- */

void alliance_look(struct node *n)
{
    alliance_note_set(n, n->height);
    n->members_changed = false;
    alliance_read(n);
    if (n->replica != NULL && is_due(n)) {
        n->down_ms = LATER_MS;
        machine_stop(n);
    }
    network_relink(n->sim);
}

/* -- Nodes that come later -- */

void sim_join(struct sim *s, size_t i)
{
    struct node *n = &s->nodes[i];
    ASSERT(n->later);
    n->later = false;
    sim_tell(s, "%.*s starts for the first time, with the founding alone", SPAN_FMT(n->keys.org));
    machine_start(n);
    network_relink(s);
}
