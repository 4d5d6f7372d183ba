#include "liar.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "merkle/frontier.h"
#include "merkle/rfc6962.h"
#include "replica/internal.h"

static struct span encoded(struct arena *a, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 20);
    enum status st = codec_encode(d, rec, &b);
    ASSERT(st == ST_OK);
    return arena_dup(a, buf_span(&b));
}

/* The certificate, one signature short of a quorum. */
static bool shorten(const struct liar *l, struct arena *a, struct span *certificate)
{
    struct certificate c;
    size_t q = l->f->n - (l->f->n - 1) / 3;
    if (codec_decode(&certificate_desc, *certificate, a, &c, NULL) != ST_OK)
        return false;
    c.sigs.n = q - 1;
    *certificate = encoded(a, &certificate_desc, &c);
    return true;
}

static bool lie_block(const struct liar *l, struct arena *a, struct span body, struct buf *ret)
{
    struct msg_block m;
    return codec_decode(&msg_block_desc, body, a, &m, NULL) == ST_OK && shorten(l, a, &m.certificate) &&
           wire_encode(&msg_block_desc, &m, ret) == ST_OK;
}

static bool lie_proposal(const struct liar *l, struct arena *a, struct span body, struct buf *ret)
{
    struct msg_proposal m;
    struct header header;
    struct block_record rec;
    struct replica_status st;
    struct hash h;
    if (codec_decode(&msg_proposal_desc, body, a, &m, NULL) != ST_OK || m.vote.vote.height % 3 == 0 ||
        !span_eq(m.vote.org, span_str(l->f->orgs[l->self].id)) || HAS(&m.vote.vote, vote_key_valid_round) ||
        m.vote.vote.height < 2)
        return false;
    replica_status(sim_replica(l->sim, l->self), &st);
    if (st.tip->height + 1 != m.vote.vote.height || !shorten(l, a, &m.last_commit) ||
        codec_decode(&header_desc, m.header, a, &header, NULL) != ST_OK ||
        codec_decode(&block_record_desc, header.record, a, &rec, NULL) != ST_OK)
        return false;
    sha256(m.last_commit, &rec.last_commit);
    header.record = encoded(a, &block_record_desc, &rec);
    struct frontier tree = st.tip->tree;
    rfc6962_leaf(header.record, &h);
    frontier_append(&tree, &h);
    for (size_t i = 0; i < m.leaves.n; i++) {
        rfc6962_leaf(m.leaves.v[i], &h);
        frontier_append(&tree, &h);
    }
    frontier_root(&tree, &header.root);
    m.header = encoded(a, &header_desc, &header);
    sha256(m.header, &m.vote.vote.value);
    vote_sign(&m.vote.vote, l->f->orgs[l->self].vote, &m.vote.sig);
    return wire_encode(&msg_proposal_desc, &m, ret) == ST_OK;
}

static bool lie_vote(const struct liar *l, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    if (codec_decode(&msg_vote_desc, body, a, &m, NULL) != ST_OK ||
        !span_eq(m.vote.org, span_str(l->f->orgs[l->self].id)))
        return false;
    struct vote *v = &m.vote.vote;
    uint64_t way = (v->height + v->round) % 3;
    if (way == 0 || (way == 1 && to % 2 == 0))
        return false;
    *v = (struct vote){
        .alliance = v->alliance, .epoch = v->epoch, .type = v->type, .height = v->height, .round = v->round};
    vote_sign(v, l->f->orgs[l->self].vote, &m.vote.sig);
    if (way == 2) /* in another's name */
        m.vote.org = span_str(l->f->orgs[(to + 1) % l->self].id);
    return wire_encode(&msg_vote_desc, &m, ret) == ST_OK;
}

static bool lie_entry(struct arena *a, struct span body, struct buf *ret)
{
    struct msg_entry m;
    struct submission s;
    struct signature sig;
    if (codec_decode(&msg_entry_desc, body, a, &m, NULL) != ST_OK ||
        codec_decode(&submission_desc, m.submission, a, &s, NULL) != ST_OK ||
        codec_decode(&signature_desc, s.signature, a, &sig, NULL) != ST_OK)
        return false;
    sig.sig.b[9] ^= 1;
    s.signature = encoded(a, &signature_desc, &sig);
    m.submission = encoded(a, &submission_desc, &s);
    return wire_encode(&msg_entry_desc, &m, ret) == ST_OK;
}

bool liar_lie(const struct liar *l, size_t to, struct span frame, struct buf *ret_frame)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct envelope e;
    if (l->sim == NULL || codec_decode(&envelope_desc, frame, &a, &e, NULL) != ST_OK ||
        sim_replica(l->sim, l->self) == NULL)
        return false;
    if (e.kind == msg_block_desc.number)
        return lie_block(l, &a, e.body, ret_frame);
    if (e.kind == msg_proposal_desc.number)
        return lie_proposal(l, &a, e.body, ret_frame);
    if (e.kind == msg_vote_desc.number)
        return lie_vote(l, &a, to, e.body, ret_frame);
    return e.kind == msg_entry_desc.number && to % 2 == 1 && lie_entry(&a, e.body, ret_frame);
}
