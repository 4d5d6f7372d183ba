#include <criterion/criterion.h>
#include "unit/replica/rig.h"
#include "cert/vote.h"
#include "cert/validators.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "merkle/rfc6962.h"
#include "store/store_mem.h"

static const uint64_t START_MS = (uint64_t)RIG_START_DAY * 86400000 + 36000000;

static uint64_t wall(void *ctx)
{
    return ((struct rig *)ctx)->wall;
}

static uint64_t mono(void *ctx)
{
    return ((struct rig *)ctx)->mono;
}

static bool lives(void *ctx, enum sim_disk_moment moment)
{
    (void)ctx, (void)moment;
    return false;
}

static bool is_full(void *ctx)
{
    const struct rig *r = ctx;
    return r->full;
}

static void note_frame(void *ctx, struct span frame)
{
    struct rig *r = ctx;
    struct arena a;
    struct envelope e;
    struct err err;
    arena_init(&a, 0);
    cr_assert_eq(codec_decode(&envelope_desc, frame, &a, &e, &err), ST_OK);
    cr_assert_lt(e.kind, ARRAY_LEN(r->last));
    buf_reset(&r->last[e.kind]);
    buf_put_span(&r->last[e.kind], e.body);
    r->sent[e.kind]++;
    arena_deinit(&a);
}

static void note_to(struct rig *r, size_t org, struct span frame)
{
    struct arena a;
    struct envelope e;
    struct msg_status m;
    struct err err;
    arena_init(&a, 0);
    cr_assert_eq(codec_decode(&envelope_desc, frame, &a, &e, &err), ST_OK);
    r->sent_to[org][e.kind]++;
    if (e.kind == msg_status_desc.number && codec_decode(&msg_status_desc, e.body, &a, &m, &err) == ST_OK)
        r->status_to[org] = m;
    arena_deinit(&a);
}

static enum status note_send(void *ctx, struct span org, struct span frame)
{
    struct rig *r = ctx;
    for (size_t i = 0; i < r->f.n; i++)
        if (span_eqs(org, r->f.orgs[i].id))
            note_to(r, i, frame);
    note_frame(ctx, frame);
    return ST_OK;
}

static void note_broadcast(void *ctx, const struct span *frames, size_t n)
{
    struct rig *r = ctx;
    r->together = n > r->together ? n : r->together;
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < r->f.n; i++)
            if (i != r->self)
                note_to(r, i, frames[k]);
        note_frame(ctx, frames[k]);
    }
}

static void note_members(void *ctx)
{
    ((struct rig *)ctx)->members++;
}

void rig_fresh(struct rig *r)
{
    struct err err;
    r->wall = START_MS;
    r->mono = 1000;
    r->vote = r->f.orgs[r->self].vote;
    r->clock = (struct clock){r, wall, mono};
    r->store = store_mem_new();
    r->disk = sim_disk_new(&(struct sim_disk_hook){r, lives, is_full});
    r->file = sim_disk_file(r->disk);
    r->id.alliance = r->f.genesis.alliance;
    for (size_t i = 0; i < ARRAY_LEN(r->last); i++)
        buf_init(&r->last[i], LIMIT_FRAME_BYTES);
    memset(r->sent, 0, sizeof r->sent);
    cr_assert_eq(replica_found(r->store, &r->f.genesis, &err), ST_OK);
    cr_assert_eq(journal_create(&r->file, &r->id, &err), ST_OK);
}

void rig_clear(struct rig *r)
{
    rig_stop(r);
    store_close(r->store);
    sim_disk_free(r->disk);
    for (size_t i = 0; i < ARRAY_LEN(r->last); i++)
        buf_deinit(&r->last[i]);
}

void rig_init(struct rig *r, size_t self)
{
    *r = (struct rig){.self = self};
    fixture_found(&r->f, 7, 4, 0, START_MS - 1000, 3600);
    rig_fresh(r);
}

void rig_deinit(struct rig *r)
{
    rig_clear(r);
    fixture_free(&r->f);
}

void rig_start(struct rig *r)
{
    struct err err = {0};
    const struct fixture_org *o = &r->f.orgs[r->self];
    cr_assert_eq(journal_open(&r->file, &r->id, &r->journal, &err), ST_OK, "%s", err.text);
    struct replica_config cfg = {.org = span_str(o->id),
                                 .vote = r->vote,
                                 .cosign = o->cosign,
                                 .log = o->log,
                                 .node = o->node,
                                 .store = r->store,
                                 .journal = r->journal,
                                 .clock = &r->clock,
                                 .rng = &r->f.random,
                                 .net = {r, note_send, note_broadcast},
                                 .events = {.ctx = r, .members = note_members},
                                 .rules_max = r->rules_max,
                                 .signatures = r->signatures};
    cr_assert_eq(replica_new(&cfg, &r->replica, &err), ST_OK, "%s", err.text);
    for (size_t i = 0; i < r->f.n; i++) {
        struct msg_last_vote none = {0};
        if (i == r->self)
            continue;
        replica_peer_up(r->replica, span_str(r->f.orgs[i].id));
        if (!r->silent)
            cr_assert_eq(rig_hear(r, i, &msg_last_vote_desc, &none, &err), ST_OK, "%s", err.text);
    }
}

void rig_stop(struct rig *r)
{
    replica_free(r->replica);
    journal_close(r->journal);
    r->replica = NULL;
    r->journal = NULL;
}

void rig_put(struct rig *r, uint8_t table, struct span key, const struct record_desc *d, const void *rec)
{
    struct store_txn *t;
    struct buf b;
    struct err err = {0};
    cr_assert_null(r->replica);
    buf_init(&b, 1 << 16);
    cr_assert_eq(codec_encode(d, rec, &b), ST_OK);
    cr_assert_eq(store_begin(r->store, &t, &err), ST_OK);
    cr_assert_eq(store_put(r->store, t, table, key, buf_span(&b), &err), ST_OK, "%s", err.text);
    cr_assert_eq(store_commit(r->store, t, &err), ST_OK);
    buf_deinit(&b);
}

struct state_party rig_party(struct rig *r, size_t org, struct arena *a)
{
    struct view v;
    struct state_party p;
    struct err err = {0};
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    cr_assert_eq(replica_party(&v, span_str(r->f.orgs[org].id), a, &p, &err), ST_OK, "%s", err.text);
    store_read_end(r->store, &v);
    return p;
}

void rig_run(struct rig *r, uint64_t ms)
{
    uint64_t next;
    for (uint64_t t = 0; t < ms; t += 100) {
        r->wall += 100;
        r->mono += 100;
        replica_tick(r->replica, &next);
    }
}

enum status rig_hear(struct rig *r, size_t from, const struct record_desc *d, const void *rec,
                     struct err *err)
{
    struct buf body, frame;
    buf_init(&body, LIMIT_FRAME_BYTES);
    buf_init(&frame, LIMIT_FRAME_BYTES);
    cr_assert_eq(codec_encode(d, rec, &body), ST_OK);
    struct envelope e = {.kind = d->number, .body = buf_span(&body)};
    cr_assert_eq(codec_encode(&envelope_desc, &e, &frame), ST_OK);
    enum status st = replica_frame(r->replica, span_str(r->f.orgs[from].id), buf_span(&frame), err);
    buf_deinit(&body);
    buf_deinit(&frame);
    return st;
}

bool rig_sent(struct rig *r, const struct record_desc *d, struct arena *a, void *ret_rec)
{
    struct err err = {0};
    if (r->sent[d->number] == 0)
        return false;
    cr_assert_eq(codec_decode(d, arena_dup(a, buf_span(&r->last[d->number])), a, ret_rec, &err), ST_OK, "%s",
                 err.text);
    return true;
}

struct signed_vote rig_vote(struct rig *r, size_t org, enum vote_type type, uint64_t round,
                            const struct hash *value)
{
    struct replica_status s;
    struct view view;
    struct err err = {0};
    replica_status(r->replica, &s);
    cr_assert_eq(store_read_begin(r->store, &view, &err), ST_OK);
    uint64_t epoch = replica_epoch(&view);
    store_read_end(r->store, &view);
    struct signed_vote v = {.org = span_str(r->f.orgs[org].id),
                            .vote = {.alliance = s.tip->alliance,
                                     .epoch = epoch,
                                     .type = type,
                                     .height = s.tip->height + 1,
                                     .round = round}};
    if (value != NULL) {
        v.vote.value = *value;
        SET_HAS(&v.vote, vote_key_value);
    }
    vote_sign(&v.vote, r->f.orgs[org].vote, &v.sig);
    return v;
}

enum status rig_hear_vote(struct rig *r, size_t org, enum vote_type type, uint64_t round,
                          const struct hash *value)
{
    struct err err;
    struct msg_vote m = {.vote = rig_vote(r, org, type, round, value)};
    return rig_hear(r, org, &msg_vote_desc, &m, &err);
}

static struct hash submit(struct rig *r, struct fixture_entry *e)
{
    struct replica_status s;
    struct buf b;
    struct hash id;
    struct err err = {0};
    enum verdict verdict;
    char why[256];
    replica_status(r->replica, &s);
    e->basis.size = s.tip->tree.size;
    frontier_root(&s.tip->tree, &e->basis.root);
    e->at_ms = r->wall;
    e->expires_ms = r->wall + UINT64_C(20) * 86400000;
    buf_init(&b, 1 << 17);
    fixture_submit(&r->f, e, &b, &id);
    cr_assert_eq(replica_submit(r->replica, buf_span(&b), &id, &verdict, why, &err), ST_OK, "%s", err.text);
    cr_assert_eq(verdict, V_OK, "%s", why);
    cr_assert_eq(replica_acknowledge(r->replica, &err), ST_OK);
    buf_deinit(&b);
    return id;
}

struct hash rig_comment(struct rig *r, size_t org, const char *text)
{
    struct note body = {.type = NOTE_COMMENT};
    struct prose prose = fixture_prose(&r->f, text, &body.text);
    struct fixture_entry e = {
        .kind = KIND_NOTE, .body = &body, .org = org, .seat = 1, .prose = &prose, .n_prose = 1};
    SET_HAS(&body, note_key_text);
    return submit(r, &e);
}

struct hash rig_propose(struct rig *r, size_t org, const char *title)
{
    struct propose body = {.type = span_str("commercial-terms"), .proposal.effect = {.type = EFFECT_NONE}};
    struct prose prose = fixture_prose(&r->f, title, &body.proposal.title);
    struct fixture_entry e = {
        .kind = KIND_PROPOSE, .body = &body, .org = org, .seat = 2, .prose = &prose, .n_prose = 1};
    return submit(r, &e);
}

void rig_decide(struct rig *r)
{
    struct arena a;
    struct msg_proposal m;
    arena_init(&a, 0);
    r->sent[msg_proposal_desc.number] = 0;
    for (int i = 0; i < 300 && r->sent[msg_proposal_desc.number] == 0; i++)
        rig_run(r, 100);
    cr_assert(rig_sent(r, &msg_proposal_desc, &a, &m));
    uint64_t round = m.vote.vote.round;
    struct hash id = m.vote.vote.value;
    for (size_t org = 0; org < r->f.n; org++) {
        struct replica_status s;
        replica_status(r->replica, &s);
        if (org == r->self || validators_find(s.validators, span_str(r->f.orgs[org].id)) < 0)
            continue;
        cr_assert_eq(rig_hear_vote(r, org, VOTE_PREVOTE, round, &id), ST_OK);
        cr_assert_eq(rig_hear_vote(r, org, VOTE_PRECOMMIT, round, &id), ST_OK);
    }
    arena_deinit(&a);
}

struct span rig_nonsense(struct rig *r, size_t proposer, uint64_t time_ms, struct arena *a,
                         struct span *ret_last_commit)
{
    struct replica_status s;
    struct view v;
    struct err err;
    struct buf b, h;
    struct span commit;
    replica_status(r->replica, &s);
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    cr_assert_eq(block_certificate(&v, s.tip->height, &commit, &err), ST_OK);
    *ret_last_commit = arena_dup(a, commit);
    store_read_end(r->store, &v);
    struct block_record rec = {.leaf = LEAF_BLOCK,
                               .version = 1,
                               .alliance = s.tip->alliance,
                               .height = s.tip->height + 1,
                               .epoch = s.tip->epoch,
                               .time_ms = time_ms,
                               .prev = s.tip->block,
                               .proposer = span_str(r->f.orgs[proposer].id),
                               .rules = s.tip->rules,
                               .validators = s.tip->validators,
                               .next_validators = s.tip->validators};
    SET_HAS(&rec, block_record_key_proposer);
    sha256(*ret_last_commit, &rec.last_commit);
    buf_init(&b, 1 << 16);
    buf_init(&h, 1 << 16);
    cr_assert_eq(codec_encode(&block_record_desc, &rec, &b), ST_OK);
    struct frontier tree = s.tip->tree;
    struct hash leaf;
    rfc6962_leaf(buf_span(&b), &leaf);
    frontier_append(&tree, &leaf);
    struct header header = {.record = buf_span(&b), .size = tree.size};
    frontier_root(&tree, &header.root);
    cr_assert_eq(codec_encode(&header_desc, &header, &h), ST_OK);
    struct span out = arena_dup(a, buf_span(&h));
    buf_deinit(&b);
    buf_deinit(&h);
    return out;
}

struct span rig_proposed(struct arena *a, struct hash *ret_value)
{
    struct rig other;
    struct buf b;
    struct msg_proposal m;
    rig_init(&other, 1); /* the same seed: the same alliance */
    rig_start(&other);
    (void)rig_comment(&other, 0, "decide this");
    rig_run(&other, 200);
    cr_assert(rig_sent(&other, &msg_proposal_desc, a, &m));
    *ret_value = m.vote.vote.value;
    buf_init(&b, LIMIT_FRAME_BYTES);
    cr_assert_eq(codec_encode(&msg_proposal_desc, &m, &b), ST_OK);
    struct span body = arena_dup(a, buf_span(&b));
    buf_deinit(&b);
    rig_deinit(&other);
    return body;
}
