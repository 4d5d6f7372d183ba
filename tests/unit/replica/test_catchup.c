/* Goal: a node that was away gets each block once, in few questions; signatures are checked ahead, and none is taken on trust. */
#include <criterion/criterion.h>
#include "cert/vote.h"
#include "consensus/consensus.h"
#include "crypto/hash.h"
#include "replica/internal.h"
#include "unit/replica/mesh.h"
#include "unit/replica/rig.h"

enum { AWAY = 3, MANY = 40 };

static struct mesh g_mesh;

static size_t sent_to(const struct mesh *m, size_t to, const struct record_desc *d)
{
    size_t n = 0;
    for (size_t from = 0; from < m->n; from++)
        n += m->sent[from][to][d->number];
    return n;
}

static void expect_caught_up(struct mesh *m)
{
    for (int i = 0; i < 100 && !mesh_agree(m, 0, AWAY); i++)
        mesh_run(m, 100);
    cr_expect(mesh_agree(m, 0, AWAY), "it is at %" PRIu64 " of %" PRIu64, mesh_height(m, AWAY), mesh_height(m, 0));
    cr_expect_null(replica_halted(m->nodes[AWAY].replica));
}

/* Of three peers that are ahead each may send each block; none sends one twice. */
Test(replica_catchup, each_block_comes_once_from_a_peer)
{
    enum { BLOCKS = 150 };
    struct mesh *m = &g_mesh;
    mesh_init(m, 4, 0);
    mesh_stop(m, AWAY);
    for (int i = 0; i < BLOCKS; i++)
        mesh_comment(m, 0, "while it was away");
    uint64_t missed = mesh_height(m, 0) - 1; /* it has the first */
    mesh_start(m, AWAY);
    expect_caught_up(m);
    size_t blocks = sent_to(m, AWAY, &msg_block_desc), questions = 0;
    for (size_t to = 0; to < AWAY; to++)
        questions += m->sent[AWAY][to][msg_want_desc.number];
    cr_expect_leq(blocks, 3 * (missed + 2), "%zu blocks came, %" PRIu64 " were missed", blocks, missed);
    cr_expect_leq(questions, 3 * (missed / WANT_BLOCKS + 3), "%zu questions", questions);
    mesh_deinit(m);
}

/* An answer that does not come is asked for again. */
Test(replica_catchup, a_lost_answer_is_asked_for_again)
{
    struct mesh *m = &g_mesh;
    mesh_init(m, 4, 0);
    mesh_stop(m, AWAY);
    for (int i = 0; i < 60; i++)
        mesh_comment(m, 0, "while it was away");
    mesh_start(m, AWAY);
    for (int i = 0; i < 3; i++) {
        m->nodes[AWAY].deaf = false;
        mesh_run(m, 1000);
        m->nodes[AWAY].deaf = true; /* what it asked for now is lost */
        mesh_run(m, 2000);
    }
    m->nodes[AWAY].deaf = false;
    expect_caught_up(m);
    mesh_deinit(m);
}

static void many_comments(struct mesh *m)
{
    struct hash id[MANY];
    for (size_t i = 0; i < MANY; i++) {
        struct note body = {.type = NOTE_COMMENT};
        struct prose prose = fixture_prose(&m->f, "one of many", &body.text);
        struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = i % 3, .seat = 1, .prose = &prose, .n_prose = 1};
        SET_HAS(&body, note_key_text);
        id[i] = mesh_submit(m, 0, &e);
    }
    for (int i = 0; i < 200 && !mesh_final(m, 0, &id[MANY - 1]); i++)
        mesh_run(m, 50);
    cr_assert(mesh_final(m, 0, &id[MANY - 1]));
}

Test(replica_catchup, with_signatures_checked_ahead, .timeout = 120)
{
    struct mesh *m = &g_mesh;
    mesh_init(m, 4, 0);
    mesh_stop(m, AWAY);
    for (int i = 0; i < 12; i++)
        many_comments(m);
    m->nodes[AWAY].signatures = signatures_new(2);
    mesh_start(m, AWAY);
    expect_caught_up(m);
    cr_expect_geq(m->foreseen_most, 2, "%zu blocks were foreseen at once", m->foreseen_most);
    cr_expect_eq(m->nodes[AWAY].replica->n_foreseen, 0, "what was used is gone");
    struct signatures *s = m->nodes[AWAY].signatures;
    mesh_stop(m, AWAY);
    signatures_free(s);
    mesh_deinit(m);
}

/* The proposal of a block of MANY entries by the proposer of round 0, as its proposer could make it. bad: the signature of that
 * one does not verify. */
static void propose(struct rig *r, size_t bad, struct arena *a)
{
    struct block_candidate *c = arena_array(a, MANY, sizeof *c);
    struct replica_status s;
    struct view v;
    struct err err = {0};
    struct span commit;
    struct hash last;
    struct block b;
    memset(c, 0, MANY * sizeof *c);
    replica_status(r->replica, &s);
    for (size_t i = 0; i < MANY; i++) {
        struct note body = {.type = NOTE_COMMENT};
        struct prose prose = fixture_prose(&r->f, "one of many", &body.text);
        struct fixture_entry e = {.kind = KIND_NOTE, .body = &body, .org = i % 4, .seat = 1, .at_ms = r->wall,
                                  .expires_ms = r->wall + 86400000, .prose = &prose, .n_prose = 1};
        struct buf out;
        struct hash id;
        struct submission sub;
        SET_HAS(&body, note_key_text);
        e.basis.size = s.tip->tree.size;
        frontier_root(&s.tip->tree, &e.basis.root);
        buf_init(&out, 1 << 17);
        fixture_submit(&r->f, &e, &out, &id);
        cr_assert_eq(codec_decode(&submission_desc, arena_dup(a, buf_span(&out)), a, &sub, &err), ST_OK);
        buf_deinit(&out);
        uint8_t *sig = arena_alloc(a, sub.signature.n);
        memcpy(sig, sub.signature.p, sub.signature.n);
        sig[sub.signature.n - 1] ^= i == bad;
        sub.signature.p = sig;
        cr_assert_eq(leaf_of_submission(&sub, a, &c[i].leaf, &err), ST_OK, "%s", err.text);
    }
    cr_assert_eq(store_read_begin(r->store, &v, &err), ST_OK);
    cr_assert_eq(block_certificate(&v, s.tip->height, &commit, &err), ST_OK);
    sha256(commit, &last);
    struct ids *ids = ids_new();
    struct ledger l = {.tip = s.tip, .view = &v, .ids = ids};
    size_t by = consensus_proposer(s.tip->height + 1, 0, 4);
    cr_assert_eq(block_make(&l, r->wall, span_str(r->f.orgs[by].id), &last, c, MANY, a, &b, &err), ST_OK, "%s", err.text);
    cr_assert_eq(b.n_leaves, MANY + 1);
    struct msg_proposal m = {.header = b.header_bytes, .leaves = {MANY, b.leaves + 1}, .last_commit = arena_dup(a, commit)};
    m.vote = rig_vote(r, by, VOTE_PROPOSAL, 0, &b.id);
    store_read_end(r->store, &v);
    cr_assert_eq(rig_hear(r, by, &msg_proposal_desc, &m, &err), ST_OK, "%s", err.text);
    ids_free(ids);
}

/* What it prevotes on a proposal with that one bad signature, with so many threads beside its own; SIZE_MAX: none at all. */
static bool prevotes_for(size_t bad, size_t threads)
{
    struct rig r;
    struct arena a;
    struct msg_vote m;
    rig_init(&r, 2);
    r.signatures = threads == SIZE_MAX ? NULL : signatures_new(threads);
    rig_start(&r);
    arena_init(&a, 0);
    (void)rig_comment(&r, 0, "there is something to decide");
    rig_run(&r, 100);
    propose(&r, bad, &a);
    cr_assert(rig_sent(&r, &msg_vote_desc, &a, &m), "it says nothing");
    cr_assert_eq(m.vote.vote.type, VOTE_PREVOTE);
    bool voted = HAS(&m.vote.vote, vote_key_value);
    cr_assert_null(replica_halted(r.replica));
    arena_deinit(&a);
    struct signatures *s = r.signatures;
    rig_deinit(&r);
    signatures_free(s);
    return voted;
}

/* SIG-4, ENT-7: one bad signature among many makes the block invalid, whoever looked at it. */
Test(replica_catchup, one_bad_signature_of_many_is_found)
{
    static const size_t threads[] = {SIZE_MAX, 0, 1, 3};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        cr_expect(prevotes_for(MANY, threads[i]), "with %zu threads a good block finds no vote", threads[i]);
        cr_expect_not(prevotes_for(0, threads[i]), "with %zu threads", threads[i]);
        cr_expect_not(prevotes_for(MANY / 2, threads[i]), "with %zu threads", threads[i]);
        cr_expect_not(prevotes_for(MANY - 1, threads[i]), "with %zu threads", threads[i]);
    }
}
