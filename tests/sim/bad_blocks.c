/* Lies in proposals and in final blocks. */
#include "bad.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "merkle/frontier.h"
#include "merkle/rfc6962.h"
#include "replica/internal.h"

/* -- Certificates of final blocks -- */

static bool cut_certificate(const struct bad *b, struct arena *a, bool padded, struct span *certificate)
{
    struct certificate c;
    size_t q = b->f->n - (b->f->n - 1) / 3;
    if (codec_decode(&certificate_desc, *certificate, a, &c, NULL) != ST_OK || c.sigs.n < q || q < 2)
        return false;
    c.sigs.n = q - 1;
    if (padded) { /* the count is right, but one signature stands for two */
        struct commit_sig *v = arena_array(a, q, sizeof *v);
        memcpy(v, c.sigs.v, (q - 1) * sizeof *v);
        v[q - 1] = v[q - 2];
        c.sigs = (struct commit_sig_list){q, v};
    }
    *certificate = bad_encoded(a, &certificate_desc, &c);
    return true;
}

static enum sim_lie final_block(const struct bad *b, struct arena *a, bool padded, struct span body, struct buf *ret)
{
    struct msg_block m;
    bool done = codec_decode(&msg_block_desc, body, a, &m, NULL) == ST_OK && cut_certificate(b, a, padded, &m.certificate) &&
                wire_encode(&msg_block_desc, &m, ret) == ST_OK;
    return done ? SIM_CHANGED : SIM_AS_IT_IS;
}

enum sim_lie bad_short_certificate(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    (void)to;
    return final_block(b, a, false, body, ret);
}

enum sim_lie bad_padded_certificate(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    (void)to;
    return final_block(b, a, true, body, ret);
}

/* To whoever catches up: a final block without its last leaf, or with another block's time. */
enum sim_lie bad_other_leaves(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_block m;
    struct header header;
    struct block_record rec;
    (void)to;
    if (codec_decode(&msg_block_desc, body, a, &m, NULL) != ST_OK || codec_decode(&header_desc, m.header, a, &header, NULL) != ST_OK ||
        codec_decode(&block_record_desc, header.record, a, &rec, NULL) != ST_OK)
        return SIM_AS_IT_IS;
    if (m.leaves.n > 0 && bad_random(b, 2) == 0) {
        m.leaves.n--;
    } else {
        rec.time_ms++;
        header.record = bad_encoded(a, &block_record_desc, &rec);
        m.header = bad_encoded(a, &header_desc, &header);
    }
    return wire_encode(&msg_block_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* -- Own proposals -- */

/* A new proposal of its own, of the height that it works on. */
static bool own_new(const struct bad *b, struct arena *a, struct span body, struct msg_proposal *ret_m, struct replica_status *ret_st)
{
    if (codec_decode(&msg_proposal_desc, body, a, ret_m, NULL) != ST_OK || !span_eq(ret_m->vote.org, span_str(bad_org(b)->id)) ||
        HAS(&ret_m->vote.vote, vote_key_valid_round))
        return false;
    replica_status(sim_replica(b->sim, b->node), ret_st);
    return ret_st->tip->height + 1 == ret_m->vote.vote.height;
}

/* Roots of the tree, id and signature, after the record or the leaves were changed. */
static enum sim_lie sealed(const struct bad *b, struct arena *a, const struct tip *tip, struct block_record *rec, struct msg_proposal *m,
                           struct buf *ret)
{
    struct header header = {0};
    struct hash h;
    struct frontier tree = tip->tree;
    rec->entries = m->leaves.n;
    header.record = bad_encoded(a, &block_record_desc, rec);
    rfc6962_leaf(header.record, &h);
    frontier_append(&tree, &h);
    for (size_t i = 0; i < m->leaves.n; i++) {
        rfc6962_leaf(m->leaves.v[i], &h);
        frontier_append(&tree, &h);
    }
    header.size = tree.size;
    frontier_root(&tree, &header.root);
    m->header = bad_encoded(a, &header_desc, &header);
    sha256(m->header, &m->vote.vote.value);
    vote_sign(&m->vote.vote, bad_org(b)->vote, &m->vote.sig);
    return wire_encode(&msg_proposal_desc, m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

static bool record_of(struct arena *a, struct span header_bytes, struct block_record *ret_rec)
{
    struct header header;
    return codec_decode(&header_desc, header_bytes, a, &header, NULL) == ST_OK &&
           codec_decode(&block_record_desc, header.record, a, ret_rec, NULL) == ST_OK;
}

/* A last commit that is a signature short (BLK-7). */
enum sim_lie bad_last_commit(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || m.vote.vote.height < 2 || m.vote.vote.height % 3 == 0 || !record_of(a, m.header, &rec) ||
        !cut_certificate(b, a, false, &m.last_commit))
        return SIM_AS_IT_IS;
    sha256(m.last_commit, &rec.last_commit);
    return sealed(b, a, st.tip, &rec, &m, ret);
}

/* Writes root or state root of another execution (BLK-4, BLK-5). */
enum sim_lie bad_roots(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || !record_of(a, m.header, &rec))
        return SIM_AS_IT_IS;
    if (m.vote.vote.height % 2 == 0)
        rec.state_root.b[3] ^= 1;
    else
        rec.writes_root.b[3] ^= 1;
    return sealed(b, a, st.tip, &rec, &m, ret);
}

/* Another valid block: of the same entries, or of those given, at another time. False: there is none. */
static bool remade(struct bad *b, struct arena *a, struct msg_proposal *m, uint64_t time_ms, struct span *leaves, size_t n)
{
    struct replica *r = sim_replica(b->sim, b->node);
    struct ledger l = replica_ledger(r);
    struct block_candidate *v = arena_array(a, n + 1, sizeof *v);
    struct block *block = arena_alloc(a, sizeof *block);
    struct hash last;
    struct err err;
    if (time_ms <= l.tip->time_ms)
        return false;
    for (size_t i = 0; i < n; i++)
        if (leaf_parse(leaves[i], a, &v[i].leaf, &err) != ST_OK)
            return false;
    sha256(m->last_commit, &last);
    if (block_make(&l, time_ms, span_str(bad_org(b)->id), &last, v, n, a, block, &err) != ST_OK)
        return false;
    m->header = block->header_bytes;
    m->leaves = (struct span_list){block->n_leaves - 1, block->leaves + 1};
    m->prose.n = 0;
    m->vote.vote.value = block->id;
    vote_sign(&m->vote.vote, bad_org(b)->vote, &m->vote.sig);
    return true;
}

/* Two valid blocks in one slot, one to each half. */
enum sim_lie bad_two_blocks(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    if (!own_new(b, a, body, &m, &st) || !record_of(a, m.header, &rec))
        return SIM_AS_IT_IS;
    struct hash first = m.vote.vote.value;
    if (!remade(b, a, &m, rec.time_ms + 1, m.leaves.v, m.leaves.n))
        return SIM_AS_IT_IS;
    b->two = true;
    b->height = m.vote.vote.height;
    b->round = m.vote.vote.round;
    b->one = first;
    b->other = m.vote.vote.value;
    return to % 2 == 1 && wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* An hour ahead: deadlines would fire that are not due (BFT-A6). */
enum sim_lie bad_future(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || !record_of(a, m.header, &rec) ||
        !remade(b, a, &m, rec.time_ms + (m.vote.vote.height % 2 == 0 ? 3600000 : 20000), m.leaves.v, m.leaves.n))
        return SIM_AS_IT_IS;
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* An entry whose signature is nobody's. */
enum sim_lie bad_unsigned(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || !record_of(a, m.header, &rec) || m.leaves.n == 0)
        return SIM_AS_IT_IS;
    struct span *v = arena_array(a, m.leaves.n, sizeof *v);
    memcpy(v, m.leaves.v, m.leaves.n * sizeof *v);
    v[0] = arena_dup(a, v[0]);
    uint8_t *p = (uint8_t *)(uintptr_t)v[0].p;
    p[v[0].n - 20] ^= 1; /* within the signature, which comes last */
    if (!remade(b, a, &m, rec.time_ms, v, m.leaves.n))
        return SIM_AS_IT_IS;
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* An entry twice, or no entry at all (ENT-2, BLK-8). */
enum sim_lie bad_twice(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    struct block_record rec;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || !record_of(a, m.header, &rec) || m.leaves.n == 0)
        return SIM_AS_IT_IS;
    struct span *v = arena_array(a, m.leaves.n + 1, sizeof *v);
    memcpy(v, m.leaves.v, m.leaves.n * sizeof *v);
    v[m.leaves.n] = v[0];
    m.leaves = (struct span_list){m.vote.vote.height % 2 == 0 ? m.leaves.n + 1 : 0, v};
    return sealed(b, a, st.tip, &rec, &m, ret);
}

/* -- Valid rounds -- */

static bool own_again(const struct bad *b, struct arena *a, struct span body, struct msg_proposal *ret_m)
{
    return codec_decode(&msg_proposal_desc, body, a, ret_m, NULL) == ST_OK && span_eq(ret_m->vote.org, span_str(bad_org(b)->id)) &&
           HAS(&ret_m->vote.vote, vote_key_valid_round);
}

/* The re-proposal goes out without its POL, or one vote short. */
enum sim_lie bad_strip_pol(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    if (!own_again(b, a, body, &m))
        return SIM_AS_IT_IS;
    size_t q = b->f->n - (b->f->n - 1) / 3;
    m.pol.n = to % 2 == 0 || m.pol.n < q ? 0 : q - 1;
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* To half of the others the re-proposal is a new proposal: their prevotes will differ in their valid round. */
enum sim_lie bad_two_valid_rounds(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    if (!own_again(b, a, body, &m) || to % 2 == 0)
        return SIM_AS_IT_IS;
    m.vote.vote.has &= ~(UINT64_C(1) << vote_key_valid_round);
    m.vote.vote.valid_round = 0;
    m.pol.n = 0;
    vote_sign(&m.vote.vote, bad_org(b)->vote, &m.vote.sig);
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* A new proposal is called valid in the round before, by prevotes that are no quorum for it. */
enum sim_lie bad_made_up_pol(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct replica_status st;
    (void)to;
    if (!own_new(b, a, body, &m, &st) || m.vote.vote.round == 0)
        return SIM_AS_IT_IS;
    uint64_t round = m.vote.vote.round - 1;
    struct signed_vote *own = arena_alloc(a, sizeof *own);
    *own = m.vote;
    own->vote.type = VOTE_PREVOTE;
    own->vote.round = round;
    vote_sign(&own->vote, bad_org(b)->vote, &own->sig);
    m.pol = (struct signed_vote_list){1, own};
    m.vote.vote.valid_round = round;
    SET_HAS(&m.vote.vote, vote_key_valid_round);
    vote_sign(&m.vote.vote, bad_org(b)->vote, &m.vote.sig);
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}
