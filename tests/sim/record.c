/* What must hold of a record, leaf by leaf, at the end of a run. */
#include "audit/verify.h"
#include "crypto/hash.h"
#include "gov/tkey.h"
#include "ledger/rows.h"
#include "run.h"

#ifdef ENTENTE_PLANTS
#include "base/plant.h"
#endif

/* Who held what up to a leaf, found by walking the leaves: the state is not asked. */
struct walk {
    struct hash node[FIXTURE_ORGS_MAX], seats[FIXTURE_ORGS_MAX][FIXTURE_SEATS];
    uint64_t left_leaf[FIXTURE_ORGS_MAX]; /* the organisation is gone after it */
};

static void walk_begin(const struct run *r, const struct view *v, struct walk *w)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_party p;
    struct err err;
    arena_init(&a, 0);
    for (size_t i = 0; i < r->n; i++) {
        w->node[i] = r->first[i].node->pub;
        for (size_t k = 0; k < FIXTURE_SEATS; k++)
            if (r->first[i].seats[k] != NULL)
                w->seats[i][k] = r->first[i].seats[k]->pub;
        bool left = replica_party(v, span_str(r->f->orgs[i].id), &a, &p, &err) == ST_OK && HAS(&p, state_party_key_standing) &&
                    p.standing == STANDING_LEFT;
        w->left_leaf[i] = left ? p.changed_leaf : UINT64_MAX;
    }
}

static bool is_seat(const struct run *r, struct span seat, size_t *ret_org, size_t *ret_seat)
{
    char name[80];
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < FIXTURE_SEATS; k++) {
            (void)snprintf(name, sizeof name, "%s/%s", r->f->orgs[i].id, fixture_seat_names[k]);
            if (!span_eq(seat, span_str(name)))
                continue;
            *ret_org = i;
            *ret_seat = k;
            return true;
        }
    return false;
}

/* What the leaf changes of it. */
static void walk_on(const struct run *r, const struct leaf *l, struct walk *w)
{
    struct arena a CLEANUP(arena_deinit);
    struct holder h;
    struct replace_node n;
    struct signed_card sc;
    struct card c;
    size_t org, seat;
    arena_init(&a, 0);
    if (l->entry.kind == KIND_HOLDER && codec_decode(&holder_desc, l->entry.body, &a, &h, NULL) == ST_OK && h.keys.n == 1 &&
        is_seat(r, h.seat, &org, &seat))
        w->seats[org][seat] = h.keys.v[0].key;
    if (l->entry.kind == KIND_NODE && is_seat(r, l->entry.seat, &org, &seat) &&
        codec_decode(&replace_node_desc, l->entry.body, &a, &n, NULL) == ST_OK &&
        codec_decode(&signed_card_desc, n.card, &a, &sc, NULL) == ST_OK && codec_decode(&card_desc, sc.card, &a, &c, NULL) == ST_OK)
        w->node[org] = c.node.node;
}

/* What a node says for itself, signed by its node key; a fault proof accuses the guilty alone. */
static bool is_of_a_node(const struct run *r, const struct walk *w, const struct leaf *l)
{
    struct arena a CLEANUP(arena_deinit);
    struct fault body;
    char seat[80];
    arena_init(&a, 0);
    for (size_t i = 0; i < r->n; i++) {
        (void)snprintf(seat, sizeof seat, "%s/node", r->f->orgs[i].id);
        if (!span_eq(l->entry.seat, span_str(seat)) || !hash_eq(&w->node[i], &l->signature.key) || leaf_verify(l) != ST_OK)
            continue;
        if (l->entry.kind != KIND_FAULT)
            return true;
        if (codec_decode(&fault_desc, l->entry.body, &a, &body, NULL) != ST_OK)
            return false;
        for (size_t k = 0; k < r->n; k++)
            if (span_eq(body.org, span_str(r->f->orgs[k].id)) && ((r->bad_mask >> k) & 1) == 0)
                sim_fail(r->sim, SIM_GUILTY, "a fault proof on the ledger accuses %s, which is honest", r->f->orgs[k].id);
        return true;
    }
    return false;
}

/* Signed by the key that held this seat then, of an organisation that was there, and handed in by us? */
static bool is_of_its_author(const struct run *r, const struct walk *w, const struct leaf *l, uint64_t i)
{
    bool known = false;
    size_t org, seat;
    if (l->entry.kind == KIND_READY || l->entry.kind == KIND_SUPPORT || l->entry.kind == KIND_FAULT)
        return is_of_a_node(r, w, l);
    for (size_t k = 0; k < r->n_ids && !known; k++)
        known = hash_eq(&r->ids[k], &l->id);
    return known && is_seat(r, l->entry.seat, &org, &seat) && i <= w->left_leaf[org] &&
           hash_eq(&w->seats[org][seat], &l->signature.key) && leaf_verify(l) == ST_OK;
}

static void check_leaf(struct run *r, const struct view *v, const struct walk *w, const struct leaf *l, uint64_t i, uint64_t time_ms,
                       struct ids *ids)
{
    struct boundary b;
    struct err err;
    uint64_t leaf;
    const struct basis *basis = &l->entry.basis;
    if (l->entry.expires_ms <= time_ms)
        sim_fail(r->sim, SIM_EXPIRED, "leaf %" PRIu64 " had expired when it was taken", i);
    else if (rows_boundary(v, basis->size, false, &b, &err) != ST_OK || !hash_eq(&b.root, &basis->root))
        sim_fail(r->sim, SIM_BASIS, "the basis of leaf %" PRIu64 " is not on the record", i);
    else if (ids_find(ids, &l->id, &leaf))
        sim_fail(r->sim, SIM_TWICE, "an entry was applied twice, at leaves %" PRIu64 " and %" PRIu64, leaf, i);
    else if (!is_of_its_author(r, w, l, i))
        sim_fail(r->sim, SIM_VALID, "leaf %" PRIu64 " is not its author's", i);
    else
        ids_add(ids, &l->id, i, 1);
    struct sim_stats *n = sim_stats(r->sim);
    enum kind k = l->entry.kind;
    n->items += k == KIND_ITEM || k == KIND_ITEM_MOVE;
    n->readings += k >= KIND_READING && k <= KIND_REVEAL;
    n->sessions += k == KIND_SESSION || k == KIND_MINUTES;
    n->grants += k == KIND_GRANT || k == KIND_GRANT_MOVE;
}

static bool of_silence(const struct state_event *e)
{
    return !HAS(e, state_event_key_seat) && (e->type == EVENT_ESCALATED || e->type == EVENT_DEFAULT || e->type == EVENT_REJECTED ||
                                             e->type == EVENT_LAPSED);
}

/* Where a decision came to stand as it does. */
struct stand {
    uint64_t decision, height, from_ms, until_ms;
};

static uint64_t virtual_ms(uint64_t ledger_ms)
{
    return ledger_ms > load_start_ms() ? ledger_ms - load_start_ms() : 0;
}

/* Rule 14: from the ledger time at which the decision came to stand so, until its deadline, some node of the quorum that
 * let it fire was there to take an entry file. Counted besides: did it know by then that the decision stood so? A block
 * that is agreed upon late keeps its time (BFT-A6), so it may not have. */
static void check_heard(struct run *r, const struct view *v, const struct state_event *e, const struct stand *stand)
{
    struct arena a CLEANUP(arena_deinit);
    struct boundary b;
    struct err err;
    struct span bytes;
    struct certificate c;
    arena_init(&a, 0);
    if (rows_boundary(v, e->leaf + 1, true, &b, &err) != ST_OK || block_certificate(v, b.height, &bytes, &err) != ST_OK ||
        codec_decode(&certificate_desc, bytes, &a, &c, &err) != ST_OK)
        return;
    uint64_t since = virtual_ms(stand->from_ms), until = virtual_ms(stand->until_ms);
    bool there = false, knew = false;
    sim_stats(r->sim)->heard++;
    for (size_t i = 0; i < r->n; i++) {
        bool signed_it = false;
        for (size_t k = 0; k < c.sigs.n; k++)
            signed_it = signed_it || span_eq(c.sigs.v[k].org, span_str(r->f->orgs[i].id));
        if (!signed_it)
            continue;
        bool bad = ((r->bad_mask >> i) & 1) != 0; /* it may have been the one */
        uint64_t had = sim_applied_ms(r->sim, i, stand->height);
        there = there || bad || sim_awake_between(r->sim, i, since, until);
        knew = knew || bad || (had <= until && sim_awake_between(r->sim, i, had, until));
    }
    sim_stats(r->sim)->late_news += !knew;
    if (!there)
        sim_fail(r->sim, SIM_HEARD,
                 "the deadline of decision %" PRIu64 " at %" PRIu64 " ms fired in block %" PRIu64
                 ", and no node of its quorum could have taken an entry before it",
                 stand->decision, until, b.height);
}

static void check_silence(struct run *r, const struct view *v)
{
    uint8_t from[12] = {0};
    struct span key, value;
    struct stand stand = {0};
    struct err err;
    while (view_next(v, TABLE_EVENT, span_of(from, sizeof from), &key, &value) == ST_OK && key.n == 12) {
        struct arena a CLEANUP(arena_deinit);
        struct state_event e;
        struct boundary b;
        arena_init(&a, 0);
        uint64_t number = load_u64(key.p);
        memcpy(from, key.p, 12);
        store_u32(from + 8, load_u32(from + 8) + 1);
        if (codec_decode(&state_event_desc, value, &a, &e, &err) != ST_OK || rows_boundary(v, e.leaf + 1, true, &b, &err) != ST_OK)
            continue;
        if (of_silence(&e)) {
            sim_stats(r->sim)->timers++;
            if (number == stand.decision && stand.until_ms != 0)
                check_heard(r, v, &e, &stand);
        }
        if (HAS(&e, state_event_key_until_ms))
            stand = (struct stand){number, b.height, e.at_ms, e.until_ms};
    }
}

/* At a node whose organisation left it may wait for good: it is there to be handed in elsewhere. */
static bool waits_there(struct run *r, const struct acked *x)
{
    struct entry_status s;
    struct err err;
    return ((r->left >> x->node) & 1) != 0 && sim_replica(r->sim, x->node) != NULL &&
           replica_entry(sim_replica(r->sim, x->node), &x->id, &s, &err) == ST_OK && s.state == ENTRY_WAITING;
}

/* Its refusal is on that node's disk: the node may have died before it could say so. */
static bool was_refused(struct run *r, const struct acked *x)
{
    struct view v;
    struct err err;
    struct span row;
    if (x->refused || store_read_begin(sim_store(r->sim, x->node), &v, &err) != ST_OK)
        return x->refused;
    bool refused = view_get(&v, TABLE_REFUSED, span_hash(&x->id), &row) == ST_OK;
    store_read_end(sim_store(r->sim, x->node), &v);
    return refused;
}

static void check_leaves(struct run *r, const struct view *v, const struct tip *tip, struct ids *ids)
{
    struct err err;
    struct walk w = {0};
    uint64_t time_ms = 0;
    walk_begin(r, v, &w);
    for (uint64_t i = 0; i < tip->tree.size && sim_failed(r->sim) == NULL; i++) {
        struct arena a CLEANUP(arena_deinit);
        struct span bytes;
        struct leaf l;
        struct block_record rec;
        arena_init(&a, 0);
        if (block_leaf(v, i, &bytes, &err) != ST_OK)
            sim_fail(r->sim, SIM_LOST, "leaf %" PRIu64 " is not there", i);
        else if (leaf_parse(bytes, &a, &l, &err) == ST_OK) {
            check_leaf(r, v, &w, &l, i, time_ms, ids);
            walk_on(r, &l, &w);
        } else if (codec_decode(&block_record_desc, bytes, &a, &rec, &err) == ST_OK && rec.leaf == LEAF_BLOCK)
            time_ms = rec.time_ms; /* else a leaf of the genesis */
    }
}

/* ERA-3 */
void record_erased(struct run *r, size_t node, bool count)
{
    uint8_t from[8] = {0}, text[9] = {0};
    struct span key, value;
    struct view v;
    struct err err;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK) {
        sim_fail(r->sim, SIM_LOST, "node %zu: %.200s", node, err.text);
        return;
    }
    while (view_next(&v, TABLE_ERASED, span_of(from, sizeof from), &key, &value) == ST_OK && key.n == 8) {
        uint64_t leaf = load_u64(key.p);
        store_u64(from, leaf + 1);
        store_u64(text, leaf);
        sim_stats(r->sim)->erased += count;
        if (view_next(&v, TABLE_PROSE, span_of(text, sizeof text), &key, &value) == ST_OK && load_u64(key.p) == leaf)
            sim_fail(r->sim, SIM_ERASED, "node %zu keeps a text of leaf %" PRIu64 ", which was erased", node, leaf);
    }
    store_read_end(sim_store(r->sim, node), &v);
}

static void count_acts(struct run *r, const struct view *v)
{
    struct arena a CLEANUP(arena_deinit);
    struct span key, value;
    struct err err;
    arena_init(&a, 0);
    for (struct tkey from = {.n = 1}; view_next(v, TABLE_EVENT, tkey_span(&from), &key, &value) == ST_OK; from = tkey_after(key)) {
        struct state_event e;
        if (codec_decode(&state_event_desc, value, &a, &e, &err) != ST_OK)
            continue;
        sim_stats(r->sim)->expired += e.type == EVENT_EXPIRED;
        sim_stats(r->sim)->superseded += e.type == EVENT_SUPERSEDED;
        sim_stats(r->sim)->doubted += e.type == EVENT_DOUBTED;
    }
    for (struct tkey from = {.n = 1}; view_next(v, TABLE_TRIGGER, tkey_span(&from), &key, &value) == ST_OK; from = tkey_after(key)) {
        struct state_trigger t;
        if (codec_decode(&state_trigger_desc, value, &a, &t, &err) == ST_OK)
            sim_stats(r->sim)->triggers += HAS(&t, state_trigger_key_since_ms);
    }
    for (struct tkey from = {.n = 1}; view_next(v, TABLE_COMPUTED, tkey_span(&from), &key, &value) == ST_OK; from = tkey_after(key))
        sim_stats(r->sim)->computed++;
    for (struct tkey from = {.n = 1}; view_next(v, TABLE_SESSION, tkey_span(&from), &key, &value) == ST_OK; from = tkey_after(key)) {
        struct state_session s;
        if (codec_decode(&state_session_desc, value, &a, &s, &err) == ST_OK)
            sim_stats(r->sim)->refreshes += s.type == SESSION_REFRESH;
    }
}

void record_acts(struct run *r, size_t node)
{
    struct view v;
    struct err err;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK)
        return;
    count_acts(r, &v);
    store_read_end(sim_store(r->sim, node), &v);
}

void record_check(struct run *r, size_t node)
{
    struct ids *ids = ids_new();
    struct view v;
    struct err err;
    struct tip tip;
    struct arena a CLEANUP(arena_deinit);
    uint64_t leaf, deadline;
    arena_init(&a, 0);
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK || tip_load(&v, &tip, &err) != ST_OK) {
        sim_fail(r->sim, SIM_LOST, "node %zu: %.200s", node, err.text);
        return;
    }
    check_leaves(r, &v, &tip, ids);
    if (gov_next_deadline(&v, &deadline) == ST_OK && deadline <= tip.time_ms)
        sim_fail(r->sim, SIM_DEADLINE, "a deadline of %s has passed, and nothing happened", time_utc(deadline).s);
    for (size_t i = 0; i < r->n_acks; i++)
        if (!ids_find(ids, &r->acks[i].id, &leaf) && !was_refused(r, &r->acks[i]) && !waits_there(r, &r->acks[i]))
            sim_fail(r->sim, SIM_LOST, "entry %.16s... was acknowledged by node %zu and is lost", hex_of(&r->acks[i].id).s,
                     r->acks[i].node);
    if (gov_check(&v, &a, &err) != ST_OK)
        sim_fail(r->sim, SIM_TABLES, "node %zu: %.300s", node, err.text);
    if (sim_failed(r->sim) == NULL)
        check_silence(r, &v);
    store_read_end(sim_store(r->sim, node), &v);
    ids_free(ids);
}

static enum status put_block(const struct view *v, uint64_t height, FILE *f, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    struct pack_block b = {0};
    uint64_t first;
    size_t n;
    arena_init(&a, 0);
    enum status st = block_header(v, height, &b.header, err);
    if (st == ST_OK && height > 0)
        st = block_leaves(v, height, &a, &b.leaves.v, &b.leaves.n, err);
    if (st == ST_OK && height > 0) {
        SET_HAS(&b, pack_block_key_certificate);
        st = block_certificate(v, height, &b.certificate, err);
    }
    if (st == ST_OK && height > 0)
        st = block_range(v, height, &first, &n, err);
    if (st == ST_OK && height > 0)
        st = rows_prose(v, first, n, &a, &b.prose, err);
    return st == ST_OK ? pack_put(f, &pack_block_desc, &b, err) : st;
}

static enum status put_pack(const struct run *r, const struct view *v, const struct tip *tip, FILE *f, struct err *err)
{
    struct pack_head head = {.version = 1, .alliance = r->f->genesis.alliance, .genesis = r->f->genesis_bytes};
    struct pack_end end = {.blocks = tip->height + 1, .leaves = tip->tree.size};
    frontier_root(&tip->tree, &end.root);
    enum status st = pack_begin(f, PACK_MAGIC, err);
    if (st == ST_OK)
        st = pack_put(f, &pack_head_desc, &head, err);
    for (uint64_t h = 0; st == ST_OK && h <= tip->height; h++)
        st = put_block(v, h, f, err);
    return st == ST_OK ? pack_put(f, &pack_end_desc, &end, err) : st;
}

void record_audit(struct run *r, size_t node)
{
    struct arena a CLEANUP(arena_deinit);
    struct view v;
    struct err err = {0};
    struct tip tip;
    struct verify_report report = {0};
    struct verify_failure failure = {0};
    char *bytes = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&bytes, &n);
    arena_init(&a, 0);
    ASSERT(f != NULL);
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK)
        return;
    enum status st = tip_load(&v, &tip, &err);
    if (st == ST_OK)
        st = put_pack(r, &v, &tip, f, &err);
    store_read_end(sim_store(r->sim, node), &v);
    (void)fclose(f);
#ifdef ENTENTE_PLANTS /* the auditor has none of the bugs */
    int plant = entente_plant;
    entente_plant = 0;
#endif
    f = fmemopen(bytes, n, "rb");
    ASSERT(f != NULL);
    if (st == ST_OK)
        st = verify_pack(f, &(struct verify_how){.expect = &r->f->genesis.alliance}, &a, &report, &failure, &err);
    (void)fclose(f);
#ifdef ENTENTE_PLANTS
    entente_plant = plant;
#endif
    free(bytes);
    sim_stats(r->sim)->replayed_blocks += report.blocks;
    if (st != ST_OK)
        sim_fail(r->sim, SIM_AUDIT, "an auditor refuses the record of node %zu: height %" PRIu64 ", %s: %.300s", node, failure.height,
                 failure.region == NULL ? "" : failure.region, st == ST_BADSIG ? failure.why : err.text);
    else if (!hash_eq(&report.state_root, &tip.state.root))
        sim_fail(r->sim, SIM_AUDIT, "an auditor comes to another state root than node %zu", node);
}
