/* The workload: entries of the people of an alliance, good ones and some that are not. */
#include "crypto/hash.h"
#include "run.h"

enum { START_DAY = 20454 };
static const uint64_t START_MS = (uint64_t)START_DAY * 86400000 + 36050000;

uint64_t load_start_ms(void)
{
    return START_MS;
}

/* The newest open decision that a node knows, or the newest of all. */
static bool find_decision(struct run *r, size_t node, bool any, struct arena *a, struct state_decision *ret)
{
    struct view v;
    struct err err;
    uint8_t upto[8];
    struct span key, value;
    bool found = false;
    if (store_read_begin(sim_store(r->sim, node), &v, &err) != ST_OK)
        return false;
    store_u64(upto, UINT64_MAX);
    for (int tries = 0; tries < 4 && !found; tries++) {
        if (view_prev(&v, TABLE_DECISION, span_of(upto, 8), &key, &value) != ST_OK)
            break;
        store_u64(upto, load_u64(key.p) - 1);
        found = codec_decode(&state_decision_desc, arena_dup(a, value), a, ret, &err) == ST_OK && (any || ret->phase == PHASE_OPEN);
    }
    store_read_end(sim_store(r->sim, node), &v);
    return found;
}

/* A text that does not outlive the call. */
struct prose load_text(struct run *r, const char *text, struct hash *ret_digest)
{
    struct prose p = {.text = span_str(text)};
    for (size_t i = 0; i < sizeof p.salt.b; i++)
        p.salt.b[i] = (uint8_t)sim_random(r->sim, 256);
    sha256_2(span_hash(&p.salt), p.text, ret_digest);
    return p;
}

static void note_ack(struct run *r, const struct hash *id, size_t node)
{
    if (((r->bad_mask >> node) & 1) == 0 && r->n_acks < RUN_ENTRIES_MAX)
        r->acks[r->n_acks++] = (struct acked){.id = *id, .node = node};
}

/* A change that gets nowhere for a day of sleep is handed in again and again; room for what comes after is kept from it. */
static bool has_room(const struct run *r, size_t node)
{
    size_t most = r->healed ? RUN_ENTRIES_MAX : RUN_ENTRIES_MAX / 4 * 3;
    return sim_awake(r->sim, node) && r->n_acks + 2 <= most && r->n_ids < most;
}

/* As its author sees it at this node now. */
static void date(struct run *r, size_t node, struct fixture_entry *e)
{
    struct replica_status st;
    replica_status(sim_replica(r->sim, node), &st);
    e->basis.size = st.tip->tree.size;
    frontier_root(&st.tip->tree, &e->basis.root);
    e->at_ms = START_MS + sim_now(r->sim);
    e->expires_ms = e->at_ms + UINT64_C(20) * 86400000;
}

bool load_hand_in(struct run *r, size_t node, struct fixture_entry *e, struct hash *ret_id)
{
    struct buf b CLEANUP(buf_deinit);
    enum verdict verdict;
    char why[256];
    buf_init(&b, 1 << 17);
    if (!has_room(r, node))
        return false;
    date(r, node, e);
    fixture_submit(r->f, e, &b, ret_id);
    r->ids[r->n_ids++] = *ret_id;
    if (sim_submit(r->sim, node, buf_span(&b), &verdict, why) != ST_OK || verdict != V_OK)
        return false;
    note_ack(r, ret_id, node);
    return true;
}

void load_submit(struct run *r, size_t node, struct fixture_entry *e)
{
    struct buf b;
    struct hash id;
    enum verdict verdict;
    char why[256];
    if (!has_room(r, node))
        return;
    date(r, node, e);
    uint64_t odd = sim_random(r->sim, 12);
    if (odd == 0)
        e->expires_ms = e->at_ms + 200 + sim_random(r->sim, 3000);
    else if (odd == 1)
        e->basis.root.b[0] ^= 1; /* a history that never was */
    else if (odd == 2 && r->old_basis.size != 0)
        e->basis = r->old_basis; /* a history that was, a while ago */
    else if (odd == 3)
        r->old_basis = e->basis;
    buf_init(&b, 1 << 17);
    fixture_submit(r->f, e, &b, &id);
    r->ids[r->n_ids++] = id;
    enum status s = sim_submit(r->sim, node, buf_span(&b), &verdict, why);
    r->submitted++;
    if (s == ST_OK && verdict == V_OK) {
        note_ack(r, &id, node);
        if (sim_random(r->sim, 8) == 0) { /* the same entry, handed in elsewhere too */
            size_t other = sim_random(r->sim, r->n);
            if (sim_submit(r->sim, other, buf_span(&b), &verdict, why) == ST_OK && verdict == V_OK)
                note_ack(r, &id, other);
        }
    }
    struct buf *kept = &r->old[r->submitted % RUN_OLD_MAX];
    buf_deinit(kept);
    *kept = b;
}

/* An entry of long ago, handed in once more; or one that somebody changed on the way. */
static void hand_in_again(struct run *r)
{
    struct buf *b = &r->old[sim_random(r->sim, RUN_OLD_MAX)];
    enum verdict verdict;
    char why[256];
    if (b->n == 0)
        return;
    bool changed = sim_random(r->sim, 3) == 0;
    size_t at = changed ? sim_random(r->sim, b->n) : 0;
    b->p[at] ^= changed ? 1 : 0;
    (void)!sim_submit(r->sim, sim_random(r->sim, r->n), buf_span(b), &verdict, why);
    b->p[at] ^= changed ? 1 : 0;
}

void load_comment(struct run *r, size_t node, size_t org)
{
    struct prose prose;
    struct note body = {.type = NOTE_COMMENT};
    prose = load_text(r, "on the way", &body.text);
    SET_HAS(&body, note_key_text);
    struct fixture_entry e = {
        .org = org, .prose = &prose, .n_prose = 1, .kind = KIND_NOTE, .body = &body, .seat = sim_random(r->sim, 4)};
    load_submit(r, node, &e);
}

static void propose(struct run *r, size_t node, size_t org)
{
    struct prose prose;
    struct propose body = {.type = span_str("commercial-terms"), .proposal.effect = {.type = EFFECT_NONE}};
    prose = load_text(r, "display fee", &body.proposal.title);
    struct fixture_entry e = {.org = org, .prose = &prose, .n_prose = 1, .kind = KIND_PROPOSE, .seat = 2, .body = &body};
    load_submit(r, node, &e);
}

/* Also twice for one seat, by a seat that is not asked, and against what was closed meanwhile. */
static void cast(struct run *r, size_t node, size_t org)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct state_decision d;
    if (!find_decision(r, node, sim_random(r->sim, 8) == 0, &a, &d)) {
        propose(r, node, org);
        return;
    }
    struct ballot body = {.decision = {.number = d.number, .digest = d.digest},
                          .rung = d.rung,
                          .choice = sim_random(r->sim, 6) == 0 ? CHOICE_ABSTAIN : CHOICE_APPROVE};
    struct fixture_entry e = {.org = org, .kind = KIND_BALLOT, .seat = d.rung == 0 ? 2 : 0, .body = &body};
    if (sim_random(r->sim, 8) == 0)
        e.seat = sim_random(r->sim, 4);
    if (sim_random(r->sim, 8) == 0)
        body.rung = 1 - (d.rung & 1);
    load_submit(r, node, &e);
}

void load_act(struct run *r)
{
    size_t node = sim_random(r->sim, r->n), org = sim_random(r->sim, r->n);
    while (!r->f->orgs[org].partner)
        org = (org + 1) % r->n;
    if (r->plan->families && sim_random(r->sim, 2) == 0) {
        load_family(r, node, org);
        return;
    }
    uint64_t what = sim_random(r->sim, 20);
    if (what < 2)
        hand_in_again(r);
    else if (what < 8)
        load_comment(r, node, org);
    else if (what < 11)
        propose(r, node, org);
    else
        cast(r, node, org);
}

void load_flood(struct run *r, size_t node, size_t n)
{
    sim_stats(r->sim)->floods++;
    for (size_t i = 0; i < n; i++)
        load_comment(r, node, changes_partner(r));
}
