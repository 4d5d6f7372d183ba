/* Lifecycle, inputs and answers of a replica. The work is in agree.c, bodies.c, pool.c, gossip.c, checkpoints.c. */
#include <stdarg.h>
#include "base/plant.h"
#include "cert/quorum.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "replica/epoch.h"

void replica_halt(struct replica *r, const char *fmt, ...)
{
    if (r->halted[0] != 0 && !r->stopped)
        return;
    r->stopped = false;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(r->halted, sizeof r->halted, fmt, ap);
    va_end(ap);
}

const char *replica_halted(const struct replica *r)
{
    return r->halted[0] == 0 ? NULL : r->halted;
}

void replica_stop(struct replica *r, const char *why)
{
    if (r->halted[0] != 0)
        return;
    replica_halt(r, "%s", why);
    r->stopped = true;
}

void replica_resume(struct replica *r)
{
    if (!r->stopped)
        return;
    r->stopped = false;
    r->halted[0] = 0;
}

uint64_t replica_mono(const struct replica *r)
{
    return clock_mono_ms(r->cfg.clock);
}

uint64_t replica_wall(const struct replica *r)
{
    return clock_wall_ms(r->cfg.clock);
}

uint64_t replica_block_time(const struct replica *r)
{
    uint64_t now = replica_wall(r);
    return now > r->tip.time_ms ? now : r->tip.time_ms + 1;
}

struct ledger replica_ledger(const struct replica *r)
{
    return (struct ledger){.tip = &r->tip, .view = &r->view, .ids = r->ids, .rules_max = r->cfg.rules_max, .refounding = r->refounding};
}

bool replica_verified(const struct replica *r, const struct hash *leaf_hash)
{
    return hash_eq(&r->verified[load_u64(leaf_hash->b) % VERIFIED_SLOTS], leaf_hash);
}

/* Verified once: keyed by the leaf hash, entry and signature together; a bad signature marks nothing. */
enum status replica_verify_leaf(void *ctx, const struct leaf *leaf)
{
    struct replica *r = ctx;
    if (replica_verified(r, &leaf->leaf_hash))
        return ST_OK;
    enum status st = PLANTED(25) ? ST_OK : leaf_verify_once(&r->keys, leaf);
    if (st == ST_OK)
        r->verified[load_u64(leaf->leaf_hash.b) % VERIFIED_SLOTS] = leaf->leaf_hash;
    return st;
}

struct peer *replica_find_peer(struct replica *r, struct span org, bool add)
{
    for (size_t i = 0; i < r->n_peers; i++)
        if (span_eq(r->peers[i].org, org))
            return &r->peers[i];
    if (!add || r->n_peers == PEERS_MAX || org.n > sizeof r->peers[0].org_bytes)
        return NULL;
    struct peer *p = &r->peers[r->n_peers++];
    *p = (struct peer){.since_ms = replica_wall(r)};
    memcpy(p->org_bytes, org.p, org.n);
    p->org = span_of(p->org_bytes, org.n);
    return p;
}

/* Public calls read one snapshot of the store; none outlives its call (LMDB grows while a reader idles). */
static bool enter(struct replica *r)
{
    struct err err;
    if (store_read_begin(r->cfg.store, &r->view, &err) == ST_OK)
        return true;
    replica_halt(r, "the store cannot be read: %s", err.text);
    return false;
}

static void leave(struct replica *r)
{
    store_read_end(r->cfg.store, &r->view);
}

enum status replica_found(struct store *store, const struct genesis_info *g, struct err *err)
{
    struct view v;
    struct tip tip;
    enum status st = store_read_begin(store, &v, err);
    if (st != ST_OK)
        return st;
    st = tip_load(&v, &tip, err);
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct block b;
    struct store_txn *t;
    struct buf sigs CLEANUP(buf_deinit), file CLEANUP(buf_deinit);
    buf_init(&sigs, LIMIT_GENESIS_BYTES);
    buf_init(&file, LIMIT_GENESIS_BYTES);
    if (st == ST_OK)
        st = err_set(err, ST_EXISTS, "this node holds alliance %s already, at height %" PRIu64 "; use another directory",
                     hex_of(&tip.alliance).s, tip.height);
    else if (st == ST_NOTFOUND)
        st = block_genesis(g, &a, &b, err);
    if (st == ST_OK)
        st = codec_encode(&genesis_sigs_desc, &g->genesis.sigs, &sigs);
    if (st == ST_OK)
        st = codec_encode(&genesis_desc, &g->genesis, &file);
    if (st == ST_OK)
        st = store_begin(store, &t, err);
    if (st == ST_OK) {
        st = block_flush(&b, buf_span(&sigs), &v, store, t, err);
        if (st == ST_OK)
            st = store_put(store, t, TABLE_NODE, span_str("genesis"), buf_span(&file), err);
        if (st == ST_OK)
            st = store_commit(store, t, err);
        else
            store_abort(store, t);
    }
    store_read_end(store, &v);
    return st;
}

/* Origin of checkpoints (CKP-1), from the charter in force. */
static enum status load_origin(struct replica *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    struct span file;
    struct genesis g;
    enum status st = view_get(&r->view, TABLE_NODE, span_str("genesis"), &file);
    if (st != ST_OK)
        return err_set(err, st, "the store holds no genesis");
    st = codec_decode(&genesis_desc, arena_dup(&a, file), &a, &g, err);
    struct section s;
    struct charter_alliance alliance;
    if (st == ST_OK)
        st = codec_decode(&section_desc, g.sections.v[0], &a, &s, err);
    if (st == ST_OK)
        st = codec_decode(&charter_alliance_desc, s.body, &a, &alliance, err);
    if (st != ST_OK)
        return err_wrap(err, ST_CORRUPT, "the stored genesis is damaged: ");
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s/%s", SPAN_FMT(alliance.origin), hex_of(&r->tip.alliance).s);
    r->origin = arena_dup(&r->fixed, buf_span(&b));
    return ST_OK;
}

/* The record of a final block. */
static enum status record_at(struct replica *r, uint64_t height, struct arena *a, struct block_record *ret_rec, struct err *err)
{
    struct span bytes;
    struct header header;
    enum status st = block_header(&r->view, height, &bytes, err);
    if (st == ST_OK)
        st = codec_decode(&header_desc, arena_dup(a, bytes), a, &header, err);
    return st == ST_OK ? codec_decode(&block_record_desc, header.record, a, ret_rec, err) : st;
}

enum status replica_set_at(struct replica *r, uint64_t height, struct arena *a, struct validator_set *ret_set, struct err *err)
{
    struct block_record rec;
    enum status st = record_at(r, height, a, &rec, err);
    return st == ST_OK ? rows_set(&r->view, &rec.validators, a, ret_set, err) : st;
}

enum status replica_set_after(struct replica *r, uint64_t height, struct arena *a, struct validator_set *ret_set, struct err *err)
{
    struct block_record rec;
    enum status st = record_at(r, height, a, &rec, err);
    return st == ST_OK ? rows_set(&r->view, &rec.next_validators, a, ret_set, err) : st;
}

static enum status load_state(struct replica *r, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct validator_set set;
    enum status st = gov_validators(&r->view, &a, &set, err);
    if (st != ST_OK)
        return st;
    arena_reset(&r->set_arena);
    st = validators_copy(&set, &r->set_arena, &r->set);
    if (st == ST_OK)
        st = gov_clock(&r->view, &a, &r->clock, err);
    if (st == ST_OK)
        st = gov_calm_until(&r->view, &a, &r->calm_until_ms, err);
    if (st == ST_OK)
        st = epoch_load(r, err);
    if (st == ST_OK)
        st = members_load(r, err);
    if (st != ST_OK)
        return st;
    members_check_rules(r);
    st = gov_next_deadline(&r->view, &r->deadline_ms);
    r->has_deadline = st == ST_OK;
    return st == ST_OK || st == ST_END ? ST_OK : err_set(err, st, "the deadlines cannot be read");
}

enum status replica_load_tip(struct replica *r, struct err *err)
{
    bodies_clear(r);
    gossip_forget_foreseen(r, r->tip.height);
    arena_reset(&r->height);
    r->n_timers = 0;
    r->kept_pol = NULL;
    say_nothing(r);
    later_forget(r);
    justify_clear(r);
    r->decided = false;
    r->seen_round = -2;
    enum status st = load_state(r, err);
    if (st == ST_OK)
        agree_start_height(r);
    return st;
}

static void free_ahead(struct replica *r)
{
    for (size_t i = 0; i < r->n_ahead; i++)
        free(r->ahead[i].p);
    r->n_ahead = r->ahead_bytes = 0;
}

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);
    ASSERT(p != NULL);
    return p;
}

static enum status open_store(struct replica *r, struct err *err)
{
    enum status st = tip_load(&r->view, &r->tip, err);
    if (st == ST_NOTFOUND)
        return err_set(err, ST_NOTFOUND, "this node holds no alliance yet; found one with: entente alliance found FILE.genesis");
    if (st == ST_OK)
        st = load_origin(r, err);
    if (st == ST_OK)
        st = ids_load(r->ids, &r->view, r->tip.time_ms, err);
    if (st == ST_OK)
        st = checkpoints_load(r, err);
    if (st == ST_OK)
        st = load_state(r, err);
    members_load_dead(r);
    if (st == ST_OK)
        st = pool_load(r, err);
    if (st == ST_OK)
        st = bodies_load(r, err);
    return st;
}

enum status replica_new(const struct replica_config *cfg, struct replica **ret_replica, struct err *err)
{
    struct replica *r = take(1, sizeof *r);
    static const struct block no_block = {.n_leaves = 1};
    r->cfg = *cfg;
    ASSERT(cfg->org.n <= sizeof r->org_bytes);
    memcpy(r->org_bytes, cfg->org.p, cfg->org.n);
    r->cfg.org = span_of(r->org_bytes, cfg->org.n);
    r->ids = ids_new();
    r->seen_round = -2;
    pool_init(&r->pool);
    r->core_memory = take(1, consensus_size());
    r->core = consensus_init(r->core_memory, consensus_size());
    r->events = take(EVENTS_MAX, sizeof *r->events);
    r->actions = take(1, sizeof *r->actions);
    r->verified = take(VERIFIED_SLOTS, sizeof *r->verified);
    r->height_since_ms = replica_wall(r);
    r->step_since_ms = replica_mono(r);
    enum status st = enter(r) ? open_store(r, err) : err_set(err, ST_IO, "%s", r->halted);
    if (st != ST_OK) {
        leave(r);
        replica_free(r);
        return st;
    }
    pool_after_block(r, &no_block);
    st = epoch_end_here(r, err);
    if (st != ST_OK)
        replica_halt(r, "the last block of epoch %" PRIu64 " cannot be taken: %s", r->tip.epoch, err->text);
    epoch_check_frozen(r);
    agree_restore(r);
    agree_run(r);
    if (r->halted[0] != 0)
        agree_look_on(r);
    leave(r);
    *ret_replica = r;
    return ST_OK;
}

void replica_free(struct replica *r)
{
    if (r == NULL)
        return;
    free_ahead(r);
    gossip_forget_foreseen(r, UINT64_MAX);
    bodies_clear(r);
    pool_deinit(&r->pool);
    ids_free(r->ids);
    free(r->core_memory);
    free(r->events);
    free(r->actions);
    free(r->verified);
    arena_deinit(&r->height);
    arena_deinit(&r->set_arena);
    arena_deinit(&r->fixed);
    free(r);
}

void replica_peer_up(struct replica *r, struct span org)
{
    struct peer *p = replica_find_peer(r, org, true);
    if (p == NULL || !enter(r))
        return;
    p->connected = true;
    p->heard = false;
    p->asked = false;
    p->wanted_seen = 0;
    p->since_ms = replica_wall(r);
    gossip_status_to(r, p->org);
    members_return_vote(r, p->org);
    for (struct pool_entry *e = r->pool.first; e != NULL; e = e->next)
        e->relayed_ms = 0; /* the newcomer has none of them */
    leave(r);
}

void replica_peer_down(struct replica *r, struct span org)
{
    struct peer *p = replica_find_peer(r, org, false);
    if (p == NULL)
        return;
    p->connected = p->heard = false;
    p->since_ms = replica_wall(r);
}

/* Messages of the next height come before this one is flushed: they are kept, within bounds. */
static bool is_ahead(const struct replica *r, uint32_t kind, struct span body)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 64 << 20);
    struct err err;
    if (kind == msg_vote_desc.number) {
        struct msg_vote m;
        return codec_decode(&msg_vote_desc, body, &a, &m, &err) == ST_OK && m.vote.vote.height == r->tip.height + 2;
    }
    struct msg_proposal m;
    return kind == msg_proposal_desc.number && codec_decode(&msg_proposal_desc, body, &a, &m, &err) == ST_OK &&
           m.vote.vote.height == r->tip.height + 2;
}

static void keep_ahead(struct replica *r, struct span org, struct span frame)
{
    size_t frames = 0, bytes = 0; /* of this peer: none takes the room of the others */
    for (size_t i = 0; i < r->n_ahead; i++) {
        bool same = span_eq(span_of(r->ahead[i].org, r->ahead[i].org_n), org);
        frames += same;
        bytes += same ? r->ahead[i].n : 0;
    }
    if (frames >= AHEAD_FRAMES_PEER || bytes + frame.n > LIMIT_FRAME_BYTES)
        return;
    if (r->n_ahead == AHEAD_FRAMES_MAX || r->ahead_bytes + frame.n > AHEAD_BYTES_MAX || org.n > sizeof r->ahead[0].org)
        return;
    struct ahead *x = &r->ahead[r->n_ahead++];
    memcpy(x->org, org.p, org.n);
    x->org_n = org.n;
    x->p = take(1, frame.n + 1);
    memcpy(x->p, frame.p, frame.n);
    x->n = frame.n;
    r->ahead_bytes += frame.n;
}

static enum status dispatch(struct replica *r, struct peer *p, uint32_t kind, struct span body, struct err *err)
{
    if (kind == msg_status_desc.number)
        return gossip_on_status(r, p, body, err);
    if (kind == msg_want_desc.number)
        return gossip_on_want(r, p, body, err);
    if (kind == msg_block_desc.number)
        return r->halted[0] != 0 ? ST_OK : gossip_on_block(r, p, body, err);
    if (kind == msg_cosign_desc.number)
        return checkpoints_on_cosign(r, p, body, err);
    if (kind == msg_fetch_desc.number)
        return gossip_on_fetch(r, p, body, err);
    if (kind == msg_last_vote_desc.number)
        return members_on_last_vote(r, p, body, err);
    if (r->halted[0] != 0)
        return ST_OK;
    if (kind == msg_vote_desc.number)
        return agree_on_vote(r, p->org, body, err);
    if (kind == msg_proposal_desc.number)
        return agree_on_proposal(r, body, err);
    if (kind == msg_entry_desc.number) {
        struct arena a CLEANUP(arena_deinit);
        arena_init(&a, 4096);
        struct msg_entry m;
        enum status st = codec_decode(&msg_entry_desc, body, &a, &m, err);
        if (st == ST_OK)
            st = pool_on_entry(r, m.submission, err);
        if (st == ST_OK)
            agree_wake(r);
        return st;
    }
    return err_set(err, ST_UNSUPPORTED, "a message of unknown kind %" PRIu32, kind);
}

void replica_note_fault(struct peer *p, enum status st, const struct err *err)
{
    if (st == ST_OK)
        return;
    p->faults++;
    (void)snprintf(p->last_fault, sizeof p->last_fault, "%.150s", err->text);
}

static enum status take_frame(struct replica *r, struct span org, struct span frame, struct err *err)
{
    uint32_t kind;
    struct span body;
    struct peer *p = replica_find_peer(r, org, true);
    if (p == NULL)
        return ST_OK;
    *err = (struct err){.st = ST_OK}; /* it is shown, whoever forgot to fill it in */
    enum status st = wire_open(frame, &kind, &body, err);
    if (st == ST_OK && is_ahead(r, kind, body)) {
        keep_ahead(r, org, frame);
        return ST_OK;
    }
    if (st == ST_OK)
        st = dispatch(r, p, kind, body, err);
    replica_note_fault(p, st, err);
    return st;
}

/* After a new height: what came early for it. */
static void replay_ahead(struct replica *r, uint64_t before)
{
    while (r->tip.height != before && r->n_ahead > 0) {
        struct ahead kept[AHEAD_FRAMES_MAX];
        size_t n = r->n_ahead;
        memcpy(kept, r->ahead, n * sizeof *kept);
        r->n_ahead = r->ahead_bytes = 0;
        before = r->tip.height;
        for (size_t i = 0; i < n; i++) {
            struct err err;
            (void)!take_frame(r, span_of(kept[i].org, kept[i].org_n), span_of(kept[i].p, kept[i].n), &err);
            free(kept[i].p);
        }
    }
}

enum status replica_frame(struct replica *r, struct span org, struct span frame, struct err *err)
{
    if (!enter(r))
        return ST_OK;
    uint64_t before = r->tip.height;
    enum status st = take_frame(r, org, frame, err);
    replay_ahead(r, before);
    leave(r);
    return st;
}

void replica_tick(struct replica *r, uint64_t *ret_next_mono_ms)
{
    uint64_t now = replica_mono(r), before = r->tip.height;
    *ret_next_mono_ms = now + GOSSIP_MS;
    if (!enter(r))
        return;
    agree_timers(r, now);
    agree_wake(r);
    replay_ahead(r, before);
    checkpoints_tick(r, now);
    gossip_tick(r, now);
    duties_tick(r, now);
    leave(r);
    uint64_t next = agree_next_timer(r);
    if (r->gossip_at_ms < next)
        next = r->gossip_at_ms;
    if (r->has_deadline) {
        uint64_t wall = replica_wall(r), due = r->deadline_ms + r->clock.precision_ms;
        uint64_t at = due > wall ? now + (due - wall) : now + GOSSIP_MS;
        next = at < next ? at : next;
    }
    *ret_next_mono_ms = next;
}

enum status replica_entry(struct replica *r, const struct hash *id, struct entry_status *ret_status, struct err *err)
{
    struct entry_status s = {.state = ENTRY_UNKNOWN};
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 1 << 20);
    if (pool_find(&r->pool, id) != NULL) {
        s.state = ENTRY_WAITING;
        *ret_status = s;
        return ST_OK;
    }
    if (!enter(r))
        return err_set(err, ST_IO, "%s", r->halted);
    enum status st = ST_OK;
    struct span value;
    if (ids_find(r->ids, id, &s.leaf)) {
        struct boundary b;
        struct certificate c;
        s.state = ENTRY_FINAL;
        st = rows_boundary(&r->view, s.leaf + 1, true, &b, err);
        if (st == ST_OK)
            st = block_certificate(&r->view, b.height, &value, err);
        if (st == ST_OK)
            st = codec_decode(&certificate_desc, value, &a, &c, err);
        s.height = b.height;
        s.signatures = (uint32_t)c.sigs.n;
    } else if (view_get(&r->view, TABLE_REFUSED, span_hash(id), &value) == ST_OK) {
        struct refusal row;
        st = codec_decode(&refusal_desc, value, &a, &row, err);
        s.state = ENTRY_REFUSED;
        s.verdict = (enum verdict)row.verdict;
        (void)snprintf(s.why, sizeof s.why, "%.*s", SPAN_FMT(row.why));
    }
    leave(r);
    if (st == ST_OK)
        *ret_status = s;
    return st;
}

void replica_status(const struct replica *r, struct replica_status *ret_status)
{
    struct replica_status s = {.tip = &r->tip,
                               .validators = &r->set,
                               .outbox = r->pool.own,
                               .mempool = r->pool.n,
                               .step_since_mono_ms = r->step_since_ms,
                               .height_since_ms = r->height_since_ms,
                               .checkpoint_size = r->checkpoint_size,
                               .peers = r->n_peers};
    consensus_status(r->core, &s.consensus);
    for (size_t i = 0; i < r->n_peers; i++)
        if (r->peers[i].connected && r->peers[i].heard && r->peers[i].height > r->tip.height + 1)
            s.syncing = true;
    *ret_status = s;
}

bool replica_round(const struct replica *r, int32_t round, struct consensus_round_status *ret_status)
{
    return consensus_round(r->core, round, ret_status);
}

bool replica_peer(const struct replica *r, size_t i, struct replica_peer_status *ret_status)
{
    if (i >= r->n_peers)
        return false;
    const struct peer *p = &r->peers[i];
    *ret_status = (struct replica_peer_status){.org = p->org,
                                               .connected = p->connected,
                                               .heard = p->heard,
                                               .since_ms = p->since_ms,
                                               .height = p->height,
                                               .faults = p->faults,
                                               .entries = p->entries,
                                               .unanswered = p->unanswered};
    memcpy(ret_status->last_fault, p->last_fault, sizeof p->last_fault);
    return true;
}

const char *replica_check(struct replica *r)
{
    struct consensus_status s;
    consensus_status(r->core, &s);
    if (r->halted[0] == 0 && s.height != r->tip.height + 1)
        return "agreement works on another height than the one after the tip";
    if (r->cosigned_size > r->tip.tree.size)
        return "cosigned a tree that is not there";
    size_t n = 0, own = 0, staged = 0;
    for (const struct pool_entry *e = r->pool.first; e != NULL; e = e->next) {
        uint64_t leaf;
        n++;
        own += e->own;
        staged += e->staged;
        if (ids_find(r->ids, &e->leaf.id, &leaf))
            return "an entry waits that is on the record";
    }
    if (n != r->pool.n || own != r->pool.own || staged != r->pool.staged)
        return "counts of waiting entries are off";
    size_t of_partners = 0, bytes = 0;
    for (const struct pool_tally *t = r->pool.partners; t != NULL; t = t->next) {
        of_partners += t->n;
        for (const struct pool_entry *e = t->first; e != NULL; e = e->mate)
            bytes += e->bytes;
    }
    if (of_partners != n || bytes != r->pool.bytes)
        return "what waits is not what is counted of partners";
    return consensus_check(r->core);
}
