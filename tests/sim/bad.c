#include "bad.h"
#include "cert/vote.h"
#include "crypto/hash.h"
#include "replica/internal.h"

uint64_t bad_random(struct bad *b, uint64_t below)
{
    uint64_t z = (b->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

struct span bad_encoded(struct arena *a, const struct record_desc *d, const void *rec)
{
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, 1 << 22);
    enum status st = codec_encode(d, rec, &b);
    ASSERT(st == ST_OK);
    return arena_dup(a, buf_span(&b));
}

const struct fixture_org *bad_org(const struct bad *b)
{
    return &b->f->orgs[b->node];
}

/* -- Votes -- */

static bool own_vote(const struct bad *b, struct arena *a, struct span body, struct msg_vote *ret_m)
{
    return codec_decode(&msg_vote_desc, body, a, ret_m, NULL) == ST_OK && span_eq(ret_m->vote.org, span_str(bad_org(b)->id));
}

static enum sim_lie signed_anew(const struct bad *b, struct msg_vote *m, struct buf *ret)
{
    vote_sign(&m->vote.vote, bad_org(b)->vote, &m->vote.sig);
    return wire_encode(&msg_vote_desc, m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

static void to_nil(struct vote *v)
{
    *v = (struct vote){.alliance = v->alliance, .epoch = v->epoch, .type = v->type, .height = v->height, .round = v->round};
}

/* Nil to half of the others, what it voted to the rest; or, of two blocks that it proposed, each to its half. */
static enum sim_lie two_votes(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    if (!own_vote(b, a, body, &m))
        return SIM_AS_IT_IS;
    struct vote *v = &m.vote.vote;
    if (b->two && b->height == v->height && b->round == v->round) {
        to_nil(v);
        v->value = to % 2 == 1 ? b->other : b->one;
        SET_HAS(v, vote_key_value);
    } else if (to % 2 == 0) {
        return SIM_AS_IT_IS;
    } else {
        to_nil(v);
    }
    return signed_anew(b, &m, ret);
}

/* In another's name. */
static enum sim_lie forged(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    if (!own_vote(b, a, body, &m) || bad_random(b, 2) == 0)
        return SIM_AS_IT_IS;
    size_t whose = (b->node + 1 + to) % b->f->n;
    if (bad_random(b, 2) == 0)
        to_nil(&m.vote.vote);
    vote_sign(&m.vote.vote, bad_org(b)->vote, &m.vote.sig);
    m.vote.org = span_str(b->f->orgs[whose].id);
    return wire_encode(&msg_vote_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* Prevotes that name another valid round. */
static enum sim_lie other_valid_round(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    (void)to;
    if (!own_vote(b, a, body, &m) || m.vote.vote.type != VOTE_PREVOTE || !HAS(&m.vote.vote, vote_key_value) || m.vote.vote.round == 0)
        return SIM_AS_IT_IS;
    if (HAS(&m.vote.vote, vote_key_valid_round)) {
        m.vote.vote.has &= ~(UINT64_C(1) << vote_key_valid_round);
        m.vote.vote.valid_round = 0;
    } else {
        m.vote.vote.valid_round = m.vote.vote.round - 1;
        SET_HAS(&m.vote.vote, vote_key_valid_round);
    }
    return signed_anew(b, &m, ret);
}

static enum sim_lie withholds_votes(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    (void)ret;
    return own_vote(b, a, body, &m) && (to + m.vote.vote.height) % 3 != 0 ? SIM_WITHHELD : SIM_AS_IT_IS;
}

/* Prevotes for whatever it proposed, though its lock forbids it. */
static enum sim_lie against_lock(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_vote m;
    (void)to;
    if (!own_vote(b, a, body, &m) || m.vote.vote.type != VOTE_PREVOTE || HAS(&m.vote.vote, vote_key_value))
        return SIM_AS_IT_IS;
    struct consensus_round_status rs;
    if (!replica_round(sim_replica(b->sim, b->node), (int32_t)m.vote.vote.round, &rs) || !rs.has_proposal)
        return SIM_AS_IT_IS;
    m.vote.vote.value = rs.value;
    SET_HAS(&m.vote.vote, vote_key_value);
    return signed_anew(b, &m, ret);
}

/* -- Proposals withheld -- */

static enum sim_lie withholds_proposals(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    (void)a, (void)body, (void)ret;
    return (to + b->node) % 2 == 0 ? SIM_WITHHELD : SIM_AS_IT_IS;
}

/* -- Status and entries -- */

static enum sim_lie lying_status(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_status m;
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (codec_decode(&msg_status_desc, body, a, &m, NULL) != ST_OK)
        return SIM_AS_IT_IS;
    if (to % 3 == 0) {
        m.height += 1 + bad_random(b, 1000);
    } else {
        m.proposal = true;
        m.prevotes = m.precommits = span_of(ones, sizeof ones);
    }
    return wire_encode(&msg_status_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

static enum sim_lie broken_entry(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret)
{
    struct msg_entry m;
    struct submission s;
    struct signature sig;
    (void)b;
    if (to % 2 == 0 || codec_decode(&msg_entry_desc, body, a, &m, NULL) != ST_OK ||
        codec_decode(&submission_desc, m.submission, a, &s, NULL) != ST_OK ||
        codec_decode(&signature_desc, s.signature, a, &sig, NULL) != ST_OK)
        return SIM_AS_IT_IS;
    sig.sig.b[9] ^= 1;
    s.signature = bad_encoded(a, &signature_desc, &sig);
    m.submission = bad_encoded(a, &submission_desc, &s);
    return wire_encode(&msg_entry_desc, &m, ret) == ST_OK ? SIM_CHANGED : SIM_AS_IT_IS;
}

/* -- Any message -- */

static enum sim_lie garbled(struct bad *b, struct span frame, struct buf *ret)
{
    if (bad_random(b, 6) != 0 || frame.n == 0)
        return SIM_AS_IT_IS;
    size_t n = bad_random(b, 3) == 0 ? bad_random(b, frame.n) : frame.n;
    buf_put(ret, frame.p, n);
    if (n > 0)
        ret->p[bad_random(b, n)] ^= (uint8_t)(1 + bad_random(b, 255));
    return SIM_CHANGED;
}

struct way {
    const char *words;
    const struct record_desc *of; /* the message that it changes; NULL: none, or any */
    enum sim_lie (*lie)(struct bad *b, struct arena *a, size_t to, struct span body, struct buf *ret);
    void (*act)(struct bad *b);
};

static void to_all(struct bad *b, struct span frame)
{
    for (size_t i = 0; i < b->f->n; i++)
        if (i != b->node)
            sim_inject(b->sim, b->node, i, frame);
}

/* Nil votes of rounds to come, to drag the others along (BFT-A5). */
static void act_rounds(struct bad *b)
{
    struct replica_status st;
    struct buf frame CLEANUP(buf_deinit);
    replica_status(sim_replica(b->sim, b->node), &st);
    uint64_t round = (uint64_t)(st.consensus.round < 0 ? 0 : st.consensus.round) + 1 + bad_random(b, 40);
    struct msg_vote m = {.vote.org = span_str(bad_org(b)->id)};
    m.vote.vote = (struct vote){.alliance = st.tip->alliance,
                                .epoch = st.tip->epoch,
                                .type = bad_random(b, 2) == 0 ? VOTE_PREVOTE : VOTE_PRECOMMIT,
                                .height = st.tip->height + 1,
                                .round = round};
    vote_sign(&m.vote.vote, bad_org(b)->vote, &m.vote.sig);
    buf_init(&frame, 1 << 16);
    if (wire_encode(&msg_vote_desc, &m, &frame) == ST_OK)
        to_all(b, buf_span(&frame));
}

/* Frames of random bytes, and of nothing but nesting, large and small. */
static void act_noise(struct bad *b)
{
    struct buf frame CLEANUP(buf_deinit);
    size_t n = bad_random(b, 4) == 0 ? 200000 : 1 + bad_random(b, 300);
    bool nested = bad_random(b, 2) == 0;
    buf_init(&frame, LIMIT_FRAME_BYTES);
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = nested ? 0x91 : (uint8_t)bad_random(b, 256);
        buf_put(&frame, &byte, 1);
    }
    to_all(b, buf_span(&frame));
}

/* Asks for everything, again and again; and for what nobody has. */
static void act_wants(struct bad *b)
{
    struct msg_want w = {.from = 1 + bad_random(b, 8), .count = 256};
    struct msg_fetch f = {.height = sim_height(b->sim, b->node) + 1};
    struct buf frame CLEANUP(buf_deinit);
    buf_init(&frame, 1 << 16);
    memset(f.value.b, 7, sizeof f.value.b);
    if (wire_encode(&msg_want_desc, &w, &frame) == ST_OK)
        to_all(b, buf_span(&frame));
    buf_reset(&frame);
    if (wire_encode(&msg_fetch_desc, &f, &frame) == ST_OK)
        to_all(b, buf_span(&frame));
}

static const struct way ways[BAD_WAYS] = {
    {"sends final blocks with a certificate that is a signature short", &msg_block_desc, bad_short_certificate, NULL},
    {"sends certificates in which a signature counts twice", &msg_block_desc, bad_padded_certificate, NULL},
    {"answers who catches up with blocks that it changed", &msg_block_desc, bad_other_leaves, NULL},
    {"proposes blocks with a last commit that is a signature short", &msg_proposal_desc, bad_last_commit, NULL},
    {"proposes blocks with wrong roots", &msg_proposal_desc, bad_roots, NULL},
    {"proposes two valid blocks, one to each half", &msg_proposal_desc, bad_two_blocks, NULL},
    {"proposes blocks of the future", &msg_proposal_desc, bad_future, NULL},
    {"proposes blocks with an entry that nobody signed", &msg_proposal_desc, bad_unsigned, NULL},
    {"proposes blocks with an entry twice, and empty ones", &msg_proposal_desc, bad_twice, NULL},
    {"withholds the POL of its re-proposals", &msg_proposal_desc, bad_strip_pol, NULL},
    {"names two valid rounds for one block", &msg_proposal_desc, bad_two_valid_rounds, NULL},
    {"makes up a POL", &msg_proposal_desc, bad_made_up_pol, NULL},
    {"withholds proposals from half", &msg_proposal_desc, withholds_proposals, NULL},
    {"votes differently to each half", &msg_vote_desc, two_votes, NULL},
    {"votes in others' names", &msg_vote_desc, forged, NULL},
    {"prevotes with another valid round", &msg_vote_desc, other_valid_round, NULL},
    {"withholds its votes from most", &msg_vote_desc, withholds_votes, NULL},
    {"prevotes against its lock", &msg_vote_desc, against_lock, NULL},
    {"lies about where it stands", &msg_status_desc, lying_status, NULL},
    {"relays entries with a broken signature", &msg_entry_desc, broken_entry, NULL},
    {"garbles frames, and sends noise", NULL, NULL, act_noise},
    {"votes in rounds to come, and asks for everything", NULL, NULL, act_rounds},
};

const char *bad_words(size_t way)
{
    return ways[way].words;
}

enum sim_lie bad_lie(struct bad *b, size_t to, struct span frame, struct buf *ret_frame)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct envelope e;
    if (b->ways == 0 || sim_replica(b->sim, b->node) == NULL || codec_decode(&envelope_desc, frame, &a, &e, NULL) != ST_OK)
        return SIM_AS_IT_IS;
    for (size_t w = 0; w < BAD_WAYS; w++) {
        const struct way *x = &ways[w];
        if (((b->ways >> w) & 1) == 0)
            continue;
        enum sim_lie lie = SIM_AS_IT_IS;
        if (x->act == act_noise)
            lie = garbled(b, frame, ret_frame);
        else if (x->of != NULL && x->of->number == e.kind)
            lie = x->lie(b, &a, to, e.body, ret_frame);
        if (lie != SIM_AS_IT_IS)
            return lie;
    }
    return SIM_AS_IT_IS;
}

void bad_act(struct bad *b)
{
    if (!sim_awake(b->sim, b->node))
        return;
    for (size_t w = 0; w < BAD_WAYS; w++)
        if (((b->ways >> w) & 1) != 0 && ways[w].act != NULL)
            ways[w].act(b);
    if (((b->ways >> (BAD_WAYS - 1)) & 1) != 0)
        act_wants(b);
}
