/* A node's machine: clocks, disk, store, and what befalls them. */
#include "ledger/block.h"
#include "sim/internal.h"

enum { RESTART_MS = 1000 };

/* -- Clocks -- */

static uint64_t wall(void *ctx)
{
    struct node *n = ctx;
    const struct sim *s = n->sim;
    int64_t drifted = (int64_t)(s->now - n->drift_since) * n->drift_ppm / 1000000;
    uint64_t t = (uint64_t)((int64_t)(s->o.start_ms + s->now) + n->off_ms + drifted);
    if (t > n->max_wall)
        n->max_wall = t;
    return t;
}

static uint64_t mono(void *ctx)
{
    const struct node *n = ctx;
    return n->sim->now + 1 - n->mono_lost;
}

static void set_clock(struct node *n, int64_t off_ms, int64_t ppm)
{
    n->off_ms = off_ms;
    n->drift_ppm = ppm;
    n->drift_since = n->sim->now;
}

static int64_t off_now(const struct node *n)
{
    return n->off_ms + (int64_t)(n->sim->now - n->drift_since) * n->drift_ppm / 1000000;
}

void sim_clock_jump(struct sim *s, size_t i, int64_t ms)
{
    struct node *n = &s->nodes[i];
    s->stats.clock_jumps++;
    set_clock(n, off_now(n) + ms, n->drift_ppm);
    sim_tell(s, "%.*s: its clock jumps by %" PRId64 " ms", SPAN_FMT(n->keys.org), ms);
}

void sim_clock_drift(struct sim *s, size_t i, int64_t ppm)
{
    struct node *n = &s->nodes[i];
    s->stats.clocks_drifting++;
    set_clock(n, off_now(n), ppm);
    sim_tell(s, "%.*s: its clock drifts by %" PRId64 " ppm", SPAN_FMT(n->keys.org), ppm);
}

void sim_clock_right(struct sim *s, size_t i)
{
    set_clock(&s->nodes[i], s->nodes[i].first_off_ms, 0);
    sim_tell(s, "%.*s: its clock is right", SPAN_FMT(s->nodes[i].keys.org));
}

void sim_clocks_right(struct sim *s)
{
    for (size_t i = 0; i < s->n; i++)
        set_clock(&s->nodes[i], s->nodes[i].first_off_ms, 0);
}

/* -- Dying -- */

static void die(struct node *n)
{
    n->armed = n->counting = false;
    n->dying = true;
}

/* Is this the moment that was asked for? */
static bool counted_out(struct node *n)
{
    if (!n->counting || (n->replica == NULL && !n->starting) || n->dying)
        return false;
    if (n->moments-- > 0)
        return false;
    die(n);
    return true;
}

static bool dies(void *ctx, enum sim_disk_moment moment)
{
    struct node *n = ctx;
    struct sim_stats *c = &n->sim->stats;
    static const char *const words[] = {"before a journal write", "between write and sync", "after the sync"};
    uint64_t *count = moment == SIM_BEFORE_WRITE ? &c->crashes_before_write
                      : moment == SIM_WRITTEN    ? &c->crashes_unsynced
                                                 : &c->crashes_synced;
    bool now = counted_out(n);
    if (!now && n->armed && !n->dying && moment == SIM_WRITTEN && n->replica != NULL) {
        die(n);
        now = true;
    }
    if (!now)
        return false;
    (*count)++;
    sim_tell(n->sim, "%.*s dies %s", SPAN_FMT(n->keys.org), words[moment]);
    return true;
}

static bool is_full(void *ctx)
{
    struct node *n = ctx;
    n->sim->stats.refused_writes += n->full;
    return n->full;
}

static enum status on_commit(void *ctx, bool after)
{
    struct node *n = ctx;
    struct sim_stats *c = &n->sim->stats;
    if (n->dying)
        return ST_IO;
    if (!after && n->full) {
        c->refused_writes++;
        return ST_NOSPACE;
    }
    if (!counted_out(n))
        return ST_OK;
    if (after)
        c->crashes_after_commit++;
    else
        c->crashes_before_commit++;
    sim_tell(n->sim, "%.*s dies %s a commit", SPAN_FMT(n->keys.org), after ? "after" : "before");
    return ST_IO;
}

static void on_damage_read(void *ctx)
{
    struct node *n = ctx;
    n->sim->stats.damage_read++;
}

/* -- Starting and stopping -- */

bool machine_excused(const struct node *n)
{
    return n->excused_until > n->sim->now || n->full || n->damaged;
}

void machine_note_change(struct node *n)
{
    bool awake = sim_awake(n->sim, n->i);
    if (n->n_changes > 0 && n->changes[n->n_changes - 1].awake == awake)
        return;
    if (n->n_changes == n->changes_cap) {
        n->changes_cap = n->changes_cap * 2 + 16;
        n->changes = realloc(n->changes, n->changes_cap * sizeof *n->changes);
        ASSERT(n->changes != NULL);
    }
    n->changes[n->n_changes++] = (struct change){n->sim->now, awake};
}

static void on_final(void *ctx, uint64_t height, uint64_t first_leaf, size_t leaves)
{
    struct node *n = ctx;
    sim_tell(n->sim, "%.*s has height %" PRIu64 " final: %zu leaves from %" PRIu64, SPAN_FMT(n->keys.org), height, leaves,
             first_leaf);
    n->height = height;
    alliance_note_set(n, height);
    watch_final(n, height);
    if (n->sim->events.final != NULL)
        n->sim->events.final(n->sim->events.ctx, n->i, height);
}

static void on_members(void *ctx)
{
    ((struct node *)ctx)->members_changed = true;
}

static void on_refused(void *ctx, const struct hash *id, enum verdict verdict, const char *why)
{
    struct node *n = ctx;
    sim_tell(n->sim, "%.*s refuses an entry that it had taken: %s", SPAN_FMT(n->keys.org), verdict_name(verdict));
    story_note(n->sim, "the entry is %.8s", hex_of(id).s);
    if (n->sim->events.refused != NULL)
        n->sim->events.refused(n->sim->events.ctx, n->i, id, verdict, why);
}

static void tick_soon(struct node *n)
{
    n->tick_at = n->sim->now + 1;
    world_push(n->sim, (struct happening){.at = n->tick_at, .what = WHAT_TICK, .to = n->i, .life = n->life});
}

/* It could not start, with words. It is tried again. */
static void no_start(struct node *n, const char *why)
{
    sim_tell(n->sim, "%.*s cannot start: %s", SPAN_FMT(n->keys.org), why);
    n->sim->stats.halts++;
    if (!is_bad(n) && !machine_excused(n))
        sim_fail(n->sim, SIM_START, "node %zu cannot start: %s", n->i, why);
    n->down_ms = RESTART_MS;
    world_push(n->sim, (struct happening){
                           .at = n->sim->now + RESTART_MS, .what = WHAT_RESTART, .to = n->i, .life = n->life});
}

/* As ententd does: a journal that is missing or not this directory's means no votes. */
static enum status open_journal(struct node *n, struct err *err)
{
    enum status st = journal_open(&n->file, &n->id, &n->journal, err);
    n->no_votes = st == ST_NOTFOUND || st == ST_MISMATCH || st == ST_CORRUPT;
    if (st == ST_OK)
        return st;
    n->journal = NULL;
    if (!n->no_votes)
        return st;
    sim_tell(n->sim, "%.*s does not vote: %s", SPAN_FMT(n->keys.org), err->text);
    n->sim->stats.halts++;
    if (!is_bad(n) && !machine_excused(n))
        sim_fail(n->sim, SIM_START, "node %zu: journal: %s", n->i, err->text);
    return ST_OK;
}

/* It may have died after a commit, before it could say so. */
static void look_at_tip(struct node *n)
{
    struct view v;
    struct tip tip;
    struct err err;
    if (store_read_begin(shelf_mem(n->shelf), &v, &err) != ST_OK)
        return;
    if (tip_load(&v, &tip, &err) == ST_OK && tip.height > n->height) {
        n->height = tip.height;
        alliance_note_set(n, tip.height);
        watch_tip(n, &tip);
    }
    store_read_end(shelf_mem(n->shelf), &v);
}

static enum status start(struct node *n, struct err *err)
{
    struct replica_config cfg = {.org = n->keys.org,
                                 .cosign = n->keys.cosign,
                                 .log = n->keys.log,
                                 .node = n->keys.node,
                                 .store = shelf_store(n->shelf),
                                 .clock = &n->clock,
                                 .rng = &n->sim->rng,
                                 .net = network_of(n),
                                 .events = {n, on_final, on_refused, on_members}};
    enum status st = open_journal(n, err);
    if (st != ST_OK)
        return st;
    cfg.journal = n->journal;
    cfg.vote = n->no_votes ? NULL : n->keys.vote;
    sim_tell(n->sim, "%.*s starts at height %" PRIu64, SPAN_FMT(n->keys.org), n->height);
    if (!n->no_votes)
        watch_journal(n);
    n->seen_round = n->locked_round = -1;
    return replica_new(&cfg, &n->replica, err);
}

void machine_start(struct node *n)
{
    struct err err = {0};
    n->starting = true;
    look_at_tip(n);
    alliance_read(n);
    enum status st = alliance_take_keys(n, &err);
    if (st == ST_OK)
        st = start(n, &err);
    n->starting = false;
    if (n->dying) {
        machine_down(n);
        return;
    }
    if (st != ST_OK) {
        n->replica = NULL;
        journal_close(n->journal);
        n->journal = NULL;
        no_start(n, err.text);
        return;
    }
    tick_soon(n);
    machine_note_change(n);
}

static void put_down(struct node *n)
{
    network_unlink(n);
    replica_free(n->replica);
    n->replica = NULL;
    journal_close(n->journal);
    n->journal = NULL;
    n->life++;
    n->stopped = n->members_changed = false;
}

static void come_back(struct node *n)
{
    struct sim *s = n->sim;
    n->asleep_until = 0;
    sim_tell(s, "%.*s is down for %" PRIu64 " ms", SPAN_FMT(n->keys.org), n->down_ms);
    world_push(s, (struct happening){.at = s->now + n->down_ms, .what = WHAT_RESTART, .to = n->i, .life = n->life});
    machine_note_change(n);
    network_relink(s);
}

void machine_down(struct node *n)
{
    struct sim *s = n->sim;
    put_down(n);
    shelf_replace(n->shelf, store_mem_clone(shelf_mem(n->shelf))); /* what was committed */
    struct sim_disk_harm harm = sim_disk_crash(n->disk, world_draw, s);
    s->stats.torn += harm.torn;
    s->stats.swapped += harm.swapped;
    s->stats.crashes++;
    n->dying = n->armed = n->counting = false;
    come_back(n);
}

void machine_stop(struct node *n)
{
    put_down(n);
    come_back(n);
}

void machine_make(struct sim *s, size_t i, const struct genesis_info *g, const struct store *base,
                  const struct sim_keys *keys)
{
    struct node *n = &s->nodes[i];
    struct err err;
    struct sim_disk_hook hook = {n, dies, is_full};
    struct shelf_hook shelf_hook = {n, on_commit, on_damage_read};
    *n = (struct node){.sim = s, .i = i, .org = i, .keys = *keys, .clock = {n, wall, mono}};
    for (size_t k = 0; k < i && n->org == i; k++)
        if (span_eq(s->nodes[k].keys.org, keys->org))
            n->org = k;
    n->first_off_ms = s->o.clock_off_ms == 0
                          ? 0
                          : (int64_t)sim_random(s, 2 * (uint64_t)s->o.clock_off_ms) - s->o.clock_off_ms;
    n->off_ms = n->first_off_ms;
    if (s->o.drift_ppm != 0)
        n->drift_ppm = (int64_t)sim_random(s, 2 * (uint64_t)s->o.drift_ppm) - s->o.drift_ppm;
    s->stats.clocks_drifting += n->drift_ppm != 0;
    n->shelf = shelf_new(base != NULL ? store_mem_clone(base) : store_mem_new(), &shelf_hook);
    n->disk = sim_disk_new(&hook);
    n->file = sim_disk_file(n->disk);
    n->id.alliance = g->alliance;
    n->applied = calloc(HEIGHTS_MAX, sizeof *n->applied);
    ASSERT(n->applied != NULL);
    rng_fill(&s->rng, n->id.incarnation.b, 32);
    s->stats.twins += n->org != i;
    if ((base == NULL && replica_found(shelf_store(n->shelf), g, &err) != ST_OK) ||
        journal_create(&n->file, &n->id, &err) != ST_OK) {
        sim_fail(s, SIM_START, "node %zu cannot be made: %s", i, err.text);
        return;
    }
    alliance_note_set(n, 0);
    n->later = keys->later;
    if (!n->later)
        machine_start(n);
}

void machine_free(struct node *n)
{
    replica_free(n->replica);
    journal_close(n->journal);
    shelf_free(n->shelf);
    sim_disk_free(n->disk);
    store_close(n->backup);
    free(n->changes);
    free(n->applied);
}

/* -- Crashes -- */

void sim_crash(struct sim *s, size_t i, uint64_t down_ms)
{
    if (s->nodes[i].replica == NULL)
        return;
    s->nodes[i].down_ms = down_ms;
    machine_down(&s->nodes[i]);
}

void sim_crash_at_write(struct sim *s, size_t i, uint64_t down_ms)
{
    s->nodes[i].down_ms = down_ms;
    s->nodes[i].armed = true;
}

void sim_crash_at_moment(struct sim *s, size_t i, uint64_t k, uint64_t down_ms)
{
    s->nodes[i].down_ms = down_ms;
    s->nodes[i].moments = k;
    s->nodes[i].counting = true;
}

/* -- Disks -- */

static void excuse(struct node *n, uint64_t ms)
{
    uint64_t until = n->sim->now + ms + 2 * RESTART_MS;
    if (until > n->excused_until)
        n->excused_until = until;
}

void sim_disk_full(struct sim *s, size_t i, uint64_t ms)
{
    struct node *n = &s->nodes[i];
    if (n->full)
        return;
    s->stats.full++;
    n->full = true;
    excuse(n, ms);
    sim_tell(s, "%.*s: its disk is full for %" PRIu64 " ms", SPAN_FMT(n->keys.org), ms);
    world_push(s, (struct happening){.at = s->now + ms, .what = WHAT_SPACE, .to = i, .life = n->life});
}

/* Records that a node needs to go on, and others. */
bool sim_damage(struct sim *s, size_t i, uint64_t ms)
{
    static const uint8_t tables[] = {TABLE_META,  TABLE_PARTY, TABLE_SEAT,     TABLE_KEY,    TABLE_SECTION,     TABLE_DECISION,
                                     TABLE_TIMER, TABLE_BLOCK, TABLE_CERT,     TABLE_LEAF,   TABLE_TILE,        TABLE_SPARSE,
                                     TABLE_IDS,   TABLE_NODE,  TABLE_BOUNDARY, TABLE_OUTBOX, TABLE_SPARSE_ROOT, TABLE_BODY,
                                     TABLE_PINNED, TABLE_BALLOT, TABLE_REVISION, TABLE_EVENT, TABLE_POL, TABLE_CHECKPOINT};
    struct node *n = &s->nodes[i];
    struct view v;
    struct err err;
    struct span key, value;
    uint8_t upto[32];
    if (n->damaged || store_read_begin(shelf_mem(n->shelf), &v, &err) != ST_OK)
        return false;
    uint8_t table = tables[sim_random(s, sizeof tables)];
    memset(upto, 0xff, sizeof upto);
    bool newest = sim_random(s, 2) == 0;
    upto[0] = newest ? 0xff : (uint8_t)sim_random(s, 256);
    upto[7] = newest ? 0xff : (uint8_t)sim_random(s, 256);
    bool found = (newest ? view_prev(&v, table, span_of(upto, sizeof upto), &key, &value)
                         : view_next(&v, table, span_of(upto, 8), &key, &value)) == ST_OK ||
                 view_prev(&v, table, span_of(upto, sizeof upto), &key, &value) == ST_OK;
    if (found)
        shelf_damage(n->shelf, table, key);
    store_read_end(shelf_mem(n->shelf), &v);
    if (!found)
        return false;
    s->stats.damaged++;
    n->damaged = true;
    excuse(n, ms);
    sim_tell(s, "%.*s: a record of %s cannot be read for %" PRIu64 " ms", SPAN_FMT(n->keys.org), table_name(table), ms);
    world_push(s, (struct happening){.at = s->now + ms, .what = WHAT_REPAIR, .to = i, .life = n->life});
    return true;
}

/* The operator has seen to it: what stopped itself is started again. */
static void see_to_it(struct node *n)
{
    excuse(n, 0);
    if (n->replica == NULL || (!n->stopped && !n->no_votes))
        return;
    n->down_ms = RESTART_MS;
    machine_down(n);
}

/* -- Sleep -- */

void sim_sleep(struct sim *s, size_t i, uint64_t ms, bool suspend)
{
    struct node *n = &s->nodes[i];
    if (n->later)
        return;
    s->stats.sleeps++;
    s->stats.suspends += suspend;
    if (n->replica == NULL) { /* its machine is off: it stays so */
        n->life++;
        world_push(s, (struct happening){.at = s->now + ms, .what = WHAT_RESTART, .to = i, .life = n->life});
        return;
    }
    if (n->asleep_until != 0) {
        n->asleep_until = s->now + ms > n->asleep_until ? s->now + ms : n->asleep_until;
        return;
    }
    n->asleep_until = s->now + ms;
    n->slept_since = s->now;
    n->suspended = suspend;
    sim_tell(s, "%.*s sleeps for %" PRIu64 " ms%s", SPAN_FMT(n->keys.org), ms,
             suspend ? ", and its monotonic clock stands" : "");
    world_push(s, (struct happening){.at = n->asleep_until, .what = WHAT_WAKE, .to = i, .life = n->life});
    if (ms > LINK_GIVEN_UP_MS)
        world_push(s, (struct happening){
                          .at = s->now + LINK_GIVEN_UP_MS, .what = WHAT_GONE, .to = i, .life = n->life});
    machine_note_change(n);
}

static void wake(struct node *n)
{
    struct sim *s = n->sim;
    if (s->now < n->asleep_until) { /* it was put to sleep for longer */
        world_push(s, (struct happening){.at = n->asleep_until, .what = WHAT_WAKE, .to = n->i, .life = n->life});
        return;
    }
    if (n->suspended)
        n->mono_lost += s->now - n->slept_since;
    n->asleep_until = 0;
    n->suspended = false;
    sim_tell(s, "%.*s wakes", SPAN_FMT(n->keys.org));
    for (size_t k = 0; k < s->n; k++)
        if ((n->told_gone & bit(k)) != 0 && (n->linked & bit(k)) == 0)
            replica_peer_down(n->replica, s->nodes[k].keys.org);
    n->told_gone = 0;
    network_relink(s);
    tick_soon(n);
    machine_note_change(n);
}

void machine_happen(struct node *n, const struct happening *h)
{
    struct sim *s = n->sim;
    if ((h->what == WHAT_SPACE || h->what == WHAT_REPAIR) && n->asleep_until != 0) { /* nobody sees to it in the night */
        excuse(n, n->asleep_until - s->now);
        world_push(s, (struct happening){.at = n->asleep_until, .what = h->what, .to = n->i, .life = n->life});
        return;
    }
    if (h->what == WHAT_ALONE) {
        alliance_alone(n);
    } else if (h->what == WHAT_SPACE) {
        n->full = false;
        sim_tell(s, "%.*s: its disk has room again", SPAN_FMT(n->keys.org));
        see_to_it(n);
    } else if (h->what == WHAT_REPAIR) {
        n->damaged = false;
        shelf_repair(n->shelf);
        sim_tell(s, "%.*s: its store can be read again", SPAN_FMT(n->keys.org));
        see_to_it(n);
    } else if (h->life != n->life) {
        return;
    } else if (h->what == WHAT_WAKE) {
        wake(n);
    } else if (h->what == WHAT_GONE) {
        network_relink(s);
    } else if (h->what == WHAT_RESTART && n->replica == NULL) {
        machine_start(n);
        network_relink(s);
    }
}

/* -- Backups and copies -- */

void sim_backup(struct sim *s, size_t i)
{
    struct node *n = &s->nodes[i];
    ASSERT(is_bad(n));
    store_close(n->backup);
    n->backup = store_mem_clone(shelf_mem(n->shelf));
    n->backup_height = n->height;
    sim_tell(s, "%.*s is backed up at height %" PRIu64, SPAN_FMT(n->keys.org), n->height);
}

void sim_restore(struct sim *s, size_t i, enum sim_journal journal)
{
    struct node *n = &s->nodes[i];
    struct err err;
    ASSERT(is_bad(n));
    if (n->replica == NULL || n->backup == NULL)
        return;
    bool older = n->backup_height < n->height;
    n->down_ms = RESTART_MS;
    machine_down(n);
    shelf_replace(n->shelf, store_mem_clone(n->backup));
    s->stats.restored++;
    s->stats.journals_lost += journal != SIM_JOURNAL_KEPT;
    n->height = n->backup_height;
    if (journal != SIM_JOURNAL_KEPT)
        sim_disk_erase(n->disk);
    if (journal == SIM_JOURNAL_EMPTY && journal_create(&n->file, &n->id, &err) != ST_OK)
        sim_fail(s, SIM_START, "node %zu: %s", i, err.text);
    /* Whose journal is gone, or is at a height that the store has not, has signed what it does not know of. */
    n->mute = n->mute || journal == SIM_JOURNAL_LOST || (journal == SIM_JOURNAL_KEPT && older && n->n_sent > 0 &&
                                                         n->sent[0].height > n->backup_height + 1);
    sim_tell(s, "%.*s is restored to height %" PRIu64 ", %s", SPAN_FMT(n->keys.org), n->height,
             journal == SIM_JOURNAL_KEPT   ? "with its vote journal"
             : journal == SIM_JOURNAL_LOST ? "without its vote journal"
                                           : "with an empty vote journal");
}

size_t sim_clone(struct sim *s, size_t i, bool aware)
{
    struct node *n = &s->nodes[i], *c = &s->nodes[s->n];
    struct sim_disk_hook hook = {c, dies, is_full};
    struct shelf_hook shelf_hook = {c, on_commit, on_damage_read};
    ASSERT(is_bad(n));
    ASSERT(n->org == i);
    ASSERT(s->n < SIM_NODES_MAX);
    *c = (struct node){.sim = s, .i = s->n, .org = i, .keys = n->keys, .clock = {c, wall, mono}, .id = n->id};
    c->height = n->height;
    c->audience = sim_random(s, bit(s->n));
    c->shelf = shelf_new(store_mem_clone(shelf_mem(n->shelf)), &shelf_hook);
    c->disk = sim_disk_new(&hook);
    c->file = sim_disk_file(c->disk);
    sim_disk_copy(c->disk, n->disk);
    c->applied = calloc(HEIGHTS_MAX, sizeof *c->applied);
    ASSERT(c->applied != NULL);
    c->mute = aware;
    if (aware)
        c->id.machine.b[0] ^= 1;
    s->n++;
    s->stats.clones++;
    sim_tell(s, "%.*s is copied to another machine", SPAN_FMT(n->keys.org));
    machine_start(c);
    network_relink(s);
    return c->i;
}
