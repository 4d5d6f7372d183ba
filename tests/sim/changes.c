/* Changes of the alliance itself while faults run: organisations come and go, nodes get fresh keys, keys are
 * revoked, seats get other holders. Each is real entries through the normal path; what is due next is read
 * from the record of some node, and what got lost is handed in again. One change at a time, so that the bad
 * nodes stay at most f of each set. */
#include "run.h"
#include "ledger/rows.h"
#include "recovery/rebuild.h"

enum { AGAIN_MS = 8000, DECISIONS_LOOKED_AT = 40, REGISTRAR = FIXTURE_SEATS - 1, KEYS = 4, NOWHERE_MS = 45000, IMPORT_MS = 500 };

static struct ed25519_key **key_of(struct fixture_org *o, size_t which)
{
    struct ed25519_key **const keys[KEYS] = {&o->vote, &o->cosign, &o->log, &o->node};
    return keys[which];
}

/* A key of this run's making: it is freed with it. */
static void made(struct run *r, struct ed25519_key *key)
{
    ASSERT(r->n_made < RUN_KEYS_MAX);
    r->made[r->n_made++] = key;
}

void changes_init(struct run *r, const struct fixture *founded)
{
    r->founded = founded;
    r->own = *founded;
    r->f = &r->own;
    arena_init(&r->f->a, 0);
    r->f->rng.state = r->plan->seed * 977 + 3;
    r->f->random = fixture_rng_of(&r->f->rng);
    for (size_t i = 0; i < r->plan->newcomers; i++) {
        struct fixture_org *o = &r->f->orgs[fixture_newcomer(r->f, !r->plan->witness[i])];
        for (size_t k = 0; k < KEYS; k++)
            made(r, *key_of(o, k));
        for (size_t k = 0; k < FIXTURE_SEATS; k++)
            made(r, o->seats[k]);
    }
    memcpy(r->first, r->f->orgs, sizeof r->first);
    r->change.kind = PLAN_FAULT_KINDS;
}

void changes_deinit(struct run *r)
{
    for (size_t i = 0; i < r->n_made; i++)
        ed25519_free(r->made[i]);
    arena_deinit(&r->f->a);
}

void changes_want(struct run *r, const struct plan_fault *x)
{
    if (r->n_wanted < RUN_CHANGES_MAX)
        r->wanted[r->n_wanted++] = *x;
}

bool changes_pending(const struct run *r)
{
    return r->change.kind != PLAN_FAULT_KINDS || r->n_wanted > 0;
}

const char *changes_words(const struct run *r)
{
    enum plan_fault_kind kind = r->change.kind;
    return kind == FAULT_ADMIT    ? "an admission"
           : kind == FAULT_REMOVE ? "a removal"
           : kind == FAULT_REKEY  ? "fresh keys"
           : kind == FAULT_HOLDER ? "another holder"
           : r->change.revoked    ? "fresh keys after a revocation"
                                  : "a revocation";
}

/* -- What a node's record says -- */

static bool read_party(struct run *r, size_t at, size_t who, struct arena *a, struct state_party *ret_party)
{
    struct view v;
    struct err err;
    if (store_read_begin(sim_store(r->sim, at), &v, &err) != ST_OK)
        return false;
    enum status st = replica_party(&v, span_str(r->f->orgs[who].id), a, ret_party, &err);
    store_read_end(sim_store(r->sim, at), &v);
    return st == ST_OK;
}

static enum standing standing_of(const struct state_party *p)
{
    return HAS(p, state_party_key_standing) ? p->standing : STANDING_ACTIVE;
}

uint64_t changes_exit_height(struct run *r, size_t at, size_t who)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_party p;
    struct boundary b = {0};
    struct view v;
    struct err err;
    arena_init(&a, 0);
    if (!read_party(r, at, who, &a, &p) || standing_of(&p) != STANDING_LEFT ||
        store_read_begin(sim_store(r->sim, at), &v, &err) != ST_OK)
        return UINT64_MAX;
    enum status st = rows_boundary(&v, p.changed_leaf + 1, true, &b, &err);
    store_read_end(sim_store(r->sim, at), &v);
    return st == ST_OK ? b.height : UINT64_MAX;
}

/* The decision that our proposal opened, while it is open. */
static bool find_open(struct run *r, size_t at, const struct hash *proposal, struct arena *a,
                      struct state_decision *ret)
{
    struct view v;
    struct err err;
    uint8_t upto[8];
    struct span key, value;
    bool found = false;
    if (store_read_begin(sim_store(r->sim, at), &v, &err) != ST_OK)
        return false;
    store_u64(upto, UINT64_MAX);
    for (int i = 0; i < DECISIONS_LOOKED_AT && !found; i++) {
        if (view_prev(&v, TABLE_DECISION, span_of(upto, 8), &key, &value) != ST_OK)
            break;
        store_u64(upto, load_u64(key.p) - 1);
        found = codec_decode(&state_decision_desc, arena_dup(a, value), a, ret, &err) == ST_OK &&
                hash_eq(&ret->digest, proposal);
    }
    store_read_end(sim_store(r->sim, at), &v);
    return found && ret->phase == PHASE_OPEN;
}

static bool holds(struct run *r, size_t at, size_t who, size_t seat, const struct ed25519_key *key)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_seat s;
    struct view v;
    struct err err;
    struct span value;
    char name[80];
    arena_init(&a, 0);
    (void)snprintf(name, sizeof name, "%s/%s", r->f->orgs[who].id, fixture_seat_names[seat]);
    if (store_read_begin(sim_store(r->sim, at), &v, &err) != ST_OK)
        return false;
    bool found = view_get(&v, TABLE_SEAT, span_str(name), &value) == ST_OK &&
                 codec_decode(&state_seat_desc, arena_dup(&a, value), &a, &s, &err) == ST_OK;
    store_read_end(sim_store(r->sim, at), &v);
    return found && s.keys.n == 1 && hash_eq(&s.keys.v[0].key, &key->pub);
}

/* -- May it be? -- */

static bool is_bad(const struct run *r, size_t i)
{
    return ((r->bad_mask >> i) & 1) != 0;
}

static bool has_left(const struct run *r, size_t i)
{
    return ((r->left >> i) & 1) != 0;
}

size_t changes_partner(const struct run *r)
{
    size_t i = 0;
    while (!r->f->orgs[i].partner || has_left(r, i))
        i++;
    return i;
}

static bool bears_its_bad(const struct run *r, uint64_t set)
{
    size_t n = (size_t)__builtin_popcountll(set), bad = (size_t)__builtin_popcountll(set & r->bad_mask);
    return n >= 2 && bad <= (n - 1) / 3;
}

/* The set without it has no more bad nodes than it may, also when those are back that are to vote again with fresh keys; and there
 * is something left to agree about. */
static bool can_do_without(const struct run *r, size_t who, bool for_good)
{
    uint64_t others = ~((uint64_t)1 << who), set = sim_validators(r->sim) & others;
    size_t partners = 0;
    for (size_t i = 0; i < r->n; i++)
        partners += i != who && r->f->orgs[i].partner && !has_left(r, i);
    return bears_its_bad(r, set) && bears_its_bad(r, set | (r->bad_mask & ~r->left & others)) && (!for_good || partners >= 2);
}

static bool is_possible(const struct run *r, const struct plan_fault *x)
{
    if (x->kind == FAULT_ADMIT)
        return x->a >= r->n && x->a < r->f->n;
    if (x->a >= r->n || has_left(r, x->a))
        return false;
    if (x->kind == FAULT_HOLDER)
        return r->f->orgs[x->a].partner;
    if (x->kind == FAULT_REMOVE || x->kind == FAULT_REVOKE)
        return can_do_without(r, x->a, x->kind == FAULT_REMOVE);
    return true;
}

/* -- Fresh keys -- */

/* Fresh ones for all (which: KEYS), or for one of them. They wait at the node. */
static void make_keys(struct run *r, struct change_wanted *c, size_t which)
{
    c->fresh = r->f->orgs[c->who];
    fixture_rekey(r->f, &c->fresh);
    for (size_t k = 0; k < KEYS; k++) {
        made(r, *key_of(&c->fresh, k));
        if (which != KEYS && which != k)
            *key_of(&c->fresh, k) = *key_of(&r->f->orgs[c->who], k);
    }
    c->card = fixture_card(r->f, &c->fresh, false, &c->card_digest);
    struct sim_keys keys = {
        .vote = c->fresh.vote, .cosign = c->fresh.cosign, .log = c->fresh.log, .node = c->fresh.node};
    sim_rekey(r->sim, c->who, &keys);
}

static void begin_change(struct run *r, const struct plan_fault *x)
{
    struct change_wanted *c = &r->change;
    *c = (struct change_wanted){.kind = x->kind, .who = x->a, .what = x->c};
    if (x->kind == FAULT_ADMIT)
        c->card = fixture_card(r->f, &r->f->orgs[x->a], true, &c->card_digest);
    else if (x->kind == FAULT_REKEY)
        make_keys(r, c, x->c == 1 ? 0 : KEYS);
    else if (x->kind == FAULT_HOLDER) {
        enum status st = ed25519_new(&r->f->random, &c->seat);
        ASSERT(st == ST_OK);
        made(r, c->seat);
    }
}

static void end_change(struct run *r, uint64_t *count)
{
    (*count)++;
    r->change.kind = PLAN_FAULT_KINDS;
}

/* -- Entries -- */

/* Some member's node, which may be a bad one. */
static bool some_node(struct run *r, bool honest, size_t *ret_node)
{
    for (int tries = 0; tries < 20; tries++) {
        size_t i = sim_random(r->sim, r->n);
        if (!sim_awake(r->sim, i) || has_left(r, i) || (honest && is_bad(r, i)))
            continue;
        *ret_node = i;
        return true;
    }
    return false;
}

static void hand_in(struct run *r, struct fixture_entry *e)
{
    size_t node;
    struct hash id;
    if (some_node(r, false, &node))
        (void)load_hand_in(r, node, e, &id);
}

/* Not within the last seconds; then: now. */
static bool is_due(struct run *r, uint64_t *at_ms)
{
    uint64_t now = sim_now(r->sim) + 1;
    if (*at_ms != 0 && now < *at_ms + AGAIN_MS)
        return false;
    *at_ms = now;
    return true;
}

static void by_registrar(struct run *r, enum kind kind, const void *body)
{
    struct fixture_entry e = {.kind = kind, .body = body, .org = r->change.who, .seat = REGISTRAR};
    if (is_due(r, &r->change.voted_ms))
        hand_in(r, &e);
}

static void propose(struct run *r, const char *row, const struct effect *effect, const char *partner)
{
    struct change_wanted *c = &r->change;
    struct propose body = {.type = span_str(row), .proposal.effect = *effect};
    struct prose prose = load_text(r, row, &body.proposal.title);
    struct fixture_entry e = {.kind = KIND_PROPOSE, .body = &body, .seat = 0, .prose = &prose, .n_prose = 1};
    size_t node;
    struct hash id;
    e.org = changes_partner(r);
    while (!r->f->orgs[e.org].partner || has_left(r, e.org) || e.org == c->who)
        e.org++;
    if (partner != NULL) {
        body.proposal.partner = span_str(partner);
        SET_HAS(&body.proposal, proposal_key_partner);
    }
    if (some_node(r, false, &node) && load_hand_in(r, node, &e, &id))
        c->proposal = id;
}

/* The sponsors of all partners that are asked. */
static void vote(struct run *r, const struct state_decision *d)
{
    for (size_t i = 0; i < r->n; i++) {
        struct ballot b = {.decision = {.number = d->number, .digest = d->digest}, .choice = CHOICE_APPROVE};
        struct fixture_entry e = {.kind = KIND_BALLOT, .body = &b, .org = i, .seat = 0};
        if (r->f->orgs[i].partner && !has_left(r, i) && i != r->change.who)
            hand_in(r, &e);
    }
}

/* Proposed, then approved; again, when it is nowhere to be seen. */
static void decide(struct run *r, size_t at, const char *row, const struct effect *effect,
                   const char *partner)
{
    struct arena a CLEANUP(arena_deinit);
    struct state_decision d;
    struct change_wanted *c = &r->change;
    arena_init(&a, 0);
    if (find_open(r, at, &c->proposal, &a, &d)) {
        c->proposed_ms = sim_now(r->sim) + 1;
        if (is_due(r, &c->voted_ms))
            vote(r, &d);
    } else if (is_due(r, &c->proposed_ms)) {
        c->voted_ms = 0;
        propose(r, row, effect, partner);
    }
}

/* -- Each kind -- */

static void nothing_at(void *ctx, const char *where)
{
    (void)ctx, (void)where;
}

/* Whoever is joining and gets nowhere is given the record of another node: by the founding alone it may know nobody's keys. */
static void bring_record(struct run *r, size_t at, size_t who)
{
    struct rebuild_result result = {0};
    struct err err;
    sim_crash(r->sim, who, IMPORT_MS);
    if (rebuild_from_store(sim_store(r->sim, at), sim_store(r->sim, who), nothing_at, NULL, &result, &err) != ST_OK ||
        result.stopped[0] != 0)
        sim_fail(r->sim, SIM_AUDIT, "the record of node %zu is refused by node %zu, which imports it: %.200s%.200s", at, who, result.stopped,
                 result.stopped[0] == 0 ? err.text : "");
    sim_stats(r->sim)->imported++;
}

static void admit(struct run *r, size_t at)
{
    struct arena a CLEANUP(arena_deinit);
    struct change_wanted *c = &r->change;
    struct fixture_org *o = &r->f->orgs[c->who];
    struct state_party p;
    struct effect e = {.type = EFFECT_ADMIT,
                       .card = c->card,
                       .party = {.org = span_str(o->id), .display = span_str(o->id), .card = c->card_digest}};
    struct span registrar = span_str("registrar");
    arena_init(&a, 0);
    if (read_party(r, at, c->who, &a, &p)) {
        if (c->who == r->n) {
            r->n++;
            sim_join(r->sim, c->who);
            c->joined_ms = sim_now(r->sim);
        } else if (standing_of(&p) == STANDING_ACTIVE) {
            end_change(r, &sim_stats(r->sim)->admitted);
        } else if (sim_height(r->sim, c->who) == 0 && sim_awake(r->sim, c->who) && sim_now(r->sim) >= c->joined_ms + NOWHERE_MS) {
            c->joined_ms = sim_now(r->sim);
            bring_record(r, at, c->who);
        }
        return;
    }
    e.party.role = o->partner ? ROLE_PARTNER : ROLE_WITNESS;
    if (!o->partner) {
        e.party.seats = (struct span_list){1, &registrar};
        SET_HAS(&e.party, charter_party_key_seats);
    }
    SET_HAS(&e, effect_key_party);
    SET_HAS(&e, effect_key_card);
    decide(r, at, "admission", &e, NULL);
}

static void remove_it(struct run *r, size_t at)
{
    struct arena a CLEANUP(arena_deinit);
    struct change_wanted *c = &r->change;
    struct state_party p;
    struct effect e = {.type = EFFECT_REMOVE};
    arena_init(&a, 0);
    if (read_party(r, at, c->who, &a, &p) && standing_of(&p) == STANDING_LEFT) {
        r->left |= (uint64_t)1 << c->who;
        end_change(r, &sim_stats(r->sim)->removed);
        return;
    }
    decide(r, at, "removal", &e, r->f->orgs[c->who].id);
}

/* Done when the node has taken them over and takes part; of a bad one, which may do nothing of the kind, when
 * they are named. */
static void rekey(struct run *r, size_t at, uint64_t *count)
{
    struct arena a CLEANUP(arena_deinit);
    struct change_wanted *c = &r->change;
    struct state_party p;
    struct replace_node body = {.card = c->card};
    arena_init(&a, 0);
    if (!read_party(r, at, c->who, &a, &p) || !hash_eq(&p.card, &c->card_digest)) {
        by_registrar(r, KIND_NODE, &body);
        return;
    }
    bool taken = sim_rekeyed(r->sim, c->who);
    if (!is_bad(r, c->who) && (!taken || standing_of(&p) != STANDING_ACTIVE))
        return;
    for (size_t i = 0; i < r->plan->n_bad && taken; i++)
        if (r->plan->bad[i].node == c->who && r->plan->bad[i].ways == 0 && !r->plan->bad[i].twin)
            sim_stats(r->sim)->reborn++;
    for (size_t k = 0; k < KEYS; k++)
        *key_of(&r->f->orgs[c->who], k) = *key_of(&c->fresh, k);
    end_change(r, count);
}

static void revoke(struct run *r, size_t at)
{
    struct arena a CLEANUP(arena_deinit);
    struct change_wanted *c = &r->change;
    struct state_party p;
    struct key body = {.key = {.alg = SIG_ED25519, .key = (*key_of(&r->f->orgs[c->who], c->what))->pub}};
    arena_init(&a, 0);
    if (c->revoked) {
        rekey(r, at, &sim_stats(r->sim)->revoked);
        return;
    }
    if (read_party(r, at, c->who, &a, &p) && standing_of(&p) == STANDING_SUSPENDED) {
        c->revoked = true;
        c->voted_ms = 0;
        make_keys(r, c, c->what);
        return;
    }
    by_registrar(r, KIND_KEY, &body);
}

static void change_holder(struct run *r, size_t at)
{
    struct change_wanted *c = &r->change;
    struct public_key key = {.alg = SIG_ED25519, .key = c->seat->pub};
    struct holder body = {.keys = {1, &key}};
    char seat[80];
    (void)snprintf(seat, sizeof seat, "%s/%s", r->f->orgs[c->who].id, fixture_seat_names[c->what]);
    body.seat = span_str(seat);
    if (!holds(r, at, c->who, c->what, c->seat)) {
        by_registrar(r, KIND_HOLDER, &body);
        return;
    }
    r->f->orgs[c->who].seats[c->what] = c->seat;
    end_change(r, &sim_stats(r->sim)->holders);
}

void changes_act(struct run *r)
{
    size_t at;
    if (r->change.kind == PLAN_FAULT_KINDS) {
        struct plan_fault x = r->wanted[0];
        memmove(&r->wanted[0], &r->wanted[1], --r->n_wanted * sizeof r->wanted[0]);
        if (is_possible(r, &x))
            begin_change(r, &x);
        return;
    }
    if (!some_node(r, true, &at))
        return;
    enum plan_fault_kind kind = r->change.kind;
    if (kind == FAULT_ADMIT)
        admit(r, at);
    else if (kind == FAULT_REMOVE)
        remove_it(r, at);
    else if (kind == FAULT_REKEY)
        rekey(r, at, &sim_stats(r->sim)->rekeyed);
    else if (kind == FAULT_REVOKE)
        revoke(r, at);
    else
        change_holder(r, at);
}
