#include "unit/replica/mesh.h"
#include <criterion/criterion.h>
#include "ledger/rows.h"
#include "replica/internal.h"
#include "store/store_mem.h"

enum { STEP_MS = 50, ROUNDS_MAX = 20000 };

static const uint64_t START_MS = UINT64_C(20454) * 86400000 + 36000000;

static uint64_t wall(void *ctx)
{
    return ((struct mesh *)ctx)->wall;
}

static uint64_t mono(void *ctx)
{
    return ((struct mesh *)ctx)->mono;
}

static bool lives(void *ctx, enum sim_disk_moment moment)
{
    (void)ctx, (void)moment;
    return false;
}

static bool has_room(void *ctx)
{
    (void)ctx;
    return false;
}

static size_t index_of(struct mesh *m, struct span org)
{
    for (size_t i = 0; i < m->n; i++)
        if (span_eqs(org, m->nodes[i].keys.id))
            return i;
    return MESH_MAX;
}

static void put(struct mesh *m, size_t from, size_t to, struct span frame)
{
    struct arena a;
    struct envelope e;
    struct err err;
    arena_init(&a, 0);
    cr_assert_eq(codec_decode(&envelope_desc, frame, &a, &e, &err), ST_OK);
    m->sent[from][to][e.kind]++;
    arena_deinit(&a);
    struct mesh_frame *x = malloc(sizeof *x + frame.n);
    *x = (struct mesh_frame){.from = from, .to = to, .n = frame.n};
    memcpy(x->bytes, frame.p, frame.n);
    if (m->last != NULL)
        m->last->next = x;
    else
        m->first = x;
    m->last = x;
}

static enum status on_send(void *ctx, struct span org, struct span frame)
{
    struct mesh_node *node = ctx;
    size_t to = index_of(node->mesh, org);
    if (to == MESH_MAX || !node->mesh->linked[node->i][to])
        return ST_UNREACHABLE;
    put(node->mesh, node->i, to, frame);
    return ST_OK;
}

static void on_broadcast(void *ctx, const struct span *frames, size_t n)
{
    struct mesh_node *node = ctx;
    for (size_t k = 0; k < n; k++)
        for (size_t to = 0; to < node->mesh->n; to++)
            if (node->mesh->linked[node->i][to])
                put(node->mesh, node->i, to, frames[k]);
}

static void on_members(void *ctx)
{
    ((struct mesh_node *)ctx)->mesh->relink = true;
}

/* Does x's record name y's node key? */
static bool knows(struct mesh *m, size_t x, size_t y)
{
    struct arena a;
    struct view v;
    struct replica_member *list;
    size_t n;
    struct err err = {0};
    bool found = false;
    arena_init(&a, 0);
    cr_assert_eq(store_read_begin(m->nodes[x].store, &v, &err), ST_OK);
    cr_assert_eq(replica_roster(&v, span_str(m->nodes[x].keys.id), &a, &list, &n, &err), ST_OK, "%s", err.text);
    store_read_end(m->nodes[x].store, &v);
    for (size_t i = 0; i < n; i++)
        found = found || (span_eqs(list[i].org, m->nodes[y].keys.id) && hash_eq(&list[i].node.node, &m->nodes[y].keys.node->pub));
    arena_deinit(&a);
    return found;
}

static void relink(struct mesh *m)
{
    m->relink = false;
    for (size_t x = 0; x < m->n; x++)
        for (size_t y = x + 1; y < m->n; y++) {
            struct mesh_node *l = &m->nodes[x], *r = &m->nodes[y];
            bool up = l->replica != NULL && r->replica != NULL && !l->away && !r->away && knows(m, x, y) && knows(m, y, x);
            if (up == m->linked[x][y])
                continue;
            m->linked[x][y] = m->linked[y][x] = up;
            void (*tell)(struct replica *, struct span) = up ? replica_peer_up : replica_peer_down;
            if (l->replica != NULL)
                tell(l->replica, span_str(r->keys.id));
            if (r->replica != NULL)
                tell(r->replica, span_str(l->keys.id));
        }
}

static void foresee(struct mesh *m)
{
    for (const struct mesh_frame *x = m->first; x != NULL; x = x->next)
        if (m->nodes[x->to].signatures != NULL && m->linked[x->from][x->to]) {
            struct replica *r = m->nodes[x->to].replica;
            replica_foresee(r, span_str(m->nodes[x->from].keys.id), span_of(x->bytes, x->n));
            m->foreseen_most = r->n_foreseen > m->foreseen_most ? r->n_foreseen : m->foreseen_most;
        }
}

static void deliver(struct mesh *m)
{
    for (size_t i = 0; m->first != NULL; i++) {
        struct mesh_frame *x = m->first;
        struct err err;
        cr_assert_lt(i, ROUNDS_MAX, "messages without end");
        foresee(m);
        m->first = x->next;
        if (m->first == NULL)
            m->last = NULL;
        if (m->linked[x->from][x->to] && !m->nodes[x->to].deaf)
            (void)!replica_frame(m->nodes[x->to].replica, span_str(m->nodes[x->from].keys.id), span_of(x->bytes, x->n), &err);
        free(x);
        if (m->relink)
            relink(m);
    }
}

void mesh_run(struct mesh *m, uint64_t ms)
{
    for (uint64_t t = 0; t < ms; t += STEP_MS) {
        m->wall += STEP_MS;
        m->mono += STEP_MS;
        for (size_t i = 0; i < m->n; i++) {
            uint64_t next;
            if (m->nodes[i].replica != NULL)
                replica_tick(m->nodes[i].replica, &next);
        }
        relink(m);
        deliver(m);
        for (size_t i = 0; i < m->n; i++)
            if (m->nodes[i].replica != NULL)
                cr_assert_null(replica_check(m->nodes[i].replica));
    }
}

static void new_journal(struct mesh_node *node)
{
    struct err err = {0};
    journal_close(node->journal);
    node->journal = NULL;
    sim_disk_free(node->disk);
    node->disk = sim_disk_new(&(struct sim_disk_hook){NULL, lives, has_room});
    node->file = sim_disk_file(node->disk);
    node->id.alliance = node->mesh->f.genesis.alliance;
    rng_fill(&node->mesh->f.random, node->id.incarnation.b, 32);
    cr_assert_eq(journal_create(&node->file, &node->id, &err), ST_OK, "%s", err.text);
}

static void new_node(struct mesh *m, size_t i)
{
    struct err err = {0};
    struct mesh_node *node = &m->nodes[i];
    *node = (struct mesh_node){.mesh = m, .i = i, .keys = m->f.orgs[i], .store = store_mem_new()};
    new_journal(node);
    cr_assert_eq(replica_found(node->store, &m->f.genesis, &err), ST_OK, "%s", err.text);
}

void mesh_init(struct mesh *m, size_t partners, size_t witnesses)
{
    *m = (struct mesh){.wall = START_MS, .mono = 1000, .n = partners + witnesses};
    fixture_found_at_once(&m->f, 11, partners, witnesses, START_MS - 1000, 86400);
    m->clock = (struct clock){m, wall, mono};
    for (size_t i = 0; i < m->n; i++)
        new_node(m, i);
    for (size_t i = 0; i < m->n; i++)
        mesh_start(m, i);
    mesh_run(m, 200);
}

size_t mesh_newcomer(struct mesh *m, bool partner)
{
    size_t i = fixture_newcomer(&m->f, partner);
    cr_assert_eq(i, m->n);
    m->n++;
    new_node(m, i);
    return i;
}

void mesh_start(struct mesh *m, size_t i)
{
    struct mesh_node *node = &m->nodes[i];
    struct err err = {0};
    cr_assert_null(node->replica);
    cr_assert_eq(journal_open(&node->file, &node->id, &node->journal, &err), ST_OK, "%s", err.text);
    struct replica_config cfg = {.org = span_str(node->keys.id),
                                 .vote = node->keys.vote,
                                 .cosign = node->keys.cosign,
                                 .log = node->keys.log,
                                 .node = node->keys.node,
                                 .store = node->store,
                                 .journal = node->journal,
                                 .clock = &m->clock,
                                 .rng = &m->f.random,
                                 .net = {node, on_send, on_broadcast},
                                 .events = {.ctx = node, .members = on_members},
                                 .rules_max = node->rules_max,
                                 .signatures = node->signatures};
    cr_assert_eq(replica_new(&cfg, &node->replica, &err), ST_OK, "%s", err.text);
    relink(m);
}

void mesh_stop(struct mesh *m, size_t i)
{
    struct mesh_node *node = &m->nodes[i];
    replica_free(node->replica);
    journal_close(node->journal);
    node->replica = NULL;
    node->journal = NULL;
    relink(m);
}

void mesh_take_keys(struct mesh *m, size_t i, const struct fixture_org *keys)
{
    struct mesh_node *node = &m->nodes[i];
    bool fresh = !hash_eq(&node->keys.vote->pub, &keys->vote->pub);
    mesh_stop(m, i);
    node->keys = *keys;
    if (fresh)
        new_journal(node);
    mesh_start(m, i);
}

void mesh_deinit(struct mesh *m)
{
    for (size_t i = 0; i < m->n; i++) {
        struct mesh_node *node = &m->nodes[i];
        replica_free(node->replica);
        journal_close(node->journal);
        store_close(node->store);
        sim_disk_free(node->disk);
    }
    for (struct mesh_frame *x = m->first, *next; x != NULL; x = next) {
        next = x->next;
        free(x);
    }
    fixture_free(&m->f);
}

struct hash mesh_submit(struct mesh *m, size_t at, struct fixture_entry *e)
{
    struct replica_status s;
    struct buf b;
    struct hash id;
    struct err err = {0};
    enum verdict verdict;
    char why[256];
    struct replica *r = m->nodes[at].replica;
    replica_status(r, &s);
    e->basis.size = s.tip->tree.size;
    frontier_root(&s.tip->tree, &e->basis.root);
    e->at_ms = m->wall;
    e->expires_ms = m->wall + UINT64_C(20) * 86400000;
    buf_init(&b, 1 << 17);
    fixture_submit(&m->f, e, &b, &id);
    cr_assert_eq(replica_submit(r, buf_span(&b), &id, &verdict, why, &err), ST_OK, "%s", err.text);
    cr_assert_eq(verdict, V_OK, "%s: %s", verdict_text(verdict), why);
    cr_assert_eq(replica_acknowledge(r, &err), ST_OK);
    buf_deinit(&b);
    return id;
}

bool mesh_final(struct mesh *m, size_t at, const struct hash *id)
{
    struct entry_status s;
    struct err err = {0};
    cr_assert_eq(replica_entry(m->nodes[at].replica, id, &s, &err), ST_OK, "%s", err.text);
    cr_assert_neq(s.state, ENTRY_REFUSED, "%s: %s", verdict_text(s.verdict), s.why);
    return s.state == ENTRY_FINAL;
}

struct hash mesh_enter(struct mesh *m, size_t at, struct fixture_entry *e)
{
    struct hash id = mesh_submit(m, at, e);
    for (int i = 0; i < 1200 && !mesh_final(m, at, &id); i++)
        mesh_run(m, STEP_MS);
    cr_assert(mesh_final(m, at, &id), "not final after a minute");
    return id;
}

void mesh_comment(struct mesh *m, size_t at, const char *text)
{
    struct note body = {.type = NOTE_COMMENT};
    struct prose prose = fixture_prose(&m->f, text, &body.text);
    struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = at, .seat = 1, .prose = &prose, .n_prose = 1};
    SET_HAS(&body, note_key_text);
    (void)mesh_enter(m, at, &e);
}

void mesh_decide(struct mesh *m, size_t by, const char *row, const struct effect *effect, const char *partner, size_t n, size_t not_by)
{
    struct propose body = {.type = span_str(row), .proposal.effect = *effect};
    struct prose prose = fixture_prose(&m->f, row, &body.proposal.title);
    struct fixture_entry e = {.kind = KIND_PROPOSE, .body = &body, .org = by, .seat = 0, .prose = &prose, .n_prose = 1};
    if (partner != NULL) {
        body.proposal.partner = span_str(partner);
        SET_HAS(&body.proposal, proposal_key_partner);
    }
    struct hash id = mesh_enter(m, by, &e);
    m->decisions++;
    for (size_t i = 0; i < n; i++) {
        struct ballot ballot = {.decision = {.number = m->decisions, .digest = id}, .choice = CHOICE_APPROVE};
        struct fixture_entry b = {.kind = KIND_BALLOT, .body = &ballot, .org = i, .seat = 0};
        if (i != not_by)
            (void)mesh_enter(m, by, &b);
    }
}

void mesh_admit(struct mesh *m, size_t by, size_t who)
{
    struct fixture_org *o = &m->f.orgs[who];
    struct effect e = {.type = EFFECT_ADMIT, .party = {.org = span_str(o->id), .display = span_str(o->id)}};
    struct span registrar = span_str("registrar");
    e.party.role = o->partner ? ROLE_PARTNER : ROLE_WITNESS;
    if (!o->partner) {
        e.party.seats = (struct span_list){1, &registrar};
        SET_HAS(&e.party, charter_party_key_seats);
    }
    e.card = fixture_card(&m->f, o, true, &e.party.card);
    SET_HAS(&e, effect_key_party);
    SET_HAS(&e, effect_key_card);
    size_t partners = 0;
    for (size_t i = 0; i < m->n; i++)
        partners += i != who && m->f.orgs[i].partner;
    mesh_decide(m, by, "admission", &e, NULL, partners, MESH_MAX);
}

void mesh_remove(struct mesh *m, size_t by, size_t who, size_t partners)
{
    struct effect e = {.type = EFFECT_REMOVE};
    mesh_decide(m, by, "removal", &e, m->f.orgs[who].id, partners, who);
}

uint64_t mesh_height(struct mesh *m, size_t i)
{
    struct replica_status s;
    replica_status(m->nodes[i].replica, &s);
    return s.tip->height;
}

size_t mesh_validators(struct mesh *m, size_t i)
{
    struct replica_status s;
    replica_status(m->nodes[i].replica, &s);
    return s.validators->members.n;
}

bool mesh_agree(struct mesh *m, size_t x, size_t y)
{
    struct replica_status s, t;
    replica_status(m->nodes[x].replica, &s);
    replica_status(m->nodes[y].replica, &t);
    return hash_eq(&s.tip->block, &t.tip->block);
}

const char *mesh_no_vote(struct mesh *m, size_t i)
{
    const char *why = replica_no_vote(m->nodes[i].replica);
    return why == NULL ? "it votes" : why;
}
