/* Making and executing a block: one run of the same steps, timers, entries, roots, record, header. */
#include "ledger/block.h"
#include "base/plant.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "ledger/say.h"
#include "merkle/rfc6962.h"

enum { RULES_VERSION = 1 };

/* What both ways of making a block share. */
struct run {
    const struct ledger *l;
    struct ledger ledger; /* the same, for gov's questions of the history */
    struct arena *a;
    struct gov gov;
    struct overlay state; /* governance tables */
    struct overlay nodes; /* sparse tree */
    struct block b;
    size_t bytes;
    uint32_t *places; /* leaf by id: open addressing, 0 is free; places_n is a power of two, over twice the entries */
    size_t places_n;
};

static uint32_t rules_known(const struct ledger *l)
{
    return l->rules_max == 0 ? GOV_RULES_MAX : l->rules_max;
}

/* Rules that this program lacks: it goes no further (GOV-39). */
static enum status known_rules(const struct ledger *l, struct err *err)
{
    uint32_t most = rules_known(l);
    if (l->tip->rules <= most)
        return ST_OK;
    return err_set(err, ST_UNSUPPORTED,
                   "rules version %" PRIu32 " is in force from block %" PRIu64 " on; this program knows version %" PRIu32
                   ": install a newer one",
                   l->tip->rules, l->tip->height + 1, most);
}

/* For gov: among the boundaries, which ascend in size and time, the last of a time at most at_ms; else the first. */
static enum status size_at(void *ctx, uint64_t at_ms, uint64_t *ret_size, struct err *err)
{
    const struct ledger *l = ctx;
    struct boundary b;
    enum status st = rows_boundary(l->view, 0, true, &b, err);
    if (st != ST_OK)
        return st == ST_NOTFOUND ? err_set(err, ST_CORRUPT, "table BOUNDARY is empty") : st;
    uint64_t lo = b.size, hi = l->tip->tree.size;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo + 1) / 2;
        st = rows_boundary(l->view, mid, true, &b, err);
        if (st != ST_OK && st != ST_NOTFOUND)
            return st;
        if (st == ST_OK && b.time_ms <= at_ms)
            lo = b.size;
        else
            hi = mid - 1;
    }
    *ret_size = lo;
    return ST_OK;
}

/* Of the next block. */
static uint64_t epoch_of(const struct ledger *l)
{
    return l->refounding == NULL ? l->tip->epoch : l->refounding->statement.epoch;
}

/* REF-4, before all else in the first block of an epoch. ST_END: unsound, gov.why says so. */
static enum status begin_epoch(struct run *r, struct err *err)
{
    bool sound;
    if (r->l->refounding == NULL)
        return ST_OK;
    enum status st = gov_refound(&r->gov, r->l->refounding, &sound, err);
    return st == ST_OK && !sound ? ST_END : st;
}

static void run_init(struct run *r, const struct ledger *l, uint64_t time_ms, struct arena *a)
{
    *r = (struct run){.l = l, .ledger = *l, .a = a};
    overlay_init(&r->state, l->view, a);
    overlay_init(&r->nodes, l->view, a);
    r->b.first_leaf = l->tip->tree.size;
    r->gov = (struct gov){.state = &r->state,
                          .arena = a,
                          .time_ms = time_ms,
                          .prev_time_ms = l->tip->time_ms,
                          .height = l->tip->height + 1,
                          .epoch = epoch_of(l),
                          .leaf = r->b.first_leaf,
                          .rules = l->tip->rules,
                          .history = {&r->ledger, size_at}};
}

/* ST_END: the refounding is unsound, gov.why says so. */
static enum status run_begin(struct run *r, const struct ledger *l, uint64_t time_ms, struct arena *a, bool *ret_more, struct err *err)
{
    enum status st = known_rules(l, err);
    if (st != ST_OK)
        return st;
    run_init(r, l, time_ms, a);
    st = begin_epoch(r, err);
    if (st != ST_OK)
        return st;
    if (PLANTED(24)) {
        *ret_more = false;
        return ST_OK;
    }
    return gov_timers(&r->gov, &r->b.timers, ret_more, err);
}

/* The rule behind a verdict of block_admit. */
static const char *admission_rule(enum verdict v)
{
    if (v == V_WRONG_ALLIANCE)
        return "ENT-3";
    if (v == V_DUPLICATE)
        return "ENT-2";
    return v == V_EXPIRED || v == V_EXPIRY_TOO_FAR ? "ENT-6" : "ENT-5";
}

/* After a verdict other than V_OK, r->gov.rule says which rule. */
static enum status run_entry(struct run *r, const struct leaf *leaf, uint64_t index, enum verdict *ret_verdict, char *why, struct err *err)
{
    enum status st = block_admit(r->l, leaf, r->gov.time_ms, ret_verdict, why, err);
    r->gov.rule = admission_rule(*ret_verdict);
    if (st != ST_OK || *ret_verdict != V_OK)
        return st;
    r->gov.leaf = index;
    struct gov_entry e = {
        .entry = &leaf->entry, .id = leaf->id, .key = {.alg = leaf->signature.alg, .key = leaf->signature.key}};
    st = gov_apply(&r->gov, &e, ret_verdict, err);
    if (st == ST_OK && *ret_verdict != V_OK)
        say(why, "%s", r->gov.why);
    return st;
}

/* Sparse nodes live in the overlay of rows until the block is flushed. */
static enum status sparse_get_node(void *ctx, uint64_t id, uint8_t *node, size_t *ret_n)
{
    struct run *r = ctx;
    struct view v = overlay_view(&r->nodes);
    return rows_sparse_node(&v, id, node, ret_n);
}

static enum status sparse_put_node(void *ctx, uint64_t id, struct span node)
{
    struct run *r = ctx;
    uint8_t key[8];
    store_u64(key, id);
    overlay_put(&r->nodes, TABLE_SPARSE, span_of(key, 8), node);
    return ST_OK;
}

static enum status sparse_retire_node(void *ctx, uint64_t id)
{
    struct run *r = ctx;
    uint8_t key[8];
    store_u64(key, id);
    overlay_del(&r->nodes, TABLE_SPARSE, span_of(key, 8));
    return ST_OK;
}

/* BLK-5: the sparse tree after the net writes. */
static enum status state_root(struct run *r, struct err *err)
{
    struct sparse_change *v = arena_array(r->a, r->b.n_writes + 1, sizeof *v);
    ASSERT(v != NULL);
    size_t n = 0;
    for (size_t i = 0; i < r->b.n_writes; i++) {
        const struct overlay_write *w = &r->b.writes[i];
        if (!table_in_state_root(w->table))
            continue;
        sparse_key(w->table, w->key, &v[n].key);
        v[n].removed = w->value.p == NULL;
        if (!v[n].removed)
            sparse_value(w->value, &v[n].value);
        n++;
    }
    sparse_sort(v, n);
    struct sparse_store store = {r, sparse_get_node, sparse_put_node, sparse_retire_node};
    enum status st = sparse_update(&r->l->tip->state, v, n, &store, &r->b.after.state, NULL, err);
    return st == ST_OK ? overlay_writes(&r->nodes, r->a, &r->b.nodes, &r->b.n_nodes) : st;
}

/* BLK-4. */
static enum status writes_root(struct run *r, struct hash *ret_root, struct err *err)
{
    enum status st = overlay_writes(&r->state, r->a, &r->b.writes, &r->b.n_writes);
    if (st != ST_OK)
        return err_set(err, st, "block %" PRIu64 ": its net writes cannot be read", r->gov.height);
    struct hash *leaves = arena_array(r->a, r->b.n_writes + 1, sizeof *leaves);
    ASSERT(leaves != NULL);
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    for (size_t i = 0; i < r->b.n_writes; i++) {
        const struct overlay_write *w = &r->b.writes[i];
        struct write row = {.table = w->table, .key = w->key};
        if (w->value.p != NULL) {
            row.value = w->value;
            SET_HAS(&row, write_key_value);
        }
        buf_reset(&b);
        st = codec_encode(&write_desc, &row, &b);
        if (st != ST_OK)
            return err_set(err, st, "block %" PRIu64 ": a write of table %s cannot be encoded", r->gov.height, table_name(w->table));
        rfc6962_leaf(buf_span(&b), &leaves[i]);
    }
    rfc6962_root(leaves, r->b.n_writes, ret_root);
    return ST_OK;
}

/* Encodes into the arena. */
static enum status encode(struct arena *a, const struct record_desc *d, const void *rec, struct span *ret_bytes, struct err *err)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    enum status st = codec_encode(d, rec, &b);
    if (st != ST_OK)
        return err_set(err, st, "%s: cannot be encoded", d->name);
    *ret_bytes = arena_dup(a, buf_span(&b));
    return ST_OK;
}

/* BLK-6. */
static enum status next_set(struct run *r, struct block_record *rec, struct err *err)
{
    struct view v = overlay_view(&r->state);
    struct validator_set set;
    enum status st = gov_validators(&v, r->a, &set, err);
    if (st != ST_OK)
        return st;
    validators_hash(&set, &rec->next_validators);
    bool genesis = rec->height == 0;
    rec->validators = genesis ? rec->next_validators : r->l->tip->validators;
    if (r->l->refounding != NULL) {
        struct validator_set *first = arena_alloc(r->a, sizeof *first);
        struct validator_set said = {.members = r->l->refounding->statement.set};
        if (first == NULL || validators_copy(&said, r->a, first) != ST_OK)
            return err_set(err, ST_LIMIT, "no room for the set of a new epoch");
        validators_hash(first, &rec->validators);
        r->b.begins = first;
    }
    if (genesis || !hash_eq(&rec->validators, &rec->next_validators)) {
        rec->next_set = (struct validator_list){set.members.n, set.members.v};
        SET_HAS(rec, block_record_key_next_set);
    }
    r->b.after.validators = rec->next_validators;
    return ST_OK;
}

/* GOV-39: the rules of the block after this one. */
static enum status next_rules(struct run *r, struct err *err)
{
    struct view v = overlay_view(&r->state);
    return gov_rules(&v, &r->b.after.rules, err);
}

/* After timers and entries: everything of the record that follows from them. Leaves 1 and on are in b.leaves. */
static enum status run_end(struct run *r, struct span proposer, const struct hash *last_commit, struct err *err)
{
    const struct tip *tip = r->l->tip;
    struct block_record *rec = &r->b.record;
    r->b.after = *tip;
    *rec = (struct block_record){.leaf = LEAF_BLOCK,
                                 .version = 1,
                                 .alliance = tip->alliance,
                                 .height = r->gov.height,
                                 .epoch = epoch_of(r->l),
                                 .time_ms = r->gov.time_ms,
                                 .prev = tip->block,
                                 .proposer = proposer,
                                 .rules = tip->rules,
                                 .entries = r->b.n_leaves - 1,
                                 .last_commit = *last_commit};
    if (proposer.n != 0)
        SET_HAS(rec, block_record_key_proposer);
    enum status st = writes_root(r, &rec->writes_root, err);
    if (st == ST_OK)
        st = state_root(r, err);
    if (st == ST_OK)
        st = next_set(r, rec, err);
    if (st == ST_OK)
        st = next_rules(r, err);
    if (st != ST_OK)
        return st;
    rec->state_root = r->b.after.state.root;
    st = encode(r->a, &block_record_desc, rec, &r->b.leaves[0], err);
    if (st != ST_OK)
        return st;
    struct hash h;
    for (size_t i = 0; i < r->b.n_leaves; i++) {
        if (i > 0 && r->b.entries != NULL)
            h = r->b.entries[i - 1].leaf_hash;
        else
            rfc6962_leaf(r->b.leaves[i], &h);
        frontier_append(&r->b.after.tree, &h);
    }
    frontier_root(&r->b.after.tree, &r->b.root);
    struct header header = {.record = r->b.leaves[0], .size = r->b.after.tree.size, .root = r->b.root};
    st = encode(r->a, &header_desc, &header, &r->b.header_bytes, err);
    if (st != ST_OK)
        return st;
    sha256(r->b.header_bytes, &r->b.id);
    r->b.after.block = r->b.id;
    r->b.after.height = rec->height;
    r->b.after.epoch = rec->epoch;
    r->b.after.time_ms = rec->time_ms;
    return ST_OK;
}

/* Where this id is, or would be. An author can choose ids that share these bytes: a long run costs time, never a wrong
 * answer, and a block is bounded. */
static uint32_t *place_of(struct run *r, const struct hash *id)
{
    size_t i = (size_t)load_u64(id->b) & (r->places_n - 1);
    while (r->places[i] != 0 && !hash_eq(&r->b.entries[r->places[i] - 1].id, id))
        i = (i + 1) & (r->places_n - 1);
    return &r->places[i];
}

static void take_entry(struct run *r, const struct leaf *leaf)
{
    *place_of(r, &leaf->id) = (uint32_t)r->b.n_leaves;
    r->b.entries[r->b.n_leaves - 1] = *leaf;
    r->b.leaves[r->b.n_leaves] = leaf->bytes;
    r->b.n_leaves++;
    r->bytes += leaf->bytes.n;
}

static void room_for(struct run *r, size_t n)
{
    r->b.leaves = arena_array(r->a, n + 1, sizeof *r->b.leaves);
    r->b.entries = arena_array(r->a, n + 1, sizeof *r->b.entries);
    ASSERT(r->b.leaves != NULL);
    ASSERT(r->b.entries != NULL);
    r->b.n_leaves = 1;
    for (r->places_n = 16; r->places_n <= 2 * n;)
        r->places_n *= 2;
    r->places = arena_array(r->a, r->places_n, sizeof *r->places);
    ASSERT(r->places != NULL);
    memset(r->places, 0, r->places_n * sizeof *r->places);
}

/* What of the candidates is accepted, in their order. more: timers are left, so there is room for none. */
static enum status take_candidates(struct run *r, const struct gov_clock *clock, bool more, struct block_candidate *candidates,
                                   size_t n, struct err *err)
{
    room_for(r, n);
    for (size_t i = 0; i < n; i++) {
        struct block_candidate *c = &candidates[i];
        c->left_out = more || r->b.n_leaves > clock->block_entries || r->bytes + c->leaf.bytes.n > clock->block_bytes;
        if (c->left_out)
            continue;
        enum status st = run_entry(r, &c->leaf, r->b.first_leaf + r->b.n_leaves, &c->verdict, c->why, err);
        if (st != ST_OK)
            return st;
        if (c->verdict != V_OK)
            continue;
        ASSERT(*place_of(r, &c->leaf.id) == 0); /* ENT-2 within the block */
        take_entry(r, &c->leaf);
    }
    return ST_OK;
}

enum status block_make(const struct ledger *l, uint64_t time_ms, struct span proposer, const struct hash *last_commit,
                       struct block_candidate *candidates, size_t n, struct arena *a, struct block *ret_block, struct err *err)
{
    struct run r;
    bool more;
    struct gov_clock clock;
    ASSERT(time_ms > l->tip->time_ms); /* BLK-3 */
    enum status st = run_begin(&r, l, time_ms, a, &more, err);
    if (st == ST_END)
        return err_set(err, ST_MISMATCH, "the refounding of epoch %" PRIu64 " cannot be carried out: %.200s", epoch_of(l), r.gov.why);
    if (st == ST_OK)
        st = gov_clock(l->view, a, &clock, err);
    if (st != ST_OK)
        return st;
    st = take_candidates(&r, &clock, more, candidates, n, err);
    if (st != ST_OK)
        return st;
    if (r.b.n_leaves == 1 && r.b.timers == 0 && l->refounding == NULL) /* BLK-8 */
        return ST_END;
    st = run_end(&r, arena_dup(a, proposer), last_commit, err);
    if (st == ST_OK)
        *ret_block = r.b;
    return st;
}

enum status block_judge(const struct ledger *l, uint64_t time_ms, struct block_candidate *candidates, size_t n, struct arena *a,
                        struct err *err)
{
    struct run r;
    struct gov_clock clock;
    bool more, any = false;
    bool calm = l->clock != NULL && time_ms < l->calm_until_ms && l->refounding == NULL && l->tip->rules <= rules_known(l);
    if (calm && n == 1) {
        run_init(&r, l, time_ms, a);
        return take_candidates(&r, l->clock, false, candidates, n, err);
    }
    for (size_t i = 0; i < n; i++) { /* what needs no execution; timers may be many */
        struct block_candidate *c = &candidates[i];
        c->left_out = false;
        enum status st = block_admit(l, &c->leaf, time_ms, &c->verdict, c->why, err);
        if (st != ST_OK)
            return st;
        any = any || c->verdict == V_OK;
    }
    if (!any)
        return ST_OK;
    enum status st = run_begin(&r, l, time_ms, a, &more, err);
    if (st == ST_END)
        return err_set(err, ST_MISMATCH, "the refounding of epoch %" PRIu64 " cannot be carried out: %.200s", epoch_of(l), r.gov.why);
    if (st == ST_OK)
        st = gov_clock(l->view, a, &clock, err);
    return st == ST_OK ? take_candidates(&r, &clock, more, candidates, n, err) : st;
}

/* Parses what came, and the rules that need no execution. NULL when fine, else what is wrong. */
static const char *check_header(const struct ledger *l, const struct header *h, const struct block_record *rec, size_t n)
{
    if (rec->leaf != LEAF_BLOCK)
        return "BLK-1: leaf 0 is no block record";
    if (!hash_eq(&rec->alliance, &l->tip->alliance))
        return "BLK-1: another alliance";
    if (rec->height != l->tip->height + 1)
        return "BLK-2: not the next height";
    if (rec->epoch != epoch_of(l))
        return "BLK-2: another epoch";
    if (l->refounding != NULL && !hash_eq(&rec->last_commit, &l->refounding->hash))
        return "BLK-7: its last commit is not the refounding";
    if (rec->time_ms <= l->tip->time_ms)
        return "BLK-3: its time is not after the previous block's";
    if (!hash_eq(&rec->prev, &l->tip->block))
        return "BLK-2: it follows another block";
    if (rec->entries != n)
        return "BLK-1: its count of entries is not what came";
    if (rec->rules != l->tip->rules)
        return "BLK-9: another rules version";
    if (h->size != l->tip->tree.size + 1 + n)
        return "BLK-2: its tree size does not follow";
    if (!HAS(rec, block_record_key_proposer))
        return "BLK-10: no proposer";
    return NULL;
}

/* Executes the entries in order. ST_END: invalid, why is set. */
static enum status execute_entries(struct run *r, const struct span *leaves, size_t n, const struct block_verifier *verifier,
                                   char why[256], struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct leaf leaf;
        struct err form;
        enum verdict verdict;
        if (leaf_parse(arena_dup(r->a, leaves[i]), r->a, &leaf, &form) != ST_OK) {
            say(why, "%s: entry %zu: %.200s", form.rule != NULL ? form.rule : "ENT-2", i + 1, form.text);
            return ST_END;
        }
        if (*place_of(r, &leaf.id) != 0) {
            say(why, "ENT-2: entry %zu: it is in the block twice", i + 1);
            return ST_END;
        }
        if (verifier->verify(verifier->ctx, &leaf) != ST_OK) {
            say(why, "SIG-4: entry %zu: its signature does not verify", i + 1);
            return ST_END;
        }
        enum status st = run_entry(r, &leaf, r->b.first_leaf + r->b.n_leaves, &verdict, why, err);
        if (st != ST_OK)
            return st;
        if (verdict != V_OK) {
            char particulars[256];
            memcpy(particulars, why, sizeof particulars);
            say(why, "%s: entry %zu: %s: %.150s", r->gov.rule, i + 1, verdict_text(verdict), particulars);
            return ST_END;
        }
        take_entry(r, &leaf);
    }
    return ST_OK;
}

/* BLK-4 to BLK-6: what came against what execution gives. */
static bool compare(const struct run *r, const struct block_record *came, struct span came_header, char why[256])
{
    const struct block_record *own = &r->b.record;
    if (PLANTED(39))
        return true;
    if (!hash_eq(&own->writes_root, &came->writes_root))
        say(why, "BLK-4: writes root %.16s..., execution here gives %.16s... (%zu writes)", hex_of(&came->writes_root).s,
            hex_of(&own->writes_root).s, r->b.n_writes);
    else if (!hash_eq(&own->state_root, &came->state_root))
        say(why, "BLK-5: state root %.16s..., execution here gives %.16s...", hex_of(&came->state_root).s,
            hex_of(&own->state_root).s);
    else if (!hash_eq(&own->validators, &came->validators) || !hash_eq(&own->next_validators, &came->next_validators))
        say(why, "BLK-6: its validators are not those in force here");
    else if (!span_eq(r->b.header_bytes, came_header))
        say(why, "BLK-2: its header is not what its content gives");
    else
        return true;
    return false;
}

/* BLK-10: is it a member of the set that decides the block? */
static enum status has_proposer(const struct ledger *l, struct span org, struct arena *a, bool *ret_member, struct err *err)
{
    struct validator_set set;
    enum status st = ST_OK;
    if (l->refounding != NULL)
        set = (struct validator_set){.members = l->refounding->statement.set};
    else
        st = gov_validators(l->view, a, &set, err);
    if (st == ST_OK)
        *ret_member = validators_find(&set, org) >= 0;
    return st;
}

enum status block_execute(const struct ledger *l, struct span header_bytes, const struct span *leaves, size_t n,
                          const struct block_verifier *verifier, struct arena *a, bool *ret_valid, struct block *ret_block,
                          char why[256], struct err *err)
{
    struct header header;
    struct block_record came;
    struct err form;
    *ret_valid = false;
    why[0] = 0;
    if (n > LIMIT_BLOCK_ENTRIES) {
        say(why, "BLK-11: %zu entries", n);
        return ST_OK;
    }
    if (codec_decode(&header_desc, header_bytes, a, &header, &form) != ST_OK ||
        codec_decode(&block_record_desc, header.record, a, &came, &form) != ST_OK) {
        say(why, "BLK-2: %.220s", form.text);
        return ST_OK;
    }
    const char *wrong = check_header(l, &header, &came, n);
    if (wrong != NULL) {
        say(why, "%s", wrong);
        return ST_OK;
    }
    struct run r;
    struct gov_clock clock;
    bool more, member = false;
    enum status st = has_proposer(l, came.proposer, a, &member, err);
    if (st != ST_OK)
        return st;
    if (!member) {
        say(why, "BLK-10: its proposer %.*s has no voting node", SPAN_FMT(came.proposer));
        return ST_OK;
    }
    st = run_begin(&r, l, came.time_ms, a, &more, err);
    if (st == ST_END) {
        say(why, "%s", r.gov.why);
        return ST_OK;
    }
    if (st == ST_OK)
        st = gov_clock(l->view, a, &clock, err);
    if (st != ST_OK)
        return st;
    room_for(&r, n);
    if (more && n > 0)
        say(why, "GOV-T1: more timers are due than fire in one block, and it holds entries");
    else if (n > clock.block_entries)
        say(why, "BLK-11: %zu entries; at most %u", n, clock.block_entries);
    else if (n == 0 && r.b.timers == 0 && l->refounding == NULL)
        say(why, "BLK-8: an empty block");
    if (why[0] != 0)
        return ST_OK;
    st = execute_entries(&r, leaves, n, verifier, why, err);
    if (st == ST_END)
        return ST_OK;
    if (st != ST_OK)
        return st;
    if (r.bytes > clock.block_bytes) {
        say(why, "BLK-11: %zu bytes of leaves; at most %u", r.bytes, clock.block_bytes);
        return ST_OK;
    }
    st = run_end(&r, arena_dup(a, came.proposer), &came.last_commit, err);
    if (st != ST_OK)
        return st;
    *ret_valid = compare(&r, &came, header_bytes, why);
    if (*ret_valid)
        *ret_block = r.b;
    return ST_OK;
}

enum status block_refounding_sound(const struct ledger *l, struct arena *a, bool *ret_sound, char why[256], struct err *err)
{
    struct run r;
    ASSERT(l->refounding != NULL);
    run_init(&r, l, l->tip->time_ms, a);
    enum status st = begin_epoch(&r, err);
    *ret_sound = st == ST_OK;
    if (st == ST_END)
        say(why, "%s", r.gov.why);
    return st == ST_END ? ST_OK : st;
}

/* A view of nothing, below the genesis. */
static enum status empty_get(void *ctx, uint8_t table, struct span key, struct span *ret_value)
{
    (void)ctx, (void)table, (void)key, (void)ret_value;
    return ST_NOTFOUND;
}

static enum status empty_seek(void *ctx, uint8_t table, struct span at, struct span *ret_key, struct span *ret_value)
{
    (void)ctx, (void)table, (void)at, (void)ret_key, (void)ret_value;
    return ST_END;
}

static const struct view empty_view = {NULL, empty_get, empty_seek, empty_seek};

enum status block_genesis(const struct genesis_info *g, struct arena *a, struct block *ret_block, struct err *err)
{
    struct tip none = {.alliance = g->alliance, .rules = RULES_VERSION};
    struct ledger l = {.tip = &none, .view = &empty_view};
    struct run r = {.l = &l, .a = a};
    overlay_init(&r.state, &empty_view, a);
    overlay_init(&r.nodes, &empty_view, a);
    r.gov = (struct gov){.state = &r.state, .arena = a, .time_ms = g->founded_ms, .rules = RULES_VERSION};
    const struct span_list *sections = &g->genesis.sections, *cards = &g->genesis.cards;
    enum status st = gov_genesis(&r.gov, sections->v, sections->n, cards->v, cards->n, err);
    if (st != ST_OK)
        return st;
    room_for(&r, sections->n + cards->n);
    r.b.entries = NULL;
    for (size_t i = 0; i < sections->n; i++)
        r.b.leaves[r.b.n_leaves++] = arena_dup(a, sections->v[i]);
    for (size_t i = 0; i < cards->n; i++)
        r.b.leaves[r.b.n_leaves++] = arena_dup(a, cards->v[i]);
    static const struct hash zeros;
    st = run_end(&r, (struct span){NULL, 0}, &zeros, err);
    if (st == ST_OK)
        *ret_block = r.b;
    return st;
}
