/* Gossip that survives sleep: each second, and on connecting, nodes say where they stand; each fills the other's gaps. */
#include "base/plant.h"
#include "cert/certificate.h"
#include "crypto/hash.h"
#include "ledger/rows.h"
#include "cert/refounding.h"
#include "replica/epoch.h"

/* What a peer's questions may draw is bounded by time: a question of a few bytes can be worth a proposal of megabytes, asked
 * again at once. What is not answered now is asked for again in a second. */
static bool has_credit(const struct replica *r, struct peer *p)
{
    uint64_t now = replica_mono(r), most = 2 * (uint64_t)LIMIT_FRAME_BYTES;
    uint64_t passed = now - p->credit_at_ms < 10000 ? now - p->credit_at_ms : 10000;
    p->credit += (int64_t)(passed * LIMIT_PEER_REPLY_BYTES / 1000);
    if (p->credit > (int64_t)most)
        p->credit = (int64_t)most;
    p->credit_at_ms = now;
    p->unanswered += p->credit <= 0;
    return p->credit > 0;
}

static void reply(struct replica *r, struct peer *p, const struct record_desc *d, const void *rec)
{
    if (has_credit(r, p))
        p->credit -= (int64_t)wire_send(r, p->org, d, rec);
}

static void reply_proposal(struct replica *r, struct peer *p, int32_t round)
{
    if (has_credit(r, p))
        p->credit -= (int64_t)agree_send_proposal(r, p->org, round);
}

enum { REPLY_OVERHEAD = 4096 }; /* a block costs so much before it has a byte */

static void put_bitmap(uint64_t bits, uint8_t out[8], struct span *ret)
{
    store_u64(out, bits);
    *ret = span_of(out, 8);
}

static void make_status(const struct replica *r, struct msg_status *ret_msg, uint8_t maps[16])
{
    struct consensus_status s;
    struct consensus_round_status rs = {0};
    consensus_status(r->core, &s);
    if (s.round >= 0)
        (void)consensus_round(r->core, s.round, &rs);
    *ret_msg = (struct msg_status){
        .height = r->tip.height + 1, .tip = r->tip.block, .round = s.round, .proposal = rs.has_proposal};
    if (members_untold(r)) {
        ret_msg->untold = true;
        SET_HAS(ret_msg, msg_status_key_untold);
    }
    put_bitmap(rs.prevotes, maps, &ret_msg->prevotes);
    put_bitmap(rs.precommits, maps + 8, &ret_msg->precommits);
}

/* To one that left: where its record ends, and nothing of what came after (NET-8). */
static bool departed_status(struct replica *r, uint64_t exit, struct msg_status *ret_msg)
{
    struct span header;
    struct err err;
    if (exit >= r->tip.height)
        exit = r->tip.height;
    if (block_header(&r->view, exit, &header, &err) != ST_OK)
        return false;
    ret_msg->height = exit + 1;
    ret_msg->round = -1;
    ret_msg->proposal = false;
    sha256(header, &ret_msg->tip);
    return true;
}

void gossip_status_to(struct replica *r, struct span org)
{
    struct msg_status m;
    uint8_t maps[16];
    uint64_t exit;
    make_status(r, &m, maps);
    if (members_exit(r, org, &exit)) {
        memset(maps, 0, sizeof maps);
        if (!departed_status(r, exit, &m))
            return;
    }
    wire_send(r, org, &msg_status_desc, &m);
}

void gossip_tick(struct replica *r, uint64_t now_ms)
{
    if (now_ms < r->gossip_at_ms)
        return;
    r->gossip_at_ms = now_ms + GOSSIP_MS;
    later_take(r);
    struct msg_status m;
    uint8_t maps[16];
    make_status(r, &m, maps);
    wire_broadcast(r, &msg_status_desc, &m);
    pool_relay(r, now_ms);
}

/* An answer is under way: each block of it would come twice if it were asked for again. */
static void want_from(struct replica *r, struct peer *p, uint64_t from)
{
    if (p->height <= from || PLANTED(43))
        return;
    p->asked = true;
    p->wanted_at_ms = replica_mono(r);
    p->wanted_to = from + WANT_BLOCKS - 1;
    p->wanted_seen = from - 1;
    p->wanted_bytes = 0;
    struct msg_want m = {.from = from, .count = WANT_BLOCKS};
    wire_send(r, p->org, &msg_want_desc, &m);
}

/* It is ahead. When what was asked of it, or came from it, has led nowhere for a while, it is asked from the tip on again. */
static void want(struct replica *r, struct peer *p)
{
    bool waits = p->asked || p->wanted_seen > r->tip.height;
    if (!waits || replica_mono(r) >= p->wanted_at_ms + WANT_AGAIN_MS)
        want_from(r, p, r->tip.height + 1);
}

/* What comes after the blocks that are there or wait for their turn. */
static void want_more(struct replica *r, struct peer *p)
{
    if (!p->asked)
        want_from(r, p, 1 + (p->wanted_seen > r->tip.height ? p->wanted_seen : r->tip.height));
}

/* A block came from it, or waits for its turn. The answer ends with the last one asked for, or earlier by its size (as
 * gossip_on_want has it); then it is time for the next question, so that its answer is there when these are used up. Counted
 * as a little more than it is, for an answer that is thought to be longer than it is would be waited for. */
static void note_block(struct replica *r, struct peer *p, uint64_t height, size_t bytes)
{
    if (!p->asked || height != p->wanted_seen + 1)
        return;
    p->wanted_at_ms = replica_mono(r);
    p->wanted_seen = height;
    p->wanted_bytes += bytes + 64;
    p->asked = height < p->wanted_to && p->wanted_bytes < WANT_BYTES && height + 1 < p->height;
}

static void send_votes(struct replica *r, struct peer *p, int32_t round, enum vote_type type, uint64_t theirs)
{
    for (uint32_t i = 0; i < r->set.members.n; i++) {
        const struct consensus_vote *v = (theirs >> i) & 1 ? NULL : consensus_vote(r->core, round, type, i);
        if (v == NULL || PLANTED(42))
            continue;
        struct msg_vote m = {0};
        votes_to_signed(r, v, &m.vote);
        reply(r, p, &msg_vote_desc, &m);
    }
}

/* What a peer at the same height lacks: of its round, and of ours if that is later. */
static void fill(struct replica *r, struct peer *p, const struct msg_status *m)
{
    struct consensus_status s;
    consensus_status(r->core, &s);
    if (s.step == STEP_IDLE || s.height != m->height) /* a node that stopped while it stored a block stays at the old height */
        return;
    int32_t round = (int32_t)m->round;
    if (round >= 0) {
        if (!m->proposal)
            reply_proposal(r, p, round);
        send_votes(r, p, round, VOTE_PREVOTE, load_u64(m->prevotes.p));
        send_votes(r, p, round, VOTE_PRECOMMIT, load_u64(m->precommits.p));
    }
    if (s.round > round) {
        reply_proposal(r, p, s.round);
        send_votes(r, p, s.round, VOTE_PREVOTE, 0);
        send_votes(r, p, s.round, VOTE_PRECOMMIT, 0);
    }
}

enum status gossip_on_status(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct msg_status m;
    enum status st = codec_decode(&msg_status_desc, body, &a, &m, err);
    if (st != ST_OK)
        return st;
    p->heard = true;
    p->height = m.height;
    uint64_t exit;
    if (members_exit(r, p->org, &exit)) {
        members_on_departed(r, p, exit);
        return ST_OK;
    }
    if (HAS(&m, msg_status_key_untold) && m.untold) /* the one sent on connecting was lost */
        members_return_vote(r, p->org);
    if (m.height > r->tip.height + 1)
        want(r, p);
    else if (m.height == r->tip.height + 1)
        fill(r, p, &m);
    else if (m.height + 1 < r->tip.height + 1 || m.round < 0) /* it is behind: let it ask */
        gossip_status_to(r, p->org);
    return ST_OK;
}

static enum status send_block(struct replica *r, struct span org, uint64_t height, size_t *ret_bytes, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct msg_block m = {0};
    uint64_t first;
    size_t n;
    enum status st = block_header(&r->view, height, &m.header, err);
    if (st == ST_OK)
        st = block_leaves(&r->view, height, &a, &m.leaves.v, &m.leaves.n, err);
    if (st == ST_OK)
        st = block_certificate(&r->view, height, &m.certificate, err);
    if (st == ST_OK)
        st = block_certificate(&r->view, height - 1, &m.last_commit, err);
    if (st == ST_OK)
        st = block_range(&r->view, height, &first, &n, err);
    if (st == ST_OK)
        st = rows_prose(&r->view, first, n, &a, &m.prose, err);
    if (st != ST_OK)
        return st;
    struct buf b CLEANUP(buf_deinit);
    buf_init(&b, LIMIT_FRAME_BYTES);
    st = wire_encode(&msg_block_desc, &m, &b);
    if (st != ST_OK && m.prose.n > 0) { /* more text than a frame holds: validity does not rest on it */
        buf_reset(&b);
        m.prose.n = 0;
        st = wire_encode(&msg_block_desc, &m, &b);
    }
    if (st != ST_OK)
        return st;
    *ret_bytes += b.n;
    return r->cfg.net.send(r->cfg.net.ctx, org, buf_span(&b));
}

enum status gossip_on_want(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct msg_want m;
    enum status st = codec_decode(&msg_want_desc, body, &a, &m, err);
    if (st != ST_OK)
        return st;
    size_t bytes = 0;
    uint64_t last = r->tip.height, exit;
    if (members_exit(r, p->org, &exit) && exit < last)
        last = exit;
    for (uint64_t h = m.from; h <= last && h < m.from + m.count && bytes < LIMIT_BLOCK_BYTES; h++) {
        struct err own;
        size_t before = bytes;
        st = has_credit(r, p) ? send_block(r, p->org, h, &bytes, &own) : ST_LIMIT;
        p->credit -= (int64_t)(bytes - before) + REPLY_OVERHEAD; /* whether it was sent or not */
        if (st == ST_BUSY && p->credit > 0)
            p->credit = 0; /* it does not take what it asked for */
        if (st != ST_OK)
            break; /* enough for now, or its queue is full, or a block here is damaged: it asks another */
    }
    return ST_OK;
}

void gossip_forget_foreseen(struct replica *r, uint64_t upto)
{
    while (r->foreseen != NULL && r->foreseen->height <= upto) {
        struct foreseen *f = r->foreseen;
        r->foreseen = f->next;
        r->n_foreseen--;
        signatures_end(r->cfg.signatures, f->bundle);
        arena_deinit(&f->arena);
        free(f);
    }
}

struct foreseen *gossip_foreseen(struct replica *r, const struct hash *id)
{
    struct foreseen *f = r->foreseen;
    while (f != NULL && !hash_eq(&f->id, id))
        f = f->next;
    return f;
}

bool replica_foresees(const struct replica *r)
{
    for (size_t i = 0; r->cfg.signatures != NULL && r->halted[0] == 0 && i < r->n_peers; i++)
        if (r->peers[i].connected && r->peers[i].height > r->tip.height + 1)
            return true;
    return false;
}

/* Is this the certified header of as many leaves? The set may change before its turn: then it is not foreseen. */
static bool worth_checking(const struct replica *r, const struct msg_block *m, const struct block_record *rec, const struct hash *id,
                           struct arena *a)
{
    struct certificate c;
    struct err err;
    return rec->entries == m->leaves.n && m->leaves.n >= CHECKED_TOGETHER && r->n_foreseen < FORESEEN_MAX && rec->epoch == r->epoch &&
           !refounding_is(m->certificate) &&
           certificate_verify_bytes(m->certificate, &r->tip.alliance, r->epoch, rec->height, id, &r->set, a, &c, &err) == ST_OK;
}

static void foresee(struct replica *r, const struct msg_block *m, uint64_t height, const struct hash *id)
{
    struct foreseen *f = calloc(1, sizeof *f), **at = &r->foreseen;
    ASSERT(f != NULL);
    f->id = *id;
    f->height = height;
    struct span *v = arena_array(&f->arena, m->leaves.n, sizeof *v);
    ASSERT(v != NULL);
    for (size_t i = 0; i < m->leaves.n; i++)
        v[i] = arena_dup(&f->arena, m->leaves.v[i]);
    f->leaves = (struct span_list){m->leaves.n, v};
    f->bundle = signatures_begin(r->cfg.signatures, &f->leaves);
    while (*at != NULL && (*at)->height <= height)
        at = &(*at)->next;
    f->next = *at;
    *at = f;
    r->n_foreseen++;
}

void replica_foresee(struct replica *r, struct span org, struct span frame)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct peer *p = replica_find_peer(r, org, false);
    uint32_t kind;
    struct span body;
    struct msg_block m;
    struct header header;
    struct block_record rec;
    struct hash id;
    struct err err;
    if (p == NULL || !p->asked || !replica_foresees(r)) /* what was not asked for is not worth the work */
        return;
    if (wire_open(frame, &kind, &body, &err) != ST_OK || kind != msg_block_desc.number ||
        codec_decode(&msg_block_desc, body, &a, &m, &err) != ST_OK || codec_decode(&header_desc, m.header, &a, &header, &err) != ST_OK ||
        codec_decode(&block_record_desc, header.record, &a, &rec, &err) != ST_OK)
        return;
    if (rec.height != p->wanted_seen + 1)
        return;
    sha256(m.header, &id);
    if (gossip_foreseen(r, &id) == NULL && worth_checking(r, &m, &rec, &id, &a))
        foresee(r, &m, rec.height, &id);
    note_block(r, p, rec.height, body.n);
    want_more(r, p);
}

enum status gossip_on_block(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 0);
    struct msg_block m;
    struct certificate c;
    struct hash id;
    enum status st = codec_decode(&msg_block_desc, body, &a, &m, err);
    if (st != ST_OK)
        return st;
    sha256(m.header, &id);
    struct header header;
    struct block_record rec;
    st = codec_decode(&header_desc, m.header, &a, &header, err);
    if (st == ST_OK)
        st = codec_decode(&block_record_desc, header.record, &a, &rec, err);
    if (st != ST_OK)
        return st;
    note_block(r, p, rec.height, body.n);
    if (rec.height != r->tip.height + 1)
        return ST_OK; /* had it already, or out of order */
    p->wanted_at_ms = replica_mono(r);
    if (rec.epoch == r->epoch + 1 && r->refounding == NULL) { /* the next epoch begins with it (REF-5) */
        st = epoch_take(r, m.last_commit, err);
        if (st != ST_OK)
            return err_wrap(err, st, "a block of another epoch: ");
    }
    bool ends = refounding_is(m.certificate);
    if (!ends)
        st = certificate_verify_bytes(m.certificate, &r->tip.alliance, r->epoch, rec.height, &id, &r->set, &a, &c, err);
    if (st != ST_OK && !PLANTED(34))
        return err_wrap(err, st, "a block with a bad certificate: ");
    struct body *b;
    st = bodies_take(r, m.header, &m.leaves, m.last_commit, &m.prose, &b, err);
    if (st == ST_MISMATCH || st == ST_LIMIT)
        return st == ST_LIMIT ? ST_OK : err_wrap(err, st, "a final block that was changed on the way: ");
    if (st != ST_OK) {
        replica_halt(r, "block %" PRIu64 " cannot be executed: %s", rec.height, err->text);
        return ST_OK;
    }
    if (ends) { /* REF-6 */
        st = b->valid ? epoch_end_with(r, b, m.certificate, err) : err_set(err, ST_MISMATCH, "an invalid block: %s", b->why);
        if (st == ST_OK)
            agree_run(r);
        return st == ST_OK ? ST_OK : err_wrap(err, st, "a last block of an epoch: ");
    }
    if (!b->valid) {
        replica_halt(r, "the quorum decided a block at height %" PRIu64 " that this node finds invalid: %s", rec.height, b->why);
        return ST_OK;
    }
    st = agree_commit(r, b, m.certificate, err);
    if (st != ST_OK) {
        replica_halt(r, "block %" PRIu64 " is final but cannot be stored: %s", rec.height, err->text);
        return ST_OK;
    }
    agree_run(r);
    want_more(r, p);
    return ST_OK;
}

enum status gossip_on_fetch(struct replica *r, struct peer *p, struct span body, struct err *err)
{
    struct arena a CLEANUP(arena_deinit);
    arena_init(&a, 4096);
    struct msg_fetch m;
    enum status st = codec_decode(&msg_fetch_desc, body, &a, &m, err);
    if (st != ST_OK || m.height != r->tip.height + 1)
        return st;
    struct consensus_status s;
    consensus_status(r->core, &s);
    if (s.height != m.height)
        return ST_OK;
    for (int32_t round = s.newest_round; round >= s.oldest_round && round >= 0; round--) {
        const struct consensus_vote *v = consensus_vote(r->core, round, VOTE_PROPOSAL, 0);
        if (v != NULL && hash_eq(&v->value, &m.value)) {
            reply_proposal(r, p, round);
            break;
        }
    }
    return ST_OK;
}
